/* One forest of the domains for each headline indicator, in the widest age group that it has. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "indicators/indicator.h"

#define CHART_DOMAINS_MAX 120 /* beyond that nobody reads it */

typedef struct forest {
    size_t n, room;
    const char **categories;
    size_t *about;
    double *numbers; /* value, lower, upper */
    est_i_text *names;
    double whole;
} forest;

static bool is_domain(const est_row *row, const est_i_item *item, const est_i_indicator_run *run)
{
    bool same = strcmp(row->estimand, item->section->name) == 0 && strcmp(row->unit, "proportion") == 0;
    bool aged = row->n_domain > 0 && !item->whole && strcmp(row->domain[0].name, "age") == 0 &&
                strcmp(row->domain[0].value, run->bands[item->band].name) == 0;
    bool of_band = item->whole ? row->n_domain > 0 && strcmp(row->domain[0].name, "age") != 0 : aged && row->n_domain > 1;
    return same && of_band && !row->detail;
}

static bool take_row(forest *f, const est_row *row, size_t index, size_t skip)
{
    est_i_text *name = &f->names[f->n];
    for (size_t i = skip; i < row->n_domain; i++)
        est_i_text_printf(name, "%s%s", i > skip ? ", " : "", row->domain[i].value);
    f->about[f->n] = index;
    f->numbers[f->n] = row->estimate;
    f->numbers[f->room + f->n] = row->lower;
    f->numbers[2 * f->room + f->n] = row->upper;
    f->categories[f->n++] = name->failed ? NULL : name->data;
    return !name->failed;
}

static void add_chart(est_i_indicator_run *run, const est_i_item *item, const forest *f)
{
    const char *title = est_i_ini_value(item->section, "title");
    est_i_text subtitle = {0};
    est_i_text_printf(&subtitle, "ages %s, by ", run->bands[item->band].name);
    for (const char *c = run->options->by; *c; c++)
        est_i_text_append_bytes(&subtitle, *c == ',' ? ", " : c, *c == ',' ? 2 : 1);
    est_i_text_append(&subtitle, ", with confidence intervals; the line is the whole");
    est_series series = {.name = title, .kind = EST_SERIES_BAND, .role = EST_ROLE_PLAIN, .value = f->numbers,
                         .lower = f->numbers + f->room, .upper = f->numbers + 2 * f->room};
    est_chart chart = {.name = item->section->name, .title = title, .subtitle = subtitle.failed ? "" : subtitle.data, .x_title = "percent",
                       .y_title = "", .alternative = "Estimates with their intervals for each domain; the table holds the numbers.",
                       .n_categories = f->n, .categories = f->categories, .n_series = 1, .series = &series, .kind = EST_CHART_FOREST,
                       .reference = f->whole, .about = f->about};
    est_i_result_add_chart(run->builder, &chart);
    est_i_text_free(&subtitle);
}

static void draw(est_i_indicator_run *run, const est_i_item *item)
{
    const est_result *so_far = est_i_result_so_far(run->builder);
    size_t n = est_result_rows(so_far);
    forest f = {.room = n + 1, .whole = NAN};
    f.categories = calloc(n + 1, sizeof *f.categories);
    f.about = malloc((n + 1) * sizeof *f.about);
    f.numbers = malloc(3 * (n + 1) * sizeof *f.numbers);
    f.names = calloc(n + 1, sizeof *f.names);
    bool good = f.categories && f.about && f.numbers && f.names;
    const est_row *whole = est_result_find(run->estimates, item->estimate, NULL, NULL);
    f.whole = whole ? whole->estimate : NAN;
    for (size_t i = 0; i < n && good; i++) {
        const est_row *row = est_result_row(so_far, i);
        if (is_domain(row, item, run))
            good = take_row(&f, row, i, !item->whole);
    }
    if (!good)
        est_i_result_no_memory(run->builder);
    else if (f.n >= 2 && f.n <= CHART_DOMAINS_MAX)
        add_chart(run, item, &f);
    for (size_t i = 0; f.names && i < n; i++)
        est_i_text_free(&f.names[i]);
    free(f.categories);
    free(f.about);
    free(f.numbers);
    free(f.names);
}

void est_i_indicator_charts(est_i_indicator_run *run)
{
    const est_i_ini_section *last = NULL;
    for (size_t i = 0; i < run->n_items && *run->options->by; i++) {
        const est_i_item *item = &run->items[i];
        bool headline = strcmp(est_i_ini_value(item->section, "headline"), "yes") == 0;
        if (headline && item->use == EST_I_USE_INDICATOR && item->section != last && item->kind != EST_I_ITEM_MEDIAN)
            draw(run, item);
        last = headline ? item->section : last;
    }
}
