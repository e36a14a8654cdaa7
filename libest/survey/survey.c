/* Surveys: the method `survey`. */
#include "survey/survey.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "core/text.h"

#define AT(field) offsetof(est_survey_options, field)

static const est_option_spec survey_specs[] = {
    {"weight", EST_OPTION_COLUMN, AT(weight), "", 0, 0, NULL, "sampling weight; default: from --fpc, else 1", 0},
    {"strata", EST_OPTION_COLUMNS, AT(strata), "", 0, 0, NULL, "strata, one column a stage", 0},
    {"psu", EST_OPTION_COLUMNS, AT(psu), "", 0, 0, NULL, "sampling units, PSU first; default: rows", 0},
    {"mean", EST_OPTION_COLUMNS, AT(mean), "", 0, 0, NULL, "columns of numbers", 0},
    {"total", EST_OPTION_COLUMNS, AT(total), "", 0, 0, NULL, "columns of numbers", 0},
    {"proportion", EST_OPTION_COLUMNS, AT(proportion), "", 0, 0, NULL, "columns, or COLUMN=LEVEL", 0},
    {"share", EST_OPTION_COLUMNS, AT(share), "", 0, 0, NULL, "columns of the numbers 0 and 1: the share of ones, with the intervals of "
     "proportions", 1},
    {"by", EST_OPTION_COLUMNS, AT(by), "", 0, 0, NULL, "domains: every crossing of these columns", 0},
    {"where", EST_OPTION_TEXT, AT(where), "", 0, 0, NULL, "condition, as in 'age >= 5 and sex == 2'", 0},
    {"covariance", EST_OPTION_FLAG, AT(covariance), "no", 0, 1, NULL, "the covariance of all estimates, as a table", 1},
    {"nest", EST_OPTION_FLAG, AT(nest), "no", 0, 1, NULL, "PSU ids are numbered within strata", 1},
    {"contrast", EST_OPTION_TEXT, AT(contrast), "", 0, 0, NULL, "of domains: 'sex=f - sex=m', 'sex=f / sex=m'", 1},
    {"linear", EST_OPTION_TEXT, AT(linear), "", 0, 0, NULL, "regression: 'y ~ x + factor(z)'", 1},
    {"logistic", EST_OPTION_TEXT, AT(logistic), "", 0, 0, NULL, "logistic regression of a 0/1 column", 1},
    {"association", EST_OPTION_COLUMNS, AT(association), "", 0, 0, NULL, "A:B, tests of independence (Rao-Scott, Wald)", 1},
    {"ci", EST_OPTION_CHOICE, AT(ci), "korn-graubard", 0, 0, "korn-graubard|beta|t|logit|wilson|arcsine|likelihood|two-se",
     "intervals of proportions (others: t, or two-se)", 1},
    {"variance", EST_OPTION_CHOICE, AT(variance), "taylor", 0, 0,
     "taylor|jk1|jkn|brr|fay|rao-wu|canty-davison|preston|sdr|supplied", "standard errors from", 1},
    {"calibrate", EST_OPTION_CHOICE, AT(calibrate), "none", 0, 0,
     "none|poststratify|rake|linear|bounded|logit|exponential|declared", "weights to known totals", 1},
    {"quantile", EST_OPTION_COLUMNS, AT(quantile), "", 0, 0, NULL, "X@0.5", 1},
    {"lonely", EST_OPTION_CHOICE, AT(lonely), "fail", 0, 0, "fail|remove|certainty|adjust|average",
     "strata with a single PSU", 1},
    {"ratio", EST_OPTION_COLUMNS, AT(ratio), "", 0, 0, NULL, "A/B, columns of numbers", 1},
    {"fpc", EST_OPTION_COLUMNS, AT(fpc), "", 0, 0, NULL, "units in each stratum, or share drawn", 1},
    {"df", EST_OPTION_CHOICE, AT(df), "domain", 0, 0, "domain|design", "degrees of freedom: PSUs less strata, of the domain or of all", 1},
    {"deff", EST_OPTION_CHOICE, AT(deff), "replace", 0, 0, "none|replace|no-replace",
     "design effect against simple random sampling with or without replacement", 1},
    {"sampling-errors", EST_OPTION_FLAG, AT(sampling_errors), "no", 0, 1, NULL, "the table R, SE, N, WN, DEFT, SE/R, R-2SE, R+2SE", 1},
    {"replicates", EST_OPTION_COLUMNS, AT(replicates), "", 0, 0, NULL, "columns of replicate weights; 'rw*' = all that begin so", 1},
    {"margins", EST_OPTION_TABLE, AT(margins), "", 0, 0, NULL, "the known totals: columns variable, level, total", 1},
    {"weight-scale", EST_OPTION_NUMBER, AT(weight_scale), "1", 1e-30, 1e30, NULL, "every weight is multiplied by it (DHS: 0.000001)", 1},
    {"wave", EST_OPTION_COLUMN, AT(wave), "", 0, 0, NULL,
     "waves in one file: strata and PSUs of different waves were drawn apart", 1},
    {"shared-psu", EST_OPTION_FLAG, AT(shared_psu), "no", 0, 1, NULL, "waves share their PSUs: equal ids are the same place", 1},
    {"lonely-domain", EST_OPTION_FLAG, AT(lonely_domain), "no", 0, 1, NULL,
     "treat strata of which one PSU has cases of the domain like --lonely adjust or average says", 1},
    {"ultimate-cluster", EST_OPTION_FLAG, AT(ultimate_cluster), "no", 0, 1, NULL, "variance of the first stage only", 1},
    {"pps", EST_OPTION_CHOICE, AT(pps), "none", 0, 0, "none|brewer|overton|hartley-rao",
     "units drawn with unequal probabilities (--fpc) without replacement", 1},
    {"pps-form", EST_OPTION_CHOICE, AT(pps_form), "horvitz-thompson", 0, 0, "horvitz-thompson|yates-grundy",
     "form of the variance for overton and hartley-rao", 1},
    {"missing", EST_OPTION_CHOICE, AT(missing), "omit", 0, 0, "omit|fail", "rows that miss a value: left out of what needs it, or refused", 1},
    {"replicate-type", EST_OPTION_CHOICE, AT(replicate_type), "bootstrap", 0, 0, "bootstrap|jk1|jkn|brr|fay|sdr|other",
     "supplied replicates: what they are; gives the scale", 1},
    {"replicate-factors", EST_OPTION_FLAG, AT(replicate_factors), "no", 0, 1, NULL, "the columns hold factors of the weight, not weights", 1},
    {"draws", EST_OPTION_INTEGER, AT(draws), "1000", 2, 1000000, NULL, "replicates of a bootstrap or of sdr", 1},
    {"fay", EST_OPTION_NUMBER, AT(fay), "0.5", 0, 0.99, NULL, "rho of Fay's method", 1},
    {"resample", EST_OPTION_NUMBER, AT(resample), "0", 0, 1e9, NULL, "PSUs drawn in each stratum by rao-wu; 0: one fewer than there are", 1},
    {"scale", EST_OPTION_NUMBER, AT(scale), "0", 0, 1e12, NULL, "supplied replicates: factor of the sum of squares; 0: by the type", 1},
    {"replicate-df", EST_OPTION_NUMBER, AT(replicate_df), "0", 0, 1e9, NULL,
     "supplied replicates: degrees of freedom; 0: rank of the weights less 1", 1},
    {"rscales", EST_OPTION_TEXT, AT(rscales), "", 0, 0, NULL, "supplied replicates: a factor for each, parted by commas", 1},
    {"mse", EST_OPTION_FLAG, AT(mse), "no", 0, 1, NULL, "replicates: squares around the estimate, not around their mean", 1},
    {"bounds", EST_OPTION_TEXT, AT(bounds), "", 0, 0, NULL, "L,U: bounds of the factors of bounded, logit, rake and exponential", 1},
    {"by-cluster", EST_OPTION_FLAG, AT(by_cluster), "no", 0, 1, NULL, "calibration: one factor for each PSU", 1},
    {"calibrated", EST_OPTION_COLUMNS, AT(calibrated), "", 0, 0, NULL, "declared: the columns that the weights are calibrated on", 1},
    {"base-weight", EST_OPTION_COLUMN, AT(base_weight), "", 0, 0, NULL, "declared: the weights before calibration", 1},
    {"g-weighted", EST_OPTION_FLAG, AT(g_weighted), "no", 0, 1, NULL, "calibration residuals by the calibrated weights", 1},
    {"design-effect", EST_OPTION_NUMBER, AT(design_effect), "1", 0.01, 1000, NULL,
     "for intervals of proportions of 0 or 1, where no larger domain gives one", 1},
    {"quantile-rule", EST_OPTION_CHOICE, AT(quantile_rule), "math", 0, 0, "math|school|hf1|hf2|hf3|hf4|hf5|hf6|hf7|hf8|hf9|dhs|dhs-printed",
     "definition of a quantile; dhs: of completed years, interpolated", 1},
    {"quantile-ci", EST_OPTION_CHOICE, AT(quantile_ci), "t", 0, 0, "korn-graubard|beta|t|logit|wilson|arcsine",
     "interval of the proportion that Woodruff's interval inverts", 1},
    {"quantile-over-replicates", EST_OPTION_FLAG, AT(quantile_over_replicates), "no", 0, 1, NULL,
     "variance of the quantile itself over the replicates (not for the jackknife)", 1},
    {"level", EST_OPTION_NUMBER, AT(level), "0.95", 0.5, 0.9999, NULL, "confidence level of the intervals", 0},
};

#define SURVEY_SPECS (sizeof survey_specs / sizeof survey_specs[0])

est_survey_options est_survey_options_default(void)
{
    est_survey_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(survey_specs, SURVEY_SPECS, &options);
    return options;
}

static bool asks(const char *text)
{
    return text && *text;
}

/* An option that was given, whether something that was asked for depends on it, and what it depends on. */
typedef struct dependence {
    const char *option;
    bool given, used;
    const char *needs;
} dependence;

static est_status refuse_idle(size_t n, const dependence *options, est_error *error)
{
    for (size_t i = 0; i < n; i++)
        if (options[i].given && !options[i].used)
            return est_i_fail(error, EST_EOPTION, "option --%s would change nothing here: it needs %s", options[i].option, options[i].needs);
    return EST_OK;
}

#define REFUSE_IDLE(options, error) refuse_idle(sizeof(options) / sizeof *(options), options, error)

static bool is_one_of(int value, int a, int b)
{
    return value == a || value == b;
}

static est_status check_design_options(const est_survey_options *o, est_error *error)
{
    bool taylor = o->variance == EST_I_SURVEY_TAYLOR, supplied = o->variance == EST_I_SURVEY_SUPPLIED;
    bool jackknife1 = o->variance == EST_I_SURVEY_JK1;
    bool moves = is_one_of(o->lonely, EST_I_LONELY_ADJUST, EST_I_LONELY_AVERAGE);
    bool joint = is_one_of(o->pps, EST_I_PPS_OVERTON, EST_I_PPS_HARTLEY_RAO);
    bool stages = asks(o->psu) && strchr(o->psu, ',') && asks(o->fpc);
    const dependence options[] = {
        {"weight-scale", o->weight_scale != 1, asks(o->weight) || asks(o->base_weight) || asks(o->fpc), "--weight, which it multiplies"},
        {"nest", o->nest, asks(o->psu) && asks(o->strata), "--psu and --strata, within which the ids are numbered"},
        {"fpc", asks(o->fpc), !supplied || !asks(o->weight), "another --variance: supplied replicates have their corrections in them"},
        {"lonely", o->lonely != EST_I_LONELY_FAIL, !supplied && !jackknife1, "--variance taylor or replicates that are made by strata"},
        {"lonely adjust or average", moves, taylor, "--variance taylor; replicates know fail, remove and certainty"},
        {"lonely-domain", o->lonely_domain, moves && !joint && o->calibrate == EST_I_CALIBRATE_NONE,
         "--lonely adjust or average, without calibration and without --pps overton or hartley-rao"},
        {"ultimate-cluster", o->ultimate_cluster, taylor && stages, "--psu with two stages or more, --fpc and --variance taylor"},
        {"pps-form", o->pps_form != 0, joint, "--pps overton or hartley-rao"},
    };
    return REFUSE_IDLE(options, error);
}

static est_status check_replicate_options(const est_survey_options *o, est_error *error)
{
    bool supplied = o->variance == EST_I_SURVEY_SUPPLIED, taylor = o->variance == EST_I_SURVEY_TAYLOR;
    bool draws = o->variance >= EST_I_SURVEY_RAO_WU && !supplied;
    bool fay = o->variance == EST_I_SURVEY_FAY || (supplied && o->replicate_type == EST_I_SURVEY_TYPE_FAY && !(o->scale > 0));
    bool jackknife = is_one_of(o->variance, EST_I_SURVEY_JK1, EST_I_SURVEY_JKN) ||
                     (supplied && is_one_of(o->replicate_type, EST_I_SURVEY_TYPE_JK1, EST_I_SURVEY_TYPE_JKN));
    const dependence options[] = {
        {"replicate-type", o->replicate_type != 0, supplied, "--variance supplied"},
        {"replicate-factors", o->replicate_factors, supplied, "--variance supplied"},
        {"scale", o->scale > 0, supplied, "--variance supplied; of other replicates it is known"},
        {"replicate-df", o->replicate_df > 0, supplied, "--variance supplied; of other replicates they are known"},
        {"rscales", asks(o->rscales), supplied, "--variance supplied; of other replicates they are known"},
        {"mse", o->mse, !taylor, "a --variance by replicates"},
        {"draws", o->draws != 1000, draws, "--variance rao-wu, canty-davison, preston or sdr"},
        {"fay", o->fay != 0.5, fay, "--variance fay, or supplied with --replicate-type fay and without --scale"},
        {"resample", o->resample > 0, o->variance == EST_I_SURVEY_RAO_WU, "--variance rao-wu"},
        {"quantile-over-replicates", o->quantile_over_replicates, asks(o->quantile) && !taylor && !jackknife,
         "--quantile and replicates other than a jackknife, which is not consistent for quantiles"},
        {"by-cluster", o->by_cluster, o->calibrate != EST_I_CALIBRATE_NONE, "--calibrate"},
        {"g-weighted", o->g_weighted, o->calibrate != EST_I_CALIBRATE_NONE && taylor, "--calibrate and --variance taylor: it says how "
         "residuals are taken"},
    };
    return REFUSE_IDLE(options, error);
}

static est_status check_output_options(const est_survey_options *o, est_error *error)
{
    bool totals = asks(o->mean) || asks(o->total) || asks(o->proportion) || asks(o->share) || asks(o->ratio), two = o->ci == EST_I_CI_TWO_SE;
    bool woodruff = asks(o->quantile) && !o->quantile_over_replicates, models = asks(o->linear) || asks(o->logistic);
    bool has_design = o->variance != EST_I_SURVEY_SUPPLIED || asks(o->psu) || asks(o->strata);
    const dependence options[] = {
        {"by", asks(o->by), totals || asks(o->quantile), "--mean, --total, --proportion, --ratio or --quantile; regressions and tests of a "
         "domain are had by --where"},
        {"ci", o->ci != EST_I_CI_BETA, two ? totals : asks(o->proportion) || asks(o->share), two ? "--mean, --total, --proportion or --ratio"
                                                                               : "--proportion; other intervals are t"},
        {"df", o->df == 1, has_design, "--psu or --strata: without them supplied replicates alone tell the degrees of freedom"},
        {"deff", o->deff != 1, totals, "--mean, --total, --proportion or --ratio"},
        {"design-effect", o->design_effect != 1, (asks(o->proportion) || asks(o->share)) && !two, "--proportion with an interval other than two-se"},
        {"quantile-rule", o->quantile_rule != 0, asks(o->quantile), "--quantile"},
        {"quantile-ci", o->quantile_ci != 2, woodruff, "--quantile with Woodruff's interval"},
        {"sampling-errors", o->sampling_errors, totals && o->deff == 1, "--mean, --total, --proportion or --ratio, and --deff replace, of "
         "which its DEFT is the root"},
        {"covariance", o->covariance, totals, "--mean, --total, --proportion or --ratio; regressions have theirs always"},
        {"level", o->level != 0.95, (totals && !two) || asks(o->quantile) || models, "an interval that has a level"},
    };
    return REFUSE_IDLE(options, error);
}

static est_status check_declared(const est_survey_options *o, est_error *error)
{
    bool declared = o->calibrate == EST_I_CALIBRATE_DECLARED;
    if (declared && (!asks(o->calibrated) || !asks(o->base_weight) || !asks(o->weight)))
        return est_i_fail(error, EST_EOPTION, "option --calibrate declared needs --weight with the calibrated weights, --calibrated with the "
                          "columns that they were calibrated on and --base-weight with the weights before that");
    if (declared && o->variance != EST_I_SURVEY_TAYLOR)
        return est_i_fail(error, EST_EOPTION, "option --calibrate declared goes with --variance taylor: the known totals are not told, so "
                          "replicates cannot be calibrated to them; supplied replicates that were calibrated need no --calibrate");
    if (!declared && (asks(o->calibrated) || asks(o->base_weight)))
        return est_i_fail(error, EST_EOPTION, "options --calibrated and --base-weight belong to --calibrate declared");
    return EST_OK;
}

static est_status check_idle(const est_survey_options *o, est_error *error)
{
    est_status status = check_declared(o, error);
    if (status == EST_OK)
        status = check_design_options(o, error);
    if (status == EST_OK)
        status = check_replicate_options(o, error);
    return status == EST_OK ? check_output_options(o, error) : status;
}

static est_status validate(const void *options, est_error *error)
{
    const est_survey_options *o = options;
    bool totals = asks(o->mean) || asks(o->total) || asks(o->proportion) || asks(o->share) || asks(o->ratio);
    bool supplied = o->variance == EST_I_SURVEY_SUPPLIED;
    bool declared = o->calibrate == EST_I_CALIBRATE_DECLARED;
    if (asks(o->contrast) && (!totals || !asks(o->by)))
        return est_i_fail(error, EST_EOPTION, "option --contrast compares domains of means, totals, proportions or ratios: give --by and "
                          "one of --mean, --total, --proportion, --ratio");
    if (supplied != asks(o->replicates))
        return est_i_fail(error, EST_EOPTION, supplied ? "option --variance supplied needs --replicates with their columns" :
                          "option --replicates gives replicate weights; say --variance supplied as well");
    if (supplied && !asks(o->weight) && o->replicate_factors == 0)
        return est_i_fail(error, EST_EOPTION, "replicate weights need --weight, the weight of the whole sample");
    if (o->calibrate != EST_I_CALIBRATE_NONE && !declared && !o->margins)
        return est_i_fail(error, EST_EOPTION, "option --calibrate needs --margins, a table of known totals (columns variable, level, total)");
    if (o->margins && (o->calibrate == EST_I_CALIBRATE_NONE || declared))
        return est_i_fail(error, EST_EOPTION, "option --margins is used by --calibrate poststratify, rake, linear, bounded, logit or "
                          "exponential; none of them was chosen");
    if (o->shared_psu && !asks(o->wave))
        return est_i_fail(error, EST_EOPTION, "option --shared-psu says that waves share their PSUs; give --wave with the column of waves");
    if (o->pps && !asks(o->fpc))
        return est_i_fail(error, EST_EOPTION, "option --pps needs --fpc with the probability with which each unit was drawn");
    if (o->pps && o->variance != EST_I_SURVEY_TAYLOR)
        return est_i_fail(error, EST_EOPTION, "option --pps is a variance formula of its own: it goes with --variance taylor");
    return check_idle(o, error);
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result,
                      est_error *error)
{
    return est_survey_table(data, options, context, result, error);
}

static est_status read_source(est_source *source, const void *options, const est_context *context, est_result **result,
                              est_error *error)
{
    return est_survey(source, options, context, result, error);
}

static est_status save_part(est_source *source, const void *options, size_t part, size_t parts, const est_context *context, char **state,
                            size_t *length, est_error *error)
{
    return est_survey_part(source, options, part, parts, context, state, length, error);
}

static est_status join_parts(size_t n, const char *const *names, const char *const *states, const size_t *lengths, const void *options,
                             const est_context *context, est_result **result, est_error *error)
{
    return est_survey_join(n, names, states, lengths, options, context, result, error);
}

const est_method est_i_method_survey = {
    .id = "survey",
    .title = "Survey estimates",
    .summary = "Estimates totals, means, proportions, ratios, quantiles, contrasts of domains, regressions and tests of association from "
               "a sample survey, with standard errors that respect strata, stages, weights and corrections for finite populations. It "
               "takes for granted that the design columns describe how the sample was drawn and that weights are inverse chances of "
               "selection, as adjusted. Domains (--by, --where) never drop a PSU: those without a case count as zeros.",
    .reference = "Saerndal, Swensson, Wretman (1992) Model Assisted Survey Sampling; Korn, Graubard (1998) Survey Methodology "
                 "24:193-201; Rao, Wu, Yue (1992) Survey Methodology 18:209-217; Rao, Scott (1984) Annals of Statistics 12:46-60; "
                 "Deville, Saerndal (1992) JASA 87:376-382; Woodruff (1952) JASA 47:635-646",
    .data = "one row a person or household, from CSV, Stata (.dta) or SPSS (.sav), with columns for weight, strata and PSU",
    .options = survey_specs,
    .n_options = SURVEY_SPECS,
    .options_size = sizeof(est_survey_options),
    .validate = validate,
    .fit = fit,
    .read = read_source,
    .part = save_part,
    .join = join_parts,
};

/* Not part of `validate`, by which the defaults are good. */
static est_status check_asked(const est_survey_options *o, est_error *error)
{
    bool any = asks(o->mean) || asks(o->total) || asks(o->proportion) || asks(o->share) || asks(o->ratio) || asks(o->quantile) || asks(o->linear) ||
               asks(o->logistic) || asks(o->association);
    return any ? EST_OK
               : est_i_fail(error, EST_EOPTION, "nothing is asked for; give at least one of --mean, --total, --proportion, --ratio, "
                            "--quantile, --linear, --logistic, --association");
}

est_status est_i_survey_check(const est_survey_options *options, est_error *error)
{
    est_status status = est_i_options_check(survey_specs, SURVEY_SPECS, options, error);
    if (status == EST_OK)
        status = check_asked(options, error);
    return status == EST_OK ? validate(options, error) : status;
}

static est_status run_steps(est_i_survey *run, est_result **result, est_error *error)
{
    est_status status = est_i_survey_design(run, error);
    if (status == EST_OK)
        status = est_i_survey_prepare(run, error);
    if (status == EST_OK)
        status = est_i_survey_estimate_all(run, error);
    if (status == EST_OK)
        status = est_i_survey_write(run, error);
    if (status == EST_OK) {
        status = est_i_result_finish(run->builder, result, error);
        run->builder = NULL;
    }
    return status;
}

est_status est_survey(est_source *source, const est_survey_options *options, const est_context *context, est_result **result,
                      est_error *error)
{
    est_survey_options resolved = options ? *options : est_survey_options_default();
    est_i_survey run;
    memset(&run, 0, sizeof run);
    *result = NULL;
    est_error_clear(error);
    est_status status = est_i_survey_check(&resolved, error);
    if (status != EST_OK)
        return status;
    run.source = source;
    run.options = &resolved;
    run.context = context;
    est_i_monitor_start(&run.monitor, context);
    status = run_steps(&run, result, error);
    est_i_survey_clear(&run);
    return status;
}

est_status est_survey_table(const est_table *table, const est_survey_options *options, const est_context *context,
                            est_result **result, est_error *error)
{
    est_source *source = NULL;
    *result = NULL;
    est_error_clear(error);
    est_status status = est_source_of_table(table, &source, error);
    if (status == EST_OK)
        status = est_survey(source, options, context, result, error);
    est_source_free(source);
    return status;
}
