/* What a choice leaves aside and what a table does not tell: boundary fits that take no part, parameters of additive effects where
 * lists were not at work, coefficients that the data do not determine, and refusals over strata. */
#include "mse_support.h"

#include "mse/activity.h"
#include "mse/ranking.h"
#include "mse/refusal.h"
#include "mse/search.h"

/* ---- boundary fits that take no part ---- */

static est_i_pool *search_all(const est_i_fit_data *data, const est_i_cost *cost, double window)
{
    uint32_t local[EST_I_LISTS_MAX + 1];
    est_i_terms main = {.n_local = est_i_main_terms(data->n_lists, local), .local = local};
    est_i_search_rules rules = {.base = est_i_count_parameters(data, &main)};
    est_i_pool *pool = NULL;
    est_error error;
    REQUIRE_OK(est_i_family_make(data, EST_CLASS_HIERARCHICAL, 2, &rules.family, &error), error);
    est_i_search_space *space =
        est_i_search_space_new(1, data->n_lists, 1, est_i_family_size(&rules.family, rules.family.all), NULL);
    assert_non_null(space);
    est_i_search_order(data, &rules, space, NULL);
    REQUIRE_OK(est_i_search_pool(data, &rules, cost, 1, window, space, &pool, NULL, &error), error);
    est_i_search_space_free(space);
    return pool;
}

/* The search meets every excluded model that is better than its answer: the same best and the same weight as with all fitted. */
static void test_search_knows_what_it_excludes(void **state)
{
    (void)state;
    est_i_captures *captures = open_captures("dataset:colombia_child_recruitment", true);
    size_t compared = 0;
    for (size_t k = 0; k < captures->n_blocks; k++) {
        est_i_fit_data *data = blocks_of(captures, k, 1);
        est_i_cost cost = est_i_cost_make(EST_SELECT_BIC, captures->totals[k]);
        est_i_ranking *ranking = NULL;
        est_error error;
        double best = INFINITY, unseen = NAN, weight = 0;
        REQUIRE_OK(est_i_rank_models(data, est_i_set_all(data->n_lists, 2), &cost, false, NULL, &ranking, &error), error);
        double answer = ranking->models[0].criterion;
        assert_true(ranking->n_acceptable > 0);
        for (size_t i = ranking->n_acceptable; i < ranking->n_models; i++) {
            const est_i_ranked *m = &ranking->models[i];
            weight += m->criterion <= answer + 10 ? exp((answer - m->criterion) / 2) : 0;
            if (isnan(m->unseen) || m->exists || !m->identified || !(m->criterion < best))
                continue;
            best = m->criterion;
            unseen = m->unseen;
        }
        est_i_pool *pool = search_all(data, &cost, 10);
        REQUIRE_NEAR(pool->models[0].criterion, answer, 1e-8);
        REQUIRE_NEAR(pool->excluded_weight, weight, 1e-6);
        if (best < answer - 1e-6) {
            assert_true(pool->has_excluded);
            REQUIRE_NEAR(pool->excluded_criterion, best, 1e-8);
            REQUIRE_NEAR(pool->excluded_unseen, unseen, 1e-5);
            compared++;
        }
        est_i_pool_free(pool);
        est_i_ranking_free(ranking);
        est_i_fit_data_free(data);
    }
    assert_true(compared > 0);
    est_i_captures_free(captures);
}

/* ---- parameters of additive effects ---- */

#define COLUMNS 2

static void set_strata(est_i_captures *captures, const char *const values[][COLUMNS])
{
    captures->n_strata_columns = COLUMNS;
    captures->strata_names = calloc(COLUMNS, sizeof *captures->strata_names);
    captures->strata_values = calloc(captures->n_blocks, sizeof *captures->strata_values);
    for (size_t j = 0; j < COLUMNS; j++)
        captures->strata_names[j] = strdup(j ? "h" : "g");
    for (size_t k = 0; k < captures->n_blocks; k++) {
        captures->strata_values[k] = calloc(COLUMNS, sizeof **captures->strata_values);
        for (size_t j = 0; j < COLUMNS; j++)
            captures->strata_values[k][j] = strdup(values[k][j]);
    }
}

static size_t count_additive(const uint32_t *active)
{
    static const char *const values[][COLUMNS] = {{"x", "p"}, {"x", "q"}, {"y", "p"}, {"y", "q"}};
    double counts[4][8];
    const double *blocks[4];
    est_i_captures *captures = NULL;
    est_i_activity *activity = NULL;
    est_error error;
    uint32_t local[4], shared[EST_I_ACTIVITY_SHARED_MAX];
    for (size_t k = 0; k < 4; k++) {
        for (size_t w = 0; w < 8; w++)
            counts[k][w] = w && !(w & ~(size_t)active[k]) ? 20 : 0;
        blocks[k] = counts[k];
    }
    REQUIRE_OK(est_i_captures_make(3, 4, NULL, blocks, &captures, &error), error);
    memcpy(captures->active, active, 4 * sizeof *active);
    set_strata(captures, values);
    REQUIRE_OK(est_i_activity_make(captures, &activity, &error), error);
    est_i_fit_data *data = blocks_of(captures, 0, 4);
    est_i_terms terms = est_i_model_terms(activity, 3, 4, NULL, 0, local, shared);
    size_t count = est_i_count_parameters(data, &terms);
    est_i_joint *joint = NULL;
    REQUIRE_OK(est_i_joint_fit(data, &terms, NULL, &joint, &error), error);
    assert_true(count >= joint->verdict->rank);
    est_i_joint_free(joint);
    est_i_fit_data_free(data);
    est_i_activity_free(activity);
    est_i_captures_free(captures);
    return count;
}

/* Four intercepts, and for each list as many as its strata tell apart: three in a crossing of 2 by 2, two where it works in two
 * strata, one in one. */
static void test_additive_parameters_have_a_rank(void **state)
{
    (void)state;
    assert_int_equal(count_additive((const uint32_t[]){7, 7, 7, 7}), 4 + 3 * 3);
    assert_int_equal(count_additive((const uint32_t[]){7, 3, 3, 7}), 4 + 3 + 3 + 2);
    assert_int_equal(count_additive((const uint32_t[]){7, 7, 3, 3}), 4 + 3 + 3 + 2);
    assert_int_equal(count_additive((const uint32_t[]){7, 3, 3, 3}), 4 + 3 + 3 + 1);
    assert_int_equal(count_additive((const uint32_t[]){7, 7, 7, 3}), 4 + 3 * 3);
}

/* ---- coefficients that the data do not determine ---- */

/* Stratum 0 tells everything, in stratum 1 nobody is on two lists: its intercept is free, and with it every list against it. */
static void test_coefficients_without_an_estimate(void **state)
{
    static const double counts[] = {0, 120, 120, 35, 112, 33, 34, 9, 0, 13, 14, 0, 4, 0, 0, 0};
    uint32_t local[4];
    bool determined[8];
    est_i_fit_data *data = data_of_counts(3, 2, counts);
    est_i_terms terms = {.n_local = est_i_main_terms(3, local), .local = local};
    est_i_joint *joint = NULL;
    est_error error;
    (void)state;
    REQUIRE_OK(est_i_joint_fit(data, &terms, NULL, &joint, &error), error);
    assert_true(joint->verdict->estimable[0] && !joint->verdict->estimable[1]);
    assert_int_equal(joint->verdict->direction[1], 1);
    REQUIRE_OK(est_i_verdict_coefficients(data, 0, &terms, joint->verdict, NULL, determined, &error), error);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(determined[i], i < 4);
    est_i_joint_free(joint);
    est_i_fit_data_free(data);
}

/* List C is in the data only beside B: with B:C in the model, A's effect is told among those on B alone, C's is not. */
static void test_coefficients_one_by_one(void **state)
{
    static const double counts[] = {0, 0, 30, 12, 0, 0, 10, 4};
    static const uint32_t local[] = {0, 1, 2, 4, 6};
    bool determined[5];
    est_i_fit_data *data = data_of_counts(3, 1, counts);
    est_i_terms terms = {.n_local = 5, .local = local};
    est_i_joint *joint = NULL;
    est_error error;
    (void)state;
    data->keep[1] = data->keep[4] = data->keep[5] = 0;
    est_i_fit_data_prepare(data);
    REQUIRE_OK(est_i_joint_fit(data, &terms, NULL, &joint, &error), error);
    REQUIRE_OK(est_i_verdict_coefficients(data, 0, &terms, joint->verdict, NULL, determined, &error), error);
    assert_true(determined[1]);
    assert_false(determined[0] || determined[2] || determined[3] || determined[4]);
    assert_false(joint->verdict->estimable[0]);
    est_i_joint_free(joint);
    est_i_fit_data_free(data);
}

/* ---- refusals over strata ---- */

static void expect_words(const est_error *error, const char *words, bool expected)
{
    if ((strstr(error->message, words) != NULL) != expected)
        fail_msg("'%s' %s in '%s'", words, expected ? "is not" : "is", error->message);
}

static void test_refusals_name_strata(void **state)
{
    static const double first[] = {0, 5, 4, 0, 3, 2, 0, 0}, second[] = {0, 5, 4, 2, 3, 0, 0, 0}, third[] = {0, 5, 4, 2, 0, 0, 0, 0};
    const double *blocks[] = {first, second, third};
    static const char *const names[] = {"north", "south", "west"};
    est_i_captures *captures = NULL;
    est_error error;
    (void)state;
    REQUIRE_OK(est_i_captures_make(3, 3, NULL, blocks, &captures, &error), error);
    for (size_t k = 0; k < 3; k++) {
        free(captures->block_names[k]);
        captures->block_names[k] = strdup(names[k]);
    }
    captures->active[2] = 3;
    assert_int_equal(est_i_refuse_model(captures, (const int[]){1, -1, 0}, "main", &error), EST_EIDENTIFY);
    expect_words(&error, "north: nothing in the table limits", true);
    expect_words(&error, "south: the likelihood rises as the unseen number goes to zero", true);
    expect_words(&error, "west: the table does not determine", true);
    expect_words(&error, "A and B share nobody in north", true);
    expect_words(&error, "A and C share nobody in south", true);
    expect_words(&error, "B and C share nobody;", true);
    expect_words(&error, "west,", false);
    assert_int_equal(est_i_refuse_model(captures, (const int[]){-1, -1, -1}, "main", &error), EST_EIDENTIFY);
    expect_words(&error, "in every stratum the likelihood rises as the unseen number goes to zero", true);
    expect_words(&error, "lists that share more people", false);
    assert_int_equal(est_i_refuse_search(captures, "no model has a finite one (8 tried)", true, &error), EST_EIDENTIFY);
    expect_words(&error, "no model has a finite one (8 tried)", true);
    expect_words(&error, "--boundary accept", true);
    est_i_captures_free(captures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search_knows_what_it_excludes),
        cmocka_unit_test(test_additive_parameters_have_a_rank),
        cmocka_unit_test(test_coefficients_without_an_estimate),
        cmocka_unit_test(test_coefficients_one_by_one),
        cmocka_unit_test(test_refusals_name_strata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
