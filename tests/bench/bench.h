/* What the benches share: settings, clocks, rows of a table, and data. */
#ifndef EST_TESTS_BENCH_H
#define EST_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/error.h>
#include <est/table.h>

#include "mse/kernel.h"
#include "mse/model.h"

#define BENCH_BLOCKS_MOST 24
#define BENCH_SEED 1

typedef struct bench_settings {
    bool quick, full, markdown;
    int repetitions;
    double least;        /* seconds of one repetition of a short job */
    const char *program; /* how this program was called, to call it again */
} bench_settings;

/* ---- what the project holds itself to ---- */

typedef enum bench_target {
    TARGET_NONE,
    FIT_3, FIT_4, FIT_5, FIT_6,
    RANK_5, RANK_6, SEARCH_5, SEARCH_6_UK, SEARCH_6_NETHERLANDS,
    BOOTSTRAP_5, BOOTSTRAP_6_UK, BOOTSTRAP_6_NETHERLANDS, BOOTSTRAP_TOP,
    JOINT_M1, JOINT_BY_PERIOD, JOINT_PENALISED,
    SEARCH_M1_2, SEARCH_M1_3, SEARCH_M3_2, SEARCH_M3_3,
    GRID_2, GRID_3,
    SURVEY_REPLICATES, SURVEY_RAKE, TARGETS
} bench_target;

/* Seconds; 0 = none is set. */
typedef struct bench_limits {
    double must, ideal;
} bench_limits;

bench_limits bench_limits_of(bench_target target);
/* The limits of a job of another size: `share` times the target's. */
bench_limits bench_limits_share(bench_target target, double share);
void bench_print_meanings(const bench_settings *set);

/* ---- errors: a bench stops at the first ---- */

_Noreturn void bench_stop(const char *what, const est_error *error);
void bench_check(est_status status, const char *what, const est_error *error);
/* Stops where the memory is NULL. */
void *bench_need(void *memory);

/* ---- clocks ---- */

typedef struct bench_time {
    double cpu, wall;
} bench_time;

bench_time bench_now(void);
bench_time bench_since(bench_time start);

typedef void (*bench_job)(void *user);
/* CPU seconds a call, the best of the repetitions; short jobs are called until a repetition is long enough to be read. */
double bench_best(const bench_settings *set, bench_job run, void *user);
/* Wall and CPU seconds of single calls, each the best of the repetitions; a call beyond a second is made once. */
bench_time bench_best_call(const bench_settings *set, bench_job run, void *user);

/* ---- tables ---- */

void bench_print_seconds(char text[32], double seconds);
void bench_start_table(const bench_settings *set, const char *title);
/* `counted`: what does not move with the machine. */
void bench_print_row(const bench_settings *set, const char *name, double measured, bench_limits limits, const char *counted);

/* ---- data ---- */

est_table *bench_open(const char *dataset);
/* Every period of a bundled dataset, `times` over; a table without periods is one block. */
est_i_fit_data *bench_blocks(const char *dataset, bool has_periods, size_t times);
est_i_fit_data *bench_table(const char *dataset);
/* Resampled tables side by side. */
est_i_fit_data *bench_resample(const est_i_fit_data *data, size_t lanes);
/* SYNTHETIC persons on n_lists lists, some pairs of which depend on each other; each list sees about `share` of the population. */
est_i_fit_data *bench_synthetic(size_t n_lists, double population, double share);

/* ---- the benches, by topic ---- */

void bench_fits(const bench_settings *set);
void bench_searches(const bench_settings *set);
void bench_bootstraps(const bench_settings *set);
void bench_periods(const bench_settings *set);
void bench_methods(const bench_settings *set);
void bench_memory(const bench_settings *set);
void bench_surveys(const bench_settings *set);

/* For an instruction counter: so many fits and nothing else inside est_i_fit. */
void bench_repeat_fit(size_t fits, size_t n_lists);
/* One bootstrap and nothing else; prints this process's peak memory in KiB. */
void bench_report_peak(const char *dataset, unsigned order, size_t replicates);
/* Jobs that other programs do as well, a line each: name, tab, seconds. */
void bench_peer_jobs(const bench_settings *set);
/* KiB; 0 where the system does not say. */
long bench_peak_memory(void);

#endif
