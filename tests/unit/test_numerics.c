/* Random streams, sample quantiles, special functions, exact elimination and the parallel for. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "numerics/exact.h"
#include "numerics/parallel.h"
#include "numerics/rng.h"
#include "numerics/special.h"

#define NEAR(found, expected, tolerance) assert_true(fabs((found) - (expected)) <= (tolerance))

/* Random streams */

/* Known answers of Random123 (kat_vectors, philox4x32 10): zero key and counter, and all bits set. */
static void test_philox_known_answers(void **state)
{
    (void)state;
    static const uint32_t zeros[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    static const uint32_t ones[] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
    est_i_rng rng = {.used = 4};
    for (int i = 0; i < 4; i++)
        assert_int_equal(est_i_rng_next(&rng), zeros[i]);
    rng = (est_i_rng){.key = {UINT32_MAX, UINT32_MAX},
                      .counter = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
                      .used = 4};
    for (int i = 0; i < 4; i++)
        assert_int_equal(est_i_rng_next(&rng), ones[i]);
}

static uint64_t first_word(uint64_t seed, int purpose, uint32_t replicate, uint32_t stratum)
{
    est_i_rng rng;
    est_i_rng_start(&rng, seed, (est_i_purpose)purpose, replicate, stratum);
    uint64_t high = est_i_rng_next(&rng);
    return high << 32 | est_i_rng_next(&rng);
}

static void test_streams_differ(void **state)
{
    (void)state;
    uint64_t words[] = {
        first_word(1, EST_I_PURPOSE_TEST, 0, 0), first_word(1, EST_I_PURPOSE_BOOTSTRAP, 0, 0),
        first_word(1, EST_I_PURPOSE_TEST, 1, 0), first_word(1, EST_I_PURPOSE_TEST, 0, 1),
        first_word(2, EST_I_PURPOSE_TEST, 0, 0), first_word(UINT64_C(1) << 32 | 1, EST_I_PURPOSE_TEST, 0, 0)};
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(words[i] != words[j]);
    assert_true(words[0] == first_word(1, EST_I_PURPOSE_TEST, 0, 0));
}

static void test_uniform(void **state)
{
    (void)state;
    est_i_rng rng;
    double sum = 0, squares = 0;
    const int n = 100000;
    est_i_rng_start(&rng, 3, EST_I_PURPOSE_TEST, 0, 0);
    for (int i = 0; i < n; i++) {
        double u = est_i_rng_uniform(&rng);
        assert_true(u > 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    NEAR(sum / n, 0.5, 5 / sqrt(12.0 * n));
    NEAR(squares / n, 1.0 / 3, 5 * sqrt(4.0 / 45 / n));
}

static void test_binomial(void **state)
{
    (void)state;
    est_i_rng rng;
    est_i_rng_start(&rng, 4, EST_I_PURPOSE_TEST, 0, 0);
    assert_true(est_i_rng_binomial(&rng, 0, 10) == 0);
    assert_true(est_i_rng_binomial(&rng, 1, 10) == 10);
    assert_true(est_i_rng_binomial(&rng, -0.5, 10) == 0);
    assert_true(est_i_rng_binomial(&rng, 1.5, 10) == 10);
    assert_true(est_i_rng_binomial(&rng, 0.5, 0) == 0);
    double sum = 0, squares = 0;
    const int n = 20000;
    for (int i = 0; i < n; i++) {
        double drawn = est_i_rng_binomial(&rng, 0.3, 1000);
        assert_true(drawn >= 0 && drawn <= 1000 && drawn == floor(drawn));
        sum += drawn;
        squares += (drawn - 300) * (drawn - 300);
    }
    NEAR(sum / n, 300, 5 * sqrt(210.0 / n));
    NEAR(squares / n, 210, 5 * 210 * sqrt(2.0 / n));
}

static double draw_total(const double *weights, size_t n_cells, double trials, uint32_t replicate,
                         double *sums)
{
    est_i_rng rng;
    double counts[8], total = 0;
    est_i_rng_start(&rng, 5, EST_I_PURPOSE_TEST, replicate, 0);
    est_i_rng_multinomial(&rng, trials, n_cells, weights, counts);
    for (size_t w = 0; w < n_cells; w++) {
        assert_true(counts[w] >= 0 && (weights[w] > 0 || counts[w] == 0));
        total += counts[w];
        sums[w] += counts[w];
    }
    return total;
}

static void test_multinomial(void **state)
{
    (void)state;
    static const double weights[] = {0, 244, 8, 0, 87, 1, 123, 0};
    double sums[8] = {0}, all = 463;
    const int n = 4000;
    for (int i = 0; i < n; i++)
        assert_true(draw_total(weights, 8, 463, (uint32_t)i, sums) == 463);
    for (size_t w = 0; w < 8; w++)
        NEAR(sums[w] / n, weights[w], 5 * sqrt(weights[w] * (1 - weights[w] / all) / n) + 1e-12);
}

/* Weights that are no whole numbers leave rounding in what remains; nobody may get lost in it. */
static void test_multinomial_fractions(void **state)
{
    (void)state;
    static const double weights[] = {0.1, 0.7, 0.05, 1e-9, 0.3, 0.2, 1.0 / 3, 0.6};
    double sums[8] = {0};
    for (int i = 0; i < 2000; i++)
        assert_true(draw_total(weights, 8, 100000, (uint32_t)i, sums) == 100000);
}

/* Quantiles */

/* By hand: h = (n + 1/3) p + 1/3. n = 4: p = 0.5 gives h = 2.5; p = 0.25 gives 17/12; p = 0.1 lies below the
 * first. */
static void test_quantile(void **state)
{
    (void)state;
    static const double v[] = {1, 2, 4, 8};
    NEAR(est_i_quantile(v, 4, 0.5), 3, 1e-14);
    NEAR(est_i_quantile(v, 4, 0.25), 1 + 5.0 / 12, 1e-14);
    NEAR(est_i_quantile(v, 4, 0.75), 4 + 4 * 7.0 / 12, 1e-14);
    assert_true(est_i_quantile(v, 4, 0.1) == 1);
    assert_true(est_i_quantile(v, 4, 0.99) == 8);
    assert_true(est_i_quantile(v, 4, 0) == 1 && est_i_quantile(v, 4, 1) == 8);
    assert_true(est_i_quantile(v, 1, 0.5) == 1);
    assert_true(isnan(est_i_quantile(v, 0, 0.5)));
}

static void test_quantile_infinite(void **state)
{
    (void)state;
    static const double v[] = {1, 2, 3, 4, INFINITY};
    NEAR(est_i_quantile(v, 5, 0.5), 3, 1e-14);
    /* h = 16/3 p + 1/3 reaches 4 at p = 0.6875: an infinite value has no weight up to there. */
    NEAR(est_i_quantile(v, 5, 0.6875), 4, 1e-14);
    assert_true(isinf(est_i_quantile(v, 5, 0.69)));
    assert_true(isinf(est_i_quantile(v, 5, 1)));
    assert_true(isinf(est_i_quantile(v + 3, 2, 0.5)));
    static const double all[] = {INFINITY, INFINITY};
    assert_true(isinf(est_i_quantile(all, 2, 0.3)));
}

/* 39 values: h = 39.333 p + 0.333 is 20 at the median, in whole numbers too. */
static void test_quantile_whole(void **state)
{
    (void)state;
    double v[39];
    for (int i = 0; i < 39; i++)
        v[i] = i < 20 ? i + 1.0 : (double)INFINITY;
    assert_true(est_i_quantile(v, 39, 0.5) == 20);
}

static void test_sort(void **state)
{
    (void)state;
    double v[] = {3, INFINITY, -1, 2, INFINITY, 0};
    static const double sorted[] = {-1, 0, 2, 3};
    est_i_sort(v, 6);
    assert_memory_equal(v, sorted, sizeof sorted);
    assert_true(isinf(v[4]) && isinf(v[5]));
    est_i_sort(v, 0);
}

/* Special functions */

/* Abramowitz and Stegun (1964), tables 26.5 and 26.8, and their well-known decimals. */
static void test_quantiles_of_distributions(void **state)
{
    (void)state;
    NEAR(est_i_normal_quantile(0.975), 1.959963984540054, 1e-13);
    NEAR(est_i_normal_quantile(0.5), 0, 1e-15);
    NEAR(est_i_normal_quantile(0.0005), -3.290526731491926, 1e-12);
    NEAR(est_i_chi_squared_quantile(0.95, 1), 3.841458820694124, 1e-12);
    NEAR(est_i_chi_squared_quantile(0.95, 10), 18.307038053275146, 1e-11);
    NEAR(est_i_chi_squared_quantile(0.99, 2), 9.210340371976182, 1e-11);
    NEAR(est_i_chi_squared_quantile(0.5, 100), 99.33412923598846, 1e-9);
    NEAR(est_i_chi_squared_upper(5.991464547107979, 2), 0.05, 1e-13);
    NEAR(est_i_chi_squared_upper(39.832, 4), exp(-19.916) * (1 + 19.916), 1e-13);
    assert_true(est_i_chi_squared_upper(0, 3) == 1 && est_i_chi_squared_upper(-1, 3) == 1);
}

static void test_gamma(void **state)
{
    (void)state;
    NEAR(est_i_log_gamma(1), 0, 1e-15);
    NEAR(est_i_log_gamma(11), log(3628800), 1e-12);
    NEAR(est_i_log_gamma(0.5), log(3.14159265358979323846) / 2, 1e-14);
    NEAR(est_i_digamma(1), -0.57721566490153286, 1e-14);
    NEAR(est_i_digamma(10) - est_i_digamma(9), 1.0 / 9, 1e-14);
}

/* Sum of the probabilities of first, first + step, ... until they no longer count. */
static double poisson_sum(double first, double step, double mean)
{
    double sum = 0, part = INFINITY;
    for (double k = first; k >= 0 && !(part <= 1e-18 * sum && fabs(k - mean) > 1); k += step)
        sum += part = exp(k * log(mean) - mean - lgamma(k + 1));
    return sum;
}

static void near_relative(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance * expected))
        fail_msg("found %.15g, expected %.15g", found, expected);
}

static void test_poisson(void **state)
{
    (void)state;
    static const double means[] = {1e-9, 0.01, 0.5, 1, 3.7, 20, 150, 1000, 20000};
    size_t far = 0;
    for (size_t i = 0; i < sizeof means / sizeof means[0]; i++)
        for (double steps = -24; steps <= 24; steps += 1.5) {
            double mean = means[i], count = floor(mean + steps * sqrt(mean) + (steps > 0 ? steps : 0));
            if (count < 0)
                continue;
            near_relative(est_i_poisson_lower(count, mean), poisson_sum(count, -1, mean), 1e-9);
            near_relative(est_i_poisson_upper(count, mean), poisson_sum(count, 1, mean), 1e-9);
            far += est_i_poisson_upper(count, mean) < 1e-20 || est_i_poisson_lower(count, mean) < 1e-20;
        }
    assert_true(far > 50);
    near_relative(est_i_poisson_lower(0, 12.5), exp(-12.5), 1e-14);
    near_relative(est_i_poisson_upper(1, 1e-12), -expm1(-1e-12), 1e-14);
    near_relative(est_i_poisson_upper(2, 3), 1 - 4 * exp(-3.0), 1e-14);
    assert_true(est_i_poisson_lower(5, 0) == 1 && est_i_poisson_upper(0, 0) == 1 && est_i_poisson_upper(1, 0) == 0);
    assert_true(est_i_poisson_upper(0, 1e6) == 1);
    /* Beyond the smallest double: 0, and no abort of the library below. */
    assert_true(est_i_poisson_upper(5000, 10) == 0 && est_i_poisson_lower(3, 2000) == 0);
    assert_true(est_i_poisson_lower(5000, 10) == 1 && est_i_poisson_upper(3, 2000) == 1);
}

static void test_normal(void **state)
{
    (void)state;
    NEAR(est_i_normal_lower(0), 0.5, 1e-16);
    NEAR(est_i_normal_lower(1.959963984540054), 0.975, 1e-15);
    near_relative(est_i_normal_lower(-10), 7.619853024160527e-24, 1e-12);
}

static void test_special_refuse(void **state)
{
    (void)state;
    assert_true(isnan(est_i_normal_quantile(0)) && isnan(est_i_normal_quantile(1)) &&
                isnan(est_i_normal_quantile(NAN)));
    assert_true(isnan(est_i_chi_squared_quantile(1, 2)) && isnan(est_i_chi_squared_quantile(0.5, 0)));
    assert_true(isnan(est_i_chi_squared_upper(1, 0)) && isnan(est_i_chi_squared_upper(1, NAN)));
    assert_true(isnan(est_i_chi_squared_upper(NAN, 2)));
    assert_true(isnan(est_i_poisson_lower(-1, 2)) && isnan(est_i_poisson_lower(1, -2)) && isnan(est_i_poisson_lower(NAN, 2)));
    assert_true(isnan(est_i_poisson_upper(-1, 2)) && isnan(est_i_poisson_upper(1, NAN)) && isnan(est_i_poisson_upper(NAN, 2)));
    assert_true(isnan(est_i_log_gamma(0)) && isnan(est_i_log_gamma(-1)) && isnan(est_i_log_gamma(NAN)));
    assert_true(isnan(est_i_digamma(0)) && isnan(est_i_digamma(NAN)));
}

/* Exact elimination */

static void test_echelon(void **state)
{
    (void)state;
    int64_t rows[] = {2, 4, 6, 1, 2, 3, 0, 3, 3};
    size_t pivots[3], rank = 0;
    assert_true(est_i_exact_echelon(rows, 3, 3, pivots, &rank, NULL));
    assert_int_equal(rank, 2);
    assert_int_equal(pivots[0], 0);
    assert_int_equal(pivots[1], 1);
    /* Reduced: column 1 is cleared above its pivot. Rows stand up to a factor. */
    assert_true(rows[1] == 0 && rows[0] == rows[2] && rows[0] != 0);
    assert_true(rows[4] == rows[5] && rows[4] != 0 && rows[3] == 0);
    assert_true(rows[6] == 0 && rows[7] == 0 && rows[8] == 0);
    int64_t nothing[] = {0, 0, 0, 0};
    assert_true(est_i_exact_echelon(nothing, 2, 2, pivots, &rank, NULL));
    assert_int_equal(rank, 0);
}

static void test_null_space(void **state)
{
    (void)state;
    int64_t rows[] = {1, 1, 0, 0, 1, 0, 1, 0, 1, 1, 1, 0}, kept[12], *basis = NULL;
    size_t nullity = 9;
    memcpy(kept, rows, sizeof rows);
    assert_true(est_i_exact_null_space(rows, 3, 4, &basis, &nullity, NULL));
    assert_int_equal(nullity, 1);
    assert_true(basis[0] == 0 && basis[1] == 0 && basis[2] == 0 && basis[3] != 0);
    free(basis);
    memcpy(rows, kept, 8 * sizeof *rows);
    assert_true(est_i_exact_null_space(rows, 2, 4, &basis, &nullity, NULL));
    assert_int_equal(nullity, 2);
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < 2; i++) {
            int64_t sum = 0;
            for (size_t j = 0; j < 4; j++)
                sum += kept[i * 4 + j] * basis[j * 2 + k];
            assert_int_equal(sum, 0);
        }
    free(basis);
    int64_t identity[] = {1, 0, 0, 1};
    assert_true(est_i_exact_null_space(identity, 2, 2, &basis, &nullity, NULL));
    assert_int_equal(nullity, 0);
    assert_null(basis);
    assert_true(est_i_exact_null_space(identity, 0, 2, &basis, &nullity, NULL));
    assert_int_equal(nullity, 2);
    free(basis);
}

/* Whole numbers that outgrow 64 bits are reported, never wrapped. Powers of different primes share no factor.
 */
static void test_overflow(void **state)
{
    (void)state;
    const int64_t p = INT64_C(4052555153018976267) /* 3^39 */,
                  q = INT64_C(1490116119384765625) * 5 /* 5^27 */;
    int64_t rows[] = {p, 1, 7, q, 7, 2, 11, 13, 5}, *basis = NULL;
    size_t pivots[3], rank = 0, nullity = 0;
    assert_false(est_i_exact_echelon(rows, 3, 3, pivots, &rank, NULL));
    int64_t again[] = {p, 1, 7, q, 7, 2, 11, 13, 5};
    assert_false(est_i_exact_null_space(again, 3, 3, &basis, &nullity, NULL));
    assert_null(basis);
    int64_t cone[] = {p, q, q, -p, p - 1, q - 2}, direction[2];
    bool strict[3];
    assert_false(est_i_exact_recession(cone, 3, 2, strict, direction, NULL));
}

static void test_recession(void **state)
{
    (void)state;
    /* y c <= 0 with c = (c1, c2): c1 <= 0 and -c1 <= 0 leave c1 = 0; c2 <= 0 can be strict. */
    static const int64_t rows[] = {1, 0, -1, 0, 0, 1};
    int64_t direction[2];
    bool strict[3];
    assert_true(est_i_exact_recession(rows, 3, 2, strict, direction, NULL));
    assert_false(strict[0]);
    assert_false(strict[1]);
    assert_true(strict[2]);
    assert_true(direction[0] == 0 && direction[1] < 0);
    /* A cone that spans the plane: nothing can be strict. */
    static const int64_t full[] = {1, 0, 0, 1, -1, -1};
    assert_true(est_i_exact_recession(full, 3, 2, strict, direction, NULL));
    assert_false(strict[0] || strict[1] || strict[2]);
    /* A pointed cone: all can be strict at once, though no unit vector does it. */
    static const int64_t pointed[] = {1, -2, -2, 1, -1, -1};
    assert_true(est_i_exact_recession(pointed, 3, 2, strict, direction, NULL));
    assert_true(strict[0] && strict[1] && strict[2]);
    assert_true(direction[0] - 2 * direction[1] < 0 && direction[1] - 2 * direction[0] < 0 &&
                direction[0] + direction[1] > 0);
    assert_true(est_i_exact_recession(pointed, 0, 2, strict, direction, NULL));
    assert_true(direction[0] == 0 && direction[1] == 0);
}

/* The answer against an exhaustive search of small directions. */
static void test_recession_random(void **state)
{
    (void)state;
    for (uint32_t trial = 0; trial < 300; trial++) {
        int64_t rows[18], direction[3];
        bool strict[6], reachable[6] = {false};
        est_i_rng rng;
        est_i_rng_start(&rng, 6, EST_I_PURPOSE_TEST, trial, 0);
        for (size_t i = 0; i < 18; i++)
            rows[i] = (int64_t)(est_i_rng_next(&rng) % 3) - 1;
        for (int64_t code = 0; code < 17 * 17 * 17; code++) {
            int64_t c[] = {code % 17 - 8, code / 17 % 17 - 8, code / 289 - 8}, y[6], most = INT64_MIN;
            for (size_t i = 0; i < 6; i++) {
                y[i] = rows[3 * i] * c[0] + rows[3 * i + 1] * c[1] + rows[3 * i + 2] * c[2];
                most = y[i] > most ? y[i] : most;
            }
            for (size_t i = 0; i < 6 && most <= 0; i++)
                reachable[i] = reachable[i] || y[i] < 0;
        }
        assert_true(est_i_exact_recession(rows, 6, 3, strict, direction, NULL));
        for (size_t i = 0; i < 6; i++) {
            assert_int_equal(strict[i], reachable[i]);
            int64_t y =
                rows[3 * i] * direction[0] + rows[3 * i + 1] * direction[1] + rows[3 * i + 2] * direction[2];
            assert_int_equal(y < 0, strict[i]);
        }
    }
}

/* Parallel for */

typedef struct job {
    double values[200];
    int threads;
    size_t fails_from; /* items from here on fail; each with a code of its own */
    atomic_int started;
    est_i_monitor *monitor;
} job;

static est_status fill_item(void *user, size_t item, int worker)
{
    job *j = user;
    est_i_rng rng;
    assert_true(worker >= 0 && worker < j->threads);
    atomic_fetch_add(&j->started, 1);
    est_i_rng_start(&rng, 8, EST_I_PURPOSE_TEST, (uint32_t)item, 0);
    for (size_t i = 0; i < 50 + 10 * (item % 7); i++)
        j->values[item] += est_i_rng_uniform(&rng);
    est_status status = EST_OK;
    if (item >= j->fails_from) {
        struct timespec pause = {0, item == j->fails_from ? 3000000 : 0}; /* the lowest item fails last */
        nanosleep(&pause, NULL);
        status = item == j->fails_from ? EST_EVALUE : EST_EIO;
    }
    return status;
}

static const int thread_counts[] = {1, 2, 7};

static void test_parallel_values(void **state)
{
    (void)state;
    static job jobs[3];
    memset(jobs, 0, sizeof jobs);
    for (size_t i = 0; i < 3; i++) {
        jobs[i].threads = thread_counts[i];
        jobs[i].fails_from = SIZE_MAX;
        assert_int_equal(est_i_parallel_for(200, thread_counts[i], fill_item, &jobs[i], NULL), EST_OK);
        assert_int_equal(atomic_load(&jobs[i].started), 200);
        assert_memory_equal(jobs[i].values, jobs[0].values, sizeof jobs[0].values);
    }
    assert_int_equal(est_i_parallel_for(0, 7, fill_item, &jobs[0], NULL), EST_OK);
}

static void test_parallel_first_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        static job j;
        memset(&j, 0, sizeof j);
        j.threads = thread_counts[i];
        j.fails_from = 13;
        assert_int_equal(est_i_parallel_for(200, j.threads, fill_item, &j, NULL), EST_EVALUE);
        assert_true(atomic_load(&j.started) >= 14);
        assert_true(atomic_load(&j.started) < 14 + 7 + 100);
    }
}

static int stop_at_once(void *user)
{
    (void)user;
    return 1;
}

static void test_parallel_cancelled(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        static job j;
        est_i_monitor monitor;
        est_context context = est_context_default();
        memset(&j, 0, sizeof j);
        j.threads = thread_counts[i];
        j.fails_from = 199;
        context.poll = stop_at_once;
        est_i_monitor_start(&monitor, &context);
        assert_int_equal(est_i_parallel_for(200, j.threads, fill_item, &j, &monitor), EST_ECANCELLED);
        assert_true(i > 0 || atomic_load(&j.started) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_known_answers),
        cmocka_unit_test(test_streams_differ),
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_binomial),
        cmocka_unit_test(test_multinomial),
        cmocka_unit_test(test_multinomial_fractions),
        cmocka_unit_test(test_quantile),
        cmocka_unit_test(test_quantile_infinite),
        cmocka_unit_test(test_quantile_whole),
        cmocka_unit_test(test_sort),
        cmocka_unit_test(test_quantiles_of_distributions),
        cmocka_unit_test(test_gamma),
        cmocka_unit_test(test_poisson),
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_special_refuse),
        cmocka_unit_test(test_echelon),
        cmocka_unit_test(test_null_space),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_recession),
        cmocka_unit_test(test_recession_random),
        cmocka_unit_test(test_parallel_values),
        cmocka_unit_test(test_parallel_first_failure),
        cmocka_unit_test(test_parallel_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
