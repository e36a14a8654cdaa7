/* dummy: the mean of a column. Shows what a method needs: one file, and one line in methods.h. */
#include <math.h>
#include <stddef.h>

#include <est/method.h>

#include "core/error.h"
#include "core/monitor.h"
#include "core/options.h"
#include "core/result.h"

typedef struct dummy_options {
    const char *column;
    long max_order;
    double level;
    int wait;
    const est_table *weights;
} dummy_options;

static const est_option_spec dummy_specs[] = {
    {"column", EST_OPTION_COLUMN, offsetof(dummy_options, column), "count", 0, 0, NULL,
     "The column of numbers.", 0},
    {"max-order", EST_OPTION_INTEGER, offsetof(dummy_options, max_order), "2", 1, 9, NULL,
     "Printed as it came.", 0},
    {"level", EST_OPTION_NUMBER, offsetof(dummy_options, level), "0.95", 0.01, 0.99, NULL,
     "Printed as it came.", 0},
    {"wait", EST_OPTION_FLAG, offsetof(dummy_options, wait), "0", 0, 1, NULL, "Works until it is stopped.", 0},
    {"weights", EST_OPTION_TABLE, offsetof(dummy_options, weights), "", 0, 0, NULL, "A companion table.", 0},
};

static est_status wait_for_stop(const est_context *context, est_error *error)
{
    est_i_monitor monitor;
    est_i_monitor_start(&monitor, context);
    est_i_monitor_stage(&monitor, "waiting", 0, 1);
    while (!est_i_monitor_cancelled(&monitor))
        est_i_monitor_progress(&monitor, 0.5);
    return est_i_cancelled(error);
}

static est_status column_mean(const est_table *data, const char *name, double *mean, double *n,
                              est_error *error)
{
    est_i_place place = {.where = est_table_name(data), .column = name};
    long column = est_table_find(data, name);
    double sum = 0.0;
    *n = 0.0;
    if (column < 0)
        return est_i_fail_at(error, EST_ECOLUMN, place, "there is no such column");
    for (size_t row = 0; row < est_table_rows(data); row++) {
        double value = est_table_number(data, (size_t)column, row);
        place.record = (long long)row + 1;
        if (!est_table_is_missing(data, (size_t)column, row) && isnan(value))
            return est_i_fail_at(error, EST_EVALUE, place, "expected a number");
        sum += isnan(value) ? 0.0 : value;
        *n += isnan(value) ? 0.0 : 1.0;
    }
    *mean = sum / *n;
    return *n > 0.0 ? EST_OK : est_i_fail(error, EST_EIDENTIFY, "the column has no number");
}

static est_status dummy_fit(const est_table *data, const void *given, const est_context *context,
                            est_result **result, est_error *error);

const est_method est_i_method_dummy = {
    .id = "dummy",
    .title = "Mean of a column",
    .summary = "A method made by a test.",
    .reference = "none",
    .data = "A column of numbers.",
    .options = dummy_specs,
    .n_options = sizeof dummy_specs / sizeof dummy_specs[0],
    .options_size = sizeof(dummy_options),
    .fit = dummy_fit,
};

static void fill(est_i_result_builder *builder, const dummy_options *options, const est_table *data,
                 double mean, double n, const est_context *context)
{
    static const char *const columns[] = {"word", "number"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    static const char *const categories[] = {"first", "second"};
    const double value[] = {1.0, 2.0}, lower[] = {0.5, 1.5}, upper[] = {1.5, HUGE_VAL};
    est_series series = {"mean", EST_SERIES_LINE, EST_ROLE_PLAIN, value, lower, upper};
    est_chart chart = {.name = "means",
                       .title = "Means",
                       .subtitle = "",
                       .x_title = "Place",
                       .y_title = "Mean",
                       .alternative = "Two means.",
                       .n_categories = 2,
                       .categories = categories,
                       .n_series = 1,
                       .series = &series};
    est_label label = {"place", "all"};
    est_row row = est_i_row_empty("mean");
    row.n_domain = 1;
    row.domain = &label;
    row.estimate = mean;
    row.level = options->level;
    row.n = n;
    row.flags = EST_FLAG_BIT(EST_FLAG_MODEL_KNOWN);
    est_i_result_add_row(builder, &row);
    est_i_result_add_stat(builder, "order", (double)options->max_order, false);
    est_i_result_add_stat(builder, "weights",
                          options->weights ? (double)est_table_rows(options->weights) : NAN, false);
    est_i_result_add_stat_text(builder, "model", "none");
    est_i_result_frame(builder, "table", "A table", 2, columns, roles, 0);
    est_i_result_cell_text(builder, "a,\"b\"");
    est_i_result_cell(builder, 0.1);
    est_i_result_cell_text(builder, "=c");
    est_i_result_cell(builder, NAN);
    est_i_result_note(builder, context, EST_WARNING, "dummy", "this is a test \xE2\x80\x93 only");
    est_i_result_add_chart(builder, &chart);
    est_i_result_add_options(builder, &est_i_method_dummy, options);
    est_i_result_mark(builder, est_table_is_public(data), est_table_is_synthetic(data), false);
}

static est_status dummy_fit(const est_table *data, const void *given, const est_context *context,
                            est_result **result, est_error *error)
{
    const dummy_options *options = given;
    double mean = 0.0, n = 0.0;
    est_status status =
        options->wait ? wait_for_stop(context, error) : column_mean(data, options->column, &mean, &n, error);
    if (status != EST_OK)
        return status;
    est_i_result_builder *builder = est_i_result_begin("dummy", "Mean of a column");
    fill(builder, options, data, mean, n, context);
    return est_i_result_finish(builder, result, error);
}
