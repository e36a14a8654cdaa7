/* One model after the other: a warm fit from the last one, and the exact verdict where the certificate is missing. */
#include "mse/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/joint.h"
#include "mse/verdict.h"

/* With more lists than this a fit costs more than the verdict, so that the verdict comes first. */
#define FIT_FIRST_LISTS_MAX 10

static size_t main_parameters(const est_i_trial *t)
{
    return t->data->n_blocks * t->n_main;
}

static est_i_terms terms_of(const est_i_trial *t, const est_i_trial_model *model)
{
    bool shares = t->data->n_blocks > 1;
    return (est_i_terms){.n_local = t->n_main + (shares ? 0 : model->n_terms), .local = model->local,
                         .n_shared = shares ? model->n_terms : 0, .shared = model->terms};
}

static void read_fit(est_i_trial *t)
{
    est_i_trial_model *model = &t->tried;
    model->has_estimate = true;
    model->is_interior = t->space->state[0] == EST_I_FIT_INTERIOR;
    model->loglik = t->space->loglik[0];
    memcpy(model->beta, t->space->beta, (main_parameters(t) + model->n_terms) * sizeof *model->beta);
    memcpy(model->keep, t->space->keep, t->data->n_blocks * t->data->n_cells * sizeof *model->keep);
}

/* As in the exact search: block by block, and only on blocks that the model without dependence determines; a tiny period must not
 * rule the others. A model with dependent columns leaves some intercept undetermined. */
static bool has_estimate(const est_i_trial *t, const est_i_verdict *verdict)
{
    bool good = true, any = false;
    for (size_t k = 0; good && k < verdict->n_blocks; k++) {
        bool stands = verdict->estimable[k] && (!verdict->reduced[k] || t->accept_boundary);
        good = stands || !t->required[k];
        any = any || stands;
    }
    return good && any;
}

static est_status fit_on_face(est_i_trial *t, const est_i_verdict *verdict, const double *warm, double need, est_error *error)
{
    bool exists = verdict->exists && verdict->identified;
    est_i_fit_request request = {.terms = terms_of(t, &t->tried), .keep = verdict->keep, .no_face_jump = true,
                                 .monitor = t->monitor, .warm = exists ? warm : NULL, .need = &need};
    est_i_fit(t->data, &request, t->space);
    if (t->space->state[0] == EST_I_FIT_FAILED && request.warm && !est_i_monitor_cancelled(t->monitor)) {
        request.warm = NULL;
        est_i_fit(t->data, &request, t->space);
    }
    if (est_i_monitor_cancelled(t->monitor))
        return est_i_cancelled(error);
    if (t->space->state[0] == EST_I_FIT_FAILED)
        return est_i_fail(error, EST_EINTERNAL, "a log-linear model did not converge in %d iterations", t->space->iterations[0]);
    t->tried.is_discarded = t->space->state[0] == EST_I_FIT_DISCARDED;
    if (!t->tried.is_discarded)
        read_fit(t);
    return EST_OK;
}

static est_status judge_and_fit(est_i_trial *t, const double *warm, double need, est_error *error)
{
    est_i_terms terms = terms_of(t, &t->tried);
    est_i_verdict *verdict = NULL;
    est_status status = est_i_verdict_find(t->data, 0, &terms, t->monitor, &verdict, error);
    if (status == EST_EIDENTIFY) {
        status = EST_OK; /* too sparse to be judged: such a model does not compete */
        est_error_clear(error);
        goto cleanup;
    }
    if (status != EST_OK)
        goto cleanup;
    if (t->tried.n_terms == 0)
        memcpy(t->required, verdict->estimable, t->data->n_blocks * sizeof *t->required);
    if (has_estimate(t, verdict))
        status = fit_on_face(t, verdict, warm, need, error);
cleanup:
    est_i_verdict_free(verdict);
    return status;
}

static est_status fit_tried(est_i_trial *t, const double *warm, double need, est_error *error)
{
    est_i_trial_model *model = &t->tried;
    model->has_estimate = model->is_interior = model->is_discarded = false;
    if (t->data->n_lists > FIT_FIRST_LISTS_MAX)
        return judge_and_fit(t, warm, need, error);
    est_i_fit_request request = {.terms = terms_of(t, model), .monitor = t->monitor, .warm = warm, .need = &need};
    est_i_fit(t->data, &request, t->space);
    if (est_i_monitor_cancelled(t->monitor))
        return est_i_cancelled(error);
    est_status status = EST_OK;
    if (t->space->state[0] == EST_I_FIT_INTERIOR)
        read_fit(t);
    else if (t->space->state[0] == EST_I_FIT_DISCARDED)
        model->is_discarded = true;
    else
        status = judge_and_fit(t, NULL, need, error);
    return status;
}

static bool make_model(const est_i_trial *t, est_i_trial_model *model)
{
    model->local = calloc(t->n_main + t->most, sizeof *model->local);
    model->beta = calloc(main_parameters(t) + t->most, sizeof *model->beta);
    model->keep = calloc(t->data->n_blocks * t->data->n_cells, sizeof *model->keep);
    if (!model->local || !model->beta || !model->keep)
        return false;
    model->terms = model->local + est_i_main_terms(t->data->n_lists, model->local);
    return true;
}

static void free_model(est_i_trial_model *model)
{
    free(model->local);
    free(model->beta);
    free(model->keep);
}

/* A term is shown by every observed cell that contains it. */
static void find_shown(est_i_trial *t)
{
    size_t n = t->data->n_cells;
    for (size_t i = 0; i < t->data->n_blocks * n; i++)
        t->is_shown[i % n] |= t->data->keep[i] > 0;
    for (size_t bit = 1; bit < n && !est_i_monitor_cancelled(t->monitor); bit <<= 1)
        for (size_t w = 0; w < n; w++)
            if (!(w & bit))
                t->is_shown[w] |= t->is_shown[w | bit];
    for (size_t w = 0; w < n; w++) {
        unsigned size = (unsigned)__builtin_popcountll(w);
        t->is_shown[w] = t->is_shown[w] && size >= 2 && size <= t->max_order;
        t->n_shown += t->is_shown[w];
    }
}

static est_status make_room(est_i_trial *t, est_error *error)
{
    const est_i_fit_data *data = t->data;
    bool shares = data->n_blocks > 1;
    t->n_main = data->n_lists + 1;
    t->is_in = calloc(data->n_cells, sizeof *t->is_in);
    t->is_shown = calloc(data->n_cells, sizeof *t->is_shown);
    t->required = calloc(data->n_blocks, sizeof *t->required);
    if (!t->is_in || !t->is_shown || !t->required)
        return est_i_no_memory(error);
    find_shown(t);
    t->most = t->n_shown < EST_I_MODEL_TERMS_MAX ? t->n_shown : EST_I_MODEL_TERMS_MAX;
    t->start = calloc(main_parameters(t) + t->most, sizeof *t->start);
    t->space = est_i_fit_space_new(1, data->n_lists, data->n_blocks, t->n_main + (shares ? 0 : t->most), shares ? t->most : 0);
    bool whole = t->start && t->space && make_model(t, &t->current) && make_model(t, &t->tried) && make_model(t, &t->held);
    return whole ? EST_OK : est_i_no_memory(error);
}

est_status est_i_trial_new(const est_i_fit_data *data, unsigned max_order, bool accept_boundary, est_i_monitor *monitor,
                           est_i_trial **trial, est_error *error)
{
    est_i_trial *t = calloc(1, sizeof *t);
    *trial = NULL;
    if (!t)
        return est_i_no_memory(error);
    *t = (est_i_trial){.data = data, .max_order = max_order, .accept_boundary = accept_boundary, .monitor = monitor};
    est_status status = make_room(t, error);
    if (status == EST_OK) {
        memset(t->required, true, data->n_blocks * sizeof *t->required);
        status = fit_tried(t, NULL, -INFINITY, error);
    }
    if (status == EST_OK) {
        est_i_trial_move(t);
        *trial = t;
        t = NULL;
    }
    est_i_trial_free(t);
    return status;
}

void est_i_trial_free(est_i_trial *t)
{
    if (!t)
        return;
    free_model(&t->current);
    free_model(&t->tried);
    free_model(&t->held);
    est_i_fit_space_free(t->space);
    free(t->start);
    free(t->is_in);
    free(t->is_shown);
    free(t->required);
    free(t);
}

void est_i_trial_progress(const est_i_trial *t, size_t rounds, double part)
{
    est_i_monitor_progress(t->monitor, 1 - pow(0.9, (double)rounds + part));
}

/* Takes the term at `at` out of the model tried, a copy of the current one, and its effect out of the start. */
static void take_out(est_i_trial *t, size_t at)
{
    size_t behind = --t->tried.n_terms - at;
    double *effect = t->start + main_parameters(t) + at;
    memmove(t->tried.terms + at, t->tried.terms + at + 1, behind * sizeof *t->tried.terms);
    memmove(effect, effect + 1, behind * sizeof *effect);
}

est_status est_i_trial_change(est_i_trial *t, uint32_t term, double need, est_error *error)
{
    size_t count = t->current.n_terms;
    t->tried.n_terms = count;
    memcpy(t->tried.terms, t->current.terms, count * sizeof *t->tried.terms);
    memcpy(t->start, t->current.beta, (main_parameters(t) + count) * sizeof *t->start);
    if (t->is_in[term]) {
        size_t at = 0;
        while (t->tried.terms[at] != term)
            at++;
        take_out(t, at);
    } else {
        t->tried.terms[t->tried.n_terms++] = term;
        t->start[main_parameters(t) + count] = 0;
    }
    return fit_tried(t, t->current.is_interior ? t->start : NULL, need, error);
}

est_status est_i_trial_fill(est_i_trial *t, est_error *error)
{
    t->tried.n_terms = 0;
    t->tried.has_estimate = false;
    if (t->n_shown > t->most)
        return EST_OK;
    for (uint32_t term = 0; term < t->data->n_cells; term++)
        if (t->is_shown[term])
            t->tried.terms[t->tried.n_terms++] = term;
    return fit_tried(t, NULL, -INFINITY, error);
}

static void mark_terms(est_i_trial *t, bool in)
{
    for (size_t i = 0; i < t->current.n_terms; i++)
        t->is_in[t->current.terms[i]] = in;
}

void est_i_trial_move(est_i_trial *t)
{
    est_i_trial_model left = t->current;
    mark_terms(t, false);
    t->current = t->tried;
    t->tried = left;
    mark_terms(t, true);
}

void est_i_trial_hold(est_i_trial *t)
{
    est_i_trial_model held = t->held;
    t->held = t->tried;
    t->tried = held;
}

static bool has_parts(const est_i_trial *t, uint32_t term)
{
    bool has = true;
    for (uint32_t rest = term; has && rest; rest &= rest - 1) {
        uint32_t part = term & ~(rest & -rest);
        has = !(part & (part - 1)) || t->is_in[part];
    }
    return has;
}

/* Every term is met once: as what its lists but the last make, and the last list. */
size_t est_i_trial_entrants(const est_i_trial *t, uint32_t *terms)
{
    size_t count = 0;
    if (t->current.n_terms == t->most)
        return 0;
    for (size_t i = 0; i < t->data->n_lists + t->current.n_terms; i++) {
        uint32_t stem = i < t->data->n_lists ? (uint32_t)1 << i : t->current.terms[i - t->data->n_lists];
        for (uint32_t list = 1; list < t->data->n_cells; list <<= 1)
            if (list > stem && t->is_shown[stem | list] && !t->is_in[stem | list] && has_parts(t, stem | list))
                terms[count++] = stem | list;
    }
    return count;
}

bool est_i_trial_is_generator(const est_i_trial *t, uint32_t term)
{
    bool covered = false;
    for (size_t i = 0; i < t->current.n_terms && !covered; i++)
        covered = t->current.terms[i] != term && (t->current.terms[i] & term) == term;
    return !covered;
}

static void predict_block(const est_i_trial *t, size_t block, double *mu)
{
    const est_i_trial_model *model = &t->current;
    size_t n = t->data->n_cells;
    memset(mu, 0, n * sizeof *mu);
    for (size_t i = 0; i < t->n_main; i++)
        mu[model->local[i]] = model->beta[block * t->n_main + i];
    for (size_t i = 0; i < model->n_terms; i++)
        mu[model->terms[i]] = model->beta[main_parameters(t) + i];
    est_i_sum_subsets(mu, n, t->monitor);
    for (size_t w = 0; w < n; w++)
        mu[w] = model->keep[block * n + w] > 0 ? exp(mu[w]) : 0;
}

void est_i_trial_fitted_margins(const est_i_trial *t, double *sums, double *work)
{
    size_t n = t->data->n_cells;
    memset(sums, 0, n * sizeof *sums);
    for (size_t k = 0; k < t->data->n_blocks; k++) {
        predict_block(t, k, work);
        for (size_t w = 0; w < n; w++)
            sums[w] += work[w];
    }
    est_i_sum_supersets(sums, n, t->monitor);
}

static int by_size(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = __builtin_popcount(a) - __builtin_popcount(b);
    return order ? order : (a > b) - (a < b);
}

est_status est_i_trial_model_of(const est_i_trial *t, est_i_model *model, est_error *error)
{
    size_t count = t->current.n_terms;
    *model = (est_i_model){count, calloc(count + 1, sizeof *model->terms)};
    if (!model->terms) {
        *model = (est_i_model){0, NULL};
        return est_i_no_memory(error);
    }
    memcpy(model->terms, t->current.terms, count * sizeof *model->terms);
    if (count > 1)
        qsort(model->terms, count, sizeof *model->terms, by_size);
    return EST_OK;
}
