/* What is said about the data beside every estimate from lists. */
#include "mse/describe.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "mse/gates.h"
#include "mse/model.h"

void est_i_count_pairs(const est_i_captures *captures, size_t block, double persons[EST_I_LISTS_MAX][EST_I_LISTS_MAX])
{
    memset(persons, 0, EST_I_LISTS_MAX * sizeof *persons);
    for (size_t w = 1; w < captures->n_cells; w++) {
        double count = captures->counts[block][w];
        for (size_t rest = count > 0 ? w : 0; rest; rest &= rest - 1)
            for (size_t others = w; others; others &= others - 1)
                persons[__builtin_ctzll(rest)][__builtin_ctzll(others)] += count;
    }
}

typedef double pair_table[EST_I_LISTS_MAX][EST_I_LISTS_MAX];

/* NaN where one of the two was not at work, since a structural zero is no count. */
static double count_at_work(const est_i_captures *captures, pair_table *persons, size_t block, size_t i, size_t j)
{
    uint32_t on = (uint32_t)1 << i | (uint32_t)1 << j;
    return (captures->active[block] & on) == on ? persons[block][i][j] : NAN;
}

static void start_frame(est_i_result_builder *builder, const est_i_captures *captures, const char *name, const char *title,
                        const char *const *labels, size_t n_labels)
{
    size_t n = n_labels + captures->n_blocks;
    const char **columns = calloc(n, sizeof *columns);
    est_column_role *roles = calloc(n, sizeof *roles);
    for (size_t i = 0; columns && roles && i < n; i++) {
        columns[i] = i < n_labels ? labels[i] : captures->block_names[i - n_labels];
        if (i >= n_labels && !*columns[i])
            columns[i] = "persons";
        roles[i] = i < n_labels ? EST_ROLE_PLAIN : EST_ROLE_COUNT;
    }
    if (columns && roles)
        est_i_result_frame(builder, name, title, n, columns, roles, SIZE_MAX);
    else
        est_i_result_no_memory(builder);
    free(roles);
    free(columns);
}

void est_i_describe_lists(est_i_result_builder *builder, const est_i_captures *captures)
{
    static const char *const list_label[] = {"list"}, *const pair_labels[] = {"list", "other"};
    pair_table *persons = calloc(captures->n_blocks, sizeof *persons);
    for (size_t k = 0; persons && k < captures->n_blocks; k++)
        est_i_count_pairs(captures, k, persons[k]);
    if (!persons) {
        est_i_result_no_memory(builder);
        return;
    }
    start_frame(builder, captures, "lists", "Persons on each list", list_label, 1);
    for (size_t j = 0; j < captures->n_lists; j++) {
        est_i_result_cell_text(builder, captures->list_names[j]);
        for (size_t k = 0; k < captures->n_blocks; k++)
            est_i_result_cell(builder, count_at_work(captures, persons, k, j, j));
    }
    start_frame(builder, captures, "overlaps", "Persons on both lists of each pair", pair_labels, 2);
    for (size_t i = 0; i < captures->n_lists; i++)
        for (size_t j = i + 1; j < captures->n_lists; j++) {
            est_i_result_cell_text(builder, captures->list_names[i]);
            est_i_result_cell_text(builder, captures->list_names[j]);
            for (size_t k = 0; k < captures->n_blocks; k++)
                est_i_result_cell(builder, count_at_work(captures, persons, k, i, j));
        }
    free(persons);
}

static double smallest_cell(const est_i_captures *captures)
{
    double smallest = INFINITY;
    for (size_t k = 0; k < captures->n_blocks; k++)
        for (size_t w = 1; w < captures->n_cells; w++)
            if (!(w & ~(size_t)captures->active[k]))
                smallest = fmin(smallest, captures->counts[k][w]);
    return smallest;
}

void est_i_describe_provenance(est_i_result_builder *builder, const est_method *method, const void *options,
                               const est_context *context, const est_table *data, const est_i_captures *captures)
{
    char text[80];
    est_i_result_add_provenance(builder, "version", est_version(), false);
    est_i_result_add_provenance(builder, "reference", method->reference, false);
    est_i_result_add_options(builder, method, options);
    snprintf(text, sizeof text, "%" PRIu64, context ? context->seed : est_context_default().seed);
    est_i_result_add_provenance(builder, "seed", text, false);
    est_i_captures_digest(captures, text);
    est_i_result_add_provenance(builder, "capture-table-sha256", text, !est_table_is_public(data));
    snprintf(text, sizeof text, "%zu", est_table_rows(data));
    est_i_result_add_provenance(builder, "rows", text, true);
    est_i_result_add_provenance(builder, "data", est_table_name(data), true);
    est_i_result_smallest_count(builder, smallest_cell(captures));
    est_i_result_mark(builder, est_table_is_public(data), est_table_is_synthetic(data), false);
}

static void note_small_lists(est_i_result_builder *builder, const est_context *context, const est_i_captures *captures,
                             size_t block, const char *place)
{
    est_i_text names = {0};
    pair_table persons;
    est_i_count_pairs(captures, block, persons);
    for (size_t j = 0; j < captures->n_lists; j++) {
        double on = persons[j][j], shared = 0;
        if (!(captures->active[block] >> j & 1))
            continue;
        for (size_t i = 0; i < captures->n_lists; i++)
            shared += i == j ? 0 : persons[i][j];
        if (on < EST_I_GATE_LIST_PERSONS || !(shared > 0)) {
            est_i_text_append(&names, names.length ? ", " : "");
            est_i_text_append(&names, captures->list_names[j]);
        }
    }
    if (names.length && !names.failed)
        est_i_result_note(builder, context, EST_WARNING, "small_list",
                          "%shas lists of fewer than 10 persons or that share nobody with another list: %s", place, names.data);
    est_i_text_free(&names);
}

void est_i_describe_data(est_i_result_builder *builder, const est_context *context, const est_i_captures *captures)
{
    if (captures->n_repeated)
        est_i_result_note(builder, context, EST_NOTE, "repeated", "rows that repeat an earlier one: %zu. Counts of one capture "
                          "history were summed, a person named twice on a list counts once", captures->n_repeated);
    if (captures->n_empty_strata)
        est_i_result_note(builder, context, EST_NOTE, "empty_strata",
                          "combinations of the stratum columns with nobody on the lists: %zu. They are left out of the strata and "
                          "of the total: whether there are people in them, these lists do not tell", captures->n_empty_strata);
    for (size_t k = 0; k < captures->n_blocks; k++) {
        char place[160] = "the table ";
        if (*captures->block_names[k])
            snprintf(place, sizeof place, "%s %.120s ", captures->n_strata_columns ? "stratum" : "period", captures->block_names[k]);
        if (captures->totals[k] < EST_I_GATE_PERSONS)
            est_i_result_note(builder, context, EST_WARNING, "few_persons",
                              "%sholds fewer than 100 persons: too few for more than an order of magnitude", place);
        note_small_lists(builder, context, captures, k, place);
    }
}

void est_i_describe_precision(est_i_result_builder *builder, const est_context *context, double n, double population,
                              double lower, double upper)
{
    if (est_i_is_low_coverage(n, population))
        est_i_result_note(builder, context, EST_WARNING, "low_coverage",
                          "the lists hold less than 5 %% of the estimated population: read it as an order of magnitude");
    if (est_i_is_wide(lower, upper))
        est_i_result_note(builder, context, EST_WARNING, "wide_interval",
                          "the upper limit is more than 10 times the lower: the interval is the answer, not the estimate in it");
}

uint32_t est_i_lists_that_count(const est_i_captures *captures, size_t block)
{
    uint32_t lists = 0;
    for (size_t w = 1; w < captures->n_cells; w++)
        if (captures->counts[block][w] > 0)
            lists |= (uint32_t)w;
    return lists & captures->active[block];
}

char *est_i_describe_model(const uint32_t *terms, size_t n_terms, const est_i_captures *captures)
{
    est_i_text text = {0};
    est_i_model_print(terms, n_terms, captures->n_lists, captures->list_names, &text);
    return est_i_text_take(&text);
}

est_i_fit_data *est_i_fit_data_of(const est_i_captures *captures, const size_t *blocks, size_t n_blocks)
{
    return est_i_fit_data_asking(captures, blocks, n_blocks, NULL);
}

est_i_fit_data *est_i_fit_data_asking(const est_i_captures *captures, const size_t *blocks, size_t n_blocks,
                                      est_i_monitor *monitor)
{
    est_i_fit_data *data = est_i_fit_data_new(1, captures->n_lists, n_blocks);
    for (size_t k = 0; data && k < n_blocks && !est_i_monitor_cancelled(monitor); k++)
        for (size_t w = 1; w < captures->n_cells; w++) {
            data->counts[k * captures->n_cells + w] = captures->counts[blocks[k]][w];
            data->keep[k * captures->n_cells + w] = (w & ~(size_t)captures->active[blocks[k]]) ? 0 : 1;
        }
    if (data)
        est_i_fit_data_prepare_asking(data, monitor);
    return data;
}
