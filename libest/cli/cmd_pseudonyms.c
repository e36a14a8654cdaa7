/* est pseudonyms: keyed pseudonyms in place of names, and the key for them. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "message.h"
#include "output.h"
#include "progress.h"

static est_status make_key(const cli_args *args, const char *path, est_error *error)
{
    est_status status = EST_OK;
    if (args->n_operands > 0)
        return cli_fail(error, EST_EOPTION, "--make-key stands alone, found '%s'", args->operands[0]);
    for (size_t i = 0; i < args->n_options; i++)
        if (args->values[i] && strcmp(args->options[i].name, "make-key") != 0)
            return cli_fail(error, EST_EOPTION, "--make-key stands alone, found --%s", args->options[i].name);
    status = est_key_make(path, error);
    if (status == EST_OK)
        cli_say("written: ", path, NULL);
    return status;
}

/* The key may be in none of the files that this run writes. */
static est_status check_files(const char *output, const char *key_file, est_error *error)
{
    if (!*output || cli_is_folder(output))
        return cli_fail(error, EST_EOPTION, "--output '%s': expected the path of a file", output);
    if (cli_output_replaces(output, "pseudonyms", key_file))
        return cli_fail(error, EST_EOPTION, "--output %s is the key file; write to another file", output);
    return cli_output_check(output, error);
}

static est_status require(const cli_args *args, const char *name, const char *what, const char **value, est_error *error)
{
    *value = cli_args_value(args, name);
    return *value && **value ? EST_OK : cli_fail(error, EST_EOPTION, "option --%s is missing: %s", name, what);
}

static void show_counts(const char *output, const est_pseudonyms_counts *counts)
{
    char line[160];
    cli_say("written: ", output, NULL);
    snprintf(line, sizeof line, "%zu; without a pseudonym, as every identifier is missing: %zu; with some missing: %zu",
             counts->records, counts->without, counts->partial);
    cli_say("records: ", line, NULL);
}

static est_status write_pseudonyms(const cli_args *args, const char *output, const est_pseudonyms_options *options,
                                   const char *key_file, est_error *error)
{
    unsigned char key[EST_KEY_MOST];
    size_t key_length = 0;
    est_context context = est_context_default();
    cli_progress progress;
    est_pseudonyms_counts counts;
    bool quiet = cli_args_flag(args, "quiet");
    est_status status = est_key_read(key_file, key, &key_length, error);
    if (status != EST_OK)
        return status;
    cli_progress_start(&progress, quiet);
    cli_progress_attach(&progress, &context);
    status = est_pseudonyms_write(args->operands[0], output, options, key, key_length, &context, &counts, error);
    cli_progress_end(&progress);
    est_key_clear(key, sizeof key);
    if (status == EST_OK && !quiet)
        show_counts(output, &counts);
    return status;
}

static est_status read_options(const cli_args *args, est_pseudonyms_options *options, est_error *error)
{
    const char *dates = cli_args_value(args, "dates"), *drop = cli_args_value(args, "drop"), *order = NULL;
    est_status status = require(args, "columns", "the columns that identify a person, in the same order for every list",
                                &options->columns, error);
    if (status == EST_OK)
        status = cli_args_choice(args, "date-order", &order, error);
    if (status == EST_OK)
        options->date_order = strcmp(order, "dmy") == 0   ? EST_PART_DATE_DMY
                              : strcmp(order, "mdy") == 0 ? EST_PART_DATE_MDY
                                                          : EST_PART_DATE_YMD;
    options->dates = dates ? dates : "";
    options->drop = drop ? drop : "";
    return status;
}

static est_status run_pseudonyms(const cli_command *command, const cli_args *args, est_error *error)
{
    est_pseudonyms_options options = {0};
    const char *key_file = NULL, *output = NULL, *made = cli_args_value(args, "make-key");
    est_status status = EST_OK;
    (void)command;
    if (made)
        return make_key(args, made, error);
    if (args->n_operands != 1)
        return cli_fail(error, EST_EOPTION, "one FILE is expected, found %zu", args->n_operands);
    status = read_options(args, &options, error);
    if (status == EST_OK)
        status = require(args, "key-file", "make one with est pseudonyms --make-key FILE", &key_file, error);
    if (status == EST_OK)
        status = require(args, "output", "the file to write", &output, error);
    if (status == EST_OK)
        status = check_files(output, key_file, error);
    if (status == EST_OK)
        status = write_pseudonyms(args, output, &options, key_file, error);
    return status;
}

static const cli_option options_table[] = {
    {"columns", EST_OPTION_COLUMNS, "A,B", "", 0, 0, NULL, "identifying columns, in the same order for every list"},
    {"dates", EST_OPTION_COLUMNS, "A,B", "", 0, 0, NULL, "those of them that hold dates"},
    {"date-order", EST_OPTION_CHOICE, NULL, "ymd", 0, 0, "ymd|dmy|mdy", "how the dates are written"},
    {"drop", EST_OPTION_COLUMNS, "A,B", "", 0, 0, NULL, "further columns to leave out"},
    {"key-file", EST_OPTION_TEXT, "PATH", "", 0, 0, NULL, "file with the secret key"},
    {"output", EST_OPTION_TEXT, "PATH", "", 0, 0, NULL, "CSV file to write, for its owner alone"},
    {"make-key", EST_OPTION_TEXT, "PATH", "", 0, 0, NULL, "make a new key file (32 random bytes) and stop"},
    {"quiet", EST_OPTION_FLAG, NULL, "", 0, 0, NULL, "no progress bar, no counts on standard error"},
};

const cli_command cli_command_pseudonyms = {
    "pseudonyms",
    "FILE",
    "put keyed pseudonyms in place of names",
    "Replaces the identifying columns by one column `pseudonym`: HMAC-SHA-256 of the identifiers under a secret key. Letter"
    " case, accents, blanks and punctuation do not count; dates are brought to one form. All lists that shall be linked need the"
    " same key, the same columns and the same order.\n\n"
    "What it does not protect against: whoever holds the key can look up any person they can name, so keep it apart from the"
    " data, best with a trusted third party. Equal persons keep equal pseudonyms: how often one comes shows, and so do the"
    " columns that stay (use --drop). Different spellings of a name become different persons.",
    options_table,
    sizeof options_table / sizeof options_table[0],
    run_pseudonyms,
};
