/* The factors of one replicate, from the structure and the random streams alone. */
#include <math.h>
#include <string.h>

#include "survey/replicate_parts.h"

/* A factor for each unit of the first stage becomes one for each leaf. A unit's leaves never stand before the unit's own number. */
static void spread(const est_i_replicates *replicates, double *factor)
{
    const uint32_t *first = replicates->leaf_first[0];
    for (size_t u = first ? replicates->n_units[0] : 0; u > 0; u--) {
        double value = factor[u - 1];
        for (size_t leaf = first[u - 1]; leaf < first[u]; leaf++)
            factor[leaf] = value;
    }
}

static void fill(double *factor, size_t first, size_t end, double value)
{
    for (size_t i = first; i < end; i++)
        factor[i] = value;
}

static void delete_one(const est_i_resampled *stratum, size_t unit, double *factor)
{
    fill(factor, stratum->first, stratum->first + stratum->n, stratum->n / (stratum->n - 1.0));
    factor[unit] = 0;
}

/* The stratum that replicate r of a stratified jackknife belongs to. */
static const est_i_resampled *stratum_of(const est_i_replicates *replicates, size_t r)
{
    size_t low = 0, high = replicates->n_strata[0];
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (replicates->stratum[0][middle].number <= r)
            low = middle;
        else
            high = middle;
    }
    return &replicates->stratum[0][low];
}

static void half_samples(const est_i_replicates *replicates, size_t r, double *factor)
{
    for (size_t h = 0; h < replicates->n_strata[0]; h++) {
        const est_i_resampled *stratum = &replicates->stratum[0][h];
        if (!stratum->moves)
            continue;
        double shift = est_i_hadamard_sign(&replicates->hadamard, stratum->number, r) * replicates->half;
        factor[stratum->first] = 1 + shift;
        factor[stratum->first + 1] = 1 - shift;
    }
}

static void start_stream(const est_i_replicates *replicates, size_t r, size_t stage, size_t h, est_i_rng *rng)
{
    est_i_rng_start(rng, replicates->seed, EST_I_PURPOSE_REPLICATE, (uint32_t)r, replicates->stream[stage] + (uint32_t)h);
}

static void draw_with_replacement(const est_i_resampled *stratum, est_i_rng *rng, double *factor)
{
    uint32_t digit[EST_I_DICE_MAX];
    uint32_t left = stratum->drawn;
    while (left > 0) {
        uint32_t take = stratum->dice.per_word < left ? stratum->dice.per_word : left;
        est_i_dice_throw(&stratum->dice, rng, digit);
        for (uint32_t k = 0; k < take; k++)
            factor[digit[k]] += stratum->step;
        left -= take;
    }
}

/* Turns `count` different entries that are 0 into 1. At most half of them: one or two throws each. */
static void mark(const est_i_dice *dice, est_i_rng *rng, uint32_t count, double *factor, const uint32_t *place, size_t first)
{
    uint32_t digit[EST_I_DICE_MAX];
    while (count > 0) {
        est_i_dice_throw(dice, rng, digit);
        for (uint32_t k = 0; k < dice->per_word && count > 0; k++) {
            double *at = place ? &factor[place[first + digit[k]]] : &factor[first + digit[k]];
            count -= *at == 0;
            *at = 1;
        }
    }
}

/* Draws n of `copies` copies of each unit (and one more of those whose entry is 1) without replacement; entries become the numbers
 * drawn. While an entry waits it holds the number taken plus a half where it has one copy more. If more than half of all are to be
 * drawn, those left over are drawn instead: never more than n. */
static void draw_copies(const est_i_resampled *stratum, est_i_rng *rng, uint32_t copies, bool unequal, double total, double *factor)
{
    bool reverse = total < 2.0 * stratum->n;
    est_i_dice slots = est_i_dice_make(copies + unequal);
    uint32_t unit[EST_I_DICE_MAX], slot[EST_I_DICE_MAX];
    double left = reverse ? total - stratum->n : stratum->n;
    for (uint32_t u = 0; u < stratum->n; u++)
        factor[u] *= 0.5;
    while (left > 0) {
        est_i_dice_throw(&stratum->dice, rng, unit);
        est_i_dice_throw(&slots, rng, slot);
        for (uint32_t k = 0; k < stratum->dice.per_word && k < slots.per_word && left > 0; k++) {
            double *at = &factor[unit[k]], taken = floor(*at), held = copies + (*at > taken);
            bool free_copy = slot[k] < held - taken;
            *at += free_copy;
            left -= free_copy;
        }
    }
    for (uint32_t u = 0; u < stratum->n; u++) {
        double taken = floor(factor[u]), held = copies + (factor[u] > taken);
        factor[u] = reverse ? held - taken : taken;
    }
}

/* The sample is copied up to the size of the population, whole copies first and then a random part of it (Booth, Butler and Hall
 * 1994); a population that is no whole number is rounded up or down at random. */
static void draw_from_population(const est_i_resampled *stratum, est_i_rng *rng, double *factor)
{
    double n = stratum->n, total = floor(stratum->population);
    if (est_i_rng_uniform(rng) < stratum->population - total)
        total += 1;
    uint32_t copies = (uint32_t)floor(total / n), more = (uint32_t)(total - copies * n);
    bool most = more > stratum->n / 2;
    fill(factor, 0, stratum->n, 0);
    mark(&stratum->dice, rng, most ? stratum->n - more : more, factor, NULL, 0);
    for (uint32_t u = 0; most && u < stratum->n; u++)
        factor[u] = 1 - factor[u];
    draw_copies(stratum, rng, copies, more > 0, total, factor);
}

static void bootstrap(const est_i_replicates *replicates, size_t r, double *factor)
{
    est_i_rng rng;
    for (size_t h = 0; h < replicates->n_strata[0]; h++) {
        const est_i_resampled *stratum = &replicates->stratum[0][h];
        double *of_stratum = factor + stratum->first;
        fill(of_stratum, 0, stratum->n, stratum->moves ? stratum->base : 1);
        if (!stratum->moves)
            continue;
        start_stream(replicates, r, 0, h, &rng);
        if (isfinite(stratum->population))
            draw_from_population(stratum, &rng, of_stratum);
        else
            draw_with_replacement(stratum, &rng, of_stratum);
    }
}

/* Preston (Survey Methodology 35, 2009), as a recursion: a unit that comes with factor a and root b gives its parts
 * a + b (base + step * drawn) and b sqrt(n / m) drawn. */
static void preston(const est_i_replicates *replicates, size_t r, size_t stage, size_t h, double a, double b, double *factor)
{
    const est_i_resampled *stratum = &replicates->stratum[stage][h];
    bool last = stage + 1 == replicates->n_stages;
    size_t end = (size_t)stratum->first + stratum->n;
    for (size_t u = stratum->first; u < end; u++)
        factor[est_i_leaf_of(replicates, stage, u)] = stratum->moves ? 0 : 1;
    if (stratum->moves) {
        est_i_rng rng;
        start_stream(replicates, r, stage, h, &rng);
        mark(&stratum->dice, &rng, stratum->drawn, factor, replicates->leaf_first[stage], stratum->first);
    }
    for (size_t u = stratum->first; u < end; u++) {
        size_t leaf = est_i_leaf_of(replicates, stage, u);
        double drawn = factor[leaf], here = a, below = b;
        if (stratum->moves) {
            here += b * (stratum->base + stratum->step * drawn);
            below *= stratum->root * drawn;
        }
        if (last || below == 0)
            fill(factor, leaf, est_i_leaf_of(replicates, stage, u + 1), here);
        else
            for (size_t g = replicates->child_first[stage][u]; g < replicates->child_first[stage][u + 1]; g++)
                preston(replicates, r, stage + 1, g, here, below, factor);
    }
}

void est_i_row_walk_start(est_i_row_walk *walk, const est_i_hadamard *matrix)
{
    *walk = (est_i_row_walk){.rows = matrix->order - 1, .step = 1, .loop = matrix->order - 1};
}

static size_t next_row(est_i_row_walk *walk)
{
    if (walk->place == walk->rows) {
        walk->place = 0;
        walk->step = walk->step < (walk->rows - 1) / 2 ? walk->step + 1 : 1;
        size_t a = walk->rows, b = walk->step;
        while (b > 0) {
            size_t rest = a % b;
            a = b;
            b = rest;
        }
        walk->loop = walk->rows / a;
    }
    size_t row = 1 + (walk->place / walk->loop + walk->place % walk->loop * walk->step) % walk->rows;
    walk->place++;
    return row;
}

void est_i_row_walk_stratum(est_i_row_walk *walk, const est_i_resampled *stratum, est_i_row_pair *visit, void *user)
{
    size_t first = next_row(walk), row = first;
    for (uint32_t i = 0; i < stratum->n; i++) {
        size_t next = i + 1 < stratum->n ? next_row(walk) : first;
        while (i + 2 == stratum->n && (next == first || next == row))
            next = next_row(walk);
        visit(user, stratum->first + i, row, next);
        row = next;
    }
}

typedef struct difference {
    const est_i_hadamard *matrix;
    size_t r;
    double *factor;
} difference;

static void set_difference(void *user, size_t unit, size_t row, size_t next)
{
    difference *d = user;
    int sign = est_i_hadamard_sign(d->matrix, row, d->r) - est_i_hadamard_sign(d->matrix, next, d->r);
    d->factor[unit] = 1 + 0.35355339059327376220 * sign;
}

static void successive_differences(const est_i_replicates *replicates, size_t r, double *factor)
{
    difference user = {&replicates->hadamard, r, factor};
    est_i_row_walk walk;
    est_i_row_walk_start(&walk, &replicates->hadamard);
    for (size_t h = 0; h < replicates->n_strata[0]; h++)
        if (replicates->stratum[0][h].moves)
            est_i_row_walk_stratum(&walk, &replicates->stratum[0][h], set_difference, &user);
}

void est_i_replicates_factors(const est_i_replicates *replicates, size_t r, double *factor)
{
    const est_i_resampled *stratum = replicates->stratum[0];
    if (replicates->kind == EST_I_REPLICATE_PRESTON) {
        for (size_t h = 0; h < replicates->n_strata[0]; h++)
            preston(replicates, r, 0, h, 1, 1, factor);
        return;
    }
    if (replicates->kind != EST_I_REPLICATE_RAO_WU && replicates->kind != EST_I_REPLICATE_CANTY_DAVISON)
        fill(factor, 0, replicates->n_units[0], 1);
    switch (replicates->kind) {
    case EST_I_REPLICATE_JK1: {
        est_i_resampled all = {.n = (uint32_t)replicates->n_units[0]};
        delete_one(&all, r, factor);
        break;
    }
    case EST_I_REPLICATE_JKN:
        stratum = stratum_of(replicates, r);
        delete_one(stratum, stratum->first + (r - stratum->number), factor);
        break;
    case EST_I_REPLICATE_BRR:
    case EST_I_REPLICATE_FAY:
        half_samples(replicates, r, factor);
        break;
    case EST_I_REPLICATE_RAO_WU:
    case EST_I_REPLICATE_CANTY_DAVISON:
        bootstrap(replicates, r, factor);
        break;
    case EST_I_REPLICATE_SDR:
        successive_differences(replicates, r, factor);
        break;
    case EST_I_REPLICATE_PRESTON:
    case EST_I_REPLICATE_SUPPLIED:
        break;
    }
    spread(replicates, factor);
}

double est_i_replicates_rscale(const est_i_replicates *replicates, size_t r)
{
    if (replicates->rscales)
        return replicates->rscales[r];
    return replicates->kind == EST_I_REPLICATE_JKN ? stratum_of(replicates, r)->rscale : 1;
}
