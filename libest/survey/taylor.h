/* Variances by Taylor linearisation: the design variance of totals of influence values. */
#ifndef EST_I_SURVEY_TAYLOR_H
#define EST_I_SURVEY_TAYLOR_H

#include "survey/design.h"

typedef enum est_i_lonely {
    EST_I_LONELY_FAIL = 0,
    EST_I_LONELY_REMOVE,
    EST_I_LONELY_CERTAINTY,
    EST_I_LONELY_ADJUST,
    EST_I_LONELY_AVERAGE
} est_i_lonely;

typedef enum est_i_pps {
    EST_I_PPS_NONE = 0,
    EST_I_PPS_BREWER,
    EST_I_PPS_OVERTON,
    EST_I_PPS_HARTLEY_RAO
} est_i_pps;

typedef struct est_i_taylor_options {
    est_i_lonely lonely;
    bool lonely_domain;    /* also strata of which only one PSU has cases of the domain (methods/survey.md B4) */
    bool ultimate_cluster; /* only the first stage, with its finite population correction */
    est_i_pps pps;
    bool yates_grundy;     /* Yates-Grundy instead of Horvitz-Thompson, for Overton and Hartley-Rao */
    const double *pps_square_sum; /* [strata of the first stage] sum of squared probabilities over the stratum's population, for
                                     Hartley-Rao; NULL: estimated by the sum of the probabilities over the sample */
} est_i_taylor_options;

/* z[statistic][leaf]: sums of weight times influence over the rows of each leaf; present[leaf]: the leaf has rows of the domain
 * with a weight above zero (NULL: all have). A stratum without a present leaf adds nothing, whatever its z: for residuals of a
 * calibration, which are not zero outside the domain, pass NULL. covariance: k x k, symmetric; a Horvitz-Thompson variance may be
 * below zero. NaN where single-PSU strata are all there is, whatever the policy: then no variance is seen. *lonely_strata (NULL
 * allowed): single-PSU strata of any stage that were met, with lonely_domain also those of a single PSU with cases. EST_EDEFINITION when a single-PSU stratum is met and the
 * policy is to fail: the message names the stratum and says what to choose. */
est_status est_i_taylor_covariance(const est_i_design *design, const est_i_taylor_options *options, size_t k,
                                   const double *const *z, const bool *present, double *covariance, size_t *lonely_strata,
                                   est_error *error);

/* PSUs less strata, over the leaves that are present (NULL: the whole design). NaN without memory. */
double est_i_design_df(const est_i_design *design, const bool *present);

#endif
