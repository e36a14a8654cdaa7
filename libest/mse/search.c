/* Branch and bound over hierarchical models. A node is (in, undecided): its largest model U = in + undecided has been fitted, and
 * every model below it holds all of `in`. Taking a term in costs no fit; leaving it out costs one warm fit of U without the term
 * and all that contain it, stopped as soon as the certificate proves that nothing below can win. */
#include "mse/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/joint.h"
#include "mse/packing.h"
#include "mse/verdict.h"

#define TIE 1e-8
#define LEVELS 66
#define LONG_FIT 128 /* cells of all blocks from which the monitor is asked within a fit, and not only after it */
#define LOCAL_MAX (EST_I_FAMILY_TERMS_MAX + 21)

struct est_i_search_space {
    size_t lanes, n_lists, n_blocks, most;
    est_i_fit_space *fit;
    est_i_packing *packing;
    est_i_fit_data *single;       /* one lane, for confirmations */
    est_i_fit_space *single_fit;
    double *warm[LEVELS];         /* parameters of each node on the path */
    double *start;                /* a child's start */
    size_t nodes;
};

typedef struct term_list {
    size_t n_local, n_shared;
    uint32_t local[LOCAL_MAX], shared[EST_I_ACTIVITY_MAX + EST_I_FAMILY_TERMS_MAX];
} term_list;

/* Models kept while a pool is filled: sorted and cut back whenever the room is used up. */
typedef struct pool_work {
    est_i_pool *pool;
    size_t top, room;
    double window, limit; /* criteria above the limit can be neither among the best `top` nor within the window */
    double best;
} pool_work;

typedef struct search {
    const est_i_fit_data *data;
    const est_i_search_rules *rules;
    const est_i_cost *cost;
    est_i_search_space *space;
    est_i_choice *best;
    pool_work *work;              /* NULL: only the best is wanted */
    double *log_unseen;
    bool *required;               /* [block][lane]: the model without dependence determines the unseen count */
    est_i_monitor *monitor;
    est_error *error;
    est_status status;
} search;

typedef struct node {
    est_i_set all, in;
    bool active[EST_I_LANES_MOST];
    bool warm_ok[EST_I_LANES_MOST]; /* the lane's fit is interior: fit to start from */
    double reach[EST_I_LANES_MOST]; /* sup log likelihood of `all` */
    size_t level;
} node;

est_i_cost est_i_cost_make(int select, double n)
{
    est_i_cost cost = {.each = select == EST_SELECT_AIC || select == EST_SELECT_AICC ? 2 : log(fmax(1, n))};
    cost.n_aicc = select == EST_SELECT_AICC ? n : 0;
    return cost;
}

/* AICc = AIC + 2 p (p + 1) / (n - p - 1), Hurvich and Tsai (1989). */
double est_i_cost_of(const est_i_cost *cost, size_t n_parameters)
{
    double p = (double)n_parameters, value = cost->each * p, room = cost->n_aicc - p - 1;
    if (cost->n_aicc > 0)
        value = room > 0 ? value + 2 * p * (p + 1) / room : INFINITY;
    return value;
}

est_i_search_space *est_i_search_space_new(size_t lanes, size_t n_lists, size_t n_blocks, size_t n_terms, const est_i_activity *activity)
{
    est_i_search_space *space = calloc(1, sizeof *space);
    size_t local, shared;
    est_i_model_room(activity, n_lists, n_blocks, n_terms, &local, &shared);
    if (!space)
        return NULL;
    *space = (est_i_search_space){.lanes = lanes, .n_lists = n_lists, .n_blocks = n_blocks, .most = local * n_blocks + shared};
    space->fit = est_i_fit_space_new(lanes, n_lists, n_blocks, local, shared);
    space->packing = est_i_packing_new(n_lists, n_blocks, local, shared);
    space->single = est_i_fit_data_new(1, n_lists, n_blocks);
    space->single_fit = est_i_fit_space_new(1, n_lists, n_blocks, local, shared);
    space->start = calloc(space->most * lanes, sizeof *space->start);
    bool whole = space->fit && space->packing && space->single && space->single_fit && space->start;
    for (size_t i = 0; whole && i < LEVELS; i++) {
        space->warm[i] = calloc(space->most * lanes, sizeof **space->warm);
        whole = space->warm[i] != NULL;
    }
    if (!whole) {
        est_i_search_space_free(space);
        space = NULL;
    }
    return space;
}

void est_i_search_space_free(est_i_search_space *space)
{
    if (!space)
        return;
    est_i_fit_space_free(space->fit);
    est_i_packing_free(space->packing);
    est_i_fit_data_free(space->single);
    est_i_fit_space_free(space->single_fit);
    free(space->start);
    for (size_t i = 0; i < LEVELS; i++)
        free(space->warm[i]);
    free(space);
}

void est_i_search_counts(const est_i_search_space *space, size_t *fits, size_t *nodes)
{
    *fits = space->fit->fits;
    *nodes = space->nodes;
}

static est_i_monitor *within_fits(const est_i_fit_data *data, est_i_monitor *monitor)
{
    return data->n_blocks * data->n_cells >= LONG_FIT ? monitor : NULL;
}

/* Asked after every fit: one that was stopped has failed, and says nothing about its model. */
static bool is_stopped(search *s)
{
    if (s->status == EST_OK && est_i_monitor_cancelled(s->monitor))
        s->status = est_i_cancelled(s->error);
    return s->status != EST_OK;
}

static est_i_terms list_terms(const est_i_search_rules *rules, est_i_set set, size_t n_blocks, term_list *list)
{
    uint32_t dependence[EST_I_FAMILY_TERMS_MAX];
    size_t count = est_i_family_terms(&rules->family, set, dependence);
    est_i_terms terms = est_i_model_terms(rules->activity, rules->family.n_lists, n_blocks, dependence, count, list->local,
                                          list->shared);
    list->n_local = terms.n_local;
    list->n_shared = terms.n_shared;
    return terms;
}

/* The parameters of `from` that `to` (a part of it) keeps. */
static void copy_start(const term_list *from, const term_list *to, size_t n_blocks, size_t lanes, const double *source,
                       double *target)
{
    for (size_t k = 0; k < n_blocks; k++)
        for (size_t i = 0, j = 0; j < to->n_local; j++, i++) {
            while (from->local[i] != to->local[j])
                i++;
            memcpy(target + (k * to->n_local + j) * lanes, source + (k * from->n_local + i) * lanes, lanes * sizeof *target);
        }
    source += n_blocks * from->n_local * lanes;
    target += n_blocks * to->n_local * lanes;
    for (size_t i = 0, j = 0; j < to->n_shared; j++, i++) {
        while (from->shared[i] != to->shared[j])
            i++;
        memcpy(target + j * lanes, source + i * lanes, lanes * sizeof *target);
    }
}

static double cost_of(const search *s, size_t lane, est_i_set set)
{
    return est_i_cost_of(&s->cost[lane], s->rules->base + est_i_family_size(&s->rules->family, set));
}

static double criterion_of(const search *s, size_t lane, est_i_set set, double loglik)
{
    return cost_of(s, lane, set) - 2 * loglik;
}

/* Nothing above it is wanted; +Inf until a model is found, or the pool is full. */
static double limit_of(const search *s, size_t lane)
{
    double limit = s->best[lane].found ? s->best[lane].criterion : INFINITY;
    return s->work ? s->work->limit : limit;
}

/* Would the model be wanted? Of two with the same criterion the one with fewer parameters, then the lower set. */
static bool is_wanted(const search *s, size_t lane, est_i_set set, double loglik)
{
    const est_i_choice *best = &s->best[lane];
    const est_i_family *family = &s->rules->family;
    double criterion = criterion_of(s, lane, set, loglik);
    if (!(criterion < INFINITY) || !(s->work || !best->found || criterion <= best->criterion + TIE))
        return false;
    if (s->work)
        return criterion <= s->work->limit + TIE;
    bool better = !best->found || criterion < best->criterion - TIE;
    if (!better && set != best->set) {
        size_t size = est_i_family_size(family, set), held = est_i_family_size(family, best->set);
        better = size < held || (size == held && set < best->set);
    }
    return better;
}

static int by_criterion(const void *left, const void *right)
{
    const est_i_pooled *a = left, *b = right;
    int order = fabs(a->criterion - b->criterion) > TIE ? (a->criterion > b->criterion ? 1 : -1) : 0;
    if (!order)
        order = (a->n_parameters > b->n_parameters) - (a->n_parameters < b->n_parameters);
    return order ? order : (a->set > b->set) - (a->set < b->set);
}

/* Sorts the models, drops what the limit now excludes, and draws the limit in. */
static est_status cut_pool(pool_work *w, est_error *error)
{
    est_i_pool *pool = w->pool;
    size_t n = pool->n_models, blocks = pool->n_blocks, kept = 0;
    double *sorted = calloc(n * blocks + 1, sizeof *sorted);
    est_i_pooled *order = malloc((n + 1) * sizeof *order);
    if (!sorted || !order) {
        free(sorted);
        free(order);
        return est_i_no_memory(error);
    }
    memcpy(order, pool->models, n * sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i].place = i;
    qsort(order, n, sizeof *order, by_criterion);
    double within = n ? order[0].criterion + w->window : INFINITY;
    while (kept < n && kept < EST_I_POOL_MAX && (kept < w->top || order[kept].criterion <= within + TIE))
        kept++;
    pool->is_cut = pool->is_cut || (kept == EST_I_POOL_MAX && n > kept);
    w->limit = kept >= w->top && kept > 0 ? fmax(order[kept - 1].criterion, pool->is_cut ? -INFINITY : within) : INFINITY;
    for (size_t i = 0; i < kept; i++)
        memcpy(sorted + i * blocks, pool->log_unseen + order[i].place * blocks, blocks * sizeof *sorted);
    memcpy(pool->models, order, kept * sizeof *order);
    memcpy(pool->log_unseen, sorted, kept * blocks * sizeof *sorted);
    pool->n_models = kept;
    free(sorted);
    free(order);
    return EST_OK;
}

static est_status make_room(pool_work *w, est_error *error)
{
    est_i_pool *pool = w->pool;
    if (pool->n_models < w->room)
        return EST_OK;
    est_status status = pool->n_models ? cut_pool(w, error) : EST_OK;
    if (status != EST_OK || 2 * pool->n_models < w->room)
        return status;
    size_t room = w->room ? 2 * w->room : 1024;
    est_i_pooled *models = realloc(pool->models, room * sizeof *models);
    if (models)
        pool->models = models;
    double *log_unseen = models ? realloc(pool->log_unseen, room * pool->n_blocks * sizeof *log_unseen) : NULL;
    if (!log_unseen)
        return est_i_no_memory(error);
    pool->log_unseen = log_unseen;
    w->room = room;
    return EST_OK;
}

/* A model that has been fitted, and is believed. */
typedef struct found_fit {
    est_i_set set;
    double loglik;
    const double *beta; /* coefficients of one lane: every `stride`-th */
    size_t stride, n_local;
    const bool *estimable; /* NULL: all */
    bool boundary;
} found_fit;

static double log_unseen_of(const found_fit *fit, size_t block)
{
    return !fit->estimable || fit->estimable[block] ? fit->beta[block * fit->n_local * fit->stride] : NAN;
}

static void pool_fit(search *s, const found_fit *fit)
{
    pool_work *w = s->work;
    s->status = make_room(w, s->error);
    if (s->status != EST_OK)
        return;
    est_i_pool *pool = w->pool;
    est_i_pooled *model = &pool->models[pool->n_models];
    *model = (est_i_pooled){.set = fit->set, .loglik = fit->loglik, .boundary = fit->boundary,
                            .n_parameters = s->rules->base + est_i_family_size(&s->rules->family, fit->set),
                            .criterion = criterion_of(s, 0, fit->set, fit->loglik)};
    for (size_t k = 0; k < pool->n_blocks; k++)
        pool->log_unseen[pool->n_models * pool->n_blocks + k] = log_unseen_of(fit, k);
    pool->n_models++;
    w->best = fmin(w->best, model->criterion);
    if (w->top <= 1)
        w->limit = fmin(w->limit, w->best + w->window);
}

static void take_choice(search *s, size_t lane, const found_fit *fit)
{
    if (s->work) {
        pool_fit(s, fit);
        return;
    }
    s->best[lane] = (est_i_choice){.found = true, .set = fit->set, .criterion = criterion_of(s, lane, fit->set, fit->loglik),
                                   .loglik = fit->loglik};
    for (size_t k = 0; k < s->data->n_blocks; k++)
        s->log_unseen[k * s->data->lanes + lane] = log_unseen_of(fit, k);
}

/* Judged block by block, and only on those that the model without dependence determines: a tiny period must not rule the others.
 * A model with dependent columns leaves some intercept undetermined, so nothing more need be asked. */
static bool is_acceptable(const search *s, size_t lane, const est_i_verdict *verdict)
{
    bool good = true, any = false;
    for (size_t k = 0; good && k < verdict->n_blocks; k++) {
        bool stands = verdict->estimable[k] && (!verdict->reduced[k] || s->rules->accept_boundary);
        good = stands || !s->required[k * s->data->lanes + lane];
        any = any || stands;
    }
    return good && any;
}

/* On the boundary in a block that is asked for. */
static bool is_reduced(const search *s, size_t lane, const est_i_verdict *verdict)
{
    bool reduced = false;
    for (size_t k = 0; k < verdict->n_blocks; k++)
        reduced = reduced || (verdict->reduced[k] && s->required[k * s->data->lanes + lane]);
    return reduced;
}

/* Does it stand aside only for being on the boundary? */
static bool is_estimable(const search *s, const est_i_verdict *verdict)
{
    bool good = true, any = false;
    for (size_t k = 0; good && k < verdict->n_blocks; k++) {
        good = verdict->estimable[k] || !s->required[k * s->data->lanes];
        any = any || verdict->estimable[k];
    }
    return good && any;
}

/* A model that takes no part leaves its weight, and the best boundary fit its number: every model better than the best that takes
 * part is met on the way. Pools have one lane. `verdict` NULL: it could not be judged. */
static void set_aside(search *s, est_i_set set, const est_i_terms *terms, const est_i_verdict *verdict)
{
    est_i_pool *pool = s->work->pool;
    est_i_search_space *space = s->space;
    double criterion = criterion_of(s, 0, set, space->fit->loglik[0]), best = s->best[0].found ? s->best[0].criterion : INFINITY;
    if (space->fit->state[0] == EST_I_FIT_FAILED || !(criterion < INFINITY))
        return;
    if (criterion <= best + s->work->window)
        pool->excluded_weight += exp((best - criterion) / 2);
    if (!verdict || !is_estimable(s, verdict) || (pool->has_excluded && !(criterion < pool->excluded_criterion - TIE)))
        return;
    est_i_fit_request request = {.terms = *terms, .keep = verdict->keep, .no_face_jump = true,
                                 .monitor = within_fits(s->data, s->monitor)};
    est_i_fit(space->single, &request, space->single_fit);
    if (is_stopped(s) || space->single_fit->state[0] == EST_I_FIT_FAILED)
        return;
    pool->has_excluded = true;
    pool->excluded_criterion = criterion_of(s, 0, set, space->single_fit->loglik[0]);
    pool->excluded_unseen = 0;
    for (size_t k = 0; k < verdict->n_blocks; k++)
        if (verdict->estimable[k] && s->required[k * s->data->lanes])
            pool->excluded_unseen += exp(space->single_fit->beta[k * terms->n_local]);
}

/* A fit without a certificate would win: judge it exactly, and fit it again on the right face. */
static void confirm(search *s, size_t lane, est_i_set set, const est_i_terms *terms)
{
    est_i_verdict *verdict = NULL;
    est_i_search_space *space = s->space;
    est_i_fit_data_take_lane(s->data, lane, space->single, s->monitor);
    s->status = est_i_verdict_find(space->single, 0, terms, s->monitor, &verdict, s->error);
    if (s->status == EST_EIDENTIFY) {
        s->status = EST_OK; /* too sparse to be judged: such a model does not compete */
        est_error_clear(s->error);
        if (s->work)
            set_aside(s, set, terms, NULL);
    } else if (s->status == EST_OK && is_acceptable(s, lane, verdict)) {
        est_i_fit_request request = {.terms = *terms, .keep = verdict->keep, .no_face_jump = true,
                                     .monitor = within_fits(s->data, s->monitor)};
        est_i_fit(space->single, &request, space->single_fit);
        found_fit fit = {set, space->single_fit->loglik[0], space->single_fit->beta, 1, terms->n_local, verdict->estimable,
                         is_reduced(s, lane, verdict)};
        if (!is_stopped(s) && space->single_fit->state[0] != EST_I_FIT_FAILED && is_wanted(s, lane, set, fit.loglik))
            take_choice(s, lane, &fit);
    } else if (s->status == EST_OK && s->work)
        set_aside(s, set, terms, verdict);
    est_i_verdict_free(verdict);
}

/* The model just fitted is itself a candidate. */
static void consider(search *s, est_i_set set, const est_i_terms *terms)
{
    const est_i_fit_space *fit = s->space->fit;
    if (s->rules->family.model_class >= EST_CLASS_GRAPHICAL && !est_i_family_holds(&s->rules->family, set))
        return;
    for (size_t l = 0; l < s->data->lanes && s->status == EST_OK; l++) {
        est_i_fit_state state = fit->state[l];
        if (state == EST_I_FIT_IDLE || state == EST_I_FIT_DISCARDED)
            continue;
        if (state != EST_I_FIT_FAILED && !is_wanted(s, l, set, fit->loglik[l]))
            continue;
        found_fit found = {set, fit->loglik[l], fit->beta + l, s->data->lanes, terms->n_local, NULL, false};
        if (state == EST_I_FIT_INTERIOR)
            take_choice(s, l, &found);
        else
            confirm(s, l, set, terms);
    }
}

/* Bound of everything below a node that holds `in`. */
static bool can_win(const search *s, const node *at, size_t lane)
{
    double bound = criterion_of(s, lane, at->in, at->reach[lane]);
    return at->active[lane] && bound <= limit_of(s, lane) + TIE;
}

static bool refresh(const search *s, node *at)
{
    bool any = false;
    for (size_t l = 0; l < s->data->lanes; l++) {
        at->active[l] = can_win(s, at, l);
        any = any || at->active[l];
    }
    return any;
}

/* Lanes whose parent's fit is interior start from it, the others cold: two passes, so that no lane's path depends on its
 * neighbours. */
static void fit_child(search *s, const node *parent, node *child, const est_i_terms *terms, const term_list *own)
{
    est_i_search_space *space = s->space;
    double need[EST_I_LANES_MOST];
    bool warm[EST_I_LANES_MOST], cold[EST_I_LANES_MOST], any_warm = false, any_cold = false;
    term_list from;
    for (size_t l = 0; l < s->data->lanes; l++) {
        warm[l] = parent->active[l] && parent->warm_ok[l];
        cold[l] = parent->active[l] && !parent->warm_ok[l];
        any_warm = any_warm || warm[l];
        any_cold = any_cold || cold[l];
        double limit = limit_of(s, l), room = cost_of(s, l, child->in) - limit - TIE;
        need[l] = limit < INFINITY ? room / 2 : -INFINITY;
        child->active[l] = false;
    }
    size_t n_parameters = s->data->n_blocks * terms->n_local + terms->n_shared;
    list_terms(s->rules, parent->all, s->data->n_blocks, &from);
    for (int pass = 0; pass < 2 && s->status == EST_OK; pass++) {
        if (!(pass == 0 ? any_warm : any_cold))
            continue;
        est_i_fit_request request = {.terms = *terms, .wanted = pass == 0 ? warm : cold, .need = need,
                                     .monitor = within_fits(s->data, s->monitor)};
        if (pass == 0) {
            copy_start(&from, own, s->data->n_blocks, s->data->lanes, space->warm[parent->level], space->start);
            request.warm = space->start;
        }
        est_i_packing_fit(space->packing, s->data, &request, space->fit);
        if (is_stopped(s))
            return;
        for (size_t l = 0; l < s->data->lanes; l++) {
            est_i_fit_state state = space->fit->state[l];
            if (state == EST_I_FIT_IDLE)
                continue;
            child->active[l] = state != EST_I_FIT_DISCARDED;
            child->warm_ok[l] = state == EST_I_FIT_INTERIOR;
            child->reach[l] = state == EST_I_FIT_FAILED ? parent->reach[l] : space->fit->loglik[l];
            for (size_t i = 0; i < n_parameters && child->warm_ok[l]; i++)
                space->warm[child->level][i * s->data->lanes + l] = space->fit->beta[i * s->data->lanes + l];
        }
        consider(s, child->all, terms);
    }
}

static void explore(search *s, node *at)
{
    const est_i_family *family = &s->rules->family;
    est_i_set undecided = at->all & ~at->in;
    s->space->nodes++;
    for (size_t i = 0; i < s->rules->n_order && undecided && s->status == EST_OK; i++) {
        size_t item = s->rules->order[i];
        if (!(undecided >> item & 1))
            continue;
        if (!refresh(s, at))
            return;
        node child = {.all = at->all & ~family->above[item], .in = at->in, .level = at->level + 1};
        term_list own;
        est_i_terms terms = list_terms(s->rules, child.all, s->data->n_blocks, &own);
        fit_child(s, at, &child, &terms, &own);
        if (s->status == EST_OK && refresh(s, &child))
            explore(s, &child);
        at->in |= family->below[item];
        undecided &= ~at->in;
    }
}

/* Fits one set from cold in the given lanes and considers it; the root and the seeds. */
static void fit_cold(search *s, est_i_set set, const bool *wanted)
{
    term_list own;
    est_i_terms terms = list_terms(s->rules, set, s->data->n_blocks, &own);
    est_i_fit_request request = {.terms = terms, .wanted = wanted, .monitor = within_fits(s->data, s->monitor)};
    est_i_packing_fit(s->space->packing, s->data, &request, s->space->fit);
    if (!is_stopped(s))
        consider(s, set, &terms);
}

/* Which blocks the model without dependence determines, lane by lane. */
static void find_required(search *s, const bool *wanted)
{
    term_list own;
    est_i_terms terms = list_terms(s->rules, 0, s->data->n_blocks, &own);
    est_i_fit_request request = {.terms = terms, .wanted = wanted, .monitor = within_fits(s->data, s->monitor)};
    size_t lanes = s->data->lanes;
    est_i_packing_fit(s->space->packing, s->data, &request, s->space->fit);
    for (size_t l = 0; !is_stopped(s) && l < lanes; l++) {
        est_i_verdict *verdict = NULL;
        est_i_fit_state state = s->space->fit->state[l];
        if (state != EST_I_FIT_INTERIOR && state != EST_I_FIT_IDLE)
            s->status = est_i_verdict_find(s->data, l, &terms, s->monitor, &verdict, s->error);
        for (size_t k = 0; k < s->data->n_blocks; k++)
            s->required[k * lanes + l] = !verdict || verdict->estimable[k];
        est_i_verdict_free(verdict);
    }
}

static void start_root(search *s, const bool *wanted, node *root)
{
    size_t lanes = s->data->lanes;
    fit_cold(s, root->all, wanted);
    for (size_t l = 0; l < lanes; l++) {
        est_i_fit_state state = s->space->fit->state[l];
        root->active[l] = state != EST_I_FIT_IDLE;
        root->warm_ok[l] = state == EST_I_FIT_INTERIOR;
        root->reach[l] = state == EST_I_FIT_FAILED ? INFINITY : s->space->fit->loglik[l];
        for (size_t i = 0; i < s->space->most && root->warm_ok[l]; i++)
            s->space->warm[0][i * lanes + l] = s->space->fit->beta[i * lanes + l];
    }
}

static est_status run_search(search *s, const bool *wanted, const est_i_set *seeds, size_t n_seeds)
{
    const est_i_fit_data *data = s->data;
    node root = {.all = s->rules->family.all};
    est_i_packing_forget(s->space->packing);
    s->required = calloc(data->n_blocks * data->lanes, sizeof *s->required);
    if (!s->required)
        return est_i_no_memory(s->error);
    find_required(s, wanted);
    for (size_t i = 0; i < n_seeds && s->status == EST_OK; i++)
        fit_cold(s, seeds[i] & s->rules->family.all, wanted);
    if (s->status == EST_OK && !s->rules->seeds_only) {
        start_root(s, wanted, &root);
        if (s->status == EST_OK && refresh(s, &root))
            explore(s, &root);
    }
    free(s->required);
    return s->status;
}

est_status est_i_search(const est_i_fit_data *data, const est_i_search_rules *rules, const est_i_cost *cost, const bool *wanted,
                        const est_i_set *seeds, size_t n_seeds, est_i_search_space *space, est_i_choice *choices,
                        double *log_unseen, est_i_monitor *monitor, est_error *error)
{
    search s = {.data = data, .rules = rules, .cost = cost, .space = space, .best = choices, .log_unseen = log_unseen,
                .monitor = monitor, .error = error, .status = EST_OK};
    for (size_t l = 0; l < data->lanes; l++)
        choices[l] = (est_i_choice){0};
    for (size_t i = 0; i < data->n_blocks * data->lanes; i++)
        log_unseen[i] = NAN;
    return run_search(&s, wanted, seeds, n_seeds);
}

/* One pass: the models up to `limit`, or the `top` best and those within the window. */
static est_status fill_pool(search *s, pool_work *work, est_i_pool **pool)
{
    *pool = work->pool = calloc(1, sizeof **pool);
    if (!*pool)
        return est_i_no_memory(s->error);
    work->pool->n_blocks = s->data->n_blocks;
    s->work = work;
    est_status status = run_search(s, NULL, NULL, 0);
    if (status == EST_OK && work->pool->n_models)
        status = cut_pool(work, s->error);
    if (status != EST_OK) {
        est_i_pool_free(*pool);
        *pool = NULL;
    }
    return status;
}

/* The best model first: it prunes the pass that collects. Where fewer than `top` models lie within the window a second pass has to
 * find the limit as it goes. */
est_status est_i_search_pool(const est_i_fit_data *data, const est_i_search_rules *rules, const est_i_cost *cost, size_t top,
                             double window, est_i_search_space *space, est_i_pool **pool, est_i_monitor *monitor,
                             est_error *error)
{
    est_i_choice best = {0};
    double *log_unseen = calloc(data->n_blocks, sizeof *log_unseen);
    *pool = NULL;
    if (!log_unseen)
        return est_i_no_memory(error);
    est_status status = est_i_search(data, rules, cost, NULL, NULL, 0, space, &best, log_unseen, monitor, error);
    free(log_unseen);
    search s = {.data = data, .rules = rules, .cost = cost, .space = space, .best = &best, .monitor = monitor, .error = error};
    for (size_t wanted = 1; status == EST_OK; wanted = top) {
        pool_work work = {.top = wanted, .window = window, .best = best.criterion,
                          .limit = wanted == 1 && best.found ? best.criterion + window : INFINITY};
        est_i_pool_free(*pool);
        s.status = EST_OK;
        status = fill_pool(&s, &work, pool);
        if (status != EST_OK || wanted >= top || (*pool)->n_models >= top || !best.found)
            break;
    }
    return status;
}

size_t est_i_pool_near_tied(const est_i_pool *pool)
{
    size_t count = 0;
    while (count < pool->n_models && pool->models[count].criterion <= pool->models[0].criterion + EST_I_NEAR_TIED)
        count++;
    return count;
}

void est_i_pool_free(est_i_pool *pool)
{
    if (!pool)
        return;
    free(pool->models);
    free(pool->log_unseen);
    free(pool);
}

typedef struct ranked_term {
    size_t item;
    double loss;
} ranked_term;

static int by_loss(const void *left, const void *right)
{
    const ranked_term *a = left, *b = right;
    int order = (a->loss < b->loss) - (a->loss > b->loss);
    return order ? order : (a->item > b->item) - (a->item < b->item);
}

void est_i_search_order(const est_i_fit_data *data, est_i_search_rules *rules, est_i_search_space *space, est_i_monitor *monitor)
{
    ranked_term ranked[64];
    term_list own;
    size_t count = 0;
    const est_i_family *family = &rules->family;
    bool first[EST_I_LANES_MOST] = {true};
    for (size_t size = 2; size < EST_I_FAMILY_SIZES; size++)
        for (est_i_set left = family->of_size[size]; left && !est_i_monitor_cancelled(monitor); left &= left - 1) {
            size_t item = (size_t)__builtin_ctzll(left);
            est_i_set rest = family->all & ~family->above[item];
            est_i_fit_request request = {.terms = list_terms(rules, rest, data->n_blocks, &own), .wanted = first,
                                         .monitor = within_fits(data, monitor)};
            est_i_fit(data, &request, space->fit);
            ranked[count++] = (ranked_term){item, -space->fit->loglik[0]};
        }
    if (count > 1)
        qsort(ranked, count, sizeof *ranked, by_loss);
    for (size_t i = 0; i < count; i++)
        rules->order[i] = ranked[i].item;
    rules->n_order = count;
}
