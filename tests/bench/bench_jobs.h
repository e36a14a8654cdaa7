/* Jobs that several of the benches time: a fit, a search, a bootstrap. */
#ifndef EST_TESTS_BENCH_JOBS_H
#define EST_TESTS_BENCH_JOBS_H

#include "bench.h"

#include "mse/bootstrap.h"
#include "mse/estimator.h"
#include "mse/joint.h"
#include "mse/kernel.h"
#include "mse/model.h"
#include "mse/search.h"

/* ---- one fit (bench_fit.c) ---- */

typedef struct bench_fit_job {
    est_i_fit_data *data;
    est_i_fit_space *space;
    est_i_fit_request request;
    uint32_t local[64], shared[64];
    double penalty[64];
} bench_fit_job;

/* Main effects and `own` in each block, `common` in all of them. deviation > 0: `own` is penalised. The job owns the data. */
void bench_start_fit(bench_fit_job *fit, est_i_fit_data *data, est_i_set own, est_i_set common, double deviation);
void bench_end_fit(bench_fit_job *fit);
/* Times the fit and ends the job; the time is that of one data set. */
double bench_print_fit(const bench_settings *set, const char *name, bench_fit_job *fit, bench_limits limits);

/* ---- one search (bench_search.c) ---- */

/* Which models of which parts: one table, all blocks jointly, or each block by itself. */
typedef struct bench_search_plan {
    int model_class;
    unsigned order;
    bool by_block, accept_boundary;
} bench_search_plan;

/* The best model, ordering of the terms included. */
void bench_print_search(const bench_settings *set, const char *name, const est_i_fit_data *data, bench_search_plan plan,
                        bench_limits limits);

/* ---- a bootstrap (bench_bootstrap.c) ---- */

typedef struct bench_bootstrap_job {
    const est_i_fit_data *data;
    bool by_block;
    est_i_selection how; /* select = EST_SELECT_NONE: the main effects alone */
    size_t replicates;
    int threads;
} bench_bootstrap_job;

/* Time of the replicates alone, the best of the repetitions; selection on the data themselves is not in it. */
bench_time bench_time_replicates(const bench_settings *set, const bench_bootstrap_job *job);

#endif
