/* Categories along x. Series differ by shape, dash and filling, so that the picture reads the same in grey.
 * Every drawing function can also only measure: with canvas NULL it returns the same height and draws
 * nothing. */
#include <math.h>
#include <string.h>

#include "report/chart_parts.h"
#include "report/chart_scale.h"
#include "report/encode.h"
#include "report/table_layout.h"

#define WIDTH EST_I_CHART_WIDTH
#define MARGIN EST_I_CHART_MARGIN
#define PLOT_HEIGHT 400.0
#define MOST_BANDS EST_I_CHART_BANDS
#define MOST_LINES 4
#define MOST_SERIES (MOST_BANDS + MOST_LINES)
#define MOST_TIERS 8
#define LABEL_LETTERS 24 /* longer category names are cut in the picture, never in the table */

/* Lines lie behind the bands: broad and light, with small signs. */
static const est_i_style line_styles[MOST_LINES] = {
    {"#6e6e6e", "", EST_I_PLUS, false},
    {"#6e6e6e", "10 5", EST_I_CROSS, false},
    {"#8c8c8c", "3 3", EST_I_PLUS, false},
    {"#8c8c8c", "12 4 3 4", EST_I_CROSS, false},
};

typedef struct layout {
    const est_chart *chart;
    const est_result *result;
    int decimals; /* of its numbers; -1 = by size */
    size_t n_series, n_bands;
    est_i_style styles[MOST_SERIES];
    double offset[MOST_SERIES]; /* of a series from the middle of its category */
    est_i_scale scale;
    double left, right, top, bottom; /* the plot */
    double slot, dodge;              /* pixels a category, and between two bands in it */
    bool tilted;
    bool *failed; /* told when a scratch text cannot be made */
    size_t every; /* one category in so many has its name printed */
} layout;

/* ---- places ---- */

static bool is_line(const layout *plan, size_t series)
{
    return plan->chart->series[series].kind == EST_SERIES_LINE;
}

static double series_x(const layout *plan, size_t category, size_t series)
{
    return plan->left + plan->slot * ((double)category + 0.5) + plan->offset[series];
}

static double value_y(const layout *plan, double value)
{
    double share = (value - plan->scale.low) / (plan->scale.high - plan->scale.low);
    return plan->bottom - share * (plan->bottom - plan->top);
}

static double limit_at(const double *limits, size_t category)
{
    return limits ? limits[category] : NAN;
}

static double tick(const layout *plan, size_t index)
{
    return plan->scale.low + (double)index * plan->scale.step;
}

static size_t tick_count(const layout *plan)
{
    return (size_t)lround((plan->scale.high - plan->scale.low) / plan->scale.step) + 1;
}

static double category_width(const est_chart *chart)
{
    return est_i_letters_width(est_i_longest_name(chart->categories, chart->n_categories, LABEL_LETTERS), 13);
}

static double tick_width(const layout *plan)
{
    est_i_text label = {0};
    est_i_show_number(&label, plan->scale.high, plan->scale.decimals);
    double width = est_i_letters_width(label.length + (plan->scale.low < 0), 13);
    est_i_drop(&label, plan->failed);
    return width;
}

/* Bands stand beside each other in their category, lines run through its middle. */
static void place_series(layout *plan)
{
    size_t band = 0;
    plan->dodge = plan->n_bands ? fmin(17, 0.8 * plan->slot / (double)plan->n_bands) : 0;
    for (size_t i = 0; i < plan->n_series; i++)
        if (!is_line(plan, i))
            plan->offset[i] = plan->dodge * ((double)band++ - (double)(plan->n_bands - 1) / 2);
}

/* Series are drawn up to the first for which no style is left. */
static void style_series(layout *plan)
{
    size_t n_lines = 0;
    for (; plan->n_series < plan->chart->n_series; plan->n_series++) {
        bool line = is_line(plan, plan->n_series);
        if (line ? n_lines == MOST_LINES : plan->n_bands == MOST_BANDS)
            break;
        plan->styles[plan->n_series] = line ? line_styles[n_lines++] : est_i_band_styles[plan->n_bands++];
    }
}

static layout make_layout(const est_i_shown_chart *shown, bool *failed)
{
    const est_chart *chart = &shown->chart;
    layout plan = {.chart = chart, .result = shown->result, .decimals = shown->decimals, .failed = failed, .every = 1};
    style_series(&plan);
    plan.scale = est_i_scale_make(chart, plan.n_series);
    plan.left = MARGIN + tick_width(&plan) + 10;
    plan.right = WIDTH - MARGIN;
    double label = category_width(chart),
           count = (double)(chart->n_categories ? chart->n_categories : 1);
    plan.tilted = label + 6 > (plan.right - plan.left) / count;
    if (plan.tilted)
        plan.left = fmax(plan.left, MARGIN + 0.7 * label);
    plan.slot = (plan.right - plan.left) / count;
    plan.every = (size_t)ceil(16 / plan.slot);
    place_series(&plan);
    return plan;
}

/* ---- what lies above the axis ---- */

/* What is written over the plot for a point that goes beyond it; false if it does not. */
static bool beyond(const layout *plan, size_t category, size_t index, est_i_text *label)
{
    const est_series *series = &plan->chart->series[index];
    double value = series->value[category], upper = limit_at(series->upper, category);
    double shown = value > plan->scale.high ? value : upper;
    if (!(shown > plan->scale.high))
        return false;
    est_i_text_append(label, shown > upper || shown == value ? "estimate " : "");
    if (isinf(shown))
        est_i_text_append(label, "no limit");
    else if (plan->decimals >= 0)
        est_i_show_number(label, shown, plan->decimals);
    else if (series->role == EST_ROLE_PLAIN)
        est_i_show_scalar(label, shown);
    else
        est_i_show_number(label, shown, 0);
    return true;
}

/* Labels over the plot, each on the lowest tier where it is free of its neighbours. Returns the tiers used.
 */
static size_t draw_beyond(est_i_canvas *canvas, const layout *plan)
{
    double taken[MOST_TIERS] = {0};
    size_t used = 0;
    for (size_t at = 0; at < plan->chart->n_categories * plan->n_series; at++) {
        size_t category = at / plan->n_series, series = at % plan->n_series, tier = 0;
        est_i_text label = {0};
        if (beyond(plan, category, series, &label)) {
            double x = series_x(plan, category, series), width = 18 + est_i_letters_width(label.length, 12);
            double start = fmax(MARGIN, fmin(x - 6, WIDTH - 4 - width));
            while (tier + 1 < MOST_TIERS && taken[tier] > start)
                tier++;
            taken[tier] = start + width + 6;
            used = tier + 1 > used ? tier + 1 : used;
            if (canvas && label.data) {
                double y = plan->top - 8 - 17 * (double)tier;
                est_i_chart_marker(canvas, &plan->styles[series], start + 6, y - 4, 4);
                est_i_font type = est_i_chart_font(12, false, plan->styles[series].colour, EST_I_START);
                est_i_chart_put(canvas, start + 15, y, type, label.data);
            }
        }
        est_i_drop(&label, plan->failed);
    }
    return used;
}

/* ---- axes ---- */

static void draw_value_axis(est_i_canvas *canvas, const layout *plan)
{
    for (size_t i = 0; i < tick_count(plan); i++) {
        double value = tick(plan, i), y = value_y(plan, value);
        bool zero = fabs(value) < plan->scale.step / 2;
        est_i_text label = {0};
        est_i_show_number(&label, zero ? 0 : value, plan->scale.decimals);
        est_i_chart_stroke(canvas, (est_i_point){plan->left, y}, (est_i_point){plan->right, y},
               (est_i_pen){zero ? "#000000" : "#d0d0d0", NULL, zero ? 1.5 : 1, ""});
        if (label.data)
            est_i_chart_put(canvas, plan->left - 8, y + 4.5, est_i_chart_font(13, false, "#000000", EST_I_END), label.data);
        est_i_drop(&label, plan->failed);
    }
}

static bool is_absent(const layout *plan, size_t index, size_t category)
{
    return !isfinite(plan->chart->series[index].value[category]);
}

/* The most series without a value in one category: so many lines are kept free under the axis. */
static size_t absent_lines(const layout *plan)
{
    size_t most = 0;
    for (size_t category = 0; category < plan->chart->n_categories; category++) {
        size_t count = 0;
        for (size_t i = 0; i < plan->n_series; i++)
            count += is_absent(plan, i, category);
        most = count > most ? count : most;
    }
    return most;
}

/* Stands right under the axis; those of one category are stacked so that they cannot touch. */
static void draw_absent(est_i_canvas *canvas, const layout *plan, size_t index, size_t category)
{
    size_t before = 0;
    for (size_t other = 0; other < index; other++)
        before += is_absent(plan, other, category);
    double x = plan->left + plan->slot * ((double)category + 0.5),
           y = plan->bottom + 18 + 17 * (double)before;
    const char *word = plan->chart->series[index].role == EST_ROLE_COUNT ? "n.p." : "n.e.";
    est_i_chart_marker(canvas, &plan->styles[index], x - 13, y - 4, 4);
    est_i_chart_put(canvas, x - 5, y, est_i_chart_font(12, false, plan->styles[index].colour, EST_I_START), word);
}

static void draw_category(est_i_canvas *canvas, const layout *plan, size_t category)
{
    double x = plan->left + plan->slot * ((double)category + 0.5);
    double y = plan->bottom + 17 * (double)absent_lines(plan) + (plan->tilted ? 16 : 20);
    est_i_font type = est_i_chart_font(13, false, "#000000", plan->tilted ? EST_I_END : EST_I_MIDDLE);
    type.angle = plan->tilted ? -40 : 0;
    est_i_chart_stroke(canvas, (est_i_point){x, plan->bottom}, (est_i_point){x, plan->bottom + 5},
           (est_i_pen){"#000000", NULL, 1, ""});
    if (category % plan->every)
        return;
    est_i_text label = {0};
    est_i_cut_name(&label, plan->chart->categories[category], LABEL_LETTERS);
    if (label.data)
        est_i_chart_put(canvas, x + (plan->tilted ? 4 : 0), y, type, label.data);
    est_i_drop(&label, plan->failed);
}

/* Names below the plot. Returns the lowest pixel used. */
static double draw_category_axis(est_i_canvas *canvas, const layout *plan)
{
    double y = plan->bottom + 24 + 17 * (double)absent_lines(plan);
    if (plan->tilted)
        y += 0.65 * category_width(plan->chart);
    for (size_t i = 0; canvas && i < plan->chart->n_categories; i++)
        draw_category(canvas, plan, i);
    if (plan->chart->x_title[0])
        y += 18;
    if (canvas && plan->chart->x_title[0])
        est_i_chart_put(canvas, (plan->left + plan->right) / 2, y, est_i_chart_font(13, true, "#000000", EST_I_MIDDLE),
            plan->chart->x_title);
    return y + 6;
}

/* ---- series ---- */

static void draw_path(est_i_canvas *canvas, const layout *plan, size_t index)
{
    const est_series *series = &plan->chart->series[index];
    const est_i_pen pen = est_i_series_pen(series, &plan->styles[index]);
    for (size_t category = 1; category < plan->chart->n_categories; category++) {
        double from = series->value[category - 1], to = series->value[category];
        if (isfinite(from) && isfinite(to))
            est_i_chart_stroke(canvas, (est_i_point){series_x(plan, category - 1, index), value_y(plan, from)},
                   (est_i_point){series_x(plan, category, index), value_y(plan, to)}, pen);
    }
}

/* The interval of one point: a bar with caps; an arrow instead of a cap where it goes on beyond the axis. */
static void draw_interval(est_i_canvas *canvas, const layout *plan, size_t index, size_t category)
{
    const est_series *series = &plan->chart->series[index];
    double value = series->value[category];
    double lower = limit_at(series->lower, category), upper = limit_at(series->upper, category);
    lower = isnan(lower) ? value : lower;
    upper = isnan(upper) ? value : upper;
    if (isnan(lower) || isnan(upper) || !(upper > lower))
        return;
    const est_i_pen pen = {plan->styles[index].colour, NULL, 2, ""},
                    filled = {plan->styles[index].colour, plan->styles[index].colour, 1, ""};
    double x = series_x(plan, category, index), cap = fmin(6, plan->dodge / 2.5);
    double low = value_y(plan, fmax(lower, plan->scale.low)),
           high = value_y(plan, fmin(upper, plan->scale.high));
    est_i_chart_stroke(canvas, (est_i_point){x, low}, (est_i_point){x, high}, pen);
    if (lower >= plan->scale.low)
        est_i_chart_stroke(canvas, (est_i_point){x - cap, low}, (est_i_point){x + cap, low}, pen);
    if (upper <= plan->scale.high)
        est_i_chart_stroke(canvas, (est_i_point){x - cap, high}, (est_i_point){x + cap, high}, pen);
    else
        canvas->type->polygon(
            canvas, (const est_i_point[]){{x, high}, {x - 6, high + 11}, {x + 6, high + 11}}, 3, &filled);
}

static void draw_markers(est_i_canvas *canvas, const layout *plan, size_t series)
{
    for (size_t category = 0; category < plan->chart->n_categories; category++) {
        double value = plan->chart->series[series].value[category];
        if (is_absent(plan, series, category))
            draw_absent(canvas, plan, series, category);
        else if (value <= plan->scale.high)
            est_i_chart_marker(canvas, &plan->styles[series], series_x(plan, category, series),
                        value_y(plan, value), 5);
    }
}

/* Lines and their signs first: a band is never hidden behind one. */
static void draw_series(est_i_canvas *canvas, const layout *plan)
{
    for (int pass = 0; pass < 2; pass++) {
        bool lines = pass == 0;
        canvas->type->clip(canvas, (est_i_point){plan->left, plan->top - 1}, plan->right - plan->left,
                           plan->bottom - plan->top + 2);
        for (size_t series = 0; series < plan->n_series; series++)
            if (is_line(plan, series) == lines)
                draw_path(canvas, plan, series);
        for (size_t series = 0; series < plan->n_series; series++)
            for (size_t category = 0; category < plan->chart->n_categories; category++)
                if (is_line(plan, series) == lines)
                    draw_interval(canvas, plan, series, category);
        canvas->type->unclip(canvas);
        for (size_t series = 0; series < plan->n_series; series++)
            if (is_line(plan, series) == lines)
                draw_markers(canvas, plan, series);
    }
}

/* ---- what the signs mean ---- */

static bool any_absent(const layout *plan, bool counts)
{
    bool found = false;
    for (size_t i = 0; i < plan->n_series; i++)
        for (size_t category = 0; category < plan->chart->n_categories; category++)
            found |=
                is_absent(plan, i, category) && (plan->chart->series[i].role == EST_ROLE_COUNT) == counts;
    return found;
}

static double draw_footer(est_i_canvas *canvas, const layout *plan, double y)
{
    const est_i_font type = est_i_chart_font(12, false, "#333333", EST_I_START);
    if (draw_beyond(NULL, plan))
        y = est_i_chart_words(
            canvas, y,
            "Arrow: the interval goes beyond the axis, up to the number above it; \"no limit\": it has no "
            "upper end.",
            type, 16);
    if (any_absent(plan, false))
        y = est_i_chart_words(canvas, y, "n.e.: no estimate (not estimable or withheld).", type, 16);
    if (any_absent(plan, true))
        y = est_i_chart_words(canvas, y, "n.p.: not published (withheld or not known).", type, 16);
    if (plan->chart->n_series > plan->n_series)
        y = est_i_chart_words(canvas, y, "Only the first series are drawn; the table of values holds them all.", type,
                  16);
    return y;
}

/* Sets the plot's place and returns the height of the picture; draws what lies above the plot if there is a
 * canvas. */
static double draw_surroundings(est_i_canvas *canvas, layout *plan)
{
    double y = est_i_chart_heading(canvas, plan->chart, plan->result, 4);
    y = est_i_chart_legend(canvas, plan->chart->series, plan->styles, plan->n_series, y);
    y = est_i_chart_words(canvas, y + 6, plan->chart->y_title, est_i_chart_font(13, true, "#000000", EST_I_START), 18);
    plan->top = y + 14 + 17 * (double)draw_beyond(NULL, plan);
    plan->bottom = plan->top + PLOT_HEIGHT;
    y = draw_category_axis(canvas, plan);
    return draw_footer(canvas, plan, y) + 12;
}

void est_i_chart_along(const est_i_shown_chart *shown, const char *id, est_i_canvas *canvas)
{
    layout plan = make_layout(shown, &canvas->output->failed);
    double height = draw_surroundings(NULL, &plan);
    canvas->type->begin(canvas, &(est_i_picture){WIDTH, height, id, shown->chart.title, shown->chart.alternative});
    draw_value_axis(canvas, &plan);
    draw_surroundings(canvas, &plan);
    draw_beyond(canvas, &plan);
    draw_series(canvas, &plan);
    canvas->type->end(canvas);
}
