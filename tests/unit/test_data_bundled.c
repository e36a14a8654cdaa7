/* The bundled datasets: all can be read, and hold what their pages say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <est/table.h>

#include "data/captures.h"

static est_table *open_dataset(const char *data)
{
    est_error error;
    est_table *table = NULL;
    if (est_table_open(data, NULL, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return table;
}

static void test_every_dataset(void **state)
{
    (void)state;
    assert_true(est_dataset_count() >= 10);
    assert_null(est_dataset_get(est_dataset_count()));
    for (size_t i = 0; i < est_dataset_count(); i++) {
        const est_dataset *dataset = est_dataset_get(i);
        char data[128] = "dataset:";
        assert_ptr_equal(est_dataset_find(dataset->name), dataset);
        assert_true(strlen(dataset->title) > 0);
        assert_true(strlen(dataset->description) > 0);
        assert_int_equal(strlen(dataset->csv), dataset->csv_length);
        assert_true(*dataset->companion == '\0' || est_dataset_find(dataset->companion) != NULL);
        strncat(data, dataset->name, sizeof data - strlen(data) - 1);
        est_table *table = open_dataset(data);
        assert_string_equal(est_table_name(table), data);
        assert_int_equal(est_table_is_public(table), dataset->is_public);
        assert_int_equal(est_table_is_synthetic(table), dataset->is_synthetic);
        est_table_free(table);
    }
    assert_null(est_dataset_find("no such dataset"));
    assert_null(est_dataset_find(NULL));
}

static void expect_total(const char *data, size_t n_lists, double total)
{
    est_error error;
    est_capture_options options = {0};
    est_i_captures *captures = NULL;
    est_table *table = open_dataset(data);
    assert_int_equal(est_i_captures_read(table, &options, NULL, NULL, &captures, &error), EST_OK);
    assert_int_equal(captures->n_lists, n_lists);
    assert_true(captures->total == total);
    est_i_captures_free(captures);
    est_table_free(table);
}

/* Persons as in the published tables. */
static void test_totals(void **state)
{
    (void)state;
    expect_total("dataset:uk_2013", 6, 2744);
    expect_total("dataset:uk_2013_five", 5, 2744);
    expect_total("dataset:netherlands_2010_15", 6, 8234);
    expect_total("dataset:kosovo_1999", 4, 4400);
    expect_total("dataset:korea", 3, 123);
}

static void test_companion(void **state)
{
    (void)state;
    const double totals[] = {707, 2867, 5437, 2608, 2039, 436};
    est_error error;
    est_capture_options options = {0};
    est_i_captures *captures = NULL;
    const est_dataset *dataset = est_dataset_find("colombia_child_recruitment");
    assert_non_null(dataset);
    assert_string_equal(dataset->companion, "colombia_child_recruitment_periods");
    est_table *table = open_dataset("dataset:colombia_child_recruitment");
    est_i_period_options periods = {.population = open_dataset("dataset:colombia_child_recruitment_periods")};
    assert_int_equal(est_i_captures_read(table, &options, &periods, NULL, &captures, &error), EST_OK);
    assert_int_equal(captures->n_blocks, 6);
    for (size_t b = 0; b < 6; b++)
        assert_true(captures->totals[b] == totals[b]);
    assert_true(captures->total == 14094 && captures->has_seen && captures->seen[5] == 487);
    assert_true(captures->midpoint[5] - captures->midpoint[4] == 4);
    assert_true(captures->truncated[5] && !captures->truncated[4]);
    est_i_captures_free(captures);
    est_table_free((est_table *)periods.population);
    est_table_free(table);
}

static void test_unknown_name(void **state)
{
    (void)state;
    est_error error;
    est_table *table = NULL;
    assert_int_equal(est_table_open("dataset:kosovo_1998", NULL, &table, &error), EST_EFILE);
    assert_non_null(strstr(error.message, "dataset:kosovo_1999"));
    assert_int_equal(est_table_open("dataset:kosovo", NULL, &table, &error), EST_EFILE);
    assert_non_null(strstr(error.message, "near it: dataset:kosovo_1999"));
    assert_int_equal(est_table_open("dataset:", NULL, &table, &error), EST_EFILE);
    assert_non_null(strstr(error.message, "dataset:korea"));
    assert_null(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_dataset),
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_companion),
        cmocka_unit_test(test_unknown_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
