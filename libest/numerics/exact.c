/* Whole-number elimination and simplex. Patterns of log-linear models keep their numbers tiny; overflow is detected, not assumed
 * away. */
#include "numerics/exact.h"

#include <stdlib.h>
#include <string.h>

/* Products of two 64-bit numbers, for comparisons. */
__extension__ typedef __int128 wide_integer;

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

/* Along many rows the monitor is asked too. */
static bool is_stopped(size_t row, est_i_monitor *monitor)
{
    return (row & 1023) == 1023 && est_i_monitor_cancelled(monitor);
}

static bool clear_column(int64_t *rows, size_t n_rows, size_t n, size_t pivot_row, size_t column, est_i_monitor *monitor)
{
    bool fits = true;
    for (size_t i = 0; i < n_rows && fits; i++)
        if (i != pivot_row && rows[i * n + column])
            fits = clear_entry(rows + i * n, rows + pivot_row * n, n, column) && !is_stopped(i, monitor);
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

bool est_i_exact_echelon(int64_t *rows, size_t n_rows, size_t n_columns, size_t *pivots, size_t *rank, est_i_monitor *monitor)
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
        fits = !est_i_monitor_cancelled(monitor) && clear_column(rows, n_rows, n_columns, found, column, monitor);
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

bool est_i_exact_null_space(int64_t *rows, size_t n_rows, size_t n_columns, int64_t **basis, size_t *nullity,
                            est_i_monitor *monitor)
{
    size_t rank = 0;
    size_t *pivots = calloc(n_columns + 1, sizeof *pivots);
    int64_t *vector = calloc(n_columns + 1, sizeof *vector);
    bool fits = pivots && vector && est_i_exact_echelon(rows, n_rows, n_columns, pivots, &rank, monitor);
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

/* A programme as a dictionary: row i says  d_i x_basic[i] = b_i - sum_j a_ij x_free[j],  d_i > 0; the last row is the objective,
 * written in the same way. A row holds a_i1..a_in, b_i, d_i. Variables: 0..k, of which c_j = x_j - x_k; then the slack of
 * y_i c <= 0 and of -y_i c <= 1. */
typedef struct dictionary {
    size_t k, n, n_rows, width; /* n = k + 1 free variables; width = n + 2 */
    int64_t *cells;
    size_t *basic, *free_variable;
} dictionary;

static int64_t *dictionary_row(const dictionary *d, size_t row)
{
    return d->cells + row * d->width;
}

static void dictionary_end(dictionary *d)
{
    free(d->cells);
    free(d->basic);
    free(d->free_variable);
}

/* Writes sign * y c <= limit as a row; the column of x_k is minus the sum of the others. */
static bool set_constraint(const dictionary *d, size_t row, const int64_t *y, int64_t sign, int64_t limit)
{
    int64_t *cells = dictionary_row(d, row), sum = 0;
    bool fits = true;
    for (size_t j = 0; j < d->k; j++) {
        cells[j] = sign * y[j];
        fits = fits && !__builtin_sub_overflow(sum, cells[j], &sum);
    }
    cells[d->k] = sum;
    cells[d->n] = limit;
    cells[d->n + 1] = 1;
    d->basic[row] = d->n + row;
    return fits;
}

/* Limits and objective are for the rows that are not strict yet; for the others there is only the cone. */
static bool dictionary_start(dictionary *d, const int64_t *rows, size_t m, size_t k, const bool *strict)
{
    *d = (dictionary){.k = k, .n = k + 1, .n_rows = 2 * m + 1, .width = k + 3};
    d->cells = calloc(d->n_rows * d->width, sizeof *d->cells);
    d->basic = calloc(d->n_rows, sizeof *d->basic);
    d->free_variable = calloc(d->n, sizeof *d->free_variable);
    bool fits = d->cells && d->basic && d->free_variable;
    int64_t *objective = fits ? dictionary_row(d, 2 * m) : NULL;
    for (size_t j = 0; fits && j < d->n; j++)
        d->free_variable[j] = j;
    for (size_t i = 0; fits && i < m; i++) {
        fits = set_constraint(d, i, rows + i * k, 1, 0) &&
               set_constraint(d, m + i, rows + i * k, strict[i] ? 0 : -1, 1);
        for (size_t j = 0; fits && !strict[i] && j < d->n; j++)
            fits = !__builtin_add_overflow(objective[j], dictionary_row(d, i)[j], &objective[j]);
    }
    if (fits)
        objective[d->n + 1] = 1;
    return fits;
}

/* target = target * pivot - source * target[column] with the pivot's column turned over to the leaving variable. */
static bool exchange_row(const dictionary *d, int64_t *target, const int64_t *source, size_t column)
{
    int64_t factor = target[column], pivot = source[column];
    bool fits = true;
    for (size_t j = 0; fits && factor && j < d->n + 1; j++) {
        int64_t kept = 0, taken;
        fits = (j == column || !__builtin_mul_overflow(target[j], pivot, &kept)) &&
               !__builtin_mul_overflow(j == column ? source[d->n + 1] : source[j], factor, &taken) &&
               !__builtin_sub_overflow(kept, taken, &target[j]) && target[j] != INT64_MIN;
    }
    if (factor) {
        fits = fits && !__builtin_mul_overflow(target[d->n + 1], pivot, &target[d->n + 1]);
        divide_common(target, d->width);
    }
    return fits;
}

static bool exchange(dictionary *d, size_t row, size_t column, est_i_monitor *monitor)
{
    int64_t *source = dictionary_row(d, row), own;
    bool fits = true;
    for (size_t i = 0; i < d->n_rows && fits; i++)
        if (i != row)
            fits = exchange_row(d, dictionary_row(d, i), source, column) && !is_stopped(i, monitor);
    own = source[d->n + 1];
    source[d->n + 1] = source[column];
    source[column] = own;
    size_t variable = d->basic[row];
    d->basic[row] = d->free_variable[column];
    d->free_variable[column] = variable;
    return fits;
}

/* Bland: the lowest variable that raises the objective; n if none does. */
static size_t entering_column(const dictionary *d)
{
    const int64_t *objective = dictionary_row(d, d->n_rows - 1);
    size_t best = d->n;
    for (size_t j = 0; j < d->n; j++)
        if (objective[j] < 0 && (best == d->n || d->free_variable[j] < d->free_variable[best]))
            best = j;
    return best;
}

/* Ratio test: the row of the least b / a, ties by the lowest basic variable. */
static size_t leaving_row(const dictionary *d, size_t column)
{
    size_t best = d->n_rows - 1;
    for (size_t i = 0; i + 1 < d->n_rows; i++) {
        const int64_t *row = dictionary_row(d, i), *held = dictionary_row(d, best);
        if (row[column] <= 0)
            continue;
        wide_integer here = (wide_integer)row[d->n] * held[column], there = (wide_integer)held[d->n] * row[column];
        if (best == d->n_rows - 1 || here < there || (here == there && d->basic[i] < d->basic[best]))
            best = i;
    }
    return best;
}

static bool dictionary_solve(dictionary *d, est_i_monitor *monitor)
{
    for (int step = 0; step < 1000000; step++) {
        size_t column = entering_column(d), row;
        if (column == d->n)
            return true;
        row = leaving_row(d, column);
        if (row == d->n_rows - 1 || est_i_monitor_cancelled(monitor) || !exchange(d, row, column, monitor))
            return false;
    }
    return false;
}

/* Adds c, times a common denominator, to the direction. */
static bool add_direction(const dictionary *d, int64_t *direction)
{
    int64_t scale = 1;
    bool fits = true;
    for (size_t i = 0; i + 1 < d->n_rows && fits; i++) {
        int64_t own = dictionary_row(d, i)[d->n + 1];
        if (d->basic[i] < d->n)
            fits = !__builtin_mul_overflow(scale / greatest_divisor(scale, own), own, &scale);
    }
    for (size_t i = 0; i + 1 < d->n_rows && fits; i++) {
        const int64_t *row = dictionary_row(d, i);
        int64_t value;
        if (d->basic[i] >= d->n)
            continue;
        fits = !__builtin_mul_overflow(row[d->n], scale / row[d->n + 1], &value);
        for (size_t j = 0; fits && j < d->k; j++)
            if (d->basic[i] == d->k)
                fits = !__builtin_sub_overflow(direction[j], value, &direction[j]);
            else if (d->basic[i] == j)
                fits = !__builtin_add_overflow(direction[j], value, &direction[j]);
    }
    return fits;
}

/* Marks the rows with y c < 0; false if one is positive or out of range. *more: some are new. */
static bool mark_strict(const int64_t *rows, size_t m, size_t k, const int64_t *direction, bool *strict, bool *more)
{
    bool fits = true;
    *more = false;
    for (size_t i = 0; fits && i < m; i++) {
        int64_t value = 0, product;
        for (size_t j = 0; fits && j < k; j++)
            fits = !__builtin_mul_overflow(rows[i * k + j], direction[j], &product) &&
                   !__builtin_add_overflow(value, product, &value);
        fits = fits && value <= 0;
        *more = *more || (value < 0 && !strict[i]);
        strict[i] = strict[i] || value < 0;
    }
    return fits;
}

bool est_i_exact_recession(const int64_t *rows, size_t m, size_t k, bool *strict, int64_t *direction, est_i_monitor *monitor)
{
    bool fits = true, more = true;
    memset(strict, 0, m * sizeof *strict);
    memset(direction, 0, k * sizeof *direction);
    while (fits && more) {
        dictionary d;
        fits = dictionary_start(&d, rows, m, k, strict) && dictionary_solve(&d, monitor) && add_direction(&d, direction);
        dictionary_end(&d);
        divide_common(direction, k);
        fits = fits && mark_strict(rows, m, k, direction, strict, &more);
    }
    return fits;
}
