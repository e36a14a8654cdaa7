/* Options of `check` as columns and fields. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/check.h"

const char *est_i_check_column_name(const est_i_check *run, const est_i_check_list *list, size_t index)
{
    return est_source_column_name(run->source, list->column[index]);
}

static est_status append(est_i_check_list *list, size_t column, est_error *error)
{
    size_t *columns = realloc(list->column, (list->n + 1) * sizeof *columns);
    if (columns)
        list->column = columns;
    size_t *fields = realloc(list->field, (list->n + 1) * sizeof *fields);
    if (fields)
        list->field = fields;
    if (!columns || !fields)
        return est_i_no_memory(error);
    list->column[list->n++] = column;
    return EST_OK;
}

static est_status named(est_i_check *run, const char *option, const char *text, est_i_check_list *list, est_error *error)
{
    est_i_text name = {0};
    bool whole = true;
    est_status status = EST_OK;
    for (const char *at = text && *text ? text : NULL; at && status == EST_OK;) {
        size_t column = 0;
        at = est_i_name_take(at, &name, &whole);
        if (name.failed)
            status = est_i_no_memory(error);
        else if (!whole || name.length == 0)
            status =
                est_i_fail(error, EST_EOPTION, "option --%s: found '%s', expected names of columns parted by commas", option, text);
        if (status == EST_OK)
            status = est_i_source_require(run->source, name.data, option, &column, error);
        if (status == EST_OK)
            status = append(list, column, error);
    }
    est_i_text_free(&name);
    return status;
}

static est_status described(est_i_check *run, est_error *error)
{
    est_i_check_plan *plan = &run->plan;
    size_t n = est_source_columns(run->source);
    est_status status = named(run, "columns", run->options->columns, &plan->described, error);
    for (size_t c = 0; plan->described.n < n && c < n && status == EST_OK && !*run->options->columns; c++)
        status = append(&plan->described, c, error);
    plan->whole_records = status == EST_OK && !*run->options->columns;
    return status;
}

static int compare_numbers(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

/* What household surveys write for "does not know", "missing", "inconsistent": the last numbers that fit a field, or negative ones.
 */
static const char usual_codes[] =
    "97,98,99,997,998,999,9997,9998,9999,99997,99998,99999,999997,999998,999999,9999997,9999998,9999999,99999997,99999998,99999999,"
    "-1,-2,-3,-4,-5,-6,-7,-8,-9,-77,-88,-97,-98,-99,-777,-888,-997,-998,-999,-9999";

static est_status read_codes(est_i_check *run, est_error *error)
{
    est_i_check_plan *plan = &run->plan;
    const char *at = strcmp(run->options->codes, "usual") == 0  ? usual_codes
                     : strcmp(run->options->codes, "none") == 0 ? ""
                                                                : run->options->codes;
    size_t room = strlen(at) + 1;
    est_status status = EST_OK;
    plan->codes = malloc(room * sizeof *plan->codes);
    if (!plan->codes)
        return est_i_no_memory(error);
    for (bool more = *at != '\0'; more && status == EST_OK;) {
        size_t length = strcspn(at, ",");
        if (!est_i_number_parse(at, length, &plan->codes[plan->n_codes++]))
            status = est_i_fail(error, EST_EOPTION,
                                "option --codes: found '%.*s', expected numbers parted by commas, usual or none", (int)length, at);
        more = at[length] == ',';
        at += length + more;
    }
    size_t kept = 0;
    qsort(plan->codes, plan->n_codes, sizeof *plan->codes, compare_numbers);
    for (size_t i = 0; i < plan->n_codes && status == EST_OK; i++)
        if (kept == 0 || plan->codes[kept - 1] != plan->codes[i])
            plan->codes[kept++] = plan->codes[i];
    plan->n_codes = kept;
    return status;
}

static est_status check_stages(est_i_check *run, est_error *error)
{
    est_i_check_plan *plan = &run->plan;
    size_t most = plan->psu.n ? plan->psu.n : 1;
    if (plan->psu.n > EST_I_STAGES_MAX)
        return est_i_fail(error, EST_EOPTION, "option --psu: found %zu stages, expected at most %d", plan->psu.n, EST_I_STAGES_MAX);
    if (plan->strata.n > most || plan->fpc.n > most)
        return est_i_fail(error, EST_EOPTION, "option --%s names %zu stages, but --psu names %zu; expected at most as many",
                          plan->strata.n > most ? "strata" : "fpc", plan->strata.n > most ? plan->strata.n : plan->fpc.n,
                          plan->psu.n);
    if (plan->weight.n > 1)
        return est_i_fail(error, EST_EOPTION, "option --weight: found %zu columns, expected one", plan->weight.n);
    plan->n_stages = plan->psu.n || plan->strata.n || plan->fpc.n ? most : 0;
    return EST_OK;
}

static void fields_of_reasons(est_i_check *run)
{
    est_i_check_plan *plan = &run->plan;
    for (size_t c = 0; c < plan->described.n; c++) {
        bool has = est_i_source_has_reasons(run->source, plan->described.column[c]);
        plan->reason_field[c] = has ? plan->n_fields : SIZE_MAX;
        if (has)
            plan->fields[plan->n_fields++] = (est_i_field){plan->described.column[c], EST_I_FIELD_REASON};
    }
}

/* One field for each column, whatever it is needed for, and those of reasons. */
static est_status fields_of(est_i_check *run, est_error *error)
{
    est_i_check_plan *plan = &run->plan;
    est_i_check_list *lists[] = {&plan->described, &plan->id, &plan->by, &plan->psu, &plan->strata, &plan->fpc, &plan->weight};
    size_t n = est_source_columns(run->source);
    size_t *field = malloc((n + 1) * sizeof *field);
    plan->fields = malloc((2 * n + 1) * sizeof *plan->fields);
    plan->reason_field = malloc((plan->described.n + 1) * sizeof *plan->reason_field);
    if (field && plan->fields && plan->reason_field) {
        for (size_t c = 0; c < n; c++)
            field[c] = SIZE_MAX;
        for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
            for (size_t i = 0; i < lists[l]->n; i++) {
                size_t column = lists[l]->column[i];
                if (field[column] == SIZE_MAX) {
                    field[column] = plan->n_fields;
                    plan->fields[plan->n_fields++] = (est_i_field){column, EST_I_FIELD_LABEL};
                }
                lists[l]->field[i] = field[column];
            }
        fields_of_reasons(run);
    }
    est_status status = field && plan->fields && plan->reason_field ? EST_OK : est_i_no_memory(error);
    free(field);
    return status;
}

est_status est_i_check_plan_make(est_i_check *run, est_error *error)
{
    const est_check_options *o = run->options;
    est_i_check_plan *plan = &run->plan;
    est_status status = described(run, error);
    if (status == EST_OK)
        status = named(run, "weight", o->weight, &plan->weight, error);
    if (status == EST_OK)
        status = named(run, "strata", o->strata, &plan->strata, error);
    if (status == EST_OK)
        status = named(run, "psu", o->psu, &plan->psu, error);
    if (status == EST_OK)
        status = named(run, "fpc", o->fpc, &plan->fpc, error);
    if (status == EST_OK)
        status = named(run, "by", o->by, &plan->by, error);
    if (status == EST_OK)
        status = named(run, "id", o->id, &plan->id, error);
    if (status == EST_OK)
        status = check_stages(run, error);
    if (status == EST_OK)
        status = read_codes(run, error);
    if (status == EST_OK)
        status = fields_of(run, error);
    return status;
}
