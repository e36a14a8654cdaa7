/* Closed-population models against computations that share nothing with them: dense tables of every capture history, likelihoods by
 * direct summation, finite differences. Then tables that nobody should meet. */
#include "mse_support.h"

#include <est/heterogeneity.h>

#include "mse/glm.h"
#include "mse/heterogeneity_parts.h"
#include "mse/verdict.h"
#include "numerics/quadrature.h"
#include "numerics/special.h"

#define LISTS 6
#define CELLS 63
#define COLUMNS 8

#define NEAR REQUIRE_NEAR

/* Running the method */

static est_table *open_table(const char *name)
{
    est_table *table = NULL;
    est_error error;
    if (est_table_open(name, NULL, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return table;
}

static est_table *parse_table(const char *csv)
{
    est_table *table = NULL;
    est_error error;
    if (est_table_parse_csv("small.csv", csv, strlen(csv), NULL, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return table;
}

static est_heterogeneity_options options_of(int model)
{
    est_heterogeneity_options options = est_heterogeneity_options_default();
    options.model = model;
    return options;
}

static est_result *run(const est_table *table, est_heterogeneity_options options)
{
    est_result *result = NULL;
    est_error error;
    if (est_heterogeneity(table, &options, NULL, &result, &error) != EST_OK)
        fail_msg("%s: %s", est_status_name(error.code), error.message);
    return result;
}

static est_status status_of(const est_table *table, est_heterogeneity_options options, est_error *error)
{
    est_result *result = NULL;
    est_status status = est_heterogeneity(table, &options, NULL, &result, error);
    assert_true((status == EST_OK) == (result != NULL));
    est_result_free(result);
    return status;
}

/* A number of the frame "models" in the row of that model. */
static double number_of(const est_result *result, const char *model, const char *column)
{
    const est_frame *frame = est_result_frame_find(result, "models");
    for (size_t i = 0; frame && i < frame->n_rows; i++)
        for (size_t j = 0; j < frame->n_columns; j++)
            if (strcmp(frame->cells[i * frame->n_columns].text, model) == 0 && strcmp(frame->columns[j], column) == 0)
                return frame->cells[i * frame->n_columns + j].number;
    fail_msg("no %s of %s", column, model);
    return NAN;
}

static int has_note(const est_result *result, const char *code)
{
    int found = 0;
    for (size_t i = 0; i < est_result_notes(result); i++)
        found = found || strcmp(est_result_note(result, i)->code, code) == 0;
    return found;
}

/* Dense tables of six occasions */

static void hare_counts(double counts[CELLS + 1])
{
    est_table *table = open_table("dataset:hare_cormack");
    memset(counts, 0, (CELLS + 1) * sizeof *counts);
    for (size_t i = 0; i < est_table_rows(table); i++) {
        size_t w = 0;
        for (size_t j = 0; j < LISTS; j++)
            w |= (est_table_number(table, j, i) > 0 ? (size_t)1 : 0) << j;
        counts[w] += est_table_number(table, LISTS, i);
    }
    est_table_free(table);
}

typedef struct dense {
    size_t p;
    double x[CELLS * COLUMNS], offset[CELLS], reach[COLUMNS], sufficient[COLUMNS], start[COLUMNS];
    est_i_glm_rows rows;
    est_i_glm_design design;
} dense;

/* Columns of history w into x. */
typedef size_t fill_row(size_t w, double *x);

static size_t row_of_darroch(size_t w, double *x)
{
    double k = __builtin_popcount((unsigned)w);
    for (size_t j = 0; j < LISTS; j++)
        x[1 + j] = (double)(w >> j & 1);
    x[0] = 1;
    x[7] = k * k / 2;
    return 8;
}

static size_t row_of_mb(size_t w, double *x)
{
    x[0] = 1;
    x[1] = __builtin_ctz((unsigned)w);
    x[2] = __builtin_popcount((unsigned)w) - 1;
    return 3;
}

static size_t row_of_mbh(size_t w, double *x)
{
    x[0] = 1;
    x[1] = w & 1 ? 0 : 1;
    x[2] = __builtin_ctz((unsigned)w);
    x[3] = __builtin_popcount((unsigned)w) - 1;
    return 4;
}

static void make_dense(const double *counts, fill_row *fill, dense *d)
{
    double x[COLUMNS];
    memset(d, 0, sizeof *d);
    for (size_t w = 1; w <= CELLS; w++) {
        d->p = fill(w, x);
        for (size_t i = 0; i < d->p; i++) {
            d->x[(w - 1) * d->p + i] = x[i];
            d->reach[i] = fmax(d->reach[i], fabs(x[i]));
            d->sufficient[i] += counts[w] * x[i];
        }
    }
    d->rows = (est_i_glm_rows){CELLS, d->p, d->x, d->offset};
    d->design = (est_i_glm_design){d->p, d->reach, &d->rows, est_i_glm_row_moments};
}

static est_i_glm_fit *fit_dense(const dense *d, double unseen)
{
    est_i_glm_fit *fit = est_i_glm_fit_new(d->p);
    est_i_glm_request request = {.sufficient = d->sufficient, .unseen = unseen, .start = d->start};
    assert_non_null(fit);
    est_i_glm(&d->design, &request, NULL, NULL, fit);
    assert_int_equal(fit->state, EST_I_GLM_FITTED);
    return fit;
}

/* The symmetric functions behind Mth against a row for every history. */
static void mth_is_the_dense_fit(void **state)
{
    double counts[CELLS + 1], intercept[COLUMNS] = {1};
    dense d;
    est_table *table = open_table("dataset:hare_cormack");
    est_result *result = run(table, options_of(EST_CLOSED_MTH_DARROCH));
    (void)state;
    hare_counts(counts);
    make_dense(counts, row_of_darroch, &d);
    est_i_glm_fit *fit = fit_dense(&d, NAN);
    double unseen = exp(fit->beta[0]), v = fit->covariance[0];
    NEAR(number_of(result, "Mth-Darroch", "population"), 68 + unseen, 1e-10);
    NEAR(number_of(result, "Mth-Darroch", "se"), sqrt(unseen + unseen * unseen * v), 1e-9);
    NEAR(number_of(result, "Mth-Darroch", "bias"), unseen * (v / 2 + est_i_glm_bias(&d.design, fit, intercept)), 1e-7);
    est_i_glm_fit_free(fit);
    est_result_free(result);
    est_table_free(table);
}

/* l(N) by the completed dense table. */
static double dense_profile(const dense *d, double unseen)
{
    est_i_glm_fit *fit = fit_dense(d, unseen);
    double n = 68 + unseen, value = lgamma(n + 1) - lgamma(unseen + 1) + fit->loglik - n * log(n) + n;
    est_i_glm_fit_free(fit);
    return value;
}

static void profile_limits_lie_on_the_dense_profile(void **state)
{
    double counts[CELLS + 1];
    dense d;
    est_table *table = open_table("dataset:hare_cormack");
    est_result *result = run(table, options_of(EST_CLOSED_MTH_DARROCH));
    const est_row *row = est_result_find(result, "population", NULL, NULL);
    double top = est_result_stat_value(result, "multinomial_mle") - 68;
    (void)state;
    hare_counts(counts);
    make_dense(counts, row_of_darroch, &d);
    double highest = dense_profile(&d, top), drop = est_i_chi_squared_quantile(0.95, 1) / 2;
    assert_true(highest > dense_profile(&d, top * 1.001) && highest > dense_profile(&d, top / 1.001));
    NEAR(highest - dense_profile(&d, row->lower - 68), drop, 1e-8);
    NEAR(highest - dense_profile(&d, row->upper - 68), drop, 1e-8);
    est_result_free(result);
    est_table_free(table);
}

/* Mb and Mbh as log-linear models of every history, the population a function of their coefficients:
 * b0, [eta,] b1, b2 with N = exp(b0) (1 + exp(b2))^(t-1) (1 + exp(eta + b1) / (1 + exp(b2) - exp(b1))) for Mbh. */
typedef double population_of(const double *beta);

static double mb_population(const double *b)
{
    return exp(b[0]) * pow(1 + exp(b[2]), LISTS) / (1 + exp(b[2]) - exp(b[1]));
}

static double mbh_population(const double *b)
{
    return exp(b[0]) * pow(1 + exp(b[3]), LISTS - 1) * (1 + exp(b[1] + b[2]) / (1 + exp(b[3]) - exp(b[2])));
}

static double shifted(population_of *of, const double *beta, size_t p, size_t i, double by_i, size_t j, double by_j)
{
    double b[COLUMNS];
    memcpy(b, beta, p * sizeof *b);
    b[i] += by_i;
    b[j] += by_j;
    return of(b);
}

/* se^2 = g'Vg - N and bias = g' bias(b) + trace(G V) / 2, g and G by finite differences. */
static void require_behaviour(const est_result *result, const char *model, fill_row *fill, population_of *of)
{
    double counts[CELLS + 1], gradient[COLUMNS], variance = 0, curvature = 0, h = 1e-4;
    dense d;
    hare_counts(counts);
    make_dense(counts, fill, &d);
    est_i_glm_fit *fit = fit_dense(&d, NAN);
    for (size_t i = 0; i < d.p; i++)
        gradient[i] = (shifted(of, fit->beta, d.p, i, h, i, 0) - shifted(of, fit->beta, d.p, i, -h, i, 0)) / (2 * h);
    for (size_t i = 0; i < d.p; i++)
        for (size_t j = 0; j < d.p; j++) {
            double second = (shifted(of, fit->beta, d.p, i, h, j, h) - shifted(of, fit->beta, d.p, i, h, j, -h) -
                             shifted(of, fit->beta, d.p, i, -h, j, h) + shifted(of, fit->beta, d.p, i, -h, j, -h)) / (4 * h * h);
            variance += gradient[i] * fit->covariance[i * d.p + j] * gradient[j];
            curvature += second * fit->covariance[i * d.p + j];
        }
    double n = of(fit->beta);
    NEAR(number_of(result, model, "population"), n, 1e-9);
    NEAR(number_of(result, model, "se"), sqrt(variance - n), 1e-6);
    NEAR(number_of(result, model, "bias"), est_i_glm_bias(&d.design, fit, gradient) + curvature / 2, 1e-5);
    est_i_glm_fit_free(fit);
}

static void behaviour_by_every_history(void **state)
{
    est_table *table = open_table("dataset:hare_cormack");
    est_result *result = run(table, options_of(EST_CLOSED_ALL));
    (void)state;
    require_behaviour(result, "Mb", row_of_mb, mb_population);
    require_behaviour(result, "Mbh", row_of_mbh, mbh_population);
    NEAR(number_of(result, "Mbh", "se"), 4.648844, 1e-6); /* not the 14.594 of Rcapture 1.4-4, whose derivative lacks a factor */
    est_result_free(result);
    est_table_free(table);
}

/* Normal, by the likelihood of every history */

/* Parameters: b0, b1 to b6, s. mu_w = exp(b0 + sum of b over w) phi_k, phi_k = E exp(k s z) C(z) / E C(z). */
static double normal_loglik(const double *counts, const double *theta)
{
    static double nodes[400], weights[400];
    static size_t n = 0;
    double i_k[LISTS + 1] = {0}, loglik = 0;
    if (n == 0) {
        n = est_i_normal_trapezoid_size(0.05);
        est_i_normal_trapezoid(0.05, nodes, weights);
    }
    for (size_t q = 0; q < n; q++) {
        double z = theta[7] * nodes[q], unseen = weights[q];
        for (size_t j = 0; j < LISTS; j++)
            unseen /= 1 + exp(theta[1 + j] + z);
        for (size_t k = 0; k <= LISTS; k++)
            i_k[k] += unseen * exp((double)k * z);
    }
    for (size_t w = 1; w <= CELLS; w++) {
        double log_mu = theta[0] + log(i_k[__builtin_popcount((unsigned)w)] / i_k[0]);
        for (size_t j = 0; j < LISTS; j++)
            log_mu += w >> j & 1 ? theta[1 + j] : 0;
        loglik += counts[w] * log_mu - exp(log_mu);
    }
    return loglik;
}

static double at(const double *counts, const double *theta, size_t i, double by_i, size_t j, double by_j)
{
    double moved[COLUMNS];
    memcpy(moved, theta, sizeof moved);
    moved[i] += by_i;
    moved[j] += by_j;
    return normal_loglik(counts, moved);
}

/* Gradient and minus the Hessian by central differences of fourth order. */
static void differences(const double *counts, const double *theta, double *gradient, double *information)
{
    double h = 2e-3;
    for (size_t i = 0; i < COLUMNS; i++) {
        gradient[i] = (8 * (at(counts, theta, i, h, i, 0) - at(counts, theta, i, -h, i, 0)) -
                       (at(counts, theta, i, 2 * h, i, 0) - at(counts, theta, i, -2 * h, i, 0))) / (12 * h);
        for (size_t j = 0; j < COLUMNS; j++) {
            double two = 0, one = 0;
            for (int s = -1; s <= 1; s += 2)
                for (int t = -1; t <= 1; t += 2) {
                    one += s * t * at(counts, theta, i, s * h, j, t * h);
                    two += s * t * at(counts, theta, i, 2 * s * h, j, 2 * t * h);
                }
            information[i * COLUMNS + j] = -(4 * one / (4 * h * h) - two / (16 * h * h)) / 3;
        }
    }
}

/* Solves by Gauss-Jordan: inverse of a in place. */
static void invert(double *a)
{
    double wide[COLUMNS][2 * COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        for (size_t j = 0; j < 2 * COLUMNS; j++)
            wide[i][j] = j < COLUMNS ? a[i * COLUMNS + j] : j - COLUMNS == i ? 1 : 0;
    for (size_t k = 0; k < COLUMNS; k++) {
        double pivot = wide[k][k];
        for (size_t j = 0; j < 2 * COLUMNS; j++)
            wide[k][j] /= pivot;
        for (size_t i = 0; i < COLUMNS; i++) {
            double factor = wide[i][k];
            for (size_t j = 0; j < 2 * COLUMNS && i != k; j++)
                wide[i][j] -= factor * wide[k][j];
        }
    }
    for (size_t i = 0; i < COLUMNS; i++)
        for (size_t j = 0; j < COLUMNS; j++)
            a[i * COLUMNS + j] = wide[i][COLUMNS + j];
}

/* Population, sigma, and the standard error with the inverse of the information; Rcapture's is the inverse of twice as much. */
static void normal_by_every_history(void **state)
{
    double counts[CELLS + 1], theta[COLUMNS] = {log(24), -1.5, -1, -1.2, -1, -1.2, -1, 0.9}, gradient[COLUMNS];
    double information[COLUMNS * COLUMNS];
    est_table *table = open_table("dataset:hare_cormack");
    est_result *result = run(table, options_of(EST_CLOSED_MTH_NORMAL));
    (void)state;
    hare_counts(counts);
    for (int step = 0; step < 30; step++) {
        differences(counts, theta, gradient, information);
        invert(information);
        for (size_t i = 0; i < COLUMNS; i++)
            for (size_t j = 0; j < COLUMNS; j++)
                theta[i] += information[i * COLUMNS + j] * gradient[j];
    }
    double unseen = exp(theta[0]), se = number_of(result, "Mth-Normal", "se");
    NEAR(number_of(result, "Mth-Normal", "population"), 68 + unseen, 1e-6);
    NEAR(number_of(result, "Mth-Normal", "sigma"), theta[7], 1e-6);
    NEAR(se, sqrt(unseen + unseen * unseen * information[0]), 1e-5);
    NEAR(sqrt(unseen + (se * se - unseen) / 2), 10.6736514, 1e-3); /* what Rcapture 1.4-4 prints */
    est_result_free(result);
    est_table_free(table);
}

/* The likelihood of the table completed by the unseen, at the limits of the interval and at their best parameters, by
 * coordinate search: slow, but it cannot share a mistake. */
static double completed(double unseen, double *theta)
{
    double counts[CELLS + 1], best = -INFINITY, h = 0.5, n = 68 + unseen;
    hare_counts(counts);
    while (h > 1e-6) {
        int moved = 0;
        for (size_t i = 1; i < COLUMNS; i++)
            for (int sign = -1; sign <= 1; sign += 2) {
                double old = theta[i], p[LISTS + 1] = {0}, value = 0;
                theta[i] += best > -INFINITY ? sign * h : 0;
                for (double z = -8; z <= 8; z += 0.1) {
                    double weight = 0.1 * exp(-z * z / 2) / sqrt(2 * 3.14159265358979), c = weight;
                    for (size_t j = 0; j < LISTS; j++)
                        c /= 1 + exp(theta[1 + j] + theta[7] * z);
                    for (size_t k = 0; k <= LISTS; k++)
                        p[k] += c * exp((double)k * theta[7] * z);
                }
                for (size_t w = 0; w <= CELLS; w++) {
                    double count = w == 0 ? unseen : counts[w];
                    value += count * log(p[__builtin_popcount((unsigned)w)]);
                    for (size_t j = 0; j < LISTS; j++)
                        value += w >> j & 1 ? count * theta[1 + j] : 0;
                }
                if (value > best) {
                    moved = 1;
                    best = value;
                } else
                    theta[i] = old;
            }
        h = moved ? h : h / 2;
    }
    return best + lgamma(n + 1) - lgamma(unseen + 1);
}

static void normal_profile_by_search(void **state)
{
    double theta[COLUMNS] = {0, -1.5, -1, -1.2, -1, -1.2, -1, 0.9};
    est_table *table = open_table("dataset:hare_cormack");
    est_result *result = run(table, options_of(EST_CLOSED_MTH_NORMAL));
    const est_row *row = est_result_find(result, "population", NULL, NULL);
    (void)state;
    double top = completed(est_result_stat_value(result, "multinomial_mle") - 68, theta);
    NEAR(top - completed(row->lower - 68, theta), est_i_chi_squared_quantile(0.95, 1) / 2, 1e-6);
    NEAR(top - completed(row->upper - 68, theta), est_i_chi_squared_quantile(0.95, 1) / 2, 1e-6);
    est_result_free(result);
    est_table_free(table);
}

/* Closed forms */

static void closed_forms(void **state)
{
    est_table *seber = parse_table("a,b,count\n1,1,167\n1,0,781\n0,1,254\n"); /* Seber (1982), p. 107 */
    est_heterogeneity_options corrected = options_of(EST_CLOSED_MT);
    (void)state;
    est_result *mt = run(seber, options_of(EST_CLOSED_MT)), *mb = run(seber, options_of(EST_CLOSED_MB));
    NEAR(number_of(mt, "Mt", "population"), 948.0 * 421 / 167, 1e-10);         /* Lincoln-Petersen */
    NEAR(number_of(mb, "Mb", "population"), 948.0 * 948 / (948 - 254), 1e-10); /* two-pass removal */
    corrected.corrected = 1;
    est_result *chapman = run(seber, corrected);
    NEAR(number_of(chapman, "Mt", "population"), 949.0 * 422 / 168 - 1, 1e-10);
    NEAR(number_of(chapman, "Mt", "se"), sqrt(949.0 * 422 * 781 * 254 / (169.0 * 168 * 168)), 1e-10);
    est_result_free(mt);
    est_result_free(mb);
    est_result_free(chapman);
    est_table_free(seber);
}

/* Repeat counts without a limit: the zero-truncated Poisson, n / (1 - exp(-l)) with l / (1 - exp(-l)) the mean; Chao's bound
 * f1^2 / (2 f2). */
static void repeat_counts(void **state)
{
    est_table *table = parse_table("times,count\n1,1645\n2,183\n3,37\n4,13\n5,1\n6,1\n"); /* van der Heijden et al. (2003) */
    est_heterogeneity_options options = options_of(EST_CLOSED_M0);
    double rate = 0.3;
    (void)state;
    options.frequencies = "times";
    options.up_to = 60;
    est_result *m0 = run(table, options);
    for (int i = 0; i < 200; i++)
        rate = 2185.0 / 1880 * -expm1(-rate);
    NEAR(number_of(m0, "M0", "population"), 1880 / -expm1(-rate), 1e-9);
    options = options_of(EST_CLOSED_MH_CHAO);
    options.frequencies = "times";
    est_result *chao = run(table, options);
    const est_row *bound = est_result_find(chao, "lower_bound", NULL, NULL);
    NEAR(number_of(chao, "Mh-Chao", "population"), 1880 + 1645.0 * 1645 / 366, 1e-9);
    NEAR(bound->estimate, 1880 + 1645.0 * 1645 / 366, 1e-12);
    assert_true(bound->lower > 1880 && bound->upper > bound->estimate);
    est_result_free(m0);
    est_result_free(chao);
    est_table_free(table);
}

/* Bird species on 50 stops (Dorazio and Royle 2003). Dropping the first negative coefficient, one after the other, ends short
 * of the constrained maximum: Rcapture 1.4-4 has 87.2 with deviance 25.095. The maximum has the first two frequencies exactly,
 * so that it is the bound 71 + 49/50 15^2 / (2 7). */
static void chao_is_the_constrained_maximum(void **state)
{
    est_table *table = parse_table("k,count\n1,15\n2,7\n3,5\n4,2\n5,5\n6,6\n7,3\n8,2\n9,1\n10,2\n11,4\n12,4\n14,1\n"
                                   "16,2\n17,3\n18,1\n19,1\n20,1\n21,1\n25,1\n26,1\n28,1\n30,1\n36,1\n");
    est_heterogeneity_options options = options_of(EST_CLOSED_MH_CHAO);
    (void)state;
    options.frequencies = "k";
    options.occasions = 50;
    est_result *result = run(table, options);
    NEAR(number_of(result, "Mh-Chao", "population"), 71 + 0.98 * 225 / 14, 1e-9);
    assert_true(number_of(result, "Mh-Chao", "deviance") < 23.304);
    assert_true(has_note(result, "negative_etas"));
    est_result_free(result);
    est_table_free(table);
}

static void quadrature(void **state)
{
    double x[EST_I_HERMITE_MAX], w[EST_I_HERMITE_MAX];
    (void)state;
    assert_false(est_i_gauss_hermite(0, x, w));
    assert_false(est_i_gauss_hermite(EST_I_HERMITE_MAX + 1, x, w));
    for (size_t n = 3; n <= EST_I_HERMITE_MAX; n++) {
        double zeroth = 0, second = 0, fourth = 0;
        assert_true(est_i_gauss_hermite(n, x, w));
        for (size_t i = 0; i < n; i++) {
            assert_true(i == 0 || x[i] > x[i - 1]);
            zeroth += w[i];
            second += w[i] * x[i] * x[i];
            fourth += w[i] * pow(x[i], 4);
        }
        NEAR(zeroth, sqrt(3.14159265358979323846), 1e-13);
        NEAR(second / zeroth, 0.5, 1e-13);
        NEAR(fourth / zeroth, 0.75, 1e-13);
    }
}

/* Tables that nobody should meet */

static void require_refusal(const char *csv, int model, est_status expected)
{
    est_table *table = parse_table(csv);
    est_error error;
    assert_int_equal(status_of(table, options_of(model), &error), expected);
    assert_true(strlen(error.message) > 20);
    est_table_free(table);
}

static void nothing_identified(void **state)
{
    (void)state;
    require_refusal("a,b,count\n1,0,20\n0,1,30\n1,1,0\n", EST_CLOSED_ALL, EST_EIDENTIFY);      /* nobody twice */
    require_refusal("a,b,count\n1,0,20\n0,1,30\n1,1,10\n", EST_CLOSED_MB, EST_EIDENTIFY);      /* first captures rise */
    require_refusal("a,b,c,count\n1,1,1,50\n", EST_CLOSED_ALL, EST_EIDENTIFY);                 /* everybody always */
    require_refusal("a,b,c,count\n1,0,0,50\n", EST_CLOSED_ALL, EST_EIDENTIFY);                 /* everybody once */
    require_refusal("a,b,c,count\n1,0,0,9\n1,1,0,9\n1,1,1,9\n", EST_CLOSED_MT, EST_EIDENTIFY); /* everybody on a */
    require_refusal("a,b,c,count\n1,0,0,0\n0,1,0,0\n", EST_CLOSED_ALL, EST_EDEFINITION);       /* nobody */
    require_refusal("a,b,count\n1,0,20\n0,1,30\n1,1,10\n", EST_CLOSED_MTH_GAMMA, EST_EOPTION); /* two lists */
    require_refusal("a,b,count\n1,0,20\n0,1,30\n1,1,10\n", EST_CLOSED_MTB, EST_EOPTION);
}

static void impossible_options(void **state)
{
    est_table *histories = open_table("dataset:hare_cormack"), *counts = parse_table("k,count\n1,30\n2,11\n4,3\n7,1\n");
    est_table *zero = parse_table("k,count\n0,30\n1,2\n"), *part = parse_table("k,count\n1,2.5\n2,1\n");
    est_heterogeneity_options options = options_of(EST_CLOSED_ALL);
    est_error error;
    (void)state;
    options.occasions = 6;
    assert_int_equal(status_of(histories, options, &error), EST_EOPTION);
    options.occasions = 0;
    options.poisson_base = 1;
    assert_int_equal(status_of(histories, options, &error), EST_EOPTION);
    options.poisson_base = NAN;
    assert_int_equal(status_of(histories, options, &error), EST_EOPTION);
    options = options_of(EST_CLOSED_MH_NORMAL);
    options.nodes = 1;
    assert_int_equal(status_of(histories, options, &error), EST_EOPTION);
    assert_non_null(strstr(error.message, "--nodes"));
    options.nodes = 2;
    assert_int_equal(status_of(histories, options, &error), EST_OK);
    options = options_of(EST_CLOSED_MT);
    options.corrected = 1;
    options.ci = EST_CLOSED_CI_PROFILE;
    assert_int_equal(status_of(histories, options, &error), EST_EOPTION);
    options = options_of(EST_CLOSED_MT);
    options.up_to = 4;
    assert_int_equal(status_of(histories, options, &error), EST_EOPTION);
    options = options_of(EST_CLOSED_MT);
    options.frequencies = "k";
    assert_int_equal(status_of(counts, options, &error), EST_EOPTION);
    options = options_of(EST_CLOSED_ALL);
    options.frequencies = "n";
    assert_int_equal(status_of(counts, options, &error), EST_ECOLUMN);
    options.frequencies = "k";
    assert_int_equal(status_of(zero, options, &error), EST_EVALUE);
    assert_int_equal(error.record, 1);
    assert_int_equal(status_of(part, options, &error), EST_EVALUE);
    assert_string_equal(error.column, "count");
    options.occasions = 6; /* but one was captured seven times */
    assert_int_equal(status_of(counts, options, &error), EST_EVALUE);
    assert_int_equal(error.record, 4);
    est_table_free(histories);
    est_table_free(counts);
    est_table_free(zero);
    est_table_free(part);
}

/* Gaps in the counts, lists without anybody, and lists that are no occasions. */
static void odd_tables(void **state)
{
    est_table *gaps = parse_table("k,count\n1,30\n2,11\n4,3\n7,1\n");
    est_table *empty = parse_table("a,b,c,d,count\n1,0,0,0,50\n0,1,0,0,40\n1,1,0,0,20\n0,0,1,0,12\n1,0,1,0,6\n0,1,1,0,5\n"
                                   "1,1,1,0,3\n");
    est_table *without = parse_table("a,b,c,count\n1,0,0,50\n0,1,0,40\n1,1,0,20\n0,0,1,12\n1,0,1,6\n0,1,1,5\n1,1,1,3\n");
    est_heterogeneity_options options = options_of(EST_CLOSED_ALL);
    est_result *four = run(empty, options), *three = run(without, options);
    const est_row *row = est_result_find(four, "population", NULL, NULL);
    (void)state;
    NEAR(number_of(four, "Mt", "population"), number_of(three, "Mt", "population"), 1e-10);
    NEAR(number_of(four, "Mth-Gamma", "population"), number_of(three, "Mth-Gamma", "population"), 1e-9);
    NEAR(number_of(four, "Mt", "aic"), number_of(three, "Mt", "aic") + 2, 1e-10); /* a coefficient at minus infinity is one */
    assert_true(number_of(four, "Mt", "df") == number_of(three, "Mt", "df"));
    assert_non_null(row);
    assert_true(has_note(four, "order_matters") && has_note(four, "tail") && has_note(four, "near_ties"));
    options.frequencies = "k";
    options.occasions = 7;
    est_result *gap = run(gaps, options);
    assert_true(isinf(number_of(gap, "Mh-Normal", "upper")));
    assert_true(has_note(gap, "no_upper_limit") && has_note(gap, "not_asked"));
    est_result_free(four);
    est_result_free(three);
    est_result_free(gap);
    est_table_free(gaps);
    est_table_free(empty);
    est_table_free(without);
}

/* Sparse random tables of three and four lists: where the exact verdict finds an estimate of Mt we have it and only there, and the
 * same number. */
static void existence_as_the_exact_verdict(void **state)
{
    double weights[16], counts[16];
    size_t exist = 0, lack = 0;
    (void)state;
    for (size_t w = 0; w < 16; w++)
        weights[w] = w == 0 ? 0 : pow(__builtin_popcount((unsigned)w), -3);
    for (uint32_t trial = 0; trial < 1000; trial++) {
        size_t n_lists = 3 + trial % 2, cells = (size_t)1 << n_lists, listed = 0;
        const double *blocks[] = {counts};
        est_i_captures *captures = NULL;
        est_i_closed_data *known = NULL;
        est_i_joint *joint = NULL;
        est_i_closed_fit fit;
        est_i_monitor monitor;
        est_i_rng rng;
        est_error error;
        uint32_t local[8];
        est_heterogeneity_options options = options_of(EST_CLOSED_MT);
        est_i_closed_setting setting = {.options = &options, .monitor = &monitor};
        options.ci = EST_CLOSED_CI_NONE;
        est_i_monitor_start(&monitor, NULL);
        est_i_rng_start(&rng, 11, EST_I_PURPOSE_TEST, trial, 0);
        est_i_rng_multinomial(&rng, 3 + trial % 7, cells, weights, counts);
        for (size_t w = 1; w < cells; w++)
            listed |= counts[w] > 0 ? w : 0;
        if (listed != cells - 1)
            continue;
        REQUIRE_OK(est_i_captures_make(n_lists, 1, NULL, blocks, &captures, &error), error);
        REQUIRE_OK(est_i_closed_of_captures(captures, 0, &known, &error), error);
        REQUIRE_OK(est_i_closed_fit_model(known, &est_i_closed_models[EST_CLOSED_MT - 1], &setting, &fit, &error), error);
        est_i_fit_data *data = data_of_counts(n_lists, 1, counts);
        est_i_terms terms = {.n_local = est_i_main_terms(n_lists, local), .local = local};
        REQUIRE_OK(est_i_joint_fit(data, &terms, &monitor, &joint, &error), error);
        assert_int_equal(fit.state == EST_I_CLOSED_FITTED, joint->verdict->exists);
        if (joint->verdict->exists)
            NEAR(log(fit.unseen), joint->log_unseen[0], 1e-8);
        exist += joint->verdict->exists ? 1 : 0;
        lack += joint->verdict->exists ? 0 : 1;
        est_i_joint_free(joint);
        est_i_fit_data_free(data);
        est_i_closed_data_free(known);
        est_i_captures_free(captures);
    }
    assert_true(exist > 300 && lack > 80);
}

/* 20 lists: a million histories, none of which is held as a row of a design. */
static void twenty_lists(void **state)
{
    double columns[20][300], ones[300];
    char name[8];
    est_table *table = NULL;
    est_error error;
    est_i_rng rng;
    (void)state;
    est_i_rng_start(&rng, 5, EST_I_PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < 300; i++) {
        double odds = 0.02 + 0.2 * est_i_rng_uniform(&rng);
        ones[i] = 0;
        for (size_t j = 0; j < 20; j++) {
            columns[j][i] = est_i_rng_uniform(&rng) < odds ? 1 : 0;
            ones[i] += columns[j][i];
        }
        columns[i % 20][i] = 1; /* nobody is on no list */
    }
    assert_int_equal(est_table_new("lists", 300, &table, &error), EST_OK);
    for (size_t j = 0; j < 20; j++) {
        snprintf(name, sizeof name, "l%zu", j);
        assert_int_equal(est_table_add_numbers(table, name, columns[j], &error), EST_OK);
    }
    est_heterogeneity_options options = options_of(EST_CLOSED_MTH_DARROCH);
    est_result *result = run(table, options);
    const est_row *row = est_result_find(result, "population", NULL, NULL);
    assert_true(row->estimate > 300 && row->lower > 300 && row->lower < row->estimate && row->upper > row->estimate);
    assert_true(est_result_stat_value(result, "df") == 1048575 - 22);
    est_result_free(result);
    est_table_free(table);
}

static int stop(void *user)
{
    (void)user;
    return 1;
}

static void cancelled(void **state)
{
    est_table *table = open_table("dataset:hare_cormack");
    est_heterogeneity_options options = options_of(EST_CLOSED_ALL);
    est_context context = est_context_default();
    est_result *result = NULL;
    est_error error;
    (void)state;
    context.poll = stop;
    assert_int_equal(est_heterogeneity(table, &options, &context, &result, &error), EST_ECANCELLED);
    assert_null(result);
    est_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mth_is_the_dense_fit),     cmocka_unit_test(profile_limits_lie_on_the_dense_profile),
        cmocka_unit_test(behaviour_by_every_history), cmocka_unit_test(normal_by_every_history),
        cmocka_unit_test(normal_profile_by_search), cmocka_unit_test(closed_forms),
        cmocka_unit_test(repeat_counts),            cmocka_unit_test(chao_is_the_constrained_maximum),
        cmocka_unit_test(quadrature),               cmocka_unit_test(nothing_identified),
        cmocka_unit_test(impossible_options),       cmocka_unit_test(odd_tables),
        cmocka_unit_test(existence_as_the_exact_verdict), cmocka_unit_test(twenty_lists),             cmocka_unit_test(cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
