/* Six periods of five lists: the joint model. M0 has no dependence, M1 shares it among the periods, M3 chooses it in each. */
#include "bench.h"

#include <stdio.h>

#include <est/mse.h>

#include "bench_jobs.h"

static est_i_fit_data *open_periods(size_t times)
{
    return bench_blocks("colombia_child_recruitment", true, times);
}

static void run_by_period(void *user)
{
    bench_fit_job *fit = user;
    for (size_t k = 0; k < fit->data->n_blocks; k++) {
        est_i_fit_data block = est_i_fit_data_block(fit->data, k);
        est_i_fit(&block, &fit->request, fit->space);
    }
}

static void print_by_period(const bench_settings *set)
{
    char counted[64];
    bench_fit_job fit;
    est_i_fit_data *data = open_periods(1);
    bench_start_fit(&fit, data, est_i_set_all(data->n_lists, 2), 0, 0);
    fit.space->fits = 0;
    run_by_period(&fit);
    snprintf(counted, sizeof counted, "%zu fits", fit.space->fits);
    bench_print_row(set, "all pairs of each period by itself, all six", bench_best(set, run_by_period, &fit),
                    bench_limits_of(JOINT_BY_PERIOD), counted);
    bench_end_fit(&fit);
}

static void bench_joint_fits(const bench_settings *set)
{
    bench_fit_job fit;
    est_i_set pairs = est_i_set_all(5, 2);
    bench_start_table(set, "Six periods, five lists (colombia_child_recruitment): one fit");
    bench_start_fit(&fit, open_periods(1), 0, 0, 0);
    bench_print_fit(set, "M0: independence", &fit, bench_limits_of(TARGET_NONE));
    bench_start_fit(&fit, open_periods(1), 0, pairs, 0);
    double six = bench_print_fit(set, "M1: all pairs in common", &fit, bench_limits_of(JOINT_M1));
    est_i_fit_data *single = open_periods(1);
    bench_start_fit(&fit, bench_resample(single, est_i_kernel_lanes()), 0, pairs, 0);
    est_i_fit_data_free(single);
    bench_print_fit(set, "M1: resampled tables in lanes, each", &fit, bench_limits_of(JOINT_M1));
    print_by_period(set);
    bench_start_fit(&fit, open_periods(1), pairs, pairs, 0.5);
    bench_print_fit(set, "common pairs and penalised pairs by period, sd 0.5", &fit, bench_limits_of(JOINT_PENALISED));
    bench_start_fit(&fit, open_periods(4), 0, pairs, 0);
    bench_print_fit(set, "M1 on the periods four times over; limits: six, four times M1", &fit, (bench_limits){6 * six, 4 * six});
}

static void bench_joint_searches(const bench_settings *set)
{
    static const struct {
        const char *name;
        bench_search_plan plan;
        bench_target target;
    } searches[] = {
        {"M1 order 2", {EST_CLASS_HIERARCHICAL, 2, false, true}, SEARCH_M1_2},
        {"M1 order 3", {EST_CLASS_HIERARCHICAL, 3, false, true}, SEARCH_M1_3},
        {"M3 order 2, boundary accepted", {EST_CLASS_HIERARCHICAL, 2, true, true}, SEARCH_M3_2},
        {"M3 order 3, boundary accepted", {EST_CLASS_HIERARCHICAL, 3, true, true}, SEARCH_M3_3},
        {"M3 order 2, boundary rejected", {EST_CLASS_HIERARCHICAL, 2, true, false}, TARGET_NONE},
        {"M3 order 3, boundary rejected", {EST_CLASS_HIERARCHICAL, 3, true, false}, TARGET_NONE},
    };
    est_i_fit_data *data = open_periods(1);
    bench_start_table(set, "Six periods: the best model, ordering of the terms included");
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++)
        bench_print_search(set, searches[i].name, data, searches[i].plan, bench_limits_of(searches[i].target));
    est_i_fit_data_free(data);
}

static const struct {
    const char *name;
    bool by_block;
    unsigned order;
} grid[] = {{"M0", true, 0}, {"M1 order 2", false, 2}, {"M1 order 3", false, 3}, {"M3 order 2", true, 2}, {"M3 order 3", true, 3}};
#define N_GRID (sizeof grid / sizeof *grid)

static void print_grid_sums(const bench_settings *set, double pairs, bench_time both, size_t replicates)
{
    char counted[64], cpu[32];
    double share = (double)replicates / 2000;
    bench_print_row(set, "M0 and order 2, one thread, CPU time", pairs, bench_limits_share(GRID_2, share), "");
    bench_print_seconds(cpu, both.cpu);
    snprintf(counted, sizeof counted, "CPU time of both threads %s", cpu);
    bench_print_row(set, "all of them, two threads, wall time", both.wall, bench_limits_share(GRID_3, share), counted);
}

static void bench_grid(const bench_settings *set)
{
    char title[96], counted[64];
    est_i_fit_data *data = open_periods(1);
    size_t replicates = set->quick ? 40 : 2000;
    double pairs = 0;
    bench_time both = {0, 0};
    snprintf(title, sizeof title, "Six periods: %zu bootstrap replicates with reselection, one thread", replicates);
    bench_start_table(set, title);
    for (size_t i = 0; i < N_GRID; i++) {
        bench_bootstrap_job job = {.data = data, .by_block = grid[i].by_block, .replicates = replicates, .threads = 1,
                                   .how = {.select = grid[i].order ? EST_SELECT_BIC : EST_SELECT_NONE, .max_order = grid[i].order,
                                           .accept_boundary = true}};
        bench_time one = bench_time_replicates(set, &job);
        job.threads = 2;
        bench_time two = bench_time_replicates(set, &job);
        pairs += grid[i].order <= 2 ? one.cpu : 0;
        both.wall += two.wall;
        both.cpu += two.cpu;
        snprintf(counted, sizeof counted, "%.0f us a replicate; wall, one thread / two: %.2f", 1e6 * one.cpu / (double)replicates,
                 one.wall / two.wall);
        bench_print_row(set, grid[i].name, one.cpu, bench_limits_of(TARGET_NONE), counted);
    }
    print_grid_sums(set, pairs, both, replicates);
    est_i_fit_data_free(data);
}

void bench_periods(const bench_settings *set)
{
    bench_joint_fits(set);
    bench_joint_searches(set);
    bench_grid(set);
}
