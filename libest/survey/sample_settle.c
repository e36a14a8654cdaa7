/* What the parts of a first pass have found, put together in the order of the chunks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/sample_parts.h"

static uint32_t *identity(size_t count)
{
    uint32_t *numbers = malloc((count + 1) * sizeof *numbers);
    for (size_t i = 0; numbers && i < count; i++)
        numbers[i] = (uint32_t)i;
    return numbers;
}

static bool levels_new(est_i_renumbering *final, size_t n_variables)
{
    final->n_levels = calloc(n_variables + 1, sizeof *final->n_levels);
    final->level = calloc(n_variables + 1, sizeof *final->level);
    return final->n_levels && final->level;
}

void est_i_sample_unsettle(est_i_renumbering *final, size_t n_variables)
{
    for (size_t v = 0; final->level && v < n_variables; v++)
        free((uint32_t *)final->level[v]);
    free((void *)final->level);
    free((size_t *)final->n_levels);
    free((uint32_t *)final->leaf);
    free((uint32_t *)final->domain);
    *final = (est_i_renumbering){0};
}

/* A chunk that was read with the final numbers. */
static est_status settle_known(const est_i_sample *sample, est_i_renumbering *final, est_error *error)
{
    final->n_leaves = est_i_design_leaves(&sample->design);
    final->n_domains = sample->domains.count;
    final->leaf = identity(final->n_leaves);
    final->domain = identity(final->n_domains);
    bool good = final->leaf && final->domain;
    for (size_t v = 0; v < sample->plan.n_variables && good; v++) {
        if (sample->plan.variables[v].kind != EST_I_VARIABLE_LEVELS)
            continue;
        ((size_t *)final->n_levels)[v] = sample->levels[v].count;
        ((const uint32_t **)final->level)[v] = identity(sample->levels[v].count);
        good = final->level[v] != NULL;
    }
    return good ? EST_OK : est_i_no_memory(error);
}

static est_status settle_leaves(est_i_sample *sample, const est_i_sample_part *part, const est_i_dictionary *dictionary,
                                est_i_renumbering *final, est_error *error)
{
    bool rows = sample->registry.rows_are_units;
    size_t count = rows ? part->n_row_leaves : part->paths.count, stages = sample->plan.design.n_stages;
    uint32_t *leaf = malloc((count + 1) * sizeof *leaf);
    est_i_text scratch = {0};
    est_status status = leaf ? EST_OK : est_i_no_memory(error);
    for (size_t i = 0; i < count && status == EST_OK; i++) {
        est_i_leaf_path names;
        est_i_sample_path(part, rows ? part->row_path[i] : (uint32_t)i, dictionary, &scratch, &names);
        if (rows && sample->registry.pps && stages == 1)
            names.fpc[0] = part->row_fpc[i];
        status = scratch.failed ? est_i_no_memory(error) : est_i_registry_add(&sample->registry, &names, &leaf[i], error);
    }
    est_i_text_free(&scratch);
    final->n_leaves = count;
    final->leaf = leaf;
    return status;
}

static est_status settle_domains(est_i_sample *sample, const est_i_sample_part *part, const est_i_dictionary *dictionary,
                                 est_i_renumbering *final, est_error *error)
{
    size_t n_by = sample->plan.n_by;
    uint32_t *domain = malloc((part->domains.count + 1) * sizeof *domain), key[64];
    final->n_domains = part->domains.count;
    final->domain = domain;
    for (uint32_t d = 0; domain && d < part->domains.count; d++) {
        const uint32_t *own = est_i_tuples_key(&part->domains, d);
        for (size_t b = 0; b < n_by; b++) {
            const est_i_dictionary *texts = &dictionary[sample->fields.by[b]];
            uint32_t code = own[b], value = 0;
            if (code >= EST_I_CODE_FIRST)
                value = est_i_dictionary_add(&sample->by_values[b], est_i_dictionary_text(texts, code - EST_I_CODE_FIRST),
                                             est_i_dictionary_length(texts, code - EST_I_CODE_FIRST));
            if (value == EST_I_DICTIONARY_NONE)
                return est_i_no_memory(error);
            key[b] = code >= EST_I_CODE_FIRST ? value + 1 : 0;
        }
        domain[d] = est_i_tuples_add(&sample->domains, key);
        if (domain[d] == EST_I_TUPLE_NONE)
            return est_i_no_memory(error);
    }
    return domain ? EST_OK : est_i_no_memory(error);
}

static est_status settle_levels(est_i_sample *sample, size_t v, const est_i_dictionary *texts, est_i_renumbering *final,
                                est_error *error)
{
    uint32_t *level = malloc((texts->count + 1) * sizeof *level);
    ((size_t *)final->n_levels)[v] = texts->count;
    ((const uint32_t **)final->level)[v] = level;
    for (uint32_t i = 0; level && i < texts->count; i++) {
        level[i] = est_i_dictionary_add(&sample->levels[v], est_i_dictionary_text(texts, i), est_i_dictionary_length(texts, i));
        if (level[i] == EST_I_DICTIONARY_NONE)
            return est_i_no_memory(error);
    }
    return level ? EST_OK : est_i_no_memory(error);
}

static est_status note_chunk(est_i_sample *sample, size_t chunk, size_t leaves, est_error *error)
{
    size_t *grown = realloc(sample->chunk_leaves, (chunk + 1) * sizeof *grown);
    if (!grown)
        return est_i_no_memory(error);
    sample->chunk_leaves = grown;
    for (size_t i = sample->n_chunks; i <= chunk; i++)
        grown[i] = leaves;
    sample->n_chunks = chunk + 1;
    return EST_OK;
}

est_status est_i_sample_settle(est_i_sample *sample, est_i_sample_part *part, const est_i_dictionary *dictionary,
                               est_i_renumbering *final, est_error *error)
{
    const est_i_registry_stage *last = &sample->registry.stage[sample->registry.n_stages - 1];
    *final = (est_i_renumbering){0};
    if (!levels_new(final, sample->plan.n_variables))
        return est_i_no_memory(error);
    if (sample->known)
        return settle_known(sample, final, error);
    est_status status = note_chunk(sample, part->chunk, last->n_units, error);
    if (status == EST_OK)
        status = settle_leaves(sample, part, dictionary, final, error);
    if (status == EST_OK)
        status = settle_domains(sample, part, dictionary, final, error);
    for (size_t v = 0; v < sample->plan.n_variables && status == EST_OK; v++)
        if (sample->plan.variables[v].kind == EST_I_VARIABLE_LEVELS)
            status = settle_levels(sample, v, &dictionary[sample->fields.variable[v]], final, error);
    return status;
}
