/* What an estimate is of, and whether two estimates are of the same thing. Estimates that differ in a key are neither subtracted
 * nor put in one series unless the user says so, and then the break is marked. */
#ifndef EST_I_INDICATORS_COMPARABILITY_H
#define EST_I_INDICATORS_COMPARABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include <est/result.h>

#include "core/text.h"

typedef enum est_i_key {
    EST_I_KEY_INDICATOR = 0,
    EST_I_KEY_CONCEPT, /* employment is not child labour */
    EST_I_KEY_GEOGRAPHY,
    EST_I_KEY_AGES,
    EST_I_KEY_SEX,
    EST_I_KEY_POPULATION,
    EST_I_KEY_DEFINITION, /* "ID: words" and "ID" are the same definition */
    EST_I_KEY_REFERENCE_PERIOD,
    EST_I_KEY_UNIT,
    EST_I_KEYS
} est_i_key;

/* Borrowed texts, never NULL; "" = not told. */
typedef struct est_i_keys {
    const char *value[EST_I_KEYS];
} est_i_keys;

const char *est_i_key_name(est_i_key key);  /* "reference_period" */
const char *est_i_key_words(est_i_key key); /* "reference period" */

/* Concept of an indicator that is known here, "" of any other; likewise its unit. */
const char *est_i_concept_of(const char *indicator);
const char *est_i_unit_of(const char *indicator);

/* Fills what follows from the rest where it is not told: concept and unit from the indicator, sex from a population of women,
 * girls, men or boys. */
void est_i_keys_complete(est_i_keys *keys);

/* Of a row of a result: texts of the row, sex and place from its labels ("sex", "county", "residence"). `place` holds the name of a
 * place made of several labels; free it after the last use of the keys. *others: the row has labels that are no keys (wealth). */
est_i_keys est_i_keys_of_row(const est_row *row, est_i_text *place, bool *others);

#define EST_I_KEY_BIT(key) ((uint32_t)1 << (key))

/* Bits of the keys that differ. A key that one side does not tell is not known to be the same: it differs. Capitals, blanks at the
 * ends and the dash of an age group do not matter. */
uint32_t est_i_keys_differ(const est_i_keys *a, const est_i_keys *b);
/* Bits of the keys that neither side tells: nothing is known of them. */
uint32_t est_i_keys_untold(const est_i_keys *a, const est_i_keys *b);
/* The same rule for any two texts. */
bool est_i_key_same(est_i_key key, const char *a, const char *b);

/* "definition is 'A' and 'B'; ages is '5-17' and not told", values cut to `longest` bytes (0 = never). */
void est_i_keys_explain(const est_i_keys *a, const est_i_keys *b, uint32_t differ, size_t longest, est_i_text *text);
/* One of those, also for what is no key. */
void est_i_difference_explain(const char *name, const char *a, const char *b, size_t longest, est_i_text *text);
/* "definition, ages" */
void est_i_keys_list(uint32_t keys, est_i_text *text);

#endif
