/* The rule files that are built in: codebooks (data/codebooks), roles (data/roles) and definitions (indicators/definitions). data/embed_text.awk writes
 * bundled_text.c from them. */
#ifndef EST_I_DATA_BUNDLED_TEXT_H
#define EST_I_DATA_BUNDLED_TEXT_H

#include <stddef.h>

#include <est/codebook.h>
#include <est/indicator.h>

typedef struct est_i_bundled_text {
    const char *folder; /* "codebooks", "roles" or "definitions" */
    const char *id;     /* the file's name without .ini */
    const char *text;
} est_i_bundled_text;

extern const est_i_bundled_text est_i_bundled_texts[];
extern const size_t est_i_bundled_text_count;

/* The same by kind, with the facts of their first section. */
extern const est_codebook_preset est_i_bundled_codebooks[];
extern const size_t est_i_bundled_codebook_count;
extern const est_definition est_i_bundled_definitions[];
extern const size_t est_i_bundled_definition_count;

#endif
