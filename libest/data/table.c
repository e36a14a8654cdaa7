/* Cells are stored as narrow as they allow, block by block, and never reallocated. A text cell is the number
 * of its text in the column's dictionary. The highest or lowest codes of each width stand for the two kinds
 * of missing. */
#include "data/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "data/utf8.h"

typedef enum cell_width {
    STORE_U8 = 0,
    STORE_U16,
    STORE_U32,
    STORE_N8,
    STORE_N16,
    STORE_N32,
    STORE_DOUBLE
} cell_width;

/* Numbers: 0 to 253 in a byte; two values at an end of the range are taken for missing. */
#define N8_EMPTY 254u
#define N8_NA 255u
#define N16_EMPTY INT16_MIN
#define N16_NA (INT16_MIN + 1)
#define N32_EMPTY INT32_MIN
#define N32_NA (INT32_MIN + 1)

typedef struct cell_block {
    cell_width width;
    void *cells;
} cell_block;

typedef struct table_column {
    est_column_kind kind;
    cell_block *blocks;
    size_t n_blocks;
    est_i_dictionary texts; /* text columns */
    double *values;         /* what each text reads as, NaN if no number; NULL if none is a number */
} table_column;

struct est_table {
    char *name;
    size_t rows;
    unsigned shift; /* a block has 2^shift rows */
    size_t n_columns, capacity;
    table_column *columns;
    est_i_dictionary names;
    bool has_lines; /* record r stands on line r + 1 of a file */
    bool is_public, is_synthetic;
};

static size_t width_size(cell_width width)
{
    static const size_t sizes[] = {sizeof(uint8_t), sizeof(uint16_t), sizeof(uint32_t), sizeof(uint8_t),
                                   sizeof(int16_t), sizeof(int32_t),  sizeof(double)};
    return sizes[width];
}

/* Missing numbers are NaNs that carry their reason. */
static double missing_number(est_i_missing reason)
{
    uint64_t bits = 0x7ff8000000000000u | (uint64_t)reason;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static est_i_missing number_missing(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    est_i_missing reason = EST_I_PRESENT;
    if (isnan(value))
        reason = (bits & 3u) == EST_I_MISSING_EMPTY ? EST_I_MISSING_EMPTY : EST_I_MISSING_NA;
    return reason;
}

/* Writing cells */

static cell_width width_of_codes(const uint32_t *codes, size_t count)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < count; i++)
        if (codes[i] > largest)
            largest = codes[i];
    return largest <= UINT8_MAX ? STORE_U8 : largest <= UINT16_MAX ? STORE_U16 : STORE_U32;
}

static void store_codes(const cell_block *block, const uint32_t *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (block->width == STORE_U8)
            ((uint8_t *)block->cells)[i] = (uint8_t)codes[i];
        else if (block->width == STORE_U16)
            ((uint16_t *)block->cells)[i] = (uint16_t)codes[i];
        else
            ((uint32_t *)block->cells)[i] = codes[i];
    }
}

static cell_width width_of_number(double value)
{
    cell_width width = STORE_DOUBLE;
    bool whole = fabs(value) <= INT32_MAX && value == floor(value) && !(value == 0 && signbit(value));
    if (isnan(value) || (whole && value >= 0 && value < N8_EMPTY))
        width = STORE_N8;
    else if (whole && value > N16_NA && value <= INT16_MAX)
        width = STORE_N16;
    else if (whole && value > N32_NA)
        width = STORE_N32;
    return width;
}

static cell_width width_of_numbers(const double *values, size_t count)
{
    cell_width widest = STORE_N8;
    for (size_t i = 0; i < count && widest != STORE_DOUBLE; i++) {
        cell_width needed = width_of_number(values[i]);
        if (needed > widest)
            widest = needed;
    }
    return widest;
}

static void store_number(const cell_block *block, size_t i, double value)
{
    est_i_missing missing = number_missing(value);
    bool empty = missing == EST_I_MISSING_EMPTY;
    if (block->width == STORE_N8)
        ((uint8_t *)block->cells)[i] =
            missing ? (empty ? (uint8_t)N8_EMPTY : (uint8_t)N8_NA) : (uint8_t)value;
    else if (block->width == STORE_N16)
        ((int16_t *)block->cells)[i] =
            missing ? (empty ? (int16_t)N16_EMPTY : (int16_t)N16_NA) : (int16_t)value;
    else if (block->width == STORE_N32)
        ((int32_t *)block->cells)[i] = missing ? (empty ? N32_EMPTY : N32_NA) : (int32_t)value;
    else
        ((double *)block->cells)[i] = missing ? missing_number(missing) : value;
}

static bool new_block(table_column *column, cell_width width, size_t count)
{
    void *cells = malloc(count * width_size(width));
    if (cells)
        column->blocks[column->n_blocks++] = (cell_block){width, cells};
    return cells != NULL;
}

static bool add_code_block(table_column *column, const uint32_t *codes, size_t count)
{
    bool added = new_block(column, width_of_codes(codes, count), count);
    if (added)
        store_codes(&column->blocks[column->n_blocks - 1], codes, count);
    return added;
}

static bool add_number_block(table_column *column, const double *values, size_t count)
{
    bool added = new_block(column, width_of_numbers(values, count), count);
    for (size_t i = 0; added && i < count; i++)
        store_number(&column->blocks[column->n_blocks - 1], i, values[i]);
    return added;
}

/* Reading cells */

static uint32_t load_code(const cell_block *block, size_t i)
{
    if (block->width == STORE_U8)
        return ((const uint8_t *)block->cells)[i];
    if (block->width == STORE_U16)
        return ((const uint16_t *)block->cells)[i];
    return ((const uint32_t *)block->cells)[i];
}

static double load_number(const cell_block *block, size_t i)
{
    double value;
    if (block->width == STORE_N8) {
        unsigned cell = ((const uint8_t *)block->cells)[i];
        value = cell < N8_EMPTY ? cell
                                : missing_number(cell == N8_EMPTY ? EST_I_MISSING_EMPTY : EST_I_MISSING_NA);
    } else if (block->width == STORE_N16) {
        int cell = ((const int16_t *)block->cells)[i];
        value =
            cell > N16_NA ? cell : missing_number(cell == N16_EMPTY ? EST_I_MISSING_EMPTY : EST_I_MISSING_NA);
    } else if (block->width == STORE_N32) {
        int32_t cell = ((const int32_t *)block->cells)[i];
        value =
            cell > N32_NA ? cell : missing_number(cell == N32_EMPTY ? EST_I_MISSING_EMPTY : EST_I_MISSING_NA);
    } else {
        value = ((const double *)block->cells)[i];
    }
    return value;
}

static const cell_block *block_of(const est_table *table, size_t column, size_t row)
{
    return &table->columns[column].blocks[row >> table->shift];
}

static size_t offset_of(const est_table *table, size_t row)
{
    return row & (((size_t)1 << table->shift) - 1);
}

static bool has_cell(const est_table *table, size_t column, size_t row)
{
    return table && column < table->n_columns && row < table->rows;
}

est_i_missing est_i_table_missing(const est_table *table, size_t column, size_t row)
{
    const cell_block *block = block_of(table, column, row);
    est_i_missing missing;
    if (table->columns[column].kind == EST_COLUMN_TEXT) {
        uint32_t code = load_code(block, offset_of(table, row));
        missing = code == EST_I_CODE_EMPTY ? EST_I_MISSING_EMPTY
                  : code == EST_I_CODE_NA  ? EST_I_MISSING_NA
                                           : EST_I_PRESENT;
    } else {
        missing = number_missing(load_number(block, offset_of(table, row)));
    }
    return missing;
}

bool est_i_table_code(const est_table *table, size_t column, size_t row, uint32_t *code)
{
    uint32_t stored = load_code(block_of(table, column, row), offset_of(table, row));
    *code = stored - EST_I_CODE_FIRST;
    return stored >= EST_I_CODE_FIRST;
}

size_t est_i_table_codes(const est_table *table, size_t column)
{
    return table->columns[column].texts.count;
}

int est_table_is_missing(const est_table *table, size_t column, size_t row)
{
    return !has_cell(table, column, row) || est_i_table_missing(table, column, row) != EST_I_PRESENT;
}

double est_table_number(const est_table *table, size_t column, size_t row)
{
    double value = NAN;
    if (!has_cell(table, column, row))
        return value;
    const table_column *source = &table->columns[column];
    uint32_t code;
    if (source->kind == EST_COLUMN_NUMBER)
        value = load_number(block_of(table, column, row), offset_of(table, row));
    else if (source->values && est_i_table_code(table, column, row, &code))
        value = source->values[code];
    return isnan(value) ? NAN : value;
}

const char *est_table_text(const est_table *table, size_t column, size_t row, char buffer[32])
{
    const char *text = NULL;
    uint32_t code;
    if (est_table_is_missing(table, column, row))
        return NULL;
    if (table->columns[column].kind == EST_COLUMN_NUMBER) {
        est_i_number_print(est_table_number(table, column, row), buffer);
        text = buffer;
    } else if (est_i_table_code(table, column, row, &code)) {
        text = est_i_dictionary_text(&table->columns[column].texts, code);
    }
    return text;
}

/* Building */

static void free_blocks(table_column *column)
{
    for (size_t i = 0; i < column->n_blocks; i++)
        free(column->blocks[i].cells);
    free(column->blocks);
    column->blocks = NULL;
    column->n_blocks = 0;
}

static void free_column(table_column *column)
{
    free_blocks(column);
    est_i_dictionary_free(&column->texts);
    free(column->values);
    column->values = NULL;
}

static size_t blocks_needed(const est_table *table)
{
    size_t size = (size_t)1 << table->shift;
    return table->rows / size + (table->rows % size != 0);
}

est_status est_table_new(const char *name, size_t rows, est_table **table, est_error *error)
{
    est_status status = EST_OK;
    *table = calloc(1, sizeof **table);
    if (*table) {
        **table = (est_table){.name = est_i_string_copy(name ? name : ""), .rows = rows, .shift = 16};
        if (!(*table)->name) {
            free(*table);
            *table = NULL;
        }
    }
    if (!*table)
        status = est_i_no_memory(error);
    return status;
}

void est_table_free(est_table *table)
{
    if (table) {
        for (size_t i = 0; i < table->n_columns; i++)
            free_column(&table->columns[i]);
        free(table->columns);
        est_i_dictionary_free(&table->names);
        free(table->name);
        free(table);
    }
}

static est_status check_name(const est_table *table, const char *name, est_error *error)
{
    est_status status = EST_OK;
    est_i_place place = {table->name, 0, 0, NULL};
    if (!name || !*name) {
        status = est_i_fail_at(error, EST_ECOLUMN, place, "column %zu has no name; every column needs one",
                               table->n_columns + 1);
    } else if (!est_i_utf8_valid(name)) {
        status = est_i_fail_at(error, EST_ECOLUMN, place, "the name of column %zu is no UTF-8",
                               table->n_columns + 1);
    } else if (est_table_find(table, name) >= 0) {
        place.column = name;
        status = est_i_fail_at(error, EST_ECOLUMN, place,
                               "there is a column of this name already; rename one of the two");
    }
    return status;
}

/* Takes the column over if there is room for it. */
static est_status append_column(est_table *table, const char *name, table_column *added, est_error *error)
{
    if (table->n_columns == table->capacity) {
        size_t capacity = table->capacity ? table->capacity * 2 : 8;
        table_column *columns = realloc(table->columns, capacity * sizeof *columns);
        if (!columns)
            return est_i_no_memory(error);
        table->columns = columns;
        table->capacity = capacity;
    }
    if (est_i_dictionary_add(&table->names, name, strlen(name)) == EST_I_DICTIONARY_NONE)
        return est_i_no_memory(error);
    table->is_synthetic = table->is_synthetic || strcmp(name, EST_I_SYNTHETIC_COLUMN) == 0;
    table->columns[table->n_columns++] = *added;
    *added = (table_column){0};
    return EST_OK;
}

est_status est_table_add_numbers(est_table *table, const char *name, const double *values, est_error *error)
{
    table_column added = {.kind = EST_COLUMN_NUMBER};
    size_t size = (size_t)1 << table->shift;
    est_status status = check_name(table, name, error);
    if (status != EST_OK)
        return status;
    bool good = (added.blocks = malloc((blocks_needed(table) + 1) * sizeof *added.blocks)) != NULL;
    for (size_t row = 0; good && row < table->rows; row += size)
        good = add_number_block(&added, values + row, table->rows - row < size ? table->rows - row : size);
    status = good ? append_column(table, name, &added, error) : est_i_no_memory(error);
    free_column(&added);
    return status;
}

/* A text that is a number in its shortest form, so that the number alone gives the text back. */
static bool is_canonical(const char *text, size_t length, double value)
{
    char printed[32];
    return est_i_number_print(value, printed) == length && memcmp(printed, text, length) == 0;
}

/* What each distinct text reads as, parsed once. *canonical = all of them are numbers in their shortest form.
 */
static bool read_values(table_column *column, bool *canonical)
{
    size_t count = column->texts.count, n_numbers = 0;
    double *values = malloc((count + 1) * sizeof *values);
    *canonical = true;
    for (size_t i = 0; values && i < count; i++) {
        const char *text = est_i_dictionary_text(&column->texts, (uint32_t)i);
        size_t length = est_i_dictionary_length(&column->texts, (uint32_t)i);
        bool is_number = est_i_number_parse(text, length, &values[i]);
        if (!is_number)
            values[i] = NAN;
        n_numbers += is_number;
        *canonical = *canonical && is_number && is_canonical(text, length, values[i]);
    }
    bool good = values != NULL;
    if (n_numbers == 0 && !*canonical) {
        free(values);
        values = NULL;
    }
    column->values = values;
    return good;
}

static est_status code_texts(const est_table *table, table_column *column, const char *name,
                             const char *const *values, size_t first, size_t count, uint32_t *codes,
                             est_error *error)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = values[first + i];
        codes[i] = EST_I_CODE_NA;
        if (!text)
            continue;
        uint32_t before = column->texts.count;
        uint32_t index = est_i_dictionary_add(&column->texts, text, strlen(text));
        if (index == EST_I_DICTIONARY_NONE)
            return est_i_no_memory(error);
        if (index == before && !est_i_utf8_valid(text))
            return est_i_fail_at(error, EST_ECOLUMN,
                                 (est_i_place){table->name, (long long)(first + i) + 1, 0, name},
                                 "found text that is no UTF-8, expected UTF-8");
        codes[i] = index + EST_I_CODE_FIRST;
    }
    return EST_OK;
}

est_status est_table_add_text(est_table *table, const char *name, const char *const *values, est_error *error)
{
    table_column added = {.kind = EST_COLUMN_TEXT};
    size_t size = (size_t)1 << table->shift;
    uint32_t *codes = NULL;
    bool canonical;
    est_status status = check_name(table, name, error);
    if (status != EST_OK)
        goto cleanup;
    codes = malloc((table->rows < size ? table->rows + 1 : size) * sizeof *codes);
    added.blocks = malloc((blocks_needed(table) + 1) * sizeof *added.blocks);
    if (!codes || !added.blocks)
        status = est_i_no_memory(error);
    for (size_t row = 0; status == EST_OK && row < table->rows; row += size) {
        size_t count = table->rows - row < size ? table->rows - row : size;
        status = code_texts(table, &added, name, values, row, count, codes, error);
        if (status == EST_OK && !add_code_block(&added, codes, count))
            status = est_i_no_memory(error);
    }
    if (status == EST_OK && !read_values(&added, &canonical))
        status = est_i_no_memory(error);
    if (status == EST_OK) {
        est_i_dictionary_seal(&added.texts);
        status = append_column(table, name, &added, error);
    }
cleanup:
    free(codes);
    free_column(&added);
    return status;
}

/* The consumer of batches */

static est_status consumer_start(void *consumer, const est_i_schema *schema, est_error *error)
{
    est_table **table = consumer;
    est_status status = est_table_new(schema->name, 0, table, error);
    while (status == EST_OK && ((size_t)1 << (*table)->shift) > schema->batch_rows)
        (*table)->shift--;
    for (size_t i = 0; status == EST_OK && i < schema->n_columns; i++) {
        table_column added = {.kind = EST_COLUMN_TEXT};
        status = append_column(*table, est_i_dictionary_text(&schema->names, (uint32_t)i), &added, error);
    }
    return status;
}

static bool take_block(table_column *column, const uint32_t *codes, size_t count)
{
    size_t n = column->n_blocks;
    if ((n & (n - 1)) == 0) { /* room for 1, 2, 4, 8, ... blocks */
        cell_block *blocks = realloc(column->blocks, (n ? 2 * n : 1) * sizeof *blocks);
        if (!blocks)
            return false;
        column->blocks = blocks;
    }
    return add_code_block(column, codes, count);
}

static est_status consumer_take(void *consumer, const est_i_schema *schema, const est_i_batch *batch,
                                est_error *error)
{
    est_table *table = *(est_table **)consumer;
    for (size_t i = 0; i < schema->n_columns; i++)
        if (!take_block(&table->columns[i], batch->codes[i], batch->n_rows))
            return est_i_no_memory(error);
    table->rows += batch->n_rows;
    return EST_OK;
}

/* Turns a column of codes into one of numbers, a block at a time. `values` is scratch room for a block. */
static bool make_numbers(est_table *table, table_column *column, double *scratch)
{
    size_t size = (size_t)1 << table->shift;
    for (size_t b = 0; b < column->n_blocks; b++) {
        size_t count = b + 1 < column->n_blocks ? size : table->rows - b * size;
        cell_block *block = &column->blocks[b];
        for (size_t i = 0; i < count; i++) {
            uint32_t code = load_code(block, i);
            scratch[i] =
                code >= EST_I_CODE_FIRST
                    ? column->values[code - EST_I_CODE_FIRST]
                    : missing_number(code == EST_I_CODE_EMPTY ? EST_I_MISSING_EMPTY : EST_I_MISSING_NA);
        }
        cell_width width = width_of_numbers(scratch, count);
        void *cells = malloc(count * width_size(width));
        if (!cells)
            return false;
        free(block->cells);
        block->width = width;
        block->cells = cells;
        for (size_t i = 0; i < count; i++)
            store_number(block, i, scratch[i]);
    }
    free(column->values);
    column->values = NULL;
    est_i_dictionary_free(&column->texts);
    column->kind = EST_COLUMN_NUMBER;
    return true;
}

static est_status consumer_finish(void *consumer, est_i_schema *schema, est_error *error)
{
    est_table *table = *(est_table **)consumer;
    double *scratch = malloc(((size_t)1 << table->shift) * sizeof *scratch);
    bool good = scratch != NULL;
    for (size_t i = 0; good && i < schema->n_columns; i++) {
        table_column *column = &table->columns[i];
        bool canonical = false;
        column->texts = schema->dictionaries[i];
        schema->dictionaries[i] = (est_i_dictionary){0};
        good = read_values(column, &canonical);
        if (good && canonical)
            good = make_numbers(table, column, scratch);
        else
            est_i_dictionary_seal(&column->texts);
    }
    table->has_lines = schema->lines_match;
    free(scratch);
    return good ? EST_OK : est_i_no_memory(error);
}

const est_i_consumer_type est_i_table_consumer = {consumer_start, consumer_take, consumer_finish};

/* Copying */

static bool copy_blocks(const est_table *table, const table_column *source, table_column *added)
{
    size_t size = (size_t)1 << table->shift;
    added->blocks = malloc((source->n_blocks + 1) * sizeof *added->blocks);
    bool good = added->blocks != NULL;
    for (size_t b = 0; good && b < source->n_blocks; b++) {
        size_t count = b + 1 < source->n_blocks ? size : table->rows - b * size;
        const cell_block *block = &source->blocks[b];
        good = new_block(added, block->width, count);
        if (good)
            memcpy(added->blocks[b].cells, block->cells, count * width_size(block->width));
    }
    return good;
}

static bool copy_texts(const table_column *source, table_column *added)
{
    bool good = true;
    for (uint32_t i = 0; good && i < source->texts.count; i++)
        good = est_i_dictionary_add(&added->texts, est_i_dictionary_text(&source->texts, i),
                                    est_i_dictionary_length(&source->texts, i)) == i;
    if (good && source->values) {
        added->values = malloc((source->texts.count + 1) * sizeof *added->values);
        good = added->values != NULL;
        if (good)
            memcpy(added->values, source->values, source->texts.count * sizeof *added->values);
    }
    if (good && source->kind == EST_COLUMN_TEXT)
        est_i_dictionary_seal(&added->texts);
    return good;
}

est_status est_i_table_copy(const est_table *table, est_table **copy, est_error *error)
{
    est_status status = est_table_new(table->name, table->rows, copy, error);
    for (size_t i = 0; status == EST_OK && i < table->n_columns; i++) {
        const table_column *source = &table->columns[i];
        table_column added = {.kind = source->kind};
        (*copy)->shift = table->shift;
        bool good = copy_blocks(table, source, &added) && copy_texts(source, &added);
        status = good ? append_column(*copy, est_table_column_name(table, i), &added, error) : est_i_no_memory(error);
        free_column(&added);
    }
    if (status == EST_OK) {
        (*copy)->has_lines = table->has_lines;
        (*copy)->is_public = table->is_public;
        (*copy)->is_synthetic = table->is_synthetic;
    } else {
        est_table_free(*copy);
        *copy = NULL;
    }
    return status;
}

/* Names and places */

const char *est_table_name(const est_table *table)
{
    return table->name;
}

size_t est_table_rows(const est_table *table)
{
    return table->rows;
}

size_t est_table_columns(const est_table *table)
{
    return table->n_columns;
}

const char *est_table_column_name(const est_table *table, size_t column)
{
    return column < table->n_columns ? est_i_dictionary_text(&table->names, (uint32_t)column) : NULL;
}

est_column_kind est_table_column_kind(const est_table *table, size_t column)
{
    return column < table->n_columns ? table->columns[column].kind : EST_COLUMN_TEXT;
}

long est_table_find(const est_table *table, const char *name)
{
    uint32_t index = name ? est_i_dictionary_find(&table->names, name, strlen(name)) : EST_I_DICTIONARY_NONE;
    return index == EST_I_DICTIONARY_NONE ? -1 : (long)index;
}

est_i_place est_i_table_place_column(const est_table *table, long column)
{
    return (est_i_place){table->name, 0, 0, column < 0 ? NULL : est_table_column_name(table, (size_t)column)};
}

est_i_place est_i_table_place(const est_table *table, long column, size_t row)
{
    est_i_place place = est_i_table_place_column(table, column);
    place.record = (long long)row + 1;
    place.line = table->has_lines ? place.record + 1 : 0;
    return place;
}

/* A copy for a message: at most 40 bytes, whole characters, no control characters. */
static void copy_shown(const char *text, char shown[64])
{
    size_t length = strlen(text);
    bool cut = length > 40;
    if (cut)
        length = 37;
    while (cut && length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    for (size_t i = 0; i < length; i++)
        shown[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
    memcpy(shown + length, cut ? "..." : "", cut ? 4 : 1);
}

static bool has_only(const char *text, const char *characters)
{
    return text[strspn(text, characters)] == '\0';
}

/* Words and small numbers that stand for yes or no somewhere; anything else may name a person. */
static bool is_harmless(const char *text, bool is_number)
{
    static const char *const words[] = {"yes", "no", "true", "false", "t", "f", "y", "n", "na", "x"};
    size_t length = strlen(text);
    bool harmless = is_number && ((length <= 2 && has_only(text, "-0123456789")) ||
                                  (length <= 4 && has_only(text, "-.0123456789") && strchr(text, '.')));
    for (size_t i = 0; i < sizeof words / sizeof words[0] && !harmless; i++) {
        size_t at = 0;
        while (text[at] && at < length && (text[at] | 0x20) == words[i][at])
            at++;
        harmless = at == length && words[i][at] == '\0';
    }
    return harmless || (length == 3 && strchr("0123456789", text[0]) && text[1] == '/' &&
                        strchr("0123456789", text[2]));
}

void est_i_table_describe(const est_table *table, size_t column, size_t row, bool hide, char found[128])
{
    char buffer[32], shown[64];
    const char *text = est_table_text(table, column, row, buffer);
    bool is_number = !isnan(est_table_number(table, column, row));
    size_t length = text ? est_i_utf8_count(text) : 0;
    est_i_text words = {0};
    if (!text) {
        bool empty = est_i_table_missing(table, column, row) == EST_I_MISSING_EMPTY;
        est_i_text_append(&words, empty ? "an empty field" : "a missing value (NA)");
    } else if (hide && !is_harmless(text, is_number)) {
        est_i_text_printf(&words, "%s of %zu %s%s (not shown: it may %s a person)",
                          is_number ? "a number" : "text", length, is_number ? "digit" : "character",
                          length == 1 ? "" : "s", is_number ? "identify" : "name");
    } else {
        copy_shown(text, shown);
        est_i_text_printf(&words, is_number ? "%s" : "'%s'", shown);
    }
    const char *source = words.data && !words.failed ? words.data : "another value";
    size_t size = strlen(source) < 127 ? strlen(source) : 127;
    memcpy(found, source, size);
    found[size] = '\0';
    est_i_text_free(&words);
}

static const char *candidate_name(const void *user, size_t index)
{
    return est_table_column_name(user, index);
}

est_status est_i_fail_column(const char *where, const char *name, const char *what, size_t count,
                             const char *(*candidate)(const void *user, size_t index), const void *user,
                             est_error *error)
{
    est_i_text words = {0};
    const char *nearest = est_i_nearest_name(name, count, candidate, user);
    if (nearest) {
        est_i_text_printf(&words, "did you mean '%s'?", nearest);
    } else {
        est_i_text_append(&words, "the columns are ");
        for (size_t i = 0; i < count && i < 8; i++)
            est_i_text_printf(&words, "%s'%s'", i ? ", " : "", candidate(user, i));
        est_i_text_append(&words, count > 8 ? ", ..." : "");
    }
    est_status status = est_i_fail_at(error, EST_ECOLUMN, (est_i_place){where, 0, 0, name},
                                      "found no such column (%s); %s", what,
                                      words.data && !words.failed ? words.data : "check the name");
    est_i_text_free(&words);
    return status;
}

est_status est_i_table_require(const est_table *table, const char *name, const char *what, size_t *column,
                               est_error *error)
{
    long found = est_table_find(table, name);
    if (found < 0)
        return est_i_fail_column(table->name, name, what, table->n_columns, candidate_name, table, error);
    *column = (size_t)found;
    return EST_OK;
}

int est_table_is_public(const est_table *table)
{
    return table->is_public;
}

void est_table_set_public(est_table *table, int is_public)
{
    table->is_public = is_public != 0;
}

int est_table_is_synthetic(const est_table *table)
{
    return table->is_synthetic;
}

void est_table_set_synthetic(est_table *table, int is_synthetic)
{
    table->is_synthetic = is_synthetic != 0 || est_table_find(table, EST_I_SYNTHETIC_COLUMN) >= 0;
}
