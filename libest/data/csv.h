/* CSV as a source of batches. The rules are in csv.c. */
#ifndef EST_I_DATA_CSV_H
#define EST_I_DATA_CSV_H

#include <stddef.h>

#include "core/monitor.h"
#include "data/batch.h"

#define EST_I_CSV_FIELD_MAX ((size_t)1 << 20)

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

#endif
