/* Standard tables: the rows that name one (est_row.table) as a report prints them. A line a domain under the heading of its kind
 * (sex: male, female), the whole as "Total"; a column an estimand, then weighted n and n of those that share them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/encode.h"
#include "report/pivot.h"
#include "report/writer.h"

#define AGE "age"
#define MOST_ACROSS 8 /* beyond so many columns, lines and columns change places if there are fewer lines */

size_t est_i_standard_tables(const est_result *result)
{
    size_t count = 0;
    while (est_i_standard_table(result, count))
        count++;
    return count;
}

const char *est_i_standard_table(const est_result *result, size_t index)
{
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const char *name = est_result_row(result, i)->table;
        bool first = name[0] && (i == 0 || strcmp(est_result_row(result, i - 1)->table, name) != 0);
        for (size_t j = 0; j < i && first; j++)
            first = strcmp(est_result_row(result, j)->table, name) != 0;
        if (first && index-- == 0)
            return name;
    }
    return NULL;
}

/* ---- lines ---- */

typedef struct standard {
    est_i_pivot pivot;
    est_i_look look;
    const char *base; /* the age group of the whole: no label of a line */
    size_t *order;    /* of the lines: the whole, its age groups, then the other kinds in the order in which they come */
} standard;

/* Labels of a line: all but the age group of the whole. */
static bool is_label(const standard *table, const est_label *label)
{
    return strcmp(label->name, AGE) != 0 || strcmp(label->value, table->base) != 0;
}

static size_t count_labels(const standard *table, const est_row *row)
{
    size_t count = 0;
    for (size_t i = 0; i < row->n_domain; i++)
        count += is_label(table, &row->domain[i]);
    return count;
}

static bool same_kind(const standard *table, const est_row *a, const est_row *b)
{
    bool same = count_labels(table, a) == count_labels(table, b);
    for (size_t i = 0; i < a->n_domain && same; i++) {
        const est_label here = a->domain[i], there = {here.name, est_i_row_label(b, here.name)};
        same = !is_label(table, &here) || (there.value[0] && is_label(table, &there));
    }
    return same;
}

static bool same_estimand(const est_row *a, const est_row *b)
{
    return strcmp(a->estimand, b->estimand) == 0 && strcmp(a->unit, b->unit) == 0;
}

/* The age group of the first line without another label, else of the first line. */
static const char *find_base(const est_i_pivot *pivot)
{
    for (size_t i = 0; i < pivot->n_rows; i++) {
        const char *age = est_i_row_label(pivot->rows[i], AGE);
        if (pivot->rows[i]->n_domain == (age[0] != '\0'))
            return age;
    }
    return pivot->n_rows ? est_i_row_label(pivot->rows[0], AGE) : "";
}

/* 0 the whole, 1 its age groups, 2 others. */
static int rank_of(const standard *table, const est_row *row)
{
    const char *age = est_i_row_label(row, AGE);
    size_t count = count_labels(table, row);
    return count == 0 ? 0 : count == 1 && age[0] && strcmp(age, table->base) != 0 ? 1 : 2;
}

static void order_lines(standard *table)
{
    size_t done = 0;
    for (int rank = 0; rank < 3; rank++) {
        for (size_t first = 0; first < table->pivot.n_lines; first++) {
            const est_row *head = table->pivot.lines[first];
            bool met = rank_of(table, head) != rank;
            for (size_t before = 0; before < first && !met; before++)
                met = same_kind(table, table->pivot.lines[before], head);
            for (size_t line = first; line < table->pivot.n_lines && !met; line++)
                if (same_kind(table, table->pivot.lines[line], head))
                    table->order[done++] = line;
        }
    }
}

static void standard_free(standard *table)
{
    est_i_pivot_free(&table->pivot);
    free(table->order);
}

static bool collect(const est_result *result, const char *name, standard *table)
{
    size_t n = est_result_rows(result);
    *table = (standard){.pivot = {.result = result, .rows = calloc(n + 1, sizeof *table->pivot.rows)}, .base = ""};
    for (size_t i = 0; table->pivot.rows && i < n; i++)
        if (strcmp(est_result_row(result, i)->table, name) == 0)
            table->pivot.rows[table->pivot.n_rows++] = est_result_row(result, i);
    if (!table->pivot.rows || !est_i_pivot_make(&table->pivot, est_i_same_domain, same_estimand))
        return false;
    table->order = calloc(table->pivot.n_lines + 1, sizeof *table->order);
    if (!table->order)
        return false;
    table->base = find_base(&table->pivot);
    order_lines(table);
    table->look = est_i_pivot_look(&table->pivot);
    est_i_pivot_estimates_only(&table->look);
    return true;
}

/* "County and sex", of a line that is not the whole. */
static void show_kind(const standard *table, const est_row *row, est_i_text *output)
{
    size_t count = count_labels(table, row), done = 0;
    for (size_t i = 0; i < row->n_domain; i++) {
        if (!is_label(table, &row->domain[i]))
            continue;
        est_i_text word = {0};
        est_i_show_name(&word, row->domain[i].name);
        if (done && word.length)
            word.data[0] = row->domain[i].name[0];
        est_i_text_append(output, done == 0 ? "" : done + 1 == count ? " and " : ", ");
        est_i_text_append(output, word.length ? word.data : "");
        est_i_drop(&word, &output->failed);
        done++;
    }
}

static void show_line(const standard *table, const est_row *row, est_i_text *output)
{
    const char *joint = "";
    for (size_t i = 0; i < row->n_domain; i++) {
        if (!is_label(table, &row->domain[i]))
            continue;
        est_i_text_append(output, joint);
        est_i_text_append(output, row->domain[i].value);
        joint = ", ";
    }
    est_i_text_append(output, joint[0] ? "" : "Total");
}

/* ---- columns ---- */

static bool same_number(double a, double b)
{
    return a == b || isnan(a) || isnan(b);
}

/* Do the two columns stand on the same people, as far as can be seen? */
static bool shares_n(const standard *table, size_t a, size_t b)
{
    bool same = true;
    for (size_t line = 0; line < table->pivot.n_lines && same; line++) {
        const est_row *one = est_i_pivot_at(&table->pivot, line, a), *other = est_i_pivot_at(&table->pivot, line, b);
        same = !one || !other || (same_number(one->n, other->n) && same_number(one->n_weighted, other->n_weighted));
    }
    return same;
}

/* Past the last column that stands on the same people as column `from`. */
static size_t run_end(const standard *table, size_t from)
{
    size_t to = from + 1;
    while (to < table->pivot.n_columns && shares_n(table, from, to))
        to++;
    return to;
}

static bool is_hidden(const est_row *row)
{
    return isnan(row->n) && row->flags & EST_FLAG_BIT(EST_FLAG_SUPPRESSED);
}

/* n (or its weighted sum) of the columns of a run; *hidden: it is withheld in one of them. */
static double number_of(const standard *table, size_t line, size_t from, size_t to, bool weighted, bool *hidden)
{
    double number = NAN;
    *hidden = false;
    for (size_t column = from; column < to; column++) {
        const est_row *row = est_i_pivot_at(&table->pivot, line, column);
        double met = !row ? NAN : weighted ? row->n_weighted : row->n;
        number = isnan(number) ? met : number;
        *hidden |= row && is_hidden(row);
    }
    return *hidden ? NAN : number;
}

static bool has_numbers(const standard *table, size_t from, size_t to, bool weighted)
{
    bool any = false, hidden = false;
    for (size_t line = 0; line < table->pivot.n_lines && !any; line++)
        any = !isnan(number_of(table, line, from, to, weighted, &hidden)) || hidden;
    return any;
}

static void show_column(const standard *table, size_t column, est_i_text *output)
{
    const est_row *row = table->pivot.columns[column];
    const est_i_unit *unit = est_i_row_unit(row);
    est_i_show_estimand_of(output, table->pivot.result, row->estimand);
    if (table->look.units_differ && row->unit[0] && strcmp(row->unit, "people") != 0)
        est_i_text_printf(output, " (%s)", unit && unit->scale == 100 ? "%" : row->unit);
}

static void column_headings(const standard *table, est_i_grid *grid)
{
    est_i_grid_column(grid, "Characteristic", false);
    for (size_t from = 0, to = 0; from < table->pivot.n_columns; from = to) {
        to = run_end(table, from);
        for (size_t column = from; column < to; column++) {
            est_i_text heading = {0};
            show_column(table, column, &heading);
            est_i_grid_column(grid, heading.length ? heading.data : "", true);
            est_i_drop(&heading, &grid->failed);
        }
        if (has_numbers(table, from, to, true))
            est_i_grid_column(grid, "Weighted n", true);
        if (has_numbers(table, from, to, false))
            est_i_grid_column(grid, "n", true);
    }
}

/* ---- the page ---- */

static void number_cell(const standard *table, size_t line, size_t from, size_t to, bool weighted, est_i_grid *grid)
{
    bool hidden = false;
    if (!has_numbers(table, from, to, weighted))
        return;
    double number = number_of(table, line, from, to, weighted, &hidden);
    est_i_text *cell = est_i_grid_open(grid);
    if (hidden)
        est_i_text_append(cell, "x");
    else
        est_i_show_number(cell, number, 0);
    est_i_grid_close(grid);
}

static void line_cells(const standard *table, size_t line, est_i_grid *grid)
{
    show_line(table, table->pivot.lines[line], est_i_grid_open(grid));
    est_i_grid_close(grid);
    for (size_t from = 0, to = 0; from < table->pivot.n_columns; from = to) {
        to = run_end(table, from);
        for (size_t column = from; column < to; column++) {
            int decimals = est_i_pivot_digits(&table->pivot, column).estimate;
            est_i_pivot_cell(est_i_pivot_at(&table->pivot, line, column), decimals, &table->look, est_i_grid_open(grid));
            est_i_grid_close(grid);
        }
        number_cell(table, line, from, to, true, grid);
        number_cell(table, line, from, to, false, grid);
    }
}

/* Lines in the table's order, a heading where a kind begins. */
static void all_lines(const standard *table, est_i_grid *grid)
{
    for (size_t i = 0; i < table->pivot.n_lines; i++) {
        const est_row *row = table->pivot.lines[table->order[i]];
        bool total = count_labels(table, row) == 0;
        bool begins = i == 0 || !same_kind(table, table->pivot.lines[table->order[i - 1]], row);
        if (begins && !total) {
            est_i_grid_line(grid, EST_I_LINE_HEADING);
            show_kind(table, row, est_i_grid_open(grid));
            est_i_grid_close(grid);
            for (size_t column = 1; column < grid->n_columns; column++)
                est_i_grid_cell(grid, "");
        }
        est_i_grid_line(grid, total ? EST_I_LINE_PLAIN : EST_I_LINE_ITEM);
        line_cells(table, table->order[i], grid);
    }
}

/* What the whole tells of its ages. */
static const char *ages_of(const standard *table)
{
    for (size_t i = 0; i < table->pivot.n_rows; i++)
        if (count_labels(table, table->pivot.rows[i]) == 0)
            return table->pivot.rows[i]->ages;
    return "";
}

static void describe(const standard *table, const char *name, est_i_grid *grid)
{
    const est_i_unit *unit = table->look.units_differ ? NULL : est_i_row_unit(table->look.first);
    const char *title = "";
    for (size_t i = 0; i < est_i_facts(table->pivot.result, "table"); i++) {
        const est_fact *fact = est_i_fact(table->pivot.result, "table", i);
        title = strcmp(fact->name, name) == 0 ? fact->value : title;
    }
    est_i_text_append(&grid->caption, name);
    est_i_text_append(&grid->caption, title[0] ? ". " : "");
    est_i_text_append(&grid->caption, title);
    est_i_say(&grid->remark, "", unit ? unit->remark : "");
    est_i_say(&grid->remark, "Ages: ", table->base[0] ? table->base : ages_of(table));
}

/* Lines and columns change places. */
static void turn(const est_i_grid *from, est_i_grid *to)
{
    est_i_grid_column(to, est_i_grid_heading(from, 0), false);
    for (size_t row = 0, heading = SIZE_MAX; row < est_i_grid_rows(from); row++) {
        est_i_text name = {0};
        heading = est_i_grid_kind(from, row) == EST_I_LINE_HEADING ? row : heading;
        if (heading != SIZE_MAX && heading != row && est_i_grid_kind(from, row) == EST_I_LINE_ITEM)
            est_i_text_printf(&name, "%s: ", est_i_grid_at(from, heading, 0));
        est_i_text_append(&name, est_i_grid_at(from, row, 0));
        if (heading != row)
            est_i_grid_column(to, name.length ? name.data : "", true);
        est_i_drop(&name, &to->failed);
    }
    for (size_t column = 1; column < from->n_columns; column++) {
        est_i_grid_cell(to, est_i_grid_heading(from, column));
        for (size_t row = 0; row < est_i_grid_rows(from); row++)
            if (est_i_grid_kind(from, row) != EST_I_LINE_HEADING)
                est_i_grid_cell(to, est_i_grid_at(from, row, column));
    }
}

static void turn_if_wide(const standard *table, est_i_grid *grid)
{
    est_i_grid turned = {0};
    if (table->pivot.n_columns <= MOST_ACROSS || table->pivot.n_columns <= table->pivot.n_lines || est_i_grid_failed(grid))
        return;
    turn(grid, &turned);
    turned.caption = grid->caption;
    turned.remark = grid->remark;
    turned.letters = grid->letters;
    grid->caption = grid->remark = grid->letters = (est_i_text){0};
    est_i_grid_free(grid);
    *grid = turned;
}

void est_i_standard_grid(const est_result *result, const char *name, est_i_grid *grid)
{
    standard table;
    if (collect(result, name, &table)) {
        describe(&table, name, grid);
        column_headings(&table, grid);
        all_lines(&table, grid);
        est_i_pivot_explain(&table.pivot, &table.look, grid);
        turn_if_wide(&table, grid);
    } else {
        grid->failed = true;
    }
    standard_free(&table);
}

/* ---- CSV ---- */

static bool has_marks(const standard *table, size_t column)
{
    bool any = false;
    for (size_t line = 0; line < table->pivot.n_lines && !any; line++) {
        const est_row *row = est_i_pivot_at(&table->pivot, line, column);
        any = row && row->mark[0];
    }
    return any;
}

static void text_field(est_i_text *output, const char *before, const char *text)
{
    est_i_text_append(output, before);
    est_i_encode_csv(output, text);
}

static void number_field(est_i_text *output, double value)
{
    est_i_text_append(output, ",");
    if (isfinite(value))
        est_i_text_number(output, value);
}

/* n of the only run is "n", of several that of its first estimand. */
static void number_heading(const standard *table, size_t from, size_t to, bool weighted, est_i_text *output)
{
    bool only = from == 0 && to == table->pivot.n_columns;
    est_i_text name = {0};
    if (!has_numbers(table, from, to, weighted))
        return;
    est_i_text_append(&name, only ? "" : table->pivot.columns[from]->estimand);
    est_i_text_append(&name, only ? "" : "_");
    est_i_text_append(&name, weighted ? "n_weighted" : "n");
    text_field(output, ",", name.length ? name.data : "");
    est_i_drop(&name, &output->failed);
}

static void csv_headings(const standard *table, const char *marks, est_i_text *output)
{
    est_i_text_append(output, "by,category");
    for (size_t from = 0, to = 0; from < table->pivot.n_columns; from = to) {
        to = run_end(table, from);
        for (size_t column = from; column < to; column++) {
            est_i_text name = {0};
            est_i_text_append(&name, table->pivot.columns[column]->estimand);
            text_field(output, ",", name.length ? name.data : "");
            est_i_text_append(&name, "_mark");
            if (has_marks(table, column))
                text_field(output, ",", name.length ? name.data : "");
            est_i_drop(&name, &output->failed);
        }
        number_heading(table, from, to, true, output);
        number_heading(table, from, to, false, output);
    }
    est_i_text_append(output, marks ? ",marks\n" : "\n");
}

static void csv_line(const standard *table, size_t line, const char *marks, est_i_text *output)
{
    est_i_text kind = {0}, label = {0};
    bool hidden;
    show_kind(table, table->pivot.lines[line], &kind);
    show_line(table, table->pivot.lines[line], &label);
    text_field(output, "", kind.length ? kind.data : "");
    text_field(output, ",", label.length ? label.data : "");
    for (size_t from = 0, to = 0; from < table->pivot.n_columns; from = to) {
        to = run_end(table, from);
        for (size_t column = from; column < to; column++) {
            const est_row *row = est_i_pivot_at(&table->pivot, line, column);
            number_field(output, row ? row->estimate : NAN);
            if (has_marks(table, column))
                text_field(output, ",", row ? row->mark : "");
        }
        if (has_numbers(table, from, to, true))
            number_field(output, number_of(table, line, from, to, true, &hidden));
        if (has_numbers(table, from, to, false))
            number_field(output, number_of(table, line, from, to, false, &hidden));
    }
    if (marks)
        text_field(output, ",", marks);
    est_i_text_append(output, "\n");
    est_i_drop(&kind, &output->failed);
    est_i_drop(&label, &output->failed);
}

void est_i_write_standard_csv(const est_result *result, const char *name, est_i_text *output)
{
    standard table;
    est_i_text marks = {0};
    est_i_short_marks(result, &marks);
    if (collect(result, name, &table)) {
        csv_headings(&table, marks.data, output);
        for (size_t line = 0; line < table.pivot.n_lines; line++)
            csv_line(&table, table.order[line], marks.data, output);
    } else {
        output->failed = true;
    }
    standard_free(&table);
    est_i_drop(&marks, &output->failed);
}
