/* Regression against dense formulas on random designs: coefficients, covariance by Taylor, replicates and calibration residuals,
 * aliased columns, separation, refusals. */
#include "survey_model_support.h"

#define COLUMNS_MAX 16

/* The columns of "income ~ age + factor(area) + sex m + age:sex m", dense. */
static double *dense_columns(const survey_data *data, size_t *p)
{
    *p = 6;
    double *x = calloc(data->n * *p, sizeof *x);
    for (size_t i = 0; i < data->n; i++) {
        double *row = x + i * *p;
        row[0] = 1;
        row[1] = data->age[i];
        row[2] = data->area[i] && strcmp(data->area[i], "hills") == 0;
        row[3] = data->area[i] && strcmp(data->area[i], "lake") == 0;
        row[4] = strcmp(data->sex[i], "m") == 0;
        row[5] = row[1] * row[4];
    }
    return x;
}

static double *entering_weights(const survey_data *data, bool (*inside)(const survey_data *, size_t))
{
    double *w = calloc(data->n, sizeof *w);
    for (size_t i = 0; i < data->n; i++)
        w[i] = isnan(data->age[i]) || !data->area[i] || (inside && !inside(data, i)) ? 0 : data->weight[i];
    return w;
}

static bool early(const survey_data *data, size_t i)
{
    return data->year[i] <= 2019;
}

static void check_against_naive(uint32_t seed, est_i_family family, bool correction, bool part)
{
    survey_data data = data_random(seed, 6);
    est_error error;
    survey_run run;
    est_i_regression *found = NULL;
    size_t p;
    bool logistic = family == EST_I_FAMILY_LOGISTIC;
    double *x = dense_columns(&data, &p), *w = entering_weights(&data, part ? early : NULL), beta[COLUMNS_MAX];
    double hessian[COLUMNS_MAX * COLUMNS_MAX], middle[COLUMNS_MAX * COLUMNS_MAX], covariance[COLUMNS_MAX * COLUMNS_MAX], n = 0;
    double *score = malloc(data.n * p * sizeof *score);
    run_wish wish = {.design = data_design(correction), .where = part ? "year <= 2019" : NULL, .family = family,
                     .formula = logistic ? "sick ~ age + factor(area) + factor(sex) + age:factor(sex)"
                                         : "income ~ age*factor(sex) + factor(area)"};
    static const size_t order[2][6] = {{0, 1, 4, 2, 3, 5}, {0, 1, 2, 3, 4, 5}};
    run_open(&run, data.source, &wish);
    REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &found, &error), error);
    naive_fit(data.n, p, x, logistic ? data.sick : data.income, w, logistic, beta, hessian, score);
    for (size_t i = 0; i < data.n; i++) {
        n += w[i] > 0;
        for (size_t j = 0; j < p; j++)
            score[i * p + j] *= w[i];
    }
    naive_variance(&data, correction, p, score, middle);
    naive_sandwich(p, hessian, middle, covariance);
    assert_int_equal(found->p, p);
    for (size_t j = 0; j < p; j++) {
        size_t a = order[logistic][j];
        REQUIRE_NEAR(found->coefficient[j], beta[a], 0.01, 1e-11);
        for (size_t k = 0; k < p; k++) {
            size_t b = order[logistic][k];
            double scale = sqrt(covariance[a * p + a] * covariance[b * p + b]);
            REQUIRE_NEAR(found->covariance[j * p + k], covariance[a * p + b], scale, 1e-9);
        }
    }
    REQUIRE_NEAR(found->df, naive_df(&data, w) + 1 - (double)p, 1, 0);
    REQUIRE_NEAR(found->n, n, 1, 0);
    run_close(&run);
    est_i_regression_free(found);
    free(x);
    free(w);
    free(score);
    data_free(&data);
}

static void agrees_with_dense_formulas(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 12; seed++) {
        check_against_naive(seed, EST_I_FAMILY_LINEAR, seed % 2, seed % 3 == 0);
        check_against_naive(100 + seed, EST_I_FAMILY_LOGISTIC, seed % 2, seed % 3 == 0);
    }
}

static est_i_regression *fit(survey_data *data, const char *formula, est_i_family family)
{
    survey_run run;
    est_error error;
    est_i_regression *found = NULL;
    run_open(&run, data->source, &(run_wish){.design = data_design(false), .formula = formula, .family = family});
    REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &found, &error), error);
    run_close(&run);
    return found;
}

static void missing_rows_are_counted(void **state)
{
    (void)state;
    survey_data data = data_random(5, 6);
    est_i_regression *found = fit(&data, "income ~ age", EST_I_FAMILY_LINEAR);
    double n = 0, missing = 0, weight = 0, spread = 0;
    for (size_t i = 0; i < data.n; i++) {
        missing += data.weight[i] > 0 && isnan(data.age[i]);
        if (data.weight[i] > 0 && !isnan(data.age[i])) {
            double off = data.income[i] - found->coefficient[0] - found->coefficient[1] * data.age[i];
            n += 1;
            weight += data.weight[i];
            spread += data.weight[i] * off * off;
        }
    }
    assert_true(missing > 0);
    REQUIRE_NEAR(found->n, n, 1, 0);
    REQUIRE_NEAR(found->missing, missing, 1, 0);
    REQUIRE_NEAR(found->weight, weight, 1, 1e-13);
    REQUIRE_NEAR(found->dispersion, spread / weight * n / (n - 2), 1, 1e-11);
    est_i_regression_free(found);
    data_free(&data);
}

/* Columns */

static void require_names(const est_i_regression *found, size_t n, const char *const *names)
{
    assert_int_equal(found->p, n);
    for (size_t j = 0; j < n; j++)
        assert_string_equal(found->name[j], names[j]);
}

/* A factor is full where the term without it is not in the model, as in R's model.matrix. */
static void codes_levels_as_r_does(void **state)
{
    (void)state;
    static const char *const full[] = {"area=centre", "area=hills", "area=lake", "sex=m"};
    static const char *const product[] = {"(intercept)", "sex=f:age", "sex=m:age"};
    static const char *const crossed[] = {"(intercept)", "area=hills", "area=lake", "sex=m", "area=hills:sex=m", "area=lake:sex=m"};
    static const char *const alone[] = {"(intercept)",        "area=centre:sex=f", "area=hills:sex=f", "area=lake:sex=f",
                                        "area=centre:sex=m", "area=hills:sex=m",  "area=lake:sex=m"};
    survey_data data = data_random(2, 5);
    est_i_regression *found = fit(&data, "income ~ factor(area) + factor(sex) - 1", EST_I_FAMILY_LINEAR);
    require_names(found, 4, full);
    assert_int_equal(found->term_first[0], 0);
    assert_int_equal(found->term_first[1], 3);
    assert_int_equal(found->term_first[2], 4);
    est_i_regression_free(found);
    found = fit(&data, "income ~ factor(sex):age", EST_I_FAMILY_LINEAR);
    require_names(found, 3, product);
    est_i_regression_free(found);
    found = fit(&data, "income ~ factor(area)*factor(sex)", EST_I_FAMILY_LINEAR);
    require_names(found, 6, crossed);
    est_i_regression_free(found);
    found = fit(&data, "income ~ factor(area):factor(sex)", EST_I_FAMILY_LINEAR);
    require_names(found, 7, alone);
    assert_true(found->aliased[6] && isnan(found->coefficient[6]) && isnan(found->covariance[6 * 7 + 6]));
    for (size_t j = 0; j < 6; j++)
        assert_false(found->aliased[j]);
    est_i_regression_free(found);
    data_free(&data);
}

/* Columns that depend on those to their left get NaN, and the others are what they are without them. */
static void aliased_columns_are_nan(void **state)
{
    (void)state;
    survey_data data = data_random(3, 5);
    est_error error;
    double *twice = malloc(data.n * sizeof *twice), *same = malloc(data.n * sizeof *same), *sum = malloc(data.n * sizeof *sum);
    for (size_t i = 0; i < data.n; i++) {
        twice[i] = 2 * data.age[i] - 7;
        same[i] = 0.1;
        sum[i] = data.age[i] + 3 * data.year[i];
    }
    REQUIRE_OK(est_table_add_numbers(data.table, "twice", twice, &error), error);
    REQUIRE_OK(est_table_add_numbers(data.table, "same", same, &error), error);
    REQUIRE_OK(est_table_add_numbers(data.table, "sum", sum, &error), error);
    est_source_free(data.source);
    REQUIRE_OK(est_source_of_table(data.table, &data.source, &error), error);
    for (int family = 0; family < 2; family++) {
        const char *formula = family ? "sick ~ same + age + twice + year + sum" : "income ~ same + age + twice + year + sum";
        est_i_regression *with = fit(&data, formula, (est_i_family)family);
        est_i_regression *without = fit(&data, family ? "sick ~ age + year" : "income ~ age + year", (est_i_family)family);
        static const bool aliased[] = {false, true, false, true, false, true};
        static const size_t kept[] = {0, 2, 4};
        for (size_t j = 0; j < 6; j++) {
            assert_int_equal(with->aliased[j], aliased[j]);
            assert_int_equal(isnan(with->coefficient[j]) != 0, aliased[j]);
            assert_int_equal(isnan(with->covariance[j * 6 + j]) != 0, aliased[j]);
        }
        for (size_t j = 0; j < 3; j++) {
            REQUIRE_NEAR(with->coefficient[kept[j]], without->coefficient[j], 0, 1e-10);
            REQUIRE_NEAR(with->covariance[kept[j] * 7], without->covariance[j * 4], 0, 1e-9);
        }
        REQUIRE_NEAR(with->df, without->df, 1, 0);
        est_i_regression_free(with);
        est_i_regression_free(without);
    }
    free(twice);
    free(same);
    free(sum);
    data_free(&data);
}

/* Calendar years and their squares: the same curve as years counted from 2018. */
static void large_numbers_keep_their_digits(void **state)
{
    (void)state;
    survey_data data = data_random(4, 6);
    est_error error;
    double *square = malloc(data.n * sizeof *square), *near = malloc(data.n * sizeof *near);
    double *near_square = malloc(data.n * sizeof *near_square);
    for (size_t i = 0; i < data.n; i++) {
        square[i] = data.year[i] * data.year[i];
        near[i] = data.year[i] - 2018;
        near_square[i] = near[i] * near[i];
    }
    REQUIRE_OK(est_table_add_numbers(data.table, "square", square, &error), error);
    REQUIRE_OK(est_table_add_numbers(data.table, "near", near, &error), error);
    REQUIRE_OK(est_table_add_numbers(data.table, "near_square", near_square, &error), error);
    est_source_free(data.source);
    REQUIRE_OK(est_source_of_table(data.table, &data.source, &error), error);
    est_i_regression *far = fit(&data, "income ~ year + square + year:factor(sex)", EST_I_FAMILY_LINEAR);
    est_i_regression *close = fit(&data, "income ~ near + near_square + near:factor(sex) + factor(sex)", EST_I_FAMILY_LINEAR);
    est_i_regression *plain = fit(&data, "income ~ year + square", EST_I_FAMILY_LINEAR);
    est_i_regression *plain_close = fit(&data, "income ~ near + near_square", EST_I_FAMILY_LINEAR);
    assert_false(far->aliased[2] || far->aliased[3]);
    REQUIRE_NEAR(plain->coefficient[2], plain_close->coefficient[2], 0, 1e-8);
    REQUIRE_NEAR(plain->coefficient[1] + 2 * 2018 * plain->coefficient[2], plain_close->coefficient[1], 1, 1e-6);
    REQUIRE_NEAR(plain->covariance[8], plain_close->covariance[8], 0, 1e-7);
    est_i_regression_free(far);
    est_i_regression_free(close);
    est_i_regression_free(plain);
    est_i_regression_free(plain_close);
    free(square);
    free(near);
    free(near_square);
    data_free(&data);
}

/* A level without a row in the condition gives no column, and the reference is the first that has rows. */
static void levels_outside_the_condition_are_left_out(void **state)
{
    (void)state;
    survey_data data = data_random(6, 6);
    survey_run run;
    est_error error;
    est_i_regression *found = NULL;
    static const char *const names[] = {"(intercept)", "area=lake"};
    run_wish wish = {.design = data_design(false), .formula = "income ~ factor(area)", .where = "area != 'centre'"};
    run_open(&run, data.source, &wish);
    REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &found, &error), error);
    require_names(found, 2, names);
    est_i_regression_free(found);
    run_close(&run);
    wish.where = "area == 'lake'";
    run_open(&run, data.source, &wish);
    assert_int_equal(est_i_regression_fit(run.sample, &run.options, &found, &error), EST_EIDENTIFY);
    assert_non_null(strstr(error.message, "'area' has one value"));
    assert_null(found);
    run_close(&run);
    data_free(&data);
}

/* Separation and refusals */

static void separation_gives_no_estimate(void **state)
{
    (void)state;
    survey_data data = data_random(7, 6);
    for (size_t i = 0; i < data.n; i++)
        if (data.area[i] && data.area[i][0] == 'l')
            data.sick[i] = 1;
    est_source_free(data.source);
    est_table_free(data.table);
    data_open(&data);
    est_i_regression *found = fit(&data, "sick ~ age + factor(area) + factor(sex)", EST_I_FAMILY_LOGISTIC);
    assert_true(found->separated);
    for (size_t j = 0; j < found->p; j++) {
        assert_true(isnan(found->coefficient[j]) && isnan(found->covariance[j * found->p + j]));
        assert_int_equal(found->unbounded[j], j == 3); /* area=lake */
    }
    assert_true(isnan(found->df));
    est_i_regression_free(found);
    for (size_t i = 0; i < data.n; i++) /* complete: a threshold of age */
        data.sick[i] = data.age[i] > 30;
    est_source_free(data.source);
    est_table_free(data.table);
    data_open(&data);
    found = fit(&data, "sick ~ factor(sex) + age", EST_I_FAMILY_LOGISTIC);
    assert_true(found->separated && found->unbounded[2] && isnan(found->coefficient[2]));
    est_i_regression_free(found);
    data_free(&data);
}

/* One positive row among many, and steep slopes, are not separation. */
static void rare_responses_are_estimated(void **state)
{
    (void)state;
    survey_data data = data_random(8, 6);
    double positive = 0, whole = 0;
    for (size_t i = 0; i < data.n; i++) {
        data.sick[i] = i == 3;
        data.weight[i] = i == 3 ? 1e-6 : 100;
        positive += data.sick[i] * data.weight[i];
        whole += data.weight[i];
    }
    est_source_free(data.source);
    est_table_free(data.table);
    data_open(&data);
    est_i_regression *found = fit(&data, "sick ~ 1", EST_I_FAMILY_LOGISTIC);
    assert_false(found->separated);
    REQUIRE_NEAR(found->coefficient[0], log(positive / (whole - positive)), 1, 1e-11);
    est_i_regression_free(found);
    for (size_t i = 0; i < data.n; i++) {
        data.weight[i] = 100;
        data.sick[i] = data.income[i] > 100 ? i % 40 != 0 : i % 40 == 0;
        data.income[i] = 1e6 * (data.income[i] - 100);
    }
    est_source_free(data.source);
    est_table_free(data.table);
    data_open(&data);
    found = fit(&data, "sick ~ income", EST_I_FAMILY_LOGISTIC);
    assert_false(found->separated);
    assert_true(found->coefficient[1] > 0 && isfinite(found->covariance[3]));
    est_i_regression_free(found);
    data_free(&data);
}

static est_status refused(survey_data *data, const char *formula, est_i_family family, const char *where, est_error *error)
{
    survey_run run;
    est_i_regression *found = NULL;
    run_open(&run, data->source, &(run_wish){.design = data_design(false), .formula = formula, .family = family, .where = where});
    est_status status = est_i_regression_fit(run.sample, &run.options, &found, error);
    assert_null(found);
    run_close(&run);
    return status;
}

static void impossible_responses_are_refused(void **state)
{
    (void)state;
    survey_data data = data_random(9, 4);
    est_error error;
    data.sick[12] = 2;
    data.weight[12] = 50;
    est_source_free(data.source);
    est_table_free(data.table);
    data_open(&data);
    assert_int_equal(refused(&data, "sick ~ year", EST_I_FAMILY_LOGISTIC, NULL, &error), EST_EVALUE);
    assert_int_equal(error.record, 13);
    assert_string_equal(error.column, "sick");
    assert_non_null(strstr(error.message, "found 2 as the response, expected 0 or 1"));
    assert_int_equal(refused(&data, "sick ~ year", EST_I_FAMILY_LOGISTIC, "sick == 0", &error), EST_EIDENTIFY);
    assert_non_null(strstr(error.message, "is 0 in all rows"));
    assert_int_equal(refused(&data, "income ~ year", EST_I_FAMILY_LINEAR, "year > 3000", &error), EST_EIDENTIFY);
    assert_int_equal(refused(&data, "income ~ area", EST_I_FAMILY_LINEAR, NULL, &error), EST_EVALUE);
    assert_non_null(strstr(error.message, "write factor(area)"));
    assert_int_equal(refused(&data, "area ~ age", EST_I_FAMILY_LINEAR, NULL, &error), EST_EVALUE);
    assert_non_null(strstr(error.message, "'area == value'"));
    data_free(&data);
}

/* Indicators as responses: the mean of a domain's rows, on either scale. */
static void indicator_response(void **state)
{
    (void)state;
    survey_data data = data_random(10, 5);
    est_i_regression *linear = fit(&data, "area == lake ~ 1", EST_I_FAMILY_LINEAR);
    est_i_regression *logistic = fit(&data, "area == 'lake' ~ 1", EST_I_FAMILY_LOGISTIC);
    double p = linear->coefficient[0];
    REQUIRE_NEAR(logistic->coefficient[0], log(p / (1 - p)), 1, 1e-11);
    REQUIRE_NEAR(logistic->covariance[0], linear->covariance[0] / (p * p * (1 - p) * (1 - p)), 0, 1e-11);
    assert_true(linear->missing > 0);
    est_i_regression_free(linear);
    est_i_regression_free(logistic);
    data_free(&data);
}

/* Replicates */

/* Jackknife by PSU within strata: the naive refit of each. */
static void check_jackknife(uint32_t seed, est_i_family family)
{
    survey_data data = data_random(seed, 4);
    est_i_replicate_options options = {.kind = EST_I_REPLICATE_JKN};
    survey_run run;
    est_error error;
    est_i_regression *found = NULL;
    size_t p;
    bool logistic = family == EST_I_FAMILY_LOGISTIC;
    double *x = dense_columns(&data, &p), *w = entering_weights(&data, early), *own = malloc(data.n * sizeof *own);
    double hessian[COLUMNS_MAX * COLUMNS_MAX], covariance[COLUMNS_MAX * COLUMNS_MAX] = {0};
    double theta[PSUS_MAX][COLUMNS_MAX], mean[COLUMNS_MAX] = {0};
    double *score = malloc(data.n * p * sizeof *score), share[PSUS_MAX];
    size_t n_psus = (size_t)data.psu[data.n - 1] + 1;
    run_wish wish = {.design = data_design(false), .where = "year <= 2019", .family = family, .replicates = &options,
                     .formula = logistic ? "sick ~ age + factor(area) + factor(sex) + age:factor(sex)"
                                         : "income ~ age + factor(area) + factor(sex) + age:factor(sex)"};
    run_open(&run, data.source, &wish);
    REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &found, &error), error);
    for (size_t r = 0; r < n_psus; r++) {
        double first = (double)n_psus, last = 0, stratum = 0;
        for (size_t i = 0; i < data.n; i++)
            if ((size_t)data.psu[i] == r)
                stratum = data.stratum[i];
        for (size_t i = 0; i < data.n; i++)
            if (data.stratum[i] == stratum) {
                first = fmin(first, data.psu[i]);
                last = fmax(last, data.psu[i]);
            }
        double units = last - first + 1;
        share[r] = (units - 1) / units;
        for (size_t i = 0; i < data.n; i++)
            own[i] = w[i] * ((size_t)data.psu[i] == r ? 0 : data.stratum[i] == stratum ? units / (units - 1) : 1);
        naive_fit(data.n, p, x, logistic ? data.sick : data.income, own, logistic, theta[r], hessian, score);
        for (size_t j = 0; j < p; j++)
            mean[j] += theta[r][j] / (double)n_psus;
    }
    for (size_t r = 0; r < n_psus; r++)
        for (size_t j = 0; j < p; j++)
            for (size_t k = 0; k < p; k++)
                covariance[j * p + k] += share[r] * (theta[r][j] - mean[j]) * (theta[r][k] - mean[k]);
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < p; k++)
            REQUIRE_NEAR(found->covariance[j * p + k], covariance[j * p + k],
                         sqrt(covariance[j * p + j] * covariance[k * p + k]), 1e-8);
    assert_int_equal(found->dropped, 0);
    REQUIRE_NEAR(found->df, naive_df(&data, w) + 1 - (double)p, 1, 0);
    run_close(&run);
    est_i_regression_free(found);
    free(x);
    free(w);
    free(own);
    free(score);
    data_free(&data);
}

static void replicates_agree_with_refits(void **state)
{
    (void)state;
    for (uint32_t seed = 20; seed < 24; seed++) {
        check_jackknife(seed, EST_I_FAMILY_LINEAR);
        check_jackknife(seed, EST_I_FAMILY_LOGISTIC);
    }
}

/* The same replicates as columns of the data. */
static void supplied_replicates(void **state)
{
    (void)state;
    survey_data data = data_random(25, 4);
    est_error error;
    est_i_replicate_options options = {.kind = EST_I_REPLICATE_RAO_WU, .count = 40, .seed = 5};
    est_i_replicate_options supplied = {.kind = EST_I_REPLICATE_SUPPLIED};
    run_wish wish = {.design = data_design(false), .formula = "sick ~ age + factor(sex)", .family = EST_I_FAMILY_LOGISTIC,
                     .replicates = &options};
    survey_run run;
    est_i_regression *made = NULL, *read = NULL;
    run_open(&run, data.source, &wish);
    REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &made, &error), error);
    const est_i_design *design = est_i_sample_design(run.sample);
    double *factor = malloc(est_i_design_leaves(design) * sizeof *factor), *column = malloc(data.n * sizeof *column), rscales[40];
    char name[40][24];
    const char *names[40];
    for (size_t r = 0; r < 40; r++) {
        est_i_replicates_factors(run.replicates, r, factor);
        for (size_t i = 0; i < data.n; i++)
            column[i] = data.weight[i] * factor[(size_t)data.psu[i]];
        snprintf(name[r], sizeof name[r], "r%zu", r);
        names[r] = name[r];
        rscales[r] = est_i_replicates_rscale(run.replicates, r);
        REQUIRE_OK(est_table_add_numbers(data.table, name[r], column, &error), error);
    }
    supplied.count = 40;
    supplied.scale = est_i_replicates_scale(run.replicates);
    supplied.rscales = rscales;
    run_close(&run);
    est_source_free(data.source);
    REQUIRE_OK(est_source_of_table(data.table, &data.source, &error), error);
    wish.replicates = &supplied;
    wish.n_columns = 40;
    wish.columns = names;
    run_open(&run, data.source, &wish);
    REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &read, &error), error);
    for (size_t i = 0; i < 9; i++)
        REQUIRE_NEAR(read->covariance[i], made->covariance[i], 0, 1e-11);
    REQUIRE_NEAR(read->df, made->df, 1, 0);
    run_close(&run);
    est_i_regression_free(made);
    est_i_regression_free(read);
    free(factor);
    free(column);
    data_free(&data);
}

/* A level that lives in one PSU has no estimate in the replicate without it; the others have. */
static void a_level_lost_in_a_replicate(void **state)
{
    (void)state;
    survey_data data = data_random(26, 4);
    est_i_replicate_options options = {.kind = EST_I_REPLICATE_JKN};
    survey_run run;
    est_error error;
    est_i_regression *lost = NULL, *whole = NULL;
    for (size_t i = 0; i < data.n; i++)
        data.area[i] = data.psu[i] == 2 && i % 2 ? "island" : "main";
    est_source_free(data.source);
    est_table_free(data.table);
    data_open(&data);
    run_wish wish = {.design = data_design(false), .formula = "income ~ year + factor(area)", .replicates = &options};
    run_open(&run, data.source, &wish);
    REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &lost, &error), error);
    assert_int_equal(lost->dropped, 1);
    assert_string_equal(lost->name[2], "area=main"); /* the reference is lost: the intercept and this one depend on it */
    run_close(&run);
    for (size_t i = 0; i < data.n; i++)
        data.area[i] = data.area[i][0] == 'm' ? "a" : "b";
    est_source_free(data.source);
    est_table_free(data.table);
    data_open(&data);
    run_open(&run, data.source, &wish);
    REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &whole, &error), error);
    assert_int_equal(whole->dropped, 1);
    REQUIRE_NEAR(whole->coefficient[2], -lost->coefficient[2], 0, 1e-10);
    REQUIRE_NEAR(whole->covariance[4], lost->covariance[4], 0, 1e-9); /* year has all its replicates either way */
    REQUIRE_NEAR(whole->covariance[8], lost->covariance[8], 0, 1e-9);
    run_close(&run);
    est_i_regression_free(lost);
    est_i_regression_free(whole);
    data_free(&data);
}

/* More replicates than one block holds: levels as columns, whose coefficients are weighted means. */
static void replicates_in_blocks(void **state)
{
    (void)state;
    enum { LEVELS = 120, ROWS = 6, COUNT = 400 };
    survey_data data = data_new(LEVELS * ROWS);
    char text[LEVELS][24];
    est_error error;
    est_i_replicate_options options = {.kind = EST_I_REPLICATE_CANTY_DAVISON, .count = COUNT, .seed = 3};
    survey_run run;
    est_i_regression *found = NULL;
    est_i_rng rng;
    est_i_rng_start(&rng, 1, EST_I_PURPOSE_TEST, 9, 9);
    for (size_t i = 0; i < data.n; i++) {
        snprintf(text[i / ROWS], sizeof text[0], "l%03zu", i / ROWS);
        data.area[i] = text[i / ROWS];
        data.sex[i] = "f";
        data.psu[i] = (double)(i % ROWS);
        data.weight[i] = 1 + est_i_rng_uniform(&rng);
        data.income[i] = est_i_rng_uniform(&rng);
    }
    data_open(&data);
    run_wish wish = {.design = data_design(false), .formula = "income ~ factor(area) - 1", .replicates = &options, .threads = 2};
    run_open(&run, data.source, &wish);
    REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &found, &error), error);
    double *theta = malloc(COUNT * sizeof *theta), factor[ROWS], variance;
    for (size_t level = 0; level < LEVELS; level += 17) {
        for (size_t r = 0; r < COUNT; r++) {
            double sum = 0, weight = 0;
            est_i_replicates_factors(run.replicates, r, factor);
            for (size_t i = level * ROWS; i < (level + 1) * ROWS; i++) {
                sum += data.weight[i] * factor[i % ROWS] * data.income[i];
                weight += data.weight[i] * factor[i % ROWS];
            }
            theta[r] = sum / weight;
        }
        est_i_replicates_covariance(run.replicates, 1, theta, NULL, &variance, NULL);
        REQUIRE_NEAR(found->covariance[level * LEVELS + level], variance, 0, 1e-9);
    }
    run_close(&run);
    est_i_regression_free(found);
    free(theta);
    data_free(&data);
}

/* Calibration */

static const char margins[] = "variable,level,total\nsex,f,12345\nsex,m,9876\n";

/* Post-strata of sex: weights times known over estimated, over all rows. */
static void poststratify(const survey_data *data, const double *base, double *w)
{
    double sum[2] = {0, 0};
    for (size_t i = 0; i < data->n; i++)
        sum[data->sex[i][0] == 'm'] += base[i];
    for (size_t i = 0; i < data->n; i++)
        w[i] = base[i] * (data->sex[i][0] == 'm' ? 9876 / sum[1] : 12345 / sum[0]);
}

static void calibrated(void **state)
{
    (void)state;
    survey_data data = data_random(30, 5);
    survey_run run;
    est_error error;
    est_i_regression *found = NULL;
    size_t p;
    double *x = dense_columns(&data, &p), *inside = entering_weights(&data, early), *w = malloc(data.n * sizeof *w);
    double *whole = malloc(data.n * sizeof *whole), *score = malloc(data.n * p * sizeof *score);
    double beta[COLUMNS_MAX], hessian[COLUMNS_MAX * COLUMNS_MAX];
    double middle[COLUMNS_MAX * COLUMNS_MAX], covariance[COLUMNS_MAX * COLUMNS_MAX];
    run_wish wish = {.design = data_design(false), .where = "year <= 2019", .family = EST_I_FAMILY_LOGISTIC, .margins = margins,
                     .formula = "sick ~ age + factor(area) + factor(sex) + age:factor(sex)"};
    run_open(&run, data.source, &wish);
    REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &found, &error), error);
    poststratify(&data, data.weight, whole);
    for (size_t i = 0; i < data.n; i++)
        w[i] = inside[i] > 0 ? whole[i] : 0;
    naive_fit(data.n, p, x, data.sick, w, true, beta, hessian, score);
    for (size_t j = 0; j < p; j++) { /* scores less their mean in the post-stratum, by the weights before */
        double sum[2] = {0, 0}, weight[2] = {0, 0};
        for (size_t i = 0; i < data.n; i++) {
            sum[data.sex[i][0] == 'm'] += data.weight[i] * score[i * p + j];
            weight[data.sex[i][0] == 'm'] += data.weight[i];
        }
        for (size_t i = 0; i < data.n; i++)
            score[i * p + j] = whole[i] * (score[i * p + j] - sum[data.sex[i][0] == 'm'] / weight[data.sex[i][0] == 'm']);
    }
    naive_variance(&data, false, p, score, middle);
    naive_sandwich(p, hessian, middle, covariance);
    for (size_t j = 0; j < p; j++) {
        REQUIRE_NEAR(found->coefficient[j], beta[j], 0.01, 1e-10);
        for (size_t k = 0; k < p; k++)
            REQUIRE_NEAR(found->covariance[j * p + k], covariance[j * p + k],
                         sqrt(covariance[j * p + j] * covariance[k * p + k]), 1e-8);
    }
    run_close(&run);
    est_i_regression_free(found);
    free(x);
    free(inside);
    free(w);
    free(whole);
    free(score);
    data_free(&data);
}

/* Every replicate post-stratified again, then fitted. */
static void calibrated_replicates(void **state)
{
    (void)state;
    survey_data data = data_random(31, 4);
    est_i_replicate_options options = {.kind = EST_I_REPLICATE_JKN};
    survey_run run;
    est_error error;
    est_i_regression *found = NULL;
    size_t p;
    double *x = dense_columns(&data, &p), *inside = entering_weights(&data, NULL), *w = malloc(data.n * sizeof *w);
    double *score = malloc(data.n * p * sizeof *score), *base = malloc(data.n * sizeof *base);
    double theta[PSUS_MAX * COLUMNS_MAX], hessian[COLUMNS_MAX * COLUMNS_MAX];
    double covariance[COLUMNS_MAX * COLUMNS_MAX], factor[PSUS_MAX];
    run_wish wish = {.design = data_design(false), .formula = "income ~ age + factor(area) + factor(sex) + age:factor(sex)",
                     .margins = margins, .replicates = &options};
    run_open(&run, data.source, &wish);
    REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &found, &error), error);
    for (size_t r = 0; r < est_i_replicates_count(run.replicates); r++) {
        est_i_replicates_factors(run.replicates, r, factor);
        for (size_t i = 0; i < data.n; i++)
            base[i] = data.weight[i] * factor[(size_t)data.psu[i]];
        poststratify(&data, base, w);
        for (size_t i = 0; i < data.n; i++)
            w[i] = inside[i] > 0 ? w[i] : 0;
        naive_fit(data.n, p, x, data.income, w, false, theta + r * p, hessian, score);
    }
    est_i_replicates_covariance(run.replicates, p, theta, NULL, covariance, NULL);
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < p; k++)
            REQUIRE_NEAR(found->covariance[j * p + k], covariance[j * p + k],
                         sqrt(covariance[j * p + j] * covariance[k * p + k]), 1e-9);
    run_close(&run);
    est_i_regression_free(found);
    free(x);
    free(inside);
    free(w);
    free(score);
    free(base);
    data_free(&data);
}

/* Tests and bytes */

static void joint_tests(void **state)
{
    (void)state;
    survey_data data = data_random(40, 6);
    est_i_regression *found = fit(&data, "income ~ age + factor(area) + age", EST_I_FAMILY_LINEAR);
    double f, df1, df2, p, v[4], b[2];
    est_i_regression_test(found, 1, 2, &f, &df1, &df2, &p);
    REQUIRE_NEAR(f, found->coefficient[1] * found->coefficient[1] / found->covariance[5], 0, 1e-12);
    REQUIRE_NEAR(df1, 1, 1, 0);
    REQUIRE_NEAR(df2, found->df, 1, 0);
    est_i_regression_test(found, 2, 4, &f, &df1, &df2, &p);
    for (size_t i = 0; i < 2; i++) {
        b[i] = found->coefficient[2 + i];
        for (size_t j = 0; j < 2; j++)
            v[2 * i + j] = found->covariance[(2 + i) * 4 + 2 + j];
    }
    double determinant = v[0] * v[3] - v[1] * v[2];
    REQUIRE_NEAR(f, (b[0] * b[0] * v[3] - 2 * b[0] * b[1] * v[1] + b[1] * b[1] * v[0]) / determinant / 2, 0, 1e-11);
    REQUIRE_NEAR(df1, 2, 1, 0);
    REQUIRE_NEAR(p, pow(1 + 2 * f / df2, -df2 / 2), 0, 1e-10); /* the upper tail of F(2, df) */
    est_i_regression_test(found, 2, 2, &f, &df1, &df2, &p);
    assert_true(isnan(f) && isnan(df1) && isnan(df2) && isnan(p));
    est_i_regression_free(found);
    data_free(&data);
}

/* With as many columns as the design has degrees of freedom and one more, nothing is left. */
static void no_degrees_of_freedom(void **state)
{
    (void)state;
    survey_data data = data_random(41, 1);
    for (size_t i = 0; i < data.n; i++)
        data.psu[i] = (double)(i % 3);
    est_source_free(data.source);
    est_table_free(data.table);
    data_open(&data);
    est_i_regression *found = fit(&data, "income ~ year + factor(sex)", EST_I_FAMILY_LINEAR);
    double f, df1, df2, p;
    assert_true(isnan(found->df) && isfinite(found->covariance[0]));
    est_i_regression_test(found, 1, 2, &f, &df1, &df2, &p);
    assert_true(isnan(p));
    est_i_regression_free(found);
    data_free(&data);
}

/* Two chunks: the same bytes from one thread and from two. */
static void same_bytes_from_threads(void **state)
{
    (void)state;
    enum { ROWS = 300000, PSUS = 60 };
    survey_data data = data_new(ROWS);
    est_i_rng rng;
    est_error error;
    est_i_regression *found[2] = {NULL, NULL};
    char psu[PSUS][24];
    est_i_rng_start(&rng, 1, EST_I_PURPOSE_TEST, 4, 4);
    for (size_t u = 0; u < PSUS; u++)
        snprintf(psu[u], sizeof psu[u], "p%zu", u);
    for (size_t i = 0; i < data.n; i++) {
        data.weight[i] = 1 + est_i_rng_uniform(&rng);
        data.age[i] = 15 + floor(50 * est_i_rng_uniform(&rng));
        data.sick[i] = est_i_rng_uniform(&rng) < data.age[i] / 100;
        data.area[i] = i % 7 < 3 || i < 280000 ? "x" : "w"; /* "w" is first met in the second chunk */
        data.sex[i] = psu[i % PSUS];
    }
    data_open(&data);
    for (int t = 0; t < 2; t++) {
        survey_run run;
        est_i_design_columns design = {.n_stages = 1, .unit = {"sex"}, .weight = "weight", .weight_scale = 1};
        run_open(&run, data.source, &(run_wish){.design = design, .formula = "sick ~ age + factor(area)",
                                                .family = EST_I_FAMILY_LOGISTIC, .threads = 1 + t});
        REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &found[t], &error), error);
        run_close(&run);
    }
    assert_string_equal(found[0]->name[2], "area=x");
    assert_memory_equal(found[0]->coefficient, found[1]->coefficient, 3 * sizeof(double));
    assert_memory_equal(found[0]->covariance, found[1]->covariance, 9 * sizeof(double));
    est_i_regression_free(found[0]);
    est_i_regression_free(found[1]);
    data_free(&data);
}

/* Row by row: is it in the group, and does it enter the regression? */
static double count_group(const survey_data *data, const char *area, const char *sex, double year)
{
    double n = 0;
    for (size_t i = 0; i < data->n; i++)
        n += data->weight[i] > 0 && !isnan(data->age[i]) && data->area[i] && (!area || strcmp(data->area[i], area) == 0) &&
             (!sex || strcmp(data->sex[i], sex) == 0) && (isnan(year) || (data->year[i] == 2014) == year);
    return n;
}

static void require_fewest(const survey_data *data, const char *formula, double expected)
{
    survey_run run;
    est_i_regression *found = NULL;
    est_error error;
    run_open(&run, data->source, &(run_wish){.design = data_design(false), .formula = formula});
    REQUIRE_OK(est_i_regression_fit(run.sample, &run.options, &found, &error), error);
    REQUIRE_NEAR(found->fewest, expected, 1, 0);
    est_i_regression_free(found);
    run_close(&run);
}

/* Levels, crossings of levels with their reference levels, both values of a column that has two; a column of many values has none. */
static void fewest_cases_of_a_coefficient(void **state)
{
    static const char *const areas[] = {"centre", "hills", "lake"}, *const sexes[] = {"f", "m"};
    survey_data data = data_random(4, 6);
    double n = count_group(&data, NULL, NULL, NAN), area = n, cell = n, year;
    (void)state;
    for (int a = 0; a < 3; a++) {
        area = fmin(area, count_group(&data, areas[a], NULL, NAN));
        for (int s = 0; s < 2; s++)
            cell = fmin(cell, count_group(&data, areas[a], sexes[s], NAN));
    }
    year = count_group(&data, NULL, NULL, 1);
    assert_true(area > cell && cell > 0 && year > 0);
    require_fewest(&data, "income ~ age + factor(area)", area);
    require_fewest(&data, "income ~ age + factor(area)*factor(sex)", cell);
    for (size_t i = 0; i < data.n; i++)
        data.sick[i] = data.year[i] == 2014 ? 7 : -1;
    est_source_free(data.source);
    est_table_free(data.table);
    data_open(&data); /* the table is a copy */
    require_fewest(&data, "income ~ age + factor(area) + sick", fmin(area, year));
    data_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_dense_formulas),
        cmocka_unit_test(missing_rows_are_counted),
        cmocka_unit_test(codes_levels_as_r_does),
        cmocka_unit_test(aliased_columns_are_nan),
        cmocka_unit_test(large_numbers_keep_their_digits),
        cmocka_unit_test(levels_outside_the_condition_are_left_out),
        cmocka_unit_test(separation_gives_no_estimate),
        cmocka_unit_test(rare_responses_are_estimated),
        cmocka_unit_test(impossible_responses_are_refused),
        cmocka_unit_test(indicator_response),
        cmocka_unit_test(replicates_agree_with_refits),
        cmocka_unit_test(supplied_replicates),
        cmocka_unit_test(a_level_lost_in_a_replicate),
        cmocka_unit_test(replicates_in_blocks),
        cmocka_unit_test(calibrated),
        cmocka_unit_test(calibrated_replicates),
        cmocka_unit_test(joint_tests),
        cmocka_unit_test(no_degrees_of_freedom),
        cmocka_unit_test(same_bytes_from_threads),
        cmocka_unit_test(fewest_cases_of_a_coefficient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
