/* The table of `small-area`: areas, direct estimates, variances, covariates. */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/table.h"
#include "survey/small_area_run.h"

typedef est_i_small_area_run run_t;

bool est_i_small_area_national(const char *text, double *national)
{
    *national = NAN;
    return !*text || est_i_number_parse(text, strlen(text), national);
}

/* ---- numbers ---- */

/* What a cell must be: least to most, or missing. */
typedef struct cell_rule {
    double least, most;
    bool required;
    const char *expected;
} cell_rule;

static est_status read_numbers(const run_t *run, size_t column, const cell_rule *rule, double *to)
{
    for (size_t i = 0; i < run->n; i++) {
        char found[128];
        bool missing = est_table_is_missing(run->table, column, i);
        to[i] = est_table_number(run->table, column, i);
        if ((missing && !rule->required) || (to[i] >= rule->least && to[i] <= rule->most))
            continue;
        est_i_table_describe(run->table, column, i, false, found);
        return est_i_fail_at(run->error, EST_EVALUE, est_i_table_place(run->table, (long)column, i), "found %s, expected %s", found,
                             rule->expected);
    }
    return EST_OK;
}

/* ---- areas and direct estimates ---- */

static est_status read_names(run_t *run)
{
    size_t column;
    const char *name = *run->options->area ? run->options->area : "area";
    est_status status = est_i_table_require(run->table, name, "for --area, the names of the areas", &column, run->error);
    if (status != EST_OK)
        return status;
    run->area_name = est_i_string_copy(name);
    for (size_t i = 0; i < run->n; i++) {
        char buffer[32];
        const char *text = est_table_text(run->table, column, i, buffer);
        if (!text)
            return est_i_fail_at(run->error, EST_EVALUE, est_i_table_place(run->table, (long)column, i),
                                 "found an area without a name, expected one");
        for (size_t j = 0; j < i; j++)
            if (strcmp(run->names[j], text) == 0)
                return est_i_fail_at(run->error, EST_EVALUE, est_i_table_place(run->table, (long)column, i),
                                     "found area '%.60s' once more (first in record %zu), expected one line an area", text, j + 1);
        run->names[i] = est_i_string_copy(text);
        if (!run->names[i])
            return est_i_no_memory(run->error);
    }
    return run->area_name ? EST_OK : est_i_no_memory(run->error);
}

static est_status read_direct(run_t *run)
{
    static const cell_rule any = {-DBL_MAX, DBL_MAX, false, "a number, or an empty field for an area without a sample"};
    static const cell_rule share = {0, 1, false, "a proportion from 0 to 1, or an empty field for an area without a sample"};
    size_t column;
    const char *name = *run->options->estimate ? run->options->estimate : "estimate";
    est_status status = est_i_table_require(run->table, name, "for --estimate, the direct estimates", &column, run->error);
    return status == EST_OK ? read_numbers(run, column, run->proportion ? &share : &any, run->direct) : status;
}

static est_status read_variances(run_t *run)
{
    static const cell_rule positive = {0, DBL_MAX, false, "a number of 0 or more, or an empty field"};
    const est_small_area_options *o = run->options;
    bool squared = *o->variance || (!*o->se && est_table_find(run->table, "se") < 0 && est_table_find(run->table, "variance") >= 0);
    const char *name = *o->variance ? o->variance : *o->se ? o->se : squared ? "variance" : "se";
    size_t column;
    est_status status = est_i_table_require(run->table, name, "for --se or --variance, the error of the direct estimates", &column,
                                            run->error);
    if (status == EST_OK)
        status = read_numbers(run, column, &positive, run->own_variance);
    for (size_t i = 0; i < run->n && status == EST_OK && !squared; i++)
        run->own_variance[i] *= run->own_variance[i];
    return status;
}

static est_status read_cases(run_t *run)
{
    static const cell_rule count = {0, 1e15, false, "a number of cases, 0 or more, or an empty field"};
    size_t column;
    est_status status = EST_OK;
    for (size_t i = 0; i < run->n; i++)
        run->cases[i] = NAN;
    run->has_cases = *run->options->n != '\0';
    if (run->has_cases) {
        status = est_i_table_require(run->table, run->options->n, "for --n, the cases behind the direct estimates", &column,
                                     run->error);
        if (status == EST_OK)
            status = read_numbers(run, column, &count, run->cases);
    }
    run->n_left_out = est_i_small_area_leave_out(run->direct, run->cases, run->n, (double)run->options->least_n,
                                                 !est_table_is_public(run->table), run->left_out);
    return status;
}

static est_status read_shares(run_t *run)
{
    static const cell_rule positive = {0, DBL_MAX, true, "a share of the population, 0 or more, for every area"};
    size_t column;
    double total = 0;
    est_status status = EST_OK;
    (void)est_i_small_area_national(run->options->national, &run->national);
    for (size_t i = 0; i < run->n; i++)
        run->share[i] = 1;
    if (!*run->options->share)
        return EST_OK;
    status = est_i_table_require(run->table, run->options->share, "for --share, the areas' shares of the population", &column,
                                     run->error);
    if (status == EST_OK)
        status = read_numbers(run, column, &positive, run->share);
    for (size_t i = 0; i < run->n && status == EST_OK; i++)
        total += run->share[i];
    if (status == EST_OK && !(total > 0 && total <= DBL_MAX))
        status = est_i_fail_at(run->error, EST_EVALUE, est_i_table_place_column(run->table, (long)column),
                               "found shares that are all 0, or too large to add up");
    for (size_t i = 0; i < run->n && status == EST_OK; i++)
        run->share[i] /= total;
    return status;
}

static est_status settle_variances(run_t *run)
{
    double of_case = est_i_small_area_case_variance(run->direct, run->own_variance, run->cases, run->n, run->left_out);
    for (size_t i = 0; i < run->n; i++) {
        bool none = !(run->own_variance[i] > 0), fits = !isnan(run->direct[i]) && !run->left_out[i];
        if (fits && none && run->options->zero_variance == EST_I_ZERO_VARIANCE_REFUSE)
            return est_i_fail_at(run->error, EST_EVALUE, est_i_table_place(run->table, -1, i),
                                 "found a direct estimate with a variance of 0 or none, and --zero-variance is refuse");
        run->pooled[i] = fits && run->cases[i] > 0 && !isnan(of_case) &&
                         (none ? run->options->zero_variance == EST_I_ZERO_VARIANCE_POOLED : run->options->sampling_variance == 1);
        run->variance[i] = run->pooled[i] ? of_case / run->cases[i] : run->own_variance[i];
    }
    return EST_OK;
}

/* ---- covariates ---- */

static double *add_term(run_t *run, const char *name)
{
    if (run->n_terms == run->terms_room) {
        size_t room = 2 * run->terms_room + 8;
        char **terms = realloc(run->terms, room * sizeof *terms);
        run->terms = terms ? terms : run->terms;
        double *columns = terms ? realloc(run->columns, room * (run->n + 1) * sizeof *columns) : NULL;
        run->columns = columns ? columns : run->columns;
        if (!columns)
            return NULL;
        run->terms_room = room;
    }
    run->terms[run->n_terms] = est_i_string_copy(name);
    return run->terms[run->n_terms] ? run->columns + run->n * run->n_terms++ : NULL;
}

static est_status fail_missing(const run_t *run, size_t column, size_t row)
{
    char found[128];
    est_i_table_describe(run->table, column, row, false, found);
    return est_i_fail_at(run->error, EST_EVALUE, est_i_table_place(run->table, (long)column, row),
                         "found %s, expected a value: a covariate must be known for every area", found);
}

static est_status add_number(run_t *run, size_t column)
{
    double *to = add_term(run, est_table_column_name(run->table, column));
    if (!to)
        return est_i_no_memory(run->error);
    for (size_t i = 0; i < run->n; i++) {
        to[i] = est_table_number(run->table, column, i);
        if (!isfinite(to[i]))
            return fail_missing(run, column, i);
    }
    return EST_OK;
}

/* Numbers by size, texts by their bytes; the first level is the one that the others are compared with. */
static bool comes_before(const run_t *run, size_t column, size_t a, size_t b)
{
    char left[32], right[32];
    double x = est_table_number(run->table, column, a), y = est_table_number(run->table, column, b);
    if (est_table_column_kind(run->table, column) == EST_COLUMN_NUMBER)
        return x < y;
    return strcmp(est_table_text(run->table, column, a, left), est_table_text(run->table, column, b, right)) < 0;
}

static est_status add_level(run_t *run, size_t column, size_t level)
{
    char buffer[32];
    est_i_text name = {0};
    est_i_text_printf(&name, "%s=%s", est_table_column_name(run->table, column), est_table_text(run->table, column, level, buffer));
    double *to = name.failed ? NULL : add_term(run, name.data);
    est_i_text_free(&name);
    if (!to)
        return est_i_no_memory(run->error);
    for (size_t i = 0; i < run->n; i++)
        to[i] = comes_before(run, column, i, level) || comes_before(run, column, level, i) ? 0 : 1;
    return EST_OK;
}

/* Without an intercept the first factor keeps its first level: it holds the constant. */
static est_status add_levels(run_t *run, size_t column, bool all)
{
    est_status status = EST_OK;
    bool first = true;
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < run->n; i++)
        if (est_table_is_missing(run->table, column, i))
            return fail_missing(run, column, i);
    for (bool more = run->n > 0; more && status == EST_OK;) {
        size_t next = SIZE_MAX;
        for (size_t i = 0; i < run->n; i++)
            if ((at == SIZE_MAX || comes_before(run, column, at, i)) && (next == SIZE_MAX || comes_before(run, column, i, next)))
                next = i;
        more = next != SIZE_MAX;
        if (more && (!first || all))
            status = add_level(run, column, next);
        first = false;
        at = next;
    }
    return status;
}

/* "factor(region)" names region, unless a column is called just that. */
static est_status find_covariate(const run_t *run, const char *name, size_t *column, bool *by_level)
{
    size_t length = strlen(name);
    bool factor = est_table_find(run->table, name) < 0 && length > 8 && strncmp(name, "factor(", 7) == 0 && name[length - 1] == ')';
    est_i_text inner = {0};
    if (factor)
        est_i_text_append_bytes(&inner, name + 7, length - 8);
    est_status status = inner.failed ? est_i_no_memory(run->error)
                                     : est_i_table_require(run->table, factor ? inner.data : name, "for --covariates", column,
                                                           run->error);
    if (status == EST_OK)
        *by_level = factor || est_table_column_kind(run->table, *column) == EST_COLUMN_TEXT;
    est_i_text_free(&inner);
    return status;
}

static est_status read_covariates(run_t *run)
{
    est_i_text name = {0};
    est_status status = EST_OK;
    bool whole = true, constant = !run->options->no_intercept;
    const char *rest = *run->options->covariates ? run->options->covariates : NULL;
    if (constant) {
        double *to = add_term(run, "(constant)");
        for (size_t i = 0; to && i < run->n; i++)
            to[i] = 1;
        status = to ? EST_OK : est_i_no_memory(run->error);
    }
    while (rest && status == EST_OK) {
        size_t column = 0;
        bool by_level = false;
        rest = est_i_name_take(rest, &name, &whole);
        if (name.failed)
            status = est_i_no_memory(run->error);
        else if (!whole || name.length == 0)
            status = est_i_fail(run->error, EST_EOPTION, "option --covariates: expected names of columns parted by commas");
        else
            status = find_covariate(run, name.data, &column, &by_level);
        if (status == EST_OK)
            status = by_level ? add_levels(run, column, !constant) : add_number(run, column);
        constant = constant || by_level;
    }
    est_i_text_free(&name);
    return status;
}

static est_status lay_out(run_t *run)
{
    run->x = calloc(run->n * run->n_terms + 1, sizeof *run->x);
    if (!run->x)
        return est_i_no_memory(run->error);
    for (size_t i = 0; i < run->n; i++)
        for (size_t j = 0; j < run->n_terms; j++)
            run->x[i * run->n_terms + j] = run->columns[j * run->n + i];
    return EST_OK;
}

/* ---- all ---- */

est_status est_i_small_area_read(run_t *run)
{
    run->n = est_table_rows(run->table);
    run->proportion = strcmp(run->options->unit, "proportion") == 0;
    run->names = calloc(run->n + 1, sizeof *run->names);
    run->direct = calloc(run->n + 1, sizeof *run->direct);
    run->own_variance = calloc(run->n + 1, sizeof *run->own_variance);
    run->variance = calloc(run->n + 1, sizeof *run->variance);
    run->cases = calloc(run->n + 1, sizeof *run->cases);
    run->share = calloc(run->n + 1, sizeof *run->share);
    run->left_out = calloc(run->n + 1, sizeof *run->left_out);
    run->pooled = calloc(run->n + 1, sizeof *run->pooled);
    if (!run->names || !run->direct || !run->own_variance || !run->variance || !run->cases || !run->share ||
        !run->left_out || !run->pooled)
        return est_i_no_memory(run->error);
    est_status (*const steps[])(run_t *) = {read_names, read_direct, read_variances, read_cases, read_shares, settle_variances,
                                            read_covariates, lay_out};
    est_status status = EST_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == EST_OK; i++)
        status = steps[i](run);
    return status;
}

void est_i_small_area_clear(run_t *run)
{
    for (size_t i = 0; i < run->n && run->names; i++)
        free(run->names[i]);
    for (size_t j = 0; j < run->n_terms; j++)
        free(run->terms[j]);
    free(run->names);
    free(run->area_name);
    free(run->direct);
    free(run->own_variance);
    free(run->variance);
    free(run->cases);
    free(run->share);
    free(run->left_out);
    free(run->pooled);
    free(run->terms);
    free(run->columns);
    free(run->x);
    free(run->benchmarked.estimate);
    free(run->benchmarked.mse);
    est_i_small_area_free(run->model);
}
