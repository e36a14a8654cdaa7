/* Tables in groups of lanes, groups over threads. */
#include "mse/replicates.h"

#include <stdbool.h>
#include <stdlib.h>

#include "core/error.h"
#include "numerics/parallel.h"

typedef struct worker_space {
    est_i_fit_data *data;
    est_i_estimator_space *estimator;
    double *counts, *unseen, *log_se;
    est_error error;
    size_t failed_group;
} worker_space;

typedef struct run {
    const est_i_replicates *job;
    size_t lanes;
    est_i_monitor *monitor;
    worker_space *workers;
} run;

static void put_table(const run *r, worker_space *own, size_t replicate, size_t lane)
{
    size_t cells = r->job->data->n_blocks * r->job->data->n_cells;
    r->job->fill(r->job->user, replicate, own->counts);
    for (size_t w = 0; w < cells; w++)
        own->data->counts[w * r->lanes + lane] = own->counts[w];
}

static void take_answer(const run *r, const worker_space *own, size_t replicate, size_t lane)
{
    const est_i_replicates *job = r->job;
    size_t blocks = job->data->n_blocks, cells = job->data->n_cells;
    for (size_t k = 0; k < blocks; k++) {
        double unseen = own->unseen[k * r->lanes + lane];
        job->population[replicate * blocks + k] = own->data->margins[k * cells * r->lanes + lane] + unseen;
        if (job->unseen)
            job->unseen[replicate * blocks + k] = unseen;
    }
    for (size_t k = 0; job->log_se && k <= blocks; k++)
        job->log_se[replicate * (blocks + 1) + k] = own->log_se[k * r->lanes + lane];
}

/* Lanes past the last table repeat it, so that no lane is ever empty. */
static est_status run_group(void *user, size_t group, int worker)
{
    run *r = user;
    worker_space *own = &r->workers[worker];
    size_t first = group * r->lanes, last = r->job->count - 1;
    for (size_t l = 0; l < r->lanes; l++)
        put_table(r, own, first + l < last ? first + l : last, l);
    est_i_fit_data_prepare_asking(own->data, r->monitor);
    est_status status = est_i_estimator_apply(r->job->estimator, own->data, own->estimator, own->unseen, own->log_se, r->monitor,
                                              &own->error);
    if (status != EST_OK)
        own->failed_group = group;
    for (size_t l = 0; status == EST_OK && l < r->lanes && first + l <= last; l++)
        take_answer(r, own, first + l, l);
    return status;
}

static bool start_worker(const run *r, worker_space *own)
{
    const est_i_fit_data *data = r->job->data;
    size_t cells = data->n_blocks * data->n_cells;
    *own = (worker_space){.data = est_i_fit_data_new(r->lanes, data->n_lists, data->n_blocks),
                          .estimator = est_i_estimator_space_new(r->job->estimator, r->lanes),
                          .counts = calloc(cells, sizeof *own->counts),
                          .unseen = calloc(data->n_blocks * r->lanes, sizeof *own->unseen)};
    bool whole = own->data && own->estimator && own->counts && own->unseen;
    if (r->job->log_se) {
        own->log_se = calloc((data->n_blocks + 1) * r->lanes, sizeof *own->log_se);
        whole = whole && own->log_se;
    }
    for (size_t i = 0; whole && i < cells * r->lanes; i++)
        own->data->keep[i] = data->keep[i / r->lanes];
    return whole;
}

static void end_worker(worker_space *own)
{
    est_i_fit_data_free(own->data);
    est_i_estimator_space_free(own->estimator);
    free(own->counts);
    free(own->unseen);
    free(own->log_se);
}

/* Of several workers that failed, the one with the first table speaks: that is the one whose status is returned. */
static void report(const run *r, int workers, est_status status, est_error *error)
{
    const worker_space *first = NULL;
    for (int i = 0; i < workers; i++)
        if (r->workers[i].error.code == status && (!first || r->workers[i].failed_group < first->failed_group))
            first = &r->workers[i];
    if (first && error)
        *error = first->error;
}

/* Wide tables fill the cache in one lane; narrow ones gain from all. */
static size_t choose_lanes(size_t n_cells)
{
    return n_cells <= 256 ? est_i_kernel_lanes() : 1;
}

est_status est_i_replicates_run(const est_i_replicates *replicates, int threads, est_i_monitor *monitor, est_error *error)
{
    run r = {.job = replicates, .lanes = choose_lanes(replicates->data->n_cells), .monitor = monitor};
    size_t groups = (replicates->count + r.lanes - 1) / r.lanes;
    size_t most = threads > 1 ? (size_t)threads : 1;
    int n_workers = (int)(most < groups || groups < 1 ? most : groups), started = 0;
    bool whole = true;
    est_status status = EST_OK;
    r.workers = calloc((size_t)n_workers, sizeof *r.workers);
    while (r.workers && whole && started < n_workers)
        whole = start_worker(&r, &r.workers[started++]);
    if (!r.workers || !whole)
        status = est_i_no_memory(error);
    else {
        status = est_i_parallel_for(groups, n_workers, run_group, &r, monitor);
        if (status != EST_OK)
            report(&r, started, status, error);
    }
    for (int i = 0; i < started; i++)
        end_worker(&r.workers[i]);
    free(r.workers);
    return status == EST_ECANCELLED ? est_i_cancelled(error) : status;
}
