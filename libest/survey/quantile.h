/* Quantiles of weighted data and their Woodruff intervals. */
#ifndef EST_I_SURVEY_QUANTILE_H
#define EST_I_SURVEY_QUANTILE_H

#include "survey/calibrate.h"
#include "survey/interval.h"
#include "survey/replicate.h"
#include "survey/sample.h"
#include "survey/taylor.h"
#include "survey/totals.h"

/* The rules of Hyndman and Fan (1996) with weights. MATH = hf1, SCHOOL = hf2. Where the cumulative weight of hf1, hf2, hf3 and of
 * the DHS rule comes within 1e-9 of the total weight to the share that is asked for, it counts as equal to it: a share that is met
 * exactly in real numbers must not depend on how weights are rounded (R's survey compares rounded numbers and differs there). */
typedef enum est_i_quantile_rule {
    EST_I_QUANTILE_MATH = 0, EST_I_QUANTILE_SCHOOL, EST_I_QUANTILE_HF1, EST_I_QUANTILE_HF2, EST_I_QUANTILE_HF3, EST_I_QUANTILE_HF4,
    EST_I_QUANTILE_HF5, EST_I_QUANTILE_HF6, EST_I_QUANTILE_HF7, EST_I_QUANTILE_HF8, EST_I_QUANTILE_HF9,
    EST_I_QUANTILE_DHS,        /* of completed years, interpolated; "never" has a value above all years */
    EST_I_QUANTILE_DHS_PRINTED /* the same from cumulative shares rounded to four decimals, as DHS prints */
} est_i_quantile_rule;

typedef struct est_i_quantile_request {
    size_t variable;      /* of the sample, NUMBER */
    double probability;   /* in (0, 1) */
} est_i_quantile_request;

/* How much is held in memory at once, by each part of a pass; 0 = the default. The estimates do not depend on it. */
typedef struct est_i_quantile_limits {
    size_t values;             /* distinct values, over all variables and domains; beyond: passes that narrow the place down */
    size_t bins;               /* counters of a narrowing pass */
    size_t replicate_rows;     /* rows kept for variances of quantiles over replicates */
    size_t replicate_numbers;  /* supplied replicate weights kept for them */
} est_i_quantile_limits;

typedef struct est_i_quantile_options {
    est_i_quantile_rule rule;
    est_i_survey_ci ci;   /* of the proportion that is inverted */
    double level;
    bool design_df;
    est_i_taylor_options taylor;
    const est_i_replicates *replicates;   /* instead of Taylor; NULL */
    bool over_replicates;  /* with replicates: the variance of the quantile itself over them, with a t interval; not consistent for
                              the jackknife. Otherwise the replicates give the variance of the proportion that is inverted */
    const est_i_calibration *calibration; /* of the sample; NULL */
    const est_i_quantile_limits *limits;  /* NULL = the defaults */
} est_i_quantile_options;

typedef struct est_i_quantile_estimate {
    size_t request, domain;  /* domain EST_I_WHOLE: all */
    double estimate, se, lower, upper, df, n, weight;
    const char *method;
    bool below_range, above_range; /* the interval of the proportion reached 0 or 1: NaN at that end */
    size_t lonely;   /* single-PSU strata that were met (Taylor) */
    size_t dropped;  /* replicates without a value */
} est_i_quantile_estimate;

/* For each request: the whole, then each domain in page order; *quantiles is the caller's to free. The interval is Woodruff's
 * (1952): the share F of the weight at or below the estimate gets the interval `ci`, whose two ends are inverted by the same rule;
 * the standard error is the length of the result over twice the t value. For the DHS rules F counts those in the estimate's own
 * year in part, as the rule does. Reads the rows more than once: EST_EOPTION for a source that is not repeatable. Memory does not
 * grow with the rows beyond a bound; over_replicates: EST_EOPTION beyond it, and for hf3 where a tie asks for a rank beyond it. */
est_status est_i_quantiles(est_i_sample *sample, size_t n_requests, const est_i_quantile_request *requests,
                           const est_i_quantile_options *options, est_i_quantile_estimate **quantiles, size_t *count, est_error *error);

/* The rule on sorted values with their weights, for tests and small data; values ascending. NaN without a weight above zero. */
double est_i_weighted_quantile(est_i_quantile_rule rule, size_t n, const double *value, const double *weight, double probability);

#endif
