#include "data/batch.h"

#include <stdlib.h>

size_t est_i_batch_rows(size_t n_columns)
{
    size_t rows = EST_I_BATCH_ROWS;
    while (rows > 1 && rows * n_columns > (size_t)1 << 22)
        rows /= 2;
    return rows;
}

void est_i_schema_free(est_i_schema *schema)
{
    est_i_dictionary_free(&schema->names);
    for (size_t i = 0; schema->dictionaries && i < schema->n_columns; i++)
        est_i_dictionary_free(&schema->dictionaries[i]);
    free(schema->dictionaries);
    schema->dictionaries = NULL;
}

est_status est_i_batch_run(const est_i_source_type *source_type, void *source,
                           const est_i_consumer_type *consumer_type, void *consumer, est_i_monitor *monitor,
                           est_error *error)
{
    est_i_schema schema = {0};
    est_i_batch batch = {0};
    est_status status = source_type->open(source, &schema, error);
    if (status == EST_OK)
        status = consumer_type->start(consumer, &schema, error);
    while (status == EST_OK) {
        status = source_type->next(source, &schema, &batch, error);
        if (status != EST_OK || batch.n_rows == 0)
            break;
        status = consumer_type->take(consumer, &schema, &batch, error);
        if (status == EST_OK && est_i_monitor_cancelled(monitor))
            status = est_i_cancelled(error);
    }
    if (status == EST_OK)
        status = consumer_type->finish(consumer, &schema, error);
    source_type->close(source);
    est_i_schema_free(&schema);
    return status;
}
