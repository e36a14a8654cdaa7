/* Pages of a survey: the columns, what a narrow page leaves out, marks as agencies print them, the table of sampling errors. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include <est.h>

#include "core/result.h"
#include "report/table_layout.h"

typedef struct figure {
    const char *county, *sex; /* NULL: all */
    double estimate, se, n, n_weighted;
    uint32_t flags;
} figure;

static const figure figures[] = {
    {NULL, NULL, 0.23104, 0.00871, 12041, 12109.4, 0},
    {"Nairobi City", "Female", 0.0512, 0.01301, 803, 1402.2, 0},
    {"Nairobi City", "Male", 0.11, 0.0242, 777, 1377.7, EST_FLAG_BIT(EST_FLAG_LONELY_PSU)},
    {"Lamu", "Female", 0.44, 0.0911, 24, 11.9, 0},
    {"Lamu", "Male", 0.39, 0.0811, 49, 23.1, EST_FLAG_BIT(EST_FLAG_LONELY_PSU) | EST_FLAG_BIT(EST_FLAG_FEW_DF)},
    {"Tana River", "Female", 0.5, 0.05, 310, 98.6, 0},
    {"Tana River", "Male", 0.00002, 0.00001, 290, 77.1, 0},
};
#define N_FIGURES (sizeof figures / sizeof figures[0])

static void add_figure(est_i_result_builder *builder, const char *estimand, const figure *f, double scale, bool design_effects)
{
    est_label labels[] = {{"county", f->county}, {"sex", f->sex}};
    est_row row = est_i_row_empty(estimand);
    row.n_domain = f->county ? 2 : 0;
    row.domain = labels;
    row.estimate = scale * f->estimate;
    row.se = scale * f->se;
    row.lower = row.estimate - 2 * row.se;
    row.upper = row.estimate + 2 * row.se;
    row.level = 0.95;
    row.interval = "t";
    row.df = 1600;
    row.n = f->n;
    row.n_weighted = f->n_weighted;
    row.cv = row.se / row.estimate;
    row.flags = f->flags;
    if (design_effects) {
        row.deft = 1.4142;
        row.deff = 2;
        row.effective_n = f->n / 2;
    }
    est_i_result_add_row(builder, &row);
}

static est_result *survey(bool is_public, const char *profile)
{
    est_i_result_builder *builder = est_i_result_begin("survey", "Survey estimates");
    est_suppression request = est_suppression_default();
    est_result *result = NULL, *published = NULL;
    est_error error = {0};
    est_i_result_profile(builder, "dhs");
    for (size_t i = 0; i < N_FIGURES; i++)
        add_figure(builder, "proportion(child_labour=1)", &figures[i], 1, true);
    for (size_t i = 0; i < N_FIGURES; i++)
        add_figure(builder, "mean(hours)", &figures[i], 100, false);
    est_i_result_sampling_errors(builder);
    est_i_result_mark(builder, is_public, false, false);
    assert_int_equal(est_i_result_finish(builder, &result, &error), EST_OK);
    request.profile = profile ? profile : "";
    assert_int_equal(est_result_suppress(result, &request, &published, &error), EST_OK);
    est_result_free(result);
    return published;
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

static void test_text(void **state)
{
    est_result *result = survey(true, "dhs");
    char *text = page(result, "text");
    (void)state;
    assert_holds(text, "Proportion of child_labour=1: 0.2310; 95 % interval: 0.2136 to 0.2485.\n");
    assert_holds(text, "  County        Sex     Estimate      SE      95 % interval       n  Weighted n   DEFT  Remarks\n");
    assert_holds(text, "  All           All       0.2310  0.0087   0.2136 to 0.2485  12,041      12,109  1.414\n");
    assert_holds(text, "  Lamu          Female         *       *                  *      24          12      -\n");
    assert_holds(text, "  Lamu          Male    (0.3900)  0.0811   0.2278 to 0.5522      49          23  1.414  [a, b]\n");
    assert_holds(text, "n  Weighted n      CV  Remarks\n"); /* without DEFT there is room for it */
    assert_holds(text, "  [a] a stratum has a single primary sampling unit.\n  [b] fewer than 8 degrees of freedom.\n"
                       "  *: based on fewer than 25 unweighted cases; withheld.\n  ( ): based on 25 to 49 unweighted cases.\n");
    assert_holds(text, "  Nairobi City  Female     5.120  1.301");
    assert_holds(text, "Mean of hours\n");
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 100);
    est_string_free(text);
    est_result_free(result);
}

/* Three decimals for R, SE and the limits, none for N and WN; "R-2SE" may be negative. */
static void test_sampling_errors(void **state)
{
    est_result *result = survey(true, "none");
    char *text = page(result, "md");
    (void)state;
    assert_holds(text, "| Estimand | County | Sex | R | SE | N | WN | DEFT | SE/R | R-2SE | R+2SE |\n");
    assert_holds(text, "| proportion(child\\_labour=1) | All | All | 0.231 | 0.009 | 12,041 | 12,109 | 1.414 | 0.038 | 0.214 |"
                       " 0.248 |\n");
    assert_holds(text, "| mean(hours) | Lamu | Female | 44.000 | 9.110 | 24 | 12 | - | 0.207 | 25.780 | 62.220 |\n");
    est_string_free(text);
    est_result_free(result);
}

/* Public and not asked: every number, and the mark behind it. */
static void test_marked_but_shown(void **state)
{
    est_result *result = survey(true, NULL);
    char *text = page(result, "text");
    (void)state;
    assert_holds(text, "  Lamu          Female  0.4400 *  0.0911   0.2578 to 0.6222      24");
    assert_holds(text, "  *: based on fewer than 25 unweighted cases.\n");
    est_string_free(text);
    est_result_free(result);
}

/* Private: an x where n would give the star back, explained under the table. */
static void test_private(void **state)
{
    est_result *result = survey(false, NULL);
    char *text = page(result, "md"), *csv = page(result, "csv");
    (void)state;
    assert_holds(text, "| Lamu | Female | \\* | \\* | \\* | x | x | - | - |");
    assert_holds(text, "| Lamu | Male | x | x | x | x | x | - | - |");
    assert_holds(text, "- x: withheld for confidentiality: too few cases, or a withheld figure could be worked out from it.\n");
    assert_holds(csv, "\nproportion(child_labour=1),Lamu,Female,,,,,,0.95,,t,,,,,,,,*,suppressed few_cases unreliable\n");
    assert_null(strstr(csv, "0.44"));
    assert_null(strstr(csv, "11.9"));
    est_string_free(csv);
    est_string_free(text);
    est_result_free(result);
}

static void test_csv_and_json(void **state)
{
    est_result *result = survey(true, "dhs");
    char *csv = page(result, "csv"), *text = page(result, "json");
    json_error_t problem;
    json_t *json = json_loads(text, 0, &problem), *rows = json_object_get(json, "rows"), *lamu;
    (void)state;
    assert_int_equal(strncmp(csv,
                             "estimand,county,sex,model,estimate,se,lower,upper,level,df,interval,n,n_weighted,numerator,cv,deff,"
                             "deft,effective_n,mark,flags\n",
                             124),
                     0);
    assert_holds(csv, "\nproportion(child_labour=1),Nairobi City,Male,,0.11,0.0242,0.0616,0.15839999999999999,0.95,1600,t,777,"
                      "1377.7,,0.22,2,1.4142,388.5,,lonely_psu\n");
    lamu = json_array_get(rows, 4);
    assert_string_equal(json_string_value(json_object_get(lamu, "mark")), "()");
    assert_true(json_real_value(json_object_get(lamu, "deft")) == 1.4142);
    assert_true(json_real_value(json_object_get(lamu, "n_weighted")) == 23.1);
    assert_null(json_object_get(lamu, "numerator"));
    assert_null(json_object_get(json_array_get(rows, 0), "mark"));
    assert_int_equal(json_array_size(json_object_get(lamu, "flags")), 4);
    json_decref(json);
    est_string_free(csv);
    est_string_free(text);
    est_result_free(result);
}

static void test_html(void **state)
{
    est_result *result = survey(true, "dhs");
    char *text = page(result, "html");
    (void)state;
    assert_holds(text, "<th scope=\"col\" class=\"number\">DEFT</th>");
    assert_holds(text, "<td class=\"number\">(0.3900)</td>");
    assert_holds(text, "( ): based on 25 to 49 unweighted cases.");
    est_string_free(text);
    est_result_free(result);
}

/* On a narrow page CV goes first, then the weighted n, then DEFT; never n, SE or the limits. */
static void test_narrow(void **state)
{
    static const char *const columns[][9] = {{"County", "Sex", "Estimate", "SE", "95 % interval", "n", "Weighted n", "DEFT", "CV"},
                                             {"County", "Sex", "Estimate", "SE", "95 % interval", "n", "Weighted n", "DEFT"},
                                             {"County", "Sex", "Estimate", "SE", "95 % interval", "n", "DEFT"},
                                             {"County", "Sex", "Estimate", "SE", "95 % interval", "n"}};
    est_result *result = survey(true, "none");
    est_i_grouping grouping;
    (void)state;
    assert_true(est_i_grouping_make(result, &grouping));
    for (int narrow = 0; narrow <= EST_I_NARROWEST; narrow++) {
        est_i_grid grid = {0};
        size_t shown = 9 - (size_t)narrow;
        est_i_group_grid(result, &grouping, 0, (est_i_room){.narrow = narrow}, &grid);
        assert_int_equal(grid.n_columns, shown + 1); /* and the remarks */
        for (size_t j = 0; j < shown; j++)
            assert_string_equal(est_i_grid_heading(&grid, j), columns[narrow][j]);
        est_i_grid_free(&grid);
    }
    est_i_grouping_free(&grouping);
    est_result_free(result);
}

static void test_names(void **state)
{
    static const char *const names[][2] = {{"mean(hours)", "Mean of hours"},
                                           {"total(x_1)", "Total of x_1"},
                                           {"proportion(a=b, c)", "Proportion of a=b, c"},
                                           {"quantile(age,0.5)", "Quantile 0.5 of age"},
                                           {"ratio(a/b)", "Ratio of a/b"},
                                           {"contrast(mean(hours))", "Contrast of mean(hours)"},
                                           {"child_labour", "Child labour"},
                                           {"mean(", "Mean("}};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        est_i_text text = {0};
        est_i_show_estimand(&text, names[i][0]);
        assert_string_equal(text.data, names[i][1]);
        est_i_text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),         cmocka_unit_test(test_sampling_errors), cmocka_unit_test(test_marked_but_shown),
        cmocka_unit_test(test_private),      cmocka_unit_test(test_csv_and_json),    cmocka_unit_test(test_html),
        cmocka_unit_test(test_narrow),       cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
