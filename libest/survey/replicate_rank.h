/* The rank of the matrix of supplied replicate weights (rows by replicates), from sums whose size does not depend on the rows. */
#ifndef EST_I_SURVEY_REPLICATE_RANK_H
#define EST_I_SURVEY_REPLICATE_RANK_H

#include <stddef.h>

#include <est/error.h>

#include "survey/state.h"

/* Above it the sums would take more than 10 MB for each chunk in work. */
#define EST_I_RANK_REPLICATES_MAX 1024

typedef struct est_i_replicate_rank est_i_replicate_rank;

/* For n replicates, 1 to EST_I_RANK_REPLICATES_MAX; the rows of each chunk are mixed by a random stream of their own. NULL without
 * memory. */
est_i_replicate_rank *est_i_replicate_rank_new(size_t n, size_t chunk);
void est_i_replicate_rank_free(est_i_replicate_rank *rank);
/* The next n_rows rows of the chunk; replicate[r][row], finite. */
void est_i_replicate_rank_take(est_i_replicate_rank *rank, size_t n_rows, const double *const *replicate);
/* Of the same number of replicates. */
void est_i_replicate_rank_add(est_i_replicate_rank *into, const est_i_replicate_rank *from);
/* Forgets the rows that were added. */
void est_i_replicate_rank_clear(est_i_replicate_rank *rank);

/* *found: replicates of which more than a part of 1e-5 is no combination of those before them, as R's qr counts; 0: the weights
 * are too large to tell, or all are 0. */
est_status est_i_replicate_rank_find(const est_i_replicate_rank *rank, size_t *found, est_error *error);

/* The sums as bytes, and back, added to what is there. */
void est_i_replicate_rank_write(const est_i_replicate_rank *rank, est_i_text *out);
est_status est_i_replicate_rank_read(est_i_replicate_rank *into, est_i_state_reader *reader, est_error *error);

#endif
