/* SDG 16.2.2. Figures: kenya_victims_identified over the census of 2019 and the UN mid-year estimate of 2019 (their pages); the
 * rest by hand, number / people * 100,000. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <est.h>
#include <est/trafficking.h>

#include "indicators/trafficking.h"

#define CENSUS "census 2019"
#define UN "UN WPP 2024 mid-year"

static est_table *population;

static int open_population(void **state)
{
    est_error error;
    (void)state;
    return est_table_open("dataset:kenya_population", NULL, &population, &error) == EST_OK ? 0 : -1;
}

static int close_population(void **state)
{
    (void)state;
    est_table_free(population);
    return 0;
}

static est_table *table_of(const char *csv)
{
    est_error error;
    est_table *table = NULL;
    if (est_table_parse_csv("data.csv", csv, strlen(csv), NULL, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return table;
}

static est_trafficking_options options_of(const char *denominator)
{
    est_trafficking_options options = est_trafficking_options_default();
    options.population = population;
    options.denominator = denominator;
    return options;
}

static est_result *run_table(const est_table *table, const est_trafficking_options *options)
{
    est_error error;
    est_result *result = NULL;
    if (est_trafficking(table, options, NULL, &result, &error) != EST_OK)
        fail_msg("%s", error.message);
    return result;
}

static est_result *run_csv(const char *csv, const est_trafficking_options *options)
{
    est_table *table = table_of(csv);
    est_result *result = run_table(table, options);
    est_table_free(table);
    return result;
}

static void refuse(const char *csv, const est_trafficking_options *options, est_status code, const char *expected)
{
    est_error error;
    est_result *result = NULL;
    est_table *table = table_of(csv);
    est_status status = est_trafficking(table, options, NULL, &result, &error);
    if (status != code || !strstr(error.message, expected))
        fail_msg("status %s, message '%s'; expected %s with '%s'", est_status_name(status), error.message, est_status_name(code),
                 expected);
    assert_null(result);
    est_table_free(table);
}

static bool has_labels(const est_row *row, const char *labels)
{
    char found[256] = "";
    for (size_t i = 0; i < row->n_domain; i++)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i ? "," : "", row->domain[i].value);
    return strcmp(found, labels) == 0;
}

/* The row of an estimand whose labels are these, joined by commas. */
static const est_row *row_of(const est_result *result, const char *estimand, const char *labels)
{
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (strcmp(row->estimand, estimand) == 0 && has_labels(row, labels))
            return row;
    }
    return NULL;
}

static void expect(const est_result *result, const char *estimand, const char *labels, double estimate)
{
    const est_row *row = row_of(result, estimand, labels);
    if (!row)
        fail_msg("no row %s of '%s'", estimand, labels);
    if (!(fabs(row->estimate - estimate) <= 1e-12 * fabs(estimate)))
        fail_msg("%s of '%s': found %.17g, expected %.17g", estimand, labels, row->estimate, estimate);
}

static bool has_note(const est_result *result, const char *code)
{
    for (size_t i = 0; i < est_result_notes(result); i++)
        if (strcmp(est_result_note(result, i)->code, code) == 0)
            return true;
    return false;
}

/* ---- detected ---- */

static void test_kenya(void **state)
{
    (void)state;
    est_error error;
    est_table *data = NULL;
    est_trafficking_options options = options_of(CENSUS);
    options.by = "sex,age";
    assert_int_equal(est_table_open("dataset:kenya_victims_identified", NULL, &data, &error), EST_OK);
    est_result *result = run_table(data, &options);
    expect(result, "victims_detected_rate", "2019", 853 / 47564296.0 * 1e5);
    expect(result, "victims_detected_rate", "2019,female,child", 351 / 10862532.0 * 1e5);
    expect(result, "victims_detected_rate", "2019,male,child", 227 / 11060063.0 * 1e5);
    expect(result, "victims_detected_rate", "2019,female,adult", 275 / 13151887.0 * 1e5);
    expect(result, "victims_detected_rate", "2019,male,adult", 0);
    assert_true(fabs(row_of(result, "victims_detected_rate", "2019")->estimate - 1.79) < 0.005);
    assert_true(fabs(row_of(result, "victims_detected_rate", "2019,female,child")->estimate - 3.23) < 0.005);
    assert_true(fabs(row_of(result, "victims_detected_rate", "2019,male,child")->estimate - 2.05) < 0.005);
    assert_true(fabs(row_of(result, "victims_detected_rate", "2019,female,adult")->estimate - 2.09) < 0.005);
    expect(result, "victims_detected_number", "2020", 383);
    expect(result, "victims_detected_number", "2021,male,adult", 0);
    expect(result, "victims_detected_number", "2024,not stated,not stated", 195);
    /* No census in 2020, and of nobody without a sex: a number and no rate. */
    assert_null(row_of(result, "victims_detected_rate", "2020"));
    assert_null(row_of(result, "victims_detected_rate", "2015,not stated,child"));
    assert_true(has_note(result, "no_population") && has_note(result, "recording") && has_note(result, "not_stated"));
    assert_true(est_result_is_public(result));
    est_result_free(result);
    options.by = "";
    options.denominator = "un wpp 2024 MID-YEAR";
    result = run_table(data, &options);
    expect(result, "victims_detected_rate", "2019", 853 / 51203000.0 * 1e5);
    assert_true(fabs(row_of(result, "victims_detected_rate", "2019")->estimate - 1.67) < 0.005);
    assert_string_equal(row_of(result, "victims_detected_rate", "2019")->population, UN);
    est_result_free(result);
    est_table_free(data);
}

static void test_row_texts(void **state)
{
    (void)state;
    est_trafficking_options options = options_of(CENSUS);
    options.by = "age_group,sex";
    est_result *result = run_csv("year,sex,age_group,count\n2019,F,under 18,30\n", &options);
    const est_row *row = row_of(result, "victims_detected_rate", "2019,child,female");
    assert_non_null(row);
    assert_string_equal(row->domain[1].name, "age");
    assert_string_equal(row->population, CENSUS ", people of the same age and sex");
    assert_string_equal(row->definition, "SDG 16.2.2, detected (VC_HTF_DETVR)");
    assert_string_equal(row->ages, "0-17");
    assert_string_equal(row->geography, "Kenya");
    assert_string_equal(row->period, "2019");
    assert_string_equal(row->unit, "per 100,000");
    assert_true(row->n == 30);
    row = row_of(result, "victims_detected_number", "2019");
    assert_string_equal(row->definition, "SDG 16.2.2, detected (VC_HTF_DETV)");
    assert_string_equal(row->unit, "people");
    assert_true(est_result_facts(result) >= 8);
    assert_non_null(est_result_frame_find(result, "denominators"));
    assert_int_equal(est_result_charts(result), 1);
    est_result_free(result);
}

/* A row a victim, ages in years; groups that nobody is in are there with 0. */
static void test_victims(void **state)
{
    (void)state;
    est_trafficking_options options = options_of(CENSUS);
    options.by = "sex,age";
    est_result *result = run_csv("id,year,sex,age\na,2019,female,17\nb,2019,female,18\nc,2019,f,17.9\nd,2019,male,\n", &options);
    expect(result, "victims_detected_number", "2019", 4);
    expect(result, "victims_detected_number", "2019,female,child", 2);
    expect(result, "victims_detected_number", "2019,female,adult", 1);
    expect(result, "victims_detected_number", "2019,male,child", 0);
    expect(result, "victims_detected_number", "2019,male,not stated", 1);
    assert_null(row_of(result, "victims_detected_number", "2019,female,not stated"));
    assert_null(row_of(result, "victims_detected_rate", "2019,male,not stated"));
    est_result_free(result);
}

static void test_forms(void **state)
{
    (void)state;
    static const char csv[] =
        "year,kind,count\n2019,Sexual exploitation,20\n2019,begging,30\n2019,domestic servitude,40\n2019,,50\n";
    est_trafficking_options options = options_of(CENSUS);
    options.by = "form";
    options.form = "kind";
    refuse(csv, &options, EST_EVALUE, "record 2 (line 3), column 'kind': found 'begging'");
    options.forms = "Begging =other,\"a, b=labour\"";
    est_result *result = run_csv(csv, &options);
    expect(result, "victims_detected_rate", "2019", 140 / 47564296.0 * 1e5);
    expect(result, "victims_detected_rate", "2019,sexual exploitation", 20 / 47564296.0 * 1e5);
    expect(result, "victims_detected_rate", "2019,other purposes", 30 / 47564296.0 * 1e5);
    expect(result, "victims_detected_rate", "2019,forced labour", 40 / 47564296.0 * 1e5);
    expect(result, "victims_detected_rate", "2019,organ removal", 0);
    expect(result, "victims_detected_rate", "2019,not stated", 50 / 47564296.0 * 1e5);
    const char *const series[][2] = {{"2019,sexual exploitation", "(VC_HTF_DETVSXR)"},
                                     {"2019,other purposes", "(VC_HTF_DETVOPR)"},
                                     {"2019,forced labour", "(VC_HTF_DETVFLR)"},
                                     {"2019,organ removal", "(VC_HTF_DETVOGR)"},
                                     {"2019,not stated", "no UN series"},
                                     {"2019", "(VC_HTF_DETVR)"}};
    for (size_t i = 0; i < sizeof series / sizeof series[0]; i++)
        assert_non_null(strstr(row_of(result, "victims_detected_rate", series[i][0])->definition, series[i][1]));
    est_result_free(result);
    static const char *const bad[] = {"x", "x=what", "=other", "a=other,a=labour", "\"a=other", "a=other,"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.forms = bad[i];
        refuse(csv, &options, EST_EOPTION, "option --forms: found");
    }
}

static void test_other_groups(void **state)
{
    (void)state;
    est_table *own = table_of("period,county,people,population\n2019,Kisumu,x,1155574\n2019,all,x,47564296\n");
    est_trafficking_options options = options_of("own");
    static const char csv[] = "year,county,count\n2019,Kisumu,30\n2019,Siaya,40\n";
    options.by = "county";
    refuse(csv,
           &(est_trafficking_options){.population = population,
                                      .denominator = CENSUS,
                                      .by = "county",
                                      .period = "",
                                      .count = "",
                                      .sex = "",
                                      .age = "",
                                      .form = "",
                                      .forms = "",
                                      .year = ""},
           EST_ECOLUMN, "column 'county': found no such column");
    options.population = own;
    est_result *result = run_csv(csv, &options);
    expect(result, "victims_detected_rate", "2019", 70 / 47564296.0 * 1e5);
    expect(result, "victims_detected_rate", "2019,Kisumu", 30 / 1155574.0 * 1e5);
    assert_null(row_of(result, "victims_detected_rate", "2019,Siaya"));
    assert_string_equal(row_of(result, "victims_detected_rate", "2019,Kisumu")->definition, "detected victims, no UN series");
    est_result_free(result);
    est_table_free(own);
}

static void test_windows(void **state)
{
    (void)state;
    est_trafficking_options options = options_of(CENSUS);
    refuse("year,count\n2015-2017,50\n", &options, EST_EDEFINITION, "'2015-2017', which is longer than a year");
    refuse("year,count\n2019-06,50\n", &options, EST_EDEFINITION, "shorter than a year");
    refuse("year,count\nround 1,50\n", &options, EST_EDEFINITION, "--window-years 1");
    refuse("year,count\n2019-2015,50\n", &options, EST_EVALUE, "ends before it begins");
    refuse("count\n50\n", &options, EST_EDEFINITION, "data without periods");
    est_result *result = run_csv("year,count\n2015-2018,50\n2019-2019,60\n", &options);
    assert_int_equal(est_result_rows(result), 2);
    expect(result, "victims_detected_rate", "2019-2019", 60 / 47564296.0 * 1e5);
    assert_true(has_note(result, "window"));
    est_result_free(result);
    options.year = "2019";
    refuse("count\n50\n", &options, EST_EDEFINITION, "--window-years 1");
    options.window_years = 1;
    result = run_csv("count\n50\n", &options);
    expect(result, "victims_detected_rate", "", 50 / 47564296.0 * 1e5);
    assert_string_equal(est_result_row(result, 0)->period, "2019");
    est_result_free(result);
    options.year = "2015-2019";
    refuse("count\n50\n", &options, EST_EDEFINITION, "longer than a year");
    options.window_years = 3;
    refuse("year,count\n2019,50\n", &options, EST_EOPTION, "option --window-years");
    assert_int_equal(est_i_window_of("2019", 0), EST_I_WINDOW_YEAR);
    assert_int_equal(est_i_window_of("2019-2019", 0), EST_I_WINDOW_YEAR);
    assert_int_equal(est_i_window_of("2015-2017", 1), EST_I_WINDOW_LONGER);
    assert_int_equal(est_i_window_of("2019/2020", 0), EST_I_WINDOW_LONGER);
    assert_int_equal(est_i_window_of("2019/2020", 1), EST_I_WINDOW_YEAR);
    assert_int_equal(est_i_window_of("", 0), EST_I_WINDOW_UNKNOWN);
}

static void test_refused_counts(void **state)
{
    (void)state;
    est_trafficking_options options = options_of(CENSUS), none = est_trafficking_options_default();
    refuse("year,count\n2019,50\n", &none, EST_EOPTION, "option --population is missing");
    refuse("year,count\n2019,-1\n", &options, EST_EVALUE, "record 1 (line 2), column 'count': found -1");
    refuse("year,count\n2019,1.5\n", &options, EST_EVALUE, "column 'count'");
    refuse("year,count\n2019,\n", &options, EST_EVALUE, "an empty field");
    refuse("year,count\n2019,5\n,6\n", &options, EST_EVALUE, "record 2 (line 3), column 'year': found no period");
    refuse("year,count\n2018,50\n", &options, EST_EDEFINITION, "found no population of any group");
    refuse("year,count\n2019,47564297\n", &options, EST_EVALUE, "fewer people than victims");
    options.by = "sex";
    refuse("year,sex,count\n2019,blue,5\n", &options, EST_EVALUE, "found 'blue', expected female, male");
    refuse("year,gender,count\n2019,female,5\n", &options, EST_ECOLUMN, "option --by");
    options.by = "age";
    for (int age = 97; age <= 99; age++) {
        char csv[64];
        snprintf(csv, sizeof csv, "year,age,count\n2019,%d,5\n", age);
        refuse(csv, &options, EST_EVALUE, "an age in years below 97");
    }
    options.by = "age,age";
    refuse("year,age,count\n2019,child,5\n", &options, EST_EOPTION, "a second time");
}

static void test_denominators(void **state)
{
    (void)state;
    static const char csv[] = "year,count\n2019,50\n";
    est_trafficking_options options = options_of("");
    refuse(csv, &options, EST_EOPTION, "'" UN "', '" CENSUS "'");
    options.denominator = "census";
    refuse(csv, &options, EST_EOPTION, "found 'census'");
    est_table *own = table_of("period,population\n2019,1000\n2019-2019,2000\n");
    options.population = own;
    refuse(csv, &options, EST_EVALUE, "record 2 (line 3), column 'population': found the population of a group that record 1 has");
    options.denominator = "";
    refuse(csv, &options, EST_EOPTION, "option --denominator is missing");
    est_table_free(own);
    own = table_of("denominator,population\nours,100000\n");
    options.population = own;
    est_result *result = run_csv(csv, &options);
    expect(result, "victims_detected_rate", "2019", 50);
    assert_string_equal(est_result_row(result, 0)->population, "ours");
    est_result_free(result);
    est_table_free(own);
    own = table_of("period,sex,population\n2019,green,1000\n");
    options.population = own;
    options.denominator = "own";
    refuse(csv, &options, EST_EVALUE, "column 'sex': found 'green'");
    est_table_free(own);
}

/* The population of girls is asked for and is not there: that of everybody is not taken. */
static void test_never_everybody(void **state)
{
    (void)state;
    est_trafficking_options options = options_of(UN);
    options.by = "sex,age";
    est_result *result = run_csv("year,sex,age,count\n2019,female,child,30\n2019,male,adult,40\n", &options);
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        assert_false(strcmp(row->estimand, "victims_detected_rate") == 0 && row->n_domain > 1);
    }
    expect(result, "victims_detected_rate", "2019", 70 / 51203000.0 * 1e5);
    est_result_free(result);
}

/* Years without data stand empty along the axis. */
static void test_chart_gaps(void **state)
{
    (void)state;
    est_trafficking_options options = options_of(UN);
    est_result *result = run_csv("year,count\n2021,30\n2018,20\n2026,40\n", &options);
    const est_chart *chart = est_result_chart(result, 0);
    assert_int_equal(chart->n_categories, 9);
    for (size_t i = 0; i < 9; i++) {
        bool there = i == 0 || i == 3 || i == 8;
        assert_int_equal(atoi(chart->categories[i]), 2018 + (int)i);
        assert_true(isnan(chart->series[0].value[i]) != there);
    }
    assert_true(chart->series[0].value[3] == est_result_row(result, chart->about[3])->estimate);
    est_result_free(result);
}

/* ---- estimated ---- */

#define RESULT_HEAD "estimand,domain:period,sex,model,estimate,se,lower,upper,level,df,interval,n,flags,method,internal\n"

static void test_estimated(void **state)
{
    (void)state;
    est_trafficking_options options = options_of(UN);
    est_result *result = run_csv(RESULT_HEAD "population,2020,,M1,4000,200,3000,6000,0.95,,bootstrap,500,boundary,trend,0\n"
                                             "population,2019,,M1,5000,,3500,,0.95,,bootstrap,600,upper_unbounded rounded,trend,0\n"
                                             "population,2021,,M1,,,,,,,none,,suppressed,trend,0\n"
                                             "population_chapman,2020,,Chapman,100,,,,,,none,5,,trend,0\n"
                                             "observed,2020,,,500,,,,,,none,500,,trend,0\n",
                                 &options);
    expect(result, "victims_estimated_rate", "2020", 4000 / 52218000.0 * 1e5);
    expect(result, "victims_estimated_number", "2020", 4000);
    const est_row *row = row_of(result, "victims_estimated_rate", "2020");
    assert_true(fabs(row->lower - 3000 / 52218000.0 * 1e5) < 1e-12 && fabs(row->upper - 6000 / 52218000.0 * 1e5) < 1e-12);
    assert_true(fabs(row->se - 200 / 52218000.0 * 1e5) < 1e-12 && row->level == 0.95 && row->n == 500);
    assert_int_equal(row->flags, EST_FLAG_BIT(EST_FLAG_BOUNDARY));
    assert_string_equal(row->model, "M1");
    assert_string_equal(row->definition, "16.2.2, detected and undetected (national estimate)");
    row = row_of(result, "victims_estimated_rate", "2019");
    assert_true(isinf(row->upper) && row->upper > 0 && (row->flags & EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED)));
    row = row_of(result, "victims_estimated_rate", "2021");
    assert_true(isnan(row->estimate) && isnan(row->upper) && row->flags == EST_FLAG_BIT(EST_FLAG_SUPPRESSED));
    assert_int_equal(est_result_rows(result), 6);
    assert_true(has_note(result, "rounded_input") && has_note(result, "other_estimates") && has_note(result, "exact_population"));
    for (size_t i = 0; i < est_result_rows(result); i++)
        assert_null(strstr(est_result_row(result, i)->definition, "VC_HTF"));
    for (size_t i = 0; i < est_result_facts(result); i++)
        assert_null(strstr(est_result_fact(result, i)->value, "VC_HTF"));
    const est_chart *chart = est_result_chart(result, 0);
    assert_string_equal(chart->categories[0], "2019");
    assert_true(isinf(chart->series[0].upper[0]));
    est_result_free(result);
}

static void test_estimated_groups(void **state)
{
    (void)state;
    est_trafficking_options options = options_of(CENSUS);
    static const char csv[] = RESULT_HEAD "population,,,,4000,,3000,6000,0.95,,profile,500,,mse,0\n"
                                          "population,,Women,,1000,,900,1200,0.95,,profile,50,,mse,0\n";
    refuse(csv, &options, EST_EDEFINITION, "--window-years 1");
    options.window_years = 1;
    options.year = "2019";
    est_result *result = run_csv(csv, &options);
    expect(result, "victims_estimated_rate", "", 4000 / 47564296.0 * 1e5);
    expect(result, "victims_estimated_rate", "female", 1000 / 24014716.0 * 1e5);
    est_result_free(result);
}

static void test_estimated_windows(void **state)
{
    (void)state;
    est_trafficking_options options = options_of(UN);
    refuse(RESULT_HEAD "population,2015-2017,,M1,4000,,3000,6000,0.95,,bootstrap,500,,trend,0\n", &options, EST_EDEFINITION,
           "windows cannot be added up or divided");
    est_result *result = run_csv(RESULT_HEAD "population,,,,9000,,8000,9500,0.95,,profile,900,,mse,0\n"
                                             "population,2019,,,4000,,3000,6000,0.95,,profile,500,,mse,0\n"
                                             "population,2015-2017,,,7000,,3000,9000,0.95,,profile,500,,mse,0\n",
                                 &options);
    assert_int_equal(est_result_rows(result), 2);
    expect(result, "victims_estimated_number", "2019", 4000);
    assert_true(has_note(result, "window"));
    est_result_free(result);
}

static void test_refused_results(void **state)
{
    (void)state;
    est_trafficking_options options = options_of(UN);
    refuse("estimand,estimate\npopulation,5\n", &options, EST_ECOLUMN, "column 'lower'");
    refuse(RESULT_HEAD "ratio,2019,,,2,,1,3,0.95,,profile,5,,trend,0\n", &options, EST_EIDENTIFY, "no estimate of a population");
    refuse(RESULT_HEAD "population,2019,,,2,,1,3,0.95,,profile,5,odd,trend,0\n", &options, EST_EVALUE, "column 'flags'");
    refuse(RESULT_HEAD "population,2019,,,2,,4,3,0.95,,profile,5,,trend,0\n", &options, EST_EVALUE, "column 'lower'");
    refuse(RESULT_HEAD "population,2019,,,-2,,1,3,0.95,,profile,5,,trend,0\n", &options, EST_EVALUE, "column 'estimate'");
    refuse(RESULT_HEAD "population,2019,blue,,2,,1,3,0.95,,profile,5,,trend,0\n", &options, EST_EVALUE, "column 'sex'");
    options.by = "sex";
    refuse(RESULT_HEAD "population,2019,,,2,,1,3,0.95,,profile,5,,trend,0\n", &options, EST_EOPTION, "option --by is for counts");
}

static void test_internal(void **state)
{
    (void)state;
    est_trafficking_options options = options_of(UN);
    est_table *table = table_of(RESULT_HEAD "population,2019,,,4011,,3017,6019,0.95,,profile,513,,trend,1\n");
    est_table_set_public(table, 1);
    est_result *result = run_table(table, &options), *published = NULL;
    est_error error;
    assert_true(est_result_is_internal(result) && !est_result_is_public(result) && has_note(result, "internal_input"));
    assert_int_equal(est_result_suppress(result, NULL, &published, &error), EST_OK);
    assert_true(est_result_is_internal(published));
    const est_row *row = row_of(published, "victims_estimated_number", "2019");
    assert_true(row->estimate == 4010 && row->lower == 3020 && row->n == 510);
    est_result_free(published);
    est_result_free(result);
    est_table_free(table);
}

/* ---- disclosure ---- */

static est_result *publish(const est_result *result)
{
    est_result *published = NULL;
    est_error error;
    assert_int_equal(est_result_suppress(result, NULL, &published, &error), EST_OK);
    return published;
}

/* Rates and numbers are withheld together and rounded alike, in rows and in the chart. */
static void check_alike(const est_result *published, const char *labels, double people)
{
    const est_row *number = row_of(published, "victims_detected_number", labels),
                  *rate = row_of(published, "victims_detected_rate", labels);
    assert_non_null(number);
    assert_non_null(rate);
    assert_true(isnan(number->estimate) == isnan(rate->estimate) && isnan(number->n) == isnan(rate->n));
    assert_true(isnan(number->estimate) == isnan(number->n));
    if (!isnan(number->estimate))
        assert_true(number->n == number->estimate && rate->n == number->n && fmod(number->estimate, 10) == 0 &&
                    fabs(rate->estimate - number->estimate / people * 1e5) < 1e-9);
}

static void check_chart(const est_result *published)
{
    const est_chart *chart = est_result_chart(published, 0);
    for (size_t s = 0; s < chart->n_series; s++)
        for (size_t c = 0; c < chart->n_categories; c++) {
            size_t row = chart->about[s * chart->n_categories + c];
            double value = chart->series[s].value[c];
            if (row < est_result_rows(published))
                assert_true(isnan(value) ? isnan(est_result_row(published, row)->estimate)
                                         : value == est_result_row(published, row)->estimate);
            else
                assert_true(isnan(value));
        }
}

static void test_suppression(void **state)
{
    (void)state;
    static const char csv[] =
        "year,sex,age,count\n2019,female,child,14\n2019,male,child,4\n2019,female,adult,77\n2019,male,adult,123\n";
    est_trafficking_options options = options_of(CENSUS);
    options.by = "sex";
    est_result *result = run_csv(csv, &options), *published = publish(result);
    assert_false(est_result_is_public(result));
    expect(published, "victims_detected_number", "2019,male", 127);
    expect(published, "victims_detected_rate", "2019,male", 127 / 23548056.0 * 1e5);
    est_result_free(published);
    est_result_free(result);
    options.by = "sex,age";
    result = run_csv(csv, &options);
    published = publish(result);
    expect(published, "victims_detected_number", "2019", 220);
    check_alike(published, "2019", 47564296);
    check_alike(published, "2019,female,child", 10862532);
    check_alike(published, "2019,male,child", 11060063);
    check_alike(published, "2019,female,adult", 13151887);
    check_alike(published, "2019,male,adult", 12487608);
    /* With the sums by sex and by age known, one small count of four needs all four. */
    static const char *const groups[] = {"2019,female,child", "2019,male,child", "2019,female,adult", "2019,male,adult"};
    for (size_t i = 0; i < 4; i++)
        assert_true(isnan(row_of(published, "victims_detected_number", groups[i])->estimate));
    check_chart(published);
    est_result_free(published);
    est_suppression internal = est_suppression_default();
    est_error error;
    internal.internal = 1;
    assert_int_equal(est_result_suppress(result, &internal, &published, &error), EST_OK);
    expect(published, "victims_detected_number", "2019,male,child", 4);
    est_result_free(published);
    est_result_free(result);
}

/* A small count of one year leaves the groups of another in sight, rounded. */
static void test_suppression_by_year(void **state)
{
    (void)state;
    est_table *own =
        table_of("period,sex,population\n2019,both,2000000\n2019,male,1000000\n2019,female,1000000\n2020,both,2000000\n"
                 "2020,male,1000000\n2020,female,1000000\n");
    est_trafficking_options options = options_of("own");
    options.population = own;
    options.by = "sex";
    est_result *result = run_csv("year,sex,count\n2019,female,3\n2019,male,44\n2020,female,14\n2020,male,58\n", &options);
    est_result *published = publish(result);
    check_alike(published, "2020,female", 1e6);
    expect(published, "victims_detected_number", "2020,female", 10);
    expect(published, "victims_detected_rate", "2020,male", 6);
    check_alike(published, "2019,female", 1e6);
    assert_true(isnan(row_of(published, "victims_detected_number", "2019,female")->estimate));
    assert_true(isnan(row_of(published, "victims_detected_rate", "2019,male")->estimate));
    expect(published, "victims_detected_rate", "2019", 2.5);
    check_chart(published);
    est_result_free(published);
    est_result_free(result);
    est_table_free(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kenya),
        cmocka_unit_test(test_row_texts),
        cmocka_unit_test(test_victims),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_other_groups),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_refused_counts),
        cmocka_unit_test(test_denominators),
        cmocka_unit_test(test_never_everybody),
        cmocka_unit_test(test_estimated),
        cmocka_unit_test(test_estimated_groups),
        cmocka_unit_test(test_estimated_windows),
        cmocka_unit_test(test_refused_results),
        cmocka_unit_test(test_internal),
        cmocka_unit_test(test_suppression),
        cmocka_unit_test(test_suppression_by_year),
        cmocka_unit_test(test_chart_gaps),
    };
    return cmocka_run_group_tests(tests, open_population, close_population);
}
