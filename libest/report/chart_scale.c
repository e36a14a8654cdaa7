#include "report/chart_scale.h"

#include <math.h>

/* The extent of the estimates: largest, second largest, smallest. */
typedef struct extent {
    double largest, second, smallest;
    size_t count;
} extent;

static void extend(extent *seen, double value)
{
    if (!isfinite(value))
        return;
    if (value > seen->largest) {
        seen->second = seen->largest;
        seen->largest = value;
    } else if (value > seen->second) {
        seen->second = value;
    }
    seen->smallest = fmin(seen->smallest, value);
    seen->count++;
}

static double limit_at(const double *limits, size_t category)
{
    return limits ? limits[category] : NAN;
}

/* 1, 2, 2.5 or 5 times a power of ten, not below `least`. */
static double round_step(double least)
{
    static const double mantissas[] = {1, 2, 2.5, 5, 10};
    double power = pow(10, floor(log10(least)));
    size_t i = 0;
    while (i < 4 && mantissas[i] * power < least * (1 - 1e-9))
        i++;
    return mantissas[i] * power;
}

static int step_decimals(double step)
{
    int decimals = 0;
    for (double scaled = step; decimals < 9 && fabs(scaled - round(scaled)) > 1e-6 * fabs(scaled); decimals++)
        scaled *= 10;
    return decimals;
}

est_i_scale est_i_scale_make(const est_chart *chart, size_t n_series)
{
    extent seen = {0};
    for (size_t series = 0; series < n_series; series++)
        for (size_t category = 0; category < chart->n_categories; category++)
            extend(&seen, chart->series[series].value[category]);
    double top =
        seen.count >= 6 && seen.second > 0 && seen.largest > 5 * seen.second ? seen.second : seen.largest;
    double reach = 2 * fmax(top, -seen.smallest), high = 1.15 * top, low = 1.15 * seen.smallest;
    for (size_t series = 0; series < n_series; series++) {
        for (size_t category = 0; category < chart->n_categories; category++) {
            double upper = limit_at(chart->series[series].upper, category);
            double lower = limit_at(chart->series[series].lower, category);
            if (upper <= reach)
                high = fmax(high, upper);
            if (lower >= -reach)
                low = fmin(low, lower);
        }
    }
    if (!(high - low > 0))
        high = low + 1;
    est_i_scale scale = {.step = round_step((high - low) / 6)};
    scale.low = scale.step * floor(low / scale.step);
    scale.high = scale.step * ceil(high / scale.step * (1 - 1e-12));
    scale.decimals = step_decimals(scale.step);
    return scale;
}
