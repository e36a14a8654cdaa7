/* Hadamard matrices: square, of +1 and -1, their rows at right angles. Entries are worked out when asked for. */
#ifndef EST_I_SURVEY_REPLICATE_HADAMARD_H
#define EST_I_SURVEY_REPLICATE_HADAMARD_H

#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#define EST_I_HADAMARD_PARTS 8
/* Up to here the smallest order that the constructions reach is taken; above, the next power of two. */
#define EST_I_HADAMARD_SEARCHED 4096

typedef enum est_i_hadamard_kind {
    EST_I_HADAMARD_SYLVESTER = 0, /* a power of two */
    EST_I_HADAMARD_PALEY_1,       /* q + 1, q = 3 mod 4 a power of a prime */
    EST_I_HADAMARD_PALEY_2        /* 2 (q + 1), q = 1 mod 4 a power of a prime */
} est_i_hadamard_kind;

typedef struct est_i_hadamard_part {
    est_i_hadamard_kind kind;
    size_t order;
    uint32_t q, prime;
    int8_t *character; /* [q]: quadratic character of the field; an element is its digits to the base of the prime */
} est_i_hadamard_part;

/* The Kronecker product of its parts. All zero = empty. */
typedef struct est_i_hadamard {
    size_t order, n_parts;
    est_i_hadamard_part part[EST_I_HADAMARD_PARTS];
} est_i_hadamard;

/* The smallest order from `at_least` on. */
est_status est_i_hadamard_new(size_t at_least, est_i_hadamard *matrix, est_error *error);
void est_i_hadamard_free(est_i_hadamard *matrix);
/* +1 or -1; row 0 is all +1, so every other row sums to zero. */
int est_i_hadamard_sign(const est_i_hadamard *matrix, size_t row, size_t column);

#endif
