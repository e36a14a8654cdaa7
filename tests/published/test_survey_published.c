/* Published survey estimates.
 * Levy and Lemeshow, Sampling of Populations (3rd ed., 1999), page 106: repeated systematic sampling, six clusters of 54. Data, estimates,
 * standard errors, 95 % intervals and design effects (without replacement) as Stata prints them on the page of UCLA's statistical
 * consulting group for that example (stats.oarc.ucla.edu, "repeated systematic sample design"). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <est.h>

static const char systematic[] = "cluster,xi,wt1,xibar,M\n"
                                 "2,15,9,5,54\n"
                                 "13,13,9,4.33,54\n"
                                 "31,12,9,4.00,54\n"
                                 "34,10,9,3.33,54\n"
                                 "46,21,9,7,54\n"
                                 "53,10,9,3.33,54\n";

static void check_row(const est_result *result, const char *estimand, double estimate, double se, double lower, double upper, double digit)
{
    const est_row *row = est_result_find(result, estimand, NULL, NULL);
    assert_non_null(row);
    assert_float_equal(row->estimate, estimate, digit);
    assert_float_equal(row->se, se, digit);
    assert_float_equal(row->lower, lower, digit);
    assert_float_equal(row->upper, upper, digit);
    assert_float_equal(row->deff, 1, 1e-12);
    assert_true(row->df == 5);
}

static void test_repeated_systematic_sample(void **state)
{
    est_survey_options options = est_survey_options_default();
    est_table *table = NULL;
    est_result *result = NULL;
    est_error error;
    (void)state;
    options.weight = "wt1";
    options.fpc = "M";
    options.mean = "xibar";
    options.total = "xi";
    options.deff = 2;
    assert_int_equal(est_table_parse_csv("levy.csv", systematic, strlen(systematic), NULL, &table, &error), EST_OK);
    est_table_set_public(table, 1);
    assert_int_equal(est_survey_table(table, &options, NULL, &result, &error), EST_OK);
    check_row(result, "mean(xibar)", 4.498333, 0.5310139, 3.133318, 5.863348, 2e-6); /* Stata holds the column in single precision */
    check_row(result, "total(xi)", 729, 85.94882, 508.0615, 949.9385, 6e-5);
    est_result_free(result);
    est_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_repeated_systematic_sample)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
