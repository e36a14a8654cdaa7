/* The columns of a regression: terms with their codes, names and scales, and the columns of one row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/regression_parts.h"

#define COLUMNS_MAX 2000

size_t est_i_regressors_variables(const est_i_regression_options *options, size_t *variable)
{
    size_t n = 0;
    variable[n++] = options->response;
    for (size_t t = 0; t < options->n_terms; t++)
        for (size_t f = 0; f < options->terms[t].n_factors; f++) {
            size_t v = 0;
            while (v < n && variable[v] != options->terms[t].variable[f])
                v++;
            if (v == n)
                variable[n++] = options->terms[t].variable[f];
        }
    return n;
}

bool est_i_regressors_enter(const est_i_sample_plan *plan, size_t n_variables, const size_t *variable, const est_i_rows *rows,
                            size_t row, bool *missing)
{
    *missing = false;
    if (rows->domain[row] == EST_I_NO_DOMAIN || !(rows->base_weight[row] > 0))
        return false;
    for (size_t v = 0; v < n_variables && !*missing; v++) {
        size_t number = variable[v];
        *missing = plan->variables[number].kind == EST_I_VARIABLE_LEVELS ? rows->level[number][row] == EST_I_NO_LEVEL_NUMBER
                                                                         : !isfinite(rows->value[number][row]);
    }
    return !*missing;
}

/* Is the term without its factor `left` in the model? Then the factor needs a reference level. */
static bool has_margin(const est_i_regression_options *options, size_t t, size_t left)
{
    const est_i_term *term = &options->terms[t];
    if (term->n_factors == 1)
        return true;
    for (size_t u = 0; u < options->n_terms; u++) {
        const est_i_term *other = &options->terms[u];
        size_t found = 0;
        for (size_t f = 0; f < term->n_factors && other->n_factors + 1 == term->n_factors; f++)
            for (size_t g = 0; g < other->n_factors && f != left; g++)
                found += term->variable[f] == other->variable[g];
        if (found > 0 && found == other->n_factors)
            return true;
    }
    return false;
}

/* Without an intercept the first levels of all are full instead: they hold the constant. */
static bool holds_constant(const est_i_regression_options *options, const est_i_variable *variables, size_t t, size_t f)
{
    for (size_t u = 0; u <= t && options->no_intercept; u++)
        for (size_t g = 0; g < options->terms[u].n_factors; g++)
            if (variables[options->terms[u].variable[g]].kind == EST_I_VARIABLE_LEVELS)
                return u == t && g == f;
    return false;
}

static est_status code_levels(est_i_regressors_factor *factor, const est_i_sample *sample, const est_i_moments *moments,
                              bool reference, est_error *error)
{
    size_t n = est_i_sample_levels(sample, factor->variable), present = 0;
    uint32_t *order = malloc((n + 1) * sizeof *order);
    factor->code = malloc((n + 1) * sizeof *factor->code);
    if (!order || !factor->code) {
        free(order);
        return est_i_no_memory(error);
    }
    for (size_t i = 0; i < n; i++)
        factor->code[i] = EST_I_NO_LEVEL_NUMBER;
    est_i_sample_level_order(sample, factor->variable, order);
    for (size_t i = 0; i < n; i++) {
        if (order[i] >= moments->n_levels || !(moments->level_cases[order[i]] > 0))
            continue;
        if (present > 0 || !reference)
            factor->code[order[i]] = (uint32_t)factor->n_codes++;
        present++;
    }
    free(order);
    if (present < 2)
        return est_i_fail(error, EST_EIDENTIFY,
                          "column '%s' has one value in all rows that enter the regression, expected two or more; leave it out",
                          est_i_sample_get_plan(sample)->variables[factor->variable].column);
    return EST_OK;
}

static est_status make_term(est_i_regressors *model, size_t t, const est_i_sample *sample, const est_i_regression_options *options,
                            const est_i_moments *moments, est_error *error)
{
    const est_i_variable *variables = est_i_sample_get_plan(sample)->variables;
    const est_i_term *from = &options->terms[t];
    est_i_regressors_term *term = &model->term[t];
    est_status status = EST_OK;
    if (from->n_factors == 0 || from->n_factors > EST_I_FACTORS_MAX)
        return est_i_fail(error, EST_EOPTION, "found a term of %zu factors, expected 1 to %d", from->n_factors, EST_I_FACTORS_MAX);
    term->n_factors = from->n_factors;
    term->first = model->p;
    term->n_columns = 1;
    for (size_t f = 0; f < term->n_factors && status == EST_OK; f++) {
        est_i_regressors_factor *factor = &term->factor[f];
        factor->variable = from->variable[f];
        factor->is_level = variables[factor->variable].kind == EST_I_VARIABLE_LEVELS;
        factor->stride = term->n_columns;
        if (!factor->is_level)
            continue;
        bool reference = has_margin(options, t, f) && !holds_constant(options, variables, t, f);
        status = code_levels(factor, sample, &moments[factor->variable], reference, error);
        term->n_columns *= factor->n_codes;
        if (status == EST_OK && model->p + term->n_columns > COLUMNS_MAX)
            status = est_i_fail(error, EST_EOPTION, "the model has more than %d columns; leave a term out", COLUMNS_MAX);
    }
    model->p += term->n_columns;
    return status;
}

static bool name_column(est_i_regressors *model, const est_i_regressors_term *term, size_t column, const est_i_sample *sample)
{
    est_i_text name = {0};
    for (size_t f = 0; f < term->n_factors; f++) {
        const est_i_regressors_factor *factor = &term->factor[f];
        est_i_text_printf(&name, "%s%s", f ? ":" : "", est_i_sample_get_plan(sample)->variables[factor->variable].column);
        if (!factor->is_level)
            continue;
        size_t code = column / factor->stride % factor->n_codes, level = 0;
        while (factor->code[level] != code)
            level++;
        est_i_text_printf(&name, "=%s", est_i_sample_level(sample, factor->variable, level));
    }
    return (model->name[term->first + column] = est_i_text_take(&name)) != NULL;
}

/* Products of independent numbers have the second moment prod(m^2 + s^2) and the mean prod(m): near enough for scales. */
static void scale_term(est_i_regressors *model, const est_i_regressors_term *term, const est_i_moments *moments)
{
    double mean = 1, square = 1;
    bool numbers_only = true;
    for (size_t f = 0; f < term->n_factors; f++) {
        const est_i_moments *m = &moments[term->factor[f].variable];
        if (term->factor[f].is_level)
            numbers_only = false;
        else {
            mean *= m->mean;
            square *= m->mean * m->mean + m->spread * m->spread;
        }
    }
    bool centred = numbers_only && model->intercept;
    double variance = centred ? square - mean * mean : square;
    if (!(variance > 1e-20 * square))
        variance = square;
    double scale = variance > 0 && isfinite(variance) ? sqrt(variance) : 1;
    for (size_t j = term->first; j < term->first + term->n_columns; j++) {
        model->centre[j] = centred ? mean : 0;
        model->scale[j] = scale;
        model->size[j] = square > 0 && isfinite(square) ? sqrt(square) / scale : 1;
    }
}

static est_status fill_columns(est_i_regressors *model, const est_i_sample *sample, const est_i_moments *moments, est_error *error)
{
    size_t room = model->p + 1;
    model->centre = calloc(room, sizeof *model->centre);
    model->scale = calloc(room, sizeof *model->scale);
    model->size = calloc(room, sizeof *model->size);
    model->name = calloc(room, sizeof *model->name);
    if (!model->centre || !model->scale || !model->size || !model->name)
        return est_i_no_memory(error);
    bool good = true;
    if (model->intercept) {
        model->scale[0] = model->size[0] = 1;
        good = (model->name[0] = est_i_string_copy("(intercept)")) != NULL;
    }
    for (size_t t = 0; t < model->n_terms && good; t++) {
        scale_term(model, &model->term[t], moments);
        for (size_t c = 0; c < model->term[t].n_columns && good; c++)
            good = name_column(model, &model->term[t], c, sample);
    }
    return good ? EST_OK : est_i_no_memory(error);
}

est_status est_i_regressors_new(const est_i_sample *sample, const est_i_regression_options *options, const est_i_moments *moments,
                                est_i_regressors **model, est_error *error)
{
    est_status status = EST_OK;
    est_i_regressors *made = calloc(1, sizeof *made);
    *model = NULL;
    if (!made || !(made->term = calloc(options->n_terms + 1, sizeof *made->term)) ||
        !(made->variable = calloc(options->n_terms * EST_I_FACTORS_MAX + 1, sizeof *made->variable))) {
        est_i_regressors_free(made);
        return est_i_no_memory(error);
    }
    made->family = options->family;
    made->intercept = !options->no_intercept;
    made->response = options->response;
    made->p = made->intercept ? 1 : 0;
    for (size_t t = 0; t < options->n_terms && status == EST_OK; t++) {
        made->n_terms++;
        status = make_term(made, t, sample, options, moments, error);
    }
    if (status == EST_OK) {
        made->n_variables = est_i_regressors_variables(options, made->variable);
        status = fill_columns(made, sample, moments, error);
    }
    if (status == EST_OK)
        *model = made;
    else
        est_i_regressors_free(made);
    return status;
}

void est_i_regressors_free(est_i_regressors *model)
{
    if (!model)
        return;
    for (size_t t = 0; t < model->n_terms; t++)
        for (size_t f = 0; f < EST_I_FACTORS_MAX; f++)
            free(model->term[t].factor[f].code);
    for (size_t j = 0; model->name && j < model->p; j++)
        free(model->name[j]);
    free(model->term);
    free(model->centre);
    free(model->scale);
    free(model->size);
    free(model->variable);
    free(model->name);
    free(model);
}

size_t est_i_regressors_row(const est_i_regressors *model, const est_i_rows *rows, size_t row, uint32_t *index, double *value)
{
    size_t n = 0;
    if (model->intercept) {
        index[n] = 0;
        value[n++] = 1;
    }
    for (size_t t = 0; t < model->n_terms; t++) {
        const est_i_regressors_term *term = &model->term[t];
        size_t column = term->first;
        double x = 1;
        bool present = true;
        for (size_t f = 0; f < term->n_factors && present; f++) {
            const est_i_regressors_factor *factor = &term->factor[f];
            if (factor->is_level) {
                uint32_t code = factor->code[rows->level[factor->variable][row]];
                present = code != EST_I_NO_LEVEL_NUMBER;
                column += present ? code * factor->stride : 0;
            } else {
                x *= rows->value[factor->variable][row];
            }
        }
        if (present) {
            index[n] = (uint32_t)column;
            value[n++] = (x - model->centre[column]) / model->scale[column];
        }
    }
    return n;
}

/* b_j = c_j / s_j, and the intercept loses sum c_j m_j / s_j: the covariance changes by the same matrix from both sides. */
void est_i_regressors_unscale(const est_i_regressors *model, double *coefficient, double *covariance)
{
    size_t p = model->p;
    for (size_t j = model->intercept ? 1 : 0; j < p; j++) {
        double back = model->centre[j] / model->scale[j];
        if (back != 0)
            coefficient[0] -= coefficient[j] * back;
        coefficient[j] /= model->scale[j];
        for (size_t i = 0; i < p && covariance && back != 0; i++)
            covariance[i] -= back * covariance[j * p + i];
    }
    for (size_t j = 1; j < p && covariance && model->intercept; j++) {
        double back = model->centre[j] / model->scale[j];
        for (size_t i = 0; i < p && back != 0; i++)
            covariance[i * p] -= back * covariance[i * p + j];
    }
    for (size_t i = 0; i < p && covariance; i++)
        for (size_t j = 0; j < p; j++)
            covariance[i * p + j] /= model->scale[i] * model->scale[j];
}
