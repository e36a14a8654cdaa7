/* Errors of the program itself, and how every error is shown. */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <est.h>

/* Fills the record as the library does and returns the code. */
est_status cli_fail(est_error *error, est_status code, const char *format, ...) EST_PRINTF(3, 4);

/* Shows an error on standard error; `command` ("est trend") is named in the hint after an impossible option.
 * A record of EST_EIO without a message shows nothing: whoever read the output has gone. */
void cli_show_error(const est_error *error, est_status status, const char *command);

/* One line on standard error; control characters of foreign text are replaced. */
void cli_say(const char *prefix, const char *text, const char *code);

#endif
