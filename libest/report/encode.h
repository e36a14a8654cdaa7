/* Foreign text into a format: UTF-8 checked, control characters made visible, syntax escaped. */
#ifndef EST_I_REPORT_ENCODE_H
#define EST_I_REPORT_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

/* The next code point; U+FFFD for a byte that is not UTF-8; 0 at the end (the cursor then stays). */
uint32_t est_i_utf8_next(const char **cursor);

/* Code points of `text`: the width of a line in a terminal. */
size_t est_i_utf8_length(const char *text);

/* One line: blanks of any kind become a space, other control and direction characters U+FFFD. */
void est_i_encode_plain(est_i_text *output, const char *text);
void est_i_encode_plain_bytes(est_i_text *output, const char *text, size_t length);

void est_i_encode_json(est_i_text *output, const char *text); /* with its quotes */
void est_i_encode_xml(est_i_text *output,
                      const char *text); /* elements and quoted attributes of HTML and SVG */
void est_i_encode_xml_bytes(est_i_text *output, const char *text, size_t length);
void est_i_encode_markdown(est_i_text *output, const char *text); /* also inside a pipe table */

/* A CSV field by RFC 4180; a text that a spreadsheet would run as a formula gets a leading single quote. */
void est_i_encode_csv(est_i_text *output, const char *text);

/* Cuts the next line of at most `width` code points, at a blank where there is one. False when nothing is
 * left. */
bool est_i_wrap_next(const char **cursor, size_t width, const char **line, size_t *bytes);
/* The same, and a line feed ends the line too. */
bool est_i_wrap_next_line(const char **cursor, size_t width, const char **line, size_t *bytes);

#endif
