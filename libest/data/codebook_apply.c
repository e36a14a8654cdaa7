/* A codebook becomes a view: roles as columns, rules as inputs, and strata that nobody guesses. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/codebook_columns.h"
#include "data/codebook_parts.h"
#include "data/scan.h"
#include "data/source_parts.h"

#define CANDIDATES_MAX 8

/* Strata */

/* "v022 has 92, v023 has 47" */
static est_status count_strata(est_source *source, const est_context *context, size_t *n, size_t columns[CANDIDATES_MAX],
                               size_t distinct[CANDIDATES_MAX], est_error *error)
{
    est_i_column_seen seen[CANDIDATES_MAX];
    est_i_monitor monitor;
    long long rows = 0;
    est_status status = EST_OK;
    memset(seen, 0, sizeof seen);
    *n = 0;
    for (size_t c = 0; c < est_source_columns(source) && *n < CANDIDATES_MAX; c++)
        if (est_i_codebook_candidate("strata", est_source_column_name(source, c), est_i_source_variable_label(source, c))) {
            seen[*n].column = c;
            columns[(*n)++] = c;
        }
    if (*n > 0 && est_source_is_repeatable(source)) {
        est_i_monitor_start(&monitor, context);
        est_i_monitor_stage(&monitor, "counting strata", 0, 1);
        status = est_i_columns_see(source, *n, seen, context ? context->threads : 1, &monitor, &rows, error);
    }
    for (size_t i = 0; i < *n; i++)
        distinct[i] = rows > 0 ? seen[i].distinct.count : 0;
    est_i_columns_clear(*n, seen);
    return status;
}

est_status est_i_codebook_refuse_strata(const est_i_codebook *codebook, est_source *source, const est_context *context,
                                        est_error *error)
{
    const char *expected = est_i_codebook_fact(codebook, "strata-expected");
    size_t n = 0, columns[CANDIDATES_MAX], distinct[CANDIDATES_MAX];
    est_status status = count_strata(source, context, &n, columns, distinct, error);
    est_i_text words = {0};
    if (status != EST_OK)
        return status;
    for (size_t i = 0; i < n; i++) {
        est_i_text_printf(&words, "%s%s",
                          i ? ", " : "; different values of likely columns: ", est_source_column_name(source, columns[i]));
        if (distinct[i])
            est_i_text_printf(&words, " %zu", distinct[i]);
    }
    if (*expected)
        est_i_text_printf(&words, "; the survey has %s strata", expected);
    status = words.failed
                 ? est_i_no_memory(error)
                 : est_i_fail_at(error, EST_EDEFINITION, (est_i_place){codebook->name, 0, 0, NULL},
                                 "found no [role strata], and strata are never guessed%.400s. Write [role strata] with column = "
                                 "NAME, or with absent = yes if the sample had none",
                                 words.data ? words.data : "");
    est_i_text_free(&words);
    return status;
}

/* The plan */

static est_status add_alias(const est_i_codebook_use *use, const est_source *source, est_i_view_plan *plan, est_error *error)
{
    return est_i_view_plan_alias(plan, use->entry->section->name, est_source_column_name(source, use->column), use->labels.n,
                                 use->labels.list, error);
}

/* Limits of a role that is an expression, and 1 or 0, and known categories, hold for what comes out. */
static est_status refuse_outside(const est_i_codebook_use *use, est_i_view_plan *plan, const char *what, est_error *error)
{
    const est_i_codebook_entry *entry = use->entry;
    const est_i_role_definition *role = entry->role;
    double minimum = fmax(role->minimum, entry->minimum), maximum = fmin(role->maximum, entry->maximum);
    est_i_text rule = {0}, message = {0};
    const char *name = entry->section->name;
    const est_i_view_code *labels = entry->labels.n ? entry->labels.list : role->labels;
    size_t n = entry->kind != EST_I_KIND_CATEGORY ? 0 : entry->labels.n ? entry->labels.n : role->n_labels;
    if (entry->kind == EST_I_KIND_WEIGHT)
        minimum = 0;
    est_i_text_printf(&message, "%s is %s", name, entry->kind == EST_I_KIND_YES_NO ? "neither 1 nor 0" : "outside its limits");
    if (entry->kind == EST_I_KIND_YES_NO)
        est_i_text_printf(&rule, "%s != 0 and %s != 1", name, name);
    for (size_t i = 0; i < n; i++) {
        est_i_text_printf(&rule, i ? " and %s != " : "%s != ", name);
        est_i_text_number(&rule, labels[i].number);
    }
    if (!isnan(minimum) && n == 0) {
        est_i_text_printf(&rule, "%s < ", name);
        est_i_text_number(&rule, minimum);
    }
    if (!isnan(maximum) && n == 0) {
        est_i_text_printf(&rule, "%s%s > ", rule.length ? " or " : "", name);
        est_i_text_number(&rule, maximum);
    }
    est_status status = rule.failed || message.failed ? est_i_no_memory(error) : EST_OK;
    if (status == EST_OK && rule.length > 0)
        status = est_i_view_plan_refuse(plan, rule.data, message.data, what, error);
    est_i_text_free(&rule);
    est_i_text_free(&message);
    return status;
}

static est_status add_computed(const est_i_codebook_use *use, est_i_view_plan *plan, est_error *error)
{
    const est_i_codebook_entry *entry = use->entry;
    est_i_text what = {0};
    est_i_text_printf(&what, "codebook %s, [role %s], %s", entry->file, entry->section->name, *entry->value ? "value" : "column");
    est_status status = what.failed ? est_i_no_memory(error)
                                    : est_i_view_plan_column(plan, entry->section->name, use->expression, true, use->labels.n,
                                                             use->labels.list, what.data, error);
    if (status == EST_OK && *entry->value)
        status = refuse_outside(use, plan, what.data, error);
    est_i_text_free(&what);
    return status;
}

static est_status add_sample(const est_i_codebook *codebook, const est_i_codebook_resolved *resolved, est_i_view_plan *plan,
                             est_error *error)
{
    est_i_text expression = {0}, what = {0};
    est_i_text_printf(&expression, resolved->sample ? "is(%s)" : "1", resolved->sample);
    est_i_text_printf(&what, "codebook %s, [codebook], sample", codebook->name);
    est_status status = expression.failed || what.failed
                            ? est_i_no_memory(error)
                            : est_i_view_plan_column(plan, "in_sample", expression.data, true, 0, NULL, what.data, error);
    est_i_text_free(&expression);
    est_i_text_free(&what);
    return status;
}

est_status est_i_codebook_apply(est_i_codebook *codebook, est_source *source, est_i_view_plan *plan, const est_context *context,
                                est_error *error)
{
    est_i_codebook_resolved resolved;
    est_status status = est_i_codebook_resolve(codebook, source, false, &resolved, error);
    if (status == EST_OK && est_i_codebook_role(codebook, "strata") == EST_I_ROLE_UNMAPPED)
        status = est_i_codebook_refuse_strata(codebook, source, context, error);
    for (size_t i = 0; i < resolved.n_inputs && status == EST_OK; i++)
        status = est_i_view_plan_input(plan, &resolved.inputs[i].rule, error);
    for (size_t i = 0; i < resolved.n_uses && status == EST_OK; i++) {
        const est_i_codebook_use *use = &resolved.uses[i];
        if (use->entry->state != EST_I_ROLE_UNMAPPED)
            status = use->computed ? add_computed(use, plan, error) : add_alias(use, source, plan, error);
    }
    if (status == EST_OK)
        status = add_sample(codebook, &resolved, plan, error);
    est_i_codebook_resolved_clear(&resolved);
    return status;
}

/* Sources */

static bool says_yes(const est_i_codebook *codebook, const char *key)
{
    return strcmp(est_i_codebook_fact(codebook, key), "yes") == 0;
}

est_status est_source_map(est_source *source, const char *codebook, const est_context *context, est_source **mapped,
                          est_error *error)
{
    est_i_codebook *opened = NULL;
    est_i_view_plan *plan = NULL;
    *mapped = NULL;
    est_status status = est_i_codebook_open(codebook, &opened, error);
    if (status == EST_OK && !(plan = est_i_view_plan_new(source)))
        status = est_i_no_memory(error);
    if (status == EST_OK)
        status = est_i_codebook_apply(opened, source, plan, context, error);
    if (status == EST_OK) {
        status = est_i_view_open(plan, mapped, error);
        plan = NULL;
    }
    if (status == EST_OK)
        (*mapped)->is_synthetic = (*mapped)->is_synthetic || says_yes(opened, "synthetic");
    est_i_view_plan_free(plan);
    est_i_codebook_free(opened);
    return status;
}
