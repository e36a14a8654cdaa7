/* What is assumed about the linkage: grids and tables of rates. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/dates.h"
#include "data/table.h"
#include "mse/linkage_run.h"

static double read_number(const char *text, size_t length)
{
    double value = -1;
    while (length > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    return est_i_number_parse(text, length, &value) ? value : -1;
}

static est_status fail_grid(const char *option, const char *text, double least, double most, est_error *error)
{
    char low[32], high[32];
    est_i_number_print(least, low);
    est_i_number_print(most, high);
    return est_i_fail(error, EST_EOPTION, "option --%s: found '%.60s', expected 1 to %d numbers from %s to %s parted by commas",
                      option, text, EST_I_LINKAGE_GRID_MAX, low, high);
}

est_status est_i_linkage_grid_read(const char *text, const char *option, double least, double most, est_i_linkage_grid *grid,
                                   est_error *error)
{
    const char *at = text;
    grid->count = 0;
    for (bool more = true; more; at++) {
        size_t length = strcspn(at, ",");
        double value = read_number(at, length);
        if (!(value >= least && value <= most) || grid->count == EST_I_LINKAGE_GRID_MAX)
            return fail_grid(option, text, least, most, error);
        grid->value[grid->count++] = value;
        at += length;
        more = *at == ',';
    }
    return EST_OK;
}

/* The table of rates */

typedef struct rate_reader {
    const est_table *rates;
    const est_i_captures *captures;
    size_t sensitivity;
    long wrong, period, list, other; /* columns, -1 = none */
    est_i_keep *missed, *kept;
    bool *given; /* [block][list][list] */
    est_error *error;
} rate_reader;

static est_status find_columns(rate_reader *reader)
{
    est_status status =
        est_i_table_require(reader->rates, "sensitivity", "the probability that two records of one person are linked",
                            &reader->sensitivity, reader->error);
    reader->wrong = est_table_find(reader->rates, "false_match");
    reader->period = est_table_find(reader->rates, "period");
    reader->list = est_table_find(reader->rates, "list");
    reader->other = est_table_find(reader->rates, "other");
    if (status == EST_OK && (reader->list >= 0) != (reader->other >= 0))
        status = est_i_fail_at(reader->error, EST_ECOLUMN, est_i_table_place_column(reader->rates, -1),
                               "found one of the columns list and other, expected both or none: they name a pair of lists");
    if (status == EST_OK && reader->period >= 0 && !*reader->captures->block_names[0])
        status = est_i_fail_at(reader->error, EST_EDEFINITION, est_i_table_place_column(reader->rates, reader->period),
                               "found periods, but the data have none; name their column with --period");
    return status;
}

static est_status read_rate(const rate_reader *reader, size_t column, size_t row, double least, double most, double *value)
{
    char low[32], high[32];
    *value = est_table_number(reader->rates, column, row);
    if (*value >= least && *value <= most)
        return EST_OK;
    est_i_number_print(least, low);
    est_i_number_print(most, high);
    return est_i_fail_at(reader->error, EST_EVALUE, est_i_table_place(reader->rates, (long)column, row),
                         "expected a number from %s to %s", low, high);
}

/* The number of the name among `names`; all of them (n_names) where there is no such column. */
static est_status find_name(const rate_reader *reader, long column, size_t row, char *const *names, size_t n_names,
                            const char *what, size_t *found)
{
    char buffer[32];
    *found = n_names;
    if (column < 0)
        return EST_OK;
    const char *text = est_table_text(reader->rates, (size_t)column, row, buffer);
    for (size_t i = 0; text && i < n_names && *found == n_names; i++)
        if (est_i_label_same(text, names[i]))
            *found = i;
    return *found < n_names ? EST_OK
                            : est_i_fail_at(reader->error, EST_EVALUE, est_i_table_place(reader->rates, column, row),
                                            "found '%.60s', expected one of the %s of the data", text ? text : "NA", what);
}

static est_status give(rate_reader *reader, size_t row, size_t block, size_t i, size_t j, double sensitivity, double wrong)
{
    size_t n = reader->captures->n_lists;
    bool *given = reader->given + block * n * n;
    if (given[i * n + j])
        return est_i_fail_at(reader->error, EST_EVALUE, est_i_table_place(reader->rates, -1, row),
                             "found rates that an earlier record gives already, expected each pair of lists and period once");
    given[i * n + j] = given[j * n + i] = true;
    reader->missed[block].keep[i][j] = reader->missed[block].keep[j][i] = sensitivity;
    reader->kept[block].keep[i][j] = reader->kept[block].keep[j][i] = 1 - wrong;
    return EST_OK;
}

static est_status take_row(rate_reader *reader, size_t row)
{
    const est_i_captures *captures = reader->captures;
    double sensitivity = 1, wrong = 0;
    size_t n = captures->n_lists, block = 0, first = 0, second = 0;
    est_status status = read_rate(reader, reader->sensitivity, row, 0.1, 1, &sensitivity);
    if (status == EST_OK && reader->wrong >= 0)
        status = read_rate(reader, (size_t)reader->wrong, row, 0, 0.9, &wrong);
    if (status == EST_OK)
        status = find_name(reader, reader->period, row, captures->block_names, captures->n_blocks, "periods", &block);
    if (status == EST_OK)
        status = find_name(reader, reader->list, row, captures->list_names, n, "lists", &first);
    if (status == EST_OK)
        status = find_name(reader, reader->other, row, captures->list_names, n, "lists", &second);
    if (status == EST_OK && first == second && first < n)
        status = est_i_fail_at(reader->error, EST_EVALUE, est_i_table_place(reader->rates, reader->other, row),
                               "found the same list twice, expected two lists");
    for (size_t k = 0; status == EST_OK && k < captures->n_blocks; k++)
        for (size_t i = 0; i < n && (block == k || block == captures->n_blocks); i++)
            for (size_t j = i + 1; j < n && status == EST_OK; j++)
                if (first == n || (first == i && second == j) || (first == j && second == i))
                    status = give(reader, row, k, i, j, sensitivity, wrong);
    return status;
}

static est_status check_complete(const rate_reader *reader)
{
    const est_i_captures *captures = reader->captures;
    size_t n = captures->n_lists;
    for (size_t k = 0; k < captures->n_blocks; k++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = i + 1; j < n; j++)
                if (!reader->given[(k * n + i) * n + j])
                    return est_i_fail_at(reader->error, EST_EDEFINITION, est_i_table_place_column(reader->rates, -1),
                                         "found no rates for the lists '%s' and '%s'%s%s, expected a record for each",
                                         captures->list_names[i], captures->list_names[j],
                                         *captures->block_names[k] ? " in period " : "", captures->block_names[k]);
    return EST_OK;
}

est_status est_i_linkage_rates_read(const est_table *rates, const est_i_captures *captures, est_i_keep *missed, est_i_keep *wrong,
                                    est_error *error)
{
    rate_reader reader = {.rates = rates, .captures = captures, .missed = missed, .kept = wrong, .error = error};
    est_status status = find_columns(&reader);
    reader.given = calloc(captures->n_blocks * captures->n_lists * captures->n_lists, sizeof *reader.given);
    if (status == EST_OK && !reader.given)
        status = est_i_no_memory(error);
    for (size_t k = 0; k < captures->n_blocks; k++)
        missed[k] = wrong[k] = est_i_keep_all(1);
    for (size_t row = 0; status == EST_OK && row < est_table_rows(rates); row++)
        status = take_row(&reader, row);
    if (status == EST_OK)
        status = check_complete(&reader);
    free(reader.given);
    return status;
}
