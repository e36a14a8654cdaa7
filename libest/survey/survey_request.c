/* What is asked for as variables, groups and estimands. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/survey.h"

static const char *keep(est_i_survey_request *request, const char *text)
{
    char **grown = realloc(request->texts, (request->n_texts + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    request->texts = grown;
    grown[request->n_texts] = est_i_string_copy(text);
    return grown[request->n_texts] ? grown[request->n_texts++] : NULL;
}

static bool same_variable(const est_i_variable *a, const char *column, est_i_variable_kind kind, const char *level)
{
    return a->kind == kind && strcmp(a->column, column) == 0 && (kind != EST_I_VARIABLE_INDICATOR || strcmp(a->level, level) == 0);
}

size_t est_i_survey_request_variable(est_i_survey_request *request, const char *column, est_i_variable_kind kind, const char *level)
{
    for (size_t v = 0; v < request->n_variables; v++)
        if (same_variable(&request->variables[v], column, kind, level))
            return v;
    est_i_variable *grown = realloc(request->variables, (request->n_variables + 1) * sizeof *grown);
    if (grown)
        request->variables = grown;
    const char *kept = grown ? keep(request, column) : NULL, *kept_level = kept && level ? keep(request, level) : NULL;
    if (!kept || (level && !kept_level))
        return SIZE_MAX;
    grown[request->n_variables] = (est_i_variable){kept, kind, kept_level};
    return request->n_variables++;
}

bool est_i_survey_request_append(est_i_survey_request *request, const est_i_variable *variable)
{
    est_i_variable *grown = realloc(request->variables, (request->n_variables + 1) * sizeof *grown);
    if (grown)
        request->variables = grown;
    const char *column = grown ? keep(request, variable->column) : NULL;
    const char *level = column && variable->level ? keep(request, variable->level) : NULL;
    bool good = column && (level || !variable->level);
    if (good)
        grown[request->n_variables++] = (est_i_variable){column, variable->kind, level};
    return good;
}

/* A group of one or two variables, found or appended. SIZE_MAX without memory. */
size_t est_i_survey_request_group(est_i_survey_request *request, size_t n, const size_t *variable)
{
    for (size_t g = 0; g < request->n_groups; g++)
        if (request->groups[g].n == n && memcmp(request->groups[g].variable, variable, n * sizeof *variable) == 0)
            return g;
    est_i_group *grown = realloc(request->groups, (request->n_groups + 1) * sizeof *grown);
    size_t *copy = malloc(n * sizeof *copy);
    if (grown)
        request->groups = grown;
    if (!grown || !copy) {
        free(copy);
        return SIZE_MAX;
    }
    memcpy(copy, variable, n * sizeof *copy);
    grown[request->n_groups] = (est_i_group){n, copy};
    return request->n_groups++;
}

static est_status add_estimand(est_i_survey_request *request, est_i_estimand_kind kind, const char *what, const char *name, size_t n,
                               const size_t *variable, est_error *error)
{
    est_i_text text = {0};
    est_i_estimand *grown = realloc(request->estimands, (request->n_estimands + 1) * sizeof *grown);
    for (size_t i = 0; i < n; i++)
        if (variable[i] == SIZE_MAX)
            grown = NULL;
    size_t group = grown ? est_i_survey_request_group(request, n, variable) : SIZE_MAX;
    est_i_text_printf(&text, "%s(%s)", what, name);
    char *full = est_i_text_take(&text);
    if (!grown || group == SIZE_MAX || !full) {
        free(full);
        return est_i_no_memory(error);
    }
    request->estimands = grown;
    for (size_t e = 0; e < request->n_estimands; e++) {
        if (strcmp(grown[e].name, full) == 0) { /* asked for twice: once is enough */
            free(full);
            return EST_OK;
        }
    }
    int b = kind == EST_I_ESTIMAND_TOTAL ? -1 : kind == EST_I_ESTIMAND_RATIO ? 2 : 0;
    grown[request->n_estimands++] = (est_i_estimand){kind, full, group, 1, b};
    return EST_OK;
}

static est_status add_number(est_i_survey_request *request, est_i_estimand_kind kind, const char *name, est_error *error)
{
    const char *level = strchr(name, '=');
    size_t variable;
    if (level) { /* total(sex=female): how many */
        char *column = est_i_string_copy(name);
        if (!column)
            return est_i_no_memory(error);
        column[level - name] = '\0';
        variable = est_i_survey_request_variable(request, column, EST_I_VARIABLE_INDICATOR, level + 1);
        free(column);
    } else {
        variable = est_i_survey_request_variable(request, name, EST_I_VARIABLE_NUMBER, NULL);
    }
    return add_estimand(request, kind, kind == EST_I_ESTIMAND_MEAN ? "mean" : "total", name, 1, &variable, error);
}

static est_status add_ratio(est_i_survey_request *request, const char *name, est_error *error)
{
    const char *slash = strchr(name, '/');
    char *above = est_i_string_copy(name);
    est_status status = above ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK && (!slash || slash == name || !slash[1] || strchr(slash + 1, '/')))
        status = est_i_fail(error, EST_EOPTION, "option --ratio: found '%s', expected two columns, A/B", name);
    if (status == EST_OK) {
        size_t variable[2];
        above[slash - name] = '\0';
        variable[0] = est_i_survey_request_variable(request, above, EST_I_VARIABLE_NUMBER, NULL);
        variable[1] = est_i_survey_request_variable(request, slash + 1, EST_I_VARIABLE_NUMBER, NULL);
        status = add_estimand(request, EST_I_ESTIMAND_RATIO, "ratio", name, 2, variable, error);
    }
    free(above);
    return status;
}

static est_status add_level(est_i_survey_request *request, const char *column, const char *level, est_error *error)
{
    est_i_text name = {0};
    size_t variable = est_i_survey_request_variable(request, column, EST_I_VARIABLE_INDICATOR, level);
    est_i_text_printf(&name, "%s=%s", column, level);
    est_status status = name.failed ? est_i_no_memory(error)
                                    : add_estimand(request, EST_I_ESTIMAND_PROPORTION, "proportion", name.data, 1, &variable, error);
    est_i_text_free(&name);
    return status;
}

static size_t find_levels(const est_i_sample *sample, const char *column)
{
    const est_i_sample_plan *plan = est_i_sample_get_plan(sample);
    size_t v = 0;
    while (v < plan->n_variables && !(plan->variables[v].kind == EST_I_VARIABLE_LEVELS && strcmp(plan->variables[v].column, column) == 0))
        v++;
    return v;
}

static est_status add_levels(est_i_survey_request *request, const char *column, const est_i_sample *levels, est_error *error)
{
    size_t v = find_levels(levels, column), n = est_i_sample_levels(levels, v);
    uint32_t *order = malloc((n + 1) * sizeof *order);
    est_status status = order ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK && n > 1000)
        status = est_i_fail(error, EST_EOPTION, "option --proportion: column '%s' has %zu different values; name the level, as in "
                            "'%s=VALUE', or use --mean for a column of numbers", column, n, column);
    if (status == EST_OK)
        est_i_sample_level_order(levels, v, order);
    for (size_t i = 0; i < n && status == EST_OK; i++)
        status = add_level(request, column, est_i_sample_level(levels, v, order[i]), error);
    free(order);
    return status;
}

static est_status add_proportion(est_i_survey_request *request, const char *name, const est_i_sample *levels, bool *needs_levels,
                                 est_error *error)
{
    const char *sign = strchr(name, '=');
    char *column = est_i_string_copy(name);
    est_status status = column ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK && sign) {
        column[sign - name] = '\0';
        status = add_level(request, column, sign + 1, error);
    } else if (status == EST_OK && levels) {
        status = add_levels(request, column, levels, error);
    } else if (status == EST_OK) {
        *needs_levels = true;
        if (est_i_survey_request_variable(request, column, EST_I_VARIABLE_LEVELS, NULL) == SIZE_MAX)
            status = est_i_no_memory(error);
    }
    free(column);
    return status;
}

/* A column of 0 and 1 is its own indicator; est_i_survey_estimate_all refuses other numbers. */
static est_status add_share(est_i_survey_request *request, const char *name, est_error *error)
{
    size_t variable = est_i_survey_request_variable(request, name, EST_I_VARIABLE_NUMBER, NULL);
    return add_estimand(request, EST_I_ESTIMAND_PROPORTION, "share", name, 1, &variable, error);
}

typedef struct reading {
    est_i_survey_request *request;
    const est_i_sample *levels;
    bool *needs_levels;
} reading;

static est_status read_list(const reading *r, est_i_estimand_kind kind, const char *option, const char *list, est_error *error)
{
    bool share = strcmp(option, "share") == 0;
    est_i_text name = {0};
    bool whole = true;
    est_status status = EST_OK;
    for (const char *at = list && *list ? list : NULL; at && status == EST_OK;) {
        at = est_i_name_take(at, &name, &whole);
        if (!whole || name.failed || name.length == 0)
            status = est_i_fail(error, EST_EOPTION, "option --%s: found '%s', expected names parted by commas", option, list);
        else if (share)
            status = add_share(r->request, name.data, error);
        else if (kind == EST_I_ESTIMAND_PROPORTION)
            status = add_proportion(r->request, name.data, r->levels, r->needs_levels, error);
        else if (kind == EST_I_ESTIMAND_RATIO)
            status = add_ratio(r->request, name.data, error);
        else
            status = add_number(r->request, kind, name.data, error);
    }
    est_i_text_free(&name);
    return status;
}

est_status est_i_survey_request_read(const est_survey_options *options, const est_i_sample *levels, est_i_survey_request *request,
                                     bool *needs_levels, est_error *error)
{
    reading r = {request, levels, needs_levels};
    *needs_levels = false;
    est_status status = read_list(&r, EST_I_ESTIMAND_MEAN, "mean", options->mean, error);
    if (status == EST_OK)
        status = read_list(&r, EST_I_ESTIMAND_TOTAL, "total", options->total, error);
    if (status == EST_OK)
        status = read_list(&r, EST_I_ESTIMAND_PROPORTION, "proportion", options->proportion, error);
    if (status == EST_OK)
        status = read_list(&r, EST_I_ESTIMAND_PROPORTION, "share", options->share, error);
    if (status == EST_OK)
        status = read_list(&r, EST_I_ESTIMAND_RATIO, "ratio", options->ratio, error);
    return status;
}

void est_i_survey_request_free(est_i_survey_request *request)
{
    for (size_t g = 0; g < request->n_groups; g++)
        free((size_t *)request->groups[g].variable);
    for (size_t e = 0; e < request->n_estimands; e++)
        free(request->estimands[e].name);
    for (size_t t = 0; t < request->n_texts; t++)
        free(request->texts[t]);
    free(request->variables);
    free(request->groups);
    free(request->estimands);
    free(request->texts);
    *request = (est_i_survey_request){0};
}
