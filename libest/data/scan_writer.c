#include "data/scan_writer.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "data/table.h"

/* Numbers */

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

bool est_i_number_plain(const char *text, size_t length, double *value)
{
    static const double powers[] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};
    const char *at = text, *end = text + length, *first;
    uint64_t digits = 0;
    size_t whole, decimals = 0;
    bool negative = at < end && *at == '-';
    at += negative;
    for (first = at; at < end && is_digit(*at); at++)
        digits = digits * 10 + (uint64_t)(*at - '0');
    whole = (size_t)(at - first);
    if (at < end && *at == '.') {
        for (first = ++at; at < end && is_digit(*at); at++)
            digits = digits * 10 + (uint64_t)(*at - '0');
        decimals = (size_t)(at - first);
    }
    /* Nineteen digits cannot overflow 64 bits. */
    if (at != end || whole + decimals == 0 || whole + decimals > 19 || digits > (uint64_t)1 << 53 || FLT_EVAL_METHOD != 0)
        return false;
    double parsed = decimals ? (double)digits / powers[decimals] : (double)digits;
    *value = negative ? -parsed : parsed;
    return true;
}

static bool read_number(const char *text, size_t length, double *value)
{
    return est_i_number_plain(text, length, value) || est_i_number_parse(text, length, value);
}

/* Labels */

static uint64_t load_bytes(const char *text, size_t count)
{
    uint64_t word = 0;
    memcpy(&word, text, count);
    return word;
}

/* Two loads that overlap hold every byte of a text of 4 to 16. */
static est_i_label_key key_of(const char *text, size_t length)
{
    est_i_label_key key = {0, 0, (uint32_t)length};
    if (length >= 8) {
        key.head = load_bytes(text, 8);
        key.tail = load_bytes(text + length - 8, 8);
    } else if (length >= 4) {
        key.head = load_bytes(text, 4);
        key.tail = load_bytes(text + length - 4, 4);
    } else if (length > 0) {
        key.head = load_bytes(text, 1) | load_bytes(text + length / 2, 1) << 8 | load_bytes(text + length - 1, 1) << 16;
    }
    return key;
}

static est_i_label_entry *cache_place(const est_i_row_column *column, const est_i_label_key *key)
{
    uint64_t hash = (key->head ^ key->tail << 7 ^ key->tail >> 23 ^ key->length) * 0x9e3779b97f4a7c15u;
    return &column->cache[(hash >> 32) & (EST_I_LABEL_CACHE - 1)];
}

static bool same_key(const est_i_label_key *a, const est_i_label_key *b)
{
    return a->head == b->head && a->tail == b->tail && a->length == b->length;
}

static uint32_t add_label(est_i_row_writer *writer, size_t field, const char *text, size_t length)
{
    uint32_t index = est_i_dictionary_add(&writer->dictionaries[field], text, length);
    writer->failed = writer->failed || index == EST_I_DICTIONARY_NONE;
    return index == EST_I_DICTIONARY_NONE ? EST_I_CODE_EMPTY : index + EST_I_CODE_FIRST;
}

uint32_t est_i_row_code(est_i_row_writer *writer, size_t field, const char *text, size_t length)
{
    if (length > 16)
        return add_label(writer, field, text, length);
    est_i_label_key key = key_of(text, length);
    est_i_label_entry *entry = cache_place(&writer->columns[field], &key);
    if (entry->code == 0 || !same_key(&entry->key, &key))
        *entry = (est_i_label_entry){key, add_label(writer, field, text, length)};
    return entry->code;
}

/* The shortest text of a number takes long to make: numbers met before are known by their bits. */
static uint32_t number_code(est_i_row_writer *writer, size_t field, double value)
{
    est_i_label_key key = {0, 0, UINT32_MAX};
    memcpy(&key.head, &value, sizeof key.head);
    est_i_label_entry *entry = cache_place(&writer->columns[field], &key);
    if (entry->code == 0 || !same_key(&entry->key, &key)) {
        char text[32];
        size_t length = est_i_number_print(value, text);
        *entry = (est_i_label_entry){key, add_label(writer, field, text, length)};
    }
    return entry->code;
}

/* Faults */

void est_i_row_no_number(est_i_row_writer *writer, size_t field, const char *text, size_t length)
{
    if (writer->fault_field != EST_I_NO_FIELD)
        return;
    writer->fault_field = field;
    writer->fault_row = writer->n_rows;
    writer->fault_text = malloc(length + 1);
    writer->failed = writer->failed || !writer->fault_text;
    if (writer->fault_text) {
        memcpy(writer->fault_text, text, length);
        writer->fault_text[length] = '\0';
    }
}

/* As a cell of a table is described. */
est_status est_i_describe_text(const char *text, char found[128], est_error *error)
{
    static const char empty[] = "empty text in quotation marks";
    est_table *table = NULL;
    est_status status = EST_OK;
    memcpy(found, empty, sizeof empty);
    if (!*text)
        return EST_OK;
    status = est_table_new("", 1, &table, error);
    if (status == EST_OK)
        status = est_table_add_text(table, "cell", &text, error);
    if (status == EST_OK)
        est_i_table_describe(table, 0, 0, true, found);
    est_table_free(table);
    return status;
}

#define EXPECTED_NUMBER "expected a number; write an empty field or NA for a missing value"

static est_status fail_number(est_i_row_writer *writer, size_t row, est_error *error)
{
    char found[128];
    est_i_place place = est_i_scan_place(writer->source, &writer->batch, row, writer->fields[writer->fault_field].column);
    est_status status = est_i_describe_text(writer->fault_text, found, error);
    if (status == EST_OK)
        status = est_i_fail_at(error, EST_EVALUE, place, "found %s, " EXPECTED_NUMBER, found);
    return status;
}

void est_i_expect_of_number(est_error *error, const char *expected)
{
    char *said = error ? strstr(error->message, EXPECTED_NUMBER) : NULL;
    if (said)
        snprintf(said, sizeof error->message - (size_t)(said - error->message), "expected %s", expected);
}

static void forget_fault(est_i_row_writer *writer)
{
    free(writer->fault_text);
    writer->fault_text = NULL;
    writer->fault_field = EST_I_NO_FIELD;
}

/* Batches */

bool est_i_row_writer_cancelled(const est_i_row_writer *writer)
{
    return est_i_monitor_cancelled(writer->monitor) || (writer->stop && atomic_load_explicit(writer->stop, memory_order_relaxed));
}

void est_i_row_writer_begin(est_i_row_writer *writer, void *part, long long record)
{
    est_i_row_writer_drop(writer);
    writer->part = part;
    writer->record = record;
    writer->n_taken = 0;
    writer->failed = false;
    writer->lines = (est_i_scan_lines){0};
    for (size_t f = 0; f < writer->n_fields; f++) {
        if (writer->dictionaries[f].count > 0)
            est_i_dictionary_clear(&writer->dictionaries[f]);
        if (writer->columns[f].cache)
            memset(writer->columns[f].cache, 0, EST_I_LABEL_CACHE * sizeof *writer->columns[f].cache);
    }
}

void est_i_row_writer_drop(est_i_row_writer *writer)
{
    writer->n_rows = 0;
    forget_fault(writer);
    for (size_t f = 0; writer->no_reasons && f < writer->n_fields; f++)
        if (writer->columns[f].has_reasons) {
            memset(writer->columns[f].label, 0, writer->capacity * sizeof *writer->columns[f].label);
            writer->columns[f].has_reasons = false;
        }
}

est_status est_i_row_writer_flush(est_i_row_writer *writer, est_error *error)
{
    est_status status = EST_OK;
    bool fault = writer->fault_field != EST_I_NO_FIELD;
    size_t rows = fault ? writer->fault_row : writer->n_rows;
    if (writer->failed)
        return est_i_no_memory(error);
    writer->batch.n_rows = rows;
    writer->batch.first_record = writer->record;
    if (rows > 0)
        status = writer->consumer->take(writer->user, writer->part, &writer->batch, error);
    if (status == EST_OK && fault)
        status = fail_number(writer, rows, error);
    writer->record += (long long)rows;
    writer->n_taken += (long long)rows;
    est_i_row_writer_drop(writer);
    return status;
}

/* Rows from the kinds that are not CSV */

size_t est_i_row_fields(const est_i_row_writer *writer)
{
    return writer->n_fields;
}

size_t est_i_row_field(const est_i_row_writer *writer, size_t column)
{
    return writer->first_field[column];
}

size_t est_i_row_next_field(const est_i_row_writer *writer, size_t field)
{
    return writer->next_field[field];
}

est_i_field est_i_row_field_at(const est_i_row_writer *writer, size_t field)
{
    return writer->fields[field];
}

void est_i_row_put_missing(est_i_row_writer *writer, size_t field, bool is_na)
{
    if (writer->fields[field].kind == EST_I_FIELD_NUMBER)
        writer->columns[field].number[writer->n_rows] = NAN;
    else
        writer->columns[field].label[writer->n_rows] = is_na ? EST_I_CODE_NA : EST_I_CODE_EMPTY;
}

est_status est_i_row_put_number(est_i_row_writer *writer, size_t field, double value, est_error *error)
{
    if (isnan(value))
        est_i_row_put_missing(writer, field, true);
    else if (writer->fields[field].kind == EST_I_FIELD_NUMBER)
        writer->columns[field].number[writer->n_rows] = value;
    else
        writer->columns[field].label[writer->n_rows] = number_code(writer, field, value);
    return writer->failed ? est_i_no_memory(error) : EST_OK;
}

est_status est_i_row_put_text(est_i_row_writer *writer, size_t field, const char *text, size_t length, est_error *error)
{
    if (writer->fields[field].kind == EST_I_FIELD_LABEL)
        writer->columns[field].label[writer->n_rows] = est_i_row_code(writer, field, text, length);
    else if (!read_number(text, length, &writer->columns[field].number[writer->n_rows]))
        est_i_row_no_number(writer, field, text, length);
    return writer->failed ? est_i_no_memory(error) : EST_OK;
}

static bool make_labels(est_i_row_writer *writer, size_t field)
{
    est_i_row_column *column = &writer->columns[field];
    if (!column->label)
        column->label = calloc(writer->capacity, sizeof *column->label);
    if (!column->cache)
        column->cache = calloc(EST_I_LABEL_CACHE, sizeof *column->cache);
    if (column->label)
        writer->labels[field] = column->label;
    return column->label && column->cache;
}

est_status est_i_row_put_reason(est_i_row_writer *writer, size_t field, const char *text, size_t length, est_error *error)
{
    est_i_row_column *column = &writer->columns[field];
    if (!column->cache && !make_labels(writer, field))
        return est_i_no_memory(error);
    column->label[writer->n_rows] = est_i_row_code(writer, field, text, length);
    column->has_reasons = true;
    return writer->failed ? est_i_no_memory(error) : EST_OK;
}

est_status est_i_row_end(est_i_row_writer *writer, est_error *error)
{
    est_status status = EST_OK;
    bool chunk_ends = writer->chunk_end && --writer->rows_to_go == 0;
    writer->n_rows++;
    if (writer->n_rows == writer->capacity || writer->fault_field != EST_I_NO_FIELD || chunk_ends) {
        status = est_i_row_writer_cancelled(writer) ? est_i_cancelled(error) : est_i_row_writer_flush(writer, error);
        if (status == EST_OK && chunk_ends)
            status = writer->chunk_end(writer->chunk_user, error);
    }
    return status;
}

/* Making */

static bool make_column(est_i_row_writer *writer, size_t field)
{
    est_i_row_column *column = &writer->columns[field];
    bool good;
    if (writer->fields[field].kind == EST_I_FIELD_NUMBER) {
        column->number = writer->numbers[field] = malloc(writer->capacity * sizeof *column->number);
        good = column->number != NULL;
    } else if (writer->fields[field].kind == EST_I_FIELD_LABEL) {
        good = make_labels(writer, field);
    } else {
        if (!writer->no_reasons)
            writer->no_reasons = calloc(writer->capacity, sizeof *writer->no_reasons);
        writer->labels[field] = writer->no_reasons;
        good = writer->no_reasons != NULL;
    }
    return good;
}

/* Fields of one column in a chain, in their order. */
static void chain_fields(est_i_row_writer *writer, size_t n_columns)
{
    for (size_t c = 0; c < n_columns; c++)
        writer->first_field[c] = EST_I_NO_FIELD;
    for (size_t f = writer->n_fields; f-- > 0;) {
        size_t column = writer->fields[f].column;
        writer->next_field[f] = writer->first_field[column];
        writer->first_field[column] = f;
    }
}

est_i_row_writer *est_i_row_writer_new(const est_source *source, size_t n_fields, const est_i_field *fields, size_t capacity)
{
    size_t n_columns = est_source_columns(source), n = n_fields ? n_fields : 1;
    est_i_row_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    writer->source = source;
    writer->fields = fields;
    writer->n_fields = n_fields;
    writer->capacity = capacity;
    writer->fault_field = EST_I_NO_FIELD;
    writer->first_field = malloc((n_columns ? n_columns : 1) * sizeof *writer->first_field);
    writer->next_field = malloc(n * sizeof *writer->next_field);
    writer->columns = calloc(n, sizeof *writer->columns);
    writer->numbers = calloc(n, sizeof *writer->numbers);
    writer->labels = calloc(n, sizeof *writer->labels);
    writer->dictionaries = calloc(n, sizeof *writer->dictionaries);
    bool good = writer->first_field && writer->next_field && writer->columns && writer->numbers && writer->labels &&
                writer->dictionaries;
    if (good)
        chain_fields(writer, n_columns);
    for (size_t f = 0; good && f < n_fields; f++)
        good = make_column(writer, f);
    if (good) {
        writer->batch.number = (const double *const *)writer->numbers;
        writer->batch.label = (const uint32_t *const *)writer->labels;
        writer->batch.dictionary = writer->dictionaries;
        writer->batch.lines = &writer->lines;
    } else {
        est_i_row_writer_free(writer);
        writer = NULL;
    }
    return writer;
}

void est_i_row_writer_free(est_i_row_writer *writer)
{
    if (!writer)
        return;
    for (size_t f = 0; f < writer->n_fields; f++) {
        if (writer->columns) {
            free(writer->columns[f].number);
            free(writer->columns[f].label);
            free(writer->columns[f].cache);
        }
        if (writer->dictionaries)
            est_i_dictionary_free(&writer->dictionaries[f]);
    }
    free(writer->columns);
    free(writer->numbers);
    free(writer->labels);
    free(writer->no_reasons);
    free(writer->dictionaries);
    free(writer->first_field);
    free(writer->next_field);
    free(writer->fault_text);
    free(writer);
}
