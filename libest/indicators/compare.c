/* Estimates of one thing at several times: the method `compare`. */
#include "indicators/compare.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"

static const est_option_spec compare_specs[] = {
    {.name = "with",
     .kind = EST_OPTION_TABLE,
     .offset = offsetof(est_compare_options, with),
     .initial = "",
     .doc = "more estimates; a table or a result in JSON"},
    {.name = "estimand",
     .kind = EST_OPTION_TEXT,
     .offset = offsetof(est_compare_options, estimand),
     .initial = "",
     .doc = "only these estimands; names parted by commas"},
    {.name = "domain",
     .kind = EST_OPTION_TEXT,
     .offset = offsetof(est_compare_options, domain),
     .initial = "",
     .doc = "only rows with these values; COLUMN=VALUE,... such as county=Busia,sex=female; COLUMN= for none"},
    {.name = "id",
     .kind = EST_OPTION_TEXT,
     .offset = offsetof(est_compare_options, id),
     .initial = "",
     .doc = "only these rows; values of the column id parted by commas"},
    {.name = "order",
     .kind = EST_OPTION_CHOICE,
     .offset = offsetof(est_compare_options, order),
     .initial = "period",
     .choices = "period|given",
     .doc = "order within a series; given: as the rows stand, those of --with last"},
    {.name = "against",
     .kind = EST_OPTION_CHOICE,
     .offset = offsetof(est_compare_options, against),
     .initial = "both",
     .choices = "both|previous|first",
     .doc = "with which estimate of the series each is compared"},
    {.name = "allow-break",
     .kind = EST_OPTION_FLAG,
     .offset = offsetof(est_compare_options, allow_break),
     .initial = "0",
     .doc = "compare estimates that are not of the same thing too; every such number carries the mark definition_break"},
    {.name = "level",
     .kind = EST_OPTION_NUMBER,
     .offset = offsetof(est_compare_options, level),
     .initial = "0.95",
     .minimum = 0.5,
     .maximum = 0.9999,
     .doc = "confidence level of the intervals of differences and ratios"},
};

#define COMPARE_SPECS (sizeof compare_specs / sizeof compare_specs[0])

est_compare_options est_compare_options_default(void)
{
    est_compare_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(compare_specs, COMPARE_SPECS, &options);
    return options;
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_compare(data, options, context, result, error);
}

const est_method est_i_method_compare = {
    .id = "compare",
    .title = "Comparison of estimates",
    .summary =
        "Puts estimates of one thing at several times in a series and gives their differences, ratios and change per year. "
        "Estimates that differ in what they are (indicator, concept, definition, unit), of whom (population, ages, sex), where, or "
        "over how long people were asked are not compared unless --allow-break says so; the numbers are then marked. It takes "
        "the samples as independent: waves that share primary sampling units are the matter of est survey --wave.",
    .reference = "Satterthwaite (1946) Biometrics Bulletin 2:110-114; Altman and Bland (2003) BMJ 326:219",
    .data =
        "a row an estimate: estimand (or indicator), estimate, period (or year), and any of se, lower, upper, level, df, n, flags, "
        "id, "
        "concept, geography, ages, sex, population, definition, reference_period, unit, qualifier, source, note; other columns are "
        "labels. Or a result of est in JSON",
    .options = compare_specs,
    .n_options = COMPARE_SPECS,
    .options_size = sizeof(est_compare_options),
    .fit = fit,
};

est_status est_compare(const est_table *data, const est_compare_options *options, const est_context *context, est_result **result,
                       est_error *error)
{
    est_compare_options resolved = options ? *options : est_compare_options_default();
    est_i_compare_run run = {.data = data, .options = &resolved, .context = context, .error = error};
    *result = NULL;
    est_error_clear(error);
    if (!data)
        return est_i_fail(error, EST_EOPTION, "found no data, expected a table of estimates");
    est_i_monitor_start(&run.monitor, context);
    est_status status = est_i_options_check(compare_specs, COMPARE_SPECS, &resolved, error);
    if (status == EST_OK)
        status = est_i_compare_read(&run);
    if (status == EST_OK)
        status = est_i_compare_series(&run);
    if (status == EST_OK)
        status = est_i_compare_write(&run, result);
    for (size_t i = 0; i < run.n_estimates; i++)
        est_i_estimate_free(&run.estimates[i]);
    free(run.estimates);
    free(run.order);
    free(run.series);
    return status;
}
