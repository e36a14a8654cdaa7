/* The result of `compare`: estimates, what became of them, what they are of, where they are from. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>

#include "core/error.h"
#include "data/scan.h"
#include "indicators/compare.h"

#define MOST_LINES 40
#define MOST_VALUES 6

/* What holds of an estimate holds of what is made from it. Limits, degrees of freedom and suppression are judged anew. */
#define CARRIED_NOT                                                                                                      \
    (EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED) | EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE) | EST_FLAG_BIT(EST_FLAG_SUPPRESSED) | \
     EST_FLAG_BIT(EST_FLAG_FEW_DF) | EST_FLAG_BIT(EST_FLAG_NO_DF) | EST_FLAG_BIT(EST_FLAG_AT_BOUND))

/* ---- keys of all that is compared ---- */

/* Does the key have more than one value among the estimates of the series? */
static bool varies(const est_i_compare_run *run, est_i_key key)
{
    const est_i_estimate *first = est_i_compare_at(run, 0, 0);
    bool varied = false;
    for (size_t s = 0; s < run->n_series && !varied; s++)
        for (size_t i = 0; i < run->series[s].count && !varied; i++)
            varied = !est_i_key_same(key, first->keys.value[key], est_i_compare_at(run, s, i)->keys.value[key]);
    return varied;
}

/* Whether the value stands at an earlier estimate already. */
static bool is_told(const est_i_compare_run *run, est_i_key key, size_t series, size_t place)
{
    const char *value = est_i_compare_at(run, series, place)->keys.value[key];
    bool told = false;
    for (size_t s = 0; s <= series && !told; s++)
        for (size_t i = 0; i < (s < series ? run->series[s].count : place) && !told; i++)
            told = est_i_key_same(key, value, est_i_compare_at(run, s, i)->keys.value[key]);
    return told;
}

static void add_key_fact(const est_i_compare_run *run, est_i_key key)
{
    est_i_text values = {0}, name = {0};
    size_t found = 0, told = 0;
    for (size_t s = 0; s < run->n_series; s++)
        for (size_t i = 0; i < run->series[s].count; i++) {
            const char *value = est_i_compare_at(run, s, i)->keys.value[key];
            if (is_told(run, key, s, i))
                continue;
            told += *value != '\0';
            if (found++ < MOST_VALUES)
                est_i_text_printf(&values, "%s%s", values.length ? "; " : "", *value ? value : "not told");
        }
    if (found > MOST_VALUES)
        est_i_text_printf(&values, "; and %zu more", found - MOST_VALUES);
    est_i_text_append(&name, est_i_key_words(key));
    if (name.data && *name.data >= 'a' && *name.data <= 'z')
        *name.data = (char)(*name.data - 'a' + 'A');
    if (told && values.data && name.data && !values.failed && !name.failed)
        est_i_result_add_fact(run->builder, "definition", name.data, values.data);
    if (values.failed || name.failed)
        est_i_result_no_memory(run->builder);
    est_i_text_free(&values);
    est_i_text_free(&name);
}

/* ---- rows ---- */

static const est_i_key shown[] = {EST_I_KEY_GEOGRAPHY, EST_I_KEY_AGES, EST_I_KEY_SEX};

#define SHOWN (sizeof shown / sizeof shown[0])

void est_i_compare_tell(const est_i_compare_run *run, const est_i_estimate *e, est_i_text *text)
{
    for (size_t i = 0; i < e->n_labels; i++)
        est_i_text_printf(text, "%s%s", text->length ? ", " : "", e->labels[i].value);
    for (size_t i = 0; i < SHOWN; i++)
        if (*e->keys.value[shown[i]] && run->varies[shown[i]])
            est_i_text_printf(text, "%s%s", text->length ? ", " : "", e->keys.value[shown[i]]);
}

/* Labels, keys that vary among what is compared, the period and what it is compared with. `labels` has room. */
static size_t fill_labels(const est_i_compare_run *run, const est_i_estimate *e, const est_i_estimate *against, est_label *labels)
{
    size_t count = 0;
    for (; count < e->n_labels; count++)
        labels[count] = e->labels[count];
    for (size_t i = 0; i < SHOWN; i++)
        if (*e->keys.value[shown[i]] && run->varies[shown[i]])
            labels[count++] = (est_label){est_i_key_name(shown[i]), e->keys.value[shown[i]]};
    labels[count++] = (est_label){"period", e->name};
    if (against)
        labels[count++] = (est_label){"against", against->name};
    return count;
}

static void fill_keys(const est_i_estimate *e, est_row *row)
{
    row->population = e->keys.value[EST_I_KEY_POPULATION];
    row->definition = e->keys.value[EST_I_KEY_DEFINITION];
    row->geography = e->keys.value[EST_I_KEY_GEOGRAPHY];
    row->ages = e->keys.value[EST_I_KEY_AGES];
    row->reference_period = e->keys.value[EST_I_KEY_REFERENCE_PERIOD];
    row->unit = e->keys.value[EST_I_KEY_UNIT];
    row->period = e->text[EST_I_TEXT_PERIOD];
}

/* A key that differs belongs to neither. */
static void clear_keys(const est_i_estimate *a, const est_i_estimate *b, est_row *row)
{
    uint32_t differ = est_i_keys_differ(&a->keys, &b->keys);
    const char **const texts[EST_I_KEYS] = {[EST_I_KEY_GEOGRAPHY] = &row->geography,
                                            [EST_I_KEY_AGES] = &row->ages,
                                            [EST_I_KEY_POPULATION] = &row->population,
                                            [EST_I_KEY_DEFINITION] = &row->definition,
                                            [EST_I_KEY_UNIT] = &row->unit,
                                            [EST_I_KEY_REFERENCE_PERIOD] = &row->reference_period};
    for (int key = 0; key < EST_I_KEYS; key++)
        if (texts[key] && (differ & EST_I_KEY_BIT(key)))
            *texts[key] = "";
}

static void add_estimate(est_i_compare_run *run, est_i_estimate *e, bool breaks, est_label *labels)
{
    est_row row = est_i_row_empty(e->keys.value[EST_I_KEY_INDICATOR]);
    bool has_limits = !isnan(e->lower) || !isnan(e->upper);
    fill_keys(e, &row);
    row.n_domain = fill_labels(run, e, NULL, labels);
    row.domain = labels;
    row.estimate = e->estimate;
    row.se = e->se;
    row.lower = e->lower;
    row.upper = e->upper;
    row.level = e->level;
    row.df = e->df;
    row.n = e->n;
    row.interval = !has_limits ? "none" : *e->text[EST_I_TEXT_INTERVAL] ? e->text[EST_I_TEXT_INTERVAL] : "as published";
    row.flags = e->flags | (breaks ? EST_FLAG_BIT(EST_FLAG_DEFINITION_BREAK) : 0);
    if (isnan(e->estimate) && !(e->flags & EST_FLAG_BIT(EST_FLAG_SUPPRESSED)))
        row.flags |= EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    e->row = est_i_result_row_count(run->builder);
    est_i_result_add_row(run->builder, &row);
}

static uint32_t flags_of(const est_i_estimate *a, const est_i_estimate *b, const est_i_change *c, bool breaks)
{
    uint32_t either = a->flags | b->flags, flags = either & ~(uint32_t)CARRIED_NOT;
    bool withheld = (isnan(a->estimate) || isnan(b->estimate)) && (either & EST_FLAG_BIT(EST_FLAG_SUPPRESSED));
    if (isnan(c->estimate))
        flags |= withheld ? EST_FLAG_BIT(EST_FLAG_SUPPRESSED) : EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    else if (c->df <= 0)
        flags |= EST_FLAG_BIT(EST_FLAG_NO_DF);
    else if (c->df < 8)
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_DF);
    return flags | (breaks ? EST_FLAG_BIT(EST_FLAG_DEFINITION_BREAK) : 0);
}

/* One of "difference", "ratio" and "change_per_year". */
typedef struct change_row {
    const char *what;
    bool has_unit, detail;
} change_row;

/* "difference(E)"; of two indicators "difference(F - E)", "ratio(F / E)". */
static void name_change(change_row kind, const char *from, const char *to, est_i_text *estimand)
{
    est_i_text_printf(estimand, "%s(%s", kind.what, to);
    if (!est_i_key_same(EST_I_KEY_INDICATOR, from, to))
        est_i_text_printf(estimand, " %s %s", strcmp(kind.what, "ratio") == 0 ? "/" : "-", from);
    est_i_text_append(estimand, ")");
}

static void add_change(est_i_compare_run *run, change_row kind, const est_i_estimate *a, const est_i_estimate *b,
                       const est_i_change *c, est_label *labels)
{
    est_i_text estimand = {0};
    bool breaks = est_i_estimates_differ(a, b, 0, NULL);
    name_change(kind, a->keys.value[EST_I_KEY_INDICATOR], b->keys.value[EST_I_KEY_INDICATOR], &estimand);
    est_row row = est_i_row_empty(estimand.failed ? "" : estimand.data);
    if (estimand.failed)
        est_i_result_no_memory(run->builder);
    fill_keys(b, &row);
    clear_keys(a, b, &row);
    row.unit = kind.has_unit ? row.unit : "";
    row.n_domain = fill_labels(run, b, a, labels);
    row.domain = labels;
    row.estimate = c->estimate;
    row.se = c->se;
    row.lower = c->lower;
    row.upper = c->upper;
    row.level = isnan(c->lower) ? NAN : run->options->level;
    row.df = isinf(c->df) ? NAN : c->df;
    row.interval = c->interval;
    row.n = a->n + b->n;
    row.fewest = fmin(a->n, b->n);
    row.flags = flags_of(a, b, c, breaks);
    row.detail = kind.detail;
    est_i_result_add_row(run->builder, &row);
    est_i_text_free(&estimand);
}

static void add_changes(est_i_compare_run *run, const est_i_estimate *a, const est_i_estimate *b, est_label *labels)
{
    double years = b->middle - a->middle, level = run->options->level;
    est_i_change difference = est_i_change_difference(a, b, level), ratio = est_i_change_ratio(a, b, level);
    add_change(run, (change_row){"difference", true, false}, a, b, &difference, labels);
    add_change(run, (change_row){"ratio", false, false}, a, b, &ratio, labels);
    if (years > 0) {
        est_i_change yearly = est_i_change_per_year(difference, years);
        add_change(run, (change_row){"change_per_year", true, fabs(years - 1) < 1e-9}, a, b, &yearly,
                   labels); /* of one year: the difference */
    }
}

static void add_series(est_i_compare_run *run, size_t series, est_label *labels)
{
    size_t count = run->series[series].count;
    bool previous = run->options->against != EST_COMPARE_FIRST, first = run->options->against != EST_COMPARE_PREVIOUS;
    for (size_t i = 1; i < count; i++) {
        const est_i_estimate *to = est_i_compare_at(run, series, i);
        if (previous)
            add_changes(run, est_i_compare_at(run, series, i - 1), to, labels);
        if (first && (i > 1 || !previous))
            add_changes(run, est_i_compare_at(run, series, 0), to, labels);
    }
}

/* ---- frames ---- */

static const char *se_words(const est_i_estimate *e)
{
    static const char *const words[] = {[EST_I_SE_NONE] = "none",
                                        [EST_I_SE_GIVEN] = "given",
                                        [EST_I_SE_PLAIN] = "from the interval",
                                        [EST_I_SE_LOG] = "from the interval, log scale",
                                        [EST_I_SE_LOGIT] = "from the interval, logit scale"};
    return words[e->se_from];
}

static void add_sources(est_i_compare_run *run)
{
    static const char *const columns[] = {"estimate", "estimand", "of", "standard_error", "source", "note"};
    bool any = false;
    for (size_t s = 0; s < run->n_series && !any; s++)
        for (size_t i = 0; i < run->series[s].count && !any; i++) {
            const est_i_estimate *e = est_i_compare_at(run, s, i);
            any = *e->text[EST_I_TEXT_SOURCE] || *e->text[EST_I_TEXT_NOTE] || e->se_from > EST_I_SE_GIVEN;
        }
    if (!any)
        return;
    est_i_result_frame(run->builder, "sources", "Where the estimates are from", 6, columns, NULL, MOST_LINES);
    for (size_t s = 0; s < run->n_series; s++)
        for (size_t i = 0; i < run->series[s].count; i++) {
            const est_i_estimate *e = est_i_compare_at(run, s, i);
            est_i_text which = {0};
            est_i_compare_tell(run, e, &which);
            if (which.failed)
                est_i_result_no_memory(run->builder);
            est_i_result_cell_text(run->builder, e->name);
            est_i_result_cell_text(run->builder, e->keys.value[EST_I_KEY_INDICATOR]);
            est_i_result_cell_text(run->builder, which.length ? which.data : "");
            est_i_text_free(&which);
            est_i_result_cell_text(run->builder, se_words(e));
            est_i_result_cell_text(run->builder, e->text[EST_I_TEXT_SOURCE]);
            est_i_result_cell_text(run->builder, e->text[EST_I_TEXT_NOTE]);
        }
}

/* What differs at each break, a line a key. */
static void add_break_lines(est_i_compare_run *run, const est_i_estimate *a, const est_i_estimate *b)
{
    uint32_t differ = est_i_keys_differ(&a->keys, &b->keys);
    for (int key = 0; key < EST_I_KEYS; key++) {
        if (!(differ & EST_I_KEY_BIT(key)))
            continue;
        est_i_result_cell_text(run->builder, a->name);
        est_i_result_cell_text(run->builder, b->name);
        est_i_result_cell_text(run->builder, est_i_key_words((est_i_key)key));
        est_i_result_cell_text(run->builder, *a->keys.value[key] ? a->keys.value[key] : "not told");
        est_i_result_cell_text(run->builder, *b->keys.value[key] ? b->keys.value[key] : "not told");
    }
}

static void add_breaks(est_i_compare_run *run)
{
    static const char *const columns[] = {"before", "after", "key", "value_before", "value_after"};
    bool started = false;
    for (size_t s = 0; s < run->n_series; s++)
        for (size_t i = 1; i < run->series[s].count; i++) {
            const est_i_estimate *a = est_i_compare_at(run, s, i - 1), *b = est_i_compare_at(run, s, i);
            if (!est_i_keys_differ(&a->keys, &b->keys))
                continue;
            if (!started)
                est_i_result_frame(run->builder, "breaks", "Breaks of the series: what is not the same", 5, columns, NULL,
                                   MOST_LINES);
            started = true;
            add_break_lines(run, a, b);
        }
}

/* ---- provenance ---- */

static est_status add_digest(est_i_compare_run *run, const char *name, const est_table *table)
{
    est_source *source = NULL;
    char digest[65];
    est_status status = est_source_of_table(table, &source, run->error);
    if (status == EST_OK)
        status = est_i_source_digest(source, &run->monitor, digest, run->error);
    if (status == EST_OK)
        est_i_result_add_provenance(run->builder, name, digest, !est_table_is_public(table));
    est_source_free(source);
    return status;
}

/* Results made for internal use say so in every row. */
static bool is_internal(const est_table *table)
{
    long column = est_table_find(table, "internal");
    bool internal = false;
    for (size_t row = 0; column >= 0 && row < est_table_rows(table) && !internal; row++)
        internal = est_table_number(table, (size_t)column, row) == 1;
    return internal;
}

static est_status add_provenance(est_i_compare_run *run)
{
    const est_table *with = run->options->with;
    est_i_result_add_provenance(run->builder, "version", est_version(), false);
    est_i_result_add_provenance(run->builder, "reference", est_i_method_compare.reference, false);
    est_i_result_add_options(run->builder, &est_i_method_compare, run->options);
    est_status status = add_digest(run, "data-sha256", run->data);
    if (status == EST_OK && with)
        status = add_digest(run, "with-sha256", with);
    est_i_result_add_provenance(run->builder, "data", est_table_name(run->data), true);
    est_i_result_mark(run->builder, est_table_is_public(run->data) && (!with || est_table_is_public(with)),
                      est_table_is_synthetic(run->data) || (with && est_table_is_synthetic(with)),
                      is_internal(run->data) || (with && is_internal(with)));
    return status;
}

/* ---- all of it ---- */

static size_t most_labels(const est_i_compare_run *run)
{
    size_t most = 0;
    for (size_t i = 0; i < run->n_estimates; i++)
        most = run->estimates[i].n_labels > most ? run->estimates[i].n_labels : most;
    return most + 5;
}

static void add_rows(est_i_compare_run *run, est_label *labels)
{
    for (size_t s = 0; s < run->n_series; s++)
        for (size_t i = 0; i < run->series[s].count; i++) {
            est_i_estimate *e = est_i_compare_at(run, s, i);
            add_estimate(run, e, i > 0 && est_i_estimates_differ(est_i_compare_at(run, s, i - 1), e, 0, NULL), labels);
        }
    for (size_t s = 0; s < run->n_series; s++)
        add_series(run, s, labels);
}

est_status est_i_compare_write(est_i_compare_run *run, est_result **result)
{
    est_label *labels = calloc(most_labels(run), sizeof *labels);
    if (!labels)
        return est_i_no_memory(run->error);
    run->builder = est_i_result_begin("compare", est_i_method_compare.title);
    est_i_result_profile(run->builder, "dhs");
    for (int key = 0; key < EST_I_KEYS; key++)
        run->varies[key] = varies(run, (est_i_key)key);
    add_rows(run, labels);
    free(labels);
    for (int key = 0; key < EST_I_KEYS; key++)
        add_key_fact(run, (est_i_key)key);
    add_sources(run);
    add_breaks(run);
    est_i_compare_charts(run);
    est_i_compare_notes(run);
    est_status status = add_provenance(run);
    if (status == EST_OK)
        status = est_i_result_finish(run->builder, result, run->error);
    else
        est_i_result_abandon(run->builder);
    return status;
}
