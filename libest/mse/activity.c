/* Additive list activity. */
#include "mse/activity.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/joint.h"

static bool same_value(const est_i_captures *captures, size_t column, size_t one, size_t other)
{
    return strcmp(captures->strata_values[one][column], captures->strata_values[other][column]) == 0;
}

/* Does the block show the column's value for the first time? */
static bool is_new(const est_i_captures *captures, size_t column, size_t block)
{
    bool found = false;
    for (size_t k = 0; k < block && !found; k++)
        found = same_value(captures, column, k, block);
    return !found;
}

static est_status add_term(const est_i_captures *captures, size_t column, size_t block, uint32_t list, est_i_activity *activity,
                           est_error *error)
{
    if (activity->n_shared == EST_I_ACTIVITY_MAX)
        return est_i_fail(error, EST_EOPTION, "option --effects: additive effects of more than %d values of lists and stratum columns; "
                          "merge strata", EST_I_ACTIVITY_MAX);
    size_t i = activity->n_shared++;
    activity->shared[i] = list;
    activity->column[i] = column;
    activity->first[i] = block;
    for (size_t k = 0; k < captures->n_blocks; k++)
        activity->acts[i * captures->n_blocks + k] = same_value(captures, column, k, block);
    return EST_OK;
}

static est_status add_terms(const est_i_captures *captures, est_i_activity *activity, est_error *error)
{
    est_status status = EST_OK;
    for (size_t column = 0; column < captures->n_strata_columns; column++)
        for (size_t k = 0; k < captures->n_blocks; k++)
            for (size_t j = 0; j < captures->n_lists && status == EST_OK; j++)
                if (is_new(captures, column, k) && (column == 0 || k > 0))
                    status = add_term(captures, column, k, (uint32_t)1 << j, activity, error);
    return status;
}

est_status est_i_activity_make(const est_i_captures *captures, est_i_activity **activity, est_error *error)
{
    est_i_activity *b = *activity = calloc(1, sizeof *b);
    if (!b)
        return est_i_no_memory(error);
    b->n_blocks = captures->n_blocks;
    b->shared = calloc(EST_I_ACTIVITY_SHARED_MAX, sizeof *b->shared);
    b->acts = malloc(EST_I_ACTIVITY_SHARED_MAX * captures->n_blocks);
    b->column = calloc(EST_I_ACTIVITY_MAX, sizeof *b->column);
    b->first = calloc(EST_I_ACTIVITY_MAX, sizeof *b->first);
    est_status status = b->shared && b->acts && b->column && b->first ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK) {
        memset(b->acts, 1, EST_I_ACTIVITY_SHARED_MAX * captures->n_blocks);
        status = add_terms(captures, b, error);
    }
    if (status != EST_OK) {
        est_i_activity_free(b);
        *activity = NULL;
    }
    return status;
}

void est_i_activity_free(est_i_activity *activity)
{
    if (!activity)
        return;
    free(activity->shared);
    free(activity->acts);
    free(activity->column);
    free(activity->first);
    free(activity);
}

static void append(uint32_t *terms, size_t *count, const uint32_t *more, size_t n_more)
{
    if (n_more)
        memcpy(terms + *count, more, n_more * sizeof *terms);
    *count += n_more;
}

est_i_terms est_i_model_terms(const est_i_activity *activity, size_t n_lists, size_t n_blocks, const uint32_t *dependence,
                              size_t n_dependence, uint32_t *local, uint32_t *shared)
{
    est_i_terms terms = {.local = local, .shared = shared};
    terms.n_local = est_i_main_terms(n_lists, local);
    if (activity) {
        terms.n_local = 1;
        terms.acts = activity->acts;
        append(shared, &terms.n_shared, activity->shared, activity->n_shared);
    }
    if (n_blocks == 1 && !activity)
        append(local, &terms.n_local, dependence, n_dependence);
    else
        append(shared, &terms.n_shared, dependence, n_dependence);
    return terms;
}

void est_i_model_room(const est_i_activity *activity, size_t n_lists, size_t n_blocks, size_t n_dependence, size_t *n_local,
                      size_t *n_shared)
{
    bool inside = n_blocks == 1 && !activity;
    *n_local = activity ? 1 : n_lists + 1 + (inside ? n_dependence : 0);
    *n_shared = (activity ? activity->n_shared : 0) + (inside ? 0 : n_dependence);
}
