/* The bootstrap: streams, replicates without an estimate, the distribution of n*, standard errors, coverage
 * under a known truth. */
#include "mse_support.h"

#include "mse/bootstrap.h"
#include "mse/estimator.h"
#include "mse/interval.h"

/* The definition once more: stream (seed, replicate, block); n* binomial, then multinomial over the observed
 * cells. */
static est_i_fit_data *draw(const est_i_fit_data *data, const double *population, uint64_t seed,
                            uint32_t replicate)
{
    est_i_fit_data *sample = est_i_fit_data_new(1, data->n_lists, data->n_blocks);
    assert_non_null(sample);
    for (size_t k = 0; k < data->n_blocks; k++) {
        est_i_rng rng;
        size_t at = k * data->n_cells;
        double n = data->margins[at];
        est_i_rng_start(&rng, seed, EST_I_PURPOSE_BOOTSTRAP, replicate, (uint32_t)k);
        if (isfinite(population[k]))
            n = est_i_rng_binomial(&rng, n / population[k], round(population[k]));
        est_i_rng_multinomial(&rng, n, data->n_cells, data->counts + at, sample->counts + at);
    }
    memcpy(sample->keep, data->keep, data->n_blocks * data->n_cells * sizeof *data->keep);
    est_i_fit_data_prepare(sample);
    return sample;
}

static est_i_bootstrap *run_plan(const est_i_estimator *estimator, const est_i_fit_data *data,
                                 const double *population, const est_i_bootstrap_plan *plan)
{
    est_error error;
    est_i_bootstrap *bootstrap = NULL;
    REQUIRE_OK(est_i_bootstrap_run(estimator, data, population, plan, NULL, &bootstrap, &error), error);
    assert_int_equal(bootstrap->n_replicates, plan->n_replicates);
    assert_int_equal(bootstrap->n_blocks, data->n_blocks);
    return bootstrap;
}

static est_i_bootstrap *run(const est_i_estimator *estimator, const est_i_fit_data *data,
                            const double *population, size_t n, uint64_t seed, int threads)
{
    const est_i_bootstrap_plan plan = {.n_replicates = n, .seed = seed, .threads = threads};
    est_i_bootstrap *bootstrap = run_plan(estimator, data, population, &plan);
    assert_null(bootstrap->unseen);
    assert_null(bootstrap->log_se);
    return bootstrap;
}

static est_i_estimator *fixed(const est_i_fit_data *data, bool by_block, const char *numbers)
{
    est_error error;
    uint32_t terms[64];
    est_i_estimator *estimator = NULL;
    size_t n = est_i_set_terms(set_of_numbers(numbers), data->n_lists, terms);
    REQUIRE_OK(est_i_estimator_fixed(data, by_block, terms, n, &estimator, &error), error);
    return estimator;
}

static est_i_estimator *selecting(const est_i_fit_data *data, bool by_block, unsigned order, bool accept)
{
    est_error error;
    est_i_estimator *estimator = NULL;
    const est_i_selection how = {.select = EST_SELECT_BIC, .max_order = order, .accept_boundary = accept};
    REQUIRE_OK(est_i_estimator_select(data, by_block, &how, NULL, &estimator, &error), error);
    return estimator;
}

/* The estimator on one data set alone; log_se may be NULL. */
static void apply_alone(const est_i_estimator *estimator, const est_i_fit_data *sample, double *population,
                        double *log_se)
{
    est_error error;
    est_i_estimator_space *space = est_i_estimator_space_new(estimator, 1);
    assert_non_null(space);
    REQUIRE_OK(est_i_estimator_apply(estimator, sample, space, population, log_se, NULL, &error), error);
    for (size_t k = 0; k < sample->n_blocks; k++)
        population[k] += sample->margins[k * sample->n_cells];
    est_i_estimator_space_free(space);
}

/* Whatever the threads and the lanes, replicate r is the estimator applied to the sample of stream r, to the
 * byte. */
static void check_streams(const est_i_estimator *estimator, const est_i_fit_data *data,
                          const double *population, size_t n)
{
    est_i_bootstrap *one = run(estimator, data, population, n, 5, 1),
                    *two = run(estimator, data, population, n, 5, 2);
    est_i_bootstrap *seven = run(estimator, data, population, n, 5, 7),
                    *fewer = run(estimator, data, population, n - 6, 5, 1);
    est_i_bootstrap *other = run(estimator, data, population, n, 6, 1);
    size_t bytes = n * data->n_blocks * sizeof(double);
    assert_memory_equal(one->population, two->population, bytes);
    assert_memory_equal(one->population, seven->population, bytes);
    assert_memory_equal(one->population, fewer->population, bytes - 6 * data->n_blocks * sizeof(double));
    assert_memory_not_equal(one->population, other->population, bytes);
    for (uint32_t r = 0; r < n; r++) {
        double expected[8];
        est_i_fit_data *sample = draw(data, population, 5, r);
        apply_alone(estimator, sample, expected, NULL);
        assert_memory_equal(one->population + r * data->n_blocks, expected, data->n_blocks * sizeof(double));
        est_i_fit_data_free(sample);
    }
    est_i_bootstrap_free(one);
    est_i_bootstrap_free(two);
    est_i_bootstrap_free(seven);
    est_i_bootstrap_free(fewer);
    est_i_bootstrap_free(other);
}

static void test_streams(void **state)
{
    (void)state;
    est_i_fit_data *kosovo = open_data("dataset:kosovo_1999"), *uk = open_data("dataset:uk_2013_five");
    static const double n_kosovo = 10356.5, n_uk = 12262.4;
    est_i_estimator *estimator = fixed(kosovo, true, "12 13 14 23 24 34");
    check_streams(estimator, kosovo, &n_kosovo, 43);
    est_i_estimator_free(estimator);
    estimator = selecting(kosovo, true, 3, false);
    check_streams(estimator, kosovo, &n_kosovo, 43);
    est_i_estimator_free(estimator);
    estimator = selecting(uk, true, 2, false);
    check_streams(estimator, uk, &n_uk, 19);
    est_i_estimator_free(estimator);
    est_i_fit_data_free(kosovo);
    est_i_fit_data_free(uk);
}

static void test_streams_of_periods(void **state)
{
    (void)state;
    static const double population[] = {1737.13, 7694.702, 12433.867, 4864.465, 7010.085, 1392.703};
    est_i_captures *captures = open_captures("dataset:colombia_child_recruitment", true);
    est_i_fit_data *data = blocks_of(captures, 0, 6);
    for (int by_block = 0; by_block < 2; by_block++) {
        est_i_estimator *estimator = fixed(data, by_block, "12 13 14 15 23 24 25 34 35 45");
        check_streams(estimator, data, population, 21);
        est_i_estimator_free(estimator);
        estimator = selecting(data, by_block, 2, true);
        check_streams(estimator, data, population, 21);
        est_i_estimator_free(estimator);
    }
    est_i_fit_data_free(data);
    est_i_captures_free(captures);
}

/* Two lists that share 2 of 40: a replicate without overlap has no estimate and counts as +Inf, none is
 * dropped. */
static void test_without_estimate(void **state)
{
    (void)state;
    est_error error;
    static const double counts[] = {0, 20, 18, 2}, population = 22 * 20 / 2;
    est_i_fit_data *data = data_of_counts(2, 1, counts);
    est_i_estimator *estimator = fixed(data, true, "");
    const size_t n = 2000;
    double unbounded = 0;
    est_i_limits limits;
    est_i_bootstrap *bootstrap = run(estimator, data, &population, n, 9, 2);
    for (uint32_t r = 0; r < n; r++) {
        est_i_fit_data *sample = draw(data, &population, 9, r);
        double a = sample->counts[1], b = sample->counts[2], both = sample->counts[3];
        if (both > 0)
            REQUIRE_NEAR(bootstrap->population[r], (a + both) * (b + both) / both, 1e-9);
        else
            assert_true(isinf(bootstrap->population[r]) && bootstrap->population[r] > 0);
        unbounded += both > 0 ? 0 : 1;
        est_i_fit_data_free(sample);
    }
    REQUIRE_OK(est_i_limits_percentile(bootstrap, 0, 40, 0.95, &limits, &error), error);
    REQUIRE_NEAR(limits.without, unbounded / (double)n, 1e-15);
    /* P(no overlap) is near exp(-2). */
    REQUIRE_NEAR(limits.without, 0.13, 0.03);
    assert_null(limits.refused);
    assert_true(isinf(limits.upper) && limits.lower >= 40 && limits.lower < 220);
    /* With a lower level the unbounded ones fall outside the limits. */
    REQUIRE_OK(est_i_limits_percentile(bootstrap, 0, 40, 0.6, &limits, &error), error);
    assert_true(isfinite(limits.upper) && limits.upper > limits.lower);
    est_i_bootstrap_free(bootstrap);
    est_i_estimator_free(estimator);
    est_i_fit_data_free(data);
}

/* A period whose sample holds nobody has no estimate either: a block of one person in a population of two. */
static void test_empty_sample(void **state)
{
    (void)state;
    static const double counts[] = {0, 20, 18, 9, 0, 1, 0, 0}, population[] = {80, 2};
    est_i_fit_data *data = data_of_counts(2, 2, counts);
    size_t empty = 0;
    for (int by_block = 0; by_block < 2; by_block++) {
        est_i_estimator *estimator = fixed(data, by_block, "");
        est_i_bootstrap *bootstrap = run(estimator, data, population, 40, 3, 1);
        for (uint32_t r = 0; r < 40; r++) {
            est_i_fit_data *sample = draw(data, population, 3, r);
            if (!(sample->margins[4] > 0)) {
                empty++;
                assert_true(isinf(bootstrap->population[2 * r + 1]));
            }
            est_i_fit_data_free(sample);
        }
        est_i_bootstrap_free(bootstrap);
        est_i_estimator_free(estimator);
    }
    assert_true(empty > 0);
    est_i_fit_data_free(data);
}

/* n* ~ Binomial(round N, n/N): mean n and variance n (1 - n/N), within 5 standard errors. A resample at fixed
 * n has none. */
static void test_size_of_samples(void **state)
{
    (void)state;
    est_i_fit_data *kosovo = open_data("dataset:kosovo_1999");
    static const double population = 10356.5;
    const uint32_t runs = 2000;
    double n = 4400, sum = 0, squares = 0, variance = n * (1 - n / population);
    for (uint32_t r = 0; r < runs; r++) {
        est_i_fit_data *sample = draw(kosovo, &population, 1, r);
        double off = sample->total[0] - n;
        sum += off;
        squares += off * off;
        est_i_fit_data_free(sample);
    }
    assert_true(fabs(sum / runs) < 5 * sqrt(variance / runs));
    assert_true(fabs(squares / runs - variance) < 5 * variance * sqrt(2.0 / runs));
    est_i_fit_data_free(kosovo);
}

/* Where N is not known, the size stays n. */
static void test_size_without_population(void **state)
{
    (void)state;
    static const double counts[] = {0, 30, 20, 10}, unknown = NAN;
    est_i_fit_data *data = data_of_counts(2, 1, counts);
    est_i_estimator *estimator = fixed(data, true, "");
    est_i_bootstrap *bootstrap = run(estimator, data, &unknown, 50, 2, 1);
    for (uint32_t r = 0; r < 50; r++) {
        est_i_fit_data *sample = draw(data, &unknown, 2, r);
        assert_true(sample->total[0] == 60);
        double a = sample->counts[1], b = sample->counts[2], both = sample->counts[3];
        REQUIRE_NEAR(bootstrap->population[r], (a + both) * (b + both) / both, 1e-10);
        est_i_fit_data_free(sample);
    }
    est_i_bootstrap_free(bootstrap);
    est_i_estimator_free(estimator);
    est_i_fit_data_free(data);
}

/* Silverman, Chan and Vincent (2024): n stays as it is, whatever the population. */
static void test_scv2024(void **state)
{
    (void)state;
    static const double counts[] = {0, 30, 20, 10}, population = 120;
    est_i_fit_data *data = data_of_counts(2, 1, counts);
    est_i_estimator *estimator = fixed(data, true, "");
    const est_i_bootstrap_plan plan = {.resample = EST_RESAMPLE_SCV2024, .n_replicates = 50, .seed = 2, .threads = 2};
    est_i_bootstrap *bootstrap = run_plan(estimator, data, &population, &plan);
    for (uint32_t r = 0; r < 50; r++) {
        est_i_rng rng;
        double drawn[4];
        est_i_rng_start(&rng, 2, EST_I_PURPOSE_BOOTSTRAP, r, 0);
        est_i_rng_multinomial(&rng, 60, 4, counts, drawn);
        assert_true(drawn[1] + drawn[2] + drawn[3] == 60);
        REQUIRE_NEAR(bootstrap->population[r], (drawn[1] + drawn[3]) * (drawn[2] + drawn[3]) / drawn[3], 1e-10);
    }
    est_i_bootstrap_free(bootstrap);
    est_i_estimator_free(estimator);
    est_i_fit_data_free(data);
}

/* Two independent lists: var log u = 1/a + 1/b + 1/both; of two blocks, the delta method for the log of the
 * sum. */
static void test_standard_errors(void **state)
{
    (void)state;
    static const double counts[] = {0, 30, 20, 3, 0, 50, 40, 20}, population[] = {253, 210};
    est_i_fit_data *data = data_of_counts(2, 2, counts);
    est_i_estimator *estimator = fixed(data, true, "");
    est_i_bootstrap_plan plan = {.n_replicates = 60, .seed = 4, .threads = 1, .with_se = true};
    est_i_bootstrap *one = run_plan(estimator, data, population, &plan);
    plan.threads = 3;
    est_i_bootstrap *three = run_plan(estimator, data, population, &plan);
    size_t none = 0;
    for (uint32_t r = 0; r < 60; r++) {
        est_i_fit_data *sample = draw(data, population, 4, r);
        double total = 0, variance = 0;
        for (size_t k = 0; k < 2; k++) {
            const double *c = sample->counts + 4 * k;
            double unseen = c[1] * c[2] / c[3], square = 1 / c[1] + 1 / c[2] + 1 / c[3];
            none += c[3] > 0 ? 0 : 1;
            if (!(c[3] > 0))
                assert_true(isinf(one->unseen[2 * r + k]) && isnan(one->log_se[3 * r + k]));
            else {
                REQUIRE_NEAR(one->unseen[2 * r + k], unseen, 1e-10);
                REQUIRE_NEAR(one->log_se[3 * r + k], sqrt(square), 1e-9);
                REQUIRE_NEAR(one->population[2 * r + k], c[1] + c[2] + c[3] + unseen, 1e-10);
            }
            total += unseen;
            variance += unseen * unseen * square;
        }
        if (isfinite(total))
            REQUIRE_NEAR(one->log_se[3 * r + 2], sqrt(variance) / total, 1e-9);
        else
            assert_true(isnan(one->log_se[3 * r + 2]));
        est_i_fit_data_free(sample);
    }
    assert_true(none > 0 && none < 60);
    assert_memory_equal(one->unseen, three->unseen, 60 * 2 * sizeof(double));
    assert_memory_equal(one->log_se, three->log_se, 60 * 3 * sizeof(double));
    est_i_bootstrap_free(one);
    est_i_bootstrap_free(three);
    est_i_estimator_free(estimator);
    est_i_fit_data_free(data);
}

/* With a selection: each replicate's standard error is that of its own choice, and the populations are those
 * without. */
static void test_standard_errors_of_a_selection(void **state)
{
    (void)state;
    static const double population = 10356.5;
    est_i_fit_data *kosovo = open_data("dataset:kosovo_1999");
    est_i_estimator *estimator = selecting(kosovo, true, 3, false);
    const est_i_bootstrap_plan plan = {.n_replicates = 21, .seed = 5, .threads = 2, .with_se = true};
    est_i_bootstrap *with = run_plan(estimator, kosovo, &population, &plan),
                    *plain = run(estimator, kosovo, &population, 21, 5, 1);
    for (uint32_t r = 0; r < 21; r++) {
        double expected, log_se[2];
        est_i_fit_data *sample = draw(kosovo, &population, 5, r);
        apply_alone(estimator, sample, &expected, log_se);
        assert_memory_equal(&with->population[r], &expected, sizeof expected);
        assert_memory_equal(&with->log_se[2 * r], log_se, sizeof log_se);
        assert_true(log_se[0] > 0.01 && log_se[0] < 1);
        REQUIRE_NEAR(log_se[1], log_se[0], 1e-12);
        REQUIRE_NEAR(plain->population[r], expected, 1e-8);
        est_i_fit_data_free(sample);
    }
    est_i_bootstrap_free(with);
    est_i_bootstrap_free(plain);
    est_i_estimator_free(estimator);
    est_i_fit_data_free(kosovo);
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
    for (int threads = 1; threads <= 7; threads += 3) {
        static const double population = 13444;
        est_error error;
        est_i_monitor monitor;
        est_i_bootstrap *bootstrap = NULL;
        const est_i_bootstrap_plan plan = {.n_replicates = 500, .seed = 1, .threads = threads};
        est_i_monitor_start(&monitor, &context);
        memset(&error, 0, sizeof error);
        assert_int_equal(
            est_i_bootstrap_run(estimator, uk, &population, &plan, &monitor, &bootstrap, &error), EST_ECANCELLED);
        assert_int_equal(error.code, EST_ECANCELLED);
        assert_null(bootstrap);
    }
    est_i_estimator_free(estimator);
    est_i_fit_data_free(uk);
}

/* Four independent lists that reach 30, 25, 20 and 35 percent of 2,000 persons. */
static est_i_fit_data *simulate(uint32_t which)
{
    static const double share[] = {0.3, 0.25, 0.2, 0.35};
    double weights[16], counts[16];
    est_i_rng rng;
    for (size_t w = 0; w < 16; w++) {
        weights[w] = 1;
        for (size_t j = 0; j < 4; j++)
            weights[w] *= w >> j & 1 ? share[j] : 1 - share[j];
    }
    est_i_rng_start(&rng, 14, EST_I_PURPOSE_TEST, which, 0);
    est_i_rng_multinomial(&rng, 2000, 16, weights, counts);
    counts[0] = 0;
    return data_of_counts(4, 1, counts);
}

/* 95 % limits with reselection among all models of orders 2 and 3 hold the truth in at least 17 of 20 runs
 * (the chance of fewer is 1.6 % at exact coverage; the seeds are fixed). */
static void test_coverage(void **state)
{
    (void)state;
    int covered = 0;
    for (uint32_t which = 0; which < 20; which++) {
        est_error error;
        est_i_limits limits;
        est_i_fit_data *data = simulate(which);
        est_i_estimator *estimator = selecting(data, true, 3, false);
        double population = 0;
        assert_true(estimator->found[0]);
        apply_alone(estimator, data, &population, NULL);
        est_i_bootstrap *bootstrap = run(estimator, data, &population, 400, 1, 2);
        REQUIRE_OK(est_i_limits_percentile(bootstrap, 0, data->total[0], 0.95, &limits, &error), error);
        assert_true(limits.lower < population && population < limits.upper);
        covered += limits.lower <= 2000 && 2000 <= limits.upper;
        est_i_bootstrap_free(bootstrap);
        est_i_estimator_free(estimator);
        est_i_fit_data_free(data);
    }
    assert_in_range(covered, 17, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),          cmocka_unit_test(test_streams_of_periods),
        cmocka_unit_test(test_without_estimate), cmocka_unit_test(test_empty_sample),
        cmocka_unit_test(test_size_of_samples),  cmocka_unit_test(test_size_without_population),
        cmocka_unit_test(test_scv2024),          cmocka_unit_test(test_standard_errors),
        cmocka_unit_test(test_standard_errors_of_a_selection),
        cmocka_unit_test(test_cancelled),        cmocka_unit_test(test_coverage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
