/* The sample coverage estimators of Chao and Tsay: a population from three lists or more that may depend on each other. */
#ifndef EST_SAMPLE_COVERAGE_H
#define EST_SAMPLE_COVERAGE_H

#include <est/context.h>
#include <est/error.h>
#include <est/mse.h>
#include <est/result.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum est_coverage_estimator {
    EST_COVERAGE_AUTO = 0, /* by the estimated sample coverage: low below `threshold`, else high */
    EST_COVERAGE_INDEPENDENT,
    EST_COVERAGE_HIGH,
    EST_COVERAGE_LOW
} est_coverage_estimator;

/* The option table (est_method_find("sample-coverage")) documents each field, its range and its default. */
typedef struct est_sample_coverage_options {
    est_capture_options capture;
    int estimator;    /* est_coverage_estimator */
    double threshold; /* sample coverage below which auto takes the estimator for low coverage */
    long replicates;  /* bootstrap; 0 = none */
    double level;
} est_sample_coverage_options;

est_sample_coverage_options est_sample_coverage_options_default(void);

/* Rows: population, unobserved and observed by the chosen estimator, then population by each of the three (models
 * "independent", "high coverage", "low coverage"). Frames: estimators, covariation. Errors: as est_mse; EST_EDEFINITION with
 * fewer than three lists, EST_EIDENTIFY where the chosen estimator has no value. The caller frees *result. */
est_status est_sample_coverage(const est_table *data, const est_sample_coverage_options *options,
                               const est_context *context, est_result **result, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
