/* Replicates: what a design and the options ask for, checked and worked out once. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/replicate_parts.h"

/* A stratum of which less than this is left out of the sample was taken whole. */
#define WHOLE 1e-7
/* More copies of the sample than this are as good as infinitely many. */
#define COPIES_MAX 2147483647.0

static const char *stratum_name(const est_i_design *design, size_t h, char buffer[32])
{
    if (design->stratum_name && design->stratum_name[h])
        return design->stratum_name[h];
    est_i_number_print((double)h + 1, buffer);
    return buffer;
}

/* 1 - n / N; 1 without a correction. */
static double rest_of(const est_i_stage *stage, size_t h)
{
    double n = stage->stratum_first[h + 1] - stage->stratum_first[h], population = stage->stratum_population[h];
    return isfinite(population) ? fmax(0, 1 - n / population) : 1;
}

static bool has_population(const est_i_design *design)
{
    for (size_t h = 0; h < design->stage[0].n_strata; h++)
        if (isfinite(design->stage[0].stratum_population[h]))
            return true;
    return false;
}

/* The stratum of the first stage that stratum h of a stage lies in. */
static size_t top_of(const est_i_design *design, size_t stage, size_t h)
{
    for (size_t s = stage; s > 0; s--) {
        uint32_t parent = design->stage[s].unit_parent[design->stage[s].stratum_first[h]];
        h = design->stage[s - 1].unit_stratum[parent];
    }
    return h;
}

static est_status refuse_lonely(const est_i_design *design, size_t stage, size_t h, est_error *error)
{
    char number[32];
    const char *name = stratum_name(design, top_of(design, stage, h), number);
    const char *advice = "put it together with one that is like it, or have single units taken as certain";
    if (stage == 0)
        return est_i_fail(error, EST_EDEFINITION, "found a single unit in stratum '%s', expected two or more: %s", name, advice);
    return est_i_fail(error, EST_EDEFINITION, "found a single unit in a stratum of stage %zu, in stratum '%s' of the first, "
                      "expected two or more: %s", stage + 1, name, advice);
}

static est_status refuse_still(est_error *error)
{
    return est_i_fail(error, EST_EDEFINITION, "found no stratum that can vary between replicates: each is taken whole, or is a "
                      "single unit that counts as certain; expected at least one of which a part of two or more units was drawn");
}

/* Units must be numbered in the order of the units that they lie in. */
static est_status check_order(const est_i_design *design, est_error *error)
{
    est_status status = est_i_design_check(design, error);
    for (size_t s = 1; status == EST_OK && s < design->n_stages; s++)
        for (size_t u = 1; u < design->stage[s].n_units; u++)
            if (design->stage[s].unit_parent[u] < design->stage[s].unit_parent[u - 1])
                return est_i_fail(error, EST_EINTERNAL, "design, stage %zu, unit %zu: found before the parts of an earlier unit",
                                  s + 1, u);
    return status;
}

static est_status check_options(const est_i_replicate_options *options, est_error *error)
{
    bool draws = options->kind == EST_I_REPLICATE_RAO_WU || options->kind == EST_I_REPLICATE_CANTY_DAVISON ||
                 options->kind == EST_I_REPLICATE_PRESTON || options->kind == EST_I_REPLICATE_SDR;
    char found[32];
    if ((draws || options->kind == EST_I_REPLICATE_SUPPLIED) && (options->count < 2 || options->count > UINT32_MAX))
        return est_i_fail(error, EST_EOPTION, "found %zu replicates, expected 2 to 4294967295", options->count);
    if (options->kind == EST_I_REPLICATE_FAY && !(options->fay >= 0 && options->fay < 1)) {
        est_i_number_print(options->fay, found);
        return est_i_fail(error, EST_EOPTION, "found %s for rho of Fay's method, expected 0 or more and below 1 (0.3 and 0.5 are "
                          "usual)", found);
    }
    if (options->kind == EST_I_REPLICATE_RAO_WU &&
        !(options->resample >= 0 && options->resample <= UINT32_MAX && floor(options->resample) == options->resample)) {
        est_i_number_print(options->resample, found);
        return est_i_fail(error, EST_EOPTION, "found %s units to draw in a stratum, expected a whole number, 1 or more, or 0 for "
                          "one less than there are", found);
    }
    return EST_OK;
}

/* leaf_first and child_first of the stages that are resampled. */
static bool place_parts(const est_i_design *design, est_i_replicates *replicates)
{
    for (size_t s = 0; s < replicates->n_stages && s + 1 < design->n_stages; s++) {
        const est_i_stage *below = &design->stage[s + 1];
        size_t n = design->stage[s].n_units;
        replicates->leaf_first[s] = malloc((n + 1) * sizeof *replicates->leaf_first[s]);
        replicates->child_first[s] = malloc((n + 1) * sizeof *replicates->child_first[s]);
        if (!replicates->leaf_first[s] || !replicates->child_first[s])
            return false;
        replicates->leaf_first[s][n] = (uint32_t)est_i_design_leaves(design);
        replicates->child_first[s][n] = (uint32_t)below->n_strata;
        for (size_t u = below->n_units; u > 0; u--)
            replicates->child_first[s][below->unit_parent[u - 1]] = below->unit_stratum[u - 1];
        for (size_t leaf = est_i_design_leaves(design); leaf > 0; leaf--) {
            uint32_t unit = (uint32_t)leaf - 1;
            for (size_t t = design->n_stages - 1; t > s; t--)
                unit = design->stage[t].unit_parent[unit];
            replicates->leaf_first[s][unit] = (uint32_t)leaf - 1;
        }
    }
    return true;
}

static est_status copy_strata(const est_i_design *design, est_i_replicates *replicates, est_error *error)
{
    uint32_t stream = 0;
    replicates->n_leaves = est_i_design_leaves(design);
    for (size_t s = 0; s < replicates->n_stages; s++) {
        const est_i_stage *stage = &design->stage[s];
        replicates->n_units[s] = stage->n_units;
        replicates->n_strata[s] = stage->n_strata;
        replicates->stream[s] = stream;
        stream += (uint32_t)stage->n_strata;
        replicates->stratum[s] = calloc(stage->n_strata, sizeof *replicates->stratum[s]);
        if (!replicates->stratum[s])
            return est_i_no_memory(error);
        for (size_t h = 0; h < stage->n_strata; h++)
            replicates->stratum[s][h] = (est_i_resampled){.first = stage->stratum_first[h],
                                                          .n = stage->stratum_first[h + 1] - stage->stratum_first[h],
                                                          .rscale = 1,
                                                          .population = INFINITY};
    }
    return place_parts(design, replicates) ? EST_OK : est_i_no_memory(error);
}

/* Which strata of the first stage vary. corrected: the method uses the correction, so those taken whole do not. */
static est_status find_moving(const est_i_design *design, const est_i_replicate_options *options, bool corrected,
                              est_i_replicates *replicates, size_t *moving, est_error *error)
{
    *moving = 0;
    for (size_t h = 0; h < replicates->n_strata[0]; h++) {
        est_i_resampled *stratum = &replicates->stratum[0][h];
        bool whole = rest_of(&design->stage[0], h) < WHOLE;
        if (stratum->n == 1 && !whole && !options->lonely_certainty)
            return refuse_lonely(design, 0, h, error);
        stratum->moves = stratum->varies = stratum->n > 1 && !(corrected && whole);
        *moving += stratum->moves;
    }
    return *moving > 0 ? EST_OK : refuse_still(error);
}

/* Units less strata of the first stage, over the strata that vary, be it in a later stage. */
static double free_units(const est_i_replicates *replicates)
{
    double sum = 0;
    for (size_t h = 0; h < replicates->n_strata[0]; h++)
        sum += replicates->stratum[0][h].varies ? replicates->stratum[0][h].n - 1.0 : 0;
    return sum;
}

static est_status plan_jk1(const est_i_design *design, est_i_replicates *replicates, est_error *error)
{
    double n = (double)replicates->n_units[0];
    double rest = replicates->n_strata[0] == 1 ? rest_of(&design->stage[0], 0) : 1;
    if (n < 2)
        return est_i_fail(error, EST_EDEFINITION, "found a single unit, expected two or more: a jackknife leaves one out");
    if (rest < WHOLE)
        return refuse_still(error);
    replicates->count = replicates->n_units[0];
    replicates->scale = (n - 1) / n * rest;
    replicates->df = n - 1;
    if (has_population(design) && replicates->n_strata[0] > 1)
        replicates->omits = EST_I_REPLICATE_OMITS_FPC;
    return EST_OK;
}

static est_status plan_jkn(const est_i_design *design, const est_i_replicate_options *options, est_i_replicates *replicates,
                           est_error *error)
{
    size_t moving;
    est_status status = find_moving(design, options, true, replicates, &moving, error);
    for (size_t h = 0; status == EST_OK && h < replicates->n_strata[0]; h++) {
        est_i_resampled *stratum = &replicates->stratum[0][h];
        stratum->number = (uint32_t)replicates->count;
        stratum->rscale = (stratum->n - 1.0) / stratum->n * rest_of(&design->stage[0], h);
        replicates->count += stratum->moves ? stratum->n : 0;
    }
    replicates->scale = 1;
    replicates->df = free_units(replicates);
    return status;
}

/* Row 0 of the matrix is left out: with it the half samples would be orthogonal, but not in full balance. */
static est_status plan_half_samples(const est_i_design *design, const est_i_replicate_options *options,
                                    est_i_replicates *replicates, est_error *error)
{
    size_t moving;
    uint32_t row = 0;
    char number[32];
    est_status status = find_moving(design, options, false, replicates, &moving, error);
    for (size_t h = 0; status == EST_OK && h < replicates->n_strata[0]; h++) {
        est_i_resampled *stratum = &replicates->stratum[0][h];
        if (stratum->n > 2)
            status = est_i_fail(error, EST_EDEFINITION, "found %u units in stratum '%s', expected two: half samples (BRR, Fay) "
                                "need pairs; use a jackknife or a bootstrap", (unsigned)stratum->n,
                                stratum_name(design, h, number));
        stratum->number = stratum->moves ? ++row : 0;
    }
    if (status == EST_OK)
        status = est_i_hadamard_new(moving + 1, &replicates->hadamard, error);
    replicates->half = options->kind == EST_I_REPLICATE_FAY ? 1 - options->fay : 1;
    replicates->count = replicates->hadamard.order;
    replicates->scale = 1 / ((double)replicates->count * replicates->half * replicates->half);
    replicates->df = (double)moving;
    return status;
}

/* factor = 1 - L + L (n / m) times drawn, L = sqrt((1 - f) m / (n - 1)) (Rao and Wu 1988). */
static est_status plan_rao_wu(const est_i_design *design, const est_i_replicate_options *options, est_i_replicates *replicates,
                              est_error *error)
{
    size_t moving;
    char number[32];
    est_status status = find_moving(design, options, true, replicates, &moving, error);
    for (size_t h = 0; status == EST_OK && h < replicates->n_strata[0]; h++) {
        est_i_resampled *stratum = &replicates->stratum[0][h];
        if (!stratum->moves)
            continue;
        double n = stratum->n, rest = rest_of(&design->stage[0], h), most = floor((n - 1) / rest * (1 + 1e-12));
        double m = options->resample > 0 ? options->resample : n - 1;
        if (m > most && options->resample > 0)
            return est_i_fail(error, EST_EOPTION, "found %.0f units to draw in a stratum, expected %.0f or fewer: stratum '%s' has "
                              "%.0f, and more would make negative weights", m, most, stratum_name(design, h, number), n);
        double share = fmin(1, sqrt(rest * m / (n - 1)));
        stratum->drawn = (uint32_t)m;
        stratum->dice = est_i_dice_make(stratum->n);
        stratum->base = 1 - share;
        stratum->step = share * n / m;
    }
    replicates->scale = 1 / ((double)replicates->count - 1);
    replicates->df = fmin((double)replicates->count - 1, free_units(replicates));
    return status;
}

static est_status plan_canty_davison(const est_i_design *design, const est_i_replicate_options *options,
                                     est_i_replicates *replicates, est_error *error)
{
    size_t moving;
    double inverse = 0;
    est_status status = find_moving(design, options, true, replicates, &moving, error);
    for (size_t h = 0; status == EST_OK && h < replicates->n_strata[0]; h++) {
        est_i_resampled *stratum = &replicates->stratum[0][h];
        double population = design->stage[0].stratum_population[h];
        if (!stratum->moves)
            continue;
        inverse += 1.0 / stratum->n;
        stratum->drawn = stratum->n;
        stratum->dice = est_i_dice_make(stratum->n);
        stratum->step = 1;
        stratum->population = population < COPIES_MAX * stratum->n ? population : INFINITY;
    }
    double mean = (double)moving / inverse;
    replicates->scale = mean / ((mean - 1) * ((double)replicates->count - 1));
    replicates->df = fmin((double)replicates->count - 1, free_units(replicates));
    return status;
}

/* L = sqrt(m f (1 - f_g) / (n - m)), f the share drawn of the stages before (Preston 2009, m = n / 2 rounded down). above: of each
 * unit of the stage before, this product; on return of each unit of this stage. n_stages ends as the last stage with a draw. */
static est_status plan_stage(const est_i_design *design, const est_i_replicate_options *options, size_t s,
                             est_i_replicates *replicates, const double *above, double *product, est_error *error)
{
    const est_i_stage *stage = &design->stage[s];
    for (size_t h = 0; h < stage->n_strata; h++) {
        est_i_resampled *stratum = &replicates->stratum[s][h];
        double n = stratum->n, rest = rest_of(stage, h), before = s > 0 ? above[stage->unit_parent[stratum->first]] : 1;
        if (stratum->n == 1 && rest >= WHOLE && before > 0 && !options->lonely_certainty)
            return refuse_lonely(design, s, h, error);
        stratum->moves = stratum->n > 1 && rest >= WHOLE && before > 0;
        for (uint32_t i = 0; i < stratum->n; i++)
            product[stratum->first + i] = before * (1 - rest);
        if (!stratum->moves)
            continue;
        double m = floor(n / 2), lambda = sqrt(m * before * rest / (n - m));
        stratum->drawn = (uint32_t)m;
        stratum->dice = est_i_dice_make(stratum->n);
        stratum->base = -lambda;
        stratum->step = lambda * n / m;
        stratum->root = sqrt(n / m);
        replicates->stratum[0][top_of(design, s, h)].varies = true;
        replicates->n_stages = s + 1;
    }
    return EST_OK;
}

static est_status plan_preston(const est_i_design *design, const est_i_replicate_options *options, est_i_replicates *replicates,
                               est_error *error)
{
    est_status status = EST_OK;
    double *above = malloc(replicates->n_leaves * sizeof *above), *product = malloc(replicates->n_leaves * sizeof *product);
    if (!above || !product)
        status = est_i_no_memory(error);
    replicates->n_stages = 0;
    for (size_t s = 0; s < design->n_stages && status == EST_OK; s++) {
        double *swapped = above;
        status = plan_stage(design, options, s, replicates, above, product, error);
        above = product;
        product = swapped;
    }
    if (status == EST_OK && replicates->n_stages == 0)
        status = refuse_still(error);
    free(above);
    free(product);
    replicates->scale = 1 / ((double)replicates->count - 1);
    replicates->df = fmin((double)replicates->count - 1, free_units(replicates));
    return status;
}

static size_t root_of(uint32_t *joined, size_t row)
{
    while (joined[row] != row)
        row = joined[row] = joined[joined[row]];
    return row;
}

typedef struct rows_in_use {
    uint32_t *joined;
    double rank;
} rows_in_use;

static void join_rows(void *user, size_t unit, size_t row, size_t next)
{
    rows_in_use *use = user;
    size_t a = root_of(use->joined, row), b = root_of(use->joined, next);
    (void)unit;
    use->rank += a != b;
    use->joined[a] = (uint32_t)b;
}

/* Factors less 1 are differences of orthogonal rows, the edges of a graph: their rank is rows in use less connected parts. As the
 * walk through a stratum is closed, 1 lies in their affine span. */
static est_status plan_successive_differences(const est_i_design *design, const est_i_replicate_options *options,
                                              est_i_replicates *replicates, est_error *error)
{
    size_t moving;
    est_i_row_walk walk;
    rows_in_use use = {NULL, 0};
    est_status status = find_moving(design, options, false, replicates, &moving, error);
    if (status == EST_OK)
        status = est_i_hadamard_new(options->count < 4 ? 4 : options->count, &replicates->hadamard, error);
    if (status != EST_OK)
        return status;
    replicates->count = replicates->hadamard.order;
    replicates->scale = 4 / (double)replicates->count;
    use.joined = malloc(replicates->count * sizeof *use.joined);
    if (!use.joined)
        return est_i_no_memory(error);
    for (size_t i = 0; i < replicates->count; i++)
        use.joined[i] = (uint32_t)i;
    est_i_row_walk_start(&walk, &replicates->hadamard);
    for (size_t h = 0; h < replicates->n_strata[0]; h++)
        if (replicates->stratum[0][h].moves)
            est_i_row_walk_stratum(&walk, &replicates->stratum[0][h], join_rows, &use);
    replicates->df = use.rank;
    free(use.joined);
    return EST_OK;
}

static est_status plan_supplied(const est_i_replicate_options *options, est_i_replicates *replicates, est_error *error)
{
    char found[32];
    replicates->scale = options->scale;
    replicates->df = (double)(options->rank ? options->rank : options->count) - 1;
    if (!(options->scale > 0 && isfinite(options->scale))) {
        est_i_number_print(options->scale, found);
        return est_i_fail(error, EST_EOPTION, "found %s as the scale of the replicates, expected a number above 0", found);
    }
    if (!options->rscales)
        return EST_OK;
    replicates->rscales = malloc(options->count * sizeof *replicates->rscales);
    if (!replicates->rscales)
        return est_i_no_memory(error);
    bool positive = false;
    for (size_t r = 0; r < options->count; r++) {
        replicates->rscales[r] = options->rscales[r];
        positive = positive || options->rscales[r] > 0;
        if (!(options->rscales[r] >= 0 && isfinite(options->rscales[r]))) {
            est_i_number_print(options->rscales[r], found);
            return est_i_fail(error, EST_EOPTION, "found %s as the scale of replicate %zu (rscales), expected 0 or more", found,
                              r + 1);
        }
    }
    return positive ? EST_OK : est_i_fail(error, EST_EOPTION, "found no replicate with a scale (rscales) above 0, expected some");
}

static est_status plan(const est_i_design *design, const est_i_replicate_options *options, est_i_replicates *replicates,
                       est_error *error)
{
    switch (options->kind) {
    case EST_I_REPLICATE_JK1: return plan_jk1(design, replicates, error);
    case EST_I_REPLICATE_JKN: return plan_jkn(design, options, replicates, error);
    case EST_I_REPLICATE_BRR:
    case EST_I_REPLICATE_FAY: return plan_half_samples(design, options, replicates, error);
    case EST_I_REPLICATE_RAO_WU: return plan_rao_wu(design, options, replicates, error);
    case EST_I_REPLICATE_CANTY_DAVISON: return plan_canty_davison(design, options, replicates, error);
    case EST_I_REPLICATE_PRESTON: return plan_preston(design, options, replicates, error);
    case EST_I_REPLICATE_SDR: return plan_successive_differences(design, options, replicates, error);
    case EST_I_REPLICATE_SUPPLIED: break;
    }
    return plan_supplied(options, replicates, error);
}

static unsigned omitted(const est_i_design *design, const est_i_replicates *replicates)
{
    bool uncorrected = replicates->kind == EST_I_REPLICATE_BRR || replicates->kind == EST_I_REPLICATE_FAY ||
                       replicates->kind == EST_I_REPLICATE_SDR || replicates->omits == EST_I_REPLICATE_OMITS_FPC;
    if (!has_population(design) || replicates->kind == EST_I_REPLICATE_PRESTON)
        return 0;
    if (uncorrected)
        return EST_I_REPLICATE_OMITS_FPC;
    return design->n_stages > 1 ? EST_I_REPLICATE_OMITS_STAGES : 0;
}

est_status est_i_replicates_make(const est_i_design *design, const est_i_replicate_options *options, est_i_replicates **replicates,
                                 est_error *error)
{
    bool supplied = options->kind == EST_I_REPLICATE_SUPPLIED;
    bool by_count = supplied || options->kind >= EST_I_REPLICATE_RAO_WU;
    est_i_replicates *made = calloc(1, sizeof *made);
    est_status status = made ? check_options(options, error) : est_i_no_memory(error);
    *replicates = NULL;
    if (status == EST_OK && !supplied)
        status = check_order(design, error);
    if (status != EST_OK)
        goto cleanup;
    made->kind = options->kind;
    made->mse = options->mse;
    made->seed = options->seed;
    made->count = by_count ? options->count : 0;
    if (!supplied) {
        made->n_stages = options->kind == EST_I_REPLICATE_PRESTON ? design->n_stages : 1;
        status = copy_strata(design, made, error);
    }
    if (status == EST_OK)
        status = plan(design, options, made, error);
    if (status != EST_OK)
        goto cleanup;
    made->omits = supplied ? 0 : omitted(design, made);
    *replicates = made;
    made = NULL;
cleanup:
    est_i_replicates_free(made);
    return status;
}

void est_i_replicates_free(est_i_replicates *replicates)
{
    if (!replicates)
        return;
    for (size_t s = 0; s < EST_I_STAGES_MAX; s++) {
        free(replicates->stratum[s]);
        free(replicates->leaf_first[s]);
        free(replicates->child_first[s]);
    }
    est_i_hadamard_free(&replicates->hadamard);
    free(replicates->rscales);
    free(replicates);
}

size_t est_i_replicates_count(const est_i_replicates *replicates)
{
    return replicates->count;
}

double est_i_replicates_scale(const est_i_replicates *replicates)
{
    return replicates->scale;
}

double est_i_replicates_df(const est_i_replicates *replicates)
{
    return replicates->df;
}

unsigned est_i_replicates_omits(const est_i_replicates *replicates)
{
    return replicates->omits;
}
