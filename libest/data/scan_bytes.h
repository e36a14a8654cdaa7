/* A window on the bytes of a source, and what is counted in bytes. */
#ifndef EST_I_DATA_SCAN_BYTES_H
#define EST_I_DATA_SCAN_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/monitor.h"
#include "data/source_parts.h"

/* A record has at least one byte a column, so that the rows of a window of two columns or more fit in a batch. The fuzz target sets
 * less, so that small files have many windows. */
#ifndef EST_I_WINDOW_BYTES
#define EST_I_WINDOW_BYTES ((size_t)2 * EST_I_BATCH_ROWS)
#endif

typedef struct est_i_byte_count {
    size_t quotes, feeds, returns;
    bool plain; /* ASCII without NUL */
} est_i_byte_count;

est_i_byte_count est_i_count_bytes(const char *bytes, size_t length);

/* The first line feed outside quotation marks at or after `from`; `length` if there is none. *quoted: whether the byte at `from` is
 * within quotation marks; afterwards, whether the byte at `length` is, if none was found. */
size_t est_i_find_feed(const char *bytes, size_t from, size_t length, bool *quoted);

typedef struct est_i_window {
    est_source *source;
    est_i_monitor *monitor;
    char *bytes;
    size_t used, filled;
    size_t offset; /* of bytes[used] */
    bool at_end;   /* nothing follows what is here */
} est_i_window;

bool est_i_window_start(est_i_window *window, est_source *source, est_i_monitor *monitor);
void est_i_window_end(est_i_window *window);
/* Goes to a place; in a pipe only forward. */
est_status est_i_window_seek(est_i_window *window, size_t offset, est_error *error);
/* Reads until the window is full from its used bytes on or the end is reached. */
est_status est_i_window_fill(est_i_window *window, est_error *error);
void est_i_window_use(est_i_window *window, size_t count);

#endif
