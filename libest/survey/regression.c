/* A regression: what the columns are, the passes to the maximum, and the covariance by Taylor or by replicates. */
#include "survey/regression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/distribution.h"
#include "numerics/linear.h"
#include "survey/regression_parts.h"

#define PASSES_MAX 200
#define SCORES_MAX 12     /* passes at the maximum */
#define CLOSE 1e-8        /* a step so small is followed by the pass that sums scores */
#define CONVERGED 1e-12
#define SEPARATION_PASSES 6

/* The maximum */

typedef struct fit_state {
    est_i_sample *sample;
    const est_i_regression_options *options;
    const est_i_regressors *model;
    est_i_newton_fit *fit;
    est_i_scores *scores;
    double *sums;
    double unit;
    bool separated;
} fit_state;

/* A direction that takes no row away from its response, and some row toward it, has no end: the likelihood rises along it for
 * ever (Albert and Anderson 1984, Biometrika 71:1-10). Newton's steps turn into such a direction. */
static bool is_separation(const fit_state *state, est_i_newton_reach reach)
{
    return state->model->family == EST_I_FAMILY_LOGISTIC && state->fit->iterations > SEPARATION_PASSES && reach.toward > 0.1 &&
           reach.against >= -1e-6 * reach.toward;
}

static est_status no_convergence(est_error *error)
{
    return est_i_fail(error, EST_EIDENTIFY,
                      "the regression did not converge: its columns nearly depend on each other, or nearly part the responses; "
                      "leave a term out");
}

static est_status climb(fit_state *state, est_error *error)
{
    est_i_newton_fit *fit = state->fit;
    bool near = false;
    est_status status = EST_OK;
    for (int pass = 0; pass < PASSES_MAX && !near && !state->separated && status == EST_OK; pass++) {
        est_i_newton_reach reach;
        bool halved = fit->shrink < 1;
        status = est_i_newton_sums(state->sample, state->model, NULL, state->unit, 1, fit, state->sums, &reach, error);
        state->separated = status == EST_OK && !halved && is_separation(state, reach);
        if (status == EST_OK && !state->separated)
            status = est_i_newton_update(state->model, fit, state->sums, error);
        if (status == EST_OK && fit->failed)
            status = no_convergence(error);
        near = fit->started && fit->shrink == 1 && (fit->relative <= CLOSE || state->model->family == EST_I_FAMILY_LINEAR);
    }
    return status == EST_OK && !near && !state->separated ? no_convergence(error) : status;
}

/* Passes that sum scores, until the step is as small as it can be: 1e-12, or no longer falling. */
static est_status settle(fit_state *state, est_error *error)
{
    est_i_newton_fit *fit = state->fit;
    size_t width = est_i_newton_width(state->model);
    double before = INFINITY;
    bool done = false;
    est_status status = EST_OK;
    for (int pass = 0; pass < SCORES_MAX && !done && status == EST_OK; pass++) {
        est_i_scores_free(state->scores);
        state->scores = NULL;
        status = est_i_scores_take(state->sample, state->model, state->options->calibration, fit->tried, state->unit,
                                   &state->scores, error);
        if (status != EST_OK)
            break;
        memcpy(state->sums, state->scores->sums, width * sizeof *state->sums);
        state->sums[0] = fit->value;
        status = est_i_newton_update(state->model, fit, state->sums, error);
        done = fit->relative <= CONVERGED || (fit->relative <= 1e-7 && fit->relative > 0.25 * before);
        before = fit->relative;
    }
    return status == EST_OK && !done ? no_convergence(error) : status;
}

/* The covariance */

static est_status taylor_covariance(const fit_state *state, double *covariance, size_t *lonely, est_error *error)
{
    size_t p = state->model->p;
    const est_i_scores *scores = state->scores;
    const double **z = malloc((p + 1) * sizeof *z);
    double *middle = malloc((3 * p * p + 1) * sizeof *middle), *inverse = middle ? middle + p * p : NULL;
    est_status status = z && middle ? EST_OK : est_i_no_memory(error);
    for (size_t j = 0; j < p && status == EST_OK; j++)
        z[j] = scores->z + j * scores->n_leaves;
    if (status == EST_OK)
        status = est_i_taylor_covariance(est_i_sample_design(state->sample), &state->options->taylor, p, z,
                                         state->options->calibration ? NULL : scores->present, middle, lonely, error);
    if (status == EST_OK) {
        double *half = inverse + p * p;
        memcpy(half, scores->sums + 1 + p, p * p * sizeof *half);
        if (!est_i_newton_inverse(p, half, state->fit->alive, inverse))
            status = est_i_no_memory(error);
        for (size_t i = 0; i < p && status == EST_OK; i++)
            for (size_t j = 0; j < p; j++) {
                half[i * p + j] = 0;
                for (size_t k = 0; k < p; k++)
                    half[i * p + j] += inverse[i * p + k] * middle[k * p + j];
            }
        for (size_t i = 0; i < p && status == EST_OK; i++)
            for (size_t j = 0; j < p; j++) {
                covariance[i * p + j] = 0;
                for (size_t k = 0; k < p; k++)
                    covariance[i * p + j] += half[i * p + k] * inverse[k * p + j];
            }
        for (size_t i = 0; i < p && status == EST_OK; i++)
            for (size_t j = 0; j < i; j++)
                covariance[i * p + j] = covariance[j * p + i] = 0.5 * (covariance[i * p + j] + covariance[j * p + i]);
    }
    free(z);
    free(middle);
    return status;
}

/* Only the columns that are alive have replicates; the others' covariance is set to NaN later. */
static est_status replicate_covariance(const fit_state *state, est_i_regression *regression, est_error *error)
{
    const est_i_replicates *replicates = state->options->replicates;
    size_t p = state->model->p, count = est_i_replicates_count(replicates), k = 0;
    double *theta = malloc((count * p + 1) * sizeof *theta), *covariance = malloc((p * p + p + 1) * sizeof *covariance);
    size_t *column = malloc((p + 1) * sizeof *column);
    est_status status = theta && covariance && column ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK)
        status = est_i_newton_replicates(state->sample, state->model, state->options, state->fit->beta, state->fit->alive,
                                         state->unit, theta, error);
    if (status == EST_OK) {
        double *estimate = covariance + p * p;
        for (size_t j = 0; j < p; j++)
            if (state->fit->alive[j]) {
                estimate[k] = regression->coefficient[j];
                column[k++] = j;
            }
        for (size_t r = 0; r < count; r++) {
            bool whole = true;
            for (size_t j = 0; j < k; j++) {
                theta[r * k + j] = theta[r * p + column[j]];
                whole = whole && isfinite(theta[r * k + j]);
            }
            regression->dropped += !whole;
        }
        est_i_replicates_covariance(replicates, k, theta, estimate, covariance, NULL);
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j < k; j++)
                regression->covariance[column[i] * p + column[j]] = covariance[i * k + j];
    }
    free(theta);
    free(covariance);
    free(column);
    return status;
}

/* The result */

static est_status result_new(est_i_regressors *model, est_i_regression **regression, est_error *error)
{
    size_t p = model->p;
    est_i_regression *made = calloc(1, sizeof *made);
    *regression = made;
    if (!made)
        return est_i_no_memory(error);
    made->p = p;
    made->n_terms = model->n_terms;
    made->name = model->name;
    model->name = NULL;
    made->term_first = calloc(model->n_terms + 1, sizeof *made->term_first);
    made->coefficient = calloc(p + 1, sizeof *made->coefficient);
    made->covariance = calloc(p * p + 1, sizeof *made->covariance);
    made->aliased = calloc(p + 1, sizeof *made->aliased);
    made->unbounded = calloc(p + 1, sizeof *made->unbounded);
    if (!made->term_first || !made->coefficient || !made->covariance || !made->aliased || !made->unbounded)
        return est_i_no_memory(error);
    for (size_t t = 0; t < model->n_terms; t++)
        made->term_first[t] = model->term[t].first;
    made->term_first[model->n_terms] = p;
    return EST_OK;
}

static void blank(est_i_regression *regression, size_t column)
{
    size_t p = regression->p;
    regression->coefficient[column] = NAN;
    for (size_t i = 0; i < p; i++)
        regression->covariance[i * p + column] = regression->covariance[column * p + i] = NAN;
}

static void give_separated(const fit_state *state, est_i_regression *regression)
{
    double most = 0;
    for (size_t j = 0; j < regression->p; j++)
        most = fmax(most, fabs(state->fit->step[j]));
    for (size_t j = 0; j < regression->p; j++) {
        regression->unbounded[j] = fabs(state->fit->step[j]) > 1e-4 * most;
        regression->aliased[j] = !state->fit->alive[j];
        blank(regression, j);
    }
    regression->separated = true;
    regression->df = regression->dispersion = NAN;
}

static est_status give_estimates(const fit_state *state, est_i_regression *regression, est_error *error)
{
    size_t p = regression->p, rank = 0;
    const est_i_scores *scores = state->scores;
    memcpy(regression->coefficient, state->fit->beta, p * sizeof *regression->coefficient);
    est_status status = EST_OK;
    if (state->options->replicates) {
        est_i_regressors_unscale(state->model, regression->coefficient, NULL);
        status = replicate_covariance(state, regression, error);
    } else {
        status = taylor_covariance(state, regression->covariance, &regression->lonely, error);
        est_i_regressors_unscale(state->model, regression->coefficient, regression->covariance);
    }
    for (size_t j = 0; j < p && status == EST_OK; j++) {
        rank += state->fit->alive[j];
        regression->aliased[j] = !state->fit->alive[j];
        if (regression->aliased[j])
            blank(regression, j);
    }
    regression->n = scores->n;
    regression->weight = scores->weight;
    const bool *present = state->options->design_df ? NULL : scores->present;
    double whole = est_i_regressors_df(state->sample, state->options->replicates, present);
    double df = whole + 1 - (double)rank, rest = scores->n - (double)rank;
    regression->df = df > 0 ? df : NAN;
    regression->fewest = fmin(regression->fewest, rest);
    regression->dispersion = rest > 0 ? scores->pearson / (scores->weight * state->unit) * scores->n / rest : NAN;
    return status;
}

static est_status check_options(const est_i_sample *sample, const est_i_regression_options *options, est_error *error)
{
    const est_i_sample_plan *plan = est_i_sample_get_plan(sample);
    if (plan->variables[options->response].kind == EST_I_VARIABLE_LEVELS)
        return est_i_fail(error, EST_EOPTION, "the response '%s' must be a number or one value of a column ('%s == value')",
                          plan->variables[options->response].column, plan->variables[options->response].column);
    if (!est_source_is_repeatable(est_i_sample_source((est_i_sample *)sample)))
        return est_i_fail(error, EST_EOPTION, "a regression reads its data more than once, standard input cannot be; give a file");
    return EST_OK;
}

static est_status run(fit_state *state, est_i_regression *regression, est_error *error)
{
    est_i_newton_fit *fit = state->fit;
    est_status status = climb(state, error);
    if (status == EST_OK && !state->separated)
        status = settle(state, error);
    regression->iterations = fit->iterations;
    if (status == EST_OK && state->separated)
        give_separated(state, regression);
    else if (status == EST_OK)
        status = give_estimates(state, regression, error);
    return status;
}

est_status est_i_regression_fit(est_i_sample *sample, const est_i_regression_options *options, est_i_regression **regression,
                                est_error *error)
{
    fit_state state = {.sample = sample, .options = options};
    est_i_regressors *model = NULL;
    est_i_regression *made = NULL;
    est_i_regression_counts counts = {0};
    est_status status = check_options(sample, options, error);
    *regression = NULL;
    if (status == EST_OK)
        status = est_i_regressors_learn(sample, options, &model, &counts, error);
    if (status == EST_OK)
        status = result_new(model, &made, error);
    if (status != EST_OK)
        goto cleanup;
    made->n = counts.n;
    made->weight = counts.weight;
    made->missing = counts.missing;
    made->fewest = counts.fewest;
    state.model = model;
    state.unit = counts.n / counts.weight;
    state.fit = est_i_newton_fits_new(1, model->p);
    state.sums = malloc(est_i_newton_width(model) * sizeof *state.sums);
    if (!state.fit || !state.sums) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    if ((status = run(&state, made, error)) != EST_OK)
        goto cleanup;
    *regression = made;
    made = NULL;
cleanup:
    est_i_scores_free(state.scores);
    est_i_newton_fits_free(state.fit);
    free(state.sums);
    est_i_regressors_free(model);
    est_i_regression_free(made);
    return status;
}

void est_i_regression_free(est_i_regression *regression)
{
    if (!regression)
        return;
    for (size_t j = 0; regression->name && j < regression->p; j++)
        free(regression->name[j]);
    free(regression->name);
    free(regression->term_first);
    free(regression->coefficient);
    free(regression->covariance);
    free(regression->aliased);
    free(regression->unbounded);
    free(regression);
}

/* V = U'U, U'x = b: b' V^-1 b = x'x. */
void est_i_regression_test(const est_i_regression *regression, size_t from, size_t to, double *f, double *df1, double *df2,
                           double *p)
{
    size_t size = 0, width = to - from;
    double *v = malloc((width * width + width + 1) * sizeof *v), *b = v ? v + width * width : NULL, sum = 0;
    size_t *column = malloc((width + 1) * sizeof *column);
    bool *alive = malloc((width + 1) * sizeof *alive), full = v && column && alive;
    *f = *df1 = *df2 = *p = NAN;
    for (size_t j = from; j < to && full; j++)
        if (!regression->aliased[j])
            column[size++] = j;
    full = full && size > 0 && !regression->separated;
    for (size_t i = 0; i < size && full; i++) {
        b[i] = regression->coefficient[column[i]];
        for (size_t j = 0; j < size; j++)
            v[i * size + j] = regression->covariance[column[i] * regression->p + column[j]];
    }
    if (full)
        est_i_factor(v, size, alive);
    for (size_t i = 0; i < size && full; i++) {
        full = alive[i] && isfinite(b[i]);
        b[i] /= v[i * size + i];
        sum += b[i] * b[i];
        for (size_t j = i + 1; j < size; j++)
            b[j] -= v[i * size + j] * b[i];
    }
    if (full && regression->df > 0) {
        *f = sum / (double)size;
        *df1 = (double)size;
        *df2 = regression->df;
        *p = est_i_f_upper(*f, *df1, *df2);
    }
    free(v);
    free(column);
    free(alive);
}
