#include "report/chart_parts.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/encode.h"
#include "report/table_layout.h"
#include "report/writer.h"

#define LETTER 0.62 /* generous mean width of a letter, in font sizes */

/* Neighbours differ in shape and in filling; the darkness of the colours differs little, so that none is lost
 * in grey. */
const est_i_style est_i_band_styles[EST_I_CHART_BANDS] = {
    {"#000000", "", EST_I_CIRCLE, false},       {"#0b5394", "7 4", EST_I_SQUARE, true},
    {"#b3400a", "2 3", EST_I_TRIANGLE, false},  {"#1b7837", "10 4 2 4", EST_I_DIAMOND, true},
    {"#762a83", "1 5", EST_I_DOWNWARDS, false}, {"#6b5300", "14 5", EST_I_CIRCLE, true},
    {"#005f6b", "4 2 1 2", EST_I_SQUARE, false}, {"#8b0a50", "3 6", EST_I_TRIANGLE, true},
};

est_i_font est_i_chart_font(double size, bool bold, const char *colour, est_i_anchor anchor)
{
    return (est_i_font){.size = size, .bold = bold, .colour = colour, .anchor = anchor, .angle = 0};
}

void est_i_chart_put(est_i_canvas *canvas, double x, double y, est_i_font type, const char *words)
{
    canvas->type->text(canvas, (est_i_point){x, y}, &type, words, strlen(words));
}

void est_i_chart_stroke(est_i_canvas *canvas, est_i_point from, est_i_point to, est_i_pen pen)
{
    const est_i_point points[] = {from, to};
    canvas->type->line(canvas, points, 2, &pen);
}

void est_i_chart_box(est_i_canvas *canvas, est_i_point corner, double width, double height, est_i_pen pen)
{
    const est_i_point points[] = {corner,
                                  {corner.x + width, corner.y},
                                  {corner.x + width, corner.y + height},
                                  {corner.x, corner.y + height}};
    canvas->type->polygon(canvas, points, 4, &pen);
}

void est_i_chart_marker(est_i_canvas *canvas, const est_i_style *look, double x, double y, double size)
{
    static const double corners[][8] = {{-1, -1, 1, -1, 1, 1, -1, 1},
                                        {0, -1.2, 1.15, 0.9, -1.15, 0.9, 0, -1.2},
                                        {0, -1.35, 1.35, 0, 0, 1.35, -1.35, 0},
                                        {0, 1.2, 1.15, -0.9, -1.15, -0.9, 0, 1.2}};
    const est_i_pen pen = {look->colour, look->hollow ? "#ffffff" : look->colour, 2, ""};
    est_i_point points[16];
    size_t count = 0;
    if (look->shape == EST_I_CIRCLE) {
        for (; count < 16; count++)
            points[count] = (est_i_point){x + size * cos((double)count * 0.39269908169872414),
                                          y + size * sin((double)count * 0.39269908169872414)};
    } else if (look->shape == EST_I_CROSS || look->shape == EST_I_PLUS) {
        double up = look->shape == EST_I_CROSS ? size : 0, along = look->shape == EST_I_CROSS ? size : 1.3 * size;
        est_i_chart_stroke(canvas, (est_i_point){x - along, y - up}, (est_i_point){x + along, y + up}, pen);
        up = look->shape == EST_I_CROSS ? size : 1.3 * size;
        along = look->shape == EST_I_CROSS ? size : 0;
        est_i_chart_stroke(canvas, (est_i_point){x - along, y + up}, (est_i_point){x + along, y - up}, pen);
        return;
    } else {
        const double *at = corners[look->shape - EST_I_SQUARE];
        for (; count < 4; count++)
            points[count] =
                (est_i_point){x + size * 0.95 * at[2 * count], y + size * 0.95 * at[2 * count + 1]};
    }
    canvas->type->polygon(canvas, points, count, &pen);
}

/* ---- letters ---- */

double est_i_letters_width(size_t letters, double size)
{
    return (double)letters * size * LETTER;
}

size_t est_i_first_letters(const char *text, size_t letters)
{
    const char *cursor = text;
    while (letters-- && est_i_utf8_next(&cursor))
        continue;
    return (size_t)(cursor - text);
}

void est_i_cut_name(est_i_text *output, const char *name, size_t letters)
{
    bool cut = est_i_utf8_length(name) > letters;
    est_i_text_append_bytes(output, name, cut ? est_i_first_letters(name, letters - 1) : strlen(name));
    est_i_text_append(output, cut ? "\xE2\x80\xA6" : "");
}

size_t est_i_longest_name(const char *const *names, size_t count, size_t most)
{
    size_t longest = 1;
    for (size_t i = 0; i < count; i++) {
        size_t length = est_i_utf8_length(names[i]);
        longest = length > longest ? length : longest;
    }
    return longest < most ? longest : most;
}

double est_i_chart_words(est_i_canvas *canvas, double y, const char *text, est_i_font type, double leading)
{
    const char *line = NULL;
    size_t bytes = 0,
           width = (size_t)((EST_I_CHART_WIDTH - 2 * EST_I_CHART_MARGIN) / est_i_letters_width(1, type.size));
    while (est_i_wrap_next(&text, width, &line, &bytes)) {
        y += leading;
        if (canvas)
            canvas->type->text(canvas, (est_i_point){EST_I_CHART_MARGIN, y}, &type, line, bytes);
    }
    return y;
}

double est_i_chart_heading(est_i_canvas *canvas, const est_chart *chart, const est_result *result, double y)
{
    const est_i_font banner = est_i_chart_font(13, true, "#8b0000", EST_I_START);
    for (int i = 0; est_i_banner(result, i); i++)
        y = est_i_chart_words(canvas, y, est_i_banner(result, i), banner, 17);
    y = est_i_chart_words(canvas, y, chart->title, est_i_chart_font(18, true, "#000000", EST_I_START), 24);
    return est_i_chart_words(canvas, y, chart->subtitle, est_i_chart_font(13, false, "#333333", EST_I_START), 19);
}

est_i_pen est_i_series_pen(const est_series *series, const est_i_style *look)
{
    return (est_i_pen){look->colour, NULL, series->kind == EST_SERIES_LINE ? 3 : 1.3, look->dash};
}

double est_i_chart_legend(est_i_canvas *canvas, const est_series *series, const est_i_style *styles,
                          size_t n_series, double y)
{
    const double left = EST_I_CHART_MARGIN, right = EST_I_CHART_WIDTH - EST_I_CHART_MARGIN;
    double x = left;
    y += n_series ? 24 : 0;
    for (size_t i = 0; i < n_series; i++) {
        const char *name = series[i].name;
        size_t most = (size_t)((right - left - 62) / est_i_letters_width(1, 13));
        size_t letters = est_i_longest_name(&name, 1, most);
        double width = 62 + est_i_letters_width(est_i_utf8_length(name) ? letters : 0, 13);
        if (x > left && x + width > right) {
            x = left;
            y += 20;
        }
        if (canvas) {
            const est_i_font type = est_i_chart_font(13, false, "#000000", EST_I_START);
            est_i_chart_stroke(canvas, (est_i_point){x, y - 4.5}, (est_i_point){x + 36, y - 4.5},
                               est_i_series_pen(&series[i], &styles[i]));
            est_i_chart_marker(canvas, &styles[i], x + 18, y - 4.5, 5);
            canvas->type->text(canvas, (est_i_point){x + 43, y}, &type, name, est_i_first_letters(name, letters));
        }
        x += width;
    }
    return y;
}

/* ---- combinations ---- */

typedef struct ranked {
    double count; /* -1 = not known */
    size_t category;
} ranked;

static int compare_ranked(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    int order = (a->count < b->count) - (a->count > b->count);
    return order ? order : (a->category > b->category) - (a->category < b->category);
}

static int compare_places(const void *left, const void *right)
{
    const size_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

double est_i_combination_count(const est_chart *chart, size_t category)
{
    double count = chart->n_series ? chart->series[0].value[category] : NAN;
    return count >= 0 && count < 1e100 ? count : NAN;
}

bool est_i_combinations_make(const est_chart *chart, size_t most, est_i_combinations *made)
{
    size_t n = chart->n_categories;
    ranked *all = calloc(n + 1, sizeof *all);
    *made = (est_i_combinations){.shown = calloc(n + 1, sizeof *made->shown)};
    if (!all || !made->shown) {
        free(all);
        est_i_combinations_free(made);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        double count = est_i_combination_count(chart, i);
        all[i] = (ranked){isnan(count) ? -1 : count, i};
    }
    if (n > most)
        qsort(all, n, sizeof *all, compare_ranked);
    made->n_shown = n > most ? most - 1 : n;
    made->n_others = n - made->n_shown;
    for (size_t i = 0; i < n; i++) {
        if (i < made->n_shown)
            made->shown[i] = all[i].category;
        else
            made->others += all[i].count < 0 ? NAN : all[i].count;
    }
    qsort(made->shown, made->n_shown, sizeof *made->shown, compare_places);
    free(all);
    return true;
}

void est_i_combinations_free(est_i_combinations *made)
{
    free(made->shown);
    *made = (est_i_combinations){0};
}
