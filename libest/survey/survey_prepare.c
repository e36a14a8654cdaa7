/* From the request to a sample with its weights. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/survey.h"

static est_i_sample_plan plan_of(const est_i_survey *run)
{
    return (est_i_sample_plan){.design = run->columns, .n_by = run->n_by, .by = run->by, .where = run->options->where,
                               .n_variables = run->request.n_variables, .variables = run->request.variables,
                               .n_replicates = run->n_replicates, .replicates = run->replicate_columns,
                               .combined = !run->options->replicate_factors};
}

static int threads_of(const est_i_survey *run)
{
    return run->context ? run->context->threads : 1;
}

/* A proportion of every level needs to know the levels: one pass for them, with nothing else read but the design. */
static est_status learn_levels(est_i_survey *run, est_error *error)
{
    est_i_sample *levels = NULL;
    est_i_sample_plan plan = plan_of(run);
    bool needs = false;
    if (!est_source_is_repeatable(run->source))
        return est_i_fail(error, EST_EOPTION, "option --proportion: standard input is read only once, and the levels of a column are not "
                          "known before; name the level, as in --proportion COLUMN=LEVEL, or give a file");
    plan.n_replicates = 0;
    est_status status = est_i_sample_new(run->source, &plan, threads_of(run), &run->monitor, &levels, error);
    if (status == EST_OK)
        status = est_i_sample_learn(levels, error);
    est_i_survey_request_free(&run->request);
    if (status == EST_OK)
        status = est_i_survey_request_read(run->options, levels, &run->request, &needs, error);
    est_i_sample_free(levels);
    return status;
}

static est_status read_bounds(const est_survey_options *options, est_i_calibration_options *calibration, est_error *error)
{
    const char *text = options->bounds, *comma = text ? strchr(text, ',') : NULL;
    bool needed = options->calibrate == EST_I_CALIBRATE_BOUNDED || options->calibrate == EST_I_CALIBRATE_LOGIT;
    bool possible = needed || options->calibrate == EST_I_CALIBRATE_RAKE || options->calibrate == EST_I_CALIBRATE_EXPONENTIAL;
    calibration->lower = -INFINITY;
    calibration->upper = INFINITY;
    if (!text || !*text)
        return needed ? est_i_fail(error, EST_EOPTION, "option --calibrate %s needs --bounds L,U, the least and the largest factor of a "
                                   "weight, for example 0.3,3", options->calibrate == EST_I_CALIBRATE_LOGIT ? "logit" : "bounded")
                      : EST_OK;
    bool good = possible && comma && est_i_number_parse(text, (size_t)(comma - text), &calibration->lower) &&
                est_i_number_parse(comma + 1, strlen(comma + 1), &calibration->upper) && calibration->lower < 1 && calibration->upper > 1;
    return good ? EST_OK : est_i_fail(error, EST_EOPTION, "option --bounds: found '%s', expected L,U with L below 1 and U above 1, together "
                                      "with --calibrate bounded, logit, rake or exponential", text);
}

static est_status make_calibration(est_i_survey *run, est_error *error)
{
    const est_survey_options *o = run->options;
    est_i_calibration_options wanted = {.kind = (est_i_calibration_kind)o->calibrate, .margins = o->margins, .by_cluster = o->by_cluster,
                                        .tolerance = 1e-10, .iterations = 50, .g_weighted = o->g_weighted, .declared = o->calibrated,
                                        .calibrated_weight = o->weight};
    est_status status = read_bounds(o, &wanted, error);
    if (status == EST_OK && wanted.kind != EST_I_CALIBRATE_NONE)
        status = est_i_calibration_new(run->source, &wanted, &run->calibration, error);
    if (wanted.kind == EST_I_CALIBRATE_DECLARED) /* the design's weight is the one before; the calibration brings the other */
        run->columns.weight = o->base_weight;
    run->calibration_first = run->request.n_variables;
    for (size_t i = 0; status == EST_OK && run->calibration && i < est_i_calibration_variables(run->calibration); i++) {
        est_i_variable variable = est_i_calibration_variable(run->calibration, i);
        if (!est_i_survey_request_append(&run->request, &variable))
            status = est_i_no_memory(error);
    }
    return status;
}

est_status est_i_survey_sample(est_i_survey *run, est_error *error)
{
    est_i_sample_plan plan = plan_of(run);
    return est_i_sample_new(run->source, &plan, threads_of(run), &run->monitor, &run->sample, error);
}

est_status est_i_survey_prepare(est_i_survey *run, est_error *error)
{
    bool needs_levels = false;
    est_status status = est_i_survey_request_read(run->options, NULL, &run->request, &needs_levels, error);
    if (status == EST_OK && needs_levels)
        status = learn_levels(run, error);
    if (status == EST_OK)
        status = est_i_survey_quantile_variables(run, error);
    if (status == EST_OK)
        status = est_i_survey_model_variables(run, error);
    if (status == EST_OK)
        status = make_calibration(run, error);
    if (status == EST_OK)
        status = est_i_survey_sample(run, error);
    if (status == EST_OK && run->calibration)
        status = est_i_sample_learn(run->sample, error);
    if (status == EST_OK && run->calibration)
        status = est_i_calibration_solve(run->calibration, run->sample, run->calibration_first, error);
    return status;
}

void est_i_survey_clear(est_i_survey *run)
{
    est_i_totals_free(run->totals);
    est_i_replicates_free(run->replicates);
    est_i_calibration_free(run->calibration);
    est_i_sample_free(run->sample);
    est_i_survey_request_free(&run->request);
    est_i_formula_free(run->linear);
    est_i_formula_free(run->logistic);
    est_i_result_abandon(run->builder);
    for (size_t i = 0; i < run->n_names; i++)
        free(run->names[i]);
    free(run->names);
    free(run->by);
    free(run->replicate_columns);
    free(run->rscales);
    free(run->quantiles);
    free(run->quantile_names);
    free(run->estimates);
    free(run->order);
    free(run->theta);
}
