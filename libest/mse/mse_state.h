/* What the files mse_*.c share: one run of `mse`. */
#ifndef EST_I_MSE_STATE_H
#define EST_I_MSE_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include <est/mse.h>
#include <est/table.h>

#include "core/monitor.h"
#include "core/result.h"
#include "data/captures.h"
#include "mse/average.h"
#include "mse/estimator.h"
#include "mse/joint.h"
#include "mse/kernel.h"
#include "mse/model.h"
#include "mse/ranking.h"
#include "mse/search.h"

/* Strata that are fitted together: all of them, or one where each has a dependence of its own. */
typedef struct est_i_mse_fit {
    est_i_fit_data *data;
    size_t first_block, n_blocks;
    est_i_model model;
    est_i_family family;      /* of a search */
    est_i_ranking *ranking;   /* every model; NULL where only the best were searched for */
    est_i_pool *pool;         /* the best models; NULL where none was searched for */
    double n_models;          /* in the class; NaN where they were not counted */
    size_t n_fitted;          /* models that a local search met */
    uint32_t *local, *shared;
    est_i_terms terms;
    est_i_joint *joint;
    bool *determined;         /* per coefficient; NULL = all are */
    bool missing;             /* no model of the class has an estimate; model and joint are then those without dependence, and
                                 say why */
    bool no_choice;           /* the class that was searched holds one model */
} est_i_mse_fit;

/* What is said of one stratum, or of all together. */
typedef struct est_i_mse_target {
    double n, unseen, log_se; /* unseen NaN = not estimable */
    double lower, upper, without;
    double multinomial;       /* NaN unless profiled */
    double bias, acceleration;
    int interval;             /* est_interval of these limits */
    const char *refused;      /* why there are no limits; NULL = there are, or none were asked for */
    bool boundary;
    bool no_choice;           /* one model was possible: a selection that could not choose */
    int direction;            /* of the unseen count where it is not estimable, as est_i_verdict */
} est_i_mse_target;

typedef struct est_i_mse {
    const est_table *table;
    const est_i_captures *captures;
    const est_mse_options *options;
    const est_context *context;
    est_error *error;
    est_i_monitor monitor;
    est_i_result_builder *builder;
    bool selected;
    int interval;             /* est_interval, resolved */
    est_i_selection how;
    size_t n_fits;
    est_i_mse_fit *fits;
    est_i_fit_data *data;     /* all strata */
    est_i_activity *activity;         /* additive effects; NULL = full ones */
    size_t n_targets;         /* strata, then all together; 1 where there are no strata */
    est_i_mse_target *targets;
    est_i_averaged averaged;  /* unseen NaN unless asked for */
} est_i_mse;

/* Each file's part, in order. All return EST_EIDENTIFY where there is nothing to estimate. */
est_status est_i_mse_choose(est_i_mse *run);
est_status est_i_mse_settle(est_i_mse *run);
est_status est_i_mse_find_intervals(est_i_mse *run);
est_status est_i_mse_check_gates(est_i_mse *run);
est_status est_i_mse_average(est_i_mse *run);
void est_i_mse_add_rows(est_i_mse *run);
void est_i_mse_add_frames(est_i_mse *run);
void est_i_mse_add_notes(est_i_mse *run);
void est_i_mse_note_gates(est_i_mse *run);

/* The target that the headline is about: all together. */
const est_i_mse_target *est_i_mse_whole(const est_i_mse *run);
/* The n of the criteria (decisions.md 1). */
double est_i_mse_criterion_n(const est_i_mse *run);
bool est_i_mse_is_search(const est_i_mse *run);
/* Persons of the fit's blocks. */
double est_i_mse_persons_of(const est_i_mse *run, const est_i_mse_fit *fit);
/* Fewer than three lists know anybody in the stratum. */
bool est_i_mse_has_few_lists(const est_i_mse *run, size_t block);
/* Intervals that hold nothing of the doubt about the model. */
bool est_i_mse_takes_model_as_known(const est_i_mse *run, const est_i_mse_target *target);
const char *est_i_mse_interval_name(int interval);

#endif
