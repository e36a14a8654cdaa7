/* Limits and the jackknife against naive re-computations, closed forms, and everything that is refused. */
#include "mse_support.h"

#include "mse/estimator.h"
#include "mse/interval.h"
#include "mse/jackknife.h"

static double uniform(est_i_rng *rng)
{
    return est_i_rng_uniform(rng);
}

/* Right-skewed, around 100. */
static double skewed(est_i_rng *rng)
{
    return 60 + 40 / (0.3 + 1.4 * uniform(rng));
}

static double naive_normal(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

static double naive_normal_quantile(double p)
{
    double low = -40, high = 40;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        if (naive_normal(middle) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Hyndman and Fan's type 8: the p-th of n points lies at position (n + 1/3) p + 1/3. */
static double naive_quantile(const double *values, size_t n, double p)
{
    double sorted[600], answer;
    assert_in_range(n, 1, 600);
    memcpy(sorted, values, n * sizeof *values);
    qsort(sorted, n, sizeof *sorted, ascending);
    double position = ((double)n + 1.0 / 3) * p + 1.0 / 3;
    if (position <= 1)
        answer = sorted[0];
    else if (position >= (double)n)
        answer = sorted[n - 1];
    else {
        size_t i = (size_t)position;
        answer = sorted[i - 1] + (position - (double)i) * (sorted[i] - sorted[i - 1]);
    }
    return answer;
}

static void require_refused(const est_i_limits *limits, const char *reason)
{
    assert_non_null(limits->refused);
    assert_string_equal(limits->refused, reason);
    assert_true(isnan(limits->lower) && isnan(limits->upper));
}

static void test_wald(void **state)
{
    (void)state;
    est_i_limits limits = est_i_limits_wald(40, log(60), 0.25, 0.95);
    REQUIRE_NEAR(limits.lower, 40 + 60 * exp(-0.25 * 1.959963984540054), 1e-12);
    REQUIRE_NEAR(limits.upper, 40 + 60 * exp(0.25 * 1.959963984540054), 1e-12);
    assert_null(limits.refused);
    assert_true(isnan(limits.without) && isnan(limits.bias));
    limits = est_i_limits_wald(40, log(60), 0.25, 0.5);
    REQUIRE_NEAR(limits.upper, 40 + 60 * exp(0.25 * 0.6744897501960817), 1e-12);
    static const double bad[][2] = {{NAN, 0.2}, {INFINITY, 0.2}, {-INFINITY, 0.2}, {4, NAN}, {4, INFINITY}, {4, 0}, {4, -1}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        limits = est_i_limits_wald(40, bad[i][0], bad[i][1], 0.95);
        require_refused(&limits, "the unseen count has no standard error");
    }
}

/* Lincoln-Petersen (300, 200, 100): u + u^2 (1/200 + 1/100 + 1/100) is the textbook variance n1 n2 (n1 - m)(n2 - m) / m^3; Chao's limits
 * follow from it. */
static void test_log_normal(void **state)
{
    (void)state;
    double unseen = 200, variance = 300.0 * 200 * 200 * 100 / 1e6, log_se = sqrt(1.0 / 200 + 1.0 / 100 + 1.0 / 100);
    est_i_limits limits = est_i_limits_log_normal(400, unseen, log_se, 0.95);
    double wide = exp(1.959963984540054 * sqrt(log(1 + variance / (unseen * unseen))));
    REQUIRE_NEAR(limits.lower, 400 + unseen / wide, 1e-10);
    REQUIRE_NEAR(limits.upper, 400 + unseen * wide, 1e-10);
    assert_true(isnan(limits.without));
    limits = est_i_limits_log_normal(400, NAN, log_se, 0.95);
    require_refused(&limits, "the unseen count has no standard error");
    limits = est_i_limits_log_normal(400, 200, INFINITY, 0.95);
    require_refused(&limits, "the unseen count has no standard error");
}

/* Quantile type 8 of the populations; limits never below the persons observed. */
static void test_percentile(void **state)
{
    (void)state;
    est_error error;
    est_i_limits limits;
    double values[] = {5, 1, 4, 2, INFINITY, 3, 9, 8, 7, 6};
    est_i_bootstrap bootstrap = {.n_replicates = 5, .n_blocks = 2, .population = values};
    /* Block 0: 5 4 Inf 9 7, sorted 4 5 7 9 Inf; h = 16/3 p + 1/3 = 5/3 at p = 0.25 and 13/3 at 0.75. */
    REQUIRE_OK(est_i_limits_percentile(&bootstrap, 0, 0, 0.5, &limits, &error), error);
    REQUIRE_NEAR(limits.lower, 4 + 2.0 / 3, 1e-14);
    assert_true(isinf(limits.upper) && !limits.extreme);
    REQUIRE_NEAR(limits.without, 0.2, 1e-15);
    /* Block 1: 1 2 3 8 6, sorted 1 2 3 6 8; the third of the way from 6 to 8. */
    REQUIRE_OK(est_i_limits_percentile(&bootstrap, 1, 0, 0.5, &limits, &error), error);
    REQUIRE_NEAR(limits.lower, 1 + 2.0 / 3, 1e-14);
    REQUIRE_NEAR(limits.upper, 6 + 2.0 / 3, 1e-14);
    assert_true(limits.without <= 0);
    REQUIRE_OK(est_i_limits_percentile(&bootstrap, 1, 2, 0.5, &limits, &error), error);
    REQUIRE_NEAR(limits.lower, 2, 1e-15);
    /* Sums 6 6 Inf 17 13, sorted 6 6 13 17 Inf. */
    REQUIRE_OK(est_i_limits_percentile(&bootstrap, EST_I_ALL_BLOCKS, 0, 0.5, &limits, &error), error);
    REQUIRE_NEAR(limits.lower, 6, 1e-14);
    assert_true(isinf(limits.upper));
    REQUIRE_NEAR(limits.without, 0.2, 1e-15);
    /* Five replicates cannot carry 95 %: the limits are the outermost ones, and that is said. */
    REQUIRE_OK(est_i_limits_percentile(&bootstrap, 1, 0, 0.95, &limits, &error), error);
    assert_true(limits.extreme);
    REQUIRE_NEAR(limits.lower, 1, 1e-15);
    REQUIRE_NEAR(limits.upper, 8, 1e-15);
}

static void test_percentile_refused(void **state)
{
    (void)state;
    est_error error;
    est_i_limits limits;
    double values[] = {INFINITY, INFINITY, 4, INFINITY, INFINITY};
    est_i_bootstrap bootstrap = {.n_replicates = 5, .n_blocks = 1, .population = values};
    REQUIRE_OK(est_i_limits_percentile(&bootstrap, 0, 3, 0.5, &limits, &error), error);
    require_refused(&limits, "so many replicates have no estimate that not even a lower limit can be given");
    REQUIRE_NEAR(limits.without, 0.8, 1e-15);
}

/* Unbounded as soon as more than alpha/2 of the replicates are; type 8 says so from exactly alpha/2 on. */
static void test_unbounded_share(void **state)
{
    (void)state;
    est_error error;
    double values[1000];
    est_i_bootstrap bootstrap = {.n_replicates = 1000, .n_blocks = 1, .population = values};
    for (size_t missing = 23; missing < 28; missing++) {
        est_i_limits limits;
        for (size_t i = 0; i < 1000; i++)
            values[i] = (i * 7) % 1000 < missing ? INFINITY : 100 + (double)i;
        REQUIRE_OK(est_i_limits_percentile(&bootstrap, 0, 10, 0.95, &limits, &error), error);
        assert_int_equal(isinf(limits.upper), missing >= 25);
        REQUIRE_NEAR(limits.without, (double)missing / 1000, 1e-15);
    }
}

/* ---- BCa ---- */

/* Persons one by one; d is centred within each block. */
static double naive_acceleration(const est_i_jackknife *j, size_t n_blocks, size_t block)
{
    double squares = 0, cubes = 0;
    for (size_t k = 0; k < n_blocks; k++) {
        double value[400], mean = 0;
        size_t persons = 0;
        for (size_t i = 0; i < j->n_deletions; i++)
            for (size_t c = 0; j->block[i] == k && c < (size_t)j->weight[i]; c++) {
                assert_true(persons < 400);
                value[persons] = 0;
                for (size_t b = 0; b < n_blocks; b++)
                    value[persons] += block == b || block == EST_I_ALL_BLOCKS ? j->population[i * n_blocks + b] : 0;
                mean += value[persons++];
            }
        for (size_t i = 0; i < persons; i++) {
            double u = mean / (double)persons - value[i];
            squares += u * u;
            cubes += u * u * u;
        }
    }
    return cubes / (6 * pow(squares, 1.5));
}

static void check_bca(const est_i_bootstrap *bootstrap, const est_i_jackknife *jackknife, size_t block, double observed,
                      double estimate, double level)
{
    est_error error;
    est_i_limits limits;
    double values[600], below = 0, a = naive_acceleration(jackknife, bootstrap->n_blocks, block), expected[2];
    for (size_t i = 0; i < bootstrap->n_replicates; i++) {
        values[i] = 0;
        for (size_t k = 0; k < bootstrap->n_blocks; k++)
            values[i] += block == k || block == EST_I_ALL_BLOCKS ? bootstrap->population[i * bootstrap->n_blocks + k] : 0;
        below += values[i] < estimate ? 1 : 0;
    }
    double z0 = naive_normal_quantile(below / (double)bootstrap->n_replicates);
    for (int side = 0; side < 2; side++) {
        double z = naive_normal_quantile(side ? (1 + level) / 2 : (1 - level) / 2);
        double p = naive_normal(z0 + (z0 + z) / (1 - a * (z0 + z)));
        expected[side] = fmax(observed, naive_quantile(values, bootstrap->n_replicates, p));
    }
    REQUIRE_OK(est_i_limits_bca(bootstrap, jackknife, block, observed, estimate, level, &limits, &error), error);
    assert_null(limits.refused);
    REQUIRE_NEAR(limits.bias, z0, 1e-9);
    REQUIRE_NEAR(limits.acceleration, a, 1e-12);
    REQUIRE_NEAR(limits.lower, expected[0], 1e-9);
    REQUIRE_NEAR(limits.upper, expected[1], 1e-9);
}

static void test_bca(void **state)
{
    (void)state;
    est_i_rng rng;
    double population[3 * 500], weight[60], deleted[3 * 60];
    size_t block[60];
    est_i_bootstrap bootstrap = {.n_replicates = 500, .n_blocks = 3, .population = population};
    est_i_jackknife jackknife = {60, 3, weight, block, deleted};
    est_i_rng_start(&rng, 1, EST_I_PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < 1500; i++)
        population[i] = skewed(&rng);
    for (size_t i = 0; i < 60; i++) {
        weight[i] = floor(1 + 6 * uniform(&rng));
        block[i] = i / 20;
        for (size_t k = 0; k < 3; k++)
            deleted[3 * i + k] = 100 - 3 * (double)block[i] + skewed(&rng) / 50;
    }
    for (size_t k = 0; k < 3; k++) {
        check_bca(&bootstrap, &jackknife, k, 20, 98, 0.95);
        check_bca(&bootstrap, &jackknife, k, 20, 110, 0.8);
    }
    check_bca(&bootstrap, &jackknife, EST_I_ALL_BLOCKS, 60, 300, 0.95);
    check_bca(&bootstrap, &jackknife, EST_I_ALL_BLOCKS, 290, 320, 0.9);
}

/* For a mean, d = (x - mean) / (n - 1), and a = skewness / (6 sqrt n): above 0 where the long tail is on the
 * right (Efron 1987). */
static void test_acceleration_of_a_mean(void **state)
{
    (void)state;
    static const double value[] = {1, 2, 4, 9, 20}, persons[] = {6, 5, 3, 2, 1};
    double deleted[5], weight[5], sum = 0, n = 17, second = 0, third = 0, values[] = {3, 3.5, 4, 4.5, 5, 5.5};
    size_t block[5] = {0};
    est_error error;
    est_i_limits limits;
    for (size_t i = 0; i < 5; i++)
        sum += persons[i] * value[i];
    for (size_t i = 0; i < 5; i++) {
        double off = value[i] - sum / n;
        second += persons[i] * off * off;
        third += persons[i] * off * off * off;
        weight[i] = persons[i];
        deleted[i] = (sum - value[i]) / (n - 1);
    }
    est_i_bootstrap bootstrap = {.n_replicates = 6, .n_blocks = 1, .population = values};
    est_i_jackknife jackknife = {5, 1, weight, block, deleted};
    REQUIRE_OK(est_i_limits_bca(&bootstrap, &jackknife, 0, 0, sum / n, 0.5, &limits, &error), error);
    double skewness = third / n / pow(second / n, 1.5);
    REQUIRE_NEAR(limits.acceleration, skewness / (6 * sqrt(n)), 1e-13);
    assert_true(limits.acceleration > 0.05);
    /* Two replicates of six lie below the mean, 3.88. */
    REQUIRE_NEAR(limits.bias, naive_normal_quantile(1.0 / 3), 1e-9);
}

/* No bias and no acceleration: the percentile limits. A tie is not below; rounding makes no difference. */
static void test_bca_of_the_symmetric(void **state)
{
    (void)state;
    est_error error;
    est_i_limits bca, percentile, tied;
    double values[400], deleted[] = {99, 101}, weight[] = {1, 1};
    size_t block[] = {0, 0};
    est_i_bootstrap bootstrap = {.n_replicates = 400, .n_blocks = 1, .population = values};
    est_i_jackknife jackknife = {2, 1, weight, block, deleted};
    for (size_t i = 0; i < 400; i++)
        values[i] = 100 + ((double)((i * 171) % 400) - 199.5) / 10;
    REQUIRE_OK(est_i_limits_bca(&bootstrap, &jackknife, 0, 5, 100, 0.95, &bca, &error), error);
    REQUIRE_OK(est_i_limits_percentile(&bootstrap, 0, 5, 0.95, &percentile, &error), error);
    REQUIRE_NEAR(bca.bias, 0, 1e-12);
    REQUIRE_NEAR(bca.acceleration, 0, 1e-15);
    REQUIRE_NEAR(bca.lower, percentile.lower, 1e-12);
    REQUIRE_NEAR(bca.upper, percentile.upper, 1e-12);
    /* The replicate 99.95 moves onto the estimate, and then off it by a rounding error: 199 of 400 are below. */
    for (size_t i = 0; i < 400; i++)
        if (fabs(values[i] - 99.95) < 1e-9) {
            values[i] = 100;
            REQUIRE_OK(est_i_limits_bca(&bootstrap, &jackknife, 0, 5, 100, 0.95, &bca, &error), error);
            values[i] = 100 * (1 - 4e-16);
            REQUIRE_OK(est_i_limits_bca(&bootstrap, &jackknife, 0, 5, 100, 0.95, &tied, &error), error);
            break;
        }
    REQUIRE_NEAR(bca.bias, naive_normal_quantile(199.0 / 400), 1e-9);
    REQUIRE_NEAR(tied.bias, bca.bias, 1e-15);
}

static void refuse_bca(const est_i_bootstrap *bootstrap, const est_i_jackknife *jackknife, double estimate,
                       const char *reason)
{
    est_error error;
    est_i_limits limits;
    REQUIRE_OK(est_i_limits_bca(bootstrap, jackknife, 0, 5, estimate, 0.95, &limits, &error), error);
    require_refused(&limits, reason);
}

static void test_bca_refused(void **state)
{
    (void)state;
    est_error error;
    est_i_limits limits;
    double values[100], deleted[] = {98, 99, 100}, weight[] = {2, 3, 2};
    size_t block[] = {0, 0, 0};
    est_i_bootstrap bootstrap = {.n_replicates = 100, .n_blocks = 1, .population = values};
    est_i_jackknife jackknife = {3, 1, weight, block, deleted};
    for (size_t i = 0; i < 100; i++)
        values[i] = 100 + (double)i;
    refuse_bca(&bootstrap, &jackknife, INFINITY, "the data have no estimate");
    refuse_bca(&bootstrap, &jackknife, NAN, "the data have no estimate");
    refuse_bca(&bootstrap, &jackknife, 100, "no replicate lies below the estimate");
    refuse_bca(&bootstrap, &jackknife, 199.5, "the estimate lies above all replicates");
    /* Two of a hundred are not more than 2.5 %: they stand in the ordering, and the corrected limit may reach them. */
    values[7] = values[50] = INFINITY;
    REQUIRE_OK(est_i_limits_bca(&bootstrap, &jackknife, 0, 5, 140.5, 0.95, &limits, &error), error);
    assert_null(limits.refused);
    REQUIRE_NEAR(limits.bias, naive_normal_quantile(0.40), 1e-9);
    REQUIRE_OK(est_i_limits_bca(&bootstrap, &jackknife, 0, 5, 170.5, 0.95, &limits, &error), error);
    assert_true(!limits.refused && isinf(limits.upper));
    values[8] = INFINITY;
    refuse_bca(&bootstrap, &jackknife, 140.5, "too many replicates have no estimate");
    values[8] = 108;
    deleted[1] = INFINITY;
    refuse_bca(&bootstrap, &jackknife, 140.5, "there is no estimate once one person is left out");
    deleted[0] = deleted[1] = deleted[2] = 99;
    refuse_bca(&bootstrap, &jackknife, 140.5, "the estimate does not change when a person is left out");
    /* One person who matters alone: |a| is 1/6, its most, and 1 - a (z0 + z) falls below 0 beyond z0 + z = 6. */
    values[7] = 107;
    values[50] = 150;
    deleted[0] = 90;
    weight[0] = 1;
    weight[1] = 1e6;
    REQUIRE_OK(est_i_limits_bca(&bootstrap, &jackknife, 0, 5, 198.5, 0.99999999, &limits, &error), error);
    require_refused(&limits, "the acceleration is too large for this level");
    REQUIRE_NEAR(limits.acceleration, 1.0 / 6, 1e-5);
}

/* ---- studentised ---- */

/* By the definition, with sorting and no sign tricks; every replicate has a pivot. */
static void check_studentised(const est_i_bootstrap *b, size_t block, double observed, double log_unseen, double se,
                              double level)
{
    est_error error;
    est_i_limits limits;
    double t[600];
    for (size_t i = 0; i < b->n_replicates; i++) {
        double unseen = 0, left = 0, own = b->log_se[i * (b->n_blocks + 1) + (block == EST_I_ALL_BLOCKS ? b->n_blocks : block)];
        for (size_t k = 0; k < b->n_blocks; k++)
            if (block == k || block == EST_I_ALL_BLOCKS) {
                unseen += b->unseen[i * b->n_blocks + k];
                left += b->left[i * b->n_blocks + k];
            }
        t[i] = (log(unseen) - log(left)) / sqrt(own * own + 1 / unseen);
    }
    double low = naive_quantile(t, b->n_replicates, (1 - level) / 2);
    double high = naive_quantile(t, b->n_replicates, (1 + level) / 2);
    REQUIRE_OK(est_i_limits_studentised(b, block, observed, log_unseen, se, level, &limits, &error), error);
    assert_null(limits.refused);
    assert_true(limits.without <= 0);
    double whole = sqrt(se * se + 1 / exp(log_unseen));
    REQUIRE_NEAR(limits.lower, observed + exp(log_unseen - high * whole), 1e-10);
    REQUIRE_NEAR(limits.upper, observed + exp(log_unseen - low * whole), 1e-10);
}

static void test_studentised(void **state)
{
    (void)state;
    est_i_rng rng;
    double unseen[2 * 400], left[2 * 400], log_se[3 * 400];
    est_i_bootstrap bootstrap = {.n_replicates = 400, .n_blocks = 2, .unseen = unseen, .log_se = log_se, .left = left};
    est_i_rng_start(&rng, 2, EST_I_PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < 400; i++)
        for (size_t k = 0; k < 3; k++) {
            if (k < 2) {
                unseen[2 * i + k] = skewed(&rng);
                left[2 * i + k] = floor(90 + 20 * uniform(&rng));
            }
            log_se[3 * i + k] = 0.2 + 0.3 * uniform(&rng);
        }
    check_studentised(&bootstrap, 0, 40, log(95), 0.3, 0.95);
    check_studentised(&bootstrap, 1, 40, log(110), 0.2, 0.8);
    check_studentised(&bootstrap, EST_I_ALL_BLOCKS, 80, log(200), 0.25, 0.95);
}

/* With equal errors everywhere, 1/u included, the limits are the percentiles of log u*, reflected at log u. */
static void test_studentised_reflects(void **state)
{
    (void)state;
    est_error error;
    est_i_limits limits;
    double unseen[99], log_se[198], left[99];
    est_i_bootstrap bootstrap = {.n_replicates = 99, .n_blocks = 1, .unseen = unseen, .log_se = log_se, .left = left};
    for (size_t i = 0; i < 99; i++) {
        unseen[i] = exp(3 + (double)i / 50);
        left[i] = exp(4);
        log_se[2 * i] = log_se[2 * i + 1] = sqrt(0.16 - 1 / unseen[i]);
    }
    REQUIRE_OK(est_i_limits_studentised(&bootstrap, 0, 10, 4, sqrt(0.16 - exp(-4)), 0.9, &limits, &error), error);
    /* Positions 298/3 p + 1/3 = 5.3 and 94.7 of 99. */
    REQUIRE_NEAR(log(limits.lower - 10), 8 - (3 + 93.7 / 50), 1e-12);
    REQUIRE_NEAR(log(limits.upper - 10), 8 - (3 + 4.3 / 50), 1e-12);
}

/* Replicates without a pivot move both limits outwards, whatever they lack; too many of them, and there are no
 * limits. */
static void test_studentised_without_pivot(void **state)
{
    (void)state;
    est_error error;
    est_i_limits all, limits;
    double unseen[100], log_se[200], left[100];
    est_i_bootstrap bootstrap = {.n_replicates = 100, .n_blocks = 1, .unseen = unseen, .log_se = log_se, .left = left};
    static const double lack[][2] = {{INFINITY, NAN}, {INFINITY, 0.3}, {0, 0.3},   {50, NAN},
                                     {50, INFINITY},  {50, 0},         {NAN, 0.3}, {50, -1}};
    for (size_t what = 0; what < sizeof lack / sizeof lack[0]; what++) {
        for (size_t i = 0; i < 100; i++) {
            unseen[i] = exp(3 + (double)((i * 37) % 100) / 50);
            log_se[2 * i] = log_se[2 * i + 1] = 0.4;
            left[i] = exp(4);
        }
        REQUIRE_OK(est_i_limits_studentised(&bootstrap, 0, 10, 4, 0.4, 0.9, &all, &error), error);
        /* Middling replicates: by themselves they were in no tail. */
        for (size_t i = 0, gone = 0; gone < 4; i++)
            if (unseen[i] > exp(3.9) && unseen[i] < exp(4.1)) {
                unseen[i] = lack[what][0];
                log_se[2 * i] = lack[what][1];
                gone++;
            }
        REQUIRE_OK(est_i_limits_studentised(&bootstrap, 0, 10, 4, 0.4, 0.9, &limits, &error), error);
        assert_null(limits.refused);
        REQUIRE_NEAR(limits.without, 0.04, 1e-15);
        assert_true(limits.lower < all.lower && limits.upper > all.upper);
        assert_true(limits.lower > 10 && isfinite(limits.upper));
        /* At 95 % four are too many of a hundred. */
        REQUIRE_OK(est_i_limits_studentised(&bootstrap, 0, 10, 4, 0.4, 0.95, &limits, &error), error);
        require_refused(&limits, "too many replicates have no estimate or no standard error");
    }
    REQUIRE_OK(est_i_limits_studentised(&bootstrap, 0, 10, NAN, 0.4, 0.9, &limits, &error), error);
    require_refused(&limits, "the unseen count has no standard error");
    REQUIRE_OK(est_i_limits_studentised(&bootstrap, 0, 10, 4, INFINITY, 0.9, &limits, &error), error);
    require_refused(&limits, "the unseen count has no standard error");
}

/* ---- the jackknife ---- */

static est_i_estimator *fixed(const est_i_fit_data *data, bool by_block, const char *numbers)
{
    est_error error;
    uint32_t terms[64];
    est_i_estimator *estimator = NULL;
    size_t n = est_i_set_terms(set_of_numbers(numbers), data->n_lists, terms);
    REQUIRE_OK(est_i_estimator_fixed(data, by_block, terms, n, &estimator, &error), error);
    return estimator;
}

static est_i_estimator *selecting(const est_i_fit_data *data, bool by_block, unsigned order, size_t top)
{
    est_error error;
    est_i_estimator *estimator = NULL;
    const est_i_selection how = {.select = EST_SELECT_BIC, .max_order = order, .top = top};
    REQUIRE_OK(est_i_estimator_select(data, by_block, &how, NULL, &estimator, &error), error);
    return estimator;
}

static est_i_jackknife *run_jackknife(const est_i_estimator *estimator, const est_i_fit_data *data, int threads)
{
    est_error error;
    est_i_jackknife *jackknife = NULL;
    REQUIRE_OK(est_i_jackknife_run(estimator, data, threads, NULL, &jackknife, &error), error);
    return jackknife;
}

static est_i_fit_data *without_one(const est_i_fit_data *data, size_t cell)
{
    est_i_fit_data *left = est_i_fit_data_new(1, data->n_lists, data->n_blocks);
    assert_non_null(left);
    memcpy(left->counts, data->counts, data->n_blocks * data->n_cells * sizeof *left->counts);
    memcpy(left->keep, data->keep, data->n_blocks * data->n_cells * sizeof *left->keep);
    left->counts[cell] -= 1;
    est_i_fit_data_prepare(left);
    return left;
}

/* The estimator on each deletion alone, to the byte, whatever the threads. */
static void check_jackknife(const est_i_estimator *estimator, const est_i_fit_data *data)
{
    est_error error;
    est_i_jackknife *one = run_jackknife(estimator, data, 1), *three = run_jackknife(estimator, data, 3);
    est_i_estimator_space *space = est_i_estimator_space_new(estimator, 1);
    size_t deletion = 0, blocks = data->n_blocks;
    assert_non_null(space);
    for (size_t cell = 0; cell < blocks * data->n_cells; cell++) {
        double unseen[8];
        if (!(data->counts[cell] > 0))
            continue;
        est_i_fit_data *left = without_one(data, cell);
        assert_true(deletion < one->n_deletions && one->weight[deletion] == data->counts[cell]);
        assert_int_equal(one->block[deletion], cell / data->n_cells);
        REQUIRE_OK(est_i_estimator_apply(estimator, left, space, unseen, NULL, NULL, &error), error);
        for (size_t k = 0; k < blocks; k++) {
            double population = left->margins[k * data->n_cells] + unseen[k];
            assert_memory_equal(&one->population[deletion * blocks + k], &population, sizeof population);
        }
        est_i_fit_data_free(left);
        deletion++;
    }
    assert_int_equal(one->n_deletions, deletion);
    assert_int_equal(one->n_blocks, blocks);
    assert_int_equal(three->n_deletions, deletion);
    assert_memory_equal(one->population, three->population, deletion * blocks * sizeof(double));
    est_i_estimator_space_free(space);
    est_i_jackknife_free(one);
    est_i_jackknife_free(three);
}

static void test_jackknife(void **state)
{
    (void)state;
    est_i_fit_data *kosovo = open_data("dataset:kosovo_1999"), *uk = open_data("dataset:uk_2013_five");
    est_i_captures *captures = open_captures("dataset:colombia_child_recruitment", true);
    est_i_fit_data *periods = blocks_of(captures, 0, 3);
    est_i_estimator *estimators[] = {fixed(kosovo, true, "12 13 14"), selecting(kosovo, true, 3, 0),
                                     selecting(kosovo, true, 3, 5), selecting(uk, true, 2, 0),
                                     fixed(periods, false, "12 13"), selecting(periods, true, 2, 0)};
    const est_i_fit_data *data[] = {kosovo, kosovo, kosovo, uk, periods, periods};
    for (size_t i = 0; i < sizeof data / sizeof data[0]; i++) {
        check_jackknife(estimators[i], data[i]);
        est_i_estimator_free(estimators[i]);
    }
    est_i_fit_data_free(kosovo);
    est_i_fit_data_free(uk);
    est_i_fit_data_free(periods);
    est_i_captures_free(captures);
}

/* performance.md of the method notes: 15 deletions of the Kosovo table, the best of all 113 models for each, computed there in
 * C and in R. */
static void test_kosovo_jackknife(void **state)
{
    (void)state;
    est_error error;
    double population = 0, bic = 0;
    est_i_fit_data *kosovo = open_data("dataset:kosovo_1999");
    est_i_estimator *estimator = selecting(kosovo, true, 3, 0);
    est_i_jackknife *jackknife = run_jackknife(estimator, kosovo, 2);
    assert_int_equal(jackknife->n_deletions, 15);
    for (uint32_t cell = 1; cell < 16; cell++) {
        uint32_t local[64];
        est_i_joint *joint = NULL;
        est_i_fit_data *left = without_one(kosovo, cell);
        est_i_estimator *own = selecting(left, true, 3, 0);
        size_t main = est_i_main_terms(4, local);
        const est_i_terms terms = {.n_local = main + est_i_estimator_terms(own, 0, local + main), .local = local};
        REQUIRE_OK(est_i_joint_fit(left, &terms, NULL, &joint, &error), error);
        REQUIRE_NEAR(left->total[0] + exp(joint->log_unseen[0]), jackknife->population[cell - 1], 1e-8);
        bic += ((double)joint->n_parameters * log(4399) - 2 * joint->loglik) / 15;
        population += jackknife->population[cell - 1] / 15;
        est_i_joint_free(joint);
        est_i_estimator_free(own);
        est_i_fit_data_free(left);
    }
    REQUIRE_NEAR(bic, 202.96683493, 1e-9);
    REQUIRE_NEAR(population, 11226.043235, 1e-9);
    est_i_jackknife_free(jackknife);
    est_i_estimator_free(estimator);
    est_i_fit_data_free(kosovo);
}

/* Two independent lists: N = (a + m) (b + m) / m, and each deletion in closed form; a second block of its own
 * leaves the first one's acceleration alone. */
static void test_two_lists(void **state)
{
    (void)state;
    est_error error;
    static const double counts[] = {0, 30, 20, 10, 0, 70, 40, 8}, a = 30, b = 20, m = 10;
    const double deleted[] = {(a - 1 + m) * (b + m) / m, (a + m) * (b - 1 + m) / m, (a + m - 1) * (b + m - 1) / (m - 1)};
    const double persons[] = {a, b, m};
    double values[400], mean = 0, squares = 0, cubes = 0;
    for (int i = 0; i < 3; i++)
        mean += persons[i] * deleted[i] / (a + b + m);
    for (int i = 0; i < 3; i++) {
        squares += persons[i] * pow(mean - deleted[i], 2);
        cubes += persons[i] * pow(mean - deleted[i], 3);
    }
    double expected = cubes / (6 * pow(squares, 1.5));
    /* The ten in both lists pull hardest, and downwards: each of them makes N smaller. */
    assert_true(expected < 0);
    for (size_t blocks = 1; blocks <= 2; blocks++) {
        est_i_limits limits;
        est_i_fit_data *data = data_of_counts(2, blocks, counts);
        est_i_estimator *estimator = fixed(data, true, "");
        est_i_jackknife *jackknife = run_jackknife(estimator, data, 1);
        est_i_bootstrap bootstrap = {.n_replicates = 400 / blocks, .n_blocks = blocks, .population = values};
        for (size_t i = 0; i < 400; i++)
            values[i] = 80 + (double)(i / blocks);
        assert_int_equal(jackknife->n_deletions, 3 * blocks);
        for (size_t i = 0; i < 3; i++)
            REQUIRE_NEAR(jackknife->population[i * blocks], deleted[i], 1e-10);
        REQUIRE_OK(est_i_limits_bca(&bootstrap, jackknife, 0, 60, 120, 0.95, &limits, &error), error);
        REQUIRE_NEAR(limits.acceleration, expected, 1e-9);
        assert_null(limits.refused);
        est_i_jackknife_free(jackknife);
        est_i_estimator_free(estimator);
        est_i_fit_data_free(data);
    }
}

/* One person in both lists: without that one there is no estimate. */
static void test_deletion_without_estimate(void **state)
{
    (void)state;
    est_error error;
    est_i_limits limits;
    static const double counts[] = {0, 30, 20, 1};
    double values[100];
    est_i_fit_data *data = data_of_counts(2, 1, counts);
    est_i_estimator *estimator = fixed(data, true, "");
    est_i_jackknife *jackknife = run_jackknife(estimator, data, 2);
    est_i_bootstrap bootstrap = {.n_replicates = 100, .n_blocks = 1, .population = values};
    for (size_t i = 0; i < 100; i++)
        values[i] = 600 + (double)i;
    assert_true(isinf(jackknife->population[2]) && isfinite(jackknife->population[0]));
    REQUIRE_OK(est_i_limits_bca(&bootstrap, jackknife, 0, 51, 651, 0.9, &limits, &error), error);
    require_refused(&limits, "there is no estimate once one person is left out");
    est_i_jackknife_free(jackknife);
    est_i_estimator_free(estimator);
    est_i_fit_data_free(data);
}

static int stop(void *user)
{
    (void)user;
    return 1;
}

static void test_cancelled(void **state)
{
    (void)state;
    est_i_fit_data *uk = open_data("dataset:uk_2013_five");
    est_i_estimator *estimator = fixed(uk, true, "");
    est_context context = est_context_default();
    context.poll = stop;
    for (int threads = 1; threads <= 4; threads += 3) {
        est_error error;
        est_i_monitor monitor;
        est_i_jackknife *jackknife = NULL;
        memset(&error, 0, sizeof error);
        est_i_monitor_start(&monitor, &context);
        assert_int_equal(est_i_jackknife_run(estimator, uk, threads, &monitor, &jackknife, &error), EST_ECANCELLED);
        assert_int_equal(error.code, EST_ECANCELLED);
        assert_null(jackknife);
    }
    est_i_estimator_free(estimator);
    est_i_fit_data_free(uk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wald),
        cmocka_unit_test(test_log_normal),
        cmocka_unit_test(test_percentile),
        cmocka_unit_test(test_percentile_refused),
        cmocka_unit_test(test_unbounded_share),
        cmocka_unit_test(test_bca),
        cmocka_unit_test(test_acceleration_of_a_mean),
        cmocka_unit_test(test_bca_of_the_symmetric),
        cmocka_unit_test(test_bca_refused),
        cmocka_unit_test(test_studentised),
        cmocka_unit_test(test_studentised_reflects),
        cmocka_unit_test(test_studentised_without_pivot),
        cmocka_unit_test(test_jackknife),
        cmocka_unit_test(test_kosovo_jackknife),
        cmocka_unit_test(test_two_lists),
        cmocka_unit_test(test_deletion_without_estimate),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
