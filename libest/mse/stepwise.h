/* Stepwise choice of dependence terms by p values (Chan, Silverman and Vincent 2021). */
#ifndef EST_I_MSE_STEPWISE_H
#define EST_I_MSE_STEPWISE_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

#include "core/monitor.h"
#include "mse/kernel.h"
#include "mse/model.h"

/* Chooses on lane 0 of one-lane data, blocks with common dependence, any number of lists: pairs first, and with max_order > 2 also
 * larger terms all of whose parts are in. threshold 0: no dependence; 1: everything that can be fitted. *found is false where even
 * the model without dependence has no estimate. Free with est_i_model_free. Errors: EST_ENOMEM, EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_stepwise_select(const est_i_fit_data *data, double threshold, unsigned max_order, est_i_monitor *monitor,
                                 est_i_model *model, bool *found, est_error *error);

#endif
