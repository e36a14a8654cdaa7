/* Linear and logistic regression with design-based covariance. */
#ifndef EST_I_SURVEY_REGRESSION_H
#define EST_I_SURVEY_REGRESSION_H

#include "survey/calibrate.h"
#include "survey/replicate.h"
#include "survey/sample.h"
#include "survey/taylor.h"

typedef enum est_i_family { EST_I_FAMILY_LINEAR = 0, EST_I_FAMILY_LOGISTIC } est_i_family;

/* One term: a number, the levels of a column against a reference level, or a product of such factors. */
typedef struct est_i_term {
    size_t n_factors;
    const size_t *variable; /* of the sample: NUMBER, INDICATOR or LEVELS */
} est_i_term;

typedef struct est_i_regression_options {
    est_i_family family;
    size_t response;       /* variable: NUMBER or INDICATOR */
    size_t n_terms;
    const est_i_term *terms;
    bool no_intercept;
    double level;
    bool design_df;
    est_i_taylor_options taylor;
    const est_i_replicates *replicates; /* NULL = Taylor */
    const est_i_calibration *calibration; /* NULL = none */
} est_i_regression_options;

typedef struct est_i_regression {
    size_t p;
    char **name;            /* "(intercept)", "age", "sex=female", "age:sex=female" */
    size_t n_terms;
    size_t *term_first;     /* [n_terms + 1]: columns term_first[t] to term_first[t + 1] - 1 are term t of the options */
    double *coefficient, *covariance; /* p, p x p */
    bool *aliased;          /* a column that depends on those before it: NaN */
    bool *unbounded;        /* separated: this coefficient is one that runs to infinity */
    double df;              /* of the design, at most of the replicates, + 1 - columns not aliased; NaN where it is not positive */
    double n, weight, missing;
    double fewest;          /* cases of the smallest group that a coefficient may be the mean of: a level of a factor, a crossing of
                               levels, one of a column's two values; at most n less the columns that are not aliased */
    int iterations;
    bool separated;         /* logistic: a combination of columns parts the responses 0 and 1, so the likelihood has no maximum;
                               coefficients and covariance are NaN */
    double dispersion;      /* weighted mean of squared Pearson residuals, times n / (n - columns not aliased) */
    size_t lonely;          /* single-PSU strata that were met (Taylor) */
    size_t dropped;         /* replicates without an estimate of some coefficient that the sample has */
} est_i_regression;

/* Over all rows of the condition (the sample's `where`); domains of the sample are not used. Reads the rows more than once. A
 * level that no such row has gives no column; the reference is the first level, in the order of the page, that has rows. Columns
 * of levels are full, without a reference, where the term without that factor is not in the model (a product alone), and the first
 * of them where there is no intercept. Rows that miss a value, or whose base weight is 0, are left out. EST_EVALUE: a logistic
 * response that is neither 0 nor 1, with its record. EST_EIDENTIFY: no row, a logistic response that is the same in all rows, or a
 * fit that does not converge. */
est_status est_i_regression_fit(est_i_sample *sample, const est_i_regression_options *options, est_i_regression **regression,
                                est_error *error);
void est_i_regression_free(est_i_regression *regression);

/* Wald test that the coefficients from to to - 1 are all 0: F = b' V^-1 b / k on k and regression->df, k the number of those that
 * are not aliased. All NaN where that is 0, V is singular or the df are not positive. */
void est_i_regression_test(const est_i_regression *regression, size_t from, size_t to, double *f, double *df1, double *df2,
                           double *p);

#endif
