/* One person of each history away, and the estimator once more. */
#include "mse/jackknife.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/replicates.h"

typedef struct deletions {
    const est_i_fit_data *data;
    size_t *place; /* per deletion: block * cells + history */
} deletions;

static void delete_one(const void *user, size_t deletion, double *counts)
{
    const deletions *d = user;
    memcpy(counts, d->data->counts, d->data->n_blocks * d->data->n_cells * sizeof *counts);
    counts[d->place[deletion]] -= 1;
}

static size_t count_histories(const est_i_fit_data *data)
{
    size_t count = 0;
    for (size_t w = 0; w < data->n_blocks * data->n_cells; w++)
        count += data->counts[w] > 0;
    return count;
}

static est_i_jackknife *new_jackknife(size_t n_deletions, size_t n_blocks)
{
    est_i_jackknife *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    *j = (est_i_jackknife){.n_deletions = n_deletions, .n_blocks = n_blocks,
                           .weight = calloc(n_deletions + 1, sizeof *j->weight),
                           .block = calloc(n_deletions + 1, sizeof *j->block),
                           .population = calloc((n_deletions + 1) * n_blocks, sizeof *j->population)};
    if (!j->weight || !j->block || !j->population) {
        est_i_jackknife_free(j);
        j = NULL;
    }
    return j;
}

static void list_deletions(const est_i_fit_data *data, est_i_jackknife *j, size_t *place)
{
    size_t deletion = 0;
    for (size_t w = 0; w < data->n_blocks * data->n_cells; w++)
        if (data->counts[w] > 0) {
            j->weight[deletion] = data->counts[w];
            j->block[deletion] = w / data->n_cells;
            place[deletion++] = w;
        }
}

est_status est_i_jackknife_run(const est_i_estimator *estimator, const est_i_fit_data *data, int threads,
                               est_i_monitor *monitor, est_i_jackknife **jackknife, est_error *error)
{
    size_t count = count_histories(data);
    deletions d = {.data = data, .place = calloc(count + 1, sizeof *d.place)};
    est_i_jackknife *j = new_jackknife(count, data->n_blocks);
    est_status status = EST_OK;
    *jackknife = NULL;
    if (!d.place || !j) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    list_deletions(data, j, d.place);
    const est_i_replicates job = {.estimator = estimator, .data = data, .count = count, .fill = delete_one, .user = &d,
                                  .population = j->population};
    status = est_i_replicates_run(&job, threads, monitor, error);
    if (status == EST_OK) {
        *jackknife = j;
        j = NULL;
    }
cleanup:
    est_i_jackknife_free(j);
    free(d.place);
    return status;
}

void est_i_jackknife_free(est_i_jackknife *jackknife)
{
    if (!jackknife)
        return;
    free(jackknife->weight);
    free(jackknife->block);
    free(jackknife->population);
    free(jackknife);
}
