/* The method `child-labour`. Its rules are in definitions/. */
#include "indicators/indicator.h"

static est_status read_source(est_source *source, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_indicator("child-labour", source, options, context, result, error);
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_i_indicator_fit_table("child-labour", data, options, context, result, error);
}

const est_method est_i_method_child_labour = {
    .id = "child-labour",
    .title = "Child labour",
    .summary = "Estimates the proportion and the number of children in employment, in child labour (SDG 8.7.1 and "
               "other definitions) and in hazardous work, by age group and domain, from the microdata of a household "
               "survey. The rules are a definition (--preset), the columns are explained by a codebook; standard "
               "errors respect the sample design.",
    .reference = "UN Statistics Division, SDG metadata 8.7.1 (2021-02-01); ICLS resolution II (2008), amended 2018; "
                 "each definition names its own source",
    .data = "one row a person, from CSV, Stata (.dta) or SPSS (.sav), with a codebook that says which columns mean what",
    .options = est_i_indicator_specs,
    .n_options = EST_I_INDICATOR_SPECS,
    .options_size = sizeof(est_indicator_options),
    .validate = est_i_indicator_validate,
    .fit = fit,
    .read = read_source,
    .family = "indicator",
};
