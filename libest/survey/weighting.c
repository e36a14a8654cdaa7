/* Weights step by step: the method `weight`. */
#include "survey/weighting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "core/text.h"

#define AT(field) offsetof(est_weight_options, field)

static const est_option_spec weight_specs[] = {
    {"weight", EST_OPTION_COLUMN, AT(weight), "", 0, 0, NULL, "base weight", 0},
    {"probability", EST_OPTION_COLUMNS, AT(probability), "", 0, 0, NULL,
     "chances of selection, one column a stage: the base weight is 1 / their product", 0},
    {"response", EST_OPTION_COLUMN, AT(response), "", 0, 0, NULL,
     "1 = responded, 0 = did not: the weight becomes 0", 0},
    {"response-cells", EST_OPTION_COLUMNS, AT(response_cells), "", 0, 0, NULL,
     "respondents stand for all rows of their cell, the crossing of these columns", 0},
    {"propensity", EST_OPTION_TEXT, AT(propensity), "", 0, 0, NULL,
     "instead of cells: logistic model of response, 'age + factor(region)'", 0},
    {"calibrate", EST_OPTION_CHOICE, AT(calibrate), "none", 0, 0, "none|poststratify|rake|linear|bounded|logit|exponential",
     "weights to known totals", 0},
    {"margins", EST_OPTION_TABLE, AT(margins), "", 0, 0, NULL, "the known totals: columns variable, level, total", 0},
    {"trim", EST_OPTION_TEXT, AT(trim), "", 0, 0, NULL, "L,U: limits of the weights; totals are kept; ',U' for the upper alone", 0},
    {"propensity-classes", EST_OPTION_INTEGER, AT(propensity_classes), "0", 0, 100, NULL,
     "classes of equal size by propensity; 0: each row by its own", 1},
    {"propensity-weights", EST_OPTION_CHOICE, AT(propensity_weights), "weighted", 0, 0, "weighted|unweighted",
     "fit of the propensity model", 1},
    {"response-minimum", EST_OPTION_INTEGER, AT(response_minimum), "20", 1, 1000000, NULL,
     "cells or classes with fewer respondents are flagged", 1},
    {"response-factor", EST_OPTION_NUMBER, AT(response_factor), "3", 1, 1000, NULL,
     "cells or classes with a larger factor are flagged", 1},
    {"bounds", EST_OPTION_TEXT, AT(bounds), "", 0, 0, NULL,
     "L,U: bounds of the factors of bounded, logit, rake and exponential", 1},
    {"trim-median", EST_OPTION_NUMBER, AT(trim_median), "0", 0, 1e6, NULL,
     "instead of --trim: at most that many times the median weight; 0: no limit", 1},
    {"by-cluster", EST_OPTION_FLAG, AT(by_cluster), "no", 0, 1, NULL, "calibration: one factor for each PSU", 1},
    {"psu", EST_OPTION_COLUMN, AT(psu), "", 0, 0, NULL, "primary sampling unit, for --by-cluster", 1},
    {"strata", EST_OPTION_COLUMN, AT(strata), "", 0, 0, NULL, "stratum of the PSU", 1},
    {"nest", EST_OPTION_FLAG, AT(nest), "no", 0, 1, NULL, "PSU ids are numbered within strata", 1},
};

#define WEIGHT_SPECS (sizeof weight_specs / sizeof weight_specs[0])

est_weight_options est_weight_options_default(void)
{
    est_weight_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(weight_specs, WEIGHT_SPECS, &options);
    return options;
}

static bool asks(const char *text)
{
    return text && *text;
}

/* "L,U"; an end that is left out stays as it is. */
static bool read_pair(const char *text, double *lower, double *upper)
{
    const char *comma = strchr(text, ',');
    size_t before = comma ? (size_t)(comma - text) : 0;
    bool good = comma != NULL && strlen(text) > 1;
    if (good && before > 0)
        good = est_i_number_parse(text, before, lower);
    if (good && comma[1])
        good = est_i_number_parse(comma + 1, strlen(comma + 1), upper);
    return good;
}

static est_status check_response(const est_weight_options *o, est_error *error)
{
    bool adjusts = asks(o->response_cells) || asks(o->propensity);
    if (asks(o->response_cells) && asks(o->propensity))
        return est_i_fail(error, EST_EOPTION, "options --response-cells and --propensity are two ways to the same end; give one of "
                                              "them");
    if (asks(o->response) != adjusts)
        return est_i_fail(error, EST_EOPTION, asks(o->response)
                          ? "option --response needs --response-cells or --propensity, which say who stands for those that did not "
                            "respond"
                          : "options --response-cells and --propensity need --response, the column of 0 and 1");
    if (o->propensity_classes == 1 || (o->propensity_classes > 0 && !asks(o->propensity)))
        return est_i_fail(error, EST_EOPTION, "option --propensity-classes: expected 2 classes or more, and --propensity with the "
                                              "model");
    return EST_OK;
}

static est_status check_calibration(const est_weight_options *o, est_error *error)
{
    double lower = -INFINITY, upper = INFINITY;
    if ((o->calibrate != EST_WEIGHT_CALIBRATE_NONE) != (o->margins != NULL))
        return est_i_fail(error, EST_EOPTION, o->margins ? "option --margins is used by --calibrate, and none was chosen"
                          : "option --calibrate needs --margins, a table of known totals (columns variable, level, total)");
    if (o->calibrate == EST_WEIGHT_CALIBRATE_NONE && (asks(o->bounds) || o->by_cluster))
        return est_i_fail(error, EST_EOPTION, "options --bounds and --by-cluster belong to --calibrate, and none was chosen");
    if (o->by_cluster != (asks(o->psu) ? 1 : 0))
        return est_i_fail(error, EST_EOPTION, "option --by-cluster needs --psu, the column of the clusters; nothing else does");
    if ((asks(o->strata) || o->nest) && !asks(o->psu))
        return est_i_fail(error, EST_EOPTION, "options --strata and --nest say what --psu means; give it as well");
    if (asks(o->bounds) && !(read_pair(o->bounds, &lower, &upper) && lower < 1 && upper > 1))
        return est_i_fail(error, EST_EOPTION, "option --bounds: found '%.60s', expected L,U with L below 1 and U above it, for "
                                              "example 0.5,2",
                          o->bounds);
    return EST_OK;
}

/* Not part of `validate`, by which the defaults are good. */
static est_status check_base(const est_weight_options *o, est_error *error)
{
    if (asks(o->weight) != asks(o->probability))
        return EST_OK;
    return est_i_fail(error, EST_EOPTION, "expected one of --weight, the column of base weights, and --probability, the columns of the "
                      "chances of selection");
}

static est_status validate(const void *options, est_error *error)
{
    const est_weight_options *o = options;
    double least = 0, most = INFINITY;
    est_status status = EST_OK;
    if (asks(o->trim) && o->trim_median > 0)
        return est_i_fail(error, EST_EOPTION, "options --trim and --trim-median both set limits of the weights; give one of them");
    if (asks(o->trim) && !(read_pair(o->trim, &least, &most) && least >= 0 && least < most))
        return est_i_fail(error, EST_EOPTION, "option --trim: found '%.60s', expected L,U with 0 or more for L and a larger U, for "
                          "example 10,500, or ',500'", o->trim);
    if (o->trim_median > 0 && !(o->trim_median > 1))
        return est_i_fail(error, EST_EOPTION, "option --trim-median: expected a multiple of the median above 1, for example 5");
    status = check_response(o, error);
    return status == EST_OK ? check_calibration(o, error) : status;
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_weight_table(data, options, context, result, error);
}

static est_status read_source(est_source *source, const void *options, const est_context *context, est_result **result,
                              est_error *error)
{
    return est_weight(source, options, context, result, error);
}

const est_method est_i_method_weight = {
    .id = "weight",
    .title = "Survey weights",
    .summary = "Makes survey weights step by step: base weights as inverse chances of selection, an adjustment for nonresponse in "
               "cells or by a propensity model, calibration to known totals (post-stratification, raking, linear, bounded, logit, "
               "exponential, for persons or whole clusters), and trimming that keeps the totals. It takes for granted that those "
               "who did not respond are like the respondents of their cell or propensity, and that the totals are of the "
               "population that was sampled. Each step is optional; the weights stand in the frame 'weights'.",
    .reference = "Deville, Sarndal (1992) JASA 87:376-382; Deville, Sarndal, Sautory (1993) JASA 88:1013-1020; Little (1986) "
                 "International Statistical Review 54:139-157; Lemaitre, Dufour (1987) Survey Methodology 13:199-207; Kish (1992) "
                 "Journal of Official Statistics 8:183-200",
    .data = "one row a sampled person or household, those who did not respond too where --response is given",
    .options = weight_specs,
    .n_options = WEIGHT_SPECS,
    .options_size = sizeof(est_weight_options),
    .validate = validate,
    .fit = fit,
    .read = read_source,
    .copy = est_weight_copy,
    .copy_column = EST_WEIGHT_COLUMN,
};

/* ---- the run ---- */

static void read_limits(est_i_weighting *run)
{
    run->lower = -INFINITY;
    run->upper = INFINITY;
    run->least = 0;
    run->most = INFINITY;
    if (asks(run->options->bounds))
        (void)read_pair(run->options->bounds, &run->lower, &run->upper);
    if (asks(run->options->trim))
        (void)read_pair(run->options->trim, &run->least, &run->most);
}

static void clear(est_i_weighting *run)
{
    for (size_t v = 0; v < run->data.n_variables; v++) {
        free(run->data.number ? run->data.number[v] : NULL);
        free(run->data.level ? run->data.level[v] : NULL);
    }
    for (size_t i = 0; i < run->n_names; i++)
        free(run->names[i]);
    for (size_t k = 0; k < run->n_response; k++) {
        free(run->cells[k].name);
        free(run->cells[k].level);
    }
    free(run->data.number);
    free(run->data.level);
    free(run->data.weight);
    free(run->data.psu);
    free(run->names);
    free(run->variables);
    free(run->cells);
    free(run->base);
    free(run->weight);
    free(run->after);
    free(run->counts);
    est_i_sample_free(run->calibrated);
    est_source_free(run->work);
    est_table_free(run->table);
    est_i_sample_free(run->sample);
    est_i_calibration_free(run->calibration);
    est_i_formula_free(run->formula);
    est_i_result_abandon(run->builder);
}

static est_status run_steps(est_i_weighting *run, est_result **result)
{
    est_status status = est_i_weighting_plan(run);
    if (status == EST_OK)
        status = est_i_weighting_read(run);
    if (status == EST_OK && asks(run->options->response))
        status = est_i_weighting_respond(run);
    if (status == EST_OK && run->options->calibrate != EST_WEIGHT_CALIBRATE_NONE)
        status = est_i_weighting_calibrate(run);
    if (status == EST_OK && (asks(run->options->trim) || run->options->trim_median > 0))
        status = est_i_weighting_trim(run);
    if (status == EST_OK)
        status = est_i_weighting_write(run);
    if (status == EST_OK) {
        status = est_i_result_finish(run->builder, result, run->error);
        run->builder = NULL;
    }
    return status;
}

est_status est_weight(est_source *source, const est_weight_options *options, const est_context *context, est_result **result,
                      est_error *error)
{
    est_weight_options resolved = options ? *options : est_weight_options_default();
    est_i_weighting run;
    memset(&run, 0, sizeof run);
    *result = NULL;
    est_error_clear(error);
    est_status status = est_i_options_check(weight_specs, WEIGHT_SPECS, &resolved, error);
    if (status == EST_OK)
        status = check_base(&resolved, error);
    if (status == EST_OK)
        status = validate(&resolved, error);
    if (status != EST_OK)
        return status;
    run.source = source;
    run.options = &resolved;
    run.context = context;
    run.error = error;
    read_limits(&run);
    est_i_monitor_start(&run.monitor, context);
    status = run_steps(&run, result);
    clear(&run);
    return status;
}

est_status est_weight_table(const est_table *table, const est_weight_options *options, const est_context *context,
                            est_result **result, est_error *error)
{
    est_source *source = NULL;
    *result = NULL;
    est_error_clear(error);
    est_status status = est_source_of_table(table, &source, error);
    if (status == EST_OK)
        status = est_weight(source, options, context, result, error);
    est_source_free(source);
    return status;
}

double *est_i_weighting_weights(const est_result *result, size_t *n)
{
    const est_frame *frame = result ? est_result_frame_find(result, "weights") : NULL;
    double *weights = NULL;
    *n = 0;
    if (!frame || strcmp(est_result_method(result), est_i_method_weight.id) != 0)
        return NULL;
    weights = malloc((frame->n_rows + 1) * sizeof *weights);
    for (size_t i = 0; weights && i < frame->n_rows; i++)
        weights[i] = frame->cells[i * frame->n_columns + 2].number;
    *n = frame->n_rows;
    return weights;
}
