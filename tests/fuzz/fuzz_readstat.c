/* A libFuzzer target: small Stata and SPSS files that are damaged as the input says, then opened and scanned, whole and in chunks,
 * on one thread and on several. All give the same cells, or all a fault; with several threads it is the same as with one.
 *
 * The input: the file (one byte), where it is cut (two bytes, 0 = not at all), then edits of four bytes: how, where (two), what. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <readstat.h>

#include "data/readstat.h"
#include "data/scan.h"
#include "data/source_parts.h"

#define FIELDS_MAX 24
#define ROWS_MAX 20000 /* a header may promise more than anybody waits for */
#define THREADS 3

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(int good)
{
    if (!good)
        abort();
}

/* ---- the files ---- */

typedef struct file_bytes {
    char *data;
    size_t length;
} file_bytes;

static const struct {
    bool is_spss;
    uint8_t version; /* of Stata */
    readstat_compress_t compression;
} forms[] = {
    {false, 104, READSTAT_COMPRESS_NONE}, {false, 108, READSTAT_COMPRESS_NONE}, {false, 111, READSTAT_COMPRESS_NONE},
    {false, 114, READSTAT_COMPRESS_NONE}, {false, 115, READSTAT_COMPRESS_NONE}, {false, 117, READSTAT_COMPRESS_NONE},
    {false, 118, READSTAT_COMPRESS_NONE}, {false, 119, READSTAT_COMPRESS_NONE}, {true, 0, READSTAT_COMPRESS_NONE},
    {true, 0, READSTAT_COMPRESS_ROWS},    {true, 0, READSTAT_COMPRESS_BINARY},
};
enum { FORMS = sizeof forms / sizeof *forms, ROWS = 5 };

static ssize_t take_bytes(const void *data, size_t length, void *user)
{
    file_bytes *file = user;
    file->data = realloc(file->data, file->length + length);
    check(file->data != NULL);
    memcpy(file->data + file->length, data, length);
    file->length += length;
    return (ssize_t)length;
}

static void good(readstat_error_t code)
{
    check(code == READSTAT_OK);
}

typedef struct file_variables {
    readstat_variable_t *number, *text, *small, *long_text;
    readstat_string_ref_t *reference;
} file_variables;

static void add_variables(readstat_writer_t *writer, size_t form, file_variables *v)
{
    bool is_spss = forms[form].is_spss, has_tags = !is_spss && forms[form].version >= 113;
    readstat_label_set_t *set = readstat_add_label_set(writer, is_spss ? READSTAT_TYPE_DOUBLE : READSTAT_TYPE_INT32, "set");
    if (is_spss)
        readstat_label_double_value(set, 98, "don't know");
    else
        readstat_label_int32_value(set, 98, "don't know");
    if (has_tags)
        readstat_label_tagged_value(set, 'r', "refused");
    *v = (file_variables){0};
    v->number = readstat_add_variable(writer, "number", READSTAT_TYPE_DOUBLE, 0);
    v->text = readstat_add_variable(writer, "text", READSTAT_TYPE_STRING, is_spss ? 300 : 10);
    v->small = readstat_add_variable(writer, "small", is_spss ? READSTAT_TYPE_DOUBLE : READSTAT_TYPE_INT8, 0);
    readstat_variable_set_label_set(v->small, set);
    readstat_variable_set_label(v->small, "A small one");
    if (is_spss) {
        readstat_variable_add_missing_double_range(v->number, 90, 99);
        readstat_variable_add_missing_double_value(v->small, 98);
    } else if (forms[form].version >= 117) {
        v->long_text = readstat_add_variable(writer, "story", READSTAT_TYPE_STRING_REF, 0);
        v->reference = readstat_add_string_ref(writer, "a long text");
    }
}

static void write_rows(readstat_writer_t *writer, size_t form, const file_variables *v)
{
    bool is_spss = forms[form].is_spss, has_tags = !is_spss && forms[form].version >= 113;
    for (int row = 0; row < ROWS; row++) {
        good(readstat_begin_row(writer));
        good(readstat_insert_double_value(writer, v->number, row == 1 ? 95 : row + 0.5));
        good(readstat_insert_string_value(writer, v->text, row == 2 ? "" : "abc"));
        if (row == 3)
            good(readstat_insert_missing_value(writer, v->small));
        else if (row == 4 && has_tags)
            good(readstat_insert_tagged_missing_value(writer, v->small, 'r'));
        else if (is_spss)
            good(readstat_insert_double_value(writer, v->small, row == 4 ? 98 : row));
        else
            good(readstat_insert_int8_value(writer, v->small, (int8_t)row));
        if (v->long_text)
            good(readstat_insert_string_ref(writer, v->long_text, v->reference));
        good(readstat_end_row(writer));
    }
}

static const file_bytes *whole_file(size_t form)
{
    static file_bytes files[FORMS];
    file_bytes *file = &files[form];
    if (file->length > 0)
        return file;
    readstat_writer_t *writer = readstat_writer_init();
    file_variables variables;
    check(writer != NULL);
    readstat_set_data_writer(writer, take_bytes);
    readstat_writer_set_file_timestamp(writer, 1700000000);
    add_variables(writer, form, &variables);
    if (forms[form].is_spss) {
        good(readstat_writer_set_compression(writer, forms[form].compression));
        good(readstat_begin_writing_sav(writer, file, ROWS));
    } else {
        good(readstat_writer_set_file_format_version(writer, forms[form].version));
        good(readstat_begin_writing_dta(writer, file, ROWS));
    }
    write_rows(writer, form, &variables);
    good(readstat_end_writing(writer));
    readstat_writer_free(writer);
    return file;
}

static void edit(char *data, size_t length, const uint8_t *how)
{
    size_t at = (size_t)(how[1] | how[2] << 8) % length, most = length - at, from = (size_t)how[3] * 7 % length;
    switch (how[0] % 5) {
    case 0:
        data[at] = (char)how[3];
        break;
    case 1:
        data[at] = (char)(data[at] ^ 1 << how[3] % 8);
        break;
    case 2: /* a number of four bytes */
        memset(data + at, how[3] & 1 ? 0xFF : 0, most < 4 ? most : 4);
        data[at] = (char)how[3];
        break;
    case 3:
        memset(data + at, how[3], most < 8 ? most : 8);
        break;
    default: /* bytes from elsewhere */
        if (from + most <= length)
            memmove(data + at, data + from, most < 16 ? most : 16);
    }
}

/* ---- reading ---- */

typedef struct reading {
    size_t n_fields, next_chunk;
    est_i_field fields[FIELDS_MAX];
    long long rows;
    uint64_t hash;
} reading;

static void add(uint64_t *hash, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        *hash = (*hash ^ at[i]) * 0x100000001b3u;
}

/* Rows are told one by one, so that it does not matter how they are cut. */
typedef struct reading_part {
    uint64_t *row_hash;
    size_t n;
} reading_part;

static void *part_new(void *user, size_t chunk)
{
    (void)user, (void)chunk;
    return calloc(1, sizeof(reading_part));
}

static void part_free(void *user, void *part)
{
    reading_part *own = part;
    (void)user;
    if (own)
        free(own->row_hash);
    free(own);
}

static uint64_t hash_row(const reading *all, const est_i_scan_batch *batch, size_t row)
{
    uint64_t hash = 0;
    for (size_t f = 0; f < all->n_fields; f++) {
        if (all->fields[f].kind == EST_I_FIELD_NUMBER) {
            double number = isnan(batch->number[f][row]) ? -12345 : batch->number[f][row];
            check(isfinite(number));
            add(&hash, &number, sizeof number);
            continue;
        }
        uint32_t code = batch->label[f][row];
        const char *text = code < EST_I_CODE_FIRST ? "" : est_i_dictionary_text(&batch->dictionary[f], code - EST_I_CODE_FIRST);
        check(code < EST_I_CODE_FIRST || code - EST_I_CODE_FIRST < batch->dictionary[f].count);
        check(all->fields[f].kind != EST_I_FIELD_REASON || code != EST_I_CODE_NA);
        add(&hash, text, strlen(text) + 1);
        add(&hash, code < EST_I_CODE_FIRST ? "m" : "t", 1);
    }
    return hash;
}

static est_status take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    const reading *all = user;
    reading_part *own = part;
    (void)error;
    own->row_hash = realloc(own->row_hash, (own->n + batch->n_rows) * sizeof *own->row_hash);
    check(own->row_hash != NULL);
    for (size_t row = 0; row < batch->n_rows; row++)
        own->row_hash[own->n++] = hash_row(all, batch, row);
    return EST_OK;
}

static est_status settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    reading *all = user;
    reading_part *own = part;
    (void)dictionary, (void)error;
    check(chunk == all->next_chunk++);
    for (size_t row = 0; row < own->n; row++)
        add(&all->hash, &own->row_hash[row], sizeof *own->row_hash);
    all->rows += (long long)own->n;
    part_free(user, part);
    return EST_OK;
}

static est_status scan(est_source *source, reading *all, size_t chunk_rows, int threads, est_error *error)
{
    static const est_i_scan_consumer consumer = {part_new, take, settle, part_free};
    long long records = 0;
    est_i_source_set_chunks(source, 1, chunk_rows);
    all->next_chunk = 0;
    all->rows = 0;
    all->hash = 0;
    est_status status = est_i_scan(source, all->n_fields, all->fields, 0, SIZE_MAX, &consumer, all, threads, NULL, &records, error);
    check(status != EST_OK || (records == all->rows && records == source->n_rows));
    check(status == EST_OK || (error->code == status && *error->message));
    return status;
}

/* Every column as a label and, if it holds numbers, as numbers and with its reasons; its labels. */
static void choose_fields(const est_source *source, reading *all)
{
    for (size_t column = 0; column < est_source_columns(source) && all->n_fields + 3 <= FIELDS_MAX; column++) {
        const char *const values[] = {"98", ".r", "abc", "1"};
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            const char *label = est_i_source_value_label(source, column, values[i]);
            check(!label || strlen(label) < 100000);
        }
        check(strlen(est_i_source_variable_label(source, column)) < 100000);
        all->fields[all->n_fields++] = (est_i_field){column, EST_I_FIELD_LABEL};
        if (source->column_kinds[column] == EST_COLUMN_NUMBER)
            all->fields[all->n_fields++] = (est_i_field){column, EST_I_FIELD_NUMBER};
        if (est_i_source_has_reasons(source, column))
            all->fields[all->n_fields++] = (est_i_field){column, EST_I_FIELD_REASON};
    }
}

/* Behind the rows of each chunk ReadStat reads to the end of the file: of two faults the chunks may tell the later one. */
static void scan_all(est_source *source, bool threads)
{
    reading all = {0};
    est_error whole = {0}, one = {0}, other = {0};
    choose_fields(source, &all);
    est_status status = scan(source, &all, ROWS_MAX, 1, &whole);
    uint64_t hash = all.hash;
    est_status in_chunks = scan(source, &all, 2, 1, &one);
    check((status == EST_OK) == (in_chunks == EST_OK));
    check(status != EST_OK || all.hash == hash);
    if (!threads)
        return;
    check(scan(source, &all, 2, THREADS, &other) == in_chunks);
    check(status != EST_OK || all.hash == hash);
    check(in_chunks == EST_OK || (strcmp(one.message, other.message) == 0 && one.record == other.record));
}

static void read_file(const file_bytes *file, bool is_spss, bool threads)
{
    est_error error = {0};
    est_i_monitor monitor;
    est_source *source = est_i_source_new("fuzz");
    check(source != NULL);
    est_i_monitor_start(&monitor, NULL);
    source->memory = file->data;
    source->n_bytes = file->length;
    source->kind = is_spss ? &est_i_spss_kind : &est_i_stata_kind;
    est_status status = source->kind->open(source, &monitor, &error);
    check(status == EST_OK || (error.code == status && *error.message));
    if (status == EST_OK && source->n_rows <= ROWS_MAX)
        scan_all(source, threads);
    est_source_free(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < 3)
        return 0;
    size_t form = bytes[0] % FORMS;
    const file_bytes *whole = whole_file(form);
    size_t cut = (size_t)(bytes[1] | bytes[2] << 8) % whole->length;
    /* A copy of its own, so that a byte behind its end is noticed. */
    file_bytes file = {malloc(whole->length), cut ? cut : whole->length};
    check(file.data != NULL);
    memcpy(file.data, whole->data, whole->length);
    file.data = realloc(file.data, file.length);
    check(file.data != NULL);
    for (size_t at = 3; at + 4 <= length; at += 4)
        edit(file.data, file.length, bytes + at);
    read_file(&file, forms[form].is_spss, bytes[0] >= 220); /* to start threads takes longer than all else */
    free(file.data);
    return 0;
}
