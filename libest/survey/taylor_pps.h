/* Variance terms of one stratum whose units were drawn without replacement with unequal probabilities. */
#ifndef EST_I_SURVEY_TAYLOR_PPS_H
#define EST_I_SURVEY_TAYLOR_PPS_H

#include "survey/taylor.h"

/* Sum over the units of (1 - probability) (za - ca) (zb - cb): Brewer's form but for n / (n - 1). */
double est_i_pps_brewer(size_t n, const double *probability, const double *za, double ca, const double *zb, double cb);

/* Overton's or Hartley and Rao's approximate joint probabilities in the Horvitz-Thompson or the Yates-Grundy form, n >= 2.
 * square_sum: of the probabilities over the population of the stratum, for Hartley-Rao; NaN = estimated. */
double est_i_pps_joint(const est_i_taylor_options *options, size_t n, const double *probability, double square_sum,
                       const double *za, const double *zb);

#endif
