/* How many are in each combination of sets: a bar a combination above a matrix of dots, the sets' totals at the left.
 * Introduced by Lex et al. 2014, "UpSet: Visualization of Intersecting Sets", doi:10.1109/TVCG.2014.2346248. */
#include <math.h>
#include <string.h>

#include "report/chart_parts.h"
#include "report/chart_scale.h"
#include "report/encode.h"
#include "report/table_layout.h"

#define MOST_COLUMNS 30
#define PLOT_HEIGHT 240.0
#define ROW_HEIGHT 26.0
#define TOTAL_LENGTH 120.0 /* of the longest bar of a set */
#define WIDEST_SLOT 64.0
#define SET_LETTERS 24 /* longer names of sets are cut in the picture, never in the table */
#define INK "#1a1a1a"
#define LIGHT "#c8c8c8"

typedef struct layout {
    const est_chart *chart;
    const est_result *result;
    est_i_combinations combinations;
    est_i_scale scale;
    size_t n_columns, count_letters;
    bool *failed; /* told when a scratch text cannot be made */
    double names, left, slot; /* the right ends of the sets' bars, and where the matrix begins */
    double top, bottom, matrix, below; /* of the bars, and of the matrix */
    double largest_total;
} layout;

/* ---- places ---- */

/* The last column may be the sum of the others. */
static bool is_others(const layout *plan, size_t column)
{
    return column == plan->combinations.n_shown;
}

static double column_count(const layout *plan, size_t column)
{
    return is_others(plan, column) ? plan->combinations.others
                                   : est_i_combination_count(plan->chart, plan->combinations.shown[column]);
}

static double column_x(const layout *plan, size_t column)
{
    return plan->left + plan->slot * ((double)column + 0.5);
}

static double row_y(const layout *plan, size_t set)
{
    return plan->matrix + ROW_HEIGHT * ((double)set + 0.5);
}

static bool holds(const layout *plan, size_t column, size_t set)
{
    return plan->chart->membership[plan->combinations.shown[column] * plan->chart->n_sets + set] != 0;
}

static double total_of(const layout *plan, size_t set)
{
    double total = plan->chart->set_totals[set];
    return total >= 0 && est_i_can_be_drawn(total) ? total : NAN;
}

static void show_count(est_i_text *label, double count)
{
    if (isnan(count))
        est_i_text_append(label, "n.p.");
    else
        est_i_show_number(label, count, 0);
}

static size_t count_letters(const layout *plan, double count)
{
    est_i_text label = {0};
    show_count(&label, count);
    size_t letters = label.length;
    est_i_drop(&label, plan->failed);
    return letters;
}

static void place(layout *plan)
{
    const est_chart *chart = plan->chart;
    double largest = 0;
    size_t total_letters = 0;
    for (size_t i = 0; i < plan->n_columns; i++) {
        size_t letters = count_letters(plan, column_count(plan, i));
        largest = fmax(largest, column_count(plan, i));
        plan->count_letters = letters > plan->count_letters ? letters : plan->count_letters;
    }
    for (size_t i = 0; i < chart->n_sets; i++) {
        size_t letters = count_letters(plan, total_of(plan, i));
        plan->largest_total = fmax(plan->largest_total, total_of(plan, i));
        total_letters = letters > total_letters ? letters : total_letters;
    }
    plan->scale = est_i_scale_between(0, largest);
    plan->names = EST_I_CHART_MARGIN + est_i_letters_width(total_letters, 12) + 6 + TOTAL_LENGTH;
    plan->left = plan->names + 24 +
                 est_i_letters_width(est_i_longest_name(chart->sets, chart->n_sets, SET_LETTERS), 13);
    double room = EST_I_CHART_WIDTH - EST_I_CHART_MARGIN - plan->left;
    plan->slot = fmin(WIDEST_SLOT, room / (double)(plan->n_columns ? plan->n_columns : 1));
}

/* ---- bars ---- */

static void draw_axis(est_i_canvas *canvas, const layout *plan)
{
    double ticks[EST_I_MOST_TICKS], right = column_x(plan, plan->n_columns) - plan->slot / 2;
    size_t n = est_i_scale_ticks(&plan->scale, ticks);
    for (size_t i = 0; i < n; i++) {
        double y = plan->bottom - est_i_scale_share(&plan->scale, ticks[i]) * PLOT_HEIGHT;
        est_i_text label = {0};
        est_i_show_number(&label, ticks[i], plan->scale.decimals);
        est_i_chart_stroke(canvas, (est_i_point){plan->left, y}, (est_i_point){right, y},
                           (est_i_pen){i ? "#d0d0d0" : "#000000", NULL, i ? 1 : 1.5, ""});
        if (label.data)
            est_i_chart_put(canvas, plan->left - 8, y + 4.5, est_i_chart_font(13, false, "#000000", EST_I_END),
                            label.data);
        est_i_drop(&label, plan->failed);
    }
}

static bool labels_stand(const layout *plan)
{
    return est_i_letters_width(plan->count_letters, 12) > plan->slot;
}

/* The number stands over its bar, upright where there is no room. */
static void draw_count(est_i_canvas *canvas, const layout *plan, size_t column, double y)
{
    est_i_font type = est_i_chart_font(12, false, "#000000", EST_I_MIDDLE);
    double x = column_x(plan, column);
    est_i_text label = {0};
    show_count(&label, column_count(plan, column));
    if (labels_stand(plan)) {
        type.anchor = EST_I_START;
        type.angle = -90;
        x += 4;
    }
    if (label.data)
        est_i_chart_put(canvas, x, y - 5, type, label.data);
    est_i_drop(&label, plan->failed);
}

static void draw_bars(est_i_canvas *canvas, const layout *plan)
{
    const est_i_pen full = {NULL, INK, 0, ""}, open = {INK, "#ffffff", 2, ""};
    double width = 0.62 * plan->slot;
    for (size_t i = 0; i < plan->n_columns; i++) {
        double count = column_count(plan, i), x = column_x(plan, i);
        double y = plan->bottom - (isnan(count) ? 0 : est_i_scale_share(&plan->scale, count) * PLOT_HEIGHT);
        if (y < plan->bottom)
            est_i_chart_box(canvas, (est_i_point){x - width / 2, y}, width, plan->bottom - y,
                            is_others(plan, i) ? open : full);
        draw_count(canvas, plan, i, y);
    }
}

/* ---- matrix ---- */

static void draw_set(est_i_canvas *canvas, const layout *plan, size_t set)
{
    double y = row_y(plan, set), total = total_of(plan, set), length = 0;
    double right = column_x(plan, plan->n_columns) - plan->slot / 2;
    est_i_text name = {0}, label = {0};
    if (set % 2 == 0)
        est_i_chart_box(canvas, (est_i_point){plan->names, y - ROW_HEIGHT / 2}, right - plan->names, ROW_HEIGHT,
                        (est_i_pen){NULL, "#f2f2f2", 0, ""});
    if (plan->largest_total > 0 && total > 0)
        length = TOTAL_LENGTH * total / plan->largest_total;
    if (length > 0)
        est_i_chart_box(canvas, (est_i_point){plan->names - length, y - 7}, length, 14, (est_i_pen){NULL, "#6e6e6e", 0, ""});
    show_count(&label, total);
    est_i_cut_name(&name, plan->chart->sets[set], SET_LETTERS);
    if (label.data)
        est_i_chart_put(canvas, plan->names - length - 6, y + 4.5, est_i_chart_font(12, false, "#000000", EST_I_END),
                        label.data);
    if (name.data)
        est_i_chart_put(canvas, plan->left - 12, y + 4.5, est_i_chart_font(13, false, "#000000", EST_I_END), name.data);
    est_i_drop(&name, plan->failed);
    est_i_drop(&label, plan->failed);
}

/* Dots of one combination: filled ones joined, the others small. */
static void draw_combination(est_i_canvas *canvas, const layout *plan, size_t column)
{
    const est_i_style dot = {INK, "", EST_I_CIRCLE, false}, none = {LIGHT, "", EST_I_CIRCLE, false};
    size_t n = plan->chart->n_sets, first = n, last = 0;
    double x = column_x(plan, column), radius = fmin(7, 0.36 * plan->slot);
    for (size_t set = 0; set < n; set++) {
        if (holds(plan, column, set)) {
            first = set < first ? set : first;
            last = set;
        }
    }
    if (first < last)
        est_i_chart_stroke(canvas, (est_i_point){x, row_y(plan, first)}, (est_i_point){x, row_y(plan, last)},
                           (est_i_pen){INK, NULL, fmin(3, radius), ""});
    for (size_t set = 0; set < n; set++) {
        bool held = holds(plan, column, set);
        est_i_chart_marker(canvas, held ? &dot : &none, x, row_y(plan, set), held ? radius : 0.4 * radius);
    }
}

static void draw_others(est_i_canvas *canvas, const layout *plan)
{
    est_i_font type = est_i_chart_font(12, false, "#000000", EST_I_MIDDLE);
    est_i_text label = {0};
    est_i_text_printf(&label, "%zu others", plan->combinations.n_others);
    type.angle = -90;
    if (label.data)
        est_i_chart_put(canvas, column_x(plan, plan->combinations.n_shown) + 4, (plan->matrix + plan->below) / 2, type,
                        label.data);
    est_i_drop(&label, plan->failed);
}

static void draw_matrix(est_i_canvas *canvas, const layout *plan)
{
    for (size_t set = 0; set < plan->chart->n_sets; set++)
        draw_set(canvas, plan, set);
    for (size_t column = 0; column < plan->combinations.n_shown; column++)
        draw_combination(canvas, plan, column);
    if (plan->combinations.n_others)
        draw_others(canvas, plan);
}

/* ---- words ---- */

static bool any_unknown(const layout *plan)
{
    bool found = false;
    for (size_t i = 0; i < plan->n_columns; i++)
        found |= isnan(column_count(plan, i));
    for (size_t i = 0; i < plan->chart->n_sets; i++)
        found |= isnan(total_of(plan, i));
    return found;
}

static double draw_footer(est_i_canvas *canvas, const layout *plan, double y)
{
    const est_i_font type = est_i_chart_font(12, false, "#333333", EST_I_START);
    est_i_text others = {0};
    if (plan->n_columns)
        y = est_i_chart_words(canvas, y,
                              "Bars above: those in exactly the combination of the large dots below. Bars at the left: all those "
                              "in one, alone or with others.",
                              type, 16);
    if (plan->combinations.n_others) {
        est_i_text_printf(&others, "Open bar: the %zu other combinations together, ", plan->combinations.n_others);
        show_count(&others, plan->combinations.others);
        est_i_text_append(&others, "; the table of values holds each of them.");
        y = est_i_chart_words(canvas, y, others.failed ? "" : others.data, type, 16);
    }
    if (any_unknown(plan))
        y = est_i_chart_words(canvas, y, "n.p.: not published (withheld or not known).", type, 16);
    if (plan->n_columns == 0)
        y = est_i_chart_words(canvas, y, "How many are in each combination is not published (withheld or not known).", type, 16);
    est_i_drop(&others, plan->failed);
    return y;
}

/* Sets the places and returns the height of the picture; draws the words if there is a canvas. */
static double draw_surroundings(est_i_canvas *canvas, layout *plan)
{
    const est_chart *chart = plan->chart;
    const est_i_font bold = est_i_chart_font(13, true, "#000000", EST_I_START);
    double y = est_i_chart_heading(canvas, chart, plan->result, 4);
    plan->top = plan->bottom = y + 10;
    if (plan->n_columns) {
        y = est_i_chart_words(canvas, y + 6, chart->y_title, bold, 18);
        plan->top = y + 16 + (labels_stand(plan) ? est_i_letters_width(plan->count_letters, 12) : 12);
        plan->bottom = plan->top + PLOT_HEIGHT;
    }
    plan->matrix = plan->bottom + 14;
    y = plan->below = plan->matrix + ROW_HEIGHT * (double)chart->n_sets;
    if (plan->n_columns && chart->x_title[0]) {
        y += 20;
        if (canvas)
            est_i_chart_put(canvas, column_x(plan, plan->n_columns / 2), y,
                            est_i_chart_font(13, true, "#000000", EST_I_MIDDLE), chart->x_title);
    }
    return draw_footer(canvas, plan, y + 8) + 14;
}

void est_i_chart_upset(const est_i_shown_chart *shown, const char *id, est_i_canvas *canvas)
{
    const est_chart *chart = &shown->chart;
    layout plan = {.chart = chart, .result = shown->result, .failed = &canvas->output->failed};
    if (!est_i_combinations_make(chart, MOST_COLUMNS, &plan.combinations)) {
        canvas->output->failed = true;
        return;
    }
    plan.n_columns = plan.combinations.n_shown + (plan.combinations.n_others > 0);
    place(&plan);
    double height = draw_surroundings(NULL, &plan);
    canvas->type->begin(canvas, &(est_i_picture){EST_I_CHART_WIDTH, height, id, chart->title, chart->alternative});
    if (plan.n_columns)
        draw_axis(canvas, &plan);
    draw_surroundings(canvas, &plan);
    draw_bars(canvas, &plan);
    draw_matrix(canvas, &plan);
    canvas->type->end(canvas);
    est_i_combinations_free(&plan.combinations);
}
