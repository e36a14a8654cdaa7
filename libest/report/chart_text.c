/* Forest and UpSet charts in the letters of a terminal. */
#include <math.h>
#include <string.h>

#include "report/chart_parts.h"
#include "report/chart_scale.h"
#include "report/encode.h"
#include "report/table_layout.h"

#define MOST_LINES 12
#define LONGEST_NAME 34
#define SHORTEST_NAME 10
#define WIDEST_PLOT 48
#define NARROWEST_PLOT 16
#define LONGEST_BAR 40
#define MOST_DOTS 30 /* sets that a matrix of dots can hold; beyond, combinations are named */

static void repeat(est_i_text *output, const char *letter, size_t count)
{
    while (count--)
        est_i_text_append(output, letter);
}

/* Wrapped to the width, further lines set in. */
static void paragraph(est_i_text *output, const char *text, size_t width, size_t indent)
{
    const char *line = NULL;
    size_t bytes = 0, inset = indent;
    while (est_i_wrap_next(&text, width - inset, &line, &bytes)) {
        repeat(output, " ", inset);
        est_i_encode_plain_bytes(output, line, bytes);
        est_i_text_append(output, "\n");
        inset = indent ? indent + 2 : 0;
    }
}

/* A name in a column of its own. */
static void column(est_i_text *output, const char *name, size_t width)
{
    est_i_text cut = {0}, plain = {0};
    est_i_cut_name(&cut, name, width);
    est_i_encode_plain(&plain, cut.length ? cut.data : "");
    size_t letters = plain.length ? est_i_utf8_length(plain.data) : 0;
    est_i_text_append(output, plain.length ? plain.data : "");
    repeat(output, " ", letters < width ? width - letters : 0);
    est_i_drop(&cut, &output->failed);
    est_i_drop(&plain, &output->failed);
}

static void right_aligned(est_i_text *output, const char *text, size_t width)
{
    size_t letters = est_i_utf8_length(text);
    repeat(output, " ", letters < width ? width - letters : 0);
    est_i_text_append(output, text);
}

/* ---- forest ---- */

typedef struct forest {
    const est_i_shown_chart *shown;
    const est_chart *chart; /* the one in it */
    est_i_scale scale;
    size_t n_lines, n_shown, name, plot, number; /* lines, and the widths of the columns */
} forest;

static const est_series *line_series(const forest *plan, size_t line)
{
    return &plan->chart->series[line % plan->chart->n_series];
}

static void line_name(const forest *plan, size_t line, est_i_text *name)
{
    est_i_text_append(name, plan->chart->categories[line / plan->chart->n_series]);
    if (plan->chart->n_series > 1) {
        est_i_text_append(name, ", ");
        est_i_text_append(name, line_series(plan, line)->name);
    }
}

static void forest_widths(forest *plan, size_t width, bool *failed)
{
    for (size_t line = 0; line < plan->n_shown; line++) {
        est_i_text name = {0}, number = {0};
        line_name(plan, line, &name);
        est_i_show_point(&number, plan->shown, line % plan->chart->n_series, line / plan->chart->n_series);
        size_t letters = name.length ? est_i_utf8_length(name.data) : 0;
        plan->name = letters > plan->name ? letters : plan->name;
        plan->number = number.length > plan->number ? number.length : plan->number;
        est_i_drop(&name, failed);
        est_i_drop(&number, failed);
    }
    size_t taken = 6 + plan->number + NARROWEST_PLOT, room = taken < width ? width - taken : 0;
    plan->name = plan->name < LONGEST_NAME ? plan->name : LONGEST_NAME;
    if (plan->name > room)
        plan->name = room > SHORTEST_NAME ? room : SHORTEST_NAME;
    taken = 6 + plan->number + plan->name;
    plan->plot = taken + NARROWEST_PLOT < width ? width - taken : NARROWEST_PLOT;
    plan->plot = plan->plot < WIDEST_PLOT ? plan->plot : WIDEST_PLOT;
}

/* The column of the plot; the outermost ones also stand for what lies beyond. */
static size_t place_of(const forest *plan, double value)
{
    double share = isinf(value) ? value : est_i_scale_share(&plan->scale, value);
    return (size_t)lround(fmax(0, fmin(1, share)) * (double)(plan->plot - 1));
}

static bool is_beyond(const forest *plan, double value)
{
    return value < plan->scale.low || value > plan->scale.high * (1 + 1e-12);
}

static void draw_line(const forest *plan, const est_series *series, size_t category, char plot[WIDEST_PLOT + 1])
{
    double value = series->value[category], lower = series->lower ? series->lower[category] : NAN,
           upper = series->upper ? series->upper[category] : NAN;
    lower = isnan(lower) ? value : lower;
    upper = isnan(upper) ? value : upper;
    memset(plot, ' ', plan->plot);
    plot[plan->plot] = '\0';
    if (est_i_can_be_drawn(plan->chart->reference) && !is_beyond(plan, plan->chart->reference))
        plot[place_of(plan, plan->chart->reference)] = ':';
    if (upper > lower) {
        size_t from = place_of(plan, lower), to = place_of(plan, upper);
        memset(plot + from, '-', to - from + 1);
        plot[from] = is_beyond(plan, lower) ? '<' : '|';
        plot[to] = is_beyond(plan, upper) ? '>' : '|';
    }
    if (!isnan(value) && !is_beyond(plan, value))
        plot[place_of(plan, value)] = 'o';
}

static void forest_axis(const forest *plan, est_i_text *output)
{
    est_i_text low = {0}, high = {0};
    int decimals = plan->scale.logarithmic ? 0 : plan->scale.decimals;
    if (plan->scale.logarithmic && plan->scale.low < 1)
        est_i_text_number(&low, plan->scale.low);
    else
        est_i_show_number(&low, plan->scale.low, decimals);
    if (plan->scale.logarithmic && plan->scale.high < 1)
        est_i_text_number(&high, plan->scale.high);
    else
        est_i_show_number(&high, plan->scale.high, decimals);
    repeat(output, " ", 4 + plan->name);
    if (low.length && high.length) {
        est_i_text_append(output, low.data);
        right_aligned(output, high.data, plan->plot > low.length ? plan->plot - low.length : 0);
    }
    if (plan->shown->after[0])
        est_i_text_printf(output, "  (%s)", plan->chart->x_title);
    est_i_text_append(output, plan->scale.logarithmic ? "  (logarithmic)\n" : "\n");
    est_i_drop(&low, &output->failed);
    est_i_drop(&high, &output->failed);
}

static void forest_text(const est_i_shown_chart *shown, size_t width, est_i_text *output)
{
    const est_chart *chart = &shown->chart;
    forest plan = {.shown = shown, .chart = chart, .n_lines = chart->n_categories * chart->n_series};
    plan.n_shown = plan.n_lines < MOST_LINES ? plan.n_lines : MOST_LINES;
    if (plan.n_lines == 0)
        return;
    plan.scale = est_i_scale_across(shown, (plan.n_shown + chart->n_series - 1) / chart->n_series, chart->n_series);
    forest_widths(&plan, width, &output->failed);
    for (size_t line = 0; line < plan.n_shown; line++) {
        char plot[WIDEST_PLOT + 1];
        est_i_text name = {0}, number = {0};
        line_name(&plan, line, &name);
        est_i_show_point(&number, shown, line % chart->n_series, line / chart->n_series);
        draw_line(&plan, line_series(&plan, line), line / chart->n_series, plot);
        repeat(output, " ", 2);
        column(output, name.length ? name.data : "", plan.name);
        repeat(output, " ", 2);
        est_i_text_append(output, plot);
        repeat(output, " ", 2);
        right_aligned(output, number.length ? number.data : "", plan.number);
        est_i_text_append(output, "\n");
        est_i_drop(&name, &output->failed);
        est_i_drop(&number, &output->failed);
    }
    forest_axis(&plan, output);
    if (plan.n_lines > plan.n_shown)
        est_i_text_printf(output, "  ... %zu more\n", plan.n_lines - plan.n_shown);
}

/* ---- UpSet ---- */

static void show_count(est_i_text *output, double count)
{
    if (isnan(count))
        est_i_text_append(output, "n.p.");
    else
        est_i_show_number(output, count, 0);
}

static void sets_in_order(const est_chart *chart, size_t width, est_i_text *output)
{
    est_i_text words = {0};
    if (chart->n_sets == 0)
        return;
    est_i_text_append(&words, "Lists from left to right, with everybody on each: ");
    for (size_t i = 0; i < chart->n_sets; i++) {
        est_i_text_append(&words, i ? "; " : "");
        est_i_text_append(&words, chart->sets[i]);
        est_i_text_append(&words, " ");
        show_count(&words, est_i_can_be_drawn(chart->set_totals[i]) ? chart->set_totals[i] : NAN);
    }
    paragraph(output, words.failed ? "" : words.data, width, 2);
    est_i_drop(&words, &output->failed);
}

/* Letters of the first column: dots, or names; at least `least`, so that what stands below them is not cut. */
static size_t first_column(const est_chart *chart, size_t least)
{
    bool dots = chart->n_sets > 0 && chart->n_sets <= MOST_DOTS;
    size_t letters = dots ? 2 * chart->n_sets - 1 : LONGEST_NAME;
    return letters > least ? letters : least;
}

static void combination_line(const est_chart *chart, size_t category, size_t letters, est_i_text *output)
{
    const unsigned char *members = chart->membership + category * chart->n_sets;
    est_i_text_append(output, "  ");
    if (chart->n_sets == 0 || chart->n_sets > MOST_DOTS)
        column(output, chart->categories[category], letters);
    else
        letters -= 2 * chart->n_sets - 1;
    for (size_t set = 0; set < chart->n_sets && chart->n_sets <= MOST_DOTS; set++) {
        est_i_text_append(output, set ? " " : "");
        est_i_text_append(output, members[set] ? "o" : ".");
    }
    if (chart->n_sets > 0 && chart->n_sets <= MOST_DOTS)
        repeat(output, " ", letters);
}

static void count_and_bar(double count, double largest, est_i_text *output)
{
    est_i_text label = {0};
    show_count(&label, count);
    right_aligned(output, label.length ? label.data : "", 12);
    if (count > 0 && largest > 0) {
        est_i_text_append(output, "  ");
        repeat(output, "#", (size_t)ceil(LONGEST_BAR * count / largest));
    }
    est_i_text_append(output, "\n");
    est_i_drop(&label, &output->failed);
}

static void upset_text(const est_chart *chart, size_t width, est_i_text *output)
{
    est_i_combinations all;
    est_i_text others = {0};
    double largest = 0;
    if (!est_i_combinations_make(chart, MOST_LINES, &all)) {
        output->failed = true;
        return;
    }
    sets_in_order(chart, width, output);
    if (chart->n_categories == 0)
        paragraph(output, "How many are in each combination is not published (withheld or not known).", width, 2);
    for (size_t i = 0; i < all.n_shown; i++)
        largest = fmax(largest, est_i_combination_count(chart, all.shown[i]));
    largest = fmax(largest, all.others);
    est_i_text_printf(&others, "%zu %s", all.n_others, all.n_others == 1 ? "other" : "others");
    size_t letters = first_column(chart, all.n_others ? others.length : 0);
    for (size_t i = 0; i < all.n_shown; i++) {
        combination_line(chart, all.shown[i], letters, output);
        count_and_bar(est_i_combination_count(chart, all.shown[i]), largest, output);
    }
    if (all.n_others) {
        est_i_text_append(output, "  ");
        column(output, others.failed ? "" : others.data, letters);
        count_and_bar(all.others, largest, output);
    }
    est_i_drop(&others, &output->failed);
    est_i_combinations_free(&all);
}

void est_i_chart_text(const est_i_shown_chart *shown, size_t width, est_i_text *output)
{
    const est_chart *chart = &shown->chart;
    if (chart->kind != EST_CHART_FOREST && chart->kind != EST_CHART_UPSET)
        return;
    est_i_text_append(output, "\n");
    paragraph(output, chart->title, width, 0);
    if (chart->kind == EST_CHART_FOREST)
        forest_text(shown, width, output);
    else
        upset_text(chart, width, output);
}
