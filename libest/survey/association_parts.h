/* What the files of the association share: the sums of the pass, and the tests on proportions and their covariance. */
#ifndef EST_I_SURVEY_ASSOCIATION_PARTS_H
#define EST_I_SURVEY_ASSOCIATION_PARTS_H

#include "core/monitor.h"
#include "survey/association.h"
#include "survey/regression_parts.h"

typedef struct est_i_association_pass {
    const est_i_sample_plan *plan;
    const est_i_association_options *options;
    size_t variable[2];
    size_t q;            /* auxiliary numbers of the calibration; 0: none */
    size_t n_replicates; /* supplied ones, where the sample is not calibrated */
} est_i_association_pass;

/* Two levels are one number of 16 bits each, so that a first pass can give them their final numbers. */
typedef struct est_i_association_sums {
    est_i_cells *table;      /* by leaf and levels: cases and weight */
    est_i_cells *auxiliary;  /* by leaf: weighted sums of the auxiliary numbers, over all rows */
    est_i_cells *right;      /* by levels: the same over the rows that enter, weighted as the residuals' regression is */
    est_i_cells *replicates; /* by levels: supplied replicate weights */
    double *x;
    double missing;
} est_i_association_sums;

enum { EST_I_ASSOCIATION_CASES = 0, EST_I_ASSOCIATION_WEIGHT, EST_I_ASSOCIATION_WIDTH };

est_status est_i_association_take(est_i_sample *sample, est_i_association_pass *pass, est_i_association_sums **sums,
                                  est_error *error);
void est_i_association_sums_free(est_i_association_sums *sums);

/* Cells are numbered row by row: cell = row * n_columns + column. */
typedef struct est_i_two_way {
    size_t n_rows, n_columns;
    const double *proportion; /* every row and every column holds a positive one */
    const double *covariance; /* of the proportions */
    const double *residual;   /* [k], k = (n_rows - 1) (n_columns - 1): p_ij - p_i. p_.j of all rows and columns but the first */
    const double *residual_covariance; /* k x k */
    double n, df;             /* rows that enter; of the design: NaN = the tests that need it are NaN */
} est_i_two_way;

/* The statistics of survey/association.h into `association` (tests, design_effects). */
est_status est_i_association_tests(const est_i_two_way *table, est_i_association *association, est_i_monitor *monitor,
                                   est_error *error);

/* Eigenvalues of a symmetric matrix, descending, by cyclic Jacobi rotations; the matrix is used up. EST_ECANCELLED. */
est_status est_i_eigenvalues(size_t size, double *matrix, double *values, est_i_monitor *monitor, est_error *error);

/* P(sum of a_i X_i > x), X_i chi-squared on df_i degrees of freedom (any positive number), a_i of either sign, by the saddlepoint
 * approximation of Kuonen (1999, Biometrika 86:929-935). */
double est_i_chi_squared_sum_upper(size_t n, const double *a, const double *df, double x);

#endif
