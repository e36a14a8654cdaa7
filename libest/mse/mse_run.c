/* The run of `mse`: choose the model, settle it, find the interval, answer. */
#include "mse/mse_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/monitor.h"
#include "core/options.h"
#include "core/result.h"
#include "core/text.h"
#include "mse/bootstrap.h"
#include "mse/describe.h"
#include "mse/estimator.h"
#include "mse/joint.h"
#include "mse/profile.h"
#include "mse/ranking.h"
#include "mse/refusal.h"
#include "numerics/special.h"

typedef struct mse_run {
    const est_table *table;
    const est_i_captures *captures;
    const est_mse_options *options;
    const est_context *context;
    est_i_monitor monitor;
    est_i_result_builder *builder;
    est_error *error;
    est_i_fit_data *data;
    bool selected;
    unsigned max_order;
    est_i_model model;
    est_i_ranking *ranking;
    est_i_joint *joint;
    uint32_t *local;          /* intercept, lists and the model's terms */
    est_i_terms terms;
    est_i_profile profile;
    int interval;             /* est_interval, resolved */
    double lower, upper, without;
} mse_run;

static unsigned default_order(size_t n_lists)
{
    static const unsigned orders[] = {0, 0, 1, 2, 3, 3, 2};
    return n_lists <= EST_I_SET_LISTS_MAX ? orders[n_lists] : 2;
}

static est_status check_search(mse_run *r)
{
    size_t n_lists = r->captures->n_lists;
    r->max_order = r->options->max_order ? (unsigned)r->options->max_order : default_order(n_lists);
    if (n_lists > EST_I_SET_LISTS_MAX)
        return est_i_fail(r->error, EST_EOPTION, "a search over all models handles up to %d lists, found %zu; give --model (for "
                          "example all-pairs), or fewer lists with --lists", EST_I_SET_LISTS_MAX, n_lists);
    if (r->max_order >= n_lists)
        return est_i_fail(r->error, EST_EOPTION, "option --max-order: found %u, expected at most %zu with %zu lists: the "
                          "dependence of all lists at once cannot be estimated", r->max_order, n_lists - 1, n_lists);
    if (n_lists == EST_I_SET_LISTS_MAX && r->max_order > 2)
        return est_i_fail(r->error, EST_EOPTION, "option --max-order: found %u, expected at most 2 with six lists (there are "
                          "millions of models above); merge two lists or give --model", r->max_order);
    return EST_OK;
}

/* The n of BIC: persons, or observable cells. */
static double bic_n_of(const mse_run *r)
{
    double cells = 0;
    for (size_t w = 1; w < r->data->n_cells; w++)
        cells += r->data->keep[w];
    return r->options->bic_n == EST_BIC_N_CELLS ? cells : r->data->total[0];
}

static double price_of(const mse_run *r)
{
    return r->options->select == EST_SELECT_BIC ? log(bic_n_of(r)) : 2;
}

static bool has_two_lists(const mse_run *r)
{
    return __builtin_popcount(est_i_lists_that_count(r->captures, 0)) < 3;
}

static est_status search_model(mse_run *r)
{
    est_status status = check_search(r);
    est_i_monitor_stage(&r->monitor, "fitting every model", 0, r->interval == EST_CI_BOOTSTRAP ? 0.1 : 1);
    if (status == EST_OK)
        status = est_i_rank_models(r->data, est_i_set_all(r->captures->n_lists, r->max_order), price_of(r),
                                   r->options->boundary == EST_BOUNDARY_ACCEPT, &r->monitor, &r->ranking, r->error);
    if (status == EST_OK && r->ranking->n_acceptable == 0)
        status = est_i_refuse_search(r->captures, r->ranking, r->error);
    if (status == EST_OK) {
        r->model.terms = calloc(64, sizeof *r->model.terms);
        if (!r->model.terms)
            return est_i_no_memory(r->error);
        r->model.n_terms = est_i_set_terms(r->ranking->models[0].set, r->captures->n_lists, r->model.terms);
    }
    return status;
}

static est_status choose_model(mse_run *r)
{
    r->selected = !*r->options->model;
    r->interval = r->options->ci;
    if (r->interval == EST_CI_AUTO)
        r->interval = r->selected && r->options->replicates > 0 ? EST_CI_BOOTSTRAP : EST_CI_PROFILE;
    if (r->interval == EST_CI_BOOTSTRAP && r->options->replicates == 0)
        r->interval = EST_CI_NONE;
    return r->selected ? search_model(r)
                       : est_i_model_parse(r->options->model, r->captures->n_lists, r->captures->list_names, &r->model, r->error);
}

static est_status settle(mse_run *r)
{
    size_t n_lists = r->captures->n_lists;
    r->local = calloc(n_lists + 1 + r->model.n_terms, sizeof *r->local);
    if (!r->local)
        return est_i_no_memory(r->error);
    size_t main = est_i_main_terms(n_lists, r->local);
    if (r->model.n_terms)
        memcpy(r->local + main, r->model.terms, r->model.n_terms * sizeof *r->local);
    r->terms = (est_i_terms){.n_local = main + r->model.n_terms, .local = r->local};
    est_status status = est_i_joint_fit(r->data, &r->terms, &r->monitor, &r->joint, r->error);
    if (status == EST_OK && !r->joint->verdict->estimable[0])
        status = est_i_refuse_model(r->captures, r->joint->verdict, r->selected ? "selected" : r->options->model, r->error);
    return status;
}

static est_status find_bootstrap(mse_run *r)
{
    est_i_estimator *estimator = NULL;
    est_i_bootstrap *bootstrap = NULL;
    double population = r->data->total[0] + exp(r->joint->log_unseen[0]);
    est_status status;
    if (r->selected)
        status = est_i_estimator_select(r->data, true, r->options->select, r->options->bic_n, r->max_order,
                                        r->options->boundary == EST_BOUNDARY_ACCEPT, &r->monitor, &estimator, r->error);
    else
        status = est_i_estimator_fixed(r->data, true, r->model.terms, r->model.n_terms, &estimator, r->error);
    est_i_monitor_stage(&r->monitor, r->selected ? "bootstrap with reselection" : "bootstrap", r->selected ? 0.1 : 0,
                        r->selected ? 0.9 : 1);
    if (status == EST_OK)
        status = est_i_bootstrap_run(estimator, r->data, &population, (size_t)r->options->replicates, r->monitor.context.seed,
                                     r->monitor.context.threads, &r->monitor, &bootstrap, r->error);
    if (status == EST_OK)
        status = est_i_bootstrap_limits(bootstrap, 0, r->captures->total, r->options->level, &r->lower, &r->upper, &r->without,
                                        r->error);
    est_i_bootstrap_free(bootstrap);
    est_i_estimator_free(estimator);
    return status;
}

static est_status find_interval(mse_run *r)
{
    est_status status = est_i_profile_find(r->data, &r->terms, r->joint, 0, r->options->level, &r->monitor, &r->profile,
                                           r->error);
    r->lower = r->upper = r->without = NAN;
    if (status == EST_OK && r->interval == EST_CI_PROFILE) {
        r->lower = r->profile.lower;
        r->upper = r->profile.upper;
    } else if (status == EST_OK && r->interval == EST_CI_BOOTSTRAP)
        status = find_bootstrap(r);
    return status;
}

static uint32_t flags_of(const mse_run *r)
{
    uint32_t flags = 0;
    if (!r->joint->verdict->exists)
        flags |= EST_FLAG_BIT(EST_FLAG_BOUNDARY);
    if (isinf(r->upper))
        flags |= EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    if (r->interval == EST_CI_PROFILE || (r->interval == EST_CI_BOOTSTRAP && !r->selected))
        flags |= EST_FLAG_BIT(EST_FLAG_MODEL_KNOWN);
    if (has_two_lists(r))
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_LISTS);
    if (r->captures->total < 100)
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_DATA);
    if (est_table_is_synthetic(r->table))
        flags |= EST_FLAG_BIT(EST_FLAG_SYNTHETIC);
    return flags;
}

/* The standard error takes the model as known, so it stands only beside an interval that does: se(N) = sqrt(u + u^2 var log u)
 * with u = exp(intercept). */
static double standard_error(const mse_run *r)
{
    double unseen = exp(r->joint->log_unseen[0]), se = r->joint->se_log_unseen[0];
    return r->selected && r->interval != EST_CI_PROFILE ? NAN : sqrt(unseen + unseen * unseen * se * se);
}

static void add_rows(mse_run *r)
{
    static const char *const names[] = {"auto", "none", "profile", "bootstrap"};
    double n = r->captures->total, unseen = exp(r->joint->log_unseen[0]);
    est_row row = est_i_row_empty("population");
    row.n = n;
    row.flags = flags_of(r);
    row.level = r->interval == EST_CI_NONE ? NAN : r->options->level;
    row.interval = names[r->interval];
    row.estimate = n + unseen;
    row.se = standard_error(r);
    row.lower = r->lower;
    row.upper = r->upper;
    est_i_result_add_row(r->builder, &row);
    row.estimand = "unobserved";
    row.estimate = unseen;
    row.lower = r->lower - n;
    row.upper = r->upper - n;
    est_i_result_add_row(r->builder, &row);
    row = est_i_row_empty("observed");
    row.estimate = row.n = n;
    row.interval = "none";
    row.flags = flags_of(r) & EST_FLAG_BIT(EST_FLAG_SYNTHETIC);
    est_i_result_add_row(r->builder, &row);
}

/* Models that take no part though they have an estimate: boundary fits, unless they are accepted. */
static size_t count_boundary_fits(const est_i_ranking *ranking)
{
    size_t count = 0;
    for (size_t i = ranking->n_acceptable; i < ranking->n_models; i++)
        count += isnan(ranking->models[i].unseen) ? 0 : 1;
    return count;
}

static void add_search_stats(mse_run *r)
{
    size_t boundary = count_boundary_fits(r->ranking), left_out = r->ranking->n_models - r->ranking->n_acceptable;
    est_i_result_add_stat(r->builder, "max_order", r->max_order, false);
    est_i_result_add_stat(r->builder, "models_considered", (double)r->ranking->n_models, false);
    est_i_result_add_stat(r->builder, "models_without_estimate", (double)(left_out - boundary), false);
    est_i_result_add_stat(r->builder, "models_on_the_boundary", (double)boundary, false);
}

static void add_stats(mse_run *r, const char *model)
{
    const est_i_joint *j = r->joint;
    double p = (double)j->n_parameters;
    est_i_result_add_stat_text(r->builder, "model", model);
    est_i_result_add_stat(r->builder, "lists", (double)r->captures->n_lists, false);
    est_i_result_add_stat(r->builder, "n_parameters", p, false);
    est_i_result_add_stat(r->builder, "loglik", j->loglik, false);
    est_i_result_add_stat(r->builder, "bic", p * log(bic_n_of(r)) - 2 * j->loglik, false);
    est_i_result_add_stat(r->builder, "aic", 2 * p - 2 * j->loglik, false);
    est_i_result_add_stat(r->builder, "deviance", j->deviance, false);
    est_i_result_add_stat(r->builder, "pearson", j->pearson, false);
    est_i_result_add_stat(r->builder, "df", j->df, false);
    est_i_result_add_stat(r->builder, "p_value", est_i_chi_squared_upper(j->deviance, j->df), false);
    est_i_result_add_stat(r->builder, "multinomial_mle", r->profile.maximum, false);
    est_i_result_add_stat(r->builder, "coverage", r->captures->total / (r->captures->total + exp(j->log_unseen[0])), false);
    if (r->interval == EST_CI_BOOTSTRAP)
        est_i_result_add_stat(r->builder, "replicates_without_estimate", r->without, false);
    if (r->selected)
        add_search_stats(r);
}

static void add_coefficients(mse_run *r)
{
    static const char *const columns[] = {"term", "coefficient"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    est_i_result_frame(r->builder, "coefficients", "Coefficients of the log-linear model", 2, columns, roles, SIZE_MAX);
    for (size_t i = 0; i < r->terms.n_local; i++) {
        uint32_t term = r->terms.local[i];
        est_i_text name = {0};
        if (term == 0)
            est_i_text_append(&name, "(intercept)");
        for (size_t j = 0; j < r->captures->n_lists; j++)
            if (term >> j & 1) {
                est_i_text_append(&name, name.length ? ":" : "");
                est_i_text_append(&name, r->captures->list_names[j]);
            }
        est_i_result_cell_text(r->builder, name.data ? name.data : "");
        est_i_result_cell(r->builder, r->data->margins[term] > 0 ? r->joint->beta[i] : -INFINITY);
        est_i_text_free(&name);
    }
}

static const char *reason_of(const est_i_ranked *model)
{
    const char *reason = "on the boundary";
    if (!model->exists && !model->identified)
        reason = "no MLE, not identified";
    else if (!model->identified)
        reason = "not identified";
    else if (isnan(model->unseen) && model->direction != 0)
        reason = model->direction > 0 ? "no MLE: the unseen grow without bound" : "no MLE: the unseen go to zero";
    else if (isnan(model->unseen))
        reason = "no MLE";
    return reason;
}

static void add_model_row(mse_run *r, const est_i_ranked *model)
{
    uint32_t terms[64];
    size_t n_terms = est_i_set_terms(model->set, r->captures->n_lists, terms);
    char *name = est_i_describe_model(terms, n_terms, r->captures);
    double n = r->captures->total;
    est_i_result_cell_text(r->builder, name ? name : "");
    est_i_result_cell(r->builder, (double)model->n_parameters);
    est_i_result_cell(r->builder, model->loglik);
    est_i_result_cell(r->builder, model->criterion);
    est_i_result_cell(r->builder, n + model->unseen);
    est_i_result_cell_text(r->builder, model->exists && model->identified ? "estimated" : reason_of(model));
    free(name);
}

static void add_models(mse_run *r)
{
    const char *columns[] = {"model", "n_parameters", "loglik", r->options->select == EST_SELECT_AIC ? "aic" : "bic",
                             "population", "status"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN,    EST_ROLE_PLAIN,
                                            EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN};
    if (!r->selected)
        return;
    est_i_result_frame(r->builder, "models", "Models by the criterion", 6, columns, roles, 10);
    for (size_t i = 0; i < r->ranking->n_acceptable; i++)
        add_model_row(r, &r->ranking->models[i]);
    if (r->ranking->n_acceptable == r->ranking->n_models)
        return;
    est_i_result_frame(r->builder, "models_without_part", "Models that take no part", 6, columns, roles, 5);
    for (size_t i = r->ranking->n_acceptable; i < r->ranking->n_models; i++)
        add_model_row(r, &r->ranking->models[i]);
}

/* The same fit with a redundant -inf term more is no other model (decisions.md 8). */
static bool repeats_a_fit(const est_i_ranking *all, size_t index)
{
    bool found = false;
    for (size_t i = 0; i < index && !found; i++)
        found = fabs(all->models[i].loglik - all->models[index].loglik) < 1e-7 &&
                fabs(all->models[i].unseen - all->models[index].unseen) < 1e-6 * all->models[index].unseen;
    return found;
}

/* Near-tied models (within 10 of the best) that disagree are said beside the number. */
static void note_near_ties(mse_run *r)
{
    double least = INFINITY, most = 0, n = r->captures->total;
    size_t count = 0;
    const est_i_ranking *all = r->ranking;
    for (size_t i = 0; i < all->n_acceptable && all->models[i].criterion <= all->models[0].criterion + 10; i++) {
        least = fmin(least, n + all->models[i].unseen);
        most = fmax(most, n + all->models[i].unseen);
        count += repeats_a_fit(all, i) ? 0 : 1;
    }
    if (count < 2)
        return;
    char low[64], high[64];
    est_i_number_print_grouped(least, 0, ",", low, sizeof low);
    est_i_number_print_grouped(most, 0, ",", high, sizeof high);
    est_i_result_note(r->builder, r->context, most > 1.2 * least ? EST_WARNING : EST_NOTE, "near_ties",
                      "%zu models lie within 10 of the best by the criterion; their populations run from %s to %s", count, low,
                      high);
}

static void add_notes(mse_run *r)
{
    est_i_describe_data(r->builder, r->context, r->captures);
    if (r->selected) {
        size_t boundary = count_boundary_fits(r->ranking);
        est_i_result_note(r->builder, r->context, EST_NOTE, "search",
                          "all hierarchical models with terms of up to %u lists were fitted: %zu, of which %zu have no estimate and "
                          "%zu take no part as boundary fits", r->max_order, r->ranking->n_models,
                          r->ranking->n_models - r->ranking->n_acceptable - boundary, boundary);
        note_near_ties(r);
    }
    if (has_two_lists(r))
        est_i_result_note(r->builder, r->context, EST_WARNING, "two_lists",
                          "two lists: the estimate rests on their independence, which two lists cannot test");
    if (!r->joint->verdict->exists)
        est_i_result_note(r->builder, r->context, EST_WARNING, "boundary",
                          "a boundary fit: some fitted cells are zero, and the estimate stands on the face that is left");
    if (r->interval == EST_CI_PROFILE || (r->interval == EST_CI_BOOTSTRAP && !r->selected))
        est_i_result_note(r->builder, r->context, EST_NOTE, "model_known",
                          "the interval takes the model as known: it holds nothing of the doubt about the model");
    if (r->interval == EST_CI_BOOTSTRAP && r->without > 0)
        est_i_result_note(r->builder, r->context, EST_WARNING, "replicates_without_estimate",
                          "%d in 1,000 bootstrap replicates have no estimate; they count as unbounded",
                          (int)ceil(1000 * r->without));
    if (r->captures->total < 0.05 * (r->captures->total + exp(r->joint->log_unseen[0])))
        est_i_result_note(r->builder, r->context, EST_WARNING, "low_coverage",
                          "the lists hold less than 5 %% of the estimated population: read it as an order of magnitude");
    est_i_result_note(r->builder, r->context, EST_NOTE, "untestable",
                      "the lists cannot test that the dependence of all lists at once is absent");
}

static est_status answer(mse_run *r, est_result **result)
{
    char *model = est_i_describe_model(r->model.terms, r->model.n_terms, r->captures);
    if (!model)
        return est_i_no_memory(r->error);
    r->builder = est_i_result_begin("mse", est_i_method_mse.title);
    add_rows(r);
    add_stats(r, model);
    add_coefficients(r);
    add_models(r);
    est_i_describe_lists(r->builder, r->captures);
    add_notes(r);
    est_i_describe_provenance(r->builder, &est_i_method_mse, r->options, r->context, r->table, r->captures);
    free(model);
    return est_i_result_finish(r->builder, result, r->error);
}

est_status est_i_mse_run(const est_table *table, const est_i_captures *captures, const est_mse_options *options,
                         const est_context *context, est_result **result, est_error *error)
{
    static const size_t only[] = {0};
    mse_run r = {.table = table, .captures = captures, .options = options, .context = context, .error = error};
    est_i_monitor_start(&r.monitor, context);
    r.data = est_i_fit_data_of(captures, only, 1);
    est_status status = r.data ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK)
        status = choose_model(&r);
    if (status == EST_OK)
        status = settle(&r);
    if (status == EST_OK)
        status = find_interval(&r);
    if (status == EST_OK)
        status = answer(&r, result);
    est_i_fit_data_free(r.data);
    est_i_model_free(&r.model);
    est_i_ranking_free(r.ranking);
    est_i_joint_free(r.joint);
    free(r.local);
    return status;
}
