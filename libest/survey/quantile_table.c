/* Tables of distinct values, and the first pass over them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/quantile_parts.h"

/* Keys */

uint64_t est_i_quantile_key(double value)
{
    uint64_t bits;
    value += 0.0;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

double est_i_quantile_of_key(uint64_t key)
{
    double value;
    uint64_t bits = key >> 63 ? key ^ (uint64_t)1 << 63 : ~key;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The table */

void est_i_quantile_table_clear(est_i_quantile_table *table)
{
    free(table->entry);
    free(table->index);
    *table = (est_i_quantile_table){0};
}

static size_t place_of(const est_i_quantile_table *table, uint32_t list, uint32_t slot, double value)
{
    uint64_t hash = est_i_quantile_key(value) ^ ((uint64_t)list << 40) ^ ((uint64_t)slot << 8);
    hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9u;
    size_t at = (size_t)(hash >> 32) & (table->n_indexed - 1);
    for (; table->index[at]; at = (at + 1) & (table->n_indexed - 1)) {
        const est_i_quantile_entry *entry = &table->entry[table->index[at] - 1];
        if (entry->group.value == value && entry->list == list && entry->slot == slot)
            break;
    }
    return at;
}

static bool reindex(est_i_quantile_table *table, size_t n)
{
    uint32_t *index = calloc(n, sizeof *index);
    if (!index)
        return false;
    free(table->index);
    table->index = index;
    table->n_indexed = n;
    for (size_t i = 0; i < table->count; i++) {
        const est_i_quantile_entry *entry = &table->entry[i];
        index[place_of(table, entry->list, entry->slot, entry->group.value)] = (uint32_t)i + 1;
    }
    return true;
}

static bool grow(est_i_quantile_table *table)
{
    size_t capacity = table->capacity ? table->capacity * 2 : 64;
    est_i_quantile_entry *entry = capacity < UINT32_MAX ? realloc(table->entry, capacity * sizeof *entry) : NULL;
    if (!entry)
        return false;
    table->entry = entry;
    table->capacity = capacity;
    return true;
}

bool est_i_quantile_table_add(est_i_quantile_table *table, uint32_t list, uint32_t slot, const est_i_quantile_group *group)
{
    if (table->count * 2 >= table->n_indexed && !reindex(table, table->n_indexed ? table->n_indexed * 2 : 128))
        return false;
    size_t at = place_of(table, list, slot, group->value);
    if (table->index[at]) {
        est_i_quantile_group *known = &table->entry[table->index[at] - 1].group;
        known->weight = est_i_dd_add(known->weight, group->weight);
        known->last = group->last;
        return true;
    }
    if (table->count == table->capacity && !grow(table))
        return false;
    table->entry[table->count] = (est_i_quantile_entry){list, slot, *group};
    table->index[at] = (uint32_t)++table->count;
    return true;
}

static int order_of(const est_i_quantile_entry *a, uint32_t list, uint32_t slot)
{
    if (a->list != list)
        return a->list < list ? -1 : 1;
    return a->slot < slot ? -1 : a->slot > slot;
}

static int ascending(const void *left, const void *right)
{
    const est_i_quantile_entry *a = left, *b = right;
    int order = order_of(a, b->list, b->slot);
    return order ? order : (a->group.value > b->group.value) - (a->group.value < b->group.value);
}

void est_i_quantile_table_sort(est_i_quantile_table *table)
{
    if (table->count > 1)
        qsort(table->entry, table->count, sizeof *table->entry, ascending);
    free(table->index);
    table->index = NULL;
    table->n_indexed = 0;
}

/* The first entry at or after a list and slot. */
static size_t first_of(const est_i_quantile_table *table, uint32_t list, uint32_t slot)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (order_of(&table->entry[middle], list, slot) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const est_i_quantile_entry *est_i_quantile_table_range(const est_i_quantile_table *table, uint32_t list, uint32_t slot,
                                                       size_t *count)
{
    size_t from = first_of(table, list, slot);
    *count = first_of(table, list, slot + 1) - from;
    return table->entry + from;
}

/* The pass: sums of every list, and its distinct values as long as they fit. */

typedef struct value_part {
    est_i_quantile_table table;
    est_i_quantile_summary *summary;
    size_t n_slots;
    bool too_many;
} value_part;

static void part_free(void *user, void *part)
{
    value_part *own = part;
    (void)user;
    if (!own)
        return;
    est_i_quantile_table_clear(&own->table);
    free(own->summary);
    free(own);
}

static void *part_new(void *user)
{
    (void)user;
    return calloc(1, sizeof(value_part));
}

static bool need_slots(const est_i_quantile_finder *finder, value_part *part, size_t count)
{
    size_t capacity = part->n_slots ? part->n_slots : 8;
    if (count <= part->n_slots)
        return true;
    while (capacity < count)
        capacity *= 2;
    est_i_quantile_summary *grown = realloc(part->summary, capacity * finder->n_lists * sizeof *grown);
    if (!grown)
        return false;
    memset(grown + part->n_slots * finder->n_lists, 0, (capacity - part->n_slots) * finder->n_lists * sizeof *grown);
    part->summary = grown;
    part->n_slots = capacity;
    return true;
}

static void add_summary(est_i_quantile_summary *into, const est_i_quantile_summary *later)
{
    if (!(later->n > 0))
        return;
    if (!(into->n > 0) || later->smallest < into->smallest)
        into->smallest = later->smallest;
    if (!(into->n > 0) || later->largest >= into->largest) {
        into->largest = later->largest;
        into->last = later->last;
    }
    into->n += later->n;
    into->weight = est_i_dd_add(into->weight, later->weight);
}

static void drop_table(est_i_quantile_finder *finder, value_part *part)
{
    est_i_quantile_table_clear(&part->table);
    part->too_many = true;
    atomic_store(&finder->too_many, true);
}

static bool add_value(est_i_quantile_finder *finder, value_part *part, uint32_t list, uint32_t slot, double value, double weight)
{
    est_i_quantile_summary one = {{weight, 0}, 1, value, value, weight};
    est_i_quantile_group group = {value + 0.0, {weight, 0}, weight, weight};
    add_summary(&part->summary[slot * finder->n_lists + list], &one);
    bool good = part->too_many || est_i_quantile_table_add(&part->table, list, slot, &group);
    if (part->table.count > finder->limits.values)
        drop_table(finder, part);
    return good;
}

static est_status take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    est_i_quantile_finder *finder = user;
    value_part *own = part;
    bool good = need_slots(finder, own, 1);
    if (!own->too_many && atomic_load(&finder->too_many))
        drop_table(finder, own);
    for (size_t row = 0; row < rows->n && good; row++) {
        double weight = rows->weight[row];
        if (rows->domain[row] == EST_I_NO_DOMAIN || !(weight > 0))
            continue;
        uint32_t slot = finder->domains ? rows->domain[row] + 1 : 0;
        good = need_slots(finder, own, (size_t)slot + 1);
        for (uint32_t list = 0; list < finder->n_lists && good; list++) {
            double value = rows->value[finder->variable[list]][row];
            if (isnan(value))
                continue;
            good = add_value(finder, own, list, 0, value, weight);
            if (good && slot)
                good = add_value(finder, own, list, slot, value, weight);
        }
    }
    return good ? EST_OK : est_i_no_memory(error);
}

/* Each domain of a part becomes one of the whole: values of different domains never meet here. */
static est_status settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    est_i_quantile_finder *finder = user;
    value_part *own = part, made = {0};
    bool good = need_slots(finder, &made, 1);
    for (size_t slot = 0; slot < own->n_slots && slot <= final->n_domains && good; slot++) {
        size_t to = slot ? (size_t)final->domain[slot - 1] + 1 : 0;
        good = need_slots(finder, &made, to + 1);
        for (size_t list = 0; list < finder->n_lists && good; list++)
            add_summary(&made.summary[to * finder->n_lists + list], &own->summary[slot * finder->n_lists + list]);
    }
    if (good) {
        free(own->summary);
        own->summary = made.summary;
        own->n_slots = made.n_slots;
    } else {
        free(made.summary);
    }
    for (size_t i = 0; i < own->table.count; i++)
        if (own->table.entry[i].slot)
            own->table.entry[i].slot = final->domain[own->table.entry[i].slot - 1] + 1;
    good = good && (!own->table.count || reindex(&own->table, own->table.n_indexed));
    return good ? EST_OK : est_i_no_memory(error);
}

static est_status join(void *user, void *into, void *from, est_error *error)
{
    est_i_quantile_finder *finder = user;
    value_part *a = into, *b = from;
    bool good = need_slots(finder, a, b->n_slots);
    for (size_t i = 0; i < b->n_slots * finder->n_lists && good; i++)
        add_summary(&a->summary[i], &b->summary[i]);
    if (a->too_many || b->too_many)
        drop_table(finder, a);
    for (size_t i = 0; i < b->table.count && good && !a->too_many; i++) {
        const est_i_quantile_entry *entry = &b->table.entry[i];
        good = est_i_quantile_table_add(&a->table, entry->list, entry->slot, &entry->group);
        if (a->table.count > finder->limits.values)
            drop_table(finder, a);
    }
    return good ? EST_OK : est_i_no_memory(error);
}

est_status est_i_quantile_finder_read(est_i_quantile_finder *finder, est_error *error)
{
    static const est_i_rows_consumer consumer = {part_new, take, settle, join, part_free};
    void *part = NULL;
    est_status status = est_i_sample_pass(finder->sample, &consumer, finder, "values", &part, error);
    if (status != EST_OK)
        return status;
    value_part *whole = part;
    finder->n_slots = finder->domains ? est_i_sample_domains(finder->sample) + 1 : 1;
    if (!need_slots(finder, whole, finder->n_slots)) {
        part_free(finder, whole);
        return est_i_no_memory(error);
    }
    finder->summary = whole->summary;
    finder->table = whole->table;
    est_i_quantile_table_sort(&finder->table);
    atomic_store(&finder->too_many, whole->too_many);
    free(whole);
    return EST_OK;
}

void est_i_quantile_finder_clear(est_i_quantile_finder *finder)
{
    est_i_quantile_table_clear(&finder->table);
    est_i_quantile_narrowing_free(finder->narrowing);
    free(finder->summary);
    free(finder->variable);
    finder->narrowing = NULL;
    finder->summary = NULL;
    finder->variable = NULL;
}

const est_i_quantile_summary *est_i_quantile_finder_summary(const est_i_quantile_finder *finder, uint32_t list, uint32_t slot)
{
    return &finder->summary[slot * finder->n_lists + list];
}

static void find_in_table(const est_i_quantile_finder *finder, est_i_quantile_query *query)
{
    const est_i_quantile_summary *all = est_i_quantile_finder_summary(finder, query->list, query->slot);
    est_i_quantile_walk walk;
    size_t count = 0;
    const est_i_quantile_entry *entry = est_i_quantile_table_range(&finder->table, query->list, query->slot, &count);
    est_i_quantile_walk_start(&walk, finder->rule, all->weight, all->last, query->probability);
    for (size_t i = 0; i < count && !walk.done; i++)
        est_i_quantile_walk_push(&walk, &entry[i].group);
    query->answer = est_i_quantile_walk_end(&walk);
}

est_status est_i_quantile_finder_find(est_i_quantile_finder *finder, size_t n, est_i_quantile_query *queries, est_error *error)
{
    if (atomic_load(&finder->too_many))
        return est_i_quantile_narrow(finder, n, queries, error);
    for (size_t i = 0; i < n; i++)
        find_in_table(finder, &queries[i]);
    return EST_OK;
}
