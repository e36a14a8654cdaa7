/* The sample coverage of lists that may depend on each other: the method `sample-coverage`. */
#include "mse/sample_coverage.h"

#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "mse/capture_options.h"

static const est_option_spec sample_coverage_specs[] = {
    EST_I_CAPTURE_OPTIONS(est_sample_coverage_options),
    {.name = "estimator", .kind = EST_OPTION_CHOICE, .offset = offsetof(est_sample_coverage_options, estimator),
     .initial = "auto", .choices = "auto|independent|high|low",
     .doc = "auto: low where the sample coverage is below the threshold or high has no value, else high"},
    {.name = "threshold", .kind = EST_OPTION_NUMBER, .offset = offsetof(est_sample_coverage_options, threshold),
     .initial = "0.55", .minimum = 0, .maximum = 1, .doc = "sample coverage below which it counts as low"},
    {.name = "replicates", .kind = EST_OPTION_INTEGER, .offset = offsetof(est_sample_coverage_options, replicates),
     .initial = "1000", .minimum = 0, .maximum = 1000000, .doc = "bootstrap replicates for the standard error; 0: no interval"},
    EST_I_LEVEL_OPTION(est_sample_coverage_options),
};

#define SAMPLE_COVERAGE_SPECS (sizeof sample_coverage_specs / sizeof sample_coverage_specs[0])

est_sample_coverage_options est_sample_coverage_options_default(void)
{
    est_sample_coverage_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(sample_coverage_specs, SAMPLE_COVERAGE_SPECS, &options);
    return options;
}

static est_status validate(const void *options, est_error *error)
{
    const est_sample_coverage_options *o = options;
    if (o->replicates > 0 && o->replicates < 100)
        return est_i_fail(error, EST_EOPTION, "option --replicates: found %ld, expected at least 100 for a standard error, or 0 "
                          "for none", o->replicates);
    return EST_OK;
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result,
                      est_error *error)
{
    return est_sample_coverage(data, options, context, result, error);
}

const est_method est_i_method_sample_coverage = {
    .id = "sample-coverage",
    .title = "Sample coverage",
    .summary = "Estimates a population from three or more incomplete lists that may depend on each other. The share of people on "
               "each list that other lists know too estimates the sample coverage; coefficients of covariation carry the dependence "
               "of each pair, whether one list leads to the other or people differ. No model is chosen; a remainder that is small "
               "where the sample coverage is high is left out. It takes for granted that the population is closed over the period, "
               "that the same person is recognised on every list, and that everybody can appear on a list.",
    .reference = "Chao and Tsay (1998) JASA 93:283-293; Tsay and Chao (2001) Journal of Applied Statistics 28:25-36; Chao, Tsay, "
                 "Lin, Shau and Chao (2001) Statistics in Medicine 20:3123-3157",
    .data = "counts per capture history (0/1 list columns and a count), one row per person (0/1 list columns), or long rows "
            "(person, list); three lists or more",
    .options = sample_coverage_specs,
    .n_options = SAMPLE_COVERAGE_SPECS,
    .options_size = sizeof(est_sample_coverage_options),
    .validate = validate,
    .fit = fit,
    .family = "lists",
};

est_status est_sample_coverage(const est_table *data, const est_sample_coverage_options *options, const est_context *context,
                               est_result **result, est_error *error)
{
    est_sample_coverage_options resolved = options ? *options : est_sample_coverage_options_default();
    est_i_captures *captures = NULL;
    *result = NULL;
    est_error_clear(error);
    est_status status = est_i_options_check(sample_coverage_specs, SAMPLE_COVERAGE_SPECS, &resolved, error);
    if (status == EST_OK)
        status = validate(&resolved, error);
    if (status == EST_OK)
        status = est_i_captures_read(data, &resolved.capture, NULL, context, &captures, error);
    if (status == EST_OK)
        status = est_i_sample_coverage_run(data, captures, &resolved, context, result, error);
    est_i_captures_free(captures);
    return status;
}
