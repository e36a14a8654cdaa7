/* The distinct values of a column as small numbers. */
#ifndef EST_I_DATA_LEVELS_H
#define EST_I_DATA_LEVELS_H

#include <stddef.h>
#include <stdint.h>

#include <est/table.h>

#include "core/monitor.h"

#define EST_I_NO_LEVEL UINT32_MAX

/* All zero = empty. Levels are numbered from 0 in the order of first appearance. */
typedef struct est_i_levels {
    size_t count;
    uint32_t *level; /* one a row; EST_I_NO_LEVEL where the cell is missing */
    size_t *first;   /* one a level: the row where it first appears */
} est_i_levels;

/* Linear in the rows. EST_ENOMEM, EST_ECANCELLED. */
est_status est_i_levels_read(const est_table *table, size_t column, est_i_monitor *monitor,
                             est_i_levels *levels, est_error *error);
void est_i_levels_free(est_i_levels *levels);

#endif
