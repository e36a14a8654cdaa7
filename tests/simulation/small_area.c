/* Are the mean squared errors and intervals of the area model right? Areas whose truth is known, over and over.
 *
 * Usage: small_area [REPLICATIONS]        (default 1000: about ten seconds)
 *
 * 1. Known sampling variances. 47 areas, a constant and one covariate. The variances are of five kinds in turn, as in the studies
 * of Datta, Rao and Smith (2005): near each other (0.7, 0.6, 0.5, 0.4, 0.3) or far apart (4, 0.6, 0.5, 0.4, 0.1). Three areas, 5,
 * 20 and 35, have no direct estimate. True effects and sampling errors are normal. Every estimator sees the same data.
 * 2. Proportions from clusters, whose variances are estimated from the same few cases: each area's own against the pooled ones.
 * Prints the tables of docs/small-areas.md. The same seed gives the same bytes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numerics/distribution.h"
#include "numerics/rng.h"
#include "numerics/special.h"
#include "survey/small_area.h"

#define AREAS 47
#define TERMS 2
#define SEED 20261123
#define LEVEL 0.95

static const double kinds[2][5] = {{0.7, 0.6, 0.5, 0.4, 0.3}, {4, 0.6, 0.5, 0.4, 0.1}};
static const char *const kind_names[2] = {"near", "far apart"};
static const double truths[] = {0, 0.1, 0.5, 1, 5};

typedef struct way {
    const char *name;
    est_small_area_fit fit;
    bool adjust;
} way;

static const way ways[] = {{"REML", EST_SMALL_AREA_REML, false}, {"REML, adjusted at 0", EST_SMALL_AREA_REML, true},
                           {"ML", EST_SMALL_AREA_ML, false}, {"moments", EST_SMALL_AREA_MOMENT, false}};

#define WAYS (sizeof ways / sizeof ways[0])

typedef struct sample {
    double terms[AREAS * TERMS], truth[AREAS], direct[AREAS], variance[AREAS], share[AREAS];
} sample;

/* Sums over replications. */
typedef struct tally {
    double zero, several, variance, squared[AREAS], mse[AREAS], covered[AREAS];
    double zero_covered, met_squared, met_mse, met_covered, floored;
} tally;

static bool is_sampled(size_t area)
{
    return area != 5 && area != 20 && area != 35;
}

static double normal(est_i_rng *rng)
{
    return est_i_normal_quantile(est_i_rng_uniform(rng));
}

/* The covariate is the same in all replications; all areas are drawn, so that the stream does not depend on who is sampled. */
static void draw(est_i_rng *rng, const double *kind, double truth, sample *s)
{
    for (size_t i = 0; i < AREAS; i++) {
        double x = (double)((i * 29) % AREAS) / AREAS;
        s->terms[i * TERMS] = 1;
        s->terms[i * TERMS + 1] = x;
        s->variance[i] = kind[i % 5];
        s->truth[i] = 2 + 3 * x + sqrt(truth) * normal(rng);
        double direct = s->truth[i] + sqrt(s->variance[i]) * normal(rng);
        s->direct[i] = is_sampled(i) ? direct : NAN;
        s->share[i] = is_sampled(i) ? (1 + (double)(i % 7)) : 0;
    }
    double total = 0;
    for (size_t i = 0; i < AREAS; i++)
        total += s->share[i];
    for (size_t i = 0; i < AREAS; i++)
        s->share[i] /= total;
}

static bool holds(double estimate, double mse, double truth)
{
    return fabs(estimate - truth) <= est_i_normal_quantile(1 - (1 - LEVEL) / 2) * sqrt(mse);
}

/* The benchmark is the direct estimates' own sum. */
static void count_met(const est_i_small_area_data *data, const est_i_small_area *model, const sample *s, tally *t)
{
    double estimate[AREAS], mse[AREAS];
    est_i_small_area_target target = {.share = s->share, .national = NAN, .kind = EST_SMALL_AREA_DIFFERENCE};
    est_i_small_area_benchmarked met = {.estimate = estimate, .mse = mse};
    if (est_i_small_area_benchmark(data, model, &target, &met, NULL) != EST_OK)
        abort();
    for (size_t i = 0; i < AREAS; i++) {
        double off = estimate[i] - s->truth[i];
        t->met_squared += is_sampled(i) ? off * off : 0;
        t->met_mse += is_sampled(i) ? mse[i] : 0;
        t->met_covered += is_sampled(i) && holds(estimate[i], mse[i], s->truth[i]) ? 1 : 0;
    }
}

static void count(const way *by, const sample *s, tally *t)
{
    est_i_small_area_data data = {.n_areas = AREAS, .n_terms = TERMS, .direct = s->direct, .variance = s->variance,
                                  .terms = s->terms,
                                  .fit = by->fit, .adjust_zero = by->adjust};
    est_i_small_area *model = NULL;
    if (est_i_small_area_fit(&data, &model, NULL, NULL) != EST_OK)
        abort();
    t->zero += model->at_zero ? 1 : 0;
    t->several += model->n_optima > 1 ? 1 : 0;
    t->variance += model->variance;
    for (size_t i = 0; i < AREAS; i++) {
        const est_i_area *a = &model->area[i];
        double off = a->estimate - s->truth[i];
        bool covered = holds(a->estimate, a->mse, s->truth[i]);
        t->squared[i] += off * off;
        t->mse[i] += a->mse;
        t->covered[i] += covered ? 1 : 0;
        t->floored += a->g1 - a->bias < 0 ? 1 : 0;
        t->zero_covered += model->at_zero && covered && is_sampled(i) ? 1 : 0;
    }
    count_met(&data, model, s, t);
    est_i_small_area_free(model);
}

/* Means over the areas that are sampled, or over the others. */
static double mean_of(const double *sums, bool sampled, double replications)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < AREAS; i++)
        if (is_sampled(i) == sampled) {
            sum += sums[i];
            n++;
        }
    return sum / n / replications;
}

/* Mean over the areas of the bias of the MSE, in percent of it; and the lowest coverage of the five kinds. */
static double bias_of(const tally *t, bool sampled)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < AREAS; i++)
        if (is_sampled(i) == sampled) {
            sum += 100 * (t->mse[i] / t->squared[i] - 1);
            n++;
        }
    return sum / n;
}

static double lowest(const tally *t, double replications)
{
    double least = 1;
    for (size_t k = 0; k < 5; k++) {
        double sum = 0, n = 0;
        for (size_t i = k; i < AREAS; i += 5)
            if (is_sampled(i)) {
                sum += t->covered[i];
                n++;
            }
        least = fmin(least, sum / n / replications);
    }
    return least;
}

static void print(const char *kind, double truth, const way *by, const tally *t, double replications)
{
    double sampled = AREAS - 3;
    printf("| %s | %g | %s | %.1f | %.3f | %.3f | %+.1f | %.1f | %.1f | ", kind, truth, by->name, 100 * t->zero / replications,
           t->variance / replications, mean_of(t->squared, true, replications), bias_of(t, true),
           100 * mean_of(t->covered, true, replications), 100 * lowest(t, replications));
    if (t->zero > 0)
        printf("%.1f", 100 * t->zero_covered / sampled / t->zero);
    else
        printf("-");
    printf(" | %+.1f | %.1f | %+.1f | %.1f |\n", bias_of(t, false), 100 * mean_of(t->covered, false, replications),
           100 * (t->met_mse / t->met_squared - 1), 100 * t->met_covered / sampled / replications);
}

/* ---- proportions from clusters ---- */

#define CLUSTERS 8

typedef struct survey {
    double truth[AREAS], direct[AREAS], own[AREAS], pooled[AREAS];
} survey;

/* A share in (0, 1) with that mean and intraclass correlation: a beta variable as a quantile. */
static double draw_share(est_i_rng *rng, double mean, double icc)
{
    double size = 1 / icc - 1;
    return est_i_beta_quantile(est_i_rng_uniform(rng), mean * size, (1 - mean) * size);
}

/* Eight clusters of seven women; the variance is that between the clusters, with seven degrees of freedom. */
static void draw_survey(est_i_rng *rng, double mean, survey *s)
{
    double cases[AREAS];
    for (size_t i = 0; i < AREAS; i++) {
        double sum = 0, squares = 0;
        s->truth[i] = draw_share(rng, mean, 0.015);
        for (size_t c = 0; c < CLUSTERS; c++) {
            double part = est_i_rng_binomial(rng, draw_share(rng, s->truth[i], 0.05), 7) / 7;
            sum += part;
            squares += part * part;
        }
        cases[i] = 7 * CLUSTERS;
        s->direct[i] = sum / CLUSTERS;
        s->own[i] = fmax(squares - sum * sum / CLUSTERS, 0) / (CLUSTERS - 1) / CLUSTERS;
    }
    double of_case = est_i_small_area_case_variance(s->direct, s->own, cases, AREAS, NULL);
    for (size_t i = 0; i < AREAS; i++)
        s->pooled[i] = of_case / cases[i];
}

typedef struct proportions {
    double sum, squared, covered, none;
} proportions;

static void count_proportions(const survey *s, const double *variance, proportions *t)
{
    double ones[AREAS];
    for (size_t i = 0; i < AREAS; i++)
        ones[i] = 1;
    est_i_small_area_data data = {.n_areas = AREAS, .n_terms = 1, .direct = s->direct, .variance = variance, .terms = ones,
                                  .adjust_zero = true};
    est_i_small_area *model = NULL;
    if (est_i_small_area_fit(&data, &model, NULL, NULL) != EST_OK)
        abort();
    for (size_t i = 0; i < AREAS; i++) {
        double off = model->area[i].estimate - s->truth[i];
        t->sum += model->area[i].estimate;
        t->squared += off * off;
        t->covered += holds(model->area[i].estimate, model->area[i].mse, s->truth[i]) ? 1 : 0;
        t->none += model->area[i].state == EST_I_AREA_NO_VARIANCE ? 1 : 0;
    }
    est_i_small_area_free(model);
}

static void proportions_of(double mean, size_t number, long replications)
{
    proportions own = {0}, pooled = {0};
    double truth = 0, direct = 0, covered = 0, all = (double)replications * AREAS;
    for (long r = 0; r < replications; r++) {
        est_i_rng rng;
        survey s;
        est_i_rng_start(&rng, SEED, EST_I_PURPOSE_TEST, (uint32_t)r, (uint32_t)(1000 + number));
        draw_survey(&rng, mean, &s);
        count_proportions(&s, s.own, &own);
        count_proportions(&s, s.pooled, &pooled);
        for (size_t i = 0; i < AREAS; i++) {
            truth += s.truth[i];
            direct += (s.direct[i] - s.truth[i]) * (s.direct[i] - s.truth[i]);
            covered += holds(s.direct[i], s.own[i], s.truth[i]) ? 1 : 0;
        }
    }
    printf("| %g | %.4f | %.1f | %.4f | %.1f | %.4f | %.4f | %.1f | %.4f | %.4f | %.1f |\n", mean, truth / all,
           100 * own.none / all, sqrt(direct / all), 100 * covered / all, own.sum / all, sqrt(own.squared / all),
           100 * own.covered / all, pooled.sum / all, sqrt(pooled.squared / all), 100 * pooled.covered / all);
}

static void study_proportions(long replications)
{
    static const double means[] = {0.02, 0.05, 0.1, 0.2, 0.35};
    printf("\n| share | mean of truths | variance 0, %% | direct: RMSE | covered | own: mean | RMSE | covered | "
           "pooled: mean | RMSE | covered |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    for (size_t k = 0; k < sizeof means / sizeof means[0]; k++)
        proportions_of(means[k], k, replications);
}

int main(int argc, char **argv)
{
    long replications = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
    if (replications < 1 || argc > 2) {
        fprintf(stderr, "usage: small_area [REPLICATIONS]\n");
        return 2;
    }
    printf("| variances | A | fit | A at 0, %% | mean A | MSE | bias of MSE, %% | covered | worst kind | covered at 0 | "
           "unsampled: bias | covered | met: bias | covered "
           "|\n|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    for (size_t k = 0; k < 2; k++)
        for (size_t c = 0; c < sizeof truths / sizeof truths[0]; c++) {
            tally tallies[WAYS];
            memset(tallies, 0, sizeof tallies);
            for (long r = 0; r < replications; r++) {
                est_i_rng rng;
                sample s;
                est_i_rng_start(&rng, SEED, EST_I_PURPOSE_TEST, (uint32_t)r, (uint32_t)(k * 100 + c));
                draw(&rng, kinds[k], truths[c], &s);
                for (size_t w = 0; w < WAYS; w++)
                    count(&ways[w], &s, &tallies[w]);
            }
            for (size_t w = 0; w < WAYS; w++)
                print(kind_names[k], truths[c], &ways[w], &tallies[w], (double)replications);
        }
    study_proportions(replications);
    return 0;
}
