/* est indicator: the indicators and their definitions. With a name and DATA it is the method itself (main.c). */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "message.h"
#include "output.h"
#include "text.h"

static bool is_indicator(const est_method *method)
{
    return method->family && strcmp(method->family, "indicator") == 0;
}

static void list_definitions(const est_method *method)
{
    for (size_t i = 0; i < est_definition_count(); i++) {
        const est_definition *definition = est_definition_get(i);
        char text[512];
        if (strcmp(definition->method, method->id) != 0)
            continue;
        bool told = strstr(definition->title, definition->status) != NULL;
        snprintf(text, sizeof text, "%s%s%s%s", definition->title, told ? "" : " (", told ? "" : definition->status,
                 told ? "" : ")");
        printf("    %-28s ", definition->id);
        cli_text_wrap(stdout, text, 33, 33);
    }
}

static const char *indicator_name(const void *user, size_t index)
{
    (void)user;
    const est_method *method = est_method_get(index);
    return is_indicator(method) ? method->id : "";
}

static est_status run_indicator(const cli_command *command, const cli_args *args, est_error *error)
{
    (void)command;
    if (args->n_operands > 0) {
        const char *nearest = cli_text_nearest(args->operands[0], est_method_count(), indicator_name, NULL);
        return cli_fail(error, EST_EOPTION, "no indicator is named '%s'%s%s%s", args->operands[0], nearest ? "; did you mean " : "; est indicator "
                        "lists them", nearest ? nearest : "", nearest ? "?" : "");
    }
    for (size_t i = 0; i < est_method_count(); i++) {
        const est_method *method = est_method_get(i);
        if (!is_indicator(method))
            continue;
        printf("%-15s ", method->id);
        cli_text_wrap(stdout, method->title, 16, 16);
        list_definitions(method);
    }
    printf("\nest indicator NAME DATA --codebook CODEBOOK estimates; est indicator NAME\n--help shows the options;"
           " est methods NAME tells all, est methods DEFINITION\nprints its rules; est codebook lists the codebooks.\n");
    return cli_stdout_finish(error);
}

const cli_command cli_command_indicator = {
    "indicator",
    "NAME DATA",
    "child labour, marriage, forced labour, trafficking",
    "Estimates an indicator from the microdata of a survey, or a rate of trafficking. Without NAME: lists the indicators with"
    " their definitions. With a name: est indicator NAME --help shows the options.",
    NULL,
    0,
    run_indicator,
};
