/* The variance of a total by stages (Sarndal, Swensson and Wretman 1992, Model Assisted Survey Sampling, 4.3): the terms of a stage
 * are multiplied by the sampling fractions of the stages before it, so drawing with replacement, fraction 0, ends the recursion.
 *
 * Strata of a single unit. The stage's terms within one unit of the stage before are a design of its own, and what is said of a
 * design holds there: `adjust` centres at the mean of all units of that unit, `average` takes the mean of its other strata. This is
 * how R's survey recurses. Where that unit holds one unit or no other stratum, the recursion leaves 0 / 0 for `average` (R: NaN),
 * and for `adjust` a unit around itself, 0, though the policy is there to stay on the safe side: the strata and the units of the
 * whole stage are taken instead. `adjust` never centres at 0, as R's survey 4.1 does.
 *
 * Sums of squares are taken around the mean in a second sweep, in short blocks whose sums are added in twice the precision. */
#include "survey/taylor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "numerics/double_double.h"
#include "survey/taylor_pps.h"

#define CERTAINTY 1e-7 /* a stratum of which less than this share was left out has no variance at this stage */
#define BLOCK 256

typedef enum stratum_kind {
    STRATUM_ABSENT,           /* no case */
    STRATUM_CERTAIN,          /* all units were taken: nothing varies at this stage */
    STRATUM_SINGLE,
    STRATUM_SINGLE_IN_DOMAIN, /* one unit with cases among several; told apart only when asked for */
    STRATUM_PLAIN
} stratum_kind;

/* One stage at work. */
typedef struct stage_view {
    size_t index, k;
    const est_i_stage *stage;
    const est_i_taylor_options *options;
    const double *const *z;       /* z[statistic][unit] */
    const bool *present;          /* [unit], or NULL */
    const double *reach;          /* [unit of the stage before]: product of the sampling fractions down to it; NULL = 1 */
} stage_view;

/* The strata first to end - 1, which lie in one unit of the stage before. */
typedef struct group {
    size_t first, end;
    double reach;
    size_t n_present, n_usable, n_single, n_single_in_domain, a_single;
    double n_units;
} group;

typedef struct sums {
    size_t k, n_telling; /* groups in which some variance is seen */
    est_i_dd *total, *raw, *within; /* k x k, lower half: of all, of the stage unscaled, of the group */
    double *centre, *mean;          /* k */
} sums;

static double units_of(const stage_view *v, size_t h)
{
    return (double)(v->stage->stratum_first[h + 1] - v->stage->stratum_first[h]);
}

static bool unequal(const stage_view *v)
{
    return v->options->pps != EST_I_PPS_NONE && v->stage->unit_probability;
}

static bool joint(const stage_view *v)
{
    return unequal(v) && v->options->pps != EST_I_PPS_BREWER;
}

static double fraction_drawn(const stage_view *v, size_t h)
{
    double population = v->stage->stratum_population[h];
    return isinf(population) ? 0 : units_of(v, h) / population;
}

static bool is_certain(const stage_view *v, size_t h)
{
    if (!unequal(v))
        return 1 - fraction_drawn(v, h) < CERTAINTY;
    bool certain = true;
    for (size_t u = v->stage->stratum_first[h]; u < v->stage->stratum_first[h + 1] && certain; u++)
        certain = 1 - v->stage->unit_probability[u] < CERTAINTY;
    return certain;
}

/* Units with cases, counted up to `enough`. */
static size_t present_units(const stage_view *v, size_t h, size_t enough)
{
    size_t first = v->stage->stratum_first[h], end = v->stage->stratum_first[h + 1], n = 0;
    if (!v->present)
        return end - first;
    for (size_t u = first; u < end && n < enough; u++)
        n += v->present[u];
    return n;
}

static stratum_kind kind_of(const stage_view *v, size_t h)
{
    /* The joint forms take no centre: there PSUs without cases, as zeros, are all that is done. */
    bool in_domain = v->options->lonely_domain && v->present && !joint(v);
    size_t n = present_units(v, h, in_domain ? 2 : 1);
    if (n == 0)
        return STRATUM_ABSENT;
    if (is_certain(v, h))
        return STRATUM_CERTAIN;
    if (v->stage->stratum_first[h + 1] - v->stage->stratum_first[h] == 1)
        return STRATUM_SINGLE;
    return in_domain && n == 1 ? STRATUM_SINGLE_IN_DOMAIN : STRATUM_PLAIN;
}

/* The group that starts with stratum `first`, counted. */
static group group_from(const stage_view *v, size_t first)
{
    const est_i_stage *stage = v->stage;
    group g = {.first = first, .end = stage->n_strata, .reach = 1};
    if (v->reach) {
        uint32_t parent = stage->unit_parent[stage->stratum_first[first]];
        g.reach = v->reach[parent];
        for (g.end = first + 1; g.end < stage->n_strata; g.end++)
            if (stage->unit_parent[stage->stratum_first[g.end]] != parent)
                break;
    }
    if (!(g.reach > 0))
        return g;
    for (size_t h = g.first; h < g.end; h++) {
        stratum_kind kind = kind_of(v, h);
        if (kind == STRATUM_ABSENT)
            continue;
        g.n_present++;
        g.n_units += units_of(v, h);
        g.n_usable += kind == STRATUM_CERTAIN || kind == STRATUM_PLAIN;
        g.n_single_in_domain += kind == STRATUM_SINGLE_IN_DOMAIN;
        if (kind == STRATUM_SINGLE && g.n_single++ == 0)
            g.a_single = h;
    }
    return g;
}

static est_i_dd block_sum(size_t n, const double *z)
{
    est_i_dd sum = {0, 0};
    for (size_t first = 0; first < n; first += BLOCK) {
        size_t end = n - first > BLOCK ? first + BLOCK : n, i = first;
        double part[4] = {0, 0, 0, 0};
        for (; i + 4 <= end; i += 4)
            for (size_t j = 0; j < 4; j++)
                part[j] += z[i + j];
        for (; i < end; i++)
            part[0] += z[i];
        sum = est_i_dd_add_double(sum, (part[0] + part[1]) + (part[2] + part[3]));
    }
    return sum;
}

static double block_products(size_t n, const double *za, double ca, const double *zb, double cb)
{
    est_i_dd sum = {0, 0};
    for (size_t first = 0; first < n; first += BLOCK) {
        size_t end = n - first > BLOCK ? first + BLOCK : n, i = first;
        double part[4] = {0, 0, 0, 0};
        for (; i + 4 <= end; i += 4)
            for (size_t j = 0; j < 4; j++)
                part[j] += (za[i + j] - ca) * (zb[i + j] - cb);
        for (; i < end; i++)
            part[0] += (za[i] - ca) * (zb[i] - cb);
        sum = est_i_dd_add_double(sum, (part[0] + part[1]) + (part[2] + part[3]));
    }
    return est_i_dd_value(sum);
}

static void means_of(const stage_view *v, size_t h, double *mean)
{
    size_t first = v->stage->stratum_first[h], n = v->stage->stratum_first[h + 1] - first;
    for (size_t a = 0; a < v->k; a++)
        mean[a] = est_i_dd_value(block_sum(n, v->z[a] + first)) / (double)n;
}

/* The terms of one stratum around `centre`, times `factor`. */
static void add_stratum(const stage_view *v, size_t h, const double *centre, double factor, est_i_dd *into)
{
    size_t first = v->stage->stratum_first[h], n = v->stage->stratum_first[h + 1] - first;
    double scale = (n > 1 ? (double)n / (double)(n - 1) : 1) * factor;
    const double *probability = unequal(v) ? v->stage->unit_probability + first : NULL;
    if (!probability)
        scale *= 1 - fraction_drawn(v, h);
    double square_sum = v->options->pps_square_sum && v->index == 0 ? v->options->pps_square_sum[h] : NAN;
    for (size_t a = 0; a < v->k; a++)
        for (size_t b = 0; b <= a; b++) {
            const double *za = v->z[a] + first, *zb = v->z[b] + first;
            double term;
            if (joint(v) && n > 1)
                term = factor * est_i_pps_joint(v->options, n, probability, square_sum, za, zb);
            else if (probability)
                term = scale * est_i_pps_brewer(n, probability, za, centre[a], zb, centre[b]);
            else
                term = scale * block_products(n, za, centre[a], zb, centre[b]);
            into[a * v->k + b] = est_i_dd_add_double(into[a * v->k + b], term);
        }
}

static void clear(size_t n, est_i_dd *sum)
{
    for (size_t i = 0; i < n; i++)
        sum[i] = (est_i_dd){0, 0};
}

/* The sum of statistic `a` over a group's strata that have cases. */
static est_i_dd sum_group(const stage_view *v, const group *g, size_t a)
{
    est_i_dd sum = {0, 0};
    for (size_t h = g->first; h < g->end; h++) {
        size_t first = v->stage->stratum_first[h], n = v->stage->stratum_first[h + 1] - first;
        if (kind_of(v, h) != STRATUM_ABSENT)
            sum = est_i_dd_add(sum, block_sum(n, v->z[a] + first));
    }
    return sum;
}

static bool is_recentred(const stage_view *v, stratum_kind kind)
{
    return v->options->lonely == EST_I_LONELY_ADJUST && (kind == STRATUM_SINGLE || kind == STRATUM_SINGLE_IN_DOMAIN);
}

static bool has_own_mean(const stage_view *v, stratum_kind kind)
{
    return kind == STRATUM_PLAIN || (kind == STRATUM_SINGLE_IN_DOMAIN && v->options->lonely != EST_I_LONELY_ADJUST &&
                                     v->options->lonely != EST_I_LONELY_AVERAGE);
}

static void add_recentred(const stage_view *v, const group *g, const double *centre, est_i_dd *into)
{
    for (size_t h = g->first; h < g->end; h++)
        if (is_recentred(v, kind_of(v, h)))
            add_stratum(v, h, centre, g->reach, into);
}

/* A unit of an earlier stage with one unit in it: nothing within it to centre at. */
static bool is_alone(const stage_view *v, const group *g)
{
    return v->index > 0 && g->n_units == 1;
}

static void add_group(const stage_view *v, const group *g, sums *s)
{
    size_t n_odd = g->n_single + g->n_single_in_domain;
    clear(s->k * s->k, s->within);
    for (size_t h = g->first; h < g->end; h++)
        if (has_own_mean(v, kind_of(v, h))) {
            means_of(v, h, s->mean);
            add_stratum(v, h, s->mean, g->reach, s->within);
            s->n_telling++;
        }
    if (v->options->lonely == EST_I_LONELY_ADJUST && n_odd > 0 && !is_alone(v, g)) {
        for (size_t a = 0; a < s->k; a++)
            s->centre[a] = est_i_dd_value(sum_group(v, g, a)) / g->n_units;
        add_recentred(v, g, s->centre, s->within);
        s->n_telling += g->n_units > 1;
    }
    bool scaled = v->options->lonely == EST_I_LONELY_AVERAGE && n_odd > 0 && g->n_usable > 0;
    double scale = scaled ? (double)g->n_present / (double)g->n_usable : 1;
    for (size_t i = 0; i < s->k * s->k; i++) {
        s->raw[i] = est_i_dd_add(s->raw[i], s->within[i]);
        s->total[i] = est_i_dd_add(s->total[i], est_i_dd_multiply(s->within[i], (est_i_dd){scale, 0}));
    }
}

/* `adjust` for units that are alone: around the mean of all units of the stage. */
static void recentre_alone(const stage_view *v, sums *s)
{
    double n = 0;
    for (size_t a = 0; a < s->k; a++) {
        est_i_dd sum = {0, 0};
        n = 0;
        for (size_t h = 0; h < v->stage->n_strata;) {
            group g = group_from(v, h);
            if (g.n_present > 0)
                sum = est_i_dd_add(sum, sum_group(v, &g, a));
            n += g.n_units;
            h = g.end;
        }
        s->centre[a] = est_i_dd_value(sum) / n;
    }
    for (size_t h = 0; h < v->stage->n_strata;) {
        group g = group_from(v, h);
        if (g.n_present > 0 && is_alone(v, &g)) {
            add_recentred(v, &g, s->centre, s->total);
            s->n_telling += n > 1;
        }
        h = g.end;
    }
}

/* `average` for strata without another one in their unit: the mean term of the stage; 0 / 0 if there is none. */
static void average_over_stage(double n_waiting, double n_usable, sums *s)
{
    double scale = n_usable > 0 ? n_waiting / n_usable : NAN;
    for (size_t i = 0; i < s->k * s->k; i++)
        s->total[i] = est_i_dd_add_double(s->total[i], scale * est_i_dd_value(s->raw[i]));
}

static est_status refuse_single(const est_i_design *design, const stage_view *v, const group *g, est_error *error)
{
    size_t h = g->a_single;
    char number[32];
    if (v->index == 0 && v->stage->n_strata == 1)
        return est_i_fail(error, EST_EDEFINITION, "found a single PSU in all, expected at least two, since one shows no variance; name the "
                          "units that were drawn first (psu), or none where single rows were drawn; with lonely: remove there are estimates "
                          "without standard errors");
    if (v->index == 0) {
        const char *name = design->stratum_name ? design->stratum_name[h] : NULL;
        char others[48] = "";
        snprintf(number, sizeof number, "%zu", h + 1);
        if (g->n_single > 1)
            snprintf(others, sizeof others, " (and %zu more)", g->n_single - 1);
        return est_i_fail(error, EST_EDEFINITION, "stratum '%s'%s: found a single PSU, expected at least two, since one shows no "
                          "variance; choose what to do with such strata (lonely: remove, certainty, adjust or average), or join "
                          "it to a stratum like it", name ? name : number, others);
    }
    uint32_t unit = v->stage->stratum_first[h];
    for (size_t s = v->index; s > 0; s--)
        unit = design->stage[s].unit_parent[unit];
    uint32_t top = design->stage[0].unit_stratum[unit];
    const char *name = design->stratum_name ? design->stratum_name[top] : NULL;
    snprintf(number, sizeof number, "%u", (unsigned)top + 1);
    return est_i_fail(error, EST_EDEFINITION, "stratum '%s': found a PSU with a stratum of a single unit at stage %zu, expected at "
                      "least two; choose what to do with such strata (lonely: remove, certainty, adjust or average), or give no "
                      "finite population correction, so that only the first stage counts", name ? name : number, v->index + 1);
}

static est_status add_stage(const est_i_design *design, const stage_view *v, sums *s, size_t *lonely, est_error *error)
{
    est_status status = EST_OK;
    size_t n_usable = 0, n_waiting = 0, n_alone = 0;
    clear(s->k * s->k, s->raw);
    for (size_t h = 0; h < v->stage->n_strata && status == EST_OK;) {
        group g = group_from(v, h);
        size_t n_odd = g.n_single + g.n_single_in_domain;
        h = g.end;
        if (g.n_present == 0)
            continue;
        *lonely += n_odd;
        n_usable += g.n_usable;
        n_waiting += g.n_usable == 0 ? n_odd : 0;
        n_alone += is_alone(v, &g) && n_odd > 0;
        if (g.n_single > 0 && v->options->lonely == EST_I_LONELY_FAIL)
            status = refuse_single(design, v, &g, error);
        else
            add_group(v, &g, s);
    }
    if (status == EST_OK && v->options->lonely == EST_I_LONELY_AVERAGE && n_waiting > 0)
        average_over_stage((double)n_waiting, (double)n_usable, s);
    if (status == EST_OK && v->options->lonely == EST_I_LONELY_ADJUST && n_alone > 0)
        recentre_alone(v, s);
    return status;
}

/* Sampling fractions down to the units of a stage; false where nothing below counts. */
static bool reach_of_units(const stage_view *v, double *reach)
{
    bool any = false;
    for (size_t u = 0; u < v->stage->n_units; u++) {
        size_t h = v->stage->unit_stratum[u];
        double before = v->reach ? v->reach[v->stage->unit_parent[u]] : 1;
        double fraction = unequal(v) ? v->stage->unit_probability[u] : fraction_drawn(v, h);
        reach[u] = before * fraction;
        any = any || reach[u] > 0;
    }
    return any;
}

/* What the leaves hold, summed by the units of each stage before the last. */
typedef struct tiers {
    const double **z[EST_I_STAGES_MAX];
    const bool *present[EST_I_STAGES_MAX];
    double *value[EST_I_STAGES_MAX];
    bool *flag[EST_I_STAGES_MAX];
    double *reach[EST_I_STAGES_MAX];
} tiers;

static void free_tiers(tiers *t)
{
    for (size_t s = 0; s < EST_I_STAGES_MAX; s++) {
        free(t->z[s]);
        free(t->value[s]);
        free(t->flag[s]);
        free(t->reach[s]);
    }
}

static bool sum_tier(const est_i_design *design, size_t s, size_t k, tiers *t)
{
    const est_i_stage *below = &design->stage[s + 1];
    size_t n = design->stage[s].n_units;
    t->z[s] = malloc((k ? k : 1) * sizeof *t->z[s]);
    t->value[s] = calloc(k * n + 1, sizeof *t->value[s]);
    t->reach[s] = malloc(n * sizeof *t->reach[s]);
    t->flag[s] = t->present[s + 1] ? calloc(n, sizeof *t->flag[s]) : NULL;
    if (!t->z[s] || !t->value[s] || !t->reach[s] || (t->present[s + 1] && !t->flag[s]))
        return false;
    for (size_t a = 0; a < k; a++) {
        double *into = t->value[s] + a * n;
        for (size_t u = 0; u < below->n_units; u++)
            into[below->unit_parent[u]] += t->z[s + 1][a][u];
        t->z[s][a] = into;
    }
    for (size_t u = 0; u < below->n_units && t->present[s + 1]; u++)
        if (t->present[s + 1][u])
            t->flag[s][below->unit_parent[u]] = true;
    t->present[s] = t->flag[s];
    return true;
}

static bool sum_tiers(const est_i_design *design, size_t k, const double *const *z, const bool *present, tiers *t)
{
    size_t last = design->n_stages - 1;
    t->z[last] = malloc((k ? k : 1) * sizeof *t->z[last]);
    if (!t->z[last])
        return false;
    for (size_t a = 0; a < k; a++)
        t->z[last][a] = z[a];
    t->present[last] = present;
    bool fine = true;
    for (size_t s = last; s > 0 && fine; s--)
        fine = sum_tier(design, s - 1, k, t);
    return fine;
}

static void write_out(const sums *s, bool is_known, double *covariance)
{
    for (size_t a = 0; a < s->k; a++)
        for (size_t b = 0; b <= a; b++)
            covariance[a * s->k + b] = covariance[b * s->k + a] = is_known ? est_i_dd_value(s->total[a * s->k + b]) : NAN;
}

est_status est_i_taylor_covariance(const est_i_design *design, const est_i_taylor_options *options, size_t k,
                                   const double *const *z, const bool *present, double *covariance, size_t *lonely_strata,
                                   est_error *error)
{
    est_status status = EST_OK;
    tiers t = {0};
    size_t lonely = 0, n_stages = options->ultimate_cluster ? 1 : design->n_stages;
    est_i_dd *room = calloc(3 * k * k + 1, sizeof *room);
    double *means = calloc(2 * k + 1, sizeof *means);
    if (!room || !means || !sum_tiers(design, k, z, present, &t)) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    sums s = {.k = k, .total = room, .raw = room + k * k, .within = room + 2 * k * k, .centre = means, .mean = means + k};
    for (size_t i = 0; i < n_stages && status == EST_OK; i++) {
        stage_view view = {i, k, &design->stage[i], options, t.z[i], t.present[i], i > 0 ? t.reach[i - 1] : NULL};
        status = add_stage(design, &view, &s, &lonely, error);
        if (i + 1 < n_stages && !reach_of_units(&view, t.reach[i]))
            break;
    }
    if (status == EST_OK) /* where single units are all there is, their 0 would be no estimate */
        write_out(&s, lonely == 0 || s.n_telling > 0, covariance);
cleanup:
    free_tiers(&t);
    free(room);
    free(means);
    if (lonely_strata)
        *lonely_strata = lonely;
    return status;
}

double est_i_design_df(const est_i_design *design, const bool *present)
{
    const est_i_stage *top = &design->stage[0];
    if (!present)
        return (double)top->n_units - (double)top->n_strata;
    size_t last = design->n_stages - 1, psus = 0, strata = 0;
    bool *psu_seen = calloc(top->n_units + 1, sizeof *psu_seen), *stratum_seen = calloc(top->n_strata + 1, sizeof *stratum_seen);
    for (size_t leaf = 0; leaf < design->stage[last].n_units && psu_seen && stratum_seen; leaf++) {
        if (!present[leaf])
            continue;
        uint32_t unit = (uint32_t)leaf;
        for (size_t s = last; s > 0; s--)
            unit = design->stage[s].unit_parent[unit];
        psus += !psu_seen[unit];
        strata += !stratum_seen[top->unit_stratum[unit]];
        psu_seen[unit] = stratum_seen[top->unit_stratum[unit]] = true;
    }
    double df = psu_seen && stratum_seen ? (double)psus - (double)strata : NAN;
    free(psu_seen);
    free(stratum_seen);
    return df;
}
