/* The rule files that are built in: codebooks (data/codebooks), roles (data/roles) and definitions (indicators/definitions). data/embed_text.awk writes
 * bundled_text.c from them. */
#ifndef EST_I_DATA_BUNDLED_TEXT_H
#define EST_I_DATA_BUNDLED_TEXT_H

#include <stddef.h>

typedef struct est_i_bundled_text {
    const char *folder; /* "codebooks", "roles" or "definitions" */
    const char *id;     /* the file's name without .ini */
    const char *text;
} est_i_bundled_text;

extern const est_i_bundled_text est_i_bundled_texts[];
extern const size_t est_i_bundled_text_count;

#endif
