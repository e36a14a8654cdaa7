/* Quantiles: the rules against R's survey and a row-by-row version, the DHS median, Woodruff intervals against formulas written
 * out, narrowing passes against the table of all values, replicates, and refusals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/monitor.h"
#include "numerics/distribution.h"
#include "numerics/rng.h"
#include "survey/quantile.h"

#define NEAR(found, expected, tolerance) assert_true(fabs((found) - (expected)) <= (tolerance))

/* The rules */

/* R 4.2.2, survey 4.1, the rules hf1 to hf9 on ten rows with ties. */
static void test_rules_of_r(void **state)
{
    (void)state;
    static const double x[] = {1, 2, 2, 2, 3, 5, 5, 8, 9, 9}, w[] = {0.5, 1.25, 2, 0.75, 3, 1.5, 2.5, 0.7, 1.1, 0.9};
    static const double p[] = {0.2, 0.5, 0.83};
    static const double expected[][9] = {
        {2, 2, 2, 2, 2, 2, 2, 2, 2},
        {3, 3, 3, 2.86666666666667, 3.97777777777778, 3.06666666666667, 4.43333333333333, 3.75, 3.81212121212121},
        {8, 8, 8, 6.22571428571428, 7.88, 8.30272727272727, 7.4468, 8.07068965517241, 8.03710526315789},
    };
    for (size_t i = 0; i < 3; i++)
        for (int r = 0; r < 9; r++)
            NEAR(est_i_weighted_quantile((est_i_quantile_rule)(EST_I_QUANTILE_HF1 + r), 10, x, w, p[i]), expected[i][r], 1e-11);
    NEAR(est_i_weighted_quantile(EST_I_QUANTILE_MATH, 10, x, w, 0.5), expected[1][0], 0);
    NEAR(est_i_weighted_quantile(EST_I_QUANTILE_SCHOOL, 10, x, w, 0.5), expected[1][1], 0);
}

/* A share that is met exactly: the value, the middle, the even one; also when weights of 1/10 or 30.97 do not add up exactly. */
static void test_ties(void **state)
{
    (void)state;
    static const double scales[] = {1, 0.1, 30.97, 1e-6 / 3};
    double x[200], w[200];
    for (size_t s = 0; s < 4; s++) {
        for (size_t i = 0; i < 200; i++) {
            x[i] = (double)i + 1;
            w[i] = scales[s];
        }
        for (int k = 1; k < 20; k++) {
            double p = k / 20.0, at = 10 * k;
            NEAR(est_i_weighted_quantile(EST_I_QUANTILE_HF1, 200, x, w, p), at, 0);
            NEAR(est_i_weighted_quantile(EST_I_QUANTILE_HF2, 200, x, w, p), at + 0.5, 0);
            NEAR(est_i_weighted_quantile(EST_I_QUANTILE_HF3, 200, x, w, p), at, 0);
            NEAR(est_i_weighted_quantile(EST_I_QUANTILE_HF3, 200, x, w, p + 0.005), at + 2, 0);
            NEAR(est_i_weighted_quantile(EST_I_QUANTILE_HF1, 200, x, w, p + 1e-6), at + 1, 0);
        }
        NEAR(est_i_weighted_quantile(EST_I_QUANTILE_HF2, 200, x, w, 1), 200, 0);
    }
}

static void test_small(void **state)
{
    (void)state;
    static const double x[] = {7, 8}, none[] = {0, 0}, first[] = {2, 0};
    for (int r = EST_I_QUANTILE_MATH; r <= EST_I_QUANTILE_HF9; r++) {
        assert_true(isnan(est_i_weighted_quantile((est_i_quantile_rule)r, 2, x, none, 0.5)));
        assert_true(isnan(est_i_weighted_quantile((est_i_quantile_rule)r, 0, x, none, 0.5)));
        assert_true(isnan(est_i_weighted_quantile((est_i_quantile_rule)r, 2, x, first, NAN)));
        NEAR(est_i_weighted_quantile((est_i_quantile_rule)r, 2, x, first, 0.9), 7, 0);
        NEAR(est_i_weighted_quantile((est_i_quantile_rule)r, 1, x, first, 0.1), 7, 0);
    }
}

/* Median age at first marriage: 30 of 100 before 18, 20 at 18 exactly reach one half at the birthday of 19; over an empty age the
 * median stays in the year in which the half is passed. */
static void test_dhs_median(void **state)
{
    (void)state;
    static const double age[] = {15, 18, 20, 99}, w[] = {30, 20, 25, 25}, uneven[] = {30, 10, 25, 35};
    NEAR(est_i_weighted_quantile(EST_I_QUANTILE_DHS, 4, age, w, 0.5), 19, 1e-12);
    NEAR(est_i_weighted_quantile(EST_I_QUANTILE_DHS, 4, age, uneven, 0.5), 20 + 10.0 / 25, 1e-12);
    static const double years[] = {17, 18, 99}, share[] = {1.0 / 3, 1.0 / 3, 1.0 / 3};
    NEAR(est_i_weighted_quantile(EST_I_QUANTILE_DHS, 3, years, share, 0.5), 18.5, 1e-12);
    NEAR(est_i_weighted_quantile(EST_I_QUANTILE_DHS_PRINTED, 3, years, share, 0.5), 18 + (0.5 - 0.3333) / (0.6667 - 0.3333), 1e-12);
}

/* A row-by-row version: the knots of all rows, one after the other. */
static double naive_quantile(est_i_quantile_rule rule, size_t n, const double *x, const double *w, double p)
{
    double total = 0, sum = 0, last_knot = 0, last_x = NAN, last = 0;
    size_t rank = 0;
    for (size_t i = 0; i < n; i++)
        if (w[i] > 0)
            total += w[i], last = w[i];
    for (size_t i = 0; i < n; i++) {
        if (!(w[i] > 0))
            continue;
        double before = sum, knot = 0;
        sum += w[i];
        switch (rule) {
        case EST_I_QUANTILE_HF4: knot = sum / total; break;
        case EST_I_QUANTILE_HF5: knot = (sum - w[i] / 2) / total; break;
        case EST_I_QUANTILE_HF6: knot = sum / (total + last); break;
        case EST_I_QUANTILE_HF7: knot = before / (total - last); break;
        case EST_I_QUANTILE_HF8: knot = (before / 3 + 2 * sum / 3) / (total + last / 3); break;
        case EST_I_QUANTILE_HF9: knot = (3 * before / 8 + 5 * sum / 8) / (total + last / 4); break;
        default: /* steps: only the last row of a value counts */
            if (i + 1 < n && x[i + 1] == x[i])
                continue;
            rank++;
            if (fabs(sum - p * total) <= 1e-9 * total) {
                size_t next = i + 1;
                while (next < n && !(w[next] > 0))
                    next++;
                double above = next < n ? x[next] : x[i];
                return rule == EST_I_QUANTILE_HF2 ? (x[i] + above) / 2 : rule == EST_I_QUANTILE_HF3 && rank % 2 ? above : x[i];
            }
            if (sum > p * total)
                return x[i];
            last_x = x[i];
            continue;
        }
        if (knot >= p)
            return isnan(last_x) ? x[i] : last_x + (p - last_knot) / (knot - last_knot) * (x[i] - last_x);
        last_knot = knot;
        last_x = x[i];
    }
    return last_x;
}

/* Samples in memory */

typedef struct survey_data {
    size_t n;
    double *x, *y, *weight, *psu, *stratum, *domain;
} survey_data;

static double uniform(est_i_rng *rng)
{
    return est_i_rng_uniform(rng);
}

/* Strata of 3 to 6 PSUs; x continuous or in whole numbers, sometimes missing; some weights 0; domains 1 to 3, 3 rare. */
static survey_data data_new(uint32_t seed, size_t n, bool whole)
{
    survey_data data = {.n = n};
    double **columns[] = {&data.x, &data.y, &data.weight, &data.psu, &data.stratum, &data.domain};
    est_i_rng rng = {.key = {seed, 7}, .used = 4};
    for (size_t c = 0; c < 6; c++)
        assert_non_null(*columns[c] = malloc(n * sizeof(double)));
    for (size_t i = 0; i < n; i++) {
        size_t stratum = i * 5 / n;
        double psu = floor(uniform(&rng) * (double)(3 + stratum % 4));
        double value = exp(2 * uniform(&rng)) + psu / 3;
        data.x[i] = uniform(&rng) < 0.07 ? NAN : whole ? floor(4 * value) : value;
        data.y[i] = floor(10 * uniform(&rng)) - 5;
        data.weight[i] = uniform(&rng) < 0.04 ? 0 : 0.5 + 3 * uniform(&rng);
        data.stratum[i] = (double)stratum;
        data.psu[i] = 10 * (double)stratum + psu;
        data.domain[i] = uniform(&rng) < 0.05 ? 3 : uniform(&rng) < 0.6 ? 1 : 2;
    }
    return data;
}

static void data_free(survey_data *data)
{
    free(data->x);
    free(data->y);
    free(data->weight);
    free(data->psu);
    free(data->stratum);
    free(data->domain);
}

typedef struct opened {
    est_table *table;
    est_source *source;
    est_i_sample *sample;
    est_i_monitor monitor;
} opened;

/* Whole numbers from 0 to 99 as text. */
static void add_labels(est_table *table, const char *name, const double *values, size_t n)
{
    char text[100][4];
    const char **labels = malloc(n * sizeof *labels);
    est_error error;
    assert_non_null(labels);
    for (int i = 0; i < 100; i++)
        snprintf(text[i], sizeof text[i], "%d", i);
    for (size_t i = 0; i < n; i++)
        labels[i] = text[(int)values[i]];
    assert_int_equal(est_table_add_text(table, name, labels, &error), EST_OK);
    free((void *)labels);
}

static void open_sample(opened *o, const survey_data *data, bool by, int threads, size_t n_replicates,
                        const char *const *replicates)
{
    static const char *const domain[] = {"domain"};
    static const est_i_variable variables[] = {{"x", EST_I_VARIABLE_NUMBER, NULL}, {"y", EST_I_VARIABLE_NUMBER, NULL}};
    est_i_sample_plan plan = {.n_by = by, .by = domain, .n_variables = 2, .variables = variables, .n_replicates = n_replicates,
                              .replicates = replicates};
    plan.design = (est_i_design_columns){.n_stages = 1, .unit = {"psu"}, .stratum = {"stratum"}, .weight = "weight",
                                         .weight_scale = 1};
    est_error error;
    est_i_monitor_start(&o->monitor, NULL);
    if (!o->table) {
        assert_int_equal(est_table_new("rows", data->n, &o->table, &error), EST_OK);
        assert_int_equal(est_table_add_numbers(o->table, "x", data->x, &error), EST_OK);
        assert_int_equal(est_table_add_numbers(o->table, "y", data->y, &error), EST_OK);
        assert_int_equal(est_table_add_numbers(o->table, "weight", data->weight, &error), EST_OK);
        add_labels(o->table, "psu", data->psu, data->n);
        add_labels(o->table, "stratum", data->stratum, data->n);
        add_labels(o->table, "domain", data->domain, data->n);
    }
    assert_int_equal(est_source_of_table(o->table, &o->source, &error), EST_OK);
    assert_int_equal(est_i_sample_new(o->source, &plan, threads, &o->monitor, &o->sample, &error), EST_OK);
}

static void close_sample(opened *o)
{
    est_i_sample_free(o->sample);
    est_source_free(o->source);
    est_table_free(o->table);
    memset(o, 0, sizeof *o);
}

/* Formulas written out */

typedef struct naive {
    size_t n;
    double *x, *w, *psu, *stratum; /* the rows that count, by value, ties in the order of the file */
} naive;

static void naive_add(naive *all, double x, double w, double psu, double stratum)
{
    size_t at = all->n++;
    for (; at > 0 && all->x[at - 1] > x; at--) {
        all->x[at] = all->x[at - 1];
        all->w[at] = all->w[at - 1];
        all->psu[at] = all->psu[at - 1];
        all->stratum[at] = all->stratum[at - 1];
    }
    all->x[at] = x;
    all->w[at] = w;
    all->psu[at] = psu;
    all->stratum[at] = stratum;
}

static naive naive_of(const survey_data *data, const double *values, double domain)
{
    naive all = {0};
    all.x = malloc(data->n * sizeof *all.x);
    all.w = malloc(data->n * sizeof *all.w);
    all.psu = malloc(data->n * sizeof *all.psu);
    all.stratum = malloc(data->n * sizeof *all.stratum);
    assert_true(all.x && all.w && all.psu && all.stratum);
    for (size_t i = 0; i < data->n; i++)
        if (!isnan(values[i]) && data->weight[i] > 0 && (domain == 0 || data->domain[i] == domain))
            naive_add(&all, values[i], data->weight[i], data->psu[i], data->stratum[i]);
    return all;
}

static void naive_free(naive *all)
{
    free(all->x);
    free(all->w);
    free(all->psu);
    free(all->stratum);
}

/* Share at or below q, its variance with replacement over the PSUs of the design, and PSUs less strata with rows. */
static double naive_share(const survey_data *data, const naive *all, double q, double *variance, double *df)
{
    double z[100] = {0}, in_design[100] = {0}, present[100] = {0}, weight = 0, below = 0;
    for (size_t i = 0; i < all->n; i++) {
        weight += all->w[i];
        below += all->x[i] <= q ? all->w[i] : 0;
    }
    for (size_t i = 0; i < data->n; i++)
        in_design[(int)data->psu[i]] = 1;
    for (size_t i = 0; i < all->n; i++) {
        z[(int)all->psu[i]] += all->w[i] * ((all->x[i] <= q) - below / weight) / weight;
        present[(int)all->psu[i]] = 1;
    }
    *variance = *df = 0;
    for (int h = 0; h < 5; h++) {
        double n = 0, sum = 0, squares = 0, seen = 0;
        for (int i = 10 * h; i < 10 * h + 10; i++)
            n += in_design[i], sum += z[i], seen += present[i];
        for (int i = 10 * h; i < 10 * h + 10; i++)
            squares += in_design[i] > 0 ? (z[i] - sum / n) * (z[i] - sum / n) : 0;
        *variance += n / (n - 1) * squares;
        *df += seen > 0 ? seen - 1 : 0;
    }
    return below / weight;
}

static double invert(est_i_quantile_rule rule, const naive *all, double p)
{
    return p > 0 && p < 1 ? naive_quantile(rule, all->n, all->x, all->w, p) : NAN;
}

static void same_number(double found, double expected)
{
    assert_int_equal(isnan(found), isnan(expected));
    if (!isnan(expected))
        NEAR(found, expected, 1e-10 * fmax(1, fabs(expected)));
}

static void check_naive(const survey_data *data, const est_i_quantile_request *request, const est_i_quantile_options *options,
                        double domain, const est_i_quantile_estimate *found)
{
    naive all = naive_of(data, request->variable ? data->y : data->x, domain);
    double variance, df, q = naive_quantile(options->rule, all.n, all.x, all.w, request->probability);
    double share = naive_share(data, &all, q, &variance, &df);
    est_i_interval_input input = {share, sqrt(variance), df, options->level, (double)all.n, (double)all.n, df, NAN};
    est_i_interval interval = est_i_proportion_interval(options->ci, &input);
    double lower = invert(options->rule, &all, interval.lower), upper = invert(options->rule, &all, interval.upper);
    same_number(found->estimate, q);
    same_number(found->df, df);
    same_number(found->n, (double)all.n);
    same_number(found->lower, lower);
    same_number(found->upper, upper);
    same_number(found->se, (upper - lower) / (2 * est_i_t_quantile(0.5 + options->level / 2, df)));
    assert_int_equal(found->below_range, interval.lower <= 0);
    assert_int_equal(found->above_range, interval.upper >= 1);
    naive_free(&all);
}

static const est_i_quantile_request requests[] = {{0, 0.5}, {1, 0.25}, {0, 0.03}, {0, 0.9}};

/* All rules and intervals, with and without narrowing passes, in domains. */
static void test_woodruff(void **state)
{
    (void)state;
    static const est_i_survey_ci kinds[] = {EST_I_CI_T, EST_I_CI_LOGIT, EST_I_CI_BETA, EST_I_CI_BETA_UNCAPPED, EST_I_CI_ARCSINE};
    static const est_i_quantile_limits limits[] = {{0, 0, 0, 0}, {5, 4, 0, 0}, {1, 2, 0, 0}, {40, 64, 0, 0}};
    for (uint32_t run = 0; run < 36; run++) {
        survey_data data = data_new(run, 150 + 40 * run, run % 2);
        opened o = {0};
        open_sample(&o, &data, true, 1, 0, NULL);
        est_i_quantile_options options = {.rule = (est_i_quantile_rule)(EST_I_QUANTILE_HF1 + run % 9), .ci = kinds[run % 5],
                                          .level = 0.9, .limits = &limits[run % 4]};
        if (options.rule == EST_I_QUANTILE_HF3)
            options.limits = NULL;
        est_i_quantile_estimate *found = NULL;
        size_t count = 0;
        est_error error;
        assert_int_equal(est_i_quantiles(o.sample, 4, requests, &options, &found, &count, &error), EST_OK);
        assert_int_equal(count, 16);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(found[i].request, i / 4);
            assert_true(i % 4 ? strtod(est_i_sample_domain_value(o.sample, found[i].domain, 0), NULL) == (double)(i % 4)
                              : found[i].domain == EST_I_WHOLE);
            check_naive(&data, &requests[i / 4], &options, (double)(i % 4), &found[i]);
        }
        free(found);
        close_sample(&o);
        data_free(&data);
    }
}

/* Many chunks: the same bytes on one thread and on two, and the same answers from a table and from narrowing passes. */
static void test_chunks(void **state)
{
    (void)state;
    static const est_i_quantile_limits small = {1000, 512, 0, 0}, wide = {2000000, 0, 0, 0};
    survey_data data = data_new(99, 300000, false);
    est_i_quantile_estimate *found[3] = {NULL, NULL, NULL};
    size_t count = 0;
    opened o = {0};
    est_error error;
    for (int i = 0; i < 3; i++) {
        est_i_quantile_options options = {.rule = EST_I_QUANTILE_HF8, .ci = EST_I_CI_LOGIT, .level = 0.95,
                                          .limits = i < 2 ? &small : &wide};
        open_sample(&o, &data, true, i == 1 ? 2 : 1, 0, NULL);
        assert_int_equal(est_i_quantiles(o.sample, 2, requests, &options, &found[i], &count, &error), EST_OK);
        est_i_sample_free(o.sample);
        est_source_free(o.source);
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(found[0][i].estimate == found[1][i].estimate && found[0][i].se == found[1][i].se);
        assert_true(found[0][i].lower == found[1][i].lower && found[0][i].upper == found[1][i].upper);
        same_number(found[2][i].estimate, found[0][i].estimate);
        same_number(found[2][i].lower, found[0][i].lower);
        same_number(found[2][i].upper, found[0][i].upper);
    }
    for (int i = 0; i < 3; i++)
        free(found[i]);
    o.sample = NULL;
    o.source = NULL;
    close_sample(&o);
    data_free(&data);
}

/* Replicates */

/* Supplied weights: the variance over them of the quantile, and of the share that is inverted. */
static void test_supplied(void **state)
{
    (void)state;
    enum { COUNT = 12 };
    static const char *const names[COUNT] = {"r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12"};
    survey_data data = data_new(5, 400, true);
    double *factor[COUNT], theta[COUNT], shares[COUNT];
    est_i_rng rng = {.key = {1, 2}, .used = 4};
    opened o = {0};
    est_error error;
    open_sample(&o, &data, false, 1, 0, NULL);
    est_i_sample_free(o.sample);
    est_source_free(o.source);
    for (int r = 0; r < COUNT; r++) {
        factor[r] = malloc(data.n * sizeof **factor);
        for (size_t i = 0; i < data.n; i++)
            factor[r][i] = floor(3 * uniform(&rng));
        assert_int_equal(est_table_add_numbers(o.table, names[r], factor[r], &error), EST_OK);
    }
    open_sample(&o, &data, true, 2, COUNT, names);
    est_i_replicate_options made = {.kind = EST_I_REPLICATE_SUPPLIED, .count = COUNT, .scale = 0.25, .mse = true};
    est_i_replicates *replicates = NULL;
    assert_int_equal(est_i_replicates_make(NULL, &made, &replicates, &error), EST_OK);
    est_i_quantile_options options = {.rule = EST_I_QUANTILE_HF7, .ci = EST_I_CI_T, .level = 0.95, .replicates = replicates,
                                      .over_replicates = true};
    est_i_quantile_estimate *over = NULL, *inverted = NULL;
    size_t count = 0;
    assert_int_equal(est_i_quantiles(o.sample, 1, requests, &options, &over, &count, &error), EST_OK);
    options.over_replicates = false;
    assert_int_equal(est_i_quantiles(o.sample, 1, requests, &options, &inverted, &count, &error), EST_OK);
    assert_int_equal(count, 4);
    double *kept = data.weight;
    for (size_t d = 0; d < count; d++) {
        double variance = 0, share_variance = 0, unused, df;
        naive all = naive_of(&data, data.x, (double)d);
        double q = naive_quantile(options.rule, all.n, all.x, all.w, 0.5), share = naive_share(&data, &all, q, &unused, &df);
        double own_df = fmin(df, COUNT - 1); /* of the domain's PSUs, as for means */
        for (int r = 0; r < COUNT; r++) {
            data.weight = malloc(data.n * sizeof *kept);
            for (size_t i = 0; i < data.n; i++)
                data.weight[i] = kept[i] * factor[r][i];
            naive one = naive_of(&data, data.x, (double)d);
            theta[r] = naive_quantile(options.rule, one.n, one.x, one.w, 0.5);
            shares[r] = naive_share(&data, &one, q, &unused, &df);
            variance += 0.25 * (theta[r] - q) * (theta[r] - q);
            share_variance += 0.25 * (shares[r] - share) * (shares[r] - share);
            naive_free(&one);
            free(data.weight);
        }
        data.weight = kept;
        same_number(over[d].estimate, q);
        same_number(over[d].se, sqrt(variance));
        same_number(over[d].df, own_df);
        same_number(inverted[d].df, own_df);
        same_number(over[d].upper, q + est_i_t_quantile(0.975, own_df) * sqrt(variance));
        double reach = est_i_t_quantile(0.975, own_df) * sqrt(share_variance);
        same_number(inverted[d].lower, invert(options.rule, &all, share - reach));
        same_number(inverted[d].upper, invert(options.rule, &all, share + reach));
        naive_free(&all);
    }
    est_i_quantile_limits few = {0, 0, 0, 100};
    options.over_replicates = true;
    options.limits = &few;
    free(over);
    assert_int_equal(est_i_quantiles(o.sample, 1, requests, &options, &over, &count, &error), EST_EOPTION);
    assert_null(over);
    for (int r = 0; r < COUNT; r++)
        free(factor[r]);
    free(inverted);
    est_i_replicates_free(replicates);
    close_sample(&o);
    data_free(&data);
}

/* Weights made from the design: each replicate's own weighted quantile, by the factors of the leaves. */
static void test_made(void **state)
{
    (void)state;
    survey_data data = data_new(11, 500, false);
    opened o = {0};
    est_error error;
    est_i_replicates *replicates = NULL;
    est_i_replicate_options made = {.kind = EST_I_REPLICATE_RAO_WU, .count = 40, .scale = NAN, .seed = 3};
    est_i_quantile_options options = {.rule = EST_I_QUANTILE_HF5, .ci = EST_I_CI_BETA, .level = 0.95};
    est_i_quantile_estimate *taylor = NULL, *over = NULL, *again = NULL;
    size_t count = 0;
    open_sample(&o, &data, true, 1, 0, NULL);
    assert_int_equal(est_i_quantiles(o.sample, 2, requests, &options, &taylor, &count, &error), EST_OK);
    const est_i_design *design = est_i_sample_design(o.sample);
    assert_int_equal(est_i_replicates_make(design, &made, &replicates, &error), EST_OK);
    options.replicates = replicates;
    options.over_replicates = true;
    assert_int_equal(est_i_quantiles(o.sample, 2, requests, &options, &over, &count, &error), EST_OK);
    size_t leaves = est_i_design_leaves(design), label[100];
    for (size_t leaf = 0, seen = 0; leaf < leaves; leaf++, seen++) { /* PSUs of a stratum stand in the order of the data */
        size_t h = design->stage[0].unit_stratum[leaf], at = leaf - design->stage[0].stratum_first[h];
        double known[10];
        size_t n = 0;
        for (size_t i = 0; i < data.n; i++) {
            size_t k = 0;
            while (k < n && known[k] != data.psu[i])
                k++;
            if (k == n && data.stratum[i] == (double)h)
                known[n++] = data.psu[i];
        }
        label[(size_t)known[at]] = leaf;
    }
    double *kept = data.weight, *factor = malloc(leaves * sizeof *factor), *theta = malloc(40 * sizeof *theta), variance = 0;
    for (size_t r = 0; r < 40; r++) {
        est_i_replicates_factors(replicates, r, factor);
        data.weight = malloc(data.n * sizeof *kept);
        for (size_t i = 0; i < data.n; i++)
            data.weight[i] = kept[i] * factor[label[(size_t)data.psu[i]]];
        naive one = naive_of(&data, data.x, 2);
        theta[r] = naive_quantile(options.rule, one.n, one.x, one.w, 0.5);
        naive_free(&one);
        free(data.weight);
    }
    data.weight = kept;
    est_i_replicates_covariance(replicates, 1, theta, NULL, &variance, NULL);
    same_number(over[2].se, sqrt(variance));
    assert_true(over[0].se > 0.4 * taylor[0].se && over[0].se < 2.5 * taylor[0].se);
    est_i_quantile_limits few = {0, 0, 300, 0};
    options.limits = &few;
    assert_int_equal(est_i_quantiles(o.sample, 2, requests, &options, &again, &count, &error), EST_EOPTION);
    assert_non_null(strstr(error.message, "Woodruff"));
    free(theta);
    free(factor);
    free(taylor);
    free(over);
    est_i_replicates_free(replicates);
    close_sample(&o);
    data_free(&data);
}

/* Calibration */

/* Post-stratified to known counts of the column domain: the share's variance is that of its influence less the post-stratum's mean
 * of it under the base weights, times the new weight; rows without a value have no influence, but count in the mean. */
static void test_poststratified(void **state)
{
    (void)state;
    static const char *const names[] = {"domain", "domain", "domain"}, *const levels[] = {"1", "2", "3"};
    static const double totals[] = {900, 700, 80};
    survey_data data = data_new(41, 400, true);
    opened o = {0};
    est_error error;
    est_table *margins = NULL;
    est_i_calibration *calibration = NULL;
    assert_int_equal(est_table_new("margins", 3, &margins, &error), EST_OK);
    assert_int_equal(est_table_add_text(margins, "variable", names, &error), EST_OK);
    assert_int_equal(est_table_add_text(margins, "level", levels, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(margins, "total", totals, &error), EST_OK);
    est_i_calibration_options known = {.kind = EST_I_CALIBRATE_POSTSTRATIFY, .margins = margins, .lower = -INFINITY,
                                       .upper = INFINITY, .tolerance = 1e-10, .iterations = 50};
    open_sample(&o, &data, false, 1, 0, NULL);
    assert_int_equal(est_i_calibration_new(o.source, &known, &calibration, &error), EST_OK);
    assert_int_equal(est_i_calibration_variables(calibration), 1);
    est_i_variable variables[] = {{"x", EST_I_VARIABLE_NUMBER, NULL}, est_i_calibration_variable(calibration, 0)};
    est_i_sample_plan plan = {.n_variables = 2, .variables = variables};
    plan.design = (est_i_design_columns){.n_stages = 1, .unit = {"psu"}, .stratum = {"stratum"}, .weight = "weight",
                                         .weight_scale = 1};
    est_i_sample_free(o.sample);
    assert_int_equal(est_i_sample_new(o.source, &plan, 1, &o.monitor, &o.sample, &error), EST_OK);
    assert_int_equal(est_i_calibration_solve(calibration, o.sample, 1, &error), EST_OK);
    est_i_quantile_options options = {.rule = EST_I_QUANTILE_HF6, .ci = EST_I_CI_T, .level = 0.95, .calibration = calibration};
    est_i_quantile_estimate *found = NULL;
    size_t count = 0;
    assert_int_equal(est_i_quantiles(o.sample, 1, requests, &options, &found, &count, &error), EST_OK);

    double base[4] = {0}, mean[4] = {0}, z[100] = {0}, seen[100] = {0}, variance = 0, unused, df, *kept = data.weight;
    for (size_t i = 0; i < data.n; i++)
        base[(int)data.domain[i]] += kept[i];
    data.weight = malloc(data.n * sizeof *kept);
    for (size_t i = 0; i < data.n; i++)
        data.weight[i] = kept[i] * totals[(int)data.domain[i] - 1] / base[(int)data.domain[i]];
    naive all = naive_of(&data, data.x, 0);
    double q = naive_quantile(options.rule, all.n, all.x, all.w, 0.5), share = naive_share(&data, &all, q, &unused, &df), sum = 0;
    for (size_t i = 0; i < all.n; i++)
        sum += all.w[i];
    for (size_t i = 0; i < data.n; i++)
        mean[(int)data.domain[i]] += isnan(data.x[i]) ? 0 : kept[i] * ((data.x[i] <= q) - share) / sum / base[(int)data.domain[i]];
    for (size_t i = 0; i < data.n; i++) {
        double e = isnan(data.x[i]) ? 0 : ((data.x[i] <= q) - share) / sum;
        z[(int)data.psu[i]] += data.weight[i] * (e - mean[(int)data.domain[i]]);
        seen[(int)data.psu[i]] = 1;
    }
    for (int h = 0; h < 5; h++) {
        double n = 0, mean_z = 0;
        for (int i = 10 * h; i < 10 * h + 10; i++)
            n += seen[i], mean_z += z[i];
        for (int i = 10 * h; i < 10 * h + 10; i++)
            variance += seen[i] * n / (n - 1) * (z[i] - mean_z / n) * (z[i] - mean_z / n);
    }
    double reach = est_i_t_quantile(0.975, df) * sqrt(variance);
    same_number(found[0].estimate, q);
    same_number(found[0].lower, invert(options.rule, &all, share - reach));
    same_number(found[0].upper, invert(options.rule, &all, share + reach));
    assert_true(sqrt(variance) < sqrt(unused)); /* the post-strata explain something */
    naive_free(&all);
    free(data.weight);
    data.weight = kept;
    free(found);
    est_i_calibration_free(calibration);
    est_table_free(margins);
    close_sample(&o);
    data_free(&data);
}

/* Refusals */

static void test_refusals(void **state)
{
    (void)state;
    survey_data data = data_new(21, 100, true);
    opened o = {0};
    est_error error;
    est_i_quantile_estimate *found = NULL;
    size_t count = 0;
    est_i_quantile_options options = {.rule = EST_I_QUANTILE_HF3, .ci = EST_I_CI_T, .level = 0.95};
    static const est_i_quantile_request bad[] = {{0, 0}, {0, 1}, {0, NAN}, {9, 0.5}};
    static const est_status codes[] = {EST_EOPTION, EST_EOPTION, EST_EOPTION, EST_EINTERNAL};
    for (size_t i = 0; i < data.n; i++) {
        data.weight[i] = 1;
        data.x[i] = (double)i;
    }
    open_sample(&o, &data, false, 1, 0, NULL);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(est_i_quantiles(o.sample, 1, &bad[i], &options, &found, &count, &error), codes[i]);
    options.level = 1;
    assert_int_equal(est_i_quantiles(o.sample, 1, requests, &options, &found, &count, &error), EST_EOPTION);
    options.level = 0.95;
    assert_int_equal(est_i_quantiles(o.sample, 1, requests, &options, &found, &count, &error), EST_OK);
    assert_int_equal(count, 1);
    NEAR(found[0].estimate, 49, 0); /* the fiftieth value is of even rank */
    free(found);
    static const est_i_quantile_limits few = {4, 4, 0, 0};
    options.limits = &few; /* its rank is not known to a narrowing pass */
    assert_int_equal(est_i_quantiles(o.sample, 1, requests, &options, &found, &count, &error), EST_EOPTION);
    assert_non_null(strstr(error.message, "hf3"));
    options.rule = EST_I_QUANTILE_HF2;
    assert_int_equal(est_i_quantiles(o.sample, 1, requests, &options, &found, &count, &error), EST_OK);
    NEAR(found[0].estimate, 49.5, 0);
    free(found);
    close_sample(&o);
    data_free(&data);
}

/* Near the ends of the data the interval for F passes 0 or 1: not available there, and said so. */
static void test_ends(void **state)
{
    (void)state;
    survey_data data = data_new(31, 60, false);
    opened o = {0};
    est_error error;
    est_i_quantile_estimate *found = NULL;
    size_t count = 0;
    est_i_quantile_options options = {.rule = EST_I_QUANTILE_HF1, .ci = EST_I_CI_T, .level = 0.95};
    static const est_i_quantile_request edges[] = {{0, 0.02}, {0, 0.98}, {0, 0.9999}};
    open_sample(&o, &data, false, 1, 0, NULL);
    assert_int_equal(est_i_quantiles(o.sample, 3, edges, &options, &found, &count, &error), EST_OK);
    assert_true(found[0].below_range && !found[0].above_range && isnan(found[0].lower) && isfinite(found[0].upper));
    assert_true(found[1].above_range && !found[1].below_range && isnan(found[1].upper) && isfinite(found[1].lower));
    assert_true(isnan(found[0].se) && isnan(found[1].se));
    assert_true(found[2].above_range && isfinite(found[2].lower));
    assert_string_equal(found[2].method, "clopper-pearson"); /* F is 1 at the largest value */
    free(found);
    close_sample(&o);
    data_free(&data);
}

/* A pipe cannot be read twice. */
static void test_pipe(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    fputs("x,weight\n1,1\n2,1\n", file);
    rewind(file);
    char path[64];
    snprintf(path, sizeof path, "/dev/fd/%d", fileno(file));
    assert_non_null(freopen(path, "r", stdin));
    static const est_i_variable variable = {"x", EST_I_VARIABLE_NUMBER, NULL};
    est_i_sample_plan plan = {.n_variables = 1, .variables = &variable};
    plan.design = (est_i_design_columns){.n_stages = 1, .weight = "weight", .weight_scale = 1};
    est_i_quantile_options options = {.level = 0.95};
    est_source *source = NULL;
    est_i_sample *sample = NULL;
    est_i_monitor monitor;
    est_i_quantile_estimate *found = NULL;
    size_t count = 0;
    est_error error;
    est_i_monitor_start(&monitor, NULL);
    assert_int_equal(est_source_open("-", NULL, &source, &error), EST_OK);
    assert_int_equal(est_i_sample_new(source, &plan, 1, &monitor, &sample, &error), EST_OK);
    assert_int_equal(est_i_quantiles(sample, 1, requests, &options, &found, &count, &error), EST_EOPTION);
    est_i_sample_free(sample);
    est_source_free(source);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_of_r), cmocka_unit_test(test_ties),     cmocka_unit_test(test_small),
        cmocka_unit_test(test_dhs_median), cmocka_unit_test(test_woodruff), cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_supplied),   cmocka_unit_test(test_made),     cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_ends),       cmocka_unit_test(test_pipe),     cmocka_unit_test(test_poststratified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
