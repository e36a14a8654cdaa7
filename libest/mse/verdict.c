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
    const unsigned char *acts; /* of a shared term: the blocks it acts in; NULL = all */
} column;

typedef struct pattern {
    const est_i_fit_data *data;
    size_t lane, n_columns;
    column *columns;
    est_i_monitor *monitor;
    bool explains;
} pattern;

/* Asked along the cells of a large table; what is then left undone is not used, since judge() ends in a refusal. */
static bool is_stopped(const pattern *p, size_t cell)
{
    return (cell & 4095) == 4095 && est_i_monitor_cancelled(p->monitor);
}

static double margin_of(const est_i_fit_data *data, size_t lane, size_t block, uint32_t term)
{
    return term == EST_I_EXCHANGEABLE ? data->moment[block * data->lanes + lane]
                                      : data->margins[(block * data->n_cells + term) * data->lanes + lane];
}

static bool shared_is_live(const est_i_fit_data *data, size_t lane, const est_i_terms *terms, size_t shared)
{
    double total = 0;
    for (size_t k = 0; k < data->n_blocks; k++)
        if (est_i_acts(terms, shared, k, data->n_blocks))
            total += margin_of(data, lane, k, terms->shared[shared]);
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
                p->columns[p->n_columns++] = (column){k, terms->local[i], NULL};
    for (size_t i = 0; i < terms->n_shared; i++)
        if (shared_is_live(data, p->lane, terms, i))
            p->columns[p->n_columns++] =
                (column){data->n_blocks, terms->shared[i], terms->acts ? terms->acts + i * data->n_blocks : NULL};
}

/* Cells that contain a dead term, by subset sums over the dead ones. */
static void drop_dead(const pattern *p, const est_i_terms *terms, size_t block, double *keep, bool *dead)
{
    const est_i_fit_data *data = p->data;
    size_t n = data->n_cells;
    memset(dead, 0, n * sizeof *dead);
    for (size_t i = 0; i < terms->n_local; i++)
        if (terms->local[i] != EST_I_EXCHANGEABLE && !is_penalised(terms, i))
            dead[terms->local[i]] = !(margin_of(data, p->lane, block, terms->local[i]) > 0);
    for (size_t i = 0; i < terms->n_shared; i++)
        if (terms->shared[i] != EST_I_EXCHANGEABLE && est_i_acts(terms, i, block, data->n_blocks) &&
            !shared_is_live(data, p->lane, terms, i))
            dead[terms->shared[i]] = true;
    for (size_t bit = 1; bit < n && !is_stopped(p, n - 1); bit <<= 1)
        for (size_t w = 0; w < n; w++)
            if (w & bit)
                dead[w] = dead[w] || dead[w ^ bit];
    for (size_t w = 0; w < n; w++)
        keep[w] = data->keep[(block * n + w) * data->lanes + p->lane] > 0 && !dead[w] ? 1 : 0;
}

/* Structural cells and those that a dead term takes out are not kept. false: no memory. */
static bool mark_kept(const pattern *p, const est_i_terms *terms, double *keep)
{
    bool *dead = calloc(p->data->n_cells, sizeof *dead);
    for (size_t k = 0; dead && k < p->data->n_blocks; k++)
        drop_dead(p, terms, k, keep + k * p->data->n_cells, dead);
    bool whole = dead != NULL;
    free(dead);
    return whole;
}

static int64_t entry(const column *c, size_t w)
{
    int64_t size = __builtin_popcountll(w);
    return c->term == EST_I_EXCHANGEABLE ? size * (size - 1) / 2 : (c->term & w) == c->term;
}

static bool belongs(const pattern *p, const column *c, size_t block)
{
    return c->block == block || (c->block == p->data->n_blocks && (!c->acts || c->acts[block]));
}

static bool is_positive(const pattern *p, size_t cell)
{
    return p->data->counts[cell * p->data->lanes + p->lane] > 0;
}

static size_t count_cells(const pattern *p, const double *keep, bool positive)
{
    size_t n = 0;
    for (size_t cell = 0; cell < p->data->n_blocks * p->data->n_cells; cell++)
        n += keep[cell] > 0 && is_positive(p, cell) == positive;
    return n;
}

/* Rows of the kept cells with a count, in whole numbers; NULL without memory. */
static int64_t *make_positive_rows(const pattern *p, const double *keep, size_t *n_rows)
{
    size_t n = p->data->n_cells, next = 0;
    *n_rows = count_cells(p, keep, true);
    int64_t *rows = calloc(*n_rows * p->n_columns + 1, sizeof *rows);
    for (size_t cell = 0; rows && cell < p->data->n_blocks * n && !is_stopped(p, cell); cell++) {
        if (!(keep[cell] > 0) || !is_positive(p, cell))
            continue;
        for (size_t j = 0; j < p->n_columns; j++)
            if (belongs(p, &p->columns[j], cell / n))
                rows[next * p->n_columns + j] = entry(&p->columns[j], cell % n);
        next++;
    }
    return rows;
}

/* sum += a b; false out of range. */
static bool add_product(int64_t *sum, int64_t a, int64_t b)
{
    int64_t product;
    return !__builtin_mul_overflow(a, b, &product) && !__builtin_add_overflow(*sum, product, sum);
}

/* Empty kept cells seen through the null space of the positive ones: row i is x_i' basis. NULL without memory; *fits = false out of
 * range. */
static int64_t *see_empty_cells(const pattern *p, const double *keep, const int64_t *basis, size_t nullity, size_t *n_rows,
                                bool *fits)
{
    size_t n = p->data->n_cells, next = 0;
    *n_rows = count_cells(p, keep, false);
    int64_t *seen = calloc(*n_rows * nullity + 1, sizeof *seen);
    for (size_t cell = 0; seen && cell < p->data->n_blocks * n && !is_stopped(p, cell); cell++) {
        if (!(keep[cell] > 0) || is_positive(p, cell))
            continue;
        for (size_t j = 0; j < p->n_columns; j++) {
            int64_t x = belongs(p, &p->columns[j], cell / n) ? entry(&p->columns[j], cell % n) : 0;
            for (size_t k = 0; x && k < nullity; k++)
                *fits = add_product(&seen[next * nullity + k], x, basis[j * nullity + k]) && *fits;
        }
        next++;
    }
    return seen;
}

/* The null directions that no kept cell sees leave the model unidentified; rank of `seen` against the nullity tells. */
static bool rank_is_full(const int64_t *seen, size_t n_rows, size_t nullity, size_t *rank, est_i_monitor *monitor)
{
    int64_t *copy = calloc(n_rows * nullity + 1, sizeof *copy);
    size_t *pivots = calloc(nullity + 1, sizeof *pivots);
    bool fits = copy && pivots;
    if (fits) {
        memcpy(copy, seen, n_rows * nullity * sizeof *copy);
        fits = est_i_exact_echelon(copy, n_rows, nullity, pivots, rank, monitor);
    }
    free(pivots);
    free(copy);
    return fits;
}

/* Can the intercept of column j move in direction `sign` along a recession of the positive cells? A further row asks for it. */
static bool can_move(const pattern *p, const int64_t *basis, size_t nullity, const int64_t *apart, size_t count, size_t j,
                     int64_t sign, bool *fits)
{
    int64_t *rows = calloc((count + 1) * nullity + 1, sizeof *rows), *c = calloc(nullity + 1, sizeof *c);
    bool *strict = calloc(count + 2, sizeof *strict), moves = false;
    *fits = *fits && rows && c && strict;
    if (*fits) {
        memcpy(rows, apart, count * nullity * sizeof *rows);
        for (size_t k = 0; k < nullity; k++)
            rows[count * nullity + k] = -sign * basis[j * nullity + k];
        *fits = est_i_exact_recession(rows, count + 1, nullity, strict, c, p->monitor);
        moves = *fits && strict[count];
    }
    free(strict);
    free(c);
    free(rows);
    return moves;
}

static bool find_directions(const pattern *p, const int64_t *basis, size_t nullity, const int64_t *apart, size_t count,
                            est_i_verdict *v)
{
    bool fits = true;
    for (size_t j = 0; j < p->n_columns && fits; j++) {
        size_t block = p->columns[j].block;
        if (p->columns[j].term != 0 || v->estimable[block])
            continue;
        bool rises = can_move(p, basis, nullity, apart, count, j, 1, &fits);
        bool falls = can_move(p, basis, nullity, apart, count, j, -1, &fits);
        v->direction[block] = rises - falls;
    }
    return fits;
}

/* An empty cell seen through the null space: its row, and whose row that is. */
typedef struct seen_cell {
    const int64_t *row;
    size_t place;
} seen_cell;

static int compare_rows(const int64_t *a, const int64_t *b, size_t nullity)
{
    int order = 0;
    for (size_t k = 0; k < nullity && !order; k++)
        order = (a[k] > b[k]) - (a[k] < b[k]);
    return order;
}

/* By row, merging runs of growing length: a million cells take long enough for somebody to ask for an end. Returns where the sorted
 * cells stand: in `cells` or in `work`; NULL when stopped. */
static seen_cell *sort_cells(const pattern *p, seen_cell *cells, seen_cell *work, size_t n, size_t nullity)
{
    for (size_t run = 1; run < n; run *= 2) {
        seen_cell *other = work;
        size_t i = 0, j = 0, middle = 0, last = 0;
        for (size_t to = 0; to < n; to++) {
            if (to == last) {
                i = last;
                j = middle = i + run < n ? i + run : n;
                last = i + 2 * run < n ? i + 2 * run : n;
            }
            bool left = j == last || (i < middle && compare_rows(cells[i].row, cells[j].row, nullity) <= 0);
            work[to] = cells[left ? i++ : j++];
            if (is_stopped(p, to))
                return NULL;
        }
        work = cells;
        cells = other;
    }
    return cells;
}

/* Many cells look alike through a small null space: the programme gets each distinct row once. Returns how many; distinct[i] of
 * cell i is filled, and the distinct rows stand first in `rows`. */
static size_t make_distinct(const pattern *p, const int64_t *seen, size_t n_rows, size_t nullity, seen_cell *cells,
                            size_t *distinct, int64_t *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < n_rows; i++)
        cells[i] = (seen_cell){seen + i * nullity, i};
    const seen_cell *sorted = sort_cells(p, cells, cells + n_rows, n_rows, nullity);
    for (size_t i = 0; sorted && i < n_rows && !is_stopped(p, i); i++) {
        if (i == 0 || compare_rows(sorted[i - 1].row, sorted[i].row, nullity) != 0)
            memcpy(rows + count++ * nullity, sorted[i].row, nullity * sizeof *rows);
        distinct[sorted[i].place] = count - 1;
    }
    return count;
}

static void drop_strict(const pattern *p, const bool *strict, const size_t *distinct, est_i_verdict *v)
{
    size_t next = 0;
    for (size_t cell = 0; cell < p->data->n_blocks * p->data->n_cells; cell++)
        if (v->keep[cell] > 0 && !is_positive(p, cell) && strict[distinct[next++]]) {
            v->keep[cell] = 0;
            v->reduced[cell / p->data->n_cells] = true;
            v->exists = false;
        }
}

/* The null space of the face is what of the basis the face's empty cells do not see. An intercept is determined on the face if
 * and only if no direction of it moves the intercept. */
static bool find_estimable(const pattern *p, const int64_t *basis, size_t nullity, int64_t *apart, size_t count,
                           const bool *strict, est_i_verdict *v)
{
    size_t kept = 0, left = 0;
    int64_t *unseen = NULL;
    for (size_t i = 0; i < count; i++)
        if (!strict[i])
            memmove(apart + kept++ * nullity, apart + i * nullity, nullity * sizeof *apart);
    bool fits = est_i_exact_null_space(apart, kept, nullity, &unseen, &left, p->monitor);
    for (size_t j = 0; fits && j < p->n_columns; j++) {
        bool moves = false;
        for (size_t c = 0; p->columns[j].term == 0 && c < left && !moves; c++) {
            int64_t value = 0;
            for (size_t k = 0; k < nullity; k++)
                fits = add_product(&value, basis[j * nullity + k], unseen[k * left + c]) && fits;
            moves = value != 0;
        }
        if (p->columns[j].term == 0)
            v->estimable[p->columns[j].block] = !moves;
    }
    v->rank = p->n_columns - left;
    free(unseen);
    return fits;
}

/* The face, from the null space of the positive cells. false: out of memory or out of range. */
static bool find_face(const pattern *p, const int64_t *basis, size_t nullity, est_i_verdict *v)
{
    size_t n_rows = 0, rank = 0, count = 0;
    bool in_range = true;
    int64_t *seen = see_empty_cells(p, v->keep, basis, nullity, &n_rows, &in_range);
    int64_t *apart = calloc(n_rows * nullity + 1, sizeof *apart), *c = calloc(nullity + 1, sizeof *c);
    int64_t *face = calloc(n_rows * nullity + 1, sizeof *face);
    seen_cell *cells = calloc(2 * n_rows + 1, sizeof *cells);
    size_t *distinct = calloc(n_rows + 1, sizeof *distinct);
    bool *strict = calloc(n_rows + 1, sizeof *strict);
    bool fits = in_range && seen && apart && c && face && cells && distinct && strict;
    if (fits)
        count = make_distinct(p, seen, n_rows, nullity, cells, distinct, apart);
    fits = fits && !est_i_monitor_cancelled(p->monitor) && rank_is_full(apart, count, nullity, &rank, p->monitor) &&
           est_i_exact_recession(apart, count, nullity, strict, c, p->monitor);
    if (fits) {
        v->identified = rank == nullity;
        drop_strict(p, strict, distinct, v);
        memcpy(face, apart, count * nullity * sizeof *face);
        fits = find_estimable(p, basis, nullity, face, count, strict, v) &&
               (!p->explains || find_directions(p, basis, nullity, apart, count, v));
    }
    free(face);
    free(strict);
    free(distinct);
    free(cells);
    free(c);
    free(apart);
    free(seen);
    return fits;
}

/* Without a null direction of the positive cells everything is determined. */
static void accept_all(const pattern *p, est_i_verdict *v)
{
    v->exists = v->identified = true;
    v->rank = p->n_columns;
    for (size_t j = 0; j < p->n_columns; j++)
        if (p->columns[j].term == 0)
            v->estimable[p->columns[j].block] = true;
}

static bool judge(const pattern *p, est_i_verdict *v)
{
    size_t n_rows = 0, nullity = 0;
    int64_t *basis = NULL, *rows = make_positive_rows(p, v->keep, &n_rows);
    bool fits = rows && est_i_exact_null_space(rows, n_rows, p->n_columns, &basis, &nullity, p->monitor);
    v->n_live = p->n_columns;
    v->kept_cells = n_rows + count_cells(p, v->keep, false);
    accept_all(p, v);
    if (fits && nullity > 0)
        fits = find_face(p, basis, nullity, v);
    v->face_cells = n_rows + count_cells(p, v->keep, false);
    free(basis);
    free(rows);
    return fits && !est_i_monitor_cancelled(p->monitor);
}

static est_i_verdict *new_verdict(size_t n_blocks, size_t n_cells)
{
    est_i_verdict *v = calloc(1, sizeof *v);
    if (!v)
        return NULL;
    *v = (est_i_verdict){.n_blocks = n_blocks, .n_cells = n_cells, .keep = calloc(n_blocks * n_cells, sizeof *v->keep),
                         .reduced = calloc(n_blocks, sizeof *v->reduced),
                         .estimable = calloc(n_blocks, sizeof *v->estimable),
                         .direction = calloc(n_blocks, sizeof *v->direction)};
    if (!v->keep || !v->reduced || !v->estimable || !v->direction) {
        est_i_verdict_free(v);
        v = NULL;
    }
    return v;
}

static est_status find_verdict(const est_i_fit_data *data, size_t lane, const est_i_terms *terms, bool explains,
                               est_i_monitor *monitor, est_i_verdict **verdict, est_error *error)
{
    est_status status = EST_OK;
    pattern p = {.data = data, .lane = lane, .monitor = monitor, .explains = explains};
    est_i_verdict *v = new_verdict(data->n_blocks, data->n_cells);
    p.columns = calloc(data->n_blocks * terms->n_local + terms->n_shared + 1, sizeof *p.columns);
    *verdict = NULL;
    if (!v || !p.columns) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    list_columns(&p, terms);
    if (!mark_kept(&p, terms, v->keep)) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    if (!judge(&p, v)) {
        status = est_i_monitor_cancelled(monitor)
                     ? est_i_cancelled(error)
                     : est_i_fail(error, EST_EIDENTIFY, "whether an estimate exists could not be decided: the table is too sparse "
                                  "for so many terms; use a model with fewer terms");
        goto cleanup;
    }
    *verdict = v;
    v = NULL;
cleanup:
    free(p.columns);
    est_i_verdict_free(v);
    return status;
}

est_status est_i_verdict_find(const est_i_fit_data *data, size_t lane, const est_i_terms *terms, est_i_monitor *monitor,
                              est_i_verdict **verdict, est_error *error)
{
    return find_verdict(data, lane, terms, false, monitor, verdict, error);
}

est_status est_i_verdict_explain(const est_i_fit_data *data, size_t lane, const est_i_terms *terms, est_i_monitor *monitor,
                                 est_i_verdict **verdict, est_error *error)
{
    return find_verdict(data, lane, terms, true, monitor, verdict, error);
}

/* Rows of every cell of the face. NULL without memory. */
static int64_t *make_face_rows(const pattern *p, const double *keep, size_t *n_rows)
{
    size_t n = p->data->n_cells, next = 0;
    *n_rows = count_cells(p, keep, true) + count_cells(p, keep, false);
    int64_t *rows = calloc(*n_rows * p->n_columns + 1, sizeof *rows);
    for (size_t cell = 0; rows && cell < p->data->n_blocks * n && !is_stopped(p, cell); cell++) {
        if (!(keep[cell] > 0))
            continue;
        for (size_t j = 0; j < p->n_columns; j++)
            if (belongs(p, &p->columns[j], cell / n))
                rows[next * p->n_columns + j] = entry(&p->columns[j], cell % n);
        next++;
    }
    return rows;
}

/* The live column of a coefficient: in the order of list_columns, so that `next` is it or none is. */
static bool is_column(const pattern *p, size_t next, size_t block, uint32_t term)
{
    return next < p->n_columns && p->columns[next].block == block && p->columns[next].term == term;
}

static void read_determined(const pattern *p, const est_i_terms *terms, const int64_t *basis, size_t nullity, bool *determined)
{
    size_t next = 0, n_local = terms->n_local * p->data->n_blocks;
    for (size_t i = 0; i < n_local + terms->n_shared; i++) {
        size_t block = i < n_local ? i / terms->n_local : p->data->n_blocks, shared = i < n_local ? 0 : i - n_local;
        uint32_t term = i < n_local ? terms->local[i % terms->n_local] : terms->shared[shared];
        determined[i] = true;
        if (!is_column(p, next, block, term) || (i >= n_local && !shared_is_live(p->data, p->lane, terms, shared)))
            continue;
        for (size_t k = 0; k < nullity; k++)
            determined[i] = determined[i] && basis[next * nullity + k] == 0;
        next++;
    }
}

/* A coefficient is determined if no direction that the face does not see moves it. */
est_status est_i_verdict_coefficients(const est_i_fit_data *data, size_t lane, const est_i_terms *terms,
                                      const est_i_verdict *verdict, est_i_monitor *monitor, bool *determined, est_error *error)
{
    est_status status = EST_OK;
    pattern p = {.data = data, .lane = lane, .monitor = monitor};
    size_t n_rows = 0, nullity = 0;
    int64_t *basis = NULL, *rows = NULL;
    p.columns = calloc(data->n_blocks * terms->n_local + terms->n_shared + 1, sizeof *p.columns);
    if (p.columns) {
        list_columns(&p, terms);
        rows = make_face_rows(&p, verdict->keep, &n_rows);
    }
    if (!rows)
        status = est_i_no_memory(error);
    else if (!est_i_exact_null_space(rows, n_rows, p.n_columns, &basis, &nullity, monitor))
        status = est_i_monitor_cancelled(monitor)
                     ? est_i_cancelled(error)
                     : est_i_fail(error, EST_EIDENTIFY, "which coefficients are determined could not be decided: the table is too "
                                                        "sparse");
    else
        read_determined(&p, terms, basis, nullity, determined);
    free(basis);
    free(rows);
    free(p.columns);
    return status;
}

void est_i_verdict_free(est_i_verdict *verdict)
{
    if (!verdict)
        return;
    free(verdict->keep);
    free(verdict->reduced);
    free(verdict->estimable);
    free(verdict->direction);
    free(verdict);
}
