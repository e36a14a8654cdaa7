/* Sources: opening, columns, pipes, files that change, digests, tables. */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <est/source.h>
#include <est/table.h>

#include "core/text.h"
#include "data/scan.h"
#include "data/source_parts.h"

/* A file of its own, gone at the end of the test */

static void write_file(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_true(file && fwrite(bytes, 1, length, file) == length);
    assert_int_equal(fclose(file), 0);
}

static void make_path(char path[64], const char *ending)
{
    snprintf(path, 64, "est-source-%ld%s", (long)getpid(), ending);
}

/* What comes out of a scan: a sum of numbers, the labels one after the other, the rows of each chunk. */

typedef struct totals {
    double sum;
    est_i_text labels, chunks;
} totals;

typedef struct totals_part {
    double sum;
    long long rows;
    est_i_text labels;
} totals_part;

static void *part_new(void *user, size_t chunk)
{
    (void)user, (void)chunk;
    return calloc(1, sizeof(totals_part));
}

static void part_free(void *user, void *part)
{
    (void)user;
    if (part)
        est_i_text_free(&((totals_part *)part)->labels);
    free(part);
}

static est_status take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    totals_part *own = part;
    (void)user, (void)error;
    for (size_t row = 0; row < batch->n_rows; row++) {
        own->sum += isnan(batch->number[0][row]) ? 1000 : batch->number[0][row];
        if (batch->label[1][row] >= EST_I_CODE_FIRST)
            est_i_text_append(&own->labels, est_i_dictionary_text(&batch->dictionary[1], batch->label[1][row] - EST_I_CODE_FIRST));
    }
    own->rows += (long long)batch->n_rows;
    return EST_OK;
}

static est_status settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    totals *all = user;
    totals_part *own = part;
    (void)dictionary, (void)error;
    all->sum += own->sum;
    if (own->labels.data)
        est_i_text_append(&all->labels, own->labels.data);
    est_i_text_printf(&all->chunks, "%zu:%lld ", chunk, own->rows);
    part_free(user, part);
    return EST_OK;
}

static const est_i_scan_consumer add_up = {part_new, take, settle, part_free};

static est_status scan_all(est_source *source, int threads, totals *all, long long *records, est_error *error)
{
    static const est_i_field fields[] = {{0, EST_I_FIELD_NUMBER}, {1, EST_I_FIELD_LABEL}};
    *all = (totals){0};
    return est_i_scan(source, 2, fields, 0, SIZE_MAX, &add_up, all, threads, NULL, records, error);
}

static void free_totals(totals *all)
{
    est_i_text_free(&all->labels);
    est_i_text_free(&all->chunks);
}

/* Opening */

static void expect_refusal(const char *data, est_status code, const char *words)
{
    est_error error;
    est_source *source = NULL;
    assert_int_equal(est_source_open(data, NULL, &source, &error), code);
    assert_null(source);
    assert_int_equal(error.code, code);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
}

static void test_refusals(void **state)
{
    char path[64];
    (void)state;
    make_path(path, ".csv");
    expect_refusal(NULL, EST_EFILE, "no name of the data");
    expect_refusal("", EST_EFILE, "no name of the data");
    expect_refusal("no/such/file.csv", EST_EFILE, "cannot be opened");
    expect_refusal("dataset:kosovo_199", EST_EFILE, "near it: dataset:kosovo_1999");
    expect_refusal("/", EST_EFILE, "found a folder");
    write_file(path, "", 0);
    expect_refusal(path, EST_EFORMAT, "the file is empty");
    write_file(path, "a,a\n1,2\n", 8);
    expect_refusal(path, EST_ECOLUMN, "have the same name");
    write_file(path, "a,\n1,2\n", 7);
    expect_refusal(path, EST_ECOLUMN, "field 2 of the header is empty");
    write_file(path, "PK\x03\x04....", 8);
    expect_refusal(path, EST_EFORMAT, "a spreadsheet");
    unlink(path);
    make_path(path, ".DTA");
    write_file(path, "", 0);
    expect_refusal(path, EST_EFILE, "empty or a pipe");
    unlink(path);
}

static void test_columns(void **state)
{
    char path[64];
    est_error error;
    est_source *source = NULL;
    size_t column = 99;
    (void)state;
    make_path(path, ".csv");
    write_file(path, "weight;\"name, first\";sex\n1;x;f\n", 31);
    assert_int_equal(est_source_open(path, NULL, &source, &error), EST_OK);
    assert_string_equal(est_source_name(source), path);
    assert_int_equal(est_source_columns(source), 3);
    assert_string_equal(est_source_column_name(source, 1), "name, first");
    assert_null(est_source_column_name(source, 3));
    assert_int_equal(est_source_find(source, "sex"), 2);
    assert_int_equal(est_source_find(source, "Sex"), -1);
    assert_int_equal(est_source_find(source, NULL), -1);
    assert_false(est_source_is_public(source) || est_source_is_synthetic(source));
    assert_true(est_source_is_repeatable(source));
    assert_int_equal(est_i_source_require(source, "sex", "the domain", &column, &error), EST_OK);
    assert_int_equal(column, 2);
    assert_int_equal(est_i_source_require(source, "wieght", "the weight", &column, &error), EST_ECOLUMN);
    assert_non_null(strstr(error.message, "found no such column (the weight); did you mean 'weight'?"));
    assert_null(est_i_source_value_label(source, 2, "f"));
    assert_string_equal(est_i_source_variable_label(source, 2), "");
    est_source_free(source);
    est_source_free(NULL);
    unlink(path);
}

static void test_dataset(void **state)
{
    est_error error;
    est_source *source = NULL;
    est_table *one = NULL, *other = NULL;
    (void)state;
    assert_int_equal(est_source_open("dataset:kosovo_1999", NULL, &source, &error), EST_OK);
    assert_int_equal(est_source_is_public(source), est_dataset_find("kosovo_1999")->is_public);
    assert_int_equal(est_source_is_synthetic(source), est_dataset_find("kosovo_1999")->is_synthetic);
    assert_int_equal(est_source_table(source, NULL, &one, &error), EST_OK);
    assert_int_equal(est_table_open("dataset:kosovo_1999", NULL, &other, &error), EST_OK);
    assert_int_equal(est_table_rows(one), est_table_rows(other));
    assert_int_equal(est_table_is_public(one), est_source_is_public(source));
    assert_string_equal(est_table_name(one), "dataset:kosovo_1999");
    est_table_free(one);
    est_table_free(other);
    est_source_free(source);
}

static void test_synthetic(void **state)
{
    char path[64];
    est_error error;
    est_source *source = NULL;
    (void)state;
    make_path(path, ".csv");
    write_file(path, "a,SYNTHETIC\n1,1\n", 16);
    assert_int_equal(est_source_open(path, NULL, &source, &error), EST_OK);
    assert_true(est_source_is_synthetic(source));
    est_source_free(source);
    unlink(path);
}

/* Again and again, and after the path has gone */

static void test_repeatable(void **state)
{
    static const char bytes[] = "x,name\n1,a\n2,b\n3,c\n";
    char path[64];
    est_error error;
    est_source *source = NULL;
    est_table *table = NULL;
    totals all;
    long long records = 0;
    (void)state;
    make_path(path, ".csv");
    write_file(path, bytes, sizeof bytes - 1);
    assert_int_equal(est_source_open(path, NULL, &source, &error), EST_OK);
    unlink(path);
    for (int pass = 0; pass < 3; pass++) {
        assert_int_equal(scan_all(source, pass, &all, &records, &error), EST_OK);
        assert_int_equal(records, 3);
        assert_true(all.sum == 6);
        assert_string_equal(all.labels.data, "abc");
        assert_string_equal(all.chunks.data, "0:3 ");
        free_totals(&all);
    }
    assert_int_equal(est_source_table(source, NULL, &table, &error), EST_OK);
    assert_int_equal(est_table_rows(table), 3);
    est_table_free(table);
    est_source_free(source);
}

static void expect_changed(const char *path, const char *bytes, size_t length, const struct timespec times[2])
{
    est_error error;
    est_source *source = NULL;
    totals all;
    long long records;
    char hex[65];
    write_file(path, "x,name\n1,a\n2,b\n", 15);
    assert_int_equal(est_source_open(path, NULL, &source, &error), EST_OK);
    if (bytes)
        write_file(path, bytes, length);
    else
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(scan_all(source, 1, &all, &records, &error), EST_EFILE);
    assert_non_null(strstr(error.message, "the file has changed"));
    free_totals(&all);
    assert_int_equal(est_i_source_digest(source, NULL, hex, &error), EST_EFILE);
    est_source_free(source);
}

static void test_changed(void **state)
{
    static const struct timespec times[2] = {{1000, 0}, {1000, 0}};
    char path[64];
    (void)state;
    make_path(path, ".csv");
    expect_changed(path, "x,name\n1,a\n", 11, NULL);
    expect_changed(path, "x,name\n1,a\n2,b\n3,c\n", 19, NULL);
    expect_changed(path, NULL, 0, times);
    unlink(path);
}

/* Pipes */

typedef struct feeder {
    int descriptor;
    const char *bytes;
    size_t length, step;
} feeder;

static void *feed(void *argument)
{
    feeder *own = argument;
    for (size_t at = 0, part; at < own->length; at += part) {
        part = own->length - at < own->step ? own->length - at : own->step;
        if (write(own->descriptor, own->bytes + at, part) != (ssize_t)part)
            break;
    }
    close(own->descriptor);
    return NULL;
}

/* Runs with the bytes on standard input. */
static void with_input(const char *bytes, size_t length, size_t step, void (*run)(void *user), void *user)
{
    int ends[2], saved = dup(STDIN_FILENO);
    pthread_t thread;
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    close(ends[0]);
    feeder own = {ends[1], bytes, length, step};
    assert_int_equal(pthread_create(&thread, NULL, feed, &own), 0);
    run(user);
    assert_int_equal(pthread_join(thread, NULL), 0);
    dup2(saved, STDIN_FILENO);
    close(saved);
}

typedef struct pipe_case {
    size_t chunk_bytes;
    totals expected;
    char digest[65];
    const est_error *fault;
} pipe_case;

static void run_pipe(void *user)
{
    pipe_case *own = user;
    est_error error;
    est_source *source = NULL;
    totals all;
    long long records;
    size_t chunks;
    char hex[65];
    assert_int_equal(est_source_open("-", NULL, &source, &error), EST_OK);
    assert_string_equal(est_source_name(source), "standard input");
    assert_false(est_source_is_repeatable(source));
    est_i_source_set_chunks(source, own->chunk_bytes, 1);
    assert_int_equal(est_i_scan_chunks(source, &chunks, &error), EST_EOPTION);
    assert_int_equal(est_i_source_digest(source, NULL, hex, &error), EST_EOPTION);
    est_status status = scan_all(source, 2, &all, &records, &error);
    if (own->fault) {
        assert_int_equal(status, own->fault->code);
        assert_int_equal(error.record, own->fault->record);
        assert_int_equal(error.line, own->fault->line);
        assert_string_equal(error.where, "standard input");
    } else {
        assert_int_equal(status, EST_OK);
        assert_true(all.sum == own->expected.sum);
        assert_string_equal(all.labels.data, own->expected.labels.data);
        assert_string_equal(all.chunks.data, own->expected.chunks.data);
        assert_int_equal(est_i_source_digest(source, NULL, hex, &error), EST_OK);
        assert_string_equal(hex, own->digest);
    }
    free_totals(&all);
    assert_int_equal(scan_all(source, 1, &all, &records, &error), EST_EOPTION);
    assert_non_null(strstr(error.message, "can be read only once"));
    est_source_free(source);
}

/* The rows, the chunks, the digest and the faults of a pipe are those of a file with the same bytes. */
static void compare_pipe(const char *bytes, size_t length, size_t chunk_bytes, size_t step)
{
    char path[64];
    est_error error;
    est_source *source = NULL;
    long long records;
    pipe_case own = {.chunk_bytes = chunk_bytes};
    make_path(path, ".csv");
    write_file(path, bytes, length);
    assert_int_equal(est_source_open(path, NULL, &source, &error), EST_OK);
    est_i_source_set_chunks(source, chunk_bytes, 1);
    est_status status = scan_all(source, 2, &own.expected, &records, &error);
    if (status != EST_OK)
        own.fault = &error;
    else
        assert_int_equal(est_i_source_digest(source, NULL, own.digest, &error), EST_OK);
    est_source_free(source);
    unlink(path);
    with_input(bytes, length, step, run_pipe, &own);
    free_totals(&own.expected);
}

static void test_pipe(void **state)
{
    static const char small[] = "\xEF\xBB\xBFx,name\r\n1,a\r\n2,\"b\nc\"\r\n\r\n3,d\r\n";
    static const char faulty[] = "x,name\n1,a\n2,\"b\nc\"\n3\n";
    est_i_text large = {0};
    (void)state;
    for (size_t cut = 1; cut < sizeof small; cut++)
        compare_pipe(small, sizeof small - 1, cut, cut % 3 + 1);
    for (size_t cut = 1; cut < sizeof faulty; cut++)
        compare_pipe(faulty, sizeof faulty - 1, cut, 5);
    est_i_text_append(&large, "x,name,rest\n");
    for (int i = 0; i < 60000; i++)
        est_i_text_printf(&large, "%d,n%d,\"%s\"\n", i % 97, i % 13, i % 50 ? "plain" : "two\n\nlines");
    compare_pipe(large.data, large.length, 65536, 4096);
    compare_pipe(large.data, large.length, 300000, 70000);
    compare_pipe(large.data, large.length, SIZE_MAX / 2, 1000);
    est_i_text_append(&large, "1,\xFF,x\n");
    compare_pipe(large.data, large.length, 300000, 70000);
    est_i_text_free(&large);
}

static void run_table(void *user)
{
    est_error error;
    est_table *table = NULL;
    (void)user;
    assert_int_equal(est_table_open("-", NULL, &table, &error), EST_OK);
    assert_int_equal(est_table_rows(table), 2);
    assert_true(est_table_number(table, 0, 1) == 2);
    assert_string_equal(est_table_name(table), "standard input");
    est_table_free(table);
}

static void run_range(void *user)
{
    static const est_i_field field = {0, EST_I_FIELD_NUMBER};
    est_error error;
    est_source *source = NULL;
    totals all = {0};
    long long records;
    (void)user;
    assert_int_equal(est_source_open("-", NULL, &source, &error), EST_OK);
    assert_int_equal(est_i_scan(source, 1, &field, 1, 2, &add_up, &all, 1, NULL, &records, &error), EST_EOPTION);
    est_source_free(source);
}

static void test_other_uses_of_a_pipe(void **state)
{
    (void)state;
    with_input("x,name\n1,a\n2,b\n", 15, 4, run_table, NULL);
    with_input("x,name\n1,a\n2,b\n", 15, 4, run_range, NULL);
}

/* Digests: known values, of the bytes (computed with sha256sum), and tables that differ. */

static void test_digest_of_file(void **state)
{
    char path[64], hex[65];
    est_error error;
    est_source *source = NULL;
    (void)state;
    make_path(path, ".csv");
    write_file(path, "x,name\n1,a\n2,b\n", 15);
    assert_int_equal(est_source_open(path, NULL, &source, &error), EST_OK);
    assert_int_equal(est_i_source_digest(source, NULL, hex, &error), EST_OK);
    assert_string_equal(hex, "978a12265defbefaf35dea78d51b2c91b12f286e15768f49e9b6a79b312d6b82");
    est_source_free(source);
    unlink(path);
    assert_int_equal(est_i_source_of_bytes("memory", "x,name\n1,a\n2,b\n", 15, NULL, &source, &error), EST_OK);
    assert_int_equal(est_i_source_digest(source, NULL, hex, &error), EST_OK);
    assert_string_equal(hex, "978a12265defbefaf35dea78d51b2c91b12f286e15768f49e9b6a79b312d6b82");
    est_source_free(source);
}

static void digest_of(const char *name, const char *const cells[2], double second, char hex[65])
{
    est_error error;
    est_table *table = NULL;
    est_source *source = NULL;
    const double numbers[2] = {1.5, second};
    assert_int_equal(est_table_new("memory", 2, &table, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "x", numbers, &error), EST_OK);
    assert_int_equal(est_table_add_text(table, name, cells, &error), EST_OK);
    assert_int_equal(est_source_of_table(table, &source, &error), EST_OK);
    assert_int_equal(est_i_source_digest(source, NULL, hex, &error), EST_OK);
    est_source_free(source);
    est_table_free(table);
}

static void test_digest_of_table(void **state)
{
    static const char *const cells[] = {"a", "NA"}, *const missing[] = {"a", NULL}, *const other[] = {"a\n2 NA", ""};
    char hex[6][65];
    (void)state;
    digest_of("name", cells, 2, hex[0]);
    assert_string_equal(hex[0], "199997be7a2954ff3dd429d1d8e955b96d2266cc519508ba870112edb017cc28");
    digest_of("name", missing, 2, hex[1]);
    digest_of("name", other, 2, hex[2]);
    digest_of("names", cells, 2, hex[3]);
    digest_of("name", cells, 2.5, hex[4]);
    digest_of("name", cells, NAN, hex[5]);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(hex[i], hex[j]);
}

/* A copy of a table: cells, the reason why one is missing, kinds and marks */

static void test_table_copy(void **state)
{
    static const char bytes[] = "x,name,SYNTHETIC\n1,a,1\n,NA,1\nNA,,1\n2.5,\"\",1\n";
    est_error error;
    est_table *table = NULL, *copy = NULL;
    est_source *source = NULL;
    char first[65], second[65];
    (void)state;
    assert_int_equal(est_table_parse_csv("x.csv", bytes, sizeof bytes - 1, NULL, &table, &error), EST_OK);
    est_table_set_public(table, 1);
    assert_int_equal(est_source_of_table(table, &source, &error), EST_OK);
    assert_int_equal(est_source_table(source, NULL, &copy, &error), EST_OK);
    assert_int_equal(est_i_source_digest(source, NULL, first, &error), EST_OK);
    est_source_free(source);
    est_table_free(table);
    assert_true(est_table_is_public(copy) && est_table_is_synthetic(copy));
    assert_int_equal(est_table_column_kind(copy, 0), EST_COLUMN_NUMBER);
    assert_int_equal(est_table_column_kind(copy, 1), EST_COLUMN_TEXT);
    assert_string_equal(est_table_name(copy), "x.csv");
    assert_int_equal(est_source_of_table(copy, &source, &error), EST_OK);
    assert_int_equal(est_i_source_digest(source, NULL, second, &error), EST_OK);
    assert_string_equal(first, second);
    est_source_free(source);
    est_table_free(copy);
}

static void test_empty_table(void **state)
{
    est_error error;
    est_table *table = NULL, *copy = NULL;
    est_source *source = NULL;
    totals all;
    size_t chunks = 9;
    long long records = 9;
    const double none = 0;
    const char *nothing = NULL;
    (void)state;
    assert_int_equal(est_table_new("memory", 0, &table, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "x", &none, &error), EST_OK);
    assert_int_equal(est_table_add_text(table, "name", &nothing, &error), EST_OK);
    assert_int_equal(est_source_of_table(table, &source, &error), EST_OK);
    assert_int_equal(est_i_scan_chunks(source, &chunks, &error), EST_OK);
    assert_int_equal(chunks, 0);
    assert_int_equal(scan_all(source, 2, &all, &records, &error), EST_OK);
    assert_int_equal(records, 0);
    assert_null(all.chunks.data);
    assert_int_equal(est_source_table(source, NULL, &copy, &error), EST_OK);
    assert_int_equal(est_table_rows(copy), 0);
    est_table_free(copy);
    est_source_free(source);
    est_table_free(table);
}

/* A kind that only goes forward: one pass for all chunks, cut at the same rows */

static int passes;

static est_status read_forward(const est_source *source, long long first_row, long long last_row, est_i_row_writer *writer,
                               est_error *error)
{
    est_status status = EST_OK;
    passes++;
    for (long long row = first_row; status == EST_OK && row < last_row; row++) {
        for (size_t column = 0; status == EST_OK && column < est_source_columns(source); column++)
            for (size_t f = est_i_row_field(writer, column); status == EST_OK && f != EST_I_NO_FIELD;
                 f = est_i_row_next_field(writer, f))
                status = column == 0 ? est_i_row_put_number(writer, f, (double)row / 2, error)
                                     : est_i_row_put_text(writer, f, row == 6 ? "six" : "7", row == 6 ? 3 : 1, error);
        if (status == EST_OK)
            status = est_i_row_end(writer, error);
    }
    return status;
}

static const est_i_source_kind forward_kind = {.read_rows = read_forward};

static void test_forward_kind(void **state)
{
    static const est_i_field numbers[] = {{1, EST_I_FIELD_NUMBER}, {0, EST_I_FIELD_LABEL}};
    est_error error;
    est_source *source = NULL;
    est_table *table = NULL;
    totals all;
    long long records;
    (void)state;
    assert_int_equal(est_i_source_of_bytes("memory", "x,name\n", 7, NULL, &source, &error), EST_OK);
    source->kind = &forward_kind;
    source->n_rows = 10;
    source->column_kinds[0] = EST_COLUMN_NUMBER;
    est_i_source_set_chunks(source, 1, 4);
    assert_int_equal(scan_all(source, 3, &all, &records, &error), EST_OK);
    assert_int_equal(passes, 1);
    assert_int_equal(records, 10);
    assert_true(all.sum == 22.5);
    assert_string_equal(all.chunks.data, "0:4 1:4 2:2 ");
    assert_string_equal(all.labels.data, "777777six777");
    free_totals(&all);
    all = (totals){0};
    assert_int_equal(est_i_scan(source, 2, numbers, 1, SIZE_MAX, &add_up, &all, 1, NULL, &records, &error), EST_EVALUE);
    assert_int_equal(error.record, 7);
    assert_string_equal(error.column, "name");
    free_totals(&all);
    assert_int_equal(est_source_table(source, NULL, &table, &error), EST_OK);
    assert_int_equal(est_table_rows(table), 10);
    assert_true(est_table_number(table, 0, 9) == 4.5);
    assert_string_equal(est_table_text(table, 1, 6, NULL), "six");
    est_table_free(table);
    source->kind = NULL;
    est_source_free(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_dataset),
        cmocka_unit_test(test_synthetic),
        cmocka_unit_test(test_repeatable),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_other_uses_of_a_pipe),
        cmocka_unit_test(test_digest_of_file),
        cmocka_unit_test(test_digest_of_table),
        cmocka_unit_test(test_table_copy),
        cmocka_unit_test(test_empty_table),
        cmocka_unit_test(test_forward_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
