/* Survey estimation: totals, means, proportions, ratios, quantiles, contrasts, regressions and tests with design-based errors. */
#ifndef EST_SURVEY_H
#define EST_SURVEY_H

#include <est/context.h>
#include <est/error.h>
#include <est/result.h>
#include <est/source.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Texts are borrowed; "" = not asked for. Lists of columns are parted by commas. The meaning and the default of each is in the
 * method's option table (est_method_find("survey"), `est methods survey`). */
typedef struct est_survey_options {
    /* the design */
    const char *weight, *strata, *psu, *fpc, *wave;
    double weight_scale;
    int nest, shared_psu, ultimate_cluster, lonely_domain;
    int lonely; /* 0 fail, 1 remove, 2 certainty, 3 adjust, 4 average */
    int pps;    /* 0 none, 1 brewer, 2 overton, 3 hartley-rao */
    int pps_form; /* 0 horvitz-thompson, 1 yates-grundy */
    /* what is estimated */
    const char *mean, *total, *proportion, *share, *ratio, *quantile, *contrast, *linear, *logistic, *association;
    const char *by, *where;
    int missing; /* 0 omit, 1 fail */
    /* variance */
    int variance; /* 0 taylor, 1 jk1, 2 jkn, 3 brr, 4 fay, 5 rao-wu, 6 canty-davison, 7 preston, 8 sdr, 9 supplied */
    const char *replicates;
    int replicate_type; /* 0 bootstrap, 1 jk1, 2 jkn, 3 brr, 4 fay, 5 sdr, 6 other */
    int replicate_factors;
    long draws;
    double fay, resample, scale, replicate_df;
    const char *rscales;
    int mse;
    /* calibration */
    int calibrate; /* 0 none, 1 poststratify, 2 rake, 3 linear, 4 bounded, 5 logit, 6 exponential, 7 declared */
    const est_table *margins; /* borrowed; NULL = none */
    const char *bounds, *calibrated, *base_weight;
    int by_cluster, g_weighted;
    /* intervals and output */
    int ci; /* 0 korn-graubard, 1 beta, 2 t, 3 logit, 4 wilson, 5 arcsine, 6 likelihood, 7 two-se */
    int df; /* 0 domain, 1 design */
    int deff; /* 0 none, 1 replace, 2 no-replace */
    double design_effect;
    int quantile_rule, quantile_ci, quantile_over_replicates;
    int sampling_errors, covariance;
    double level;
} est_survey_options;

est_survey_options est_survey_options_default(void);

/* Estimates from a source that is read once for the totals family (totals, means, proportions, ratios, contrasts) and more than once
 * for quantiles, regressions, tests, calibration and weights that follow from the design. options NULL = defaults.
 * Rows: one an estimand for the whole and for each domain. Errors: EST_EOPTION, EST_EFILE, EST_EFORMAT, EST_ECOLUMN, EST_EVALUE (a weight
 * that is missing or negative, with its record), EST_EDEFINITION (a PSU in two strata, a stratum with one PSU, a correction smaller
 * than the sample), EST_EIDENTIFY (nothing could be estimated), EST_ENOMEM, EST_ECANCELLED. The caller frees *result.
 * Source: Saerndal, Swensson and Wretman (1992) Model Assisted Survey Sampling. */
est_status est_survey(est_source *source, const est_survey_options *options, const est_context *context, est_result **result,
                      est_error *error) EST_MUST_CHECK;

/* The same from a table in memory. */
est_status est_survey_table(const est_table *table, const est_survey_options *options, const est_context *context,
                            est_result **result, est_error *error) EST_MUST_CHECK;

/* A file read in parts, for example on several machines: part 1 to `parts` of the chunks of a source that is repeatable, as bytes that
 * est_survey_join understands. They hold sums by PSU and domain: they are no publication. Only what one pass gives: totals, means,
 * ratios, proportions of named levels. The caller frees *state with est_string_free. Errors as est_survey. */
est_status est_survey_part(est_source *source, const est_survey_options *options, size_t part, size_t parts, const est_context *context,
                           char **state, size_t *length, est_error *error) EST_MUST_CHECK;

/* The result of all parts: the same numbers, to the last bit, as est_survey of the whole file. names: for messages. Options that the sums
 * do not depend on (variance, intervals, contrasts) may differ from those of the parts. EST_EFORMAT: a damaged part; EST_EDEFINITION:
 * parts that are missing, given twice or of different files; EST_EOPTION: read with other options. The caller frees *result. */
est_status est_survey_join(size_t n, const char *const *names, const char *const *states, const size_t *lengths,
                           const est_survey_options *options, const est_context *context, est_result **result,
                           est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
