/* Charts of `compare`: the series of an indicator along its periods, with a gap at each break, and the differences down the page.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "indicators/compare.h"

#define MOST_SERIES 8
#define MOST_DIFFERENCES 60
#define GAP "(break)"

/* The points of a chart as they are filled. */
typedef struct points {
    size_t n_categories, n_series;
    char **names; /* of the series, own */
    const char **categories;
    double *values; /* value, lower, upper of each series one after the other */
    size_t *about;
    est_series *series;
} points;

static void points_free(points *p)
{
    for (size_t s = 0; s < p->n_series && p->names; s++)
        free(p->names[s]);
    free(p->names);
    free(p->categories);
    free(p->values);
    free(p->about);
    free(p->series);
}

static bool points_make(points *p, size_t n_series, size_t n_categories)
{
    size_t cells = n_series * n_categories;
    *p = (points){.n_series = n_series, .n_categories = n_categories};
    p->names = calloc(n_series + 1, sizeof *p->names);
    p->categories = calloc(n_categories + 1, sizeof *p->categories);
    p->values = calloc(3 * cells + 1, sizeof *p->values);
    p->about = calloc(cells + 1, sizeof *p->about);
    p->series = calloc(n_series + 1, sizeof *p->series);
    bool made = p->names && p->categories && p->values && p->about && p->series;
    for (size_t i = 0; i < cells && made; i++)
        p->about[i] = SIZE_MAX;
    for (size_t i = 0; i < 3 * cells && made; i++)
        p->values[i] = NAN;
    for (size_t s = 0; s < n_series && made; s++) {
        double *at = p->values + 3 * s * n_categories;
        p->series[s] = (est_series){.value = at, .lower = at + n_categories, .upper = at + 2 * n_categories};
    }
    return made;
}

static void put(points *p, size_t series, size_t category, const double numbers[3], size_t row)
{
    for (size_t k = 0; k < 3; k++)
        p->values[(3 * series + k) * p->n_categories + category] = numbers[k];
    p->about[series * p->n_categories + category] = row;
}

/* "child_labour_economic" as "Child labour economic". */
static void append_words(const char *name, size_t length, est_i_text *text)
{
    for (size_t i = 0; i < length; i++) {
        char letter = name[i] == '_' ? ' ' : i == 0 && name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
        est_i_text_append_bytes(text, &letter, 1);
    }
}

/* ---- along the periods ---- */

static const char *indicator_of(const est_i_compare_run *run, size_t series)
{
    return est_i_compare_at(run, series, 0)->keys.value[EST_I_KEY_INDICATOR];
}

static const char *unit_of(const est_i_compare_run *run, size_t series)
{
    return est_i_compare_at(run, series, 0)->keys.value[EST_I_KEY_UNIT];
}

/* Series of one indicator and unit share a chart. */
static bool share_chart(const est_i_compare_run *run, size_t a, size_t b)
{
    return strcmp(indicator_of(run, a), indicator_of(run, b)) == 0 && strcmp(unit_of(run, a), unit_of(run, b)) == 0;
}

static char *series_name(const est_i_compare_run *run, size_t series)
{
    est_i_text name = {0};
    est_i_compare_tell(run, est_i_compare_at(run, series, 0), &name);
    if (!name.length)
        est_i_text_append(&name, run->n_series > 1 ? "All" : "Estimate");
    return est_i_text_take(&name);
}

/* Series are drawn beside each other only where they have the same times; the first tells them. */
static bool same_times(const est_i_compare_run *run, size_t a, size_t b)
{
    bool same = run->series[a].count == run->series[b].count;
    for (size_t i = 0; i < run->series[a].count && same; i++)
        same = strcmp(est_i_compare_at(run, a, i)->name, est_i_compare_at(run, b, i)->name) == 0;
    return same;
}

static bool joins(const est_i_compare_run *run, size_t first, size_t other)
{
    return share_chart(run, first, other) && same_times(run, first, other);
}

/* Does any series of the chart break before this place? */
static bool breaks_before(const est_i_compare_run *run, size_t first, size_t place)
{
    bool breaks = false;
    for (size_t s = first; s < run->n_series && place > 0 && !breaks; s++)
        breaks = joins(run, first, s) &&
                 est_i_estimates_differ(est_i_compare_at(run, s, place - 1), est_i_compare_at(run, s, place), 0, NULL);
    return breaks;
}

static const char *axis_words(const char *unit)
{
    const char *words = *unit ? unit : "Estimate";
    if (strcmp(unit, "proportion") == 0)
        words = "Proportion";
    else if (strcmp(unit, "people") == 0)
        words = "People";
    return words;
}

static void describe(const est_i_compare_run *run, size_t first, const points *p, est_i_text *title, est_i_text *words)
{
    char number[32];
    append_words(indicator_of(run, first), strlen(indicator_of(run, first)), title);
    est_i_text_append(title, " by period");
    est_i_text_printf(words, "%s: ", title->data ? title->data : "");
    for (size_t s = 0; s < p->n_series; s++) {
        est_i_text_printf(words, "%s%s", s ? "; " : "", p->n_series > 1 ? p->names[s] : "");
        for (size_t c = 0; c < p->n_categories; c++) {
            double value = p->series[s].value[c];
            if (strcmp(p->categories[c], GAP) == 0) {
                est_i_text_append(words, ", then a break: what follows is not the same thing");
                continue;
            }
            est_i_number_print(value, number);
            est_i_text_printf(words, "%s%s %s", c || p->n_series > 1 ? ", " : "", p->categories[c],
                              isnan(value) ? "no estimate" : number);
        }
    }
    est_i_text_append(words, ".");
}

static void fill_series(const est_i_compare_run *run, size_t series, size_t column, points *p)
{
    for (size_t i = 0, category = 0; i < run->series[series].count; i++, category++) {
        const est_i_estimate *e = est_i_compare_at(run, series, i);
        while (p->categories[category] && strcmp(p->categories[category], GAP) == 0)
            category++;
        put(p, column, category, (const double[]){e->estimate, e->lower, e->upper}, e->row);
    }
}

static void draw_along(est_i_compare_run *run, size_t first, const points *p)
{
    est_i_text title = {0}, words = {0};
    describe(run, first, p, &title, &words);
    if (title.failed || words.failed)
        est_i_result_no_memory(run->builder);
    else
        est_i_result_add_chart(run->builder, &(est_chart){.name = "series",
                                                          .title = title.data,
                                                          .subtitle = "Estimates with their intervals, where these are known",
                                                          .x_title = "Period",
                                                          .y_title = axis_words(unit_of(run, first)),
                                                          .alternative = words.data,
                                                          .n_categories = p->n_categories,
                                                          .categories = p->categories,
                                                          .n_series = p->n_series,
                                                          .series = p->series,
                                                          .kind = EST_CHART_ALONG,
                                                          .reference = NAN,
                                                          .about = p->about});
    est_i_text_free(&title);
    est_i_text_free(&words);
}

static void chart_along(est_i_compare_run *run, size_t first)
{
    points p;
    size_t count = run->series[first].count, gaps = 0, n_series = 0, column = 0, category = 0;
    for (size_t i = 1; i < count; i++)
        gaps += breaks_before(run, first, i);
    for (size_t s = first; s < run->n_series; s++)
        n_series += joins(run, first, s);
    if (n_series > MOST_SERIES)
        return;
    bool made = points_make(&p, n_series, count + gaps);
    for (size_t i = 0; i < count && made; i++) {
        if (breaks_before(run, first, i))
            p.categories[category++] = GAP;
        p.categories[category++] = est_i_compare_at(run, first, i)->name;
    }
    for (size_t s = first; s < run->n_series && made; s++)
        if (joins(run, first, s)) {
            p.names[column] = series_name(run, s);
            made = p.names[column] != NULL;
            p.series[column].name = p.names[column];
            fill_series(run, s, column++, &p);
        }
    if (made)
        draw_along(run, first, &p);
    else
        est_i_result_no_memory(run->builder);
    points_free(&p);
}

/* ---- differences ---- */

/* A row of the result that tells of a difference, of this indicator and unit, with an interval. */
static bool is_difference(const est_row *row, const est_row *like)
{
    return strncmp(row->estimand, "difference(", 11) == 0 && !isnan(row->lower) &&
           (!like || (strcmp(row->estimand, like->estimand) == 0 && strcmp(row->unit, like->unit) == 0));
}

static char *difference_name(const est_row *row)
{
    est_i_text name = {0};
    for (size_t i = 0; i < row->n_domain; i++)
        est_i_text_printf(&name, "%s%s",
                          !i                                            ? ""
                          : strcmp(row->domain[i].name, "against") == 0 ? " less "
                                                                        : ", ",
                          row->domain[i].value);
    if (row->flags & EST_FLAG_BIT(EST_FLAG_DEFINITION_BREAK))
        est_i_text_append(&name, " " GAP);
    return est_i_text_take(&name);
}

static bool is_first_of_kind(const est_result *so_far, size_t index)
{
    const est_row *row = est_result_row(so_far, index);
    bool first = is_difference(row, NULL);
    for (size_t i = 0; i < index && first; i++)
        first = !is_difference(est_result_row(so_far, i), row);
    return first;
}

static void draw_forest(est_i_compare_run *run, const est_row *like, const points *p)
{
    est_i_text title = {0}, words = {0};
    const char *indicator = like->estimand + 11;
    append_words(indicator, strlen(indicator) - 1, &title);
    est_i_text_append(&title, ": differences");
    est_i_text_printf(&words,
                      "%s with their intervals, a line each; the line of no difference is 0. The numbers stand in the tables.",
                      title.data ? title.data : "");
    if (title.failed || words.failed)
        est_i_result_no_memory(run->builder);
    else
        est_i_result_add_chart(run->builder, &(est_chart){.name = "differences",
                                                          .title = title.data,
                                                          .subtitle = "",
                                                          .x_title = axis_words(like->unit),
                                                          .y_title = "",
                                                          .alternative = words.data,
                                                          .n_categories = p->n_categories,
                                                          .categories = p->categories,
                                                          .n_series = 1,
                                                          .series = p->series,
                                                          .kind = EST_CHART_FOREST,
                                                          .reference = 0,
                                                          .about = p->about});
    est_i_text_free(&title);
    est_i_text_free(&words);
}

static void chart_forest(est_i_compare_run *run, size_t from)
{
    const est_result *so_far = est_i_result_so_far(run->builder);
    const est_row *like = est_result_row(so_far, from);
    size_t n = 0, at = 0;
    points p;
    for (size_t i = from; i < est_result_rows(so_far); i++)
        n += is_difference(est_result_row(so_far, i), like);
    n = n < MOST_DIFFERENCES ? n : MOST_DIFFERENCES;
    bool made = points_make(&p, 1, n);
    char **names = calloc(n + 1, sizeof *names);
    made = made && names;
    for (size_t i = from; i < est_result_rows(so_far) && made && at < n; i++) {
        const est_row *row = est_result_row(so_far, i);
        if (!is_difference(row, like))
            continue;
        names[at] = difference_name(row);
        made = names[at] != NULL;
        p.categories[at] = names[at];
        put(&p, 0, at++, (const double[]){row->estimate, row->lower, row->upper}, i);
    }
    if (made) {
        p.series[0].name = "Difference";
        draw_forest(run, like, &p);
    } else {
        est_i_result_no_memory(run->builder);
    }
    for (size_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names);
    points_free(&p);
}

static bool has_chart(const est_i_compare_run *run, size_t series)
{
    bool has = false;
    for (size_t s = 0; s < series && !has; s++)
        has = joins(run, s, series);
    return has;
}

#define MOST_CHARTS 12

void est_i_compare_charts(est_i_compare_run *run)
{
    const est_result *so_far = est_i_result_so_far(run->builder);
    size_t n_rows = so_far ? est_result_rows(so_far) : 0, drawn = 0;
    for (size_t s = 0; s < run->n_series && drawn < MOST_CHARTS; s++)
        if (!has_chart(run, s)) {
            chart_along(run, s);
            drawn++;
        }
    for (size_t i = 0; i < n_rows && drawn < 2 * MOST_CHARTS; i++)
        if (is_first_of_kind(so_far, i)) {
            chart_forest(run, i);
            drawn++;
        }
}
