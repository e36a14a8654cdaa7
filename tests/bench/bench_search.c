/* Every model, and the best models. */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <est/mse.h>

#include "bench_jobs.h"
#include "mse/average.h"
#include "mse/family.h"
#include "mse/ranking.h"

/* ---- every model ---- */

typedef struct rank_job {
    const est_i_fit_data *data;
    unsigned order;
    size_t n_models, n_acceptable;
} rank_job;

static void run_ranking(void *user)
{
    rank_job *rank = user;
    est_i_ranking *ranking = NULL;
    est_error error = {0};
    est_i_cost cost = est_i_cost_make(EST_SELECT_BIC, rank->data->total[0]);
    est_i_set candidates = est_i_set_all(rank->data->n_lists, rank->order);
    bench_check(est_i_rank_models(rank->data, candidates, &cost, false, NULL, &ranking, &error), "ranking", &error);
    rank->n_models = ranking->n_models;
    rank->n_acceptable = ranking->n_acceptable;
    est_i_ranking_free(ranking);
}

static void print_ranking(const bench_settings *set, const char *dataset, unsigned order, bench_limits limits)
{
    char name[96], counted[96];
    est_i_fit_data *data = bench_table(dataset);
    rank_job rank = {.data = data, .order = order};
    double took = bench_best(set, run_ranking, &rank);
    snprintf(name, sizeof name, "every model of %s, order %u", dataset, order);
    snprintf(counted, sizeof counted, "%zu models, %zu with an estimate, %.2f us each", rank.n_models, rank.n_acceptable,
             1e6 * took / (double)rank.n_models);
    bench_print_row(set, name, took, limits, counted);
    est_i_fit_data_free(data);
}

/* All 7.8 million models stand in memory at once. */
static void print_full_ranking(const bench_settings *set, const char *dataset)
{
    bench_settings once = *set;
    once.repetitions = 1;
    print_ranking(&once, dataset, 5, bench_limits_of(RANK_6));
    if (!set->markdown)
        printf("    peak memory so far %.1f MiB\n", (double)bench_peak_memory() / 1024);
}

/* ---- the best model ---- */

typedef struct search_job {
    est_i_fit_data parts[BENCH_BLOCKS_MOST];
    size_t n_parts;
    bench_search_plan plan;
    est_i_cost cost;
    est_i_search_space *space;
    size_t fits, nodes; /* of the last call */
} search_job;

static void make_rules(const search_job *search, const est_i_fit_data *part, est_i_search_rules *rules)
{
    est_error error = {0};
    *rules = (est_i_search_rules){.accept_boundary = search->plan.accept_boundary, .base = part->n_blocks * (part->n_lists + 1)};
    bench_check(est_i_family_make(part, search->plan.model_class, search->plan.order, &rules->family, &error), "family", &error);
    est_i_search_order(part, rules, search->space, NULL);
}

static void run_search(void *user)
{
    search_job *search = user;
    size_t fits, nodes;
    est_error error = {0};
    est_i_choice choice;
    double log_unseen[BENCH_BLOCKS_MOST];
    est_i_search_counts(search->space, &fits, &nodes);
    for (size_t i = 0; i < search->n_parts; i++) {
        est_i_search_rules rules;
        make_rules(search, &search->parts[i], &rules);
        bench_check(est_i_search(&search->parts[i], &rules, &search->cost, NULL, NULL, 0, search->space, &choice, log_unseen, NULL,
                                 &error), "search", &error);
    }
    est_i_search_counts(search->space, &search->fits, &search->nodes);
    search->fits -= fits;
    search->nodes -= nodes;
}

static est_i_search_space *search_space(const est_i_fit_data *data, const bench_search_plan *plan)
{
    size_t n_terms = 0;
    for (size_t m = 3; m < data->n_cells; m++) {
        unsigned size = (unsigned)__builtin_popcountll(m);
        n_terms += size >= 2 && size <= plan->order;
    }
    return bench_need(est_i_search_space_new(1, data->n_lists, plan->by_block ? 1 : data->n_blocks, n_terms, NULL));
}

void bench_print_search(const bench_settings *set, const char *name, const est_i_fit_data *data, bench_search_plan plan,
                        bench_limits limits)
{
    char counted[64];
    search_job search = {.n_parts = plan.by_block ? data->n_blocks : 1, .plan = plan,
                         .cost = est_i_cost_make(EST_SELECT_BIC, data->total[0])};
    for (size_t i = 0; i < search.n_parts; i++)
        search.parts[i] = plan.by_block ? est_i_fit_data_block(data, i) : *data;
    search.space = search_space(data, &plan);
    double took = bench_best(set, run_search, &search);
    snprintf(counted, sizeof counted, "%zu fits, %zu nodes", search.fits, search.nodes);
    bench_print_row(set, name, took, limits, counted);
    est_i_search_space_free(search.space);
}

static void print_table_search(const bench_settings *set, const char *dataset, unsigned order, bench_target target)
{
    char name[96];
    est_i_fit_data *data = bench_table(dataset);
    bench_search_plan plan = {.model_class = EST_CLASS_HIERARCHICAL, .order = order};
    snprintf(name, sizeof name, "the best model of %s, order %u", dataset, order);
    bench_print_search(set, name, data, plan, bench_limits_of(target));
    est_i_fit_data_free(data);
}

/* ---- several best models, and their average ---- */

typedef struct pool_job {
    search_job search;
    size_t top;
    double window;
    bool average;
    size_t n_models;
    est_i_averaged averaged;
} pool_job;

static void run_pool(void *user)
{
    pool_job *job = user;
    est_i_search_rules rules;
    est_i_pool *pool = NULL;
    est_error error = {0};
    const est_i_fit_data *data = &job->search.parts[0];
    make_rules(&job->search, data, &rules);
    bench_check(est_i_search_pool(data, &rules, &job->search.cost, job->top, job->window, job->search.space, &pool, NULL, &error),
                "pool", &error);
    job->n_models = pool->n_models;
    if (job->average)
        bench_check(est_i_average(data, &rules.family, NULL, pool, NULL, &job->averaged, &error), "average", &error);
    est_i_pool_free(pool);
}

/* As `mse` asks: the 100 best models and all within 10 of the best, or with an average within 30. */
static void print_pool(const bench_settings *set, const char *dataset, unsigned order, bool average)
{
    char name[96], counted[96];
    est_i_fit_data *data = bench_table(dataset);
    bench_search_plan plan = {.model_class = EST_CLASS_HIERARCHICAL, .order = order};
    pool_job job = {.search = {.parts = {*data}, .n_parts = 1, .plan = plan, .space = search_space(data, &plan),
                               .cost = est_i_cost_make(EST_SELECT_BIC, data->total[0])},
                    .top = 100, .window = average ? 30 : 10, .average = average};
    double took = bench_best(set, run_pool, &job);
    const char *what = average ? "average over the models within 30" : "the 100 best models";
    snprintf(name, sizeof name, "%s of %s, order %u", what, dataset, order);
    if (average)
        snprintf(counted, sizeof counted, "%zu models, %zu that differ, N %.0f", job.n_models, job.averaged.n_models,
                 data->total[0] + job.averaged.unseen);
    else
        snprintf(counted, sizeof counted, "%zu models", job.n_models);
    bench_print_row(set, name, took, bench_limits_of(TARGET_NONE), counted);
    est_i_search_space_free(job.search.space);
    est_i_fit_data_free(data);
}

/* ---- more than six lists ---- */

static void print_pairwise(const bench_settings *set, size_t n_lists, double population, double share)
{
    char name[96];
    est_i_fit_data *data = bench_synthetic(n_lists, population, share);
    bench_search_plan plan = {.model_class = EST_CLASS_PAIRWISE, .order = 2};
    snprintf(name, sizeof name, "the best pairs of %zu lists, synthetic, %.0f persons seen", n_lists, data->total[0]);
    bench_print_search(set, name, data, plan, bench_limits_of(TARGET_NONE));
    est_i_fit_data_free(data);
}

void bench_searches(const bench_settings *set)
{
    bench_start_table(set, "Every model, and the best models");
    print_ranking(set, "kosovo_1999", 3, bench_limits_of(TARGET_NONE));
    print_ranking(set, "uk_2013_five", 4, bench_limits_of(RANK_5));
    print_table_search(set, "uk_2013_five", 4, SEARCH_5);
    print_table_search(set, "netherlands_2010_15_five", 4, SEARCH_5);
    print_table_search(set, "uk_2013", 2, TARGET_NONE);
    print_table_search(set, "uk_2013", 5, SEARCH_6_UK);
    print_table_search(set, "netherlands_2010_15", 5, SEARCH_6_NETHERLANDS);
    print_pool(set, "uk_2013_five", 4, true);
    print_pairwise(set, 7, 10000, 0.1);
    if (set->quick)
        return;
    print_pairwise(set, 8, 10000, 0.1);
    print_pairwise(set, 8, 1000, 0.03);
    print_ranking(set, "uk_2013", 2, bench_limits_of(TARGET_NONE));
    print_table_search(set, "uk_2013", 3, TARGET_NONE);
    print_pool(set, "uk_2013", 5, false);
    print_pool(set, "netherlands_2010_15", 5, false);
    print_pool(set, "uk_2013", 5, true);
    if (set->full) {
        print_full_ranking(set, "uk_2013");
        print_full_ranking(set, "netherlands_2010_15");
    }
}
