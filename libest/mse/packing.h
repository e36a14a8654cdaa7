/* Fits of those data sets that are still of interest, packed into as few lanes as hold them. In a search most models interest few of the
 * data sets, and a kernel as wide as all of them would work on the others in vain. */
#ifndef EST_I_MSE_PACKING_H
#define EST_I_MSE_PACKING_H

#include <stddef.h>

#include "mse/kernel.h"

typedef struct est_i_packing est_i_packing;

/* NULL without memory. The room is that of a fit space. Free with est_i_packing_free. */
est_i_packing *est_i_packing_new(size_t n_lists, size_t n_blocks, size_t most_local, size_t most_shared);
void est_i_packing_free(est_i_packing *packing);

/* To be called when the data have changed: what is packed already is forgotten. */
void est_i_packing_forget(est_i_packing *packing);

/* As est_i_fit, to the last bit; of the answer in `space` only states, log likelihoods, iterations and parameters are filled. The
 * request has no keep-mask of its own. */
void est_i_packing_fit(est_i_packing *packing, const est_i_fit_data *data, const est_i_fit_request *request, est_i_fit_space *space);

#endif
