/* A map from 64-bit keys to 32-bit values in linear memory and constant time a key. */
#ifndef EST_I_DATA_MAP_H
#define EST_I_DATA_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero = empty. */
typedef struct est_i_map {
    struct est_i_map_entry {
        uint64_t key;
        uint32_t value;
        bool used;
    } * entries;
    size_t count, capacity; /* the capacity is a power of two */
} est_i_map;

/* The value of a key, 0 when the key is new. Valid until the next call. NULL without memory. */
uint32_t *est_i_map_at(est_i_map *map, uint64_t key);
void est_i_map_free(est_i_map *map);

#endif
