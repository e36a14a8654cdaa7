/* Hierarchical models: sets of dependence terms, their names and their closures. */
#ifndef EST_I_MSE_MODEL_H
#define EST_I_MSE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#include "core/text.h"

/* The dependence terms (two lists or more) of a hierarchical model, closed downwards, by size and then by mask. The intercept and
 * every list are always in. */
typedef struct est_i_model {
    size_t n_terms;
    uint32_t *terms;
} est_i_model;

/* Terms of one model beyond this make no sense for a table, and are refused. */
#define EST_I_MODEL_TERMS_MAX 1000

/* Reads generators: names joined by ":" within a term and blanks between terms; "main", "all-pairs", "all-triples" stand for
 * themselves. A name with a colon, a blank or a quote is written in double quotes (a quote inside doubled). Closed downwards.
 * EST_EOPTION names what was not understood, with the nearest list name. Free with est_i_model_free. */
est_status est_i_model_parse(const char *text, size_t n_lists, char *const *names, est_i_model *model, est_error *error);
void est_i_model_free(est_i_model *model);

/* Generators in names: larger terms first, then by column order; lists in no larger term stand alone. */
void est_i_model_print(const uint32_t *terms, size_t n_terms, size_t n_lists, char *const *names, est_i_text *text);

/* Sets for searches, up to six lists: bit m of a set = the term of mask m (two lists or more). */
typedef uint64_t est_i_set;
#define EST_I_SET_LISTS_MAX 6

est_i_set est_i_set_of(const uint32_t *terms, size_t n_terms);
/* Terms of the set into `terms` by size and then by mask; returns how many (up to 57). */
size_t est_i_set_terms(est_i_set set, size_t n_lists, uint32_t *terms);
size_t est_i_set_size(est_i_set set);
/* Every term of two lists up to `order` lists. */
est_i_set est_i_set_all(size_t n_lists, unsigned order);
/* The term and every term that contains it; the term and every term of two lists or more within it. */
est_i_set est_i_set_above(uint32_t term, size_t n_lists);
est_i_set est_i_set_below(uint32_t term);

#endif
