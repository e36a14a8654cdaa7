/* Profile-likelihood interval of a population, the model taken as known (decisions.md 2). */
#ifndef EST_I_MSE_PROFILE_H
#define EST_I_MSE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

#include "mse/joint.h"
#include "mse/kernel.h"

typedef struct est_i_profile {
    double maximum;      /* the multinomial maximum-likelihood population, real-valued */
    double lower, upper; /* upper = +Inf when the likelihood never falls far enough */
} est_i_profile;

/* Profiles the population of one block of one-lane data: l(N) = log Gamma(N + 1) - log Gamma(N - n + 1) - N log N + N + the
 * Poisson log likelihood of the table completed by N - n in the unseen cell, maximised over all parameters. The other blocks keep
 * their Poisson likelihood, in which their unseen counts are maximised. Limits: where l falls by half the chi-squared quantile
 * below its own maximum. `joint` is the settled fit, and its block must be estimable. Errors: EST_ENOMEM, EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_profile_find(const est_i_fit_data *data, const est_i_terms *terms, const est_i_joint *joint, size_t block,
                              double level, est_i_monitor *monitor, est_i_profile *profile, est_error *error);

#endif
