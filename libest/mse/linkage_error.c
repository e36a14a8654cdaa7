/* Errors of record linkage in a capture table.
 *
 * Two lists. n1 and n2 records, m links. With match sensitivity a (the probability that two records of one person are linked) and a
 * share b of the links wrong, m (1 - b) links are true, and they are the share a of the persons on both lists:
 *     persons on both lists  M = m (1 - b) / a,        N = n1 n2 / M = n1 n2 a / (m (1 - b)).
 * At b = 0 this is the correction of Ding and Fienberg (1994) Survey Methodology 20:149-158; a and 1 - b are the sensitivity and
 * the positive predictive value of Blakely and Salmond (2002) International Journal of Epidemiology 31:1246-1252. Ding and
 * Fienberg state false links as a rate c of the n1 - M records without a match: m = a M + c (n1 - M), so b = c (n1 - M) / m; Di
 * Consiglio and Tuoto (2015) Journal of Official Statistics 31:415-429 extend that to both sides. M is never above n1 or n2:
 * rates that would need that are impossible for these lists.
 *     Variance, a and b taken as known: persons are multinomial over the cells (list 1 only, list 2 only, both and linked, both and
 * missed, neither). With t true links, N as a function of the cells has by the delta method N^2 (1/t - 1/n1 - 1/n2 + 1/N); Poisson
 * false links with the mean t b / (1 - b) add N^2 b / m:
 *     Var N = N^2 (1/(m (1 - b)) + b/m - 1/n1 - 1/n2 + 1/N),
 * at b = 0 and a = 1 that of Sekar and Deming (1949) JASA 44:101-115. The interval is log-normal on the persons on
 * no list (Chao 1987): (n + u / C, n + u C), C = exp(z sqrt(log(1 + Var / u^2))), n = n1 + n2 - M, u = N - n.
 *
 * Any number of lists. Fragmentation: of a person's s records one, each with chance 1/s, is the anchor. Every other record j
 * joins the anchor i with probability a_ij, independently, else it stands alone as a person of its own. So for two records the
 * chance of a link is a_ij, as above, whatever the lists. Expected clusters of a person on the lists S:
 *     T(R | S) = 1/s sum over i in R of prod over j in R, j not i, of a_ij  prod over k in S, k not in R, of (1 - a_ik),  |R| > 1,
 *     T({k} | S) = 1/s (prod over j not k of (1 - a_kj) + sum over i not k of (1 - a_ik)).
 * Every record stays in one cluster: list totals do not change. With one a for all pairs T(a) T(b) = T(ab), for the anchor of
 * what is left is again any of its records with the same chance; so the inverse for 1/a undoes a, and errors can be put in step
 * by step.
 * A linkage that also joins records by way of a third one keeps more of long histories than this: then the correction is too
 * strong.
 *
 * Undoing. The observed table is y. If a share b of the links is wrong, the records that were linked wrongly are taken out and
 * stand alone: y' = T(1 - b) y. What is left is the true table x after missed matches: y' = T(a) x. T is triangular in the
 * subset order, so x comes by substitution from the largest histories down. Where a count comes out negative, no table has y' as
 * its expectation; then x maximises the Poisson likelihood of y' over the tables without negative counts, by the EM algorithm
 * (Shepp and Vardi 1982):
 *     x_S <- x_S (sum over R of T(R | S) y'_R / (T x)_R) / (sum over R of T(R | S)). */
#include "mse/linkage_error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "numerics/special.h"

#define EM_STEPS_MOST 5000
#define EM_TOLERANCE 1e-9 /* of the table's total, in any cell */

est_i_keep est_i_keep_all(double probability)
{
    est_i_keep keep;
    for (size_t i = 0; i < EST_I_LINKAGE_LISTS_MAX; i++)
        for (size_t j = 0; j < EST_I_LINKAGE_LISTS_MAX; j++)
            keep.keep[i][j] = probability;
    return keep;
}

/* Two lists */

est_i_two_lists est_i_linkage_two_lists(double n1, double n2, double links, double sensitivity, double wrong, double level)
{
    est_i_two_lists answer = {NAN, NAN, NAN, NAN, false};
    double both = links * (1 - wrong) / sensitivity;
    answer.possible = both > 0 && both <= fmin(n1, n2) * (1 + 1e-12);
    if (!answer.possible)
        return answer;
    double n = n1 + n2 - both, population = n1 * n2 / both, unseen = population - n;
    double relative = 1 / (links * (1 - wrong)) + wrong / links - 1 / n1 - 1 / n2 + 1 / population;
    double z = est_i_normal_quantile((1 + level) / 2);
    answer.population = population;
    answer.se = population * sqrt(fmax(relative, 0));
    if (unseen > 1e-6 * population) {
        double factor = exp(z * sqrt(log1p(answer.se * answer.se / (unseen * unseen))));
        answer.lower = n + unseen / factor;
        answer.upper = n + unseen * factor;
    } else {
        answer.lower = n;
        answer.upper = n + z * answer.se;
    }
    return answer;
}

/* Splitting on average */

static size_t count_entries(size_t n_lists)
{
    size_t entries = 1;
    for (size_t i = 0; i < n_lists; i++)
        entries *= 3;
    return entries;
}

void est_i_splitting_free(est_i_splitting *splitting)
{
    if (splitting) {
        free(splitting->first);
        free(splitting->part);
        free(splitting->expected);
        free(splitting);
    }
}

/* The chance that exactly the records of `part` stay with anchor i. */
static double chance_of_part(const est_i_keep *keep, size_t n_lists, size_t anchor, size_t part, size_t history)
{
    double chance = 1;
    for (size_t j = 0; j < n_lists; j++)
        if (j != anchor && (history >> j & 1))
            chance *= part >> j & 1 ? keep->keep[anchor][j] : 1 - keep->keep[anchor][j];
    return chance;
}

static double expected_part(const est_i_keep *keep, size_t n_lists, size_t part, size_t history)
{
    double sum = 0;
    bool single = (part & (part - 1)) == 0;
    size_t size = 0;
    for (size_t i = 0; i < n_lists; i++) {
        if (!(history >> i & 1))
            continue;
        size++;
        if (part >> i & 1)
            sum += chance_of_part(keep, n_lists, i, part, history);
        for (size_t k = 0; k < n_lists && single; k++)
            if (k != i && (part >> k & 1))
                sum += 1 - keep->keep[i][k];
    }
    return sum / (double)size;
}

est_i_splitting *est_i_splitting_new(size_t n_lists, const est_i_keep *keep)
{
    size_t n_cells = (size_t)1 << n_lists, entries = count_entries(n_lists), at = 0;
    est_i_splitting *splitting = calloc(1, sizeof *splitting);
    if (splitting) {
        *splitting = (est_i_splitting){.n_lists = n_lists, .n_cells = n_cells};
        splitting->first = calloc(n_cells + 1, sizeof *splitting->first);
        splitting->part = malloc(entries * sizeof *splitting->part);
        splitting->expected = malloc(entries * sizeof *splitting->expected);
    }
    if (!splitting || !splitting->first || !splitting->part || !splitting->expected) {
        est_i_splitting_free(splitting);
        return NULL;
    }
    for (size_t history = 1; history < n_cells; history++) {
        splitting->first[history] = at;
        /* Subsets in ascending order: (part - history) & history is the next one. */
        for (size_t part = (0 - history) & history; part; part = (part - history) & history) {
            splitting->part[at] = (uint32_t)part;
            splitting->expected[at++] = expected_part(keep, n_lists, part, history);
        }
    }
    splitting->first[n_cells] = at;
    return splitting;
}

void est_i_splitting_apply(const est_i_splitting *splitting, const double *from, double *to)
{
    memset(to, 0, splitting->n_cells * sizeof *to);
    for (size_t history = 1; history < splitting->n_cells; history++)
        for (size_t e = splitting->first[history]; e < splitting->first[history + 1]; e++)
            to[splitting->part[e]] += splitting->expected[e] * from[history];
}

/* Undoing */

static bool substitute(const est_i_splitting *splitting, const double *table, double *original, double *rest)
{
    bool positive = true;
    memcpy(rest, table, splitting->n_cells * sizeof *rest);
    for (size_t history = splitting->n_cells - 1; history > 0; history--) {
        size_t last = splitting->first[history + 1] - 1;
        double count = rest[history] / splitting->expected[last];
        if (fabs(count) < 1e-9)
            count = 0;
        positive = positive && count >= 0; /* NaN fails: a sensitivity of 0 */
        original[history] = count;
        for (size_t e = splitting->first[history]; e < last; e++)
            rest[splitting->part[e]] -= splitting->expected[e] * count;
    }
    original[0] = 0;
    return positive;
}

static double total_of(const double *table, size_t n_cells)
{
    double total = 0;
    for (size_t w = 1; w < n_cells; w++)
        total += table[w];
    return total;
}

/* One step; the largest change of a cell. */
static double em_step(const est_i_splitting *splitting, const double *table, double *original, double *fitted)
{
    double largest = 0;
    est_i_splitting_apply(splitting, original, fitted);
    for (size_t history = 1; history < splitting->n_cells; history++) {
        double sum = 0, clusters = 0;
        if (!(original[history] > 0))
            continue;
        for (size_t e = splitting->first[history]; e < splitting->first[history + 1]; e++) {
            size_t part = splitting->part[e];
            clusters += splitting->expected[e];
            if (fitted[part] > 0)
                sum += splitting->expected[e] * table[part] / fitted[part];
        }
        double next = original[history] * sum / clusters;
        largest = fmax(largest, fabs(next - original[history]));
        original[history] = next;
    }
    return largest;
}

/* Histories that nobody can have (a list at rest) are not given a start: EM keeps zeros. */
static void maximise(const est_i_splitting *splitting, const double *table, double *original, double *fitted)
{
    double total = total_of(table, splitting->n_cells), change = INFINITY;
    size_t lists = 0;
    for (size_t w = 1; w < splitting->n_cells; w++)
        lists |= table[w] > 0 ? w : 0;
    original[0] = 0;
    for (size_t w = 1; w < splitting->n_cells; w++)
        original[w] = w & ~lists ? 0 : fmax(table[w], 1e-3 * total / (double)splitting->n_cells);
    for (int step = 0; step < EM_STEPS_MOST && change > EM_TOLERANCE * total; step++)
        change = em_step(splitting, table, original, fitted);
    for (size_t w = 1; w < splitting->n_cells; w++)
        if (original[w] < 100 * EM_TOLERANCE * total)
            original[w] = 0;
}

bool est_i_splitting_undo(const est_i_splitting *splitting, const double *table, double *original, double *work)
{
    bool exact = substitute(splitting, table, original, work);
    if (!exact)
        maximise(splitting, table, original, work);
    return exact;
}

/* Splitting and joining at random */

/* Shares out `persons` of one history with one anchor over what stays with it. groups[part] for parts of the history. */
static void split_anchored(const est_i_keep *keep, size_t n_lists, size_t history, size_t anchor, double persons, est_i_rng *rng,
                           double *to)
{
    double groups[1 << EST_I_LINKAGE_LISTS_MAX];
    size_t done = (size_t)1 << anchor;
    groups[done] = persons;
    for (size_t j = 0; j < n_lists; j++) {
        size_t bit = (size_t)1 << j, others = done & ~((size_t)1 << anchor), part = others;
        if (j == anchor || !(history & bit))
            continue;
        for (bool more = true; more; part = (part - 1) & others) {
            size_t group = part | (size_t)1 << anchor;
            double stay = groups[group] > 0 ? est_i_rng_binomial(rng, keep->keep[anchor][j], groups[group]) : 0;
            groups[group | bit] = stay;
            to[bit] += groups[group] - stay;
            groups[group] -= stay;
            more = part != 0;
        }
        done |= bit;
    }
    size_t others = done & ~((size_t)1 << anchor), part = others;
    for (bool more = true; more; part = (part - 1) & others) {
        to[part | (size_t)1 << anchor] += groups[part | (size_t)1 << anchor];
        more = part != 0;
    }
}

void est_i_split_persons(const est_i_keep *keep, size_t n_lists, const double *from, est_i_rng *rng, double *to)
{
    size_t n_cells = (size_t)1 << n_lists;
    memset(to, 0, n_cells * sizeof *to);
    for (size_t history = 1; history < n_cells; history++) {
        double left = from[history];
        int size = __builtin_popcountl((unsigned long)history);
        for (size_t anchor = 0; anchor < n_lists && left > 0; anchor++) {
            if (!(history >> anchor & 1))
                continue;
            double here = size == 1 ? left : est_i_rng_binomial(rng, 1.0 / size, left);
            split_anchored(keep, n_lists, history, anchor, here, rng, to);
            left -= here;
            size--;
        }
    }
}

/* Cumulative weights of the links (history, record): the expected number of false links that look like each; returns their sum. */
static double weigh_links(const est_i_keep *keep, size_t n_lists, const double *counts, double *weights)
{
    size_t n_cells = (size_t)1 << n_lists;
    double sum = 0;
    weights[0] = 0;
    for (size_t history = 0; history < n_cells; history++)
        for (size_t k = 0; k < n_lists; k++) {
            double odds = 0;
            int size = __builtin_popcountl((unsigned long)history);
            for (size_t i = 0; i < n_lists && (history >> k & 1); i++)
                if (i != k && (history >> i & 1))
                    odds += 1 / keep->keep[i][k] - 1;
            if (size > 1)
                sum += counts[history] * odds / size; /* (size - 1) / size links a record, odds / (size - 1) false ones a link */
            weights[history * n_lists + k + 1] = sum;
        }
    return sum;
}

static size_t find_weight(const double *weights, size_t count, double at)
{
    size_t low = 0, high = count; /* weights[low] <= at < weights[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (weights[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void est_i_join_falsely(const est_i_keep *keep, size_t n_lists, double *counts, est_i_rng *rng, double *weights)
{
    size_t n_links = n_lists << n_lists;
    double mean = weigh_links(keep, n_lists, counts, weights);
    if (!(mean > 0))
        return;
    /* A Poisson number but for one in ten thousand of its variance. */
    double trials = 1e4 * ceil(mean), wanted = est_i_rng_binomial(rng, mean / trials, trials);
    for (double done = 0; done < wanted; done++) {
        size_t link = find_weight(weights, n_links, mean * est_i_rng_uniform(rng));
        size_t history = link / n_lists, single = (size_t)1 << link % n_lists, base = history & ~single;
        if (counts[base] >= 1 && counts[single] >= 1) {
            counts[base]--;
            counts[single]--;
            counts[history]++;
        }
    }
}
