/* Whole numbers below a bound, several from one random word. */
#ifndef EST_I_SURVEY_REPLICATE_DRAW_H
#define EST_I_SURVEY_REPLICATE_DRAW_H

#include <stdint.h>

#include "numerics/rng.h"

#define EST_I_DICE_MAX 32

typedef struct est_i_dice {
    uint32_t sides, per_word, refuse_below;
} est_i_dice;

/* As many digits to the base of `sides` as give the most per word, words that are refused counted in. */
static inline est_i_dice est_i_dice_make(uint32_t sides)
{
    est_i_dice dice = {.sides = sides};
    const uint64_t words = UINT64_C(1) << 32;
    uint64_t product = sides, kept = 0;
    for (uint32_t k = 1; product <= words && k <= EST_I_DICE_MAX; k++) {
        uint64_t refused = words % product;
        if (k * (words - refused) > kept) {
            kept = k * (words - refused);
            dice.per_word = k;
            dice.refuse_below = (uint32_t)refused;
        }
        product *= sides;
    }
    return dice;
}

/* dice->per_word independent numbers, each exactly uniform on 0 to sides - 1: a word of 32 bits times sides^k in mixed radix,
 * refused where the last remainder is below 2^32 mod sides^k (Lemire 2019; Brackett-Rozinsky and Lemire 2024). */
static inline void est_i_dice_throw(const est_i_dice *dice, est_i_rng *rng, uint32_t digit[EST_I_DICE_MAX])
{
    uint32_t rest;
    do {
        rest = est_i_rng_next(rng);
        for (uint32_t k = 0; k < dice->per_word; k++) {
            uint64_t wide = (uint64_t)rest * dice->sides;
            digit[k] = (uint32_t)(wide >> 32);
            rest = (uint32_t)wide;
        }
    } while (rest < dice->refuse_below);
}

#endif
