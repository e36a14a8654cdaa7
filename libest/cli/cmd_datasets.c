/* est datasets: the data that come with the program. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "message.h"
#include "output.h"
#include "progress.h"
#include "text.h"

static const char *dataset_name(const void *user, size_t index)
{
    (void)user;
    return est_dataset_get(index)->name;
}

static est_status find_dataset(const char *name, const est_dataset **dataset, est_error *error)
{
    const char *nearest = NULL;
    *dataset = est_dataset_find(name);
    if (*dataset)
        return EST_OK;
    nearest = cli_text_nearest(name, est_dataset_count(), dataset_name, NULL);
    if (nearest)
        return cli_fail(error, EST_EFILE, "no dataset is named '%s'; did you mean %s?", name, nearest);
    return cli_fail(error, EST_EFILE, "no dataset is named '%s'; est datasets lists them", name);
}

static est_status list_datasets(est_error *error)
{
    size_t width = 0;
    for (size_t i = 0; i < est_dataset_count(); i++) {
        size_t length = strlen(est_dataset_get(i)->name);
        width = length > width ? length : width;
    }
    for (size_t i = 0; i < est_dataset_count(); i++) {
        const est_dataset *dataset = est_dataset_get(i);
        printf("%-*s  ", (int)width, dataset->name);
        cli_text_wrap(stdout, dataset->title, width + 2, width + 2);
    }
    return cli_stdout_finish(error);
}

static est_status describe_dataset(const est_dataset *dataset, est_error *error)
{
    size_t length = strlen(dataset->description);
    fputs(dataset->description, stdout);
    if (length > 0 && dataset->description[length - 1] != '\n')
        putchar('\n');
    if (dataset->companion && *dataset->companion)
        printf("\nThe periods of these data are described by dataset:%s.\n", dataset->companion);
    return cli_stdout_finish(error);
}

static est_status save_csv(const est_dataset *dataset, const char *path, est_error *error)
{
    est_status status = EST_OK;
    if (!*path || cli_is_folder(path))
        return cli_fail(error, EST_EOPTION, "--output '%s': expected the path of a file", path);
    status = cli_output_check(path, error);
    if (status == EST_OK) {
        cli_interrupt_hold(true);
        status = cli_file_write(path, dataset->csv, dataset->csv_length, error);
        cli_interrupt_hold(false);
    }
    if (status == EST_OK)
        cli_say("written: ", path, NULL);
    return status;
}

static est_status run_datasets(const cli_command *command, const cli_args *args, est_error *error)
{
    const est_dataset *dataset = NULL;
    const char *output = cli_args_value(args, "output");
    est_status status = EST_OK;
    (void)command;
    if (args->n_operands > 1)
        return cli_fail(error, EST_EOPTION, "one NAME is expected, found '%s' after '%s'",
                        args->operands[1], args->operands[0]);
    if (args->n_operands == 0 && (output || cli_args_flag(args, "csv")))
        return cli_fail(error, EST_EOPTION, "--csv and --output need the NAME of a dataset");
    if (args->n_operands == 0)
        return list_datasets(error);
    status = find_dataset(args->operands[0], &dataset, error);
    if (status != EST_OK)
        return status;
    if (output)
        return save_csv(dataset, output, error);
    if (cli_args_flag(args, "csv"))
        return cli_stdout_write(dataset->csv, dataset->csv_length, error);
    return describe_dataset(dataset, error);
}

static const cli_option options[] = {
    {"csv", EST_OPTION_FLAG, NULL, "", 0, 0, NULL, "write the data as CSV to standard output"},
    {"output", EST_OPTION_TEXT, "FILE", "", 0, 0, NULL, "write the data as CSV to a file"},
};

const cli_command cli_command_datasets = {
    "datasets",
    "[NAME]",
    "list the bundled data, show one, or write it as CSV",
    "Without NAME: lists the bundled datasets. With NAME: says where the data come from and what the columns"
    " mean. Every estimating command reads a bundled dataset as dataset:NAME.",
    options,
    sizeof options / sizeof options[0],
    run_datasets,
};
