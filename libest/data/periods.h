/* Periods: their order, length, midpoint and population; and which lists were at work in them. */
#ifndef EST_I_DATA_PERIODS_H
#define EST_I_DATA_PERIODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/table.h>

#include "data/dates.h"
#include "data/levels.h"

typedef struct est_i_period {
    char *label;
    size_t number;   /* in order of first appearance */
    size_t file_row; /* of the period file, 0 without one */
    est_i_span span; /* NaN = not known */
    bool label_read, length_known; /* else one year is assumed */
    double years, midpoint, population;
    bool truncated;
} est_i_period;

typedef struct est_i_periods {
    size_t count;
    est_i_period *period; /* in time order */
    size_t *of_level;     /* level of the period column -> period */
    bool labels_read, has_population;
} est_i_periods;

/* The periods of a column whose levels are known; `file` NULL = no period file. Rules: captures_read.c. */
est_status est_i_periods_read(const est_table *data, size_t column, const est_i_levels *levels,
                              const est_table *file, est_i_periods *periods, est_error *error);
void est_i_periods_free(est_i_periods *periods);

/* active[period] = mask of the lists at work in it, from a table of list, from, to. */
est_status est_i_periods_active(const est_i_periods *periods, const est_table *dates, size_t n_lists,
                                char *const *lists, uint32_t *active, est_error *error);

#endif
