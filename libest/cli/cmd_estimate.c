/* est METHOD DATA: parse, open, run, suppress, write. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "message.h"
#include "output.h"
#include "progress.h"

typedef struct cli_request {
    const est_method *method;
    const cli_args *args;
    const char *data;
    bool joins;         /* the operands are files of parts */
    size_t part, parts; /* of --part; 0 = all */
    const char *copy, *copy_column; /* of --copy; NULL = none */
    est_source *source;
    const char *format; /* NULL = by the extension of `output` */
    const char *output; /* NULL = standard output */
    bool quiet;
    est_suppression suppression;
    est_context context;
    cli_progress progress;
} cli_request;

/* Common options first, then the method's; freed by the caller. */
static cli_option *join_options(const est_method *method, size_t *count)
{
    cli_option hooks[CLI_HOOK_OPTIONS_MAX], *options = NULL;
    size_t n_hooks = cli_hook_options(method, hooks), first_hook = cli_common_count + method->n_options;
    *count = first_hook + n_hooks;
    options = malloc(*count * sizeof *options);
    if (!options)
        return NULL;
    memcpy(options, cli_common_options, cli_common_count * sizeof *options);
    for (size_t i = 0; i < method->n_options; i++)
        options[cli_common_count + i] = cli_option_of(&method->options[i]);
    for (size_t i = 0; i < n_hooks; i++)
        options[first_hook + i] = hooks[i];
    return options;
}

static est_status read_data(cli_request *request, est_error *error)
{
    const cli_args *args = request->args;
    size_t inputs = 0;
    if (args->n_operands == 0)
        return cli_fail(error, EST_EOPTION, "DATA is missing: a path, - for standard input, or dataset:NAME");
    request->joins = request->method->join && est_is_part(args->operands[0]);
    if (args->n_operands > 1 && !request->joins)
        return cli_fail(error, EST_EOPTION, "one DATA is expected, found '%s' after '%s'",
                        args->operands[1], args->operands[0]);
    request->data = args->operands[0];
    inputs = strcmp(request->data, "-") == 0;
    for (size_t i = 0; i < args->n_options; i++)
        if (args->options[i].kind == EST_OPTION_TABLE && args->values[i])
            inputs += strcmp(args->values[i], "-") == 0;
    if (inputs > 1)
        return cli_fail(error, EST_EOPTION, "standard input (-) can be read only once");
    return EST_OK;
}

static est_status read_output(cli_request *request, est_error *error)
{
    const char *format = NULL;
    est_status status = cli_args_choice(request->args, "format", &format, error);
    if (status != EST_OK)
        return status;
    request->format = *format ? format : NULL;
    request->output = cli_args_value(request->args, "output");
    if (!request->output) {
        request->format = request->format ? request->format : "text";
        return EST_OK;
    }
    if (!*request->output)
        return cli_fail(error, EST_EOPTION, "option --output needs a path");
    if (cli_is_folder(request->output) && request->format)
        return cli_fail(error, EST_EOPTION,
                        "--output %s is a folder, which gets every format; leave out --format",
                        request->output);
    if (!cli_is_folder(request->output) && !request->format && !est_report_format_of(request->output))
        return cli_fail(error, EST_EOPTION,
                        "--output %s: no format is known for this name; expected .txt, .json, .csv, .md,"
                        " .html, a folder, or --format",
                        request->output);
    return cli_output_check(request->output, error);
}

static int processors(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : online > 64 ? 64 : (int)online;
}

static est_status read_context(cli_request *request, est_error *error)
{
    uint64_t threads = 0;
    est_status status = cli_args_integer(request->args, "seed", &request->context.seed, error);
    request->context.threads = processors();
    if (status == EST_OK && cli_args_value(request->args, "threads")) {
        status = cli_args_integer(request->args, "threads", &threads, error);
        request->context.threads = (int)threads;
    }
    request->quiet = cli_args_flag(request->args, "quiet");
    return status;
}

static est_status read_suppression(cli_request *request, est_error *error)
{
    uint64_t threshold = 0;
    est_status status = cli_args_choice(request->args, "suppress", &request->suppression.profile, error);
    if (status == EST_OK)
        status = cli_args_integer(request->args, "suppress-below", &threshold, error);
    request->suppression.threshold = (long)threshold;
    request->suppression.internal = cli_args_flag(request->args, "internal");
    return status;
}

static est_status check_overwrite(const cli_request *request, const char *option, const char *output, const char *input,
                                  const char *what, est_error *error)
{
    if (!output || strncmp(input, "dataset:", strlen("dataset:")) == 0
        || !cli_output_replaces(output, request->method->id, input))
        return EST_OK;
    return cli_fail(error, EST_EOPTION, "--%s %s may replace %s, an input of this run; write to another file or folder", option,
                    output, what);
}

static est_status check_input(const cli_request *request, const char *input, const char *what, est_error *error)
{
    est_status status = check_overwrite(request, "output", request->output, input, what, error);
    return status == EST_OK ? check_overwrite(request, "copy", request->copy, input, what, error) : status;
}

/* --codebook takes a path or the name of a preset; a preset is no file, and no output meets it. */
static bool is_file(const cli_option *option)
{
    return option->kind == EST_OPTION_TABLE || strcmp(option->name, "codebook") == 0;
}

/* Inputs are never written to, whatever name, link or folder leads to them. */
static est_status check_inputs(const cli_request *request, est_error *error)
{
    const cli_args *args = request->args;
    est_status status = EST_OK;
    for (size_t i = 0; i < args->n_operands && status == EST_OK; i++)
        status = check_input(request, args->operands[i], "DATA", error);
    for (size_t i = 0; i < args->n_options && status == EST_OK; i++) {
        char what[64];
        snprintf(what, sizeof what, "the file of --%s", args->options[i].name);
        if (args->values[i] && is_file(&args->options[i]))
            status = check_input(request, args->values[i], what, error);
    }
    return status;
}

static est_status read_copy(cli_request *request, est_error *error)
{
    const char *path = NULL, *name = NULL;
    if (!request->method->copy)
        return EST_OK;
    path = cli_args_value(request->args, "copy");
    name = cli_args_value(request->args, "copy-column");
    if (!path)
        return name ? cli_fail(error, EST_EOPTION, "--copy-column names the column of --copy; give the path of the copy as well")
                    : EST_OK;
    size_t length = strlen(path);
    if (length < 5 || strcmp(path + length - 4, ".csv") != 0 || cli_is_folder(path))
        return cli_fail(error, EST_EOPTION, "--copy '%s': expected the path of a file that ends in .csv", path);
    if (name && !*name)
        return cli_fail(error, EST_EOPTION, "--copy-column: found no name, expected the name of a column");
    if (request->output && cli_output_meets(request->output, request->method->id, path))
        return cli_fail(error, EST_EOPTION, "--copy %s and --output %s are the same file; give one of them another name", path,
                        request->output);
    request->copy = path;
    request->copy_column = name ? name : request->method->copy_column;
    return cli_output_check(path, error);
}

static est_status read_part(cli_request *request, est_error *error)
{
    const char *text = request->method->part ? cli_args_value(request->args, "part") : NULL;
    char *slash = NULL, *end = NULL;
    if (!text)
        return EST_OK;
    unsigned long part = strtoul(text, &slash, 10), parts = *slash == '/' ? strtoul(slash + 1, &end, 10) : 0;
    if (!end || *end || text[strspn(text, "0123456789/")] || part < 1 || part > parts || parts > 1000000)
        return cli_fail(error, EST_EOPTION, "option --part: found '%s', expected K/M, for example 2/8", text);
    if (!cli_args_value(request->args, "output") || request->joins || cli_args_value(request->args, "format"))
        return cli_fail(error, EST_EOPTION, "option --part writes the sums of a part of DATA to --output FILE; without --format");
    request->part = part;
    request->parts = parts;
    return EST_OK;
}

static est_status check_part_output(const cli_request *request, est_error *error)
{
    if (cli_is_folder(request->output))
        return cli_fail(error, EST_EOPTION, "--output %s is a folder, expected a file for the sums of the part", request->output);
    return cli_output_check(request->output, error);
}

static est_status read_request(cli_request *request, est_error *error)
{
    est_status status = EST_OK;
    request->context = est_context_default();
    request->suppression = est_suppression_default();
    status = read_data(request, error);
    if (status == EST_OK)
        status = read_context(request, error);
    if (status == EST_OK)
        status = read_suppression(request, error);
    if (status == EST_OK)
        status = read_part(request, error);
    request->output = cli_args_value(request->args, "output");
    if (status == EST_OK)
        status = request->parts ? check_part_output(request, error) : read_output(request, error);
    if (status == EST_OK)
        status = read_copy(request, error);
    if (status == EST_OK)
        status = check_inputs(request, error);
    return status;
}

/* Sets every given option; tables only when `tables` is there to own them. Two passes, so that a wrong word
 * is told before a large file is read. */
static est_status set_options(const cli_request *request, est_options *options, est_table **tables,
                              est_error *error)
{
    const cli_args *args = request->args;
    est_status status = EST_OK;
    for (size_t i = cli_common_count; i < cli_common_count + request->method->n_options && status == EST_OK; i++) {
        bool is_table = args->options[i].kind == EST_OPTION_TABLE;
        if (!args->values[i] || is_table != (tables != NULL))
            continue;
        if (is_table)
            status = est_table_open(args->values[i], &request->context, &tables[i], error);
        if (status == EST_OK)
            status = is_table ? est_options_set_table(options, args->options[i].name, tables[i], error)
                              : est_options_set(options, args->options[i].name, args->values[i], error);
    }
    return status;
}

/* What would stop the copy is told before a long run. */
static est_status check_copy(const cli_request *request, est_error *error)
{
    if (!request->copy)
        return EST_OK;
    if (!est_source_is_repeatable(request->source))
        return cli_fail(error, EST_EOPTION, "--copy reads DATA once more, and standard input is read only once; give a file");
    if (est_source_find(request->source, request->copy_column) >= 0)
        return cli_fail(error, EST_ECOLUMN, "%s has a column '%s' already; choose another name for the new one (--copy-column)",
                        request->data, request->copy_column);
    return EST_OK;
}

/* The result, or for --part a file (then *result stays NULL). */
static est_status run_method(cli_request *request, const est_options *options, est_result **result, est_error *error)
{
    est_status status = EST_OK;
    if (request->joins)
        return est_method_join_parts(request->method, request->args->n_operands, request->args->operands, options, &request->context,
                                     result, error);
    status = est_source_open(request->data, &request->context, &request->source, error);
    if (status == EST_OK)
        status = check_copy(request, error);
    if (status == EST_OK && request->parts)
        status = est_method_save_part(request->method, request->source, options, request->part, request->parts, request->output,
                                      &request->context, error);
    else if (status == EST_OK)
        status = est_method_run_source(request->method, request->source, options, &request->context, result, error);
    return status;
}

static est_status run(cli_request *request, est_result **result, est_error *error)
{
    est_status status = EST_OK;
    est_options *options = NULL;
    est_table **tables = calloc(request->args->n_options + 1, sizeof *tables);

    if (!tables)
        return cli_fail(error, EST_ENOMEM, "memory ran out");
    status = est_options_new(request->method, &options, error);
    if (status == EST_OK)
        status = set_options(request, options, NULL, error);
    if (status == EST_OK)
        status = set_options(request, options, tables, error);
    if (status == EST_OK)
        status = run_method(request, options, result, error);

    est_options_free(options);
    for (size_t i = 0; i < request->args->n_options; i++)
        est_table_free(tables[i]);
    free(tables);
    return status;
}

/* The text on standard output holds its notes; elsewhere a warning must not go unseen. */
static void show_warnings(const cli_request *request, const est_result *result)
{
    bool in_sight = !request->output && strcmp(request->format, "text") == 0;
    for (size_t i = 0; !in_sight && !request->quiet && i < est_result_notes(result); i++) {
        const est_note *note = est_result_note(result, i);
        if (note->severity == EST_WARNING)
            cli_say("est: warning: ", note->message, note->code);
    }
}

static est_status write_result(const cli_request *request, const est_result *result, est_error *error)
{
    est_status status = EST_OK;
    char *text = NULL;
    size_t length = 0;
    if (request->output) {
        cli_interrupt_hold(true);
        status = est_report_save(result, request->output, request->format, error);
        cli_interrupt_hold(false);
        if (status == EST_OK && !request->quiet)
            cli_say("written: ", request->output, NULL);
        return status;
    }
    status = est_report_string(result, request->format, &text, &length, error);
    if (status == EST_OK)
        status = cli_stdout_write(text, length, error);
    est_string_free(text);
    return status;
}

static est_status write_copy(cli_request *request, const est_result *result, est_error *error)
{
    est_status status = request->method->copy(request->source, result, request->copy_column, request->copy, &request->context,
                                              error);
    cli_progress_end(&request->progress);
    if (status == EST_OK && !request->quiet)
        cli_say("written: ", request->copy, NULL);
    return status;
}

static est_status carry_out(cli_request *request, est_error *error)
{
    est_result *result = NULL, *published = NULL;
    est_status status = EST_OK;

    cli_progress_start(&request->progress, request->quiet);
    cli_progress_attach(&request->progress, &request->context);
    status = run(request, &result, error);
    if (status == EST_OK && result)
        status = est_result_suppress(result, &request->suppression, &published, error);
    cli_progress_end(&request->progress);
    if (status == EST_OK && cli_interrupted())
        status = cli_fail(error, EST_ECANCELLED, "interrupted");
    if (status == EST_OK && request->parts && !request->quiet)
        cli_say("written: ", request->output, NULL);
    if (status == EST_OK && request->copy)
        status = write_copy(request, result, error);
    if (status == EST_OK && published) {
        show_warnings(request, published);
        status = write_result(request, published, error);
    }
    est_result_free(published);
    est_result_free(result);
    est_source_free(request->source);
    return status;
}

est_status cli_estimate(const est_method *method, int argc, char **argv, est_error *error)
{
    est_status status = EST_OK;
    size_t count = 0;
    cli_option *options = join_options(method, &count);
    cli_args args;
    cli_request request;

    if (!options)
        return cli_fail(error, EST_ENOMEM, "memory ran out");
    memset(&request, 0, sizeof request);
    request.method = method;
    request.args = &args;
    status = cli_args_parse(options, count, argc, argv, &args, error);
    if (status == EST_OK)
        status = read_request(&request, error);
    if (status == EST_OK)
        status = carry_out(&request, error);
    cli_args_free(&args);
    free(options);
    return status;
}
