/* What the files of the regression share: the columns of the model, sums over rows, and weights of replicates. */
#ifndef EST_I_SURVEY_REGRESSION_PARTS_H
#define EST_I_SURVEY_REGRESSION_PARTS_H

#include "survey/cells.h"
#include "survey/regression.h"
#include "survey/tuples.h"

#define EST_I_FACTORS_MAX 6

/* What the first pass finds of a variable, over the rows that enter. */
typedef struct est_i_moments {
    double mean, spread;   /* of a number */
    size_t n_levels;
    const double *level_cases; /* [n_levels] */
} est_i_moments;

/* The cases of one crossing of a term's levels, by the first two values that its numbers multiply to. */
typedef struct est_i_fewest_group {
    double value[2], cases[2], others;
} est_i_fewest_group;

/* Of one term; all zero = empty. False: no memory. */
typedef struct est_i_fewest {
    est_i_tuples groups; /* of level numbers */
    uint32_t room;
    est_i_fewest_group *group;
} est_i_fewest;

bool est_i_fewest_add(est_i_fewest *fewest, const est_i_term *term, const est_i_sample_plan *plan, const est_i_rows *rows, size_t row);
bool est_i_fewest_join(est_i_fewest *into, const est_i_fewest *from);
/* Gives level numbers their final ones: level[variable][own number]. */
bool est_i_fewest_settle(est_i_fewest *fewest, const est_i_term *term, const est_i_sample_plan *plan, const uint32_t *const *level);
/* Of the smallest group; INFINITY of none. */
double est_i_fewest_cases(const est_i_fewest *fewest);
void est_i_fewest_free(est_i_fewest *fewest);

typedef struct est_i_regressors_factor {
    size_t variable;
    bool is_level;
    uint32_t *code;  /* of each level: its column within the factor; EST_I_NO_LEVEL_NUMBER: none (the reference) */
    size_t n_codes, stride;
} est_i_regressors_factor;

typedef struct est_i_regressors_term {
    size_t n_factors, first, n_columns;
    est_i_regressors_factor factor[EST_I_FACTORS_MAX];
} est_i_regressors_term;

/* Column j as the fit sees it: (x_j - centre[j]) / scale[j]; centres are 0 but for products of numbers beside an intercept. */
typedef struct est_i_regressors {
    est_i_family family;
    bool intercept;
    size_t response, n_terms, p;
    est_i_regressors_term *term;
    double *centre, *scale, *size; /* size: root mean square of the column before it is centred, in units of its scale */
    size_t n_variables, *variable; /* all that a row must have */
    char **name;
} est_i_regressors;

est_status est_i_regressors_new(const est_i_sample *sample, const est_i_regression_options *options, const est_i_moments *moments,
                                est_i_regressors **model, est_error *error);
/* One pass, which may be the sample's first: the columns, and the counts of rows that enter. weight: of the base weights. */
typedef struct est_i_regression_counts {
    double n, weight, missing, fewest;
} est_i_regression_counts;
est_status est_i_regressors_learn(est_i_sample *sample, const est_i_regression_options *options, est_i_regressors **model,
                                  est_i_regression_counts *counts, est_error *error);
void est_i_regressors_free(est_i_regressors *model);
/* The columns of a row that are not 0, ascending, into index and value (room for 1 + n_terms). Returns how many. */
size_t est_i_regressors_row(const est_i_regressors *model, const est_i_rows *rows, size_t row, uint32_t *index, double *value);
/* The distinct variables of response and terms, into `variable` (room for all factors and 1). */
size_t est_i_regressors_variables(const est_i_regression_options *options, size_t *variable);
/* Does the row enter: in the condition, of positive base weight; *missing: it would, but a variable misses its value. */
bool est_i_regressors_enter(const est_i_sample_plan *plan, size_t n_variables, const size_t *variable, const est_i_rows *rows,
                            size_t row, bool *missing);
/* From the units of the fit to those of the columns. covariance may be NULL. */
void est_i_regressors_unscale(const est_i_regressors *model, double *coefficient, double *covariance);

/* PSUs less strata over the leaves that are present (NULL: the whole design), at most the degrees of freedom of the replicates. */
double est_i_regressors_df(const est_i_sample *sample, const est_i_replicates *replicates, const bool *present);

/* The weights of a block of replicates, row by row. */
typedef struct est_i_replicate_weights {
    const est_i_replicates *replicates;
    const est_i_calibration *calibration;
    bool supplied;
    size_t n_leaves, n_cells;
    est_i_cells *sums;     /* base weight by leaf and calibration cell; supplied: by cell, one sum a replicate */
    size_t first, count;   /* the block */
    double *factor;        /* [count][n_leaves] */
    double *g;             /* [count][n_cells], NaN: not calibrated */
} est_i_replicate_weights;

est_status est_i_replicate_weights_open(est_i_sample *sample, const est_i_replicates *replicates,
                                        const est_i_calibration *calibration, est_i_replicate_weights **weights, est_error *error);
void est_i_replicate_weights_free(est_i_replicate_weights *weights);
/* The replicates first to first + count - 1 from here on. count: at most est_i_replicate_weights_room. */
size_t est_i_replicate_weights_room(const est_i_replicate_weights *weights);
est_status est_i_replicate_weights_block(est_i_replicate_weights *weights, size_t first, size_t count, est_error *error);
/* weight[i] of the rows row[0] to row[n - 1] under replicate first + r. */
void est_i_replicate_weights_rows(const est_i_replicate_weights *weights, const est_i_rows *rows, size_t r, size_t n,
                                  const size_t *row, double *weight);

/* One vector of coefficients on its way to the maximum of the log likelihood, in the units of the fit. */
typedef struct est_i_newton_fit {
    double *beta;    /* [p] the best so far */
    double *step;    /* [p] Newton's step from it */
    double *tried;   /* [p] what the next sums are asked for: beta + shrink step */
    bool *alive;     /* [p] columns that do not depend on those before them; set by the first update where `find_alive` */
    double value;    /* the log likelihood at beta */
    double shrink, relative; /* relative: the largest step over the largest coefficient */
    int iterations;
    bool find_alive, started, done, failed;
} est_i_newton_fit;

/* p doubles each; NULL without memory. The fits of an array share one block, that of fits[0]. */
est_i_newton_fit *est_i_newton_fits_new(size_t n_fits, size_t p);
void est_i_newton_fits_free(est_i_newton_fit *fits);

/* How far a step takes each row toward its response: the largest and the smallest movement of the linear predictor. */
typedef struct est_i_newton_reach {
    double toward, against;
} est_i_newton_reach;

/* The number of sums of one fit: log likelihood, gradient, and minus the second derivatives (the upper triangle of p x p). */
size_t est_i_newton_width(const est_i_regressors *model);
/* One pass at `tried`: sums[f * width] for each fit that is neither done nor failed. weights NULL: the sample's own. All weights
 * are multiplied by `unit`. reach (NULL allowed): of the step of the only fit. */
est_status est_i_newton_sums(est_i_sample *sample, const est_i_regressors *model, const est_i_replicate_weights *weights,
                             double unit, size_t n_fits, const est_i_newton_fit *fits, double *sums, est_i_newton_reach *reach,
                             est_error *error);
/* Takes the sums in (and uses them up): accepts `tried` and finds the next step, or halves the step. */
est_status est_i_newton_update(const est_i_regressors *model, est_i_newton_fit *fit, double *sums, est_error *error);
/* Mean, weight of the second derivative and Pearson residual's variance of a response at linear predictor eta. */
double est_i_newton_mean(est_i_family family, double eta, double *variance);

/* The inverse over the columns that are alive, 0 elsewhere; hessian is used up. False without memory. */
bool est_i_newton_inverse(size_t p, double *hessian, const bool *alive, double *inverse);

/* Every replicate's coefficients in the units of the columns, theta[r * p + j]; NaN where there is none. */
est_status est_i_newton_replicates(est_i_sample *sample, const est_i_regressors *model, const est_i_regression_options *options,
                                   const double *beta, const bool *alive, double unit, double *theta, est_error *error);

/* At the maximum: scores by leaf and what follows from them. */
typedef struct est_i_scores {
    size_t n_leaves;
    double *z;        /* [p][n_leaves]: weighted scores, less what a calibration explains */
    bool *present;    /* leaves with a row that enters and has a weight above 0 */
    double *sums;     /* as of the newton pass */
    double n, weight, pearson;
} est_i_scores;

est_status est_i_scores_take(est_i_sample *sample, const est_i_regressors *model, const est_i_calibration *calibration,
                             const double *beta, double unit, est_i_scores **scores, est_error *error);
void est_i_scores_free(est_i_scores *scores);

#endif
