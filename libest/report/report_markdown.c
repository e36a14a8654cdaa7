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

/* One number for all the data: it comes first, with its warnings. */
static void answer(est_i_text *output, const est_result *result)
{
    const est_row *overall = est_i_overall_row(result);
    est_i_text before = {0}, number = {0}, after = {0};
    const char *joint = "\n";
    if (!overall)
        return;
    est_i_show_answer(result, overall, &before, &number, &after);
    est_i_text_append(output, "\n");
    est_i_encode_markdown(output, before.length ? before.data : "");
    est_i_text_append(output, "**");
    est_i_encode_markdown(output, number.length ? number.data : "");
    est_i_text_append(output, "**");
    est_i_encode_markdown(output, after.length ? after.data : "");
    est_i_text_append(output, "\n");
    for (size_t i = 0; i < est_result_notes(result); i++) {
        if (est_result_note(result, i)->severity != EST_WARNING)
            continue;
        est_i_text_append(output, joint);
        note(output, est_result_note(result, i));
        joint = "";
    }
    est_i_drop(&before, &output->failed);
    est_i_drop(&number, &output->failed);
    est_i_drop(&after, &output->failed);
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
        est_i_group_grid(result, &grouping, first, (est_i_room){0}, &grid);
        pipe_grid(output, &grid);
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
        est_i_frame_grid(frame, frame->print_rows, &grid);
        pipe_grid(output, &grid);
        est_i_grid_free(&grid);
        if (frame->n_rows > frame->print_rows)
            est_i_text_printf(output, "\n... %zu more\n", frame->n_rows - frame->print_rows);
    }
}

/* Those that the answer has not told already. */
static void notes(est_i_text *output, const est_result *result)
{
    bool told = est_i_overall_row(result) != NULL, headed = false;
    for (size_t i = 0; i < est_result_notes(result); i++) {
        if (told && est_result_note(result, i)->severity == EST_WARNING)
            continue;
        if (!headed)
            heading(output, "##", "Notes");
        headed = true;
        note(output, est_result_note(result, i));
    }
}

static void provenance(est_i_text *output, const est_result *result)
{
    if (est_result_provenances(result))
        heading(output, "##", "How this was made");
    for (size_t i = 0; i < est_result_provenances(result); i++) {
        const est_provenance *entry = est_result_provenance(result, i);
        if (entry->is_private)
            continue;
        est_i_text_append(output, "- ");
        est_i_encode_markdown(output, entry->name);
        est_i_text_append(output, ": ");
        est_i_encode_markdown(output, entry->value);
        est_i_text_append(output, "\n");
    }
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
    estimates(output, result);
    notes(output, result);
    stats(output, result);
    frames(output, result);
    provenance(output, result);
}

const est_i_writer est_i_writer_markdown = {"md", ".md", write_markdown};
