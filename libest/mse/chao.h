/* Chao's lower bound of a population from how many persons were met once and twice, and limits on the log of the unseen. */
#ifndef EST_I_MSE_CHAO_H
#define EST_I_MSE_CHAO_H

#include <stddef.h>

typedef enum est_i_chao_form {
    EST_I_CHAO_PLAIN = 0, /* f1^2 / (2 f2) */
    EST_I_CHAO_CORRECTED  /* for bias: f1 (f1 - 1) / (2 (f2 + 1)); also where nobody was met twice */
} est_i_chao_form;

typedef struct est_i_chao {
    double population, unseen, se; /* NaN where the data give none: plain form and nobody met twice */
    double lower, upper;           /* log-normal limits of the bound, NaN where unseen is 0 */
} est_i_chao;

/* `seen` persons, `once` and `twice` of them met once and twice, in `times` lists or occasions; INFINITY for repeat counts
 * without a limit. unseen = (times - 1) / times * f1^2 / (2 f2) (Chao 1987; decisions.md 9). A lower bound where persons differ and
 * the lists reach alike; not where lists repel each other, and not where they differ in reach: see est_i_chao_lists. */
est_i_chao est_i_chao_counts(double seen, double once, double twice, double times, est_i_chao_form form, double level);

/* The same for lists of different reach: unseen = (f1^2 - sum of squares of single) / (2 f2), with single[j] persons on list j
 * alone (Chao 1989). For two lists the plain form is the Lincoln-Petersen estimate and the corrected one Chapman's. */
est_i_chao est_i_chao_lists(double seen, size_t n_lists, const double *single, double twice, est_i_chao_form form,
                            double level);

/* Chao (1987): log(population - seen) taken as normal, so that the lower limit is never below those seen:
 * seen + (population - seen) C^-1 and C, C = exp(z sqrt(log(1 + se^2 / (population - seen)^2))). An infinite se gives seen and
 * +Inf; NaN, or nobody unseen, gives NaN. */
void est_i_log_normal_limits(double seen, double population, double se, double level, double *lower, double *upper);

#endif
