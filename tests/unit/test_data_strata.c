/* Capture tables by stratum: order, labels, coverage, and every fault. */
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

static est_table *parse(const char *name, const char *csv)
{
    est_error error;
    est_table *table = NULL;
    if (est_table_parse_csv(name, csv, strlen(csv), NULL, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return table;
}

/* What a call needs beside the data; coverage is CSV, NULL = none. */
typedef struct setting {
    const char *strata, *coverage, *lists;
    int shape;
} setting;

static est_status read_table(const est_table *data, setting wanted, est_i_captures **captures, est_error *error)
{
    est_table *coverage = wanted.coverage ? parse("coverage.csv", wanted.coverage) : NULL;
    est_capture_options options = {.lists = wanted.lists, .shape = wanted.shape};
    est_i_strata_options strata = {wanted.strata, coverage};
    est_status status = est_i_captures_read_strata(data, &options, &strata, NULL, captures, error);
    est_table_free(coverage);
    return status;
}

static est_i_captures *expect_captures(const char *csv, setting wanted)
{
    est_error error;
    est_i_captures *captures = NULL;
    est_table *data = parse("data.csv", csv);
    if (read_table(data, wanted, &captures, &error) != EST_OK)
        fail_msg("%s", error.message);
    est_table_free(data);
    return captures;
}

static void expect_fault(const char *csv, setting wanted, est_status code, long long record, const char *column, const char *words)
{
    est_error error;
    est_table *data = parse("data.csv", csv);
    est_i_captures *captures = NULL;
    assert_int_equal(read_table(data, wanted, &captures, &error), code);
    est_table_free(data);
    assert_null(captures);
    assert_int_equal(error.record, record);
    assert_string_equal(error.column, column);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    assert_null(strstr(error.message, "Wanjiku"));
}

static void expect_names(const est_i_captures *captures, size_t n, const char *const *names)
{
    assert_int_equal(captures->n_blocks, n);
    for (size_t b = 0; b < n; b++)
        assert_string_equal(captures->block_names[b], names[b]);
}

#define COUNTS \
    "sex,A,B,C,age,count\nmale,1,0,0,9,5\nfemale,0,1,0,10,2\nmale,1,0,0,10,4\nfemale,1,1,0,9,1\nmale,0,1,1,9,3\nfemale,0,1,0,10,6\n"

static void test_counts(void **state)
{
    (void)state;
    est_i_captures *captures = expect_captures(COUNTS, (setting){.strata = "sex, age"});
    expect_names(captures, 4, (const char *const[]){"female, 9", "female, 10", "male, 9", "male, 10"});
    assert_int_equal(captures->n_lists, 3);
    assert_string_equal(captures->list_names[2], "C");
    assert_int_equal(captures->n_strata_columns, 2);
    assert_string_equal(captures->strata_names[0], "sex");
    assert_string_equal(captures->strata_names[1], "age");
    assert_string_equal(captures->strata_values[1][0], "female");
    assert_string_equal(captures->strata_values[1][1], "10");
    assert_string_equal(captures->strata_values[2][1], "9");
    assert_true(captures->counts[0][3] == 1 && captures->counts[1][2] == 8 && captures->counts[2][1] == 5 &&
                captures->counts[2][6] == 3 && captures->counts[3][1] == 4);
    assert_true(captures->total == 21 && captures->totals[1] == 8 && captures->totals[2] == 8);
    assert_int_equal(captures->n_repeated, 1);
    for (size_t b = 0; b < 4; b++)
        assert_int_equal(captures->active[b], 7);
    assert_false(captures->has_coverage || captures->has_dates || captures->labels_read || captures->has_population);
    assert_int_equal(captures->n_empty_strata, 0);
    est_i_captures_free(captures);

    captures = expect_captures(COUNTS, (setting){.strata = "age,sex", .lists = "B,A"});
    expect_names(captures, 4, (const char *const[]){"9, female", "9, male", "10, female", "10, male"});
    assert_true(captures->counts[1][2] == 5 && captures->counts[1][1] == 3);
    est_i_captures_free(captures);
    /* Only combinations that occur. */
    captures = expect_captures("s,t,A,B,count\na,x,1,0,1\nb,y,1,1,1\nc,x,0,1,1\n", (setting){.strata = "t,s"});
    expect_names(captures, 3, (const char *const[]){"x, a", "x, c", "y, b"});
    est_i_captures_free(captures);
    captures = expect_captures(COUNTS, (setting){.strata = "sex", .lists = "A,B,C"});
    expect_names(captures, 2, (const char *const[]){"female", "male"});
    est_i_captures_free(captures);
}

static void test_shapes_agree(void **state)
{
    (void)state;
    char hex[4][65];
    est_i_captures *captures[4];
    captures[0] = expect_captures("sex,A,B,C,count\nm,1,0,0,2\nf,1,1,0,1\nm,0,1,1,1\n", (setting){.strata = "sex"});
    captures[1] = expect_captures("A,B,C,sex\n1,1,0,f\n1,0,0,m\n0,1,1,m\n1,0,0,m\n", (setting){.strata = "sex"});
    captures[2] = expect_captures("list,sex,person\nC,m,1\nB,m,1\nA,m,2\nA,m,3\nB,f,4\nA,f,4\nA,f,4\n", (setting){.strata = "sex"});
    for (size_t i = 0; i < 3; i++) {
        expect_names(captures[i], 2, (const char *const[]){"f", "m"});
        assert_true(captures[i]->counts[0][3] == 1 && captures[i]->counts[1][1] == 2 && captures[i]->counts[1][6] == 1);
        est_i_captures_digest(captures[i], hex[i]);
        assert_string_equal(hex[i], hex[0]);
    }
    /* Computed apart from the library: printf of the canonical bytes into sha256sum. */
    assert_string_equal(hex[0], "991c26b9829b3b2f2a27b5df13a1adcc35fc5731049d123c0c6f7e0e11a50f40");
    assert_int_equal(captures[2]->n_repeated, 1);
    captures[3] = expect_captures("gender,A,B,C,count\nm,1,0,0,2\nf,1,1,0,1\nm,0,1,1,1\n", (setting){.strata = "gender"});
    est_i_captures_digest(captures[3], hex[3]);
    assert_string_not_equal(hex[3], hex[0]);
    for (size_t i = 0; i < 4; i++)
        est_i_captures_free(captures[i]);
}

/* The same strata from numbers, from text that reads as numbers, and in another order of rows. */
static void test_order(void **state)
{
    (void)state;
    const char *const ages[] = {"10", "9", "-3", "100"}, *const sizes[] = {"-3", "9", "10", "100"};
    const double numbers[] = {10, 9, -3, 100}, ones[] = {1, 1, 1, 1};
    for (size_t kind = 0; kind < 2; kind++) {
        est_table *data = NULL;
        est_error error;
        est_i_captures *captures = NULL;
        assert_int_equal(est_table_new("data", 4, &data, &error), EST_OK);
        if (kind)
            assert_int_equal(est_table_add_text(data, "age", ages, &error), EST_OK);
        else
            assert_int_equal(est_table_add_numbers(data, "age", numbers, &error), EST_OK);
        assert_int_equal(est_table_add_numbers(data, "A", ones, &error), EST_OK);
        assert_int_equal(est_table_add_numbers(data, "B", ones, &error), EST_OK);
        assert_int_equal(read_table(data, (setting){.strata = "age"}, &captures, &error), EST_OK);
        expect_names(captures, 4, sizes);
        est_i_captures_free(captures);
        est_table_free(data);
    }
    est_i_captures *captures =
        expect_captures("age,A,B\n9,1,1\n10,1,0\nunknown,1,1\n18+,1,1\nB,1,1\na,0,1\n", (setting){.strata = "age"});
    expect_names(captures, 6, (const char *const[]){"10", "18+", "9", "B", "a", "unknown"});
    est_i_captures_free(captures);
    captures = expect_captures("sex,A,B\n m,1,1\nm ,1,0\nf,1,1\n", (setting){.strata = "sex"});
    expect_names(captures, 2, (const char *const[]){"f", "m"});
    assert_true(captures->totals[1] == 2);
    est_i_captures_free(captures);
}

/* No two strata have one name, whatever their values hold. */
static void test_labels(void **state)
{
    (void)state;
    est_i_captures *captures = expect_captures("s,t,A,B\n\"a, b\",c,1,1\na,\"b, c\",1,1\n", (setting){.strata = "s,t"});
    expect_names(captures, 2, (const char *const[]){"a | b, c", "a, b | c"});
    assert_string_equal(captures->strata_values[1][0], "a, b");
    est_i_captures_free(captures);
    captures = expect_captures("s,t,A,B\n\"a,\",b,1,1\na |,|| b,1,1\n", (setting){.strata = "s,t"});
    expect_names(captures, 2, (const char *const[]){"a | ||| || b", "a, ||| b"});
    est_i_captures_free(captures);
    /* One column needs no separator. */
    captures = expect_captures("s,A,B\n\"a, b\",1,1\nc,1,1\n", (setting){.strata = "s"});
    expect_names(captures, 2, (const char *const[]){"a, b", "c"});
    est_i_captures_free(captures);
}

static void test_faults(void **state)
{
    (void)state;
    const setting sex = {.strata = "sex"};
    expect_fault("sex,A,B\nm,1,1\n,1,0\n", sex, EST_EVALUE, 2, "sex", "missing value");
    expect_fault("sex,A,B\nm,1,1\nf,1,0\nNA,1,0\n", sex, EST_EVALUE, 3, "sex", "missing value");
    expect_fault("sex,A,B\nm,1,1\n\"  \",1,0\n", sex, EST_EVALUE, 2, "sex", "blanks only");
    expect_fault("person,list,sex\nWanjiku,A,f\nb,B,\n", sex, EST_EVALUE, 2, "sex", "missing value");
    expect_fault("sex,A,B\nm,1,1\n", (setting){.strata = "sx"}, EST_ECOLUMN, 0, "sx", "did you mean 'sex'");
    expect_fault("sex,A,B\nm,1,1\n", (setting){.strata = "sex,sex"}, EST_EOPTION, 0, "", "twice");
    expect_fault("sex,A,B\nm,1,1\n", (setting){.strata = "sex,"}, EST_EOPTION, 0, "", "by: found an empty name");
    expect_fault("sex,A,B\nm,1,1\n", (setting){.strata = "\"sex"}, EST_EOPTION, 0, "", "by: found a quote that is not closed");
    expect_fault("\"sex, of all\",A,B\nm,1,2\n", (setting){.strata = "\"sex, of all\""}, EST_EVALUE, 1, "B", "found 2");
    expect_fault("sex,A,B\nm,1,1\n", (setting){.strata = "A", .lists = "A,B"}, EST_EOPTION, 0, "A", "another role");
    expect_fault("sex,A,B,count\nm,1,1,2\n", (setting){.strata = "count"}, EST_EOPTION, 0, "count", "another role");
    expect_fault("person,list,sex\n1,A,f\n", (setting){.strata = "list"}, EST_EOPTION, 0, "list", "another role");
    expect_fault("SYNTHETIC,A,B\nm,1,1\n", (setting){.strata = "SYNTHETIC"}, EST_EOPTION, 0, "SYNTHETIC", "never a stratum");
    expect_fault("period,A,B\n2010,1,1\n", (setting){.strata = "period"}, EST_EOPTION, 0, "period", "est trend");
    expect_fault("person,list,period\n1,A,2010\n", (setting){.strata = "period"}, EST_EOPTION, 0, "period", "est trend");
    expect_fault("period,sex,A,B\n2010,f,1,1\n2011,f,1,1\n", (setting){.strata = "sex", .lists = "A,B"}, EST_EDEFINITION, 0,
                 "period", "never summed");
    expect_fault("sex,A,B\nm,1,2\n", sex, EST_EVALUE, 1, "B", "found 2");
    expect_fault("sex,A,B\nm,0,0\n", (setting){.strata = "sex", .lists = "A,B"}, EST_EVALUE, 1, "", "zeros only");
    expect_fault("sex,A,B\nm,1,1\n", (setting){.coverage = "list\nA\n"}, EST_EOPTION, 0, "", "--by");
    expect_fault("sex,A,B,c,d,e,f,g,h,i,j,k\nm,1,1,2,2,2,2,2,2,2,2,2\n", (setting){.strata = "sex,A,B,c,d,e,f,g,h,i,j,k"},
                 EST_EDEFINITION, 0, "", "at most 10");
}

static void test_persons(void **state)
{
    (void)state;
    expect_fault("person,list,sex\nWanjiku,A,f\nb,B,m\nWanjiku,B,m\n", (setting){.strata = "sex"}, EST_EVALUE, 3, "",
                 "another stratum than in record 1 of the same person");
    expect_fault("person,list,sex,age\nWanjiku,A,f,1\nWanjiku,B,f,2\n", (setting){.strata = "age,sex"}, EST_EVALUE, 2, "",
                 "each person in one stratum");
    expect_fault("person,list,sex\nWanjiku,A,f\n,B,m\n", (setting){.strata = "sex"}, EST_EVALUE, 2, "person", "missing");
    /* Records of lists that are not named speak of the person too. */
    expect_fault("person,list,sex\nWanjiku,A,f\nb,B,m\nWanjiku,C,m\n", (setting){.strata = "sex", .lists = "A,B"}, EST_EVALUE, 3,
                 "", "another stratum");
    est_i_captures *captures = expect_captures("person,list,sex,age\n1,A,f,1\n1,B,f,2\n", (setting){.strata = "sex"});
    assert_true(captures->total == 1 && captures->counts[0][3] == 1);
    est_i_captures_free(captures);
}

static char *many_strata(size_t n)
{
    est_i_text csv = {0};
    est_i_text_append(&csv, "s,t,A,B\n");
    for (size_t i = 0; i < n; i++)
        est_i_text_printf(&csv, "v%zu,w%zu,1,1\n", i / 25, i % 25);
    return est_i_text_take(&csv);
}

static void test_many(void **state)
{
    (void)state;
    char *csv = many_strata(500);
    est_i_captures *captures = expect_captures(csv, (setting){.strata = "s,t"});
    assert_int_equal(captures->n_blocks, 500);
    assert_string_equal(captures->block_names[499], "v9, w9");
    est_i_captures_free(captures);
    free(csv);
    csv = many_strata(501);
    expect_fault(csv, (setting){.strata = "s,t"}, EST_EDEFINITION, 0, "t", "more than 500 strata");
    free(csv);
    est_i_text text = {0};
    est_i_text_append(&text, "s,A,B\n");
    for (size_t i = 0; i < 501; i++)
        est_i_text_printf(&text, "Wanjiku %zu,1,1\n", i);
    expect_fault(text.data, (setting){.strata = "s"}, EST_EDEFINITION, 0, "s", "more than 500 strata");
    est_i_text_free(&text);
}

/* Combinations with nobody on the lists are no strata: rows of count 0, and persons on other lists only. */
static void test_nobody(void **state)
{
    (void)state;
    est_i_captures *captures = expect_captures("s,A,B,count\na,1,0,0\nb,1,1,2\nc,0,1,0\nd,0,1,4\n",
                                               (setting){.strata = "s", .coverage = "list,s\nA,b\nA,c\n"});
    expect_names(captures, 2, (const char *const[]){"b", "d"});
    assert_int_equal(captures->n_empty_strata, 2);
    assert_true(captures->totals[1] == 4 && captures->counts[1][2] == 4 && captures->counts[0][3] == 2);
    assert_string_equal(captures->strata_values[1][0], "d");
    assert_true(captures->active[0] == 3 && captures->active[1] == 2 && captures->has_coverage);
    est_i_captures_free(captures);
    captures = expect_captures("person,list,s\n1,A,a\n1,B,a\n2,C,b\n", (setting){.strata = "s", .lists = "A,B"});
    expect_names(captures, 1, (const char *const[]){"a"});
    assert_int_equal(captures->n_empty_strata, 1);
    est_i_captures_free(captures);
    expect_fault("s,A,B,count\na,1,0,0\n", (setting){.strata = "s"}, EST_EDEFINITION, 0, "", "no person");
}

static void test_seen(void **state)
{
    (void)state;
    est_i_captures *captures = expect_captures(
        "s,A,B,seen_any_list,count\na,1,0,9,0\nb,1,1,7,2\nc,0,1,3,1\n", (setting){.strata = "s"});
    expect_names(captures, 2, (const char *const[]){"b", "c"});
    assert_true(captures->has_seen && captures->seen[0] == 7 && captures->seen[1] == 3);
    est_i_captures_free(captures);
    expect_fault("s,A,B,seen_any_list\na,1,0,9\na,1,1,8\n", (setting){.strata = "s"}, EST_EVALUE, 2, "seen_any_list",
                 "every record of the stratum");
    expect_fault("s,A,B,seen_any_list\na,1,0,1\na,1,1,1\n", (setting){.strata = "s"}, EST_EVALUE, 1, "seen_any_list",
                 "in stratum a;");
}

#define COVERED "sex,area,A,B,C,count\nf,1,1,1,0,5\nf,2,0,1,1,6\nm,1,1,0,0,7\nm,2,0,1,1,8\nm,3,0,1,0,9\n"

static void expect_active(const char *coverage, const unsigned *active)
{
    est_i_captures *captures = expect_captures(COVERED, (setting){.strata = "sex,area", .coverage = coverage});
    bool rests = false;
    assert_int_equal(captures->n_blocks, 5);
    for (size_t b = 0; b < 5; b++) {
        assert_int_equal(captures->active[b], active[b]);
        rests = rests || active[b] != 7;
    }
    assert_int_equal(captures->has_coverage, rests);
    est_i_captures_free(captures);
}

static void test_coverage(void **state)
{
    (void)state;
    expect_active("list,sex,area\nA,f,1\nA,m,1\n", (const unsigned[]){7, 6, 7, 6, 6});
    expect_active("area,list\n1,A\n2,C\n3,C\n1 ,A\n", (const unsigned[]){3, 6, 3, 6, 6}); /* fewer columns, any order */
    expect_active("list\nA\n", (const unsigned[]){7, 7, 7, 7, 7});
    /* f, 3 occurs nowhere: ignored. */
    expect_active("list,sex,area\nA,f,3\nA,m,1\nA,f,1\nA,m,3\n", (const unsigned[]){7, 6, 7, 6, 7});
    est_i_captures *captures =
        expect_captures("sex,A,B\nf,1,1\nm,0,1\n", (setting){.strata = "sex", .coverage = "list,sex\nA,f\n"});
    assert_true(captures->active[0] == 3 && captures->active[1] == 2 && captures->has_coverage);
    est_i_captures_free(captures);
    captures = expect_captures("person,list,sex\n1,X,f\n1,Y,f\n2,X,m\n", (setting){.strata = "sex", .coverage = "list,sex\nY,f\n"});
    assert_true(captures->active[0] == 3 && captures->active[1] == 1);
    est_i_captures_free(captures);
}

static void test_coverage_faults(void **state)
{
    (void)state;
    const char *strata = "sex,area";
    const struct {
        const char *coverage;
        est_status code;
        long long record;
        const char *column, *words;
    } faults[] = {
        {"list,sex\nD,f\n", EST_ECOLUMN, 1, "list", "'D' is no list of the data"},
        {"list,sex\nA,f\nA,F\n", EST_EVALUE, 2, "sex", "'F' is no value of this column in the data; did you mean 'f"},
        {"list,sex\nA,unheard of\n", EST_EVALUE, 1, "sex", "remove the row"},
        {"list,area\nA,4\n", EST_EVALUE, 1, "area", "'4' is no value"},
        {"list,sex\nA,\n", EST_EVALUE, 1, "sex", "found no value"},
        {"list,sex\n,f\n", EST_EVALUE, 1, "list", "found no list"},
        {"sex\nf\n", EST_ECOLUMN, 0, "list", "the name of the list"},
        {"list,sexe\nA,f\n", EST_ECOLUMN, 0, "sexe", "did you mean 'sex'"},
        /* Where persons stand on a list that was not at work: the record of the data. */
        {"list,sex\nA,f\n", EST_EDEFINITION, 3, "A", "list 'A' in stratum 'm, 1', where it was not at work by coverage.csv"},
        {"list,area\nB,2\nB,1\n", EST_EDEFINITION, 5, "B", "list 'B' in stratum 'm, 3'"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        expect_fault(COVERED, (setting){.strata = strata, .coverage = faults[i].coverage}, faults[i].code, faults[i].record,
                     faults[i].column, faults[i].words);
    expect_fault("person,list,sex\nWanjiku,X,f\nWanjiku,Y,f\nb,Y,m\n", (setting){.strata = "sex", .coverage = "list,sex\nY,f\n"},
                 EST_EDEFINITION, 3, "list", "list 'Y' in stratum 'm'");
    expect_fault("sex,A,B\nf,1,1\nm,1,0\n", (setting){.strata = "sex", .coverage = "list,sex\nA,f\n"}, EST_EDEFINITION, 2, "A",
                 "list 'A'");
    expect_fault("list,A,B\nf,1,1\nm,1,0\n", (setting){.strata = "list", .coverage = "list\nA\n"}, EST_EDEFINITION, 0, "",
                 "named 'list'");
    /* Nobody in the record: no fault. */
    est_i_captures *captures = expect_captures("sex,A,B,count\nf,1,1,3\nm,1,0,0\nm,0,1,2\n",
                                               (setting){.strata = "sex", .coverage = "list,sex\nA,f\n"});
    assert_true(captures->totals[1] == 2);
    est_i_captures_free(captures);
}

/* Without stratum columns: one block, as est_i_captures_read has it. */
static void test_no_strata(void **state)
{
    (void)state;
    est_i_captures *captures = expect_captures("A,B,count\n1,0,3\n1,1,2\n", (setting){.strata = ""});
    char hex[65], other[65];
    assert_int_equal(captures->n_blocks, 1);
    assert_string_equal(captures->block_names[0], "");
    assert_int_equal(captures->n_strata_columns, 0);
    est_i_captures_digest(captures, hex);
    est_i_captures_free(captures);
    est_table *data = parse("data.csv", "A,B,count\n1,0,3\n1,1,2\n");
    est_capture_options options = {0};
    est_error error;
    assert_int_equal(est_i_captures_read(data, &options, NULL, NULL, &captures, &error), EST_OK);
    est_i_captures_digest(captures, other);
    assert_string_equal(hex, other);
    est_i_captures_free(captures);
    est_table_free(data);
}

static void test_scotland(void **state)
{
    (void)state;
    est_table *data = NULL;
    est_error error;
    est_i_captures *captures = NULL;
    assert_int_equal(est_table_open("dataset:scotland_pwid_2006", NULL, &data, &error), EST_OK);
    assert_int_equal(read_table(data, (setting){.strata = "region,sex,age"}, &captures, &error), EST_OK);
    est_table_free(data);
    assert_int_equal(captures->n_blocks, 8);
    assert_int_equal(captures->n_lists, 4);
    assert_string_equal(captures->block_names[0], "GGC, female, 35+");
    assert_string_equal(captures->block_names[7], "rest, male, under 35");
    assert_true(captures->total == 5670 && captures->totals[0] == 120 && captures->totals[7] == 2167);
    double alone = 0;
    for (size_t b = 0; b < 8; b++)
        alone += captures->counts[b][8];
    assert_true(alone == 684);
    est_i_captures_free(captures);
}

static int stop(void *user)
{
    (void)user;
    return 1;
}

static void test_cancel(void **state)
{
    (void)state;
    est_context context = est_context_default();
    context.poll = stop;
    est_table *data = parse("data.csv", COUNTS);
    est_capture_options options = {0};
    est_i_strata_options strata = {"sex", NULL};
    est_error error;
    est_i_captures *captures = NULL;
    assert_int_equal(est_i_captures_read_strata(data, &options, &strata, &context, &captures, &error), EST_ECANCELLED);
    assert_null(captures);
    est_table_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),     cmocka_unit_test(test_shapes_agree), cmocka_unit_test(test_order),
        cmocka_unit_test(test_labels),     cmocka_unit_test(test_faults),       cmocka_unit_test(test_persons),
        cmocka_unit_test(test_many),       cmocka_unit_test(test_nobody),       cmocka_unit_test(test_seen),
        cmocka_unit_test(test_coverage),   cmocka_unit_test(test_coverage_faults),
        cmocka_unit_test(test_no_strata),  cmocka_unit_test(test_scotland),     cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
