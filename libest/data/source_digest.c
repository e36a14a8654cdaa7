/* SHA-256 of a source: of the bytes of a file, dataset or pipe, or of the cells of a table.
 *
 * The canonical bytes of a table: "est-table/1", the number of columns and of rows, then each column: its name, and its cells from
 * the first row to the last, a text (numbers in their shortest form) after its length in bytes and a blank, "E" for an empty cell,
 * "NA" for one that is not available. Every item ends with a line feed, so that no two tables have the same bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "data/source_parts.h"
#include "data/table.h"
#include "data/view_parts.h"

#define BLOCK_SIZE ((size_t)65536)
#define CELLS_BETWEEN_POLLS 4096u

static void finish_hex(struct sha256_ctx *hash, char hex[65])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned)digest[i]);
}

static void add_text(struct sha256_ctx *hash, const char *text)
{
    char length[33];
    size_t digits = est_i_number_print((double)strlen(text), length);
    length[digits] = ' ';
    sha256_update(hash, digits + 1, (const uint8_t *)length);
    sha256_update(hash, strlen(text), (const uint8_t *)text);
    sha256_update(hash, 1, (const uint8_t *)"\n");
}

static void add_line(struct sha256_ctx *hash, const char *line)
{
    sha256_update(hash, strlen(line), (const uint8_t *)line);
    sha256_update(hash, 1, (const uint8_t *)"\n");
}

static void add_cell(struct sha256_ctx *hash, const est_table *table, size_t column, size_t row)
{
    char buffer[32];
    const char *text = est_table_text(table, column, row, buffer);
    if (text)
        add_text(hash, text);
    else
        add_line(hash, est_i_table_missing(table, column, row) == EST_I_MISSING_EMPTY ? "E" : "NA");
}

static est_status digest_table(const est_table *table, est_i_monitor *monitor, char hex[65], est_error *error)
{
    struct sha256_ctx hash;
    char count[32];
    sha256_init(&hash);
    add_line(&hash, "est-table/1");
    est_i_number_print((double)est_table_columns(table), count);
    add_line(&hash, count);
    est_i_number_print((double)est_table_rows(table), count);
    add_line(&hash, count);
    for (size_t c = 0; c < est_table_columns(table); c++) {
        add_text(&hash, est_table_column_name(table, c));
        for (size_t row = 0; row < est_table_rows(table); row++) {
            if (row % CELLS_BETWEEN_POLLS == 0 && est_i_monitor_cancelled(monitor))
                return est_i_cancelled(error);
            add_cell(&hash, table, c, row);
        }
    }
    finish_hex(&hash, hex);
    return EST_OK;
}

static est_status digest_file(const est_source *source, est_i_monitor *monitor, char hex[65], est_error *error)
{
    struct sha256_ctx hash;
    size_t got = 0, offset = 0;
    est_status status = EST_OK;
    char *block = malloc(BLOCK_SIZE);
    if (!block)
        return est_i_no_memory(error);
    sha256_init(&hash);
    do {
        if (est_i_monitor_cancelled(monitor))
            status = est_i_cancelled(error);
        else
            status = est_i_source_read_at(source, offset, block, BLOCK_SIZE, &got, error);
        if (status == EST_OK)
            sha256_update(&hash, got, (const uint8_t *)block);
        offset += got;
    } while (status == EST_OK && got > 0);
    if (status == EST_OK)
        status = est_i_source_check_unchanged(source, error);
    if (status == EST_OK)
        finish_hex(&hash, hex);
    free(block);
    return status;
}

est_status est_i_source_digest(est_source *source, est_i_monitor *monitor, char hex[65], est_error *error)
{
    est_status status = EST_OK;
    if (source->view)
        return est_i_source_digest(source->view->base, monitor, hex, error);
    struct sha256_ctx hash = source->pipe_hash;
    if (source->is_pipe && !(source->pipe_used && source->pipe_ended))
        status = est_i_fail_at(error, EST_EOPTION, (est_i_place){source->name, 0, 0, NULL},
                               "has no digest before it has been read to its end");
    else if (source->is_pipe)
        finish_hex(&hash, hex);
    else if (source->path || source->memory)
        status = digest_file(source, monitor, hex, error);
    else
        status = digest_table(source->table, monitor, hex, error);
    return status;
}
