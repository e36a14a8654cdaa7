/* A settled fit of one model to one table: verdict, fit on the right face, unseen counts, fit tests. */
#ifndef EST_I_MSE_JOINT_H
#define EST_I_MSE_JOINT_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

#include "mse/kernel.h"
#include "mse/verdict.h"

typedef struct est_i_joint {
    size_t n_blocks, n_parameters; /* n_parameters counts the intercepts and the -inf parameters (decisions.md 1) */
    est_i_verdict *verdict;
    double loglik;                 /* full Poisson, with log n! */
    double deviance, pearson, df;  /* on the face: its cells less the rank */
    size_t n_beta;
    double *beta;                  /* [block][local], then shared; dead and dependent ones 0 */
    double *log_unseen;            /* per block: the intercept; NaN where it is not estimable */
    double *se_log_unseen;         /* per block, by the inverse information, the model taken as known */
    double *covariance;            /* [block][block] of the log unseen counts; NaN where one of them is not estimable */
    int iterations;
} est_i_joint;

/* Fits lane 0 of one-lane data. Existence is decided exactly, and a boundary fit is made on its own face. A model without an
 * estimate is an answer, not an error: see the verdict. Errors: EST_ENOMEM, EST_EINTERNAL, EST_ECANCELLED. */
est_status est_i_joint_fit(const est_i_fit_data *data, const est_i_terms *terms, est_i_monitor *monitor, est_i_joint **joint,
                           est_error *error);
void est_i_joint_free(est_i_joint *joint);

/* Standard error of the log of the sum of the unseen counts (delta method); NaN if a block is not estimable. */
double est_i_joint_total_se(const est_i_joint *joint);

/* Parameters of a model on these data, -inf ones counted; terms that no observable cell can hold are not. A shared term that comes
 * several times (additive effects of a list) counts as often as the blocks where it can show tell its parts apart. */
size_t est_i_count_parameters(const est_i_fit_data *data, const est_i_terms *terms);

/* Intercept and every list: the local terms of all models. `local` has room for n_lists + 1. */
size_t est_i_main_terms(size_t n_lists, uint32_t *local);

#endif
