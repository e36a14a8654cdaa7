/* What is inside a source, and how a further file format plugs in.
 *
 * A format other than CSV is one est_i_source_kind, for example in readstat.h:
 *     extern const est_i_source_kind est_i_stata_kind;
 * and one line in the array `kinds` of source.c. It then does everything a source does: est_source_open finds it by the extension
 * of the path, est_i_scan reads it in chunks and on threads, est_source_table and est_table_open make a table of it,
 * est_i_source_digest hashes its bytes. The kind has to
 *   1. open the file, read its header only, call est_i_source_add_column for every variable in order, set source->n_rows (count the
 *      rows if the header does not say) and keep what it needs in source->state;
 *   2. hand on rows first_row to last_row - 1 in order: for every row first one est_i_row_put_* for each field of the writer,
 *      then est_i_row_end.
 * source.c opens the file too (for the digest, and to notice that it changes) and fills `name`, `path` and `descriptor` first.
 *
 * Rows, in the kind's callback for one value of variable `v` (a field is a column that is wanted, in the kind it is wanted; a
 * column may be wanted twice):
 *     for (size_t f = est_i_row_field(writer, v); f != EST_I_NO_FIELD; f = est_i_row_next_field(writer, f))
 *         if (missing) est_i_row_put_missing(writer, f, true);
 *         else if (is_text) status = est_i_row_put_text(writer, f, text, strlen(text), error);
 *         else status = est_i_row_put_number(writer, f, value, error);
 *     if (v is the last) status = est_i_row_end(writer, error);
 *
 * A number put in a field that is wanted as a label becomes its shortest text, a text put in a field wanted as a number is read as
 * a number; if it is none, est_i_row_put_text notes it and est_i_row_end makes the error with record and column. Stop reading at
 * the first status that is not EST_OK and return it. est_i_row_end asks the monitor: no need to.
 *
 * A view is no kind: est_i_scan and whatever else is asked of a source go to its base (view_scan.c). */
#ifndef EST_I_DATA_SOURCE_PARTS_H
#define EST_I_DATA_SOURCE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <nettle/sha2.h>

#include <est/source.h>

#include "core/error.h"
#include "core/monitor.h"
#include "data/csv.h"
#include "data/dictionary.h"
#include "data/scan.h"

#define EST_I_NO_FIELD SIZE_MAX

typedef struct est_i_row_writer est_i_row_writer;

typedef struct est_i_source_kind {
    const char *extension; /* with its point, for example ".dta"; case does not matter. NULL: not found by a path */
    /* Rows can be read from any row on without reading those before: chunks are then read on several threads, each by a call of
     * read_rows of its own, which must not touch what another call uses. false: read_rows is called once for all chunks. */
    bool seeks;
    /* NULL for kinds that are not opened by path. Whether it fails or not, free_state gets source->state later. */
    est_status (*open)(est_source *source, est_i_monitor *monitor, est_error *error);
    /* Rows first_row to last_row - 1, counted from 0. */
    est_status (*read_rows)(const est_source *source, long long first_row, long long last_row, est_i_row_writer *writer,
                            est_error *error);
    /* May a missing cell have a reason? NULL: never. */
    bool (*has_reasons)(const est_source *source, size_t column);
    /* Borrowed texts. NULL members: the format has no such labels. value_label: NULL if the value has none; `value` is the text
     * that est_i_row_put_number or _text makes of it as a label, or a reason. variable_label: "" if there is none. */
    const char *(*value_label)(const est_source *source, size_t column, const char *value);
    const char *(*variable_label)(const est_source *source, size_t column);
    void (*free_state)(void *state); /* NULL allowed */
} est_i_source_kind;

/* Bytes of a pipe that were read for the header and are read once more with the rows. */
typedef struct est_i_replay {
    char *bytes;
    size_t used, length, capacity;
} est_i_replay;

/* Where a chunk of a CSV file begins, once all chunks before it have been read without a fault. */
typedef struct est_i_chunk_start {
    size_t offset;
    long long record, line; /* of the record that begins there */
} est_i_chunk_start;

struct est_source {
    char *name;                    /* as in messages */
    const est_i_source_kind *kind; /* NULL = CSV */
    void *state;                   /* the kind's own */
    const est_table *table;        /* of a source that is a table */
    struct est_i_view_plan *view;  /* of a view (view_parts.h), which has no kind, state, bytes or chunks of its own */
    est_i_dictionary columns;      /* the number of a name is the number of its column */
    est_column_kind *column_kinds; /* one a column; CSV: all EST_COLUMN_TEXT */
    size_t columns_capacity;
    long long n_rows; /* of a kind that is not CSV */
    bool is_public, is_synthetic;
    size_t chunk_bytes, chunk_rows; /* EST_I_CHUNK_BYTES and _ROWS; tests set less */

    /* Files and datasets */
    char *path;          /* NULL = no file */
    int descriptor;      /* -1 = none */
    struct stat about;   /* as it was when the source was opened */
    const char *memory;  /* the bytes of a dataset, else NULL */
    size_t n_bytes;      /* of a file or a dataset */

    /* Pipes */
    bool is_pipe, pipe_ended;
    bool pipe_used; /* it has been read beyond its header */
    est_i_replay replay;
    struct sha256_ctx pipe_hash;

    /* CSV */
    est_i_csv_state head;      /* where the first record begins */
    uint8_t *parity;           /* parity[k]: of the quotation marks between the header and k * chunk_bytes */
    size_t n_parity;           /* known ones */
    est_i_chunk_start *starts; /* of chunk k */
    size_t n_starts;
};

/* A source of that name that holds nothing yet; NULL without memory. */
est_source *est_i_source_new(const char *name);

/* CSV in memory as a source. The bytes are borrowed and must outlive it. */
est_status est_i_source_of_bytes(const char *name, const char *bytes, size_t length, est_i_monitor *monitor, est_source **source,
                                 est_error *error);

/* A new column; EST_ECOLUMN if the name is empty, taken or no UTF-8. A column named SYNTHETIC marks the source. The kind is what
 * the column becomes in a table. */
est_status est_i_source_add_column(est_source *source, const char *name, est_column_kind kind, est_error *error);

/* Bytes of a file or a dataset from `offset` on; 0 bytes at the end. Any thread. */
est_status est_i_source_read_at(const est_source *source, size_t offset, char *buffer, size_t size, size_t *got, est_error *error);
/* The next bytes of a pipe: those kept from the header first. `keep`: they are kept for a second reading. */
est_status est_i_source_read_pipe(est_source *source, bool keep, char *buffer, size_t size, size_t *got, est_i_monitor *monitor,
                                  est_error *error);
/* EST_EOPTION if a pipe is to be read a second time; else notes that it is being read. */
est_status est_i_source_use(est_source *source, est_error *error);

/* EST_EFILE if the file is not as it was when the source was opened. */
est_status est_i_source_check_unchanged(const est_source *source, est_error *error);

/* Smaller chunks, so that a small file has many: for tests, before the first scan. At least 1. Those of a view are its base's. */
void est_i_source_set_chunks(est_source *source, size_t bytes, size_t rows);

/* Rows, from the kinds that are not CSV. */
size_t est_i_row_fields(const est_i_row_writer *writer);
/* The first field of a column and the next of the same column; EST_I_NO_FIELD = none. */
size_t est_i_row_field(const est_i_row_writer *writer, size_t column);
size_t est_i_row_next_field(const est_i_row_writer *writer, size_t field);
est_i_field est_i_row_field_at(const est_i_row_writer *writer, size_t field);
void est_i_row_put_missing(est_i_row_writer *writer, size_t field, bool is_na); /* false: an empty field */
est_status est_i_row_put_number(est_i_row_writer *writer, size_t field, double value, est_error *error); /* NaN = missing (NA) */
est_status est_i_row_put_text(est_i_row_writer *writer, size_t field, const char *text, size_t length, est_error *error);
/* Into a field of reasons, which takes nothing else. Nothing put: none is given. */
est_status est_i_row_put_reason(est_i_row_writer *writer, size_t field, const char *text, size_t length, est_error *error);
est_status est_i_row_end(est_i_row_writer *writer, est_error *error);

#endif
