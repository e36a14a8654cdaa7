/* Definitions: the rules of an indicator, read from a file of indicators/definitions. The form is in definitions/README.md. */
#ifndef EST_I_INDICATORS_DEFINITION_H
#define EST_I_INDICATORS_DEFINITION_H

#include <stdbool.h>
#include <stddef.h>

#include <est/indicator.h>

typedef struct est_i_key {
    char *name, *value;
} est_i_key;

/* "[indicator child_labour_economic]": kind "indicator", name "child_labour_economic". Keys in the order of the file. */
typedef struct est_i_section {
    char *kind, *name;
    size_t n_keys;
    est_i_key *keys;
    int line;
} est_i_section;

typedef struct est_i_definition {
    const char *id;
    size_t n_sections;
    est_i_section *sections;
} est_i_definition;

/* EST_EOPTION with the nearest name if there is no such definition of that method; "" = its default. */
est_status est_i_definition_open(const char *id, const char *method, est_i_definition **definition, est_error *error);
void est_i_definition_free(est_i_definition *definition);

/* The value of a key; "" if there is none. */
const char *est_i_section_value(const est_i_section *section, const char *key);
/* The next section of a kind, from *index on (which moves past it); NULL when there is none. */
const est_i_section *est_i_definition_next(const est_i_definition *definition, const char *kind, size_t *index);
const est_i_section *est_i_definition_find(const est_i_definition *definition, const char *kind, const char *name);
/* Of [definition]. */
const char *est_i_definition_fact(const est_i_definition *definition, const char *key);

#endif
