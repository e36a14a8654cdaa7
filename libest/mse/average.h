/* Averaging over models on the log of the unseen (decisions.md 8). */
#ifndef EST_I_MSE_AVERAGE_H
#define EST_I_MSE_AVERAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

#include "core/monitor.h"
#include "mse/kernel.h"
#include "mse/search.h"

typedef struct est_i_averaged {
    double unseen;        /* exp of the weighted mean of the log of the unseen; NaN = none */
    double log_se;        /* unconditional: sum of w sqrt(se^2 + 1 / u + (log u - mean)^2); 1 / u since the unseen themselves vary
                             around what the model expects */
    double effective;     /* models that carry weight: exp of the entropy of the weights */
    double heaviest;      /* the largest weight */
    size_t n_models;      /* that differ */
} est_i_averaged;

/* Weights exp(-criterion / 2), Buckland, Burnham and Augustin (1997) Biometrics 53:603. Models of equal likelihood and equal unseen
 * count once: they differ by redundant -inf terms. With several blocks the average is of their sum. Models with less than 1e-9 of
 * the weight of the heaviest are left out. Errors: EST_ENOMEM, EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_average(const est_i_fit_data *data, const est_i_family *family, const est_i_activity *activity, const est_i_pool *pool,
                         est_i_monitor *monitor, est_i_averaged *averaged, est_error *error);

/* The same model but for redundant -inf terms? */
bool est_i_pool_repeats(const est_i_pool *pool, size_t one, size_t other);
/* Log of the sum of the unseen counts of a model; NaN where a block is not determined. */
double est_i_pool_log_unseen(const est_i_pool *pool, size_t model);

#endif
