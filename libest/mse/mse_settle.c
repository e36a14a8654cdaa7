/* `mse`: the settled fit, and the intervals around it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/bootstrap.h"
#include "mse/interval.h"
#include "mse/jackknife.h"
#include "mse/mse_state.h"
#include "mse/profile.h"
#include "mse/refusal.h"

const est_i_mse_target *est_i_mse_whole(const est_i_mse *r)
{
    return &r->targets[r->n_targets - 1];
}

bool est_i_mse_takes_model_as_known(const est_i_mse *r, const est_i_mse_target *target)
{
    bool fixed_fit = target->interval == EST_CI_PROFILE || target->interval == EST_CI_WALD ||
                     target->interval == EST_CI_LOG_NORMAL;
    return fixed_fit || (target->interval != EST_CI_NONE && (!r->selected || target->no_choice));
}

/* The fit puts some number on every coefficient, also where the data tell only sums of them. */
static est_status find_determined(est_i_mse *r, est_i_mse_fit *f)
{
    f->determined = calloc(f->joint->n_beta + 1, sizeof *f->determined);
    if (!f->determined)
        return est_i_no_memory(r->error);
    est_status status = est_i_verdict_coefficients(f->data, 0, &f->terms, f->joint->verdict, &r->monitor, f->determined, r->error);
    if (status == EST_EIDENTIFY) {
        memset(f->determined, 0, f->joint->n_beta * sizeof *f->determined);
        est_error_clear(r->error);
        status = EST_OK;
    }
    return status;
}

static est_status fit_one(est_i_mse *r, est_i_mse_fit *f)
{
    f->local = calloc(r->captures->n_lists + 1 + f->model.n_terms, sizeof *f->local);
    f->shared = calloc(EST_I_ACTIVITY_SHARED_MAX, sizeof *f->shared);
    if (!f->local || !f->shared)
        return est_i_no_memory(r->error);
    f->terms = est_i_model_terms(r->activity, r->captures->n_lists, f->n_blocks, f->model.terms, f->model.n_terms, f->local, f->shared);
    est_status status = est_i_joint_fit(f->data, &f->terms, &r->monitor, &f->joint, r->error);
    if (status == EST_OK && f->joint->verdict->rank < f->joint->verdict->n_live)
        status = find_determined(r, f);
    return status;
}

static void read_block(const est_i_mse *r, const est_i_mse_fit *f, size_t block, est_i_mse_target *target)
{
    const est_i_joint *j = f->joint;
    bool stands = j->verdict->estimable[block] && !f->missing;
    *target = (est_i_mse_target){.n = r->captures->totals[f->first_block + block], .unseen = stands ? exp(j->log_unseen[block]) : NAN,
                                 .log_se = j->se_log_unseen[block], .lower = NAN, .upper = NAN, .without = NAN, .multinomial = NAN,
                                 .bias = NAN, .acceleration = NAN, .interval = EST_CI_NONE,
                                 .no_choice = f->no_choice, .direction = j->verdict->direction[block],
                                 .boundary = stands && (j->verdict->reduced[block] || (j->n_blocks == 1 && !j->verdict->exists))};
}

/* All together: NaN as soon as one stratum has no estimate, since a total that leaves people out is no total. */
static void read_total(est_i_mse *r)
{
    est_i_mse_target *all = &r->targets[r->n_targets - 1];
    double variance = 0;
    *all = r->targets[0];
    all->n = r->captures->total;
    all->unseen = 0;
    for (size_t k = 0; k + 1 < r->n_targets; k++) {
        all->unseen += r->targets[k].unseen;
        all->boundary = all->boundary || r->targets[k].boundary;
        all->no_choice = all->no_choice && r->targets[k].no_choice;
    }
    for (size_t i = 0; i < r->n_fits; i++) {
        double part = 0, se = est_i_joint_total_se(r->fits[i].joint);
        for (size_t k = 0; k < r->fits[i].n_blocks; k++)
            part += r->targets[r->fits[i].first_block + k].unseen;
        variance += part * part * se * se;
    }
    all->log_se = sqrt(variance) / all->unseen;
    all->boundary = all->boundary && !isnan(all->unseen);
}

static bool any_estimate(const est_i_mse *r)
{
    bool any = false;
    for (size_t k = 0; k < r->n_targets; k++)
        any = any || !isnan(r->targets[k].unseen);
    return any;
}

static est_status refuse(const est_i_mse *r)
{
    int *direction = calloc(r->captures->n_blocks, sizeof *direction);
    est_status status;
    for (size_t k = 0; direction && k < r->captures->n_blocks; k++)
        direction[k] = r->targets[k].direction;
    if (direction)
        status = est_i_refuse_model(r->captures, direction, r->selected ? "selected" : r->options->model, r->error);
    else
        status = est_i_no_memory(r->error);
    free(direction);
    return status;
}

est_status est_i_mse_settle(est_i_mse *r)
{
    est_status status = EST_OK;
    size_t blocks = r->captures->n_blocks;
    r->n_targets = blocks > 1 ? blocks + 1 : 1;
    r->targets = calloc(r->n_targets, sizeof *r->targets);
    if (!r->targets)
        return est_i_no_memory(r->error);
    for (size_t i = 0; i < r->n_fits && status == EST_OK; i++) {
        status = fit_one(r, &r->fits[i]);
        for (size_t k = 0; k < r->fits[i].n_blocks && status == EST_OK; k++)
            read_block(r, &r->fits[i], k, &r->targets[r->fits[i].first_block + k]);
    }
    if (status == EST_OK && blocks > 1)
        read_total(r);
    if (status == EST_OK && !any_estimate(r))
        status = refuse(r);
    return status;
}

static void take_limits(est_i_mse_target *target, const est_i_limits *limits, int interval)
{
    target->interval = interval;
    target->lower = limits->lower;
    target->upper = limits->upper;
    target->without = limits->without;
    target->bias = limits->bias;
    target->acceleration = limits->acceleration;
    target->refused = limits->refused;
}

static void find_wald(est_i_mse *r, est_i_mse_target *target)
{
    est_i_limits limits = est_i_limits_wald(target->n, log(target->unseen), target->log_se, r->options->level);
    take_limits(target, &limits, EST_CI_WALD);
}

static void find_log_normal(est_i_mse *r, est_i_mse_target *target)
{
    est_i_limits limits = est_i_limits_log_normal(target->n, target->unseen, target->log_se, r->options->level);
    take_limits(target, &limits, EST_CI_LOG_NORMAL);
}

/* The multinomial maximum is a statistic of every run with one stratum; the limits are taken where they are asked for. */
static est_status find_profiles(est_i_mse *r)
{
    est_status status = EST_OK;
    bool asked = r->interval == EST_CI_PROFILE;
    for (size_t i = 0; i < r->n_fits && status == EST_OK; i++)
        for (size_t k = 0; k < r->fits[i].n_blocks && status == EST_OK; k++) {
            const est_i_mse_fit *f = &r->fits[i];
            est_i_profile profile;
            est_i_mse_target *target = &r->targets[f->first_block + k];
            if (isnan(target->unseen) || (!asked && r->n_targets > 1))
                continue;
            status = est_i_profile_find(f->data, &f->terms, f->joint, k, r->options->level, &r->monitor, &profile, r->error);
            target->multinomial = profile.maximum;
            if (!asked || status != EST_OK)
                continue;
            target->interval = EST_CI_PROFILE;
            target->lower = profile.lower;
            target->upper = profile.upper;
        }
    return status;
}

static est_status make_estimator(est_i_mse *r, est_i_estimator **estimator)
{
    bool own = r->options->dependence == EST_STRATA_BY_STRATUM || (r->captures->n_blocks == 1 && !r->activity);
    if (r->selected)
        return est_i_estimator_select(r->data, own, &r->how, &r->monitor, estimator, r->error);
    est_status status = est_i_estimator_fixed(r->data, own, r->fits[0].model.terms, r->fits[0].model.n_terms, estimator, r->error);
    if (status == EST_OK)
        (*estimator)->how.activity = r->activity;
    return status;
}

static est_status read_limits(est_i_mse *r, const est_i_bootstrap *bootstrap, const est_i_jackknife *jackknife, size_t index)
{
    est_i_mse_target *t = &r->targets[index];
    est_i_limits limits = {0};
    size_t block = r->n_targets > 1 && index + 1 == r->n_targets ? EST_I_ALL_BLOCKS : index;
    double level = r->options->level;
    est_status status;
    if (isnan(t->unseen))
        return EST_OK;
    if (r->interval == EST_CI_BCA)
        status = est_i_limits_bca(bootstrap, jackknife, block, t->n, t->n + t->unseen, level, &limits, r->error);
    else if (r->interval == EST_CI_STUDENTISED)
        status = est_i_limits_studentised(bootstrap, block, t->n, log(t->unseen), t->log_se, level, &limits, r->error);
    else
        status = est_i_limits_percentile(bootstrap, block, t->n, level, &limits, r->error);
    take_limits(t, &limits, r->interval);
    return status;
}

static est_status find_bootstrap(est_i_mse *r)
{
    est_i_estimator *estimator = NULL;
    est_i_bootstrap *bootstrap = NULL;
    est_i_jackknife *jackknife = NULL;
    est_i_bootstrap_plan plan = {.resample = r->options->resample, .n_replicates = (size_t)r->options->replicates,
                                 .seed = r->monitor.context.seed, .threads = r->monitor.context.threads,
                                 .with_se = r->interval == EST_CI_STUDENTISED};
    double *population = calloc(r->captures->n_blocks, sizeof *population);
    est_status status = population ? make_estimator(r, &estimator) : est_i_no_memory(r->error);
    for (size_t k = 0; k < r->captures->n_blocks && population; k++)
        population[k] = r->targets[k].n + r->targets[k].unseen;
    est_i_monitor_stage(&r->monitor, r->selected ? "bootstrap with reselection" : "bootstrap", r->selected ? 0.1 : 0,
                        r->interval == EST_CI_BCA ? 0.85 : r->selected ? 0.9 : 1);
    if (status == EST_OK)
        status = est_i_bootstrap_run(estimator, r->data, population, &plan, &r->monitor, &bootstrap, r->error);
    if (status == EST_OK && r->interval == EST_CI_BCA)
        status = est_i_jackknife_run(estimator, r->data, plan.threads, &r->monitor, &jackknife, r->error);
    for (size_t i = 0; i < r->n_targets && status == EST_OK; i++)
        status = read_limits(r, bootstrap, jackknife, i);
    est_i_jackknife_free(jackknife);
    est_i_bootstrap_free(bootstrap);
    est_i_estimator_free(estimator);
    free(population);
    return status;
}

est_status est_i_mse_find_intervals(est_i_mse *r)
{
    est_status status = find_profiles(r);
    for (size_t i = 0; i < r->n_targets && status == EST_OK; i++) {
        bool is_total = r->n_targets > 1 && i + 1 == r->n_targets;
        if (isnan(r->targets[i].unseen))
            continue;
        if (r->interval == EST_CI_WALD)
            find_wald(r, &r->targets[i]);
        else if (r->interval == EST_CI_LOG_NORMAL || (r->interval == EST_CI_PROFILE && is_total))
            find_log_normal(r, &r->targets[i]);
    }
    if (status == EST_OK && (r->interval == EST_CI_BOOTSTRAP || r->interval == EST_CI_BCA || r->interval == EST_CI_STUDENTISED))
        status = find_bootstrap(r);
    return status;
}

est_status est_i_mse_average(est_i_mse *r)
{
    r->averaged = (est_i_averaged){.unseen = NAN, .log_se = NAN};
    if (!r->options->average || r->n_fits != 1 || !r->fits[0].pool)
        return EST_OK;
    return est_i_average(r->fits[0].data, &r->fits[0].family, r->activity, r->fits[0].pool, &r->monitor, &r->averaged, r->error);
}
