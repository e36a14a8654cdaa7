/* Sample coverage, pairs and Chao's bounds on random tables against naive_sample_coverage.py, a second implementation that
 * shares no code. The table is shipped; see README.md beside it. */
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

#include "data/captures.h"
#include "mse/chao.h"
#include "mse/coverage.h"
#include "mse/pair.h"

#define TOLERANCE 1e-9
#define NUMERICAL 2e-6 /* standard errors of the reference come from numerical derivatives */
#define TABLES 120
#define LISTS_MAX 6

typedef struct reference {
    est_table *table;
    size_t row;
    size_t compared, absent; /* numbers, and values that do not exist */
} reference;

static double expected(const reference *r, const char *column)
{
    long at = est_table_find(r->table, column);
    assert_true(at >= 0);
    return est_table_number(r->table, (size_t)at, r->row);
}

static void compare(reference *r, const char *column, double found, double tolerance)
{
    double value = expected(r, column);
    if (isnan(value) != isnan(found) || !(isnan(value) || fabs(found - value) <= tolerance * fmax(1, fabs(value)))) {
        print_error("table %zu, %s: found %.15g, expected %.15g\n", r->row, column, found, value);
        fail();
    }
    *(isnan(value) ? &r->absent : &r->compared) += 1;
}

static est_i_captures *read_counts(const reference *r)
{
    char buffer[32];
    double counts[1 << LISTS_MAX] = {0};
    const double *block = counts;
    size_t n_lists = (size_t)expected(r, "lists");
    long at = est_table_find(r->table, "counts");
    est_i_captures *captures = NULL;
    assert_true(at >= 0 && n_lists >= 3 && n_lists <= LISTS_MAX);
    const char *text = est_table_text(r->table, (size_t)at, r->row, buffer);
    for (size_t w = 1; w < (size_t)1 << n_lists; w++) {
        char *end;
        counts[w] = (double)strtol(text, &end, 10);
        assert_true(end > text && *end == (w + 1 < (size_t)1 << n_lists ? ';' : '\0'));
        text = end + 1;
    }
    assert_int_equal(est_i_captures_make(n_lists, 1, NULL, &block, &captures, NULL), EST_OK);
    return captures;
}

static void compare_coverage(reference *r, const est_i_captures *captures)
{
    est_i_histories histories;
    est_i_coverage c;
    assert_int_equal(est_i_histories_make(captures, &histories, NULL), EST_OK);
    est_i_coverage_estimate(&histories, histories.persons, &c);
    compare(r, "coverage", c.coverage, TOLERANCE);
    compare(r, "without_one", isnan(c.coverage) ? NAN : c.without_one, TOLERANCE);
    compare(r, "independent", c.population[EST_I_COVERAGE_INDEPENDENT], TOLERANCE);
    compare(r, "high", c.population[EST_I_COVERAGE_HIGH], TOLERANCE);
    compare(r, "low", c.population[EST_I_COVERAGE_LOW], TOLERANCE);
    compare(r, "covariation", est_i_coverage_covariation(&c, 1, 0, c.population[EST_I_COVERAGE_INDEPENDENT]), TOLERANCE);
    for (size_t k = 0; k < EST_I_COVERAGE_KINDS; k++)
        assert_int_equal(isnan(c.population[k]), c.fault[k] != EST_I_COVERAGE_SOUND);
    est_i_histories_free(&histories);
}

/* A population equal to the persons seen has se 0 and no limits. */
static void compare_pair(reference *r, const est_i_captures *captures)
{
    est_i_pair *pairs;
    size_t n_pairs;
    assert_int_equal(est_i_pairs_make(captures, 3, 0.95, &pairs, &n_pairs, NULL), EST_OK);
    assert_int_equal(n_pairs, 1);
    assert_string_equal(pairs[0].label, "A:B");
    const est_i_pair_estimate *petersen = &pairs[0].by[EST_I_PAIR_LINCOLN_PETERSEN];
    compare(r, "chapman", pairs[0].by[EST_I_PAIR_CHAPMAN].population, TOLERANCE);
    compare(r, "chapman_se", pairs[0].by[EST_I_PAIR_CHAPMAN].se, TOLERANCE);
    compare(r, "petersen", petersen->population, TOLERANCE);
    compare(r, "petersen_se", petersen->se, NUMERICAL);
    compare(r, "petersen_lower", petersen->lower, NUMERICAL);
    compare(r, "petersen_upper", petersen->upper, NUMERICAL);
    est_i_pairs_free(pairs, n_pairs);
}

static void compare_chao(reference *r, const est_i_captures *captures)
{
    double single[LISTS_MAX] = {0}, once = 0, twice = 0, seen = captures->total;
    size_t n = captures->n_lists;
    for (size_t w = 1; w < captures->n_cells; w++) {
        double persons = captures->counts[0][w];
        once += __builtin_popcountll(w) == 1 ? persons : 0;
        twice += __builtin_popcountll(w) == 2 ? persons : 0;
        for (size_t j = 0; j < n; j++)
            single[j] += w == (size_t)1 << j ? persons : 0;
    }
    est_i_chao plain = est_i_chao_counts(seen, once, twice, (double)n, EST_I_CHAO_PLAIN, 0.95);
    est_i_chao corrected = est_i_chao_counts(seen, once, twice, (double)n, EST_I_CHAO_CORRECTED, 0.95);
    est_i_chao lists = est_i_chao_lists(seen, n, single, twice, EST_I_CHAO_PLAIN, 0.95);
    compare(r, "chao", plain.population, TOLERANCE);
    compare(r, "chao_se", plain.se, NUMERICAL);
    compare(r, "chao_corrected", corrected.population, TOLERANCE);
    compare(r, "chao_corrected_se", corrected.se, NUMERICAL);
    compare(r, "chao_lists", lists.population, TOLERANCE);
    compare(r, "chao_lists_se", lists.se, NUMERICAL);
    compare(r, "chao_lists_corrected", est_i_chao_lists(seen, n, single, twice, EST_I_CHAO_CORRECTED, 0.95).population,
            TOLERANCE);
    compare(r, "chao_unlimited", est_i_chao_counts(seen, once, twice, INFINITY, EST_I_CHAO_PLAIN, 0.95).population, TOLERANCE);
}

static void test_random_tables(void **state)
{
    (void)state;
    const char *source = getenv("srcdir");
    char path[5000];
    est_error error;
    reference r = {0};
    snprintf(path, sizeof path, "%.4000s/tests/conformance/sample_coverage_reference.csv", source ? source : ".");
    if (est_table_open(path, NULL, &r.table, &error) != EST_OK)
        fail_msg("%s", error.message);
    assert_int_equal(est_table_rows(r.table), TABLES);
    for (r.row = 0; r.row < TABLES; r.row++) {
        est_i_captures *captures = read_counts(&r);
        compare_coverage(&r, captures);
        compare_pair(&r, captures);
        compare_chao(&r, captures);
        est_i_captures_free(captures);
    }
    assert_int_equal(r.compared + r.absent, 20 * TABLES);
    assert_true(r.compared > 2000 && r.absent > 200);
    est_table_free(r.table);
}

/* Of two lists Chao's bound for lists of different reach is Lincoln-Petersen, corrected it is Chapman. */
static void test_two_lists(void **state)
{
    (void)state;
    const double single[] = {30, 20};
    est_i_chao plain = est_i_chao_lists(65, 2, single, 15, EST_I_CHAO_PLAIN, 0.95);
    est_i_chao corrected = est_i_chao_lists(65, 2, single, 15, EST_I_CHAO_CORRECTED, 0.95);
    assert_true(fabs(plain.population - 45.0 * 35 / 15) < 1e-12);
    assert_true(fabs(plain.se - sqrt(45.0 * 35 * 30 * 20 / (15.0 * 15 * 15))) < 1e-12);
    assert_true(fabs(corrected.population - (46.0 * 36 / 16 - 1)) < 1e-12);
    assert_true(isnan(est_i_chao_lists(50, 2, single, 0, EST_I_CHAO_PLAIN, 0.95).population));
    assert_true(fabs(est_i_chao_lists(50, 2, single, 0, EST_I_CHAO_CORRECTED, 0.95).population - 650) < 1e-12);
}

/* Rcapture 1.4-4, Mh Chao: closedp.t of the snowshoe hares (68 seen, 25 once, 22 twice, six occasions), and closedp.bc of them
 * and of the Kosovo table (4400, 3218, 882, four lists). */
static void test_rcapture(void **state)
{
    (void)state;
    est_i_chao hares = est_i_chao_counts(68, 25, 22, 6, EST_I_CHAO_PLAIN, 0.95);
    assert_true(fabs(hares.population - 79.8371212121) < 1e-9);
    assert_true(fabs(hares.se - 6.3737649889) < 1e-6); /* glm stops at a relative deviance of 1e-8 */
    assert_true(fabs(est_i_chao_counts(68, 25, 22, 6, EST_I_CHAO_CORRECTED, 0.95).population - 78.8695652174) < 1e-9);
    assert_true(fabs(est_i_chao_counts(4400, 3218, 882, 4, EST_I_CHAO_CORRECTED, 0.95).population - 8796.50594564) < 1e-7);
}

static void test_limits(void **state)
{
    (void)state;
    double lower, upper;
    est_i_log_normal_limits(65, 105, 17, 0.95, &lower, &upper);
    assert_true(fabs((lower - 65) * (upper - 65) - 1600) < 1e-9);
    assert_true(lower > 65 && upper > 105);
    est_i_log_normal_limits(65, 105, INFINITY, 0.95, &lower, &upper);
    assert_true(lower == 65 && isinf(upper));
    est_i_log_normal_limits(65, 65, 0, 0.95, &lower, &upper);
    assert_true(isnan(lower) && isnan(upper));
    est_i_log_normal_limits(65, NAN, 1, 0.95, &lower, &upper);
    assert_true(isnan(lower) && isnan(upper));
    est_i_log_normal_limits(65, 105, NAN, 0.95, &lower, &upper);
    assert_true(isnan(lower) && isnan(upper));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_tables),
        cmocka_unit_test(test_two_lists),
        cmocka_unit_test(test_rcapture),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
