/* The table behind est/table.h: columns in blocks of equal length, narrow cells, missing cells with their
 * reason. */
#ifndef EST_I_DATA_TABLE_H
#define EST_I_DATA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/table.h>

#include "core/error.h"
#include "core/monitor.h"
#include "data/batch.h"

/* A table with a column of this name is made up, whatever the column holds; it is never a list. */
#define EST_I_SYNTHETIC_COLUMN "SYNTHETIC"

typedef enum est_i_missing {
    EST_I_PRESENT = 0,
    EST_I_MISSING_EMPTY, /* an empty field */
    EST_I_MISSING_NA     /* NA in a file, NaN or NULL in memory */
} est_i_missing;

est_i_missing est_i_table_missing(const est_table *table, size_t column, size_t row);

/* The number of the cell's text among the distinct texts of a text column; false if the cell is missing. */
bool est_i_table_code(const est_table *table, size_t column, size_t row, uint32_t *code);
/* How many distinct texts a text column has. */
size_t est_i_table_codes(const est_table *table, size_t column);

/* The place of a cell for est_i_fail_at. `column` below 0: the whole record. */
est_i_place est_i_table_place(const est_table *table, long column, size_t row);
/* The place of a whole column. `column` below 0: the whole table. */
est_i_place est_i_table_place_column(const est_table *table, long column);

/* The cell in words for a message: "'yes'", "an empty field". With `hide`, only a word for yes or no and a
 * small number are shown; whatever else might name a person is only measured. */
void est_i_table_describe(const est_table *table, size_t column, size_t row, bool hide, char found[128]);

/* The column of that name; EST_ECOLUMN with the nearest name if there is none. `what` says what it is needed
 * for. */
est_status est_i_table_require(const est_table *table, const char *name, const char *what, size_t *column,
                               est_error *error);

/* EST_ECOLUMN for a column that is not there, with the nearest of `count` names, else the first few. */
est_status est_i_fail_column(const char *where, const char *name, const char *what, size_t count,
                             const char *(*candidate)(const void *user, size_t index), const void *user,
                             est_error *error);

/* The same cells, kinds and marks once more. */
est_status est_i_table_copy(const est_table *table, est_table **copy, est_error *error);

/* The consumer that keeps the rows: an est_table ** that is NULL when it starts. */
extern const est_i_consumer_type est_i_table_consumer;

#endif
