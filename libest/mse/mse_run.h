/* From a capture table to the answer of `mse`. */
#ifndef EST_I_MSE_RUN_H
#define EST_I_MSE_RUN_H

#include <est/mse.h>

#include "data/captures.h"

extern const est_method est_i_method_mse;

est_status est_i_mse_run(const est_table *data, const est_i_captures *captures, const est_mse_options *options,
                         const est_context *context, est_result **result, est_error *error);

#endif
