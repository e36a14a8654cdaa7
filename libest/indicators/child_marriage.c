/* The method `child-marriage`. Its rules are in definitions/. */
#include "indicators/indicator.h"

static est_status read_source(est_source *source, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_indicator("child-marriage", source, options, context, result, error);
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_i_indicator_fit_table("child-marriage", data, options, context, result, error);
}

const est_method est_i_method_child_marriage = {
    .id = "child-marriage",
    .title = "Child marriage",
    .summary = "Estimates the proportion of women and men who were married or in union before the exact ages of 15 "
               "and 18 (SDG 5.3.1: among those aged 20 to 24), and the median age at first union, from the microdata "
               "of a household survey. Those never in union count as not married; they are never left out.",
    .reference = "UN Statistics Division, SDG metadata 5.3.1; Guide to DHS Statistics, age at first marriage",
    .data = "one row a person, from CSV, Stata (.dta) or SPSS (.sav), with a codebook that says which columns mean what",
    .options = est_i_indicator_specs,
    .n_options = EST_I_INDICATOR_SPECS,
    .options_size = sizeof(est_indicator_options),
    .validate = est_i_indicator_validate,
    .fit = fit,
    .read = read_source,
    .family = "indicator",
};
