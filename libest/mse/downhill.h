/* Local search by a criterion: from the model without dependence to the best neighbour, as long as that improves. */
#ifndef EST_I_MSE_DOWNHILL_H
#define EST_I_MSE_DOWNHILL_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

#include "core/monitor.h"
#include "mse/kernel.h"
#include "mse/model.h"

/* Lane 0 of one-lane data, any number of lists. A neighbour holds one term more (all its parts are in) or one generator less.
 * price = cost of a parameter. Boundary fits take part as accept_boundary says. *found is false where no model met has an estimate.
 * Ties: fewer parameters, then the lower term. Free with est_i_model_free. Errors: EST_ENOMEM, EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_downhill_select(const est_i_fit_data *data, double price, unsigned max_order, bool accept_boundary,
                                 est_i_monitor *monitor, est_i_model *model, bool *found, size_t *n_fitted, est_error *error);

#endif
