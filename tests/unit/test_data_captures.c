/* Capture tables: three shapes, one table; every rule of captures_read.c. */
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

#include "core/text.h"
#include "data/captures.h"
#include "data/dates.h"

static est_table *parse(const char *name, const char *csv)
{
    est_error error;
    est_table *table = NULL;
    if (est_table_parse_csv(name, csv, strlen(csv), NULL, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return table;
}

/* What a call needs beside the data; file and dates are CSV, NULL = none. */
typedef struct setting {
    est_capture_options capture;
    bool trend;
    const char *period, *seen, *file, *dates;
} setting;

static est_status read_captures(const char *csv, const setting *wanted, est_i_captures **captures,
                                est_error *error)
{
    est_table *data = parse("data.csv", csv);
    est_table *file = wanted->file ? parse("periods.csv", wanted->file) : NULL;
    est_table *dates = wanted->dates ? parse("dates.csv", wanted->dates) : NULL;
    est_i_period_options periods = {wanted->period, wanted->seen, file, dates};
    est_status status =
        est_i_captures_read(data, &wanted->capture, wanted->trend ? &periods : NULL, NULL, captures, error);
    est_table_free(data);
    est_table_free(file);
    est_table_free(dates);
    return status;
}

static est_i_captures *expect_captures(const char *csv, setting wanted)
{
    est_error error;
    est_i_captures *captures = NULL;
    if (read_captures(csv, &wanted, &captures, &error) != EST_OK)
        fail_msg("%s", error.message);
    return captures;
}

static void expect_fault(const char *csv, setting wanted, est_status code, long long record,
                         const char *column, const char *words)
{
    est_error error;
    est_i_captures *captures = NULL;
    assert_int_equal(read_captures(csv, &wanted, &captures, &error), code);
    assert_null(captures);
    assert_int_equal(error.record, record);
    assert_int_equal(error.line, record ? record + 1 : 0);
    assert_string_equal(error.column, column);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    assert_null(strstr(error.message, "Wanjiku"));
}

#define COUNTS "A,B,C,count\n1,0,0,3\n0,1,0,2\n1,1,0,1\n1,0,1,1\n"

static void test_counts(void **state)
{
    (void)state;
    est_i_captures *captures = expect_captures(COUNTS, (setting){0});
    assert_int_equal(captures->n_lists, 3);
    assert_int_equal(captures->n_cells, 8);
    assert_int_equal(captures->n_blocks, 1);
    assert_string_equal(captures->list_names[2], "C");
    assert_string_equal(captures->block_names[0], "");
    const double expected[8] = {0, 3, 2, 1, 0, 1, 0, 0};
    for (size_t w = 0; w < 8; w++)
        assert_true(captures->counts[0][w] == expected[w]);
    assert_true(captures->total == 7 && captures->totals[0] == 7);
    assert_int_equal(captures->active[0], 7);
    assert_true(isnan(captures->seen[0]) && isnan(captures->population[0]));
    assert_false(captures->has_seen || captures->has_population || captures->has_dates ||
                 captures->labels_read);
    assert_int_equal(captures->n_repeated, 0);
    est_i_captures_free(captures);

    captures = expect_captures("A,B,count\n1,0,3\n0,1,2\n1,0,4\n1,1,0\n1,1,1\n", (setting){0});
    assert_true(captures->counts[0][1] == 7 && captures->counts[0][3] == 1);
    assert_int_equal(captures->n_repeated, 2);
    est_i_captures_free(captures);
}

static void test_shapes_agree(void **state)
{
    (void)state;
    char hex[3][65];
    est_i_captures *captures[3];
    captures[0] = expect_captures("period,A,B,C,count\n2011,1,0,0,2\n2010,1,1,0,1\n2011,0,1,1,1\n",
                                  (setting){.trend = true});
    captures[1] = expect_captures("A,B,C,period\n1,1,0,2010\n1,0,0,2011\n0,1,1,2011\n1,0,0,2011\n",
                                  (setting){.trend = true});
    captures[2] = expect_captures(
        "list,sex,person,period\nC,f,p1,2011\nB,f,p1,2011\nA,m,p2,2011\nA,,p3,2011\nB,m,p2,2010\n"
        "A,m,p2,2010\nA,m,p2,2010\n",
        (setting){.trend = true});
    for (size_t i = 0; i < 3; i++) {
        est_i_captures_digest(captures[i], hex[i]);
        assert_string_equal(hex[i], hex[0]);
        assert_int_equal(strlen(hex[i]), 64);
        assert_int_equal(captures[i]->n_blocks, 2);
        assert_string_equal(captures[i]->block_names[0], "2010");
        assert_true(captures[i]->counts[0][3] == 1 && captures[i]->counts[1][1] == 2 &&
                    captures[i]->counts[1][6] == 1);
        assert_true(captures[i]->total == 4);
    }
    assert_int_equal(captures[2]->n_repeated, 1);
    for (size_t i = 0; i < 3; i++)
        est_i_captures_free(captures[i]);
}

/* Computed apart from the library: printf of the canonical bytes of COUNTS into sha256sum. */
static void test_digest(void **state)
{
    (void)state;
    char hex[65], other[65];
    est_i_captures *captures = expect_captures(COUNTS, (setting){0});
    est_i_captures_digest(captures, hex);
    assert_string_equal(hex, "e056810dc183dfccc1cfad48c1da93f2c9f7db21d2a7c8150e663ae026ce90b5");
    est_i_captures_free(captures);
    captures = expect_captures("A,B,C,count\n1,0,0,3\n0,1,0,2\n1,1,0,1\n1,0,1,2\n", (setting){0});
    est_i_captures_digest(captures, other);
    assert_string_not_equal(hex, other);
    est_i_captures_free(captures);
    /* Ten lists, four histories with somebody and long runs without. */
    static double counts[1024];
    const double *blocks[] = {counts};
    est_error error;
    counts[1] = 5;
    counts[512] = 100000;
    counts[600] = 12;
    counts[1023] = 7;
    assert_int_equal(est_i_captures_make(10, 1, NULL, blocks, &captures, &error), EST_OK);
    est_i_captures_digest(captures, hex);
    assert_string_equal(hex, "94244961a5db1bc094ff021a04cf98d2acfd4262ec49c5d10fdc44faf180454d");
    est_i_captures_free(captures);
}

static void test_named_lists(void **state)
{
    (void)state;
    est_i_captures *captures =
        expect_captures("sex,B,A,x,count\nf,1,0,7,2\nm,1,1,8,1\n", (setting){.capture.lists = " A , B"});
    assert_string_equal(captures->list_names[0], "A");
    assert_true(captures->counts[0][2] == 2 && captures->counts[0][3] == 1);
    est_i_captures_free(captures);

    const char *csv = "A,B,count\n1,0,2\n";
    expect_fault(csv, (setting){.capture.lists = "A,coutn"}, EST_ECOLUMN, 0, "coutn", "did you mean 'count'");
    expect_fault(csv, (setting){.capture.lists = "A,A"}, EST_EOPTION, 0, "", "twice");
    expect_fault(csv, (setting){.capture.lists = "A,,B"}, EST_EOPTION, 0, "", "empty name");
    expect_fault(csv, (setting){.capture.lists = "A,B,"}, EST_EOPTION, 0, "", "empty name");
    expect_fault(csv, (setting){.capture.lists = "A"}, EST_EDEFINITION, 0, "", "found 1 list");
    expect_fault(csv, (setting){.capture = {.lists = "A,count", .count = "count"}}, EST_EOPTION, 0, "count",
                 "another role");
    expect_fault(csv, (setting){.capture.count = "n"}, EST_ECOLUMN, 0, "n", "the counts");
    /* A column that is named as a list has no role by its usual name. */
    captures = expect_captures("period,count\n1,0\n1,1\n", (setting){.capture.lists = "period,count"});
    assert_true(captures->total == 2 && captures->counts[0][3] == 1);
    est_i_captures_free(captures);
}

/* Names as in a CSV file: one with a comma or a quote stands between quotes. */
static void test_quoted_names(void **state)
{
    (void)state;
    const char *csv = "\"A, north\",\"the \"\"B\"\" list\",C,\"\"\"D\"\"\",count\n1,0,0,0,2\n1,1,0,1,3\n0,1,1,0,4\n";
    est_i_captures *captures =
        expect_captures(csv, (setting){.capture.lists = " \"A, north\" ,the \"B\" list, \"\"\"D\"\"\",C"});
    assert_int_equal(captures->n_lists, 4);
    assert_string_equal(captures->list_names[0], "A, north");
    assert_string_equal(captures->list_names[1], "the \"B\" list");
    assert_string_equal(captures->list_names[2], "\"D\"");
    assert_string_equal(captures->list_names[3], "C");
    assert_true(captures->counts[0][1] == 2 && captures->counts[0][7] == 3 && captures->counts[0][10] == 4);
    est_i_captures_free(captures);
    captures = expect_captures(csv, (setting){.capture.lists = "\"the \"\"B\"\" list\",\"A, north\""});
    assert_string_equal(captures->list_names[0], "the \"B\" list");
    est_i_captures_free(captures);
    expect_fault(csv, (setting){.capture.lists = "C,\"A, north"}, EST_EOPTION, 0, "", "not closed");
    expect_fault(csv, (setting){.capture.lists = "\"A, north\"x,C"}, EST_EOPTION, 0, "", "more than a comma");
    expect_fault(csv, (setting){.capture.lists = "C,\"\""}, EST_EOPTION, 0, "", "empty name");
    expect_fault(csv, (setting){.capture.lists = "C,\"C\""}, EST_EOPTION, 0, "", "twice");
    expect_fault(csv, (setting){.capture.lists = "A, north,C"}, EST_ECOLUMN, 0, "A", "named as a list");
}

static void test_number_of_lists(void **state)
{
    (void)state;
    expect_fault("A,count\n1,2\n", (setting){0}, EST_EDEFINITION, 0, "", "at least two");
    expect_fault("count\n2\n", (setting){0}, EST_EDEFINITION, 0, "", "found 0 lists");
    est_i_text csv = {0};
    for (int i = 0; i < 21; i++)
        est_i_text_printf(&csv, "%sL%d", i ? "," : "", i);
    est_i_text_append(&csv, "\n1");
    for (int i = 1; i < 21; i++)
        est_i_text_append(&csv, ",0");
    expect_fault(csv.data, (setting){0}, EST_EDEFINITION, 0, "", "at most 20");
    est_i_captures *captures = expect_captures(
        csv.data,
        (setting){.capture.lists = "L0,L1,L2,L3,L4,L5,L6,L7,L8,L9,L10,L11,L12,L13,L14,L15,L16,L17,L18,L19"});
    assert_int_equal(captures->n_cells, 1 << 20);
    est_i_captures_free(captures);
    est_i_text_free(&csv);
}

static void test_windows(void **state)
{
    (void)state;
    const char *csv = "period,A,B\n2010,1,0\n2011,1,1\n";
    expect_fault(csv, (setting){0}, EST_EDEFINITION, 0, "period", "never summed");
    expect_fault(csv, (setting){.capture.lists = "A,B"}, EST_EDEFINITION, 0, "period", "est trend");
    est_i_captures *captures =
        expect_captures("period,A,B\n2010,1,0\n2010,1,1\n", (setting){.capture.lists = "A,B"});
    assert_true(captures->total == 2);
    est_i_captures_free(captures);
    /* In the long shape a person counts once over the whole table. */
    captures = expect_captures("person,list,period\n1,A,2010\n1,B,2011\n2,B,2011\n", (setting){0});
    assert_true(captures->total == 2 && captures->counts[0][3] == 1);
    est_i_captures_free(captures);
}

static void test_cells(void **state)
{
    (void)state;
    const setting assumed = {0}, named = {.capture.lists = "A,B"};
    expect_fault("A,B,count\n1,0,2\n1,2,3\n", assumed, EST_EVALUE, 2, "B", "found 2, expected 0 or 1");
    expect_fault("A,B,count\n1,,2\n", assumed, EST_EVALUE, 1, "B", "an empty field");
    expect_fault("A,B,count\n1,NA,2\n", assumed, EST_EVALUE, 1, "B", "NA");
    expect_fault("A,B\n1,yes\n", assumed, EST_EVALUE, 1, "B", "'yes'");
    expect_fault("A,B\n1,Jane Wanjiku\n", assumed, EST_EVALUE, 1, "B", "text of 12 characters (not shown");
    expect_fault("A,B\n1,12345678\n", assumed, EST_EVALUE, 1, "B", "8 digits (not shown");
    expect_fault("person,B\nWanjiku,1\n", assumed, EST_EVALUE, 1, "person", "not shown");
    expect_fault("A,B\n1,Wanjiku\n", assumed, EST_EVALUE, 1, "B", "text of 7 characters (not shown");
    expect_fault("A,B\n1,Q\n", assumed, EST_EVALUE, 1, "B", "text of 1 character (not shown");
    expect_fault("A,B\n1,4711\n", assumed, EST_EVALUE, 1, "B", "a number of 4 digits (not shown");
    expect_fault("A,B\n1,471\n", assumed, EST_EVALUE, 1, "B", "a number of 3 digits (not shown");
    expect_fault("A,B\n1,Na\n", assumed, EST_EVALUE, 1, "B", "'Na'");
    expect_fault("A,B\n1,nab\n", assumed, EST_EVALUE, 1, "B", "not shown");
    expect_fault("A,B\n1,TRUE\n", assumed, EST_EVALUE, 1, "B", "'TRUE'");
    expect_fault("A,B\n1,-1\n", assumed, EST_EVALUE, 1, "B", "found -1");
    expect_fault("A,B\n1,10\n", assumed, EST_EVALUE, 1, "B", "found 10");
    expect_fault("A,B\n1,0.25\n", assumed, EST_EVALUE, 1, "B", "found 0.25");
    expect_fault("A,B\n1,1/2\n", assumed, EST_EVALUE, 1, "B", "'1/2'");
    expect_fault("A,B\n1,4711\n", named, EST_EVALUE, 1, "B", "found 4711");
    expect_fault("A,B,count\n1,0,about 4711\n", assumed, EST_EVALUE, 1, "count", "'about 4711'");
    expect_fault("A,B\n1,undefined\n", named, EST_EVALUE, 1, "B", "'undefined'");
    expect_fault("A,B\n1,0\n0.5,1\n", named, EST_EVALUE, 2, "A", "found 0.5");
    expect_fault("A,B\n1,0\n0,0\n", assumed, EST_EVALUE, 2, "", "zeros only");
    expect_fault("A,B,count\n1,0,1\n0,0,0\n", assumed, EST_EVALUE, 2, "", "zeros only");
    expect_fault("A,B,count\n1,0,-1\n", assumed, EST_EVALUE, 1, "count", "found -1");
    expect_fault("A,B,count\n1,0,2.5\n", assumed, EST_EVALUE, 1, "count", "whole number");
    expect_fault("A,B,count\n1,0,many\n", assumed, EST_EVALUE, 1, "count", "'many'");
    expect_fault("A,B,count\n1,0,\n", assumed, EST_EVALUE, 1, "count", "empty");
    expect_fault("A,B,count\n1,0,1e300\n", assumed, EST_EVALUE, 1, "count", "to 1000000000000");
    expect_fault("A,B,count\n1,0,1000000000001\n", assumed, EST_EVALUE, 1, "count", "to 1000000000000");
    expect_fault("A,B,count\n1,0,1000000000000\n1,0,1\n", assumed, EST_EVALUE, 2, "count",
                 "more than 1000000000000 persons of one history");
    expect_fault("A,B,C\n1,1,0\n0,0,1\n", named, EST_EVALUE, 2, "", "not named (such as 'C')");
    expect_fault("A,B,C\n1,1,0\n0,0,0\n", named, EST_EVALUE, 2, "", "remove the record");
    expect_fault("A,B,count\n1,0,0\n1,1,0\n", assumed, EST_EDEFINITION, 0, "", "no person");
}

static void test_shape_options(void **state)
{
    (void)state;
    expect_fault("A,B,count\n1,0,1\n", (setting){.capture.shape = EST_SHAPE_PERSONS}, EST_EDEFINITION, 0,
                 "count", "counts");
    expect_fault("A,B\n1,0\n", (setting){.capture.shape = EST_SHAPE_COUNTS}, EST_ECOLUMN, 0, "count",
                 "the counts");
    expect_fault("A,B\n1,0\n", (setting){.capture.shape = EST_SHAPE_LONG}, EST_ECOLUMN, 0, "person",
                 "person");
    expect_fault("A,B\n1,0\n", (setting){.capture.shape = 9}, EST_EOPTION, 0, "", "shape");
    expect_fault("A,B,count\n1,0,1\n", (setting){.capture = {.shape = EST_SHAPE_COUNTS, .person = "A"}},
                 EST_EOPTION, 0, "", "long shape");
    expect_fault("person,list\n1,A\n", (setting){.capture = {.shape = EST_SHAPE_LONG, .count = "n"}},
                 EST_EOPTION, 0, "", "counts shape");
}

static void test_long(void **state)
{
    (void)state;
    /* Numbers as persons and lists; the order of the rows does not matter. */
    est_i_captures *captures = expect_captures("id,source\n7,2\n7,10\n8,10\n8,10\n",
                                               (setting){.capture = {.person = "id", .list = "source"}});
    assert_string_equal(captures->list_names[0], "10");
    assert_string_equal(captures->list_names[1], "2");
    assert_true(captures->counts[0][1] == 1 && captures->counts[0][3] == 1);
    assert_int_equal(captures->n_repeated, 1);
    est_i_captures_free(captures);

    captures = expect_captures("person,list\na,X\na,Y\nb,Z\nc,Y\n", (setting){.capture.lists = "Y,X"});
    assert_int_equal(captures->n_lists, 2);
    assert_string_equal(captures->list_names[0], "Y");
    assert_true(captures->total == 2 && captures->counts[0][3] == 1 && captures->counts[0][1] == 1);
    est_i_captures_free(captures);

    expect_fault("person,list\na,Police\nb,Shelter\n", (setting){.capture.lists = "Police,Sheltr"},
                 EST_ECOLUMN, 0, "list", "did you mean 'Shelter'");
    expect_fault("person,list\nWanjiku,X\n,Y\n", (setting){0}, EST_EVALUE, 2, "person", "missing");
    expect_fault("person,list\nWanjiku,X\nb,\nc,Y\n", (setting){0}, EST_EVALUE, 2, "list", "missing");
    expect_fault("person,list\nWanjiku,X\nb,X\n", (setting){0}, EST_EDEFINITION, 0, "", "at least two");
}

static void test_long_is_linear(void **state)
{
    (void)state;
    size_t n = 300000;
    est_i_text csv = {0};
    est_i_text_append(&csv, "person,list,period\n");
    for (size_t i = 0; i < n; i++)
        est_i_text_printf(&csv, "id-%zu,%c,%d\n", i / 2, (int)('A' + (int)(i % 3)), 2010 + (int)(i / 2 % 2));
    est_i_captures *captures = expect_captures(csv.data, (setting){.trend = true});
    assert_true(captures->total == 150000 && captures->totals[0] == 75000);
    assert_int_equal(captures->n_repeated, 0);
    est_i_captures_free(captures);
    est_i_text_free(&csv);
}

static void test_order_of_periods(void **state)
{
    (void)state;
    const setting plain = {.trend = true};
    est_i_captures *captures =
        expect_captures("period,A,B\n2015-2017,1,0\n2010-2014,1,1\n2000/2009,0,1\n", plain);
    assert_string_equal(captures->block_names[0], "2000/2009");
    assert_string_equal(captures->block_names[2], "2015-2017");
    assert_true(captures->labels_read);
    assert_true(captures->years[0] == 10 && captures->years[1] == 5 && captures->years[2] == 3);
    assert_true(captures->midpoint[0] == 2005 && captures->midpoint[1] == 2012.5 &&
                captures->midpoint[2] == 2016.5);
    est_i_captures_free(captures);

    captures = expect_captures("period,A,B\n2010-11,1,0\n2010-02,1,1\n", plain);
    assert_string_equal(captures->block_names[0], "2010-02");
    assert_true(captures->years[0] == 1.0 / 12);
    est_i_captures_free(captures);

    /* First appearance, or the order of the period file. */
    captures = expect_captures("period,A,B\nlate,1,0\nearly,1,1\n", plain);
    assert_string_equal(captures->block_names[0], "late");
    assert_false(captures->labels_read);
    assert_true(captures->midpoint[0] == 0.5 && captures->midpoint[1] == 1.5);
    est_i_captures_free(captures);
    captures = expect_captures("period,A,B\nlate,1,0\nearly,1,1\n",
                               (setting){.trend = true, .file = "period,years\nnever,7\nearly,2\nlate,4\n"});
    assert_string_equal(captures->block_names[0], "early");
    assert_int_equal(captures->n_blocks, 2);
    assert_true(captures->midpoint[0] == 1 && captures->midpoint[1] == 4);
    est_i_captures_free(captures);
}

static void test_labels(void **state)
{
    (void)state;
    const setting plain = {.trend = true};
    est_i_captures *captures =
        expect_captures("period,A,B\n2011,1,0\n 2010,1,0\n2010 ,1,1\n2010,1,0\n", plain);
    assert_int_equal(captures->n_blocks, 2);
    assert_string_equal(captures->block_names[0], "2010");
    assert_true(captures->totals[0] == 3 && captures->counts[0][1] == 2 && captures->counts[1][1] == 1);
    est_i_captures_free(captures);
    captures = expect_captures("period,A,B\n I,1,0\nII ,1,1\n",
                               (setting){.trend = true, .file = "period,years\nII,2\nI ,4\n"});
    assert_string_equal(captures->block_names[0], "II");
    assert_true(captures->years[1] == 4);
    est_i_captures_free(captures);
    captures = expect_captures("period,A,B\n2010,1,0\n 2010,1,1\n", (setting){.capture.lists = "A,B"});
    assert_true(captures->total == 2);
    est_i_captures_free(captures);

    expect_fault("period,A,B\n2010,1,0\n 2010,1,1\n", plain, EST_EDEFINITION, 0, "period", "one period");
    expect_fault("period,A,B\n2010,1,0\n\"  \",1,1\n", plain, EST_EVALUE, 2, "period", "blanks only");
    expect_fault("period,A,B\n2015,1,0\n2014-2010,1,1\n", plain, EST_EVALUE, 2, "period", "'2014-2010'");
    expect_fault("period,A,B\n2013-2017,1,0\n2010-2014,1,1\n", plain, EST_EDEFINITION, 0, "period",
                 "'2010-2014' and '2013-2017' overlap");
    expect_fault("period,A,B\n2010-2019,1,0\n2011,1,1\n2018,1,1\n", plain, EST_EDEFINITION, 0, "period",
                 "'2010-2019' and '2011' overlap");
    expect_fault("period,A,B\nI,1,0\nII,1,1\n",
                 (setting){.trend = true,
                           .file = "period,start,end\nI,2010,2011-06-01\nII,2011-06-01,2012\n"},
                 EST_EDEFINITION, 0, "period", "'I' and 'II' overlap");
    expect_fault("period,A,B\n99,1,0\n2010-2014,1,1\n", plain, EST_EDEFINITION, 0, "period",
                 "no length of period '99'");
    captures = expect_captures("period,A,B\n99,1,0\n2010,1,1\n", plain);
    assert_true(captures->years[0] == 1 && captures->years[1] == 1);
    est_i_captures_free(captures);
    captures = expect_captures("period,A,B\n99,1,0\n2010-2014,1,1\n",
                               (setting){.trend = true, .file = "period,years\n99,5\n2010-2014,\n"});
    assert_true(captures->years[0] == 5 && captures->years[1] == 5);
    est_i_captures_free(captures);
}

static void test_synthetic_column(void **state)
{
    (void)state;
    est_i_captures *captures = expect_captures("SYNTHETIC,A,B\nnot real,1,0\nnot real,1,1\n", (setting){0});
    assert_int_equal(captures->n_lists, 2);
    assert_string_equal(captures->list_names[0], "A");
    est_i_captures_free(captures);
    expect_fault("A,B,SYNTHETIC\n1,0,1\n", (setting){.capture.lists = "A,SYNTHETIC"}, EST_EOPTION, 0,
                 "SYNTHETIC", "never a list");
}

static void test_period_file(void **state)
{
    (void)state;
    const char *csv = "period,A,B\n2010-2014,1,0\n2015-2019,1,1\n";
    est_i_captures *captures = expect_captures(
        csv, (setting){.trend = true,
                       .file = "truncated,period,years,population\n"
                                "1,2015-2019,3,900.5\n0,2010-2014,5,800\n"});
    /* 3 years of 2015-2019 are 2015 to 2017. */
    assert_true(captures->years[1] == 3 && captures->midpoint[1] == 2016.5 &&
                captures->midpoint[0] == 2012.5);
    assert_true(captures->population[1] == 900.5 && captures->population[0] == 800 &&
                captures->has_population);
    assert_true(captures->truncated[1] && !captures->truncated[0] && captures->labels_read);
    est_i_captures_free(captures);

    captures = expect_captures(
        "period,A,B\nII,1,0\nI,1,1\n",
        (setting){.trend = true, .file = "period,start,end\nI,2010-01-01,2011-06-30\nII,2012-07,2013\n"});
    assert_string_equal(captures->block_names[0], "I");
    assert_true(captures->years[0] == 1.5 && captures->midpoint[0] == 2010.75);
    assert_true(captures->years[1] == 1.5 && captures->midpoint[1] == 2013.25 && captures->labels_read);
    est_i_captures_free(captures);

#define FILE_FAULT(text, code, record, column, words)                                                        \
    expect_fault(csv, (setting){.trend = true, .file = text}, code, record, column, words)
    FILE_FAULT("period,years\n2010-2014,5\n2015-2018,4\n", EST_EDEFINITION, 0, "period",
               "did you mean '2015-2018'");
    FILE_FAULT("period,populaton\n2010-2014,5\n", EST_ECOLUMN, 0, "populaton", "did you mean 'population'");
    FILE_FAULT("years\n5\n", EST_ECOLUMN, 0, "period", "label");
    FILE_FAULT("period,years\n2010-2014,0\n2015-2019,5\n", EST_EVALUE, 1, "years", "positive");
    FILE_FAULT("period,population\n2010-2014,-1\n2015-2019,5\n", EST_EVALUE, 1, "population", "found -1");
    FILE_FAULT("period,population\n2010-2014,1\n2015-2019,lots\n", EST_EVALUE, 2, "population", "'lots'");
    FILE_FAULT("period,population\n2010-2014,1\n2015-2019,\n", EST_EVALUE, 2, "population",
               "one for every period");
    FILE_FAULT("period,population\n2015-2019,9\n2010-2014,0.5\n", EST_EVALUE, 2, "population",
               "'2010-2014' below the number of persons");
    FILE_FAULT("period,population\n2010-2014,1e12\n2015-2019,5\n", EST_EVALUE, 1, "population",
               "at most 100000000000");
    FILE_FAULT("period,years\n2010-2014,1001\n2015-2019,5\n", EST_EVALUE, 1, "years", "at most 1000");
    FILE_FAULT("period,truncated\n2010-2014,2\n2015-2019,0\n", EST_EVALUE, 1, "truncated", "0 or 1");
    FILE_FAULT("period,start\n2010-2014,2010-13\n2015-2019,\n", EST_EVALUE, 1, "start", "YYYY-MM-DD");
    FILE_FAULT("period,start,end\n2010-2014,2014,2010\n2015-2019,,\n", EST_EVALUE, 1, "end", "not after");
    FILE_FAULT("period\n2010-2014\n2010-2014\n", EST_EVALUE, 2, "period", "record 1 has already");
#undef FILE_FAULT
    expect_fault("period,A,B\n2010,1,0\n2010,1,1\n", (setting){.trend = true}, EST_EDEFINITION, 0, "period",
                 "one period");
    expect_fault("period,A,B\n2010,1,0\n,1,1\n", (setting){.trend = true}, EST_EVALUE, 2, "period",
                 "missing");
    expect_fault("perod,A,B\n2010,1,0\n", (setting){.trend = true}, EST_ECOLUMN, 0, "period",
                 "did you mean 'perod'");
}

static void test_seen(void **state)
{
    (void)state;
    const setting trend = {.trend = true};
    est_i_captures *captures =
        expect_captures("period,A,B,seen_any_list\n2010,1,0,5\n2011,1,1,\n2010,1,1,5\n", trend);
    assert_int_equal(captures->n_lists, 2);
    assert_true(captures->has_seen && captures->seen[0] == 5 && isnan(captures->seen[1]));
    est_i_captures_free(captures);
    captures =
        expect_captures("period,A,B,s\n2010,1,0,5\n2011,1,1,4\n", (setting){.trend = true, .seen = "s"});
    assert_true(captures->seen[1] == 4);
    est_i_captures_free(captures);
    expect_fault("period,A,B,seen_any_list\n2010,1,0,5\n2011,1,1,4\n2010,1,1,6\n", trend, EST_EVALUE, 3,
                 "seen_any_list", "another value than in record 1");
    expect_fault("period,A,B,seen_any_list,count\n2010,1,0,5,3\n2011,1,1,4,5\n", trend, EST_EVALUE, 2,
                 "seen_any_list", "fewer persons");
    expect_fault("period,A,B,seen_any_list\n2010,1,0,5\n2011,1,1,x\n", trend, EST_EVALUE, 2, "seen_any_list",
                 "'x'");
}

static void test_list_dates(void **state)
{
    (void)state;
    const char *csv = "period,A,B,C\n2010-2014,1,1,0\n2015-2019,1,0,1\n";
    est_i_captures *captures = expect_captures(
        csv, (setting){.trend = true, .dates = "list,from,to\nC,2015-01-01,\nB,,2014-12-31\n"});
    assert_true(captures->has_dates);
    assert_int_equal(captures->active[0], 3);
    assert_int_equal(captures->active[1], 5);
    est_i_captures_free(captures);
    /* One day of overlap is enough; two spells are two records. */
    captures = expect_captures(
        csv, (setting){.trend = true, .dates = "list,from,to\nC,2014-12-31,\nB,2010,2010\nB,2019-12,\n"});
    assert_int_equal(captures->active[0], 7);
    assert_int_equal(captures->active[1], 7);
    est_i_captures_free(captures);

    expect_fault(csv, (setting){.trend = true, .dates = "list,from\nB,2015\n"}, EST_EDEFINITION, 0, "",
                 "'B' has persons");
    expect_fault(csv, (setting){.trend = true, .dates = "list,from\nD,2015\n"}, EST_ECOLUMN, 1, "list",
                 "'D'");
    expect_fault(csv, (setting){.trend = true, .dates = "list,form\nB,2015\n"}, EST_ECOLUMN, 0, "form",
                 "'from'");
    expect_fault(csv, (setting){.trend = true, .dates = "list,from\nB,15/1/2015\n"}, EST_EVALUE, 1, "from",
                 "YYYY");
    expect_fault(csv, (setting){.trend = true, .dates = "list,from,to\nB,2015,2014\n"}, EST_EVALUE, 1, "to",
                 "before");
    expect_fault(csv, (setting){.trend = true, .dates = "list,from\n,2015\n"}, EST_EVALUE, 1, "list",
                 "no list");
    expect_fault("period,A,B\nx,1,0\ny,1,1\n", (setting){.trend = true, .dates = "list,from\nB,2015\n"},
                 EST_EDEFINITION, 0, "", "'x' is no date");
}

static void test_dates(void **state)
{
    (void)state;
    est_i_span span;
    assert_true(est_i_date_read("2012-02-29", &span));
    assert_false(est_i_date_read("2011-02-29", &span));
    assert_false(est_i_date_read("2011-00", &span));
    assert_false(est_i_date_read("2011-1", &span));
    assert_false(est_i_date_read("0011", &span));
    assert_false(est_i_date_read("", &span));
    assert_false(est_i_date_read("2011-02-2x", &span));
    assert_true(est_i_date_read("2011-12-31", &span));
    assert_true(span.end == 12 * 2012);
    assert_true(est_i_label_read("2010/2014", &span));
    assert_true(span.start == 12 * 2010 && span.end == 12 * 2015);
    assert_false(est_i_label_read("2014-2010", &span));
    assert_false(est_i_label_read("2010-2014 ", &span));
    assert_false(est_i_label_read("2011-12-31", &span));
}

static void test_make(void **state)
{
    (void)state;
    est_error error;
    est_i_captures *captures = NULL;
    double first[] = {99, 1, 2, 3}, second[] = {0, 0, 0, 1.5};
    const double *counts[] = {first, second};
    const char *names[] = {"X", "Y"};
    assert_int_equal(est_i_captures_make(2, 2, NULL, counts, &captures, &error), EST_OK);
    assert_true(captures->counts[0][0] == 0 && captures->total == 7.5 && captures->totals[1] == 1.5);
    assert_string_equal(captures->list_names[1], "B");
    assert_string_equal(captures->block_names[1], "2");
    est_i_captures_free(captures);
    assert_int_equal(est_i_captures_make(2, 1, names, counts, &captures, &error), EST_OK);
    assert_string_equal(captures->list_names[1], "Y");
    assert_string_equal(captures->block_names[0], "");
    est_i_captures_free(captures);
    second[1] = -1;
    assert_int_equal(est_i_captures_make(2, 2, NULL, counts, &captures, &error), EST_EVALUE);
    assert_null(captures);
    assert_int_equal(est_i_captures_make(21, 1, NULL, counts, &captures, &error), EST_EDEFINITION);
    est_i_captures_free(NULL);
}

static void test_empty_and_memory(void **state)
{
    (void)state;
    est_error error;
    est_table *table = NULL;
    est_i_captures *captures = NULL;
    est_capture_options options = {0};
    assert_int_equal(est_table_new("frame", 0, &table, &error), EST_OK);
    assert_int_equal(est_i_captures_read(table, &options, NULL, NULL, &captures, &error), EST_EFORMAT);
    est_table_free(table);
    double a[] = {1, 0, 1}, b[] = {1, 1, 2};
    assert_int_equal(est_table_new("frame", 3, &table, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "A", a, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "B", b, &error), EST_OK);
    assert_int_equal(est_i_captures_read(table, &options, NULL, NULL, &captures, &error), EST_EVALUE);
    assert_int_equal(error.record, 3);
    assert_int_equal(error.line, 0);
    est_table_free(table);
}

static int stop_at_once(void *user)
{
    (void)user;
    return 1;
}

static void test_cancel(void **state)
{
    (void)state;
    est_error error;
    est_i_captures *captures = NULL;
    est_capture_options options = {0};
    est_context context = est_context_default();
    context.poll = stop_at_once;
    size_t n = 3000000;
    double *ones = malloc(n * sizeof *ones);
    if (!ones) {
        fail_msg("no memory");
        return;
    }
    for (size_t i = 0; i < n; i++)
        ones[i] = 1;
    est_table *table = NULL;
    assert_int_equal(est_table_new("frame", n, &table, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "A", ones, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "B", ones, &error), EST_OK);
    assert_int_equal(est_i_captures_read(table, &options, NULL, &context, &captures, &error), EST_ECANCELLED);
    assert_null(captures);
    est_table_free(table);
    free(ones);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_shapes_agree),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_named_lists), cmocka_unit_test(test_quoted_names),
        cmocka_unit_test(test_number_of_lists),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_shape_options),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_long_is_linear),
        cmocka_unit_test(test_order_of_periods),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_synthetic_column),
        cmocka_unit_test(test_period_file),
        cmocka_unit_test(test_seen),
        cmocka_unit_test(test_list_dates),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_make),
        cmocka_unit_test(test_empty_and_memory),
        cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
