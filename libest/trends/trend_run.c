/* The run of `trend`: the grid of models, side by side. */
#include "trends/trend_run.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/monitor.h"
#include "mse/describe.h"
#include "mse/model.h"

typedef struct grid {
    size_t n_kinds;
    est_i_trend_kind kinds[EST_I_TREND_MODELS_MAX];
} grid;

static void add_kind(grid *g, int dependence, unsigned order, const est_i_model *given)
{
    g->kinds[g->n_kinds++] = (est_i_trend_kind){dependence, order, given};
}

static est_status check_search(const est_i_captures *captures, const est_trend_options *options, est_error *error)
{
    est_status status = EST_OK;
    if (captures->n_lists > EST_I_SET_LISTS_MAX)
        status = est_i_fail(error, EST_EOPTION, "a selection among all models handles up to %d lists, found %zu; give --model "
                            "(for example all-pairs), or fewer lists with --lists", EST_I_SET_LISTS_MAX, captures->n_lists);
    else if (options->max_order >= (long)captures->n_lists)
        status = est_i_fail(error, EST_EOPTION, "option --max-order: found %ld, expected at most %zu with %zu lists: the "
                            "dependence of all lists at once cannot be estimated", options->max_order, captures->n_lists - 1,
                            captures->n_lists);
    return status;
}

static bool wants(const est_trend_options *options, int dependence)
{
    return options->dependence == EST_DEPENDENCE_ALL || options->dependence == dependence;
}

static est_status list_kinds(const est_i_captures *captures, const est_trend_options *options, const est_i_model *given,
                             grid *g, est_error *error)
{
    static const int dependent[] = {EST_DEPENDENCE_COMMON, EST_DEPENDENCE_BY_PERIOD};
    unsigned highest = options->max_order ? (unsigned)options->max_order : 3;
    bool searches = !given && options->dependence != EST_DEPENDENCE_INDEPENDENCE;
    est_status status = searches ? check_search(captures, options, error) : EST_OK;
    if (highest >= captures->n_lists)
        highest = (unsigned)captures->n_lists - 1;
    if (wants(options, EST_DEPENDENCE_INDEPENDENCE))
        add_kind(g, EST_DEPENDENCE_INDEPENDENCE, 0, NULL);
    for (size_t i = 0; i < 2; i++) {
        if (given && wants(options, dependent[i]))
            add_kind(g, dependent[i], 0, given);
        for (unsigned order = 2; !given && order <= highest && wants(options, dependent[i]); order++)
            add_kind(g, dependent[i], order, NULL);
    }
    return status;
}

size_t est_i_trend_place(const est_i_trend_data *data, size_t block)
{
    size_t place = 0;
    while (place < data->n_used && data->used[place] != block)
        place++;
    return place;
}

static est_status check_baseline(const est_i_captures *captures, const char *baseline, est_error *error)
{
    bool found = !*baseline;
    for (size_t k = 0; k < captures->n_blocks && !found; k++)
        found = strcmp(captures->block_names[k], baseline) == 0;
    return found ? EST_OK
                 : est_i_fail(error, EST_EOPTION, "option --baseline: found '%s', expected one of the periods, %s to %s", baseline,
                              captures->block_names[0], captures->block_names[captures->n_blocks - 1]);
}

/* At least two periods must stand in one model, else nothing is identified (decisions.md 21). */
static est_status check_identified(const est_i_trend_answer *a, est_error *error)
{
    size_t best = 0;
    for (size_t i = 0; i < a->n_models; i++) {
        size_t standing = 0;
        for (size_t k = 0; k < a->data->n_used; k++)
            standing += isnan(a->models[i]->population[k]) ? 0 : 1;
        best = standing > best ? standing : best;
    }
    return best >= 2 ? EST_OK
                     : est_i_fail(error, EST_EIDENTIFY, "fewer than two periods can be estimated (found %zu of %zu): each needs "
                                  "at least three lists at work that share people", best, a->captures->n_blocks);
}

static est_status fit_grid(est_i_trend_answer *a, const grid *g, est_i_monitor *monitor, est_error *error)
{
    est_status status = EST_OK;
    for (size_t i = 0; i < g->n_kinds && status == EST_OK && a->data->n_used > 0; i++) {
        static const char *const stages[] = {"", "M0 independence", "M1 common dependence", "M3 dependence by period"};
        est_i_monitor_stage(monitor, stages[g->kinds[i].dependence], (double)i / (double)g->n_kinds, 1.0 / (double)g->n_kinds);
        status = est_i_trend_model_fit(a->data, &g->kinds[i], a->options, monitor, &a->models[a->n_models], error);
        if (status == EST_OK)
            a->n_models++;
    }
    return status;
}

static est_status answer(est_i_trend_answer *a, est_result **result, est_error *error)
{
    est_status status;
    a->builder = est_i_result_begin("trend", est_i_method_trend.title);
    est_i_trend_add_periods(a);
    status = est_i_trend_add_changes(a, error);
    if (status != EST_OK) {
        est_i_result_abandon(a->builder);
        return status;
    }
    est_i_trend_add_models(a);
    est_i_describe_lists(a->builder, a->captures);
    est_i_trend_add_chart(a);
    est_i_trend_add_notes(a);
    est_i_describe_provenance(a->builder, &est_i_method_trend, a->options, a->context, a->table, a->captures);
    return est_i_result_finish(a->builder, result, error);
}

est_status est_i_trend_run(const est_table *table, const est_i_captures *captures, const est_trend_options *options,
                           const est_context *context, est_result **result, est_error *error)
{
    est_i_monitor monitor;
    est_i_model given = {0, NULL};
    grid g = {0};
    est_i_trend_answer a = {.table = table, .captures = captures, .options = options, .context = context};
    est_status status = EST_OK;
    est_i_monitor_start(&monitor, context);
    if (*options->model)
        status = est_i_model_parse(options->model, captures->n_lists, captures->list_names, &given, error);
    if (status == EST_OK)
        status = check_baseline(captures, options->baseline, error);
    if (status == EST_OK)
        status = list_kinds(captures, options, *options->model ? &given : NULL, &g, error);
    if (status == EST_OK)
        status = est_i_trend_data_new(captures, &a.data, error);
    if (status == EST_OK)
        status = fit_grid(&a, &g, &monitor, error);
    if (status == EST_OK)
        status = check_identified(&a, error);
    if (status == EST_OK)
        status = answer(&a, result, error);
    for (size_t i = 0; i < a.n_models; i++)
        est_i_trend_model_free(a.models[i]);
    est_i_trend_data_free(a.data);
    est_i_model_free(&given);
    return status;
}
