/* What is inside a view, for the files view*.c and the hooks of sources and scans.
 *
 * Expressions know variables by number: a variable is a reading of a column of the file, or a computed column. What a column needs
 * has smaller numbers than its own. */
#ifndef EST_I_DATA_VIEW_PARTS_H
#define EST_I_DATA_VIEW_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/dictionary.h"
#include "data/scan.h"
#include "data/view.h"

#define EST_I_NO_VARIABLE SIZE_MAX

/* Small whole numbers are judged once, when the view is opened. */
#define EST_I_READING_KNOWN 256u

/* Ascending numbers, without NaN. */
typedef struct est_i_number_set {
    double *numbers;
    size_t count;
} est_i_number_set;

/* How a column of the base is read as numbers. */
typedef struct est_i_reading {
    size_t column;
    bool declared; /* by est_i_view_plan_input; otherwise only expressions name the column, and numbers stand as they are */
    bool as_text;  /* the scan delivers its texts */
    bool as_is;    /* every number stands for itself and is no fault */
    est_i_dictionary code_texts;
    double *code_values;           /* by the number of the text */
    est_i_number_set code_numbers; /* of the texts that are numbers */
    double *code_number_values;
    est_i_number_set special, allowed, suspect;
    double minimum, maximum, scale;
    char *expected;
    double known_value[EST_I_READING_KNOWN];
    bool known_fault[EST_I_READING_KNOWN];
} est_i_reading;

/* Copies the input; EST_EDEFINITION if it contradicts itself. `name` is the column's, for messages. */
est_status est_i_reading_declare(est_i_reading *reading, const est_i_view_input *input, const char *where, const char *name,
                                 est_error *error);
void est_i_reading_clear(est_i_reading *reading);
/* Once nothing changes any more; is_number: the column holds numbers only. */
void est_i_reading_settle(est_i_reading *reading, bool is_number);
/* What a cell stands for; false: it is a fault. Missing cells are NaN and no fault. */
bool est_i_reading_number(const est_i_reading *reading, double number, double *value);
bool est_i_reading_text(const est_i_reading *reading, const char *text, size_t length, double *value);
/* Whether it looks like a special code that nobody declared. */
bool est_i_reading_is_suspect(const est_i_reading *reading, double number);
/* out[row] of numbers; the first row that is a fault, n_rows if none is. */
size_t est_i_reading_numbers(const est_i_reading *reading, const double *numbers, size_t n_rows, double *out);

/* What the texts of a chunk's dictionary stand for, worked out once each. All zero = none yet. */
typedef struct est_i_reading_memory {
    double *value;
    bool *fault;
    size_t count, capacity; /* by code */
} est_i_reading_memory;

/* Works out the texts that are new. false without memory. */
bool est_i_reading_learn(const est_i_reading *reading, const est_i_dictionary *dictionary, est_i_reading_memory *memory);
void est_i_reading_memory_free(est_i_reading_memory *memory);
size_t est_i_reading_labels(const est_i_reading_memory *memory, const uint32_t *labels, size_t n_rows, double *out);

typedef enum est_i_view_kind { EST_I_VIEW_COMPUTED, EST_I_VIEW_ALIAS } est_i_view_kind;

typedef struct est_i_view_column {
    est_i_view_kind kind;
    size_t base_column;           /* of an alias */
    est_i_expression *expression; /* of a computed column */
    size_t variable;
    size_t n_labels;
    est_i_view_code *labels; /* with own texts */
} est_i_view_column;

typedef struct est_i_view_refusal {
    est_i_expression *expression;
    char *message;
} est_i_view_refusal;

typedef struct est_i_view_variable {
    bool is_column;
    size_t index; /* of the column or the reading */
} est_i_view_variable;

struct est_i_view_plan {
    est_source *base;
    est_i_reading *readings;
    size_t n_readings, readings_capacity;
    size_t *reading_of; /* each column of the base: its reading's variable, EST_I_NO_VARIABLE = none */
    est_i_view_column *columns;
    size_t n_columns, columns_capacity;
    est_i_dictionary column_names, constant_names;
    double *constants;
    size_t n_constants, constants_capacity;
    est_i_view_variable *variables;
    size_t n_variables, variables_capacity;
    est_i_view_refusal *refusals;
    size_t n_refusals, refusals_capacity;
    /* Of a view that is open */
    size_t *base_columns; /* the view's columns after the plan's: which column of the base each is */
    bool *watched;        /* variables that the last scan read */
    bool watched_refusals;
};

/* Marks what the expression, or the variables that are marked, need. */
void est_i_view_mark(const est_i_expression *expression, bool *needed);
void est_i_view_mark_needed(const est_i_view_plan *plan, bool *needed);

/* Of a column of an open view: the base's column if it is one (an alias, or passed through), else EST_I_NO_VARIABLE. */
size_t est_i_view_base_column(const est_i_view_plan *plan, size_t column);

/* A fault of a cell, or of a row that is refused. */
est_status est_i_view_fail_cell(const est_i_view_plan *plan, const est_i_reading *reading, const est_i_scan_batch *batch,
                                size_t field, size_t row, est_error *error);
est_status est_i_view_fail_row(const est_i_view_plan *plan, const est_i_view_refusal *refusal, const est_i_scan_batch *batch,
                               size_t row, est_error *error);

#define EST_I_TALLY_RECORDS 10

/* Faults: how many, and the records of the first ones. */
typedef struct est_i_view_tally {
    long long count;
    long long first[EST_I_TALLY_RECORDS];
} est_i_view_tally;

/* One pass that counts the faults of what the last scan read: a tally for each variable, then one for each refusal. */
est_status est_i_view_count(est_i_view_plan *plan, est_i_view_tally *tallies, est_i_monitor *monitor, est_error *error);

/* What the hooks call. */
est_status est_i_view_scan(est_source *view, size_t n_fields, const est_i_field *fields, size_t first_chunk, size_t last_chunk,
                           const est_i_scan_consumer *consumer, void *user, int threads, est_i_monitor *monitor,
                           long long *n_records, est_error *error);
est_i_place est_i_view_place(const est_source *view, const est_i_scan_batch *batch, size_t row, size_t column);
const char *est_i_view_value_label(const est_source *view, size_t column, const char *value);
const char *est_i_view_variable_label(const est_source *view, size_t column);

#endif
