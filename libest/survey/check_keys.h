/* How many keys occur more than once, in bounded memory.
 *
 * Keys are known by a hash of 64 bits. While they fit all are counted, and the answer is exact. Then only those whose hash begins
 * with `shift` zero bits are kept: a random part of 2^-shift of all keys, each counted from its first row on, so that the numbers
 * times 2^shift estimate those of the whole (Flajolet 1990, On adaptive sampling, Computing). */
#ifndef EST_I_SURVEY_CHECK_KEYS_H
#define EST_I_SURVEY_CHECK_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EST_I_CHECK_KEYS_MAX ((size_t)1 << 20)

/* Zero but for `most` = empty. */
typedef struct est_i_check_keys {
    size_t most;      /* keys kept at once */
    size_t n, n_slots;
    uint64_t *slots;  /* 0 = free */
    uint32_t *counts;
    unsigned shift;
    long long first;  /* the record in which a key is met again for the first time; 0 = none */
} est_i_check_keys;

/* false without memory. `record` counts from 1. */
bool est_i_check_keys_add(est_i_check_keys *keys, uint64_t hash, long long record);
/* Keys that occur more than once, and the rows beyond the first of each. Estimates if shift > 0. */
typedef struct est_i_check_repeats {
    double keys, rows;
    bool exact;
} est_i_check_repeats;
est_i_check_repeats est_i_check_keys_repeats(const est_i_check_keys *keys);
void est_i_check_keys_free(est_i_check_keys *keys);

/* A hash of a text, and of a hash and one more. */
uint64_t est_i_check_hash(const char *text, size_t length);
static inline uint64_t est_i_check_hash_join(uint64_t hash, uint64_t next)
{
    hash = (hash ^ next) * 0xd6e8feb86659fd93u;
    return hash ^ hash >> 32;
}

#endif
