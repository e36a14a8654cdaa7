#include "data/strata.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "core/error.h"
#include "core/text.h"
#include "data/dates.h"
#include "data/dictionary.h"
#include "data/levels.h"
#include "data/side_table.h"
#include "data/table.h"

/* The values of one column */

typedef struct value {
    const char *text;
    double number; /* NaN = it does not read as a number */
    uint32_t index;
} value;

typedef struct stratum_column {
    est_i_levels levels;
    est_i_dictionary texts; /* distinct values in the order of first appearance */
    uint32_t *of_level;     /* level -> value */
    uint32_t *rank;         /* value -> place in the order */
    uint32_t *at;           /* place -> value */
} stratum_column;

static void column_free(stratum_column *column)
{
    est_i_levels_free(&column->levels);
    est_i_dictionary_free(&column->texts);
    free(column->of_level);
    free(column->rank);
    free(column->at);
}

static int by_bytes(const void *left, const void *right)
{
    const value *a = left, *b = right;
    return strcmp(a->text, b->text);
}

static int by_size(const void *left, const void *right)
{
    const value *a = left, *b = right;
    int order = (a->number > b->number) - (a->number < b->number);
    return order ? order : strcmp(a->text, b->text);
}

/* By size if every value reads as a number, whether the column came as numbers or as text: the order is the same
 * in every language. */
static est_status order_values(stratum_column *column, est_error *error)
{
    uint32_t count = column->texts.count;
    bool all_numbers = true;
    value *values = malloc((count + 1) * sizeof *values);
    column->rank = malloc((count + 1) * sizeof *column->rank);
    column->at = malloc((count + 1) * sizeof *column->at);
    if (!values || !column->rank || !column->at) {
        free(values);
        return est_i_no_memory(error);
    }
    for (uint32_t i = 0; i < count; i++) {
        values[i] = (value){est_i_dictionary_text(&column->texts, i), NAN, i};
        if (!est_i_number_parse(values[i].text, strlen(values[i].text), &values[i].number))
            all_numbers = false;
    }
    qsort(values, count, sizeof *values, all_numbers ? by_size : by_bytes);
    for (uint32_t i = 0; i < count; i++) {
        column->rank[values[i].index] = i;
        column->at[i] = values[i].index;
    }
    free(values);
    return EST_OK;
}

static const char *value_text(const est_table *table, size_t column, size_t row, char buffer[32], size_t *length)
{
    const char *text = est_table_text(table, column, row, buffer);
    text = est_i_label_trim(text ? text : "", length);
    return *length == 2 && memcmp(text, "-0", 2) == 0 ? est_i_label_trim("0", length) : text;
}

static est_status too_many(const est_table *data, size_t column, est_error *error)
{
    return est_i_fail_at(error, EST_EDEFINITION, est_i_table_place_column(data, (long)column),
                         "found more than %d strata, expected at most so many; put the values of the stratum columns together "
                         "(ages in bands, for example), or name fewer columns",
                         EST_I_STRATA_MAX);
}

static est_status name_values(const est_table *data, size_t c, stratum_column *column, est_error *error)
{
    est_status status = EST_OK;
    column->of_level = malloc((column->levels.count + 1) * sizeof *column->of_level);
    if (!column->of_level)
        return est_i_no_memory(error);
    for (size_t level = 0; status == EST_OK && level < column->levels.count; level++) {
        char buffer[32];
        size_t length = 0, row = column->levels.first[level];
        const char *text = value_text(data, c, row, buffer, &length);
        column->of_level[level] = length ? est_i_dictionary_add(&column->texts, text, length) : 0;
        if (length == 0)
            status = est_i_fail_at(error, EST_EVALUE, est_i_table_place(data, (long)c, row),
                                   "found blanks only, expected the value of a stratum");
        else if (column->of_level[level] == EST_I_DICTIONARY_NONE)
            status = est_i_no_memory(error);
        else if (column->texts.count > EST_I_STRATA_MAX)
            status = too_many(data, c, error);
    }
    return status;
}

static est_status column_read(const est_table *data, size_t c, est_i_monitor *monitor, stratum_column *column, est_error *error)
{
    est_status status = est_i_levels_read(data, c, monitor, &column->levels, error);
    for (size_t row = 0; status == EST_OK && row < est_table_rows(data); row++)
        if (column->levels.level[row] == EST_I_NO_LEVEL)
            status = est_i_fail_at(error, EST_EVALUE, est_i_table_place(data, (long)c, row),
                                   "found a missing value, expected the value of a stratum; remove the record, or give such "
                                   "records a value of their own (such as 'unknown')");
    if (status == EST_OK)
        status = name_values(data, c, column, error);
    if (status == EST_OK)
        status = order_values(column, error);
    return status;
}

/* Combinations */

typedef struct stratum {
    uint32_t rank[EST_I_STRATA_COLUMNS_MAX];
    uint32_t index;
} stratum;

static int by_rank(const void *left, const void *right)
{
    const stratum *a = left, *b = right;
    int order = 0;
    for (size_t c = 0; c < EST_I_STRATA_COLUMNS_MAX && order == 0; c++)
        order = (a->rank[c] > b->rank[c]) - (a->rank[c] < b->rank[c]);
    return order;
}

/* Splits the strata so far by one more column. */
static est_status split(const est_table *data, size_t c, const stratum_column *column, size_t place, stratum *all,
                        est_i_strata *strata, est_error *error)
{
    size_t n_values = column->texts.count, rows = est_table_rows(data), count = 0;
    stratum *before = malloc((EST_I_STRATA_MAX + 1) * sizeof *before);
    uint32_t *of_pair = calloc(strata->count * n_values + 1, sizeof *of_pair); /* stratum + 1 */
    est_status status = before && of_pair ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK)
        memcpy(before, all, strata->count * sizeof *before);
    for (size_t row = 0; status == EST_OK && row < rows; row++) {
        uint32_t rank = column->rank[column->of_level[column->levels.level[row]]];
        uint32_t *slot = &of_pair[strata->of_row[row] * n_values + rank];
        if (*slot == 0 && count == EST_I_STRATA_MAX) {
            status = too_many(data, c, error);
        } else if (*slot == 0) {
            all[count] = before[strata->of_row[row]];
            all[count].rank[place] = rank;
            all[count].index = (uint32_t)count;
            *slot = (uint32_t)++count;
        }
        strata->of_row[row] = *slot ? *slot - 1 : 0;
    }
    strata->count = status == EST_OK ? count : 0;
    free(before);
    free(of_pair);
    return status;
}

static est_status number_strata(const est_table *data, const size_t *columns, const stratum_column *parts, stratum *all,
                                est_i_strata *strata, est_error *error)
{
    uint32_t place[EST_I_STRATA_MAX];
    est_status status = EST_OK;
    strata->count = 1;
    for (size_t c = 0; status == EST_OK && c < strata->n_columns; c++)
        status = split(data, columns[c], &parts[c], c, all, strata, error);
    if (status != EST_OK)
        return status;
    qsort(all, strata->count, sizeof *all, by_rank);
    for (uint32_t s = 0; s < strata->count; s++)
        place[all[s].index] = s;
    for (size_t row = 0; row < est_table_rows(data); row++)
        strata->of_row[row] = place[strata->of_row[row]];
    return status;
}

static est_status copy_values(const stratum_column *parts, const stratum *all, est_i_strata *strata, est_error *error)
{
    strata->values = calloc(strata->count + 1, sizeof *strata->values);
    strata->labels = calloc(strata->count + 1, sizeof *strata->labels);
    bool good = strata->values && strata->labels;
    for (size_t s = 0; good && s < strata->count; s++) {
        strata->values[s] = calloc(strata->n_columns, sizeof **strata->values);
        good = strata->values[s] != NULL;
        for (size_t c = 0; good && c < strata->n_columns; c++) {
            strata->values[s][c] = est_i_string_copy(est_i_dictionary_text(&parts[c].texts, parts[c].at[all[s].rank[c]]));
            good = strata->values[s][c] != NULL;
        }
    }
    return good ? EST_OK : est_i_no_memory(error);
}

static est_status join_labels(est_i_strata *strata, est_error *error)
{
    est_i_text separator = {0};
    uint64_t taken = 0;
    for (size_t s = 0; s < strata->count; s++)
        for (size_t c = 0; c < strata->n_columns; c++)
            taken |= est_i_separators_in(strata->values[s][c]);
    est_i_separator_append(&separator, taken);
    bool good = !separator.failed;
    for (size_t s = 0; good && s < strata->count; s++) {
        est_i_text label = {0};
        for (size_t c = 0; c < strata->n_columns; c++) {
            est_i_text_append(&label, c ? separator.data : "");
            est_i_text_append(&label, strata->values[s][c]);
        }
        strata->labels[s] = est_i_text_take(&label);
        good = strata->labels[s] != NULL;
    }
    est_i_text_free(&separator);
    return good ? EST_OK : est_i_no_memory(error);
}

est_status est_i_strata_read(const est_table *data, const size_t *columns, size_t n_columns, est_i_monitor *monitor,
                             est_i_strata *strata, est_error *error)
{
    stratum_column *parts = calloc(n_columns + 1, sizeof *parts);
    stratum *all = calloc(EST_I_STRATA_MAX + 1, sizeof *all);
    est_status status = EST_OK;
    *strata = (est_i_strata){.n_columns = n_columns};
    strata->of_row = calloc(est_table_rows(data) + 1, sizeof *strata->of_row);
    if (!parts || !all || !strata->of_row)
        status = est_i_no_memory(error);
    for (size_t c = 0; status == EST_OK && c < n_columns; c++)
        status = column_read(data, columns[c], monitor, &parts[c], error);
    if (status == EST_OK)
        status = number_strata(data, columns, parts, all, strata, error);
    if (status == EST_OK)
        status = copy_values(parts, all, strata, error);
    if (status == EST_OK)
        status = join_labels(strata, error);
    for (size_t c = 0; parts && c < n_columns; c++)
        column_free(&parts[c]);
    free(parts);
    free(all);
    if (status != EST_OK)
        est_i_strata_free(strata);
    return status;
}

void est_i_strata_free(est_i_strata *strata)
{
    for (size_t s = 0; s < strata->count; s++) {
        for (size_t c = 0; strata->values && strata->values[s] && c < strata->n_columns; c++)
            free(strata->values[s][c]);
        if (strata->values)
            free(strata->values[s]);
        if (strata->labels)
            free(strata->labels[s]);
    }
    free(strata->of_row);
    free(strata->values);
    free(strata->labels);
    *strata = (est_i_strata){0};
}

/* Lists at work */

typedef struct coverage_table {
    const est_table *table;
    size_t list;
    long columns[EST_I_STRATA_COLUMNS_MAX]; /* -1 = the table does not have it */
} coverage_table;

static est_status open_coverage(const est_i_strata *strata, const char *const *names, const est_table *table,
                                coverage_table *coverage, est_error *error)
{
    const char *allowed[EST_I_STRATA_COLUMNS_MAX + 1] = {"list"};
    *coverage = (coverage_table){.table = table};
    for (size_t c = 0; c < strata->n_columns; c++) {
        if (strcmp(names[c], "list") == 0)
            return est_i_fail_at(error, EST_EDEFINITION, est_i_table_place_column(table, -1),
                                 "a stratum column is named 'list', as the column of lists of the coverage table is; rename it in "
                                 "the data");
        allowed[c + 1] = names[c];
        coverage->columns[c] = est_table_find(table, names[c]);
    }
    est_status status = est_i_side_columns(table, (est_i_names){strata->n_columns + 1, allowed}, "coverage table", error);
    return status == EST_OK ? est_i_table_require(table, "list", "the name of the list", &coverage->list, error) : status;
}

typedef struct column_values {
    const est_i_strata *strata;
    size_t column;
} column_values;

static const char *value_at(const void *user, size_t index)
{
    const column_values *values = user;
    return values->strata->values[index][values->column];
}

/* Takes the strata out of `agree` that have another value than the record in this column. */
static est_status match_value(const est_i_strata *strata, const coverage_table *coverage, size_t c, size_t row, bool *agree,
                              est_error *error)
{
    char buffer[32];
    size_t length = 0;
    est_i_place place = est_i_table_place(coverage->table, coverage->columns[c], row);
    const char *text = value_text(coverage->table, (size_t)coverage->columns[c], row, buffer, &length);
    bool known = false;
    for (size_t s = 0; s < strata->count; s++) {
        bool same = strlen(strata->values[s][c]) == length && memcmp(strata->values[s][c], text, length) == 0;
        known = known || same;
        agree[s] = agree[s] && same;
    }
    if (length == 0)
        return est_i_fail_at(error, EST_EVALUE, place, "found no value, expected that of a stratum; leave the column out if the "
                                                       "rows are for all its values");
    if (!known) {
        const column_values values = {strata, c};
        const char *nearest = est_i_nearest_name(text, strata->count, value_at, &values);
        return est_i_fail_at(error, EST_EVALUE, place, "'%s' is no value of this column in the data; %s%s%s", text,
                             nearest ? "did you mean '" : "remove the row", nearest ? nearest : "", nearest ? "'?" : "");
    }
    return EST_OK;
}

est_status est_i_strata_active(const est_i_strata *strata, const char *const *names, const est_table *table, size_t n_lists,
                               char *const *lists, uint32_t *active, est_error *error)
{
    coverage_table coverage;
    uint32_t limited = 0;
    size_t list = 0;
    bool *agree = calloc(strata->count + 1, sizeof *agree);
    est_status status = agree ? open_coverage(strata, names, table, &coverage, error) : est_i_no_memory(error);
    for (size_t s = 0; s < strata->count; s++)
        active[s] = 0;
    for (size_t row = 0; status == EST_OK && row < est_table_rows(table); row++) {
        for (size_t s = 0; s < strata->count; s++)
            agree[s] = true;
        status = est_i_side_list(table, coverage.list, row, (est_i_names){n_lists, (const char *const *)lists}, &list, error);
        for (size_t c = 0; status == EST_OK && c < strata->n_columns; c++)
            if (coverage.columns[c] >= 0)
                status = match_value(strata, &coverage, c, row, agree, error);
        limited |= (uint32_t)1 << list;
        for (size_t s = 0; status == EST_OK && s < strata->count; s++)
            active[s] |= (uint32_t)agree[s] << list;
    }
    for (size_t s = 0; s < strata->count; s++)
        active[s] |= ~limited & (uint32_t)(((uint64_t)1 << n_lists) - 1);
    free(agree);
    return status;
}
