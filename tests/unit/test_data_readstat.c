/* Stata and SPSS files, written by ReadStat and read back: every storage type, missing values, labels, chunks, and files that are
 * cut off or damaged. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <readstat.h>

#include <est/source.h>
#include <est/table.h>

#include "core/text.h"
#include "data/readstat_parts.h"
#include "data/scan.h"
#include "data/view.h"

/* Files */

typedef struct folder {
    char path[256];
    char file[300];
} folder;

static int make_folder(void **state)
{
    static folder own;
    const char *base = getenv("TMPDIR");
    snprintf(own.path, sizeof own.path, "%s/est-readstat-XXXXXX", base && strlen(base) < 200 ? base : "/tmp");
    *state = &own;
    return mkdtemp(own.path) ? 0 : -1;
}

static int remove_folder(void **state)
{
    folder *own = *state;
    return rmdir(own->path);
}

static const char *file_in(folder *own, const char *name)
{
    snprintf(own->file, sizeof own->file, "%s/%s", own->path, name);
    return own->file;
}

/* The bytes of a file in the making. */
typedef struct bytes {
    char *data;
    size_t length, capacity;
} bytes;

static ssize_t take_bytes(const void *data, size_t length, void *user)
{
    bytes *file = user;
    while (file->capacity - file->length < length) {
        file->capacity = file->capacity ? file->capacity * 2 : 65536;
        file->data = realloc(file->data, file->capacity);
        assert_non_null(file->data);
    }
    memcpy(file->data + file->length, data, length);
    file->length += length;
    return (ssize_t)length;
}

static void save(const char *path, const char *data, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* What is written: two label sets and a fixed list of variables. */
enum { NUMBER_ROWS = 6 };

typedef struct layout {
    bool is_spss;
    int version; /* of Stata */
    readstat_compress_t compression;
    bool has_long_strings;
} layout;

static void good(readstat_error_t code)
{
    if (code != READSTAT_OK)
        fail_msg("%s", readstat_error_message(code));
}

static readstat_writer_t *start_writer(bytes *file)
{
    readstat_writer_t *writer = readstat_writer_init();
    *file = (bytes){0};
    assert_non_null(writer);
    readstat_set_data_writer(writer, take_bytes);
    readstat_writer_set_file_timestamp(writer, 1700000000);
    return writer;
}

static void begin(readstat_writer_t *writer, const layout *form, bytes *file, long rows)
{
    if (form->is_spss) {
        good(readstat_writer_set_compression(writer, form->compression));
        good(readstat_begin_writing_sav(writer, file, rows));
    } else {
        good(readstat_writer_set_file_format_version(writer, (uint8_t)form->version));
        good(readstat_begin_writing_dta(writer, file, rows));
    }
}

static void end(readstat_writer_t *writer)
{
    good(readstat_end_writing(writer));
    readstat_writer_free(writer);
}

static const double doubles[NUMBER_ROWS] = {0.1, -1e300, 2.5, 0, 12345678901.0, 1e-300};
static const float floats[NUMBER_ROWS] = {0.1f, 16777216.0f, -2.5f, 3.4e37f, 1.17549435e-38f, 123.456f};
static const int integers[NUMBER_ROWS] = {1, -100, 100, 7, 0, 2};
static const char *const strings[NUMBER_ROWS] = {"f", "Kiambu  ", "", "it's, \"so\"", "m", " x"};
static const char *const float_texts[NUMBER_ROWS] = {"0.1",
                                                     "16777216",
                                                     "-2.5",
                                                     "3.4e+37",
                                                     "1.1754944e-38",
                                                     "123.456"};

/* Columns: byte, int, long, float, double, text, (long text). Row 2 of the integers is missing, in Stata tagged .r in row 3. */
static void write_small(const layout *form, bytes *file)
{
    readstat_writer_t *writer = start_writer(file);
    readstat_type_t types[] = {READSTAT_TYPE_INT8,  READSTAT_TYPE_INT16,  READSTAT_TYPE_INT32,
                               READSTAT_TYPE_FLOAT, READSTAT_TYPE_DOUBLE, READSTAT_TYPE_STRING};
    const char *names[] = {"b", "i", "l", "f", "d", "s"};
    readstat_variable_t *variables[7] = {0};
    readstat_string_ref_t *reference = NULL, *empty = NULL;
    readstat_label_set_t *set = readstat_add_label_set(writer, form->is_spss ? READSTAT_TYPE_DOUBLE : READSTAT_TYPE_INT32, "work");
    if (form->is_spss) {
        readstat_label_double_value(set, 1, "In work  ");
        readstat_label_double_value(set, -100, "Refus\xC3\xA9");
    } else {
        readstat_label_int32_value(set, 1, "In work");
        readstat_label_int32_value(set, form->version < 105 ? 100 : -100, "Refused");
    }
    for (size_t i = 0; i < 6; i++) {
        variables[i] = readstat_add_variable(writer, names[i], types[i], types[i] == READSTAT_TYPE_STRING ? 12 : 0);
        readstat_variable_set_label(variables[i], i == 2 ? "A long one" : "");
    }
    readstat_variable_set_label_set(variables[1], set);
    if (form->has_long_strings) {
        variables[6] = readstat_add_variable(writer, "t", READSTAT_TYPE_STRING_REF, 0);
        reference = readstat_add_string_ref(writer, "a long string");
        empty = readstat_add_string_ref(writer, "");
    }
    begin(writer, form, file, NUMBER_ROWS);
    for (size_t row = 0; row < NUMBER_ROWS; row++) {
        good(readstat_begin_row(writer));
        for (size_t i = 0; i < 3; i++) {
            if (row == 2)
                good(readstat_insert_missing_value(writer, variables[i]));
            else if (row == 3 && !form->is_spss && form->version >= 113)
                good(readstat_insert_tagged_missing_value(writer, variables[i], 'r'));
            else if (i == 0)
                good(readstat_insert_int8_value(writer, variables[i], (int8_t)integers[row]));
            else if (i == 1)
                good(readstat_insert_int16_value(writer, variables[i], (int16_t)integers[row]));
            else
                good(readstat_insert_int32_value(writer, variables[i], integers[row] * 1000000));
        }
        good(readstat_insert_float_value(writer, variables[3], floats[row]));
        good(readstat_insert_double_value(writer, variables[4], doubles[row]));
        good(readstat_insert_string_value(writer, variables[5], strings[row]));
        if (form->has_long_strings && row != 1)
            good(readstat_insert_string_ref(writer, variables[6], reference));
        else if (form->has_long_strings)
            good(readstat_insert_string_ref(writer, variables[6], empty));
        good(readstat_end_row(writer));
    }
    end(writer);
}

/* Reading: every row of every field kept, in the order of the file */

enum { FIELDS_MAX = 16 };

typedef struct kept {
    size_t n_rows, n_fields, n_chunks, n_batches;
    double *number[FIELDS_MAX];
    char **text[FIELDS_MAX]; /* NULL = an empty field; "<NA>" */
    const est_i_field *fields;
} kept;

static void *new_part(void *user, size_t chunk)
{
    const kept *whole = user;
    kept *part = calloc(1, sizeof *part);
    (void)chunk;
    if (part) {
        part->n_fields = whole->n_fields;
        part->fields = whole->fields;
    }
    return part;
}

static char *text_of(const est_i_scan_batch *batch, size_t field, size_t row)
{
    uint32_t code = batch->label[field][row];
    if (code == EST_I_CODE_EMPTY)
        return NULL;
    return est_i_string_copy(code == EST_I_CODE_NA ? "<NA>"
                                                   : est_i_dictionary_text(&batch->dictionary[field], code - EST_I_CODE_FIRST));
}

static est_status take_batch(void *user, void *state, const est_i_scan_batch *batch, est_error *error)
{
    kept *part = state;
    size_t rows = part->n_rows + batch->n_rows;
    (void)user;
    (void)error;
    for (size_t f = 0; f < part->n_fields; f++) {
        bool is_number = part->fields[f].kind == EST_I_FIELD_NUMBER;
        if (is_number)
            part->number[f] = realloc(part->number[f], rows * sizeof(double));
        else
            part->text[f] = realloc(part->text[f], rows * sizeof(char *));
        for (size_t row = 0; row < batch->n_rows; row++) {
            if (is_number)
                part->number[f][part->n_rows + row] = batch->number[f][row];
            else
                part->text[f][part->n_rows + row] = text_of(batch, f, row);
        }
    }
    part->n_rows = rows;
    part->n_batches++;
    return EST_OK;
}

static void free_rows(kept *rows)
{
    for (size_t f = 0; f < FIELDS_MAX; f++) {
        for (size_t row = 0; rows->text[f] && row < rows->n_rows; row++)
            free(rows->text[f][row]);
        free(rows->text[f]);
        free(rows->number[f]);
    }
}

static est_status settle_part(void *user, void *state, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    kept *whole = user, *part = state;
    size_t rows = whole->n_rows + part->n_rows;
    (void)dictionary;
    (void)error;
    assert_int_equal(chunk, whole->n_chunks);
    for (size_t f = 0; f < whole->n_fields && part->n_rows > 0; f++) {
        if (part->number[f]) {
            whole->number[f] = realloc(whole->number[f], rows * sizeof(double));
            memcpy(whole->number[f] + whole->n_rows, part->number[f], part->n_rows * sizeof(double));
        } else {
            whole->text[f] = realloc(whole->text[f], rows * sizeof(char *));
            memcpy(whole->text[f] + whole->n_rows, part->text[f], part->n_rows * sizeof(char *));
            free(part->text[f]);
            part->text[f] = NULL;
        }
    }
    whole->n_rows = rows;
    whole->n_chunks++;
    whole->n_batches += part->n_batches;
    free_rows(part);
    free(part);
    return EST_OK;
}

static void free_part(void *user, void *part)
{
    (void)user;
    if (part)
        free_rows(part);
    free(part);
}

static const est_i_scan_consumer keeper = {new_part, take_batch, settle_part, free_part};

static est_status read_rows(est_source *source, size_t n_fields, const est_i_field *fields, int threads, kept *rows,
                            est_error *error)
{
    long long n_records = 0;
    est_i_monitor monitor;
    *rows = (kept){.n_fields = n_fields, .fields = fields};
    est_i_monitor_start(&monitor, NULL);
    est_status status = est_i_scan(source, n_fields, fields, 0, SIZE_MAX, &keeper, rows, threads, &monitor, &n_records, error);
    if (status == EST_OK)
        assert_int_equal(n_records, rows->n_rows);
    return status;
}

static est_source *open_good(const char *path)
{
    est_error error;
    est_source *source = NULL;
    if (est_source_open(path, NULL, &source, &error) != EST_OK)
        fail_msg("%s", error.message);
    return source;
}

static void read_good(est_source *source, size_t n_fields, const est_i_field *fields, int threads, kept *rows)
{
    est_error error;
    if (read_rows(source, n_fields, fields, threads, rows, &error) != EST_OK)
        fail_msg("%s", error.message);
}

static void expect_text(const kept *rows, size_t field, size_t row, const char *expected)
{
    const char *text = rows->text[field][row];
    if (!expected)
        assert_null(text);
    else if (!text)
        fail_msg("row %zu of field %zu is empty, expected '%s'", row, field, expected);
    else
        assert_string_equal(text, expected);
}

/* Values */

static bool integer_missing(const layout *form, size_t row)
{
    return row == 2 || (row == 3 && !form->is_spss && form->version >= 113);
}

/* ReadStat keeps every number of an SPSS file as a double, so a float comes back as one. */
static void expect_small(const layout *form, const kept *rows)
{
    assert_int_equal(rows->n_rows, NUMBER_ROWS);
    for (size_t row = 0; row < NUMBER_ROWS; row++) {
        char text[32];
        for (size_t i = 0; i < 3; i++) {
            double value = integers[row] * (i == 2 ? 1e6 : 1.0);
            est_i_number_print(value, text);
            if (integer_missing(form, row)) {
                assert_true(isnan(rows->number[i][row]));
                expect_text(rows, 7 + i, row, "<NA>");
            } else {
                assert_true(rows->number[i][row] == value);
                expect_text(rows, 7 + i, row, text);
            }
        }
        assert_true(rows->number[3][row] == (double)floats[row]);
        assert_true(rows->number[4][row] == doubles[row]);
        est_i_number_print((double)floats[row], text);
        expect_text(rows, 10, row, form->is_spss ? text : float_texts[row]);
        est_i_number_print(doubles[row], text);
        expect_text(rows, 11, row, text);
        expect_text(rows, 5, row, row == 1 ? "Kiambu" : row == 2 ? NULL : strings[row]);
        if (form->has_long_strings)
            expect_text(rows, 6, row, row == 1 ? NULL : "a long string");
    }
}

static void check_small(folder *own, const layout *form)
{
    bytes file;
    kept rows;
    est_i_field fields[12];
    size_t last = form->has_long_strings ? 6 : 5;
    for (size_t i = 0; i < 12; i++) {
        size_t column = i < 6 ? i : i == 6 ? last : i - 7;
        fields[i] = (est_i_field){column, i == 5 || i >= 6 ? EST_I_FIELD_LABEL : EST_I_FIELD_NUMBER};
    }
    write_small(form, &file);
    const char *path = file_in(own, form->is_spss ? "small.sav" : "small.DTA");
    save(path, file.data, file.length);
    est_source *source = open_good(path);
    assert_int_equal(est_source_columns(source), last + 1);
    assert_string_equal(est_source_column_name(source, 5), "s");
    assert_int_equal(est_source_find(source, "d"), 4);
    assert_int_equal(est_source_is_repeatable(source), 1);
    assert_int_equal(est_source_is_public(source), 0);
    /* Twice, and with a chunk for every two rows, on threads. */
    for (int threads = 1; threads <= 3; threads++) {
        read_good(source, 12, fields, threads, &rows);
        expect_small(form, &rows);
        assert_int_equal(rows.n_chunks, threads == 1 ? 1 : 3);
        free_rows(&rows);
        if (threads == 1) {
            est_source_free(source);
            source = open_good(path);
            est_i_source_set_chunks(source, 1, 2);
        }
    }
    assert_string_equal(est_i_source_variable_label(source, 2), "A long one");
    assert_string_equal(est_i_source_variable_label(source, 3), "");
    assert_string_equal(est_i_source_value_label(source, 1, "1"), "In work");
    const char *refused = !form->is_spss && form->version < 105 ? "100" : "-100";
    assert_string_equal(est_i_source_value_label(source, 1, refused), form->is_spss ? "Refus\xC3\xA9" : "Refused");
    assert_null(est_i_source_value_label(source, 1, "2"));
    assert_null(est_i_source_value_label(source, 2, "1"));
    est_source_free(source);
    unlink(path);
    free(file.data);
}

static void test_stata(void **state)
{
    for (int version = 104; version <= 119; version++)
        if (version != 107 && version != 109 && version != 112 && version != 116)
            check_small(*state, &(layout){.version = version, .has_long_strings = version == 117 || version == 118});
}

static void test_spss(void **state)
{
    check_small(*state, &(layout){.is_spss = true, .compression = READSTAT_COMPRESS_NONE});
    check_small(*state, &(layout){.is_spss = true, .compression = READSTAT_COMPRESS_ROWS});
    check_small(*state, &(layout){.is_spss = true, .compression = READSTAT_COMPRESS_BINARY});
}

/* The shortest text of a float, against a search over all lengths by the C library. */
static void test_float_text(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 50000; i++) {
        uint32_t bits;
        float value, again;
        char text[32], reference[48];
        random = random * 6364136223846793005u + 1442695040888963407u;
        bits = (uint32_t)(random >> 32);
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        size_t length = est_i_readstat_print_float(value, text);
        assert_int_equal(strlen(text), length);
        again = strtof(text, NULL);
        assert_true(again == value);
        if (floorf(value) == value && fabsf(value) < 1e15f)
            continue;
        int digits = 1;
        do
            snprintf(reference, sizeof reference, "%.*e", digits++ - 1, (double)value);
        while (strtof(reference, NULL) != value);
        double expected;
        assert_true(est_i_number_parse(reference, strlen(reference), &expected));
        assert_true(strtod(text, NULL) == expected);
    }
}

/* What the file of test_spss_missing declares missing, and what it does not. */
static void expect_reasons(est_source *source)
{
    kept rows;
    const est_i_field fields[] = {{2, EST_I_FIELD_REASON}, {1, EST_I_FIELD_REASON}, {0, EST_I_FIELD_REASON}};
    assert_true(est_i_source_has_reasons(source, 0) && est_i_source_has_reasons(source, 1) && est_i_source_has_reasons(source, 2));
    assert_false(est_i_source_has_reasons(source, 3));
    read_good(source, 3, fields, 1, &rows);
    const char *const of_sex[5] = {NULL, "x", NULL, NULL, NULL}, *const of_range[5] = {NULL, "98", "99", "90", "-1"},
                      *const of_discrete[5] = {NULL, "98", "99", NULL, NULL};
    for (size_t row = 0; row < 5; row++) {
        expect_text(&rows, 0, row, of_sex[row]);
        expect_text(&rows, 1, row, of_range[row]);
        expect_text(&rows, 2, row, of_discrete[row]);
    }
    assert_string_equal(est_i_source_value_label(source, 0, "98"), "Don't know");
    free_rows(&rows);
}

/* User-defined missing values of SPSS: discrete numbers, a range with one number, texts; labels of texts; a very long text. */
static void test_spss_missing(void **state)
{
    folder *own = *state;
    bytes file;
    kept rows;
    char very_long[601];
    for (size_t i = 0; i < 600; i++)
        very_long[i] = (char)('a' + i % 26);
    very_long[600] = '\0';
    readstat_writer_t *writer = start_writer(&file);
    readstat_label_set_t *set = readstat_add_label_set(writer, READSTAT_TYPE_STRING, "sex");
    readstat_label_string_value(set, "f", "Female");
    readstat_label_set_t *codes = readstat_add_label_set(writer, READSTAT_TYPE_DOUBLE, "codes");
    readstat_label_double_value(codes, 98, "Don't know");
    readstat_variable_t *discrete = readstat_add_variable(writer, "discrete", READSTAT_TYPE_DOUBLE, 0);
    readstat_variable_t *range = readstat_add_variable(writer, "range", READSTAT_TYPE_DOUBLE, 0);
    readstat_variable_t *sex = readstat_add_variable(writer, "sex", READSTAT_TYPE_STRING, 3);
    readstat_variable_t *story = readstat_add_variable(writer, "story", READSTAT_TYPE_STRING, 600);
    readstat_variable_set_label_set(discrete, codes);
    readstat_variable_add_missing_double_value(discrete, 98);
    readstat_variable_add_missing_double_value(discrete, 99);
    readstat_variable_add_missing_double_range(range, 90, 99);
    readstat_variable_add_missing_double_value(range, -1);
    readstat_variable_add_missing_string_value(sex, "x");
    readstat_variable_set_label_set(sex, set);
    begin(writer, &(layout){.is_spss = true, .compression = READSTAT_COMPRESS_ROWS}, &file, 5);
    const double values[5] = {97, 98, 99, 90, -1};
    for (size_t row = 0; row < 5; row++) {
        good(readstat_begin_row(writer));
        good(readstat_insert_double_value(writer, discrete, values[row]));
        good(readstat_insert_double_value(writer, range, row == 0 ? 89.5 : values[row]));
        good(readstat_insert_string_value(writer, sex, row == 0 ? "f" : row == 1 ? "x" : ""));
        good(readstat_insert_string_value(writer, story, row == 3 ? very_long : ""));
        good(readstat_end_row(writer));
    }
    end(writer);
    const char *path = file_in(own, "missing.sav");
    save(path, file.data, file.length);
    est_source *source = open_good(path);
    const est_i_field fields[] = {
        {0, EST_I_FIELD_NUMBER}, {1, EST_I_FIELD_NUMBER}, {2, EST_I_FIELD_LABEL}, {0, EST_I_FIELD_LABEL}, {3, EST_I_FIELD_LABEL}};
    read_good(source, 5, fields, 1, &rows);
    assert_true(rows.number[0][0] == 97 && isnan(rows.number[0][1]) && isnan(rows.number[0][2]));
    assert_true(rows.number[0][3] == 90 && rows.number[0][4] == -1);
    assert_true(rows.number[1][0] == 89.5 && isnan(rows.number[1][1]) && isnan(rows.number[1][2]));
    assert_true(isnan(rows.number[1][3]) && isnan(rows.number[1][4]));
    expect_text(&rows, 2, 0, "f");
    expect_text(&rows, 2, 1, "<NA>");
    expect_text(&rows, 2, 2, NULL);
    expect_text(&rows, 3, 0, "97");
    expect_text(&rows, 3, 1, "<NA>");
    expect_text(&rows, 4, 2, NULL);
    expect_text(&rows, 4, 3, very_long);
    assert_string_equal(est_i_source_value_label(source, 2, "f"), "Female");
    free_rows(&rows);
    expect_reasons(source);
    est_source_free(source);
    unlink(path);
    free(file.data);
}

/* The reasons beside the cells, in any order of the fields and in small chunks: they are no levels, and they do not stay. */
static void test_reasons(void **state)
{
    folder *own = *state;
    bytes file;
    kept rows;
    readstat_writer_t *writer = start_writer(&file);
    readstat_label_set_t *set = readstat_add_label_set(writer, READSTAT_TYPE_INT32, "answer");
    readstat_label_int32_value(set, 1, "yes");
    readstat_label_tagged_value(set, 'a', "refused");
    readstat_label_tagged_value(set, 'z', "not applicable");
    readstat_variable_t *answer = readstat_add_variable(writer, "answer", READSTAT_TYPE_INT8, 0);
    readstat_variable_t *text = readstat_add_variable(writer, "text", READSTAT_TYPE_STRING, 4);
    readstat_variable_set_label_set(answer, set);
    begin(writer, &(layout){.version = 118}, &file, 9000);
    for (int row = 0; row < 9000; row++) {
        good(readstat_begin_row(writer));
        if (row % 1000 == 10 || row % 1000 == 11)
            good(readstat_insert_tagged_missing_value(writer, answer, row % 1000 == 10 ? 'a' : 'z'));
        else if (row % 1000 == 12)
            good(readstat_insert_missing_value(writer, answer));
        else
            good(readstat_insert_int8_value(writer, answer, (int8_t)(row % 3)));
        good(readstat_insert_string_value(writer, text, ".a"));
        good(readstat_end_row(writer));
    }
    end(writer);
    const char *path = file_in(own, "reasons.dta");
    const est_i_field fields[] = {
        {0, EST_I_FIELD_REASON}, {0, EST_I_FIELD_LABEL}, {0, EST_I_FIELD_REASON}, {0, EST_I_FIELD_NUMBER}, {1, EST_I_FIELD_LABEL}};
    save(path, file.data, file.length);
    est_source *source = open_good(path);
    assert_true(est_i_source_has_reasons(source, 0) && !est_i_source_has_reasons(source, 1));
    assert_string_equal(est_i_source_value_label(source, 0, ".a"), "refused");
    assert_string_equal(est_i_source_value_label(source, 0, ".z"), "not applicable");
    assert_string_equal(est_i_source_value_label(source, 0, "1"), "yes");
    assert_null(est_i_source_value_label(source, 0, ".b"));
    for (int pass = 0; pass < 3; pass++) {
        if (pass > 0)
            est_i_source_set_chunks(source, 1, 700);
        read_good(source, 5, fields, pass == 2 ? 3 : 1, &rows);
        assert_int_equal(rows.n_rows, 9000);
        for (size_t row = 0; row < 9000; row++) {
            const char *reason = row % 1000 == 10 ? ".a" : row % 1000 == 11 ? ".z" : NULL;
            bool missing = reason || row % 1000 == 12;
            expect_text(&rows, 0, row, reason);
            expect_text(&rows, 2, row, reason);
            expect_text(&rows, 1, row, missing ? "<NA>" : row % 3 == 0 ? "0" : row % 3 == 1 ? "1" : "2");
            assert_true(missing ? isnan(rows.number[3][row]) : rows.number[3][row] == (double)(row % 3));
            expect_text(&rows, 4, row, ".a");
        }
        free_rows(&rows);
    }
    est_source_free(source);
    unlink(path);
    free(file.data);
}

/* Through a view: columns of the file and aliases have the file's reasons and labels, computed ones none. */
static void test_reasons_of_view(void **state)
{
    folder *own = *state;
    bytes file;
    kept rows;
    est_error error;
    est_source *view = NULL;
    write_small(&(layout){.version = 118}, &file);
    const char *path = file_in(own, "view.dta");
    save(path, file.data, file.length);
    est_source *source = open_good(path);
    est_i_view_plan *plan = est_i_view_plan_new(source);
    const est_i_view_input input = {.column = "l", .n_special = 1, .special = (const double[]){7e6}, .minimum = NAN, .maximum = NAN,
                                    .scale = 1, .expected = "a number"};
    assert_non_null(plan);
    assert_int_equal(est_i_view_plan_input(plan, &input, &error), EST_OK);
    assert_int_equal(est_i_view_plan_alias(plan, "other", "i", 0, NULL, &error), EST_OK);
    assert_int_equal(est_i_view_plan_column(plan, "twice", "l * 2", true, 0, NULL, "twice", &error), EST_OK);
    if (est_i_view_open(plan, &view, &error) != EST_OK)
        fail_msg("%s", error.message);
    size_t other = (size_t)est_source_find(view, "other"), twice = (size_t)est_source_find(view, "twice"),
           b = (size_t)est_source_find(view, "b");
    assert_true(est_i_source_has_reasons(view, other) && est_i_source_has_reasons(view, b));
    assert_false(est_i_source_has_reasons(view, twice));
    const est_i_field fields[] = {{other, EST_I_FIELD_REASON}, {b, EST_I_FIELD_REASON}, {twice, EST_I_FIELD_NUMBER}};
    read_good(view, 3, fields, 1, &rows);
    for (size_t row = 0; row < NUMBER_ROWS; row++) {
        expect_text(&rows, 0, row, row == 3 ? ".r" : NULL);
        expect_text(&rows, 1, row, row == 3 ? ".r" : NULL);
        if (row == 2 || row == 3)
            assert_true(isnan(rows.number[2][row]));
        else
            assert_true(rows.number[2][row] == 2e6 * integers[row]);
    }
    free_rows(&rows);
    est_source_free(view);
    est_source_free(source);
    unlink(path);
    free(file.data);
}

/* Every tag of Stata is missing, in every storage type, and kept as the reason. */
static void test_stata_tags(void **state)
{
    folder *own = *state;
    bytes file;
    kept rows;
    const readstat_type_t types[] = {READSTAT_TYPE_INT8, READSTAT_TYPE_INT16, READSTAT_TYPE_INT32, READSTAT_TYPE_FLOAT,
                                     READSTAT_TYPE_DOUBLE};
    const char *const names[] = {"a", "b", "c", "d", "e"};
    readstat_variable_t *variables[5];
    est_i_field fields[10];
    readstat_writer_t *writer = start_writer(&file);
    for (size_t i = 0; i < 5; i++) {
        variables[i] = readstat_add_variable(writer, names[i], types[i], 0);
        fields[i] = (est_i_field){i, EST_I_FIELD_NUMBER};
        fields[i + 5] = (est_i_field){i, EST_I_FIELD_REASON};
    }
    begin(writer, &(layout){.version = 118}, &file, 27);
    for (int row = 0; row < 27; row++) {
        good(readstat_begin_row(writer));
        for (size_t i = 0; i < 5; i++) {
            if (row < 26)
                good(readstat_insert_tagged_missing_value(writer, variables[i], (char)('a' + row)));
            else
                good(readstat_insert_missing_value(writer, variables[i]));
        }
        good(readstat_end_row(writer));
    }
    end(writer);
    const char *path = file_in(own, "tags.dta");
    save(path, file.data, file.length);
    est_source *source = open_good(path);
    read_good(source, 10, fields, 1, &rows);
    assert_int_equal(rows.n_rows, 27);
    for (size_t i = 0; i < 5; i++)
        for (size_t row = 0; row < 27; row++) {
            const char tag[] = {'.', (char)('a' + row), '\0'};
            assert_true(isnan(rows.number[i][row]));
            expect_text(&rows, i + 5, row, row < 26 ? tag : NULL);
        }
    free_rows(&rows);
    est_source_free(source);
    unlink(path);
    free(file.data);
}

/* Many rows: the same as the CSV of the same data */

enum { MANY = 300000 };

static double weight_of(size_t row)
{
    return (double)(row * 7919 % 10007) / 8.0;
}

static void write_many(const layout *form, bytes *file)
{
    readstat_writer_t *writer = start_writer(file);
    readstat_variable_t *id = readstat_add_variable(writer, "id", READSTAT_TYPE_INT32, 0);
    readstat_variable_t *weight = readstat_add_variable(writer, "weight", READSTAT_TYPE_DOUBLE, 0);
    readstat_variable_t *county = readstat_add_variable(writer, "county", READSTAT_TYPE_STRING, 8);
    readstat_variable_t *age = readstat_add_variable(writer, "age", READSTAT_TYPE_INT8, 0);
    begin(writer, form, file, MANY);
    for (size_t row = 0; row < MANY; row++) {
        char text[9];
        snprintf(text, sizeof text, "c%zu", row % 47);
        good(readstat_begin_row(writer));
        good(readstat_insert_int32_value(writer, id, (int32_t)row + 1));
        good(readstat_insert_double_value(writer, weight, weight_of(row)));
        good(readstat_insert_string_value(writer, county, row % 1001 ? text : ""));
        if (row % 10)
            good(readstat_insert_int8_value(writer, age, (int8_t)(row % 90)));
        else
            good(readstat_insert_missing_value(writer, age));
        good(readstat_end_row(writer));
    }
    end(writer);
}

static void write_many_csv(bytes *file)
{
    est_i_text text = {0};
    est_i_text_append(&text, "id,weight,county,age\n");
    for (size_t row = 0; row < MANY; row++) {
        est_i_text_printf(&text, "%zu,", row + 1);
        est_i_text_number(&text, weight_of(row));
        if (row % 1001)
            est_i_text_printf(&text, ",c%zu,", row % 47);
        else
            est_i_text_append(&text, ",,");
        if (row % 10)
            est_i_text_printf(&text, "%zu\n", row % 90);
        else
            est_i_text_append(&text, "NA\n");
    }
    file->length = text.length;
    file->data = est_i_text_take(&text);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void expect_same(const kept *a, const kept *b)
{
    assert_int_equal(a->n_rows, b->n_rows);
    for (size_t f = 0; f < a->n_fields; f++) {
        for (size_t row = 0; row < a->n_rows; row++) {
            bool same = a->number[f] ? a->number[f][row] == b->number[f][row] ||
                                           (isnan(a->number[f][row]) && isnan(b->number[f][row]))
                                     : same_text(a->text[f][row], b->text[f][row]);
            if (!same)
                fail_msg("field %zu, row %zu", f, row);
        }
    }
}

static void test_many(void **state)
{
    folder *own = *state;
    const est_i_field fields[] = {{3, EST_I_FIELD_LABEL},  {0, EST_I_FIELD_NUMBER}, {2, EST_I_FIELD_LABEL},
                                  {1, EST_I_FIELD_NUMBER}, {1, EST_I_FIELD_LABEL},  {3, EST_I_FIELD_NUMBER}};
    const layout forms[] = {{.version = 118}, {.version = 114}, {.is_spss = true, .compression = READSTAT_COMPRESS_ROWS}};
    kept csv;
    bytes file;
    write_many_csv(&file);
    const char *path = file_in(own, "many.csv");
    save(path, file.data, file.length);
    free(file.data);
    est_source *source = open_good(path);
    read_good(source, 6, fields, 1, &csv);
    assert_int_equal(csv.n_rows, MANY);
    est_source_free(source);
    unlink(path);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        size_t chunks = 0;
        write_many(&forms[i], &file);
        path = file_in(own, forms[i].is_spss ? "many.sav" : "many.dta");
        save(path, file.data, file.length);
        free(file.data);
        source = open_good(path);
        assert_int_equal(est_i_scan_chunks(source, &chunks, NULL), EST_OK);
        assert_int_equal(chunks, 2);
        for (int threads = 1; threads <= 2; threads++) {
            kept rows;
            read_good(source, 6, fields, threads, &rows);
            assert_int_equal(rows.n_chunks, 2);
            assert_true(rows.n_batches >= 5);
            expect_same(&csv, &rows);
            free_rows(&rows);
        }
        est_source_free(source);
        unlink(path);
    }
    free_rows(&csv);
}

/* A later chunk alone, and no fields at all. */
static void test_parts_of_files(void **state)
{
    folder *own = *state;
    const layout forms[] = {{.version = 118, .has_long_strings = true},
                            {.is_spss = true, .compression = READSTAT_COMPRESS_NONE},
                            {.is_spss = true, .compression = READSTAT_COMPRESS_ROWS},
                            {.is_spss = true, .compression = READSTAT_COMPRESS_BINARY}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        bytes file;
        est_error error;
        est_i_monitor monitor;
        long long n_records = 0;
        const est_i_field field = {4, EST_I_FIELD_NUMBER};
        kept rows = {.n_fields = 1, .fields = &field, .n_chunks = 1};
        write_small(&forms[i], &file);
        const char *path = file_in(own, forms[i].is_spss ? "parts.sav" : "parts.dta");
        save(path, file.data, file.length);
        est_source *source = open_good(path);
        est_i_source_set_chunks(source, 1, 2);
        est_i_monitor_start(&monitor, NULL);
        assert_int_equal(est_i_scan(source, 1, &field, 1, 2, &keeper, &rows, 1, &monitor, &n_records, &error), EST_OK);
        assert_int_equal(n_records, 2);
        assert_true(rows.number[0][0] == doubles[2] && rows.number[0][1] == doubles[3]);
        free_rows(&rows);
        read_good(source, 0, NULL, 1, &rows);
        assert_int_equal(rows.n_rows, NUMBER_ROWS);
        free_rows(&rows);
        est_source_free(source);
        unlink(path);
        free(file.data);
    }
}

static void test_table(void **state)
{
    folder *own = *state;
    const layout forms[] = {{.version = 118, .has_long_strings = true}, {.is_spss = true, .compression = READSTAT_COMPRESS_ROWS}};
    for (size_t i = 0; i < 2; i++) {
        bytes file;
        est_error error;
        est_table *table = NULL;
        char buffer[32];
        write_small(&forms[i], &file);
        const char *path = file_in(own, forms[i].is_spss ? "table.sav" : "table.dta");
        save(path, file.data, file.length);
        if (est_table_open(path, NULL, &table, &error) != EST_OK)
            fail_msg("%s", error.message);
        assert_int_equal(est_table_rows(table), NUMBER_ROWS);
        assert_int_equal(est_table_column_kind(table, 0), EST_COLUMN_NUMBER);
        assert_int_equal(est_table_column_kind(table, 4), EST_COLUMN_NUMBER);
        assert_int_equal(est_table_column_kind(table, 5), EST_COLUMN_TEXT);
        assert_true(est_table_number(table, 2, 1) == -1e8);
        assert_true(est_table_is_missing(table, 0, 2));
        assert_true(est_table_number(table, 3, 0) == (double)0.1f);
        assert_true(est_table_number(table, 4, 1) == -1e300);
        assert_string_equal(est_table_text(table, 5, 1, buffer), "Kiambu");
        assert_true(est_table_is_missing(table, 5, 2));
        est_table_free(table);
        unlink(path);
        free(file.data);
    }
}

/* Faults */

static void expect_open_fault(const char *path, est_status code, const char *words)
{
    est_error error;
    est_source *source = NULL;
    assert_int_equal(est_source_open(path, NULL, &source, &error), code);
    assert_null(source);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    assert_string_equal(error.where, path);
}

static void expect_read_fault(const char *path, est_i_field field, est_status code, long long record, const char *column,
                              const char *words)
{
    est_error error;
    kept rows;
    est_source *source = open_good(path);
    assert_int_equal(read_rows(source, 1, &field, 1, &rows, &error), code);
    free_rows(&rows);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    assert_int_equal(error.record, record);
    assert_string_equal(error.column, column);
    assert_string_equal(error.where, path);
    est_source_free(source);
}

static void test_other_files(void **state)
{
    folder *own = *state;
    const char *names[] = {"x.dta", "x.sav"};
    for (size_t i = 0; i < 2; i++) {
        const char *path = file_in(own, names[i]);
        save(path, "a,b\n1,2\n", 8);
        expect_open_fault(path, EST_EFORMAT, i == 0 ? "no file of Stata" : "no file of SPSS");
        save(path, i == 0 ? "$FL2" : "<stata_dta>", 4);
        expect_open_fault(path, EST_EFORMAT, i == 0 ? "no file of Stata" : "no file of SPSS");
        unlink(path);
        expect_open_fault(path, EST_EFILE, "cannot be opened");
    }
    const char *path = file_in(own, "old.dta");
    save(path, "s\x02\x01\0", 4);
    expect_open_fault(path, EST_EFORMAT, "cut off");
    static const char too_new[] = "<stata_dta><header><release>120</release><byteorder>LSF</byteorder><K>\1\0\0\0</K>"
                                  "<N>\1\0\0\0\0\0\0\0</N></stata_dta>";
    save(path, too_new, sizeof too_new - 1);
    expect_open_fault(path, EST_EFORMAT, "version of the format");
    unlink(path);
}

/* Two variables of one name; text where a number is wanted. */
static void test_columns(void **state)
{
    folder *own = *state;
    bytes file;
    readstat_writer_t *writer = start_writer(&file);
    readstat_variable_t *first = readstat_add_variable(writer, "age", READSTAT_TYPE_DOUBLE, 0);
    readstat_variable_t *second = readstat_add_variable(writer, "agf", READSTAT_TYPE_STRING, 8);
    begin(writer, &(layout){.version = 114}, &file, 2);
    for (int row = 0; row < 2; row++) {
        good(readstat_begin_row(writer));
        good(readstat_insert_double_value(writer, first, row));
        good(readstat_insert_string_value(writer, second, row ? "12" : "12.50"));
        good(readstat_end_row(writer));
    }
    end(writer);
    const char *path = file_in(own, "columns.dta");
    kept rows;
    save(path, file.data, file.length);
    est_source *source = open_good(path);
    read_good(source, 1, &(est_i_field){1, EST_I_FIELD_NUMBER}, 1, &rows);
    assert_true(rows.number[0][0] == 12.5 && rows.number[0][1] == 12);
    free_rows(&rows);
    est_source_free(source);
    for (size_t i = 0; i + 2 < file.length; i++)
        if (memcmp(file.data + i, "agf", 3) == 0)
            file.data[i + 2] = 'e';
    save(path, file.data, file.length);
    expect_open_fault(path, EST_ECOLUMN, "of this name");
    free(file.data);

    write_small(&(layout){.version = 118}, &file);
    save(path, file.data, file.length);
    expect_read_fault(path, (est_i_field){5, EST_I_FIELD_NUMBER}, EST_EVALUE, 1, "s", "expected a number");
    unlink(path);
    free(file.data);
}

static char *find_bytes(const bytes *file, const char *wanted, size_t length, size_t from)
{
    for (size_t i = from; i + length <= file->length; i++)
        if (memcmp(file->data + i, wanted, length) == 0)
            return file->data + i;
    fail_msg("'%s' is not in the file", wanted);
    return NULL;
}

/* Text that is no UTF-8 and a number without end, with the record and the column. */
static void test_bad_cells(void **state)
{
    folder *own = *state;
    const layout forms[] = {{.version = 118}, {.is_spss = true, .compression = READSTAT_COMPRESS_NONE}};
    for (size_t i = 0; i < 2; i++) {
        bytes file;
        const char *path = file_in(own, forms[i].is_spss ? "cells.sav" : "cells.dta");
        write_small(&forms[i], &file);
        memcpy(find_bytes(&file, "it's, ", 6, 0), "it\xFF\xFE!!", 6);
        save(path, file.data, file.length);
        expect_read_fault(path, (est_i_field){5, EST_I_FIELD_LABEL}, EST_EFORMAT, 4, "s", i == 0 ? "no UTF-8" : "encoding");
        free(file.data);
        write_small(&forms[i], &file);
        double minus = -INFINITY;
        memcpy(find_bytes(&file, (const char *)&doubles[4], 8, 0), &minus, 8);
        save(path, file.data, file.length);
        expect_read_fault(path, (est_i_field){4, EST_I_FIELD_NUMBER}, EST_EVALUE, 5, "d", "infinite");
        free(file.data);
        unlink(path);
    }
}

/* Texts, names and labels of older encodings come as UTF-8. */
static void test_encodings(void **state)
{
    folder *own = *state;
    bytes file;
    kept rows;
    const layout forms[] = {{.version = 114}, {.is_spss = true, .compression = READSTAT_COMPRESS_NONE}};
    for (size_t i = 0; i < 2; i++) {
        const char *path = file_in(own, forms[i].is_spss ? "old.sav" : "old.dta");
        write_small(&forms[i], &file);
        memcpy(find_bytes(&file, "it's, ", 6, 0), "Gen\xE8ve", 6);
        memcpy(find_bytes(&file, "A long one", 10, 0), "Caf\xE9      ", 10);
        memcpy(find_bytes(&file, "In work", 7, 0), "T\xE4tig! ", 7);
        if (forms[i].is_spss) /* the number of the code page: 65001 is UTF-8, 1252 that of Western Windows */
            memcpy(find_bytes(&file, "\xE9\xFD\0", 4, 0), "\xE4\x04\0", 4);
        save(path, file.data, file.length);
        est_source *source = open_good(path);
        assert_string_equal(est_i_source_variable_label(source, 2), "Caf\xC3\xA9");
        assert_string_equal(est_i_source_value_label(source, 1, "1"), "T\xC3\xA4tig!");
        read_good(source, 1, &(est_i_field){5, EST_I_FIELD_LABEL}, 1, &rows);
        expect_text(&rows, 0, 3, "Gen\xC3\xA8ve\"so\"");
        expect_text(&rows, 0, 0, "f");
        free_rows(&rows);
        est_source_free(source);
        if (forms[i].is_spss) {
            memcpy(find_bytes(&file, "\xE4\x04\0", 4, 0), "\xE4\x44\0", 4);
            save(path, file.data, file.length);
            expect_open_fault(path, EST_EFORMAT, "encoding");
        }
        unlink(path);
        free(file.data);
    }
}

/* Dates, and months counted from 1900 (CMC), are the numbers that they are stored as, whatever their format says. */
static void test_dates(void **state)
{
    folder *own = *state;
    const layout forms[] = {{.version = 118}, {.is_spss = true, .compression = READSTAT_COMPRESS_ROWS}};
    const char *const formats[2][3] = {{"%tm", "%td", "%tc"}, {"F4", "DATE11", "DATETIME20"}};
    const double values[3] = {1470, 23000, 13874630400.0};
    const char *const texts[3] = {"1470", "23000", "13874630400"};
    for (size_t i = 0; i < 2; i++) {
        bytes file;
        kept rows;
        readstat_writer_t *writer = start_writer(&file);
        readstat_variable_t *variables[3];
        est_i_field fields[6];
        for (size_t v = 0; v < 3; v++) {
            const char *const names[] = {"v008", "date", "time"};
            readstat_type_t type = v == 0 && !forms[i].is_spss ? READSTAT_TYPE_INT16 : READSTAT_TYPE_DOUBLE;
            variables[v] = readstat_add_variable(writer, names[v], type, 0);
            readstat_variable_set_format(variables[v], formats[i][v]);
            fields[v] = (est_i_field){v, EST_I_FIELD_NUMBER};
            fields[v + 3] = (est_i_field){v, EST_I_FIELD_LABEL};
        }
        begin(writer, &forms[i], &file, 1);
        good(readstat_begin_row(writer));
        for (size_t v = 0; v < 3; v++)
            good(v == 0 && !forms[i].is_spss ? readstat_insert_int16_value(writer, variables[v], 1470)
                                             : readstat_insert_double_value(writer, variables[v], values[v]));
        good(readstat_end_row(writer));
        end(writer);
        const char *path = file_in(own, forms[i].is_spss ? "dates.sav" : "dates.dta");
        save(path, file.data, file.length);
        est_source *source = open_good(path);
        read_good(source, 6, fields, 1, &rows);
        for (size_t v = 0; v < 3; v++) {
            assert_true(rows.number[v][0] == values[v]);
            expect_text(&rows, v + 3, 0, texts[v]);
        }
        free_rows(&rows);
        est_source_free(source);
        unlink(path);
        free(file.data);
    }
}

/* Names as long as the formats allow, no rows at all. */
static void test_names_and_no_rows(void **state)
{
    folder *own = *state;
    const layout forms[] = {{.version = 114}, {.version = 118}, {.is_spss = true, .compression = READSTAT_COMPRESS_NONE},
                            {.is_spss = true, .compression = READSTAT_COMPRESS_ROWS},
                            {.is_spss = true, .compression = READSTAT_COMPRESS_BINARY}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        bytes file;
        kept rows;
        char name[65] = "";
        size_t most = forms[i].is_spss ? 64 : 32;
        for (size_t at = 0; at < most; at++)
            name[at] = (char)('a' + at % 26);
        readstat_writer_t *writer = start_writer(&file);
        readstat_add_variable(writer, name, READSTAT_TYPE_DOUBLE, 0);
        name[most - 1] = '9';
        readstat_add_variable(writer, name, READSTAT_TYPE_STRING, 8);
        begin(writer, &forms[i], &file, 0);
        end(writer);
        const char *path = file_in(own, forms[i].is_spss ? "none.sav" : "none.dta");
        save(path, file.data, file.length);
        est_source *source = open_good(path);
        assert_int_equal(est_source_columns(source), 2);
        assert_int_equal(est_source_find(source, name), 1);
        name[most - 1] = (char)('a' + (most - 1) % 26);
        assert_int_equal(est_source_find(source, name), 0);
        read_good(source, 2, (const est_i_field[]){{0, EST_I_FIELD_NUMBER}, {1, EST_I_FIELD_LABEL}}, 2, &rows);
        assert_int_equal(rows.n_rows, 0);
        free_rows(&rows);
        est_source_free(source);
        unlink(path);
        free(file.data);
    }
}

/* 33,000 variables; and a small file that says it has as many. */
static void test_many_variables(void **state)
{
    enum { VARIABLES = 33000 };
    folder *own = *state;
    const layout forms[] = {{.version = 119}, {.is_spss = true, .compression = READSTAT_COMPRESS_ROWS}};
    for (size_t i = 0; i < 2; i++) {
        bytes file;
        kept rows;
        readstat_writer_t *writer = start_writer(&file);
        for (int v = 0; v < VARIABLES; v++) {
            char name[16];
            snprintf(name, sizeof name, "v%d", v);
            readstat_add_variable(writer, name, forms[i].is_spss ? READSTAT_TYPE_DOUBLE : READSTAT_TYPE_INT16, 0);
        }
        begin(writer, &forms[i], &file, 2);
        for (int row = 0; row < 2; row++) {
            good(readstat_begin_row(writer));
            for (int v = 0; v < VARIABLES; v++)
                good(forms[i].is_spss
                         ? readstat_insert_double_value(writer, readstat_get_variable(writer, v), v % 1000 + row)
                         : readstat_insert_int16_value(writer, readstat_get_variable(writer, v), (int16_t)(v % 1000 + row)));
            good(readstat_end_row(writer));
        }
        end(writer);
        const char *path = file_in(own, forms[i].is_spss ? "wide.sav" : "wide.dta");
        save(path, file.data, file.length);
        est_source *source = open_good(path);
        assert_int_equal(est_source_columns(source), VARIABLES);
        const est_i_field fields[] = {{32999, EST_I_FIELD_NUMBER}, {7, EST_I_FIELD_LABEL}};
        read_good(source, 2, fields, 1, &rows);
        assert_true(rows.number[0][0] == 999 && rows.number[0][1] == 1000);
        expect_text(&rows, 1, 1, "8");
        free_rows(&rows);
        est_source_free(source);
        unlink(path);
        free(file.data);
    }
    bytes file;
    const char *path = file_in(own, "says.dta");
    write_small(&(layout){.version = 118}, &file);
    memcpy(find_bytes(&file, "<K>", 3, 0) + 3, "\xE8\x80", 2);
    save(path, file.data, file.length);
    expect_open_fault(path, EST_EFORMAT, "damaged");
    unlink(path);
    free(file.data);
}

/* What ReadStat 1.1.8 has trouble with and this library has not. */
static void test_spss_header(void **state)
{
    folder *own = *state;
    const readstat_compress_t compressions[] = {READSTAT_COMPRESS_NONE, READSTAT_COMPRESS_ROWS, READSTAT_COMPRESS_BINARY};
    const char *path = file_in(own, "header.sav");
    for (size_t i = 0; i < 3; i++) {
        bytes file;
        kept rows;
        const int32_t unknown = -1, too_many = 2000000000, one_more = NUMBER_ROWS + 1;
        write_small(&(layout){.is_spss = true, .compression = compressions[i]}, &file);
        memcpy(file.data + 92, "?? Foo xx9:99:99x", 17); /* the date of creation */
        memcpy(file.data + 80, &unknown, 4);             /* the number of records */
        save(path, file.data, file.length);
        est_source *source = open_good(path);
        read_good(source, 1, &(est_i_field){4, EST_I_FIELD_NUMBER}, 1, &rows);
        assert_int_equal(rows.n_rows, NUMBER_ROWS);
        for (size_t row = 0; row < NUMBER_ROWS; row++)
            assert_true(rows.number[0][row] == doubles[row]);
        free_rows(&rows);
        est_source_free(source);
        memcpy(file.data + 80, &too_many, 4);
        save(path, file.data, file.length);
        expect_open_fault(path, EST_EFORMAT, "more than the file can hold");
        memcpy(file.data + 80, &one_more, 4);
        save(path, file.data, file.length);
        expect_read_fault(path, (est_i_field){4, EST_I_FIELD_NUMBER}, EST_EFORMAT, NUMBER_ROWS + 1, "", "too early");
        memcpy(file.data + 80, &unknown, 4);
        if (compressions[i] == READSTAT_COMPRESS_NONE) {
            save(path, file.data, file.length - 3);
            expect_open_fault(path, EST_EFORMAT, "too early");
        }
        free(file.data);
    }
    unlink(path);
}

/* A text of more than 255 bytes that begins with NUL bytes only, in a UTF-8 file: ReadStat would write before its buffer. */
static void test_spss_nul(void **state)
{
    folder *own = *state;
    bytes file;
    kept rows;
    char very_long[601];
    memset(very_long, 'v', 600);
    very_long[600] = '\0';
    readstat_writer_t *writer = start_writer(&file);
    readstat_variable_t *story = readstat_add_variable(writer, "story", READSTAT_TYPE_STRING, 600);
    begin(writer, &(layout){.is_spss = true, .compression = READSTAT_COMPRESS_NONE}, &file, 2);
    for (int row = 0; row < 2; row++) {
        good(readstat_begin_row(writer));
        good(readstat_insert_string_value(writer, story, very_long));
        good(readstat_end_row(writer));
    }
    end(writer);
    memset(find_bytes(&file, "vvvvvvvv", 8, 0), 0, 500);
    const char *path = file_in(own, "nul.sav");
    save(path, file.data, file.length);
    est_source *source = open_good(path);
    read_good(source, 1, &(est_i_field){0, EST_I_FIELD_LABEL}, 1, &rows);
    expect_text(&rows, 0, 0, NULL);
    expect_text(&rows, 0, 1, very_long);
    free_rows(&rows);
    est_source_free(source);
    unlink(path);
    free(file.data);
}

/* A long string without its NUL is refused where it is wanted, and not even looked at where it is not. */
static void test_long_string_end(void **state)
{
    folder *own = *state;
    for (int version = 117; version <= 118; version++) {
        bytes file;
        kept rows;
        write_small(&(layout){.version = version, .has_long_strings = true}, &file);
        find_bytes(&file, "a long string", 14, 0)[13] = '!';
        const char *path = file_in(own, "strings.dta");
        save(path, file.data, file.length);
        expect_read_fault(path, (est_i_field){6, EST_I_FIELD_LABEL}, EST_EFORMAT, 1, "", "damaged");
        est_source *source = open_good(path);
        read_good(source, 1, &(est_i_field){5, EST_I_FIELD_LABEL}, 1, &rows);
        expect_text(&rows, 0, 0, "f");
        free_rows(&rows);
        est_source_free(source);
        unlink(path);
        free(file.data);
    }
}

/* ReadStat 1.1.8 finds no long string of format 119. */
static void test_long_strings_119(void **state)
{
    folder *own = *state;
    bytes file;
    kept rows;
    write_small(&(layout){.version = 119, .has_long_strings = true}, &file);
    const char *path = file_in(own, "strings.dta");
    save(path, file.data, file.length);
    expect_read_fault(path, (est_i_field){6, EST_I_FIELD_LABEL}, EST_EFORMAT, 0, "t", "long strings");
    est_source *source = open_good(path);
    read_good(source, 1, &(est_i_field){4, EST_I_FIELD_NUMBER}, 1, &rows);
    assert_true(rows.number[0][0] == 0.1);
    free_rows(&rows);
    est_source_free(source);
    unlink(path);
    free(file.data);
}

/* Opens and reads whatever is in the file. */
static est_status read_any(const char *path, est_error *error)
{
    est_source *source = NULL;
    est_status status = est_source_open(path, NULL, &source, error);
    if (status == EST_OK) {
        est_i_field fields[2 * FIELDS_MAX];
        kept rows;
        size_t n = est_source_columns(source) < 8 ? est_source_columns(source) : 8;
        for (size_t i = 0; i < n; i++) {
            fields[i] = (est_i_field){i, i < 5 && i % 2 ? EST_I_FIELD_NUMBER : EST_I_FIELD_LABEL};
            est_i_source_value_label(source, i, "1");
            assert_non_null(est_i_source_variable_label(source, i));
        }
        status = read_rows(source, n, fields, 1, &rows, error);
        free_rows(&rows);
    }
    est_source_free(source);
    return status;
}

/* What is cut off anywhere is refused. */
static void test_cut(void **state)
{
    folder *own = *state;
    const layout forms[] = {{.version = 118, .has_long_strings = true},
                            {.version = 117, .has_long_strings = true},
                            {.version = 114},
                            {.version = 108},
                            {.version = 104},
                            {.is_spss = true, .compression = READSTAT_COMPRESS_NONE},
                            {.is_spss = true, .compression = READSTAT_COMPRESS_ROWS},
                            {.is_spss = true, .compression = READSTAT_COMPRESS_BINARY}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        bytes file;
        size_t taken = 0;
        const char *path = file_in(own, forms[i].is_spss ? "cut.sav" : "cut.dta");
        write_small(&forms[i], &file);
        for (size_t length = 1; length < file.length; length += length < 300 || file.length - length < 400 ? 1 : 13) {
            est_error error;
            save(path, file.data, length);
            est_status status = read_any(path, &error);
            taken += status == EST_OK;
            if (status != EST_OK)
                assert_int_equal(status, EST_EFORMAT);
            if (status == EST_OK && !forms[i].is_spss && forms[i].version >= 117)
                fail_msg("version %d, %zu of %zu bytes are taken", forms[i].version, length, file.length);
        }
        /* An old Stata file cut off exactly before its value labels is a whole file without value labels. */
        assert_int_equal(taken, !forms[i].is_spss && forms[i].version >= 105 && forms[i].version < 117 ? 1 : 0);
        assert_int_equal(read_any((save(path, file.data, file.length), path), NULL), EST_OK);
        unlink(path);
        free(file.data);
    }
}

/* Damaged bytes: refused or taken for what they say, never more than that. */
static void test_damage(void **state)
{
    folder *own = *state;
    const layout forms[] = {{.version = 118, .has_long_strings = true},
                            {.version = 114},
                            {.is_spss = true, .compression = READSTAT_COMPRESS_NONE},
                            {.is_spss = true, .compression = READSTAT_COMPRESS_ROWS},
                            {.is_spss = true, .compression = READSTAT_COMPRESS_BINARY}};
    uint64_t random = 99;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        bytes file;
        size_t refused = 0;
        const char *path = file_in(own, forms[i].is_spss ? "damage.sav" : "damage.dta");
        write_small(&forms[i], &file);
        char *damaged = malloc(file.length);
        for (int round = 0; round < 400; round++) {
            est_error error;
            memcpy(damaged, file.data, file.length);
            for (int flips = 1 + round % 3; flips > 0; flips--) {
                random = random * 6364136223846793005u + 1442695040888963407u;
                damaged[(random >> 33) % file.length] = (char)(random >> 20);
            }
            save(path, damaged, file.length);
            est_status status = read_any(path, &error);
            refused += status != EST_OK;
            if (status != EST_OK && status != EST_EFORMAT && status != EST_EVALUE && status != EST_ECOLUMN)
                fail_msg("%s", error.message);
        }
        assert_true(refused > 5);
        unlink(path);
        free(damaged);
        free(file.data);
    }
}

/* A caller that cancels is heard; a file that changes is noticed. */

static int cancel(void *user)
{
    (void)user;
    return 1;
}

static void test_cancel(void **state)
{
    folder *own = *state;
    const layout forms[] = {{.version = 118}, {.is_spss = true, .compression = READSTAT_COMPRESS_ROWS}};
    for (size_t i = 0; i < 2; i++) {
        bytes file;
        est_error error;
        est_i_monitor monitor;
        est_context context = est_context_default();
        long long n_records = 0;
        const est_i_field field = {1, EST_I_FIELD_NUMBER};
        kept rows = {.n_fields = 1, .fields = &field};
        write_many(&forms[i], &file);
        const char *path = file_in(own, forms[i].is_spss ? "cancel.sav" : "cancel.dta");
        save(path, file.data, file.length);
        est_source *source = open_good(path);
        context.poll = cancel;
        est_i_monitor_start(&monitor, &context);
        est_status status = est_i_scan(source, 1, &field, 0, SIZE_MAX, &keeper, &rows, 1, &monitor, &n_records, &error);
        assert_int_equal(status, EST_ECANCELLED);
        free_rows(&rows);
        save(path, file.data, file.length / 2);
        assert_int_equal(read_rows(source, 1, &field, 1, &rows, &error), EST_EFILE);
        free_rows(&rows);
        est_source_free(source);
        unlink(path);
        free(file.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stata),          cmocka_unit_test(test_spss),
        cmocka_unit_test(test_float_text),     cmocka_unit_test(test_spss_missing),
        cmocka_unit_test(test_reasons),        cmocka_unit_test(test_reasons_of_view),
        cmocka_unit_test(test_stata_tags),     cmocka_unit_test(test_many),
        cmocka_unit_test(test_parts_of_files), cmocka_unit_test(test_table),
        cmocka_unit_test(test_other_files),    cmocka_unit_test(test_columns),
        cmocka_unit_test(test_encodings),      cmocka_unit_test(test_dates),
        cmocka_unit_test(test_names_and_no_rows), cmocka_unit_test(test_many_variables),
        cmocka_unit_test(test_bad_cells),      cmocka_unit_test(test_spss_header),
        cmocka_unit_test(test_spss_nul),       cmocka_unit_test(test_long_string_end),
        cmocka_unit_test(test_long_strings_119),
        cmocka_unit_test(test_cut),            cmocka_unit_test(test_damage),
        cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
