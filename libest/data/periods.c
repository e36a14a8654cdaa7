#include "data/periods.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/dictionary.h"
#include "data/side_table.h"
#include "data/table.h"

/* A number above 0 and at most `maximum`; a flag is 0 or 1. */
typedef struct number_rule {
    bool is_flag;
    double maximum;
    const char *expected;
} number_rule;

/* A missing cell gives NaN. */
static est_status read_number(const est_table *file, long column, size_t row, number_rule rule, double *value,
                              est_error *error)
{
    est_status status = EST_OK;
    *value = NAN;
    if (column >= 0 && !est_table_is_missing(file, (size_t)column, row)) {
        *value = est_table_number(file, (size_t)column, row);
        bool good = rule.is_flag ? *value == 0 || *value == 1 : *value > 0 && *value <= rule.maximum;
        if (!good) {
            char found[128];
            est_i_table_describe(file, (size_t)column, row, false, found);
            status = est_i_fail_at(error, EST_EVALUE, est_i_table_place(file, column, row),
                                   "found %s, expected %s", found, rule.expected);
        }
    }
    return status;
}

/* A missing cell gives a span of NaN. */
static est_status read_date(const est_table *file, long column, size_t row, est_i_span *span,
                            est_error *error)
{
    est_status status = EST_OK;
    char buffer[32];
    const char *text = column >= 0 ? est_table_text(file, (size_t)column, row, buffer) : NULL;
    *span = (est_i_span){NAN, NAN};
    if (text && *text && !est_i_date_read(text, span)) {
        char found[128];
        est_i_table_describe(file, (size_t)column, row, false, found);
        status = est_i_fail_at(error, EST_EVALUE, est_i_table_place(file, column, row),
                               "found %s, expected a date as YYYY, YYYY-MM or YYYY-MM-DD", found);
    }
    return status;
}

/* The period file */

typedef struct period_file {
    const est_table *table;
    long period, years, population, truncated, start, end;
    est_i_dictionary labels; /* the number of a label is its row */
} period_file;

static est_status read_labels(period_file *file, est_error *error)
{
    est_status status = EST_OK;
    for (size_t row = 0; status == EST_OK && row < est_table_rows(file->table); row++) {
        char buffer[32];
        const char *label = est_table_text(file->table, (size_t)file->period, row, buffer);
        est_i_place place = est_i_table_place(file->table, file->period, row);
        size_t length = 0;
        label = label ? est_i_label_trim(label, &length) : NULL;
        uint32_t index = length ? est_i_dictionary_add(&file->labels, label, length) : 0;
        if (length == 0)
            status =
                est_i_fail_at(error, EST_EVALUE, place, "found no period, expected its label as in the data");
        else if (index == EST_I_DICTIONARY_NONE)
            status = est_i_no_memory(error);
        else if (index != row)
            status = est_i_fail_at(error, EST_EVALUE, place,
                                   "found a period that record %zu has already; expected each period once",
                                   (size_t)index + 1);
    }
    return status;
}

static est_status open_period_file(const est_table *table, period_file *file, est_error *error)
{
    static const char *const names[] = {"period", "years", "population", "truncated", "start", "end"};
    size_t period = 0;
    *file = (period_file){.table = table};
    est_status status =
        est_i_side_columns(table, (est_i_names){sizeof names / sizeof names[0], names}, "period file", error);
    if (status == EST_OK)
        status = est_i_table_require(table, "period", "the label of the period", &period, error);
    if (status == EST_OK) {
        file->period = (long)period;
        file->years = est_table_find(table, "years");
        file->population = est_table_find(table, "population");
        file->truncated = est_table_find(table, "truncated");
        file->start = est_table_find(table, "start");
        file->end = est_table_find(table, "end");
        status = read_labels(file, error);
    }
    return status;
}

static const char *label_in_file(const void *user, size_t index)
{
    return est_i_dictionary_text(user, (uint32_t)index);
}

static est_status find_in_file(const period_file *file, const est_table *data, long column,
                               est_i_period *period, est_error *error)
{
    est_status status = EST_OK;
    uint32_t row = est_i_dictionary_find(&file->labels, period->label, strlen(period->label));
    if (row != EST_I_DICTIONARY_NONE) {
        period->file_row = row;
    } else {
        const char *nearest =
            est_i_nearest_name(period->label, file->labels.count, label_in_file, &file->labels);
        status =
            est_i_fail_at(error, EST_EDEFINITION, est_i_table_place_column(data, column),
                          "period '%s' of the data is not in the period file %s; add it%s%s%s", period->label,
                          est_table_name(file->table), nearest ? ", or did you mean '" : "",
                          nearest ? nearest : "", nearest ? "'?" : "");
    }
    return status;
}

/* Length and place in time */

/* Dates of the file win over the label. A window that the file makes shorter than its label begins where the
 * label begins: 2015-2019 with 3 years is 2015 to 2017. */
static void place_window(est_i_period *period, est_i_span start, est_i_span end, double years)
{
    est_i_span label = period->span;
    double months = 12 * years;
    if (!isnan(start.start) || !isnan(end.end)) {
        period->span.start = !isnan(start.start)                            ? start.start
                             : !isnan(label.start) && label.start < end.end ? label.start
                                                                            : end.end - months;
        period->span.end = !isnan(end.end) ? end.end : !isnan(months) ? start.start + months : label.end;
    } else if (!isnan(months) && !isnan(label.start)) {
        period->span.end = label.start + months;
    }
    period->length_known = true;
    if (!isnan(years)) {
        period->years = years;
    } else if (period->span.end > period->span.start) {
        period->years = (period->span.end - period->span.start) / 12;
    } else {
        period->years = 1;
        period->length_known = false;
    }
    period->midpoint = (period->span.start + period->span.end) / 24;
}

/* Length, label and dates must not contradict each other. A one-year label may begin a longer period ("1990"
 * for five years). */
static est_status check_length(const period_file *file, const est_i_period *period, est_i_span label,
                               est_i_span start, est_i_span end, double years, est_error *error)
{
    est_status status = EST_OK;
    double months = 12 * years, dated = end.end - start.start, labelled = label.end - label.start;
    est_i_place place = est_i_table_place(file->table, file->years, period->file_row);
    if (!isnan(dated) && fabs(months - dated) > 1)
        status = est_i_fail_at(error, EST_EVALUE, place,
                               "found a length that is not that from start to end of period '%s'; leave "
                               "years or the dates out",
                               period->label);
    else if (isnan(dated) && labelled > 12 && months > labelled)
        status = est_i_fail_at(error, EST_EVALUE, place,
                               "found more years than the label of period '%s' spans; correct the length or "
                               "give start and end",
                               period->label);
    return status;
}

static est_status read_file_row(const period_file *file, est_i_period *period, est_error *error)
{
    static const number_rule flag_rule = {true, 1, "0 or 1"},
                             years_rule = {false, 1000, "a positive number of years, at most 1000"},
                             population_rule = {false, 1e11,
                                                "a positive number of people, at most 100000000000"};
    double years = NAN, truncated = 0;
    est_i_span start = {NAN, NAN}, end = {NAN, NAN};
    size_t row = period->file_row;
    est_status status = read_number(file->table, file->years, row, years_rule, &years, error);
    if (status == EST_OK)
        status = read_number(file->table, file->population, row, population_rule, &period->population, error);
    if (status == EST_OK)
        status = read_number(file->table, file->truncated, row, flag_rule, &truncated, error);
    if (status == EST_OK)
        status = read_date(file->table, file->start, row, &start, error);
    if (status == EST_OK)
        status = read_date(file->table, file->end, row, &end, error);
    if (status == EST_OK) {
        period->truncated = truncated == 1;
        status = check_length(file, period, period->span, start, end, years, error);
    }
    if (status == EST_OK) {
        place_window(period, start, end, years);
        if (period->span.end <= period->span.start)
            status = est_i_fail_at(error, EST_EVALUE, est_i_table_place(file->table, file->end, row),
                                   "found an end of period '%s' that is not after its start", period->label);
    }
    return status;
}

/* Midpoints on one scale: dates if every period has them, else cumulated years from 0. */
static void set_midpoints(est_i_periods *periods)
{
    double elapsed = 0;
    periods->labels_read = true;
    periods->has_population = false;
    for (size_t i = 0; i < periods->count; i++) {
        periods->labels_read = periods->labels_read && !isnan(periods->period[i].midpoint);
        periods->has_population = periods->has_population || !isnan(periods->period[i].population);
    }
    for (size_t i = 0; i < periods->count && !periods->labels_read; i++) {
        periods->period[i].midpoint = elapsed + periods->period[i].years / 2;
        elapsed += periods->period[i].years;
    }
}

/* Order */

static int by_time(const void *left, const void *right)
{
    const est_i_period *a = left, *b = right;
    int order = (a->span.start > b->span.start) - (a->span.start < b->span.start);
    if (order == 0)
        order = (a->span.end > b->span.end) - (a->span.end < b->span.end);
    return order ? order : strcmp(a->label, b->label);
}

static int by_file(const void *left, const void *right)
{
    const est_i_period *a = left, *b = right;
    return (a->file_row > b->file_row) - (a->file_row < b->file_row);
}

/* Labels that read as dates decide; else the period file; else the order of first appearance, which levels
 * have already. */
static est_status order_periods(est_i_periods *periods, size_t n_levels, bool has_file, est_error *error)
{
    bool all_read = true;
    size_t *place = malloc((periods->count + 1) * sizeof *place);
    if (!place)
        return est_i_no_memory(error);
    for (size_t i = 0; i < periods->count; i++)
        all_read = all_read && periods->period[i].label_read;
    if (all_read)
        qsort(periods->period, periods->count, sizeof *periods->period, by_time);
    else if (has_file)
        qsort(periods->period, periods->count, sizeof *periods->period, by_file);
    for (size_t i = 0; i < periods->count; i++)
        place[periods->period[i].number] = i;
    for (size_t level = 0; level < n_levels; level++)
        periods->of_level[level] = place[periods->of_level[level]];
    free(place);
    return EST_OK;
}

/* A person could be in two periods that overlap, and a difference between them would mean nothing. Part of a
 * day is the rounding of lengths in years. */
static est_status check_overlap(const est_table *data, size_t column, const est_i_periods *periods,
                                est_error *error)
{
    const double part_of_day = 0.02;
    est_status status = EST_OK;
    size_t n_dated = 0, last = 0;
    est_i_period *dated = malloc((periods->count + 1) * sizeof *dated);
    if (!dated)
        return est_i_no_memory(error);
    for (size_t i = 0; i < periods->count; i++)
        if (periods->period[i].span.end > periods->period[i].span.start)
            dated[n_dated++] = periods->period[i];
    qsort(dated, n_dated, sizeof *dated, by_time);
    for (size_t i = 1; status == EST_OK && i < n_dated; i++) {
        if (dated[i].span.start < dated[last].span.end - part_of_day)
            status = est_i_fail_at(
                error, EST_EDEFINITION, est_i_table_place_column(data, (long)column),
                "periods '%s' and '%s' overlap, expected periods that follow each other; keep one of the "
                "two, or correct start and end in the period file",
                dated[last].label, dated[i].label);
        last = dated[i].span.end > dated[last].span.end ? i : last;
    }
    free(dated);
    return status;
}

/* One year for a period of unknown length is a guess that others of another length speak against. */
static est_status check_lengths_known(const est_table *data, size_t column, const est_i_periods *periods,
                                      est_error *error)
{
    const est_i_period *unknown = NULL, *other = NULL;
    for (size_t i = 0; i < periods->count; i++) {
        const est_i_period *period = &periods->period[i];
        if (!period->length_known)
            unknown = unknown ? unknown : period;
        else if (period->years != 1)
            other = other ? other : period;
    }
    return !unknown || !other
               ? EST_OK
               : est_i_fail_at(error, EST_EDEFINITION, est_i_table_place_column(data, (long)column),
                               "found no length of period '%s', while period '%s' is not one year long; give "
                               "years for every period in a period file",
                               unknown->label, other->label);
}

/* A new period from a label without blanks around it. */
static est_status add_period(const est_table *data, size_t column, size_t row, const char *label,
                             est_i_periods *periods, est_error *error)
{
    est_i_period *period = &periods->period[periods->count];
    *period = (est_i_period){
        .number = periods->count, .years = 1, .midpoint = NAN, .population = NAN, .span = {NAN, NAN}};
    period->label = est_i_string_copy(label);
    periods->count++;
    if (!period->label)
        return est_i_no_memory(error);
    if (est_i_label_reversed(label))
        return est_i_fail_at(error, EST_EVALUE, est_i_table_place(data, (long)column, row),
                             "found '%s', a period that ends before it begins; expected the earlier year "
                             "first",
                             label);
    period->label_read = est_i_label_read(label, &period->span);
    if (!period->label_read)
        period->span = (est_i_span){NAN, NAN};
    return EST_OK;
}

/* Levels that differ in the blanks around them only are one period. */
static est_status start_periods(const est_table *data, size_t column, const est_i_levels *levels,
                                est_i_periods *periods, est_error *error)
{
    est_i_dictionary labels = {0};
    est_status status = EST_OK;
    *periods = (est_i_periods){0};
    periods->period = calloc(levels->count + 1, sizeof *periods->period);
    periods->of_level = calloc(levels->count + 1, sizeof *periods->of_level);
    if (!periods->period || !periods->of_level)
        status = est_i_no_memory(error);
    for (size_t level = 0; status == EST_OK && level < levels->count; level++) {
        char buffer[32];
        size_t length = 0, row = levels->first[level];
        const char *text = est_table_text(data, column, row, buffer);
        const char *label = est_i_label_trim(text ? text : "", &length);
        uint32_t index = length ? est_i_dictionary_add(&labels, label, length) : 0;
        periods->of_level[level] = index;
        if (length == 0)
            status = est_i_fail_at(error, EST_EVALUE, est_i_table_place(data, (long)column, row),
                                   "found blanks only, expected the label of a period");
        else if (index == EST_I_DICTIONARY_NONE)
            status = est_i_no_memory(error);
        else if (index == periods->count)
            status = add_period(data, column, row, est_i_dictionary_text(&labels, index), periods, error);
    }
    est_i_dictionary_free(&labels);
    return status;
}

/* Rates of some periods cannot be compared with the numbers of others: all populations are given, or none. */
static est_status check_populations(const period_file *file, const est_i_periods *periods, est_error *error)
{
    size_t given = 0, missing = 0;
    for (size_t i = 0; i < periods->count; i++) {
        given += isnan(periods->period[i].population) ? 0 : 1;
        missing = isnan(periods->period[i].population) ? i : missing;
    }
    return given == 0 || given == periods->count
               ? EST_OK
               : est_i_fail_at(
                     error, EST_EVALUE,
                     est_i_table_place(file->table, file->population, periods->period[missing].file_row),
                     "found no population of period '%s', expected one for every period, or none at all",
                     periods->period[missing].label);
}

est_status est_i_periods_read(const est_table *data, size_t column, const est_i_levels *levels,
                              const est_table *table, est_i_periods *periods, est_error *error)
{
    period_file file = {0};
    est_status status = start_periods(data, column, levels, periods, error);
    if (status == EST_OK && periods->count < 2)
        status = est_i_fail_at(error, EST_EDEFINITION, est_i_table_place_column(data, (long)column),
                               "found one period, expected at least two; for one period use est mse");
    if (status == EST_OK && table)
        status = open_period_file(table, &file, error);
    for (size_t i = 0; status == EST_OK && i < periods->count; i++) {
        est_i_period *period = &periods->period[i];
        if (table) {
            status = find_in_file(&file, data, (long)column, period, error);
            if (status == EST_OK)
                status = read_file_row(&file, period, error);
        } else {
            place_window(period, (est_i_span){NAN, NAN}, (est_i_span){NAN, NAN}, NAN);
        }
    }
    if (status == EST_OK)
        status = check_populations(&file, periods, error);
    if (status == EST_OK)
        status = check_lengths_known(data, column, periods, error);
    if (status == EST_OK)
        status = order_periods(periods, levels->count, table != NULL, error);
    if (status == EST_OK)
        status = check_overlap(data, column, periods, error);
    if (status == EST_OK)
        set_midpoints(periods);
    est_i_dictionary_free(&file.labels);
    return status;
}

void est_i_periods_free(est_i_periods *periods)
{
    for (size_t i = 0; periods->period && i < periods->count; i++)
        free(periods->period[i].label);
    free(periods->period);
    free(periods->of_level);
    *periods = (est_i_periods){0};
}

/* List dates */

static est_status open_list_dates(const est_i_periods *periods, const est_table *dates, size_t *list,
                                  est_error *error)
{
    static const char *const names[] = {"list", "from", "to"};
    est_status status = est_i_side_columns(dates, (est_i_names){sizeof names / sizeof names[0], names},
                                           "table of list dates", error);
    if (status == EST_OK)
        status = est_i_table_require(dates, "list", "the name of the list", list, error);
    for (size_t i = 0; status == EST_OK && i < periods->count; i++) {
        const est_i_period *period = &periods->period[i];
        if (isnan(period->span.start) || isnan(period->span.end))
            status = est_i_fail_at(
                error, EST_EDEFINITION, est_i_table_place_column(dates, -1),
                "list dates need dated periods, but period '%s' is no date (YYYY, YYYY-YYYY or YYYY-MM); "
                "give start and end in a period file",
                period->label);
    }
    return status;
}

est_status est_i_periods_active(const est_i_periods *periods, const est_table *dates, size_t n_lists,
                                char *const *lists, uint32_t *active, est_error *error)
{
    size_t column = 0, list = 0;
    uint32_t dated = 0;
    est_status status = open_list_dates(periods, dates, &column, error);
    long from = est_table_find(dates, "from"), to = est_table_find(dates, "to");
    for (size_t i = 0; i < periods->count; i++)
        active[i] = 0;
    for (size_t row = 0; status == EST_OK && row < est_table_rows(dates); row++) {
        est_i_span first, last;
        status = est_i_side_list(dates, column, row, (est_i_names){n_lists, (const char *const *)lists}, &list, error);
        if (status == EST_OK)
            status = read_date(dates, from, row, &first, error);
        if (status == EST_OK)
            status = read_date(dates, to, row, &last, error);
        if (status == EST_OK && last.end <= first.start)
            status = est_i_fail_at(error, EST_EVALUE, est_i_table_place(dates, to, row),
                                   "found an end before the start");
        dated |= (uint32_t)1 << list;
        for (size_t i = 0; status == EST_OK && i < periods->count; i++) {
            const est_i_span span = periods->period[i].span;
            /* An open end is NaN and never lies outside. */
            if (!(first.start >= span.end) && !(last.end <= span.start))
                active[i] |= (uint32_t)1 << list;
        }
    }
    for (size_t i = 0; i < periods->count; i++)
        active[i] |= ~dated & (((uint32_t)1 << n_lists) - 1);
    return status;
}
