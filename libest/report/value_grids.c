/* Grids of named scalars, frames and the values behind a chart. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/table_layout.h"

/* Suppression says in a note of this code that it took something out. */
static bool is_suppressed(const est_result *result)
{
    for (size_t i = 0; i < est_result_notes(result); i++)
        if (strcmp(est_result_note(result, i)->code, "suppressed") == 0)
            return true;
    return false;
}

void est_i_stats_grid(const est_result *result, est_i_grid *grid)
{
    bool suppressed = is_suppressed(result);
    est_i_grid_column(grid, "Name", false);
    est_i_grid_column(grid, "Value", false);
    for (size_t i = 0; i < est_result_stats(result); i++) {
        const est_stat *stat = est_result_stat(result, i);
        est_i_show_statistic_name(est_i_grid_open(grid), stat->name);
        est_i_grid_close(grid);
        est_i_text *cell = est_i_grid_open(grid);
        if (stat->text)
            est_i_text_append(cell, stat->text);
        else if (isnan(stat->value) && suppressed)
            est_i_text_append(cell, "withheld");
        else
            est_i_show_statistic(cell, stat->name, stat->value);
        est_i_grid_close(grid);
    }
}

const char *est_i_stats_title(const est_result *result)
{
    for (size_t i = 0; i < est_result_rows(result); i++)
        if (est_i_is_of_survey(est_result_row(result, i)))
            return "The sample and its design";
    return "Statistics of the fit";
}

/* ---- frames ---- */

/* How the numbers of one column are written, so that they line up. */
typedef struct column_look {
    bool numbers, fractions;
    bool right; /* it holds numbers, or texts all of which are written numbers */
    double largest;
} column_look;

/* "1,234", "<0.1", "(12.3)", "8.1 %", "*", "-" or nothing: what stands in a column of numbers. */
static bool is_written_number(const char *text)
{
    return text[strspn(text, "0123456789.,-+<>()*x% eE")] == '\0';
}

static column_look look_at_column(const est_frame *frame, size_t column)
{
    column_look look = {0};
    bool digits = false, words = false;
    for (size_t row = 0; row < frame->n_rows; row++) {
        const est_cell *cell = &frame->cells[row * frame->n_columns + column];
        if (cell->text) {
            words |= !is_written_number(cell->text);
            digits |= is_written_number(cell->text) && strpbrk(cell->text, "0123456789");
            continue;
        }
        look.numbers = true;
        if (!isfinite(cell->number))
            continue;
        look.fractions |= cell->number != floor(cell->number);
        look.largest = fmax(look.largest, fabs(cell->number));
    }
    look.right = look.numbers || (digits && !words);
    return look;
}

static est_column_role role_of(const est_frame *frame, size_t column)
{
    return frame->roles ? frame->roles[column] : EST_ROLE_PLAIN;
}

/* Columns of counts bear names of the data (periods, places), which are not ours to put into words, but for some of our own. In
 * these two frames a name like "seen" is a stratum's all the same. */
static bool is_of_the_data(const est_frame *frame, size_t column)
{
    const char *name = frame->columns[column];
    bool strata = strcmp(frame->name, "lists") == 0 || strcmp(frame->name, "overlaps") == 0;
    bool ours = strcmp(name, "persons") == 0 || (!strata && est_i_has_own_form(name));
    return role_of(frame, column) == EST_ROLE_COUNT && !ours;
}

static void frame_heading(const est_frame *frame, size_t column, bool right, est_i_grid *grid)
{
    const char *name = frame->columns[column];
    est_i_text heading = {0};
    if (!is_of_the_data(frame, column))
        est_i_show_statistic_name(&heading, name);
    else
        est_i_text_append(&heading, name);
    est_i_grid_column(grid, heading.length ? heading.data : "", right);
    est_i_drop(&heading, &grid->failed);
}

static void show_cell(est_i_text *output, double value, const column_look *look)
{
    int decimals = look->largest >= 100 ? 2 : look->largest >= 1 ? 3 : 4;
    if (look->fractions || !isfinite(value))
        est_i_show_precise(output, value, decimals);
    else if (look->largest < 10000) /* years and small codes carry no thousands mark */
        est_i_text_number(output, value == 0 ? 0 : value);
    else
        est_i_show_number(output, value, 0);
}

/* Has the method given this estimand a title? */
static bool is_titled(const est_result *result, const char *estimand)
{
    bool found = false;
    for (size_t i = 0; i < est_i_facts(result, "estimand") && !found; i++)
        found = strcmp(est_i_fact(result, "estimand", i)->name, estimand) == 0;
    return found;
}

static bool names_estimand(const char *column)
{
    return strcmp(column, "estimand") == 0 || strcmp(column, "indicator") == 0;
}

/* Frames of an indicator: shares of people with an answer missing, or who meet a condition. */
static bool is_share(const est_frame *frame, size_t column)
{
    static const char *const frames[] = {"missing", "counts", "benchmarks"};
    return est_i_is_listed(frames, sizeof frames / sizeof frames[0], frame->name) && strstr(frame->columns[column], "share");
}

static void frame_cell(const est_result *result, const est_frame *frame, size_t row, size_t column, const column_look *look,
                       est_i_grid *grid)
{
    const est_cell *cell = &frame->cells[row * frame->n_columns + column];
    est_i_text *text = est_i_grid_open(grid);
    if (cell->text && names_estimand(frame->columns[column]) && is_titled(result, cell->text))
        est_i_show_estimand_of(text, result, cell->text);
    else if (cell->text)
        est_i_text_append(text, cell->text);
    else if (is_share(frame, column))
        est_i_show_statistic(text, "coverage", cell->number);
    else if (frame->decimals && frame->decimals[column] >= 0)
        est_i_show_number(text, cell->number, frame->decimals[column]);
    else if (role_of(frame, column) == EST_ROLE_COUNT || role_of(frame, column) == EST_ROLE_ESTIMATE)
        est_i_show_number(text, cell->number, 0);
    else if (est_i_has_own_form(frame->columns[column]))
        est_i_show_statistic(text, frame->columns[column], cell->number);
    else
        show_cell(text, cell->number, look);
    est_i_grid_close(grid);
}

/* The same name in every line of the first column stands with the title. */
static bool is_of_one_estimand(const est_frame *frame)
{
    bool one = frame->n_columns > 1 && frame->n_rows > 1 && names_estimand(frame->columns[0]) && frame->cells[0].text;
    for (size_t row = 1; row < frame->n_rows && one; row++) {
        const char *text = frame->cells[row * frame->n_columns].text;
        one = text && strcmp(text, frame->cells[0].text) == 0;
    }
    return one;
}

void est_i_frame_grid(const est_result *result, const est_frame *frame, size_t limit, est_i_grid *grid)
{
    size_t n_rows = limit < frame->n_rows ? limit : frame->n_rows;
    column_look *looks = calloc(frame->n_columns ? frame->n_columns : 1, sizeof *looks);
    if (!looks) {
        grid->failed = true;
        return;
    }
    est_i_text_append(&grid->caption, frame->title[0] ? frame->title : frame->name);
    size_t first = is_of_one_estimand(frame) ? 1 : 0;
    if (first) {
        est_i_text_append(&grid->caption, ": ");
        est_i_show_estimand_of(&grid->caption, result, frame->cells[0].text);
    }
    for (size_t column = first; column < frame->n_columns; column++) {
        looks[column] = look_at_column(frame, column);
        frame_heading(frame, column, looks[column].numbers || (column && looks[column].right), grid);
    }
    for (size_t row = 0; row < n_rows; row++)
        for (size_t column = first; column < frame->n_columns; column++)
            frame_cell(result, frame, row, column, &looks[column], grid);
    free(looks);
}

/* ---- charts ---- */

static void show_chart_cell(est_i_text *output, const est_i_shown_chart *shown, size_t index, size_t category, int decimals)
{
    const est_series *series = &shown->chart.series[index];
    double lower = series->lower ? series->lower[category] : NAN;
    double upper = series->upper ? series->upper[category] : NAN;
    if (isnan(series->value[category]))
        est_i_text_append(output, est_i_absence(shown, index, category));
    else
        est_i_show_number(output, series->value[category], decimals);
    if (isnan(lower) && isnan(upper))
        return;
    est_i_text_append(output, "\n");
    est_i_show_number(output, lower, decimals);
    est_i_text_append(output, " to ");
    if (isinf(upper))
        est_i_text_append(output, "no upper limit");
    else
        est_i_show_number(output, upper, decimals);
}

/* The totals of the sets under the combinations. */
static void set_totals(const est_chart *chart, est_i_grid *grid)
{
    for (size_t set = 0; set < chart->n_sets; set++) {
        est_i_text *name = est_i_grid_open(grid);
        est_i_text_append(name, chart->sets[set]);
        est_i_text_append(name, ", alone or with others");
        est_i_grid_close(grid);
        for (size_t series = 0; series < chart->n_series; series++) {
            est_i_text *cell = est_i_grid_open(grid);
            if (series > 0)
                est_i_text_append(cell, "");
            else if (isnan(chart->set_totals[set]))
                est_i_text_append(cell, "not published");
            else
                est_i_show_number(cell, chart->set_totals[set], 0);
            est_i_grid_close(grid);
        }
    }
}

static void say_reference(const est_i_shown_chart *shown, est_i_grid *grid)
{
    if (shown->chart.kind != EST_CHART_FOREST || isnan(shown->chart.reference))
        return;
    est_i_text_append(&grid->remark, "The line through the chart stands at ");
    est_i_show_reference(&grid->remark, shown);
    est_i_text_append(&grid->remark, ".");
}

static void chart_lines(const est_i_shown_chart *shown, const int *decimals, est_i_grid *grid)
{
    const est_chart *chart = &shown->chart;
    for (size_t category = 0; category < chart->n_categories; category++) {
        est_i_grid_cell(grid, chart->categories[category]);
        for (size_t series = 0; series < chart->n_series; series++) {
            show_chart_cell(est_i_grid_open(grid), shown, series, category, decimals[series]);
            est_i_grid_close(grid);
        }
    }
}

void est_i_chart_grid(const est_i_shown_chart *shown, est_i_grid *grid)
{
    const est_chart *chart = &shown->chart;
    const char *categories = chart->kind == EST_CHART_FOREST ? chart->y_title : chart->x_title;
    int *decimals = calloc(chart->n_series ? chart->n_series : 1, sizeof *decimals);
    if (!decimals) {
        grid->failed = true;
        return;
    }
    est_i_text_append(&grid->caption, "Values of the chart: ");
    est_i_text_append(&grid->caption, chart->title);
    if (shown->after[0])
        est_i_say(&grid->remark, "", chart->kind == EST_CHART_ALONG ? chart->y_title : chart->x_title);
    est_i_text_append(&grid->remark, grid->remark.length ? " " : "");
    say_reference(shown, grid);
    est_i_grid_column(grid, categories[0] ? categories : "Category", false);
    for (size_t series = 0; series < chart->n_series; series++) {
        decimals[series] = est_i_series_decimals(shown, series);
        est_i_grid_column(grid, chart->series[series].name, true);
    }
    chart_lines(shown, decimals, grid);
    if (chart->kind == EST_CHART_UPSET)
        set_totals(chart, grid);
    free(decimals);
}
