/* What a survey's data may not be, and what is said of data that are doubtful. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
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

static const char small[] = "w,h,c,s,y,d,N\n1,1,1,1,2,a,9\n2,1,2,1,4,b,9\n3,2,3,1,5,a,9\n1,2,4,1,7,b,9\n";

static void idle(const est_survey_options *options, const char *option)
{
    char says[80];
    snprintf(says, sizeof says, "option --%s would change nothing here", option);
    refuses(small, options, EST_EOPTION, 0, NULL, says);
}

#define IDLE(option, ...)                            \
    do {                                             \
        est_survey_options o = asked();              \
        __VA_ARGS__;                                 \
        idle(&o, option);                            \
    } while (0)

static void test_design_options_that_would_change_nothing(void **state)
{
    (void)state;
    IDLE("weight-scale", o.weight = "", o.weight_scale = 2);
    IDLE("nest", o.nest = 1, o.strata = "");
    IDLE("lonely", o.lonely = 3, o.variance = 1);
    IDLE("lonely adjust or average", o.lonely = 4, o.variance = 2);
    IDLE("lonely-domain", o.lonely_domain = 1);
    IDLE("lonely-domain", o.lonely_domain = 1, o.lonely = 1);
    IDLE("lonely-domain", o.lonely_domain = 1, o.lonely = 3, o.fpc = "y", o.pps = 2);
    IDLE("ultimate-cluster", o.ultimate_cluster = 1, o.fpc = "N");
    IDLE("ultimate-cluster", o.ultimate_cluster = 1, o.psu = "c,s");
    IDLE("pps-form", o.pps_form = 1);
    IDLE("pps-form", o.pps_form = 1, o.pps = 1, o.fpc = "N");
    IDLE("fpc", o.variance = 9, o.replicates = "w,y", o.fpc = "N");
    IDLE("replicate-type", o.replicate_type = 2, o.variance = 2);
    IDLE("replicate-factors", o.replicate_factors = 1);
    IDLE("scale", o.scale = 0.5, o.variance = 1);
    IDLE("rscales", o.rscales = "1");
    IDLE("mse", o.mse = 1);
    IDLE("draws", o.draws = 50, o.variance = 2);
    IDLE("fay", o.fay = 0.3, o.variance = 3);
    IDLE("fay", o.fay = 0.3, o.variance = 9, o.replicates = "w,y", o.replicate_type = 4, o.scale = 0.1);
    IDLE("resample", o.resample = 2, o.variance = 6);
    IDLE("by-cluster", o.by_cluster = 1);
    IDLE("g-weighted", o.g_weighted = 1);
}

static void test_output_options_that_would_change_nothing(void **state)
{
    (void)state;
    IDLE("by", o.mean = "", o.linear = "y ~ c", o.by = "d");
    IDLE("ci", o.ci = 3);
    IDLE("ci", o.ci = 7, o.mean = "", o.linear = "y ~ c");
    IDLE("df", o.df = 1, o.variance = 9, o.replicates = "w,y", o.strata = "", o.psu = "");
    IDLE("deff", o.deff = 0, o.mean = "", o.quantile = "y@0.5");
    IDLE("design-effect", o.design_effect = 2);
    IDLE("design-effect", o.design_effect = 2, o.proportion = "d=a", o.ci = 7);
    IDLE("quantile-rule", o.quantile_rule = 4);
    IDLE("quantile-ci", o.quantile_ci = 3);
    IDLE("quantile-ci", o.quantile_ci = 3, o.quantile = "y@0.5", o.variance = 5, o.quantile_over_replicates = 1);
    IDLE("quantile-over-replicates", o.quantile_over_replicates = 1, o.quantile = "y@0.5");
    IDLE("quantile-over-replicates", o.quantile_over_replicates = 1, o.quantile = "y@0.5", o.variance = 2);
    IDLE("quantile-over-replicates", o.quantile_over_replicates = 1, o.quantile = "y@0.5", o.variance = 9, o.replicates = "w,y",
         o.replicate_type = 1);
    IDLE("sampling-errors", o.sampling_errors = 1, o.deff = 0);
    IDLE("covariance", o.covariance = 1, o.mean = "", o.quantile = "y@0.5");
    IDLE("level", o.level = 0.9, o.mean = "", o.association = "d:c");
    IDLE("level", o.level = 0.9, o.ci = 7);
}

static void test_columns_that_are_not_read(void **state)
{
    est_survey_options o = asked();
    est_result *result;
    est_error error;
    (void)state;
    o.psu = "c,s";
    assert_int_equal(run(small, &o, &result, &error), EST_OK);
    assert_non_null(note_of(result, "unused_stages"));
    est_result_free(result);
    o.psu = "c,household";
    refuses(small, &o, EST_ECOLUMN, 0, "household", "found no such column");
    o.psu = "c";
    o.wave = "year";
    o.shared_psu = 1;
    refuses(small, &o, EST_ECOLUMN, 0, "year", "found no such column");
    o = asked();
    o.weight = "";
    o.variance = 9;
    o.replicates = "w,y";
    refuses(small, &o, EST_EOPTION, 0, NULL, "need --weight");
    o = asked();
    o.calibrate = 7;
    o.calibrated = "d";
    o.base_weight = "y";
    o.variance = 2;
    refuses(small, &o, EST_EOPTION, 0, NULL, "goes with --variance taylor");
}

/* The mean weight, and whether weights of that mean that differ by a factor of 1.5 are taken for scaled ones. */
static bool is_accused(double mean, bool equal, const char *population)
{
    est_survey_options o = asked();
    est_result *result;
    est_error error;
    char csv[400];
    double low = equal ? mean : 0.8 * mean, high = equal ? mean : 1.2 * mean;
    o.mean = "";
    o.total = "y";
    o.strata = "";
    o.fpc = *population ? "N" : "";
    snprintf(csv, sizeof csv, "w,c,y,N\n%.17g,1,2,%s\n%.17g,2,4,%s\n%.17g,3,5,%s\n%.17g,4,7,%s\n", low, population, high, population, low,
             population, high, population);
    assert_int_equal(run(csv, &o, &result, &error), EST_OK);
    bool accused = note_of(result, "normalised_weights") != NULL;
    assert_int_equal(accused, (est_result_row(result, 0)->flags & EST_FLAG_BIT(EST_FLAG_NORMALISED_WEIGHTS)) != 0);
    est_result_free(result);
    return accused;
}

static void test_who_is_taken_for_normalised(void **state)
{
    (void)state;
    assert_true(is_accused(1, false, "") && is_accused(1, true, "") && is_accused(1.04, false, "") && is_accused(1e6, false, ""));
    assert_true(is_accused(1e6, true, "") && is_accused(1000, false, "") && is_accused(1e4, false, "") && is_accused(1.03, false, "400"));
    assert_false(is_accused(1000.2, false, "") || is_accused(1040, false, "") || is_accused(9700, false, "") || is_accused(1000, true, ""));
    assert_false(is_accused(1.03, false, "4.1") || is_accused(1.2, false, "") || is_accused(10, false, "") || is_accused(100, false, ""));
}

static void test_contrasts_tell_what_their_domains_tell(void **state)
{
    est_survey_options o = asked();
    est_result *result;
    est_error error;
    (void)state;
    o.mean = "";
    o.total = "y";
    o.by = "d";
    o.ci = 7;
    o.contrast = "d=a - d=b; d=a / d=b";
    assert_int_equal(run("w,h,c,y,d\n0.9,1,1,2,a\n1.1,1,2,4,b\n1.2,1,3,5,a\n0.8,1,4,7,b\n", &o, &result, &error), EST_OK);
    const est_row *difference = est_result_row(result, 3), *ratio = est_result_row(result, 4);
    assert_true(difference->flags & EST_FLAG_BIT(EST_FLAG_NORMALISED_WEIGHTS));
    assert_false(ratio->flags & EST_FLAG_BIT(EST_FLAG_NORMALISED_WEIGHTS));
    assert_true(isnan(difference->level) && isnan(ratio->level));
    assert_string_equal(difference->interval, "two-se");
    assert_string_equal(ratio->interval, "two-se on the log scale");
    assert_true(fabs(difference->upper - difference->lower - 4 * difference->se) <= 1e-12);
    est_result_free(result);
}

/* By hand: without each PSU in turn the means are 4, 3.5, 2.5 and 5.5, 5, 4.5. */
static void test_contrasts_over_replicates(void **state)
{
    est_survey_options o = asked();
    est_result *result;
    est_error error;
    const double x[] = {log(4 / 5.5), log(3.5 / 5), log(2.5 / 4.5)}, centre = (x[0] + x[1] + x[2]) / 3;
    double squares = 0;
    (void)state;
    for (int r = 0; r < 3; r++)
        squares += (x[r] - centre) * (x[r] - centre);
    o.strata = "";
    o.by = "d";
    o.variance = 1;
    o.contrast = "d=a / d=b";
    assert_int_equal(run("w,c,y,d\n1,1,2,a\n1,1,4,b\n1,2,3,a\n1,2,5,b\n1,3,5,a\n1,3,6,b\n", &o, &result, &error), EST_OK);
    const est_row *ratio = est_result_row(result, 3);
    assert_true(fabs(ratio->estimate - 2.0 / 3) <= 1e-14);
    assert_true(fabs(ratio->se - 2.0 / 3 * sqrt(2.0 / 3 * squares)) <= 1e-14);
    est_result_free(result);
    o.strata = "h";
    o.contrast = "";
    assert_int_equal(run("w,h,c,y,d\n1,1,1,2,a\n1,1,2,3,a\n1,2,3,5,a\n1,2,4,9,b\n", &o, &result, &error), EST_OK);
    assert_non_null(note_of(result, "replicates_omit_strata"));
    est_result_free(result);
}

/* Limits at 0 stand on the design effect of the whole, whether or not it is printed. */
static void test_what_is_printed_changes_no_interval(void **state)
{
    static const char csv[] = "w,h,c,y,d\n1,1,1,1,a\n1,1,1,1,a\n1,1,2,0,a\n1,1,2,0,a\n1,1,3,0,b\n1,1,3,0,b\n1,1,4,0,b\n1,1,4,0,b\n";
    est_survey_options o = asked();
    est_error error;
    double upper[3];
    (void)state;
    o.mean = "";
    o.proportion = "y=1";
    o.by = "d";
    for (int deff = 0; deff < 3; deff++) {
        est_result *result;
        o.deff = deff;
        assert_int_equal(run(csv, &o, &result, &error), EST_OK);
        const est_row *b = est_result_find(result, "proportion(y=1)", "d", "b");
        assert_true(b->flags & EST_FLAG_BIT(EST_FLAG_AT_BOUND));
        assert_true(b->effective_n < b->n);
        upper[deff] = b->upper;
        est_result_free(result);
    }
    assert_true(upper[0] == upper[1] && upper[1] == upper[2]);
}

static void test_single_units_are_told_of_every_estimator(void **state)
{
    static const char csv[] = "w,h,c,y,x,d\n1,1,1,2,1,a\n2,1,1,4,3,b\n1,2,2,4,2,a\n3,2,2,9,5,b\n1,2,3,5,1,b\n2,2,4,6,4,a\n1,2,5,1,2,b\n";
    est_survey_options o = asked();
    est_result *result;
    est_error error;
    (void)state;
    o.mean = "";
    o.quantile = "y@0.5,y@0.5";
    o.linear = "y ~ x";
    o.association = "d:h";
    o.lonely = 3;
    assert_int_equal(run(csv, &o, &result, &error), EST_OK);
    assert_non_null(note_of(result, "lonely_psu"));
    assert_int_equal(est_result_rows(result), 3); /* the quantile once */
    for (size_t i = 0; i < 3; i++) {
        assert_true(est_result_row(result, i)->flags & EST_FLAG_BIT(EST_FLAG_LONELY_PSU));
        assert_true(est_result_row(result, i)->flags & EST_FLAG_BIT(EST_FLAG_FEW_DF));
    }
    est_result_free(result);
    o.quantile = o.association = "";
    o.linear = "y ~ x + w";
    assert_int_equal(run("w,h,c,y,x\n1,1,1,2,1\n2,1,2,4,2\n3,2,3,4,3\n4,2,4,9,4\n", &o, &result, &error), EST_OK);
    assert_non_null(note_of(result, "dependent_columns"));
    est_result_free(result);
}

/* Nothing shows how units vary: an error of 0 would be graded as perfect. */
static void test_no_variance_is_not_a_variance_of_zero(void **state)
{
    static const char csv[] = "w,h,c,y,d\n1,1,1,2,a\n2,1,1,4,a\n1,2,2,4,b\n3,2,3,9,b\n";
    est_survey_options o = asked();
    est_result *result;
    est_error error;
    (void)state;
    o.by = "d";
    for (int policy = 1; policy <= 4; policy++) {
        o.lonely = policy;
        assert_int_equal(run(csv, &o, &result, &error), EST_OK);
        const est_row *a = est_result_find(result, "mean(y)", "d", "a"), *b = est_result_find(result, "mean(y)", "d", "b");
        assert_true(isnan(a->se) && isnan(a->cv) && isnan(a->deff) && a->estimate > 0);
        assert_true(b->se > 0);
        assert_non_null(note_of(result, "no_standard_error"));
        est_result_free(result);
    }
}

/* 48 rows, 24 in each of two strata, which are the domains; z: y is at most `limit`. */
static void write_two_domains(double limit, char *csv, size_t room)
{
    size_t length = (size_t)snprintf(csv, room, "w,h,c,y,d,k,z\n");
    for (int i = 0; i < 48; i++) {
        int h = i / 24, y = (i * 29) % 48;
        length += (size_t)snprintf(csv + length, room - length, "%d,%d,%d,%d,%s,%s,%d\n", 1 + i % 3, h, i / 4, y, h ? "b" : "a",
                                   (i + y) % 5 < 3 ? "p" : "q", y <= limit);
    }
}

/* A calibration's residuals are not zero in the strata that a domain lacks: Woodruff's limits are those of the share at the median. */
static void test_calibrated_quantile_of_a_domain(void **state)
{
    static const char margins[] = "variable,level,total\nk,p,60\nk,q,50\n";
    est_survey_options o = asked();
    est_result *result;
    est_error error;
    est_table *known = NULL;
    char csv[4000], ends[80];
    (void)state;
    assert_int_equal(est_table_parse_csv("known.csv", margins, strlen(margins), NULL, &known, &error), EST_OK);
    o.by = "d";
    o.mean = "z";
    o.quantile = "y@0.5";
    o.quantile_rule = 6; /* hf5: lines, no steps that would hide a difference */
    o.calibrate = 1;
    o.margins = known;
    write_two_domains(0, csv, sizeof csv);
    assert_int_equal(run(csv, &o, &result, &error), EST_OK);
    const est_row *median = est_result_find(result, "quantile(y,0.5)", "d", "a");
    double lower = median->lower, upper = median->upper;
    write_two_domains(median->estimate, csv, sizeof csv);
    est_result_free(result);
    assert_int_equal(run(csv, &o, &result, &error), EST_OK);
    const est_row *share = est_result_find(result, "mean(z)", "d", "a");
    snprintf(ends, sizeof ends, "y@%.17g,y@%.17g", share->lower, share->upper);
    est_result_free(result);
    o.quantile = ends;
    assert_int_equal(run(csv, &o, &result, &error), EST_OK);
    assert_true(fabs(est_result_row(result, 4)->estimate - lower) <= 1e-9);
    assert_true(fabs(est_result_row(result, 7)->estimate - upper) <= 1e-9);
    est_result_free(result);
    est_table_free(known);
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
        cmocka_unit_test(test_design_options_that_would_change_nothing),
        cmocka_unit_test(test_output_options_that_would_change_nothing),
        cmocka_unit_test(test_columns_that_are_not_read),
        cmocka_unit_test(test_who_is_taken_for_normalised),
        cmocka_unit_test(test_contrasts_tell_what_their_domains_tell),
        cmocka_unit_test(test_contrasts_over_replicates),
        cmocka_unit_test(test_what_is_printed_changes_no_interval),
        cmocka_unit_test(test_single_units_are_told_of_every_estimator),
        cmocka_unit_test(test_no_variance_is_not_a_variance_of_zero),
        cmocka_unit_test(test_calibrated_quantile_of_a_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
