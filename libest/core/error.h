/* Filling an est_error. */
#ifndef EST_I_CORE_ERROR_H
#define EST_I_CORE_ERROR_H

#include <est/error.h>

/* Where a fault stands; unused parts are NULL or 0. */
typedef struct est_i_place {
    const char *where;
    long long record;
    long long line;
    const char *column;
} est_i_place;

/* Both fill `error` (NULL allowed) and return `code`, so that a caller writes: status = est_i_fail(...); goto cleanup;
 * The message of est_i_fail_at begins with the place: "kosovo.csv, record 5 (line 6), column 'EXH': ". */
est_status est_i_fail(est_error *error, est_status code, const char *format, ...) EST_PRINTF(3, 4);
est_status est_i_fail_at(est_error *error, est_status code, est_i_place place, const char *format, ...) EST_PRINTF(4, 5);

/* EST_ENOMEM with its message. */
est_status est_i_no_memory(est_error *error);

#endif
