/* A codebook tried on a file: what is mapped, and every fault with its records. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/codebook_columns.h"
#include "data/codebook_parts.h"
#include "data/scan.h"

#define NAME_WIDTH 24
#define LINE_WIDTH 80

typedef struct trial {
    est_source *source;
    est_i_codebook *codebook;
    est_i_codebook_resolved resolved;
    size_t n_seen;
    est_i_column_seen *seen;
    long long rows;
    size_t faults;
    est_i_text text;
} trial;

static const est_i_column_seen *seen_of(const trial *t, size_t column)
{
    const est_i_column_seen *found = NULL;
    for (size_t i = 0; i < t->n_seen && !found; i++)
        if (t->seen[i].column == column)
            found = &t->seen[i];
    return found;
}

static est_status watch(trial *t, size_t column, const est_i_view_input *rule, est_error *error)
{
    for (size_t i = 0; i < t->n_seen; i++)
        if (t->seen[i].column == column) {
            t->seen[i].rule = rule ? rule : t->seen[i].rule;
            return EST_OK;
        }
    est_i_column_seen *grown = realloc(t->seen, (t->n_seen + 1) * sizeof *grown);
    if (!grown)
        return est_i_no_memory(error);
    t->seen = grown;
    grown[t->n_seen++] = (est_i_column_seen){.column = column, .rule = rule};
    return EST_OK;
}

static est_status read_columns(trial *t, const est_context *context, est_error *error)
{
    est_i_monitor monitor;
    est_status status = EST_OK;
    for (size_t i = 0; i < t->resolved.n_uses && status == EST_OK; i++)
        if (t->resolved.uses[i].has_column)
            status = watch(t, t->resolved.uses[i].column, NULL, error);
    for (size_t i = 0; i < t->resolved.n_inputs && status == EST_OK; i++)
        status = watch(t, t->resolved.inputs[i].column, &t->resolved.inputs[i].rule, error);
    est_i_monitor_start(&monitor, context);
    est_i_monitor_stage(&monitor, "reading", 0, 0.5);
    if (status == EST_OK)
        status = est_i_columns_see(t->source, t->n_seen, t->seen, context ? context->threads : 1, &monitor, &t->rows, error);
    return status;
}

/* Faults of cells */

static void write_records(est_i_text *text, const est_i_cell_tally *tally)
{
    est_i_text_append(text, tally->rows == 1 ? "record " : "records ");
    for (size_t i = 0; i < tally->n_records; i++)
        est_i_text_printf(text, "%s%lld", i ? ", " : "", tally->records[i]);
    est_i_text_append(text, tally->rows > (long long)tally->n_records ? ", ..." : "");
}

static const char *const fault_words[EST_I_CELL_FAULTS] = {"", "texts where numbers are expected", "not among the codes",
                                                           "looks like a code for a missing answer", "outside the limits"};

static void write_fault(trial *t, const est_i_codebook_input *input, est_i_cell_fault fault, const est_i_cell_tally *tally)
{
    const est_i_codebook_entry *entry = input->entry ? input->entry : input->named_by;
    est_i_text_printf(&t->text, "  %s ([%s %s]): %s", est_source_column_name(t->source, input->column), entry->section->kind,
                      entry->section->name, fault_words[fault]);
    for (size_t i = 0, said = 0; i < tally->n_values; i++)
        if (est_i_column_shows(t->source, input->column, tally->values[i], tally->value_rows[i])) {
            est_i_text_append(&t->text, said++ ? ", " : ": ");
            est_i_text_number(&t->text, tally->values[i]);
        }
    est_i_text_printf(&t->text, "; %lld %s, ", tally->rows, tally->rows == 1 ? "row" : "rows");
    write_records(&t->text, tally);
    est_i_text_printf(&t->text, "\n    expected %s\n", input->expected);
    t->faults++;
}

static void write_faults(trial *t)
{
    for (size_t i = 0; i < t->resolved.n_inputs; i++) {
        const est_i_codebook_input *input = &t->resolved.inputs[i];
        const est_i_column_seen *seen = seen_of(t, input->column);
        for (int f = EST_I_CELL_GOOD + 1; f < EST_I_CELL_FAULTS && seen; f++)
            if (seen->faults[f].rows > 0)
                write_fault(t, input, (est_i_cell_fault)f, &seen->faults[f]);
    }
}

/* Roles */

static void write_padded(est_i_text *text, const char *word)
{
    est_i_text_printf(text, "  %-*s ", NAME_WIDTH, word);
}

static size_t count_state(const trial *t, est_i_role_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < t->codebook->n_entries; i++)
        n += t->codebook->entries[i].role && t->codebook->entries[i].state == state;
    return n;
}

static void write_mapped(trial *t, const est_i_codebook_use *use)
{
    const est_i_column_seen *seen = use->has_column ? seen_of(t, use->column) : NULL;
    write_padded(&t->text, use->entry->section->name);
    if (seen) {
        est_i_text_printf(&t->text, "%s: %s%u different value%s, missing in %lld rows",
                          est_source_column_name(t->source, use->column), seen->many ? "more than " : "",
                          (unsigned)seen->distinct.count, seen->distinct.count == 1 ? "" : "s", seen->missing);
        if (seen->special > 0)
            est_i_text_printf(&t->text, ", declared special in %lld", seen->special);
    } else {
        est_i_text_printf(&t->text, "= %s", use->expression);
    }
    est_i_text_append(&t->text, "\n");
}

/* "Roles declared absent: 2: a, b", in lines that fit a page. */
static void write_absent(trial *t)
{
    size_t said = 0, width = 24;
    est_i_text_printf(&t->text, "Roles declared absent: %zu", count_state(t, EST_I_ROLE_ABSENT));
    for (size_t i = 0; i < t->resolved.n_uses; i++) {
        const char *name = t->resolved.uses[i].entry->section->name;
        if (t->resolved.uses[i].entry->state != EST_I_ROLE_ABSENT)
            continue;
        bool breaks = width + strlen(name) > LINE_WIDTH;
        est_i_text_append(&t->text, said == 0 ? ":" : ",");
        est_i_text_printf(&t->text, "%s%s", breaks ? "\n  " : " ", name);
        width = (breaks ? 0 : width) + strlen(name) + 2;
        said++;
    }
    est_i_text_append(&t->text, "\n");
}

static void write_roles(trial *t)
{
    size_t unmapped = count_state(t, EST_I_ROLE_UNMAPPED);
    est_i_text_printf(&t->text, "Roles mapped: %zu\n", count_state(t, EST_I_ROLE_MAPPED));
    for (size_t i = 0; i < t->resolved.n_uses; i++)
        if (t->resolved.uses[i].entry->state == EST_I_ROLE_MAPPED)
            write_mapped(t, &t->resolved.uses[i]);
    write_absent(t);
    est_i_text_printf(&t->text, "Roles of the preset whose columns the file lacks: %zu\n", unmapped);
    for (size_t i = 0; i < t->resolved.n_uses; i++)
        if (t->resolved.uses[i].entry->state == EST_I_ROLE_UNMAPPED) {
            write_padded(&t->text, t->resolved.uses[i].entry->section->name);
            est_i_text_printf(&t->text, "no %s\n", t->resolved.uses[i].lacks);
        }
}

/* The strata against the report's number */

static void write_strata(trial *t)
{
    const char *expected = est_i_codebook_fact(t->codebook, "strata-expected");
    const est_i_codebook_entry *strata = est_i_codebook_find(t->codebook, "role", "strata");
    const est_i_column_seen *seen = NULL;
    double wanted = NAN;
    for (size_t i = 0; i < t->resolved.n_uses; i++)
        if (t->resolved.uses[i].entry == strata && t->resolved.uses[i].has_column)
            seen = seen_of(t, t->resolved.uses[i].column);
    if (!seen)
        return;
    est_i_text_printf(&t->text, "Strata: %u", (unsigned)seen->distinct.count);
    if (est_i_number_parse(expected, strlen(expected), &wanted)) {
        bool fit = !seen->many && (double)seen->distinct.count == wanted;
        est_i_text_printf(&t->text, ", expected %s%s", expected,
                          fit ? "" : ": another column, or a part of the file? If the file is right, write what it has as"
                                     " strata-expected in [codebook]");
        t->faults += !fit;
    }
    est_i_text_append(&t->text, "\n");
}

/* Rows in the sample, and that every role can be computed */

typedef struct sample_count {
    long long rows, inside;
} sample_count;

static void *part_new(void *user, size_t chunk)
{
    (void)user;
    (void)chunk;
    return calloc(1, sizeof(sample_count));
}

static void part_free(void *user, void *part)
{
    (void)user;
    free(part);
}

static est_status take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    sample_count *own = part;
    (void)user;
    (void)error;
    for (size_t row = 0; row < batch->n_rows; row++)
        own->inside += batch->number[0][row] == 1;
    own->rows += (long long)batch->n_rows;
    return EST_OK;
}

static est_status settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    sample_count *all = user, *own = part;
    (void)chunk;
    (void)dictionary;
    (void)error;
    all->rows += own->rows;
    all->inside += own->inside;
    free(own);
    return EST_OK;
}

/* in_sample first, then each computed role. */
static est_status read_roles(const trial *t, est_source *view, const est_context *context, sample_count *count, est_error *error)
{
    static const est_i_scan_consumer consumer = {part_new, take, settle, part_free};
    est_i_field *fields = calloc(t->resolved.n_uses + 1, sizeof *fields);
    est_i_monitor monitor;
    long long records = 0;
    size_t n = 0;
    est_status status = fields ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK)
        fields[n++] = (est_i_field){(size_t)est_source_find(view, "in_sample"), EST_I_FIELD_NUMBER};
    for (size_t i = 0; i < t->resolved.n_uses && status == EST_OK; i++) {
        const est_i_codebook_use *use = &t->resolved.uses[i];
        if (use->computed && use->entry->state == EST_I_ROLE_MAPPED)
            fields[n++] = (est_i_field){(size_t)est_source_find(view, use->entry->section->name), EST_I_FIELD_NUMBER};
    }
    est_i_monitor_start(&monitor, context);
    est_i_monitor_stage(&monitor, "computing", 0.5, 0.5);
    if (status == EST_OK)
        status =
            est_i_scan(view, n, fields, 0, SIZE_MAX, &consumer, count, context ? context->threads : 1, &monitor, &records, error);
    if (status == EST_EVALUE)
        est_i_view_explain(view, &monitor, error);
    free(fields);
    return status;
}

static est_status compute(trial *t, const est_context *context, est_error *error)
{
    est_i_view_plan *plan = est_i_view_plan_new(t->source);
    est_source *view = NULL;
    sample_count count = {0, 0};
    est_status status = plan ? est_i_codebook_apply(t->codebook, t->source, plan, context, error) : est_i_no_memory(error);
    if (status == EST_OK) {
        status = est_i_view_open(plan, &view, error);
        plan = NULL;
    }
    if (status == EST_OK)
        status = read_roles(t, view, context, &count, error);
    if (status == EST_EVALUE) {
        est_i_text_printf(&t->text, "  %s\n", error ? error->message : "a role cannot be computed");
        t->faults++;
        status = EST_OK;
        est_error_clear(error);
    } else if (status == EST_OK && t->resolved.sample) {
        est_i_text_printf(&t->text, "Rows in the sample (%s): %lld of %lld%s\n", t->resolved.sample, count.inside, count.rows,
                          count.inside == 0 ? ", expected some" : "");
        t->faults += count.inside == 0;
    }
    est_source_free(view);
    est_i_view_plan_free(plan);
    return status;
}

static est_status report(trial *t, const est_context *context, est_error *error)
{
    bool again = est_source_is_repeatable(t->source);
    est_i_text_printf(&t->text, "Codebook %s on %s: %lld rows\n", t->codebook->name, est_source_name(t->source), t->rows);
    write_roles(t);
    write_strata(t);
    size_t before = t->faults;
    est_i_text head = {0};
    est_i_text_append_bytes(&head, t->text.data, t->text.length);
    t->text.length = 0;
    write_faults(t);
    est_status status = EST_OK;
    /* Cells with faults have been told: what is computed from them need not be. */
    if (t->faults == before && again)
        status = compute(t, context, error);
    est_i_text found = t->text;
    t->text = head;
    if (t->faults > before)
        est_i_text_append(&t->text, "Faults:\n");
    est_i_text_append_bytes(&t->text, found.data, found.length);
    if (t->faults > 0)
        est_i_text_printf(&t->text, "%zu %s\n", t->faults, t->faults == 1 ? "fault" : "faults");
    else
        est_i_text_append(&t->text, again ? "No fault was found.\n"
                                          : "No fault was found in the cells; a pipe is read once, so roles were not "
                                            "computed.\n");
    t->text.failed = t->text.failed || found.failed;
    est_i_text_free(&found);
    return status;
}

est_status est_codebook_check(est_source *source, const char *codebook, const est_context *context, size_t *n_faults, char **text,
                              est_error *error)
{
    trial t = {.source = source};
    *text = NULL;
    *n_faults = 0;
    est_error_clear(error);
    est_status status = est_i_codebook_open(codebook, &t.codebook, error);
    if (status == EST_OK)
        status = est_i_codebook_resolve(t.codebook, source, false, &t.resolved, error);
    if (status == EST_OK && est_i_codebook_role(t.codebook, "strata") == EST_I_ROLE_UNMAPPED)
        status = est_i_codebook_refuse_strata(t.codebook, source, context, error);
    if (status == EST_OK)
        status = read_columns(&t, context, error);
    if (status == EST_OK)
        status = report(&t, context, error);
    if (status == EST_OK && !(*text = est_i_text_take(&t.text)))
        status = est_i_no_memory(error);
    *n_faults = t.faults;
    est_i_text_free(&t.text);
    est_i_columns_clear(t.n_seen, t.seen);
    free(t.seen);
    est_i_codebook_resolved_clear(&t.resolved);
    est_i_codebook_free(t.codebook);
    return status;
}
