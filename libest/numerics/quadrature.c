/* Nodes are the zeros of the Hermite polynomial of degree n. With the normalised Hermite functions psi the weight of node x is
 * exp(-x^2) / (n psi_{n-1}(x)^2), which neither overflows nor cancels (Abramowitz and Stegun 1964, 25.4.46, divided by the norms).
 * Only functions of GSL that return their error and allocate nothing are used. */
#include "numerics/quadrature.h"

#include <math.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_hermite.h>

#define REACH 9.0 /* the density beyond is below 1e-17 of its top */

static bool hermite_function(size_t degree, double x, double *value)
{
    gsl_sf_result result;
    bool fine = gsl_sf_hermite_func_e((int)degree, x, &result) == GSL_SUCCESS;
    *value = result.val;
    return fine;
}

/* Newton on psi_n, whose derivative at a zero is sqrt(2n) psi_{n-1}. */
static bool polish(size_t n, double *x, double *below)
{
    bool fine = true;
    for (int i = 0; i < 3 && fine; i++) {
        double value;
        fine = hermite_function(n, *x, &value) && hermite_function(n - 1, *x, below) && fabs(*below) > 0;
        if (fine && i < 2)
            *x -= value / (sqrt(2 * (double)n) * *below);
    }
    return fine;
}

bool est_i_gauss_hermite(size_t n, double *nodes, double *weights)
{
    bool fine = n >= 1 && n <= EST_I_HERMITE_MAX;
    /* GSL counts the positive zeros from the centre outwards; an odd rule has its centre at 0. */
    for (size_t i = 0; i < n / 2 && fine; i++) {
        gsl_sf_result zero;
        double below;
        fine = gsl_sf_hermite_zero_e((int)n, (int)(i + 1), &zero) == GSL_SUCCESS;
        double x = fabs(zero.val);
        fine = fine && polish(n, &x, &below);
        if (!fine)
            break;
        size_t at = (n + 1) / 2 + i;
        nodes[at] = x;
        nodes[n - 1 - at] = -x;
        weights[at] = weights[n - 1 - at] = exp(-x * x) / ((double)n * below * below);
    }
    if (fine && n % 2 == 1) {
        double below;
        fine = hermite_function(n - 1, 0, &below) && fabs(below) > 0;
        nodes[n / 2] = 0;
        weights[n / 2] = 1 / ((double)n * below * below);
    }
    return fine;
}

size_t est_i_normal_trapezoid_size(double step)
{
    return 2 * (size_t)floor(REACH / step) + 1;
}

/* The weights are scaled to sum 1, which they do anyway but for rounding and the ends. */
void est_i_normal_trapezoid(double step, double *nodes, double *weights)
{
    size_t n = est_i_normal_trapezoid_size(step);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        nodes[i] = ((double)i - (double)(n / 2)) * step;
        weights[i] = exp(-nodes[i] * nodes[i] / 2);
        sum += weights[i];
    }
    for (size_t i = 0; i < n; i++)
        weights[i] /= sum;
}
