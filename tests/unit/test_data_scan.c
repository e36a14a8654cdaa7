/* Scans: the values, the same for every number of threads and cut; every fault as the strict reader tells it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <est/source.h>
#include <est/table.h>

#include "core/text.h"
#include "data/scan.h"
#include "data/scan_bytes.h"
#include "data/scan_writer.h"
#include "data/source_parts.h"
#include "data/table.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A consumer that writes down every chunk, row and cell, and can refuse a value. */

typedef struct listing {
    est_i_text text; /* what was settled */
    size_t n_fields;
    const est_i_field *fields;
    const est_source *source;
    const char *refused; /* a label that `take` refuses */
    long long rows;
} listing;

typedef struct listing_part {
    est_i_text text;
    long long rows;
} listing_part;

static void *part_new(void *user, size_t chunk)
{
    (void)user, (void)chunk;
    return calloc(1, sizeof(listing_part));
}

static void part_free(void *user, void *part)
{
    (void)user;
    if (part)
        est_i_text_free(&((listing_part *)part)->text);
    free(part);
}

static void list_cell(listing_part *part, const est_i_scan_batch *batch, size_t field, size_t row)
{
    if (batch->number[field]) {
        assert_null(batch->label[field]);
        est_i_text_number(&part->text, batch->number[field][row]);
    } else {
        uint32_t code = batch->label[field][row];
        if (code < EST_I_CODE_FIRST)
            est_i_text_append(&part->text, code == EST_I_CODE_NA ? "<NA>" : "<empty>");
        else
            est_i_text_printf(&part->text, "'%s'", est_i_dictionary_text(&batch->dictionary[field], code - EST_I_CODE_FIRST));
    }
    est_i_text_append(&part->text, " ");
}

static est_status take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    listing *all = user;
    listing_part *own = part;
    for (size_t row = 0; row < batch->n_rows; row++) {
        for (size_t f = 0; f < all->n_fields; f++) {
            uint32_t code = all->refused && batch->label[f] ? batch->label[f][row] : 0;
            if (code >= EST_I_CODE_FIRST &&
                strcmp(est_i_dictionary_text(&batch->dictionary[f], code - EST_I_CODE_FIRST), all->refused) == 0)
                return est_i_fail_at(error, EST_EVALUE, est_i_scan_place(all->source, batch, row, all->fields[f].column),
                                     "refused");
            list_cell(own, batch, f, row);
        }
        est_i_text_append(&own->text, "\n");
    }
    own->rows += (long long)batch->n_rows;
    return EST_OK;
}

static est_status settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    listing *all = user;
    listing_part *own = part;
    (void)dictionary, (void)error;
    est_i_text_printf(&all->text, "chunk %zu: %lld rows\n", chunk, own->rows);
    if (own->text.data)
        est_i_text_append(&all->text, own->text.data);
    all->rows += own->rows;
    part_free(user, part);
    return EST_OK;
}

static const est_i_scan_consumer list_rows = {part_new, take, settle, part_free};

static est_status list_chunks(est_source *source, const est_i_field *fields, size_t n_fields, size_t first, size_t last,
                              int threads, const char *refused, char **text, est_error *error)
{
    listing all = {.n_fields = n_fields, .fields = fields, .source = source, .refused = refused};
    long long records = -1;
    est_status status = est_i_scan(source, n_fields, fields, first, last, &list_rows, &all, threads, NULL, &records, error);
    if (status == EST_OK)
        assert_int_equal(records, all.rows);
    *text = est_i_text_take(&all.text);
    return status;
}

/* Files: what the strict reader makes of them is what a scan must make of them. */

#define FIELDS_MAX 8

static est_source *open_bytes(const char *bytes, size_t length, size_t chunk_bytes)
{
    est_error error;
    est_source *source = NULL;
    if (est_i_source_of_bytes("x.csv", bytes, length, NULL, &source, &error) != EST_OK)
        fail_msg("%s", error.message);
    est_i_source_set_chunks(source, chunk_bytes, 3);
    return source;
}

static size_t label_fields(const est_source *source, est_i_field fields[FIELDS_MAX])
{
    size_t n = est_source_columns(source);
    assert_true(n <= FIELDS_MAX);
    for (size_t c = 0; c < n; c++)
        fields[c] = (est_i_field){c, EST_I_FIELD_LABEL};
    return n;
}

/* The end of the line that begins at `at`, with its line feed; *blank: nothing but blanks on it. */
static size_t line_end(const char *bytes, size_t length, size_t at, bool *blank)
{
    bool quoted = false;
    *blank = true;
    for (; at < length; at++) {
        *blank = *blank && strchr(" \r\n", bytes[at]);
        quoted ^= bytes[at] == '"';
        if (!quoted && bytes[at] == '\n')
            return at + 1;
    }
    return at;
}

static void list_expected_row(est_i_text *text, const est_table *table, size_t row)
{
    char buffer[32];
    for (size_t c = 0; c < est_table_columns(table); c++) {
        const char *cell = est_table_text(table, c, row, buffer);
        if (cell)
            est_i_text_printf(text, "'%s' ", cell);
        else
            est_i_text_append(text, est_i_table_missing(table, c, row) == EST_I_MISSING_NA ? "<NA> " : "<empty> ");
    }
    est_i_text_append(text, "\n");
}

/* The listing of a file without faults, from the strict reader's table and a plain walk over the lines: a record is in the chunk in
 * which its first byte stands. */
static char *expected_listing(const char *bytes, size_t length, const est_table *table, size_t chunk_bytes)
{
    est_i_text all = {0};
    size_t row = 0, n_chunks = (length + chunk_bytes - 1) / chunk_bytes;
    bool blank = true;
    size_t at = 0, next = length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    next = line_end(bytes, length, next, &blank); /* the header */
    for (size_t k = 0; k < n_chunks; k++) {
        est_i_text rows = {0};
        long long count = 0;
        for (at = next; at < length && at / chunk_bytes == k; at = next) {
            next = line_end(bytes, length, at, &blank);
            if (!blank) {
                list_expected_row(&rows, table, row++);
                count++;
            }
        }
        next = at;
        est_i_text_printf(&all, "chunk %zu: %lld rows\n%s", k, count, rows.data ? rows.data : "");
        est_i_text_free(&rows);
    }
    assert_int_equal(row, est_table_rows(table));
    return est_i_text_take(&all);
}

static const int thread_counts[] = {1, 2, 7};

static void compare(const char *bytes, size_t length, size_t chunk_bytes, int threads, const char *expected, const est_error *fault)
{
    est_error error;
    char *text;
    est_i_field fields[FIELDS_MAX];
    est_source *source = open_bytes(bytes, length, chunk_bytes);
    size_t n = label_fields(source, fields);
    for (int pass = 0; pass < 2; pass++) { /* the second knows where the chunks begin */
        est_status status = list_chunks(source, fields, n, 0, SIZE_MAX, threads, NULL, &text, &error);
        if (expected) {
            if (status != EST_OK)
                fail_msg("%s", error.message);
            assert_string_equal(text, expected);
        } else {
            assert_int_equal(status, fault->code);
            assert_string_equal(error.message, fault->message);
            assert_string_equal(error.where, fault->where);
            assert_string_equal(error.column, fault->column);
            assert_int_equal(error.record, fault->record);
            assert_int_equal(error.line, fault->line);
        }
        free(text);
    }
    est_source_free(source);
}

static void compare_cuts(const char *bytes, size_t length, const size_t *cuts, size_t n_cuts)
{
    est_error fault = {0};
    est_table *table = NULL;
    est_status status = est_table_parse_csv("x.csv", bytes, length, NULL, &table, &fault);
    assert_int_equal(status == EST_OK, table != NULL);
    for (size_t i = 0; i < n_cuts; i++) {
        char *expected = table ? expected_listing(bytes, length, table, cuts[i]) : NULL;
        for (size_t t = 0; t < COUNT(thread_counts); t++)
            compare(bytes, length, cuts[i], thread_counts[t], expected, &fault);
        free(expected);
    }
    est_table_free(table);
}

/* Chunks of every size from one byte to the whole. */
static void compare_everywhere(const char *bytes)
{
    size_t cuts[512], length = strlen(bytes);
    assert_true(length + 1 < COUNT(cuts));
    for (size_t i = 0; i <= length; i++)
        cuts[i] = i + 1;
    compare_cuts(bytes, length, cuts, length + 1);
}

static void test_cuts_of_sound_files(void **state)
{
    static const char *const files[] = {
        "a,b\n1,2\n",
        "a,b\n1,2",
        "a,b\r\n1,x\r\n2,y\r\n\r\n3,NA\r\n",
        ("\xEF\xBB\xBF"
         "a;b\n1;2,5\n\n\n3;\n"),
        "a,b,c\n1,\"two\nlines\",3\n4,\"\"\"quoted\"\"\n\",\"\n\n\"\n\"\",,NA\n\"5\",\"x,y\",6\n",
        "a,b\n\"\n\n\n\n\",\"\"\"\n\"\"\n\"\n\"\",\"\n\"\n1,\"\"\n",
        "a\tb\n\t\n1\t \n \t2\n",
        "\"a\n1\",\"b,\"\n1,2\n\n  \n3,4\n",
        "a\n1\n2\nNA\n\"\"\n",
        "a\r\n1\r\n2\r\n",
        "a,b\r\r\n1,x\r\r\n2,y\n3,z\r",
        "a,b\n1,2\n\r3,4\n  5 , \"6\"  \n",
        "a,b\n\xC3\xA9,\xE2\x82\xAC\n\"\xF0\x9F\x98\x80\",z\n",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++)
        compare_everywhere(files[i]);
}

static void test_cuts_of_faulty_files(void **state)
{
    static const char *const files[] = {
        "a,b\n1,2\n3\n4,5\n",
        "a,b\n1,2\n3,4,5\n6\n",
        "a,b\n1,\"x\ny\"\n2,5\" pipe\n3,4\n",
        "a,b\n1,2\n\"x\"y,3\n",
        "a,b\n1,2\n3,\"never closed\n4,5\n6,7\n",
        "a,b\n1,2\n3,4\r5,6\n",
        "a,b\n1,2\n\"\n\",\xE9t\xE9\n5,6\n",
        "a,b\n1,2\n3,\xE2\x82",
        "a\n1\n\n2\n",
        "a\n1\n \n2\n",
        "a,b\n",
        "a,b",
        "a,b\n\n  \n",
        "a,b\n\n1,2\n\n\n3\n",
        "a,b\n1,\"2\n3,\"4\n5,6\n7,8\n",
        "a,b\n1,\"2\n\"\n3,\"4\"\"\n5,6\n7,8\"x\n",
        "a,b\r\n1,2\r\n3\r\n",
        "a,b\r1,2\n",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++)
        compare_everywhere(files[i]);
}

static void test_nul(void **state)
{
    static const char bytes[] = "a,b\n1,2\n3,\0x\n4,5\n";
    static const size_t cuts[] = {1, 5, 9, 12, 100};
    (void)state;
    compare_cuts(bytes, sizeof bytes - 1, cuts, COUNT(cuts));
}

/* Files of several windows. */

typedef struct made_file {
    est_i_text text;
    unsigned long long seed;
} made_file;

static unsigned draw(made_file *file, unsigned below)
{
    file->seed = file->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(file->seed >> 33) % below;
}

static void make_rows(made_file *file, size_t count)
{
    static const char *const texts[] = {"plain", "\"a, b\"", "\"two\nlines\"", "\"say \"\"no\"\"\"",
                                        "",      "NA",       "\"\"",           "\"\n\n\"\"\n\""};
    for (size_t i = 0; i < count; i++)
        est_i_text_printf(&file->text, "%zu,psu %u,%s,%u.%03u,%s%s", i + 1, draw(file, 5000), texts[draw(file, COUNT(texts))],
                          draw(file, 90), draw(file, 1000), draw(file, 2) ? "male" : "female", draw(file, 40) ? "\n" : "\r\n\n");
}

static const size_t large_cuts[] = {30000, 131072, 200001, SIZE_MAX / 2};

static void test_large_file(void **state)
{
    made_file file = {{0}, 1};
    (void)state;
    est_i_text_append(&file.text, "row,psu,text,weight,sex\n");
    make_rows(&file, 20000);
    compare_cuts(file.text.data, file.text.length, large_cuts, COUNT(large_cuts));
    est_i_text_free(&file.text);
}

/* A record longer than a window, and a file cut after every kind of fault at its end. */
static void test_long_record(void **state)
{
    static const char *const ends[] = {"", "x,y\n", "1,2,\"3,4,5\n", "1,2,3,4,5\r1,2,3,4,5\n", "1,2,\xFF,4,5\n"};
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        made_file file = {{0}, 7};
        est_i_text_append(&file.text, "row,psu,text,weight,sex\n");
        make_rows(&file, 5000);
        est_i_text_append(&file.text, "L,L,\"");
        for (size_t k = 0; k < 30000; k++)
            est_i_text_append(&file.text, k % 100 ? "long text, " : "\n");
        est_i_text_append(&file.text, "\",L,L\n");
        make_rows(&file, 5000);
        est_i_text_append(&file.text, ends[i]);
        compare_cuts(file.text.data, file.text.length, large_cuts, COUNT(large_cuts));
        est_i_text_free(&file.text);
    }
}

static void test_field_without_end(void **state)
{
    made_file file = {{0}, 9};
    (void)state;
    est_i_text_append(&file.text, "row,psu,text,weight,sex\n");
    make_rows(&file, 3000);
    est_i_text_append(&file.text, "1,2,\"never closed\n");
    for (size_t k = 0; k < 60000; k++)
        est_i_text_append(&file.text, "a line of plain text\n");
    compare_cuts(file.text.data, file.text.length, large_cuts, COUNT(large_cuts));
    est_i_text_free(&file.text);
}

/* Numbers */

static void expect_numbers(const char *bytes, const est_i_field *fields, size_t n_fields, int threads, const char *expected)
{
    est_error error;
    char *text;
    est_source *source = open_bytes(bytes, strlen(bytes), 7);
    if (list_chunks(source, fields, n_fields, 0, SIZE_MAX, threads, NULL, &text, &error) != EST_OK)
        fail_msg("%s", error.message);
    est_i_text rows = {0}; /* without the lines of the chunks */
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, "chunk", 5) != 0)
            est_i_text_printf(&rows, "%s\n", line);
    assert_string_equal(rows.data, expected);
    est_i_text_free(&rows);
    free(text);
    est_source_free(source);
}

static void test_numbers(void **state)
{
    static const est_i_field fields[] = {{1, EST_I_FIELD_NUMBER}, {0, EST_I_FIELD_LABEL}, {1, EST_I_FIELD_LABEL}};
    (void)state;
    for (size_t t = 0; t < COUNT(thread_counts); t++)
        expect_numbers("name,x\nu,7\nv,-2.50\nu,\nw,NA\nw,\"1e3\"\n\"\",+.5\nNA,-0\n,9007199254740993\n", fields, 3,
                       thread_counts[t],
                       "7 'u' '7' \n-2.5 'v' '-2.50' \nNaN 'u' <empty> \nNaN 'w' <NA> \n1000 'w' '1e3' \n0.5 '' '+.5' \n"
                       "-0 <NA> '-0' \n9.007199254740992e+15 <empty> '9007199254740993' \n");
}

/* The quick parse gives what the exact one gives, wherever it gives anything. */
static void test_plain_numbers(void **state)
{
    static const char *const others[] = {"", "-", ".", "+1", "1e5", "0x10", " 1", "1 ", "1.2.3", "nan", "9007199254740993",
                                         "12345678901234567890", "--1", "1,5"};
    static const char *const edges[] = {"0", "-0", "5.", ".5", "9007199254740992", "-.0000000000000000001", "900719925.4740992"};
    made_file file = {{0}, 3};
    double plain, exact;
    (void)state;
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(est_i_number_plain(others[i], strlen(others[i]), &plain));
    for (size_t i = 0; i < COUNT(edges); i++) {
        assert_true(est_i_number_plain(edges[i], strlen(edges[i]), &plain) &&
                    est_i_number_parse(edges[i], strlen(edges[i]), &exact));
        assert_memory_equal(&plain, &exact, sizeof plain);
    }
    for (size_t i = 0; i < 200000; i++) {
        char text[64];
        int length = snprintf(text, sizeof text, "%s%u.%0*u", draw(&file, 2) ? "-" : "", draw(&file, 1u << (i % 31)),
                              (int)(i % 9) + 1, draw(&file, 1u << (i % 29)));
        assert_true(length > 0 && est_i_number_parse(text, (size_t)length, &exact));
        if (est_i_number_plain(text, (size_t)length, &plain))
            assert_memory_equal(&plain, &exact, sizeof plain);
    }
}

static void expect_fault(const char *bytes, size_t chunk_bytes, const est_i_field *fields, size_t n_fields, const char *refused,
                         est_status code, long long record, long long line, const char *column, const char *words)
{
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        est_error error;
        char *text;
        est_source *source = open_bytes(bytes, strlen(bytes), chunk_bytes);
        assert_int_equal(list_chunks(source, fields, n_fields, 0, SIZE_MAX, thread_counts[t], refused, &text, &error), code);
        assert_int_equal(error.code, code);
        assert_int_equal(error.record, record);
        assert_int_equal(error.line, line);
        assert_string_equal(error.column, column);
        assert_string_equal(error.where, "x.csv");
        if (!strstr(error.message, words))
            fail_msg("'%s' is not in '%s'", words, error.message);
        free(text);
        est_source_free(source);
    }
}

static const est_i_field both_numbers[] = {{0, EST_I_FIELD_NUMBER}, {1, EST_I_FIELD_NUMBER}};
static const est_i_field both_labels[] = {{0, EST_I_FIELD_LABEL}, {1, EST_I_FIELD_LABEL}};

static void test_text_for_number(void **state)
{
    static const char bytes[] = "a,b\n1,2\n\n3,\"4\"\n5,Amina\n6,7\n8\n";
    (void)state;
    for (size_t cut = 1; cut < sizeof bytes + 1; cut++) {
        expect_fault(bytes, cut, both_numbers, 2, NULL, EST_EVALUE, 3, 5, "b", "text of 5 characters (not shown");
        expect_fault(bytes, cut, both_numbers, 1, NULL, EST_EFORMAT, 5, 7, "", "found 1 field, expected 2");
    }
    expect_fault("a,b\n1,2\n3,\"\"\n", 100, both_numbers, 2, NULL, EST_EVALUE, 2, 3, "b", "empty text in quotation marks");
    expect_fault("a,b\n1,2\nx,y\n", 100, both_numbers, 2, NULL, EST_EVALUE, 2, 3, "a", "'x', expected a number");
    expect_fault("a,b\n1,2\n3\nx,y\n", 100, both_numbers, 2, NULL, EST_EFORMAT, 2, 3, "", "found 1 field");
    expect_fault("a,b\n1,2\nx,y\n3\n", 100, both_numbers, 2, NULL, EST_EVALUE, 2, 3, "a", "expected a number");
}

/* What the consumer refuses is told with its record and line, whoever read it. */
static void test_consumer_refuses(void **state)
{
    static const char bytes[] = "a,b\n1,\"x\ny\"\n\n2,z\n3,bad\n4,bad\n5\n";
    (void)state;
    for (size_t cut = 1; cut < sizeof bytes + 1; cut++)
        expect_fault(bytes, cut, both_labels, 2, "bad", EST_EVALUE, 3, 6, "b", "record 3 (line 6), column 'b': refused");
    /* In the part that the strict reader takes over: a carriage return alone. */
    expect_fault("a,b\n1,x\r\r\n2,z\n\n3,bad\n4\n", 100, both_labels, 2, "bad", EST_EVALUE, 3, 5, "b", "refused");
}

static void test_fields_of_one_column(void **state)
{
    static const est_i_field fields[] = {{1, EST_I_FIELD_LABEL}, {1, EST_I_FIELD_NUMBER}, {1, EST_I_FIELD_LABEL}};
    (void)state;
    expect_numbers("a,b\n1,2.0\n3,\n", fields, 3, 1, "'2.0' 2 '2.0' \n<empty> NaN <empty> \n");
    expect_numbers("a,b\n1,2.0\r\r\n3,\n", fields, 3, 2, "'2.0' 2 '2.0' \n<empty> NaN <empty> \n");
}

/* Ranges of chunks: each piece is the same part of the whole listing, also when it is the first thing read. */

static void test_ranges(void **state)
{
    made_file file = {{0}, 5};
    est_i_field fields[FIELDS_MAX];
    est_error error;
    char *whole, *piece;
    size_t n_chunks;
    (void)state;
    est_i_text_append(&file.text, "row,psu,text,weight,sex\n");
    make_rows(&file, 4000);
    est_source *source = open_bytes(file.text.data, file.text.length, 20000);
    size_t n = label_fields(source, fields);
    assert_int_equal(est_i_scan_chunks(source, &n_chunks, &error), EST_OK);
    assert_int_equal(n_chunks, (file.text.length + 19999) / 20000);
    assert_int_equal(list_chunks(source, fields, n, 0, SIZE_MAX, 1, NULL, &whole, &error), EST_OK);
    est_source_free(source);
    for (size_t first = 0; first < n_chunks; first++)
        for (int threads = 1; threads < 4; threads++) {
            est_i_text all = {0};
            source = open_bytes(file.text.data, file.text.length, 20000);
            assert_int_equal(list_chunks(source, fields, n, first, first + 3, threads, NULL, &piece, &error), EST_OK);
            char *found = strstr(whole, piece), begin[32];
            snprintf(begin, sizeof begin, "chunk %zu:", first);
            assert_true(found && strncmp(piece, begin, strlen(begin)) == 0);
            free(piece);
            assert_int_equal(list_chunks(source, fields, n, 0, first, threads, NULL, &piece, &error), EST_OK);
            est_i_text_append(&all, piece);
            free(piece);
            assert_int_equal(list_chunks(source, fields, n, first, SIZE_MAX, threads, NULL, &piece, &error), EST_OK);
            est_i_text_append(&all, piece);
            free(piece);
            assert_string_equal(all.data, whole);
            est_i_text_free(&all);
            est_source_free(source);
        }
    free(whole);
    est_i_text_free(&file.text);
}

/* A fault in a range has the record and the line in the whole file; a fault before the range comes first. */
static void test_fault_in_range(void **state)
{
    static const char bytes[] = "a,b\n1,2\n\n3,\"\n\"\n5,6\n7,8\n9,x\n";
    static const char earlier[] = "a,b\n1,2\n\n3,4,5\n5,6\n7,8\n9,x\n";
    est_error error;
    char *text;
    (void)state;
    for (int threads = 1; threads < 4; threads++) {
        est_source *source = open_bytes(bytes, sizeof bytes - 1, 9);
        assert_int_equal(list_chunks(source, both_numbers, 1, 2, SIZE_MAX, threads, NULL, &text, &error), EST_OK);
        free(text);
        assert_int_equal(list_chunks(source, both_numbers, 2, 2, SIZE_MAX, threads, NULL, &text, &error), EST_EVALUE);
        free(text);
        assert_int_equal(error.record, 5);
        assert_int_equal(error.line, 8);
        est_source_free(source);
        source = open_bytes(earlier, sizeof earlier - 1, 9);
        assert_int_equal(list_chunks(source, both_numbers, 2, 2, SIZE_MAX, threads, NULL, &text, &error), EST_EFORMAT);
        free(text);
        assert_int_equal(error.record, 2);
        assert_int_equal(error.line, 4);
        est_source_free(source);
    }
}

/* Tables */

static est_table *make_table(size_t rows)
{
    est_error error;
    est_table *table = NULL;
    double x[10], y[10];
    const char *names[10], *digits[10];
    for (size_t i = 0; i < 10; i++) {
        x[i] = i == 4 ? NAN : (double)i / 4;
        y[i] = (double)(i % 3);
        names[i] = i == 2 ? NULL : i % 2 ? "odd" : "";
        digits[i] = i == 7 ? NULL : i == 8 ? "08" : "12";
    }
    assert_int_equal(est_table_new("memory", rows, &table, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "x", x, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "y", y, &error), EST_OK);
    assert_int_equal(est_table_add_text(table, "name", names, &error), EST_OK);
    assert_int_equal(est_table_add_text(table, "digits", digits, &error), EST_OK);
    return table;
}

static void test_table(void **state)
{
    static const est_i_field fields[] = {
        {0, EST_I_FIELD_NUMBER}, {0, EST_I_FIELD_LABEL}, {2, EST_I_FIELD_LABEL}, {3, EST_I_FIELD_NUMBER}, {3, EST_I_FIELD_LABEL}};
    static const char expected[] = "chunk 0: 3 rows\n0 '0' '' 12 '12' \n0.25 '0.25' 'odd' 12 '12' \n0.5 '0.5' <NA> 12 '12' \n"
                                   "chunk 1: 3 rows\n0.75 '0.75' 'odd' 12 '12' \nNaN <NA> '' 12 '12' \n1.25 '1.25' 'odd' 12 '12' \n"
                                   "chunk 2: 3 rows\n1.5 '1.5' '' 12 '12' \n1.75 '1.75' 'odd' NaN <NA> \n2 '2' '' 8 '08' \n"
                                   "chunk 3: 1 rows\n2.25 '2.25' 'odd' 12 '12' \n";
    est_error error;
    est_source *source = NULL;
    est_table *table = make_table(10);
    size_t n_chunks = 0;
    char *text;
    (void)state;
    assert_int_equal(est_source_of_table(table, &source, &error), EST_OK);
    est_i_source_set_chunks(source, 1, 3);
    assert_int_equal(est_i_scan_chunks(source, &n_chunks, &error), EST_OK);
    assert_int_equal(n_chunks, 4);
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        assert_int_equal(list_chunks(source, fields, COUNT(fields), 0, SIZE_MAX, thread_counts[t], NULL, &text, &error), EST_OK);
        assert_string_equal(text, expected);
        free(text);
        assert_int_equal(list_chunks(source, fields, COUNT(fields), 1, 3, thread_counts[t], NULL, &text, &error), EST_OK);
        assert_true(strlen(text) > 0 && strstr(expected, text) == strstr(expected, "chunk 1"));
        free(text);
        est_i_field name = {2, EST_I_FIELD_NUMBER};
        assert_int_equal(list_chunks(source, &name, 1, 1, SIZE_MAX, thread_counts[t], NULL, &text, &error), EST_EVALUE);
        assert_int_equal(error.record, 4);
        assert_string_equal(error.column, "name");
        free(text);
    }
    est_source_free(source);
    est_table_free(table);
}

/* A file and the table of it give the same rows. */
static void test_table_of_file(void **state)
{
    made_file file = {{0}, 11};
    est_i_field fields[FIELDS_MAX];
    est_error error;
    est_source *source, *second = NULL;
    est_table *table = NULL;
    char *first, *again;
    (void)state;
    est_i_text_append(&file.text, "row,psu,text,weight,sex\n");
    make_rows(&file, 3000);
    source = open_bytes(file.text.data, file.text.length, SIZE_MAX / 2);
    size_t n = label_fields(source, fields);
    assert_int_equal(est_source_table(source, NULL, &table, &error), EST_OK);
    assert_int_equal(est_source_of_table(table, &second, &error), EST_OK);
    for (int pass = 0; pass < 2; pass++) {
        fields[0].kind = fields[3].kind = pass ? EST_I_FIELD_NUMBER : EST_I_FIELD_LABEL;
        assert_int_equal(list_chunks(source, fields, n, 0, SIZE_MAX, 2, NULL, &first, &error), EST_OK);
        assert_int_equal(list_chunks(second, fields, n, 0, SIZE_MAX, 2, NULL, &again, &error), EST_OK);
        assert_string_equal(first, again);
        free(first);
        free(again);
    }
    est_source_free(second);
    est_source_free(source);
    est_table_free(table);
    est_i_text_free(&file.text);
}

/* Stopping */

static int stop_now(void *user)
{
    return ++*(int *)user > 2;
}

static void test_cancel(void **state)
{
    made_file file = {{0}, 13};
    (void)state;
    est_i_text_append(&file.text, "row,psu,text,weight,sex\n");
    make_rows(&file, 40000);
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        int asked = 2;
        est_context context = est_context_default();
        est_i_monitor monitor;
        est_error error;
        long long records;
        est_i_field fields[FIELDS_MAX];
        est_source *source = open_bytes(file.text.data, file.text.length, 100000);
        listing all = {.n_fields = label_fields(source, fields), .fields = fields, .source = source};
        context.poll = stop_now;
        context.user = &asked;
        est_i_monitor_start(&monitor, &context);
        assert_int_equal(
            est_i_scan(source, all.n_fields, fields, 0, SIZE_MAX, &list_rows, &all, thread_counts[t], &monitor, &records, &error),
            EST_ECANCELLED);
        assert_int_equal(error.code, EST_ECANCELLED);
        est_i_text_free(&all.text);
        est_source_free(source);
    }
    est_i_text_free(&file.text);
}

static void test_count_bytes(void **state)
{
    char bytes[3000];
    (void)state;
    for (size_t length = 0; length < sizeof bytes; length += length < 70 ? 1 : 613) {
        memset(bytes, '"', sizeof bytes);
        est_i_byte_count count = est_i_count_bytes(bytes, length);
        assert_int_equal(count.quotes, length);
        assert_true(count.plain && count.feeds == 0 && count.returns == 0);
        memset(bytes, '\n', length / 2);
        memset(bytes + length / 2, '\r', length - length / 2);
        count = est_i_count_bytes(bytes, length);
        assert_int_equal(count.feeds, length / 2);
        assert_int_equal(count.returns, length - length / 2);
        for (size_t i = 0; i < length; i += 7) {
            char kept = bytes[i];
            bytes[i] = i % 2 ? '\0' : '\x80';
            assert_false(est_i_count_bytes(bytes, length).plain);
            bytes[i] = kept;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts_of_sound_files),
        cmocka_unit_test(test_cuts_of_faulty_files),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_large_file),
        cmocka_unit_test(test_long_record),
        cmocka_unit_test(test_field_without_end),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_plain_numbers),
        cmocka_unit_test(test_text_for_number),
        cmocka_unit_test(test_consumer_refuses),
        cmocka_unit_test(test_fields_of_one_column),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_fault_in_range),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_of_file),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_count_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
