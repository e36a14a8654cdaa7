/* Sources: data that can be read again and again without being held in memory. */
#ifndef EST_SOURCE_H
#define EST_SOURCE_H

#include <stddef.h>

#include <est/context.h>
#include <est/error.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct est_source est_source;

/* Opens DATA without reading its rows: a path to a .csv, .dta (Stata) or .sav (SPSS) file, "-" for CSV on standard input, or
 * "dataset:NAME" for a bundled one. Only the header is read. Errors: EST_EFILE, EST_EFORMAT, EST_ECOLUMN (bad header), EST_ENOMEM.
 * The caller frees *source. A file must not change while its source is open: EST_EFILE if it does. */
est_status est_source_open(const char *data, const est_context *context, est_source **source, est_error *error) EST_MUST_CHECK;

/* A table in memory as a source. The table is borrowed and must outlive the source. */
est_status est_source_of_table(const est_table *table, est_source **source, est_error *error) EST_MUST_CHECK;

/* Frees the source and closes its file. NULL is allowed. */
void est_source_free(est_source *source);

const char *est_source_name(const est_source *source);                       /* borrowed; as in error messages */
size_t est_source_columns(const est_source *source);
const char *est_source_column_name(const est_source *source, size_t column); /* borrowed; NULL past the end */
long est_source_find(const est_source *source, const char *name);            /* -1 if there is none */
int est_source_is_public(const est_source *source);
int est_source_is_synthetic(const est_source *source);
/* 1 if it can be read more than once; standard input and pipes cannot. */
int est_source_is_repeatable(const est_source *source);

/* Every row of the source as a table. Errors as est_table_open. The caller frees *table. */
est_status est_source_table(est_source *source, const est_context *context, est_table **table, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
