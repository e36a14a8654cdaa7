/* Codebooks: files and presets, their sections checked and laid over each other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "data/codebook_parts.h"
#include "data/expression.h"

#define LAYERS_MAX 8

static const char *const fact_names[] = {"title",  "source",           "preset",     "population", "geography",
                                         "period", "reference-period", "definition", "weights",    "strata-expected",
                                         "sample", "synthetic",        "recognise"};
#define FACTS (sizeof fact_names / sizeof fact_names[0])

static const char *const entry_keys[] = {"column",  "value",   "absent", "codes",  "special", "genuine",
                                         "minimum", "maximum", "scale",  "labels", "required"};
#define ENTRY_KEYS (sizeof entry_keys / sizeof entry_keys[0])

static const char *const section_kinds[] = {"codebook", "role", "column"};

size_t est_i_codebook_facts(void)
{
    return FACTS;
}

const char *est_i_codebook_fact_name(size_t index)
{
    return index < FACTS ? fact_names[index] : NULL;
}

/* Nearest names */

typedef struct name_list {
    size_t n;
    const char *const *names;
} name_list;

static const char *listed_name(const void *user, size_t index)
{
    return ((const name_list *)user)->names[index];
}

static const char *role_name(const void *user, size_t index)
{
    const est_i_codebook_shelf *shelf = user;
    return shelf->roles[index].name;
}

static const char *preset_name(const void *user, size_t index)
{
    (void)user;
    return est_codebook_preset_get(index)->id;
}

/* "did you mean x?", or the names, into a text that the caller frees. */
static void suggest(est_i_text *text, const char *name, size_t n, const char *(*candidate)(const void *, size_t), const void *user)
{
    const char *nearest = est_i_nearest_name(name, n, candidate, user);
    if (nearest)
        est_i_text_printf(text, "did you mean '%s'?", nearest);
    for (size_t i = 0; i < n && i < 16 && !nearest; i++)
        est_i_text_printf(text, "%s%s", i ? ", " : "expected one of ", candidate(user, i));
    if (!nearest)
        est_i_text_append(text, n > 16 ? ", ..." : n == 0 ? "there are none" : "");
}

static est_status fail_name(const est_i_value_place *place, const char *what, const char *name, size_t n,
                            const char *(*candidate)(const void *, size_t), const void *user, est_error *error)
{
    est_i_text words = {0};
    suggest(&words, name, n, candidate, user);
    est_status status = words.failed ? est_i_no_memory(error)
                                     : est_i_value_fail(place, error, "found no such %s as '%.64s'; %s", what, name, words.data);
    est_i_text_free(&words);
    return status;
}

static bool is_note(const char *key)
{
    return strncmp(key, "note", 4) == 0 && (key[4] == '\0' || key[4] == '-');
}

static bool is_listed(const char *name, size_t n, const char *const *names)
{
    bool is = false;
    for (size_t i = 0; i < n && !is; i++)
        is = strcmp(names[i], name) == 0;
    return is;
}

/* Sections */

est_i_value_place est_i_entry_place(const est_i_codebook_entry *entry, const char *key)
{
    est_i_value_place place = {entry->file, entry->section->line, entry->section->kind, entry->section->name, key};
    for (size_t k = 0; k < entry->section->n_keys; k++)
        if (strcmp(entry->section->keys[k].name, key) == 0)
            place.line = entry->section->keys[k].line;
    return place;
}

est_i_codebook_entry *est_i_codebook_find(const est_i_codebook *codebook, const char *kind, const char *name)
{
    est_i_codebook_entry *found = NULL;
    for (size_t i = 0; i < codebook->n_entries && !found; i++)
        if (strcmp(codebook->entries[i].section->kind, kind) == 0 && strcmp(codebook->entries[i].section->name, name) == 0)
            found = &codebook->entries[i];
    return found;
}

/* A line that begins with a blank goes on with the value above, also if it was meant as a key of its own. */
static est_status check_folded(const est_i_value_place *place, const char *value, size_t n, const char *const *names,
                               est_error *error)
{
    for (const char *at = strchr(value, '\n'); at; at = strchr(at + 1, '\n')) {
        size_t length = strcspn(at + 1, " \t=:\n");
        const char *after = at + 1 + length + strspn(at + 1 + length, " \t");
        for (size_t i = 0; i < n; i++)
            if (strlen(names[i]) == length && strncmp(names[i], at + 1, length) == 0 && *after == '=' && after[1] != '=')
                return est_i_value_fail(
                    place, error,
                    "the line '%.*s = ...' below it begins with a blank and so belongs to this value; begin it at "
                    "the margin",
                    (int)length, at + 1);
    }
    return EST_OK;
}

static est_status check_keys(const char *file, est_i_ini_section *section, size_t n, const char *const *names, est_error *error)
{
    est_status status = EST_OK;
    for (size_t k = 0; k < section->n_keys && status == EST_OK; k++) {
        est_i_ini_key *key = &section->keys[k];
        est_i_value_place place = {file, key->line, section->kind, section->name, key->name};
        name_list list = {n, names};
        if (!is_note(key->name) && !is_listed(key->name, n, names))
            status = fail_name(&(est_i_value_place){file, key->line, section->kind, section->name, ""}, "key", key->name, n,
                               listed_name, &list, error);
        if (status == EST_OK)
            status = check_folded(&place, key->value, n, names, error);
        for (char *at = key->value; (at = strchr(at, '\n'));)
            *at = ' ';
        if (status == EST_OK && !*key->value)
            status = est_i_value_fail(&place, error, "found nothing; write its value, or take the line out");
    }
    return status;
}

static bool any_name(void *user, const char *name)
{
    (void)user;
    (void)name;
    return true;
}

static est_status check_expression(const char *value, const est_i_value_place *place, est_error *error)
{
    est_i_text what = {0};
    est_i_text_printf(&what, "%s, line %d, [%s%s%s], %s", place->file, place->line, place->kind, *place->name ? " " : "",
                      place->name, place->key);
    est_status status = what.failed ? est_i_no_memory(error) : est_i_expression_each_name(value, what.data, any_name, NULL, error);
    est_i_text_free(&what);
    return status;
}

/* Facts */

static est_status check_fact(const est_i_value_place *place, const char *value, est_error *error)
{
    const char *key = place->key;
    bool yes = false;
    double number = 0;
    est_status status = EST_OK;
    if (strcmp(key, "synthetic") == 0)
        status = est_i_value_yes(value, place, &yes, error);
    else if (strcmp(key, "weights") == 0 && strcmp(value, "population") != 0 && strcmp(value, "normalised") != 0)
        status =
            est_i_value_fail(place, error, "found '%.80s', expected population (they add up to the people) or normalised", value);
    else if (strcmp(key, "strata-expected") == 0) {
        status = est_i_value_number(value, place, &number, error);
        if (status == EST_OK && !(number >= 1 && number <= 1e6 && number == floor(number)))
            status = est_i_value_fail(place, error, "found '%.80s', expected how many strata the survey has", value);
    } else if (strcmp(key, "sample") == 0)
        status = check_expression(value, place, error);
    return status;
}

bool est_i_codebook_set_fact(est_i_codebook *codebook, const char *key, const char *value)
{
    char *copy = est_i_string_copy(value);
    for (size_t i = 0; i < codebook->n_facts && copy; i++)
        if (strcmp(codebook->facts[i].key, key) == 0) {
            free(codebook->facts[i].value);
            codebook->facts[i].value = copy;
            return true;
        }
    est_i_fact *grown = copy ? realloc(codebook->facts, (codebook->n_facts + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(copy);
        return false;
    }
    codebook->facts = grown;
    grown[codebook->n_facts] = (est_i_fact){est_i_string_copy(key), copy};
    if (!grown[codebook->n_facts].key) {
        free(copy);
        return false;
    }
    codebook->n_facts++;
    return true;
}

const char *est_i_codebook_fact(const est_i_codebook *codebook, const char *key)
{
    const char *value = "";
    for (size_t i = 0; i < codebook->n_facts; i++)
        if (strcmp(codebook->facts[i].key, key) == 0)
            value = codebook->facts[i].value;
    return value;
}

static est_status take_facts(est_i_codebook *codebook, const est_i_codebook_layer *layer, est_i_ini_section *section,
                             est_error *error)
{
    est_i_value_place place = {layer->file, section->line, section->kind, section->name, ""};
    if (*section->name)
        return est_i_value_fail(&place, error, "found a name, expected [codebook]");
    est_status status = check_keys(layer->file, section, FACTS, fact_names, error);
    for (size_t k = 0; k < section->n_keys && status == EST_OK; k++) {
        place.line = section->keys[k].line;
        place.key = section->keys[k].name;
        status = check_fact(&place, section->keys[k].value, error);
        if (status == EST_OK && !est_i_codebook_set_fact(codebook, section->keys[k].name, section->keys[k].value))
            status = est_i_no_memory(error);
    }
    return status;
}

/* Roles and columns */

static void free_entry(est_i_codebook_entry *entry)
{
    free(entry->column);
    free(entry->value);
    est_i_codes_free(&entry->codes);
    est_i_codes_free(&entry->special_texts);
    est_i_codes_free(&entry->labels);
    free(entry->special.list);
    free(entry->genuine.list);
    *entry = (est_i_codebook_entry){0};
}

static bool is_number_kind(est_i_role_kind kind)
{
    return kind == EST_I_KIND_NUMBER || kind == EST_I_KIND_HOURS || kind == EST_I_KIND_AGE || kind == EST_I_KIND_COLUMN;
}

/* Does the key do something for a role of this kind, computed or not? */
static bool key_counts(const est_i_codebook_entry *entry, const char *key)
{
    est_i_role_kind kind = entry->kind;
    bool of_value = *entry->value != '\0', counts = true;
    if (strcmp(key, "codes") == 0)
        counts = !of_value && kind != EST_I_KIND_WEIGHT && kind != EST_I_KIND_ID;
    else if (strcmp(key, "special") == 0)
        counts = !of_value && kind != EST_I_KIND_WEIGHT && kind != EST_I_KIND_ID;
    else if (strcmp(key, "genuine") == 0)
        counts = !of_value && is_number_kind(kind);
    else if (strcmp(key, "minimum") == 0 || strcmp(key, "maximum") == 0)
        counts = is_number_kind(kind);
    else if (strcmp(key, "scale") == 0)
        counts = !of_value && (is_number_kind(kind) || kind == EST_I_KIND_WEIGHT);
    else if (strcmp(key, "labels") == 0)
        counts = kind == EST_I_KIND_CATEGORY || kind == EST_I_KIND_LABEL;
    else if (strcmp(key, "column") == 0 || strcmp(key, "value") == 0 || strcmp(key, "absent") == 0 || strcmp(key, "required") == 0)
        counts = kind != EST_I_KIND_COLUMN;
    return counts;
}

static est_status read_key(est_i_codebook_entry *entry, const est_i_ini_key *key, est_error *error)
{
    est_i_value_place place = est_i_entry_place(entry, key->name);
    est_status status = EST_OK;
    if (strcmp(key->name, "codes") == 0)
        status = est_i_value_codes(key->value, &place, &entry->codes, error);
    else if (strcmp(key->name, "special") == 0)
        status = est_i_value_numbers(key->value, &place, &entry->special, &entry->special_texts, error);
    else if (strcmp(key->name, "genuine") == 0)
        status = est_i_value_numbers(key->value, &place, &entry->genuine, NULL, error);
    else if (strcmp(key->name, "minimum") == 0)
        status = est_i_value_number(key->value, &place, &entry->minimum, error);
    else if (strcmp(key->name, "maximum") == 0)
        status = est_i_value_number(key->value, &place, &entry->maximum, error);
    else if (strcmp(key->name, "scale") == 0)
        status = est_i_value_scale(key->value, &place, &entry->scale, &entry->divisor, error);
    else if (strcmp(key->name, "labels") == 0)
        status = est_i_value_labels(key->value, &place, &entry->labels, error);
    else if (strcmp(key->name, "absent") == 0)
        status = est_i_value_yes(key->value, &place, &entry->absent, error);
    else if (strcmp(key->name, "required") == 0)
        status = est_i_value_yes(key->value, &place, &entry->required, error);
    else if (strcmp(key->name, "value") == 0)
        status = check_expression(key->value, &place, error);
    return status;
}

static est_status check_source(const est_i_codebook_entry *entry, est_error *error)
{
    est_i_value_place place = est_i_entry_place(entry, "");
    int ways = (*entry->column != '\0') + (*entry->value != '\0') + entry->absent;
    if (entry->kind == EST_I_KIND_COLUMN || ways == 1)
        return EST_OK;
    return est_i_value_fail(&place, error, "found %s, expected one of: column = NAME, value = EXPRESSION, absent = yes",
                            ways == 0 ? "none" : "more than one");
}

/* The numbers that codes lead to are the role's. */
static est_status check_codes(const est_i_codebook_entry *entry, est_error *error)
{
    est_i_value_place place = est_i_entry_place(entry, "codes");
    const est_i_role_definition *role = entry->role;
    for (size_t i = 0; i < entry->codes.n; i++) {
        double number = entry->codes.list[i].number;
        bool known = entry->kind == EST_I_KIND_YES_NO ? number == 0 || number == 1
                                                      : entry->kind != EST_I_KIND_CATEGORY || role->n_labels == 0;
        for (size_t k = 0; role && k < role->n_labels && !known; k++)
            known = role->labels[k].number == number;
        for (size_t k = 0; k < entry->labels.n && !known; k++)
            known = entry->labels.list[k].number == number;
        if (!known)
            return est_i_value_fail(&place, error, "'%.64s' leads to a number that role %s does not have; expected %s",
                                    entry->codes.list[i].text, role->name,
                                    entry->kind == EST_I_KIND_YES_NO ? "1 (yes) or 0 (no); special = CODE for a missing answer"
                                                                     : "one of its labels (est codebook show, or labels = ...)");
    }
    return EST_OK;
}

/* ".a" to ".z". Cells with such a tag of Stata are missing anyway: to list one says that it is known. */
static bool is_tag(const char *text)
{
    return text[0] == '.' && text[1] >= 'a' && text[1] <= 'z' && text[2] == '\0';
}

static est_status check_special_texts(const est_i_codebook_entry *entry, const est_i_value_place *place, est_error *error)
{
    est_status status = EST_OK;
    for (size_t i = 0; i < entry->special_texts.n && entry->codes.n == 0 && status == EST_OK; i++)
        if (!is_tag(entry->special_texts.list[i].text))
            status = est_i_value_fail(place, error, "found '%.64s', which is no number; texts can be special only beside codes = ...",
                                      entry->special_texts.list[i].text);
    return status;
}

static est_status check_values(const est_i_codebook_entry *entry, est_error *error)
{
    est_i_value_place place = est_i_entry_place(entry, "special");
    est_status status = check_codes(entry, error);
    for (size_t i = 0; i < entry->genuine.n && status == EST_OK; i++)
        if (est_i_numbers_has(&entry->special, entry->genuine.list[i]))
            status = est_i_value_fail(&place, error, "a code is both special and genuine, expected one of the two");
    if (status == EST_OK)
        status = check_special_texts(entry, &place, error);
    for (size_t i = 0; i < entry->codes.n && status == EST_OK; i++) {
        const char *text = entry->codes.list[i].text;
        double number = NAN;
        bool twice = est_i_number_parse(text, strlen(text), &number) && est_i_numbers_has(&entry->special, number);
        for (size_t k = 0; k < entry->special_texts.n && !twice; k++)
            twice = strcmp(entry->special_texts.list[k].text, text) == 0;
        if (twice)
            status = est_i_value_fail(&place, error, "'%.64s' is in codes too, expected it in one of the two", text);
    }
    if (status == EST_OK && entry->minimum > entry->maximum)
        status = est_i_value_fail(&(est_i_value_place){place.file, place.line, place.kind, place.name, "maximum"}, error,
                                  "is below minimum");
    return status;
}

static est_status read_entry(est_i_codebook_entry *entry, est_error *error)
{
    const est_i_ini_section *section = entry->section;
    est_status status = EST_OK;
    entry->minimum = entry->maximum = NAN;
    entry->scale = entry->divisor = 1;
    entry->column = est_i_string_copy(entry->role ? est_i_ini_value(section, "column") : section->name);
    entry->value = est_i_string_copy(est_i_ini_value(section, "value"));
    if (!entry->column || !entry->value)
        return est_i_no_memory(error);
    for (size_t k = 0; k < section->n_keys && status == EST_OK; k++) {
        const est_i_ini_key *key = &section->keys[k];
        if (!key_counts(entry, key->name)) {
            est_i_value_place place = est_i_entry_place(entry, key->name);
            status = est_i_value_fail(&place, error, "has no meaning for %s of kind %s%s", entry->role ? "a role" : "a section",
                                      est_i_role_kind_word(entry->kind), *entry->value ? " that is an expression" : "");
        } else {
            status = read_key(entry, key, error);
        }
    }
    if (status == EST_OK)
        status = check_source(entry, error);
    if (status == EST_OK)
        status = check_values(entry, error);
    entry->state = entry->absent ? EST_I_ROLE_ABSENT : EST_I_ROLE_MAPPED;
    return status;
}

/* The place of a section among the entries: that of the section it replaces, else a new one. */
static est_i_codebook_entry *place_of(est_i_codebook *codebook, const est_i_ini_section *section)
{
    est_i_codebook_entry *entry = est_i_codebook_find(codebook, section->kind, section->name);
    if (entry) {
        free_entry(entry);
        return entry;
    }
    est_i_codebook_entry *grown = realloc(codebook->entries, (codebook->n_entries + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    codebook->entries = grown;
    entry = &grown[codebook->n_entries];
    *entry = (est_i_codebook_entry){0};
    entry->section = section;
    codebook->n_entries++;
    return entry;
}

static est_status take_entry(est_i_codebook *codebook, const est_i_codebook_layer *layer, est_i_ini_section *section,
                             est_error *error)
{
    const est_i_codebook_shelf *shelf = codebook->shelf;
    est_i_value_place place = {layer->file, section->line, section->kind, section->name, ""};
    bool is_role = strcmp(section->kind, "role") == 0;
    const est_i_role_definition *role = is_role ? est_i_role_find(shelf, section->name) : NULL;
    if (!*section->name)
        return est_i_value_fail(&place, error, "found no name, expected [%s NAME]", section->kind);
    if (is_role && !role)
        return fail_name(&place, "role", section->name, shelf->n_roles, role_name, shelf, error);
    est_status status = check_keys(layer->file, section, ENTRY_KEYS, entry_keys, error);
    if (status != EST_OK)
        return status;
    est_i_codebook_entry *entry = place_of(codebook, section);
    if (!entry)
        return est_i_no_memory(error);
    entry->section = section;
    entry->file = layer->file;
    entry->own = layer->own;
    entry->role = role;
    entry->kind = role ? role->kind : EST_I_KIND_COLUMN;
    return read_entry(entry, error);
}

/* Layers */

static est_status overlay(est_i_codebook *codebook, const est_i_codebook_layer *layer, est_error *error)
{
    est_status status = EST_OK;
    for (size_t s = 0; s < layer->ini.n_sections && status == EST_OK; s++) {
        est_i_ini_section *section = &layer->ini.sections[s];
        name_list list = {sizeof section_kinds / sizeof section_kinds[0], section_kinds};
        if (strcmp(section->kind, "codebook") == 0)
            status = take_facts(codebook, layer, section, error);
        else if (is_listed(section->kind, list.n, list.names))
            status = take_entry(codebook, layer, section, error);
        else
            status = fail_name(&(est_i_value_place){layer->file, section->line, section->kind, section->name, ""}, "section",
                               section->kind, list.n, listed_name, &list, error);
    }
    return status;
}

static bool is_path(const char *name)
{
    size_t length = strlen(name);
    struct stat about;
    return strchr(name, '/') || (length > 4 && strcmp(name + length - 4, ".ini") == 0) || stat(name, &about) == 0;
}

static est_status no_codebook(const char *name, est_error *error)
{
    est_i_text words = {0};
    suggest(&words, name, est_codebook_preset_count(), preset_name, NULL);
    est_status status =
        words.failed
            ? est_i_no_memory(error)
            : est_i_fail_at(error, EST_EFILE, (est_i_place){name, 0, 0, NULL},
                            "found neither a codebook of this path nor a preset; %s (est codebook lists the presets)", words.data);
    est_i_text_free(&words);
    return status;
}

static est_status read_layer(const char *name, est_i_codebook_layer *layer, est_error *error)
{
    const est_codebook_preset *preset = est_codebook_preset_find(name);
    struct stat about;
    est_status status = EST_OK;
    layer->file = est_i_string_copy(name);
    if (!layer->file)
        return est_i_no_memory(error);
    if (preset)
        return est_i_ini_parse(name, preset->text, strlen(preset->text), &layer->ini, error);
    if (!is_path(name))
        return no_codebook(name, error);
    if (stat(name, &about) == 0 && S_ISDIR(about.st_mode))
        return est_i_fail_at(error, EST_EFILE, (est_i_place){name, 0, 0, NULL}, "found a folder, expected a codebook (.ini)");
    status = est_i_ini_read(name, &layer->ini, error);
    if (status == EST_OK && layer->ini.n_sections == 0)
        status = est_i_fail_at(error, EST_EFORMAT, (est_i_place){name, 0, 0, NULL},
                               "found no section, expected a codebook: [codebook], [role NAME] ...; est codebook init writes one");
    return status;
}

/* The path of a preset that a file names: beside the file, unless it is absolute or built in. */
static char *beside(const char *file, const char *name)
{
    const char *slash = strrchr(file, '/');
    est_i_text path = {0};
    if (slash && name[0] != '/' && !est_codebook_preset_find(name))
        est_i_text_append_bytes(&path, file, (size_t)(slash - file) + 1);
    est_i_text_append(&path, name);
    return est_i_text_take(&path);
}

static est_status fail_cycle(const est_i_codebook *codebook, const char *name, const est_i_value_place *place, est_error *error)
{
    est_i_text chain = {0};
    for (size_t i = 0; i < codebook->n_layers; i++)
        est_i_text_printf(&chain, "%s, ", codebook->layers[i].file);
    est_i_text_append(&chain, name);
    est_status status = chain.failed ? est_i_no_memory(error)
                                     : est_i_value_fail(place, error, "presets name each other, or are more than %d: %.400s",
                                                        LAYERS_MAX, chain.data);
    est_i_text_free(&chain);
    return status;
}

/* Reads a layer and those below it; the first is the outermost. */
static est_status read_layers(est_i_codebook *codebook, const char *name, est_error *error)
{
    char *next = est_i_string_copy(name);
    est_status status = next ? EST_OK : est_i_no_memory(error);
    while (next && status == EST_OK) {
        est_i_codebook_layer *layer = &codebook->layers[codebook->n_layers++];
        status = read_layer(next, layer, error);
        layer->own = codebook->n_layers == 1 && !est_codebook_preset_find(next);
        free(next);
        next = NULL;
        const est_i_ini_section *head = status == EST_OK ? est_i_ini_find(&layer->ini, "codebook", "") : NULL;
        const char *preset = head ? est_i_ini_value(head, "preset") : "";
        if (!*preset)
            break;
        next = beside(layer->file, preset);
        bool again = codebook->n_layers == LAYERS_MAX;
        for (size_t i = 0; next && i < codebook->n_layers; i++)
            again = again || strcmp(codebook->layers[i].file, next) == 0;
        est_i_value_place place = {layer->file, head->line, "codebook", "", "preset"};
        if (!next)
            status = est_i_no_memory(error);
        else if (again)
            status = fail_cycle(codebook, next, &place, error);
    }
    free(next);
    return status;
}

static est_status check_columns_once(const est_i_codebook *codebook, est_error *error)
{
    for (size_t i = 0; i < codebook->n_entries; i++) {
        const est_i_codebook_entry *entry = &codebook->entries[i];
        const est_i_codebook_entry *column =
            entry->role && *entry->column ? est_i_codebook_find(codebook, "column", entry->column) : NULL;
        bool is_alias = entry->kind == EST_I_KIND_ID || entry->kind == EST_I_KIND_LABEL;
        /* A preset's section of a column yields to a role of the user's. */
        if (column && !is_alias && (column->own || !entry->own)) {
            est_i_value_place place = est_i_entry_place(column, "");
            return est_i_value_fail(&place, error, "role %s reads this column by its own rules; move these keys to [role %s]",
                                    entry->section->name, entry->section->name);
        }
    }
    return EST_OK;
}

est_status est_i_codebook_open(const char *name, est_i_codebook **codebook, est_error *error)
{
    est_i_codebook *made = calloc(1, sizeof *made);
    est_status status = made ? EST_OK : est_i_no_memory(error);
    *codebook = NULL;
    est_error_clear(error);
    if (!made)
        return status;
    made->name = est_i_string_copy(name && *name ? name : "");
    made->layers = calloc(LAYERS_MAX, sizeof *made->layers);
    made->shelf = est_i_codebook_shelf_new();
    if (!made->name || !made->layers || !made->shelf)
        status = est_i_no_memory(error);
    else if (!*made->name)
        status = est_i_fail(error, EST_EFILE, "found no name of the codebook, expected the path of an .ini file or a preset");
    if (status == EST_OK)
        status = read_layers(made, made->name, error);
    for (size_t i = made->n_layers; i > 0 && status == EST_OK; i--)
        status = overlay(made, &made->layers[i - 1], error);
    if (status == EST_OK)
        status = check_columns_once(made, error);
    if (status == EST_OK)
        *codebook = made;
    else
        est_i_codebook_free(made);
    return status;
}

void est_i_codebook_free(est_i_codebook *codebook)
{
    if (!codebook)
        return;
    for (size_t i = 0; i < codebook->n_entries; i++)
        free_entry(&codebook->entries[i]);
    for (size_t i = 0; i < codebook->n_layers; i++) {
        est_i_ini_clear(&codebook->layers[i].ini);
        free(codebook->layers[i].file);
    }
    for (size_t i = 0; i < codebook->n_facts; i++) {
        free(codebook->facts[i].key);
        free(codebook->facts[i].value);
    }
    free(codebook->facts);
    free(codebook->entries);
    free(codebook->layers);
    est_i_codebook_shelf_free(codebook->shelf);
    free(codebook->name);
    free(codebook);
}

const char *est_i_codebook_name(const est_i_codebook *codebook)
{
    return codebook->name;
}

est_i_role_state est_i_codebook_role(const est_i_codebook *codebook, const char *role)
{
    const est_i_codebook_entry *entry = est_i_codebook_find(codebook, "role", role);
    return entry ? entry->state : EST_I_ROLE_UNMAPPED;
}
