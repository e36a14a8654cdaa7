#include "indicators/benchmarks.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"

/* ---- rows of the dataset ---- */

static const char *cell_of(const est_table *table, const char *column, size_t row, char buffer[32])
{
    long found = est_table_find(table, column);
    const char *text = found < 0 ? NULL : est_table_text(table, (size_t)found, row, buffer);
    return text ? text : "";
}

static double number_of(const est_table *table, const char *column, size_t row)
{
    long found = est_table_find(table, column);
    return found < 0 ? NAN : est_table_number(table, (size_t)found, row);
}

/* "married_by_18" of "married_by_18_number": what an indicator and its number of people share. */
static size_t stem(const char *indicator)
{
    static const char *const endings[] = {"_number", "_rate"};
    size_t length = strlen(indicator);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t tail = strlen(endings[i]);
        if (length > tail && strcmp(indicator + length - tail, endings[i]) == 0)
            return length - tail;
    }
    return length;
}

static bool same_stem(const char *a, const char *b)
{
    return stem(a) == stem(b) && memcmp(a, b, stem(a)) == 0;
}

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* What people set beside it although it is another concept. */
static bool is_neighbour(const char *concept, const char *figure)
{
    bool employment = begins(figure, "children_in_employment") || begins(figure, "census_working");
    return (employment && (strcmp(concept, "employment") == 0 || strcmp(concept, "child labour") == 0)) ||
           (begins(figure, "victims_detected") && strcmp(concept, "estimated trafficking") == 0);
}

static bool belongs(const char *indicator, const char *concept, const est_i_keys *figure)
{
    const char *name = figure->value[EST_I_KEY_INDICATOR], *own = est_i_concept_of(indicator);
    bool asked = strcmp(concept, own) != 0 && strcmp(concept, figure->value[EST_I_KEY_CONCEPT]) == 0;
    return same_stem(indicator, name) || asked || is_neighbour(concept, name);
}

size_t est_i_benchmarks_find(const est_table *table, const char *indicator, const char *concept, est_i_benchmark_take *take,
                             void *user)
{
    const char *own = *concept ? concept : est_i_concept_of(indicator);
    size_t count = 0;
    for (size_t row = 0; row < est_table_rows(table); row++) {
        char buffers[EST_I_KEYS][32];
        est_i_keys keys;
        for (int key = 0; key < EST_I_KEYS; key++)
            keys.value[key] = cell_of(table, est_i_key_name((est_i_key)key), row, buffers[key]);
        est_i_keys_complete(&keys);
        if (belongs(indicator, own, &keys)) {
            count++;
            take(user, table, row, &keys);
        }
    }
    return count;
}

/* ---- beside the rows of a result ---- */

typedef struct benchmarks {
    est_i_result_builder *builder;
    const est_result *so_far;
    bool *taken; /* rows of the dataset */
    bool started;
    bool failed;
    const char *indicator;
} benchmarks;

/* The keys that keep the figure from being compared with the row of this indicator that is nearest to it; UINT32_MAX: there is
 * none. */
static uint32_t nearest_differences(benchmarks *b, const est_i_keys *figure)
{
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < est_result_rows(b->so_far); i++) {
        const est_row *row = est_result_row(b->so_far, i);
        bool others = false;
        est_i_text place = {0};
        est_i_keys keys = est_i_keys_of_row(row, &place, &others);
        uint32_t differ = est_i_keys_differ(&keys, figure);
        bool nearer = least == UINT32_MAX || __builtin_popcount(differ) < __builtin_popcount(least);
        if (!others && !*row->table && same_stem(row->estimand, b->indicator) && nearer)
            least = differ;
        b->failed = b->failed || place.failed;
        est_i_text_free(&place);
    }
    return least;
}

static void comparable_words(uint32_t differ, est_i_text *text)
{
    if (differ == 0) {
        est_i_text_append(text, "yes");
    } else if (differ == UINT32_MAX) {
        est_i_text_append(text, "no estimate of it here");
    } else {
        est_i_text_append(text, "no: ");
        est_i_keys_list(differ, text);
    }
}

/* "8.5 %", "1,349,365", "25.8 years"; with "about" or "at least" before it. */
static void value_words(const est_table *table, size_t row, const char *unit, est_i_text *text)
{
    char buffer[32], digits[64];
    double value = number_of(table, "estimate", row);
    bool share = strcmp(unit, "proportion") == 0, people = strcmp(unit, "people") == 0;
    const char *qualifier = cell_of(table, "qualifier", row, buffer);
    est_i_text_printf(text, "%s%s", qualifier, *qualifier ? " " : "");
    est_i_number_print_grouped(share ? 100 * value : value, people ? 0 : 1, ",", digits, sizeof digits);
    est_i_text_append(text, isnan(value) ? "not told" : digits);
    if (share)
        est_i_text_append(text, " %");
    else if (!people)
        est_i_text_printf(text, " %s", unit);
}

/* "8.5 % (employment; Kenya; 5-17; 2019; Working ...); not comparable: definition" */
static void add_fact(benchmarks *b, const est_table *table, size_t row, const est_i_keys *keys, const char *comparable)
{
    static const est_i_key told[] = {EST_I_KEY_CONCEPT, EST_I_KEY_GEOGRAPHY, EST_I_KEY_AGES, EST_I_KEY_SEX, EST_I_KEY_POPULATION};
    char year[32], source[32], note[32];
    est_i_text text = {0};
    value_words(table, row, keys->value[EST_I_KEY_UNIT], &text);
    est_i_text_printf(&text, " (%s", cell_of(table, "year", row, year));
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        if (*keys->value[told[i]])
            est_i_text_printf(&text, "; %s", keys->value[told[i]]);
    est_i_text_printf(&text, "). %s. Comparable: %s.", keys->value[EST_I_KEY_DEFINITION], comparable);
    if (*cell_of(table, "note", row, note))
        est_i_text_printf(&text, " %s.", cell_of(table, "note", row, note));
    b->failed = b->failed || text.failed;
    if (!text.failed)
        est_i_result_add_fact(b->builder, "benchmark", cell_of(table, "source", row, source), text.data);
    est_i_text_free(&text);
}

static void start_frame(benchmarks *b)
{
    static const char *const columns[] = {
        "indicator",        "value",      "unit",    "qualifier",  "geography", "ages", "sex", "population", "year",
        "reference_period", "definition", "concept", "comparable", "source",    "note", "id"};
    if (!b->started)
        est_i_result_frame(b->builder, "benchmarks", "Published figures, not part of the estimates",
                           sizeof columns / sizeof columns[0], columns, NULL, 0); /* pages for people have the facts */
    b->started = true;
}

static void add_line(benchmarks *b, const est_table *table, size_t row, const est_i_keys *keys, const char *comparable)
{
    char buffer[32];
    start_frame(b);
    est_i_result_cell_text(b->builder, keys->value[EST_I_KEY_INDICATOR]);
    est_i_result_cell(b->builder, number_of(table, "estimate", row));
    est_i_result_cell_text(b->builder, keys->value[EST_I_KEY_UNIT]);
    est_i_result_cell_text(b->builder, cell_of(table, "qualifier", row, buffer));
    est_i_result_cell_text(b->builder, keys->value[EST_I_KEY_GEOGRAPHY]);
    est_i_result_cell_text(b->builder, keys->value[EST_I_KEY_AGES]);
    est_i_result_cell_text(b->builder, keys->value[EST_I_KEY_SEX]);
    est_i_result_cell_text(b->builder, keys->value[EST_I_KEY_POPULATION]);
    est_i_result_cell_text(b->builder, cell_of(table, "year", row, buffer));
    est_i_result_cell_text(b->builder, keys->value[EST_I_KEY_REFERENCE_PERIOD]);
    est_i_result_cell_text(b->builder, keys->value[EST_I_KEY_DEFINITION]);
    est_i_result_cell_text(b->builder, keys->value[EST_I_KEY_CONCEPT]);
    est_i_result_cell_text(b->builder, comparable);
    est_i_result_cell_text(b->builder, cell_of(table, "source", row, buffer));
    est_i_result_cell_text(b->builder, cell_of(table, "note", row, buffer));
    est_i_result_cell_text(b->builder, cell_of(table, "id", row, buffer));
}

/* On pages for people: figures of the country, and of the places that the result has rows of. */
static bool is_shown(uint32_t differ, const est_i_keys *keys)
{
    bool place = differ != UINT32_MAX && !(differ & EST_I_KEY_BIT(EST_I_KEY_GEOGRAPHY));
    return place || est_i_key_same(EST_I_KEY_GEOGRAPHY, keys->value[EST_I_KEY_GEOGRAPHY], "Kenya");
}

static void take_figure(void *user, const est_table *table, size_t row, const est_i_keys *keys)
{
    benchmarks *b = user;
    est_i_text comparable = {0};
    if (b->taken[row])
        return;
    b->taken[row] = true;
    uint32_t differ = nearest_differences(b, keys);
    comparable_words(differ, &comparable);
    b->failed = b->failed || comparable.failed;
    if (!b->failed)
        add_line(b, table, row, keys, comparable.data);
    if (!b->failed && is_shown(differ, keys))
        add_fact(b, table, row, keys, comparable.data);
    est_i_text_free(&comparable);
}

est_status est_i_benchmarks_add(est_i_result_builder *builder, size_t n, const char *const *indicators, const est_context *context,
                                est_error *error)
{
    est_table *table = NULL;
    benchmarks b = {.builder = builder, .so_far = est_i_result_so_far(builder)};
    est_status status = est_table_open(EST_I_BENCHMARKS, NULL, &table, error); /* small: no progress of its own */
    if (status != EST_OK || !b.so_far)
        goto cleanup; /* without a result so far, _finish tells why */
    b.taken = calloc(est_table_rows(table) + 1, sizeof *b.taken);
    b.failed = !b.taken;
    size_t found = 0;
    for (size_t i = 0; i < n && !b.failed; i++) {
        b.indicator = indicators[i];
        found += est_i_benchmarks_find(table, indicators[i], "", take_figure, &b);
    }
    if (b.failed)
        status = est_i_no_memory(error);
    else if (found)
        est_i_result_note(
            builder, context, EST_NOTE, "benchmarks",
            "Published figures are printed beside the estimates and are no part of them. "
            "Keys are compared as words: 'not comparable' says that the words differ or that one side does not tell them");
    else
        est_i_result_note(builder, context, EST_NOTE, "benchmarks", "No published Kenyan figure of these indicators is known here");
cleanup:
    free(b.taken);
    est_table_free(table);
    return status;
}
