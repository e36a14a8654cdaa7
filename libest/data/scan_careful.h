/* The rest of a chunk by the strict reader of csv.c: slower, and the one that knows every rule and every message. */
#ifndef EST_I_DATA_SCAN_CAREFUL_H
#define EST_I_DATA_SCAN_CAREFUL_H

#include "data/csv.h"
#include "data/scan_bytes.h"
#include "data/scan_writer.h"

/* From a window that stands between two records at `state` to the first record at or after byte `limit`. *line grows by the lines
 * read. The rows before a fault are handed on first. */
est_status est_i_scan_careful(est_i_window *window, est_i_row_writer *writer, const est_i_csv_state *state, size_t limit,
                              long long *line, est_error *error);

#endif
