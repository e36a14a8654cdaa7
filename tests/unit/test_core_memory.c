/* Every allocation fails once: the call says EST_ENOMEM, gives nothing, leaks nothing, and never publishes
 * more than it may. Linked with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc; without them the tests are
 * skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <est.h>

#include "core/options.h"
#include "core/result.h"
#include "core/text.h"

void *__real_malloc(size_t size) __attribute__((weak));
void *__real_calloc(size_t count, size_t size) __attribute__((weak));
void *__real_realloc(void *memory, size_t size) __attribute__((weak));
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool armed;
static long left;

static bool fails(void)
{
    return armed && left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

static int say_if_unwrapped(void **state)
{
    (void)state;
    if (!__real_malloc)
        print_message("SKIPPED: not linked with --wrap=malloc\n");
    return 0;
}

static void skip_unwrapped(void)
{
    if (!__real_malloc)
        skip();
}

/* Calls with allocation 0, 1, 2, ... failing until none does. Returns how many there are. */
static long fail_each(est_status (*call)(void *user), void *user)
{
    long count = -1;
    est_status status = EST_ENOMEM;
    for (bool reached = true; reached;) {
        left = ++count;
        armed = true;
        status = call(user);
        armed = false;
        reached = left < 0;
        if (reached && status != EST_ENOMEM)
            fail_msg("allocation %ld failed, and the call said %s", count, est_status_name(status));
    }
    assert_int_equal(status, EST_OK);
    return count;
}

static void add_frame(est_i_result_builder *builder)
{
    static const char *const columns[] = {"period", "history", "count"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT};
    static const char *const periods[] = {"2005-2009", "2010-2014"}, *const histories[] = {"A", "B", "A:B"};
    static const double counts[] = {200, 100, 7, 300, 80, 30};
    est_i_result_frame(builder, "histories", "Histories", 3, columns, roles, 0);
    for (size_t i = 0; i < 6; i++) {
        est_i_result_cell_text(builder, periods[i / 3]);
        est_i_result_cell_text(builder, histories[i % 3]);
        est_i_result_cell(builder, counts[i]);
    }
}

static void add_rows_and_chart(est_i_result_builder *builder)
{
    static const char *const categories[] = {"2005-2009", "2010-2014"};
    static const double seen[] = {307, 410};
    est_series series = {"seen", EST_SERIES_LINE, EST_ROLE_COUNT, seen, NULL, NULL};
    est_chart chart = {.name = "seen", .title = "Seen", .subtitle = "", .x_title = "", .y_title = "",
                       .alternative = "", .n_categories = 2, .categories = categories, .n_series = 1,
                       .series = &series};
    est_label label = {"period", "2005-2009"};
    est_row row = est_i_row_empty("observed");
    row.n_domain = 1;
    row.domain = &label;
    row.estimate = 307;
    for (int i = 0; i < 20; i++)
        est_i_result_add_row(builder, &row);
    est_i_result_add_chart(builder, &chart);
}

static est_status make(est_result **result)
{
    est_error error;
    est_i_result_builder *builder = est_i_result_begin("sample", "Sample");
    add_rows_and_chart(builder);
    add_frame(builder);
    est_i_result_add_stat(builder, "persons", 717, true);
    est_i_result_add_stat_text(builder, "model", "A:B");
    est_i_result_note(builder, NULL, EST_NOTE, "overlap", "A and B share %d persons in 2005-2009", 7);
    est_i_result_add_provenance(builder, "seed", "1", false);
    return est_i_result_finish(builder, result, &error);
}

static est_status call_make(void *user)
{
    est_result *result = NULL;
    est_status status = make(&result);
    (void)user;
    assert_true((status == EST_OK) == (result != NULL));
    est_result_free(result);
    return status;
}

static void test_builder(void **state)
{
    (void)state;
    skip_unwrapped();
    assert_true(fail_each(call_make, NULL) > 10);
}

static est_status call_suppress(void *user)
{
    est_suppression how = est_suppression_default();
    est_result *published = NULL;
    est_error error;
    est_status status = est_result_suppress(user, &how, &published, &error);
    assert_int_equal(error.code, status);
    assert_true((status == EST_OK) == (published != NULL));
    est_result_free(published);
    return status;
}

static void test_suppression(void **state)
{
    est_result *result = NULL;
    (void)state;
    skip_unwrapped();
    assert_int_equal(make(&result), EST_OK);
    assert_true(fail_each(call_suppress, result) > 30);
    est_result_free(result);
}

static est_status make_survey(est_result **result)
{
    static const double n[] = {400, 12, 60, 328};
    static const char *const areas[] = {"", "coast", "hills", "town"};
    est_error error;
    est_i_result_builder *builder = est_i_result_begin("survey", "Survey");
    est_i_result_profile(builder, "dhs");
    for (size_t i = 0; i < 4; i++) {
        est_label label = {"area", areas[i]};
        est_row row = est_i_row_empty("mean(hours)");
        row.n_domain = i > 0;
        row.domain = &label;
        row.estimate = 10 + (double)i;
        row.se = 1;
        row.n = n[i];
        row.n_weighted = (100 + (double)i) * n[i];
        est_i_result_add_row(builder, &row);
    }
    est_i_result_sampling_errors(builder);
    est_i_result_note_public(builder, NULL, EST_NOTE, "small", "", "coast has %d cases", 12);
    return est_i_result_finish(builder, result, &error);
}

static est_status call_make_survey(void *user)
{
    est_result *result = NULL;
    est_status status = make_survey(&result);
    (void)user;
    assert_true((status == EST_OK) == (result != NULL));
    est_result_free(result);
    return status;
}

static void test_survey(void **state)
{
    est_result *result = NULL;
    (void)state;
    skip_unwrapped();
    assert_true(fail_each(call_make_survey, NULL) > 10);
    assert_int_equal(make_survey(&result), EST_OK);
    assert_true(fail_each(call_suppress, result) > 30);
    est_result_free(result);
}

typedef struct sample_options {
    const char *model;
    long order;
} sample_options;

static const est_option_spec sample_specs[] = {
    {"model", EST_OPTION_TEXT, offsetof(sample_options, model), "", 0, 0, NULL, "", 0},
    {"max-order", EST_OPTION_INTEGER, offsetof(sample_options, order), "2", 0, 3, NULL, "", 0},
};

static const est_method sample_method = {
    .id = "sample", .options = sample_specs, .n_options = 2, .options_size = sizeof(sample_options)};

static est_status call_options(void *user)
{
    est_options *options = NULL;
    est_error error;
    est_status status = est_options_new(&sample_method, &options, &error);
    (void)user;
    assert_true((status == EST_OK) == (options != NULL));
    if (status == EST_OK)
        status = est_options_set(options, "model", "A:B", &error);
    if (status == EST_OK)
        status = est_options_set(options, "max-order", "3", &error);
    est_options_free(options);
    return status;
}

static void test_options(void **state)
{
    (void)state;
    skip_unwrapped();
    assert_int_equal(fail_each(call_options, NULL), 5);
}

static est_status call_text(void *user)
{
    est_i_text text = {NULL, 0, 0, false};
    char *taken;
    (void)user;
    for (int i = 0; i < 1000; i++)
        est_i_text_append(&text, "0123456789");
    taken = est_i_text_take(&text);
    assert_true(!taken || strlen(taken) == 10000);
    free(taken);
    return taken ? EST_OK : EST_ENOMEM;
}

static void test_text(void **state)
{
    (void)state;
    skip_unwrapped();
    assert_true(fail_each(call_text, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builder),
        cmocka_unit_test(test_suppression), cmocka_unit_test(test_survey),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, say_if_unwrapped, NULL);
}
