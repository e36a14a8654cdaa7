/* The pass at the maximum: scores summed by leaf, and the residuals of a calibration. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/regression_parts.h"

/* A leaf's sums: rows of a weight above 0, the scores, and with a calibration the auxiliary numbers of all its rows. */
typedef struct scores_user {
    const est_i_regressors *model;
    const est_i_sample_plan *plan;
    const est_i_calibration *calibration;
    const double *beta;
    double unit;
    size_t q; /* auxiliary numbers */
} scores_user;

typedef struct scores_part {
    est_i_cells *leaf;
    est_i_cells *total; /* one cell: n, weight, pearson, then q numbers for each score */
    double *sums;
    uint32_t *index;
    double *value, *x;
} scores_part;

enum { TOTAL_N = 0, TOTAL_WEIGHT, TOTAL_PEARSON, TOTAL_RIGHT };

static void part_free(void *user, void *part)
{
    scores_part *own = part;
    (void)user;
    if (!own)
        return;
    est_i_cells_free(own->leaf);
    est_i_cells_free(own->total);
    free(own->sums);
    free(own->index);
    free(own->value);
    free(own->x);
    free(own);
}

static void *part_new(void *user)
{
    const scores_user *scores = user;
    size_t columns = 1 + scores->model->n_terms, p = scores->model->p;
    scores_part *part = calloc(1, sizeof *part);
    if (!part)
        return NULL;
    part->leaf = est_i_cells_new(1 + p + scores->q);
    part->total = est_i_cells_new(TOTAL_RIGHT + p * scores->q);
    part->sums = calloc(est_i_newton_width(scores->model), sizeof *part->sums);
    part->index = malloc(columns * sizeof *part->index);
    part->value = malloc(columns * sizeof *part->value);
    part->x = malloc((scores->q + 1) * sizeof *part->x);
    if (!part->leaf || !part->total || !part->sums || !part->index || !part->value || !part->x) {
        part_free(user, part);
        part = NULL;
    }
    return part;
}

static void add_to(est_i_dd *sum, double value)
{
    *sum = est_i_dd_add_double(*sum, value);
}

static void add_row(const scores_user *user, scores_part *part, const est_i_rows *rows, size_t row, est_i_dd *leaf, est_i_dd *total)
{
    const est_i_regressors *model = user->model;
    size_t n = est_i_regressors_row(model, rows, row, part->index, part->value), p = model->p;
    double w = rows->weight[row] * user->unit, base = 0, eta = 0, variance;
    double *hessian = part->sums + 1 + p;
    for (size_t i = 0; i < n; i++)
        eta += part->value[i] * user->beta[part->index[i]];
    double residual = rows->value[model->response][row] - est_i_newton_mean(model->family, eta, &variance);
    if (user->calibration)
        base = est_i_calibration_weight(user->calibration, rows, row) * user->unit;
    if (w != 0) {
        add_to(&leaf[0], 1);
        add_to(&total[TOTAL_N], 1);
        add_to(&total[TOTAL_WEIGHT], rows->weight[row]);
        add_to(&total[TOTAL_PEARSON], residual == 0 ? 0 : w * (residual * residual / variance));
    }
    for (size_t i = 0; i < n; i++) {
        double score = residual * part->value[i];
        add_to(&leaf[1 + part->index[i]], w * score);
        for (size_t k = 0; k < user->q; k++)
            add_to(&total[TOTAL_RIGHT + part->index[i] * user->q + k], base * score * part->x[k]);
        for (size_t j = i; j < n; j++)
            hessian[part->index[i] * p + part->index[j]] += w * variance * part->value[i] * part->value[j];
    }
}

/* With a calibration every row has a residual, outside the condition too: the score is 0 there, the auxiliary numbers are not. */
static est_status part_take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const scores_user *scores = user;
    const est_i_regressors *model = scores->model;
    scores_part *own = part;
    bool missing;
    for (size_t i = 0; i < rows->n; i++) {
        bool enters = est_i_regressors_enter(scores->plan, model->n_variables, model->variable, rows, i, &missing);
        if (!enters && !scores->calibration)
            continue;
        est_i_dd *leaf = est_i_cells_at(own->leaf, rows->leaf[i], 0), *total = est_i_cells_at(own->total, 0, 0);
        if (!leaf || !total)
            return est_i_no_memory(error);
        if (scores->calibration)
            est_i_calibration_x(scores->calibration, rows, i, own->x);
        for (size_t k = 0; k < scores->q; k++)
            add_to(&leaf[1 + model->p + k], rows->weight[i] * scores->unit * own->x[k]);
        if (enters)
            add_row(scores, own, rows, i, leaf, total);
    }
    return EST_OK;
}

static est_status part_settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    (void)user, (void)part, (void)final, (void)error;
    return EST_OK;
}

static est_status part_join(void *user, void *into, void *from, est_error *error)
{
    const scores_user *scores = user;
    scores_part *to = into;
    const scores_part *later = from;
    est_status status = est_i_cells_join(to->leaf, later->leaf, error);
    if (status == EST_OK)
        status = est_i_cells_join(to->total, later->total, error);
    for (size_t i = 0; i < est_i_newton_width(scores->model); i++)
        to->sums[i] += later->sums[i];
    return status;
}

void est_i_scores_free(est_i_scores *scores)
{
    if (!scores)
        return;
    free(scores->z);
    free(scores->present);
    free(scores->sums);
    free(scores);
}

/* z = sum w (u - x'B): what the auxiliary numbers explain of the scores is taken off each leaf's sums. */
static est_status spread_leaves(const scores_user *user, const scores_part *part, const est_i_dd *total, est_i_scores *scores,
                                est_error *error)
{
    size_t p = user->model->p, q = user->q;
    double *b = calloc(p * q + 1, sizeof *b);
    if (!b)
        return est_i_no_memory(error);
    for (size_t i = 0; i < p * q; i++)
        b[i] = est_i_dd_value(total[TOTAL_RIGHT + i]);
    if (user->calibration) { /* A is of the weights as they are, the scores' are in the unit of the fit */
        for (size_t i = 0; i < p * q; i++)
            b[i] /= user->unit;
        est_i_calibration_coefficients(user->calibration, p, b, b);
    }
    for (size_t i = 0; i < part->leaf->count; i++) {
        const est_i_dd *sum = part->leaf->sum + i * part->leaf->width;
        uint32_t leaf = part->leaf->leaf[i];
        scores->present[leaf] = est_i_dd_value(sum[0]) > 0;
        for (size_t j = 0; j < p; j++) {
            est_i_dd z = sum[1 + j];
            for (size_t k = 0; k < q; k++)
                z = est_i_dd_add_double(z, -b[j * q + k] * est_i_dd_value(sum[1 + p + k]));
            scores->z[j * scores->n_leaves + leaf] = est_i_dd_value(z);
        }
    }
    free(b);
    return EST_OK;
}

/* The gradient from the leaves: twice the precision, so that the last step is only as large as the arithmetic. */
static void sum_gradient(const scores_part *part, size_t p, double *gradient)
{
    for (size_t j = 0; j < p; j++) {
        est_i_dd sum = {0, 0};
        for (size_t i = 0; i < part->leaf->count; i++)
            sum = est_i_dd_add(sum, part->leaf->sum[i * part->leaf->width + 1 + j]);
        gradient[j] = est_i_dd_value(sum);
    }
}

est_status est_i_scores_take(est_i_sample *sample, const est_i_regressors *model, const est_i_calibration *calibration,
                             const double *beta, double unit, est_i_scores **scores, est_error *error)
{
    static const est_i_rows_consumer consumer = {part_new, part_take, part_settle, part_join, part_free};
    scores_user user = {model, est_i_sample_get_plan(sample), calibration, beta, unit, 0};
    void *part = NULL;
    est_i_scores *made = NULL;
    user.q = calibration ? est_i_calibration_size(calibration) : 0;
    est_status status = est_i_sample_pass(sample, &consumer, &user, "summing scores", &part, error);
    *scores = NULL;
    if (status != EST_OK)
        goto cleanup;
    scores_part *whole = part;
    const est_i_dd *total = est_i_cells_at(whole->total, 0, 0);
    made = calloc(1, sizeof *made);
    if (!made || !total) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    made->n_leaves = est_i_design_leaves(est_i_sample_design(sample));
    made->z = calloc(model->p * made->n_leaves + 1, sizeof *made->z);
    made->present = calloc(made->n_leaves + 1, sizeof *made->present);
    if (!made->z || !made->present) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    made->n = est_i_dd_value(total[TOTAL_N]);
    made->weight = est_i_dd_value(total[TOTAL_WEIGHT]);
    made->pearson = est_i_dd_value(total[TOTAL_PEARSON]);
    if ((status = spread_leaves(&user, whole, total, made, error)) != EST_OK)
        goto cleanup;
    sum_gradient(whole, model->p, whole->sums + 1);
    made->sums = whole->sums;
    whole->sums = NULL;
    *scores = made;
    made = NULL;
cleanup:
    est_i_scores_free(made);
    part_free(&user, part);
    return status;
}
