/* The commands: a few of the program, and one for every registered method. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <stddef.h>

#include <est.h>

#include "args.h"

/* A command that is not a method. */
typedef struct cli_command {
    const char *name;
    const char *operands; /* "[NAME]" */
    const char *title;    /* one line for the list of commands */
    const char *text;     /* a paragraph for its own help */
    const cli_option *options;
    size_t n_options;
    est_status (*run)(const struct cli_command *command, const cli_args *args, est_error *error);
} cli_command;

size_t cli_command_count(void);
const cli_command *cli_command_get(size_t index); /* NULL past the end */
const cli_command *cli_command_find(const char *name);

/* The name that was probably meant, of a command or a method; NULL if none is near. */
const char *cli_command_nearest(const char *name);
const char *cli_method_nearest(const char *name);

extern const cli_command cli_command_codebook, cli_command_datasets, cli_command_help, cli_command_indicator, cli_command_methods,
    cli_command_pseudonyms;

/* Runs a method on the arguments that follow its name. */
est_status cli_estimate(const est_method *method, int argc, char **argv, est_error *error);

#endif
