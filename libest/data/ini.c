#include "data/ini.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "core/error.h"
#include "core/text.h"
#include "data/utf8.h"

#define FILE_BYTES_MAX ((size_t)16 << 20)

/* What the reader of lines and the handler of keys share. */
typedef struct parse {
    const char *file, *next;
    est_i_ini *ini;
    int line;
    bool continues;   /* the line begins with a blank */
    est_status status;
    est_error *error;
} parse;

static est_status fail(parse *p, const char *what)
{
    if (p->status == EST_OK)
        p->status = est_i_fail_at(p->error, EST_EFORMAT, (est_i_place){p->file, 0, p->line, NULL}, "%s", what);
    return p->status;
}

static void *grow(void *list, size_t count, size_t *capacity, size_t size)
{
    if (list && count < *capacity)
        return list;
    size_t wanted = *capacity ? *capacity * 2 : 8;
    void *grown = realloc(list, wanted * size);
    if (grown)
        *capacity = wanted;
    return grown;
}

static char *copy_bytes(const char *bytes, size_t length)
{
    char *copy = malloc(length + 1);
    if (copy) {
        memcpy(copy, bytes, length);
        copy[length] = '\0';
    }
    return copy;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Sections */

static est_status add_section(parse *p, const char *text, size_t length)
{
    est_i_ini *ini = p->ini;
    est_i_ini_section *list = grow(ini->sections, ini->n_sections, &ini->capacity, sizeof *list);
    size_t kind = strcspn(text, " \t]"), name = kind < length ? kind : length;
    if (kind > length)
        kind = length;
    while (name < length && is_blank(text[name]))
        name++;
    if (!list)
        return p->status = est_i_no_memory(p->error);
    ini->sections = list;
    list[ini->n_sections] = (est_i_ini_section){.kind = copy_bytes(text, kind), .name = copy_bytes(text + name, length - name),
                                                .line = p->line};
    est_i_ini_section *made = &list[ini->n_sections++];
    if (!made->kind || !made->name)
        return p->status = est_i_no_memory(p->error);
    for (size_t i = 0; i + 1 < ini->n_sections; i++)
        if (strcmp(list[i].kind, made->kind) == 0 && strcmp(list[i].name, made->name) == 0)
            return fail(p, "this section is in the file already; put the two together");
    return EST_OK;
}

/* libinih tells of a section only with its first key, and cuts its name: the line is looked at before. */
static void look_at_section(parse *p, const char *line, size_t length)
{
    const char *end = memchr(line, ']', length);
    size_t size = end ? (size_t)(end - line) - 1 : 0;
    if (!end)
        fail(p, "found a section without its closing bracket, expected [kind name]");
    else if (size == 0 || size > EST_I_INI_NAME_MAX)
        fail(p, "a section's name is empty or longer than 48 letters, expected [kind name]");
    else
        add_section(p, line + 1, size);
}

static void look_at_key(parse *p, const char *line, size_t length)
{
    size_t name = strcspn(line, "=:\n");
    if (name >= length || line[name] == '\n')
        fail(p, "found neither a section nor 'key = value'");
    else if (name > EST_I_INI_NAME_MAX)
        fail(p, "a key is longer than 48 letters");
    else if (p->ini->n_sections == 0)
        fail(p, "found a key before the first section, expected [kind name]");
}

static void look_at_line(parse *p, const char *line, size_t length)
{
    size_t begin = 0;
    while (begin < length && is_blank(line[begin]))
        begin++;
    p->continues = begin > 0;
    if (length > EST_I_INI_LINE_MAX)
        fail(p, "the line is longer than 190 bytes; break it: a line that begins with a blank goes on with the value above");
    else if (begin == length || line[begin] == ';' || line[begin] == '#' || line[begin] == '\r')
        return;
    else if (line[begin] == '[')
        look_at_section(p, line + begin, length - begin);
    else if (!p->continues)
        look_at_key(p, line + begin, length - begin);
}

/* One line for libinih, as fgets gives it. */
static char *next_line(char *buffer, int size, void *user)
{
    parse *p = user;
    if (!*p->next || p->status != EST_OK)
        return NULL;
    size_t length = strcspn(p->next, "\n");
    bool feed = p->next[length] == '\n';
    p->line++;
    look_at_line(p, p->next, length);
    if (p->status != EST_OK || (int)length + 2 > size)
        return NULL;
    memcpy(buffer, p->next, length);
    buffer[length] = '\n';
    buffer[length + 1] = '\0';
    p->next += length + feed;
    return buffer;
}

/* Keys */

static bool append_line(est_i_ini_key *key, const char *value)
{
    size_t old = strlen(key->value), added = strlen(value);
    char *grown = realloc(key->value, old + added + 2);
    if (!grown)
        return false;
    key->value = grown;
    grown[old] = '\n';
    memcpy(grown + old + 1, value, added + 1);
    return true;
}

static int take_key(void *user, const char *section, const char *name, const char *value)
{
    parse *p = user;
    (void)section;
    if (p->status != EST_OK || p->ini->n_sections == 0)
        return 0;
    est_i_ini_section *s = &p->ini->sections[p->ini->n_sections - 1];
    if (p->continues && s->n_keys > 0) {
        if (!append_line(&s->keys[s->n_keys - 1], value))
            p->status = est_i_no_memory(p->error);
        return p->status == EST_OK;
    }
    for (size_t i = 0; i < s->n_keys; i++)
        if (strcmp(s->keys[i].name, name) == 0)
            fail(p, "this key is in its section already");
    est_i_ini_key *list = grow(s->keys, s->n_keys, &s->capacity, sizeof *list);
    if (list) {
        s->keys = list;
        list[s->n_keys] = (est_i_ini_key){est_i_string_copy(name), est_i_string_copy(value), p->line};
        s->n_keys++;
    }
    if (!list || !list[s->n_keys - 1].name || !list[s->n_keys - 1].value)
        p->status = est_i_no_memory(p->error);
    return p->status == EST_OK;
}

est_status est_i_ini_parse(const char *file, const char *text, size_t length, est_i_ini *ini, est_error *error)
{
    parse p = {.file = file, .next = text, .ini = ini, .error = error};
    *ini = (est_i_ini){0};
    if (strlen(text) != length)
        return fail(&p, "found a NUL byte, expected a text file");
    if (!est_i_utf8_valid(text))
        return fail(&p, "found bytes that are no UTF-8, expected a text file");
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        p.next += 3;
    int wrong = ini_parse_stream(next_line, &p, take_key, &p);
    if (p.status == EST_OK && wrong) {
        p.line = wrong > 0 ? wrong : p.line;
        fail(&p, "found neither a section nor 'key = value'");
    }
    return p.status;
}

est_status est_i_ini_read(const char *path, est_i_ini *ini, est_error *error)
{
    est_i_place place = {path, 0, 0, NULL};
    est_status status = EST_OK;
    char *text = NULL;
    size_t length = 0;
    FILE *file = fopen(path, "rb");
    *ini = (est_i_ini){0};
    if (!file)
        return est_i_fail_at(error, EST_EFILE, place, "cannot be opened: %s", strerror(errno));
    text = malloc(FILE_BYTES_MAX + 1);
    if (!text)
        status = est_i_no_memory(error);
    if (status == EST_OK) {
        length = fread(text, 1, FILE_BYTES_MAX + 1, file);
        if (ferror(file))
            status = est_i_fail_at(error, EST_EFILE, place, "cannot be read: %s", strerror(errno));
        else if (length > FILE_BYTES_MAX)
            status = est_i_fail_at(error, EST_EFORMAT, place, "is larger than 16 MiB, expected a codebook");
    }
    if (status == EST_OK) {
        text[length] = '\0';
        status = est_i_ini_parse(path, text, length, ini, error);
    }
    free(text);
    fclose(file);
    return status;
}

void est_i_ini_clear(est_i_ini *ini)
{
    for (size_t i = 0; i < ini->n_sections; i++) {
        est_i_ini_section *section = &ini->sections[i];
        for (size_t j = 0; j < section->n_keys; j++) {
            free(section->keys[j].name);
            free(section->keys[j].value);
        }
        free(section->keys);
        free(section->kind);
        free(section->name);
    }
    free(ini->sections);
    *ini = (est_i_ini){0};
}

/* Looking */

const char *est_i_ini_value(const est_i_ini_section *section, const char *key)
{
    const char *value = "";
    for (size_t i = 0; section && i < section->n_keys; i++)
        if (strcmp(section->keys[i].name, key) == 0)
            value = section->keys[i].value;
    return value;
}

const est_i_ini_section *est_i_ini_find(const est_i_ini *ini, const char *kind, const char *name)
{
    const est_i_ini_section *found = NULL;
    for (size_t i = 0; i < ini->n_sections && !found; i++)
        if (strcmp(ini->sections[i].kind, kind) == 0 && strcmp(ini->sections[i].name, name) == 0)
            found = &ini->sections[i];
    return found;
}

const est_i_ini_section *est_i_ini_next(const est_i_ini *ini, const char *kind, size_t *index)
{
    while (*index < ini->n_sections && strcmp(ini->sections[*index].kind, kind) != 0)
        (*index)++;
    return *index < ini->n_sections ? &ini->sections[(*index)++] : NULL;
}
