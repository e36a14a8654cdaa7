/* Markdown with pipe tables: the content of the text writer. */
#include <string.h>

#include "report/encode.h"
#include "report/table_layout.h"
#include "report/writer.h"

static void heading(est_i_text *output, const char *marks, const char *title)
{
    est_i_text_append(output, "\n");
    est_i_text_append(output, marks);
    est_i_text_append(output, " ");
    est_i_encode_markdown(output, title);
    est_i_text_append(output, "\n\n");
}

/* Line `number` of a cell, "" if it has fewer; a cell to the left is one line. */
static void pipe_cell(est_i_text *output, const est_i_grid *grid, size_t column, const char *text, int number)
{
    est_i_text line = {0};
    bool right = est_i_grid_right(grid, column);
    while (number > 0 && *text) {
        text += right ? strcspn(text, "\n") : strlen(text);
        text += *text == '\n';
        number--;
    }
    est_i_text_append_bytes(&line, text, right ? strcspn(text, "\n") : strlen(text));
    est_i_text_append(output, " ");
    est_i_encode_markdown(output, line.length ? line.data : "");
    est_i_text_append(output, " |");
    est_i_drop(&line, &output->failed);
}

static bool has_second_line(const est_i_grid *grid, size_t row)
{
    for (size_t column = 0; column < grid->n_columns; column++)
        if (est_i_grid_right(grid, column) && strchr(est_i_grid_at(grid, row, column), '\n'))
            return true;
    return false;
}

/* The intervals below the estimates are a record of their own: a cell of a pipe table holds one line. */
static void pipe_record(est_i_text *output, const est_i_grid *grid, size_t row)
{
    if (est_i_grid_kind(grid, row) == EST_I_LINE_HEADING) {
        est_i_text_append(output, "| **");
        est_i_encode_markdown(output, est_i_grid_at(grid, row, 0));
        est_i_text_append(output, "** |");
        for (size_t column = 1; column < grid->n_columns; column++)
            est_i_text_append(output, "  |");
        est_i_text_append(output, "\n");
        return;
    }
    for (int number = 0; number < 1 + has_second_line(grid, row); number++) {
        est_i_text_append(output, "|");
        for (size_t column = 0; column < grid->n_columns; column++)
            pipe_cell(output, grid, column, est_i_grid_at(grid, row, column), number);
        est_i_text_append(output, "\n");
    }
}

static void pipe_headings(est_i_text *output, const est_i_grid *grid)
{
    est_i_text_append(output, "|");
    for (size_t column = 0; column < grid->n_columns; column++)
        pipe_cell(output, grid, column, est_i_grid_heading(grid, column), 0);
    est_i_text_append(output, "\n|");
    for (size_t column = 0; column < grid->n_columns; column++)
        est_i_text_append(output, est_i_grid_right(grid, column) ? " ---: |" : " --- |");
    est_i_text_append(output, "\n");
}

static void letters(est_i_text *output, const char *text)
{
    est_i_text line = {0};
    est_i_text_append(output, *text ? "\n" : "");
    while (*text) {
        size_t bytes = strcspn(text, "\n");
        est_i_text_append_bytes(&line, text, bytes);
        est_i_text_append(output, "- ");
        est_i_encode_markdown(output, line.length ? line.data : "");
        est_i_text_append(output, "\n");
        est_i_drop(&line, &output->failed);
        text += bytes + (text[bytes] != '\0');
    }
}

static void pipe_grid(est_i_text *output, const est_i_grid *grid)
{
    if (est_i_grid_failed(grid)) {
        output->failed = true;
        return;
    }
    if (grid->caption.length)
        heading(output, "##", grid->caption.data);
    if (grid->remark.length) {
        est_i_encode_markdown(output, grid->remark.data);
        est_i_text_append(output, "\n\n");
    }
    if (grid->n_columns == 0)
        return;
    pipe_headings(output, grid);
    for (size_t row = 0; row < est_i_grid_rows(grid); row++)
        pipe_record(output, grid, row);
    letters(output, grid->letters.length ? grid->letters.data : "");
}

static void note(est_i_text *output, const est_note *note)
{
    est_i_text_append(output, note->severity == EST_WARNING ? "- **Warning:** " : "- **Note:** ");
    est_i_encode_markdown(output, note->message);
    est_i_text_append(output, "\n");
}

/* A number for all the data, or one for each thing that was asked: it comes first, with its warnings. */
static void answer(est_i_text *output, const est_result *result)
{
    const est_row *row = NULL;
    const char *joint = "\n";
    for (size_t i = 0; (row = est_i_headline(result, i)) != NULL; i++) {
        est_i_text before = {0}, number = {0}, after = {0};
        est_i_show_answer(result, row, &before, &number, &after);
        est_i_text_append(output, "\n");
        est_i_encode_markdown(output, before.length ? before.data : "");
        est_i_text_append(output, "**");
        est_i_encode_markdown(output, number.length ? number.data : "");
        est_i_text_append(output, "**");
        est_i_encode_markdown(output, after.length ? after.data : "");
        est_i_text_append(output, "\n");
        est_i_drop(&before, &output->failed);
        est_i_drop(&number, &output->failed);
        est_i_drop(&after, &output->failed);
    }
    for (size_t i = 0; i < est_result_notes(result) && est_i_headline(result, 0); i++) {
        if (est_result_note(result, i)->severity != EST_WARNING)
            continue;
        est_i_text_append(output, joint);
        note(output, est_result_note(result, i));
        joint = "";
    }
}

/* Facts of a group as a quotation, which stands out as a box does. */
static void facts(est_i_text *output, const est_result *result, const char *group, const char *title)
{
    const est_fact *fact = NULL, *before = NULL;
    for (size_t i = 0; (fact = est_i_fact(result, group, i)) != NULL; before = fact, i++) {
        const est_fact *next = est_i_fact(result, group, i + 1);
        bool again = before && strcmp(before->name, fact->name) == 0, list = again || (next && strcmp(next->name, fact->name) == 0);
        if (i == 0)
            est_i_text_printf(output, "\n> **%s**\n>\n", title);
        if (!again) {
            est_i_text_append(output, "> - ");
            est_i_encode_markdown(output, fact->name);
            est_i_text_append(output, list ? ":\n" : ": ");
        }
        est_i_text_append(output, list ? ">   - " : "");
        est_i_encode_markdown(output, fact->value);
        est_i_text_append(output, "\n");
    }
}

static void estimates(est_i_text *output, const est_result *result)
{
    est_i_grouping grouping;
    if (!est_i_grouping_make(result, &grouping)) {
        output->failed = true;
        return;
    }
    for (size_t i = 0; i < est_i_overviews(result, &grouping); i++) {
        est_i_grid grid = {0};
        est_i_overview_grid(result, &grouping, i, &grid);
        pipe_grid(output, &grid);
        est_i_grid_free(&grid);
    }
    for (int part = EST_I_AGES; part <= EST_I_DOMAIN_AGES; part++)
        for (size_t first = 0; first < grouping.n_rows; first++) {
            bool plain = part == EST_I_AGES && grouping.part[first] == EST_I_PLAIN;
            est_i_grid grid = {0};
            if (grouping.group[first] != first || !(plain || grouping.part[first] == (est_i_part)part))
                continue;
            est_i_group_grid(result, &grouping, first, (est_i_room){0}, &grid);
            pipe_grid(output, &grid);
            est_i_grid_free(&grid);
        }
    est_i_grouping_free(&grouping);
}

static void tables(est_i_text *output, const est_result *result)
{
    for (size_t i = 0; i < est_i_standard_tables(result); i++) {
        est_i_grid grid = {0};
        est_i_standard_grid(result, est_i_standard_table(result, i), &grid);
        pipe_grid(output, &grid);
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
    pipe_grid(output, &grid);
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
        pipe_grid(output, &grid);
        est_i_grid_free(&grid);
        if (frame->n_rows > frame->print_rows)
            est_i_text_printf(output, "\n... %zu more\n", frame->n_rows - frame->print_rows);
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
            heading(output, "##", "Notes");
        headed = true;
        note(output, next);
    }
}

static void provenance(est_i_text *output, const est_result *result)
{
    est_i_text others = {0};
    if (est_result_provenances(result))
        heading(output, "##", "How this was made");
    for (size_t i = 0; i < est_result_provenances(result); i++) {
        const est_provenance *entry = est_result_provenance(result, i);
        if (entry->is_private || est_i_option_is_default(result, entry))
            continue;
        est_i_text_append(output, "- ");
        est_i_encode_markdown(output, entry->name);
        est_i_text_append(output, ": ");
        est_i_encode_markdown(output, entry->value);
        est_i_text_append(output, "\n");
    }
    est_i_say_other_options(result, &others);
    if (others.length) {
        est_i_text_append(output, "- other options: ");
        est_i_encode_markdown(output, others.data);
        est_i_text_append(output, "\n");
    }
    est_i_drop(&others, &output->failed);
}

static void write_markdown(const est_result *result, est_i_text *output)
{
    est_i_text_append(output, "# ");
    est_i_encode_markdown(output, est_result_title(result));
    est_i_text_append(output, "\n");
    for (int i = 0; est_i_banner(result, i); i++) {
        est_i_text_append(output, "\n> **");
        est_i_encode_markdown(output, est_i_banner(result, i));
        est_i_text_append(output, "**\n");
    }
    if (est_i_data_name(result, true)) {
        est_i_text_append(output, "\nData: ");
        est_i_encode_markdown(output, est_i_data_name(result, true));
        est_i_text_append(output, "\n");
    }
    answer(output, result);
    facts(output, result, "definition", "Definition");
    estimates(output, result);
    tables(output, result);
    facts(output, result, "benchmark", EST_I_BENCHMARKS);
    notes(output, result);
    stats(output, result);
    frames(output, result);
    provenance(output, result);
}

const est_i_writer est_i_writer_markdown = {"md", ".md", write_markdown};
