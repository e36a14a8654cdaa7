/* INI files as sections and keys, through libinih.
 *
 * "[kind name]" begins a section, "key = value" is in it; a line that begins with a blank goes on with the value above; ";" and "#" at the
 * beginning of a line, and ";" after a blank, begin a comment. libinih cuts long lines and names without a word, so those are faults here:
 * lines of more than EST_I_INI_LINE_MAX bytes, sections and keys of more than EST_I_INI_NAME_MAX. */
#ifndef EST_I_DATA_INI_H
#define EST_I_DATA_INI_H

#include <stddef.h>

#include <est/error.h>

#define EST_I_INI_LINE_MAX 190
#define EST_I_INI_NAME_MAX 48

typedef struct est_i_ini_key {
    char *name, *value; /* lines of a value are parted by a line feed */
    int line;
} est_i_ini_key;

/* "[role age]": kind "role", name "age"; a section of one word has the name "". */
typedef struct est_i_ini_section {
    char *kind, *name;
    size_t n_keys, capacity;
    est_i_ini_key *keys;
    int line;
} est_i_ini_section;

typedef struct est_i_ini {
    size_t n_sections, capacity;
    est_i_ini_section *sections; /* in the order of the file */
} est_i_ini;

/* EST_EFORMAT with file and line: no section yet, a section or a key that is given twice, a line that is neither, one that is too long, a NUL
 * byte or text that is no UTF-8. The caller clears *ini, also after a fault. */
est_status est_i_ini_parse(const char *file, const char *text, size_t length, est_i_ini *ini, est_error *error);
/* The same from a file of at most 16 MiB. EST_EFILE. */
est_status est_i_ini_read(const char *path, est_i_ini *ini, est_error *error);
void est_i_ini_clear(est_i_ini *ini);

/* The value of a key of a section; "" if there is none. Borrowed. */
const char *est_i_ini_value(const est_i_ini_section *section, const char *key);
const est_i_ini_section *est_i_ini_find(const est_i_ini *ini, const char *kind, const char *name); /* NULL if there is none */
/* The next section of a kind, from *index on, which moves past it; NULL when there is none. */
const est_i_ini_section *est_i_ini_next(const est_i_ini *ini, const char *kind, size_t *index);

#endif
