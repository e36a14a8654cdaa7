/* The estimator on an altered table: a list dropped, a list taken as the population, two lists as one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/diagnose_parts.h"
#include "mse/interval.h"
#include "mse/model.h"
#include "mse/profile.h"

/* One joint fit, of all blocks or of one. */
typedef struct fitted_part {
    est_i_fit_data data; /* a view */
    uint32_t *local, *shared;
    unsigned char *acts;
    est_i_terms terms;
    est_i_joint *joint;
} fitted_part;

typedef struct altered_table {
    est_i_diagnostics *all;
    const est_i_alteration *how;
    size_t n_lists;
    const char *names[EST_I_LISTS_MAX];
    char *merged_name;
    est_i_fit_data *data;
    est_i_estimator *estimator;
    size_t n_parts;
    fitted_part *parts;
} altered_table;

/* Bit `list` taken out of a mask. */
static uint32_t squeeze(uint32_t mask, size_t list)
{
    uint32_t low = ((uint32_t)1 << list) - 1;
    return (mask & low) | ((mask >> 1) & ~low);
}

/* A history or a term after the alteration. */
static uint32_t altered(const est_i_alteration *how, uint32_t mask)
{
    size_t gone = how->list;
    if (how->kind == EST_I_LISTS_MERGED) {
        if (mask >> how->other & 1)
            mask |= (uint32_t)1 << how->list;
        gone = how->other;
    }
    return squeeze(mask, gone);
}

static est_status name_lists(altered_table *t)
{
    est_i_text text = {0};
    char *const *names = t->all->of->captures->list_names;
    size_t gone = t->how->kind == EST_I_LISTS_MERGED ? t->how->other : t->how->list, count = 0;
    for (size_t j = 0; j < t->all->of->data->n_lists; j++)
        if (j != gone)
            t->names[count++] = names[j];
    t->n_lists = count;
    if (t->how->kind != EST_I_LISTS_MERGED)
        return EST_OK;
    est_i_text_printf(&text, "%s+%s", names[t->how->list], names[t->how->other]);
    t->merged_name = est_i_text_take(&text);
    t->names[t->how->list] = t->merged_name;
    return t->merged_name ? EST_OK : est_i_no_memory(t->all->error);
}

/* Blocks in which the list of a restriction knows nobody hold nobody: they fall away. */
static size_t choose_blocks(const altered_table *t, size_t *block)
{
    const est_i_diagnostics *all = t->all;
    size_t count = 0;
    for (size_t k = 0; k < all->of->data->n_blocks; k++)
        if (t->how->kind != EST_I_WITHIN_LIST || est_i_diagnose_margin(all, k, (uint32_t)1 << t->how->list) > 0)
            block[count++] = k;
    return count;
}

static void alter_block(const altered_table *t, size_t from, size_t to)
{
    const est_i_fit_data *source = t->all->of->data;
    uint32_t list = (uint32_t)1 << t->how->list, active = t->all->active[from];
    double *counts = t->data->counts + to * t->data->n_cells, *keep = t->data->keep + to * t->data->n_cells;
    bool within = t->how->kind == EST_I_WITHIN_LIST;
    for (uint32_t w = 1; w < source->n_cells; w++)
        if (!within || (w & list))
            counts[altered(t->how, w)] += source->counts[from * source->n_cells + w];
    counts[0] = 0;
    for (uint32_t w = 1; w < t->data->n_cells; w++)
        keep[w] = (w & ~altered(t->how, active)) ? 0 : 1;
}

static est_status alter(altered_table *t, est_i_variant *v)
{
    size_t most = t->all->of->data->n_blocks;
    est_status status = name_lists(t);
    v->block = calloc(most, sizeof *v->block);
    v->block_population = calloc(most, sizeof *v->block_population);
    v->block_lower = calloc(most, sizeof *v->block_lower);
    v->block_upper = calloc(most, sizeof *v->block_upper);
    if (status != EST_OK || !v->block || !v->block_population || !v->block_lower || !v->block_upper)
        return est_i_no_memory(t->all->error);
    v->n_blocks = choose_blocks(t, v->block);
    for (size_t k = 0; k < most; k++)
        v->block_population[k] = v->block_lower[k] = v->block_upper[k] = NAN;
    if (v->n_blocks == 0)
        return EST_OK;
    t->data = est_i_fit_data_new(1, t->n_lists, v->n_blocks);
    if (!t->data)
        return est_i_no_memory(t->all->error);
    for (size_t k = 0; k < v->n_blocks; k++)
        alter_block(t, v->block[k], k);
    est_i_fit_data_prepare(t->data);
    v->n = t->data->total[0];
    return EST_OK;
}

static void give_reason(est_i_variant *v, const char *reason, const char *place)
{
    est_i_text text = {0};
    if (v->reason)
        return;
    est_i_text_append(&text, reason);
    if (*place)
        est_i_text_printf(&text, " (%s)", place);
    v->reason = est_i_text_take(&text);
}

/* Does the term stand on the lists that are left? A term of the two lists that became one is no dependence any more. */
static bool stays(const altered_table *t, uint32_t term)
{
    bool merged = t->how->kind == EST_I_LISTS_MERGED;
    return merged ? __builtin_popcount(term) < 2 || __builtin_popcount(altered(t->how, term)) > 1 : !(term >> t->how->list & 1);
}

/* The given local terms, each once. */
static void give_local(const altered_table *t, fitted_part *part)
{
    const est_i_terms *given = t->all->of->terms;
    size_t count = 0;
    for (size_t i = 0; i < given->n_local; i++) {
        uint32_t term = altered(t->how, given->local[i]);
        bool keeps = stays(t, given->local[i]);
        for (size_t m = 0; m < count && keeps; m++)
            keeps = part->local[m] != term;
        if (keeps)
            part->local[count++] = term;
    }
    part->terms.n_local = count;
}

static bool acts_alike(const unsigned char *a, const unsigned char *b, size_t n)
{
    return memcmp(a, b, n) == 0;
}

/* The given shared terms in the blocks that are left, each once. */
static void give_shared(const altered_table *t, const est_i_variant *v, fitted_part *part)
{
    const est_i_terms *given = t->all->of->terms;
    size_t count = 0, n = v->n_blocks;
    for (size_t i = 0; i < given->n_shared; i++) {
        uint32_t term = altered(t->how, given->shared[i]);
        unsigned char *acts = part->acts + count * n;
        bool keeps = stays(t, given->shared[i]);
        for (size_t k = 0; k < n; k++)
            acts[k] = est_i_acts(given, i, v->block[k], t->all->of->data->n_blocks);
        for (size_t m = 0; m < count && keeps; m++)
            keeps = part->shared[m] != term || !acts_alike(part->acts + m * n, acts, n);
        if (keeps)
            part->shared[count++] = term;
    }
    part->terms.n_shared = count;
}

/* The model as it was given, on the lists that are left. */
static est_status take_given(const altered_table *t, const est_i_variant *v, fitted_part *part)
{
    const est_i_terms *given = t->all->of->terms;
    part->local = calloc(given->n_local + 1, sizeof *part->local);
    part->shared = calloc(given->n_shared + 1, sizeof *part->shared);
    part->acts = calloc((given->n_shared + 1) * v->n_blocks, sizeof *part->acts);
    if (!part->local || !part->shared || !part->acts)
        return est_i_no_memory(t->all->error);
    give_local(t, part);
    give_shared(t, v, part);
    part->terms.local = part->local;
    part->terms.shared = part->shared;
    part->terms.acts = given->acts ? part->acts : NULL;
    return EST_OK;
}

/* The model that the same procedure selects; with two lists left, their independence. */
static est_status take_selected(const altered_table *t, size_t index, fitted_part *part)
{
    size_t main = t->n_lists + 1, n = 0;
    bool shares = part->data.n_blocks > 1;
    part->local = calloc(main + EST_I_MODEL_TERMS_MAX, sizeof *part->local);
    if (!part->local)
        return est_i_no_memory(t->all->error);
    est_i_main_terms(t->n_lists, part->local);
    if (t->estimator)
        n = est_i_estimator_terms(t->estimator, index, part->local + main);
    part->terms = (est_i_terms){.n_local = shares ? main : main + n, .local = part->local, .n_shared = shares ? n : 0,
                                .shared = part->local + main};
    return EST_OK;
}

static est_status select_model(altered_table *t)
{
    est_i_selection how = *t->all->of->how;
    how.top = 0;
    if (how.max_order >= t->n_lists)
        how.max_order = (unsigned)t->n_lists - 1;
    return est_i_estimator_select(t->data, t->all->own, &how, t->all->monitor, &t->estimator, t->all->error);
}

static est_status fit_part(altered_table *t, const est_i_variant *v, size_t index)
{
    fitted_part *part = &t->parts[index];
    part->data = t->n_parts == 1 ? *t->data : est_i_fit_data_block(t->data, index);
    est_status status = t->all->of->how ? take_selected(t, index, part) : take_given(t, v, part);
    return status == EST_OK ? est_i_joint_fit(&part->data, &part->terms, t->all->monitor, &part->joint, t->all->error) : status;
}

static bool is_fatal(est_status status)
{
    return status == EST_ENOMEM || status == EST_ECANCELLED;
}

/* A refusal becomes the reason why a row has no estimate; what must stop everything goes through. */
static est_status explain(altered_table *t, est_status status, est_i_variant *v)
{
    if (status == EST_OK || is_fatal(status))
        return status;
    give_reason(v, t->all->error ? t->all->error->message : "no estimate", "");
    est_error_clear(t->all->error);
    return EST_OK;
}

static bool has_model(const altered_table *t, size_t index)
{
    return !t->estimator || t->estimator->found[t->estimator->n_rules > 1 ? index : 0];
}

static est_status fit_parts(altered_table *t, est_i_variant *v)
{
    est_status status = EST_OK;
    t->n_parts = t->estimator && t->all->own && v->n_blocks > 1 ? v->n_blocks : 1;
    t->parts = calloc(t->n_parts, sizeof *t->parts);
    if (!t->parts)
        return est_i_no_memory(t->all->error);
    for (size_t i = 0; i < t->n_parts && status == EST_OK; i++) {
        if (has_model(t, i))
            status = explain(t, fit_part(t, v, i), v);
        else
            give_reason(v, "no model of the class has an estimate",
                        t->n_parts > 1 ? est_i_diagnose_block(t->all, v->block[i]) : "");
    }
    return status;
}

static const char *reason_of(int direction)
{
    return direction > 0   ? "nothing in the table limits the unseen"
           : direction < 0 ? "the unseen go to zero without reaching a maximum"
                           : "the table does not determine the unseen";
}

static void find_populations(altered_table *t, est_i_variant *v)
{
    for (size_t k = 0; k < v->n_blocks; k++) {
        const fitted_part *part = &t->parts[t->n_parts > 1 ? k : 0];
        size_t inner = t->n_parts > 1 ? 0 : k;
        const char *place = est_i_diagnose_block(t->all, v->block[k]);
        double n = t->data->margins[k * t->data->n_cells];
        if (!(n > 0))
            give_reason(v, "nobody is on the lists that are left", place);
        else if (part->joint && part->joint->verdict->estimable[inner])
            v->block_population[k] = n + exp(part->joint->log_unseen[inner]);
        else if (part->joint)
            give_reason(v, reason_of(part->joint->verdict->direction[inner]), place);
    }
}

/* The sum over the blocks. Persons of a known number may be asked for in some strata alone; a population may not. */
static void add_up(const altered_table *t, est_i_variant *v)
{
    size_t found = 0;
    v->population = v->n = 0;
    for (size_t k = 0; k < v->n_blocks; k++) {
        bool aside = isnan(v->block_population[k]);
        found += !aside;
        v->n += aside ? 0 : t->data->margins[k * t->data->n_cells];
        v->population += aside && t->how->kind == EST_I_WITHIN_LIST ? 0 : v->block_population[k];
    }
    if (t->how->kind == EST_I_WITHIN_LIST && found) {
        v->aside = v->reason;
        v->reason = NULL;
    } else if (!found || isnan(v->population)) {
        v->population = NAN;
        v->n = t->data->total[0];
        give_reason(v, "a stratum has no estimate", "");
    }
}

static est_status profile_block(altered_table *t, const est_i_variant *v, size_t k, double level, double *lower, double *upper)
{
    const fitted_part *part = &t->parts[t->n_parts > 1 ? k : 0];
    est_i_profile profile = {NAN, NAN, NAN};
    est_status status = EST_OK;
    if (!isnan(v->block_population[k]))
        status = est_i_profile_find(&part->data, &part->terms, part->joint, t->n_parts > 1 ? 0 : k, level, t->all->monitor,
                                    &profile, t->all->error);
    if (!is_fatal(status) && status != EST_OK) {
        est_error_clear(t->all->error);
        status = EST_OK;
        profile.lower = profile.upper = NAN;
    }
    *lower = profile.lower;
    *upper = profile.upper;
    return status;
}

/* Covariance of the log unseen counts of two blocks. */
static double covariance(const altered_table *t, size_t i, size_t j)
{
    double value = 0;
    if (t->n_parts == 1)
        value = t->parts[0].joint->covariance[i * t->parts[0].joint->n_blocks + j];
    else if (i == j)
        value = t->parts[i].joint->covariance[0];
    return value;
}

/* Standard error of the log of the sum of the unseen counts over the blocks with an estimate (delta method). */
static double total_se(const altered_table *t, const est_i_variant *v)
{
    double variance = 0, sum = 0;
    for (size_t i = 0; i < v->n_blocks; i++) {
        double unseen = v->block_population[i] - t->data->margins[i * t->data->n_cells];
        sum += isnan(unseen) ? 0 : unseen;
        for (size_t j = 0; j < v->n_blocks; j++) {
            double other = v->block_population[j] - t->data->margins[j * t->data->n_cells];
            variance += isnan(unseen) || isnan(other) ? 0 : unseen * other * covariance(t, i, j);
        }
    }
    return sqrt(variance) / sum;
}

static est_status find_limits(altered_table *t, est_i_variant *v)
{
    est_status status = EST_OK;
    bool single = v->n_blocks == 1;
    for (size_t k = 0; k < v->n_blocks && (t->how->by_block || single) && status == EST_OK; k++)
        status = profile_block(t, v, k, EST_I_DIAGNOSE_LEVEL, &v->block_lower[k], &v->block_upper[k]);
    if (status != EST_OK || v->reason)
        return status;
    v->interval = single ? "profile" : "log-normal";
    if (single) {
        v->lower = v->block_lower[0];
        v->upper = v->block_upper[0];
        status = profile_block(t, v, 0, t->how->wide_level, &v->wide_lower, &v->wide_upper);
    } else {
        double unseen = v->population - v->n, se = total_se(t, v);
        est_i_limits limits = est_i_limits_log_normal(v->n, unseen, se, EST_I_DIAGNOSE_LEVEL);
        est_i_limits wide = est_i_limits_log_normal(v->n, unseen, se, t->how->wide_level);
        v->lower = limits.lower;
        v->upper = limits.upper;
        v->wide_lower = wide.lower;
        v->wide_upper = wide.upper;
    }
    return status;
}

/* Terms of two lists or more, each once. */
static size_t dependence_of(const est_i_terms *terms, uint32_t *found)
{
    size_t count = 0;
    for (size_t i = 0; i < terms->n_local + terms->n_shared; i++) {
        uint32_t term = i < terms->n_local ? terms->local[i] : terms->shared[i - terms->n_local];
        bool counts = __builtin_popcount(term) > 1;
        for (size_t m = 0; m < count && counts; m++)
            counts = found[m] != term;
        if (counts)
            found[count++] = term;
    }
    return count;
}

static est_status name_model(const altered_table *t, est_i_variant *v)
{
    est_i_text text = {0};
    const fitted_part *part = t->parts;
    if (t->n_parts > 1)
        est_i_text_append(&text, "a model for each stratum");
    else if (part && part->local) {
        uint32_t *terms = calloc(part->terms.n_local + part->terms.n_shared + 1, sizeof *terms);
        if (terms)
            est_i_model_print(terms, dependence_of(&part->terms, terms), t->n_lists, (char *const *)t->names, &text);
        text.failed = text.failed || !terms;
        free(terms);
    }
    v->model = est_i_text_take(&text);
    return v->model ? EST_OK : est_i_no_memory(t->all->error);
}

static void end_table(altered_table *t)
{
    for (size_t i = 0; t->parts && i < t->n_parts; i++) {
        est_i_joint_free(t->parts[i].joint);
        free(t->parts[i].local);
        free(t->parts[i].shared);
        free(t->parts[i].acts);
    }
    free(t->parts);
    est_i_estimator_free(t->estimator);
    est_i_fit_data_free(t->data);
    free(t->merged_name);
}

est_status est_i_variant_find(est_i_diagnostics *all, const est_i_alteration *alteration, est_i_variant *v)
{
    altered_table t = {.all = all, .how = alteration};
    *v = (est_i_variant){.list = alteration->list, .other = alteration->other, .population = NAN, .lower = NAN, .upper = NAN,
                         .wide_lower = NAN, .wide_upper = NAN, .interval = ""};
    est_status status = alter(&t, v);
    if (status == EST_OK && !(v->n > 0))
        give_reason(v, alteration->kind == EST_I_WITHIN_LIST ? "no other list knows anybody on it" : "nobody is left", "");
    if (status == EST_OK && !v->reason && all->of->how && t.n_lists > 2)
        status = explain(&t, select_model(&t), v);
    if (status == EST_OK && !v->reason) {
        status = fit_parts(&t, v);
        if (status == EST_OK) {
            find_populations(&t, v);
            add_up(&t, v);
            status = find_limits(&t, v);
        }
    }
    if (status == EST_OK && isnan(v->population) && !v->reason)
        status = est_i_no_memory(all->error);
    if (status == EST_OK)
        status = name_model(&t, v);
    end_table(&t);
    if (status == EST_OK && est_i_monitor_cancelled(all->monitor))
        status = est_i_cancelled(all->error);
    if (status == EST_OK)
        est_i_monitor_progress(all->monitor, (double)++all->step / (double)all->n_steps);
    return status;
}

void est_i_variant_clear(est_i_variant *variant)
{
    free(variant->model);
    free(variant->reason);
    free(variant->aside);
    free(variant->block);
    free(variant->block_population);
    free(variant->block_lower);
    free(variant->block_upper);
}

bool est_i_variant_disagrees(const est_i_diagnostics *all, const est_i_variant *v)
{
    double lower = all->of->lower, upper = all->of->upper;
    bool known = !isnan(lower) && !isnan(upper);
    bool out = v->wide_lower > all->population || v->wide_upper < all->population;
    return out && (!known || v->population < lower || v->population > upper);
}
