/* CSV, read strictly. libcsv splits the fields; this file knows the lines and refuses whatever is not plain.
 *
 * Rules: UTF-8 with or without BOM; LF or CRLF; the delimiter is the most frequent of comma, semicolon and
 * tab in the header (outside quotation marks); every record has as many fields as the header. Blanks around
 * an unquoted field are not part of it. An empty field and NA are missing, "" is empty text. Blank lines
 * between records are skipped, except in a file of one column, where they could be missing values.
 *
 * libcsv gives no positions. So it is fed line by line (a piece ends at a carriage return, a line feed or the
 * end of the block): whatever a callback reports stands on the line that is being fed. */
#include "data/csv.h"

#include <csv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/utf8.h"

#define BLOCK_SIZE ((size_t)65536)
#define HEADER_MAX ((size_t)16 << 20)

struct est_i_csv {
    est_i_bytes bytes;
    est_i_monitor *monitor;
    double bytes_read;

    char *block;
    size_t used, filled;
    bool at_end;

    struct csv_parser parser;
    bool has_parser;
    char delimiter;
    est_i_utf8 utf8;
    size_t field_bytes; /* bytes fed since the last field ended, or a little more */

    long long line;        /* the physical line being fed, from 1 */
    long long record;      /* the record being read; 0 = the header */
    long long record_line; /* where that record began */
    size_t field;          /* fields of the record so far */
    bool record_open;      /* a record has begun and not ended */
    bool line_blank;       /* only blanks so far on this line */
    bool after_return;     /* a carriage return has ended a record and no line feed has come yet */
    bool header_done, finished;
    bool resumed; /* the file began before the bytes of this reader */

    est_i_schema *schema;
    uint32_t **codes;
    long long *lines; /* where the rows of the batch began; only when resumed */
    uint32_t *last_code; /* one a column: a text often comes twice in a row */
    size_t n_rows;

    est_status status; /* the first fault; callbacks do nothing after it */
    est_error *error;
};

/* libcsv asks for room in small steps; a field that never ends stops here. */
static void *reallocate_capped(void *memory, size_t size)
{
    return size > EST_I_CSV_FIELD_MAX ? NULL : realloc(memory, size);
}

static const char *column_name(const est_i_csv *csv)
{
    bool known = csv->header_done && csv->field < csv->schema->n_columns;
    return known ? est_i_dictionary_text(&csv->schema->names, (uint32_t)csv->field) : NULL;
}

static est_i_place place_here(const est_i_csv *csv)
{
    return (est_i_place){csv->bytes.name, csv->record, csv->line, column_name(csv)};
}

static est_i_place place_record(const est_i_csv *csv)
{
    return (est_i_place){csv->bytes.name, csv->record, csv->record_line, NULL};
}

static const char *delimiter_word(const est_i_csv *csv)
{
    return csv->delimiter == ',' ? "commas" : csv->delimiter == ';' ? "semicolons" : "tabs";
}

/* Callbacks. They cannot stop libcsv: they note the fault and do nothing from then on. */

static void take_name(est_i_csv *csv, const char *text, size_t length)
{
    est_i_schema *schema = csv->schema;
    est_i_place place = {csv->bytes.name, 0, csv->line, NULL};
    if (length == 0) {
        csv->status =
            est_i_fail_at(csv->error, EST_ECOLUMN, place,
                          "field %zu of the header is empty; every column needs a name", csv->field + 1);
    } else if (est_i_dictionary_find(&schema->names, text, length) != EST_I_DICTIONARY_NONE) {
        uint32_t first = est_i_dictionary_find(&schema->names, text, length);
        place.column = est_i_dictionary_text(&schema->names, first);
        csv->status =
            est_i_fail_at(csv->error, EST_ECOLUMN, place,
                          "fields %zu and %zu of the header have the same name; rename one of the columns",
                          (size_t)first + 1, csv->field + 1);
    } else if (est_i_dictionary_add(&schema->names, text, length) == EST_I_DICTIONARY_NONE) {
        csv->status = est_i_no_memory(csv->error);
    }
}

static uint32_t intern(est_i_csv *csv, const char *text, size_t length)
{
    est_i_dictionary *dictionary = &csv->schema->dictionaries[csv->field];
    uint32_t code = csv->last_code[csv->field];
    if (code >= EST_I_CODE_FIRST && est_i_dictionary_length(dictionary, code - EST_I_CODE_FIRST) == length &&
        memcmp(est_i_dictionary_text(dictionary, code - EST_I_CODE_FIRST), text, length) == 0)
        return code;
    uint32_t index = est_i_dictionary_add(dictionary, text, length);
    if (index == EST_I_DICTIONARY_NONE) {
        csv->status = est_i_no_memory(csv->error);
        return EST_I_CODE_EMPTY;
    }
    code = index + EST_I_CODE_FIRST;
    csv->last_code[csv->field] = code;
    return code;
}

static void take_field(void *field, size_t length, void *user)
{
    est_i_csv *csv = user;
    csv->field_bytes = 0;
    if (csv->status != EST_OK)
        return;
    const char *text = field ? field : "";
    if (!csv->header_done) {
        take_name(csv, text, length);
    } else if (csv->field < csv->schema->n_columns) {
        uint32_t code = EST_I_CODE_EMPTY;
        if (length == 2 && memcmp(text, "NA", 2) == 0)
            code = EST_I_CODE_NA;
        else if (field)
            code = intern(csv, text, length);
        csv->codes[csv->field][csv->n_rows] = code;
    }
    csv->field++;
}

static void fail_ragged(est_i_csv *csv)
{
    size_t expected = csv->schema->n_columns;
    const char *advice = csv->line != csv->record_line
                             ? "the record goes over several lines: look for a stray quotation mark"
                             : "put quotation marks around a field that contains the delimiter";
    csv->status =
        est_i_fail_at(csv->error, EST_EFORMAT, place_record(csv),
                      "found %zu field%s, expected %zu as in the header (fields are parted by %s); %s",
                      csv->field, csv->field == 1 ? "" : "s", expected, delimiter_word(csv), advice);
}

static void end_record(int character, void *user)
{
    est_i_csv *csv = user;
    csv->field_bytes = 0;
    if (csv->status != EST_OK)
        return;
    if (!csv->header_done) {
        csv->header_done = true;
        csv->schema->n_columns = csv->field;
    } else if (csv->field != csv->schema->n_columns) {
        fail_ragged(csv);
        return;
    } else {
        csv->schema->lines_match = csv->schema->lines_match && csv->record_line == csv->record + 1;
        if (csv->lines)
            csv->lines[csv->n_rows] = csv->record_line;
        csv->n_rows++;
    }
    csv->record++;
    csv->field = 0;
    csv->record_open = false;
    csv->after_return = character == '\r';
}

/* Faults of the bytes */

static est_status fail_bytes(est_i_csv *csv, unsigned char byte)
{
    est_status status;
    if (byte == 0)
        status = est_i_fail_at(
            csv->error, EST_EFORMAT, place_here(csv),
            "found a NUL byte, expected text; the file may be damaged or saved as UTF-16: save it as "
            "CSV in UTF-8");
    else if (csv->utf8.need > 0)
        status = est_i_fail_at(
            csv->error, EST_EFORMAT, place_here(csv),
            "found bytes that are no UTF-8; the file may be saved in an older encoding: save it as CSV "
            "in UTF-8");
    else
        status = est_i_fail_at(
            csv->error, EST_EFORMAT, place_here(csv),
            "found byte 0x%02X, which is no UTF-8 here; the file may be saved in an older encoding: "
            "save it as CSV in UTF-8",
            (unsigned)byte);
    return status;
}

static est_status fail_parse(est_i_csv *csv, unsigned char byte)
{
    int code = csv_error(&csv->parser);
    est_status status;
    if (code == CSV_EPARSE && byte == '"')
        status = est_i_fail_at(
            csv->error, EST_EFORMAT, place_here(csv),
            "found a stray quotation mark, expected quotation marks around the whole field with every "
            "inner one doubled");
    else if (code == CSV_EPARSE)
        status = est_i_fail_at(
            csv->error, EST_EFORMAT, place_here(csv),
            "found text after the closing quotation mark, expected the delimiter or the end of the line; "
            "a quotation mark inside a quoted field must be doubled");
    else if (csv->field_bytes + 2 * BLOCK_SIZE >= EST_I_CSV_FIELD_MAX)
        status = est_i_fail_at(
            csv->error, EST_EFORMAT, place_record(csv),
            "found a field of more than 1 MiB in the record that begins here, expected shorter ones; look "
            "for a quotation mark that is never closed");
    else
        status = est_i_no_memory(csv->error);
    return status;
}

static est_status fail_return(est_i_csv *csv)
{
    return est_i_fail_at(
        csv->error, EST_EFORMAT, place_here(csv),
        "found a carriage return in the middle of the line, expected lines that end in LF or CRLF; save "
        "the file with such line ends, or put quotation marks around the field");
}

static est_status fail_blank(est_i_csv *csv)
{
    est_status status;
    est_i_place place = place_here(csv);
    if (!csv->header_done)
        status =
            est_i_fail_at(csv->error, EST_EFORMAT, place,
                          "found a blank line, expected the header with the column names on the first line");
    else
        status = est_i_fail_at(
            csv->error, EST_EFORMAT, place,
            "found a blank line in a file of one column, where it could be a missing value; write NA for "
            "a missing value and remove other blank lines");
    return status;
}

/* Feeding */

static est_status feed_raw(est_i_csv *csv, const char *bytes, size_t length)
{
    csv->field_bytes += length;
    size_t taken = csv_parse(&csv->parser, bytes, length, take_field, end_record, csv);
    if (csv->status == EST_OK && taken != length)
        csv->status = fail_parse(csv, taken < length ? (unsigned char)bytes[taken] : 0);
    return csv->status;
}

static bool all_blank(const char *bytes, size_t length)
{
    size_t i = 0;
    while (i < length && (bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r' || bytes[i] == '\n'))
        i++;
    return i == length;
}

/* One piece: all on one line, and a carriage return or line feed only as its last byte. */
static est_status feed_piece(est_i_csv *csv, const char *bytes, size_t length)
{
    char last = bytes[length - 1];
    if (csv->after_return && last != '\n' && last != '\r')
        return csv->status = fail_return(csv);
    if (csv->after_return && length > 1)
        return csv->status = fail_return(csv);
    bool blank = all_blank(bytes, length) && !(csv->delimiter == '\t' && memchr(bytes, '\t', length));
    csv->line_blank = csv->line_blank && blank;
    if (!csv->record_open && !blank) {
        csv->record_open = true;
        csv->record_line = csv->line;
    }
    size_t good = est_i_utf8_check(&csv->utf8, bytes, length);
    if (feed_raw(csv, bytes, good) == EST_OK && good < length)
        csv->status = fail_bytes(csv, (unsigned char)bytes[good]);
    if (csv->status == EST_OK && last == '\n') {
        if (csv->line_blank && !csv->record_open && (!csv->header_done || csv->schema->n_columns == 1))
            csv->status = fail_blank(csv);
        csv->after_return = false;
        csv->line_blank = true;
        csv->line++;
    }
    return csv->status;
}

static size_t piece_length(const char *bytes, size_t length)
{
    const char *feed = memchr(bytes, '\n', length);
    size_t piece = feed ? (size_t)(feed - bytes) + 1 : length;
    const char *back = memchr(bytes, '\r', piece);
    return back ? (size_t)(back - bytes) + 1 : piece;
}

static est_status fill_block(est_i_csv *csv)
{
    csv->used = csv->filled = 0;
    while (!csv->at_end && csv->filled < BLOCK_SIZE && csv->status == EST_OK) {
        size_t got = 0;
        if (est_i_monitor_cancelled(csv->monitor))
            return csv->status = est_i_cancelled(csv->error);
        csv->status = csv->bytes.read(csv->bytes.state, csv->block + csv->filled, BLOCK_SIZE - csv->filled,
                                      &got, csv->error);
        csv->at_end = csv->status == EST_OK && got == 0;
        csv->filled += got;
    }
    csv->bytes_read += (double)csv->filled;
    if (csv->bytes.expected > 0)
        est_i_monitor_progress(
            csv->monitor, csv->bytes_read < csv->bytes.expected ? csv->bytes_read / csv->bytes.expected : 1);
    return csv->status;
}

static est_status finish_parse(est_i_csv *csv)
{
    csv->finished = true;
    if (csv->utf8.need > 0)
        return csv->status =
                   est_i_fail_at(csv->error, EST_EFORMAT, place_here(csv),
                                 "the file ends in the middle of a UTF-8 character; it may be cut off");
    int outcome = csv_fini(&csv->parser, take_field, end_record, csv);
    if (csv->status == EST_OK && outcome != 0)
        csv->status = est_i_fail_at(
            csv->error, EST_EFORMAT, place_record(csv),
            "the record that begins here has a quoted field (field %zu) without a closing quotation "
            "mark; close it, or remove the stray quotation mark",
            csv->field + 1);
    return csv->status;
}

/* Goes on until the batch is full, the header is read (when only that is wanted) or the file ends. */
static est_status parse_more(est_i_csv *csv, bool header_only)
{
    while (csv->status == EST_OK && !csv->finished) {
        if (header_only ? csv->header_done : csv->n_rows == csv->schema->batch_rows)
            break;
        if (csv->used == csv->filled && fill_block(csv) != EST_OK)
            break;
        if (csv->used == csv->filled) {
            finish_parse(csv);
        } else {
            size_t length = piece_length(csv->block + csv->used, csv->filled - csv->used);
            feed_piece(csv, csv->block + csv->used, length);
            csv->used += length;
            if (!csv->header_done && csv->bytes_read > (double)HEADER_MAX)
                csv->status = est_i_fail_at(
                    csv->error, EST_EFORMAT, place_here(csv),
                    "found no end of the header in 16 MiB, expected the column names on the first line");
        }
    }
    return csv->status;
}

/* Opening */

/* Files that are no CSV at all, by their first bytes. */
static est_status refuse_other_formats(est_i_csv *csv)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *what;
    } known[] = {
        {"\xFF\xFE", 2, "UTF-16 text: save it as CSV in UTF-8"},
        {"\xFE\xFF", 2, "UTF-16 text: save it as CSV in UTF-8"},
        {"PK\x03\x04", 4, "a spreadsheet or another packed file: save the sheet as CSV in UTF-8"},
        {"\xD0\xCF\x11\xE0", 4, "an old spreadsheet: save the sheet as CSV in UTF-8"},
        {"\x1F\x8B", 2, "a compressed file: unpack it first"},
        {"$FL2", 4, "an SPSS file: give it a name that ends in .sav"},
        {"<stata_dta>", 11, "a Stata file: give it a name that ends in .dta"},
    };
    est_i_place place = {csv->bytes.name, 0, 0, NULL};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (csv->filled >= known[i].length && memcmp(csv->block, known[i].bytes, known[i].length) == 0)
            return csv->status =
                       est_i_fail_at(csv->error, EST_EFORMAT, place, "expected CSV, found %s", known[i].what);
    return EST_OK;
}

static char sniff_delimiter(const char *bytes, size_t length)
{
    static const char candidates[] = {',', ';', '\t'};
    size_t counts[sizeof candidates] = {0};
    bool quoted = false;
    for (size_t i = 0; i < length && (quoted || (bytes[i] != '\n' && bytes[i] != '\r')); i++) {
        if (bytes[i] == '"')
            quoted = !quoted;
        for (size_t c = 0; !quoted && c < sizeof candidates; c++)
            counts[c] += bytes[i] == candidates[c];
    }
    size_t best = 0;
    for (size_t c = 1; c < sizeof candidates; c++)
        if (counts[c] > counts[best])
            best = c;
    return candidates[best];
}

bool est_i_csv_parser_start(struct csv_parser *parser, char delimiter)
{
    bool started = csv_init(parser, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL) == 0;
    if (started) {
        csv_set_realloc_func(parser, reallocate_capped);
        csv_set_blk_size(parser, 4096);
        csv_set_delim(parser, (unsigned char)delimiter);
    }
    return started;
}

static est_status start_parser(est_i_csv *csv, char delimiter)
{
    csv->delimiter = delimiter;
    csv->has_parser = est_i_csv_parser_start(&csv->parser, delimiter);
    return csv->status = csv->has_parser ? EST_OK : est_i_no_memory(csv->error);
}

/* A record takes at least a byte a column, so a small file needs only small batches. */
static size_t batch_rows_for(const est_i_csv *csv, size_t n_columns)
{
    size_t rows = est_i_batch_rows(n_columns);
    double bound = csv->bytes.expected / (double)n_columns + 1;
    while (csv->bytes.expected > 0 && rows > 1 && (double)(rows / 2) >= bound)
        rows /= 2;
    return rows;
}

static est_status allocate_batch(est_i_csv *csv)
{
    est_i_schema *schema = csv->schema;
    size_t n_columns = schema->n_columns;
    schema->dictionaries = calloc(n_columns, sizeof *schema->dictionaries);
    csv->last_code = calloc(n_columns, sizeof *csv->last_code);
    csv->codes = calloc(n_columns, sizeof *csv->codes);
    if (!schema->dictionaries || !csv->last_code || !csv->codes)
        return csv->status = est_i_no_memory(csv->error);
    for (size_t i = 0; i < n_columns; i++) {
        csv->codes[i] = malloc(schema->batch_rows * sizeof **csv->codes);
        if (!csv->codes[i])
            return csv->status = est_i_no_memory(csv->error);
    }
    return EST_OK;
}

static est_status csv_open(void *source, est_i_schema *schema, est_error *error)
{
    est_i_csv *csv = source;
    csv->error = error;
    csv->schema = schema;
    schema->name = csv->bytes.name;
    schema->lines_match = true;
    if (fill_block(csv) != EST_OK || refuse_other_formats(csv) != EST_OK)
        return csv->status;
    if (csv->filled >= 3 && memcmp(csv->block, "\xEF\xBB\xBF", 3) == 0)
        csv->used = 3;
    if (csv->used == csv->filled)
        return csv->status =
                   est_i_fail_at(error, EST_EFORMAT, (est_i_place){csv->bytes.name, 0, 0, NULL},
                                 "the file is empty, expected a header with column names and data below it");
    char delimiter = sniff_delimiter(csv->block + csv->used, csv->filled - csv->used);
    if (start_parser(csv, delimiter) == EST_OK && parse_more(csv, true) == EST_OK) {
        schema->batch_rows = batch_rows_for(csv, schema->n_columns);
        if (!csv->header_done)
            csv->status = fail_blank(csv);
        else
            allocate_batch(csv);
    }
    return csv->status;
}

est_i_csv_state est_i_csv_below_header(const est_i_csv *csv)
{
    return (est_i_csv_state){
        .offset = (size_t)csv->bytes_read - (csv->filled - csv->used),
        .delimiter = csv->delimiter,
        .after_return = csv->after_return,
        .record = csv->record,
        .line = csv->line,
    };
}

est_status est_i_csv_resume(est_i_csv *csv, est_i_schema *schema, const est_i_csv_state *state,
                            est_error *error)
{
    size_t rows = est_i_batch_rows(schema->n_columns);
    csv->error = error;
    csv->schema = schema;
    csv->header_done = csv->resumed = true;
    csv->after_return = state->after_return;
    csv->line_blank = !state->after_return;
    csv->record = state->record;
    csv->line = csv->record_line = state->line;
    schema->lines_match = false;
    schema->batch_rows = rows < EST_I_CSV_RESUMED_ROWS ? rows : EST_I_CSV_RESUMED_ROWS;
    csv->lines = malloc(schema->batch_rows * sizeof *csv->lines);
    if (!csv->lines)
        return csv->status = est_i_no_memory(error);
    return start_parser(csv, state->delimiter) == EST_OK ? allocate_batch(csv) : csv->status;
}

const long long *est_i_csv_lines(const est_i_csv *csv)
{
    return csv->lines;
}

static est_status csv_next(void *source, est_i_schema *schema, est_i_batch *batch, est_error *error)
{
    est_i_csv *csv = source;
    csv->error = error;
    csv->schema = schema;
    csv->n_rows = 0;
    parse_more(csv, false);
    if (csv->status == EST_OK && csv->finished && csv->record == 1 && !csv->resumed)
        csv->status = est_i_fail_at(error, EST_EFORMAT, (est_i_place){csv->bytes.name, 0, 0, NULL},
                                    "found a header only, expected data records below it");
    batch->n_rows = csv->n_rows;
    batch->codes = csv->codes;
    return csv->status;
}

static void csv_close(void *source)
{
    est_i_csv *csv = source;
    for (size_t i = 0; csv->codes && i < csv->schema->n_columns; i++)
        free(csv->codes[i]);
    free(csv->codes);
    free(csv->last_code);
    free(csv->lines);
    csv->lines = NULL;
    csv->codes = NULL;
    csv->last_code = NULL;
    if (csv->has_parser)
        csv_free(&csv->parser);
    csv->has_parser = false;
}

void est_i_csv_forget(est_i_csv *csv)
{
    for (size_t i = 0; i < csv->schema->n_columns; i++) {
        est_i_dictionary_clear(&csv->schema->dictionaries[i]);
        csv->last_code[i] = EST_I_CODE_EMPTY;
    }
}

const est_i_source_type est_i_csv_source = {csv_open, csv_next, csv_close};

est_i_csv *est_i_csv_new(const est_i_bytes *bytes, est_i_monitor *monitor)
{
    est_i_csv *csv = calloc(1, sizeof *csv);
    if (csv) {
        *csv =
            (est_i_csv){.bytes = *bytes, .monitor = monitor, .line = 1, .record_line = 1, .line_blank = true};
        csv->block = malloc(BLOCK_SIZE);
    }
    if (csv && !csv->block) {
        free(csv);
        csv = NULL;
    }
    return csv;
}

void est_i_csv_free(est_i_csv *csv)
{
    if (csv) {
        csv_close(csv);
        free(csv->block);
        free(csv);
    }
}
