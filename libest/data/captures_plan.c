#include "data/captures_plan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/dates.h"
#include "data/table.h"

static bool given(const char *option)
{
    return option && *option;
}

est_status est_i_capture_plan_check(const est_table *data, size_t n_lists, est_error *error)
{
    est_status status = EST_OK;
    if (n_lists < 2)
        status = est_i_fail_at(
            error, EST_EDEFINITION, est_i_table_place_column(data, -1),
            "found %zu list%s, expected at least two: the estimate comes from the overlap of lists", n_lists,
            n_lists == 1 ? "" : "s");
    else if (n_lists > EST_I_LISTS_MAX)
        status = est_i_fail_at(
            error, EST_EDEFINITION, est_i_table_place_column(data, -1),
            "found %zu columns or values that would be lists, expected at most %d; name the lists (--lists)",
            n_lists, EST_I_LISTS_MAX);
    return status;
}

typedef struct name_rule {
    const char *option, *each;
    size_t maximum;
} name_rule;

static est_status add_name(const name_rule *rule, const char *name, char **names, size_t *count, est_error *error)
{
    if (!*name)
        return est_i_fail(error, EST_EOPTION, "%s: found an empty name, expected names parted by commas", rule->option);
    for (size_t i = 0; i < *count; i++)
        if (strcmp(names[i], name) == 0)
            return est_i_fail(error, EST_EOPTION, "%s: '%s' is named twice, expected each %s once", rule->option, names[i],
                              rule->each);
    if (*count == rule->maximum)
        return est_i_fail(error, EST_EDEFINITION, "%s: found more than %zu %ss, expected at most %zu", rule->option, rule->maximum,
                          rule->each, rule->maximum);
    names[*count] = est_i_string_copy(name);
    if (!names[*count])
        return est_i_no_memory(error);
    (*count)++;
    return EST_OK;
}

static est_status read_names(const name_rule *rule, const char *list, char **names, size_t *count, est_error *error)
{
    est_status status = EST_OK;
    est_i_text name = {0};
    const char *rest = given(list) ? list : NULL;
    while (status == EST_OK && rest) {
        bool whole;
        rest = est_i_name_take(rest, &name, &whole);
        if (name.failed)
            status = est_i_no_memory(error);
        else if (!whole)
            status = est_i_fail(error, EST_EOPTION, "%s: found a quote that is not closed, or followed by more than a comma; "
                                "expected names such as \"A, B\" between quotes, and a quote within them twice", rule->option);
        else
            status = add_name(rule, name.data, names, count, error);
    }
    est_i_text_free(&name);
    return status;
}

static bool is_named(const est_i_capture_plan *plan, const char *name)
{
    bool named = false;
    for (size_t i = 0; i < plan->n_lists && plan->lists_named && !named; i++)
        named = strcmp(plan->names[i], name) == 0;
    return named;
}

/* A role by its option, else by its usual name unless that column is named as a list. */
static est_status find_role(const est_table *data, const est_i_capture_plan *plan, const char *option,
                            const char *usual, bool needed, const char *what, long *column, est_error *error)
{
    est_status status = EST_OK;
    *column = -1;
    if (given(option) || needed) {
        size_t found = 0;
        status = est_i_table_require(data, given(option) ? option : usual, what, &found, error);
        if (status == EST_OK)
            *column = (long)found;
    } else if (!is_named(plan, usual)) {
        *column = est_table_find(data, usual);
    }
    return status;
}

static est_shape guess_shape(const est_table *data, const est_capture_options *options,
                             const est_i_capture_plan *plan)
{
    bool long_columns = est_table_find(data, "person") >= 0 && est_table_find(data, "list") >= 0 &&
                        !is_named(plan, "person") && !is_named(plan, "list");
    est_shape shape = EST_SHAPE_PERSONS;
    if (given(options->person) || given(options->list) || (long_columns && !given(options->count)))
        shape = EST_SHAPE_LONG;
    else if (given(options->count) || (est_table_find(data, "count") >= 0 && !is_named(plan, "count")))
        shape = EST_SHAPE_COUNTS;
    return shape;
}

static est_status check_shape(const est_capture_options *options, est_shape shape, est_error *error)
{
    est_status status = EST_OK;
    if (shape != EST_SHAPE_LONG && (given(options->person) || given(options->list)))
        status = est_i_fail(error, EST_EOPTION,
                            "person and list name columns of the long shape, but the shape is %s",
                            shape == EST_SHAPE_COUNTS ? "counts" : "persons");
    else if (shape != EST_SHAPE_COUNTS && given(options->count))
        status =
            est_i_fail(error, EST_EOPTION, "count names the column of the counts shape, but the shape is %s",
                       shape == EST_SHAPE_LONG ? "long" : "persons");
    return status;
}

static est_status find_roles(const est_table *data, const est_capture_options *options,
                             const est_i_period_options *periods, est_i_capture_plan *plan, est_error *error)
{
    est_status status = check_shape(options, plan->shape, error);
    plan->count = plan->person = plan->list = plan->period = plan->seen = -1;
    if (status == EST_OK && plan->shape == EST_SHAPE_COUNTS)
        status = find_role(data, plan, options->count, "count", true, "the counts", &plan->count, error);
    if (status == EST_OK && plan->shape == EST_SHAPE_LONG)
        status = find_role(data, plan, options->person, "person", true, "the person of each record",
                           &plan->person, error);
    if (status == EST_OK && plan->shape == EST_SHAPE_LONG)
        status =
            find_role(data, plan, options->list, "list", true, "the list of each record", &plan->list, error);
    if (status == EST_OK)
        status = find_role(data, plan, periods ? periods->period : NULL, "period", periods != NULL,
                           "the period", &plan->period, error);
    if (status == EST_OK)
        status = find_role(data, plan, periods ? periods->seen : NULL, "seen_any_list", false,
                           "persons seen on any list", &plan->seen, error);
    return status;
}

/* Without periods, a column of periods is no list, and its windows are never summed into one population. In
 * the long shape a person counts once over the whole table, so there it does no harm. */
static est_status check_windows(const est_table *data, const est_i_capture_plan *plan, est_error *error)
{
    est_status status = EST_OK;
    if (plan->period < 0 || plan->shape == EST_SHAPE_LONG)
        return status;
    est_i_place place = est_i_table_place_column(data, plan->period);
    if (!plan->lists_named) {
        status = est_i_fail_at(
            error, EST_EDEFINITION, place,
            "found a column of periods, which is no list, and windows are never summed: name the lists "
            "(--lists) or use est trend");
    } else {
        char first_buffer[32], buffer[32];
        const char *first = est_table_text(data, (size_t)plan->period, 0, first_buffer);
        for (size_t row = 1; status == EST_OK && row < est_table_rows(data); row++) {
            const char *label = est_table_text(data, (size_t)plan->period, row, buffer);
            if (first && label && !est_i_label_same(first, label))
                status = est_i_fail_at(
                    error, EST_EDEFINITION, place,
                    "found more than one period, and windows are never summed: use est trend, or keep the "
                    "records of one period");
        }
    }
    return status;
}

static bool has_role(const est_i_capture_plan *plan, size_t column)
{
    long c = (long)column;
    bool has = c == plan->count || c == plan->person || c == plan->list || c == plan->period || c == plan->seen;
    for (size_t i = 0; i < plan->n_strata && !has; i++)
        has = plan->strata[i] == column;
    return has;
}

/* Windows are never summed, and strata are: a period is no stratum. */
static est_status find_strata(const est_table *data, const est_i_strata_options *options, est_i_capture_plan *plan,
                              est_error *error)
{
    static const name_rule rule = {"by", "stratum column", EST_I_STRATA_COLUMNS_MAX};
    size_t count = 0;
    est_status status = options ? read_names(&rule, options->columns, plan->strata_names, &plan->n_strata, error) : EST_OK;
    for (size_t i = 0; i < plan->n_strata; i++)
        plan->strata[i] = SIZE_MAX;
    while (status == EST_OK && count < plan->n_strata) {
        size_t column = 0;
        status = est_i_table_require(data, plan->strata_names[count], "named as a stratum column", &column, error);
        est_i_place place = est_i_table_place_column(data, (long)column);
        if (status == EST_OK && strcmp(plan->strata_names[count], EST_I_SYNTHETIC_COLUMN) == 0)
            status = est_i_fail_at(error, EST_EOPTION, place,
                                   "this column marks a table of made-up records and is never a stratum");
        else if (status == EST_OK && (long)column == plan->period)
            status = est_i_fail_at(error, EST_EOPTION, place,
                                   "periods are no strata, for windows are never summed: use est trend");
        else if (status == EST_OK && has_role(plan, column))
            status = est_i_fail_at(error, EST_EOPTION, place,
                                   "the column is named as a stratum column and has another role too; expected one of the two");
        plan->strata[count++] = column;
    }
    return status;
}

long est_i_capture_plan_unnamed(const est_table *data, const est_i_capture_plan *plan, size_t row)
{
    long unnamed = -1;
    for (size_t c = 0; plan->lists_named && unnamed < 0 && c < est_table_columns(data); c++) {
        bool is_list = false;
        for (size_t i = 0; i < plan->n_lists && !is_list; i++)
            is_list = plan->columns[i] == c;
        if (!is_list && !has_role(plan, c) && est_table_number(data, c, row) == 1 &&
            strcmp(est_table_column_name(data, c), EST_I_SYNTHETIC_COLUMN) != 0)
            unnamed = (long)c;
    }
    return unnamed;
}

static est_status find_named_lists(const est_table *data, est_i_capture_plan *plan, est_error *error)
{
    est_status status = EST_OK;
    for (size_t i = 0; status == EST_OK && i < plan->n_lists; i++) {
        status = est_i_table_require(data, plan->names[i], "named as a list", &plan->columns[i], error);
        if (status == EST_OK && strcmp(plan->names[i], EST_I_SYNTHETIC_COLUMN) == 0)
            status = est_i_fail_at(error, EST_EOPTION, est_i_table_place_column(data, (long)plan->columns[i]),
                                   "this column marks a table of made-up records and is never a list");
        if (status == EST_OK && has_role(plan, plan->columns[i]))
            status = est_i_fail_at(
                error, EST_EOPTION, est_i_table_place_column(data, (long)plan->columns[i]),
                "the column is named as a list and has another role too; expected one of the two");
    }
    return status;
}

static est_status assume_lists(const est_table *data, est_i_capture_plan *plan, est_error *error)
{
    size_t found = 0;
    for (size_t c = 0; c < est_table_columns(data); c++) {
        if (has_role(plan, c) || strcmp(est_table_column_name(data, c), EST_I_SYNTHETIC_COLUMN) == 0)
            continue;
        if (found < EST_I_LISTS_MAX) {
            plan->names[found] = est_i_string_copy(est_table_column_name(data, c));
            plan->columns[found] = c;
            plan->n_lists = found + 1;
            if (!plan->names[found])
                return est_i_no_memory(error);
        }
        found++;
    }
    return est_i_capture_plan_check(data, found, error);
}

static est_status find_lists(const est_table *data, est_i_capture_plan *plan, est_error *error)
{
    long count = est_table_find(data, "count");
    est_status status = EST_OK;
    if (plan->lists_named) {
        if (plan->shape != EST_SHAPE_LONG)
            status = find_named_lists(data, plan, error);
        if (status == EST_OK)
            status = est_i_capture_plan_check(data, plan->n_lists, error);
    } else if (plan->shape == EST_SHAPE_PERSONS && count >= 0) {
        status = est_i_fail_at(
            error, EST_EDEFINITION, est_i_table_place_column(data, count),
            "found a column of counts, but the shape is persons: use the shape counts, or name the lists "
            "(--lists)");
    } else if (plan->shape != EST_SHAPE_LONG) {
        status = assume_lists(data, plan, error);
    }
    return status;
}

est_status est_i_capture_plan_make(const est_table *data, const est_capture_options *options,
                                   const est_i_period_options *periods, const est_i_strata_options *strata,
                                   est_i_capture_plan *plan, est_error *error)
{
    static const name_rule rule = {"lists", "list", EST_I_LISTS_MAX};
    *plan = (est_i_capture_plan){.shape = EST_SHAPE_AUTO, .lists_named = given(options->lists)};
    est_status status = read_names(&rule, options->lists, plan->names, &plan->n_lists, error);
    if (status == EST_OK && (options->shape < EST_SHAPE_AUTO || options->shape > EST_SHAPE_LONG))
        status = est_i_fail(error, EST_EOPTION, "shape: found %d, expected auto, counts, persons or long",
                            options->shape);
    if (status == EST_OK) {
        plan->shape =
            options->shape == EST_SHAPE_AUTO ? guess_shape(data, options, plan) : (est_shape)options->shape;
        status = find_roles(data, options, periods, plan, error);
    }
    if (status == EST_OK)
        status = find_strata(data, strata, plan, error);
    if (status == EST_OK && !periods)
        status = check_windows(data, plan, error);
    if (status == EST_OK)
        status = find_lists(data, plan, error);
    if (status != EST_OK)
        est_i_capture_plan_free(plan);
    return status;
}

void est_i_capture_plan_free(est_i_capture_plan *plan)
{
    for (size_t i = 0; i < plan->n_lists; i++) {
        free(plan->names[i]);
        plan->names[i] = NULL;
    }
    plan->n_lists = 0;
    for (size_t i = 0; i < plan->n_strata; i++) {
        free(plan->strata_names[i]);
        plan->strata_names[i] = NULL;
    }
    plan->n_strata = 0;
}
