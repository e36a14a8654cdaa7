/* Models tried one after the other, each a term more or less than the current one: what local searches share. */
#ifndef EST_I_MSE_TRIAL_H
#define EST_I_MSE_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#include "core/monitor.h"
#include "mse/kernel.h"
#include "mse/model.h"

/* A fitted model. One block carries its dependence locally, several share it. */
typedef struct est_i_trial_model {
    size_t n_terms;
    uint32_t *terms;      /* dependence, in the order of entry */
    uint32_t *local;      /* intercept, lists; `terms` points behind them */
    double *beta;         /* each block's intercept and lists, then `terms` */
    double *keep;         /* the cells fitted, [block][cell] */
    bool is_interior;     /* proved by the certificate: fit to start from */
    bool has_estimate;    /* every block that the model without dependence determines has an estimate */
    bool is_discarded;    /* proved to stay below `need`; whether it has an estimate was not asked */
    double loglik;
} est_i_trial_model;

typedef struct est_i_trial {
    const est_i_fit_data *data;   /* lane 0 of one-lane data */
    unsigned max_order;
    bool accept_boundary;         /* an estimate on a face is an estimate, where the face determines the unseen count */
    size_t n_main, most;          /* intercept and lists; dependence terms there is room for */
    est_i_monitor *monitor;
    est_i_fit_space *space;
    est_i_trial_model current, tried, held;
    double *start;
    bool *is_in, *is_shown;       /* per term: it is in the current model; some cell can show it */
    size_t n_shown;               /* terms of two lists or more, up to max_order, that some cell can show */
    bool *required;               /* per block: the model without dependence determines the unseen count */
} est_i_trial;

/* The model without dependence becomes the current one. Free with est_i_trial_free. Errors, here and below: EST_ENOMEM,
 * EST_EINTERNAL (no convergence), EST_ECANCELLED. */
est_status est_i_trial_new(const est_i_fit_data *data, unsigned max_order, bool accept_boundary, est_i_monitor *monitor,
                           est_i_trial **trial, est_error *error);
void est_i_trial_free(est_i_trial *trial);
/* How far a search is whose rounds nobody can count beforehand: each makes a tenth of what is left. `part` of the round
 * under way is done. */
void est_i_trial_progress(const est_i_trial *trial, size_t rounds, double part);

/* Fits the current model with `term` put in or, if it is in, taken out; the answer stands in trial->tried. need: give up when the
 * log likelihood provably stays below; -INFINITY = never. */
est_status est_i_trial_change(est_i_trial *trial, uint32_t term, double need, est_error *error);
/* The same with every term that may ever enter; tried.has_estimate is false when there are more than EST_I_MODEL_TERMS_MAX. */
est_status est_i_trial_fill(est_i_trial *trial, est_error *error);
/* The model tried last becomes the current one. */
void est_i_trial_move(est_i_trial *trial);
/* Sets the model tried last aside, or takes it back: trial->tried and trial->held change places. */
void est_i_trial_hold(est_i_trial *trial);

/* Terms that may enter: not in, all their parts in, at most max_order lists, and some cell can show them. Returns how many,
 * at most trial->n_shown; none when the model is full. */
size_t est_i_trial_entrants(const est_i_trial *trial, uint32_t *terms);
/* Does no other term of the current model contain it? */
bool est_i_trial_is_generator(const est_i_trial *trial, uint32_t term);

/* sums[m], m < n_cells: the fitted values of the current model, summed over all blocks and all kept cells that contain m.
 * `work` has room for n_cells. */
void est_i_trial_fitted_margins(const est_i_trial *trial, double *sums, double *work);

/* The current model's terms, by size and then by mask, in a new model (est_i_model_free). */
est_status est_i_trial_model_of(const est_i_trial *trial, est_i_model *model, est_error *error);

#endif
