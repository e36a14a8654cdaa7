/* Tuples of whole numbers, each kept once and found in constant time. */
#ifndef EST_I_SURVEY_TUPLES_H
#define EST_I_SURVEY_TUPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EST_I_TUPLE_NONE UINT32_MAX

/* All zero but the width = empty. Tuples are numbered from 0 in the order of first appearance. */
typedef struct est_i_tuples {
    size_t width;
    uint32_t count, capacity;
    uint32_t *keys; /* keys[tuple * width + i] */
    size_t n_slots;
    uint32_t *slots; /* number + 1; 0 = free */
    uint32_t last;   /* found last: rows of one unit often stand together */
} est_i_tuples;

/* The number of a tuple, which is added if it is new. EST_I_TUPLE_NONE without memory. */
uint32_t est_i_tuples_add(est_i_tuples *tuples, const uint32_t *key);
/* The number of a tuple, EST_I_TUPLE_NONE if it is not there. */
uint32_t est_i_tuples_find(const est_i_tuples *tuples, const uint32_t *key);
void est_i_tuples_free(est_i_tuples *tuples);

static inline const uint32_t *est_i_tuples_key(const est_i_tuples *tuples, uint32_t number)
{
    return tuples->keys + (size_t)number * tuples->width;
}

#endif
