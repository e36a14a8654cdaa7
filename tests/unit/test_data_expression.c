/* Expressions: values, truth tables, places of errors, and random expressions against a naive evaluation. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/text.h"
#include "data/expression.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Names: x, y, z and others are variables, `low` and `high` constants, `nothing` a missing one. */

static const char *const names[] = {"x",   "y",    "z",      "hours", "age group", "in", "a.b", "if", "alter_\xC3\xA4",
                                    "low", "high", "nothing"};
#define N_VARIABLES 9

static long find(const void *user, const char *name, double *constant)
{
    static const double constants[] = {5, 11, NAN};
    (void)user;
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i], name) == 0 && i >= N_VARIABLES) {
            *constant = constants[i - N_VARIABLES];
            return -2;
        } else if (strcmp(names[i], name) == 0) {
            return (long)i;
        }
    return -1;
}

static size_t count_names(const void *user)
{
    (void)user;
    return COUNT(names);
}

static const char *name_at(const void *user, size_t index)
{
    (void)user;
    return names[index];
}

static const est_i_expression_names known = {find, count_names, name_at, NULL};

static est_i_expression *parse(const char *text)
{
    est_error error;
    est_i_expression *expression = NULL;
    if (est_i_expression_parse(text, "rule", &known, &expression, &error) != EST_OK)
        fail_msg("%s: %s", text, error.message);
    return expression;
}

/* Row by row over n rows, variables by number. */
static void evaluate(const est_i_expression *expression, size_t n, const double *const *variable, double *result)
{
    double *scratch = malloc((est_i_expression_scratch(expression, n) + 1) * sizeof *scratch);
    assert_non_null(scratch);
    est_i_expression_evaluate(expression, n, variable, scratch, result);
    free(scratch);
}

static double value_of(const char *text, const double values[N_VARIABLES])
{
    const double *variable[N_VARIABLES];
    est_i_expression *expression = parse(text);
    double result = 0;
    for (size_t i = 0; i < N_VARIABLES; i++)
        variable[i] = &values[i];
    evaluate(expression, 1, variable, &result);
    est_i_expression_free(expression);
    return result;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Each expression with x = 7, y = 2, z missing, hours = 14, the others 1. */
static void test_values(void **state)
{
    static const double values[N_VARIABLES] = {7, 2, NAN, 14, 1, 1, 1, 1, 1};
    static const struct {
        const char *text;
        double expected;
    } cases[] = {
        {"7", 7},
        {"0.25", 0.25},
        {".5", 0.5},
        {"1e3", 1000},
        {"1e-3", 0.001},
        {"5.", 5},
        {"x", 7},
        {"`x`", 7},
        {"`age group`", 1},
        {"`in` + `if` + a.b", 3},
        {"alter_\xC3\xA4", 1},
        {"if + 1", 2},
        {"low", 5},
        {"nothing", NAN},
        {"x + y", 9},
        {"x - y", 5},
        {"x-1", 6},
        {"x -1", 6},
        {"x * y", 14},
        {"x / y", 3.5},
        {"x / 0", NAN},
        {"0 / 0", NAN},
        {"-x / 0", NAN},
        {"x + z", NAN},
        {"z * 0", NAN},
        {"1e308 * 10", NAN},
        {"x * 1e308 * 1e308", NAN},
        {"1 + 2 * 3", 7},
        {"(1 + 2) * 3", 9},
        {"10 - 3 - 2", 5},
        {"24 / 4 / 2", 3},
        {"-x + 1", -6},
        {"- - x", 7},
        {"+x", 7},
        {"2 * -y", -4},
        {"x - -y", 9},
        {"-(x - y)", -5},
        {"--5", 5},
        {"x == 7", 1},
        {"x = 7", 1},
        {"x != 7", 0},
        {"x <> 7", 0},
        {"x < 7", 0},
        {"x <= 7", 1},
        {"x > 7", 0},
        {"x >= 7", 1},
        {"x < 8", 1},
        {"x <= 6", 0},
        {"x > 6", 1},
        {"x >= 8", 0},
        {"x != y", 1},
        {"7 == x", 1},
        {"x == y + 5", 1},
        {"x * 2 == hours", 1},
        {"z == 7", NAN},
        {"z != 7", NAN},
        {"z < 7", NAN},
        {"7 >= z", NAN},
        {"z == z", NAN},
        {"(x > 1) == (y > 1)", 1},
        {"x in (7)", 1},
        {"x in (1, 3, 5..11)", 1},
        {"x in (1, 3, 8..11)", 0},
        {"x in (5..7)", 1},
        {"x in (7..9)", 1},
        {"x in (5 .. 11)", 1},
        {"x in (low..high)", 1},
        {"x in (low + 3..high)", 0},
        {"x in (-1, +7)", 1},
        {"-x in (-7..-6)", 1},
        {"-x in (-6..-1)", 0},
        {"0.5 in (0.25..0.75)", 1},
        {"x not in (1, 2)", 1},
        {"x not in (7)", 0},
        {"z in (1, 2)", NAN},
        {"z not in (1, 2)", NAN},
        {"x + y in (9)", 1},
        {"x in (9, 8, 7, 6, 5)", 1},
        {"x in (9, 8, 6, 5)", 0},
        {"x in (1..3, 2..8, 20)", 1},
        {"x in (1..9, 2..3)", 1},
        {"x in (0..6.5, 7.5..9)", 0},
        {"x in (3, 3, 7, 7)", 1},
        {"x in (7..7)", 1},
        {"x in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)", 1},
        {"x in (1, 3, 5, 7.5, 9, 11)", 0},
        {"not x in (1)", 1},
        {"x == 7 and y == 2", 1},
        {"x == 7 && y == 3", 0},
        {"x == 8 || y == 2", 1},
        {"x == 8 or y == 3", 0},
        {"not x == 7", 0},
        {"!x == 7", 0},
        {"not not x", 1},
        {"NOT x", 0},
        {"x AND y", 1},
        {"x OR z", 1},
        {"0 or 0 and 1", 0},
        {"1 or 0 and 0", 1},
        {"(1 or 0) and 0", 0},
        {"not 0 and 0", 0},
        {"not (0 and 0)", 1},
        {"z and 0", 0},
        {"z or 1", 1},
        {"z and 1", NAN},
        {"-3 and 1", 1},
        {"missing(x)", 0},
        {"missing(z)", 1},
        {"missing(x / 0)", 1},
        {"is(x)", 1},
        {"is(0)", 0},
        {"is(z)", 0},
        {"is(-1)", 1},
        {"any(z)", 0},
        {"any(z, 0)", 0},
        {"any(z, 0, -2)", 1},
        {"any(x == 7, z)", 1},
        {"all(x, y)", 1},
        {"all(x, z)", 0},
        {"all(x, 0)", 0},
        {"all(z)", 0},
        {"count(x, y, z, 0)", 2},
        {"count(z)", 0},
        {"count(x > 1, y > 1, y > 2) >= 2", 1},
        {"sum(x, y)", 9},
        {"sum(x, z, y)", 9},
        {"sum(z, x)", 7},
        {"sum(z, z)", NAN},
        {"sum(z)", NAN},
        {"sum(x)", 7},
        {"min(x, y)", 2},
        {"min(y, x)", 2},
        {"min(z, x)", 7},
        {"min(x, z)", 7},
        {"min(z)", NAN},
        {"max(x, y, z)", 7},
        {"max(z, y)", 2},
        {"max(-1, -2)", -1},
        {"floor(7.9)", 7},
        {"floor(-0.5)", -1},
        {"floor(z)", NAN},
        {"floor(x / y)", 3},
        {"if(x > 5, 1, 2)", 1},
        {"if(x > 9, 1, 2)", 2},
        {"if(z, 1, 2)", NAN},
        {"if(1, z, 2)", NAN},
        {"if(0, z, 2)", 2},
        {"if(x in (5..11), hours >= 1, hours >= 14)", 1},
        {"nonmissing(x, y)", 7},
        {"nonmissing(z, y)", 2},
        {"nonmissing(z, z)", NAN},
        {"missing (x)", 0},
        {"any(any(0, z), all(x, any(y)))", 1},
        {"x\n+\ty\r\n", 9},
        {"if(x == 7, sum(x, y * 2), 0) - max(1, y)", 9},
        {"x == 7 and (y in (5..11) and hours >= 1 or hours >= 14)", 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        double found = value_of(cases[i].text, values);
        if (!same(found, cases[i].expected))
            fail_msg("%s: %g, expected %g", cases[i].text, found, cases[i].expected);
    }
}

/* Every pair of false, true and missing. */
static void test_truth(void **state)
{
    static const double truth[3] = {0, 1, NAN};
    static const double conjunction[3][3] = {{0, 0, 0}, {0, 1, NAN}, {0, NAN, NAN}};
    static const double disjunction[3][3] = {{0, 1, NAN}, {1, 1, 1}, {NAN, 1, NAN}};
    static const double negation[3] = {1, 0, NAN};
    static const double any_of[3][3] = {{0, 1, 0}, {1, 1, 1}, {0, 1, 0}};
    static const double all_of[3][3] = {{0, 0, 0}, {0, 1, 0}, {0, 0, 0}};
    static const double count_of[3][3] = {{0, 1, 0}, {1, 2, 1}, {0, 1, 0}};
    (void)state;
    for (size_t a = 0; a < 3; a++) {
        double values[N_VARIABLES] = {truth[a]};
        assert_true(same(value_of("not x", values), negation[a]));
        assert_true(same(value_of("is(x)", values), a == 1));
        assert_true(same(value_of("missing(x)", values), a == 2));
        for (size_t b = 0; b < 3; b++) {
            values[1] = truth[b];
            assert_true(same(value_of("x and y", values), conjunction[a][b]));
            assert_true(same(value_of("x or y", values), disjunction[a][b]));
            assert_true(same(value_of("any(x, y)", values), any_of[a][b]));
            assert_true(same(value_of("all(x, y)", values), all_of[a][b]));
            assert_true(same(value_of("count(x, y)", values), count_of[a][b]));
            assert_true(same(value_of("not (x and y)", values), value_of("not x or not y", values)));
            assert_true(same(value_of("x == y", values), a == 2 || b == 2 ? NAN : a == b));
        }
    }
}

/* Places of faults, in characters from 1. */
static void test_faults(void **state)
{
    static const struct {
        const char *text;
        unsigned place; /* 0: of the whole */
        const char *message;
    } cases[] = {
        {"", 0, "found an empty expression"},
        {"  ", 0, "found an empty expression"},
        {"\xFF", 0, "no UTF-8"},
        {"x +", 4, "found the end, expected a name, a number, a function or ("},
        {"x y", 3, "found y, expected an operator or the end"},
        {"(x", 3, "found the end, expected an operator or )"},
        {"x)", 2, "found ), expected an operator or the end"},
        {"hurs > 1", 1, "found the name hurs, expected one that is known here; did you mean hours?"},
        {"x > 1 and qqqqqq", 11, "found the name qqqqqq, expected one that is known here"},
        {"x == NA", 6, "missing(x)"},
        {"`hour` == 1", 1, "found the name `hour`, expected one that is known here; did you mean hours?"},
        {"x in 5", 6, "expected ( and a list"},
        {"x in ()", 7, "found )"},
        {"x in (1,)", 9, "found )"},
        {"x in (1 2)", 9, "a comma, .. or )"},
        {"x in (1..)", 10, "found )"},
        {"x in (..3)", 7, "found .."},
        {"x in (y)", 7, "differs from row to row"},
        {"x in (1..y)", 10, "differs from row to row"},
        {"x in (nothing)", 7, "missing value"},
        {"x in (11..5)", 7, "begins above its end"},
        {"x not (1)", 7, "expected `in` after `not`"},
        {"5 <= x <= 17", 8, "write 5 <= x <= 17 as x in (5..17)"},
        {"x in (1) == 1", 10, "expected `and`, `or` or the end"},
        {"1..5", 2, "found .., expected an operator or the end"},
        {"x => 1", 3, "found =>, expected >="},
        {"x & y", 3, "`and` or &&"},
        {"x | y", 3, "`or` or ||"},
        {"x $ y", 3, "found $"},
        {"x == 'f'", 6, "there are no texts here"},
        {"x == \"f\"", 6, "there are no texts here"},
        {"`x", 1, "without its closing mark"},
        {"5x", 1, "found 5x, expected a number"},
        {"1e", 1, "expected a number"},
        {"1.2.3", 1, "expected a number"},
        {"1e999", 1, "expected a number"},
        {"x + not y", 5, "a `not` stands in parentheses here"},
        {"sum()", 1, "found 0 arguments of sum"},
        {"missing(x, y)", 1, "found 2 arguments of missing, expected 1"},
        {"if(x, y)", 1, "found 2 arguments of if, expected 3"},
        {"if(x, y, z, 1)", 1, "found 4 arguments of if"},
        {"x + if(1, 2, 3, 4, 5)", 5, "found 5 arguments"},
        {"nonmissing(x)", 1, "found 1 argument of nonmissing, expected 2"},
        {"sum(x y)", 7, "an operator, a comma or )"},
        {"sum(x", 6, "found the end"},
        {"summ(x)", 1, "did you mean sum?"},
        {"sqrt(x)", 1, "missing, is, any, all, count"},
        {"x(1)", 1, "found the function x"},
        {"\xC3\xA4\xC3\xA4 + 1", 1, "found the name \xC3\xA4\xC3\xA4"},
        {"x + \xC3\xA4\xC3\xA4\xC3\xB6\xC3\xBC_", 5, "known here"},
        {"x\x01y", 2, "byte 0x01"},
        {"and", 1, "found and"},
        {"x or", 5, "found the end"},
        {"not", 4, "found the end"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        est_error error;
        est_i_expression *expression = NULL;
        char place[64];
        est_status status = est_i_expression_parse(cases[i].text, "rule", &known, &expression, &error);
        if (status != EST_EDEFINITION || expression || !strstr(error.message, cases[i].message))
            fail_msg("%s: status %d, '%s', expected '%s'", cases[i].text, (int)status, error.message, cases[i].message);
        snprintf(place, sizeof place, "rule, character %u: ", cases[i].place);
        if (cases[i].place && strncmp(error.message, place, strlen(place)) != 0)
            fail_msg("%s: '%s', expected character %u", cases[i].text, error.message, cases[i].place);
        if (cases[i].place)
            assert_int_equal(error.message[strlen(error.message) - 1], '^');
    }
}

static void test_caret(void **state)
{
    est_error error;
    est_i_expression *expression = NULL;
    (void)state;
    assert_int_equal(
        est_i_expression_parse("hours > 1 and hourz < 3", "codebook k.ini, [role age], value", &known, &expression, &error),
        EST_EDEFINITION);
    assert_string_equal(error.message,
                        "codebook k.ini, [role age], value, character 15: found the name hourz, expected one that is known "
                        "here; did you mean hours?\n  hours > 1 and hourz < 3\n                ^");
}

static char *repeated(const char *before, size_t n, const char *middle, const char *after)
{
    est_i_text text = {0};
    for (size_t i = 0; i < n; i++)
        est_i_text_append(&text, before);
    est_i_text_append(&text, middle);
    for (size_t i = 0; i < n; i++)
        est_i_text_append(&text, after);
    return est_i_text_take(&text);
}

static void test_depth(void **state)
{
    static const struct {
        const char *before, *middle, *after;
        double expected;
    } forms[] = {{"(", "x", ")", 7}, {"not ", "x", "", 1}, {"- ", "x", "", 7}, {"is(", "x", ")", 1}, {"sum(1, ", "x", ")", 207}};
    static const double values[N_VARIABLES] = {7};
    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        est_error error;
        est_i_expression *expression = NULL;
        char *deep = repeated(forms[i].before, EST_I_EXPRESSION_DEPTH_MAX, forms[i].middle, forms[i].after);
        char *deeper = repeated(forms[i].before, EST_I_EXPRESSION_DEPTH_MAX + 1, forms[i].middle, forms[i].after);
        char *abyss = repeated(forms[i].before, 8000, forms[i].middle, forms[i].after);
        assert_true(value_of(deep, values) == forms[i].expected);
        assert_int_equal(est_i_expression_parse(deeper, "rule", &known, &expression, &error), EST_EDEFINITION);
        assert_non_null(strstr(error.message, "nested more than 200 deep"));
        assert_int_equal(est_i_expression_parse(abyss, "rule", &known, &expression, &error), EST_EDEFINITION);
        free(deep);
        free(deeper);
        free(abyss);
    }
    /* Many operators side by side are not deep. */
    char *wide = repeated("x + ", 10000, "x", ""), *long_one = repeated("x + ", 20000, "x", "");
    est_i_expression *expression = NULL;
    est_error error;
    assert_true(value_of(wide, values) == 70007);
    assert_int_equal(est_i_expression_parse(long_one, "rule", &known, &expression, &error), EST_EDEFINITION);
    assert_non_null(strstr(error.message, "more than 65536 bytes"));
    free(wide);
    free(long_one);
}

static void test_variables(void **state)
{
    (void)state;
    est_i_expression *e = parse("hours + x * hours + low in (5..high) or y");
    assert_int_equal(est_i_expression_variables(e), 3);
    assert_int_equal(est_i_expression_variable(e, 0), 3);
    assert_int_equal(est_i_expression_variable(e, 1), 0);
    assert_int_equal(est_i_expression_variable(e, 2), 1);
    assert_false(est_i_expression_is_variable(e));
    est_i_expression_free(e);
    e = parse("(`age group`)");
    assert_true(est_i_expression_is_variable(e));
    assert_int_equal(est_i_expression_variable(e, 0), 4);
    assert_int_equal(est_i_expression_scratch(e, 1000), 0);
    est_i_expression_free(e);
    e = parse("1 + low * 2");
    assert_int_equal(est_i_expression_variables(e), 0);
    assert_false(est_i_expression_is_variable(e));
    est_i_expression_free(e);
    est_i_expression_free(NULL);
}

typedef struct heard {
    est_i_text text;
    size_t count, most;
} heard;

static bool hear(void *user, const char *name)
{
    heard *all = user;
    est_i_text_printf(&all->text, "%s;", name);
    return ++all->count < all->most;
}

static void test_each_name(void **state)
{
    heard all = {.most = SIZE_MAX}, two = {.most = 2};
    est_error error;
    static const char text[] = "unknown == 1 and any(`a b`, other, unknown) and other in (lowest..highest, 3) and if(c, d, 1) > -e";
    (void)state;
    assert_int_equal(est_i_expression_each_name(text, "rule", hear, &all, &error), EST_OK);
    assert_string_equal(all.text.data, "unknown;a b;other;lowest;highest;c;d;e;");
    assert_int_equal(est_i_expression_each_name(text, "rule", hear, &two, &error), EST_OK);
    assert_string_equal(two.text.data, "unknown;a b;");
    two.count = 0;
    assert_int_equal(est_i_expression_each_name("unknown ==", "rule", hear, &two, &error), EST_EDEFINITION);
    assert_int_equal(two.count, 0);
    assert_int_equal(est_i_expression_each_name("1 + 2", "rule", hear, &two, &error), EST_OK);
    assert_int_equal(two.count, 0);
    est_i_text_free(&all.text);
    est_i_text_free(&two.text);
}

/* Random expressions: their text, and their value by recursion over what was drawn. */

typedef struct drawn {
    uint64_t seed;
    est_i_text text;
    double values[3]; /* x, y, z of the row */
} drawn;

static unsigned draw(drawn *d, unsigned n)
{
    d->seed = d->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(d->seed >> 33) % n;
}

static double naive(drawn *d, unsigned depth);

static double number_of(bool condition)
{
    return condition ? 1 : 0;
}

static double naive_leaf(drawn *d)
{
    unsigned which = draw(d, 4), number = draw(d, 4);
    if (which == 3) {
        est_i_text_printf(&d->text, "%u", number);
        return number;
    }
    est_i_text_printf(&d->text, "%s", names[which]);
    return d->values[which];
}

static double naive_pair(drawn *d, unsigned depth)
{
    static const char *const signs[] = {"+", "-", "*", "/", "==", "!=", "<", "<=", ">", ">=", "and", "or"};
    unsigned sign = draw(d, COUNT(signs));
    est_i_text_append(&d->text, "(");
    double x = naive(d, depth - 1);
    est_i_text_printf(&d->text, " %s ", signs[sign]);
    double y = naive(d, depth - 1);
    est_i_text_append(&d->text, ")");
    bool unknown = isnan(x) || isnan(y);
    if (sign == 10)
        return x == 0 || y == 0 ? 0 : unknown ? NAN : 1;
    if (sign == 11)
        return (!isnan(x) && x != 0) || (!isnan(y) && y != 0) ? 1 : unknown ? NAN : 0;
    if (unknown)
        return NAN;
    double results[] = {x + y,
                        x - y,
                        x * y,
                        y != 0 ? x / y : NAN,
                        number_of(x == y),
                        number_of(x != y),
                        number_of(x < y),
                        number_of(x <= y),
                        number_of(x > y),
                        number_of(x >= y)};
    return isfinite(results[sign]) ? results[sign] : NAN;
}

static double naive_list(drawn *d, unsigned depth)
{
    unsigned low = draw(d, 3), span = draw(d, 3), other = draw(d, 9), negated = draw(d, 2);
    est_i_text_append(&d->text, "(");
    double x = naive(d, depth - 1);
    est_i_text_printf(&d->text, " %sin (%u..%u, %u))", negated ? "not " : "", low, low + span, other);
    bool in = (x >= low && x <= low + span) || x == other;
    return isnan(x) ? NAN : number_of(in != (negated == 1));
}

static double naive_many(drawn *d, unsigned depth)
{
    static const char *const functions[] = {"any", "all", "count", "sum", "min", "max", "if", "nonmissing"};
    unsigned which = draw(d, COUNT(functions)), n = which == 6 ? 3 : which == 7 ? 2 : 1 + draw(d, 3), n_true = 0;
    double argument[3], so_far = NAN;
    est_i_text_printf(&d->text, "%s(", functions[which]);
    for (unsigned i = 0; i < n; i++) {
        est_i_text_append(&d->text, i ? ", " : "");
        argument[i] = naive(d, depth - 1);
        n_true += !isnan(argument[i]) && argument[i] != 0;
        if (isnan(so_far))
            so_far = argument[i];
        else if (!isnan(argument[i]))
            so_far = which == 3 ? so_far + argument[i] : which == 4 ? fmin(so_far, argument[i]) : fmax(so_far, argument[i]);
    }
    est_i_text_append(&d->text, ")");
    double results[] = {number_of(n_true > 0), number_of(n_true == n), n_true, so_far, so_far, so_far, NAN, NAN};
    if (which == 6)
        return isnan(argument[0]) ? NAN : argument[0] != 0 ? argument[1] : argument[2];
    return which == 7 ? (isnan(argument[0]) ? argument[1] : argument[0]) : isinf(results[which]) ? NAN : results[which];
}

static double naive_single(drawn *d, unsigned depth)
{
    static const char *const forms[] = {"missing(", "is(", "floor(", "-(", "(not "};
    unsigned which = draw(d, COUNT(forms));
    est_i_text_append(&d->text, forms[which]);
    double x = naive(d, depth - 1);
    est_i_text_append(&d->text, ")");
    double results[] = {number_of(isnan(x)), number_of(!isnan(x) && x != 0), floor(x), -x, isnan(x) ? NAN : number_of(x == 0)};
    return results[which];
}

static double naive(drawn *d, unsigned depth)
{
    double (*const kinds[])(drawn *, unsigned) = {naive_pair, naive_pair, naive_list, naive_many, naive_single};
    return depth == 0 || draw(d, 6) == 0 ? naive_leaf(d) : kinds[draw(d, COUNT(kinds))](d, depth);
}

static void test_random(void **state)
{
    static const double levels[] = {0, 1, 2, -1, 0.5, NAN, 3, NAN};
    (void)state;
    for (uint64_t seed = 1; seed <= 4000; seed++) {
        double columns[3][64], expected[64], found[64];
        const double *variable[N_VARIABLES] = {columns[0], columns[1], columns[2]};
        char *text = NULL;
        for (size_t row = 0; row < 64; row++) {
            drawn d = {.seed = seed};
            for (size_t i = 0; i < 3; i++)
                columns[i][row] = d.values[i] = levels[(row / (i == 0 ? 1 : i == 1 ? 4 : 16) + i * row) % COUNT(levels)];
            expected[row] = naive(&d, 5);
            free(text);
            text = est_i_text_take(&d.text);
        }
        est_i_expression *expression = parse(text);
        evaluate(expression, 64, variable, found);
        for (size_t row = 0; row < 64; row++)
            if (!same(found[row], expected[row]))
                fail_msg("%s with %g %g %g: %g, expected %g", text, columns[0][row], columns[1][row], columns[2][row], found[row],
                         expected[row]);
        est_i_expression_free(expression);
        free(text);
    }
}

/* Blocks: every length gives what each row gives alone; and two threads at once. */

#define ROWS 1500

typedef struct shared_work {
    const est_i_expression *expression;
    const double *const *variable;
    double result[ROWS];
} shared_work;

static void *work(void *argument)
{
    shared_work *own = argument;
    for (int i = 0; i < 200; i++)
        evaluate(own->expression, ROWS, own->variable, own->result);
    return NULL;
}

static void test_blocks_and_threads(void **state)
{
    static const size_t lengths[] = {0, 1, 2, 511, 512, 513, 1024, 1025, ROWS};
    static double x[ROWS], y[ROWS], alone[ROWS], found[ROWS + 1];
    static shared_work works[3];
    const double *variable[N_VARIABLES] = {x, y};
    pthread_t threads[3];
    (void)state;
    est_i_expression *e = parse("if(x in (5..11, 20, 30..40), x * 2 - y, nonmissing(y, -1)) + any(x == 3, y > 7) / (x - 12)");
    for (size_t row = 0; row < ROWS; row++) {
        x[row] = row % 7 == 0 ? NAN : (double)(row % 43);
        y[row] = row % 11 == 0 ? NAN : (double)(row % 13);
        const double *one[N_VARIABLES] = {&x[row], &y[row]};
        evaluate(e, 1, one, &alone[row]);
    }
    for (size_t i = 0; i < COUNT(lengths); i++) {
        found[lengths[i]] = -77;
        evaluate(e, lengths[i], variable, found);
        assert_true(found[lengths[i]] == -77);
        for (size_t row = 0; row < lengths[i]; row++)
            assert_true(same(found[row], alone[row]));
    }
    for (size_t t = 0; t < 3; t++) {
        works[t].expression = e;
        works[t].variable = variable;
        assert_int_equal(pthread_create(&threads[t], NULL, work, &works[t]), 0);
    }
    for (size_t t = 0; t < 3; t++) {
        pthread_join(threads[t], NULL);
        for (size_t row = 0; row < ROWS; row++)
            assert_true(same(works[t].result[row], alone[row]));
    }
    est_i_expression_free(e);
}

/* Any bytes: a verdict, never a crash. */
static void test_garbage(void **state)
{
    static const char *const pieces[] = {
        "x",   "y",   " ",  "(",   ")",    ",",        "..", ".", "1",   "2.5",     "+",  "-", "*", "/",        "==",   "<", "in",
        "not", "and", "or", "if(", "sum(", "missing(", "`",  "'", "low", "nothing", "\n", "!", "&", "\xC3\xA4", "\xC3", "e", "is("};
    drawn d = {.seed = 99};
    size_t parsed = 0;
    (void)state;
    for (int i = 0; i < 60000; i++) {
        est_i_text text = {0};
        est_error error;
        est_i_expression *expression = NULL;
        heard all = {.most = SIZE_MAX};
        for (unsigned n = 1 + draw(&d, 9); n > 0; n--)
            est_i_text_append(&text, pieces[draw(&d, COUNT(pieces))]);
        est_status status = est_i_expression_parse(text.data, "rule", &known, &expression, &error);
        assert_true(status == EST_OK || status == EST_EDEFINITION);
        assert_true((status == EST_OK) == (expression != NULL));
        if (status == EST_OK) {
            double values[N_VARIABLES] = {1, 2, NAN};
            value_of(text.data, values);
            assert_int_equal(est_i_expression_each_name(text.data, "rule", hear, &all, &error), EST_OK);
            parsed++;
        }
        est_i_expression_free(expression);
        est_i_text_free(&all.text);
        est_i_text_free(&text);
    }
    assert_true(parsed > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),    cmocka_unit_test(test_truth),  cmocka_unit_test(test_faults),
        cmocka_unit_test(test_caret),     cmocka_unit_test(test_depth),  cmocka_unit_test(test_variables),
        cmocka_unit_test(test_each_name), cmocka_unit_test(test_random), cmocka_unit_test(test_blocks_and_threads),
        cmocka_unit_test(test_garbage),
    };
    return cmocka_run_group_tests_name("data/expression", tests, NULL, NULL);
}
