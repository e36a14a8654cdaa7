/* A libFuzzer target: any bytes as CSV, by the strict reader and by scans with chunks of any size on several threads. Both give the
 * same cells, or the same fault at the same place. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <est/source.h>
#include <est/table.h>

#include "data/scan.h"
#include "data/source_parts.h"
#include "data/table.h"

#define FIELDS_MAX 64
#define THREADS 3

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(int good)
{
    if (!good)
        abort();
}

typedef struct comparison {
    const est_table *table; /* NULL: the strict reader has refused the file */
    size_t n_fields;
    est_i_field fields[FIELDS_MAX];
    size_t chunk_bytes, next_chunk;
    long long rows; /* settled */
    uint64_t hash;  /* of chunks and rows settled */
} comparison;

typedef struct comparison_part {
    long long rows;
    uint64_t hash;
} comparison_part;

static void *part_new(void *user, size_t chunk)
{
    (void)user, (void)chunk;
    return calloc(1, sizeof(comparison_part));
}

static void part_free(void *user, void *part)
{
    (void)user;
    free(part);
}

static void add(uint64_t *hash, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        *hash = (*hash ^ at[i]) * 0x100000001b3u;
}

static const char *text_of(const est_i_scan_batch *batch, size_t field, size_t row)
{
    uint32_t code = batch->label[field][row];
    return code < EST_I_CODE_FIRST ? NULL : est_i_dictionary_text(&batch->dictionary[field], code - EST_I_CODE_FIRST);
}

static void compare_cell(const comparison *all, const est_i_scan_batch *batch, size_t field, size_t row)
{
    char buffer[32];
    size_t column = all->fields[field].column, record = (size_t)batch->first_record - 1 + row;
    check(record < est_table_rows(all->table));
    if (batch->number[field]) {
        double expected = est_table_number(all->table, column, record), found = batch->number[field][row];
        check((isnan(expected) && isnan(found)) || memcmp(&expected, &found, sizeof found) == 0);
    } else {
        const char *expected = est_table_text(all->table, column, record, buffer), *found = text_of(batch, field, row);
        check(expected ? found && strcmp(expected, found) == 0 : !found);
        check(found || (batch->label[field][row] == EST_I_CODE_NA) ==
                           (est_i_table_missing(all->table, column, record) == EST_I_MISSING_NA));
    }
}

static est_status take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    const comparison *all = user;
    comparison_part *own = part;
    (void)error;
    check(batch->n_rows > 0 && batch->n_rows <= EST_I_BATCH_ROWS);
    for (size_t row = 0; row < batch->n_rows; row++)
        for (size_t f = 0; f < all->n_fields; f++) {
            if (all->table && all->chunk_bytes == SIZE_MAX / 2)
                compare_cell(all, batch, f, row);
            if (batch->number[f])
                add(&own->hash, &batch->number[f][row], sizeof(double));
            else if (text_of(batch, f, row))
                add(&own->hash, text_of(batch, f, row), strlen(text_of(batch, f, row)) + 1);
            else
                add(&own->hash, &batch->label[f][row], sizeof(uint32_t));
        }
    own->rows += (long long)batch->n_rows;
    return EST_OK;
}

static est_status settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    comparison *all = user;
    comparison_part *own = part;
    (void)dictionary, (void)error;
    check(chunk == all->next_chunk++);
    all->rows += own->rows;
    add(&all->hash, &own->hash, sizeof own->hash);
    add(&all->hash, &own->rows, sizeof own->rows);
    free(part);
    return EST_OK;
}

static const est_i_scan_consumer compare_rows = {part_new, take, settle, part_free};

static est_status scan(est_source *source, comparison *all, int threads, est_error *error)
{
    long long records = 0;
    est_i_source_set_chunks(source, all->chunk_bytes, 1);
    all->next_chunk = 0;
    all->rows = 0;
    all->hash = 0;
    est_status status =
        est_i_scan(source, all->n_fields, all->fields, 0, SIZE_MAX, &compare_rows, all, threads, NULL, &records, error);
    check(status != EST_OK || records == all->rows);
    return status;
}

/* The first text that is no number; 0 = none. */
static long long first_bad_number(const comparison *all, size_t *column)
{
    for (size_t row = 0; row < est_table_rows(all->table); row++)
        for (*column = 0; *column < all->n_fields; ++*column)
            if (all->fields[*column].kind == EST_I_FIELD_NUMBER && !est_table_is_missing(all->table, *column, row) &&
                isnan(est_table_number(all->table, *column, row)))
                return (long long)row + 1;
    return 0;
}

static void expect_fault(const comparison *all, est_status status, const est_error *error, const est_error *strict)
{
    size_t column = 0;
    long long record = all->table ? first_bad_number(all, &column) : 0;
    if (all->table) {
        check(status == (record ? EST_EVALUE : EST_OK));
        check(!record || (error->record == record && strcmp(error->column, est_table_column_name(all->table, column)) == 0));
    } else if (status == EST_EVALUE) {
        check(error->record <= strict->record || strict->record == 0);
    } else {
        check(status == strict->code && error->record == strict->record && error->line == strict->line);
        check(strcmp(error->message, strict->message) == 0);
    }
}

static void check_same(const est_error *one, const est_error *other)
{
    check(one->code == other->code && one->record == other->record && one->line == other->line);
    check(strcmp(one->message, other->message) == 0 && strcmp(one->column, other->column) == 0);
}

static est_source *open_bytes(const uint8_t *bytes, size_t length, est_error *error)
{
    est_source *source = NULL;
    est_status status = est_i_source_of_bytes("fuzz", (const char *)bytes, length, NULL, &source, error);
    check((status == EST_OK) == (source != NULL));
    return source;
}

/* In small chunks: on one thread and on several, with the beginnings of the chunks known and not. */
static void scan_in_chunks(const uint8_t *bytes, size_t length, comparison *all, bool threads, const est_error *strict,
                           long long rows)
{
    est_error one, other;
    est_source *source = open_bytes(bytes, length, &one);
    est_status status = scan(source, all, 1, &one);
    uint64_t hash = all->hash;
    expect_fault(all, status, &one, strict);
    check(status != EST_OK || all->rows == rows);
    for (int pass = 0; threads && pass < 2; pass++) {
        check(scan(source, all, THREADS, &other) == status);
        if (status == EST_OK)
            check(all->hash == hash);
        else
            check_same(&one, &other);
        est_source_free(source);
        source = open_bytes(bytes, length, &other);
    }
    est_source_free(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    est_error strict = {0}, error;
    est_table *table = NULL;
    comparison all = {0};
    if (length < 2)
        return 0;
    size_t chunk_bytes = (size_t)bytes[0] % 64 + 1;
    bool threads = bytes[0] >= 192; /* to start threads takes longer than all else */
    unsigned numbers = bytes[1];
    bytes += 2;
    length -= 2;
    est_status status = est_table_parse_csv("fuzz", (const char *)bytes, length, NULL, &table, &strict);
    est_source *source = open_bytes(bytes, length, &error);
    if (!source) {
        check(status == error.code);
        check_same(&strict, &error);
    }
    all.table = table;
    all.n_fields = source && est_source_columns(source) <= FIELDS_MAX ? est_source_columns(source) : 0;
    for (size_t f = 0; f < all.n_fields; f++)
        all.fields[f] = (est_i_field){f, numbers >> f % 8 & 1 ? EST_I_FIELD_NUMBER : EST_I_FIELD_LABEL};
    if (source) {
        all.chunk_bytes = SIZE_MAX / 2;
        status = scan(source, &all, 1, &error);
        expect_fault(&all, status, &error, &strict);
        long long rows = all.rows;
        est_source_free(source);
        all.chunk_bytes = chunk_bytes;
        scan_in_chunks(bytes, length, &all, threads, &strict, rows);
    }
    est_table_free(table);
    return 0;
}
