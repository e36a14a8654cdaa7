/* Settled fits against values of naive_mse.py, a second implementation that shares no code: models with terms
 * of four lists, and joint models of the Colombian table. The tables are shipped; see README.md beside them.
 */
#include "../unit/mse_support.h"

#include "mse/profile.h"

#define TOLERANCE 1e-9
#define N_PERIODS 6

static est_table *open_reference(const char *name)
{
    const char *source = getenv("srcdir");
    char path[5000];
    est_table *table = NULL;
    est_error error;
    snprintf(path, sizeof path, "%.4000s/tests/conformance/%s", source ? source : ".", name);
    REQUIRE_OK(est_table_open(path, NULL, &table, &error), error);
    return table;
}

static double number(const est_table *table, const char *column, size_t row)
{
    long at = est_table_find(table, column);
    assert_true(at >= 0);
    return est_table_number(table, (size_t)at, row);
}

static const char *text(const est_table *table, const char *column, size_t row, char buffer[32])
{
    long at = est_table_find(table, column);
    assert_true(at >= 0);
    return est_table_text(table, (size_t)at, row, buffer);
}

static est_i_joint *settle(const est_i_fit_data *data, const est_i_terms *terms)
{
    est_error error;
    est_i_joint *joint = NULL;
    REQUIRE_OK(est_i_joint_fit(data, terms, NULL, &joint, &error), error);
    return joint;
}

static int verdict_code(const est_i_verdict *verdict)
{
    return (verdict->exists ? 0 : 1) + (verdict->identified ? 0 : 2);
}

static void compare_order4(const est_table *table, size_t row, const est_i_fit_data *data)
{
    char buffer[32];
    uint32_t local[64];
    est_i_set set = set_of_numbers(text(table, "model", row, buffer));
    est_i_terms terms = {.n_local = local_terms(set, data->n_lists, local), .local = local};
    est_i_joint *joint = settle(data, &terms);
    double p = (double)joint->n_parameters, n = data->total[0];
    assert_int_equal(verdict_code(joint->verdict), number(table, "verdict", row));
    assert_int_equal(joint->n_parameters, number(table, "p", row));
    REQUIRE_NEAR(joint->loglik, number(table, "loglik", row), TOLERANCE);
    REQUIRE_NEAR(p * log(n) - 2 * joint->loglik, number(table, "bic", row), TOLERANCE);
    assert_int_equal(joint->verdict->estimable[0], !isnan(number(table, "n_hat", row)));
    if (joint->verdict->estimable[0])
        REQUIRE_NEAR(n + exp(joint->log_unseen[0]), number(table, "n_hat", row), TOLERANCE);
    est_i_joint_free(joint);
}

static void test_order4(void **state)
{
    (void)state;
    est_table *table = open_reference("order4_reference.csv");
    est_i_fit_data *uk = open_data("dataset:uk_2013_five"),
                   *ned = open_data("dataset:netherlands_2010_15_five");
    size_t boundary = 0;
    assert_int_equal(est_table_rows(table), 300);
    for (size_t row = 0; row < est_table_rows(table); row++) {
        char buffer[32];
        compare_order4(table, row, strcmp(text(table, "dataset", row, buffer), "UKdat_5") == 0 ? uk : ned);
        boundary += number(table, "verdict", row) > 0;
    }
    assert_true(boundary > 50);
    est_i_fit_data_free(uk);
    est_i_fit_data_free(ned);
    est_table_free(table);
}

/* The value of a case's quantity; `period` counts from 0, -1 for a quantity of the whole. NaN if the table
 * has none. */
static double reference(const est_table *table, const char *which, const char *quantity, int period)
{
    double value = NAN;
    int seen = 0;
    for (size_t row = 0; row < est_table_rows(table); row++) {
        char buffer[32], other[32];
        const char *name = text(table, "quantity", row, buffer);
        size_t length = strlen(quantity);
        if (strcmp(text(table, "case", row, other), which) != 0 || strncmp(name, quantity, length) != 0)
            continue;
        if ((period < 0 && name[length] == '\0') || (period >= 0 && name[length] == '[' && seen++ == period))
            value = number(table, "value", row);
    }
    return value;
}

static est_i_fit_data *open_colombia(void)
{
    est_i_captures *captures = open_captures("dataset:colombia_child_recruitment", true);
    est_i_fit_data *data = blocks_of(captures, 0, N_PERIODS);
    est_i_captures_free(captures);
    return data;
}

static void compare_populations(const est_table *table, const char *which, const est_i_fit_data *data,
                                const est_i_joint *joint)
{
    for (size_t k = 0; k < N_PERIODS; k++)
        REQUIRE_NEAR(data->margins[k * data->n_cells] + exp(joint->log_unseen[k]),
                     reference(table, which, "n_hat", (int)k), TOLERANCE);
}

static void compare_whole(const est_table *table, const char *which, const est_i_fit_data *data,
                          const est_i_joint *joint)
{
    double p = (double)joint->n_parameters;
    assert_int_equal(verdict_code(joint->verdict), reference(table, which, "verdict", -1));
    assert_int_equal(joint->n_parameters, reference(table, which, "p", -1));
    REQUIRE_NEAR(joint->loglik, reference(table, which, "loglik", -1), TOLERANCE);
    REQUIRE_NEAR(p * log(data->total[0]) - 2 * joint->loglik, reference(table, which, "bic", -1), TOLERANCE);
    REQUIRE_NEAR(2 * p - 2 * joint->loglik, reference(table, which, "aic", -1), TOLERANCE);
    compare_populations(table, which, data, joint);
}

static void compare_profile(const est_table *table, const char *which, const est_i_fit_data *data,
                            const est_i_terms *terms, const est_i_joint *joint)
{
    est_error error;
    est_i_profile profile;
    REQUIRE_OK(est_i_profile_find(data, terms, joint, 4, 0.95, NULL, &profile, &error), error);
    REQUIRE_NEAR(profile.maximum, reference(table, which, "profile_n_max", 0), TOLERANCE);
    REQUIRE_NEAR(profile.lower, reference(table, which, "profile_lower", 0), TOLERANCE);
    REQUIRE_NEAR(profile.upper, reference(table, which, "profile_upper", 0), TOLERANCE);
}

/* Every pair common to all periods, and with the six triples of the optimum. */
static void test_common(void **state)
{
    (void)state;
    est_table *table = open_reference("joint_reference.csv");
    est_i_fit_data *data = open_colombia();
    const struct {
        const char *which;
        est_i_set set;
    } cases[] = {
        {"pairs_common", est_i_set_all(5, 2)},
        {"pairs_and_six_triples_common", est_i_set_all(5, 2) | set_of_numbers("123 134 234 235 145 345")}};
    for (size_t i = 0; i < 2; i++) {
        uint32_t local[8], shared[64];
        est_i_terms terms = {.n_local = est_i_main_terms(5, local),
                             .local = local,
                             .n_shared = est_i_set_terms(cases[i].set, 5, shared),
                             .shared = shared};
        est_i_joint *joint = settle(data, &terms);
        compare_whole(table, cases[i].which, data, joint);
        compare_profile(table, cases[i].which, data, &terms, joint);
        est_i_joint_free(joint);
    }
    est_i_fit_data_free(data);
    est_table_free(table);
}

/* Common pairs and, in each period, a drift of every pair with the penalty (e / 0.5)^2 / 2. */
static void test_drift(void **state)
{
    (void)state;
    est_table *table = open_reference("joint_reference.csv");
    est_i_fit_data *data = open_colombia();
    uint32_t local[64], shared[64];
    double penalty[64] = {0}, taken_off = 0;
    est_i_terms terms = {.n_local = local_terms(est_i_set_all(5, 2), 5, local),
                         .local = local,
                         .n_shared = est_i_set_terms(est_i_set_all(5, 2), 5, shared),
                         .shared = shared,
                         .penalty = penalty};
    for (size_t i = 6; i < terms.n_local; i++)
        penalty[i] = 1 / (0.5 * 0.5);
    est_i_joint *joint = settle(data, &terms);
    for (size_t k = 0; k < N_PERIODS; k++)
        for (size_t i = 6; i < terms.n_local; i++)
            taken_off +=
                penalty[i] * joint->beta[k * terms.n_local + i] * joint->beta[k * terms.n_local + i] / 2;
    REQUIRE_NEAR(joint->loglik, reference(table, "pairs_common_drift_ridge", "penalised_loglik", -1),
                 TOLERANCE);
    REQUIRE_NEAR(taken_off, reference(table, "pairs_common_drift_ridge", "penalty", -1), TOLERANCE);
    REQUIRE_NEAR(joint->loglik + taken_off, reference(table, "pairs_common_drift_ridge", "loglik", -1),
                 TOLERANCE);
    assert_int_equal(verdict_code(joint->verdict), 0);
    compare_populations(table, "pairs_common_drift_ridge", data, joint);
    est_i_joint_free(joint);
    est_i_fit_data_free(data);
    est_table_free(table);
}

/* One column C(|w|, 2) common to all periods in place of the pairs. */
static void test_exchangeable(void **state)
{
    (void)state;
    est_table *table = open_reference("joint_reference.csv");
    est_i_fit_data *data = open_colombia();
    static const uint32_t shared[] = {EST_I_EXCHANGEABLE};
    uint32_t local[8];
    est_i_terms terms = {
        .n_local = est_i_main_terms(5, local), .local = local, .n_shared = 1, .shared = shared};
    est_i_joint *joint = settle(data, &terms);
    compare_whole(table, "exchangeable_common", data, joint);
    REQUIRE_NEAR(joint->beta[6 * 6], reference(table, "exchangeable_common", "coefficient_exchangeable", -1),
                 TOLERANCE);
    est_i_joint_free(joint);
    est_i_fit_data_free(data);
    est_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order4),
        cmocka_unit_test(test_common),
        cmocka_unit_test(test_drift),
        cmocka_unit_test(test_exchangeable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
