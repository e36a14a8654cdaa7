#include "report/table_layout.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/reliability.h"

/* ---- one group as a table ---- */

static void look_at_interval(est_i_look *look, const est_row *row)
{
    if (isnan(row->lower) && isnan(row->upper) && !(row->flags & EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED)))
        return;
    if (!look->has_interval) {
        look->level = row->level;
        look->method = row->interval;
    }
    look->has_interval = true;
    look->level_differs |= !(row->level == look->level) && !(isnan(row->level) && isnan(look->level));
    look->method_differs |= strcmp(row->interval, look->method) != 0;
}

void est_i_look_at(est_i_look *look, const est_row *row)
{
    if (!look->first) {
        look->first = row;
        look->common = est_i_remarks(row);
    }
    look->n_rows++;
    look->common &= est_i_remarks(row);
    look->others |= est_i_remarks(row);
    look->estimands |= strcmp(row->estimand, look->first->estimand) != 0;
    look->models |= strcmp(row->model, look->first->model) != 0;
    look->se |= !isnan(row->se);
    look->n |= !isnan(row->n) && row->n != row->estimate;
    look->survey |= est_i_is_of_survey(row);
    look->n_weighted |= !isnan(row->n_weighted);
    look->deft |= !isnan(row->deft);
    look->cv |= !isnan(row->cv);
    look->units_differ |= strcmp(row->unit, look->first->unit) != 0;
    look->contrasts |= est_i_kind_of(row) == EST_I_KIND_CONTRAST;
    if (row->se > 0) {
        look->largest_se = fmax(look->largest_se, row->se);
        look->smallest_se = look->smallest_se > 0 ? fmin(look->smallest_se, row->se) : row->se;
        if (row->n_domain == (est_i_row_label(row, "age")[0] != '\0'))
            look->whole_se = look->whole_se > 0 ? fmin(look->whole_se, row->se) : row->se;
    }
    look_at_interval(look, row);
}

void est_i_look_finish(est_i_look *look)
{
    if (look->n_rows < 2)
        look->common = 0;
    look->others &= ~look->common;
}

static bool in_group(const est_i_grouping *grouping, size_t first, size_t row)
{
    return grouping->group[row] == first;
}

static est_i_look look_at_rows(const est_row *const *rows, size_t n_rows)
{
    est_i_look look = {.level = NAN, .method = ""};
    for (size_t i = 0; i < n_rows; i++)
        est_i_look_at(&look, rows[i]);
    est_i_look_finish(&look);
    return look;
}

/* Is this the whole (of a period) to which the rows of a group of domains belong? */
static bool is_whole_of(const est_result *result, const est_i_grouping *grouping, size_t first, size_t index)
{
    const est_row *head = est_result_row(result, first), *row = est_result_row(result, index);
    return grouping->part[first] == EST_I_DOMAINS && grouping->group[index] != SIZE_MAX && grouping->part[index] == EST_I_AGES &&
           strcmp(row->estimand, head->estimand) == 0 && strcmp(row->unit, head->unit) == 0 &&
           strcmp(row->model, head->model) == 0 &&
           strcmp(est_i_row_label(row, "age"), grouping->base[index]) == 0 &&
           !est_i_row_label(row, "period")[0] == !est_i_row_label(head, "period")[0];
}

/* The lines of a group; before domains the whole. Of each the number of people that stands beside it, NULL = none. */
typedef struct lines {
    const est_row **rows, **numbers;
    size_t count;
} lines;

static void take_line(const est_result *result, const est_i_grouping *grouping, size_t row, lines *all)
{
    size_t number = grouping->number[row];
    all->rows[all->count] = est_result_row(result, row);
    all->numbers[all->count++] = number == SIZE_MAX ? NULL : est_result_row(result, number);
}

/* False without memory. Free with lines_free. */
static bool lines_make(const est_result *result, const est_i_grouping *grouping, size_t first, lines *all)
{
    *all = (lines){calloc(grouping->n_rows + 1, sizeof *all->rows), calloc(grouping->n_rows + 1, sizeof *all->numbers), 0};
    if (!all->rows || !all->numbers)
        return false;
    for (size_t row = 0; row < grouping->n_rows && grouping->part[first] == EST_I_DOMAINS; row++)
        if (is_whole_of(result, grouping, first, row))
            take_line(result, grouping, row, all);
    for (size_t row = first; row < grouping->n_rows; row++)
        if (in_group(grouping, first, row))
            take_line(result, grouping, row, all);
    return true;
}

static void lines_free(lines *all)
{
    free(all->rows);
    free(all->numbers);
}

void est_i_say(est_i_text *output, const char *lead, const char *text)
{
    if (!*text)
        return;
    est_i_text_append(output, output->length ? " " : "");
    est_i_text_append(output, lead);
    est_i_text_append(output, text);
    est_i_text_append(output, ".");
}

void est_i_say_interval(est_i_text *remark, const char *lead, const est_i_look *look)
{
    if (!look->has_interval || (look->level_differs && look->method_differs))
        return;
    est_i_text text = {0};
    if (!look->level_differs && !isnan(look->level))
        est_i_show_level(&text, look->level);
    if (!look->method_differs && look->method[0]) {
        est_i_text_append(&text, text.length ? ", " : "");
        est_i_text_append(&text, look->method);
        est_i_text_append(&text, look->method_at_bound ? "; at 0 or 1 " : "");
        est_i_text_append(&text, look->method_at_bound ? look->method_at_bound : "");
    }
    est_i_say(remark, lead, text.length ? text.data : "");
    est_i_drop(&text, &remark->failed);
}

void est_i_say_flags(est_i_text *remark, const char *lead, uint32_t flags)
{
    est_i_text text = {0};
    est_i_show_flags(&text, flags);
    est_i_say(remark, lead, text.length ? text.data : "");
    est_i_drop(&text, &remark->failed);
}

/* What a page says once is not said again at each table. */
static void say_what(const est_result *result, const est_row *row, est_i_text *remark)
{
    if (row->unit[0] && est_i_facts(result, "definition"))
        return;
    est_i_say(remark, "Population: ", row->population);
    est_i_say(remark, "Definition: ", row->definition);
}

void est_i_show_by(est_i_text *output, const char *const *names, size_t n_names)
{
    while (n_names && strcmp(names[n_names - 1], "against") == 0) /* of a change: what it is compared with */
        n_names--;
    for (size_t i = 0; i < n_names; i++) {
        est_i_text_append(output, i == 0 ? ", by " : i + 1 == n_names ? " and " : ", ");
        for (const char *letter = names[i]; *letter; letter++)
            est_i_text_append_bytes(output, *letter == '_' ? " " : letter, 1);
    }
}

/* Where one way of making intervals holds for all lines but those at 0 or 1, which say so themselves, there is no column for it. */
void est_i_settle_method(est_i_look *look, const est_row *const *rows, size_t n_rows)
{
    const char *usual = NULL, *other = NULL;
    for (size_t i = 0; i < n_rows && look->method_differs && look->survey; i++) {
        const est_row *row = rows[i];
        const char **seen = row->flags & EST_FLAG_BIT(EST_FLAG_AT_BOUND) ? &other : &usual;
        if (isnan(row->lower) && isnan(row->upper))
            continue;
        if (*seen && strcmp(*seen, row->interval) != 0)
            return;
        *seen = row->interval;
    }
    if (usual && other) {
        look->method = usual;
        look->method_at_bound = other;
        look->method_differs = false;
    }
}

/* The numbers of people that go with the lines. */
static void look_at_numbers(const est_row *const *numbers, size_t n_rows, est_i_look *look)
{
    for (size_t i = 0; i < n_rows; i++) {
        const est_row *number = numbers[i];
        if (!number)
            continue;
        look->numbers = true;
        look->number_intervals |= !isnan(number->lower) || !isnan(number->upper);
        look->others |= est_i_remarks(number) & ~look->common;
    }
}

static void describe_group(const est_result *result, const est_i_look *look, const char *const *names, size_t n_names,
                           const char *age, est_i_grid *grid)
{
    const est_i_unit *unit = look->units_differ ? NULL : est_i_row_unit(look->first);
    if (look->estimands) {
        est_i_text_append(&grid->caption, "Estimates");
    } else {
        est_i_show_estimand_of(&grid->caption, result, look->first->estimand);
        if (!look->models && look->first->model[0]) {
            est_i_text_append(&grid->caption, ", model ");
            est_i_text_append(&grid->caption, look->first->model);
        }
    }
    if (look->first->unit[0])
        est_i_show_by(&grid->caption, names, n_names);
    est_i_say(&grid->remark, "", unit && !look->estimands ? unit->remark : "");
    est_i_say(&grid->remark, "Ages: ", age);
    est_i_say_interval(&grid->remark, "Intervals: ", look);
    est_i_say_flags(&grid->remark, "Every row: ", look->common);
    if (!look->estimands)
        say_what(result, look->first, &grid->remark);
}

/* What a narrow page leaves out of a survey's columns. */
static void fit_to_room(est_i_look *look, est_i_room room)
{
    look->cv = look->cv && look->survey && room.narrow < 1;
    look->n_weighted = look->n_weighted && look->survey && room.narrow < (look->numbers ? 4 : 2);
    look->deft = look->deft && look->survey && room.narrow < (look->numbers ? 2 : 3);
    look->number_intervals = look->number_intervals && room.narrow < 3;
    look->se = look->se && (look->survey || look->contrasts || room.detailed);
}

/* Estimates and errors of a survey line up: three digits of the largest error, and one more where the smallest would have
 * fewer than two. */
est_i_digits est_i_look_digits(const est_i_look *look)
{
    const est_i_unit *unit = look->units_differ ? NULL : est_i_row_unit(look->first);
    int decimals = -1;
    if (unit)
        return est_i_unit_digits(unit, look->smallest_se, look->largest_se, look->whole_se);
    if (look->survey && !look->estimands && look->largest_se > 0 && !est_i_is_proportion(look->first)) {
        double largest = floor(log10(look->largest_se)) - 2, smallest = floor(log10(look->smallest_se)) - 1;
        double step = smallest < largest ? largest - 1 : largest;
        decimals = step >= 0 ? 0 : step < -6 ? 6 : (int)-step;
    }
    return (est_i_digits){decimals, decimals};
}

static void survey_columns(const est_i_look *look, est_i_grid *grid)
{
    if (look->n_weighted)
        est_i_grid_column(grid, "Weighted n", true);
    if (look->deft)
        est_i_grid_column(grid, "DEFT", true);
    if (look->cv)
        est_i_grid_column(grid, "CV", true);
}

static void survey_cells(const est_i_look *look, const est_row *row, est_i_grid *grid)
{
    if (look->n_weighted) {
        est_i_text *cell = est_i_grid_open(grid);
        if (isnan(row->n_weighted) && row->flags & EST_FLAG_BIT(EST_FLAG_SUPPRESSED))
            est_i_text_append(cell, "x");
        else
            est_i_show_number(cell, row->n_weighted, 0);
        est_i_grid_close(grid);
    }
    if (look->deft) {
        est_i_show_number(est_i_grid_open(grid), row->deft, 3);
        est_i_grid_close(grid);
    }
    if (look->cv) {
        est_i_text *cell = est_i_grid_open(grid);
        est_i_show_number(cell, 100 * row->cv, 1);
        est_i_text_append(cell, isfinite(row->cv) ? " %" : "");
        est_i_grid_close(grid);
    }
}

static bool is_count(const char *estimand)
{
    return strcmp(estimand, "observed") == 0 || strcmp(estimand, "seen") == 0;
}

static void estimate_heading(const est_i_look *look, est_i_text *heading)
{
    const est_i_unit *unit = look->units_differ ? NULL : est_i_row_unit(look->first);
    if (unit) {
        est_i_text_append(heading, unit->heading);
        return;
    }
    est_i_text_append(heading, !look->estimands && is_count(look->first->estimand) ? "Number" : "Estimate");
    if (!look->units_differ && look->first->unit[0]) {
        est_i_text_append(heading, ", ");
        est_i_text_append(heading, look->first->unit);
    }
}

static void group_columns(const est_i_look *look, const char *const *names, size_t n_names, est_i_grid *grid)
{
    est_i_text heading = {0};
    if (look->estimands)
        est_i_grid_column(grid, "Estimate of", false);
    for (size_t i = 0; i < n_names; i++) {
        est_i_show_name(&heading, names[i]);
        est_i_grid_column(grid, heading.length ? heading.data : "", false);
        est_i_drop(&heading, &grid->failed);
    }
    if (look->models)
        est_i_grid_column(grid, "Model", false);
    estimate_heading(look, &heading);
    est_i_grid_column(grid, heading.length ? heading.data : "", true);
    est_i_drop(&heading, &grid->failed);
    if (look->se)
        est_i_grid_column(grid, look->survey || look->contrasts ? "SE" : "Standard error", true);
    if (look->has_interval) {
        if (!look->level_differs && !isnan(look->level))
            est_i_show_level(&heading, look->level);
        est_i_text_append(&heading, heading.length ? " interval" : "Interval");
        est_i_grid_column(grid, heading.length ? heading.data : "", true);
    }
    if (look->numbers)
        est_i_grid_column(grid, "Number", true);
    if (look->number_intervals)
        est_i_grid_column(grid, "Its interval", true);
    if (look->level_differs)
        est_i_grid_column(grid, "Level", true);
    if (look->method_differs)
        est_i_grid_column(grid, "Method", false);
    if (look->n)
        est_i_grid_column(grid, "n", true);
    survey_columns(look, grid);
    if (look->others)
        est_i_grid_column(grid, "Remarks", false);
    est_i_drop(&heading, &grid->failed);
}

static void se_cell(const est_row *row, int decimals, est_i_grid *grid)
{
    est_i_text *cell = est_i_grid_open(grid);
    if (isnan(row->se) && est_i_is_withheld(row))
        est_i_text_append(cell, *row->mark ? row->mark : "withheld");
    else
        est_i_show_number(cell, row->se * est_i_row_scale(row), decimals < 0 ? est_i_row_digits(row).error : decimals);
    est_i_grid_close(grid);
}

static void n_cell(const est_i_look *look, const est_row *row, est_i_grid *grid)
{
    est_i_text *cell = est_i_grid_open(grid);
    if (isnan(row->n) && row->flags & EST_FLAG_BIT(EST_FLAG_SUPPRESSED))
        est_i_text_append(cell, look->survey ? "x" : "withheld");
    else
        est_i_show_scalar(cell, row->n);
    est_i_grid_close(grid);
}

/* Letters where a table has many columns, words elsewhere. */
static void remarks_cell(const est_i_look *look, uint32_t remarks, est_i_grid *grid)
{
    est_i_text *cell = est_i_grid_open(grid);
    uint32_t flags = remarks & ~look->common;
    if (look->survey)
        est_i_show_letters(cell, look->others, flags);
    else
        est_i_show_flags(cell, flags);
    est_i_grid_close(grid);
}

static void label_cells(const est_i_look *look, const est_row *row, const char *const *names, size_t n_names, est_i_grid *grid)
{
    for (size_t i = 0; i < n_names; i++) {
        const char *label = est_i_row_label(row, names[i]);
        bool whole = !*label && (look->survey || look->first->unit[0]), age = strcmp(names[i], "age") == 0 && row->unit[0];
        if (whole && age && row->ages[0])
            est_i_grid_cell(grid, row->ages);
        else
            est_i_grid_cell(grid, row->n_domain && !whole ? label : "All");
    }
}

/* Where the lines have several units, each number says its own. */
static void estimate_cells(const est_i_look *look, const est_row *row, est_i_grid *grid)
{
    est_i_digits digits = est_i_look_digits(look);
    const char *after = look->units_differ ? est_i_unit_after(row) : "";
    est_i_text *cell = est_i_grid_open(grid);
    est_i_show_estimate_to(cell, row, digits.estimate);
    est_i_text_append(cell, isnan(row->estimate) ? "" : after);
    est_i_grid_close(grid);
    if (look->se)
        se_cell(row, digits.error, grid);
    if (look->has_interval) {
        cell = est_i_grid_open(grid);
        est_i_show_interval_to(cell, row, digits.estimate);
        est_i_text_append(cell, isnan(row->lower) && isnan(row->upper) ? "" : after);
        est_i_grid_close(grid);
    }
}

static void number_cells(const est_i_look *look, const est_row *number, est_i_grid *grid)
{
    if (look->numbers) {
        est_i_text *cell = est_i_grid_open(grid);
        if (number)
            est_i_show_estimate(cell, number);
        else
            est_i_text_append(cell, "-");
        est_i_grid_close(grid);
    }
    if (look->number_intervals) {
        est_i_text *cell = est_i_grid_open(grid);
        if (number)
            est_i_show_interval(cell, number);
        else
            est_i_text_append(cell, "-");
        est_i_grid_close(grid);
    }
}

static void group_row(const est_result *result, const est_i_look *look, const est_row *row, const est_row *number,
                      const char *const *names, size_t n_names, est_i_grid *grid)
{
    if (look->estimands) {
        est_i_show_estimand_of(est_i_grid_open(grid), result, row->estimand);
        est_i_grid_close(grid);
    }
    label_cells(look, row, names, n_names, grid);
    if (look->models)
        est_i_grid_cell(grid, row->model);
    estimate_cells(look, row, grid);
    number_cells(look, number, grid);
    if (look->level_differs) {
        est_i_text *cell = est_i_grid_open(grid);
        if (!isnan(row->level))
            est_i_show_level(cell, row->level);
        est_i_grid_close(grid);
    }
    if (look->method_differs)
        est_i_grid_cell(grid, row->interval);
    if (look->n)
        n_cell(look, row, grid);
    survey_cells(look, row, grid);
    if (look->others)
        remarks_cell(look, est_i_remarks(row) | (number ? est_i_remarks(number) : 0), grid);
}

/* Is it the meaning of this row's mark, or of the x that stands for its n? */
static bool explains(const est_note *note, const est_row *row)
{
    const char *mark = strcmp(row->mark, "()") == 0 ? "( )" : row->mark;
    size_t length = strcspn(note->message, ":");
    bool hidden = isnan(row->n) && row->flags & EST_FLAG_BIT(EST_FLAG_SUPPRESSED);
    return strcmp(note->code, "mark") == 0 && ((strlen(mark) == length && strncmp(mark, note->message, length) == 0) ||
                                               (hidden && length == 1 && note->message[0] == 'x'));
}

void est_i_explain_marks(const est_result *result, const est_row *const *rows, size_t n_rows, est_i_text *letters)
{
    for (size_t i = 0; i < est_result_notes(result); i++) {
        const est_note *note = est_result_note(result, i);
        bool used = false;
        for (size_t row = 0; row < n_rows && !used; row++)
            used = explains(note, rows[row]);
        if (used) {
            est_i_text_append(letters, letters->length ? "\n" : "");
            est_i_text_append(letters, note->message);
        }
    }
}

bool est_i_note_is_told(const est_result *result, const est_note *note)
{
    bool told = false;
    for (size_t i = 0; i < est_result_rows(result) && !told && strcmp(note->code, "mark") == 0; i++) {
        const est_row *row = est_result_row(result, i);
        told = (!row->detail || row->table[0]) && est_i_is_of_survey(row) && explains(note, row);
    }
    return told;
}

/* Leaves out the age where it is one and the same, and returns it; "" where ages differ or there are none. */
static const char *one_age(const est_row *const *rows, size_t n_rows, const char **names, size_t *n_names)
{
    const char *age = n_rows ? est_i_row_age(rows[n_rows - 1]) : "";
    size_t at = 0;
    for (size_t i = 0; i < n_rows; i++)
        if (!rows[i]->unit[0] || strcmp(est_i_row_age(rows[i]), age) != 0)
            return "";
    while (at < *n_names && strcmp(names[at], "age") != 0)
        at++;
    if (at < *n_names) {
        memmove(names + at, names + at + 1, (*n_names - at - 1) * sizeof *names);
        (*n_names)--;
    }
    return age;
}

static void fill(const est_result *result, const lines *all, const char **names, size_t n_names, est_i_room room, est_i_grid *grid)
{
    est_i_look look = look_at_rows(all->rows, all->count);
    const char *age = one_age(all->rows, all->count, names, &n_names);
    est_i_settle_method(&look, all->rows, all->count);
    look_at_numbers(all->numbers, all->count, &look);
    describe_group(result, &look, names, n_names, age, grid);
    fit_to_room(&look, room);
    group_columns(&look, names, n_names, grid);
    grid->n_labels = look.survey ? n_names + look.estimands : 0;
    grid->repeats = look.first->unit[0] != '\0';
    for (size_t i = 0; i < all->count; i++)
        group_row(result, &look, all->rows[i], all->numbers[i], names, n_names, grid);
    if (look.survey) {
        est_i_explain_letters(&grid->letters, look.others);
        est_i_explain_marks(result, all->rows, all->count, &grid->letters);
    }
}

static void plain_group_grid(const est_result *result, const est_i_grouping *grouping, size_t first, est_i_room room,
                             est_i_grid *grid)
{
    const char **names = NULL;
    lines all;
    size_t n_names = est_i_label_names(result, grouping, first, &names, &grid->failed);
    if (lines_make(result, grouping, first, &all))
        fill(result, &all, names, n_names, room, grid);
    else
        grid->failed = true;
    lines_free(&all);
    free(names);
}

void est_i_group_grid(const est_result *result, const est_i_grouping *grouping, size_t first, est_i_room room,
                      est_i_grid *grid)
{
    if (grouping->beside[first])
        est_i_beside_grid(result, grouping, first, room.folded, grid);
    else if (grouping->part[first] == EST_I_DOMAIN_AGES)
        est_i_domain_ages_grid(result, grouping, first, grid);
    else
        plain_group_grid(result, grouping, first, room, grid);
}
