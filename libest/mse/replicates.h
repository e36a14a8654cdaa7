/* One estimator on many tables of one shape: bootstrap samples, deletions. */
#ifndef EST_I_MSE_REPLICATES_H
#define EST_I_MSE_REPLICATES_H

#include <stddef.h>

#include <est/error.h>

#include "core/monitor.h"
#include "mse/estimator.h"
#include "mse/kernel.h"

typedef struct est_i_replicates {
    const est_i_estimator *estimator;
    const est_i_fit_data *data; /* one lane: the shape and the cells that can be observed */
    size_t count;
    /* Writes the counts of one table, [block][cell], every cell. Any thread; depends on the number of the table alone. */
    void (*fill)(const void *user, size_t replicate, double *counts);
    const void *user;
    double *population; /* [replicate][block]; receives persons seen plus unseen; +Inf = no estimate */
    double *unseen;     /* [replicate][block]; may be NULL */
    double *log_se;     /* [replicate][block] and the total's at [replicate][n_blocks]; NULL = not asked for */
} est_i_replicates;

/* Tables side by side in lanes, groups of lanes over threads, rooms of the workers used again: memory does not grow with the count,
 * and the bytes depend neither on threads nor on lanes. Errors: EST_ENOMEM, EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_replicates_run(const est_i_replicates *replicates, int threads, est_i_monitor *monitor, est_error *error);

#endif
