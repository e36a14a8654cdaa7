/* The rows of a chunk on their way from a reader to the consumer: gathered in typed columns, handed on in batches. */
#ifndef EST_I_DATA_SCAN_WRITER_H
#define EST_I_DATA_SCAN_WRITER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/monitor.h"
#include "data/scan.h"
#include "data/source_parts.h"

#define EST_I_LABEL_CACHE 256u /* a power of two */

/* A short text is known by its length and eight bytes from either end. */
typedef struct est_i_label_key {
    uint64_t head, tail;
    uint32_t length;
} est_i_label_key;

/* Which code a short text has: a direct-mapped memory before the dictionary. Code 0 = an empty place. */
typedef struct est_i_label_entry {
    est_i_label_key key;
    uint32_t code;
} est_i_label_entry;

typedef struct est_i_row_column {
    double *number;
    uint32_t *label;
    est_i_label_entry *cache; /* of labels */
    bool has_reasons;         /* a field of reasons: some were put since the last batch */
} est_i_row_column;

struct est_i_row_writer {
    const est_source *source;
    const est_i_field *fields;
    size_t n_fields;
    size_t *first_field; /* of each column */
    size_t *next_field;  /* of each field: the next of the same column */

    est_i_row_column *columns; /* one a field */
    double **numbers;          /* what the batch shows */
    uint32_t **labels;
    uint32_t *no_reasons; /* what a field of reasons shows until one is put: files have thousands of columns, most without any */
    est_i_dictionary *dictionaries;
    size_t capacity, n_rows; /* rows of a batch; gathered now */
    est_i_scan_batch batch;
    est_i_scan_lines lines;

    const est_i_scan_consumer *consumer;
    void *user, *part;
    est_i_monitor *monitor;
    const atomic_bool *stop; /* NULL = none: the scan has ended elsewhere */
    long long record;          /* of the first row gathered */
    long long n_taken;         /* rows of the chunk handed on */
    bool failed;               /* memory ran out */

    size_t fault_field, fault_row; /* the first text that is no number; EST_I_NO_FIELD = none */
    char *fault_text;

    /* In one pass over all chunks: rows to go to the end of the chunk, and what is done there. chunk_end NULL = nothing. */
    long long rows_to_go;
    est_status (*chunk_end)(void *user, est_error *error);
    void *chunk_user;
};

/* NULL without memory. `capacity` rows a batch. */
est_i_row_writer *est_i_row_writer_new(const est_source *source, size_t n_fields, const est_i_field *fields, size_t capacity);
void est_i_row_writer_free(est_i_row_writer *writer);
/* A new chunk, the number of its first record known: dictionaries are emptied. */
void est_i_row_writer_begin(est_i_row_writer *writer, void *part, long long record);
/* Takes back the rows gathered since the last batch. */
void est_i_row_writer_drop(est_i_row_writer *writer);
/* Hands the gathered rows on; a text that was no number is then told as a fault. */
est_status est_i_row_writer_flush(est_i_row_writer *writer, est_error *error);
/* true = the reader stops with EST_ECANCELLED. */
bool est_i_row_writer_cancelled(const est_i_row_writer *writer);

/* A number in plain form: a sign, digits, a point. Exact: at most 2^53 over a power of ten that is a double, so that one division
 * rounds once (Clinger 1990). false = est_i_number_parse has to say. */
bool est_i_number_plain(const char *text, size_t length, double *value);

/* A text as a message may show it: in words that name nobody. */
est_status est_i_describe_text(const char *text, char found[128], est_error *error);
/* Says what else is expected, if the error is that of a text that is no number. */
void est_i_expect_of_number(est_error *error, const char *expected);

/* The code of a text among those of a field; 0 (EST_I_CODE_EMPTY) and `failed` without memory. */
uint32_t est_i_row_code(est_i_row_writer *writer, size_t field, const char *text, size_t length);
/* Notes that the text in the row being gathered is no number. */
void est_i_row_no_number(est_i_row_writer *writer, size_t field, const char *text, size_t length);

#endif
