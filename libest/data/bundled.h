/* The generated datasets: datasets/embed.awk writes bundled_data.c from the folder datasets. */
#ifndef EST_I_DATA_BUNDLED_H
#define EST_I_DATA_BUNDLED_H

#include <stddef.h>

#include <est/table.h>

extern const est_dataset est_i_bundled[];
extern const size_t est_i_bundled_count;

#endif
