/* The registry: the only file that knows every method. */
#include <string.h>

#include <est/method.h>
#include <est/source.h>

#include "core/error.h"
#include "core/options.h"

#define EST_METHOD(id) extern const est_method est_i_method_##id;
#include "methods.h"
#undef EST_METHOD

#define EST_METHOD(id) &est_i_method_##id,
static const est_method *const registry[] = {
#include "methods.h"
};
#undef EST_METHOD

size_t est_method_count(void)
{
    return sizeof registry / sizeof registry[0];
}

const est_method *est_method_get(size_t index)
{
    return index < est_method_count() ? registry[index] : NULL;
}

const est_method *est_method_find(const char *id)
{
    const est_method *found = NULL;
    for (size_t i = 0; id && i < est_method_count() && !found; i++)
        if (strcmp(registry[i]->id, id) == 0)
            found = registry[i];
    return found;
}

static est_status read_and_fit(const est_method *method, est_source *source, const est_options *options, const est_context *context,
                               est_result **result, est_error *error)
{
    est_table *table = NULL;
    est_status status = est_source_table(source, context, &table, error);
    if (status == EST_OK)
        status = est_method_run(method, table, options, context, result, error);
    est_table_free(table);
    return status;
}

est_status est_method_run_source(const est_method *method, est_source *source, const est_options *options,
                                 const est_context *context, est_result **result, est_error *error)
{
    est_options *defaults = NULL;
    const void *values = NULL;
    est_error_clear(error);
    *result = NULL;
    if (!method || !source)
        return est_i_fail(error, EST_EOPTION, "found no %s, expected one", method ? "data" : "method");
    if (!method->read)
        return read_and_fit(method, source, options, context, result, error);
    est_status status = est_i_method_values(method, options, &defaults, &values, error);
    if (status == EST_OK)
        status = method->read(source, values, context, result, error);
    est_options_free(defaults);
    return status;
}
