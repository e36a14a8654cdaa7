/* `mse`: the model. Every model is fitted where that is quick; else the best are found by branch and bound. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "mse/describe.h"
#include "mse/downhill.h"
#include "mse/mse_state.h"
#include "mse/refusal.h"
#include "mse/stepwise.h"

#define RANKED_LISTS 5     /* lists up to which every model is fitted */
#define LISTED_MODELS 100  /* best models listed above */
#define AVERAGED 30.0      /* and within which they may carry weight in an average */

double est_i_mse_criterion_n(const est_i_mse *r)
{
    double cells = 0;
    for (size_t i = 0; i < r->data->n_blocks * r->data->n_cells; i++)
        cells += r->data->keep[i];
    return r->options->bic_n == EST_BIC_N_CELLS ? cells : r->data->total[0];
}

bool est_i_mse_is_search(const est_i_mse *r)
{
    return r->selected && r->how.select != EST_SELECT_STEPWISE && r->how.select != EST_SELECT_DOWNHILL;
}

static est_status check_search(est_i_mse *r)
{
    size_t n_lists = r->captures->n_lists;
    unsigned most = r->options->max_order ? (unsigned)r->options->max_order : est_i_default_order(n_lists, r->how.model_class);
    r->how.max_order = most;
    if (most >= n_lists && n_lists > 1)
        return est_i_fail(r->error, EST_EOPTION, "option --max-order: found %u, expected at most %zu with %zu lists: the "
                          "dependence of all lists at once cannot be estimated", most, n_lists - 1, n_lists);
    if (r->how.model_class == EST_CLASS_PAIRWISE && most > 2)
        return est_i_fail(r->error, EST_EOPTION, "option --max-order: found %u, expected 1 or 2 with --class pairwise", most);
    if (n_lists > EST_I_SET_LISTS_MAX && est_i_mse_is_search(r) && r->how.model_class == EST_CLASS_HIERARCHICAL) {
        char instead[EST_I_FAMILY_ADVICE_MAX];
        est_i_family_instead(n_lists, instead);
        return est_i_fail(r->error, EST_EOPTION, "a search over all hierarchical models handles up to %d lists, found %zu; %s",
                          EST_I_SET_LISTS_MAX, n_lists, instead);
    }
    return EST_OK;
}

static est_i_cost cost_of(const est_i_mse *r)
{
    return est_i_cost_make(r->how.select, est_i_mse_criterion_n(r));
}

static bool can_rank(const est_i_mse *r)
{
    return r->captures->n_lists <= RANKED_LISTS && r->captures->n_blocks == 1 && r->how.model_class <= EST_CLASS_PAIRWISE;
}

/* The acceptable models of a ranking as a pool, and what the others would have been, so that the rest of the run sees one kind. */
static est_status pool_ranking(const est_i_ranking *ranking, est_i_pool **pool, est_error *error)
{
    size_t n = ranking->n_acceptable;
    est_i_pool *p = *pool = calloc(1, sizeof *p);
    if (!p)
        return est_i_no_memory(error);
    p->n_blocks = 1;
    p->models = calloc(n + 1, sizeof *p->models);
    p->log_unseen = calloc(n + 1, sizeof *p->log_unseen);
    if (!p->models || !p->log_unseen)
        return est_i_no_memory(error);
    for (size_t i = 0; i < n; i++) {
        const est_i_ranked *m = &ranking->models[i];
        p->models[p->n_models] = (est_i_pooled){.set = m->set, .n_parameters = m->n_parameters, .criterion = m->criterion,
                                                .loglik = m->loglik, .boundary = !m->exists};
        p->log_unseen[p->n_models++] = log(m->unseen);
    }
    for (size_t i = n; i < ranking->n_models; i++) {
        const est_i_ranked *m = &ranking->models[i];
        double weight = n ? exp((ranking->models[0].criterion - m->criterion) / 2) : 0;
        p->excluded_weight += isfinite(weight) ? weight : 0;
        double least = p->has_excluded ? p->excluded_criterion : INFINITY;
        if (isnan(m->unseen) || m->exists || !m->identified || !(m->criterion < least))
            continue;
        p->has_excluded = true;
        p->excluded_criterion = m->criterion;
        p->excluded_unseen = m->unseen;
    }
    return EST_OK;
}

static est_status rank_models(est_i_mse *r, est_i_mse_fit *f)
{
    est_i_cost cost = cost_of(r);
    est_status status = est_i_rank_models(f->data, f->family.all, &cost, r->how.accept_boundary, &r->monitor, &f->ranking, r->error);
    if (status == EST_OK) {
        f->n_models = (double)f->ranking->n_models;
        status = pool_ranking(f->ranking, &f->pool, r->error);
    }
    return status;
}

static est_status search_models(est_i_mse *r, est_i_mse_fit *f)
{
    est_i_cost cost = cost_of(r);
    uint32_t local[EST_I_LISTS_MAX + 1], shared[EST_I_ACTIVITY_SHARED_MAX];
    est_i_terms main = est_i_model_terms(r->activity, f->data->n_lists, f->data->n_blocks, NULL, 0, local, shared);
    est_i_search_rules rules = {.family = f->family, .activity = r->activity, .accept_boundary = r->how.accept_boundary,
                                .base = est_i_count_parameters(f->data, &main)};
    size_t top = r->options->top ? (size_t)r->options->top : LISTED_MODELS;
    est_i_search_space *space =
        est_i_search_space_new(1, f->data->n_lists, f->data->n_blocks, est_i_family_size(&f->family, f->family.all), r->activity);
    if (!space)
        return est_i_no_memory(r->error);
    est_i_search_order(f->data, &rules, space, &r->monitor);
    est_status status = est_i_search_pool(f->data, &rules, &cost, top, r->options->average ? AVERAGED : EST_I_NEAR_TIED, space, &f->pool,
                                          &r->monitor, r->error);
    f->n_models = est_i_family_count(&f->family);
    est_i_search_space_free(space);
    return status;
}

/* Two lists are used up by their own effects: whatever the class holds, no model with dependence has an estimate. */
static bool is_saturated(const est_i_mse *r, const est_i_mse_fit *f)
{
    bool saturated = !r->activity;
    for (size_t k = f->first_block; k < f->first_block + f->n_blocks && saturated; k++)
        saturated = est_i_mse_has_few_lists(r, k);
    return saturated;
}

static est_status keep_best(const est_i_mse *r, est_i_mse_fit *f)
{
    f->model.terms = calloc(EST_I_FAMILY_TERMS_MAX, sizeof *f->model.terms);
    if (!f->model.terms)
        return est_i_no_memory(r->error);
    f->no_choice = f->family.all == 0 || is_saturated(r, f);
    f->missing = f->pool->n_models == 0;
    f->model.n_terms = f->missing ? 0 : est_i_family_terms(&f->family, f->pool->models[0].set, f->model.terms);
    return EST_OK;
}

static est_status choose_by_path(est_i_mse *r, est_i_mse_fit *f)
{
    bool found = false;
    est_status status;
    if (r->how.select == EST_SELECT_STEPWISE)
        status = est_i_stepwise_select(f->data, r->how.threshold, r->how.max_order, &r->monitor, &f->model, &found, r->error);
    else
        status = est_i_downhill_select(f->data, cost_of(r).each, r->how.max_order, r->how.accept_boundary, &r->monitor, &f->model,
                                       &found, &f->n_fitted, r->error);
    f->no_choice = r->how.max_order < 2 || is_saturated(r, f);
    f->missing = status == EST_OK && !found;
    if (f->missing)
        f->model.n_terms = 0;
    return status;
}

static est_status choose_one(est_i_mse *r, est_i_mse_fit *f)
{
    est_status status;
    f->n_models = NAN;
    if (!r->selected)
        return est_i_model_parse(r->options->model, r->captures->n_lists, r->captures->list_names, &f->model, r->error);
    if (!est_i_mse_is_search(r))
        return choose_by_path(r, f);
    status = est_i_family_make(f->data, r->how.model_class, r->how.max_order, &f->family, r->error);
    if (status == EST_OK)
        status = can_rank(r) ? rank_models(r, f) : search_models(r, f);
    if (status == EST_OK)
        status = keep_best(r, f);
    return status;
}

/* Neither all strata together nor any one by itself has a model with an estimate. */
static est_status refuse_all(const est_i_mse *r)
{
    est_i_text what = {0};
    bool boundary = false;
    for (size_t i = 0; i < r->n_fits; i++)
        boundary = boundary || (r->fits[i].pool && r->fits[i].pool->has_excluded);
    if (!est_i_mse_is_search(r))
        est_i_text_append(&what, "not even the model without dependence has a finite one");
    else if (r->fits[0].ranking)
        est_i_text_printf(&what, "no model has a finite one (%zu tried)", r->fits[0].ranking->n_models);
    else
        est_i_text_append(&what, "no model of the class has a finite one");
    est_i_text_append(&what, r->n_fits > 1 ? ", in no stratum" : "");
    est_status status = est_i_refuse_search(r->captures, what.data ? what.data : "", boundary, r->error);
    est_i_text_free(&what);
    return status;
}

/* Profile for a given model, the bootstrap with reselection for a selected one. */
static void resolve_interval(est_i_mse *r)
{
    bool bootstraps;
    r->interval = r->options->ci;
    if (r->interval == EST_CI_AUTO)
        r->interval = r->selected && r->options->replicates > 0 ? EST_CI_BOOTSTRAP : EST_CI_PROFILE;
    bootstraps = r->interval == EST_CI_BOOTSTRAP || r->interval == EST_CI_BCA || r->interval == EST_CI_STUDENTISED;
    if (bootstraps && r->options->replicates == 0)
        r->interval = EST_CI_NONE;
}

est_status est_i_mse_choose(est_i_mse *r)
{
    const est_mse_options *o = r->options;
    r->selected = !*o->model;
    r->how = (est_i_selection){.select = o->select, .bic_n = o->bic_n, .model_class = o->model_class, .threshold = o->threshold,
                               .accept_boundary = o->boundary == EST_BOUNDARY_ACCEPT, .activity = r->activity, .top = (size_t)o->reselect_top};
    bool any = false;
    resolve_interval(r);
    est_status status = r->selected ? check_search(r) : EST_OK;
    est_i_monitor_stage(&r->monitor, "choosing the model", 0, r->interval >= EST_CI_BOOTSTRAP ? 0.1 : 0.9);
    for (size_t i = 0; i < r->n_fits && status == EST_OK; i++) {
        status = choose_one(r, &r->fits[i]);
        any = any || !r->fits[i].missing;
    }
    if (status == EST_OK && !any)
        status = refuse_all(r);
    return status;
}
