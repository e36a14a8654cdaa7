#include "help.h"

#include <string.h>

#include "message.h"
#include "output.h"
#include "text.h"

#define LEFT_WIDTH 26
#define SCREEN_LINES 40
#define WIDEST_CHOICES 60 /* more stand in the text of the option */

/* The lines of a method's page beside its title and options: usage, headings, blank lines, DATA, --help, the
 * last. */
#define FRAME_LINES 10

static const cli_option help_option = {"help", EST_OPTION_FLAG, NULL, "", 0, 0, NULL, "this page (also -h)"};

static const char data_text[] = "a .csv, .dta or .sav file, - (standard input) or dataset:NAME";

static const char *placeholder(const cli_option *option)
{
    static const char *const words[EST_OPTION_KIND_END] = {
        [EST_OPTION_FLAG] = "",           [EST_OPTION_INTEGER] = "N",   [EST_OPTION_NUMBER] = "X",
        [EST_OPTION_TEXT] = "TEXT",       [EST_OPTION_CHOICE] = "WORD", [EST_OPTION_COLUMN] = "COLUMN",
        [EST_OPTION_COLUMNS] = "A,B,...", [EST_OPTION_TABLE] = "DATA",
    };
    if (option->placeholder)
        return option->placeholder;
    return option->choices && !cli_help_choices_wide(option) ? option->choices : words[option->kind];
}

bool cli_help_choices_wide(const cli_option *option)
{
    return option->choices && cli_text_width(option->choices) > WIDEST_CHOICES;
}

void cli_help_choices(const cli_option *option, char *buffer, size_t size)
{
    size_t used = 0;
    for (const char *at = option->choices; *at && used + 2 < size; at++) {
        if (*at == '|')
            buffer[used++] = ',';
        buffer[used++] = *at == '|' ? ' ' : *at;
    }
    buffer[used] = '\0';
}

void cli_help_left(const cli_option *option, char buffer[CLI_HELP_LEFT])
{
    const char *word = placeholder(option);
    snprintf(buffer, CLI_HELP_LEFT, "--%s%s%s", option->name, *word ? " " : "", word);
}

/* The doc with the default behind it; shortened to `width` columns, or whole if `width` is 0. */
static void option_text(const cli_option *option, size_t width, char *buffer, size_t size)
{
    char tail[64] = "";
    size_t used = 0;
    if (*option->initial && option->kind != EST_OPTION_FLAG)
        snprintf(tail, sizeof tail, " [%s]", option->initial);
    if (width == 0 && cli_help_choices_wide(option)) {
        used = (size_t)snprintf(buffer, size, "%s: ", option->doc);
        cli_help_choices(option, buffer + used, size - used);
    } else if (width == 0)
        snprintf(buffer, size, "%s", option->doc);
    else
        cli_text_shorten(option->doc, width > strlen(tail) ? width - strlen(tail) : 1, buffer, size);
    used = strlen(buffer);
    snprintf(buffer + used, size - used, "%s", tail);
}

/* Prints one option: on one line, or whole if the further lines that it takes are in `spare`; a left side that is too wide then
 * stands alone. `out` NULL only counts. */
static void print_option(FILE *out, const cli_option *option, size_t *spare)
{
    char left[CLI_HELP_LEFT], text[2048];
    size_t width = 0, further = 0, indent = 2 + LEFT_WIDTH, column = indent;
    bool below = false;
    cli_help_left(option, left);
    width = cli_text_width(left) + 4;
    option_text(option, 0, text, sizeof text);
    below = width > indent && cli_text_wrap(NULL, text, indent, indent) <= *spare;
    if (width > indent && !below)
        column = width;
    further = cli_text_wrap(NULL, text, column, indent) - !below;
    if (further > *spare) {
        option_text(option, CLI_WIDTH - 1 - column, text, sizeof text);
        further = 0;
    }
    *spare -= further;
    if (!out)
        return;
    if (below)
        fprintf(out, "  %s\n%*s", left, (int)indent, "");
    else
        fprintf(out, "  %-*s", (int)(column - 2), left);
    cli_text_wrap(out, text, column, indent);
}

static void print_options(FILE *out, const cli_option *options, size_t count, size_t *spare)
{
    for (size_t i = 0; i < count; i++)
        print_option(out, &options[i], spare);
}

/* The options that a method's page explains; the further ones it only names. */
static void print_specs(FILE *out, const est_method *method, size_t *spare)
{
    for (size_t i = 0; i < method->n_options; i++) {
        cli_option option = cli_option_of(&method->options[i]);
        if (!method->options[i].further)
            print_option(out, &option, spare);
    }
}

/* The names of the further options in one paragraph. `out` NULL only counts. Returns the lines, the blank one before it included;
 * 0 if there are none. */
static size_t print_further(FILE *out, const est_method *method)
{
    char text[2048];
    size_t used = (size_t)snprintf(text, sizeof text, "Further options (est methods %s explains them):", method->id);
    size_t n_further = 0;
    for (size_t i = 0; i < method->n_options; i++) {
        if (method->options[i].further && used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s --%s", n_further ? "," : "", method->options[i].name);
        n_further += method->options[i].further != 0;
    }
    if (n_further && out)
        fputc('\n', out);
    return n_further ? 1 + cli_text_wrap(out, text, 0, 2) : 0;
}

static size_t print_text(FILE *out, const char *text)
{
    return cli_text_wrap(out, text, 0, 0);
}

static void print_entry(FILE *out, const char *name, const char *operands, const char *title)
{
    char left[CLI_HELP_LEFT];
    snprintf(left, sizeof left, "est %s %s", name, operands);
    if (cli_text_width(left) >= LEFT_WIDTH) /* its own page has them */
        snprintf(left, sizeof left, "est %s ...", name);
    fprintf(out, "  %-*s", LEFT_WIDTH, left);
    cli_text_wrap(out, title, 2 + LEFT_WIDTH, 2 + LEFT_WIDTH);
}

/* "est METHOD DATA    on lists: two-list, ..." */
static void print_family(FILE *out, const char *family, const char *words)
{
    char text[512];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", words), n = 0;
    for (size_t i = 0; i < est_method_count(); i++) {
        const est_method *method = est_method_get(i);
        if (method->family && strcmp(method->family, family) == 0 && used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s %s", n++ ? "," : "", method->id);
    }
    fprintf(out, "  %-*s", LEFT_WIDTH, "est METHOD DATA");
    cli_text_wrap(out, text, 2 + LEFT_WIDTH, 2 + LEFT_WIDTH);
}

static void print_commands(FILE *out)
{
    for (size_t i = 0; i < est_method_count(); i++)
        if (!est_method_get(i)->family)
            print_entry(out, est_method_get(i)->id, "DATA", est_method_get(i)->title);
    print_family(out, "lists", "further, on lists:");
    for (size_t i = 0; i < cli_command_count(); i++)
        print_entry(out, cli_command_get(i)->name, cli_command_get(i)->operands, cli_command_get(i)->title);
}

void cli_help_short(FILE *out)
{
    fprintf(out, "Usage: est COMMAND [OPTIONS]\n\n");
    print_commands(out);
    fprintf(out, "\nMore: est --help, est COMMAND --help\n");
}

void cli_help_program(FILE *out)
{
    size_t spare = 0;
    fprintf(out, "est estimates how many people live in hidden populations.\n\n"
                 "Usage: est COMMAND [OPTIONS]\n\nCommands:\n");
    print_commands(out);
    fprintf(out, "  %-*sthe version\n", LEFT_WIDTH, "est --version");
    fprintf(out, "\nDATA: %s\n\nOptions of every estimating command (default in brackets):\n", data_text);
    print_options(out, cli_common_options, cli_common_count, &spare);
    fprintf(out, "\nThe result goes to standard output, messages to standard error. Exit status:\n"
                 "  0 done; 2 impossible option or request; 3 file, column or definition wrong;\n"
                 "  4 data valid but nothing identified; 5 output or internal; 130 interrupted.\n"
                 "\nest COMMAND --help shows the options of one command.\n");
}

void cli_help_command(FILE *out, const cli_command *command)
{
    size_t spare = SCREEN_LINES;
    fprintf(out, "Usage: est %s %s%s\n\n", command->name, command->operands,
            command->n_options ? " [OPTIONS]" : "");
    print_text(out, command->text);
    fprintf(out, "\nOptions%s:\n", command->n_options ? " (default in brackets)" : "");
    print_options(out, command->options, command->n_options, &spare);
    print_option(out, &help_option, &spare);
}

/* The lines that stay free on the screen when every option that is explained takes one; none if it is full
 * already. */
static size_t spare_lines(const est_method *method)
{
    cli_option hooks[CLI_HOOK_OPTIONS_MAX];
    size_t used = FRAME_LINES + print_text(NULL, method->title) + cli_common_count + print_further(NULL, method);
    used += cli_hook_options(method, hooks);
    for (size_t i = 0; i < method->n_options; i++)
        used += !method->options[i].further;
    return used < SCREEN_LINES ? SCREEN_LINES - used : 0;
}

void cli_help_method(FILE *out, const est_method *method)
{
    cli_option hooks[CLI_HOOK_OPTIONS_MAX];
    size_t spare = spare_lines(method), unused = spare;
    fprintf(out, "Usage: est %s DATA [OPTIONS]\n", method->id);
    print_text(out, method->title);
    print_specs(NULL, method, &unused);
    if (1 + print_text(NULL, method->summary) <= unused) {
        fputc('\n', out);
        print_text(out, method->summary);
    }
    fprintf(out, "\nDATA: %s\n\nOptions (default in brackets):\n", data_text);
    print_specs(out, method, &spare);
    print_options(out, hooks, cli_hook_options(method, hooks), &spare);
    print_further(out, method);
    fprintf(out, "\nCommon options:\n");
    spare = 0;
    print_options(out, cli_common_options, cli_common_count, &spare);
    print_option(out, &help_option, &spare);
    fprintf(out, "\nIn full: est methods %s\n", method->id);
}

static est_status run_help(const cli_command *command, const cli_args *args, est_error *error)
{
    const char *name = args->n_operands ? args->operands[0] : NULL, *nearest = NULL;
    (void)command;
    if (args->n_operands > 1)
        return cli_fail(error, EST_EOPTION, "one COMMAND is expected, found '%s' after '%s'",
                        args->operands[1], name);
    if (!name)
        cli_help_program(stdout);
    else if (cli_command_find(name))
        cli_help_command(stdout, cli_command_find(name));
    else if (est_method_find(name))
        cli_help_method(stdout, est_method_find(name));
    else {
        nearest = cli_command_nearest(name);
        return cli_fail(error, EST_EOPTION, "unknown command '%s'%s%s%s", name,
                        nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    }
    return cli_stdout_finish(error);
}

const cli_command cli_command_help = {
    "help",
    "[COMMAND]",
    "help on the program or on a command",
    "Prints the same page as est --help or est COMMAND --help.",
    NULL,
    0,
    run_help,
};
