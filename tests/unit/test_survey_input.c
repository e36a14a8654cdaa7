/* What a survey's data may not be, and what is said of data that are doubtful. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <est.h>

static est_status run(const char *csv, const est_survey_options *options, est_result **result, est_error *error)
{
    est_table *table = NULL;
    *result = NULL;
    assert_int_equal(est_table_parse_csv("made.csv", csv, strlen(csv), NULL, &table, error), EST_OK);
    est_table_set_public(table, 1);
    est_status status = est_survey_table(table, options, NULL, result, error);
    est_table_free(table);
    return status;
}

static est_survey_options asked(void)
{
    est_survey_options options = est_survey_options_default();
    options.weight = "w";
    options.strata = "h";
    options.psu = "c";
    options.mean = "y";
    return options;
}

static void refuses(const char *csv, const est_survey_options *options, est_status status, long long row, const char *column, const char *says)
{
    est_result *result = NULL;
    est_error error;
    assert_int_equal(run(csv, options, &result, &error), status);
    assert_null(result);
    if (row)
        assert_int_equal(error.record, row);
    if (column)
        assert_string_equal(error.column, column);
    if (!strstr(error.message, says))
        fail_msg("'%s' does not say '%s'", error.message, says);
}

static const est_note *note_of(const est_result *result, const char *code)
{
    const est_note *found = NULL;
    for (size_t i = 0; i < est_result_notes(result) && !found; i++)
        if (strcmp(est_result_note(result, i)->code, code) == 0)
            found = est_result_note(result, i);
    return found;
}

static void test_weights(void **state)
{
    est_survey_options o = asked();
    (void)state;
    refuses("w,h,c,y\n1,1,1,2\n-3,1,2,4\n", &o, EST_EVALUE, 2, "w", "found -3 as a weight");
    refuses("w,h,c,y\n1,1,1,2\n2,1,2,4\n,1,2,4\n", &o, EST_EVALUE, 3, "w", "found nothing as a weight");
    refuses("w,h,c,y\n1,1,1,2\nten,1,2,4\n", &o, EST_EVALUE, 2, "w", "number");
    refuses("w,h,c,y\n0,1,1,2\n0,1,2,4\n", &o, EST_EIDENTIFY, 0, NULL, "every weight is 0");
}

static void test_design(void **state)
{
    est_survey_options o = asked();
    (void)state;
    refuses("w,h,c,y\n1,1,1,2\n2,1,2,4\n1,2,2,4\n1,2,3,4\n", &o, EST_EDEFINITION, 0, "c", "unit '2' in stratum '1' and in stratum '2'");
    refuses("w,h,c,y\n1,,1,2\n2,1,2,4\n", &o, EST_EVALUE, 1, "h", "stratum");
    refuses("w,h,c,y\n1,1,1,2\n2,1,NA,4\n", &o, EST_EVALUE, 2, "c", "unit");
    refuses("w,h,c,y\n1,1,1,2\n2,1,2,4\n1,2,3,4\n", &o, EST_EDEFINITION, 0, NULL, "lonely");
    o.fpc = "N";
    refuses("w,h,c,y,N\n1,1,1,2,5\n2,1,2,4,6\n", &o, EST_EDEFINITION, 0, "N", "one number");
    refuses("w,h,c,y,N\n1,1,1,2,3\n2,1,2,4,3\n1,1,3,1,3\n1,1,4,2,3\n", &o, EST_EDEFINITION, 0, "N", "fewer than the 4");
    refuses("w,h,c,y,N\n1,1,1,2,0.5\n2,1,2,4,0.5\n1,2,3,1,20\n1,2,4,2,20\n", &o, EST_EDEFINITION, 0, "N", "all");
    refuses("w,h,c,y,N\n1,1,1,2,9\n2,1,1,2,8\n1,1,3,1,9\n", &o, EST_EDEFINITION, 2, "N", "one finite population correction");
}

static void test_nested_ids(void **state)
{
    est_survey_options o = asked();
    est_result *result;
    est_error error;
    (void)state;
    o.nest = 1;
    assert_int_equal(run("w,h,c,y\n1,1,1,2\n1,1,2,4\n1,2,1,5\n1,2,2,9\n", &o, &result, &error), EST_OK);
    assert_true(est_result_stat_value(result, "psus") == 4);
    assert_float_equal(est_result_row(result, 0)->estimate, 5, 1e-12);
    /* by hand: means 3 and 7, deviations 1 and 2; V = (2 (1 + 1) + 2 (4 + 4)) / 16 = 1.25 */
    assert_float_equal(est_result_row(result, 0)->se, sqrt(1.25), 1e-12);
    assert_true(est_result_row(result, 0)->df == 2);
    est_result_free(result);
}

static void test_weights_from_corrections(void **state)
{
    est_survey_options o = est_survey_options_default();
    est_result *result;
    est_error error;
    (void)state;
    o.total = "y";
    o.strata = "h";
    o.fpc = "N";
    assert_int_equal(run("h,y,N\n1,2,10\n1,4,10\n2,1,6\n2,2,6\n2,3,6\n", &o, &result, &error), EST_OK);
    assert_float_equal(est_result_row(result, 0)->estimate, 5 * 6 + 2 * 6, 1e-12);
    /* by hand: 10^2 (1 - .2) 2 / 2 + 6^2 (1 - .5) 1 / 3 = 80 + 6 */
    assert_float_equal(est_result_row(result, 0)->se, sqrt(86), 1e-12);
    assert_float_equal(est_result_stat_value(result, "weight_sum"), 16, 1e-12);
    est_result_free(result);
}

static void test_domains_without_cases(void **state)
{
    static const char csv[] = "w,h,c,y,d\n1,1,1,2,a\n1,1,2,4,a\n1,1,3,,b\n1,1,1,5,a\n";
    est_survey_options o = asked();
    est_result *result;
    est_error error;
    (void)state;
    o.by = "d";
    assert_int_equal(run(csv, &o, &result, &error), EST_OK);
    const est_row *b = est_result_find(result, "mean(y)", "d", "b");
    assert_non_null(b);
    assert_true(isnan(b->estimate) && isnan(b->se) && b->n == 0);
    assert_true(b->flags & EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE));
    assert_non_null(note_of(result, "missing"));
    est_result_free(result);
    o.by = "";
    o.where = "d == 'c'";
    refuses(csv, &o, EST_EIDENTIFY, 0, NULL, "no row meets the condition");
    o.where = "";
    o.missing = 1;
    refuses(csv, &o, EST_EVALUE, 0, "y", "1 rows without a value");
    o.mean = "";
    o.quantile = "y@0.5";
    refuses(csv, &o, EST_EVALUE, 0, "y", "1 rows without a value");
    o.quantile = "";
    o.linear = "y ~ c";
    refuses(csv, &o, EST_EVALUE, 0, NULL, "1 rows that miss a value");
}

static void test_a_level_that_no_row_has(void **state)
{
    static const char csv[] = "w,h,c,y\n1,1,1,2\n1,1,2,3\n1,1,3,2\n";
    est_survey_options o = asked();
    est_result *result;
    est_error error;
    (void)state;
    o.mean = "";
    o.proportion = "y=2";
    assert_int_equal(run(csv, &o, &result, &error), EST_OK);
    assert_null(note_of(result, "level_not_seen"));
    est_result_free(result);
    o.proportion = "y=7";
    assert_int_equal(run(csv, &o, &result, &error), EST_OK);
    assert_non_null(note_of(result, "level_not_seen"));
    est_result_free(result);
}

static void test_normalised_weights_give_no_totals(void **state)
{
    est_survey_options o = asked();
    est_result *result;
    est_error error;
    (void)state;
    o.total = "y";
    assert_int_equal(run("w,h,c,y\n0.9,1,1,2\n1.1,1,2,4\n1.2,1,3,5\n0.8,1,4,7\n", &o, &result, &error), EST_OK);
    const est_note *note = note_of(result, "normalised_weights");
    assert_non_null(note);
    assert_int_equal(note->severity, EST_WARNING);
    assert_true(est_result_find(result, "total(y)", NULL, NULL)->flags & EST_FLAG_BIT(EST_FLAG_NORMALISED_WEIGHTS));
    assert_false(est_result_find(result, "mean(y)", NULL, NULL)->flags & EST_FLAG_BIT(EST_FLAG_NORMALISED_WEIGHTS));
    est_result_free(result);
    o.weight_scale = 50;
    assert_int_equal(run("w,h,c,y\n0.9,1,1,2\n1.1,1,2,4\n1.2,1,3,5\n0.8,1,4,7\n", &o, &result, &error), EST_OK);
    assert_null(note_of(result, "normalised_weights"));
    est_result_free(result);
}

static void test_no_degrees_of_freedom_no_interval(void **state)
{
    est_survey_options o = asked();
    est_result *result;
    est_error error;
    (void)state;
    o.lonely = 2;
    assert_int_equal(run("w,h,c,y\n1,1,1,2\n2,1,1,4\n1,2,2,4\n3,2,2,9\n", &o, &result, &error), EST_OK);
    const est_row *row = est_result_row(result, 0);
    assert_true(isnan(row->lower) && isnan(row->upper) && !(row->df > 0));
    assert_true(row->flags & EST_FLAG_BIT(EST_FLAG_NO_DF));
    assert_true(row->flags & EST_FLAG_BIT(EST_FLAG_LONELY_PSU));
    assert_non_null(note_of(result, "lonely_psu"));
    est_result_free(result);
}

static void test_options_that_do_not_fit(void **state)
{
    static const char csv[] = "w,h,c,y,d\n1,1,1,2,a\n1,1,2,4,b\n";
    est_survey_options o = est_survey_options_default();
    (void)state;
    refuses(csv, &o, EST_EOPTION, 0, NULL, "nothing is asked for");
    o = asked();
    o.contrast = "d=a - d=b";
    refuses(csv, &o, EST_EOPTION, 0, NULL, "--by");
    o.by = "d";
    o.contrast = "d=a - d=z";
    refuses(csv, &o, EST_EOPTION, 0, NULL, "a domain that has rows");
    o.contrast = "d=a";
    refuses(csv, &o, EST_EOPTION, 0, NULL, "two domains");
    o.contrast = "e=a - d=b";
    refuses(csv, &o, EST_EOPTION, 0, NULL, "a column of --by");
    o = asked();
    o.mean = "yy";
    refuses(csv, &o, EST_ECOLUMN, 0, "yy", "found no such column");
    o = asked();
    o.ratio = "y";
    refuses(csv, &o, EST_EOPTION, 0, NULL, "A/B");
    o = asked();
    o.calibrate = 1;
    refuses(csv, &o, EST_EOPTION, 0, NULL, "--margins");
    o = asked();
    o.variance = 9;
    refuses(csv, &o, EST_EOPTION, 0, NULL, "--replicates");
    o = asked();
    o.fpc = "c,d";
    refuses(csv, &o, EST_EOPTION, 0, NULL, "stages");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_design),
        cmocka_unit_test(test_nested_ids),
        cmocka_unit_test(test_weights_from_corrections),
        cmocka_unit_test(test_domains_without_cases),
        cmocka_unit_test(test_a_level_that_no_row_has),
        cmocka_unit_test(test_normalised_weights_give_no_totals),
        cmocka_unit_test(test_no_degrees_of_freedom_no_interval),
        cmocka_unit_test(test_options_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
