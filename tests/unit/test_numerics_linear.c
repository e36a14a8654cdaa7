/* The factor and its inverse entries, small (own kernel) and large (OpenBLAS), against a plain inverse; and that the BLAS that runs
 * is OpenBLAS, not GSL's slow one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_cblas.h>

#include "numerics/linear.h"
#include "numerics/rng.h"

/* A'A of a random matrix; `dependent` columns repeat the first, `empty` ones are zero. */
static double *make_matrix(size_t n, size_t dependent, size_t empty)
{
    est_i_rng rng;
    double *a = calloc(n * n, sizeof *a), *m = calloc(n * n, sizeof *m);
    est_i_rng_start(&rng, 7, EST_I_PURPOSE_TEST, 1, (uint32_t)n);
    for (size_t i = 0; i < n * n; i++)
        a[i] = est_i_rng_uniform(&rng) - 0.4;
    for (size_t i = 0; i < n; i++) {
        if (dependent)
            a[i * n + dependent] = a[i * n];
        if (empty)
            a[i * n + empty] = 0;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k < n; k++)
                m[i * n + j] += a[k * n + i] * a[k * n + j];
    free(a);
    return m;
}

/* Column `row` of the inverse by Gauss-Jordan with the given variables left out; its own entry. */
static double naive_entry(const double *m, size_t n, const bool *alive, size_t row)
{
    double *t = calloc(n * (n + 1), sizeof *t);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++)
            t[i * (n + 1) + j] = alive[i] && alive[j] ? m[i * n + j] : i == j;
        t[i * (n + 1) + n] = i == row;
    }
    for (size_t p = 0; p < n; p++)
        for (size_t i = 0; i < n; i++) {
            double factor = i == p ? 0 : t[i * (n + 1) + p] / t[p * (n + 1) + p];
            for (size_t j = p; j <= n; j++)
                t[i * (n + 1) + j] -= factor * t[p * (n + 1) + j];
        }
    double value = t[row * (n + 1) + n] / t[row * (n + 1) + row];
    free(t);
    return value;
}

static void check_size(size_t n, size_t dependent, size_t empty)
{
    double *m = make_matrix(n, dependent, empty), *f = calloc(n * n, sizeof *f), *work = calloc(n, sizeof *work);
    bool *alive = calloc(n, sizeof *alive);
    memcpy(f, m, n * n * sizeof *f);
    est_i_factor(f, n, alive);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(alive[i], !((dependent && i == dependent) || (empty && i == empty)));
    for (size_t row = 0; row < n; row += 1 + n / 5) {
        double expected = alive[row] ? naive_entry(m, n, alive, row) : 0;
        double found = est_i_inverse_entry(f, n, alive, row, work);
        assert_true(fabs(found - expected) <= 1e-6 * fabs(expected));
    }
    free(alive);
    free(work);
    free(f);
    free(m);
}

static void small_matrices(void **state)
{
    (void)state;
    check_size(1, 0, 0);
    check_size(5, 3, 2);
    check_size(64, 40, 50);
}

static void large_matrices(void **state)
{
    (void)state;
    check_size(65, 0, 0);
    check_size(150, 40, 130);
    check_size(200, 100, 70);
}

static void openblas_runs(void **state)
{
    (void)state;
    Dl_info info;
    union {
        void (*function)(const enum CBLAS_ORDER, const enum CBLAS_TRANSPOSE, const enum CBLAS_TRANSPOSE, const int, const int,
                         const int, const double, const double *, const int, const double *, const int, const double,
                         double *, const int);
        void *address;
    } dgemm = {.function = cblas_dgemm};
    assert_true(dladdr(dgemm.address, &info) != 0);
    assert_non_null(strstr(info.dli_fname, "openblas"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_matrices),
        cmocka_unit_test(large_matrices),
        cmocka_unit_test(openblas_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
