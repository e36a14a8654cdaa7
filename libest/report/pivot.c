/* Rows as the cells of a table: an overview of several estimands by age, and the age groups of domains. */
#include "report/pivot.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define AGE "age"
#define PERIOD "period"

static size_t place_of(const est_row *const *heads, size_t n_heads, const est_row *row, est_i_same same)
{
    size_t at = 0;
    while (at < n_heads && !same(heads[at], row))
        at++;
    return at;
}

bool est_i_pivot_make(est_i_pivot *pivot, est_i_same same_line, est_i_same same_column)
{
    size_t n = pivot->n_rows;
    pivot->lines = calloc(n + 1, sizeof *pivot->lines);
    pivot->columns = calloc(n + 1, sizeof *pivot->columns);
    for (size_t i = 0; pivot->lines && pivot->columns && i < n; i++) {
        if (place_of(pivot->lines, pivot->n_lines, pivot->rows[i], same_line) == pivot->n_lines)
            pivot->lines[pivot->n_lines++] = pivot->rows[i];
        if (place_of(pivot->columns, pivot->n_columns, pivot->rows[i], same_column) == pivot->n_columns)
            pivot->columns[pivot->n_columns++] = pivot->rows[i];
    }
    pivot->cells = calloc(pivot->n_lines * pivot->n_columns + 1, sizeof *pivot->cells);
    if (!pivot->lines || !pivot->columns || !pivot->cells)
        return false;
    for (size_t i = n; i-- > 0;)
        pivot->cells[place_of(pivot->lines, pivot->n_lines, pivot->rows[i], same_line) * pivot->n_columns +
                     place_of(pivot->columns, pivot->n_columns, pivot->rows[i], same_column)] = pivot->rows[i];
    return true;
}

void est_i_pivot_free(est_i_pivot *pivot)
{
    free(pivot->lines);
    free(pivot->columns);
    free(pivot->cells);
    free(pivot->rows);
    *pivot = (est_i_pivot){0};
}

const est_row *est_i_pivot_at(const est_i_pivot *pivot, size_t line, size_t column)
{
    return pivot->cells[line * pivot->n_columns + column];
}

est_i_look est_i_pivot_look(const est_i_pivot *pivot)
{
    est_i_look look = {.level = NAN, .method = ""};
    for (size_t i = 0; i < pivot->n_rows; i++)
        est_i_look_at(&look, pivot->rows[i]);
    est_i_look_finish(&look);
    est_i_settle_method(&look, pivot->rows, pivot->n_rows);
    return look;
}

est_i_digits est_i_pivot_digits(const est_i_pivot *pivot, size_t column)
{
    est_i_look look = {.level = NAN, .method = ""};
    for (size_t line = 0; line < pivot->n_lines; line++)
        if (est_i_pivot_at(pivot, line, column))
            est_i_look_at(&look, est_i_pivot_at(pivot, line, column));
    return look.first ? est_i_look_digits(&look) : (est_i_digits){-1, -1};
}

/* What is told of errors and intervals has no place where there are none. */
static const uint32_t of_errors = EST_FLAG_BIT(EST_FLAG_LONELY_PSU) | EST_FLAG_BIT(EST_FLAG_FEW_DF) | EST_FLAG_BIT(EST_FLAG_NO_DF) |
                                  EST_FLAG_BIT(EST_FLAG_AT_BOUND) | EST_FLAG_BIT(EST_FLAG_MODEL_KNOWN);

void est_i_pivot_estimates_only(est_i_look *look)
{
    look->common &= ~of_errors;
    look->others &= ~of_errors;
}

void est_i_pivot_cell(const est_row *row, int decimals, const est_i_look *look, est_i_text *cell)
{
    if (!row) {
        est_i_text_append(cell, "-");
        return;
    }
    est_i_show_estimate_to(cell, row, decimals);
    est_i_text_append(cell, look->others & est_i_remarks(row) ? " " : "");
    est_i_show_letters(cell, look->others, est_i_remarks(row));
}

void est_i_pivot_explain(const est_i_pivot *pivot, const est_i_look *look, est_i_grid *grid)
{
    est_i_say_flags(&grid->remark, "Every estimate: ", look->common);
    est_i_explain_letters(&grid->letters, look->others);
    est_i_explain_marks(pivot->result, pivot->rows, pivot->n_rows, &grid->letters);
}

/* ---- several estimands by age ---- */

static bool same_age(const est_row *a, const est_row *b)
{
    return strcmp(est_i_row_label(a, AGE), est_i_row_label(b, AGE)) == 0;
}

static bool has_periods(const est_i_pivot *pivot)
{
    bool any = false;
    for (size_t line = 0; line < pivot->n_lines && !any; line++)
        any = est_i_row_label(pivot->lines[line], PERIOD)[0] != '\0';
    return any;
}

static bool same_estimand(const est_row *a, const est_row *b)
{
    return strcmp(a->estimand, b->estimand) == 0;
}

static bool is_overview_row(const est_i_grouping *grouping, size_t row)
{
    size_t group = grouping->group[row]; /* SIZE_MAX: a detail, of which the part is not known, or in another table */
    return grouping->part[row] == EST_I_AGES && (group == SIZE_MAX || !grouping->beside[group]);
}

/* The index-th of the units that the whole and its age groups have; NULL past the end. */
static const char *unit_at(const est_result *result, const est_i_grouping *grouping, size_t index)
{
    for (size_t i = 0; i < grouping->n_rows; i++) {
        const char *unit = est_result_row(result, i)->unit;
        bool first = is_overview_row(grouping, i);
        for (size_t j = 0; j < i && first; j++)
            first = !is_overview_row(grouping, j) || strcmp(est_result_row(result, j)->unit, unit) != 0;
        if (first && index-- == 0)
            return unit;
    }
    return NULL;
}

size_t est_i_overviews(const est_result *result, const est_i_grouping *grouping)
{
    size_t count = 0;
    while (unit_at(result, grouping, count))
        count++;
    return count;
}

static bool collect_overview(const est_result *result, const est_i_grouping *grouping, const char *unit, est_i_pivot *pivot)
{
    *pivot = (est_i_pivot){.result = result, .rows = calloc(grouping->n_rows + 1, sizeof *pivot->rows)};
    for (size_t i = 0; pivot->rows && i < grouping->n_rows; i++)
        if (is_overview_row(grouping, i) && strcmp(est_result_row(result, i)->unit, unit) == 0)
            pivot->rows[pivot->n_rows++] = est_result_row(result, i);
    return pivot->rows && est_i_pivot_make(pivot, est_i_same_domain, same_estimand);
}

static void overview_headings(const est_i_pivot *pivot, const est_i_look *look, est_i_grid *grid)
{
    const est_i_unit *unit = est_i_row_unit(look->first);
    est_i_text_append(&grid->caption, "Estimates by age: ");
    est_i_text_append(&grid->caption, unit ? unit->words : look->first->unit);
    est_i_say_interval(&grid->remark, "Below each estimate its interval: ", look);
    if (has_periods(pivot))
        est_i_grid_column(grid, "Period", false);
    est_i_grid_column(grid, "Age", false);
    grid->n_labels = grid->n_columns;
    for (size_t column = 0; column < pivot->n_columns; column++) {
        est_i_text heading = {0};
        est_i_show_base_of(&heading, pivot->result, pivot->columns[column]->estimand);
        est_i_grid_column(grid, heading.length ? heading.data : "", true);
        est_i_drop(&heading, &grid->failed);
    }
}

static void overview_cell(const est_row *row, est_i_digits digits, const est_i_look *look, est_i_grid *grid)
{
    est_i_text *cell = est_i_grid_open(grid);
    est_i_pivot_cell(row, digits.estimate, look, cell);
    if (row && (!isnan(row->lower) || !isnan(row->upper))) {
        est_i_text_append(cell, "\n");
        est_i_show_interval_to(cell, row, digits.estimate);
    }
    est_i_grid_close(grid);
}

bool est_i_overview_grid(const est_result *result, const est_i_grouping *grouping, size_t unit, est_i_grid *grid)
{
    const char *name = unit_at(result, grouping, unit);
    est_i_pivot pivot = {0};
    bool made = name && collect_overview(result, grouping, name, &pivot), fits = made && pivot.n_lines > 1 && pivot.n_columns > 1;
    grid->failed |= name && !made;
    if (fits) {
        est_i_look look = est_i_pivot_look(&pivot);
        overview_headings(&pivot, &look, grid);
        for (size_t line = 0; line < pivot.n_lines; line++) {
            const char *age = est_i_row_age(pivot.lines[line]);
            if (has_periods(&pivot))
                est_i_grid_cell(grid, est_i_row_label(pivot.lines[line], PERIOD));
            est_i_grid_cell(grid, age[0] ? age : "All");
            for (size_t column = 0; column < pivot.n_columns; column++)
                overview_cell(est_i_pivot_at(&pivot, line, column), est_i_pivot_digits(&pivot, column), &look, grid);
        }
        est_i_pivot_explain(&pivot, &look, grid);
    }
    est_i_pivot_free(&pivot);
    return fits;
}

/* ---- age groups of domains ---- */

static bool same_but_age(const est_row *a, const est_row *b)
{
    for (size_t i = 0; i < a->n_domain; i++)
        if (strcmp(a->domain[i].name, AGE) != 0 && strcmp(a->domain[i].value, est_i_row_label(b, a->domain[i].name)) != 0)
            return false;
    return true; /* rows of one group have the same labels */
}

static void domain_ages_headings(const est_i_pivot *pivot, const est_i_look *look, const char *const *names, size_t n_names,
                                 est_i_grid *grid)
{
    const est_i_unit *unit = est_i_row_unit(look->first);
    est_i_show_estimand_of(&grid->caption, pivot->result, look->first->estimand);
    est_i_show_by(&grid->caption, names, n_names);
    est_i_text_append(&grid->caption, ": age groups");
    est_i_say(&grid->remark, "", unit ? unit->remark : look->first->unit);
    for (size_t i = 0; i < n_names; i++) {
        est_i_text heading = {0};
        est_i_show_name(&heading, names[i]);
        est_i_grid_column(grid, heading.length ? heading.data : "", false);
        est_i_drop(&heading, &grid->failed);
    }
    for (size_t column = 0; column < pivot->n_columns; column++)
        est_i_grid_column(grid, est_i_row_label(pivot->columns[column], AGE), true);
    grid->n_labels = n_names;
    grid->repeats = true;
}

static void domain_ages_lines(const est_i_pivot *pivot, const char *const *names, size_t n_names, est_i_grid *grid)
{
    est_i_look look = est_i_pivot_look(pivot);
    est_i_pivot_estimates_only(&look);
    domain_ages_headings(pivot, &look, names, n_names, grid);
    for (size_t line = 0; line < pivot->n_lines; line++) {
        for (size_t i = 0; i < n_names; i++)
            est_i_grid_cell(grid, est_i_row_label(pivot->lines[line], names[i]));
        for (size_t column = 0; column < pivot->n_columns; column++) {
            est_i_digits digits = est_i_pivot_digits(pivot, column);
            est_i_pivot_cell(est_i_pivot_at(pivot, line, column), digits.estimate, &look, est_i_grid_open(grid));
            est_i_grid_close(grid);
        }
    }
    est_i_pivot_explain(pivot, &look, grid);
}

void est_i_domain_ages_grid(const est_result *result, const est_i_grouping *grouping, size_t first, est_i_grid *grid)
{
    const char **names = NULL;
    size_t n_names = est_i_label_names(result, grouping, first, &names, &grid->failed), kept = 0;
    est_i_pivot pivot = {.result = result, .rows = calloc(grouping->n_rows + 1, sizeof *pivot.rows)};
    for (size_t i = 0; i < n_names; i++)
        if (strcmp(names[i], AGE) != 0)
            names[kept++] = names[i];
    for (size_t i = first; pivot.rows && i < grouping->n_rows; i++)
        if (grouping->group[i] == first)
            pivot.rows[pivot.n_rows++] = est_result_row(result, i);
    if (pivot.rows && names && est_i_pivot_make(&pivot, same_but_age, same_age))
        domain_ages_lines(&pivot, names, kept, grid);
    else
        grid->failed = true;
    est_i_pivot_free(&pivot);
    free(names);
}
