/* A chart as people see it: titles in words, numbers in the unit of the rows it tells of, a long list of domains by size. Drawings,
 * lines of text and the table of values are made of it. */
#ifndef EST_I_REPORT_SHOWN_CHART_H
#define EST_I_REPORT_SHOWN_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include <est/result.h>

#include "core/text.h"

typedef struct est_i_shown_chart {
    est_chart chart; /* its texts and numbers belong to the result or to this struct */
    const est_result *result;
    int decimals;      /* of all its numbers; -1 = by the size of those of a series */
    const char *after; /* behind a number that stands alone: " %" */
    bool linear;       /* no logarithmic axis: shares */
    bool sorted;       /* the highest first, what has no estimate last */
    const est_row *whole; /* of which the reference is the estimate; NULL = it is another number */
    est_series *series;
    double *numbers;
    size_t *about;
    const char **categories;
    est_i_text title, x_title, y_title, subtitle, alternative;
} est_i_shown_chart;

/* False without memory. Free with est_i_shown_chart_free in any case. */
bool est_i_shown_chart_make(const est_result *result, const est_chart *chart, est_i_shown_chart *shown);
void est_i_shown_chart_free(est_i_shown_chart *shown);

/* The row at a point; NULL if it is not known. */
const est_row *est_i_point_row(const est_i_shown_chart *shown, size_t series, size_t category);
/* Decimals shared by every point of a series: of the unit, none for people, else as a frame's column would have. */
int est_i_series_decimals(const est_i_shown_chart *shown, size_t series);
/* "12,350 (11,000 to 14,100)", "(23.1) 18.0 to 29.2" (an agency's mark), "withheld", "no estimate". */
void est_i_show_point(est_i_text *output, const est_i_shown_chart *shown, size_t series, size_t category);
/* The number of the reference with its unit. */
void est_i_show_reference(est_i_text *output, const est_i_shown_chart *shown);
/* "withheld", "not published", "not estimable" or "no estimate", for a point that has none. */
const char *est_i_absence(const est_i_shown_chart *shown, size_t series, size_t category);

#endif
