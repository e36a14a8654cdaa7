/* A source as a table of every row. */
#include <stdlib.h>
#include <string.h>

#include "data/source_parts.h"
#include "data/table.h"

/* A table of every row: numbers and texts are gathered by column and added when all are there. How many rows a view over a CSV
 * file has is known only then. */

typedef struct gathered_column {
    double *numbers;
    const char **texts;     /* into `words`, once all are there */
    uint32_t *codes;        /* EST_I_CODE_..., of `words` */
    est_i_dictionary words; /* of all chunks */
    uint32_t *final;        /* of the chunk's texts that were met: their code in `words` */
    uint32_t n_final, capacity;
} gathered_column;

typedef struct gatherer {
    const est_source *source;
    size_t rows, room;
    gathered_column *columns;
    bool part; /* what a part points to: there is nothing in it */
} gatherer;

static void *part_new(void *user, size_t chunk)
{
    gatherer *all = user;
    (void)chunk;
    for (size_t c = 0; c < est_source_columns(all->source); c++)
        all->columns[c].n_final = 0;
    return &all->part;
}

static bool translate_words(gathered_column *column, const est_i_dictionary *own)
{
    if (own->count > column->capacity) {
        uint32_t *grown = realloc(column->final, (size_t)own->count * 2 * sizeof *grown);
        if (!grown)
            return false;
        column->final = grown;
        column->capacity = own->count * 2;
    }
    for (uint32_t i = column->n_final; i < own->count; i++) {
        uint32_t index = est_i_dictionary_add(&column->words, est_i_dictionary_text(own, i), est_i_dictionary_length(own, i));
        if (index == EST_I_DICTIONARY_NONE)
            return false;
        column->final[i] = index + EST_I_CODE_FIRST;
    }
    column->n_final = own->count;
    return true;
}

static bool make_room(gatherer *all, size_t rows)
{
    size_t room = all->room ? all->room : (size_t)all->source->n_rows + 1;
    bool good = true;
    if (rows <= all->room)
        return true;
    while (room < rows)
        room *= 2;
    for (size_t c = 0; good && c < est_source_columns(all->source); c++) {
        gathered_column *column = &all->columns[c];
        bool is_number = all->source->column_kinds[c] == EST_COLUMN_NUMBER;
        void *grown = is_number ? realloc(column->numbers, room * sizeof(double)) : realloc(column->codes, room * sizeof(uint32_t));
        good = grown != NULL;
        if (good && is_number)
            column->numbers = grown;
        else if (good)
            column->codes = grown;
    }
    if (good)
        all->room = room;
    return good;
}

static est_status take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    gatherer *all = user;
    size_t first = all->rows;
    (void)part;
    if (!make_room(all, first + batch->n_rows))
        return est_i_no_memory(error);
    all->rows += batch->n_rows;
    for (size_t c = 0; c < est_source_columns(all->source); c++) {
        gathered_column *column = &all->columns[c];
        if (batch->number[c]) {
            memcpy(column->numbers + first, batch->number[c], batch->n_rows * sizeof *column->numbers);
            continue;
        }
        if (!translate_words(column, &batch->dictionary[c]))
            return est_i_no_memory(error);
        for (size_t row = 0; row < batch->n_rows; row++) {
            uint32_t code = batch->label[c][row];
            column->codes[first + row] = code < EST_I_CODE_FIRST ? code : column->final[code - EST_I_CODE_FIRST];
        }
    }
    return EST_OK;
}

static est_status settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    (void)user, (void)part, (void)chunk, (void)dictionary, (void)error;
    return EST_OK;
}

static void part_free(void *user, void *part)
{
    (void)user, (void)part;
}

static est_status add_gathered(gatherer *all, size_t c, est_table *table, est_error *error)
{
    gathered_column *column = &all->columns[c];
    const char *name = est_source_column_name(all->source, c);
    if (column->numbers)
        return est_table_add_numbers(table, name, column->numbers, error);
    column->texts = malloc((all->rows ? all->rows : 1) * sizeof *column->texts);
    if (!column->texts)
        return est_i_no_memory(error);
    for (size_t row = 0; row < all->rows; row++) {
        uint32_t code = column->codes[row];
        column->texts[row] = code < EST_I_CODE_FIRST ? NULL : est_i_dictionary_text(&column->words, code - EST_I_CODE_FIRST);
    }
    return est_table_add_text(table, name, column->texts, error);
}

static void free_gathered(gathered_column *column)
{
    free(column->numbers);
    free(column->codes);
    free(column->final);
    free(column->texts);
    est_i_dictionary_free(&column->words);
    *column = (gathered_column){0};
}

static est_status gather_rows(est_source *source, est_i_monitor *monitor, est_table **table, est_error *error)
{
    static const est_i_scan_consumer consumer = {part_new, take, settle, part_free};
    size_t n = est_source_columns(source);
    gatherer all = {source, 0, 0, calloc(n ? n : 1, sizeof *all.columns), false};
    est_i_field *fields = malloc((n ? n : 1) * sizeof *fields);
    long long records = 0;
    est_status status = EST_OK;
    if (!all.columns || !fields || !make_room(&all, 1))
        status = est_i_no_memory(error);
    for (size_t c = 0; status == EST_OK && c < n; c++)
        fields[c] = (est_i_field){c, source->column_kinds[c] == EST_COLUMN_NUMBER ? EST_I_FIELD_NUMBER : EST_I_FIELD_LABEL};
    if (status == EST_OK)
        status = est_i_scan(source, n, fields, 0, SIZE_MAX, &consumer, &all, 1, monitor, &records, error);
    if (status == EST_OK)
        status = est_table_new(source->name, all.rows, table, error);
    for (size_t c = 0; status == EST_OK && c < n; c++) {
        status = add_gathered(&all, c, *table, error);
        free_gathered(&all.columns[c]);
    }
    for (size_t c = 0; all.columns && c < n; c++)
        free_gathered(&all.columns[c]);
    free(all.columns);
    free(fields);
    return status;
}

typedef struct all_bytes {
    est_source *source;
    est_i_monitor *monitor;
    size_t offset;
} all_bytes;

static est_status read_bytes(void *state, char *buffer, size_t size, size_t *got, est_error *error)
{
    all_bytes *bytes = state;
    est_status status = bytes->source->is_pipe
                            ? est_i_source_read_pipe(bytes->source, false, buffer, size, got, bytes->monitor, error)
                            : est_i_source_read_at(bytes->source, bytes->offset, buffer, size, got, error);
    bytes->offset += *got;
    return status;
}

static est_status parse_file(est_source *source, est_i_monitor *monitor, est_table **table, est_error *error)
{
    all_bytes state = {source, monitor, 0};
    est_i_bytes bytes = {source->name, read_bytes, &state, (double)source->n_bytes};
    est_i_csv *csv = NULL;
    est_status status = est_i_source_use(source, error);
    if (status == EST_OK && !(csv = est_i_csv_new(&bytes, monitor)))
        status = est_i_no_memory(error);
    if (status == EST_OK)
        status = est_i_batch_run(&est_i_csv_source, csv, &est_i_table_consumer, table, monitor, error);
    if (status == EST_OK)
        status = est_i_source_check_unchanged(source, error);
    est_i_csv_free(csv);
    return status;
}

est_status est_source_table(est_source *source, const est_context *context, est_table **table, est_error *error)
{
    est_i_monitor monitor;
    est_status status;
    *table = NULL;
    est_error_clear(error);
    est_i_monitor_start(&monitor, context);
    est_i_monitor_stage(&monitor, "reading", 0, 1);
    if (source->table)
        status = est_i_table_copy(source->table, table, error);
    else if (source->kind || source->view)
        status = gather_rows(source, &monitor, table, error);
    else
        status = parse_file(source, &monitor, table, error);
    if (status == EST_OK) {
        est_table_set_public(*table, source->is_public);
        if (source->is_synthetic)
            est_table_set_synthetic(*table, 1);
    } else {
        est_table_free(*table);
        *table = NULL;
    }
    return status;
}
