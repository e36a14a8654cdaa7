/* Passes of a calibration over the rows: clusters, and what is too many cells to be held. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/calibrate_parts.h"

/* x of a row that has a weight. EST_EDEFINITION where a level has no total. */
static est_status row_x(const est_i_calibration *c, const est_i_rows *rows, size_t row, uint32_t *level, double *number,
                        uint32_t *index, double *value, size_t *count, est_error *error)
{
    size_t margin = 0;
    bool complete = est_i_x_row_of(c, rows, row, level, number);
    *count = complete ? est_i_margins_x(c, &(est_i_x_row){level, number}, index, value, &margin) : SIZE_MAX;
    if (!complete)
        return est_i_fail(error, EST_EFILE, "%.200s: a value is missing that was there when it was read first; the data must not "
                          "change meanwhile", est_source_name(c->source));
    if (*count == SIZE_MAX)
        return est_i_margins_fail_level(c, margin, &(est_i_x_row){level, number}, error);
    return EST_OK;
}

/* ---- clusters ---- */

typedef struct cluster_part {
    size_t count, capacity;
    uint32_t *slot;    /* [psus]: its place + 1 */
    uint32_t *psu;     /* [count] */
    double *x;         /* [count x size] */
    est_i_dd *sum;     /* [count x 3], as in est_i_x_cells */
    size_t *rows;
    double *final;     /* [size]: sum of the declared weights times x */
} cluster_part;

static void cluster_free(void *user, void *part)
{
    cluster_part *p = part;
    (void)user;
    if (p) {
        free(p->slot);
        free(p->psu);
        free(p->x);
        free(p->sum);
        free(p->rows);
        free(p->final);
        free(p);
    }
}

static size_t count_psus(const est_i_calibration *c)
{
    return est_i_sample_design(c->sample)->stage[0].n_units;
}

static void *cluster_new(void *user)
{
    const est_i_calibration *c = user;
    cluster_part *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->slot = calloc(count_psus(c) + 1, sizeof *p->slot);
    p->final = calloc(c->size + 1, sizeof *p->final);
    if (p->slot && p->final)
        return p;
    cluster_free(user, p);
    return NULL;
}

static bool cluster_grow(const est_i_calibration *c, cluster_part *p)
{
    size_t capacity = p->capacity ? 2 * p->capacity : 64;
    uint32_t *psu = realloc(p->psu, capacity * sizeof *psu);
    p->psu = psu ? psu : p->psu;
    double *x = realloc(p->x, capacity * (c->size + 1) * sizeof *x);
    p->x = x ? x : p->x;
    est_i_dd *sum = realloc(p->sum, capacity * 3 * sizeof *sum);
    p->sum = sum ? sum : p->sum;
    size_t *rows = realloc(p->rows, capacity * sizeof *rows);
    p->rows = rows ? rows : p->rows;
    if (!psu || !x || !sum || !rows)
        return false;
    p->capacity = capacity;
    return true;
}

static size_t cluster_at(const est_i_calibration *c, cluster_part *p, uint32_t psu)
{
    if (p->slot[psu])
        return p->slot[psu] - 1;
    if (p->count == p->capacity && !cluster_grow(c, p))
        return SIZE_MAX;
    size_t at = p->count++;
    p->psu[at] = psu;
    memset(p->x + at * c->size, 0, c->size * sizeof *p->x);
    memset(p->sum + 3 * at, 0, 3 * sizeof *p->sum);
    p->rows[at] = 0;
    p->slot[psu] = (uint32_t)(at + 1);
    return at;
}

static est_status cluster_take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const est_i_calibration *c = user;
    cluster_part *p = part;
    uint32_t level[c->n_variables + 1], index[c->n_margins + 1];
    double number[c->n_variables + 1], value[c->n_margins + 1];
    est_status status = EST_OK;
    bool declared = c->options.kind == EST_I_CALIBRATE_DECLARED;
    for (size_t i = 0; i < rows->n && status == EST_OK; i++) {
        size_t count = 0, at;
        if (!est_i_x_counts(c, rows, i))
            continue;
        status = row_x(c, rows, i, level, number, index, value, &count, error);
        if (status != EST_OK)
            continue;
        at = cluster_at(c, p, c->psu[rows->leaf[i]]);
        if (at == SIZE_MAX)
            return est_i_no_memory(error);
        double weight = rows->base_weight[i], final = declared ? est_i_x_declared(c, rows, i) : 0;
        for (size_t k = 0; k < count; k++) {
            p->x[at * c->size + index[k]] += weight * value[k];
            p->final[index[k]] += final * value[k];
        }
        p->sum[3 * at] = est_i_dd_add_double(p->sum[3 * at], weight);
        p->sum[3 * at + 1] = est_i_dd_add_double(p->sum[3 * at + 1], weight * weight);
        p->sum[3 * at + 2] = est_i_dd_add_double(p->sum[3 * at + 2], final);
        p->rows[at]++;
    }
    return status;
}

/* From the second pass on numbers are the final ones. */
static est_status nothing_to_settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    (void)user;
    (void)part;
    (void)final;
    (void)error;
    return EST_OK;
}

static est_status cluster_join(void *user, void *into, void *from, est_error *error)
{
    const est_i_calibration *c = user;
    cluster_part *a = into;
    const cluster_part *b = from;
    for (size_t k = 0; k < b->count; k++) {
        size_t at = cluster_at(c, a, b->psu[k]);
        if (at == SIZE_MAX)
            return est_i_no_memory(error);
        for (size_t j = 0; j < c->size; j++)
            a->x[at * c->size + j] += b->x[k * c->size + j];
        for (size_t s = 0; s < 3; s++)
            a->sum[3 * at + s] = est_i_dd_add(a->sum[3 * at + s], b->sum[3 * k + s]);
        a->rows[at] += b->rows[k];
    }
    for (size_t j = 0; j < c->size; j++)
        a->final[j] += b->final[j];
    return EST_OK;
}

static size_t count_nonzero(const double *x, size_t size)
{
    size_t count = 0;
    for (size_t j = 0; j < size; j++)
        count += x[j] != 0 ? 1 : 0;
    return count;
}

/* Sums become averages; PSUs in their order, those without a case empty. */
static bool cluster_units(est_i_calibration *c, const cluster_part *p)
{
    size_t n = count_psus(c), total = 0, k = 0;
    for (size_t at = 0; at < p->count; at++)
        total += count_nonzero(p->x + at * c->size, c->size);
    c->units.n = n;
    c->units.start = calloc(n + 1, sizeof *c->units.start);
    c->units.index = calloc(total + 1, sizeof *c->units.index);
    c->units.value = calloc(total + 1, sizeof *c->units.value);
    c->units.weight = calloc(n + 1, sizeof *c->units.weight);
    c->cells = est_i_x_cells_new(1); /* the sums of each PSU */
    if (!c->units.start || !c->units.index || !c->units.value || !c->units.weight || !c->cells)
        return false;
    c->cells->sum = calloc(3 * n + 1, sizeof *c->cells->sum);
    c->cells->rows = calloc(n + 1, sizeof *c->cells->rows);
    if (!c->cells->sum || !c->cells->rows)
        return false;
    for (size_t psu = 0; psu < n; psu++) {
        size_t at = p->slot[psu];
        c->units.start[psu] = k;
        for (size_t j = 0; at && j < c->size; j++)
            if (p->x[(at - 1) * c->size + j] != 0) {
                c->units.index[k] = (uint32_t)j;
                c->units.value[k++] = p->x[(at - 1) * c->size + j] / est_i_dd_value(p->sum[3 * (at - 1)]);
            }
        if (at) {
            memcpy(c->cells->sum + 3 * psu, p->sum + 3 * (at - 1), 3 * sizeof *p->sum);
            c->cells->rows[psu] = p->rows[at - 1];
            c->units.weight[psu] = est_i_dd_value(p->sum[3 * (at - 1)]);
        }
    }
    c->units.start[n] = k;
    return true;
}

est_status est_i_calibration_clusters(est_i_calibration *calibration, est_error *error)
{
    static const est_i_rows_consumer consumer = {cluster_new, cluster_take, nothing_to_settle, cluster_join, cluster_free};
    const est_i_design *design = est_i_sample_design(calibration->sample);
    void *part = NULL;
    est_status status = EST_OK;
    calibration->psu = calloc(est_i_design_leaves(design) + 1, sizeof *calibration->psu);
    if (!calibration->psu)
        return est_i_no_memory(error);
    est_i_design_psu(design, calibration->psu);
    status = est_i_sample_pass(calibration->sample, &consumer, calibration, "calibrating", &part, error);
    if (status == EST_OK && !cluster_units(calibration, part))
        status = est_i_no_memory(error);
    if (status == EST_OK && calibration->options.kind == EST_I_CALIBRATE_DECLARED)
        memcpy(calibration->after, ((const cluster_part *)part)->final, calibration->size * sizeof *calibration->after);
    cluster_free(calibration, part);
    return status;
}

/* ---- rows ---- */

typedef struct rows_pass {
    est_i_calibration *calibration;
    const double *lambda;
    bool by_g;
} rows_pass;

typedef struct rows_part {
    est_i_evaluation at;
    double *before;
    bool *occurs;
    est_i_calibration_report report;
} rows_part;

static void rows_free(void *user, void *part)
{
    rows_part *p = part;
    (void)user;
    if (p) {
        free(p->at.total);
        free(p->at.hessian);
        free(p->before);
        free(p->occurs);
        free(p);
    }
}

static void *rows_new(void *user)
{
    const rows_pass *pass = user;
    size_t size = pass->calibration->size + 1;
    rows_part *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->at.total = calloc(size, sizeof *p->at.total);
    p->at.hessian = calloc(size * size, sizeof *p->at.hessian);
    p->before = calloc(size, sizeof *p->before);
    p->occurs = calloc(size, sizeof *p->occurs);
    p->report.smallest_g = INFINITY;
    p->report.largest_g = -INFINITY;
    if (p->at.total && p->at.hessian && p->before && p->occurs)
        return p;
    rows_free(user, p);
    return NULL;
}

static void row_factor(const rows_pass *pass, size_t count, const uint32_t *index, const double *value, double declared, double *g,
                       double *slope, double *integral)
{
    double u = 0;
    if (!pass->lambda) {
        *g = declared;
        *slope = 1;
        *integral = 0;
        return;
    }
    for (size_t k = 0; k < count; k++)
        u += value[k] * pass->lambda[index[k]];
    est_i_distance_at(&pass->calibration->distance, u, g, slope, integral);
}

static void row_report(const est_i_distance *distance, est_i_calibration_report *report, double weight, double g)
{
    report->smallest_g = fmin(report->smallest_g, g);
    report->largest_g = fmax(report->largest_g, g);
    report->at_lower += g <= distance->lower ? 1 : 0;
    report->at_upper += g >= distance->upper ? 1 : 0;
    report->sum_before += weight;
    report->square_before += weight * weight;
    report->sum_after += weight * g;
    report->square_after += weight * g * weight * g;
}

static est_status rows_take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const rows_pass *pass = user;
    const est_i_calibration *c = pass->calibration;
    rows_part *p = part;
    uint32_t level[c->n_variables + 1], index[c->n_margins + 1];
    double number[c->n_variables + 1], value[c->n_margins + 1], g, slope, integral;
    est_status status = EST_OK;
    bool declared = c->options.kind == EST_I_CALIBRATE_DECLARED;
    for (size_t i = 0; i < rows->n && status == EST_OK; i++) {
        size_t count = 0;
        if (!est_i_x_counts(c, rows, i))
            continue;
        status = row_x(c, rows, i, level, number, index, value, &count, error);
        if (status != EST_OK)
            continue;
        double weight = rows->base_weight[i];
        row_factor(pass, count, index, value, declared ? est_i_x_declared(c, rows, i) / weight : 1, &g, &slope, &integral);
        row_report(&c->distance, &p->report, weight, g);
        p->at.integral += weight * integral;
        for (size_t a = 0; a < count; a++) {
            double left = weight * (pass->by_g ? g : slope) * value[a];
            p->before[index[a]] += weight * value[a];
            p->at.total[index[a]] += weight * g * value[a];
            p->occurs[index[a]] = true;
            for (size_t b = a; b < count && left != 0; b++)
                p->at.hessian[index[a] * c->size + index[b]] += left * value[b];
        }
    }
    return status;
}

static est_status rows_join(void *user, void *into, void *from, est_error *error)
{
    const rows_pass *pass = user;
    size_t size = pass->calibration->size;
    rows_part *a = into;
    const rows_part *b = from;
    for (size_t j = 0; j < size; j++) {
        a->at.total[j] += b->at.total[j];
        a->before[j] += b->before[j];
        a->occurs[j] = a->occurs[j] || b->occurs[j];
    }
    for (size_t j = 0; j < size * size; j++)
        a->at.hessian[j] += b->at.hessian[j];
    a->at.integral += b->at.integral;
    a->report.smallest_g = fmin(a->report.smallest_g, b->report.smallest_g);
    a->report.largest_g = fmax(a->report.largest_g, b->report.largest_g);
    a->report.at_lower += b->report.at_lower;
    a->report.at_upper += b->report.at_upper;
    a->report.sum_before += b->report.sum_before;
    a->report.square_before += b->report.square_before;
    a->report.sum_after += b->report.sum_after;
    a->report.square_after += b->report.square_after;
    (void)error;
    return EST_OK;
}

static est_status run_rows(rows_pass *pass, rows_part **part, est_error *error)
{
    static const est_i_rows_consumer consumer = {rows_new, rows_take, nothing_to_settle, rows_join, rows_free};
    void *joined = NULL;
    est_status status = est_i_sample_pass(pass->calibration->sample, &consumer, pass, "calibrating", &joined, error);
    *part = joined;
    return status;
}

est_status est_i_calibration_evaluate_rows(void *user, const double *lambda, est_i_evaluation *evaluation, est_error *error)
{
    est_i_calibration *c = user;
    rows_pass pass = {.calibration = c, .lambda = lambda};
    rows_part *part = NULL;
    est_status status = run_rows(&pass, &part, error);
    if (status == EST_OK) {
        memcpy(evaluation->total, part->at.total, c->size * sizeof *evaluation->total);
        memcpy(evaluation->hessian, part->at.hessian, c->size * c->size * sizeof *evaluation->hessian);
        evaluation->integral = part->at.integral;
        memcpy(c->before, part->before, c->size * sizeof *c->before);
        memcpy(c->after, part->at.total, c->size * sizeof *c->after);
        memcpy(c->occurs, part->occurs, c->size * sizeof *c->occurs);
        c->population = part->report.sum_before;
        c->report = part->report;
    }
    rows_free(c, part);
    return status;
}

est_status est_i_calibration_gram_rows(est_i_calibration *calibration, const double *lambda, double *gram, est_error *error)
{
    rows_pass pass = {.calibration = calibration, .lambda = lambda, .by_g = true};
    rows_part *part = NULL;
    est_status status = run_rows(&pass, &part, error);
    if (status == EST_OK)
        memcpy(gram, part->at.hessian, calibration->size * calibration->size * sizeof *gram);
    rows_free(calibration, part);
    return status;
}

/* ---- the weights ---- */

static bool factor_by_x(const est_i_calibration *c, const est_i_rows *rows, size_t row, double *g)
{
    uint32_t level[c->n_variables + 1], index[c->n_margins + 1];
    double number[c->n_variables + 1], value[c->n_margins + 1], u = 0, slope, integral;
    size_t count = 0;
    if (row_x(c, rows, row, level, number, index, value, &count, NULL) != EST_OK)
        return false;
    for (size_t k = 0; k < count; k++)
        u += value[k] * c->lambda[index[k]];
    est_i_distance_at(&c->distance, u, g, &slope, &integral);
    return true;
}

/* Cells or PSUs: SIZE_MAX for values that the first pass has not seen. */
static size_t unit_of(const est_i_calibration *c, const est_i_rows *rows, size_t row, const uint64_t *key, uint32_t missing)
{
    if (c->psu)
        return c->psu[rows->leaf[row]];
    return missing ? SIZE_MAX : est_i_x_cells_look_up(c->cells, key);
}

static est_status adjust_declared(const est_i_calibration *c, const est_i_rows *rows, double *weight)
{
    for (size_t i = 0; i < rows->n; i++)
        weight[i] = weight[i] > 0 ? est_i_x_declared(c, rows, i) : weight[i];
    return EST_OK;
}

est_status est_i_calibration_adjust(void *user, const est_i_rows *rows, double *weight, est_error *error)
{
    const est_i_calibration *c = user;
    uint64_t key[EST_I_X_BLOCK * c->words + 1];
    uint32_t missing[EST_I_X_BLOCK];
    if (c->options.kind == EST_I_CALIBRATE_DECLARED)
        return adjust_declared(c, rows, weight);
    for (size_t i = 0; i < rows->n; i++) {
        size_t at = i % EST_I_X_BLOCK, unit;
        double g = 1;
        bool known = true;
        if (at == 0 && c->g && !c->psu)
            est_i_x_keys(c, rows, i, rows->n - i < EST_I_X_BLOCK ? rows->n - i : EST_I_X_BLOCK, key, missing);
        if (!(weight[i] > 0))
            continue;
        if (c->g) {
            unit = unit_of(c, rows, i, key + at * c->words, missing[at]);
            known = unit != SIZE_MAX;
            g = known ? c->g[unit] : 1;
        } else {
            known = factor_by_x(c, rows, i, &g);
        }
        if (!known)
            return est_i_fail(error, EST_EFILE, "%.200s: found values that were not there when it was read first; the data must "
                              "not change meanwhile", est_source_name(c->source));
        weight[i] *= g;
    }
    return EST_OK;
}
