/* What the files captures*.c share. */
#ifndef EST_I_DATA_CAPTURES_PARTS_H
#define EST_I_DATA_CAPTURES_PARTS_H

#include "data/captures.h"

/* All counts 0, names not set, every list active, one year a block. */
est_status est_i_captures_allocate(size_t n_lists, size_t n_blocks, est_i_captures **captures,
                                   est_error *error);

/* Sums totals and total from the counts. */
void est_i_captures_total(est_i_captures *captures);

/* Leaves out the strata with nobody on the lists, and notes whether some list rested in one of the others. */
void est_i_captures_finish_strata(est_i_captures *captures);

#endif
