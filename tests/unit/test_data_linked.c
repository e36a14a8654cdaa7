/* Linked records: the histories, the units behind them, and every check; and the method `patterns` on them. */
#include "mse_support.h"

#include <est/linkage.h>

#include "data/linked.h"

static est_table *parse(const char *name, const char *csv)
{
    est_error error;
    est_table *table = NULL;
    REQUIRE_OK(est_table_parse_csv(name, csv, strlen(csv), NULL, &table, &error), error);
    return table;
}

static est_i_linked *expect_linked(const char *csv, const est_patterns_options *options)
{
    est_error error;
    est_i_linked *linked = NULL;
    est_table *table = parse("records.csv", csv);
    REQUIRE_OK(est_i_linked_read(table, options, NULL, &linked, &error), error);
    est_table_free(table);
    return linked;
}

/* No message may hold an id or a cluster: here they all contain "secret". */
static void expect_fault(const char *csv, const est_patterns_options *options, est_status code, long long record,
                         const char *column, const char *words)
{
    est_error error;
    est_i_linked *linked = NULL;
    est_table *table = parse("records.csv", csv);
    assert_int_equal(est_i_linked_read(table, options, NULL, &linked, &error), code);
    assert_null(linked);
    assert_int_equal(error.record, record);
    assert_string_equal(error.column, column);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    assert_null(strstr(error.message, "secret"));
    est_table_free(table);
}

#define RECORDS                                                                                              \
    "list,id,cluster,date\nNGO,secret1,secretA,2020-01-02\nNGO,secret2,secretB,2020-03\nDCI,secret1,secretA,2020\n" \
    "DCI,secret2,secretC,\nDCI,secret3,secretA,2021-02-03\nBMS,secret9,secretB,2020\nBMS,secret9,secretB,2020\n"

static void test_histories_and_checks(void **state)
{
    (void)state;
    est_patterns_options options = est_patterns_options_default();
    est_i_linked *linked = expect_linked(RECORDS, &options);
    const est_i_captures *captures = linked->captures;
    assert_int_equal(captures->n_lists, 3);
    assert_string_equal(captures->list_names[0], "BMS");
    assert_true(captures->total == 3 && captures->counts[0][2] == 1 && captures->counts[0][6] == 1 && captures->counts[0][5] == 1);
    assert_int_equal(linked->checks.rows, 7);
    assert_int_equal(linked->checks.repeated_rows, 1);
    assert_int_equal(linked->checks.repeated_persons, 1);
    assert_int_equal(linked->checks.without_date, 1);
    assert_int_equal(linked->checks.largest, 3);
    assert_int_equal(linked->checks.larger_clusters, 0);
    assert_int_equal(linked->n_units, 3);
    assert_int_equal(linked->n_records, 6);
    assert_int_equal(linked->first[1], 3); /* secretA: NGO, DCI, DCI in the order of the rows */
    assert_int_equal(linked->list[0], 2);
    assert_int_equal(linked->list[1], 1);
    assert_int_equal(linked->list[2], 1);
    assert_int_equal(linked->first[3], 6);
    est_i_linked_free(linked);
}

static void test_named_lists_and_columns(void **state)
{
    (void)state;
    est_patterns_options options = est_patterns_options_default();
    options.lists = "NGO,DCI";
    options.list = "source";
    options.linked.id = "number";
    options.linked.cluster = "person";
    est_i_linked *linked = expect_linked("source,number,person\nNGO,1,7\nDCI,1,7\nBMS,1,8\nDCI,2,9\n", &options);
    assert_int_equal(linked->captures->n_lists, 2);
    assert_string_equal(linked->captures->list_names[0], "NGO");
    assert_true(linked->captures->counts[0][3] == 1 && linked->captures->counts[0][2] == 1 && linked->captures->total == 2);
    assert_int_equal(linked->checks.left_out, 1);
    assert_int_equal(linked->n_units, 2);
    est_i_linked_free(linked);
}

static void test_periods(void **state)
{
    (void)state;
    est_patterns_options options = est_patterns_options_default();
    est_i_linked *linked = expect_linked("list,id,cluster,period,date\nA,1,x,2021,2021-05\nB,1,x,2020,2020\nA,1,x,2020,2020-12-31\n"
                                         "B,2,y, 2021,2021\n", &options);
    assert_int_equal(linked->captures->n_blocks, 2);
    assert_string_equal(linked->captures->block_names[0], "2020");
    assert_true(linked->captures->counts[0][3] == 1 && linked->captures->counts[1][1] == 1 && linked->captures->counts[1][2] == 1);
    assert_int_equal(linked->checks.repeated_rows, 0);
    assert_int_equal(linked->checks.repeated_persons, 0);
    assert_int_equal(linked->n_units, 3);
    assert_int_equal(linked->block[0], 1);
    assert_int_equal(linked->block[1], 0);
    est_i_linked_free(linked);
    expect_fault("list,id,cluster,period,date\nA,secret1,x,2021,2022-05\nB,1,x,2020,2020\n", &options, EST_EVALUE, 1, "date",
                 "within the period");
}

static void test_faults(void **state)
{
    (void)state;
    est_patterns_options options = est_patterns_options_default();
    expect_fault("list,id,cluster\nA,secret1,secretX\nB,secret1,secretX\nA,secret1,secretY\n", &options, EST_EVALUE, 3, "cluster",
                 "another cluster than in record 1");
    expect_fault("list,id,cluster\nA,secret1,\nB,secret1,secretX\n", &options, EST_EVALUE, 1, "cluster", "cluster of its own");
    expect_fault("list,id,cluster\nA,,secretX\nB,secret1,secretX\n", &options, EST_EVALUE, 1, "id", "missing value");
    expect_fault("list,id,cluster\nA,secret1,secretX\nNA,secret1,secretX\n", &options, EST_EVALUE, 2, "list", "missing value");
    expect_fault("list,id,group\nA,secret1,secretX\n", &options, EST_ECOLUMN, 0, "cluster", "no such column");
    expect_fault("list,id,cluster\nA,secret1,secretX\nA,secret2,secretY\n", &options, EST_EDEFINITION, 0, "", "found 1 list");
    expect_fault("list,id,cluster,date\nA,secret1,secretX,2020-13\nB,secret1,secretX,2020\n", &options, EST_EVALUE, 1, "date",
                 "a date");
    expect_fault("list,id,cluster,date\nA,secret1,secretX,soon secret\nB,secret1,secretX,2020\n", &options, EST_EVALUE, 1, "date",
                 "a date");
    options.period = "year";
    expect_fault(RECORDS, &options, EST_ECOLUMN, 0, "year", "no such column");
}

static void test_limits(void **state)
{
    (void)state;
    est_patterns_options options = est_patterns_options_default();
    options.linked.until = "2020-12-31";
    expect_fault(RECORDS, &options, EST_EVALUE, 5, "date", "--until");
    options.linked.until = "2021-02-03";
    est_i_linked_free(expect_linked(RECORDS, &options));
    options.linked.until = "tomorrow";
    expect_fault(RECORDS, &options, EST_EOPTION, 0, "", "--until");
    options.linked.until = "2021";
    expect_fault("list,id,cluster\nA,secret1,secretX\nB,secret1,secretX\n", &options, EST_EOPTION, 0, "", "--date");
    options = est_patterns_options_default();
    options.linked.repeats = EST_FINDING_REFUSE;
    expect_fault(RECORDS, &options, EST_EVALUE, 5, "cluster", "--repeats");
    options = est_patterns_options_default();
    options.linked.largest_cluster = 2;
    est_i_linked *linked = expect_linked(RECORDS, &options);
    assert_int_equal(linked->checks.larger_clusters, 1);
    est_i_linked_free(linked);
    options.linked.larger = EST_FINDING_REFUSE;
    expect_fault(RECORDS, &options, EST_EVALUE, 5, "cluster", "--largest-cluster");
}

static void test_units_of_a_table(void **state)
{
    (void)state;
    est_error error;
    est_i_captures *captures = NULL;
    est_i_linked *linked = NULL;
    const double first[] = {0, 2, 0, 1}, second[] = {0, 0, 3, 0}, *counts[] = {first, second};
    REQUIRE_OK(est_i_captures_make(2, 2, NULL, counts, &captures, &error), error);
    REQUIRE_OK(est_i_linked_of_captures(captures, &linked, &error), error);
    assert_int_equal(linked->n_units, 6);
    assert_int_equal(linked->n_records, 7);
    assert_int_equal(linked->first[3] - linked->first[2], 2);
    assert_int_equal(linked->list[3], 1);
    assert_int_equal(linked->block[2], 0);
    assert_int_equal(linked->block[3], 1);
    est_i_linked_free(linked);
}

static double cell(const est_frame *frame, size_t row, size_t column)
{
    return frame->cells[row * frame->n_columns + column].number;
}

static void test_patterns(void **state)
{
    (void)state;
    est_error error;
    est_result *result = NULL;
    est_table *table = parse("records.csv", RECORDS);
    REQUIRE_OK(est_patterns(table, NULL, NULL, &result, &error), error);
    const est_frame *frame = est_result_frame_find(result, "patterns"), *checks = est_result_frame_find(result, "checks");
    assert_non_null(frame);
    assert_non_null(checks);
    assert_int_equal(frame->n_rows, 7); /* every history, those of nobody too */
    assert_string_equal(frame->columns[0], "BMS");
    assert_string_equal(frame->columns[3], "count");
    assert_int_equal(frame->roles[3], EST_ROLE_COUNT);
    double total = 0;
    for (size_t row = 0; row < 7; row++)
        total += cell(frame, row, 3);
    assert_true(total == 3);
    assert_true(cell(frame, 1, 1) == 1 && cell(frame, 1, 3) == 1); /* DCI alone */
    assert_string_equal(checks->cells[2 * 5 + 1].text, "1 to 9");
    assert_string_equal(checks->cells[1].text, "none");
    assert_int_equal(est_result_find(result, "observed", NULL, NULL)->estimate, 3);
    est_result_free(result);
    est_table_free(table);
}

/* Under the default suppression no small count is left. */
static void test_patterns_are_suppressed(void **state)
{
    (void)state;
    est_error error;
    est_result *result = NULL, *published = NULL;
    est_table *table = parse("records.csv", RECORDS);
    REQUIRE_OK(est_patterns(table, NULL, NULL, &result, &error), error);
    REQUIRE_OK(est_result_suppress(result, NULL, &published, &error), error);
    const est_frame *frame = est_result_frame_find(published, "patterns");
    assert_non_null(frame);
    for (size_t row = 0; row < frame->n_rows; row++)
        assert_true(isnan(cell(frame, row, 3)));
    for (size_t i = 0; i < est_result_notes(published); i++) {
        const est_note *note = est_result_note(published, i);
        assert_true(strcmp(note->code, "repeated") != 0 || strchr(note->message, '*') != NULL);
    }
    est_result_free(published);
    est_result_free(result);
    est_table_free(table);
}

static int stop_now(void *user)
{
    (void)user;
    return 1;
}

static void test_cancelled(void **state)
{
    (void)state;
    est_error error;
    est_context context = est_context_default();
    est_i_linked *linked = NULL;
    est_patterns_options options = est_patterns_options_default();
    est_table *table = parse("records.csv", RECORDS);
    context.poll = stop_now;
    assert_int_equal(est_i_linked_read(table, &options, &context, &linked, &error), EST_ECANCELLED);
    assert_null(linked);
    est_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories_and_checks),
        cmocka_unit_test(test_named_lists_and_columns),
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_units_of_a_table),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_patterns_are_suppressed),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
