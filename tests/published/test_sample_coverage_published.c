/* Sample coverage: documented numbers, through the public API. */
#include "published_support.h"

#include <est/sample_coverage.h>

static est_status run_on(const est_table *data, est_sample_coverage_options options, const est_context *context,
                         est_result **result, est_error *error)
{
    memset(error, 0, sizeof *error);
    return est_sample_coverage(data, &options, context, result, error);
}

static est_result *run(const char *dataset, int estimator, long replicates)
{
    est_error error;
    est_result *result = NULL;
    est_table *data = open_table(dataset);
    est_sample_coverage_options options = est_sample_coverage_options_default();
    options.estimator = estimator;
    options.replicates = replicates;
    if (run_on(data, options, NULL, &result, &error) != EST_OK)
        fail_msg("%s", error.message);
    est_table_free(data);
    return result;
}

static const est_row *row_of(const est_result *result, const char *model)
{
    for (size_t i = 0; i < est_result_rows(result); i++)
        if (strcmp(est_result_row(result, i)->model, model) == 0 && *model)
            return est_result_row(result, i);
    fail_msg("there is no row %s", model);
    return NULL;
}

static void require_headline(const est_result *result, const char *model)
{
    const est_row *population = est_result_find(result, "population", NULL, NULL), *chosen = row_of(result, model);
    assert_string_equal(stat_text(result, "estimator"), model);
    REQUIRE_CLOSE(population->estimate, chosen->estimate, 0);
    REQUIRE_CLOSE(population->upper, chosen->upper, 0);
    REQUIRE_CLOSE(est_result_find(result, "unobserved", NULL, NULL)->estimate, chosen->estimate - population->n, 1e-12);
    REQUIRE_CLOSE(est_result_find(result, "observed", NULL, NULL)->estimate, population->n, 0);
    assert_int_equal(chosen->detail, 1);
    assert_true(has_flag(population, EST_FLAG_MODEL_KNOWN));
}

/* Chao, Tsay, Lin, Shau and Chao (2001), hepatitis A in Taiwan; CARE1 1.1.0. The coverage is low: the one-step value answers. */
static void test_hepatitis(void **state)
{
    (void)state;
    est_result *result = run("dataset:hepatitis_taiwan_1995", EST_COVERAGE_AUTO, 1000);
    REQUIRE_CLOSE(est_result_stat_value(result, "sample_coverage"), 0.512689738919, 1e-11);
    REQUIRE_CLOSE(est_result_stat_value(result, "seen_without_one_list"), 271 - (69.0 + 55 + 63) / 3, 1e-12);
    REQUIRE_CLOSE(row_of(result, "independent")->estimate, 407.003789673, 1e-11);
    REQUIRE_CLOSE(row_of(result, "high coverage")->estimate, 970.804763623, 1e-11);
    REQUIRE_CLOSE(row_of(result, "low coverage")->estimate, 507.771995547, 1e-11);
    require_headline(result, "low coverage");
    /* Three runs of CARE1 with 200 replicates: se 48.6, 48.2, 45.9; limits 430 to 433 and 616 to 623. */
    REQUIRE_CLOSE(row_of(result, "low coverage")->se, 47.55, 0.1);
    REQUIRE_CLOSE(row_of(result, "low coverage")->lower, 431.4, 0.02);
    REQUIRE_CLOSE(row_of(result, "low coverage")->upper, 620.6, 0.03);
    /* r12 = N n12 / (n1 n2) - 1 */
    const est_frame *covariation = est_result_frame_find(result, "covariation");
    assert_int_equal(covariation->n_rows, 3);
    REQUIRE_CLOSE(cell_of(covariation, 0, "low_coverage")->number, 507.771995547 * 49 / (135.0 * 122) - 1, 1e-10);
    est_result_free(result);
}

/* Diabetes in Casale Monferrato (Bruno and others 1994); CARE1 1.1.0. */
static void test_diabetes(void **state)
{
    (void)state;
    est_result *result = run("dataset:diabetes_casale", EST_COVERAGE_AUTO, 1000);
    REQUIRE_CLOSE(est_result_stat_value(result, "sample_coverage"), 0.80347709164, 1e-10);
    REQUIRE_CLOSE(row_of(result, "independent")->estimate, 2271.68891184, 1e-11);
    REQUIRE_CLOSE(row_of(result, "high coverage")->estimate, 2609.0298404, 1e-11);
    REQUIRE_CLOSE(row_of(result, "low coverage")->estimate, 2457.96868481, 1e-11);
    require_headline(result, "high coverage");
    REQUIRE_CLOSE(row_of(result, "high coverage")->se, 81.7, 0.1);
    REQUIRE_CLOSE(row_of(result, "independent")->se, 24.0, 0.1);
    assert_string_equal(row_of(result, "high coverage")->interval, "bootstrap log-normal");
    est_result_free(result);
}

static void test_choice(void **state)
{
    (void)state;
    est_result *result = run("dataset:hepatitis_taiwan_1995", EST_COVERAGE_HIGH, 0);
    const est_row *row = est_result_find(result, "population", NULL, NULL);
    REQUIRE_CLOSE(row->estimate, 970.804763623, 1e-11);
    assert_true(isnan(row->se) && isnan(row->lower) && isnan(row->upper) && has_note(result, "low_sample_coverage"));
    assert_string_equal(row->interval, "none");
    est_result_free(result);
    result = run("dataset:hepatitis_taiwan_1995", EST_COVERAGE_INDEPENDENT, 0);
    REQUIRE_CLOSE(est_result_find(result, "population", NULL, NULL)->estimate, 407.003789673, 1e-11);
    assert_true(has_note(result, "independence"));
    est_result_free(result);
    result = run("dataset:diabetes_casale", EST_COVERAGE_LOW, 0);
    REQUIRE_CLOSE(est_result_find(result, "population", NULL, NULL)->estimate, 2457.96868481, 1e-11);
    est_result_free(result);
}

/* Same bytes for 1, 2 and 7 threads; another seed gives others. */
static void test_threads(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 7};
    est_error error;
    est_result *results[4] = {NULL};
    est_table *data = open_table("dataset:diabetes_casale");
    for (size_t i = 0; i < 4; i++) {
        est_context context = est_context_default();
        context.threads = i < 3 ? threads[i] : 1;
        context.seed = i < 3 ? 1 : 2;
        assert_int_equal(run_on(data, est_sample_coverage_options_default(), &context, &results[i], &error), EST_OK);
    }
    require_same_reports(results[0], results[1]);
    require_same_reports(results[0], results[2]);
    assert_true(row_of(results[0], "low coverage")->se != row_of(results[3], "low coverage")->se);
    for (size_t i = 0; i < 4; i++)
        est_result_free(results[i]);
    est_table_free(data);
}

/* The estimator for high coverage has no value, where CARE1 gives the persons seen: auto says so and takes the other, and
 * asking for it is refused. */
static void require_no_value(const char *csv, double low, const char *words)
{
    est_error error;
    est_result *result = NULL;
    est_table *data = parse_table(csv);
    est_sample_coverage_options options = est_sample_coverage_options_default();
    options.threshold = 0.2;
    assert_int_equal(run_on(data, options, NULL, &result, &error), EST_OK);
    assert_true(isnan(row_of(result, "high coverage")->estimate));
    assert_true(has_flag(row_of(result, "high coverage"), EST_FLAG_NOT_ESTIMABLE) && has_note(result, "not_estimable"));
    REQUIRE_CLOSE(row_of(result, "low coverage")->estimate, low, 1e-9);
    require_headline(result, "low coverage");
    est_result_free(result);
    options.estimator = EST_COVERAGE_HIGH;
    assert_int_equal(run_on(data, options, NULL, &result, &error), EST_EIDENTIFY);
    assert_null(result);
    assert_non_null(strstr(error.message, words));
    assert_non_null(strstr(error.message, "--estimator"));
    est_table_free(data);
}

static void test_no_value(void **state)
{
    (void)state;
    require_no_value("A,B,C,count\n1,0,0,11\n0,1,0,2\n0,0,1,7\n1,0,1,1\n1,1,1,5\n", 62.02332287447, "nothing limits");
    require_no_value("A,B,C,count\n1,0,0,75\n0,1,0,174\n1,1,0,54\n0,0,1,106\n1,0,1,81\n0,1,1,64\n1,1,1,9\n",
                     693.4974376854, "fewer persons than have been seen");
}

/* More than (1 - level) / 2 of the replicates without a value: no upper limit (decisions.md 5). */
static void test_unbounded(void **state)
{
    (void)state;
    est_error error;
    est_result *result = NULL;
    est_table *data = parse_table("A,B,C,count\n1,0,0,230\n0,1,0,120\n1,1,0,5\n0,0,1,80\n1,0,1,22\n0,1,1,31\n1,1,1,4\n");
    est_sample_coverage_options options = est_sample_coverage_options_default();
    options.estimator = EST_COVERAGE_HIGH;
    assert_int_equal(run_on(data, options, NULL, &result, &error), EST_OK);
    const est_row *row = est_result_find(result, "population", NULL, NULL);
    assert_true(est_result_stat_value(result, "replicates_without_estimate") > 0.025);
    assert_true(isinf(row->upper) && row->lower == 492 && isnan(row->se) && has_flag(row, EST_FLAG_UPPER_UNBOUNDED));
    assert_true(has_note(result, "replicates_without_estimate"));
    est_result_free(result);
    est_table_free(data);
}

static void require_refused(const char *csv, est_status status, const char *words)
{
    est_error error;
    est_result *result = NULL;
    est_table *data = parse_table(csv);
    assert_int_equal(run_on(data, est_sample_coverage_options_default(), NULL, &result, &error), status);
    assert_null(result);
    assert_non_null(strstr(error.message, words));
    est_table_free(data);
}

static void test_refusals(void **state)
{
    (void)state;
    require_refused("A,B,count\n1,0,30\n0,1,20\n1,1,5\n", EST_EDEFINITION, "est two-list");
    require_refused("A,B,C,count\n1,0,0,30\n0,1,0,20\n1,1,0,5\n", EST_EIDENTIFY, "list C holds nobody");
    require_refused("A,B,C,count\n1,0,0,30\n0,1,0,20\n0,0,1,5\n", EST_EIDENTIFY, "no two lists share anybody");
}

static void test_options(void **state)
{
    (void)state;
    est_error error;
    est_result *result = NULL;
    est_table *data = open_table("dataset:hepatitis_taiwan_1995");
    const est_sample_coverage_options base = est_sample_coverage_options_default();
    est_sample_coverage_options bad[4] = {base, base, base, base};
    bad[0].replicates = 99;
    bad[1].threshold = NAN;
    bad[2].estimator = 4;
    bad[3].level = 1;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(run_on(data, bad[i], NULL, &result, &error), EST_EOPTION);
        assert_null(result);
    }
    est_table_free(data);
}

static void test_cancel(void **state)
{
    (void)state;
    est_error error;
    est_result *result = NULL;
    stopper stop = {0, 2};
    est_context context = est_context_default();
    est_table *data = open_table("dataset:diabetes_casale");
    est_sample_coverage_options options = est_sample_coverage_options_default();
    context.poll = stop_at;
    context.user = &stop;
    options.replicates = 1000000;
    assert_int_equal(run_on(data, options, &context, &result, &error), EST_ECANCELLED);
    assert_null(result);
    est_table_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hepatitis), cmocka_unit_test(test_diabetes),  cmocka_unit_test(test_choice),
        cmocka_unit_test(test_threads),   cmocka_unit_test(test_no_value),  cmocka_unit_test(test_unbounded),
        cmocka_unit_test(test_refusals),  cmocka_unit_test(test_options),   cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
