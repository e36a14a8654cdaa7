/* est codebook: which columns of a file mean what. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "message.h"
#include "output.h"
#include "progress.h"
#include "text.h"

typedef struct verb {
    const char *name;
    const char *operands;
    size_t n_operands;
    est_status (*run)(const cli_args *args, est_error *error);
} verb;

static est_status refuse_options(const cli_args *args, const char *name, est_error *error)
{
    for (size_t i = 0; i < args->n_options; i++)
        if (args->values[i] && strcmp(args->options[i].name, "quiet") != 0)
            return cli_fail(error, EST_EOPTION, "--%s belongs to est codebook init, not to est codebook%s", args->options[i].name,
                            name);
    return EST_OK;
}

static est_status list_presets(est_error *error)
{
    size_t width = 0;
    for (size_t i = 0; i < est_codebook_preset_count(); i++) {
        size_t length = strlen(est_codebook_preset_get(i)->id);
        width = length > width ? length : width;
    }
    for (size_t i = 0; i < est_codebook_preset_count(); i++) {
        const est_codebook_preset *preset = est_codebook_preset_get(i);
        printf("%-*s  ", (int)width, preset->id);
        cli_text_wrap(stdout, preset->title, width + 2, width + 2);
    }
    if (est_codebook_preset_count() == 0)
        puts("no presets are built in");
    return cli_stdout_finish(error);
}

static const char *preset_id(const void *user, size_t index)
{
    (void)user;
    return est_codebook_preset_get(index)->id;
}

static est_status show(const cli_args *args, est_error *error)
{
    const char *id = args->operands[1], *nearest = NULL;
    const est_codebook_preset *preset = est_codebook_preset_find(id);
    est_status status = refuse_options(args, " show", error);
    if (status != EST_OK)
        return status;
    if (preset)
        return cli_stdout_write(preset->text, strlen(preset->text), error);
    nearest = cli_text_nearest(id, est_codebook_preset_count(), preset_id, NULL);
    if (nearest)
        return cli_fail(error, EST_EFILE, "no preset is named '%s'; did you mean %s?", id, nearest);
    return cli_fail(error, EST_EFILE, "no preset is named '%s'; est codebook lists them", id);
}

/* A codebook that is there may hold decisions that took a day. */
static est_status check_output(const char *path, const char *data, est_error *error)
{
    struct stat found;
    if (!*path || cli_is_folder(path))
        return cli_fail(error, EST_EOPTION, "--output '%s': expected the path of a file", path);
    if (cli_output_replaces(path, "codebook", data))
        return cli_fail(error, EST_EOPTION, "--output %s is the data; write to another file", path);
    if (stat(path, &found) == 0)
        return cli_fail(error, EST_EIO,
                        "%s is there already and may hold decisions: it is never overwritten; remove it, or write to another"
                        " file",
                        path);
    return cli_output_check(path, error);
}

static est_status write_text(const char *path, const char *text, bool quiet, est_error *error)
{
    est_status status = EST_OK;
    if (!path)
        return cli_stdout_write(text, strlen(text), error);
    cli_interrupt_hold(true);
    status = cli_file_write(path, text, strlen(text), error);
    cli_interrupt_hold(false);
    if (status == EST_OK && !quiet)
        cli_say("written: ", path, NULL);
    return status;
}

static size_t count_open(const char *text)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, "DECIDE: ")); at++)
        n++;
    return n;
}

static void say_open(const char *text, const char *why, const char *path, bool quiet)
{
    char line[96];
    size_t n = count_open(text);
    if (*why && !quiet)
        cli_say("", why, NULL);
    if (n == 0 || !path || quiet)
        return;
    snprintf(line, sizeof line, "%zu; they stand below the word DECIDE", n);
    cli_say("to be decided: ", line, NULL);
}

static est_status init(const cli_args *args, est_error *error)
{
    const char *data = args->operands[1], *output = cli_args_value(args, "output"), *wanted = cli_args_value(args, "preset");
    bool quiet = cli_args_flag(args, "quiet");
    est_context context = est_context_default();
    cli_progress progress;
    est_source *source = NULL;
    char *preset = NULL, *why = NULL, *text = NULL;
    est_status status = output ? check_output(output, data, error) : EST_OK;
    if (status != EST_OK)
        return status;
    cli_progress_start(&progress, quiet);
    cli_progress_attach(&progress, &context);
    status = est_source_open(data, &context, &source, error);
    if (status == EST_OK)
        status = est_codebook_preset_choose(source, wanted ? wanted : "", &context, &preset, &why, error);
    if (status == EST_OK)
        status = est_codebook_propose(source, preset, &context, &text, error);
    cli_progress_end(&progress);
    if (status == EST_OK)
        status = write_text(output, text, quiet, error);
    if (status == EST_OK)
        say_open(text, why, output, quiet);
    est_string_free(text);
    est_string_free(preset);
    est_string_free(why);
    est_source_free(source);
    return status;
}

static est_status check(const cli_args *args, est_error *error)
{
    est_context context = est_context_default();
    cli_progress progress;
    est_source *source = NULL;
    char *text = NULL;
    size_t n_faults = 0;
    est_status status = refuse_options(args, " check", error);
    if (status != EST_OK)
        return status;
    cli_progress_start(&progress, cli_args_flag(args, "quiet"));
    cli_progress_attach(&progress, &context);
    status = est_source_open(args->operands[2], &context, &source, error);
    if (status == EST_OK)
        status = est_codebook_check(source, args->operands[1], &context, &n_faults, &text, error);
    cli_progress_end(&progress);
    if (status == EST_OK)
        status = cli_stdout_write(text, strlen(text), error);
    if (status == EST_OK && n_faults > 0)
        status = cli_fail(error, EST_EVALUE, "codebook %s does not fit %s: %zu %s", args->operands[1], args->operands[2], n_faults,
                          n_faults == 1 ? "fault" : "faults");
    est_string_free(text);
    est_source_free(source);
    return status;
}

static const verb verbs[] = {
    {"show", "PRESET", 1, show},
    {"init", "FILE", 1, init},
    {"check", "CODEBOOK FILE", 2, check},
};

static const char *verb_name(const void *user, size_t index)
{
    (void)user;
    return verbs[index].name;
}

static est_status run_codebook(const cli_command *command, const cli_args *args, est_error *error)
{
    const char *first = args->n_operands > 0 ? args->operands[0] : NULL, *nearest = NULL;
    size_t n = sizeof verbs / sizeof verbs[0];
    est_status status = first ? EST_OK : refuse_options(args, "", error);
    (void)command;
    if (!first)
        return status == EST_OK ? list_presets(error) : status;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(verbs[i].name, first) != 0)
            continue;
        if (args->n_operands != verbs[i].n_operands + 1)
            return cli_fail(error, EST_EOPTION, "est codebook %s needs %s, found %zu %s", first, verbs[i].operands,
                            args->n_operands - 1, args->n_operands == 2 ? "name" : "names");
        return verbs[i].run(args, error);
    }
    nearest = cli_text_nearest(first, n, verb_name, NULL);
    return cli_fail(error, EST_EOPTION, "found '%s', expected show, init or check%s%s", first, nearest ? "; did you mean " : "",
                    nearest ? nearest : "");
}

static const cli_option options[] = {
    {"preset", EST_OPTION_TEXT, "PRESET", "", 0, 0, NULL,
     "init: the survey (kdhs-women-2022, or kdhs to let v024 tell the year), or the path of a codebook"},
    {"output", EST_OPTION_TEXT, "FILE", "", 0, 0, NULL, "init: the codebook to write; without it, standard output"},
    {"quiet", EST_OPTION_FLAG, NULL, "", 0, 0, NULL, "no progress bar, no remarks on standard error"},
};

const cli_command cli_command_codebook = {
    "codebook",
    "[show PRESET | init FILE | check CODEBOOK FILE]",
    "say which columns of a survey file mean what",
    "Without more: lists the presets. `show` prints one. `init` writes a codebook for a file: the columns and values that it has, "
    "and lines to be"
    " decided. `check` tries a codebook on a file and lists every fault with its records; it fails (status 3) if there is one.",
    options,
    sizeof options / sizeof options[0],
    run_codebook,
};
