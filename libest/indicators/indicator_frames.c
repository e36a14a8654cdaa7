/* Tables beside the rows: missing answers and their bounds, counts at the thresholds. */
#include <math.h>
#include <string.h>

#include "indicators/indicator.h"

static const est_row *whole_of(const est_i_indicator_run *run, const est_i_item *item)
{
    const est_row *row = est_result_find(run->estimates, item->estimate, NULL, NULL);
    return row;
}

static bool has_items(const est_i_indicator_run *run, est_i_item_use use)
{
    bool has = false;
    for (size_t i = 0; i < run->n_items && !has; i++)
        has = run->items[i].use == use;
    return has;
}

static void title_cell(est_i_indicator_run *run, const est_i_item *item)
{
    est_i_text text = {0};
    est_i_text_append(&text, est_i_ini_value(item->section, "title"));
    for (char *c = text.data; c && *c; c++)
        if (*c == '\n')
            *c = ' ';
    if (text.failed)
        est_i_result_no_memory(run->builder);
    else
        est_i_result_cell_text(run->builder, text.data);
    est_i_text_free(&text);
}

/* The row of the result that an indicator has for the whole of an age group; SIZE_MAX = none. */
static size_t row_of(const est_i_indicator_run *run, const char *estimand, const est_i_band *band, bool first)
{
    const est_result *so_far = est_i_result_so_far(run->builder);
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < est_result_rows(so_far) && found == SIZE_MAX; i++) {
        const est_row *row = est_result_row(so_far, i);
        bool same = strcmp(row->estimand, estimand) == 0;
        bool whole = first ? row->n_domain == 0
                           : row->n_domain == 1 && strcmp(row->domain[0].name, "age") == 0 && strcmp(row->domain[0].value, band->name) == 0;
        found = same && whole ? i : found;
    }
    return found;
}

/* The first row for all of an age group, whatever it is of. */
static size_t row_of_band(const est_i_indicator_run *run, const est_i_band *band)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < run->n_items && found == SIZE_MAX; i++) {
        const est_i_item *item = &run->items[i];
        bool all = item->use == EST_I_USE_INDICATOR && &run->bands[item->band] == band && !*est_i_ini_value(item->section, "where");
        found = all ? row_of(run, item->section->name, band, item->whole) : SIZE_MAX;
    }
    return found;
}

/* People who meet a condition: at a threshold, without an answer. */
static void count_frame(est_i_indicator_run *run, est_i_item_use use, const char *name, const char *title)
{
    static const char *const columns[] = {"who", "age", "cases", "of", "percent"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_COUNT, EST_ROLE_FIT};
    static const int decimals[] = {-1, -1, 0, 0, 2};
    if (!has_items(run, use))
        return;
    est_i_result_frame(run->builder, name, title, 5, columns, roles, SIZE_MAX);
    est_i_result_frame_decimals(run->builder, decimals);
    for (size_t i = 0; i < run->n_items; i++) {
        const est_i_item *item = &run->items[i];
        const est_row *row = item->use == use ? whole_of(run, item) : NULL;
        if (!row)
            continue;
        size_t about = row_of_band(run, &run->bands[item->band]);
        if (about != SIZE_MAX)
            est_i_result_frame_about(run->builder, about);
        title_cell(run, item);
        est_i_result_cell_text(run->builder, run->bands[item->band].name);
        est_i_result_cell(run->builder, row->numerator);
        est_i_result_cell(run->builder, row->n);
        est_i_result_cell(run->builder, 100 * row->estimate);
    }
}

static void bound_frame(est_i_indicator_run *run)
{
    static const char *const columns[] = {"indicator", "age", "percent", "percent at most", "how"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_PLAIN};
    static const int decimals[] = {-1, -1, 2, 2, -1};
    if (!has_items(run, EST_I_USE_BOUND))
        return;
    est_i_result_frame(run->builder, "bounds", "What missing answers could change", 5, columns, roles, SIZE_MAX);
    est_i_result_frame_decimals(run->builder, decimals);
    for (size_t i = 0; i < run->n_items; i++) {
        const est_i_item *item = &run->items[i];
        const char *of = est_i_ini_value(item->section, "of");
        const est_row *bound = item->use == EST_I_USE_BOUND ? whole_of(run, item) : NULL;
        size_t row = bound ? row_of(run, of, &run->bands[item->band], item->whole) : SIZE_MAX;
        if (row == SIZE_MAX)
            continue;
        est_i_result_frame_about(run->builder, row);
        est_i_result_cell_text(run->builder, of);
        est_i_result_cell_text(run->builder, run->bands[item->band].name);
        est_i_result_cell(run->builder, 100 * est_result_row(est_i_result_so_far(run->builder), row)->estimate);
        est_i_result_cell(run->builder, 100 * bound->estimate);
        title_cell(run, item);
    }
}

void est_i_indicator_frames(est_i_indicator_run *run)
{
    count_frame(run, EST_I_USE_MISSING, "missing", "Missing answers");
    bound_frame(run);
    count_frame(run, EST_I_USE_COUNT, "counts", "People at the thresholds");
}
