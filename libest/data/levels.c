#include "data/levels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/map.h"
#include "data/table.h"

typedef struct level_reader {
    est_i_levels *levels;
    size_t capacity;   /* of levels->first */
    uint32_t *by_code; /* text columns: level + 1 of each distinct text */
    est_i_map by_bits; /* number columns: level + 1 of each distinct number */
} level_reader;

static bool add_level(level_reader *reader, size_t row, uint32_t *slot)
{
    est_i_levels *levels = reader->levels;
    if (levels->count == reader->capacity) {
        size_t capacity = reader->capacity ? reader->capacity * 2 : 16;
        size_t *first = realloc(levels->first, capacity * sizeof *first);
        if (!first)
            return false;
        levels->first = first;
        reader->capacity = capacity;
    }
    levels->first[levels->count++] = row;
    *slot = (uint32_t)levels->count;
    return true;
}

static uint32_t *slot_of_cell(level_reader *reader, const est_table *table, size_t column, size_t row)
{
    uint32_t code;
    if (reader->by_code)
        return est_i_table_code(table, column, row, &code) ? &reader->by_code[code] : NULL;
    double value = est_table_number(table, column, row) + 0.0; /* -0 and 0 are one value */
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return est_i_map_at(&reader->by_bits, bits);
}

est_status est_i_levels_read(const est_table *table, size_t column, est_i_monitor *monitor,
                             est_i_levels *levels, est_error *error)
{
    level_reader reader = {.levels = levels};
    size_t rows = est_table_rows(table);
    bool is_text = est_table_column_kind(table, column) == EST_COLUMN_TEXT;
    est_status status = EST_OK;
    *levels = (est_i_levels){0};
    levels->level = malloc((rows + 1) * sizeof *levels->level);
    if (is_text)
        reader.by_code = calloc(est_i_table_codes(table, column) + 1, sizeof *reader.by_code);
    if (!levels->level || (is_text && !reader.by_code))
        status = est_i_no_memory(error);
    for (size_t row = 0; status == EST_OK && row < rows; row++) {
        levels->level[row] = EST_I_NO_LEVEL;
        if (row % 4096 == 0 && est_i_monitor_cancelled(monitor)) {
            status = est_i_cancelled(error);
        } else if (est_i_table_missing(table, column, row) == EST_I_PRESENT) {
            uint32_t *slot = slot_of_cell(&reader, table, column, row);
            if (!slot || (*slot == 0 && !add_level(&reader, row, slot)))
                status = est_i_no_memory(error);
            else
                levels->level[row] = *slot - 1;
        }
    }
    free(reader.by_code);
    est_i_map_free(&reader.by_bits);
    if (status != EST_OK)
        est_i_levels_free(levels);
    return status;
}

void est_i_levels_free(est_i_levels *levels)
{
    free(levels->level);
    free(levels->first);
    *levels = (est_i_levels){0};
}
