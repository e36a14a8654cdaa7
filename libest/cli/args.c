#include "args.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "text.h"

const cli_option cli_common_options[] = {
    {"format", EST_OPTION_CHOICE, NULL, "", 0, 0, "text|json|csv|md|html",
     "default: by --output, else text"},
    {"output", EST_OPTION_TEXT, "PATH", "", 0, 0, NULL, "file (.txt .json .csv .md .html) or folder (all)"},
    {"suppress", EST_OPTION_CHOICE, "PROFILE", "default", 0, 0, "default|counts|none|dhs|mics|nchs|statcan|custom:KEY=NUMBER,...",
     "what is withheld or marked"},
    {"suppress-below", EST_OPTION_INTEGER, "K", "10", 1, 1e6, NULL, "counts below K are small"},
    {"internal", EST_OPTION_FLAG, NULL, "", 0, 0, NULL, "withhold nothing and mark every page"},
    {"seed", EST_OPTION_INTEGER, "N", "1", 0, 18446744073709551615.0, NULL, "seed of the random numbers"},
    {"threads", EST_OPTION_INTEGER, "N", "", 1, 64, NULL,
     "threads; results never depend on it [processors]"},
    {"quiet", EST_OPTION_FLAG, NULL, "", 0, 0, NULL, "no progress bar, no warnings on standard error"},
};
const size_t cli_common_count = sizeof cli_common_options / sizeof cli_common_options[0];

static const cli_option part_option = {"part", EST_OPTION_TEXT, "K/M", "", 0, 0, NULL,
                                       "read part K of M, write its sums to --output; DATA may be such files of all parts"};
static const cli_option copy_option = {"copy", EST_OPTION_TEXT, "PATH", "", 0, 0, NULL,
                                       "DATA once more as a CSV file with a new column, for its owner alone"};
static const cli_option copy_column_option = {"copy-column", EST_OPTION_TEXT, "NAME", "", 0, 0, NULL, "name of that column"};

size_t cli_hook_options(const est_method *method, cli_option options[CLI_HOOK_OPTIONS_MAX])
{
    size_t count = 0;
    if (method->part)
        options[count++] = part_option;
    if (method->copy) {
        options[count++] = copy_option;
        options[count] = copy_column_option;
        options[count++].initial = method->copy_column;
    }
    return count;
}

cli_option cli_option_of(const est_option_spec *spec)
{
    cli_option option = {spec->name,    spec->kind,    NULL,          spec->initial,
                         spec->minimum, spec->maximum, spec->choices, spec->doc};
    return option;
}

bool cli_args_ask_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static const char *option_name(const void *user, size_t index)
{
    return ((const cli_option *)user)[index].name;
}

static size_t find_option(const cli_args *args, const char *name, size_t length)
{
    size_t index = 0;
    while (index < args->n_options
           && (strlen(args->options[index].name) != length
               || memcmp(args->options[index].name, name, length) != 0))
        index++;
    return index;
}

static est_status unknown_option(const cli_args *args, const char *argument, est_error *error)
{
    char name[64];
    const char *begin = argument + strspn(argument, "-");
    const char *nearest = NULL;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(begin, "="), begin);
    nearest = cli_text_nearest(name, args->n_options, option_name, args->options);
    if (nearest)
        return cli_fail(error, EST_EOPTION, "unknown option %.*s; did you mean --%s?",
                        (int)strcspn(argument, "="), argument, nearest);
    return cli_fail(error, EST_EOPTION, "unknown option %.*s", (int)strcspn(argument, "="), argument);
}

/* Stores the option at argv[0]; `*used` is set to the number of arguments it took. */
static est_status parse_option(cli_args *args, int argc, char **argv, int *used, est_error *error)
{
    const char *name = argv[0] + 2, *equals = strchr(argv[0], '='), *value = equals ? equals + 1 : NULL;
    size_t index = find_option(args, name, strcspn(name, "="));
    const cli_option *option = NULL;
    *used = 1;
    if (index == args->n_options)
        return unknown_option(args, argv[0], error);
    option = &args->options[index];
    if (args->values[index])
        return cli_fail(error, EST_EOPTION, "option --%s is given more than once", option->name);
    if (option->kind == EST_OPTION_FLAG) {
        if (value)
            return cli_fail(error, EST_EOPTION, "option --%s takes no value, found '%s'", option->name,
                            value);
        value = "1";
    } else if (!value) {
        if (argc < 2)
            return cli_fail(error, EST_EOPTION, "option --%s needs a value", option->name);
        value = argv[1];
        if (strncmp(value, "--", 2) == 0)
            return cli_fail(error, EST_EOPTION,
                            "option --%s needs a value, found %s; write --%s=VALUE if it is one",
                            option->name, value, option->name);
        *used = 2;
    }
    args->values[index] = value;
    return EST_OK;
}

est_status cli_args_parse(const cli_option *options, size_t n_options, int argc, char **argv, cli_args *args,
                          est_error *error)
{
    est_status status = EST_OK;
    bool only_operands = false;
    memset(args, 0, sizeof *args);
    args->options = options;
    args->n_options = n_options;
    args->values = calloc(n_options + 1, sizeof *args->values);
    args->operands = calloc((size_t)argc + 1, sizeof *args->operands);
    if (!args->values || !args->operands)
        return cli_fail(error, EST_ENOMEM, "memory ran out");
    for (int i = 0; i < argc && status == EST_OK;) {
        int used = 1;
        if (!only_operands && strcmp(argv[i], "--") == 0)
            only_operands = true;
        else if (!only_operands && strncmp(argv[i], "--", 2) == 0)
            status = parse_option(args, argc - i, argv + i, &used, error);
        else if (!only_operands && argv[i][0] == '-' && argv[i][1])
            status = unknown_option(args, argv[i], error);
        else
            args->operands[args->n_operands++] = argv[i];
        i += used;
    }
    return status;
}

void cli_args_free(cli_args *args)
{
    free(args->values);
    free(args->operands);
    memset(args, 0, sizeof *args);
}

const char *cli_args_value(const cli_args *args, const char *name)
{
    size_t index = find_option(args, name, strlen(name));
    return index < args->n_options ? args->values[index] : NULL;
}

bool cli_args_flag(const cli_args *args, const char *name)
{
    return cli_args_value(args, name) != NULL;
}

static bool parse_integer(const char *text, uint64_t *value)
{
    uint64_t number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(unsigned char)*text - '0';
        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *value = number;
    return true;
}

/* A limit of the table, exact up to the largest integer. */
static uint64_t whole_limit(double limit)
{
    return limit >= 18446744073709551615.0 ? UINT64_MAX : (uint64_t)limit;
}

est_status cli_args_integer(const cli_args *args, const char *name, uint64_t *value, est_error *error)
{
    const cli_option *option = &args->options[find_option(args, name, strlen(name))];
    const char *text = cli_args_value(args, name);
    uint64_t minimum = whole_limit(option->minimum), maximum = whole_limit(option->maximum);
    if (!text)
        text = option->initial;
    if (!parse_integer(text, value) || *value < minimum || *value > maximum)
        return cli_fail(error, EST_EOPTION,
                        "option --%s: found '%s', expected a whole number from %" PRIu64 " to %" PRIu64, name,
                        text, minimum, maximum);
    return EST_OK;
}

/* The word itself; of a choice with a colon, the part up to it and something behind. */
static bool is_this_choice(const char *choice, size_t size, const char *word)
{
    const char *colon = memchr(choice, ':', size);
    size_t length = colon ? (size_t)(colon - choice) + 1 : size;
    return strncmp(choice, word, length) == 0 && (colon ? word[length] != '\0' : word[length] == '\0');
}

static bool is_choice(const char *choices, const char *word)
{
    bool found = false;
    for (const char *at = choices; at && *at && *word && !found;) {
        size_t size = strcspn(at, "|");
        found = is_this_choice(at, size, word);
        at += size + (at[size] == '|');
    }
    return found;
}

est_status cli_args_choice(const cli_args *args, const char *name, const char **value, est_error *error)
{
    const cli_option *option = &args->options[find_option(args, name, strlen(name))];
    *value = cli_args_value(args, name);
    if (!*value)
        *value = option->initial;
    else if (!is_choice(option->choices, *value))
        return cli_fail(error, EST_EOPTION, "option --%s: found '%s', expected %s", name, *value,
                        option->choices);
    return EST_OK;
}
