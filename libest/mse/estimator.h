/* One way from counts to unseen counts: the dependence structure, fixed or selected, common to the blocks or one for each. What the
 * bootstrap repeats in every replicate. */
#ifndef EST_I_MSE_ESTIMATOR_H
#define EST_I_MSE_ESTIMATOR_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>
#include <est/mse.h>

#include "core/monitor.h"
#include "mse/joint.h"
#include "mse/kernel.h"
#include "mse/model.h"
#include "mse/search.h"

typedef struct est_i_estimator {
    size_t n_lists, n_blocks;
    bool by_block;           /* a dependence of its own in each block; else the blocks share it */
    int select;              /* est_criterion; EST_SELECT_NONE = the fixed terms */
    int bic_n;               /* est_bic_n */
    bool accept_boundary;    /* in a selection; a fixed model is always fitted on its face */
    size_t n_terms;
    uint32_t *terms;         /* fixed dependence, two lists or more */
    /* Of a selection, one entry (common) or one a block: */
    size_t n_rules;
    est_i_search_rules *rules;
    est_i_set *chosen;       /* the choice on the data themselves: the first guess in every replicate */
    bool *found;             /* false: no model has an estimate */
} est_i_estimator;

/* Room for replicates; one a thread. */
typedef struct est_i_estimator_space est_i_estimator_space;
est_i_estimator_space *est_i_estimator_space_new(const est_i_estimator *estimator, size_t lanes);
void est_i_estimator_space_free(est_i_estimator_space *space);

/* A fixed model: terms are copied. A selection: every term up to max_order lists that some block can show is a candidate.
 * Free with est_i_estimator_free. Errors: EST_ENOMEM. */
est_status est_i_estimator_fixed(const est_i_fit_data *data, bool by_block, const uint32_t *terms, size_t n_terms,
                                 est_i_estimator **estimator, est_error *error);
/* Selects on lane 0 of one-lane data. Also EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_estimator_select(const est_i_fit_data *data, bool by_block, int select, int bic_n, unsigned max_order,
                                  bool accept_boundary, est_i_monitor *monitor, est_i_estimator **estimator, est_error *error);
void est_i_estimator_free(est_i_estimator *estimator);

/* The dependence terms of one block (or of all): into `terms`, room for EST_I_MODEL_TERMS_MAX; returns how many. */
size_t est_i_estimator_terms(const est_i_estimator *estimator, size_t block, uint32_t *terms);

/* The estimator applied to every lane: unseen counts [block][lane], +Inf where there is no estimate. */
est_status est_i_estimator_apply(const est_i_estimator *estimator, const est_i_fit_data *data, est_i_estimator_space *space,
                                 double *unseen, est_i_monitor *monitor, est_error *error);

/* One block of the data as data of its own: shares the arrays, nothing to free. */
est_i_fit_data est_i_fit_data_block(const est_i_fit_data *data, size_t block);

#endif
