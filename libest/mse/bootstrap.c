/* Bootstrap samples of every block, each from its own stream. */
#include "mse/bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include <est/mse.h>

#include "core/error.h"
#include "mse/replicates.h"
#include "numerics/rng.h"

typedef struct sampling {
    const est_i_fit_data *data;
    const double *population;
    const est_i_bootstrap_plan *plan;
    double *left; /* each replicate writes its own; may be NULL */
} sampling;

static void resample(const void *user, size_t replicate, double *counts)
{
    const sampling *s = user;
    const est_i_fit_data *data = s->data;
    for (size_t k = 0; k < data->n_blocks; k++) {
        est_i_rng rng;
        size_t at = k * data->n_cells;
        double n = data->margins[at], population = s->population[k], left = population - n;
        est_i_rng_start(&rng, s->plan->seed, EST_I_PURPOSE_BOOTSTRAP, (uint32_t)replicate, (uint32_t)k);
        if (s->plan->resample == EST_RESAMPLE_POPULATION && isfinite(population)) {
            double size = fmax(round(population), n);
            n = est_i_rng_binomial(&rng, n / population, size);
            left = size - n;
        }
        if (s->left)
            s->left[replicate * data->n_blocks + k] = left;
        est_i_rng_multinomial(&rng, n, data->n_cells, data->counts + at, counts + at);
    }
}

static est_i_bootstrap *new_bootstrap(size_t n_replicates, size_t n_blocks, bool with_se)
{
    est_i_bootstrap *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    *b = (est_i_bootstrap){.n_replicates = n_replicates, .n_blocks = n_blocks,
                           .population = calloc(n_replicates * n_blocks, sizeof *b->population)};
    if (with_se) {
        b->unseen = calloc(n_replicates * n_blocks, sizeof *b->unseen);
        b->left = calloc(n_replicates * n_blocks, sizeof *b->left);
        b->log_se = calloc(n_replicates * (n_blocks + 1), sizeof *b->log_se);
    }
    if (!b->population || (with_se && (!b->unseen || !b->log_se || !b->left))) {
        est_i_bootstrap_free(b);
        b = NULL;
    }
    return b;
}

est_status est_i_bootstrap_run(const est_i_estimator *estimator, const est_i_fit_data *data, const double *population,
                               const est_i_bootstrap_plan *plan, est_i_monitor *monitor, est_i_bootstrap **bootstrap,
                               est_error *error)
{
    est_i_bootstrap *b = *bootstrap = new_bootstrap(plan->n_replicates, data->n_blocks, plan->with_se);
    if (!b)
        return est_i_no_memory(error);
    const sampling samples = {.data = data, .population = population, .plan = plan, .left = b->left};
    const est_i_replicates job = {.estimator = estimator, .data = data, .count = plan->n_replicates, .fill = resample,
                                  .user = &samples, .population = b->population, .unseen = b->unseen, .log_se = b->log_se};
    est_status status = est_i_replicates_run(&job, plan->threads, monitor, error);
    if (status != EST_OK) {
        est_i_bootstrap_free(b);
        *bootstrap = NULL;
    }
    return status;
}

void est_i_bootstrap_free(est_i_bootstrap *bootstrap)
{
    if (!bootstrap)
        return;
    free(bootstrap->population);
    free(bootstrap->unseen);
    free(bootstrap->log_se);
    free(bootstrap->left);
    free(bootstrap);
}
