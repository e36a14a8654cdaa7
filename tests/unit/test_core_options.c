/* Option tables, options by name, the way a method is run, and the error record. */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <est.h>

#include "core/error.h"
#include "core/options.h"
#include "core/result.h"

typedef struct sample_options {
    int robust;
    long order;
    double level;
    const char *model;
    int select;
    const char *count;
    const char *lists;
    const est_table *population;
} sample_options;

static const est_option_spec sample_specs[] = {
    {"robust", EST_OPTION_FLAG, offsetof(sample_options, robust), "no", 0, 0, NULL, "a flag", 0},
    {"max-order", EST_OPTION_INTEGER, offsetof(sample_options, order), "2", 0, 3, NULL, "an integer", 0},
    {"level", EST_OPTION_NUMBER, offsetof(sample_options, level), "0.95", 0.5, 0.999, NULL, "a number", 0},
    {"model", EST_OPTION_TEXT, offsetof(sample_options, model), "", 0, 0, NULL, "a text", 0},
    {"select", EST_OPTION_CHOICE, offsetof(sample_options, select), "aic", 0, 0, "bic|aic|none", "a choice", 0},
    {"count", EST_OPTION_COLUMN, offsetof(sample_options, count), "count", 0, 0, NULL, "a column", 0},
    {"lists", EST_OPTION_COLUMNS, offsetof(sample_options, lists), "A,B", 0, 0, NULL, "columns", 0},
    {"population", EST_OPTION_TABLE, offsetof(sample_options, population), "", 0, 0, NULL, "a table", 0},
};
#define N_SPECS (sizeof sample_specs / sizeof sample_specs[0])

static est_status sample_validate(const void *options, est_error *error)
{
    const sample_options *sample = options;
    return sample->order == 3 && sample->select == 2
               ? est_i_fail(error, EST_EOPTION, "order 3 needs a criterion, expected bic or aic")
               : EST_OK;
}

/* Gives back what it was given; model "fail" fails after it has made a result, "empty" makes none. */
static est_status sample_fit(const est_table *data, const void *options, const est_context *context,
                             est_result **result, est_error *error)
{
    const sample_options *sample = options;
    est_i_result_builder *builder = est_i_result_begin("sample", "Sample");
    (void)data;
    (void)context;
    est_i_result_add_stat(builder, "level", sample->level, false);
    est_i_result_add_stat(builder, "order", (double)sample->order, false);
    est_status status = est_i_result_finish(builder, result, error);
    if (strcmp(sample->model, "fail") == 0)
        status = est_i_fail(error, EST_EIDENTIFY, "nothing is identified");
    if (strcmp(sample->model, "empty") == 0) {
        est_result_free(*result);
        *result = NULL;
    }
    return status;
}

static const est_method sample_method = {
    .id = "sample",
    .title = "Sample",
    .summary = "",
    .reference = "",
    .data = "",
    .options = sample_specs,
    .n_options = N_SPECS,
    .options_size = sizeof(sample_options),
    .validate = sample_validate,
    .fit = sample_fit,
};

static const est_method other_method = {.id = "other",
                                        .options = sample_specs,
                                        .n_options = N_SPECS,
                                        .options_size = sizeof(sample_options),
                                        .fit = sample_fit};

static const est_option_spec *spec_of(const char *name)
{
    const est_option_spec *found = NULL;
    for (size_t i = 0; i < N_SPECS; i++)
        if (strcmp(sample_specs[i].name, name) == 0)
            found = &sample_specs[i];
    assert_non_null(found);
    return found;
}

static sample_options defaults(void)
{
    sample_options options;
    memset(&options, 0x55, sizeof options);
    est_i_options_default(sample_specs, N_SPECS, &options);
    return options;
}

static void test_defaults(void **state)
{
    sample_options options = defaults();
    (void)state;
    assert_int_equal(options.robust, 0);
    assert_int_equal(options.order, 2);
    assert_true(options.level == 0.95);
    assert_ptr_equal(options.model, sample_specs[3].initial);
    assert_int_equal(options.select, 1);
    assert_ptr_equal(options.count, sample_specs[5].initial);
    assert_ptr_equal(options.lists, sample_specs[6].initial);
    assert_null(options.population);
    assert_int_equal(est_i_options_check(sample_specs, N_SPECS, &options, NULL), EST_OK);
}

/* Every method there is: each default can be stored, and all of them together pass the checks. */
static void test_registered_defaults_are_valid(void **state)
{
    (void)state;
    assert_true(est_method_count() > 0);
    for (size_t i = 0; i < est_method_count(); i++) {
        const est_method *method = est_method_get(i);
        void *options = calloc(1, method->options_size);
        est_error error;
        assert_non_null(options);
        for (size_t j = 0; j < method->n_options; j++) {
            const est_option_spec *spec = &method->options[j];
            if (spec->kind != EST_OPTION_TABLE &&
                est_i_option_store(spec, spec->initial, options, &error) != EST_OK)
                fail_msg("%s: %s", method->id, error.message);
        }
        est_i_options_default(method->options, method->n_options, options);
        assert_int_equal(est_i_options_check(method->options, method->n_options, options, &error), EST_OK);
        if (method->validate)
            assert_int_equal(method->validate(options, &error), EST_OK);
        free(options);
    }
}

static void refuse(const char *name, const char *value, const char *expected)
{
    est_error error;
    sample_options options = defaults(), before = options;
    assert_int_equal(est_i_option_store(spec_of(name), value, &options, &error), EST_EOPTION);
    assert_int_equal(error.code, EST_EOPTION);
    assert_string_equal(error.where, name);
    assert_int_equal(strncmp(error.message, "option --", 9), 0);
    if (value)
        assert_non_null(strstr(error.message, value));
    assert_non_null(strstr(error.message, name));
    if (!strstr(error.message, expected))
        fail_msg("'%s' does not say '%s'", error.message, expected);
    assert_memory_equal(&options, &before, sizeof options);
}

static void test_store_flags_and_choices(void **state)
{
    sample_options options = defaults();
    static const char *const yes[] = {"1", "yes", "true"}, *const no[] = {"0", "no", "false"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(est_i_option_store(spec_of("robust"), yes[i], &options, NULL), EST_OK);
        assert_int_equal(options.robust, 1);
        assert_int_equal(est_i_option_store(spec_of("robust"), no[i], &options, NULL), EST_OK);
        assert_int_equal(options.robust, 0);
    }
    refuse("robust", "2", "yes or no");
    refuse("robust", "", "yes or no");
    assert_int_equal(est_i_option_store(spec_of("select"), "bic", &options, NULL), EST_OK);
    assert_int_equal(options.select, 0);
    assert_int_equal(est_i_option_store(spec_of("select"), "none", &options, NULL), EST_OK);
    assert_int_equal(options.select, 2);
    refuse("select", "bix", "bic, aic, none");
    refuse("select", "bic|aic", "bic, aic, none");
    refuse("select", "", "bic, aic, none");
    refuse("select", NULL, "expected a value");
}

static void test_store_numbers(void **state)
{
    sample_options options = defaults();
    (void)state;
    assert_int_equal(est_i_option_store(spec_of("max-order"), "3", &options, NULL), EST_OK);
    assert_int_equal(options.order, 3);
    assert_int_equal(est_i_option_store(spec_of("level"), "0.9", &options, NULL), EST_OK);
    assert_true(options.level == 0.9);
    refuse("max-order", "4", "whole number from 0 to 3");
    refuse("max-order", "-1", "from 0 to 3");
    refuse("max-order", "2.0", "whole number");
    refuse("max-order", " 2", "whole number");
    refuse("max-order", "99999999999999999999", "whole number");
    refuse("max-order", "", "whole number");
    refuse("level", "0.4", "number from 0.5 to 0.999");
    refuse("level", "nan", "number");
    refuse("level", "0,95", "number");
    refuse("level", "95%", "number");
}

static void test_integer_limits(void **state)
{
    est_option_spec spec = {"n", EST_OPTION_INTEGER, 0, "", -INFINITY, INFINITY, NULL, "", 0};
    char text[32];
    long value = 0;
    (void)state;
    assert_int_equal(est_i_option_store(&spec, "9223372036854775807", &value, NULL),
                     LONG_MAX > 2147483647L ? EST_OK : EST_EOPTION);
    if (LONG_MAX > 2147483647L) {
        assert_true(value == LONG_MAX);
        assert_int_equal(est_i_option_store(&spec, "-9223372036854775808", &value, NULL), EST_OK);
        assert_true(value == LONG_MIN);
        assert_int_equal(est_i_option_store(&spec, "9223372036854775808", &value, NULL), EST_EOPTION);
        assert_int_equal(est_i_option_store(&spec, "-9223372036854775809", &value, NULL), EST_EOPTION);
    }
    assert_string_equal(est_i_choice_word("a|b", 1, text), "b");
    assert_string_equal(est_i_choice_word("a|b", 2, text), "");
    assert_string_equal(est_i_choice_word("a|b", -1, text), "");
}

static void test_store_texts_and_tables(void **state)
{
    sample_options options = defaults();
    const char *model = "A:B C";
    est_error error;
    (void)state;
    assert_int_equal(est_i_option_store(spec_of("model"), model, &options, NULL), EST_OK);
    assert_ptr_equal(options.model, model);
    assert_int_equal(est_i_option_store(spec_of("count"), "", &options, NULL), EST_OK);
    assert_string_equal(options.count, "");
    assert_int_equal(est_i_option_store(spec_of("population"), "x.csv", &options, &error), EST_EOPTION);
    assert_non_null(strstr(error.message, "expected a table"));
}

static void expect_bad(const sample_options *options, const char *name)
{
    est_error error;
    assert_int_equal(est_i_options_check(sample_specs, N_SPECS, options, &error), EST_EOPTION);
    assert_string_equal(error.where, name);
}

static void test_check(void **state)
{
    sample_options options = defaults();
    (void)state;
    options.level = NAN;
    expect_bad(&options, "level");
    options.level = 1;
    expect_bad(&options, "level");
    options = defaults();
    options.order = 4;
    expect_bad(&options, "max-order");
    options = defaults();
    options.robust = 2;
    expect_bad(&options, "robust");
    options = defaults();
    options.select = 3;
    expect_bad(&options, "select");
    options.select = -1;
    expect_bad(&options, "select");
    options = defaults();
    options.model = NULL;
    expect_bad(&options, "model");
    options = defaults();
    options.lists = NULL;
    expect_bad(&options, "lists");
}

static void check_text(const char *name, const sample_options *options, const char *expected)
{
    char *text = est_i_option_text(spec_of(name), options);
    assert_string_equal(text, expected);
    free(text);
}

static void test_option_text(void **state)
{
    sample_options options = defaults();
    est_table *table = NULL;
    (void)state;
    check_text("robust", &options, "no");
    check_text("max-order", &options, "2");
    check_text("level", &options, "0.95");
    check_text("model", &options, "");
    check_text("select", &options, "aic");
    check_text("lists", &options, "A,B");
    check_text("population", &options, "");
    assert_int_equal(est_table_new("people", 1, &table, NULL), EST_OK);
    options.population = table;
    check_text("population", &options, "people");
    est_table_free(table);
}

static void test_set_by_name(void **state)
{
    est_options *options = NULL;
    est_error error;
    char value[] = "A:B";
    (void)state;
    assert_int_equal(est_options_new(&sample_method, &options, &error), EST_OK);
    assert_int_equal(est_options_set(options, "model", value, &error), EST_OK);
    value[0] = 'X'; /* the options own a copy */
    assert_int_equal(est_options_set(options, "model", "B:C", &error), EST_OK);
    assert_int_equal(est_options_set(options, "max_order", "3", &error), EST_OK);
    assert_int_equal(est_options_set(options, "max-ordr", "3", &error), EST_EOPTION);
    assert_non_null(strstr(error.message, "did you mean 'max-order'?"));
    assert_string_equal(error.where, "max-ordr");
    assert_int_equal(est_options_set(options, "colour", "3", &error), EST_EOPTION);
    assert_null(strstr(error.message, "did you mean"));
    assert_int_equal(est_options_set(options, NULL, "3", &error), EST_EOPTION);
    assert_int_equal(est_options_set(options, "model", NULL, &error), EST_EOPTION);
    assert_int_equal(est_options_set(options, "level", "2", &error), EST_EOPTION);
    assert_int_equal(est_options_set_table(options, "population", NULL, &error), EST_OK);
    assert_int_equal(error.code, EST_OK);
    assert_int_equal(est_options_set_table(options, "model", NULL, &error), EST_EOPTION);
    assert_non_null(strstr(error.message, "text"));
    assert_int_equal(est_options_set_table(options, "populatoin", NULL, &error), EST_EOPTION);
    assert_non_null(strstr(error.message, "'population'"));
    est_options_free(options);
    est_options_free(NULL);
    assert_int_equal(est_options_new(NULL, &options, &error), EST_EOPTION);
    assert_null(options);
}

typedef struct fixture {
    est_table *data;
    est_options *options;
} fixture;

static int set_up(void **state)
{
    fixture *made = calloc(1, sizeof *made);
    *state = made;
    return !made || est_table_new("data", 0, &made->data, NULL) != EST_OK ||
           est_options_new(&sample_method, &made->options, NULL) != EST_OK;
}

static int tear_down(void **state)
{
    fixture *made = *state;
    est_options_free(made->options);
    est_table_free(made->data);
    free(made);
    return 0;
}

static void test_run(void **state)
{
    fixture *use = *state;
    est_result *result = NULL;
    est_error error = {.code = EST_EIO, .message = "old"};
    assert_int_equal(est_options_set(use->options, "level", "0.8", NULL), EST_OK);
    assert_int_equal(est_method_run(&sample_method, use->data, use->options, NULL, &result, &error), EST_OK);
    assert_int_equal(error.code, EST_OK);
    assert_string_equal(error.message, "");
    assert_true(est_result_stat_value(result, "level") == 0.8);
    est_result_free(result);
    assert_int_equal(est_method_run(&sample_method, use->data, NULL, NULL, &result, &error), EST_OK);
    assert_true(est_result_stat_value(result, "level") == 0.95);
    est_result_free(result);
}

static void expect_run(fixture *use, const est_method *method, const est_table *data, est_status expected)
{
    est_error error;
    est_result *result = (est_result *)&error;
    assert_int_equal(est_method_run(method, data, use->options, NULL, &result, &error), expected);
    assert_int_equal(error.code, expected);
    assert_true(error.message[0] != '\0');
    assert_null(result);
}

static void test_run_fails(void **state)
{
    fixture *use = *state;
    expect_run(use, NULL, use->data, EST_EOPTION);
    expect_run(use, &sample_method, NULL, EST_EOPTION);
    expect_run(use, &other_method, use->data, EST_EOPTION);
    assert_int_equal(est_options_set(use->options, "model", "fail", NULL), EST_OK);
    expect_run(use, &sample_method, use->data, EST_EIDENTIFY);
    assert_int_equal(est_options_set(use->options, "model", "empty", NULL), EST_OK);
    expect_run(use, &sample_method, use->data, EST_EINTERNAL);
    assert_int_equal(est_options_set(use->options, "max-order", "3", NULL), EST_OK);
    assert_int_equal(est_options_set(use->options, "select", "none", NULL), EST_OK);
    expect_run(use, &sample_method, use->data, EST_EOPTION);
}

static void test_kind_names(void **state)
{
    (void)state;
    assert_string_equal(est_option_kind_name(EST_OPTION_FLAG), "flag");
    assert_string_equal(est_option_kind_name(EST_OPTION_COLUMNS), "columns");
    assert_string_equal(est_option_kind_name(EST_OPTION_TABLE), "table");
    assert_null(est_option_kind_name(EST_OPTION_KIND_END));
    assert_null(est_option_kind_name((est_option_kind)-1));
    for (int i = 0; i < EST_OPTION_KIND_END; i++)
        assert_non_null(est_option_kind_name((est_option_kind)i));
}

static void test_error_places(void **state)
{
    est_error error;
    (void)state;
    est_i_place place = {"kosovo.csv", 5, 6, "EXH"};
    assert_int_equal(est_i_fail_at(&error, EST_EVALUE, place, "found '%s', expected 0 or 1", "x"),
                     EST_EVALUE);
    assert_string_equal(error.message,
                        "kosovo.csv, record 5 (line 6), column 'EXH': found 'x', expected 0 or 1");
    assert_string_equal(error.where, "kosovo.csv");
    assert_string_equal(error.column, "EXH");
    assert_int_equal(error.record, 5);
    assert_int_equal(error.line, 6);
    assert_int_equal(error.code, EST_EVALUE);
    est_i_fail_at(&error, EST_EFORMAT, (est_i_place){.line = 3}, "stray quote");
    assert_string_equal(error.message, "line 3: stray quote");
    est_i_fail_at(&error, EST_ECOLUMN, (est_i_place){.column = "n"}, "missing");
    assert_string_equal(error.message, "column 'n': missing");
    est_i_fail_at(&error, EST_EOPTION, (est_i_place){0}, "bare");
    assert_string_equal(error.message, "bare");
    est_i_fail_at(&error, EST_EIO, (est_i_place){.where = error.message}, "again");
    assert_string_equal(error.message, "bare: again");
    assert_int_equal(est_i_fail(NULL, EST_EIO, "%s", "no record to fill"), EST_EIO);
    assert_int_equal(est_i_no_memory(&error), EST_ENOMEM);
    assert_int_equal(error.code, EST_ENOMEM);
    est_error_clear(&error);
    assert_int_equal(error.code, EST_OK);
    assert_string_equal(error.message, "");
    est_error_clear(NULL);
}

/* Cut texts end in NUL and never inside a character. */
static void test_error_cuts(void **state)
{
    est_error error;
    char text[1201];
    (void)state;
    for (size_t i = 0; i < 1200; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[1200] = '\0';
    est_i_fail_at(&error, EST_ECOLUMN, (est_i_place){.where = text, .column = text}, "%s", text);
    assert_int_equal(strlen(error.where), 254);
    assert_int_equal(strlen(error.column), 126);
    assert_true(strlen(error.message) >= sizeof error.message - 3);
    assert_int_equal((unsigned char)error.message[strlen(error.message) - 1], 0xa9);
    est_i_fail(&error, EST_EOPTION, "x%s", text);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    est_i_fail(&error, EST_EOPTION, "%s", text);
    assert_int_equal(strlen(error.message), sizeof error.message - 2);
}

static void test_status_names(void **state)
{
    static const int exits[EST_STATUS_END] = {0, 5, 2, 3, 3, 3, 3, 3, 4, 5, 5, 130};
    (void)state;
    assert_string_equal(est_status_name(EST_OK), "EST_OK");
    assert_string_equal(est_status_name(EST_EDEFINITION), "EST_EDEFINITION");
    assert_string_equal(est_status_name(EST_STATUS_END), "EST_UNKNOWN");
    assert_string_equal(est_status_name((est_status)-1), "EST_UNKNOWN");
    for (int i = 0; i < EST_STATUS_END; i++) {
        assert_int_equal(strncmp(est_status_name((est_status)i), "EST_", 4), 0);
        assert_int_equal(est_status_exit((est_status)i), exits[i]);
    }
    assert_int_equal(est_status_exit(EST_STATUS_END), 5);
    assert_true(strlen(est_version()) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_registered_defaults_are_valid),
        cmocka_unit_test(test_store_flags_and_choices),
        cmocka_unit_test(test_store_numbers),
        cmocka_unit_test(test_integer_limits),
        cmocka_unit_test(test_store_texts_and_tables),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_option_text),
        cmocka_unit_test(test_set_by_name),
        cmocka_unit_test_setup_teardown(test_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_run_fails, set_up, tear_down),
        cmocka_unit_test(test_kind_names),
        cmocka_unit_test(test_error_places),
        cmocka_unit_test(test_error_cuts),
        cmocka_unit_test(test_status_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
