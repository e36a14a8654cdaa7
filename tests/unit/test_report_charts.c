/* Forest and UpSet charts: where the signs stand, what the numbers say, what is withheld, and what is made of nonsense. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include <est/report.h>
#include <est/result.h>
#include <est/suppress.h>

#include "core/result.h"
#include "report/chart_parts.h"
#include "report/chart_scale.h"

#define HOSTILE "<&\">"
#define LONG_NAME "LA:NG LA:PF NG:GP PF:GP GO:GP PF:NCA and a term that nobody would write"
#define N_FORMATS 5

static const char *const formats[N_FORMATS] = {"text", "json", "csv", "md", "html"};
static const char *const lists[] = {"LA", "NG", "PF"};
static const char *const histories[] = {"LA", "NG", "LA:NG", "PF", "LA:PF", "NG:PF", "LA:NG:PF"};

/* ---- making results ---- */

static est_result *finish(est_i_result_builder *builder, bool is_public)
{
    est_result *result = NULL;
    est_i_result_mark(builder, is_public, false, false);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    return result;
}

static est_result *chart_alone(const est_chart *chart)
{
    est_i_result_builder *builder = est_i_result_begin("mse", "Estimate");
    est_i_result_add_chart(builder, chart);
    return finish(builder, true);
}

static est_chart empty_chart(est_chart_kind kind)
{
    return (est_chart){.name = "c",
                       .title = "Chart",
                       .subtitle = "",
                       .x_title = kind == EST_CHART_UPSET ? "History" : "People",
                       .y_title = kind == EST_CHART_UPSET ? "Persons" : "Model",
                       .alternative = "In words",
                       .kind = kind,
                       .reference = NAN};
}

/* The lists of the histories 1 to n: bit j = list j. */
static void fill_membership(unsigned char *members, size_t k, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            members[i * k + j] = (unsigned char)((i + 1) >> j & 1);
}

static est_result *upset_of_three(const double *counts)
{
    unsigned char members[21];
    double totals[3] = {0};
    fill_membership(members, 3, 7);
    for (size_t i = 0; i < 21; i++)
        totals[i % 3] += members[i] ? counts[i / 3] : 0;
    const est_series series = {"Persons", EST_SERIES_BAND, EST_ROLE_COUNT, counts, NULL, NULL};
    est_chart chart = empty_chart(EST_CHART_UPSET);
    chart.n_categories = 7;
    chart.categories = histories;
    chart.n_series = 1;
    chart.series = &series;
    chart.n_sets = 3;
    chart.sets = lists;
    chart.set_totals = totals;
    chart.membership = members;
    est_result *result = chart_alone(&chart);
    memset(members, 0, sizeof members); /* the result has its own */
    memset(totals, 0, sizeof totals);
    return result;
}

static est_result *forest_of(const char *const *names, size_t n, const double *value, const double *lower,
                             const double *upper, double reference)
{
    const est_series series = {"Population", EST_SERIES_BAND, EST_ROLE_ESTIMATE, value, lower, upper};
    est_chart chart = empty_chart(EST_CHART_FOREST);
    chart.n_categories = n;
    chart.categories = names;
    chart.n_series = 1;
    chart.series = &series;
    chart.reference = reference;
    return chart_alone(&chart);
}

static char *drawn(const est_result *result)
{
    char *svg = NULL;
    size_t length = 0;
    assert_int_equal(est_report_chart(result, "c", &svg, &length, NULL), EST_OK);
    assert_int_equal(length, strlen(svg));
    return svg;
}

static char *written(const est_result *result, const char *format)
{
    char *text = NULL;
    assert_int_equal(est_report_string(result, format, &text, NULL, NULL), EST_OK);
    return text;
}

static void assert_near(double found, double expected, double most)
{
    if (!(fabs(found - expected) <= most))
        fail_msg("found %.9g, expected %.9g", found, expected);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("not found: %s\nin:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("found: %s\nin:\n%s", part, text);
}

static size_t times(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

/* ---- reading a picture ---- */

/* Every tag that opens closes, in its order; every text is escaped. */
static void assert_well_formed(const char *at)
{
    char open[32][16];
    size_t depth = 0;
    for (; (at = strpbrk(at, "<&")) != NULL; at++) {
        if (*at == '&') {
            assert_true(strncmp(at, "&amp;", 5) == 0 || strncmp(at, "&lt;", 4) == 0 || strncmp(at, "&gt;", 4) == 0 ||
                        strncmp(at, "&quot;", 6) == 0 || strncmp(at, "&#39;", 5) == 0);
            continue;
        }
        const char *end = strchr(at, '>'), *name = at + 1 + (at[1] == '/');
        size_t length = strcspn(name, " />");
        assert_non_null(end);
        if (at[1] == '?' || end[-1] == '/')
            continue;
        assert_true(length < 16 && depth < 32);
        if (at[1] == '/') {
            assert_true(depth > 0 && strlen(open[depth - 1]) == length && memcmp(open[depth - 1], name, length) == 0);
            depth--;
        } else {
            memcpy(open[depth], name, length);
            open[depth++][length] = '\0';
        }
    }
    assert_int_equal(depth, 0);
}

typedef struct shape {
    double left, right, top, bottom;
    size_t n_points;
} shape;

/* The shapes of one element name whose tag holds `mark`, in their order. */
static size_t shapes_of(const char *svg, const char *element, const char *mark, shape *found, size_t most)
{
    size_t count = 0;
    char start[32];
    snprintf(start, sizeof start, "<%s points=\"", element);
    for (const char *at = svg; (at = strstr(at, start)) != NULL; at++) {
        const char *end = strchr(at, '>'), *hit = strstr(at, mark), *number = at + strlen(start);
        shape one = {1e9, -1e9, 1e9, -1e9, 0};
        if (!hit || hit > end || count == most)
            continue;
        while (*number != '"') {
            char *next = NULL;
            double x = strtod(number, &next), y = strtod(next + 1, &next);
            one.left = fmin(one.left, x);
            one.right = fmax(one.right, x);
            one.top = fmin(one.top, y);
            one.bottom = fmax(one.bottom, y);
            one.n_points++;
            number = next + (*next == ' ');
        }
        found[count++] = one;
    }
    return count;
}

static double middle(shape of)
{
    return (of.left + of.right) / 2;
}

/* Circles of the given colour, in their order. */
static size_t circles_of(const char *svg, const char *mark, shape *found, size_t most)
{
    shape all[1024];
    size_t n = shapes_of(svg, "polygon", mark, all, 1024), count = 0;
    for (size_t i = 0; i < n && count < most; i++)
        if (all[i].n_points == 16)
            found[count++] = all[i];
    return count;
}

/* Nothing is drawn outside the picture. */
static void assert_inside(const char *svg)
{
    static const char *const elements[] = {"polygon", "polyline"};
    static shape all[8192];
    double height = strtod(strstr(svg, "viewBox=\"0 0 900 ") + strlen("viewBox=\"0 0 900 "), NULL);
    assert_true(height > 20 && height < 6000);
    for (size_t e = 0; e < 2; e++) {
        size_t n = shapes_of(svg, elements[e], "", all, 8192);
        for (size_t i = 0; i < n; i++)
            assert_true(all[i].left >= 0 && all[i].right <= 900 && all[i].top >= 0 && all[i].bottom <= height);
    }
}

/* ---- UpSet ---- */

static const double seven[7] = {427, 1086, 148, 479, 176, 88, 11};

static void test_upset_bars(void **state)
{
    (void)state;
    est_result *result = upset_of_three(seven);
    char *svg = drawn(result);
    shape bars[16], dots[16];
    assert_well_formed(svg);
    assert_inside(svg);
    /* bars are the only filled shapes of four points in this colour that are not dots */
    shape all[64];
    size_t n = shapes_of(svg, "polygon", "fill=\"#1a1a1a\"", all, 64), n_bars = 0;
    for (size_t i = 0; i < n; i++)
        if (all[i].n_points == 4)
            bars[n_bars++] = all[i];
    assert_int_equal(n_bars, 7);
    for (size_t i = 0; i < 7; i++) {
        double height = bars[i].bottom - bars[i].top, first = bars[0].bottom - bars[0].top;
        assert_near(height / first, seven[i] / seven[0], 1e-3);
        assert_near(bars[i].bottom, bars[0].bottom, 1e-9);
    }
    /* one dot a membership: 12 of 21, under the bar of its combination */
    assert_int_equal(circles_of(svg, "fill=\"#1a1a1a\"", dots, 16), 12);
    assert_near(middle(dots[0]), middle(bars[0]), 0.02);
    assert_near(middle(dots[2]), middle(bars[2]), 0.02);
    assert_near(middle(dots[11]), middle(bars[6]), 0.02);
    assert_int_equal(circles_of(svg, "fill=\"#c8c8c8\"", dots, 16), 9);
    /* lines join the dots of the four combinations of several lists; LA:PF reaches from the first to the third row */
    shape lines[16];
    assert_int_equal(shapes_of(svg, "polyline", "stroke=\"#1a1a1a\"", lines, 16), 4);
    assert_near(lines[1].bottom - lines[1].top, 52, 1e-9);
    est_string_free(svg);
    est_result_free(result);
}

static void test_upset_words(void **state)
{
    static const char *const numbers[] = {">427<", ">1,086<", ">148<", ">479<", ">176<", ">88<", ">11<",
                                          ">762<", ">1,333<", ">754<", ">LA<",  ">NG<",  ">PF<"};
    (void)state;
    est_result *result = upset_of_three(seven);
    char *svg = drawn(result), *html = written(result, "html");
    shape totals[8];
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_has(svg, numbers[i]);
    assert_has(svg, "role=\"img\" aria-labelledby=\"chart-c-title chart-c-desc\"");
    assert_has(svg, "<desc id=\"chart-c-desc\">In words</desc>");
    assert_int_equal(shapes_of(svg, "polygon", "fill=\"#6e6e6e\"", totals, 8), 3);
    assert_near((totals[0].right - totals[0].left) / (totals[1].right - totals[1].left), 762.0 / 1333, 1e-3);
    assert_has(html, "<summary>Values of the chart: Chart</summary>");
    assert_has(html, "<th scope=\"col\">History</th><th scope=\"col\" class=\"number\">Persons</th>");
    assert_has(html, ">LA:NG:PF</th><td class=\"number\">11</td>");
    assert_has(html, "LA, alone or with others</th><td class=\"number\">762</td>");
    assert_lacks(svg, "n.p.");
    est_string_free(svg);
    est_string_free(html);
    est_result_free(result);
}

/* 6 lists: 63 combinations, of which 29 are drawn and 34 summed. */
static void test_upset_of_many(void **state)
{
    static const char *const six[] = {"A", "B", "C", "D", "E", "F"};
    const char *names[63];
    double counts[63], totals[6] = {100, 100, 100, 100, 100, NAN}, others = 0;
    unsigned char members[63 * 6];
    (void)state;
    fill_membership(members, 6, 63);
    for (size_t i = 0; i < 63; i++) {
        names[i] = "x";
        counts[i] = (double)((i * 37) % 63 + 1); /* 1 to 63, each once */
        others += counts[i] <= 34 ? counts[i] : 0;
    }
    assert_true(others == 595);
    const est_series series = {"Persons", EST_SERIES_BAND, EST_ROLE_COUNT, counts, NULL, NULL};
    est_chart chart = empty_chart(EST_CHART_UPSET);
    chart.n_categories = 63;
    chart.categories = names;
    chart.n_series = 1;
    chart.series = &series;
    chart.n_sets = 6;
    chart.sets = six;
    chart.set_totals = totals;
    chart.membership = members;
    est_result *result = chart_alone(&chart);
    char *svg = drawn(result), *text = written(result, "text");
    shape open[8];
    assert_inside(svg);
    assert_has(svg, "Open bar: the 34 other combinations together, 595;");
    assert_has(svg, ">34 others<");
    assert_has(svg, ">35<");
    assert_lacks(svg, ">34<");
    assert_has(svg, ">n.p.<");
    assert_int_equal(shapes_of(svg, "polygon", "fill=\"#ffffff\" stroke=\"#1a1a1a\"", open, 8), 1);
    assert_has(text, "52 others         1,378");
    counts[1] = NAN; /* then the sum is not known either: 38 is among the largest 29 no longer */
    est_result *unknown = chart_alone(&chart);
    char *other = drawn(unknown);
    assert_has(other, "Open bar: the 34 other combinations together, n.p.;");
    est_string_free(other);
    est_result_free(unknown);
    est_string_free(svg);
    est_string_free(text);
    est_result_free(result);
}

/* Two lists leave three letters for dots: what stands below them is not cut for that. */
static void test_upset_of_narrow_dots(void **state)
{
    (void)state;
    static const char *const two[] = {"A", "B"};
    unsigned char membership[2 * 15];
    const char *names[15];
    double counts[15], totals[2] = {70, 70};
    for (size_t i = 0; i < 15; i++) {
        names[i] = i % 2 ? "A" : "B";
        membership[2 * i] = i % 2;
        membership[2 * i + 1] = 1 - i % 2;
        counts[i] = (double)(30 - i);
    }
    est_series series = {.name = "persons", .kind = EST_SERIES_LINE, .value = counts};
    est_chart chart = {.name = "c", .title = "Chart", .alternative = "a", .n_categories = 15, .categories = names, .n_series = 1,
                       .series = &series, .kind = EST_CHART_UPSET, .reference = NAN, .n_sets = 2, .sets = two, .set_totals = totals,
                       .membership = membership};
    est_result *result = chart_alone(&chart);
    char *text = written(result, "text");
    assert_has(text, " others ");
    assert_null(strstr(text, "..."));
    est_string_free(text);
    est_result_free(result);
}

static void test_upset_text_and_json(void **state)
{
    (void)state;
    est_result *result = upset_of_three(seven);
    char *text = written(result, "text"), *json = written(result, "json");
    assert_has(text, "\nChart\n"
                     "  Lists from left to right, with everybody on each: LA 762; NG 1,333; PF 754\n"
                     "  o . .         427  ################\n"
                     "  . o .       1,086  ########################################\n"
                     "  o o .         148  ######\n"
                     "  . . o         479  ##################\n"
                     "  o . o         176  #######\n"
                     "  . o o          88  ####\n"
                     "  o o o          11  #\n");
    json_t *root = json_loads(json, 0, NULL), *chart = json_array_get(json_object_get(root, "charts"), 0);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(chart, "kind")), "upset");
    assert_int_equal(json_array_size(json_object_get(chart, "sets")), 3);
    assert_true(json_number_value(json_array_get(json_object_get(chart, "set_totals"), 1)) == 1333);
    const json_t *last = json_array_get(json_object_get(chart, "membership"), 4);
    assert_int_equal(json_integer_value(json_array_get(last, 0)), 1);
    assert_int_equal(json_integer_value(json_array_get(last, 1)), 0);
    assert_int_equal(json_integer_value(json_array_get(last, 2)), 1);
    json_decref(root);
    est_string_free(text);
    est_string_free(json);
    est_result_free(result);
}

/* ---- forest ---- */

static void test_forest_linear(void **state)
{
    static const char *const names[] = {"a", "b", "c", LONG_NAME};
    static const double value[] = {1000, 1500, NAN, 1250}, lower[] = {800, 1400, NAN, 900}, upper[] = {1200, 1700, NAN, INFINITY};
    (void)state;
    est_result *result = forest_of(names, 4, value, lower, upper, 1250);
    char *svg = drawn(result), *html = written(result, "html");
    shape points[8], line[4], arrows[8];
    assert_well_formed(svg);
    assert_inside(svg);
    assert_int_equal(circles_of(svg, "fill=\"#000000\"", points, 8), 3);
    assert_int_equal(shapes_of(svg, "polyline", "stroke-dasharray=\"7 4\"", line, 4), 1);
    assert_near(middle(points[2]), middle(line[0]), 0.02);
    double pixels = (middle(points[1]) - middle(points[0])) / 500;
    assert_true(pixels > 0.2);
    assert_near(middle(points[2]) - middle(points[0]), 250 * pixels, 0.05);
    assert_near(points[1].top - points[0].top, 24, 0.02);
    assert_near(points[2].top - points[0].top, 72, 0.02);
    shape intervals[32];
    size_t n = shapes_of(svg, "polyline", "stroke=\"#000000\" stroke-width=\"2\"", intervals, 32);
    assert_int_equal(n, 3 + 5); /* three intervals, five caps: the sixth end is an arrow */
    assert_near(intervals[0].right - intervals[0].left, 400 * pixels, 0.05);
    assert_near(intervals[0].left, middle(points[0]) - 200 * pixels, 0.05);
    size_t all = shapes_of(svg, "polygon", "fill=\"#000000\"", arrows, 8);
    assert_int_equal(all, 4);
    assert_int_equal(arrows[3].n_points, 16);
    assert_int_equal(arrows[2].n_points, 3); /* it is drawn before its point */
    assert_has(svg, ">1,500 (1,400 to 1,700)<");
    assert_has(svg, ">1,250 (900 to no limit)<");
    assert_has(svg, ">no estimate<");
    assert_has(svg, ">1,250</text>"); /* over the line */
    assert_has(svg, "Dashed line: 1,250.");
    assert_lacks(svg, "logarithmic");
    assert_lacks(svg, LONG_NAME);
    assert_has(svg, "\xE2\x80\xA6<");
    assert_has(html, LONG_NAME);
    assert_has(html, "<th scope=\"col\">Model</th><th scope=\"col\" class=\"number\">Population</th>");
    assert_has(html, "The line through the chart stands at 1,250.");
    est_string_free(svg);
    est_string_free(html);
    est_result_free(result);
}

static void test_forest_logarithmic(void **state)
{
    static const char *const names[] = {"a", "b", "c"};
    static const double value[] = {100, 1000, 10000}, lower[] = {50, 800, 8000}, upper[] = {200, 1200, 1e9};
    (void)state;
    est_result *result = forest_of(names, 3, value, lower, upper, NAN);
    char *svg = drawn(result);
    shape points[8];
    assert_int_equal(circles_of(svg, "fill=\"#000000\"", points, 8), 3);
    assert_near(middle(points[2]) - middle(points[1]), middle(points[1]) - middle(points[0]), 0.02);
    assert_has(svg, "The axis is logarithmic");
    assert_has(svg, ">10,000 (8,000 to 1,000,000,000)<");
    assert_has(svg, "Arrow: the interval goes beyond the axis");
    assert_lacks(svg, "Dashed line");
    est_string_free(svg);
    est_result_free(result);
}

static void test_forest_series(void **state)
{
    static const char *const names[] = {"a", "b"};
    static const double first[] = {100, 200}, second[] = {110, NAN};
    (void)state;
    const est_series series[] = {{"Profile", EST_SERIES_BAND, EST_ROLE_ESTIMATE, first, NULL, NULL},
                                 {"Boot" HOSTILE, EST_SERIES_BAND, EST_ROLE_ESTIMATE, second, NULL, NULL}};
    est_chart chart = empty_chart(EST_CHART_FOREST);
    chart.n_categories = 2;
    chart.categories = names;
    chart.n_series = 2;
    chart.series = series;
    est_result *result = chart_alone(&chart);
    char *svg = drawn(result), *text = written(result, "text");
    assert_well_formed(svg);
    assert_inside(svg);
    assert_has(svg, ">Boot&lt;&amp;&quot;&gt;</text>");
    assert_int_equal(times(svg, ">no estimate<"), 1);
    assert_has(text, "  b, Profile");
    est_string_free(svg);
    est_string_free(text);
    est_result_free(result);
}

static void test_forest_text_and_json(void **state)
{
    static const char *const names[] = {"Independence", "LA:NG"};
    static const double value[] = {1000, 2000}, lower[] = {1000, 1500}, upper[] = {1000, INFINITY};
    (void)state;
    est_result *result = forest_of(names, 2, value, lower, upper, 1000);
    char *text = written(result, "text"), *json = written(result, "json");
    assert_has(text, "\nChart\n"
                     "  Independence  o                                                    1,000 (1,000 to 1,000)\n"
                     "  LA:NG         :                   |------------------o------->  2,000 (1,500 to no limit)\n"
                     "                1,000                                      2,200\n");
    json_t *root = json_loads(json, 0, NULL), *chart = json_array_get(json_object_get(root, "charts"), 0);
    assert_string_equal(json_string_value(json_object_get(chart, "kind")), "forest");
    assert_true(json_number_value(json_object_get(chart, "reference")) == 1000);
    assert_null(json_object_get(chart, "sets"));
    json_decref(root);
    est_string_free(text);
    est_string_free(json);
    est_result_free(result);
}

static void test_scales(void **state)
{
    double ticks[EST_I_MOST_TICKS];
    (void)state;
    est_i_scale scale = est_i_scale_between(0, 1086);
    assert_true(scale.low == 0 && scale.high == 1200 && scale.step == 200 && !scale.logarithmic);
    assert_int_equal(est_i_scale_ticks(&scale, ticks), 7);
    assert_true(ticks[6] == 1200 && est_i_scale_share(&scale, 300) == 0.25);
    scale = (est_i_scale){.low = 20, .high = 5000, .logarithmic = true};
    assert_int_equal(est_i_scale_ticks(&scale, ticks), 8); /* 20 50 100 200 500 1000 2000 5000 */
    assert_true(ticks[0] == 20 && ticks[2] == 100 && ticks[7] == 5000);
    assert_near(est_i_scale_share(&scale, sqrt(20 * 5000)), 0.5, 1e-12);
    assert_true(est_i_scale_share(&scale, 0) < 0);
    scale = (est_i_scale){.low = 1, .high = 1e80, .logarithmic = true};
    size_t n = est_i_scale_ticks(&scale, ticks);
    assert_true(n >= 6 && n <= 14);
    scale = est_i_scale_between(1e16, 1e16 + 2);
    assert_true(scale.low < scale.high && isfinite(scale.high));
    assert_false(est_i_can_be_drawn(NAN) || est_i_can_be_drawn(-INFINITY) || est_i_can_be_drawn(1e300));
}

/* ---- nonsense ---- */

static void write_everything(const est_result *result)
{
    char *svg = drawn(result);
    assert_well_formed(svg);
    assert_inside(svg);
    assert_lacks(svg, "nan");
    assert_lacks(svg, "inf\"");
    est_string_free(svg);
    for (size_t i = 0; i < N_FORMATS; i++) {
        char *text = written(result, formats[i]);
        assert_lacks(text, HOSTILE "\"");
        est_string_free(text);
    }
}

/* A chart of either kind with n categories, whose numbers and names are taken in turn from those given. */
static void draw_nonsense(est_chart_kind kind, size_t n, size_t k, const double *numbers, size_t n_numbers)
{
    static const char *const bad_names[] = {HOSTILE, "", LONG_NAME LONG_NAME LONG_NAME, "\xFF\xFE bad bytes", "line\nfeed\ttab"};
    const char *names[128], *sets[64];
    double value[128], lower[128], upper[128], totals[64];
    unsigned char *members = calloc(n * k + 1, 1);
    assert_non_null(members);
    assert_true(n <= 128 && k <= 64);
    for (size_t i = 0; i < n; i++) {
        names[i] = bad_names[i % 5];
        value[i] = numbers[i % n_numbers];
        lower[i] = numbers[(i + 1) % n_numbers];
        upper[i] = numbers[(i + 2) % n_numbers];
    }
    for (size_t i = 0; i < k; i++) {
        sets[i] = bad_names[i % 5];
        totals[i] = numbers[i % n_numbers];
    }
    fill_membership(members, k < 60 ? k : 0, n);
    const est_series series[] = {{HOSTILE, EST_SERIES_BAND, EST_ROLE_COUNT, value, lower, upper},
                                 {LONG_NAME LONG_NAME, EST_SERIES_LINE, EST_ROLE_PLAIN, lower, NULL, value}};
    for (size_t n_series = 0; n_series < 3; n_series++) {
        est_chart chart = empty_chart(kind);
        chart.title = chart.subtitle = chart.x_title = chart.y_title = chart.alternative = HOSTILE;
        chart.n_categories = n;
        chart.categories = names;
        chart.n_series = n_series;
        chart.series = series;
        chart.reference = numbers[0];
        chart.n_sets = k;
        chart.sets = sets;
        chart.set_totals = totals;
        chart.membership = members;
        est_result *result = chart_alone(&chart);
        write_everything(result);
        est_result_free(result);
    }
    free(members);
}

static void test_nonsense(void **state)
{
    static const double plain[] = {12, 34, 560}, bad[] = {NAN, INFINITY, -INFINITY, -5, 0, 1e300, 1e-300, 1e16, 7.5},
                        none[] = {NAN}, same[] = {1e16}, zeros[] = {0}, wide[] = {1e-90, 1e90};
    static const size_t n_categories[] = {0, 1, 2, 100}, n_sets[] = {0, 1, 3, 40};
    const struct {
        const double *numbers;
        size_t count;
    } lots[] = {{plain, 3}, {bad, 9}, {none, 1}, {same, 1}, {zeros, 1}, {wide, 2}};
    (void)state;
    for (size_t lot = 0; lot < sizeof lots / sizeof lots[0]; lot++) {
        for (size_t i = 0; i < 4; i++) {
            draw_nonsense(EST_CHART_FOREST, n_categories[i], 0, lots[lot].numbers, lots[lot].count);
            for (size_t j = 0; j < 4; j++)
                draw_nonsense(EST_CHART_UPSET, n_categories[i], n_sets[j], lots[lot].numbers, lots[lot].count);
        }
    }
}

/* Arrays that are not there, and a kind that does not exist, which is drawn along x. */
static void test_missing_arrays(void **state)
{
    static const double counts[] = {3, 4};
    (void)state;
    const est_series series = {"Persons", EST_SERIES_BAND, EST_ROLE_COUNT, counts, NULL, NULL};
    est_chart chart = empty_chart(EST_CHART_UPSET);
    chart.n_categories = 2;
    chart.categories = histories;
    chart.n_series = 1;
    chart.series = &series;
    chart.n_sets = 2;
    chart.sets = lists;
    est_result *result = chart_alone(&chart);
    const est_chart *copy = est_result_chart(result, 0);
    assert_true(isnan(copy->set_totals[1]) && copy->membership[3] == 0);
    write_everything(result);
    est_result_free(result);
    chart.sets = NULL;
    result = chart_alone(&chart);
    assert_int_equal(est_result_chart(result, 0)->n_sets, 0);
    write_everything(result);
    est_result_free(result);
    chart.kind = (est_chart_kind)77;
    result = chart_alone(&chart);
    assert_int_equal(est_result_chart(result, 0)->kind, EST_CHART_ALONG);
    write_everything(result);
    est_result_free(result);
}

/* 100 rows: 60 are drawn, and the reader is told. */
static void test_long_forest(void **state)
{
    const char *names[100];
    double value[100];
    (void)state;
    for (size_t i = 0; i < 100; i++) {
        names[i] = "model";
        value[i] = 1000 + (double)i;
    }
    est_result *result = forest_of(names, 100, value, NULL, NULL, NAN);
    char *svg = drawn(result), *text = written(result, "text");
    shape points[128];
    assert_int_equal(circles_of(svg, "fill=\"#000000\"", points, 128), 60);
    assert_has(svg, "Only the first 60 of 100 are drawn");
    assert_has(text, "  ... 88 more\n");
    est_string_free(svg);
    est_string_free(text);
    est_result_free(result);
}

/* ---- disclosure ---- */

static void add_rows_and_frames(est_i_result_builder *builder, double n, const double *totals, const double *both,
                                const double population[3])
{
    static const char *const columns[] = {"list", "persons"}, *const pairs[] = {"list", "other", "persons"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT},
                                 pair_roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT};
    est_row row = est_i_row_empty("observed");
    row.estimate = row.n = n;
    est_i_result_add_row(builder, &row);
    row = est_i_row_empty("population");
    row.estimate = population[0];
    row.lower = population[1];
    row.upper = population[2];
    row.n = n;
    est_i_result_add_row(builder, &row);
    est_i_result_frame(builder, "lists", "Lists", 2, columns, roles, SIZE_MAX);
    for (size_t j = 0; j < 3; j++) {
        est_i_result_cell_text(builder, lists[j]);
        est_i_result_cell(builder, totals[j]);
    }
    est_i_result_frame(builder, "overlaps", "Overlaps", 3, pairs, pair_roles, SIZE_MAX);
    for (size_t j = 0; j < 3; j++) {
        est_i_result_cell_text(builder, lists[j]);
        est_i_result_cell_text(builder, lists[(j + 1) % 3]);
        est_i_result_cell(builder, both[j]);
    }
}

/* An estimate from private data with its UpSet and forest charts. smallest: NaN = not known; the UpSet chart has the first
 * n_histories combinations; measure: the name of the forest's series. */
static est_result *private_result(const double *counts, double smallest, size_t n_histories, double forest_value,
                                  const char *measure)
{
    static const char *const models[] = {"Independence", "held out: 4 persons"};
    double totals[3] = {0}, both[3] = {0}, n = 0, value[] = {forest_value, NAN}, lower[] = {8543.2, 4321.7},
           upper[] = {15239.1, INFINITY};
    unsigned char members[21];
    fill_membership(members, 3, 7);
    for (size_t i = 0; i < 7; i++) {
        n += counts[i];
        for (size_t j = 0; j < 3; j++) {
            totals[j] += members[3 * i + j] ? counts[i] : 0;
            both[j] += members[3 * i + j] && members[3 * i + (j + 1) % 3] ? counts[i] : 0;
        }
    }
    est_i_result_builder *builder = est_i_result_begin("mse", "Estimate");
    add_rows_and_frames(builder, n, totals, both, (const double[]){forest_value, lower[0], upper[0]});
    const est_series bars = {"Persons", EST_SERIES_BAND, EST_ROLE_COUNT, counts, NULL, NULL},
                     points = {measure, EST_SERIES_BAND, EST_ROLE_ESTIMATE, value, lower, upper};
    est_chart upset = empty_chart(EST_CHART_UPSET), forest = empty_chart(EST_CHART_FOREST);
    upset.alternative = "1,543 persons are on LA alone";
    upset.n_categories = n_histories;
    upset.categories = histories;
    upset.n_series = forest.n_series = 1;
    upset.series = &bars;
    upset.n_sets = 3;
    upset.sets = lists;
    upset.set_totals = totals;
    upset.membership = members;
    forest.name = "forest";
    forest.n_categories = 2;
    forest.categories = models;
    forest.series = &points;
    forest.reference = forest_value;
    est_i_result_add_chart(builder, &upset);
    est_i_result_add_chart(builder, &forest);
    est_i_result_smallest_count(builder, smallest);
    return finish(builder, false);
}

static est_result *publish(est_result *result)
{
    est_result *published = NULL;
    est_suppression how = est_suppression_default();
    assert_int_equal(est_result_suppress(result, &how, &published, NULL), EST_OK);
    est_result_free(result);
    return published;
}

static void assert_nowhere(const est_result *result, const char *part)
{
    for (size_t i = 0; i < N_FORMATS; i++) {
        char *text = written(result, formats[i]);
        assert_lacks(text, part);
        est_string_free(text);
    }
    char *svg = drawn(result);
    assert_lacks(svg, part);
    est_string_free(svg);
}

static const double large[7] = {1543, 1087, 148, 479, 176, 88, 11}, small_cell[7] = {1543, 1087, 148, 479, 176, 88, 3},
                    zero_cell[7] = {1543, 1087, 148, 479, 176, 88, 0};

static void test_large_counts_are_shown(void **state)
{
    const double smallest[] = {11, NAN};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        est_result *published = publish(private_result(large, smallest[i], 7, 12347.3, "Population"));
        const est_chart *chart = est_result_chart(published, 0);
        assert_int_equal(chart->n_categories, 7);
        assert_true(chart->series[0].value[0] == 1543 && chart->series[0].value[6] == 11);
        assert_true(chart->set_totals[0] == 1543 + 148 + 176 + 11);
        assert_true(est_result_chart(published, 1)->reference == 12347.3);
        est_result_free(published);
    }
}

/* No number, no name and no order of a combination is left; list totals are those of the frame. */
static void assert_upset_withheld(est_result *result)
{
    static const char *const parts[] = {"1,543", "1543", "1,087", "1087", "479", ">148<", "148,", "LA:NG", "NG:PF"};
    est_result *published = publish(result);
    const est_chart *chart = est_result_chart(published, 0);
    const est_frame *frame = est_result_frame_find(published, "lists");
    assert_int_equal(chart->n_categories, 0);
    for (size_t j = 0; j < 3; j++)
        assert_true(chart->set_totals[j] == frame->cells[2 * j + 1].number);
    assert_true(chart->set_totals[0] == 1870);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_nowhere(published, parts[i]);
    char *svg = drawn(published);
    assert_has(svg, "How many are in each combination is not published (withheld or not known).");
    assert_has(svg, "withheld: a small count could be read from it.</desc>");
    est_string_free(svg);
    est_result_free(published);
}

static void test_upset_is_withheld(void **state)
{
    (void)state;
    assert_upset_withheld(private_result(small_cell, 3, 7, 12347.3, "Population"));
    assert_upset_withheld(private_result(small_cell, NAN, 7, 12347.3, "Population"));
    assert_upset_withheld(private_result(zero_cell, 0, 7, 12347.3, "Population"));
    /* a combination that is left out says that nobody is in it */
    assert_upset_withheld(private_result(zero_cell, NAN, 6, 12347.3, "Population"));
    /* the chart alone has no small count, but the data behind it */
    assert_upset_withheld(private_result(small_cell, 3, 6, 12347.3, "Population"));
}

/* A total that the frame withholds, or that has no frame, is not in the chart either. */
static void test_totals_follow_the_frame(void **state)
{
    static const double few[7] = {3, 1087, 2, 479, 1, 88, 1}; /* 7 on LA */
    (void)state;
    est_result *published = publish(private_result(few, 1, 7, 12347.3, "Population"));
    const est_frame *frame = est_result_frame_find(published, "lists");
    const est_chart *chart = est_result_chart(published, 0);
    assert_non_null(frame->cells[1].text);
    assert_true(isnan(chart->set_totals[0]));
    for (size_t j = 1; j < 3; j++)
        assert_true(frame->cells[2 * j + 1].text ? isnan(chart->set_totals[j])
                                                 : chart->set_totals[j] == frame->cells[2 * j + 1].number);
    est_result_free(published);
    est_i_result_builder *builder = est_i_result_begin("mse", "Estimate");
    unsigned char members[21];
    const double totals[3] = {1870, 1326, 746};
    const est_series series = {"Persons", EST_SERIES_BAND, EST_ROLE_COUNT, small_cell, NULL, NULL};
    est_chart alone = empty_chart(EST_CHART_UPSET);
    fill_membership(members, 3, 7);
    alone.n_categories = 7;
    alone.categories = histories;
    alone.n_series = 1;
    alone.series = &series;
    alone.n_sets = 3;
    alone.sets = lists;
    alone.set_totals = totals;
    alone.membership = members;
    est_i_result_add_chart(builder, &alone);
    published = publish(finish(builder, false));
    for (size_t j = 0; j < 3; j++)
        assert_true(isnan(est_result_chart(published, 0)->set_totals[j]));
    est_result_free(published);
}

/* Estimates of a forest are rounded as those of the rows are, the line too; a row without an estimate keeps its limits. */
static void test_forest_is_rounded(void **state)
{
    (void)state;
    est_result *published = publish(private_result(small_cell, 3, 7, 12347.3, "Population"));
    const est_row *row = est_result_find(published, "population", NULL, NULL);
    const est_chart *chart = est_result_chart(published, 1);
    assert_true(row->estimate == 12300 && chart->series[0].value[0] == 12300 && chart->reference == 12300);
    assert_true(chart->series[0].lower[0] == row->lower && chart->series[0].upper[0] == row->upper);
    assert_true(isnan(chart->series[0].value[1]) && chart->series[0].lower[1] == 4320 && isinf(chart->series[0].upper[1]));
    assert_string_equal(chart->categories[1], "held out: * persons");
    assert_nowhere(published, "12,347");
    assert_nowhere(published, "12347");
    assert_nowhere(published, "8,543");
    est_result_free(published);
}

/* Nobody may know n: unobserved people (N - n) would give it back, and the line may be n itself. */
/* Nine persons: what stands on so few recaptures is withheld whole, and the chart of it goes with it. */
static void test_forest_is_withheld_where_linked(void **state)
{
    static const double nine[7] = {1, 1, 1, 2, 1, 1, 2};
    (void)state;
    est_result *published = publish(private_result(nine, 1, 7, 347.3, "unobserved"));
    assert_null(est_result_chart(published, 1));
    est_result_free(published);
    published = publish(private_result(nine, 1, 7, 347.3, "Population"));
    assert_null(est_result_chart(published, 1));
    assert_true(isnan(est_result_find(published, "population", NULL, NULL)->estimate));
    est_result_free(published);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upset_bars),
        cmocka_unit_test(test_upset_words),
        cmocka_unit_test(test_upset_of_many),
        cmocka_unit_test(test_upset_of_narrow_dots),
        cmocka_unit_test(test_upset_text_and_json),
        cmocka_unit_test(test_forest_linear),
        cmocka_unit_test(test_forest_logarithmic),
        cmocka_unit_test(test_forest_series),
        cmocka_unit_test(test_forest_text_and_json),
        cmocka_unit_test(test_scales),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_missing_arrays),
        cmocka_unit_test(test_long_forest),
        cmocka_unit_test(test_large_counts_are_shown),
        cmocka_unit_test(test_upset_is_withheld),
        cmocka_unit_test(test_totals_follow_the_frame),
        cmocka_unit_test(test_forest_is_rounded),
        cmocka_unit_test(test_forest_is_withheld_where_linked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
