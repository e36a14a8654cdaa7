/* Definitions: the rules of an indicator, read from a file of indicators/definitions. The form is in definitions/README.md. */
#ifndef EST_I_INDICATORS_DEFINITION_H
#define EST_I_INDICATORS_DEFINITION_H

#include <stdbool.h>
#include <stddef.h>

#include <est/indicator.h>

#include "data/ini.h"

typedef struct est_i_definition {
    const est_definition *about;
    est_i_ini rules;
} est_i_definition;

/* "" = the default of that method. EST_EOPTION with the nearest name if there is no such definition of that method. The caller clears
 * *definition. */
est_status est_i_definition_open(const char *id, const char *method, est_i_definition *definition, est_error *error);
void est_i_definition_clear(est_i_definition *definition);

/* A key of [definition]; "" if there is none. */
const char *est_i_definition_fact(const est_i_definition *definition, const char *key);
/* "definition sdg-8.7.1, [indicator child_labour_economic], value": for messages about a rule. The caller frees it; NULL without memory. */
char *est_i_definition_place(const est_i_definition *definition, const est_i_ini_section *section, const char *key);
/* The value of a key with its lines joined by blanks, to be freed; NULL without memory. */
char *est_i_definition_line(const est_i_ini_section *section, const char *key);

/* The next word of a list parted by commas, semicolons or line feeds as `parted` says, from *at on, without blanks around it; *at moves
 * behind it. false at the end. The caller frees *word; NULL without memory. */
bool est_i_definition_word(const char **at, const char *parted, char **word);

#endif
