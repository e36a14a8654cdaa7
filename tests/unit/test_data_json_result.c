/* Results of est as JSON, read back as tables: what was written, labels and marks, and files that are no result. */
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

#include <est.h>

#include "data/json_result.h"
#include "data/scan.h"

typedef struct folder {
    char path[256];
    char file[300];
} folder;

static int make_folder(void **state)
{
    static folder own;
    const char *base = getenv("TMPDIR");
    snprintf(own.path, sizeof own.path, "%s/est-json-XXXXXX", base && strlen(base) < 200 ? base : "/tmp");
    *state = &own;
    if (!mkdtemp(own.path))
        return -1;
    snprintf(own.file, sizeof own.file, "%s/r.json", own.path);
    return 0;
}

static int remove_folder(void **state)
{
    folder *own = *state;
    unlink(own->file);
    return rmdir(own->path);
}

static void save(const folder *own, const char *bytes, size_t length)
{
    FILE *file = fopen(own->file, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static est_status open_text(const folder *own, const char *text, est_table **table, est_error *error)
{
    save(own, text, strlen(text));
    return est_table_open(own->file, NULL, table, error);
}

static est_table *open_good(const folder *own, const char *text)
{
    est_error error;
    est_table *table = NULL;
    if (open_text(own, text, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return table;
}

static const char *text_of(const est_table *table, const char *column, size_t row)
{
    static char buffer[32];
    long found = est_table_find(table, column);
    if (found < 0)
        fail_msg("there is no column '%s'", column);
    const char *text = est_table_text(table, (size_t)found, row, buffer);
    return text ? text : "";
}

static double number_of(const est_table *table, const char *column, size_t row)
{
    long found = est_table_find(table, column);
    assert_true(found >= 0);
    return est_table_number(table, (size_t)found, row);
}

#define HEAD "{\"schema\": \"est-result/1\", \"method\": {\"id\": \"trend\", \"title\": \"Trend\"}, \"rows\": ["
#define NUMBERS                                                                                                                    \
    "\"estimate\": 12.5, \"se\": null, \"lower\": 10, \"upper\": null, \"level\": 0.95, \"df\": null, \"interval\": "              \
    "\"bootstrap\", \"n\": 7"
#define TAIL "], \"provenance\": {\"version\": \"0.1.0\"}}"
#define ROW(domain, flags) "{\"estimand\": \"population\", \"domain\": " domain ", " NUMBERS ", \"flags\": " flags "}"

/* ---- what is there ---- */

static void test_columns(void **state)
{
    static const char *const names[] = {
        "estimand", "domain:period",    "sex",  "model",      "estimate", "se",          "lower",     "upper",      "level",
        "df",       "interval",         "n",    "n_weighted", "flags",    "population",  "period",    "definition", "geography",
        "ages",     "reference_period", "unit", "method",     "title",    "data_public", "synthetic", "internal"};
    est_table *t = open_good(*state, HEAD ROW("{\"period\": \"2019\"}", "[\"upper_unbounded\", \"boundary\"]") "," ROW(
                                         "{\"period\": \"\", \"sex\": \"F\"}", "[]") TAIL);
    assert_int_equal(est_table_rows(t), 2);
    assert_int_equal(est_table_columns(t), sizeof names / sizeof names[0]);
    for (size_t i = 0; i < est_table_columns(t); i++)
        assert_string_equal(est_table_column_name(t, i), names[i]);
    assert_string_equal(text_of(t, "domain:period", 0), "2019");
    assert_string_equal(text_of(t, "sex", 1), "F");
    assert_true(est_table_is_missing(t, (size_t)est_table_find(t, "sex"), 0));
    assert_true(est_table_is_missing(t, (size_t)est_table_find(t, "domain:period"), 1));
    assert_string_equal(text_of(t, "flags", 0), "upper_unbounded boundary");
    assert_string_equal(text_of(t, "flags", 1), "");
    assert_string_equal(text_of(t, "method", 1), "trend");
    assert_true(number_of(t, "estimate", 0) == 12.5 && number_of(t, "lower", 0) == 10 && number_of(t, "n", 0) == 7);
    assert_true(isnan(number_of(t, "upper", 0)) && isnan(number_of(t, "n_weighted", 0)));
    assert_int_equal(est_table_column_kind(t, (size_t)est_table_find(t, "se")), EST_COLUMN_NUMBER);
    assert_false(est_table_is_public(t) || est_table_is_synthetic(t));
    est_table_free(t);
    assert_true(est_i_json_is_fixed("period") && !est_i_json_is_fixed("domain:period") && !est_i_json_is_fixed("sex"));
    assert_string_equal(est_i_json_label_name("domain:period"), "period");
    assert_string_equal(est_i_json_label_name("sex"), "sex");
}

static void test_no_rows(void **state)
{
    est_table *t = open_good(*state, HEAD TAIL);
    assert_int_equal(est_table_rows(t), 0);
    assert_int_equal(est_table_columns(t), 24);
    est_table_free(t);
}

static void test_marks(void **state)
{
    est_table *t = open_good(*state, HEAD ROW("{}", "[]") "], \"provenance\": {\"data\": \"dataset:korea\"}}");
    assert_true(est_table_is_public(t) && !est_table_is_synthetic(t));
    assert_true(number_of(t, "data_public", 0) == 1 && number_of(t, "internal", 0) == 0);
    est_table_free(t);
    t = open_good(*state,
                  HEAD ROW("{}", "[]") "], \"marks\": [\"SYNTHETIC DATA: made up\", \"FOR INTERNAL USE: NOTHING WITHHELD\"],"
                                       " \"provenance\": {\"data\": \"x.csv\"}}");
    assert_true(!est_table_is_public(t) && est_table_is_synthetic(t));
    assert_true(number_of(t, "data_public", 0) == 0 && number_of(t, "internal", 0) == 1 && number_of(t, "synthetic", 0) == 1);
    est_table_free(t);
    t = open_good(*state, HEAD ROW("{}", "[\"synthetic\"]") TAIL);
    assert_true(est_table_is_synthetic(t));
    est_table_free(t);
}

/* A withheld row stays, with its estimate missing. */
static void test_suppressed(void **state)
{
    est_table *t =
        open_good(*state, HEAD "{\"estimand\": \"observed\", \"domain\": {}, \"estimate\": null, \"se\": null, \"lower\": null, "
                               "\"upper\": null, \"level\": null, \"df\": null, \"interval\": \"none\", \"n\": null, "
                               "\"flags\": [\"suppressed\"]}" TAIL);
    assert_int_equal(est_table_rows(t), 1);
    assert_true(isnan(number_of(t, "estimate", 0)) && isnan(number_of(t, "n", 0)));
    assert_string_equal(text_of(t, "flags", 0), "suppressed");
    est_table_free(t);
}

/* Every row that est writes comes back with the same numbers and texts. */
static void compare_row(const est_table *t, const est_row *row, size_t index)
{
    const double numbers[] = {row->estimate, row->se, row->lower, row->upper, row->level, row->df, row->n};
    static const char *const names[] = {"estimate", "se", "lower", "upper", "level", "df", "n"};
    assert_string_equal(text_of(t, "estimand", index), row->estimand);
    assert_string_equal(text_of(t, "model", index), row->model);
    assert_string_equal(text_of(t, "interval", index), row->interval);
    for (size_t i = 0; i < row->n_domain; i++)
        assert_string_equal(text_of(t, row->domain[i].name, index), row->domain[i].value);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        double found = number_of(t, names[i], index);
        assert_true(isfinite(numbers[i]) ? found == numbers[i] : isnan(found));
    }
}

static void test_round_trip(void **state)
{
    folder *own = *state;
    est_error error;
    est_table *data = NULL, *t = NULL;
    est_result *result = NULL;
    est_two_list_options options = est_two_list_options_default();
    assert_int_equal(est_table_open("dataset:diabetes_casale", NULL, &data, &error), EST_OK);
    assert_int_equal(est_two_list(data, &options, NULL, &result, &error), EST_OK);
    assert_int_equal(est_report_save(result, own->file, "json", &error), EST_OK);
    assert_int_equal(est_table_open(own->file, NULL, &t, &error), EST_OK);
    assert_int_equal(est_table_rows(t), est_result_rows(result));
    assert_true(est_table_rows(t) > 10);
    for (size_t i = 0; i < est_table_rows(t); i++)
        compare_row(t, est_result_row(result, i), i);
    assert_true(est_table_is_public(t));
    assert_string_equal(text_of(t, "title", 0), est_result_title(result));
    est_table_free(t);
    est_table_free(data);
    est_result_free(result);
}

/* Rows from anywhere, in small chunks, twice. */
static void test_chunks(void **state)
{
    folder *own = *state;
    est_error error;
    est_source *source = NULL;
    est_table *t = NULL;
    static char text[20000] = HEAD;
    for (int i = 0; i < 50; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "%s{\"estimand\": \"e%d\", \"domain\": {}, " NUMBERS ", \"flags\": []}", i ? "," : "", i);
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s", TAIL);
    save(own, text, strlen(text));
    assert_int_equal(est_source_open(own->file, NULL, &source, &error), EST_OK);
    est_i_source_set_chunks(source, 1, 7);
    for (int pass = 0; pass < 2; pass++) {
        char name[16];
        assert_int_equal(est_source_table(source, NULL, &t, &error), EST_OK);
        assert_int_equal(est_table_rows(t), 50);
        for (size_t i = 0; i < 50; i++) {
            snprintf(name, sizeof name, "e%zu", i);
            assert_string_equal(text_of(t, "estimand", i), name);
        }
        est_table_free(t);
    }
    est_source_free(source);
}

/* ---- what is no result ---- */

static void refuse(const folder *own, const char *text, const char *expected)
{
    est_error error;
    est_table *table = NULL;
    est_status status = open_text(own, text, &table, &error);
    if (status != EST_EFORMAT || !strstr(error.message, expected))
        fail_msg("status %s, message '%s', expected EST_EFORMAT with '%s'", est_status_name(status), error.message, expected);
    assert_null(table);
}

static void test_refused(void **state)
{
    refuse(*state, "[]", "no result of est");
    refuse(*state, "{}", "no result of est");
    refuse(*state, "{\"schema\": \"est-result/2\"}", "another version");
    refuse(*state, "{\"schema\": \"est-result/1\"}", "no method");
    refuse(*state, "{\"schema\": \"est-result/1\", \"method\": {\"id\": \"mse\", \"title\": \"\"}, \"rows\": []}", "no provenance");
    refuse(*state,
           "{\"schema\": \"est-result/1\", \"method\": {\"id\": \"mse\", \"title\": \"\"}, \"provenance\": {}, \"rows\": 1}",
           "no list of rows");
    refuse(*state, HEAD "1" TAIL, "record 1: found a number, expected an object");
    refuse(*state, HEAD "{\"estimand\": \"x\"}" TAIL, "record 1, column 'estimate': found nothing");
    refuse(*state, HEAD ROW("[]", "[]") TAIL, "column 'domain': found a list");
    refuse(*state, HEAD ROW("{\"sex\": 1}", "[]") TAIL, "column 'domain': found a number");
    refuse(*state, HEAD ROW("{\"\": \"x\"}", "[]") TAIL, "a label without a name");
    refuse(*state, HEAD ROW("{\"period\": \"1\", \"domain:period\": \"2\"}", "[]") TAIL, "cannot be told apart");
    refuse(*state, HEAD ROW("{}", "[\"a b\"]") TAIL, "no flag");
    refuse(*state, HEAD ROW("{}", "\"boundary\"") TAIL, "column 'flags': found a text");
    refuse(*state, HEAD ROW("{}", "[]") "], \"marks\": [\"NEW MARK\"], \"provenance\": {}}",
           "mark on the result that is not known");
    refuse(*state, HEAD ROW("{}", "[]") TAIL "x", "line 1: found more after the end");
    refuse(*state, HEAD "{\"estimand\": \"x\", \"estimand\": \"y\"}" TAIL, "a second time");
    refuse(*state, "{\"schema\": NaN}", "no JSON");
    refuse(*state, "{\"schema\": 1e999}", "too large");
    refuse(*state, "{\"schema\": \"\xff\"}", "UTF-8");
    refuse(*state, "{\"schema\": \"\\u0000\"}", "NUL");
}

/* Cut anywhere, it is refused; nested as deep as can be, too. */
static void test_cut_and_deep(void **state)
{
    static const char whole[] = HEAD ROW("{\"period\": \"2019\"}", "[\"boundary\"]") TAIL;
    static char deep[200001];
    for (size_t length = 1; length + 1 < sizeof whole; length += 7) {
        char cut[sizeof whole];
        memcpy(cut, whole, length);
        cut[length] = '\0';
        refuse(*state, cut, "expected the JSON of a result");
    }
    memset(deep, '[', sizeof deep - 1);
    refuse(*state, deep, "lists in lists");
}

static void test_no_names_in_messages(void **state)
{
    est_error error;
    est_table *table = NULL;
    assert_int_equal(open_text(*state, "{\"schema\": \"Jane Doe\", oops}", &table, &error), EST_EFORMAT);
    assert_null(strstr(error.message, "Jane"));
    assert_int_equal(open_text(*state, "{\"schema\": \"est-result/Jane\"}", &table, &error), EST_EFORMAT);
    assert_null(strstr(error.message, "Jane"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),    cmocka_unit_test(test_no_rows),      cmocka_unit_test(test_marks),
        cmocka_unit_test(test_suppressed), cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_cut_and_deep), cmocka_unit_test(test_no_names_in_messages),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
