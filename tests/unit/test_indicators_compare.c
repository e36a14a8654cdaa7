/* What may be compared, and the numbers of comparisons. Figures by hand from the formulas of compare_change.c; those of the second
 * implementation (naive Python) agree to 1e-8 on random tables. */
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
#include <est/compare.h>

#include "indicators/comparability.h"
#include "indicators/compare.h"

#define Z95 1.959963984540054

static void near(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance * fmax(1, fabs(expected))))
        fail_msg("found %.15g, expected %.15g", found, expected);
}

static est_table *table_of(const char *csv)
{
    est_table *table = NULL;
    est_error error;
    if (est_table_parse_csv("t.csv", csv, strlen(csv), NULL, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return table;
}

static est_result *compared(const char *csv, const est_compare_options *options)
{
    est_table *table = table_of(csv);
    est_result *result = NULL;
    est_error error;
    if (est_compare(table, options, NULL, &result, &error) != EST_OK)
        fail_msg("%s: %s", est_status_name(error.code), error.message);
    est_table_free(table);
    return result;
}

static void refused(const char *csv, const est_compare_options *options, est_status code, const char *words)
{
    est_table *table = table_of(csv);
    est_result *result = NULL;
    est_error error;
    assert_int_equal(est_compare(table, options, NULL, &result, &error), code);
    assert_null(result);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    est_table_free(table);
}

static const est_row *row_of(const est_result *result, const char *estimand, const char *period, const char *against)
{
    const est_row *found = NULL;
    for (size_t i = 0; i < est_result_rows(result) && !found; i++) {
        const est_row *row = est_result_row(result, i);
        size_t matched = 0;
        for (size_t k = 0; k < row->n_domain; k++)
            matched += (strcmp(row->domain[k].name, "period") == 0 && strcmp(row->domain[k].value, period) == 0) ||
                       (against && strcmp(row->domain[k].name, "against") == 0 && strcmp(row->domain[k].value, against) == 0);
        if (strcmp(row->estimand, estimand) == 0 && matched == (against ? 2U : 1U))
            found = row;
    }
    if (!found)
        fail_msg("no row %s of %s against %s", estimand, period, against ? against : "nothing");
    return found;
}

static bool has_note(const est_result *result, const char *code)
{
    bool has = false;
    for (size_t i = 0; i < est_result_notes(result); i++)
        has = has || strcmp(est_result_note(result, i)->code, code) == 0;
    return has;
}

static bool has(const est_row *row, est_flag flag)
{
    return (row->flags & EST_FLAG_BIT(flag)) != 0;
}

/* ---- keys ---- */

static void keys(void **state)
{
    (void)state;
    assert_true(est_i_key_same(EST_I_KEY_AGES, "5-17", "5 to 17"));
    assert_true(est_i_key_same(EST_I_KEY_AGES, "5-17", " 5 \xe2\x80\x93 17 "));
    assert_false(est_i_key_same(EST_I_KEY_AGES, "5-17", "5-14"));
    assert_false(est_i_key_same(EST_I_KEY_AGES, "5-17", "5-1"));
    assert_false(est_i_key_same(EST_I_KEY_AGES, "5-17", ""));
    assert_true(est_i_key_same(EST_I_KEY_AGES, "", " "));
    assert_true(est_i_key_same(EST_I_KEY_GEOGRAPHY, "Tana  River", "tana river "));
    assert_false(est_i_key_same(EST_I_KEY_GEOGRAPHY, "Kilifi; Kwale; Mombasa", "Kilifi; Kwale"));
    assert_false(est_i_key_same(EST_I_KEY_GEOGRAPHY, "5-17", "5 to 17"));
    assert_true(est_i_key_same(EST_I_KEY_DEFINITION, "sdg-5.3.1: women first married before 18", "sdg-5.3.1"));
    assert_false(est_i_key_same(EST_I_KEY_DEFINITION, "sdg-5.3.1: in words", "sdg-5.3.1-men"));
    assert_false(est_i_key_same(EST_I_KEY_DEFINITION, "Working by: a", "Working by: b"));
    est_i_keys a = {{"child_labour_economic", "", "Kenya", "5-17", "", "children", "sdg-8.7.1", "7 days", ""}}, b = a;
    est_i_keys_complete(&a);
    assert_string_equal(a.value[EST_I_KEY_CONCEPT], "child labour");
    assert_string_equal(a.value[EST_I_KEY_UNIT], "proportion");
    b.value[EST_I_KEY_INDICATOR] = "census_working";
    b.value[EST_I_KEY_REFERENCE_PERIOD] = "";
    est_i_keys_complete(&b);
    uint32_t differ = est_i_keys_differ(&a, &b);
    assert_int_equal(differ, EST_I_KEY_BIT(EST_I_KEY_INDICATOR) | EST_I_KEY_BIT(EST_I_KEY_CONCEPT) |
                                 EST_I_KEY_BIT(EST_I_KEY_REFERENCE_PERIOD));
    assert_int_equal(est_i_keys_untold(&a, &b), EST_I_KEY_BIT(EST_I_KEY_SEX));
    est_i_text text = {0};
    est_i_keys_explain(&a, &b, differ, 9, &text);
    assert_string_equal(text.data, "indicator 'child_lab...' and 'census_wo...'; concept 'child lab...' and 'employmen...'; "
                                   "reference period '7 days' and not told");
    est_i_text_free(&text);
}

static void keys_of_a_row(void **state)
{
    (void)state;
    est_label labels[] = {{"county", "Busia"}, {"sex", "female"}};
    est_row row = {.estimand = "married_by_18",
                   .n_domain = 2,
                   .domain = labels,
                   .population = "women",
                   .definition = "sdg-5.3.1",
                   .geography = "Kenya",
                   .ages = "20-24",
                   .reference_period = "",
                   .unit = ""};
    est_i_text place = {0};
    bool others = true;
    est_i_keys found = est_i_keys_of_row(&row, &place, &others);
    assert_false(others);
    assert_string_equal(found.value[EST_I_KEY_GEOGRAPHY], "Busia");
    assert_string_equal(found.value[EST_I_KEY_SEX], "female");
    est_i_text_free(&place);
    place = (est_i_text){0};
    labels[0] = (est_label){"residence", "rural"};
    labels[1] = (est_label){"wealth", "poorest"};
    found = est_i_keys_of_row(&row, &place, &others);
    assert_true(others);
    assert_string_equal(found.value[EST_I_KEY_GEOGRAPHY], "Kenya (rural)");
    assert_string_equal(found.value[EST_I_KEY_SEX], "female"); /* of a population of women */
    est_i_text_free(&place);
}

/* ---- numbers ---- */

static void difference_and_ratio(void **state)
{
    (void)state;
    est_result *r = compared("estimand,period,definition,estimate,se,df\nx_rate,2010,d,2,0.3,\nx_rate,2015,d,3,0.4,\n", NULL);
    const est_row *d = row_of(r, "difference(x_rate)", "2015", "2010");
    near(d->estimate, 1, 1e-14);
    near(d->se, 0.5, 1e-14);
    near(d->lower, 1 - Z95 * 0.5, 1e-12);
    near(d->upper, 1 + Z95 * 0.5, 1e-12);
    assert_true(isnan(d->df));
    assert_string_equal(d->interval, "normal");
    const est_row *q = row_of(r, "ratio(x_rate)", "2015", "2010");
    double se = sqrt(0.15 * 0.15 + 0.4 * 0.4 / 9);
    near(q->estimate, 1.5, 1e-14);
    near(q->se, 1.5 * se, 1e-14);
    near(q->lower, 1.5 * exp(-Z95 * se), 1e-12);
    near(q->upper, 1.5 * exp(Z95 * se), 1e-12);
    const est_row *y = row_of(r, "change_per_year(x_rate)", "2015", "2010");
    near(y->estimate, 0.2, 1e-14);
    near(y->upper, (1 + Z95 * 0.5) / 5, 1e-12);
    assert_true(has_note(r, "independent"));
    assert_false(has_note(r, "no_se"));
    est_result_free(r);
}

/* (0.09 + 0.16)^2 / (0.09^2 / 4 + 0.16^2 / 8) = 0.0625 / 0.005225; t(0.975, 11.96...) between that of 11 and 12 df. */
static void satterthwaite(void **state)
{
    (void)state;
    est_result *r = compared("estimand,period,estimate,se,df\nx,2010,2,0.3,4\nx,2015,3,0.4,8\n", NULL);
    const est_row *d = row_of(r, "difference(x)", "2015", "2010");
    near(d->df, 0.0625 / 0.005225, 1e-12);
    assert_true((d->upper - 1) / 0.5 > 2.17881 && (d->upper - 1) / 0.5 < 2.20099);
    assert_string_equal(d->interval, "t");
    est_result_free(r);
    r = compared("estimand,period,estimate,se,df\nx,2010,2,0.3,0\nx,2015,3,0.4,8\n", NULL);
    d = row_of(r, "difference(x)", "2015", "2010");
    assert_true(isnan(d->lower) && isnan(d->upper) && has(d, EST_FLAG_NO_DF));
    near(d->se, 0.5, 1e-14);
    est_result_free(r);
    r = compared("estimand,period,estimate,se,df\nx,2010,2,0,\nx,2015,3,0.4,3\n", NULL); /* a complete count and a survey */
    d = row_of(r, "difference(x)", "2015", "2010");
    near(d->df, 3, 1e-12);
    near(d->se, 0.4, 1e-14);
    assert_true(has(d, EST_FLAG_FEW_DF));
    est_result_free(r);
}

static void se_from_intervals(void **state)
{
    (void)state;
    /* symmetric as it is; on the log scale 2 / 1.5 = 1.5 / 1.125; on the logit scale of 0.1 with a half width of 0.5 */
    char csv[400];
    double low = 1 / (1 + exp(log(9) + 0.5)), high = 1 / (1 + exp(log(9) - 0.5));
    snprintf(csv, sizeof csv,
             "estimand,unit,period,estimate,lower,upper,level\na,people,2010,100,90,110,0.9\na,people,2011,150,112.5,200,0.95\n"
             "b,proportion,2010,0.1,%.17g,%.17g,0.95\nb,proportion,2011,0.3,,0.4,0.95\n",
             low, high);
    est_result *r = compared(csv, NULL);
    near(row_of(r, "a", "2010", NULL)->se, 10 / 1.6448536269514722, 1e-12);
    near(row_of(r, "a", "2011", NULL)->se, 150 * log(4.0 / 3) / Z95, 1e-12);
    near(row_of(r, "b", "2010", NULL)->se, 0.1 * 0.9 * 0.5 / Z95, 1e-12);
    assert_true(isnan(row_of(r, "b", "2011", NULL)->se)); /* one limit tells no scale */
    near(row_of(r, "difference(b)", "2011", "2010")->estimate, 0.2, 1e-12);
    assert_true(isnan(row_of(r, "difference(b)", "2011", "2010")->se));
    assert_true(has_note(r, "se_from_interval") && has_note(r, "no_se") && !has_note(r, "level_assumed"));
    est_result_free(r);
    r = compared("estimand,period,estimate,lower,upper\na,2010,100,90,110\na,2011,100,120,130\n", NULL);
    near(row_of(r, "a", "2010", NULL)->se, 10 / Z95, 1e-12);
    assert_true(isnan(row_of(r, "a", "2011", NULL)->se)); /* outside its own interval */
    assert_true(has_note(r, "level_assumed"));
    est_result_free(r);
}

static void zeros_bounds_and_withheld(void **state)
{
    (void)state;
    est_result *r = compared("estimand,period,estimate,se,qualifier,flags\nv_number,2015,0,1,,\nv_number,2016,400,,at least,\n"
                             "v_number,2017,,,,suppressed few_cases\nv_number,2018,50,5,about,model_known\nv_number,2019,,,,\n",
                             NULL);
    assert_true(isnan(row_of(r, "ratio(v_number)", "2018, about", "2015")->estimate)); /* nothing over 0 */
    near(row_of(r, "difference(v_number)", "2018, about", "2015")->se, sqrt(26), 1e-12);
    const est_row *d = row_of(r, "difference(v_number)", "2016, at least", "2015");
    assert_true(isnan(d->estimate) && has(d, EST_FLAG_NOT_ESTIMABLE) && !has(d, EST_FLAG_SUPPRESSED));
    near(row_of(r, "v_number", "2016, at least", NULL)->estimate, 400, 0);
    d = row_of(r, "difference(v_number)", "2018, about", "2017");
    assert_true(isnan(d->estimate) && isnan(d->se) && has(d, EST_FLAG_SUPPRESSED) && has(d, EST_FLAG_MODEL_KNOWN));
    assert_true(has(row_of(r, "v_number", "2017", NULL), EST_FLAG_SUPPRESSED));
    assert_true(has(row_of(r, "v_number", "2019", NULL), EST_FLAG_NOT_ESTIMABLE));
    assert_true(has_note(r, "bound") && has_note(r, "withheld") && has_note(r, "zero"));
    est_result_free(r);
}

/* ---- series ---- */

#define MANY                                                                                                                      \
    "estimand,period,definition,geography,county,estimate,se\nx,2020,d,Kenya,,3,0.1\nx,2010,d,Kenya,,1,0.1\nx,2015,d,Kenya,,2,0." \
    "1\n"                                                                                                                         \
    "x,2010,d,Kenya,Busia,5,0.1\nx,2020,d,Kenya,Busia,7,0.1\ny,2010,d,Kenya,,9,0.1\n"

static void series(void **state)
{
    (void)state;
    est_result *r = compared(MANY, NULL);
    near(row_of(r, "difference(x)", "2020", "2015")->estimate, 1, 1e-14);
    near(row_of(r, "difference(x)", "2020", "2010")->estimate, 2, 1e-14);
    const est_row *busia = est_result_find(r, "difference(x)", "county", "Busia");
    assert_non_null(busia);
    near(busia->estimate, 2, 1e-14);
    assert_true(has_note(r, "alone")); /* y */
    assert_null(est_result_find(r, "y", NULL, NULL));
    est_result_free(r);
    est_compare_options options = est_compare_options_default();
    options.domain = "county=Busia";
    options.against = EST_COMPARE_FIRST;
    r = compared(MANY, &options);
    assert_int_equal(est_result_rows(r), 2 + 3);
    est_result_free(r);
    options = est_compare_options_default();
    options.order = EST_COMPARE_AS_GIVEN;
    options.domain = "county=";
    options.against = EST_COMPARE_PREVIOUS;
    r = compared(MANY, &options);
    near(row_of(r, "difference(x)", "2010", "2020")->estimate, -2, 1e-14);
    assert_null(est_result_find(r, "change_per_year(x)", "against", "2020")); /* time runs backwards there */
    est_result_free(r);
}

static void two_tables(void **state)
{
    (void)state;
    est_table *first = table_of("estimand,definition,estimate,se,sex\nx,d,1,0.3,f\nx,d,2,0.3,m\n");
    est_table *second = table_of("estimand,definition,estimate,se,sex\nx,d,3,0.4,m\nx,d,5,0.4,f\n");
    est_compare_options options = est_compare_options_default();
    est_result *r = NULL;
    est_error error;
    options.with = second;
    assert_int_equal(est_compare(first, &options, NULL, &r, &error), EST_OK);
    near(row_of(r, "difference(x)", "second table", "first table")->estimate, 4, 1e-14);
    near(est_result_find(r, "difference(x)", "sex", "m")->estimate, 1, 1e-14);
    est_result_free(r);
    est_table_free(first);
    est_table_free(second);
}

/* ---- the guard ---- */

#define BENCHMARKS "dataset:kenya_benchmarks"

static est_status compare_benchmarks(const char *ids, int allow_break, est_result **result, est_error *error)
{
    est_table *table = NULL;
    est_compare_options options = est_compare_options_default();
    options.id = ids;
    options.allow_break = allow_break;
    assert_int_equal(est_table_open(BENCHMARKS, NULL, &table, error), EST_OK);
    est_status status = est_compare(table, &options, NULL, result, error);
    est_table_free(table);
    return status;
}

static void child_employment_2009_and_2019(void **state)
{
    (void)state;
    static const char ids[] = "census-2009-working-5-17,census-2019-working-5-17";
    est_result *r = NULL;
    est_error error;
    assert_int_equal(compare_benchmarks(ids, 0, &r, &error), EST_EDEFINITION);
    assert_non_null(
        strstr(error.message, "definition 'Child employment rate of the 2009 census as cited' and 'Working by activity status"));
    assert_non_null(strstr(error.message, "--allow-break"));
    assert_int_equal(est_status_exit(error.code), 3);
    assert_int_equal(compare_benchmarks(ids, 1, &r, &error), EST_OK);
    const est_row *d = row_of(r, "difference(census_working)", "2019", "2009");
    near(d->estimate, 0.085042 - 0.3449, 1e-12);
    assert_true(has(d, EST_FLAG_DEFINITION_BREAK) && isnan(d->se) && *d->definition == '\0');
    assert_true(has(row_of(r, "ratio(census_working)", "2019", "2009"), EST_FLAG_DEFINITION_BREAK));
    assert_true(has(row_of(r, "census_working", "2019", NULL), EST_FLAG_DEFINITION_BREAK));
    assert_false(has(row_of(r, "census_working", "2009", NULL), EST_FLAG_DEFINITION_BREAK));
    assert_true(has_note(r, "definition_break"));
    const est_chart *chart = est_result_chart(r, 0);
    assert_int_equal(chart->n_categories, 3);
    assert_string_equal(chart->categories[1], "(break)");
    assert_true(isnan(chart->series[0].value[1]));
    assert_non_null(est_result_frame_find(r, "breaks"));
    est_result_free(r);
}

static void exploited_children_of_other_places(void **state)
{
    (void)state;
    static const char ids[] = "norc-2021-csec-kilifi-kwale-mombasa,norc-followup-csec-kilifi-kwale";
    est_result *r = NULL;
    est_error error;
    assert_int_equal(compare_benchmarks(ids, 0, &r, &error), EST_EDEFINITION);
    assert_non_null(strstr(error.message, "geography 'Kilifi; Kwale; Mombasa' and 'Kilifi; Kwale'"));
    assert_int_equal(compare_benchmarks(ids, 1, &r, &error), EST_OK);
    const est_row *d = row_of(r, "difference(children_in_sexual_exploitation_number)", "norc-followup-csec-kilifi-kwale", "2021");
    near(d->estimate, 2426 - 6356, 0);
    assert_true(has(d, EST_FLAG_DEFINITION_BREAK));
    assert_string_equal(d->geography, "");
    est_result_free(r);
}

static void other_keys(void **state)
{
    (void)state;
    est_compare_options given = est_compare_options_default();
    refused("estimand,period,definition,estimate\nx,2010,d,1\nx,2015,,1\n", NULL, EST_EDEFINITION, "definition 'd' and not told");
    refused("estimand,period,ages,estimate\nx,2010,5-17,1\nx,2015,5-14,1\n", NULL, EST_EDEFINITION, "ages '5-17' and '5-14'");
    refused("estimand,period,reference_period,estimate\nx,2010,7 days,1\nx,2015,12 months,1\n", NULL, EST_EDEFINITION,
            "reference period '7 days' and '12 months'");
    refused("estimand,period,unit,estimate\nx,2010,people,1\nx,2015,per 100000,1\n", NULL, EST_EDEFINITION, "unit 'people'");
    refused("estimand,period,county,estimate\nx,2010,Busia,1\nx,2015,Kilifi,1\n", NULL, EST_EDEFINITION,
            "county 'Busia' and 'Kilifi'");
    refused("estimand,period,estimate\nchild_labour_economic,2010,0.1\nchildren_in_employment,2015,0.2\n", NULL, EST_EDEFINITION,
            "concept 'child labour' and 'employment'");
    /* the break may lie anywhere in the series */
    refused("estimand,period,definition,estimate\nx,2010,a,1\nx,2015,a,1\nx,2020,b,1\n", NULL, EST_EDEFINITION,
            "of 2015 and 'x' of 2020");
    given.allow_break = 1;
    est_result *r = compared("estimand,period,definition,estimate\nx,2010,a,1\nx,2015,a,2\nx,2020,b,4\nx,2025,b,5\n", &given);
    assert_false(has(row_of(r, "difference(x)", "2015", "2010"), EST_FLAG_DEFINITION_BREAK));
    assert_true(has(row_of(r, "difference(x)", "2020", "2015"), EST_FLAG_DEFINITION_BREAK));
    assert_false(has(row_of(r, "difference(x)", "2025", "2020"), EST_FLAG_DEFINITION_BREAK));
    assert_true(has(row_of(r, "difference(x)", "2025", "2010"), EST_FLAG_DEFINITION_BREAK));
    est_result_free(r);
    r = compared("estimand,period,estimate\na,2010,0.1\nb,2015,0.2\n", &given);
    near(row_of(r, "difference(b - a)", "2015", "2010")->estimate, 0.1, 1e-14);
    est_result_free(r);
}

static void faults(void **state)
{
    (void)state;
    est_compare_options o = est_compare_options_default();
    refused("a,b\n1,2\n", NULL, EST_ECOLUMN, "estimand");
    refused("estimand,period\nx,2010\n", NULL, EST_ECOLUMN, "estimate");
    refused("estimand,period,estimate\nx,2010,1\n", NULL, EST_EDEFINITION, "found 1 estimate to compare, expected at least two");
    refused("estimand,period,estimate\nx,2010,1\nx,2011,high\n", NULL, EST_EVALUE,
            "record 2 (line 3), column 'estimate': found 'high'");
    refused("estimand,period,estimate\nx,2010,1\n,2011,2\n", NULL, EST_EVALUE, "column 'estimand'");
    refused("estimand,period,estimate,se\nx,2010,1,-1\nx,2011,1,1\n", NULL, EST_EVALUE, "column 'se': found -1");
    refused("estimand,period,estimate,level\nx,2010,1,95\nx,2011,1,95\n", NULL, EST_EVALUE, "column 'level': found 95");
    refused("estimand,period,estimate,lower,upper\nx,2010,1,2,0\nx,2011,1,,\n", NULL, EST_EVALUE, "column 'upper'");
    refused("estimand,period,estimate\ncensus_working,2010,34.5\ncensus_working,2011,8.5\n", NULL, EST_EVALUE,
            "a proportion from 0 to 1");
    refused("estimand,period,estimate\nv_number,2010,-4\nv_number,2011,8\n", NULL, EST_EVALUE, "0 or more");
    refused("estimand,period,estimate,flags\nx,2010,1,supressed\nx,2011,1,\n", NULL, EST_EVALUE, "did you mean 'suppressed'?");
    refused("estimand,period,estimate,qualifier\nx,2010,1,over\nx,2011,1,\n", NULL, EST_EVALUE, "column 'qualifier': found 'over'");
    o.estimand = "z";
    refused(MANY, &o, EST_EOPTION, "option --estimand: found 'z'");
    o.estimand = "x,";
    refused(MANY, &o, EST_EOPTION, "option --estimand");
    o = est_compare_options_default();
    o.domain = "county=Busi";
    refused(MANY, &o, EST_EOPTION, "did you mean 'Busia'?");
    o.domain = "county";
    refused(MANY, &o, EST_EOPTION, "expected COLUMN=VALUE");
    o.domain = "wealth=poor";
    refused(MANY, &o, EST_EOPTION, "neither a label nor a key");
    o = est_compare_options_default();
    o.level = NAN;
    refused(MANY, &o, EST_EOPTION, "level");
    est_result *r = NULL;
    est_error error;
    assert_int_equal(est_compare(NULL, NULL, NULL, &r, &error), EST_EOPTION);
}

/* What was made for internal use, or of invented people, stays so. */
static void marks(void **state)
{
    (void)state;
    est_result *r = compared("estimand,period,estimate,internal,SYNTHETIC\nx,2010,1,1,yes\nx,2015,2,1,yes\n", NULL);
    assert_true(est_result_is_internal(r) && est_result_is_synthetic(r) && !est_result_is_public(r));
    assert_true(has(row_of(r, "difference(x)", "2015", "2010"), EST_FLAG_SYNTHETIC));
    est_result_free(r);
    est_error error;
    assert_int_equal(compare_benchmarks("wdi-1989-women-20-24-by-18,kdhs-2014-women-20-24-by-18", 0, &r, &error), EST_OK);
    assert_true(est_result_is_public(r));
    near(row_of(r, "difference(married_by_18)", "2014", "1989")->estimate, 0.229 - 0.31, 1e-12);
    est_result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(keys_of_a_row),
        cmocka_unit_test(difference_and_ratio),
        cmocka_unit_test(satterthwaite),
        cmocka_unit_test(se_from_intervals),
        cmocka_unit_test(zeros_bounds_and_withheld),
        cmocka_unit_test(series),
        cmocka_unit_test(two_tables),
        cmocka_unit_test(child_employment_2009_and_2019),
        cmocka_unit_test(exploited_children_of_other_places),
        cmocka_unit_test(other_keys),
        cmocka_unit_test(faults),
        cmocka_unit_test(marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
