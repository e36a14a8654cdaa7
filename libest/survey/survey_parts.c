/* A survey read in parts, on several machines: each part's pass as bytes, and the result of all of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>

#include "core/error.h"
#include "core/options.h"
#include "survey/survey.h"


typedef struct state_head {
    const char *request;  /* what the pass depends on, as text */
    size_t n_chunks, first, last;
    bool is_public, is_synthetic;
    const char *name;
    const char *columns; /* the first of them */
    size_t n_columns;
    est_i_state_reader rest;
} state_head;

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* Everything that the sums depend on. Two parts can be put together only if it is the same. */
static void describe_request(const est_survey_options *o, est_i_text *text)
{
    const char *const words[] = {o->weight, o->strata, o->psu, o->fpc, o->wave, o->mean, o->total, o->proportion, o->share, o->ratio, o->by, o->where,
                                 o->replicates};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        est_i_text_printf(text, "%s\n", or_empty(words[i]));
    est_i_text_number(text, o->weight_scale);
    est_i_text_printf(text, "\n%d %d %d %d\n", o->nest, o->shared_psu, o->pps != 0, o->replicate_factors);
}

static est_status check_one_pass(const est_survey_options *o, est_error *error)
{
    bool more = *or_empty(o->quantile) || *or_empty(o->linear) || *or_empty(o->logistic) || *or_empty(o->association) || o->calibrate;
    bool totals = *or_empty(o->mean) || *or_empty(o->total) || *or_empty(o->proportion) || *or_empty(o->share) || *or_empty(o->ratio);
    if (more || !totals)
        return est_i_fail(error, EST_EOPTION, "only what one pass over the rows gives can be read in parts: --mean, --total, --proportion "
                          "COLUMN=LEVEL, --ratio, with --by, --where and any --variance; not quantiles, regressions, tests or calibration");
    if (!*or_empty(o->weight) && *or_empty(o->fpc))
        return est_i_fail(error, EST_EOPTION, "weights that follow from --fpc need the whole file; give --weight to read it in parts");
    return EST_OK;
}

static est_status begin(est_i_survey *run, est_source *source, const est_survey_options *options, const est_context *context,
                        est_error *error)
{
    bool needs_levels = false;
    run->source = source;
    run->options = options;
    run->context = context;
    est_i_monitor_start(&run->monitor, context);
    est_status status = est_i_survey_design(run, error);
    if (status == EST_OK)
        status = est_i_survey_request_read(options, NULL, &run->request, &needs_levels, error);
    if (status == EST_OK && needs_levels)
        status = est_i_fail(error, EST_EOPTION, "option --proportion: a part of a file does not know all levels; name the level, as in "
                            "--proportion COLUMN=LEVEL");
    return status == EST_OK ? est_i_survey_sample(run, error) : status;
}

static void write_head(const est_i_survey *run, const est_source *source, size_t n_chunks, size_t first, size_t last, est_i_text *out)
{
    est_i_text request = {0};
    describe_request(run->options, &request);
    est_i_text_append(out, est_i_survey_magic);
    est_i_state_put_text(out, request.failed ? "" : request.data, request.failed ? 0 : request.length);
    est_i_state_put_count(out, n_chunks);
    est_i_state_put_count(out, first);
    est_i_state_put_count(out, last);
    est_i_state_put_count(out, (uint64_t)est_source_is_public(source));
    est_i_state_put_count(out, (uint64_t)est_source_is_synthetic(source));
    est_i_state_put_text(out, est_source_name(source), strlen(est_source_name(source)));
    est_i_state_put_count(out, est_source_columns(source));
    for (size_t c = 0; c < est_source_columns(source); c++)
        est_i_state_put_text(out, est_source_column_name(source, c), strlen(est_source_column_name(source, c)));
    out->failed = out->failed || request.failed;
    est_i_text_free(&request);
}

est_status est_survey_part(est_source *source, const est_survey_options *options, size_t part, size_t parts, const est_context *context,
                           char **state, size_t *length, est_error *error)
{
    est_survey_options resolved = options ? *options : est_survey_options_default();
    est_i_survey run;
    est_i_text out = {0};
    size_t n_chunks = 0;
    memset(&run, 0, sizeof run);
    *state = NULL;
    *length = 0;
    est_error_clear(error);
    if (part < 1 || part > parts)
        return est_i_fail(error, EST_EOPTION, "found part %zu of %zu, expected a number from 1 to the number of parts", part, parts);
    est_status status = est_i_survey_check(&resolved, error);
    if (status == EST_OK)
        status = check_one_pass(&resolved, error);
    if (status == EST_OK)
        status = est_i_scan_chunks(source, &n_chunks, error);
    if (status == EST_OK)
        status = begin(&run, source, &resolved, context, error);
    if (status == EST_OK) {
        size_t first = n_chunks * (part - 1) / parts, last = n_chunks * part / parts;
        write_head(&run, source, n_chunks, first, last, &out);
        status = est_i_totals_save(run.sample, run.request.n_groups, run.request.groups, first, last, &out, error);
    }
    if (status == EST_OK)
        est_i_state_put_count(&out, est_i_state_checksum(out.data, out.length));
    *length = out.length;
    if (status == EST_OK && !(*state = est_i_text_take(&out)))
        status = est_i_no_memory(error);
    est_i_text_free(&out);
    est_i_survey_clear(&run);
    return status;
}

static est_status damaged(const char *name, est_error *error)
{
    return est_i_fail_at(error, EST_EFORMAT, (est_i_place){name, 0, 0, NULL}, "found a damaged file, expected what a partial pass wrote, "
                         "whole and unchanged; run that part again");
}

static est_status read_head(const char *name, const char *bytes, size_t length, state_head *head, est_error *error)
{
    est_i_state_reader reader = {bytes + sizeof est_i_survey_magic - 1, bytes + (length < 8 ? 0 : length - 8), false};
    est_i_state_reader sum = {bytes + (length < 8 ? 0 : length - 8), bytes + length, false};
    size_t ignored;
    if (length < sizeof est_i_survey_magic + 8 || memcmp(bytes, est_i_survey_magic, sizeof est_i_survey_magic - 1) != 0)
        return est_i_fail_at(error, EST_EFORMAT, (est_i_place){name, 0, 0, NULL}, "found no partial pass of a survey, expected a file that "
                             "a pass over a part wrote with this version");
    if (est_i_state_count(&sum) != est_i_state_checksum(bytes, length - 8))
        return damaged(name, error);
    head->request = est_i_state_text(&reader, &ignored);
    head->n_chunks = (size_t)est_i_state_count(&reader);
    head->first = (size_t)est_i_state_count(&reader);
    head->last = (size_t)est_i_state_count(&reader);
    head->is_public = est_i_state_count(&reader) != 0;
    head->is_synthetic = est_i_state_count(&reader) != 0;
    head->name = est_i_state_text(&reader, &ignored);
    head->n_columns = est_i_state_length(&reader, 9);
    head->columns = reader.at;
    for (size_t c = 0; c < head->n_columns; c++)
        est_i_state_text(&reader, &ignored);
    head->rest = reader;
    return reader.bad ? damaged(name, error) : EST_OK;
}

static int by_first(const void *a, const void *b)
{
    const state_head *x = a, *y = b;
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : x->last != y->last ? (x->last < y->last ? -1 : 1) : 0;
}

/* The parts must be of the same question, and be the whole file once. */
static est_status check_heads(const state_head *heads, size_t n, const est_survey_options *options, est_error *error)
{
    est_i_text request = {0};
    size_t next = 0;
    est_status status = EST_OK;
    describe_request(options, &request);
    for (size_t i = 0; i < n && status == EST_OK; i++) {
        if (request.failed)
            status = est_i_no_memory(error);
        else if (strcmp(heads[i].request, request.data) != 0)
            status = est_i_fail(error, EST_EOPTION, "a part was read with other options than these, expected the same design, estimands, "
                                "--by and --where as when the parts were read");
        else if (heads[i].n_chunks != heads[0].n_chunks || strcmp(heads[i].name, heads[0].name) != 0)
            status = est_i_fail(error, EST_EDEFINITION, "found parts of different files ('%s', '%s'), expected parts of one file", heads[0].name,
                                heads[i].name);
        else if (heads[i].first != next)
            status = est_i_fail(error, EST_EDEFINITION, "found part of the file %s, expected every part of it exactly once",
                                heads[i].first > next ? "missing" : "given twice");
        next = heads[i].last;
    }
    if (status == EST_OK && next != heads[0].n_chunks)
        status = est_i_fail(error, EST_EDEFINITION, "found the last part of the file missing, expected every part of it exactly once");
    est_i_text_free(&request);
    return status;
}

/* A table without rows that has the file's columns. */
static est_status empty_table(const state_head *head, est_table **table, est_error *error)
{
    est_i_state_reader reader = {head->columns, head->rest.end, false};
    est_status status = est_table_new(head->name, 0, table, error);
    for (size_t c = 0; c < head->n_columns && status == EST_OK; c++) {
        size_t length;
        double none = 0;
        status = est_table_add_numbers(*table, est_i_state_text(&reader, &length), &none, error);
    }
    if (status == EST_OK) {
        est_table_set_public(*table, head->is_public);
        if (head->is_synthetic)
            est_table_set_synthetic(*table, 1);
    }
    return status;
}

static est_status join(state_head *heads, size_t n, const est_survey_options *options, const est_context *context, est_source *source,
                       est_result **result, est_error *error)
{
    est_i_survey run;
    size_t bad = SIZE_MAX;
    memset(&run, 0, sizeof run);
    est_i_state_reader *states = malloc((n + 1) * sizeof *states);
    est_status status = states ? begin(&run, source, options, context, error) : est_i_no_memory(error);
    for (size_t i = 0; i < n && states; i++)
        states[i] = heads[i].rest;
    if (status == EST_OK)
        status = est_i_totals_join(run.sample, run.request.n_groups, run.request.groups, n, states, &bad, &run.totals, error);
    if (status == EST_OK && bad != SIZE_MAX)
        status = damaged(heads[bad].name, error);
    if (status == EST_OK)
        status = est_i_survey_estimate_all(&run, error);
    if (status == EST_OK)
        status = est_i_survey_write(&run, error);
    if (status == EST_OK) {
        status = est_i_result_finish(run.builder, result, error);
        run.builder = NULL;
    }
    free(states);
    est_i_survey_clear(&run);
    return status;
}

est_status est_survey_join(size_t n, const char *const *names, const char *const *states, const size_t *lengths,
                           const est_survey_options *options, const est_context *context, est_result **result, est_error *error)
{
    est_survey_options resolved = options ? *options : est_survey_options_default();
    est_table *table = NULL;
    est_source *source = NULL;
    *result = NULL;
    est_error_clear(error);
    if (n == 0)
        return est_i_fail(error, EST_EOPTION, "found no parts, expected at least one");
    state_head *heads = calloc(n, sizeof *heads);
    est_status status = heads ? est_i_survey_check(&resolved, error) : est_i_no_memory(error);
    for (size_t i = 0; i < n && status == EST_OK; i++)
        status = read_head(names[i], states[i], lengths[i], &heads[i], error);
    if (status == EST_OK) {
        qsort(heads, n, sizeof *heads, by_first);
        status = check_heads(heads, n, &resolved, error);
    }
    if (status == EST_OK)
        status = empty_table(&heads[0], &table, error);
    if (status == EST_OK)
        status = est_source_of_table(table, &source, error);
    if (status == EST_OK)
        status = join(heads, n, &resolved, context, source, result, error);
    est_source_free(source);
    est_table_free(table);
    free(heads);
    return status;
}
