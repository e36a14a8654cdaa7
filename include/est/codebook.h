/* Codebooks: which columns of a survey file mean what. The form of a codebook is described in docs/codebooks.md. */
#ifndef EST_CODEBOOK_H
#define EST_CODEBOOK_H

#include <stddef.h>

#include <est/context.h>
#include <est/error.h>
#include <est/source.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A bundled codebook, to be used by its id wherever a codebook's path is asked for. All texts are borrowed. */
typedef struct est_codebook_preset {
    const char *id; /* "kdhs-women-2022" */
    const char *title;
    const char *source;
    const char *text; /* the file */
} est_codebook_preset;

size_t est_codebook_preset_count(void);
const est_codebook_preset *est_codebook_preset_get(size_t index);    /* NULL past the end */
const est_codebook_preset *est_codebook_preset_find(const char *id); /* NULL if there is none */

/* The preset for a file. `name` is a preset's id or the path of a codebook, which comes back as it is, or what the ids of a survey
 * begin with ("kdhs"): then the one whose mark the file bears, which is how many different values a column has (v024 has 47 in 2022
 * and 8 in 2014). *why says so, "" if nothing was chosen. Both are freed with est_string_free. EST_EOPTION: no such preset, or not
 * exactly one of them fits; the message lists them. */
est_status est_codebook_preset_choose(est_source *source, const char *name, const est_context *context, char **id, char **why,
                                      est_error *error) EST_MUST_CHECK;

/* Writes a codebook for a file: the roles of the preset (an id, or the path of a codebook; NULL or "" = the roles that any survey
 * may have) with the columns that the file has, those that it lacks as comments, values of each column with their labels, special
 * codes that the file declares or that look like some, as comments to be decided. The strata are the one candidate whose distinct
 * values are as many as the preset expects (decided by counting, never by name); otherwise the line is left to the user, and the
 * file is refused until it is filled. Reads the source in one pass. *text is freed with est_string_free. EST_EOPTION: no such
 * preset. */
est_status est_codebook_propose(est_source *source, const char *preset, const est_context *context, char **text,
                                est_error *error) EST_MUST_CHECK;

/* Tries a codebook on a file: reads every mapped column and writes which roles are mapped, absent or not there, how many strata
 * there are, how many rows are in the sample, and every fault with its records. *n_faults: 0 if nothing is wrong. *text is freed
 * with est_string_free. Errors are those of a codebook that cannot be used at all (a column that is not there, strata that are not
 * decided); faults of cells are none. */
est_status est_codebook_check(est_source *source, const char *codebook, const est_context *context, size_t *n_faults, char **text,
                              est_error *error) EST_MUST_CHECK;

/* The source seen through a codebook (a path of an .ini file or a preset's id): its roles as columns, then the file's other
 * columns. `source` is borrowed and must outlive *mapped. Any method can then name the roles: weight, strata, psu, age. The caller
 * frees *mapped. */
est_status est_source_map(est_source *source, const char *codebook, const est_context *context, est_source **mapped,
                          est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
