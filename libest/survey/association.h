/* Tests of association in two-way tables: Rao-Scott first and second order, Wald, adjusted Wald. */
#ifndef EST_I_SURVEY_ASSOCIATION_H
#define EST_I_SURVEY_ASSOCIATION_H

#include "survey/calibrate.h"
#include "survey/replicate.h"
#include "survey/sample.h"
#include "survey/taylor.h"

typedef struct est_i_association_test {
    const char *name; /* "pearson", "rao-scott-1", "rao-scott-2", "wald", "adjusted-wald", "saddlepoint" */
    double statistic, df1, df2, p; /* df2 NaN: chi-squared; df1 NaN: a sum of chi-squareds weighted by the design effects */
} est_i_association_test;

/* pearson: X2 of the weighted proportions on the scale of n rows; it has no p of its own. rao-scott-1: X2 over the mean design
 * effect. rao-scott-2: X2 over their sum, F on d0 and d0 df, d0 = (sum)^2 / sum of squares. saddlepoint: X2 as a sum of
 * chi-squareds times the design effects, over a chi-squared / (d0 df) of d0 df. wald: F on k = (rows - 1)(columns - 1) and df,
 * of the residuals T_ij - T_i. T_.j / T; adjusted-wald: times (df - k + 1) / df, F on k and df - k + 1. A p is NaN where the df
 * do not allow the test. */
typedef struct est_i_association {
    size_t n_rows, n_columns;
    uint32_t *row_level, *column_level; /* levels of the sample with cases, in page order */
    double *proportion;  /* weighted, row by row */
    double *cases;
    double n, weight, missing, df;
    size_t n_tests;
    est_i_association_test tests[8];
    double *design_effects; /* eigenvalues of the design effect matrix, descending */
    size_t n_design_effects;
    size_t lonely;       /* single-PSU strata that were met (Taylor) */
    size_t dropped;      /* replicates without an estimate */
} est_i_association;

typedef struct est_i_association_options {
    size_t row, column; /* variables of the sample, LEVELS */
    bool design_df;
    est_i_taylor_options taylor;
    const est_i_replicates *replicates;
    const est_i_calibration *calibration;
} est_i_association_options;

/* Over all rows of the condition, in one pass (two for replicates of a calibrated sample). Rows with a missing value in either are
 * left out, counted, and are not in n. EST_EIDENTIFY: fewer than two rows or columns with cases. */
est_status est_i_association_fit(est_i_sample *sample, const est_i_association_options *options, est_i_association **association,
                                 est_error *error);
void est_i_association_free(est_i_association *association);

#endif
