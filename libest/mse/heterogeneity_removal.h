/* First captures as a removal experiment: expected counts exp(a + b i), i = 0, 1, ...; N = exp(a) / (1 - exp(b)). */
#ifndef EST_I_MSE_HETEROGENEITY_REMOVAL_H
#define EST_I_MSE_HETEROGENEITY_REMOVAL_H

#include <stddef.h>

#include "mse/heterogeneity_parts.h"

typedef struct est_i_removal {
    est_i_closed_state state; /* UNBOUNDED: counts that do not fall */
    double population, variance, bias;
    double loglik;            /* sum of y log mu - sum of mu */
} est_i_removal;

/* At most EST_I_LISTS_MAX counts, not necessarily whole. EST_ENOMEM. */
est_status est_i_removal_fit(const double *counts, size_t n, est_i_monitor *monitor, est_i_removal *removal, est_error *error);

#endif
