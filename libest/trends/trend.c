/* The trend of a hidden population over periods: the method `trend`. */
#include <est/trend.h>

#include <stddef.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "mse/capture_options.h"
#include "trends/trend_run.h"

static const est_option_spec trend_specs[] = {
    EST_I_CAPTURE_OPTIONS(est_trend_options),
    {"period", EST_OPTION_COLUMN, offsetof(est_trend_options, period), "", 0, 0, NULL,
     "column of period labels; default 'period'", 0},
    {"seen", EST_OPTION_COLUMN, offsetof(est_trend_options, seen), "", 0, 0, NULL,
     "persons on any list, these or others; a column; default 'seen_any_list' if there is one", 0},
    {"population", EST_OPTION_TABLE, offsetof(est_trend_options, population), "", 0, 0, NULL,
     "period file; columns period and any of years, population, truncated, start, end", 0},
    {"denominator", EST_OPTION_TEXT, offsetof(est_trend_options, denominator), "", 0, 0, NULL,
     "name of that population; for example 'UN mid-year estimate, WPP 2024'; stands beside every rate", 0},
    {"list-dates", EST_OPTION_TABLE, offsetof(est_trend_options, list_dates), "", 0, 0, NULL,
     "when lists were at work; columns list, from, to", 0},
    {"dependence", EST_OPTION_CHOICE, offsetof(est_trend_options, dependence), "all", 0, 0,
     "all|independence|common|by-period", "M0, M1, M3 or all; M0 independence, M1 the same dependence in every period, M3 its own in each", 0},
    {"model", EST_OPTION_TEXT, offsetof(est_trend_options, model), "", 0, 0, NULL,
     "dependence terms; by list names, or main, all-pairs, all-triples; default: selected", 0},
    {"select", EST_OPTION_CHOICE, offsetof(est_trend_options, select), "bic", 0, 0, "bic|aic", "criterion of the selection", 0},
    {"max-order", EST_OPTION_INTEGER, offsetof(est_trend_options, max_order), "0", 0, 3, NULL,
     "most lists in a term; every order from 2 up to it is run; 0: 3, or one less than the lists", 0},
    {"boundary", EST_OPTION_CHOICE, offsetof(est_trend_options, boundary), "accept", 0, 0, "reject|accept",
     "fits on a face in a selection; they compete when the unseen number is estimable there", 0},
    {"baseline", EST_OPTION_TEXT, offsetof(est_trend_options, baseline), "", 0, 0, NULL,
     "period to compare with; default: each with the one before, and the first with the last", 0},
    {"ci", EST_OPTION_CHOICE, offsetof(est_trend_options, ci), "auto", 0, 0, "auto|none|profile|bootstrap",
     "interval; auto: bootstrap with reselection. profile: of populations only, the model taken as known", 0},
    {"replicates", EST_OPTION_INTEGER, offsetof(est_trend_options, replicates), "1000", 0, 1000000, NULL,
     "bootstrap replicates of each model; 0: no bootstrap", 0},
    EST_I_LEVEL_OPTION(est_trend_options),
};

#define TREND_SPECS (sizeof trend_specs / sizeof trend_specs[0])

est_trend_options est_trend_options_default(void)
{
    est_trend_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(trend_specs, TREND_SPECS, &options);
    return options;
}

static est_status validate(const void *options, est_error *error)
{
    const est_trend_options *o = options;
    est_status status = EST_OK;
    if (o->max_order == 1)
        status = est_i_fail(error, EST_EOPTION, "option --max-order: found 1, expected 2 or 3 (or 0 for the default); for no "
                            "dependence at all give --dependence independence");
    else if (*o->model && o->dependence == EST_DEPENDENCE_INDEPENDENCE && strcmp(o->model, "main") != 0)
        status = est_i_fail(error, EST_EOPTION, "option --model: found '%s' with --dependence independence, which has no "
                            "dependence terms; leave one of them out", o->model);
    else if ((o->ci == EST_CI_BOOTSTRAP || o->ci == EST_CI_AUTO) && o->replicates < 100 && o->replicates != 0)
        status = est_i_fail(error, EST_EOPTION,
                            "option --replicates: found %ld, expected at least 100 for percentile limits, or 0 for none",
                            o->replicates);
    return status;
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result,
                      est_error *error)
{
    return est_trend(data, options, context, result, error);
}

const est_method est_i_method_trend = {
    .id = "trend",
    .title = "Trend of a hidden population",
    .summary = "Estimates how many people there were in each period, known and unknown, from several lists, and compares the "
               "periods. List activity is free in each period, so that a list that grows is not read as a population that grows. "
               "The models differ in how the lists' dependence may change between periods (M0 none, M1 the same in every period, "
               "M3 its own in each); they are all shown beside each other, with their fit tests, because the lists cannot tell "
               "which of them holds. No direction of change is claimed.",
    .reference = "Fienberg (1972) Biometrika 59:591-603; Chan, Silverman and Vincent (2021) JASA 116:1297-1306; Silverman, Chan "
                 "and Vincent (2024) Statistics and Computing 34",
    .data = "as for mse, with a column of periods",
    .options = trend_specs,
    .n_options = TREND_SPECS,
    .options_size = sizeof(est_trend_options),
    .validate = validate,
    .fit = fit,
};

est_status est_trend(const est_table *data, const est_trend_options *options, const est_context *context,
                     est_result **result, est_error *error)
{
    est_trend_options resolved = options ? *options : est_trend_options_default();
    est_i_captures *captures = NULL;
    *result = NULL;
    est_error_clear(error);
    est_status status = est_i_options_check(trend_specs, TREND_SPECS, &resolved, error);
    est_i_period_options periods = {resolved.period, resolved.seen, resolved.population, resolved.list_dates};
    if (status == EST_OK)
        status = validate(&resolved, error);
    if (status == EST_OK)
        status = est_i_captures_read(data, &resolved.capture, &periods, context, &captures, error);
    if (status == EST_OK)
        status = est_i_trend_run(data, captures, &resolved, context, result, error);
    est_i_captures_free(captures);
    return status;
}
