/* The Newton kernel: against a plain dense Newton method, lane against lane, and its states. */
#include "mse_support.h"

#include "mse/verdict.h"

/* The reference: an explicit design matrix, dense Newton steps with halving. Nothing of the kernel is used.
 */

typedef struct naive {
    size_t n_rows, n_columns;
    double *x, *count, *ridge, *beta, *score, *information;
    bool *live;
    double loglik;
} naive;

static double entry(uint32_t term, size_t w)
{
    double size = (double)__builtin_popcountll(w);
    return term == EST_I_EXCHANGEABLE ? size * (size - 1) / 2 : (term & w) == term;
}

static naive naive_new(size_t most_rows, size_t n_columns)
{
    naive f = {.n_columns = n_columns};
    f.x = calloc(most_rows * n_columns, sizeof *f.x);
    f.count = calloc(most_rows, sizeof *f.count);
    f.ridge = calloc(n_columns, sizeof *f.ridge);
    f.beta = calloc(n_columns, sizeof *f.beta);
    f.score = calloc(n_columns, sizeof *f.score);
    f.information = calloc(n_columns * n_columns, sizeof *f.information);
    f.live = calloc(n_columns, sizeof *f.live);
    assert_true(f.x && f.count && f.ridge && f.beta && f.score && f.information && f.live);
    return f;
}

static void naive_free(naive *f)
{
    free(f->x);
    free(f->count);
    free(f->ridge);
    free(f->beta);
    free(f->score);
    free(f->information);
    free(f->live);
}

static void add_row(naive *f, const est_i_fit_data *data, const est_i_terms *terms, size_t block, size_t w)
{
    size_t q = terms->n_local;
    double *row = f->x + f->n_rows * f->n_columns;
    for (size_t i = 0; i < q; i++)
        row[block * q + i] = entry(terms->local[i], w);
    for (size_t i = 0; i < terms->n_shared; i++)
        row[data->n_blocks * q + i] = entry(terms->shared[i], w);
    f->count[f->n_rows++] = data->counts[block * data->n_cells + w];
}

/* Columns without a margin, unless penalised, are at minus infinity: they and their cells leave. */
static void drop_dead(naive *f)
{
    size_t rows = 0;
    for (size_t j = 0; j < f->n_columns; j++) {
        double margin = 0;
        for (size_t i = 0; i < f->n_rows; i++)
            margin += f->x[i * f->n_columns + j] * f->count[i];
        f->live[j] = margin > 0 || f->ridge[j] > 0;
    }
    for (size_t i = 0; i < f->n_rows; i++) {
        bool stays = true;
        for (size_t j = 0; j < f->n_columns; j++)
            stays = stays && (f->live[j] || f->x[i * f->n_columns + j] <= 0);
        if (stays) {
            memmove(f->x + rows * f->n_columns, f->x + i * f->n_columns, f->n_columns * sizeof *f->x);
            f->count[rows++] = f->count[i];
        }
    }
    f->n_rows = rows;
}

static double naive_loglik(const naive *f, const double *beta)
{
    double sum = 0;
    for (size_t i = 0; i < f->n_rows; i++) {
        double eta = 0;
        for (size_t j = 0; j < f->n_columns; j++)
            eta += f->x[i * f->n_columns + j] * beta[j];
        sum += f->count[i] * eta - exp(eta) - lgamma(f->count[i] + 1);
    }
    for (size_t j = 0; j < f->n_columns; j++)
        sum -= f->ridge[j] * beta[j] * beta[j] / 2;
    return sum;
}

/* Gauss-Jordan with partial pivoting; the step stands in `score` afterwards. */
static void solve(naive *f)
{
    size_t p = f->n_columns;
    double *a = f->information, *b = f->score;
    for (size_t c = 0; c < p; c++) {
        size_t best = c;
        for (size_t i = c; i < p; i++)
            best = fabs(a[i * p + c]) > fabs(a[best * p + c]) ? i : best;
        for (size_t j = 0; j < p && best != c; j++) {
            double above = a[c * p + j];
            a[c * p + j] = a[best * p + j];
            a[best * p + j] = above;
        }
        double held = b[c];
        b[c] = b[best];
        b[best] = held;
        for (size_t i = 0; i < p; i++) {
            double factor = i == c ? 0 : a[i * p + c] / a[c * p + c];
            for (size_t j = c; j < p; j++)
                a[i * p + j] -= factor * a[c * p + j];
            b[i] -= factor * b[c];
        }
    }
    for (size_t c = 0; c < p; c++)
        b[c] /= a[c * p + c];
}

static void newton_step(naive *f)
{
    size_t p = f->n_columns;
    memset(f->score, 0, p * sizeof *f->score);
    memset(f->information, 0, p * p * sizeof *f->information);
    for (size_t i = 0; i < f->n_rows; i++) {
        const double *row = f->x + i * p;
        double eta = 0;
        for (size_t j = 0; j < p; j++)
            eta += row[j] * f->beta[j];
        for (size_t j = 0; j < p; j++) {
            f->score[j] += row[j] * (f->count[i] - exp(eta));
            for (size_t k = 0; k < p; k++)
                f->information[j * p + k] += row[j] * row[k] * exp(eta);
        }
    }
    for (size_t j = 0; j < p; j++) {
        f->score[j] -= f->ridge[j] * f->beta[j];
        f->information[j * p + j] += f->ridge[j];
        if (!f->live[j]) {
            f->score[j] = 0;
            f->information[j * p + j] = 1;
        }
    }
    solve(f);
}

static naive naive_fit(const est_i_fit_data *data, const est_i_terms *terms)
{
    size_t q = terms->n_local, blocks = data->n_blocks;
    naive f = naive_new(blocks * data->n_cells, blocks * q + terms->n_shared);
    for (size_t k = 0; k < blocks; k++)
        for (size_t i = 0; i < q; i++)
            f.ridge[k * q + i] = terms->penalty ? terms->penalty[i] : 0;
    for (size_t k = 0; k < blocks; k++)
        for (size_t w = 0; w < data->n_cells; w++)
            if (data->keep[k * data->n_cells + w] > 0)
                add_row(&f, data, terms, k, w);
    drop_dead(&f);
    double *trial = calloc(f.n_columns, sizeof *trial), gain = 1;
    assert_non_null(trial);
    f.loglik = naive_loglik(&f, f.beta);
    for (int i = 0; i < 200 && gain > 1e-13; i++) {
        double step = 1, value = -INFINITY;
        newton_step(&f);
        for (; step > 1e-6 && !(value >= f.loglik - 1e-9); step /= 2) {
            for (size_t j = 0; j < f.n_columns; j++)
                trial[j] = f.beta[j] + step * f.score[j];
            value = naive_loglik(&f, trial);
        }
        gain = 0;
        for (size_t j = 0; j < f.n_columns; j++)
            gain = fmax(gain, fabs(trial[j] - f.beta[j]));
        memcpy(f.beta, trial, f.n_columns * sizeof *trial);
        f.loglik = value;
    }
    free(trial);
    return f;
}

/* Random tables and models */

typedef struct model {
    uint32_t local[64], shared[64];
    double penalty[64];
    est_i_terms terms;
} model;

static uint32_t below(est_i_rng *rng, uint32_t limit)
{
    return est_i_rng_next(rng) % limit;
}

/* Counts from 0 to about 80, many small; a cell in ten is structural where asked for. */
static est_i_fit_data *random_data(est_i_rng *rng, size_t n_lists, size_t n_blocks, bool structural,
                                   double share_of_zeros)
{
    est_i_fit_data *data = est_i_fit_data_new(1, n_lists, n_blocks);
    assert_non_null(data);
    for (size_t w = 0; w < n_blocks * data->n_cells; w++) {
        double u = est_i_rng_uniform(rng);
        bool empty = est_i_rng_uniform(rng) < share_of_zeros;
        if (structural && below(rng, 10) == 0)
            data->keep[w] = 0;
        if (data->keep[w] > 0 && !empty)
            data->counts[w] = floor(80 * u * u * u + 1);
    }
    est_i_fit_data_prepare(data);
    return data;
}

static est_i_set random_set(est_i_rng *rng, size_t n_lists, unsigned generators)
{
    est_i_set set = 0;
    for (unsigned i = 0; i < generators; i++) {
        uint32_t term = below(rng, (uint32_t)1 << n_lists);
        if (term != ((uint32_t)1 << n_lists) - 1)
            set |= est_i_set_below(term);
    }
    return set;
}

static void fill_model(model *m, est_i_set local, est_i_set shared, size_t n_lists)
{
    memset(m, 0, sizeof *m);
    m->terms.n_local = local_terms(local, n_lists, m->local);
    m->terms.n_shared = est_i_set_terms(shared, n_lists, m->shared);
    m->terms.local = m->local;
    m->terms.shared = m->shared;
}

static est_i_fit_space *space_for(const est_i_fit_data *data, const est_i_terms *terms)
{
    est_i_fit_space *space =
        est_i_fit_space_new(data->lanes, data->n_lists, data->n_blocks, terms->n_local, terms->n_shared);
    assert_non_null(space);
    return space;
}

/* Fits both ways; true if the kernel certified the fit, which is then compared. */
static bool compare(const est_i_fit_data *data, const est_i_terms *terms)
{
    est_i_fit_space *space = space_for(data, terms);
    est_i_fit_request request = {.terms = *terms};
    est_i_fit(data, &request, space);
    bool interior = space->state[0] == EST_I_FIT_INTERIOR;
    if (interior) {
        naive f = naive_fit(data, terms);
        REQUIRE_NEAR(space->loglik[0], f.loglik, 1e-9);
        for (size_t j = 0; j < f.n_columns; j++)
            if (f.live[j])
                REQUIRE_NEAR(space->beta[j], f.beta[j], 1e-9);
        naive_free(&f);
    }
    est_i_fit_space_free(space);
    return interior;
}

/* What the certificate says is what the exact verdict says. */
static void check_verdict(const est_i_fit_data *data, const est_i_terms *terms, bool interior)
{
    est_i_verdict *verdict = NULL;
    est_error error;
    REQUIRE_OK(est_i_verdict_find(data, 0, terms, NULL, &verdict, &error), error);
    if (interior)
        assert_true(verdict->exists && verdict->identified);
    est_i_verdict_free(verdict);
}

typedef enum feature {
    PLAIN,
    SHARED,
    PENALISED,
    EXCHANGEABLE_LOCAL,
    EXCHANGEABLE_SHARED,
    UNSEEN_KEPT
} feature;

static void make_model(est_i_rng *rng, feature what, size_t n_lists, size_t n_blocks, model *m)
{
    est_i_set set = random_set(rng, n_lists, 2 + below(rng, 2)), pairs = set & est_i_set_all(n_lists, 2);
    fill_model(m, n_blocks == 1 || what == PLAIN ? set : 0, n_blocks == 1 || what == PLAIN ? 0 : set,
               n_lists);
    if (what == PENALISED) {
        fill_model(m, pairs, n_blocks > 1 ? set : 0, n_lists);
        m->terms.penalty = m->penalty;
        for (size_t i = n_lists + 1; i < m->terms.n_local; i++)
            m->penalty[i] = 4 + (double)i;
    } else if (what == EXCHANGEABLE_LOCAL) {
        fill_model(m, 0, n_blocks > 1 ? pairs & (pairs - 1) : 0, n_lists);
        m->local[m->terms.n_local++] = EST_I_EXCHANGEABLE;
    } else if (what == EXCHANGEABLE_SHARED) {
        fill_model(m, 0, pairs & (pairs - 1), n_lists);
        m->shared[m->terms.n_shared++] = EST_I_EXCHANGEABLE;
    }
}

static int compare_many(feature what, size_t n_lists, size_t n_blocks, double zeros)
{
    int compared = 0;
    for (uint32_t trial = 0; trial < 60; trial++) {
        est_i_rng rng;
        model m;
        est_i_rng_start(&rng, (uint64_t)what * 100 + n_blocks, EST_I_PURPOSE_TEST, trial, (uint32_t)n_lists);
        est_i_fit_data *data = random_data(&rng, n_lists, n_blocks, trial % 2 == 1, zeros);
        make_model(&rng, what, n_lists, n_blocks, &m);
        if (what == UNSEEN_KEPT) {
            data->keep[0] = 1;
            data->counts[0] = 37.25;
            est_i_fit_data_prepare(data);
        }
        bool interior = compare(data, &m.terms);
        if (!m.terms.penalty)
            check_verdict(data, &m.terms, interior);
        compared += interior;
        est_i_fit_data_free(data);
    }
    return compared;
}

static void test_one_block(void **state)
{
    (void)state;
    assert_true(compare_many(PLAIN, 3, 1, 0.1) > 30);
    assert_true(compare_many(PLAIN, 4, 1, 0.1) > 30);
    assert_true(compare_many(PLAIN, 5, 1, 0.3) > 30);
}

static void test_blocks(void **state)
{
    (void)state;
    assert_true(compare_many(PLAIN, 3, 3, 0.05) > 20);
    assert_true(compare_many(SHARED, 3, 4, 0.2) > 20);
    assert_true(compare_many(SHARED, 4, 3, 0.2) > 30);
}

static void test_penalised(void **state)
{
    (void)state;
    assert_true(compare_many(PENALISED, 3, 1, 0.2) > 30);
    assert_true(compare_many(PENALISED, 4, 3, 0.3) > 30);
}

static void test_exchangeable(void **state)
{
    (void)state;
    assert_true(compare_many(EXCHANGEABLE_LOCAL, 4, 1, 0.2) > 30);
    assert_true(compare_many(EXCHANGEABLE_LOCAL, 4, 3, 0.2) > 30);
    assert_true(compare_many(EXCHANGEABLE_SHARED, 4, 3, 0.2) > 30);
}

static void test_unseen_kept(void **state)
{
    (void)state;
    assert_true(compare_many(UNSEEN_KEPT, 3, 1, 0.1) > 30);
    assert_true(compare_many(UNSEEN_KEPT, 4, 1, 0.1) > 30);
}

/* A keep-mask of the request takes the place of the data's own. */
static void test_keep_override(void **state)
{
    (void)state;
    est_i_rng rng;
    model m;
    est_i_rng_start(&rng, 9, EST_I_PURPOSE_TEST, 0, 0);
    est_i_fit_data *whole = random_data(&rng, 4, 1, false, 0), *less = est_i_fit_data_new(1, 4, 1);
    fill_model(&m, set_of_numbers("12 34"), 0, 4);
    whole->counts[9] = whole->counts[14] = 0;
    est_i_fit_data_prepare(whole);
    memcpy(less->counts, whole->counts, 16 * sizeof(double));
    less->keep[9] = less->keep[14] = 0;
    est_i_fit_data_prepare(less);
    est_i_fit_space *space = space_for(whole, &m.terms);
    est_i_fit_request request = {.terms = m.terms, .keep = less->keep};
    est_i_fit(whole, &request, space);
    naive f = naive_fit(less, &m.terms);
    REQUIRE_NEAR(space->loglik[0], f.loglik, 1e-10);
    REQUIRE_NEAR(space->beta[0], f.beta[0], 1e-9);
    naive_free(&f);
    est_i_fit_space_free(space);
    est_i_fit_data_free(whole);
    est_i_fit_data_free(less);
}

/* Lanes */

typedef struct alone {
    est_i_fit_state state;
    double loglik, decrement, beta[200];
    int iterations;
} alone;

static void require_same(const est_i_fit_space *space, size_t lane, const alone *expected,
                         size_t n_parameters)
{
    assert_int_equal(space->state[lane], expected->state);
    assert_int_equal(space->iterations[lane], expected->iterations);
    if (expected->state == EST_I_FIT_FAILED)
        return;
    assert_memory_equal(&space->loglik[lane], &expected->loglik, sizeof(double));
    assert_memory_equal(&space->decrement[lane], &expected->decrement, sizeof(double));
    for (size_t i = 0; i < n_parameters; i++)
        assert_memory_equal(&space->beta[i * space->lanes + lane], &expected->beta[i], sizeof(double));
}

static void fit_alone(const est_i_fit_data *data, const est_i_terms *terms, const double *warm, double need,
                      alone *fit)
{
    est_i_fit_space *space = space_for(data, terms);
    est_i_fit_request request = {.terms = *terms, .warm = warm, .need = &need};
    est_i_fit(data, &request, space);
    *fit = (alone){.state = space->state[0],
                   .loglik = space->loglik[0],
                   .decrement = space->decrement[0],
                   .iterations = space->iterations[0]};
    memcpy(fit->beta, space->beta, (data->n_blocks * terms->n_local + terms->n_shared) * sizeof(double));
    est_i_fit_space_free(space);
}

/* The neighbours: ordinary, empty, enormous, and with nothing but zeros on the overlaps. */
static est_i_fit_data *neighbour(est_i_rng *rng, size_t n_lists, size_t n_blocks, uint32_t kind)
{
    est_i_fit_data *data = random_data(rng, n_lists, n_blocks, kind == 0, kind == 3 ? 0.7 : 0.2);
    for (size_t w = 0; w < n_blocks * data->n_cells; w++) {
        if (kind == 1)
            data->counts[w] = 0;
        else if (kind == 2)
            data->counts[w] *= 1e9;
        else if (kind == 4 && __builtin_popcountll(w % data->n_cells) > 1)
            data->counts[w] = 0;
    }
    est_i_fit_data_prepare(data);
    return data;
}

static void compare_lanes(size_t lanes, uint32_t trial, size_t n_lists, size_t n_blocks)
{
    est_i_rng rng;
    model m;
    alone fits[EST_I_LANES_MOST];
    double need[EST_I_LANES_MOST], warm[200 * EST_I_LANES_MOST], own[200];
    bool wanted[EST_I_LANES_MOST];
    est_i_rng_start(&rng, 10, EST_I_PURPOSE_TEST, trial, (uint32_t)lanes);
    make_model(&rng, (feature)(trial % 5), n_lists, n_blocks, &m);
    size_t n_parameters = n_blocks * m.terms.n_local + m.terms.n_shared;
    est_i_fit_data *data = est_i_fit_data_new(lanes, n_lists, n_blocks);
    bool is_warm = trial % 3 == 0;
    for (size_t l = 0; l < lanes; l++) {
        est_i_fit_data *single = neighbour(&rng, n_lists, n_blocks, below(&rng, 6));
        put_lane(single, data, l);
        for (size_t i = 0; i < n_parameters; i++)
            warm[i * lanes + l] = own[i] = 2 * est_i_rng_uniform(&rng) - 0.5;
        wanted[l] = below(&rng, 8) > 0;
        need[l] = -INFINITY;
        fit_alone(single, &m.terms, is_warm ? own : NULL, need[l], &fits[l]);
        if (trial % 2 == 0) {
            need[l] = fits[l].loglik + 3 * est_i_rng_uniform(&rng) - 1;
            fit_alone(single, &m.terms, is_warm ? own : NULL, need[l], &fits[l]);
        }
        est_i_fit_data_free(single);
    }
    est_i_fit_data_prepare(data);
    est_i_fit_space *space = space_for(data, &m.terms);
    est_i_fit_request request = {
        .terms = m.terms, .wanted = wanted, .warm = is_warm ? warm : NULL, .need = need};
    est_i_fit(data, &request, space);
    for (size_t l = 0; l < lanes; l++) {
        if (wanted[l])
            require_same(space, l, &fits[l], n_parameters);
        else
            assert_int_equal(space->state[l], EST_I_FIT_IDLE);
    }
    est_i_fit_space_free(space);
    est_i_fit_data_free(data);
}

static void test_lanes(void **state)
{
    (void)state;
    for (size_t lanes = 2; lanes <= EST_I_LANES_MOST; lanes *= 2) {
        if (!cpu_runs(lanes)) {
            print_message("skipped: this CPU does not run %zu lanes\n", lanes);
            continue;
        }
        for (uint32_t trial = 0; trial < 60; trial++) {
            compare_lanes(lanes, trial, 3 + trial % 3, 1);
            compare_lanes(lanes, trial + 100, 3 + trial % 2, 3);
        }
    }
}

/* States */

static est_i_fit_state state_of(const est_i_fit_data *data, const char *numbers, est_i_fit_request request)
{
    model m;
    fill_model(&m, set_of_numbers(numbers), 0, data->n_lists);
    request.terms = m.terms;
    est_i_fit_space *space = space_for(data, &m.terms);
    est_i_fit(data, &request, space);
    est_i_fit_state state = space->state[0];
    est_i_fit_space_free(space);
    return state;
}

static void test_states(void **state)
{
    (void)state;
    const est_i_fit_request plain = {0};
    bool no = false;
    double far = 0, warm[16] = {NAN};
    /* Artificial_3, Table 2 of Chan, Silverman and Vincent (2021): A 40, B 30, C 20, A and B 6. */
    static const double artificial[] = {0, 40, 30, 6, 20, 0, 0, 0};
    est_i_fit_data *data = data_of_counts(3, 1, artificial);
    assert_int_equal(state_of(data, "", plain), EST_I_FIT_INTERIOR);
    assert_int_equal(state_of(data, "13 23", plain), EST_I_FIT_INTERIOR);
    assert_int_equal(state_of(data, "12 13 23", plain), EST_I_FIT_RANK);
    assert_true(state_of(data, "12 13", plain) != EST_I_FIT_INTERIOR);
    assert_int_equal(state_of(data, "", (est_i_fit_request){.wanted = &no}), EST_I_FIT_IDLE);
    assert_int_equal(state_of(data, "", (est_i_fit_request){.need = &far}), EST_I_FIT_DISCARDED);
    assert_int_equal(state_of(data, "", (est_i_fit_request){.warm = warm}), EST_I_FIT_FAILED);
    est_i_fit_data_free(data);
    data = open_data("dataset:korea");
    assert_int_equal(state_of(data, "12 23", plain), EST_I_FIT_INTERIOR);
    assert_true(state_of(data, "12 13", plain) != EST_I_FIT_INTERIOR);
    est_i_fit_data_free(data);
    est_i_captures *captures = open_captures("dataset:colombia_child_recruitment", true);
    data = blocks_of(captures, 0, 1);
    assert_int_equal(state_of(data, "12 13 14 15 23 24 25 34 35 45", plain), EST_I_FIT_FACE);
    assert_true(state_of(data, "12 13 14 15 23 24 25 34 35 45", (est_i_fit_request){.no_face_jump = true}) !=
                EST_I_FIT_INTERIOR);
    est_i_fit_data_free(data);
    est_i_captures_free(captures);
}

/* Counted, never timed: six iterations on the face (undamped Newton never ends there). */
static void test_iterations(void **state)
{
    (void)state;
    model m;
    est_i_captures *captures = open_captures("dataset:colombia_child_recruitment", true);
    est_i_fit_data *data = blocks_of(captures, 0, 1), *all = blocks_of(captures, 0, 6);
    fill_model(&m, est_i_set_all(5, 2), 0, 5);
    est_i_fit_space *space = space_for(data, &m.terms);
    est_i_fit(data, &(est_i_fit_request){.terms = m.terms}, space);
    assert_true(space->iterations[0] <= 8);
    REQUIRE_NEAR(707 + exp(space->beta[0]), 1471.289251, 1e-9);
    est_i_fit_space_free(space);
    fill_model(&m, 0, est_i_set_all(5, 2), 5);
    space = space_for(all, &m.terms);
    est_i_fit(all, &(est_i_fit_request){.terms = m.terms}, space);
    assert_int_equal(space->state[0], EST_I_FIT_INTERIOR);
    assert_true(space->iterations[0] <= 8);
    est_i_fit_space_free(space);
    est_i_fit_data_free(all);
    est_i_fit_data_free(data);
    est_i_captures_free(captures);
}

/* A lane is never given up while its likelihood can reach `need`, from any start. */

static void check_discard(const est_i_fit_data *data, const model *m, double supremum, est_i_rng *rng,
                          int *discarded)
{
    size_t n_parameters = data->n_blocks * m->terms.n_local + m->terms.n_shared;
    est_i_fit_space *space = space_for(data, &m->terms);
    double warm[200];
    for (int start = 0; start < 3; start++) {
        double reachable = supremum - 1e-6 * (1 + fabs(supremum) * 1e-3), beyond = supremum + 0.5;
        for (size_t i = 0; i < n_parameters; i++)
            warm[i] = start == 1 ? 0 : 3 * est_i_rng_uniform(rng) - 1;
        est_i_fit_request request = {.terms = m->terms, .warm = start ? warm : NULL, .need = &reachable};
        est_i_fit(data, &request, space);
        assert_int_not_equal(space->state[0], EST_I_FIT_DISCARDED);
        request.need = &beyond;
        est_i_fit(data, &request, space);
        *discarded += space->state[0] == EST_I_FIT_DISCARDED;
    }
    est_i_fit_space_free(space);
}

static void test_discard(void **state)
{
    (void)state;
    int discarded = 0, settled = 0;
    for (uint32_t trial = 0; trial < 400; trial++) {
        est_i_rng rng;
        model m;
        est_i_joint *joint = NULL;
        est_error error;
        size_t n_lists = 3 + trial % 3, n_blocks = trial % 2 ? 1 : 3;
        est_i_rng_start(&rng, 11, EST_I_PURPOSE_TEST, trial, 0);
        est_i_fit_data *data = random_data(&rng, n_lists, n_blocks, trial % 4 == 0, 0.1 + 0.2 * (trial % 4));
        make_model(&rng, trial % 5 == 0 ? PENALISED : SHARED, n_lists, n_blocks, &m);
        REQUIRE_OK(est_i_joint_fit(data, &m.terms, NULL, &joint, &error), error);
        settled++;
        check_discard(data, &m, joint->loglik, &rng, &discarded);
        est_i_joint_free(joint);
        est_i_fit_data_free(data);
    }
    /* And it does happen: nearly all of three starts each are given up when half a unit too much is asked
     * for. */
    assert_int_equal(settled, 400);
    assert_true(discarded > 1000);
}

/* Counts every asking: the monitor is told that its time has come again. */
typedef struct asker {
    est_i_monitor monitor;
    size_t asked, stop_at;
} asker;

static int ask_again(void *user)
{
    asker *self = user;
    self->asked++;
    self->monitor.polled_at = 0;
    return self->asked == self->stop_at;
}

static void start_asker(asker *self, size_t stop_at)
{
    est_context context = {.poll = ask_again, .user = self};
    est_i_monitor_start(&self->monitor, &context);
    self->monitor.polled_at = 0;
    self->asked = 0;
    self->stop_at = stop_at;
}

/* A large table asks within its iterations, a small one between them; a fit stopped anywhere has failed. */
static void test_asks(void **state)
{
    (void)state;
    for (size_t n_lists = 5; n_lists <= 15; n_lists += 10) {
        est_i_rng rng;
        asker heard;
        uint32_t local[32];
        est_i_rng_start(&rng, 5, EST_I_PURPOSE_TEST, 0, 0);
        est_i_fit_data *data = random_data(&rng, n_lists, 1, false, 0.3);
        est_i_terms terms = {.n_local = est_i_main_terms(n_lists, local), .local = local};
        est_i_fit_space *space = est_i_fit_space_new(1, n_lists, 1, terms.n_local, 0);
        est_i_fit_request request = {.terms = terms, .monitor = &heard.monitor};
        assert_non_null(space);
        start_asker(&heard, 0);
        est_i_fit(data, &request, space);
        assert_int_equal(space->state[0], EST_I_FIT_INTERIOR);
        size_t iterations = (size_t)space->iterations[0], asked = heard.asked;
        assert_true(n_lists == 5 ? asked == iterations + 1 : asked > 30 * iterations);
        for (size_t i = 1; i < asked; i += 1 + asked / 20) {
            start_asker(&heard, i);
            est_i_fit(data, &request, space);
            assert_int_equal(space->state[0], EST_I_FIT_FAILED);
            assert_int_equal(heard.asked, i);
        }
        est_i_fit_space_free(space);
        est_i_fit_data_free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_block),   cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_penalised),   cmocka_unit_test(test_exchangeable),
        cmocka_unit_test(test_unseen_kept), cmocka_unit_test(test_keep_override),
        cmocka_unit_test(test_lanes),       cmocka_unit_test(test_states),
        cmocka_unit_test(test_iterations),  cmocka_unit_test(test_discard),
        cmocka_unit_test(test_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
