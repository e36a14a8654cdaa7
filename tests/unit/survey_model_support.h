/* Random survey data and naive formulas for the tests of regression and association. Written to be plain, not quick. */
#ifndef EST_TESTS_SURVEY_MODEL_SUPPORT_H
#define EST_TESTS_SURVEY_MODEL_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <est.h>
#include <est/source.h>

#include "numerics/rng.h"
#include "survey/association.h"
#include "survey/formula.h"
#include "survey/regression.h"

#define REQUIRE_OK(call, error)                                                 \
    do {                                                                        \
        if ((call) != EST_OK)                                                   \
            fail_msg("%s: %s", est_status_name((error).code), (error).message); \
    } while (0)

/* Fails unless |found - expected| <= tolerance * max(scale, |expected|). NaN fails. */
#define REQUIRE_NEAR(found, expected, scale, tolerance) require_near(found, expected, scale, tolerance, __FILE__, __LINE__)

static inline void require_near(double found, double expected, double scale, double tolerance, const char *file, int line)
{
    if (!(fabs(found - expected) <= tolerance * fmax(scale, fabs(expected)))) {
        print_error("found %.15g, expected %.15g, off by %.3g\n", found, expected, found - expected);
        _fail(file, line);
    }
}

#define PSUS_MAX 200

/* Rows of a stratified sample of clusters, some of them without a weight, some with missing values. */
typedef struct survey_data {
    size_t n;
    double *stratum, *psu, *population, *weight, *age, *year, *income, *sick;
    const char **area, **sex;
    est_table *table;
    est_source *source;
} survey_data;

static inline double uniform_between(est_i_rng *rng, double low, double high)
{
    return low + (high - low) * est_i_rng_uniform(rng);
}

static inline survey_data data_new(size_t n)
{
    survey_data data = {.n = n};
    double **number[] = {&data.stratum, &data.psu, &data.population, &data.weight, &data.age, &data.year, &data.income, &data.sick};
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        *number[i] = calloc(n, sizeof(double));
    data.area = calloc(n, sizeof *data.area);
    data.sex = calloc(n, sizeof *data.sex);
    return data;
}

static inline void data_free(survey_data *data)
{
    double *number[] = {data->stratum, data->psu, data->population, data->weight, data->age, data->year, data->income, data->sick};
    est_source_free(data->source);
    est_table_free(data->table);
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        free(number[i]);
    free(data->area);
    free(data->sex);
}

static inline void data_open(survey_data *data)
{
    est_error error;
    REQUIRE_OK(est_table_new("made", data->n, &data->table, &error), error);
    REQUIRE_OK(est_table_add_numbers(data->table, "stratum", data->stratum, &error), error);
    REQUIRE_OK(est_table_add_numbers(data->table, "psu", data->psu, &error), error);
    REQUIRE_OK(est_table_add_numbers(data->table, "population", data->population, &error), error);
    REQUIRE_OK(est_table_add_numbers(data->table, "weight", data->weight, &error), error);
    REQUIRE_OK(est_table_add_numbers(data->table, "age", data->age, &error), error);
    REQUIRE_OK(est_table_add_numbers(data->table, "year", data->year, &error), error);
    REQUIRE_OK(est_table_add_numbers(data->table, "income", data->income, &error), error);
    REQUIRE_OK(est_table_add_numbers(data->table, "sick", data->sick, &error), error);
    REQUIRE_OK(est_table_add_text(data->table, "area", data->area, &error), error);
    REQUIRE_OK(est_table_add_text(data->table, "sex", data->sex, &error), error);
    REQUIRE_OK(est_source_of_table(data->table, &data->source, &error), error);
}

/* PSU numbers are those of the whole sample, 0 to less than PSUS_MAX. */
static inline survey_data data_random(uint32_t seed, size_t n_strata)
{
    static const char *const areas[] = {"centre", "hills", "lake"};
    survey_data data = data_new(n_strata * 5 * 14);
    est_i_rng rng;
    est_i_rng_start(&rng, 11, EST_I_PURPOSE_TEST, 3, seed);
    size_t n = 0, psu = 0;
    for (size_t h = 0; h < n_strata; h++) {
        size_t clusters = 2 + (size_t)uniform_between(&rng, 0, 4);
        double population = (double)clusters * uniform_between(&rng, 1.2, 6);
        for (size_t c = 0; c < clusters; c++, psu++) {
            size_t rows = 4 + (size_t)uniform_between(&rng, 0, 10);
            double shift = uniform_between(&rng, -0.7, 0.7);
            for (size_t k = 0; k < rows; k++, n++) {
                data.stratum[n] = (double)h;
                data.psu[n] = (double)psu;
                data.population[n] = population;
                data.weight[n] = est_i_rng_uniform(&rng) < 0.05 ? 0 : uniform_between(&rng, 20, 300);
                data.age[n] = floor(uniform_between(&rng, 15, 50));
                data.year[n] = floor(uniform_between(&rng, 2014, 2023));
                data.area[n] = areas[(size_t)uniform_between(&rng, 0, 3)];
                data.sex[n] = est_i_rng_uniform(&rng) < 0.5 ? "f" : "m";
                double lift = shift + 0.05 * (data.age[n] - 30) + (data.area[n][0] == 'l') - 0.6 * (data.sex[n][0] == 'm');
                data.income[n] = 100 + 20 * lift + uniform_between(&rng, -30, 30);
                data.sick[n] = est_i_rng_uniform(&rng) < 1 / (1 + exp(-lift));
                if (est_i_rng_uniform(&rng) < 0.04)
                    data.age[n] = NAN;
                if (est_i_rng_uniform(&rng) < 0.04)
                    data.area[n] = NULL;
            }
        }
    }
    data.n = n;
    data_open(&data);
    return data;
}

static inline est_i_design_columns data_design(bool correction)
{
    return (est_i_design_columns){.n_stages = 1, .unit = {"psu"}, .stratum = {"stratum"}, .fpc = {correction ? "population" : NULL},
                                  .weight = "weight", .weight_scale = 1};
}

/* A sample with what belongs to it. */
typedef struct survey_run {
    est_i_monitor monitor;
    est_i_formula *formula;
    est_i_sample *sample;
    est_i_replicates *replicates;
    est_i_calibration *calibration;
    est_table *margins;
    est_i_regression_options options;
} survey_run;

typedef struct run_wish {
    est_i_design_columns design;
    const char *formula, *where, *margins; /* margins: CSV of a post-stratification */
    est_i_family family;
    const est_i_replicate_options *replicates;
    size_t n_columns;
    const char *const *columns; /* of replicate weights */
    int threads;
} run_wish;

static inline void run_open(survey_run *run, est_source *source, const run_wish *wish)
{
    est_error error;
    est_i_variable variables[32];
    size_t n = 0;
    memset(run, 0, sizeof *run);
    est_i_monitor_start(&run->monitor, NULL);
    REQUIRE_OK(est_i_formula_parse(wish->formula, source, 0, &run->formula, &error), error);
    for (; n < run->formula->n_variables; n++)
        variables[n] = run->formula->variables[n];
    if (wish->margins) {
        est_i_calibration_options options = {.kind = EST_I_CALIBRATE_POSTSTRATIFY, .lower = -INFINITY, .upper = INFINITY,
                                             .tolerance = 1e-12, .iterations = 50};
        REQUIRE_OK(est_table_parse_csv("margins", wish->margins, strlen(wish->margins), NULL, &run->margins, &error), error);
        options.margins = run->margins;
        REQUIRE_OK(est_i_calibration_new(source, &options, &run->calibration, &error), error);
        for (size_t i = 0; i < est_i_calibration_variables(run->calibration); i++)
            variables[n++] = est_i_calibration_variable(run->calibration, i);
    }
    est_i_sample_plan plan = {.design = wish->design, .where = wish->where, .n_variables = n, .variables = variables,
                              .n_replicates = wish->n_columns, .replicates = wish->columns, .combined = true};
    REQUIRE_OK(est_i_sample_new(source, &plan, wish->threads ? wish->threads : 1, &run->monitor, &run->sample, &error), error);
    if (run->calibration)
        REQUIRE_OK(est_i_calibration_solve(run->calibration, run->sample, run->formula->n_variables, &error), error);
    if (wish->replicates) {
        REQUIRE_OK(est_i_sample_learn(run->sample, &error), error);
        REQUIRE_OK(est_i_replicates_make(est_i_sample_design(run->sample), wish->replicates, &run->replicates, &error), error);
    }
    run->options = (est_i_regression_options){.family = wish->family, .response = run->formula->response,
                                              .n_terms = run->formula->n_terms, .terms = run->formula->terms,
                                              .no_intercept = run->formula->no_intercept, .level = 0.95,
                                              .replicates = run->replicates, .calibration = run->calibration};
}

static inline void run_close(survey_run *run)
{
    est_i_sample_free(run->sample);
    est_i_formula_free(run->formula);
    est_i_replicates_free(run->replicates);
    est_i_calibration_free(run->calibration);
    est_table_free(run->margins);
}

/* Naive formulas */

/* Solves A x = b by Gauss-Jordan with pivoting; A and b are used up. */
static inline void naive_solve(size_t n, double *a, double *b)
{
    for (size_t p = 0; p < n; p++) {
        size_t best = p;
        for (size_t i = p; i < n; i++)
            if (fabs(a[i * n + p]) > fabs(a[best * n + p]))
                best = i;
        for (size_t j = 0; j < n; j++) {
            double kept = a[p * n + j];
            a[p * n + j] = a[best * n + j];
            a[best * n + j] = kept;
        }
        double kept = b[p];
        b[p] = b[best];
        b[best] = kept;
        for (size_t i = 0; i < n; i++) {
            double factor = i == p ? 0 : a[i * n + p] / a[p * n + p];
            for (size_t j = p; j < n && factor != 0; j++)
                a[i * n + j] -= factor * a[p * n + j];
            b[i] -= factor * b[p];
        }
    }
    for (size_t i = 0; i < n; i++)
        b[i] /= a[i * n + i];
}

/* Rows of weight 0 do not count. hessian (p x p): of the last iteration; score: n x p, unweighted. */
static inline void naive_fit(size_t n, size_t p, const double *x, const double *y, const double *w, bool logistic, double *beta,
                             double *hessian, double *score)
{
    double *work = malloc((p * p + p) * sizeof *work), *step = work + p * p, largest = 1;
    for (size_t j = 0; j < p; j++)
        beta[j] = 0;
    for (int pass = 0; pass < 60 && largest > 0; pass++) {
        memset(hessian, 0, p * p * sizeof *hessian);
        memset(step, 0, p * sizeof *step);
        for (size_t i = 0; i < n; i++) {
            double eta = 0;
            for (size_t j = 0; j < p && w[i] != 0; j++)
                eta += x[i * p + j] * beta[j];
            double mean = logistic ? 1 / (1 + exp(-eta)) : eta, variance = logistic ? mean * (1 - mean) : 1;
            for (size_t j = 0; j < p; j++)
                score[i * p + j] = w[i] != 0 ? x[i * p + j] * (y[i] - mean) : 0;
            for (size_t j = 0; j < p && w[i] != 0; j++) {
                step[j] += w[i] * score[i * p + j];
                for (size_t k = 0; k < p; k++)
                    hessian[j * p + k] += w[i] * variance * x[i * p + j] * x[i * p + k];
            }
        }
        memcpy(work, hessian, p * p * sizeof *work);
        naive_solve(p, work, step);
        largest = 0;
        for (size_t j = 0; j < p; j++) {
            largest = fmax(largest, fabs(step[j]) > 1e-15 * fabs(beta[j]) ? fabs(step[j]) : 0);
            beta[j] += step[j];
        }
    }
    free(work);
}

/* The design variance of the totals of e (n x p; weights are in it already), PSUs in strata, with or without a correction. */
static inline void naive_variance(const survey_data *data, bool correction, size_t p, const double *e, double *covariance)
{
    double *z = calloc(PSUS_MAX * p, sizeof *z), population[PSUS_MAX] = {0};
    size_t stratum[PSUS_MAX], n_strata = 0;
    bool there[PSUS_MAX] = {false};
    memset(covariance, 0, p * p * sizeof *covariance);
    for (size_t i = 0; i < data->n; i++) {
        size_t psu = (size_t)data->psu[i];
        there[psu] = true;
        stratum[psu] = (size_t)data->stratum[i];
        population[stratum[psu]] = data->population[i];
        n_strata = stratum[psu] + 1 > n_strata ? stratum[psu] + 1 : n_strata;
        for (size_t j = 0; j < p; j++)
            z[psu * p + j] += e[i * p + j];
    }
    for (size_t h = 0; h < n_strata; h++)
        for (size_t j = 0; j < p; j++)
            for (size_t k = 0; k < p; k++) {
                double units = 0, mean_j = 0, mean_k = 0, sum = 0;
                for (size_t u = 0; u < PSUS_MAX; u++)
                    if (there[u] && stratum[u] == h) {
                        units += 1;
                        mean_j += z[u * p + j];
                        mean_k += z[u * p + k];
                    }
                for (size_t u = 0; u < PSUS_MAX; u++)
                    if (there[u] && stratum[u] == h)
                        sum += (z[u * p + j] - mean_j / units) * (z[u * p + k] - mean_k / units);
                covariance[j * p + k] += (correction ? 1 - units / population[h] : 1) * units / (units - 1) * sum;
            }
    free(z);
}

/* PSUs less strata, of the rows that count. */
static inline double naive_df(const survey_data *data, const double *w)
{
    bool psu[PSUS_MAX] = {false}, stratum[PSUS_MAX] = {false};
    double df = 0;
    for (size_t i = 0; i < data->n; i++)
        if (w[i] > 0)
            psu[(size_t)data->psu[i]] = stratum[(size_t)data->stratum[i]] = true;
    for (size_t u = 0; u < PSUS_MAX; u++)
        df += psu[u] - stratum[u];
    return df;
}

/* A^-1 M A^-1. */
static inline void naive_sandwich(size_t p, const double *a, const double *middle, double *covariance)
{
    double *work = malloc((p * p + p) * sizeof *work), *column = work + p * p, *half = malloc(p * p * sizeof *half);
    for (size_t k = 0; k < p; k++) {
        memcpy(work, a, p * p * sizeof *work);
        for (size_t j = 0; j < p; j++)
            column[j] = middle[j * p + k];
        naive_solve(p, work, column);
        for (size_t j = 0; j < p; j++)
            half[k * p + j] = column[j];
    }
    for (size_t k = 0; k < p; k++) {
        memcpy(work, a, p * p * sizeof *work);
        for (size_t j = 0; j < p; j++)
            column[j] = half[j * p + k];
        naive_solve(p, work, column);
        for (size_t j = 0; j < p; j++)
            covariance[j * p + k] = column[j];
    }
    free(work);
    free(half);
}

#endif
