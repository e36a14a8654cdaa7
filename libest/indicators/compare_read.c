/* Tables of estimates: which columns are what, and one row after the other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/dates.h"
#include "data/json_result.h"
#include "data/table.h"
#include "indicators/compare.h"

#define NONE SIZE_MAX
#define MOST_ESTIMATES 100000

typedef enum number_column { IS_ESTIMATE, IS_SE, IS_LOWER, IS_UPPER, IS_LEVEL, IS_DF, IS_N, NUMBERS } number_column;

static const char *const number_names[NUMBERS] = {"estimate", "se", "lower", "upper", "level", "df", "n"};
static const char *const text_names[EST_I_TEXTS] = {
    [EST_I_TEXT_ID] = "id",
    [EST_I_TEXT_PERIOD] = "period",
    [EST_I_TEXT_QUALIFIER] = "qualifier",
    [EST_I_TEXT_INTERVAL] = "interval",
    [EST_I_TEXT_SOURCE] = "source",
    [EST_I_TEXT_NOTE] = "note",
    [EST_I_TEXT_TABLE] = "table",
};
/* Neither keys nor labels, and not asked here. */
static const char *const other_names[] = {"estimand",    "indicator",   "year",      "flags",    "method",
                                          "title",       "data_public", "synthetic", "internal", EST_I_SYNTHETIC_COLUMN,
                                          "n_weighted",  "numerator",   "cv",        "deff",     "deft",
                                          "effective_n", "mark",        "detail"};

/* Where a table has what; NONE = nowhere. */
typedef struct layout {
    const est_table *table;
    size_t number[NUMBERS], text[EST_I_TEXTS], key[EST_I_KEYS], second_indicator, year, labelled_period, flags;
    size_t *labels, n_labels;
} layout;

static size_t place_of(const est_table *table, const char *name)
{
    long column = est_table_find(table, name);
    return column < 0 ? NONE : (size_t)column;
}

static bool is_in(const char *name, const char *const *names, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++)
        found = strcmp(name, names[i]) == 0;
    return found;
}

/* A label "period" of a result tells the period where the row itself does not; a label "sex" is the key. */
static bool is_label(const char *name)
{
    bool is = !is_in(name, number_names, NUMBERS) && !is_in(name, text_names, EST_I_TEXTS) &&
              !is_in(name, other_names, sizeof other_names / sizeof other_names[0]) && strcmp(name, "domain:period") != 0;
    for (int key = 0; key < EST_I_KEYS && is; key++)
        is = strcmp(name, est_i_key_name((est_i_key)key)) != 0;
    return is;
}

static est_status find_labels(layout *columns, est_error *error)
{
    size_t n = est_table_columns(columns->table);
    columns->labels = calloc(n + 1, sizeof *columns->labels);
    for (size_t c = 0; c < n && columns->labels; c++)
        if (is_label(est_table_column_name(columns->table, c)))
            columns->labels[columns->n_labels++] = c;
    return columns->labels ? EST_OK : est_i_no_memory(error);
}

static est_status find_columns(const est_table *table, layout *columns, est_error *error)
{
    size_t required = 0;
    *columns = (layout){.table = table,
                        .year = place_of(table, "year"),
                        .flags = place_of(table, "flags"),
                        .labelled_period = place_of(table, "domain:period"),
                        .second_indicator = place_of(table, "indicator")};
    for (size_t i = 0; i < NUMBERS; i++)
        columns->number[i] = place_of(table, number_names[i]);
    for (size_t i = 0; i < EST_I_TEXTS; i++)
        columns->text[i] = place_of(table, text_names[i]);
    for (int key = 0; key < EST_I_KEYS; key++)
        columns->key[key] = place_of(table, est_i_key_name((est_i_key)key));
    columns->key[EST_I_KEY_INDICATOR] = place_of(table, "estimand");
    est_status status = EST_OK;
    if (columns->key[EST_I_KEY_INDICATOR] == NONE && columns->second_indicator == NONE)
        status = est_i_table_require(table, "estimand", "what each row estimates; a table of estimates has a row an estimate",
                                     &required, error);
    if (status == EST_OK)
        status = est_i_table_require(table, "estimate", "the estimates", &required, error);
    return status == EST_OK ? find_labels(columns, error) : status;
}

/* ---- one row ---- */

/* "" where there is nothing; NULL without memory. */
static const char *take_text(const layout *columns, size_t column, est_i_estimate *e)
{
    char buffer[32];
    const char *text = column == NONE ? NULL : est_table_text(columns->table, column, e->record, buffer);
    size_t length = 0;
    const char *from = text ? est_i_label_trim(text, &length) : "";
    if (!length)
        return "";
    char *copy = malloc(length + 1);
    if (copy) {
        memcpy(copy, from, length);
        copy[length] = '\0';
        e->owned[e->n_owned++] = copy;
    }
    return copy;
}

static bool take_texts(const layout *columns, est_i_estimate *e)
{
    bool taken = true;
    for (int key = 0; key < EST_I_KEYS && taken; key++)
        taken = (e->keys.value[key] = take_text(columns, columns->key[key], e)) != NULL;
    for (size_t i = 0; i < EST_I_TEXTS && taken; i++)
        taken = (e->text[i] = take_text(columns, columns->text[i], e)) != NULL;
    if (taken && !*e->keys.value[EST_I_KEY_INDICATOR])
        taken = (e->keys.value[EST_I_KEY_INDICATOR] = take_text(columns, columns->second_indicator, e)) != NULL;
    if (taken && !*e->text[EST_I_TEXT_PERIOD])
        taken = (e->text[EST_I_TEXT_PERIOD] = take_text(columns, columns->labelled_period, e)) != NULL;
    if (taken && !*e->text[EST_I_TEXT_PERIOD])
        taken = (e->text[EST_I_TEXT_PERIOD] = take_text(columns, columns->year, e)) != NULL;
    return taken;
}

/* A label with the name of a key ("domain:ages" of a result) is that key, where the row does not tell it itself. */
static bool take_as_key(const char *name, const char *value, est_i_estimate *e)
{
    bool is_key = false;
    for (int key = 0; key < EST_I_KEYS && !is_key; key++) {
        is_key = strcmp(name, est_i_key_name((est_i_key)key)) == 0;
        if (is_key && !*e->keys.value[key])
            e->keys.value[key] = value;
    }
    return is_key;
}

static bool take_labels(const layout *columns, est_i_estimate *e)
{
    bool taken = true;
    for (size_t i = 0; i < columns->n_labels && taken; i++) {
        const char *name = est_i_json_label_name(est_table_column_name(columns->table, columns->labels[i]));
        const char *value = take_text(columns, columns->labels[i], e);
        taken = value != NULL;
        if (taken && *value && !take_as_key(name, value, e))
            e->labels[e->n_labels++] = (est_label){name, value};
    }
    return taken;
}

static est_status fail_cell(const layout *columns, size_t column, size_t row, const char *expected, est_error *error)
{
    char found[128];
    est_i_table_describe(columns->table, column, row, false, found);
    return est_i_fail_at(error, EST_EVALUE, est_i_table_place(columns->table, (long)column, row), "found %s, expected %s", found,
                         expected);
}

static est_status take_number(const layout *columns, number_column which, size_t row, double *value, est_error *error)
{
    size_t column = columns->number[which];
    *value = NAN;
    if (column == NONE || est_table_is_missing(columns->table, column, row))
        return EST_OK;
    *value = est_table_number(columns->table, column, row);
    if (isnan(*value))
        return fail_cell(columns, column, row, "a number, or nothing where it is not known", error);
    if ((which == IS_SE || which == IS_DF || which == IS_N) && !(*value >= 0))
        return fail_cell(columns, column, row, "a number from 0", error);
    if (which == IS_LEVEL && !(*value > 0 && *value < 1))
        return fail_cell(columns, column, row, "a confidence level between 0 and 1, such as 0.95", error);
    if (which == IS_ESTIMATE && !isfinite(*value))
        return fail_cell(columns, column, row, "a finite number, or nothing where there is no estimate", error);
    return EST_OK;
}

/* Proportions lie in [0, 1]: a table in per cent would be compared with one in shares. */
static est_status check_numbers(const layout *columns, const est_i_estimate *e, est_error *error)
{
    bool proportion = est_i_key_same(EST_I_KEY_UNIT, e->keys.value[EST_I_KEY_UNIT], "proportion");
    bool people = est_i_key_same(EST_I_KEY_UNIT, e->keys.value[EST_I_KEY_UNIT], "people");
    /* written so that NaN, an estimate that is not known, passes */
    if ((proportion || people) && e->estimate < 0)
        return fail_cell(columns, columns->number[IS_ESTIMATE], e->record, "0 or more", error);
    if (proportion && e->estimate > 1)
        return fail_cell(columns, columns->number[IS_ESTIMATE], e->record, "a proportion from 0 to 1 (8.5 % is 0.085)", error);
    if (e->lower > e->upper)
        return fail_cell(columns, columns->number[IS_UPPER], e->record, "an upper limit that is not below the lower one", error);
    return EST_OK;
}

static est_status take_numbers(const layout *columns, est_i_estimate *e, est_error *error)
{
    double *const places[NUMBERS] = {&e->estimate, &e->se, &e->lower, &e->upper, &e->level, &e->df, &e->n};
    est_status status = EST_OK;
    for (size_t i = 0; i < NUMBERS && status == EST_OK; i++)
        status = take_number(columns, (number_column)i, e->record, places[i], error);
    return status == EST_OK ? check_numbers(columns, e, error) : status;
}

static const char *flag_at(const void *user, size_t index)
{
    (void)user;
    return est_flag_name((est_flag)index);
}

static est_status take_flag(const layout *columns, const char *name, size_t length, est_i_estimate *e, est_error *error)
{
    size_t flag = 0;
    while (flag < EST_FLAG_END &&
           (strlen(est_flag_name((est_flag)flag)) != length || memcmp(est_flag_name((est_flag)flag), name, length)))
        flag++;
    if (flag < EST_FLAG_END) {
        e->flags |= EST_FLAG_BIT(flag);
        return EST_OK;
    }
    char word[64];
    size_t shown = length < sizeof word - 1 ? length : sizeof word - 1;
    memcpy(word, name, shown);
    word[shown] = '\0';
    const char *nearest = est_i_nearest_name(word, EST_FLAG_END, flag_at, NULL);
    return est_i_fail_at(error, EST_EVALUE, est_i_table_place(columns->table, (long)columns->flags, e->record),
                         "'%s' is no flag of an estimate%s%s%s", word, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                         nearest ? "'?" : "");
}

static est_status take_flags(const layout *columns, est_i_estimate *e, est_error *error)
{
    static const char breaks[] = " ;|,";
    char buffer[32];
    const char *at = columns->flags == NONE ? NULL : est_table_text(columns->table, columns->flags, e->record, buffer);
    est_status status = EST_OK;
    while (at && *(at += strspn(at, breaks)) && status == EST_OK) {
        size_t length = strcspn(at, breaks);
        status = take_flag(columns, at, length, e, error);
        at += length;
    }
    if (est_table_is_synthetic(columns->table))
        e->flags |= EST_FLAG_BIT(EST_FLAG_SYNTHETIC);
    return status;
}

/* A bound is no estimate: nothing can be subtracted from "at least 400". */
static est_status take_qualifier(const layout *columns, est_i_estimate *e, est_error *error)
{
    static const char *const bounds[] = {"at least", "at most", "more than", "less than"};
    static const char *const others[] = {"", "about"};
    const char *qualifier = e->text[EST_I_TEXT_QUALIFIER];
    e->is_bound = is_in(qualifier, bounds, sizeof bounds / sizeof bounds[0]);
    if (e->is_bound || is_in(qualifier, others, sizeof others / sizeof others[0]))
        return EST_OK;
    return fail_cell(columns, columns->text[EST_I_TEXT_QUALIFIER], e->record,
                     "nothing, 'about', 'at least', 'at most', 'more than' or 'less than'", error);
}

static void take_period(est_i_estimate *e)
{
    est_i_span span;
    e->middle = NAN;
    if (est_i_label_read(e->text[EST_I_TEXT_PERIOD], &span) || est_i_date_read(e->text[EST_I_TEXT_PERIOD], &span))
        e->middle = (span.start + span.end) / 24; /* months, both ends */
}

static est_status take_row(const layout *columns, est_i_estimate *e, est_error *error)
{
    est_status status = EST_OK;
    e->owned = calloc(EST_I_KEYS + EST_I_TEXTS + columns->n_labels + 4, sizeof *e->owned);
    e->labels = calloc(columns->n_labels + 1, sizeof *e->labels);
    if (!e->owned || !e->labels || !take_texts(columns, e) || !take_labels(columns, e))
        return est_i_no_memory(error);
    size_t indicator = columns->key[EST_I_KEY_INDICATOR] != NONE ? columns->key[EST_I_KEY_INDICATOR] : columns->second_indicator;
    if (!*e->keys.value[EST_I_KEY_INDICATOR])
        return fail_cell(columns, indicator, e->record, "the name of what is estimated", error);
    est_i_keys_complete(&e->keys);
    status = take_numbers(columns, e, error);
    if (status == EST_OK)
        status = take_flags(columns, e, error);
    if (status == EST_OK)
        status = take_qualifier(columns, e, error);
    take_period(e);
    est_i_estimate_set_se(e);
    return status;
}

/* ---- tables ---- */

static est_status read_table(est_i_compare_run *run, const est_table *table)
{
    layout columns = {0};
    est_status status = find_columns(table, &columns, run->error);
    for (size_t row = 0; row < est_table_rows(table) && status == EST_OK; row++) {
        est_i_estimate *e = &run->estimates[run->n_estimates];
        *e = (est_i_estimate){.from = table, .record = row, .series = SIZE_MAX, .row = SIZE_MAX};
        run->n_estimates++; /* what it holds by then is freed */
        status = est_i_monitor_cancelled(&run->monitor) ? est_i_cancelled(run->error) : take_row(&columns, e, run->error);
    }
    free(columns.labels);
    return status;
}

est_status est_i_compare_read(est_i_compare_run *run)
{
    const est_table *with = run->options->with;
    size_t rows = est_table_rows(run->data) + (with ? est_table_rows(with) : 0);
    if (rows > MOST_ESTIMATES)
        return est_i_fail(run->error, EST_EDEFINITION, "found %zu rows, expected a table of estimates, at most %d of them", rows,
                          MOST_ESTIMATES);
    run->estimates = calloc(rows + 1, sizeof *run->estimates);
    est_status status = run->estimates ? read_table(run, run->data) : est_i_no_memory(run->error);
    if (status == EST_OK && with)
        status = read_table(run, with);
    return status;
}

void est_i_estimate_free(est_i_estimate *estimate)
{
    for (size_t i = 0; i < estimate->n_owned; i++)
        free(estimate->owned[i]);
    free(estimate->owned);
    free(estimate->labels);
    free(estimate->name);
}
