/* Strata: the combinations of values of the stratum columns that occur in a table, and the lists at work in them. */
#ifndef EST_I_DATA_STRATA_H
#define EST_I_DATA_STRATA_H

#include <stddef.h>
#include <stdint.h>

#include <est/error.h>
#include <est/table.h>

#include "core/monitor.h"

#define EST_I_STRATA_MAX 500
#define EST_I_STRATA_COLUMNS_MAX 10

/* All zero = none. In the order of the values, first column first: numbers by size, texts by bytes. */
typedef struct est_i_strata {
    size_t n_columns, count;
    uint32_t *of_row; /* the stratum of each record */
    char ***values;   /* [stratum][column] */
    char **labels;    /* the values joined (core/domain.h); no two strata have the same */
} est_i_strata;

/* Blanks around a value do not belong to it. EST_EVALUE for a record without a value, EST_EDEFINITION for more
 * than EST_I_STRATA_MAX strata. */
est_status est_i_strata_read(const est_table *data, const size_t *columns, size_t n_columns, est_i_monitor *monitor,
                             est_i_strata *strata, est_error *error);
void est_i_strata_free(est_i_strata *strata);

/* active[stratum] = mask of the lists at work in it, from a table of `list` and some of the stratum columns
 * (`names`, one a column): a row is for every stratum that agrees with it; a list without a row was at work
 * everywhere. A combination that no stratum has is ignored. EST_ECOLUMN (column, list), EST_EVALUE (value that no
 * stratum has). */
est_status est_i_strata_active(const est_i_strata *strata, const char *const *names, const est_table *coverage, size_t n_lists,
                               char *const *lists, uint32_t *active, est_error *error);

#endif
