/* Codebooks: which columns of a file mean what. An INI file (libinih), or a preset of that form (data/codebooks).
 *
 *   [codebook]                     facts in words: title, source, preset (another codebook that this one changes), population, geography,
 *                                  period, reference-period, definition, weights = population | normalised, strata-expected = 92, sample = ...
 *                                  (a condition: which rows of the file are interviews), public = yes, synthetic = yes
 *   [role NAME]                    column = CB3, or value = EXPRESSION over columns of the file and roles above, or absent = yes (was not asked);
 *                                  codes = male:1, female:2 (texts of the file -> the role's numbers); special = 97, 98, 99; genuine = 98 (is a number
 *                                  after all); minimum, maximum; scale; labels = 1:Mombasa, 2:Kwale; note; required = yes (of a preset: must be mapped)
 *   [column NAME]                  the same keys (codes, special, genuine, minimum, maximum, scale) for a column that only expressions name
 *
 * Roles are known by name from the files of data/roles: kind (number, hours, age, yes-no, category, label, weight, id), title, unit, limits,
 * canonical codes and labels. A role of kind yes-no is 1, 0 or missing; `codes` defaults to 1:1, 2:0 only where the codebook or its preset says so.
 * Kinds number, hours, age, yes-no and category become computed columns with the canonical numbers; label and id are aliases; weight is computed.
 * Values that are neither in the codes nor declared special, and 97, 98, 99 (997, 998, 999; 9997 ...) in hours, ages and numbers that are neither
 * special nor genuine, are faults that name the records. */
#ifndef EST_I_DATA_CODEBOOK_H
#define EST_I_DATA_CODEBOOK_H

#include <stdbool.h>
#include <stddef.h>

#include <est/codebook.h>
#include <est/source.h>

#include "data/view.h"

typedef struct est_i_codebook est_i_codebook;

/* A path of an .ini file, or the id of a preset. A codebook that names a preset begins as that one; its own sections replace the preset's of
 * the same name. EST_EFILE, EST_EFORMAT (with line), EST_EDEFINITION (unknown section, key or role with the nearest name). */
est_status est_i_codebook_open(const char *name, est_i_codebook **codebook, est_error *error);
void est_i_codebook_free(est_i_codebook *codebook);

/* A key of [codebook], "" if it is not given. Borrowed. */
const char *est_i_codebook_fact(const est_i_codebook *codebook, const char *key);
const char *est_i_codebook_name(const est_i_codebook *codebook);
/* Overrides one, as --reference-period does. false without memory. */
bool est_i_codebook_set_fact(est_i_codebook *codebook, const char *key, const char *value);

/* Roles that are mapped or declared absent. */
typedef enum est_i_role_state { EST_I_ROLE_UNMAPPED = 0, EST_I_ROLE_MAPPED, EST_I_ROLE_ABSENT } est_i_role_state;
est_i_role_state est_i_codebook_role(const est_i_codebook *codebook, const char *role);
bool est_i_role_exists(const char *role);               /* in data/roles */
const char *est_i_role_title(const char *role);         /* "" if there is none */

/* Adds the roles to a plan over `source`, absent ones as columns that are always missing; "in_sample" is 1 where `sample` holds. Roles of columns
 * that the file does not have are faults (EST_ECOLUMN with the nearest name) if the codebook's own file maps them or they are required; of a
 * preset alone they are then unmapped. A category or label role gets labels from the codebook, else from the file, else from data/roles.
 * EST_EDEFINITION: strata that are neither mapped nor declared absent (never guessed; the message counts the distinct values of likely columns and
 * says what to write). */
est_status est_i_codebook_apply(est_i_codebook *codebook, est_source *source, est_i_view_plan *plan, const est_context *context,
                                est_error *error);

/* Does a value label say that the answer is missing? */
bool est_i_label_says_missing(const char *label);
/* Why a column may be the role "weight", "strata" or "psu" ("its label says so"); NULL if it does not look like it. By name and label alone. */
const char *est_i_codebook_candidate(const char *role, const char *name, const char *label);

#endif
