/* The first pass of a regression: counts, moments and levels of its variables, from which its columns are made. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/regression_parts.h"

typedef struct variable_sums {
    double x, xx;
    size_t n_levels;
    double *level_cases;
} variable_sums;

typedef struct moments_user {
    est_i_sample *sample;
    const est_i_sample_plan *plan;
    const est_i_regression_options *options;
    size_t n_variables, *variable;
} moments_user;

typedef struct moments_part {
    double n, weight, missing, ones;
    variable_sums *variable; /* as moments_user.variable */
    est_i_fewest *fewest;    /* of each term */
} moments_part;

static void moments_free(void *user, void *part)
{
    const moments_user *moments = user;
    moments_part *own = part;
    if (!own)
        return;
    for (size_t v = 0; own->variable && v < moments->n_variables; v++)
        free(own->variable[v].level_cases);
    for (size_t t = 0; own->fewest && t < moments->options->n_terms; t++)
        est_i_fewest_free(&own->fewest[t]);
    free(own->variable);
    free(own->fewest);
    free(own);
}

static void *moments_new(void *user)
{
    const moments_user *moments = user;
    moments_part *part = calloc(1, sizeof *part);
    if (part) {
        part->variable = calloc(moments->n_variables + 1, sizeof *part->variable);
        part->fewest = calloc(moments->options->n_terms + 1, sizeof *part->fewest);
        if (!part->variable || !part->fewest) {
            moments_free(user, part);
            part = NULL;
        }
    }
    return part;
}

static double *level_at(variable_sums *sums, size_t level)
{
    if (level >= sums->n_levels) {
        size_t grown = level + 1 > 2 * sums->n_levels ? level + 1 : 2 * sums->n_levels;
        double *cases = realloc(sums->level_cases, grown * sizeof *cases);
        if (!cases)
            return NULL;
        memset(cases + sums->n_levels, 0, (grown - sums->n_levels) * sizeof *cases);
        sums->level_cases = cases;
        sums->n_levels = grown;
    }
    return &sums->level_cases[level];
}

static est_status check_response(const moments_user *user, const est_i_rows *rows, size_t row, est_error *error)
{
    const est_i_variable *variable = &user->plan->variables[user->options->response];
    double y = rows->value[user->options->response][row];
    char found[32];
    if (user->options->family != EST_I_FAMILY_LOGISTIC || y == 0 || y == 1)
        return EST_OK;
    est_i_number_print(y, found);
    return est_i_fail_at(error, EST_EVALUE, est_i_rows_place(user->sample, rows, row, variable->column),
                         "found %s as the response, expected 0 or 1; '%s == value' makes a response of one value", found,
                         variable->column);
}

static est_status add_moments(const moments_user *user, moments_part *part, const est_i_rows *rows, size_t row, est_error *error)
{
    double w = rows->base_weight[row];
    for (size_t v = 0; v < user->n_variables; v++) {
        size_t number = user->variable[v];
        variable_sums *sums = &part->variable[v];
        if (user->plan->variables[number].kind == EST_I_VARIABLE_LEVELS) {
            double *cases = level_at(sums, rows->level[number][row]);
            if (!cases)
                return est_i_no_memory(error);
            *cases += 1;
        } else {
            double x = rows->value[number][row];
            sums->x += w * x;
            sums->xx += w * x * x;
        }
    }
    for (size_t t = 0; t < user->options->n_terms; t++)
        if (!est_i_fewest_add(&part->fewest[t], &user->options->terms[t], user->plan, rows, row))
            return est_i_no_memory(error);
    part->n += 1;
    part->weight += w;
    part->ones += rows->value[user->options->response][row] != 0;
    return check_response(user, rows, row, error);
}

static est_status moments_take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const moments_user *moments = user;
    moments_part *own = part;
    est_status status = EST_OK;
    for (size_t i = 0; i < rows->n && status == EST_OK; i++) {
        bool missing;
        if (est_i_regressors_enter(moments->plan, moments->n_variables, moments->variable, rows, i, &missing))
            status = add_moments(moments, own, rows, i, error);
        else
            own->missing += missing;
    }
    return status;
}

static est_status moments_settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    const moments_user *moments = user;
    moments_part *own = part;
    for (size_t v = 0; v < moments->n_variables; v++) {
        const uint32_t *level = final->level[moments->variable[v]];
        variable_sums made = {.x = own->variable[v].x, .xx = own->variable[v].xx};
        for (size_t i = 0; i < own->variable[v].n_levels; i++) {
            double cases = own->variable[v].level_cases[i], *to = cases > 0 ? level_at(&made, level[i]) : NULL;
            if (cases > 0 && !to) {
                free(made.level_cases);
                return est_i_no_memory(error);
            }
            if (to)
                *to += cases;
        }
        free(own->variable[v].level_cases);
        own->variable[v] = made;
    }
    for (size_t t = 0; t < moments->options->n_terms; t++)
        if (!est_i_fewest_settle(&own->fewest[t], &moments->options->terms[t], moments->plan, final->level))
            return est_i_no_memory(error);
    return EST_OK;
}

static est_status moments_join(void *user, void *into, void *from, est_error *error)
{
    const moments_user *moments = user;
    moments_part *to = into;
    const moments_part *later = from;
    to->n += later->n;
    to->weight += later->weight;
    to->missing += later->missing;
    to->ones += later->ones;
    for (size_t v = 0; v < moments->n_variables; v++) {
        const variable_sums *add = &later->variable[v];
        to->variable[v].x += add->x;
        to->variable[v].xx += add->xx;
        for (size_t i = 0; i < add->n_levels; i++) {
            double *cases = level_at(&to->variable[v], i);
            if (!cases)
                return est_i_no_memory(error);
            *cases += add->level_cases[i];
        }
    }
    for (size_t t = 0; t < moments->options->n_terms; t++)
        if (!est_i_fewest_join(&to->fewest[t], &later->fewest[t]))
            return est_i_no_memory(error);
    return EST_OK;
}

/* A text in a column of numbers is told by the scan, which does not know what the column was wanted for. */
static void add_hint(const moments_user *user, est_error *error)
{
    for (size_t v = 0; v < user->n_variables && error; v++) {
        const est_i_variable *variable = &user->plan->variables[user->variable[v]];
        bool response = user->variable[v] == user->options->response;
        size_t length = strlen(error->message);
        if (variable->kind != EST_I_VARIABLE_NUMBER || strcmp(error->column, variable->column) != 0 ||
            strstr(error->message, " == "))
            continue;
        snprintf(error->message + length, sizeof error->message - length, response ? "; '%s == value' makes a response of a text"
                                                                                   : "; write factor(%s) for a column of texts",
                 variable->column);
        break;
    }
}

static est_status check_rows(const moments_user *user, const moments_part *part, est_error *error)
{
    const char *column = user->plan->variables[user->options->response].column;
    if (!(part->n > 0))
        return est_i_fail(error, EST_EIDENTIFY,
                          "no row enters the regression of '%s': each is outside the condition, has the weight 0 or misses a value "
                          "(%.0f miss one)",
                          column, part->missing);
    if (user->options->family == EST_I_FAMILY_LOGISTIC && (part->ones == 0 || part->ones == part->n))
        return est_i_fail(error, EST_EIDENTIFY,
                          "the response '%s' is %d in all rows that enter: a logistic regression has no estimate, the odds are 0 "
                          "or infinite",
                          column, part->ones > 0);
    return EST_OK;
}

static void fill_moments(const moments_user *user, const moments_part *part, est_i_moments *moments)
{
    for (size_t v = 0; v < user->n_variables; v++) {
        const variable_sums *sums = &part->variable[v];
        est_i_moments *to = &moments[user->variable[v]];
        double mean = sums->x / part->weight, variance = sums->xx / part->weight - mean * mean;
        *to = (est_i_moments){mean, variance > 1e-12 * mean * mean ? sqrt(variance) : 0, sums->n_levels, sums->level_cases};
    }
}

est_status est_i_regressors_learn(est_i_sample *sample, const est_i_regression_options *options, est_i_regressors **model,
                                  est_i_regression_counts *counts, est_error *error)
{
    static const est_i_rows_consumer consumer = {moments_new, moments_take, moments_settle, moments_join, moments_free};
    moments_user user = {.sample = sample, .plan = est_i_sample_get_plan(sample), .options = options};
    est_i_moments *moments = NULL;
    void *part = NULL;
    est_status status = EST_OK;
    if (!(user.variable = malloc((options->n_terms * EST_I_FACTORS_MAX + 1) * sizeof *user.variable)) ||
        !(moments = calloc(user.plan->n_variables + 1, sizeof *moments))) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    user.n_variables = est_i_regressors_variables(options, user.variable);
    status = est_i_sample_pass(sample, &consumer, &user, "reading the regression's columns", &part, error);
    if (status == EST_EVALUE)
        add_hint(&user, error);
    if (status == EST_OK)
        status = check_rows(&user, part, error);
    if (status == EST_OK) {
        const moments_part *whole = part;
        fill_moments(&user, whole, moments);
        *counts = (est_i_regression_counts){whole->n, whole->weight, whole->missing, whole->n};
        for (size_t t = 0; t < options->n_terms; t++)
            counts->fewest = fmin(counts->fewest, est_i_fewest_cases(&whole->fewest[t]));
        status = est_i_regressors_new(sample, options, moments, model, error);
    }
cleanup:
    moments_free(&user, part);
    free(user.variable);
    free(moments);
    return status;
}
