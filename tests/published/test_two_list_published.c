/* Two lists: published and documented numbers, through the public API. */
#include "published_support.h"

#include <est/two_list.h>

static est_status run_on(const est_table *data, est_two_list_options options, est_result **result, est_error *error)
{
    memset(error, 0, sizeof *error);
    return est_two_list(data, &options, NULL, result, error);
}

static est_result *run_csv(const char *csv, est_two_list_options options)
{
    est_error error;
    est_result *result = NULL;
    est_table *data = parse_table(csv);
    if (run_on(data, options, &result, &error) != EST_OK)
        fail_msg("%s", error.message);
    est_table_free(data);
    return result;
}

static est_result *run(const char *dataset, est_two_list_options options)
{
    est_error error;
    est_result *result = NULL;
    est_table *data = open_table(dataset);
    if (run_on(data, options, &result, &error) != EST_OK)
        fail_msg("%s", error.message);
    est_table_free(data);
    return result;
}

static const est_row *row_of(const est_result *result, const char *pair, const char *model)
{
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (strcmp(row->model, model) == 0 && row->n_domain == 1 && strcmp(row->domain[0].value, pair) == 0)
            return row;
    }
    fail_msg("there is no row %s of %s", model, pair);
    return NULL;
}

static const char *message_of(const est_result *result, const char *code)
{
    for (size_t i = 0; i < est_result_notes(result); i++)
        if (strcmp(est_result_note(result, i)->code, code) == 0)
            return est_result_note(result, i)->message;
    fail_msg("there is no note %s", code);
    return NULL;
}

typedef struct pair_case {
    const char *pair;
    double petersen, chapman, se, lower, upper;
} pair_case;

/* Diabetes in Casale Monferrato (Bruno and others 1994): the example output of CARE1 1.1.0, in whole numbers, at
 * https://rdrr.io/cran/CARE1/man/Diabetes.html. */
static void test_diabetes(void **state)
{
    (void)state;
    static const pair_case cases[] = {
        {"clinic:hospital", 2353, 2351, 58, 2250, 2478},       {"clinic:prescriptions", 2185, 2185, 22, 2146, 2233},
        {"clinic:reagents", 2264, 2261, 88, 2117, 2468},       {"hospital:prescriptions", 2060, 2057, 77, 1922, 2224},
        {"hospital:reagents", 806, 803, 47, 725, 913},         {"prescriptions:reagents", 1558, 1555, 67, 1445, 1712}};
    est_result *result = run("dataset:diabetes_casale", est_two_list_options_default());
    assert_int_equal(est_result_rows(result), 18);
    for (size_t i = 0; i < 6; i++) {
        const est_row *chapman = row_of(result, cases[i].pair, "Chapman");
        assert_true(round(row_of(result, cases[i].pair, "Lincoln-Petersen")->estimate) == cases[i].petersen);
        assert_true(round(chapman->estimate) == cases[i].chapman && round(chapman->se) == cases[i].se);
        assert_true(round(chapman->lower) == cases[i].lower && round(chapman->upper) == cases[i].upper);
        assert_string_equal(chapman->interval, "log-normal");
        assert_true(has_flag(chapman, EST_FLAG_FEW_LISTS) && has_flag(chapman, EST_FLAG_MODEL_KNOWN));
        assert_int_equal(has_flag(chapman, EST_FLAG_REFUTED), i >= 4); /* 2,069 people are on the lists */
    }
    assert_non_null(strstr(message_of(result, "pairs_disagree"), "hospital:reagents 803 (725 to 913)"));
    assert_non_null(strstr(message_of(result, "refuted"), "hospital:reagents, prescriptions:reagents"));
    assert_null(est_result_find(result, "observed", NULL, NULL));
    est_result_free(result);
}

/* Hepatitis A in Taiwan (Chao and others 2001): CARE1 1.1.0. The pairs agree with each other. */
static void test_hepatitis(void **state)
{
    (void)state;
    static const pair_case cases[] = {
        {"P:Q", 336.12244898, 333.56, 28.6997142843, 288.67905568, 403.407760627},
        {"P:E", 378, 374.47826087, 35.5818330938, 318.612729853, 460.758707855},
        {"Q:E", 334.173913043, 331.361702128, 29.9286914701, 284.686773779, 404.383636615}};
    est_result *result = run("dataset:hepatitis_taiwan_1995", est_two_list_options_default());
    for (size_t i = 0; i < 3; i++) {
        const est_row *chapman = row_of(result, cases[i].pair, "Chapman");
        REQUIRE_CLOSE(row_of(result, cases[i].pair, "Lincoln-Petersen")->estimate, cases[i].petersen, 1e-11);
        REQUIRE_CLOSE(chapman->estimate, cases[i].chapman, 1e-11);
        REQUIRE_CLOSE(chapman->se, cases[i].se, 1e-11);
        REQUIRE_CLOSE(chapman->lower, cases[i].lower, 1e-11);
        REQUIRE_CLOSE(chapman->upper, cases[i].upper, 1e-11);
    }
    assert_true(has_note(result, "pairs_agree") && has_note(result, "two_lists"));
    assert_true(!has_note(result, "pairs_disagree") && !has_note(result, "refuted"));
    est_result_free(result);
}

/* 45 and 35 persons, 15 on both: 45 * 35 / 15 = 105, 46 * 36 / 16 - 1 = 102.5, Chao 65 + 50 * 49 / (4 * 16). */
static void test_headline(void **state)
{
    (void)state;
    const char *csv = "A,B,count\n1,0,30\n0,1,20\n1,1,15\n";
    est_two_list_options options = est_two_list_options_default();
    est_result *result = run_csv(csv, options);
    const est_row *population = est_result_find(result, "population", NULL, NULL);
    assert_int_equal(population->n_domain, 0);
    REQUIRE_CLOSE(population->estimate, 102.5, 1e-12);
    REQUIRE_CLOSE(est_result_find(result, "unobserved", NULL, NULL)->estimate, 37.5, 1e-12);
    REQUIRE_CLOSE(est_result_find(result, "observed", NULL, NULL)->estimate, 65, 0);
    REQUIRE_CLOSE(row_of(result, "A:B", "Chao")->estimate, 65 + 50.0 * 49 / 64, 1e-12);
    REQUIRE_CLOSE(row_of(result, "A:B", "Lincoln-Petersen")->se, sqrt(45.0 * 35 * 30 * 20 / 3375), 1e-12);
    assert_int_equal(row_of(result, "A:B", "Chapman")->detail, 1);
    REQUIRE_CLOSE(cell_of(est_result_frame_find(result, "estimators"), 1, "population")->number, 105, 1e-12);
    est_result_free(result);
    options.estimator = EST_TWO_LIST_LINCOLN_PETERSEN;
    result = run_csv(csv, options);
    REQUIRE_CLOSE(est_result_find(result, "population", NULL, NULL)->estimate, 105, 1e-12);
    est_result_free(result);
}

/* n + OR n10 n01 / n11, and the odds ratio that leads to 305: (305 - 65) / 40. */
static void test_dependence(void **state)
{
    (void)state;
    const char *csv = "A,B,count\n1,0,30\n0,1,20\n1,1,15\n";
    est_two_list_options options = est_two_list_options_default();
    options.odds_ratios = "1/4, 1,2.5";
    options.limit = 305;
    options.estimator = EST_TWO_LIST_LINCOLN_PETERSEN;
    est_result *result = run_csv(csv, options);
    const est_frame *frame = est_result_frame_find(result, "dependence");
    static const double ratios[] = {0.25, 1, 2.5};
    assert_int_equal(frame->n_rows, 3);
    for (size_t i = 0; i < 3; i++) {
        REQUIRE_CLOSE(cell_of(frame, i, "odds_ratio")->number, ratios[i], 1e-15);
        REQUIRE_CLOSE(cell_of(frame, i, "lincoln_petersen")->number, 65 + ratios[i] * 40, 1e-12);
        REQUIRE_CLOSE(cell_of(frame, i, "chapman")->number, 65 + ratios[i] * 37.5, 1e-12);
    }
    REQUIRE_CLOSE(cell_of(est_result_frame_find(result, "limit"), 0, "odds_ratio")->number, 6, 1e-12);
    assert_non_null(strstr(message_of(result, "limit"), "6.00 times"));
    est_result_free(result);
    options.limit = 60;
    result = run_csv(csv, options);
    assert_true(isnan(cell_of(est_result_frame_find(result, "limit"), 0, "odds_ratio")->number));
    assert_non_null(strstr(message_of(result, "limit"), "seen already"));
    est_result_free(result);
}

/* No overlap: no Lincoln-Petersen value, and Chapman's number comes without an upper limit. */
static void test_no_overlap(void **state)
{
    (void)state;
    const char *csv = "A,B,count\n1,0,30\n0,1,20\n";
    est_two_list_options options = est_two_list_options_default();
    est_error error;
    est_result *result = run_csv(csv, options);
    const est_row *chapman = est_result_find(result, "population", NULL, NULL);
    REQUIRE_CLOSE(chapman->estimate, 31 * 21 - 1, 1e-12);
    assert_true(isinf(chapman->upper) && isnan(chapman->lower) && isnan(chapman->se));
    assert_true(has_flag(chapman, EST_FLAG_UPPER_UNBOUNDED) && has_flag(chapman, EST_FLAG_FEW_DATA));
    const est_row *petersen = row_of(result, "A:B", "Lincoln-Petersen");
    assert_true(isnan(petersen->estimate) && has_flag(petersen, EST_FLAG_NOT_ESTIMABLE));
    assert_non_null(strstr(message_of(result, "no_overlap"), "share nobody"));
    est_result_free(result);
    est_table *data = parse_table(csv);
    options.estimator = EST_TWO_LIST_LINCOLN_PETERSEN;
    assert_int_equal(run_on(data, options, &result, &error), EST_EIDENTIFY);
    assert_null(result);
    assert_int_equal(est_status_exit(error.code), 4);
    assert_non_null(strstr(error.message, "A and B share nobody"));
    est_table_free(data);
}

/* One list within the other: nobody is unseen by the formula, and no interval claims that. */
static void test_within(void **state)
{
    (void)state;
    est_result *result = run_csv("A,B,count\n1,0,300\n1,1,115\n", est_two_list_options_default());
    const est_row *row = est_result_find(result, "population", NULL, NULL);
    REQUIRE_CLOSE(row->estimate, 415, 1e-12);
    assert_true(isnan(row->lower) && isnan(row->upper) && has_flag(row, EST_FLAG_BOUNDARY));
    assert_string_equal(row->interval, "none");
    assert_true(has_note(result, "boundary") && !has_note(result, "model_known"));
    est_result_free(result);
}

/* A list that holds nobody: its pairs have no number at all, the others stand. */
static void test_empty_list(void **state)
{
    (void)state;
    est_error error;
    est_result *result = run_csv("A,B,C,count\n1,0,0,130\n0,1,0,20\n1,1,0,150\n0,0,1,0\n", est_two_list_options_default());
    REQUIRE_CLOSE(row_of(result, "A:B", "Lincoln-Petersen")->estimate, 280.0 * 170 / 150, 1e-12);
    assert_true(isnan(row_of(result, "A:C", "Chapman")->estimate) && isnan(row_of(result, "B:C", "Chao")->estimate));
    assert_true(has_flag(row_of(result, "A:C", "Chapman"), EST_FLAG_NOT_ESTIMABLE));
    est_result_free(result);
    est_table *data = parse_table("A,B,count\n1,0,130\n0,1,0\n");
    assert_int_equal(run_on(data, est_two_list_options_default(), &result, &error), EST_EIDENTIFY);
    assert_non_null(strstr(error.message, "list B holds nobody"));
    est_table_free(data);
}

static void test_named_pair(void **state)
{
    (void)state;
    est_error error;
    est_two_list_options options = est_two_list_options_default();
    options.pair = "hospital:clinic";
    est_result *result = run("dataset:diabetes_casale", options);
    assert_int_equal(est_result_rows(result), 3);
    REQUIRE_CLOSE(row_of(result, "clinic:hospital", "Chapman")->estimate, 2351.11538462, 1e-11);
    est_result_free(result);
    static const char *const refused[] = {"clinic", "clinic:hosp", "clinic:clinic", "clinic:hospital:reagents", "main",
                                          "clinic:hospital clinic:reagents", "all-pairs", ":", "clinic:"};
    est_table *data = open_table("dataset:diabetes_casale");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        options.pair = refused[i];
        assert_int_equal(run_on(data, options, &result, &error), EST_EOPTION);
        assert_null(result);
        assert_non_null(strstr(error.message, "--pair"));
    }
    est_table_free(data);
}

static void test_options(void **state)
{
    (void)state;
    static const char *const refused[] = {"", "1,", "0", "-1", "1/0", "0/0", "x", "1//2", "1e9", "nan", "1 2"};
    est_error error;
    est_result *result = NULL;
    est_table *data = open_table("dataset:hepatitis_taiwan_1995");
    est_two_list_options options = est_two_list_options_default();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        options.odds_ratios = refused[i];
        assert_int_equal(run_on(data, options, &result, &error), EST_EOPTION);
        assert_non_null(strstr(error.message, "--odds-ratios"));
        assert_null(result);
    }
    options = est_two_list_options_default();
    options.limit = NAN;
    assert_int_equal(run_on(data, options, &result, &error), EST_EOPTION);
    options = est_two_list_options_default();
    options.estimator = 2;
    assert_int_equal(run_on(data, options, &result, &error), EST_EOPTION);
    est_table_free(data);
    data = parse_table("A,count\n1,30\n");
    assert_int_equal(run_on(data, est_two_list_options_default(), &result, &error), EST_EDEFINITION);
    est_table_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diabetes),   cmocka_unit_test(test_hepatitis), cmocka_unit_test(test_headline),
        cmocka_unit_test(test_dependence), cmocka_unit_test(test_no_overlap), cmocka_unit_test(test_within),
        cmocka_unit_test(test_empty_list), cmocka_unit_test(test_named_pair), cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
