/* CSV as a source of batches. The rules are in csv.c. */
#ifndef EST_I_DATA_CSV_H
#define EST_I_DATA_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "core/monitor.h"
#include "data/batch.h"

#define EST_I_CSV_FIELD_MAX ((size_t)1 << 20)
#define EST_I_CSV_RESUMED_ROWS ((size_t)4096) /* of a batch after est_i_csv_resume */

/* Where the bytes come from. `read` gives 0 bytes at the end. */
typedef struct est_i_bytes {
    const char *name;
    est_status (*read)(void *state, char *buffer, size_t size, size_t *got, est_error *error);
    void *state;
    double expected; /* bytes in all, 0 = not known */
} est_i_bytes;

typedef struct est_i_csv est_i_csv;

/* NULL without memory. The source of est_i_csv_source; `monitor` may be NULL. */
est_i_csv *est_i_csv_new(const est_i_bytes *bytes, est_i_monitor *monitor);
void est_i_csv_free(est_i_csv *csv);

/* Forgets every text read so far, between two batches: for a consumer that passes its rows on and keeps no code, so that
 * memory does not grow with the file. Codes given out before mean nothing afterwards. */
void est_i_csv_forget(est_i_csv *csv);

extern const est_i_source_type est_i_csv_source;

/* Where a reader stands between two records. */
typedef struct est_i_csv_state {
    size_t offset; /* of the next byte, from the beginning of the file */
    char delimiter;
    bool after_return; /* a carriage return has ended the last record; only a line feed may follow */
    long long record;  /* the number of the next record */
    long long line;    /* the line the next byte stands on */
} est_i_csv_state;

/* Below the header, when nothing but the header has been asked for. */
est_i_csv_state est_i_csv_below_header(const est_i_csv *csv);

/* Instead of `open`: the bytes begin at `state`, below the header, and end between two records. The caller has filled the schema's
 * name, n_columns and names. A batch that fails has the rows before the fault. */
est_status est_i_csv_resume(est_i_csv *csv, est_i_schema *schema, const est_i_csv_state *state, est_error *error);
/* The lines the rows of the last batch begin on; only after est_i_csv_resume. */
const long long *est_i_csv_lines(const est_i_csv *csv);

/* The parser of libcsv as it is set for every file: strict, an empty field told from "", fields of 1 MiB at most. */
struct csv_parser;
bool est_i_csv_parser_start(struct csv_parser *parser, char delimiter);

#endif
