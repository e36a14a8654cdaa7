#include "survey/cells.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

est_i_cells *est_i_cells_new(size_t width)
{
    est_i_cells *cells = calloc(1, sizeof *cells);
    if (cells)
        cells->width = width;
    return cells;
}

void est_i_cells_free(est_i_cells *cells)
{
    if (!cells)
        return;
    free(cells->leaf);
    free(cells->domain);
    free(cells->sum);
    free(cells->slots);
    free(cells);
}

static size_t hash_of(uint32_t leaf, uint32_t domain)
{
    uint64_t hash = ((uint64_t)leaf << 32 | domain) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash ^ hash >> 29);
}

static size_t slot_of(const est_i_cells *cells, uint32_t leaf, uint32_t domain)
{
    size_t slot = hash_of(leaf, domain) & (cells->n_slots - 1);
    for (uint32_t at = cells->slots[slot]; at; at = cells->slots[slot]) {
        if (cells->leaf[at - 1] == leaf && cells->domain[at - 1] == domain)
            break;
        slot = (slot + 1) & (cells->n_slots - 1);
    }
    return slot;
}

static bool index_cells(est_i_cells *cells, size_t n_slots)
{
    uint32_t *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return false;
    free(cells->slots);
    cells->slots = slots;
    cells->n_slots = n_slots;
    for (size_t i = 0; i < cells->count; i++)
        slots[slot_of(cells, cells->leaf[i], cells->domain[i])] = (uint32_t)i + 1;
    return true;
}

static bool grow(est_i_cells *cells)
{
    size_t capacity = cells->capacity + cells->capacity / 2 + 64;
    uint32_t *leaf = realloc(cells->leaf, capacity * sizeof *leaf);
    if (leaf)
        cells->leaf = leaf;
    uint32_t *domain = realloc(cells->domain, capacity * sizeof *domain);
    if (domain)
        cells->domain = domain;
    est_i_dd *sum = realloc(cells->sum, capacity * (cells->width ? cells->width : 1) * sizeof *sum);
    if (sum)
        cells->sum = sum;
    if (leaf && domain && sum)
        cells->capacity = capacity;
    return leaf && domain && sum && capacity < UINT32_MAX;
}

est_i_dd *est_i_cells_at(est_i_cells *cells, uint32_t leaf, uint32_t domain)
{
    uint32_t at = cells->last;
    if (at >= cells->count || cells->leaf[at] != leaf || cells->domain[at] != domain) {
        if (cells->count * 2 >= cells->n_slots && !index_cells(cells, cells->n_slots ? cells->n_slots * 2 : 128))
            return NULL;
        size_t slot = slot_of(cells, leaf, domain);
        if (!cells->slots[slot]) {
            if (cells->count == cells->capacity && !grow(cells))
                return NULL;
            cells->leaf[cells->count] = leaf;
            cells->domain[cells->count] = domain;
            memset(cells->sum + cells->count * cells->width, 0, cells->width * sizeof *cells->sum);
            cells->slots[slot] = (uint32_t)++cells->count;
        }
        at = cells->slots[slot] - 1;
        cells->last = at;
    }
    return cells->sum + (size_t)at * cells->width;
}

/* Two numbers of a part may become one, when a unit's name was met twice: then their cells are added. */
est_status est_i_cells_renumber(est_i_cells *cells, const est_i_renumbering *final, est_error *error)
{
    est_i_cells *made = est_i_cells_new(cells->width);
    bool good = made != NULL;
    for (size_t i = 0; i < cells->count && good; i++) {
        est_i_dd *sum = est_i_cells_at(made, final->leaf[cells->leaf[i]], final->domain[cells->domain[i]]);
        good = sum != NULL;
        for (size_t k = 0; k < cells->width && good; k++)
            sum[k] = est_i_dd_add(sum[k], cells->sum[i * cells->width + k]);
    }
    if (good) {
        est_i_cells kept = *cells;
        *cells = *made;
        *made = kept;
    }
    est_i_cells_free(made);
    return good ? EST_OK : est_i_no_memory(error);
}

est_status est_i_cells_join(est_i_cells *into, const est_i_cells *from, est_error *error)
{
    for (size_t i = 0; i < from->count; i++) {
        est_i_dd *sum = est_i_cells_at(into, from->leaf[i], from->domain[i]);
        if (!sum)
            return est_i_no_memory(error);
        for (size_t k = 0; k < into->width; k++)
            sum[k] = est_i_dd_add(sum[k], from->sum[i * from->width + k]);
    }
    return EST_OK;
}

/* order[] lists the cells by key, those of one key in the order they had. first: n_keys + 1 entries. */
static void sort_by(size_t count, const uint32_t *keys, const uint32_t *before, size_t n_keys, size_t *first, uint32_t *order)
{
    memset(first, 0, (n_keys + 1) * sizeof *first);
    for (size_t i = 0; i < count; i++)
        first[keys[i] + 1]++;
    for (size_t k = 0; k < n_keys; k++)
        first[k + 1] += first[k];
    for (size_t i = 0; i < count; i++) {
        uint32_t cell = before ? before[i] : (uint32_t)i;
        order[first[keys[cell]]++] = cell;
    }
    for (size_t k = n_keys; k > 0; k--)
        first[k] = first[k - 1];
    first[0] = 0;
}

static uint32_t largest(const uint32_t *values, size_t count)
{
    uint32_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    return most;
}

static bool apply_order(est_i_cells *cells, const uint32_t *order)
{
    size_t n = cells->count, width = cells->width;
    uint32_t *leaf = malloc((n + 1) * sizeof *leaf), *domain = malloc((n + 1) * sizeof *domain);
    est_i_dd *sum = malloc((n * width + 1) * sizeof *sum);
    bool good = leaf && domain && sum;
    for (size_t i = 0; i < n && good; i++) {
        leaf[i] = cells->leaf[order[i]];
        domain[i] = cells->domain[order[i]];
        memcpy(sum + i * width, cells->sum + order[i] * width, width * sizeof *sum);
    }
    if (good) {
        uint32_t *old_leaf = cells->leaf, *old_domain = cells->domain;
        est_i_dd *old_sum = cells->sum;
        cells->leaf = leaf, cells->domain = domain, cells->sum = sum;
        leaf = old_leaf, domain = old_domain, sum = old_sum;
        free(cells->slots);
        cells->slots = NULL;
        cells->n_slots = 0;
    }
    free(leaf);
    free(domain);
    free(sum);
    return good;
}

est_status est_i_cells_sort(est_i_cells *cells, size_t n_domains, size_t **domain_first, est_error *error)
{
    size_t n = cells->count, n_leaves = n ? (size_t)largest(cells->leaf, n) + 1 : 1;
    uint32_t *by_leaf = malloc((n + 1) * sizeof *by_leaf), *order = malloc((n + 1) * sizeof *order);
    size_t *leaf_first = malloc((n_leaves + 1) * sizeof *leaf_first), *first = malloc((n_domains + 1) * sizeof *first);
    bool good = by_leaf && order && leaf_first && first;
    if (good) {
        sort_by(n, cells->leaf, NULL, n_leaves, leaf_first, by_leaf);
        sort_by(n, cells->domain, by_leaf, n_domains, first, order);
        good = apply_order(cells, order);
    }
    free(by_leaf);
    free(order);
    free(leaf_first);
    if (!good) {
        free(first);
        first = NULL;
    }
    *domain_first = first;
    return good ? EST_OK : est_i_no_memory(error);
}
