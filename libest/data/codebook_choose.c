/* The preset that fits a file, among those of one survey: "kdhs" is kdhs-women-2014, kdhs-women-2022 and so on. A preset's fact
 * `recognise` (COLUMN:COUNT) says by how many different values of which column it is told from the others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/codebook_columns.h"
#include "data/codebook_parts.h"

#define FAMILY_MAX 32

typedef struct member {
    const est_codebook_preset *preset;
    char *column; /* NULL: it cannot be recognised */
    double count;
    long found; /* the column in the file, -1 = none */
    size_t distinct;
} member;

static est_status read_mark(const est_codebook_preset *preset, member *m, est_error *error)
{
    est_i_codebook *codebook = NULL;
    est_status status = est_i_codebook_open(preset->id, &codebook, error);
    const char *mark = status == EST_OK ? est_i_codebook_fact(codebook, "recognise") : "";
    size_t length = strcspn(mark, ":");
    *m = (member){.preset = preset, .found = -1};
    if (mark[length] == ':' && est_i_number_parse(mark + length + 1, strlen(mark + length + 1), &m->count)) {
        m->column = est_i_string_copy(mark);
        if (m->column)
            m->column[length] = '\0';
        else
            status = est_i_no_memory(error);
    }
    est_i_codebook_free(codebook);
    return status;
}

static est_status find_family(const char *name, size_t *n, member family[FAMILY_MAX], est_error *error)
{
    size_t length = strlen(name);
    est_status status = EST_OK;
    *n = 0;
    for (size_t p = 0; p < est_codebook_preset_count() && *n < FAMILY_MAX && status == EST_OK; p++) {
        const est_codebook_preset *preset = est_codebook_preset_get(p);
        if (length > 0 && strncmp(preset->id, name, length) == 0 && preset->id[length] == '-')
            status = read_mark(preset, &family[(*n)++], error);
    }
    return status;
}

static est_status count_marks(est_source *source, const est_context *context, size_t n, member *family, est_error *error)
{
    est_i_column_seen seen[FAMILY_MAX];
    size_t n_seen = 0;
    long long rows = 0;
    est_i_monitor monitor;
    est_status status = EST_OK;
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < n; i++) {
        bool there = false;
        family[i].found = family[i].column ? est_i_codebook_column(source, family[i].column) : -1;
        for (size_t k = 0; k < n_seen && !there; k++)
            there = family[i].found >= 0 && seen[k].column == (size_t)family[i].found;
        if (family[i].found >= 0 && !there)
            seen[n_seen++].column = (size_t)family[i].found;
    }
    est_i_monitor_start(&monitor, context);
    est_i_monitor_stage(&monitor, "counting", 0, 1);
    if (n_seen > 0)
        status = est_i_columns_see(source, n_seen, seen, context ? context->threads : 1, &monitor, &rows, error);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n_seen; k++)
            if (family[i].found >= 0 && seen[k].column == (size_t)family[i].found)
                family[i].distinct = seen[k].distinct.count;
    est_i_columns_clear(n_seen, seen);
    return status;
}

static est_status refuse(const char *name, size_t n, const member *family, est_error *error)
{
    est_i_text words = {0};
    for (size_t i = 0; i < n; i++) {
        est_i_text_printf(&words, "%s%s", i ? "; " : "", family[i].preset->id);
        if (family[i].column && family[i].found >= 0) {
            est_i_text_printf(&words, " (%s has ", family[i].column);
            est_i_text_number(&words, family[i].count);
            est_i_text_printf(&words, " values there, %zu here)", family[i].distinct);
        } else if (family[i].column) {
            est_i_text_printf(&words, " (has a column %s)", family[i].column);
        }
    }
    est_status status =
        words.failed ? est_i_no_memory(error)
                     : est_i_fail(error, EST_EOPTION, "option --preset: found '%s', expected one of %.600s", name, words.data);
    est_i_text_free(&words);
    return status;
}

static est_status settle(const char *name, size_t n, const member *family, char **id, char **why, est_error *error)
{
    const member *chosen = NULL;
    size_t fitting = 0;
    est_i_text words = {0};
    for (size_t i = 0; i < n; i++)
        if (family[i].found >= 0 && (double)family[i].distinct == family[i].count) {
            chosen = &family[i];
            fitting++;
        }
    if (fitting != 1)
        return refuse(name, n, family, error);
    est_i_text_printf(&words, "preset %s: %s has %zu different values", chosen->preset->id, chosen->column, chosen->distinct);
    *id = est_i_string_copy(chosen->preset->id);
    *why = est_i_text_take(&words);
    return *id && *why ? EST_OK : est_i_no_memory(error);
}

static const char *preset_name(const void *user, size_t index)
{
    (void)user;
    return est_codebook_preset_get(index)->id;
}

static est_status no_preset(const char *name, est_error *error)
{
    const char *nearest = est_i_nearest_name(name, est_codebook_preset_count(), preset_name, NULL);
    return est_i_fail(error, EST_EOPTION, "option --preset: found '%s', expected a preset%s%s; est codebook lists them", name,
                      nearest ? ", did you mean " : "", nearest ? nearest : "");
}

est_status est_codebook_preset_choose(est_source *source, const char *name, const est_context *context, char **id, char **why,
                                      est_error *error)
{
    member family[FAMILY_MAX];
    size_t n = 0, length = strlen(name);
    bool is_path = strchr(name, '/') || (length > 4 && strcmp(name + length - 4, ".ini") == 0);
    est_status status = EST_OK;
    *id = *why = NULL;
    est_error_clear(error);
    if (length == 0 || is_path || est_codebook_preset_find(name)) {
        *id = est_i_string_copy(name);
        *why = est_i_string_copy("");
        status = *id && *why ? EST_OK : est_i_no_memory(error);
    } else {
        status = find_family(name, &n, family, error);
        if (status == EST_OK && n == 0)
            status = no_preset(name, error);
        if (status == EST_OK && !est_source_is_repeatable(source))
            status = refuse(name, n, family, error);
        if (status == EST_OK)
            status = count_marks(source, context, n, family, error);
        if (status == EST_OK)
            status = settle(name, n, family, id, why, error);
    }
    for (size_t i = 0; i < n; i++)
        free(family[i].column);
    if (status != EST_OK) {
        free(*id);
        free(*why);
        *id = *why = NULL;
    }
    return status;
}
