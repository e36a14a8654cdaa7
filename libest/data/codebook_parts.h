/* What the files codebook*.c share. */
#ifndef EST_I_DATA_CODEBOOK_PARTS_H
#define EST_I_DATA_CODEBOOK_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/text.h"
#include "data/codebook.h"
#include "data/ini.h"
#include "data/view.h"

/* Roles */

typedef enum est_i_role_kind {
    EST_I_KIND_NUMBER = 0,
    EST_I_KIND_HOURS,
    EST_I_KIND_AGE,
    EST_I_KIND_YES_NO,
    EST_I_KIND_CATEGORY,
    EST_I_KIND_LABEL,
    EST_I_KIND_WEIGHT,
    EST_I_KIND_ID,
    EST_I_KIND_COLUMN, /* no role: a section [column NAME] */
    EST_I_KINDS
} est_i_role_kind;

const char *est_i_role_kind_word(est_i_role_kind kind);

typedef struct est_i_role_definition {
    const char *name, *title, *unit, *note; /* "" if not given */
    est_i_role_kind kind;
    bool is_common;          /* of roles/common.ini */
    double minimum, maximum; /* NaN = none */
    size_t n_labels;
    est_i_view_code *labels;
} est_i_role_definition;

/* The roles of data/roles. Every codebook reads its own, so that the library has no state between calls. */
typedef struct est_i_codebook_shelf {
    size_t n_files;
    est_i_ini *files; /* the definitions borrow from them */
    size_t n_roles;
    est_i_role_definition *roles;
} est_i_codebook_shelf;

/* NULL without memory, or if a bundled file is broken (a test reads them all). */
est_i_codebook_shelf *est_i_codebook_shelf_new(void);
void est_i_codebook_shelf_free(est_i_codebook_shelf *shelf);
const est_i_role_definition *est_i_role_find(const est_i_codebook_shelf *shelf, const char *role); /* NULL if there is none */
const char *est_i_role_title(const est_i_codebook_shelf *shelf, const char *role);                 /* "" if there is none */

/* Values of keys (codebook_values.c) */

/* Where a value stands, for messages. */
typedef struct est_i_value_place {
    const char *file;
    int line;
    const char *kind, *name, *key; /* "[role age], special" */
} est_i_value_place;

est_status est_i_value_fail(const est_i_value_place *place, est_error *error, const char *format, ...) EST_PRINTF(3, 4);

/* Texts and numbers of a list; all NULL and 0 = empty. */
typedef struct est_i_codes {
    size_t n;
    est_i_view_code *list; /* texts are owned */
} est_i_codes;
typedef struct est_i_numbers {
    size_t n;
    double *list;
} est_i_numbers;

void est_i_codes_free(est_i_codes *codes);
bool est_i_codes_add(est_i_codes *codes, const char *text, double number); /* false without memory */
bool est_i_numbers_add(est_i_numbers *numbers, double number);
bool est_i_numbers_has(const est_i_numbers *numbers, double number);

/* "TEXT:NUMBER, ...": the number follows the last colon. "NUMBER:WORD, ...": it stands before the first. Texts and words that hold
 * a comma, begin with a quotation mark or begin or end with a blank stand in double quotes, a quotation mark within them twice. */
est_status est_i_value_codes(const char *value, const est_i_value_place *place, est_i_codes *codes, est_error *error);
est_status est_i_value_labels(const char *value, const est_i_value_place *place, est_i_codes *labels, est_error *error);
/* Numbers parted by commas; with `texts`, items that are no numbers (quoted or not) go there. */
est_status est_i_value_numbers(const char *value, const est_i_value_place *place, est_i_numbers *numbers, est_i_codes *texts,
                               est_error *error);
est_status est_i_value_number(const char *value, const est_i_value_place *place, double *number, est_error *error);
/* "1e-6" or "1/1000000": a number above 0, and the same as a quotient, so that limits can be taken over exactly. */
est_status est_i_value_scale(const char *value, const est_i_value_place *place, double *scale, double *divisor, est_error *error);
est_status est_i_value_yes(const char *value, const est_i_value_place *place, bool *yes, est_error *error);

/* Codebooks */

/* A section [role NAME] or [column NAME]. */
typedef struct est_i_codebook_entry {
    const est_i_ini_section *section;
    const char *file;                  /* in which it stands */
    bool own;                          /* of the file that was named, not of a preset */
    const est_i_role_definition *role; /* NULL for a column */
    est_i_role_kind kind;
    char *column, *value; /* "" = not given */
    bool absent, required;
    est_i_codes codes, special_texts, labels;
    est_i_numbers special, genuine;
    double minimum, maximum; /* of the file's own numbers; NaN = none */
    double scale, divisor;   /* the file's numbers times scale; scale = numerator / divisor */
    est_i_role_state state;
} est_i_codebook_entry;

typedef struct est_i_codebook_layer {
    char *file;
    bool own;
    est_i_ini ini;
} est_i_codebook_layer;

typedef struct est_i_fact {
    char *key, *value;
} est_i_fact;

struct est_i_codebook {
    char *name;
    est_i_codebook_shelf *shelf;
    size_t n_layers; /* from the innermost preset to the file that was named */
    est_i_codebook_layer *layers;
    size_t n_entries;
    est_i_codebook_entry *entries;
    size_t n_facts;
    est_i_fact *facts;
};

est_i_codebook_entry *est_i_codebook_find(const est_i_codebook *codebook, const char *kind, const char *name);
est_i_value_place est_i_entry_place(const est_i_codebook_entry *entry, const char *key);
/* Keys of sections, for the nearest name. */
size_t est_i_codebook_facts(void);
const char *est_i_codebook_fact_name(size_t index);

/* A codebook on a file (codebook_resolve.c) */

/* A column of the file that is read by a rule. */
typedef struct est_i_codebook_input {
    size_t column;
    const est_i_codebook_entry *entry;    /* NULL: only an expression names it */
    const est_i_codebook_entry *named_by; /* the role whose expression does */
    est_i_role_kind kind;
    est_i_view_input rule; /* its arrays and `expected` are owned, texts are the codebook's */
    char *expected;
} est_i_codebook_input;

typedef struct est_i_codebook_use {
    est_i_codebook_entry *entry;
    bool has_column, computed; /* not computed = alias */
    size_t column;
    char *expression; /* of a computed role */
    est_i_codes labels;
    char *lacks; /* of an unmapped role: the column or role that is not there */
} est_i_codebook_use;

typedef struct est_i_codebook_resolved {
    size_t n_uses;
    est_i_codebook_use *uses; /* roles, in an order in which each stands on those before */
    size_t n_inputs;
    est_i_codebook_input *inputs;
    char *sample; /* expression, NULL = all rows */
} est_i_codebook_resolved;

/* Which column is which, and by what rules it is read. Sets the state of each role. `tolerant`: what the file lacks is unmapped and
 * no fault. */
est_status est_i_codebook_resolve(est_i_codebook *codebook, const est_source *source, bool tolerant,
                                  est_i_codebook_resolved *resolved, est_error *error);
void est_i_codebook_resolved_clear(est_i_codebook_resolved *resolved);

/* The column of that name, else the only one that differs from it in the case of letters; -1 if there is none. */
long est_i_codebook_column(const est_source *source, const char *name);

/* EST_EDEFINITION for a codebook without [role strata]: counts the different values of likely columns and says what to write. */
est_status est_i_codebook_refuse_strata(const est_i_codebook *codebook, est_source *source, const est_context *context,
                                        est_error *error);

/* 97, 98, 99 and their longer like: numbers that nobody may have declared. `maximum` of the file's own numbers, NaN = none. */
est_status est_i_codebook_suspects(est_i_role_kind kind, bool of_expression, double maximum, const est_i_numbers *special,
                                   const est_i_numbers *genuine, est_i_numbers *suspects, est_error *error);

/* "a, b"; commas, quotes and blanks as lists need them. */
void est_i_codebook_write_item(est_i_text *text, const char *item);

#endif
