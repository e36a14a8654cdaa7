/* Growing text and the nearest name. */
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

static bool text_reserve(est_i_text *text, size_t extra)
{
    if (!text->failed && extra >= SIZE_MAX - text->length)
        text->failed = true;
    if (!text->failed && text->length + extra + 1 > text->capacity) {
        size_t need = text->length + extra + 1;
        size_t capacity =
            text->capacity < SIZE_MAX / 2 && text->capacity * 2 > need ? text->capacity * 2 : need;
        if (capacity < 64)
            capacity = 64;
        char *data = realloc(text->data, capacity);
        if (data) {
            text->data = data;
            text->capacity = capacity;
        } else {
            text->failed = true;
        }
    }
    return !text->failed;
}

void est_i_text_append_bytes(est_i_text *text, const char *bytes, size_t length)
{
    if (text_reserve(text, length)) {
        if (length)
            memcpy(text->data + text->length, bytes, length);
        text->length += length;
        text->data[text->length] = '\0';
    }
}

void est_i_text_append(est_i_text *text, const char *string)
{
    est_i_text_append_bytes(text, string, string ? strlen(string) : 0);
}

void est_i_text_printf(est_i_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        text->failed = true;
    } else if (text_reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

void est_i_text_number(est_i_text *text, double value)
{
    char buffer[32];
    size_t length = est_i_number_print(value, buffer);
    est_i_text_append_bytes(text, buffer, length);
}

void est_i_text_free(est_i_text *text)
{
    if (text) {
        free(text->data);
        *text = (est_i_text){NULL, 0, 0, false};
    }
}

char *est_i_text_take(est_i_text *text)
{
    char *data = NULL;
    if (text_reserve(text, 0)) {
        data = text->data;
        data[text->length] = '\0';
        text->data = NULL;
    }
    est_i_text_free(text);
    return data;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* From behind the opening quote to behind the closing one. */
static const char *take_quoted(const char *at, est_i_text *name, bool *whole)
{
    bool closed = false;
    while (!closed && *at) {
        size_t length = strcspn(at, "\"");
        est_i_text_append_bytes(name, at, length);
        at += length;
        closed = at[0] == '"' && at[1] != '"';
        if (at[0] == '"' && !closed)
            est_i_text_append(name, "\"");
        at += at[0] == '"' ? (closed ? 1 : 2) : 0;
    }
    *whole = closed;
    return skip_blanks(at);
}

const char *est_i_name_take(const char *list, est_i_text *name, bool *whole)
{
    const char *at = skip_blanks(list);
    name->length = 0;
    est_i_text_append(name, "");
    *whole = true;
    if (*at == '"') {
        at = take_quoted(at + 1, name, whole);
        *whole = *whole && (*at == '\0' || *at == ',');
    } else {
        size_t length = strcspn(at, ","), end = length;
        while (end > 0 && (at[end - 1] == ' ' || at[end - 1] == '\t'))
            end--;
        est_i_text_append_bytes(name, at, end);
        at += length;
    }
    return *at == ',' ? at + 1 : NULL;
}

char *est_i_string_copy(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = malloc(size);
    if (copy)
        memcpy(copy, string, size);
    return copy;
}

#define NAME_MAX_LENGTH 64u

static char fold(char letter)
{
    char folded = letter;
    if (letter >= 'A' && letter <= 'Z')
        folded = (char)(letter - 'A' + 'a');
    else if (letter == '_')
        folded = '-';
    return folded;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

/* Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours, one each.
 * Names longer than NAME_MAX_LENGTH are far from everything. */
static unsigned edit_distance(const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b);
    unsigned rows[3][NAME_MAX_LENGTH + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    if (m > NAME_MAX_LENGTH || n > NAME_MAX_LENGTH)
        return UINT_MAX;
    for (size_t j = 0; j <= n; j++)
        before[j] = last[j] = (unsigned)j;
    for (size_t i = 1; i <= m; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned differs = fold(a[i - 1]) != fold(b[j - 1]);
            row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + differs);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]) &&
                before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        unsigned *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[n];
}

const char *est_i_nearest_name(const char *name, size_t count,
                               const char *(*candidate)(const void *user, size_t index), const void *user)
{
    const char *nearest = NULL;
    size_t length = strlen(name);
    unsigned limit = length <= 2   ? 1
                     : length <= 5 ? 2
                                   : (unsigned)(length / 3 < NAME_MAX_LENGTH ? length / 3 : 0);
    for (size_t i = 0; i < count; i++) {
        const char *other = candidate(user, i);
        unsigned distance = edit_distance(name, other);
        /* As many changes as letters would make any two names alike. */
        bool is_near = distance <= limit && distance < strlen(other) && (distance < length || length == 0);
        if (is_near && (!nearest || distance < edit_distance(name, nearest)))
            nearest = other;
    }
    return nearest;
}
