/* Branch and bound over hierarchical models. A node is (in, undecided): its largest model U = in + undecided has been fitted, and
 * every model below it holds all of `in`. Taking a term in costs no fit; leaving it out costs one warm fit of U without the term
 * and all that contain it, stopped as soon as the certificate proves that nothing below can win. */
#include "mse/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/joint.h"
#include "mse/verdict.h"

#define TIE 1e-8
#define LEVELS 60

struct est_i_search_space {
    size_t lanes, n_lists, n_blocks, most;
    est_i_fit_space *fit;
    est_i_fit_data *single;       /* one lane, for confirmations */
    est_i_fit_space *single_fit;
    double *warm[LEVELS];         /* parameters of each node on the path */
    double *start;                /* a child's start */
    size_t nodes;
};

typedef struct term_list {
    size_t n_local, n_shared;
    uint32_t local[64], shared[64];
} term_list;

typedef struct search {
    const est_i_fit_data *data;
    const est_i_search_rules *rules;
    const double *price;
    est_i_search_space *space;
    est_i_choice *best;
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

est_i_search_space *est_i_search_space_new(size_t lanes, size_t n_lists, size_t n_blocks)
{
    est_i_search_space *space = calloc(1, sizeof *space);
    size_t terms = (size_t)1 << n_lists, local = n_blocks == 1 ? terms : n_lists + 1, shared = n_blocks == 1 ? 0 : terms;
    if (!space)
        return NULL;
    *space = (est_i_search_space){.lanes = lanes, .n_lists = n_lists, .n_blocks = n_blocks, .most = local * n_blocks + shared};
    space->fit = est_i_fit_space_new(lanes, n_lists, n_blocks, local, shared);
    space->single = est_i_fit_data_new(1, n_lists, n_blocks);
    space->single_fit = est_i_fit_space_new(1, n_lists, n_blocks, local, shared);
    space->start = calloc(space->most * lanes, sizeof *space->start);
    bool whole = space->fit && space->single && space->single_fit && space->start;
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

/* One block carries its dependence locally, several share it. */
static est_i_terms list_terms(est_i_set set, size_t n_lists, size_t n_blocks, term_list *list)
{
    list->n_local = est_i_main_terms(n_lists, list->local);
    list->n_shared = 0;
    if (n_blocks == 1)
        list->n_local += est_i_set_terms(set, n_lists, list->local + list->n_local);
    else
        list->n_shared = est_i_set_terms(set, n_lists, list->shared);
    return (est_i_terms){.n_local = list->n_local, .n_shared = list->n_shared, .local = list->local, .shared = list->shared};
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

static double criterion_of(const search *s, size_t lane, est_i_set set, double loglik)
{
    return s->price[lane] * (double)(s->rules->base + est_i_set_size(set & s->rules->candidates)) - 2 * loglik;
}

static bool improves(const est_i_choice *best, double criterion, est_i_set set)
{
    bool better = !best->found || criterion < best->criterion - TIE;
    if (!better && criterion <= best->criterion + TIE && set != best->set) {
        size_t size = est_i_set_size(set), held = est_i_set_size(best->set);
        better = size < held || (size == held && set < best->set);
    }
    return better;
}

static void copy_lane(const est_i_fit_data *from, size_t lane, est_i_fit_data *to)
{
    size_t cells = from->n_blocks * from->n_cells;
    for (size_t w = 0; w < cells; w++) {
        to->counts[w] = from->counts[w * from->lanes + lane];
        to->keep[w] = from->keep[w * from->lanes + lane];
    }
    est_i_fit_data_prepare(to);
    to->constant[0] = from->constant[lane]; /* a block's view carries none, and criteria must be on one scale */
}

static void take_choice(search *s, size_t lane, est_i_set set, double loglik, const double *beta, size_t stride, size_t offset,
                        size_t n_local, const bool *estimable)
{
    est_i_choice *best = &s->best[lane];
    *best = (est_i_choice){.found = true, .set = set, .criterion = criterion_of(s, lane, set, loglik), .loglik = loglik};
    for (size_t k = 0; k < s->data->n_blocks; k++)
        s->log_unseen[k * s->data->lanes + lane] = !estimable || estimable[k] ? beta[k * n_local * stride + offset] : NAN;
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

/* A fit without a certificate would win: judge it exactly, and fit it again on the right face. */
static void confirm(search *s, size_t lane, est_i_set set, const est_i_terms *terms)
{
    est_i_verdict *verdict = NULL;
    est_i_search_space *space = s->space;
    copy_lane(s->data, lane, space->single);
    s->status = est_i_verdict_find(space->single, 0, terms, s->monitor, &verdict, s->error);
    if (s->status == EST_EIDENTIFY) {
        s->status = EST_OK; /* too sparse to be judged: such a model does not compete */
        est_error_clear(s->error);
    } else if (s->status == EST_OK && is_acceptable(s, lane, verdict)) {
        est_i_fit_request request = {.terms = *terms, .keep = verdict->keep, .no_face_jump = true};
        est_i_fit(space->single, &request, space->single_fit);
        double loglik = space->single_fit->loglik[0];
        if (space->single_fit->state[0] != EST_I_FIT_FAILED && improves(&s->best[lane], criterion_of(s, lane, set, loglik), set))
            take_choice(s, lane, set, loglik, space->single_fit->beta, 1, 0, terms->n_local, verdict->estimable);
    }
    est_i_verdict_free(verdict);
}

/* The model just fitted is itself a candidate. */
static void consider(search *s, est_i_set set, const est_i_terms *terms)
{
    const est_i_fit_space *fit = s->space->fit;
    for (size_t l = 0; l < s->data->lanes && s->status == EST_OK; l++) {
        est_i_fit_state state = fit->state[l];
        if (state == EST_I_FIT_IDLE || state == EST_I_FIT_DISCARDED)
            continue;
        if (state != EST_I_FIT_FAILED && !improves(&s->best[l], criterion_of(s, l, set, fit->loglik[l]), set))
            continue;
        if (state == EST_I_FIT_INTERIOR)
            take_choice(s, l, set, fit->loglik[l], fit->beta, s->data->lanes, l, terms->n_local, NULL);
        else
            confirm(s, l, set, terms);
    }
}

/* Bound of everything below a node that holds `in`. */
static bool can_win(const search *s, const node *at, size_t lane)
{
    double bound = criterion_of(s, lane, at->in, at->reach[lane]);
    return at->active[lane] && (!s->best[lane].found || bound <= s->best[lane].criterion + TIE);
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
        double room = s->price[l] * (double)(s->rules->base + est_i_set_size(child->in)) - s->best[l].criterion - TIE;
        need[l] = s->best[l].found ? room / 2 : -INFINITY;
        child->active[l] = false;
    }
    list_terms(parent->all, s->data->n_lists, s->data->n_blocks, &from);
    for (int pass = 0; pass < 2 && s->status == EST_OK; pass++) {
        if (!(pass == 0 ? any_warm : any_cold))
            continue;
        est_i_fit_request request = {.terms = *terms, .wanted = pass == 0 ? warm : cold, .need = need};
        if (pass == 0) {
            copy_start(&from, own, s->data->n_blocks, s->data->lanes, space->warm[parent->level], space->start);
            request.warm = space->start;
        }
        est_i_fit(s->data, &request, space->fit);
        for (size_t l = 0; l < s->data->lanes; l++) {
            est_i_fit_state state = space->fit->state[l];
            if (state == EST_I_FIT_IDLE)
                continue;
            child->active[l] = state != EST_I_FIT_DISCARDED;
            child->warm_ok[l] = state == EST_I_FIT_INTERIOR;
            child->reach[l] = state == EST_I_FIT_FAILED ? parent->reach[l] : space->fit->loglik[l];
            for (size_t i = 0; i < space->most && child->warm_ok[l]; i++)
                space->warm[child->level][i * s->data->lanes + l] = space->fit->beta[i * s->data->lanes + l];
        }
        consider(s, child->all, terms);
    }
}

static void explore(search *s, node *at)
{
    est_i_set undecided = at->all & ~at->in & s->rules->candidates;
    s->space->nodes++;
    for (size_t i = 0; i < s->rules->n_order && undecided && s->status == EST_OK; i++) {
        uint32_t term = s->rules->order[i];
        if (!(undecided >> term & 1))
            continue;
        if (est_i_monitor_cancelled(s->monitor)) {
            s->status = est_i_cancelled(s->error);
            return;
        }
        if (!refresh(s, at))
            return;
        node child = {.all = at->all & ~est_i_set_above(term, s->data->n_lists), .in = at->in, .level = at->level + 1};
        term_list own;
        est_i_terms terms = list_terms(child.all, s->data->n_lists, s->data->n_blocks, &own);
        fit_child(s, at, &child, &terms, &own);
        if (s->status == EST_OK && refresh(s, &child))
            explore(s, &child);
        at->in |= est_i_set_below(term) & s->rules->candidates;
        undecided &= ~at->in;
    }
}

/* Fits one set from cold in the given lanes and considers it; the root and the seeds. */
static void fit_cold(search *s, est_i_set set, const bool *wanted)
{
    term_list own;
    est_i_terms terms = list_terms(set, s->data->n_lists, s->data->n_blocks, &own);
    est_i_fit_request request = {.terms = terms, .wanted = wanted};
    est_i_fit(s->data, &request, s->space->fit);
    consider(s, set, &terms);
}

/* Which blocks the model without dependence determines, lane by lane. */
static void find_required(search *s, const bool *wanted)
{
    term_list own;
    est_i_terms terms = list_terms(0, s->data->n_lists, s->data->n_blocks, &own);
    est_i_fit_request request = {.terms = terms, .wanted = wanted};
    size_t lanes = s->data->lanes;
    est_i_fit(s->data, &request, s->space->fit);
    for (size_t l = 0; l < lanes && s->status == EST_OK; l++) {
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

est_status est_i_search(const est_i_fit_data *data, const est_i_search_rules *rules, const double *price, const bool *wanted,
                        const est_i_set *seeds, size_t n_seeds, est_i_search_space *space, est_i_choice *choices,
                        double *log_unseen, est_i_monitor *monitor, est_error *error)
{
    search s = {.data = data, .rules = rules, .price = price, .space = space, .best = choices, .log_unseen = log_unseen,
                .monitor = monitor, .error = error, .status = EST_OK};
    node root = {.all = rules->candidates};
    s.required = calloc(data->n_blocks * data->lanes, sizeof *s.required);
    if (!s.required)
        return est_i_no_memory(error);
    for (size_t l = 0; l < data->lanes; l++)
        choices[l] = (est_i_choice){0};
    for (size_t i = 0; i < data->n_blocks * data->lanes; i++)
        log_unseen[i] = NAN;
    find_required(&s, wanted);
    for (size_t i = 0; i < n_seeds && s.status == EST_OK; i++)
        fit_cold(&s, seeds[i] & rules->candidates, wanted);
    if (s.status == EST_OK)
        start_root(&s, wanted, &root);
    if (s.status == EST_OK && refresh(&s, &root))
        explore(&s, &root);
    free(s.required);
    return s.status;
}

typedef struct ranked_term {
    uint32_t term;
    double loss;
} ranked_term;

static int by_loss(const void *left, const void *right)
{
    const ranked_term *a = left, *b = right;
    int order = (a->loss < b->loss) - (a->loss > b->loss);
    return order ? order : (a->term > b->term) - (a->term < b->term);
}

void est_i_search_order(const est_i_fit_data *data, est_i_search_rules *rules, est_i_search_space *space)
{
    ranked_term ranked[64];
    uint32_t terms[64];
    term_list own;
    size_t count = est_i_set_terms(rules->candidates, data->n_lists, terms);
    bool first[EST_I_LANES_MOST] = {true};
    for (size_t i = 0; i < count; i++) {
        est_i_set rest = rules->candidates & ~est_i_set_above(terms[i], data->n_lists);
        est_i_fit_request request = {.terms = list_terms(rest, data->n_lists, data->n_blocks, &own), .wanted = first};
        est_i_fit(data, &request, space->fit);
        ranked[i] = (ranked_term){terms[i], -space->fit->loglik[0]};
    }
    if (count > 1)
        qsort(ranked, count, sizeof *ranked, by_loss);
    for (size_t i = 0; i < count; i++)
        rules->order[i] = ranked[i].term;
    rules->n_order = count;
}
