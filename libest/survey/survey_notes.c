/* What must be said beside a survey's numbers. */
#include <math.h>

#include "core/text.h"
#include "survey/survey.h"

/* A note that tells a number of rows, which may be small: published without it. */
#define NOTE_COUNT(severity, code, public_form, ...) \
    est_i_result_note_public(run->builder, run->context, severity, code, public_form, __VA_ARGS__)
#define NOTE(severity, code, ...) est_i_result_note(run->builder, run->context, severity, code, __VA_ARGS__)

static void note_design(est_i_survey *run)
{
    est_i_sample_counts counts = est_i_sample_count(run->sample);
    const est_i_design_columns *c = &run->columns;
    if (!c->weight && !c->fpc[0])
        NOTE(EST_WARNING, "no_weight", "No weight was given: every row counts alike. That is right only for a sample in which everybody had "
             "the same chance; else give --weight.");
    if (!c->unit[0] && !c->stratum[0] && !run->n_replicates && counts.rows > 1)
        NOTE(EST_WARNING, "no_design", "Neither strata nor PSUs were given: the standard errors are those of a sample of single rows. If rows "
             "were drawn in clusters they are too small; give --strata and --psu.");
    if (counts.zero_weights > 0)
        NOTE_COUNT(EST_NOTE, "zero_weights", "Some rows have the weight 0: they count for the design, not for estimates.", "%lld rows have the weight 0: they count for the design, not for estimates.", counts.zero_weights);
}

static void note_lonely(est_i_survey *run)
{
    static const char *const done[] = {"refused", "left out of the variance", "taken as drawn with certainty: no variance",
                                       "compared with the mean of all PSUs", "given the mean variance of the others"};
    size_t most = 0;
    for (size_t i = 0; i < run->n_estimates; i++)
        most = run->estimates[i].lonely > most ? run->estimates[i].lonely : most;
    if (most > 0)
        NOTE(EST_WARNING, "lonely_psu", "%zu %s a single PSU, of which no variance can be seen: %s (--lonely). The standard errors rest on "
             "that choice; better join such strata with their neighbours.", most, most == 1 ? "stratum has" : "strata have",
             done[run->options->lonely]);
}

static void note_missing(est_i_survey *run)
{
    est_i_sample_counts counts = est_i_sample_count(run->sample);
    for (size_t e = 0; e < run->request.n_estimands; e++) {
        const est_i_estimand *estimand = &run->request.estimands[e];
        double missing = est_i_totals_missing(run->totals, estimand->group, EST_I_WHOLE);
        double cases = est_i_totals_cases(run->totals, estimand->group, EST_I_WHOLE);
        bool said = false;
        for (size_t f = 0; f < e; f++)
            said = said || run->request.estimands[f].group == estimand->group;
        if (missing > 0 && !said)
            NOTE_COUNT(missing > 0.1 * (missing + cases) ? EST_WARNING : EST_NOTE, "missing", "Some rows miss a value and are left out; the "
                       "estimate speaks for those who have one.", "%s: %.0f of %.0f rows miss a value and are left out; "
                 "the estimate speaks for those who have one.", estimand->name, missing, missing + cases);
    }
    if (counts.unknown_condition > 0)
        NOTE_COUNT(EST_NOTE, "unknown_condition", "For some rows the condition cannot be told: they count as outside.", "For %lld rows the condition cannot be told, for a value is missing: they count as outside.",
             counts.unknown_condition);
    if (counts.missing_by > 0)
        NOTE_COUNT(EST_NOTE, "missing_domain", "Some rows miss a value of --by: they count in the whole and in no domain.", "%lld rows miss a value of --by: they count in the whole and in no domain.", counts.missing_by);
}

static void note_weights(est_i_survey *run)
{
    est_i_sample_counts counts = est_i_sample_count(run->sample);
    bool totals = false;
    est_i_text sum = {0};
    for (size_t e = 0; e < run->request.n_estimands; e++)
        totals = totals || run->request.estimands[e].kind == EST_I_ESTIMAND_TOTAL;
    est_i_text_number(&sum, counts.weight_sum);
    if (run->normalised && totals)
        NOTE(EST_WARNING, "normalised_weights", "The weights add up to %s for %lld rows: they were scaled to the sample and give no totals of a "
             "population. Calibrate them to a known population (--calibrate, --margins), or use weights that add up to it.",
             sum.failed ? "about n" : sum.data, counts.positive_weights);
    if (run->options->deff == 2 && counts.weight_sum <= 1.05 * (double)counts.positive_weights)
        NOTE(EST_WARNING, "deff_refused", "No design effect without replacement: it needs weights that add up to the population, and these add "
             "up to about the sample. --deff replace needs no population.");
    est_i_text_free(&sum);
}

static void note_intervals(est_i_survey *run)
{
    size_t no_df = 0, few = 0, bound = 0, negative = 0;
    for (size_t i = 0; i < run->n_estimates; i++) {
        const est_i_survey_estimate *e = &run->estimates[i];
        no_df += e->n > 0 && !(e->df > 0);
        few += e->df > 0 && e->df < 8;
        bound += e->estimand->kind == EST_I_ESTIMAND_PROPORTION && (e->estimate == 0 || e->estimate == 1);
        negative += e->variance < 0;
    }
    if (no_df > 0)
        NOTE(EST_WARNING, "no_df", "%zu estimates have no degrees of freedom (as many strata as PSUs with cases): no interval is available.",
             no_df);
    if (few > 0)
        NOTE(EST_NOTE, "few_df", "%zu estimates have fewer than 8 degrees of freedom: their standard errors are themselves uncertain.", few);
    if (bound > 0)
        NOTE(EST_NOTE, "at_bound", "%zu proportions are 0 or 1: the interval is Clopper and Pearson's at n over the design effect of the whole "
             "(or --design-effect), and the standard error of 0 is no measure of precision.", bound);
    if (negative > 0)
        NOTE(EST_WARNING, "negative_variance", "%zu estimates have a negative estimate of variance, and so no standard error: this form of "
             "variance can do that. Try --pps-form yates-grundy or --pps brewer.", negative);
}

static void note_replicates(est_i_survey *run)
{
    unsigned omitted = run->replicates ? est_i_replicates_omits(run->replicates) : 0;
    if (omitted & EST_I_REPLICATE_OMITS_FPC)
        NOTE(EST_NOTE, "replicates_omit_fpc", "These replicates take no account of --fpc: their standard errors are a little too large. "
             "jkn, rao-wu and preston take account of it.");
    if (omitted & EST_I_REPLICATE_OMITS_STAGES)
        NOTE(EST_WARNING, "replicates_omit_stages", "These replicates see only the first stage of a design with --fpc at several: their standard "
             "errors are too small. --variance preston or taylor take account of all stages.");
    if (run->dropped > 0)
        NOTE(EST_WARNING, "replicates_dropped", "For some estimate %zu of %zu replicates have no value and are left out: its standard error is too "
             "small.", run->dropped, est_i_replicates_count(run->replicates));
}

static void note_calibration(est_i_survey *run)
{
    if (!run->calibration)
        return;
    est_i_calibration_report report = est_i_calibration_describe(run->calibration);
    if (report.smallest_g < 0)
        NOTE(EST_WARNING, "negative_weights", "Calibration made some weights negative; use --calibrate bounded, logit or rake.");
    if (report.at_lower + report.at_upper > 0)
        NOTE(EST_NOTE, "at_bounds", "%zu rows are at the lower and %zu at the upper bound of the factor.", report.at_lower, report.at_upper);
}

void est_i_survey_notes(est_i_survey *run)
{
    note_design(run);
    note_lonely(run);
    note_missing(run);
    note_weights(run);
    note_intervals(run);
    note_replicates(run);
    note_calibration(run);
}
