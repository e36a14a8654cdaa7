/* The progress bar and the signals that end a run. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <est.h>

typedef struct cli_progress {
    bool visible;                 /* standard error is a terminal and the user did not ask for quiet */
    int64_t started_at, drawn_at; /* nanoseconds of the monotonic clock */
    double fraction;
    int drawn_width; /* columns to erase */
} cli_progress;

/* From here on the first Ctrl-C (SIGINT), SIGTERM or SIGHUP is only remembered; the second of its kind ends the
 * program at once. */
void cli_interrupt_install(void);
int cli_interrupted(void); /* the signal, 0 = none */

/* While files are written the signals wait, so that none ends the program between a temporary file and its
 * name. */
void cli_interrupt_hold(bool hold);

void cli_progress_start(cli_progress *progress, bool quiet);
void cli_progress_end(cli_progress *progress);

/* Puts poll, tick and user of the context to work. */
void cli_progress_attach(cli_progress *progress, est_context *context);

#endif
