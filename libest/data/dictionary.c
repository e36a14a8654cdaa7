#include "data/dictionary.h"

#include <stdlib.h>
#include <string.h>

/* Multiply and fold, eight bytes at a time. */
static uint32_t hash_text(const char *text, size_t length)
{
    uint64_t hash = 0x9e3779b97f4a7c15u ^ length;
    while (length > 0) {
        uint64_t word = 0;
        size_t part = length < sizeof word ? length : sizeof word;
        memcpy(&word, text, part);
        hash = (hash ^ word) * 0xd6e8feb86659fd93u;
        hash ^= hash >> 32;
        text += part;
        length -= part;
    }
    hash *= 0xd6e8feb86659fd93u;
    return (uint32_t)(hash >> 32);
}

static bool same_text(const est_i_dictionary *dictionary, uint32_t index, const char *text, size_t length)
{
    return est_i_dictionary_length(dictionary, index) == length &&
           (length == 0 || memcmp(dictionary->bytes + dictionary->offsets[index], text, length) == 0);
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t find_slot(const est_i_dictionary *dictionary, uint32_t hash, const char *text, size_t length)
{
    size_t mask = dictionary->n_slots - 1;
    size_t slot = hash & mask;
    while (dictionary->slots[slot] != 0) {
        uint32_t index = dictionary->slots[slot] - 1;
        if (dictionary->hashes[index] == hash && same_text(dictionary, index, text, length))
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

static bool grow_slots(est_i_dictionary *dictionary)
{
    size_t n_slots = dictionary->n_slots ? dictionary->n_slots * 2 : 16;
    uint32_t *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t index = 0; index < dictionary->count; index++) {
        size_t slot = dictionary->hashes[index] & (n_slots - 1);
        while (slots[slot] != 0)
            slot = (slot + 1) & (n_slots - 1);
        slots[slot] = index + 1;
    }
    free(dictionary->slots);
    dictionary->slots = slots;
    dictionary->n_slots = n_slots;
    return true;
}

static bool grow_entries(est_i_dictionary *dictionary)
{
    uint32_t capacity = dictionary->capacity ? dictionary->capacity : 8;
    if (capacity >= UINT32_MAX / 4)
        return false;
    capacity *= 2;
    size_t *offsets = realloc(dictionary->offsets, (capacity + 1) * sizeof *offsets);
    if (!offsets)
        return false;
    dictionary->offsets = offsets;
    uint32_t *hashes = realloc(dictionary->hashes, capacity * sizeof *hashes);
    if (!hashes)
        return false;
    dictionary->hashes = hashes;
    dictionary->capacity = capacity;
    return true;
}

static bool grow_bytes(est_i_dictionary *dictionary, size_t extra)
{
    size_t capacity = dictionary->bytes_capacity ? dictionary->bytes_capacity : 64;
    while (capacity - dictionary->n_bytes < extra) {
        if (capacity > SIZE_MAX / 2)
            return false;
        capacity *= 2;
    }
    char *bytes = realloc(dictionary->bytes, capacity);
    if (!bytes)
        return false;
    dictionary->bytes = bytes;
    dictionary->bytes_capacity = capacity;
    return true;
}

uint32_t est_i_dictionary_add(est_i_dictionary *dictionary, const char *text, size_t length)
{
    /* At most half of the slots are taken. */
    if ((size_t)dictionary->count * 2 >= dictionary->n_slots && !grow_slots(dictionary))
        return EST_I_DICTIONARY_NONE;
    uint32_t hash = hash_text(text, length);
    size_t slot = find_slot(dictionary, hash, text, length);
    if (dictionary->slots[slot] != 0)
        return dictionary->slots[slot] - 1;
    if (dictionary->count == dictionary->capacity && !grow_entries(dictionary))
        return EST_I_DICTIONARY_NONE;
    if (dictionary->bytes_capacity - dictionary->n_bytes <= length && !grow_bytes(dictionary, length + 1))
        return EST_I_DICTIONARY_NONE;
    uint32_t index = dictionary->count++;
    if (length > 0)
        memcpy(dictionary->bytes + dictionary->n_bytes, text, length);
    dictionary->bytes[dictionary->n_bytes + length] = '\0';
    dictionary->offsets[index] = dictionary->n_bytes;
    dictionary->n_bytes += length + 1;
    dictionary->offsets[index + 1] = dictionary->n_bytes;
    dictionary->hashes[index] = hash;
    dictionary->slots[slot] = index + 1;
    return index;
}

uint32_t est_i_dictionary_find(const est_i_dictionary *dictionary, const char *text, size_t length)
{
    uint32_t index = EST_I_DICTIONARY_NONE;
    if (dictionary->n_slots > 0) {
        size_t slot = find_slot(dictionary, hash_text(text, length), text, length);
        if (dictionary->slots[slot] != 0)
            index = dictionary->slots[slot] - 1;
    }
    return index;
}

const char *est_i_dictionary_text(const est_i_dictionary *dictionary, uint32_t index)
{
    return dictionary->bytes + dictionary->offsets[index];
}

size_t est_i_dictionary_length(const est_i_dictionary *dictionary, uint32_t index)
{
    return dictionary->offsets[index + 1] - dictionary->offsets[index] - 1;
}

void est_i_dictionary_seal(est_i_dictionary *dictionary)
{
    free(dictionary->slots);
    free(dictionary->hashes);
    dictionary->slots = NULL;
    dictionary->hashes = NULL;
    dictionary->n_slots = 0;
    if (dictionary->n_bytes > 0) {
        char *bytes = realloc(dictionary->bytes, dictionary->n_bytes);
        if (bytes) {
            dictionary->bytes = bytes;
            dictionary->bytes_capacity = dictionary->n_bytes;
        }
    }
}

void est_i_dictionary_clear(est_i_dictionary *dictionary)
{
    dictionary->n_bytes = 0;
    dictionary->count = 0;
    if (dictionary->slots)
        memset(dictionary->slots, 0, dictionary->n_slots * sizeof *dictionary->slots);
}

void est_i_dictionary_free(est_i_dictionary *dictionary)
{
    free(dictionary->bytes);
    free(dictionary->offsets);
    free(dictionary->hashes);
    free(dictionary->slots);
    *dictionary = (est_i_dictionary){0};
}
