/* Dense symmetric linear algebra. Up to EST_I_OWN_SIZE rows our own kernel runs, so that the bytes do not depend on the library at
 * hand; larger matrices are factored in blocks by OpenBLAS on one thread. */
#ifndef EST_I_NUMERICS_LINEAR_H
#define EST_I_NUMERICS_LINEAR_H

#include <stdbool.h>
#include <stddef.h>

#define EST_I_OWN_SIZE 64

/* Factors a positive semidefinite matrix (row by row, size x size, the upper triangle is read) as U'U in place, in the upper
 * triangle. A pivot below 1e-10 of its diagonal is a dependent or empty variable: its row is cleared and alive[i] = false, which
 * makes a generalised inverse. */
void est_i_factor(double *matrix, size_t size, bool *alive);

/* Entry (row, row) of the generalised inverse of the factored matrix; 0 for a variable that is not alive. work: size numbers. */
double est_i_inverse_entry(const double *factor, size_t size, const bool *alive, size_t row, double *work);

/* Column `row` of the generalised inverse into `column`: size numbers, 0 for variables that are not alive. */
void est_i_inverse_column(const double *factor, size_t size, const bool *alive, size_t row, double *column);

/* Rows of a matrix (row by row, rows x width, finite, squares in range) that are no combination of rows before them: of their length
 * more than the part `tolerance` stands at right angles to those. The matrix is overwritten. work: rows x (1 + EST_I_OWN_SIZE). */
size_t est_i_independent_rows(double *matrix, size_t rows, size_t width, double tolerance, double *work);

#endif
