/* Diagnostics of an estimate from lists: one table each, and a verdict in words. */
#ifndef EST_I_MSE_DIAGNOSE_H
#define EST_I_MSE_DIAGNOSE_H

#include <stddef.h>

#include <est/context.h>
#include <est/error.h>

#include "core/monitor.h"
#include "core/result.h"
#include "data/captures.h"
#include "mse/estimator.h"
#include "mse/joint.h"
#include "mse/kernel.h"

typedef struct est_i_diagnosis {
    const est_i_captures *captures;
    const est_i_fit_data *data;       /* one lane; a block a stratum */
    const est_i_selection *how;       /* how the model was chosen; NULL = it was given */
    const est_i_terms *terms;         /* the model, as joint was fitted */
    const uint32_t *dependence;       /* its terms of two lists or more */
    size_t n_dependence;
    const est_i_joint *joint;
    double lower, upper;              /* of the population; NaN if there is no interval */
    double limit;                     /* 0 = none: the policy threshold whose tipping dependence is wanted */
    const double *near_tied;          /* populations of models within 10 of the best; NULL if not searched */
    size_t n_near_tied;
    double best_gap_population;       /* population of the second-best distinct model; NaN if none */
} est_i_diagnosis;

/* Adds the frames and notes of every diagnostic to the builder; EST_ENOMEM, EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_diagnose(const est_i_diagnosis *diagnosis, const est_context *context, est_i_monitor *monitor,
                          est_i_result_builder *builder, est_error *error);

#endif
