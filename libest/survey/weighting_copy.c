/* The data once more as CSV, with a column for the weights. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "data/csv_file.h"
#include "data/source_parts.h"
#include "data/utf8.h"
#include "survey/weighting.h"

typedef struct weights_copy {
    est_source *source;
    const char *column;
    est_i_csv_file *file;
    size_t n, row; /* weights; rows written */
    double *weight;
} weights_copy;

/* ---- what is asked ---- */

static est_status check_column(const est_source *source, const char *column, est_error *error)
{
    if (!*column || !est_i_utf8_valid(column))
        return est_i_fail(error, EST_EOPTION, "the new column: found %s, expected a name in UTF-8",
                          *column ? "other bytes" : "no name");
    if (est_source_find(source, column) >= 0)
        return est_i_fail_at(error, EST_ECOLUMN, (est_i_place){.where = est_source_name(source), .column = column},
                             "the data have a column of this name already, expected none: the new column has it; choose another "
                             "name (option --copy-column)");
    return EST_OK;
}

/* Whatever name or link leads to it. */
static bool is_source(const est_source *source, const char *path)
{
    struct stat found;
    return source->path && stat(path, &found) == 0 && found.st_dev == source->about.st_dev && found.st_ino == source->about.st_ino;
}

static est_status check_request(const weights_copy *copy, const char *path, est_error *error)
{
    est_status status = check_column(copy->source, copy->column, error);
    if (status == EST_OK && !*path)
        status = est_i_fail(error, EST_EOPTION, "the copy: found no path, expected one");
    if (status == EST_OK && is_source(copy->source, path))
        status = est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = path},
                               "the copy is the input, which is never changed; write to another file");
    if (status == EST_OK && !est_source_is_repeatable(copy->source))
        status = est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = est_source_name(copy->source)},
                               "a copy reads the data once more, and standard input is read only once; give a file");
    return status;
}

static est_status fail_count(const weights_copy *copy, est_error *error)
{
    return est_i_fail_at(error, EST_EDEFINITION, (est_i_place){.where = est_source_name(copy->source)},
                         "found %s rows than the weights that were made, %zu; expected the data that they were made of",
                         copy->row < copy->n ? "fewer" : "more", copy->n);
}

/* ---- rows: read by one thread, in their order ---- */

static void *part_new(void *user, size_t chunk)
{
    (void)chunk;
    return user;
}

static void part_free(void *user, void *part)
{
    (void)user, (void)part;
}

static est_status settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    (void)user, (void)part, (void)chunk, (void)dictionary, (void)error;
    return EST_OK;
}

static void write_cell(est_i_csv_file *file, const est_i_scan_batch *batch, size_t field, size_t row)
{
    uint32_t code = batch->label[field][row];
    if (code < EST_I_CODE_FIRST)
        est_i_csv_file_missing(file, code == EST_I_CODE_NA);
    else
        est_i_csv_file_text(file, est_i_dictionary_text(&batch->dictionary[field], code - EST_I_CODE_FIRST));
}

static est_status take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    weights_copy *copy = user;
    size_t n_columns = est_source_columns(copy->source);
    est_status status = EST_OK;
    (void)part;
    for (size_t row = 0; row < batch->n_rows && status == EST_OK; row++) {
        if (copy->row == copy->n)
            return fail_count(copy, error);
        for (size_t field = 0; field < n_columns; field++)
            write_cell(copy->file, batch, field, row);
        est_i_csv_file_number(copy->file, copy->weight[copy->row++]);
        status = est_i_csv_file_end_record(copy->file, error);
    }
    return status;
}

static est_status write_rows(weights_copy *copy, est_i_monitor *monitor, est_error *error)
{
    static const est_i_scan_consumer consumer = {part_new, take, settle, part_free};
    size_t n = est_source_columns(copy->source);
    long long records;
    est_i_field *fields = calloc(n + 1, sizeof *fields);
    if (!fields)
        return est_i_no_memory(error);
    for (size_t column = 0; column < n; column++) {
        fields[column] = (est_i_field){column, EST_I_FIELD_LABEL};
        est_i_csv_file_text(copy->file, est_source_column_name(copy->source, column));
    }
    est_i_csv_file_text(copy->file, copy->column);
    est_status status = est_i_csv_file_end_record(copy->file, error);
    if (status == EST_OK)
        status = est_i_scan(copy->source, n, fields, 0, SIZE_MAX, &consumer, copy, 1, monitor, &records, error);
    if (status == EST_OK && copy->row < copy->n)
        status = fail_count(copy, error);
    free(fields);
    return status;
}

est_status est_weight_copy(est_source *source, const est_result *result, const char *column, const char *path,
                           const est_context *context, est_error *error)
{
    weights_copy copy = {.source = source, .column = column ? column : EST_WEIGHT_COLUMN};
    est_i_monitor monitor;
    est_error_clear(error);
    if (!source || !path)
        return est_i_fail(error, EST_EOPTION, "found no data or no path, expected both");
    copy.weight = est_i_weighting_weights(result, &copy.n);
    if (!copy.weight && copy.n > 0)
        return est_i_no_memory(error);
    if (!copy.weight)
        return est_i_fail(error, EST_EOPTION, "found no weights, expected a result of the method 'weight'");
    est_i_monitor_start(&monitor, context);
    est_i_monitor_stage(&monitor, "writing the copy", 0, 1);
    est_status status = check_request(&copy, path, error);
    if (status == EST_OK)
        status = est_i_csv_file_open(path, &copy.file, error);
    if (status == EST_OK)
        status = write_rows(&copy, &monitor, error);
    if (status == EST_OK)
        status = est_i_csv_file_finish(copy.file, error);
    est_i_csv_file_free(copy.file);
    free(copy.weight);
    return status;
}
