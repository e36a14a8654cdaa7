/* Formulas: terms, their order, the response, and the place of each fault. */
#include "survey_model_support.h"

static est_source *source;

static int open_source(void **state)
{
    static const char csv[] = "y,a,b,c,sch.wide,big name,gr\xc3\xb6\xc3\x9f" "e\n1,2,3,4,5,6,7\n";
    est_table *table = NULL;
    est_error error;
    if (est_table_parse_csv("t", csv, strlen(csv), NULL, &table, &error) != EST_OK ||
        est_source_of_table(table, &source, &error) != EST_OK)
        return -1;
    *state = table;
    return 0;
}

static int close_source(void **state)
{
    est_source_free(source);
    est_table_free(*state);
    return 0;
}

/* "y[==v] | term; term" with factors as "column" or "f(column)", "-1" at the end without an intercept. */
static void require_parse(const char *text, const char *expected)
{
    est_i_formula *formula = NULL;
    est_error error;
    char found[600];
    size_t n = 0;
    REQUIRE_OK(est_i_formula_parse(text, source, 3, &formula, &error), error);
    const est_i_variable *variables = formula->variables, *y = &variables[formula->response - 3];
    n += (size_t)snprintf(found + n, sizeof found - n, "%s%s%s |", y->column, y->kind == EST_I_VARIABLE_INDICATOR ? "==" : "",
                          y->level ? y->level : "");
    for (size_t t = 0; t < formula->n_terms; t++)
        for (size_t f = 0; f < formula->terms[t].n_factors; f++) {
            const est_i_variable *v = &variables[formula->terms[t].variable[f] - 3];
            assert_true(formula->terms[t].variable[f] >= 3 && formula->terms[t].variable[f] < 3 + formula->n_variables);
            n += (size_t)snprintf(found + n, sizeof found - n, v->kind == EST_I_VARIABLE_LEVELS ? "%sf(%s)" : "%s%s",
                                  f ? ":" : t ? "; " : " ", v->column);
        }
    snprintf(found + n, sizeof found - n, "%s", formula->no_intercept ? " -1" : "");
    assert_string_equal(found, expected);
    est_i_formula_free(formula);
}

static void terms(void **state)
{
    (void)state;
    require_parse("y ~ a", "y | a");
    require_parse("y~1", "y |");
    require_parse(" y ~ a + factor(b) + a:factor(b)", "y | a; f(b); a:f(b)");
    require_parse("y ~ a*b", "y | a; b; a:b");
    require_parse("y ~ a:b + a", "y | a; a:b");
    require_parse("y ~ a*b*c", "y | a; b; c; a:b; a:c; b:c; a:b:c");
    require_parse("y ~ a*b:c", "y | a; b:c; a:b:c");
    require_parse("y ~ a + a + b:a + a:b", "y | a; b:a");
    require_parse("y ~ a:a", "y | a");
    require_parse("y ~ a + factor(a)", "y | a; f(a)");
    require_parse("y ~ a - 1", "y | a -1");
    require_parse("y ~ 0 + factor(a)", "y | f(a) -1");
    require_parse("y ~ -1 + a", "y | a -1");
    require_parse("y ~ a -1 + 1", "y | a");
    require_parse("y ~ sch.wide + `big name` + gr\xc3\xb6\xc3\x9f" "e", "y | sch.wide; big name; gr\xc3\xb6\xc3\x9f" "e");
    require_parse("y ~ factor( `big name` )", "y | f(big name)");
}

static void responses(void **state)
{
    (void)state;
    require_parse("y == 1 ~ a", "y==1 | a");
    require_parse("sch.wide == Yes ~ a", "sch.wide==Yes | a");
    require_parse("sch.wide = 'not known' ~ a", "sch.wide==not known | a");
    require_parse("y == -9 ~ a", "y==-9 | a");
    require_parse("y == \"it''s \"\"x\"\"\" ~ a", "y==it''s \"x\" | a");
    require_parse("`big name` == 2.5 ~ a + y", "big name==2.5 | a; y");
    require_parse("y == 1 ~ factor(y)", "y==1 | f(y)");
}

/* `caret`: the column of the caret, from 0; -1: no place. */
static void require_fault(const char *text, est_status status, const char *what, int caret)
{
    est_i_formula *formula = NULL;
    est_error error;
    assert_int_equal(est_i_formula_parse(text, source, 0, &formula, &error), status);
    assert_null(formula);
    if (!strstr(error.message, what))
        fail_msg("'%s' is not in '%s'", what, error.message);
    if (caret >= 0) {
        const char *line = strrchr(error.message, '\n');
        assert_non_null(line);
        assert_int_equal(strlen(line + 1), caret + 3); /* two blanks before, the caret itself */
        assert_int_equal(line[strlen(line) - 1], '^');
    }
}

static void faults(void **state)
{
    (void)state;
    require_fault("", EST_EOPTION, "expected the response", 0);
    require_fault("y", EST_EOPTION, "expected '~'", 1);
    require_fault("y ~", EST_EOPTION, "expected a column's name", 3);
    require_fault("y ~ a +", EST_EOPTION, "expected a column's name", 7);
    require_fault("y ~ a b", EST_EOPTION, "expected '+', ':', '*'", 6);
    require_fault("y ~ gr\xc3\xb6\xc3\x9f" "e b", EST_EOPTION, "expected '+', ':', '*'", 10);
    require_fault("y ~ (a + b):c", EST_EOPTION, "parentheses only stand after 'factor'", 4);
    require_fault("y ~ log(a)", EST_EOPTION, "the only function here is factor", 4);
    require_fault("y ~ factor(a", EST_EOPTION, "not closed", 10);
    require_fault("y ~ factor(a + b)", EST_EOPTION, "not closed", 10);
    require_fault("y ~ a - b", EST_EOPTION, "only the intercept can be taken away", 8);
    require_fault("y ~ a + 2", EST_EOPTION, "the only numbers here", 8);
    require_fault("y ~ a + 10", EST_EOPTION, "the only numbers here", 8);
    require_fault("y ~ -1", EST_EOPTION, "nothing is left", 6);
    require_fault("y ~ `a", EST_EOPTION, "backquote is not closed", 4);
    require_fault("y == ~ a", EST_EOPTION, "expected a value", 5);
    require_fault("y == 'x ~ a", EST_EOPTION, "quote is not closed", 5);
    require_fault("y ~ y", EST_EOPTION, "the response cannot be a term", 4);
    require_fault("y ~ a:b:c:factor(a):factor(b):factor(c):sch.wide", EST_EOPTION, "at most 6 factors", 40);
    require_fault("y ~ nothing", EST_ECOLUMN, "nothing", -1);
    require_fault("none ~ a", EST_ECOLUMN, "none", -1);
    require_fault("y ~ a + a.", EST_ECOLUMN, "a.", -1);
}

/* A long formula is not repeated in its message. */
static void a_long_formula(void **state)
{
    char text[1200] = "y ~ a";
    (void)state;
    while (strlen(text) < 1000)
        strcat(text, " + factor(b)");
    strcat(text, " +");
    require_fault(text, EST_EOPTION, "of the formula)", -1);
    text[strlen(text) - 2] = '\0';
    require_parse(text, "y | a; f(b)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms),
        cmocka_unit_test(responses),
        cmocka_unit_test(faults),
        cmocka_unit_test(a_long_formula),
    };
    return cmocka_run_group_tests(tests, open_source, close_source);
}
