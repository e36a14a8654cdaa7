#include "mse/coverage.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/chao.h"
#include "numerics/parallel.h"
#include "numerics/rng.h"

est_status est_i_histories_make(const est_i_captures *captures, est_i_histories *histories, est_error *error)
{
    size_t used = 0;
    for (size_t w = 1; w < captures->n_cells; w++)
        used += captures->counts[0][w] > 0;
    *histories = (est_i_histories){.n_lists = captures->n_lists,
                                   .lists = calloc(used + 1, sizeof *histories->lists),
                                   .persons = calloc(used + 1, sizeof *histories->persons)};
    if (!histories->lists || !histories->persons) {
        est_i_histories_free(histories);
        return est_i_no_memory(error);
    }
    for (size_t w = 1; w < captures->n_cells; w++)
        if (captures->counts[0][w] > 0) {
            histories->lists[histories->count] = (uint32_t)w;
            histories->persons[histories->count++] = captures->counts[0][w];
        }
    return EST_OK;
}

void est_i_histories_free(est_i_histories *histories)
{
    free(histories->lists);
    free(histories->persons);
    *histories = (est_i_histories){0};
}

/* ---- the estimators ---- */

typedef struct exclusive {
    double single[EST_I_LISTS_MAX];                  /* S_j */
    double pair[EST_I_LISTS_MAX][EST_I_LISTS_MAX];   /* z_ij, i < j */
} exclusive;

static void add_history(uint32_t lists, double persons, est_i_coverage *c, exclusive *only)
{
    size_t on[EST_I_LISTS_MAX], count = 0;
    for (size_t j = 0; lists >> j; j++)
        if (lists >> j & 1)
            on[count++] = j;
    c->seen += persons;
    for (size_t i = 0; i < count; i++) {
        c->on_list[on[i]] += persons;
        for (size_t j = i + 1; j < count; j++)
            c->on_both[on[i]][on[j]] += persons;
    }
    if (count == 1)
        only->single[on[0]] += persons;
    else if (count == 2)
        only->pair[on[0]][on[1]] += persons;
}

static void set_all(est_i_coverage *c, est_i_coverage_fault fault)
{
    for (size_t k = 0; k < EST_I_COVERAGE_KINDS; k++) {
        c->population[k] = NAN;
        c->fault[k] = fault;
    }
}

static void set(est_i_coverage *c, est_i_coverage_kind kind, double population)
{
    bool below = population < c->seen * (1 - 1e-12);
    c->population[kind] = below ? NAN : fmax(population, c->seen);
    c->fault[kind] = below ? EST_I_COVERAGE_BELOW_SEEN : EST_I_COVERAGE_SOUND;
}

double est_i_coverage_covariation(const est_i_coverage *coverage, size_t i, size_t j, double population)
{
    size_t low = i < j ? i : j, high = i < j ? j : i;
    return population * coverage->on_both[low][high] / (coverage->on_list[low] * coverage->on_list[high]) - 1;
}

/* Sums over pairs of A_ij and of A_ij B_ij / (n_i n_j): that of A_ij r_ij(N) is N times the second less the first. */
static void sum_pairs(const est_i_coverage *c, const exclusive *only, size_t n_lists, double *plain, double *shared)
{
    *plain = *shared = 0;
    for (size_t i = 0; i < n_lists; i++)
        for (size_t j = i + 1; j < n_lists; j++) {
            double a = only->single[i] + only->single[j] + 2 * only->pair[i][j];
            *plain += a;
            *shared += a * c->on_both[i][j] / (c->on_list[i] * c->on_list[j]);
        }
}

static void find_populations(est_i_coverage *c, const exclusive *only, size_t n_lists)
{
    double plain, shared, t = (double)n_lists, start = c->without_one / c->coverage, scale = t * c->coverage;
    sum_pairs(c, only, n_lists, &plain, &shared);
    double next = start + (start * shared - plain) / scale;
    set(c, EST_I_COVERAGE_INDEPENDENT, start);
    set(c, EST_I_COVERAGE_LOW, start + (next * shared - plain) / scale);
    if (scale - shared > scale * 1e-12)
        set(c, EST_I_COVERAGE_HIGH, (t * c->without_one - plain) / (scale - shared));
    else {
        c->population[EST_I_COVERAGE_HIGH] = NAN;
        c->fault[EST_I_COVERAGE_HIGH] = EST_I_COVERAGE_UNBOUNDED;
    }
}

void est_i_coverage_estimate(const est_i_histories *histories, const double *persons, est_i_coverage *coverage)
{
    exclusive only;
    size_t n_lists = histories->n_lists;
    double single = 0, share = 0;
    memset(coverage, 0, sizeof *coverage);
    memset(&only, 0, sizeof only);
    for (size_t w = 0; w < histories->count; w++)
        if (persons[w] > 0)
            add_history(histories->lists[w], persons[w], coverage, &only);
    for (size_t j = 0; j < n_lists; j++) {
        single += only.single[j];
        share += only.single[j] / coverage->on_list[j]; /* an empty list: 0 / 0 = NaN */
    }
    coverage->without_one = coverage->seen - single / (double)n_lists;
    coverage->coverage = 1 - share / (double)n_lists;
    if (isnan(coverage->coverage))
        set_all(coverage, EST_I_COVERAGE_EMPTY_LIST);
    else if (single < coverage->seen)
        find_populations(coverage, &only, n_lists);
    else {
        coverage->coverage = 0;
        set_all(coverage, EST_I_COVERAGE_NO_OVERLAP);
    }
}

/* ---- the bootstrap ---- */

typedef struct worker_space {
    double *drawn;
} worker_space;

typedef struct run {
    const est_i_histories *histories;
    const est_i_coverage *coverage;
    uint64_t seed;
    size_t n_replicates;
    double *shares[EST_I_COVERAGE_KINDS];   /* persons of each history, then the unseen */
    double *estimate[EST_I_COVERAGE_KINDS]; /* [replicate]; +Inf = none */
    worker_space *workers;
} run;

static est_status run_replicate(void *user, size_t replicate, int worker)
{
    run *r = user;
    double *drawn = r->workers[worker].drawn;
    for (size_t k = 0; k < EST_I_COVERAGE_KINDS; k++) {
        est_i_coverage sample;
        est_i_rng rng;
        if (isnan(r->coverage->population[k]))
            continue;
        est_i_rng_start(&rng, r->seed, EST_I_PURPOSE_SAMPLE_COVERAGE, (uint32_t)replicate, (uint32_t)k);
        est_i_rng_multinomial(&rng, round(r->coverage->population[k]), r->histories->count + 1, r->shares[k], drawn);
        est_i_coverage_estimate(r->histories, drawn, &sample);
        r->estimate[k][replicate] = isnan(sample.population[k]) ? INFINITY : sample.population[k];
    }
    return EST_OK;
}

/* Two passes over the replicates that have an estimate, in their order. */
static double deviation(const double *estimate, size_t n, size_t finite)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += isinf(estimate[i]) ? 0 : estimate[i];
    for (size_t i = 0; i < n; i++) {
        double off = isinf(estimate[i]) ? 0 : estimate[i] - sum / (double)finite;
        squares += off * off;
    }
    return sqrt(squares / ((double)finite - 1));
}

static est_i_coverage_interval interval_of(const run *r, est_i_coverage_kind kind, double level)
{
    est_i_coverage_interval interval = {NAN, NAN, NAN, NAN};
    size_t finite = 0;
    if (isnan(r->coverage->population[kind]))
        return interval;
    for (size_t i = 0; i < r->n_replicates; i++)
        finite += isinf(r->estimate[kind][i]) ? 0 : 1;
    interval.without = 1 - (double)finite / (double)r->n_replicates;
    if ((double)(r->n_replicates - finite) > (1 - level) / 2 * (double)r->n_replicates || finite < 2) {
        interval.lower = r->coverage->seen;
        interval.upper = INFINITY;
    } else {
        interval.se = deviation(r->estimate[kind], r->n_replicates, finite);
        est_i_log_normal_limits(r->coverage->seen, r->coverage->population[kind], interval.se, level, &interval.lower,
                                &interval.upper);
    }
    return interval;
}

static bool start(run *r, size_t n_workers)
{
    size_t n = r->histories->count;
    bool whole = (r->workers = calloc(n_workers, sizeof *r->workers)) != NULL;
    for (size_t i = 0; whole && i < n_workers; i++)
        whole = (r->workers[i].drawn = calloc(n + 1, sizeof *r->workers[i].drawn)) != NULL;
    for (size_t k = 0; whole && k < EST_I_COVERAGE_KINDS; k++) {
        r->shares[k] = calloc(n + 1, sizeof *r->shares[k]);
        r->estimate[k] = calloc(r->n_replicates, sizeof *r->estimate[k]);
        whole = r->shares[k] && r->estimate[k];
        if (whole) {
            memcpy(r->shares[k], r->histories->persons, n * sizeof *r->shares[k]);
            r->shares[k][n] = r->coverage->population[k] - r->coverage->seen;
        }
    }
    return whole;
}

static void end(run *r, size_t n_workers)
{
    for (size_t i = 0; r->workers && i < n_workers; i++)
        free(r->workers[i].drawn);
    free(r->workers);
    for (size_t k = 0; k < EST_I_COVERAGE_KINDS; k++) {
        free(r->shares[k]);
        free(r->estimate[k]);
    }
}

est_status est_i_coverage_bootstrap(const est_i_histories *histories, const est_i_coverage *coverage, size_t n_replicates,
                                    double level, est_i_monitor *monitor,
                                    est_i_coverage_interval interval[EST_I_COVERAGE_KINDS], est_error *error)
{
    int threads = monitor->context.threads > 1 ? monitor->context.threads : 1;
    run r = {.histories = histories, .coverage = coverage, .seed = monitor->context.seed, .n_replicates = n_replicates};
    est_status status = start(&r, (size_t)threads) ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK)
        status = est_i_parallel_for(n_replicates, threads, run_replicate, &r, monitor);
    for (est_i_coverage_kind k = 0; status == EST_OK && k < EST_I_COVERAGE_KINDS; k++)
        interval[k] = interval_of(&r, k, level);
    end(&r, (size_t)threads);
    return status == EST_ECANCELLED ? est_i_cancelled(error) : status;
}
