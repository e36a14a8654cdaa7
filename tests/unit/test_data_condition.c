/* Conditions on rows: values, truth tables, places of errors, and random conditions against a naive evaluation. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <est/source.h>
#include <est/table.h>

#include "core/text.h"
#include "data/condition.h"

#define ROWS 9
#define COLUMNS 9

/* NULL and NaN are missing; MARK_NA is the missing text that a file writes as NA. */
static const char MARK_NA[] = "NA";

static const char *const names[COLUMNS] = {"p", "q", "age", "sex", "county", "hours worked", "missing", "and", "alter_\xC3\xA4"};
static const double numbers[COLUMNS][ROWS] = {
    {1, 1, 1, 0, 0, 0, NAN, NAN, NAN},
    {1, 0, NAN, 1, 0, NAN, 1, 0, NAN},
    {-5, 0, 4.5, 5, 17, 18, 1000, 0.3, NAN},
    {0},
    {0},
    {0, 10, 20, 30, 40, NAN, 60, 70, 80},
    {1, 2, 3, 4, 5, 6, 7, 8, NAN},
    {1, 2, 3, 4, 5, 6, 7, 8, 9},
    {1, 2, 3, 4, 5, 6, 7, 8, 9},
};
static const char *const texts[COLUMNS][ROWS] = {
    {"1", "1", "1", "0", "0", "0", NULL, NULL, NULL},
    {"1", "0", NULL, "1", "0", NULL, "1", "0", NULL},
    {"-5", "0", "4.5", "5", "17", "18", "1e3", "0.30", NULL},
    {"f", "m", "f", "", "it's", "F", MARK_NA, NULL, "\xC3\xA9"},
    {"1", "01", "2.0", "Nairobi", "47", "Nairobi", MARK_NA, "3", ""},
    {"0", "10", "20", "30", "40", MARK_NA, "60", "70", "80"},
    {"1", "2", "3", "4", "5", "6", "7", "8", NULL},
    {"1", "2", "3", "4", "5", "6", "7", "8", "9"},
    {"1", "2", "3", "4", "5", "6", "7", "8", "9"},
};

typedef struct fixture {
    est_table *table;
    est_source *source;
} fixture;

static int open_fixture(void **state)
{
    static fixture own;
    est_error error;
    if (est_table_new("t", ROWS, &own.table, &error) != EST_OK)
        return -1;
    for (size_t i = 0; i < COLUMNS; i++)
        if (est_table_add_text(own.table, names[i], texts[i], &error) != EST_OK)
            return -1;
    if (est_source_of_table(own.table, &own.source, &error) != EST_OK)
        return -1;
    *state = &own;
    return 0;
}

static int close_fixture(void **state)
{
    fixture *own = *state;
    est_source_free(own->source);
    est_table_free(own->table);
    return 0;
}

/* A batch by hand: what a scan would hand over for the condition's fields. */
typedef struct hand_batch {
    est_i_scan_batch batch;
    double *number[16];
    uint32_t *label[16];
    est_i_dictionary dictionary[16];
} hand_batch;

static uint32_t code_of(est_i_dictionary *dictionary, const char *text)
{
    if (!text)
        return EST_I_CODE_EMPTY;
    if (text == MARK_NA)
        return EST_I_CODE_NA;
    return EST_I_CODE_FIRST + est_i_dictionary_add(dictionary, text, strlen(text));
}

/* `rows` rows, the fixture's over and over; the fields begin at number `first_field` of the scan. */
static hand_batch *make_batch(const est_i_condition *condition, size_t first_field, size_t rows)
{
    hand_batch *hand = calloc(1, sizeof *hand);
    assert_non_null(hand);
    for (size_t i = 0; i < est_i_condition_fields(condition); i++) {
        est_i_field field = est_i_condition_field(condition, i);
        size_t at = first_field + i;
        assert_true(at < 16);
        if (field.kind == EST_I_FIELD_NUMBER)
            hand->number[at] = malloc(rows * sizeof(double));
        else
            hand->label[at] = malloc(rows * sizeof(uint32_t));
        for (size_t row = 0; row < rows; row++) {
            if (field.kind == EST_I_FIELD_NUMBER)
                hand->number[at][row] = numbers[field.column][row % ROWS];
            else
                hand->label[at][row] = code_of(&hand->dictionary[at], texts[field.column][row % ROWS]);
        }
    }
    hand->batch = (est_i_scan_batch){.n_rows = rows,
                                     .first_record = 1,
                                     .number = (const double *const *)hand->number,
                                     .label = (const uint32_t *const *)hand->label,
                                     .dictionary = hand->dictionary};
    return hand;
}

static void free_batch(hand_batch *hand)
{
    for (size_t i = 0; i < 16; i++) {
        free(hand->number[i]);
        free(hand->label[i]);
        est_i_dictionary_free(&hand->dictionary[i]);
    }
    free(hand);
}

static est_i_condition *parse(const fixture *own, const char *text)
{
    est_error error;
    est_i_condition *condition = NULL;
    if (est_i_condition_parse(text, own->source, &condition, &error) != EST_OK)
        fail_msg("%s", error.message);
    assert_non_null(condition);
    return condition;
}

static void evaluate(const est_i_condition *condition, const hand_batch *hand, size_t first_field, uint8_t *truth)
{
    est_error error;
    est_i_condition_memory *memory = est_i_condition_memory_new(condition);
    assert_non_null(memory);
    assert_int_equal(est_i_condition_evaluate(condition, memory, &hand->batch, first_field, truth, &error), EST_OK);
    est_i_condition_memory_free(memory);
}

/* One letter a row: T, F or U. */
static void expect(const fixture *own, const char *text, const char *expected)
{
    char letters[ROWS + 1] = "";
    uint8_t truth[ROWS];
    est_i_condition *condition = parse(own, text);
    hand_batch *hand = make_batch(condition, 2, ROWS);
    evaluate(condition, hand, 2, truth);
    for (size_t row = 0; row < ROWS; row++)
        letters[row] = truth[row] == EST_I_TRUE ? 'T' : truth[row] == EST_I_FALSE ? 'F' : truth[row] == EST_I_UNKNOWN ? 'U' : '?';
    if (strcmp(letters, expected) != 0)
        fail_msg("%s: found %s, expected %s", text, letters, expected);
    free_batch(hand);
    est_i_condition_free(condition);
}

static void test_truth_tables(void **state)
{
    const fixture *own = *state;
    expect(own, "p == 1", "TTTFFFUUU");
    expect(own, "q == 1", "TFUTFUTFU");
    expect(own, "not p == 1", "FFFTTTUUU");
    expect(own, "p == 1 and q == 1", "TFUFFFUFU");
    expect(own, "p == 1 or q == 1", "TTTTFUTUU");
    expect(own, "not (p == 1 and q == 1)", "FTUTTTUTU");
    expect(own, "not not p = 1", "TTTFFFUUU");
    expect(own, "missing(p)", "FFFFFFTTT");
    expect(own, "not missing(p) and p == 1", "TTTFFFFFF");
    expect(own, "missing(p) or p == 1", "TTTFFFTTT");
}

static void test_numbers(void **state)
{
    const fixture *own = *state;
    expect(own, "age < 5", "TTTFFFFTU");
    expect(own, "age <= 5", "TTTTFFFTU");
    expect(own, "age == 5", "FFFTFFFFU");
    expect(own, "age = 5.0", "FFFTFFFFU");
    expect(own, "age != 5", "TTTFTTTTU");
    expect(own, "age <> 5", "TTTFTTTTU");
    expect(own, "age >= 5", "FFFTTTTFU");
    expect(own, "age > 5", "FFFFTTTFU");
    expect(own, "age==-5", "TFFFFFFFU");
    expect(own, "age > -5", "FTTTTTTTU");
    expect(own, "age>-5", "FTTTTTTTU");
    expect(own, "age == 1e3", "FFFFFFTFU");
    expect(own, "age == 1E+3", "FFFFFFTFU");
    expect(own, "age == .3", "FFFFFFFTU");
    expect(own, "age == 3e-1", "FFFFFFFTU");
    expect(own, "age > -.5", "FTTTTTTTU");
    expect(own, "5 < age", "FFFFTTTFU");
    expect(own, "5 <= age and 17 >= age", "FFFTTFFFU");
    expect(own, "-5 = age", "TFFFFFFFU");
    expect(own, "5 > age", "TTTFFFFTU");
    expect(own, "5 >= age", "TTTTFFFTU");
    expect(own, "5 != age", "TTTFTTTTU");
    expect(own, "age == 0.1e1 or age == -0", "FTFFFFFFU");
}

static void test_lists(void **state)
{
    const fixture *own = *state;
    expect(own, "age in (18, -5, 5, 17)", "TFFTTTFFU");
    expect(own, "age not in (18, -5, 5, 17)", "FTTFFFTTU");
    expect(own, "not age in (5)", "TTTFTTTTU");
    expect(own, "age in(4.5,4.5,1e3)", "FFTFFFTFU");
    expect(own, "sex in ('f', \"it's\")", "TFTFTFUUF");
    expect(own, "sex not in ('f', 'm')", "FFFTTTUUT");
    /* With a text in the list the numbers are compared with what the text says as a number. */
    expect(own, "county in (1, 2, 'Nairobi')", "TTTTFTUFF");
    expect(own, "county NOT IN ('Nairobi', 2)", "TTFFTFUTT");
    expect(own, "county in ('1', '2')", "TFFFFFUFF");
}

static void test_texts(void **state)
{
    const fixture *own = *state;
    expect(own, "sex == 'f'", "TFTFFFUUF");
    expect(own, "sex != \"f\"", "FTFTTTUUT");
    expect(own, "sex == ''", "FFFTFFUUF");
    expect(own, "sex == 'it''s'", "FFFFTFUUF");
    expect(own, "sex == \"it's\"", "FFFFTFUUF");
    expect(own, "sex == '\xC3\xA9'", "FFFFFFUUT");
    expect(own, "sex >= 'f'", "TTTFTFUUT");
    expect(own, "sex < 'f'", "FFFTFTUUF");
    expect(own, "'f' > sex", "FFFTFTUUF");
    expect(own, "'f' = sex", "TFTFFFUUF");
    expect(own, "county > 'Nairobh'", "FFFTFTUFF");
    /* A column of numbers is compared by its text, as it stands in the file. */
    expect(own, "age == '1e3'", "FFFFFFTFU");
    expect(own, "age == '1000'", "FFFFFFFFU");
    expect(own, "age == '0.3'", "FFFFFFFFU");
    expect(own, "age == 17 or age == '1e3'", "FFFFTFTFU");
}

static void test_names(void **state)
{
    const fixture *own = *state;
    expect(own, "`hours worked` >= 40", "FFFFTUTTT");
    expect(own, "missing(`hours worked`)", "FFFFFTFFF");
    expect(own, "missing == 3", "FFTFFFFFU");
    expect(own, "missing(missing)", "FFFFFFFFT");
    expect(own, "missing (missing) and not missing( sex )", "FFFFFFFFT");
    expect(own, "`missing` == 3", "FFTFFFFFU");
    expect(own, "`and` == 3 and p == 1", "FFTFFFFFF");
    expect(own, "alter_\xC3\xA4 == 9", "FFFFFFFFT");
    expect(own, "missing(sex)", "FFFFFFTTF");
}

static void test_spelling(void **state)
{
    const fixture *own = *state;
    expect(own, "p==1&&q==1", "TFUFFFUFU");
    expect(own, "p==1||q==1", "TTTTFUTUU");
    expect(own, "!p==1", "FFFTTTUUU");
    expect(own, "!(p==1)&&!missing(p)", "FFFTTTFFF");
    expect(own, "p == 1 AND q == 1", "TFUFFFUFU");
    expect(own, "p == 1 OR q == 1", "TTTTFUTUU");
    expect(own, "NOT p == 1", "FFFTTTUUU");
    expect(own, "\tp\n==\r\n1 ", "TTTFFFUUU");
    expect(own, "(((p == 1)))", "TTTFFFUUU");
    /* `and` binds tighter than `or`, `not` tighter than both. */
    expect(own, "age == 5 or p == 1 and q == 1", "TFUTFFUFU");
    expect(own, "(age == 5 or p == 1) and q == 1", "TFUTFFUFU");
    expect(own, "not p == 1 and q == 1", "FFFTFUUFU");
    expect(own, "q == 0 or not p == 1 and age > 0", "FTUTTTUTU");
}

static void test_whole_example(void **state)
{
    const fixture *own = *state;
    const char *text = "age >= 0 and age <= 18 and (sex == 'f' or county in (1, 2, 'Nairobi')) and not missing(`hours worked`)";
    expect(own, text, "FTTTFFFUF");
    est_i_condition *condition = parse(own, text);
    assert_int_equal(est_i_condition_fields(condition), 4);
    assert_int_equal(est_i_condition_field(condition, 0).column, 2);
    assert_int_equal(est_i_condition_field(condition, 0).kind, EST_I_FIELD_NUMBER);
    assert_int_equal(est_i_condition_field(condition, 1).column, 3);
    assert_int_equal(est_i_condition_field(condition, 1).kind, EST_I_FIELD_LABEL);
    assert_int_equal(est_i_condition_field(condition, 2).column, 4);
    assert_int_equal(est_i_condition_field(condition, 2).kind, EST_I_FIELD_LABEL);
    assert_int_equal(est_i_condition_field(condition, 3).column, 5);
    assert_int_equal(est_i_condition_field(condition, 3).kind, EST_I_FIELD_LABEL);
    est_i_condition_free(condition);
}

static void test_fields(void **state)
{
    const fixture *own = *state;
    /* Once as a number and once as text are two fields; missing() takes the number. */
    est_i_condition *condition = parse(own, "missing(age) or age > 5 or age in (1, 2) or age == 'x' or age in ('y')");
    assert_int_equal(est_i_condition_fields(condition), 2);
    assert_int_equal(est_i_condition_field(condition, 0).kind, EST_I_FIELD_NUMBER);
    assert_int_equal(est_i_condition_field(condition, 1).kind, EST_I_FIELD_LABEL);
    est_i_condition_free(condition);
    condition = parse(own, "missing(age)");
    assert_int_equal(est_i_condition_fields(condition), 1);
    assert_int_equal(est_i_condition_field(condition, 0).kind, EST_I_FIELD_LABEL);
    est_i_condition_free(condition);
}

/* The dictionary grows between two batches of a chunk; another chunk has other codes and a memory of its own. */
static void test_memory(void **state)
{
    const fixture *own = *state;
    est_error error;
    uint8_t truth[3];
    est_i_dictionary dictionary = {0};
    est_i_condition *condition = parse(own, "sex in ('f', 'x') or missing(sex)");
    est_i_condition_memory *memory = est_i_condition_memory_new(condition);
    const double *no_numbers[1] = {NULL};
    uint32_t codes[3];
    const uint32_t *labels[1] = {codes};
    est_i_scan_batch batch = {
        .n_rows = 3, .first_record = 1, .number = no_numbers, .label = labels, .dictionary = &dictionary};
    codes[0] = code_of(&dictionary, "m");
    codes[1] = code_of(&dictionary, "f");
    codes[2] = EST_I_CODE_NA;
    assert_int_equal(est_i_condition_evaluate(condition, memory, &batch, 0, truth, &error), EST_OK);
    assert_true(truth[0] == EST_I_FALSE && truth[1] == EST_I_TRUE && truth[2] == EST_I_TRUE);
    for (int i = 0; i < 1000; i++) {
        char text[16];
        snprintf(text, sizeof text, "t%d", i);
        codes[2] = code_of(&dictionary, text);
    }
    codes[0] = code_of(&dictionary, "x");
    assert_int_equal(est_i_condition_evaluate(condition, memory, &batch, 0, truth, &error), EST_OK);
    assert_true(truth[0] == EST_I_TRUE && truth[1] == EST_I_TRUE && truth[2] == EST_I_FALSE);
    est_i_condition_memory_free(memory);
    est_i_condition_memory_free(NULL);
    est_i_condition_free(condition);
    est_i_condition_free(NULL);
    est_i_dictionary_free(&dictionary);
}

/* More rows than are worked on at a time, and not a multiple of it. */
static void test_long_batch(void **state)
{
    const fixture *own = *state;
    enum { LONG = 3000 };
    static uint8_t truth[LONG];
    est_i_condition *condition = parse(own, "p == 1 and (q == 1 or sex == 'f')");
    hand_batch *hand = make_batch(condition, 0, LONG);
    evaluate(condition, hand, 0, truth);
    for (size_t row = 0; row < LONG; row++) {
        static const char expected[] = "TFTFFFUUU"; /* the third row of q is unknown, but sex is 'f' */
        assert_int_equal("FTU"[truth[row]], expected[row % ROWS]);
    }
    free_batch(hand);
    est_i_condition_free(condition);
}

/* The caret stands under character `place` (from 1), which the message names too. */
static void expect_fault(const fixture *own, const char *text, size_t place, const char *words)
{
    est_error error;
    char number[48];
    est_i_condition *condition = (est_i_condition *)&error;
    if (est_i_condition_parse(text, own->source, &condition, &error) != EST_EOPTION)
        fail_msg("'%s' is not refused", text);
    assert_null(condition);
    assert_int_equal(error.code, EST_EOPTION);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    snprintf(number, sizeof number, "condition, character %zu: ", place);
    if (strncmp(error.message, number, strlen(number)) != 0)
        fail_msg("'%s' is not the beginning of '%s'", number, error.message);
    const char *caret_line = strrchr(error.message, '\n');
    assert_non_null(caret_line);
    if (place <= 50 && strlen(caret_line + 1) != place + 2)
        fail_msg("the caret is not under character %zu: %s", place, error.message);
    assert_int_equal(caret_line[strlen(caret_line) - 1], '^');
}

static void test_faults(void **state)
{
    const fixture *own = *state;
    expect_fault(own, "age >= ", 8, "found the end, expected a number or a text in quotes");
    expect_fault(own, "age", 4, "found the end, expected a comparison");
    expect_fault(own, "age 5", 5, "found 5, expected a comparison");
    expect_fault(own, "age > 5 sex == 'f'", 9, "found sex, expected `and`, `or` or the end");
    expect_fault(own, "sex == f", 8, "texts stand in quotes: 'f'");
    expect_fault(own, "age > hours", 7, "texts stand in quotes");
    expect_fault(own, "p == q", 6, "two columns cannot be compared");
    expect_fault(own, "p == NA", 6, "missing(x)");
    expect_fault(own, "p == .", 6, "missing(x)");
    expect_fault(own, "5 <= age <= 17", 10, "write 5 <= x <= 17 as x >= 5 and x <= 17");
    expect_fault(own, "p == 1 == 1", 8, "write 5 <= x <= 17");
    expect_fault(own, "p == 1 & q == 1", 8, "found &, expected `and` or &&");
    expect_fault(own, "p == 1 | q == 1", 8, "expected `or` or ||");
    expect_fault(own, "p + 1 == 2", 3, "no arithmetic");
    expect_fault(own, "p => 1", 3, "found =>, expected >=");
    expect_fault(own, "(p == 1", 8, "found the end, expected `and`, `or` or )");
    expect_fault(own, "p == 1)", 7, "found ), expected `and`, `or` or the end");
    expect_fault(own, "()", 2, "expected a column");
    expect_fault(own, "and p == 1", 1, "found and, expected a column");
    expect_fault(own, "p == 1 and", 11, "found the end, expected a column");
    expect_fault(own, "not", 4, "found the end");
    expect_fault(own, "p in 1", 6, "found 1, expected ( and a list");
    expect_fault(own, "p in ()", 7, "found ), expected a number or a text");
    expect_fault(own, "p in (1,)", 9, "found ), expected a number or a text");
    expect_fault(own, "p in (1 2)", 9, "a comma or )");
    expect_fault(own, "p in (1, q)", 10, "two columns cannot be compared");
    expect_fault(own, "p in (1", 8, "a comma or )");
    expect_fault(own, "p not 1", 7, "expected `in` after `not`");
    expect_fault(own, "sex == 'f", 8, "without its closing mark");
    expect_fault(own, "`hours == 5", 1, "without its closing mark");
    expect_fault(own, "age > 5x", 7, "found 5x, expected a number");
    expect_fault(own, "age > 1.2.3", 7, "found 1.2.3, expected a number");
    expect_fault(own, "age > 1e", 7, "expected a number");
    expect_fault(own, "age > 1e999", 7, "expected a number");
    expect_fault(own, "age > 0x10", 7, "expected a number");
    expect_fault(own, "age > - 5", 7, "no arithmetic");
    expect_fault(own, "sqrt(age) > 2", 1, "missing(x), the only function");
    expect_fault(own, "missing(age", 12, ") after the column");
    expect_fault(own, "missing()", 9, "the name of a column");
    expect_fault(own, "missing(5)", 9, "the name of a column");
    expect_fault(own, "1", 2, "a comparison after the value");
    expect_fault(own, "1 == 1", 6, "the name of a column");
    expect_fault(own, "age < '9'", 7, "'10' stands before '9'");
    expect_fault(own, "'9' <= age", 1, "'10' stands before '9'");
    expect_fault(own, "p == 1; q == 1", 7, "found ;");
    expect_fault(own, "p == 1\x01", 7, "found byte 0x01");
    expect_fault(own, "sex == '\xC3\xA9' an p == 1", 12, "found an");
    expect_fault(own, "p ==\n 1 1", 9, "found 1");
}

static void test_other_faults(void **state)
{
    const fixture *own = *state;
    est_error error;
    est_i_condition *condition;
    assert_int_equal(est_i_condition_parse("", own->source, &condition, &error), EST_EOPTION);
    assert_non_null(strstr(error.message, "empty condition"));
    assert_int_equal(est_i_condition_parse(" \t\n", own->source, &condition, &error), EST_EOPTION);
    assert_int_equal(est_i_condition_parse("sex == '\xC3'", own->source, &condition, &error), EST_EOPTION);
    assert_non_null(strstr(error.message, "UTF-8"));
    assert_int_equal(est_i_condition_parse("ag > 5", own->source, &condition, &error), EST_ECOLUMN);
    assert_non_null(strstr(error.message, "'age'"));
    assert_int_equal(est_i_condition_parse("missing(sx)", own->source, &condition, &error), EST_ECOLUMN);
    assert_int_equal(est_i_condition_parse("5 > ag", own->source, &condition, &error), EST_ECOLUMN);
    assert_null(condition);
    assert_int_equal(est_i_condition_parse("p == 1 and ag > 5", own->source, &condition, NULL), EST_ECOLUMN);
    assert_int_equal(est_i_condition_parse("p == ", own->source, &condition, NULL), EST_EOPTION);
}

/* In a long condition only the surroundings are shown. */
static void test_long_faults(void **state)
{
    const fixture *own = *state;
    char text[2000] = "";
    for (int i = 0; i < 60; i++)
        strcat(text, "p == 1 or ");
    strcat(text, "p ? 1");
    for (int i = 0; i < 60; i++)
        strcat(text, " or p == 1");
    expect_fault(own, text, 603, "found ?");
    est_error error;
    est_i_condition *condition;
    assert_int_equal(est_i_condition_parse(text, own->source, &condition, &error), EST_EOPTION);
    const char *shown = strchr(error.message, '\n') + 1, *caret = strrchr(error.message, '\n') + 1;
    assert_int_equal(strncmp(shown, "  ...", 5), 0);
    assert_int_equal(shown[strlen(caret) - 1], '?');
    assert_true(strlen(error.message) < 400);
    /* A word of a thousand bytes is cut. */
    memset(text, 'x', 1000);
    memcpy(text + 1000, " in", 4);
    assert_int_equal(est_i_condition_parse(text, own->source, &condition, &error), EST_ECOLUMN);
}

static char *repeat(const char *before, size_t count, const char *middle, const char *after)
{
    est_i_text text = {0};
    for (size_t i = 0; i < count; i++)
        est_i_text_append(&text, before);
    est_i_text_append(&text, middle);
    for (size_t i = 0; i < count; i++)
        est_i_text_append(&text, after);
    return est_i_text_take(&text);
}

static void expect_depth(const fixture *own, const char *before, size_t count, const char *after, est_status expected)
{
    est_error error;
    est_i_condition *condition;
    char *text = repeat(before, count, "p == 1", after);
    assert_int_equal(est_i_condition_parse(text, own->source, &condition, &error), expected);
    if (expected != EST_OK)
        assert_non_null(strstr(error.message, "more than 200 deep"));
    est_i_condition_free(condition);
    free(text);
}

static void test_depth(void **state)
{
    const fixture *own = *state;
    expect_depth(own, "(", 200, ")", EST_OK);
    expect_depth(own, "(", 201, ")", EST_EOPTION);
    expect_depth(own, "not ", 200, "", EST_OK);
    expect_depth(own, "not ", 201, "", EST_EOPTION);
    expect_depth(own, "(", 1000000, ")", EST_EOPTION);
    expect_depth(own, "!", 1000000, "", EST_EOPTION);
    /* Length is no depth. */
    expect_depth(own, "p == 1 and ", 100000, "", EST_OK);
    expect_depth(own, "(p == 1) or ", 100000, "", EST_OK);
    /* The stack that a right-leaning condition needs. */
    char *text = repeat("p == 1 or q == 1 and (", 200, "age > 5", ")");
    expect(own, text, "TTTFFUTUU");
    free(text);
}

/* Random conditions: printed with all parentheses, evaluated by recursion row by row. */

static uint32_t draw(uint64_t *random, uint32_t below)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*random >> 33) % below;
}

static int naive_not(int truth)
{
    return truth == 2 ? 2 : !truth;
}

/* Writes a comparison and fills what it is for every row. */
static void random_leaf(uint64_t *random, est_i_text *text, int truth[ROWS])
{
    static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">="};
    static const double values[] = {-5, 0, 1, 4.5, 5, 17, 1000};
    size_t column = draw(random, 3);
    uint32_t sign = draw(random, 6), kind = draw(random, 4);
    double value = values[draw(random, 7)], other = values[draw(random, 7)];
    bool negated = draw(random, 2) == 1;
    if (kind == 0)
        est_i_text_printf(text, "missing(%s)", names[column]);
    else if (kind == 1)
        est_i_text_printf(text, "sex %s 'f'", signs[sign]);
    else
        est_i_text_printf(text, kind == 2 ? "%s %s " : "%s %sin (", names[column], kind == 2 ? signs[sign] : negated ? "not " : "");
    if (kind >= 2)
        est_i_text_number(text, value);
    if (kind == 3) {
        est_i_text_append(text, ", ");
        est_i_text_number(text, other);
        est_i_text_append(text, ")");
    }
    for (int row = 0; row < ROWS; row++) {
        double cell = numbers[column][row];
        const char *sex = texts[3][row];
        int unknown = kind == 1 ? !sex || sex == MARK_NA : isnan(cell);
        int order = unknown ? 0 : kind == 1 ? strcmp(sex, "f") : cell < value ? -1 : cell > value;
        bool meets[] = {order == 0, order != 0, order < 0, order <= 0, order > 0, order >= 0};
        truth[row] = kind == 0 ? unknown : unknown ? 2 : kind == 3 ? ((cell == value || cell == other) != negated) : meets[sign];
    }
}

static void random_condition(uint64_t *random, int depth, est_i_text *text, int truth[ROWS])
{
    uint32_t kind = depth == 0 ? 0 : draw(random, 4);
    int other[ROWS];
    if (kind == 0) {
        random_leaf(random, text, truth);
        return;
    }
    est_i_text_append(text, kind == 1 ? "not (" : "(");
    random_condition(random, depth - 1, text, truth);
    if (kind > 1) {
        est_i_text_append(text, kind == 2 ? ") and (" : ") or (");
        random_condition(random, depth - 1, text, other);
    }
    est_i_text_append(text, ")");
    for (int row = 0; row < ROWS; row++) {
        int a = truth[row], b = kind > 1 ? other[row] : 0;
        if (kind == 1)
            truth[row] = naive_not(a);
        else if (kind == 2)
            truth[row] = a == 0 || b == 0 ? 0 : a == 2 || b == 2 ? 2 : 1;
        else
            truth[row] = a == 1 || b == 1 ? 1 : a == 2 || b == 2 ? 2 : 0;
    }
}

static void test_random(void **state)
{
    const fixture *own = *state;
    uint64_t random = 20240611;
    for (int i = 0; i < 3000; i++) {
        est_i_text text = {0};
        int truth[ROWS];
        char expected[ROWS + 1] = "";
        random_condition(&random, 4, &text, truth);
        for (int row = 0; row < ROWS; row++)
            expected[row] = "FTU"[truth[row]];
        expect(own, text.data, expected);
        est_i_text_free(&text);
    }
}

/* Words in any order: taken or refused, never more than that. */
static void test_garbage(void **state)
{
    const fixture *own = *state;
    static const char *const words[] = {"p",   "age", "sex", "5",  "-3", "'f'", "\"", "`", "(",  ")", ",", "and",      "or",
                                        "not", "in",  "==",  "<",  ">=", "!",   "&&", "|", "1e", ".", "=", "missing(", "<>",
                                        " ",   "\xC3\xA9"};
    uint64_t random = 7;
    size_t taken = 0;
    for (int i = 0; i < 20000; i++) {
        est_error error;
        est_i_condition *condition;
        est_i_text text = {0};
        for (uint32_t n = draw(&random, 9) + 1; n > 0; n--) {
            est_i_text_append(&text, words[draw(&random, sizeof words / sizeof words[0])]);
            est_i_text_append(&text, draw(&random, 2) ? " " : "");
        }
        est_status status = est_i_condition_parse(text.data, own->source, &condition, &error);
        assert_true(status == EST_OK || status == EST_EOPTION || status == EST_ECOLUMN);
        assert_true((status == EST_OK) == (condition != NULL));
        taken += status == EST_OK;
        est_i_condition_free(condition);
        est_i_text_free(&text);
    }
    assert_true(taken > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truth_tables),  cmocka_unit_test(test_numbers), cmocka_unit_test(test_lists),
        cmocka_unit_test(test_texts),         cmocka_unit_test(test_names),   cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_whole_example), cmocka_unit_test(test_fields),  cmocka_unit_test(test_memory),
        cmocka_unit_test(test_long_batch),    cmocka_unit_test(test_faults),  cmocka_unit_test(test_other_faults),
        cmocka_unit_test(test_long_faults),   cmocka_unit_test(test_depth),   cmocka_unit_test(test_random),
        cmocka_unit_test(test_garbage),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
