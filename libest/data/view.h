/* A source seen through rules: the columns of another source, some under other names, and columns computed from them row by row.
 *
 * A view is an est_source: scans, conditions, domains and every method read it like a file, in the same chunks, passes and threads,
 * and nothing is held. Only what a scan asks for is read and computed. Faults name the record of the file and the file's own
 * column. Steps: plan, add inputs and columns, open. The base source is borrowed and must outlive the view. */
#ifndef EST_I_DATA_VIEW_H
#define EST_I_DATA_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <est/source.h>

#include "core/monitor.h"
#include "data/expression.h"

typedef struct est_i_view_plan est_i_view_plan;

/* What a text in the file stands for, or how a number is called where it is read as a label. */
typedef struct est_i_view_code {
    const char *text;
    double number;
} est_i_view_code;

/* A column of the file as numbers. Texts and arrays are copied. Order: a special code becomes missing; text -> number (codes; a
 * code that stands for NaN is missing); then allowed numbers and limits, of what the code stands for; then times scale. An empty or
 * missing cell stays missing. */
typedef struct est_i_view_input {
    const char *column; /* of the base */
    size_t n_codes; /* 0 = the cells are numbers; else each text must be one of the codes (a number that equals a code's text as a
                       number counts as that text: "01" and "1") */
    const est_i_view_code *codes;
    size_t n_special; /* declared special codes, in the file's own numbers: missing */
    const double *special;
    size_t n_allowed; /* 0 = any; else every other number is a fault */
    const double *allowed;
    size_t n_suspect; /* without codes: numbers that look like special codes and are a fault, because nobody declared them: 97, 98,
                         99 */
    const double *suspect;
    double minimum, maximum; /* NaN = none; numbers outside are a fault */
    double scale;            /* 1 = as it is */
    const char *expected;    /* for messages: "hours from 0 to 168 or a special code that the codebook declares (97, 98, 99)" */
} est_i_view_input;

est_i_view_plan *est_i_view_plan_new(est_source *base); /* NULL without memory */
void est_i_view_plan_free(est_i_view_plan *plan);

/* An input; expressions name it by the file's name of the column, also those that came before. A second one of the same column, a
 * scale of 0 and codes that contradict each other are EST_EDEFINITION, a column that the file does not have EST_ECOLUMN. */
est_status est_i_view_plan_input(est_i_view_plan *plan, const est_i_view_input *input, est_error *error);

/* A name that expressions know for a number. A second one of a name replaces it. */
est_status est_i_view_plan_constant(est_i_view_plan *plan, const char *name, double value, est_error *error);

/* The base's column under another name, as it stands in the file; labels say what its values are called (n_labels 0: as the file
 * says). An expression that names an alias has the column as a number, as its input says. */
est_status est_i_view_plan_alias(est_i_view_plan *plan, const char *name, const char *column, size_t n_labels,
                                 const est_i_view_code *labels, est_error *error);

/* A computed column. Names in it are columns and constants of the plan so far; with of_file also the inputs and every other column
 * of the file (read as numbers, without limits), which come after those of the plan where both have the name. With of_file an
 * expression that is a name and nothing else is the file's column of that name first: a role may have the name of another column.
 * Read as a label, a cell is its number in the shortest form; labels say what the numbers are called (est_i_source_value_label, as
 * in a .dta file: domains stand in the order of the numbers, under their labels). `what` is for messages. EST_EDEFINITION: bad
 * syntax, an unknown name, a name that is taken. */
est_status est_i_view_plan_column(est_i_view_plan *plan, const char *name, const char *expression, bool of_file, size_t n_labels,
                                  const est_i_view_code *labels, const char *what, est_error *error);

/* Rows for which the expression is true are a fault (EST_EVALUE): the message with the record. Checked in every scan that reads a
 * computed column. */
est_status est_i_view_plan_refuse(est_i_view_plan *plan, const char *expression, const char *message, const char *what,
                                  est_error *error);

bool est_i_view_plan_has(const est_i_view_plan *plan, const char *name); /* a computed column or an alias */
/* Computed column or alias -> the file's columns it rests on, each once, appended to the array of at most `room`; returns how many
 * there are. */
size_t est_i_view_plan_origins(const est_i_view_plan *plan, const char *name, size_t room, const char **columns);

/* The view: computed columns and aliases first, in their order, then the base's columns whose names are not taken. The plan belongs
 * to the view from here on, also on failure. Free it with est_source_free; the base stays the caller's. */
est_status est_i_view_open(est_i_view_plan *plan, est_source **view, est_error *error);

/* After a scan failed with EST_EVALUE: reads the source once more and puts into the message how many rows have faults of each
 * column and the first ten records of each. Leaves *error as it is if the source cannot be read again. */
void est_i_view_explain(est_source *view, est_i_monitor *monitor, est_error *error);

#endif
