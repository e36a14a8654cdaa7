/* Scans: one pass over the rows of a source, in chunks, with only the columns that are asked for.
 *
 * The rows are cut into chunks at places that depend on the data alone, never on the number of threads (a CSV file: at the first
 * record that begins at or after each multiple of EST_I_CHUNK_BYTES; everything else: every EST_I_CHUNK_ROWS rows). Each chunk has
 * a part of its own in the consumer. Chunks may be read on several threads; their parts are settled on the calling thread in the
 * order of the chunks. A pipe is cut at the same places as the file that holds the same bytes. */
#ifndef EST_I_DATA_SCAN_H
#define EST_I_DATA_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/source.h>

#include "core/error.h"
#include "core/monitor.h"
#include "data/batch.h"
#include "data/dictionary.h"

#define EST_I_CHUNK_BYTES ((size_t)16 << 20)
#define EST_I_CHUNK_ROWS ((size_t)1 << 18)

typedef enum est_i_field_kind {
    EST_I_FIELD_NUMBER = 0, /* text that is no number (also "") is a fault, EST_EVALUE, told with its record and column */
    EST_I_FIELD_LABEL,      /* the text of the cell, numbers in the form they stand in a CSV file or in their shortest form */
    /* Why the cell is missing, as a label: ".a" (a tag of Stata), "98" (a value that an SPSS file declares missing).
     * EST_I_CODE_EMPTY: it is not missing, or the file gives no reason. Only of columns that est_i_source_has_reasons; in fields of
     * the other kinds such a cell is missing as any other (NaN, EST_I_CODE_NA). */
    EST_I_FIELD_REASON
} est_i_field_kind;

typedef struct est_i_field {
    size_t column; /* of the source */
    est_i_field_kind kind;
} est_i_field;

/* Where the rows of a batch stand in the file: at line[row], else found by reading the batch's bytes; NULL and NULL = not known. */
typedef struct est_i_scan_lines {
    long long first; /* the line of the first byte */
    const long long *line;
    const char *bytes;
    size_t length;
    char delimiter;
} est_i_scan_lines;

typedef struct est_i_scan_batch {
    size_t n_rows; /* at most EST_I_BATCH_ROWS */
    /* The number in the whole source of the batch's first row, from 1. While chunks are read side by side it counts within the
     * chunk; a chunk with a fault is read again with the right number. */
    long long first_record;
    const double *const *number; /* number[field][row], NaN = missing; NULL for a label */
    /* label[field][row]: EST_I_CODE_EMPTY, EST_I_CODE_NA, or EST_I_CODE_FIRST + the text's number in the dictionary; NULL for a
     * number. */
    const uint32_t *const *label;
    const est_i_dictionary *dictionary; /* dictionary[field]: the chunk's own, it grows from batch to batch */
    const est_i_scan_lines *lines;      /* for est_i_scan_place; NULL = not known */
} est_i_scan_batch;

/* What is done with the rows. All texts and arrays of a batch are the scan's. A chunk without rows has a part too. The first fault
 * in the order of the rows ends the scan, whatever the threads. */
typedef struct est_i_scan_consumer {
    void *(*part_new)(void *user, size_t chunk); /* NULL without memory; any thread */
    est_status (*take)(void *user, void *part, const est_i_scan_batch *batch, est_error *error); /* any thread */
    /* The chunk is done: the part passes to the consumer, which frees it, also when it fails. The dictionaries live until settle
     * returns. */
    est_status (*settle)(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error);
    void (*part_free)(void *user, void *part);
} est_i_scan_consumer;

/* Reads chunks first_chunk to last_chunk - 1 (0, SIZE_MAX: all). *n_records: rows read. Of the chunks before first_chunk only the
 * quotation marks are counted, once for each source. Errors: what the consumer says, EST_EFORMAT with record, line and column,
 * EST_EVALUE, EST_EFILE, EST_EOPTION when a source that is not repeatable is read a second time, EST_ECANCELLED. */
est_status est_i_scan(est_source *source, size_t n_fields, const est_i_field *fields, size_t first_chunk, size_t last_chunk,
                      const est_i_scan_consumer *consumer, void *user, int threads, est_i_monitor *monitor, long long *n_records,
                      est_error *error);

/* How many chunks there are, without reading the rows of a file; EST_EOPTION for a source that is not repeatable. */
est_status est_i_scan_chunks(est_source *source, size_t *count, est_error *error);

/* The place of a cell of a batch, for est_i_fail_at. */
est_i_place est_i_scan_place(const est_source *source, const est_i_scan_batch *batch, size_t row, size_t column);

/* The column of that name; EST_ECOLUMN with the nearest name if there is none. `what` says what it is needed for. */
est_status est_i_source_require(const est_source *source, const char *name, const char *what, size_t *column, est_error *error);

/* May the file say why cells of the column are missing (tagged missing values of Stata, user-missing values of SPSS)? */
bool est_i_source_has_reasons(const est_source *source, size_t column);

/* What a column's value, or the reason of a missing one, is called in a file that has value labels (.dta, .sav), else NULL.
 * Borrowed. */
const char *est_i_source_value_label(const est_source *source, size_t column, const char *value);
/* The variable's own label, "" if there is none. Borrowed. */
const char *est_i_source_variable_label(const est_source *source, size_t column);

/* A digest of the data for provenance: SHA-256 of the file's bytes for a file or a dataset (one more reading of the file), of the
 * columns for a table. A pipe has one once it has been read to its end, before that EST_EOPTION. hex: 65 bytes. */
est_status est_i_source_digest(est_source *source, est_i_monitor *monitor, char hex[65], est_error *error);

#endif
