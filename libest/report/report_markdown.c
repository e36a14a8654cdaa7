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

static void pipe_record(est_i_text *output, const est_i_grid *grid, size_t row, bool headings)
{
    est_i_text_append(output, "|");
    for (size_t column = 0; column < grid->n_columns; column++) {
        est_i_text_append(output, " ");
        est_i_encode_markdown(output,
                              headings ? est_i_grid_heading(grid, column) : est_i_grid_at(grid, row, column));
        est_i_text_append(output, " |");
    }
    est_i_text_append(output, "\n");
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
    pipe_record(output, grid, 0, true);
    est_i_text_append(output, "|");
    for (size_t column = 0; column < grid->n_columns; column++)
        est_i_text_append(output, est_i_grid_right(grid, column) ? " ---: |" : " --- |");
    est_i_text_append(output, "\n");
    for (size_t row = 0; row < est_i_grid_rows(grid); row++)
        pipe_record(output, grid, row, false);
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
        if (frame->print_rows == 0)
            continue;
        est_i_frame_grid(frame, frame->print_rows, &grid);
        pipe_grid(output, &grid);
        est_i_grid_free(&grid);
        if (frame->n_rows > frame->print_rows)
            est_i_text_printf(output, "\n... %zu more\n", frame->n_rows - frame->print_rows);
    }
}

static void notes(est_i_text *output, const est_result *result)
{
    if (est_result_notes(result))
        heading(output, "##", "Notes");
    for (size_t i = 0; i < est_result_notes(result); i++) {
        const est_note *note = est_result_note(result, i);
        est_i_text_append(output, note->severity == EST_WARNING ? "- **Warning:** " : "- **Note:** ");
        est_i_encode_markdown(output, note->message);
        est_i_text_append(output, "\n");
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
    estimates(output, result);
    stats(output, result);
    frames(output, result);
    notes(output, result);
    provenance(output, result);
}

const est_i_writer est_i_writer_markdown = {"md", ".md", write_markdown};
