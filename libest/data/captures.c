#include "data/captures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/captures_parts.h"

static est_status allocate_blocks(est_i_captures *captures, size_t n_blocks, est_error *error)
{
    captures->block_names = calloc(n_blocks, sizeof *captures->block_names);
    captures->counts = calloc(n_blocks, sizeof *captures->counts);
    captures->active = calloc(n_blocks, sizeof *captures->active);
    captures->seen = calloc(n_blocks, sizeof *captures->seen);
    captures->years = calloc(n_blocks, sizeof *captures->years);
    captures->midpoint = calloc(n_blocks, sizeof *captures->midpoint);
    captures->population = calloc(n_blocks, sizeof *captures->population);
    captures->truncated = calloc(n_blocks, sizeof *captures->truncated);
    captures->totals = calloc(n_blocks, sizeof *captures->totals);
    if (!captures->block_names || !captures->counts || !captures->active || !captures->seen ||
        !captures->years || !captures->midpoint || !captures->population || !captures->truncated ||
        !captures->totals)
        return est_i_no_memory(error);
    captures->n_blocks = n_blocks;
    for (size_t b = 0; b < n_blocks; b++) {
        captures->counts[b] = calloc(captures->n_cells, sizeof **captures->counts);
        captures->active[b] = (uint32_t)(captures->n_cells - 1);
        captures->seen[b] = captures->population[b] = NAN;
        captures->years[b] = 1;
        captures->midpoint[b] = (double)b + 0.5;
        if (!captures->counts[b])
            return est_i_no_memory(error);
    }
    return EST_OK;
}

est_status est_i_captures_allocate(size_t n_lists, size_t n_blocks, est_i_captures **captures,
                                   est_error *error)
{
    est_status status = EST_OK;
    *captures = calloc(1, sizeof **captures);
    if (!*captures)
        return est_i_no_memory(error);
    (*captures)->n_lists = n_lists;
    (*captures)->n_cells = (size_t)1 << n_lists;
    (*captures)->list_names = calloc(n_lists, sizeof *(*captures)->list_names);
    status = (*captures)->list_names ? allocate_blocks(*captures, n_blocks, error) : est_i_no_memory(error);
    if (status != EST_OK) {
        est_i_captures_free(*captures);
        *captures = NULL;
    }
    return status;
}

void est_i_captures_total(est_i_captures *captures)
{
    captures->total = 0;
    for (size_t b = 0; b < captures->n_blocks; b++) {
        captures->totals[b] = 0;
        for (size_t w = 1; w < captures->n_cells; w++)
            captures->totals[b] += captures->counts[b][w];
        captures->total += captures->totals[b];
    }
}

static void free_block(est_i_captures *captures, size_t block)
{
    free(captures->block_names[block]);
    free(captures->counts[block]);
    for (size_t c = 0; captures->strata_values && captures->strata_values[block] && c < captures->n_strata_columns; c++)
        free(captures->strata_values[block][c]);
    if (captures->strata_values)
        free(captures->strata_values[block]);
}

static void move_block(est_i_captures *captures, size_t from, size_t to)
{
    captures->block_names[to] = captures->block_names[from];
    captures->counts[to] = captures->counts[from];
    captures->active[to] = captures->active[from];
    captures->seen[to] = captures->seen[from];
    captures->totals[to] = captures->totals[from];
    captures->strata_values[to] = captures->strata_values[from];
}

void est_i_captures_finish_strata(est_i_captures *captures)
{
    uint32_t all = (uint32_t)(captures->n_cells - 1);
    size_t kept = 0;
    for (size_t b = 0; b < captures->n_blocks; b++) {
        if (captures->totals[b] > 0) {
            captures->has_coverage = captures->has_coverage || captures->active[b] != all;
            move_block(captures, b, kept++);
        } else {
            free_block(captures, b);
        }
    }
    captures->n_empty_strata = captures->n_blocks - kept;
    captures->n_blocks = kept;
}

static bool copy_names(est_i_captures *captures, const char *const *list_names)
{
    bool good = true;
    for (size_t j = 0; j < captures->n_lists && good; j++) {
        char letter[2] = {(char)('A' + (int)j), '\0'};
        captures->list_names[j] = est_i_string_copy(list_names ? list_names[j] : letter);
        good = captures->list_names[j] != NULL;
    }
    for (size_t b = 0; b < captures->n_blocks && good; b++) {
        est_i_text name = {0};
        est_i_text_append(&name, "");
        if (captures->n_blocks > 1)
            est_i_text_printf(&name, "%zu", b + 1);
        captures->block_names[b] = est_i_text_take(&name);
        good = captures->block_names[b] != NULL;
    }
    return good;
}

est_status est_i_captures_make(size_t n_lists, size_t n_blocks, const char *const *list_names,
                               const double *const *counts, est_i_captures **captures, est_error *error)
{
    *captures = NULL;
    if (n_lists < 1 || n_lists > EST_I_LISTS_MAX || n_blocks < 1)
        return est_i_fail(error, EST_EDEFINITION,
                          "found %zu lists in %zu blocks, expected 1 to %d lists in at least one block",
                          n_lists, n_blocks, EST_I_LISTS_MAX);
    est_status status = est_i_captures_allocate(n_lists, n_blocks, captures, error);
    if (status == EST_OK && !copy_names(*captures, list_names))
        status = est_i_no_memory(error);
    for (size_t b = 0; status == EST_OK && b < n_blocks; b++) {
        for (size_t w = 1; status == EST_OK && w < (*captures)->n_cells; w++)
            if (!(counts[b][w] >= 0 && isfinite(counts[b][w])))
                status = est_i_fail(error, EST_EVALUE,
                                    "block %zu, history %zu: expected a count of 0 or more", b + 1, w);
        if (status == EST_OK)
            memcpy((*captures)->counts[b] + 1, counts[b] + 1, ((*captures)->n_cells - 1) * sizeof(double));
    }
    if (status == EST_OK) {
        est_i_captures_total(*captures);
    } else {
        est_i_captures_free(*captures);
        *captures = NULL;
    }
    return status;
}

void est_i_captures_free(est_i_captures *captures)
{
    if (captures) {
        for (size_t j = 0; captures->list_names && j < captures->n_lists; j++)
            free(captures->list_names[j]);
        for (size_t b = 0; b < captures->n_blocks; b++)
            free_block(captures, b);
        for (size_t c = 0; captures->strata_names && c < captures->n_strata_columns; c++)
            free(captures->strata_names[c]);
        free(captures->strata_names);
        free(captures->strata_values);
        free(captures->list_names);
        free(captures->block_names);
        free(captures->counts);
        free(captures->active);
        free(captures->seen);
        free(captures->years);
        free(captures->midpoint);
        free(captures->population);
        free(captures->truncated);
        free(captures->totals);
        free(captures);
    }
}
