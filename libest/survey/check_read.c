/* The pass over the rows. Each chunk counts by its own numbers; settling gives them their names, in the order of the chunks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/check.h"

#define MISSING_HASH 0x243f6a8885a308d3u

/* What the texts of a field in the chunk's dictionary are and how often they occur. */
typedef struct part_field {
    long long missing;
    uint32_t *rows;
    double *number; /* NaN = no number */
    uint64_t *hash;
    uint32_t known, capacity;
} part_field;

typedef struct check_part {
    const est_i_check *run;
    part_field *fields;
    long long rows;
    uint64_t *id_hash, *record_hash; /* one a row; 0 = part of the id is missing */
    size_t row_capacity;
    est_i_tuples paths, domains, pairs; /* a pair: path, domain */
    est_i_check_unit *units;            /* one a path */
    size_t unit_capacity;
    long long *domain_rows;
    size_t domain_capacity;
    uint32_t *key;
    est_i_check_tally no_weight, text_weight, negative_weight, zero_weight, no_id;
    est_i_check_tally no_stratum[EST_I_STAGES_MAX], no_unit[EST_I_STAGES_MAX], no_fpc[EST_I_STAGES_MAX], bad_fpc[EST_I_STAGES_MAX];
} check_part;

static void part_free(void *user, void *part)
{
    check_part *own = part;
    (void)user;
    if (!own)
        return;
    for (size_t f = 0; own->fields && f < own->run->plan.n_fields; f++) {
        free(own->fields[f].rows);
        free(own->fields[f].number);
        free(own->fields[f].hash);
    }
    free(own->fields);
    free(own->id_hash);
    free(own->record_hash);
    est_i_tuples_free(&own->paths);
    est_i_tuples_free(&own->domains);
    est_i_tuples_free(&own->pairs);
    free(own->units);
    free(own->domain_rows);
    free(own->key);
    free(own);
}

static void *part_new(void *user, size_t chunk)
{
    const est_i_check *run = user;
    check_part *part = calloc(1, sizeof *part);
    (void)chunk;
    if (!part)
        return NULL;
    part->run = run;
    part->fields = calloc(run->plan.n_fields + 1, sizeof *part->fields);
    part->key = calloc(2 * run->plan.n_stages + run->plan.by.n + 1, sizeof *part->key);
    part->paths.width = 2 * run->plan.n_stages;
    part->domains.width = run->plan.by.n;
    part->pairs.width = 2;
    if (!part->fields || !part->key) {
        part_free(user, part);
        part = NULL;
    }
    return part;
}

/* Texts */

static bool grow_field(part_field *field, uint32_t count)
{
    uint32_t capacity = field->capacity ? field->capacity : 64;
    if (count <= field->capacity)
        return true;
    while (capacity < count)
        capacity = capacity > UINT32_MAX / 2 ? UINT32_MAX : capacity * 2;
    uint32_t *rows = realloc(field->rows, capacity * sizeof *rows);
    if (rows)
        field->rows = rows;
    double *number = realloc(field->number, capacity * sizeof *number);
    if (number)
        field->number = number;
    uint64_t *hash = realloc(field->hash, capacity * sizeof *hash);
    if (hash)
        field->hash = hash;
    if (rows && number && hash)
        field->capacity = capacity;
    return rows && number && hash;
}

/* Each text is read once. */
static bool meet_texts(part_field *field, const est_i_dictionary *texts)
{
    if (!grow_field(field, texts->count))
        return false;
    for (uint32_t i = field->known; i < texts->count; i++) {
        const char *text = est_i_dictionary_text(texts, i);
        size_t length = est_i_dictionary_length(texts, i);
        field->rows[i] = 0;
        if (!est_i_number_parse(text, length, &field->number[i]))
            field->number[i] = NAN;
        field->hash[i] = est_i_check_hash(text, length);
    }
    field->known = texts->count;
    return true;
}

static bool count_texts(check_part *part, const est_i_scan_batch *batch)
{
    for (size_t f = 0; f < part->run->plan.n_fields; f++) {
        part_field *field = &part->fields[f];
        const uint32_t *codes = batch->label[f];
        if (!meet_texts(field, &batch->dictionary[f]))
            return false;
        for (size_t i = 0; i < batch->n_rows; i++) {
            if (codes[i] >= EST_I_CODE_FIRST)
                field->rows[codes[i] - EST_I_CODE_FIRST]++;
            else
                field->missing++;
        }
    }
    return true;
}

/* Keys */

static bool room_for_rows(check_part *part, size_t more)
{
    size_t needed = (size_t)part->rows + more, capacity = part->row_capacity ? part->row_capacity : 4096;
    if (needed <= part->row_capacity)
        return true;
    while (capacity < needed)
        capacity *= 2;
    uint64_t *ids = part->run->plan.id.n ? realloc(part->id_hash, capacity * sizeof *ids) : NULL;
    if (ids)
        part->id_hash = ids;
    uint64_t *records = part->run->plan.whole_records ? realloc(part->record_hash, capacity * sizeof *records) : NULL;
    if (records)
        part->record_hash = records;
    bool good = (ids || !part->run->plan.id.n) && (records || !part->run->plan.whole_records);
    part->row_capacity = good ? capacity : part->row_capacity;
    return good;
}

static uint64_t cell_hash(const part_field *field, uint32_t code)
{
    return code >= EST_I_CODE_FIRST ? field->hash[code - EST_I_CODE_FIRST] : MISSING_HASH;
}

static void hash_ids(check_part *part, const est_i_scan_batch *batch)
{
    const est_i_check_list *id = &part->run->plan.id;
    for (size_t i = 0; i < batch->n_rows && id->n; i++) {
        uint64_t hash = 0;
        bool whole = true;
        for (size_t k = 0; k < id->n; k++) {
            uint32_t code = batch->label[id->field[k]][i];
            whole = whole && code >= EST_I_CODE_FIRST;
            hash = est_i_check_hash_join(hash, cell_hash(&part->fields[id->field[k]], code));
        }
        if (!whole)
            est_i_check_tally_row(&part->no_id, part->rows + (long long)i + 1);
        part->id_hash[(size_t)part->rows + i] = whole ? hash + (hash == 0) : 0;
    }
}

static void hash_records(check_part *part, const est_i_scan_batch *batch)
{
    if (!part->run->plan.whole_records)
        return;
    uint64_t *hash = part->record_hash + part->rows;
    memset(hash, 0, batch->n_rows * sizeof *hash);
    for (size_t f = 0; f < part->run->plan.n_fields; f++)
        for (size_t i = 0; i < batch->n_rows; i++)
            hash[i] = est_i_check_hash_join(hash[i], cell_hash(&part->fields[f], batch->label[f][i]));
}

/* The design */

/* NaN for a missing weight or a text. Only weights above zero count; without a weight column every row does. */
static double weight_of(check_part *part, const est_i_scan_batch *batch, size_t row, long long record)
{
    const est_i_check_list *weight = &part->run->plan.weight;
    if (weight->n == 0)
        return 1;
    uint32_t code = batch->label[weight->field[0]][row];
    double value = code >= EST_I_CODE_FIRST ? part->fields[weight->field[0]].number[code - EST_I_CODE_FIRST] : NAN;
    if (code < EST_I_CODE_FIRST)
        est_i_check_tally_row(&part->no_weight, record);
    else if (isnan(value))
        est_i_check_tally_row(&part->text_weight, record);
    else if (value < 0)
        est_i_check_tally_row(&part->negative_weight, record);
    else if (value == 0)
        est_i_check_tally_row(&part->zero_weight, record);
    return value;
}

/* The key of the row's path; false if a part of it is missing. */
static bool path_of(check_part *part, const est_i_scan_batch *batch, size_t row, long long record)
{
    const est_i_check_plan *plan = &part->run->plan;
    bool whole = true;
    for (size_t s = 0; s < plan->n_stages; s++) {
        uint32_t stratum = s < plan->strata.n ? batch->label[plan->strata.field[s]][row] : EST_I_CODE_FIRST;
        uint32_t unit = s < plan->psu.n ? batch->label[plan->psu.field[s]][row] : EST_I_CODE_FIRST;
        if (stratum < EST_I_CODE_FIRST)
            est_i_check_tally_row(&part->no_stratum[s], record);
        if (unit < EST_I_CODE_FIRST)
            est_i_check_tally_row(&part->no_unit[s], record);
        whole = whole && stratum >= EST_I_CODE_FIRST && unit >= EST_I_CODE_FIRST;
        part->key[2 * s] = stratum;
        part->key[2 * s + 1] = unit;
    }
    return whole;
}

static void take_fpc(check_part *part, const est_i_scan_batch *batch, size_t row, long long record, est_i_check_unit *unit)
{
    const est_i_check_list *fpc = &part->run->plan.fpc;
    for (size_t s = 0; s < fpc->n; s++) {
        uint32_t code = batch->label[fpc->field[s]][row];
        double value = code >= EST_I_CODE_FIRST ? part->fields[fpc->field[s]].number[code - EST_I_CODE_FIRST] : NAN;
        if (code < EST_I_CODE_FIRST)
            est_i_check_tally_row(&part->no_fpc[s], record);
        else if (!(value > 0))
            est_i_check_tally_row(&part->bad_fpc[s], record);
        else if (unit) {
            unit->fpc_low[s] = fmin(unit->fpc_low[s], value);
            unit->fpc_high[s] = fmax(unit->fpc_high[s], value);
        }
    }
}

static bool unit_of(check_part *part, uint32_t *path)
{
    uint32_t before = part->paths.count;
    *path = est_i_tuples_add(&part->paths, part->key);
    if (*path == EST_I_TUPLE_NONE)
        return false;
    if (before == part->unit_capacity && *path == before) {
        size_t capacity = part->unit_capacity ? part->unit_capacity * 2 : 256;
        est_i_check_unit *grown = realloc(part->units, capacity * sizeof *grown);
        if (!grown)
            return false;
        part->units = grown;
        part->unit_capacity = capacity;
    }
    if (*path == before)
        est_i_check_unit_start(&part->units[*path]);
    return true;
}

static bool domain_of(check_part *part, const est_i_scan_batch *batch, size_t row, uint32_t *domain)
{
    const est_i_check_list *by = &part->run->plan.by;
    uint32_t before = part->domains.count;
    for (size_t k = 0; k < by->n; k++) {
        uint32_t code = batch->label[by->field[k]][row];
        part->key[k] = code >= EST_I_CODE_FIRST ? code : EST_I_CODE_EMPTY;
    }
    *domain = est_i_tuples_add(&part->domains, part->key);
    if (*domain == before && before == part->domain_capacity) {
        size_t capacity = part->domain_capacity ? part->domain_capacity * 2 : 64;
        long long *grown = realloc(part->domain_rows, capacity * sizeof *grown);
        if (!grown)
            return false;
        part->domain_rows = grown;
        part->domain_capacity = capacity;
    }
    if (*domain == before)
        part->domain_rows[*domain] = 0;
    return *domain != EST_I_TUPLE_NONE;
}

static bool take_row(check_part *part, const est_i_scan_batch *batch, size_t row, long long record)
{
    const est_i_check_plan *plan = &part->run->plan;
    double weight = weight_of(part, batch, row, record);
    bool whole = plan->n_stages && path_of(part, batch, row, record), good = true;
    uint32_t path = EST_I_TUPLE_NONE, domain = EST_I_TUPLE_NONE;
    if (whole)
        good = unit_of(part, &path);
    est_i_check_unit *unit = whole && good ? &part->units[path] : NULL;
    take_fpc(part, batch, row, record, unit);
    if (unit) {
        unit->rows++;
        unit->weight_low = weight > 0 ? fmin(unit->weight_low, weight) : unit->weight_low;
        unit->weight_high = weight > 0 ? fmax(unit->weight_high, weight) : unit->weight_high;
    }
    if (good && plan->by.n && weight > 0) {
        good = domain_of(part, batch, row, &domain);
        if (good)
            part->domain_rows[domain]++;
        if (good && unit)
            good = est_i_tuples_add(&part->pairs, (uint32_t[]){path, domain}) != EST_I_TUPLE_NONE;
    }
    return good;
}

static est_status take(void *user, void *own, const est_i_scan_batch *batch, est_error *error)
{
    check_part *part = own;
    const est_i_check_plan *plan = &part->run->plan;
    bool good = count_texts(part, batch) && room_for_rows(part, batch->n_rows);
    (void)user;
    if (good) {
        hash_ids(part, batch);
        hash_records(part, batch);
    }
    for (size_t i = 0; i < batch->n_rows && good && (plan->n_stages || plan->weight.n || plan->by.n); i++)
        good = take_row(part, batch, i, part->rows + (long long)i + 1);
    part->rows += (long long)batch->n_rows;
    return good ? EST_OK : est_i_no_memory(error);
}

/* Settling */

static const char *text_of(const est_i_dictionary *dictionary, const est_i_check_list *list, size_t index, uint32_t code)
{
    return est_i_dictionary_text(&dictionary[list->field[index]], code - EST_I_CODE_FIRST);
}

static est_status settle_paths(est_i_check *run, const check_part *part, const est_i_dictionary *dictionary, uint32_t *leaf,
                               est_error *error)
{
    const est_i_check_plan *plan = &run->plan;
    est_status status = EST_OK;
    for (uint32_t p = 0; p < part->paths.count && status == EST_OK; p++) {
        const uint32_t *key = est_i_tuples_key(&part->paths, p);
        est_i_leaf_path path;
        for (size_t s = 0; s < plan->n_stages; s++) {
            path.stratum[s] = s < plan->strata.n ? text_of(dictionary, &plan->strata, s, key[2 * s]) : "";
            path.unit[s] = s < plan->psu.n ? text_of(dictionary, &plan->psu, s, key[2 * s + 1]) : "";
            path.stratum_length[s] = strlen(path.stratum[s]);
            path.unit_length[s] = strlen(path.unit[s]);
            path.fpc[s] = NAN;
        }
        status = est_i_check_design_leaf(&run->design, &path, &leaf[p], error);
        if (status == EST_OK)
            est_i_check_unit_join(&run->design.units[leaf[p]], &part->units[p]);
    }
    return status;
}

static bool settle_domains(est_i_check *run, const check_part *part, const est_i_dictionary *dictionary, const uint32_t *leaf)
{
    const est_i_check_list *by = &run->plan.by;
    uint32_t *final = malloc((part->domains.count + 1) * sizeof *final);
    const char **values = malloc((by->n + 1) * sizeof *values);
    bool good = final && values;
    for (uint32_t d = 0; d < part->domains.count && good; d++) {
        const uint32_t *key = est_i_tuples_key(&part->domains, d);
        bool missing = false;
        for (size_t k = 0; k < by->n; k++) {
            values[k] = key[k] >= EST_I_CODE_FIRST ? text_of(dictionary, by, k, key[k]) : NULL;
            missing = missing || !values[k];
        }
        run->design.no_domain += missing ? part->domain_rows[d] : 0;
        good = est_i_check_design_domain(&run->design, values, part->domain_rows[d], &final[d]);
    }
    for (uint32_t i = 0; i < part->pairs.count && good; i++) {
        const uint32_t *pair = est_i_tuples_key(&part->pairs, i);
        good = est_i_tuples_add(&run->design.pairs, (uint32_t[]){leaf[pair[0]], final[pair[1]]}) != EST_I_TUPLE_NONE;
    }
    free(final);
    free(values);
    return good;
}

static bool settle_weights(est_i_check *run, const check_part *part)
{
    bool good = true;
    if (run->plan.weight.n == 0)
        return good;
    const part_field *field = &part->fields[run->plan.weight.field[0]];
    for (uint32_t i = 0; i < field->known && good; i++)
        if (field->rows[i] > 0 && field->number[i] > 0)
            good = est_i_check_weights_add(&run->weights, field->number[i], field->rows[i]);
    est_i_check_tally_join(&run->weights.missing, &part->no_weight, run->rows);
    est_i_check_tally_join(&run->weights.texts, &part->text_weight, run->rows);
    est_i_check_tally_join(&run->weights.negative, &part->negative_weight, run->rows);
    est_i_check_tally_join(&run->weights.zero, &part->zero_weight, run->rows);
    return good;
}

static void settle_tallies(est_i_check *run, const check_part *part)
{
    for (size_t s = 0; s < EST_I_STAGES_MAX; s++) {
        est_i_check_tally_join(&run->design.no_stratum[s], &part->no_stratum[s], run->rows);
        est_i_check_tally_join(&run->design.no_unit[s], &part->no_unit[s], run->rows);
        est_i_check_tally_join(&run->design.no_fpc[s], &part->no_fpc[s], run->rows);
        est_i_check_tally_join(&run->design.bad_fpc[s], &part->bad_fpc[s], run->rows);
    }
    est_i_check_tally_join(&run->no_id, &part->no_id, run->rows);
}

static bool settle_keys(est_i_check *run, const check_part *part)
{
    bool good = true;
    for (long long i = 0; i < part->rows && good; i++) {
        if (part->id_hash && part->id_hash[i] != 0)
            good = est_i_check_keys_add(&run->ids, part->id_hash[i], run->rows + i + 1);
        if (part->record_hash && good)
            good = est_i_check_keys_add(&run->records, part->record_hash[i], run->rows + i + 1);
    }
    return good;
}

static bool settle_columns(est_i_check *run, const check_part *part, const est_i_dictionary *dictionary)
{
    const est_i_check_list *described = &run->plan.described;
    bool good = true;
    for (size_t c = 0; c < described->n && good; c++) {
        const part_field *field = &part->fields[described->field[c]];
        run->columns[c].missing += field->missing;
        if (field->known > 0)
            good = est_i_check_column_add(&run->columns[c], &dictionary[described->field[c]], field->rows, field->number,
                                          run->plan.n_codes, run->plan.codes);
        size_t reasons = run->plan.reason_field[c];
        if (good && reasons != SIZE_MAX)
            good = est_i_check_column_reasons(&run->columns[c], &dictionary[reasons], part->fields[reasons].rows);
    }
    return good;
}

static est_status settle(void *user, void *own, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    est_i_check *run = user;
    check_part *part = own;
    uint32_t *leaf = malloc((part->paths.count + 1) * sizeof *leaf);
    est_status status = leaf ? settle_paths(run, part, dictionary, leaf, error) : est_i_no_memory(error);
    (void)chunk;
    bool good = status == EST_OK && settle_columns(run, part, dictionary) && settle_weights(run, part) && settle_keys(run, part) &&
                settle_domains(run, part, dictionary, leaf);
    if (status == EST_OK && !good)
        status = est_i_no_memory(error);
    if (status == EST_OK)
        settle_tallies(run, part);
    run->rows += part->rows;
    free(leaf);
    part_free(user, part);
    return status;
}

est_status est_i_check_read(est_i_check *run, est_error *error)
{
    static const est_i_scan_consumer consumer = {part_new, take, settle, part_free};
    size_t n = run->plan.described.n;
    long long records = 0;
    run->columns = calloc(n + 1, sizeof *run->columns);
    if (!run->columns)
        return est_i_no_memory(error);
    for (size_t c = 0; c < n; c++)
        if (!est_i_check_column_start(&run->columns[c], run->plan.n_codes))
            return est_i_no_memory(error);
    run->ids.most = run->records.most = EST_I_CHECK_KEYS_MAX;
    run->design.n_stages = run->plan.n_stages;
    run->design.n_by = run->plan.by.n;
    run->design.has_units = run->plan.psu.n > 0;
    est_status status = est_i_check_design_start(&run->design, error);
    est_i_monitor_stage(&run->monitor, "reading", 0, 1);
    if (status == EST_OK)
        status = est_i_scan(run->source, run->plan.n_fields, run->plan.fields, 0, SIZE_MAX, &consumer, run,
                            run->context ? run->context->threads : 1, &run->monitor, &records, error);
    return status;
}
