/* The Colombian table and small tables by hand, through est_trend. */
#include "published_support.h"

static const char *const periods[] = {"1990-1994", "1995-1999", "2000-2004",
                                      "2005-2009", "2010-2014", "2015-2017"};

static est_status run_on(const est_table *data, est_trend_options options, const est_context *context,
                         est_result **result, est_error *error)
{
    memset(error, 0, sizeof *error);
    return est_trend(data, &options, context, result, error);
}

static est_result *run(const est_table *data, est_trend_options options, const est_context *context)
{
    est_error error;
    est_result *result = NULL;
    if (run_on(data, options, context, &result, &error) != EST_OK)
        fail_msg("%s", error.message);
    return result;
}

static est_result *run_colombia(est_trend_options options)
{
    est_table *data = open_table("dataset:colombia_child_recruitment");
    est_result *result = run(data, options, NULL);
    est_table_free(data);
    return result;
}

static est_trend_options fixed(int dependence, const char *model)
{
    est_trend_options options = est_trend_options_default();
    options.dependence = dependence;
    options.model = model;
    options.replicates = 0;
    return options;
}

static est_trend_options searching(int dependence, long max_order, int boundary)
{
    est_trend_options options = fixed(dependence, "");
    options.max_order = max_order;
    options.boundary = boundary;
    return options;
}

/* The row of that estimand, model ("" = any), period and baseline (NULL = any); NULL if there is none. */
static const est_row *find_row(const est_result *result, const char *estimand, const char *model,
                               const char *period, const char *baseline)
{
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        int fits = strcmp(row->estimand, estimand) == 0 && (!*model || strcmp(row->model, model) == 0);
        fits = fits && row->n_domain > 0 && strcmp(row->domain[0].value, period) == 0;
        if (fits && (!baseline || (row->n_domain == 2 && strcmp(row->domain[1].value, baseline) == 0)))
            return row;
    }
    return NULL;
}

static const est_row *get_row(const est_result *result, const char *estimand, const char *model,
                              const char *period, const char *baseline)
{
    const est_row *row = find_row(result, estimand, model, period, baseline);
    if (!row)
        fail_msg("there is no row %s, %s, %s", estimand, model, period);
    return row;
}

static double model_value(const est_result *result, const char *model, const char *column)
{
    const est_frame *frame = est_result_frame_find(result, "models");
    for (size_t i = 0; frame && i < frame->n_rows; i++)
        if (strcmp(cell_of(frame, i, "model")->text, model) == 0)
            return cell_of(frame, i, column)->number;
    fail_msg("there is no model %s", model);
    return NAN;
}

static void require_populations(const est_result *result, const char *model, const double *expected,
                                double tolerance)
{
    for (size_t k = 0; k < 6; k++) {
        const est_row *row = get_row(result, "population", model, periods[k], NULL);
        REQUIRE_CLOSE(row->estimate, expected[k], tolerance);
        REQUIRE_CLOSE(get_row(result, "unobserved", model, periods[k], NULL)->estimate, expected[k] - row->n,
                      10 * tolerance);
    }
}

/* R glm (trend_colombia_sensitivity.csv of the reference tables): all pairs common, every list and period
 * free. */
static void test_common(void **state)
{
    (void)state;
    static const double expected[] = {1666.763362, 6757.183285, 15943.79432,
                                      5588.897925, 4593.455829, 1184.293809};
    est_result *result = run_colombia(fixed(EST_DEPENDENCE_COMMON, "all-pairs"));
    require_populations(result, "M1 given model", expected, 1e-9);
    REQUIRE_CLOSE(est_result_stat_value(result, "bic"), 2056.081954, 1e-9);
    REQUIRE_CLOSE(est_result_stat_value(result, "n_parameters"), 46, 0);
    REQUIRE_CLOSE(est_result_stat_value(result, "n"), 14094, 0);
    REQUIRE_CLOSE(est_result_stat_value(result, "df"), 186 - 46, 0);
    for (size_t k = 0; k < 6; k++)
        assert_false(has_flag(get_row(result, "population", "", periods[k], NULL), EST_FLAG_BOUNDARY));
    est_result_free(result);
}

/* A boundary fit without a zero margin in 1990-94, three zero margins in 2015-17. */
static void test_by_period(void **state)
{
    (void)state;
    static const double expected[] = {1471.289251, 6977.359788, 13172.75963,
                                      4830.22467,  6241.17432,  1835.502117};
    est_result *result = run_colombia(fixed(EST_DEPENDENCE_BY_PERIOD, "all-pairs"));
    require_populations(result, "M3 given model", expected, 1e-9);
    REQUIRE_CLOSE(est_result_stat_value(result, "bic"), 1958.313491, 1e-9);
    REQUIRE_CLOSE(est_result_stat_value(result, "n_parameters"), 96, 0);
    REQUIRE_CLOSE(est_result_stat_value(result, "deviance"), 324, 1e-3);
    for (size_t k = 0; k < 6; k++)
        assert_int_equal(has_flag(get_row(result, "population", "", periods[k], NULL), EST_FLAG_BOUNDARY),
                         k == 0);
    assert_true(has_flag(get_row(result, "ratio", "", periods[1], periods[0]), EST_FLAG_BOUNDARY));
    assert_false(has_flag(get_row(result, "ratio", "", periods[2], periods[1]), EST_FLAG_BOUNDARY));
    assert_true(has_note(result, "boundary") && has_note(result, "poor_fit"));
    est_result_free(result);
}

static void test_independence(void **state)
{
    (void)state;
    static const double expected[] = {903.926920,  3723.685957, 6879.542625,
                                      2810.902998, 2258.432634, 500.354843};
    est_result *result = run_colombia(fixed(EST_DEPENDENCE_INDEPENDENCE, ""));
    require_populations(result, "M0", expected, 1e-9);
    REQUIRE_CLOSE(est_result_stat_value(result, "bic"), 8673.15473070, 1e-9);
    REQUIRE_CLOSE(est_result_stat_value(result, "n_parameters"), 36, 0);
    est_result_free(result);
}

/* Exact selections: 1,024 and 6,212 joint models, or as many in each period; both orders stand beside each
 * other. */
static void test_common_selected(void **state)
{
    (void)state;
    static const double pairs[] = {1666.763362, 6757.183285, 15943.794318,
                                   5588.897925, 4593.455829, 1184.293809};
    static const double triples[] = {1943.839201, 7826.383827, 19183.276358,
                                     6529.602851, 5201.260142, 1389.519624};
    est_result *result = run_colombia(searching(EST_DEPENDENCE_COMMON, 0, EST_BOUNDARY_ACCEPT));
    assert_int_equal(est_result_frame_find(result, "models")->n_rows, 2);
    require_populations(result, "M1 order 2", pairs, 1e-9);
    require_populations(result, "M1 order 3", triples, 1e-9);
    REQUIRE_CLOSE(model_value(result, "M1 order 2", "bic"), 2056.081954, 1e-9);
    REQUIRE_CLOSE(model_value(result, "M1 order 3", "bic"), 1805.423475, 1e-9);
    REQUIRE_CLOSE(model_value(result, "M1 order 3", "n_parameters"), 52, 0);
    /* The last change is a fall of 18 or 20 percent. */
    REQUIRE_CLOSE(get_row(result, "ratio", "M1 order 2", periods[4], periods[3])->estimate, 0.8219, 1e-4);
    REQUIRE_CLOSE(get_row(result, "ratio", "M1 order 3", periods[4], periods[3])->estimate, 0.7966, 1e-4);
    est_result_free(result);
}

static void require_by_period(int boundary, double bic_pairs, double bic_triples, double first_pairs,
                              double first_triples)
{
    const double pairs[] = {first_pairs, 7694.702, 12433.867, 4864.465, 7010.085, 1392.703};
    const double triples[] = {first_triples, 15768.354, 13364.955, 4574.728, 7010.085, 1392.703};
    est_result *result = run_colombia(searching(EST_DEPENDENCE_BY_PERIOD, 3, boundary));
    require_populations(result, "M3 order 2", pairs, 3e-7);
    require_populations(result, "M3 order 3", triples, 3e-7);
    REQUIRE_CLOSE(model_value(result, "M3 order 2", "bic"), bic_pairs, 1e-9);
    REQUIRE_CLOSE(model_value(result, "M3 order 3", "bic"), bic_triples, 1e-9);
    assert_int_equal(
        has_flag(get_row(result, "population", "M3 order 2", periods[0], NULL), EST_FLAG_BOUNDARY),
        boundary == EST_BOUNDARY_ACCEPT);
    /* The opposite of the common model: the last change is a rise. */
    REQUIRE_CLOSE(get_row(result, "ratio", "M3 order 2", periods[4], periods[3])->estimate, 1.4411, 1e-4);
    REQUIRE_CLOSE(get_row(result, "ratio", "M3 order 3", periods[4], periods[3])->estimate, 1.5324, 1e-4);
    est_result_free(result);
}

static void test_by_period_selected(void **state)
{
    (void)state;
    require_by_period(EST_BOUNDARY_ACCEPT, 1820.115965, 1725.126546, 1737.130, 3468.264);
    require_by_period(EST_BOUNDARY_REJECT, 1854.035948, 1765.150218, 1223.752, 2488.404);
}

/* 2015-17 (three years) against 2010-14 (five): raw 0.258, per year 0.430, -19.0 % a year over 4.0 years. */
static void test_annual_change(void **state)
{
    (void)state;
    est_table *population = open_table("dataset:colombia_child_recruitment_periods");
    for (int with_file = 0; with_file < 2; with_file++) {
        est_trend_options options = fixed(EST_DEPENDENCE_COMMON, "all-pairs");
        options.population = with_file ? population : NULL;
        est_result *result = run_colombia(options);
        double raw = 1184.293809 / 4593.455829;
        const est_row *row = get_row(result, "ratio_raw", "", periods[5], periods[4]);
        REQUIRE_CLOSE(row->estimate, raw, 1e-8);
        REQUIRE_CLOSE(row->estimate, 0.258, 1e-3);
        assert_true(has_flag(row, EST_FLAG_NOT_ANNUAL));
        assert_int_equal(has_flag(row, EST_FLAG_TRUNCATED), with_file);
        row = get_row(result, "ratio", "", periods[5], periods[4]);
        REQUIRE_CLOSE(row->estimate, raw * 5 / 3, 1e-8);
        REQUIRE_CLOSE(row->estimate, 0.430, 1e-3);
        assert_false(has_flag(row, EST_FLAG_NOT_ANNUAL));
        row = get_row(result, "annual_percent_change", "", periods[5], periods[4]);
        REQUIRE_CLOSE(row->estimate, 100 * (pow(raw * 5 / 3, 0.25) - 1), 1e-8);
        REQUIRE_CLOSE(row->estimate, -19.0, 3e-3);
        assert_false(has_flag(get_row(result, "ratio_raw", "", periods[4], periods[3]), EST_FLAG_NOT_ANNUAL));
        est_result_free(result);
    }
    est_table_free(population);
}

/* The independence model is refuted by persons already seen where its upper limit lies below them: 2005-09
 * and 2010-14. */
static void test_refuted(void **state)
{
    (void)state;
    static const double seen[] = {920, 3512, 6110, 2963, 2386, 487};
    static const int intervals[] = {EST_CI_BOOTSTRAP, EST_CI_PROFILE};
    for (size_t i = 0; i < 2; i++) {
        est_trend_options options = fixed(EST_DEPENDENCE_INDEPENDENCE, "");
        options.ci = intervals[i];
        options.replicates = 400;
        est_result *result = run_colombia(options);
        for (size_t k = 0; k < 6; k++) {
            const est_row *row = get_row(result, "population", "M0", periods[k], NULL);
            REQUIRE_CLOSE(get_row(result, "seen", "", periods[k], NULL)->estimate, seen[k], 0);
            assert_true(row->lower < row->estimate && row->estimate < row->upper);
            assert_int_equal(has_flag(row, EST_FLAG_REFUTED), row->upper < seen[k]);
            assert_int_equal(has_flag(row, EST_FLAG_REFUTED), k == 3 || k == 4);
            assert_true(has_flag(row, EST_FLAG_MODEL_KNOWN));
        }
        assert_true(has_note(result, "refuted"));
        est_result_free(result);
    }
}

/* The default run: M0, M1 and M3, orders 2 and 3; every model with its fit test, none dropped, no direction
 * claimed. */
static void test_grid(void **state)
{
    (void)state;
    static const char *const models[] = {"M0", "M1 order 2", "M1 order 3", "M3 order 2", "M3 order 3"};
    est_trend_options options = est_trend_options_default();
    options.replicates = 100;
    est_result *result = run_colombia(options);
    const est_frame *frame = est_result_frame_find(result, "models");
    assert_int_equal(frame->n_rows, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(cell_of(frame, i, "model")->text, models[i]);
        assert_true(cell_of(frame, i, "deviance")->number > 0 && cell_of(frame, i, "df")->number > 0);
        assert_true(cell_of(frame, i, "p_value")->number >= 0 && cell_of(frame, i, "p_value")->number <= 1);
        for (size_t k = 0; k < 6; k++) {
            const est_row *row = get_row(result, "population", models[i], periods[k], NULL);
            assert_string_equal(row->interval, "bootstrap");
            assert_true(row->lower >= row->n && row->upper > row->estimate);
            assert_int_equal(has_flag(row, EST_FLAG_MODEL_KNOWN), i == 0);
        }
    }
    assert_true(has_note(result, "no_direction") && has_note(result, "search") &&
                has_note(result, "bootstrap"));
    est_result_free(result);
}

/* The same bytes in every format with 1, 2 and 7 threads. */
static void test_same_bytes(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 7};
    est_trend_options options = est_trend_options_default();
    est_result *results[3];
    est_table *data = open_table("dataset:colombia_child_recruitment");
    options.max_order = 2;
    options.replicates = 100;
    for (size_t i = 0; i < 3; i++) {
        est_context context = est_context_default();
        context.threads = threads[i];
        context.seed = 11;
        results[i] = run(data, options, &context);
        require_same_reports(results[0], results[i]);
    }
    for (size_t i = 0; i < 3; i++)
        est_result_free(results[i]);
    est_table_free(data);
}

static void test_cancelled(void **state)
{
    (void)state;
    est_table *data = open_table("dataset:colombia_child_recruitment");
    est_trend_options options = est_trend_options_default();
    options.replicates = 20000;
    for (int at = 1; at <= 40; at += 13)
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
            assert_null(result);
            assert_int_equal(stop.calls, at);
        }
    est_table_free(data);
}

/* Small tables. Counts n_w = scale * product of p or 1 - p make independent lists exactly, so the unseen are
 * known. */

/* Lists with odds 1, 1, 1/2 and (where there are four) 1/3: n_w = unseen * product of the odds of the lists
 * in w. */
static void add_period(char *csv, const char *label, size_t n_lists, unsigned active, double unseen)
{
    static const double odds[] = {1, 1, 0.5, 1.0 / 3};
    for (unsigned w = 1; w < 1u << n_lists; w++) {
        char line[80];
        double count = unseen;
        for (size_t j = 0; j < n_lists; j++)
            count *= w >> j & 1 ? odds[j] : 1;
        if (w & ~active)
            continue;
        snprintf(line, sizeof line, "%s,%u,%u,%u,", label, w & 1, w >> 1 & 1, w >> 2 & 1);
        strcat(csv, line);
        if (n_lists == 4) {
            snprintf(line, sizeof line, "%u,", w >> 3 & 1);
            strcat(csv, line);
        }
        snprintf(line, sizeof line, "%.0f\n", count);
        strcat(csv, line);
    }
}

/* Rows in any order give periods in the order of time. */
static void test_order_of_periods(void **state)
{
    (void)state;
    static const char *const labels[] = {"2019", "2020", "2021"};
    char csv[4000] = "period,A,B,C,count\n";
    add_period(csv, "2020", 3, 7, 200);
    add_period(csv, "2021", 3, 7, 60);
    add_period(csv, "2019", 3, 7, 120);
    est_table *data = parse_table(csv);
    est_result *result = run(data, fixed(EST_DEPENDENCE_ALL, "main"), NULL);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(est_result_row(result, i)->domain[0].value, labels[i]);
    /* 120 unseen of 120 * 2 * 2 * 1.5 = 720, and so on. */
    REQUIRE_CLOSE(get_row(result, "population", "M0", "2019", NULL)->estimate, 720, 1e-9);
    REQUIRE_CLOSE(get_row(result, "population", "M0", "2020", NULL)->estimate, 1200, 1e-9);
    REQUIRE_CLOSE(get_row(result, "population", "M0", "2021", NULL)->estimate, 360, 1e-9);
    REQUIRE_CLOSE(get_row(result, "ratio", "M0", "2021", "2020")->estimate, 0.3, 1e-9);
    REQUIRE_CLOSE(get_row(result, "annual_percent_change", "M0", "2021", "2019")->estimate,
                  100 * (sqrt(0.5) - 1), 1e-9);
    assert_null(find_row(result, "ratio", "M0", "2019", "2020"));
    /* A rate wants the population: 360 per 90,000 in one year are 400 in 100,000. */
    est_table *file = parse_table("period,population\n2021,90000\n2019,120000\n2020,150000\n");
    est_trend_options options = fixed(EST_DEPENDENCE_INDEPENDENCE, "");
    options.population = file;
    est_result_free(result);
    result = run(data, options, NULL);
    REQUIRE_CLOSE(get_row(result, "rate_per_100000", "M0", "2021", NULL)->estimate, 400, 1e-9);
    REQUIRE_CLOSE(get_row(result, "ratio", "M0", "2021", "2020")->estimate,
                  (360.0 / 90000) / (1200.0 / 150000), 1e-9);
    est_result_free(result);
    est_table_free(file);
    est_table_free(data);
}

/* List D opens in 2021: in 2020 its cells are structural zeros, not observed ones. Read as zeros they would
 * change nothing under independence, but p and the degrees of freedom tell, and with dependence so does the
 * estimate. */
static void test_list_dates(void **state)
{
    (void)state;
    char csv[4000] = "period,A,B,C,D,count\n";
    add_period(csv, "2020", 4, 7, 120);
    add_period(csv, "2021", 4, 15, 60);
    est_table *data = parse_table(csv), *dates = parse_table("list,from,to\nD,2021,\n");
    est_trend_options options = fixed(EST_DEPENDENCE_COMMON, "A:B A:D");
    options.list_dates = dates;
    est_result *result = run(data, options, NULL);
    REQUIRE_CLOSE(get_row(result, "population", "", "2020", NULL)->estimate, 720, 1e-8);
    REQUIRE_CLOSE(get_row(result, "population", "", "2021", NULL)->estimate, 480, 1e-8);
    /* 4 + 5 of lists and intercepts, 2 pairs; 7 + 15 cells. */
    REQUIRE_CLOSE(est_result_stat_value(result, "n_parameters"), 11, 0);
    REQUIRE_CLOSE(est_result_stat_value(result, "df"), 22 - 11, 0);
    assert_true(est_result_stat_value(result, "deviance") < 1e-9);
    est_result_free(result);
    /* Nobody can be on a list before it opens. */
    est_error error;
    est_table_free(dates);
    dates = parse_table("list,from,to\nC,2021,\n");
    options.list_dates = dates;
    assert_int_equal(run_on(data, options, NULL, &result, &error), EST_EDEFINITION);
    assert_null(result);
    assert_int_equal(est_status_exit(error.code), 3);
    est_table_free(dates);
    est_table_free(data);
}

/* A list that is closed in one period takes no part in that period's search either. */
static void test_list_dates_selected(void **state)
{
    (void)state;
    char csv[4000] = "period,A,B,C,D,count\n";
    add_period(csv, "2020", 4, 7, 120);
    add_period(csv, "2021", 4, 15, 60);
    est_table *data = parse_table(csv), *dates = parse_table("list,from,to\nD,2021,\n");
    est_trend_options options = searching(EST_DEPENDENCE_ALL, 3, EST_BOUNDARY_ACCEPT);
    options.list_dates = dates;
    est_result *result = run(data, options, NULL);
    const est_frame *frame = est_result_frame_find(result, "models");
    for (size_t i = 0; i < frame->n_rows; i++) {
        const char *model = cell_of(frame, i, "model")->text;
        /* Exactly independent counts: no dependence pays for itself. */
        REQUIRE_CLOSE(cell_of(frame, i, "n_parameters")->number, 9, 0);
        REQUIRE_CLOSE(get_row(result, "population", model, "2020", NULL)->estimate, 720, 1e-8);
        REQUIRE_CLOSE(get_row(result, "population", model, "2021", NULL)->estimate, 480, 1e-8);
    }
    est_result_free(result);
    est_table_free(dates);
    est_table_free(data);
}

/* Two lists at work: a flagged row without a number, and Chapman's estimate beside it; the rest is estimated.
 */
static void test_few_lists(void **state)
{
    (void)state;
    char csv[4000] = "period,A,B,C,count\n";
    add_period(csv, "2019", 3, 7, 120);
    add_period(csv, "2020", 3, 3, 60);
    add_period(csv, "2021", 3, 7, 30);
    est_table *data = parse_table(csv), *dates = parse_table("list,from,to\nC,2019,2019\nC,2021,2021\n");
    est_trend_options options = fixed(EST_DEPENDENCE_ALL, "main");
    options.list_dates = dates;
    est_result *result = run(data, options, NULL);
    const est_row *row = get_row(result, "population", "M0", "2020", NULL);
    assert_true(isnan(row->estimate) && isnan(row->upper));
    assert_true(has_flag(row, EST_FLAG_FEW_LISTS) && has_flag(row, EST_FLAG_NOT_ESTIMABLE));
    REQUIRE_CLOSE(row->n, 180, 0);
    /* A 120, B 120, both 60: 121 * 121 / 61 - 1. */
    row = get_row(result, "population_chapman", "Chapman", "2020", NULL);
    REQUIRE_CLOSE(row->estimate, 121.0 * 121 / 61 - 1, 1e-12);
    assert_true(has_flag(row, EST_FLAG_FEW_LISTS));
    assert_null(find_row(result, "population_chapman", "Chapman", "2019", NULL));
    REQUIRE_CLOSE(get_row(result, "population", "M0", "2019", NULL)->estimate, 720, 1e-9);
    REQUIRE_CLOSE(get_row(result, "population", "M0", "2021", NULL)->estimate, 180, 1e-9);
    REQUIRE_CLOSE(get_row(result, "ratio", "M0", "2021", "2019")->estimate, 0.25, 1e-9);
    row = get_row(result, "ratio", "M0", "2020", "2019");
    assert_true(isnan(row->estimate) && has_flag(row, EST_FLAG_NOT_ESTIMABLE));
    assert_true(has_note(result, "few_lists"));
    est_result_free(result);
    est_table_free(dates);
    est_table_free(data);
}

/* Three lists that share nobody in one period: flagged, never a number; with one period left nothing is
 * identified. */
static void test_not_estimable(void **state)
{
    (void)state;
    char csv[4000] = "period,A,B,C,count\n2020,1,0,0,50\n2020,0,1,0,40\n2020,0,0,1,30\n";
    est_error error;
    est_result *result = NULL;
    add_period(csv, "2019", 3, 7, 120);
    est_table *data = parse_table(csv);
    assert_int_equal(run_on(data, fixed(EST_DEPENDENCE_ALL, "main"), NULL, &result, &error), EST_EIDENTIFY);
    assert_null(result);
    assert_int_equal(est_status_exit(error.code), 4);
    est_table_free(data);
    add_period(csv, "2021", 3, 7, 30);
    data = parse_table(csv);
    for (int selected = 0; selected < 2; selected++) {
        est_trend_options options = fixed(EST_DEPENDENCE_ALL, selected ? "" : "main");
        result = run(data, options, NULL);
        const est_frame *frame = est_result_frame_find(result, "models");
        for (size_t i = 0; i < frame->n_rows; i++) {
            const char *model = cell_of(frame, i, "model")->text;
            const est_row *row = get_row(result, "population", model, "2020", NULL);
            assert_true(isnan(row->estimate) && has_flag(row, EST_FLAG_NOT_ESTIMABLE) &&
                        !has_flag(row, EST_FLAG_FEW_LISTS));
            REQUIRE_CLOSE(cell_of(frame, i, "periods_without_estimate")->number, 1, 0);
            REQUIRE_CLOSE(get_row(result, "population", model, "2019", NULL)->estimate, 720, 1e-8);
            REQUIRE_CLOSE(get_row(result, "population", model, "2021", NULL)->estimate, 180, 1e-8);
        }
        assert_true(has_note(result, "not_estimable"));
        est_result_free(result);
    }
    est_table_free(data);
}

/* A given model that a period cannot carry: that period alone goes without. */
static void test_model_not_estimable(void **state)
{
    (void)state;
    char csv[4000] = "period,A,B,C,count\n2020,1,0,0,40\n2020,0,1,0,30\n2020,0,0,1,20\n2020,1,1,0,6\n";
    add_period(csv, "2019", 3, 7, 120);
    add_period(csv, "2021", 3, 7, 30);
    est_table *data = parse_table(csv);
    est_result *result = run(data, fixed(EST_DEPENDENCE_BY_PERIOD, "A:B"), NULL);
    const est_row *row = get_row(result, "population", "", "2020", NULL);
    assert_true(isnan(row->estimate) && has_flag(row, EST_FLAG_NOT_ESTIMABLE));
    REQUIRE_CLOSE(get_row(result, "population", "", "2019", NULL)->estimate, 720, 1e-8);
    est_result_free(result);
    est_table_free(data);
}

static void expect_refusal(const char *csv, est_trend_options options, est_status status, const char *words)
{
    est_error error;
    est_result *result = (est_result *)&error;
    est_table *data = parse_table(csv);
    assert_int_equal(run_on(data, options, NULL, &result, &error), status);
    assert_null(result);
    assert_int_equal(error.code, status);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    est_table_free(data);
}

static void test_refusals(void **state)
{
    (void)state;
    char csv[4000] = "period,A,B,C,count\n", one[4000] = "period,A,B,C,count\n";
    add_period(csv, "2019", 3, 7, 120);
    add_period(csv, "2020", 3, 7, 120);
    add_period(one, "2019", 3, 7, 120);
    expect_refusal(one, fixed(EST_DEPENDENCE_ALL, "main"), EST_EDEFINITION, "one period");
    expect_refusal(csv, fixed(EST_DEPENDENCE_ALL, "A:X"), EST_EOPTION, "'X'");
    expect_refusal(csv, fixed(EST_DEPENDENCE_INDEPENDENCE, "A:B"), EST_EOPTION, "--model");
    expect_refusal(csv, searching(EST_DEPENDENCE_ALL, 3, EST_BOUNDARY_ACCEPT), EST_EOPTION, "max-order");
    expect_refusal(csv, searching(EST_DEPENDENCE_ALL, 1, EST_BOUNDARY_ACCEPT), EST_EOPTION, "max-order");
    est_trend_options options = fixed(EST_DEPENDENCE_ALL, "main");
    options.baseline = "2018";
    expect_refusal(csv, options, EST_EOPTION, "2018");
    options = fixed(EST_DEPENDENCE_ALL, "main");
    options.period = "year";
    expect_refusal(csv, options, EST_ECOLUMN, "year");
    options = fixed(EST_DEPENDENCE_ALL, "main");
    options.replicates = 50;
    expect_refusal(csv, options, EST_EOPTION, "replicates");
    options = fixed(EST_DEPENDENCE_ALL, "main");
    options.level = 2;
    expect_refusal(csv, options, EST_EOPTION, "level");
}

/* With a baseline the rows against it are the ones that pages show; all pairs of periods stay in JSON and
 * CSV. */
static void test_baseline(void **state)
{
    (void)state;
    est_trend_options options = fixed(EST_DEPENDENCE_COMMON, "all-pairs");
    options.baseline = "2000-2004";
    est_result *result = run_colombia(options);
    size_t ratios = 0;
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (strcmp(row->estimand, "ratio") != 0)
            continue;
        ratios++;
        int against =
            strcmp(row->domain[0].value, "2000-2004") == 0 || strcmp(row->domain[1].value, "2000-2004") == 0;
        assert_int_equal(row->detail, !against);
    }
    assert_int_equal(ratios, 15);
    est_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_common),
        cmocka_unit_test(test_by_period),
        cmocka_unit_test(test_independence),
        cmocka_unit_test(test_common_selected),
        cmocka_unit_test(test_by_period_selected),
        cmocka_unit_test(test_annual_change),
        cmocka_unit_test(test_refuted),
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_order_of_periods),
        cmocka_unit_test(test_list_dates),
        cmocka_unit_test(test_list_dates_selected),
        cmocka_unit_test(test_few_lists),
        cmocka_unit_test(test_not_estimable),
        cmocka_unit_test(test_model_not_estimable),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_baseline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
