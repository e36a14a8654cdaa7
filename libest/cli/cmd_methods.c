/* est methods: what can be estimated, printed from the descriptors. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "help.h"
#include "message.h"
#include "output.h"
#include "text.h"

static est_status list_methods(est_error *error)
{
    for (size_t i = 0; i < est_method_count(); i++) {
        const est_method *method = est_method_get(i);
        printf("%-12s  ", method->id);
        cli_text_wrap(stdout, method->title, 14, 14);
    }
    return cli_stdout_finish(error);
}

static void print_section(const char *heading, const char *text)
{
    if (!text || !*text)
        return;
    printf("\n%s\n  ", heading);
    cli_text_wrap(stdout, text, 2, 2);
}

/* A default that is no fixed text stands in the doc. */
static void print_limits(const cli_option *option)
{
    char minimum[32], maximum[32];
    bool ranged = option->kind == EST_OPTION_INTEGER || option->kind == EST_OPTION_NUMBER;
    bool has_default = option->kind != EST_OPTION_FLAG && *option->initial;
    if (!ranged && !has_default)
        return;
    cli_text_number(option->minimum, minimum);
    cli_text_number(option->maximum, maximum);
    printf("      ");
    if (has_default)
        printf("default: %s%s", option->initial, ranged ? "; " : "");
    if (ranged)
        printf("from %s to %s", minimum, maximum);
    putchar('\n');
}

static void print_option(const cli_option *option)
{
    char left[CLI_HELP_LEFT], choices[1024];
    cli_help_left(option, left);
    printf("  %s\n      ", left);
    cli_text_wrap(stdout, option->doc, 6, 6);
    if (cli_help_choices_wide(option)) {
        cli_help_choices(option, choices, sizeof choices);
        printf("      one of: ");
        cli_text_wrap(stdout, choices, 14, 14);
    }
    print_limits(option);
}

/* The options of one level; the heading stands only where there are any. */
static void print_options(const est_method *method, const char *heading, bool further)
{
    bool any = false;
    for (size_t i = 0; i < method->n_options; i++) {
        cli_option option = cli_option_of(&method->options[i]);
        if ((method->options[i].further != 0) != further)
            continue;
        if (!any)
            printf("\n%s\n", heading);
        print_option(&option);
        any = true;
    }
}

static void print_hooks(const est_method *method)
{
    cli_option hooks[CLI_HOOK_OPTIONS_MAX];
    size_t count = cli_hook_options(method, hooks);
    for (size_t i = 0; i < count; i++)
        print_option(&hooks[i]);
}

static void print_definitions(const est_method *method)
{
    bool any = false;
    for (size_t i = 0; i < est_definition_count(); i++) {
        const est_definition *definition = est_definition_get(i);
        char text[512];
        if (strcmp(definition->method, method->id) != 0)
            continue;
        if (!any)
            printf("\nDefinitions (--preset; est methods DEFINITION prints every rule)\n");
        bool told = strstr(definition->title, definition->status) != NULL;
        snprintf(text, sizeof text, "%s%s%s%s", definition->title, told ? "" : " (", told ? "" : definition->status,
                 told ? "" : ")");
        printf("  %-26s ", definition->id);
        cli_text_wrap(stdout, text, 29, 29);
        any = true;
    }
}

/* The rules themselves are the best description. */
static est_status describe_definition(const est_definition *definition, est_error *error)
{
    fputs(definition->text, stdout);
    return cli_stdout_finish(error);
}

static est_status describe_method(const est_method *method, est_error *error)
{
    printf("est %s DATA [OPTIONS]\n", method->id);
    cli_text_wrap(stdout, method->title, 0, 0);
    print_section("What it does", method->summary);
    print_section("Data", method->data);
    print_options(method, "Options", false);
    print_hooks(method);
    print_options(method, "Further options", true);
    print_definitions(method);
    print_section("Reference", method->reference);
    return cli_stdout_finish(error);
}

static void json_text(const char *text)
{
    putchar('"');
    for (; text && *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            printf("\\%c", byte);
        else if (byte == '\n')
            fputs("\\n", stdout);
        else if (byte < 0x20)
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

static void json_field(const char *name, const char *text)
{
    printf("\"%s\": ", name);
    json_text(text);
    fputs(", ", stdout);
}

static void json_limit(const char *name, const est_option_spec *spec, double limit)
{
    char number[32];
    bool ranged = spec->kind == EST_OPTION_INTEGER || spec->kind == EST_OPTION_NUMBER;
    cli_text_number(limit, number);
    printf("\"%s\": %s, ", name, ranged && isfinite(limit) ? number : "null");
}

/* The default in the type of its option. */
static void json_default(const est_option_spec *spec)
{
    fputs("\"default\": ", stdout);
    if (spec->kind == EST_OPTION_FLAG)
        fputs(strcmp(spec->initial, "1") == 0 ? "true" : "false", stdout);
    else if (spec->kind == EST_OPTION_TABLE)
        fputs("null", stdout);
    else if (spec->kind == EST_OPTION_INTEGER || spec->kind == EST_OPTION_NUMBER)
        fputs(*spec->initial ? spec->initial : "null", stdout);
    else
        json_text(spec->initial);
    fputs(", ", stdout);
}

static void json_choices(const char *choices)
{
    fputs("\"choices\": ", stdout);
    if (!choices) {
        fputs("null, ", stdout);
        return;
    }
    for (const char *word = choices; word; word = strchr(word, '|')) {
        word += *word == '|';
        printf("%s\"%.*s\"", word == choices ? "[" : ", ", (int)strcspn(word, "|"), word);
    }
    fputs("], ", stdout);
}

static void json_option(const est_option_spec *spec)
{
    fputs("        {", stdout);
    json_field("name", spec->name);
    json_field("kind", est_option_kind_name(spec->kind));
    json_default(spec);
    json_limit("minimum", spec, spec->minimum);
    json_limit("maximum", spec, spec->maximum);
    json_choices(spec->choices);
    printf("\"further\": %s, ", spec->further ? "true" : "false");
    fputs("\"doc\": ", stdout);
    json_text(spec->doc);
    putchar('}');
}

static void json_definitions(const est_method *method)
{
    size_t n = 0;
    for (size_t i = 0; i < est_definition_count(); i++) {
        const est_definition *definition = est_definition_get(i);
        if (strcmp(definition->method, method->id) != 0)
            continue;
        fputs(n++ ? ",\n        {" : ",\n      \"definitions\": [\n        {", stdout);
        json_field("id", definition->id);
        json_field("title", definition->title);
        json_field("status", definition->status);
        json_field("version", definition->version);
        json_field("source", definition->source);
        fputs("\"rules\": ", stdout);
        json_text(definition->text);
        putchar('}');
    }
    if (n)
        fputs("\n      ]", stdout);
}

static void json_method(const est_method *method)
{
    fputs("    {", stdout);
    json_field("id", method->id);
    json_field("title", method->title);
    json_field("summary", method->summary);
    json_field("data", method->data);
    json_field("reference", method->reference);
    fputs("\n      \"options\": [", stdout);
    for (size_t i = 0; i < method->n_options; i++) {
        fputs(i ? ",\n" : "\n", stdout);
        json_option(&method->options[i]);
    }
    fputs("\n      ]", stdout);
    json_definitions(method);
    putchar('}');
}

/* `only` NULL: every method. */
static est_status json_methods(const est_method *only, est_error *error)
{
    fputs("{\"schema\": \"est-methods/1\", \"version\": ", stdout);
    json_text(est_version());
    fputs(",\n  \"methods\": [", stdout);
    for (size_t i = 0; i < (only ? 1 : est_method_count()); i++) {
        fputs(i ? ",\n" : "\n", stdout);
        json_method(only ? only : est_method_get(i));
    }
    fputs("\n  ]}\n", stdout);
    return cli_stdout_finish(error);
}

static est_status find_method(const char *id, const est_method **method, est_error *error)
{
    const char *nearest = NULL;
    *method = est_method_find(id);
    if (*method)
        return EST_OK;
    nearest = cli_method_nearest(id);
    if (nearest)
        return cli_fail(error, EST_EOPTION, "no method is named '%s'; did you mean %s?", id, nearest);
    return cli_fail(error, EST_EOPTION, "no method is named '%s'; est methods lists them", id);
}

static est_status run_methods(const cli_command *command, const cli_args *args, est_error *error)
{
    const est_method *method = NULL;
    const char *format = NULL;
    est_status status = cli_args_choice(args, "format", &format, error);
    (void)command;
    if (status == EST_OK && args->n_operands > 1)
        status = cli_fail(error, EST_EOPTION, "one ID is expected, found '%s' after '%s'",
                          args->operands[1], args->operands[0]);
    if (status == EST_OK && args->n_operands == 1 && est_definition_find(args->operands[0]) && strcmp(format, "text") == 0)
        return describe_definition(est_definition_find(args->operands[0]), error);
    if (status == EST_OK && args->n_operands == 1)
        status = find_method(args->operands[0], &method, error);
    if (status != EST_OK)
        return status;
    if (strcmp(format, "json") == 0)
        return json_methods(method, error);
    return method ? describe_method(method, error) : list_methods(error);
}

static const cli_option options[] = {
    {"format", EST_OPTION_CHOICE, NULL, "text", 0, 0, "text|json", "text for people or JSON for programs"},
};

const cli_command cli_command_methods = {
    "methods",
    "[ID]",
    "the methods, or one in full, or the rules of a definition",
    "Without ID: lists the methods. With ID: prints what the method estimates, what its data look like,"
    " every option with its default and range, and the reference. With the id of a definition:"
    " its rules.",
    options,
    sizeof options / sizeof options[0],
    run_methods,
};
