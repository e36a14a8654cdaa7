#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 63

static size_t bytes_width(const char *text, size_t length)
{
    size_t width = 0;
    for (size_t i = 0; i < length; i++)
        width += ((unsigned char)text[i] & 0xC0) != 0x80;
    return width;
}

size_t cli_text_width(const char *text)
{
    return bytes_width(text, strlen(text));
}

static void print_padding(FILE *out, size_t columns)
{
    if (out)
        fprintf(out, "%*s", (int)columns, "");
}

static size_t new_line(FILE *out, size_t indent)
{
    if (out)
        fputc('\n', out);
    print_padding(out, indent);
    return indent;
}

/* Skips blanks; the number of line ends among them tells a paragraph. */
static size_t skip_blanks(const char **text)
{
    size_t line_ends = 0;
    for (; **text == ' ' || **text == '\n'; (*text)++)
        line_ends += **text == '\n';
    return line_ends;
}

size_t cli_text_wrap(FILE *out, const char *text, size_t column, size_t indent)
{
    size_t lines = 1, at = column;
    bool first = true;
    skip_blanks(&text);
    while (*text) {
        size_t length = strcspn(text, " \n"), width = bytes_width(text, length), line_ends = 0;
        if (!first && at + 1 + width >= CLI_WIDTH) {
            at = new_line(out, indent);
            lines++;
        } else if (!first && at > indent) {
            print_padding(out, 1);
            at++;
        }
        if (out)
            fwrite(text, 1, length, out);
        at += width;
        text += length;
        first = false;
        line_ends = skip_blanks(&text);
        if (line_ends > 1 && *text) {
            new_line(out, 0);
            at = new_line(out, indent);
            lines += 2;
        }
    }
    if (out)
        fputc('\n', out);
    return lines;
}

static size_t sentence_length(const char *text)
{
    const char *end = strstr(text, ". ");
    size_t length = end ? (size_t)(end - text) : strlen(text);
    if (!end && length > 0 && text[length - 1] == '.')
        length--;
    return length;
}

/* The longest beginning of `width` columns that ends before `sign`, 0 if there is none. */
static size_t cut_before(const char *text, size_t length, char sign, size_t width)
{
    while (length > 0 && (bytes_width(text, length) > width || text[length] != sign))
        length--;
    return length;
}

void cli_text_shorten(const char *text, size_t width, char *buffer, size_t size)
{
    size_t length = sentence_length(text), clause = 0;
    const char *tail = "";
    if (bytes_width(text, length) > width) {
        clause = cut_before(text, length, ';', width);
        length = clause ? clause : cut_before(text, length, ' ', width > 3 ? width - 3 : 0);
        while (length > 0 && strchr(" ,;:(", text[length - 1]))
            length--;
        tail = clause ? "" : "...";
    }
    if (length + 4 > size)
        length = size - 4;
    memcpy(buffer, text, length);
    memcpy(buffer + length, tail, strlen(tail) + 1);
}

void cli_text_number(double value, char buffer[32])
{
    /* The program never calls setlocale, so printf and strtod use the point. */
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buffer, 32, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value)
            break;
    }
}

static int fold(char character)
{
    return character == '_' ? '-' : tolower((unsigned char)character);
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours count one each. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][NAME_MAX_LENGTH + 1], n = strlen(b);
    size_t *before = rows[0], *last = rows[1], *next = rows[2];
    for (size_t j = 0; j <= n; j++)
        last[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t *spare = before;
        next[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t differs = fold(a[i - 1]) != fold(b[j - 1]);
            next[j] = smallest(last[j] + 1, next[j - 1] + 1, last[j - 1] + differs);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1])
                && before[j - 2] + 1 < next[j])
                next[j] = before[j - 2] + 1;
        }
        before = last;
        last = next;
        next = spare;
    }
    return last[n];
}

static bool begins_with(const char *name, const char *beginning)
{
    size_t i = 0;
    while (beginning[i] && fold(name[i]) == fold(beginning[i]))
        i++;
    return beginning[i] == '\0';
}

const char *cli_text_nearest(const char *name, size_t count,
                             const char *(*candidate)(const void *user, size_t index), const void *user)
{
    const char *nearest = NULL;
    size_t length = strlen(name), best = length / 3 + 2;
    if (length > NAME_MAX_LENGTH)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const char *other = candidate(user, i);
        size_t distance = strlen(other) > NAME_MAX_LENGTH ? best : edit_distance(name, other);
        if (length >= 3 && distance > 1 && begins_with(other, name))
            distance = 1;
        if (distance < best && distance < strlen(other)) {
            best = distance;
            nearest = other;
        }
    }
    return nearest;
}
