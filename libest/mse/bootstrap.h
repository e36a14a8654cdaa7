/* The bootstrap that includes selection (decisions.md 4 and 5). */
#ifndef EST_I_MSE_BOOTSTRAP_H
#define EST_I_MSE_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#include "core/monitor.h"
#include "mse/estimator.h"
#include "mse/kernel.h"

typedef struct est_i_bootstrap {
    size_t n_replicates, n_blocks;
    double *population; /* [replicate][block]; +Inf = the replicate has no estimate */
    double *unseen;     /* [replicate][block]; +Inf alike; NULL unless with_se */
    double *log_se;     /* [replicate][block], then of the total at [replicate][n_blocks]; NULL unless with_se */
    double *left;       /* [replicate][block]: persons of the population that the sample was drawn from who are not in it, which is
                           what `unseen` estimates; NULL unless with_se */
} est_i_bootstrap;

typedef struct est_i_bootstrap_plan {
    int resample;       /* est_resample */
    size_t n_replicates;
    uint64_t seed;
    int threads;
    bool with_se;       /* also the standard errors, for the studentised interval */
} est_i_bootstrap_plan;

/* EST_RESAMPLE_POPULATION, per block and replicate: n* ~ Binomial(round N, n/N), counts ~ multinomial(n*, y/n), then the estimator,
 * selection and all. EST_RESAMPLE_SCV2024: multinomial(n, y/n). `population` = N of each block on the data; where it is NaN or
 * infinite n* stays n. A replicate's stream is (seed, replicate, block): the same for every estimator, every thread count and every
 * lane width. Errors: EST_ENOMEM, EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_bootstrap_run(const est_i_estimator *estimator, const est_i_fit_data *data, const double *population,
                               const est_i_bootstrap_plan *plan, est_i_monitor *monitor, est_i_bootstrap **bootstrap,
                               est_error *error);
void est_i_bootstrap_free(est_i_bootstrap *bootstrap);

#endif
