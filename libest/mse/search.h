/* The best hierarchical models of a family by a criterion, exactly, for several data sets side by side. */
#ifndef EST_I_MSE_SEARCH_H
#define EST_I_MSE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

#include "core/monitor.h"
#include "mse/activity.h"
#include "mse/family.h"
#include "mse/kernel.h"
#include "mse/model.h"

/* What parameters cost in a criterion -2 log L + cost(p). */
typedef struct est_i_cost {
    double each;   /* log n of BIC, 2 of AIC and AICc */
    double n_aicc; /* AICc: its n; 0 = no correction */
} est_i_cost;

/* n = persons or cells, as the caller decides (decisions.md 1). select = est_criterion; stepwise and downhill cost as BIC. */
est_i_cost est_i_cost_make(int select, double n);
/* +Inf where AICc is not defined: n - p - 1 <= 0. */
double est_i_cost_of(const est_i_cost *cost, size_t n_parameters);

typedef struct est_i_search_rules {
    est_i_family family;
    const est_i_activity *activity; /* borrowed; NULL = every list local to each block */
    bool accept_boundary;   /* a boundary fit counts when the unseen counts are estimable on its face */
    bool seeds_only;        /* choose among the seeds, and look no further */
    size_t base;            /* parameters of the model without dependence */
    size_t order[64];       /* branching order of the items, most important first; filled by est_i_search_order */
    size_t n_order;
} est_i_search_rules;

typedef struct est_i_choice {
    bool found;             /* false: no model has an estimate */
    est_i_set set;
    double criterion, loglik;
} est_i_choice;

/* Room for searches; one a thread. n_terms = most dependence terms of a model, activity as in the rules. */
typedef struct est_i_search_space est_i_search_space;
est_i_search_space *est_i_search_space_new(size_t lanes, size_t n_lists, size_t n_blocks, size_t n_terms, const est_i_activity *activity);
void est_i_search_space_free(est_i_search_space *space);
/* Fits and nodes so far, for the benches. */
void est_i_search_counts(const est_i_search_space *space, size_t *fits, size_t *nodes);

/* Fills rules->order from lane 0 of these data: items whose removal from the full model costs most come first. Cancelled, it leaves
 * an order that a search does not use: that is cancelled too. */
void est_i_search_order(const est_i_fit_data *data, est_i_search_rules *rules, est_i_search_space *space, est_i_monitor *monitor);

/* Top-down branch and bound: sup log likelihood of a node's largest model bounds all below it. cost[lane] = what parameters cost.
 * Ties: fewer parameters, then the lower set. `seeds` are tried first. wanted NULL = all lanes.
 * log_unseen receives [block][lane]: NaN where the choice does not determine it. Blocks that the model without dependence does
 * not determine are not asked for. Errors: EST_ENOMEM, EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_search(const est_i_fit_data *data, const est_i_search_rules *rules, const est_i_cost *cost, const bool *wanted,
                        const est_i_set *seeds, size_t n_seeds, est_i_search_space *space, est_i_choice *choices,
                        double *log_unseen, est_i_monitor *monitor, est_error *error);

typedef struct est_i_pooled {
    est_i_set set;
    size_t n_parameters;
    double criterion, loglik;
    bool boundary;          /* fitted on a face */
    size_t place;           /* the search's own */
} est_i_pooled;

/* The best models of one data set. */
typedef struct est_i_pool {
    size_t n_models, n_blocks;
    est_i_pooled *models;   /* by criterion; ties as above */
    double *log_unseen;     /* [model][block] */
    bool is_cut;            /* models within the window beyond EST_I_POOL_MAX were left out */
    bool has_excluded;      /* some boundary fit has an estimate, and takes no part because only interior fits do */
    double excluded_criterion; /* of the best of them: exact where it is better than the best that takes part */
    double excluded_unseen; /* of the same, summed over blocks that the model without dependence determines */
    double excluded_weight; /* sum of exp((criterion of the best - criterion) / 2) over models within the window that take no
                               part */
} est_i_pool;

#define EST_I_POOL_MAX 200000
/* Criteria this near to the best can hardly be told apart (decisions.md 8). */
#define EST_I_NEAR_TIED 10

/* Models of the pool within EST_I_NEAR_TIED of its best: the first so many. */
size_t est_i_pool_near_tied(const est_i_pool *pool);

/* Exactly the `top` best models, and all within `window` of the best (0 = none beyond top), of lane 0 of one-lane data. */
est_status est_i_search_pool(const est_i_fit_data *data, const est_i_search_rules *rules, const est_i_cost *cost, size_t top,
                             double window, est_i_search_space *space, est_i_pool **pool, est_i_monitor *monitor,
                             est_error *error);
void est_i_pool_free(est_i_pool *pool);

#endif
