#include "commands.h"

#include <string.h>

#include "text.h"

static const cli_command *const commands[] = {&cli_command_indicator, &cli_command_codebook, &cli_command_methods, &cli_command_datasets,
                                             &cli_command_pseudonyms, &cli_command_help};

size_t cli_command_count(void)
{
    return sizeof commands / sizeof commands[0];
}

const cli_command *cli_command_get(size_t index)
{
    return index < cli_command_count() ? commands[index] : NULL;
}

const cli_command *cli_command_find(const char *name)
{
    const cli_command *found = NULL;
    for (size_t i = 0; i < cli_command_count() && !found; i++)
        if (strcmp(commands[i]->name, name) == 0)
            found = commands[i];
    return found;
}

/* Methods first, then the program's own commands. */
static const char *any_name(const void *user, size_t index)
{
    (void)user;
    if (index < est_method_count())
        return est_method_get(index)->id;
    return commands[index - est_method_count()]->name;
}

const char *cli_command_nearest(const char *name)
{
    return cli_text_nearest(name, est_method_count() + cli_command_count(), any_name, NULL);
}

const char *cli_method_nearest(const char *name)
{
    return cli_text_nearest(name, est_method_count(), any_name, NULL);
}
