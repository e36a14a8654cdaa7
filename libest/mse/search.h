/* The best hierarchical model by BIC or AIC, exactly, for several data sets side by side. */
#ifndef EST_I_MSE_SEARCH_H
#define EST_I_MSE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

#include "core/monitor.h"
#include "mse/kernel.h"
#include "mse/model.h"

typedef struct est_i_search_rules {
    est_i_set candidates;   /* terms that may enter */
    bool accept_boundary;   /* a boundary fit counts when the unseen counts are estimable on its face */
    size_t base;            /* parameters of the model without dependence */
    uint32_t order[64];     /* branching order of the terms, most important first; filled by est_i_search_order */
    size_t n_order;
} est_i_search_rules;

typedef struct est_i_choice {
    bool found;             /* false: no model has an estimate */
    est_i_set set;
    double criterion, loglik;
} est_i_choice;

/* Room for searches; one a thread. */
typedef struct est_i_search_space est_i_search_space;
est_i_search_space *est_i_search_space_new(size_t lanes, size_t n_lists, size_t n_blocks);
void est_i_search_space_free(est_i_search_space *space);
/* Fits and nodes so far, for the benches. */
void est_i_search_counts(const est_i_search_space *space, size_t *fits, size_t *nodes);

/* Fills rules->order from lane 0 of these data: terms whose removal from the full model costs most come first. */
void est_i_search_order(const est_i_fit_data *data, est_i_search_rules *rules, est_i_search_space *space);

/* Top-down branch and bound: sup log likelihood of a node's largest model bounds all below it. price[lane] = cost of a parameter
 * (log n, or 2). Ties: fewer parameters, then the lower set. `seeds` are tried first. wanted NULL = all lanes.
 * log_unseen receives [block][lane]: NaN where the choice does not determine it. Blocks that the model without dependence does
 * not determine are not asked for. Errors: EST_ENOMEM, EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_search(const est_i_fit_data *data, const est_i_search_rules *rules, const double *price, const bool *wanted,
                        const est_i_set *seeds, size_t n_seeds, est_i_search_space *space, est_i_choice *choices,
                        double *log_unseen, est_i_monitor *monitor, est_error *error);

#endif
