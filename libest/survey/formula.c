/* The reader of formulas: terms are sets of variables, kept in the order of their size. */
#include "survey/formula.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/scan.h"

#define FACTORS_MAX 6
#define TERMS_MAX 200
#define SHOWN_MAX 240 /* bytes of a formula that a message repeats */

typedef struct formula_reader {
    const char *text, *at;
    const est_source *source;
    est_i_formula *formula;
    est_error *error;
    est_i_text word; /* the name or value read last */
} formula_reader;

/* Continuation bytes of UTF-8 take no place of their own above the caret. */
static est_status fail_here(formula_reader *reader, const char *place, const char *what)
{
    est_i_text shown = {0};
    est_status status;
    if (strlen(reader->text) <= SHOWN_MAX) {
        est_i_text_printf(&shown, "%s\n  %s\n  ", what, reader->text);
        for (const char *c = reader->text; c < place; c++)
            if (((unsigned char)*c & 0xC0u) != 0x80u)
                est_i_text_append(&shown, *c == '\t' ? "\t" : " ");
        est_i_text_append(&shown, "^");
    } else {
        est_i_text_printf(&shown, "%s (byte %zu of the formula)", what, (size_t)(place - reader->text) + 1);
    }
    status = shown.failed ? est_i_no_memory(reader->error) : est_i_fail(reader->error, EST_EOPTION, "formula: %s", shown.data);
    est_i_text_free(&shown);
    return status;
}

static void skip_blanks(formula_reader *reader)
{
    reader->at += strspn(reader->at, " \t\r\n");
}

static bool take_sign(formula_reader *reader, const char *sign)
{
    size_t length = strlen(sign);
    skip_blanks(reader);
    bool found = strncmp(reader->at, sign, length) == 0;
    if (found)
        reader->at += length;
    return found;
}

static bool begins_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || ((unsigned char)c & 0x80u);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The text between two marks, the mark within it twice. */
static est_status take_quoted(formula_reader *reader, const char *unclosed)
{
    const char *open = reader->at;
    char mark = *reader->at++;
    reader->word.length = 0;
    while (*reader->at && (*reader->at != mark || reader->at[1] == mark)) {
        if (*reader->at == mark)
            reader->at++;
        est_i_text_append_bytes(&reader->word, reader->at++, 1);
    }
    if (!*reader->at)
        return fail_here(reader, open, unclosed);
    reader->at++;
    return reader->word.length ? EST_OK : fail_here(reader, open, "nothing stands between these quotes");
}

static void take_plain(formula_reader *reader)
{
    const char *from = reader->at;
    while (begins_word(*reader->at) || is_digit(*reader->at))
        reader->at++;
    reader->word.length = 0;
    est_i_text_append_bytes(&reader->word, from, (size_t)(reader->at - from));
}

/* A column's name into `word`. */
static est_status take_name(formula_reader *reader, const char *expected)
{
    skip_blanks(reader);
    est_status status = EST_OK;
    if (*reader->at == '`')
        status = take_quoted(reader, "this backquote is not closed");
    else if (begins_word(*reader->at))
        take_plain(reader);
    else
        status = fail_here(reader, reader->at, expected);
    return status == EST_OK && reader->word.failed ? est_i_no_memory(reader->error) : status;
}

static est_status take_value(formula_reader *reader)
{
    skip_blanks(reader);
    const char *from = reader->at;
    if (*from == '\'' || *from == '"')
        return take_quoted(reader, "this quote is not closed");
    if (*from == '-')
        reader->at++;
    if (begins_word(*reader->at) || is_digit(*reader->at)) {
        take_plain(reader);
        reader->word.length = 0;
        est_i_text_append_bytes(&reader->word, from, (size_t)(reader->at - from));
        return EST_OK;
    }
    return fail_here(reader, reader->at, "expected a value after '=='");
}

static bool same_variable(const est_i_variable *a, const est_i_variable *b)
{
    return a->kind == b->kind && strcmp(a->column, b->column) == 0 && (!a->level || strcmp(a->level, b->level) == 0);
}

/* The variable's number in the sample; it is added if it is new. Takes column and level over. */
static est_status add_variable(formula_reader *reader, char *column, est_i_variable_kind kind, char *level, size_t *number)
{
    est_i_formula *formula = reader->formula;
    est_i_variable variable = {column, kind, level}, *grown;
    est_status status = EST_OK;
    size_t i = 0, source_column;
    if (!column || (kind == EST_I_VARIABLE_INDICATOR && !level)) {
        status = est_i_no_memory(reader->error);
        goto cleanup;
    }
    if ((status = est_i_source_require(reader->source, column, "the formula", &source_column, reader->error)) != EST_OK)
        goto cleanup;
    while (i < formula->n_variables && !same_variable(&formula->variables[i], &variable))
        i++;
    *number = formula->first + i;
    if (i == formula->n_variables) {
        if (!(grown = realloc(formula->variables, (i + 1) * sizeof *grown))) {
            status = est_i_no_memory(reader->error);
            goto cleanup;
        }
        formula->variables = grown;
        formula->variables[formula->n_variables++] = variable;
        column = level = NULL;
    }
cleanup:
    free(column);
    free(level);
    return status;
}

static char *copy_word(formula_reader *reader)
{
    return reader->word.failed ? NULL : est_i_string_copy(reader->word.data ? reader->word.data : "");
}

static est_status take_response(formula_reader *reader)
{
    char *column = NULL, *level = NULL;
    est_i_variable_kind kind = EST_I_VARIABLE_NUMBER;
    est_status status = take_name(reader, "expected the response, a column's name, before '~'");
    if (status == EST_OK) {
        column = copy_word(reader);
        if (take_sign(reader, "==") || take_sign(reader, "=")) {
            kind = EST_I_VARIABLE_INDICATOR;
            status = take_value(reader);
            level = status == EST_OK ? copy_word(reader) : NULL;
        }
    }
    if (status == EST_OK)
        return add_variable(reader, column, kind, level, &reader->formula->response);
    free(column);
    return status;
}

/* One factor of a term: a column, or factor(column). */
static est_status take_factor(formula_reader *reader, size_t *number)
{
    static const char expected[] = "expected a column's name or factor(...)";
    est_i_variable_kind kind = EST_I_VARIABLE_NUMBER;
    skip_blanks(reader);
    const char *from = reader->at;
    if (*from == '(')
        return fail_here(reader, from, "parentheses only stand after 'factor'; write a*b or a + b + a:b");
    est_status status = take_name(reader, expected);
    skip_blanks(reader);
    if (status == EST_OK && *from != '`' && *reader->at == '(') {
        const char *open = reader->at;
        if (strcmp(reader->word.data, "factor") != 0)
            return fail_here(reader, from, "the only function here is factor(...); other columns must be made beforehand");
        reader->at++;
        kind = EST_I_VARIABLE_LEVELS;
        status = take_name(reader, "expected a column's name");
        if (status == EST_OK && !take_sign(reader, ")"))
            status = fail_here(reader, open, "this parenthesis is not closed after the column's name");
    }
    if (status == EST_OK)
        status = add_variable(reader, copy_word(reader), kind, NULL, number);
    if (status == EST_OK && *number == reader->formula->response)
        status = fail_here(reader, from, "the response cannot be a term as well");
    return status;
}

/* The term of the factors whose bit is set; a term that is there already, or a factor that repeats, is left out. */
static est_status add_term(formula_reader *reader, const size_t *factor, size_t n, unsigned chosen)
{
    est_i_formula *formula = reader->formula;
    size_t set[FACTORS_MAX], size = 0;
    for (size_t i = 0; i < n; i++) {
        bool there = !(chosen >> i & 1);
        for (size_t j = 0; j < size && !there; j++)
            there = set[j] == factor[i];
        if (!there)
            set[size++] = factor[i];
    }
    for (size_t t = 0; t < formula->n_terms; t++) {
        size_t shared = 0;
        for (size_t i = 0; i < size && formula->terms[t].n_factors == size; i++)
            for (size_t j = 0; j < size; j++)
                shared += formula->terms[t].variable[i] == set[j];
        if (shared == size)
            return EST_OK;
    }
    if (formula->n_terms == TERMS_MAX)
        return fail_here(reader, reader->at, "a formula holds at most 200 terms");
    est_i_term *grown = realloc(formula->terms, (formula->n_terms + 1) * sizeof *grown);
    size_t *variable = malloc(size * sizeof *variable);
    if (grown)
        formula->terms = grown;
    if (!grown || !variable) {
        free(variable);
        return est_i_no_memory(reader->error);
    }
    memcpy(variable, set, size * sizeof *variable);
    formula->terms[formula->n_terms++] = (est_i_term){size, variable};
    return EST_OK;
}

/* One summand: factors joined by ":" and "*". Each part between stars is a product; every choice of parts is a term. */
static est_status take_summand(formula_reader *reader)
{
    size_t factor[FACTORS_MAX], n = 0;
    unsigned part[FACTORS_MAX], n_parts = 0;
    est_status status;
    do {
        bool product = n > 0 && reader->at[-1] == ':';
        if (n == FACTORS_MAX)
            return fail_here(reader, reader->at, "a product has at most 6 factors");
        if ((status = take_factor(reader, &factor[n])) != EST_OK)
            return status;
        if (!product)
            part[n_parts++] = 0;
        part[n_parts - 1] |= 1u << n++;
    } while (take_sign(reader, ":") || take_sign(reader, "*"));
    for (unsigned choice = 1; choice < 1u << n_parts && status == EST_OK; choice++) {
        unsigned chosen = 0;
        for (unsigned i = 0; i < n_parts; i++)
            if (choice >> i & 1)
                chosen |= part[i];
        status = add_term(reader, factor, n, chosen);
    }
    return status;
}

/* A whole number that stands alone: 1 or 0, with the sign before it. */
static est_status take_constant(formula_reader *reader, bool minus)
{
    const char *from = reader->at;
    bool plain = !is_digit(from[1]) && !begins_word(from[1]);
    if (!plain || (*from != '0' && *from != '1') || (minus && *from == '0'))
        return fail_here(reader, from, "the only numbers here are 1 (with an intercept) and - 1 or + 0 (without)");
    reader->formula->no_intercept = minus || *from == '0';
    reader->at++;
    skip_blanks(reader);
    return EST_OK;
}

static est_status take_sum(formula_reader *reader)
{
    est_status status = EST_OK;
    bool minus = take_sign(reader, "-"), more = true;
    while (status == EST_OK && more) {
        skip_blanks(reader);
        if (is_digit(*reader->at))
            status = take_constant(reader, minus);
        else if (minus)
            status = fail_here(reader, reader->at, "only the intercept can be taken away: - 1");
        else
            status = take_summand(reader);
        if (status == EST_OK) {
            minus = take_sign(reader, "-");
            more = minus || take_sign(reader, "+");
        }
    }
    if (status == EST_OK && *reader->at)
        status = fail_here(reader, reader->at, "expected '+', ':', '*', '- 1' or the end");
    return status;
}

/* Main effects first; insertion keeps the order written among terms of one size. */
static void order_terms(est_i_formula *formula)
{
    for (size_t i = 1; i < formula->n_terms; i++) {
        est_i_term term = formula->terms[i];
        size_t j = i;
        for (; j > 0 && formula->terms[j - 1].n_factors > term.n_factors; j--)
            formula->terms[j] = formula->terms[j - 1];
        formula->terms[j] = term;
    }
}

est_status est_i_formula_parse(const char *text, const est_source *source, size_t first, est_i_formula **formula, est_error *error)
{
    formula_reader reader = {.text = text, .at = text, .source = source, .error = error};
    est_status status;
    *formula = NULL;
    if (!(reader.formula = calloc(1, sizeof *reader.formula)))
        return est_i_no_memory(error);
    reader.formula->first = first;
    if ((status = take_response(&reader)) != EST_OK)
        goto cleanup;
    if (!take_sign(&reader, "~")) {
        status = fail_here(&reader, reader.at, "expected '~' after the response");
        goto cleanup;
    }
    if ((status = take_sum(&reader)) != EST_OK)
        goto cleanup;
    if (reader.formula->n_terms == 0 && reader.formula->no_intercept) {
        status = fail_here(&reader, reader.at, "nothing is left: no intercept and no term");
        goto cleanup;
    }
    order_terms(reader.formula);
    *formula = reader.formula;
    reader.formula = NULL;
cleanup:
    est_i_text_free(&reader.word);
    est_i_formula_free(reader.formula);
    return status;
}

void est_i_formula_free(est_i_formula *formula)
{
    if (!formula)
        return;
    for (size_t i = 0; i < formula->n_variables; i++) {
        free((char *)formula->variables[i].column);
        free((char *)formula->variables[i].level);
    }
    for (size_t i = 0; i < formula->n_terms; i++)
        free((size_t *)formula->terms[i].variable);
    free(formula->variables);
    free(formula->terms);
    free(formula);
}
