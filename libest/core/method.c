/* Options set by name and the one way in which every method is run. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "core/text.h"

struct est_options {
    const est_method *method;
    void *values; /* the method's own options struct */
    char **texts; /* per option: the copy that a text field points to, or NULL */
};

est_status est_options_new(const est_method *method, est_options **options, est_error *error)
{
    est_options *made = NULL;
    est_error_clear(error);
    *options = NULL;
    if (!method)
        return est_i_fail(error, EST_EOPTION,
                          "found no method, expected one of those that est_method_get gives");
    made = calloc(1, sizeof *made);
    if (made) {
        made->method = method;
        made->values = calloc(1, method->options_size ? method->options_size : 1);
        made->texts = calloc(method->n_options ? method->n_options : 1, sizeof *made->texts);
    }
    if (!made || !made->values || !made->texts) {
        est_options_free(made);
        return est_i_no_memory(error);
    }
    est_i_options_default(method->options, method->n_options, made->values);
    *options = made;
    return EST_OK;
}

void est_options_free(est_options *options)
{
    if (options) {
        for (size_t i = 0; options->texts && i < options->method->n_options; i++)
            free(options->texts[i]);
        free(options->texts);
        free(options->values);
        free(options);
    }
}

static const char *option_name(const void *user, size_t index)
{
    const est_method *method = user;
    return method->options[index].name;
}

/* R and Python write max_order for max-order. */
static bool same_name(const char *a, const char *b)
{
    for (; *a && (*a == *b || (*a == '_' && *b == '-') || (*a == '-' && *b == '_')); a++)
        b++;
    return *a == '\0' && *b == '\0';
}

static est_status find_option(const est_method *method, const char *name, size_t *index, est_error *error)
{
    const char *nearest;
    for (size_t i = 0; name && i < method->n_options; i++) {
        if (same_name(name, method->options[i].name)) {
            *index = i;
            return EST_OK;
        }
    }
    nearest = name ? est_i_nearest_name(name, method->n_options, option_name, method) : NULL;
    return est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = name},
                         "method '%s' has no option '%s'%s%s%s", method->id, name ? name : "",
                         nearest ? "; did you mean '" : "", nearest ? nearest : "",
                         nearest ? "'?" : "; its help lists them all");
}

est_status est_options_set(est_options *options, const char *name, const char *value, est_error *error)
{
    size_t index = 0;
    char *copy = NULL;
    est_status status;
    est_error_clear(error);
    status = find_option(options->method, name, &index, error);
    if (status == EST_OK && value) {
        copy = est_i_string_copy(value);
        if (!copy)
            status = est_i_no_memory(error);
    }
    if (status == EST_OK)
        status = est_i_option_store(&options->method->options[index], copy, options->values, error);
    if (status == EST_OK) {
        free(options->texts[index]);
        options->texts[index] = copy;
        copy = NULL;
    }
    free(copy);
    return status;
}

est_status est_options_set_table(est_options *options, const char *name, const est_table *table,
                                 est_error *error)
{
    size_t index = 0;
    est_status status;
    est_error_clear(error);
    status = find_option(options->method, name, &index, error);
    if (status == EST_OK && options->method->options[index].kind != EST_OPTION_TABLE)
        status = est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = name},
                               "option '%s': found a table, expected a value of kind %s", name,
                               est_option_kind_name(options->method->options[index].kind));
    if (status == EST_OK)
        memcpy((char *)options->values + options->method->options[index].offset, &table, sizeof table);
    return status;
}

est_status est_i_method_values(const est_method *method, const est_options *options, est_options **made, const void **values,
                               est_error *error)
{
    est_status status = EST_OK;
    *made = NULL;
    if (!options) {
        status = est_options_new(method, made, error);
        options = *made;
    }
    if (status == EST_OK && options->method != method)
        status = est_i_fail(error, EST_EOPTION, "found options of method '%s', expected options of '%s'", options->method->id, method->id);
    if (status == EST_OK)
        status = est_i_options_check(method->options, method->n_options, options->values, error);
    if (status == EST_OK && method->validate)
        status = method->validate(options->values, error);
    if (status == EST_OK)
        *values = options->values;
    return status;
}

est_status est_method_run(const est_method *method, const est_table *data, const est_options *options,
                          const est_context *context, est_result **result, est_error *error)
{
    est_options *defaults = NULL;
    const void *values = NULL;
    est_error_clear(error);
    *result = NULL;
    if (!method || !data)
        return est_i_fail(error, EST_EOPTION, "found no %s, expected one", method ? "data" : "method");
    est_status status = est_i_method_values(method, options, &defaults, &values, error);
    if (status == EST_OK)
        status = method->fit(data, values, context, result, error);
    if (status == EST_OK && !*result)
        status = est_i_fail(error, EST_EINTERNAL, "method '%s' gave no result; please report this as a defect", method->id);
    if (status != EST_OK && *result) {
        est_result_free(*result);
        *result = NULL;
    }
    est_options_free(defaults);
    return status;
}
