/* What the kinds of charts share: measures, text and signs on a canvas. Every function that returns the next y can also only
 * measure: with canvas NULL it draws nothing. */
#ifndef EST_I_REPORT_CHART_PARTS_H
#define EST_I_REPORT_CHART_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <est/result.h>

#include "core/text.h"
#include "report/canvas.h"
#include "report/shown_chart.h"

#define EST_I_CHART_WIDTH 900.0
#define EST_I_CHART_MARGIN 16.0
#define EST_I_CHART_BANDS 8 /* styles that can be told apart in grey */

typedef enum est_i_marker {
    EST_I_CIRCLE = 0,
    EST_I_SQUARE,
    EST_I_TRIANGLE,
    EST_I_DIAMOND,
    EST_I_DOWNWARDS,
    EST_I_CROSS,
    EST_I_PLUS
} est_i_marker;

typedef struct est_i_style {
    const char *colour, *dash;
    est_i_marker shape;
    bool hollow;
} est_i_style;

extern const est_i_style est_i_band_styles[EST_I_CHART_BANDS];

est_i_font est_i_chart_font(double size, bool bold, const char *colour, est_i_anchor anchor);
void est_i_chart_put(est_i_canvas *canvas, double x, double y, est_i_font type, const char *words);
void est_i_chart_stroke(est_i_canvas *canvas, est_i_point from, est_i_point to, est_i_pen pen);
void est_i_chart_box(est_i_canvas *canvas, est_i_point corner, double width, double height, est_i_pen pen);
void est_i_chart_marker(est_i_canvas *canvas, const est_i_style *look, double x, double y, double size);

/* A generous width of so many letters. */
double est_i_letters_width(size_t letters, double size);
/* Bytes of the first `letters` code points. */
size_t est_i_first_letters(const char *text, size_t letters);
/* The name, cut with an ellipsis beyond so many letters. */
void est_i_cut_name(est_i_text *output, const char *name, size_t letters);
/* Letters of the longest of them, `most` at most, 1 at least. */
size_t est_i_longest_name(const char *const *names, size_t count, size_t most);

/* A text over the whole width, wrapped. */
double est_i_chart_words(est_i_canvas *canvas, double y, const char *text, est_i_font type, double leading);
/* Banners, title and subtitle. */
double est_i_chart_heading(est_i_canvas *canvas, const est_chart *chart, const est_result *result, double y);

est_i_pen est_i_series_pen(const est_series *series, const est_i_style *look);
/* Names over the plot, as many in a row as fit: they can never lie on a curve. */
double est_i_chart_legend(est_i_canvas *canvas, const est_series *series, const est_i_style *styles,
                          size_t n_series, double y);

/* Up to `most` combinations of an UpSet chart: if there are more, the largest in their order, and the others as one sum. */
typedef struct est_i_combinations {
    size_t *shown, n_shown, n_others;
    double others; /* NaN if one of them is not known */
} est_i_combinations;

/* false: no memory. Free with est_i_combinations_free. */
bool est_i_combinations_make(const est_chart *chart, size_t most, est_i_combinations *made);
void est_i_combinations_free(est_i_combinations *made);
/* How many are in it; NaN if that is withheld, not known or no count. */
double est_i_combination_count(const est_chart *chart, size_t category);

/* One a kind, on a whole canvas. */
void est_i_chart_along(const est_i_shown_chart *shown, const char *id, est_i_canvas *canvas);
void est_i_chart_forest(const est_i_shown_chart *shown, const char *id, est_i_canvas *canvas);
void est_i_chart_upset(const est_i_shown_chart *shown, const char *id, est_i_canvas *canvas);

/* Forest and UpSet as lines of a terminal of `width` columns, a screen at most; nothing for other kinds. */
void est_i_chart_text(const est_i_shown_chart *shown, size_t width, est_i_text *output);

#endif
