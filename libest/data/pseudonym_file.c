/* A CSV file with pseudonyms in place of its identifying columns.
 *
 * Records pass batch by batch into a temporary file beside the output, which takes its place at the end. The fields that stay are
 * written as they were read; NA stands for a record without a pseudonym. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <est/pseudonym.h>

#include "core/error.h"
#include "core/monitor.h"
#include "core/text.h"
#include "data/csv.h"

#define NEW_COLUMN "pseudonym"
#define ATTEMPTS 100
#define POLL_MILLISECONDS 10

enum { KEPT = 0, DROPPED = -1 }; /* a role above 0 is the number of the part, from 1 */

typedef struct pseudonym_writer {
    const est_pseudonyms_options *options;
    const unsigned char *key;
    size_t key_length;
    const char *output;
    char *temporary;          /* what takes the place of the output */
    int file;
    int *role;                /* per column */
    size_t first;             /* the column whose place the pseudonym takes */
    size_t *part_columns;
    est_pseudonym_part *parts;
    size_t n_parts;
    est_i_text text;
    est_pseudonyms_counts counts;
    est_i_monitor monitor;
    est_i_csv *source;
} pseudonym_writer;

/* Options */

/* A list of names as an option gives it, and the name taken off last. */
typedef struct name_list {
    const char *option, *rest;
    est_i_text name;
    bool whole;
} name_list;

static bool next_name(name_list *list)
{
    bool more = list->rest && *list->rest;
    if (more)
        list->rest = est_i_name_take(list->rest, &list->name, &list->whole);
    return more;
}

static const char *schema_name(const void *user, size_t index)
{
    return est_i_dictionary_text(user, (uint32_t)index);
}

static est_status find_column(const est_i_schema *schema, const name_list *list, size_t *column, est_error *error)
{
    const char *option = list->option;
    char name[128];
    if (list->name.failed)
        return est_i_no_memory(error);
    if (!list->whole)
        return est_i_fail(error, EST_EOPTION, "option --%s: found a quote that is not closed, or followed by more than a comma",
                          option);
    uint32_t found = est_i_dictionary_find(&schema->names, list->name.data, list->name.length);
    snprintf(name, sizeof name, "%.120s", list->name.data);
    *column = found;
    if (found != EST_I_DICTIONARY_NONE)
        return EST_OK;
    if (list->name.length == 0)
        return est_i_fail(error, EST_EOPTION, "option --%s: found an empty name, expected names parted by commas", option);
    const char *nearest = est_i_nearest_name(name, schema->names.count, schema_name, &schema->names);
    return est_i_fail_at(error, EST_ECOLUMN, (est_i_place){schema->name, 0, 0, name}, "found no such column (option --%s)%s%s%s",
                         option, nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static est_status fail_twice(const est_i_schema *schema, size_t column, est_error *error)
{
    return est_i_fail_at(error, EST_EOPTION,
                         (est_i_place){schema->name, 0, 0, est_i_dictionary_text(&schema->names, (uint32_t)column)},
                         "the column is named twice in --columns and --drop, expected once");
}

static est_status read_columns(pseudonym_writer *writer, const est_i_schema *schema, est_error *error)
{
    name_list list = {.option = "columns", .rest = writer->options->columns};
    est_status status = EST_OK;
    while (status == EST_OK && next_name(&list)) {
        size_t column;
        status = find_column(schema, &list, &column, error);
        if (status == EST_OK && writer->role[column] != KEPT)
            status = fail_twice(schema, column, error);
        if (status != EST_OK)
            break;
        writer->part_columns[writer->n_parts++] = column;
        writer->role[column] = (int)writer->n_parts;
        writer->first = column < writer->first ? column : writer->first;
    }
    est_i_text_free(&list.name);
    if (status == EST_OK && writer->n_parts == 0)
        status = est_i_fail(error, EST_EOPTION, "option --columns: found no column, expected those that identify a person");
    return status;
}

static est_status read_dates(pseudonym_writer *writer, const est_i_schema *schema, est_error *error)
{
    name_list list = {.option = "dates", .rest = writer->options->dates};
    est_status status = EST_OK;
    while (status == EST_OK && next_name(&list)) {
        size_t column;
        status = find_column(schema, &list, &column, error);
        if (status == EST_OK && writer->role[column] <= 0)
            status = est_i_fail_at(error, EST_EOPTION,
                                   (est_i_place){schema->name, 0, 0, est_i_dictionary_text(&schema->names, (uint32_t)column)},
                                   "the column is in --dates, expected it in --columns too");
        if (status == EST_OK)
            writer->parts[writer->role[column] - 1].kind = writer->options->date_order;
    }
    est_i_text_free(&list.name);
    return status;
}

static est_status read_dropped(pseudonym_writer *writer, const est_i_schema *schema, est_error *error)
{
    name_list list = {.option = "drop", .rest = writer->options->drop};
    est_status status = EST_OK;
    while (status == EST_OK && next_name(&list)) {
        size_t column;
        status = find_column(schema, &list, &column, error);
        if (status == EST_OK && writer->role[column] != KEPT)
            status = fail_twice(schema, column, error);
        if (status == EST_OK)
            writer->role[column] = DROPPED;
    }
    est_i_text_free(&list.name);
    for (size_t column = 0; status == EST_OK && column < schema->n_columns; column++)
        if (writer->role[column] == KEPT && strcmp(est_i_dictionary_text(&schema->names, (uint32_t)column), NEW_COLUMN) == 0)
            status = est_i_fail_at(error, EST_ECOLUMN, (est_i_place){schema->name, 0, 0, NEW_COLUMN},
                                   "the file has a column of this name already, expected none: the new column has it");
    return status;
}

/* The output */

static est_status fail_output(const pseudonym_writer *writer, int reason, est_error *error)
{
    return est_i_fail_at(error, EST_EIO, (est_i_place){.where = writer->output}, "could not be written: %s", strerror(reason));
}

static est_status flush(pseudonym_writer *writer, est_error *error)
{
    const char *at = writer->text.data;
    size_t left = writer->text.length;
    if (writer->text.failed)
        return est_i_no_memory(error);
    while (left > 0) {
        ssize_t written = write(writer->file, at, left);
        if (written < 0 && errno != EINTR)
            return fail_output(writer, errno, error);
        if (written > 0) {
            at += written;
            left -= (size_t)written;
        }
    }
    writer->text.length = 0;
    return EST_OK;
}

static void append_field(est_i_text *text, const char *field)
{
    size_t length = strlen(field);
    bool blank_end = length == 0 || strchr(" \t", field[0]) || strchr(" \t", field[length - 1]);
    if (!blank_end && !strpbrk(field, ",;\t\"\r\n")) {
        est_i_text_append_bytes(text, field, length);
        return;
    }
    est_i_text_append(text, "\"");
    for (const char *at = field; *at; at++) {
        if (*at == '"')
            est_i_text_append(text, "\"");
        est_i_text_append_bytes(text, at, 1);
    }
    est_i_text_append(text, "\"");
}

static void append_mark(est_i_text *text, bool *begun)
{
    if (*begun)
        est_i_text_append(text, ",");
    *begun = true;
}

static void append_header(pseudonym_writer *writer, const est_i_schema *schema)
{
    bool begun = false;
    for (size_t column = 0; column < schema->n_columns; column++) {
        if (column != writer->first && writer->role[column] != KEPT)
            continue;
        append_mark(&writer->text, &begun);
        append_field(&writer->text,
                     column == writer->first ? NEW_COLUMN : est_i_dictionary_text(&schema->names, (uint32_t)column));
    }
    est_i_text_append(&writer->text, "\n");
}

static const char *cell_text(const est_i_schema *schema, const est_i_batch *batch, size_t column, size_t row)
{
    uint32_t code = batch->codes[column][row];
    return code < EST_I_CODE_FIRST ? NULL : est_i_dictionary_text(&schema->dictionaries[column], code - EST_I_CODE_FIRST);
}

static est_status fail_part(const pseudonym_writer *writer, const est_i_schema *schema, const est_error *found, est_error *error)
{
    static const char *const orders[] = {"", "year-month-day", "day/month/year or year-month-day",
                                         "month/day/year or year-month-day"};
    long long record = (long long)writer->counts.records + 1;
    size_t part = found->record >= 1 && found->record <= (long long)writer->n_parts ? (size_t)found->record - 1 : 0;
    est_i_place place = {schema->name, record, schema->lines_match ? record + 1 : 0,
                         est_i_dictionary_text(&schema->names, (uint32_t)writer->part_columns[part])};
    if (found->code != EST_EVALUE) {
        if (error)
            *error = *found;
        return found->code;
    }
    return est_i_fail_at(error, EST_EVALUE, place, "found no date of this order (not shown), expected %s (option --date-order)",
                         orders[writer->options->date_order]);
}

static est_status append_record(pseudonym_writer *writer, const est_i_schema *schema, const est_i_batch *batch, size_t row,
                                est_error *error)
{
    char pseudonym[EST_PSEUDONYM_SIZE];
    est_error found;
    size_t missing = 0;
    bool begun = false;
    for (size_t i = 0; i < writer->n_parts; i++) {
        writer->parts[i].text = cell_text(schema, batch, writer->part_columns[i], row);
        missing += !writer->parts[i].text || !*writer->parts[i].text;
    }
    est_status status = est_pseudonym(writer->key, writer->key_length, writer->parts, writer->n_parts, pseudonym, &found);
    if (status != EST_OK)
        return fail_part(writer, schema, &found, error);
    for (size_t column = 0; column < schema->n_columns; column++) {
        if (column != writer->first && writer->role[column] != KEPT)
            continue;
        const char *text = column == writer->first ? pseudonym : cell_text(schema, batch, column, row);
        append_mark(&writer->text, &begun);
        if (column == writer->first)
            est_i_text_append(&writer->text, *pseudonym ? pseudonym : "NA");
        else if (text)
            append_field(&writer->text, text);
        else if (batch->codes[column][row] == EST_I_CODE_NA)
            est_i_text_append(&writer->text, "NA");
    }
    est_i_text_append(&writer->text, "\n");
    writer->counts.records++;
    writer->counts.without += *pseudonym == '\0';
    writer->counts.partial += missing > 0 && *pseudonym != '\0';
    return EST_OK;
}

/* The consumer */

static est_status writer_start(void *consumer, const est_i_schema *schema, est_error *error)
{
    pseudonym_writer *writer = consumer;
    writer->first = SIZE_MAX;
    writer->role = calloc(schema->n_columns, sizeof *writer->role);
    writer->part_columns = calloc(schema->n_columns, sizeof *writer->part_columns);
    writer->parts = calloc(schema->n_columns, sizeof *writer->parts);
    if (!writer->role || !writer->part_columns || !writer->parts)
        return est_i_no_memory(error);
    est_status status = read_columns(writer, schema, error);
    if (status == EST_OK)
        status = read_dates(writer, schema, error);
    if (status == EST_OK)
        status = read_dropped(writer, schema, error);
    if (status == EST_OK)
        append_header(writer, schema);
    return status;
}

static est_status writer_take(void *consumer, const est_i_schema *schema, const est_i_batch *batch, est_error *error)
{
    pseudonym_writer *writer = consumer;
    est_status status = EST_OK;
    for (size_t row = 0; status == EST_OK && row < batch->n_rows; row++) {
        if (row % 1024 == 0 && est_i_monitor_cancelled(&writer->monitor))
            status = est_i_cancelled(error);
        if (status == EST_OK)
            status = append_record(writer, schema, batch, row, error);
        if (status == EST_OK && writer->text.length > ((size_t)1 << 20))
            status = flush(writer, error);
    }
    est_i_csv_forget(writer->source);
    return status;
}

static est_status writer_finish(void *consumer, est_i_schema *schema, est_error *error)
{
    (void)schema;
    return flush(consumer, error);
}

static const est_i_consumer_type writer_consumer = {writer_start, writer_take, writer_finish};

/* Files */

typedef struct input_file {
    int descriptor;
    const char *name;
    est_i_monitor *monitor;
} input_file;

/* Waits in short steps, so that a silent pipe can be cancelled. */
static est_status read_input(void *state, char *buffer, size_t size, size_t *got, est_error *error)
{
    input_file *input = state;
    struct pollfd ready = {.fd = input->descriptor, .events = POLLIN};
    ssize_t count = -1;
    *got = 0;
    do {
        int outcome = 0;
        while (outcome == 0 || (outcome < 0 && errno == EINTR)) {
            if (est_i_monitor_cancelled(input->monitor))
                return est_i_cancelled(error);
            outcome = poll(&ready, 1, POLL_MILLISECONDS);
        }
        count = read(input->descriptor, buffer, size);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return est_i_fail_at(error, EST_EFILE, (est_i_place){.where = input->name}, "cannot be read: %s", strerror(errno));
    *got = (size_t)count;
    return EST_OK;
}

/* An existing output must be an ordinary file, and not the input under any name. */
static est_status check_output(const pseudonym_writer *writer, const input_file *input, est_error *error)
{
    struct stat from, to;
    est_status status = EST_OK;
    if (fstat(input->descriptor, &from) != 0)
        return est_i_fail_at(error, EST_EFILE, (est_i_place){.where = input->name}, "cannot be examined: %s", strerror(errno));
    if (S_ISDIR(from.st_mode))
        return est_i_fail_at(error, EST_EFILE, (est_i_place){.where = input->name}, "found a folder, expected a CSV file");
    if (stat(writer->output, &to) != 0)
        status = EST_OK;
    else if (to.st_dev == from.st_dev && to.st_ino == from.st_ino)
        status = est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = writer->output},
                               "the output is the input, which is never changed; write to another file");
    else if (!S_ISREG(to.st_mode))
        status = est_i_fail_at(error, EST_EIO, (est_i_place){.where = writer->output},
                               "found a folder or a device, expected the name of a file");
    return status;
}

static est_status create_temporary(pseudonym_writer *writer, est_error *error)
{
    struct timespec now = {0, 0};
    const char *slash = strrchr(writer->output, '/');
    errno = EEXIST;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (unsigned long i = 0; i < ATTEMPTS && writer->file < 0 && errno == EEXIST; i++) {
        est_i_text name = {0};
        est_i_text_append_bytes(&name, writer->output, slash ? (size_t)(slash - writer->output) + 1 : 0);
        est_i_text_printf(&name, ".est-%lx-%lx", (unsigned long)getpid(), (unsigned long)now.tv_nsec + i);
        free(writer->temporary);
        writer->temporary = est_i_text_take(&name);
        if (!writer->temporary)
            return est_i_no_memory(error);
        writer->file = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    return writer->file >= 0 ? EST_OK : fail_output(writer, errno, error);
}

static est_status settle_output(pseudonym_writer *writer, est_status status, est_error *error)
{
    if (writer->file < 0)
        return status;
    if (status == EST_OK && fsync(writer->file) != 0)
        status = fail_output(writer, errno, error);
    if (close(writer->file) != 0 && status == EST_OK)
        status = fail_output(writer, errno, error);
    if (status == EST_OK && rename(writer->temporary, writer->output) != 0)
        status = fail_output(writer, errno, error);
    if (status != EST_OK)
        unlink(writer->temporary);
    return status;
}

static est_status copy_records(pseudonym_writer *writer, input_file *input, est_error *error)
{
    struct stat about;
    est_i_bytes bytes = {input->name, read_input, input, 0};
    if (fstat(input->descriptor, &about) == 0 && S_ISREG(about.st_mode))
        bytes.expected = (double)about.st_size;
    writer->source = est_i_csv_new(&bytes, &writer->monitor);
    est_status status = writer->source ? est_i_batch_run(&est_i_csv_source, writer->source, &writer_consumer, writer,
                                                         &writer->monitor, error)
                                       : est_i_no_memory(error);
    est_i_csv_free(writer->source);
    return status;
}

static est_status check_options(const char *input, const char *output, const est_pseudonyms_options *options, size_t key_length,
                                est_error *error)
{
    est_status status = EST_OK;
    if (!input || !*input || !output || !*output)
        status = est_i_fail(error, EST_EOPTION, "found no name of the %s, expected a path", input && *input ? "output" : "data");
    else if (key_length < EST_KEY_LEAST)
        status = est_i_fail(error, EST_EOPTION, "found a key of %zu bytes, expected at least %d: a short key can be guessed",
                            key_length, EST_KEY_LEAST);
    else if (options->date_order < EST_PART_DATE_YMD || options->date_order > EST_PART_DATE_MDY)
        status = est_i_fail(error, EST_EOPTION, "date order: found %d, expected a kind of date", options->date_order);
    return status;
}

est_status est_pseudonyms_write(const char *input, const char *output, const est_pseudonyms_options *options,
                                const unsigned char *key, size_t key_length, const est_context *context,
                                est_pseudonyms_counts *counts, est_error *error)
{
    pseudonym_writer writer = {.options = options, .key = key, .key_length = key ? key_length : 0, .output = output, .file = -1};
    input_file from = {.descriptor = STDIN_FILENO, .name = "standard input", .monitor = &writer.monitor};
    bool standard_input = input && strcmp(input, "-") == 0;
    est_error_clear(error);
    est_status status = check_options(input, output, options, writer.key_length, error);
    if (status != EST_OK)
        return status;
    est_i_monitor_start(&writer.monitor, context);
    est_i_monitor_stage(&writer.monitor, "making pseudonyms", 0, 1);
    if (!standard_input) {
        from.name = input;
        from.descriptor = open(input, O_RDONLY | O_CLOEXEC);
    }
    if (from.descriptor < 0)
        return est_i_fail_at(error, EST_EFILE, (est_i_place){.where = input}, "cannot be opened: %s", strerror(errno));
    status = check_output(&writer, &from, error);
    if (status == EST_OK)
        status = create_temporary(&writer, error);
    if (status == EST_OK)
        status = copy_records(&writer, &from, error);
    status = settle_output(&writer, status, error);
    if (!standard_input)
        close(from.descriptor);
    if (counts)
        *counts = writer.counts;
    if (writer.text.data)
        est_key_clear((unsigned char *)writer.text.data, writer.text.length);
    est_i_text_free(&writer.text);
    free(writer.role);
    free(writer.part_columns);
    free(writer.parts);
    free(writer.temporary);
    return status;
}
