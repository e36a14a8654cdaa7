/* Tails and quantiles of the beta, t and F distributions: 1e-12 relative or better for parameters from 0.01 to 1e10 (GSL's lose
 * digits for large ones), 1e-10 below. NaN in, or a parameter outside its range: NaN. */
#ifndef EST_I_NUMERICS_DISTRIBUTION_H
#define EST_I_NUMERICS_DISTRIBUTION_H

/* a, b > 0, or one of them 0: all mass at 0 (a = 0) or at 1 (b = 0). */
double est_i_beta_lower(double x, double a, double b); /* P(X <= x) */
double est_i_beta_upper(double x, double a, double b); /* P(X > x) */
double est_i_beta_quantile(double probability, double a, double b); /* probability in [0, 1] */

/* df > 0; INFINITY = normal. */
double est_i_t_upper(double t, double df);     /* P(T > t) */
double est_i_t_two_sided(double t, double df); /* P(|T| > |t|) */
double est_i_t_quantile(double probability, double df);

/* df1 > 0 and finite, df2 > 0; df2 = INFINITY: chi-squared / df1. */
double est_i_f_lower(double f, double df1, double df2); /* P(F <= f) */
double est_i_f_upper(double f, double df1, double df2); /* P(F > f) */
double est_i_f_quantile(double probability, double df1, double df2);

#endif
