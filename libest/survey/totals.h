/* The totals family: everything that is a total or a ratio of two totals, from one pass. */
#ifndef EST_I_SURVEY_TOTALS_H
#define EST_I_SURVEY_TOTALS_H

#include "survey/calibrate.h"
#include "survey/cells.h"
#include "survey/replicate.h"
#include "survey/state.h"

/* A group of numbers that are valid together: a row counts if none of its numbers is missing. Its measures are the valid weight
 * (number 0) and the weighted sum of each variable (1 to n). */
typedef struct est_i_group {
    size_t n;
    const size_t *variable; /* of the sample; NUMBER or INDICATOR */
} est_i_group;

#define EST_I_WHOLE SIZE_MAX

/* T_a, or T_a / T_b with b >= 0, of one group in one domain (EST_I_WHOLE: all rows that meet the condition). Measures by their
 * number in the group. */
typedef struct est_i_statistic {
    size_t group, domain;
    int a, b; /* b < 0: a total */
} est_i_statistic;

typedef struct est_i_totals est_i_totals;

typedef struct est_i_totals_options {
    const est_i_calibration *calibration; /* borrowed; NULL: none */
    bool recalibrate;                     /* replicates will be asked for, each calibrated again */
} est_i_totals_options;

/* One pass. The groups are copied; options NULL: no calibration. */
est_status est_i_totals_take(est_i_sample *sample, size_t n_groups, const est_i_group *groups, const est_i_totals_options *options,
                             est_i_totals **totals, est_error *error);
/* A first pass over chunks first_chunk to last_chunk - 1 only, as bytes appended to `out`. */
est_status est_i_totals_save(est_i_sample *sample, size_t n_groups, const est_i_group *groups, size_t first_chunk, size_t last_chunk,
                             est_i_text *out, est_error *error);
/* The totals of several such passes, in the order of their chunks and without gaps, into a sample that has read no rows itself: the same
 * bytes as one pass. *damaged: the state that could not be read (then *totals is NULL), SIZE_MAX = none. */
est_status est_i_totals_join(est_i_sample *sample, size_t n_groups, const est_i_group *groups, size_t n_states, est_i_state_reader *states,
                             size_t *damaged, est_i_totals **totals, est_error *error);
void est_i_totals_free(est_i_totals *totals);

double est_i_totals_value(const est_i_totals *totals, const est_i_statistic *statistic); /* NaN: 0 / 0 or no case */
/* Rows with a weight above zero that count, and rows that miss a value, in a domain or the whole. */
double est_i_totals_cases(const est_i_totals *totals, size_t group, size_t domain);
double est_i_totals_missing(const est_i_totals *totals, size_t group, size_t domain);
/* Cases whose number is not 0: those with the attribute, for an indicator. */
double est_i_totals_nonzero(const est_i_totals *totals, size_t group, int measure, size_t domain);
double est_i_totals_weight(const est_i_totals *totals, size_t group, size_t domain);
/* Sum of w (y - mean)^2 / sum of w * n / (n - 1): the population variance that design effects compare with. For a ratio, of the
 * residuals y - R x; for a total of y, of y itself. */
double est_i_totals_spread(const est_i_totals *totals, const est_i_statistic *statistic);
/* Leaves with a case of the group in the domain. present: one a leaf. */
void est_i_totals_present(const est_i_totals *totals, size_t group, size_t domain, bool *present);
/* Influence values summed by leaf; z: one a leaf, overwritten. For a calibrated sample the residuals (survey/calibrate.h) are taken. */
void est_i_totals_influence(const est_i_totals *totals, const est_i_statistic *statistic, double *z);
/* Every statistic under every replicate: theta[r * n + statistic]. Supplied replicate weights were summed in the pass. */
est_status est_i_totals_replicate(const est_i_totals *totals, const est_i_replicates *replicates, size_t n,
                                  const est_i_statistic *statistics, int threads, est_i_monitor *monitor, double *theta,
                                  est_error *error);

#endif
