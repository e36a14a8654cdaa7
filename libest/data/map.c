#include "data/map.h"

#include <stdlib.h>

/* The finaliser of a 64-bit multiplicative hash: every bit of the key reaches every bit of the slot. */
static uint64_t mix(uint64_t key)
{
    key ^= key >> 32;
    key *= 0xd6e8feb86659fd93u;
    key ^= key >> 32;
    key *= 0xd6e8feb86659fd93u;
    return key ^ (key >> 32);
}

static struct est_i_map_entry *find_entry(const est_i_map *map, uint64_t key)
{
    size_t mask = map->capacity - 1;
    size_t slot = (size_t)mix(key) & mask;
    while (map->entries[slot].used && map->entries[slot].key != key)
        slot = (slot + 1) & mask;
    return &map->entries[slot];
}

static bool grow(est_i_map *map)
{
    est_i_map larger = {.count = map->count, .capacity = map->capacity ? map->capacity * 2 : 64};
    larger.entries = calloc(larger.capacity, sizeof *larger.entries);
    if (!larger.entries)
        return false;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->entries[i].used)
            *find_entry(&larger, map->entries[i].key) = map->entries[i];
    free(map->entries);
    *map = larger;
    return true;
}

uint32_t *est_i_map_at(est_i_map *map, uint64_t key)
{
    if (map->count * 2 >= map->capacity && !grow(map))
        return NULL;
    struct est_i_map_entry *entry = find_entry(map, key);
    if (!entry->used) {
        *entry = (struct est_i_map_entry){.key = key, .used = true};
        map->count++;
    }
    return &entry->value;
}

void est_i_map_free(est_i_map *map)
{
    free(map->entries);
    *map = (est_i_map){0};
}
