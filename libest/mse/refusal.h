/* Why there is no estimate, in words. */
#ifndef EST_I_MSE_REFUSAL_H
#define EST_I_MSE_REFUSAL_H

#include <est/error.h>

#include "data/captures.h"
#include "mse/ranking.h"
#include "mse/verdict.h"

/* Both return EST_EIDENTIFY and say what stands in the way and what to do. */
est_status est_i_refuse_model(const est_i_captures *captures, const est_i_verdict *verdict, const char *model,
                              est_error *error);
est_status est_i_refuse_search(const est_i_captures *captures, const est_i_ranking *ranking, est_error *error);

#endif
