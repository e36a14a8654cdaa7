/* Fixed and selected dependence, joint or block by block. */
#include "mse/estimator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/verdict.h"

struct est_i_estimator_space {
    size_t lanes;
    est_i_search_space *search;  /* selections */
    est_i_fit_space *fit;        /* fixed models */
    uint32_t *local;
};

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

est_i_estimator_space *est_i_estimator_space_new(const est_i_estimator *e, size_t lanes)
{
    est_i_estimator_space *space = calloc(1, sizeof *space);
    size_t blocks = e->by_block ? 1 : e->n_blocks, main = e->n_lists + 1;
    if (!space)
        return NULL;
    space->lanes = lanes;
    if (e->select == EST_SELECT_NONE) {
        size_t local = blocks == 1 ? main + e->n_terms : main, shared = blocks == 1 ? 0 : e->n_terms;
        space->fit = est_i_fit_space_new(lanes, e->n_lists, blocks, local, shared);
        space->local = calloc(main + e->n_terms, sizeof *space->local);
    } else
        space->search = est_i_search_space_new(lanes, e->n_lists, blocks);
    if (!space->search && !(space->fit && space->local)) {
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
    free(space->local);
    free(space);
}

void est_i_estimator_free(est_i_estimator *estimator)
{
    if (!estimator)
        return;
    free(estimator->terms);
    free(estimator->rules);
    free(estimator->chosen);
    free(estimator->found);
    free(estimator);
}

static est_i_estimator *new_estimator(const est_i_fit_data *data, bool by_block, size_t n_terms)
{
    est_i_estimator *e = calloc(1, sizeof *e);
    size_t n_rules = by_block ? data->n_blocks : 1;
    if (!e)
        return NULL;
    *e = (est_i_estimator){.n_lists = data->n_lists, .n_blocks = data->n_blocks, .by_block = by_block, .n_terms = n_terms,
                           .n_rules = n_rules, .terms = calloc(n_terms + 1, sizeof *e->terms),
                           .rules = calloc(n_rules, sizeof *e->rules), .chosen = calloc(n_rules, sizeof *e->chosen),
                           .found = calloc(n_rules, sizeof *e->found)};
    if (!e->terms || !e->rules || !e->chosen || !e->found) {
        est_i_estimator_free(e);
        e = NULL;
    }
    return e;
}

est_status est_i_estimator_fixed(const est_i_fit_data *data, bool by_block, const uint32_t *terms, size_t n_terms,
                                 est_i_estimator **estimator, est_error *error)
{
    est_i_estimator *e = *estimator = new_estimator(data, by_block, n_terms);
    if (!e)
        return est_i_no_memory(error);
    e->select = EST_SELECT_NONE;
    if (n_terms)
        memcpy(e->terms, terms, n_terms * sizeof *terms);
    return EST_OK;
}

/* Terms that some cell of some block can show. */
static est_i_set observable_terms(const est_i_fit_data *data, unsigned max_order)
{
    est_i_set shown = 0;
    for (size_t k = 0; k < data->n_blocks; k++)
        for (uint32_t w = 1; w < data->n_cells; w++)
            if (data->keep[(k * data->n_cells + w) * data->lanes] > 0)
                shown |= est_i_set_below(w);
    return shown & est_i_set_all(data->n_lists, max_order);
}

/* Cost of a parameter in each lane; n is that of all blocks together (decisions.md 1). */
static void set_prices(const est_i_estimator *e, const est_i_fit_data *data, double *price)
{
    double cells = 0;
    for (size_t i = 0; i < data->n_blocks * data->n_cells; i++)
        cells += data->keep[i * data->lanes] > 0;
    for (size_t l = 0; l < data->lanes; l++) {
        price[l] = 2;
        if (e->select == EST_SELECT_BIC)
            price[l] = log(fmax(1, e->bic_n == EST_BIC_N_CELLS ? cells : data->total[l]));
    }
}

static size_t base_parameters(const est_i_fit_data *data)
{
    uint32_t local[EST_I_SET_LISTS_MAX + 1];
    est_i_terms terms = {.n_local = est_i_main_terms(data->n_lists, local), .local = local};
    return est_i_count_parameters(data, &terms);
}

static est_status select_one(est_i_estimator *e, const est_i_fit_data *data, size_t rule, const double *price,
                             unsigned max_order, est_i_search_space *space, est_i_monitor *monitor, est_error *error)
{
    est_i_search_rules *rules = &e->rules[rule];
    est_i_choice choice;
    double *log_unseen = calloc(data->n_blocks, sizeof *log_unseen);
    if (!log_unseen)
        return est_i_no_memory(error);
    *rules = (est_i_search_rules){.candidates = observable_terms(data, max_order), .accept_boundary = e->accept_boundary,
                                  .base = base_parameters(data)};
    est_i_search_order(data, rules, space);
    est_status status = est_i_search(data, rules, price, NULL, NULL, 0, space, &choice, log_unseen, monitor, error);
    if (status == EST_OK) {
        e->chosen[rule] = choice.set;
        e->found[rule] = choice.found;
    }
    free(log_unseen);
    return status;
}

est_status est_i_estimator_select(const est_i_fit_data *data, bool by_block, int select, int bic_n, unsigned max_order,
                                  bool accept_boundary, est_i_monitor *monitor, est_i_estimator **estimator, est_error *error)
{
    est_status status = EST_OK;
    double price[EST_I_LANES_MOST];
    est_i_estimator *e = new_estimator(data, by_block, 0);
    est_i_estimator_space *space = NULL;
    *estimator = NULL;
    if (!e) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    e->select = select;
    e->bic_n = bic_n;
    e->accept_boundary = accept_boundary;
    space = est_i_estimator_space_new(e, 1);
    if (!space) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    set_prices(e, data, price);
    for (size_t i = 0; i < e->n_rules && status == EST_OK; i++) {
        est_i_fit_data view = by_block ? est_i_fit_data_block(data, i) : *data;
        status = select_one(e, &view, i, price, max_order, space->search, monitor, error);
    }
    if (status == EST_OK) {
        *estimator = e;
        e = NULL;
    }
cleanup:
    est_i_estimator_space_free(space);
    est_i_estimator_free(e);
    return status;
}

size_t est_i_estimator_terms(const est_i_estimator *e, size_t block, uint32_t *terms)
{
    size_t count = e->n_terms;
    if (e->select == EST_SELECT_NONE)
        memcpy(terms, e->terms, count * sizeof *terms);
    else
        count = est_i_set_terms(e->chosen[e->by_block ? block : 0], e->n_lists, terms);
    return count;
}

static est_i_terms fixed_terms(const est_i_estimator *e, size_t n_blocks, uint32_t *local)
{
    size_t main = est_i_main_terms(e->n_lists, local);
    est_i_terms terms = {.n_local = main, .local = local, .shared = e->terms, .n_shared = e->n_terms};
    if (n_blocks == 1) {
        memcpy(local + main, e->terms, e->n_terms * sizeof *local);
        terms.n_local = main + e->n_terms;
        terms.n_shared = 0;
    }
    return terms;
}

/* A lane without the certificate: the exact verdict, and a fit on its face. */
static est_status settle_lane(const est_i_fit_data *data, size_t lane, const est_i_terms *terms, double *unseen,
                              est_i_monitor *monitor, est_error *error)
{
    est_i_joint *joint = NULL;
    est_i_fit_data *single = est_i_fit_data_new(1, data->n_lists, data->n_blocks);
    if (!single)
        return est_i_no_memory(error);
    for (size_t w = 0; w < data->n_blocks * data->n_cells; w++) {
        single->counts[w] = data->counts[w * data->lanes + lane];
        single->keep[w] = data->keep[w * data->lanes + lane];
    }
    est_i_fit_data_prepare(single);
    est_status status = est_i_joint_fit(single, terms, monitor, &joint, error);
    bool undecided = status == EST_EIDENTIFY;
    if (undecided) {
        status = EST_OK;
        est_error_clear(error);
    }
    for (size_t k = 0; status == EST_OK && k < data->n_blocks; k++)
        unseen[k * data->lanes + lane] = !undecided && joint->verdict->estimable[k] ? exp(joint->log_unseen[k]) : INFINITY;
    est_i_joint_free(joint);
    est_i_fit_data_free(single);
    return status;
}

static est_status apply_fixed(const est_i_estimator *e, const est_i_fit_data *data, est_i_estimator_space *space,
                              double *unseen, est_i_monitor *monitor, est_error *error)
{
    est_status status = EST_OK;
    est_i_terms terms = fixed_terms(e, data->n_blocks, space->local);
    est_i_fit_request request = {.terms = terms, .monitor = monitor};
    est_i_fit(data, &request, space->fit);
    if (est_i_monitor_cancelled(monitor))
        return est_i_cancelled(error);
    for (size_t l = 0; l < data->lanes && status == EST_OK; l++) {
        if (space->fit->state[l] != EST_I_FIT_INTERIOR)
            status = settle_lane(data, l, &terms, unseen, monitor, error);
        for (size_t k = 0; k < data->n_blocks && space->fit->state[l] == EST_I_FIT_INTERIOR; k++)
            unseen[k * data->lanes + l] = exp(space->fit->beta[k * terms.n_local * data->lanes + l]);
    }
    return status;
}

static est_status apply_selection(const est_i_estimator *e, const est_i_fit_data *data, size_t rule, const double *price,
                                  est_i_estimator_space *space, double *unseen, est_i_monitor *monitor, est_error *error)
{
    est_i_choice choices[EST_I_LANES_MOST];
    est_status status = est_i_search(data, &e->rules[rule], price, NULL, &e->chosen[rule], e->found[rule], space->search,
                                     choices, unseen, monitor, error);
    for (size_t i = 0; status == EST_OK && i < data->n_blocks * data->lanes; i++)
        unseen[i] = isnan(unseen[i]) ? INFINITY : exp(unseen[i]);
    return status;
}

est_status est_i_estimator_apply(const est_i_estimator *e, const est_i_fit_data *data, est_i_estimator_space *space,
                                 double *unseen, est_i_monitor *monitor, est_error *error)
{
    est_status status = EST_OK;
    double price[EST_I_LANES_MOST];
    size_t parts = e->by_block ? data->n_blocks : 1;
    set_prices(e, data, price);
    for (size_t i = 0; i < parts && status == EST_OK; i++) {
        est_i_fit_data view = e->by_block ? est_i_fit_data_block(data, i) : *data;
        double *own = unseen + (e->by_block ? i * data->lanes : 0);
        if (e->select == EST_SELECT_NONE)
            status = apply_fixed(e, &view, space, own, monitor, error);
        else
            status = apply_selection(e, &view, e->by_block ? i : 0, price, space, own, monitor, error);
    }
    return status;
}
