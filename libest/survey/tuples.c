#include "survey/tuples.h"

#include <stdlib.h>
#include <string.h>

static size_t hash_of(const uint32_t *key, size_t width)
{
    uint64_t hash = 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < width; i++) {
        hash = (hash ^ key[i]) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    return (size_t)hash;
}

/* Keys are short: a loop takes less than a call. */
static bool same(const est_i_tuples *tuples, uint32_t number, const uint32_t *key)
{
    const uint32_t *own = est_i_tuples_key(tuples, number);
    size_t i = 0;
    while (i < tuples->width && own[i] == key[i])
        i++;
    return i == tuples->width;
}

static size_t slot_of(const est_i_tuples *tuples, const uint32_t *key)
{
    size_t slot = hash_of(key, tuples->width) & (tuples->n_slots - 1);
    while (tuples->slots[slot] && !same(tuples, tuples->slots[slot] - 1, key))
        slot = (slot + 1) & (tuples->n_slots - 1);
    return slot;
}

static bool grow_keys(est_i_tuples *tuples)
{
    uint32_t capacity = tuples->capacity ? tuples->capacity * 2 : 64;
    uint32_t *keys = realloc(tuples->keys, capacity * (tuples->width ? tuples->width : 1) * sizeof *keys);
    if (keys) {
        tuples->keys = keys;
        tuples->capacity = capacity;
    }
    return keys != NULL;
}

static bool grow_slots(est_i_tuples *tuples)
{
    size_t n_slots = tuples->n_slots ? tuples->n_slots * 2 : 128;
    uint32_t *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return false;
    free(tuples->slots);
    tuples->slots = slots;
    tuples->n_slots = n_slots;
    for (uint32_t i = 0; i < tuples->count; i++)
        tuples->slots[slot_of(tuples, est_i_tuples_key(tuples, i))] = i + 1;
    return true;
}

uint32_t est_i_tuples_add(est_i_tuples *tuples, const uint32_t *key)
{
    if (tuples->last < tuples->count && same(tuples, tuples->last, key))
        return tuples->last;
    if ((size_t)tuples->count * 2 >= tuples->n_slots && !grow_slots(tuples))
        return EST_I_TUPLE_NONE;
    size_t slot = slot_of(tuples, key);
    if (tuples->slots[slot]) {
        tuples->last = tuples->slots[slot] - 1;
    } else {
        if (tuples->count >= EST_I_TUPLE_NONE / 4 || (tuples->count == tuples->capacity && !grow_keys(tuples)))
            return EST_I_TUPLE_NONE;
        if (tuples->width)
            memcpy(tuples->keys + (size_t)tuples->count * tuples->width, key, tuples->width * sizeof *key);
        tuples->slots[slot] = tuples->count + 1;
        tuples->last = tuples->count++;
    }
    return tuples->last;
}

uint32_t est_i_tuples_find(const est_i_tuples *tuples, const uint32_t *key)
{
    uint32_t found = tuples->count ? tuples->slots[slot_of(tuples, key)] : 0;
    return found ? found - 1 : EST_I_TUPLE_NONE;
}

void est_i_tuples_free(est_i_tuples *tuples)
{
    free(tuples->keys);
    free(tuples->slots);
    *tuples = (est_i_tuples){.width = tuples->width};
}
