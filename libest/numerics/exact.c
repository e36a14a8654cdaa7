/* Whole-number elimination and simplex. Patterns of log-linear models keep their numbers tiny; overflow is detected, not assumed
 * away. */
#include "numerics/exact.h"

#include <stdlib.h>
#include <string.h>

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    a = a < 0 ? -a : a;
    b = b < 0 ? -b : b;
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static void divide_common(int64_t *row, size_t n)
{
    int64_t divisor = 0;
    for (size_t j = 0; j < n && divisor != 1; j++)
        if (row[j])
            divisor = greatest_divisor(divisor, row[j]);
    for (size_t j = 0; divisor > 1 && j < n; j++)
        row[j] /= divisor;
}

/* target = target * |pivot| - source * (target[column] * sign of pivot): clears target[column], keeps the sign of the rest. */
static bool clear_entry(int64_t *target, const int64_t *source, size_t n, size_t column)
{
    int64_t sign = source[column] < 0 ? -1 : 1;
    int64_t scale = sign * source[column], factor = sign * target[column];
    int64_t common = greatest_divisor(scale, factor);
    scale /= common;
    factor /= common;
    for (size_t j = 0; j < n; j++) {
        int64_t kept, taken;
        if (__builtin_mul_overflow(target[j], scale, &kept) || __builtin_mul_overflow(source[j], factor, &taken) ||
            __builtin_sub_overflow(kept, taken, &target[j]) || target[j] == INT64_MIN)
            return false;
    }
    divide_common(target, n);
    return true;
}

static bool clear_column(int64_t *rows, size_t n_rows, size_t n, size_t pivot_row, size_t column)
{
    bool fits = true;
    for (size_t i = 0; i < n_rows && fits; i++)
        if (i != pivot_row && rows[i * n + column])
            fits = clear_entry(rows + i * n, rows + pivot_row * n, n, column);
    return fits;
}

static void swap_rows(int64_t *a, int64_t *b, size_t n)
{
    for (size_t j = 0; a != b && j < n; j++) {
        int64_t kept = a[j];
        a[j] = b[j];
        b[j] = kept;
    }
}

bool est_i_exact_echelon(int64_t *rows, size_t n_rows, size_t n_columns, size_t *pivots, size_t *rank)
{
    bool fits = true;
    size_t found = 0;
    for (size_t column = 0; column < n_columns && found < n_rows && fits; column++) {
        size_t row = found;
        while (row < n_rows && !rows[row * n_columns + column])
            row++;
        if (row == n_rows)
            continue;
        swap_rows(rows + row * n_columns, rows + found * n_columns, n_columns);
        fits = clear_column(rows, n_rows, n_columns, found, column);
        pivots[found++] = column;
    }
    *rank = found;
    return fits;
}

/* Column `free` is set so that every pivot row gives a whole number. */
static bool null_vector(const int64_t *rows, size_t n, const size_t *pivots, size_t rank, size_t free_column, int64_t *vector)
{
    int64_t scale = 1;
    for (size_t i = 0; i < rank; i++) {
        int64_t pivot = rows[i * n + pivots[i]], entry = rows[i * n + free_column];
        if (entry) {
            int64_t part = pivot / greatest_divisor(pivot, entry);
            part = part < 0 ? -part : part;
            if (__builtin_mul_overflow(scale / greatest_divisor(scale, part), part, &scale))
                return false;
        }
    }
    memset(vector, 0, n * sizeof *vector);
    vector[free_column] = scale;
    for (size_t i = 0; i < rank; i++) {
        int64_t product;
        if (__builtin_mul_overflow(rows[i * n + free_column], scale, &product))
            return false;
        vector[pivots[i]] = -product / rows[i * n + pivots[i]];
    }
    return true;
}

static bool fill_basis(const int64_t *rows, size_t n, const size_t *pivots, size_t rank, int64_t *vector, int64_t *basis)
{
    size_t nullity = n - rank, next_pivot = 0, found = 0;
    bool fits = true;
    for (size_t column = 0; column < n && fits; column++) {
        if (next_pivot < rank && pivots[next_pivot] == column) {
            next_pivot++;
            continue;
        }
        fits = null_vector(rows, n, pivots, rank, column, vector);
        for (size_t j = 0; j < n; j++)
            basis[j * nullity + found] = vector[j];
        found++;
    }
    return fits;
}

bool est_i_exact_null_space(int64_t *rows, size_t n_rows, size_t n_columns, int64_t **basis, size_t *nullity)
{
    size_t rank = 0;
    size_t *pivots = calloc(n_columns + 1, sizeof *pivots);
    int64_t *vector = calloc(n_columns + 1, sizeof *vector);
    bool fits = pivots && vector && est_i_exact_echelon(rows, n_rows, n_columns, pivots, &rank);
    *basis = NULL;
    *nullity = fits ? n_columns - rank : 0;
    if (fits && *nullity > 0) {
        *basis = calloc(n_columns * *nullity, sizeof **basis);
        fits = *basis && fill_basis(rows, n_columns, pivots, rank, vector, *basis);
    }
    if (!fits) {
        free(*basis);
        *basis = NULL;
    }
    free(vector);
    free(pivots);
    return fits;
}

/* The programme's tableau. Columns: c+ (k), c- (k), u (m), slack of y c + u <= 0 (m), slack of u <= 1 (m), right side. The last
 * row is the objective. basis[i] is the column that is basic in row i; its entry is kept positive. */
typedef struct tableau {
    size_t m, k, n_rows, n_columns;
    int64_t *cells;
    size_t *basis;
} tableau;

static int64_t *tableau_row(const tableau *t, size_t row)
{
    return t->cells + row * t->n_columns;
}

static bool tableau_start(tableau *t, const int64_t *rows, size_t m, size_t k)
{
    t->m = m;
    t->k = k;
    t->n_rows = 2 * m + 1;
    t->n_columns = 2 * k + 3 * m + 1;
    t->cells = calloc(t->n_rows * t->n_columns, sizeof *t->cells);
    t->basis = calloc(t->n_rows, sizeof *t->basis);
    for (size_t i = 0; t->cells && t->basis && i < m; i++) {
        int64_t *cone = tableau_row(t, i), *limit = tableau_row(t, m + i);
        for (size_t j = 0; j < k; j++) {
            cone[j] = rows[i * k + j];
            cone[k + j] = -rows[i * k + j];
        }
        cone[2 * k + i] = limit[2 * k + i] = 1;
        cone[t->basis[i] = 2 * k + m + i] = 1;
        limit[t->basis[m + i] = 2 * k + 2 * m + i] = 1;
        limit[t->n_columns - 1] = 1;
        tableau_row(t, 2 * m)[2 * k + i] = -1;
    }
    return t->cells && t->basis;
}

/* Ratio test: the row of the least right side / entry, ties by the lowest basic column (Bland). */
static size_t leaving_row(const tableau *t, size_t column)
{
    size_t best = t->n_rows - 1, right = t->n_columns - 1;
    for (size_t i = 0; i + 1 < t->n_rows; i++) {
        const int64_t *row = tableau_row(t, i), *held = tableau_row(t, best);
        if (row[column] <= 0)
            continue;
        if (best == t->n_rows - 1) {
            best = i;
            continue;
        }
        long double here = (long double)row[right] * (long double)held[column];
        long double there = (long double)held[right] * (long double)row[column];
        if (here < there || (here == there && t->basis[i] < t->basis[best]))
            best = i;
    }
    return best;
}

static bool tableau_solve(tableau *t)
{
    bool fits = true;
    for (int step = 0; fits && step < 100000; step++) {
        const int64_t *objective = tableau_row(t, t->n_rows - 1);
        size_t column = 0;
        while (column + 1 < t->n_columns && objective[column] >= 0)
            column++;
        if (column + 1 == t->n_columns)
            return true;
        size_t row = leaving_row(t, column);
        if (row == t->n_rows - 1)
            return false; /* unbounded: cannot be, since u <= 1 */
        fits = clear_column(t->cells, t->n_rows, t->n_columns, row, column);
        t->basis[row] = column;
    }
    return false;
}

/* The value of each c in units that share one denominator would need a common multiple; a positive factor is all that is asked. */
static bool read_direction(const tableau *t, int64_t *direction)
{
    int64_t scale = 1;
    memset(direction, 0, t->k * sizeof *direction);
    for (size_t i = 0; i + 1 < t->n_rows; i++) {
        int64_t entry = tableau_row(t, i)[t->basis[i]];
        if (t->basis[i] < 2 * t->k &&
            __builtin_mul_overflow(scale / greatest_divisor(scale, entry), entry, &scale))
            return false;
    }
    for (size_t i = 0; i + 1 < t->n_rows; i++) {
        const int64_t *row = tableau_row(t, i);
        int64_t value;
        if (t->basis[i] >= 2 * t->k)
            continue;
        if (__builtin_mul_overflow(row[t->n_columns - 1], scale / row[t->basis[i]], &value))
            return false;
        direction[t->basis[i] % t->k] += t->basis[i] < t->k ? value : -value;
    }
    return true;
}

bool est_i_exact_recession(const int64_t *rows, size_t m, size_t k, bool *strict, int64_t *direction)
{
    tableau t = {0};
    bool fits = tableau_start(&t, rows, m, k) && tableau_solve(&t) && read_direction(&t, direction);
    for (size_t i = 0; fits && i < m; i++) {
        int64_t value = 0;
        for (size_t j = 0; fits && j < k; j++) {
            int64_t product;
            fits = !__builtin_mul_overflow(rows[i * k + j], direction[j], &product) &&
                   !__builtin_add_overflow(value, product, &value);
        }
        strict[i] = value < 0;
        fits = fits && value <= 0;
    }
    free(t.basis);
    free(t.cells);
    return fits;
}
