/* The words of conditions (condition_parse.c) and expressions (expression_parse.c), and faults that show their place with a caret.
 */
#ifndef EST_I_DATA_WORDS_H
#define EST_I_DATA_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

#include "core/text.h"

typedef enum est_i_comparison {
    EST_I_LESS,
    EST_I_LESS_EQUAL,
    EST_I_EQUAL,
    EST_I_NOT_EQUAL,
    EST_I_GREATER_EQUAL,
    EST_I_GREATER
} est_i_comparison;

typedef enum est_i_word_kind {
    EST_I_WORD_END,
    EST_I_WORD_NAME,
    EST_I_WORD_NUMBER,
    EST_I_WORD_TEXT,
    EST_I_WORD_COMPARISON,
    EST_I_WORD_OPEN,
    EST_I_WORD_CLOSE,
    EST_I_WORD_COMMA,
    EST_I_WORD_AND,
    EST_I_WORD_OR,
    EST_I_WORD_NOT,
    EST_I_WORD_IN,
    EST_I_WORD_PLUS, /* with arithmetic, as the ones below */
    EST_I_WORD_MINUS,
    EST_I_WORD_TIMES,
    EST_I_WORD_DIVIDE,
    EST_I_WORD_TO /* .. */
} est_i_word_kind;

typedef struct est_i_words {
    const char *text;
    const char *what; /* begins every message: "condition" */
    est_status fault; /* the status of every fault */
    bool arithmetic;  /* + - * / and .. are words, and there are no texts; otherwise a sign belongs to its number */
    est_error *error;

    /* The word that comes next. */
    est_i_word_kind kind;
    size_t start, end;      /* its bytes in the text */
    est_i_comparison order; /* of a comparison */
    double number;          /* of a number */
    bool quoted;            /* a name in backquotes */
    est_i_text content;     /* of a name or text, without its quotes; to be freed */
} est_i_words;

/* Goes on to the next word; the first call finds the first. */
est_status est_i_words_next(est_i_words *words);
/* Goes on if the word is of that kind; otherwise the fault "found ..., expected ...". */
est_status est_i_words_take(est_i_words *words, est_i_word_kind kind, const char *expected);
/* Whether the word is a name with a parenthesis after it. */
bool est_i_words_call(const est_i_words *words);

/* A fault at byte `place` of the text. */
est_status est_i_words_fail(est_i_words *words, size_t place, const char *format, ...) EST_PRINTF(3, 4);
/* "found ..., expected ..." at the word. */
est_status est_i_words_fail_word(est_i_words *words, const char *expected);
/* The word as in messages. */
const char *est_i_words_show(const est_i_words *words, char shown[64]);

#endif
