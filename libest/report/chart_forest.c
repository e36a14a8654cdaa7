/* Estimates under different choices: a row each, a point with its limits, the number at the right edge. */
#include <math.h>
#include <string.h>

#include "report/chart_parts.h"
#include "report/chart_scale.h"
#include "report/encode.h"
#include "report/table_layout.h"

#define MOST_ROWS 60
#define ROW_HEIGHT 24.0
#define NEXT_HEIGHT 18.0 /* of each further series of a category */
#define NAME_LETTERS 34  /* longer names are cut in the picture, never in the table */
#define LEAST_PLOT 240.0
#define PEN_COLOUR "#444444"

typedef struct layout {
    const est_i_shown_chart *shown;
    const est_chart *chart; /* the one in it */
    size_t n_series, n_categories, name_letters;
    est_i_scale scale;
    bool *failed; /* told when a scratch text cannot be made */
    double left, right, top, bottom; /* the plot */
} layout;

/* ---- places ---- */

static double category_height(const layout *plan)
{
    return ROW_HEIGHT + NEXT_HEIGHT * (double)(plan->n_series ? plan->n_series - 1 : 0);
}

static double point_y(const layout *plan, size_t category, size_t series)
{
    return plan->top + category_height(plan) * (double)category + ROW_HEIGHT / 2 + NEXT_HEIGHT * (double)series;
}

static double value_x(const layout *plan, double value)
{
    double share = isinf(value) ? value : est_i_scale_share(&plan->scale, value);
    return plan->left + fmax(0, fmin(1, share)) * (plan->right - plan->left);
}

static bool is_right_of(const layout *plan, double value)
{
    return value > plan->scale.high * (1 + 1e-12);
}

static bool is_left_of(const layout *plan, double value)
{
    return value < plan->scale.low;
}

static bool is_inside(const layout *plan, double value)
{
    return !isnan(value) && !is_left_of(plan, value) && !is_right_of(plan, value);
}

static double limit_at(const double *limits, size_t category)
{
    return limits ? limits[category] : NAN;
}

static size_t number_letters(const layout *plan)
{
    size_t longest = 0;
    for (size_t at = 0; at < plan->n_categories * plan->n_series; at++) {
        est_i_text label = {0};
        est_i_show_point(&label, plan->shown, at % plan->n_series, at / plan->n_series);
        longest = label.length > longest ? label.length : longest;
        est_i_drop(&label, plan->failed);
    }
    return longest;
}

/* Names give way to the plot, not numbers. */
static layout make_layout(const est_i_shown_chart *shown, bool *failed)
{
    const est_chart *chart = &shown->chart;
    layout plan = {.shown = shown, .chart = chart, .failed = failed};
    plan.n_series = chart->n_series < EST_I_CHART_BANDS ? chart->n_series : EST_I_CHART_BANDS;
    size_t most = MOST_ROWS / (plan.n_series ? plan.n_series : 1);
    plan.n_categories = chart->n_categories < most ? chart->n_categories : most;
    plan.scale = est_i_scale_across(shown, plan.n_categories, plan.n_series);
    plan.right = EST_I_CHART_WIDTH - EST_I_CHART_MARGIN - 22 - est_i_letters_width(number_letters(&plan), 12);
    double room = (plan.right - LEAST_PLOT - EST_I_CHART_MARGIN - 18) / est_i_letters_width(1, 13);
    plan.name_letters = est_i_longest_name(chart->categories, plan.n_categories, NAME_LETTERS);
    if (room < (double)plan.name_letters)
        plan.name_letters = room > 8 ? (size_t)room : 8;
    plan.left = EST_I_CHART_MARGIN + est_i_letters_width(plan.name_letters, 13) + 18;
    return plan;
}

/* ---- axis ---- */

static void show_tick(const layout *plan, est_i_text *label, double value)
{
    if (!plan->scale.logarithmic)
        est_i_show_number(label, fabs(value) < plan->scale.step / 2 ? 0 : value, plan->scale.decimals);
    else if (value < 1)
        est_i_text_number(label, value);
    else
        est_i_show_number(label, value, 0);
}

/* A number is left out where it would touch the one before. */
static void draw_axis(est_i_canvas *canvas, const layout *plan)
{
    double ticks[EST_I_MOST_TICKS], taken = -1;
    size_t n = est_i_scale_ticks(&plan->scale, ticks);
    for (size_t i = 0; i < n; i++) {
        double x = value_x(plan, ticks[i]);
        est_i_text label = {0};
        show_tick(plan, &label, ticks[i]);
        double half = est_i_letters_width(label.length, 13) / 2;
        est_i_chart_stroke(canvas, (est_i_point){x, plan->top}, (est_i_point){x, plan->bottom + 4},
                           (est_i_pen){"#d0d0d0", NULL, 1, ""});
        if (label.data && x - half > taken) {
            est_i_chart_put(canvas, x, plan->bottom + 20, est_i_chart_font(13, false, "#000000", EST_I_MIDDLE), label.data);
            taken = x + half + 4;
        }
        est_i_drop(&label, plan->failed);
    }
    est_i_chart_stroke(canvas, (est_i_point){plan->left, plan->bottom}, (est_i_point){plan->right, plan->bottom},
                       (est_i_pen){"#000000", NULL, 1.5, ""});
}

static bool has_reference(const layout *plan)
{
    return est_i_can_be_drawn(plan->chart->reference) && is_inside(plan, plan->chart->reference) && plan->n_categories > 0;
}

static void draw_reference(est_i_canvas *canvas, const layout *plan)
{
    double x = value_x(plan, plan->chart->reference);
    est_i_text label = {0};
    if (!has_reference(plan))
        return;
    est_i_show_reference(&label, plan->shown);
    est_i_chart_stroke(canvas, (est_i_point){x, plan->top - 4}, (est_i_point){x, plan->bottom},
                       (est_i_pen){PEN_COLOUR, NULL, 2, "7 4"});
    if (label.data)
        est_i_chart_put(canvas, x, plan->top - 8, est_i_chart_font(12, true, PEN_COLOUR, EST_I_MIDDLE), label.data);
    est_i_drop(&label, plan->failed);
}

/* ---- rows ---- */

static void draw_arrow(est_i_canvas *canvas, double x, double y, double towards, const char *colour)
{
    canvas->type->polygon(canvas, (const est_i_point[]){{x, y}, {x - 11 * towards, y - 6}, {x - 11 * towards, y + 6}}, 3,
                          &(est_i_pen){colour, colour, 1, ""});
}

/* Caps where the limits lie in the plot, arrows where they lie beyond it. */
static void draw_interval(est_i_canvas *canvas, const layout *plan, size_t category, size_t index)
{
    const est_series *series = &plan->chart->series[index];
    double value = series->value[category], y = point_y(plan, category, index);
    double lower = limit_at(series->lower, category), upper = limit_at(series->upper, category);
    lower = isnan(lower) ? value : lower;
    upper = isnan(upper) ? value : upper;
    if (isnan(lower) || isnan(upper) || !(upper > lower))
        return;
    const char *colour = est_i_band_styles[index].colour;
    const est_i_pen pen = {colour, NULL, 2, ""};
    const double ends[] = {lower, upper};
    est_i_chart_stroke(canvas, (est_i_point){value_x(plan, lower), y}, (est_i_point){value_x(plan, upper), y}, pen);
    for (size_t i = 0; i < 2; i++) {
        double x = value_x(plan, ends[i]);
        if (is_inside(plan, ends[i]))
            est_i_chart_stroke(canvas, (est_i_point){x, y - 5}, (est_i_point){x, y + 5}, pen);
        else if (i == 0 ? is_left_of(plan, ends[i]) : is_right_of(plan, ends[i]))
            draw_arrow(canvas, x, y, i == 0 ? -1 : 1, colour);
    }
}

/* An agency's mark, as on numbers from few cases: the point is hollow. */
static bool has_mark(const layout *plan, size_t category, size_t index)
{
    const est_row *row = est_i_point_row(plan->shown, index, category);
    return row && row->mark[0] && !isnan(row->estimate);
}

static void draw_point(est_i_canvas *canvas, const layout *plan, size_t category, size_t index)
{
    const est_series *series = &plan->chart->series[index];
    double value = series->value[category], y = point_y(plan, category, index);
    const char *colour = plan->n_series > 1 ? est_i_band_styles[index].colour : "#000000";
    est_i_text label = {0};
    est_i_style look = est_i_band_styles[index];
    look.hollow ^= has_mark(plan, category, index);
    draw_interval(canvas, plan, category, index);
    if (is_inside(plan, value))
        est_i_chart_marker(canvas, &look, value_x(plan, value), y, 5);
    est_i_show_point(&label, plan->shown, index, category);
    if (label.data)
        est_i_chart_put(canvas, EST_I_CHART_WIDTH - EST_I_CHART_MARGIN, y + 4.5,
                        est_i_chart_font(12, false, colour, EST_I_END), label.data);
    est_i_drop(&label, plan->failed);
}

static void draw_rows(est_i_canvas *canvas, const layout *plan)
{
    for (size_t category = 0; category < plan->n_categories; category++) {
        est_i_text name = {0};
        if (plan->n_series)
            for (size_t series = 0; series < plan->n_series; series++)
                draw_point(canvas, plan, category, series);
        est_i_cut_name(&name, plan->chart->categories[category], plan->name_letters);
        if (name.data)
            est_i_chart_put(canvas, EST_I_CHART_MARGIN, point_y(plan, category, 0) + 4.5,
                            est_i_chart_font(13, false, "#000000", EST_I_START), name.data);
        est_i_drop(&name, plan->failed);
    }
}

static void draw_stripes(est_i_canvas *canvas, const layout *plan)
{
    double right = EST_I_CHART_WIDTH - EST_I_CHART_MARGIN;
    for (size_t category = 0; category < plan->n_categories; category += 2)
        est_i_chart_box(canvas, (est_i_point){EST_I_CHART_MARGIN, plan->top + category_height(plan) * (double)category},
                        right - EST_I_CHART_MARGIN, category_height(plan), (est_i_pen){NULL, "#f2f2f2", 0, ""});
}

/* ---- words ---- */

typedef struct signs {
    bool beyond, absent, withheld, marked; /* any limit beyond the plot, any value that is missing, withheld, marked */
} signs;

static signs look_for_signs(const layout *plan)
{
    signs seen = {0};
    for (size_t at = 0; at < plan->n_categories * plan->n_series; at++) {
        const est_series *series = &plan->chart->series[at % plan->n_series];
        size_t category = at / plan->n_series;
        const est_row *row = est_i_point_row(plan->shown, at % plan->n_series, category);
        bool withheld = row && est_i_is_withheld(row);
        seen.withheld |= withheld;
        seen.absent |= isnan(series->value[category]) && !withheld;
        seen.marked |= has_mark(plan, category, at % plan->n_series);
        seen.beyond |= is_right_of(plan, limit_at(series->upper, category)) || is_left_of(plan, limit_at(series->lower, category));
    }
    return seen;
}

static double draw_footer(est_i_canvas *canvas, const layout *plan, double y)
{
    const est_i_font type = est_i_chart_font(12, false, "#333333", EST_I_START);
    signs seen = look_for_signs(plan);
    est_i_text words = {0};
    if (has_reference(plan)) {
        est_i_text_append(&words, plan->shown->whole ? "Dashed line: the whole, " : "Dashed line: ");
        est_i_show_reference(&words, plan->shown);
        est_i_text_append(&words, ". ");
    }
    if (plan->scale.logarithmic && plan->n_categories)
        est_i_text_append(&words, "The axis is logarithmic: equal distances are equal ratios. ");
    if (seen.beyond)
        est_i_text_append(&words, "Arrow: the interval goes beyond the axis; \"no limit\": it has no upper end. ");
    if (seen.marked)
        est_i_text_printf(&words, "%s: an estimate with a mark, explained under its table. ",
                          plan->n_series > 1 ? "A point of the other filling" : "Hollow point");
    if (seen.absent)
        est_i_text_append(&words, "No estimate: not estimable or withheld. ");
    if (seen.withheld)
        est_i_text_append(&words, "Withheld: too few cases, too imprecise, or confidential. ");
    if (plan->n_categories < plan->chart->n_categories)
        est_i_text_printf(&words, "Only the first %zu of %zu are drawn; the table of values holds them all. ",
                          plan->n_categories, plan->chart->n_categories);
    if (plan->n_series < plan->chart->n_series)
        est_i_text_append(&words, "Only the first series are drawn; the table of values holds them all. ");
    if (plan->chart->n_categories == 0 || plan->chart->n_series == 0)
        est_i_text_append(&words, "There is nothing to draw.");
    y = est_i_chart_words(canvas, y, words.length && !words.failed ? words.data : "", type, 16);
    est_i_drop(&words, plan->failed);
    return y;
}

/* Sets the plot's place and returns the height of the picture; draws the words if there is a canvas. */
static double draw_surroundings(est_i_canvas *canvas, layout *plan)
{
    const est_chart *chart = plan->chart;
    double y = est_i_chart_heading(canvas, chart, plan->shown->result, 4);
    if (plan->n_series > 1)
        y = est_i_chart_legend(canvas, chart->series, est_i_band_styles, plan->n_series, y);
    plan->top = y + 30;
    plan->bottom = plan->top + category_height(plan) * (double)plan->n_categories;
    if (canvas && chart->y_title[0])
        est_i_chart_put(canvas, EST_I_CHART_MARGIN, plan->top - 8, est_i_chart_font(13, true, "#000000", EST_I_START),
                        chart->y_title);
    y = plan->bottom + 24;
    if (chart->x_title[0])
        y += 18;
    if (canvas && chart->x_title[0])
        est_i_chart_put(canvas, (plan->left + plan->right) / 2, y, est_i_chart_font(13, true, "#000000", EST_I_MIDDLE),
                        chart->x_title);
    return draw_footer(canvas, plan, y + 6) + 14;
}

void est_i_chart_forest(const est_i_shown_chart *shown, const char *id, est_i_canvas *canvas)
{
    const est_chart *chart = &shown->chart;
    layout plan = make_layout(shown, &canvas->output->failed);
    double height = draw_surroundings(NULL, &plan);
    canvas->type->begin(canvas, &(est_i_picture){EST_I_CHART_WIDTH, height, id, chart->title, chart->alternative});
    draw_stripes(canvas, &plan);
    draw_axis(canvas, &plan);
    draw_surroundings(canvas, &plan);
    draw_reference(canvas, &plan);
    draw_rows(canvas, &plan);
    canvas->type->end(canvas);
}
