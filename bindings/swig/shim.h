/* The waist between libest and its bindings: flat arguments over the public API, one request a run.
 *
 * In order of use: open, table + columns or source (the data first, then companion tables), set, context, suppress,
 * run; then the result and its reports are read and copied, and the request is closed. Every fault is kept in
 * the request. */
#ifndef EST_SHIM_H
#define EST_SHIM_H

#include <stddef.h>
#include <stdint.h>

#include <est.h>

typedef struct est_shim est_shim;

/* A request for one run of a method; NULL: of none, to write or to try a codebook. EST_ENOMEM leaves *request NULL; any other fault
 * is in est_shim_error. */
est_status est_shim_open(const char *method, est_shim **request);

/* Data and companion tables. Starts a table of `rows` rows: option "" is the data, else the companion table of that option. `name`
 * stands in messages. */
est_status est_shim_table(est_shim *request, const char *option, const char *name, size_t rows, int is_public,
                          int is_synthetic);

/* A column of the table started last. NaN and NULL are missing. */
est_status est_shim_add_numbers(est_shim *request, const char *column, const double *values);
est_status est_shim_add_text(est_shim *request, const char *column, const char *const *values);

/* The same from a file or a bundled dataset ("dataset:NAME"). The data are opened here, and the method reads them as it likes, rows
 * that it need not hold are not held; a companion table is read at once. Standard input is not the library's inside R or Python. */
est_status est_shim_source(est_shim *request, const char *option, const char *path);

/* An option by its name, its value as text. */
est_status est_shim_set(est_shim *request, const char *option, const char *value);

/* What is not called keeps the library's default. */
void est_shim_context(est_shim *request, uint64_t seed, int threads);
void est_shim_callbacks(est_shim *request, int (*poll)(void *user),
                        int (*tick)(void *user, const char *stage, double fraction), void *user);
/* profile NULL or threshold < 0: the library's default. The profile is copied. */
est_status est_shim_suppress(est_shim *request, const char *profile, long threshold, int internal);

/* Runs the method and suppresses small cells. */
est_status est_shim_run(est_shim *request);

/* Instead of a run: a codebook for the data, from a preset ("" = the roles that any survey may have), and a codebook tried on the data,
 * with the number of its faults. `text` is borrowed until the next of these calls, a report or the close. */
est_status est_shim_codebook_propose(est_shim *request, const char *preset, const char **text);
est_status est_shim_codebook_check(est_shim *request, const char *codebook, size_t *n_faults, const char **text);

/* The suppressed result; NULL before a run that went well. Borrowed. */
const est_result *est_shim_result(const est_shim *request);

/* A report in one of the formats, or a chart as SVG; borrowed until the next of these calls or the close. */
est_status est_shim_report(est_shim *request, const char *format, const char **text, size_t *length);
est_status est_shim_chart(est_shim *request, const char *name, const char **svg, size_t *length);

/* The last fault; code EST_OK if there was none. Borrowed. */
const est_error *est_shim_error(const est_shim *request);

/* 1 if a provenance entry may leave the process with this result. */
int est_shim_may_show(const est_result *result, const est_provenance *entry);

/* Frees everything of the request. NULL is allowed. */
void est_shim_close(est_shim *request);

#endif
