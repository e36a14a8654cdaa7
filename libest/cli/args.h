/* The command line against a table of options. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est.h>

/* One option of a command; a method's own come from its descriptor. Help and parser read the same table. */
typedef struct cli_option {
    const char *name;
    est_option_kind kind;
    const char *placeholder; /* "PATH"; NULL: by the kind */
    const char *initial;     /* "" for none */
    double minimum, maximum;
    const char *choices; /* "a|b" of a choice, else NULL */
    const char *doc;
} cli_option;

/* The options that every estimating command has. */
extern const cli_option cli_common_options[];
extern const size_t cli_common_count;

/* What methods have besides that read their data in parts, or give a copy of them. Returns how many. */
#define CLI_HOOK_OPTIONS_MAX 3
size_t cli_hook_options(const est_method *method, cli_option options[CLI_HOOK_OPTIONS_MAX]);

typedef struct cli_args {
    const cli_option *options; /* borrowed */
    size_t n_options;
    const char **values; /* one an option, NULL = not given; "1" for a flag */
    const char **operands;
    size_t n_operands;
} cli_args;

cli_option cli_option_of(const est_option_spec *spec);

/* true if --help or -h stands among the arguments. */
bool cli_args_ask_help(int argc, char **argv);

/* EST_EOPTION: unknown option (with the nearest name), missing or unwanted value, repeated option. Texts stay
 * argv's. Free it in any case. */
est_status cli_args_parse(const cli_option *options, size_t n_options, int argc, char **argv, cli_args *args,
                          est_error *error);
void cli_args_free(cli_args *args);

/* The value given on the command line, NULL if there is none. */
const char *cli_args_value(const cli_args *args, const char *name);
bool cli_args_flag(const cli_args *args, const char *name);

/* The given value, else the default of the table; checked against the range or the choices there. */
est_status cli_args_integer(const cli_args *args, const char *name, uint64_t *value, est_error *error);
est_status cli_args_choice(const cli_args *args, const char *name, const char **value, est_error *error);

#endif
