/* The method `forced-labour`. Its rules are in definitions/. */
#include "indicators/indicator.h"

static est_status read_source(est_source *source, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_indicator("forced-labour", source, options, context, result, error);
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_i_indicator_fit_table("forced-labour", data, options, context, result, error);
}

const est_method est_i_method_forced_labour = {
    .id = "forced-labour",
    .title = "Forced labour",
    .summary = "Estimates the proportion and the number of people in forced labour, adults and children, by form and "
               "by means of coercion, from the microdata of a survey. Work is forced if it is both involuntary and "
               "under the threat of a penalty within a declared reference period.",
    .reference = "ICLS (2018) Guidelines concerning the measurement of forced labour, ICLS/20/2018; ILO (2012) Hard to "
                 "see, harder to count",
    .data = "one row a person, from CSV, Stata (.dta) or SPSS (.sav), with a codebook that says which columns mean what",
    .options = est_i_indicator_specs,
    .n_options = EST_I_INDICATOR_SPECS,
    .options_size = sizeof(est_indicator_options),
    .validate = est_i_indicator_validate,
    .fit = fit,
    .read = read_source,
    .family = "indicator",
};
