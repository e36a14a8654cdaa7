/* What the small tables beside the data share: period file, list dates, coverage of strata. */
#ifndef EST_I_DATA_SIDE_TABLE_H
#define EST_I_DATA_SIDE_TABLE_H

#include <stddef.h>

#include <est/error.h>
#include <est/table.h>

typedef struct est_i_names {
    size_t count;
    const char *const *names;
} est_i_names;

/* A candidate for est_i_nearest_name; `user` is an est_i_names. */
const char *est_i_name_at(const void *user, size_t index);

/* EST_ECOLUMN with the nearest name if the table has a column that is not allowed. `what`: "period file". */
est_status est_i_side_columns(const est_table *table, est_i_names allowed, const char *what, est_error *error);

/* Which list a cell names. EST_EVALUE if it is missing, EST_ECOLUMN with the nearest name if the data have no such list. */
est_status est_i_side_list(const est_table *table, size_t column, size_t row, est_i_names lists, size_t *list, est_error *error);

#endif
