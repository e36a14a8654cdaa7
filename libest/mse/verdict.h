/* Existence and identifiability of the extended MLE, decided exactly from the 0/1 pattern of the table.
 *
 * Fienberg and Rinaldo (2012): the MLE exists if and only if the observed margins lie in the relative interior of the marginal
 * cone, that is, if no z has Xz = 0 where the count is positive, Xz <= 0 where it is zero, and Xz < 0 somewhere. Otherwise the
 * supremum is reached on a face: the cells with Xz < 0 for such a z of largest support have fitted value zero. */
#ifndef EST_I_MSE_VERDICT_H
#define EST_I_MSE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

#include "mse/kernel.h"

typedef struct est_i_verdict {
    size_t n_blocks, n_cells;
    bool exists;         /* the extended MLE exists in the ordinary sense */
    bool identified;     /* the live columns are linearly independent on the kept cells */
    size_t n_live;       /* live columns: those with a margin, unpenalised */
    size_t kept_cells;   /* observed cells that no dead term has taken out */
    size_t face_cells;   /* of these, those that the face keeps */
    size_t rank;         /* of the live columns on the face */
    double *keep;        /* [block][cell]: 1 = on the face */
    bool *reduced;       /* per block: some of its cells are off the face, so its part of the fit lies on the boundary */
    bool *estimable;     /* per block: the unseen count is determined on the face */
    int *direction;      /* per block, where not, after est_i_verdict_explain: +1 it can only grow without bound, -1 it can only go
                            to zero, 0 both or neither: the data say nothing */
} est_i_verdict;

/* Judges lane `lane` of the data under the terms. EST_EIDENTIFY if the pattern is too sparse for 64-bit whole numbers (seen only on
 * made-up tables of eight lists by eight periods, 85 % empty), EST_ENOMEM, EST_ECANCELLED. */
est_status est_i_verdict_find(const est_i_fit_data *data, size_t lane, const est_i_terms *terms, est_i_monitor *monitor,
                              est_i_verdict **verdict, est_error *error);
/* The same, and the directions of the unseen counts: two more exact programmes for each block that is not estimable. */
est_status est_i_verdict_explain(const est_i_fit_data *data, size_t lane, const est_i_terms *terms, est_i_monitor *monitor,
                                 est_i_verdict **verdict, est_error *error);
/* Which coefficients the face determines: [block][local], then shared, as the fit's beta; those of dead columns, which are -inf,
 * count as determined. `determined` has room for all. EST_EIDENTIFY out of range, EST_ENOMEM, EST_ECANCELLED. */
est_status est_i_verdict_coefficients(const est_i_fit_data *data, size_t lane, const est_i_terms *terms,
                                      const est_i_verdict *verdict, est_i_monitor *monitor, bool *determined, est_error *error);
void est_i_verdict_free(est_i_verdict *verdict);

#endif
