/* From a capture table to the answer of `sample-coverage`. */
#ifndef EST_I_MSE_SAMPLE_COVERAGE_H
#define EST_I_MSE_SAMPLE_COVERAGE_H

#include <est/sample_coverage.h>

#include "data/captures.h"

extern const est_method est_i_method_sample_coverage;

est_status est_i_sample_coverage_run(const est_table *data, const est_i_captures *captures,
                                     const est_sample_coverage_options *options, const est_context *context,
                                     est_result **result, est_error *error);

#endif
