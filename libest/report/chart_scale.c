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

est_i_scale est_i_scale_between(double low, double high)
{
    if (!(high - low > 1e-9 * fmax(fabs(low), fabs(high))))
        high = low + fmax(1, 0.1 * fabs(low));
    est_i_scale scale = {.step = round_step((high - low) / 6)};
    scale.low = scale.step * floor(low / scale.step);
    scale.high = scale.step * ceil(high / scale.step * (1 - 1e-12));
    scale.decimals = step_decimals(scale.step);
    return scale;
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
    return est_i_scale_between(low, high);
}

double est_i_scale_share(const est_i_scale *scale, double value)
{
    if (scale->logarithmic)
        return value > 0 ? log(value / scale->low) / log(scale->high / scale->low) : -1;
    return (value - scale->low) / (scale->high - scale->low);
}

/* ---- a scale across the page ---- */

bool est_i_can_be_drawn(double value)
{
    return fabs(value) < 1e100; /* no finite number of people is larger, and sums and ratios stay finite */
}

typedef struct reach {
    double low, high;
    bool any;
} reach;

static void stretch(reach *seen, double value)
{
    if (!est_i_can_be_drawn(value))
        return;
    seen->low = seen->any ? fmin(seen->low, value) : value;
    seen->high = seen->any ? fmax(seen->high, value) : value;
    seen->any = true;
}

/* Every point and every finite limit is above 0. */
static bool is_positive(const est_chart *chart, size_t n_categories, size_t n_series)
{
    bool positive = !(chart->reference <= 0);
    for (size_t s = 0; s < n_series; s++)
        for (size_t c = 0; c < n_categories; c++)
            positive = positive && !(chart->series[s].value[c] <= 0) && !(limit_at(chart->series[s].lower, c) <= 0);
    return positive;
}

/* The points, then the ends of intervals that lie within ten times the points; of ratios within a tenth of them too. */
static reach reach_of(const est_chart *chart, size_t n_categories, size_t n_series, bool ratios)
{
    reach points = {0}, all;
    for (size_t s = 0; s < n_series; s++)
        for (size_t c = 0; c < n_categories; c++)
            stretch(&points, chart->series[s].value[c]);
    stretch(&points, chart->reference);
    all = points;
    for (size_t s = 0; s < n_series; s++) {
        for (size_t c = 0; c < n_categories; c++) {
            double ends[] = {limit_at(chart->series[s].lower, c), limit_at(chart->series[s].upper, c)};
            double far = 10 * fmax(fabs(points.low), fabs(points.high));
            for (size_t i = 0; i < 2; i++)
                if (!points.any || (fabs(ends[i]) <= far && !(ratios && points.low > 0 && ends[i] < points.low / 10)))
                    stretch(&all, ends[i]);
        }
    }
    return all;
}

/* The 1, 2 or 5 times a power of ten next below (or above) a positive value. */
static double round_mantissa(double value, bool up)
{
    static const double mantissas[] = {1, 2, 5, 10};
    double power = pow(10, floor(log10(value)));
    size_t i = up ? 0 : 3;
    if (up)
        while (i < 3 && mantissas[i] * power < value * (1 - 1e-9))
            i++;
    else
        while (i > 0 && mantissas[i] * power > value * (1 + 1e-9))
            i--;
    return mantissas[i] * power;
}

/* Room for an arrow beside the outermost point. */
static void make_room(const est_chart *chart, size_t n_categories, size_t n_series, bool ratios, reach *seen)
{
    bool above = false, below = false;
    double room = ratios ? pow(seen->high / seen->low, 0.06) : 0.06 * (seen->high - seen->low);
    for (size_t s = 0; s < n_series; s++) {
        for (size_t c = 0; c < n_categories; c++) {
            above |= limit_at(chart->series[s].upper, c) > seen->high;
            below |= limit_at(chart->series[s].lower, c) < seen->low;
        }
    }
    if (above)
        seen->high = ratios ? seen->high * room : seen->high + room;
    if (below)
        seen->low = ratios ? seen->low / room : seen->low - room;
}

est_i_scale est_i_scale_across(const est_i_shown_chart *shown, size_t n_categories, size_t n_series)
{
    const est_chart *chart = &shown->chart;
    bool positive = !shown->linear && is_positive(chart, n_categories, n_series);
    reach seen = reach_of(chart, n_categories, n_series, positive);
    bool ratios = positive && seen.low > 1e-100 && seen.high > 10 * seen.low;
    make_room(chart, n_categories, n_series, ratios, &seen);
    if (positive && seen.low > 1e-100 && seen.high > 10 * seen.low)
        return (est_i_scale){.low = round_mantissa(seen.low, false),
                             .high = round_mantissa(seen.high, true),
                             .logarithmic = true};
    if (seen.low > 0 && seen.low < seen.high / 4)
        seen.low = 0;
    return est_i_scale_between(seen.low, seen.high);
}

/* 1, 2 and 5 times powers of ten over three decades, powers alone over more. */
static size_t log_ticks(const est_i_scale *scale, double ticks[EST_I_MOST_TICKS])
{
    static const double mantissas[] = {1, 2, 5};
    double first = floor(log10(scale->low) + 1e-9), decades = log10(scale->high / scale->low);
    size_t n = 0, each = decades <= 3 ? 3 : 1;
    for (double power = first; power <= first + decades + 1; power += fmax(1, ceil(decades / 12))) {
        for (size_t i = 0; i < each; i++) {
            double value = mantissas[i] * pow(10, power);
            bool inside = value >= scale->low * (1 - 1e-9) && value <= scale->high * (1 + 1e-9);
            if (inside && n < EST_I_MOST_TICKS)
                ticks[n++] = value;
        }
    }
    return n;
}

size_t est_i_scale_ticks(const est_i_scale *scale, double ticks[EST_I_MOST_TICKS])
{
    size_t n = 0;
    if (scale->logarithmic)
        return log_ticks(scale, ticks);
    size_t count = (size_t)lround((scale->high - scale->low) / scale->step) + 1;
    for (; n < count && n < EST_I_MOST_TICKS; n++)
        ticks[n] = scale->low + (double)n * scale->step;
    return n;
}
