/* Calibration of a sample's weights to known totals: options, the solution, and what estimators ask of it. */
#include "survey/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "numerics/linear.h"
#include "survey/calibrate_parts.h"

/* ---- options ---- */

static est_status check_bounds(const est_i_calibration_options *o, est_error *error)
{
    bool none = o->lower == -INFINITY && o->upper == INFINITY;
    bool around = o->lower < 1 && o->upper > 1;
    bool exponential = o->kind == EST_I_CALIBRATE_RAKE || o->kind == EST_I_CALIBRATE_EXPONENTIAL;
    if ((o->kind == EST_I_CALIBRATE_BOUNDED || o->kind == EST_I_CALIBRATE_LOGIT) && none)
        return est_i_fail(error, EST_EOPTION, "bounded and logit calibration: found no bounds, expected some around 1, for example "
                          "0.5,2 (option --bounds)");
    if (!none && (o->kind == EST_I_CALIBRATE_LINEAR || o->kind == EST_I_CALIBRATE_POSTSTRATIFY
                  || o->kind == EST_I_CALIBRATE_DECLARED))
        return est_i_fail(error, EST_EOPTION, "found bounds (option --bounds) with a calibration that has none; use bounded, "
                          "logit, rake or exponential");
    if (!around || (exponential && !none && !(o->lower >= 0 || o->lower == -INFINITY)))
        return est_i_fail(error, EST_EOPTION, "bounds of the factors (option --bounds): expected a lower one below 1 and an upper "
                          "one above 1, for example 0.5,2");
    if (o->kind == EST_I_CALIBRATE_LOGIT && !(o->lower > -INFINITY && o->upper < INFINITY))
        return est_i_fail(error, EST_EOPTION, "logit calibration needs both bounds (option --bounds), for example 0.5,2");
    return EST_OK;
}

static est_status check_options(const est_i_calibration_options *o, est_error *error)
{
    if (!(o->kind > EST_I_CALIBRATE_NONE && o->kind <= EST_I_CALIBRATE_DECLARED))
        return est_i_fail(error, EST_EOPTION, "found no kind of calibration, expected one");
    if (!(o->tolerance > 0 && o->tolerance <= 0.1) || o->iterations < 1)
        return est_i_fail(error, EST_EOPTION, "calibration: expected a tolerance above 0 and at most 0.1, and one iteration at "
                                              "least");
    if (o->by_cluster && o->kind == EST_I_CALIBRATE_POSTSTRATIFY)
        return est_i_fail(error, EST_EOPTION, "post-stratification has no factor by cluster (option --by-cluster); use linear, "
                          "bounded, logit or exponential with the same totals");
    return check_bounds(o, error);
}

est_status est_i_calibration_new(const est_source *source, const est_i_calibration_options *options,
                                 est_i_calibration **calibration,
                                 est_error *error)
{
    est_i_calibration *made = NULL;
    est_status status = check_options(options, error);
    *calibration = NULL;
    if (status != EST_OK)
        return status;
    made = calloc(1, sizeof *made);
    if (!made)
        return est_i_no_memory(error);
    made->options = *options;
    made->source = source;
    made->distance = est_i_distance_of(options);
    status = est_i_margins_read(made, error);
    if (status == EST_OK)
        *calibration = made;
    else
        est_i_calibration_free(made);
    return status;
}

void est_i_calibration_free(est_i_calibration *calibration)
{
    if (!calibration)
        return;
    for (size_t j = 0; calibration->name && j < calibration->size; j++)
        free(calibration->name[j]);
    free(calibration->name);
    free(calibration->known);
    free(calibration->before);
    free(calibration->after);
    free(calibration->occurs);
    free(calibration->gram);
    free(calibration->factor);
    free(calibration->alive);
    free(calibration->lambda);
    free(calibration->g);
    free(calibration->psu);
    est_i_x_cells_free(calibration->cells);
    est_i_units_clear(&calibration->units);
    est_i_margins_clear(calibration);
    free(calibration);
}

size_t est_i_calibration_variables(const est_i_calibration *calibration)
{
    return calibration->n_variables;
}

est_i_variable est_i_calibration_variable(const est_i_calibration *calibration, size_t index)
{
    return calibration->variables[index];
}

/* ---- the sample as units ---- */

static est_status check_pass(const est_i_calibration *c, const est_i_x_pass *pass, est_error *error)
{
    if (pass->rows == 0)
        return est_i_fail(error, EST_EDEFINITION, "%.200s: found no row with a weight above zero, expected some to calibrate",
                          est_source_name(c->source));
    if (pass->bad_weights > 0)
        return est_i_fail(error, EST_EDEFINITION, "column '%.100s': the calibrated weight is missing in %lld rows, or stands in "
                          "rows without a weight before calibration; expected a number for each row that has one",
                          c->variables[c->weight_variable].column, pass->bad_weights);
    if (pass->without > 0 && !c->options.g_weighted)
        return est_i_fail(error, EST_EDEFINITION, "column '%.100s': %lld rows have the calibrated weight 0 and a weight before; if "
                          "they did not respond, that weight is not the one that was calibrated. Give the weights after the "
                          "adjustment for nonresponse as --base-weight, or say --g-weighted, for residuals by the "
                          "calibrated weights",
                          c->variables[c->weight_variable].column, pass->without);
    for (size_t v = 0; v < c->n_variables; v++)
        if (pass->missing[v] > 0)
            return est_i_fail(error, EST_EDEFINITION, "calibration: column '%.100s' is missing in %lld of %lld rows with a weight, "
                              "and a row without its value cannot be calibrated; fill the values in, or give them a level of their "
                              "own with a known total", c->variables[v].column, pass->missing[v], pass->rows);
    return EST_OK;
}

static est_status make_units(est_i_calibration *c, est_error *error)
{
    size_t n = c->cells->count, most = n * c->n_margins, k = 0, margin = 0;
    uint32_t level[c->n_variables + 1];
    double number[c->n_variables + 1];
    est_i_x_row row = {level, number};
    c->units.n = n;
    c->units.start = calloc(n + 1, sizeof *c->units.start);
    c->units.index = calloc(most + 1, sizeof *c->units.index);
    c->units.value = calloc(most + 1, sizeof *c->units.value);
    c->units.weight = calloc(n + 1, sizeof *c->units.weight);
    if (!c->units.start || !c->units.index || !c->units.value || !c->units.weight)
        return est_i_no_memory(error);
    for (size_t cell = 0; cell < n; cell++) {
        est_i_x_unpack(c, c->cells->key + cell * c->cells->words, level, number);
        size_t count = est_i_margins_x(c, &row, c->units.index + k, c->units.value + k, &margin);
        if (count == SIZE_MAX)
            return est_i_margins_fail_level(c, margin, &row, error);
        k += count;
        c->units.start[cell + 1] = k;
        c->units.weight[cell] = est_i_dd_value(c->cells->sum[3 * cell]);
    }
    return EST_OK;
}

/* before, occurs, gram and the population from the units. */
static void sum_units(est_i_calibration *c)
{
    for (size_t u = 0; u < c->units.n; u++) {
        c->population += c->units.weight[u];
        for (size_t k = c->units.start[u]; k < c->units.start[u + 1]; k++) {
            size_t j = c->units.index[k];
            c->before[j] += c->units.weight[u] * c->units.value[k];
            c->occurs[j] = true;
            if (c->diagonal)
                c->gram[j] += c->units.weight[u] * c->units.value[k] * c->units.value[k];
        }
    }
    if (!c->diagonal)
        est_i_units_gram(&c->units, c->units.weight, c->size, c->gram);
}

static est_status sum_rows(est_i_calibration *c, est_error *error)
{
    double *total = calloc(c->size + 1, sizeof *total);
    est_i_evaluation at = {total, c->gram, 0};
    est_status status = total ? est_i_calibration_evaluate_rows(c, NULL, &at, error) : est_i_no_memory(error);
    free(total);
    return status;
}

static est_status gather(est_i_calibration *c, est_error *error)
{
    est_i_x_pass *pass = NULL;
    est_status status = est_i_x_collect(c, c->sample, &pass, error);
    if (status == EST_OK)
        status = check_pass(c, pass, error);
    if (status == EST_OK)
        status = est_i_margins_resolve(c, error);
    if (status != EST_OK)
        goto cleanup;
    if (c->options.kind == EST_I_CALIBRATE_DECLARED) {
        c->report.smallest_g = pass->smallest;
        c->report.largest_g = pass->largest;
        c->report.sum_after = pass->sum_after;
        c->report.square_after = pass->square_after;
    }
    if (c->options.by_cluster) {
        status = est_i_calibration_clusters(c, error);
    } else if (pass->cells->overflow && c->diagonal) {
        status = est_i_fail(error, EST_EDEFINITION, "post-stratification: the sample has cases in more than %d cells, expected at "
                            "most that many", EST_I_CALIBRATION_CELLS_MAX);
    } else if (!pass->cells->overflow) {
        c->cells = pass->cells;
        pass->cells = NULL;
        status = make_units(c, error);
    }
    if (status == EST_OK && c->units.n)
        sum_units(c);
    else if (status == EST_OK)
        status = sum_rows(c, error);
cleanup:
    est_i_x_pass_free(pass);
    return status;
}

/* ---- the solution ---- */

static bool is_exponential(const est_i_calibration *c)
{
    return c->options.kind == EST_I_CALIBRATE_RAKE || c->options.kind == EST_I_CALIBRATE_EXPONENTIAL;
}

/* exp(x'lambda) begins at the factor that gives the population, where a margin tells it: weights may be far from it in scale. */
static void begin(est_i_calibration *c)
{
    size_t first = 0;
    for (size_t m = 0; m < c->n_margins && is_exponential(c); first += c->margins[m++].n_rows) {
        double sum = 0;
        if (c->margins[m].numbers)
            continue;
        for (size_t j = first; j < first + c->margins[m].n_rows; j++)
            sum += c->known[j];
        for (size_t j = first; j < first + c->margins[m].n_rows; j++)
            c->lambda[j] = log(sum / c->population);
        return;
    }
}

static est_status solve_newton(est_i_calibration *c, est_error *error)
{
    est_i_units_problem units = {&c->units, NULL, c->distance, c->size, est_i_sample_monitor(c->sample)};
    est_i_calibration_problem problem = {c->distance, c->size, c->known, c->gram, c->options.tolerance, c->options.iterations,
                                         c->units.n ? est_i_units_evaluate : est_i_calibration_evaluate_rows,
                                         c->units.n ? (void *)&units : (void *)c};
    est_i_calibration_solution solution = {.lambda = c->lambda, .reached = calloc(c->size + 1, sizeof(double))};
    est_status status = solution.reached ? EST_OK : est_i_no_memory(error);
    begin(c);
    if (status == EST_OK)
        status = est_i_calibration_newton(&problem, &solution, error);
    if (status == EST_OK && !solution.converged)
        status = est_i_calibration_fail_unmet(c, &solution, error);
    c->report.iterations = solution.iterations;
    free(solution.reached);
    return status;
}

/* g of every unit, from lambda or as the ratio of the totals. */
static void set_factors(est_i_calibration *c)
{
    double slope, integral;
    for (size_t u = 0; u < c->units.n; u++)
        if (c->diagonal) {
            size_t j = c->units.index[c->units.start[u]];
            c->g[u] = c->known[j] / c->before[j];
        } else {
            est_i_distance_at(&c->distance, est_i_units_dot(&c->units, u, c->lambda), &c->g[u], &slope, &integral);
        }
}

static void report_units(est_i_calibration *c)
{
    est_i_calibration_report *r = &c->report;
    memset(c->after, 0, c->size * sizeof *c->after);
    r->smallest_g = INFINITY;
    r->largest_g = -INFINITY;
    r->sum_before = r->square_before = r->sum_after = r->square_after = 0;
    for (size_t u = 0; u < c->units.n; u++) {
        double weight = c->units.weight[u], square = est_i_dd_value(c->cells->sum[3 * u + 1]);
        if (!(weight > 0))
            continue;
        r->smallest_g = fmin(r->smallest_g, c->g[u]);
        r->largest_g = fmax(r->largest_g, c->g[u]);
        r->at_lower += c->g[u] <= c->distance.lower ? c->cells->rows[u] : 0;
        r->at_upper += c->g[u] >= c->distance.upper ? c->cells->rows[u] : 0;
        r->sum_before += weight;
        r->square_before += square;
        r->sum_after += weight * c->g[u];
        r->square_after += square * c->g[u] * c->g[u];
        for (size_t k = c->units.start[u]; k < c->units.start[u + 1]; k++)
            c->after[c->units.index[k]] += weight * c->g[u] * c->units.value[k];
    }
}

/* The weights are what they are: the report tells what they reproduce. */
static void report_declared(est_i_calibration *c)
{
    est_i_calibration_report *r = &c->report;
    for (size_t u = 0; u < c->units.n; u++) {
        r->sum_before += c->units.weight[u];
        r->square_before += est_i_dd_value(c->cells->sum[3 * u + 1]);
        for (size_t k = c->units.start[u]; k < c->units.start[u + 1] && !c->psu; k++)
            c->after[c->units.index[k]] += est_i_dd_value(c->cells->sum[3 * u + 2]) * c->units.value[k];
    }
    memcpy(c->known, c->after, c->size * sizeof *c->known);
}

/* A of the residuals' regression, factored. */
static est_status prepare_residuals(est_i_calibration *c, est_error *error)
{
    bool declared = c->options.kind == EST_I_CALIBRATE_DECLARED;
    double *weight = NULL;
    est_status status = EST_OK;
    if (c->options.g_weighted && c->diagonal)
        memcpy(c->gram, c->after, c->size * sizeof *c->gram);
    if (!c->options.g_weighted || c->diagonal)
        return EST_OK;
    if (!c->units.n) {
        status = est_i_calibration_gram_rows(c, declared ? NULL : c->lambda, c->gram, error);
    } else if (!(weight = malloc(c->units.n * sizeof *weight))) {
        status = est_i_no_memory(error);
    } else {
        for (size_t u = 0; u < c->units.n; u++)
            weight[u] = declared ? est_i_dd_value(c->cells->sum[3 * u + 2]) : c->units.weight[u] * c->g[u];
        est_i_units_gram(&c->units, weight, c->size, c->gram);
    }
    memcpy(c->factor, c->gram, c->size * c->size * sizeof *c->factor);
    est_i_factor(c->factor, c->size, c->alive);
    free(weight);
    return status;
}

static est_status finish(est_i_calibration *c, est_error *error)
{
    bool declared = c->options.kind == EST_I_CALIBRATE_DECLARED;
    if (declared) {
        report_declared(c);
    } else if (c->units.n) {
        c->g = calloc(c->units.n, sizeof *c->g);
        if (!c->g)
            return est_i_no_memory(error);
        set_factors(c);
        report_units(c);
    }
    est_i_sample_adjust_weights(c->sample, est_i_calibration_adjust, c);
    c->report.n_totals = c->size;
    c->report.name = (const char *const *)c->name;
    c->report.known = c->known;
    c->report.before = c->before;
    c->report.after = c->after;
    c->solved = true;
    return prepare_residuals(c, error);
}

est_status est_i_calibration_solve(est_i_calibration *calibration, est_i_sample *sample, size_t first, est_error *error)
{
    est_i_calibration *c = calibration;
    bool declared = c->options.kind == EST_I_CALIBRATE_DECLARED;
    est_status status;
    c->sample = sample;
    c->first = first;
    c->scale = est_i_sample_get_plan(sample)->design.weight_scale;
    status = gather(c, error);
    if (status == EST_OK && !declared)
        status = est_i_calibration_check_margins(c, error);
    if (status == EST_OK)
        status = est_i_calibration_check_ranks(c, error);
    if (status == EST_OK && !declared)
        status = est_i_calibration_check_reach(c, error);
    if (status == EST_OK && !declared && !c->diagonal)
        status = solve_newton(c, error);
    if (status == EST_OK)
        status = finish(c, error);
    return status;
}

/* ---- residuals ---- */

size_t est_i_calibration_size(const est_i_calibration *calibration)
{
    return calibration->size;
}

void est_i_calibration_x(const est_i_calibration *calibration, const est_i_rows *rows, size_t row, double *x)
{
    const est_i_calibration *c = calibration;
    uint32_t level[c->n_variables + 1], index[c->n_margins + 1];
    double number[c->n_variables + 1], value[c->n_margins + 1];
    size_t margin, count;
    if (c->psu) {
        est_i_calibration_cell_x(c, c->psu[rows->leaf[row]], x);
        return;
    }
    memset(x, 0, c->size * sizeof *x);
    if (!est_i_x_row_of(c, rows, row, level, number))
        return;
    count = est_i_margins_x(c, &(est_i_x_row){level, number}, index, value, &margin);
    for (size_t k = 0; k < count && count != SIZE_MAX; k++)
        x[index[k]] = value[k];
}

void est_i_calibration_cell_x(const est_i_calibration *calibration, size_t cell, double *x)
{
    const est_i_units *units = &calibration->units;
    memset(x, 0, calibration->size * sizeof *x);
    for (size_t k = units->start[cell]; k < units->start[cell + 1]; k++)
        x[units->index[k]] = units->value[k];
}

bool est_i_calibration_uses_g(const est_i_calibration *calibration)
{
    return calibration->options.g_weighted;
}

double est_i_calibration_weight(const est_i_calibration *calibration, const est_i_rows *rows, size_t row)
{
    bool outside = calibration->options.kind == EST_I_CALIBRATE_DECLARED && rows->weight[row] == 0;
    return calibration->options.g_weighted || outside ? rows->weight[row] : rows->base_weight[row];
}

/* work = gram b, from the upper triangle. */
static void multiply_gram(const est_i_calibration *c, const double *b, double *work)
{
    memset(work, 0, c->size * sizeof *work);
    for (size_t i = 0; i < c->size; i++)
        for (size_t j = i; j < c->size; j++) {
            work[i] += c->gram[i * c->size + j] * b[j];
            work[j] += i == j ? 0 : c->gram[i * c->size + j] * b[i];
        }
}

/* Solves with one step of refinement. */
static void solve_coefficients(const est_i_calibration *c, const double *right, double *coefficients)
{
    double b[c->size + 1], work[c->size + 1];
    memcpy(b, right, c->size * sizeof *b);
    est_i_factor_solve(c->factor, c->size, c->alive, b);
    multiply_gram(c, b, work);
    for (size_t j = 0; j < c->size; j++)
        work[j] = right[j] - work[j];
    est_i_factor_solve(c->factor, c->size, c->alive, work);
    for (size_t j = 0; j < c->size; j++)
        coefficients[j] = b[j] + work[j];
}

void est_i_calibration_coefficients(const est_i_calibration *calibration, size_t k, const double *right, double *coefficients)
{
    size_t size = calibration->size;
    for (size_t column = 0; column < k; column++, right += size, coefficients += size) {
        if (!calibration->diagonal)
            solve_coefficients(calibration, right, coefficients);
        for (size_t j = 0; j < size && calibration->diagonal; j++)
            coefficients[j] = calibration->gram[j] > 0 ? right[j] / calibration->gram[j] : 0;
    }
}

/* ---- cells and replicates ---- */

size_t est_i_calibration_cells(const est_i_calibration *calibration)
{
    return calibration->options.kind == EST_I_CALIBRATE_DECLARED ? 0 : calibration->units.n;
}

est_status est_i_calibration_check_replicates(const est_i_calibration *calibration, est_error *error)
{
    if (!calibration || est_i_calibration_cells(calibration) > 0)
        return EST_OK;
    if (calibration->options.kind == EST_I_CALIBRATE_DECLARED)
        return est_i_fail(error, EST_EOPTION, "--calibrate declared tells neither the known totals nor how the weights came from "
                          "them, so no replicate can be calibrated again; use --variance taylor, or give the weights before "
                          "calibration with the totals (--weight, --calibrate, --margins)");
    return est_i_fail(error, EST_EOPTION, "found more than %d different combinations of the calibration's variables, too many to "
                      "calibrate every replicate again; use --variance taylor, or calibrate on fewer or coarser variables",
                      EST_I_CALIBRATION_CELLS_MAX);
}

size_t est_i_calibration_cell(const est_i_calibration *calibration, const est_i_rows *rows, size_t row)
{
    const est_i_calibration *c = calibration;
    uint64_t key[c->words + 1];
    uint32_t missing = 0;
    size_t cell = SIZE_MAX;
    if (c->psu)
        return c->psu[rows->leaf[row]];
    if (c->cells) {
        est_i_x_keys(c, rows, row, 1, key, &missing);
        cell = missing ? SIZE_MAX : est_i_x_cells_look_up(c->cells, key);
    }
    return cell == SIZE_MAX ? 0 : cell;
}

static bool replicate_poststratify(const est_i_calibration *c, const double *weight, double *g)
{
    double *sum = calloc(c->size + 1, sizeof *sum);
    bool solved = sum != NULL;
    for (size_t u = 0; solved && u < c->units.n; u++)
        sum[c->units.index[c->units.start[u]]] += weight[u];
    for (size_t u = 0; solved && u < c->units.n; u++) {
        size_t j = c->units.index[c->units.start[u]];
        g[u] = c->known[j] / sum[j];
        solved = sum[j] > 0;
    }
    free(sum);
    return solved;
}

/* Every total that is not zero needs a case with a weight. */
static bool has_all_cases(const est_i_calibration *c, const double *weight, double *work)
{
    bool all = true;
    memset(work, 0, c->size * sizeof *work);
    for (size_t u = 0; u < c->units.n; u++)
        for (size_t k = c->units.start[u]; k < c->units.start[u + 1]; k++)
            work[c->units.index[k]] += weight[u] * fabs(c->units.value[k]);
    for (size_t j = 0; j < c->size; j++)
        all = all && (work[j] > 0 || c->known[j] == 0);
    return all;
}

static bool replicate_newton(const est_i_calibration *c, const double *weight, double *work, double *g)
{
    est_i_units_problem units = {&c->units, weight, c->distance, c->size, est_i_sample_monitor(c->sample)};
    est_i_calibration_problem problem = {c->distance, c->size, c->known, c->gram, c->options.tolerance, c->options.iterations,
                                         est_i_units_evaluate, &units};
    est_i_calibration_solution solution = {.lambda = malloc((c->size + 1) * sizeof(double)), .reached = work};
    double slope, integral;
    bool solved = solution.lambda != NULL;
    if (solved) {
        memcpy(solution.lambda, c->lambda, c->size * sizeof *c->lambda);
        solved = est_i_calibration_newton(&problem, &solution, NULL) == EST_OK && solution.converged;
    }
    for (size_t u = 0; u < c->units.n && solved; u++)
        est_i_distance_at(&c->distance, est_i_units_dot(&c->units, u, solution.lambda), &g[u], &slope, &integral);
    free(solution.lambda);
    return solved;
}

bool est_i_calibration_replicate(const est_i_calibration *calibration, const double *weight, double *g)
{
    const est_i_calibration *c = calibration;
    bool can_rake = c->options.kind == EST_I_CALIBRATE_RAKE && !c->psu && c->distance.lower == -INFINITY &&
                    c->distance.upper == INFINITY, solved = false;
    double *work;
    if (!c->units.n || !c->g)
        return false;
    if (c->diagonal)
        return replicate_poststratify(c, weight, g);
    work = malloc((c->size + 1) * sizeof *work);
    if (work && has_all_cases(c, weight, work)) {
        if (can_rake) {
            memcpy(g, c->g, c->units.n * sizeof *g);
            solved = est_i_units_rake(&c->units, weight, c->size, c->known, c->options.tolerance, 40, work, g);
        }
        solved = solved || replicate_newton(c, weight, work, g);
    }
    free(work);
    return solved;
}

est_i_calibration_report est_i_calibration_describe(const est_i_calibration *calibration)
{
    return calibration->report;
}
