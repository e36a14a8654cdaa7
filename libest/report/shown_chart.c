#include "report/shown_chart.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "report/table_layout.h"

#define FEWEST_SORTED 8 /* fewer domains stay in their order, which may mean something (schooling, wealth) */

const est_row *est_i_point_row(const est_i_shown_chart *shown, size_t series, size_t category)
{
    const est_chart *chart = &shown->chart;
    size_t row = chart->about ? chart->about[series * chart->n_categories + category] : SIZE_MAX;
    return row == SIZE_MAX ? NULL : est_result_row(shown->result, row);
}

/* ---- what the rows say ---- */

/* The first row of the chart; *same: all have its unit and estimand. */
static const est_row *first_row(const est_i_shown_chart *shown, bool *same)
{
    const est_row *first = NULL;
    *same = true;
    for (size_t s = 0; s < shown->chart.n_series; s++) {
        for (size_t c = 0; c < shown->chart.n_categories; c++) {
            const est_row *row = est_i_point_row(shown, s, c);
            first = first ? first : row;
            *same = *same && (!row || strcmp(row->unit, first->unit) == 0);
        }
    }
    return first;
}

static void set_decimals(est_i_shown_chart *shown, const est_i_unit *unit)
{
    double smallest = 0, largest = 0;
    for (size_t s = 0; s < shown->chart.n_series; s++) {
        for (size_t c = 0; c < shown->chart.n_categories; c++) {
            const est_row *row = est_i_point_row(shown, s, c);
            if (!row || !(row->se > 0))
                continue;
            largest = fmax(largest, row->se);
            smallest = smallest > 0 ? fmin(smallest, row->se) : row->se;
        }
    }
    shown->decimals = est_i_unit_digits(unit, smallest, largest, 0).estimate;
}

static bool is_estimand(const est_result *result, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < est_result_rows(result) && !found; i++)
        found = strcmp(est_result_row(result, i)->estimand, name) == 0;
    return found;
}

/* A name of the results in words, other texts as they are. */
static const char *in_words(const est_result *result, const char *text, est_i_text *words)
{
    if (!text[0] || !is_estimand(result, text))
        return text;
    est_i_show_estimand_of(words, result, text);
    return words->length ? words->data : text;
}

/* The row of the whole that the reference is, for charts of that estimand; NULL if it is another number. */
static const est_row *find_whole(const est_i_shown_chart *shown, const est_row *row)
{
    for (size_t i = 0; row && i < est_result_rows(shown->result); i++) {
        const est_row *other = est_result_row(shown->result, i);
        bool whole = other->n_domain == (est_i_row_label(other, "age")[0] != '\0');
        if (!other->detail && whole && strcmp(other->estimand, row->estimand) == 0 && other->estimate == shown->chart.reference)
            return other;
    }
    return NULL;
}

/* Domains of which the order says nothing. */
static bool may_be_sorted(const est_i_shown_chart *shown)
{
    static const char *const ordered[] = {"age", "period", "year"};
    bool may = shown->chart.kind == EST_CHART_FOREST && shown->chart.n_series == 1 && shown->chart.n_categories >= FEWEST_SORTED &&
               shown->chart.about;
    for (size_t c = 0; c < shown->chart.n_categories && may; c++) {
        const est_row *row = est_i_point_row(shown, 0, c), *first = est_i_point_row(shown, 0, 0);
        may = row && row->n_domain && (row->unit[0] || est_i_is_of_survey(row));
        for (size_t i = 0; i < sizeof ordered / sizeof ordered[0] && may; i++)
            may = strcmp(est_i_row_label(row, ordered[i]), est_i_row_label(first, ordered[i])) == 0;
    }
    return may;
}

/* ---- numbers ---- */

typedef struct sized {
    double value; /* NaN: none */
    size_t place;
} sized;

static int highest_first(const void *left, const void *right)
{
    const sized *a = left, *b = right;
    int order = isnan(a->value) - isnan(b->value);
    if (!order && !isnan(a->value))
        order = (a->value < b->value) - (a->value > b->value);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

static bool order_of(const est_i_shown_chart *shown, const est_chart *chart, size_t *order)
{
    sized *all = calloc(chart->n_categories + 1, sizeof *all);
    for (size_t c = 0; all && c < chart->n_categories; c++)
        all[c] = (sized){shown->sorted ? chart->series[0].value[c] : 0, c};
    if (all && shown->sorted)
        qsort(all, chart->n_categories, sizeof *all, highest_first);
    for (size_t c = 0; all && c < chart->n_categories; c++)
        order[c] = all[c].place;
    free(all);
    return all != NULL;
}

static const double *copy_numbers(const double *from, const size_t *order, size_t n, double scale, double *to)
{
    for (size_t i = 0; from && i < n; i++)
        to[i] = from[order[i]] * scale;
    return from ? to : NULL;
}

/* Estimands of small areas as a legend calls them; the subtitle says whether they were made to meet a total. */
static const char *series_name(const char *name)
{
    bool of_model = strcmp(name, "small_area") == 0 || strcmp(name, "small_area_benchmarked") == 0;
    return of_model ? "model-based" : name;
}

static bool copy_chart(est_i_shown_chart *shown, const est_chart *chart, double scale)
{
    size_t n = chart->n_categories, n_series = chart->n_series, *order = calloc(n + 1, sizeof *order);
    shown->series = calloc(n_series + 1, sizeof *shown->series);
    shown->numbers = calloc(3 * n * n_series + 1, sizeof *shown->numbers);
    shown->about = calloc(n * n_series + 1, sizeof *shown->about);
    shown->categories = calloc(n + 1, sizeof *shown->categories);
    bool made = order && shown->series && shown->numbers && shown->about && shown->categories && order_of(shown, chart, order);
    for (size_t c = 0; c < n && made; c++)
        shown->categories[c] = chart->categories[order[c]];
    for (size_t s = 0; s < n_series && made; s++) {
        double *room = shown->numbers + 3 * n * s;
        shown->series[s] = chart->series[s];
        bool is_title = strcmp(chart->series[s].name, chart->title) == 0;
        shown->series[s].name = is_title ? shown->chart.title : series_name(chart->series[s].name);
        shown->series[s].value = copy_numbers(chart->series[s].value, order, n, scale, room);
        shown->series[s].lower = copy_numbers(chart->series[s].lower, order, n, scale, room + n);
        shown->series[s].upper = copy_numbers(chart->series[s].upper, order, n, scale, room + 2 * n);
        for (size_t c = 0; c < n && chart->about; c++)
            shown->about[s * n + c] = chart->about[s * n + order[c]];
    }
    free(order);
    shown->chart.categories = shown->categories;
    shown->chart.series = shown->series;
    shown->chart.about = chart->about ? shown->about : NULL;
    shown->chart.reference = chart->reference * scale;
    return made;
}

static void set_words(est_i_shown_chart *shown, const est_chart *chart, const est_row *row, const est_i_unit *unit)
{
    const est_result *result = shown->result;
    const char *heading = unit ? unit->heading : row && row->unit[0] ? row->unit : NULL;
    bool along = chart->kind == EST_CHART_ALONG;
    const char *axis = along ? chart->y_title : chart->x_title;
    bool named = heading && (strcasecmp(axis, heading) == 0 || strcasecmp(axis, row->unit) == 0);
    bool plain = heading && (!axis[0] || named || is_estimand(result, axis));
    shown->chart.title = in_words(result, chart->title, &shown->title);
    shown->chart.x_title = plain && !along ? heading : in_words(result, chart->x_title, &shown->x_title);
    shown->chart.y_title = plain && along ? heading : in_words(result, chart->y_title, &shown->y_title);
    if (shown->chart.title != chart->title && strncmp(chart->alternative, chart->title, strlen(chart->title)) == 0) {
        est_i_text_append(&shown->alternative, shown->chart.title);
        est_i_text_append(&shown->alternative, chart->alternative + strlen(chart->title));
        shown->chart.alternative = shown->alternative.length ? shown->alternative.data : chart->alternative;
    }
    if (shown->sorted) {
        est_i_text_append(&shown->subtitle, chart->subtitle);
        est_i_text_append(&shown->subtitle, chart->subtitle[0] ? "; the highest first" : "The highest first");
        shown->chart.subtitle = shown->subtitle.length ? shown->subtitle.data : chart->subtitle;
    }
}

bool est_i_shown_chart_make(const est_result *result, const est_chart *chart, est_i_shown_chart *shown)
{
    bool same;
    *shown = (est_i_shown_chart){.chart = *chart, .result = result, .decimals = -1, .after = ""};
    const est_row *row = first_row(shown, &same);
    const est_i_unit *unit = row && same ? est_i_row_unit(row) : NULL;
    shown->whole = find_whole(shown, row);
    shown->sorted = may_be_sorted(shown);
    shown->linear = row && (est_i_is_proportion(row) || (unit && unit->scale == 100));
    if (unit) {
        set_decimals(shown, unit);
        shown->after = unit->after;
    }
    set_words(shown, chart, same ? row : NULL, unit);
    return copy_chart(shown, chart, unit ? unit->scale : 1) && !shown->title.failed && !shown->x_title.failed &&
           !shown->y_title.failed && !shown->subtitle.failed && !shown->alternative.failed;
}

void est_i_shown_chart_free(est_i_shown_chart *shown)
{
    free(shown->series);
    free(shown->numbers);
    free(shown->about);
    free(shown->categories);
    est_i_text_free(&shown->title);
    est_i_text_free(&shown->x_title);
    est_i_text_free(&shown->y_title);
    est_i_text_free(&shown->subtitle);
    est_i_text_free(&shown->alternative);
    *shown = (est_i_shown_chart){0};
}

/* ---- points ---- */

int est_i_series_decimals(const est_i_shown_chart *shown, size_t index)
{
    const est_series *series = &shown->chart.series[index];
    double largest = 0;
    bool fractions = false;
    if (shown->decimals >= 0)
        return shown->decimals;
    for (size_t i = 0; i < shown->chart.n_categories; i++) {
        if (!isfinite(series->value[i]))
            continue;
        largest = fmax(largest, fabs(series->value[i]));
        fractions |= series->value[i] != floor(series->value[i]);
    }
    if (series->role != EST_ROLE_PLAIN || !fractions || largest >= 1000)
        return 0;
    return largest >= 10 ? 1 : 3;
}

const char *est_i_absence(const est_i_shown_chart *shown, size_t series, size_t category)
{
    const est_row *row = est_i_point_row(shown, series, category);
    if (row && est_i_is_withheld(row))
        return "withheld";
    return shown->chart.series[series].role == EST_ROLE_COUNT ? "not published" : "no estimate";
}

void est_i_show_reference(est_i_text *output, const est_i_shown_chart *shown)
{
    int decimals = shown->chart.n_series ? est_i_series_decimals(shown, 0) : 0;
    bool own = shown->whole && est_i_row_unit(shown->whole);
    est_i_show_number(output, shown->chart.reference, own ? est_i_row_digits(shown->whole).estimate : decimals);
    est_i_text_append(output, shown->after);
}

static void show_limit(est_i_text *output, double value, int decimals)
{
    if (isinf(value))
        est_i_text_append(output, "no limit");
    else
        est_i_show_number(output, value, decimals);
}

/* With the mark of an agency where there is one: "(0.231)", "0.231 E". */
static void show_value(est_i_text *output, const est_row *row, double value, int decimals)
{
    const char *mark = row ? row->mark : "";
    bool parentheses = strcmp(mark, "()") == 0;
    est_i_text_append(output, parentheses ? "(" : "");
    est_i_show_number(output, value, decimals);
    est_i_text_append(output, parentheses ? ")" : mark[0] ? " " : "");
    est_i_text_append(output, parentheses ? "" : mark);
}

void est_i_show_point(est_i_text *output, const est_i_shown_chart *shown, size_t index, size_t category)
{
    const est_series *series = &shown->chart.series[index];
    double value = series->value[category], lower = series->lower ? series->lower[category] : NAN,
           upper = series->upper ? series->upper[category] : NAN;
    int decimals = est_i_series_decimals(shown, index);
    if (isnan(value))
        est_i_text_append(output, est_i_absence(shown, index, category));
    else
        show_value(output, est_i_point_row(shown, index, category), value, decimals);
    const est_row *row = est_i_point_row(shown, index, category);
    bool bare = row && strcmp(row->mark, "()") == 0 && !isnan(value);
    if (isnan(lower) && isnan(upper))
        return;
    est_i_text_append(output, bare ? " " : " (");
    if (!isnan(lower))
        show_limit(output, lower, decimals);
    if (isnan(lower) != isnan(upper) && !isinf(upper))
        est_i_text_append(output, isnan(upper) ? " or more" : "up to ");
    else if (!isnan(lower))
        est_i_text_append(output, " to ");
    if (!isnan(upper))
        show_limit(output, upper, decimals);
    est_i_text_append(output, bare ? "" : ")");
}
