/* What some columns of a source hold, in one pass: their different texts, and the cells that a rule refuses. */
#ifndef EST_I_DATA_CODEBOOK_COLUMNS_H
#define EST_I_DATA_CODEBOOK_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/monitor.h"
#include "data/dictionary.h"
#include "data/view.h"

#define EST_I_COLUMN_DISTINCT 20000 /* different texts kept of a column */
#define EST_I_CELL_RECORDS 10       /* records named */
#define EST_I_CELL_VALUES 8         /* numbers named */
#define EST_I_CELL_SHARED 10        /* rows that hold what is shown of private data */

typedef enum est_i_cell_fault {
    EST_I_CELL_GOOD = 0,
    EST_I_CELL_TEXT,    /* no number where there are no codes */
    EST_I_CELL_NO_CODE, /* not among the codes, or not among the allowed numbers */
    EST_I_CELL_SUSPECT, /* looks like a special code */
    EST_I_CELL_OUTSIDE, /* below the minimum or above the maximum */
    EST_I_CELL_FAULTS
} est_i_cell_fault;

typedef struct est_i_cell_tally {
    long long rows;
    size_t n_records, n_values;
    long long records[EST_I_CELL_RECORDS];
    double values[EST_I_CELL_VALUES];        /* numbers of the file, ascending */
    long long value_rows[EST_I_CELL_VALUES]; /* at least as many; the first numbers met */
} est_i_cell_tally;

typedef struct est_i_column_seen {
    size_t column;                /* of the source: set it */
    const est_i_view_input *rule; /* NULL = it is only counted: set it */
    long long present, missing, special;
    bool many; /* more different texts than are kept; then `distinct` holds the first of them */
    est_i_dictionary distinct;
    long long *rows; /* of each text */
    size_t capacity;
    est_i_cell_tally faults[EST_I_CELL_FAULTS];
} est_i_column_seen;

/* One pass over the source. *n_rows: of the file. Faults of cells are counted, none ends the reading. Clear each `seen` afterwards.
 */
est_status est_i_columns_see(est_source *source, size_t n, est_i_column_seen *seen, int threads, est_i_monitor *monitor,
                             long long *n_rows, est_error *error);
/* May a number of private data be shown? One that many rows hold, of one or two digits, or all nines but for its end (998) names
 * nobody. */
bool est_i_column_shows(const est_source *source, size_t column, double number, long long rows);

void est_i_columns_clear(size_t n, est_i_column_seen *seen);

#endif
