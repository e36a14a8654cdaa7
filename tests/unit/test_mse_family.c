/* Families of models and the list of the best: against fitting every model, published bests on six lists. */
#include "mse_support.h"

#include "mse/ranking.h"
#include "mse/search.h"

typedef struct finder {
    est_i_fit_data *data;
    est_i_search_rules rules;
    est_i_search_space *space;
    est_i_cost cost;
} finder;

static void start(finder *f, est_i_fit_data *data, int model_class, unsigned order, int select)
{
    uint32_t local[EST_I_SET_LISTS_MAX * 2];
    est_error error;
    est_i_terms terms = {.n_local = est_i_main_terms(data->n_lists, local), .local = local};
    *f = (finder){.data = data, .cost = est_i_cost_make(select, data->total[0])};
    f->rules.base = est_i_count_parameters(data, &terms);
    REQUIRE_OK(est_i_family_make(data, model_class, order, &f->rules.family, &error), error);
    f->space = est_i_search_space_new(1, data->n_lists, 1, est_i_family_size(&f->rules.family, f->rules.family.all), NULL);
    assert_non_null(f->space);
    est_i_search_order(data, &f->rules, f->space, NULL);
}

static void end(finder *f)
{
    est_i_search_space_free(f->space);
    est_i_fit_data_free(f->data);
}

static est_i_pool *fill(finder *f, size_t top, double window)
{
    est_i_pool *pool = NULL;
    est_error error;
    REQUIRE_OK(est_i_search_pool(f->data, &f->rules, &f->cost, top, window, f->space, &pool, NULL, &error), error);
    return pool;
}

static est_i_ranking *rank_all(const finder *f, unsigned order)
{
    est_i_ranking *ranking = NULL;
    est_error error;
    REQUIRE_OK(est_i_rank_models(f->data, est_i_set_all(f->data->n_lists, order), &f->cost, f->rules.accept_boundary, NULL, &ranking,
                                 &error), error);
    return ranking;
}

/* The pool is the head of the ranking, and just as long as it should be. */
static void compare_pool(const char *dataset, unsigned order, int select, size_t top, double window, bool accept)
{
    finder f;
    size_t expected = 0;
    start(&f, open_data(dataset), EST_CLASS_HIERARCHICAL, order, select);
    f.rules.accept_boundary = accept;
    est_i_pool *pool = fill(&f, top, window);
    est_i_ranking *all = rank_all(&f, order);
    while (expected < all->n_acceptable &&
           (expected < top || all->models[expected].criterion <= all->models[0].criterion + window + 1e-8))
        expected++;
    assert_int_equal(pool->n_models, expected);
    for (size_t i = 0; i < expected; i++) {
        REQUIRE_NEAR(pool->models[i].criterion, all->models[i].criterion, 1e-9);
        assert_int_equal(pool->models[i].n_parameters, all->models[i].n_parameters);
        assert_true(pool->models[i].set == all->models[i].set);
        REQUIRE_NEAR(exp(pool->log_unseen[i]), all->models[i].unseen, 1e-6);
        assert_int_equal(pool->models[i].boundary, !all->models[i].exists);
    }
    assert_false(pool->is_cut);
    est_i_pool_free(pool);
    est_i_ranking_free(all);
    end(&f);
}

static void test_pool(void **state)
{
    (void)state;
    compare_pool("dataset:korea", 2, EST_SELECT_BIC, 5, 0, false);
    compare_pool("dataset:korea", 2, EST_SELECT_BIC, 20, 5, true);
    compare_pool("dataset:kosovo_1999", 3, EST_SELECT_BIC, 10, 0, false);
    compare_pool("dataset:kosovo_1999", 3, EST_SELECT_AIC, 1, 10, false);
    compare_pool("dataset:kosovo_1999", 3, EST_SELECT_AICC, 200, 1, false);
    compare_pool("dataset:uk_2013_five", 4, EST_SELECT_BIC, 50, 0, false);
    compare_pool("dataset:uk_2013_five", 4, EST_SELECT_BIC, 1, 10, true);
    compare_pool("dataset:netherlands_2010_15_five", 3, EST_SELECT_BIC, 30, 10, false);
    compare_pool("dataset:uk_2013_five", 3, EST_SELECT_AICC, 40, 4, false);
}

/* AICc with its n = cells is not defined for large models: they must not be chosen. */
static void test_aicc(void **state)
{
    (void)state;
    est_i_cost cost = est_i_cost_make(EST_SELECT_AICC, 15);
    assert_true(fabs(est_i_cost_of(&cost, 5) - (10 + 60.0 / 9)) < 1e-12);
    assert_true(isinf(est_i_cost_of(&cost, 14)) && isinf(est_i_cost_of(&cost, 20)));
    finder f;
    start(&f, open_data("dataset:kosovo_1999"), EST_CLASS_HIERARCHICAL, 3, EST_SELECT_AICC);
    f.cost = cost;
    est_i_pool *pool = fill(&f, 200, 0);
    est_i_ranking *all = rank_all(&f, 3);
    assert_int_equal(pool->n_models, all->n_acceptable);
    assert_true(all->n_acceptable < all->n_models);
    for (size_t i = 0; i < pool->n_models; i++) {
        assert_true(pool->models[i].n_parameters < 14);
        assert_true(pool->models[i].set == all->models[i].set);
    }
    est_i_pool_free(pool);
    est_i_ranking_free(all);
    end(&f);
}

/* Every graph written out as its cliques, looked up among all hierarchical models. */
static const est_i_ranked *find_graph(const est_i_ranking *all, est_i_set pairs, size_t n_lists, est_i_set *cliques)
{
    const est_i_ranked *found = NULL;
    *cliques = 0;
    for (uint32_t m = 3; m < (uint32_t)1 << n_lists; m++) {
        bool clique = __builtin_popcount(m) >= 2;
        for (size_t i = 0; i < n_lists; i++)
            for (size_t j = i + 1; j < n_lists && clique; j++)
                clique = !(m >> i & 1 && m >> j & 1) || (pairs >> ((uint32_t)1 << i | (uint32_t)1 << j) & 1);
        *cliques |= clique ? (est_i_set)1 << m : 0;
    }
    for (size_t i = 0; i < all->n_models && !found; i++)
        if (all->models[i].set == *cliques)
            found = &all->models[i];
    return found;
}

static void compare_graphs(const char *dataset, size_t expected_decomposable)
{
    finder f, d;
    start(&f, open_data(dataset), EST_CLASS_GRAPHICAL, 9, EST_SELECT_BIC);
    size_t n_lists = f.data->n_lists, seen = 0, chordal = 0;
    f.rules.family.max_order = (unsigned)n_lists - 1;
    start(&d, open_data(dataset), EST_CLASS_DECOMPOSABLE, (unsigned)n_lists - 1, EST_SELECT_BIC);
    est_i_ranking *all = rank_all(&f, (unsigned)n_lists - 1);
    est_i_set pairs = est_i_set_all(n_lists, 2), graph = 0, cliques;
    double best = INFINITY, best_chordal = INFINITY;
    do {
        const est_i_ranked *model = find_graph(all, graph, n_lists, &cliques);
        bool holds = est_i_family_holds(&f.rules.family, graph), is_chordal = est_i_family_holds(&d.rules.family, graph);
        uint32_t terms[EST_I_FAMILY_TERMS_MAX];
        assert_int_equal(holds, model != NULL);
        chordal += is_chordal;
        if (model) {
            seen++;
            assert_int_equal(est_i_family_terms(&f.rules.family, graph, terms), est_i_set_size(cliques));
            assert_true(est_i_set_of(terms, est_i_set_size(cliques)) == cliques);
            best = model->acceptable ? fmin(best, model->criterion) : best;
            best_chordal = model->acceptable && is_chordal ? fmin(best_chordal, model->criterion) : best_chordal;
        }
        graph = (graph - pairs) & pairs;
    } while (graph);
    assert_int_equal(seen, (size_t)est_i_family_count(&f.rules.family));
    assert_int_equal(chordal, expected_decomposable);
    est_i_pool *graphs = fill(&f, 1, 0), *trees = fill(&d, 1, 0);
    REQUIRE_NEAR(graphs->models[0].criterion, best, 1e-9);
    REQUIRE_NEAR(trees->models[0].criterion, best_chordal, 1e-9);
    est_i_pool_free(graphs);
    est_i_pool_free(trees);
    est_i_ranking_free(all);
    end(&f);
    end(&d);
}

/* 8, 61 and 822 decomposable graphs, the complete one included (it is no model here). */
static void test_graphs(void **state)
{
    (void)state;
    compare_graphs("dataset:korea", 7);
    compare_graphs("dataset:kosovo_1999", 60);
    compare_graphs("dataset:uk_2013_five", 821);
}

static void require_count(const char *dataset, int model_class, unsigned order, double expected)
{
    finder f;
    start(&f, open_data(dataset), model_class, order, EST_SELECT_BIC);
    REQUIRE_NEAR(est_i_family_count(&f.rules.family), expected, 0);
    end(&f);
}

/* The kept numbers of six lists against counting: with one term of the highest order left out, the models without it are counted one by
 * one; those with it hold all of its parts. */
static void require_six(unsigned order)
{
    finder f;
    start(&f, open_data("dataset:uk_2013"), EST_CLASS_HIERARCHICAL, order, EST_SELECT_BIC);
    double kept = est_i_family_count(&f.rules.family), with = 0, without;
    est_i_family part = f.rules.family;
    size_t last = (size_t)(63 - __builtin_clzll(part.of_size[order]));
    part.all &= ~((est_i_set)1 << last);
    part.of_size[order] &= ~((est_i_set)1 << last);
    without = est_i_family_count(&part);
    est_i_set inside = f.rules.family.below[last], rest = f.rules.family.all & ~inside;
    part = f.rules.family;
    for (size_t size = 2; size <= order; size++)
        part.of_size[size] &= rest;
    part.all = rest;
    for (size_t i = 0; i < part.n_items; i++)
        part.below[i] &= ~inside;
    with = est_i_family_count(&part);
    REQUIRE_NEAR(kept, with + without, 0);
    end(&f);
}

/* Published sizes of the catalogues (Silverman, Chan and Vincent 2024, and counts of antichains). */
static void test_counts(void **state)
{
    (void)state;
    require_count("dataset:korea", EST_CLASS_HIERARCHICAL, 2, 8);
    require_count("dataset:kosovo_1999", EST_CLASS_HIERARCHICAL, 3, 113);
    require_count("dataset:uk_2013_five", EST_CLASS_HIERARCHICAL, 3, 6212);
    require_count("dataset:uk_2013_five", EST_CLASS_HIERARCHICAL, 4, 6893);
    require_count("dataset:uk_2013", EST_CLASS_PAIRWISE, 5, 32768);
    require_count("dataset:uk_2013", EST_CLASS_HIERARCHICAL, 3, 3702013);
    require_count("dataset:uk_2013", EST_CLASS_HIERARCHICAL, 5, 7785061);
    require_six(4);
    require_six(5);
    require_count("dataset:uk_2013", EST_CLASS_GRAPHICAL, 5, 32767);
}

static void require_best(const char *dataset, double bic, double population)
{
    finder f;
    start(&f, open_data(dataset), EST_CLASS_HIERARCHICAL, 5, EST_SELECT_BIC);
    est_i_pool *pool = fill(&f, 1, 0);
    REQUIRE_NEAR(pool->models[0].criterion, bic, 1e-8);
    REQUIRE_NEAR(f.data->total[0] + exp(pool->log_unseen[0]), population, 1e-8);
    est_i_pool_free(pool);
    end(&f);
}

/* The best of 7,785,061 models of six lists, by visiting every one of them (computed apart from this program). */
static void test_six_lists(void **state)
{
    (void)state;
    require_best("dataset:uk_2013", 244.119346, 12349.586954);
    require_best("dataset:netherlands_2010_15", 292.175351, 143603.023332);
}

static void test_too_many(void **state)
{
    (void)state;
    est_error error;
    est_i_family family;
    est_i_fit_data *data = est_i_fit_data_new(1, 12, 1);
    assert_non_null(data);
    est_i_fit_data_prepare(data);
    assert_int_equal(est_i_family_make(data, EST_CLASS_PAIRWISE, 2, &family, &error), EST_EOPTION);
    assert_non_null(strstr(error.message, "64"));
    assert_int_equal(est_i_family_make(data, EST_CLASS_GRAPHICAL, 3, &family, &error), EST_EOPTION);
    assert_null(strstr(error.message, "--class pairwise"));
    est_i_fit_data_free(data);
}

/* A refusal names only what works with so many lists. */
static void test_instead(void **state)
{
    (void)state;
    static const struct {
        size_t n_lists;
        const char *has, *lacks;
    } cases[] = {{7, "pairwise, graphical or decomposable", "66"}, {9, "decomposable", "replicate"},
                 {10, "--class pairwise", "graphical"}, {11, "--class pairwise", "decomposable"},
                 {12, "downhill fits 66 models", "--class"}, {20, "190 models", "--class"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[EST_I_FAMILY_ADVICE_MAX];
        est_i_family_instead(cases[i].n_lists, text);
        assert_non_null(strstr(text, cases[i].has));
        assert_null(strstr(text, cases[i].lacks));
        assert_non_null(strstr(text, "--model"));
        assert_true(strlen(text) + 1 < EST_I_FAMILY_ADVICE_MAX);
        est_i_fit_data *data = est_i_fit_data_new(1, cases[i].n_lists < 12 ? cases[i].n_lists : 12, 1);
        est_i_family family;
        est_error error;
        assert_non_null(data);
        assert_true((est_i_family_make(data, EST_CLASS_PAIRWISE, 2, &family, &error) == EST_OK) ==
                    (strstr(text, "pairwise") != NULL));
        assert_true((est_i_family_make(data, EST_CLASS_DECOMPOSABLE, 3, &family, &error) == EST_OK) ==
                    (strstr(text, "decomposable") != NULL));
        est_i_fit_data_free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool),      cmocka_unit_test(test_aicc),      cmocka_unit_test(test_graphs),
        cmocka_unit_test(test_counts),    cmocka_unit_test(test_six_lists), cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_instead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
