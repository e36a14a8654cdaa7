/* What the checks of a linked file found, as frame and notes. */
#ifndef EST_I_MSE_LINKED_NOTES_H
#define EST_I_MSE_LINKED_NOTES_H

#include "core/result.h"
#include "data/linked.h"

void est_i_linked_describe(est_i_result_builder *builder, const est_context *context, const est_i_linked_checks *checks,
                           const est_linked_options *options);

#endif
