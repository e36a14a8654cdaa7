#include "data/scan_careful.h"

#include <string.h>

typedef struct rest_of_chunk {
    est_i_window *window;
    size_t limit;
    bool quoted, ended;
    long long feeds;
} rest_of_chunk;

static est_status read_rest(void *state, char *buffer, size_t size, size_t *got, est_error *error)
{
    rest_of_chunk *rest = state;
    est_i_window *window = rest->window;
    est_status status = EST_OK;
    *got = 0;
    if (rest->ended)
        return EST_OK;
    if (window->used == window->filled)
        status = est_i_window_fill(window, error);
    if (status != EST_OK)
        return status;
    const char *bytes = window->bytes + window->used;
    size_t length = window->filled - window->used < size ? window->filled - window->used : size;
    size_t to_limit = rest->limit - 1 > window->offset ? rest->limit - 1 - window->offset : 0;
    size_t before = to_limit < length ? to_limit : length;
    rest->quoted ^= est_i_count_bytes(bytes, before).quotes & 1;
    size_t feed = est_i_find_feed(bytes, before, length, &rest->quoted);
    rest->ended = feed < length;
    *got = rest->ended ? feed + 1 : length;
    rest->feeds += (long long)est_i_count_bytes(bytes, *got).feeds;
    memcpy(buffer, bytes, *got);
    est_i_window_use(window, *got);
    return EST_OK;
}

static est_status put_cell(est_i_row_writer *writer, size_t field, const est_i_dictionary *texts, uint32_t code, est_error *error)
{
    if (code < EST_I_CODE_FIRST) {
        est_i_row_put_missing(writer, field, code == EST_I_CODE_NA);
        return EST_OK;
    }
    uint32_t index = code - EST_I_CODE_FIRST;
    return est_i_row_put_text(writer, field, est_i_dictionary_text(texts, index), est_i_dictionary_length(texts, index), error);
}

static est_status put_rows(est_i_row_writer *writer, const est_i_schema *schema, const est_i_batch *batch, est_error *error)
{
    est_status status = EST_OK;
    for (size_t row = 0; status == EST_OK && row < batch->n_rows; row++) {
        for (size_t c = 0; c < schema->n_columns; c++)
            for (size_t f = est_i_row_field(writer, c); status == EST_OK && f != EST_I_NO_FIELD;
                 f = est_i_row_next_field(writer, f))
                status = put_cell(writer, f, &schema->dictionaries[c], batch->codes[c][row], error);
        if (status == EST_OK)
            status = est_i_row_end(writer, error);
    }
    return status == EST_OK ? est_i_row_writer_flush(writer, error) : status;
}

est_status est_i_scan_careful(est_i_window *window, est_i_row_writer *writer, const est_i_csv_state *state, size_t limit,
                              long long *line, est_error *error)
{
    rest_of_chunk rest = {.window = window, .limit = limit};
    est_i_bytes bytes = {est_source_name(window->source), read_rest, &rest, 0};
    est_i_schema schema = {.name = bytes.name, .n_columns = est_source_columns(window->source), .names = window->source->columns};
    est_i_batch batch = {0};
    est_i_csv *csv = est_i_csv_new(&bytes, window->monitor);
    est_status status = csv ? est_i_csv_resume(csv, &schema, state, error) : est_i_no_memory(error);
    while (status == EST_OK) {
        est_error fault;
        est_status found = est_i_csv_source.next(csv, &schema, &batch, &fault);
        if (found == EST_OK && batch.n_rows == 0)
            break;
        writer->lines = (est_i_scan_lines){.first = *line, .line = est_i_csv_lines(csv)};
        status = est_i_row_writer_cancelled(writer) ? est_i_cancelled(error) : put_rows(writer, &schema, &batch, error);
        if (status == EST_OK && found != EST_OK) {
            status = found;
            if (error)
                *error = fault;
        }
        est_i_csv_forget(csv);
    }
    *line += rest.feeds;
    est_i_csv_free(csv);
    schema.names = (est_i_dictionary){0};
    est_i_schema_free(&schema);
    return status;
}
