/* Tests of association: Rao and Scott (1984, Annals of Statistics 12:46-60) and Wald (Thomas, Singh and Roberts 1996,
 * International Statistical Review 64:295-311). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/distribution.h"
#include "numerics/linear.h"
#include "numerics/special.h"
#include "survey/association_parts.h"

#define SWEEPS_MAX 60

/* Eigenvalues */

/* Rotates rows and columns p and q so that entry (p, q) becomes 0 (Golub and Van Loan, Matrix Computations, 8.5.2). */
static void rotate(size_t n, double *m, size_t p, size_t q)
{
    double off = m[p * n + q], theta = (m[q * n + q] - m[p * n + p]) / (2 * off);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (size_t i = 0; i < n; i++) {
        double a = m[i * n + p], b = m[i * n + q];
        m[i * n + p] = c * a - s * b;
        m[i * n + q] = s * a + c * b;
    }
    for (size_t i = 0; i < n; i++) {
        double a = m[p * n + i], b = m[q * n + i];
        m[p * n + i] = c * a - s * b;
        m[q * n + i] = s * a + c * b;
    }
    m[p * n + q] = m[q * n + p] = 0;
}

static bool sweep(size_t n, double *m, bool *cancelled, est_i_monitor *monitor)
{
    bool turned = false;
    double trace = 0;
    for (size_t p = 0; p < n; p++)
        trace += fabs(m[p * n + p]);
    for (size_t p = 0; p + 1 < n && !*cancelled; p++) {
        *cancelled = est_i_monitor_cancelled(monitor);
        for (size_t q = p + 1; q < n; q++)
            if (fabs(m[p * n + q]) > 1e-16 * sqrt(fabs(m[p * n + p] * m[q * n + q])) && fabs(m[p * n + q]) > 1e-18 * trace) {
                rotate(n, m, p, q);
                turned = true;
            }
    }
    return turned;
}

est_status est_i_eigenvalues(size_t size, double *matrix, double *values, est_i_monitor *monitor, est_error *error)
{
    bool cancelled = false;
    for (int i = 0; i < SWEEPS_MAX && sweep(size, matrix, &cancelled, monitor); i++)
        ;
    if (cancelled)
        return est_i_cancelled(error);
    for (size_t i = 0; i < size; i++) {
        double value = matrix[i * size + i];
        size_t at = i;
        for (; at > 0 && values[at - 1] < value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
    return EST_OK;
}

/* Sums of weighted chi-squareds */

typedef struct cumulants {
    double k, k1, k2, k3; /* the cumulant generating function and its derivatives */
} cumulants;

static cumulants cumulants_at(size_t n, const double *a, const double *df, double t)
{
    cumulants sum = {0, 0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        double u = a[i] / (1 - 2 * t * a[i]);
        sum.k -= 0.5 * df[i] * log1p(-2 * t * a[i]);
        sum.k1 += df[i] * u;
        sum.k2 += 2 * df[i] * u * u;
        sum.k3 += 8 * df[i] * u * u * u;
    }
    return sum;
}

/* The t with K'(t) = x, K' rising from one end of the interval in which it is finite to the other. */
static double saddlepoint(size_t n, const double *a, const double *df, double x)
{
    double most = 0, least = 0;
    for (size_t i = 0; i < n; i++) {
        most = a[i] > most ? a[i] : most;
        least = a[i] < least ? a[i] : least;
    }
    double high = most > 0 ? 0.5 / most : INFINITY, low = least < 0 ? 0.5 / least : -INFINITY;
    double step = 1 / (most - least);
    if (isinf(low))
        for (low = -step; cumulants_at(n, a, df, low).k1 > x; low *= 2)
            ;
    if (isinf(high))
        for (high = step; cumulants_at(n, a, df, high).k1 < x; high *= 2)
            ;
    for (int i = 0; i < 2000; i++) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            break;
        if (cumulants_at(n, a, df, middle).k1 < x)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

double est_i_chi_squared_sum_upper(size_t n, const double *a, const double *df, double x)
{
    double mean = 0, lowest = 0, highest = 0, spread = 0;
    for (size_t i = 0; i < n; i++) {
        mean += a[i] * df[i];
        spread += 2 * a[i] * a[i] * df[i];
        lowest = a[i] < 0 ? -INFINITY : lowest;
        highest = a[i] > 0 ? INFINITY : highest;
    }
    if (!(spread > 0) || !isfinite(mean) || isnan(x))
        return NAN;
    if (x <= lowest || x >= highest)
        return x <= lowest ? 1 : 0;
    double t = saddlepoint(n, a, df, x);
    cumulants at = cumulants_at(n, a, df, t);
    double w = (t < 0 ? -1 : 1) * sqrt(fmax(0, 2 * (t * x - at.k))), v = t * sqrt(at.k2);
    if (fabs(t) * sqrt(spread) < 1e-4) { /* at the mean: the limit of Lugannani and Rice's formula */
        cumulants zero = cumulants_at(n, a, df, 0);
        double skew = zero.k3 / (zero.k2 * sqrt(zero.k2));
        return 1 - est_i_normal_lower((x - mean) / sqrt(spread) + skew / 6);
    }
    return est_i_normal_lower(-(w + log(v / w) / w));
}

/* The tests */

/* Entry (row, contrast) of Helmert's contrasts: orthogonal to the constant, and to each other. */
static double helmert(size_t row, size_t contrast)
{
    double k = (double)contrast + 1;
    if (row > contrast + 1)
        return 0;
    return row <= contrast ? 1 / sqrt(k * (k + 1)) : -k / sqrt(k * (k + 1));
}

/* Interaction contrasts, each entry over the cell's proportion: D^-1 C, and C' D^-1 C. A cell without a case counts 0. */
static void contrasts(const est_i_two_way *table, double *scaled, double *denominator)
{
    size_t r = table->n_rows, c = table->n_columns, k = (r - 1) * (c - 1);
    for (size_t a = 0; a < k; a++)
        for (size_t cell = 0; cell < r * c; cell++) {
            double value = helmert(cell / c, a / (c - 1)) * helmert(cell % c, a % (c - 1));
            scaled[a * r * c + cell] = table->proportion[cell] > 0 ? value / table->proportion[cell] : 0;
        }
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b < k; b++) {
            denominator[a * k + b] = 0;
            for (size_t cell = 0; cell < r * c; cell++)
                denominator[a * k + b] += scaled[a * r * c + cell] * scaled[b * r * c + cell] * table->proportion[cell];
        }
}

static void sandwich(size_t k, size_t cells, const double *scaled, const double *covariance, double *work, double *numerator)
{
    for (size_t a = 0; a < k; a++) {
        for (size_t j = 0; j < cells; j++)
            work[j] = 0;
        for (size_t i = 0; i < cells; i++)
            for (size_t j = 0; j < cells; j++)
                work[j] += scaled[a * cells + i] * covariance[i * cells + j];
        for (size_t b = 0; b < k; b++) {
            numerator[a * k + b] = 0;
            for (size_t j = 0; j < cells; j++)
                numerator[a * k + b] += work[j] * scaled[b * cells + j];
        }
    }
}

/* X of U'X = m, over m. */
static void solve_left(size_t k, const double *factor, const bool *alive, double *m)
{
    for (size_t i = 0; i < k; i++)
        for (size_t column = 0; column < k; column++) {
            double value = m[i * k + column];
            for (size_t j = 0; j < i; j++)
                value -= alive[j] ? factor[j * k + i] * m[j * k + column] : 0;
            m[i * k + column] = alive[i] ? value / factor[i * k + i] : 0;
        }
}

static void transpose(size_t k, double *m)
{
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < i; j++) {
            double kept = m[i * k + j];
            m[i * k + j] = m[j * k + i];
            m[j * k + i] = kept;
        }
}

/* U^-T N U^-1 of the contrasts that are alive, U'U the denominator: it has the eigenvalues of (C' D^-1 C)^-1 (C' D^-1 V D^-1 C). */
static size_t symmetric_form(size_t k, const double *factor, const bool *alive, double *m)
{
    size_t rank = 0;
    solve_left(k, factor, alive, m);
    transpose(k, m);
    solve_left(k, factor, alive, m);
    for (size_t i = 0; i < k; i++) {
        rank += alive[i];
        for (size_t j = 0; j < i; j++)
            m[i * k + j] = m[j * k + i] = 0.5 * (m[i * k + j] + m[j * k + i]);
    }
    return rank;
}

/* Pearson's X2 of the proportions, on the scale of n rows. */
static double pearson(const est_i_two_way *table)
{
    double sum = 0;
    for (size_t i = 0; i < table->n_rows; i++)
        for (size_t j = 0; j < table->n_columns; j++) {
            double row = 0, column = 0;
            for (size_t a = 0; a < table->n_columns; a++)
                row += table->proportion[i * table->n_columns + a];
            for (size_t a = 0; a < table->n_rows; a++)
                column += table->proportion[a * table->n_columns + j];
            double expected = row * column, off = table->proportion[i * table->n_columns + j] - expected;
            sum += off * off / expected;
        }
    return table->n * sum;
}

static void add_test(est_i_association *to, const char *name, double statistic, double df1, double df2, double p)
{
    to->tests[to->n_tests++] = (est_i_association_test){name, statistic, df1, df2, p};
}

static double f_upper(double f, double df1, double df2)
{
    return df1 > 0 && df2 > 0 ? est_i_f_upper(f, df1, df2) : NAN;
}

/* X2 is like a sum of chi-squareds of 1 df times the design effects; with few PSUs, like that over a chi-squared / df of d0 nu. */
static est_status saddlepoint_test(const est_i_two_way *table, double x2, double d0, est_i_association *to, est_error *error)
{
    size_t k = to->n_design_effects;
    double *a = malloc(2 * (k + 1) * sizeof *a), *df = a ? a + k + 1 : NULL, p = NAN, ddf = d0 * table->df;
    if (!a)
        return est_i_no_memory(error);
    for (size_t i = 0; i < k; i++) {
        a[i] = to->design_effects[i];
        df[i] = 1;
    }
    a[k] = -x2 / ddf;
    df[k] = ddf;
    if (ddf > 0)
        p = x2 > 0 ? est_i_chi_squared_sum_upper(k + 1, a, df, 0) : 1;
    free(a);
    add_test(to, "saddlepoint", x2, NAN, NAN, p);
    return EST_OK;
}

static est_status rao_scott(const est_i_two_way *table, est_i_association *to, est_i_monitor *monitor, est_error *error)
{
    size_t cells = table->n_rows * table->n_columns, k = (table->n_rows - 1) * (table->n_columns - 1);
    double *scaled = malloc((k * cells + cells + 2 * k * k) * sizeof *scaled), trace = 0, squares = 0, x2 = pearson(table);
    bool *alive = malloc(k * sizeof *alive);
    est_status status = scaled && alive ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK) {
        double *work = scaled + k * cells, *denominator = work + cells, *m = denominator + k * k;
        contrasts(table, scaled, denominator);
        sandwich(k, cells, scaled, table->covariance, work, m);
        est_i_factor(denominator, k, alive);
        to->n_design_effects = symmetric_form(k, denominator, alive, m);
        status = est_i_eigenvalues(k, m, to->design_effects, monitor, error);
    }
    for (size_t i = 0; i < to->n_design_effects && status == EST_OK; i++) {
        to->design_effects[i] *= table->n;
        trace += to->design_effects[i];
        squares += to->design_effects[i] * to->design_effects[i];
    }
    if (status == EST_OK) {
        double rank = (double)to->n_design_effects, d0 = trace * trace / squares, first = x2 / (trace / rank);
        add_test(to, "pearson", x2, rank, NAN, NAN);
        add_test(to, "rao-scott-1", first, rank, NAN, est_i_chi_squared_upper(first, rank));
        add_test(to, "rao-scott-2", x2 / trace, d0, d0 * table->df, f_upper(x2 / trace, d0, d0 * table->df));
        status = saddlepoint_test(table, x2, d0, to, error);
    }
    free(scaled);
    free(alive);
    return status;
}

static est_status wald(const est_i_two_way *table, est_i_association *to, est_error *error)
{
    size_t k = (table->n_rows - 1) * (table->n_columns - 1);
    double *v = malloc((k * k + k) * sizeof *v), *y = v ? v + k * k : NULL, sum = 0, size = (double)k;
    bool *alive = malloc(k * sizeof *alive);
    est_status status = v && alive ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK) {
        memcpy(v, table->residual_covariance, k * k * sizeof *v);
        memcpy(y, table->residual, k * sizeof *y);
        est_i_factor(v, k, alive);
    }
    for (size_t i = 0; i < k && status == EST_OK; i++) {
        y[i] = alive[i] ? y[i] / v[i * k + i] : NAN;
        sum += y[i] * y[i];
        for (size_t j = i + 1; j < k; j++)
            y[j] -= v[i * k + j] * y[i];
    }
    if (status == EST_OK) {
        double f = sum / size, rest = table->df - size + 1, adjusted = rest > 0 ? f * rest / table->df : NAN;
        add_test(to, "wald", f, size, table->df, f_upper(f, size, table->df));
        add_test(to, "adjusted-wald", adjusted, size, rest > 0 ? rest : NAN, f_upper(adjusted, size, rest));
    }
    free(v);
    free(alive);
    return status;
}

est_status est_i_association_tests(const est_i_two_way *table, est_i_association *association, est_i_monitor *monitor,
                                   est_error *error)
{
    association->n_tests = 0;
    est_status status = rao_scott(table, association, monitor, error);
    return status == EST_OK ? wald(table, association, error) : status;
}
