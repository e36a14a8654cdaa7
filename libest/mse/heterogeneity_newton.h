/* Models that are not log-linear: the persons seen give a log likelihood `base`, and the model a probability of being unseen. The
 * population is either profiled out of the Poisson likelihood (N = n / (1 - P(unseen))) or given by a number of unseen. */
#ifndef EST_I_MSE_HETEROGENEITY_NEWTON_H
#define EST_I_MSE_HETEROGENEITY_NEWTON_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

#include "mse/heterogeneity_parts.h"

/* At some parameters: values, gradients (n) and Hessians (n x n, upper triangle). */
typedef struct est_i_share_point {
    double base, share; /* share = log P(unseen) */
    double *base1, *base2, *share1, *share2;
} est_i_share_point;

typedef struct est_i_share_model {
    size_t n;       /* parameters besides the population */
    double persons;
    const void *of;
    void (*evaluate)(const void *of, const double *theta, est_i_share_point *at);
    est_i_monitor *monitor;
} est_i_share_model;

typedef struct est_i_share_fit {
    est_i_closed_state state;
    double value;         /* of what was maximised */
    double *theta;
    est_i_share_point at; /* at theta */
    double share_variance; /* of log P(unseen), by the observed information */
    double *information, *step, *from, *work;
    bool *alive;
} est_i_share_fit;

/* NULL without memory. */
est_i_share_fit *est_i_share_fit_new(size_t n);
void est_i_share_fit_free(est_i_share_fit *fit);

/* Maximises from `start` (n numbers; may be fit->theta): base - n log(1 - P(unseen)), the Poisson likelihood at its best
 * population, or, if `unseen` is no NaN, base + unseen log P(unseen). Newton, with a ridge where the surface is not concave. */
void est_i_share_maximise(const est_i_share_model *model, const double *start, double unseen, est_i_share_fit *fit);

/* The population of a fit without `unseen`: with y = log P(unseen), u = n exp(y) / (1 - exp(y)) and
 * var log u = 1/n + var(y) / (1 - exp(y))^2. Fills unseen, se, log_se and the measures. */
void est_i_share_population(const est_i_share_model *model, const est_i_share_fit *share, const est_i_closed_data *data,
                            const est_i_measure *measure, double n_cells, est_i_closed_fit *fit);

/* Point of a profile (est_i_closed_point); `user` is an est_i_share_profile, its fit the last one, from which the next starts. */
typedef struct est_i_share_profile {
    const est_i_share_model *model;
    est_i_share_fit *fit;
    double *other; /* n numbers, or NULL. A second start is tried then: the last fit with parameter `spread` off 0 */
    size_t spread;
} est_i_share_profile;
bool est_i_share_profile_point(void *user, double unseen, double *loglik, double *log_share);

#endif
