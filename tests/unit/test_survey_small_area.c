/* The area model of Fay and Herriot: closed forms, zero variance, several maxima, areas out of the fit, benchmarks, disclosure,
 * every refusal. Values of other software: tests/published and tests/conformance. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <est.h>
#include <est/small_area.h>

#include "survey/small_area.h"

#define REQUIRE_OK(call, error)                                                 \
    do {                                                                        \
        if ((call) != EST_OK)                                                   \
            fail_msg("%s: %s", est_status_name((error).code), (error).message); \
    } while (0)

#define REQUIRE_NEAR(found, expected, tolerance) require_near(found, expected, tolerance, __FILE__, __LINE__)

static void require_near(double found, double expected, double tolerance, const char *file, int line)
{
    double scale = fabs(expected) > 1 ? fabs(expected) : 1;
    if (!(fabs(found - expected) <= tolerance * scale)) {
        print_error("found %.17g, expected %.17g, off by %.3g\n", found, expected, found - expected);
        _fail(file, line);
    }
}

#define MOST 16

/* A constant is the only term, unless `terms` is given. */
static est_i_small_area_data data_of(size_t n, const double *direct, const double *variance, est_small_area_fit fit)
{
    static const double ones[MOST] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    return (est_i_small_area_data){.n_areas = n, .n_terms = 1, .direct = direct, .variance = variance, .terms = ones, .fit = fit};
}

static est_i_small_area *fitted(const est_i_small_area_data *data)
{
    est_i_small_area *model = NULL;
    est_error error;
    REQUIRE_OK(est_i_small_area_fit(data, &model, NULL, &error), error);
    return model;
}

static void refused(const est_i_small_area_data *data, est_status code, const char *words, size_t expected)
{
    est_i_small_area *model = NULL;
    est_error error;
    size_t dependent = 0;
    assert_int_equal(est_i_small_area_fit(data, &model, &dependent, &error), code);
    assert_null(model);
    assert_int_equal(dependent, expected);
    if (!strstr(error.message, words))
        fail_msg("'%s' does not hold '%s'", error.message, words);
}

/* ---- the kernel ---- */

static const double spread_y[6] = {1, 3, 4, 6, 9, 13}; /* mean 6, sum of squares 96 */
static const double even_d[6] = {2, 2, 2, 2, 2, 2};

/* Equal variances: A + D is the mean square with 5 degrees of freedom (REML, moments) or 6 (ML). */
static void test_equal_variances(void **state)
{
    (void)state;
    static const double of_fit[] = {96.0 / 5 - 2, 96.0 / 6 - 2, 96.0 / 5 - 2};
    for (int fit = 0; fit < 3; fit++) {
        est_i_small_area_data data = data_of(6, spread_y, even_d, (est_small_area_fit)fit);
        est_i_small_area *m = fitted(&data);
        double a = of_fit[fit], v = a + 2, b = 2 / v;
        double bias = fit == EST_SMALL_AREA_ML ? -v / 6 : 0; /* equal variances: moments have none */
        REQUIRE_NEAR(m->variance, a, 1e-14);
        assert_false(m->at_zero);
        assert_int_equal(m->n_optima, 1);
        REQUIRE_NEAR(m->variance_se, v * sqrt(2.0 / 6), 1e-14);
        REQUIRE_NEAR(m->beta[0], 6, 1e-14);
        REQUIRE_NEAR(m->beta_covariance[0], v / 6, 1e-14);
        for (size_t i = 0; i < 6; i++) {
            const est_i_area *area = &m->area[i];
            assert_int_equal(area->state, EST_I_AREA_FITTED);
            REQUIRE_NEAR(area->gamma, a / v, 1e-14);
            REQUIRE_NEAR(area->estimate, 6 + a / v * (spread_y[i] - 6), 1e-14);
            REQUIRE_NEAR(area->g1, a * b, 1e-14);
            REQUIRE_NEAR(area->g2, b * b * v / 6, 1e-14);
            REQUIRE_NEAR(area->g3, b * b / v * 2 * v * v / 6, 1e-14);
            REQUIRE_NEAR(area->mse, area->g1 - bias * b * b + area->g2 + 2 * area->g3, 1e-14);
            REQUIRE_NEAR(area->standardised, (spread_y[i] - 6) / sqrt(v * 5 / 6), 1e-14);
        }
        double loglik = -3 * log(2 * acos(-1) * v) - 48 / v;
        REQUIRE_NEAR(m->log_likelihood, loglik, 1e-14);
        REQUIRE_NEAR(m->aic, -2 * loglik + 4, 1e-14);
        REQUIRE_NEAR(m->bic, -2 * loglik + 2 * log(6), 1e-14);
        REQUIRE_NEAR(m->kic, -2 * loglik + 6, 1e-14);
        REQUIRE_NEAR(m->heterogeneity, 48, 1e-14);
        REQUIRE_NEAR(m->heterogeneity_df, 5, 0);
        est_i_small_area_free(m);
    }
}

static void test_zero(void **state)
{
    (void)state;
    static const double d[6] = {30, 30, 30, 30, 30, 30};
    for (int fit = 0; fit < 3; fit++) {
        est_i_small_area_data data = data_of(6, spread_y, d, (est_small_area_fit)fit);
        est_i_small_area *m = fitted(&data);
        double bias = fit == EST_SMALL_AREA_ML ? -30.0 / 6 : 0;
        assert_true(m->variance == 0);
        assert_true(m->at_zero && !m->adjusted);
        assert_true(isnan(m->variance_se));
        for (size_t i = 0; i < 6; i++) {
            REQUIRE_NEAR(m->area[i].estimate, 6, 1e-15);
            assert_true(m->area[i].gamma == 0);
            REQUIRE_NEAR(m->area[i].mse, -bias + 5 + 2 * 2.0 / 6 * 30, 1e-14); /* g1 = 0, g2 = D / 6, 2 g3 = 2 (2 D^2 / 6) / D */
        }
        est_i_small_area_free(m);
    }
}

/* log A - 5/2 log(A + D) - 96 / (2 (A + D)) is highest at the root of (2 - 5) A^2 + (4 D - 5 D + 96) A + 2 D^2. */
static void test_adjusted(void **state)
{
    (void)state;
    static const double d[6] = {30, 30, 30, 30, 30, 30};
    est_i_small_area_data data = data_of(6, spread_y, d, EST_SMALL_AREA_MOMENT);
    data.adjust_zero = true;
    est_i_small_area *m = fitted(&data);
    double b = 96 - 30, a = (b + sqrt(b * b + 4 * 3 * 2 * 900)) / 6;
    assert_true(m->at_zero && m->adjusted);
    REQUIRE_NEAR(m->variance, a, 1e-13);
    REQUIRE_NEAR(m->area[0].gamma, a / (a + 30), 1e-13);
    est_i_small_area_free(m);
    data = data_of(6, spread_y, even_d, EST_SMALL_AREA_MOMENT);
    data.adjust_zero = true;
    m = fitted(&data);
    assert_false(m->adjusted);
    REQUIRE_NEAR(m->variance, 96.0 / 5 - 2, 1e-14);
    est_i_small_area_free(m);
    data = data_of(3, spread_y, d, EST_SMALL_AREA_REML); /* no maximum with two degrees of freedom */
    data.adjust_zero = true;
    m = fitted(&data);
    assert_true(m->at_zero && !m->adjusted && m->variance == 0);
    est_i_small_area_free(m);
}

/* Two maxima, 0.08 apart; Fisher scoring from the median of the variances ends in the lower one (sae 1.3: 4.579962). */
static void test_two_maxima(void **state)
{
    (void)state;
    static const double y[7] = {-0.2, -0.1, 6.8, -2.7, -3.3, 1.9, -0.4}, d[7] = {0.01, 5, 5, 2, 5, 2, 0.02};
    est_i_small_area_data data = data_of(7, y, d, EST_SMALL_AREA_REML);
    est_i_small_area *m = fitted(&data);
    assert_int_equal(m->n_optima, 2);
    assert_true(m->optimum[0].variance < 0.01 && m->optimum[0].variance > 0.001);
    assert_true(m->variance == m->optimum[0].variance);
    REQUIRE_NEAR(m->optimum[1].variance, 4.579962, 1e-6);
    assert_true(m->optimum[0].criterion == 0);
    assert_true(m->optimum[1].criterion < -0.05 && m->optimum[1].criterion > -0.1);
    est_i_small_area_free(m);
}

/* The maximum lies at 0.0031; a step from the median of the variances leaps over it, below 0, where sae 1.3 stops with 0. */
static void test_no_leap(void **state)
{
    (void)state;
    static const double y[14] = {4.55, 5.19, 5.38, 4.55, 4.93, 4.89, 5.04, 4.83, 5.05, 4.88, 4.8, 5.15, 4.91, 5.0};
    static const double d[14] = {0.104, 0.2,   0.118, 0.975, 0.032, 0.005, 0.002,
                                 0.025, 0.031, 0.006, 0.161, 0.209, 0.058, 0.056};
    est_i_small_area_data data = data_of(14, y, d, EST_SMALL_AREA_REML);
    est_i_small_area *m = fitted(&data);
    assert_int_equal(m->n_optima, 1);
    assert_true(m->variance > 0.003 && m->variance < 0.0033);
    est_i_small_area_free(m);
    data.fit = EST_SMALL_AREA_ML;
    m = fitted(&data);
    assert_true(m->variance > 0.0019 && m->variance < 0.0021);
    est_i_small_area_free(m);
    data.fit = EST_SMALL_AREA_MOMENT; /* sae 1.3 does not converge */
    m = fitted(&data);
    assert_true(m->at_zero && m->variance == 0);
    est_i_small_area_free(m);
}

/* The bias of the equation of moments is larger than g1 here: taken off whole, five mean squared errors would be below 0 (sae 1.3:
 * 0.0034070076 for the first area, -0.0011011422 for the fourth). */
static void test_bias_above_g1(void **state)
{
    (void)state;
    static const double y[9] = {5.12, 5.06, 4.93, 4.18, 5.92, 5.11, 5.69, 4.95, 4.32};
    static const double d[9] = {0.002, 0.002, 0.002, 0.72, 0.44, 0.26, 0.6, 0.22, 0.51};
    est_i_small_area_data data = data_of(9, y, d, EST_SMALL_AREA_MOMENT);
    est_i_small_area *m = fitted(&data);
    REQUIRE_NEAR(m->variance, 0.003445607, 1e-9);
    const est_i_area *a = &m->area[3];
    REQUIRE_NEAR(a->g1 - a->bias + a->g2 + 2 * a->g3, -0.0011011422, 1e-10);
    REQUIRE_NEAR(a->mse, a->g2 + 2 * a->g3, 1e-15);
    for (size_t i = 0; i < 9; i++)
        assert_true(m->area[i].mse > 0);
    est_i_small_area_free(m);
}

/* Areas without a direct estimate or a variance, or left out, do not move the others. */
static void test_out_of_fit(void **state)
{
    (void)state;
    double y[10] = {1, 3, NAN, 4, 6, 0.5, 9, 13, 70, 80}, d[10] = {2, 2, 2, 2, 2, 0, 2, 2, NAN, 1e-9};
    bool left_out[10] = {false};
    static const est_i_area_state states[10] = {EST_I_AREA_FITTED, EST_I_AREA_FITTED, EST_I_AREA_NO_DIRECT, EST_I_AREA_FITTED,
                                                EST_I_AREA_FITTED, EST_I_AREA_NO_VARIANCE, EST_I_AREA_FITTED, EST_I_AREA_FITTED,
                                                EST_I_AREA_NO_VARIANCE, EST_I_AREA_NO_VARIANCE};
    est_i_small_area_data data = data_of(10, y, d, EST_SMALL_AREA_ML);
    est_i_small_area *m = fitted(&data);
    double a = 96.0 / 6 - 2, bias = -16.0 / 6;
    assert_int_equal(m->n_fitted, 6);
    REQUIRE_NEAR(m->variance, a, 1e-14);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(m->area[i].state, states[i]);
        if (states[i] == EST_I_AREA_FITTED)
            continue;
        REQUIRE_NEAR(m->area[i].estimate, 6, 1e-14);
        REQUIRE_NEAR(m->area[i].mse, a - bias + 16.0 / 6, 1e-14);
        assert_true(m->area[i].gamma == 0 && isnan(m->area[i].residual) && isnan(m->area[i].standardised));
    }
    est_i_small_area_free(m);
    d[5] = d[8] = d[9] = 2;
    left_out[5] = left_out[8] = left_out[9] = true;
    data.left_out = left_out;
    m = fitted(&data);
    assert_int_equal(m->area[8].state, EST_I_AREA_LEFT_OUT);
    REQUIRE_NEAR(m->variance, a, 1e-14);
    est_i_small_area_free(m);
}

/* Far from 0 and small in spread, a covariate gives the same predictions. */
static void test_offset_of_covariate(void **state)
{
    (void)state;
    static const double y[8] = {2, 5, 4, 9, 8, 14, 11, 15}, d[8] = {1, 2, 1, 3, 1, 2, 1, 4};
    double near[16], far[16];
    for (size_t i = 0; i < 8; i++) {
        near[2 * i] = far[2 * i] = 1;
        near[2 * i + 1] = (double)i;
        far[2 * i + 1] = 2019 + (double)i / 64; /* exact in binary */
    }
    est_i_small_area_data data = data_of(8, y, d, EST_SMALL_AREA_REML);
    data.n_terms = 2;
    data.terms = near;
    est_i_small_area *m = fitted(&data);
    data.terms = far;
    est_i_small_area *other = fitted(&data);
    REQUIRE_NEAR(other->variance, m->variance, 1e-9);
    REQUIRE_NEAR(other->beta[1], 64 * m->beta[1], 1e-9);
    for (size_t i = 0; i < 8; i++) {
        REQUIRE_NEAR(other->area[i].estimate, m->area[i].estimate, 1e-8);
        REQUIRE_NEAR(other->area[i].mse, m->area[i].mse, 1e-8);
    }
    est_i_small_area_free(m);
    est_i_small_area_free(other);
}

static void test_kernel_refusals(void **state)
{
    (void)state;
    double y[4] = {1, 2, 4, 3}, d[4] = {1, 1, 1, 1};
    double terms[12] = {1, 2, 4, 1, 3, 6, 1, 5, 10, 1, 9, 18};
    est_i_small_area_data data = data_of(1, y, d, EST_SMALL_AREA_REML);
    refused(&data, EST_EIDENTIFY, "1 area with", SIZE_MAX);
    data = data_of(4, y, d, EST_SMALL_AREA_REML);
    data.n_terms = 3;
    data.terms = terms;
    refused(&data, EST_EIDENTIFY, "term 3", 2);
    for (size_t i = 0; i < 4; i++)
        terms[3 * i + 1] = 0;
    refused(&data, EST_EIDENTIFY, "term 2", 1);
    terms[4] = NAN;
    refused(&data, EST_EVALUE, "record 2", SIZE_MAX);
    data = data_of(4, y, d, EST_SMALL_AREA_REML);
    d[2] = -1;
    refused(&data, EST_EVALUE, "record 3", SIZE_MAX);
    d[2] = 1;
    y[3] = INFINITY;
    refused(&data, EST_EVALUE, "record 4", SIZE_MAX);
    y[3] = 3;
    for (size_t i = 0; i < 4; i++)
        d[i] = 1e-300;
    refused(&data, EST_EIDENTIFY, "orders of magnitude", SIZE_MAX);
}

/* ---- benchmarks ---- */

static void test_benchmark(void **state)
{
    (void)state;
    static const double d[6] = {1, 2, 4, 1, 2, 4}, share[6] = {0.1, 0.2, 0.3, 0.1, 0.2, 0.1};
    est_i_small_area_data data = data_of(6, spread_y, d, EST_SMALL_AREA_REML);
    est_i_small_area *m = fitted(&data);
    double estimate[6], mse[6], before = 0, direct = 0;
    for (size_t i = 0; i < 6; i++) {
        before += share[i] * m->area[i].estimate;
        direct += share[i] * spread_y[i];
    }
    for (int kind = 0; kind < 3; kind++) {
        est_i_small_area_target target = {share, kind == 0 ? 7.5 : NAN, (est_small_area_benchmark)kind};
        est_i_small_area_benchmarked to = {.estimate = estimate, .mse = mse};
        est_error error;
        double sum = 0;
        REQUIRE_OK(est_i_small_area_benchmark(&data, m, &target, &to, &error), error);
        for (size_t i = 0; i < 6; i++) {
            sum += share[i] * estimate[i];
            assert_true(mse[i] > m->area[i].mse);
        }
        REQUIRE_NEAR(to.before, before, 1e-14);
        REQUIRE_NEAR(to.national, kind == 0 ? 7.5 : direct, 1e-14);
        REQUIRE_NEAR(sum, to.national, 1e-14);
        double change = estimate[2] - m->area[2].estimate;
        if (kind == EST_SMALL_AREA_RATIO) {
            REQUIRE_NEAR(estimate[2] / m->area[2].estimate, 7.5 / before, 1e-14);
            REQUIRE_NEAR(mse[2], m->area[2].mse + change * change, 1e-14);
        } else if (kind == EST_SMALL_AREA_DIFFERENCE)
            REQUIRE_NEAR(change, direct - before, 1e-14);
        else
            REQUIRE_NEAR(change / (estimate[3] - m->area[3].estimate), 3 * m->area[2].mse / m->area[3].mse, 1e-10);
    }
    est_i_small_area_free(m);
}

static void test_benchmark_refusals(void **state)
{
    (void)state;
    double y[6] = {-1, -3, -4, -6, -9, -13}, share[6] = {1, 1, 1, 1, 1, 1}, estimate[6], mse[6];
    est_i_small_area_data data = data_of(6, y, even_d, EST_SMALL_AREA_REML);
    est_i_small_area_target target = {share, NAN, EST_SMALL_AREA_RATIO};
    est_i_small_area_benchmarked to = {.estimate = estimate, .mse = mse};
    est_error error;
    est_i_small_area *m = fitted(&data);
    assert_int_equal(est_i_small_area_benchmark(&data, m, &target, &to, &error), EST_EIDENTIFY);
    target.kind = EST_SMALL_AREA_DIFFERENCE;
    REQUIRE_OK(est_i_small_area_benchmark(&data, m, &target, &to, &error), error);
    share[1] = -1;
    assert_int_equal(est_i_small_area_benchmark(&data, m, &target, &to, &error), EST_EVALUE);
    memset(share, 0, sizeof share);
    assert_int_equal(est_i_small_area_benchmark(&data, m, &target, &to, &error), EST_EVALUE);
    est_i_small_area_free(m);
    y[2] = NAN;
    share[0] = 1;
    m = fitted(&data);
    REQUIRE_OK(est_i_small_area_benchmark(&data, m, &target, &to, &error), error); /* the area without a sample has no share */
    share[2] = 1;
    assert_int_equal(est_i_small_area_benchmark(&data, m, &target, &to, &error), EST_EDEFINITION);
    est_i_small_area_free(m);
}

static void test_leave_out(void **state)
{
    (void)state;
    static const double y[5] = {1, 2, 3, NAN, 5}, cases[5] = {12, 40, 26, 3, NAN};
    bool out[5];
    assert_int_equal(est_i_small_area_leave_out(y, cases, 5, 25, false, out), 1);
    assert_true(out[0] && !out[1] && !out[2] && !out[3] && !out[4]);
    assert_int_equal(est_i_small_area_leave_out(y, cases, 5, 25, true, out), 2);
    assert_true(out[0] && !out[1] && out[2] && !out[4]);
    assert_int_equal(est_i_small_area_leave_out(y, cases, 5, 60, true, out), 3);
    assert_int_equal(est_i_small_area_leave_out(y, cases, 5, 10, true, out), 0);
}

/* ---- the method ---- */

static est_status run_on(const char *csv, est_small_area_options options, est_result **result, est_error *error)
{
    est_table *table = NULL;
    REQUIRE_OK(est_table_parse_csv("areas.csv", csv, strlen(csv), NULL, &table, error), *error);
    est_status status = est_small_area(table, &options, NULL, result, error);
    est_table_free(table);
    return status;
}

static est_result *run(const char *csv, est_small_area_options options)
{
    est_result *result = NULL;
    est_error error;
    REQUIRE_OK(run_on(csv, options, &result, &error), error);
    return result;
}

static void fails(const char *csv, est_small_area_options options, est_status code, const char *words)
{
    est_result *result = NULL;
    est_error error;
    est_status status = run_on(csv, options, &result, &error);
    assert_null(result);
    if (status != code || !strstr(error.message, words))
        fail_msg("found %s '%s', expected %s with '%s'", est_status_name(status), error.message, est_status_name(code), words);
}

static bool has_note(const est_result *result, const char *code)
{
    bool has = false;
    for (size_t i = 0; i < est_result_notes(result); i++)
        has = has || strcmp(est_result_note(result, i)->code, code) == 0;
    return has;
}

static const est_row *row_of(const est_result *result, const char *estimand, const char *area)
{
    const est_row *row = est_result_find(result, estimand, "area", area);
    assert_non_null(row);
    return row;
}

static const char *use_of(const est_result *result, size_t area)
{
    const est_frame *areas = est_result_frame_find(result, "areas");
    assert_non_null(areas);
    return areas->cells[area * areas->n_columns + 1].text;
}

static bool is_model_based(const est_row *row)
{
    return (row->flags & EST_FLAG_BIT(EST_FLAG_MODEL_BASED)) != 0;
}

/* a to f are spread_y with variance 2. */
#define HEAD "area,estimate,se,n,share,x,region\n"
#define LINE(area, y, se, n, share, x, region) area "," y "," se "," n "," share "," x "," region "\n"
#define SE "1.4142135623730951"

static const char table[] =
    HEAD LINE("a", "1", SE, "100", "1", "0", "east") LINE("b", "3", SE, "30", "2", "1", "east")
    LINE("c", "4", SE, "200", "3", "3", "west") LINE("d", "6", SE, "60", "1", "4", "west")
    LINE("e", "9", SE, "70", "2", "6", "east") LINE("f", "13", SE, "400", "1", "9", "north")
    LINE("g", "", "", "", "1", "2", "north") LINE("h", "20", "0", "40", "2", "2", "west");

static void test_rows(void **state)
{
    (void)state;
    est_small_area_options options = est_small_area_options_default();
    est_result *result = run(table, options);
    const est_row *direct = row_of(result, "direct", "c"), *model = row_of(result, "small_area", "c");
    double gamma = 17.2 / 19.2;
    assert_int_equal(est_result_rows(result), 16);
    REQUIRE_NEAR(direct->estimate, 4, 0);
    REQUIRE_NEAR(direct->se, sqrt(2), 1e-15);
    REQUIRE_NEAR(direct->upper, 4 + 1.959963984540054 * sqrt(2), 1e-14);
    assert_false(is_model_based(direct));
    REQUIRE_NEAR(model->estimate, 6 - 2 * gamma, 1e-14);
    assert_true(is_model_based(model));
    assert_string_equal(model->model, "Fay-Herriot");
    assert_string_equal(model->interval, "normal");
    REQUIRE_NEAR(model->se * model->se, 17.2 * 2 / 19.2 + 4 / 19.2 / 6 + 8.0 / 6 / 19.2 * 19.2 / 19.2 * 2 * 19.2 / 19.2, 1e-14);
    assert_string_equal(use_of(result, 0), "in the fit");
    assert_string_equal(use_of(result, 6), "no direct estimate");
    assert_string_equal(use_of(result, 7), "no variance");
    assert_true(isnan(row_of(result, "direct", "g")->estimate));
    assert_true(isnan(row_of(result, "direct", "h")->se));
    assert_string_equal(row_of(result, "direct", "h")->interval, "none");
    REQUIRE_NEAR(row_of(result, "small_area", "h")->estimate, 6, 1e-14);
    assert_true(has_note(result, "no_variance") && has_note(result, "no_direct") && has_note(result, "cases_unknown"));
    assert_false(has_note(result, "zero_model_variance"));
    REQUIRE_NEAR(est_result_stat_value(result, "model_variance"), 17.2, 1e-14);
    assert_int_equal(est_result_charts(result), 1);
    assert_int_equal(est_result_chart(result, 0)->n_series, 2);
    est_result_free(result);
}

static void test_zero_variances(void **state)
{
    (void)state;
    est_small_area_options options = est_small_area_options_default();
    options.zero_variance = 2;
    fails(table, options, EST_EVALUE, "record 8");
    options.zero_variance = 1;
    fails(table, options, EST_EOPTION, "--n");
    options.n = "n";
    est_result *result = run(table, options);
    /* The variance of a case is n D = 2 n, with n as weights: 2 (sum n^2 / sum n) / 40. The 40 cases of h have a variance of 0, and count. */
    double squares = 100 * 100 + 30 * 30 + 200 * 200 + 60 * 60 + 70 * 70 + 400 * 400, cases = 860 + 40;
    const est_frame *areas = est_result_frame_find(result, "areas");
    REQUIRE_NEAR(areas->cells[7 * areas->n_columns + 3].number, 2 * squares / cases / 40, 1e-14);
    assert_string_equal(use_of(result, 7), "in the fit, pooled variance");
    assert_true(areas->cells[7 * areas->n_columns + 4].number > 0.5);
    assert_true(isnan(row_of(result, "direct", "h")->se));
    assert_true(has_note(result, "pooled_variance") && !has_note(result, "no_variance"));
    est_result_free(result);
    options.zero_variance = 0;
    options.sampling_variance = 1; /* all areas but the one of variance 0 have that of a case over their cases */
    result = run(table, options);
    areas = est_result_frame_find(result, "areas");
    REQUIRE_NEAR(areas->cells[1 * areas->n_columns + 3].number, 2 * squares / cases / 30, 1e-14);
    REQUIRE_NEAR(row_of(result, "direct", "b")->se, sqrt(2), 1e-15);
    assert_string_equal(use_of(result, 7), "no variance");
    assert_true(has_note(result, "variances_pooled") && has_note(result, "no_variance"));
    est_result_free(result);
    options.n = "";
    fails(table, options, EST_EOPTION, "--sampling-variance");
}

/* High estimates have the large variances: the sum of the model-based ones falls. Not so where the variance is the same for all. */
static void test_variances_that_follow(void **state)
{
    (void)state;
    static const char poor[] = "area,estimate,se,n\n1,0.05,0.03,50\n2,0.07,0.035,50\n3,0.1,0.04,50\n4,0.12,0.045,50\n"
                               "5,0.16,0.05,50\n6,0.2,0.056,50\n7,0.25,0.061,50\n"
                               "8,0.31,0.065,50\n9,0.38,0.068,50\n10,0.45,0.07,50\n";
    est_small_area_options options = est_small_area_options_default();
    double sums[2] = {0, 0};
    options.n = "n";
    for (int pooled = 0; pooled < 2; pooled++) {
        options.sampling_variance = pooled;
        est_result *result = run(poor, options);
        for (size_t i = 0; i < est_result_rows(result); i++) {
            const est_row *row = est_result_row(result, i);
            sums[pooled] += strcmp(row->estimand, "small_area") == 0 ? row->estimate : 0;
        }
        assert_int_equal(has_note(result, "variances_follow"), !pooled);
        est_result_free(result);
    }
    assert_true(sums[0] < 2.04);
    REQUIRE_NEAR(sums[1], 2.09, 1e-14);
}

static void test_covariates(void **state)
{
    (void)state;
    est_small_area_options options = est_small_area_options_default();
    options.covariates = "x,region";
    est_result *result = run(table, options);
    const est_frame *beta = est_result_frame_find(result, "coefficients");
    assert_int_equal(beta->n_rows, 4);
    assert_string_equal(beta->cells[beta->n_columns * 1].text, "x");
    assert_string_equal(beta->cells[beta->n_columns * 2].text, "region=north");
    assert_string_equal(beta->cells[beta->n_columns * 3].text, "region=west");
    est_result_free(result);
    options.covariates = "region";
    options.no_intercept = 1;
    result = run(table, options);
    beta = est_result_frame_find(result, "coefficients");
    assert_int_equal(beta->n_rows, 3);
    assert_string_equal(beta->cells[0].text, "region=east");
    est_result_free(result);
    options.covariates = "factor(x)";
    fails(table, options, EST_EIDENTIFY, "6 areas with");
    options.no_intercept = 0;
    options.covariates = "x,share,n,estimate,se"; /* a covariate must be there for every area */
    fails(table, options, EST_EVALUE, "record 7");
    options.covariates = "x,regoin";
    fails(table, options, EST_ECOLUMN, "region");
    options.covariates = "x,,share";
    fails(table, options, EST_EOPTION, "--covariates");
    options.covariates = "x,x";
    fails(table, options, EST_EIDENTIFY, "covariate 'x'");
}

static void test_national(void **state)
{
    (void)state;
    est_small_area_options options = est_small_area_options_default();
    options.share = "share";
    fails(table, options, EST_EDEFINITION, "--national");
    options.national = "7";
    options.benchmark = EST_SMALL_AREA_DIFFERENCE;
    est_result *result = run(table, options);
    double sum = 0, shares[] = {1, 2, 3, 1, 2, 1, 1, 2};
    for (size_t i = 0; i < 8; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        sum += shares[i] / 13 * row_of(result, "small_area_benchmarked", name)->estimate;
    }
    REQUIRE_NEAR(sum, 7, 1e-14);
    assert_true(has_note(result, "benchmark"));
    REQUIRE_NEAR(est_result_chart(result, 0)->reference, 7, 0);
    est_result_free(result);
    options.share = "";
    options.total = 1;
    options.national = "50";
    result = run(table, options);
    REQUIRE_NEAR(est_result_stat_value(result, "national"), 50, 0);
    est_result_free(result);
}

static void test_proportions(void **state)
{
    (void)state;
    static const char rare[] = "area,estimate,variance\n1,0.01,0.0004\n2,0.02,0.0004\n3,0.05,0.0009\n4,0.2,0.0025\n"
                               "5,0.01,0.0001\n6,0.12,0.0016\n";
    est_small_area_options options = est_small_area_options_default();
    est_result *result = run(rare, options);
    assert_true(row_of(result, "small_area", "1")->lower < 0);
    assert_false(has_note(result, "limits_cut"));
    est_result_free(result);
    options.unit = "proportion";
    result = run(rare, options);
    const est_row *row = row_of(result, "small_area", "1");
    assert_true(row->lower == 0);
    assert_string_equal(row->interval, "normal, cut");
    assert_string_equal(row->unit, "proportion");
    assert_string_equal(row_of(result, "small_area", "4")->interval, "normal");
    assert_true(has_note(result, "limits_cut"));
    est_result_free(result);
    fails("area,estimate,variance\n1,0.01,0.0004\n2,1.02,0.0004\n3,0.05,0.0009\n", options, EST_EVALUE, "record 2");
    /* A line through proportions may leave their range: said, not hidden. */
    options.covariates = "x";
    result = run("area,estimate,variance,x\n1,0.01,0.0004,1\n2,0.02,0.0004,2\n3,0.1,0.0009,3\n4,0.2,0.0025,4\n5,,,-9\n", options);
    row = row_of(result, "small_area", "5");
    assert_true(row->estimate < 0 && row->lower < row->estimate);
    assert_true(has_note(result, "outside"));
    est_result_free(result);
}

static char *published_json(const char *csv, est_small_area_options options)
{
    est_result *result = run(csv, options), *published = NULL;
    est_suppression suppression = est_suppression_default();
    est_error error;
    char *text = NULL;
    size_t length;
    REQUIRE_OK(est_result_suppress(result, &suppression, &published, &error), error);
    REQUIRE_OK(est_report_string(published, "json", &text, &length, &error), error);
    est_result_free(result);
    est_result_free(published);
    return text;
}

#define CASES(last, second)                                                                         \
    HEAD LINE("a", "1", SE, "100", "1", "0", "e") LINE("b", "3", SE, "30", "2", "1", "e")            \
    LINE("c", "4", SE, "200", "3", "3", "e") LINE("d", "6", SE, "60", "1", "4", "e")                 \
    LINE("e", "9", SE, "70", "2", "6", "e") LINE("f", "13", SE, "400", "1", "9", "e")                \
    LINE("g", last, SE, "7", "1", "9", "e") LINE("h", second, SE, "26", "1", "9", "e")

/* Nothing that is published is a function of the direct estimates of areas with few cases, nor of the one left out beside them. */
static void test_disclosure(void **state)
{
    (void)state;
    est_small_area_options options = est_small_area_options_default();
    options.n = "n";
    options.share = "share";
    options.national = "6.5";
    options.covariates = "x";
    char *one = published_json(CASES("11", "12"), options), *other = published_json(CASES("17.5", "3"), options);
    assert_string_equal(one, other);
    assert_null(strstr(one, "17.5"));
    assert_non_null(strstr(one, "few_cases"));
    est_string_free(one);
    est_string_free(other);
    /* Asked for all the same: whatever is a function of them is withheld. */
    options.least_n = 0;
    one = published_json(CASES("11", "12"), options);
    other = published_json(CASES("17.5", "12"), options);
    for (char *text = one; text; text = text == one ? other : NULL) {
        const char *at = strstr(text, "\"estimand\": \"small_area\"");
        for (; at; at = strstr(at + 1, "\"estimand\": \"small_area\"")) {
            const char *estimate = strstr(at, "\"estimate\": ");
            assert_non_null(estimate);
            assert_int_equal(strncmp(estimate + 12, "null", 4), 0);
        }
    }
    est_string_free(one);
    est_string_free(other);
}

static void test_options(void **state)
{
    (void)state;
    est_small_area_options options = est_small_area_options_default();
    options.se = "se";
    options.variance = "se";
    fails(table, options, EST_EOPTION, "--variance");
    options = est_small_area_options_default();
    options.national = "five";
    options.share = "share";
    fails(table, options, EST_EOPTION, "five");
    options.national = "5";
    options.total = 1;
    fails(table, options, EST_EOPTION, "--total");
    options.share = "";
    options.total = 0;
    fails(table, options, EST_EOPTION, "--share");
    options = est_small_area_options_default();
    options.no_intercept = 1;
    fails(table, options, EST_EOPTION, "--covariates");
    options = est_small_area_options_default();
    options.level = NAN;
    fails(table, options, EST_EOPTION, "level");
    options = est_small_area_options_default();
    options.fit = 3;
    fails(table, options, EST_EOPTION, "fit");
    options = est_small_area_options_default();
    options.estimate = "region";
    fails(table, options, EST_EVALUE, "record 1");
    fails("area,estimate,se\na,1,1\na,2,1\n", est_small_area_options_default(), EST_EVALUE, "record 2");
    fails("area,estimate,se\na,1,1\n,2,1\n", est_small_area_options_default(), EST_EVALUE, "without a name");
    fails("area,estimate,se\na,1,1\nb,2,-1\n", est_small_area_options_default(), EST_EVALUE, "record 2");
    fails("area,estimate\na,1\nb,2\n", est_small_area_options_default(), EST_ECOLUMN, "se");
    fails("area,estimate,se\na,1,1\n", est_small_area_options_default(), EST_EIDENTIFY, "1 area with");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_variances), cmocka_unit_test(test_zero), cmocka_unit_test(test_adjusted),
        cmocka_unit_test(test_two_maxima), cmocka_unit_test(test_no_leap), cmocka_unit_test(test_bias_above_g1),
        cmocka_unit_test(test_out_of_fit), cmocka_unit_test(test_offset_of_covariate), cmocka_unit_test(test_kernel_refusals),
        cmocka_unit_test(test_benchmark), cmocka_unit_test(test_benchmark_refusals), cmocka_unit_test(test_leave_out),
        cmocka_unit_test(test_rows), cmocka_unit_test(test_zero_variances),
        cmocka_unit_test(test_variances_that_follow), cmocka_unit_test(test_covariates),
        cmocka_unit_test(test_national), cmocka_unit_test(test_proportions), cmocka_unit_test(test_disclosure),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
