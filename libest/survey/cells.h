/* Sums over the rows of each (leaf, domain): the compact state from which totals, means, ratios and their variances follow. */
#ifndef EST_I_SURVEY_CELLS_H
#define EST_I_SURVEY_CELLS_H

#include "numerics/double_double.h"
#include "survey/sample.h"

/* A hash table of cells, each of `width` sums. */
typedef struct est_i_cells {
    size_t width, count, capacity, n_slots;
    uint32_t *leaf, *domain;
    est_i_dd *sum;   /* sum[cell * width + i] */
    uint32_t *slots; /* cell + 1 */
    uint32_t last;   /* the cell found last */
} est_i_cells;

est_i_cells *est_i_cells_new(size_t width);
void est_i_cells_free(est_i_cells *cells);
/* The sums of a cell, made zero if it is new; NULL without memory. Good until the next call. */
est_i_dd *est_i_cells_at(est_i_cells *cells, uint32_t leaf, uint32_t domain);
/* Gives every cell its final numbers. */
est_status est_i_cells_renumber(est_i_cells *cells, const est_i_renumbering *final, est_error *error);
est_status est_i_cells_join(est_i_cells *into, const est_i_cells *from, est_error *error);
/* Sorts by domain, then leaf; domain_first[domain] to domain_first[domain + 1] - 1 are the cells of a domain (n_domains + 1 entries,
 * the caller frees). No more cells may be added. */
est_status est_i_cells_sort(est_i_cells *cells, size_t n_domains, size_t **domain_first, est_error *error);

#endif
