/* Weights within limits that reproduce the totals: each row has bounds of its own for its factor. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/calibrate_parts.h"

/* ---- the rows, in their order ---- */

typedef struct trim_rows {
    size_t n, capacity;
    double *weight;   /* before calibration */
    uint32_t *unit;   /* by cluster: the PSU; otherwise the cell */
    size_t x_count, x_capacity;
    size_t *start;    /* [n + 1]: x of each row, where there are no cells */
    uint32_t *index;
    double *value;
} trim_rows;

static void rows_free(void *user, void *part)
{
    trim_rows *rows = part;
    (void)user;
    if (rows) {
        free(rows->weight);
        free(rows->unit);
        free(rows->start);
        free(rows->index);
        free(rows->value);
        free(rows);
    }
}

static void *rows_new(void *user)
{
    (void)user;
    return calloc(1, sizeof(trim_rows));
}

static bool rows_grow(trim_rows *rows, size_t more, size_t more_x)
{
    if (rows->n + more > rows->capacity || !rows->start) {
        size_t capacity = 2 * rows->capacity + more + 64;
        double *weight = realloc(rows->weight, capacity * sizeof *weight);
        rows->weight = weight ? weight : rows->weight;
        uint32_t *unit = realloc(rows->unit, capacity * sizeof *unit);
        rows->unit = unit ? unit : rows->unit;
        size_t *start = realloc(rows->start, (capacity + 1) * sizeof *start);
        rows->start = start ? start : rows->start;
        if (!weight || !unit || !start)
            return false;
        rows->start[0] = 0;
        rows->capacity = capacity;
    }
    if (rows->x_count + more_x > rows->x_capacity) {
        size_t capacity = 2 * rows->x_capacity + more_x + 64;
        uint32_t *index = realloc(rows->index, capacity * sizeof *index);
        rows->index = index ? index : rows->index;
        double *value = realloc(rows->value, capacity * sizeof *value);
        rows->value = value ? value : rows->value;
        if (!index || !value)
            return false;
        rows->x_capacity = capacity;
    }
    return true;
}

static void add_row(const est_i_calibration *c, trim_rows *out, const est_i_rows *rows, size_t row)
{
    uint32_t level[c->n_variables + 1];
    double number[c->n_variables + 1];
    size_t margin, count = 0;
    if (c->units.n)
        out->unit[out->n] = (uint32_t)est_i_calibration_cell(c, rows, row);
    else if (rows->base_weight[row] > 0 && est_i_x_row_of(c, rows, row, level, number))
        count = est_i_margins_x(c, &(est_i_x_row){level, number}, out->index + out->x_count, out->value + out->x_count, &margin);
    out->x_count += count == SIZE_MAX ? 0 : count;
    out->weight[out->n++] = rows->base_weight[row];
    out->start[out->n] = out->x_count;
}

static est_status rows_take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const est_i_calibration *c = user;
    if (!rows_grow(part, rows->n, c->units.n ? 0 : rows->n * c->n_margins))
        return est_i_no_memory(error);
    for (size_t i = 0; i < rows->n; i++)
        add_row(c, part, rows, i);
    return EST_OK;
}

static est_status rows_settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    (void)user, (void)part, (void)final, (void)error;
    return EST_OK;
}

static est_status rows_join(void *user, void *into, void *from, est_error *error)
{
    trim_rows *a = into;
    const trim_rows *b = from;
    (void)user;
    if (!rows_grow(a, b->n, b->x_count))
        return est_i_no_memory(error);
    for (size_t i = 0; i < b->n; i++) {
        a->weight[a->n] = b->weight[i];
        a->unit[a->n++] = b->unit[i];
        a->start[a->n] = a->x_count + b->start[i + 1];
    }
    for (size_t k = 0; k < b->x_count; k++) {
        a->index[a->x_count] = b->index[k];
        a->value[a->x_count++] = b->value[k];
    }
    return EST_OK;
}

/* ---- units with bounds ---- */

typedef struct trim {
    est_i_calibration *calibration;
    double least, most;
    trim_rows *rows;
    est_i_units units; /* rows, or PSUs */
    double *g, *after;
} trim;

static void *keep(void *made, bool *failed)
{
    *failed = *failed || !made;
    return made;
}

static bool units_room(est_i_units *units, size_t n, size_t n_x)
{
    bool failed = false;
    units->n = n;
    units->start = keep(calloc(n + 1, sizeof *units->start), &failed);
    units->index = keep(calloc(n_x + 1, sizeof *units->index), &failed);
    units->value = keep(calloc(n_x + 1, sizeof *units->value), &failed);
    units->weight = keep(calloc(n + 1, sizeof *units->weight), &failed);
    units->lower = keep(calloc(n + 1, sizeof *units->lower), &failed);
    units->upper = keep(calloc(n + 1, sizeof *units->upper), &failed);
    return !failed;
}

/* x of a row from its cell, or its own. */
static void copy_x(const trim *t, size_t row, size_t *k)
{
    const est_i_units *cells = &t->calibration->units;
    bool own = cells->n == 0;
    size_t from = own ? t->rows->start[row] : cells->start[t->rows->unit[row]];
    size_t to = own ? t->rows->start[row + 1] : cells->start[t->rows->unit[row] + 1];
    for (; from < to && t->rows->weight[row] > 0; from++, (*k)++) {
        t->units.index[*k] = own ? t->rows->index[from] : cells->index[from];
        t->units.value[*k] = own ? t->rows->value[from] : cells->value[from];
    }
}

static bool units_of_rows(trim *t)
{
    size_t k = 0;
    if (!units_room(&t->units, t->rows->n, t->rows->n * t->calibration->n_margins))
        return false;
    for (size_t i = 0; i < t->rows->n; i++) {
        double weight = t->rows->weight[i];
        t->units.weight[i] = weight;
        t->units.lower[i] = weight > 0 ? t->least / weight : -INFINITY;
        t->units.upper[i] = weight > 0 ? t->most / weight : INFINITY;
        copy_x(t, i, &k);
        t->units.start[i + 1] = k;
    }
    return true;
}

/* The factor of a PSU must keep the weights of all its rows within the limits. */
static bool units_of_clusters(trim *t)
{
    const est_i_units *psus = &t->calibration->units;
    size_t n_x = psus->start[psus->n];
    if (!units_room(&t->units, psus->n, n_x))
        return false;
    memcpy(t->units.start, psus->start, (psus->n + 1) * sizeof *psus->start);
    memcpy(t->units.index, psus->index, n_x * sizeof *psus->index);
    memcpy(t->units.value, psus->value, n_x * sizeof *psus->value);
    memcpy(t->units.weight, psus->weight, psus->n * sizeof *psus->weight);
    for (size_t u = 0; u < psus->n; u++) {
        t->units.lower[u] = -INFINITY;
        t->units.upper[u] = INFINITY;
    }
    for (size_t i = 0; i < t->rows->n; i++) {
        size_t u = t->rows->unit[i];
        double weight = t->rows->weight[i];
        if (weight > 0) {
            t->units.lower[u] = fmax(t->units.lower[u], t->least / weight);
            t->units.upper[u] = fmin(t->units.upper[u], t->most / weight);
        }
    }
    return true;
}

/* The bounds of the factors hold as well. */
static est_status bound_units(trim *t, est_error *error)
{
    const est_i_calibration_options *o = &t->calibration->options;
    char a[32], b[32];
    size_t apart = 0;
    for (size_t u = 0; u < t->units.n; u++) {
        t->units.lower[u] = fmax(t->units.lower[u], o->kind == EST_I_CALIBRATE_LOGIT ? -INFINITY : o->lower);
        t->units.upper[u] = fmin(t->units.upper[u], o->kind == EST_I_CALIBRATE_LOGIT ? INFINITY : o->upper);
        apart += t->units.lower[u] > t->units.upper[u] || t->units.lower[u] >= o->upper || t->units.upper[u] <= o->lower ? 1 : 0;
    }
    if (apart == 0)
        return EST_OK;
    return est_i_fail(error, EST_EDEFINITION, "trimming: the limits %s and %s of the weights cannot be met together with %s in %zu "
                      "%s; widen the one or the other", est_i_calibration_show(t->least, a), est_i_calibration_show(t->most, b),
                      t->calibration->psu ? "one factor for each PSU" : "the bounds of the factors", apart,
                      t->calibration->psu ? "PSUs" : "rows");
}

/* ---- reach ---- */

/* Totals of categories lie between the sums of the least and of the largest weights. */
static est_status check_reach(const trim *t, est_error *error)
{
    const est_i_calibration *c = t->calibration;
    double *least = calloc(c->size + 1, sizeof *least), *most = calloc(c->size + 1, sizeof *most);
    char known[32], limit[32];
    est_status status = least && most ? EST_OK : est_i_no_memory(error);
    size_t j = 0;
    for (size_t u = 0; u < t->units.n && status == EST_OK; u++)
        for (size_t k = t->units.start[u]; k < t->units.start[u + 1] && t->units.weight[u] > 0; k++) {
            least[t->units.index[k]] += t->units.weight[u] * t->units.value[k] * t->units.lower[u];
            most[t->units.index[k]] += t->units.weight[u] * t->units.value[k] * t->units.upper[u];
        }
    for (size_t m = 0; m < c->n_margins && status == EST_OK; m++)
        for (size_t end = j + c->margins[m].n_rows; j < end && status == EST_OK; j++) {
            bool low = c->known[j] > most[j] * (1 + 1e-12), high = c->known[j] < least[j] * (1 - 1e-12);
            if (!c->margins[m].numbers && (low || high))
                status = est_i_fail(error, EST_EDEFINITION, "trimming: '%.150s' is known to be %s, but weights within the limits "
                                    "give %s %s; widen the limits, or join the level with another one", c->name[j],
                                    est_i_calibration_show(c->known[j], known), low ? "at most" : "at least",
                                    est_i_calibration_show(low ? most[j] : least[j], limit));
        }
    free(least);
    free(most);
    return status;
}

/* ---- the solution ---- */

static double cut(const est_i_units *units, size_t u, double g)
{
    return fmin(fmax(g, units->lower[u]), units->upper[u]);
}

/* Post-strata: one factor for the untrimmed rows of each, by bisection, which the last step makes exact. */
static est_status solve_cells(trim *t, est_error *error)
{
    const est_i_calibration *c = t->calibration;
    double *low = calloc(c->size + 1, sizeof *low), *high = calloc(c->size + 1, sizeof *high);
    double *fixed = calloc(c->size + 1, sizeof *fixed), *free_sum = calloc(c->size + 1, sizeof *free_sum);
    est_status status = low && high && fixed && free_sum ? EST_OK : est_i_no_memory(error);
    for (size_t u = 0; u < t->units.n && status == EST_OK; u++)
        if (t->units.weight[u] > 0 && t->units.upper[u] < INFINITY)
            high[t->units.index[t->units.start[u]]] = fmax(high[t->units.index[t->units.start[u]]], t->units.upper[u]);
    for (size_t j = 0; j < c->size && status == EST_OK; j++)
        high[j] = fmax(high[j], 2 * c->known[j] / (c->before[j] > 0 ? c->before[j] : 1));
    for (int step = 0; step < 64 && status == EST_OK; step++) {
        memset(fixed, 0, c->size * sizeof *fixed);
        for (size_t u = 0; u < t->units.n; u++)
            if (t->units.weight[u] > 0) {
                size_t j = t->units.index[t->units.start[u]];
                fixed[j] += t->units.weight[u] * cut(&t->units, u, (low[j] + high[j]) / 2);
            }
        for (size_t j = 0; j < c->size; j++)
            *(fixed[j] < c->known[j] ? &low[j] : &high[j]) = (low[j] + high[j]) / 2;
    }
    if (status == EST_OK)
        memset(fixed, 0, c->size * sizeof *fixed);
    for (size_t u = 0; u < t->units.n && status == EST_OK; u++)
        if (t->units.weight[u] > 0) {
            size_t j = t->units.index[t->units.start[u]];
            double g = high[j];
            bool is_cut = cut(&t->units, u, g) != g;
            *(is_cut ? &fixed[j] : &free_sum[j]) += t->units.weight[u] * (is_cut ? cut(&t->units, u, g) : 1);
        }
    for (size_t u = 0; u < t->units.n && status == EST_OK; u++)
        if (t->units.weight[u] > 0) {
            size_t j = t->units.index[t->units.start[u]];
            bool is_cut = cut(&t->units, u, high[j]) != high[j];
            t->g[u] = is_cut ? cut(&t->units, u, high[j]) : (c->known[j] - fixed[j]) / free_sum[j];
        }
    if (status == EST_OK)
        memcpy(t->after, c->known, c->size * sizeof *t->after);
    free(low);
    free(high);
    free(fixed);
    free(free_sum);
    return status;
}

static est_status fail_unmet(const trim *t, const est_i_calibration_solution *solution, est_error *error)
{
    const est_i_calibration *c = t->calibration;
    size_t worst = 0;
    double most = -1;
    char known[32], reached[32];
    for (size_t j = 0; j < c->size; j++) {
        double off = fabs(c->known[j] - solution->reached[j]) / (1 + fabs(c->known[j]));
        worst = off > most ? j : worst;
        most = fmax(most, off);
    }
    return est_i_fail(error, EST_EDEFINITION, "trimming: no weights within the limits reproduce all the totals; '%.150s' comes to "
                      "%s and is known to be %s; widen the limits, or join small levels", c->name[worst],
                      est_i_calibration_show(solution->reached[worst], reached), est_i_calibration_show(c->known[worst], known));
}

static est_status solve_newton(trim *t, est_error *error)
{
    est_i_calibration *c = t->calibration;
    est_i_units_problem units = {&t->units, NULL, c->distance, c->size, est_i_sample_monitor(c->sample)};
    est_i_calibration_problem problem = {c->distance, c->size, c->known, c->gram, c->options.tolerance,
                                         c->options.iterations > 200 ? c->options.iterations : 200, est_i_units_evaluate, &units};
    est_i_calibration_solution solution = {.lambda = malloc((c->size + 1) * sizeof(double)),
                                           .reached = calloc(c->size + 1, sizeof(double))};
    est_status status = solution.lambda && solution.reached ? EST_OK : est_i_no_memory(error);
    double slope, integral;
    if (status == EST_OK) {
        memcpy(solution.lambda, c->lambda, c->size * sizeof *c->lambda);
        status = est_i_calibration_newton(&problem, &solution, error);
    }
    if (status == EST_OK && !solution.converged)
        status = fail_unmet(t, &solution, error);
    if (status == EST_OK)
        memcpy(t->after, solution.reached, c->size * sizeof *t->after);
    for (size_t u = 0; u < t->units.n && status == EST_OK; u++) {
        est_i_distance distance = est_i_units_distance(&t->units, u, c->distance);
        est_i_distance_at(&distance, est_i_units_dot(&t->units, u, solution.lambda), &t->g[u], &slope, &integral);
    }
    free(solution.lambda);
    free(solution.reached);
    return status;
}

static est_status gather(trim *t, est_error *error)
{
    static const est_i_rows_consumer consumer = {rows_new, rows_take, rows_settle, rows_join, rows_free};
    void *part = NULL;
    est_status status = est_i_sample_pass(t->calibration->sample, &consumer, t->calibration, "trimming", &part, error);
    t->rows = part;
    if (status == EST_OK && !(t->calibration->psu ? units_of_clusters(t) : units_of_rows(t)))
        status = est_i_no_memory(error);
    if (status == EST_OK)
        status = bound_units(t, error);
    if (status == EST_OK && !(t->g = calloc(t->units.n + 1, sizeof *t->g)))
        status = est_i_no_memory(error);
    return status;
}

est_status est_i_calibration_trim(est_i_calibration *calibration, double least, double most, size_t n, double *weight,
                                  double *after,
                                  est_error *error)
{
    trim t = {.calibration = calibration, .least = least, .most = most, .after = after};
    est_status status = gather(&t, error);
    if (status == EST_OK && t.rows->n != n)
        status = est_i_fail(error, EST_EINTERNAL, "trimming: found %zu rows, expected %zu; please report this as a defect",
                            t.rows->n, n);
    if (status == EST_OK)
        status = check_reach(&t, error);
    if (status == EST_OK)
        status = calibration->diagonal ? solve_cells(&t, error) : solve_newton(&t, error);
    for (size_t i = 0; i < n && status == EST_OK; i++)
        weight[i] = t.rows->weight[i] > 0 ? fmin(fmax(t.rows->weight[i] * t.g[calibration->psu ? t.rows->unit[i] : i], least),
                                                 most) : 0;
    rows_free(NULL, t.rows);
    est_i_units_clear(&t.units);
    free(t.g);
    return status;
}
