/* Expressions over columns of numbers, the language of rules: "works == 1 and (age in (5..11) and hours >= 1 or hours >= 14)".
 *
 * Numbers, names, + - * / and a sign; == != < <= > >= (also = and <>), x in (1, 3, 5..11), not in; and or not (also && || !);
 * parentheses; functions missing(x), is(x), any(x, ...), all(x, ...), count(x, ...), sum(x, ...), min(x, ...), max(x, ...),
 * floor(x), if(condition, a, b), nonmissing(x, b). Precedence as in conditions (data/condition.h); 5..11 is the closed interval. A
 * name that is no plain word (letters, digits, _ and .) or is a word of the language stands in backquotes.
 *
 * Values are doubles, NaN = missing. Truth is 1, 0 or missing, anything but 0 counts as true. Comparisons and arithmetic with a
 * missing value are missing; and, or, not are Kleene's. is(x) is 1 if x is true, 0 if it is false or missing. any and count see
 * only what is true, all is 1 if every argument is true, else 0; sum, min and max pass missing values over and are missing if every
 * argument is; nonmissing(x, b) is x, or b where x is missing; if with a missing condition is missing; x / 0 is missing, and so is
 * what is too large for a double. What stands in a list is a number or constant, or arithmetic with them: x in (low..high - 1). */
#ifndef EST_I_DATA_EXPRESSION_H
#define EST_I_DATA_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

/* Parentheses, calls, nots and signs within each other; bytes of an expression. */
#define EST_I_EXPRESSION_DEPTH_MAX 200
#define EST_I_EXPRESSION_LENGTH_MAX 65536

typedef struct est_i_expression est_i_expression;

/* What names stand for. find: the number of a variable (0 or more); -1: there is no such name; -2: a constant, put into *constant.
 * Candidates for "did you mean": count and name, NULL allowed. */
typedef struct est_i_expression_names {
    long (*find)(const void *user, const char *name, double *constant);
    size_t (*count)(const void *user);
    const char *(*name)(const void *user, size_t index);
    const void *user;
} est_i_expression_names;

/* EST_EDEFINITION with the place in the text (a caret line) for bad syntax or an unknown name; `what` begins the message: "codebook
 * kcls.ini, [role age], value". */
est_status est_i_expression_parse(const char *text, const char *what, const est_i_expression_names *names,
                                  est_i_expression **expression, est_error *error);
void est_i_expression_free(est_i_expression *expression);

/* The variables that it needs, each once, by number of first use. */
size_t est_i_expression_variables(const est_i_expression *expression);
size_t est_i_expression_variable(const est_i_expression *expression, size_t index);

/* Whether it is a variable alone. */
bool est_i_expression_is_variable(const est_i_expression *expression);

/* Calls `each` for every different name in the text, in the order of first use, whether it is known or not; stops when it returns
 * false. EST_EDEFINITION for bad syntax. */
est_status est_i_expression_each_name(const char *text, const char *what, bool (*each)(void *user, const char *name), void *user,
                                      est_error *error);

/* Doubles of scratch that n_rows rows need. */
size_t est_i_expression_scratch(const est_i_expression *expression, size_t n_rows);
/* result[row]; variable[k] is the array of variable number k, NULL if the expression does not need it. Any thread. */
void est_i_expression_evaluate(const est_i_expression *expression, size_t n_rows, const double *const *variable, double *scratch,
                               double *result);

#endif
