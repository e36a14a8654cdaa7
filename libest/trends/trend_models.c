/* Frames, stats, chart and notes of a trend. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "mse/describe.h"
#include "trends/trend_run.h"

static const char *dependence_word(const est_i_trend_model *m)
{
    static const char *const words[] = {"", "independence", "common", "by-period"};
    return words[m->kind.dependence];
}

static char *terms_of(const est_i_trend_answer *a, const est_i_trend_model *m, size_t place)
{
    uint32_t *terms = calloc(EST_I_MODEL_TERMS_MAX, sizeof *terms);
    char *text = NULL;
    if (terms) {
        size_t n_terms = est_i_estimator_terms(m->estimator, place, terms);
        text = est_i_describe_model(terms, n_terms, a->captures);
    }
    free(terms);
    return text;
}

static size_t count_missing(const est_i_trend_answer *a, const est_i_trend_model *m)
{
    size_t missing = a->captures->n_blocks - a->data->n_used;
    for (size_t k = 0; k < a->data->n_used; k++)
        missing += isnan(m->population[k]) ? 1 : 0;
    return missing;
}

static void add_model_frame(est_i_trend_answer *a)
{
    static const char *const columns[] = {"model", "dependence", "n_parameters", "loglik", "deviance", "df", "p_value", "pearson",
                                          "bic", "aic", "periods_without_estimate"};
    static const est_column_role roles[11] = {EST_ROLE_PLAIN};
    est_i_result_frame(a->builder, "models", "The models and their fit tests", 11, columns, roles, SIZE_MAX);
    for (size_t i = 0; i < a->n_models; i++) {
        const est_i_trend_model *m = a->models[i];
        est_i_result_cell_text(a->builder, m->name);
        est_i_result_cell_text(a->builder, dependence_word(m));
        est_i_result_cell(a->builder, (double)m->n_parameters);
        est_i_result_cell(a->builder, m->loglik);
        est_i_result_cell(a->builder, m->deviance);
        est_i_result_cell(a->builder, m->df);
        est_i_result_cell(a->builder, m->p_value);
        est_i_result_cell(a->builder, m->pearson);
        est_i_result_cell(a->builder, m->bic);
        est_i_result_cell(a->builder, m->aic);
        est_i_result_cell(a->builder, (double)count_missing(a, m));
    }
}

static void add_terms_row(est_i_trend_answer *a, const est_i_trend_model *m, size_t place, const char *period)
{
    char *terms = terms_of(a, m, place);
    est_i_result_cell_text(a->builder, m->name);
    est_i_result_cell_text(a->builder, period);
    est_i_result_cell_text(a->builder, terms ? terms : "");
    free(terms);
}

static void add_terms_frame(est_i_trend_answer *a)
{
    static const char *const columns[] = {"model", "period", "terms"};
    static const est_column_role roles[3] = {EST_ROLE_PLAIN};
    est_i_result_frame(a->builder, "dependence", "Dependence terms of each model", 3, columns, roles, SIZE_MAX);
    for (size_t i = 0; i < a->n_models; i++) {
        const est_i_trend_model *m = a->models[i];
        bool split = m->kind.dependence == EST_DEPENDENCE_BY_PERIOD && m->selected;
        for (size_t k = 0; k < (split ? a->data->n_used : 1); k++)
            add_terms_row(a, m, k, split ? a->captures->block_names[a->data->used[k]] : "all");
    }
}

/* Replicates without an estimate, by model and period: they count as unbounded, and are always said. */
static void add_replicates_frame(est_i_trend_answer *a)
{
    static const char *const columns[] = {"model", "period", "share_without_estimate"};
    static const est_column_role roles[3] = {EST_ROLE_PLAIN};
    bool started = false;
    for (size_t i = 0; i < a->n_models; i++)
        for (size_t k = 0; a->models[i]->bootstrap && k < a->data->n_used; k++) {
            if (!(a->models[i]->without[k] > 0))
                continue;
            if (!started)
                est_i_result_frame(a->builder, "replicates_without_estimate", "Bootstrap replicates without an estimate", 3,
                                   columns, roles, SIZE_MAX);
            started = true;
            est_i_result_cell_text(a->builder, a->models[i]->name);
            est_i_result_cell_text(a->builder, a->captures->block_names[a->data->used[k]]);
            est_i_result_cell(a->builder, a->models[i]->without[k]);
        }
}

void est_i_trend_add_models(est_i_trend_answer *a)
{
    est_i_result_add_stat(a->builder, "lists", (double)a->captures->n_lists, false);
    est_i_result_add_stat(a->builder, "periods", (double)a->captures->n_blocks, false);
    est_i_result_add_stat(a->builder, "n", a->captures->total, true);
    if (a->n_models == 1) {
        const est_i_trend_model *m = a->models[0];
        char *terms = m->kind.dependence == EST_DEPENDENCE_BY_PERIOD && m->selected ? NULL : terms_of(a, m, 0);
        est_i_result_add_stat_text(a->builder, "model", terms ? terms : m->name);
        est_i_result_add_stat(a->builder, "n_parameters", (double)m->n_parameters, false);
        est_i_result_add_stat(a->builder, "loglik", m->loglik, false);
        est_i_result_add_stat(a->builder, "bic", m->bic, false);
        est_i_result_add_stat(a->builder, "aic", m->aic, false);
        est_i_result_add_stat(a->builder, "deviance", m->deviance, false);
        est_i_result_add_stat(a->builder, "df", m->df, false);
        est_i_result_add_stat(a->builder, "p_value", m->p_value, false);
        free(terms);
    }
    add_model_frame(a);
    add_terms_frame(a);
    add_replicates_frame(a);
}

typedef struct chart_values {
    size_t n;
    double *cells; /* three rows of n for each series */
    est_series series[EST_I_TREND_MODELS_MAX + 2];
} chart_values;

static est_series *next_series(chart_values *v, size_t index, const char *name, est_series_kind kind, est_column_role role)
{
    double *at = v->cells + 3 * index * v->n;
    v->series[index] = (est_series){name, kind, role, at, at + v->n, at + 2 * v->n};
    for (size_t k = 0; k < 3 * v->n; k++)
        at[k] = NAN;
    return &v->series[index];
}

static void fill_model_series(const est_i_trend_answer *a, const est_i_trend_model *m, double *cells)
{
    size_t n = a->captures->n_blocks;
    for (size_t k = 0; k < a->data->n_used; k++) {
        cells[a->data->used[k]] = m->population[k];
        cells[n + a->data->used[k]] = m->lower[k];
        cells[2 * n + a->data->used[k]] = m->upper[k];
    }
}

static size_t fill_series(const est_i_trend_answer *a, chart_values *v)
{
    size_t count = 0;
    for (size_t i = 0; i < a->n_models; i++, count++) {
        next_series(v, count, a->models[i]->name, EST_SERIES_BAND, EST_ROLE_ESTIMATE);
        fill_model_series(a, a->models[i], v->cells + 3 * count * v->n);
    }
    next_series(v, count, "on these lists", EST_SERIES_LINE, EST_ROLE_COUNT);
    for (size_t k = 0; k < v->n; k++)
        v->cells[3 * count * v->n + k] = a->captures->totals[k];
    count++;
    if (a->captures->has_seen) {
        next_series(v, count, "seen on any list", EST_SERIES_LINE, EST_ROLE_COUNT);
        for (size_t k = 0; k < v->n; k++)
            v->cells[3 * count * v->n + k] = a->captures->seen[k];
        count++;
    }
    return count;
}

void est_i_trend_add_chart(est_i_trend_answer *a)
{
    char alternative[400];
    chart_values v = {.n = a->captures->n_blocks};
    v.cells = calloc(3 * v.n * (EST_I_TREND_MODELS_MAX + 2), sizeof *v.cells);
    if (!v.cells)
        return;
    snprintf(alternative, sizeof alternative, "Estimated population in %zu periods, %.40s to %.40s, under %zu model%s with interval "
             "bars, and the persons on the lists as a line below them. The values stand in the table beside the chart.",
             v.n, a->captures->block_names[0], a->captures->block_names[v.n - 1], a->n_models, a->n_models == 1 ? "" : "s");
    est_chart chart = {.name = "trend", .title = "People in each period, known and unknown", .x_title = "Period",
                       .y_title = "People", .alternative = alternative, .n_categories = v.n,
                       .categories = (const char *const *)a->captures->block_names, .series = v.series};
    chart.subtitle = est_table_is_synthetic(a->table) ? "SYNTHETIC data: no real persons" :
                                                       "Models side by side: the lists cannot tell which of them holds";
    chart.n_series = fill_series(a, &v);
    est_i_result_add_chart(a->builder, &chart);
    free(v.cells);
}
