/* What must be said beside a survey's numbers. */
#include <math.h>
#include <string.h>

#include "core/text.h"
#include "survey/survey.h"

/* A note that tells a number of rows, which may be small: published without it. */
#define NOTE_COUNT(severity, code, public_form, ...) \
    est_i_result_note_public(run->builder, run->context, severity, code, public_form, __VA_ARGS__)
#define AT_BOUND(which) \
    which ": the interval is Clopper and Pearson's at n over the design effect of the whole (or --design-effect), and the standard " \
          "error of 0 is no measure of precision."
#define NEGATIVE(which) \
    which " a negative estimate of variance, and so no standard error: this form of variance can do that. Try --pps-form " \
          "yates-grundy or --pps brewer."
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
    size_t most = run->lonely;
    if (most > 0)
        NOTE(EST_WARNING, "lonely_psu", "%zu %s a single PSU, of which no variance can be seen: %s (--lonely). The standard errors rest on "
             "that choice; better join such strata with their neighbours.", most, most == 1 ? "stratum has" : "strata have",
             done[run->options->lonely]);
}

/* Once for each set of columns: the levels of one column miss the same rows. */
static bool said_before(const est_i_survey *run, size_t group, const char *name)
{
    bool said = false;
    for (size_t g = 0; g < group && !said; g++) {
        est_i_text other = {0};
        est_i_survey_group_name(run, g, &other);
        said = !other.failed && strcmp(other.data, name) == 0;
        est_i_text_free(&other);
    }
    return said;
}

static void note_group(est_i_survey *run, size_t group)
{
    est_i_text name = {0};
    double missing = est_i_totals_missing(run->totals, group, EST_I_WHOLE), cases = est_i_totals_cases(run->totals, group, EST_I_WHOLE);
    est_i_survey_group_name(run, group, &name);
    if (missing > 0 && !name.failed && !said_before(run, group, name.data))
        NOTE_COUNT(missing > 0.1 * (missing + cases) ? EST_WARNING : EST_NOTE, "missing", "Some rows miss a value and are left out; the "
                   "estimate speaks for those who have one.", "%s: %.0f of %.0f rows miss a value and are left out; the estimate speaks for "
                   "those who have one.", name.data, missing, missing + cases);
    est_i_text_free(&name);
}

/* A level that was misspelt looks like one that nobody has. */
static void note_level(est_i_survey *run, const est_i_estimand *estimand)
{
    const est_i_group *group = &run->request.groups[estimand->group];
    const est_i_variable *variable = &run->request.variables[group->variable[0]];
    double nonzero = est_i_totals_nonzero(run->totals, estimand->group, 1, EST_I_WHOLE);
    if (variable->kind == EST_I_VARIABLE_INDICATOR && nonzero == 0)
        NOTE_COUNT(EST_WARNING, "level_not_seen", "", "No row that counts has '%s' in column '%s': look whether the level is spelt as in the file.",
             variable->level, variable->column);
}

static void note_missing(est_i_survey *run)
{
    est_i_sample_counts counts = est_i_sample_count(run->sample);
    for (size_t g = 0; g < run->request.n_groups; g++)
        note_group(run, g);
    for (size_t e = 0; e < run->request.n_estimands; e++)
        note_level(run, &run->request.estimands[e]);
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
        NOTE(EST_WARNING, "normalised_weights", "The weights add up to %s for %lld rows: so it is where weights were scaled to the sample, and then "
             "they give no totals of a population. Calibrate them to a known population (--calibrate, --margins), or use weights that add up "
             "to it. If the sample is nearly the whole population, say so with --fpc.",
             sum.failed ? "about n" : sum.data, counts.positive_weights);
    if (run->options->deff == 2 && counts.weight_sum <= 1.05 * (double)counts.positive_weights)
        NOTE(EST_WARNING, "deff_refused", "No design effect without replacement: it needs weights that add up to the population, and these add "
             "up to about the sample. --deff replace needs no population.");
    est_i_text_free(&sum);
}

static void note_intervals(est_i_survey *run)
{
    size_t no_df = 0, few = 0, bound = 0, negative = 0, unknown = 0, outside = 0;
    for (size_t i = 0; i < run->n_estimates; i++) {
        const est_i_survey_estimate *e = &run->estimates[i];
        no_df += e->n > 0 && !(e->df > 0);
        few += e->df > 0 && e->df < 8;
        bound += e->estimand->kind == EST_I_ESTIMAND_PROPORTION && (e->estimate == 0 || e->estimate == 1);
        negative += e->variance < 0;
        outside += e->estimand->kind == EST_I_ESTIMAND_PROPORTION && (e->estimate < 0 || e->estimate > 1);
        unknown += e->n > 0 && isfinite(e->estimate) && isnan(e->variance);
    }
    if (no_df > 0)
        NOTE_COUNT(EST_WARNING, "no_df", "Estimates without degrees of freedom (as many strata as PSUs with cases) have no interval.",
                   "%zu %s no degrees of freedom (as many strata as PSUs with cases): no interval is available.", no_df,
                   no_df == 1 ? "estimate has" : "estimates have");
    if (few > 0)
        NOTE_COUNT(EST_NOTE, "few_df", "Where there are fewer than 8 degrees of freedom the standard error is itself uncertain.",
                   "%zu %s fewer than 8 degrees of freedom: %s.", few, few == 1 ? "estimate has" : "estimates have",
                   few == 1 ? "its standard error is itself uncertain" : "their standard errors are themselves uncertain");
    if (bound > 0)
        NOTE_COUNT(EST_NOTE, "at_bound", AT_BOUND("Where a proportion is 0 or 1"), AT_BOUND("%zu %s 0 or 1"), bound,
                   bound == 1 ? "proportion is" : "proportions are");
    if (outside > 0)
        NOTE(EST_WARNING, "impossible_proportions", "%zu proportions lie outside 0 to 1, since some weights are negative: they are no estimates.",
             outside);
    if (unknown > 0)
        NOTE_COUNT(EST_WARNING, "no_standard_error", "Of some estimates no standard error can be told: no two PSUs of a stratum, and no two "
                   "replicates, show how they vary.", "Of %zu %s no standard error can be told: no two PSUs of a stratum, and no two "
                   "replicates, show how %s.", unknown, unknown == 1 ? "estimate" : "estimates", unknown == 1 ? "it varies" : "they vary");
    if (negative > 0)
        NOTE_COUNT(EST_WARNING, "negative_variance", NEGATIVE("Some estimates have"), NEGATIVE("%zu %s"), negative,
                   negative == 1 ? "estimate has" : "estimates have");
}

static void note_dropped(est_i_survey *run)
{
    const est_i_survey_estimate *worst = NULL;
    size_t n = 0;
    for (size_t i = 0; i < run->n_estimates; i++) {
        n += run->estimates[i].dropped > 0;
        if (run->estimates[i].dropped > (worst ? worst->dropped : 0))
            worst = &run->estimates[i];
    }
    if (worst)
        NOTE_COUNT(EST_WARNING, "replicates_dropped", "Of some estimates some replicates have no value and are left out: their standard errors "
                   "are too small.", "Of %zu %s some replicates have no value and are left out (at most %zu of %zu, of a %s): standard errors "
                   "of such estimates are too small.", n, n == 1 ? "estimate" : "estimates", worst->dropped,
                   est_i_replicates_count(run->replicates), worst->estimand->name);
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
    if (run->rank_unknown && !run->columns.unit[0] && !run->columns.stratum[0])
        NOTE(EST_WARNING, "replicate_rank", "The degrees of freedom are the number of replicates less 1: the rank of their weights was not worked "
             "out. If the PSUs less the strata are fewer, intervals are too narrow; give --strata and --psu.");
    if (run->options->variance == EST_I_SURVEY_JK1 && est_i_sample_design(run->sample)->stage[0].n_strata > 1)
        NOTE(EST_WARNING, "replicates_omit_strata", "jk1 takes no account of the strata: it drops each PSU as if all had been drawn together, so "
             "that differences between strata count as sampling error. --variance jkn takes account of them.");
    note_dropped(run);
}

static void note_calibration(est_i_survey *run)
{
    if (!run->calibration)
        return;
    est_i_calibration_report report = est_i_calibration_describe(run->calibration);
    if (report.smallest_g < 0)
        NOTE(EST_WARNING, "negative_weights", "Calibration made some weights negative; use --calibrate bounded, logit or rake.");
    if (report.at_lower + report.at_upper > 0)
        NOTE_COUNT(EST_NOTE, "at_bounds", "Some rows are at a bound of the factor.", "%zu rows are at the lower and %zu at the upper bound of the "
                   "factor.", report.at_lower, report.at_upper);
}

static void note_stages(est_i_survey *run)
{
    if (run->unused_stages > 0)
        NOTE(EST_NOTE, "unused_stages", "Of the stages of --psu and --strata the last %zu %s no account: above them a stage has no --fpc, and "
             "below a stage drawn with replacement nothing adds to the variance.", run->unused_stages, run->unused_stages == 1 ? "is of"
                                                                                                                               : "are of");
}

void est_i_survey_notes(est_i_survey *run)
{
    note_design(run);
    note_stages(run);
    note_lonely(run);
    note_missing(run);
    note_weights(run);
    note_intervals(run);
    note_replicates(run);
    note_calibration(run);
}
