/* Hadamard matrices: every order that is reached up to 1,024, orthogonality, balance, and which orders are missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "survey/replicate_hadamard.h"

static size_t order_from(size_t at_least)
{
    est_i_hadamard matrix;
    assert_int_equal(est_i_hadamard_new(at_least, &matrix, NULL), EST_OK);
    size_t order = matrix.order;
    est_i_hadamard_free(&matrix);
    return order;
}

/* Orders that are neither a power of two nor 2^e (q + 1) for an odd prime power q, listed by a second program; products of two of
 * Paley's matrices add none. */
static void orders_up_to_a_thousand(void **state)
{
    (void)state;
    const size_t missing[] = {92, 116, 156, 172, 184, 188, 232, 236, 260, 268, 292, 324, 356, 372, 376, 404, 412, 428,
        436, 452, 472, 476, 508, 520, 532, 536, 584, 596, 604, 612, 652, 668, 712, 716, 732, 756, 764, 772, 808, 836,
        852, 856, 872, 876, 892, 904, 932, 940, 944, 952, 956, 964, 980, 988, 996};
    size_t next = 0;
    assert_int_equal(order_from(0), 1);
    assert_int_equal(order_from(1), 1);
    assert_int_equal(order_from(2), 2);
    assert_int_equal(order_from(3), 4);
    for (size_t n = 4; n <= 1000; n += 4) {
        bool is_missing = next < sizeof missing / sizeof *missing && missing[next] == n;
        next += is_missing;
        assert_int_equal(order_from(n) != n, is_missing);
        assert_true(order_from(n) <= n + 4 || is_missing);
        assert_int_equal(order_from(n > 4 ? n - 3 : 3), order_from(n));
    }
    assert_int_equal(next, sizeof missing / sizeof *missing);
    assert_int_equal(order_from(4093), 4096);
    assert_int_equal(order_from(4097), 8192);
    assert_int_equal(order_from(100000), 131072);
}

static unsigned ones(uint64_t word)
{
    unsigned count = 0;
    for (; word; word &= word - 1)
        count++;
    return count;
}

/* Rows as bits: any two agree in exactly half of the columns; row 0 is all +1, so the others sum to zero (full balance). */
static void check_matrix(size_t order)
{
    est_i_hadamard matrix;
    size_t words = (order + 63) / 64;
    uint64_t *bit = calloc(order * words, sizeof *bit);
    assert_int_equal(est_i_hadamard_new(order, &matrix, NULL), EST_OK);
    assert_int_equal(matrix.order, order);
    for (size_t i = 0; i < order; i++)
        for (size_t j = 0; j < order; j++) {
            int sign = est_i_hadamard_sign(&matrix, i, j);
            assert_true(sign == 1 || (sign == -1 && i > 0));
            if (sign == 1)
                bit[i * words + j / 64] |= UINT64_C(1) << j % 64;
        }
    for (size_t i = 0; i < order; i++)
        for (size_t j = 0; j < i; j++) {
            unsigned differ = 0;
            for (size_t w = 0; w < words; w++)
                differ += ones(bit[i * words + w] ^ bit[j * words + w]);
            if (2 * differ != order)
                fail_msg("order %zu, rows %zu and %zu differ in %u columns", order, i, j, differ);
        }
    est_i_hadamard_free(&matrix);
    free(bit);
}

static void small_matrices(void **state)
{
    (void)state;
    for (size_t order = order_from(2); order <= 260; order = order_from(order + 1))
        check_matrix(order);
}

/* Fields of prime power order (27, 125, 169, 243, 289, 343, 361), products of two Paley's, and the largest. */
static void large_matrices(void **state)
{
    (void)state;
    const size_t orders[] = {28, 52, 100, 144, 244, 252, 340, 344, 400, 580, 724, 1000, 1024};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        check_matrix(orders[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(orders_up_to_a_thousand), cmocka_unit_test(small_matrices),
                                       cmocka_unit_test(large_matrices)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
