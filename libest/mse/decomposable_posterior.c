/* Madigan and York (1997): for a graph g with cliques C and separators S, delta in each cell of the full table of t lists,
 *   log p(g, n0 | data) = sum_C L(C) - sum_S L(S) + (#C - #S) [lgamma(2^t delta) - lgamma(N + 2^t delta)]
 *                         + lgamma(N + 1) - lgamma(n0 + 1) + log prior(N) + constant,   N = n + n0,
 *   L(A) = sum over the cells of the margin of A of lgamma(count + a) - lgamma(a),   a = delta 2^(t - |A|).
 *
 * Only the cell of persons on no list of A depends on n0. So with  R_A(n0) = lgamma(n0 + none_A + a) - lgamma(n0 + n + 2^t delta)
 *   log p = constant_g + sum_C R_C - sum_S R_S + height(n0).
 *
 * Taking the graph apart list by list writes sum_C R_C - sum_S R_S as a sum of lgamma(n0 + x) - lgamma(n0 + y) with x <= y: each
 * falls and is convex in n0. On a tile of the grid it therefore lies below its chord, and
 *   log p <= the larger of its values at the two edges + bump,   bump = the most that height rises above its own chord.
 * Graphs that by this bound are too small to matter are left out of the tile. A tile is as wide as a few standard deviations of a
 * Poisson variable, so that the bound is near.
 *
 * In a tile p = exp(chord of height + sum_C R_C - sum_S R_S) exp(height - its chord). The first factor is smooth: it is known
 * everywhere from its values at NODES Chebyshev points, and so is its sum over the graphs. Where the last Chebyshev coefficients
 * say otherwise, and in narrow tiles, every position is worked out by itself. */
#include "mse/decomposable_posterior.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/error.h"
#include "numerics/parallel.h"
#include "numerics/special.h"

#define SETS (1 << EST_I_GRAPH_LISTS_MAX)
#define BLOCK 256 /* values of n0 worked on at once: the rows of a block stay in the cache */
#define NODES 32
#define WIDTH 8        /* of a tile, in square roots of the unseen */
#define SMOOTH 1e-11   /* the last coefficients against the largest */
#define TINY 1e-13     /* and against the mode */
#define LEFT_OUT 1e-13 /* of the posterior, at most */
#define PI 3.14159265358979323846

typedef struct tile {
    size_t first, end;   /* positions on the grid */
    double slope, bump;  /* of the chord of height; the most that height is above it */
    uint64_t sets;       /* cliques and separators of its graphs */
    size_t count, room;
    uint16_t *graphs;    /* those that matter here, ascending */
    double *share;       /* their mass in the tile */
} tile;

/* Values at the positions of one block, or at the nodes of a tile. */
typedef struct workspace {
    double rows[SETS][BLOCK]; /* R_A less its value at the start of the block or tile */
    double start[SETS];       /* that value */
    double values[BLOCK];
    double line[NODES], weights[NODES];          /* chord of height; what a value at a node adds to the sum over the tile */
    double sums[2][NODES], coefficients[2][NODES]; /* over all graphs but the complete one; the complete one */
} workspace;

struct est_i_graph_machine {
    est_i_graph_setting setting;
    size_t n_sets, n_grid, n_tiles;
    double seen, all; /* persons; 2^t delta */
    double none[SETS], alpha[SETS], constant[SETS];
    double *graph_constant;
    size_t *edges;    /* n_tiles + 1 positions */
    double *height;   /* less its value at the start of the tile */
    double *at_edge, *ratios; /* height; R_A, a row a set */
    double cosine[NODES][NODES]; /* of order times angle of the node */
    double mode, floor;       /* the highest log p at an edge; what lies this far below it does not matter */
    tile *tiles;
    workspace *work;  /* one a thread */
    double *mass, *complete;
};

/* ---- special functions ---- */

/* lgamma(x) less (x - 1/2) log x - x + log(2 pi) / 2, for x >= 16. */
static double stirling_rest(double x)
{
    double s = 1 / (x * x);
    return (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s / 1188)))) / x;
}

/* Moves x to 16 or above; the log of the factors is what lgamma grows by. */
static double move_up(double *x)
{
    double factors = 1;
    for (; *x < 16; *x += 1)
        factors *= *x;
    return log(factors);
}

/* lgamma(x) - lgamma(y) without the loss of digits of two large numbers. */
static double log_gamma_ratio(double x, double y)
{
    double rest = move_up(&y) - move_up(&x);
    return rest + (x - 0.5) * log1p((x - y) / y) + (y - x) * (1 - log(y)) + stirling_rest(x) - stirling_rest(y);
}

/* lgamma(x + step) - lgamma(x) - (lgamma(y + step) - lgamma(y)) for x, y >= 16: small where the four are large. */
static double log_gamma_change(double x, double y, double step)
{
    double by_x = (x + step - 0.5) * log1p(step / x) + stirling_rest(x + step) - stirling_rest(x);
    double by_y = (y + step - 0.5) * log1p(step / y) + stirling_rest(y + step) - stirling_rest(y);
    return by_x - by_y + step * log(x / y);
}

/* ---- preparation ---- */

static void fold_counts(struct est_i_graph_machine *m, size_t set)
{
    double cells[SETS] = {0}, constant = est_i_log_gamma(m->all) - est_i_log_gamma(m->alpha[set]);
    for (size_t w = 1; w < m->n_sets; w++)
        cells[w & set] += m->setting.counts[w];
    for (size_t w = 1; w < m->n_sets; w++)
        if ((w & set) == w)
            constant += est_i_log_gamma(cells[w] + m->alpha[set]) - est_i_log_gamma(m->alpha[set]);
    m->none[set] = cells[0];
    m->constant[set] = constant;
}

static void prepare_sets(struct est_i_graph_machine *m)
{
    size_t n_lists = m->setting.graphs->n_lists;
    m->n_sets = (size_t)1 << n_lists;
    m->all = ldexp(m->setting.delta, (int)n_lists);
    for (size_t w = 1; w < m->n_sets; w++)
        m->seen += m->setting.counts[w];
    for (size_t set = 1; set < m->n_sets; set++) {
        m->alpha[set] = ldexp(m->setting.delta, (int)n_lists - __builtin_popcount((unsigned)set));
        fold_counts(m, set);
    }
}

/* Sum over the cliques less the sum over the separators. */
static double over_sets(const est_i_graph *graph, const double *of_set)
{
    double sum = 0;
    for (size_t i = 0; i < graph->n_cliques; i++)
        sum += of_set[graph->cliques[i]];
    for (size_t i = 0; i < graph->n_separators; i++)
        sum -= of_set[graph->separators[i]];
    return sum;
}

static double unseen_at(const struct est_i_graph_machine *m, size_t position)
{
    return (double)(m->setting.least + position);
}

static double log_prior(const struct est_i_graph_machine *m, double population)
{
    double scale = m->setting.scale, value = 0;
    if (m->setting.prior == EST_PRIOR_ONE_OVER_N)
        value = -log(population);
    else if (m->setting.prior == EST_PRIOR_NEGATIVE_BINOMIAL)
        value = log_gamma_ratio(population + m->setting.shape, population + 1) + population * log(scale / (1 + scale));
    return value;
}

/* The log prior at one more person less that at this population. */
static double log_prior_step(const struct est_i_graph_machine *m, double population)
{
    double scale = m->setting.scale, value = 0;
    if (m->setting.prior == EST_PRIOR_ONE_OVER_N)
        value = -log1p(1 / population);
    else if (m->setting.prior == EST_PRIOR_NEGATIVE_BINOMIAL)
        value = log((population + m->setting.shape) / (population + 1) * (scale / (1 + scale)));
    return value;
}

static double height_at(const struct est_i_graph_machine *m, size_t position)
{
    double unseen = unseen_at(m, position), population = unseen + m->seen;
    return log_prior(m, population) - log_gamma_ratio(unseen + 1, population + 1);
}

/* Positions where tiles begin, and the last position of the grid; returns how many tiles. edges NULL: only counts. */
static size_t place_edges(const struct est_i_graph_machine *m, size_t *edges)
{
    size_t count = 0, position = 0, last = m->n_grid - 1;
    do {
        size_t width = (size_t)fmax(16, WIDTH * sqrt(unseen_at(m, position)));
        if (edges)
            edges[count] = position;
        count++;
        position = last - position > width ? position + width : last;
    } while (position < last);
    if (edges)
        edges[count] = last;
    return count;
}

/* Heights within a tile from its start, by steps, and how far they rise above their chord. */
static void prepare_tile(struct est_i_graph_machine *m, size_t index)
{
    tile *t = &m->tiles[index];
    double sum = 0, width = (double)(m->edges[index + 1] - m->edges[index]);
    t->slope = width > 0 ? (m->at_edge[index + 1] - m->at_edge[index]) / width : 0;
    t->first = m->edges[index];
    t->end = index + 1 == m->n_tiles ? m->n_grid : m->edges[index + 1];
    for (size_t k = t->first; k < t->end; k++) {
        double unseen = unseen_at(m, k), population = unseen + m->seen;
        m->height[k] = sum;
        t->bump = fmax(t->bump, sum - t->slope * (double)(k - t->first));
        sum += log_prior_step(m, population) + log((population + 1) / (unseen + 1));
    }
}

static est_status reserve(struct est_i_graph_machine *m, est_error *error)
{
    size_t threads = m->setting.threads > 1 ? (size_t)m->setting.threads : 1;
    m->n_tiles = place_edges(m, NULL);
    m->edges = calloc(m->n_tiles + 1, sizeof *m->edges);
    m->at_edge = calloc(m->n_tiles + 1, sizeof *m->at_edge);
    m->ratios = calloc((m->n_tiles + 1) * m->n_sets, sizeof *m->ratios);
    m->height = calloc(m->n_grid, sizeof *m->height);
    m->tiles = calloc(m->n_tiles, sizeof *m->tiles);
    m->graph_constant = calloc(m->setting.graphs->count, sizeof *m->graph_constant);
    m->work = calloc(threads, sizeof *m->work);
    m->complete = calloc(m->n_grid, sizeof *m->complete);
    bool all = m->edges && m->at_edge && m->ratios && m->height && m->tiles && m->graph_constant && m->work && m->complete;
    return all ? EST_OK : est_i_no_memory(error);
}

static est_status prepare_tiles(struct est_i_graph_machine *m, est_error *error)
{
    size_t n = m->n_tiles + 1;
    for (size_t i = 0; i < NODES; i++)
        for (size_t j = 0; j < NODES; j++)
            m->cosine[i][j] = cos(PI * (double)i * ((double)j + 0.5) / NODES);
    place_edges(m, m->edges);
    for (size_t e = 0; e < n; e++)
        m->at_edge[e] = height_at(m, m->edges[e]);
    for (size_t set = 1; set < m->n_sets; set++)
        for (size_t e = 0; e < n; e++) {
            double unseen = unseen_at(m, m->edges[e]);
            m->ratios[set * n + e] = log_gamma_ratio(unseen + m->none[set] + m->alpha[set], unseen + m->seen + m->all);
        }
    for (size_t i = 0; i < m->n_tiles; i++) {
        prepare_tile(m, i);
        if (est_i_monitor_cancelled(m->setting.monitor))
            return est_i_cancelled(error);
    }
    return EST_OK;
}

/* ---- which graphs matter where ---- */

/* Lets the caller be heard on a long grid. */
static void listen(const struct est_i_graph_machine *m, size_t position)
{
    if (position % 65536 == 0)
        est_i_monitor_cancelled(m->setting.monitor);
}

static size_t n_graphs(const struct est_i_graph_machine *m)
{
    return m->setting.graphs->count - (m->setting.complete ? 0 : 1);
}

/* log p at the edges. */
static void evaluate_edges(const struct est_i_graph_machine *m, size_t g, double *values)
{
    const est_i_graph *graph = &m->setting.graphs->graphs[g];
    size_t n = m->n_tiles + 1;
    for (size_t e = 0; e < n; e++)
        values[e] = m->graph_constant[g] + m->at_edge[e];
    for (size_t i = 0; i < graph->n_cliques; i++)
        for (size_t e = 0; e < n; e++)
            values[e] += m->ratios[graph->cliques[i] * n + e];
    for (size_t i = 0; i < graph->n_separators; i++)
        for (size_t e = 0; e < n; e++)
            values[e] -= m->ratios[graph->separators[i] * n + e];
}

static bool add_to_tile(tile *t, size_t g, const est_i_graph *graph)
{
    if (t->count == t->room) {
        size_t room = t->room ? 2 * t->room : 16;
        uint16_t *graphs = realloc(t->graphs, room * sizeof *graphs);
        if (!graphs)
            return false;
        t->graphs = graphs;
        t->room = room;
    }
    t->graphs[t->count++] = (uint16_t)g;
    for (size_t i = 0; i < graph->n_cliques; i++)
        t->sets |= (uint64_t)1 << graph->cliques[i];
    for (size_t i = 0; i < graph->n_separators; i++)
        t->sets |= (uint64_t)1 << graph->separators[i];
    return true;
}

static bool add_where_it_matters(struct est_i_graph_machine *m, size_t g, const double *values)
{
    bool fine = true;
    for (size_t i = 0; i < m->n_tiles && fine; i++)
        if (fmax(values[i], values[i + 1]) + m->tiles[i].bump >= m->mode - m->floor)
            fine = add_to_tile(&m->tiles[i], g, &m->setting.graphs->graphs[g]);
    return fine;
}

/* What is left out are at most `pairs` terms, each below exp(-floor) of one that is not: less than LEFT_OUT in all. */
static est_status place_graphs(struct est_i_graph_machine *m, est_error *error)
{
    double *values = calloc(m->n_tiles + 1, sizeof *values), pairs = (double)m->n_grid * (double)n_graphs(m);
    est_status status = values ? EST_OK : est_i_no_memory(error);
    m->mode = -INFINITY;
    m->floor = log(pairs) - log(LEFT_OUT);
    for (int pass = 0; pass < 2; pass++)
        for (size_t g = 0; g < n_graphs(m) && status == EST_OK; g++) {
            evaluate_edges(m, g, values);
            for (size_t e = 0; e <= m->n_tiles && pass == 0; e++)
                m->mode = fmax(m->mode, values[e]);
            if (pass == 1 && !add_where_it_matters(m, g, values))
                status = est_i_no_memory(error);
            if (est_i_monitor_cancelled(m->setting.monitor))
                status = est_i_cancelled(error);
        }
    for (size_t i = 0; i < m->n_tiles && status == EST_OK; i++) {
        m->tiles[i].share = calloc(m->tiles[i].count + 1, sizeof *m->tiles[i].share);
        if (!m->tiles[i].share)
            status = est_i_no_memory(error);
    }
    free(values);
    return status;
}

/* ---- the sum ---- */

static void fill_rows(const struct est_i_graph_machine *m, uint64_t sets, size_t first, size_t length, workspace *work)
{
    double from = unseen_at(m, first), y = from + m->seen + m->all;
    for (uint64_t rest = sets; rest; rest &= rest - 1) {
        size_t set = (size_t)__builtin_ctzll(rest);
        double x = from + m->none[set] + m->alpha[set], sum = 0;
        work->start[set] = log_gamma_ratio(x, y);
        for (size_t k = 0; k < length; k++) {
            work->rows[set][k] = sum;
            sum += log((x + (double)k) / (y + (double)k));
        }
    }
}

/* p relative to the mode, at the positions of a block. */
static void evaluate_block(const struct est_i_graph_machine *m, const tile *t, size_t g, size_t first, size_t length,
                           workspace *work)
{
    const est_i_graph *graph = &m->setting.graphs->graphs[g];
    const double *height = m->height + first;
    double *values = work->values;
    double base = m->graph_constant[g] + over_sets(graph, work->start) + m->at_edge[t - m->tiles] - m->mode;
    for (size_t k = 0; k < length; k++)
        values[k] = base + height[k];
    for (size_t i = 0; i < graph->n_cliques; i++)
        for (size_t k = 0; k < length; k++)
            values[k] += work->rows[graph->cliques[i]][k];
    for (size_t i = 0; i < graph->n_separators; i++)
        for (size_t k = 0; k < length; k++)
            values[k] -= work->rows[graph->separators[i]][k];
    for (size_t k = 0; k < length; k++)
        values[k] = values[k] > -m->floor ? exp(values[k]) : 0;
}

static bool is_complete(const struct est_i_graph_machine *m, size_t g)
{
    return g == m->setting.graphs->count - 1;
}

static est_status sum_positions(struct est_i_graph_machine *m, tile *t, workspace *work)
{
    for (size_t first = t->first; first < t->end; first += BLOCK) {
        size_t length = t->end - first < BLOCK ? t->end - first : BLOCK;
        fill_rows(m, t->sets, first, length, work);
        for (size_t i = 0; i < t->count; i++) {
            double sum = 0, *mass = (is_complete(m, t->graphs[i]) ? m->complete : m->mass) + first;
            evaluate_block(m, t, t->graphs[i], first, length, work);
            for (size_t k = 0; k < length; k++) {
                mass[k] += work->values[k];
                sum += work->values[k];
            }
            t->share[i] = first == t->first ? sum : t->share[i] + sum;
            if (est_i_monitor_cancelled(m->setting.monitor))
                return EST_ECANCELLED;
        }
    }
    return EST_OK;
}

/* ---- the sum by interpolation ---- */

/* From -1 to 1 over the tile. */
static double abscissa(const tile *t, size_t position)
{
    double half = (double)(t->end - 1 - t->first) / 2;
    return ((double)(position - t->first) - half) / half;
}

static double above_chord(const struct est_i_graph_machine *m, const tile *t, size_t position)
{
    return exp(m->height[position] - t->slope * (double)(position - t->first));
}

/* Coefficients of the Chebyshev polynomials through values at the nodes. */
static void transform(const struct est_i_graph_machine *m, const double *values, double *coefficients)
{
    for (size_t i = 0; i < NODES; i++) {
        double sum = 0;
        for (size_t j = 0; j < NODES; j++)
            sum += values[j] * m->cosine[i][j];
        coefficients[i] = sum * (i ? 2.0 : 1.0) / NODES;
    }
}

static double polynomial(const double *coefficients, double x)
{
    double next = 0, after = 0;
    for (size_t i = NODES - 1; i > 0; i--) {
        double now = coefficients[i] + 2 * x * next - after;
        after = next;
        next = now;
    }
    return coefficients[0] + x * next - after;
}

static void prepare_weights(const struct est_i_graph_machine *m, const tile *t, workspace *work)
{
    double moments[NODES] = {0};
    for (size_t k = t->first; k < t->end; k++) {
        double x = abscissa(t, k), above = above_chord(m, t, k), before = x, now = 1;
        for (size_t i = 0; i < NODES; i++) {
            double next = 2 * x * now - before;
            moments[i] += now * above;
            before = now;
            now = next;
        }
    }
    for (size_t j = 0; j < NODES; j++) {
        double sum = 0;
        for (size_t i = 0; i < NODES; i++)
            sum += moments[i] * (i ? 2.0 : 1.0) / NODES * m->cosine[i][j];
        work->weights[j] = sum;
    }
}

static void fill_nodes(const struct est_i_graph_machine *m, const tile *t, workspace *work)
{
    double half = (double)(t->end - 1 - t->first) / 2, shift[NODES];
    size_t index = (size_t)(t - m->tiles);
    for (size_t j = 0; j < NODES; j++) {
        shift[j] = half * (1 + m->cosine[1][j]);
        work->line[j] = t->slope * shift[j] + m->at_edge[index] - m->mode;
        work->sums[0][j] = work->sums[1][j] = 0;
    }
    for (uint64_t rest = t->sets; rest; rest &= rest - 1) {
        size_t set = (size_t)__builtin_ctzll(rest);
        double from = unseen_at(m, t->first), x = from + m->none[set] + m->alpha[set], y = from + m->seen + m->all;
        work->start[set] = m->ratios[set * (m->n_tiles + 1) + index];
        for (size_t j = 0; j < NODES; j++)
            work->rows[set][j] = log_gamma_change(x, y, shift[j]);
    }
}

/* The smooth factor at the nodes, and the sum over the tile. */
static double evaluate_nodes(const struct est_i_graph_machine *m, size_t g, workspace *work)
{
    const est_i_graph *graph = &m->setting.graphs->graphs[g];
    double *values = work->values, base = m->graph_constant[g] + over_sets(graph, work->start), sum = 0;
    for (size_t j = 0; j < NODES; j++)
        values[j] = base + work->line[j];
    for (size_t i = 0; i < graph->n_cliques; i++)
        for (size_t j = 0; j < NODES; j++)
            values[j] += work->rows[graph->cliques[i]][j];
    for (size_t i = 0; i < graph->n_separators; i++)
        for (size_t j = 0; j < NODES; j++)
            values[j] -= work->rows[graph->separators[i]][j];
    for (size_t j = 0; j < NODES; j++) {
        values[j] = exp(values[j]);
        sum += values[j] * work->weights[j];
    }
    return sum;
}

static bool is_smooth(const double *coefficients)
{
    double largest = 0, last = fabs(coefficients[NODES - 1]) + fabs(coefficients[NODES - 2]);
    for (size_t i = 0; i < NODES; i++)
        largest = fmax(largest, fabs(coefficients[i]));
    return last <= fmax(SMOOTH * largest, TINY);
}

/* false: the tile is not smooth enough, or the call was cancelled; nothing was added. */
static bool sum_nodes(struct est_i_graph_machine *m, tile *t, workspace *work)
{
    fill_nodes(m, t, work);
    prepare_weights(m, t, work);
    for (size_t i = 0; i < t->count; i++) {
        double *sums = work->sums[is_complete(m, t->graphs[i])];
        t->share[i] = evaluate_nodes(m, t->graphs[i], work);
        for (size_t j = 0; j < NODES; j++)
            sums[j] += work->values[j];
        if (est_i_monitor_cancelled(m->setting.monitor))
            return false;
    }
    for (size_t part = 0; part < 2; part++) {
        transform(m, work->sums[part], work->coefficients[part]);
        if (!is_smooth(work->coefficients[part]))
            return false;
    }
    for (size_t k = t->first; k < t->end; k++) {
        double x = abscissa(t, k), above = above_chord(m, t, k);
        m->mass[k] = fmax(0, above * polynomial(work->coefficients[0], x));
        m->complete[k] = fmax(0, above * polynomial(work->coefficients[1], x));
    }
    return true;
}

static est_status sum_tile(void *user, size_t item, int worker)
{
    struct est_i_graph_machine *m = user;
    tile *t = &m->tiles[item];
    workspace *work = &m->work[worker];
    bool done = t->end - t->first > 2 * NODES && sum_nodes(m, t, work);
    return done ? EST_OK : sum_positions(m, t, work);
}

static void normalise(est_i_graph_posterior *posterior)
{
    struct est_i_graph_machine *m = posterior->machine;
    double total = 0;
    for (size_t k = 0; k < m->n_grid; k++) {
        listen(m, k);
        total += m->mass[k] + m->complete[k];
    }
    for (size_t k = 0; k < m->n_grid; k++) {
        listen(m, k);
        m->complete[k] /= total;
        m->mass[k] = m->mass[k] / total + m->complete[k];
    }
    for (size_t i = 0; i < m->n_tiles; i++)
        for (size_t j = 0; j < m->tiles[i].count; j++)
            posterior->weight[m->tiles[i].graphs[j]] += m->tiles[i].share[j] / total;
}

static est_status solve(const est_i_graph_setting *setting, est_i_graph_posterior *posterior, est_error *error)
{
    struct est_i_graph_machine *m = posterior->machine;
    m->setting = *setting;
    m->n_grid = posterior->n_grid;
    m->mass = posterior->mass;
    prepare_sets(m);
    posterior->seen = m->seen;
    est_status status = reserve(m, error);
    if (status != EST_OK)
        return status;
    for (size_t g = 0; g < setting->graphs->count; g++)
        m->graph_constant[g] = over_sets(&setting->graphs->graphs[g], m->constant);
    status = prepare_tiles(m, error);
    if (status == EST_OK)
        status = place_graphs(m, error);
    if (status == EST_OK)
        status = est_i_parallel_for(m->n_tiles, setting->threads, sum_tile, m, setting->monitor);
    if (status == EST_ECANCELLED)
        status = est_i_cancelled(error);
    if (status == EST_OK)
        normalise(posterior);
    return status;
}

est_status est_i_graph_posterior_make(const est_i_graph_setting *setting, est_i_graph_posterior *posterior, est_error *error)
{
    *posterior = (est_i_graph_posterior){.least = setting->least, .n_grid = setting->most - setting->least + 1};
    posterior->mass = calloc(posterior->n_grid, sizeof *posterior->mass);
    posterior->weight = calloc(setting->graphs->count, sizeof *posterior->weight);
    posterior->machine = calloc(1, sizeof *posterior->machine);
    if (!posterior->mass || !posterior->weight || !posterior->machine)
        return est_i_no_memory(error);
    return solve(setting, posterior, error);
}

void est_i_graph_posterior_free(est_i_graph_posterior *posterior)
{
    struct est_i_graph_machine *m = posterior->machine;
    for (size_t i = 0; m && m->tiles && i < m->n_tiles; i++) {
        free(m->tiles[i].graphs);
        free(m->tiles[i].share);
    }
    if (m) {
        free(m->tiles);
        free(m->edges);
        free(m->at_edge);
        free(m->ratios);
        free(m->height);
        free(m->graph_constant);
        free(m->work);
        free(m->complete);
    }
    free(m);
    free(posterior->mass);
    free(posterior->weight);
    *posterior = (est_i_graph_posterior){0};
}

/* ---- what is read from it ---- */

/* The population by which `mass` less `without` (NULL: nothing) holds this share of all it holds; NaN if that is nothing. */
static double population_by(const est_i_graph_posterior *posterior, const double *without, double share)
{
    double total = 0, sum = 0;
    size_t k = 0;
    for (size_t i = 0; i < posterior->n_grid; i++) {
        listen(posterior->machine, i);
        total += posterior->mass[i] - (without ? without[i] : 0);
    }
    if (!(total > 1e-9))
        return NAN;
    for (; k + 1 < posterior->n_grid; k++) {
        sum += posterior->mass[k] - (without ? without[k] : 0);
        if (sum >= share * total)
            break;
    }
    return posterior->seen + (double)(posterior->least + k);
}

double est_i_graph_quantile(const est_i_graph_posterior *posterior, double share)
{
    return population_by(posterior, NULL, share);
}

double est_i_graph_quantile_without_complete(const est_i_graph_posterior *posterior, double share)
{
    return population_by(posterior, posterior->machine->complete, share);
}

void est_i_graph_moments(const est_i_graph_posterior *posterior, double *mean, double *sd)
{
    double sum = 0, square = 0, least = posterior->seen + (double)posterior->least;
    for (size_t k = 0; k < posterior->n_grid; k++) {
        listen(posterior->machine, k);
        sum += (double)k * posterior->mass[k];
    }
    for (size_t k = 0; k < posterior->n_grid; k++)
        square += ((double)k - sum) * ((double)k - sum) * posterior->mass[k];
    *mean = least + sum;
    *sd = sqrt(square);
}

/* Mass of a graph in a tile; 0 where it does not matter. */
static double share_of(const tile *t, size_t graph)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->graphs[middle] < graph)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->count && t->graphs[low] == graph ? t->share[low] : 0;
}

/* The position in the tile by which the graph has this much mass. */
static size_t find_in_tile(const struct est_i_graph_machine *m, const tile *t, size_t graph, double mass)
{
    const est_i_graph *g = &m->setting.graphs->graphs[graph];
    uint64_t sets = 0;
    double sum = 0;
    for (size_t i = 0; i < g->n_cliques; i++)
        sets |= (uint64_t)1 << g->cliques[i];
    for (size_t i = 0; i < g->n_separators; i++)
        sets |= (uint64_t)1 << g->separators[i];
    for (size_t first = t->first; first < t->end; first += BLOCK) {
        size_t length = t->end - first < BLOCK ? t->end - first : BLOCK;
        fill_rows(m, sets, first, length, m->work);
        evaluate_block(m, t, graph, first, length, m->work);
        for (size_t k = 0; k < length; k++) {
            sum += m->work->values[k];
            if (sum >= mass)
                return first + k;
        }
    }
    return t->end - 1;
}

double est_i_graph_own_quantile(const est_i_graph_posterior *posterior, size_t graph, double share)
{
    const struct est_i_graph_machine *m = posterior->machine;
    double total = 0, before = 0;
    size_t i = 0;
    for (size_t j = 0; j < m->n_tiles; j++)
        total += share_of(&m->tiles[j], graph);
    if (!(total > 0))
        return NAN;
    while (i + 1 < m->n_tiles && before + share_of(&m->tiles[i], graph) < share * total)
        before += share_of(&m->tiles[i++], graph);
    return posterior->seen + unseen_at(m, find_in_tile(m, &m->tiles[i], graph, share * total - before));
}
