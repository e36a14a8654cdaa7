/* Confidence intervals of survey estimates. */
#ifndef EST_I_SURVEY_INTERVAL_H
#define EST_I_SURVEY_INTERVAL_H

#include <stdbool.h>

typedef enum est_i_survey_ci {
    EST_I_CI_BETA = 0, /* Korn-Graubard with the effective sample size capped at n: the default for proportions */
    EST_I_CI_BETA_UNCAPPED, /* as R survey's "beta" */
    EST_I_CI_T,
    EST_I_CI_LOGIT,
    EST_I_CI_WILSON,
    EST_I_CI_ARCSINE,
    EST_I_CI_LIKELIHOOD,
    EST_I_CI_TWO_SE    /* R - 2 SE, R + 2 SE, as DHS prints */
} est_i_survey_ci;

/* What a limit follows from. */
typedef struct est_i_interval_input {
    double estimate, se, df, level;
    double n;              /* rows of the domain with a weight above zero */
    double n_beta;         /* the n of the uncapped form: rows of the design */
    double df_beta;        /* the df of the uncapped form */
    double design_effect;  /* of the parent domain, else declared: for 0 and 1; NaN = not known, counts as 1 */
} est_i_interval_input;

typedef struct est_i_interval {
    double lower, upper;   /* NaN: not available */
    const char *method;    /* "korn-graubard", "t", "logit", "clopper-pearson", ... */
    bool at_bound;         /* the estimate is 0 or 1: Clopper-Pearson at the effective n, except for TWO_SE */
    double effective_n;    /* NaN where the method has none, or where it has no bound */
} est_i_interval;

/* df <= 0 or NaN: limits NaN, whatever the method but TWO_SE; df = INFINITY is allowed (normal). A standard error of 0 at an
 * estimate between 0 and 1 says that the units did not differ, or that all were seen: BETA takes its cap, n, and every other method
 * gives the estimate itself as both limits, which is what it tends to as the standard error goes to 0. T and TWO_SE may leave
 * [0, 1]; ARCSINE ends at 0 or 1 where R survey 4.5 folds back. An estimate outside [0, 1]: NaN but for T and TWO_SE. */
est_i_interval est_i_proportion_interval(est_i_survey_ci method, const est_i_interval_input *input);
/* Means, totals, ratios, differences: t, or TWO_SE. */
est_i_interval est_i_t_interval(est_i_survey_ci method, const est_i_interval_input *input);

#endif
