/* The rules for quantiles, fed with one distinct value after the other. */
#ifndef EST_I_SURVEY_QUANTILE_RULE_H
#define EST_I_SURVEY_QUANTILE_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "numerics/double_double.h"
#include "survey/quantile.h"

/* One distinct value: its weight, and the weights of its first and its last row in the order of the file. */
typedef struct est_i_quantile_group {
    double value;
    est_i_dd weight;
    double first, last;
} est_i_quantile_group;

/* The share of F that the value estimates: rows below `at` count whole, rows at it by `share`, rows above not. */
typedef struct est_i_quantile_answer {
    double value, at, share;
} est_i_quantile_answer;

typedef struct est_i_quantile_walk {
    est_i_quantile_rule rule;
    double probability, tolerance;
    est_i_dd total, target, before; /* before: the weight of the values pushed so far */
    size_t rank;                    /* how many they are */
    bool rank_known, rank_missed;   /* missed: the answer depends on a rank that is not known */
    bool has_previous, tied, done;
    double previous_value, previous_knot; /* knot: less the target */
    est_i_quantile_answer answer;
} est_i_quantile_walk;

/* last: the weight of the last row in the file that has the largest value. */
void est_i_quantile_walk_start(est_i_quantile_walk *walk, est_i_quantile_rule rule, est_i_dd total, double last,
                               double probability);
/* Begins in the middle: `before` is the weight of the smaller values, of which the largest is `value`, the weight of its last row
 * `last`. */
void est_i_quantile_walk_resume(est_i_quantile_walk *walk, est_i_dd before, double value, double last);
/* Values ascending; true = the answer is found. */
bool est_i_quantile_walk_push(est_i_quantile_walk *walk, const est_i_quantile_group *group);
/* The answer, after the last value at the latest; NaN if there was none. */
est_i_quantile_answer est_i_quantile_walk_end(est_i_quantile_walk *walk);
/* Whether the value that the cumulative weight reaches here, at the latest, holds or follows the answer. */
bool est_i_quantile_walk_reached(const est_i_quantile_walk *walk, est_i_dd cumulative);

#endif
