/* A sample: its plan resolved against the columns of the source, and what is known of it. */
#include "survey/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/sample_parts.h"

#define BY_MAX 64

/* Copies of the plan's texts */

static bool copy_text(const char **text)
{
    bool wanted = *text != NULL;
    *text = wanted ? est_i_string_copy(*text) : NULL;
    return !wanted || *text;
}

static bool copy_names(const char *const **names, size_t count)
{
    const char **copy = calloc(count + 1, sizeof *copy);
    bool good = copy != NULL;
    for (size_t i = 0; i < count && good; i++)
        good = (copy[i] = est_i_string_copy((*names)[i])) != NULL;
    *names = copy;
    return good;
}

static bool copy_variables(est_i_sample_plan *plan, const est_i_sample_plan *from)
{
    est_i_variable *copy = calloc(from->n_variables + 1, sizeof *copy);
    bool good = copy != NULL;
    plan->variables = copy;
    for (size_t v = 0; v < from->n_variables && good; v++) {
        copy[v] = from->variables[v];
        copy[v].column = est_i_string_copy(from->variables[v].column);
        copy[v].level = from->variables[v].level ? est_i_string_copy(from->variables[v].level) : NULL;
        good = copy[v].column && (copy[v].level || !from->variables[v].level);
    }
    return good;
}

static bool copy_plan(est_i_sample_plan *plan, const est_i_sample_plan *from)
{
    bool good = true;
    *plan = *from;
    plan->where = from->where && *from->where ? from->where : NULL;
    for (size_t s = 0; s < EST_I_STAGES_MAX; s++) {
        good = copy_text(&plan->design.unit[s]) && good;
        good = copy_text(&plan->design.stratum[s]) && good;
        good = copy_text(&plan->design.fpc[s]) && good;
    }
    good = copy_text(&plan->design.weight) && copy_text(&plan->design.wave) && copy_text(&plan->where) && good;
    good = copy_names(&plan->by, plan->n_by) && good;
    good = copy_names(&plan->replicates, plan->n_replicates) && good;
    return copy_variables(plan, from) && good;
}

static void free_names(const char *const *names, size_t count)
{
    for (size_t i = 0; names && i < count; i++)
        free((char *)names[i]);
    free((void *)names);
}

static void free_plan(est_i_sample_plan *plan)
{
    for (size_t s = 0; s < EST_I_STAGES_MAX; s++) {
        free((char *)plan->design.unit[s]);
        free((char *)plan->design.stratum[s]);
        free((char *)plan->design.fpc[s]);
    }
    free((char *)plan->design.weight);
    free((char *)plan->design.wave);
    free((char *)plan->where);
    free_names(plan->by, plan->n_by);
    free_names(plan->replicates, plan->n_replicates);
    for (size_t v = 0; plan->variables && v < plan->n_variables; v++) {
        free((char *)plan->variables[v].column);
        free((char *)plan->variables[v].level);
    }
    free((est_i_variable *)plan->variables);
}

/* Fields of the scan */

/* One field for each column and kind, however often it is asked for. */
static est_status add_field(est_i_sample *sample, const char *name, const char *what, est_i_field_kind kind, size_t *field,
                            est_error *error)
{
    est_i_sample_fields *fields = &sample->fields;
    est_i_field wanted = {0, kind};
    *field = EST_I_NO_FIELD;
    if (!name)
        return EST_OK;
    est_status status = est_i_source_require(sample->source, name, what, &wanted.column, error);
    for (size_t i = 0; status == EST_OK && i < fields->count && *field == EST_I_NO_FIELD; i++)
        if (fields->list[i].column == wanted.column && fields->list[i].kind == kind)
            *field = i;
    if (status == EST_OK && *field == EST_I_NO_FIELD) {
        est_i_field *grown = realloc(fields->list, (fields->count + 1) * sizeof *grown);
        if (!grown)
            return est_i_no_memory(error);
        fields->list = grown;
        grown[fields->count] = wanted;
        *field = fields->count++;
    }
    return status;
}

static est_status design_fields(est_i_sample *sample, est_error *error)
{
    const est_i_design_columns *design = &sample->plan.design;
    est_i_sample_fields *fields = &sample->fields;
    est_status status = add_field(sample, design->weight, "the weight", EST_I_FIELD_NUMBER, &fields->weight, error);
    if (status == EST_OK)
        status = add_field(sample, design->wave, "the wave", EST_I_FIELD_LABEL, &fields->wave, error);
    for (size_t s = 0; s < design->n_stages && status == EST_OK; s++) {
        status = add_field(sample, design->stratum[s], "a stratum", EST_I_FIELD_LABEL, &fields->stratum[s], error);
        if (status == EST_OK)
            status = add_field(sample, design->unit[s], "a sampling unit", EST_I_FIELD_LABEL, &fields->unit[s], error);
        if (status == EST_OK)
            status = add_field(sample, design->fpc[s], "a finite population correction", EST_I_FIELD_NUMBER, &fields->fpc[s], error);
    }
    return status;
}

static est_status analysis_fields(est_i_sample *sample, est_error *error)
{
    const est_i_sample_plan *plan = &sample->plan;
    est_i_sample_fields *fields = &sample->fields;
    est_status status = EST_OK;
    for (size_t i = 0; i < plan->n_by && status == EST_OK; i++) {
        status = add_field(sample, plan->by[i], "a domain", EST_I_FIELD_LABEL, &fields->by[i], error);
        if (status == EST_OK)
            fields->by_column[i] = fields->list[fields->by[i]].column;
    }
    for (size_t v = 0; v < plan->n_variables && status == EST_OK; v++) {
        bool number = plan->variables[v].kind == EST_I_VARIABLE_NUMBER;
        status = add_field(sample, plan->variables[v].column, "a variable", number ? EST_I_FIELD_NUMBER : EST_I_FIELD_LABEL,
                           &fields->variable[v], error);
    }
    for (size_t r = 0; r < plan->n_replicates && status == EST_OK; r++)
        status = add_field(sample, plan->replicates[r], "a replicate weight", EST_I_FIELD_NUMBER, &fields->replicate[r], error);
    return status;
}

/* The condition's fields stand together, after all others. */
static est_status condition_fields(est_i_sample *sample, est_error *error)
{
    est_i_sample_fields *fields = &sample->fields;
    if (!sample->plan.where)
        return EST_OK;
    est_status status = est_i_condition_parse(sample->plan.where, sample->source, &sample->condition, error);
    if (status != EST_OK)
        return status;
    size_t n = est_i_condition_fields(sample->condition);
    est_i_field *grown = realloc(fields->list, (fields->count + n + 1) * sizeof *grown);
    if (!grown)
        return est_i_no_memory(error);
    fields->list = grown;
    fields->condition = fields->count;
    for (size_t i = 0; i < n; i++)
        grown[fields->count++] = est_i_condition_field(sample->condition, i);
    return EST_OK;
}

static void set_registry(est_i_sample *sample)
{
    const est_i_design_columns *design = &sample->plan.design;
    est_i_registry *registry = &sample->registry;
    registry->n_stages = design->n_stages;
    registry->nest = design->nest;
    registry->pps = design->pps;
    registry->rows_are_units = design->unit[design->n_stages - 1] == NULL;
    registry->name = est_source_name(sample->source);
    for (size_t s = 0; s < design->n_stages; s++) {
        registry->has_fpc[s] = design->fpc[s] != NULL;
        registry->unit_column[s] = design->unit[s];
        registry->fpc_column[s] = design->fpc[s];
    }
}

static bool allocate(est_i_sample *sample)
{
    est_i_sample_fields *fields = &sample->fields;
    size_t n_by = sample->plan.n_by, n_variables = sample->plan.n_variables;
    fields->by = calloc(n_by + 1, sizeof *fields->by);
    fields->by_column = calloc(n_by + 1, sizeof *fields->by_column);
    fields->variable = calloc(n_variables + 1, sizeof *fields->variable);
    fields->replicate = calloc(sample->plan.n_replicates + 1, sizeof *fields->replicate);
    sample->by_values = calloc(n_by + 1, sizeof *sample->by_values);
    sample->levels = calloc(n_variables + 1, sizeof *sample->levels);
    sample->domains.width = n_by;
    return fields->by && fields->by_column && fields->variable && fields->replicate && sample->by_values && sample->levels;
}

static bool rank_new(est_i_sample *sample)
{
    size_t n = sample->plan.n_replicates;
    bool wanted = n > 0 && n <= EST_I_RANK_REPLICATES_MAX;
    sample->rank = wanted ? est_i_replicate_rank_new(n, 0) : NULL;
    return !wanted || sample->rank;
}

static est_status check_plan(const est_i_sample_plan *plan, est_error *error)
{
    if (plan->design.n_stages < 1 || plan->design.n_stages > EST_I_STAGES_MAX)
        return est_i_fail(error, EST_EOPTION, "found %zu stages, expected 1 to %d", plan->design.n_stages, EST_I_STAGES_MAX);
    if (plan->n_by > BY_MAX)
        return est_i_fail(error, EST_EOPTION, "found %zu columns for domains, expected at most %d", plan->n_by, BY_MAX);
    if (!(plan->design.weight_scale > 0 && plan->design.weight_scale <= 1e300))
        return est_i_fail(error, EST_EOPTION, "found a scale of the weights that is not positive, expected a number above 0");
    for (size_t s = 0; s + 1 < plan->design.n_stages; s++)
        if (!plan->design.unit[s])
            return est_i_fail(error, EST_EOPTION, "found no unit column for stage %zu, expected one for every stage but the last", s + 1);
    return EST_OK;
}

est_status est_i_sample_new(est_source *source, const est_i_sample_plan *plan, int threads, est_i_monitor *monitor,
                            est_i_sample **sample, est_error *error)
{
    est_status status = check_plan(plan, error);
    *sample = NULL;
    if (status != EST_OK)
        return status;
    est_i_sample *made = calloc(1, sizeof *made);
    if (!made)
        return est_i_no_memory(error);
    made->source = source;
    made->threads = threads < 1 ? 1 : threads;
    made->monitor = monitor;
    if (!copy_plan(&made->plan, plan) || !allocate(made) || !rank_new(made))
        status = est_i_no_memory(error);
    if (status == EST_OK)
        status = design_fields(made, error);
    if (status == EST_OK)
        status = analysis_fields(made, error);
    if (status == EST_OK)
        status = condition_fields(made, error);
    if (status == EST_OK) {
        set_registry(made);
        *sample = made;
    } else {
        est_i_sample_free(made);
    }
    return status;
}

void est_i_sample_free(est_i_sample *sample)
{
    if (!sample)
        return;
    for (size_t i = 0; sample->by_values && i < sample->plan.n_by; i++)
        est_i_dictionary_free(&sample->by_values[i]);
    for (size_t v = 0; sample->levels && v < sample->plan.n_variables; v++)
        est_i_dictionary_free(&sample->levels[v]);
    est_i_condition_free(sample->condition);
    est_i_registry_free(&sample->registry);
    est_i_design_clear(&sample->design);
    est_i_tuples_free(&sample->domains);
    est_i_replicate_rank_free(sample->rank);
    free(sample->by_values);
    free(sample->levels);
    free(sample->position);
    free(sample->chunk_leaves);
    free(sample->leaf_weight);
    free(sample->fields.list);
    free(sample->fields.by);
    free(sample->fields.by_column);
    free(sample->fields.variable);
    free(sample->fields.replicate);
    free_plan(&sample->plan);
    free(sample);
}

void est_i_sample_adjust_weights(est_i_sample *sample, est_i_weight_adjust *adjust, void *user)
{
    sample->adjust = adjust;
    sample->adjust_user = user;
}

est_i_place est_i_rows_place(const est_i_sample *sample, const est_i_rows *rows, size_t row, const char *column)
{
    long found = est_source_find(sample->source, column);
    return est_i_scan_place(sample->source, rows->batch, rows->first + row, found < 0 ? 0 : (size_t)found);
}

/* What is known */

const est_i_design *est_i_sample_design(const est_i_sample *sample)
{
    return &sample->design;
}

size_t est_i_sample_domains(const est_i_sample *sample)
{
    return sample->domains.count;
}

const char *est_i_sample_domain_code(const est_i_sample *sample, size_t domain, size_t by)
{
    uint32_t value = est_i_tuples_key(&sample->domains, (uint32_t)domain)[by];
    return value ? est_i_dictionary_text(&sample->by_values[by], value - 1) : NULL;
}

const char *est_i_sample_domain_value(const est_i_sample *sample, size_t domain, size_t by)
{
    const char *value = est_i_sample_domain_code(sample, domain, by);
    const char *label = value ? est_i_source_value_label(sample->source, sample->fields.by_column[by], value) : NULL;
    return label ? label : value;
}

bool est_i_sample_domain_is_missing(const est_i_sample *sample, size_t domain)
{
    bool missing = false;
    for (size_t i = 0; i < sample->plan.n_by; i++)
        missing = missing || est_i_tuples_key(&sample->domains, (uint32_t)domain)[i] == 0;
    return missing;
}

/* Numbers by size before texts by their bytes. */
static int compare_texts(const char *a, const char *b)
{
    double x, y;
    bool a_number = est_i_number_parse(a, strlen(a), &x), b_number = est_i_number_parse(b, strlen(b), &y);
    if (a_number != b_number)
        return a_number ? -1 : 1;
    if (a_number && x != y)
        return x < y ? -1 : 1;
    return strcmp(a, b);
}

static int compare_domains(const est_i_sample *sample, uint32_t a, uint32_t b)
{
    int order = 0;
    for (size_t i = 0; i < sample->plan.n_by && order == 0; i++)
        order = compare_texts(est_i_sample_domain_code(sample, a, i), est_i_sample_domain_code(sample, b, i));
    return order;
}

static int compare_levels(const est_i_dictionary *levels, uint32_t a, uint32_t b)
{
    return compare_texts(est_i_dictionary_text(levels, a), est_i_dictionary_text(levels, b));
}

/* Heap sort: no comparison with state in the C library's qsort. */
typedef struct sorted_by {
    const est_i_sample *sample;
    const est_i_dictionary *levels; /* NULL: domains */
} sorted_by;

static int compare(const sorted_by *by, uint32_t a, uint32_t b)
{
    return by->levels ? compare_levels(by->levels, a, b) : compare_domains(by->sample, a, b);
}

static void sink(const sorted_by *by, uint32_t *order, size_t at, size_t count)
{
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && compare(by, order[child], order[child + 1]) < 0)
            child++;
        if (compare(by, order[at], order[child]) >= 0)
            break;
        uint32_t kept = order[at];
        order[at] = order[child];
        order[child] = kept;
        at = child;
    }
}

static void sort(const sorted_by *by, uint32_t *order, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sink(by, order, i, count);
    for (size_t end = count; end-- > 1;) {
        uint32_t kept = order[0];
        order[0] = order[end];
        order[end] = kept;
        sink(by, order, 0, end);
    }
}

size_t est_i_sample_domain_order(const est_i_sample *sample, uint32_t *order)
{
    size_t count = 0;
    for (uint32_t d = 0; d < sample->domains.count; d++)
        if (!est_i_sample_domain_is_missing(sample, d))
            order[count++] = d;
    sort(&(sorted_by){sample, NULL}, order, count);
    return count;
}

size_t est_i_sample_levels(const est_i_sample *sample, size_t variable)
{
    return sample->levels[variable].count;
}

const char *est_i_sample_level(const est_i_sample *sample, size_t variable, size_t level)
{
    return est_i_dictionary_text(&sample->levels[variable], (uint32_t)level);
}

size_t est_i_sample_level_order(const est_i_sample *sample, size_t variable, uint32_t *order)
{
    size_t count = sample->levels[variable].count;
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    sort(&(sorted_by){sample, &sample->levels[variable]}, order, count);
    return count;
}

est_i_sample_counts est_i_sample_count(const est_i_sample *sample)
{
    return sample->counts;
}

est_status est_i_sample_replicate_rank(const est_i_sample *sample, size_t *rank, est_error *error)
{
    *rank = 0;
    return sample->rank ? est_i_replicate_rank_find(sample->rank, rank, error) : EST_OK;
}

est_i_monitor *est_i_sample_monitor(est_i_sample *sample)
{
    return sample->monitor;
}

int est_i_sample_threads(const est_i_sample *sample)
{
    return sample->threads;
}

est_source *est_i_sample_source(const est_i_sample *sample)
{
    return sample->source;
}

const est_i_sample_plan *est_i_sample_get_plan(const est_i_sample *sample)
{
    return &sample->plan;
}
