/* Expressions: grammar. Instructions are written in postfix order; what constants alone give is worked out at once. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/dictionary.h"
#include "data/expression_parts.h"
#include "data/utf8.h"
#include "data/words.h"

typedef struct parser {
    est_i_words words;
    const est_i_expression_names *names; /* NULL: every name is a variable, by its number in `seen` */
    est_i_dictionary *seen;
    est_i_expression *expression;
    size_t depth;
    size_t height; /* slots in use */
} parser;

typedef struct function {
    const char *name;
    est_i_operation operation;
    size_t least, most; /* arguments */
} function;

#define MANY SIZE_MAX

static const function functions[] = {{"missing", EST_I_MISSING, 1, 1},      {"is", EST_I_IS, 1, 1},
                                     {"any", EST_I_ANY_OF, 1, MANY},        {"all", EST_I_ALL_OF, 1, MANY},
                                     {"count", EST_I_COUNT_OF, 1, MANY},    {"sum", EST_I_SUM_OF, 1, MANY},
                                     {"min", EST_I_MIN_OF, 1, MANY},        {"max", EST_I_MAX_OF, 1, MANY},
                                     {"floor", EST_I_FLOOR, 1, 1},          {"if", EST_I_IF, 3, 3},
                                     {"nonmissing", EST_I_NONMISSING, 2, 2}};

/* Room */

/* Room for one more item of `size` bytes; NULL without memory, and the array stays as it is. */
static void *make_room(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    size_t grown = *capacity ? *capacity * 2 : 8;
    void *made = realloc(array, grown * size);
    if (made)
        *capacity = grown;
    return made;
}

static est_status add_constant(parser *state, double value, est_i_operand *operand)
{
    est_i_expression *e = state->expression;
    size_t index = 0;
    while (index < e->n_constants && memcmp(&e->constants[index], &value, sizeof value) != 0)
        index++;
    if (index == e->n_constants) {
        double *made = make_room(e->constants, e->n_constants, &e->constants_capacity, sizeof *made);
        if (!made)
            return est_i_no_memory(state->words.error);
        e->constants = made;
        e->constants[e->n_constants++] = value;
    }
    *operand = (est_i_operand){EST_I_OPERAND_CONSTANT, index};
    return EST_OK;
}

static est_status add_variable(parser *state, size_t number, est_i_operand *operand)
{
    est_i_expression *e = state->expression;
    size_t index = 0;
    while (index < e->n_variables && e->variables[index] != number)
        index++;
    if (index == e->n_variables) {
        size_t *made = make_room(e->variables, e->n_variables, &e->variables_capacity, sizeof *made);
        if (!made)
            return est_i_no_memory(state->words.error);
        e->variables = made;
        e->variables[e->n_variables++] = number;
    }
    *operand = (est_i_operand){EST_I_OPERAND_VARIABLE, number};
    return EST_OK;
}

static est_status write_instruction(parser *state, const est_i_instruction *instruction)
{
    est_i_expression *e = state->expression;
    est_i_instruction *made = make_room(e->instructions, e->n_instructions, &e->instructions_capacity, sizeof *made);
    if (!made)
        return est_i_no_memory(state->words.error);
    e->instructions = made;
    e->instructions[e->n_instructions++] = *instruction;
    return EST_OK;
}

/* Operand 0 becomes the result. Operands that are slots are the uppermost ones. */
static est_status apply(parser *state, est_i_operation operation, size_t list, est_i_operand operand[3])
{
    est_i_expression *e = state->expression;
    est_i_instruction instruction = {.operation = operation, .list = list};
    size_t n = est_i_operation_operands(operation), n_constants = 0;
    for (size_t k = 0; k < n; k++) {
        instruction.operand[k] = operand[k];
        n_constants += operand[k].kind == EST_I_OPERAND_CONSTANT;
        state->height -= operand[k].kind == EST_I_OPERAND_SLOT;
    }
    if (n_constants == n) {
        const double *value[3] = {NULL, NULL, NULL};
        double result;
        for (size_t k = 0; k < n; k++)
            value[k] = &e->constants[operand[k].index];
        est_i_operation_run(operation, e->n_lists ? &e->lists[list] : NULL, value, &result, 1);
        return add_constant(state, result, &operand[0]);
    }
    instruction.slot = state->height++;
    if (state->height > e->n_slots)
        e->n_slots = state->height;
    operand[0] = (est_i_operand){EST_I_OPERAND_SLOT, instruction.slot};
    return write_instruction(state, &instruction);
}

static est_status apply_pair(parser *state, est_i_operation operation, est_i_operand *left, est_i_operand right)
{
    est_i_operand operand[3] = {*left, right};
    est_status status = apply(state, operation, 0, operand);
    *left = operand[0];
    return status;
}

static est_status apply_single(parser *state, est_i_operation operation, size_t list, est_i_operand *of)
{
    est_i_operand operand[3] = {*of};
    est_status status = apply(state, operation, list, operand);
    *of = operand[0];
    return status;
}

/* Depth */

static est_status go_down(parser *state)
{
    if (state->depth == EST_I_EXPRESSION_DEPTH_MAX)
        return est_i_words_fail(&state->words, state->words.start,
                                "found parentheses, calls, nots or signs nested more than %d deep, expected fewer",
                                EST_I_EXPRESSION_DEPTH_MAX);
    state->depth++;
    return EST_OK;
}

/* Names */

static const char *candidate(const void *user, size_t index)
{
    const est_i_expression_names *names = user;
    return names->name(names->user, index);
}

static est_status fail_name(parser *state)
{
    const est_i_expression_names *names = state->names;
    const char *name = state->words.content.data, *nearest = NULL;
    char shown[64];
    est_i_words_show(&state->words, shown);
    if (names->count && names->name)
        nearest = est_i_nearest_name(name, names->count(names->user), candidate, names);
    if (nearest)
        return est_i_words_fail(&state->words, state->words.start,
                                "found the name %s, expected one that is known here; did you mean %s?", shown, nearest);
    if (strcmp(name, "NA") == 0)
        return est_i_words_fail(&state->words, state->words.start,
                                "found NA, expected a number or a name; a missing value is asked for by missing(x)");
    return est_i_words_fail(&state->words, state->words.start, "found the name %s, expected one that is known here", shown);
}

static est_status parse_name(parser *state, est_i_operand *result)
{
    double constant = NAN;
    est_status status;
    if (state->names) {
        long found = state->names->find(state->names->user, state->words.content.data, &constant);
        if (found >= 0)
            status = add_variable(state, (size_t)found, result);
        else if (found == -2)
            status = add_constant(state, constant, result);
        else
            status = fail_name(state);
    } else {
        uint32_t index = est_i_dictionary_add(state->seen, state->words.content.data, state->words.content.length);
        status = index == EST_I_DICTIONARY_NONE ? est_i_no_memory(state->words.error) : add_variable(state, index, result);
    }
    return status == EST_OK ? est_i_words_next(&state->words) : status;
}

/* Calls */

static est_status parse_or(parser *state, est_i_operand *result);

static const char *function_name(const void *user, size_t index)
{
    (void)user;
    return functions[index].name;
}

static est_status find_function(parser *state, const function **found)
{
    const size_t n = sizeof functions / sizeof functions[0];
    const char *name = state->words.content.data, *nearest;
    char shown[64];
    *found = NULL;
    for (size_t i = 0; i < n && !*found; i++)
        if (strcmp(functions[i].name, name) == 0)
            *found = &functions[i];
    if (*found)
        return EST_OK;
    est_i_words_show(&state->words, shown);
    nearest = est_i_nearest_name(name, n, function_name, NULL);
    if (nearest)
        return est_i_words_fail(&state->words, state->words.start,
                                "found the function %s, expected one that there is; did you mean %s?", shown, nearest);
    return est_i_words_fail(&state->words, state->words.start,
                            "found the function %s, expected missing, is, any, all, count, sum, min, max, floor, if or nonmissing",
                            shown);
}

/* An argument of a function of many: added to what those before it gave. */
static est_status add_argument(parser *state, const function *f, size_t index, est_i_operand argument, est_i_operand *so_far)
{
    bool counts = f->operation == EST_I_ANY_OF || f->operation == EST_I_ALL_OF || f->operation == EST_I_COUNT_OF;
    if (index > 0)
        return apply_pair(state, f->operation, so_far, argument);
    *so_far = argument;
    return counts ? apply_single(state, EST_I_IS, 0, so_far) : EST_OK;
}

static est_status fail_arguments(parser *state, const function *f, size_t count, size_t place)
{
    const char *range = f->most == MANY ? " or more" : "";
    return est_i_words_fail(&state->words, place, "found %zu argument%s of %s, expected %zu%s", count, count == 1 ? "" : "s",
                            f->name, f->least, range);
}

static est_status parse_arguments(parser *state, const function *f, size_t place, est_i_operand *result)
{
    est_i_operand operand[3] = {{0}, {0}, {0}};
    size_t count = 0;
    est_status status = EST_OK;
    bool more = state->words.kind != EST_I_WORD_CLOSE;
    while (status == EST_OK && more) {
        est_i_operand argument = {0};
        status = parse_or(state, &argument);
        if (status == EST_OK && f->most == MANY)
            status = add_argument(state, f, count, argument, &operand[0]);
        else if (count < 3)
            operand[count] = argument;
        count++;
        more = status == EST_OK && state->words.kind == EST_I_WORD_COMMA;
        if (more)
            status = est_i_words_next(&state->words);
    }
    if (status == EST_OK && state->words.kind != EST_I_WORD_CLOSE)
        status = est_i_words_fail_word(&state->words, "an operator, a comma or )");
    if (status == EST_OK && (count < f->least || count > f->most))
        status = fail_arguments(state, f, count, place);
    if (status == EST_OK && f->most != MANY)
        status = apply(state, f->operation, 0, operand);
    *result = operand[0];
    return status == EST_OK ? est_i_words_next(&state->words) : status;
}

static est_status parse_call(parser *state, est_i_operand *result)
{
    const function *f;
    size_t place = state->words.start;
    est_status status = find_function(state, &f);
    if (status == EST_OK)
        status = go_down(state);
    if (status != EST_OK)
        return status;
    status = est_i_words_next(&state->words);
    if (status == EST_OK)
        status = est_i_words_next(&state->words);
    if (status == EST_OK)
        status = parse_arguments(state, f, place, result);
    state->depth--;
    return status;
}

/* Arithmetic */

static est_status parse_parentheses(parser *state, est_i_operand *result)
{
    est_status status = go_down(state);
    if (status != EST_OK)
        return status;
    status = est_i_words_next(&state->words);
    if (status == EST_OK)
        status = parse_or(state, result);
    if (status == EST_OK)
        status = est_i_words_take(&state->words, EST_I_WORD_CLOSE, "an operator or )");
    state->depth--;
    return status;
}

static est_status parse_primary(parser *state, est_i_operand *result)
{
    est_status status;
    if (state->words.kind == EST_I_WORD_OPEN) {
        status = parse_parentheses(state, result);
    } else if (est_i_words_call(&state->words)) {
        status = parse_call(state, result);
    } else if (state->words.kind == EST_I_WORD_NAME) {
        status = parse_name(state, result);
    } else if (state->words.kind == EST_I_WORD_NUMBER) {
        status = add_constant(state, state->words.number, result);
        if (status == EST_OK)
            status = est_i_words_next(&state->words);
    } else if (state->words.kind == EST_I_WORD_NOT) {
        status = est_i_words_fail_word(&state->words, "a name, a number, a function or (; a `not` stands in parentheses here");
    } else {
        status = est_i_words_fail_word(&state->words, "a name, a number, a function or (");
    }
    return status;
}

static est_status parse_signed(parser *state, est_i_operand *result)
{
    bool minus = state->words.kind == EST_I_WORD_MINUS;
    if (!minus && state->words.kind != EST_I_WORD_PLUS)
        return parse_primary(state, result);
    est_status status = go_down(state);
    if (status != EST_OK)
        return status;
    status = est_i_words_next(&state->words);
    if (status == EST_OK)
        status = parse_signed(state, result);
    if (status == EST_OK && minus)
        status = apply_single(state, EST_I_NEGATE, 0, result);
    state->depth--;
    return status;
}

static est_status parse_product(parser *state, est_i_operand *result)
{
    est_status status = parse_signed(state, result);
    while (status == EST_OK && (state->words.kind == EST_I_WORD_TIMES || state->words.kind == EST_I_WORD_DIVIDE)) {
        est_i_operation operation = state->words.kind == EST_I_WORD_TIMES ? EST_I_MULTIPLY : EST_I_DIVIDE;
        est_i_operand right = {0};
        status = est_i_words_next(&state->words);
        if (status == EST_OK)
            status = parse_signed(state, &right);
        if (status == EST_OK)
            status = apply_pair(state, operation, result, right);
    }
    return status;
}

static est_status parse_sum(parser *state, est_i_operand *result)
{
    est_status status = parse_product(state, result);
    while (status == EST_OK && (state->words.kind == EST_I_WORD_PLUS || state->words.kind == EST_I_WORD_MINUS)) {
        est_i_operation operation = state->words.kind == EST_I_WORD_PLUS ? EST_I_ADD : EST_I_SUBTRACT;
        est_i_operand right = {0};
        status = est_i_words_next(&state->words);
        if (status == EST_OK)
            status = parse_product(state, &right);
        if (status == EST_OK)
            status = apply_pair(state, operation, result, right);
    }
    return status;
}

/* Lists */

static est_status add_interval(parser *state, est_i_intervals *list, double lower, double upper)
{
    size_t capacity = list->capacity, same = list->capacity;
    double *made = make_room(list->lower, list->count, &capacity, sizeof *made);
    if (made)
        list->lower = made;
    double *uppers = made ? make_room(list->upper, list->count, &same, sizeof *uppers) : NULL;
    if (!uppers)
        return est_i_no_memory(state->words.error);
    list->upper = uppers;
    list->capacity = capacity;
    list->lower[list->count] = lower;
    list->upper[list->count++] = upper;
    return EST_OK;
}

/* Insertion from the end: lists are short and mostly ascending. Intervals that overlap become one. */
static void order_intervals(est_i_intervals *list)
{
    size_t kept = 0;
    for (size_t i = 1; i < list->count; i++) {
        double lower = list->lower[i], upper = list->upper[i];
        size_t at = i;
        for (; at > 0 && list->lower[at - 1] > lower; at--) {
            list->lower[at] = list->lower[at - 1];
            list->upper[at] = list->upper[at - 1];
        }
        list->lower[at] = lower;
        list->upper[at] = upper;
    }
    for (size_t i = 1; i < list->count; i++) {
        if (list->lower[i] > list->upper[kept]) {
            list->lower[++kept] = list->lower[i];
            list->upper[kept] = list->upper[i];
        } else if (list->upper[i] > list->upper[kept]) {
            list->upper[kept] = list->upper[i];
        }
    }
    list->count = kept + 1;
}

/* A number of a list. Where names are not known, every one may be a constant. */
static est_status parse_item(parser *state, double *value)
{
    est_i_operand operand = {0};
    size_t place = state->words.start, slots = state->height;
    est_status status = parse_sum(state, &operand);
    *value = 0;
    if (status != EST_OK)
        return status;
    if (operand.kind == EST_I_OPERAND_CONSTANT)
        *value = state->expression->constants[operand.index];
    else if (state->names)
        status = est_i_words_fail(&state->words, place,
                                  "found what differs from row to row, expected a number or a constant in the list");
    if (status == EST_OK && isnan(*value))
        status = est_i_words_fail(&state->words, place, "found a missing value, expected a number in the list");
    state->height = slots;
    return status;
}

static est_status parse_interval(parser *state, est_i_intervals *list)
{
    double lower, upper;
    size_t place = state->words.start;
    est_status status = parse_item(state, &lower);
    upper = lower;
    if (status == EST_OK && state->words.kind == EST_I_WORD_TO) {
        status = est_i_words_next(&state->words);
        if (status == EST_OK)
            status = parse_item(state, &upper);
        if (status == EST_OK && lower > upper && state->names)
            status = est_i_words_fail(&state->words, place,
                                      "found an interval that begins above its end, expected the smaller number first");
    }
    return status == EST_OK ? add_interval(state, list, lower, upper) : status;
}

/* `in` has been read. */
static est_status parse_list(parser *state, bool negated, est_i_operand *result)
{
    est_i_expression *e = state->expression;
    est_i_intervals *made = make_room(e->lists, e->n_lists, &e->lists_capacity, sizeof *made);
    if (!made)
        return est_i_no_memory(state->words.error);
    e->lists = made;
    size_t index = e->n_lists++;
    e->lists[index] = (est_i_intervals){.lower = NULL};
    est_status status = est_i_words_take(&state->words, EST_I_WORD_OPEN, "( and a list such as (1, 3, 5..11)");
    bool more = true;
    while (status == EST_OK && more) {
        est_i_intervals list = e->lists[index]; /* a list within the list would move the array */
        status = parse_interval(state, &list);
        e->lists[index] = list;
        more = status == EST_OK && state->words.kind == EST_I_WORD_COMMA;
        if (more)
            status = est_i_words_next(&state->words);
    }
    if (status == EST_OK)
        status = est_i_words_take(&state->words, EST_I_WORD_CLOSE, "a comma, .. or ) in the list");
    if (status != EST_OK)
        return status;
    order_intervals(&e->lists[index]);
    return apply_single(state, negated ? EST_I_NOT_IN : EST_I_IN, index, result);
}

/* Truth */

static est_status parse_comparison(parser *state, est_i_operand *result)
{
    est_i_words *words = &state->words;
    est_status status = parse_sum(state, result);
    bool negated = words->kind == EST_I_WORD_NOT;
    if (status == EST_OK && words->kind == EST_I_WORD_COMPARISON) {
        est_i_operation operation = (est_i_operation)(EST_I_COMPARE_LESS + (int)words->order);
        est_i_operand right = {0};
        status = est_i_words_next(words);
        if (status == EST_OK)
            status = parse_sum(state, &right);
        if (status == EST_OK)
            status = apply_pair(state, operation, result, right);
    } else if (status == EST_OK && (negated || words->kind == EST_I_WORD_IN)) {
        status = negated ? est_i_words_next(words) : EST_OK;
        if (status == EST_OK)
            status = est_i_words_take(words, EST_I_WORD_IN, "`in` after `not`");
        if (status == EST_OK)
            status = parse_list(state, negated, result);
    }
    if (status == EST_OK && (words->kind == EST_I_WORD_COMPARISON || words->kind == EST_I_WORD_IN))
        status = est_i_words_fail_word(words, "`and`, `or` or the end; write 5 <= x <= 17 as x in (5..17) or x >= 5 and x <= 17");
    return status;
}

static est_status parse_not(parser *state, est_i_operand *result)
{
    if (state->words.kind != EST_I_WORD_NOT)
        return parse_comparison(state, result);
    est_status status = go_down(state);
    if (status != EST_OK)
        return status;
    status = est_i_words_next(&state->words);
    if (status == EST_OK)
        status = parse_not(state, result);
    if (status == EST_OK)
        status = apply_single(state, EST_I_NOT, 0, result);
    state->depth--;
    return status;
}

static est_status parse_and(parser *state, est_i_operand *result)
{
    est_status status = parse_not(state, result);
    while (status == EST_OK && state->words.kind == EST_I_WORD_AND) {
        est_i_operand right = {0};
        status = est_i_words_next(&state->words);
        if (status == EST_OK)
            status = parse_not(state, &right);
        if (status == EST_OK)
            status = apply_pair(state, EST_I_AND, result, right);
    }
    return status;
}

static est_status parse_or(parser *state, est_i_operand *result)
{
    est_status status = parse_and(state, result);
    while (status == EST_OK && state->words.kind == EST_I_WORD_OR) {
        est_i_operand right = {0};
        status = est_i_words_next(&state->words);
        if (status == EST_OK)
            status = parse_and(state, &right);
        if (status == EST_OK)
            status = apply_pair(state, EST_I_OR, result, right);
    }
    return status;
}

/* The whole */

/* Constants that went into others are dropped. */
static void drop_unused_constants(est_i_expression *e)
{
    size_t kept = 0;
    for (size_t c = 0; c < e->n_constants; c++) {
        bool used = e->root.kind == EST_I_OPERAND_CONSTANT && e->root.index == c;
        if (used)
            e->root.index = kept;
        for (size_t i = 0; i < e->n_instructions; i++) {
            est_i_instruction *now = &e->instructions[i];
            for (size_t k = 0; k < est_i_operation_operands(now->operation); k++) {
                if (now->operand[k].kind != EST_I_OPERAND_CONSTANT || now->operand[k].index != c)
                    continue;
                now->operand[k].index = kept;
                used = true;
            }
        }
        e->constants[kept] = e->constants[c];
        kept += used;
    }
    e->n_constants = kept;
}

static est_status check_text(const char *text, const char *what, est_error *error)
{
    est_status status = EST_OK;
    if (strlen(text) > EST_I_EXPRESSION_LENGTH_MAX)
        status = est_i_fail(error, EST_EDEFINITION, "%s: found an expression of more than %d bytes, expected a shorter one", what,
                            EST_I_EXPRESSION_LENGTH_MAX);
    else if (!est_i_utf8_valid(text))
        status = est_i_fail(error, EST_EDEFINITION, "%s: found an expression that is no UTF-8, expected UTF-8 text", what);
    return status;
}

static est_status parse_whole(parser *state)
{
    est_status status = est_i_words_next(&state->words);
    if (status == EST_OK && state->words.kind == EST_I_WORD_END)
        return est_i_fail(state->words.error, EST_EDEFINITION,
                          "%s: found an empty expression, expected one such as age in (5..17) and hours >= 1", state->words.what);
    if (status == EST_OK)
        status = parse_or(state, &state->expression->root);
    if (status == EST_OK && state->words.kind != EST_I_WORD_END)
        status = est_i_words_fail_word(&state->words, "an operator or the end");
    return status;
}

static est_status parse(const char *text, const char *what, const est_i_expression_names *names, est_i_dictionary *seen,
                        est_i_expression **expression, est_error *error)
{
    parser state = {.words = {.text = text, .what = what, .fault = EST_EDEFINITION, .arithmetic = true, .error = error},
                    .names = names,
                    .seen = seen};
    est_status status = check_text(text, what, error);
    *expression = NULL;
    if (status != EST_OK)
        return status;
    state.expression = calloc(1, sizeof *state.expression);
    status = state.expression ? parse_whole(&state) : est_i_no_memory(error);
    est_i_text_free(&state.words.content);
    if (status == EST_OK) {
        drop_unused_constants(state.expression);
        *expression = state.expression;
    } else {
        est_i_expression_free(state.expression);
    }
    return status;
}

est_status est_i_expression_parse(const char *text, const char *what, const est_i_expression_names *names,
                                  est_i_expression **expression, est_error *error)
{
    est_error_clear(error);
    return parse(text, what, names, NULL, expression, error);
}

est_status est_i_expression_each_name(const char *text, const char *what, bool (*each)(void *user, const char *name), void *user,
                                      est_error *error)
{
    est_i_dictionary seen = {0};
    est_i_expression *expression = NULL;
    est_error_clear(error);
    est_status status = parse(text, what, NULL, &seen, &expression, error);
    bool more = status == EST_OK;
    for (uint32_t i = 0; more && i < seen.count; i++)
        more = each(user, est_i_dictionary_text(&seen, i));
    est_i_expression_free(expression);
    est_i_dictionary_free(&seen);
    return status;
}
