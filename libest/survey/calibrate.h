/* Calibration: weights that reproduce known totals, and the residuals that its variance stands on. */
#ifndef EST_I_SURVEY_CALIBRATE_H
#define EST_I_SURVEY_CALIBRATE_H

#include <est/table.h>

#include "survey/replicate.h"
#include "survey/sample.h"

typedef enum est_i_calibration_kind {
    EST_I_CALIBRATE_NONE = 0,
    EST_I_CALIBRATE_POSTSTRATIFY, /* to every cell of the crossed columns */
    EST_I_CALIBRATE_RAKE,         /* to the margins of each column; F(u) = exp(u) */
    EST_I_CALIBRATE_LINEAR,
    EST_I_CALIBRATE_BOUNDED,      /* linear within bounds */
    EST_I_CALIBRATE_LOGIT,
    EST_I_CALIBRATE_EXPONENTIAL,  /* F(u) = exp(u) on margins and numbers */
    EST_I_CALIBRATE_DECLARED      /* the weights are calibrated already, on these columns, from the plan's weight */
} est_i_calibration_kind;

/* One row of the table of known totals, resolved. */
typedef struct est_i_calibration_options {
    est_i_calibration_kind kind;
    const est_table *margins;  /* columns: variable (names; crossed ones joined by ":"), level (texts, joined by ":"; empty for a
                                  number), total. A variable "" or "(all)" is the whole population. NULL for DECLARED */
    double lower, upper;       /* bounds of g; -INFINITY, INFINITY = none */
    bool by_cluster;           /* one factor for each PSU */
    double tolerance;          /* |misfit| / (1 + |total|); 1e-10 */
    int iterations;            /* 50 */
    bool g_weighted;           /* residuals by w g instead of the base weights w (decisions.md 24) */
    const char *declared;      /* DECLARED: names of the columns, parted by commas */
    const char *calibrated_weight; /* DECLARED: their column; the weight of the plan is the one before calibration */
} est_i_calibration_options;

/* DECLARED: in `declared` a name is a category, "a:b" crossed ones, "number(x)" the total of a number. The plan's weight is the one
 * before calibration; the calibrated weight is multiplied by the plan's scale too, and the sample uses it once it is solved. A row
 * whose calibrated weight is 0 (it did not respond) takes no part in A and `right`, and may miss its variables; it is refused
 * without g_weighted, for its weight before is then not what was calibrated, and neither is that of the others.
 *
 * The variables that the plan of the sample must hold, beside others: appended before the sample is made. *variables is
 * reallocated; *first receives the number of the first of them. Texts are the calibration's. */
typedef struct est_i_calibration est_i_calibration;

est_status est_i_calibration_new(const est_source *source, const est_i_calibration_options *options,
                                 est_i_calibration **calibration,
                                 est_error *error);
void est_i_calibration_free(est_i_calibration *calibration);
size_t est_i_calibration_variables(const est_i_calibration *calibration);
est_i_variable est_i_calibration_variable(const est_i_calibration *calibration, size_t index);

/* Solves for the weights in passes over the sample, whose plan holds the variables from number `first` on, and has the sample use
 * them (est_i_sample_adjust_weights). EST_EDEFINITION: a margin without a case, a level that the table of totals lacks, missing
 * values, totals that contradict each other, bounds that cannot be met; each names the margin and what to do. */
est_status est_i_calibration_solve(est_i_calibration *calibration, est_i_sample *sample, size_t first, est_error *error);

/* Number of auxiliary numbers x, and x of a row (the rows of a pass after the first). */
size_t est_i_calibration_size(const est_i_calibration *calibration);
void est_i_calibration_x(const est_i_calibration *calibration, const est_i_rows *rows, size_t row, double *x);
/* x of a cell. */
void est_i_calibration_cell_x(const est_i_calibration *calibration, size_t cell, double *x);
/* A, and so `right`, are weighted by w g (rows->weight), otherwise by w (rows->base_weight). */
bool est_i_calibration_uses_g(const est_i_calibration *calibration);
double est_i_calibration_weight(const est_i_calibration *calibration, const est_i_rows *rows, size_t row);
/* Solves B of A B = right, A = sum over all rows of w x x' (w: the base weights, or w g): right and B have k columns of size
 * numbers, one after the other; B may be right. */
void est_i_calibration_coefficients(const est_i_calibration *calibration, size_t k, const double *right, double *coefficients);

/* Rows with the same x (by_cluster: of the same PSU) are one calibration cell: they share g, in the sample and in every replicate
 * that
 * is calibrated again. 0 cells: there are more than EST_I_CALIBRATION_CELLS_MAX, and replicates are refused (clusters have no
 * such limit); or the kind is DECLARED, whose totals and distance nobody knows. A row without a weight may have any cell. */
#define EST_I_CALIBRATION_CELLS_MAX 65536
size_t est_i_calibration_cells(const est_i_calibration *calibration);
/* EST_EOPTION, saying which of the two it is and what to do, where there are 0 cells. NULL = no calibration, EST_OK. DECLARED may
 * be asked before it is solved. */
est_status est_i_calibration_check_replicates(const est_i_calibration *calibration, est_error *error);
size_t est_i_calibration_cell(const est_i_calibration *calibration, const est_i_rows *rows, size_t row);
/* Calibrates one replicate: weight[cell] in, g[cell] out. False where no solution is found. Any thread. */
bool est_i_calibration_replicate(const est_i_calibration *calibration, const double *weight, double *g);

/* After _solve: weights from `least` to `most` that reproduce the totals, as near as can be to the weights before calibration by
 * the
 * distance of the calibration (post-strata: one factor for all rows of a stratum that is not at a limit). weight[n]: one a row of
 * the
 * sample, in its order; 0 for rows without one. The sample itself keeps the weights of _solve. after[size]: the
 * totals that the weights give. EST_EDEFINITION: limits that cannot be met, with the total that they miss. */
est_status est_i_calibration_trim(est_i_calibration *calibration, double least, double most, size_t n, double *weight,
                                  double *after,
                                  est_error *error);

/* What became of the weights. */
typedef struct est_i_calibration_report {
    int iterations;
    double smallest_g, largest_g;
    size_t at_lower, at_upper;        /* rows on a bound */
    double sum_before, square_before, sum_after, square_after; /* for Kish's 1 + CV^2 */
    size_t n_totals;
    const char *const *name;          /* [n_totals] "sex=female" */
    const double *known, *before, *after;
} est_i_calibration_report;
est_i_calibration_report est_i_calibration_describe(const est_i_calibration *calibration);

#endif
