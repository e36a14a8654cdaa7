/* The exact search: branch and bound against fitting every model, lanes against single runs, cancellation. */
#include "mse_support.h"

#include <time.h>

#include "mse/ranking.h"
#include "mse/search.h"

static est_i_search_rules rules_for(const est_i_fit_data *data, unsigned order, bool accept,
                                    est_i_search_space *space)
{
    uint32_t local[8];
    est_i_terms terms = {.n_local = est_i_main_terms(data->n_lists, local), .local = local};
    est_i_search_rules rules = {.accept_boundary = accept, .base = est_i_count_parameters(data, &terms)};
    est_error error;
    REQUIRE_OK(est_i_family_make(data, EST_CLASS_HIERARCHICAL, order, &rules.family, &error), error);
    est_i_search_order(data, &rules, space, NULL);
    return rules;
}

static est_i_choice search_one(const est_i_fit_data *data, const est_i_search_rules *rules,
                               est_i_search_space *space, double *log_unseen)
{
    est_error error;
    est_i_choice choice;
    est_i_cost price = est_i_cost_make(EST_SELECT_BIC, data->total[0]);
    REQUIRE_OK(est_i_search(data, rules, &price, NULL, NULL, 0, space, &choice, log_unseen, NULL, &error),
               error);
    return choice;
}

/* Against est_i_rank_models, which fits every model. */
static void compare_with_ranking(const est_i_fit_data *data, unsigned order, bool accept,
                                 est_i_search_space *space)
{
    est_error error;
    est_i_ranking *ranking = NULL;
    double log_unseen;
    est_i_cost cost = est_i_cost_make(EST_SELECT_BIC, data->total[0]);
    est_i_search_rules rules = rules_for(data, order, accept, space);
    est_i_choice choice = search_one(data, &rules, space, &log_unseen);
    REQUIRE_OK(est_i_rank_models(data, rules.family.all, &cost, accept, NULL, &ranking, &error),
               error);
    assert_int_equal(choice.found, ranking->n_acceptable > 0);
    if (choice.found) {
        const est_i_ranked *best = &ranking->models[0];
        REQUIRE_NEAR(choice.criterion, best->criterion, 1e-9);
        REQUIRE_NEAR(choice.loglik, best->loglik, 1e-9);
        assert_true(choice.set == best->set);
        REQUIRE_NEAR(exp(log_unseen), best->unseen, 1e-7);
    }
    est_i_ranking_free(ranking);
}

static void compare_samples(const char *dataset, unsigned order, double share, uint32_t n_samples)
{
    est_i_fit_data *data = open_data(dataset);
    est_i_search_space *space = est_i_search_space_new(1, data->n_lists, 1, 64, NULL);
    assert_non_null(space);
    for (int accept = 0; accept < 2; accept++) {
        compare_with_ranking(data, order, accept, space);
        for (uint32_t r = 0; r < n_samples; r++) {
            est_i_fit_data *sample = resample_of(data, share, 1000 * order + r);
            compare_with_ranking(sample, order, accept, space);
            est_i_fit_data_free(sample);
        }
    }
    est_i_search_space_free(space);
    est_i_fit_data_free(data);
}

static void test_korea(void **state)
{
    (void)state;
    compare_samples("dataset:korea", 2, 1, 300);
    compare_samples("dataset:korea", 2, 0.3, 300);
}

static void test_kosovo(void **state)
{
    (void)state;
    compare_samples("dataset:kosovo_1999", 3, 1, 40);
    compare_samples("dataset:kosovo_1999", 3, 0.02, 60);
}

static void test_uk(void **state)
{
    (void)state;
    compare_samples("dataset:uk_2013_five", 2, 1, 12);
    compare_samples("dataset:uk_2013_five", 2, 0.2, 6);
    compare_samples("dataset:uk_2013_five", 3, 1, 1);
}

/* One period of the Colombian table after the other: many boundary fits. */
static void test_periods(void **state)
{
    (void)state;
    est_i_captures *captures = open_captures("dataset:colombia_child_recruitment", true);
    est_i_search_space *space = est_i_search_space_new(1, 5, 1, 64, NULL);
    for (size_t k = 0; k < 6; k++) {
        est_i_fit_data *data = blocks_of(captures, k, 1);
        for (int accept = 0; accept < 2; accept++) {
            compare_with_ranking(data, 2, accept, space);
            est_i_fit_data *sample = resample_of(data, 1, (uint32_t)k);
            compare_with_ranking(sample, 2, accept, space);
            est_i_fit_data_free(sample);
        }
        est_i_fit_data_free(data);
    }
    est_i_search_space_free(space);
    est_i_captures_free(captures);
}

/* Several blocks with common dependence, against est_i_joint_fit of every hierarchical model. */

typedef struct best {
    bool found;
    est_i_set set;
    double criterion;
    double unseen[8];
} best;

static void try_joint(const est_i_fit_data *data, est_i_set set, bool accept, const bool *required,
                      best *held)
{
    est_error error;
    est_i_joint *joint = NULL;
    uint32_t local[8], shared[64];
    est_i_terms terms = {.n_local = est_i_main_terms(data->n_lists, local),
                         .local = local,
                         .n_shared = est_i_set_terms(set, data->n_lists, shared),
                         .shared = shared};
    REQUIRE_OK(est_i_joint_fit(data, &terms, NULL, &joint, &error), error);
    const est_i_verdict *v = joint->verdict;
    bool good = true, any = false;
    for (size_t k = 0; good && k < data->n_blocks; k++) {
        bool stands = v->estimable[k] && (!v->reduced[k] || accept);
        good = stands || !required[k];
        any = any || stands;
    }
    good = good && any;
    double criterion = log(data->total[0]) * (double)joint->n_parameters - 2 * joint->loglik;
    bool lower = !held->found || criterion < held->criterion - 1e-8;
    if (held->found && fabs(criterion - held->criterion) <= 1e-8) {
        size_t size = est_i_set_size(set), held_size = est_i_set_size(held->set);
        lower = size < held_size || (size == held_size && set < held->set);
    }
    if (good && lower) {
        *held = (best){.found = true, .set = set, .criterion = criterion};
        for (size_t k = 0; k < data->n_blocks; k++)
            held->unseen[k] = v->estimable[k] ? exp(joint->log_unseen[k]) : NAN;
    }
    est_i_joint_free(joint);
}

static void compare_joint(const est_i_fit_data *data, unsigned order, bool accept, bool *all_required)
{
    est_error error;
    best held = {.found = false};
    double log_unseen[8];
    uint32_t local[8];
    bool required[8];
    est_i_verdict *verdict = NULL;
    est_i_terms main = {.n_local = est_i_main_terms(data->n_lists, local), .local = local};
    REQUIRE_OK(est_i_verdict_find(data, 0, &main, NULL, &verdict, &error), error);
    for (size_t k = 0; k < data->n_blocks; k++) {
        required[k] = verdict->estimable[k];
        *all_required = *all_required && required[k];
    }
    est_i_verdict_free(verdict);
    est_i_search_space *space = est_i_search_space_new(1, data->n_lists, data->n_blocks, 64, NULL);
    est_i_search_rules rules = rules_for(data, order, accept, space);
    est_i_choice choice = search_one(data, &rules, space, log_unseen);
    est_i_set set = 0;
    do {
        if (is_hierarchical(set, data->n_lists))
            try_joint(data, set, accept, required, &held);
        set = next_subset(set, rules.family.all);
    } while (set);
    assert_int_equal(choice.found, held.found);
    if (held.found) {
        REQUIRE_NEAR(choice.criterion, held.criterion, 1e-9);
        assert_true(choice.set == held.set);
        for (size_t k = 0; k < data->n_blocks; k++) {
            assert_int_equal(isnan(log_unseen[k]), isnan(held.unseen[k]));
            if (!isnan(held.unseen[k]))
                REQUIRE_NEAR(exp(log_unseen[k]), held.unseen[k], 1e-7);
        }
    }
    est_i_search_space_free(space);
}

/* Three or four of the Colombian lists: cells merge over the lists left out. */
static est_i_fit_data *fewer_lists(const est_i_fit_data *data, size_t n_lists)
{
    est_i_fit_data *less = est_i_fit_data_new(1, n_lists, data->n_blocks);
    assert_non_null(less);
    for (size_t k = 0; k < data->n_blocks; k++)
        for (size_t w = 1; w < data->n_cells; w++)
            if (w & (less->n_cells - 1))
                less->counts[k * less->n_cells + (w & (less->n_cells - 1))] +=
                    data->counts[k * data->n_cells + w];
    est_i_fit_data_prepare(less);
    return less;
}

static void test_joint(void **state)
{
    (void)state;
    bool all_required = true;
    est_i_captures *captures = open_captures("dataset:colombia_child_recruitment", true);
    est_i_fit_data *data = blocks_of(captures, 0, 6);
    for (size_t n_lists = 3; n_lists <= 4; n_lists++) {
        est_i_fit_data *less = fewer_lists(data, n_lists);
        for (int accept = 0; accept < 2; accept++) {
            compare_joint(less, (unsigned)n_lists - 1, accept, &all_required);
            for (uint32_t r = 0; r < (n_lists == 3 ? 60u : 6u); r++) {
                est_i_fit_data *sample = resample_of(less, r % 2 ? 1 : 0.015, r);
                compare_joint(sample, (unsigned)n_lists - 1, accept, &all_required);
                est_i_fit_data_free(sample);
            }
        }
        est_i_fit_data_free(less);
    }
    est_i_fit_data_free(data);
    est_i_captures_free(captures);
    assert_false(all_required);
}

/* Dense and sparse blocks together; in some no model determines one of the blocks. */
static void test_joint_sparse(void **state)
{
    (void)state;
    bool all_required = true;
    for (uint32_t trial = 0; trial < 150; trial++) {
        est_i_rng rng;
        est_i_rng_start(&rng, 13, EST_I_PURPOSE_TEST, trial, 0);
        est_i_fit_data *data = est_i_fit_data_new(1, 3, 3);
        for (size_t w = 0; w < 24; w++) {
            double most = w < 8 ? 3 : w < 16 ? 40 : 12, u = est_i_rng_uniform(&rng);
            data->counts[w] = w % 8 ? floor(most * u * u) : 0;
        }
        data->counts[1 + trial % 7] += 1;
        est_i_fit_data_prepare(data);
        compare_joint(data, 2, trial % 2, &all_required);
        est_i_fit_data_free(data);
    }
    assert_false(all_required);
}

/* A block without anybody has no estimate, and does not disturb the others. */
static void test_empty_block(void **state)
{
    (void)state;
    bool all_required = true;
    static const double counts[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 1, 4, 17, 11, 31};
    est_i_fit_data *data = data_of_counts(3, 2, counts);
    compare_joint(data, 2, false, &all_required);
    assert_false(all_required);
    est_i_fit_data_free(data);
}

/* The published optimum of the Colombian table (performance.md of the project's notes; exact over 1,024 and
 * 6,212 models). */
static void test_joint_colombia(void **state)
{
    (void)state;
    double log_unseen[6];
    est_i_captures *captures = open_captures("dataset:colombia_child_recruitment", true);
    est_i_fit_data *data = blocks_of(captures, 0, 6);
    est_i_search_space *space = est_i_search_space_new(1, 5, 6, 64, NULL);
    est_i_search_rules rules = rules_for(data, 2, true, space);
    est_i_choice choice = search_one(data, &rules, space, log_unseen);
    assert_true(choice.set == est_i_set_all(5, 2));
    REQUIRE_NEAR(choice.criterion, 2056.08195382, 1e-9);
    size_t fits_before = 0, fits = 0, nodes = 0;
    est_i_search_counts(space, &fits_before, &nodes);
    rules = rules_for(data, 3, true, space);
    choice = search_one(data, &rules, space, log_unseen);
    est_i_search_counts(space, &fits, &nodes);
    /* All pairs and {23,1,28} {23,28,6} {1,28,6} {1,28,21} {23,6,21} {28,6,21}; columns 23, 1, 28, 6, 21. */
    assert_true(choice.set == (est_i_set_all(5, 2) | set_of_numbers("123 134 234 235 145 345")));
    REQUIRE_NEAR(choice.criterion, 1805.423475, 1e-9);
    REQUIRE_NEAR(data->margins[4 * 32] + exp(log_unseen[4]), 5201.260142, 1e-9);
    /* Counted: 6,212 models, 82 fits measured for the branch and bound plus 20 for the order. */
    assert_true(fits - fits_before < 300);
    est_i_search_space_free(space);
    est_i_fit_data_free(data);
    est_i_captures_free(captures);
}

/* A lane's answer does not depend on its neighbours, to the byte. */
static void compare_lanes(const est_i_fit_data *data, unsigned order, bool accept, size_t lanes)
{
    est_error error;
    est_i_cost price[EST_I_LANES_MOST];
    double *unseen = calloc(data->n_blocks * lanes, sizeof *unseen), own[8];
    est_i_choice choices[EST_I_LANES_MOST];
    est_i_search_space *wide = est_i_search_space_new(lanes, data->n_lists, data->n_blocks, 64, NULL);
    est_i_search_space *narrow = est_i_search_space_new(1, data->n_lists, data->n_blocks, 64, NULL);
    est_i_fit_data *all = est_i_fit_data_new(lanes, data->n_lists, data->n_blocks),
                   *samples[EST_I_LANES_MOST];
    assert_true(unseen && wide && narrow && all);
    for (size_t l = 0; l < lanes; l++) {
        samples[l] = resample_of(data, l % 3 == 2 ? 0.05 : 1, (uint32_t)(100 * order + l));
        put_lane(samples[l], all, l);
        price[l] = est_i_cost_make(EST_SELECT_BIC, samples[l]->total[0]);
    }
    est_i_fit_data_prepare(all);
    est_i_search_rules rules = rules_for(data, order, accept, narrow);
    est_i_set seed = rules.family.all & est_i_set_all(data->n_lists, 2);
    REQUIRE_OK(est_i_search(all, &rules, price, NULL, &seed, 1, wide, choices, unseen, NULL, &error), error);
    for (size_t l = 0; l < lanes; l++) {
        est_i_choice alone;
        REQUIRE_OK(
            est_i_search(samples[l], &rules, &price[l], NULL, &seed, 1, narrow, &alone, own, NULL, &error),
            error);
        assert_int_equal(choices[l].found, alone.found);
        assert_true(choices[l].set == alone.set);
        assert_memory_equal(&choices[l].criterion, &alone.criterion, sizeof(double));
        for (size_t k = 0; k < data->n_blocks; k++) {
            assert_int_equal(isnan(unseen[k * lanes + l]), isnan(own[k]));
            if (!isnan(own[k]))
                assert_memory_equal(&unseen[k * lanes + l], &own[k], sizeof(double));
        }
        est_i_fit_data_free(samples[l]);
    }
    est_i_fit_data_free(all);
    est_i_search_space_free(narrow);
    est_i_search_space_free(wide);
    free(unseen);
}

static void test_lanes(void **state)
{
    (void)state;
    est_i_fit_data *uk = open_data("dataset:uk_2013_five"), *kosovo = open_data("dataset:kosovo_1999");
    est_i_captures *captures = open_captures("dataset:colombia_child_recruitment", true);
    est_i_fit_data *colombia = blocks_of(captures, 0, 6), *first = blocks_of(captures, 0, 1);
    for (size_t lanes = 2; lanes <= EST_I_LANES_MOST; lanes *= 2) {
        if (!cpu_runs(lanes)) {
            print_message("skipped: this CPU does not run %zu lanes\n", lanes);
            continue;
        }
        for (int accept = 0; accept < 2; accept++) {
            compare_lanes(kosovo, 3, accept, lanes);
            compare_lanes(uk, 2, accept, lanes);
            compare_lanes(first, 3, accept, lanes);
            compare_lanes(colombia, 2, accept, lanes);
        }
    }
    est_i_fit_data_free(uk);
    est_i_fit_data_free(kosovo);
    est_i_fit_data_free(first);
    est_i_fit_data_free(colombia);
    est_i_captures_free(captures);
}

static void test_wanted(void **state)
{
    (void)state;
    est_error error;
    est_i_cost price[2];
    double unseen[2];
    est_i_choice choices[2];
    static const bool second[] = {false, true};
    est_i_fit_data *kosovo = open_data("dataset:kosovo_1999"), *both = est_i_fit_data_new(2, 4, 1);
    est_i_search_space *space = est_i_search_space_new(2, 4, 1, 64, NULL);
    put_lane(kosovo, both, 1);
    est_i_fit_data_prepare(both);
    price[0] = est_i_cost_make(EST_SELECT_BIC, exp(1));
    price[1] = est_i_cost_make(EST_SELECT_BIC, both->total[1]);
    est_i_search_rules rules = {.base = 5};
    REQUIRE_OK(est_i_family_make(kosovo, EST_CLASS_HIERARCHICAL, 3, &rules.family, &error), error);
    est_i_search_space *single = est_i_search_space_new(1, 4, 1, 64, NULL);
    est_i_search_order(kosovo, &rules, single, NULL);
    REQUIRE_OK(est_i_search(both, &rules, price, second, NULL, 0, space, choices, unseen, NULL, &error),
               error);
    assert_false(choices[0].found);
    assert_true(isnan(unseen[0]));
    /* MultipleSystemsEstimation 1.2.0: [123,14,34], N 10356.518957, BIC 203.02963275. */
    assert_true(choices[1].set == set_of_numbers("123 14 34"));
    REQUIRE_NEAR(choices[1].criterion, 203.029632752, 1e-8);
    REQUIRE_NEAR(4400 + exp(unseen[1]), 10356.5189573, 1e-8);
    est_i_search_space_free(single);
    est_i_search_space_free(space);
    est_i_fit_data_free(both);
    est_i_fit_data_free(kosovo);
}

static void test_cancelled(void **state)
{
    (void)state;
    est_error error;
    est_i_monitor monitor;
    est_i_choice choice;
    est_i_ranking *ranking = NULL;
    est_i_fit_data *uk = open_data("dataset:uk_2013_five");
    est_i_search_space *space = est_i_search_space_new(1, 5, 1, 64, NULL);
    est_i_search_rules rules = rules_for(uk, 3, false, space);
    est_i_cost price = est_i_cost_make(EST_SELECT_BIC, uk->total[0]);
    double unseen;
    est_i_monitor_start(&monitor, NULL);
    atomic_store(&monitor.cancelled, true);
    memset(&error, 0, sizeof error);
    assert_int_equal(
        est_i_search(uk, &rules, &price, NULL, NULL, 0, space, &choice, &unseen, &monitor, &error),
        EST_ECANCELLED);
    assert_int_equal(error.code, EST_ECANCELLED);
    assert_int_equal(est_i_rank_models(uk, rules.family.all, &price, false, &monitor, &ranking, &error),
                     EST_ECANCELLED);
    assert_null(ranking);
    /* The room is as good as new afterwards: the published optimum up to order 3, LA:NG:PFNCA NG:GP PFNCA:GO.
     */
    choice = search_one(uk, &rules, space, &unseen);
    assert_true(choice.set == set_of_numbers("123 25 34"));
    est_i_search_space_free(space);
    est_i_fit_data_free(uk);
}

/* Hears how long, in time of the processor, the engine works without asking. */
typedef struct listener {
    double start, last, longest;
} listener;

static double processor_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int stop_later(void *user)
{
    listener *self = user;
    double now = processor_seconds();
    self->longest = fmax(self->longest, now - self->last);
    self->last = now;
    return now - self->start > 0.5;
}

static est_i_fit_data *make_nine_lists(void)
{
    est_i_fit_data *data = est_i_fit_data_new(1, 9, 1);
    est_i_rng rng;
    assert_non_null(data);
    est_i_rng_start(&rng, 1, EST_I_PURPOSE_TEST, 0, 0);
    for (size_t person = 0; person < 3000; person++) {
        size_t history = 0;
        for (size_t bit = 1; bit < data->n_cells; bit <<= 1)
            history |= est_i_rng_uniform(&rng) < 0.2 ? bit : 0;
        data->counts[history] += history ? 1 : 0;
    }
    est_i_fit_data_prepare(data);
    return data;
}

/* The models of nine lists have up to 511 parameters, and ordering the edges alone takes 36 fits of them. */
static void test_asks_often(void **state)
{
    (void)state;
    est_error error = {0};
    est_i_monitor monitor;
    listener heard = {0};
    est_context context = {.poll = stop_later, .user = &heard};
    est_i_pool *pool = NULL;
    est_i_fit_data *data = make_nine_lists();
    est_i_search_rules rules = {.base = 10};
    est_i_cost price = est_i_cost_make(EST_SELECT_BIC, data->total[0]);
    REQUIRE_OK(est_i_family_make(data, EST_CLASS_GRAPHICAL, 8, &rules.family, &error), error);
    size_t n_terms = est_i_family_size(&rules.family, rules.family.all);
    assert_int_equal(n_terms, 501);
    est_i_search_space *space = est_i_search_space_new(1, 9, 1, n_terms, NULL);
    assert_non_null(space);
    est_i_monitor_start(&monitor, &context);
    heard.start = heard.last = processor_seconds();
    est_i_search_order(data, &rules, space, &monitor);
    est_status status = est_i_search_pool(data, &rules, &price, 10, 10, space, &pool, &monitor, &error);
    double stopped = processor_seconds();
    assert_int_equal(status, EST_ECANCELLED);
    assert_int_equal(error.code, EST_ECANCELLED);
    assert_null(pool);
    assert_true(heard.longest < 0.15);
    assert_true(stopped - heard.last < 0.15);
    est_i_search_space_free(space);
    est_i_fit_data_free(data);
}

/* Whatever the fit was about, one that was stopped is no bad model: the search is cancelled. */
static void test_stopped_fit(void **state)
{
    (void)state;
    est_error error = {0};
    est_i_monitor monitor;
    est_i_choice choice;
    est_i_fit_data *data = make_nine_lists();
    est_i_search_rules rules = {.base = 10, .seeds_only = true};
    est_i_cost price = est_i_cost_make(EST_SELECT_BIC, data->total[0]);
    est_i_set seed = 0;
    double unseen;
    REQUIRE_OK(est_i_family_make(data, EST_CLASS_PAIRWISE, 2, &rules.family, &error), error);
    est_i_search_space *space = est_i_search_space_new(1, 9, 1, 36, NULL);
    est_i_monitor_start(&monitor, NULL);
    atomic_store(&monitor.cancelled, true);
    assert_int_equal(est_i_search(data, &rules, &price, NULL, &seed, 1, space, &choice, &unseen, &monitor, &error), EST_ECANCELLED);
    assert_false(choice.found);
    assert_int_equal(est_i_search(data, &rules, &price, NULL, &seed, 1, space, &choice, &unseen, NULL, &error), EST_OK);
    assert_true(choice.found);
    est_i_search_space_free(space);
    est_i_fit_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_korea),       cmocka_unit_test(test_kosovo),
        cmocka_unit_test(test_uk),          cmocka_unit_test(test_periods),
        cmocka_unit_test(test_joint),       cmocka_unit_test(test_joint_sparse),
        cmocka_unit_test(test_empty_block), cmocka_unit_test(test_joint_colombia),
        cmocka_unit_test(test_lanes),       cmocka_unit_test(test_wanted),
        cmocka_unit_test(test_cancelled),   cmocka_unit_test(test_asks_often),
        cmocka_unit_test(test_stopped_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
