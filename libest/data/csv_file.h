/* CSV files written record by record: whole or not at all, for their owner alone. */
#ifndef EST_I_DATA_CSV_FILE_H
#define EST_I_DATA_CSV_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

typedef struct est_i_csv_file est_i_csv_file;

/* Begins a temporary file beside `path`, mode 0600. A link stays a link: the file it leads to is replaced. EST_EIO: a folder, a
 * device, or a place that cannot be written to. The caller frees *file. */
est_status est_i_csv_file_open(const char *path, est_i_csv_file **file, est_error *error);

/* The next field of the record, in quotation marks where the strict reader needs them to read back the same text. */
void est_i_csv_file_text(est_i_csv_file *file, const char *text);
/* A missing field: NA, or nothing. */
void est_i_csv_file_missing(est_i_csv_file *file, bool is_na);
/* The shortest form that reads back the same. */
void est_i_csv_file_number(est_i_csv_file *file, double value);
/* The record is done. EST_EIO, EST_ENOMEM. */
est_status est_i_csv_file_end_record(est_i_csv_file *file, est_error *error);

/* Puts the file in its place; an old one stands as it was until then. EST_EIO. */
est_status est_i_csv_file_finish(est_i_csv_file *file, est_error *error);
/* Removes what was not finished. NULL is allowed. */
void est_i_csv_file_free(est_i_csv_file *file);

#endif
