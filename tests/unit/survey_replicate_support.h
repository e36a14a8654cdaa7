/* Random designs and naive formulas for the tests of replicate weights. Written to be plain, not quick. */
#ifndef EST_TESTS_SURVEY_REPLICATE_SUPPORT_H
#define EST_TESTS_SURVEY_REPLICATE_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "numerics/rng.h"
#include "survey/replicate.h"

#define REQUIRE_CLOSE(found, expected, tolerance) require_close(found, expected, tolerance, __FILE__, __LINE__)

/* Relative; NaN fails. */
static inline void require_close(double found, double expected, double tolerance, const char *file, int line)
{
    if (!(fabs(found - expected) <= tolerance * fabs(expected))) {
        print_error("found %.15g, expected %.15g: relative difference %.3g\n", found, expected, found / expected - 1);
        _fail(file, line);
    }
}

typedef struct design_wish {
    uint32_t seed;
    size_t n_stages, n_strata;
    uint32_t fewest, most;  /* units in a stratum */
    double largest;         /* populations up to this times the sample, at least the sample; INFINITY = with replacement */
} design_wish;

static inline uint32_t whole_below(est_i_rng *rng, uint32_t bound)
{
    return (uint32_t)(est_i_rng_uniform(rng) * bound);
}

static inline void add_stratum(est_i_stage *stage, uint32_t n, uint32_t parent, double population)
{
    size_t h = stage->n_strata++, units = stage->n_units + n;
    stage->stratum_first = realloc(stage->stratum_first, (h + 2) * sizeof *stage->stratum_first);
    stage->stratum_population = realloc(stage->stratum_population, (h + 1) * sizeof *stage->stratum_population);
    stage->unit_stratum = realloc(stage->unit_stratum, units * sizeof *stage->unit_stratum);
    stage->stratum_first[h] = (uint32_t)stage->n_units;
    stage->stratum_first[h + 1] = (uint32_t)units;
    stage->stratum_population[h] = population;
    if (parent != UINT32_MAX)
        stage->unit_parent = realloc(stage->unit_parent, units * sizeof *stage->unit_parent);
    for (size_t u = stage->n_units; u < units; u++) {
        stage->unit_stratum[u] = (uint32_t)h;
        if (parent != UINT32_MAX)
            stage->unit_parent[u] = parent;
    }
    stage->n_units = units;
}

static inline void add_random_stratum(est_i_stage *stage, const design_wish *wish, est_i_rng *rng, uint32_t parent)
{
    uint32_t n = wish->fewest + whole_below(rng, wish->most - wish->fewest + 1);
    double population = isfinite(wish->largest) ? floor(n * (1 + est_i_rng_uniform(rng) * (wish->largest - 1))) : INFINITY;
    add_stratum(stage, n, parent, population);
}

static inline est_i_design random_design(design_wish wish)
{
    est_i_design design = {.n_stages = wish.n_stages};
    est_i_rng rng;
    est_i_rng_start(&rng, wish.seed, EST_I_PURPOSE_TEST, 0, 0);
    for (size_t h = 0; h < wish.n_strata; h++)
        add_random_stratum(&design.stage[0], &wish, &rng, UINT32_MAX);
    for (size_t s = 1; s < wish.n_stages; s++)
        for (size_t u = 0; u < design.stage[s - 1].n_units; u++)
            for (uint32_t g = 0; g <= whole_below(&rng, 2); g++)
                add_random_stratum(&design.stage[s], &wish, &rng, (uint32_t)u);
    return design;
}

/* One stage with the units and populations (NULL = with replacement) of each stratum; names "north", "south", then NULL. */
static inline est_i_design plain_design(size_t n_strata, const uint32_t *units, const double *population)
{
    est_i_design design = {.n_stages = 1};
    for (size_t h = 0; h < n_strata; h++)
        add_stratum(&design.stage[0], units[h], UINT32_MAX, population ? population[h] : INFINITY);
    design.stratum_name = calloc(n_strata, sizeof *design.stratum_name);
    for (size_t h = 0; h < n_strata && h < 2; h++)
        design.stratum_name[h] = strdup(h == 0 ? "north" : "south");
    return design;
}

static inline double *random_totals(const est_i_design *design, uint32_t seed)
{
    est_i_rng rng;
    double *z = malloc(est_i_design_leaves(design) * sizeof *z);
    est_i_rng_start(&rng, seed, EST_I_PURPOSE_TEST, 1, 0);
    for (size_t leaf = 0; leaf < est_i_design_leaves(design); leaf++)
        z[leaf] = 40 + 25 * est_i_rng_uniform(&rng) + (double)(leaf % 7) * 4;
    return z;
}

static inline double unit_total(const est_i_design *design, size_t stage, size_t unit, const double *z)
{
    double sum = 0;
    if (stage + 1 == design->n_stages)
        return z[unit];
    for (size_t u = 0; u < design->stage[stage + 1].n_units; u++)
        if (design->stage[stage + 1].unit_parent[u] == unit)
            sum += unit_total(design, stage + 1, u, z);
    return sum;
}

static inline double square_sum(const est_i_design *design, size_t stage, size_t h, const double *z)
{
    const est_i_stage *from = &design->stage[stage];
    double n = from->stratum_first[h + 1] - from->stratum_first[h], mean = 0, sum = 0;
    for (size_t u = from->stratum_first[h]; u < from->stratum_first[h + 1]; u++)
        mean += unit_total(design, stage, u, z) / n;
    for (size_t u = from->stratum_first[h]; u < from->stratum_first[h + 1]; u++)
        sum += pow(unit_total(design, stage, u, z) - mean, 2);
    return sum;
}

/* methods: sum over strata of (1 - f) n / (n - 1) SS, and f times the same of each unit. deepest: last stage that counts. */
static inline double naive_taylor(const est_i_design *design, size_t stage, size_t parent, size_t deepest, const double *z)
{
    const est_i_stage *from = &design->stage[stage];
    double variance = 0;
    for (size_t h = 0; h < from->n_strata; h++) {
        size_t first = from->stratum_first[h], end = from->stratum_first[h + 1];
        double n = (double)(end - first), f = n / from->stratum_population[h];
        if (stage > 0 && from->unit_parent[first] != parent)
            continue;
        if (end - first > 1)
            variance += (1 - f) * n / (n - 1) * square_sum(design, stage, h, z);
        for (size_t u = first; stage < deepest && u < end; u++)
            variance += f * naive_taylor(design, stage + 1, u, deepest, z);
    }
    return variance;
}

static inline est_i_replicates *make_replicates(const est_i_design *design, est_i_replicate_options options)
{
    est_i_replicates *made = NULL;
    est_error error;
    if (est_i_replicates_make(design, &options, &made, &error) != EST_OK)
        fail_msg("%s", error.message);
    return made;
}

/* Variance of the total of z, by the factors and est_i_replicates_covariance. mean (NULL allowed): of the replicates' totals. */
static inline double replicate_variance(const est_i_replicates *replicates, const est_i_design *design, const double *z,
                                        double *mean)
{
    size_t leaves = est_i_design_leaves(design), count = est_i_replicates_count(replicates), dropped = 1;
    double *factor = malloc(leaves * sizeof *factor), *theta = calloc(count, sizeof *theta), estimate = 0, variance, sum = 0;
    for (size_t leaf = 0; leaf < leaves; leaf++)
        estimate += z[leaf];
    for (size_t r = 0; r < count; r++) {
        est_i_replicates_factors(replicates, r, factor);
        for (size_t leaf = 0; leaf < leaves; leaf++)
            theta[r] += factor[leaf] * z[leaf];
        sum += theta[r];
    }
    est_i_replicates_covariance(replicates, 1, theta, &estimate, &variance, &dropped);
    assert_int_equal(dropped, 0);
    if (mean)
        *mean = sum / (double)count;
    free(factor);
    free(theta);
    return variance;
}

/* Rank by elimination with full pivoting of the leaves x replicates matrix of factors. */
static inline size_t factor_rank(const est_i_replicates *replicates, size_t leaves)
{
    size_t count = est_i_replicates_count(replicates), rank = 0;
    double *m = malloc(count * leaves * sizeof *m);
    for (size_t r = 0; r < count; r++)
        est_i_replicates_factors(replicates, r, m + r * leaves);
    for (; rank < count && rank < leaves; rank++) {
        size_t row = rank, column = rank;
        for (size_t i = rank; i < count; i++)
            for (size_t j = rank; j < leaves; j++)
                if (fabs(m[i * leaves + j]) > fabs(m[row * leaves + column])) {
                    row = i;
                    column = j;
                }
        if (fabs(m[row * leaves + column]) < 1e-8)
            break;
        for (size_t j = 0; j < leaves; j++) {
            double held = m[rank * leaves + j];
            m[rank * leaves + j] = m[row * leaves + j];
            m[row * leaves + j] = held;
        }
        for (size_t i = 0; i < count; i++) {
            double held = m[i * leaves + rank];
            m[i * leaves + rank] = m[i * leaves + column];
            m[i * leaves + column] = held;
        }
        for (size_t i = rank + 1; i < count; i++) {
            double share = m[i * leaves + rank] / m[rank * leaves + rank];
            for (size_t j = rank; j < leaves; j++)
                m[i * leaves + j] -= share * m[rank * leaves + j];
        }
    }
    free(m);
    return rank;
}

#endif
