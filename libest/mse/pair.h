/* Two lists: how many persons are on each and on both, and the estimates that rest on their independence. */
#ifndef EST_I_MSE_PAIR_H
#define EST_I_MSE_PAIR_H

#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#include "data/captures.h"

typedef enum est_i_pair_estimator {
    EST_I_PAIR_CHAPMAN = 0, /* the first two as est_two_list_estimator */
    EST_I_PAIR_LINCOLN_PETERSEN,
    EST_I_PAIR_CHAO,
    EST_I_PAIR_ESTIMATORS
} est_i_pair_estimator;

typedef struct est_i_pair_estimate {
    double population, se, lower, upper; /* NaN = there is none; upper +Inf = nothing limits it */
    uint32_t flags;
} est_i_pair_estimate;

typedef struct est_i_pair {
    size_t first, second; /* places of the lists */
    char *label;          /* "A:B", names quoted where needed */
    double on_first, on_second, on_both, seen; /* seen: on either */
    est_i_pair_estimate by[EST_I_PAIR_ESTIMATORS];
} est_i_pair;

const char *est_i_pair_estimator_name(est_i_pair_estimator estimator); /* "Chapman"; static */

/* Chapman: (n1 + 1)(n2 + 1) / (m + 1) - 1 with Seber's variance (1982, p. 60); Lincoln-Petersen: n1 n2 / m; Chao: the corrected
 * bound for lists that reach alike (mse/chao.h). Limits are log-normal. `anywhere` = persons on any list: an estimate whose upper
 * limit lies below is refuted. Where the lists share nobody there is no Lincoln-Petersen value, and nothing limits the others from
 * above; a list without persons gives nothing. Reads the counts of `pair`, fills `by`. */
void est_i_pair_estimate_all(est_i_pair *pair, double anywhere, double level);

/* What the unseen would be at this odds ratio between the lists: odds ratio * n10 n01 / m (Lincoln-Petersen), over m + 1 (Chapman).
 * NaN where there is no value. `estimator` is not Chao. */
double est_i_pair_at_odds(const est_i_pair *pair, est_i_pair_estimator estimator, double odds_ratio);
/* The odds ratio at which the population is `limit`; NaN where none is: as many were seen, or somebody is on one list only and the
 * other way round nobody. */
double est_i_pair_odds_for(const est_i_pair *pair, est_i_pair_estimator estimator, double limit);

/* All pairs of lists of the first block, or the one pair whose mask `only` is (0 = all); free with est_i_pairs_free. EST_ENOMEM. */
est_status est_i_pairs_make(const est_i_captures *captures, uint32_t only, double level, est_i_pair **pairs, size_t *n_pairs,
                            est_error *error);
void est_i_pairs_free(est_i_pair *pairs, size_t n_pairs);

#endif
