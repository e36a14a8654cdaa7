/* Hostile CSV: every fault gives its own status, record, line and column, and says what was found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <est/table.h>

#include "data/csv.h"
#include "data/table.h"

#define BYTES(literal) literal, sizeof literal - 1

static void expect_fault(const char *bytes, size_t length, est_status code, long long record, long long line,
                         const char *column, const char *words)
{
    est_error error;
    est_table *table = NULL;
    assert_int_equal(est_table_parse_csv("x.csv", bytes, length, NULL, &table, &error), code);
    assert_null(table);
    assert_int_equal(error.code, code);
    assert_string_equal(error.where, "x.csv");
    assert_int_equal(error.record, record);
    assert_int_equal(error.line, line);
    assert_string_equal(error.column, column);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    assert_non_null(strstr(error.message, "x.csv"));
}

static est_table *expect_table(const char *bytes, size_t length, size_t rows, size_t columns)
{
    est_error error;
    est_table *table = NULL;
    if (est_table_parse_csv("x.csv", bytes, length, NULL, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    assert_int_equal(est_table_rows(table), rows);
    assert_int_equal(est_table_columns(table), columns);
    return table;
}

static void expect_text(const est_table *table, size_t column, size_t row, const char *expected)
{
    char buffer[32];
    const char *text = est_table_text(table, column, row, buffer);
    if (expected)
        assert_string_equal(text, expected);
    else
        assert_null(text);
}

static void test_plain(void **state)
{
    (void)state;
    est_table *table = expect_table(BYTES("a,b\n1,x\n2,y\n"), 2, 2);
    assert_string_equal(est_table_column_name(table, 1), "b");
    assert_true(est_table_number(table, 0, 1) == 2);
    expect_text(table, 1, 1, "y");
    assert_int_equal(est_i_table_place(table, 1, 1).line, 3);
    est_table_free(table);
}

static void test_line_ends_and_bom(void **state)
{
    (void)state;
    est_table *table = expect_table(BYTES("\xEF\xBB\xBF"
                                          "a,b\r\n1,x\r\n\r\n2,y"),
                                    2, 2);
    assert_string_equal(est_table_column_name(table, 0), "a");
    expect_text(table, 1, 1, "y");
    assert_int_equal(est_i_table_place(table, 1, 1).record, 2);
    assert_int_equal(est_i_table_place(table, 1, 1).line, 0); /* a blank line stands between */
    est_table_free(table);
    table = expect_table(BYTES("a,b\r\r\n1,x\r\r\n"), 1, 2);
    est_table_free(table);
}

static void test_delimiters(void **state)
{
    (void)state;
    est_table *table = expect_table(BYTES("a;b\n1;2,5\n"), 1, 2);
    expect_text(table, 1, 0, "2,5");
    assert_int_equal(est_table_column_kind(table, 1), EST_COLUMN_TEXT);
    est_table_free(table);
    table = expect_table(BYTES("a\tb\n\t\n1\t2\n"), 2, 2);
    expect_text(table, 0, 0, NULL);
    est_table_free(table);
    table = expect_table(BYTES("\"a;;;\",b\n1,2\n"), 1, 2);
    assert_string_equal(est_table_column_name(table, 0), "a;;;");
    est_table_free(table);
}

static void test_missing_and_empty(void **state)
{
    (void)state;
    est_table *table = expect_table(BYTES("a,b\n,\"\"\nNA, z \nx,\"a \"\"b\"\", c\nd\"\n"), 3, 2);
    expect_text(table, 0, 0, NULL);
    expect_text(table, 1, 0, "");
    assert_int_equal(est_i_table_missing(table, 0, 0), EST_I_MISSING_EMPTY);
    expect_text(table, 0, 1, NULL);
    assert_int_equal(est_i_table_missing(table, 0, 1), EST_I_MISSING_NA);
    expect_text(table, 1, 1, "z");
    expect_text(table, 1, 2, "a \"b\", c\nd");
    est_table_free(table);
}

static void test_nothing_there(void **state)
{
    (void)state;
    expect_fault("", 0, EST_EFORMAT, 0, 0, "", "empty");
    expect_fault(BYTES("\xEF\xBB\xBF"), EST_EFORMAT, 0, 0, "", "empty");
    expect_fault(BYTES("a,b\n"), EST_EFORMAT, 0, 0, "", "header only");
    expect_fault(BYTES("a,b"), EST_EFORMAT, 0, 0, "", "header only");
    expect_fault(BYTES("\na,b\n1,2\n"), EST_EFORMAT, 0, 1, "", "blank line");
    expect_fault(BYTES("  "), EST_EFORMAT, 0, 1, "", "blank line");
}

static void test_header(void **state)
{
    (void)state;
    expect_fault(BYTES("a,,c\n1,2,3\n"), EST_ECOLUMN, 0, 1, "", "field 2 of the header is empty");
    expect_fault(BYTES("a,\"\",c\n1,2,3\n"), EST_ECOLUMN, 0, 1, "", "field 2 of the header is empty");
    expect_fault(BYTES("a,b,a\n1,2,3\n"), EST_ECOLUMN, 0, 1, "a", "fields 1 and 3");
    expect_fault(BYTES("a,b,\n1,2,\n"), EST_ECOLUMN, 0, 1, "", "field 3");
}

static void test_ragged(void **state)
{
    (void)state;
    expect_fault(BYTES("a,b\n1,2\n3\n"), EST_EFORMAT, 2, 3, "", "found 1 field, expected 2");
    expect_fault(BYTES("a,b\n1,2,3\n"), EST_EFORMAT, 1, 2, "", "found 3 fields, expected 2");
    expect_fault(BYTES("a,b\n1;2\n"), EST_EFORMAT, 1, 2, "", "parted by commas");
    expect_fault(BYTES("a,b\n1,2\n\x1a"), EST_EFORMAT, 2, 3, "", "found 1 field");
    expect_fault(BYTES("a,b\n\n\n1\n"), EST_EFORMAT, 1, 4, "", "found 1 field");
    /* Two stray quotation marks join two lines into one record, which libcsv takes. */
    expect_fault(BYTES("a,b,c\nx,\"abc\n2,def\",3,4\n"), EST_EFORMAT, 1, 2, "", "stray quotation mark");
}

static void test_quotes(void **state)
{
    (void)state;
    expect_fault(BYTES("a,b\n1,5\" pipe\n"), EST_EFORMAT, 1, 2, "b", "stray quotation mark");
    expect_fault(BYTES("a,b\n1,2\n\"ab\"cd,2\n"), EST_EFORMAT, 2, 3, "a", "after the closing quotation mark");
    expect_fault(BYTES("a,b\n1,\"a \"b\" c\"\n"), EST_EFORMAT, 1, 2, "b", "quotation mark");
    expect_fault(BYTES("a,b\n1,2\n3,\"x\n4,5\n"), EST_EFORMAT, 2, 3, "", "without a closing quotation");
    expect_fault(BYTES("\"a,b\n1,2\n"), EST_EFORMAT, 0, 1, "", "without a closing quotation");
}

static void test_encoding(void **state)
{
    (void)state;
    expect_fault(BYTES("a,b\n1,2\0003\n"), EST_EFORMAT, 1, 2, "b", "NUL");
    expect_fault(BYTES("a,b\n1,2\n3,Gar\xE7on\n"), EST_EFORMAT, 2, 3, "b", "UTF-8");
    expect_fault(BYTES("a,b\n1,2\n3,caf\xE9\n"), EST_EFORMAT, 2, 3, "b", "UTF-8");
    expect_fault(BYTES("a,b\n1,\xC0\xAF\n"), EST_EFORMAT, 1, 2, "b", "0xC0");
    expect_fault(BYTES("a,b\n1,\xED\xA0\x80\n"), EST_EFORMAT, 1, 2, "b", "UTF-8");
    expect_fault(BYTES("a,b\n1,\xE2\x82"), EST_EFORMAT, 1, 2, "b", "middle of a UTF-8 character");
    expect_fault(BYTES("\xFF\xFE"
                       "a\0,\0b\0\n\0"),
                 EST_EFORMAT, 0, 0, "", "UTF-16");
    expect_fault(BYTES("a\0,\0b\0\n\0"), EST_EFORMAT, 0, 1, "", "UTF-16");
    expect_fault(BYTES("PK\x03\x04rest"), EST_EFORMAT, 0, 0, "", "spreadsheet");
    expect_fault(BYTES("$FL2rest"), EST_EFORMAT, 0, 0, "", "SPSS");
    est_table *table = expect_table(BYTES("name,b\nW\xC3\xA9,\xF0\x9F\x98\x80\n"), 1, 2);
    expect_text(table, 0, 0, "W\xC3\xA9");
    est_table_free(table);
}

static void test_carriage_returns(void **state)
{
    (void)state;
    expect_fault(BYTES("a,b\n1,x\ry\n"), EST_EFORMAT, 2, 2, "a", "carriage return");
    expect_fault(BYTES("a,b\r1,2\r3,4\r"), EST_EFORMAT, 1, 1, "a", "carriage return");
    expect_fault(BYTES("a\n1\r\"x\ny\"\n"), EST_EFORMAT, 2, 2, "a", "carriage return");
    est_table *table = expect_table(BYTES("a,b\n1,\"x\ry\"\n"), 1, 2);
    expect_text(table, 1, 0, "x\ry");
    est_table_free(table);
}

static void test_one_column(void **state)
{
    (void)state;
    expect_fault(BYTES("a\n1\n\n2\n"), EST_EFORMAT, 2, 3, "a", "blank line");
    expect_fault(BYTES("a\n1\n  \r\n2\n"), EST_EFORMAT, 2, 3, "a", "blank line");
    expect_fault(BYTES("a\n\n"), EST_EFORMAT, 1, 2, "a", "blank line");
    est_table *table = expect_table(BYTES("a\n1\nNA\n\"\"\n\"\n\nx\"\n"), 4, 1);
    expect_text(table, 0, 1, NULL);
    expect_text(table, 0, 2, "");
    expect_text(table, 0, 3, "\n\nx");
    est_table_free(table);
}

static void test_long_fields(void **state)
{
    (void)state;
    size_t length = (size_t)3 << 20;
    char *bytes = malloc(length);
    if (!bytes) {
        fail_msg("no memory");
        return;
    }
    memset(bytes, 'x', length);
    memcpy(bytes, "a,b\n1,2\n3,\"", 11);
    expect_fault(bytes, length, EST_EFORMAT, 2, 3, "", "more than 1 MiB");
    memset(bytes + 11, '\n', length - 11);
    expect_fault(bytes, length, EST_EFORMAT, 2, 3, "", "more than 1 MiB");
    /* Just below the limit it is a field like any other. */
    size_t field = EST_I_CSV_FIELD_MAX - 8192;
    memset(bytes, 'x', length);
    memcpy(bytes, "a,b\n1,", 6);
    memcpy(bytes + 6 + field, "\n3,4\n", 5);
    est_table *table = expect_table(bytes, 6 + field + 5, 2, 2);
    char buffer[32];
    assert_int_equal(strlen(est_table_text(table, 1, 0, buffer)), field);
    est_table_free(table);
    free(bytes);
}

/* Every place where a block can end must give the same table. */
typedef struct trickle {
    const char *bytes;
    size_t left, step;
} trickle;

static est_status read_trickle(void *state, char *buffer, size_t size, size_t *got, est_error *error)
{
    trickle *source = state;
    (void)error;
    *got = source->left < source->step ? source->left : source->step;
    if (*got > size)
        *got = size;
    memcpy(buffer, source->bytes, *got);
    source->bytes += *got;
    source->left -= *got;
    return EST_OK;
}

static void test_block_ends(void **state)
{
    (void)state;
    /* Records of 13 bytes, so that in 13 shifts a block of 64 KiB ends at each of their bytes. */
    const char *record = "\xC3\xA9,\"a\"\"\nb\",7\r\n";
    size_t n = 6000, size = strlen(record), length;
    char *bytes = malloc(64 + n * size);
    if (!bytes) {
        fail_msg("no memory");
        return;
    }
    for (size_t shift = 0; shift < size; shift++) {
        est_error error;
        est_table *table = NULL;
        memcpy(bytes, "a", 1);
        memset(bytes + 1, 'a', shift);
        memcpy(bytes + 1 + shift, ",b,c\r\n", 6);
        length = 7 + shift;
        for (size_t i = 0; i < n; i++, length += size)
            memcpy(bytes + length, record, size);
        trickle source = {bytes, length, 1 + shift * 97};
        est_i_bytes input = {"x.csv", read_trickle, &source, 0};
        est_i_csv *csv = est_i_csv_new(&input, NULL);
        assert_non_null(csv);
        assert_int_equal(est_i_batch_run(&est_i_csv_source, csv, &est_i_table_consumer, &table, NULL, &error),
                         EST_OK);
        assert_int_equal(est_table_rows(table), n);
        for (size_t row = 0; row < n; row++) {
            expect_text(table, 0, row, "\xC3\xA9");
            expect_text(table, 1, row, "a\"\nb");
            assert_true(est_table_number(table, 2, row) == 7);
        }
        est_i_csv_free(csv);
        est_table_free(table);
    }
    free(bytes);
}

static void test_fault_in_a_later_block(void **state)
{
    (void)state;
    size_t n = 100000, length = 4;
    char *bytes = malloc(n * 4 + 16);
    if (!bytes) {
        fail_msg("no memory");
        return;
    }
    memcpy(bytes, "a,b\n", 4);
    for (size_t i = 0; i < n; i++, length += 4)
        memcpy(bytes + length, "1,2\n", 4);
    memcpy(bytes + length, "3,x\"\n", 5);
    expect_fault(bytes, length + 5, EST_EFORMAT, 100001, 100002, "b", "stray");
    free(bytes);
}

static void test_many_columns(void **state)
{
    (void)state;
    size_t n = 100000, length = 0;
    char *bytes = malloc(n * 10);
    if (!bytes) {
        fail_msg("no memory");
        return;
    }
    for (size_t i = 0; i < n; i++)
        length += (size_t)sprintf(bytes + length, "%sc%zu", i ? "," : "", i);
    length += (size_t)sprintf(bytes + length, "\n1");
    for (size_t i = 1; i < n; i++)
        length += (size_t)sprintf(bytes + length, ",1");
    est_table *table = expect_table(bytes, length, 1, n);
    assert_int_equal(est_table_find(table, "c99999"), 99999);
    est_table_free(table);
    free(bytes);
}

static void expect_open_fault(const char *path, est_status code, const char *words)
{
    est_error error;
    est_table *table = NULL;
    assert_int_equal(est_table_open(path, NULL, &table, &error), code);
    assert_null(table);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
}

static void test_files(void **state)
{
    (void)state;
    expect_open_fault("no/such/file.csv", EST_EFILE, "no/such/file.csv");
    expect_open_fault("/", EST_EFILE, "folder");
    expect_open_fault("", EST_EFILE, "no name");
    expect_open_fault(NULL, EST_EFILE, "no name");
    char path[] = "test_data_csv_XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, "a,b\n1,2\n", 8), 8);
    close(descriptor);
    est_error error;
    est_table *table = NULL;
    assert_int_equal(est_table_open(path, NULL, &table, &error), EST_OK);
    assert_int_equal(est_table_rows(table), 1);
    assert_string_equal(est_table_name(table), path);
    assert_false(est_table_is_public(table));
    est_table_free(table);
    unlink(path);
}

static int stop_at_once(void *user)
{
    (void)user;
    return 1;
}

static void test_cancel(void **state)
{
    (void)state;
    est_error error;
    est_table *table = NULL;
    est_context context = est_context_default();
    context.poll = stop_at_once;
    size_t n = 4000000, length = 4;
    char *bytes = malloc(n * 4 + 16);
    if (!bytes) {
        fail_msg("no memory");
        return;
    }
    memcpy(bytes, "a,b\n", 4);
    for (size_t i = 0; i < n; i++, length += 4)
        memcpy(bytes + length, "1,2\n", 4);
    assert_int_equal(est_table_parse_csv("x.csv", bytes, length, &context, &table, &error), EST_ECANCELLED);
    assert_null(table);
    free(bytes);
}

/* A million records, each with a name of its own, made while they are read. */
typedef struct stream {
    size_t next, last;
    char line[32];
    size_t used, length;
    est_i_csv *csv;
    size_t rows, most_texts, most_bytes;
} stream;

static est_status read_stream(void *state, char *buffer, size_t size, size_t *got, est_error *error)
{
    stream *s = state;
    (void)error;
    *got = 0;
    while (*got < size && (s->used < s->length || s->next <= s->last)) {
        if (s->used == s->length) {
            s->length = (size_t)snprintf(s->line, sizeof s->line, "name %zu,%zu\n", s->next, s->next % 3);
            s->used = 0;
            s->next++;
        }
        size_t part = s->length - s->used < size - *got ? s->length - s->used : size - *got;
        memcpy(buffer + *got, s->line + s->used, part);
        s->used += part;
        *got += part;
    }
    return EST_OK;
}

static est_status start_stream(void *consumer, const est_i_schema *schema, est_error *error)
{
    (void)consumer;
    (void)schema;
    (void)error;
    return EST_OK;
}

static est_status take_stream(void *consumer, const est_i_schema *schema, const est_i_batch *batch, est_error *error)
{
    stream *s = consumer;
    (void)error;
    for (size_t row = 0; row < batch->n_rows; row++) {
        char name[32], digit[32];
        snprintf(name, sizeof name, "name %zu", s->rows + row);
        snprintf(digit, sizeof digit, "%zu", (s->rows + row) % 3);
        assert_string_equal(est_i_dictionary_text(&schema->dictionaries[0], batch->codes[0][row] - EST_I_CODE_FIRST), name);
        assert_string_equal(est_i_dictionary_text(&schema->dictionaries[1], batch->codes[1][row] - EST_I_CODE_FIRST), digit);
    }
    s->rows += batch->n_rows;
    s->most_texts = schema->dictionaries[0].count > s->most_texts ? schema->dictionaries[0].count : s->most_texts;
    s->most_bytes = schema->dictionaries[0].bytes_capacity;
    est_i_csv_forget(s->csv);
    assert_int_equal(schema->dictionaries[0].count, 0);
    return EST_OK;
}

static est_status finish_stream(void *consumer, est_i_schema *schema, est_error *error)
{
    return start_stream(consumer, schema, error);
}

static void test_forget(void **state)
{
    (void)state;
    static const est_i_consumer_type type = {start_stream, take_stream, finish_stream};
    stream s = {.last = 999999};
    est_error error;
    s.length = (size_t)snprintf(s.line, sizeof s.line, "name,digit\n");
    est_i_bytes bytes = {"stream", read_stream, &s, 0};
    s.csv = est_i_csv_new(&bytes, NULL);
    assert_non_null(s.csv);
    if (est_i_batch_run(&est_i_csv_source, s.csv, &type, &s, NULL, &error) != EST_OK)
        fail_msg("%s", error.message);
    est_i_csv_free(s.csv);
    assert_int_equal(s.rows, 1000000);
    assert_int_equal(s.most_texts, EST_I_BATCH_ROWS);
    assert_true(s.most_bytes <= 32 * EST_I_BATCH_ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),         cmocka_unit_test(test_line_ends_and_bom),
        cmocka_unit_test(test_delimiters),    cmocka_unit_test(test_missing_and_empty),
        cmocka_unit_test(test_nothing_there), cmocka_unit_test(test_header),
        cmocka_unit_test(test_ragged),        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_encoding),      cmocka_unit_test(test_carriage_returns),
        cmocka_unit_test(test_one_column),    cmocka_unit_test(test_long_fields),
        cmocka_unit_test(test_block_ends),    cmocka_unit_test(test_fault_in_a_later_block),
        cmocka_unit_test(test_many_columns),  cmocka_unit_test(test_files),
        cmocka_unit_test(test_cancel),        cmocka_unit_test(test_forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
