/* What the files of the small area model share. */
#ifndef EST_I_SURVEY_SMALL_AREA_PARTS_H
#define EST_I_SURVEY_SMALL_AREA_PARTS_H

#include "survey/small_area.h"

/* The fitted areas on an orthonormal basis z of their terms, so that no scale or offset of a covariate costs digits. y is what the
 * basis leaves unexplained with equal weights: every contrast of residuals is the same as with the direct estimates. */
typedef struct est_i_small_area_problem {
    size_t n, p;
    double *z, *y, *d;    /* n x p, n, n */
    double sum_of_squares; /* of y */
    double largest;       /* of d */
    /* at one value of A: */
    double *w;            /* 1 / (A + d) */
    double *covariance;   /* (z'wz)^-1, p x p */
    double *coefficient;  /* p */
    double *residual;     /* n */
    double log_determinant; /* of z'wz */
    bool failed;          /* z'wz is singular in this precision, or a sum out of range */
    double *work;         /* 2 p x p + n + 2 p */
    bool *alive;
} est_i_small_area_problem;

typedef enum est_i_small_area_criterion {
    EST_I_CRITERION_REML = 0,
    EST_I_CRITERION_ML,
    EST_I_CRITERION_ADJUSTED /* restricted likelihood times A: Li and Lahiri (2010) */
} est_i_small_area_criterion;

/* Makes w, covariance, coefficient, residual for that A. */
void est_i_small_area_weigh(est_i_small_area_problem *problem, double variance);

/* z'diag(weight)z, whole, into matrix. */
void est_i_small_area_cross(const est_i_small_area_problem *problem, const double *weight, double *matrix);

/* Every maximum of the criterion over A >= 0, the best first; returns how many there are (the first EST_I_SMALL_AREA_OPTIMA are
 * stored). It is at least 1, unless problem->failed; 0 for the adjusted one with n - p of 2 or less, which has no maximum. */
size_t est_i_small_area_search(est_i_small_area_problem *problem, est_i_small_area_criterion criterion,
                               est_i_small_area_optimum optimum[EST_I_SMALL_AREA_OPTIMA]);

/* The A at which the residual sum of squares over A + d is n - p; 0 if it is less already at A = 0. */
double est_i_small_area_moment(est_i_small_area_problem *problem);

/* Residual sum of squares over A + d, at the A weighed last. */
double est_i_small_area_quadratic(const est_i_small_area_problem *problem);

#endif
