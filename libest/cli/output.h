/* Where results go: standard output, checked, or a file, whole or not at all. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <est.h>

/* Opens standard streams that came closed, so that no file takes their place, and lets a vanished reader be
 * an error. */
void cli_streams_prepare(void);

/* Writes to standard output. EST_EIO, without a message when the reader has gone. */
est_status cli_stdout_write(const char *bytes, size_t length, est_error *error);

/* Ends what was printed to stdout. Errors as above. */
est_status cli_stdout_finish(est_error *error);

/* true if the path is a folder, or says so with a "/" at its end. */
bool cli_is_folder(const char *path);

/* Tells early, before a long run, that a path cannot be written. EST_EIO. */
est_status cli_output_check(const char *path, est_error *error);

/* true if writing a result of `method` to `output`, a file or a folder, would replace the file `input` ("-" =
 * standard input). */
bool cli_output_replaces(const char *output, const char *method, const char *input);

/* true if `output`, a file or a folder that gets a result of `method`, would stand where the file `path` does or is going to. */
bool cli_output_meets(const char *output, const char *method, const char *path);

/* Writes a file beside its target and renames it; nothing is left on failure. EST_EIO. */
est_status cli_file_write(const char *path, const char *bytes, size_t length, est_error *error);

#endif
