/* Conditions on rows: words and grammar. The nodes are written in postfix order: comparisons push a truth value; not, and, or
 * work on what was pushed. */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/condition_parts.h"
#include "data/utf8.h"

typedef enum comparison { LESS, LESS_EQUAL, EQUAL, NOT_EQUAL, GREATER_EQUAL, GREATER } comparison;

typedef enum word_kind {
    WORD_END,
    WORD_NAME,
    WORD_NUMBER,
    WORD_TEXT,
    WORD_COMPARISON,
    WORD_OPEN,
    WORD_CLOSE,
    WORD_COMMA,
    WORD_AND,
    WORD_OR,
    WORD_NOT,
    WORD_IN
} word_kind;

typedef struct parser {
    const char *text;
    const est_source *source;
    est_i_condition *condition;
    est_error *error;
    size_t depth;
    size_t height; /* of the stack after the nodes written so far */

    /* The word that comes next. */
    word_kind kind;
    size_t start, end;   /* its bytes in the text */
    comparison order;    /* of a comparison */
    double number;       /* of a number */
    bool quoted;         /* a name in backquotes */
    est_i_text content;  /* of a name or text, without its quotes */
} parser;

#define EXCERPT_BEFORE 50
#define EXCERPT_AFTER 50

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

/* The condition around the place, and a caret under the place. */
static void append_excerpt(est_i_text *words, const char *text, size_t place)
{
    size_t from = step_back(text, place, EXCERPT_BEFORE), to = step_on(text, place, EXCERPT_AFTER);
    est_i_text_append(words, from > 0 ? "\n  ..." : "\n  ");
    for (size_t i = from; i < to; i++)
        est_i_text_append_bytes(words, (unsigned char)text[i] < ' ' ? " " : text + i, 1);
    est_i_text_append(words, text[to] ? "...\n  " : "\n  ");
    size_t blanks = count_characters(text, from, place) + (from > 0 ? 3 : 0);
    for (size_t i = 0; i < blanks; i++)
        est_i_text_append(words, " ");
    est_i_text_append(words, "^");
}

static est_status fail_place(parser *state, size_t place, const char *format, ...) EST_PRINTF(3, 4);

static est_status fail_place(parser *state, size_t place, const char *format, ...)
{
    char message[384];
    est_i_text excerpt = {0};
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(message, sizeof message, format, arguments) < 0)
        message[0] = '\0';
    va_end(arguments);
    append_excerpt(&excerpt, state->text, place);
    est_status status = est_i_fail(state->error, EST_EOPTION, "condition, character %zu: %s%s",
                                   count_characters(state->text, 0, place) + 1, message, excerpt.failed ? "" : excerpt.data);
    est_i_text_free(&excerpt);
    return status;
}

/* The word that comes next, for "found %s". */
static const char *show_word(const parser *state, char shown[64])
{
    if (state->kind == WORD_END) {
        memcpy(shown, "the end", sizeof "the end");
    } else {
        size_t stop = step_on(state->text, state->start, 12);
        bool cut = stop < state->end;
        if (!cut)
            stop = state->end;
        snprintf(shown, 64, "%.*s%s", (int)(stop - state->start), state->text + state->start, cut ? "..." : "");
    }
    return shown;
}

static est_status fail_word(parser *state, const char *expected)
{
    char shown[64];
    return fail_place(state, state->start, "found %s, expected %s", show_word(state, shown), expected);
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool starts_name(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' || (unsigned char)byte >= 0x80u;
}

static bool goes_on_name(char byte)
{
    return starts_name(byte) || is_digit(byte) || byte == '.';
}

/* What stands between quotation marks; the mark itself stands twice. */
static est_status read_quoted(parser *state, word_kind kind, const char *what)
{
    const char *text = state->text;
    char mark = text[state->start];
    size_t at = state->start + 1;
    while (text[at] && (text[at] != mark || text[at + 1] == mark)) {
        est_i_text_append_bytes(&state->content, text + at, 1);
        at += text[at] == mark ? 2 : 1;
    }
    if (!text[at])
        return fail_place(state, state->start, "found %s without its closing mark, expected another %c", what, mark);
    state->kind = kind;
    state->quoted = true;
    state->end = at + 1;
    return EST_OK;
}

/* Digits, point, exponent, and whatever letters follow without a gap, so that 5x is no number and no two words. */
static est_status read_number(parser *state)
{
    const char *text = state->text;
    size_t at = state->start;
    if (text[at] == '-' || text[at] == '+')
        at++;
    for (; goes_on_name(text[at]) || ((text[at] == '-' || text[at] == '+') && (text[at - 1] == 'e' || text[at - 1] == 'E')); at++)
        ;
    state->kind = WORD_NUMBER;
    state->end = at;
    if (!est_i_number_parse(text + state->start, at - state->start, &state->number) || !isfinite(state->number)) {
        char shown[64];
        return fail_place(state, state->start,
                          "found %s, expected a number such as -5, 0.25 or 1e3 (a column name that begins with a digit stands in "
                          "backquotes)",
                          show_word(state, shown));
    }
    return EST_OK;
}

static word_kind keyword_of(const char *name)
{
    static const struct {
        const char *lower, *upper;
        word_kind kind;
    } keywords[] = {{"and", "AND", WORD_AND}, {"or", "OR", WORD_OR}, {"not", "NOT", WORD_NOT}, {"in", "IN", WORD_IN}};
    word_kind kind = WORD_NAME;
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (strcmp(name, keywords[i].lower) == 0 || strcmp(name, keywords[i].upper) == 0)
            kind = keywords[i].kind;
    return kind;
}

static est_status read_name(parser *state)
{
    size_t at = state->start;
    while (goes_on_name(state->text[at]))
        at++;
    state->end = at;
    state->quoted = false;
    est_i_text_append_bytes(&state->content, state->text + state->start, at - state->start);
    if (state->content.failed)
        return est_i_no_memory(state->error);
    state->kind = keyword_of(state->content.data);
    return EST_OK;
}

static est_status read_sign(parser *state)
{
    static const struct {
        const char *sign;
        word_kind kind;
        comparison order;
    } signs[] = {{"==", WORD_COMPARISON, EQUAL},       {"!=", WORD_COMPARISON, NOT_EQUAL},     {"<>", WORD_COMPARISON, NOT_EQUAL},
                 {"<=", WORD_COMPARISON, LESS_EQUAL},  {">=", WORD_COMPARISON, GREATER_EQUAL}, {"&&", WORD_AND, EQUAL},
                 {"||", WORD_OR, EQUAL},               {"=", WORD_COMPARISON, EQUAL},          {"<", WORD_COMPARISON, LESS},
                 {">", WORD_COMPARISON, GREATER},      {"!", WORD_NOT, EQUAL},                 {"(", WORD_OPEN, EQUAL},
                 {")", WORD_CLOSE, EQUAL},             {",", WORD_COMMA, EQUAL}};
    const char *at = state->text + state->start;
    if (at[0] == '=' && (at[1] == '>' || at[1] == '<'))
        return fail_place(state, state->start, "found =%c, expected %c=", at[1], at[1]);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (strncmp(at, signs[i].sign, strlen(signs[i].sign)) == 0) {
            state->kind = signs[i].kind;
            state->order = signs[i].order;
            state->end = state->start + strlen(signs[i].sign);
            return EST_OK;
        }
    }
    const char *expected = *at == '&'   ? "`and` or &&"
                           : *at == '|' ? "`or` or ||"
                           : *at == '.' ? "a number or a text in quotes; a missing value is asked for by missing(x)"
                                        : "a column, a number, a text in quotes or an operator; there is no arithmetic here";
    if ((unsigned char)*at < ' ' || *at == 0x7F)
        return fail_place(state, state->start, "found byte 0x%02X, expected %s", (unsigned)(unsigned char)*at, expected);
    return fail_place(state, state->start, "found %c, expected %s", *at, expected);
}

/* Goes on to the next word. */
static est_status next_word(parser *state)
{
    const char *text = state->text;
    size_t at = state->end;
    est_status status = EST_OK;
    while (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')
        at++;
    state->start = state->end = at;
    state->content.length = 0;
    est_i_text_append(&state->content, ""); /* so that an empty text is a text */
    bool sign_of_number = (text[at] == '-' || text[at] == '+') && (is_digit(text[at + 1]) || text[at + 1] == '.');
    if (!text[at])
        state->kind = WORD_END;
    else if (text[at] == '`')
        status = read_quoted(state, WORD_NAME, "a column name in backquotes");
    else if (text[at] == '\'' || text[at] == '"')
        status = read_quoted(state, WORD_TEXT, "a text in quotes");
    else if (is_digit(text[at]) || sign_of_number || (text[at] == '.' && is_digit(text[at + 1])))
        status = read_number(state);
    else if (starts_name(text[at]))
        status = read_name(state);
    else
        status = read_sign(state);
    if (status == EST_OK && state->content.failed)
        status = est_i_no_memory(state->error);
    return status;
}

static est_status take_word(parser *state, word_kind kind, const char *expected)
{
    return state->kind == kind ? next_word(state) : fail_word(state, expected);
}

/* Nodes */

/* What the node holds passes to the condition, or is freed. */
static est_status write_node(parser *state, est_i_condition_node *item)
{
    est_i_condition *condition = state->condition;
    if (condition->n_nodes == condition->capacity) {
        size_t capacity = condition->capacity ? condition->capacity * 2 : 8;
        est_i_condition_node *nodes = realloc(condition->nodes, capacity * sizeof *nodes);
        if (!nodes) {
            est_i_condition_node_free(item);
            return est_i_no_memory(state->error);
        }
        condition->nodes = nodes;
        condition->capacity = capacity;
    }
    condition->nodes[condition->n_nodes++] = *item;
    if (item->kind == EST_I_NODE_AND || item->kind == EST_I_NODE_OR)
        state->height--;
    else if (item->kind != EST_I_NODE_NOT)
        state->height++;
    if (state->height > condition->height)
        condition->height = state->height;
    return EST_OK;
}

static est_status write_operator(parser *state, est_i_condition_kind kind)
{
    return write_node(state, &(est_i_condition_node){.kind = kind});
}

static void set_outcome(est_i_condition_node *item, comparison order)
{
    item->outcome[0] = order == LESS || order == LESS_EQUAL || order == NOT_EQUAL;
    item->outcome[1] = order == LESS_EQUAL || order == EQUAL || order == GREATER_EQUAL;
    item->outcome[2] = order == NOT_EQUAL || order == GREATER_EQUAL || order == GREATER;
}

static est_status add_text(parser *state, est_i_condition_node *item)
{
    uint32_t index = est_i_dictionary_add(&item->texts, state->content.data, state->content.length);
    return index == EST_I_DICTIONARY_NONE ? est_i_no_memory(state->error) : EST_OK;
}

static est_status add_number(parser *state, est_i_condition_node *item)
{
    /* Room for a power of two, grown when the count is one. */
    if ((item->n_numbers & (item->n_numbers - 1)) == 0) {
        double *numbers = realloc(item->numbers, (item->n_numbers ? item->n_numbers * 2 : 1) * sizeof *numbers);
        if (!numbers)
            return est_i_no_memory(state->error);
        item->numbers = numbers;
    }
    item->numbers[item->n_numbers++] = state->number;
    return EST_OK;
}

/* Grammar */

static est_status parse_or(parser *state);

static est_status fail_value(parser *state)
{
    char shown[64];
    show_word(state, shown);
    if (state->kind != WORD_NAME)
        return fail_word(state, "a number or a text in quotes");
    if (strcmp(state->content.data, "NA") == 0)
        return fail_place(state, state->start, "found NA, expected a number or a text in quotes; a missing value is asked for by "
                                               "missing(x)");
    if (est_source_find(state->source, state->content.data) >= 0)
        return fail_place(state, state->start,
                          "found the column %s, expected a number or a text in quotes; two columns cannot be compared", shown);
    return fail_place(state, state->start, "found the name %s, expected a number or a text; texts stand in quotes: '%s'", shown,
                      shown);
}

/* A text that is a number has an order as a number, and another one as a text. `place`: where it stands. */
static est_status check_order(parser *state, const est_i_condition_node *item, comparison order, size_t place)
{
    double value;
    bool ordered = item->kind == EST_I_NODE_TEXT && order != EQUAL && order != NOT_EQUAL;
    if (ordered &&
        est_i_number_parse(est_i_dictionary_text(&item->texts, 0), est_i_dictionary_length(&item->texts, 0), &value))
        return fail_place(state, place,
                          "found a number in quotes in a comparison of order, expected it without quotes; among texts '10' stands "
                          "before '9'");
    return EST_OK;
}

/* The number or text that a column is compared with. */
static est_status parse_value(parser *state, est_i_condition_node *item)
{
    est_status status = EST_OK;
    if (state->kind == WORD_NUMBER) {
        item->kind = EST_I_NODE_NUMBER;
        item->value = state->number;
    } else if (state->kind == WORD_TEXT) {
        item->kind = EST_I_NODE_TEXT;
        status = add_text(state, item);
    } else {
        status = fail_value(state);
    }
    return status == EST_OK ? next_word(state) : status;
}

static est_status parse_list(parser *state, est_i_condition_node *item, bool negated)
{
    set_outcome(item, negated ? NOT_EQUAL : EQUAL);
    est_status status = take_word(state, WORD_OPEN, "( and a list such as (1, 2, 3)");
    bool more = true;
    while (status == EST_OK && more) {
        if (state->kind == WORD_NUMBER)
            status = add_number(state, item);
        else if (state->kind == WORD_TEXT)
            status = add_text(state, item);
        else
            status = fail_value(state);
        if (status == EST_OK)
            status = next_word(state);
        more = status == EST_OK && state->kind == WORD_COMMA;
        if (more)
            status = next_word(state);
    }
    if (status == EST_OK)
        status = take_word(state, WORD_CLOSE, "a comma or ) in the list");
    if (status == EST_OK) {
        item->kind = item->texts.count > 0 ? EST_I_NODE_TEXTS : EST_I_NODE_NUMBERS;
        if (item->n_numbers > 0)
            qsort(item->numbers, item->n_numbers, sizeof *item->numbers, est_i_condition_compare_numbers);
    }
    return status;
}

static est_status take_column(parser *state, est_i_condition_node *item)
{
    est_status status =
        est_i_source_require(state->source, state->content.data, "the condition needs it", &item->column, state->error);
    return status == EST_OK ? next_word(state) : status;
}

static est_status parse_missing(parser *state, est_i_condition_node *item)
{
    item->kind = EST_I_NODE_MISSING;
    est_status status = next_word(state);
    if (status == EST_OK && state->kind != WORD_NAME)
        status = fail_word(state, "the name of a column");
    if (status == EST_OK)
        status = take_column(state, item);
    if (status == EST_OK)
        status = take_word(state, WORD_CLOSE, ") after the column");
    return status;
}

static est_status parse_after_column(parser *state, est_i_condition_node *item)
{
    est_status status;
    bool negated = state->kind == WORD_NOT;
    if (state->kind == WORD_COMPARISON) {
        comparison order = state->order;
        set_outcome(item, order);
        status = next_word(state);
        size_t place = state->start;
        if (status == EST_OK)
            status = parse_value(state, item);
        if (status == EST_OK)
            status = check_order(state, item, order, place);
    } else if (negated || state->kind == WORD_IN) {
        status = negated ? next_word(state) : EST_OK;
        if (status == EST_OK)
            status = take_word(state, WORD_IN, "`in` after `not`");
        if (status == EST_OK)
            status = parse_list(state, item, negated);
    } else {
        status = fail_word(state, "a comparison such as == 1 or in (1, 2) after the column");
    }
    return status;
}

/* missing(x) is told from a column of that name by its parenthesis. */
static bool calls_function(const parser *state)
{
    size_t at = state->end;
    while (state->text[at] == ' ' || state->text[at] == '\t')
        at++;
    return state->kind == WORD_NAME && !state->quoted && state->text[at] == '(';
}

static est_status parse_call(parser *state, est_i_condition_node *item)
{
    if (strcmp(state->content.data, "missing") != 0)
        return fail_word(state, "missing(x), the only function there is, or a column");
    est_status status = next_word(state);
    return status == EST_OK ? parse_missing(state, item) : status;
}

static comparison turn_around(comparison order)
{
    static const comparison turned[] = {[LESS] = GREATER,   [LESS_EQUAL] = GREATER_EQUAL, [EQUAL] = EQUAL, [NOT_EQUAL] = NOT_EQUAL,
                                        [GREATER] = LESS, [GREATER_EQUAL] = LESS_EQUAL};
    return turned[order];
}

/* "5 <= age": the value is read first, then the comparison, then the column. */
static est_status parse_value_first(parser *state, est_i_condition_node *item)
{
    size_t place = state->start;
    est_status status = parse_value(state, item);
    if (status == EST_OK && state->kind != WORD_COMPARISON)
        status = fail_word(state, "a comparison after the value");
    if (status == EST_OK) {
        comparison order = turn_around(state->order);
        set_outcome(item, order);
        status = check_order(state, item, order, place);
    }
    if (status == EST_OK)
        status = next_word(state);
    if (status == EST_OK && state->kind != WORD_NAME)
        status = fail_word(state, "the name of a column");
    return status == EST_OK ? take_column(state, item) : status;
}

static est_status parse_comparison(parser *state)
{
    est_i_condition_node item = {.kind = EST_I_NODE_NUMBER};
    est_status status;
    if (calls_function(state)) {
        status = parse_call(state, &item);
    } else if (state->kind == WORD_NAME) {
        status = take_column(state, &item);
        if (status == EST_OK)
            status = parse_after_column(state, &item);
    } else if (state->kind == WORD_NUMBER || state->kind == WORD_TEXT) {
        status = parse_value_first(state, &item);
    } else {
        status = fail_word(state, "a column, missing(x), `not` or (");
    }
    if (status == EST_OK && state->kind == WORD_COMPARISON)
        status = fail_word(state, "`and`, `or` or the end; write 5 <= x <= 17 as x >= 5 and x <= 17");
    if (status != EST_OK) {
        est_i_condition_node_free(&item);
        return status;
    }
    return write_node(state, &item);
}

static est_status parse_not(parser *state)
{
    est_status status;
    bool negated = state->kind == WORD_NOT, open = state->kind == WORD_OPEN;
    if (!negated && !open)
        return parse_comparison(state);
    if (state->depth == EST_I_CONDITION_DEPTH_MAX)
        return fail_place(state, state->start, "found parentheses or nots nested more than %d deep, expected fewer",
                          EST_I_CONDITION_DEPTH_MAX);
    state->depth++;
    status = next_word(state);
    if (status == EST_OK)
        status = negated ? parse_not(state) : parse_or(state);
    if (status == EST_OK)
        status = negated ? write_operator(state, EST_I_NODE_NOT) : take_word(state, WORD_CLOSE, "`and`, `or` or )");
    state->depth--;
    return status;
}

static est_status parse_and(parser *state)
{
    est_status status = parse_not(state);
    while (status == EST_OK && state->kind == WORD_AND) {
        status = next_word(state);
        if (status == EST_OK)
            status = parse_not(state);
        if (status == EST_OK)
            status = write_operator(state, EST_I_NODE_AND);
    }
    return status;
}

static est_status parse_or(parser *state)
{
    est_status status = parse_and(state);
    while (status == EST_OK && state->kind == WORD_OR) {
        status = next_word(state);
        if (status == EST_OK)
            status = parse_and(state);
        if (status == EST_OK)
            status = write_operator(state, EST_I_NODE_OR);
    }
    return status;
}

static est_status parse_whole(parser *state)
{
    est_status status = next_word(state);
    if (status == EST_OK && state->kind == WORD_END)
        return est_i_fail(state->error, EST_EOPTION, "found an empty condition, expected one such as age >= 5 and sex == 'f'");
    if (status == EST_OK)
        status = parse_or(state);
    if (status == EST_OK && state->kind != WORD_END)
        status = fail_word(state, "`and`, `or` or the end");
    return status;
}

/* Fields */

static size_t find_field(const est_i_condition *condition, size_t column, est_i_field_kind kind)
{
    size_t index = 0;
    while (index < condition->n_fields && (condition->fields[index].column != column || condition->fields[index].kind != kind))
        index++;
    return index;
}

static size_t add_field(est_i_condition *condition, size_t column, est_i_field_kind kind)
{
    size_t index = find_field(condition, column, kind);
    if (index == condition->n_fields)
        condition->fields[condition->n_fields++] = (est_i_field){column, kind};
    return index;
}

/* missing(x) takes whichever form another comparison asks for, else the text, which every column has. */
static est_status assign_fields(est_i_condition *condition, est_error *error)
{
    condition->fields = calloc(condition->n_nodes, sizeof *condition->fields);
    if (!condition->fields)
        return est_i_no_memory(error);
    for (size_t i = 0; i < condition->n_nodes; i++) {
        est_i_condition_node *item = &condition->nodes[i];
        if (item->kind == EST_I_NODE_NUMBER || item->kind == EST_I_NODE_NUMBERS)
            item->field = add_field(condition, item->column, EST_I_FIELD_NUMBER);
        else if (item->kind == EST_I_NODE_TEXT || item->kind == EST_I_NODE_TEXTS)
            item->field = add_field(condition, item->column, EST_I_FIELD_LABEL);
    }
    for (size_t i = 0; i < condition->n_nodes; i++) {
        est_i_condition_node *item = &condition->nodes[i];
        if (item->kind == EST_I_NODE_MISSING) {
            bool as_number = find_field(condition, item->column, EST_I_FIELD_NUMBER) < condition->n_fields;
            item->field = add_field(condition, item->column, as_number ? EST_I_FIELD_NUMBER : EST_I_FIELD_LABEL);
        }
    }
    return EST_OK;
}

est_status est_i_condition_parse(const char *text, const est_source *source, est_i_condition **condition, est_error *error)
{
    est_status status;
    *condition = NULL;
    est_error_clear(error);
    if (!est_i_utf8_valid(text))
        return est_i_fail(error, EST_EOPTION, "found a condition that is no UTF-8, expected UTF-8 text");
    parser state = {.text = text, .source = source, .error = error};
    state.condition = calloc(1, sizeof *state.condition);
    status = state.condition ? parse_whole(&state) : est_i_no_memory(error);
    if (status == EST_OK)
        status = assign_fields(state.condition, error);
    est_i_text_free(&state.content);
    if (status == EST_OK)
        *condition = state.condition;
    else
        est_i_condition_free(state.condition);
    return status;
}
