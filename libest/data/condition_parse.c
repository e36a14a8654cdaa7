/* Conditions on rows: words and grammar. The nodes are written in postfix order: comparisons push a truth value; not, and, or
 * work on what was pushed. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/condition_parts.h"
#include "data/utf8.h"
#include "data/words.h"

typedef struct parser {
    est_i_words words;
    const est_source *source;
    est_i_condition *condition;
    size_t depth;
    size_t height; /* of the stack after the nodes written so far */
} parser;

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
            return est_i_no_memory(state->words.error);
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

static void set_outcome(est_i_condition_node *item, est_i_comparison order)
{
    item->outcome[0] = order == EST_I_LESS || order == EST_I_LESS_EQUAL || order == EST_I_NOT_EQUAL;
    item->outcome[1] = order == EST_I_LESS_EQUAL || order == EST_I_EQUAL || order == EST_I_GREATER_EQUAL;
    item->outcome[2] = order == EST_I_NOT_EQUAL || order == EST_I_GREATER_EQUAL || order == EST_I_GREATER;
}

static est_status add_text(parser *state, est_i_condition_node *item)
{
    uint32_t index = est_i_dictionary_add(&item->texts, state->words.content.data, state->words.content.length);
    return index == EST_I_DICTIONARY_NONE ? est_i_no_memory(state->words.error) : EST_OK;
}

static est_status add_number(parser *state, est_i_condition_node *item)
{
    /* Room for a power of two, grown when the count is one. */
    if ((item->n_numbers & (item->n_numbers - 1)) == 0) {
        double *numbers = realloc(item->numbers, (item->n_numbers ? item->n_numbers * 2 : 1) * sizeof *numbers);
        if (!numbers)
            return est_i_no_memory(state->words.error);
        item->numbers = numbers;
    }
    item->numbers[item->n_numbers++] = state->words.number;
    return EST_OK;
}

/* Grammar */

static est_status parse_or(parser *state);

static est_status fail_value(parser *state)
{
    char shown[64];
    est_i_words_show(&state->words, shown);
    if (state->words.kind != EST_I_WORD_NAME)
        return est_i_words_fail_word(&state->words, "a number or a text in quotes");
    if (strcmp(state->words.content.data, "NA") == 0)
        return est_i_words_fail(&state->words, state->words.start,
                                "found NA, expected a number or a text in quotes; a missing value is asked for by "
                                "missing(x)");
    if (est_source_find(state->source, state->words.content.data) >= 0)
        return est_i_words_fail(&state->words, state->words.start,
                                "found the column %s, expected a number or a text in quotes; two columns cannot be compared",
                                shown);
    return est_i_words_fail(&state->words, state->words.start,
                            "found the name %s, expected a number or a text; texts stand in quotes: '%s'", shown, shown);
}

/* A text that is a number has an order as a number, and another one as a text. `place`: where it stands. */
static est_status check_order(parser *state, const est_i_condition_node *item, est_i_comparison order, size_t place)
{
    double value;
    bool ordered = item->kind == EST_I_NODE_TEXT && order != EST_I_EQUAL && order != EST_I_NOT_EQUAL;
    if (ordered && est_i_number_parse(est_i_dictionary_text(&item->texts, 0), est_i_dictionary_length(&item->texts, 0), &value))
        return est_i_words_fail(
            &state->words, place,
            "found a number in quotes in a comparison of order, expected it without quotes; among texts '10' stands "
            "before '9'");
    return EST_OK;
}

/* The number or text that a column is compared with. */
static est_status parse_value(parser *state, est_i_condition_node *item)
{
    est_status status = EST_OK;
    if (state->words.kind == EST_I_WORD_NUMBER) {
        item->kind = EST_I_NODE_NUMBER;
        item->value = state->words.number;
    } else if (state->words.kind == EST_I_WORD_TEXT) {
        item->kind = EST_I_NODE_TEXT;
        status = add_text(state, item);
    } else {
        status = fail_value(state);
    }
    return status == EST_OK ? est_i_words_next(&state->words) : status;
}

static est_status parse_list(parser *state, est_i_condition_node *item, bool negated)
{
    set_outcome(item, negated ? EST_I_NOT_EQUAL : EST_I_EQUAL);
    est_status status = est_i_words_take(&state->words, EST_I_WORD_OPEN, "( and a list such as (1, 2, 3)");
    bool more = true;
    while (status == EST_OK && more) {
        if (state->words.kind == EST_I_WORD_NUMBER)
            status = add_number(state, item);
        else if (state->words.kind == EST_I_WORD_TEXT)
            status = add_text(state, item);
        else
            status = fail_value(state);
        if (status == EST_OK)
            status = est_i_words_next(&state->words);
        more = status == EST_OK && state->words.kind == EST_I_WORD_COMMA;
        if (more)
            status = est_i_words_next(&state->words);
    }
    if (status == EST_OK)
        status = est_i_words_take(&state->words, EST_I_WORD_CLOSE, "a comma or ) in the list");
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
        est_i_source_require(state->source, state->words.content.data, "the condition needs it", &item->column, state->words.error);
    return status == EST_OK ? est_i_words_next(&state->words) : status;
}

static est_status parse_missing(parser *state, est_i_condition_node *item)
{
    item->kind = EST_I_NODE_MISSING;
    est_status status = est_i_words_next(&state->words);
    if (status == EST_OK && state->words.kind != EST_I_WORD_NAME)
        status = est_i_words_fail_word(&state->words, "the name of a column");
    if (status == EST_OK)
        status = take_column(state, item);
    if (status == EST_OK)
        status = est_i_words_take(&state->words, EST_I_WORD_CLOSE, ") after the column");
    return status;
}

static est_status parse_after_column(parser *state, est_i_condition_node *item)
{
    est_status status;
    bool negated = state->words.kind == EST_I_WORD_NOT;
    if (state->words.kind == EST_I_WORD_COMPARISON) {
        est_i_comparison order = state->words.order;
        set_outcome(item, order);
        status = est_i_words_next(&state->words);
        size_t place = state->words.start;
        if (status == EST_OK)
            status = parse_value(state, item);
        if (status == EST_OK)
            status = check_order(state, item, order, place);
    } else if (negated || state->words.kind == EST_I_WORD_IN) {
        status = negated ? est_i_words_next(&state->words) : EST_OK;
        if (status == EST_OK)
            status = est_i_words_take(&state->words, EST_I_WORD_IN, "`in` after `not`");
        if (status == EST_OK)
            status = parse_list(state, item, negated);
    } else {
        status = est_i_words_fail_word(&state->words, "a comparison such as == 1 or in (1, 2) after the column");
    }
    return status;
}

/* missing(x) is told from a column of that name by its parenthesis. */
static est_status parse_call(parser *state, est_i_condition_node *item)
{
    if (strcmp(state->words.content.data, "missing") != 0)
        return est_i_words_fail_word(&state->words, "missing(x), the only function there is, or a column");
    est_status status = est_i_words_next(&state->words);
    return status == EST_OK ? parse_missing(state, item) : status;
}

static est_i_comparison turn_around(est_i_comparison order)
{
    static const est_i_comparison turned[] = {[EST_I_LESS] = EST_I_GREATER, [EST_I_LESS_EQUAL] = EST_I_GREATER_EQUAL,
                                              [EST_I_EQUAL] = EST_I_EQUAL,  [EST_I_NOT_EQUAL] = EST_I_NOT_EQUAL,
                                              [EST_I_GREATER] = EST_I_LESS, [EST_I_GREATER_EQUAL] = EST_I_LESS_EQUAL};
    return turned[order];
}

/* "5 <= age": the value is read first, then the comparison, then the column. */
static est_status parse_value_first(parser *state, est_i_condition_node *item)
{
    size_t place = state->words.start;
    est_status status = parse_value(state, item);
    if (status == EST_OK && state->words.kind != EST_I_WORD_COMPARISON)
        status = est_i_words_fail_word(&state->words, "a comparison after the value");
    if (status == EST_OK) {
        est_i_comparison order = turn_around(state->words.order);
        set_outcome(item, order);
        status = check_order(state, item, order, place);
    }
    if (status == EST_OK)
        status = est_i_words_next(&state->words);
    if (status == EST_OK && state->words.kind != EST_I_WORD_NAME)
        status = est_i_words_fail_word(&state->words, "the name of a column");
    return status == EST_OK ? take_column(state, item) : status;
}

static est_status parse_comparison(parser *state)
{
    est_i_condition_node item = {.kind = EST_I_NODE_NUMBER};
    est_status status;
    if (est_i_words_call(&state->words)) {
        status = parse_call(state, &item);
    } else if (state->words.kind == EST_I_WORD_NAME) {
        status = take_column(state, &item);
        if (status == EST_OK)
            status = parse_after_column(state, &item);
    } else if (state->words.kind == EST_I_WORD_NUMBER || state->words.kind == EST_I_WORD_TEXT) {
        status = parse_value_first(state, &item);
    } else {
        status = est_i_words_fail_word(&state->words, "a column, missing(x), `not` or (");
    }
    if (status == EST_OK && state->words.kind == EST_I_WORD_COMPARISON)
        status = est_i_words_fail_word(&state->words, "`and`, `or` or the end; write 5 <= x <= 17 as x >= 5 and x <= 17");
    if (status != EST_OK) {
        est_i_condition_node_free(&item);
        return status;
    }
    return write_node(state, &item);
}

static est_status parse_not(parser *state)
{
    est_status status;
    bool negated = state->words.kind == EST_I_WORD_NOT, open = state->words.kind == EST_I_WORD_OPEN;
    if (!negated && !open)
        return parse_comparison(state);
    if (state->depth == EST_I_CONDITION_DEPTH_MAX)
        return est_i_words_fail(&state->words, state->words.start,
                                "found parentheses or nots nested more than %d deep, expected fewer", EST_I_CONDITION_DEPTH_MAX);
    state->depth++;
    status = est_i_words_next(&state->words);
    if (status == EST_OK)
        status = negated ? parse_not(state) : parse_or(state);
    if (status == EST_OK)
        status =
            negated ? write_operator(state, EST_I_NODE_NOT) : est_i_words_take(&state->words, EST_I_WORD_CLOSE, "`and`, `or` or )");
    state->depth--;
    return status;
}

static est_status parse_and(parser *state)
{
    est_status status = parse_not(state);
    while (status == EST_OK && state->words.kind == EST_I_WORD_AND) {
        status = est_i_words_next(&state->words);
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
    while (status == EST_OK && state->words.kind == EST_I_WORD_OR) {
        status = est_i_words_next(&state->words);
        if (status == EST_OK)
            status = parse_and(state);
        if (status == EST_OK)
            status = write_operator(state, EST_I_NODE_OR);
    }
    return status;
}

static est_status parse_whole(parser *state)
{
    est_status status = est_i_words_next(&state->words);
    if (status == EST_OK && state->words.kind == EST_I_WORD_END)
        return est_i_fail(state->words.error, EST_EOPTION,
                          "found an empty condition, expected one such as age >= 5 and sex == 'f'");
    if (status == EST_OK)
        status = parse_or(state);
    if (status == EST_OK && state->words.kind != EST_I_WORD_END)
        status = est_i_words_fail_word(&state->words, "`and`, `or` or the end");
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
    parser state = {.words = {.text = text, .what = "condition", .fault = EST_EOPTION, .error = error}, .source = source};
    state.condition = calloc(1, sizeof *state.condition);
    if (state.condition)
        state.condition->source = source;
    status = state.condition ? parse_whole(&state) : est_i_no_memory(error);
    if (status == EST_OK)
        status = assign_fields(state.condition, error);
    est_i_text_free(&state.words.content);
    if (status == EST_OK)
        *condition = state.condition;
    else
        est_i_condition_free(state.condition);
    return status;
}
