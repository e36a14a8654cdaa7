/* The method `weight`: weights made step by step. */
#ifndef EST_I_SURVEY_WEIGHTING_H
#define EST_I_SURVEY_WEIGHTING_H

#include <est/weight.h>

#include "core/monitor.h"
#include "core/result.h"
#include "survey/calibrate.h"
#include "survey/formula.h"

extern const est_method est_i_method_weight;

/* The final weights in a result of `weight`, one a row of the data in its order, and how many; NULL without memory or, with *n = 0,
 * for another result. The caller frees them. Take them before the result is suppressed. */
double *est_i_weighting_weights(const est_result *result, size_t *n);

/* Weights after a step. */
typedef struct est_i_weighting_step {
    const char *name; /* "base", "response", "calibration", "trimming" */
    size_t rows;      /* of a weight other than 0 */
    size_t fewest;    /* of them, in a response cell or behind a known total so far: the extremes are a function of that few */
    double sum, mean, smallest, largest, cv, kish;
} est_i_weighting_step;

#define EST_I_WEIGHTING_STEPS_MAX 4
#define EST_I_WEIGHTING_STEP_ROWS 5u

/* A cell or class of the nonresponse adjustment. */
typedef struct est_i_weighting_cell {
    char *name;
    size_t rows, respondents;
    double weight, responding, factor;
    bool few, large;
    uint32_t *level; /* of each column of the cells; NULL for classes */
} est_i_weighting_cell;

/* What a run reads: the columns it needs, as numbers, level numbers, or both. */
typedef struct est_i_weighting_data {
    size_t n;
    double *weight;    /* of the weight column, or 1 */
    double *psu;       /* first-stage unit; NULL = not needed */
    size_t n_variables;
    double **number;   /* [variable][row]; NULL for levels */
    uint32_t **level;  /* [variable][row]; NULL for numbers */
} est_i_weighting_data;

typedef struct est_i_weighting {
    est_source *source;
    const est_weight_options *options;
    const est_context *context;
    est_i_monitor monitor;
    est_error *error;
    est_i_result_builder *builder;
    double lower, upper, least, most; /* of the factors; of the weights */

    size_t n_variables;
    est_i_variable *variables; /* of the sample that is read; texts are the options', the formula's and the calibration's */
    char **names;
    size_t n_names;
    size_t n_probabilities, first_probability, n_cells, first_cell, response, first_formula, first_calibration;
    est_i_formula *formula;
    est_i_calibration *calibration;
    est_i_sample *sample;      /* of the source: levels and their texts */
    est_i_weighting_data data;

    double *base, *weight;     /* [n]: after the first and after the last step */
    size_t n_steps;
    est_i_weighting_step step[EST_I_WEIGHTING_STEPS_MAX];
    size_t n_response;
    est_i_weighting_cell *cells;
    size_t nonrespondents;

    est_table *table;          /* of the rows as they are calibrated */
    est_source *work;
    est_i_sample *calibrated;
    est_i_calibration_report report;
    double *after;             /* totals after the last step */
    size_t *counts;            /* rows behind each total */
    size_t first_cell_row, first_total_row; /* of the result; SIZE_MAX = none, their frames are then for the office alone */
    size_t at_least, at_most, negative;
} est_i_weighting;

/* Steps, in order; each leaves what it made in the run. */
est_status est_i_weighting_plan(est_i_weighting *run);      /* columns, formula, calibration */
est_status est_i_weighting_read(est_i_weighting *run);      /* rows and base weights */
est_status est_i_weighting_respond(est_i_weighting *run);
est_status est_i_weighting_calibrate(est_i_weighting *run);
est_status est_i_weighting_trim(est_i_weighting *run);
est_status est_i_weighting_write(est_i_weighting *run);
void est_i_weighting_rows(est_i_weighting *run); /* of the result; the row of step s is number s * EST_I_WEIGHTING_STEP_ROWS */

/* A table of the rows with these weights and the variables first to first + n - 1, and a sample of it whose plan holds them from
 * number 0 on. */
est_status est_i_weighting_sample(est_i_weighting *run, const double *weight, size_t first, size_t n, bool with_psu,
                                  est_table **table,
                                  est_source **source, est_i_sample **sample);
/* Propensities of all rows by the logistic model. */
est_status est_i_weighting_propensity(est_i_weighting *run, double *propensity);
void est_i_weighting_take_step(est_i_weighting *run, const char *name);
/* R survey's strict trimming: what is cut off is shared out equally among the rows never cut. False: the limits leave no row free.
 * */
bool est_i_weighting_cut(size_t n, double *weight, double least, double most);

#endif
