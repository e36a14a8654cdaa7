/* What is built in: the roles of data/roles and the presets of data/codebooks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/bundled_text.h"
#include "data/codebook_parts.h"

static const char *const kind_words[EST_I_KINDS] = {"number", "hours",  "age", "yes-no", "category",
                                                    "label",  "weight", "id",  "column"};

const char *est_i_role_kind_word(est_i_role_kind kind)
{
    return kind_words[kind];
}

/* Roles */

static bool read_kind(const char *word, est_i_role_kind *kind)
{
    bool found = false;
    for (int k = 0; k < EST_I_KIND_COLUMN && !found; k++)
        if (strcmp(kind_words[k], word) == 0) {
            *kind = (est_i_role_kind)k;
            found = true;
        }
    return found;
}

static bool read_limit(const est_i_ini_section *section, const char *key, const est_i_value_place *place, double *limit)
{
    const char *value = est_i_ini_value(section, key);
    return !*value || est_i_value_number(value, place, limit, NULL) == EST_OK;
}

static bool read_role(const est_i_ini_section *section, est_i_role_definition *role)
{
    est_i_value_place place = {"", section->line, section->kind, section->name, ""};
    est_i_codes labels = {0};
    const char *words = est_i_ini_value(section, "labels");
    *role = (est_i_role_definition){.name = section->name,
                                    .title = est_i_ini_value(section, "title"),
                                    .unit = est_i_ini_value(section, "unit"),
                                    .note = est_i_ini_value(section, "note"),
                                    .minimum = NAN,
                                    .maximum = NAN};
    bool good = *section->name && read_kind(est_i_ini_value(section, "kind"), &role->kind) &&
                read_limit(section, "minimum", &place, &role->minimum) && read_limit(section, "maximum", &place, &role->maximum);
    if (good && role->kind == EST_I_KIND_HOURS) {
        role->minimum = isnan(role->minimum) ? 0 : role->minimum;
        role->maximum = isnan(role->maximum) ? 168 : role->maximum; /* hours of a week */
    }
    good = good && (!*words || est_i_value_labels(words, &place, &labels, NULL) == EST_OK);
    role->n_labels = labels.n;
    role->labels = labels.list;
    return good;
}

static bool add_roles(est_i_codebook_shelf *shelf, const est_i_ini *file, bool is_common)
{
    size_t index = 0;
    bool good = true;
    for (const est_i_ini_section *section; good && (section = est_i_ini_next(file, "role", &index));) {
        est_i_role_definition *grown = realloc(shelf->roles, (shelf->n_roles + 1) * sizeof *grown);
        good = grown != NULL;
        if (good) {
            shelf->roles = grown;
            good = read_role(section, &grown[shelf->n_roles]);
            grown[shelf->n_roles++].is_common = is_common;
        }
    }
    return good;
}

/* Lines of a value are one line from here on. */
static void unfold(est_i_ini *ini)
{
    for (size_t s = 0; s < ini->n_sections; s++)
        for (size_t k = 0; k < ini->sections[s].n_keys; k++)
            for (char *at = ini->sections[s].keys[k].value; (at = strchr(at, '\n'));)
                *at = ' ';
}

void est_i_codebook_shelf_free(est_i_codebook_shelf *shelf)
{
    if (!shelf)
        return;
    for (size_t r = 0; r < shelf->n_roles; r++)
        est_i_codes_free(&(est_i_codes){shelf->roles[r].n_labels, shelf->roles[r].labels});
    for (size_t f = 0; f < shelf->n_files; f++)
        est_i_ini_clear(&shelf->files[f]);
    free(shelf->roles);
    free(shelf->files);
    free(shelf);
}

est_i_codebook_shelf *est_i_codebook_shelf_new(void)
{
    est_i_codebook_shelf *shelf = calloc(1, sizeof *shelf);
    bool good = shelf != NULL;
    if (!good)
        return NULL;
    shelf->files = calloc(est_i_bundled_text_count + 1, sizeof *shelf->files);
    good = shelf->files != NULL;
    for (size_t i = 0; i < est_i_bundled_text_count && good; i++) {
        const est_i_bundled_text *text = &est_i_bundled_texts[i];
        if (strcmp(text->folder, "roles") != 0)
            continue;
        est_i_ini *file = &shelf->files[shelf->n_files++];
        good = est_i_ini_parse(text->id, text->text, strlen(text->text), file, NULL) == EST_OK;
        unfold(file);
        good = good && add_roles(shelf, file, strcmp(text->id, "common") == 0);
    }
    if (!good) {
        est_i_codebook_shelf_free(shelf);
        shelf = NULL;
    }
    return shelf;
}

const est_i_role_definition *est_i_role_find(const est_i_codebook_shelf *shelf, const char *role)
{
    const est_i_role_definition *found = NULL;
    for (size_t r = 0; shelf && r < shelf->n_roles && !found; r++)
        if (strcmp(shelf->roles[r].name, role) == 0)
            found = &shelf->roles[r];
    return found;
}

const char *est_i_role_title(const est_i_codebook_shelf *shelf, const char *role)
{
    const est_i_role_definition *found = est_i_role_find(shelf, role);
    return found ? found->title : "";
}

bool est_i_codebook_knows(const est_i_codebook *codebook, const char *role)
{
    return est_i_role_find(codebook->shelf, role) != NULL;
}

/* Presets */

size_t est_codebook_preset_count(void)
{
    return est_i_bundled_codebook_count;
}

const est_codebook_preset *est_codebook_preset_get(size_t index)
{
    return index < est_i_bundled_codebook_count ? &est_i_bundled_codebooks[index] : NULL;
}

const est_codebook_preset *est_codebook_preset_find(const char *id)
{
    const est_codebook_preset *found = NULL;
    for (size_t p = 0; id && p < est_i_bundled_codebook_count && !found; p++)
        if (strcmp(est_i_bundled_codebooks[p].id, id) == 0)
            found = &est_i_bundled_codebooks[p];
    return found;
}
