/* The stepwise procedure and the local search, against naive ones: a dense design matrix, Newton steps by Gaussian elimination,
 * existence by a plain simplex method, p values by sums. */
#include "mse_support.h"

#include "mse/downhill.h"
#include "mse/stepwise.h"

#define MOST 80 /* cells, or parameters */

/* ---- the naive side ---- */

typedef struct dense {
    const est_i_fit_data *data;
    est_i_set set;             /* dependence */
    size_t n_cells, n_columns; /* kept cells, live columns */
    size_t cell[MOST];         /* place in the data */
    double x[MOST][MOST], y[MOST], mu[MOST], beta[MOST];
    double loglik;
} dense;

static bool is_live(const est_i_fit_data *data, uint32_t term, size_t first, size_t last)
{
    double margin = 0;
    for (size_t i = first * data->n_cells; i < last * data->n_cells; i++)
        if ((i % data->n_cells & term) == term)
            margin += data->counts[i];
    return margin > 0;
}

/* A column of an own term belongs to one block, of a shared one to all: blocks first to last - 1. */
static void add_column(dense *d, bool *kept, uint32_t term, size_t first, size_t last)
{
    size_t n = d->data->n_cells;
    bool live = is_live(d->data, term, first, last);
    for (size_t i = first * n; i < last * n && !live; i++)
        kept[i] = kept[i] && (i % n & term) != term;
    if (live) {
        for (size_t i = first * n; i < last * n; i++)
            d->x[i][d->n_columns] = (i % n & term) == term;
        d->n_columns++;
    }
}

/* Every live column on every kept cell. */
static void make_dense(const est_i_fit_data *data, est_i_set set, dense *d)
{
    size_t all = data->n_blocks * data->n_cells;
    bool kept[MOST];
    memset(d, 0, sizeof *d);
    d->data = data;
    d->set = set;
    for (size_t i = 0; i < all; i++)
        kept[i] = i % data->n_cells != 0;
    for (size_t k = 0; k < data->n_blocks; k++) {
        add_column(d, kept, 0, k, k + 1);
        for (size_t j = 0; j < data->n_lists; j++)
            add_column(d, kept, (uint32_t)1 << j, k, k + 1);
    }
    for (uint32_t term = 0; term < data->n_cells; term++)
        if (set >> term & 1)
            add_column(d, kept, term, 0, data->n_blocks);
    for (size_t i = 0; i < all; i++)
        if (kept[i]) {
            memmove(d->x[d->n_cells], d->x[i], sizeof d->x[i]);
            d->y[d->n_cells] = data->counts[i];
            d->cell[d->n_cells++] = i;
        }
}

/* Gaussian elimination with row pivots on the columns but the last `rest`; returns the rank. */
static size_t eliminate(double (*a)[MOST + 1], size_t n_rows, size_t n_columns, size_t rest)
{
    size_t rank = 0;
    for (size_t column = 0; column + rest < n_columns && rank < n_rows; column++) {
        size_t pivot = rank;
        for (size_t i = rank; i < n_rows; i++)
            if (fabs(a[i][column]) > fabs(a[pivot][column]))
                pivot = i;
        if (fabs(a[pivot][column]) < 1e-9)
            continue;
        for (size_t j = 0; j < n_columns; j++) {
            double held = a[pivot][j];
            a[pivot][j] = a[rank][j];
            a[rank][j] = held;
        }
        for (size_t i = 0; i < n_rows; i++) {
            double factor = i == rank ? 0 : a[i][column] / a[rank][column];
            for (size_t j = column; j < n_columns && factor != 0; j++)
                a[i][j] -= factor * a[rank][j];
        }
        rank++;
    }
    return rank;
}

static size_t rank_of(const dense *d, bool positive_only)
{
    static double a[MOST][MOST + 1];
    size_t rows = 0;
    for (size_t i = 0; i < d->n_cells; i++)
        if (!positive_only || d->y[i] > 0)
            memcpy(a[rows++], d->x[i], sizeof d->x[i]);
    return eliminate(a, rows, d->n_columns, 0);
}

/* Simplex tableau with Bland's rule: max gain.u, rows u <= right with right >= 0, u >= 0; returns the maximum. Slacks are
 * the last columns but one. */
#define WIDE 260
static double maximise(double (*table)[WIDE], double *gain, size_t n_rows, size_t n_columns, size_t *basis)
{
    for (;;) {
        size_t enter = 0, leave = n_rows;
        while (enter < n_columns && gain[enter] < 1e-9)
            enter++;
        if (enter == n_columns)
            return -gain[n_columns];
        for (size_t i = 0; i < n_rows; i++) {
            if (table[i][enter] < 1e-9)
                continue;
            double ratio = table[i][n_columns] / table[i][enter];
            double least = leave < n_rows ? table[leave][n_columns] / table[leave][enter] : INFINITY;
            if (ratio < least - 1e-12 || (ratio < least + 1e-12 && leave < n_rows && basis[i] < basis[leave]))
                leave = i;
        }
        assert_true(leave < n_rows);
        double scale = table[leave][enter];
        for (size_t j = 0; j <= n_columns; j++)
            table[leave][j] /= scale;
        for (size_t i = 0; i <= n_rows; i++) {
            double *row = i < n_rows ? table[i] : gain, factor = row[enter];
            for (size_t j = 0; j <= n_columns && i != leave && factor != 0; j++)
                row[j] -= factor * table[leave][j];
        }
        basis[leave] = enter;
    }
}

/* Is there a z with xz = 0 on the positive cells, xz <= 0 on the others and < 0 somewhere? Then the likelihood has no maximum
 * (Fienberg and Rinaldo 2012). z = u - v; on the other cells -1 <= xz. */
static bool runs_away(const dense *d)
{
    static double table[2 * MOST][WIDE], gain[WIDE];
    size_t basis[2 * MOST], q = d->n_columns, rows = 2 * d->n_cells, columns = 2 * q + rows;
    assert_true(columns < WIDE);
    memset(table, 0, sizeof table);
    memset(gain, 0, sizeof gain);
    for (size_t i = 0; i < d->n_cells; i++)
        for (size_t j = 0; j < q; j++) {
            double x = d->x[i][j];
            table[2 * i][j] = table[2 * i + 1][q + j] = x;
            table[2 * i][q + j] = table[2 * i + 1][j] = -x;
            gain[j] -= d->y[i] > 0 ? 0 : x;
            gain[q + j] += d->y[i] > 0 ? 0 : x;
        }
    for (size_t i = 0; i < rows; i++) {
        table[i][2 * q + i] = 1;
        basis[i] = 2 * q + i;
        table[i][columns] = i % 2 == 1 && !(d->y[i / 2] > 0) ? 1 : 0;
    }
    return maximise(table, gain, rows, columns, basis) > 1e-6;
}

static bool has_estimate(const dense *d)
{
    bool full = d->n_columns > 0 && rank_of(d, false) == d->n_columns;
    return full && (rank_of(d, true) == d->n_columns || !runs_away(d));
}

static double likelihood(dense *d, const double *beta)
{
    double sum = 0;
    for (size_t i = 0; i < d->n_cells; i++) {
        double eta = 0;
        for (size_t j = 0; j < d->n_columns; j++)
            eta += d->x[i][j] * beta[j];
        d->mu[i] = exp(eta);
        sum += d->y[i] * eta - d->mu[i] - lgamma(d->y[i] + 1);
    }
    return sum;
}

/* Newton's method with halved steps, from the least squares fit of log(y + 0.5). */
static void fit_dense(dense *d)
{
    static double a[MOST][MOST + 1];
    double beta[MOST] = {0};
    d->loglik = -INFINITY;
    for (size_t i = 0; i < d->n_cells; i++)
        d->mu[i] = d->y[i] + 0.5;
    for (int round = 0; round < 200; round++) {
        memset(a, 0, sizeof a);
        for (size_t i = 0; i < d->n_cells; i++)
            for (size_t j = 0; j < d->n_columns; j++) {
                double right = round ? d->y[i] - d->mu[i] : d->mu[i] * log(d->mu[i]);
                for (size_t k = 0; k < d->n_columns; k++)
                    a[j][k] += d->x[i][j] * d->mu[i] * d->x[i][k];
                a[j][d->n_columns] += d->x[i][j] * right;
            }
        eliminate(a, d->n_columns, d->n_columns + 1, 1);
        double step = 1, moved = 0;
        memcpy(d->beta, beta, sizeof beta);
        do {
            for (size_t j = 0; j < d->n_columns; j++)
                beta[j] = d->beta[j] + step * a[j][d->n_columns] / a[j][j];
            step /= 2;
        } while (!(likelihood(d, beta) >= d->loglik - 1e-9) && step > 1e-12);
        d->loglik = likelihood(d, beta);
        for (size_t j = 0; j < d->n_columns; j++)
            moved = fmax(moved, fabs(beta[j] - d->beta[j]));
        if (round && moved < 1e-10)
            break;
    }
}

/* log of P(X <= count) or P(X >= count), term by term. */
static double log_tail(double count, double step, double mean)
{
    double largest = -INFINITY, sum = 0;
    for (double k = count; k >= 0 && (k <= mean + 60 + 12 * sqrt(mean) || k < count + 2000); k += step) {
        double part = mean > 0 ? k * log(mean) - mean - lgamma(k + 1) : k > 0 ? -INFINITY : 0;
        double most = fmax(part, largest);
        sum = sum * exp(largest - most) + (isinf(part) ? 0 : exp(part - most));
        largest = most;
        if (k < mean - 60 - 12 * sqrt(mean) && step < 0 && k < count - 2000)
            break;
    }
    return largest + log(sum);
}

static double log_p_of(const dense *d, uint32_t term)
{
    double count = 0, mean = 0;
    for (size_t i = 0; i < d->data->n_blocks * d->data->n_cells; i++)
        if ((i % d->data->n_cells & term) == term)
            count += d->data->counts[i];
    for (size_t i = 0; i < d->n_cells; i++)
        if ((d->cell[i] % d->data->n_cells & term) == term)
            mean += d->mu[i];
    return fmin(log_tail(count, -1, mean), log_tail(count, 1, mean));
}

/* List numbers as digits: "12" before "123" before "13". */
static bool is_lexicographically_lower(uint32_t a, uint32_t b)
{
    char left[8] = "", right[8] = "";
    for (int j = 0; j < 6; j++) {
        size_t at_left = strlen(left), at_right = strlen(right);
        if (a >> j & 1)
            left[at_left] = (char)('1' + j);
        if (b >> j & 1)
            right[at_right] = (char)('1' + j);
    }
    return strcmp(left, right) < 0;
}

typedef struct events {
    size_t stops, refused, ties, triples, dead, none;
} events;

static bool may_enter(est_i_set set, uint32_t term, unsigned max_order)
{
    unsigned size = (unsigned)__builtin_popcount(term);
    est_i_set parts = est_i_set_below(term) & ~((est_i_set)1 << term);
    return size >= 2 && size <= max_order && !(set >> term & 1) && !(parts & ~set);
}

/* Every candidate is judged in every round, as the definition says. Returns false at the end. */
static bool naive_round(const est_i_fit_data *data, double threshold, unsigned max_order, est_i_set *set, events *e)
{
    static dense current, with;
    uint32_t best = 0;
    double least = 0;
    make_dense(data, *set, &current);
    fit_dense(&current);
    for (uint32_t term = 1; term < data->n_cells; term++) {
        if (!may_enter(*set, term, max_order))
            continue;
        double log_p = log_p_of(&current, term);
        make_dense(data, *set | (est_i_set)1 << term, &with);
        if (!has_estimate(&with)) {
            e->refused += log_p < log(threshold);
            log_p = 0;
        }
        bool ties = best && fabs(log_p - least) < 1e-8 * (1 + fabs(least));
        e->ties += ties && log_p < log(threshold);
        if (!best || (ties ? is_lexicographically_lower(term, best) : log_p < least)) {
            best = term;
            least = log_p;
        }
    }
    bool enters = best && least < log(threshold);
    if (enters) {
        *set |= (est_i_set)1 << best;
        e->triples += __builtin_popcount(best) == 3;
        e->dead += !is_live(data, best, 0, data->n_blocks);
    }
    return enters;
}

static bool naive_stepwise(const est_i_fit_data *data, double threshold, unsigned max_order, est_i_set *set, events *e)
{
    static dense d;
    *set = 0;
    make_dense(data, 0, &d);
    if (!has_estimate(&d)) {
        e->none++;
        return false;
    }
    make_dense(data, est_i_set_all(data->n_lists, max_order), &d);
    if (threshold >= 1 && has_estimate(&d))
        *set = est_i_set_all(data->n_lists, max_order);
    else
        while (naive_round(data, threshold, max_order, set, e))
            e->stops++;
    return true;
}

/* Criterion of a model; +Inf without an estimate. */
typedef double (*judge_function)(const est_i_fit_data *data, est_i_set set, double price);

static double criterion_by_dense(const est_i_fit_data *data, est_i_set set, double price)
{
    static dense d;
    make_dense(data, set, &d);
    if (!has_estimate(&d))
        return INFINITY;
    fit_dense(&d);
    return price * (double)(data->n_blocks * (data->n_lists + 1) + est_i_set_size(set)) - 2 * d.loglik;
}

/* With boundary fits: the settled fit, which has tests of its own. */
static double criterion_by_joint(const est_i_fit_data *data, est_i_set set, double price)
{
    uint32_t local[64];
    est_error error;
    est_i_joint *joint = NULL;
    est_i_terms terms = {.n_local = local_terms(set, data->n_lists, local), .local = local};
    REQUIRE_OK(est_i_joint_fit(data, &terms, NULL, &joint, &error), error);
    double value = joint->verdict->estimable[0] ? price * (double)joint->n_parameters - 2 * joint->loglik : INFINITY;
    est_i_joint_free(joint);
    return value;
}

typedef struct walked {
    est_i_set set;
    bool found;
    size_t n_visited;
    est_i_set visited[4000];
} walked;

static bool was_visited(const walked *w, est_i_set set)
{
    bool found = false;
    for (size_t i = 0; i < w->n_visited && !found; i++)
        found = w->visited[i] == set;
    return found;
}

/* The neighbour that changes the term, if it is hierarchical. */
static bool is_neighbour(const est_i_fit_data *data, est_i_set set, uint32_t term, unsigned max_order)
{
    return term && (unsigned)__builtin_popcount(term) <= max_order && __builtin_popcount(term) >= 2 &&
           is_hierarchical(set ^ (est_i_set)1 << term, data->n_lists);
}

static void naive_downhill(const est_i_fit_data *data, double price, unsigned max_order, judge_function judge, walked *w)
{
    double best = judge(data, 0, price);
    bool moved = true;
    *w = (walked){.n_visited = 1, .found = isfinite(best)};
    while (moved) {
        est_i_set from = w->set;
        moved = false;
        for (uint32_t term = 1; term < data->n_cells; term++) {
            est_i_set to = from ^ (est_i_set)1 << term;
            if (!is_neighbour(data, from, term, max_order) || was_visited(w, to))
                continue;
            assert_true(w->n_visited < 4000);
            w->visited[w->n_visited++] = to;
            double value = judge(data, to, price);
            bool ties = isfinite(value) && fabs(value - best) < 1e-8;
            if (ties ? est_i_set_size(to) < est_i_set_size(w->set) : value < best) {
                best = value;
                w->set = to;
                w->found = moved = true;
            }
        }
    }
}

/* ---- the library's side ---- */

static est_i_set stepwise_set(const est_i_fit_data *data, double threshold, unsigned max_order, bool *found)
{
    est_error error;
    est_i_model model;
    REQUIRE_OK(est_i_stepwise_select(data, threshold, max_order, NULL, &model, found, &error), error);
    est_i_set set = est_i_set_of(model.terms, model.n_terms);
    for (size_t i = 1; i < model.n_terms; i++) {
        int before = __builtin_popcount(model.terms[i - 1]), size = __builtin_popcount(model.terms[i]);
        assert_true(before < size || (before == size && model.terms[i - 1] < model.terms[i]));
    }
    est_i_model_free(&model);
    return set;
}

static void expect_stepwise(const est_i_fit_data *data, double threshold, unsigned max_order, const char *numbers)
{
    bool found;
    est_i_set set = stepwise_set(data, threshold, max_order, &found);
    assert_true(found);
    assert_int_equal(set, set_of_numbers(numbers));
}

/* Counts fall off with the number of lists; a part of the cells is empty, and in every third table a pair of lists shares
 * nobody. */
static est_i_fit_data *random_table(size_t n_lists, size_t n_blocks, uint32_t trial, uint32_t most)
{
    est_i_rng rng;
    est_i_rng_start(&rng, 21, EST_I_PURPOSE_TEST, trial, 0);
    est_i_fit_data *data = est_i_fit_data_new(1, n_lists, n_blocks);
    assert_non_null(data);
    uint32_t pair = 3u << est_i_rng_next(&rng) % (uint32_t)(n_lists - 1);
    double empty = 0.5 * est_i_rng_uniform(&rng);
    for (size_t i = 0; i < n_blocks * data->n_cells; i++) {
        size_t w = i % data->n_cells;
        double share = pow(0.5, __builtin_popcountll(w) - 1), u = est_i_rng_uniform(&rng);
        uint32_t count = 1 + est_i_rng_next(&rng) % most;
        if (w && u >= empty && (trial % 3 || (w & pair) != pair))
            data->counts[i] = ceil(share * count - 0.4);
    }
    est_i_fit_data_prepare(data);
    return data;
}

static void test_stepwise_random(void **state)
{
    (void)state;
    static const double thresholds[] = {0.001, 0.02, 0.2, 1};
    events e = {0};
    for (uint32_t trial = 0; trial < 1600; trial++) {
        size_t n_lists = trial % 20 == 0 ? 5 : 3 + trial % 2, n_blocks = n_lists < 5 && trial % 5 == 4 ? 2 : 1;
        unsigned max_order = trial / 8 % 2 ? 2 : 3;
        if (max_order >= n_lists)
            max_order = (unsigned)n_lists - 1;
        est_i_fit_data *data = random_table(n_lists, n_blocks, trial, trial % 7 == 6 ? 4000 : trial % 2 ? 12 : 80);
        double threshold = thresholds[trial / 2 % 4];
        est_i_set expected = 0;
        bool found, expects = naive_stepwise(data, threshold, max_order, &expected, &e);
        est_i_set set = stepwise_set(data, threshold, max_order, &found);
        /* Of several blocks one may be left without an estimate; the naive procedure knows no such thing. */
        if (n_blocks == 1 || expects) {
            assert_int_equal(found, expects);
            assert_int_equal(set, expected);
        }
        est_i_fit_data_free(data);
    }
    print_message("entered %zu (triples %zu, no overlap %zu), refused %zu, ties %zu, no start %zu\n", e.stops, e.triples, e.dead,
                  e.refused, e.ties, e.none);
    assert_true(e.stops > 1000 && e.triples > 30 && e.dead > 100 && e.refused > 500 && e.none > 20);
}

static void compare_downhill(const est_i_fit_data *data, double price, unsigned max_order, bool accept_boundary)
{
    static walked expected;
    est_error error;
    est_i_model model;
    bool found;
    size_t n_fitted;
    naive_downhill(data, price, max_order, accept_boundary ? criterion_by_joint : criterion_by_dense, &expected);
    REQUIRE_OK(est_i_downhill_select(data, price, max_order, accept_boundary, NULL, &model, &found, &n_fitted, &error), error);
    assert_int_equal(found, expected.found);
    assert_int_equal(est_i_set_of(model.terms, model.n_terms), expected.set);
    assert_int_equal(n_fitted, expected.n_visited);
    est_i_model_free(&model);
}

static void test_downhill_random(void **state)
{
    (void)state;
    for (uint32_t trial = 0; trial < 600; trial++) {
        size_t n_lists = trial % 30 == 0 ? 5 : 3 + trial % 2;
        bool accept_boundary = trial / 2 % 2;
        est_i_fit_data *data = random_table(n_lists, 1, 1000 + trial, trial % 2 ? 12 : 80);
        /* Where parameters cost nothing, terms that change nothing tie with leaving them out. */
        double price = trial % 5 == 1 ? 0 : trial % 3 ? log(data->total[0]) : 2;
        compare_downhill(data, price, n_lists == 3 || trial % 4 == 0 ? 2 : 3, accept_boundary);
        est_i_fit_data_free(data);
    }
}

/* Each way down has more than one model, terms of three lists and terms that leave again. */
static void test_downhill_resampled(void **state)
{
    (void)state;
    est_i_fit_data *kosovo = open_data("dataset:kosovo_1999");
    for (uint32_t replicate = 0; replicate < 20; replicate++) {
        est_i_fit_data *sample = resample_of(kosovo, replicate % 2 ? 1 : 0.1, replicate);
        compare_downhill(sample, replicate % 3 ? log(sample->total[0]) : 2, 3, false);
        est_i_fit_data_free(sample);
    }
    est_i_fit_data_free(kosovo);
}

/* Table 2 of Chan, Silverman and Vincent (2021): [12], [12,13] and [12,23] have no estimate, all pairs are not identified. */
static void test_artificial(void **state)
{
    (void)state;
    static const double counts[] = {0, 40, 30, 6, 20, 0, 0, 0};
    est_i_fit_data *data = data_of_counts(3, 1, counts);
    expect_stepwise(data, 0, 2, "");
    expect_stepwise(data, 0.1, 2, "");
    expect_stepwise(data, 0.2, 2, "13 23");
    expect_stepwise(data, 1, 2, "13 23");
    est_i_fit_data_free(data);
}

/* Five lists, 1 and 2 share nobody, every other history has somebody. With threshold 1 all terms of up to three lists enter,
 * [123] too, whose p value is 1: nothing is left that it could describe. */
static void test_everything(void **state)
{
    (void)state;
    double counts[32] = {0};
    for (size_t w = 1; w < 32; w++)
        counts[w] = (w & 3) == 3 ? 0 : (double)(40 >> __builtin_popcountll(w)) + (double)(w * 7 % 5);
    est_i_fit_data *data = data_of_counts(5, 1, counts);
    bool found;
    est_i_set set = stepwise_set(data, 1, 3, &found);
    assert_true(found);
    assert_int_equal(set, est_i_set_all(5, 3));
    set = stepwise_set(data, 0.999999, 3, &found);
    assert_true(!(set >> 7 & 1) && (set >> 3 & 1));
    est_i_fit_data_free(data);
}

static void expect_first(const double *counts, size_t n_lists, double threshold, uint32_t term)
{
    est_i_fit_data *data = data_of_counts(n_lists, 1, counts);
    events e = {0};
    est_i_set first = 0, expected = 0;
    bool found;
    assert_true(naive_round(data, threshold, 2, &first, &e));
    assert_int_equal(first, (est_i_set)1 << term);
    assert_true(e.ties > 0);
    assert_true(naive_stepwise(data, threshold, 2, &expected, &e));
    assert_int_equal(stepwise_set(data, threshold, 2, &found), expected);
    assert_true(expected >> term & 1);
    est_i_fit_data_free(data);
}

/* The overlaps of a symmetric table have one p value: the lists that come first decide. [13] comes before [24], and [14] before
 * [23], whose mask is the lower one. */
static void test_ties(void **state)
{
    (void)state;
    static const double three[] = {0, 60, 60, 20, 60, 20, 20, 30};
    double four[16] = {0}, crossed[16] = {0};
    expect_first(three, 3, 0.3, 3);
    for (size_t w = 1; w < 16; w++) {
        bool one = __builtin_popcountll(w) == 1;
        four[w] = one ? 50 : w == 5 || w == 10 ? 30 : w == 15 ? 1 : 5;
        crossed[w] = one ? 50 : w == 9 || w == 6 ? 30 : w == 15 ? 1 : 5;
    }
    expect_first(four, 4, 0.001, 5);
    expect_first(crossed, 4, 0.001, 9);
}

/* Counts so large that p values are smaller than any number: which one is the smallest still counts. List 3 holds the stronger
 * dependence, on list 4. */
static void test_far_tails(void **state)
{
    (void)state;
    double counts[16] = {0};
    for (size_t w = 1; w < 16; w++)
        counts[w] = 60000 * pow(0.2, __builtin_popcountll(w) - 1) * ((w & 3) == 3 ? 3 : 1) * ((w & 12) == 12 ? 3.5 : 1);
    for (size_t w = 1; w < 16; w++)
        counts[w] = round(counts[w]);
    est_i_fit_data *data = data_of_counts(4, 1, counts);
    events e = {0};
    est_i_set first = 0;
    assert_true(naive_round(data, 0.02, 2, &first, &e));
    assert_int_equal(first, (est_i_set)1 << 12);
    expect_stepwise(data, 1e-300, 2, "12 34");
    expect_stepwise(data, 0, 2, "");
    est_i_fit_data_free(data);
}

static void test_no_start(void **state)
{
    (void)state;
    static const double apart[] = {0, 10, 8, 0}, nobody[8] = {0};
    est_error error;
    est_i_model model;
    bool found;
    size_t n_fitted;
    est_i_fit_data *data = data_of_counts(2, 1, apart);
    assert_int_equal(stepwise_set(data, 0.02, 2, &found), 0);
    assert_false(found);
    REQUIRE_OK(est_i_downhill_select(data, 2, 2, true, NULL, &model, &found, &n_fitted, &error), error);
    assert_false(found);
    assert_int_equal(n_fitted, 2);
    est_i_model_free(&model);
    est_i_fit_data_free(data);
    data = data_of_counts(3, 1, nobody);
    stepwise_set(data, 0.02, 2, &found);
    assert_false(found);
    REQUIRE_OK(est_i_downhill_select(data, 2, 2, false, NULL, &model, &found, &n_fitted, &error), error);
    assert_false(found);
    est_i_model_free(&model);
    est_i_fit_data_free(data);
}

/* A block that even independence leaves without an estimate has no say in the others' dependence. */
static void test_tiny_block(void **state)
{
    (void)state;
    est_i_fit_data *kosovo = open_data("dataset:kosovo_1999");
    double counts[32] = {0};
    memcpy(counts, kosovo->counts, 16 * sizeof *counts);
    counts[16 + 1] = 2;
    counts[16 + 2] = 1;
    counts[16 + 4] = 1;
    est_i_fit_data *data = data_of_counts(4, 2, counts);
    expect_stepwise(kosovo, 0.02, 2, "12 13 14 23 34");
    expect_stepwise(data, 0.02, 2, "12 13 14 23 34");
    est_i_fit_data_free(data);
    est_i_fit_data_free(kosovo);
}

/* Eleven lists, six of them empty, and the same with those six not at work: the verdict goes before the fit, and the answers are
 * those of the five lists. */
static void test_many_lists(void **state)
{
    (void)state;
    est_i_fit_data *five = open_data("dataset:uk_2013_five");
    for (int structural = 0; structural < 2; structural++) {
        est_i_fit_data *data = est_i_fit_data_new(1, 11, 1);
        est_i_model model, same;
        est_error error;
        bool found;
        size_t n_fitted, n_five;
        for (size_t w = 1; w < data->n_cells; w++) {
            data->counts[w] = w < 32 ? five->counts[w] : 0;
            data->keep[w] = w < 32 || !structural;
        }
        est_i_fit_data_prepare(data);
        REQUIRE_OK(est_i_stepwise_select(data, 0.02, 2, NULL, &model, &found, &error), error);
        REQUIRE_OK(est_i_stepwise_select(five, 0.02, 2, NULL, &same, &found, &error), error);
        assert_int_equal(model.n_terms, 6);
        assert_memory_equal(model.terms, same.terms, 6 * sizeof *same.terms);
        est_i_model_free(&model);
        est_i_model_free(&same);
        double price = log(five->total[0]);
        REQUIRE_OK(est_i_downhill_select(data, price, 2, false, NULL, &model, &found, &n_fitted, &error), error);
        REQUIRE_OK(est_i_downhill_select(five, price, 2, false, NULL, &same, &found, &n_five, &error), error);
        assert_int_equal(model.n_terms, same.n_terms);
        assert_memory_equal(model.terms, same.terms, same.n_terms * sizeof *same.terms);
        assert_true(structural ? n_fitted == n_five : n_fitted > n_five);
        est_i_model_free(&model);
        est_i_model_free(&same);
        est_i_fit_data_free(data);
    }
    est_i_fit_data_free(five);
}

static int stop_now(void *user)
{
    (void)user;
    return 1;
}

static void test_cancelled(void **state)
{
    (void)state;
    est_i_fit_data *data = open_data("dataset:uk_2013_five");
    est_context context = {.poll = stop_now};
    est_i_monitor monitor;
    est_i_model model;
    est_error error;
    bool found;
    size_t n_fitted;
    est_i_monitor_start(&monitor, &context);
    monitor.polled_at = 0;
    assert_int_equal(est_i_stepwise_select(data, 0.02, 2, &monitor, &model, &found, &error), EST_ECANCELLED);
    assert_true(!model.terms && !found);
    assert_int_equal(est_i_downhill_select(data, 2, 2, false, &monitor, &model, &found, &n_fitted, &error), EST_ECANCELLED);
    assert_true(!model.terms && !found);
    est_i_fit_data_free(data);
}

static int remember(void *user, const char *stage, double fraction)
{
    (void)stage;
    *(double *)user = fraction;
    return 0;
}

/* Nobody knows the number of rounds beforehand, but each moves the bar. */
static void test_progress(void **state)
{
    (void)state;
    est_i_fit_data *data = open_data("dataset:uk_2013_five");
    double shown = 0;
    est_context context = {.tick = remember, .user = &shown};
    est_i_monitor monitor;
    est_i_model model;
    est_error error;
    bool found;
    size_t n_fitted;
    est_i_monitor_start(&monitor, &context);
    REQUIRE_OK(est_i_stepwise_select(data, 0.02, 2, &monitor, &model, &found, &error), error);
    monitor.ticked_at = 0;
    assert_false(est_i_monitor_cancelled(&monitor));
    REQUIRE_NEAR(shown, 1 - pow(0.9, (double)model.n_terms), 1e-12);
    est_i_model_free(&model);
    est_i_monitor_start(&monitor, &context);
    REQUIRE_OK(est_i_downhill_select(data, 2, 2, false, &monitor, &model, &found, &n_fitted, &error), error);
    monitor.ticked_at = 0;
    assert_false(est_i_monitor_cancelled(&monitor));
    assert_true(model.n_terms > 0 && shown > 1 - pow(0.9, (double)model.n_terms) && shown < 1);
    est_i_model_free(&model);
    est_i_fit_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stepwise_random), cmocka_unit_test(test_downhill_random),
        cmocka_unit_test(test_downhill_resampled), cmocka_unit_test(test_artificial),
        cmocka_unit_test(test_everything), cmocka_unit_test(test_ties), cmocka_unit_test(test_far_tails),
        cmocka_unit_test(test_no_start), cmocka_unit_test(test_tiny_block),
        cmocka_unit_test(test_many_lists), cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
