/* Methods that read a source in parts: the parts' files. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <est/method.h>

#include "core/error.h"
#include "core/file.h"
#include "core/options.h"
#include "core/text.h"
#include "survey/survey.h"

#define PART_BYTES_MAX (SIZE_MAX >> 32 ? (size_t)((uint64_t)1 << 32) : SIZE_MAX / 2)

static est_status cannot(const est_method *method, est_error *error)
{
    return est_i_fail(error, EST_EOPTION, "method '%s' cannot read its data in parts; `est survey` can", method->id);
}

est_status est_method_save_part(const est_method *method, est_source *source, const est_options *options, size_t part, size_t parts,
                                const char *path, const est_context *context, est_error *error)
{
    est_options *defaults = NULL;
    const void *values = NULL;
    char *state = NULL;
    size_t length = 0;
    est_error_clear(error);
    if (!method || !source || !path)
        return est_i_fail(error, EST_EOPTION, "found no method, data or path, expected each of them");
    est_status status = method->part ? est_i_method_values(method, options, &defaults, &values, error) : cannot(method, error);
    if (status == EST_OK)
        status = method->part(source, values, part, parts, context, &state, &length, error);
    if (status == EST_OK)
        status = est_i_file_write_private(path, state, length, error);
    free(state);
    est_options_free(defaults);
    return status;
}

static est_status fail_read(const char *path, est_error *error)
{
    return est_i_fail_at(error, EST_EFILE, (est_i_place){path, 0, 0, NULL}, "cannot be read: %s; expected a file that a partial pass wrote",
                         strerror(errno));
}

static est_status read_file(const char *path, char **bytes, size_t *length, est_error *error)
{
    est_i_text text = {0};
    char buffer[65536];
    FILE *file = fopen(path, "rb");
    size_t got;
    if (!file)
        return fail_read(path, error);
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0 && text.length < PART_BYTES_MAX && !text.failed)
        est_i_text_append_bytes(&text, buffer, got);
    est_status status = ferror(file) ? fail_read(path, error) : EST_OK;
    fclose(file);
    *length = text.length;
    if (status == EST_OK && !(*bytes = est_i_text_take(&text)))
        status = est_i_no_memory(error);
    est_i_text_free(&text);
    return status;
}

est_status est_method_join_parts(const est_method *method, size_t n, const char *const *paths, const est_options *options,
                                 const est_context *context, est_result **result, est_error *error)
{
    est_options *defaults = NULL;
    const void *values = NULL;
    est_error_clear(error);
    *result = NULL;
    if (!method || n == 0)
        return est_i_fail(error, EST_EOPTION, "found no method or no part, expected a method and at least one part");
    char **states = calloc(n, sizeof *states);
    size_t *lengths = calloc(n, sizeof *lengths);
    est_status status = !states || !lengths ? est_i_no_memory(error)
                        : method->join      ? est_i_method_values(method, options, &defaults, &values, error)
                                            : cannot(method, error);
    for (size_t i = 0; i < n && status == EST_OK; i++)
        status = read_file(paths[i], &states[i], &lengths[i], error);
    if (status == EST_OK)
        status = method->join(n, paths, (const char *const *)states, lengths, values, context, result, error);
    for (size_t i = 0; i < n && states; i++)
        free(states[i]);
    free(states);
    free(lengths);
    est_options_free(defaults);
    return status;
}

/* Only a file is looked into: a pipe has no second reading, and what was taken from it would be missing from the data. */
int est_is_part(const char *path)
{
    char bytes[sizeof est_i_survey_magic - 1];
    struct stat state;
    FILE *file = path && stat(path, &state) == 0 && S_ISREG(state.st_mode) ? fopen(path, "rb") : NULL;
    int is_part = file && fread(bytes, 1, sizeof bytes, file) == sizeof bytes && memcmp(bytes, est_i_survey_magic, sizeof bytes) == 0;
    if (file)
        fclose(file);
    return is_part;
}
