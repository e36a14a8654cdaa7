/* Plain text for a terminal, at most 100 code points wide, without colours. */
#include <stdlib.h>
#include <string.h>

#include "report/encode.h"
#include "report/table_layout.h"
#include "report/writer.h"

#define PAGE_WIDTH 100
#define INDENT 2
#define GAP 2
#define NARROWEST 14 /* a column of words is not folded below this */

static void spaces(est_i_text *output, size_t count)
{
    while (count--)
        est_i_text_append(output, " ");
}

static size_t room(size_t taken)
{
    return taken + NARROWEST < PAGE_WIDTH ? PAGE_WIDTH - taken : NARROWEST;
}

static void paragraph(est_i_text *output, const char *lead, const char *text, size_t indent)
{
    const char *line = NULL;
    size_t bytes = 0, lines = 0, taken = est_i_utf8_length(lead);
    est_i_text_append(output, lead);
    for (; est_i_wrap_next(&text, room(lines ? indent : taken), &line, &bytes); lines++) {
        spaces(output, lines ? indent : 0);
        est_i_encode_plain_bytes(output, line, bytes);
        est_i_text_append(output, "\n");
    }
    if (lines == 0)
        est_i_text_append(output, "\n");
}

static void heading(est_i_text *output, const char *title)
{
    est_i_text_append(output, "\n");
    paragraph(output, "", title, 0);
}

/* ---- grids ---- */

typedef struct text_table {
    const est_i_grid *grid;
    size_t *width;
    const char **cursor; /* what is left of each cell of the record being written */
} text_table;

static size_t natural_width(const est_i_grid *grid, size_t column)
{
    size_t width = est_i_utf8_length(est_i_grid_heading(grid, column));
    for (size_t row = 0; row < est_i_grid_rows(grid); row++) {
        size_t length = est_i_utf8_length(est_i_grid_at(grid, row, column));
        width = length > width ? length : width;
    }
    return width ? width : 1;
}

static size_t total_width(const text_table *table, size_t from, size_t to)
{
    size_t total = INDENT;
    for (size_t column = from; column < to; column++)
        total += table->width[column] + (column > from ? GAP : 0);
    return total;
}

/* Folds the widest column of words until the table fits or no column can give way. */
static void fit_widths(text_table *table)
{
    size_t n_columns = table->grid->n_columns;
    for (;;) {
        size_t total = total_width(table, 0, n_columns), widest = n_columns;
        for (size_t column = 0; column < n_columns; column++)
            if (!est_i_grid_right(table->grid, column) && table->width[column] > NARROWEST &&
                (widest == n_columns || table->width[column] > table->width[widest]))
                widest = column;
        if (total <= PAGE_WIDTH || widest == n_columns)
            break;
        table->width[widest]--;
    }
    for (size_t column = 0; column < n_columns; column++)
        if (table->width[column] > PAGE_WIDTH - INDENT)
            table->width[column] = PAGE_WIDTH - INDENT;
}

/* `owed`: blanks due before the next visible character. */
static void text_cell(est_i_text *output, text_table *table, size_t column, size_t *owed)
{
    const char *line = NULL;
    size_t bytes = 0, width = table->width[column];
    est_i_text shown = {0};
    if (est_i_wrap_next(&table->cursor[column], width, &line, &bytes))
        est_i_encode_plain_bytes(&shown, line, bytes);
    size_t length = shown.length ? est_i_utf8_length(shown.data) : 0;
    bool right = est_i_grid_right(table->grid, column);
    *owed += right ? width - length : 0;
    if (length) {
        spaces(output, *owed);
        est_i_text_append(output, shown.data);
        *owed = 0;
    }
    *owed += right ? 0 : width - length;
    est_i_drop(&shown, &output->failed);
}

static bool anything_left(const text_table *table, size_t column)
{
    const char *cursor = table->cursor[column], *line = NULL;
    size_t bytes = 0;
    return est_i_wrap_next(&cursor, table->width[column], &line, &bytes);
}

/* One record: as many lines as its longest folded cell needs. Blanks at the end of a line are never written.
 */
static void text_record(est_i_text *output, text_table *table, size_t from, size_t to)
{
    bool more = true;
    while (more) {
        size_t owed = INDENT;
        more = false;
        if (from > 0) {
            text_cell(output, table, 0, &owed);
            owed += GAP;
            more |= anything_left(table, 0);
        }
        for (size_t column = from; column < to; column++) {
            text_cell(output, table, column, &owed);
            owed += GAP;
            more |= anything_left(table, column);
        }
        est_i_text_append(output, "\n");
    }
}

/* Columns that still fit beside the first one, which is repeated in every part. */
static size_t part_end(const text_table *table, size_t from)
{
    size_t to = from + 1, repeated = from ? table->width[0] + GAP : 0;
    while (to < table->grid->n_columns && total_width(table, from, to + 1) + repeated <= PAGE_WIDTH)
        to++;
    return to;
}

static void text_part(est_i_text *output, text_table *table, size_t from, size_t to)
{
    const est_i_grid *grid = table->grid;
    for (size_t column = 0; column < grid->n_columns; column++)
        table->cursor[column] = est_i_grid_heading(grid, column);
    text_record(output, table, from, to);
    for (size_t row = 0; row < est_i_grid_rows(grid); row++) {
        for (size_t column = 0; column < grid->n_columns; column++)
            table->cursor[column] = est_i_grid_at(grid, row, column);
        text_record(output, table, from, to);
    }
}

static void text_grid(est_i_text *output, const est_i_grid *grid)
{
    if (est_i_grid_failed(grid)) {
        output->failed = true;
        return;
    }
    text_table table = {.grid = grid};
    table.width = calloc(grid->n_columns + 1, sizeof *table.width);
    table.cursor = calloc(grid->n_columns + 1, sizeof *table.cursor);
    output->failed |= !table.width || !table.cursor;
    if (grid->caption.length)
        heading(output, grid->caption.data);
    if (grid->remark.length)
        paragraph(output, "", grid->remark.data, 0);
    if (!output->failed) {
        for (size_t column = 0; column < grid->n_columns; column++)
            table.width[column] = natural_width(grid, column);
        fit_widths(&table);
        for (size_t from = 0, to = 0; from < grid->n_columns; from = to) {
            to = part_end(&table, from);
            text_part(output, &table, from, to);
        }
    }
    free(table.width);
    free(table.cursor);
}

/* ---- sections ---- */

static void title(est_i_text *output, const est_result *result)
{
    paragraph(output, "", est_result_title(result), 0);
    size_t length = est_i_utf8_length(est_result_title(result));
    for (size_t i = 0; i < length && i < PAGE_WIDTH; i++)
        est_i_text_append(output, "=");
    est_i_text_append(output, "\n");
    for (int i = 0; est_i_banner(result, i); i++)
        paragraph(output, "*** ", est_i_banner(result, i), 4);
}

static void estimates(est_i_text *output, const est_result *result)
{
    est_i_grouping grouping;
    if (!est_i_grouping_make(result, &grouping)) {
        output->failed = true;
        return;
    }
    for (size_t first = 0; first < grouping.n_rows; first++) {
        if (grouping.group[first] != first)
            continue;
        est_i_grid grid = {0};
        est_i_group_grid(result, &grouping, first, false, &grid);
        text_grid(output, &grid);
        est_i_grid_free(&grid);
    }
    est_i_grouping_free(&grouping);
}

static void stats(est_i_text *output, const est_result *result)
{
    est_i_grid grid = {0};
    if (est_result_stats(result) == 0)
        return;
    est_i_text_append(&grid.caption, "Statistics");
    est_i_stats_grid(result, &grid);
    text_grid(output, &grid);
    est_i_grid_free(&grid);
}

static void frames(est_i_text *output, const est_result *result)
{
    for (size_t i = 0; i < est_result_frames(result); i++) {
        const est_frame *frame = est_result_frame(result, i);
        est_i_grid grid = {0};
        if (frame->print_rows == 0)
            continue;
        est_i_frame_grid(frame, frame->print_rows, &grid);
        text_grid(output, &grid);
        est_i_grid_free(&grid);
        if (frame->n_rows > frame->print_rows)
            est_i_text_printf(output, "  ... %zu more\n", frame->n_rows - frame->print_rows);
    }
}

static void notes(est_i_text *output, const est_result *result)
{
    if (est_result_notes(result))
        heading(output, "Notes");
    for (size_t i = 0; i < est_result_notes(result); i++) {
        const est_note *note = est_result_note(result, i);
        paragraph(output, note->severity == EST_WARNING ? "  Warning: " : "  Note: ", note->message, 4);
    }
}

static bool is_option(const est_provenance *entry)
{
    return strncmp(entry->name, "option:", strlen("option:")) == 0;
}

/* Options in one paragraph, the rest a line each. Private entries never: the text is the same in every
 * language and for every way the data were read. */
static void provenance(est_i_text *output, const est_result *result)
{
    est_i_text options = {0}, lead = {0};
    if (est_result_provenances(result))
        heading(output, "How this was made");
    for (size_t i = 0; i < est_result_provenances(result); i++) {
        const est_provenance *entry = est_result_provenance(result, i);
        if (entry->is_private)
            continue;
        if (is_option(entry)) {
            est_i_text_append(&options, options.length ? ", " : "");
            est_i_text_append(&options, entry->name + strlen("option:"));
            est_i_text_append(&options, " = ");
            est_i_text_append(&options, entry->value[0] ? entry->value : "\"\"");
            continue;
        }
        est_i_text_append(&lead, "  ");
        est_i_encode_plain(&lead, entry->name);
        est_i_text_append(&lead, ": ");
        paragraph(output, lead.length ? lead.data : "", entry->value, 4);
        est_i_drop(&lead, &output->failed);
    }
    if (options.length)
        paragraph(output, "  options: ", options.data, 4);
    est_i_drop(&options, &output->failed);
}

static void write_text(const est_result *result, est_i_text *output)
{
    title(output, result);
    estimates(output, result);
    stats(output, result);
    frames(output, result);
    notes(output, result);
    provenance(output, result);
}

const est_i_writer est_i_writer_text = {"text", ".txt", write_text};
