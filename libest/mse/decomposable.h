/* From a capture table to the answer of `decomposable`. */
#ifndef EST_I_MSE_DECOMPOSABLE_H
#define EST_I_MSE_DECOMPOSABLE_H

#include <est/decomposable.h>

#include "data/captures.h"

#define EST_I_UNSEEN_MAX 10000000

extern const est_method est_i_method_decomposable;

est_status est_i_decomposable_run(const est_table *data, const est_i_captures *captures, const est_decomposable_options *options,
                                  const est_context *context, est_result **result, est_error *error);

#endif
