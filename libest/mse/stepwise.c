/* The stepwise procedure. A round needs the current fit alone: it gives every candidate its p value. Whether a model with
 * the candidate has an estimate (p = 1 where not) is asked from the smallest p value on, until one has: that fit is the next
 * round's. */
#include "mse/stepwise.h"

#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "mse/trial.h"
#include "numerics/special.h"

/* p values whose logs differ by less, beside their size, tie: the fits are not closer than that. */
#define TIE 1e-8

typedef struct candidate {
    uint32_t term;
    bool is_out;      /* without an estimate in this round: p = 1 */
    double p, log_p;
} candidate;

typedef struct procedure {
    est_i_trial *trial;
    double threshold;
    candidate *candidates;
    size_t n_candidates;
    uint32_t *terms;
    double *margins;         /* observed, over all blocks */
    double *fitted, *work;
} procedure;

/* log P(X <= count) for count < mean, log P(X >= count) for count > mean, where the tail itself is too small for a number:
 * the log of the tail's largest term, and the series of the others relative to it. */
static double log_far_tail(double count, double mean)
{
    bool is_lower = count < mean;
    double sum = 1, part = 1;
    for (double k = count; part > 1e-17 * sum; k += is_lower ? -1 : 1) {
        part *= is_lower ? k / mean : mean / (k + 1);
        sum += part;
    }
    return count * log(mean) - mean - est_i_log_gamma(count + 1) + log(sum);
}

/* The median of a Poisson distribution lies within 1 of its mean, so that further away it is clear which tail is the smaller
 * one. */
static void find_p(const procedure *s, candidate *c)
{
    double count = s->margins[c->term], mean = s->fitted[c->term];
    double lower = count > mean + 1 ? 1 : est_i_poisson_lower(count, mean);
    double upper = count < mean - 1 ? 1 : est_i_poisson_upper(count, mean);
    c->p = fmin(lower, upper);
    c->log_p = c->p > 1e-280 ? log(c->p) : log_far_tail(count, mean);
    c->is_out = false;
}

/* In lexicographic order of list numbers: [12] [123] [13] [23]. */
static bool comes_first(uint32_t a, uint32_t b)
{
    uint32_t differ = a ^ b, lowest = differ & -differ;
    bool a_has = (a & lowest) != 0, ends = !((a_has ? b : a) & ~(lowest - 1));
    return a_has != ends;
}

/* NULL when every candidate is out. */
static candidate *find_best(const procedure *s)
{
    candidate *best = NULL;
    double least = INFINITY;
    for (size_t i = 0; i < s->n_candidates; i++)
        if (!s->candidates[i].is_out)
            least = fmin(least, s->candidates[i].log_p);
    for (size_t i = 0; i < s->n_candidates; i++) {
        candidate *c = &s->candidates[i];
        bool ties = !c->is_out && c->log_p <= least + TIE * (1 + fabs(least));
        if (ties && (!best || comes_first(c->term, best->term)))
            best = c;
    }
    return best;
}

/* One round; *added is false when no candidate gets in. */
static est_status add_term(procedure *s, bool *added, est_error *error)
{
    est_status status = EST_OK;
    *added = false;
    est_i_trial_fitted_margins(s->trial, s->fitted, s->work);
    if (est_i_monitor_cancelled(s->trial->monitor))
        return est_i_cancelled(error);
    s->n_candidates = est_i_trial_entrants(s->trial, s->terms);
    for (size_t i = 0; i < s->n_candidates; i++) {
        s->candidates[i].term = s->terms[i];
        find_p(s, &s->candidates[i]);
    }
    while (!*added && status == EST_OK) {
        candidate *best = find_best(s);
        if (!best || !(best->p < s->threshold))
            break;
        status = est_i_trial_change(s->trial, best->term, -INFINITY, error);
        best->is_out = true;
        *added = status == EST_OK && s->trial->tried.has_estimate;
    }
    if (*added)
        est_i_trial_move(s->trial);
    return status;
}

static est_status run(procedure *s, est_error *error)
{
    est_status status = EST_OK;
    bool added = true;
    if (s->threshold >= 1) {
        status = est_i_trial_fill(s->trial, error);
        if (status == EST_OK && s->trial->tried.has_estimate) {
            est_i_trial_move(s->trial);
            added = false;
        }
    }
    for (size_t rounds = 0; added && status == EST_OK; rounds++) {
        est_i_trial_progress(s->trial, rounds, 0);
        status = add_term(s, &added, error);
    }
    return status;
}

static est_status make_room(procedure *s, const est_i_fit_data *data, est_error *error)
{
    size_t n = data->n_cells;
    s->candidates = calloc(s->trial->n_shown + 1, sizeof *s->candidates);
    s->terms = calloc(s->trial->n_shown + 1, sizeof *s->terms);
    s->margins = calloc(n, sizeof *s->margins);
    s->fitted = calloc(n, sizeof *s->fitted);
    s->work = calloc(n, sizeof *s->work);
    if (!s->candidates || !s->terms || !s->margins || !s->fitted || !s->work)
        return est_i_no_memory(error);
    for (size_t i = 0; i < data->n_blocks * n; i++)
        s->margins[i % n] += data->margins[i];
    return EST_OK;
}

est_status est_i_stepwise_select(const est_i_fit_data *data, double threshold, unsigned max_order, est_i_monitor *monitor,
                                 est_i_model *model, bool *found, est_error *error)
{
    procedure s = {.threshold = threshold};
    *model = (est_i_model){0, NULL};
    *found = false;
    est_status status = est_i_trial_new(data, max_order, false, monitor, &s.trial, error);
    if (status == EST_OK)
        status = make_room(&s, data, error);
    if (status != EST_OK)
        goto cleanup;
    *found = s.trial->current.has_estimate;
    if (*found)
        status = run(&s, error);
    if (status == EST_OK)
        status = est_i_trial_model_of(s.trial, model, error);
cleanup:
    free(s.candidates);
    free(s.terms);
    free(s.margins);
    free(s.fitted);
    free(s.work);
    est_i_trial_free(s.trial);
    return status;
}
