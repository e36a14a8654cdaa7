/* The grid itself: texts in one block, addressed by where they start. */
#include <stdlib.h>
#include <string.h>

#include "report/table_layout.h"

void est_i_drop(est_i_text *scratch, bool *failed)
{
    *failed |= scratch->failed;
    est_i_text_free(scratch);
}

void est_i_grid_free(est_i_grid *grid)
{
    est_i_text_free(&grid->caption);
    est_i_text_free(&grid->remark);
    est_i_text_free(&grid->letters);
    est_i_text_free(&grid->texts);
    est_i_text_free(&grid->sides);
    est_i_text_free(&grid->kinds);
    free(grid->starts);
    *grid = (est_i_grid){0};
}

bool est_i_grid_failed(const est_i_grid *grid)
{
    return grid->failed || grid->caption.failed || grid->remark.failed || grid->letters.failed ||
           grid->texts.failed || grid->sides.failed || grid->kinds.failed;
}

est_i_text *est_i_grid_open(est_i_grid *grid)
{
    if (grid->n_cells == grid->capacity) {
        size_t wanted = grid->capacity ? 2 * grid->capacity : 64;
        size_t *grown =
            wanted <= SIZE_MAX / sizeof *grown ? realloc(grid->starts, wanted * sizeof *grown) : NULL;
        if (!grown) {
            grid->failed = true;
            return &grid->texts;
        }
        grid->starts = grown;
        grid->capacity = wanted;
    }
    grid->starts[grid->n_cells++] = grid->texts.length;
    return &grid->texts;
}

void est_i_grid_close(est_i_grid *grid)
{
    est_i_text_append_bytes(&grid->texts, "", 1);
}

void est_i_grid_cell(est_i_grid *grid, const char *text)
{
    est_i_text_append(est_i_grid_open(grid), text);
    est_i_grid_close(grid);
}

void est_i_grid_column(est_i_grid *grid, const char *heading, bool right)
{
    est_i_text_append(&grid->sides, right ? "r" : "l");
    est_i_grid_cell(grid, heading);
    grid->n_columns++;
}

size_t est_i_grid_rows(const est_i_grid *grid)
{
    return grid->n_columns ? grid->n_cells / grid->n_columns - 1 : 0;
}

const char *est_i_grid_heading(const est_i_grid *grid, size_t column)
{
    return grid->texts.data + grid->starts[column];
}

const char *est_i_grid_at(const est_i_grid *grid, size_t row, size_t column)
{
    return grid->texts.data + grid->starts[(row + 1) * grid->n_columns + column];
}

bool est_i_grid_right(const est_i_grid *grid, size_t column)
{
    return grid->sides.data[column] == 'r';
}

void est_i_grid_line(est_i_grid *grid, est_i_line kind)
{
    const char letter = (char)kind, plain = EST_I_LINE_PLAIN;
    size_t row = grid->n_columns ? grid->n_cells / grid->n_columns - 1 : 0;
    while (!grid->kinds.failed && grid->kinds.length < row)
        est_i_text_append_bytes(&grid->kinds, &plain, 1);
    est_i_text_append_bytes(&grid->kinds, &letter, 1);
}

est_i_line est_i_grid_kind(const est_i_grid *grid, size_t row)
{
    return row < grid->kinds.length ? (est_i_line)grid->kinds.data[row] : EST_I_LINE_PLAIN;
}

bool est_i_grid_repeats(const est_i_grid *grid, size_t row, size_t column)
{
    bool same = grid->repeats && row > 0 && column + 1 < grid->n_labels;
    for (size_t label = 0; label <= column && same; label++)
        same = strcmp(est_i_grid_at(grid, row, label), est_i_grid_at(grid, row - 1, label)) == 0;
    return same;
}

static void copy_text(const est_i_text *from, est_i_text *to)
{
    est_i_text_append(to, from->length ? from->data : "");
}

void est_i_grid_piece(const est_i_grid *grid, size_t from, size_t to, est_i_grid *piece)
{
    copy_text(&grid->caption, &piece->caption);
    copy_text(&grid->remark, &piece->remark);
    copy_text(&grid->letters, &piece->letters);
    copy_text(&grid->kinds, &piece->kinds);
    est_i_grid_column(piece, est_i_grid_heading(grid, 0), est_i_grid_right(grid, 0));
    for (size_t column = from; column < to; column++)
        est_i_grid_column(piece, est_i_grid_heading(grid, column), est_i_grid_right(grid, column));
    for (size_t row = 0; row < est_i_grid_rows(grid); row++) {
        est_i_grid_cell(piece, est_i_grid_at(grid, row, 0));
        for (size_t column = from; column < to; column++)
            est_i_grid_cell(piece, est_i_grid_at(grid, row, column));
    }
}
