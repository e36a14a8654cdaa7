/* The distinct texts of a column, each kept once, found in constant time. */
#ifndef EST_I_DATA_DICTIONARY_H
#define EST_I_DATA_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero = empty. Texts are numbered from 0 in the order of first appearance. */
typedef struct est_i_dictionary {
    char *bytes; /* the texts one after the other, each ended by NUL */
    size_t n_bytes, bytes_capacity;
    size_t *offsets;
    uint32_t *hashes;
    uint32_t count, capacity;
    uint32_t *slots; /* index + 1, 0 = free; the number of slots is a power of two */
    size_t n_slots;
} est_i_dictionary;

#define EST_I_DICTIONARY_NONE UINT32_MAX

/* The number of a text, which is added if it is new. EST_I_DICTIONARY_NONE without memory. */
uint32_t est_i_dictionary_add(est_i_dictionary *dictionary, const char *text, size_t length);
/* The number of a text, EST_I_DICTIONARY_NONE if it is not there. */
uint32_t est_i_dictionary_find(const est_i_dictionary *dictionary, const char *text, size_t length);

const char *est_i_dictionary_text(const est_i_dictionary *dictionary, uint32_t index);
size_t est_i_dictionary_length(const est_i_dictionary *dictionary, uint32_t index);

/* Ends the growth: gives the index and the spare room back. Later only texts by number are asked for. */
void est_i_dictionary_seal(est_i_dictionary *dictionary);
/* Forgets the texts and keeps room for as many; never after _seal. */
void est_i_dictionary_clear(est_i_dictionary *dictionary);
void est_i_dictionary_free(est_i_dictionary *dictionary);

#endif
