/* Every hierarchical model of one table, fitted, judged and ranked. */
#ifndef EST_I_MSE_RANKING_H
#define EST_I_MSE_RANKING_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

#include "core/monitor.h"
#include "mse/kernel.h"
#include "mse/model.h"
#include "mse/search.h"

typedef struct est_i_ranked {
    est_i_set set;
    size_t n_parameters;
    double loglik, criterion;
    double unseen;      /* exp(intercept); NaN where it is not estimable */
    bool exists;        /* the extended MLE exists in the ordinary sense */
    bool identified;
    bool acceptable;    /* takes part in the choice */
    int direction;      /* of the unseen count where it is not estimable, as est_i_verdict */
} est_i_ranked;

typedef struct est_i_ranking {
    size_t n_models, n_acceptable;
    est_i_ranked *models; /* acceptable ones first, by criterion (ties: fewer parameters, lower set); the others by set */
} est_i_ranking;

/* Fits lane 0 of one-lane, one-block data with up to six lists under every hierarchical model made of `candidates`.
 * cost = what parameters cost. Errors: EST_ENOMEM, EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_rank_models(const est_i_fit_data *data, est_i_set candidates, const est_i_cost *cost, bool accept_boundary,
                             est_i_monitor *monitor, est_i_ranking **ranking, est_error *error);
void est_i_ranking_free(est_i_ranking *ranking);

#endif
