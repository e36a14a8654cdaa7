/* From linked records to the capture table: the method `patterns`. */
#include <est/linkage.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "core/result.h"
#include "data/linked.h"
#include "mse/describe.h"
#include "mse/linked_notes.h"
#include "mse/linked_options.h"

#define LISTS_MOST 12 /* every history is a row */

extern const est_method est_i_method_patterns;

static const est_option_spec patterns_specs[] = {
    {.name = "lists", .kind = EST_OPTION_COLUMNS, .offset = offsetof(est_patterns_options, lists), .initial = "",
     .doc = "names of lists as they stand in the list column, in the order wanted; default: all"},
    {.name = "list", .kind = EST_OPTION_COLUMN, .offset = offsetof(est_patterns_options, list), .initial = "",
     .doc = "column that names the list of each record; default 'list'"},
    EST_I_LINKED_OPTIONS(est_patterns_options),
    {.name = "period", .kind = EST_OPTION_COLUMN, .offset = offsetof(est_patterns_options, period), .initial = "",
     .doc = "column of periods: histories are counted in each; default 'period' if there is one"},
};

#define PATTERNS_SPECS (sizeof patterns_specs / sizeof patterns_specs[0])

est_patterns_options est_patterns_options_default(void)
{
    est_patterns_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(patterns_specs, PATTERNS_SPECS, &options);
    return options;
}

/* Fewer lists first, as a reader looks for them; then by list order. */
static int compare_histories(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = __builtin_popcount(a) - __builtin_popcount(b);
    return order ? order : (a > b) - (a < b);
}

static void add_histories(est_i_result_builder *builder, const est_i_captures *captures, const uint32_t *histories, size_t block)
{
    bool periods = *captures->block_names[block] != '\0';
    for (size_t i = 0; i + 1 < captures->n_cells; i++) {
        if (periods)
            est_i_result_cell_text(builder, captures->block_names[block]);
        for (size_t j = 0; j < captures->n_lists; j++)
            est_i_result_cell(builder, histories[i] >> j & 1);
        est_i_result_cell(builder, captures->counts[block][histories[i]]);
    }
}

static est_status add_patterns(est_i_result_builder *builder, const est_i_captures *captures, est_error *error)
{
    const char *columns[LISTS_MOST + 2];
    est_column_role roles[LISTS_MOST + 2] = {EST_ROLE_PLAIN};
    uint32_t *histories = malloc(captures->n_cells * sizeof *histories);
    size_t n = 0;
    if (!histories)
        return est_i_no_memory(error);
    if (*captures->block_names[0])
        columns[n++] = "period";
    for (size_t j = 0; j < captures->n_lists; j++)
        columns[n++] = captures->list_names[j];
    roles[n] = EST_ROLE_COUNT;
    columns[n++] = "count";
    for (uint32_t w = 1; w < captures->n_cells; w++)
        histories[w - 1] = w;
    qsort(histories, captures->n_cells - 1, sizeof *histories, compare_histories);
    est_i_result_frame(builder, "patterns", "Persons by capture history", n, columns, roles, SIZE_MAX);
    for (size_t k = 0; k < captures->n_blocks; k++)
        add_histories(builder, captures, histories, k);
    free(histories);
    return EST_OK;
}

static void add_rows(est_i_result_builder *builder, const est_i_captures *captures, const est_table *data)
{
    for (size_t k = 0; k < captures->n_blocks; k++) {
        est_label label = {"period", captures->block_names[k]};
        est_row row = est_i_row_empty("observed");
        row.n_domain = *captures->block_names[k] ? 1 : 0;
        row.domain = &label;
        row.estimate = row.n = captures->totals[k];
        row.interval = "none";
        row.flags = est_table_is_synthetic(data) ? EST_FLAG_BIT(EST_FLAG_SYNTHETIC) : 0;
        est_i_result_add_row(builder, &row);
    }
}

static est_status answer(const est_table *data, const est_i_linked *linked, const est_patterns_options *options,
                         const est_context *context, est_result **result, est_error *error)
{
    const est_i_captures *captures = linked->captures;
    if (captures->n_lists > LISTS_MOST)
        return est_i_fail(error, EST_EOPTION,
                          "found %zu lists, expected at most %d: every capture history becomes a row; name fewer lists with "
                          "--lists", captures->n_lists, LISTS_MOST);
    est_i_result_builder *builder = est_i_result_begin("patterns", est_i_method_patterns.title);
    add_rows(builder, captures, data);
    est_i_result_add_stat(builder, "lists", (double)captures->n_lists, false);
    est_status status = add_patterns(builder, captures, error);
    if (status != EST_OK) {
        est_i_result_abandon(builder);
        return status;
    }
    est_i_describe_lists(builder, captures);
    est_i_linked_describe(builder, context, &linked->checks, &options->linked);
    est_i_result_note(builder, context, EST_NOTE, "untestable",
                      "the histories are as good as the linkage: est linkage shows what missed and false matches do to the "
                      "estimate");
    est_i_describe_provenance(builder, &est_i_method_patterns, options, context, data, captures);
    return est_i_result_finish(builder, result, error);
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result,
                      est_error *error)
{
    return est_patterns(data, options, context, result, error);
}

const est_method est_i_method_patterns = {
    .id = "patterns",
    .title = "Capture patterns from linked records",
    .summary = "Counts how many persons are on which combination of lists, from records that somebody linked, and checks the "
               "records: ids in two clusters, repeated records, persons twice on one list, large clusters, impossible dates. "
               "The table is what mse and trend read; it holds no identifier. It takes the linkage as it is.",
    .reference = "Christen (2012) Data Matching, Springer",
    .data = "a linked file: one row a record with the columns list, id (within the list) and cluster (the person that the "
            "linkage found); a date and a period column if there are any",
    .options = patterns_specs,
    .n_options = PATTERNS_SPECS,
    .options_size = sizeof(est_patterns_options),
    .fit = fit,
    .family = "lists",
};

est_status est_patterns(const est_table *data, const est_patterns_options *options, const est_context *context,
                        est_result **result, est_error *error)
{
    est_patterns_options resolved = options ? *options : est_patterns_options_default();
    est_i_linked *linked = NULL;
    *result = NULL;
    est_error_clear(error);
    est_status status = est_i_options_check(patterns_specs, PATTERNS_SPECS, &resolved, error);
    if (status == EST_OK)
        status = est_i_linked_read(data, &resolved, context, &linked, error);
    if (status == EST_OK)
        status = answer(data, linked, &resolved, context, result, error);
    est_i_linked_free(linked);
    return status;
}
