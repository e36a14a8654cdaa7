#include "data/scan_table.h"

#include <math.h>
#include <string.h>

#include "data/table.h"

/* Rows of a table */

static est_status put_label(const est_table *table, size_t column, size_t row, est_i_row_writer *writer, size_t field,
                            est_error *error)
{
    char buffer[32];
    const char *text;
    if (est_table_column_kind(table, column) == EST_COLUMN_NUMBER)
        return est_i_row_put_number(writer, field, est_table_number(table, column, row), error);
    text = est_table_text(table, column, row, buffer);
    return est_i_row_put_text(writer, field, text, strlen(text), error);
}

/* What a text reads as is known to the table; only text that is no number is put as text, to be refused. */
static est_status put_cell(const est_table *table, size_t row, est_i_row_writer *writer, size_t field, est_error *error)
{
    est_i_field wanted = est_i_row_field_at(writer, field);
    est_i_missing missing = est_i_table_missing(table, wanted.column, row);
    double value = NAN;
    est_status status = EST_OK;
    if (missing == EST_I_PRESENT && wanted.kind == EST_I_FIELD_NUMBER)
        value = est_table_number(table, wanted.column, row);
    if (missing != EST_I_PRESENT)
        est_i_row_put_missing(writer, field, missing == EST_I_MISSING_NA);
    else if (isnan(value))
        status = put_label(table, wanted.column, row, writer, field, error);
    else
        status = est_i_row_put_number(writer, field, value, error);
    return status;
}

static est_status read_rows(const est_source *source, long long first_row, long long last_row, est_i_row_writer *writer,
                            est_error *error)
{
    est_status status = EST_OK;
    size_t n_fields = est_i_row_fields(writer);
    for (long long row = first_row; status == EST_OK && row < last_row; row++) {
        for (size_t f = 0; status == EST_OK && f < n_fields; f++)
            status = put_cell(source->table, (size_t)row, writer, f, error);
        if (status == EST_OK)
            status = est_i_row_end(writer, error);
    }
    return status;
}

const est_i_source_kind est_i_table_kind = {.seeks = true, .read_rows = read_rows};
