/* Existence, identifiability and estimability, decided exactly. */
#include "mse_support.h"

#include "mse/verdict.h"

typedef struct model {
    uint32_t local[64], shared[64];
    est_i_terms terms;
} model;

static model make_model(est_i_set local, est_i_set shared, size_t n_lists)
{
    model m = {.terms = {0}};
    m.terms.n_local = local_terms(local, n_lists, m.local);
    m.terms.n_shared = est_i_set_terms(shared, n_lists, m.shared);
    return m;
}

static est_i_verdict *judge_set(const est_i_fit_data *data, est_i_set local, est_i_set shared,
                                const double *penalty)
{
    est_error error;
    est_i_verdict *verdict = NULL;
    model m = make_model(local, shared, data->n_lists);
    m.terms.local = m.local;
    m.terms.shared = m.shared;
    m.terms.penalty = penalty;
    REQUIRE_OK(est_i_verdict_explain(data, 0, &m.terms, NULL, &verdict, &error), error);
    return verdict;
}

static est_i_verdict *judge(const est_i_fit_data *data, const char *numbers)
{
    return judge_set(data, set_of_numbers(numbers), 0, NULL);
}

typedef struct expected {
    bool exists, identified, estimable;
    int direction;
} expected;

static void require_verdict(const est_i_verdict *v, size_t block, expected e)
{
    assert_int_equal(v->exists, e.exists);
    assert_int_equal(v->identified, e.identified);
    assert_int_equal(v->estimable[block], e.estimable);
    assert_int_equal(v->direction[block], e.direction);
}

static void expect(const est_i_fit_data *data, const char *numbers, expected e)
{
    est_i_verdict *v = judge(data, numbers);
    require_verdict(v, 0, e);
    est_i_verdict_free(v);
}

static const expected fine = {true, true, true, 0};
static const expected runs_away = {false, true, false, 1};

/* Nobody is on c and d without b: b:c b:d puts no bound on the unseen. Ball, Shin and Yang (2018). */
static void test_korea(void **state)
{
    (void)state;
    est_i_fit_data *data = open_data("dataset:korea");
    expect(data, "", fine);
    expect(data, "12", fine);
    expect(data, "13", fine);
    expect(data, "23", fine);
    expect(data, "12 23", fine);
    expect(data, "13 23", fine);
    expect(data, "12 13", runs_away);
    expect(data, "12 13 23", runs_away);
    est_i_fit_data_free(data);
}

/* Table 2 of Chan, Silverman and Vincent (2021): the statuses of the eight models. */
static void test_artificial(void **state)
{
    (void)state;
    static const double counts[] = {0, 40, 30, 6, 20, 0, 0, 0};
    est_i_fit_data *data = data_of_counts(3, 1, counts);
    expect(data, "", fine);
    expect(data, "13", fine);
    expect(data, "23", fine);
    expect(data, "13 23", fine);
    expect(data, "12", runs_away);
    expect(data, "12 13", runs_away);
    expect(data, "12 23", runs_away);
    expect(data, "12 13 23", (expected){true, false, false, 0});
    est_i_verdict *v = judge(data, "13 23");
    assert_int_equal(v->n_live, 4);
    assert_int_equal(v->kept_cells, 4);
    assert_int_equal(v->face_cells, 4);
    assert_int_equal(v->rank, 4);
    est_i_verdict_free(v);
    est_i_fit_data_free(data);
}

static void test_two_lists(void **state)
{
    (void)state;
    static const double apart[] = {0, 10, 8, 0}, overlapping[] = {0, 10, 8, 1}, inside[] = {0, 10, 0, 3};
    est_i_fit_data *data = data_of_counts(2, 1, apart);
    expect(data, "", runs_away);
    est_i_fit_data_free(data);
    data = data_of_counts(2, 1, overlapping);
    expect(data, "", fine);
    /* Three cells do not tell four parameters apart, whatever the unseen may be. */
    expect(data, "12", (expected){true, false, false, 0});
    est_i_fit_data_free(data);
    data = data_of_counts(2, 1, inside);
    expect(data, "", (expected){false, true, false, -1});
    est_i_fit_data_free(data);
}

/* All pairs of three lists: unseen = n1 n2 n3 n123 / (n12 n13 n23), so an empty cell sends it up or down. */
static void test_directions(void **state)
{
    (void)state;
    double counts[] = {0, 20, 30, 5, 40, 6, 7, 3};
    for (size_t w = 1; w < 8; w++) {
        double kept = counts[w];
        counts[w] = 0;
        est_i_fit_data *data = data_of_counts(3, 1, counts);
        int direction = __builtin_popcountll(w) == 2 ? 1 : -1;
        expect(data, "12 13 23", (expected){false, true, false, direction});
        est_i_fit_data_free(data);
        counts[w] = kept;
    }
}

/* No zero margin, yet 8 of 31 cells are fitted as zero; on the other 23 the rank is 15 of 16, and the
 * intercept is determined. */
static void test_colombia(void **state)
{
    (void)state;
    est_i_captures *captures = open_captures("dataset:colombia_child_recruitment", true);
    est_i_fit_data *data = blocks_of(captures, 0, 1);
    est_i_verdict *v = judge_set(data, est_i_set_all(5, 2), 0, NULL);
    require_verdict(v, 0, (expected){false, true, true, 0});
    assert_int_equal(v->n_live, 16);
    assert_int_equal(v->kept_cells, 31);
    assert_int_equal(v->face_cells, 23);
    assert_int_equal(v->rank, 15);
    double on_face = 0;
    for (size_t w = 1; w < 32; w++) {
        on_face += v->keep[w];
        assert_true(v->keep[w] > 0 || data->counts[w] <= 0);
    }
    assert_true(v->keep[0] <= 0 && on_face == 23);
    est_i_verdict_free(v);
    est_i_fit_data_free(data);
    data = blocks_of(captures, 0, 6);
    v = judge_set(data, 0, est_i_set_all(5, 2), NULL);
    for (size_t k = 0; k < 6; k++)
        require_verdict(v, k, fine);
    assert_int_equal(v->n_live, 46);
    assert_int_equal(v->rank, 46);
    est_i_verdict_free(v);
    est_i_fit_data_free(data);
    est_i_captures_free(captures);
}

/* Each block has its own answer; what one block lacks, another may supply to a shared term. */
static void test_blocks(void **state)
{
    (void)state;
    static const double two[] = {0, 10, 8, 0, 0, 20, 30, 5};
    est_i_fit_data *data = data_of_counts(2, 2, two);
    est_i_verdict *v = judge_set(data, 0, 0, NULL);
    require_verdict(v, 0, (expected){false, true, false, 1});
    require_verdict(v, 1, (expected){false, true, true, 0});
    est_i_verdict_free(v);
    est_i_fit_data_free(data);
    static const double three[] = {0, 40, 30, 6, 20, 0, 0, 0, 0, 20, 30, 5, 40, 6, 7, 3};
    data = data_of_counts(3, 2, three);
    v = judge_set(data, 0, est_i_set_all(3, 2), NULL);
    assert_true(v->identified && v->estimable[1]);
    assert_int_equal(v->n_live, 11);
    assert_int_equal(v->kept_cells, 14);
    est_i_verdict_free(v);
    v = judge_set(data, est_i_set_all(3, 2), 0, NULL);
    assert_true(v->estimable[1] && !v->estimable[0]);
    assert_int_equal(v->n_live, 5 + 7);
    assert_int_equal(v->kept_cells, 4 + 7);
    est_i_verdict_free(v);
    est_i_fit_data_free(data);
}

/* A penalised effect cannot run away: it takes no cells, and no part in the verdict. */
static void test_penalised(void **state)
{
    (void)state;
    static const double counts[] = {0, 40, 30, 6, 20, 0, 0, 0}, penalty[7] = {0, 0, 0, 0, 4, 4, 4};
    est_i_fit_data *data = data_of_counts(3, 1, counts);
    est_i_verdict *v = judge_set(data, est_i_set_all(3, 2), 0, penalty);
    require_verdict(v, 0, fine);
    assert_int_equal(v->n_live, 4);
    assert_int_equal(v->kept_cells, 7);
    est_i_verdict_free(v);
    est_i_fit_data_free(data);
}

/* Structural cells say nothing: with list 3 not at work the table is one of two lists. */
static void test_structural(void **state)
{
    (void)state;
    static const double counts[] = {0, 10, 8, 3, 0, 0, 0, 0};
    est_i_fit_data *data = data_of_counts(3, 1, counts);
    for (size_t w = 4; w < 8; w++)
        data->keep[w] = 0;
    est_i_fit_data_prepare(data);
    est_i_verdict *v = judge(data, "");
    require_verdict(v, 0, fine);
    assert_int_equal(v->kept_cells, 3);
    assert_int_equal(v->rank, 3);
    est_i_verdict_free(v);
    est_i_fit_data_free(data);
}

/* The exchangeable column C(|w|, 2) is a column like others: over it, all pairs of three lists are one too
 * many. */
static void test_exchangeable(void **state)
{
    (void)state;
    static const double counts[] = {0, 20, 30, 5, 40, 6, 7, 3};
    static const uint32_t local[] = {0, 1, 2, 4, EST_I_EXCHANGEABLE},
                          pairs[] = {0, 1, 2, 4, 3, 5, 6, EST_I_EXCHANGEABLE};
    est_i_fit_data *data = data_of_counts(3, 1, counts);
    est_error error;
    est_i_verdict *v = NULL;
    est_i_terms terms = {.n_local = 5, .local = local};
    REQUIRE_OK(est_i_verdict_explain(data, 0, &terms, NULL, &v, &error), error);
    require_verdict(v, 0, fine);
    assert_int_equal(v->rank, 5);
    est_i_verdict_free(v);
    terms = (est_i_terms){.n_local = 8, .local = pairs};
    REQUIRE_OK(est_i_verdict_explain(data, 0, &terms, NULL, &v, &error), error);
    /* The column is the sum of the three pairs: a direction without an intercept, so the unseen stay
     * determined. */
    require_verdict(v, 0, (expected){true, false, true, 0});
    assert_int_equal(v->rank, 7);
    est_i_verdict_free(v);
    est_i_fit_data_free(data);
}

/* Exactly the tables where Newton's certificate holds are those where the exact verdict finds an interior
 * estimate. */
static void test_agrees_with_certificate(void **state)
{
    (void)state;
    int interior = 0, boundary = 0;
    for (uint32_t trial = 0; trial < 600; trial++) {
        est_i_rng rng;
        size_t n_lists = 3 + trial % 3, n_blocks = trial % 2 ? 1 : 2;
        est_i_rng_start(&rng, 12, EST_I_PURPOSE_TEST, trial, 0);
        est_i_fit_data *data = est_i_fit_data_new(1, n_lists, n_blocks);
        for (size_t w = 0; w < n_blocks * data->n_cells; w++)
            data->counts[w] =
                w % data->n_cells && est_i_rng_uniform(&rng) > 0.4 ? 1 + est_i_rng_next(&rng) % 20 : 0;
        est_i_fit_data_prepare(data);
        est_i_set set = est_i_set_below(est_i_rng_next(&rng) % (uint32_t)data->n_cells) |
                        est_i_set_below(est_i_rng_next(&rng) % (uint32_t)data->n_cells);
        set &= est_i_set_all(n_lists, (unsigned)n_lists - 1);
        est_i_verdict *v = judge_set(data, n_blocks == 1 ? set : 0, n_blocks == 1 ? 0 : set, NULL);
        model m = make_model(n_blocks == 1 ? set : 0, n_blocks == 1 ? 0 : set, n_lists);
        m.terms.local = m.local;
        m.terms.shared = m.shared;
        est_i_fit_space *space = est_i_fit_space_new(1, n_lists, n_blocks, m.terms.n_local, m.terms.n_shared);
        est_i_fit(data, &(est_i_fit_request){.terms = m.terms}, space);
        assert_int_equal(space->state[0] == EST_I_FIT_INTERIOR, v->exists && v->identified);
        /* Without the face jump too: fitted values that run to zero never pass for converged ones. */
        est_i_fit(data, &(est_i_fit_request){.terms = m.terms, .no_face_jump = true}, space);
        assert_int_equal(space->state[0] == EST_I_FIT_INTERIOR, v->exists && v->identified);
        interior += v->exists && v->identified;
        boundary += !v->exists;
        est_i_fit_space_free(space);
        est_i_verdict_free(v);
        est_i_fit_data_free(data);
    }
    assert_true(interior > 200 && boundary > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_korea),        cmocka_unit_test(test_artificial),
        cmocka_unit_test(test_two_lists),    cmocka_unit_test(test_directions),
        cmocka_unit_test(test_colombia),     cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_penalised),    cmocka_unit_test(test_structural),
        cmocka_unit_test(test_exchangeable), cmocka_unit_test(test_agrees_with_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
