#include "data/scan_csv.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "data/scan_careful.h"
#include "data/utf8.h"

typedef enum target_kind {
    TARGET_NONE = 0, /* nobody wants the column */
    TARGET_NUMBER,
    TARGET_LABEL,
    TARGET_SEVERAL, /* wanted twice or more */
    TARGET_END      /* beyond the last column */
} target_kind;

/* What becomes of the fields of a column. */
typedef struct column_target {
    target_kind kind;
    size_t field;
    double *number;
    uint32_t *label;
} column_target;

struct est_i_csv_reader {
    est_source *source;
    est_i_row_writer *writer;
    est_i_monitor *monitor;
    est_i_window window;
    struct csv_parser parser;
    bool has_parser;

    column_target *targets; /* one a column and TARGET_END */
    column_target *end;
    column_target *next; /* of the next field of the record */
    bool doubt;   /* something that csv.c has to judge */
};

/* Fields, in the callbacks of libcsv */

static bool is_missing(const char *text, size_t length)
{
    return !text || (length == 2 && text[0] == 'N' && text[1] == 'A');
}

static void put_field(est_i_csv_reader *reader, size_t field, const char *text, size_t length)
{
    if (is_missing(text, length))
        est_i_row_put_missing(reader->writer, field, text != NULL);
    else
        est_i_row_put_text(reader->writer, field, text, length, NULL); /* notes for the flush what went wrong */
}

static void put_number(est_i_csv_reader *reader, const column_target *target, const char *text, size_t length)
{
    double *value = &target->number[reader->writer->n_rows];
    unsigned digit = length == 1 ? (unsigned char)*text - (unsigned)'0' : 10;
    if (digit < 10)
        *value = digit;
    else if (!text || !est_i_number_plain(text, length, value))
        put_field(reader, target->field, text, length);
}

static void put_label(est_i_csv_reader *reader, const column_target *target, const char *text, size_t length)
{
    if (is_missing(text, length))
        est_i_row_put_missing(reader->writer, target->field, text != NULL);
    else
        target->label[reader->writer->n_rows] = est_i_row_code(reader->writer, target->field, text, length);
}

static void put_several(est_i_csv_reader *reader, const column_target *target, const char *text, size_t length)
{
    for (size_t f = target->field; f != EST_I_NO_FIELD; f = est_i_row_next_field(reader->writer, f))
        put_field(reader, f, text, length);
}

static void take_field(void *field, size_t length, void *user)
{
    est_i_csv_reader *reader = user;
    const column_target *target = reader->next;
    const char *text = field;
    reader->next++;
    if (target->kind == TARGET_NUMBER) {
        put_number(reader, target, text, length);
    } else if (target->kind == TARGET_LABEL) {
        put_label(reader, target, text, length);
    } else if (target->kind == TARGET_SEVERAL) {
        put_several(reader, target, text, length);
    } else if (target->kind == TARGET_END) {
        reader->next--;
        reader->doubt = true;
    }
}

static void end_record(int character, void *user)
{
    est_i_csv_reader *reader = user;
    (void)character;
    reader->doubt = reader->doubt || reader->next != reader->end;
    reader->next = reader->targets;
    if (reader->writer->n_rows + 1 < reader->writer->capacity)
        reader->writer->n_rows++;
    else
        reader->doubt = true;
}

/* Windows */

static size_t chunk_limit(const est_i_csv_reader *reader, size_t chunk)
{
    size_t bytes = reader->source->chunk_bytes;
    return chunk + 1 > SIZE_MAX / bytes ? SIZE_MAX : (chunk + 1) * bytes;
}

/* After the last line feed outside quotation marks; 0 if there is none. `quoted`: at the end of the bytes. */
static size_t last_record_end(const char *bytes, size_t length, bool quoted)
{
    size_t i = length;
    while (i > 0 && (quoted || bytes[i - 1] != '\n'))
        quoted ^= bytes[--i] == '"';
    return i;
}

/* How much of the window ends with a record: up to the end of the chunk if that is here. */
static size_t find_cut(const est_i_window *window, size_t limit, const est_i_byte_count *all)
{
    const char *bytes = window->bytes + window->used;
    size_t length = window->filled - window->used;
    size_t to_limit = limit - 1 - window->offset;
    size_t cut = length;
    if (to_limit < length) {
        bool quoted = est_i_count_bytes(bytes, to_limit).quotes & 1;
        cut = est_i_find_feed(bytes, to_limit, length, &quoted);
        if (cut < length)
            return cut + 1;
    }
    return window->at_end ? length : last_record_end(bytes, length, all->quotes & 1);
}

/* A carriage return that no line feed follows. */
static bool has_lone_return(const char *bytes, size_t length)
{
    const char *end = bytes + length;
    const char *at = memchr(bytes, '\r', length);
    while (at && at + 1 < end && at[1] == '\n')
        at = memchr(at + 1, '\r', (size_t)(end - at) - 1);
    return at != NULL;
}

static bool is_well_formed(const char *bytes, size_t length)
{
    est_i_utf8 state = {0};
    return est_i_utf8_check(&state, bytes, length) == length && state.need == 0;
}

/* libcsv takes the window; false if there is anything in it that is not plain and whole. */
static bool split_window(est_i_csv_reader *reader, const char *bytes, size_t length)
{
    est_i_row_writer *writer = reader->writer;
    reader->next = reader->targets;
    reader->doubt = csv_parse(&reader->parser, bytes, length, take_field, end_record, reader) != length || reader->doubt;
    if (reader->doubt)
        return false;
    size_t rows = writer->n_rows;
    bool ended = bytes[length - 1] == '\n';
    reader->doubt = csv_fini(&reader->parser, take_field, end_record, reader) != 0 || reader->doubt;
    return !reader->doubt && reader->next == reader->targets && (!ended || writer->n_rows == rows);
}

static est_status restart_parser(est_i_csv_reader *reader, est_error *error)
{
    if (reader->has_parser)
        csv_free(&reader->parser);
    reader->has_parser = est_i_csv_parser_start(&reader->parser, reader->source->head.delimiter);
    reader->doubt = false;
    return reader->has_parser ? EST_OK : est_i_no_memory(error);
}

/* One window or, where that is not to be had quickly, the rest of the chunk. *line: of the window's first byte. */
static est_status read_window(est_i_csv_reader *reader, size_t limit, bool after_return, long long *line, est_error *error)
{
    est_i_window *window = &reader->window;
    est_i_row_writer *writer = reader->writer;
    const char *bytes = window->bytes + window->used;
    est_i_byte_count count = est_i_count_bytes(bytes, window->filled - window->used);
    size_t cut = find_cut(window, limit, &count);
    bool quick = cut > 0 && est_source_columns(reader->source) > 1 && (!after_return || bytes[0] == '\n') &&
                 !(count.returns > 0 && has_lone_return(bytes, cut)) && (count.plain || is_well_formed(bytes, cut));
    if (quick && split_window(reader, bytes, cut)) {
        count.feeds -= est_i_count_bytes(bytes + cut, window->filled - window->used - cut).feeds;
        writer->lines = (est_i_scan_lines){*line, NULL, bytes, cut, reader->source->head.delimiter};
        est_status status = est_i_row_writer_flush(writer, error);
        est_i_window_use(window, cut);
        *line += (long long)count.feeds;
        return status;
    }
    est_i_row_writer_drop(writer);
    est_i_csv_state state = {window->offset, reader->source->head.delimiter, after_return, writer->record, *line};
    est_status status = restart_parser(reader, error);
    return status == EST_OK ? est_i_scan_careful(window, writer, &state, limit, line, error) : status;
}

est_status est_i_csv_reader_chunk(est_i_csv_reader *reader, size_t chunk, const est_i_chunk_start *start, est_i_chunk_start *end,
                                  est_error *error)
{
    est_i_window *window = &reader->window;
    const est_i_csv_state *head = &reader->source->head;
    size_t limit = chunk_limit(reader, chunk);
    long long line = start->line;
    est_status status = window->offset == start->offset ? EST_OK : est_i_window_seek(window, start->offset, error);
    while (status == EST_OK && window->offset < limit) {
        bool after_return = window->offset == head->offset && head->after_return;
        status = est_i_row_writer_cancelled(reader->writer) ? est_i_cancelled(error) : est_i_window_fill(window, error);
        if (status == EST_OK && window->filled == 0)
            break;
        if (status == EST_OK)
            status = read_window(reader, limit, after_return, &line, error);
        if (reader->source->n_bytes > 0)
            est_i_monitor_progress(reader->monitor, (double)window->offset / (double)reader->source->n_bytes);
    }
    *end = (est_i_chunk_start){window->offset, reader->writer->record, line};
    return status;
}

est_status est_i_csv_reader_more(est_i_csv_reader *reader, size_t offset, bool *more, est_error *error)
{
    est_i_window *window = &reader->window;
    est_status status = est_i_window_fill(window, error);
    *more = window->offset + window->filled > offset;
    return status;
}

/* Chunks that are read before their forerunners */

est_status est_i_csv_reader_quotes(est_i_csv_reader *reader, size_t chunk, bool *odd, est_error *error)
{
    est_i_window *window = &reader->window;
    size_t limit = chunk_limit(reader, chunk), from = limit - reader->source->chunk_bytes;
    est_status status = est_i_window_seek(window, from > reader->source->head.offset ? from : reader->source->head.offset, error);
    *odd = false;
    while (status == EST_OK && window->offset < limit) {
        status = est_i_row_writer_cancelled(reader->writer) ? est_i_cancelled(error) : est_i_window_fill(window, error);
        if (status != EST_OK || window->filled == 0)
            break;
        size_t left = limit - window->offset, part = window->filled < left ? window->filled : left;
        *odd ^= est_i_count_bytes(window->bytes, part).quotes & 1;
        est_i_window_use(window, part);
    }
    return status;
}

est_status est_i_csv_reader_guess(est_i_csv_reader *reader, size_t chunk, bool quoted, size_t *offset, est_error *error)
{
    est_i_window *window = &reader->window;
    size_t from = chunk * reader->source->chunk_bytes;
    bool found = from <= reader->source->head.offset;
    est_status status = EST_OK;
    *offset = reader->source->head.offset;
    if (found)
        return EST_OK;
    /* A line feed just before the chunk is outside quotation marks if the chunk's first byte is. */
    status = est_i_window_seek(window, from - 1, error);
    bool first = true;
    while (status == EST_OK && !found) {
        status = est_i_row_writer_cancelled(reader->writer) ? est_i_cancelled(error) : est_i_window_fill(window, error);
        if (status != EST_OK || window->filled == 0)
            break;
        size_t feed = first && window->bytes[0] != '\n' ? 1 : 0;
        feed = est_i_find_feed(window->bytes, feed, window->filled, &quoted);
        found = feed < window->filled;
        first = false;
        est_i_window_use(window, found ? feed + 1 : feed);
    }
    *offset = window->offset;
    return status;
}

/* Making */

size_t est_i_csv_reader_rows(size_t n_columns)
{
    size_t in_window = (EST_I_WINDOW_BYTES + 1) / (n_columns > 1 ? n_columns : 2) + 1;
    size_t when_careful =
        est_i_batch_rows(n_columns) < EST_I_CSV_RESUMED_ROWS ? est_i_batch_rows(n_columns) : EST_I_CSV_RESUMED_ROWS;
    return in_window > when_careful ? in_window : when_careful + 1;
}

static void set_targets(est_i_csv_reader *reader)
{
    est_i_row_writer *writer = reader->writer;
    size_t n_columns = est_source_columns(reader->source);
    for (size_t c = 0; c < n_columns; c++) {
        size_t f = est_i_row_field(writer, c);
        column_target *target = &reader->targets[c];
        if (f == EST_I_NO_FIELD)
            continue;
        target->field = f;
        target->number = writer->columns[f].number;
        target->label = writer->columns[f].label;
        if (est_i_row_next_field(writer, f) != EST_I_NO_FIELD)
            target->kind = TARGET_SEVERAL;
        else
            target->kind = target->number ? TARGET_NUMBER : TARGET_LABEL;
    }
    reader->end = reader->next = &reader->targets[n_columns];
    reader->end->kind = TARGET_END;
}

est_i_csv_reader *est_i_csv_reader_new(est_source *source, est_i_row_writer *writer, est_i_monitor *monitor)
{
    est_i_csv_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return NULL;
    reader->source = source;
    reader->writer = writer;
    reader->monitor = monitor;
    reader->targets = calloc(est_source_columns(source) + 1, sizeof *reader->targets);
    bool good = reader->targets && est_i_window_start(&reader->window, source, monitor) && restart_parser(reader, NULL) == EST_OK;
    if (good) {
        set_targets(reader);
    } else {
        est_i_csv_reader_free(reader);
        reader = NULL;
    }
    return reader;
}

void est_i_csv_reader_free(est_i_csv_reader *reader)
{
    if (reader) {
        if (reader->has_parser)
            csv_free(&reader->parser);
        est_i_window_end(&reader->window);
        free(reader->targets);
        free(reader);
    }
}
