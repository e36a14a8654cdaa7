/* Depth first over all hierarchical models: a term enters after all it contains, so each model is met once and starts from its
 * parent's fit. */
#include "mse/ranking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/joint.h"
#include "mse/verdict.h"

typedef struct walk {
    const est_i_fit_data *data;
    est_i_fit_space *space;
    const est_i_cost *cost;
    bool accept_boundary;
    est_i_monitor *monitor;
    uint32_t order[64];
    size_t n_order, capacity;
    est_i_ranking *ranking;
    est_error *error;
} walk;

typedef struct step {
    est_i_set set;
    size_t n_local, next;
    uint32_t local[64];
    double beta[64];
    bool is_interior;
} step;

static est_i_ranked *add_model(walk *w)
{
    est_i_ranking *r = w->ranking;
    if (r->n_models == w->capacity) {
        size_t capacity = w->capacity ? 2 * w->capacity : 1024;
        est_i_ranked *grown = realloc(r->models, capacity * sizeof *grown);
        if (!grown)
            return NULL;
        r->models = grown;
        w->capacity = capacity;
    }
    return &r->models[r->n_models++];
}

/* Without the certificate the exact verdict decides, and a boundary fit is made again on its own face. */
static est_status judge(walk *w, const est_i_terms *terms, est_i_ranked *model)
{
    est_i_verdict *verdict = NULL;
    est_status status = est_i_verdict_explain(w->data, 0, terms, w->monitor, &verdict, w->error);
    if (status != EST_OK)
        return status;
    model->exists = verdict->exists;
    model->identified = verdict->identified;
    model->direction = verdict->direction[0];
    est_i_fit_request request = {.terms = *terms, .keep = verdict->keep, .no_face_jump = true};
    est_i_fit(w->data, &request, w->space);
    model->loglik = w->space->loglik[0];
    model->unseen = verdict->estimable[0] ? exp(w->space->beta[0]) : NAN;
    model->acceptable = verdict->identified && verdict->estimable[0] && (verdict->exists || w->accept_boundary) &&
                        w->space->state[0] != EST_I_FIT_FAILED;
    est_i_verdict_free(verdict);
    return EST_OK;
}

static est_status fit_step(walk *w, const step *parent, step *s)
{
    est_i_terms terms = {.n_local = s->n_local, .local = s->local};
    est_i_fit_request request = {.terms = terms, .warm = parent && parent->is_interior ? s->beta : NULL};
    est_i_fit(w->data, &request, w->space);
    est_i_ranked *model = add_model(w);
    if (!model)
        return est_i_no_memory(w->error);
    s->is_interior = w->space->state[0] == EST_I_FIT_INTERIOR;
    *model = (est_i_ranked){.set = s->set, .n_parameters = est_i_count_parameters(w->data, &terms),
                            .loglik = w->space->loglik[0], .unseen = exp(w->space->beta[0]), .exists = true,
                            .identified = true, .acceptable = true};
    if (s->is_interior)
        memcpy(s->beta, w->space->beta, s->n_local * sizeof *s->beta);
    est_status status = s->is_interior ? EST_OK : judge(w, &terms, model);
    model->criterion = est_i_cost_of(w->cost, model->n_parameters) - 2 * model->loglik;
    model->acceptable = model->acceptable && model->criterion < INFINITY;
    return status;
}

static est_status visit(walk *w, const step *parent, step *s)
{
    est_status status = est_i_monitor_cancelled(w->monitor) ? est_i_cancelled(w->error) : fit_step(w, parent, s);
    for (size_t i = s->next; i < w->n_order && status == EST_OK; i++) {
        est_i_set below = est_i_set_below(w->order[i]) & ~((est_i_set)1 << w->order[i]);
        if (below & ~s->set)
            continue;
        step child = *s;
        child.set |= (est_i_set)1 << w->order[i];
        child.next = i + 1;
        child.local[child.n_local] = w->order[i];
        child.beta[child.n_local++] = 0;
        status = visit(w, s, &child);
    }
    return status;
}

static int by_criterion(const void *left, const void *right)
{
    const est_i_ranked *a = left, *b = right;
    int order = b->acceptable - a->acceptable;
    if (!order && a->acceptable && fabs(a->criterion - b->criterion) > 1e-8)
        order = a->criterion > b->criterion ? 1 : -1;
    if (!order)
        order = (a->n_parameters > b->n_parameters) - (a->n_parameters < b->n_parameters);
    return order ? order : (a->set > b->set) - (a->set < b->set);
}

est_status est_i_rank_models(const est_i_fit_data *data, est_i_set candidates, const est_i_cost *cost, bool accept_boundary,
                             est_i_monitor *monitor, est_i_ranking **ranking, est_error *error)
{
    est_status status = EST_OK;
    walk w = {.data = data, .cost = cost, .accept_boundary = accept_boundary, .monitor = monitor, .error = error};
    step root = {0};
    *ranking = NULL;
    w.n_order = est_i_set_terms(candidates, data->n_lists, w.order);
    w.space = est_i_fit_space_new(1, data->n_lists, 1, w.n_order + data->n_lists + 1, 0);
    w.ranking = calloc(1, sizeof *w.ranking);
    if (!w.space || !w.ranking) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    root.n_local = est_i_main_terms(data->n_lists, root.local);
    status = visit(&w, NULL, &root);
    if (status != EST_OK)
        goto cleanup;
    qsort(w.ranking->models, w.ranking->n_models, sizeof *w.ranking->models, by_criterion);
    while (w.ranking->n_acceptable < w.ranking->n_models && w.ranking->models[w.ranking->n_acceptable].acceptable)
        w.ranking->n_acceptable++;
    *ranking = w.ranking;
    w.ranking = NULL;
cleanup:
    est_i_ranking_free(w.ranking);
    est_i_fit_space_free(w.space);
    return status;
}

void est_i_ranking_free(est_i_ranking *ranking)
{
    if (ranking)
        free(ranking->models);
    free(ranking);
}
