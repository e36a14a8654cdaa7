/* Targets, clocks, rows and data of the benches. */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <est/mse.h>

#include "data/captures.h"
#include "mse/describe.h"
#include "numerics/rng.h"

/* Of one core of an x86-64 machine of 2020 or later, in seconds, unless two threads are said. */
static const struct {
    bench_limits limits;
    const char *meaning;
} targets[TARGETS] = {
    [TARGET_NONE] = {{0, 0}, "no limit is set"},
    [FIT_3] = {{3e-6, 1e-6}, "one fit, three lists, from a cold start"},
    [FIT_4] = {{5e-6, 2e-6}, "one fit, four lists"},
    [FIT_5] = {{10e-6, 4e-6}, "one fit, five lists"},
    [FIT_6] = {{30e-6, 10e-6}, "one fit, six lists"},
    [RANK_5] = {{50e-3, 10e-3}, "all 6,893 models of five lists fitted, judged and ranked"},
    [RANK_6] = {{120, 30}, "all 7,785,061 models of six lists fitted, judged and ranked; ideal: on two threads"},
    [SEARCH_5] = {{10e-3, 1e-3}, "the best of the 6,893 models of five lists, proved by branch and bound"},
    [SEARCH_6_UK] = {{0.3, 0.01}, "the best of the 7,785,061 models of six lists, United Kingdom"},
    [SEARCH_6_NETHERLANDS] = {{1, 0.03}, "the same, Netherlands"},
    [BOOTSTRAP_5] = {{15, 2}, "10,000 replicates of five lists, each with its own best model, BCa; ideal: two threads"},
    [BOOTSTRAP_6_UK] = {{20, 5}, "1,000 replicates of six lists with BCa limits, United Kingdom"},
    [BOOTSTRAP_6_NETHERLANDS] = {{120, 30}, "the same, Netherlands"},
    [BOOTSTRAP_TOP] = {{0.5, 0.1}, "1,000 replicates of five lists, each choosing among the 100 best models of the data"},
    [JOINT_M1] = {{50e-6, 10e-6}, "one fit of six periods with common pairs"},
    [JOINT_BY_PERIOD] = {{60e-6, 12e-6}, "six periods, each with its own pairs"},
    [JOINT_PENALISED] = {{150e-6, 25e-6}, "one fit with pairs by period held by given variances"},
    [SEARCH_M1_2] = {{2e-3, 0.2e-3}, "the best common pairs, ordering of the terms included"},
    [SEARCH_M1_3] = {{15e-3, 1.5e-3}, "the best common pairs and triples, ordering included"},
    [SEARCH_M3_2] = {{15e-3, 1.5e-3}, "the best pairs of each of six periods"},
    [SEARCH_M3_3] = {{100e-3, 10e-3}, "the best pairs and triples of each of six periods"},
    [GRID_2] = {{10, 1.2}, "2,000 replicates of M0, M1 and M3 with pairs, one thread"},
    [GRID_3] = {{20, 3}, "2,000 replicates of M0, M1 and M3, pairs and triples, two threads"},
    [SURVEY_REPLICATES] = {{50e-3, 31e-3}, "1,000 Rao-Wu replicates of 285 estimates, from the sums of a pass"},
    [SURVEY_RAKE] = {{10e-3, 1e-3}, "weights raked to 47 and 10 totals, from the sums of 470 crossed cells"},
};

bench_limits bench_limits_of(bench_target target)
{
    return targets[target].limits;
}

bench_limits bench_limits_share(bench_target target, double share)
{
    return (bench_limits){share * targets[target].limits.must, share * targets[target].limits.ideal};
}

void bench_print_meanings(const bench_settings *set)
{
    char must[32], ideal[32];
    printf(set->markdown ? "\n### What the limits mean\n\n| must | ideal | of |\n|---:|---:|---|\n" : "\nwhat the limits mean\n");
    for (size_t i = 1; i < TARGETS; i++) {
        bench_print_seconds(must, targets[i].limits.must);
        bench_print_seconds(ideal, targets[i].limits.ideal);
        printf(set->markdown ? "| %s | %s | %s |\n" : "%12s %12s  %s\n", must, ideal, targets[i].meaning);
    }
}

/* ---- errors ---- */

void bench_stop(const char *what, const est_error *error)
{
    fprintf(stderr, "bench: %s%s%s\n", what, error ? ": " : "", error ? error->message : "");
    exit(EXIT_FAILURE);
}

void bench_check(est_status status, const char *what, const est_error *error)
{
    if (status != EST_OK)
        bench_stop(what, error);
}

void *bench_need(void *memory)
{
    if (!memory)
        bench_stop("out of memory", NULL);
    return memory;
}

/* ---- clocks ---- */

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

bench_time bench_now(void)
{
    return (bench_time){seconds_of(CLOCK_PROCESS_CPUTIME_ID), seconds_of(CLOCK_MONOTONIC)};
}

bench_time bench_since(bench_time start)
{
    bench_time now = bench_now();
    return (bench_time){now.cpu - start.cpu, now.wall - start.wall};
}

static double time_calls(bench_job run, void *user, size_t calls)
{
    double before = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < calls; i++)
        run(user);
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID) - before;
}

double bench_best(const bench_settings *set, bench_job run, void *user)
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

bench_time bench_best_call(const bench_settings *set, bench_job run, void *user)
{
    bench_time best = {INFINITY, INFINITY};
    int repetitions = set->repetitions;
    for (int i = 0; i < repetitions; i++) {
        bench_time start = bench_now();
        run(user);
        bench_time took = bench_since(start);
        best.cpu = fmin(best.cpu, took.cpu);
        best.wall = fmin(best.wall, took.wall);
        if (best.cpu > 1)
            repetitions = 1;
    }
    return best;
}

/* VmHWM is of this program alone; ru_maxrss may still hold what its parent had before it became this program. */
long bench_peak_memory(void)
{
    char line[256];
    long peak = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && peak == 0 && fgets(line, sizeof line, file))
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
    if (file)
        fclose(file);
    if (peak == 0) {
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        peak = usage.ru_maxrss;
    }
    return peak;
}

/* ---- tables ---- */

void bench_print_seconds(char text[32], double seconds)
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

void bench_start_table(const bench_settings *set, const char *title)
{
    if (set->markdown)
        printf("\n### %s\n\n| job | measured | must | ideal | must / measured | counted |\n|---|---:|---:|---:|---:|---|\n", title);
    else
        printf("\n%s\n%-66s %11s %11s %11s %8s  %s\n", title, "job", "measured", "must", "ideal", "ratio", "counted");
}

void bench_print_row(const bench_settings *set, const char *name, double measured, bench_limits limits, const char *counted)
{
    char seconds[32], must[32], ideal[32], ratio[32] = "-";
    bench_print_seconds(seconds, measured);
    bench_print_seconds(must, limits.must);
    bench_print_seconds(ideal, limits.ideal);
    if (limits.must > 0 && measured > 0)
        snprintf(ratio, sizeof ratio, "%.1f", limits.must / measured);
    printf(set->markdown ? "| %s | %s | %s | %s | %s | %s |\n" : "%-66s %11s %11s %11s %8s  %s\n",
           name, seconds, must, ideal, ratio, counted);
    fflush(stdout);
}

/* ---- data ---- */

est_table *bench_open(const char *dataset)
{
    char place[80];
    est_error error = {0};
    est_table *table = NULL;
    snprintf(place, sizeof place, "dataset:%s", dataset);
    bench_check(est_table_open(place, NULL, &table, &error), dataset, &error);
    return table;
}

est_i_fit_data *bench_blocks(const char *dataset, bool has_periods, size_t times)
{
    size_t blocks[BENCH_BLOCKS_MOST];
    est_error error = {0};
    est_table *table = bench_open(dataset);
    est_i_captures *captures = NULL;
    est_capture_options options = est_mse_options_default().capture;
    est_i_period_options periods = {.period = "", .seen = ""};
    bench_check(est_i_captures_read(table, &options, has_periods ? &periods : NULL, NULL, &captures, &error), dataset, &error);
    size_t n_blocks = captures->n_blocks * times;
    if (n_blocks > BENCH_BLOCKS_MOST)
        bench_stop("too many blocks", NULL);
    for (size_t k = 0; k < n_blocks; k++)
        blocks[k] = k % captures->n_blocks;
    est_i_fit_data *data = bench_need(est_i_fit_data_of(captures, blocks, n_blocks));
    est_i_captures_free(captures);
    est_table_free(table);
    return data;
}

est_i_fit_data *bench_table(const char *dataset)
{
    return bench_blocks(dataset, false, 1);
}

est_i_fit_data *bench_resample(const est_i_fit_data *data, size_t lanes)
{
    est_i_fit_data *out = bench_need(est_i_fit_data_new(lanes, data->n_lists, data->n_blocks));
    double *drawn = bench_need(calloc(data->n_cells, sizeof *drawn));
    for (size_t k = 0; k < data->n_blocks; k++)
        for (size_t l = 0; l < lanes; l++) {
            est_i_rng rng;
            size_t first = k * data->n_cells;
            est_i_rng_start(&rng, BENCH_SEED, EST_I_PURPOSE_TEST, (uint32_t)l, (uint32_t)k);
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

/* Lists 1 and 2, 3 and 4, ... go together with odds ratios 3, 1/2, 3, 1/2, ... */
est_i_fit_data *bench_synthetic(size_t n_lists, double population, double share)
{
    est_i_fit_data *data = bench_need(est_i_fit_data_new(1, n_lists, 1));
    double *weights = bench_need(calloc(data->n_cells, sizeof *weights));
    est_i_rng rng;
    for (size_t w = 0; w < data->n_cells; w++) {
        weights[w] = 1;
        for (size_t j = 0; j < n_lists; j++)
            weights[w] *= w >> j & 1 ? share / (1 - share) * (1 + 0.1 * (double)j) : 1;
        for (size_t j = 0; j + 1 < n_lists; j += 2)
            weights[w] *= (w >> j & 3) == 3 ? (j % 4 ? 0.5 : 3) : 1;
    }
    est_i_rng_start(&rng, BENCH_SEED, EST_I_PURPOSE_TEST, (uint32_t)n_lists, 0);
    est_i_rng_multinomial(&rng, population, data->n_cells, weights, data->counts);
    data->counts[0] = 0;
    est_i_fit_data_prepare(data);
    free(weights);
    return data;
}
