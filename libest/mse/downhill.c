/* The local search. It has no limit on its moves (MultipleSystemsEstimation 1.2.0 stops after 20), and needs none: each
 * lowers the criterion, and no model is fitted twice. */
#include "mse/downhill.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/joint.h"
#include "mse/trial.h"

#define TIE 1e-8

/* The best model met so far, and at the end of a round the best neighbour. */
typedef struct leader {
    bool found;
    double criterion;
    size_t n_terms;
    uint32_t term;     /* by which it differs from the current model */
} leader;

typedef struct descent {
    est_i_trial *trial;
    double price;
    size_t base;                /* parameters of the model without dependence */
    uint32_t *changes;          /* terms whose change makes a neighbour */
    bool *is_visited;           /* of these, the ones that lead to a model fitted before */
    uint32_t *moves;            /* terms changed so far */
    uint32_t *apart;            /* terms by which the current model differs from an earlier one */
    size_t n_moves, room;
    leader best;
    bool has_moved;             /* in this round */
    size_t n_fitted;
} descent;

static double cost_of(const descent *d, size_t n_terms)
{
    return d->price * (double)(d->base + n_terms);
}

static bool improves(const descent *d, double criterion, size_t n_terms, uint32_t term)
{
    const leader *best = &d->best;
    bool better = !best->found || criterion < best->criterion - TIE;
    if (!better && criterion <= best->criterion + TIE)
        better = n_terms < best->n_terms || (n_terms == best->n_terms && d->has_moved && term < best->term);
    return better;
}

/* A neighbour has been fitted before if it is an earlier model, or a neighbour of one: then it differs from it by one term
 * at most. So where, back along the way, the current model is two terms apart from an earlier one or nearer, changing either
 * leads to such a neighbour. */
static void mark_visited(descent *d, bool visited)
{
    size_t n_apart = 0;
    for (size_t i = d->n_moves; i-- > 0;) {
        size_t at = 0;
        while (at < n_apart && d->apart[at] != d->moves[i])
            at++;
        if (at < n_apart)
            d->apart[at] = d->apart[--n_apart];
        else
            d->apart[n_apart++] = d->moves[i];
        for (size_t j = 0; n_apart <= 2 && j < n_apart; j++)
            d->is_visited[d->apart[j]] = visited;
    }
}

static size_t list_changes(const descent *d)
{
    const est_i_trial_model *current = &d->trial->current;
    size_t count = est_i_trial_entrants(d->trial, d->changes);
    for (size_t i = 0; i < current->n_terms; i++)
        if (est_i_trial_is_generator(d->trial, current->terms[i]))
            d->changes[count++] = current->terms[i];
    return count;
}

static est_status try_change(descent *d, uint32_t term, est_error *error)
{
    est_i_trial *t = d->trial;
    size_t n_terms = t->is_in[term] ? t->current.n_terms - 1 : t->current.n_terms + 1;
    double need = d->best.found ? (cost_of(d, n_terms) - d->best.criterion - TIE) / 2 : -INFINITY;
    est_status status = est_i_trial_change(t, term, need, error);
    d->n_fitted++;
    if (status != EST_OK || !t->tried.has_estimate)
        return status;
    double criterion = cost_of(d, n_terms) - 2 * t->tried.loglik;
    if (improves(d, criterion, n_terms, term)) {
        d->best = (leader){true, criterion, n_terms, term};
        d->has_moved = true;
        est_i_trial_hold(t);
    }
    return status;
}

static est_status remember_move(descent *d, est_error *error)
{
    if (d->n_moves == d->room) {
        size_t room = d->room ? 2 * d->room : 64;
        uint32_t *moves = realloc(d->moves, room * sizeof *moves);
        if (moves)
            d->moves = moves;
        uint32_t *apart = moves ? realloc(d->apart, room * sizeof *apart) : NULL;
        if (!apart)
            return est_i_no_memory(error);
        d->apart = apart;
        d->room = room;
    }
    d->moves[d->n_moves++] = d->best.term;
    return EST_OK;
}

/* To the best neighbour, if one is better than what there is. */
static est_status move_down(descent *d, est_error *error)
{
    est_status status = EST_OK;
    size_t count = list_changes(d);
    d->has_moved = false;
    mark_visited(d, true);
    for (size_t i = 0; i < count && status == EST_OK; i++)
        if (!d->is_visited[d->changes[i]]) {
            est_i_trial_progress(d->trial, d->n_moves, (double)i / (double)count);
            status = try_change(d, d->changes[i], error);
        }
    mark_visited(d, false);
    if (status == EST_OK && d->has_moved) {
        est_i_trial_hold(d->trial);
        est_i_trial_move(d->trial);
        status = remember_move(d, error);
    }
    return status;
}

static est_status start(descent *d, est_error *error)
{
    const est_i_trial *t = d->trial;
    est_i_terms main = {.n_local = t->n_main, .local = t->current.local};
    d->base = est_i_count_parameters(t->data, &main);
    d->n_fitted = 1;
    if (t->current.has_estimate)
        d->best = (leader){true, cost_of(d, 0) - 2 * t->current.loglik, 0, 0};
    d->changes = calloc(t->n_shown + t->most + 1, sizeof *d->changes);
    d->is_visited = calloc(t->data->n_cells, sizeof *d->is_visited);
    return d->changes && d->is_visited ? EST_OK : est_i_no_memory(error);
}

est_status est_i_downhill_select(const est_i_fit_data *data, double price, unsigned max_order, bool accept_boundary,
                                 est_i_monitor *monitor, est_i_model *model, bool *found, size_t *n_fitted, est_error *error)
{
    descent d = {.price = price, .has_moved = true};
    *model = (est_i_model){0, NULL};
    *found = false;
    *n_fitted = 0;
    est_status status = est_i_trial_new(data, max_order, accept_boundary, monitor, &d.trial, error);
    if (status == EST_OK)
        status = start(&d, error);
    while (status == EST_OK && d.has_moved)
        status = move_down(&d, error);
    if (status == EST_OK)
        status = est_i_trial_model_of(d.trial, model, error);
    *found = status == EST_OK && d.best.found;
    *n_fitted = d.n_fitted;
    free(d.changes);
    free(d.moves);
    free(d.apart);
    free(d.is_visited);
    est_i_trial_free(d.trial);
    return status;
}
