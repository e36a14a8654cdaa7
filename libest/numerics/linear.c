/* Blocked Cholesky and Gram-Schmidt: our kernel within a block, OpenBLAS between them. */
#include "numerics/linear.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_cblas.h>

/* OpenBLAS has no header that can stand beside GSL's. */
extern void openblas_set_num_threads(int threads);
extern int openblas_get_num_threads(void);

/* Rows first to last of the factor, from columns already reduced by earlier blocks; reaches over `width` columns. */
static void factor_rows(double *matrix, size_t size, size_t first, size_t last, size_t width, const double *diagonal,
                        bool *alive)
{
    for (size_t i = first; i < last; i++) {
        double *row = matrix + i * size;
        for (size_t k = first; k < i; k++)
            for (size_t j = i; j < width; j++)
                row[j] -= matrix[k * size + i] * matrix[k * size + j];
        alive[i] = row[i] > 1e-10 * diagonal[i] && row[i] > 0;
        double root = alive[i] ? sqrt(row[i]) : 1;
        for (size_t j = i; j < width; j++)
            row[j] = alive[i] ? row[j] / root : 0;
        row[i] = root;
    }
}

/* A dead row must stay empty to the right of its block too. */
static void clear_dead_rows(double *matrix, size_t size, size_t first, size_t last, const bool *alive)
{
    for (size_t i = first; i < last; i++)
        if (!alive[i])
            memset(matrix + i * size + last, 0, (size - last) * sizeof *matrix);
}

static void factor_blocks(double *matrix, size_t size, const double *diagonal, bool *alive)
{
    int n = (int)size;
    for (size_t first = 0; first < size; first += EST_I_OWN_SIZE) {
        size_t last = first + EST_I_OWN_SIZE < size ? first + EST_I_OWN_SIZE : size;
        int block = (int)(last - first), rest = (int)(size - last);
        double *corner = matrix + first * size + first, *right = matrix + first * size + last;
        factor_rows(matrix, size, first, last, last, diagonal, alive);
        if (rest == 0)
            continue;
        cblas_dtrsm(CblasRowMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, block, rest, 1, corner, n, right, n);
        clear_dead_rows(matrix, size, first, last, alive);
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, rest, block, -1, right, n, 1, matrix + last * size + last, n);
    }
}

void est_i_factor(double *matrix, size_t size, bool *alive)
{
    if (size <= EST_I_OWN_SIZE) {
        double diagonal[EST_I_OWN_SIZE];
        for (size_t i = 0; i < size; i++)
            diagonal[i] = matrix[i * size + i];
        factor_rows(matrix, size, 0, size, size, diagonal, alive);
    } else {
        int threads = openblas_get_num_threads();
        double diagonal[size];
        for (size_t i = 0; i < size; i++)
            diagonal[i] = matrix[i * size + i];
        openblas_set_num_threads(1);
        factor_blocks(matrix, size, diagonal, alive);
        openblas_set_num_threads(threads);
    }
}

double est_i_inverse_entry(const double *factor, size_t size, const bool *alive, size_t row, double *work)
{
    double sum = 0;
    memset(work, 0, size * sizeof *work);
    work[row] = alive[row] ? 1 : 0;
    for (size_t i = row; i < size; i++) {
        if (!alive[i])
            continue;
        double value = work[i] / factor[i * size + i];
        sum += value * value;
        for (size_t j = i + 1; j < size; j++)
            work[j] -= factor[i * size + j] * value;
    }
    return sum;
}

/* U'y = e, then Ux = y. */
void est_i_inverse_column(const double *factor, size_t size, const bool *alive, size_t row, double *column)
{
    memset(column, 0, size * sizeof *column);
    column[row] = alive[row] ? 1 : 0;
    for (size_t i = row; i < size; i++) {
        column[i] = alive[i] ? column[i] / factor[i * size + i] : 0;
        for (size_t j = i + 1; j < size && alive[i]; j++)
            column[j] -= factor[i * size + j] * column[i];
    }
    for (size_t i = size; i-- > 0;) {
        for (size_t j = i + 1; j < size && alive[i]; j++)
            column[i] -= factor[i * size + j] * column[j];
        column[i] = alive[i] ? column[i] / factor[i * size + i] : 0;
    }
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Rows first to last, reduced by all earlier blocks, made orthonormal; those that are kept close up from `first` on. Returns their
 * number. */
static size_t orthonormal_rows(double *matrix, size_t first, size_t last, size_t width, const double *shortest)
{
    size_t kept = 0;
    for (size_t i = first; i < last; i++) {
        double *row = matrix + i * width, *to = matrix + (first + kept) * width;
        for (size_t k = first; k < first + kept; k++) {
            double share = dot(matrix + k * width, row, width);
            for (size_t j = 0; j < width; j++)
                row[j] -= share * matrix[k * width + j];
        }
        double length = sqrt(dot(row, row, width));
        for (size_t j = 0; length > shortest[i] && j < width; j++)
            to[j] = row[j] / length;
        kept += length > shortest[i];
    }
    return kept;
}

/* Modified Gram-Schmidt: the square root of the accuracy is not lost as in a factor of the products. */
size_t est_i_independent_rows(double *matrix, size_t rows, size_t width, double tolerance, double *work)
{
    double *shortest = work, *share = work + rows;
    size_t rank = 0;
    int threads = openblas_get_num_threads(), columns = (int)width;
    openblas_set_num_threads(1);
    for (size_t i = 0; i < rows; i++)
        shortest[i] = tolerance * sqrt(dot(matrix + i * width, matrix + i * width, width));
    for (size_t first = 0; first < rows; first += EST_I_OWN_SIZE) {
        size_t last = first + EST_I_OWN_SIZE < rows ? first + EST_I_OWN_SIZE : rows;
        int kept = (int)orthonormal_rows(matrix, first, last, width, shortest), rest = (int)(rows - last);
        double *block = matrix + first * width, *below = matrix + last * width;
        rank += (size_t)kept;
        if (kept == 0 || rest == 0)
            continue;
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rest, kept, columns, 1, below, columns, block, columns, 0, share,
                    kept);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rest, columns, kept, -1, share, kept, block, columns, 1, below,
                    columns);
    }
    openblas_set_num_threads(threads);
    return rank;
}
