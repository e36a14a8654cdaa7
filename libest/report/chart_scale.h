/* The value axis of a chart: round ticks, and a top that one huge upper limit cannot push away. */
#ifndef EST_I_REPORT_CHART_SCALE_H
#define EST_I_REPORT_CHART_SCALE_H

#include <stddef.h>

#include <est/result.h>

typedef struct est_i_scale {
    double low, high, step; /* low and high are multiples of step */
    int decimals;           /* of the tick labels */
} est_i_scale;

/* From 0 unless values are negative. The first n_series series count. Interval ends farther out than twice
 * the largest estimate do not; nor does a single estimate five times the next one, if there are six or more.
 */
est_i_scale est_i_scale_make(const est_chart *chart, size_t n_series);

#endif
