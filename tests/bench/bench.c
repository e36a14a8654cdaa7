/* Times of the estimators beside what the project holds itself to. Process CPU time, best of several repetitions; rows on two
 * threads are wall time. A busy machine moves every figure: compare ratios, and counts of fits and iterations. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <est/mse.h>

#include "mse/bootstrap.h"
#include "mse/describe.h"
#include "mse/estimator.h"
#include "mse/joint.h"
#include "mse/model.h"
#include "mse/ranking.h"
#include "mse/search.h"
#include "numerics/rng.h"

#define BLOCKS_MOST 24
#define SEED 1

/* The project's must-have times on one core of an x86-64 machine of 2020 or later, in seconds. */
typedef enum limit {
    LIMIT_NONE,
    FIT_3, FIT_4, FIT_5, FIT_6,
    RANK_5, SEARCH_5, SEARCH_6, BOOTSTRAP_5,
    JOINT_M1, JOINT_BY_PERIOD, JOINT_PENALISED,
    SEARCH_M1_2, SEARCH_M1_3, SEARCH_M3_2, SEARCH_M3_3,
    GRID_2, GRID_3, LIMITS
} limit;

static const struct {
    double seconds;
    const char *meaning;
} must_have[LIMITS] = {
    [LIMIT_NONE] = {0, "no limit is set"},
    [FIT_3] = {3e-6, "one fit, three lists, from a cold start"},
    [FIT_4] = {5e-6, "one fit, four lists"},
    [FIT_5] = {10e-6, "one fit, five lists"},
    [FIT_6] = {30e-6, "one fit, six lists"},
    [RANK_5] = {50e-3, "all 6,893 models of five lists fitted, judged and ranked"},
    [SEARCH_5] = {10e-3, "the best model of five lists, proved by branch and bound"},
    [SEARCH_6] = {0.3, "the best of the 7,785,061 models of six lists"},
    [BOOTSTRAP_5] = {1.5, "1,000 replicates of five lists, each with its own best model (15 s for 10,000)"},
    [JOINT_M1] = {50e-6, "one fit of six periods with common pairs"},
    [JOINT_BY_PERIOD] = {60e-6, "six periods, each with its own pairs"},
    [JOINT_PENALISED] = {150e-6, "one fit with pairs by period held by given variances"},
    [SEARCH_M1_2] = {2e-3, "the best common pairs, ordering of the terms included"},
    [SEARCH_M1_3] = {15e-3, "the best common pairs and triples, ordering included"},
    [SEARCH_M3_2] = {15e-3, "the best pairs of each of six periods"},
    [SEARCH_M3_3] = {100e-3, "the best pairs and triples of each of six periods"},
    [GRID_2] = {10, "2,000 replicates of M0, M1 and M3 with pairs, one thread"},
    [GRID_3] = {20, "2,000 replicates of M0, M1 and M3, pairs and triples, two threads"},
};

typedef struct settings {
    bool quick, markdown;
    int repetitions;
    double least; /* seconds of one repetition of a short job */
} settings;

static void stop(const char *what, const est_error *error)
{
    fprintf(stderr, "bench: %s%s%s\n", what, error ? ": " : "", error ? error->message : "");
    exit(EXIT_FAILURE);
}

static void check(est_status status, const char *what, const est_error *error)
{
    if (status != EST_OK)
        stop(what, error);
}

static void *need(void *memory)
{
    if (!memory)
        stop("out of memory", NULL);
    return memory;
}

/* ---- clocks ---------------------------------------------------------------------------------------------- */

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef void (*job)(void *user);

static double time_calls(job run, void *user, size_t calls)
{
    double before = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < calls; i++)
        run(user);
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID) - before;
}

/* Seconds a call, the best of the repetitions; short jobs are called until a repetition is long enough to be read. */
static double best_time(const settings *set, job run, void *user)
{
    size_t calls = 1;
    double took = time_calls(run, user, calls), best = took;
    while (took < set->least && calls < 1u << 22) {
        calls *= 2;
        took = time_calls(run, user, calls);
        best = took / (double)calls;
    }
    int repetitions = took > 1 ? 1 : set->repetitions;
    for (int i = 1; i < repetitions; i++) {
        took = time_calls(run, user, calls) / (double)calls;
        best = took < best ? took : best;
    }
    return best;
}

/* ---- the table ------------------------------------------------------------------------------------------- */

static void print_seconds(char text[32], double seconds)
{
    if (!(seconds > 0))
        snprintf(text, 32, "-");
    else if (seconds < 1e-3)
        snprintf(text, 32, "%.2f us", 1e6 * seconds);
    else if (seconds < 1)
        snprintf(text, 32, "%.2f ms", 1e3 * seconds);
    else
        snprintf(text, 32, "%.2f s", seconds);
}

static void start_table(const settings *set, const char *title)
{
    if (set->markdown)
        printf("\n### %s\n\n| job | measured | must-have | must-have / measured | counted |\n|---|---:|---:|---:|---|\n", title);
    else
        printf("\n%s\n%-58s %12s %12s %9s  %s\n", title, "job", "measured", "must-have", "ratio", "counted");
}

static void print_row(const settings *set, const char *name, double measured, double must, const char *counted)
{
    char seconds[32], limit_text[32], ratio[32] = "-";
    print_seconds(seconds, measured);
    print_seconds(limit_text, must);
    if (must > 0)
        snprintf(ratio, sizeof ratio, "%.1f", must / measured);
    printf(set->markdown ? "| %s | %s | %s | %s | %s |\n" : "%-58s %12s %12s %9s  %s\n", name, seconds, limit_text, ratio, counted);
    fflush(stdout);
}

/* ---- data ------------------------------------------------------------------------------------------------ */

/* Every period of a bundled dataset, `times` over; a table without periods is one block. */
static est_i_fit_data *open_blocks(const char *name, bool has_periods, size_t times)
{
    char place[64];
    size_t blocks[BLOCKS_MOST];
    est_error error = {0};
    est_table *table = NULL;
    est_i_captures *captures = NULL;
    est_capture_options options = est_mse_options_default().capture;
    est_i_period_options periods = {.period = "", .seen = ""};
    snprintf(place, sizeof place, "dataset:%s", name);
    check(est_table_open(place, NULL, &table, &error), name, &error);
    check(est_i_captures_read(table, &options, has_periods ? &periods : NULL, NULL, &captures, &error), name, &error);
    size_t n_blocks = captures->n_blocks * times;
    if (n_blocks > BLOCKS_MOST)
        stop("too many blocks", NULL);
    for (size_t k = 0; k < n_blocks; k++)
        blocks[k] = k % captures->n_blocks;
    est_i_fit_data *data = need(est_i_fit_data_of(captures, blocks, n_blocks));
    est_i_captures_free(captures);
    est_table_free(table);
    return data;
}

static est_i_fit_data *open_table(const char *name)
{
    return open_blocks(name, false, 1);
}

/* Resampled tables side by side. */
static est_i_fit_data *resample(const est_i_fit_data *data, size_t lanes)
{
    est_i_fit_data *out = need(est_i_fit_data_new(lanes, data->n_lists, data->n_blocks));
    double *drawn = need(calloc(data->n_cells, sizeof *drawn));
    for (size_t k = 0; k < data->n_blocks; k++)
        for (size_t l = 0; l < lanes; l++) {
            est_i_rng rng;
            size_t first = k * data->n_cells;
            est_i_rng_start(&rng, SEED, EST_I_PURPOSE_TEST, (uint32_t)l, (uint32_t)k);
            est_i_rng_multinomial(&rng, data->margins[first], data->n_cells, data->counts + first, drawn);
            for (size_t w = 0; w < data->n_cells; w++) {
                out->counts[(first + w) * lanes + l] = drawn[w];
                out->keep[(first + w) * lanes + l] = data->keep[first + w];
            }
        }
    est_i_fit_data_prepare(out);
    free(drawn);
    return out;
}

/* ---- one fit --------------------------------------------------------------------------------------------- */

typedef struct fit_job {
    est_i_fit_data *data;
    est_i_fit_space *space;
    est_i_fit_request request;
    uint32_t local[64], shared[64];
    double penalty[64];
} fit_job;

static void run_fit(void *user)
{
    fit_job *fit = user;
    est_i_fit(fit->data, &fit->request, fit->space);
}

/* Main effects and `own` in each block, `common` in all of them. */
static void start_fit(fit_job *fit, est_i_fit_data *data, est_i_set own, est_i_set common, double deviation)
{
    est_i_terms *terms = &fit->request.terms;
    size_t main_terms = est_i_main_terms(data->n_lists, fit->local);
    fit->data = data;
    fit->request = (est_i_fit_request){.terms = {.local = fit->local, .shared = fit->shared}};
    terms->n_local = main_terms + est_i_set_terms(own, data->n_lists, fit->local + main_terms);
    terms->n_shared = est_i_set_terms(common, data->n_lists, fit->shared);
    for (size_t i = 0; i < terms->n_local; i++)
        fit->penalty[i] = i < main_terms ? 0 : 1 / (deviation * deviation);
    terms->penalty = deviation > 0 ? fit->penalty : NULL;
    fit->space = need(est_i_fit_space_new(data->lanes, data->n_lists, data->n_blocks, terms->n_local, terms->n_shared));
}

static void end_fit(fit_job *fit)
{
    est_i_fit_space_free(fit->space);
    est_i_fit_data_free(fit->data);
}

static int most_iterations(const est_i_fit_space *space)
{
    int most = 0;
    for (size_t l = 0; l < space->lanes; l++)
        most = space->iterations[l] > most ? space->iterations[l] : most;
    return most;
}

/* Times one fit job and frees it; the time is that of one data set. */
static double print_fit(const settings *set, const char *name, fit_job *fit, double must)
{
    char counted[64];
    double took = best_time(set, run_fit, fit) / (double)fit->data->lanes;
    snprintf(counted, sizeof counted, "%d iterations%s", most_iterations(fit->space),
             fit->space->state[0] == EST_I_FIT_INTERIOR ? "" : ", boundary");
    print_row(set, name, took, must, counted);
    end_fit(fit);
    return took;
}

static const struct {
    const char *dataset, *model;
    limit must;
    est_i_set terms; /* 0 = all pairs */
} tables[] = {
    {"korea", "b:c c:d", FIT_3, (est_i_set)1 << 3 | (est_i_set)1 << 6}, /* all pairs has no estimate */
    {"kosovo_1999", "all-pairs", FIT_4, 0},
    {"uk_2013_five", "all-pairs", FIT_5, 0},
    {"uk_2013", "all-pairs", FIT_6, 0},
};
#define N_TABLES (sizeof tables / sizeof *tables)

static void start_table_fit(fit_job *fit, size_t index, size_t lanes)
{
    est_i_fit_data *data = open_table(tables[index].dataset);
    if (lanes > 1) {
        est_i_fit_data *single = data;
        data = resample(single, lanes);
        est_i_fit_data_free(single);
    }
    start_fit(fit, data, tables[index].terms ? tables[index].terms : est_i_set_all(data->n_lists, 2), 0, 0);
}

static void bench_fits(const settings *set)
{
    char name[96];
    size_t lanes = est_i_kernel_lanes();
    start_table(set, "One fit from a cold start, a data set");
    for (size_t i = 0; i < N_TABLES; i++) {
        fit_job fit;
        double must = must_have[tables[i].must].seconds;
        start_table_fit(&fit, i, 1);
        snprintf(name, sizeof name, "%zu lists, %s, %s, one lane", fit.data->n_lists, tables[i].dataset, tables[i].model);
        print_fit(set, name, &fit, must);
        start_table_fit(&fit, i, lanes);
        snprintf(name, sizeof name, "%zu lists, %zu resampled tables in lanes, each", fit.data->n_lists, lanes);
        print_fit(set, name, &fit, must);
    }
}

/* For an instruction counter: so many fits and nothing else inside est_i_fit. */
static void repeat_fit(size_t fits, size_t n_lists)
{
    fit_job fit;
    start_table_fit(&fit, n_lists - 3, 1);
    for (size_t i = 0; i < fits; i++)
        run_fit(&fit);
    printf("%zu fits of %s, %s: %d iterations each\n", fits, tables[n_lists - 3].dataset, tables[n_lists - 3].model,
           fit.space->iterations[0]);
    end_fit(&fit);
}

/* ---- rankings and searches ------------------------------------------------------------------------------- */

typedef struct rank_job {
    const est_i_fit_data *data;
    unsigned order;
    size_t n_models;
} rank_job;

static void run_ranking(void *user)
{
    rank_job *rank = user;
    est_i_ranking *ranking = NULL;
    est_error error = {0};
    check(est_i_rank_models(rank->data, est_i_set_all(rank->data->n_lists, rank->order), log(rank->data->total[0]), false, NULL,
                            &ranking, &error), "ranking", &error);
    rank->n_models = ranking->n_models;
    est_i_ranking_free(ranking);
}

static void print_ranking(const settings *set, const char *dataset, unsigned order, double must)
{
    char name[96], counted[64];
    est_i_fit_data *data = open_table(dataset);
    rank_job rank = {.data = data, .order = order};
    double took = best_time(set, run_ranking, &rank);
    snprintf(name, sizeof name, "every model of %s, order %u", dataset, order);
    snprintf(counted, sizeof counted, "%zu models, %.2f us each", rank.n_models, 1e6 * took / (double)rank.n_models);
    print_row(set, name, took, must, counted);
    est_i_fit_data_free(data);
}

/* Searches each part of the data (one table, all blocks jointly, or each block by itself), ordering of the terms included. */
typedef struct search_job {
    est_i_fit_data parts[BLOCKS_MOST];
    size_t n_parts;
    unsigned order;
    bool accept_boundary;
    double price;
    est_i_search_space *space;
    size_t fits, nodes; /* of the last call */
} search_job;

static void run_search(void *user)
{
    search_job *search = user;
    size_t fits, nodes;
    est_error error = {0};
    est_i_choice choice;
    double log_unseen[BLOCKS_MOST];
    est_i_search_counts(search->space, &fits, &nodes);
    for (size_t i = 0; i < search->n_parts; i++) {
        const est_i_fit_data *part = &search->parts[i];
        est_i_search_rules rules = {.candidates = est_i_set_all(part->n_lists, search->order),
                                    .accept_boundary = search->accept_boundary, .base = part->n_blocks * (part->n_lists + 1)};
        est_i_search_order(part, &rules, search->space);
        check(est_i_search(part, &rules, &search->price, NULL, NULL, 0, search->space, &choice, log_unseen, NULL, &error),
              "search", &error);
    }
    est_i_search_counts(search->space, &search->fits, &search->nodes);
    search->fits -= fits;
    search->nodes -= nodes;
}

static void print_search(const settings *set, const char *name, const est_i_fit_data *data, bool by_block, unsigned order,
                         bool accept_boundary, double must)
{
    char counted[64];
    search_job search = {.n_parts = by_block ? data->n_blocks : 1, .order = order, .accept_boundary = accept_boundary,
                         .price = log(data->total[0])};
    for (size_t i = 0; i < search.n_parts; i++)
        search.parts[i] = by_block ? est_i_fit_data_block(data, i) : *data;
    search.space = need(est_i_search_space_new(1, data->n_lists, by_block ? 1 : data->n_blocks));
    double took = best_time(set, run_search, &search);
    snprintf(counted, sizeof counted, "%zu fits, %zu nodes", search.fits, search.nodes);
    print_row(set, name, took, must, counted);
    est_i_search_space_free(search.space);
}

static void print_table_search(const settings *set, const char *dataset, unsigned order, double must)
{
    char name[96];
    est_i_fit_data *data = open_table(dataset);
    snprintf(name, sizeof name, "the best model of %s, order %u", dataset, order);
    print_search(set, name, data, false, order, false, must);
    est_i_fit_data_free(data);
}

static void bench_searches(const settings *set)
{
    start_table(set, "Every model, and the best model");
    print_ranking(set, "kosovo_1999", 3, 0);
    print_ranking(set, "uk_2013_five", 4, must_have[RANK_5].seconds);
    print_table_search(set, "uk_2013_five", 4, must_have[SEARCH_5].seconds);
    print_table_search(set, "netherlands_2010_15_five", 4, must_have[SEARCH_5].seconds);
    print_table_search(set, "uk_2013", 2, 0);
    if (!set->quick) {
        print_ranking(set, "uk_2013", 2, 0);
        print_table_search(set, "uk_2013", 3, 0);
        print_table_search(set, "uk_2013", 5, must_have[SEARCH_6].seconds);
    }
}

/* ---- bootstraps ------------------------------------------------------------------------------------------ */

/* A model of a dataset, and what its replicates cost. order 0 = the main effects alone. */
typedef struct bootstrap_job {
    const est_i_fit_data *data;
    bool by_block;
    unsigned order;
    bool accept_boundary;
    size_t replicates;
} bootstrap_job;

/* Wall and CPU seconds of the replicates; selection on the data themselves is not in them. */
static void time_bootstrap(const bootstrap_job *b, int threads, double *cpu, double *wall)
{
    est_i_estimator *estimator = NULL;
    est_i_bootstrap *bootstrap = NULL;
    est_error error = {0};
    double population[BLOCKS_MOST];
    if (b->order)
        check(est_i_estimator_select(b->data, b->by_block, EST_SELECT_BIC, EST_BIC_N_PERSONS, b->order, b->accept_boundary, NULL,
                                     &estimator, &error), "selection", &error);
    else
        check(est_i_estimator_fixed(b->data, b->by_block, NULL, 0, &estimator, &error), "model", &error);
    est_i_estimator_space *space = need(est_i_estimator_space_new(estimator, 1));
    check(est_i_estimator_apply(estimator, b->data, space, population, NULL, &error), "estimate", &error);
    for (size_t k = 0; k < b->data->n_blocks; k++)
        population[k] += b->data->margins[k * b->data->n_cells];
    *cpu = -seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    *wall = -seconds_of(CLOCK_MONOTONIC);
    check(est_i_bootstrap_run(estimator, b->data, population, b->replicates, SEED, threads, NULL, &bootstrap, &error),
          "bootstrap", &error);
    *cpu += seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    *wall += seconds_of(CLOCK_MONOTONIC);
    est_i_bootstrap_free(bootstrap);
    est_i_estimator_space_free(space);
    est_i_estimator_free(estimator);
}

static void best_bootstrap(const settings *set, const bootstrap_job *b, int threads, double *cpu, double *wall)
{
    time_bootstrap(b, threads, cpu, wall);
    int repetitions = *cpu > 1 ? 1 : set->repetitions;
    for (int i = 1; i < repetitions; i++) {
        double again_cpu, again_wall;
        time_bootstrap(b, threads, &again_cpu, &again_wall);
        *cpu = again_cpu < *cpu ? again_cpu : *cpu;
        *wall = again_wall < *wall ? again_wall : *wall;
    }
}

static void print_bootstrap(const settings *set, const char *dataset, unsigned order, limit must)
{
    char name[96], counted[64];
    size_t replicates = set->quick ? 104 : 1000;
    est_i_fit_data *data = open_table(dataset);
    bootstrap_job b = {.data = data, .by_block = true, .order = order, .replicates = replicates};
    double cpu, wall;
    best_bootstrap(set, &b, 1, &cpu, &wall);
    snprintf(name, sizeof name, "%zu replicates of %s, order %u", replicates, dataset, order);
    snprintf(counted, sizeof counted, "%.0f us a replicate", 1e6 * cpu / (double)replicates);
    print_row(set, name, cpu, must_have[must].seconds * (double)replicates / 1000, counted);
    est_i_fit_data_free(data);
}

static void bench_bootstraps(const settings *set)
{
    start_table(set, "Bootstrap with the best model found anew in each replicate, one thread");
    print_bootstrap(set, "kosovo_1999", 3, LIMIT_NONE);
    print_bootstrap(set, "uk_2013_five", 3, BOOTSTRAP_5);
    print_bootstrap(set, "uk_2013_five", 4, BOOTSTRAP_5);
    if (!set->quick)
        print_bootstrap(set, "uk_2013", 2, LIMIT_NONE);
}

/* ---- six periods ----------------------------------------------------------------------------------------- */

static est_i_fit_data *open_periods(size_t times)
{
    return open_blocks("colombia_child_recruitment", true, times);
}

static void run_by_period(void *user)
{
    fit_job *fit = user;
    for (size_t k = 0; k < fit->data->n_blocks; k++) {
        est_i_fit_data block = est_i_fit_data_block(fit->data, k);
        est_i_fit(&block, &fit->request, fit->space);
    }
}

static void print_by_period(const settings *set)
{
    char counted[64];
    fit_job fit;
    est_i_fit_data *data = open_periods(1);
    start_fit(&fit, data, est_i_set_all(data->n_lists, 2), 0, 0);
    fit.space->fits = 0;
    run_by_period(&fit);
    snprintf(counted, sizeof counted, "%zu fits", fit.space->fits);
    print_row(set, "all pairs of each period by itself, all six", best_time(set, run_by_period, &fit),
              must_have[JOINT_BY_PERIOD].seconds, counted);
    end_fit(&fit);
}

static void bench_joint_fits(const settings *set)
{
    fit_job fit;
    est_i_set pairs = est_i_set_all(5, 2);
    start_table(set, "Six periods, five lists (colombia_child_recruitment): one fit");
    start_fit(&fit, open_periods(1), 0, 0, 0);
    print_fit(set, "M0: independence", &fit, 0);
    start_fit(&fit, open_periods(1), 0, pairs, 0);
    double six = print_fit(set, "M1: all pairs in common", &fit, must_have[JOINT_M1].seconds);
    est_i_fit_data *single = open_periods(1);
    start_fit(&fit, resample(single, est_i_kernel_lanes()), 0, pairs, 0);
    est_i_fit_data_free(single);
    print_fit(set, "M1: resampled tables in lanes, each", &fit, must_have[JOINT_M1].seconds);
    print_by_period(set);
    start_fit(&fit, open_periods(1), pairs, pairs, 0.5);
    print_fit(set, "common pairs and penalised pairs by period, sd 0.5", &fit, must_have[JOINT_PENALISED].seconds);
    start_fit(&fit, open_periods(4), 0, pairs, 0);
    print_fit(set, "M1 on the periods four times over; must: six times M1", &fit, 6 * six);
}

static void bench_joint_searches(const settings *set)
{
    est_i_fit_data *data = open_periods(1);
    start_table(set, "Six periods: the best model, ordering of the terms included");
    print_search(set, "M1 order 2", data, false, 2, true, must_have[SEARCH_M1_2].seconds);
    print_search(set, "M1 order 3", data, false, 3, true, must_have[SEARCH_M1_3].seconds);
    print_search(set, "M3 order 2, boundary accepted", data, true, 2, true, must_have[SEARCH_M3_2].seconds);
    print_search(set, "M3 order 3, boundary accepted", data, true, 3, true, must_have[SEARCH_M3_3].seconds);
    print_search(set, "M3 order 2, boundary rejected", data, true, 2, false, 0);
    print_search(set, "M3 order 3, boundary rejected", data, true, 3, false, 0);
    est_i_fit_data_free(data);
}

static const struct {
    const char *name;
    bool by_block;
    unsigned order;
} grid[] = {{"M0", true, 0}, {"M1 order 2", false, 2}, {"M1 order 3", false, 3}, {"M3 order 2", true, 2}, {"M3 order 3", true, 3}};
#define N_GRID (sizeof grid / sizeof *grid)

static void print_grid_sums(const settings *set, double pairs, double both, double both_cpu, size_t replicates)
{
    char counted[64], cpu[32];
    double share = (double)replicates / 2000;
    print_row(set, "M0 and order 2, one thread, CPU time", pairs, must_have[GRID_2].seconds * share, "");
    print_seconds(cpu, both_cpu);
    snprintf(counted, sizeof counted, "CPU time of both threads %s", cpu);
    print_row(set, "all of them, two threads, wall time", both, must_have[GRID_3].seconds * share, counted);
}

static void bench_grid(const settings *set)
{
    char title[96], counted[64];
    est_i_fit_data *data = open_periods(1);
    size_t replicates = set->quick ? 80 : 2000;
    double pairs = 0, both = 0, both_cpu = 0;
    snprintf(title, sizeof title, "Six periods: %zu bootstrap replicates with reselection, one thread", replicates);
    start_table(set, title);
    for (size_t i = 0; i < N_GRID; i++) {
        bootstrap_job b = {.data = data, .by_block = grid[i].by_block, .order = grid[i].order, .accept_boundary = true,
                           .replicates = replicates};
        double cpu, wall, two_cpu, two_wall;
        best_bootstrap(set, &b, 1, &cpu, &wall);
        best_bootstrap(set, &b, 2, &two_cpu, &two_wall);
        pairs += grid[i].order <= 2 ? cpu : 0;
        both += two_wall;
        both_cpu += two_cpu;
        snprintf(counted, sizeof counted, "%.0f us a replicate; wall, one thread / two: %.2f", 1e6 * cpu / (double)replicates,
                 wall / two_wall);
        print_row(set, grid[i].name, cpu, 0, counted);
    }
    print_grid_sums(set, pairs, both, both_cpu, replicates);
    est_i_fit_data_free(data);
}

/* ---- the program ----------------------------------------------------------------------------------------- */

static void print_peak(const settings *set)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf(set->markdown ? "\nPeak memory of the whole run: %.1f MiB, on lanes of %zu.\n"
                         : "\npeak memory %.1f MiB, lanes %zu\n", (double)usage.ru_maxrss / 1024, est_i_kernel_lanes());
}

static void print_limits(const settings *set)
{
    char text[32];
    printf(set->markdown ? "\n### What the must-haves mean\n\n| must-have | of |\n|---:|---|\n" : "\nwhat the must-haves mean\n");
    for (size_t i = 1; i < LIMITS; i++) {
        print_seconds(text, must_have[i].seconds);
        printf(set->markdown ? "| %s | %s |\n" : "%12s  %s\n", text, must_have[i].meaning);
    }
}

static int usage(void)
{
    fputs("usage: bench [--quick] [--markdown]\n"
          "       bench --one-fit FITS [LISTS]    only that many fits, for an instruction counter; LISTS 3 to 6, default 5\n", stderr);
    return 2;
}

static int run_one_fit(int argc, char **argv)
{
    long fits = argc > 2 ? strtol(argv[2], NULL, 10) : 0, lists = argc > 3 ? strtol(argv[3], NULL, 10) : 5;
    if (argc > 4 || fits < 1 || lists < 3 || lists > 6)
        return usage();
    repeat_fit((size_t)fits, (size_t)lists);
    return 0;
}

int main(int argc, char **argv)
{
    settings set = {.repetitions = 7, .least = 20e-3};
    if (argc > 1 && strcmp(argv[1], "--one-fit") == 0)
        return run_one_fit(argc, argv);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            set.quick = true;
        else if (strcmp(argv[i], "--markdown") == 0)
            set.markdown = true;
        else
            return usage();
    }
    if (set.quick) {
        set.repetitions = 3;
        set.least = 2e-3;
    }
    bench_fits(&set);
    bench_searches(&set);
    bench_bootstraps(&set);
    bench_joint_fits(&set);
    bench_joint_searches(&set);
    bench_grid(&set);
    print_limits(&set);
    print_peak(&set);
    return 0;
}
