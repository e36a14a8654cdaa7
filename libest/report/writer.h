/* One row a format. A writer appends to `output`; the only thing that can fail is memory, and
 * `output->failed` remembers it. */
#ifndef EST_I_REPORT_WRITER_H
#define EST_I_REPORT_WRITER_H

#include <stdbool.h>

#include <est/result.h>

#include "core/text.h"

typedef struct est_i_writer {
    const char *name;
    const char *extension; /* with its dot */
    void (*write)(const est_result *result, est_i_text *output);
} est_i_writer;

extern const est_i_writer est_i_writer_text;
extern const est_i_writer est_i_writer_json;
extern const est_i_writer est_i_writer_csv;
extern const est_i_writer est_i_writer_markdown;
extern const est_i_writer est_i_writer_html;

/* One frame of the result as CSV, for the folder mode. */
void est_i_write_frame_csv(const est_result *result, const est_frame *frame, est_i_text *output);

/* What every page of a result must carry, NULL if nothing: index 0 and 1, then NULL. */
const char *est_i_banner(const est_result *result, int index);

/* The first words of each of them: "SYNTHETIC DATA; FOR INTERNAL USE". Nothing if there is none. */
void est_i_short_marks(const est_result *result, est_i_text *output);

/* May this provenance entry appear in a file made from the result? */
bool est_i_provenance_shown(const est_result *result, const est_provenance *entry);
/* Frames of single records are for public data and internal use. */
bool est_i_frame_shown(const est_result *result, const est_frame *frame);

/* The option of a provenance entry, NULL if it is of none. */
const char *est_i_option_name(const est_provenance *entry);
/* Has it the value that the method gives it where nothing is said? False for a method that is not known. */
bool est_i_option_is_default(const est_result *result, const est_provenance *entry);
/* "48 at their defaults (est methods survey)"; nothing if there are none. */
void est_i_say_other_options(const est_result *result, est_i_text *output);

/* The name of the data, NULL when it must not appear. in_every_face: only a name that is the same however the
 * data were read, which is that of a bundled dataset. */
const char *est_i_data_name(const est_result *result, bool in_every_face);

#endif
