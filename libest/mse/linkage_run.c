/* The run of `linkage`: read, choose the model, correct and refit at every point, put errors in, answer. */
#include "mse/linkage_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/describe.h"
#include "mse/estimator.h"

/* Reading */

static bool is_linked(const est_table *data, const est_linkage_options *options)
{
    bool named = *options->linked.id || *options->linked.cluster;
    return options->shape == EST_LINKAGE_LINKED ||
           (options->shape == EST_LINKAGE_AUTO && !*options->capture.person && !*options->capture.count &&
            (named || est_i_linked_is(data, &options->linked)));
}

static est_status read_linked(est_i_linkage_run *r)
{
    const est_linkage_options *o = r->options;
    est_patterns_options patterns = {.lists = o->capture.lists, .list = o->capture.list, .linked = o->linked, .period = o->period};
    return est_i_linked_read(r->table, &patterns, r->context, &r->linked, r->error);
}

static est_status read_table(est_i_linkage_run *r)
{
    const est_linkage_options *o = r->options;
    est_capture_options capture = o->capture;
    est_i_period_options periods = {0};
    est_i_captures *captures = NULL;
    long column = -1;
    if (*o->linked.id || *o->linked.cluster || *o->linked.date || *o->linked.until)
        return est_i_fail(r->error, EST_EOPTION,
                          "--id, --cluster, --date and --until belong to a linked file, but the data are none; give --shape "
                          "linked or leave them out");
    capture.shape = o->shape; /* the first words of both are the same */
    est_status status = est_i_linked_period(r->table, o->period, &column, r->error);
    if (column >= 0)
        periods.period = est_table_column_name(r->table, (size_t)column);
    if (status == EST_OK)
        status = est_i_captures_read(r->table, &capture, column >= 0 ? &periods : NULL, r->context, &captures, r->error);
    if (status == EST_OK)
        status = est_i_linked_of_captures(captures, &r->linked, r->error);
    if (status != EST_OK)
        est_i_captures_free(captures);
    return status;
}

static est_status read_data(est_i_linkage_run *r)
{
    r->is_linked = is_linked(r->table, r->options);
    est_status status = r->is_linked ? read_linked(r) : read_table(r);
    if (status != EST_OK)
        return status;
    r->captures = r->linked->captures;
    if (r->captures->n_lists > EST_I_LINKAGE_LISTS_MAX)
        status = est_i_fail(r->error, EST_EOPTION,
                            "found %zu lists, expected at most %d: a person on many lists can fall apart in too many ways; "
                            "name fewer lists with --lists", r->captures->n_lists, EST_I_LINKAGE_LISTS_MAX);
    return status;
}

/* The model */

static est_status select_model(est_i_linkage_run *r)
{
    size_t n_lists = r->captures->n_lists;
    est_i_selection how = {.select = r->options->select, .bic_n = EST_BIC_N_PERSONS, .model_class = EST_CLASS_HIERARCHICAL};
    est_i_estimator *estimator = NULL;
    est_status status = EST_OK;
    if (n_lists > EST_I_SET_LISTS_MAX)
        return est_i_fail(r->error, EST_EOPTION,
                          "a selection among all models handles up to %d lists, found %zu; give --model (for example "
                          "all-pairs), or fewer lists with --lists", EST_I_SET_LISTS_MAX, n_lists);
    how.max_order = r->options->max_order ? (unsigned)r->options->max_order : est_i_default_order(n_lists, EST_CLASS_HIERARCHICAL);
    if (how.max_order >= n_lists)
        return est_i_fail(r->error, EST_EOPTION, "option --max-order: found %u, expected at most %zu with %zu lists", how.max_order,
                          n_lists - 1, n_lists);
    size_t *blocks = calloc(r->captures->n_blocks, sizeof *blocks);
    for (size_t k = 0; blocks && k < r->captures->n_blocks; k++)
        blocks[k] = k;
    est_i_fit_data *data = blocks ? est_i_fit_data_of(r->captures, blocks, r->captures->n_blocks) : NULL;
    r->dependence.terms = calloc(EST_I_MODEL_TERMS_MAX, sizeof *r->dependence.terms);
    if (!data || !r->dependence.terms)
        status = est_i_no_memory(r->error);
    if (status == EST_OK)
        status = est_i_estimator_select(data, false, &how, &r->monitor, &estimator, r->error);
    if (status == EST_OK && !estimator->found[0])
        status = est_i_fail(r->error, EST_EIDENTIFY,
                            "no model of the selection has an estimate on these data; give --model main, or longer periods");
    if (status == EST_OK)
        r->dependence.n_terms = est_i_estimator_terms(estimator, 0, r->dependence.terms);
    est_i_estimator_free(estimator);
    est_i_fit_data_free(data);
    free(blocks);
    return status;
}

static est_status choose_model(est_i_linkage_run *r)
{
    est_status status = EST_OK;
    est_i_monitor_stage(&r->monitor, "choosing the model", 0, 0.1);
    if (*r->options->model)
        status = est_i_model_parse(r->options->model, r->captures->n_lists, r->captures->list_names, &r->dependence, r->error);
    else if (r->captures->n_lists > 2)
        status = select_model(r);
    if (status == EST_OK)
        status = est_i_linkage_model_new(r->captures, r->dependence.terms, r->dependence.n_terms, &r->model, r->error);
    return status;
}

/* The points */

static est_status add_rates(est_i_linkage_run *r)
{
    size_t n = r->captures->n_blocks;
    est_i_keep *keep = calloc(2 * n, sizeof *keep);
    est_status status = keep ? EST_OK : est_i_no_memory(r->error);
    if (status == EST_OK)
        status = est_i_linkage_rates_read(r->options->rates, r->captures, keep, keep + n, r->error);
    if (status == EST_OK)
        status = est_i_linkage_point_of(r->captures->n_lists, n, keep, keep + n, &r->points[r->n_points], r->error);
    r->n_points += status == EST_OK;
    r->has_rates = status == EST_OK;
    free(keep);
    return status;
}

/* The data as they are come first, whether they are in the grid or not. */
static est_status make_points(est_i_linkage_run *r)
{
    est_i_linkage_grid sensitivity, wrong;
    est_status status = est_i_linkage_grid_read(r->options->sensitivity, "sensitivity", 0.1, 1, &sensitivity, r->error);
    if (status == EST_OK)
        status = est_i_linkage_grid_read(r->options->false_match, "false-match", 0, 0.9, &wrong, r->error);
    if (status != EST_OK)
        return status;
    size_t most = sensitivity.count * wrong.count + 2;
    r->sensitivity = calloc(2 * most, sizeof *r->sensitivity);
    r->points = calloc(most, sizeof(est_i_linkage_point *));
    r->answers = calloc(most, sizeof(est_i_linkage_answer *));
    if (!r->sensitivity || !r->points || !r->answers)
        return est_i_no_memory(r->error);
    r->wrong = r->sensitivity + most;
    for (size_t i = 0; i <= sensitivity.count * wrong.count && status == EST_OK; i++) {
        double a = i ? sensitivity.value[(i - 1) % sensitivity.count] : 1, b = i ? wrong.value[(i - 1) / sensitivity.count] : 0;
        if (i && a >= 1 && b <= 0)
            continue;
        r->sensitivity[r->n_points] = a;
        r->wrong[r->n_points] = b;
        status = est_i_linkage_point_new(r->captures->n_lists, r->captures->n_blocks, a, b, &r->points[r->n_points], r->error);
        r->n_points += status == EST_OK;
    }
    return status == EST_OK && r->options->rates ? add_rates(r) : status;
}

static est_status solve_points(est_i_linkage_run *r)
{
    est_status status = EST_OK;
    bool any = false;
    for (size_t i = 0; i < r->n_points && status == EST_OK; i++) {
        status = est_i_linkage_answer_new(r->model, &r->answers[i], r->error);
        if (status == EST_OK)
            status = est_i_linkage_solve(r->model, r->points[i], &r->monitor, r->answers[i], r->error);
    }
    for (size_t k = 0; k < r->captures->n_blocks && status == EST_OK; k++)
        any = any || !isnan(r->answers[0]->population[k]);
    if (status == EST_OK && !any)
        status = est_i_fail(r->error, EST_EIDENTIFY,
                            "the data as linked have no estimate under this model: the lists do not overlap enough; try "
                            "--model main, or see est mse");
    est_i_monitor_stage(&r->monitor, "intervals", 0.1, 0.5);
    if (status == EST_OK)
        status = est_i_linkage_intervals(r->model, r->points, r->answers, r->n_points, (size_t)r->options->replicates,
                                         r->options->level, &r->monitor, r->error);
    return status;
}

static est_status simulate(est_i_linkage_run *r)
{
    size_t n_pairs = r->n_points - 1 - (r->has_rates ? 1 : 0);
    if (r->options->simulations == 0 || n_pairs == 0)
        return EST_OK;
    r->simulated = calloc(n_pairs * r->captures->n_blocks, sizeof *r->simulated);
    if (!r->simulated)
        return est_i_no_memory(r->error);
    est_i_monitor_stage(&r->monitor, "putting errors into the records", 0.6, 0.4);
    return est_i_linkage_simulate(r->model, r->linked, r->answers[0]->population, r->sensitivity + 1, r->wrong + 1, n_pairs,
                                  (size_t)r->options->simulations, &r->monitor, r->simulated, r->error);
}

/* What would explain the change */

/* Log of the annual population of the last period over the first, if the matches of one of them are found with sensitivity a. */
static est_status log_change(est_i_linkage_run *r, size_t block, double a, double *change)
{
    size_t n = r->captures->n_blocks, last = n - 1;
    est_i_keep *keep = calloc(2 * n, sizeof *keep);
    est_i_linkage_point *point = NULL;
    est_i_linkage_answer *answer = NULL;
    est_status status = keep ? EST_OK : est_i_no_memory(r->error);
    for (size_t k = 0; k < n && keep; k++) {
        keep[k] = est_i_keep_all(k == block ? a : 1);
        keep[n + k] = est_i_keep_all(1);
    }
    if (status == EST_OK)
        status = est_i_linkage_point_of(r->captures->n_lists, n, keep, keep + n, &point, r->error);
    if (status == EST_OK)
        status = est_i_linkage_answer_new(r->model, &answer, r->error);
    if (status == EST_OK)
        status = est_i_linkage_solve(r->model, point, &r->monitor, answer, r->error);
    if (status == EST_OK)
        *change = log(answer->population[last] / r->captures->years[last] / (answer->population[0] / r->captures->years[0]));
    est_i_linkage_answer_free(answer);
    est_i_linkage_point_free(point);
    free(keep);
    return status;
}

/* A fall is explained if matches were missed in the first period and none in the last; a rise the other way round. Bisection on
 * log a; no sensitivity below 0.2 is tried. */
static est_status find_explaining(est_i_linkage_run *r)
{
    double change = NAN, low = log(0.2), high = 0;
    size_t last = r->captures->n_blocks - 1;
    r->explains = NAN;
    if (r->captures->n_blocks < 2)
        return EST_OK;
    est_status status = log_change(r, 0, 1, &change);
    if (status != EST_OK || !isfinite(change))
        return status;
    size_t block = change < 0 ? 0 : last;
    double sign = change < 0 ? -1 : 1, at = change;
    /* A sensitivity that these lists do not allow has gone too far, or not far enough: no answer is claimed beyond it. */
    for (int step = 0; step < 60 && status == EST_OK && high - low > 1e-9; step++) {
        double middle = (low + high) / 2;
        status = log_change(r, block, exp(middle), &at);
        if (status == EST_OK && sign * at > 0)
            high = middle;
        else if (status == EST_OK)
            low = middle;
    }
    if (status == EST_OK)
        status = log_change(r, block, exp(high), &at);
    if (status == EST_OK && fabs(at) < 1e-4)
        r->explains = change < 0 ? exp(-high) : exp(high);
    return status;
}

static void run_free(est_i_linkage_run *r)
{
    for (size_t i = 0; r->points && i < r->n_points; i++)
        est_i_linkage_point_free(r->points[i]);
    for (size_t i = 0; r->answers && i < r->n_points; i++)
        est_i_linkage_answer_free(r->answers[i]);
    free(r->points);
    free(r->answers);
    free(r->sensitivity);
    free(r->simulated);
    est_i_model_free(&r->dependence);
    est_i_linkage_model_free(r->model);
    est_i_linked_free(r->linked);
}

est_status est_i_linkage_run_all(const est_table *data, const est_linkage_options *options, const est_context *context,
                                 est_result **result, est_error *error)
{
    est_i_linkage_run r = {.table = data, .options = options, .context = context, .error = error, .explains = NAN};
    est_i_monitor_start(&r.monitor, context);
    est_status status = read_data(&r);
    if (status == EST_OK)
        status = choose_model(&r);
    if (status == EST_OK)
        status = make_points(&r);
    if (status == EST_OK)
        status = solve_points(&r);
    if (status == EST_OK)
        status = simulate(&r);
    if (status == EST_OK)
        status = find_explaining(&r);
    if (status == EST_OK) {
        r.builder = est_i_result_begin("linkage", est_i_method_linkage.title);
        est_i_linkage_describe(&r);
        est_i_describe_provenance(r.builder, &est_i_method_linkage, options, context, data, r.captures);
        status = est_i_result_finish(r.builder, result, error);
    }
    run_free(&r);
    return status;
}
