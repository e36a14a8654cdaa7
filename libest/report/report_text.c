/* Plain text for a terminal, at most 100 code points wide, without colours. */
#include <stdlib.h>
#include <string.h>

#include "report/chart_parts.h"
#include "report/encode.h"
#include "report/table_layout.h"
#include "report/writer.h"

#define PAGE_WIDTH 100
#define INDENT 2
#define GAP 2
#define NARROWEST 14 /* a column of words is not folded below this */
#define HEADING_LINES 3
#define LONG_NAME 40 /* of a fact; its words then begin a line of their own */

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
    size_t inset;        /* of the first cell of that record */
} text_table;

/* The longest line of a cell; a cell to the left is one line. */
static size_t cell_width(const char *text, bool lines)
{
    size_t widest = 0;
    while (*text) {
        size_t bytes = lines ? strcspn(text, "\n") : strlen(text), letters = 0;
        for (const char *at = text; at < text + bytes; letters++)
            est_i_utf8_next(&at);
        widest = letters > widest ? letters : widest;
        text += bytes + (text[bytes] != '\0');
    }
    return widest;
}

/* The narrowest column whose heading takes no more than HEADING_LINES, with no word cut. */
static size_t heading_width(const char *title)
{
    size_t width = 0, length = 0, lines = HEADING_LINES + 1, bytes = 0;
    const char *at = title, *line = NULL;
    for (uint32_t code; (code = est_i_utf8_next(&at)) != 0;) {
        length = code == ' ' ? 0 : length + 1;
        width = length > width ? length : width;
    }
    for (; lines > HEADING_LINES; width += lines > HEADING_LINES) {
        lines = 0;
        for (at = title; est_i_wrap_next(&at, width, &line, &bytes);)
            lines++;
    }
    return width;
}

/* Lines below a heading are set in. */
static size_t inset_of(const est_i_grid *grid, size_t row)
{
    return est_i_grid_kind(grid, row) == EST_I_LINE_ITEM ? INDENT : 0;
}

/* folded: a heading over numbers may take several lines. */
static size_t column_width(const est_i_grid *grid, size_t column, bool folded)
{
    bool right = est_i_grid_right(grid, column);
    const char *title = est_i_grid_heading(grid, column);
    size_t width = folded && right ? heading_width(title) : est_i_utf8_length(title);
    for (size_t row = 0; row < est_i_grid_rows(grid); row++) {
        size_t length = cell_width(est_i_grid_at(grid, row, column), right) + (column == 0 ? inset_of(grid, row) : 0);
        if (est_i_grid_kind(grid, row) == EST_I_LINE_HEADING)
            continue;
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

/* Folds the headings of numbers, then the widest column of words, until the table fits or nothing can give
 * way. True if it fits. */
static bool fit_widths(text_table *table)
{
    size_t n_columns = table->grid->n_columns, total = 0;
    for (size_t column = 0; column < n_columns; column++)
        table->width[column] = column_width(table->grid, column, false);
    total = total_width(table, 0, n_columns);
    for (size_t column = 0; column < n_columns && total > PAGE_WIDTH; column++)
        table->width[column] = column_width(table->grid, column, true);
    for (;;) {
        size_t widest = n_columns;
        total = total_width(table, 0, n_columns);
        for (size_t column = 0; column < n_columns; column++)
            if (!est_i_grid_right(table->grid, column) && table->width[column] > NARROWEST &&
                (widest == n_columns || table->width[column] > table->width[widest]))
                widest = column;
        if (total <= PAGE_WIDTH || widest == n_columns)
            break;
        table->width[widest]--;
    }
    if (total > PAGE_WIDTH && table->grid->kinds.length) /* it is split anyway: names stay whole */
        table->width[0] = column_width(table->grid, 0, false);
    for (size_t column = 0; column < n_columns; column++)
        if (table->width[column] > PAGE_WIDTH - INDENT)
            table->width[column] = PAGE_WIDTH - INDENT;
    return total <= PAGE_WIDTH;
}

static bool next_line(const text_table *table, size_t column, const char **cursor, const char **line,
                      size_t *bytes)
{
    size_t width = table->width[column] - (column == 0 ? table->inset : 0);
    return est_i_grid_right(table->grid, column) ? est_i_wrap_next_line(cursor, width, line, bytes)
                                                 : est_i_wrap_next(cursor, width, line, bytes);
}

/* `owed`: blanks due before the next visible character. */
static void text_cell(est_i_text *output, text_table *table, size_t column, size_t *owed)
{
    const char *line = NULL;
    size_t bytes = 0, inset = column == 0 ? table->inset : 0, width = table->width[column] - inset;
    est_i_text shown = {0};
    *owed += inset;
    if (next_line(table, column, &table->cursor[column], &line, &bytes))
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
    return next_line(table, column, &cursor, &line, &bytes);
}

static size_t label_columns(const est_i_grid *grid)
{
    return grid->n_labels ? grid->n_labels : 1;
}

/* One record: as many lines as its longest folded cell needs, after the labels if those are not among its
 * columns. Blanks at the end of a line are never written. */
static void text_record(est_i_text *output, text_table *table, size_t from, size_t to)
{
    size_t labels = from ? label_columns(table->grid) : 0;
    bool more = true;
    while (more) {
        size_t owed = INDENT;
        more = false;
        for (size_t column = 0; column < to; column = column + 1 == labels ? from : column + 1) {
            text_cell(output, table, column, &owed);
            owed += GAP;
            more |= anything_left(table, column);
        }
        est_i_text_append(output, "\n");
    }
}

/* Columns that still fit beside the labels, which are repeated in every part. */
static size_t part_end(const text_table *table, size_t from)
{
    size_t to = from + 1, labels = label_columns(table->grid);
    size_t repeated = from ? total_width(table, 0, labels) - INDENT + GAP : 0;
    while (to < table->grid->n_columns &&
           (to < labels || total_width(table, from, to + 1) + repeated <= PAGE_WIDTH))
        to++;
    return to;
}

static void text_part(est_i_text *output, text_table *table, size_t from, size_t to)
{
    const est_i_grid *grid = table->grid;
    table->inset = 0;
    for (size_t column = 0; column < grid->n_columns; column++)
        table->cursor[column] = est_i_grid_heading(grid, column);
    text_record(output, table, from, to);
    for (size_t row = 0; row < est_i_grid_rows(grid); row++) {
        if (est_i_grid_kind(grid, row) == EST_I_LINE_HEADING) {
            paragraph(output, "  ", est_i_grid_at(grid, row, 0), 4);
            continue;
        }
        table->inset = inset_of(grid, row);
        for (size_t column = 0; column < grid->n_columns; column++)
            table->cursor[column] = est_i_grid_repeats(grid, row, column) ? "" : est_i_grid_at(grid, row, column);
        text_record(output, table, from, to);
    }
}

static void lines(est_i_text *output, const char *text)
{
    est_i_text line = {0};
    while (*text) {
        size_t bytes = strcspn(text, "\n");
        est_i_text_append_bytes(&line, text, bytes);
        paragraph(output, "  ", line.length ? line.data : "", 6);
        est_i_drop(&line, &output->failed);
        text += bytes + (text[bytes] != '\0');
    }
}

static bool table_make(text_table *table, const est_i_grid *grid)
{
    *table = (text_table){.grid = grid};
    table->width = calloc(grid->n_columns + 1, sizeof *table->width);
    table->cursor = calloc(grid->n_columns + 1, sizeof *table->cursor);
    return table->width && table->cursor;
}

static void table_free(text_table *table)
{
    free(table->width);
    free(table->cursor);
}

static bool grid_fits(const est_i_grid *grid)
{
    text_table table;
    bool fits = table_make(&table, grid) && !est_i_grid_failed(grid) && fit_widths(&table);
    table_free(&table);
    return fits;
}

static void text_grid(est_i_text *output, const est_i_grid *grid)
{
    text_table table;
    output->failed |= est_i_grid_failed(grid) || !table_make(&table, grid);
    if (est_i_grid_failed(grid))
        return;
    if (grid->caption.length)
        heading(output, grid->caption.data);
    if (grid->remark.length)
        paragraph(output, "", grid->remark.data, 0);
    if (!output->failed) {
        fit_widths(&table);
        for (size_t from = 0, to = 0; from < grid->n_columns; from = to) {
            to = part_end(&table, from);
            est_i_text_append(output, from ? "\n" : "");
            text_part(output, &table, from, to);
        }
    }
    if (grid->letters.length)
        lines(output, grid->letters.data);
    table_free(&table);
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
    if (est_i_data_name(result, true))
        paragraph(output, "Data: ", est_i_data_name(result, true), 2);
}

static void note(est_i_text *output, const est_note *note)
{
    paragraph(output, note->severity == EST_WARNING ? "  Warning: " : "  Note: ", note->message, 4);
}

/* A number for all the data, or one for each thing that was asked: it comes first, with its warnings. */
static void answer(est_i_text *output, const est_result *result)
{
    const est_row *row = NULL;
    for (size_t i = 0; (row = est_i_headline(result, i)) != NULL; i++) {
        est_i_text text = {0}, after = {0};
        est_i_show_answer(result, row, &text, &text, &after);
        est_i_text_append(&text, after.length ? after.data : "");
        est_i_text_append(output, i ? "" : "\n");
        paragraph(output, "", text.length ? text.data : "", i || est_i_headline(result, 1) ? 2 : 0);
        est_i_drop(&text, &output->failed);
        est_i_drop(&after, &output->failed);
    }
    for (size_t i = 0; i < est_result_notes(result) && est_i_headline(result, 0); i++)
        if (est_result_note(result, i)->severity == EST_WARNING)
            note(output, est_result_note(result, i));
}

/* Facts of a group: a line each, or below their name where it is long or has several. */
static void facts(est_i_text *output, const est_result *result, const char *group, const char *title)
{
    const est_fact *fact = NULL, *before = NULL;
    for (size_t i = 0; (fact = est_i_fact(result, group, i)) != NULL; before = fact, i++) {
        const est_fact *next = est_i_fact(result, group, i + 1);
        bool again = before && strcmp(before->name, fact->name) == 0;
        bool list = again || (next && strcmp(next->name, fact->name) == 0) || est_i_utf8_length(fact->name) > LONG_NAME;
        est_i_text lead = {0};
        est_i_encode_plain(&lead, fact->name);
        est_i_text_append(&lead, ": ");
        if (i == 0)
            heading(output, title);
        if (list && !again)
            paragraph(output, "  ", lead.length ? lead.data : "", 4);
        if (!list)
            est_i_text_append(output, "  ");
        paragraph(output, list ? "    - " : lead.length ? lead.data : "", fact->value, list ? 6 : 4);
        est_i_drop(&lead, &output->failed);
    }
}

/* As wide as it can be: limits go under each other, or columns go, before a table is split. */
static void group(est_i_text *output, const est_result *result, const est_i_grouping *grouping, size_t first)
{
    est_i_grid grid = {0};
    bool beside = grouping->beside[first], plain = !beside && grouping->part[first] != EST_I_DOMAIN_AGES;
    est_i_group_grid(result, grouping, first, (est_i_room){0}, &grid);
    if (beside && !grid_fits(&grid)) {
        est_i_grid_free(&grid);
        est_i_group_grid(result, grouping, first, (est_i_room){.folded = true}, &grid);
    }
    for (int narrow = 1; narrow <= EST_I_NARROWEST_PAIR && plain && !grid_fits(&grid); narrow++) {
        est_i_grid_free(&grid);
        est_i_group_grid(result, grouping, first, (est_i_room){.narrow = narrow}, &grid);
    }
    text_grid(output, &grid);
    est_i_grid_free(&grid);
}

static void overviews(est_i_text *output, const est_result *result, const est_i_grouping *grouping)
{
    for (size_t i = 0; i < est_i_overviews(result, grouping); i++) {
        est_i_grid grid = {0};
        if (est_i_overview_grid(result, grouping, i, &grid) || grid.failed)
            text_grid(output, &grid);
        est_i_grid_free(&grid);
    }
}

/* Of the whole and its age groups first, then of domains, then of the age groups of domains. */
static void estimates(est_i_text *output, const est_result *result)
{
    est_i_grouping grouping;
    if (!est_i_grouping_make(result, &grouping)) {
        output->failed = true;
        return;
    }
    overviews(output, result, &grouping);
    for (int part = EST_I_AGES; part <= EST_I_DOMAIN_AGES; part++)
        for (size_t first = 0; first < grouping.n_rows; first++) {
            bool plain = part == EST_I_AGES && grouping.part[first] == EST_I_PLAIN;
            if (grouping.group[first] == first && (plain || grouping.part[first] == (est_i_part)part))
                group(output, result, &grouping, first);
        }
    est_i_grouping_free(&grouping);
}

static void tables(est_i_text *output, const est_result *result)
{
    for (size_t i = 0; i < est_i_standard_tables(result); i++) {
        est_i_grid grid = {0};
        est_i_standard_grid(result, est_i_standard_table(result, i), &grid);
        text_grid(output, &grid);
        est_i_grid_free(&grid);
    }
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
        if (frame->print_rows == 0 || !est_i_frame_shown(result, frame))
            continue;
        est_i_frame_grid(result, frame, frame->print_rows, &grid);
        text_grid(output, &grid);
        est_i_grid_free(&grid);
        if (frame->n_rows > frame->print_rows)
            est_i_text_printf(output, "  ... %zu more\n", frame->n_rows - frame->print_rows);
    }
}

/* Those that the answer, or a table, has not told already. */
static void notes(est_i_text *output, const est_result *result)
{
    bool told = est_i_headline(result, 0) != NULL, headed = false;
    for (size_t i = 0; i < est_result_notes(result); i++) {
        const est_note *next = est_result_note(result, i);
        if ((told && next->severity == EST_WARNING) || est_i_note_is_told(result, next))
            continue;
        if (!headed)
            heading(output, "Notes");
        headed = true;
        note(output, next);
    }
}

static void charts(est_i_text *output, const est_result *result)
{
    for (size_t i = 0; i < est_result_charts(result); i++) {
        est_i_shown_chart shown;
        if (est_i_shown_chart_make(result, est_result_chart(result, i), &shown))
            est_i_chart_text(&shown, PAGE_WIDTH, output);
        else
            output->failed = true;
        est_i_shown_chart_free(&shown);
    }
}

/* Options in two paragraphs, what was asked and how many were left as they are, the rest a line each. Private entries never: the
 * text is the same in every language and for every way the data were read. */
static void provenance(est_i_text *output, const est_result *result)
{
    est_i_text options = {0}, lead = {0}, others = {0};
    if (est_result_provenances(result))
        heading(output, "How this was made");
    for (size_t i = 0; i < est_result_provenances(result); i++) {
        const est_provenance *entry = est_result_provenance(result, i);
        const char *option = est_i_option_name(entry);
        if (entry->is_private || (option && est_i_option_is_default(result, entry)))
            continue;
        if (option) {
            est_i_text_append(&options, options.length ? ", " : "");
            est_i_text_append(&options, option);
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
    est_i_say_other_options(result, &others);
    if (others.length)
        paragraph(output, "  other options: ", others.data, 4);
    est_i_drop(&options, &output->failed);
    est_i_drop(&others, &output->failed);
}

static void write_text(const est_result *result, est_i_text *output)
{
    title(output, result);
    answer(output, result);
    facts(output, result, "definition", "Definition");
    estimates(output, result);
    tables(output, result);
    facts(output, result, "benchmark", EST_I_BENCHMARKS);
    notes(output, result);
    charts(output, result);
    stats(output, result);
    frames(output, result);
    provenance(output, result);
}

const est_i_writer est_i_writer_text = {"text", ".txt", write_text};
