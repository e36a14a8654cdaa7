/* A libFuzzer target: any bytes as CSV, then as a capture table with and without periods. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <est/table.h>

#include "data/captures.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(int good)
{
    if (!good)
        abort();
}

/* Whatever could be read is read once more, cell by cell. */
static void read_cells(const est_table *table)
{
    for (size_t column = 0; column < est_table_columns(table); column++)
        for (size_t row = 0; row < est_table_rows(table); row++) {
            char buffer[32];
            const char *text = est_table_text(table, column, row, buffer);
            check((text == NULL) == est_table_is_missing(table, column, row));
            check(!text || strlen(text) <= ((size_t)1 << 20));
        }
}

static void read_histories(const est_table *table, const est_i_period_options *periods)
{
    est_error error;
    est_i_captures *captures = NULL;
    est_capture_options options = {0};
    est_status status = est_i_captures_read(table, &options, periods, NULL, &captures, &error);
    check((status == EST_OK) == (captures != NULL));
    if (captures) {
        char hex[65];
        est_i_captures_digest(captures, hex);
        check(captures->total > 0);
    } else {
        check(error.code == status && *error.message);
    }
    est_i_captures_free(captures);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    est_error error;
    est_table *table = NULL;
    est_status status = est_table_parse_csv("fuzz", (const char *)bytes, length, NULL, &table, &error);
    check((status == EST_OK) == (table != NULL));
    if (table) {
        /* The same bytes as data, as period file and as list dates. */
        est_i_period_options plain = {0}, full = {.population = table, .list_dates = table};
        read_cells(table);
        read_histories(table, NULL);
        read_histories(table, &plain);
        read_histories(table, &full);
    } else {
        check(error.code == status && *error.message);
    }
    est_table_free(table);
    return 0;
}
