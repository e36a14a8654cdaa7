#include "report/table_layout.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- which rows belong together ---- */

static bool same_table(const est_row *a, const est_row *b)
{
    return strcmp(a->estimand, b->estimand) == 0 && strcmp(a->population, b->population) == 0 &&
           strcmp(a->definition, b->definition) == 0;
}

static bool same_group(const est_row *a, const est_row *b)
{
    return same_table(a, b) && strcmp(a->model, b->model) == 0;
}

static bool is_count(const char *estimand)
{
    return strcmp(estimand, "observed") == 0 || strcmp(estimand, "seen") == 0;
}

static bool stands_alone(const est_result *result, const est_i_grouping *grouping, size_t row)
{
    if (grouping->group[row] != row || est_result_row(result, row)->n_domain)
        return false;
    for (size_t later = row + 1; later < grouping->n_rows; later++)
        if (grouping->group[later] == row)
            return false;
    return true;
}

static void join_lone_rows(const est_result *result, est_i_grouping *grouping)
{
    size_t first = grouping->n_rows;
    for (size_t row = 0; row < grouping->n_rows; row++) {
        if (!stands_alone(result, grouping, row))
            continue;
        if (first == grouping->n_rows)
            first = row;
        else
            grouping->group[row] = first;
    }
}

static void group_rows(const est_result *result, est_i_grouping *grouping)
{
    for (size_t row = 0; row < grouping->n_rows; row++) {
        size_t first = 0;
        if (est_result_row(result, row)->detail) {
            grouping->group[row] = SIZE_MAX;
            continue;
        }
        while (first < row && !(grouping->group[first] == first &&
                                same_group(est_result_row(result, first), est_result_row(result, row))))
            first++;
        grouping->group[row] = first;
    }
}

/* Gives `first` the groups of the other models of its estimand. Returns how many. */
static size_t take_models(const est_result *result, const size_t *group, size_t first, size_t n_rows,
                          size_t *joined)
{
    const est_row *head = est_result_row(result, first);
    size_t count = 0;
    for (size_t row = 0; row < n_rows; row++) {
        bool taken = false;
        if (row > first && group[row] != SIZE_MAX && group[row] != first) {
            const est_row *other = est_result_row(result, group[row]);
            taken = same_table(head, other) && strcmp(head->model, other->model) != 0;
        }
        joined[row] = taken ? first : group[row];
        count += taken;
    }
    return count;
}

static bool join_models(const est_result *result, est_i_grouping *grouping)
{
    bool failed = false;
    est_i_grouping joined = {.n_rows = grouping->n_rows};
    joined.group = calloc(grouping->n_rows + 1, sizeof *joined.group);
    failed = !joined.group;
    for (size_t first = 0; first < grouping->n_rows && !failed; first++) {
        if (grouping->group[first] != first ||
            take_models(result, grouping->group, first, grouping->n_rows, joined.group) == 0)
            continue;
        grouping->beside[first] = est_i_models_beside(result, &joined, first, &failed);
        if (grouping->beside[first])
            memcpy(grouping->group, joined.group, grouping->n_rows * sizeof *joined.group);
    }
    free(joined.group);
    return !failed;
}

/* Leaves out groups of counts whose every row stands in the table of the population already. */
static void leave_out_counts(const est_result *result, est_i_grouping *grouping, size_t population)
{
    for (size_t first = 0; first < grouping->n_rows; first++) {
        bool stands = grouping->group[first] == first && is_count(est_result_row(result, first)->estimand);
        for (size_t row = first; row < grouping->n_rows && stands; row++)
            stands = grouping->group[row] != first ||
                     est_i_is_shown_beside(result, grouping, population, est_result_row(result, row));
        for (size_t row = grouping->n_rows; row-- > first && stands;)
            if (grouping->group[row] == first)
                grouping->group[row] = SIZE_MAX;
    }
}

bool est_i_grouping_make(const est_result *result, est_i_grouping *grouping)
{
    size_t count = est_result_rows(result);
    *grouping = (est_i_grouping){.n_rows = count};
    grouping->group = calloc(count + 1, sizeof *grouping->group);
    grouping->beside = calloc(count + 1, sizeof *grouping->beside);
    bool made = grouping->group && grouping->beside;
    if (made) {
        group_rows(result, grouping);
        made = join_models(result, grouping);
    }
    for (size_t first = 0; first < count && made; first++)
        if (grouping->beside[first] && strcmp(est_result_row(result, first)->estimand, "population") == 0)
            leave_out_counts(result, grouping, first);
    if (made)
        join_lone_rows(result, grouping);
    else
        est_i_grouping_free(grouping);
    return made;
}

void est_i_grouping_free(est_i_grouping *grouping)
{
    free(grouping->group);
    free(grouping->beside);
    *grouping = (est_i_grouping){0};
}

const char *est_i_row_label(const est_row *row, const char *name)
{
    for (size_t i = 0; i < row->n_domain; i++)
        if (strcmp(row->domain[i].name, name) == 0)
            return row->domain[i].value;
    return "";
}

static bool in_group(const est_i_grouping *grouping, size_t first, size_t row)
{
    return !grouping || grouping->group[row] == first;
}

bool est_i_is_listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void period_first(const char **names, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (strcmp(names[i], "period") == 0) {
            memmove(names + 1, names, i * sizeof *names);
            names[0] = "period";
        }
    }
}

size_t est_i_label_names(const est_result *result, const est_i_grouping *grouping, size_t first,
                         const char ***names, bool *failed)
{
    size_t count = 0, capacity = 0;
    *names = NULL;
    for (size_t row = 0; row < est_result_rows(result); row++)
        capacity += in_group(grouping, first, row) ? est_result_row(result, row)->n_domain : 0;
    if (capacity == 0)
        return 0;
    *names = calloc(capacity, sizeof **names);
    if (!*names) {
        *failed = true;
        return 0;
    }
    for (size_t row = 0; row < est_result_rows(result); row++) {
        const est_row *met = est_result_row(result, row);
        for (size_t i = 0; in_group(grouping, first, row) && i < met->n_domain; i++)
            if (!est_i_is_listed(*names, count, met->domain[i].name))
                (*names)[count++] = met->domain[i].name;
    }
    period_first(*names, count);
    return count;
}

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
    if (row->se > 0) {
        look->largest_se = fmax(look->largest_se, row->se);
        look->smallest_se = look->smallest_se > 0 ? fmin(look->smallest_se, row->se) : row->se;
    }
    look_at_interval(look, row);
}

void est_i_look_finish(est_i_look *look)
{
    if (look->n_rows < 2)
        look->common = 0;
    look->others &= ~look->common;
}

static est_i_look look_at_group(const est_result *result, const est_i_grouping *grouping, size_t first)
{
    est_i_look look = {.level = NAN, .method = ""};
    for (size_t row = first; row < grouping->n_rows; row++)
        if (in_group(grouping, first, row))
            est_i_look_at(&look, est_result_row(result, row));
    est_i_look_finish(&look);
    return look;
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

static void describe_group(const est_i_look *look, est_i_grid *grid)
{
    if (look->estimands) {
        est_i_text_append(&grid->caption, "Estimates");
    } else {
        est_i_show_estimand(&grid->caption, look->first->estimand);
        if (!look->models && look->first->model[0]) {
            est_i_text_append(&grid->caption, ", model ");
            est_i_text_append(&grid->caption, look->first->model);
        }
    }
    est_i_say_interval(&grid->remark, "Intervals: ", look);
    est_i_say_flags(&grid->remark, "Every row: ", look->common);
    if (!look->estimands) {
        est_i_say(&grid->remark, "Population: ", look->first->population);
        est_i_say(&grid->remark, "Definition: ", look->first->definition);
    }
}

/* What a narrow page leaves out of a survey's columns. */
static void fit_to_room(est_i_look *look, est_i_room room)
{
    look->cv = look->cv && look->survey && room.narrow < 1;
    look->n_weighted = look->n_weighted && look->survey && room.narrow < 2;
    look->deft = look->deft && look->survey && room.narrow < 3;
    look->se = look->se && (look->survey || room.detailed);
}

/* Estimates and errors of a survey line up: three digits of the largest error, and one more where the smallest would have
 * fewer than two. -1 = row by row. */
static int group_decimals(const est_i_look *look)
{
    int decimals = -1;
    if (look->survey && !look->estimands && look->largest_se > 0 && !est_i_is_proportion(look->first)) {
        double largest = floor(log10(look->largest_se)) - 2, smallest = floor(log10(look->smallest_se)) - 1;
        double step = smallest < largest ? largest - 1 : largest;
        decimals = step >= 0 ? 0 : step < -6 ? 6 : (int)-step;
    }
    return decimals;
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
    est_i_grid_column(grid, !look->estimands && is_count(look->first->estimand) ? "Number" : "Estimate",
                      true);
    if (look->se)
        est_i_grid_column(grid, look->survey ? "SE" : "Standard error", true);
    if (look->has_interval) {
        if (!look->level_differs && !isnan(look->level))
            est_i_show_level(&heading, look->level);
        est_i_text_append(&heading, heading.length ? " interval" : "Interval");
        est_i_grid_column(grid, heading.length ? heading.data : "", true);
    }
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
        est_i_show_number(cell, row->se, decimals < 0 ? est_i_row_decimals(row) : decimals);
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
static void remarks_cell(const est_i_look *look, const est_row *row, est_i_grid *grid)
{
    est_i_text *cell = est_i_grid_open(grid);
    uint32_t flags = est_i_remarks(row) & ~look->common;
    if (look->survey)
        est_i_show_letters(cell, look->others, flags);
    else
        est_i_show_flags(cell, flags);
    est_i_grid_close(grid);
}

static void group_row(const est_i_look *look, const est_row *row, const char *const *names, size_t n_names, est_i_grid *grid)
{
    int decimals = group_decimals(look);
    if (look->estimands) {
        est_i_show_estimand(est_i_grid_open(grid), row->estimand);
        est_i_grid_close(grid);
    }
    for (size_t i = 0; i < n_names; i++) {
        const char *label = est_i_row_label(row, names[i]);
        est_i_grid_cell(grid, row->n_domain && (*label || !look->survey) ? label : "All");
    }
    if (look->models)
        est_i_grid_cell(grid, row->model);
    est_i_show_estimate_to(est_i_grid_open(grid), row, decimals);
    est_i_grid_close(grid);
    if (look->se)
        se_cell(row, decimals, grid);
    if (look->has_interval) {
        est_i_show_interval_to(est_i_grid_open(grid), row, decimals);
        est_i_grid_close(grid);
    }
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
        remarks_cell(look, row, grid);
}

/* What the marks of the rows mean, as the notes of code "mark" say it ("(*): based on ..."). */
static void explain_marks(const est_result *result, const est_i_grouping *grouping, size_t first, est_i_text *letters)
{
    for (size_t i = 0; i < est_result_notes(result); i++) {
        const est_note *note = est_result_note(result, i);
        size_t length = strcspn(note->message, ":");
        bool used = false;
        for (size_t row = first; row < grouping->n_rows && !used && strcmp(note->code, "mark") == 0; row++) {
            const est_row *shown = est_result_row(result, row);
            const char *mark = strcmp(shown->mark, "()") == 0 ? "( )" : shown->mark;
            bool hidden = isnan(shown->n) && shown->flags & EST_FLAG_BIT(EST_FLAG_SUPPRESSED);
            used = in_group(grouping, first, row) &&
                   ((strlen(mark) == length && strncmp(mark, note->message, length) == 0) ||
                    (hidden && length == 1 && note->message[0] == 'x'));
        }
        if (used) {
            est_i_text_append(letters, letters->length ? "\n" : "");
            est_i_text_append(letters, note->message);
        }
    }
}

static void plain_group_grid(const est_result *result, const est_i_grouping *grouping, size_t first, est_i_room room,
                             est_i_grid *grid)
{
    const char **names = NULL;
    size_t n_names = est_i_label_names(result, grouping, first, &names, &grid->failed);
    est_i_look look = look_at_group(result, grouping, first);
    describe_group(&look, grid);
    fit_to_room(&look, room);
    group_columns(&look, names, n_names, grid);
    grid->n_labels = look.survey ? n_names + look.estimands : 0;
    for (size_t row = first; row < grouping->n_rows; row++)
        if (in_group(grouping, first, row))
            group_row(&look, est_result_row(result, row), names, n_names, grid);
    if (look.survey) {
        est_i_explain_letters(&grid->letters, look.others);
        explain_marks(result, grouping, first, &grid->letters);
    }
    free(names);
}

void est_i_group_grid(const est_result *result, const est_i_grouping *grouping, size_t first, est_i_room room,
                      est_i_grid *grid)
{
    if (grouping->beside[first])
        est_i_beside_grid(result, grouping, first, room.folded, grid);
    else
        plain_group_grid(result, grouping, first, room, grid);
}
