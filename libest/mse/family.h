/* A family of hierarchical models: the items that a model may hold, and what follows from holding them. Searches see models as sets
 * of items: terms in the hierarchical and the pairwise class, pairs of lists (edges of a graph) in the graphical classes. */
#ifndef EST_I_MSE_FAMILY_H
#define EST_I_MSE_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/error.h>
#include <est/mse.h>

#include "mse/kernel.h"
#include "mse/model.h"

/* Lists of the graphical classes: a complete graph has 2^n terms. */
#define EST_I_FAMILY_LISTS_MAX 9
#define EST_I_FAMILY_PAIRWISE_MAX 11
#define EST_I_FAMILY_ADVICE_MAX 480
/* Terms of more lists than this are in no set of 64 items; room for the terms of any set. */
#define EST_I_FAMILY_SIZES 12
#define EST_I_FAMILY_TERMS_MAX 512

typedef struct est_i_family {
    int model_class;             /* est_model_class */
    size_t n_lists;
    unsigned max_order;          /* most lists in a term */
    size_t n_items;
    uint32_t item[64];           /* bit i of a set = item[i], ascending masks; up to six lists hierarchical: item[m] = m */
    est_i_set all;               /* every item that some block of the data can show */
    est_i_set of_size[EST_I_FAMILY_SIZES]; /* items of so many lists */
    est_i_set above[64], below[64]; /* items that contain item i; items within it, itself included */
} est_i_family;

/* The family on these data: terms that no observable cell can hold are left out. EST_EOPTION where it has more than 64 items, with
 * what to ask for instead. */
est_status est_i_family_make(const est_i_fit_data *data, int model_class, unsigned max_order, est_i_family *family,
                             est_error *error);

/* What to ask for where an exact search has too many lists, as words after a semicolon: only what works with so many.
 * `text` has room for EST_I_FAMILY_ADVICE_MAX. */
void est_i_family_instead(size_t n_lists, char *text);

/* Most lists in a term of a search that was given no order: one less than the lists, at most three in the hierarchical class. Higher
 * terms are seldom determined, and no list of models stays readable. */
unsigned est_i_default_order(size_t n_lists, int model_class);

/* Dependence terms of the set, by size and then by mask, into `terms` (room EST_I_FAMILY_TERMS_MAX); returns how many. A set of the
 * graphical classes stands for the cliques of its graph, up to max_order lists. */
size_t est_i_family_terms(const est_i_family *family, est_i_set set, uint32_t *terms);
size_t est_i_family_size(const est_i_family *family, est_i_set set);

/* Is the set a model of the family? Downwards closed; graphical: no clique larger than max_order; decomposable: chordal. */
bool est_i_family_holds(const est_i_family *family, est_i_set set);

/* The set of these terms (their pairs in the graphical classes). */
est_i_set est_i_family_set(const est_i_family *family, const uint32_t *terms, size_t n_terms);

/* How many models the family holds; NaN for the decomposable class, whose members are only known one by one. */
double est_i_family_count(const est_i_family *family);

#endif
