/* Small areas: the area model of Fay and Herriot. Model-based estimates beside the direct ones, with their mean squared errors. */
#ifndef EST_SMALL_AREA_H
#define EST_SMALL_AREA_H

#include <est/context.h>
#include <est/error.h>
#include <est/method.h>
#include <est/result.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the variance between areas is estimated. */
typedef enum est_small_area_fit {
    EST_SMALL_AREA_REML = 0,
    EST_SMALL_AREA_ML,
    EST_SMALL_AREA_MOMENT /* Fay and Herriot's equation of moments */
} est_small_area_fit;

typedef enum est_small_area_benchmark {
    EST_SMALL_AREA_RATIO = 0,
    EST_SMALL_AREA_DIFFERENCE,
    EST_SMALL_AREA_OPTIMAL
} est_small_area_benchmark;

/* Texts are borrowed; "" = not given. The option table (est_method_find("small-area")) documents each field, its range and its
 * default. */
typedef struct est_small_area_options {
    const char *area, *estimate;
    const char *se, *variance;  /* one of the two */
    const char *covariates;     /* columns; text and factor(NAME) by their levels */
    int no_intercept;
    const char *n;              /* unweighted cases */
    long least_n;
    int fit;                    /* est_small_area_fit */
    int zero_model_variance;    /* 0 keep, 1 adjust */
    int sampling_variance;      /* 0 own, 1 pooled */
    int zero_variance;          /* 0 synthetic, 1 pooled, 2 refuse */
    const char *share;          /* the area's share of the population */
    const char *national;       /* a number; "" = the direct estimates weighted by share */
    int benchmark;              /* est_small_area_benchmark */
    int total;                  /* the estimates add up to the national figure */
    const char *unit;
    double level;
} est_small_area_options;

est_small_area_options est_small_area_options_default(void);

/* One line an area. Rows, for each area (label: the column's name): "direct", "small_area" and, with shares,
 * "small_area_benchmarked". Frames: beside (both on a line), areas (the parts of each estimate and of its mean squared error),
 * coefficients, fit, diagnostics, benchmark, optima. Stats: areas, areas_in_fit, model_variance. Errors: EST_EOPTION;
 * EST_ECOLUMN; EST_EVALUE with record and column; EST_EDEFINITION; EST_EIDENTIFY (no more areas than coefficients, dependent
 * covariates); EST_ENOMEM. The caller frees *result. */
est_status est_small_area(const est_table *data, const est_small_area_options *options, const est_context *context,
                          est_result **result, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
