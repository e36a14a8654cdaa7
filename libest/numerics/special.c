/* GSL's special functions by their error-returning forms, so that its abort handler is never reached. */
#include "numerics/special.h"

#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>

double est_i_log_gamma(double x)
{
    gsl_sf_result value = {NAN, 0};
    if (x > 0 && gsl_sf_lngamma_e(x, &value) != GSL_SUCCESS)
        value.val = NAN;
    return value.val;
}

double est_i_digamma(double x)
{
    gsl_sf_result value = {NAN, 0};
    if (x > 0 && gsl_sf_psi_e(x, &value) != GSL_SUCCESS)
        value.val = NAN;
    return value.val;
}

double est_i_normal_quantile(double probability)
{
    return probability > 0 && probability < 1 ? gsl_cdf_ugaussian_Pinv(probability) : NAN;
}

double est_i_chi_squared_upper(double x, double df)
{
    double upper = NAN;
    if (df > 0 && x > 0)
        upper = gsl_cdf_chisq_Q(x, df);
    else if (df > 0 && x <= 0)
        upper = 1;
    return upper;
}

/* One degree of freedom is the square of a normal quantile; others by bisection on the upper tail, which cannot fail. */
double est_i_chi_squared_quantile(double probability, double df)
{
    double low = 0, high = df + 10;
    if (!(probability > 0 && probability < 1 && df > 0))
        return NAN;
    if (df == 1) {
        double z = est_i_normal_quantile(0.5 + probability / 2);
        return z * z;
    }
    while (est_i_chi_squared_upper(high, df) > 1 - probability)
        high *= 2;
    for (int i = 0; i < 200 && high - low > 1e-14 * high; i++) {
        double middle = (low + high) / 2;
        if (est_i_chi_squared_upper(middle, df) > 1 - probability)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

double est_i_quantile(const double *sorted, size_t n, double probability)
{
    if (n == 0)
        return NAN;
    double h = ((double)n + 1.0 / 3) * probability + 1.0 / 3;
    double below = floor(h), weight = h - below;
    if (h <= 1)
        return sorted[0];
    if (h >= (double)n)
        return sorted[n - 1];
    double low = sorted[(size_t)below - 1], high = sorted[(size_t)below];
    if (weight <= 0 || high == low)
        return low;
    return isinf(high) ? high : low + weight * (high - low);
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void est_i_sort(double *values, size_t n)
{
    if (n > 1)
        qsort(values, n, sizeof *values, ascending);
}

double est_i_normal_lower(double x)
{
    return gsl_cdf_ugaussian_P(x);
}

/* P(X <= k) = Q(k + 1, mean), the upper regularised gamma function: no sum, so large counts cost nothing. */
double est_i_poisson_lower(double count, double mean)
{
    if (!(mean >= 0) || !(count >= 0))
        return NAN;
    return mean > 0 ? gsl_cdf_gamma_Q(mean, count + 1, 1) : 1;
}

double est_i_poisson_upper(double count, double mean)
{
    if (!(mean >= 0) || !(count >= 0))
        return NAN;
    return !(count > 0) ? 1 : mean > 0 ? gsl_cdf_gamma_P(mean, count, 1) : 0;
}
