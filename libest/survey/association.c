/* A two-way table from one pass: proportions, their covariance by Taylor or by replicates, and the tests. */
#include "survey/association.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/association_parts.h"

#define CELLS_MAX 1024

/* The table */

typedef struct table_state {
    est_i_sample *sample;
    const est_i_association_options *options;
    const est_i_association_sums *sums;
    est_i_association *result;
    uint32_t *row_of, *column_of; /* of each level; EST_I_NO_LEVEL_NUMBER: without cases */
    size_t n_cells, n_leaves, q;
    double *z;        /* [n_cells][n_leaves]: weights over the whole weight, less what a calibration explains */
    bool *present;
    double *theta;    /* [replicates][n_cells]: weights of the cells */
} table_state;

/* Levels with cases, in page order. */
static est_status keep_levels(const table_state *state, size_t variable, bool is_row, uint32_t **kept, uint32_t **number, size_t *n,
                              est_error *error)
{
    size_t count = est_i_sample_levels(state->sample, variable);
    uint32_t *order = malloc((count + 1) * sizeof *order);
    const est_i_cells *cells = state->sums->table;
    *kept = malloc((count + 1) * sizeof **kept);
    *number = malloc((count + 1) * sizeof **number);
    if (!order || !*kept || !*number) {
        free(order);
        return est_i_no_memory(error);
    }
    for (size_t i = 0; i < count; i++)
        (*number)[i] = EST_I_NO_LEVEL_NUMBER;
    for (size_t i = 0; i < cells->count; i++)
        if (est_i_dd_value(cells->sum[i * EST_I_ASSOCIATION_WIDTH + EST_I_ASSOCIATION_WEIGHT]) > 0)
            (*number)[is_row ? cells->domain[i] >> 16 : cells->domain[i] & 0xffffu] = 0;
    est_i_sample_level_order(state->sample, variable, order);
    *n = 0;
    for (size_t i = 0; i < count; i++)
        if ((*number)[order[i]] != EST_I_NO_LEVEL_NUMBER) {
            (*number)[order[i]] = (uint32_t)*n;
            (*kept)[(*n)++] = order[i];
        }
    free(order);
    return EST_OK;
}

static est_status check_shape(const table_state *state, est_error *error)
{
    const est_i_variable *variables = est_i_sample_get_plan(state->sample)->variables;
    const est_i_association *result = state->result;
    if (result->n_rows * result->n_columns > CELLS_MAX)
        return est_i_fail(error, EST_EDEFINITION, "the table of '%s' by '%s' has %zu x %zu cells, expected at most %d in all",
                          variables[state->options->row].column, variables[state->options->column].column, result->n_rows,
                          result->n_columns, CELLS_MAX);
    if (result->n_rows < 2 || result->n_columns < 2)
        return est_i_fail(error, EST_EIDENTIFY,
                          "column '%s' has %s among the rows that count, expected two values or more: nothing to associate",
                          variables[result->n_rows < 2 ? state->options->row : state->options->column].column,
                          result->n_rows && result->n_columns ? "one value" : "no value");
    return EST_OK;
}

/* The cell of the table for two levels; SIZE_MAX for one that has no case. */
static size_t cell_of(const table_state *state, uint32_t levels)
{
    uint32_t row = state->row_of[levels >> 16], column = state->column_of[levels & 0xffffu];
    if (row == EST_I_NO_LEVEL_NUMBER || column == EST_I_NO_LEVEL_NUMBER)
        return SIZE_MAX;
    return row * state->result->n_columns + column;
}

static est_status fill_table(table_state *state, est_error *error)
{
    est_i_association *result = state->result;
    const est_i_cells *cells = state->sums->table;
    est_status status = keep_levels(state, state->options->row, true, &result->row_level, &state->row_of, &result->n_rows, error);
    if (status == EST_OK)
        status = keep_levels(state, state->options->column, false, &result->column_level, &state->column_of, &result->n_columns,
                             error);
    if (status == EST_OK)
        status = check_shape(state, error);
    if (status != EST_OK)
        return status;
    state->n_cells = result->n_rows * result->n_columns;
    result->proportion = calloc(state->n_cells, sizeof *result->proportion);
    result->cases = calloc(state->n_cells, sizeof *result->cases);
    result->design_effects = calloc(state->n_cells, sizeof *result->design_effects);
    state->z = calloc(state->n_cells * state->n_leaves, sizeof *state->z);
    state->present = calloc(state->n_leaves, sizeof *state->present);
    if (!result->proportion || !result->cases || !result->design_effects || !state->z || !state->present)
        return est_i_no_memory(error);
    for (size_t i = 0; i < cells->count; i++) {
        size_t cell = cell_of(state, cells->domain[i]);
        const est_i_dd *sum = cells->sum + i * EST_I_ASSOCIATION_WIDTH;
        double cases = est_i_dd_value(sum[EST_I_ASSOCIATION_CASES]), weight = est_i_dd_value(sum[EST_I_ASSOCIATION_WEIGHT]);
        if (cell == SIZE_MAX)
            continue;
        result->cases[cell] += cases;
        result->proportion[cell] += weight;
        result->n += cases;
        result->weight += weight;
        state->z[cell * state->n_leaves + cells->leaf[i]] += weight;
        state->present[cells->leaf[i]] = state->present[cells->leaf[i]] || cases > 0;
    }
    for (size_t cell = 0; cell < state->n_cells; cell++)
        result->proportion[cell] /= result->weight;
    return EST_OK;
}

/* z = sum w (1 - x'B) over the rows of each leaf; the 1 only where the row is in the cell. */
static est_status take_residuals(table_state *state, est_error *error)
{
    const est_i_cells *right = state->sums->right, *auxiliary = state->sums->auxiliary;
    size_t q = state->q;
    double *b = calloc(state->n_cells * q + 1, sizeof *b);
    if (!b)
        return est_i_no_memory(error);
    for (size_t i = 0; i < right->count; i++) {
        size_t cell = cell_of(state, right->domain[i]);
        for (size_t k = 0; k < q && cell != SIZE_MAX; k++)
            b[cell * q + k] = est_i_dd_value(right->sum[i * q + k]);
    }
    est_i_calibration_coefficients(state->options->calibration, state->n_cells, b, b);
    for (size_t i = 0; i < auxiliary->count; i++)
        for (size_t cell = 0; cell < state->n_cells; cell++)
            for (size_t k = 0; k < q; k++)
                state->z[cell * state->n_leaves + auxiliary->leaf[i]] -=
                    b[cell * q + k] * est_i_dd_value(auxiliary->sum[i * q + k]);
    free(b);
    return EST_OK;
}

/* Derivatives by the totals T of the cells: of a proportion T_a / T, and of the residual T_ij - T_i. T_.j / T, over T too. */
static void margins(const est_i_association *table, size_t cell, double *row, double *column)
{
    size_t c = table->n_columns;
    *row = *column = 0;
    for (size_t j = 0; j < c; j++)
        *row += table->proportion[cell / c * c + j];
    for (size_t i = 0; i < table->n_rows; i++)
        *column += table->proportion[i * c + cell % c];
}

static double proportion_slope(const est_i_association *table, size_t of, size_t by)
{
    return ((of == by) - table->proportion[of]) / table->weight;
}

static double residual_slope(const est_i_association *table, size_t of, size_t by)
{
    size_t c = table->n_columns;
    double row, column;
    margins(table, of, &row, &column);
    return ((of == by) - (by / c == of / c) * column - (by % c == of % c) * row + row * column) / table->weight;
}

/* Cell of the k-th residual: all but the first row and column. */
static size_t residual_cell(const est_i_association *table, size_t k)
{
    size_t inner = table->n_columns - 1;
    return (k / inner + 1) * table->n_columns + k % inner + 1;
}

/* slope[of * n_cells + by] for n statistics. */
static double *slopes(const table_state *state, bool residuals, size_t n)
{
    double *slope = malloc(n * state->n_cells * sizeof *slope);
    for (size_t a = 0; slope && a < n; a++)
        for (size_t by = 0; by < state->n_cells; by++)
            slope[a * state->n_cells + by] = residuals ? residual_slope(state->result, residual_cell(state->result, a), by)
                                                       : proportion_slope(state->result, a, by);
    return slope;
}

static est_status taylor_covariance(const table_state *state, const double *slope, size_t n, double *covariance, est_error *error)
{
    size_t leaves = state->n_leaves;
    double *z = calloc(n * leaves + 1, sizeof *z);
    const double **each = malloc((n + 1) * sizeof *each);
    est_status status = z && each ? EST_OK : est_i_no_memory(error);
    for (size_t a = 0; a < n && status == EST_OK; a++) {
        each[a] = z + a * leaves;
        for (size_t by = 0; by < state->n_cells; by++)
            for (size_t leaf = 0; leaf < leaves; leaf++)
                z[a * leaves + leaf] += slope[a * state->n_cells + by] * state->z[by * leaves + leaf];
    }
    if (status == EST_OK)
        status = est_i_taylor_covariance(est_i_sample_design(state->sample), &state->options->taylor, n, each,
                                         state->options->calibration ? NULL : state->present, covariance, &state->result->lonely,
                                         error);
    free(z);
    free(each);
    return status;
}

/* Replicates of a statistic that is linear in the totals (the residuals), or the proportions themselves. */
static est_status replicate_covariance(const table_state *state, const double *slope, size_t n, bool linear, double *covariance,
                                       est_error *error)
{
    size_t count = est_i_replicates_count(state->options->replicates), cells = state->n_cells;
    double *values = malloc((count * n + n + 1) * sizeof *values);
    if (!values)
        return est_i_no_memory(error);
    for (size_t r = 0; r <= count; r++) { /* the last: the sample itself */
        double whole = 0;
        for (size_t cell = 0; cell < cells; cell++)
            whole += r < count ? state->theta[r * cells + cell] : state->result->proportion[cell] * state->result->weight;
        for (size_t a = 0; a < n; a++) {
            double value = 0;
            for (size_t cell = 0; cell < cells; cell++) {
                double total = r < count ? state->theta[r * cells + cell] : state->result->proportion[cell] * state->result->weight;
                value += linear ? slope[a * cells + cell] * total : a == cell ? total / whole : 0;
            }
            values[r * n + a] = value;
        }
    }
    est_i_replicates_covariance(state->options->replicates, n, values, values + count * n, covariance,
                                linear ? NULL : &state->result->dropped);
    free(values);
    return EST_OK;
}

/* Weights of the cells under each replicate */

static void theta_of_leaves(table_state *state, double *factor)
{
    const est_i_cells *cells = state->sums->table;
    for (size_t r = 0; r < est_i_replicates_count(state->options->replicates); r++) {
        est_i_replicates_factors(state->options->replicates, r, factor);
        for (size_t i = 0; i < cells->count; i++) {
            size_t cell = cell_of(state, cells->domain[i]);
            if (cell != SIZE_MAX)
                state->theta[r * state->n_cells + cell] +=
                    factor[cells->leaf[i]] * est_i_dd_value(cells->sum[i * EST_I_ASSOCIATION_WIDTH + EST_I_ASSOCIATION_WEIGHT]);
        }
    }
}

static void theta_supplied(table_state *state)
{
    const est_i_cells *cells = state->sums->replicates;
    for (size_t i = 0; i < cells->count; i++) {
        size_t cell = cell_of(state, cells->domain[i]);
        for (size_t r = 0; r < cells->width && cell != SIZE_MAX; r++)
            state->theta[r * state->n_cells + cell] += est_i_dd_value(cells->sum[i * cells->width + r]);
    }
}

/* With a calibration, each replicate is calibrated again, and its rows are weighed one by one. */

typedef struct again_user {
    const table_state *state;
    const est_i_association_pass *pass;
    const est_i_replicate_weights *weights;
} again_user;

static void *again_new(void *user)
{
    const again_user *again = user;
    return calloc(again->weights->count * again->state->n_cells + 1, sizeof(double));
}

static void again_free(void *user, void *part)
{
    (void)user;
    free(part);
}

static est_status again_take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const again_user *again = user;
    const table_state *state = again->state;
    double *theta = part, weight[256];
    size_t row[256], cell[256], n = 0;
    bool missing;
    (void)error;
    for (size_t i = 0; i < rows->n; i++) {
        if (est_i_regressors_enter(again->pass->plan, 2, again->pass->variable, rows, i, &missing)) {
            row[n] = i;
            cell[n] = cell_of(state, rows->level[state->options->row][i] << 16 | rows->level[state->options->column][i]);
            n += cell[n] != SIZE_MAX;
        }
        if (n < 256 && i + 1 < rows->n)
            continue;
        for (size_t r = 0; r < again->weights->count; r++) {
            est_i_replicate_weights_rows(again->weights, rows, r, n, row, weight);
            for (size_t k = 0; k < n; k++)
                theta[r * state->n_cells + cell[k]] += weight[k];
        }
        n = 0;
    }
    return EST_OK;
}

static est_status again_settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    (void)user, (void)part, (void)final, (void)error;
    return EST_OK;
}

static est_status again_join(void *user, void *into, void *from, est_error *error)
{
    const again_user *again = user;
    double *to = into, *later = from;
    (void)error;
    for (size_t i = 0; i < again->weights->count * again->state->n_cells; i++)
        to[i] += later[i];
    return EST_OK;
}

static est_status theta_calibrated(table_state *state, const est_i_association_pass *pass, est_error *error)
{
    static const est_i_rows_consumer consumer = {again_new, again_take, again_settle, again_join, again_free};
    const est_i_replicates *replicates = state->options->replicates;
    size_t count = est_i_replicates_count(replicates), block;
    est_i_replicate_weights *weights = NULL;
    est_status status = est_i_replicate_weights_open(state->sample, replicates, state->options->calibration, &weights, error);
    block = status == EST_OK ? est_i_replicate_weights_room(weights) : 1;
    for (size_t first = 0; first < count && status == EST_OK; first += block) {
        size_t n = count - first < block ? count - first : block;
        void *part = NULL;
        status = est_i_replicate_weights_block(weights, first, n, error);
        again_user user = {state, pass, weights};
        if (status == EST_OK)
            status = est_i_sample_pass(state->sample, &consumer, &user, "weighing replicates", &part, error);
        if (status == EST_OK)
            memcpy(state->theta + first * state->n_cells, part, n * state->n_cells * sizeof(double));
        free(part);
    }
    est_i_replicate_weights_free(weights);
    return status;
}

static est_status take_replicates(table_state *state, const est_i_association_pass *pass, est_error *error)
{
    double *factor = malloc((state->n_leaves + 1) * sizeof *factor);
    est_status status = EST_OK;
    state->theta = calloc(est_i_replicates_count(state->options->replicates) * state->n_cells + 1, sizeof *state->theta);
    if (!state->theta || !factor)
        status = est_i_no_memory(error);
    else if (state->options->calibration)
        status = theta_calibrated(state, pass, error);
    else if (pass->n_replicates)
        theta_supplied(state);
    else
        theta_of_leaves(state, factor);
    free(factor);
    return status;
}

/* The tests */

static est_status covariance_of(const table_state *state, bool residuals, size_t n, double *covariance, est_error *error)
{
    double *slope = slopes(state, residuals, n);
    est_status status = slope ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK && state->options->replicates)
        status = replicate_covariance(state, slope, n, residuals, covariance, error);
    else if (status == EST_OK)
        status = taylor_covariance(state, slope, n, covariance, error);
    free(slope);
    return status;
}

static est_status test_table(table_state *state, est_error *error)
{
    est_i_association *result = state->result;
    size_t cells = state->n_cells, k = (result->n_rows - 1) * (result->n_columns - 1);
    double *covariance = malloc((cells * cells + k * k + k) * sizeof *covariance);
    est_status status = covariance ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK)
        status = covariance_of(state, false, cells, covariance, error);
    if (status == EST_OK)
        status = covariance_of(state, true, k, covariance + cells * cells, error);
    if (status == EST_OK) {
        double *residual = covariance + cells * cells + k * k;
        for (size_t a = 0; a < k; a++) {
            double row, column;
            margins(result, residual_cell(result, a), &row, &column);
            residual[a] = result->proportion[residual_cell(result, a)] - row * column;
        }
        const bool *present = state->options->design_df ? NULL : state->present;
        double df = est_i_regressors_df(state->sample, state->options->replicates, present);
        result->df = df > 0 ? df : NAN;
        est_i_two_way table = {result->n_rows, result->n_columns, result->proportion, covariance, residual,
                               covariance + cells * cells, result->n, result->df};
        status = est_i_association_tests(&table, result, est_i_sample_monitor(state->sample), error);
    }
    free(covariance);
    return status;
}

static est_status check_options(const est_i_sample *sample, const est_i_association_options *options, est_error *error)
{
    const est_i_variable *variables = est_i_sample_get_plan(sample)->variables;
    if (variables[options->row].kind != EST_I_VARIABLE_LEVELS || variables[options->column].kind != EST_I_VARIABLE_LEVELS)
        return est_i_fail(error, EST_EOPTION, "the rows and columns of a table are levels of columns, not numbers");
    if (options->row == options->column)
        return est_i_fail(error, EST_EOPTION, "found '%s' as rows and as columns of the table, expected two columns of the data",
                          variables[options->row].column);
    return EST_OK;
}

est_status est_i_association_fit(est_i_sample *sample, const est_i_association_options *options, est_i_association **association,
                                 est_error *error)
{
    est_i_association_pass user = {.plan = est_i_sample_get_plan(sample), .options = options,
                                   .variable = {options->row, options->column}};
    table_state state = {.sample = sample, .options = options};
    est_i_association_sums *sums = NULL;
    est_status status = check_options(sample, options, error);
    *association = NULL;
    user.q = state.q = options->calibration ? est_i_calibration_size(options->calibration) : 0;
    user.n_replicates = options->replicates && !options->calibration ? user.plan->n_replicates : 0;
    if (status == EST_OK)
        status = est_i_association_take(sample, &user, &sums, error);
    if (status == EST_OK && !(state.result = calloc(1, sizeof *state.result)))
        status = est_i_no_memory(error);
    if (status != EST_OK)
        goto cleanup;
    state.sums = sums;
    state.n_leaves = est_i_design_leaves(est_i_sample_design(sample));
    state.result->missing = state.sums->missing;
    if ((status = fill_table(&state, error)) != EST_OK)
        goto cleanup;
    if (options->replicates)
        status = take_replicates(&state, &user, error);
    else if (options->calibration)
        status = take_residuals(&state, error);
    if (status == EST_OK)
        status = test_table(&state, error);
    if (status == EST_OK) {
        *association = state.result;
        state.result = NULL;
    }
cleanup:
    est_i_association_sums_free(sums);
    free(state.row_of);
    free(state.column_of);
    free(state.z);
    free(state.present);
    free(state.theta);
    est_i_association_free(state.result);
    return status;
}

void est_i_association_free(est_i_association *association)
{
    if (!association)
        return;
    free(association->row_level);
    free(association->column_level);
    free(association->proportion);
    free(association->cases);
    free(association->design_effects);
    free(association);
}
