/* Rows of a scan understood: weight, leaf, domain, values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/sample_parts.h"

#define PATH_WIDTH(sample) (2 * (sample)->plan.design.n_stages + 1)

static bool slice_arrays(est_i_sample_part *part)
{
    const est_i_sample_plan *plan = &part->sample->plan;
    bool good = (part->weight = malloc(EST_I_SLICE * sizeof(double))) && (part->base = malloc(EST_I_SLICE * sizeof(double))) &&
                (part->leaf = malloc(EST_I_SLICE * sizeof(uint32_t))) && (part->domain = malloc(EST_I_SLICE * sizeof(uint32_t)));
    for (size_t v = 0; v < plan->n_variables && good; v++) {
        if (plan->variables[v].kind == EST_I_VARIABLE_INDICATOR)
            good = (part->value[v] = malloc(EST_I_SLICE * sizeof(double))) != NULL;
        if (plan->variables[v].kind == EST_I_VARIABLE_LEVELS)
            good = (part->level[v] = malloc(EST_I_SLICE * sizeof(uint32_t))) != NULL;
    }
    for (size_t r = 0; r < plan->n_replicates && good; r++)
        good = (part->replicate[r] = malloc(EST_I_SLICE * sizeof(double))) != NULL;
    return good;
}

est_i_sample_part *est_i_sample_part_new(const est_i_sample *sample, size_t chunk)
{
    size_t n = sample->plan.n_variables + 1;
    est_i_sample_part *part = calloc(1, sizeof *part);
    if (!part)
        return NULL;
    part->sample = sample;
    part->chunk = chunk;
    part->paths.width = PATH_WIDTH(sample);
    part->domains.width = sample->plan.n_by;
    part->indicator = calloc(n, sizeof *part->indicator);
    part->indicator_capacity = calloc(n, sizeof *part->indicator_capacity);
    part->level_final = calloc(n, sizeof *part->level_final);
    part->level_capacity = calloc(n, sizeof *part->level_capacity);
    part->value = calloc(n, sizeof *part->value);
    part->level = calloc(n, sizeof *part->level);
    part->replicate = calloc(sample->plan.n_replicates + 1, sizeof *part->replicate);
    if (sample->rank && !sample->counted)
        part->rank = est_i_replicate_rank_new(sample->plan.n_replicates, chunk);
    bool good = part->indicator && part->indicator_capacity && part->level_final && part->level_capacity && part->value && part->level &&
                part->replicate && slice_arrays(part) && (part->rank || !sample->rank || sample->counted);
    if (good && sample->condition) {
        part->memory = est_i_condition_memory_new(sample->condition);
        part->truth = malloc(EST_I_BATCH_ROWS);
        good = part->memory && part->truth;
    }
    if (!good) {
        est_i_sample_part_free(part);
        part = NULL;
    }
    return part;
}

void est_i_sample_part_free(est_i_sample_part *part)
{
    if (!part)
        return;
    const est_i_sample_plan *plan = &part->sample->plan;
    for (size_t v = 0; v < plan->n_variables; v++) {
        free(part->indicator ? part->indicator[v] : NULL);
        free(part->level_final ? part->level_final[v] : NULL);
        free(part->value && plan->variables[v].kind == EST_I_VARIABLE_INDICATOR ? part->value[v] : NULL);
        free(part->level ? part->level[v] : NULL);
    }
    for (size_t r = 0; part->replicate && r < plan->n_replicates; r++)
        free(part->replicate[r]);
    est_i_condition_memory_free(part->memory);
    est_i_replicate_rank_free(part->rank);
    est_i_tuples_free(&part->paths);
    est_i_tuples_free(&part->domains);
    free(part->truth);
    free(part->path_fpc);
    free(part->path_leaf);
    free(part->row_path);
    free(part->row_fpc);
    free(part->domain_final);
    free(part->indicator);
    free(part->indicator_capacity);
    free(part->level_final);
    free(part->level_capacity);
    free(part->weight);
    free(part->base);
    free(part->value);
    free(part->replicate);
    free(part->leaf);
    free(part->domain);
    free(part->level);
    free(part);
}

static est_i_place place_of(const est_i_sample_part *part, const est_i_scan_batch *batch, size_t row, size_t field)
{
    return est_i_scan_place(part->sample->source, batch, row, part->sample->fields.list[field].column);
}

/* Weights */

static est_status weight_fault(const est_i_sample_part *part, const est_i_scan_batch *batch, size_t row, double weight,
                               est_error *error)
{
    char found[32];
    est_i_number_print(weight, found);
    return est_i_fail_at(error, EST_EVALUE, place_of(part, batch, row, part->sample->fields.weight),
                         "found %s as a weight, expected a number of 0 or more%s", isnan(weight) ? "nothing" : found,
                         isnan(weight) ? "; give the rows that do not count the weight 0, or leave them out of the file with their "
                                         "units" : "");
}

static void count_weights(est_i_sample_part *part, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double w = part->base[i];
        part->counts.zero_weights += w == 0;
        part->weight_sum = est_i_dd_add_double(part->weight_sum, w);
        part->weight_square_sum = est_i_dd_add_double(part->weight_square_sum, w * w);
    }
    part->counts.rows += (long long)n;
}

static est_status decode_weights(est_i_sample_part *part, const est_i_scan_batch *batch, size_t first, size_t n, est_error *error)
{
    const est_i_sample *sample = part->sample;
    double scale = sample->plan.design.weight_scale;
    const double *from = sample->fields.weight == EST_I_NO_FIELD ? NULL : batch->number[sample->fields.weight] + first;
    for (size_t i = 0; i < n; i++) {
        double w = from ? from[i] * scale : sample->leaf_weight ? sample->leaf_weight[part->leaf[i]] : 1;
        if (!(w >= 0 && w <= 1e300))
            return weight_fault(part, batch, first + i, from ? from[i] : w, error);
        part->base[i] = w;
    }
    if (!sample->counted)
        count_weights(part, n);
    return EST_OK;
}

/* Leaves */

static uint32_t code_at(const est_i_scan_batch *batch, size_t field, size_t row)
{
    return field == EST_I_NO_FIELD ? 0 : batch->label[field][row];
}

static est_status missing_fault(const est_i_sample_part *part, const est_i_scan_batch *batch, size_t row, size_t field,
                                const char *what, est_error *error)
{
    return est_i_fail_at(error, EST_EVALUE, place_of(part, batch, row, field),
                         "found nothing, expected the %s of the row; every row needs it, rows outside the domain too", what);
}

static est_status read_path(const est_i_sample_part *part, const est_i_scan_batch *batch, size_t row, uint32_t *key, est_error *error)
{
    const est_i_sample_fields *fields = &part->sample->fields;
    size_t stages = part->sample->plan.design.n_stages;
    key[0] = code_at(batch, fields->wave, row);
    if (fields->wave != EST_I_NO_FIELD && key[0] < EST_I_CODE_FIRST)
        return missing_fault(part, batch, row, fields->wave, "wave", error);
    for (size_t s = 0; s < stages; s++) {
        key[1 + 2 * s] = code_at(batch, fields->stratum[s], row);
        key[2 + 2 * s] = code_at(batch, fields->unit[s], row);
        if (fields->stratum[s] != EST_I_NO_FIELD && key[1 + 2 * s] < EST_I_CODE_FIRST)
            return missing_fault(part, batch, row, fields->stratum[s], "stratum", error);
        if (fields->unit[s] != EST_I_NO_FIELD && key[2 + 2 * s] < EST_I_CODE_FIRST)
            return missing_fault(part, batch, row, fields->unit[s], "unit", error);
    }
    return EST_OK;
}

static const char *has_name(const char *text)
{
    return *text ? ", " : "";
}

void est_i_sample_path(const est_i_sample_part *part, uint32_t path, const est_i_dictionary *dictionary, est_i_text *scratch,
                       est_i_leaf_path *names)
{
    const est_i_sample_fields *fields = &part->sample->fields;
    const uint32_t *key = est_i_tuples_key(&part->paths, path);
    size_t stages = part->sample->plan.design.n_stages;
    for (size_t s = 0; s < stages; s++) {
        bool has_stratum = fields->stratum[s] != EST_I_NO_FIELD, has_unit = fields->unit[s] != EST_I_NO_FIELD;
        names->stratum[s] = has_stratum ? est_i_dictionary_text(&dictionary[fields->stratum[s]], key[1 + 2 * s] - EST_I_CODE_FIRST) : "";
        names->stratum_length[s] = strlen(names->stratum[s]);
        names->unit[s] = has_unit ? est_i_dictionary_text(&dictionary[fields->unit[s]], key[2 + 2 * s] - EST_I_CODE_FIRST) : "";
        names->unit_length[s] = strlen(names->unit[s]);
        names->fpc[s] = part->path_fpc[path * stages + s];
    }
    if (fields->wave != EST_I_NO_FIELD) { /* the wave is part of the first stratum's and the first unit's name */
        const char *wave = est_i_dictionary_text(&dictionary[fields->wave], key[0] - EST_I_CODE_FIRST);
        scratch->length = 0;
        est_i_text_printf(scratch, "%s%swave %s", names->stratum[0], has_name(names->stratum[0]), wave);
        names->stratum_length[0] = scratch->length;
        est_i_text_append_bytes(scratch, "", 1);
        est_i_text_printf(scratch, "%s%swave %s", names->unit[0], has_name(names->unit[0]), wave);
        if (!scratch->failed) {
            names->stratum[0] = scratch->data;
            names->unit[0] = scratch->data + names->stratum_length[0] + 1;
            names->unit_length[0] = strlen(names->unit[0]);
        }
    }
}

static bool grow_paths(est_i_sample_part *part)
{
    uint32_t capacity = part->path_capacity ? part->path_capacity * 2 : 64;
    size_t stages = part->sample->plan.design.n_stages;
    double *fpc = realloc(part->path_fpc, capacity * stages * sizeof *fpc);
    if (fpc)
        part->path_fpc = fpc;
    uint32_t *leaf = realloc(part->path_leaf, capacity * sizeof *leaf);
    if (leaf)
        part->path_leaf = leaf;
    if (fpc && leaf)
        part->path_capacity = capacity;
    return fpc && leaf;
}

/* In a known sample each path leads to a leaf that is there already. */
static est_status find_leaf(est_i_sample_part *part, uint32_t path, const est_i_scan_batch *batch, est_error *error)
{
    const est_i_sample *sample = part->sample;
    est_i_leaf_path names;
    est_i_text scratch = {0};
    est_i_sample_path(part, path, batch->dictionary, &scratch, &names);
    uint32_t found = est_i_registry_find(&sample->registry, &names);
    est_i_text_free(&scratch);
    if (found == EST_I_DICTIONARY_NONE)
        return est_i_fail_at(error, EST_EFILE, (est_i_place){est_source_name(sample->source), 0, 0, NULL},
                             "found a unit that was not there before, expected the file to stay the same while it is read");
    part->path_leaf[path] = sample->registry.rows_are_units ? found : sample->position[found];
    return EST_OK;
}

static est_status new_path(est_i_sample_part *part, uint32_t path, const est_i_scan_batch *batch, size_t row, est_error *error)
{
    const est_i_sample *sample = part->sample;
    size_t stages = sample->plan.design.n_stages;
    if (path >= part->path_capacity && !grow_paths(part))
        return est_i_no_memory(error);
    for (size_t s = 0; s < stages; s++) {
        size_t field = sample->fields.fpc[s];
        part->path_fpc[path * stages + s] = field == EST_I_NO_FIELD ? NAN : batch->number[field][row];
    }
    return sample->known ? find_leaf(part, path, batch, error) : EST_OK;
}

static est_status check_fpc(const est_i_sample_part *part, uint32_t path, const est_i_scan_batch *batch, size_t row, est_error *error)
{
    const est_i_sample *sample = part->sample;
    size_t stages = sample->plan.design.n_stages;
    for (size_t s = 0; s < stages; s++) {
        size_t field = sample->fields.fpc[s];
        if (field == EST_I_NO_FIELD)
            continue;
        double fpc = batch->number[field][row], known = part->path_fpc[path * stages + s];
        if (isnan(fpc))
            return missing_fault(part, batch, row, field, "finite population correction", error);
        if (fpc != known && !(sample->registry.rows_are_units && stages == 1 && sample->registry.pps))
            return est_i_fail_at(error, EST_EDEFINITION, place_of(part, batch, row, field),
                                 "found another number than earlier in the same stratum, expected one finite population correction for "
                                 "each stratum");
    }
    return EST_OK;
}

/* A row that is a unit of its own: the next leaf of the chunk. */
static est_status add_row_leaf(est_i_sample_part *part, uint32_t path, const est_i_scan_batch *batch, size_t row, uint32_t *leaf,
                               est_error *error)
{
    const est_i_sample *sample = part->sample;
    size_t field = sample->fields.fpc[sample->plan.design.n_stages - 1];
    if (part->n_row_leaves == part->row_capacity) {
        uint32_t capacity = part->row_capacity ? part->row_capacity * 2 : 4096;
        uint32_t *paths = realloc(part->row_path, capacity * sizeof *paths);
        if (paths)
            part->row_path = paths;
        double *fpc = realloc(part->row_fpc, capacity * sizeof *fpc);
        if (fpc)
            part->row_fpc = fpc;
        if (!paths || !fpc)
            return est_i_no_memory(error);
        part->row_capacity = capacity;
    }
    part->row_path[part->n_row_leaves] = path;
    part->row_fpc[part->n_row_leaves] = field == EST_I_NO_FIELD ? NAN : batch->number[field][row];
    *leaf = sample->known ? sample->position[sample->chunk_leaves[part->chunk] + part->n_row_leaves] : part->n_row_leaves;
    part->n_row_leaves++;
    return EST_OK;
}

static size_t add_codes(const est_i_scan_batch *batch, size_t field, const uint32_t **codes, size_t n)
{
    if (field != EST_I_NO_FIELD)
        codes[n++] = batch->label[field];
    return n;
}

/* The codes that make a path, where nothing else of a row can make a new leaf or be wrong; 0 if something can. */
static size_t path_codes(const est_i_sample *sample, const est_i_scan_batch *batch, const uint32_t **codes)
{
    const est_i_sample_fields *fields = &sample->fields;
    size_t n = add_codes(batch, fields->wave, codes, 0);
    bool plain = !sample->registry.rows_are_units;
    for (size_t s = 0; s < sample->plan.design.n_stages; s++) {
        n = add_codes(batch, fields->stratum[s], codes, n);
        n = add_codes(batch, fields->unit[s], codes, n);
        plain = plain && fields->fpc[s] == EST_I_NO_FIELD;
    }
    return plain ? n : 0;
}

static bool same_codes(const uint32_t *const *codes, size_t n, size_t row, size_t other)
{
    size_t k = 0;
    while (k < n && codes[k][row] == codes[k][other])
        k++;
    return k == n;
}

static est_status decode_leaves(est_i_sample_part *part, const est_i_scan_batch *batch, size_t first, size_t n, est_error *error)
{
    uint32_t key[2 * EST_I_STAGES_MAX + 1];
    const uint32_t *codes[2 * EST_I_STAGES_MAX + 1];
    size_t n_codes = path_codes(part->sample, batch, codes);
    est_status status = EST_OK;
    for (size_t i = 0; i < n && status == EST_OK; i++) {
        if (i > 0 && n_codes > 0 && same_codes(codes, n_codes, first + i, first + i - 1)) {
            part->leaf[i] = part->leaf[i - 1];
            continue;
        }
        status = read_path(part, batch, first + i, key, error);
        if (status != EST_OK)
            break;
        uint32_t before = part->paths.count, path = est_i_tuples_add(&part->paths, key);
        if (path == EST_I_TUPLE_NONE)
            return est_i_no_memory(error);
        if (path == before)
            status = new_path(part, path, batch, first + i, error);
        if (status == EST_OK)
            status = check_fpc(part, path, batch, first + i, error);
        part->leaf[i] = part->sample->known && status == EST_OK ? part->path_leaf[path] : path;
        if (status == EST_OK && part->sample->registry.rows_are_units)
            status = add_row_leaf(part, path, batch, first + i, &part->leaf[i], error);
    }
    return status;
}

/* Domains */

static est_status find_domain(est_i_sample_part *part, uint32_t own, const est_i_scan_batch *batch, est_error *error)
{
    const est_i_sample *sample = part->sample;
    const uint32_t *key = est_i_tuples_key(&part->domains, own);
    uint32_t final[64];
    for (size_t i = 0; i < sample->plan.n_by; i++) {
        const est_i_dictionary *texts = &batch->dictionary[sample->fields.by[i]];
        const char *text = key[i] < EST_I_CODE_FIRST ? NULL : est_i_dictionary_text(texts, key[i] - EST_I_CODE_FIRST);
        final[i] = text ? est_i_dictionary_find(&sample->by_values[i], text, strlen(text)) + 1 : 0;
    }
    if (own >= part->domain_capacity) {
        uint32_t capacity = part->domain_capacity ? part->domain_capacity * 2 : 64;
        uint32_t *grown = realloc(part->domain_final, capacity * sizeof *grown);
        if (!grown)
            return est_i_no_memory(error);
        part->domain_final = grown;
        part->domain_capacity = capacity;
    }
    part->domain_final[own] = est_i_tuples_find(&sample->domains, final);
    return EST_OK;
}

static est_status decode_domains(est_i_sample_part *part, const est_i_scan_batch *batch, size_t first, size_t n, est_error *error)
{
    const est_i_sample *sample = part->sample;
    size_t n_by = sample->plan.n_by;
    uint32_t key[64] = {0};
    est_status status = EST_OK;
    for (size_t i = 0; i < n && status == EST_OK; i++) {
        uint8_t truth = part->truth ? part->truth[first + i] : EST_I_TRUE;
        bool missing = false;
        part->domain[i] = EST_I_NO_DOMAIN;
        part->counts.outside += truth == EST_I_FALSE;
        part->counts.unknown_condition += truth == EST_I_UNKNOWN;
        if (truth != EST_I_TRUE)
            continue;
        for (size_t b = 0; b < n_by; b++) {
            key[b] = batch->label[sample->fields.by[b]][first + i];
            if (key[b] < EST_I_CODE_FIRST)
                key[b] = EST_I_CODE_EMPTY;
            missing = missing || key[b] < EST_I_CODE_FIRST;
        }
        part->counts.missing_by += missing;
        uint32_t before = part->domains.count, own = est_i_tuples_add(&part->domains, key);
        if (own == EST_I_TUPLE_NONE)
            return est_i_no_memory(error);
        if (sample->known && own == before)
            status = find_domain(part, own, batch, error);
        part->domain[i] = sample->known && status == EST_OK ? part->domain_final[own] : own;
    }
    return status;
}

/* Values */

/* "1", "01" and "1.0" are the same level, as they would be the same number. */
static bool same_level(const char *text, const char *level)
{
    double a, b;
    return strcmp(text, level) == 0 ||
           (est_i_number_parse(text, strlen(text), &a) && est_i_number_parse(level, strlen(level), &b) && a == b);
}

/* The level as in the file, or by its value label. */
static bool has_level(const est_i_sample *sample, size_t field, const char *text, const char *level)
{
    const char *label = est_i_source_value_label(sample->source, sample->fields.list[field].column, text);
    return same_level(text, level) || (label && strcmp(label, level) == 0);
}

static bool grow_bytes(uint8_t **array, size_t *capacity, size_t needed, uint8_t fill)
{
    if (needed <= *capacity)
        return true;
    size_t grown = *capacity ? *capacity : 64;
    while (grown < needed)
        grown *= 2;
    uint8_t *made = realloc(*array, grown);
    if (!made)
        return false;
    memset(made + *capacity, fill, grown - *capacity);
    *array = made;
    *capacity = grown;
    return true;
}

static est_status decode_indicator(est_i_sample_part *part, size_t v, const est_i_scan_batch *batch, size_t first, size_t n,
                                   est_error *error)
{
    size_t field = part->sample->fields.variable[v];
    const uint32_t *codes = batch->label[field] + first;
    const est_i_dictionary *texts = &batch->dictionary[field];
    if (!grow_bytes(&part->indicator[v], &part->indicator_capacity[v], texts->count + 1, 2))
        return est_i_no_memory(error);
    uint8_t *known = part->indicator[v];
    for (size_t i = 0; i < n; i++) {
        if (codes[i] < EST_I_CODE_FIRST) {
            part->value[v][i] = NAN;
            continue;
        }
        uint32_t index = codes[i] - EST_I_CODE_FIRST;
        if (known[index] == 2)
            known[index] = has_level(part->sample, field, est_i_dictionary_text(texts, index), part->sample->plan.variables[v].level);
        part->value[v][i] = known[index];
    }
    return EST_OK;
}

static est_status number_levels(est_i_sample_part *part, size_t v, const est_i_dictionary *texts, est_error *error)
{
    const est_i_dictionary *levels = &part->sample->levels[v];
    if (part->level_capacity[v] >= texts->count)
        return EST_OK;
    uint32_t *grown = realloc(part->level_final[v], texts->count * sizeof *grown);
    if (!grown)
        return est_i_no_memory(error);
    part->level_final[v] = grown;
    for (size_t i = part->level_capacity[v]; i < texts->count; i++)
        grown[i] = est_i_dictionary_find(levels, est_i_dictionary_text(texts, (uint32_t)i), est_i_dictionary_length(texts, (uint32_t)i));
    part->level_capacity[v] = texts->count;
    return EST_OK;
}

static est_status decode_levels(est_i_sample_part *part, size_t v, const est_i_scan_batch *batch, size_t first, size_t n,
                                est_error *error)
{
    size_t field = part->sample->fields.variable[v];
    const uint32_t *codes = batch->label[field] + first;
    bool known = part->sample->known;
    est_status status = known ? number_levels(part, v, &batch->dictionary[field], error) : EST_OK;
    for (size_t i = 0; i < n && status == EST_OK; i++) {
        uint32_t own = codes[i] - EST_I_CODE_FIRST;
        part->level[v][i] = codes[i] < EST_I_CODE_FIRST ? EST_I_NO_LEVEL_NUMBER : known ? part->level_final[v][own] : own;
    }
    return status;
}

static est_status decode_values(est_i_sample_part *part, const est_i_scan_batch *batch, size_t first, size_t n, est_error *error)
{
    const est_i_sample *sample = part->sample;
    est_status status = EST_OK;
    for (size_t v = 0; v < sample->plan.n_variables && status == EST_OK; v++) {
        if (sample->plan.variables[v].kind == EST_I_VARIABLE_NUMBER)
            part->value[v] = (double *)batch->number[sample->fields.variable[v]] + first;
        else if (sample->plan.variables[v].kind == EST_I_VARIABLE_INDICATOR)
            status = decode_indicator(part, v, batch, first, n, error);
        else
            status = decode_levels(part, v, batch, first, n, error);
    }
    return status;
}

static est_status decode_replicates(est_i_sample_part *part, const est_i_scan_batch *batch, size_t first, size_t n, est_error *error)
{
    const est_i_sample *sample = part->sample;
    for (size_t r = 0; r < sample->plan.n_replicates; r++) {
        const double *from = batch->number[sample->fields.replicate[r]] + first;
        for (size_t i = 0; i < n; i++) {
            if (!(fabs(from[i]) <= 1e300))
                return est_i_fail_at(error, EST_EVALUE, place_of(part, batch, first + i, sample->fields.replicate[r]),
                                     "found nothing, expected a replicate weight");
            part->replicate[r][i] = sample->plan.combined ? from[i] * sample->plan.design.weight_scale : from[i] * part->base[i];
        }
    }
    if (part->rank)
        est_i_replicate_rank_take(part->rank, n, (const double *const *)part->replicate);
    return EST_OK;
}

est_status est_i_sample_decode(est_i_sample_part *part, const est_i_scan_batch *batch, size_t first, size_t n, est_i_rows *rows,
                               est_error *error)
{
    const est_i_sample *sample = part->sample;
    est_status status = decode_leaves(part, batch, first, n, error);
    if (status == EST_OK)
        status = decode_weights(part, batch, first, n, error);
    if (status == EST_OK)
        status = decode_domains(part, batch, first, n, error);
    if (status == EST_OK)
        status = decode_values(part, batch, first, n, error);
    if (status == EST_OK)
        status = decode_replicates(part, batch, first, n, error);
    *rows = (est_i_rows){.n = n, .weight = part->base, .base_weight = part->base, .leaf = part->leaf, .domain = part->domain,
                         .value = (const double *const *)part->value, .level = (const uint32_t *const *)part->level,
                         .replicate = (const double *const *)part->replicate, .batch = batch, .first = first};
    if (status == EST_OK && sample->adjust) {
        memcpy(part->weight, part->base, n * sizeof *part->weight);
        status = sample->adjust(sample->adjust_user, rows, part->weight, error);
        rows->weight = part->weight;
    }
    return status;
}
