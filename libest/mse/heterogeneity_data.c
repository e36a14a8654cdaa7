/* Sufficient statistics of the closed-population models, from capture histories or from how many persons were captured how
 * often. */
#include "mse/heterogeneity_parts.h"

#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "data/table.h"
#include "numerics/special.h"

#define COUNT_MAX 1e12

static est_i_closed_data *new_data(size_t occasions, size_t n_counts)
{
    est_i_closed_data *data = calloc(1, sizeof *data);
    if (!data)
        return NULL;
    data->occasions = occasions;
    data->n_counts = n_counts;
    data->frequency = calloc(n_counts + 1, sizeof *data->frequency);
    data->log_ways = calloc(n_counts + 1, sizeof *data->log_ways);
    data->on = calloc(occasions + 1, sizeof *data->on);
    data->first = calloc(occasions + 1, sizeof *data->first);
    if (!data->frequency || !data->log_ways || !data->on || !data->first) {
        est_i_closed_data_free(data);
        return NULL;
    }
    for (size_t k = 0; k <= n_counts; k++) {
        double t = (double)occasions, times = (double)k;
        data->log_ways[k] = -est_i_log_gamma(times + 1);
        if (occasions)
            data->log_ways[k] += est_i_log_gamma(t + 1) - est_i_log_gamma(t - times + 1);
    }
    return data;
}

void est_i_closed_data_free(est_i_closed_data *data)
{
    if (!data)
        return;
    free(data->frequency);
    free(data->log_ways);
    free(data->on);
    free(data->first);
    free(data);
}

static void add_cell(est_i_measure *measure, double count)
{
    measure->constant -= est_i_log_gamma(count + 1);
    measure->saturated += count > 0 ? count * log(count) - count : 0;
}

/* The measure of the table of frequencies, and the persons in it. */
static void measure_counts(est_i_closed_data *data)
{
    est_i_measure *measure = &data->by_count;
    measure->n_cells = (double)data->n_counts;
    data->persons = 0;
    for (size_t k = 1; k <= data->n_counts; k++) {
        add_cell(measure, data->frequency[k]);
        data->persons += data->frequency[k];
    }
    measure->saturated += measure->constant;
    for (size_t k = 1; k <= data->n_counts; k++)
        measure->constant += data->frequency[k] * data->log_ways[k];
}

static void add_history(est_i_closed_data *data, uint32_t history, double count)
{
    size_t captures = (size_t)__builtin_popcount(history);
    data->observed += count;
    if (captures <= data->n_counts)
        data->frequency[captures] += count;
    data->first[__builtin_ctz(history)] += count;
    for (size_t j = 0; j < data->occasions; j++)
        data->on[j] += history >> j & 1 ? count : 0;
    add_cell(&data->by_history, count);
}

est_status est_i_closed_of_captures(const est_i_captures *captures, size_t up_to, est_i_closed_data **data, est_error *error)
{
    size_t t = captures->n_lists, n_counts = up_to > 0 && up_to < t ? up_to : t;
    est_i_closed_data *made = *data = new_data(t, n_counts);
    if (!made)
        return est_i_no_memory(error);
    made->has_histories = n_counts == t;
    made->by_history.n_cells = (double)captures->n_cells - 1;
    for (size_t w = 1; w < captures->n_cells; w++)
        if (captures->counts[0][w] > 0)
            add_history(made, (uint32_t)w, captures->counts[0][w]);
    made->by_history.saturated += made->by_history.constant;
    measure_counts(made);
    return EST_OK;
}

/* A whole number from `least` to `most` of a column of numbers. */
static est_status read_whole(const est_table *table, size_t column, size_t row, double least, double most, const char *expected,
                             double *value, est_error *error)
{
    char found[128];
    *value = est_table_number(table, column, row);
    if (*value >= least && *value <= most && *value == floor(*value))
        return EST_OK;
    est_i_table_describe(table, column, row, false, found);
    return est_i_fail_at(error, EST_EVALUE, est_i_table_place(table, (long)column, row), "found %s, expected %s", found, expected);
}

typedef struct frequency_columns {
    size_t captures, count;
} frequency_columns;

static est_status find_columns(const est_table *table, const est_heterogeneity_options *options, frequency_columns *columns,
                               est_error *error)
{
    const char *count = *options->capture.count ? options->capture.count : "count";
    est_status status = est_i_table_require(table, options->frequencies, "the numbers of captures", &columns->captures, error);
    if (status == EST_OK)
        status = est_i_table_require(table, count, "the counts", &columns->count, error);
    if (status == EST_OK && columns->captures == columns->count)
        status = est_i_fail(error, EST_EOPTION, "option --frequencies: '%s' is the column of counts, expected that of the numbers "
                            "of captures", options->frequencies);
    return status;
}

/* The largest number of captures that anybody has. */
static est_status find_largest(const est_table *table, const frequency_columns *columns, long occasions, size_t *largest,
                               est_error *error)
{
    est_status status = EST_OK;
    double most = occasions ? (double)occasions : EST_I_CLOSED_COUNTS_MAX, captures, count;
    *largest = 0;
    for (size_t i = 0; i < est_table_rows(table) && status == EST_OK; i++) {
        status = read_whole(table, columns->captures, i, 1, most,
                            occasions ? "a whole number of captures from 1 to the number of occasions (--occasions)"
                                      : "a whole number of captures from 1 to 1000", &captures, error);
        if (status == EST_OK)
            status = read_whole(table, columns->count, i, 0, COUNT_MAX, "a whole number of persons, 0 or more", &count, error);
        if (status == EST_OK && count > 0 && captures > (double)*largest)
            *largest = (size_t)captures;
    }
    if (status == EST_OK && *largest == 0)
        status = est_i_fail_at(error, EST_EDEFINITION, est_i_table_place_column(table, -1),
                               "found nobody, expected persons captured once or more");
    return status;
}

/* Without a limit the cells end at the largest number of captures seen, three at least, unless up_to says where. */
static size_t cells_of(const est_heterogeneity_options *options, size_t largest)
{
    size_t up_to = (size_t)options->up_to, n_counts = options->occasions ? (size_t)options->occasions : largest > 3 ? largest : 3;
    if (up_to > 0 && (up_to < n_counts || options->occasions == 0))
        n_counts = up_to;
    return n_counts;
}

est_status est_i_closed_of_frequencies(const est_table *table, const est_heterogeneity_options *options, est_i_closed_data **data,
                                       est_error *error)
{
    frequency_columns columns;
    size_t largest = 0;
    est_i_closed_data *made = NULL;
    *data = NULL;
    est_status status = find_columns(table, options, &columns, error);
    if (status == EST_OK)
        status = find_largest(table, &columns, options->occasions, &largest, error);
    if (status == EST_OK) {
        made = *data = new_data((size_t)options->occasions, cells_of(options, largest));
        status = made ? EST_OK : est_i_no_memory(error);
    }
    for (size_t i = 0; i < est_table_rows(table) && status == EST_OK; i++) {
        size_t captures = (size_t)est_table_number(table, columns.captures, i);
        double count = est_table_number(table, columns.count, i);
        made->observed += count;
        if (captures <= made->n_counts)
            made->frequency[captures] += count;
    }
    if (status == EST_OK)
        measure_counts(made);
    return status;
}

/* Chao's bound with room for nobody met twice. */
double est_i_closed_start(const est_i_closed_data *data)
{
    double once = data->n_counts > 0 ? data->frequency[1] : 0, twice = data->n_counts > 1 ? data->frequency[2] : 0;
    return data->persons + 0.5 + once * once / (2 * twice + 1);
}
