/* Replicates in groups of lanes, groups over threads. */
#include "mse/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/parallel.h"
#include "numerics/rng.h"
#include "numerics/special.h"

typedef struct worker_space {
    est_i_fit_data *data;
    est_i_estimator_space *estimator;
    double *unseen, *drawn;
    est_error error;
} worker_space;

typedef struct run {
    const est_i_estimator *estimator;
    const est_i_fit_data *data;
    const double *population;
    est_i_bootstrap *bootstrap;
    uint64_t seed;
    size_t lanes;
    est_i_monitor *monitor;
    worker_space *workers;
} run;

static void resample(const run *r, worker_space *own, size_t replicate, size_t lane)
{
    const est_i_fit_data *data = r->data;
    for (size_t k = 0; k < data->n_blocks; k++) {
        est_i_rng rng;
        const double *counts = data->counts + k * data->n_cells;
        double n = data->margins[k * data->n_cells], population = r->population[k];
        est_i_rng_start(&rng, r->seed, EST_I_PURPOSE_BOOTSTRAP, (uint32_t)replicate, (uint32_t)k);
        if (isfinite(population)) {
            double size = round(population);
            n = est_i_rng_binomial(&rng, n / population, size > n ? size : n);
        }
        est_i_rng_multinomial(&rng, n, data->n_cells, counts, own->drawn);
        for (size_t w = 0; w < data->n_cells; w++)
            own->data->counts[(k * data->n_cells + w) * r->lanes + lane] = own->drawn[w];
    }
}

/* Lanes past the last replicate repeat it, so that no lane is ever empty. */
static est_status run_group(void *user, size_t group, int worker)
{
    run *r = user;
    worker_space *own = &r->workers[worker];
    size_t first = group * r->lanes, last = r->bootstrap->n_replicates - 1, blocks = r->data->n_blocks;
    for (size_t l = 0; l < r->lanes; l++)
        resample(r, own, first + l < last ? first + l : last, l);
    est_i_fit_data_prepare(own->data);
    est_status status = est_i_estimator_apply(r->estimator, own->data, own->estimator, own->unseen, r->monitor, &own->error);
    for (size_t l = 0; status == EST_OK && l < r->lanes && first + l <= last; l++)
        for (size_t k = 0; k < blocks; k++)
            r->bootstrap->population[(first + l) * blocks + k] =
                own->data->margins[k * r->data->n_cells * r->lanes + l] + own->unseen[k * r->lanes + l];
    return status;
}

static bool start_worker(const run *r, worker_space *own)
{
    const est_i_fit_data *data = r->data;
    *own = (worker_space){.data = est_i_fit_data_new(r->lanes, data->n_lists, data->n_blocks),
                          .estimator = est_i_estimator_space_new(r->estimator, r->lanes),
                          .unseen = calloc(data->n_blocks * r->lanes, sizeof *own->unseen),
                          .drawn = calloc(data->n_cells, sizeof *own->drawn)};
    bool whole = own->data && own->estimator && own->unseen && own->drawn;
    for (size_t i = 0; whole && i < data->n_blocks * data->n_cells * r->lanes; i++)
        own->data->keep[i] = data->keep[i / r->lanes];
    return whole;
}

static void end_worker(worker_space *own)
{
    est_i_fit_data_free(own->data);
    est_i_estimator_space_free(own->estimator);
    free(own->unseen);
    free(own->drawn);
}

static est_i_bootstrap *new_bootstrap(size_t n_replicates, size_t n_blocks)
{
    est_i_bootstrap *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    *b = (est_i_bootstrap){n_replicates, n_blocks, calloc(n_replicates * n_blocks, sizeof *b->population)};
    if (!b->population) {
        free(b);
        b = NULL;
    }
    return b;
}

/* Wide tables fill the cache in one lane; narrow ones gain from all. */
static size_t choose_lanes(size_t n_cells)
{
    return n_cells <= 256 ? est_i_kernel_lanes() : 1;
}

static est_status run_all(run *r, int threads, est_error *error)
{
    est_status status = EST_OK;
    size_t groups = (r->bootstrap->n_replicates + r->lanes - 1) / r->lanes;
    int n_workers = threads > 1 ? threads : 1, started = 0;
    r->workers = calloc((size_t)n_workers, sizeof *r->workers);
    while (r->workers && status == EST_OK && started < n_workers)
        if (!start_worker(r, &r->workers[started++]))
            status = EST_ENOMEM;
    if (!r->workers || status != EST_OK)
        status = est_i_no_memory(error);
    else
        status = est_i_parallel_for(groups, n_workers, run_group, r, r->monitor);
    for (int i = 0; i < started; i++) {
        if (error && status != EST_OK && r->workers[i].error.code == status)
            *error = r->workers[i].error;
        end_worker(&r->workers[i]);
    }
    free(r->workers);
    return status == EST_ECANCELLED ? est_i_cancelled(error) : status;
}

est_status est_i_bootstrap_run(const est_i_estimator *estimator, const est_i_fit_data *data, const double *population,
                               size_t n_replicates, uint64_t seed, int threads, est_i_monitor *monitor,
                               est_i_bootstrap **bootstrap, est_error *error)
{
    run r = {.estimator = estimator, .data = data, .population = population, .seed = seed,
             .lanes = choose_lanes(data->n_cells), .monitor = monitor};
    *bootstrap = r.bootstrap = new_bootstrap(n_replicates, data->n_blocks);
    est_status status = r.bootstrap ? run_all(&r, threads, error) : est_i_no_memory(error);
    if (status != EST_OK) {
        est_i_bootstrap_free(r.bootstrap);
        *bootstrap = NULL;
    }
    return status;
}

void est_i_bootstrap_free(est_i_bootstrap *bootstrap)
{
    if (bootstrap)
        free(bootstrap->population);
    free(bootstrap);
}

est_status est_i_bootstrap_limits(const est_i_bootstrap *b, size_t block, double observed, double level, double *lower,
                                  double *upper, double *without, est_error *error)
{
    double *sorted = calloc(b->n_replicates + 1, sizeof *sorted), missing = 0;
    if (!sorted)
        return est_i_no_memory(error);
    for (size_t i = 0; i < b->n_replicates; i++) {
        sorted[i] = b->population[i * b->n_blocks + block];
        missing += isinf(sorted[i]) ? 1 : 0;
    }
    est_i_sort(sorted, b->n_replicates);
    *lower = fmax(observed, est_i_quantile(sorted, b->n_replicates, (1 - level) / 2));
    *upper = fmax(observed, est_i_quantile(sorted, b->n_replicates, (1 + level) / 2));
    *without = missing / (double)b->n_replicates;
    free(sorted);
    return EST_OK;
}
