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

/* How the dependence is chosen. */
typedef struct est_i_selection {
    int select;         /* est_criterion but EST_SELECT_NONE */
    int bic_n;          /* est_bic_n */
    int model_class;    /* est_model_class */
    unsigned max_order;
    double threshold;   /* stepwise: p values from here on stop it */
    bool accept_boundary; /* a fixed model is always fitted on its face */
    const est_i_activity *activity; /* borrowed, also by the estimator; NULL = every list local to each block; not for stepwise and downhill */
    size_t top;         /* a replicate chooses among the `top` best models of the data; 0 = all, exactly */
} est_i_selection;

typedef struct est_i_estimator {
    size_t n_lists, n_blocks;
    bool by_block;           /* a dependence of its own in each block; else the blocks share it */
    est_i_selection how;     /* how.select = EST_SELECT_NONE: the fixed terms */
    size_t n_rules;          /* fixed: 1; a selection: 1 (common) or one a block */
    est_i_model *chosen;     /* per rule: the terms, fixed or chosen on the data themselves */
    bool *found;             /* per rule; false: no model has an estimate */
    est_i_search_rules *rules; /* per rule, of a search */
    est_i_set **shortlist;   /* per rule: sets that a replicate tries first (the choice), or chooses among (top) */
    size_t *n_shortlist;
} est_i_estimator;

/* Room for replicates; one a thread. */
typedef struct est_i_estimator_space est_i_estimator_space;
est_i_estimator_space *est_i_estimator_space_new(const est_i_estimator *estimator, size_t lanes);
void est_i_estimator_space_free(est_i_estimator_space *space);

/* A fixed model: terms are copied; set how.activity afterwards where the activity of the lists is additive. A selection: every term up to max_order lists that some block can show is a candidate.
 * Free with est_i_estimator_free. Errors: EST_ENOMEM. */
est_status est_i_estimator_fixed(const est_i_fit_data *data, bool by_block, const uint32_t *terms, size_t n_terms,
                                 est_i_estimator **estimator, est_error *error);
/* Selects on lane 0 of one-lane data. Also EST_EOPTION (more models than the class can hold), EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_estimator_select(const est_i_fit_data *data, bool by_block, const est_i_selection *how, est_i_monitor *monitor,
                                  est_i_estimator **estimator, est_error *error);
void est_i_estimator_free(est_i_estimator *estimator);

/* The dependence terms of one block (or of all): into `terms`, room for EST_I_MODEL_TERMS_MAX; returns how many. */
size_t est_i_estimator_terms(const est_i_estimator *estimator, size_t block, uint32_t *terms);

/* The estimator applied to every lane: unseen counts [block][lane], +Inf where there is no estimate. `log_se` (may be NULL: it
 * costs another fit) receives the standard error of the log of the unseen count, the chosen model taken as known,
 * [block][lane] and at [n_blocks][lane] that of the log of the sum over blocks; NaN where there is no estimate. */
est_status est_i_estimator_apply(const est_i_estimator *estimator, const est_i_fit_data *data, est_i_estimator_space *space,
                                 double *unseen, double *log_se, est_i_monitor *monitor, est_error *error);

/* One block of the data as data of its own: shares the arrays, nothing to free. */
est_i_fit_data est_i_fit_data_block(const est_i_fit_data *data, size_t block);

#endif
