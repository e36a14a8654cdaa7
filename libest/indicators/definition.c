#include "indicators/definition.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/bundled_text.h"

size_t est_definition_count(void)
{
    return est_i_bundled_definition_count;
}

const est_definition *est_definition_get(size_t index)
{
    return index < est_i_bundled_definition_count ? &est_i_bundled_definitions[index] : NULL;
}

const est_definition *est_definition_find(const char *id)
{
    const est_definition *found = NULL;
    for (size_t i = 0; id && i < est_i_bundled_definition_count && !found; i++)
        if (strcmp(est_i_bundled_definitions[i].id, id) == 0)
            found = &est_i_bundled_definitions[i];
    return found;
}

static const est_definition *default_of(const char *method)
{
    const est_definition *found = NULL;
    for (size_t i = 0; i < est_i_bundled_definition_count && !found; i++)
        if (strcmp(est_i_bundled_definitions[i].method, method) == 0 && strcmp(est_i_bundled_definitions[i].status, "default") == 0)
            found = &est_i_bundled_definitions[i];
    return found;
}

static const char *definition_id(const void *user, size_t index)
{
    (void)user;
    return est_i_bundled_definitions[index].id;
}

static est_status no_such(const char *id, const char *method, est_error *error)
{
    const est_definition *other = est_definition_find(id);
    const char *nearest = est_i_nearest_name(id, est_i_bundled_definition_count, definition_id, NULL);
    est_i_text names = {0};
    if (other)
        return est_i_fail(error, EST_EOPTION, "option --preset: '%s' is a definition of est %s, not of est %s", id, other->method, method);
    for (size_t i = 0; i < est_i_bundled_definition_count; i++)
        if (strcmp(est_i_bundled_definitions[i].method, method) == 0)
            est_i_text_printf(&names, "%s%s", names.length ? ", " : "", est_i_bundled_definitions[i].id);
    est_status status = est_i_fail(error, EST_EOPTION, "option --preset: no definition is called '%s'%s%s%s; those of est %s are %s", id,
                                   nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "", method,
                                   names.length && !names.failed ? names.data : "none");
    est_i_text_free(&names);
    return status;
}

est_status est_i_definition_open(const char *id, const char *method, est_i_definition *definition, est_error *error)
{
    const est_definition *about = *id ? est_definition_find(id) : default_of(method);
    *definition = (est_i_definition){0};
    if (!about || strcmp(about->method, method) != 0)
        return no_such(id, method, error);
    definition->about = about;
    return est_i_ini_parse(about->id, about->text, strlen(about->text), &definition->rules, error);
}

void est_i_definition_clear(est_i_definition *definition)
{
    est_i_ini_clear(&definition->rules);
    *definition = (est_i_definition){0};
}

const char *est_i_definition_fact(const est_i_definition *definition, const char *key)
{
    return est_i_ini_value(est_i_ini_find(&definition->rules, "definition", ""), key);
}

char *est_i_definition_place(const est_i_definition *definition, const est_i_ini_section *section, const char *key)
{
    est_i_text text = {0};
    est_i_text_printf(&text, "definition %s, [%s%s%s], %s", definition->about->id, section->kind, *section->name ? " " : "", section->name,
                      key);
    return est_i_text_take(&text);
}

char *est_i_definition_line(const est_i_ini_section *section, const char *key)
{
    char *line = est_i_string_copy(est_i_ini_value(section, key));
    for (char *at = line; at && *at; at++)
        if (*at == '\n')
            *at = ' ';
    return line;
}

bool est_i_definition_word(const char **at, const char *parted, char **word)
{
    const char *begin = *at + strspn(*at, " \t\n");
    begin += strspn(begin, parted);
    begin += strspn(begin, " \t\n");
    size_t length = strcspn(begin, parted), kept = length;
    *word = NULL;
    *at = begin + length;
    while (kept > 0 && strchr(" \t\n", begin[kept - 1]))
        kept--;
    if (kept == 0)
        return false;
    est_i_text text = {0};
    est_i_text_append_bytes(&text, begin, kept);
    *word = est_i_text_take(&text);
    return true;
}
