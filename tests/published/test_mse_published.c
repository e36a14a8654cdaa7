/* Published numbers of multiple systems estimation, through the public API. */
#include "published_support.h"

static est_status run_on(const est_table *data, est_mse_options options, const est_context *context,
                         est_result **result, est_error *error)
{
    memset(error, 0, sizeof *error);
    return est_mse(data, &options, context, result, error);
}

static est_result *run(const char *dataset, est_mse_options options)
{
    est_error error;
    est_result *result = NULL;
    est_table *data = open_table(dataset);
    if (run_on(data, options, NULL, &result, &error) != EST_OK)
        fail_msg("%s", error.message);
    est_table_free(data);
    return result;
}

static est_mse_options with_model(const char *model)
{
    est_mse_options options = est_mse_options_default();
    options.model = model;
    return options;
}

static est_mse_options searching(long max_order)
{
    est_mse_options options = est_mse_options_default();
    options.max_order = max_order;
    options.replicates = 0;
    return options;
}

static const est_row *population_of(const est_result *result)
{
    const est_row *row = est_result_find(result, "population", NULL, NULL);
    assert_non_null(row);
    return row;
}

/* N = n + exp(intercept) by R glm; profile interval by a separate computation. */
static void require_profile(const char *dataset, const char *model, double n, double estimate, double lower,
                            double upper)
{
    est_result *result = run(dataset, with_model(model));
    const est_row *row = population_of(result);
    REQUIRE_CLOSE(row->estimate, estimate, 1e-9);
    REQUIRE_CLOSE(row->lower, lower, 1e-9);
    REQUIRE_CLOSE(row->upper, upper, 1e-9);
    assert_string_equal(row->interval, "profile");
    assert_true(has_flag(row, EST_FLAG_MODEL_KNOWN) && !has_flag(row, EST_FLAG_BOUNDARY));
    REQUIRE_CLOSE(row->n, n, 0);
    REQUIRE_CLOSE(row->level, 0.95, 0);
    const est_row *unobserved = est_result_find(result, "unobserved", NULL, NULL);
    const est_row *observed = est_result_find(result, "observed", NULL, NULL);
    REQUIRE_CLOSE(unobserved->estimate, estimate - n, 1e-9);
    REQUIRE_CLOSE(unobserved->upper, upper - n, 1e-9);
    REQUIRE_CLOSE(observed->estimate, n, 0);
    REQUIRE_CLOSE(est_result_stat_value(result, "coverage"), n / estimate, 1e-9);
    assert_true(est_result_is_public(result) && !est_result_is_synthetic(result));
    est_result_free(result);
}

static void test_profiles(void **state)
{
    (void)state;
    require_profile("dataset:kosovo_1999", "all-pairs", 4400, 14402.488952, 12523.273999, 16667.928282);
    require_profile("dataset:uk_2013_five", "main", 2744, 13444.131209, 11985.115757, 15165.899055);
}

typedef struct fixed_case {
    const char *dataset, *model;
    double population, bic, deviance; /* NaN = not published */
} fixed_case;

/* MultipleSystemsEstimation 1.2.0 and R glm. */
static void test_fixed(void **state)
{
    (void)state;
    static const fixed_case cases[] = {
        {"dataset:kosovo_1999", "main", 7394.587, NAN, 245.939},
        {"dataset:kosovo_1999", "all-pairs", 14402.489, NAN, 39.832},
        {"dataset:kosovo_1999", "EXH:ABA EXH:OSCE EXH:HRW ABA:OSCE OSCE:HRW", 14341.664, NAN, NAN},
        {"dataset:kosovo_1999", "EXH:ABA:OSCE EXH:HRW OSCE:HRW", 10356.5189573, 203.029632752, NAN},
        {"dataset:uk_2013_five", "main", 13444.131, NAN, 118.532},
        {"dataset:uk_2013_five", "LA:NG LA:PFNCA NG:GP PFNCA:GP GO:GP", 12262.4124205, 197.494964756, NAN},
        {"dataset:netherlands_2010_15_five", "main", 52923.8942541, 547.730723932, 398.187068604},
        {"dataset:netherlands_2010_15_five", "all-pairs", 45135.4382527, 243.033817372, NAN},
        {"dataset:korea", "main", 141.993, NAN, 138.555},
        {"dataset:korea", "b:c c:d", 157.167, NAN, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        est_result *result = run(cases[i].dataset, with_model(cases[i].model));
        REQUIRE_CLOSE(population_of(result)->estimate, cases[i].population, 3e-6);
        if (!isnan(cases[i].bic))
            REQUIRE_CLOSE(est_result_stat_value(result, "bic"), cases[i].bic, 1e-8);
        if (!isnan(cases[i].deviance))
            REQUIRE_CLOSE(est_result_stat_value(result, "deviance"), cases[i].deviance, 1e-5);
        est_result_free(result);
    }
}

/* Table 2 of Chan, Silverman and Vincent (2021), with the values of MultipleSystemsEstimation 1.2.0; that of
 * independence is the root of (1 - 46/N)(1 - 36/N)(1 - 20/N) = 1 - 96/N, which R's glm meets to nine digits.
 */
static void test_artificial(void **state)
{
    (void)state;
    static const char csv[] = "A,B,C,count\n1,0,0,40\n0,1,0,30\n0,0,1,20\n1,1,0,6\n";
    static const struct {
        const char *model;
        double population, bic;
    } estimated[] = {{"main", 539.0939303476, 46.4048167203},
                     {"A:C B:C", 296, 46.6609728198},
                     {"A:C", 396, 46.6850509613},
                     {"B:C", 429.33333333, 47.7921927787}};
    static const char *const refused[] = {"A:B", "A:B A:C", "A:B B:C", "A:B A:C B:C"};
    est_table *data = parse_table(csv);
    for (size_t i = 0; i < 4; i++) {
        est_error error;
        est_result *result = NULL;
        assert_int_equal(run_on(data, with_model(estimated[i].model), NULL, &result, &error), EST_OK);
        REQUIRE_CLOSE(population_of(result)->estimate, estimated[i].population, 1e-9);
        REQUIRE_CLOSE(est_result_stat_value(result, "bic"), estimated[i].bic, 1e-9);
        assert_true(has_flag(population_of(result), EST_FLAG_FEW_DATA));
        est_result_free(result);
        assert_int_equal(run_on(data, with_model(refused[i]), NULL, &result, &error), EST_EIDENTIFY);
        assert_null(result);
    }
    est_table_free(data);
}

/* Searches over all hierarchical models: MultipleSystemsEstimation 1.2.0, every model fitted. */

static void require_best(const char *dataset, long max_order, const char *model, double population,
                         double bic, double models)
{
    est_result *result = run(dataset, searching(max_order));
    assert_string_equal(stat_text(result, "model"), model);
    REQUIRE_CLOSE(population_of(result)->estimate, population, 3e-6);
    REQUIRE_CLOSE(est_result_stat_value(result, "bic"), bic, 1e-8);
    REQUIRE_CLOSE(est_result_stat_value(result, "models_considered"), models, 0);
    REQUIRE_CLOSE(est_result_stat_value(result, "max_order"), (double)max_order, 0);
    const est_frame *frame = est_result_frame_find(result, "models");
    assert_string_equal(cell_of(frame, 0, "model")->text, model);
    REQUIRE_CLOSE(cell_of(frame, 0, "population")->number, population_of(result)->estimate, 1e-9);
    for (size_t i = 1; i < frame->n_rows; i++)
        assert_true(cell_of(frame, i, "bic")->number >= cell_of(frame, i - 1, "bic")->number - 1e-7);
    est_result_free(result);
}

static void test_searches(void **state)
{
    (void)state;
    require_best("dataset:kosovo_1999", 3, "EXH:ABA:OSCE EXH:HRW OSCE:HRW", 10356.5189573, 203.029632752,
                 113);
    require_best("dataset:kosovo_1999", 2, "EXH:ABA EXH:OSCE EXH:HRW ABA:OSCE OSCE:HRW", 14341.6638004,
                 225.211246472, 64);
    require_best("dataset:uk_2013_five", 3, "LA:NG:PFNCA NG:GP PFNCA:GO", 25311.2906125, 195.879105644, 6212);
    require_best("dataset:uk_2013_five", 2, "LA:NG LA:PFNCA NG:PFNCA NG:GP PFNCA:GO", 22991.3313142,
                 196.539755552, 1024);
    require_best("dataset:netherlands_2010_15_five", 3, "IO:P:Z IO:K K:R P:R", 148788.758991, 219.170729468,
                 6212);
}

/* Ball, Shin and Yang (2018): b:c b:d and all pairs have no estimate; they are listed, the search goes on. */
static void test_korea(void **state)
{
    (void)state;
    est_error error;
    est_result *result = NULL;
    est_table *data = open_table("dataset:korea");
    assert_int_equal(run_on(data, with_model("b:c b:d"), NULL, &result, &error), EST_EIDENTIFY);
    assert_null(result);
    assert_int_equal(error.code, EST_EIDENTIFY);
    assert_int_equal(est_status_exit(error.code), 4);
    assert_non_null(strstr(error.message, "b:c b:d"));
    assert_non_null(strstr(error.message, "without bound"));
    est_mse_options options = est_mse_options_default();
    options.replicates = 200;
    assert_int_equal(run_on(data, options, NULL, &result, &error), EST_OK);
    assert_string_equal(stat_text(result, "model"), "b:c c:d");
    REQUIRE_CLOSE(population_of(result)->estimate, 157.167, 1e-5);
    assert_string_equal(population_of(result)->interval, "bootstrap");
    assert_false(has_flag(population_of(result), EST_FLAG_MODEL_KNOWN));
    const est_frame *without = est_result_frame_find(result, "models_without_part");
    assert_non_null(without);
    assert_int_equal(without->n_rows, 2);
    assert_string_equal(cell_of(without, 0, "model")->text, "b:c b:d");
    assert_string_equal(cell_of(without, 1, "model")->text, "b:c b:d c:d");
    for (size_t i = 0; i < 2; i++)
        assert_true(isnan(cell_of(without, i, "population")->number));
    assert_int_equal(est_result_frame_find(result, "models")->n_rows, 6);
    est_result_free(result);
    est_table_free(data);
}

/* Two lists without overlap: a refusal in words, never a number like 1e13. */
static void test_two_lists(void **state)
{
    (void)state;
    est_error error;
    est_result *result = NULL;
    est_table *data = parse_table("A,B,count\n1,0,30\n0,1,20\n");
    assert_int_equal(run_on(data, est_mse_options_default(), NULL, &result, &error), EST_EIDENTIFY);
    assert_null(result);
    assert_non_null(strstr(error.message, "A and B share nobody"));
    assert_int_equal(run_on(data, with_model("main"), NULL, &result, &error), EST_EIDENTIFY);
    est_table_free(data);
    /* Lincoln and Petersen: 35 * 25 / 5. */
    data = parse_table("A,B,count\n1,0,30\n0,1,20\n1,1,5\n");
    assert_int_equal(run_on(data, with_model("main"), NULL, &result, &error), EST_OK);
    REQUIRE_CLOSE(population_of(result)->estimate, 175, 1e-9);
    assert_true(has_flag(population_of(result), EST_FLAG_FEW_LISTS));
    assert_true(has_note(result, "two_lists"));
    est_result_free(result);
    assert_int_equal(run_on(data, with_model("A:B"), NULL, &result, &error), EST_EIDENTIFY);
    assert_null(result);
    est_table_free(data);
}

/* The Colombian lists in 1990-94, all pairs: a boundary fit without a zero margin, whose unseen number is
 * determined. */
static void test_boundary(void **state)
{
    (void)state;
    static const char *const lists[] = {"in_23", "in_1", "in_28", "in_6", "in_21"};
    double columns[6][31];
    size_t n = 0;
    est_error error;
    est_result *result = NULL;
    est_table *all = open_table("dataset:colombia_child_recruitment"), *first = NULL;
    for (size_t row = 0; row < est_table_rows(all); row++) {
        char buffer[32];
        if (strcmp(est_table_text(all, (size_t)est_table_find(all, "period"), row, buffer), "1990-1994") != 0)
            continue;
        for (size_t j = 0; j < 6; j++)
            columns[j][n] =
                est_table_number(all, (size_t)est_table_find(all, j < 5 ? lists[j] : "count"), row);
        n++;
    }
    assert_int_equal(est_table_new("first", n, &first, &error), EST_OK);
    for (size_t j = 0; j < 6; j++)
        assert_int_equal(est_table_add_numbers(first, j < 5 ? lists[j] : "count", columns[j], &error),
                         EST_OK);
    assert_int_equal(run_on(first, with_model("all-pairs"), NULL, &result, &error), EST_OK);
    REQUIRE_CLOSE(population_of(result)->estimate, 1471.289251, 1e-9);
    assert_true(has_flag(population_of(result), EST_FLAG_BOUNDARY));
    assert_true(has_note(result, "boundary"));
    REQUIRE_CLOSE(est_result_stat_value(result, "n_parameters"), 16, 0);
    REQUIRE_CLOSE(est_result_stat_value(result, "df"), 23 - 15, 0);
    assert_true(population_of(result)->lower < 1471 && population_of(result)->upper > 1472);
    assert_false(est_result_is_public(result));
    est_result_free(result);
    est_table_free(first);
    est_table_free(all);
}

typedef struct refusal {
    const char *csv;
    est_mse_options options;
    est_status status;
    const char *words;
} refusal;

static const char three_lists[] =
    "LA,NG,PF,count\n1,0,0,40\n0,1,0,30\n0,0,1,20\n1,1,0,6\n0,1,1,4\n1,0,1,3\n1,1,1,2\n";

static void expect_refusal(const char *csv, est_mse_options options, est_status status, int exit_status,
                           const char *words)
{
    est_error error;
    est_result *result = (est_result *)&error;
    est_table *data = parse_table(csv);
    assert_int_equal(run_on(data, options, NULL, &result, &error), status);
    assert_null(result);
    assert_int_equal(error.code, status);
    assert_int_equal(est_status_exit(status), exit_status);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    est_table_free(data);
}

/* 2 = an impossible option, 3 = data or definition, 4 = nothing identified. */
static void test_refusals(void **state)
{
    (void)state;
    est_mse_options options = est_mse_options_default();
    expect_refusal(three_lists, with_model("LA:NC"), EST_EOPTION, 2, "NG");
    expect_refusal(three_lists, searching(3), EST_EOPTION, 2, "max-order");
    expect_refusal(three_lists, searching(9), EST_EOPTION, 2, "max-order");
    options.select = EST_SELECT_NONE;
    expect_refusal(three_lists, options, EST_EOPTION, 2, "--model");
    options = est_mse_options_default();
    options.ci = EST_CI_BOOTSTRAP;
    options.replicates = 50;
    expect_refusal(three_lists, options, EST_EOPTION, 2, "replicates");
    options = est_mse_options_default();
    options.level = NAN;
    expect_refusal(three_lists, options, EST_EOPTION, 2, "level");
    options.level = 1;
    expect_refusal(three_lists, options, EST_EOPTION, 2, "level");
    options = est_mse_options_default();
    options.capture.lists = "LA,NX";
    expect_refusal(three_lists, options, EST_ECOLUMN, 3, "NG");
    expect_refusal("A,count\n1,5\n", est_mse_options_default(), EST_EDEFINITION, 3, "two");
    expect_refusal("A,B,count\n1,0,5\n0,1,-2\n", est_mse_options_default(), EST_EVALUE, 3, "-2");
    expect_refusal("A,B,count\n1,0,5\n0,2,2\n", est_mse_options_default(), EST_EVALUE, 3, "B");
    expect_refusal("A,B,count\n0,0,5\n0,1,2\n", est_mse_options_default(), EST_EVALUE, 3, "");
}

/* A search with seven lists is refused, a given model is not. */
static void test_many_lists(void **state)
{
    (void)state;
    est_error error;
    est_result *result = NULL;
    char csv[9000] = "A,B,C,D,E,F,G,count\n", line[64];
    for (int w = 1; w < 128; w++) {
        snprintf(line, sizeof line, "%d,%d,%d,%d,%d,%d,%d,%d\n", w & 1, w >> 1 & 1, w >> 2 & 1, w >> 3 & 1,
                 w >> 4 & 1, w >> 5 & 1, w >> 6 & 1, 1 << (7 - __builtin_popcount((unsigned)w)));
        strcat(csv, line);
    }
    expect_refusal(csv, est_mse_options_default(), EST_EOPTION, 2, "--model");
    est_table *data = parse_table(csv);
    assert_int_equal(run_on(data, with_model("main"), NULL, &result, &error), EST_OK);
    /* Counts 2^(7 - size) are those of seven independent lists of probability 1/3: unseen 128. */
    REQUIRE_CLOSE(est_result_find(result, "unobserved", NULL, NULL)->estimate, 128, 1e-9);
    assert_true(fabs(est_result_stat_value(result, "deviance")) < 1e-9);
    est_result_free(result);
    est_table_free(data);
}

static est_result *run_with_threads(const est_table *data, est_mse_options options, int threads,
                                    uint64_t seed)
{
    est_error error;
    est_result *result = NULL;
    est_context context = est_context_default();
    context.threads = threads;
    context.seed = seed;
    if (run_on(data, options, &context, &result, &error) != EST_OK)
        fail_msg("%s", error.message);
    return result;
}

/* The same seed gives the same bytes in every format, with any number of threads; another seed does not. */
static void test_same_bytes(void **state)
{
    (void)state;
    static const char *const datasets[] = {"dataset:kosovo_1999", "dataset:korea"};
    est_mse_options options = est_mse_options_default();
    options.replicates = 200;
    for (size_t i = 0; i < 2; i++) {
        est_table *data = open_table(datasets[i]);
        est_result *one = run_with_threads(data, options, 1, 5), *two = run_with_threads(data, options, 2, 5);
        est_result *seven = run_with_threads(data, options, 7, 5),
                   *other = run_with_threads(data, options, 1, 6);
        require_same_reports(one, two);
        require_same_reports(one, seven);
        assert_true(population_of(one)->estimate == population_of(other)->estimate);
        assert_true(population_of(one)->lower != population_of(other)->lower);
        est_result_free(one);
        est_result_free(two);
        est_result_free(seven);
        est_result_free(other);
        est_table_free(data);
    }
}

/* Cancelled at whichever call of poll: EST_ECANCELLED and no result. */
static void test_cancelled(void **state)
{
    (void)state;
    est_table *data = open_table("dataset:uk_2013_five");
    est_mse_options options = est_mse_options_default();
    options.replicates = 20000;
    for (int at = 1; at <= 5; at++)
        for (int threads = 1; threads <= 2; threads++) {
            est_error error;
            est_result *result = (est_result *)&error;
            stopper stop = {.at = at};
            est_context context = est_context_default();
            context.poll = stop_at;
            context.user = &stop;
            context.threads = threads;
            assert_int_equal(run_on(data, options, &context, &result, &error), EST_ECANCELLED);
            assert_int_equal(error.code, EST_ECANCELLED);
            assert_int_equal(est_status_exit(error.code), 130);
            assert_null(result);
            assert_int_equal(stop.calls, at);
        }
    est_table_free(data);
}

/* What was chosen does not depend on the order of the columns or of the rows. */
static void test_order_of_columns(void **state)
{
    (void)state;
    est_result *straight = run("dataset:kosovo_1999", searching(3));
    est_mse_options options = searching(3);
    options.capture.lists = "HRW,OSCE,ABA,EXH";
    est_result *turned = run("dataset:kosovo_1999", options);
    REQUIRE_CLOSE(population_of(turned)->estimate, population_of(straight)->estimate, 1e-9);
    REQUIRE_CLOSE(population_of(turned)->lower, population_of(straight)->lower, 1e-8);
    assert_string_equal(stat_text(turned, "model"), "OSCE:ABA:EXH HRW:OSCE HRW:EXH");
    est_result_free(straight);
    est_result_free(turned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profiles),   cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_artificial), cmocka_unit_test(test_searches),
        cmocka_unit_test(test_korea),      cmocka_unit_test(test_two_lists),
        cmocka_unit_test(test_boundary),   cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_many_lists), cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_cancelled),  cmocka_unit_test(test_order_of_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
