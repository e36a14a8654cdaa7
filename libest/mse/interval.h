/* Limits of a population: Wald, and three ways to read a bootstrap. */
#ifndef EST_I_MSE_INTERVAL_H
#define EST_I_MSE_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

#include "mse/bootstrap.h"
#include "mse/jackknife.h"

/* `block` of the functions below: this stands for the sum over all blocks. */
#define EST_I_ALL_BLOCKS SIZE_MAX

typedef struct est_i_limits {
    double lower, upper;  /* of the population; never below the persons observed; upper +Inf = unbounded */
    double without;       /* share of replicates that have no estimate (decisions.md 5); studentised: no pivot; Wald: NaN */
    double bias, acceleration; /* BCa: z0 and a; else NaN */
    bool extreme;         /* a limit is the smallest or the largest replicate: more replicates are needed to go as far as asked */
    const char *refused;  /* NULL, or why there are no limits (lower and upper are NaN), in words */
} est_i_limits;

/* n + exp(log unseen -+ z se), as published by Chan, Silverman and Vincent (2021): se is that of the expected unseen count. The
 * actual count varies around it, so the limits are too narrow where few are unseen; see the next. */
est_i_limits est_i_limits_wald(double observed, double log_unseen, double se, double level);

/* Chao's log-normal limits with the variance of the population, u + u^2 log_se^2: the first part is the variation of the unseen count
 * around its expectation. */
est_i_limits est_i_limits_log_normal(double observed, double unseen, double log_se, double level);

/* Percentiles, quantile type 8; a replicate without an estimate counts as +Inf, so that the upper limit is unbounded where more
 * than alpha/2 of them are. Refused where not even the lower limit is finite. EST_ENOMEM. */
est_status est_i_limits_percentile(const est_i_bootstrap *bootstrap, size_t block, double observed, double level,
                                   est_i_limits *limits, est_error *error);

/* BCa (Efron 1987): quantiles, type 8, at Phi(z0 + (z0 + z) / (1 - a (z0 + z))), z the normal quantile of alpha/2 and 1 - alpha/2.
 * z0 = normal quantile of the share of all replicates, those without an estimate included, strictly below the estimate; one within
 * 1e-9 of it, relative, is a tie and not below, as two ways through the same fit differ by rounding. a = sum w d^3 / (6 (sum w
 * d^2)^1.5) over the jackknife's deletions, w persons, d = the weighted mean of the block's deletions less the deletion: Efron
 * (1987) with equal persons taken together, and the form for several samples of Davison and Hinkley (1997, chapter 5), in which a
 * deletion elsewhere that changes nothing weighs nothing. Refused where more than alpha/2 of the replicates or any deletion have no
 * estimate, the estimate lies outside all replicates, or 1 - a (z0 + z) is not positive. EST_ENOMEM. */
est_status est_i_limits_bca(const est_i_bootstrap *bootstrap, const est_i_jackknife *jackknife, size_t block,
                            double observed, double estimate, double level, est_i_limits *limits, est_error *error);

/* Bootstrap t on the log of the unobserved u: pivot t = (log u* - log v*) / s* with v* the persons that the replicate left out of its
 * population and s*^2 = se*^2 + 1/u*; limits n + exp(log u - t s), s^2 = se^2 + 1/u, at the quantiles, type 8, 1 - alpha/2 and
 * alpha/2 of t. Needs the replicates' standard errors. A replicate has no pivot where it has no estimate,
 * its unseen count or v* is 0, or its standard error is not finite and positive. Nothing is known of it, so it counts as +Inf for the
 * lower limit and as -Inf for the upper one: both move outwards. Refused where more than alpha/2 have none. EST_ENOMEM. */
est_status est_i_limits_studentised(const est_i_bootstrap *bootstrap, size_t block, double observed, double log_unseen,
                                    double se, double level, est_i_limits *limits, est_error *error);

#endif
