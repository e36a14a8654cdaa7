/* Rows of a survey's result, and how it came about. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/survey.h"

#define DIGEST_ROWS_MAX 1000000 /* hashing a larger file costs as much as reading it */

size_t est_i_survey_labels(const est_i_survey *run, size_t domain, est_label *labels)
{
    size_t n = domain == EST_I_WHOLE ? 0 : run->n_by;
    for (size_t i = 0; i < n; i++)
        labels[i] = (est_label){run->by[i], est_i_sample_domain_value(run->sample, domain, i)};
    return n;
}

/* The design effect that limits at 0 and 1 stand on: of the whole, if it has cases of both kinds, else the declared one. */
static double parent_design_effect(const est_i_survey *run, const est_i_survey_estimate *estimate)
{
    size_t per = run->n_order + 1;
    const est_i_survey_estimate *whole = &run->estimates[(size_t)(estimate - run->estimates) / per * per];
    bool known = whole->estimate > 0 && whole->estimate < 1 && whole->variance > 0 && isfinite(whole->deff_replace);
    return known ? whole->deff_replace : run->options->design_effect;
}

static est_i_interval interval_of(const est_i_survey *run, const est_i_survey_estimate *estimate)
{
    est_i_interval_input input = {.estimate = estimate->estimate, .se = sqrt(estimate->variance), .df = estimate->df,
                                  .level = run->options->level, .n = estimate->n, .n_beta = estimate->n, .df_beta = estimate->df,
                                  .design_effect = parent_design_effect(run, estimate)};
    est_i_survey_ci ci = (est_i_survey_ci)run->options->ci;
    bool proportion = estimate->estimand->kind == EST_I_ESTIMAND_PROPORTION;
    return proportion ? est_i_proportion_interval(ci, &input) : est_i_t_interval(ci == EST_I_CI_TWO_SE ? ci : EST_I_CI_T, &input);
}

uint32_t est_i_survey_error_flags(double df, size_t lonely)
{
    uint32_t flags = lonely > 0 ? EST_FLAG_BIT(EST_FLAG_LONELY_PSU) : 0;
    if (!(df > 0))
        flags |= EST_FLAG_BIT(EST_FLAG_NO_DF);
    else if (df < 8)
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_DF);
    return flags;
}

static uint32_t flags_of(const est_i_survey *run, const est_i_survey_estimate *estimate, const est_i_interval *interval)
{
    uint32_t flags = 0;
    if (estimate->n == 0 || !isfinite(estimate->estimate))
        return EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    flags = est_i_survey_error_flags(estimate->df, estimate->lonely);
    if (interval->at_bound)
        flags |= EST_FLAG_BIT(EST_FLAG_AT_BOUND);
    if (run->normalised && estimate->estimand->kind == EST_I_ESTIMAND_TOTAL)
        flags |= EST_FLAG_BIT(EST_FLAG_NORMALISED_WEIGHTS);
    return flags;
}

static void add_estimate(est_i_survey *run, const est_i_survey_estimate *estimate, est_label *labels)
{
    est_row row = est_i_row_empty(estimate->estimand->name);
    est_i_interval interval = interval_of(run, estimate);
    row.n_domain = est_i_survey_labels(run, estimate->statistic.domain, labels);
    row.domain = labels;
    row.n = estimate->n;
    row.n_weighted = estimate->weight;
    row.flags = flags_of(run, estimate, &interval);
    if (!(row.flags & EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE))) {
        row.estimate = estimate->estimate;
        row.se = sqrt(estimate->variance);
        row.lower = interval.lower;
        row.upper = interval.upper;
        row.level = run->options->ci == EST_I_CI_TWO_SE ? NAN : run->options->level;
        row.df = estimate->df;
        row.interval = interval.method;
        row.cv = row.estimate != 0 ? row.se / fabs(row.estimate) : NAN;
        row.deff = estimate->deff;
        row.deft = run->options->deff == 1 ? sqrt(estimate->deff) : NAN;
        row.effective_n = interval.effective_n;
    }
    if (estimate->estimand->kind == EST_I_ESTIMAND_PROPORTION)
        row.numerator = estimate->numerator;
    est_i_result_add_row(run->builder, &row);
}

static est_status add_estimates(est_i_survey *run, est_error *error)
{
    est_label *labels = malloc((run->n_by + 1) * sizeof *labels);
    if (!labels)
        return est_i_no_memory(error);
    for (size_t i = 0; i < run->n_estimates; i++)
        add_estimate(run, &run->estimates[i], labels);
    free(labels);
    return EST_OK;
}

static est_status add_provenance(est_i_survey *run, est_error *error)
{
    est_i_sample_counts counts = est_i_sample_count(run->sample);
    char text[65];
    est_i_text number = {0};
    est_status status = EST_OK;
    est_i_result_add_provenance(run->builder, "version", est_version(), false);
    est_i_result_add_provenance(run->builder, "reference", est_i_method_survey.reference, false);
    est_i_result_add_options(run->builder, &est_i_method_survey, run->options);
    est_i_text_printf(&number, "%llu", (unsigned long long)(run->context ? run->context->seed : est_context_default().seed));
    est_i_result_add_provenance(run->builder, "seed", number.failed ? "" : number.data, false);
    number.length = 0;
    est_i_text_printf(&number, "%lld", counts.rows);
    est_i_result_add_provenance(run->builder, "rows", number.failed ? "" : number.data, false);
    est_i_text_free(&number);
    if (est_source_is_repeatable(run->source) && counts.rows <= DIGEST_ROWS_MAX) {
        status = est_i_source_digest(run->source, &run->monitor, text, error);
        if (status == EST_OK)
            est_i_result_add_provenance(run->builder, "data-sha256", text, !est_source_is_public(run->source));
    }
    est_i_result_add_provenance(run->builder, "data", est_source_name(run->source), true);
    return status;
}

static void add_stats(est_i_survey *run)
{
    est_i_sample_counts counts = est_i_sample_count(run->sample);
    double n = (double)counts.positive_weights;
    est_i_result_add_stat(run->builder, "rows", (double)counts.rows, false);
    est_i_result_add_stat(run->builder, "strata", (double)counts.strata, false);
    est_i_result_add_stat(run->builder, "psus", (double)counts.psus, false);
    est_i_result_add_stat(run->builder, "design_df", est_i_design_df(est_i_sample_design(run->sample), NULL), false);
    est_i_result_add_stat(run->builder, "weight_sum", counts.weight_sum, false);
    est_i_result_add_stat(run->builder, "weight_design_effect", n * counts.weight_square_sum / (counts.weight_sum * counts.weight_sum), false);
    if (run->replicates) {
        est_i_result_add_stat(run->builder, "replicates", (double)est_i_replicates_count(run->replicates), false);
        est_i_result_add_stat(run->builder, "replicate_scale", est_i_replicates_scale(run->replicates), false);
        est_i_result_add_stat(run->builder, "replicate_df", est_i_replicates_df(run->replicates), false);
    }
}

est_status est_i_survey_write(est_i_survey *run, est_error *error)
{
    run->builder = est_i_result_begin(est_i_method_survey.id, est_i_method_survey.title);
    if (!run->builder)
        return est_i_no_memory(error);
    est_i_result_profile(run->builder, "dhs");
    est_i_result_mark(run->builder, est_source_is_public(run->source), est_source_is_synthetic(run->source), false);
    add_stats(run);
    est_status status = add_estimates(run, error);
    if (status == EST_OK)
        status = est_i_survey_contrast_rows(run, error);
    if (status == EST_OK)
        status = est_i_survey_quantile_rows(run, error);
    if (status == EST_OK)
        status = est_i_survey_model_rows(run, error);
    if (status == EST_OK)
        status = est_i_survey_frames(run, error);
    if (status == EST_OK) {
        est_i_survey_notes(run);
        status = add_provenance(run, error);
    }
    return status;
}
