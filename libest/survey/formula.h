/* Formulas of a regression: "y ~ age + factor(region) + age:factor(region) - 1". */
#ifndef EST_I_SURVEY_FORMULA_H
#define EST_I_SURVEY_FORMULA_H

#include "survey/regression.h"

/* A column stands for its number, factor(column) for its levels; a:b is a product, a*b the same as a + b + a:b, - 1 leaves out
 * the intercept. The response is a column of numbers, or `column == value`: 1 where the column holds the value, 0 where it holds
 * another. A name that is no plain word stands in backquotes, a value in quotes if it is no plain word or number. */
typedef struct est_i_formula {
    size_t first; /* the number that the sample gives to variables[0]; the response and the terms count from there */
    size_t n_variables;
    est_i_variable *variables; /* texts are the formula's */
    size_t response;
    size_t n_terms;
    est_i_term *terms; /* main effects first, then products of two, ..., each in the order written; none twice */
    bool no_intercept;
} est_i_formula;

/* EST_EOPTION with the place in the text (a caret line) for bad syntax, EST_ECOLUMN for a column that the source does not have. */
est_status est_i_formula_parse(const char *text, const est_source *source, size_t first, est_i_formula **formula, est_error *error);
void est_i_formula_free(est_i_formula *formula);

#endif
