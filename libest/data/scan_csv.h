/* The chunks of a CSV file.
 *
 * Chunk k begins at the first record at or after byte k * chunk_bytes (and below the header), and ends where chunk k + 1 begins. A
 * record begins after a line feed outside quotation marks. In a file that the strict reader accepts, whether a byte stands within
 * quotation marks is the parity of the quotation marks before it: a mark within an unquoted field is a fault, and one within a
 * quoted field is doubled. So from the beginning of a record the end of its chunk is found by counting; by induction every chunk of
 * a file without faults begins with a record. A chunk that is read before its forerunner is done begins at a guess from the parity
 * of all marks before it; the guess is compared with the forerunner's end afterwards. A file with a fault stops at its first, where
 * all counts are still right.
 *
 * A chunk is read in windows that end with a record. libcsv splits a window in one call; what the strict rules of csv.c forbid is
 * looked for by counting, and where anything is unusual (a fault, a carriage return alone, a record longer than a window, one
 * column) the rest of the chunk is left to csv.c itself, which gives the verdict and the message. */
#ifndef EST_I_DATA_SCAN_CSV_H
#define EST_I_DATA_SCAN_CSV_H

#include "data/scan_bytes.h"
#include "data/scan_writer.h"

typedef struct est_i_csv_reader est_i_csv_reader;

/* NULL without memory. Rows go to `writer`, which is borrowed. */
est_i_csv_reader *est_i_csv_reader_new(est_source *source, est_i_row_writer *writer, est_i_monitor *monitor);
void est_i_csv_reader_free(est_i_csv_reader *reader);

/* Rows of a batch that a window can hold. */
size_t est_i_csv_reader_rows(size_t n_columns);

/* Whether the chunk's bytes hold an odd number of quotation marks; the header is left out. */
est_status est_i_csv_reader_quotes(est_i_csv_reader *reader, size_t chunk, bool *odd, est_error *error);
/* Where chunk `chunk` begins, by the quotation marks: `quoted` = within quotation marks at chunk * chunk_bytes. */
est_status est_i_csv_reader_guess(est_i_csv_reader *reader, size_t chunk, bool quoted, size_t *offset, est_error *error);

/* Reads the chunk that begins at `start`. *end: where the next one begins. */
est_status est_i_csv_reader_chunk(est_i_csv_reader *reader, size_t chunk, const est_i_chunk_start *start, est_i_chunk_start *end,
                                  est_error *error);
/* Whether bytes stand at or after `offset`, where the last chunk has ended: for pipes. */
est_status est_i_csv_reader_more(est_i_csv_reader *reader, size_t offset, bool *more, est_error *error);

#endif
