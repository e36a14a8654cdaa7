/* Text for people: wrapping, shortening, and the name that was probably meant. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CLI_WIDTH 80

/* Columns that UTF-8 text takes, one a code point. */
size_t cli_text_width(const char *text);

/* Prints `text` in lines that end before CLI_WIDTH, each further line indented by `indent`; the first begins
 * at column `column`. Blank lines in the text part paragraphs. Ends the last line. `out` NULL only counts.
 * Returns the number of lines. */
size_t cli_text_wrap(FILE *out, const char *text, size_t column, size_t indent);

/* Copies the first sentence of `text`; if it is longer than `width` columns, only up to a semicolon or, with
 * "...", a word. */
void cli_text_shorten(const char *text, size_t width, char *buffer, size_t size);

/* The shortest form of a number that reads back the same. */
void cli_text_number(double value, char buffer[32]);

/* The candidate near enough to be meant by `name`, else NULL. */
const char *cli_text_nearest(const char *name, size_t count,
                             const char *(*candidate)(const void *user, size_t index), const void *user);

#endif
