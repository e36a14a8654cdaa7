/* The adjustment for nonresponse: respondents stand for those like them who did not respond. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/tuples.h"
#include "survey/weighting.h"

static bool responded(const est_i_weighting *run, size_t row)
{
    return run->data.number[run->response][row] == 1;
}

/* ---- cells ---- */

static bool is_missing(const est_i_weighting *run, size_t variable, size_t row)
{
    if (run->variables[variable].kind == EST_I_VARIABLE_LEVELS)
        return run->data.level[variable][row] == EST_I_NO_LEVEL_NUMBER;
    return isnan(run->data.number[variable][row]);
}

static est_status check_missing(const est_i_weighting *run, size_t first, size_t n, const char *what)
{
    for (size_t v = first; v < first + n; v++) {
        size_t missing = 0;
        for (size_t i = 0; i < run->data.n; i++)
            if (run->weight[i] > 0 && is_missing(run, v, i))
                missing++;
        if (missing)
            return est_i_fail(run->error, EST_EDEFINITION, "%s: column '%.100s' is missing in %zu of %zu rows with a weight; it "
                              "must be known for those who responded and those who did not. Fill it in, give the missing a level "
                              "of their own, or use another column", what, run->variables[v].column, missing, run->step[0].rows);
    }
    return EST_OK;
}

/* "region=north, sex=f" of the cell of a row. */
static char *cell_name(const est_i_weighting *run, const uint32_t *key)
{
    est_i_text text = {0};
    for (size_t k = 0; k < run->n_cells; k++)
        est_i_text_printf(&text, "%s%s=%s", k ? ", " : "", run->variables[run->first_cell + k].column,
                          est_i_sample_level(run->sample, run->first_cell + k, key[k]));
    return est_i_text_take(&text);
}

/* The cell of each row; SIZE_MAX for rows without a weight. */
static est_status find_cells(est_i_weighting *run, size_t *cell)
{
    est_i_tuples tuples = {.width = run->n_cells};
    uint32_t key[run->n_cells + 1];
    est_status status = check_missing(run, run->first_cell, run->n_cells, "response cells");
    for (size_t i = 0; i < run->data.n && status == EST_OK; i++) {
        cell[i] = SIZE_MAX;
        if (!(run->weight[i] > 0))
            continue;
        for (size_t k = 0; k < run->n_cells; k++)
            key[k] = run->data.level[run->first_cell + k][i];
        uint32_t number = est_i_tuples_add(&tuples, key);
        if (number == EST_I_TUPLE_NONE)
            status = est_i_no_memory(run->error);
        else
            cell[i] = number;
    }
    if (status == EST_OK && !(run->cells = calloc((size_t)tuples.count + 1, sizeof *run->cells)))
        status = est_i_no_memory(run->error);
    for (uint32_t t = 0; t < tuples.count && status == EST_OK; t++) {
        run->n_response = t + 1;
        run->cells[t].name = cell_name(run, est_i_tuples_key(&tuples, t));
        run->cells[t].level = malloc(run->n_cells * sizeof *run->cells[t].level);
        status = run->cells[t].name && run->cells[t].level ? EST_OK : est_i_no_memory(run->error);
        if (status == EST_OK)
            memcpy(run->cells[t].level, est_i_tuples_key(&tuples, t), run->n_cells * sizeof *run->cells[t].level);
    }
    est_i_tuples_free(&tuples);
    return status;
}

/* ---- classes ---- */

typedef struct ranked {
    double propensity;
    size_t row;
} ranked;

static int by_propensity(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->propensity != y->propensity)
        return x->propensity < y->propensity ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Rows by rank; equal propensities stay together in the class of the first of them. */
static void rank_classes(const est_i_weighting *run, const ranked *order, size_t n, size_t *cell)
{
    size_t classes = (size_t)run->options->propensity_classes, class = 0;
    for (size_t r = 0; r < n; r++) {
        if (r == 0 || order[r].propensity != order[r - 1].propensity)
            class = r * classes / n;
        cell[order[r].row] = class;
    }
}

/* "1: propensity 0.200 to 0.450". */
static char *class_name(size_t number, double lowest, double highest)
{
    est_i_text text = {0};
    char digits[64];
    est_i_number_print_fixed(lowest, 3, digits, sizeof digits);
    est_i_text_printf(&text, "%zu: propensity %s", number, digits);
    est_i_number_print_fixed(highest, 3, digits, sizeof digits);
    est_i_text_printf(&text, " to %s", digits);
    return est_i_text_take(&text);
}

static est_status name_classes(est_i_weighting *run, const ranked *order, size_t n, size_t *cell)
{
    size_t count = 0;
    est_status status = EST_OK;
    run->cells = calloc((size_t)run->options->propensity_classes + 1, sizeof *run->cells);
    if (!run->cells)
        return est_i_no_memory(run->error);
    for (size_t r = 0; r < n && status == EST_OK;) { /* classes that ties have emptied are left out */
        size_t class = cell[order[r].row], from = r;
        for (; r < n && cell[order[r].row] == class; r++)
            continue;
        for (size_t k = from; k < r; k++)
            cell[order[k].row] = count;
        run->cells[count].name = class_name(count + 1, order[from].propensity, order[r - 1].propensity);
        status = run->cells[count].name ? EST_OK : est_i_no_memory(run->error);
        run->n_response = ++count;
    }
    return status;
}

static est_status find_classes(est_i_weighting *run, const double *propensity, size_t *cell)
{
    ranked *order = malloc((run->data.n + 1) * sizeof *order);
    size_t n = 0;
    est_status status = order ? EST_OK : est_i_no_memory(run->error);
    for (size_t i = 0; i < run->data.n && status == EST_OK; i++) {
        cell[i] = SIZE_MAX;
        if (run->weight[i] > 0)
            order[n++] = (ranked){propensity[i], i};
    }
    if (status == EST_OK) {
        qsort(order, n, sizeof *order, by_propensity);
        rank_classes(run, order, n, cell);
        status = name_classes(run, order, n, cell);
    }
    free(order);
    return status;
}

/* ---- the model ---- */

static bool is_levels(const est_i_weighting *run, size_t variable)
{
    return run->variables[run->first_formula + variable].kind == EST_I_VARIABLE_LEVELS;
}

static size_t count_levels(const est_i_weighting *run, size_t variable)
{
    return is_levels(run, variable) ? est_i_sample_levels(run->sample, run->first_formula + variable) : 1;
}

/* The coefficient of a term at one combination of levels, found by its name ("age:sex=female"); 0 for the reference level and where
 * it depends on others. */
static double coefficient_at(const est_i_weighting *run, const est_i_regression *fit, size_t t, size_t combination, bool *failed)
{
    const est_i_term *term = &run->formula->terms[t];
    size_t level[term->n_factors + 1];
    est_i_text name = {0};
    double value = 0;
    for (size_t f = term->n_factors; f-- > 0;) {
        level[f] = combination % count_levels(run, term->variable[f]);
        combination /= count_levels(run, term->variable[f]);
    }
    for (size_t f = 0; f < term->n_factors; f++) {
        size_t v = run->first_formula + term->variable[f];
        est_i_text_printf(&name, "%s%s", f ? ":" : "", run->variables[v].column);
        if (is_levels(run, term->variable[f]))
            est_i_text_printf(&name, "=%s", est_i_sample_level(run->sample, v, level[f]));
    }
    *failed = *failed || name.failed;
    for (size_t j = fit->term_first[t]; j < fit->term_first[t + 1] && !name.failed; j++)
        if (strcmp(fit->name[j], name.data) == 0 && !fit->aliased[j])
            value = fit->coefficient[j];
    est_i_text_free(&name);
    return value;
}

/* Adds a term to the linear predictor of every row. */
static est_status add_term(est_i_weighting *run, const est_i_regression *fit, size_t t, double *predictor)
{
    const est_i_term *term = &run->formula->terms[t];
    size_t n = 1;
    bool failed = false;
    for (size_t f = 0; f < term->n_factors; f++)
        n *= count_levels(run, term->variable[f]);
    double *coefficient = malloc((n + 1) * sizeof *coefficient);
    for (size_t k = 0; k < n && coefficient; k++)
        coefficient[k] = coefficient_at(run, fit, t, k, &failed);
    for (size_t i = 0; i < run->data.n && coefficient; i++) {
        size_t combination = 0;
        double product = 1;
        for (size_t f = 0; f < term->n_factors && run->weight[i] > 0; f++) {
            size_t v = run->first_formula + term->variable[f];
            if (is_levels(run, term->variable[f]))
                combination = combination * count_levels(run, term->variable[f]) + run->data.level[v][i];
            else
                product *= run->data.number[v][i];
        }
        predictor[i] += coefficient[combination] * product;
    }
    free(coefficient);
    return coefficient && !failed ? EST_OK : est_i_no_memory(run->error);
}

static est_status check_fit(const est_i_weighting *run, const est_i_regression *fit)
{
    if (fit->separated)
        return est_i_fail(run->error, EST_EIDENTIFY, "propensity: some combination of the columns tells respondents from the "
                          "others without error, so the model has no estimate, and nobody stands for some of those who did not "
                          "respond; leave out a column, or join levels");
    return EST_OK;
}

est_status est_i_weighting_propensity(est_i_weighting *run, double *propensity)
{
    est_i_formula *formula = run->formula;
    est_i_regression_options options = {.family = EST_I_FAMILY_LOGISTIC, .response = formula->response, .n_terms = formula->n_terms,
                                        .terms = formula->terms, .no_intercept = formula->no_intercept, .level = 0.95,
                                        .taylor = {.lonely = EST_I_LONELY_CERTAINTY}};
    est_table *table = NULL;
    est_source *source = NULL;
    est_i_sample *sample = NULL;
    est_i_regression *fit = NULL;
    bool unweighted = run->options->propensity_weights == 1;
    double *ones = malloc((run->data.n + 1) * sizeof *ones);
    est_status status = ones ? check_missing(run, run->first_formula, formula->n_variables, "propensity")
        : est_i_no_memory(run->error);
    for (size_t i = 0; i < run->data.n && status == EST_OK; i++)
        ones[i] = run->weight[i] > 0 ? 1 : 0;
    if (status == EST_OK)
        status = est_i_weighting_sample(run, unweighted ? ones : run->weight, run->first_formula, formula->n_variables, false,
                                        &table,
                                        &source, &sample);
    if (status == EST_OK)
        status = est_i_regression_fit(sample, &options, &fit, run->error);
    if (status == EST_OK)
        status = check_fit(run, fit);
    for (size_t i = 0; i < run->data.n && status == EST_OK; i++)
        propensity[i] = formula->no_intercept ? 0 : fit->coefficient[0];
    for (size_t t = 0; t < formula->n_terms && status == EST_OK; t++)
        status = add_term(run, fit, t, propensity);
    for (size_t i = 0; i < run->data.n && status == EST_OK; i++)
        propensity[i] = run->weight[i] > 0 ? 1 / (1 + exp(-propensity[i])) : NAN;
    est_i_regression_free(fit);
    est_i_sample_free(sample);
    est_source_free(source);
    est_table_free(table);
    free(ones);
    return status;
}

/* ---- the factors ---- */

static est_status sum_cells(est_i_weighting *run, const size_t *cell)
{
    for (size_t i = 0; i < run->data.n; i++) {
        est_i_weighting_cell *at = cell[i] == SIZE_MAX ? NULL : &run->cells[cell[i]];
        if (!at)
            continue;
        at->rows++;
        at->weight += run->weight[i];
        at->respondents += responded(run, i) ? 1 : 0;
        at->responding += responded(run, i) ? run->weight[i] : 0;
    }
    for (size_t k = 0; k < run->n_response; k++) {
        est_i_weighting_cell *at = &run->cells[k];
        if (at->respondents == 0)
            return est_i_fail(run->error, EST_EDEFINITION, "nonresponse: nobody responded in '%.200s' (%zu rows), so nobody stands "
                              "for it; join it with another cell", at->name, at->rows);
        at->factor = at->weight / at->responding;
        at->few = at->respondents < (size_t)run->options->response_minimum;
        at->large = at->factor > run->options->response_factor;
    }
    return EST_OK;
}

static est_status adjust_cells(est_i_weighting *run, const size_t *cell)
{
    est_status status = sum_cells(run, cell);
    for (size_t i = 0; i < run->data.n && status == EST_OK; i++)
        if (cell[i] != SIZE_MAX)
            run->weight[i] *= responded(run, i) ? run->cells[cell[i]].factor : 0;
    return status;
}

/* Each respondent by the inverse of its own propensity; the only "class" tells the whole. */
static est_status adjust_each(est_i_weighting *run, const double *propensity)
{
    est_i_weighting_cell *all = calloc(1, sizeof *all);
    run->cells = all;
    if (!all || !(all->name = est_i_string_copy("all")))
        return est_i_no_memory(run->error);
    run->n_response = 1;
    for (size_t i = 0; i < run->data.n; i++) {
        if (!(run->weight[i] > 0))
            continue;
        double factor = responded(run, i) ? 1 / propensity[i] : 0;
        all->rows++;
        all->respondents += responded(run, i) ? 1 : 0;
        all->weight += run->weight[i];
        all->responding += responded(run, i) ? run->weight[i] : 0;
        run->weight[i] *= factor;
        all->factor = fmax(all->factor, factor);
    }
    all->large = all->factor > run->options->response_factor;
    all->few = all->respondents < (size_t)run->options->response_minimum;
    return EST_OK;
}

est_status est_i_weighting_respond(est_i_weighting *run)
{
    size_t n = run->data.n;
    size_t *cell = malloc((n + 1) * sizeof *cell);
    double *propensity = malloc((n + 1) * sizeof *propensity);
    est_status status = cell && propensity ? EST_OK : est_i_no_memory(run->error);
    for (size_t i = 0; i < n && status == EST_OK; i++)
        run->nonrespondents += run->weight[i] > 0 && !responded(run, i) ? 1 : 0;
    if (status == EST_OK && run->nonrespondents == run->step[0].rows)
        status = est_i_fail(run->error, EST_EDEFINITION, "column '%.100s': nobody responded, expected some rows with 1",
                            run->options->response);
    if (status == EST_OK && run->formula && run->nonrespondents == 0) {
        for (size_t i = 0; i < n; i++)
            propensity[i] = 1;
        status = adjust_each(run, propensity);
    } else if (status == EST_OK && run->formula) {
        status = est_i_weighting_propensity(run, propensity);
        if (status == EST_OK && run->options->propensity_classes == 0)
            status = adjust_each(run, propensity);
        else if (status == EST_OK)
            status = find_classes(run, propensity, cell);
    } else if (status == EST_OK) {
        status = find_cells(run, cell);
    }
    if (status == EST_OK && !(run->formula && (run->options->propensity_classes == 0 || run->nonrespondents == 0)))
        status = adjust_cells(run, cell);
    if (status == EST_OK)
        est_i_weighting_take_step(run, "response");
    free(cell);
    free(propensity);
    return status;
}
