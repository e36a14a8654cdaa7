/* est check: every finding on a small file made for it, what private data give away, and the same bytes whatever the chunks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <readstat.h>

#include <est.h>

#include "core/text.h"
#include "data/source_parts.h"
#include "survey/check_columns.h"
#include "survey/check_design.h"
#include "survey/check_keys.h"

/* Running */

static est_status try_check(const char *csv, const est_check_options *options, int is_public, est_result **result, est_error *error)
{
    est_table *table = NULL;
    *result = NULL;
    assert_int_equal(est_table_parse_csv("made.csv", csv, strlen(csv), NULL, &table, error), EST_OK);
    est_table_set_public(table, is_public);
    est_status status = est_check_table(table, options, NULL, result, error);
    est_table_free(table);
    return status;
}

static est_result *check(const char *csv, const est_check_options *options)
{
    est_result *result;
    est_error error;
    if (try_check(csv, options, 1, &result, &error) != EST_OK)
        fail_msg("%s", error.message);
    return result;
}

static est_check_options asked(void)
{
    est_check_options options = est_check_options_default();
    options.weight = "w";
    options.strata = "h";
    options.psu = "c";
    return options;
}

static const est_cell *cell(const est_result *result, const char *frame, size_t row, const char *column)
{
    const est_frame *found = est_result_frame_find(result, frame);
    assert_non_null(found);
    assert_true(row < found->n_rows);
    for (size_t j = 0; j < found->n_columns; j++)
        if (strcmp(found->columns[j], column) == 0)
            return &found->cells[row * found->n_columns + j];
    fail_msg("no column %s in %s", column, frame);
    return NULL;
}

/* The line of a frame whose first column is `name`; SIZE_MAX if there is none. */
static size_t line_of(const est_result *result, const char *frame, const char *name)
{
    const est_frame *found = est_result_frame_find(result, frame);
    size_t line = SIZE_MAX;
    for (size_t i = 0; found && i < found->n_rows && line == SIZE_MAX; i++)
        if (strcmp(found->cells[i * found->n_columns].text, name) == 0)
            line = i;
    return line;
}

static double number_in(const est_result *result, const char *frame, const char *name, const char *column)
{
    size_t line = line_of(result, frame, name);
    if (line == SIZE_MAX)
        fail_msg("no '%s' in %s", name, frame);
    return cell(result, frame, line, column)->number;
}

static const char *text_in(const est_result *result, const char *frame, const char *name, const char *column)
{
    size_t line = line_of(result, frame, name);
    if (line == SIZE_MAX)
        fail_msg("no '%s' in %s", name, frame);
    return cell(result, frame, line, column)->text;
}

/* The finding of that code is there with that severity, place and count (NaN = none), and its words hold `says`. */
static void finds(const est_result *result, const char *code, const char *severity, const char *where, double count,
                  const char *says)
{
    size_t n = est_result_frame_find(result, "finding_codes")->n_rows, found = SIZE_MAX;
    for (size_t i = 0; i < n && found == SIZE_MAX; i++)
        if (strcmp(cell(result, "finding_codes", i, "code")->text, code) == 0 &&
            strcmp(cell(result, "finding_codes", i, "where")->text, where) == 0 &&
            strstr(cell(result, "findings", i, "finding")->text, says))
            found = i;
    if (found == SIZE_MAX)
        fail_msg("no finding %s at '%s' that says '%s'", code, where, says);
    assert_string_equal(cell(result, "findings", found, "severity")->text, severity);
    assert_string_equal(cell(result, "finding_codes", found, "severity")->text, severity);
    double is = cell(result, "findings", found, "count")->number;
    if (isnan(count) ? !isnan(is) : is != count)
        fail_msg("%s: found the count %g, expected %g", code, is, count);
}

static void finds_no(const est_result *result, const char *code)
{
    for (size_t i = 0; i < est_result_frame_find(result, "finding_codes")->n_rows; i++)
        if (strcmp(cell(result, "finding_codes", i, "code")->text, code) == 0)
            fail_msg("found %s: %s", code, cell(result, "findings", i, "finding")->text);
}

static const char *note_of(const est_result *result, const char *code)
{
    const char *message = "";
    for (size_t i = 0; i < est_result_notes(result); i++)
        if (strcmp(est_result_note(result, i)->code, code) == 0)
            message = est_result_note(result, i)->message;
    return message;
}

static void near(double found, double expected)
{
    if (!(fabs(found - expected) <= 1e-12 * fmax(1, fabs(expected))))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

/* The design */

static void test_all_faults_at_once(void **state)
{
    static const char csv[] = "id,w,h,c\n1,2,a,1\n2,,a,1\n3,-2,a,2\n4,x,a,2\n5,0,b,3\n6,3,b,1\n6,3,b,1\n8,1,,4\n9,1,d,\n,1,e,5\n";
    est_check_options o = asked();
    (void)state;
    o.id = "id";
    est_result *r = check(csv, &o);
    finds(r, "missing_stratum", "error", "h", 1, "1 row without a stratum, first record 8");
    finds(r, "missing_unit", "error", "c", 1, "first record 9");
    finds(r, "missing_weight", "error", "w", 1, "first record 2");
    finds(r, "negative_weight", "error", "w", 1, "first record 3");
    finds(r, "text_weight", "error", "w", 1, "first record 4");
    finds(r, "zero_weight", "note", "w", 1, "first record 5");
    finds(r, "lonely_psu", "error", "h", 1, "1 stratum has a single PSU: 'e'");
    finds(r, "recurring_ids", "error", "c", 1, "1 of 4 PSU ids");
    finds(r, "repeated_ids", "error", "id", 1, "first record 7");
    finds(r, "missing_id", "error", "id", 1, "first record 10");
    finds(r, "repeated_rows", "warning", "", 1, "first record 7");
    finds(r, "single_rows", "note", "c", 2, "2 of 5 PSUs");
    assert_true(est_result_stat_value(r, "rows") == 10);
    assert_true(est_result_stat_value(r, "strata") == 3);
    assert_true(est_result_stat_value(r, "psus") == 5);
    assert_true(est_result_stat_value(r, "design_df") == 2);
    assert_true(est_result_stat_value(r, "errors") == 9);
    assert_string_equal(cell(r, "findings", 8, "severity")->text, "error");
    assert_string_not_equal(cell(r, "findings", 9, "severity")->text, "error");
    assert_non_null(strstr(note_of(r, "errors"), "9 errors: h: 1 row without a stratum"));
    assert_non_null(strstr(note_of(r, "suggestion"), "est survey DATA --weight w --strata h --psu c --lonely adjust"));
    assert_null(strstr(note_of(r, "suggestion"), "--nest"));
    est_result_free(r);
}

static void test_sizes(void **state)
{
    est_check_options o = asked();
    (void)state;
    est_result *r = check("w,h,c\n1,a,1\n1,a,1\n1,a,2\n1,a,2\n1,a,2\n1,a,3\n1,a,3\n1,b,4\n1,b,4\n1,b,5\n1,b,5\n1,b,5\n1,b,5\n", &o);
    assert_true(number_in(r, "design", "PSUs in each stratum", "smallest") == 2);
    assert_true(number_in(r, "design", "PSUs in each stratum", "median") == 2.5);
    assert_true(number_in(r, "design", "PSUs in each stratum", "largest") == 3);
    assert_true(number_in(r, "design", "rows in each PSU", "smallest") == 2);
    assert_true(number_in(r, "design", "rows in each PSU", "median") == 2);
    assert_true(number_in(r, "design", "rows in each PSU", "largest") == 4);
    assert_true(number_in(r, "strata", "a", "rows") == 7);
    assert_true(number_in(r, "strata", "b", "PSUs") == 2);
    assert_true(est_result_stat_value(r, "smallest_stratum") == 6);
    assert_true(est_result_stat_value(r, "largest_stratum") == 7);
    finds(r, "unique_ids", "note", "c", 5, "one stratum only");
    finds(r, "weights_constant", "note", "w", NAN, "the same within each PSU");
    assert_true(est_result_stat_value(r, "errors") == 0);
    est_result_free(r);
}

static void test_stages(void **state)
{
    est_check_options o = asked();
    (void)state;
    o.psu = "c,k";
    est_result *r = check("w,h,c,k\n1,a,1,1\n2,a,1,2\n1,a,1,3\n1,a,2,1\n1,a,2,2\n1,a,2,2\n", &o);
    assert_true(number_in(r, "design", "units of stage 2 in each of stage 1", "number") == 5);
    assert_true(number_in(r, "design", "units of stage 2 in each of stage 1", "smallest") == 2);
    assert_true(number_in(r, "design", "units of stage 2 in each of stage 1", "largest") == 3);
    assert_true(number_in(r, "design", "rows in each PSU", "median") == 3);
    assert_true(est_result_stat_value(r, "psus") == 2);
    finds(r, "weights_vary", "note", "w", 1, "within 1 of 2 PSUs");
    finds(r, "one_stratum", "note", "h", 1, "one stratum only");
    est_result_free(r);
}

static void test_ids_and_nest(void **state)
{
    static const char nested[] = "w,h,c\n1,a,1\n1,a,2\n1,a,3\n1,b,1\n1,b,2\n1,b,3\n";
    static const char mistake[] = "w,h,c\n1,a,1\n1,a,2\n1,a,3\n1,b,1\n1,b,5\n1,b,6\n";
    est_check_options o = asked();
    (void)state;
    est_result *r = check(nested, &o);
    finds(r, "recurring_ids", "error", "c", 3, "3 of 3 PSU ids occur in several strata");
    assert_non_null(strstr(note_of(r, "suggestion"), "--nest"));
    assert_true(est_result_stat_value(r, "psus") == 6);
    est_result_free(r);
    r = check(mistake, &o);
    finds(r, "recurring_ids", "error", "c", 1, "1 of 5");
    est_result_free(r);
    o.nest = 1;
    r = check(nested, &o);
    finds(r, "nested_ids", "note", "c", 3, "as --nest says");
    est_result_free(r);
    r = check(mistake, &o);
    finds(r, "recurring_ids", "warning", "c", 1, "only 1 of 5");
    est_result_free(r);
}

static void test_partial_designs(void **state)
{
    est_check_options o = est_check_options_default();
    est_table *none = NULL;
    est_error error;
    (void)state;
    o.strata = "h";
    est_result *r = check("w,h,c\n1,a,1\n1,a,2\n1,b,3\n1,b,4\n1,d,4\n", &o);
    assert_true(est_result_stat_value(r, "psus") == 5);
    assert_true(est_result_stat_value(r, "design_df") == 2);
    finds(r, "no_psu", "note", "", NAN, "no PSU");
    finds(r, "no_weight", "note", "", NAN, "no weight");
    finds(r, "lonely_psu", "error", "h", 1, "'d'");
    assert_null(est_result_frame_find(r, "design"));
    est_result_free(r);
    o.strata = "";
    o.psu = "w";
    r = check("w\n1\n2\n3\n", &o);
    finds(r, "no_strata", "note", "", NAN, "no strata");
    finds(r, "single_rows", "warning", "w", 3, "every PSU has one row");
    est_result_free(r);
    assert_int_equal(est_table_new("made.csv", 0, &none, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(none, "w", NULL, &error), EST_OK);
    assert_int_equal(est_check_table(none, &o, NULL, &r, &error), EST_OK);
    finds(r, "no_rows", "error", "", 0, "no rows");
    est_result_free(r);
    est_table_free(none);
    r = check("w,h\n1,2\n3,4\n", NULL);
    assert_non_null(strstr(note_of(r, "no_design"), "--weight"));
    assert_true(est_result_frame_find(r, "findings")->print_rows == 0);
    assert_non_null(strstr(note_of(r, "no_findings"), "Nothing"));
    est_result_free(r);
}

static void test_corrections(void **state)
{
    est_check_options o = asked();
    (void)state;
    o.fpc = "N";
    est_result *r = check("w,h,c,N\n1,a,1,9\n1,a,2,9\n1,b,3,2\n1,b,4,2\n1,d,5,1\n", &o);
    finds(r, "fpc_sizes", "note", "N", NAN, "numbers of units");
    finds(r, "fpc_full", "note", "N", 2, "2 of 3");
    finds(r, "certainty_psu", "note", "h", 1, "certainty");
    finds_no(r, "lonely_psu");
    est_result_free(r);
    r = check("w,h,c,N\n1,a,1,0.1\n1,a,2,0.1\n1,b,3,0.5\n1,b,4,0.5\n", &o);
    finds(r, "fpc_shares", "note", "N", NAN, "shares");
    assert_true(est_result_stat_value(r, "errors") == 0);
    est_result_free(r);
    r = check("w,h,c,N\n1,a,1,0.1\n1,a,2,0.1\n1,b,3,1\n1,b,4,1\n1,b,6,1\n1,d,7,5\n1,d,8,7\n", &o);
    finds(r, "fpc_mixed", "error", "N", 1, "sizes in some strata");
    finds(r, "fpc_small", "error", "N", 1, "fewer units in the population");
    finds(r, "fpc_varies", "error", "N", 1, "within 1 of 3 strata");
    est_result_free(r);
    r = check("w,h,c,N\n1,a,1,\n1,a,2,9\n1,b,3,-1\n1,b,4,x\n", &o);
    finds(r, "missing_fpc", "error", "N", 1, "first record 1");
    finds(r, "bad_fpc", "error", "N", 2, "first record 3");
    est_result_free(r);
}

/* Weights */

static void test_scales(void **state)
{
    static const struct {
        const char *csv, *code, *severity;
    } cases[] = {
        {"w,h,c\n0.9,a,1\n1.1,a,2\n1.2,a,3\n0.8,a,4\n", "normalised_weights", "note"},
        {"w,h,c\n900000,a,1\n1100000,a,2\n1200000,a,3\n800000,a,4\n", "weights_in_millions", "warning"},
        {"w,h,c\n300,a,1\n310,a,2\n200,a,3\n100,a,4\n", "weights_to_population", "note"},
        {"w,h,c\n0.25,a,1\n0.25,a,2\n0.25,a,3\n0.25,a,4\n", "weights_below_rows", "warning"},
    };
    est_check_options o = asked();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        est_result *r = check(cases[i].csv, &o);
        finds(r, cases[i].code, cases[i].severity, "w", 4, "weights add up to");
        assert_int_equal(strstr(note_of(r, "suggestion"), "--weight-scale 0.000001") != NULL, i == 1);
        est_result_free(r);
    }
    est_result *r = check("w,h,c\n0,a,1\n0,a,2\n", &o);
    finds(r, "no_positive_weight", "error", "w", NAN, "no row");
    est_result_free(r);
}

static void test_variation(void **state)
{
    est_check_options o = asked();
    (void)state;
    est_result *r = check("w,h,c\n1,a,1\n2,a,2\n3,a,3\n4,a,4\n90,a,5\n0,a,6\n", &o);
    near(cell(r, "weights", 0, "smallest")->number, 1);
    near(cell(r, "weights", 0, "median")->number, 3);
    near(cell(r, "weights", 0, "mean")->number, 20);
    near(cell(r, "weights", 0, "largest")->number, 90);
    near(cell(r, "weights", 0, "largest / median")->number, 30);
    /* by hand: 5 (1 + 4 + 9 + 16 + 8100) / 100^2 = 4.065 */
    near(cell(r, "weights", 0, "design effect (Kish)")->number, 4.065);
    near(cell(r, "weights", 0, "CV")->number, sqrt(3.065));
    near(cell(r, "weights", 0, "share of the largest 1 %")->number, 0.9);
    near(est_result_stat_value(r, "weight_sum"), 100);
    finds(r, "weights_spread", "warning", "w", NAN, "about 4.07");
    finds(r, "large_weight", "warning", "w", NAN, "30 times the median");
    est_result_free(r);
}

static void test_median_of_many(void **state)
{
    est_i_check_weights weights = {0};
    double sum = 0;
    (void)state;
    for (int i = 1; i <= 9999; i++) {
        assert_true(est_i_check_weights_add(&weights, 0.01 * i, 2));
        sum += 0.02 * i;
    }
    assert_true(fabs(est_i_check_weights_median(&weights) / 50 - 1) < 0.001);
    /* the largest 199 of 19998 */
    double top = 0;
    for (int i = 0; i < 199; i++)
        top += 0.01 * (9999 - i / 2);
    assert_true(fabs(est_i_check_weights_top(&weights, 0.01) / (top / sum) - 1) < 0.002);
    est_i_check_weights_free(&weights);
    assert_true(est_i_check_weights_add(&weights, 1e-300, 1) && est_i_check_weights_add(&weights, 1e300, 1));
    est_i_check_weights_free(&weights);
}

/* Domains */

#define MADE 3000

/* Random strata, PSUs and domains, some of them small. */
static est_table *made_table(bool public)
{
    static double weight[MADE], y[MADE], stratum[MADE], psu[MADE], place[MADE], id[MADE];
    static const char *sex[MADE];
    est_table *table = NULL;
    est_error error;
    unsigned state = 11;
    for (int i = 0; i < MADE; i++) {
        state = state * 1664525u + 1013904223u;
        psu[i] = (i * 37) % 160;
        stratum[i] = (int)psu[i] % 20;
        weight[i] = 1 + (state >> 20) / 977.0;
        y[i] = (state >> 10) % 1000 / 7.0;
        place[i] = (state >> 16) % 59 < 58 ? (double)((state >> 16) % 6) : (int)stratum[i] % 3 + 7;
        sex[i] = (state >> 13) % 2 ? "female" : "male";
        id[i] = 31000000 + i;
    }
    assert_int_equal(est_table_new("made.csv", MADE, &table, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "id", id, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "w", weight, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "y", y, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "h", stratum, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "c", psu, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "place", place, &error), EST_OK);
    assert_int_equal(est_table_add_text(table, "sex", sex, &error), EST_OK);
    est_table_set_public(table, public);
    return table;
}

/* Cases and degrees of freedom are those that est_survey finds. */
static void test_domains(void **state)
{
    est_table *table = made_table(true);
    est_check_options o = asked();
    est_survey_options s = est_survey_options_default();
    est_result *r, *estimates;
    est_error error;
    size_t compared = 0, few = 0, few_df = 0;
    (void)state;
    s.weight = o.weight;
    s.strata = o.strata;
    s.psu = o.psu;
    s.mean = "y";
    o.by = s.by = "place,sex";
    assert_int_equal(est_check_table(table, &o, NULL, &r, &error), EST_OK);
    assert_int_equal(est_survey_table(table, &s, NULL, &estimates, &error), EST_OK);
    for (size_t i = 1; i < est_result_rows(estimates); i++) {
        const est_row *row = est_result_row(estimates, i);
        char name[64];
        snprintf(name, sizeof name, "place = %s, sex = %s", row->domain[0].value, row->domain[1].value);
        assert_true(number_in(r, "domains", name, "cases") == row->n);
        assert_true(number_in(r, "domains", name, "df") == row->df);
        few += row->n < 25;
        few_df += row->df < 8;
        compared++;
    }
    assert_true(compared == est_result_frame_find(r, "domains")->n_rows && compared == 18);
    assert_true(few > 0 || few_df > 0);
    if (few > 0)
        finds(r, "few_cases", "warning", "place,sex", (double)few, "fewer than 25 cases");
    if (few_df > 0)
        finds(r, "few_df", "warning", "place,sex", (double)few_df, "fewer than 8 degrees");
    assert_true(est_result_stat_value(r, "domains") == 18);
    est_result_free(r);
    est_result_free(estimates);
    est_table_free(table);
}

static void test_small_domains(void **state)
{
    est_i_text csv = {0};
    est_check_options o = asked();
    (void)state;
    o.by = "d";
    est_i_text_append(&csv, "w,h,c,d\n");
    for (int i = 0; i < 100; i++)
        est_i_text_printf(&csv, "%d,%d,%d,%s\n", i == 99 ? 0 : 1, i % 4, i % 20, i < 20 ? "a" : i < 50 ? "b" : i < 98 ? "" : "c");
    est_result *r = check(csv.data, &o);
    finds(r, "few_cases", "warning", "d", 2, "2 of 4 domains");
    finds(r, "some_cases", "note", "d", 2, "25 to 49 cases");
    finds(r, "few_df", "warning", "d", 1, "1 of 4");
    finds(r, "missing_domain", "note", "d", 48, "48 rows miss a value of --by");
    assert_true(number_in(r, "domains", "d = c", "cases") == 1); /* one more has the weight 0 */
    assert_true(number_in(r, "domains", "d = a", "df") == 16);
    assert_string_equal(text_in(r, "domains", "d = a", "remark"), "fewer than 25 cases");
    assert_string_equal(text_in(r, "domains", "d = c", "remark"), "fewer than 25 cases, few df");
    assert_true(est_result_stat_value(r, "smallest_domain") == 1);
    est_result_free(r);
    est_i_text_free(&csv);
}

/* Columns */

static void test_description(void **state)
{
    (void)state;
    est_result *r = check("n,t,m,e\n1.5,x,1,\n-2,y,b,NA\nNA,x,3,\n4,,3,\n", NULL);
    assert_string_equal(text_in(r, "columns", "n", "kind"), "number");
    assert_string_equal(text_in(r, "columns", "t", "kind"), "text");
    assert_string_equal(text_in(r, "columns", "m", "kind"), "mixed");
    assert_string_equal(text_in(r, "columns", "e", "kind"), "empty");
    assert_true(number_in(r, "columns", "n", "missing") == 1);
    assert_true(number_in(r, "columns", "n", "distinct") == 3);
    assert_true(number_in(r, "columns", "n", "lowest") == -2);
    assert_true(number_in(r, "columns", "n", "highest") == 4);
    near(number_in(r, "columns", "n", "mean"), 3.5 / 3);
    assert_true(number_in(r, "columns", "t", "distinct") == 2);
    assert_true(isnan(number_in(r, "columns", "t", "mean")));
    finds(r, "empty_columns", "note", "", 1, "e");
    est_result_free(r);
    est_check_options o = est_check_options_default();
    o.columns = "m,n";
    r = check("n,t,m,e\n1.5,x,1,\n-2,y,b,NA\nNA,x,3,\n4,,3,\n", &o);
    assert_int_equal(est_result_frame_find(r, "columns")->n_rows, 2);
    assert_string_equal(cell(r, "columns", 0, "column")->text, "m");
    assert_true(isnan(est_result_stat_value(r, "repeated_rows"))); /* not every column was read */
    est_result_free(r);
}

static void test_many_values(void **state)
{
    est_i_text csv = {0};
    (void)state;
    est_i_text_append(&csv, "a,b,k\n");
    for (int i = 0; i < 1200; i++)
        est_i_text_printf(&csv, "%d,%d,7\n", i, i % 1000);
    est_result *r = check(csv.data, NULL);
    assert_string_equal(text_in(r, "columns", "a", "distinct"), "more than 1,000");
    assert_true(number_in(r, "columns", "b", "distinct") == 1000);
    assert_true(number_in(r, "columns", "a", "highest") == 1199);
    near(number_in(r, "columns", "a", "mean"), 599.5);
    finds(r, "constant_columns", "note", "", 1, "k");
    finds_no(r, "special_codes"); /* 97 to 99, 997 to 999 lie among the others */
    est_result_free(r);
    est_i_text_free(&csv);
}

/* A column of the numbers 0 to `last`, `times` times each, and then `more`. */
static est_result *column_of(int last, int times, const char *more, const est_check_options *options)
{
    est_i_text csv = {0};
    est_i_text_append(&csv, "x\n");
    for (int i = 0; i < times * (last + 1); i++)
        est_i_text_printf(&csv, "%d\n", i / times);
    est_i_text_append(&csv, more);
    est_result *r = check(csv.data, options);
    est_i_text_free(&csv);
    return r;
}

static void test_special_codes(void **state)
{
    est_check_options o = est_check_options_default();
    (void)state;
    est_result *r = column_of(60, 2, "97\n98\n98\n", NULL);
    finds(r, "special_codes", "warning", "x", 3, "97 (1), 98 (2); beyond all other numbers");
    assert_non_null(strstr(cell(r, "findings", 0, "advice")->text, "--where 'x < 97'"));
    est_result_free(r);
    r = column_of(17, 2, "98\n999\n-1\n", NULL);
    finds(r, "special_codes", "warning", "x", 2, "98 (1), 999 (1); beyond");
    finds(r, "special_codes", "warning", "x", 1, "-1 (1); negative");
    est_result_free(r);
    r = column_of(95, 1, "98\n98\n98\n98\n98\n98\n98\n98\n98\n98\n98\n", NULL); /* eleven, and nine in 88 to 95 */
    finds(r, "special_codes", "warning", "x", 11, "more often than those near it");
    est_result_free(r);
    r = column_of(92, 2, "98\n", NULL); /* an old woman, perhaps */
    finds_no(r, "special_codes");
    est_result_free(r);
    r = column_of(96, 3, "97\n98\n99\n", NULL);
    finds_no(r, "special_codes");
    est_result_free(r);
    r = column_of(100, 1, "99\n", NULL);
    finds_no(r, "special_codes");
    est_result_free(r);
    r = column_of(5000, 1, "9999\n9999\n", NULL);
    finds(r, "special_codes", "warning", "x", 2, "9999 (2)");
    est_result_free(r);
    o.codes = "none";
    r = column_of(17, 2, "98\n", &o);
    finds_no(r, "special_codes");
    est_result_free(r);
    o.codes = "77,66.5";
    r = column_of(17, 2, "98\n77\n66.5\n", &o);
    finds_no(r, "special_codes"); /* 98 is now one of the others */
    est_result_free(r);
    r = column_of(17, 2, "66.5\n77\n", &o);
    finds(r, "special_codes", "warning", "x", 2, "66.5 (1), 77 (1)");
    est_result_free(r);
    r = check("x\n99\n99\n", NULL);
    finds(r, "special_codes", "note", "x", 2, "no other number");
    est_result_free(r);
    r = check("w,h,c\n1,98,1\n1,98,2\n1,1,3\n1,1,99\n",
              &(est_check_options){
                  .weight = "w", .strata = "h", .psu = "c", .fpc = "", .by = "", .id = "", .columns = "", .codes = "usual"});
    finds_no(r, "special_codes"); /* columns of the design hold names */
    est_result_free(r);
}

static void test_texts_among_numbers(void **state)
{
    est_i_text csv = {0};
    (void)state;
    est_i_text_append(&csv, "x,p,t\n");
    for (int i = 0; i < 40; i++)
        est_i_text_printf(&csv, "%d,\"%d,5\",text\n", i, i);
    est_i_text_append(&csv, "Refused,7,1\ndk,7,2\nDK,\" 7 \",3\nWanjiku,8,4\n");
    est_result *r = check(csv.data, NULL);
    finds(r, "texts_among_numbers", "warning", "x", 4, "'dk' (2), 'refused' (1), other texts, not shown (1)");
    finds(r, "texts_among_numbers", "warning", "p", 41, "numbers with blanks around them (1), numbers with a decimal comma (40)");
    for (size_t i = 0; i < est_result_frame_find(r, "findings")->n_rows; i++)
        assert_null(strstr(cell(r, "findings", i, "finding")->text, "Wanjiku"));
    est_result_free(r);
    est_i_text_free(&csv);
}

static void test_repeated_keys(void **state)
{
    est_check_options o = est_check_options_default();
    (void)state;
    o.id = "a,b";
    est_result *r = check("a,b,v\n1,1,5\n1,2,5\n2,1,5\n1,2,6\n1,2,7\n2,1,5\n", &o);
    finds(r, "repeated_ids", "error", "a,b", 3, "2 ids occur more than once, in 3 further rows, first record 4");
    finds(r, "repeated_rows", "note", "", 1, "first record 6"); /* no column tells the rows apart */
    assert_true(est_result_stat_value(r, "repeated_ids") == 3 && est_result_stat_value(r, "repeated_rows") == 1);
    est_result_free(r);
    r = check("a,b,v\n1,1,5\n1,2,5\n2,1,5\n", &o);
    finds(r, "unique_rows", "note", "a,b", 0, "no id occurs twice");
    est_result_free(r);
}

/* Keys beyond the bound are estimated from a part of them. */
static void test_keys_are_bounded(void **state)
{
    est_i_check_keys keys = {.most = 4096};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        char text[16];
        assert_true(est_i_check_keys_add(&keys, est_i_check_hash(text, (size_t)snprintf(text, sizeof text, "%d", i % 900)), i + 1));
    }
    est_i_check_repeats repeats = est_i_check_keys_repeats(&keys);
    assert_true(repeats.exact && repeats.keys == 100 && repeats.rows == 100 && keys.first == 901);
    for (int i = 1000; i < 200000; i++) {
        char text[16];
        assert_true(
            est_i_check_keys_add(&keys, est_i_check_hash(text, (size_t)snprintf(text, sizeof text, "%d", i % 150000)), i + 1));
    }
    repeats = est_i_check_keys_repeats(&keys);
    assert_true(!repeats.exact && keys.n <= 4096);
    /* the ids 0 to 99 come three times (900 to 999 are met at 900 too), those up to 49999 twice */
    assert_true(fabs(repeats.rows / 50100 - 1) < 0.1);
    est_i_check_keys_free(&keys);
}

/* Disclosure */

static char *published_text(const est_result *result, const char *format, const est_suppression *suppression)
{
    est_result *published = NULL;
    est_error error;
    char *text = NULL;
    size_t length;
    assert_int_equal(est_result_suppress(result, suppression, &published, &error), EST_OK);
    assert_int_equal(est_report_string(published, format, &text, &length, &error), EST_OK);
    est_result_free(published);
    return text;
}

static void test_private_data(void **state)
{
    static const char *const people[] = {"Wanjiku", "Otieno", "Kamau", "Achieng", "Mutua"};
    static const char *const formats[] = {"text", "json", "csv", "md", "html"};
    est_i_text csv = {0};
    est_check_options o = asked();
    est_result *r, *published;
    est_error error;
    (void)state;
    o.id = "number";
    o.by = "group";
    est_i_text_append(&csv, "number,name,w,h,c,sex,group,income,odd\n");
    for (int i = 0; i < 300; i++)
        est_i_text_printf(&csv, "%d,%s%d,1,%s,%d,%s,%s,%d,%s\n", 27314159 + i * 7, people[i % 5], i,
                          i < 9     ? "s"
                          : i < 150 ? "t"
                                    : "u",
                          i < 9     ? i % 2
                          : i < 150 ? 2 + i % 7
                                    : 9 + i % 8,
                          i % 2 ? "female" : "male",
                          i < 12    ? "small"
                          : i < 130 ? "x"
                                    : "y",
                          1000003 + i * i * 17, i < 12 ? "rare" : "common");
    assert_int_equal(try_check(csv.data, &o, 0, &r, &error), EST_OK);
    assert_int_equal(est_result_suppress(r, NULL, &published, &error), EST_OK);
    assert_string_equal(cell(published, "strata", line_of(published, "strata", "s"), "rows")->text, "*");
    assert_true(cell(published, "strata", line_of(published, "strata", "t"), "rows")->text ||
                cell(published, "strata", line_of(published, "strata", "u"), "rows")->text); /* or 9 follows from the total */
    assert_string_equal(cell(published, "domains", line_of(published, "domains", "group = small"), "cases")->text, "*");
    assert_true(isnan(est_result_stat_value(published, "smallest_domain")) && isnan(est_result_stat_value(published, "smallest_"
                                                                                                                     "stratum")));
    assert_true(isnan(number_in(published, "columns", "number", "lowest")));
    assert_true(number_in(published, "columns", "income", "lowest") == 1000000); /* of ten rows, rounded */
    /* "rare" stands in 12 rows: it may be named, its count may not, and neither that of "common" */
    assert_true(isnan(cell(published, "levels", line_of(published, "levels", "odd"), "rows")->number));
    assert_true(number_in(published, "levels", "sex", "rows") == 150);
    assert_true(line_of(published, "levels", "name") == SIZE_MAX);
    est_result_free(published);
    for (size_t f = 0; f < 5; f++) {
        char *text = published_text(r, formats[f], NULL);
        for (size_t i = 0; i < 5; i++)
            assert_null(strstr(text, people[i]));
        assert_null(strstr(text, "2731"));
        assert_null(strstr(text, "1000003"));
        assert_null(strstr(text, "2519"));
        est_string_free(text);
    }
    est_suppression inside = est_suppression_default();
    inside.internal = 1;
    assert_int_equal(est_result_suppress(r, &inside, &published, &error), EST_OK);
    assert_true(number_in(published, "strata", "s", "rows") == 9);
    assert_true(number_in(published, "domains", "group = small", "cases") == 12);
    est_result_free(published);
    est_result_free(r);
    o.extremes = 1;
    assert_int_equal(try_check(csv.data, &o, 0, &r, &error), EST_OK);
    assert_true(est_result_is_internal(r));
    assert_true(number_in(r, "columns", "income", "lowest") == 1000003);
    est_result_free(r);
    est_i_text_free(&csv);
}

/* Few rows show no numbers, not even rounded ones. */
static void test_few_private_rows(void **state)
{
    est_result *r;
    est_error error;
    (void)state;
    assert_int_equal(try_check("a,t\n123,x\n456,x\n789,x\n", NULL, 0, &r, &error), EST_OK);
    assert_true(isnan(number_in(r, "columns", "a", "lowest")) && isnan(number_in(r, "columns", "a", "mean")));
    assert_null(est_result_frame_find(r, "levels"));
    est_result_free(r);
}

/* Options and faults */

static void refuses(const char *csv, const est_check_options *options, est_status status, const char *says)
{
    est_result *result;
    est_error error;
    assert_int_equal(try_check(csv, options, 1, &result, &error), status);
    assert_null(result);
    if (!strstr(error.message, says))
        fail_msg("'%s' does not say '%s'", error.message, says);
}

static void test_refusals(void **state)
{
    est_check_options o = asked();
    (void)state;
    o.strict = 1;
    refuses("w,h,c\n1,a,1\n,a,2\n2,b,3\n", &o, EST_EDEFINITION,
            "found 2 errors, expected none (without --strict all findings are listed): h: 1 stratum");
    est_result *r = check("w,h,c\n1,a,1\n2,a,2\n", &o);
    est_result_free(r);
    refuses("w,h\n1,a\n", &o, EST_ECOLUMN, "'c'");
    o.strata = "h,c";
    refuses("w,h,c\n1,a,1\n", &o, EST_EOPTION, "option --strata names 2 stages");
    o = asked();
    o.fpc = "w,w";
    refuses("w,h,c\n1,a,1\n", &o, EST_EOPTION, "option --fpc names 2 stages");
    o = asked();
    o.weight = "w,h";
    refuses("w,h,c\n1,a,1\n", &o, EST_EOPTION, "option --weight: found 2 columns");
    o = asked();
    o.codes = "97,x";
    refuses("w,h,c\n1,a,1\n", &o, EST_EOPTION, "option --codes: found 'x'");
    o = asked();
    o.by = "h,,c";
    refuses("w,h,c\n1,a,1\n", &o, EST_EOPTION, "option --by");
}

static void test_suggested_names_are_quoted(void **state)
{
    est_check_options o = est_check_options_default();
    (void)state;
    o.weight = "its w";
    o.strata = "\"a,b\"";
    est_result *r = check("its w,\"a,b\"\n1,1\n1,1\n", &o);
    assert_non_null(strstr(note_of(r, "suggestion"), "--weight 'its w' --strata '\"a,b\"'"));
    est_result_free(r);
}

/* Chunks and threads */

static char *bytes_of(const est_table *table, const char *csv, size_t length, size_t chunk, int threads)
{
    est_check_options o = asked();
    est_context context = est_context_default();
    est_source *source = NULL;
    est_result *r = NULL;
    est_error error;
    char *text = NULL;
    size_t size;
    o.id = "id";
    o.by = "sex";
    context.threads = threads;
    assert_int_equal(csv ? est_i_source_of_bytes("made.csv", csv, length, NULL, &source, &error)
                         : est_source_of_table(table, &source, &error),
                     EST_OK);
    est_i_source_set_chunks(source, chunk, chunk);
    if (est_check(source, &o, &context, &r, &error) != EST_OK)
        fail_msg("%s", error.message);
    assert_int_equal(est_report_string(r, "json", &text, &size, &error), EST_OK);
    est_result_free(r);
    est_source_free(source);
    return text;
}

static void test_chunks_and_threads(void **state)
{
    est_table *table = made_table(true);
    est_i_text csv = {0};
    (void)state;
    est_i_text_append(&csv, "id,w,h,c,sex\n");
    for (int i = 0; i < 500; i++)
        est_i_text_printf(&csv, "%d,%d,%d,%d,%s\n", i % 490, i % 7 == 3 ? -1 : 1 + i % 3, i % 5, i % 40, i % 2 ? "f" : "m");
    char *whole = bytes_of(table, NULL, 0, 1000000, 1), *of_csv = bytes_of(NULL, csv.data, csv.length, 1000000, 1);
    for (int threads = 1; threads <= 7; threads += threads == 1 ? 1 : 5) {
        char *other = bytes_of(table, NULL, 0, 97, threads), *parted = bytes_of(NULL, csv.data, csv.length, 64, threads);
        assert_string_equal(whole, other);
        assert_string_equal(of_csv, parted);
        est_string_free(other);
        est_string_free(parted);
    }
    est_string_free(whole);
    est_string_free(of_csv);
    est_i_text_free(&csv);
    est_table_free(table);
}

/* Files with labels, and the bundled datasets */

static ssize_t write_bytes(const void *data, size_t length, void *file)
{
    return (ssize_t)fwrite(data, 1, length, file);
}

static void good(readstat_error_t code)
{
    if (code != READSTAT_OK)
        fail_msg("%s", readstat_error_message(code));
}

/* 60 women: union 0, 1 or 8 "Don't know", age at marriage 15 to 34 or 98 labelled, "Inconsistent". */
static void write_women(const char *path)
{
    FILE *file = fopen(path, "wb");
    readstat_writer_t *writer = readstat_writer_init();
    assert_non_null(file);
    readstat_set_data_writer(writer, write_bytes);
    readstat_label_set_t *ever = readstat_add_label_set(writer, READSTAT_TYPE_INT32, "ever"),
                         *age = readstat_add_label_set(writer, READSTAT_TYPE_INT32, "age");
    readstat_label_int32_value(ever, 0, "No");
    readstat_label_int32_value(ever, 1, "Yes");
    readstat_label_int32_value(ever, 8, "Don't know");
    readstat_label_int32_value(age, 98, "Inconsistent");
    readstat_variable_t *v501 = readstat_add_variable(writer, "v501", READSTAT_TYPE_INT8, 0);
    readstat_variable_t *v511 = readstat_add_variable(writer, "v511", READSTAT_TYPE_INT16, 0);
    readstat_variable_set_label(v501, "Ever in union");
    readstat_variable_set_label(v511, "Age at first marriage");
    readstat_variable_set_label_set(v501, ever);
    readstat_variable_set_label_set(v511, age);
    good(readstat_writer_set_file_format_version(writer, 118));
    good(readstat_begin_writing_dta(writer, file, 60));
    for (int i = 0; i < 60; i++) {
        good(readstat_begin_row(writer));
        good(readstat_insert_int8_value(writer, v501, i < 30 ? 0 : i < 55 ? 1 : 8));
        if (i < 5)
            good(readstat_insert_missing_value(writer, v511));
        else
            good(readstat_insert_int16_value(writer, v511, (int16_t)(i < 12 ? 98 : i == 12 ? 99 : 15 + i % 20)));
        good(readstat_end_row(writer));
    }
    good(readstat_end_writing(writer));
    readstat_writer_free(writer);
    assert_int_equal(fclose(file), 0);
}

static void test_labels(void **state)
{
    char folder[256], path[300];
    const char *base = getenv("TMPDIR");
    est_source *source;
    est_result *r;
    est_error error;
    (void)state;
    snprintf(folder, sizeof folder, "%s/est-check-XXXXXX", base && strlen(base) < 200 ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/women.dta", folder);
    write_women(path);
    assert_int_equal(est_source_open(path, NULL, &source, &error), EST_OK);
    est_check_options o = est_check_options_default();
    assert_int_equal(est_check(source, &o, NULL, &r, &error), EST_OK);
    assert_string_equal(text_in(r, "columns", "v511", "label"), "Age at first marriage");
    assert_true(number_in(r, "columns", "v511", "missing") == 5);
    finds(r, "special_codes", "warning", "v511", 7, "98 'Inconsistent' (7)");
    finds(r, "special_codes", "warning", "v511", 1, "99 (1); beyond");
    finds(r, "special_codes", "note", "v501", 5, "8 'Don't know' (5)");
    assert_true(line_of(r, "levels", "v501") == SIZE_MAX); /* 5 rows are too few to be named */
    est_result_free(r);
    est_source_free(source);
    unlink(path);
    rmdir(folder);
}

/* 300 persons. q: 1, 2; 30 rows 98 "don't know" and 40 of .r (in SPSS 99) that the file declares missing, 25 of the system's.
 * income: 60 rows of a declared range (SPSS), each with a number of its own. */
static void write_answers(const char *path, bool is_spss)
{
    FILE *file = fopen(path, "wb");
    readstat_writer_t *writer = readstat_writer_init();
    assert_non_null(file);
    readstat_set_data_writer(writer, write_bytes);
    readstat_label_set_t *set = readstat_add_label_set(writer, is_spss ? READSTAT_TYPE_DOUBLE : READSTAT_TYPE_INT32, "q");
    if (is_spss)
        readstat_label_double_value(set, 98, "don't know");
    else
        readstat_label_tagged_value(set, 'r', "refused");
    readstat_variable_t *q = readstat_add_variable(writer, "q", READSTAT_TYPE_DOUBLE, 0);
    readstat_variable_t *income = readstat_add_variable(writer, "income", READSTAT_TYPE_DOUBLE, 0);
    readstat_variable_set_label_set(q, set);
    if (is_spss) {
        readstat_variable_add_missing_double_value(q, 98);
        readstat_variable_add_missing_double_value(q, 99);
        readstat_variable_add_missing_double_range(income, 5000, 6000);
        good(readstat_begin_writing_sav(writer, file, 300));
    } else {
        good(readstat_begin_writing_dta(writer, file, 300));
    }
    for (int i = 0; i < 300; i++) {
        good(readstat_begin_row(writer));
        if (i < 25)
            good(readstat_insert_missing_value(writer, q));
        else if (i < 65 && !is_spss)
            good(readstat_insert_tagged_missing_value(writer, q, 'r'));
        else
            good(readstat_insert_double_value(writer, q, i < 65 ? 99 : i < 95 && is_spss ? 98 : 1 + i % 2));
        good(readstat_insert_double_value(writer, income, i < 60 ? 5001 + i : 100 + i % 7));
        good(readstat_end_row(writer));
    }
    good(readstat_end_writing(writer));
    readstat_writer_free(writer);
    assert_int_equal(fclose(file), 0);
}

static est_result *check_file(const char *path, bool extremes)
{
    est_source *source;
    est_result *r;
    est_error error;
    est_check_options o = est_check_options_default();
    o.extremes = extremes;
    assert_int_equal(est_source_open(path, NULL, &source, &error), EST_OK);
    assert_int_equal(est_check(source, &o, NULL, &r, &error), EST_OK);
    est_source_free(source);
    return r;
}

/* Codes that the file declares missing: with their label and number of rows; of private data no number that few rows have. */
static void test_declared_codes(void **state)
{
    char folder[256], path[300];
    const char *base = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof folder, "%s/est-check-XXXXXX", base && strlen(base) < 200 ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/answers.dta", folder);
    write_answers(path, false);
    est_result *r = check_file(path, false);
    assert_int_equal(est_result_frame_find(r, "missing_codes")->n_rows, 1);
    assert_string_equal(cell(r, "missing_codes", 0, "column")->text, "q");
    assert_string_equal(cell(r, "missing_codes", 0, "code")->text, ".r");
    assert_string_equal(cell(r, "missing_codes", 0, "label")->text, "refused");
    assert_string_equal(cell(r, "missing_codes", 0, "why")->text, "the file declares it missing");
    assert_true(cell(r, "missing_codes", 0, "rows")->number == 40);
    assert_true(number_in(r, "columns", "q", "missing") == 65);
    assert_true(number_in(r, "columns", "q", "distinct") == 2); /* a reason is no value */
    est_result_free(r);
    unlink(path);
    snprintf(path, sizeof path, "%s/answers.sav", folder);
    write_answers(path, true);
    r = check_file(path, false);
    assert_int_equal(est_result_frame_find(r, "missing_codes")->n_rows, 3);
    assert_true(cell(r, "missing_codes", 0, "code")->number == 98 && cell(r, "missing_codes", 0, "rows")->number == 30);
    assert_string_equal(cell(r, "missing_codes", 0, "label")->text, "don't know");
    assert_true(cell(r, "missing_codes", 1, "code")->number == 99 && cell(r, "missing_codes", 1, "rows")->number == 40);
    assert_string_equal(cell(r, "missing_codes", 2, "column")->text, "income");
    assert_string_equal(cell(r, "missing_codes", 2, "code")->text, "others");
    assert_true(cell(r, "missing_codes", 2, "rows")->number == 60);
    est_result_free(r);
    r = check_file(path, true);
    assert_int_equal(est_result_frame_find(r, "missing_codes")->n_rows, 62);
    assert_true(cell(r, "missing_codes", 2, "code")->number == 5001 && cell(r, "missing_codes", 2, "rows")->number == 1);
    est_result_free(r);
    unlink(path);
    rmdir(folder);
}

static void test_label_words(void **state)
{
    (void)state;
    assert_true(est_i_check_label_says_missing("Don't know") && est_i_check_label_says_missing("98 DK/Refused") &&
                est_i_check_label_says_missing("MISSING"));
    assert_false(est_i_check_label_says_missing("Dkar") || est_i_check_label_says_missing("Unknowing") ||
                 est_i_check_label_says_missing("Yes"));
}

static void test_bundled_datasets(void **state)
{
    (void)state;
    for (size_t i = 0; i < est_dataset_count(); i++) {
        char name[128];
        est_source *source;
        est_result *r;
        est_error error;
        snprintf(name, sizeof name, "dataset:%s", est_dataset_get(i)->name);
        assert_int_equal(est_source_open(name, NULL, &source, &error), EST_OK);
        if (est_check(source, NULL, NULL, &r, &error) != EST_OK)
            fail_msg("%s: %s", name, error.message);
        assert_true(est_result_stat_value(r, "errors") == 0);
        assert_int_equal(est_result_frame_find(r, "columns")->n_rows, est_source_columns(source));
        est_result_free(r);
        est_source_free(source);
    }
}

static int stop_at_once(void *user)
{
    (void)user;
    return 1;
}

static void test_cancelling(void **state)
{
    est_table *table = made_table(true);
    est_context context = est_context_default();
    est_result *r;
    est_error error;
    (void)state;
    context.poll = stop_at_once;
    assert_int_equal(est_check_table(table, NULL, &context, &r, &error), EST_ECANCELLED);
    assert_null(r);
    est_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_faults_at_once), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_stages), cmocka_unit_test(test_ids_and_nest),
        cmocka_unit_test(test_partial_designs), cmocka_unit_test(test_corrections),
        cmocka_unit_test(test_scales), cmocka_unit_test(test_variation),
        cmocka_unit_test(test_median_of_many), cmocka_unit_test(test_domains),
        cmocka_unit_test(test_small_domains), cmocka_unit_test(test_description),
        cmocka_unit_test(test_many_values), cmocka_unit_test(test_special_codes),
        cmocka_unit_test(test_texts_among_numbers), cmocka_unit_test(test_repeated_keys),
        cmocka_unit_test(test_keys_are_bounded), cmocka_unit_test(test_private_data),
        cmocka_unit_test(test_few_private_rows), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_suggested_names_are_quoted), cmocka_unit_test(test_chunks_and_threads),
        cmocka_unit_test(test_labels), cmocka_unit_test(test_declared_codes), cmocka_unit_test(test_label_words),
        cmocka_unit_test(test_bundled_datasets), cmocka_unit_test(test_cancelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
