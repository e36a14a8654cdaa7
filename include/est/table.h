/* Tables: named columns of numbers or text, read from CSV, from a bundled dataset or built from memory. */
#ifndef EST_TABLE_H
#define EST_TABLE_H

#include <stddef.h>

#include <est/context.h>
#include <est/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct est_table est_table;

typedef enum est_column_kind { EST_COLUMN_NUMBER = 0, EST_COLUMN_TEXT = 1 } est_column_kind;

/* Opens DATA: a path to a .csv file, "-" for standard input, or "dataset:NAME" for a bundled one.
 * CSV is read strictly: UTF-8 with or without BOM, LF or CRLF, comma, semicolon or tab taken from the header.
 * Empty fields and NA are missing. Errors: EST_EFILE, EST_EFORMAT (with record and line), EST_ECOLUMN (bad header),
 * EST_ENOMEM, EST_ECANCELLED. The caller frees *table. */
est_status est_table_open(const char *data, const est_context *context, est_table **table, est_error *error) EST_MUST_CHECK;

/* The same from bytes in memory; `name` stands in error messages. The bytes are not kept. */
est_status est_table_parse_csv(const char *name, const char *bytes, size_t length, const est_context *context,
                               est_table **table, est_error *error) EST_MUST_CHECK;

/* An empty table of `rows` rows, to be filled column by column. `name` stands in error messages. */
est_status est_table_new(const char *name, size_t rows, est_table **table, est_error *error) EST_MUST_CHECK;

/* Adds a column of `rows` numbers (copied; NaN = missing). Errors: EST_ECOLUMN (empty or repeated name), EST_ENOMEM. */
est_status est_table_add_numbers(est_table *table, const char *name, const double *values, est_error *error) EST_MUST_CHECK;

/* Adds a column of `rows` UTF-8 strings (copied; NULL = missing). Errors as above. */
est_status est_table_add_text(est_table *table, const char *name, const char *const *values, est_error *error) EST_MUST_CHECK;

/* Frees the table and its columns. NULL is allowed. */
void est_table_free(est_table *table);

const char *est_table_name(const est_table *table);                       /* borrowed */
size_t est_table_rows(const est_table *table);
size_t est_table_columns(const est_table *table);
const char *est_table_column_name(const est_table *table, size_t column); /* borrowed */
est_column_kind est_table_column_kind(const est_table *table, size_t column);

/* The column of that name; -1 if there is none. */
long est_table_find(const est_table *table, const char *name);

/* 1 if the cell is missing. `row` counts from 0. */
int est_table_is_missing(const est_table *table, size_t column, size_t row);

/* The cell as a number; NaN if it is missing or is text that is no number. */
double est_table_number(const est_table *table, size_t column, size_t row);

/* The cell as text; numbers in the shortest form that reads back the same. NULL if missing.
 * Borrowed: `buffer` (32 bytes or more) is used for numbers, else the table's own memory. */
const char *est_table_text(const est_table *table, size_t column, size_t row, char buffer[32]);

/* Tables that may be published as they are (bundled public datasets) escape suppression. */
int est_table_is_public(const est_table *table);
void est_table_set_public(est_table *table, int is_public);

/* Tables made from a generator, not from persons; said on every page made from them. A table with a column named SYNTHETIC is one,
 * however it was made, and cannot be unmarked. */
int est_table_is_synthetic(const est_table *table);
void est_table_set_synthetic(est_table *table, int is_synthetic);

/* Bundled datasets. `index` counts from 0; all texts are borrowed. */
typedef struct est_dataset {
    const char *name;
    const char *title;
    const char *companion;    /* dataset that describes the periods, or "" */
    const char *description;  /* the dataset's page, Markdown */
    const char *csv;
    size_t csv_length;
    int is_public;
    int is_synthetic;
} est_dataset;

size_t est_dataset_count(void);
const est_dataset *est_dataset_get(size_t index);       /* NULL past the end */
const est_dataset *est_dataset_find(const char *name);  /* NULL if there is none */

#ifdef __cplusplus
}
#endif

#endif
