/* Exact integer linear algebra for small 0/1 patterns: rank, null space, and the largest face of a cone. */
#ifndef EST_I_NUMERICS_EXACT_H
#define EST_I_NUMERICS_EXACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/monitor.h"

/* All three return false when a number left 64 bits (then nothing is known), memory ran out, or the monitor was cancelled. */

/* Elimination in whole numbers: a row that is worked on is freed of common factors. The rows are overwritten by the reduced echelon
 * form; pivots[i] is the pivot column of row i. */
bool est_i_exact_echelon(int64_t *rows, size_t n_rows, size_t n_columns, size_t *pivots, size_t *rank, est_i_monitor *monitor);

/* A whole-number basis of {z : rows z = 0} into *basis (n_columns x *nullity, column k at basis[column * nullity + k]; the
 * caller frees it; NULL if the nullity is 0). The rows are overwritten. */
bool est_i_exact_null_space(int64_t *rows, size_t n_rows, size_t n_columns, int64_t **basis, size_t *nullity,
                            est_i_monitor *monitor);

/* Rows y_1..y_m of k numbers. Finds c with y_i c <= 0 for all i and y_i c < 0 for as many i as any such c can have: strict[i]
 * says which. direction (k numbers) receives c up to a positive factor. Exact linear programmes by the simplex method with
 * Bland's rule: max sum of -y_i c over the rows not yet strict, y c <= 0, -y_i c <= 1 for those; each finds more strict rows, until
 * none is left, and the sum of the solutions is c. */
bool est_i_exact_recession(const int64_t *rows, size_t m, size_t k, bool *strict, int64_t *direction, est_i_monitor *monitor);

#endif
