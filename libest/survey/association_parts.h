/* The tests of association as a calculation on proportions and their covariance. */
#ifndef EST_I_SURVEY_ASSOCIATION_PARTS_H
#define EST_I_SURVEY_ASSOCIATION_PARTS_H

#include "core/monitor.h"
#include "survey/association.h"

/* Cells are numbered row by row: cell = row * n_columns + column. */
typedef struct est_i_two_way {
    size_t n_rows, n_columns;
    const double *proportion; /* every row and every column holds a positive one */
    const double *covariance; /* of the proportions */
    const double *residual;   /* [k], k = (n_rows - 1) (n_columns - 1): T_ij - T_i. T_.j / T of all rows and columns but the first */
    const double *residual_covariance; /* k x k */
    double n, df;             /* rows that enter; of the design: NaN = the tests that need it are NaN */
} est_i_two_way;

/* The statistics of survey/association.h into `association` (tests, design_effects). */
est_status est_i_association_tests(const est_i_two_way *table, est_i_association *association, est_i_monitor *monitor, est_error *error);

/* Eigenvalues of a symmetric matrix, descending, by cyclic Jacobi rotations; the matrix is used up. EST_ECANCELLED. */
est_status est_i_eigenvalues(size_t size, double *matrix, double *values, est_i_monitor *monitor, est_error *error);

/* P(sum of a_i X_i > x), X_i chi-squared on df_i degrees of freedom (any positive number), a_i of either sign, by the saddlepoint
 * approximation of Kuonen (1999, Biometrika 86:929-935). */
double est_i_chi_squared_sum_upper(size_t n, const double *a, const double *df, double x);

#endif
