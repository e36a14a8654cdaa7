/* Bootstraps in which each replicate chooses its own model, and the limits made from them. */
#include "bench.h"

#include <math.h>
#include <stdio.h>

#include <est/mse.h>

#include "bench_jobs.h"
#include "mse/interval.h"
#include "mse/jackknife.h"

#define LEVEL 0.95

/* An estimator chosen on the data, with the population it says of each block. */
typedef struct chosen {
    est_i_estimator *estimator;
    double population[BENCH_BLOCKS_MOST];
} chosen;

static chosen choose(const bench_bootstrap_job *job)
{
    chosen c = {0};
    est_error error = {0};
    const est_i_fit_data *data = job->data;
    if (job->how.select == EST_SELECT_NONE)
        bench_check(est_i_estimator_fixed(data, job->by_block, NULL, 0, &c.estimator, &error), "model", &error);
    else
        bench_check(est_i_estimator_select(data, job->by_block, &job->how, NULL, &c.estimator, &error), "selection", &error);
    est_i_estimator_space *space = bench_need(est_i_estimator_space_new(c.estimator, 1));
    bench_check(est_i_estimator_apply(c.estimator, data, space, c.population, NULL, NULL, &error), "estimate", &error);
    for (size_t k = 0; k < data->n_blocks; k++)
        c.population[k] += data->margins[k * data->n_cells];
    est_i_estimator_space_free(space);
    return c;
}

static est_i_bootstrap *draw(const bench_bootstrap_job *job, const chosen *c)
{
    est_error error = {0};
    est_i_bootstrap *bootstrap = NULL;
    est_i_bootstrap_plan plan = {.n_replicates = job->replicates, .seed = BENCH_SEED, .threads = job->threads};
    bench_check(est_i_bootstrap_run(c->estimator, job->data, c->population, &plan, NULL, &bootstrap, &error), "bootstrap", &error);
    return bootstrap;
}

/* ---- the replicates alone ---- */

typedef struct replicates_call {
    const bench_bootstrap_job *job;
    chosen c;
} replicates_call;

static void run_replicates(void *user)
{
    const replicates_call *call = user;
    est_i_bootstrap_free(draw(call->job, &call->c));
}

bench_time bench_time_replicates(const bench_settings *set, const bench_bootstrap_job *job)
{
    replicates_call call = {job, choose(job)};
    bench_time took = bench_best_call(set, run_replicates, &call);
    est_i_estimator_free(call.c.estimator);
    return took;
}

static void print_replicates(const bench_settings *set, const char *dataset, const char *what, est_i_selection how,
                             bench_target target)
{
    char name[96], counted[64];
    est_i_fit_data *data = bench_table(dataset);
    bench_bootstrap_job job = {.data = data, .by_block = true, .how = how, .replicates = set->quick ? 104 : 1000, .threads = 1};
    double share = (double)job.replicates / 1000;
    bench_time took = bench_time_replicates(set, &job);
    snprintf(name, sizeof name, "%zu replicates of %s, %s", job.replicates, dataset, what);
    snprintf(counted, sizeof counted, "%.0f us a replicate", 1e6 * took.cpu / (double)job.replicates);
    bench_print_row(set, name, took.cpu, bench_limits_share(target, share), counted);
    est_i_fit_data_free(data);
}

/* ---- selection, replicates, jackknife and BCa limits: all that a user waits for ---- */

typedef struct bca_call {
    const bench_bootstrap_job *job;
    est_i_limits limits; /* of the last call */
    size_t deletions;
} bca_call;

static void run_bca(void *user)
{
    bca_call *call = user;
    est_error error = {0};
    est_i_jackknife *jackknife = NULL;
    const bench_bootstrap_job *job = call->job;
    chosen c = choose(job);
    est_i_bootstrap *bootstrap = draw(job, &c);
    bench_check(est_i_jackknife_run(c.estimator, job->data, job->threads, NULL, &jackknife, &error), "jackknife", &error);
    bench_check(est_i_limits_bca(bootstrap, jackknife, 0, job->data->total[0], c.population[0], LEVEL, &call->limits, &error),
                "BCa", &error);
    call->deletions = jackknife->n_deletions;
    est_i_jackknife_free(jackknife);
    est_i_bootstrap_free(bootstrap);
    est_i_estimator_free(c.estimator);
}

/* One thread: CPU time. Two: wall time, with the CPU time beside it. */
static void print_bca(const bench_settings *set, const char *dataset, unsigned order, size_t replicates, int threads,
                      bench_limits limits)
{
    char name[96], said[64], cpu[32], counted[160];
    est_i_fit_data *data = bench_table(dataset);
    bench_bootstrap_job job = {.data = data, .by_block = true, .how = {.select = EST_SELECT_BIC, .max_order = order},
                               .replicates = replicates, .threads = threads};
    bca_call call = {.job = &job};
    bench_time took = bench_best_call(set, run_bca, &call);
    snprintf(name, sizeof name, "%zu + BCa of %s, order %u, %s", replicates, dataset, order,
             threads > 1 ? "two threads, wall" : "one thread");
    if (call.limits.refused)
        snprintf(said, sizeof said, "refused");
    else
        snprintf(said, sizeof said, "%.0f to %.0f", call.limits.lower, call.limits.upper);
    bench_print_seconds(cpu, took.cpu);
    snprintf(counted, sizeof counted, "%zu deletions; %s%s%s", call.deletions, said, threads > 1 ? "; CPU time of both " : "",
             threads > 1 ? cpu : "");
    bench_print_row(set, name, threads > 1 ? took.wall : took.cpu, limits, counted);
    est_i_fit_data_free(data);
}

static void print_both(const bench_settings *set, const char *dataset, unsigned order, size_t replicates, bench_target target,
                       double share)
{
    for (int threads = 1; threads <= 2; threads++)
        print_bca(set, dataset, order, replicates, threads, bench_limits_share(target, share));
}

static void bench_bca(const bench_settings *set)
{
    bench_start_table(set, "Selection, bootstrap with the best model found anew in each replicate, jackknife and BCa limits");
    if (set->quick) {
        print_both(set, "uk_2013_five", 4, 200, BOOTSTRAP_5, 0.02);
        print_bca(set, "uk_2013", 5, 16, 1, bench_limits_share(BOOTSTRAP_6_UK, 0.016));
    } else {
        print_both(set, "uk_2013_five", 4, 10000, BOOTSTRAP_5, 1);
        print_both(set, "netherlands_2010_15_five", 4, 10000, BOOTSTRAP_5, 1);
        print_both(set, "uk_2013", 5, 1000, BOOTSTRAP_6_UK, 1);
        print_both(set, "netherlands_2010_15", 5, 1000, BOOTSTRAP_6_NETHERLANDS, 1);
    }
}

void bench_bootstraps(const bench_settings *set)
{
    est_i_selection exact_3 = {.select = EST_SELECT_BIC, .max_order = 3}, pairs = {.select = EST_SELECT_BIC, .max_order = 2};
    est_i_selection top = {.select = EST_SELECT_BIC, .max_order = 4, .top = 100};
    est_i_selection stepwise = {.select = EST_SELECT_STEPWISE, .max_order = 2, .threshold = 0.02};
    est_i_selection downhill_4 = {.select = EST_SELECT_DOWNHILL, .max_order = 4};
    est_i_selection downhill_5 = {.select = EST_SELECT_DOWNHILL, .max_order = 5};
    bench_bca(set);
    bench_start_table(set, "Replicates alone, one thread, by the way of choosing");
    print_replicates(set, "kosovo_1999", "order 3", exact_3, TARGET_NONE);
    print_replicates(set, "uk_2013_five", "order 3", exact_3, TARGET_NONE);
    print_replicates(set, "uk_2013_five", "the 100 best of order 4", top, BOOTSTRAP_TOP);
    print_replicates(set, "uk_2013_five", "stepwise, pairs", stepwise, TARGET_NONE);
    print_replicates(set, "uk_2013_five", "downhill, order 4", downhill_4, TARGET_NONE);
    if (set->quick)
        return;
    print_replicates(set, "uk_2013", "order 2", pairs, TARGET_NONE);
    print_replicates(set, "uk_2013", "stepwise, pairs", stepwise, TARGET_NONE);
    print_replicates(set, "uk_2013", "downhill, order 5", downhill_5, TARGET_NONE);
}
