/* The program `est`: finds the command, runs it, turns its status into an exit status. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "help.h"
#include "message.h"
#include "output.h"
#include "progress.h"

static est_status run_command(const cli_command *command, int argc, char **argv, est_error *error)
{
    cli_args args;
    est_status status = cli_args_parse(command->options, command->n_options, argc, argv, &args, error);
    if (status == EST_OK)
        status = command->run(command, &args, error);
    cli_args_free(&args);
    return status;
}

static est_status print_version(est_error *error)
{
    printf("est %s\nLicence GPL-3.0-or-later. There is no warranty.\n", est_version());
    return cli_stdout_finish(error);
}

static est_status unknown_command(const char *name, est_error *error)
{
    const char *nearest = cli_command_nearest(name);
    const char *kind = name[0] == '-' ? "option" : "command";
    if (nearest)
        return cli_fail(error, EST_EOPTION, "unknown %s '%s'; did you mean est %s?", kind, name, nearest);
    return cli_fail(error, EST_EOPTION, "unknown %s '%s'", kind, name);
}

/* "est --help" and "est --version" stand alone. */
static est_status run_alone(int argc, char **argv, est_error *error)
{
    if (strcmp(argv[0], "--help") != 0 && strcmp(argv[0], "-h") != 0 && strcmp(argv[0], "--version") != 0)
        return unknown_command(argv[0], error);
    if (argc > 1)
        return cli_fail(error, EST_EOPTION, "%s stands alone, found '%s' after it", argv[0], argv[1]);
    if (strcmp(argv[0], "--version") == 0)
        return print_version(error);
    cli_help_program(stdout);
    return cli_stdout_finish(error);
}

/* "est indicator child-labour DATA" is "est child-labour DATA". */
static bool names_indicator(int argc, char **argv)
{
    const est_method *method = argc > 1 && strcmp(argv[0], "indicator") == 0 ? est_method_find(argv[1]) : NULL;
    return method && method->family && strcmp(method->family, "indicator") == 0;
}

/* What stands after "est indicator" and is no indicator; its options are then beside the point. */
static bool lacks_indicator(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[0], "indicator") == 0 && !names_indicator(argc, argv) && !cli_args_ask_help(1, argv + 1);
}

static est_status dispatch(int argc, char **argv, est_error *error)
{
    if (lacks_indicator(argc, argv) && argv[1][0] == '-')
        return cli_fail(error, EST_EOPTION, "%s: the name of the indicator comes first: est indicator NAME DATA [OPTIONS]",
                        argv[1]);
    if (lacks_indicator(argc, argv))
        argc = 2;
    if (names_indicator(argc, argv)) {
        argc--;
        argv++;
    }
    const cli_command *command = cli_command_find(argv[0]);
    const est_method *method = est_method_find(argv[0]);
    if (!command && !method)
        return run_alone(argc, argv, error);
    if (cli_args_ask_help(argc - 1, argv + 1)) {
        if (command)
            cli_help_command(stdout, command);
        else
            cli_help_method(stdout, method);
        return cli_stdout_finish(error);
    }
    return command ? run_command(command, argc - 1, argv + 1, error)
                   : cli_estimate(method, argc - 1, argv + 1, error);
}

int main(int argc, char **argv)
{
    est_error error;
    est_status status = EST_OK;
    char command[64] = "est";

    cli_streams_prepare();
    cli_interrupt_install();
    est_error_clear(&error);
    if (argc < 2) {
        cli_help_short(stderr);
        return est_status_exit(EST_EOPTION);
    }
    status = dispatch(argc - 1, argv + 1, &error);
    /* A read that the signal broke off comes back as a failure of the file. */
    if (status != EST_OK && cli_interrupted())
        status = cli_fail(&error, EST_ECANCELLED, "interrupted");
    const char *name = argv[names_indicator(argc - 1, argv + 1) ? 2 : 1];
    if ((cli_command_find(name) && strcmp(name, "help") != 0) || est_method_find(name))
        snprintf(command, sizeof command, "est %s", name);
    if (status != EST_OK)
        cli_show_error(&error, status, command);
    return status == EST_ECANCELLED && cli_interrupted() ? 128 + cli_interrupted() : est_status_exit(status);
}
