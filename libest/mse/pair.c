#include "mse/pair.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include <est/result.h>

#include "core/error.h"
#include "core/text.h"
#include "mse/chao.h"
#include "mse/model.h"

/* Below seven shared persons Chapman's estimate may be biased (Robson and Regier 1964; Seber 1982, p. 60). */
#define FEW_SHARED 7

const char *est_i_pair_estimator_name(est_i_pair_estimator estimator)
{
    static const char *const names[] = {"Chapman", "Lincoln-Petersen", "Chao"};
    return names[estimator];
}

static est_i_pair_estimate chapman(const est_i_pair *p, double level)
{
    double a = p->on_first + 1, b = p->on_second + 1, m = p->on_both;
    est_i_pair_estimate e = {.population = a * b / (m + 1) - 1};
    e.se = sqrt(a * b * (p->on_first - m) * (p->on_second - m) / ((m + 1) * (m + 1) * (m + 2)));
    est_i_log_normal_limits(p->seen, e.population, e.se, level, &e.lower, &e.upper);
    return e;
}

static est_i_pair_estimate chao(const est_i_pair *p, est_i_pair_estimator estimator, double level)
{
    double single[2] = {p->on_first - p->on_both, p->on_second - p->on_both};
    est_i_chao bound = estimator == EST_I_PAIR_LINCOLN_PETERSEN
                           ? est_i_chao_lists(p->seen, 2, single, p->on_both, EST_I_CHAO_PLAIN, level)
                           : est_i_chao_counts(p->seen, single[0] + single[1], p->on_both, 2, EST_I_CHAO_CORRECTED, level);
    return (est_i_pair_estimate){bound.population, bound.se, bound.lower, bound.upper, 0};
}

static uint32_t flags_of(const est_i_pair *p, const est_i_pair_estimate *e, est_i_pair_estimator estimator, double anywhere)
{
    uint32_t flags = EST_FLAG_BIT(EST_FLAG_FEW_LISTS);
    if (isnan(e->population))
        return flags | EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    if (isinf(e->upper))
        flags |= EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    else if (!isnan(e->upper) && estimator != EST_I_PAIR_CHAO)
        flags |= EST_FLAG_BIT(EST_FLAG_MODEL_KNOWN);
    if (!(e->population > p->seen))
        flags |= EST_FLAG_BIT(EST_FLAG_BOUNDARY);
    if (e->upper < anywhere)
        flags |= EST_FLAG_BIT(EST_FLAG_REFUTED);
    if (p->on_both < FEW_SHARED || anywhere < 100)
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_DATA);
    return flags;
}

void est_i_pair_estimate_all(est_i_pair *pair, double anywhere, double level)
{
    bool empty = !(pair->on_first > 0) || !(pair->on_second > 0);
    for (est_i_pair_estimator k = 0; k < EST_I_PAIR_ESTIMATORS; k++) {
        est_i_pair_estimate e = {.population = NAN, .se = NAN, .lower = NAN, .upper = NAN};
        if (!empty)
            e = k == EST_I_PAIR_CHAPMAN ? chapman(pair, level) : chao(pair, k, level);
        if (!empty && !(pair->on_both > 0)) {
            e.se = e.lower = NAN;
            e.upper = isnan(e.population) ? NAN : INFINITY;
        }
        e.flags = flags_of(pair, &e, k, anywhere);
        pair->by[k] = e;
    }
}

static double unseen_if_independent(const est_i_pair *p, est_i_pair_estimator estimator)
{
    return isnan(p->by[estimator].population) ? NAN : p->by[estimator].population - p->seen;
}

double est_i_pair_at_odds(const est_i_pair *pair, est_i_pair_estimator estimator, double odds_ratio)
{
    return pair->seen + odds_ratio * unseen_if_independent(pair, estimator);
}

double est_i_pair_odds_for(const est_i_pair *pair, est_i_pair_estimator estimator, double limit)
{
    double unseen = unseen_if_independent(pair, estimator);
    return unseen > 0 && limit > pair->seen ? (limit - pair->seen) / unseen : NAN;
}

static void count(const est_i_captures *captures, est_i_pair *pairs, size_t n_pairs)
{
    for (size_t w = 1; w < captures->n_cells; w++) {
        double persons = captures->counts[0][w];
        for (size_t i = 0; persons > 0 && i < n_pairs; i++) {
            bool first = w >> pairs[i].first & 1, second = w >> pairs[i].second & 1;
            pairs[i].on_first += first ? persons : 0;
            pairs[i].on_second += second ? persons : 0;
            pairs[i].on_both += first && second ? persons : 0;
            pairs[i].seen += first || second ? persons : 0;
        }
    }
}

/* The label alone, in a new string: a model of two lists with one term. */
static char *label_of(const est_i_captures *captures, size_t first, size_t second)
{
    static const uint32_t both = 3;
    char *names[2] = {captures->list_names[first], captures->list_names[second]};
    est_i_text text = {0};
    est_i_model_print(&both, 1, 2, names, &text);
    return est_i_text_take(&text);
}

est_status est_i_pairs_make(const est_i_captures *captures, uint32_t only, double level, est_i_pair **pairs, size_t *n_pairs,
                            est_error *error)
{
    size_t n_lists = captures->n_lists, made = 0;
    est_i_pair *all = calloc(n_lists * (n_lists - 1) / 2 + 1, sizeof *all);
    bool whole = all != NULL;
    for (size_t i = 0; whole && i < n_lists; i++)
        for (size_t j = i + 1; whole && j < n_lists; j++) {
            if (only && only != ((uint32_t)1 << i | (uint32_t)1 << j))
                continue;
            all[made] = (est_i_pair){.first = i, .second = j, .label = label_of(captures, i, j)};
            whole = all[made++].label != NULL;
        }
    *pairs = all;
    *n_pairs = made;
    if (!whole) {
        est_i_pairs_free(all, made);
        *pairs = NULL;
        *n_pairs = 0;
        return est_i_no_memory(error);
    }
    count(captures, all, made);
    for (size_t i = 0; i < made; i++)
        est_i_pair_estimate_all(&all[i], captures->total, level);
    return EST_OK;
}

void est_i_pairs_free(est_i_pair *pairs, size_t n_pairs)
{
    for (size_t i = 0; pairs && i < n_pairs; i++)
        free(pairs[i].label);
    free(pairs);
}
