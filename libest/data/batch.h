/* Batches: a source reads records and hands them on in batches; a consumer takes them. Nothing here keeps the
 * rows.
 *
 * Every cell of a batch is a 32-bit code: EST_I_CODE_EMPTY and EST_I_CODE_NA for a missing cell, otherwise
 * EST_I_CODE_FIRST + the number of its text in the column's dictionary. The dictionary grows from batch to
 * batch and codes never change, so a consumer works out what a text means once, not once a row. A consumer that keeps
 * nothing may have a source forget its texts after each batch (est_i_csv_forget). */
#ifndef EST_I_DATA_BATCH_H
#define EST_I_DATA_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#include "core/monitor.h"
#include "data/dictionary.h"

#define EST_I_BATCH_ROWS 65536u

enum { EST_I_CODE_EMPTY = 0, EST_I_CODE_NA = 1, EST_I_CODE_FIRST = 2 };

typedef struct est_i_schema {
    const char *name; /* of the file or dataset, for messages */
    size_t n_columns;
    est_i_dictionary names;         /* the number of a name is the number of its column */
    est_i_dictionary *dictionaries; /* one a column */
    size_t batch_rows; /* every batch but the last has so many rows; a power of two, at most 64 Ki */
    bool lines_match;  /* so far record r stands on line r + 1 */
} est_i_schema;

typedef struct est_i_batch {
    size_t n_rows;          /* 0 = the end */
    uint32_t *const *codes; /* codes[column][row], the source's own */
} est_i_batch;

/* A kind of source. `open` fills the schema, `next` the batch; both end with the error filled if they fail.
 */
typedef struct est_i_source_type {
    est_status (*open)(void *source, est_i_schema *schema, est_error *error);
    est_status (*next)(void *source, est_i_schema *schema, est_i_batch *batch, est_error *error);
    void (*close)(void *source);
} est_i_source_type;

/* What is done with the rows. `finish` may move dictionaries out of the schema. */
typedef struct est_i_consumer_type {
    est_status (*start)(void *consumer, const est_i_schema *schema, est_error *error);
    est_status (*take)(void *consumer, const est_i_schema *schema, const est_i_batch *batch,
                       est_error *error);
    est_status (*finish)(void *consumer, est_i_schema *schema, est_error *error);
} est_i_consumer_type;

/* Opens the source, hands every batch to the consumer and closes the source, whatever the outcome. */
est_status est_i_batch_run(const est_i_source_type *source_type, void *source,
                           const est_i_consumer_type *consumer_type, void *consumer, est_i_monitor *monitor,
                           est_error *error);

/* Frees the names and the dictionaries. */
void est_i_schema_free(est_i_schema *schema);

/* The largest power of two that keeps a batch of so many columns within 64 Ki rows and 4 Mi cells. */
size_t est_i_batch_rows(size_t n_columns);

#endif
