/* Fixed and selected dependence, joint or block by block. */
#include "mse/estimator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/downhill.h"
#include "mse/stepwise.h"
#include "mse/verdict.h"

struct est_i_estimator_space {
    size_t lanes;
    est_i_search_space *search;  /* exact selections */
    est_i_fit_space *fit;        /* fixed models */
    est_i_fit_data *single;      /* one lane, for what works on one data set at a time */
    uint32_t *local, *shared;
};

static bool is_search(int select)
{
    return select == EST_SELECT_BIC || select == EST_SELECT_AIC || select == EST_SELECT_AICC;
}

est_i_fit_data est_i_fit_data_block(const est_i_fit_data *data, size_t block)
{
    est_i_fit_data view = *data;
    size_t offset = block * data->n_cells * data->lanes;
    view.n_blocks = 1;
    view.counts += offset;
    view.margins += offset;
    view.keep += offset;
    view.start += offset;
    view.start_log += offset;
    view.moment += block * data->lanes;
    for (size_t l = 0; l < data->lanes; l++) {
        view.constant[l] = 0;
        view.total[l] = view.margins[l];
    }
    return view;
}

/* Most dependence terms of a model of the estimator. */
static size_t most_terms(const est_i_estimator *e)
{
    size_t most = 0;
    for (size_t i = 0; i < e->n_rules; i++) {
        size_t size = is_search(e->how.select) ? est_i_family_size(&e->rules[i].family, e->rules[i].family.all) : e->chosen[i].n_terms;
        most = size > most ? size : most;
    }
    return most;
}

est_i_estimator_space *est_i_estimator_space_new(const est_i_estimator *e, size_t lanes)
{
    est_i_estimator_space *space = calloc(1, sizeof *space);
    size_t blocks = e->by_block ? 1 : e->n_blocks, terms = most_terms(e), n_local, n_shared;
    bool fixed = e->how.select == EST_SELECT_NONE, search = is_search(e->how.select);
    if (!space)
        return NULL;
    space->lanes = lanes;
    est_i_model_room(e->how.activity, e->n_lists, blocks, terms, &n_local, &n_shared);
    space->local = calloc(e->n_lists + 1 + EST_I_MODEL_TERMS_MAX, sizeof *space->local);
    space->shared = calloc(EST_I_ACTIVITY_SHARED_MAX, sizeof *space->shared);
    space->single = est_i_fit_data_new(1, e->n_lists, e->n_blocks);
    if (fixed)
        space->fit = est_i_fit_space_new(lanes, e->n_lists, blocks, n_local, n_shared);
    else if (search)
        space->search = est_i_search_space_new(lanes, e->n_lists, blocks, terms, e->how.activity);
    if (!space->local || !space->shared || !space->single || (fixed && !space->fit) || (search && !space->search)) {
        est_i_estimator_space_free(space);
        space = NULL;
    }
    return space;
}

void est_i_estimator_space_free(est_i_estimator_space *space)
{
    if (!space)
        return;
    est_i_search_space_free(space->search);
    est_i_fit_space_free(space->fit);
    est_i_fit_data_free(space->single);
    free(space->local);
    free(space->shared);
    free(space);
}

void est_i_estimator_free(est_i_estimator *estimator)
{
    if (!estimator)
        return;
    for (size_t i = 0; i < estimator->n_rules; i++) {
        if (estimator->chosen)
            est_i_model_free(&estimator->chosen[i]);
        if (estimator->shortlist)
            free(estimator->shortlist[i]);
    }
    free(estimator->chosen);
    free(estimator->rules);
    free(estimator->shortlist);
    free(estimator->n_shortlist);
    free(estimator->found);
    free(estimator);
}

static est_i_estimator *new_estimator(const est_i_fit_data *data, bool by_block, const est_i_selection *how, size_t n_rules)
{
    est_i_estimator *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    *e = (est_i_estimator){.n_lists = data->n_lists, .n_blocks = data->n_blocks, .by_block = by_block, .how = *how,
                           .n_rules = n_rules, .chosen = calloc(n_rules, sizeof *e->chosen),
                           .rules = calloc(n_rules, sizeof *e->rules), .found = calloc(n_rules, sizeof *e->found),
                           .shortlist = calloc(n_rules, sizeof *e->shortlist),
                           .n_shortlist = calloc(n_rules, sizeof *e->n_shortlist)};
    if (!e->chosen || !e->rules || !e->found || !e->shortlist || !e->n_shortlist) {
        est_i_estimator_free(e);
        e = NULL;
    }
    return e;
}

static est_status keep_terms(est_i_model *model, const uint32_t *terms, size_t n_terms, est_error *error)
{
    model->terms = calloc(n_terms + 1, sizeof *model->terms);
    if (!model->terms)
        return est_i_no_memory(error);
    if (n_terms)
        memcpy(model->terms, terms, n_terms * sizeof *terms);
    model->n_terms = n_terms;
    return EST_OK;
}

est_status est_i_estimator_fixed(const est_i_fit_data *data, bool by_block, const uint32_t *terms, size_t n_terms,
                                 est_i_estimator **estimator, est_error *error)
{
    est_i_selection how = {.select = EST_SELECT_NONE};
    est_i_estimator *e = *estimator = new_estimator(data, by_block, &how, 1);
    est_status status = e ? keep_terms(&e->chosen[0], terms, n_terms, error) : est_i_no_memory(error);
    if (e && status == EST_OK)
        e->found[0] = true;
    else {
        est_i_estimator_free(e);
        *estimator = NULL;
    }
    return status;
}

/* What parameters cost in each lane; n is that of all blocks together (decisions.md 1). */
static void set_costs(const est_i_estimator *e, const est_i_fit_data *data, est_i_cost *cost)
{
    double cells = 0;
    for (size_t i = 0; i < data->n_blocks * data->n_cells; i++)
        cells += data->keep[i * data->lanes] > 0;
    for (size_t l = 0; l < data->lanes; l++)
        cost[l] = est_i_cost_make(e->how.select, e->how.bic_n == EST_BIC_N_CELLS ? cells : data->total[l]);
}

static size_t base_parameters(const est_i_fit_data *data, const est_i_activity *activity)
{
    uint32_t local[EST_I_LISTS_MAX + 1], shared[EST_I_ACTIVITY_SHARED_MAX];
    est_i_terms terms = est_i_model_terms(activity, data->n_lists, data->n_blocks, NULL, 0, local, shared);
    return est_i_count_parameters(data, &terms);
}

/* Rules of one search; its space holds every model of the family. */
static est_status make_rules(est_i_estimator *e, const est_i_fit_data *data, size_t rule, est_error *error)
{
    est_i_search_rules *rules = &e->rules[rule];
    rules->accept_boundary = e->how.accept_boundary;
    rules->activity = e->how.activity;
    rules->base = base_parameters(data, e->how.activity);
    return est_i_family_make(data, e->how.model_class, e->how.max_order, &rules->family, error);
}

/* The choice itself is what every replicate tries first; with `top` the shortlist is all it may choose from. */
static est_status keep_choice(est_i_estimator *e, size_t rule, const est_i_set *sets, size_t n_sets, bool found, est_error *error)
{
    uint32_t terms[EST_I_FAMILY_TERMS_MAX];
    size_t n_terms = found ? est_i_family_terms(&e->rules[rule].family, sets[0], terms) : 0;
    e->found[rule] = found;
    e->n_shortlist[rule] = found ? n_sets : 0;
    e->shortlist[rule] = calloc(n_sets + 1, sizeof **e->shortlist);
    if (!e->shortlist[rule])
        return est_i_no_memory(error);
    if (found)
        memcpy(e->shortlist[rule], sets, n_sets * sizeof *sets);
    return keep_terms(&e->chosen[rule], terms, n_terms, error);
}

static est_status shortlist_models(est_i_estimator *e, const est_i_fit_data *data, size_t rule, const est_i_cost *cost,
                                   est_i_search_space *space, est_i_monitor *monitor, est_error *error)
{
    est_i_pool *pool = NULL;
    est_i_set *sets = NULL;
    est_status status = est_i_search_pool(data, &e->rules[rule], cost, e->how.top, 0, space, &pool, monitor, error);
    if (status == EST_OK) {
        size_t n = pool->n_models < e->how.top ? pool->n_models : e->how.top;
        sets = calloc(n + 1, sizeof *sets);
        for (size_t i = 0; sets && i < n; i++)
            sets[i] = pool->models[i].set;
        status = sets ? keep_choice(e, rule, sets, n, n > 0, error) : est_i_no_memory(error);
        e->rules[rule].seeds_only = true;
    }
    free(sets);
    est_i_pool_free(pool);
    return status;
}

static est_status search_one(est_i_estimator *e, const est_i_fit_data *data, size_t rule, const est_i_cost *cost,
                             est_i_monitor *monitor, est_error *error)
{
    est_i_choice choice = {0};
    double *log_unseen = calloc(data->n_blocks, sizeof *log_unseen);
    est_i_search_space *space = NULL;
    est_i_search_rules *rules = &e->rules[rule];
    est_status status = make_rules(e, data, rule, error);
    if (status == EST_OK) {
        space = est_i_search_space_new(1, data->n_lists, data->n_blocks, est_i_family_size(&rules->family, rules->family.all),
                                       e->how.activity);
        if (!space || !log_unseen)
            status = est_i_no_memory(error);
    }
    if (status == EST_OK) {
        est_i_search_order(data, rules, space, monitor);
        if (e->how.top)
            status = shortlist_models(e, data, rule, cost, space, monitor, error);
        else {
            status = est_i_search(data, rules, cost, NULL, NULL, 0, space, &choice, log_unseen, monitor, error);
            if (status == EST_OK)
                status = keep_choice(e, rule, &choice.set, 1, choice.found, error);
        }
    }
    est_i_search_space_free(space);
    free(log_unseen);
    return status;
}

/* Searches that look at one data set at a time. */
static est_status choose_locally(const est_i_estimator *e, const est_i_fit_data *single, double price, est_i_monitor *monitor,
                                 est_i_model *model, bool *found, est_error *error)
{
    size_t n_fitted;
    return e->how.select == EST_SELECT_STEPWISE
               ? est_i_stepwise_select(single, e->how.threshold, e->how.max_order, monitor, model, found, error)
               : est_i_downhill_select(single, price, e->how.max_order, e->how.accept_boundary, monitor, model, found, &n_fitted,
                                       error);
}

est_status est_i_estimator_select(const est_i_fit_data *data, bool by_block, const est_i_selection *how, est_i_monitor *monitor,
                                  est_i_estimator **estimator, est_error *error)
{
    est_i_cost cost[EST_I_LANES_MOST];
    size_t n_rules = by_block ? data->n_blocks : 1;
    est_i_estimator *e = new_estimator(data, by_block, how, n_rules);
    est_status status = e ? EST_OK : est_i_no_memory(error);
    *estimator = NULL;
    if (e)
        set_costs(e, data, cost);
    for (size_t i = 0; i < n_rules && status == EST_OK; i++) {
        est_i_fit_data view = by_block ? est_i_fit_data_block(data, i) : *data;
        status = is_search(how->select) ? search_one(e, &view, i, cost, monitor, error)
                                        : choose_locally(e, &view, cost[0].each, monitor, &e->chosen[i], &e->found[i], error);
    }
    if (status == EST_OK)
        *estimator = e;
    else
        est_i_estimator_free(e);
    return status;
}

size_t est_i_estimator_terms(const est_i_estimator *e, size_t block, uint32_t *terms)
{
    const est_i_model *model = &e->chosen[e->n_rules > 1 ? block : 0];
    if (model->n_terms)
        memcpy(terms, model->terms, model->n_terms * sizeof *terms);
    return model->n_terms;
}

static est_i_terms model_terms(const est_i_estimator *e, const est_i_model *model, size_t n_blocks, est_i_estimator_space *space)
{
    return est_i_model_terms(e->how.activity, e->n_lists, n_blocks, model->terms, model->n_terms, space->local, space->shared);
}

/* The settled fit of a model to one lane: the exact verdict, and a fit on its face. `log_se` may be NULL; its last entry, of the
 * sum, is set where the blocks are fitted together. */
static est_status settle_lane(const est_i_fit_data *data, size_t lane, const est_i_terms *terms, est_i_fit_data *single,
                              double *unseen, double *log_se, est_i_monitor *monitor, est_error *error)
{
    est_i_joint *joint = NULL;
    est_i_fit_data view = *single;
    view.n_blocks = data->n_blocks;
    est_i_fit_data_take_lane(data, lane, &view, monitor);
    est_status status = est_i_joint_fit(&view, terms, monitor, &joint, error);
    bool undecided = status == EST_EIDENTIFY;
    if (undecided) {
        status = EST_OK;
        est_error_clear(error);
    }
    for (size_t k = 0; status == EST_OK && k < data->n_blocks; k++) {
        bool stands = !undecided && joint->verdict->estimable[k];
        unseen[k * data->lanes + lane] = stands ? exp(joint->log_unseen[k]) : INFINITY;
        if (log_se)
            log_se[k * data->lanes + lane] = stands ? joint->se_log_unseen[k] : NAN;
    }
    if (log_se && status == EST_OK)
        log_se[data->n_blocks * data->lanes + lane] = undecided ? NAN : est_i_joint_total_se(joint);
    est_i_joint_free(joint);
    return status;
}

static est_status apply_fixed(const est_i_estimator *e, const est_i_fit_data *data, size_t rule, est_i_estimator_space *space,
                              double *unseen, double *log_se, est_i_monitor *monitor, est_error *error)
{
    est_status status = EST_OK;
    est_i_terms terms = model_terms(e, &e->chosen[rule], data->n_blocks, space);
    est_i_fit_request request = {.terms = terms, .monitor = monitor};
    est_i_fit(data, &request, space->fit);
    if (est_i_monitor_cancelled(monitor))
        return est_i_cancelled(error);
    for (size_t l = 0; l < data->lanes && status == EST_OK; l++) {
        if (log_se || space->fit->state[l] != EST_I_FIT_INTERIOR)
            status = settle_lane(data, l, &terms, space->single, unseen, log_se, monitor, error);
        else
            for (size_t k = 0; k < data->n_blocks; k++)
                unseen[k * data->lanes + l] = exp(space->fit->beta[k * terms.n_local * data->lanes + l]);
    }
    return status;
}

/* The chosen model of each lane fitted once more, for its standard errors. */
static est_status add_errors(const est_i_estimator *e, const est_i_fit_data *data, size_t rule, const est_i_choice *choices,
                             est_i_estimator_space *space, double *unseen, double *log_se, est_i_monitor *monitor, est_error *error)
{
    est_status status = EST_OK;
    uint32_t chosen[EST_I_FAMILY_TERMS_MAX];
    for (size_t l = 0; l < data->lanes && status == EST_OK; l++) {
        est_i_model model = {.terms = chosen};
        for (size_t k = 0; k <= data->n_blocks; k++)
            log_se[k * data->lanes + l] = NAN;
        if (!choices[l].found)
            continue;
        model.n_terms = est_i_family_terms(&e->rules[rule].family, choices[l].set, chosen);
        est_i_terms terms = model_terms(e, &model, data->n_blocks, space);
        status = settle_lane(data, l, &terms, space->single, unseen, log_se, monitor, error);
    }
    return status;
}

static est_status apply_search(const est_i_estimator *e, const est_i_fit_data *data, size_t rule, const est_i_cost *cost,
                               est_i_estimator_space *space, double *unseen, double *log_se, est_i_monitor *monitor,
                               est_error *error)
{
    est_i_choice choices[EST_I_LANES_MOST];
    est_status status = est_i_search(data, &e->rules[rule], cost, NULL, e->shortlist[rule], e->n_shortlist[rule], space->search,
                                     choices, unseen, monitor, error);
    for (size_t i = 0; status == EST_OK && i < data->n_blocks * data->lanes; i++)
        unseen[i] = isnan(unseen[i]) ? INFINITY : exp(unseen[i]);
    if (status == EST_OK && log_se)
        status = add_errors(e, data, rule, choices, space, unseen, log_se, monitor, error);
    return status;
}

static est_status apply_locally(const est_i_estimator *e, const est_i_fit_data *data, const est_i_cost *cost,
                                est_i_estimator_space *space, double *unseen, double *log_se, est_i_monitor *monitor,
                                est_error *error)
{
    est_status status = EST_OK;
    for (size_t l = 0; l < data->lanes && status == EST_OK; l++) {
        est_i_model model = {0};
        bool found = false;
        est_i_fit_data single = *space->single;
        single.n_blocks = data->n_blocks;
        est_i_fit_data_take_lane(data, l, &single, monitor);
        status = choose_locally(e, &single, cost[l].each, monitor, &model, &found, error);
        est_i_terms terms = model_terms(e, &model, data->n_blocks, space);
        if (status == EST_OK && found)
            status = settle_lane(data, l, &terms, space->single, unseen, log_se, monitor, error);
        for (size_t k = 0; k <= data->n_blocks && !found; k++) {
            if (k < data->n_blocks)
                unseen[k * data->lanes + l] = INFINITY;
            if (log_se)
                log_se[k * data->lanes + l] = NAN;
        }
        est_i_model_free(&model);
    }
    return status;
}

/* se of the log of a sum of independent parts. */
static void add_total_error(const est_i_fit_data *data, const double *unseen, double *log_se)
{
    size_t lanes = data->lanes, blocks = data->n_blocks;
    for (size_t l = 0; l < lanes; l++) {
        double sum = 0, variance = 0;
        for (size_t k = 0; k < blocks; k++) {
            double part = unseen[k * lanes + l], se = log_se[k * lanes + l];
            sum += part;
            variance += part * part * se * se;
        }
        log_se[blocks * lanes + l] = isfinite(sum) ? sqrt(variance) / sum : NAN;
    }
}

est_status est_i_estimator_apply(const est_i_estimator *e, const est_i_fit_data *data, est_i_estimator_space *space,
                                 double *unseen, double *log_se, est_i_monitor *monitor, est_error *error)
{
    est_status status = EST_OK;
    est_i_cost cost[EST_I_LANES_MOST];
    size_t parts = e->by_block ? data->n_blocks : 1;
    set_costs(e, data, cost);
    for (size_t i = 0; i < parts && status == EST_OK; i++) {
        est_i_fit_data view = e->by_block ? est_i_fit_data_block(data, i) : *data;
        size_t rule = e->n_rules > 1 ? i : 0, offset = e->by_block ? i * data->lanes : 0;
        double *own = unseen + offset, *own_se = log_se ? log_se + offset : NULL;
        if (e->how.select == EST_SELECT_NONE)
            status = apply_fixed(e, &view, rule, space, own, own_se, monitor, error);
        else if (is_search(e->how.select))
            status = apply_search(e, &view, rule, cost, space, own, own_se, monitor, error);
        else
            status = apply_locally(e, &view, cost, space, own, own_se, monitor, error);
    }
    if (status == EST_OK && log_se && e->by_block)
        add_total_error(data, unseen, log_se);
    return status;
}
