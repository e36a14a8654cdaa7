/* A design counted with all its faults. */
#include "survey/check_design.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

/* Weights */

/* 512 bins to a doubling; what lies beyond 2^-128 and 2^255 is counted with the last. */
static size_t bin_of(double weight)
{
    int exponent;
    double mantissa = frexp(weight, &exponent);
    int octave = exponent < -128 ? 0 : exponent > 255 ? 383 : exponent + 128;
    return (size_t)octave * 512 + (size_t)((mantissa - 0.5) * 1024);
}

bool est_i_check_weights_add(est_i_check_weights *weights, double weight, long long rows)
{
    est_i_dd product = est_i_dd_two_product(weight, (double)rows);
    if (!weights->bins)
        weights->bins = calloc(EST_I_CHECK_BINS, sizeof *weights->bins);
    if (!weights->bins)
        return false;
    est_i_check_bin *bin = &weights->bins[bin_of(weight)];
    weights->low = weights->positive ? fmin(weights->low, weight) : weight;
    weights->high = weights->positive ? fmax(weights->high, weight) : weight;
    bin->low = bin->rows ? fmin(bin->low, weight) : weight;
    bin->high = bin->rows ? fmax(bin->high, weight) : weight;
    bin->rows += rows;
    weights->positive += rows;
    weights->sum = est_i_dd_add(weights->sum, product);
    weights->squares = est_i_dd_add(weights->squares, est_i_dd_multiply(product, (est_i_dd){weight, 0}));
    return true;
}

static double value_at(const est_i_check_weights *weights, long long rank)
{
    long long below = 0;
    for (size_t i = 0; i < EST_I_CHECK_BINS; i++) {
        const est_i_check_bin *bin = &weights->bins[i];
        below += bin->rows;
        if (below > rank)
            return bin->low + (bin->high - bin->low) / 2;
    }
    return NAN;
}

double est_i_check_weights_median(const est_i_check_weights *weights)
{
    long long n = weights->positive;
    return n ? (value_at(weights, (n - 1) / 2) + value_at(weights, n / 2)) / 2 : NAN;
}

double est_i_check_weights_top(const est_i_check_weights *weights, double share)
{
    double wanted = fmax(1, floor(share * (double)weights->positive)), sum = 0;
    for (size_t i = EST_I_CHECK_BINS; weights->bins && i-- > 0 && wanted > 0;) {
        const est_i_check_bin *bin = &weights->bins[i];
        double rows = fmin((double)bin->rows, wanted), middle = bin->low + (bin->high - bin->low) / 2;
        sum += rows * (rows == 1 ? bin->high : middle);
        wanted -= rows;
    }
    return weights->positive ? sum / est_i_dd_value(weights->sum) : NAN;
}

double est_i_check_weights_kish(const est_i_check_weights *weights)
{
    double sum = est_i_dd_value(weights->sum);
    return weights->positive ? (double)weights->positive * est_i_dd_value(weights->squares) / (sum * sum) : NAN;
}

void est_i_check_weights_free(est_i_check_weights *weights)
{
    free(weights->bins);
    weights->bins = NULL;
}

/* Units */

void est_i_check_unit_start(est_i_check_unit *unit)
{
    *unit = (est_i_check_unit){.weight_low = INFINITY, .weight_high = -INFINITY};
    for (size_t s = 0; s < EST_I_STAGES_MAX; s++) {
        unit->fpc_low[s] = INFINITY;
        unit->fpc_high[s] = -INFINITY;
    }
}

void est_i_check_unit_join(est_i_check_unit *unit, const est_i_check_unit *from)
{
    unit->rows += from->rows;
    unit->weight_low = fmin(unit->weight_low, from->weight_low);
    unit->weight_high = fmax(unit->weight_high, from->weight_high);
    for (size_t s = 0; s < EST_I_STAGES_MAX; s++) {
        unit->fpc_low[s] = fmin(unit->fpc_low[s], from->fpc_low[s]);
        unit->fpc_high[s] = fmax(unit->fpc_high[s], from->fpc_high[s]);
    }
}

est_status est_i_check_design_start(est_i_check_design *design, est_error *error)
{
    design->registry.n_stages = design->n_stages;
    design->registry.nest = true;
    design->domains.width = design->n_by;
    design->pairs.width = 2;
    design->by_values = calloc(design->n_by + 1, sizeof *design->by_values);
    return design->by_values ? EST_OK : est_i_no_memory(error);
}

est_status est_i_check_design_leaf(est_i_check_design *design, const est_i_leaf_path *path, uint32_t *leaf, est_error *error)
{
    size_t last = design->n_stages - 1;
    uint32_t before = design->registry.stage[last].n_units;
    est_status status = est_i_registry_add(&design->registry, path, leaf, error);
    if (status != EST_OK || *leaf < before)
        return status;
    if (before == design->units_capacity) {
        size_t capacity = design->units_capacity ? design->units_capacity * 2 : 256;
        est_i_check_unit *grown = realloc(design->units, capacity * sizeof *grown);
        if (!grown)
            return est_i_no_memory(error);
        design->units = grown;
        design->units_capacity = capacity;
    }
    est_i_check_unit_start(&design->units[*leaf]);
    return EST_OK;
}

bool est_i_check_design_domain(est_i_check_design *design, const char *const *values, long long rows, uint32_t *domain)
{
    uint32_t *key = malloc((design->n_by + 1) * sizeof *key), before = design->domains.count;
    bool good = key != NULL;
    *domain = EST_I_TUPLE_NONE;
    for (size_t i = 0; i < design->n_by && good; i++) {
        uint32_t number = values[i] ? est_i_dictionary_add(&design->by_values[i], values[i], strlen(values[i])) : 0;
        good = !values[i] || number != EST_I_DICTIONARY_NONE;
        key[i] = values[i] ? number + 1 : 0;
    }
    if (good)
        *domain = est_i_tuples_add(&design->domains, key);
    good = good && *domain != EST_I_TUPLE_NONE;
    if (good && before == design->domains_capacity && *domain == before) {
        size_t capacity = design->domains_capacity ? design->domains_capacity * 2 : 64;
        long long *grown = realloc(design->domain_rows, capacity * sizeof *grown);
        good = grown != NULL;
        if (grown) {
            design->domain_rows = grown;
            design->domains_capacity = capacity;
        }
    }
    if (good)
        design->domain_rows[*domain] = *domain == before ? rows : design->domain_rows[*domain] + rows;
    free(key);
    return good;
}

void est_i_check_design_free(est_i_check_design *design)
{
    est_i_registry_free(&design->registry);
    free(design->units);
    for (size_t i = 0; i < design->n_by && design->by_values; i++)
        est_i_dictionary_free(&design->by_values[i]);
    free(design->by_values);
    est_i_tuples_free(&design->domains);
    est_i_tuples_free(&design->pairs);
    free(design->domain_rows);
}

/* Strata and PSUs */

static uint32_t first_stage_unit(const est_i_registry *registry, uint32_t leaf)
{
    uint32_t unit = leaf;
    for (size_t s = registry->n_stages - 1; s > 0; s--)
        unit = registry->stage[s].stratum_parent[registry->stage[s].unit_stratum[unit]];
    return unit;
}

static bool strata_new(const est_i_check_design *design, est_i_check_strata *strata)
{
    size_t h = strata->n_strata + 1, p = design->registry.stage[0].n_units + 1;
    size_t leaves = design->registry.stage[design->n_stages - 1].n_units + 1;
    strata->psus = calloc(h, sizeof *strata->psus);
    strata->rows = calloc(h, sizeof *strata->rows);
    strata->fpc_low = malloc(h * sizeof *strata->fpc_low);
    strata->fpc_high = malloc(h * sizeof *strata->fpc_high);
    strata->psu_rows = calloc(p, sizeof *strata->psu_rows);
    strata->psu_varies = calloc(p, sizeof *strata->psu_varies);
    strata->leaf_psu = malloc(leaves * sizeof *strata->leaf_psu);
    strata->psu_leaf = malloc(p * sizeof *strata->psu_leaf);
    strata->stratum_leaf = malloc(h * sizeof *strata->stratum_leaf);
    for (size_t i = 0; i < h && strata->fpc_low && strata->fpc_high; i++) {
        strata->fpc_low[i] = INFINITY;
        strata->fpc_high[i] = -INFINITY;
    }
    return strata->psus && strata->rows && strata->fpc_low && strata->fpc_high && strata->psu_rows && strata->psu_varies &&
           strata->leaf_psu && strata->psu_leaf && strata->stratum_leaf;
}

/* Which PSUs hold different weights: lowest and highest of their leaves. */
static bool find_varying(const est_i_check_design *design, est_i_check_strata *strata, size_t n_psus, size_t n_leaves)
{
    double *low = malloc((n_psus + 1) * sizeof *low), *high = malloc((n_psus + 1) * sizeof *high);
    bool good = low && high;
    for (size_t p = 0; p < n_psus && good; p++) {
        low[p] = INFINITY;
        high[p] = -INFINITY;
    }
    for (size_t l = 0; l < n_leaves && good; l++) {
        uint32_t p = strata->leaf_psu[l];
        low[p] = fmin(low[p], design->units[l].weight_low);
        high[p] = fmax(high[p], design->units[l].weight_high);
    }
    for (size_t p = 0; p < n_psus && good; p++)
        strata->psu_varies[p] = high[p] > low[p];
    free(low);
    free(high);
    return good;
}

bool est_i_check_strata_make(const est_i_check_design *design, est_i_check_strata *strata)
{
    *strata = (est_i_check_strata){.n_strata = 0};
    if (design->n_stages == 0)
        return true;
    const est_i_registry_stage *stage = &design->registry.stage[0];
    size_t n_units = stage->n_units, n_leaves = design->registry.stage[design->n_stages - 1].n_units;
    strata->n_strata = stage->strata.count;
    if (!strata_new(design, strata))
        return false;
    for (size_t u = 0; u < n_units; u++)
        strata->psus[stage->unit_stratum[u]]++;
    for (size_t l = 0; l < n_leaves; l++) {
        uint32_t psu = first_stage_unit(&design->registry, (uint32_t)l), h = stage->unit_stratum[psu];
        const est_i_check_unit *unit = &design->units[l];
        strata->leaf_psu[l] = psu;
        strata->psu_leaf[psu] = strata->stratum_leaf[h] = (uint32_t)l;
        strata->psu_rows[psu] += unit->rows;
        strata->rows[h] += unit->rows;
        strata->fpc_low[h] = fmin(strata->fpc_low[h], unit->fpc_low[0]);
        strata->fpc_high[h] = fmax(strata->fpc_high[h], unit->fpc_high[0]);
    }
    strata->n_psus = n_units;
    for (size_t h = 0; h < strata->n_strata && !design->has_units; h++) {
        strata->n_psus = h ? strata->n_psus + (size_t)strata->rows[h] : (size_t)strata->rows[h];
        strata->psus[h] = (size_t)strata->rows[h];
    }
    return find_varying(design, strata, n_units, n_leaves);
}

void est_i_check_strata_free(est_i_check_strata *strata)
{
    free(strata->psus);
    free(strata->rows);
    free(strata->fpc_low);
    free(strata->fpc_high);
    free(strata->psu_rows);
    free(strata->psu_varies);
    free(strata->leaf_psu);
    free(strata->psu_leaf);
    free(strata->stratum_leaf);
    *strata = (est_i_check_strata){.n_strata = 0};
}

const char *est_i_check_stratum_name(const est_i_check_design *design, const est_i_check_strata *strata, size_t stratum)
{
    est_i_leaf_path path;
    est_i_registry_path(&design->registry, strata->stratum_leaf[stratum], &path);
    return path.stratum[0];
}

/* A unit is a stratum and an id, and comes once. */
bool est_i_check_ids_count(const est_i_check_design *design, const est_i_check_strata *strata, est_i_check_ids *ids)
{
    size_t n_units = design->registry.stage[0].n_units;
    est_i_dictionary names = {0};
    est_i_leaf_path path;
    uint32_t *times = calloc(n_units + 1, sizeof *times);
    bool good = times != NULL;
    *ids = (est_i_check_ids){0, 0};
    for (size_t u = 0; u < n_units && good; u++) {
        est_i_registry_path(&design->registry, strata->psu_leaf[u], &path);
        uint32_t id = est_i_dictionary_add(&names, path.unit[0], path.unit_length[0]);
        good = id != EST_I_DICTIONARY_NONE;
        if (good && times[id]++ == 1)
            ids->recurring++;
    }
    ids->ids = names.count;
    est_i_dictionary_free(&names);
    free(times);
    return good;
}

bool est_i_check_domains_count(const est_i_check_design *design, const est_i_check_strata *strata, size_t *psus, size_t *n_strata)
{
    est_i_tuples seen_psu = {.width = 2}, seen_stratum = {.width = 2};
    bool good = true;
    memset(psus, 0, design->domains.count * sizeof *psus);
    memset(n_strata, 0, design->domains.count * sizeof *n_strata);
    for (uint32_t i = 0; i < design->pairs.count && good; i++) {
        const uint32_t *pair = est_i_tuples_key(&design->pairs, i);
        uint32_t psu = strata->leaf_psu[pair[0]], domain = pair[1], before = seen_psu.count;
        uint32_t found = est_i_tuples_add(&seen_psu, (uint32_t[]){psu, domain});
        psus[domain] += found == before;
        good = found != EST_I_TUPLE_NONE;
        before = seen_stratum.count;
        found = est_i_tuples_add(&seen_stratum, (uint32_t[]){design->registry.stage[0].unit_stratum[psu], domain});
        n_strata[domain] += found == before;
        good = good && found != EST_I_TUPLE_NONE;
    }
    for (size_t d = 0; d < design->domains.count && good && !design->has_units; d++)
        psus[d] = (size_t)design->domain_rows[d];
    est_i_tuples_free(&seen_psu);
    est_i_tuples_free(&seen_stratum);
    return good;
}
