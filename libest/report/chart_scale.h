/* The value axis of a chart: round ticks, and a top that one huge upper limit cannot push away. */
#ifndef EST_I_REPORT_CHART_SCALE_H
#define EST_I_REPORT_CHART_SCALE_H

#include <stdbool.h>
#include <stddef.h>

#include <est/result.h>

#include "report/shown_chart.h"

typedef struct est_i_scale {
    double low, high, step; /* low and high are multiples of step */
    int decimals;           /* of the tick labels */
    bool logarithmic;       /* low and high are 1, 2 or 5 times a power of ten; no step */
} est_i_scale;

#define EST_I_MOST_TICKS 48

/* From 0 unless values are negative. The first n_series series count. Interval ends farther out than twice
 * the largest estimate do not; nor does a single estimate five times the next one, if there are six or more.
 */
est_i_scale est_i_scale_make(const est_chart *chart, size_t n_series);

/* Round ticks from below `low` to above `high`. */
est_i_scale est_i_scale_between(double low, double high);

/* For points with their limits across the page: logarithmic where what is drawn exceeds a factor of ten and no point and no limit
 * is 0 or less, never for shares. Interval ends farther out than ten times the outermost point do not count. */
est_i_scale est_i_scale_across(const est_i_shown_chart *shown, size_t n_categories, size_t n_series);

/* Where a value lies: 0 at the low end, 1 at the high. */
double est_i_scale_share(const est_i_scale *scale, double value);
size_t est_i_scale_ticks(const est_i_scale *scale, double ticks[EST_I_MOST_TICKS]);
bool est_i_can_be_drawn(double value); /* finite and of a size that a scale can hold */

#endif
