/* The result: rows of the survey engine under the names of the indicators, with their keys. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>

#include "core/error.h"
#include "core/text.h"
#include "indicators/benchmarks.h"
#include "indicators/indicator.h"

#define NEVER 99 /* a median of those never in union: it is not reached */

static const est_result *result_of(const est_i_indicator_run *run, const est_i_item *item, bool is_printed)
{
    return item->kind != EST_I_ITEM_MEDIAN ? run->estimates : is_printed ? run->printed : run->medians;
}

/* "Kilifi, Kenya" for a row of a county. */
static void name_place(const est_i_indicator_run *run, const est_row *from, est_i_text *texts)
{
    const char *geography = est_i_codebook_fact(run->codebook, "geography");
    texts->length = 0;
    est_i_text_append(texts, "");
    for (size_t i = 0; i < from->n_domain; i++)
        if (strcmp(from->domain[i].name, "county") == 0 || strcmp(from->domain[i].name, "region") == 0)
            est_i_text_printf(texts, "%s%s", from->domain[i].value, *geography ? ", " : "");
    est_i_text_append(texts, geography);
}

static double limit_of(const est_i_ini_section *section, const char *key, double none)
{
    const char *text = est_i_ini_value(section, key);
    double limit = none;
    return est_i_number_parse(text, strlen(text), &limit) ? limit : none;
}

/* Does the indicator restrict the ages of the band ("youngest", "oldest") by its condition? */
static bool narrows(const est_i_ini_section *section, const est_i_band *band)
{
    return !(band->lowest >= limit_of(section, "youngest", 0)) || !(band->highest <= limit_of(section, "oldest", INFINITY));
}

/* The age group whose people the row is about: of adults in a table of all ages, the adults, if there is such a group. */
static const est_i_band *band_of(const est_i_indicator_run *run, const est_i_item *item)
{
    const est_i_band *band = &run->bands[item->band], *found = band;
    double youngest = limit_of(item->section, "youngest", NAN), oldest = limit_of(item->section, "oldest", NAN);
    double lowest = fmax(band->lowest, youngest), highest = fmin(band->highest, oldest);
    bool limited = !isnan(youngest) || !isnan(oldest);
    for (size_t i = 0; i < run->n_bands && limited && narrows(item->section, band) && found == band; i++) {
        const est_i_band *other = &run->bands[i];
        bool from = isnan(youngest) || other->lowest == lowest, to = isnan(oldest) ? isinf(other->highest) : other->highest == highest;
        found = from && to && !isnan(other->lowest) ? other : found;
    }
    return found;
}

/* "people of the ages interviewed; Means of coercion among people in forced labour". A condition that only says the ages is told by them. */
static void name_population(const est_i_indicator_run *run, const est_i_ini_section *section, const est_i_band *band, est_i_text *text)
{
    const char *group = est_i_ini_value(section, "group"), *where = est_i_ini_value(section, "where");
    bool aged = *est_i_ini_value(section, "youngest") || *est_i_ini_value(section, "oldest");
    bool part = *where && (!aged || narrows(section, band));
    const char *asked = est_i_codebook_fact(run->codebook, "population");
    text->length = 0;
    est_i_text_append(text, *asked ? asked : est_i_definition_fact(&run->definition, "population"));
    if (*run->options->where)
        est_i_text_printf(text, "; those with %s", run->options->where);
    if (part)
        est_i_text_printf(text, "; %s%s", *group ? "" : "those with ", *group ? group : where);
    for (char *c = text->data; c && *c; c++)
        if (*c == '\n')
            *c = ' ';
}

/* "sdg-8.7.1 with economic_hours_12_14 = 28". */
static void name_definition(const est_i_indicator_run *run, est_i_text *text)
{
    text->length = 0;
    est_i_text_append(text, run->definition.about->id);
    if (run->changed.length)
        est_i_text_printf(text, " with %s", run->changed.data);
}

void est_i_row_texts_free(est_i_row_texts *texts, est_i_result_builder *builder)
{
    if (texts->place.failed || texts->population.failed || texts->definition.failed)
        est_i_result_no_memory(builder);
    est_i_text_free(&texts->place);
    est_i_text_free(&texts->population);
    est_i_text_free(&texts->definition);
}

static const char *unit_of(const est_i_item *item, bool is_number)
{
    const char *unit = est_i_ini_value(item->section, "unit");
    bool share = item->kind == EST_I_ITEM_PROPORTION || item->kind == EST_I_ITEM_RATIO;
    return is_number ? "people" : share ? "proportion" : unit;
}

est_row est_i_indicator_row(const est_i_indicator_run *run, const est_i_item *item, const est_row *from, bool is_number, est_label *labels,
                            est_i_row_texts *texts)
{
    est_row row = *from;
    const est_i_band *band = band_of(run, item);
    size_t n = 0;
    if (!item->whole)
        labels[n++] = (est_label){"age", band->name};
    for (size_t i = 0; i < from->n_domain; i++)
        labels[n++] = from->domain[i];
    name_place(run, from, &texts->place);
    name_population(run, item->section, band, &texts->population);
    name_definition(run, &texts->definition);
    row.estimand = item->section->name;
    row.domain = labels;
    row.n_domain = n;
    row.unit = unit_of(item, is_number);
    row.definition = texts->definition.failed ? "" : texts->definition.data;
    row.population = texts->population.failed ? "" : texts->population.data;
    row.period = est_i_codebook_fact(run->codebook, "period");
    row.geography = texts->place.failed ? "" : texts->place.data;
    row.ages = run->n_bands > 1 || *run->options->ages ? band->name : est_i_definition_fact(&run->definition, "ages");
    row.reference_period = est_i_definition_fact(&run->definition, "reference-period");
    if (strcmp(row.reference_period, "declared") == 0)
        row.reference_period = est_i_codebook_fact(run->codebook, "reference-period");
    row.detail = item->section && item->use != EST_I_USE_INDICATOR;
    return row;
}

/* A median above the group's youngest age, or of those never in union, is none (Guide to DHS Statistics). */
static void judge_median(const est_i_indicator_run *run, const est_i_item *item, bool is_printed, est_row *row)
{
    double highest = is_printed ? run->bands[item->band].lowest : NEVER;
    if (row->estimate >= NEVER || row->estimate > highest) {
        row->estimate = row->se = row->lower = row->upper = row->cv = NAN;
        row->flags |= EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    } else if (row->upper >= NEVER) {
        row->upper = INFINITY;
        row->se = row->cv = NAN; /* half the width of an interval that ends at 99 */
        row->flags |= EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    }
}

static bool same_domain(const est_row *a, const est_row *b)
{
    bool same = a->n_domain == b->n_domain;
    for (size_t i = 0; i < a->n_domain && same; i++)
        same = strcmp(a->domain[i].name, b->domain[i].name) == 0 && strcmp(a->domain[i].value, b->domain[i].value) == 0;
    return same;
}

/* Is `share` "share(x)" where `total` is "total(x)", in the same domain? */
static bool is_share_of(const est_row *share, const est_row *total)
{
    const char *a = share->estimand, *b = total->estimand;
    return strncmp(a, "share(", 6) == 0 && strncmp(b, "total(", 6) == 0 && strcmp(a + 6, b + 6) == 0 && same_domain(share, total);
}

void est_i_indicator_judge_number(const est_result *result, const est_row *from, est_row *row)
{
    const est_row *share = NULL;
    for (size_t i = 0; i < est_result_rows(result) && !share; i++)
        share = is_share_of(est_result_row(result, i), from) ? est_result_row(result, i) : NULL;
    if (share && share->flags & EST_FLAG_BIT(EST_FLAG_AT_BOUND) && !isnan(row->upper)) {
        row->lower = fmin(row->lower, share->lower * share->n_weighted);
        row->upper = fmax(row->upper, share->upper * share->n_weighted);
        row->interval = share->interval;
        row->flags |= EST_FLAG_BIT(EST_FLAG_AT_BOUND);
    }
    if (row->lower < 0 && strcmp(row->interval, "two-se") != 0)
        row->lower = 0;
}

static est_status add_rows(est_i_indicator_run *run, const est_i_item *item, bool is_number, bool is_printed, est_error *error)
{
    const est_result *result = result_of(run, item, is_printed);
    const char *wanted = is_number ? item->total : item->estimate;
    est_i_row_texts texts = {0};
    est_i_text name = {0};
    bool failed = false;
    est_i_text_printf(&name, "%s%s%s", item->section->name, is_number ? "_number" : "", is_printed ? "_as_printed" : "");
    for (size_t i = 0; i < est_result_rows(result) && !failed; i++) {
        const est_row *from = est_result_row(result, i);
        if (strcmp(from->estimand, wanted) != 0)
            continue;
        est_label *labels = malloc((from->n_domain + 1) * sizeof *labels);
        failed = !labels || name.failed;
        if (!failed) {
            est_row row = est_i_indicator_row(run, item, from, is_number, labels, &texts);
            row.estimand = name.data;
            if (item->kind == EST_I_ITEM_MEDIAN)
                judge_median(run, item, is_printed, &row);
            else if (is_number)
                est_i_indicator_judge_number(result, from, &row);
            est_i_result_add_row(run->builder, &row);
        }
        free(labels);
    }
    est_i_text_free(&name);
    est_i_row_texts_free(&texts, run->builder);
    return failed ? est_i_no_memory(error) : EST_OK;
}

/* Indicator by indicator: proportions in all age groups, then numbers of people. */
static est_status add_all_rows(est_i_indicator_run *run, est_error *error)
{
    est_status status = EST_OK;
    for (size_t i = 0, end = 0; i < run->n_items && status == EST_OK; i = end) {
        for (end = i; end < run->n_items && run->items[end].section == run->items[i].section; end++)
            ;
        if (run->items[i].use != EST_I_USE_INDICATOR )
            continue;
        for (size_t j = i; j < end && status == EST_OK; j++)
            status = add_rows(run, &run->items[j], false, false, error);
        for (size_t j = i; j < end && status == EST_OK; j++)
            if (run->items[j].kind == EST_I_ITEM_MEDIAN)
                status = add_rows(run, &run->items[j], false, true, error);
            else if (run->items[j].number && run->numbers != EST_I_NUMBERS_NONE)
                status = add_rows(run, &run->items[j], true, false, error);
    }
    return status;
}

/* What the survey engine found out about design and weights. */
static void copy_stats(est_i_indicator_run *run)
{
    const est_result *from = run->estimates ? run->estimates : run->medians;
    for (size_t i = 0; i < est_result_stats(from); i++) {
        const est_stat *stat = est_result_stat(from, i);
        if (stat->text)
            est_i_result_add_stat_text(run->builder, stat->name, stat->text);
        else
            est_i_result_add_stat(run->builder, stat->name, stat->value, stat->is_count);
    }
}

/* The engine also speaks of columns that are no row here: missing answers, counts. */
static bool is_about_rows(const est_i_indicator_run *run, const char *code)
{
    const est_result *so_far = est_i_result_so_far(run->builder);
    uint32_t flag = strcmp(code, "at_bound") == 0 ? EST_FLAG_BIT(EST_FLAG_AT_BOUND) : strcmp(code, "few_df") == 0
                    ? EST_FLAG_BIT(EST_FLAG_FEW_DF) : strcmp(code, "no_df") == 0 ? EST_FLAG_BIT(EST_FLAG_NO_DF) : 0;
    bool about = flag == 0;
    for (size_t i = 0; i < est_result_rows(so_far) && !about; i++)
        about = (est_result_row(so_far, i)->flags & flag) != 0;
    return about;
}

/* Notes of the engine that name no column of the view. */
static void copy_notes(est_i_indicator_run *run)
{
    const est_result *from = run->estimates ? run->estimates : run->medians;
    for (size_t i = 0; i < est_result_notes(from); i++) {
        const est_note *note = est_result_note(from, i);
        bool ours = strstr(note->message, "_v") || strstr(note->message, "_universe") || strstr(note->message, "_counted") || !is_about_rows(run, note->code);
        if (!ours && note->public_message)
            est_i_result_note_public(run->builder, run->context, note->severity, note->code, note->public_message, "%s", note->message);
        else if (!ours)
            est_i_result_note(run->builder, run->context, note->severity, note->code, "%s", note->message);
    }
}

static bool any_number(const est_i_indicator_run *run)
{
    bool any = false;
    for (size_t i = 0; i < run->n_items && !any; i++)
        any = run->items[i].number;
    return any;
}

static void own_notes(est_i_indicator_run *run)
{
    if (run->left_out.length)
        est_i_result_note(run->builder, run->context, EST_NOTE, "left_out", "Left out, for lack of what they need: %s.",
                          run->left_out.data);
    if (run->changed.length)
        est_i_result_note(run->builder, run->context, EST_WARNING, "changed_definition", "Not the definition %s as published: --set made %s. "
                          "Estimates by it are comparable only with others by the same values.", run->definition.about->id,
                          run->changed.data);
    if (run->numbers == EST_I_NUMBERS_NONE && *run->why && any_number(run))
        est_i_result_note(run->builder, run->context, EST_NOTE, "no_numbers", "No numbers of people: %s. Give the people of the first age group "
                          "with --population, or known totals with --margins and --calibrate.", run->why);
    if (run->numbers == EST_I_NUMBERS_POPULATION)
        est_i_result_note(run->builder, run->context, EST_NOTE, "benchmarked", "Numbers of people are proportions of a population that was given "
                          "(--population) and counts as known exactly.");
}

static bool is_private_entry(const char *name)
{
    return strcmp(name, "data") == 0 || strcmp(name, "data-sha256") == 0;
}

static void add_provenance(est_i_indicator_run *run)
{
    const est_result *from = run->estimates ? run->estimates : run->medians;
    est_i_result_add_provenance(run->builder, "version", est_version(), false);
    est_i_result_add_provenance(run->builder, "reference", run->method->reference, false);
    est_i_result_add_provenance(run->builder, "definition", run->definition.about->id, false);
    est_i_result_add_provenance(run->builder, "definition-source", run->definition.about->source, false);
    est_indicator_options options = *run->options;
    options.codebook = est_i_indicator_file_name(options.codebook);
    est_i_result_add_options(run->builder, run->method, &options);
    for (size_t i = 0; i < est_result_provenances(from); i++) {
        const est_provenance *entry = est_result_provenance(from, i);
        if (strcmp(entry->name, "seed") == 0 || strcmp(entry->name, "rows") == 0 || is_private_entry(entry->name))
            est_i_result_add_provenance(run->builder, entry->name, entry->value, entry->is_private);
    }
}

/* The names of the indicators that have rows, for the published figures beside them. */
static est_status add_benchmarks(est_i_indicator_run *run, est_error *error)
{
    const char **names = malloc((run->n_items + 1) * sizeof *names);
    size_t n = 0;
    for (size_t i = 0; names && i < run->n_items; i++)
        if (run->items[i].use == EST_I_USE_INDICATOR && (n == 0 || names[n - 1] != run->items[i].section->name))
            names[n++] = run->items[i].section->name;
    est_status status = names ? est_i_benchmarks_add(run->builder, n, names, run->context, error) : est_i_no_memory(error);
    free(names);
    return status;
}

/* "age >= 5 and age < 12": the indicator is the share of those ages, and its numerator the cases of another age group. */
static void tell_age_share(est_i_indicator_run *run, const est_i_ini_section *section)
{
    char *value = est_i_definition_line(section, "value"), *end = NULL;
    const char *from = "age >= ", *to = " and age < ";
    bool is_share = value && strncmp(value, from, strlen(from)) == 0;
    long youngest = is_share ? strtol(value + strlen(from), &end, 10) : 0;
    is_share = is_share && strncmp(end, to, strlen(to)) == 0;
    long above = is_share ? strtol(end + strlen(to), &end, 10) : 0;
    if (is_share && *end == '\0')
        est_i_result_add_age_share(run->builder, section->name, (double)youngest, (double)above - 1);
    free(value);
}

/* Which age groups overlap and add up: suppression asks it. A group of ages that are not told holds all others. */
static void tell_ages(est_i_indicator_run *run)
{
    const est_i_ini_section *section;
    size_t index = 0;
    double lowest = NAN, highest = NAN;
    for (size_t i = 0; i < run->n_bands; i++) {
        lowest = fmin(lowest, run->bands[i].lowest);
        highest = fmax(highest, run->bands[i].highest);
    }
    for (size_t i = 0; i < run->n_bands && (run->n_bands > 1 || *run->options->ages) && lowest <= highest; i++) {
        const est_i_band *band = &run->bands[i];
        bool told = band->lowest <= band->highest;
        est_i_result_add_ages(run->builder, band->name, told ? band->lowest : lowest, told ? band->highest : highest);
    }
    while ((section = est_i_ini_next(&run->definition.rules, "indicator", &index)) != NULL)
        tell_age_share(run, section);
}

est_status est_i_indicator_write(est_i_indicator_run *run, est_error *error)
{
    run->builder = est_i_result_begin(run->method->id, est_i_definition_fact(&run->definition, "title"));
    if (!run->builder)
        return est_i_no_memory(error);
    bool is_synthetic = est_source_is_synthetic(run->source) || strcmp(est_i_codebook_fact(run->codebook, "synthetic"), "yes") == 0;
    est_i_result_profile(run->builder, "dhs");
    est_i_result_mark(run->builder, est_source_is_public(run->source), is_synthetic, false);
    copy_stats(run);
    tell_ages(run);
    est_i_indicator_facts(run);
    est_status status = add_all_rows(run, error);
    if (status == EST_OK && run->options->sampling_errors)
        est_i_result_sampling_errors(run->builder);
    if (status == EST_OK && *run->options->small_area)
        status = est_i_indicator_areas(run, error);
    if (status == EST_OK) {
        est_i_indicator_charts(run);
        est_i_indicator_frames(run);
        status = est_i_indicator_tables(run, error);
    }
    if (status == EST_OK && run->options->benchmarks)
        status = add_benchmarks(run, error);
    if (status == EST_OK) {
        copy_notes(run);
        own_notes(run);
        add_provenance(run);
    }
    return status;
}
