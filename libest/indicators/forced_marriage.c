/* The method `forced-marriage`. Its rules are in definitions/. */
#include "indicators/indicator.h"

static est_status read_source(est_source *source, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_indicator("forced-marriage", source, options, context, result, error);
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_i_indicator_fit_table("forced-marriage", data, options, context, result, error);
}

const est_method est_i_method_forced_marriage = {
    .id = "forced-marriage",
    .title = "Forced marriage of adults",
    .summary = "Estimates the proportion and the number of adults who were ever forced to marry, who live in a "
               "forced marriage, and who were forced within five years, by means of pressure, from the microdata of "
               "a survey with the questions of the definition.",
    .reference = "The questions proposed for the Kenyan demographic and health survey (docs/indicators.md); Global "
                 "estimates of modern slavery 2022 for the concept",
    .data = "one row a person, from CSV, Stata (.dta) or SPSS (.sav), with a codebook that says which columns mean what",
    .options = est_i_indicator_specs,
    .n_options = EST_I_INDICATOR_SPECS,
    .options_size = sizeof(est_indicator_options),
    .validate = est_i_indicator_validate,
    .fit = fit,
    .read = read_source,
    .family = "indicator",
};
