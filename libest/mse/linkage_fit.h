/* The population under a given linkage error: correct the table, fit the same model again. */
#ifndef EST_I_MSE_LINKAGE_FIT_H
#define EST_I_MSE_LINKAGE_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/monitor.h"
#include "data/captures.h"
#include "data/linked.h"
#include "mse/kernel.h"
#include "mse/linkage_error.h"

/* What is fitted: lists and dependence terms; several blocks share the dependence. Borrows the captures. */
typedef struct est_i_linkage_model {
    const est_i_captures *captures;
    size_t n_blocks, n_cells;
    uint32_t *local, *shared;
    est_i_terms terms;
} est_i_linkage_model;

est_status est_i_linkage_model_new(const est_i_captures *captures, const uint32_t *dependence, size_t n_dependence,
                                   est_i_linkage_model **model, est_error *error);
void est_i_linkage_model_free(est_i_linkage_model *model);

/* N of each block from counts [block][cell], which need not be whole; NaN where it is not estimable. */
est_status est_i_linkage_population(const est_i_linkage_model *model, const double *counts, est_i_monitor *monitor,
                                    double *population, est_error *error);

/* One assumption about the linkage, in each block: `missed` keeps matches (a), `wrong` keeps links (1 - b). */
typedef struct est_i_linkage_point {
    size_t n_blocks;
    est_i_keep *missed, *wrong;                     /* per block */
    est_i_splitting **missed_matches, **wrong_links; /* the same as operators */
} est_i_linkage_point;

/* a and b the same for all pairs and blocks. */
est_status est_i_linkage_point_new(size_t n_lists, size_t n_blocks, double sensitivity, double wrong, est_i_linkage_point **point,
                                   est_error *error);
/* From one keep-matrix of each kind a block, copied. */
est_status est_i_linkage_point_of(size_t n_lists, size_t n_blocks, const est_i_keep *missed, const est_i_keep *wrong,
                                  est_i_linkage_point **point, est_error *error);
void est_i_linkage_point_free(est_i_linkage_point *point);

/* The answer under one assumption. */
typedef struct est_i_linkage_answer {
    size_t n_blocks;
    double *corrected;  /* [block][cell]: the table that the model is fitted to */
    bool *exact;        /* per block: there is a table without negative counts that becomes the observed one */
    double *population; /* per block; NaN = not estimable, or (two lists) impossible */
    double *lower, *upper; /* per block; NaN = none */
    double *without;    /* per block: share of the replicates without an estimate */
} est_i_linkage_answer;

est_status est_i_linkage_answer_new(const est_i_linkage_model *model, est_i_linkage_answer **answer, est_error *error);
void est_i_linkage_answer_free(est_i_linkage_answer *answer);

/* Fills corrected, exact and population from the counts of the captures. */
est_status est_i_linkage_solve(const est_i_linkage_model *model, const est_i_linkage_point *point, est_i_monitor *monitor,
                               est_i_linkage_answer *answer, est_error *error);

/* Intervals of all answers: closed form for two lists, else percentiles over replicates of the whole way: persons are drawn from
 * the corrected table, linked with these errors, corrected and fitted again. Replicates without an estimate count as unbounded. The
 * monitor's context has seed and threads. */
est_status est_i_linkage_intervals(const est_i_linkage_model *model, est_i_linkage_point *const *points,
                                   est_i_linkage_answer *const *answers, size_t n_points, size_t replicates, double level,
                                   est_i_monitor *monitor, est_error *error);

/* Simulated errors on top of those that the records have, for one (a, b) and block. */
typedef struct est_i_linkage_simulated {
    double mean, sd;           /* of N with the errors put in once more (lambda = 1) */
    double without;            /* share of all simulations without an estimate */
    double linear, quadratic;  /* SIMEX: extrapolated to lambda = -1, on log N */
} est_i_linkage_simulated;

/* answers[pair * n_blocks + block] for the pairs (sensitivity, wrong). Units are split and joined at random with a^lambda and
 * (1 - b)^lambda, lambda = 0.5, 1, 1.5 and 2, `simulations` times each. `as_linked`: N of the data as they are, per block. */
est_status est_i_linkage_simulate(const est_i_linkage_model *model, const est_i_linked *linked, const double *as_linked,
                                  const double *sensitivity, const double *wrong, size_t n_pairs, size_t simulations,
                                  est_i_monitor *monitor, est_i_linkage_simulated *answers, est_error *error);

#endif
