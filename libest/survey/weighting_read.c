/* The columns of a weighting, its rows in memory, and the base weights. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/weighting.h"

/* ---- the plan ---- */

static size_t add_variable(est_i_weighting *run, const char *column, est_i_variable_kind kind)
{
    est_i_variable *variables = realloc(run->variables, (run->n_variables + 1) * sizeof *variables);
    if (!variables)
        return SIZE_MAX;
    run->variables = variables;
    run->variables[run->n_variables] = (est_i_variable){.column = column, .kind = kind};
    return run->n_variables++;
}

static bool keep_name(est_i_weighting *run, const est_i_text *name)
{
    char **names = realloc(run->names, (run->n_names + 1) * sizeof *names);
    run->names = names ? names : run->names;
    if (!names || !(run->names[run->n_names] = est_i_string_copy(name->data)))
        return false;
    run->n_names++;
    return true;
}

/* The columns of a list as variables; *first the number of the first. */
static est_status add_list(est_i_weighting *run, const char *option, const char *list, est_i_variable_kind kind, size_t *first,
                           size_t *count)
{
    est_i_text name = {0};
    est_status status = EST_OK;
    bool whole = true;
    *first = run->n_variables;
    for (const char *rest = *list ? list : NULL; rest && status == EST_OK; (*count)++) {
        rest = est_i_name_take(rest, &name, &whole);
        if (!name.failed && (!whole || !name.length))
            status = est_i_fail(run->error, EST_EOPTION, "option --%s: found '%.200s', expected names of columns parted by commas",
                                option,
                                list);
        else if (name.failed || !keep_name(run, &name) || add_variable(run, run->names[run->n_names - 1], kind) == SIZE_MAX)
            status = est_i_no_memory(run->error);
    }
    est_i_text_free(&name);
    return status;
}

/* "`response` ~ terms": the left side only makes the text a formula. */
static est_status add_formula(est_i_weighting *run)
{
    est_i_text text = {0};
    est_status status = EST_OK;
    est_i_text_printf(&text, "`%s` ~ %s", run->options->response, run->options->propensity);
    run->first_formula = run->n_variables;
    status = text.failed ? est_i_no_memory(run->error)
                         : est_i_formula_parse(text.data, run->source, 0, &run->formula, run->error);
    est_i_text_free(&text);
    for (size_t v = 0; status == EST_OK && v < run->formula->n_variables; v++)
        if (add_variable(run, run->formula->variables[v].column, run->formula->variables[v].kind) == SIZE_MAX)
            status = est_i_no_memory(run->error);
    return status;
}

static est_status add_calibration(est_i_weighting *run)
{
    est_i_calibration_options options = {.kind = (est_i_calibration_kind)run->options->calibrate, .margins = run->options->margins,
                                         .lower = run->lower, .upper = run->upper, .by_cluster = run->options->by_cluster != 0,
                                         .tolerance = 1e-10, .iterations = 50};
    est_status status = est_i_calibration_new(run->source, &options, &run->calibration, run->error);
    run->first_calibration = run->n_variables;
    for (size_t v = 0; status == EST_OK && v < est_i_calibration_variables(run->calibration); v++) {
        est_i_variable variable = est_i_calibration_variable(run->calibration, v);
        if (add_variable(run, variable.column, variable.kind) == SIZE_MAX)
            status = est_i_no_memory(run->error);
    }
    return status;
}

est_status est_i_weighting_plan(est_i_weighting *run)
{
    const est_weight_options *o = run->options;
    size_t n_response = 0;
    est_status status = add_list(run, "probability", o->probability, EST_I_VARIABLE_NUMBER, &run->first_probability,
                                 &run->n_probabilities);
    if (status == EST_OK)
        status = add_list(run, "response", o->response, EST_I_VARIABLE_NUMBER, &run->response, &n_response);
    if (status == EST_OK && n_response > 1)
        status = est_i_fail(run->error, EST_EOPTION, "option --response: found '%.200s', expected one column", o->response);
    if (status == EST_OK)
        status = add_list(run, "response-cells", o->response_cells, EST_I_VARIABLE_LEVELS, &run->first_cell, &run->n_cells);
    if (status == EST_OK && *o->propensity)
        status = add_formula(run);
    if (status == EST_OK && o->calibrate != EST_WEIGHT_CALIBRATE_NONE)
        status = add_calibration(run);
    return status;
}

/* ---- the rows ---- */

typedef struct read_part {
    size_t n, capacity;
    double *weight;
    uint32_t *leaf;
    double **number;
    uint32_t **level;
} read_part;

static void part_free(void *user, void *part)
{
    const est_i_weighting *run = user;
    read_part *p = part;
    if (!p)
        return;
    for (size_t v = 0; v < run->n_variables; v++) {
        free(p->number ? p->number[v] : NULL);
        free(p->level ? p->level[v] : NULL);
    }
    free(p->weight);
    free(p->leaf);
    free(p->number);
    free(p->level);
    free(p);
}

static void *part_new(void *user)
{
    const est_i_weighting *run = user;
    read_part *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->number = calloc(run->n_variables + 1, sizeof *p->number);
    p->level = calloc(run->n_variables + 1, sizeof *p->level);
    if (p->number && p->level)
        return p;
    part_free(user, p);
    return NULL;
}

static bool grow_array(void **array, size_t bytes)
{
    void *grown = realloc(*array, bytes);
    *array = grown ? grown : *array;
    return grown != NULL;
}

static bool part_room(const est_i_weighting *run, read_part *p, size_t more)
{
    size_t capacity = 2 * p->capacity + more + 64;
    bool good = true;
    if (p->n + more <= p->capacity)
        return true;
    void *weight = p->weight, *leaf = p->leaf;
    good = grow_array(&weight, capacity * sizeof *p->weight) && good;
    p->weight = weight;
    good = grow_array(&leaf, capacity * sizeof *p->leaf) && good;
    p->leaf = leaf;
    for (size_t v = 0; v < run->n_variables; v++) {
        bool levels = run->variables[v].kind == EST_I_VARIABLE_LEVELS;
        void *array = levels ? (void *)p->level[v] : (void *)p->number[v];
        good = grow_array(&array, capacity * (levels ? sizeof(uint32_t) : sizeof(double))) && good;
        if (levels)
            p->level[v] = array;
        else
            p->number[v] = array;
    }
    p->capacity = good ? capacity : p->capacity;
    return good;
}

static est_status check_probabilities(const est_i_weighting *run, const est_i_rows *rows, est_error *error)
{
    char digits[32];
    for (size_t v = run->first_probability; v < run->first_probability + run->n_probabilities; v++)
        for (size_t i = 0; i < rows->n; i++) {
            double p = rows->value[v][i];
            if (p > 0 && p <= 1)
                continue;
            est_i_number_print(p, digits);
            return est_i_fail_at(error, EST_EVALUE, est_i_rows_place(run->sample, rows, i, run->variables[v].column),
                                 "found %s, expected a chance of selection above 0 and at most 1", isnan(p) ? "no value" : digits);
        }
    return EST_OK;
}

static est_status check_responses(const est_i_weighting *run, const est_i_rows *rows, est_error *error)
{
    for (size_t i = 0; i < rows->n && *run->options->response; i++) {
        double value = rows->value[run->response][i];
        if (value != 0 && value != 1)
            return est_i_fail_at(error, EST_EVALUE, est_i_rows_place(run->sample, rows, i, run->variables[run->response].column),
                                 "found %s, expected 1 for a row that responded and 0 for one that did not",
                                 isnan(value) ? "no value" : "another number");
    }
    return EST_OK;
}

static est_status take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const est_i_weighting *run = user;
    read_part *p = part;
    est_status status = check_probabilities(run, rows, error);
    if (status == EST_OK)
        status = check_responses(run, rows, error);
    if (status == EST_OK && !part_room(run, p, rows->n))
        status = est_i_no_memory(error);
    if (status != EST_OK)
        return status;
    memcpy(p->weight + p->n, rows->base_weight, rows->n * sizeof *p->weight);
    memcpy(p->leaf + p->n, rows->leaf, rows->n * sizeof *p->leaf);
    for (size_t v = 0; v < run->n_variables; v++)
        if (run->variables[v].kind == EST_I_VARIABLE_LEVELS)
            memcpy(p->level[v] + p->n, rows->level[v], rows->n * sizeof(uint32_t));
        else
            memcpy(p->number[v] + p->n, rows->value[v], rows->n * sizeof(double));
    p->n += rows->n;
    return EST_OK;
}

static est_status settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    const est_i_weighting *run = user;
    read_part *p = part;
    (void)error;
    for (size_t i = 0; i < p->n; i++)
        p->leaf[i] = final->leaf[p->leaf[i]];
    for (size_t v = 0; v < run->n_variables; v++)
        for (size_t i = 0; i < p->n && p->level[v]; i++)
            if (p->level[v][i] != EST_I_NO_LEVEL_NUMBER)
                p->level[v][i] = final->level[v][p->level[v][i]];
    return EST_OK;
}

static est_status join(void *user, void *into, void *from, est_error *error)
{
    const est_i_weighting *run = user;
    read_part *a = into;
    const read_part *b = from;
    if (b->n == 0)
        return EST_OK;
    if (!part_room(run, a, b->n))
        return est_i_no_memory(error);
    memcpy(a->weight + a->n, b->weight, b->n * sizeof *a->weight);
    memcpy(a->leaf + a->n, b->leaf, b->n * sizeof *a->leaf);
    for (size_t v = 0; v < run->n_variables; v++)
        if (run->variables[v].kind == EST_I_VARIABLE_LEVELS)
            memcpy(a->level[v] + a->n, b->level[v], b->n * sizeof(uint32_t));
        else
            memcpy(a->number[v] + a->n, b->number[v], b->n * sizeof(double));
    a->n += b->n;
    return EST_OK;
}

/* The part's arrays become the run's. */
static est_status keep_rows(est_i_weighting *run, read_part *p)
{
    est_i_weighting_data *d = &run->data;
    const est_i_design *design = est_i_sample_design(run->sample);
    uint32_t *psu = calloc(est_i_design_leaves(design) + 1, sizeof *psu);
    d->n = p->n;
    d->n_variables = run->n_variables;
    d->weight = p->weight;
    d->number = p->number;
    d->level = p->level;
    p->weight = NULL;
    p->number = NULL;
    p->level = NULL;
    d->psu = run->options->by_cluster ? malloc((p->n + 1) * sizeof *d->psu) : NULL;
    if (!psu || (run->options->by_cluster && !d->psu)) {
        free(psu);
        return est_i_no_memory(run->error);
    }
    est_i_design_psu(design, psu);
    for (size_t i = 0; i < p->n && d->psu; i++)
        d->psu[i] = psu[p->leaf[i]];
    free(psu);
    return EST_OK;
}

static est_status make_base(est_i_weighting *run)
{
    size_t n = run->data.n;
    run->base = malloc((n + 1) * sizeof *run->base);
    run->weight = malloc((n + 1) * sizeof *run->weight);
    if (!run->base || !run->weight)
        return est_i_no_memory(run->error);
    for (size_t i = 0; i < n; i++) {
        double product = 1;
        for (size_t v = run->first_probability; v < run->first_probability + run->n_probabilities; v++)
            product *= run->data.number[v][i];
        run->base[i] = run->n_probabilities ? 1 / product : run->data.weight[i];
        if (!(run->base[i] < INFINITY))
            return est_i_fail(run->error, EST_EVALUE, "%.200s, record %zu: the product of the chances of selection is too small "
                                                      "for a weight",
                              est_source_name(run->source), i + 1);
    }
    memcpy(run->weight, run->base, n * sizeof *run->base);
    est_i_weighting_take_step(run, "base");
    if (!(run->step[0].sum > 0))
        return est_i_fail(run->error, EST_EDEFINITION, "%.200s: found no row with a weight above zero",
                          est_source_name(run->source));
    return EST_OK;
}

est_status est_i_weighting_read(est_i_weighting *run)
{
    static const est_i_rows_consumer consumer = {part_new, take, settle, join, part_free};
    const est_weight_options *o = run->options;
    est_i_sample_plan plan = {.design = {.n_stages = 1, .weight = *o->weight ? o->weight : NULL, .weight_scale = 1,
                                         .nest = o->nest != 0},
                              .n_variables = run->n_variables, .variables = run->variables};
    void *part = NULL;
    plan.design.unit[0] = *o->psu ? o->psu : NULL;
    plan.design.stratum[0] = *o->strata ? o->strata : NULL;
    int threads = run->context ? run->context->threads : 1;
    est_status status = est_i_sample_new(run->source, &plan, threads, &run->monitor, &run->sample, run->error);
    if (status == EST_OK)
        status = est_i_sample_pass(run->sample, &consumer, run, "reading", &part, run->error);
    if (status == EST_OK)
        status = keep_rows(run, part);
    part_free(run, part);
    return status == EST_OK ? make_base(run) : status;
}

/* ---- the rows as a sample ---- */

/* A name that no column of the source has. */
static char *free_name(const est_i_weighting *run, const char *wanted)
{
    est_i_text name = {0};
    est_i_text_append(&name, wanted);
    while (!name.failed && est_source_find(run->source, name.data) >= 0)
        est_i_text_append(&name, "'");
    return est_i_text_take(&name);
}

static est_status add_levels(est_i_weighting *run, est_table *table, size_t variable)
{
    size_t n = run->data.n;
    const char **texts = malloc((n + 1) * sizeof *texts);
    est_status status = texts ? EST_OK : est_i_no_memory(run->error);
    for (size_t i = 0; i < n && status == EST_OK; i++) {
        uint32_t level = run->data.level[variable][i];
        texts[i] = level == EST_I_NO_LEVEL_NUMBER ? NULL : est_i_sample_level(run->sample, variable, level);
    }
    if (status == EST_OK)
        status = est_table_add_text(table, run->variables[variable].column, texts, run->error);
    free(texts);
    return status;
}

/* Columns that are wanted as levels are texts; a number is read from its text where it is wanted too. */
static est_status add_column(est_i_weighting *run, est_table *table, size_t variable, size_t first, size_t n)
{
    const char *column = run->variables[variable].column;
    size_t as = variable;
    if (est_table_find(table, column) >= 0)
        return EST_OK;
    for (size_t v = first; v < first + n; v++)
        if (strcmp(run->variables[v].column, column) == 0 && run->variables[v].kind == EST_I_VARIABLE_LEVELS)
            as = v;
    if (run->variables[as].kind == EST_I_VARIABLE_LEVELS)
        return add_levels(run, table, as);
    return est_table_add_numbers(table, column, run->data.number[as], run->error);
}

est_status est_i_weighting_sample(est_i_weighting *run, const double *weight, size_t first, size_t n, bool with_psu,
                                  est_table **table,
                                  est_source **source, est_i_sample **sample)
{
    char *weight_name = free_name(run, "(weight)"), *psu_name = free_name(run, "(psu)");
    est_status status = weight_name && psu_name ? EST_OK : est_i_no_memory(run->error);
    est_i_sample_plan plan = {.design = {.n_stages = 1, .weight = weight_name, .weight_scale = 1}, .n_variables = n,
                              .variables = run->variables + first};
    if (status == EST_OK)
        status = est_table_new(est_source_name(run->source), run->data.n, table, run->error);
    if (status == EST_OK)
        status = est_table_add_numbers(*table, weight_name, weight, run->error);
    if (status == EST_OK && with_psu) {
        plan.design.unit[0] = psu_name;
        status = est_table_add_numbers(*table, psu_name, run->data.psu, run->error);
    }
    for (size_t v = first; v < first + n && status == EST_OK; v++)
        status = add_column(run, *table, v, first, n);
    if (status == EST_OK)
        status = est_source_of_table(*table, source, run->error);
    if (status == EST_OK)
        status = est_i_sample_new(*source, &plan, 1, &run->monitor, sample, run->error);
    free(weight_name);
    free(psu_name);
    return status;
}
