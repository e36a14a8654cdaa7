/* Rows as the cells of a table. */
#ifndef EST_I_REPORT_PIVOT_H
#define EST_I_REPORT_PIVOT_H

#include <stdbool.h>
#include <stddef.h>

#include <est/result.h>

#include "report/table_layout.h"

/* Lines and columns stand in the order in which the rows come; of two rows for one cell the first is taken. */
typedef struct est_i_pivot {
    const est_result *result;
    const est_row **rows; /* all of them; the caller allocates, est_i_pivot_free frees */
    size_t n_rows, n_lines, n_columns;
    const est_row **lines, **columns; /* the first row of each */
    const est_row **cells;
} est_i_pivot;

typedef bool (*est_i_same)(const est_row *a, const est_row *b);

/* From `rows`. False without memory. Free with est_i_pivot_free in any case. */
bool est_i_pivot_make(est_i_pivot *pivot, est_i_same same_line, est_i_same same_column);
void est_i_pivot_free(est_i_pivot *pivot);
const est_row *est_i_pivot_at(const est_i_pivot *pivot, size_t line, size_t column); /* NULL: there is none */
est_i_look est_i_pivot_look(const est_i_pivot *pivot);
/* For a table without errors and intervals: no remarks on these. */
void est_i_pivot_estimates_only(est_i_look *look);
est_i_digits est_i_pivot_digits(const est_i_pivot *pivot, size_t column);
/* The estimate with the letters of its remarks; "-" for NULL. */
void est_i_pivot_cell(const est_row *row, int decimals, const est_i_look *look, est_i_text *cell);
/* What letters and marks mean. */
void est_i_pivot_explain(const est_i_pivot *pivot, const est_i_look *look, est_i_grid *grid);

#endif
