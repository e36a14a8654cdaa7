/* Why there is no estimate, in words. */
#ifndef EST_I_MSE_REFUSAL_H
#define EST_I_MSE_REFUSAL_H

#include <stdbool.h>

#include <est/error.h>

#include "data/captures.h"

/* Both return EST_EIDENTIFY and say what stands in the way and what to do. direction: of the unseen count of each block, as
 * est_i_verdict. */
est_status est_i_refuse_model(const est_i_captures *captures, const int *direction, const char *model, est_error *error);
/* what: which models have no estimate, in words. boundary: boundary fits would have one, were they to take part. */
est_status est_i_refuse_search(const est_i_captures *captures, const char *what, bool boundary, est_error *error);

/* What the likelihood does where it has no maximum; for the note on a stratum and for refusals. */
const char *est_i_refuse_reason(int direction);

#endif
