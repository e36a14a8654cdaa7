/* The activity of the lists over strata: what every model of several blocks holds beside intercepts and dependence. */
#ifndef EST_I_MSE_ACTIVITY_H
#define EST_I_MSE_ACTIVITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#include "data/captures.h"
#include "mse/kernel.h"

/* Shared terms of it, at most; room for the dependence terms that come after them. */
#define EST_I_ACTIVITY_MAX 256
#define EST_I_ACTIVITY_SHARED_MAX (EST_I_ACTIVITY_MAX + 1000)

/* List activity as the sum of the effects of the stratum columns: log-linear terms list:column, none of higher order. A value of the
 * first column has a term for each list, a value of a further column all but its first. Blocks keep an intercept of their own. */
typedef struct est_i_activity {
    size_t n_blocks, n_shared;
    uint32_t *shared;
    unsigned char *acts;  /* [term][block], EST_I_ACTIVITY_SHARED_MAX rows: those after n_shared act everywhere */
    size_t *column;       /* per term: the stratum column */
    size_t *first;        /* per term: a block with the column's value in question */
} est_i_activity;

/* From a capture table with strata. EST_EOPTION where there are more than EST_I_ACTIVITY_MAX effects. Free with est_i_activity_free. */
est_status est_i_activity_make(const est_i_captures *captures, est_i_activity **activity, est_error *error);
void est_i_activity_free(est_i_activity *activity);

/* The terms of a model in the kernel's form: with activity NULL an intercept and every list are local to each block, and dependence is
 * local with one block, shared with several. `local` has room for n_lists + 1 + n_dependence, `shared` for EST_I_ACTIVITY_SHARED_MAX;
 * the answer points to them. */
est_i_terms est_i_model_terms(const est_i_activity *activity, size_t n_lists, size_t n_blocks, const uint32_t *dependence,
                              size_t n_dependence, uint32_t *local, uint32_t *shared);

/* Most local and shared terms of models with up to n_dependence terms, for est_i_fit_space_new. */
void est_i_model_room(const est_i_activity *activity, size_t n_lists, size_t n_blocks, size_t n_dependence, size_t *n_local,
                      size_t *n_shared);

#endif
