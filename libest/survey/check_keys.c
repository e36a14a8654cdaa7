/* How many keys occur more than once, in bounded memory. */
#include "survey/check_keys.h"

#include <stdlib.h>
#include <string.h>

uint64_t est_i_check_hash(const char *text, size_t length)
{
    uint64_t hash = 0x9e3779b97f4a7c15u ^ length;
    while (length > 0) {
        uint64_t word = 0;
        size_t part = length < sizeof word ? length : sizeof word;
        memcpy(&word, text, part);
        hash = est_i_check_hash_join(hash, word);
        text += part;
        length -= part;
    }
    return est_i_check_hash_join(hash, 0x9fb21c651e98df25u);
}

static bool is_kept(const est_i_check_keys *keys, uint64_t hash)
{
    return keys->shift == 0 || hash >> (64 - keys->shift) == 0;
}

/* The place of a hash, or the free one where it belongs. The low bits choose it, for the high ones thin the keys out. */
static size_t slot_of(const est_i_check_keys *keys, uint64_t hash)
{
    size_t mask = keys->n_slots - 1, slot = (size_t)hash & mask;
    while (keys->slots[slot] != 0 && keys->slots[slot] != hash)
        slot = (slot + 1) & mask;
    return slot;
}

/* The keys that are still wanted in a table of n_slots. */
static bool rebuild(est_i_check_keys *keys, size_t n_slots)
{
    est_i_check_keys made = *keys;
    made.n = 0;
    made.n_slots = n_slots;
    made.slots = calloc(n_slots, sizeof *made.slots);
    made.counts = calloc(n_slots, sizeof *made.counts);
    bool good = made.slots && made.counts;
    for (size_t i = 0; i < keys->n_slots && good; i++) {
        if (keys->slots[i] == 0 || !is_kept(keys, keys->slots[i]))
            continue;
        size_t slot = slot_of(&made, keys->slots[i]);
        made.slots[slot] = keys->slots[i];
        made.counts[slot] = keys->counts[i];
        made.n++;
    }
    free(good ? keys->slots : made.slots);
    free(good ? keys->counts : made.counts);
    if (good)
        *keys = made;
    return good;
}

static bool make_room(est_i_check_keys *keys)
{
    bool good = true;
    while (good && keys->n >= keys->most && keys->shift < 63) {
        keys->shift++;
        good = rebuild(keys, keys->n_slots);
    }
    if (good && 2 * keys->n >= keys->n_slots)
        good = rebuild(keys, keys->n_slots ? 2 * keys->n_slots : 1024);
    return good;
}

bool est_i_check_keys_add(est_i_check_keys *keys, uint64_t hash, long long record)
{
    hash += hash == 0;
    if (!is_kept(keys, hash))
        return true;
    if (!make_room(keys))
        return false;
    if (!is_kept(keys, hash))
        return true;
    size_t slot = slot_of(keys, hash);
    if (keys->slots[slot] == 0) {
        keys->slots[slot] = hash;
        keys->n++;
    } else if (keys->first == 0) {
        keys->first = record;
    }
    keys->counts[slot] += keys->counts[slot] < UINT32_MAX;
    return true;
}

est_i_check_repeats est_i_check_keys_repeats(const est_i_check_keys *keys)
{
    est_i_check_repeats repeats = {0, 0, keys->shift == 0};
    double scale = (double)((uint64_t)1 << keys->shift);
    for (size_t i = 0; i < keys->n_slots; i++) {
        repeats.keys += keys->counts[i] > 1;
        repeats.rows += keys->counts[i] > 1 ? keys->counts[i] - 1.0 : 0;
    }
    repeats.keys *= scale;
    repeats.rows *= scale;
    return repeats;
}

void est_i_check_keys_free(est_i_check_keys *keys)
{
    free(keys->slots);
    free(keys->counts);
    keys->slots = NULL;
    keys->counts = NULL;
    keys->n = keys->n_slots = 0;
}
