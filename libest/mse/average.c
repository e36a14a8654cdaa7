/* Averaging over models. */
#include "mse/average.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/joint.h"

#define LEAST_WEIGHT 1e-9

double est_i_pool_log_unseen(const est_i_pool *pool, size_t model)
{
    const double *parts = pool->log_unseen + model * pool->n_blocks;
    double sum = 0;
    for (size_t k = 0; k < pool->n_blocks; k++)
        sum += exp(parts[k]);
    return pool->n_blocks == 1 ? parts[0] : log(sum);
}

bool est_i_pool_repeats(const est_i_pool *pool, size_t one, size_t other)
{
    const double *a = pool->log_unseen + one * pool->n_blocks, *b = pool->log_unseen + other * pool->n_blocks;
    bool same = fabs(pool->models[one].loglik - pool->models[other].loglik) < 1e-7;
    for (size_t k = 0; k < pool->n_blocks && same; k++)
        same = fabs(a[k] - b[k]) < 1e-6 || (isnan(a[k]) && isnan(b[k]));
    return same;
}

/* Repeats have more parameters than the first of their kind, so they stand after it, and at the same likelihood: few need a look. */
static bool repeats_earlier(const est_i_pool *pool, const double *weight, size_t model)
{
    bool found = false;
    for (size_t i = 0; i < model && !found; i++)
        found = weight[i] > 0 && est_i_pool_repeats(pool, i, model);
    return found;
}

static double set_weights(const est_i_pool *pool, double *weight, est_i_averaged *averaged)
{
    double sum = 0;
    for (size_t i = 0; i < pool->n_models; i++) {
        double w = exp((pool->models[0].criterion - pool->models[i].criterion) / 2);
        weight[i] = w >= LEAST_WEIGHT && isfinite(est_i_pool_log_unseen(pool, i)) && !repeats_earlier(pool, weight, i) ? w : 0;
        sum += weight[i];
        averaged->n_models += weight[i] > 0;
    }
    return sum;
}

static est_status standard_error(const est_i_fit_data *data, const est_i_family *family, const est_i_activity *activity, est_i_set set,
                                 est_i_monitor *monitor, double *se, est_error *error)
{
    uint32_t local[EST_I_FAMILY_TERMS_MAX + EST_I_LISTS_MAX + 1], shared[EST_I_ACTIVITY_SHARED_MAX];
    uint32_t dependence[EST_I_FAMILY_TERMS_MAX];
    est_i_joint *joint = NULL;
    size_t count = est_i_family_terms(family, set, dependence);
    est_i_terms terms = est_i_model_terms(activity, data->n_lists, data->n_blocks, dependence, count, local, shared);
    est_status status = est_i_joint_fit(data, &terms, monitor, &joint, error);
    if (status == EST_OK)
        *se = est_i_joint_total_se(joint);
    est_i_joint_free(joint);
    return status;
}

est_status est_i_average(const est_i_fit_data *data, const est_i_family *family, const est_i_activity *activity, const est_i_pool *pool,
                         est_i_monitor *monitor, est_i_averaged *averaged, est_error *error)
{
    double *weight = calloc(pool->n_models + 1, sizeof *weight), mean = 0, entropy = 0, spread = 0;
    est_status status = weight ? EST_OK : est_i_no_memory(error);
    *averaged = (est_i_averaged){.unseen = NAN, .log_se = NAN};
    double sum = weight ? set_weights(pool, weight, averaged) : 0;
    for (size_t i = 0; i < pool->n_models && status == EST_OK; i++)
        if (weight[i] > 0) {
            weight[i] /= sum;
            mean += weight[i] * est_i_pool_log_unseen(pool, i);
            entropy -= weight[i] * log(weight[i]);
            averaged->heaviest = fmax(averaged->heaviest, weight[i]);
        }
    for (size_t i = 0; i < pool->n_models && status == EST_OK; i++) {
        double se = 0;
        if (!(weight[i] > 0))
            continue;
        status = standard_error(data, family, activity, pool->models[i].set, monitor, &se, error);
        double log_unseen = est_i_pool_log_unseen(pool, i);
        spread += weight[i] * sqrt(se * se + exp(-log_unseen) + (log_unseen - mean) * (log_unseen - mean));
        if (est_i_monitor_cancelled(monitor))
            status = est_i_cancelled(error);
    }
    if (status == EST_OK && averaged->n_models) {
        averaged->unseen = exp(mean);
        averaged->log_se = spread;
        averaged->effective = exp(entropy);
    }
    free(weight);
    return status;
}
