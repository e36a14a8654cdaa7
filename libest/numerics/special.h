/* Special functions and sample quantiles. */
#ifndef EST_I_NUMERICS_SPECIAL_H
#define EST_I_NUMERICS_SPECIAL_H

#include <stddef.h>

double est_i_log_gamma(double x);                                /* x > 0; NaN otherwise */
double est_i_digamma(double x);                                  /* x > 0; NaN otherwise */
double est_i_normal_lower(double x);                             /* P(Z <= x) */
double est_i_poisson_lower(double count, double mean);           /* P(X <= count), count a whole number >= 0, mean >= 0 */
double est_i_poisson_upper(double count, double mean);           /* P(X >= count) */
double est_i_normal_quantile(double probability);                /* in (0, 1); NaN otherwise */
double est_i_chi_squared_quantile(double probability, double df);
double est_i_chi_squared_upper(double x, double df);             /* P(X > x); 1 for x <= 0; NaN for df <= 0 */

/* Quantile type 8 of Hyndman and Fan (1996): h = (n + 1/3) p + 1/3, between order statistics. `sorted` ascending, +Inf allowed
 * at the end: the answer is +Inf as soon as an infinite value has a weight above 0. NaN for n = 0. */
double est_i_quantile(const double *sorted, size_t n, double probability);

/* Sorts ascending, +Inf last. No NaN. */
void est_i_sort(double *values, size_t n);

#endif
