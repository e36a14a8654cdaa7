/* A model of the grid: M1 is one joint fit of all periods, M0 and M3 are one fit for each. */
#include "trends/trend_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "mse/describe.h"
#include "mse/interval.h"
#include "mse/joint.h"
#include "mse/profile.h"
#include "numerics/special.h"

static est_status is_estimable_alone(const est_i_fit_data *single, bool *estimable, est_error *error)
{
    uint32_t local[EST_I_LISTS_MAX + 1];
    est_i_terms terms = {.n_local = est_i_main_terms(single->n_lists, local), .local = local};
    est_i_verdict *verdict = NULL;
    est_status status = est_i_verdict_find(single, 0, &terms, NULL, &verdict, error);
    *estimable = status == EST_OK && verdict->estimable[0];
    est_i_verdict_free(verdict);
    return status;
}

static est_status use_period(est_i_trend_data *d, size_t block, est_error *error)
{
    bool estimable = false;
    est_i_fit_data *single = est_i_fit_data_of(d->captures, &block, 1);
    est_status status = single ? is_estimable_alone(single, &estimable, error) : est_i_no_memory(error);
    if (status == EST_OK && estimable) {
        d->single[d->n_used] = single;
        d->used[d->n_used++] = block;
        single = NULL;
    }
    est_i_fit_data_free(single);
    return status;
}

est_status est_i_trend_data_new(const est_i_captures *captures, est_i_trend_data **data, est_error *error)
{
    est_status status = EST_OK;
    est_i_trend_data *d = *data = calloc(1, sizeof *d);
    if (!d)
        return est_i_no_memory(error);
    d->captures = captures;
    d->used = calloc(captures->n_blocks, sizeof *d->used);
    d->single = calloc(captures->n_blocks, sizeof *d->single);
    if (!d->used || !d->single)
        status = est_i_no_memory(error);
    for (size_t k = 0; k < captures->n_blocks && status == EST_OK; k++)
        if (__builtin_popcount(est_i_lists_that_count(captures, k)) >= 3)
            status = use_period(d, k, error);
    if (status == EST_OK && d->n_used) {
        d->joint = est_i_fit_data_of(captures, d->used, d->n_used);
        if (!d->joint)
            status = est_i_no_memory(error);
    }
    if (status != EST_OK) {
        est_i_trend_data_free(d);
        *data = NULL;
    }
    return status;
}

void est_i_trend_data_free(est_i_trend_data *data)
{
    if (!data)
        return;
    for (size_t k = 0; data->single && k < data->n_used; k++)
        est_i_fit_data_free(data->single[k]);
    free(data->single);
    free(data->used);
    est_i_fit_data_free(data->joint);
    free(data);
}

static void name_model(est_i_trend_model *m)
{
    static const char *const names[] = {"", "M0", "M1", "M3"};
    int dependence = m->kind.dependence;
    if (dependence == EST_DEPENDENCE_INDEPENDENCE)
        snprintf(m->name, sizeof m->name, "M0");
    else if (m->kind.order)
        snprintf(m->name, sizeof m->name, "%s order %u", names[dependence], m->kind.order);
    else
        snprintf(m->name, sizeof m->name, "%s given model", names[dependence]);
}

static est_i_trend_model *new_model(const est_i_trend_kind *kind, size_t n)
{
    est_i_trend_model *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    *m = (est_i_trend_model){.kind = *kind, .selected = kind->order > 0, .population = calloc(n, sizeof *m->population),
                             .se = calloc(n, sizeof *m->se), .lower = calloc(n, sizeof *m->lower),
                             .upper = calloc(n, sizeof *m->upper), .without = calloc(n, sizeof *m->without),
                             .boundary = calloc(n, sizeof *m->boundary)};
    if (!m->population || !m->se || !m->lower || !m->upper || !m->without || !m->boundary) {
        est_i_trend_model_free(m);
        return NULL;
    }
    for (size_t k = 0; k < n; k++)
        m->population[k] = m->se[k] = m->lower[k] = m->upper[k] = m->without[k] = NAN;
    name_model(m);
    return m;
}

void est_i_trend_model_free(est_i_trend_model *model)
{
    if (!model)
        return;
    est_i_estimator_free(model->estimator);
    est_i_bootstrap_free(model->bootstrap);
    free(model->population);
    free(model->se);
    free(model->lower);
    free(model->upper);
    free(model->without);
    free(model->boundary);
    free(model);
}

static est_status choose_terms(const est_i_trend_data *d, const est_trend_options *options, est_i_monitor *monitor,
                               est_i_trend_model *m, est_error *error)
{
    bool by_period = m->kind.dependence != EST_DEPENDENCE_COMMON;
    size_t n_terms = m->kind.dependence == EST_DEPENDENCE_INDEPENDENCE || !m->kind.given ? 0 : m->kind.given->n_terms;
    const uint32_t *terms = n_terms ? m->kind.given->terms : NULL;
    est_i_selection how = {.select = options->select, .max_order = m->kind.order,
                           .accept_boundary = options->boundary == EST_BOUNDARY_ACCEPT};
    est_status status;
    if (m->selected)
        status = est_i_estimator_select(d->joint, by_period, &how, monitor, &m->estimator, error);
    else
        status = est_i_estimator_fixed(d->joint, by_period, terms, n_terms, &m->estimator, error);
    return status;
}

/* One settled fit, of the used periods from `first` on; profiles where they are asked for. */
static est_status settle_part(const est_i_fit_data *data, const est_i_terms *terms, size_t first, bool profiles, double level,
                              est_i_monitor *monitor, est_i_trend_model *m, est_error *error)
{
    est_i_joint *joint = NULL;
    est_i_profile profile = {NAN, NAN, NAN};
    est_status status = est_i_joint_fit(data, terms, monitor, &joint, error);
    for (size_t k = 0; status == EST_OK && k < data->n_blocks; k++) {
        double unseen = exp(joint->log_unseen[k]), se = joint->se_log_unseen[k];
        m->population[first + k] = data->margins[k * data->n_cells] + unseen;
        m->se[first + k] = sqrt(unseen + unseen * unseen * se * se);
        m->boundary[first + k] = joint->verdict->reduced[k] && joint->verdict->estimable[k];
        if (!profiles || !joint->verdict->estimable[k])
            continue;
        status = est_i_profile_find(data, terms, joint, k, level, monitor, &profile, error);
        m->lower[first + k] = profile.lower;
        m->upper[first + k] = profile.upper;
    }
    if (status == EST_OK) {
        m->n_parameters += joint->n_parameters;
        m->loglik += joint->loglik;
        m->deviance += joint->deviance;
        m->pearson += joint->pearson;
        m->df += joint->df;
    }
    est_i_joint_free(joint);
    return status;
}

static est_status settle(const est_i_trend_data *d, bool profiles, double level, est_i_monitor *monitor, est_i_trend_model *m,
                         est_error *error)
{
    est_status status = EST_OK;
    const est_i_estimator *e = m->estimator;
    size_t main = e->n_lists + 1, parts = e->by_block ? d->n_used : 1;
    uint32_t *local = calloc(main + EST_I_MODEL_TERMS_MAX, sizeof *local);
    if (!local)
        return est_i_no_memory(error);
    for (size_t i = 0; i < parts && status == EST_OK; i++) {
        est_i_main_terms(e->n_lists, local);
        size_t n_terms = est_i_estimator_terms(e, i, local + main);
        bool together = !e->by_block && d->n_used > 1;
        est_i_terms terms = {.n_local = together ? main : main + n_terms, .local = local, .n_shared = together ? n_terms : 0,
                             .shared = local + main};
        if (m->selected && !e->found[e->by_block ? i : 0])
            continue;
        status = settle_part(e->by_block ? d->single[i] : d->joint, &terms, e->by_block ? i : 0, profiles, level, monitor, m,
                             error);
    }
    free(local);
    return status;
}

static est_status find_bootstrap(const est_i_trend_data *d, const est_trend_options *options, est_i_monitor *monitor,
                                 est_i_trend_model *m, est_error *error)
{
    est_i_bootstrap_plan plan = {.resample = EST_RESAMPLE_POPULATION, .n_replicates = (size_t)options->replicates,
                                 .seed = monitor->context.seed, .threads = monitor->context.threads};
    est_status status = est_i_bootstrap_run(m->estimator, d->joint, m->population, &plan, monitor, &m->bootstrap, error);
    for (size_t k = 0; k < d->n_used && status == EST_OK; k++) {
        est_i_limits limits = {0};
        if (isnan(m->population[k]))
            continue;
        status = est_i_limits_percentile(m->bootstrap, k, d->captures->totals[d->used[k]], options->level, &limits, error);
        m->lower[k] = limits.lower;
        m->upper[k] = limits.upper;
        m->without[k] = limits.without;
    }
    return status;
}

static void score(const est_i_trend_data *d, est_i_trend_model *m)
{
    double p = (double)m->n_parameters;
    m->bic = p * log(d->joint->total[0]) - 2 * m->loglik;
    m->aic = 2 * p - 2 * m->loglik;
    m->p_value = est_i_chi_squared_upper(m->deviance, m->df);
}

est_status est_i_trend_model_fit(const est_i_trend_data *data, const est_i_trend_kind *kind, const est_trend_options *options,
                                 est_i_monitor *monitor, est_i_trend_model **model, est_error *error)
{
    bool resamples = (options->ci == EST_CI_AUTO || options->ci == EST_CI_BOOTSTRAP) && options->replicates > 0;
    est_i_trend_model *m = new_model(kind, data->n_used);
    est_status status = m ? choose_terms(data, options, monitor, m, error) : est_i_no_memory(error);
    if (status == EST_OK)
        status = settle(data, options->ci == EST_CI_PROFILE, options->level, monitor, m, error);
    if (status == EST_OK && resamples)
        status = find_bootstrap(data, options, monitor, m, error);
    if (status == EST_OK)
        score(data, m);
    if (status != EST_OK) {
        est_i_trend_model_free(m);
        m = NULL;
    }
    *model = m;
    return status;
}
