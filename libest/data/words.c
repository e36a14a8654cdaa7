#include "data/words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"

#define EXCERPT_BEFORE 50
#define EXCERPT_AFTER 50

/* Places */

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0u) == 0x80u;
}

/* The byte `characters` characters before (never past the start). */
static size_t step_back(const char *text, size_t at, size_t characters)
{
    while (at > 0 && characters > 0) {
        at--;
        while (at > 0 && is_continuation(text[at]))
            at--;
        characters--;
    }
    return at;
}

static size_t step_on(const char *text, size_t at, size_t characters)
{
    while (text[at] && characters > 0) {
        at++;
        while (is_continuation(text[at]))
            at++;
        characters--;
    }
    return at;
}

static size_t count_characters(const char *text, size_t from, size_t to)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++)
        count += !is_continuation(text[i]);
    return count;
}

/* The text around the place, and a caret under the place. */
static void append_excerpt(est_i_text *excerpt, const char *text, size_t place)
{
    size_t from = step_back(text, place, EXCERPT_BEFORE), to = step_on(text, place, EXCERPT_AFTER);
    est_i_text_append(excerpt, from > 0 ? "\n  ..." : "\n  ");
    for (size_t i = from; i < to; i++)
        est_i_text_append_bytes(excerpt, (unsigned char)text[i] < ' ' ? " " : text + i, 1);
    est_i_text_append(excerpt, text[to] ? "...\n  " : "\n  ");
    size_t blanks = count_characters(text, from, place) + (from > 0 ? 3 : 0);
    for (size_t i = 0; i < blanks; i++)
        est_i_text_append(excerpt, " ");
    est_i_text_append(excerpt, "^");
}

est_status est_i_words_fail(est_i_words *words, size_t place, const char *format, ...)
{
    char message[384];
    est_i_text excerpt = {0};
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(message, sizeof message, format, arguments) < 0)
        message[0] = '\0';
    va_end(arguments);
    append_excerpt(&excerpt, words->text, place);
    est_status status = est_i_fail(words->error, words->fault, "%s, character %zu: %s%s", words->what,
                                   count_characters(words->text, 0, place) + 1, message, excerpt.failed ? "" : excerpt.data);
    est_i_text_free(&excerpt);
    return status;
}

const char *est_i_words_show(const est_i_words *words, char shown[64])
{
    if (words->kind == EST_I_WORD_END) {
        memcpy(shown, "the end", sizeof "the end");
    } else {
        size_t stop = step_on(words->text, words->start, 12);
        bool cut = stop < words->end;
        if (!cut)
            stop = words->end;
        snprintf(shown, 64, "%.*s%s", (int)(stop - words->start), words->text + words->start, cut ? "..." : "");
    }
    return shown;
}

est_status est_i_words_fail_word(est_i_words *words, const char *expected)
{
    char shown[64];
    return est_i_words_fail(words, words->start, "found %s, expected %s", est_i_words_show(words, shown), expected);
}

/* Words */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool starts_name(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' || (unsigned char)byte >= 0x80u;
}

/* With arithmetic two points part the ends of an interval. */
static bool goes_on(const est_i_words *words, size_t at)
{
    char byte = words->text[at];
    return starts_name(byte) || is_digit(byte) || (byte == '.' && !(words->arithmetic && words->text[at + 1] == '.'));
}

static bool is_sign(char byte)
{
    return byte == '-' || byte == '+';
}

/* What stands between quotation marks; the mark itself stands twice. */
static est_status read_quoted(est_i_words *words, est_i_word_kind kind, const char *what)
{
    const char *text = words->text;
    char mark = text[words->start];
    size_t at = words->start + 1;
    while (text[at] && (text[at] != mark || text[at + 1] == mark)) {
        est_i_text_append_bytes(&words->content, text + at, 1);
        at += text[at] == mark ? 2 : 1;
    }
    if (!text[at])
        return est_i_words_fail(words, words->start, "found %s without its closing mark, expected another %c", what, mark);
    words->kind = kind;
    words->quoted = true;
    words->end = at + 1;
    return EST_OK;
}

/* Digits, point, exponent, and whatever letters follow without a gap, so that 5x is no number and no two words. */
static est_status read_number(est_i_words *words)
{
    const char *text = words->text;
    size_t at = words->start;
    if (is_sign(text[at]))
        at++;
    for (; goes_on(words, at) || (is_sign(text[at]) && (text[at - 1] == 'e' || text[at - 1] == 'E')); at++)
        ;
    words->kind = EST_I_WORD_NUMBER;
    words->end = at;
    if (!est_i_number_parse(text + words->start, at - words->start, &words->number) || !isfinite(words->number)) {
        char shown[64];
        return est_i_words_fail(words, words->start,
                                "found %s, expected a number such as %s0.25 or 1e3 (a %s that begins with a digit stands in "
                                "backquotes)",
                                est_i_words_show(words, shown), words->arithmetic ? "5, " : "-5, ",
                                words->arithmetic ? "name" : "column name");
    }
    return EST_OK;
}

static est_i_word_kind keyword_of(const char *name)
{
    static const struct {
        const char *lower, *upper;
        est_i_word_kind kind;
    } keywords[] = {
        {"and", "AND", EST_I_WORD_AND}, {"or", "OR", EST_I_WORD_OR}, {"not", "NOT", EST_I_WORD_NOT}, {"in", "IN", EST_I_WORD_IN}};
    est_i_word_kind kind = EST_I_WORD_NAME;
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (strcmp(name, keywords[i].lower) == 0 || strcmp(name, keywords[i].upper) == 0)
            kind = keywords[i].kind;
    return kind;
}

static est_status read_name(est_i_words *words)
{
    size_t at = words->start;
    while (goes_on(words, at))
        at++;
    words->end = at;
    words->quoted = false;
    est_i_text_append_bytes(&words->content, words->text + words->start, at - words->start);
    if (words->content.failed)
        return est_i_no_memory(words->error);
    words->kind = keyword_of(words->content.data);
    return EST_OK;
}

static est_status fail_sign(est_i_words *words)
{
    char byte = words->text[words->start];
    const char *expected = byte == '&'         ? "`and` or &&"
                           : byte == '|'       ? "`or` or ||"
                           : words->arithmetic ? (byte == '\'' || byte == '"' ? "a number or a name; there are no texts here"
                                                                              : "a name, a number or an operator")
                           : byte == '.'       ? "a number or a text in quotes; a missing value is asked for by missing(x)"
                                               : "a column, a number, a text in quotes or an operator; there is no arithmetic here";
    if ((unsigned char)byte < ' ' || byte == 0x7F)
        return est_i_words_fail(words, words->start, "found byte 0x%02X, expected %s", (unsigned)(unsigned char)byte, expected);
    return est_i_words_fail(words, words->start, "found %c, expected %s", byte, expected);
}

static est_status read_sign(est_i_words *words)
{
    static const struct {
        const char *sign;
        est_i_word_kind kind;
        est_i_comparison order;
    } signs[] = {{"==", EST_I_WORD_COMPARISON, EST_I_EQUAL},
                 {"!=", EST_I_WORD_COMPARISON, EST_I_NOT_EQUAL},
                 {"<>", EST_I_WORD_COMPARISON, EST_I_NOT_EQUAL},
                 {"<=", EST_I_WORD_COMPARISON, EST_I_LESS_EQUAL},
                 {">=", EST_I_WORD_COMPARISON, EST_I_GREATER_EQUAL},
                 {"&&", EST_I_WORD_AND, EST_I_EQUAL},
                 {"||", EST_I_WORD_OR, EST_I_EQUAL},
                 {"=", EST_I_WORD_COMPARISON, EST_I_EQUAL},
                 {"<", EST_I_WORD_COMPARISON, EST_I_LESS},
                 {">", EST_I_WORD_COMPARISON, EST_I_GREATER},
                 {"!", EST_I_WORD_NOT, EST_I_EQUAL},
                 {"(", EST_I_WORD_OPEN, EST_I_EQUAL},
                 {")", EST_I_WORD_CLOSE, EST_I_EQUAL},
                 {",", EST_I_WORD_COMMA, EST_I_EQUAL},
                 {"..", EST_I_WORD_TO, EST_I_EQUAL},
                 {"+", EST_I_WORD_PLUS, EST_I_EQUAL},
                 {"-", EST_I_WORD_MINUS, EST_I_EQUAL},
                 {"*", EST_I_WORD_TIMES, EST_I_EQUAL},
                 {"/", EST_I_WORD_DIVIDE, EST_I_EQUAL}};
    const char *at = words->text + words->start;
    if (at[0] == '=' && (at[1] == '>' || at[1] == '<'))
        return est_i_words_fail(words, words->start, "found =%c, expected %c=", at[1], at[1]);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if ((words->arithmetic || signs[i].kind < EST_I_WORD_PLUS) && strncmp(at, signs[i].sign, strlen(signs[i].sign)) == 0) {
            words->kind = signs[i].kind;
            words->order = signs[i].order;
            words->end = words->start + strlen(signs[i].sign);
            return EST_OK;
        }
    }
    return fail_sign(words);
}

est_status est_i_words_next(est_i_words *words)
{
    const char *text = words->text;
    size_t at = words->end;
    est_status status = EST_OK;
    while (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')
        at++;
    words->start = words->end = at;
    words->content.length = 0;
    est_i_text_append(&words->content, ""); /* so that an empty text is a text */
    bool is_number = is_digit(text[at]) || (text[at] == '.' && is_digit(text[at + 1])) ||
                     (!words->arithmetic && is_sign(text[at]) && (is_digit(text[at + 1]) || text[at + 1] == '.'));
    if (!text[at])
        words->kind = EST_I_WORD_END;
    else if (text[at] == '`')
        status = read_quoted(words, EST_I_WORD_NAME, words->arithmetic ? "a name in backquotes" : "a column name in backquotes");
    else if (!words->arithmetic && (text[at] == '\'' || text[at] == '"'))
        status = read_quoted(words, EST_I_WORD_TEXT, "a text in quotes");
    else if (is_number)
        status = read_number(words);
    else if (starts_name(text[at]))
        status = read_name(words);
    else
        status = read_sign(words);
    if (status == EST_OK && words->content.failed)
        status = est_i_no_memory(words->error);
    return status;
}

est_status est_i_words_take(est_i_words *words, est_i_word_kind kind, const char *expected)
{
    return words->kind == kind ? est_i_words_next(words) : est_i_words_fail_word(words, expected);
}

bool est_i_words_call(const est_i_words *words)
{
    size_t at = words->end;
    while (words->text[at] == ' ' || words->text[at] == '\t')
        at++;
    return words->kind == EST_I_WORD_NAME && !words->quoted && words->text[at] == '(';
}
