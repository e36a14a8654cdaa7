/* Status names, exit statuses and the error record. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"

typedef struct status_entry {
    const char *name;
    int exit_status;
} status_entry;

static const status_entry statuses[EST_STATUS_END] = {
    [EST_OK] = {"EST_OK", 0},
    [EST_ENOMEM] = {"EST_ENOMEM", 5},
    [EST_EOPTION] = {"EST_EOPTION", 2},
    [EST_EFILE] = {"EST_EFILE", 3},
    [EST_EFORMAT] = {"EST_EFORMAT", 3},
    [EST_ECOLUMN] = {"EST_ECOLUMN", 3},
    [EST_EVALUE] = {"EST_EVALUE", 3},
    [EST_EDEFINITION] = {"EST_EDEFINITION", 3},
    [EST_EIDENTIFY] = {"EST_EIDENTIFY", 4},
    [EST_EIO] = {"EST_EIO", 5},
    [EST_EINTERNAL] = {"EST_EINTERNAL", 5},
    [EST_ECANCELLED] = {"EST_ECANCELLED", 130},
};

static const status_entry *status_find(est_status status)
{
    static const status_entry unknown = {"EST_UNKNOWN", 5};
    int index = (int)status;
    return index >= 0 && index < (int)EST_STATUS_END ? &statuses[index] : &unknown;
}

const char *est_status_name(est_status status)
{
    return status_find(status)->name;
}

int est_status_exit(est_status status)
{
    return status_find(status)->exit_status;
}

void est_error_clear(est_error *error)
{
    if (error)
        *error = (est_error){.code = EST_OK};
}

/* A text cut by its buffer must not end inside a UTF-8 character. */
static void trim_partial_character(char *text)
{
    size_t end = strlen(text), start = end;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0u) == 0x80u)
        start--;
    if (start > 0) {
        unsigned char lead = (unsigned char)text[start - 1];
        size_t need = lead >= 0xF0u ? 4 : lead >= 0xE0u ? 3 : lead >= 0xC0u ? 2 : 1;
        if (end - (start - 1) < need)
            text[start - 1] = '\0';
    }
}

static void copy_text(char *target, size_t size, const char *source)
{
    size_t length = source ? strlen(source) : 0;
    bool cut = length >= size;
    if (cut)
        length = size - 1;
    if (length)
        memcpy(target, source, length);
    target[length] = '\0';
    if (cut)
        trim_partial_character(target);
}

/* Appends to the message; what does not fit is cut. */
static void append(est_error *error, const char *format, ...) EST_PRINTF(2, 3);

static void append_list(est_error *error, const char *format, va_list arguments)
{
    size_t used = strlen(error->message), room = sizeof error->message - used;
    int written = vsnprintf(error->message + used, room, format, arguments);
    if (written < 0)
        error->message[used] = '\0';
    else if ((size_t)written >= room)
        trim_partial_character(error->message);
}

static void append(est_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append_list(error, format, arguments);
    va_end(arguments);
}

static void append_place(est_error *error)
{
    const char *separator = "";
    if (error->where[0]) {
        append(error, "%s", error->where);
        separator = ", ";
    }
    if (error->record > 0) {
        append(error, "%srecord %lld", separator, error->record);
        if (error->line > 0)
            append(error, " (line %lld)", error->line);
        separator = ", ";
    } else if (error->line > 0) {
        append(error, "%sline %lld", separator, error->line);
        separator = ", ";
    }
    if (error->column[0])
        append(error, "%scolumn '%s'", separator, error->column);
    if (error->message[0])
        append(error, ": ");
}

est_status est_i_fail(est_error *error, est_status code, const char *format, ...)
{
    if (error) {
        va_list arguments;
        est_error_clear(error);
        error->code = code;
        va_start(arguments, format);
        append_list(error, format, arguments);
        va_end(arguments);
    }
    return code;
}

est_status est_i_fail_at(est_error *error, est_status code, est_i_place place, const char *format, ...)
{
    if (error) {
        /* The place may lie in this very record. */
        est_error fresh = {.code = code, .record = place.record, .line = place.line};
        va_list arguments;
        copy_text(fresh.where, sizeof fresh.where, place.where);
        copy_text(fresh.column, sizeof fresh.column, place.column);
        append_place(&fresh);
        va_start(arguments, format);
        append_list(&fresh, format, arguments);
        va_end(arguments);
        *error = fresh;
    }
    return code;
}

est_status est_i_no_memory(est_error *error)
{
    return est_i_fail(error, EST_ENOMEM,
                      "memory ran out; expected enough for the data and the model; use smaller data or "
                      "a smaller model");
}
