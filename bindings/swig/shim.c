/* The waist: collects a request piece by piece, runs it, keeps result and fault until it is closed. */
#include "shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES_MAX = 16 };

typedef struct shim_table {
    char *option; /* "" = the data */
    est_table *table;
} shim_table;

struct est_shim {
    const est_method *method;
    est_options *options;
    shim_table tables[TABLES_MAX];
    size_t n_tables;
    est_source *source; /* data that are read from a file; NULL = they are a table */
    est_context context;
    est_suppression suppression;
    char *profile;
    est_result *result;
    char *report;
    est_error error;
};

static char *copy_string(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = malloc(size);
    if (copy)
        memcpy(copy, string, size);
    return copy;
}

static est_status fail(est_shim *request, est_status code, const char *message)
{
    est_error_clear(&request->error);
    request->error.code = code;
    snprintf(request->error.message, sizeof request->error.message, "%s", message);
    return code;
}

static est_status fail_method(est_shim *request, const char *method)
{
    char message[512];
    size_t used =
        (size_t)snprintf(message, sizeof message, "method '%.100s' is not known; expected one of", method);
    for (size_t i = 0; i < est_method_count() && used < sizeof message; i++)
        used += (size_t)snprintf(message + used, sizeof message - used, "%s %s", i ? "," : "",
                                 est_method_get(i)->id);
    return fail(request, EST_EOPTION, message);
}

est_status est_shim_open(const char *method, est_shim **request)
{
    est_shim *made = calloc(1, sizeof *made);
    *request = made;
    if (!made)
        return EST_ENOMEM;
    made->context = est_context_default();
    made->suppression = est_suppression_default();
    if (!method)
        return EST_OK;
    made->method = est_method_find(method);
    if (!made->method)
        return fail_method(made, method);
    return est_options_new(made->method, &made->options, &made->error);
}

/* A table to be filled; NULL if there is no room: the fault is in the request. */
static shim_table *new_slot(est_shim *request, const char *option)
{
    shim_table *slot = &request->tables[request->n_tables];
    if (request->n_tables == TABLES_MAX) {
        fail(request, EST_EOPTION, "too many companion tables");
        return NULL;
    }
    slot->option = copy_string(option);
    if (!slot->option) {
        fail(request, EST_ENOMEM, "memory ran out");
        return NULL;
    }
    request->n_tables++;
    return slot;
}

est_status est_shim_table(est_shim *request, const char *option, const char *name, size_t rows, int is_public,
                          int is_synthetic)
{
    shim_table *slot = new_slot(request, option);
    if (!slot)
        return request->error.code;
    est_status status = est_table_new(name, rows, &slot->table, &request->error);
    if (status == EST_OK) {
        est_table_set_public(slot->table, is_public);
        est_table_set_synthetic(slot->table, is_synthetic);
    }
    return status;
}

static est_status read_companion(est_shim *request, const char *option, const char *path)
{
    shim_table *slot = new_slot(request, option);
    est_source *source = NULL;
    if (!slot)
        return request->error.code;
    est_status status = est_source_open(path, &request->context, &source, &request->error);
    if (status == EST_OK)
        status = est_source_table(source, &request->context, &slot->table, &request->error);
    est_source_free(source);
    return status;
}

est_status est_shim_source(est_shim *request, const char *option, const char *path)
{
    if (strcmp(path, "-") == 0)
        return fail(request, EST_EOPTION, "found '-'; expected the path of a file: standard input belongs to the caller");
    if (*option)
        return read_companion(request, option, path);
    est_source_free(request->source);
    request->source = NULL;
    return est_source_open(path, &request->context, &request->source, &request->error);
}

est_status est_shim_add_numbers(est_shim *request, const char *column, const double *values)
{
    if (request->n_tables == 0)
        return fail(request, EST_EINTERNAL, "a column came before its table");
    return est_table_add_numbers(request->tables[request->n_tables - 1].table, column, values,
                                 &request->error);
}

est_status est_shim_add_text(est_shim *request, const char *column, const char *const *values)
{
    if (request->n_tables == 0)
        return fail(request, EST_EINTERNAL, "a column came before its table");
    return est_table_add_text(request->tables[request->n_tables - 1].table, column, values, &request->error);
}

est_status est_shim_set(est_shim *request, const char *option, const char *value)
{
    return est_options_set(request->options, option, value, &request->error);
}

void est_shim_context(est_shim *request, uint64_t seed, int threads)
{
    request->context.seed = seed;
    request->context.threads = threads;
}

void est_shim_callbacks(est_shim *request, int (*poll)(void *user),
                        int (*tick)(void *user, const char *stage, double fraction), void *user)
{
    request->context.poll = poll;
    request->context.tick = tick;
    request->context.user = user;
}

est_status est_shim_suppress(est_shim *request, const char *profile, long threshold, int internal)
{
    if (profile) {
        free(request->profile);
        request->profile = copy_string(profile);
        if (!request->profile)
            return fail(request, EST_ENOMEM, "memory ran out");
        request->suppression.profile = request->profile;
    }
    if (threshold >= 0)
        request->suppression.threshold = threshold;
    request->suppression.internal = internal;
    return EST_OK;
}

/* The data as a source, which is the request's own or, of a table, to be freed. */
static est_status data_source(est_shim *request, est_source **made, est_source **source)
{
    est_status status = EST_OK;
    *made = NULL;
    *source = request->source;
    if (*source)
        return EST_OK;
    if (request->n_tables == 0)
        return fail(request, EST_EINTERNAL, "there are no data");
    status = est_source_of_table(request->tables[0].table, made, &request->error);
    *source = *made;
    return status;
}

est_status est_shim_codebook_propose(est_shim *request, const char *preset, const char **text)
{
    est_source *made, *source;
    char *id = NULL, *why = NULL;
    est_string_free(request->report);
    request->report = NULL;
    est_status status = data_source(request, &made, &source);
    if (status == EST_OK)
        status = est_codebook_preset_choose(source, preset, &request->context, &id, &why, &request->error);
    if (status == EST_OK)
        status = est_codebook_propose(source, id, &request->context, &request->report, &request->error);
    *text = request->report;
    est_string_free(why);
    est_string_free(id);
    est_source_free(made);
    return status;
}

est_status est_shim_codebook_check(est_shim *request, const char *codebook, size_t *n_faults, const char **text)
{
    est_source *made, *source;
    est_string_free(request->report);
    request->report = NULL;
    est_status status = data_source(request, &made, &source);
    if (status == EST_OK)
        status = est_codebook_check(source, codebook, &request->context, n_faults, &request->report, &request->error);
    *text = request->report;
    est_source_free(made);
    return status;
}

static est_status set_companions(est_shim *request, const est_table **data)
{
    est_status status = EST_OK;
    *data = NULL;
    for (size_t i = 0; i < request->n_tables && status == EST_OK; i++) {
        const shim_table *slot = &request->tables[i];
        if (slot->option[0])
            status = est_options_set_table(request->options, slot->option, slot->table, &request->error);
        else
            *data = slot->table;
    }
    return status;
}

est_status est_shim_run(est_shim *request)
{
    const est_table *data;
    est_result *found = NULL;
    est_status status = set_companions(request, &data);
    if (status == EST_OK && !data && !request->source)
        status = fail(request, EST_EINTERNAL, "there are no data");
    if (status != EST_OK)
        goto cleanup;
    status = data ? est_method_run(request->method, data, request->options, &request->context, &found, &request->error)
                  : est_method_run_source(request->method, request->source, request->options, &request->context, &found,
                                          &request->error);
    if (status != EST_OK)
        goto cleanup;
    est_result_free(request->result);
    request->result = NULL;
    status = est_result_suppress(found, &request->suppression, &request->result, &request->error);
cleanup:
    est_result_free(found);
    return status;
}

const est_result *est_shim_result(const est_shim *request)
{
    return request->result;
}

est_status est_shim_report(est_shim *request, const char *format, const char **text, size_t *length)
{
    est_string_free(request->report);
    request->report = NULL;
    est_status status = est_report_string(request->result, format, &request->report, length, &request->error);
    *text = request->report;
    return status;
}

est_status est_shim_chart(est_shim *request, const char *name, const char **svg, size_t *length)
{
    est_string_free(request->report);
    request->report = NULL;
    est_status status = est_report_chart(request->result, name, &request->report, length, &request->error);
    *svg = request->report;
    return status;
}

const est_error *est_shim_error(const est_shim *request)
{
    return &request->error;
}

int est_shim_may_show(const est_result *result, const est_provenance *entry)
{
    return !entry->is_private || est_result_is_public(result) || est_result_is_internal(result);
}

void est_shim_close(est_shim *request)
{
    if (!request)
        return;
    est_string_free(request->report);
    est_result_free(request->result);
    est_options_free(request->options);
    for (size_t i = 0; i < request->n_tables; i++) {
        est_table_free(request->tables[i].table);
        free(request->tables[i].option);
    }
    est_source_free(request->source);
    free(request->profile);
    free(request);
}
