/* A regression fitted again for every replicate: block by block, all replicates of a block in the same passes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/linear.h"
#include "survey/regression_parts.h"

#define PASSES_MAX 40
#define SUMS_BYTES ((size_t)16 << 20) /* of one part; some are alive at once */
#define CLOSE 1e-10                   /* a step so small is the last: the next would be about its square */

/* Coefficients that do not change when a multiple of a dependent column is moved to the columns before it. */
static bool mark_lost(size_t p, const double *hessian, const bool *alive, const bool *wanted, double *theta)
{
    double *copy = malloc((p * p + p + 1) * sizeof *copy), *column = copy ? copy + p * p : NULL;
    bool *found = malloc((p + 1) * sizeof *found);
    bool good = copy && found;
    for (size_t d = 0; d < p && good; d++) {
        if (alive[d] || !wanted[d])
            continue;
        memcpy(copy, hessian, p * p * sizeof *copy);
        for (size_t j = 0; j < p; j++)
            for (size_t i = 0; i < p && (!alive[j] || j > d); i++)
                copy[i * p + j] = copy[j * p + i] = 0;
        est_i_factor(copy, p, found);
        for (size_t j = 0; j < p; j++) {
            double shared = 0;
            est_i_inverse_column(copy, p, found, j, column);
            for (size_t i = 0; i < d; i++)
                shared += column[i] * hessian[i * p + d];
            if (fabs(shared) > 1e-6)
                theta[j] = NAN;
        }
        theta[d] = NAN;
    }
    free(copy);
    free(found);
    return good;
}

/* What a fit ends with, in the units of the columns. */
static void hand_over(const est_i_regressors *model, const est_i_newton_fit *fit, const bool *wanted, double *theta)
{
    for (size_t j = 0; j < model->p; j++)
        theta[j] = fit->done ? fit->beta[j] : NAN;
    est_i_regressors_unscale(model, theta, NULL);
    for (size_t j = 0; j < model->p; j++)
        if (!wanted[j])
            theta[j] = NAN;
}

static est_status update(const est_i_regressors *model, est_i_newton_fit *fit, const bool *wanted, double *sums, double *theta,
                         est_error *error)
{
    size_t p = model->p;
    bool first = fit->find_alive, lost = false;
    double *hessian = malloc((p * p + 1) * sizeof *hessian);
    if (!hessian)
        return est_i_no_memory(error);
    memcpy(hessian, sums + 1 + p, p * p * sizeof *hessian);
    est_status status = est_i_newton_update(model, fit, sums, error);
    for (size_t j = 0; j < p && first; j++) {
        fit->alive[j] = fit->alive[j] && wanted[j];
        lost = lost || (wanted[j] && !fit->alive[j]);
    }
    if (status == EST_OK && lost && !mark_lost(p, hessian, fit->alive, wanted, theta))
        status = est_i_no_memory(error);
    free(hessian);
    if (status == EST_OK && !fit->failed && fit->shrink == 1 && (model->family == EST_I_FAMILY_LINEAR || fit->relative <= CLOSE)) {
        memcpy(fit->beta, fit->tried, p * sizeof *fit->beta);
        fit->done = true;
    }
    return status;
}

static est_status fit_block(est_i_sample *sample, const est_i_regressors *model, const est_i_replicate_weights *weights,
                            const double *beta, const bool *alive, double unit, double *theta, est_error *error)
{
    size_t p = model->p, n = weights->count, width = est_i_newton_width(model), left = n;
    double *sums = malloc(n * width * sizeof *sums), *found = malloc((p + 1) * sizeof *found);
    est_i_newton_fit *fits = est_i_newton_fits_new(n, p);
    est_status status = sums && found && fits ? EST_OK : est_i_no_memory(error);
    for (size_t f = 0; f < n && status == EST_OK; f++)
        memcpy(fits[f].tried, beta, p * sizeof *beta);
    for (int pass = 0; pass < PASSES_MAX && left > 0 && status == EST_OK; pass++) {
        status = est_i_newton_sums(sample, model, weights, unit, n, fits, sums, NULL, error);
        left = 0;
        for (size_t f = 0; f < n && status == EST_OK; f++) {
            if (!fits[f].done && !fits[f].failed)
                status = update(model, &fits[f], alive, sums + f * width, theta + f * p, error);
            left += !fits[f].done && !fits[f].failed;
        }
    }
    for (size_t f = 0; f < n && status == EST_OK; f++) {
        hand_over(model, &fits[f], alive, found);
        for (size_t j = 0; j < p; j++)
            theta[f * p + j] = isnan(theta[f * p + j]) ? NAN : found[j];
    }
    est_i_newton_fits_free(fits);
    free(sums);
    free(found);
    return status;
}

est_status est_i_newton_replicates(est_i_sample *sample, const est_i_regressors *model, const est_i_regression_options *options,
                                   const double *beta, const bool *alive, double unit, double *theta, est_error *error)
{
    size_t count = est_i_replicates_count(options->replicates), block = SUMS_BYTES / sizeof(double) / est_i_newton_width(model);
    est_i_replicate_weights *weights = NULL;
    est_status status = est_i_replicate_weights_open(sample, options->replicates, options->calibration, &weights, error);
    memset(theta, 0, count * model->p * sizeof *theta);
    if (status == EST_OK && block > est_i_replicate_weights_room(weights))
        block = est_i_replicate_weights_room(weights);
    block = block < 1 ? 1 : block;
    for (size_t first = 0; first < count && status == EST_OK; first += block) {
        size_t n = count - first < block ? count - first : block;
        status = est_i_replicate_weights_block(weights, first, n, error);
        if (status == EST_OK)
            status = fit_block(sample, model, weights, beta, alive, unit, theta + first * model->p, error);
    }
    est_i_replicate_weights_free(weights);
    return status;
}
