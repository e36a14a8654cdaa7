/* Sample coverage: the overlap of lists as information about the unseen (Chao and Tsay 1998; Tsay and Chao 2001). */
#ifndef EST_I_MSE_COVERAGE_H
#define EST_I_MSE_COVERAGE_H

#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#include "core/monitor.h"
#include "data/captures.h"

typedef enum est_i_coverage_kind {
    EST_I_COVERAGE_INDEPENDENT = 0, /* est_coverage_estimator less one */
    EST_I_COVERAGE_HIGH,
    EST_I_COVERAGE_LOW,
    EST_I_COVERAGE_KINDS
} est_i_coverage_kind;

/* Why an estimator has no value. */
typedef enum est_i_coverage_fault {
    EST_I_COVERAGE_SOUND = 0,
    EST_I_COVERAGE_EMPTY_LIST, /* a list holds nobody */
    EST_I_COVERAGE_NO_OVERLAP, /* no list shares a person with another: the coverage is 0 */
    EST_I_COVERAGE_UNBOUNDED,  /* the covariation uses up all of the coverage: nothing limits the population */
    EST_I_COVERAGE_BELOW_SEEN  /* the formula leads below the persons seen */
} est_i_coverage_fault;

/* Histories that hold persons, in the order of their masks. */
typedef struct est_i_histories {
    size_t n_lists, count;
    uint32_t *lists; /* mask of each history */
    double *persons;
} est_i_histories;

/* With t lists, n persons, n_j on list j, S_j on list j alone, z_ij on i and j and no other, B_ij on i and j and perhaps others:
 * D = n - mean of S_j, C = 1 - mean of S_j / n_j, A_ij = S_i + S_j + 2 z_ij,
 * independent: D / C
 * high: (t D - sum of A_ij) / (t C - sum of A_ij B_ij / (n_i n_j)): the root of N = D / C + sum of A_ij r_ij(N) / (t C)
 * low: one step of that equation from N' = D / C + sum of A_ij r_ij(D / C) / (t C),
 * with the coefficients of covariation r_ij(N) = N B_ij / (n_i n_j) - 1. Sums are over pairs. */
typedef struct est_i_coverage {
    double seen, without_one, coverage; /* n, D, C; C is NaN with an empty list */
    double population[EST_I_COVERAGE_KINDS]; /* NaN = none: see fault */
    est_i_coverage_fault fault[EST_I_COVERAGE_KINDS];
    double on_list[EST_I_LISTS_MAX], on_both[EST_I_LISTS_MAX][EST_I_LISTS_MAX];
} est_i_coverage;

typedef struct est_i_coverage_interval {
    double se, lower, upper; /* NaN = none; upper +Inf: more than (1 - level) / 2 of the replicates have no estimate */
    double without;          /* share of replicates without an estimate; NaN = no replicates */
} est_i_coverage_interval;

/* The histories of the first block; free with est_i_histories_free. EST_ENOMEM. */
est_status est_i_histories_make(const est_i_captures *captures, est_i_histories *histories, est_error *error);
void est_i_histories_free(est_i_histories *histories);

/* `persons` in place of those of the histories (a replicate). */
void est_i_coverage_estimate(const est_i_histories *histories, const double *persons, est_i_coverage *coverage);
/* r_ij at this population. */
double est_i_coverage_covariation(const est_i_coverage *coverage, size_t i, size_t j, double population);

/* For each estimator with a value N: replicates of multinomial(round N; histories, unseen) at their shares of N, the standard
 * deviation of their estimates, and log-normal limits. A replicate without an estimate is not dropped (decisions.md 5): if more
 * than (1 - level) / 2 have none the upper limit is +Inf and the lower one the persons seen. A replicate's stream is (seed,
 * replicate, estimator), whatever the threads. EST_ENOMEM, EST_ECANCELLED. */
est_status est_i_coverage_bootstrap(const est_i_histories *histories, const est_i_coverage *coverage, size_t n_replicates,
                                    double level, est_i_monitor *monitor,
                                    est_i_coverage_interval interval[EST_I_COVERAGE_KINDS], est_error *error);

#endif
