/* Values of the keys of codebooks: lists, numbers, yes and no. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/codebook_parts.h"

est_status est_i_value_fail(const est_i_value_place *place, est_error *error, const char *format, ...)
{
    char what[640];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return est_i_fail_at(error, EST_EDEFINITION, (est_i_place){place->file, 0, place->line, NULL}, "[%s%s%s]%s%s: %s", place->kind,
                         *place->name ? " " : "", place->name, *place->key ? ", " : "", place->key, what);
}

/* Lists */

void est_i_codes_free(est_i_codes *codes)
{
    for (size_t i = 0; i < codes->n; i++)
        free((char *)codes->list[i].text);
    free(codes->list);
    *codes = (est_i_codes){0};
}

bool est_i_codes_add(est_i_codes *codes, const char *text, double number)
{
    est_i_view_code *grown = realloc(codes->list, (codes->n + 1) * sizeof *grown);
    if (!grown)
        return false;
    codes->list = grown;
    grown[codes->n] = (est_i_view_code){est_i_string_copy(text), number};
    if (!grown[codes->n].text)
        return false;
    codes->n++;
    return true;
}

bool est_i_numbers_add(est_i_numbers *numbers, double number)
{
    double *grown = realloc(numbers->list, (numbers->n + 1) * sizeof *grown);
    if (!grown)
        return false;
    numbers->list = grown;
    grown[numbers->n++] = number;
    return true;
}

bool est_i_numbers_has(const est_i_numbers *numbers, double number)
{
    bool has = false;
    for (size_t i = 0; i < numbers->n && !has; i++)
        has = numbers->list[i] == number;
    return has;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

static size_t without_blanks(const char *at, size_t length)
{
    while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t'))
        length--;
    return length;
}

/* From behind a quotation mark to behind the closing one; NULL if it is not closed. */
static const char *take_quoted(const char *at, est_i_text *text)
{
    for (;; at += 2) {
        size_t length = strcspn(at, "\"");
        est_i_text_append_bytes(text, at, length);
        at += length;
        if (*at != '"')
            return NULL;
        if (at[1] != '"')
            return skip_blanks(at + 1);
        est_i_text_append(text, "\"");
    }
}

/* Takes one item up to a comma, which may be quoted, into `text`; *end is at the comma or the end. false: a quote that is not
 * closed or followed by more. `stop` ends an item too (0 = none). */
static bool take_item(const char *at, char stop, est_i_text *text, bool *quoted, const char **end)
{
    const char stops[] = {',', stop, '\0'};
    text->length = 0;
    est_i_text_append(text, "");
    at = skip_blanks(at);
    *quoted = *at == '"';
    if (*quoted) {
        at = take_quoted(at + 1, text);
        *end = at;
        return at && (*at == '\0' || strchr(stops, *at));
    }
    size_t length = strcspn(at, stops);
    est_i_text_append_bytes(text, at, without_blanks(at, length));
    *end = at + length;
    return true;
}

static est_status wrong_item(const est_i_value_place *place, const char *at, const char *expected, est_error *error)
{
    at = skip_blanks(at);
    size_t length = strcspn(at, ",");
    return est_i_value_fail(place, error, "found '%.*s', expected %s (an item that holds a comma stands in double quotes)",
                            (int)(length < 80 ? length : 80), at, expected);
}

#define CODES_EXPECTED "TEXT:NUMBER, one for each text of the file, parted by commas: 1:1, 2:0"
#define LABELS_EXPECTED "NUMBER:WORD, parted by commas: 1:male, 2:female"

static est_status take_number(const char *from, size_t length, const char *item, const char *expected,
                              const est_i_value_place *place, double *number, est_error *error)
{
    const char *at = from + strspn(from, " \t");
    size_t blanks = (size_t)(at - from);
    bool good = blanks <= length && est_i_number_parse(at, without_blanks(at, length - blanks), number);
    return good ? EST_OK : wrong_item(place, item, expected, error);
}

/* TEXT:NUMBER */
static est_status take_code(const char **at, const est_i_value_place *place, est_i_text *text, double *number, est_error *error)
{
    const char *item = *at, *end = NULL, *colon = NULL;
    bool quoted = false;
    if (*skip_blanks(item) == '"') {
        if (!take_item(item, ':', text, &quoted, &end) || *end != ':')
            return wrong_item(place, item, CODES_EXPECTED, error);
        colon = end;
        end = colon + strcspn(colon, ",");
    } else {
        take_item(item, '\0', text, &quoted, &end);
        for (const char *c = item; c < end; c++)
            colon = *c == ':' ? c : colon;
        if (!colon)
            return wrong_item(place, item, CODES_EXPECTED, error);
        const char *begin = skip_blanks(item);
        text->length = 0;
        est_i_text_append_bytes(text, begin, without_blanks(begin, colon > begin ? (size_t)(colon - begin) : 0));
    }
    *at = end;
    if (text->length == 0)
        return wrong_item(place, item, CODES_EXPECTED, error);
    return take_number(colon + 1, (size_t)(end - colon) - 1, item, CODES_EXPECTED, place, number, error);
}

/* NUMBER:WORD */
static est_status take_label(const char **at, const est_i_value_place *place, est_i_text *text, double *number, est_error *error)
{
    const char *item = *at, *end = NULL;
    size_t before = strcspn(item, ":,");
    bool quoted = false;
    est_status status = EST_OK;
    if (item[before] != ':' || !take_item(item + before + 1, '\0', text, &quoted, &end) || text->length == 0)
        return wrong_item(place, item, LABELS_EXPECTED, error);
    status = take_number(item, before, item, LABELS_EXPECTED, place, number, error);
    *at = end;
    return status;
}

typedef est_status take_pair(const char **at, const est_i_value_place *place, est_i_text *text, double *number, est_error *error);

static est_status read_pairs(const char *value, const est_i_value_place *place, take_pair *take, bool by_number, est_i_codes *codes,
                             est_error *error)
{
    est_i_text text = {0};
    est_status status = EST_OK;
    for (const char *at = value; at && status == EST_OK; at = *at == ',' ? at + 1 : NULL) {
        double number = 0;
        status = take(&at, place, &text, &number, error);
        if (status == EST_OK && text.failed)
            status = est_i_no_memory(error);
        for (size_t i = 0; status == EST_OK && i < codes->n; i++)
            if (by_number ? codes->list[i].number == number : strcmp(codes->list[i].text, text.data) == 0)
                status = est_i_value_fail(place, error, "found '%s' twice, expected each once",
                                          by_number ? codes->list[i].text : text.data);
        if (status == EST_OK && !est_i_codes_add(codes, text.data, number))
            status = est_i_no_memory(error);
        if (status != EST_OK)
            break;
    }
    est_i_text_free(&text);
    return status;
}

est_status est_i_value_codes(const char *value, const est_i_value_place *place, est_i_codes *codes, est_error *error)
{
    return read_pairs(value, place, take_code, false, codes, error);
}

est_status est_i_value_labels(const char *value, const est_i_value_place *place, est_i_codes *labels, est_error *error)
{
    return read_pairs(value, place, take_label, true, labels, error);
}

est_status est_i_value_numbers(const char *value, const est_i_value_place *place, est_i_numbers *numbers, est_i_codes *texts,
                               est_error *error)
{
    est_i_text text = {0};
    est_status status = EST_OK;
    for (const char *at = value, *end = NULL; at && status == EST_OK; at = *end == ',' ? end + 1 : NULL) {
        double number = 0;
        bool quoted = false, good = take_item(at, '\0', &text, &quoted, &end) && text.length > 0 && !text.failed;
        bool is_number = good && !quoted && est_i_number_parse(text.data, text.length, &number);
        if (text.failed)
            status = est_i_no_memory(error);
        else if (!good || (!is_number && !texts))
            status = wrong_item(place, at, "numbers parted by commas: 97, 98, 99", error);
        else if (is_number ? est_i_numbers_has(numbers, number) : false)
            status = est_i_value_fail(place, error, "found %s twice, expected each once", text.data);
        else if (!(is_number ? est_i_numbers_add(numbers, number) : est_i_codes_add(texts, text.data, NAN)))
            status = est_i_no_memory(error);
        if (status != EST_OK)
            break;
    }
    est_i_text_free(&text);
    return status;
}

/* Single values */

est_status est_i_value_number(const char *value, const est_i_value_place *place, double *number, est_error *error)
{
    if (est_i_number_parse(value, strlen(value), number))
        return EST_OK;
    return est_i_value_fail(place, error, "found '%.80s', expected a number", value);
}

est_status est_i_value_scale(const char *value, const est_i_value_place *place, double *scale, double *divisor, est_error *error)
{
    size_t first = strcspn(value, "/");
    const char *second = value[first] == '/' ? skip_blanks(value + first + 1) : "1";
    double numerator = NAN;
    bool good = est_i_number_parse(value, without_blanks(value, first), &numerator) &&
                est_i_number_parse(second, strlen(second), divisor) && numerator > 0 && *divisor > 0;
    *scale = good ? numerator / *divisor : NAN;
    if (good && *scale > 0 && isfinite(*scale))
        return EST_OK;
    return est_i_value_fail(place, error,
                            "found '%.80s', expected a number above 0 or a quotient of two, such as 1e-6 or 1/1000000", value);
}

est_status est_i_value_yes(const char *value, const est_i_value_place *place, bool *yes, est_error *error)
{
    *yes = strcmp(value, "yes") == 0;
    if (*yes || strcmp(value, "no") == 0)
        return EST_OK;
    return est_i_value_fail(place, error, "found '%.80s', expected yes or no", value);
}

void est_i_codebook_write_item(est_i_text *text, const char *item)
{
    size_t length = strlen(item);
    bool quoted = length == 0 || strpbrk(item, ",\";:") || item[0] == ' ' || item[length - 1] == ' ';
    if (!quoted) {
        est_i_text_append(text, item);
        return;
    }
    est_i_text_append(text, "\"");
    for (const char *at = item; *at; at++)
        est_i_text_append(text, *at == '"' ? "\"\"" : (const char[]){*at, '\0'});
    est_i_text_append(text, "\"");
}
