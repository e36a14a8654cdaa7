/* Tables: kinds, widths, missing values, lookup. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <est/table.h>

#include "data/dictionary.h"
#include "data/levels.h"
#include "data/map.h"
#include "data/table.h"

static est_table *parse(const char *csv)
{
    est_error error;
    est_table *table = NULL;
    if (est_table_parse_csv("t", csv, strlen(csv), NULL, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return table;
}

static void expect_text(const est_table *table, size_t column, size_t row, const char *expected)
{
    char buffer[32];
    const char *text = est_table_text(table, column, row, buffer);
    if (expected)
        assert_string_equal(text, expected);
    else
        assert_null(text);
}

static void test_kinds(void **state)
{
    (void)state;
    /* Text that a number would not give back stays text, and still reads as the number. */
    est_table *table = parse("whole,tenth,padded,exact,sign,words,none\n"
                             "1,0.5,01,0.10,-3,x,\n"
                             "2010,-7.25,02,1e3,-0,12,NA\n");
    assert_int_equal(est_table_column_kind(table, 0), EST_COLUMN_NUMBER);
    assert_int_equal(est_table_column_kind(table, 1), EST_COLUMN_NUMBER);
    assert_int_equal(est_table_column_kind(table, 2), EST_COLUMN_TEXT);
    assert_int_equal(est_table_column_kind(table, 3), EST_COLUMN_TEXT);
    assert_int_equal(est_table_column_kind(table, 5), EST_COLUMN_TEXT);
    assert_true(est_table_number(table, 2, 1) == 2);
    assert_true(est_table_number(table, 3, 0) == 0.1);
    assert_true(est_table_number(table, 3, 1) == 1000);
    assert_true(isnan(est_table_number(table, 5, 0)));
    assert_true(est_table_number(table, 5, 1) == 12);
    expect_text(table, 0, 1, "2010");
    expect_text(table, 1, 1, "-7.25");
    expect_text(table, 2, 0, "01");
    expect_text(table, 3, 1, "1e3");
    expect_text(table, 4, 1, "-0");
    assert_true(est_table_is_missing(table, 6, 0));
    assert_int_equal(est_i_table_missing(table, 6, 0), EST_I_MISSING_EMPTY);
    assert_int_equal(est_i_table_missing(table, 6, 1), EST_I_MISSING_NA);
    assert_true(isnan(est_table_number(table, 6, 0)));
    est_table_free(table);
}

/* The ends of every width, each with both kinds of missing in the same column. */
static void test_widths(void **state)
{
    (void)state;
    static const char *const ends[] = {"0",
                                       "253",
                                       "254",
                                       "255",
                                       "-1",
                                       "32767",
                                       "32768",
                                       "-32766",
                                       "-32767",
                                       "-32768",
                                       "2147483647",
                                       "2147483648",
                                       "-2147483646",
                                       "-2147483647",
                                       "-2147483648",
                                       "1e+300",
                                       "9007199254740993"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char csv[128];
        snprintf(csv, sizeof csv, "a,b\n%s,1\nNA,1\n,1\n7,1\n", ends[i]);
        est_table *table = parse(csv);
        expect_text(table, 0, 0, ends[i]);
        assert_true(est_table_number(table, 0, 0) == strtod(ends[i], NULL));
        assert_int_equal(est_i_table_missing(table, 0, 0), EST_I_PRESENT);
        assert_int_equal(est_i_table_missing(table, 0, 1), EST_I_MISSING_NA);
        assert_int_equal(est_i_table_missing(table, 0, 2), EST_I_MISSING_EMPTY);
        assert_true(est_table_number(table, 0, 3) == 7);
        est_table_free(table);
    }
}

/* Several blocks, each with its own width, and more distinct texts than a byte or two bytes can number. */
static void test_blocks(void **state)
{
    (void)state;
    size_t n = 200000, length = 0;
    char *csv = malloc(n * 32 + 32);
    assert_non_null(csv);
    length = (size_t)sprintf(csv, "number,text,small\n");
    for (size_t i = 0; i < n; i++)
        length += (size_t)sprintf(csv + length, "%zu,id%zu,%zu\n", i, i * 7 % n, i % 2);
    est_table *table = parse(csv);
    assert_int_equal(est_table_rows(table), n);
    for (size_t i = 0; i < n; i++) {
        char expected[32];
        snprintf(expected, sizeof expected, "id%zu", i * 7 % n);
        assert_true(est_table_number(table, 0, i) == (double)i);
        expect_text(table, 1, i, expected);
        assert_true(est_table_number(table, 2, i) == (double)(i % 2));
    }
    assert_int_equal(est_i_table_place(table, 0, 199999).line, 200001);
    est_table_free(table);
    free(csv);
}

static void test_memory(void **state)
{
    (void)state;
    est_error error;
    est_table *table = NULL;
    double numbers[] = {1, NAN, -2.5, INFINITY};
    const char *texts[] = {"a", NULL, "", "12"};
    assert_int_equal(est_table_new("frame", 4, &table, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "n", numbers, &error), EST_OK);
    assert_int_equal(est_table_add_text(table, "t", texts, &error), EST_OK);
    assert_true(est_table_number(table, 0, 2) == -2.5);
    assert_true(isinf(est_table_number(table, 0, 3)));
    assert_int_equal(est_i_table_missing(table, 0, 1), EST_I_MISSING_NA);
    expect_text(table, 0, 1, NULL);
    expect_text(table, 1, 1, NULL);
    expect_text(table, 1, 2, "");
    assert_true(est_table_number(table, 1, 3) == 12);
    assert_int_equal(est_i_table_place(table, 0, 1).line, 0); /* no file, no line */
    assert_int_equal(est_i_table_place(table, 0, 1).record, 2);

    assert_int_equal(est_table_add_numbers(table, "", numbers, &error), EST_ECOLUMN);
    assert_int_equal(est_table_add_numbers(table, NULL, numbers, &error), EST_ECOLUMN);
    assert_int_equal(est_table_add_text(table, "n", texts, &error), EST_ECOLUMN);
    assert_non_null(strstr(error.message, "'n'"));
    texts[0] = "\xFF";
    assert_int_equal(est_table_add_text(table, "u", texts, &error), EST_ECOLUMN);
    assert_int_equal(error.record, 1);
    assert_int_equal(est_table_columns(table), 2);

    assert_int_equal(est_table_is_public(table), 0);
    est_table_set_public(table, 5);
    est_table_set_synthetic(table, 1);
    assert_int_equal(est_table_is_public(table), 1);
    assert_int_equal(est_table_is_synthetic(table), 1);
    est_table_set_synthetic(table, 0);
    assert_int_equal(est_table_is_synthetic(table), 0);
    assert_int_equal(est_table_add_numbers(table, "SYNTHETIC", numbers, &error), EST_OK);
    assert_int_equal(est_table_is_synthetic(table), 1);
    est_table_set_synthetic(table, 0);
    assert_int_equal(est_table_is_synthetic(table), 1);
    est_table_free(table);
    table = parse("a,SYNTHETIC\n1,2\n");
    assert_int_equal(est_table_is_synthetic(table), 1);
    est_table_free(table);
    table = parse("a,synthetic_b\n1,2\n");
    assert_int_equal(est_table_is_synthetic(table), 0);
    est_table_free(table);
    est_table_free(NULL);
}

static void test_out_of_range(void **state)
{
    (void)state;
    char buffer[32];
    est_table *table = parse("a,b\n1,2\n");
    assert_true(est_table_is_missing(table, 0, 1));
    assert_true(est_table_is_missing(table, 2, 0));
    assert_true(isnan(est_table_number(table, 2, 0)));
    assert_null(est_table_text(table, 0, 9, buffer));
    assert_null(est_table_column_name(table, 2));
    assert_int_equal(est_table_find(table, "c"), -1);
    assert_int_equal(est_table_find(table, NULL), -1);
    est_table_free(table);
}

static void test_require(void **state)
{
    (void)state;
    est_error error;
    size_t column = 9;
    est_table *table = parse("period,count,police\n1,2,3\n");
    assert_int_equal(est_i_table_require(table, "count", "the counts", &column, &error), EST_OK);
    assert_int_equal(column, 1);
    assert_int_equal(est_i_table_require(table, "polce", "a list", &column, &error), EST_ECOLUMN);
    assert_string_equal(error.column, "polce");
    assert_non_null(strstr(error.message, "'police'"));
    assert_int_equal(est_i_table_require(table, "zzz", "a list", &column, &error), EST_ECOLUMN);
    est_table_free(table);
}

static void test_describe(void **state)
{
    (void)state;
    char found[128];
    est_table *table = parse("a,b\nJane Wanjiku,12345678\nyes,12\n,NA\n\"x\ty\",1\n"
                             "\"a very long text that goes on and on and on for ever\",2\n");
    est_i_table_describe(table, 0, 0, true, found);
    assert_string_equal(found, "text of 12 characters (not shown: it may name a person)");
    est_i_table_describe(table, 1, 0, true, found);
    assert_string_equal(found, "a number of 8 digits (not shown: it may identify a person)");
    est_i_table_describe(table, 0, 1, true, found);
    assert_string_equal(found, "'yes'");
    est_i_table_describe(table, 1, 1, true, found);
    assert_string_equal(found, "12");
    est_i_table_describe(table, 0, 2, true, found);
    assert_string_equal(found, "an empty field");
    est_i_table_describe(table, 1, 2, true, found);
    assert_string_equal(found, "a missing value (NA)");
    est_i_table_describe(table, 0, 3, false, found);
    assert_string_equal(found, "'x?y'");
    est_i_table_describe(table, 0, 4, false, found);
    assert_string_equal(found, "'a very long text that goes on and on ...'");
    est_table_free(table);
}

static void test_dictionary_and_map(void **state)
{
    (void)state;
    est_i_dictionary dictionary = {0};
    est_i_map map = {0};
    char text[32];
    assert_int_equal(est_i_dictionary_find(&dictionary, "x", 1), EST_I_DICTIONARY_NONE);
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 5000; i++) {
            size_t length = (size_t)snprintf(text, sizeof text, "%u", (unsigned)i * 31);
            assert_int_equal(est_i_dictionary_add(&dictionary, text, length), i);
            uint32_t *value = est_i_map_at(&map, (uint64_t)i << 40);
            assert_non_null(value);
            assert_int_equal(*value, round ? i + 1 : 0);
            *value = i + 1;
        }
    assert_int_equal(dictionary.count, 5000);
    assert_int_equal(map.count, 5000);
    assert_string_equal(est_i_dictionary_text(&dictionary, 2), "62");
    assert_int_equal(est_i_dictionary_length(&dictionary, 2), 2);
    est_i_dictionary_seal(&dictionary);
    assert_string_equal(est_i_dictionary_text(&dictionary, 4999), "154969");
    est_i_dictionary_free(&dictionary);
    est_i_map_free(&map);
}

static void test_levels(void **state)
{
    (void)state;
    est_error error;
    est_i_levels levels;
    est_table *table = parse("n,t\n5,x\n7,y\n5,\nNA,x\n0.5,z\n");
    assert_int_equal(est_i_levels_read(table, 0, NULL, &levels, &error), EST_OK);
    assert_int_equal(levels.count, 3);
    assert_int_equal(levels.level[2], 0);
    assert_int_equal(levels.level[3], EST_I_NO_LEVEL);
    assert_int_equal(levels.first[2], 4);
    est_i_levels_free(&levels);
    assert_int_equal(est_i_levels_read(table, 1, NULL, &levels, &error), EST_OK);
    assert_int_equal(levels.count, 3);
    assert_int_equal(levels.level[2], EST_I_NO_LEVEL);
    assert_int_equal(levels.level[3], 0);
    est_i_levels_free(&levels);
    est_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_blocks),       cmocka_unit_test(test_memory),
        cmocka_unit_test(test_out_of_range), cmocka_unit_test(test_require),
        cmocka_unit_test(test_describe),     cmocka_unit_test(test_dictionary_and_map),
        cmocka_unit_test(test_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
