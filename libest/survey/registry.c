#include "survey/registry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"

#define KEY_MAX 512

/* Room for one more entry of an array that grows; false without memory. */
static bool make_room(void **array, size_t size, uint32_t count, uint32_t capacity)
{
    void *grown = count < capacity ? *array : realloc(*array, (size_t)(capacity ? capacity * 2 : 16) * size);
    if (grown)
        *array = grown;
    return grown != NULL;
}

static uint32_t doubled(uint32_t count, uint32_t capacity)
{
    return count < capacity ? capacity : capacity ? capacity * 2 : 16;
}

/* A number and a text as one key. Long texts get room of their own. */
typedef struct key {
    char room[KEY_MAX];
    char *bytes;
    size_t length;
} key;

static bool key_make(key *made, uint32_t number, const char *text, size_t length)
{
    made->length = sizeof number + length;
    made->bytes = made->length <= KEY_MAX ? made->room : malloc(made->length);
    if (made->bytes) {
        memcpy(made->bytes, &number, sizeof number);
        memcpy(made->bytes + sizeof number, text, length);
    }
    return made->bytes != NULL;
}

static void key_free(key *made)
{
    if (made->bytes != made->room)
        free(made->bytes);
}

static uint32_t add_key(est_i_dictionary *dictionary, uint32_t number, const char *text, size_t length)
{
    key made;
    uint32_t index = EST_I_DICTIONARY_NONE;
    if (key_make(&made, number, text, length)) {
        index = est_i_dictionary_add(dictionary, made.bytes, made.length);
        key_free(&made);
    }
    return index;
}

static uint32_t find_key(const est_i_dictionary *dictionary, uint32_t number, const char *text, size_t length)
{
    key made;
    uint32_t index = EST_I_DICTIONARY_NONE;
    if (key_make(&made, number, text, length)) {
        index = est_i_dictionary_find(dictionary, made.bytes, made.length);
        key_free(&made);
    }
    return index;
}

static const char *text_of(const est_i_dictionary *dictionary, uint32_t index)
{
    return est_i_dictionary_text(dictionary, index) + sizeof(uint32_t);
}

static est_i_place place_of(const est_i_registry *registry, const char *column)
{
    return (est_i_place){registry->name, 0, 0, column};
}

static est_status add_stratum(est_i_registry_stage *stage, uint32_t parent, const char *text, size_t length, uint32_t *stratum,
                              est_error *error)
{
    uint32_t before = stage->strata.count, capacity = stage->stratum_capacity;
    if (!make_room((void **)&stage->stratum_parent, sizeof *stage->stratum_parent, before, capacity) ||
        !make_room((void **)&stage->stratum_fpc, sizeof *stage->stratum_fpc, before, capacity))
        return est_i_no_memory(error);
    stage->stratum_capacity = doubled(before, capacity);
    *stratum = add_key(&stage->strata, parent, text, length);
    if (*stratum == EST_I_DICTIONARY_NONE)
        return est_i_no_memory(error);
    if (*stratum == before) {
        stage->stratum_parent[*stratum] = parent;
        stage->stratum_fpc[*stratum] = NAN;
    }
    return EST_OK;
}

/* An id that is not nested may stand in one stratum only: otherwise two units would be taken for one, or one for two. */
static est_status check_id(est_i_registry *registry, size_t s, uint32_t parent, uint32_t stratum, const char *text, size_t length,
                           est_error *error)
{
    est_i_registry_stage *stage = &registry->stage[s];
    uint32_t before = stage->ids.count;
    if (!make_room((void **)&stage->id_stratum, sizeof *stage->id_stratum, before, stage->id_capacity))
        return est_i_no_memory(error);
    stage->id_capacity = doubled(before, stage->id_capacity);
    uint32_t id = add_key(&stage->ids, parent, text, length);
    if (id == EST_I_DICTIONARY_NONE)
        return est_i_no_memory(error);
    if (id == before)
        stage->id_stratum[id] = stratum;
    if (stage->id_stratum[id] == stratum)
        return EST_OK;
    return est_i_fail_at(error, EST_EDEFINITION, place_of(registry, registry->unit_column[s]),
                         "found unit '%s' in stratum '%s' and in stratum '%s', expected every unit in one stratum; if the ids are "
                         "numbered anew within each stratum, say so (option nest), else mend the strata",
                         text_of(&stage->ids, id), text_of(&stage->strata, stage->id_stratum[id]),
                         text_of(&stage->strata, stratum));
}

static est_status append_unit(est_i_registry_stage *stage, uint32_t stratum, double fpc, est_error *error)
{
    if (!make_room((void **)&stage->unit_stratum, sizeof *stage->unit_stratum, stage->n_units, stage->unit_capacity) ||
        !make_room((void **)&stage->unit_fpc, sizeof *stage->unit_fpc, stage->n_units, stage->unit_capacity))
        return est_i_no_memory(error);
    stage->unit_capacity = doubled(stage->n_units, stage->unit_capacity);
    stage->unit_stratum[stage->n_units] = stratum;
    stage->unit_fpc[stage->n_units++] = fpc;
    return EST_OK;
}

static est_status add_unit(est_i_registry *registry, size_t s, uint32_t parent, uint32_t stratum, const est_i_leaf_path *path,
                           uint32_t *unit, est_error *error)
{
    est_i_registry_stage *stage = &registry->stage[s];
    bool row = registry->rows_are_units && s + 1 == registry->n_stages;
    est_status status = EST_OK;
    *unit = stage->n_units;
    if (!row) {
        if (!registry->nest)
            status = check_id(registry, s, parent, stratum, path->unit[s], path->unit_length[s], error);
        if (status == EST_OK)
            *unit = add_key(&stage->units, stratum, path->unit[s], path->unit_length[s]);
        if (status == EST_OK && *unit == EST_I_DICTIONARY_NONE)
            status = est_i_no_memory(error);
    }
    if (status == EST_OK && *unit == stage->n_units)
        status = append_unit(stage, stratum, path->fpc[s], error);
    return status;
}

static est_status check_fpc(const est_i_registry *registry, size_t s, uint32_t stratum, uint32_t unit, double fpc, est_error *error)
{
    const est_i_registry_stage *stage = &registry->stage[s];
    bool of_unit = registry->pps && s == 0;
    double *known = of_unit ? &stage->unit_fpc[unit] : &stage->stratum_fpc[stratum];
    char was[32], is[32];
    if (!registry->has_fpc[s])
        return EST_OK;
    if (isnan(*known))
        *known = fpc;
    if (*known == fpc)
        return EST_OK;
    est_i_number_print(*known, was);
    est_i_number_print(fpc, is);
    return est_i_fail_at(error, EST_EDEFINITION, place_of(registry, registry->fpc_column[s]),
                         "found %s and %s in one %s%s%s%s, expected one number: how many units it has, or the share that was drawn",
                         was, is, of_unit ? "unit" : "stratum", of_unit || !*text_of(&stage->strata, stratum) ? "" : " ('",
                         of_unit ? "" : text_of(&stage->strata, stratum),
                         of_unit || !*text_of(&stage->strata, stratum) ? "" : "')");
}

est_status est_i_registry_add(est_i_registry *registry, const est_i_leaf_path *path, uint32_t *leaf, est_error *error)
{
    uint32_t parent = 0;
    est_status status = EST_OK;
    for (size_t s = 0; s < registry->n_stages && status == EST_OK; s++) {
        uint32_t stratum = 0, unit = 0;
        status = add_stratum(&registry->stage[s], parent, path->stratum[s], path->stratum_length[s], &stratum, error);
        if (status == EST_OK)
            status = add_unit(registry, s, parent, stratum, path, &unit, error);
        if (status == EST_OK)
            status = check_fpc(registry, s, stratum, unit, path->fpc[s], error);
        parent = unit;
    }
    *leaf = parent;
    return status;
}

uint32_t est_i_registry_find(const est_i_registry *registry, const est_i_leaf_path *path)
{
    uint32_t at = 0;
    for (size_t s = 0; s < registry->n_stages && at != EST_I_DICTIONARY_NONE; s++) {
        const est_i_registry_stage *stage = &registry->stage[s];
        at = find_key(&stage->strata, at, path->stratum[s], path->stratum_length[s]);
        if (at != EST_I_DICTIONARY_NONE && !(registry->rows_are_units && s + 1 == registry->n_stages))
            at = find_key(&stage->units, at, path->unit[s], path->unit_length[s]);
    }
    return at;
}

void est_i_registry_path(const est_i_registry *registry, uint32_t leaf, est_i_leaf_path *path)
{
    uint32_t unit = leaf;
    for (size_t s = registry->n_stages; s-- > 0;) {
        const est_i_registry_stage *stage = &registry->stage[s];
        bool row = registry->rows_are_units && s + 1 == registry->n_stages;
        uint32_t stratum = stage->unit_stratum[unit];
        path->stratum[s] = text_of(&stage->strata, stratum);
        path->unit[s] = row ? "" : text_of(&stage->units, unit);
        path->stratum_length[s] = strlen(path->stratum[s]);
        path->unit_length[s] = strlen(path->unit[s]);
        path->fpc[s] = registry->pps && s == 0 ? stage->unit_fpc[unit] : stage->stratum_fpc[stratum];
        unit = stage->stratum_parent[stratum];
    }
}

/* A stable order by key: order[] lists the items with key 0 first, and so on; first[key] where they begin. */
static void sort_by_key(size_t count, const uint32_t *keys, size_t n_keys, uint32_t *first, uint32_t *order)
{
    memset(first, 0, (n_keys + 1) * sizeof *first);
    for (size_t i = 0; i < count; i++)
        first[keys[i] + 1]++;
    for (size_t k = 0; k < n_keys; k++)
        first[k + 1] += first[k];
    for (size_t i = 0; i < count; i++)
        order[first[keys[i]]++] = (uint32_t)i;
    for (size_t k = n_keys; k > 0; k--)
        first[k] = first[k - 1];
    first[0] = 0;
}

/* Numbers that are read as how many there are (all >= 1) or as which share was drawn (all <= 1). */
static est_status read_kind(const est_i_registry *registry, size_t s, size_t count, const double *fpc, bool *is_share,
                            est_error *error)
{
    bool sizes = true, shares = true;
    char found[32];
    for (size_t i = 0; i < count; i++) {
        sizes = sizes && fpc[i] >= 1;
        shares = shares && fpc[i] <= 1 && fpc[i] > 0;
        if (!sizes && !shares) {
            est_i_number_print(fpc[i], found);
            return est_i_fail_at(error, EST_EDEFINITION, place_of(registry, registry->fpc_column[s]),
                                 "found %s among the corrections, expected all of them to be numbers of units (1 or more) or all to be "
                                 "shares drawn (above 0, up to 1)", found);
        }
    }
    *is_share = shares;
    return EST_OK;
}

static est_status set_population(const est_i_registry *registry, size_t s, const uint32_t *order, est_i_stage *stage, est_error *error)
{
    const est_i_registry_stage *from = &registry->stage[s];
    bool is_share = false, wanted = registry->has_fpc[s] && !(registry->pps && s == 0);
    est_status status = wanted ? read_kind(registry, s, stage->n_strata, from->stratum_fpc, &is_share, error) : EST_OK;
    char found[32];
    for (size_t h = 0; h < stage->n_strata && status == EST_OK; h++) {
        double drawn = stage->stratum_first[h + 1] - stage->stratum_first[h];
        double fpc = from->stratum_fpc[order[h]];
        stage->stratum_population[h] = !wanted ? INFINITY : is_share ? drawn / fpc : fpc;
        if (wanted && !is_share && fpc < drawn) {
            est_i_number_print(fpc, found);
            status = est_i_fail_at(error, EST_EDEFINITION, place_of(registry, registry->fpc_column[s]),
                                   "found %s units in stratum '%s' of stage %zu, fewer than the %.0f that are in the sample; expected the "
                                   "number of units in the population, or the share drawn", found, text_of(&from->strata, order[h]),
                                   s + 1, drawn);
        }
    }
    return status;
}

static est_status set_probability(const est_i_registry *registry, const uint32_t *order, est_i_stage *stage, est_error *error)
{
    const est_i_registry_stage *from = &registry->stage[0];
    char found[32];
    stage->unit_probability = malloc((stage->n_units + 1) * sizeof *stage->unit_probability);
    if (!stage->unit_probability)
        return est_i_no_memory(error);
    for (size_t i = 0; i < stage->n_units; i++) {
        double p = from->unit_fpc[order[i]];
        stage->unit_probability[i] = p;
        if (!(p > 0 && p <= 1)) {
            est_i_number_print(p, found);
            return est_i_fail_at(error, EST_EDEFINITION, place_of(registry, registry->fpc_column[0]),
                                 "found %s, expected the probability with which each unit was drawn (above 0, up to 1)", found);
        }
    }
    return EST_OK;
}

typedef struct stage_order {
    uint32_t *keys, *strata, *units, *place_stratum, *place_unit, *first;
} stage_order;

static void order_free(stage_order *order)
{
    free(order->keys);
    free(order->strata);
    free(order->units);
    free(order->place_stratum);
    free(order->place_unit);
    free(order->first);
}

static bool order_new(stage_order *order, size_t n_strata, size_t n_units, size_t n_parents)
{
    size_t most = (n_strata > n_units ? n_strata : n_units) + n_parents + 2;
    order->keys = malloc(most * sizeof *order->keys);
    order->strata = malloc(most * sizeof *order->strata);
    order->units = malloc(most * sizeof *order->units);
    order->place_stratum = malloc(most * sizeof *order->place_stratum);
    order->place_unit = malloc(most * sizeof *order->place_unit);
    order->first = malloc(most * sizeof *order->first);
    return order->keys && order->strata && order->units && order->place_stratum && order->place_unit && order->first;
}

static bool stage_new(est_i_stage *stage, size_t n_strata, size_t n_units, bool has_parent)
{
    stage->n_strata = n_strata;
    stage->n_units = n_units;
    stage->stratum_first = malloc((n_strata + 2) * sizeof *stage->stratum_first);
    stage->unit_stratum = malloc((n_units + 1) * sizeof *stage->unit_stratum);
    stage->unit_parent = has_parent ? malloc((n_units + 1) * sizeof *stage->unit_parent) : NULL;
    stage->stratum_population = malloc((n_strata + 1) * sizeof *stage->stratum_population);
    return stage->stratum_first && stage->unit_stratum && stage->stratum_population && (!has_parent || stage->unit_parent);
}

/* Orders the strata of a stage by their parents and its units by their strata. before: where the units of the stage before stand. */
static void arrange(const est_i_registry_stage *from, const stage_order *before, size_t n_parents, stage_order *order, est_i_stage *stage)
{
    for (size_t h = 0; h < stage->n_strata; h++)
        order->keys[h] = before ? before->place_unit[from->stratum_parent[h]] : 0;
    sort_by_key(stage->n_strata, order->keys, n_parents, order->first, order->strata);
    for (size_t h = 0; h < stage->n_strata; h++)
        order->place_stratum[order->strata[h]] = (uint32_t)h;
    for (size_t i = 0; i < stage->n_units; i++)
        order->keys[i] = order->place_stratum[from->unit_stratum[i]];
    sort_by_key(stage->n_units, order->keys, stage->n_strata, stage->stratum_first, order->units);
    for (size_t i = 0; i < stage->n_units; i++) {
        uint32_t unit = order->units[i];
        order->place_unit[unit] = (uint32_t)i;
        stage->unit_stratum[i] = order->place_stratum[from->unit_stratum[unit]];
        if (stage->unit_parent)
            stage->unit_parent[i] = before->place_unit[from->stratum_parent[from->unit_stratum[unit]]];
    }
}

static est_status name_strata(const est_i_registry *registry, const stage_order *order, est_i_design *design, est_error *error)
{
    size_t count = design->stage[0].n_strata;
    design->stratum_name = calloc(count + 1, sizeof *design->stratum_name);
    bool good = design->stratum_name != NULL;
    for (size_t h = 0; h < count && good; h++) {
        design->stratum_name[h] = est_i_string_copy(text_of(&registry->stage[0].strata, order->strata[h]));
        good = design->stratum_name[h] != NULL;
    }
    return good ? EST_OK : est_i_no_memory(error);
}

est_status est_i_registry_finish(const est_i_registry *registry, est_i_design *design, uint32_t **position, est_error *error)
{
    stage_order order[EST_I_STAGES_MAX];
    est_status status = EST_OK;
    memset(order, 0, sizeof order);
    memset(design, 0, sizeof *design);
    *position = NULL;
    design->n_stages = registry->n_stages;
    for (size_t s = 0; s < registry->n_stages && status == EST_OK; s++) {
        const est_i_registry_stage *from = &registry->stage[s];
        size_t parents = s ? design->stage[s - 1].n_units : 1;
        if (!order_new(&order[s], from->strata.count, from->n_units, parents) ||
            !stage_new(&design->stage[s], from->strata.count, from->n_units, s > 0)) {
            status = est_i_no_memory(error);
            break;
        }
        arrange(from, s ? &order[s - 1] : NULL, parents, &order[s], &design->stage[s]);
        status = set_population(registry, s, order[s].strata, &design->stage[s], error);
        if (status == EST_OK && s == 0 && registry->pps)
            status = set_probability(registry, order[s].units, &design->stage[s], error);
    }
    if (status == EST_OK)
        status = name_strata(registry, &order[0], design, error);
    if (status == EST_OK) {
        *position = order[registry->n_stages - 1].place_unit;
        order[registry->n_stages - 1].place_unit = NULL;
    } else {
        est_i_design_clear(design);
    }
    for (size_t s = 0; s < registry->n_stages; s++)
        order_free(&order[s]);
    return status;
}

void est_i_registry_free(est_i_registry *registry)
{
    for (size_t s = 0; s < registry->n_stages; s++) {
        est_i_registry_stage *stage = &registry->stage[s];
        est_i_dictionary_free(&stage->strata);
        est_i_dictionary_free(&stage->units);
        est_i_dictionary_free(&stage->ids);
        free(stage->id_stratum);
        free(stage->stratum_parent);
        free(stage->unit_stratum);
        free(stage->stratum_fpc);
        free(stage->unit_fpc);
        memset(stage, 0, sizeof *stage);
    }
}
