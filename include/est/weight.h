/* Survey weights, made step by step: from selection probabilities, for nonresponse, to known totals, within limits. */
#ifndef EST_WEIGHT_H
#define EST_WEIGHT_H

#include <est/context.h>
#include <est/error.h>
#include <est/result.h>
#include <est/source.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum est_weight_calibration {
    EST_WEIGHT_CALIBRATE_NONE = 0,
    EST_WEIGHT_POSTSTRATIFY,
    EST_WEIGHT_RAKE,
    EST_WEIGHT_LINEAR,
    EST_WEIGHT_BOUNDED,
    EST_WEIGHT_LOGIT,
    EST_WEIGHT_EXPONENTIAL
} est_weight_calibration;

/* Texts are borrowed; "" = not asked for. The option table (est_method_find("weight")) documents each field, its range and its
 * default. */
typedef struct est_weight_options {
    /* base weights: one of the two */
    const char *weight;
    const char *probability;    /* columns; the weight is 1 / their product */
    /* nonresponse: cells or a propensity model */
    const char *response;       /* column of 0 and 1 */
    const char *response_cells; /* columns whose crossing makes the cells */
    const char *propensity;     /* "age + factor(region)" */
    int propensity_weights;     /* 0 weighted, 1 unweighted */
    long propensity_classes;    /* 0 = each row by its own propensity */
    long response_minimum;      /* respondents in a cell or class below which it is flagged */
    double response_factor;     /* factor above which it is flagged */
    /* calibration */
    int calibrate;              /* est_weight_calibration */
    const est_table *margins;   /* borrowed; columns variable, level, total; NULL = none */
    const char *bounds;         /* "L,U" of the factors */
    int by_cluster;
    const char *psu, *strata;
    int nest;
    /* trimming */
    const char *trim;           /* "L,U" of the weights; one of them may be empty */
    double trim_median;         /* the upper limit as a multiple of the median weight; 0 = none */
} est_weight_options;

est_weight_options est_weight_options_default(void);

/* Rows: weight_sum, weight_smallest, weight_largest, weight_cv and weight_design_effect (Kish) after each step (label "step": base,
 * response, calibration, trimming), factor_smallest and factor_largest of the calibration, response_rate of all and of each cell or
 * class, and of each known total weighted_number (or total(NAME) of a number) as it was before calibration. Frames: "steps",
 * "response" (cells or classes), "margins" (known, before, after), "weights" (record, base, final: one line a row of the data, 0
 * for rows without a weight; left out of pages and files of private data). Reads the source once. Errors: EST_EOPTION, EST_EFILE,
 * EST_EFORMAT, EST_ECOLUMN, EST_EVALUE (a weight, probability or response that cannot be, with its record), EST_EDEFINITION (a cell
 * without a respondent, totals that contradict each other or the sample, limits that cannot be met), EST_EIDENTIFY (a propensity
 * model without an estimate), EST_ENOMEM, EST_ECANCELLED. The caller frees *result.
 * Source: Deville and Sarndal (1992) Journal of the American Statistical Association 87:376-382; Little (1986) International
 * Statistical Review 54:139-157; Kish (1992) Journal of Official Statistics 8:183-200. */
est_status est_weight(est_source *source, const est_weight_options *options, const est_context *context, est_result **result,
                      est_error *error) EST_MUST_CHECK;

/* The same from a table in memory. */
est_status est_weight_table(const est_table *table, const est_weight_options *options, const est_context *context,
                            est_result **result, est_error *error) EST_MUST_CHECK;

#define EST_WEIGHT_COLUMN "weight_final"

/* The data once more as a CSV file, with the final weights in a new last column: every cell as it stands in a CSV source, the code
 * of a value (not its label) from .dta and .sav, a field in quotation marks where it needs them. Written row by row, whole or not
 * at all, for its owner alone (mode 0600); an old file is replaced. result: of est_weight on the same data. column NULL =
 * EST_WEIGHT_COLUMN. Errors: EST_EOPTION (the path is the source, the source cannot be read again, a result of something else),
 * EST_ECOLUMN (the source has a column of that name), EST_EDEFINITION (another number of rows), EST_EIO, those of reading,
 * EST_ENOMEM, EST_ECANCELLED. */
est_status est_weight_copy(est_source *source, const est_result *result, const char *column, const char *path,
                           const est_context *context, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
