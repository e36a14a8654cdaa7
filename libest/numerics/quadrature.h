/* Quadrature for expectations over a normal variable. */
#ifndef EST_I_NUMERICS_QUADRATURE_H
#define EST_I_NUMERICS_QUADRATURE_H

#include <stdbool.h>
#include <stddef.h>

#define EST_I_HERMITE_MAX 200

/* Nodes (ascending) and weights of the rule with n nodes, 1 to EST_I_HERMITE_MAX: integral of exp(-x^2) f(x) dx = sum of weight
 * f(node), exact for polynomials up to degree 2n - 1. E f(m + s Z) = sum of weight / sqrt(pi) f(m + s sqrt(2) node). Weights at
 * the ends of long rules may be 0 as a double. false: n out of range, or a zero was not found. */
bool est_i_gauss_hermite(size_t n, double *nodes, double *weights);

/* Expectations over a standard normal variable by the trapezoid rule from -9 to 9: E f(Z) = sum of weight f(node). For analytic
 * f the error falls like exp(-2 pi^2 w^2 / step^2) with w the width of f times the density (Trefethen and Weideman 2014, SIAM
 * Review 56:385-458), so that a narrow f needs fewer nodes than Gauss-Hermite does. The size is how many nodes a step makes;
 * 0.001 <= step <= 1. */
size_t est_i_normal_trapezoid_size(double step);
void est_i_normal_trapezoid(double step, double *nodes, double *weights);

#endif
