#include "report/encode.h"

#include <string.h>

#define REPLACEMENT 0xFFFDU
#define REPLACEMENT_BYTES "\xEF\xBF\xBD"

static size_t sequence_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/* Unicode 15, table 3-7: overlong forms, surrogates and values above U+10FFFF are not UTF-8. */
static bool is_scalar(uint32_t code, size_t length)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    return code >= smallest[length] && code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
}

uint32_t est_i_utf8_next(const char **cursor)
{
    const unsigned char *bytes = (const unsigned char *)*cursor;
    if (bytes[0] == 0)
        return 0;
    size_t length = sequence_length(bytes[0]);
    uint32_t code = length < 2 ? bytes[0] : bytes[0] & (0x7FU >> length);
    size_t read = 1;
    while (read < length && (bytes[read] & 0xC0) == 0x80)
        code = code << 6 | (bytes[read++] & 0x3FU);
    if (length == 0 || read < length || !is_scalar(code, length)) {
        *cursor += 1;
        return REPLACEMENT;
    }
    *cursor += length;
    return code;
}

size_t est_i_utf8_length(const char *text)
{
    size_t length = 0;
    while (est_i_utf8_next(&text))
        length++;
    return length;
}

static bool is_blank(uint32_t code)
{
    return code == ' ' || (code >= '\t' && code <= '\r');
}

/* Characters that move a terminal's cursor or turn the direction of the digits around them, and those XML
 * forbids. */
static bool is_unprintable(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xFFFE || code == 0xFFFF || code == REPLACEMENT;
}

static void append_code(est_i_text *output, const char *start, const char *end, uint32_t code)
{
    if (is_blank(code))
        est_i_text_append(output, " ");
    else if (is_unprintable(code))
        est_i_text_append(output, REPLACEMENT_BYTES);
    else
        est_i_text_append_bytes(output, start, (size_t)(end - start));
}

void est_i_encode_plain_bytes(est_i_text *output, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        const char *start = text;
        uint32_t code = est_i_utf8_next(&text);
        if (code == 0)
            break;
        append_code(output, start, text, code);
    }
}

void est_i_encode_plain(est_i_text *output, const char *text)
{
    est_i_encode_plain_bytes(output, text, strlen(text));
}

static void json_code(est_i_text *output, const char *start, const char *end, uint32_t code)
{
    static const char named[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    const char *found = code < 0x80 ? strchr(named, (int)code) : NULL;
    if (found)
        est_i_text_printf(output, "\\%c", letter[found - named]);
    else if (code < 0x20 || code == 0x7F)
        est_i_text_printf(output, "\\u%04x", (unsigned)code);
    else if (code == REPLACEMENT)
        est_i_text_append(output, REPLACEMENT_BYTES);
    else
        est_i_text_append_bytes(output, start, (size_t)(end - start));
}

void est_i_encode_json(est_i_text *output, const char *text)
{
    est_i_text_append(output, "\"");
    for (const char *start = text; *start; start = text) {
        uint32_t code = est_i_utf8_next(&text);
        json_code(output, start, text, code);
    }
    est_i_text_append(output, "\"");
}

static const char *xml_entity(uint32_t code)
{
    switch (code) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void est_i_encode_xml_bytes(est_i_text *output, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        const char *start = text;
        uint32_t code = est_i_utf8_next(&text);
        if (code == 0)
            break;
        const char *entity = xml_entity(code);
        if (entity)
            est_i_text_append(output, entity);
        else
            append_code(output, start, text, code);
    }
}

void est_i_encode_xml(est_i_text *output, const char *text)
{
    est_i_encode_xml_bytes(output, text, strlen(text));
}

void est_i_encode_markdown(est_i_text *output, const char *text)
{
    for (const char *start = text; *start; start = text) {
        uint32_t code = est_i_utf8_next(&text);
        if (code < 0x80 && strchr("\\`*_[]<>|~&#$!", (int)code))
            est_i_text_append(output, "\\");
        append_code(output, start, text, code);
    }
}

void est_i_encode_csv(est_i_text *output, const char *text)
{
    size_t length = strlen(text);
    bool formula = length > 0 && strchr("=+-@\t\r", text[0]);
    bool quoted = strpbrk(text, "\",\r\n") || (length > 0 && (text[0] == ' ' || text[length - 1] == ' '));
    if (quoted)
        est_i_text_append(output, "\"");
    if (formula)
        est_i_text_append(output, "'");
    for (const char *start = text; *start; start = text) {
        uint32_t code = est_i_utf8_next(&text);
        if (code == '"')
            est_i_text_append(output, "\"");
        if (code == REPLACEMENT)
            est_i_text_append(output, REPLACEMENT_BYTES);
        else
            est_i_text_append_bytes(output, start, (size_t)(text - start));
    }
    if (quoted)
        est_i_text_append(output, "\"");
}

static bool wrap(const char **cursor, size_t width, const char *feed, const char **line, size_t *bytes)
{
    const char *at = *cursor;
    while (*at && is_blank((unsigned char)*at))
        at++;
    const char *start = at, *blank = NULL, *before = at;
    size_t length = 0;
    uint32_t code = 0;
    while (length <= width && (before = at, code = est_i_utf8_next(&at)) != 0) {
        if (is_blank(code))
            blank = before;
        length++;
        if (code < 0x80 && strchr(feed, (int)code))
            break;
    }
    const char *end = code == 0 ? at : blank ? blank : before;
    *cursor = end;
    while (end > start && is_blank((unsigned char)end[-1]))
        end--;
    *line = start;
    *bytes = (size_t)(end - start);
    return end > start;
}

bool est_i_wrap_next(const char **cursor, size_t width, const char **line, size_t *bytes)
{
    return wrap(cursor, width, "", line, bytes);
}

bool est_i_wrap_next_line(const char **cursor, size_t width, const char **line, size_t *bytes)
{
    return wrap(cursor, width, "\n", line, bytes);
}
