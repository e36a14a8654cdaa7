/* The jackknife over persons: one deletion for each capture history that somebody has, weighted by its count. */
#ifndef EST_I_MSE_JACKKNIFE_H
#define EST_I_MSE_JACKKNIFE_H

#include <stddef.h>

#include <est/error.h>

#include "core/monitor.h"
#include "mse/estimator.h"
#include "mse/kernel.h"

typedef struct est_i_jackknife {
    size_t n_deletions, n_blocks;
    double *weight;     /* per deletion: persons with that history in that block */
    size_t *block;      /* per deletion: where the person was */
    double *population; /* [deletion][block]; +Inf = no estimate */
} est_i_jackknife;

/* The estimator, selection and all, on the data without one person of each history. Errors: EST_ENOMEM, EST_EINTERNAL,
 * EST_ECANCELLED. */
est_status est_i_jackknife_run(const est_i_estimator *estimator, const est_i_fit_data *data, int threads,
                               est_i_monitor *monitor, est_i_jackknife **jackknife, est_error *error);
void est_i_jackknife_free(est_i_jackknife *jackknife);

#endif
