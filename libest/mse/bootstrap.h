/* The bootstrap that includes selection (decisions.md 4 and 5). */
#ifndef EST_I_MSE_BOOTSTRAP_H
#define EST_I_MSE_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#include "core/monitor.h"
#include "mse/estimator.h"
#include "mse/kernel.h"

typedef struct est_i_bootstrap {
    size_t n_replicates, n_blocks;
    double *population; /* [replicate][block]; +Inf = the replicate has no estimate */
} est_i_bootstrap;

/* Per block and replicate: n* ~ Binomial(round N, n/N), counts ~ multinomial(n*, y/n), then the estimator, selection and all.
 * `population` = N of each block on the data; where it is NaN or infinite n* stays n. A replicate's stream is (seed, replicate,
 * block): the same for every estimator, every thread count and every lane width. Errors: EST_ENOMEM, EST_EINTERNAL,
 * EST_ECANCELLED. */
est_status est_i_bootstrap_run(const est_i_estimator *estimator, const est_i_fit_data *data, const double *population,
                               size_t n_replicates, uint64_t seed, int threads, est_i_monitor *monitor,
                               est_i_bootstrap **bootstrap, est_error *error);
void est_i_bootstrap_free(est_i_bootstrap *bootstrap);

/* Percentile limits (quantile type 8) of one block's populations, never below the persons observed: a replicate may see fewer, the
 * population cannot hold fewer. without = share of replicates that have no estimate. */
est_status est_i_bootstrap_limits(const est_i_bootstrap *bootstrap, size_t block, double observed, double level, double *lower,
                                  double *upper, double *without, est_error *error);

#endif
