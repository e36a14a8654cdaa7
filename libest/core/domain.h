/* The name of a domain with several labels: its values joined, so that no two domains of one set of labels have the
 * same name: "female, 0-17". */
#ifndef EST_I_CORE_DOMAIN_H
#define EST_I_CORE_DOMAIN_H

#include <stdint.h>

#include "core/text.h"

/* Separators have numbers: 0 is ", ", k from 1 to 62 is k bars between blanks. The mask of those that stand in a value, as if it
 * had a blank on either side: a separator that stands in none of the values cannot be made by a value and its neighbour either. */
uint64_t est_i_separators_in(const char *value);

/* Appends the first separator that is not in the mask. */
void est_i_separator_append(est_i_text *text, uint64_t taken);

#endif
