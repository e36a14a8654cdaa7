/* The exact verdict: null space of the positive cells, then one exact linear programme over the empty ones. */
#include "mse/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/exact.h"

/* A live column: a local term of one block, or a shared term (block = n_blocks). */
typedef struct column {
    size_t block;
    uint32_t term;
} column;

typedef struct pattern {
    const est_i_fit_data *data;
    size_t lane, n_columns;
    column *columns;
} pattern;

static double margin_of(const est_i_fit_data *data, size_t lane, size_t block, uint32_t term)
{
    return term == EST_I_EXCHANGEABLE ? data->moment[block * data->lanes + lane]
                                      : data->margins[(block * data->n_cells + term) * data->lanes + lane];
}

static bool shared_is_live(const est_i_fit_data *data, size_t lane, uint32_t term)
{
    double total = 0;
    for (size_t k = 0; k < data->n_blocks; k++)
        total += margin_of(data, lane, k, term);
    return total > 0;
}

static bool is_penalised(const est_i_terms *terms, size_t local)
{
    return terms->penalty && terms->penalty[local] > 0;
}

/* A penalised effect cannot run away, so its column takes no part in the verdict. */
static void list_columns(pattern *p, const est_i_terms *terms)
{
    const est_i_fit_data *data = p->data;
    for (size_t k = 0; k < data->n_blocks; k++)
        for (size_t i = 0; i < terms->n_local; i++)
            if (!is_penalised(terms, i) && margin_of(data, p->lane, k, terms->local[i]) > 0)
                p->columns[p->n_columns++] = (column){k, terms->local[i]};
    for (size_t i = 0; i < terms->n_shared; i++)
        if (shared_is_live(data, p->lane, terms->shared[i]))
            p->columns[p->n_columns++] = (column){data->n_blocks, terms->shared[i]};
}

/* Structural cells and those that a dead term takes out are not kept. */
static void mark_kept(const pattern *p, const est_i_terms *terms, double *keep)
{
    const est_i_fit_data *data = p->data;
    for (size_t k = 0; k < data->n_blocks; k++)
        for (size_t w = 0; w < data->n_cells; w++) {
            bool kept = data->keep[(k * data->n_cells + w) * data->lanes + p->lane] > 0;
            for (size_t i = 0; kept && i < terms->n_local; i++)
                kept = terms->local[i] == EST_I_EXCHANGEABLE || (terms->local[i] & w) != terms->local[i] ||
                       is_penalised(terms, i) || margin_of(data, p->lane, k, terms->local[i]) > 0;
            for (size_t i = 0; kept && i < terms->n_shared; i++)
                kept = terms->shared[i] == EST_I_EXCHANGEABLE || (terms->shared[i] & w) != terms->shared[i] ||
                       shared_is_live(data, p->lane, terms->shared[i]);
            keep[k * data->n_cells + w] = kept ? 1 : 0;
        }
}

static int64_t entry(const column *c, size_t w)
{
    int64_t size = __builtin_popcountll(w);
    return c->term == EST_I_EXCHANGEABLE ? size * (size - 1) / 2 : (c->term & w) == c->term;
}

static bool belongs(const pattern *p, const column *c, size_t block)
{
    return c->block == block || c->block == p->data->n_blocks;
}

typedef enum row_choice { ROWS_POSITIVE, ROWS_EMPTY, ROWS_KEPT } row_choice;

static bool is_chosen(const pattern *p, const double *keep, size_t cell, row_choice choice)
{
    bool positive = p->data->counts[cell * p->data->lanes + p->lane] > 0;
    return keep[cell] > 0 && (choice == ROWS_KEPT || positive == (choice == ROWS_POSITIVE));
}

static size_t count_rows(const pattern *p, const double *keep, row_choice choice)
{
    size_t n = 0;
    for (size_t cell = 0; cell < p->data->n_blocks * p->data->n_cells; cell++)
        n += is_chosen(p, keep, cell, choice);
    return n;
}

/* Rows of the pattern, whole numbers; NULL without memory. */
static int64_t *make_rows(const pattern *p, const double *keep, row_choice choice, size_t *n_rows)
{
    size_t n = p->data->n_cells, next = 0;
    *n_rows = count_rows(p, keep, choice);
    int64_t *rows = calloc(*n_rows * p->n_columns + 1, sizeof *rows);
    for (size_t cell = 0; rows && cell < p->data->n_blocks * n; cell++) {
        if (!is_chosen(p, keep, cell, choice))
            continue;
        for (size_t j = 0; j < p->n_columns; j++)
            if (belongs(p, &p->columns[j], cell / n))
                rows[next * p->n_columns + j] = entry(&p->columns[j], cell % n);
        next++;
    }
    return rows;
}

/* Empty cells seen through the null space of the positive ones: row i of `seen` is x_i' basis. */
static int64_t *project(const int64_t *rows, size_t n_rows, size_t n_columns, const int64_t *basis, size_t nullity)
{
    int64_t *seen = calloc(n_rows * nullity + 1, sizeof *seen);
    for (size_t i = 0; seen && i < n_rows; i++)
        for (size_t j = 0; j < n_columns; j++)
            for (size_t k = 0; rows[i * n_columns + j] && k < nullity; k++)
                seen[i * nullity + k] += rows[i * n_columns + j] * basis[j * nullity + k];
    return seen;
}

/* The null directions that no kept cell sees leave the model unidentified; rank of `seen` against the nullity tells. */
static bool rank_is_full(const int64_t *seen, size_t n_rows, size_t nullity, size_t *rank)
{
    int64_t *copy = calloc(n_rows * nullity + 1, sizeof *copy);
    size_t *pivots = calloc(nullity + 1, sizeof *pivots);
    bool fits = copy && pivots;
    if (fits) {
        memcpy(copy, seen, n_rows * nullity * sizeof *copy);
        fits = est_i_exact_echelon(copy, n_rows, nullity, pivots, rank);
    }
    free(pivots);
    free(copy);
    return fits;
}

/* z = basis c: its intercept entries say where the unseen counts go. */
static void read_directions(const pattern *p, const int64_t *basis, size_t nullity, const int64_t *c, int *direction)
{
    for (size_t j = 0; j < p->n_columns; j++) {
        int64_t value = 0;
        if (p->columns[j].term != 0)
            continue;
        for (size_t k = 0; k < nullity; k++)
            value += basis[j * nullity + k] * c[k];
        direction[p->columns[j].block] = (value > 0) - (value < 0);
    }
}

/* An empty cell seen through the null space: its row, and which distinct row that is. */
typedef struct seen_cell {
    const int64_t *row;
    size_t nullity, place, distinct;
} seen_cell;

static int by_row(const void *left, const void *right)
{
    const seen_cell *a = left, *b = right;
    int order = 0;
    for (size_t k = 0; k < a->nullity && !order; k++)
        order = (a->row[k] > b->row[k]) - (a->row[k] < b->row[k]);
    return order;
}

/* Many cells look alike through a small null space: the programme gets each distinct row once. Returns how many; distinct[i] of
 * cell i is filled, and the distinct rows stand first in `rows`. */
static size_t make_distinct(const int64_t *seen, size_t n_rows, size_t nullity, seen_cell *cells, size_t *distinct,
                            int64_t *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < n_rows; i++)
        cells[i] = (seen_cell){seen + i * nullity, nullity, i, 0};
    qsort(cells, n_rows, sizeof *cells, by_row);
    for (size_t i = 0; i < n_rows; i++) {
        if (i == 0 || by_row(&cells[i - 1], &cells[i]) != 0)
            memcpy(rows + count++ * nullity, cells[i].row, nullity * sizeof *rows);
        distinct[cells[i].place] = count - 1;
    }
    return count;
}

static void drop_strict(const pattern *p, const bool *strict, const size_t *distinct, est_i_verdict *v)
{
    size_t next = 0;
    for (size_t cell = 0; cell < p->data->n_blocks * p->data->n_cells; cell++)
        if (is_chosen(p, v->keep, cell, ROWS_EMPTY) && strict[distinct[next++]]) {
            v->keep[cell] = 0;
            v->exists = false;
        }
}

/* The face, from the null space of the positive cells. false: out of memory or out of range. */
static bool find_face(const pattern *p, const int64_t *basis, size_t nullity, est_i_verdict *v)
{
    size_t n_rows = 0, rank = 0, count = 0;
    int64_t *rows = make_rows(p, v->keep, ROWS_EMPTY, &n_rows);
    int64_t *seen = rows ? project(rows, n_rows, p->n_columns, basis, nullity) : NULL;
    int64_t *apart = calloc(n_rows * nullity + 1, sizeof *apart), *c = calloc(nullity + 1, sizeof *c);
    seen_cell *cells = calloc(n_rows + 1, sizeof *cells);
    size_t *distinct = calloc(n_rows + 1, sizeof *distinct);
    bool *strict = calloc(n_rows + 1, sizeof *strict);
    bool fits = seen && apart && c && cells && distinct && strict;
    if (fits)
        count = make_distinct(seen, n_rows, nullity, cells, distinct, apart);
    fits = fits && rank_is_full(apart, count, nullity, &rank) && est_i_exact_recession(apart, count, nullity, strict, c);
    if (fits) {
        v->identified = rank == nullity;
        read_directions(p, basis, nullity, c, v->direction);
        drop_strict(p, strict, distinct, v);
    }
    free(strict);
    free(distinct);
    free(cells);
    free(c);
    free(apart);
    free(seen);
    free(rows);
    return fits;
}

/* An intercept is determined on the face if and only if no null direction of the face moves it. */
static bool find_estimable(const pattern *p, est_i_verdict *v)
{
    size_t n_rows = 0, nullity = 0;
    int64_t *basis = NULL, *rows = make_rows(p, v->keep, ROWS_KEPT, &n_rows);
    bool fits = rows && est_i_exact_null_space(rows, n_rows, p->n_columns, &basis, &nullity);
    for (size_t j = 0; fits && j < p->n_columns; j++) {
        if (p->columns[j].term != 0)
            continue;
        bool moves = false;
        for (size_t k = 0; k < nullity; k++)
            moves = moves || basis[j * nullity + k] != 0;
        v->estimable[p->columns[j].block] = !moves;
        if (!moves)
            v->direction[p->columns[j].block] = 0;
    }
    v->rank = p->n_columns - nullity;
    v->face_cells = n_rows;
    free(basis);
    free(rows);
    return fits;
}

static bool judge(const pattern *p, est_i_verdict *v)
{
    size_t n_rows = 0, nullity = 0;
    int64_t *basis = NULL, *rows = make_rows(p, v->keep, ROWS_POSITIVE, &n_rows);
    bool fits = rows && est_i_exact_null_space(rows, n_rows, p->n_columns, &basis, &nullity);
    v->kept_cells = count_rows(p, v->keep, ROWS_KEPT);
    v->n_live = p->n_columns;
    v->exists = v->identified = true;
    if (fits && nullity > 0)
        fits = find_face(p, basis, nullity, v);
    fits = fits && find_estimable(p, v);
    free(basis);
    free(rows);
    return fits;
}

static est_i_verdict *new_verdict(size_t n_blocks, size_t n_cells)
{
    est_i_verdict *v = calloc(1, sizeof *v);
    if (!v)
        return NULL;
    *v = (est_i_verdict){.n_blocks = n_blocks, .n_cells = n_cells, .keep = calloc(n_blocks * n_cells, sizeof *v->keep),
                         .estimable = calloc(n_blocks, sizeof *v->estimable),
                         .direction = calloc(n_blocks, sizeof *v->direction)};
    if (!v->keep || !v->estimable || !v->direction) {
        est_i_verdict_free(v);
        v = NULL;
    }
    return v;
}

est_status est_i_verdict_find(const est_i_fit_data *data, size_t lane, const est_i_terms *terms, est_i_verdict **verdict,
                              est_error *error)
{
    est_status status = EST_OK;
    pattern p = {.data = data, .lane = lane};
    est_i_verdict *v = new_verdict(data->n_blocks, data->n_cells);
    p.columns = calloc(data->n_blocks * terms->n_local + terms->n_shared + 1, sizeof *p.columns);
    *verdict = NULL;
    if (!v || !p.columns) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    list_columns(&p, terms);
    mark_kept(&p, terms, v->keep);
    if (!judge(&p, v)) {
        status = est_i_fail(error, EST_EINTERNAL, "the exact existence check left the range of 64-bit whole numbers");
        goto cleanup;
    }
    *verdict = v;
    v = NULL;
cleanup:
    free(p.columns);
    est_i_verdict_free(v);
    return status;
}

void est_i_verdict_free(est_i_verdict *verdict)
{
    if (!verdict)
        return;
    free(verdict->keep);
    free(verdict->estimable);
    free(verdict->direction);
    free(verdict);
}
