/* Exact integer linear algebra for small 0/1 patterns: rank, null space, and the largest face of a cone. */
#ifndef EST_I_NUMERICS_EXACT_H
#define EST_I_NUMERICS_EXACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Elimination in whole numbers: each row is kept free of common factors. false = a number left 64 bits (then nothing is known)
 * or memory ran out. The rows are overwritten by the reduced echelon form; pivots[i] is the pivot column of row i. */
bool est_i_exact_echelon(int64_t *rows, size_t n_rows, size_t n_columns, size_t *pivots, size_t *rank);

/* A whole-number basis of {z : rows z = 0} into *basis (n_columns x *nullity, column k at basis[column * nullity + k]; the
 * caller frees it; NULL if the nullity is 0). The rows are overwritten. false as above. */
bool est_i_exact_null_space(int64_t *rows, size_t n_rows, size_t n_columns, int64_t **basis, size_t *nullity);

/* Rows y_1..y_m of k numbers. Finds c with y_i c <= 0 for all i and y_i c < 0 for as many i as any such c can have: strict[i]
 * says which. One exact linear programme (max sum u, y c + u <= 0, 0 <= u <= 1) by the simplex method with Bland's rule.
 * direction (k numbers) receives c up to a positive factor. false as above. */
bool est_i_exact_recession(const int64_t *rows, size_t m, size_t k, bool *strict, int64_t *direction);

#endif
