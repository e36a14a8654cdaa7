/* Sources by name, their columns and what is known of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/text.h"
#include "data/json_result.h"
#include "data/readstat.h"
#include "data/scan_table.h"
#include "data/source_parts.h"
#include "data/table.h"
#include "data/utf8.h"
#include "data/view_parts.h"

/* The formats beside CSV; a further one is one more line. */
static const est_i_source_kind *const kinds[] = {
    &est_i_stata_kind,
    &est_i_spss_kind,
    &est_i_json_kind,
};

/* Making and freeing */

est_source *est_i_source_new(const char *name)
{
    est_source *source = calloc(1, sizeof *source);
    if (source) {
        source->name = est_i_string_copy(name);
        source->descriptor = -1;
        source->chunk_bytes = EST_I_CHUNK_BYTES;
        source->chunk_rows = EST_I_CHUNK_ROWS;
        sha256_init(&source->pipe_hash);
    }
    if (source && !source->name) {
        free(source);
        source = NULL;
    }
    return source;
}

void est_source_free(est_source *source)
{
    if (!source)
        return;
    if (source->kind && source->kind->free_state)
        source->kind->free_state(source->state);
    if (source->descriptor >= 0 && source->descriptor != STDIN_FILENO)
        close(source->descriptor);
    est_i_view_plan_free(source->view);
    est_i_dictionary_free(&source->columns);
    free(source->column_kinds);
    free(source->replay.bytes);
    free(source->parity);
    free(source->starts);
    free(source->path);
    free(source->name);
    free(source);
}

void est_i_source_set_chunks(est_source *source, size_t bytes, size_t rows)
{
    if (source->view) {
        est_i_source_set_chunks(source->view->base, bytes, rows);
    } else {
        source->chunk_bytes = bytes ? bytes : 1;
        source->chunk_rows = rows ? rows : 1;
    }
}

est_status est_i_source_add_column(est_source *source, const char *name, est_column_kind kind, est_error *error)
{
    size_t n = source->columns.count;
    est_i_place place = {source->name, 0, 0, NULL};
    if (!*name)
        return est_i_fail_at(error, EST_ECOLUMN, place, "column %zu has no name; every column needs one", n + 1);
    if (!est_i_utf8_valid(name))
        return est_i_fail_at(error, EST_ECOLUMN, place, "the name of column %zu is no UTF-8", n + 1);
    if (n == source->columns_capacity) {
        size_t capacity = n ? n * 2 : 16;
        est_column_kind *grown = realloc(source->column_kinds, capacity * sizeof *grown);
        if (!grown)
            return est_i_no_memory(error);
        source->column_kinds = grown;
        source->columns_capacity = capacity;
    }
    uint32_t index = est_i_dictionary_add(&source->columns, name, strlen(name));
    if (index == EST_I_DICTIONARY_NONE)
        return est_i_no_memory(error);
    if (index < n) {
        place.column = name;
        return est_i_fail_at(error, EST_ECOLUMN, place, "there is a column of this name already; rename one of the two");
    }
    source->column_kinds[n] = kind;
    source->is_synthetic = source->is_synthetic || strcmp(name, EST_I_SYNTHETIC_COLUMN) == 0;
    return EST_OK;
}

/* Opening */

typedef struct head_reader {
    est_source *source;
    est_i_monitor *monitor;
    size_t offset;
} head_reader;

static est_status read_head(void *state, char *buffer, size_t size, size_t *got, est_error *error)
{
    head_reader *reader = state;
    est_status status =
        reader->source->is_pipe
            ? est_i_source_read_pipe(reader->source, true, buffer, size, got, reader->monitor, error)
            : est_i_source_read_at(reader->source, reader->offset, buffer, size, got, error);
    reader->offset += *got;
    return status;
}

/* The header, by the reader that knows every rule. */
static est_status open_csv(est_source *source, est_i_monitor *monitor, est_error *error)
{
    head_reader reader = {source, monitor, 0};
    est_i_bytes bytes = {source->name, read_head, &reader, 0};
    est_i_schema schema = {0};
    est_i_csv *csv = est_i_csv_new(&bytes, monitor);
    est_status status = csv ? est_i_csv_source.open(csv, &schema, error) : est_i_no_memory(error);
    for (uint32_t i = 0; status == EST_OK && i < schema.n_columns; i++)
        status = est_i_source_add_column(source, est_i_dictionary_text(&schema.names, i), EST_COLUMN_TEXT, error);
    if (status == EST_OK)
        source->head = est_i_csv_below_header(csv);
    est_i_csv_free(csv);
    est_i_schema_free(&schema);
    return status;
}

static const char *dataset_name(const void *user, size_t index)
{
    (void)user;
    return est_dataset_get(index)->name;
}

/* The nearest names: the nearest in letters, else those that begin so, else all. */
static est_status fail_dataset(const char *data, const char *name, est_error *error)
{
    est_i_text names = {0};
    const char *nearest = est_i_nearest_name(name, est_dataset_count(), dataset_name, NULL);
    est_i_place place = {data, 0, 0, NULL};
    if (nearest)
        est_i_text_printf(&names, "dataset:%s", nearest);
    for (int all = *name == '\0'; all < 2 && names.length == 0; all++)
        for (size_t i = 0; i < est_dataset_count(); i++)
            if (all || strncmp(dataset_name(NULL, i), name, strlen(name)) == 0)
                est_i_text_printf(&names, "%sdataset:%s", names.length ? ", " : "", dataset_name(NULL, i));
    est_status status = est_i_fail_at(error, EST_EFILE, place, "found no such bundled dataset; near it: %s",
                                      names.data && !names.failed ? names.data : "none");
    est_i_text_free(&names);
    return status;
}

est_status est_i_source_of_bytes(const char *name, const char *bytes, size_t length, est_i_monitor *monitor, est_source **source,
                                 est_error *error)
{
    est_status status;
    *source = est_i_source_new(name);
    if (!*source)
        return est_i_no_memory(error);
    (*source)->memory = bytes;
    (*source)->n_bytes = length;
    status = open_csv(*source, monitor, error);
    if (status != EST_OK) {
        est_source_free(*source);
        *source = NULL;
    }
    return status;
}

static est_status open_dataset(const char *data, est_i_monitor *monitor, est_source **source, est_error *error)
{
    const char *name = data + strlen("dataset:");
    const est_dataset *dataset = est_dataset_find(name);
    if (!dataset)
        return fail_dataset(data, name, error);
    est_status status = est_i_source_of_bytes(data, dataset->csv, dataset->csv_length, monitor, source, error);
    if (status == EST_OK) {
        (*source)->is_public = dataset->is_public != 0;
        (*source)->is_synthetic = (*source)->is_synthetic || dataset->is_synthetic;
    }
    return status;
}

/* A file without a length may still hold bytes (/proc): it is read as a pipe is. */
static est_status examine_file(est_source *source, est_error *error)
{
    est_i_place place = {source->name, 0, 0, NULL};
    est_status status = EST_OK;
    if (fstat(source->descriptor, &source->about) != 0)
        status = est_i_fail_at(error, EST_EFILE, place, "cannot be examined: %s", strerror(errno));
    else if (S_ISDIR(source->about.st_mode))
        status = est_i_fail_at(error, EST_EFILE, place, "found a folder, expected a CSV file; name one file in it");
    else if (S_ISREG(source->about.st_mode) && source->about.st_size > 0 && source->descriptor != STDIN_FILENO)
        source->n_bytes = (size_t)source->about.st_size;
    else
        source->is_pipe = true;
    return status;
}

static const est_i_source_kind *kind_of_path(const char *path)
{
    const est_i_source_kind *found = NULL;
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !found; i++) {
        const char *extension = kinds[i]->extension;
        size_t size = extension ? strlen(extension) : 0;
        if (size > 0 && length > size && strcasecmp(path + length - size, extension) == 0)
            found = kinds[i];
    }
    return found;
}

static est_status open_path(est_source *source, const char *path, est_i_monitor *monitor, est_error *error)
{
    est_i_place place = {source->name, 0, 0, NULL};
    bool standard_input = strcmp(path, "-") == 0;
    est_status status = EST_OK;
    source->path = est_i_string_copy(path);
    if (!source->path)
        return est_i_no_memory(error);
    source->descriptor = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (source->descriptor < 0)
        return est_i_fail_at(error, EST_EFILE, place, "cannot be opened: %s%s", strerror(errno),
                             errno == ENOENT ? "; check the path, or use dataset:NAME for a bundled dataset" : "");
    status = examine_file(source, error);
    if (status != EST_OK)
        return status;
    source->kind = standard_input ? NULL : kind_of_path(path);
    if (source->kind && source->is_pipe)
        status = est_i_fail_at(error, EST_EFILE, place, "the file is empty or a pipe, expected a file with data");
    else
        status = source->kind ? source->kind->open(source, monitor, error) : open_csv(source, monitor, error);
    return status;
}

static est_status open_file(const char *path, est_i_monitor *monitor, est_source **source, est_error *error)
{
    *source = est_i_source_new(strcmp(path, "-") == 0 ? "standard input" : path);
    est_status status = *source ? open_path(*source, path, monitor, error) : est_i_no_memory(error);
    if (status != EST_OK) {
        est_source_free(*source);
        *source = NULL;
    }
    return status;
}

est_status est_source_open(const char *data, const est_context *context, est_source **source, est_error *error)
{
    est_i_monitor monitor;
    est_status status;
    *source = NULL;
    est_error_clear(error);
    est_i_monitor_start(&monitor, context);
    est_i_monitor_stage(&monitor, "reading", 0, 1);
    if (!data || !*data)
        status = est_i_fail(error, EST_EFILE, "found no name of the data, expected a CSV file, - or dataset:NAME");
    else if (strncmp(data, "dataset:", strlen("dataset:")) == 0)
        status = open_dataset(data, &monitor, source, error);
    else
        status = open_file(data, &monitor, source, error);
    return status;
}

est_status est_source_of_table(const est_table *table, est_source **source, est_error *error)
{
    est_status status = EST_OK;
    est_error_clear(error);
    *source = est_i_source_new(est_table_name(table));
    if (!*source)
        return est_i_no_memory(error);
    for (size_t i = 0; status == EST_OK && i < est_table_columns(table); i++)
        status = est_i_source_add_column(*source, est_table_column_name(table, i), est_table_column_kind(table, i), error);
    if (status == EST_OK) {
        (*source)->kind = &est_i_table_kind;
        (*source)->table = table;
        (*source)->n_rows = (long long)est_table_rows(table);
        (*source)->is_public = est_table_is_public(table) != 0;
        (*source)->is_synthetic = est_table_is_synthetic(table) != 0;
    } else {
        est_source_free(*source);
        *source = NULL;
    }
    return status;
}

/* What is known */

const char *est_source_name(const est_source *source)
{
    return source->name;
}

size_t est_source_columns(const est_source *source)
{
    return source->columns.count;
}

const char *est_source_column_name(const est_source *source, size_t column)
{
    return column < source->columns.count ? est_i_dictionary_text(&source->columns, (uint32_t)column) : NULL;
}

long est_source_find(const est_source *source, const char *name)
{
    uint32_t index = name ? est_i_dictionary_find(&source->columns, name, strlen(name)) : EST_I_DICTIONARY_NONE;
    return index == EST_I_DICTIONARY_NONE ? -1 : (long)index;
}

int est_source_is_public(const est_source *source)
{
    return source->is_public;
}

int est_source_is_synthetic(const est_source *source)
{
    return source->is_synthetic;
}

int est_source_is_repeatable(const est_source *source)
{
    return !source->is_pipe;
}

static const char *candidate_name(const void *user, size_t index)
{
    return est_source_column_name(user, index);
}

est_status est_i_source_require(const est_source *source, const char *name, const char *what, size_t *column, est_error *error)
{
    long found = est_source_find(source, name);
    if (found < 0)
        return est_i_fail_column(source->name, name, what, est_source_columns(source), candidate_name, source, error);
    *column = (size_t)found;
    return EST_OK;
}

bool est_i_source_has_reasons(const est_source *source, size_t column)
{
    bool has = source->kind && source->kind->has_reasons && source->kind->has_reasons(source, column);
    if (source->view) {
        size_t base = est_i_view_base_column(source->view, column);
        has = base != EST_I_NO_VARIABLE && est_i_source_has_reasons(source->view->base, base);
    }
    return has;
}

const char *est_i_source_value_label(const est_source *source, size_t column, const char *value)
{
    if (source->view)
        return est_i_view_value_label(source, column, value);
    bool has = source->kind && source->kind->value_label;
    return has ? source->kind->value_label(source, column, value) : NULL;
}

const char *est_i_source_variable_label(const est_source *source, size_t column)
{
    if (source->view)
        return est_i_view_variable_label(source, column);
    bool has = source->kind && source->kind->variable_label;
    return has ? source->kind->variable_label(source, column) : "";
}
