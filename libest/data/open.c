/* Tables from names and from bytes in memory. */
#include <string.h>

#include <est/source.h>
#include <est/table.h>

#include "core/error.h"
#include "core/monitor.h"
#include "data/csv.h"
#include "data/table.h"

typedef struct memory_bytes {
    const char *bytes;
    size_t left;
} memory_bytes;

static est_status read_memory(void *state, char *buffer, size_t size, size_t *got, est_error *error)
{
    memory_bytes *memory = state;
    (void)error;
    *got = memory->left < size ? memory->left : size;
    if (*got > 0) {
        memcpy(buffer, memory->bytes, *got);
        memory->bytes += *got;
        memory->left -= *got;
    }
    return EST_OK;
}

est_status est_table_parse_csv(const char *name, const char *bytes, size_t length, const est_context *context,
                               est_table **table, est_error *error)
{
    est_i_monitor monitor;
    memory_bytes memory = {bytes, length};
    est_i_bytes source = {name ? name : "", read_memory, &memory, (double)length};
    *table = NULL;
    est_error_clear(error);
    est_i_monitor_start(&monitor, context);
    est_i_monitor_stage(&monitor, "reading", 0, 1);
    est_i_csv *csv = est_i_csv_new(&source, &monitor);
    est_status status =
        csv ? est_i_batch_run(&est_i_csv_source, csv, &est_i_table_consumer, table, &monitor, error)
            : est_i_no_memory(error);
    est_i_csv_free(csv);
    if (status != EST_OK) {
        est_table_free(*table);
        *table = NULL;
    }
    return status;
}

est_status est_table_open(const char *data, const est_context *context, est_table **table, est_error *error)
{
    est_source *source = NULL;
    *table = NULL;
    est_status status = est_source_open(data, context, &source, error);
    if (status == EST_OK)
        status = est_source_table(source, context, table, error);
    est_source_free(source);
    return status;
}
