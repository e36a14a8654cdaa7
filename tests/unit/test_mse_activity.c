/* Additive list activity: with one stratum column it is the full model written in shared terms, so that everything must agree, faces
 * and refusals included; with two columns the terms and their count are known. Dense regressions: tests/conformance/check-strata.sh. */
#include "mse_support.h"

#include "mse/activity.h"
#include "mse/estimator.h"

#define LISTS 4
#define CELLS 16
#define BLOCKS 4

/* A capture table whose blocks are the crossing of two columns of two values, or one column of four. */
static est_i_captures *make_table(est_i_rng *rng, size_t n_columns, double scale)
{
    static const char *const values[2][BLOCKS] = {{"a", "b", "c", "d"}, {"", "", "", ""}};
    static const char *const crossed[2][BLOCKS] = {{"f", "f", "m", "m"}, {"old", "young", "old", "young"}};
    double counts[BLOCKS][CELLS] = {{0}};
    const double *blocks[BLOCKS];
    est_i_captures *captures = NULL;
    est_error error;
    for (size_t k = 0; k < BLOCKS; k++) {
        for (size_t w = 1; w < CELLS; w++)
            counts[k][w] = floor(scale * est_i_rng_uniform(rng) * est_i_rng_uniform(rng) * est_i_rng_uniform(rng));
        counts[k][1 + k] += 1;
        blocks[k] = counts[k];
    }
    REQUIRE_OK(est_i_captures_make(LISTS, BLOCKS, NULL, blocks, &captures, &error), error);
    captures->n_strata_columns = n_columns;
    captures->strata_names = calloc(n_columns, sizeof *captures->strata_names);
    captures->strata_values = calloc(BLOCKS, sizeof *captures->strata_values);
    for (size_t j = 0; j < n_columns; j++)
        captures->strata_names[j] = strdup(j ? "age" : "sex");
    for (size_t k = 0; k < BLOCKS; k++) {
        captures->strata_values[k] = calloc(n_columns, sizeof **captures->strata_values);
        for (size_t j = 0; j < n_columns; j++)
            captures->strata_values[k][j] = strdup(n_columns == 1 ? values[j][k] : crossed[j][k]);
    }
    return captures;
}

static est_i_joint *fit(const est_i_captures *captures, const est_i_activity *activity, const uint32_t *terms, size_t n_terms)
{
    uint32_t local[LISTS + 1 + CELLS], shared[EST_I_ACTIVITY_SHARED_MAX];
    est_i_joint *joint = NULL;
    est_error error;
    est_i_fit_data *data = blocks_of(captures, 0, BLOCKS);
    est_i_terms model = est_i_model_terms(activity, LISTS, BLOCKS, terms, n_terms, local, shared);
    REQUIRE_OK(est_i_joint_fit(data, &model, NULL, &joint, &error), error);
    est_i_fit_data_free(data);
    return joint;
}

static void compare(const est_i_captures *captures, const uint32_t *terms, size_t n_terms, size_t *refused)
{
    est_i_activity *activity = NULL;
    est_error error;
    REQUIRE_OK(est_i_activity_make(captures, &activity, &error), error);
    assert_int_equal(activity->n_shared, LISTS * BLOCKS);
    est_i_joint *full = fit(captures, NULL, terms, n_terms), *additive = fit(captures, activity, terms, n_terms);
    const est_i_verdict *a = full->verdict, *b = additive->verdict;
    assert_int_equal(a->exists, b->exists);
    assert_int_equal(a->identified, b->identified);
    assert_int_equal(a->rank, b->rank);
    assert_int_equal(a->face_cells, b->face_cells);
    assert_int_equal(full->n_parameters, additive->n_parameters);
    REQUIRE_NEAR(additive->loglik, full->loglik, 1e-8);
    for (size_t k = 0; k < BLOCKS; k++) {
        assert_int_equal(a->estimable[k], b->estimable[k]);
        assert_int_equal(a->direction[k], b->direction[k]);
        *refused += !a->estimable[k];
        if (a->estimable[k]) {
            REQUIRE_NEAR(additive->log_unseen[k], full->log_unseen[k], 1e-6);
            REQUIRE_NEAR(additive->se_log_unseen[k], full->se_log_unseen[k], 1e-6);
        }
    }
    est_i_joint_free(full);
    est_i_joint_free(additive);
    est_i_activity_free(activity);
}

static void test_one_column(void **state)
{
    (void)state;
    static const uint32_t pairs[] = {3, 5, 9, 6, 10, 12}, some[] = {3, 12};
    est_i_rng rng;
    size_t refused = 0;
    est_i_rng_start(&rng, 7, EST_I_PURPOSE_TEST, 1, 0);
    for (size_t i = 0; i < 150; i++) {
        est_i_captures *captures = make_table(&rng, 1, i % 3 == 0 ? 60 : 6);
        compare(captures, pairs, 6, &refused);
        compare(captures, some, 2, &refused);
        est_i_captures_free(captures);
    }
    assert_true(refused > 20);
}

/* One column has a term for each list and value, the second for all values but its first; nothing beyond is left free. */
static void test_two_columns(void **state)
{
    (void)state;
    est_i_rng rng;
    est_error error;
    est_i_activity *activity = NULL;
    est_i_rng_start(&rng, 8, EST_I_PURPOSE_TEST, 1, 0);
    est_i_captures *captures = make_table(&rng, 2, 400);
    REQUIRE_OK(est_i_activity_make(captures, &activity, &error), error);
    assert_int_equal(activity->n_shared, LISTS * 3);
    static const unsigned char acts[3][BLOCKS] = {{1, 1, 0, 0}, {0, 0, 1, 1}, {0, 1, 0, 1}};
    for (size_t i = 0; i < LISTS * 3; i++) {
        assert_int_equal(activity->shared[i], 1u << i % LISTS);
        assert_memory_equal(activity->acts + i * BLOCKS, acts[i / LISTS], BLOCKS);
    }
    est_i_joint *full = fit(captures, NULL, NULL, 0), *additive = fit(captures, activity, NULL, 0);
    assert_int_equal(full->n_parameters, BLOCKS * (LISTS + 1));
    assert_int_equal(additive->n_parameters, BLOCKS + LISTS * 3);
    assert_true(additive->loglik < full->loglik);
    REQUIRE_NEAR(additive->df, full->df + LISTS, 0);
    est_i_joint_free(full);
    est_i_joint_free(additive);
    est_i_activity_free(activity);
    est_i_captures_free(captures);
}

/* The same selection by either way of writing it, and the same replicates from it. */
static void test_selection(void **state)
{
    (void)state;
    est_i_rng rng;
    est_error error;
    est_i_activity *activity = NULL;
    est_i_rng_start(&rng, 9, EST_I_PURPOSE_TEST, 1, 0);
    est_i_captures *captures = make_table(&rng, 1, 300);
    est_i_fit_data *data = blocks_of(captures, 0, BLOCKS);
    REQUIRE_OK(est_i_activity_make(captures, &activity, &error), error);
    est_i_selection how = {.select = EST_SELECT_BIC, .max_order = 3};
    double unseen[2][BLOCKS], log_se[2][BLOCKS + 1];
    for (size_t i = 0; i < 2; i++) {
        est_i_estimator *estimator = NULL;
        how.activity = i ? activity : NULL;
        REQUIRE_OK(est_i_estimator_select(data, false, &how, NULL, &estimator, &error), error);
        est_i_estimator_space *space = est_i_estimator_space_new(estimator, 1);
        assert_non_null(space);
        REQUIRE_OK(est_i_estimator_apply(estimator, data, space, unseen[i], log_se[i], NULL, &error), error);
        est_i_estimator_space_free(space);
        est_i_estimator_free(estimator);
    }
    for (size_t k = 0; k < BLOCKS; k++)
        REQUIRE_NEAR(unseen[1][k], unseen[0][k], 1e-6);
    REQUIRE_NEAR(log_se[1][BLOCKS], log_se[0][BLOCKS], 1e-6);
    est_i_activity_free(activity);
    est_i_fit_data_free(data);
    est_i_captures_free(captures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_column),
        cmocka_unit_test(test_two_columns),
        cmocka_unit_test(test_selection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
