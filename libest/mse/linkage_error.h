/* What errors of the linkage do to a capture table, and how to undo them. linkage_error.c has the formulas. */
#ifndef EST_I_MSE_LINKAGE_ERROR_H
#define EST_I_MSE_LINKAGE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#include "numerics/rng.h"

#define EST_I_LINKAGE_LISTS_MAX 10

/* keep[i][j]: the probability that a record of list j stays with the record of list i of the same person. Symmetric. */
typedef struct est_i_keep {
    double keep[EST_I_LINKAGE_LISTS_MAX][EST_I_LINKAGE_LISTS_MAX];
} est_i_keep;

est_i_keep est_i_keep_all(double probability);

/* Two lists of n1 and n2 records with m links, match sensitivity a, share b of the links wrong. */
typedef struct est_i_two_lists {
    double population, se, lower, upper; /* NaN where the lists do not allow such rates */
    bool possible;
} est_i_two_lists;

est_i_two_lists est_i_linkage_two_lists(double n1, double n2, double links, double sensitivity, double wrong, double level);

/* The expected clusters of a person on the lists S, for every S: entries first[S] to first[S + 1] - 1 are the histories part[] with
 * their expected numbers. The last entry of S is S itself. */
typedef struct est_i_splitting {
    size_t n_lists, n_cells;
    size_t *first;
    uint32_t *part;
    double *expected;
} est_i_splitting;

/* NULL without memory. At most EST_I_LINKAGE_LISTS_MAX lists. */
est_i_splitting *est_i_splitting_new(size_t n_lists, const est_i_keep *keep);
void est_i_splitting_free(est_i_splitting *splitting);

/* to = the table that `from` becomes on average. Both of n_cells counts, not the same array. */
void est_i_splitting_apply(const est_i_splitting *splitting, const double *from, double *to);

/* The table of which `table` is what is left after splitting: exact if no count of it is negative, else the one that maximises the
 * Poisson likelihood of `table`. true = exact. `work`: 2 * n_cells numbers. */
bool est_i_splitting_undo(const est_i_splitting *splitting, const double *table, double *original, double *work);

/* Splits every person of a table of whole numbers at random. */
void est_i_split_persons(const est_i_keep *keep, size_t n_lists, const double *from, est_i_rng *rng, double *to);

/* Joins single records falsely to clusters until, on average, the share of the links that are wrong is 1 - keep: each false link
 * looks like one of the links that are there. `weights`: n_cells * n_lists + 1 numbers of room. */
void est_i_join_falsely(const est_i_keep *keep, size_t n_lists, double *counts, est_i_rng *rng, double *weights);

#endif
