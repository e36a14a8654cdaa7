/* Codebooks: which columns of a file mean what. An INI file (data/ini.h), or a preset of that form (data/codebooks).
 *
 *   [codebook]     facts in words: title, source, preset (another codebook that this one changes: an id, or a path beside this
 *                  file), population, geography, period, reference-period, definition, weights = population | normalised,
 *                  strata-expected = 92, sample = CONDITION (which rows of the file are interviews),
 *                  synthetic = yes, recognise = COLUMN:COUNT (by how many different values of which column a preset is told
 *                  from its like), note
 *   [role NAME]    column = CB3, or value = EXPRESSION over columns of the file and other roles, or absent = yes (was not
 *                  asked); codes = male:1, female:2 (texts of the file -> the role's numbers); special = 97, 98, 99, and beside
 *                  codes texts too; genuine = 98 (is a number after all); minimum, maximum (of the file's own numbers);
 *                  scale = 1e-6 or 1/1000000; labels = 1:Mombasa, 2:Kwale; note; required = yes (of a preset: must be mapped)
 *   [column NAME]  codes, special, genuine, minimum, maximum, scale of a column that only expressions name
 *
 * Facts of a codebook replace those of its preset one by one, sections as a whole. Names of columns are those of the file; if there
 * is none, the only one that differs in the case of letters.
 *
 * Roles are known by name from the files of data/roles: kind (number, hours, age, yes-no, category, label, weight, id), title,
 * unit, limits, labels (of a category: its numbers). The role's limits hold for its own numbers, after the scale; hours are 0 to
 * 168 unless the role says less. A role of kind yes-no is 1, 0 or missing: a file with 1 and 2 needs codes = 1:1, 2:0. Kinds
 * number, hours, age, yes-no, category and weight become computed columns; label and id are the file's columns under another name,
 * unless a label has codes or special ones.
 *
 * Faults of cells, told with their records: what is neither among the codes nor declared special; what is outside the limits; and
 * numbers that look like special codes and that nobody declared special or genuine:
 *   hours, ages, numbers without a maximum    97, 98, 99; 997, 998, 999; and so on up to eight digits
 *   numbers with a maximum                    the three of as many digits as the maximum
 *   a [column] with a maximum                 the same; without one 97, 98, 99
 *   columns that an expression names          97, 98, 99, if the role is hours, age, number, yes-no or category
 * Limits, and 1 or 0, hold for what an expression gives, too. */
#ifndef EST_I_DATA_CODEBOOK_H
#define EST_I_DATA_CODEBOOK_H

#include <stdbool.h>
#include <stddef.h>

#include <est/codebook.h>
#include <est/source.h>

#include "data/view.h"

typedef struct est_i_codebook est_i_codebook;

/* A path of an .ini file, or the id of a preset. A codebook that names a preset begins as that one; its own sections replace the
 * preset's of the same name. EST_EFILE, EST_EFORMAT (with line), EST_EDEFINITION (unknown section, key or role with the nearest
 * name). */
est_status est_i_codebook_open(const char *name, est_i_codebook **codebook, est_error *error);
void est_i_codebook_free(est_i_codebook *codebook);

/* A key of [codebook], "" if it is not given. Borrowed. */
const char *est_i_codebook_fact(const est_i_codebook *codebook, const char *key);
const char *est_i_codebook_name(const est_i_codebook *codebook);
/* Overrides one, as --reference-period does. false without memory. */
bool est_i_codebook_set_fact(est_i_codebook *codebook, const char *key, const char *value);

/* Roles that are mapped or declared absent; once the codebook was applied, what the file lacks is unmapped. */
typedef enum est_i_role_state { EST_I_ROLE_UNMAPPED = 0, EST_I_ROLE_MAPPED, EST_I_ROLE_ABSENT } est_i_role_state;
est_i_role_state est_i_codebook_role(const est_i_codebook *codebook, const char *role);
bool est_i_codebook_knows(const est_i_codebook *codebook, const char *role); /* there is such a role in data/roles */

/* Adds the roles to a plan over `source`, absent ones as columns that are always missing; "in_sample" is 1 where `sample` holds.
 * Roles of columns that the file does not have are faults (EST_ECOLUMN with the nearest name) if the codebook's own file maps them
 * or they are required; of a preset alone they are then unmapped. A category or label role gets labels from the codebook, else from
 * the file, else from data/roles. EST_EDEFINITION: strata that are neither mapped nor declared absent (never guessed; the message
 * counts the distinct values of likely columns and says what to write). */
est_status est_i_codebook_apply(est_i_codebook *codebook, est_source *source, est_i_view_plan *plan, const est_context *context,
                                est_error *error);

/* Does a value label say that the answer is missing? */
bool est_i_label_says_missing(const char *label);
/* Why a column may be the role "weight", "strata" or "psu" ("its label says so"); NULL if it does not look like it. By name and
 * label alone. */
const char *est_i_codebook_candidate(const char *role, const char *name, const char *label);

#endif
