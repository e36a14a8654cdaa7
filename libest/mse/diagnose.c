/* The diagnostics in their order, and the verdict in words. */
#include "mse/diagnose.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/diagnose_parts.h"

const char *est_i_diagnose_block(const est_i_diagnostics *all, size_t block)
{
    const est_i_captures *captures = all->of->captures;
    bool named = all->of->data->n_blocks > 1 && captures->n_blocks == all->of->data->n_blocks;
    return named ? captures->block_names[block] : "";
}

void est_i_diagnose_term(const est_i_diagnostics *all, uint32_t term, est_i_text *text)
{
    const char *before = "";
    for (size_t j = 0; j < all->of->data->n_lists; j++)
        if (term >> j & 1) {
            est_i_text_append(text, before);
            est_i_text_append(text, all->of->captures->list_names[j]);
            before = ":";
        }
}

double est_i_diagnose_margin(const est_i_diagnostics *all, size_t block, uint32_t on)
{
    return all->of->data->margins[block * all->of->data->n_cells + on];
}

void est_i_diagnose_fitted(const est_i_diagnostics *all, size_t block, double *mu)
{
    const est_i_terms *terms = all->of->terms;
    const est_i_joint *joint = all->of->joint;
    size_t n = all->of->data->n_cells, q = terms->n_local, n_blocks = all->of->data->n_blocks;
    memset(mu, 0, n * sizeof *mu);
    for (size_t i = 0; i < q; i++)
        mu[terms->local[i]] += joint->beta[block * q + i];
    for (size_t i = 0; i < terms->n_shared; i++)
        if (est_i_acts(terms, i, block, n_blocks))
            mu[terms->shared[i]] += joint->beta[n_blocks * q + i];
    for (size_t bit = 1; bit < n; bit <<= 1)
        for (size_t w = 0; w < n; w++)
            if (w & bit)
                mu[w] += mu[w ^ bit];
    for (size_t w = 0; w < n; w++)
        mu[w] = w == 0 || joint->verdict->keep[block * n + w] > 0 ? exp(mu[w]) : 0;
}

void est_i_diagnose_alarm(est_i_diagnostics *all, const char *format, ...)
{
    char clause[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(clause, sizeof clause, format, arguments);
    va_end(arguments);
    est_i_text_append(&all->alarms, all->n_alarms++ ? "; " : "");
    est_i_text_append(&all->alarms, clause);
}

void est_i_diagnose_cell(est_i_diagnostics *all, est_i_text *text)
{
    est_i_result_cell_text(all->builder, text->data ? text->data : "");
    all->alarms.failed = all->alarms.failed || text->failed;
    est_i_text_free(text);
    *text = (est_i_text){0};
}

#define NAMED_MOST 6

void est_i_diagnose_name(est_i_text *text, size_t *count, const char *name)
{
    if (++*count <= NAMED_MOST) {
        est_i_text_append(text, *count > 1 ? ", " : "");
        est_i_text_append(text, name);
    }
}

void est_i_diagnose_name_end(est_i_text *text, size_t count)
{
    if (count > NAMED_MOST)
        est_i_text_printf(text, " and %zu more", count - NAMED_MOST);
}

void est_i_diagnose_name_pair(const est_i_diagnostics *all, est_i_text *text, size_t *count, size_t i, size_t j)
{
    est_i_text pair = {0};
    est_i_text_printf(&pair, "%s and %s", all->of->captures->list_names[i], all->of->captures->list_names[j]);
    est_i_diagnose_name(text, count, pair.data ? pair.data : "");
    text->failed = text->failed || pair.failed;
    est_i_text_free(&pair);
}

/* Where the table of a diagnostic needs more lists than there are. */
static void note_missing(est_i_diagnostics *all)
{
    size_t n = all->of->data->n_lists;
    if (n < 3)
        est_i_result_note(all->builder, all->context, EST_NOTE, "diagnostics_missing", "with two lists no list can be held out, "
                          "left out or merged, and no dependence can be seen: these diagnostics need at least 3 lists, those of "
                          "held-out lists and of internal consistency 4");
    else if (n < 4)
        est_i_result_note(all->builder, all->context, EST_NOTE, "diagnostics_missing", "with three lists no list can be held out "
                          "and internal consistency cannot be tested: both need at least 4 lists");
}

static void add_verdict(est_i_diagnostics *all)
{
    if (all->n_alarms == 0)
        est_i_result_note(all->builder, all->context, EST_NOTE, "verdict", "No diagnostic alarms: the lists do not contradict the "
                          "estimate. They cannot confirm it either: a dependence of all lists at once, people who can be on no "
                          "list, and errors of linkage leave no trace in these tables.");
    else
        est_i_result_note(all->builder, all->context, EST_WARNING, "verdict", "Diagnostics that alarm: %zu. They say: %s. Do not "
                          "publish the estimate without these findings beside it; what each means and what can be done about it "
                          "stands in the documentation of the diagnostics.", all->n_alarms, all->alarms.data);
}

static est_status find_left_out(est_i_diagnostics *all)
{
    est_status status = EST_OK;
    size_t n = all->of->data->n_lists;
    if (n < 3)
        return EST_OK;
    all->left_out = calloc(n, sizeof *all->left_out);
    if (!all->left_out)
        return est_i_no_memory(all->error);
    for (size_t j = 0; j < n && status == EST_OK; j++) {
        est_i_alteration how = {.kind = EST_I_WITHOUT_LIST, .list = j, .by_block = n > 3,
                                .wide_level = 1 - EST_I_DIAGNOSE_ALPHA / (double)n};
        status = est_i_variant_find(all, &how, &all->left_out[all->n_left_out++]);
    }
    return status;
}

static est_status find_merged(est_i_diagnostics *all)
{
    est_status status = EST_OK;
    size_t n = all->of->data->n_lists, n_pairs = n * (n - 1) / 2;
    if (n < 3)
        return EST_OK;
    all->merged = calloc(n_pairs, sizeof *all->merged);
    if (!all->merged)
        return est_i_no_memory(all->error);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n && status == EST_OK; j++) {
            est_i_alteration how = {.kind = EST_I_LISTS_MERGED, .list = i, .other = j,
                                    .wide_level = 1 - EST_I_DIAGNOSE_ALPHA / (double)n_pairs};
            status = est_i_variant_find(all, &how, &all->merged[all->n_merged++]);
        }
    return status;
}

static est_status set_up(est_i_diagnostics *all)
{
    const est_i_diagnosis *of = all->of;
    const est_i_captures *captures = of->captures;
    size_t n = of->data->n_lists, n_blocks = of->data->n_blocks;
    bool given = captures->has_seen && captures->n_blocks == n_blocks;
    all->active = calloc(n_blocks, sizeof *all->active);
    all->seen = calloc(n_blocks, sizeof *all->seen);
    if (!all->active || !all->seen)
        return est_i_no_memory(all->error);
    all->own = n_blocks > 1 && of->terms->n_shared == 0 && of->terms->n_local > n + 1;
    for (size_t k = 0; k < n_blocks; k++) {
        double count = est_i_diagnose_margin(all, k, 0), seen = given ? captures->seen[k] : count;
        for (uint32_t w = 1; w < of->data->n_cells; w++)
            all->active[k] |= of->data->keep[k * of->data->n_cells + w] > 0 ? w : 0;
        all->seen[k] = seen > count ? seen : count;
        all->seen_total += all->seen[k];
        all->n += count;
        all->population += count + exp(of->joint->log_unseen[k]);
    }
    all->n_steps = 2 * n + n * (n - 1) / 2 + 1;
    return EST_OK;
}

static void clear(est_i_diagnostics *all)
{
    for (size_t i = 0; i < all->n_left_out; i++)
        est_i_variant_clear(&all->left_out[i]);
    for (size_t i = 0; i < all->n_merged; i++)
        est_i_variant_clear(&all->merged[i]);
    free(all->left_out);
    free(all->merged);
    free(all->active);
    free(all->seen);
    est_i_text_free(&all->alarms);
}

/* The order of the tables is that of the documentation. */
static est_status run(est_i_diagnostics *all)
{
    est_status status = find_left_out(all);
    if (status == EST_OK)
        est_i_diagnose_held_out(all);
    if (status == EST_OK)
        status = est_i_diagnose_consistency(all);
    if (status == EST_OK)
        est_i_diagnose_left_out(all);
    if (status == EST_OK)
        status = find_merged(all);
    if (status != EST_OK)
        return status;
    est_i_diagnose_merged(all);
    est_i_diagnose_sensitivity(all);
    est_i_diagnose_multiplicity(all);
    est_i_diagnose_empty(all);
    est_i_diagnose_pairs(all);
    status = est_i_diagnose_residuals(all);
    if (status == EST_OK)
        est_i_diagnose_gates(all);
    if (status == EST_OK)
        status = est_i_diagnose_charts(all);
    if (status == EST_OK && all->alarms.failed)
        status = est_i_no_memory(all->error);
    return status;
}

est_status est_i_diagnose(const est_i_diagnosis *diagnosis, const est_context *context, est_i_monitor *monitor,
                          est_i_result_builder *builder, est_error *error)
{
    est_error own_error;
    est_i_diagnostics all = {.of = diagnosis, .context = context, .monitor = monitor, .builder = builder,
                             .error = error ? error : &own_error};
    est_error_clear(all.error);
    est_status status = set_up(&all);
    if (status == EST_OK)
        status = run(&all);
    if (status == EST_OK) {
        note_missing(&all);
        add_verdict(&all);
        est_i_monitor_progress(monitor, 1);
    }
    clear(&all);
    return status;
}
