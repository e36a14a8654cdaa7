/* Which column plays which part in a table of capture histories. */
#ifndef EST_I_DATA_CAPTURES_PLAN_H
#define EST_I_DATA_CAPTURES_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "data/captures.h"
#include "data/strata.h"

/* Columns are -1 where there is none. */
typedef struct est_i_capture_plan {
    est_shape shape; /* never AUTO */
    long count, person, list, period, seen;
    bool lists_named; /* else every column without another role was taken */
    size_t n_lists;   /* long shape: 0 until the data are read, unless named */
    char *names[EST_I_LISTS_MAX];
    size_t columns[EST_I_LISTS_MAX]; /* counts and persons */
    size_t n_strata;
    char *strata_names[EST_I_STRATA_COLUMNS_MAX];
    size_t strata[EST_I_STRATA_COLUMNS_MAX]; /* columns */
} est_i_capture_plan;

/* `periods` and `strata` NULL: none; never both. */
est_status est_i_capture_plan_make(const est_table *data, const est_capture_options *options,
                                   const est_i_period_options *periods, const est_i_strata_options *strata,
                                   est_i_capture_plan *plan, est_error *error);
void est_i_capture_plan_free(est_i_capture_plan *plan);

/* The first column with a 1 in this record that is no list because others were named; -1 = none. */
long est_i_capture_plan_unnamed(const est_table *data, const est_i_capture_plan *plan, size_t row);

/* EST_EDEFINITION unless there are 2 to 20 lists. */
est_status est_i_capture_plan_check(const est_table *data, size_t n_lists, est_error *error);

#endif
