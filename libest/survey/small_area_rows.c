/* The rows of `small-area`: direct and model-based estimates of each area, and their chart. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "numerics/special.h"
#include "survey/small_area_run.h"

typedef est_i_small_area_run run_t;

est_i_small_area_limits est_i_small_area_interval(const run_t *run, double estimate, double mse)
{
    double half = est_i_normal_quantile(1 - (1 - run->options->level) / 2) * sqrt(mse);
    est_i_small_area_limits limits = {estimate - half, estimate + half, false};
    if (run->proportion && estimate >= 0 && estimate <= 1) {
        limits.cut = limits.lower < 0 || limits.upper > 1;
        limits.lower = fmax(limits.lower, 0);
        limits.upper = fmin(limits.upper, 1);
    }
    return limits;
}

bool est_i_small_area_shows_direct(const run_t *run, size_t area)
{
    return !run->left_out[area] || est_table_is_public(run->table);
}

/* Estimate, error and limits; mse NaN = not known. */
static void fill(const run_t *run, est_row *row, double estimate, double mse)
{
    row->estimate = estimate;
    row->unit = run->options->unit;
    row->interval = "none";
    if (isnan(mse) || isnan(estimate))
        return;
    est_i_small_area_limits limits = est_i_small_area_interval(run, estimate, mse);
    row->se = sqrt(mse);
    row->cv = estimate == 0 ? NAN : row->se / fabs(estimate);
    row->lower = limits.lower;
    row->upper = limits.upper;
    row->level = run->options->level;
    row->interval = limits.cut ? "normal, cut" : "normal";
}

static void add_direct(run_t *run, size_t area, const est_label *label, uint32_t flags)
{
    est_row row = est_i_row_empty("direct");
    bool shows = est_i_small_area_shows_direct(run, area);
    row.n_domain = 1;
    row.domain = label;
    row.flags = flags;
    fill(run, &row, shows ? run->direct[area] : NAN, run->own_variance[area] > 0 ? run->own_variance[area] : NAN);
    row.n = shows ? run->cases[area] : NAN;
    if (run->left_out[area])
        row.flags |= EST_FLAG_BIT(EST_FLAG_FEW_CASES);
    est_i_result_add_row(run->builder, &row);
}

/* The fewest cases in the fit: from its coefficients and the other areas that area's direct estimate could be worked out. */
static double fewest_cases(const run_t *run)
{
    double fewest = NAN;
    for (size_t i = 0; i < run->n; i++)
        if (run->model->area[i].state == EST_I_AREA_FITTED && !isnan(run->cases[i]))
            fewest = fmin(fewest, run->cases[i]);
    return fewest;
}

static void add_model_based(run_t *run, size_t area, const est_label *label, uint32_t flags)
{
    const est_i_area *of = &run->model->area[area];
    est_row row = est_i_row_empty("small_area");
    row.n_domain = 1;
    row.domain = label;
    row.model = "Fay-Herriot";
    row.flags = flags | EST_FLAG_BIT(EST_FLAG_MODEL_BASED);
    row.fewest = fewest_cases(run);
    fill(run, &row, of->estimate, of->mse);
    est_i_result_add_row(run->builder, &row);
    if (run->benchmarked.estimate) {
        row.estimand = "small_area_benchmarked";
        fill(run, &row, run->benchmarked.estimate[area], run->benchmarked.mse[area]);
        est_i_result_add_row(run->builder, &row);
    }
}

void est_i_small_area_rows(run_t *run)
{
    uint32_t flags = est_table_is_synthetic(run->table) ? EST_FLAG_BIT(EST_FLAG_SYNTHETIC) : 0;
    run->first_row = est_i_result_row_count(run->builder);
    run->rows_each = run->benchmarked.estimate ? 3 : 2;
    for (size_t i = 0; i < run->n; i++) {
        est_label label = {run->area_name, run->names[i]};
        add_direct(run, i, &label, flags);
        add_model_based(run, i, &label, flags);
    }
}

/* ---- the chart ---- */

typedef struct points {
    double *value, *lower, *upper;
    size_t *about;
} points;

static void take_points(const run_t *run, points *p)
{
    const est_result *so_far = est_i_result_so_far(run->builder);
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < run->n; i++) {
            size_t at = s * run->n + i, index = run->first_row + i * run->rows_each + (s ? run->rows_each - 1 : 0);
            const est_row *row = so_far ? est_result_row(so_far, index) : NULL;
            p->value[at] = row ? row->estimate : NAN;
            p->lower[at] = row ? row->lower : NAN;
            p->upper[at] = row ? row->upper : NAN;
            p->about[at] = index;
        }
}

void est_i_small_area_chart(run_t *run)
{
    size_t n = run->n;
    bool met = run->benchmarked.estimate != NULL;
    points p = {calloc(2 * n + 1, sizeof(double)), calloc(2 * n + 1, sizeof(double)), calloc(2 * n + 1, sizeof(double)),
                calloc(2 * n + 1, sizeof(size_t))};
    if (p.value && p.lower && p.upper && p.about) {
        take_points(run, &p);
        est_series series[] = {
            {"direct", EST_SERIES_LINE, EST_ROLE_FIT, p.value, p.lower, p.upper},
            {met ? "small_area_benchmarked" : "small_area", EST_SERIES_LINE, EST_ROLE_FIT, p.value + n, p.lower + n, p.upper + n},
        };
        est_chart chart = {.name = "areas", .title = "Direct and model-based estimates",
                           .subtitle = met ? "model-based: made to meet the national figure" : "",
                           .x_title = *run->options->unit ? run->options->unit : "estimate", .y_title = run->area_name,
                           .alternative = "For each area the direct estimate and the model-based one, with their limits. The "
                                          "numbers stand in the tables.",
                           .n_categories = n, .categories = (const char *const *)run->names, .n_series = 2, .series = series,
                           .kind = EST_CHART_FOREST, .reference = NAN, .about = p.about};
        if (met)
            chart.reference = run->options->total ? NAN : run->benchmarked.national;
        est_i_result_add_chart(run->builder, &chart);
    } else
        est_i_result_no_memory(run->builder);
    free(p.value);
    free(p.lower);
    free(p.upper);
    free(p.about);
}
