/* Rows that compare two periods: annualised rates at period midpoints (decisions.md 15). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/special.h"
#include "trends/trend_run.h"

typedef struct comparison {
    const est_i_trend_answer *answer;
    const est_i_trend_model *model;
    size_t from, to;             /* blocks */
    size_t place_from, place_to; /* used periods */
    double *low, *high;          /* replicates of the raw ratio; an undefined one is 0 in low and +Inf in high */
} comparison;

/* Years of persons that one person of the window stands for: N / years / population. */
static double per_year(const est_i_captures *c, size_t block)
{
    return 1 / c->years[block] / (c->has_population ? c->population[block] : 1);
}

static bool stands(const comparison *c)
{
    size_t n = c->answer->data->n_used;
    return c->place_from < n && c->place_to < n && !isnan(c->model->population[c->place_from]) &&
           !isnan(c->model->population[c->place_to]);
}

/* A replicate without an estimate is not dropped (decisions.md 5): Inf over finite is Inf, finite over Inf is 0, and where neither
 * period has one nothing is known, which widens both limits. */
static void fill_replicates(const comparison *c)
{
    const est_i_bootstrap *b = c->model->bootstrap;
    for (size_t i = 0; i < b->n_replicates; i++) {
        double from = b->population[i * b->n_blocks + c->place_from], to = b->population[i * b->n_blocks + c->place_to];
        bool unknown = isinf(from) && isinf(to);
        c->low[i] = unknown || isinf(from) ? 0 : to / from;
        c->high[i] = unknown ? INFINITY : c->low[i];
    }
    est_i_sort(c->low, b->n_replicates);
    est_i_sort(c->high, b->n_replicates);
}

/* What a page for people shows: against the baseline, or against the period before, and the first with the last. */
static bool is_shown(const est_i_trend_answer *a, size_t from, size_t to)
{
    const char *baseline = a->options->baseline;
    bool shown = to == from + 1 || (from == 0 && to + 1 == a->captures->n_blocks);
    if (*baseline)
        shown = strcmp(a->captures->block_names[from], baseline) == 0 || strcmp(a->captures->block_names[to], baseline) == 0;
    return shown;
}

static est_row compare(const comparison *c, const est_label *labels, const char *estimand)
{
    const est_i_trend_answer *a = c->answer;
    est_row row = est_i_row_empty(estimand);
    row.n_domain = 2;
    row.domain = labels;
    row.model = c->model->name;
    row.period = labels[0].value;
    row.detail = !is_shown(a, c->from, c->to);
    row.interval = "none";
    if (a->captures->truncated[c->from] || a->captures->truncated[c->to])
        row.flags |= EST_FLAG_BIT(EST_FLAG_TRUNCATED);
    if (est_table_is_synthetic(a->table))
        row.flags |= EST_FLAG_BIT(EST_FLAG_SYNTHETIC);
    if (!stands(c)) {
        row.flags |= EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
        return row;
    }
    if (c->model->boundary[c->place_from] || c->model->boundary[c->place_to])
        row.flags |= EST_FLAG_BIT(EST_FLAG_BOUNDARY);
    row.estimate = c->model->population[c->place_to] / c->model->population[c->place_from];
    if (c->model->bootstrap) {
        size_t n = c->model->bootstrap->n_replicates;
        row.lower = est_i_quantile(c->low, n, (1 - a->options->level) / 2);
        row.upper = est_i_quantile(c->high, n, (1 + a->options->level) / 2);
        row.level = a->options->level;
        row.interval = "bootstrap";
        row.flags |= isinf(row.upper) ? EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED) : 0;
        row.flags |= c->model->selected ? 0 : EST_FLAG_BIT(EST_FLAG_MODEL_KNOWN);
    }
    return row;
}

/* APC = 100 (R^(1/years between midpoints) - 1); increasing in R, so limits carry over. */
static double annual_change(double ratio, double years)
{
    return isinf(ratio) ? INFINITY : 100 * (pow(ratio, 1 / years) - 1);
}

static void add_rows(comparison *c)
{
    const est_i_captures *captures = c->answer->captures;
    est_label labels[] = {{"period", captures->block_names[c->to]}, {"baseline", captures->block_names[c->from]}};
    double scale = per_year(captures, c->to) / per_year(captures, c->from);
    double years = captures->midpoint[c->to] - captures->midpoint[c->from];
    if (stands(c) && c->model->bootstrap)
        fill_replicates(c);
    est_row row = compare(c, labels, "ratio");
    row.estimate *= scale;
    row.lower *= scale;
    row.upper *= scale;
    est_i_result_add_row(c->answer->builder, &row);
    row.estimand = "annual_percent_change";
    row.estimate = annual_change(row.estimate, years);
    row.lower = annual_change(row.lower, years);
    row.upper = annual_change(row.upper, years);
    est_i_result_add_row(c->answer->builder, &row);
    row = compare(c, labels, "ratio_raw");
    if (captures->years[c->from] < captures->years[c->to] || captures->years[c->from] > captures->years[c->to])
        row.flags |= EST_FLAG_BIT(EST_FLAG_NOT_ANNUAL);
    else
        row.detail = 1; /* says no more than the ratio */
    est_i_result_add_row(c->answer->builder, &row);
}

static void add_model(comparison *c)
{
    const est_i_trend_data *data = c->answer->data;
    for (c->to = 1; c->to < c->answer->captures->n_blocks; c->to++)
        for (c->from = 0; c->from < c->to; c->from++) {
            c->place_from = est_i_trend_place(data, c->from);
            c->place_to = est_i_trend_place(data, c->to);
            add_rows(c);
        }
}

est_status est_i_trend_add_changes(est_i_trend_answer *answer, est_error *error)
{
    size_t most = 1;
    for (size_t i = 0; i < answer->n_models; i++)
        if (answer->models[i]->bootstrap && answer->models[i]->bootstrap->n_replicates > most)
            most = answer->models[i]->bootstrap->n_replicates;
    comparison c = {.answer = answer, .low = calloc(most, sizeof *c.low), .high = calloc(most, sizeof *c.high)};
    est_status status = c.low && c.high ? EST_OK : est_i_no_memory(error);
    for (size_t i = 0; i < answer->n_models && status == EST_OK; i++) {
        c.model = answer->models[i];
        add_model(&c);
    }
    free(c.low);
    free(c.high);
    return status;
}
