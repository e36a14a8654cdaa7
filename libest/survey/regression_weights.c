/* Weights of replicates for estimators that read rows: factors by leaf or supplied columns, calibrated where the sample is. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/regression_parts.h"

#define ROOM_BYTES ((size_t)64 << 20)

/* A file with replicate weights may say nothing of its design: then the replicates alone count. */
double est_i_regressors_df(const est_i_sample *sample, const est_i_replicates *replicates, const bool *present)
{
    const est_i_sample_plan *plan = est_i_sample_get_plan(sample);
    bool has_design = plan->design.unit[0] || plan->design.stratum[0] || plan->n_replicates == 0;
    double own = replicates ? est_i_replicates_df(replicates) : INFINITY;
    return fmin(own, has_design ? est_i_design_df(est_i_sample_design(sample), present) : INFINITY);
}

/* Sums by calibration cell */

typedef struct cell_user {
    const est_i_calibration *calibration;
    bool supplied;
    size_t width;
} cell_user;

static void *cell_new(void *user)
{
    return est_i_cells_new(((const cell_user *)user)->width);
}

static void cell_free(void *user, void *part)
{
    (void)user;
    est_i_cells_free(part);
}

static est_status cell_take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const cell_user *cells = user;
    for (size_t i = 0; i < rows->n; i++) {
        uint32_t cell = (uint32_t)est_i_calibration_cell(cells->calibration, rows, i);
        est_i_dd *sum = est_i_cells_at(part, cells->supplied ? 0 : rows->leaf[i], cell);
        if (!sum)
            return est_i_no_memory(error);
        for (size_t r = 0; r < cells->width; r++)
            sum[r] = est_i_dd_add_double(sum[r], cells->supplied ? rows->replicate[r][i] : rows->base_weight[i]);
    }
    return EST_OK;
}

static est_status cell_settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    (void)user, (void)part, (void)final, (void)error;
    return EST_OK;
}

static est_status cell_join(void *user, void *into, void *from, est_error *error)
{
    (void)user;
    return est_i_cells_join(into, from, error);
}

static est_status sum_cells(est_i_sample *sample, est_i_replicate_weights *weights, est_error *error)
{
    static const est_i_rows_consumer consumer = {cell_new, cell_take, cell_settle, cell_join, cell_free};
    cell_user user = {weights->calibration, weights->supplied, weights->supplied ? est_i_replicates_count(weights->replicates) : 1};
    void *part = NULL;
    est_status status = EST_OK;
    weights->n_cells = est_i_calibration_cells(weights->calibration);
    status = est_i_calibration_check_replicates(weights->calibration, error);
    if (status == EST_OK)
        status = est_i_sample_pass(sample, &consumer, &user, "weighing replicates", &part, error);
    weights->sums = part;
    return status;
}

est_status est_i_replicate_weights_open(est_i_sample *sample, const est_i_replicates *replicates,
                                        const est_i_calibration *calibration, est_i_replicate_weights **weights, est_error *error)
{
    const est_i_sample_plan *plan = est_i_sample_get_plan(sample);
    est_i_replicate_weights *made = calloc(1, sizeof *made);
    est_status status = EST_OK;
    *weights = NULL;
    if (!made)
        return est_i_no_memory(error);
    made->replicates = replicates;
    made->calibration = calibration;
    made->supplied = plan->n_replicates > 0;
    made->n_leaves = made->supplied ? 0 : est_i_design_leaves(est_i_sample_design(sample));
    if (calibration)
        status = sum_cells(sample, made, error);
    if (status == EST_OK)
        *weights = made;
    else
        est_i_replicate_weights_free(made);
    return status;
}

void est_i_replicate_weights_free(est_i_replicate_weights *weights)
{
    if (!weights)
        return;
    est_i_cells_free(weights->sums);
    free(weights->factor);
    free(weights->g);
    free(weights);
}

size_t est_i_replicate_weights_room(const est_i_replicate_weights *weights)
{
    size_t each = (weights->n_leaves + weights->n_cells + 1) * sizeof(double);
    return each < ROOM_BYTES ? ROOM_BYTES / each : 1;
}

static void calibrate_again(est_i_replicate_weights *weights, size_t r, double *weight)
{
    const est_i_cells *sums = weights->sums;
    const double *factor = weights->factor + r * weights->n_leaves;
    double *g = weights->g + r * weights->n_cells;
    memset(weight, 0, weights->n_cells * sizeof *weight);
    for (size_t i = 0; i < sums->count; i++) {
        if (weights->supplied)
            weight[sums->domain[i]] += est_i_dd_value(sums->sum[i * sums->width + weights->first + r]);
        else
            weight[sums->domain[i]] += factor[sums->leaf[i]] * est_i_dd_value(sums->sum[i]);
    }
    if (!est_i_calibration_replicate(weights->calibration, weight, g))
        for (size_t cell = 0; cell < weights->n_cells; cell++)
            g[cell] = NAN;
}

est_status est_i_replicate_weights_block(est_i_replicate_weights *weights, size_t first, size_t count, est_error *error)
{
    double *weight = malloc((weights->n_cells + 1) * sizeof *weight);
    free(weights->factor);
    free(weights->g);
    weights->first = first;
    weights->count = count;
    weights->factor = malloc((count * weights->n_leaves + 1) * sizeof *weights->factor);
    weights->g = malloc((count * weights->n_cells + 1) * sizeof *weights->g);
    bool good = weight && weights->factor && weights->g;
    for (size_t r = 0; r < count && good; r++) {
        if (!weights->supplied)
            est_i_replicates_factors(weights->replicates, first + r, weights->factor + r * weights->n_leaves);
        if (weights->calibration)
            calibrate_again(weights, r, weight);
    }
    free(weight);
    return good ? EST_OK : est_i_no_memory(error);
}

void est_i_replicate_weights_rows(const est_i_replicate_weights *weights, const est_i_rows *rows, size_t r, size_t n,
                                  const size_t *row, double *weight)
{
    const double *factor = weights->factor + r * weights->n_leaves;
    const double *own = weights->supplied ? rows->replicate[weights->first + r]
                                          : weights->calibration ? rows->base_weight : rows->weight;
    for (size_t k = 0; k < n; k++)
        weight[k] = weights->supplied ? own[row[k]] : own[row[k]] * factor[rows->leaf[row[k]]];
    for (size_t k = 0; k < n && weights->calibration; k++)
        if (weight[k] != 0)
            weight[k] *= weights->g[r * weights->n_cells + est_i_calibration_cell(weights->calibration, rows, row[k])];
}
