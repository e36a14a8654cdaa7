/* What must be known beside the comparisons. */
#include <math.h>
#include <string.h>

#include "core/text.h"
#include "indicators/compare.h"

#define MOST_NAMED 5
#define MOST_BREAKS 5

/* ---- estimates by name ---- */

static const char *called(const est_i_estimate *e)
{
    const char *name = e->name ? e->name : e->text[EST_I_TEXT_ID];
    if (!*name)
        name = *e->text[EST_I_TEXT_PERIOD] ? e->text[EST_I_TEXT_PERIOD] : "an unknown time";
    return name;
}

static void name_estimate(const est_i_compare_run *run, const est_i_estimate *e, size_t count, est_i_text *names)
{
    est_i_text which = {0};
    est_i_compare_tell(run, e, &which);
    names->failed = names->failed || which.failed;
    if (count < MOST_NAMED)
        est_i_text_printf(names, "%s%s%s%s%s of %s", count ? ", " : "", e->keys.value[EST_I_KEY_INDICATOR],
                          which.length ? " (" : "", which.length ? which.data : "", which.length ? ")" : "", called(e));
    else if (count == MOST_NAMED)
        est_i_text_append(names, " and others");
    est_i_text_free(&which);
}

/* "census_working of 2009, ..." of the estimates that are compared and hold. */
static size_t name_all(const est_i_compare_run *run, bool (*holds)(const est_i_estimate *), est_i_text *names)
{
    size_t count = 0;
    for (size_t s = 0; s < run->n_series; s++)
        for (size_t i = 0; i < run->series[s].count; i++)
            if (holds(est_i_compare_at(run, s, i)))
                name_estimate(run, est_i_compare_at(run, s, i), count++, names);
    return count;
}

static void note_all(est_i_compare_run *run, bool (*holds)(const est_i_estimate *), est_severity severity, const char *code,
                     const char *message)
{
    est_i_text names = {0};
    size_t count = name_all(run, holds, &names);
    if (names.failed)
        est_i_result_no_memory(run->builder);
    else if (count)
        est_i_result_note(run->builder, run->context, severity, code, "%s: %s", names.data, message);
    est_i_text_free(&names);
}

static bool is_withheld(const est_i_estimate *e)
{
    return isnan(e->estimate) && (e->flags & EST_FLAG_BIT(EST_FLAG_SUPPRESSED));
}

static bool has_no_se(const est_i_estimate *e)
{
    return e->se_from == EST_I_SE_NONE && !isnan(e->estimate) && !e->is_bound;
}

static bool is_bound(const est_i_estimate *e)
{
    return e->is_bound;
}

static bool is_plain(const est_i_estimate *e)
{
    return e->se_from == EST_I_SE_PLAIN;
}

static bool is_log(const est_i_estimate *e)
{
    return e->se_from == EST_I_SE_LOG;
}

static bool is_logit(const est_i_estimate *e)
{
    return e->se_from == EST_I_SE_LOGIT;
}

static bool is_assumed(const est_i_estimate *e)
{
    return e->se_from > EST_I_SE_GIVEN && e->level_assumed;
}

static bool is_zero(const est_i_estimate *e)
{
    return e->estimate <= 0;
}

static bool has_se(const est_i_estimate *e)
{
    return e->se_from != EST_I_SE_NONE;
}

static bool is_detected(const est_i_estimate *e)
{
    return strncmp(e->keys.value[EST_I_KEY_INDICATOR], "victims_detected", strlen("victims_detected")) == 0;
}

static bool any(const est_i_compare_run *run, bool (*holds)(const est_i_estimate *))
{
    bool found = false;
    for (size_t s = 0; s < run->n_series && !found; s++)
        for (size_t i = 0; i < run->series[s].count && !found; i++)
            found = holds(est_i_compare_at(run, s, i));
    return found;
}

/* ---- breaks and what is not told ---- */

static void note_break(est_i_compare_run *run, const est_i_estimate *a, const est_i_estimate *b)
{
    est_i_text text = {0}, which = {0};
    est_i_estimates_differ(a, b, 120, &text);
    est_i_compare_tell(run, b, &which);
    if (text.failed || which.failed)
        est_i_result_no_memory(run->builder);
    else
        est_i_result_note(run->builder, run->context, EST_WARNING, "definition_break",
                          "%s%s%s%s of %s and of %s are not of the same thing: %s. "
                          "What stands between them is no change of one thing",
                          b->keys.value[EST_I_KEY_INDICATOR], which.length ? " (" : "", which.length ? which.data : "",
                          which.length ? ")" : "", a->name, b->name, text.data);
    est_i_text_free(&text);
    est_i_text_free(&which);
}

static void note_breaks(est_i_compare_run *run)
{
    size_t count = 0;
    for (size_t s = 0; s < run->n_series; s++)
        for (size_t i = 1; i < run->series[s].count; i++) {
            const est_i_estimate *a = est_i_compare_at(run, s, i - 1), *b = est_i_compare_at(run, s, i);
            bool breaks = est_i_estimates_differ(a, b, 0, NULL);
            if (breaks && count++ < MOST_BREAKS)
                note_break(run, a, b);
        }
    if (count > MOST_BREAKS)
        est_i_result_note(run->builder, run->context, EST_WARNING, "definition_break",
                          "there are %zu more breaks; each number that crosses one is "
                          "marked",
                          count - MOST_BREAKS);
}

/* Keys that no estimate of any series tells: two of them may differ without anybody seeing it. */
static void note_untold(est_i_compare_run *run)
{
    uint32_t untold = 0;
    est_i_text names = {0};
    for (size_t s = 0; s < run->n_series; s++)
        for (size_t i = 1; i < run->series[s].count; i++)
            untold |= est_i_keys_untold(&est_i_compare_at(run, s, i - 1)->keys, &est_i_compare_at(run, s, i)->keys);
    /* no sex: everybody; one indicator has one concept */
    est_i_keys_list(untold & ~(EST_I_KEY_BIT(EST_I_KEY_SEX) | EST_I_KEY_BIT(EST_I_KEY_CONCEPT)), &names);
    if (names.failed)
        est_i_result_no_memory(run->builder);
    else if (names.length)
        est_i_result_note(run->builder, run->context, untold & EST_I_KEY_BIT(EST_I_KEY_DEFINITION) ? EST_WARNING : EST_NOTE,
                          "not_told",
                          "Some of the estimates that are compared do not tell: %s. Nothing shows "
                          "whether it is the same",
                          names.data);
    est_i_text_free(&names);
}

static void note_alone(est_i_compare_run *run)
{
    est_i_text names = {0};
    size_t count = 0;
    for (size_t i = 0; i < run->n_estimates; i++)
        if (run->estimates[i].taken && run->estimates[i].series == SIZE_MAX)
            name_estimate(run, &run->estimates[i], count++, &names);
    if (names.failed)
        est_i_result_no_memory(run->builder);
    else if (count)
        est_i_result_note(run->builder, run->context, *run->options->id ? EST_WARNING : EST_NOTE, "alone",
                          "%zu estimate%s without another of the same thing (indicator, labels, "
                          "geography, ages, sex) %s left out: %s",
                          count, count == 1 ? "" : "s", count == 1 ? "is" : "are", names.data);
    est_i_text_free(&names);
}

/* Whether an estimate is 0 is not said where a row is withheld for few cases. */
static void note_zeros(est_i_compare_run *run)
{
    est_i_text names = {0};
    size_t count = name_all(run, is_zero, &names);
    if (names.failed)
        est_i_result_no_memory(run->builder);
    else if (count)
        est_i_result_note_public(run->builder, run->context, EST_NOTE, "zero", "",
                                 "%s: an estimate of 0 has no ratio, or one without an interval", names.data);
    est_i_text_free(&names);
}

void est_i_compare_notes(est_i_compare_run *run)
{
    note_breaks(run);
    note_all(run, is_withheld, EST_NOTE, "withheld", "withheld in its own publication, so it has no difference either");
    note_all(run, is_bound, EST_WARNING, "bound", "a bound, not an estimate; nothing is subtracted from it");
    note_all(run, has_no_se, EST_NOTE, "no_se",
             "no standard error is known, so a difference with it has no interval. For a complete count, "
             "where none applies, put 0 into the column se");
    note_all(run, is_plain, EST_NOTE, "se_from_interval",
             "the standard error is taken from the interval, which is symmetric as it is");
    note_all(run, is_log, EST_NOTE, "se_from_interval",
             "the standard error is taken from the interval, as symmetric on the log scale");
    note_all(run, is_logit, EST_NOTE, "se_from_interval",
             "the standard error is taken from the interval, as symmetric on the logit scale");
    note_all(run, is_assumed, EST_WARNING, "level_assumed", "the level of the interval is not told and taken to be 95 %");
    note_zeros(run);
    note_untold(run);
    note_alone(run);
    if (any(run, has_se))
        est_i_result_note(run->builder, run->context, EST_NOTE, "independent",
                          "The standard errors take the samples as independent. Waves that share "
                          "primary sampling units, or a total and a part of it, are not: est survey --wave is made for waves");
    if (any(run, is_detected))
        est_i_result_note(run->builder, run->context, EST_NOTE, "detection",
                          "Fewer or more detected victims may be a change of detection and "
                          "recording and not of trafficking (metadata of SDG 16.2.2, 4.b)");
}
