/* A partial first pass as bytes, and several of them put together. */
#ifndef EST_I_SURVEY_SAMPLE_STATE_H
#define EST_I_SURVEY_SAMPLE_STATE_H

#include "survey/sample_parts.h"
#include "survey/state.h"

typedef void est_i_part_write(void *user, const void *part, est_i_text *out);
/* NULL: damaged, or no memory. Leaves and domains of the part must be below the two numbers. */
typedef void *est_i_part_read(void *user, est_i_state_reader *reader, size_t n_leaves, size_t n_domains);

void est_i_sample_state_write(const est_i_sample *sample, const est_i_tree *tree, est_i_part_write *write, est_i_text *out);
/* Adds a state to a sample that has read no rows itself, and its parts to the tree. reader->bad afterwards: the state is damaged. */
est_status est_i_sample_state_read(est_i_sample *sample, est_i_state_reader *reader, est_i_part_read *read, est_i_tree *tree,
                                   est_error *error);

#endif
