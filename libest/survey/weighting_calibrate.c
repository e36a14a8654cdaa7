/* Calibration and trimming of weights that are held in memory. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/calibrate_parts.h"
#include "survey/weighting.h"

/* Rows of the smallest response cell, or behind the smallest known total of a category. */
static size_t fewest_rows(const est_i_weighting *run, size_t rows)
{
    size_t fewest = rows, j = 0;
    for (size_t k = 0; k < run->n_response; k++)
        fewest = run->cells[k].respondents < fewest ? run->cells[k].respondents : fewest;
    for (size_t m = 0; run->counts && m < run->calibration->n_margins; m++)
        for (size_t end = j + run->calibration->margins[m].n_rows; j < end; j++)
            if (!run->calibration->margins[m].numbers && run->counts[j] < fewest)
                fewest = run->counts[j];
    return fewest;
}

void est_i_weighting_take_step(est_i_weighting *run, const char *name)
{
    est_i_weighting_step *step = &run->step[run->n_steps++];
    est_i_dd sum = {0, 0};
    double squares = 0;
    *step = (est_i_weighting_step){.name = name, .smallest = INFINITY, .largest = -INFINITY};
    for (size_t i = 0; i < run->data.n; i++)
        if (run->weight[i] != 0) {
            step->rows++;
            sum = est_i_dd_add_double(sum, run->weight[i]);
            step->smallest = fmin(step->smallest, run->weight[i]);
            step->largest = fmax(step->largest, run->weight[i]);
        }
    step->sum = est_i_dd_value(sum);
    step->mean = step->sum / (double)step->rows;
    for (size_t i = 0; i < run->data.n; i++)
        if (run->weight[i] != 0)
            squares += (run->weight[i] - step->mean) * (run->weight[i] - step->mean);
    step->cv = sqrt(squares / (double)step->rows) / fabs(step->mean);
    step->kish = 1 + step->cv * step->cv;
    step->fewest = fewest_rows(run, step->rows);
}

/* ---- calibration ---- */

typedef struct weights_part {
    double *weight;
    size_t n, capacity;
    size_t *counts; /* rows behind each total */
} weights_part;

static void *weights_new(void *user)
{
    const est_i_calibration *calibration = user;
    weights_part *p = calloc(1, sizeof *p);
    if (p && !(p->counts = calloc(calibration->size + 1, sizeof *p->counts))) {
        free(p);
        p = NULL;
    }
    return p;
}

static void weights_free(void *user, void *part)
{
    weights_part *p = part;
    (void)user;
    if (p) {
        free(p->weight);
        free(p->counts);
    }
    free(p);
}

static bool weights_add(weights_part *p, const double *weight, size_t n)
{
    if (p->n + n > p->capacity) {
        size_t capacity = 2 * p->capacity + n + 64;
        double *grown = realloc(p->weight, capacity * sizeof *grown);
        if (!grown)
            return false;
        p->weight = grown;
        p->capacity = capacity;
    }
    if (n)
        memcpy(p->weight + p->n, weight, n * sizeof *weight);
    p->n += n;
    return true;
}

static void count_rows(const est_i_calibration *calibration, const est_i_rows *rows, size_t *counts)
{
    uint32_t level[calibration->n_variables + 1], index[calibration->n_margins + 1];
    double number[calibration->n_variables + 1], value[calibration->n_margins + 1];
    size_t margin;
    for (size_t i = 0; i < rows->n; i++) {
        if (!(rows->base_weight[i] > 0) || !est_i_x_row_of(calibration, rows, i, level, number))
            continue;
        size_t n = est_i_margins_x(calibration, &(est_i_x_row){level, number}, index, value, &margin);
        for (size_t k = 0; k < n && n != SIZE_MAX; k++)
            counts[index[k]] += value[k] != 0;
    }
}

static est_status weights_take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    weights_part *p = part;
    count_rows(user, rows, p->counts);
    return weights_add(p, rows->weight, rows->n) ? EST_OK : est_i_no_memory(error);
}

static est_status weights_settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    (void)user, (void)part, (void)final, (void)error;
    return EST_OK;
}

static est_status weights_join(void *user, void *into, void *from, est_error *error)
{
    const est_i_calibration *calibration = user;
    const weights_part *b = from;
    for (size_t j = 0; j < calibration->size; j++)
        ((weights_part *)into)->counts[j] += b->counts[j];
    return weights_add(into, b->weight, b->n) ? EST_OK : est_i_no_memory(error);
}

static est_status fetch_weights(est_i_weighting *run)
{
    static const est_i_rows_consumer consumer = {weights_new, weights_take, weights_settle, weights_join, weights_free};
    void *part = NULL;
    est_status status = est_i_sample_pass(run->calibrated, &consumer, run->calibration, "calibrating", &part, run->error);
    if (status == EST_OK) {
        weights_part *p = part;
        memcpy(run->weight, p->weight, run->data.n * sizeof *run->weight);
        run->counts = p->counts;
        p->counts = NULL;
    }
    weights_free(NULL, part);
    return status;
}

est_status est_i_weighting_calibrate(est_i_weighting *run)
{
    est_i_calibration *calibration = run->calibration;
    est_status status = est_i_weighting_sample(run, run->weight, run->first_calibration, est_i_calibration_variables(calibration),
                                               run->options->by_cluster != 0, &run->table, &run->work, &run->calibrated);
    if (status == EST_OK)
        status = est_i_calibration_solve(calibration, run->calibrated, 0, run->error);
    if (status == EST_OK)
        status = fetch_weights(run);
    if (status != EST_OK)
        return status;
    run->report = est_i_calibration_describe(calibration);
    run->after = malloc((run->report.n_totals + 1) * sizeof *run->after);
    if (!run->after)
        return est_i_no_memory(run->error);
    memcpy(run->after, run->report.after, run->report.n_totals * sizeof *run->after);
    est_i_weighting_take_step(run, "calibration");
    return EST_OK;
}

/* ---- trimming ---- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static est_status median_limit(est_i_weighting *run)
{
    double *sorted = malloc((run->data.n + 1) * sizeof *sorted);
    size_t n = 0;
    if (!sorted)
        return est_i_no_memory(run->error);
    for (size_t i = 0; i < run->data.n; i++)
        if (run->weight[i] != 0)
            sorted[n++] = run->weight[i];
    qsort(sorted, n, sizeof *sorted, ascending);
    run->most = run->options->trim_median * (n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2);
    free(sorted);
    return EST_OK;
}

bool est_i_weighting_cut(size_t n, double *weight, double least, double most)
{
    bool *was_cut = calloc(n + 1, sizeof *was_cut), settled = false;
    for (size_t sweep = 0; was_cut && sweep <= n && !settled; sweep++) {
        double excess = 0;
        size_t n_free = 0;
        for (size_t i = 0; i < n; i++) {
            double cut = fmin(fmax(weight[i], least), most);
            if (weight[i] == 0)
                continue;
            was_cut[i] = was_cut[i] || cut != weight[i];
            excess += weight[i] - cut;
            weight[i] = cut;
            n_free += was_cut[i] ? 0 : 1;
        }
        settled = excess == 0;
        if (!settled && n_free == 0)
            break;
        for (size_t i = 0; i < n && !settled; i++)
            weight[i] += weight[i] != 0 && !was_cut[i] ? excess / (double)n_free : 0;
    }
    free(was_cut);
    return settled;
}

static est_status trim_alone(est_i_weighting *run)
{
    char a[32], b[32], d[32];
    const est_i_weighting_step *before = &run->step[run->n_steps - 1];
    double rows = (double)before->rows;
    bool possible = before->sum >= rows * run->least && before->sum <= rows * run->most;
    if (possible && est_i_weighting_cut(run->data.n, run->weight, run->least, run->most))
        return EST_OK;
    return est_i_fail(run->error, EST_EDEFINITION, "trimming: weights from %s to %s cannot add up to %s over %zu rows; widen the "
                                                   "limits",
                      est_i_calibration_show(run->least, a), est_i_calibration_show(run->most, b),
                          est_i_calibration_show(before->sum, d),
                      before->rows);
}

est_status est_i_weighting_trim(est_i_weighting *run)
{
    est_status status = run->options->trim_median > 0 ? median_limit(run) : EST_OK;
    const est_i_weighting_step *before = &run->step[run->n_steps - 1];
    bool within = before->smallest >= run->least && before->largest <= run->most;
    if (status != EST_OK)
        return status;
    if (!within)
        status = run->calibrated ? est_i_calibration_trim(run->calibration, run->least, run->most, run->data.n, run->weight,
                                                          run->after,
                                                          run->error)
                                 : trim_alone(run);
    for (size_t i = 0; i < run->data.n && status == EST_OK && !within; i++) {
        run->at_least += run->weight[i] != 0 && run->weight[i] <= run->least ? 1 : 0;
        run->at_most += run->weight[i] != 0 && run->weight[i] >= run->most ? 1 : 0;
    }
    if (status == EST_OK)
        est_i_weighting_take_step(run, "trimming");
    return status;
}
