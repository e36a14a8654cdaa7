/* Option tables, and options set by name. */
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "core/text.h"

static const char *const kind_names[EST_OPTION_KIND_END] = {"flag",   "integer", "number",  "text",
                                                            "choice", "column",  "columns", "table"};

const char *est_option_kind_name(est_option_kind kind)
{
    int index = (int)kind;
    return index >= 0 && index < (int)EST_OPTION_KIND_END ? kind_names[index] : NULL;
}

/* Fields are copied by size, whatever struct they stand in. */
static void field_put(const est_option_spec *spec, void *options, const void *value, size_t size)
{
    memcpy((char *)options + spec->offset, value, size);
}

static void field_get(const est_option_spec *spec, const void *options, void *value, size_t size)
{
    memcpy(value, (const char *)options + spec->offset, size);
}

static bool kind_is_text(est_option_kind kind)
{
    return kind == EST_OPTION_TEXT || kind == EST_OPTION_COLUMN || kind == EST_OPTION_COLUMNS;
}

/* Choices: "bic|aic". */

static size_t choice_count(const char *choices)
{
    size_t count = *choices ? 1 : 0;
    for (const char *at = choices; *at; at++)
        count += *at == '|';
    return count;
}

const char *est_i_choice_word(const char *choices, int index, char buffer[32])
{
    const char *at = choices;
    size_t length = 0;
    for (int i = 0; i < index && at; i++) {
        at = strchr(at, '|');
        at = at ? at + 1 : NULL;
    }
    if (at && index >= 0)
        length = strcspn(at, "|");
    if (length > 31)
        length = 31;
    if (length)
        memcpy(buffer, at, length);
    buffer[length] = '\0';
    return buffer;
}

/* -1 if it is none of them. */
static int choice_find(const char *choices, const char *word)
{
    int found = -1;
    int count = (int)choice_count(choices);
    char buffer[32];
    for (int i = 0; i < count && found < 0; i++)
        if (strcmp(est_i_choice_word(choices, i, buffer), word) == 0)
            found = i;
    return found;
}

/* "bic, aic, none" for messages. */
static void choice_list(const char *choices, char *buffer, size_t size)
{
    size_t at = 0;
    for (const char *from = choices; *from && at + 3 < size; from++) {
        buffer[at++] = *from == '|' ? ',' : *from;
        if (*from == '|')
            buffer[at++] = ' ';
    }
    buffer[at] = '\0';
}

/* The message begins with the option as it is typed; the name stands in `where` for programs. */
static est_status at_option(const est_option_spec *spec, est_error *error, est_status status)
{
    if (error) {
        size_t length = strlen(spec->name), most = sizeof error->where - 1;
        length = length < most ? length : most;
        memcpy(error->where, spec->name, length);
        error->where[length] = '\0';
    }
    return status;
}

static est_status fail_choice(const est_option_spec *spec, const char *found, est_error *error)
{
    char words[256];
    choice_list(spec->choices, words, sizeof words);
    return at_option(spec, error,
                     est_i_fail(error, EST_EOPTION, "option --%s: found '%s', expected one of: %s",
                                spec->name, found, words));
}

/* "from 1 to 3", "1 or more", "3 or less" or "any": what a number must be. */
static void range_text(const est_option_spec *spec, char *buffer, size_t size)
{
    est_i_text text = {NULL, 0, 0, false};
    bool from = spec->minimum > -HUGE_VAL, to = spec->maximum < HUGE_VAL;
    est_i_text_append(&text, from && to ? " from " : from || to ? " of " : "");
    if (from)
        est_i_text_number(&text, spec->minimum);
    if (from)
        est_i_text_append(&text, to ? " to " : " or more");
    if (to)
        est_i_text_number(&text, spec->maximum);
    if (to && !from)
        est_i_text_append(&text, " or less");
    size_t length = text.failed || text.length >= size ? 0 : text.length;
    if (length)
        memcpy(buffer, text.data, length);
    buffer[length] = '\0';
    est_i_text_free(&text);
}

static est_status fail_number(const est_option_spec *spec, const char *found, est_error *error)
{
    char range[128];
    range_text(spec, range, sizeof range);
    return at_option(spec, error,
                     est_i_fail(error, EST_EOPTION, "option --%s: found '%s', expected a %s%s",
                                spec->name, found,
                                spec->kind == EST_OPTION_INTEGER ? "whole number" : "number", range));
}

static bool in_range(const est_option_spec *spec, double value)
{
    return value >= spec->minimum && value <= spec->maximum;
}

/* Decimal digits with a sign, nothing else; false also when a long cannot hold it. */
static bool parse_long(const char *text, long *value)
{
    bool negative = *text == '-';
    const char *at = text + (*text == '-' || *text == '+');
    bool valid = *at != '\0';
    long total = 0; /* kept negative: there is one more negative number than positive ones */
    for (; *at && valid; at++) {
        int digit = *at - '0';
        valid = digit >= 0 && digit <= 9 && total >= (LONG_MIN + digit) / 10;
        if (valid)
            total = total * 10 - digit;
    }
    valid = valid && (negative || total >= -LONG_MAX);
    if (valid)
        *value = negative ? total : -total;
    return valid;
}

static est_status store_flag(const est_option_spec *spec, const char *value, void *options, est_error *error)
{
    static const char words[] = "0|1|no|yes|false|true";
    int index = choice_find(words, value);
    int flag = index % 2;
    if (index < 0)
        return at_option(spec, error,
                         est_i_fail(error, EST_EOPTION,
                                    "option --%s: found '%s', expected yes or no (also 1 or 0, true or "
                                    "false)",
                                    spec->name, value));
    field_put(spec, options, &flag, sizeof flag);
    return EST_OK;
}

static est_status store_integer(const est_option_spec *spec, const char *value, void *options,
                                est_error *error)
{
    long number;
    if (!parse_long(value, &number) || !in_range(spec, (double)number))
        return fail_number(spec, value, error);
    field_put(spec, options, &number, sizeof number);
    return EST_OK;
}

static est_status store_number(const est_option_spec *spec, const char *value, void *options,
                               est_error *error)
{
    double number;
    if (!est_i_number_parse(value, strlen(value), &number) || !in_range(spec, number))
        return fail_number(spec, value, error);
    field_put(spec, options, &number, sizeof number);
    return EST_OK;
}

static est_status store_choice(const est_option_spec *spec, const char *value, void *options,
                               est_error *error)
{
    int index = choice_find(spec->choices, value);
    if (index < 0)
        return fail_choice(spec, value, error);
    field_put(spec, options, &index, sizeof index);
    return EST_OK;
}

static est_status fail_table(const est_option_spec *spec, est_error *error)
{
    return at_option(spec, error,
                     est_i_fail(error, EST_EOPTION,
                                "option --%s: found a text, expected a table (est_options_set_table)",
                                spec->name));
}

est_status est_i_option_store(const est_option_spec *spec, const char *value, void *options, est_error *error)
{
    est_status status = EST_OK;
    if (!value)
        return at_option(spec, error,
                         est_i_fail(error, EST_EOPTION, "option --%s: found nothing, expected a value",
                                    spec->name));
    switch (spec->kind) {
    case EST_OPTION_FLAG:
        status = store_flag(spec, value, options, error);
        break;
    case EST_OPTION_INTEGER:
        status = store_integer(spec, value, options, error);
        break;
    case EST_OPTION_NUMBER:
        status = store_number(spec, value, options, error);
        break;
    case EST_OPTION_CHOICE:
        status = store_choice(spec, value, options, error);
        break;
    case EST_OPTION_TEXT:
    case EST_OPTION_COLUMN:
    case EST_OPTION_COLUMNS:
        field_put(spec, options, &value, sizeof value);
        break;
    case EST_OPTION_TABLE:
    case EST_OPTION_KIND_END:
        status = fail_table(spec, error);
        break;
    }
    return status;
}

static void default_store(const est_option_spec *spec, void *options)
{
    const int none = 0;
    const long none_integer = 0;
    const double none_number = NAN;
    const est_table *none_table = NULL;
    if (spec->kind == EST_OPTION_TABLE)
        field_put(spec, options, &none_table, sizeof none_table);
    else if (spec->kind == EST_OPTION_INTEGER)
        field_put(spec, options, &none_integer, sizeof none_integer);
    else if (spec->kind == EST_OPTION_NUMBER)
        field_put(spec, options, &none_number, sizeof none_number);
    else if (!kind_is_text(spec->kind))
        field_put(spec, options, &none, sizeof none);
    if (kind_is_text(spec->kind) || (spec->kind != EST_OPTION_TABLE && spec->initial[0]))
        (void)!est_i_option_store(spec, spec->initial, options, NULL);
}

void est_i_options_default(const est_option_spec *specs, size_t count, void *options)
{
    for (size_t i = 0; i < count; i++)
        default_store(&specs[i], options);
}

static est_status check_int(const est_option_spec *spec, const void *options, est_error *error)
{
    char found[32];
    int value;
    int count = spec->kind == EST_OPTION_FLAG ? 2 : (int)choice_count(spec->choices);
    field_get(spec, options, &value, sizeof value);
    if (value >= 0 && value < count)
        return EST_OK;
    est_i_number_print(value, found);
    if (spec->kind == EST_OPTION_CHOICE)
        return fail_choice(spec, found, error);
    return at_option(spec, error,
                     est_i_fail(error, EST_EOPTION, "option --%s: found %s, expected 0 or 1",
                                spec->name, found));
}

static est_status check_number(const est_option_spec *spec, const void *options, est_error *error)
{
    char found[32];
    long whole = 0;
    double value = 0;
    if (spec->kind == EST_OPTION_INTEGER) {
        field_get(spec, options, &whole, sizeof whole);
        value = (double)whole;
    } else {
        field_get(spec, options, &value, sizeof value);
    }
    if (in_range(spec, value))
        return EST_OK;
    est_i_number_print(value, found);
    return fail_number(spec, found, error);
}

static est_status check_text(const est_option_spec *spec, const void *options, est_error *error)
{
    const char *value;
    field_get(spec, options, &value, sizeof value);
    if (value)
        return EST_OK;
    return at_option(spec, error,
                     est_i_fail(error, EST_EOPTION,
                                "option --%s: found NULL, expected a text (\"\" for none)",
                                spec->name));
}

est_status est_i_options_check(const est_option_spec *specs, size_t count, const void *options,
                               est_error *error)
{
    est_status status = EST_OK;
    for (size_t i = 0; i < count && status == EST_OK; i++) {
        const est_option_spec *spec = &specs[i];
        if (spec->kind == EST_OPTION_FLAG || spec->kind == EST_OPTION_CHOICE)
            status = check_int(spec, options, error);
        else if (spec->kind == EST_OPTION_INTEGER || spec->kind == EST_OPTION_NUMBER)
            status = check_number(spec, options, error);
        else if (kind_is_text(spec->kind))
            status = check_text(spec, options, error);
    }
    return status;
}

char *est_i_option_text(const est_option_spec *spec, const void *options)
{
    est_i_text text = {NULL, 0, 0, false};
    char word[32];
    int index = 0;
    long whole = 0;
    double number = 0;
    const char *string = NULL;
    const est_table *table = NULL;
    if (spec->kind == EST_OPTION_FLAG || spec->kind == EST_OPTION_CHOICE) {
        field_get(spec, options, &index, sizeof index);
        est_i_text_append(&text, spec->kind == EST_OPTION_CHOICE
                                     ? est_i_choice_word(spec->choices, index, word)
                                 : index ? "yes"
                                         : "no");
    } else if (spec->kind == EST_OPTION_INTEGER) {
        field_get(spec, options, &whole, sizeof whole);
        est_i_text_printf(&text, "%ld", whole);
    } else if (spec->kind == EST_OPTION_NUMBER) {
        field_get(spec, options, &number, sizeof number);
        est_i_text_number(&text, number);
    } else if (spec->kind == EST_OPTION_TABLE) {
        field_get(spec, options, &table, sizeof table);
        est_i_text_append(&text, table ? est_table_name(table) : "");
    } else {
        field_get(spec, options, &string, sizeof string);
        est_i_text_append(&text, string);
    }
    return est_i_text_take(&text);
}
