/* Help, printed from the descriptors: a screen of 80 columns and, if it can be, 40 lines. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "commands.h"

#define CLI_HELP_LEFT 128

/* Are the choices too wide to stand beside the name? Then they stand in the text, as "bic, aic, none". */
bool cli_help_choices_wide(const cli_option *option);
void cli_help_choices(const cli_option *option, char *buffer, size_t size);

/* "--select bic|aic|none" */
void cli_help_left(const cli_option *option, char buffer[CLI_HELP_LEFT]);

void cli_help_short(FILE *out);
void cli_help_program(FILE *out);
void cli_help_command(FILE *out, const cli_command *command);
void cli_help_method(FILE *out, const est_method *method);

#endif
