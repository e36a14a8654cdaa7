/* Pages of indicators: units, the box "Definition", tables by age and domain, standard tables, charts, what is said once. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include <est.h>

#include "core/result.h"
#include "report/chart_scale.h"
#include "report/table_layout.h"

/* ---- a made-up indicator ---- */

#define N_COUNTIES 9
static const char *const counties[N_COUNTIES] = {"Bomet", "Busia", "Embu", "Garissa", "Kitui", "Lamu", "Meru", "Nyeri", "Siaya"};
static const double county_shares[N_COUNTIES] = {0.05, 0.11, 0.02, 0.4, 0.031, 0.2, 0, 0.07, 0.09};
static const double county_cases[N_COUNTIES] = {300, 301, 302, 303, 304, 30, 306, 307, 20};

static est_row make_row(const char *estimand, const est_label *labels, size_t n_labels, double share, double se, double n)
{
    est_row row = est_i_row_empty(estimand);
    row.domain = labels;
    row.n_domain = n_labels;
    row.estimate = share;
    row.se = se;
    row.lower = fmax(0, share - 2 * se);
    row.upper = share + 2 * se;
    row.level = 0.95;
    row.interval = share > 0 ? "korn-graubard" : "clopper-pearson";
    row.flags = share > 0 ? 0 : EST_FLAG_BIT(EST_FLAG_AT_BOUND);
    row.df = 100;
    row.n = n;
    row.n_weighted = 10 * n;
    row.cv = se / share;
    row.deft = 1.25;
    row.deff = 1.5625;
    row.effective_n = n / 1.5625;
    row.numerator = floor(share * n);
    row.unit = "proportion";
    row.ages = "5-17";
    row.geography = "Kenya";
    row.reference_period = "7 days";
    return row;
}

static void add_pair(est_i_result_builder *builder, const char *estimand, const est_label *labels, size_t n_labels, double share,
                     double se, double n)
{
    char name[64];
    est_row row = make_row(estimand, labels, n_labels, share, se, n);
    est_i_result_add_row(builder, &row);
    snprintf(name, sizeof name, "%s_number", estimand);
    row = make_row(name, labels, n_labels, 1000 * n * share, 1000 * n * se, n);
    row.unit = "people";
    row.interval = "t";
    row.flags = 0;
    row.numerator = NAN;
    est_i_result_add_row(builder, &row);
}

static void add_rows(est_i_result_builder *builder, const char *estimand, double scale)
{
    static const char *const ages[] = {"5-14", "15-17"};
    add_pair(builder, estimand, NULL, 0, 0.08 * scale, 0.0034 * scale, 2400);
    for (size_t i = 0; i < 2; i++) {
        const est_label label = {"age", ages[i]};
        add_pair(builder, estimand, &label, 1, (0.07 + 0.05 * (double)i) * scale, 0.005 * scale, 1200);
    }
    for (size_t i = 0; i < N_COUNTIES; i++) {
        const est_label label = {"county", counties[i]};
        add_pair(builder, estimand, &label, 1, county_shares[i] * scale, sqrt(county_shares[i]) * 0.04 * scale, county_cases[i]);
    }
}

static void add_table(est_i_result_builder *builder)
{
    static const char *const estimands[] = {"child_labour", "hazardous"};
    static const est_label sexes[] = {{"sex", "male"}, {"sex", "female"}}, young = {"age", "5-14"};
    for (size_t e = 0; e < 2; e++) {
        const est_row rows[] = {make_row(estimands[e], NULL, 0, 0.08 / (double)(1 + 39 * e), 0.003 / (double)(1 + 9 * e), 2400),
                                make_row(estimands[e], &sexes[0], 1, 0.09 / (double)(1 + 39 * e), 0.004 / (double)(1 + 9 * e), 40),
                                make_row(estimands[e], &sexes[1], 1, 0.07 / (double)(1 + 39 * e), 0.004 / (double)(1 + 9 * e), 20),
                                make_row(estimands[e], &young, 1, 0, 0, 800)};
        for (size_t i = 0; i < 4; i++) {
            est_row row = rows[i];
            row.table = "T3";
            row.detail = 1;
            est_i_result_add_row(builder, &row);
        }
    }
}

static void add_chart(est_i_result_builder *builder)
{
    const est_result *rows = est_i_result_so_far(builder);
    double value[N_COUNTIES], lower[N_COUNTIES], upper[N_COUNTIES];
    size_t about[N_COUNTIES], n = 0;
    for (size_t i = 0; i < est_result_rows(rows); i++) {
        const est_row *row = est_result_row(rows, i);
        if (row->detail || strcmp(row->estimand, "child_labour") != 0 || !est_i_row_label(row, "county")[0])
            continue;
        value[n] = row->estimate;
        lower[n] = row->lower;
        upper[n] = row->upper;
        about[n++] = i;
    }
    const est_series series = {"child_labour", EST_SERIES_BAND, EST_ROLE_PLAIN, value, lower, upper};
    const est_chart chart = {.name = "child_labour", .title = "child_labour", .subtitle = "by county", .x_title = "child_labour",
                             .y_title = "", .alternative = "In words.", .n_categories = n, .categories = counties, .n_series = 1,
                             .series = &series, .kind = EST_CHART_FOREST, .reference = 0.08, .about = about};
    est_i_result_add_chart(builder, &chart);
}

static void add_facts(est_i_result_builder *builder)
{
    static const char *const facts[][3] = {{"definition", "What counts", "Economic activity <of> 43 hours | or more."},
                                           {"definition", "Rule: child_labour", "hours >= 43"},
                                           {"estimand", "child_labour", "Child labour"},
                                           {"estimand", "hazardous", "Hazardous work"},
                                           {"table", "T3", "Child labour and hazardous work"},
                                           {"benchmark", "Census 2019", "8.5 %, another question"}};
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        est_i_result_add_fact(builder, facts[i][0], facts[i][1], facts[i][2]);
}

static est_result *published(est_i_result_builder *builder)
{
    est_suppression request = est_suppression_default();
    est_result *result = NULL, *made = NULL;
    est_error error = {0};
    est_i_result_profile(builder, "dhs");
    est_i_result_mark(builder, true, false, false);
    assert_int_equal(est_i_result_finish(builder, &result, &error), EST_OK);
    request.profile = "dhs";
    assert_int_equal(est_result_suppress(result, &request, &made, &error), EST_OK);
    est_result_free(result);
    return made;
}

static est_result *indicator(void)
{
    est_survey_options options = est_survey_options_default();
    est_i_result_builder *builder = est_i_result_begin("survey", "Child labour");
    add_facts(builder);
    add_rows(builder, "child_labour", 1);
    add_rows(builder, "hazardous", 0.025);
    add_table(builder);
    add_chart(builder);
    options.weight = "w";
    est_i_result_add_provenance(builder, "version", "1", false);
    est_i_result_add_options(builder, est_method_find("survey"), &options);
    return published(builder);
}

static char *page(const est_result *result, const char *format)
{
    char *text = NULL;
    est_error error = {0};
    assert_int_equal(est_report_string(result, format, &text, NULL, &error), EST_OK);
    return text;
}

static void assert_holds(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_error("not found: %s\nin:\n%s\n", part, text);
    assert_non_null(strstr(text, part));
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        print_error("found: %s\nin:\n%s\n", part, text);
    assert_null(strstr(text, part));
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

/* ---- units ---- */

/* Two significant digits of the error; the estimate one decimal less, at least one. */
static void test_digits(void **state)
{
    static const struct {
        const char *unit;
        double smallest, largest, whole;
        int estimate, error;
    } cases[] = {{"proportion", 0.034, 0.034, 0, 1, 1},    {"proportion", 0.0087, 0.0087, 0, 1, 2},
                 {"proportion", 0.00043, 0.00043, 0, 2, 3}, {"proportion", 0.000021, 0.000021, 0, 3, 4},
                 {"proportion", 0, 0, 0, 1, 1},             {"proportion", 0.00001, 0.09, 0, 1, 2},
                 {"proportion", 0.00043, 0.09, 0.00043, 2, 3}, {"proportion", 0.0009, 0.006, 0, 2, 3},
                 {"people", 1234, 99999, 0, 0, 0},          {"people", 0.5, 0.5, 0, 0, 0},
                 {"years", 0.03, 2, 0, 1, 2},               {"hours", 3, 3, 0, 1, 1},
                 {"per 100,000", 0.5, 0.5, 0, 2, 2},        {"per 100,000", 0.0012, 0.0012, 0.0012, 3, 4}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        est_row row = est_i_row_empty("x");
        row.unit = cases[i].unit;
        est_i_digits digits = est_i_unit_digits(est_i_row_unit(&row), cases[i].smallest, cases[i].largest, cases[i].whole);
        if (digits.estimate != cases[i].estimate || digits.error != cases[i].error)
            print_error("case %zu: %d and %d\n", i, digits.estimate, digits.error);
        assert_int_equal(digits.estimate, cases[i].estimate);
        assert_int_equal(digits.error, cases[i].error);
    }
}

static void test_values(void **state)
{
    static const struct {
        const char *estimand, *unit;
        double estimate, se;
        const char *shown;
    } cases[] = {{"x", "proportion", 0.23104, 0.0087, "23.1"},     {"x", "proportion", 0.0023, 0.00043, "0.23"},
                 {"x", "proportion", 0.0001, 0.01, "<0.1"},        {"x", "proportion", 0, 0, "0.0"},
                 {"x_number", "people", 1349365.4, 100, "1,349,365"}, {"x", "years", 21.04, 0.2, "21.0"},
                 {"x", "per 100,000", 5.2349, 0.7, "5.23"},        {"contrast(x)", "proportion", -0.0512, 0.01, "-5.1"},
                 {"x", "shillings", 12.3456, 0.5, "12.35"},        {"proportion(x=1)", "", 0.23104, 0.0087, "0.2310"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        est_i_text text = {0};
        est_row row = est_i_row_empty(cases[i].estimand);
        row.unit = cases[i].unit;
        row.estimate = cases[i].estimate;
        row.se = cases[i].se;
        row.n_weighted = cases[i].unit[0] ? NAN : 100;
        est_i_show_estimate(&text, &row);
        assert_string_equal(text.data, cases[i].shown);
        est_i_text_free(&text);
    }
}

/* ---- pages ---- */

static void test_text(void **state)
{
    est_result *result = indicator();
    char *text = page(result, "text");
    (void)state;
    assert_holds(text, "\nChild labour, ages 5-17: 8.0 %; 95 % interval: 7.3 to 8.7 %. Number of people: 192,000; 95 %\n"
                       "  interval: 175,680 to 208,320.\nHazardous work, ages 5-17: 0.200 %; 95 % interval: 0.183 to 0.217 %.");
    assert_holds(text, "\nDefinition\n  What counts: Economic activity <of> 43 hours | or more.\n");
    assert_holds(text, "\nEstimates by age: percent\nBelow each estimate its interval: 95 %, korn-graubard.\n"
                       "  Age    Child labour  Hazardous work\n"
                       "  5-17            8.0           0.200\n"
                       "           7.3 to 8.7  0.183 to 0.217\n");
    assert_holds(text, "\nChild labour, by county\n"
                       "In percent. Ages: 5-17. Intervals: 95 %, korn-graubard; at 0 or 1 clopper-pearson.\n"
                       "  County   Percent    SE          95 %   Number        Its interval      n  Weighted   DEFT  Remarks\n"
                       "                              interval                                             n\n"
                       "  All          8.0  0.34    7.3 to 8.7  192,000  175,680 to 208,320  2,400    24,000  1.250\n");
    assert_holds(text, "\n  Lamu      (20.0)  1.79  16.4 to 23.6  (6,000)      4,927 to 7,073     30       300  1.250\n"
                       "  Meru         0.0  0.00    0.0 to 0.0        0              0 to 0    306     3,060  1.250  [a]\n");
    assert_holds(text, "\n  Siaya          *     *             *        *                   *     20       200      -\n"
                       "  [a] a proportion of 0 or 1: exact interval.\n  *: based on");
    assert_lacks(text, "Method");
    assert_holds(text, "\nPublished figures of others, for comparison\n  Census 2019: 8.5 %, another question\n");
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 100);
    est_string_free(text);
    est_result_free(result);
}

/* Ages first, then domains, then standard tables. */
static void test_order(void **state)
{
    static const char *const parts[] = {"Child labour, ages 5-17: ", "\nDefinition\n", "\nEstimates by age: percent\n",
                                        "\nChild labour, by age\n", "\nHazardous work, by age\n", "\nChild labour, by county\n",
                                        "\nHazardous work, by county\n", "\nT3. Child labour and hazardous work\n",
                                        "\nPublished figures", "\nHow this was made\n"};
    est_result *result = indicator();
    char *text = page(result, "text");
    const char *at = text;
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *found = strstr(at, parts[i]);
        if (!found)
            print_error("not after what is before: %s\n%s\n", parts[i], text);
        assert_non_null(found);
        at = found;
    }
    est_string_free(text);
    est_result_free(result);
}

/* Marks and letters stand under the table, once; options at their default are counted. */
static void test_said_once(void **state)
{
    est_result *result = indicator();
    char *text = page(result, "text"), *table = strstr(text, "\nT3. "), *end = table ? strstr(table + 1, "\n\n") : NULL;
    (void)state;
    assert_non_null(end);
    *end = '\0';
    assert_int_equal(count_of(table, "*: based on fewer than 25 unweighted cases"), 1);
    assert_int_equal(count_of(table, "( ): based on 25 to 49 unweighted cases"), 1);
    assert_lacks(table, "exact interval"); /* there are no intervals in it */
    assert_lacks(end + 1, "Note: *: based on");
    assert_lacks(end + 1, "Note: ( ): based on");
    assert_holds(end + 1, "  options: weight = w\n  other options: ");
    assert_holds(end + 1, " at their defaults (est methods survey)\n");
    est_string_free(text);
    est_result_free(result);
}

static void test_standard_table(void **state)
{
    est_result *result = indicator();
    char *text = page(result, "text"), *md = page(result, "md"), *html = page(result, "html");
    (void)state;
    assert_holds(text, "\nT3. Child labour and hazardous work\nIn percent. Ages: 5-17.\n"
                       "  Characteristic  Child labour  Hazardous work  Weighted n      n\n"
                       "  Total                    8.0            0.20      24,000  2,400\n"
                       "  Age\n"
                       "    5-14                   0.0            0.00       8,000    800\n"
                       "  Sex\n"
                       "    male                 (9.0)          (0.22)         400     40\n"
                       "    female                   *               *         200     20\n");
    assert_holds(md, "| **Sex** |  |  |  |  |\n| male | (9.0) |");
    assert_holds(html, "<tbody>\n<tr class=\"kind\"><th colspan=\"5\" scope=\"rowgroup\">Sex</th></tr>\n"
                       "<tr><th scope=\"row\" class=\"item\">male</th><td class=\"number\">(9.0)</td>");
    est_string_free(html);
    est_string_free(md);
    est_string_free(text);
    est_result_free(result);
}

static void test_html(void **state)
{
    est_result *result = indicator();
    char *html = page(result, "html"), *how = strstr(html, "How the numbers were made");
    (void)state;
    assert_holds(html, "<section class=\"definition\" aria-label=\"Definition\"><h3>Definition</h3>\n<dl>\n<dt>What counts</dt>\n"
                       "<dd>Economic activity &lt;of&gt; 43 hours | or more.</dd>\n</dl>\n<details><summary>Rules and parameters");
    assert_holds(html, "<p class=\"answer several\">Child labour, ages 5-17: <strong>8.0 %</strong>; 95 % interval: 7.3 to 8.7 %.");
    assert_holds(html, "<th scope=\"col\" class=\"number\">Percent</th>");
    assert_holds(html, "<h2>Standard tables</h2>");
    assert_lacks(html, "Statistics of the fit");
    assert_lacks(html, "child_labour</text>");
    assert_non_null(how);
    *how = '\0';
    assert_int_equal(count_of(html, "<details>"), 2); /* the rules, and the values of the chart; no estimate is folded away */
    est_string_free(html);
    est_result_free(result);
}

static void test_markdown_box(void **state)
{
    est_result *result = indicator();
    char *md = page(result, "md");
    (void)state;
    assert_holds(md, "\n> **Definition**\n>\n> - What counts: Economic activity ");
    assert_holds(md, "Child labour, ages 5-17: **8.0 %**; 95 % interval");
    assert_holds(md, "\n- other options: ");
    est_string_free(md);
    est_result_free(result);
}

/* Nothing is scaled, facts are there, and new columns only where any row has them. */
static void test_json_and_csv(void **state)
{
    est_result *result = indicator();
    char *text = page(result, "json"), *csv = page(result, "csv");
    json_error_t problem;
    json_t *json = json_loads(text, 0, &problem), *facts = json_object_get(json, "facts"), *row;
    (void)state;
    assert_non_null(json);
    row = json_array_get(json_object_get(json, "rows"), 0);
    assert_true(json_real_value(json_object_get(row, "estimate")) == 0.08);
    assert_string_equal(json_string_value(json_object_get(row, "unit")), "proportion");
    assert_int_equal(json_array_size(facts), 6);
    row = json_array_get(facts, 2);
    assert_string_equal(json_string_value(json_object_get(row, "group")), "estimand");
    assert_string_equal(json_string_value(json_object_get(row, "name")), "child_labour");
    assert_string_equal(json_string_value(json_object_get(row, "value")), "Child labour");
    assert_int_equal(strncmp(csv,
                             "estimand,age,county,sex,model,estimate,se,lower,upper,level,df,interval,n,n_weighted,numerator,cv,"
                             "deff,deft,effective_n,mark,geography,ages,reference_period,unit,table,flags\n",
                             167),
                     0);
    assert_holds(csv, "\nchild_labour,,,,,0.08,0.0034,0.0732,0.0868,0.95,100,korn-graubard,2400,24000,192,");
    assert_holds(csv, ",,Kenya,5-17,7 days,proportion,,\n");
    assert_holds(csv, ",,Kenya,5-17,7 days,proportion,T3,\n");
    json_decref(json);
    est_string_free(csv);
    est_string_free(text);
    est_result_free(result);
}

static char *slurp(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 16);
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    return text;
}

static void remove_all(const char *folder, const char *const *names, size_t count)
{
    char path[256];
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void test_folder(void **state)
{
    static const char *const names[] = {"survey.txt",  "survey.json",         "survey.csv", "survey.md",
                                        "survey.html", "survey_table_T3.csv", "survey_child_labour_chart.svg"};
    char folder[] = "/tmp/est-report-XXXXXX";
    est_result *result = indicator();
    est_error error = {0};
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(est_report_save(result, folder, NULL, &error), EST_OK);
    char *csv = slurp(folder, "survey_table_T3.csv");
    assert_string_equal(csv, "by,category,child_labour,child_labour_mark,hazardous,hazardous_mark,n_weighted,n\n"
                             ",Total,0.08,,0.002,,24000,2400\n"
                             "Age,5-14,0,,0,,8000,800\n"
                             "Sex,male,0.09,(),0.00225,(),400,40\n"
                             "Sex,female,,*,,*,200,20\n");
    free(csv);
    remove_all(folder, names, sizeof names / sizeof names[0]);
    est_result_free(result);
}

/* ---- charts ---- */

static void test_chart(void **state)
{
    est_result *result = indicator();
    est_i_shown_chart shown;
    (void)state;
    assert_true(est_i_shown_chart_make(result, est_result_chart(result, 0), &shown));
    assert_string_equal(shown.chart.title, "Child labour");
    assert_string_equal(shown.chart.x_title, "Percent");
    assert_string_equal(shown.chart.categories[0], "Garissa"); /* the highest first */
    assert_string_equal(shown.chart.categories[1], "Lamu");
    assert_string_equal(shown.chart.categories[7], "Meru");    /* 0 */
    assert_string_equal(shown.chart.categories[8], "Siaya");   /* withheld: last */
    assert_true(fabs(shown.chart.series[0].value[0] - 40) < 1e-9);
    assert_true(isnan(shown.chart.series[0].value[8]));
    assert_string_equal(est_i_absence(&shown, 0, 8), "withheld");
    assert_false(est_i_scale_across(&shown, 9, 1).logarithmic);
    est_i_text text = {0};
    est_i_show_point(&text, &shown, 0, 1);
    assert_string_equal(text.data, "(20.0) 16.4 to 23.6");
    text.length = 0;
    est_i_show_reference(&text, &shown);
    assert_string_equal(text.data, "8.0 %");
    est_i_text_free(&text);
    est_i_shown_chart_free(&shown);
    est_result_free(result);
}

static void test_chart_svg(void **state)
{
    est_result *result = indicator();
    char *svg = NULL;
    est_error error = {0};
    (void)state;
    assert_int_equal(est_report_chart(result, "child_labour", &svg, NULL, &error), EST_OK);
    assert_holds(svg, ">Child labour</text>");
    assert_holds(svg, ">Percent</text>");
    assert_holds(svg, ">withheld</text>");
    assert_holds(svg, "Dashed line: the whole, 8.0 %.");
    assert_holds(svg, "Hollow point: an estimate with a mark");
    assert_holds(svg, "by county; the highest first");
    assert_lacks(svg, "logarithmic");
    est_string_free(svg);
    est_result_free(result);
}

/* Totals over more than a factor of ten, one of whose intervals reaches below 0. */
static void test_totals_below_zero(void **state)
{
    static const char *const names[] = {"a", "b"};
    static const double value[] = {100, 90000}, lower[] = {-50, 80000}, positive[] = {10, 80000}, upper[] = {250, 100000};
    est_series series = {"t", EST_SERIES_BAND, EST_ROLE_ESTIMATE, value, lower, upper};
    est_i_shown_chart shown = {.chart = {.n_categories = 2, .categories = names, .n_series = 1, .series = &series,
                                         .kind = EST_CHART_FOREST, .reference = NAN}};
    (void)state;
    est_i_scale scale = est_i_scale_across(&shown, 2, 1);
    assert_false(scale.logarithmic);
    assert_true(scale.low <= -50);
    series.lower = positive;
    assert_true(est_i_scale_across(&shown, 2, 1).logarithmic);
}

/* ---- other shapes ---- */

static est_row rate_row(const char *estimand, const est_label *labels, size_t n_labels, double rate)
{
    est_row row = est_i_row_empty(estimand);
    row.domain = labels;
    row.n_domain = n_labels;
    row.estimate = rate;
    row.lower = rate / 2;
    row.upper = 2 * rate;
    row.level = 0.95;
    row.interval = "profile";
    row.unit = "per 100,000";
    return row;
}

/* Rates by period: the sentence tells the last, and rows of other definitions stand in one table where the box tells them. */
static void test_rates(void **state)
{
    est_i_result_builder *builder = est_i_result_begin("trafficking", "Victims");
    static const char *const periods[] = {"2019", "2020"};
    (void)state;
    est_i_result_add_fact(builder, "definition", "Indicator", "16.2.2");
    est_i_result_add_fact(builder, "estimand", "victims_detected_rate", "Detected victims of trafficking");
    for (size_t i = 0; i < 2; i++) {
        const est_label labels[] = {{"period", periods[i]}, {"sex", "female"}};
        est_row row = rate_row("victims_detected_rate", labels, 1, 1.234 + (double)i);
        row.definition = i ? "series A" : "series B";
        est_i_result_add_row(builder, &row);
        row = rate_row("victims_detected_rate", labels, 2, 0.004);
        row.flags = EST_FLAG_BIT(EST_FLAG_DEFINITION_BREAK);
        est_i_result_add_row(builder, &row);
    }
    est_result *result = published(builder);
    char *text = page(result, "text");
    assert_holds(text, "\nDetected victims of trafficking, 2020: 2.23 per 100,000; 95 % interval: 1.12 to 4.47 per 100,000.\n");
    assert_lacks(text, "2019: 1.23 per");
    assert_holds(text, "\nDetected victims of trafficking, by period\nPer 100,000 people. Intervals: 95 %, profile.\n"
                       "  Period  Per 100,000  95 % interval\n"
                       "  2019           1.23   0.62 to 2.47\n"
                       "  2020           2.23   1.12 to 4.47\n");
    assert_holds(text, "\n  2019    All            1.23   0.62 to 2.47\n"
                       "  2020    All            2.23   1.12 to 4.47\n"
                       "  2019    female        <0.01  <0.01 to 0.01  another definition than the rest of the series\n");
    est_string_free(text);
    est_result_free(result);
}

/* Contrasts have their error in every format, in percentage points where their estimand has a unit. */
static void test_contrasts(void **state)
{
    est_i_result_builder *builder = est_i_result_begin("compare", "Change");
    const est_label label = {"against", "2014"};
    est_row row = make_row("difference(child_labour)", &label, 1, -0.0512, 0.0123, 4000);
    (void)state;
    row.n_weighted = row.cv = row.deff = row.deft = row.effective_n = row.numerator = NAN;
    row.lower = -0.0758;
    est_i_result_add_fact(builder, "estimand", "child_labour", "Child labour");
    est_i_result_add_row(builder, &row);
    row.estimand = "contrast(mean(x))";
    row.unit = "";
    est_i_result_add_row(builder, &row);
    est_result *result = published(builder);
    char *text = page(result, "text");
    assert_holds(text, "\nDifference of Child labour\nIn percentage points. Ages: 5-17.");
    assert_holds(text, "\n  Against  Percentage points   SE");
    assert_holds(text, "\n  2014                  -5.1  1.2");
    assert_holds(text, "\n  Against  Estimate       SE         95 % interval      n");
    est_string_free(text);
    est_result_free(result);
}

/* Age groups of many domains are columns; of few, lines. */
static void test_ages_of_domains(void **state)
{
    static const char *const ages[] = {"5-17", "5-11", "12-14", "15-17"};
    (void)state;
    for (size_t n_counties = 2; n_counties <= 20; n_counties += 18) {
        est_i_result_builder *builder = est_i_result_begin("child-labour", "Child labour");
        for (size_t c = 0; c < n_counties; c++) {
            for (size_t a = 0; a < 4; a++) {
                char name[32];
                snprintf(name, sizeof name, "County %02zu", c);
                const est_label labels[] = {{"age", ages[a]}, {"county", name}};
                est_row row = make_row("child_labour", labels, 2, 0.01 * (double)(c + a + 1), 0.01, 100);
                row.ages = ages[a];
                est_i_result_add_row(builder, &row);
            }
        }
        est_result *result = published(builder);
        char *text = page(result, "text");
        assert_holds(text, "\nChild labour, by county\nIn percent. Ages: 5-17. ");
        if (n_counties > 2)
            assert_holds(text, "\nChild labour, by county: age groups\nIn percent.\n"
                               "  County     5-11  12-14  15-17\n"
                               "  County 00   2.0    3.0    4.0\n");
        else
            assert_holds(text, "\n  5-11   County 00      2.0  1.0");
        est_string_free(text);
        est_result_free(result);
    }
}

/* Repeated labels of a crossing are left blank in text, and told again to who hears the page. */
static void test_crossing(void **state)
{
    est_i_result_builder *builder = est_i_result_begin("child-labour", "Child labour");
    static const char *const values[][2] = {{"Busia", "male"}, {"Busia", "female"}, {"Embu", "male"}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const est_label labels[] = {{"county", values[i][0]}, {"sex", values[i][1]}};
        est_row row = make_row("child_labour", labels, 2, 0.1, 0.01, 100);
        est_i_result_add_row(builder, &row);
    }
    est_result *result = published(builder);
    char *text = page(result, "text"), *html = page(result, "html");
    assert_holds(text, "\nChild labour, by county and sex\n");
    assert_holds(text, "\n  Busia   male       10.0");
    assert_holds(text, "\n          female     10.0");
    assert_holds(text, "\n  Embu    male       10.0");
    assert_holds(html, "<th scope=\"row\" class=\"again\">Busia</th><th scope=\"row\" class=\"words\">female</th>");
    assert_holds(html, "<tr class=\"start\"><th scope=\"row\">Embu</th>");
    est_string_free(html);
    est_string_free(text);
    est_result_free(result);
}

/* A level each of many is a line, when there are fewer domains than levels; texts of numbers stand to the right. */
static void test_wide_table_and_frames(void **state)
{
    static const char *const columns[] = {"who", "age", "percent", "share"};
    est_i_result_builder *builder = est_i_result_begin("child-labour", "Child labour");
    (void)state;
    for (int level = 0; level < 10; level++) {
        char name[32];
        snprintf(name, sizeof name, "industry=I%d", level);
        est_row row = make_row(name, NULL, 0, 0.1, 0.01, 500);
        row.table = "T5";
        row.detail = 1;
        est_i_result_add_row(builder, &row);
    }
    est_i_result_frame(builder, "missing", "Missing", 4, columns, NULL, SIZE_MAX);
    est_i_result_cell_text(builder, "hours");
    est_i_result_cell_text(builder, "5");
    est_i_result_cell_text(builder, "12.5");
    est_i_result_cell(builder, 0.0123);
    est_result *result = published(builder);
    char *text = page(result, "text"), *md = page(result, "md");
    assert_holds(text, "\nT5\nIn percent. Ages: 5-17.\n  Characteristic  Total\n  Industry=I0      10.0\n");
    assert_holds(text, "  Weighted n      5,000\n  n                 500\n");
    assert_holds(md, "| Who | Age | Percent | Share |\n| --- | ---: | ---: | ---: |\n| hours | 5 | 12.5 | 1.2 % |\n");
    est_string_free(md);
    est_string_free(text);
    est_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digits),           cmocka_unit_test(test_values),
        cmocka_unit_test(test_text),             cmocka_unit_test(test_order),
        cmocka_unit_test(test_said_once),        cmocka_unit_test(test_standard_table),
        cmocka_unit_test(test_html),             cmocka_unit_test(test_markdown_box),
        cmocka_unit_test(test_json_and_csv),     cmocka_unit_test(test_folder),
        cmocka_unit_test(test_chart),            cmocka_unit_test(test_chart_svg),
        cmocka_unit_test(test_totals_below_zero), cmocka_unit_test(test_rates),
        cmocka_unit_test(test_contrasts),        cmocka_unit_test(test_ages_of_domains),
        cmocka_unit_test(test_crossing),         cmocka_unit_test(test_wide_table_and_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
