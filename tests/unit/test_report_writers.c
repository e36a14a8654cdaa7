/* Every writer, on a made-up result with undefined, infinite and withheld numbers and with hostile names. */
#define _GNU_SOURCE
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include <est/report.h>
#include <est/result.h>

#include "core/result.h"
#include "report/chart_scale.h"
#include "report/encode.h"
#include "report/table_layout.h"

#define ACCENTED "Bogot\xC3\xA1 D.C."
#define HOSTILE "<script>alert(1)</script>"
#define QUOTED "a\"b"
#define FORMULA "=cmd|' /C calc'!A0"

/* ---- the made-up result ---- */

static void add_estimate(est_i_result_builder *builder, const char *period, const char *model,
                         double estimate, double lower, double upper, uint32_t flags)
{
    const est_label label = {"period", period};
    est_row row = est_i_row_empty("population");
    row.n_domain = 1;
    row.domain = &label;
    row.model = model;
    row.estimate = estimate;
    row.se = estimate / 16;
    row.lower = lower;
    row.upper = upper;
    row.level = 0.95;
    row.interval = "profile";
    row.n = 707;
    row.flags = flags;
    row.population = "children";
    row.definition = "recruited " HOSTILE;
    est_i_result_add_row(builder, &row);
}

static void add_by_place(est_i_result_builder *builder, const char *place, double estimate)
{
    const est_label labels[] = {{"model", QUOTED}, {"place", place}};
    est_row row = est_i_row_empty("ratio_of_rates");
    row.n_domain = 2;
    row.domain = labels;
    row.estimate = estimate;
    est_i_result_add_row(builder, &row);
}

static void add_rows(est_i_result_builder *builder)
{
    const uint32_t boundary = EST_FLAG_BIT(EST_FLAG_BOUNDARY),
                   unbounded = EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    add_estimate(builder, "1990-1994", "M1", 1667.4, 1500.25, 1834, boundary);
    add_estimate(builder, "1995-1999", "M1", 6757.0 / 3 * 3, 6081, 1234567.5, 0);
    add_estimate(builder, "1990-1994", "M3", 1737, 1563, INFINITY, boundary | unbounded);
    add_estimate(builder, "1995-1999", "M3", NAN, NAN, NAN, EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE));
    add_by_place(builder, ACCENTED, 0.1 + 0.2);
    add_by_place(builder, HOSTILE, 2.0 / 3);
    add_by_place(builder, FORMULA, 1e-300);
    add_by_place(builder, "line\none\ttwo", -0.25);
    est_row withheld = est_i_row_empty("observed");
    withheld.flags = EST_FLAG_BIT(EST_FLAG_SUPPRESSED);
    est_i_result_add_row(builder, &withheld);
    est_row change = est_i_row_empty("annual_percent_change");
    change.estimate = -19.04;
    change.lower = -25.5;
    change.upper = -12;
    change.level = 0.9;
    change.interval = "bootstrap";
    est_i_result_add_row(builder, &change);
}

static void add_chart(est_i_result_builder *builder)
{
    static const char *const categories[] = {"1990-1994", "1995-1999", HOSTILE};
    static const double detected[] = {707, 2867, NAN}, value[] = {1667, NAN, 5000},
                        lower[] = {1500, NAN, 4000}, upper[] = {INFINITY, NAN, 90000};
    const est_series series[] = {{"Detected", EST_SERIES_LINE, EST_ROLE_COUNT, detected, NULL, NULL},
                                 {"M1 & " HOSTILE, EST_SERIES_BAND, EST_ROLE_ESTIMATE, value, lower, upper}};
    const est_chart chart = {.name = "by period", .title = "Children " HOSTILE, .subtitle = "",
                             .x_title = "Period", .y_title = "Children", .alternative = "In words: " QUOTED,
                             .n_categories = 3, .categories = categories, .n_series = 2, .series = series};
    est_i_result_add_chart(builder, &chart);
}

static void add_extras(est_i_result_builder *builder)
{
    static const char *const columns[] = {"term", "count", "share", "year"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    est_i_result_add_stat(builder, "loglik", -1034.5625, false);
    est_i_result_add_stat(builder, "n", 14094, true);
    est_i_result_add_stat(builder, "empty", NAN, false);
    est_i_result_add_stat_text(builder, "model", "LA:NG \"P F\"");
    est_i_result_frame(builder, "terms", "Terms " QUOTED, 4, columns, roles, 2);
    for (int i = 0; i < 5; i++) {
        est_i_result_cell_text(builder, i == 1 ? FORMULA : ACCENTED);
        est_i_result_cell(builder, 1000 * i);
        est_i_result_cell(builder, i == 2 ? INFINITY : i / 3.0);
        est_i_result_cell(builder, 2010 + i);
    }
    est_i_result_note(builder, NULL, EST_WARNING, "few_data",
                      "Beware of %s and of | pipes, *stars* and _lines_.", HOSTILE);
    est_i_result_note(builder, NULL, EST_NOTE, "definition", "Plain \x1B[31m red \xFF byte.");
    est_i_result_add_provenance(builder, "method", "trend", false);
    est_i_result_add_provenance(builder, "reference", "See https://example.org/?a=1&b=2", false);
    est_i_result_add_provenance(builder, "option:max-order", "2", false);
    est_i_result_add_provenance(builder, "input-name", "/private/names-of-children.csv", true);
}

static est_result *make_result(bool is_public, bool is_synthetic, bool is_internal)
{
    est_result *result = NULL;
    est_error error;
    est_i_result_builder *builder = est_i_result_begin("trend", "Trend of " HOSTILE);
    add_rows(builder);
    add_chart(builder);
    add_extras(builder);
    est_i_result_mark(builder, is_public, is_synthetic, is_internal);
    assert_int_equal(est_i_result_finish(builder, &result, &error), EST_OK);
    return result;
}

static char *written(const est_result *result, const char *format)
{
    char *text = NULL;
    size_t length = 0;
    est_error error;
    assert_int_equal(est_report_string(result, format, &text, &length, &error), EST_OK);
    assert_int_equal(length, strlen(text));
    return text;
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

static char *slurp(const char *folder, const char *name)
{
    char path[512], *text = calloc(1, 1 << 20);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(text);
    assert_non_null(file);
    size_t length = fread(text, 1, (1 << 20) - 1, file);
    assert_true(length > 0);
    fclose(file);
    unlink(path);
    return text;
}

static size_t times(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

/* ---- a checker of tags, attributes and entities, enough for what the writers make ---- */

static bool is_void_tag(const char *name, size_t length)
{
    static const char *const names[] = {"meta", "br", "wbr"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (length == strlen(names[i]) && memcmp(name, names[i], length) == 0)
            return true;
    return false;
}

static const char *tag_end(const char *at)
{
    bool quoted = false;
    for (; *at && (quoted || *at != '>'); at++) {
        if (*at == '"')
            quoted = !quoted;
        assert_true(*at != '<');
    }
    assert_int_equal(*at, '>');
    return at;
}

static void check_entity(const char *at)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    bool known = false;
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
        known |= strncmp(at, entities[i], strlen(entities[i])) == 0;
    assert_true(known);
}

static void assert_well_formed(const char *at)
{
    struct {
        const char *name;
        size_t length;
    } open[64];
    size_t depth = 0;
    for (; *at; at++) {
        if (*at == '&')
            check_entity(at);
        if (*at != '<')
            continue;
        bool closes = at[1] == '/';
        const char *name = at + 1 + closes, *end = tag_end(at + 1);
        size_t length = strcspn(name, " />");
        if (closes) {
            assert_true(depth > 0);
            depth--;
            assert_int_equal(length, open[depth].length);
            assert_memory_equal(name, open[depth].name, length);
        } else if (*name != '?' && *name != '!' && end[-1] != '/' && !is_void_tag(name, length)) {
            assert_true(depth < 64);
            open[depth].name = name;
            open[depth++].length = length;
        }
        at = end;
    }
    assert_int_equal(depth, 0);
}

/* ---- text ---- */

static void test_text(void **state)
{
    (void)state;
    est_result *result = make_result(true, false, false);
    char *text = written(result, "text");
    assert_has(text, "\nEstimated population (detected and undetected)\n"
                     "Below each estimate its interval: 95 %, profile. Population: children.");
    assert_has(text, "\n  Period                   Model M1                 Model M3\n"
                     "  1990-1994 [a]               1,667                    1,737\n"
                     "                     1,500 to 1,834  1,563 to no upper limit\n"
                     "  1995-1999                   6,757            not estimable\n"
                     "                 6,081 to 1,234,568\n"
                     "  [a] the fit lies on the boundary (some cells are fitted as zero).\n");
    assert_has(text, "withheld");
    assert_has(text, "-25.5 to -12.0");
    assert_has(text, ACCENTED "                   0.300\n");
    assert_has(text, "<0.001\n");
    assert_has(text, "line one two                 -0.250\n");
    assert_has(text, "\n  Log likelihood  -1,034.56\n");
    assert_has(text, "\n  Persons         14,094\n");
    assert_has(text, "\n  Term                count  Share  Year\n");
    assert_has(text, "... 3 more\n");
    assert_has(text, "  Warning: Beware of " HOSTILE);
    assert_has(text, "Plain \xEF\xBF\xBD[31m red \xEF\xBF\xBD byte.\n");
    assert_has(text, "  options: max-order = 2\n");
    assert_lacks(text, "names-of-children");
    assert_lacks(text, "nan");
    assert_lacks(text, "SYNTHETIC");
    assert_null(strchr(text, 0x1B));
    assert_lacks(text, " \n");
    est_string_free(text);
    est_result_free(result);
}

static void test_text_width(void **state)
{
    (void)state;
    est_result *result = make_result(true, true, true);
    char *text = written(result, "text");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(est_i_utf8_length(line) <= 100);
    est_string_free(text);
    est_result_free(result);
}

static void test_banners(void **state)
{
    (void)state;
    static const char *const formats[] = {"text", "md", "html", "json"};
    est_result *result = make_result(false, true, true);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        char *text = written(result, formats[i]);
        assert_has(text, "SYNTHETIC DATA");
        assert_has(text, "FOR INTERNAL USE: NOTHING WITHHELD");
        est_string_free(text);
    }
    char *svg = NULL;
    assert_int_equal(est_report_chart(result, "by period", &svg, NULL, NULL), EST_OK);
    assert_has(svg, "SYNTHETIC DATA");
    est_string_free(svg);
    est_result_free(result);
}

/* A record that is cut out of a CSV file, or joined to another, keeps its marks. */
static void test_csv_marks(void **state)
{
    (void)state;
    est_result *both = make_result(false, true, true), *internal = make_result(false, false, true);
    char folder[] = "/tmp/est-marks-XXXXXX";
    char *text = written(both, "csv");
    assert_has(text, ",n,flags,marks\n");
    assert_has(text, ",707,boundary,SYNTHETIC DATA; FOR INTERNAL USE\n");
    assert_has(text, "\nobserved,,,,,,,,,,,,,suppressed,SYNTHETIC DATA; FOR INTERNAL USE\n");
    est_string_free(text);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(est_report_save(internal, folder, NULL, NULL), EST_OK);
    static const char *const others[] = {"trend.txt",  "trend.json", "trend.csv",
                                         "trend.md",   "trend.html", "trend_by-period_chart.svg"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        free(slurp(folder, others[i]));
    char *frame = slurp(folder, "trend_terms.csv");
    assert_true(strncmp(frame, "term,count,share,year,marks\n" ACCENTED ",0,0,2010,FOR INTERNAL", 55) == 0);
    assert_has(frame, ACCENTED ",2000,,2012,FOR INTERNAL USE\n");
    free(frame);
    assert_int_equal(rmdir(folder), 0);
    est_result_free(both);
    est_result_free(internal);
}

static est_result *result_of(const char *data, bool is_public)
{
    est_result *result = NULL;
    est_i_result_builder *builder = est_i_result_begin("mse", "Sizes");
    est_i_result_add_provenance(builder, "data", data, true);
    est_i_result_mark(builder, is_public, false, false);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    return result;
}

/* Bundled data have the same name in every face; that of a file is on the page alone, if it may be shown. */
static void test_name_of_data(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        bool is_public, on_page, in_text;
    } cases[] = {{"dataset:korea", true, true, true},
                 {"a<b.csv", true, true, false},
                 {"a<b.csv", false, false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        est_result *result = result_of(cases[i].data, cases[i].is_public);
        char *html = written(result, "html"), *text = written(result, "text"), *md = written(result, "md");
        assert_well_formed(html);
        assert_int_equal(strstr(html, "<p class=\"data\">Data: ") != NULL, cases[i].on_page);
        assert_int_equal(strstr(html, "<title>Sizes (") != NULL, cases[i].on_page);
        assert_int_equal(strstr(text, "Sizes\n=====\nData: dataset:korea\n") != NULL, cases[i].in_text);
        assert_int_equal(strstr(md, "# Sizes\n\nData: dataset:korea\n") != NULL, cases[i].in_text);
        assert_lacks(text, "b.csv");
        assert_lacks(md, "b.csv");
        est_string_free(html);
        est_string_free(text);
        est_string_free(md);
        est_result_free(result);
    }
}

/* What suppression took out is withheld, not missing; only words too long for any column may be broken. */
static void test_withheld_and_words(void **state)
{
    (void)state;
    static const est_label labels[] = {{"period", "2010"},
                                       {"period", "the independence of all lists from each other"},
                                       {"period", "AnUnusuallyLongNameOfOnePeriodOfTime"}};
    est_result *result = NULL;
    est_i_result_builder *builder = est_i_result_begin("trend", "Trend");
    for (size_t i = 0; i < 3; i++) {
        est_row row = est_i_row_empty("rate_per_100000");
        row.n_domain = 1;
        row.domain = &labels[i];
        row.population = "UN mid-year estimate, WPP 2024";
        row.level = 0.9999;
        row.flags = EST_FLAG_BIT(i == 1 ? EST_FLAG_SUPPRESSED : EST_FLAG_ROUNDED);
        if (i == 0) {
            row.estimate = 12.5;
            row.se = 2;
            row.lower = 10;
            row.upper = 15;
            row.n = 100;
        }
        est_i_result_add_row(builder, &row);
    }
    est_i_result_add_stat(builder, "coverage", NAN, false);
    est_i_result_note(builder, NULL, EST_NOTE, "suppressed", "Withheld.");
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    char *text = written(result, "text"), *html = written(result, "html");
    assert_has(text, "\nPersons per 100,000 population and year\nIntervals: 99.99 %. "
                     "Population: UN mid-year estimate, WPP 2024.\n");
    assert_has(text, "Share of the population on the lists  withheld\n");
    assert_lacks(text, "not estimable");
    assert_well_formed(html);
    assert_has(html, "<th scope=\"row\" class=\"words\">the independence of all lists from each other</th>");
    assert_has(html, "<span class=\"long\">AnUnusuallyLongNameOfOnePeriodOfTime</span>");
    assert_has(html, "<td class=\"number\"><b>withheld [");
    assert_int_equal(times(html, "Population: UN mid-year estimate, WPP 2024."),
                     times(html, "<caption>Persons per"));
    est_string_free(text);
    est_string_free(html);
    est_result_free(result);
}

static void test_levels(void **state)
{
    (void)state;
    static const struct {
        double level;
        const char *shown;
    } cases[] = {{0.95, "95 %"},     {0.9, "90 %"},           {0.975, "97.5 %"},
                 {0.9999, "99.99 %"}, {0.999999, "99.9999 %"}, {0.29, "29 %"}, {0.99875, "99.875 %"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        est_i_text output = {0};
        est_i_show_level(&output, cases[i].level);
        assert_string_equal(output.data, cases[i].shown);
        est_i_text_free(&output);
    }
}

/* ---- JSON ---- */

static void assert_number(const json_t *object, const char *name, double expected)
{
    const json_t *value = json_object_get(object, name);
    assert_non_null(value);
    if (!isfinite(expected))
        assert_true(json_is_null(value));
    else
        assert_true(json_is_number(value) && json_number_value(value) == expected);
}

static void assert_string(const json_t *object, const char *name, const char *expected)
{
    const json_t *value = json_object_get(object, name);
    if (expected[0] == '\0' && !value)
        return;
    assert_true(json_is_string(value));
    assert_string_equal(json_string_value(value), expected);
}

static void check_row(const json_t *object, const est_row *row)
{
    const json_t *domain = json_object_get(object, "domain"), *flags = json_object_get(object, "flags");
    assert_string(object, "estimand", row->estimand);
    assert_string(object, "model", row->model);
    assert_string(object, "interval", row->interval);
    assert_string(object, "population", row->population);
    assert_string(object, "definition", row->definition);
    assert_number(object, "estimate", row->estimate);
    assert_number(object, "se", row->se);
    assert_number(object, "lower", row->lower);
    assert_number(object, "upper", row->upper);
    assert_number(object, "level", row->level);
    assert_number(object, "df", row->df);
    assert_number(object, "n", row->n);
    assert_int_equal(json_object_size(domain), row->n_domain);
    for (size_t i = 0; i < row->n_domain; i++)
        assert_string(domain, row->domain[i].name, row->domain[i].value);
    uint32_t bits = 0;
    for (size_t i = 0; i < json_array_size(flags); i++)
        for (int flag = 0; flag < EST_FLAG_END; flag++)
            if (strcmp(json_string_value(json_array_get(flags, i)), est_flag_name((est_flag)flag)) == 0)
                bits |= EST_FLAG_BIT(flag);
    assert_int_equal(bits, row->flags);
}

static void check_frame(const json_t *frames, const est_frame *frame)
{
    const json_t *object = json_object_get(frames, frame->name), *rows = json_object_get(object, "rows");
    assert_string(object, "title", frame->title);
    assert_int_equal(json_array_size(json_object_get(object, "columns")), frame->n_columns);
    assert_int_equal(json_array_size(rows), frame->n_rows);
    for (size_t i = 0; i < frame->n_rows * frame->n_columns; i++) {
        const json_t *cell = json_array_get(json_array_get(rows, i / frame->n_columns), i % frame->n_columns);
        if (frame->cells[i].text)
            assert_string_equal(json_string_value(cell), frame->cells[i].text);
        else if (isfinite(frame->cells[i].number))
            assert_true(json_number_value(cell) == frame->cells[i].number);
        else
            assert_true(json_is_null(cell));
    }
}

static void test_json(void **state)
{
    (void)state;
    est_result *result = make_result(false, false, false);
    char *text = written(result, "json");
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string(root, "schema", "est-result/1");
    assert_string(json_object_get(root, "method"), "id", "trend");
    assert_string(json_object_get(root, "method"), "title", est_result_title(result));
    const json_t *rows = json_object_get(root, "rows"), *stats = json_object_get(root, "stats");
    assert_int_equal(json_array_size(rows), est_result_rows(result));
    for (size_t i = 0; i < est_result_rows(result); i++)
        check_row(json_array_get(rows, i), est_result_row(result, i));
    assert_number(stats, "loglik", -1034.5625);
    assert_number(stats, "empty", NAN);
    assert_string(stats, "model", "LA:NG \"P F\"");
    check_frame(json_object_get(root, "frames"), est_result_frame_find(result, "terms"));
    const json_t *note = json_array_get(json_object_get(root, "notes"), 1);
    assert_string(note, "severity", "note");
    assert_string(note, "code", "definition");
    assert_string(note, "message", "Plain \x1B[31m red \xEF\xBF\xBD byte.");
    const json_t *chart = json_array_get(json_object_get(root, "charts"), 0);
    assert_string(chart, "name", "by period");
    assert_int_equal(json_array_size(json_object_get(chart, "series")), 2);
    assert_string(json_object_get(root, "provenance"), "option:max-order", "2");
    assert_null(json_object_get(json_object_get(root, "provenance"), "input-name"));
    assert_null(json_object_get(root, "marks"));
    assert_has(text, "\"estimate\": 0.30000000000000004,");
    json_decref(root);
    est_string_free(text);
    est_result_free(result);
}

static void test_private_provenance(void **state)
{
    (void)state;
    static const char *const formats[] = {"text", "csv", "md", "html", "json"};
    est_result *secret = make_result(false, true, false), *open = make_result(true, false, false);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        char *text = written(secret, formats[i]);
        assert_lacks(text, "names-of-children");
        est_string_free(text);
    }
    char *text = written(open, "json");
    assert_has(text, "\"input-name\": \"/private/names-of-children.csv\"");
    est_string_free(text);
    est_result_free(secret);
    est_result_free(open);
}

/* ---- CSV and Markdown ---- */

static void test_csv(void **state)
{
    (void)state;
    est_result *result = make_result(true, false, false);
    char *text = written(result, "csv");
    assert_true(
        strncmp(
            text,
            "estimand,period,domain_model,place,model,estimate,se,lower,upper,level,df,interval,n,flags\n",
            89) == 0);
    assert_has(text, "\npopulation,1990-1994,,,M1,1667.4,104.2125,1500.25,1834,0.95,,profile,707,boundary\n");
    assert_has(
        text, "\npopulation,1990-1994,,,M3,1737,108.5625,1563,,0.95,,profile,707,upper_unbounded boundary\n");
    assert_has(text, "\npopulation,1995-1999,,,M3,,,,,0.95,,profile,707,not_estimable\n");
    assert_has(text, "\nratio_of_rates,,\"a\"\"b\"," ACCENTED ",,0.30000000000000004,");
    assert_has(text, "\nratio_of_rates,,\"a\"\"b\"," HOSTILE ",,0.6666666666666666,");
    assert_has(text, ",'=cmd|' /C calc'!A0,,1e-300,");
    assert_has(text, ",\"line\none\ttwo\",,-0.25,");
    assert_has(text, "\nobserved,,,,,,,,,,,,,suppressed\n");
    est_string_free(text);
    est_result_free(result);
}

static void test_csv_formulas(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"=1", "'=1"},     {"+1", "'+1"},     {"-1", "'-1"},
        {"@a", "'@a"},     {"a=1", "a=1"},    {"", ""},
        {" a", "\" a\""},  {"\t=1", "'\t=1"}, {"=\"a\"", "\"'=\"\"a\"\"\""},
        {"a,b", "\"a,b\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        est_i_text output = {0};
        est_i_encode_csv(&output, cases[i][0]);
        char *text = est_i_text_take(&output);
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
}

static void test_markdown(void **state)
{
    (void)state;
    est_result *result = make_result(true, false, false);
    char *text = written(result, "md");
    assert_true(strncmp(text, "# Trend of \\<script\\>alert(1)\\</script\\>\n", 41) == 0);
    assert_has(text, "\n| Period | Model M1 | Model M3 |\n| --- | ---: | ---: |\n"
                     "| 1990-1994 \\[a\\] | 1,667 | 1,737 |\n"
                     "|  | 1,500 to 1,834 | 1,563 to no upper limit |\n"
                     "| 1995-1999 | 6,757 | not estimable |\n"
                     "|  | 6,081 to 1,234,568 |  |\n\n- \\[a\\] the fit lies on the boundary");
    assert_has(text, "| =cmd\\|' /C calc'\\!A0 |");
    assert_has(text, "- **Warning:** Beware of \\<script\\>alert(1)\\</script\\> and of \\| pipes, "
                     "\\*stars\\* and \\_lines\\_.\n");
    assert_lacks(text, "names-of-children");
    est_string_free(text);
    est_result_free(result);
}

/* ---- HTML and SVG ---- */

static void test_html(void **state)
{
    (void)state;
    est_result *result = make_result(true, false, false);
    char *text = written(result, "html");
    static const char *const banned[] = {"<script", "src=",  "href=", "url(",  "@import",
                                         "xmlns",   "<link", "<img",  "onload"};
    for (size_t i = 0; i < sizeof banned / sizeof banned[0]; i++)
        assert_lacks(text, banned[i]);
    assert_well_formed(text);
    assert_has(text, "<html lang=\"en\">");
    assert_has(text, "<meta name=\"viewport\"");
    assert_has(text, "<h1>Trend of &lt;script&gt;alert(1)&lt;/script&gt;</h1>");
    assert_has(text, "<th scope=\"row\">1990-1994 [a]</th>");
    assert_has(text, "<th scope=\"col\" class=\"number\">Model M3</th>");
    assert_has(text, "<b>1,737</b><span class=\"range\">1,563 to <wbr>no upper limit</span>");
    assert_has(text, "See https://example.org/?a=1&amp;b=2");
    assert_has(text, "role=\"img\" aria-labelledby=\"chart-1-title chart-1-desc\"");
    assert_has(text, "<desc id=\"chart-1-desc\">In words: a&quot;b</desc>");
    assert_has(text, "<li class=\"warning\"><b>Warning:</b> Beware of &lt;script&gt;");
    assert_true(strstr(text, "<h2>The answer") < strstr(text, "<details>"));
    est_string_free(text);
    est_result_free(result);
}

static void test_answer_of_one_row(void **state)
{
    (void)state;
    est_result *result = NULL;
    est_i_result_builder *builder = est_i_result_begin("mse", "Kosovo");
    est_row row = est_i_row_empty("population");
    row.estimate = 14402.488952;
    row.lower = 12523.273999;
    row.upper = 16667.928282;
    row.level = 0.95;
    est_i_result_add_row(builder, &row);
    row = est_i_row_empty("observed");
    row.estimate = 4400;
    est_i_result_add_row(builder, &row);
    est_i_result_note(builder, NULL, EST_NOTE, "plain", "Plain");
    est_i_result_note(builder, NULL, EST_WARNING, "near_ties", "Near ties");
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    char *html = written(result, "html"), *text = written(result, "text");
    assert_has(html, "<p class=\"answer\">The estimated population, detected and undetected together, is "
                     "<strong>14,402</strong>; 95 % interval: 12,523 to 16,668. "
                     "Detected on a list: 4,400.</p>");
    assert_has(html, "<ul class=\"notes first\">\n"
                     "<li class=\"warning\"><b>Warning:</b> Near ties</li>\n</ul>");
    assert_true(strstr(html, "Near ties") < strstr(html, "<table>"));
    assert_has(text, "\nThe estimated population, detected and undetected together, is 14,402; "
                     "95 % interval: 12,523 to\n16,668. Detected on a list: 4,400.\n"
                     "  Warning: Near ties\n\nEstimates\n");
    assert_has(text, "\nNotes\n  Note: Plain\n");
    assert_has(text, "\nEstimates\nIntervals: 95 %.\n"
                     "  Estimate of                                     Estimate     95 % interval\n"
                     "  Estimated population (detected and undetected)    14,402  12,523 to 16,668\n"
                     "  Observed (detected on a list)                      4,400                 -\n");
    est_string_free(html);
    est_string_free(text);
    est_result_free(result);
}

static void test_chart(void **state)
{
    (void)state;
    est_result *result = make_result(true, false, false);
    char *svg = NULL;
    size_t length = 0;
    est_error error;
    assert_int_equal(est_report_chart(result, "by period", &svg, &length, &error), EST_OK);
    assert_int_equal(length, strlen(svg));
    assert_well_formed(svg);
    assert_has(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 900 ");
    assert_has(svg,
               "<title id=\"chart-by-period-title\">Children &lt;script&gt;alert(1)&lt;/script&gt;</title>");
    assert_has(svg, ">no limit</text>");
    assert_has(svg, ">90,000</text>");
    assert_has(svg, ">n.e.</text>");
    assert_has(svg, ">n.p.</text>");
    assert_has(svg, ">6,000</text>");
    assert_lacks(svg, ">8,000</text>");
    est_string_free(svg);
    assert_int_equal(est_report_chart(result, "none", &svg, &length, &error), EST_EOPTION);
    assert_null(svg);
    est_result_free(result);
}

static void test_scale(void **state)
{
    (void)state;
    static const double value[] = {707, 2867, 5437, 2608, 2039, 400000},
                        upper[] = {1e9, 3000, 9000, 3000, 3000, INFINITY};
    static const double negative[] = {-19, -3, 4, NAN, NAN, NAN}, nothing[] = {NAN, NAN, NAN, NAN, NAN, NAN};
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    est_series series = {"s", EST_SERIES_BAND, EST_ROLE_ESTIMATE, value, NULL, upper};
    est_chart chart = {.name = "c", .title = "", .subtitle = "", .x_title = "", .y_title = "",
                       .alternative = "", .n_categories = 6, .categories = names, .n_series = 1,
                       .series = &series};
    est_i_scale scale = est_i_scale_make(&chart, 1);
    assert_true(scale.low == 0 && scale.high == 10000 && scale.step == 2000 && scale.decimals == 0);
    series = (est_series){"s", EST_SERIES_BAND, EST_ROLE_PLAIN, negative, NULL, NULL};
    scale = est_i_scale_make(&chart, 1);
    assert_true(scale.low == -25 && scale.high == 5 && scale.step == 5);
    series.value = nothing;
    scale = est_i_scale_make(&chart, 1);
    assert_true(scale.low == 0 && scale.high == 1 && scale.decimals == 1);
}

/* ---- pieces ---- */

static void assert_shown(double value, int decimals, const char *expected)
{
    est_i_text output = {0};
    if (decimals < 0)
        est_i_show_scalar(&output, value);
    else
        est_i_show_number(&output, value, decimals);
    char *text = est_i_text_take(&output);
    assert_string_equal(text, expected);
    free(text);
}

static void test_numbers(void **state)
{
    (void)state;
    assert_shown(1234567.5, 0, "1,234,568");
    assert_shown(-0.2, 0, "0");
    assert_shown(-0.0, 1, "0.0");
    assert_shown(NAN, 2, "-");
    assert_shown(INFINITY, 2, "infinite");
    assert_shown(1e22, 0, "1e+22");
    assert_shown(1.3e-27, 4, "0.0000");
    assert_shown(-0.0479, 1, "0.0");
    assert_shown(1.3e-27, -1, "1.30e-27");
    assert_shown(2056.08125, -1, "2,056.08");
    assert_shown(0.0123456, -1, "0.01235");
    assert_shown(9.87654, -1, "9.877");
    assert_shown(14094, -1, "14,094");
}

static void test_decimals(void **state)
{
    (void)state;
    static const struct {
        const char *estimand;
        double estimate;
        int decimals;
    } cases[] = {{"population", 12.5, 0},     {"ratio_annual", 0.43, 3}, {"annual_percent_change", -19.04, 1},
                 {"rate_per_100000", 3.2, 2}, {"mean(x)", 123.4, 0},     {"mean(x)", 12.34, 2},
                 {"mean(x)", 0.1234, 4},      {"mean(x)", 7, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        est_row row = est_i_row_empty(cases[i].estimand);
        row.estimate = cases[i].estimate;
        assert_int_equal(est_i_row_decimals(&row), cases[i].decimals);
    }
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        uint32_t first;
    } cases[] = {{"a", 1, 'a'},
                 {ACCENTED, 11, 'B'},
                 {"\xC3\xA1", 1, 0xE1},
                 {"\xE2\x82\xAC", 1, 0x20AC},
                 {"\xF0\x9F\x98\x80", 1, 0x1F600},
                 {"\xC0\x80", 2, 0xFFFD},
                 {"\xED\xA0\x80", 3, 0xFFFD},
                 {"\xF4\x90\x80\x80", 4, 0xFFFD},
                 {"\xE2\x82", 2, 0xFFFD}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *cursor = cases[i].text;
        assert_int_equal(est_i_utf8_length(cases[i].text), cases[i].length);
        assert_int_equal(est_i_utf8_next(&cursor), cases[i].first);
    }
}

static void test_wrap(void **state)
{
    (void)state;
    static const char *const lines[] = {"one two", "three", "fourteen-", "letters"};
    const char *cursor = " one two three fourteen-letters ", *line = NULL;
    size_t bytes = 0, count = 0;
    while (est_i_wrap_next(&cursor, 9, &line, &bytes)) {
        assert_true(count < 4);
        assert_int_equal(bytes, strlen(lines[count]));
        assert_memory_equal(line, lines[count++], bytes);
    }
    assert_int_equal(count, 4);
}

static void assert_row_shown(const char *estimand, double estimate, double lower, double upper,
                             const char *expected)
{
    est_i_text output = {0};
    est_row row = est_i_row_empty(estimand);
    row.estimate = estimate;
    row.lower = lower;
    row.upper = upper;
    est_i_show_estimate(&output, &row);
    est_i_text_append(&output, "; ");
    est_i_show_interval(&output, &row);
    char *text = est_i_text_take(&output);
    assert_string_equal(text, expected);
    free(text);
}

static void test_rows_shown(void **state)
{
    (void)state;
    assert_row_shown("annual_percent_change", -0.3, -0.6, -0.0479, "-0.3; -0.6 to 0.0");
    assert_row_shown("annual_percent_change", 0.0479, -1234.56, INFINITY, "0.0; -1,234.6 to no upper limit");
    assert_row_shown("ratio", 0.0004, 0, 0.0006, "<0.001; 0.000 to 0.001");
    assert_row_shown("rate_per_100000", 6.45, 0.001, 7.84, "6.45; <0.01 to 7.84");
    assert_row_shown("population", 0.2, -0.2, 1234.6, "0; 0 to 1,235");
}

static void test_statistics_shown(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double value;
        const char *words, *shown;
    } cases[] = {{"p_value", 3.54e-111, "p-value of the fit test", "<0.0001"},
                 {"p_value", 0.80514, "p-value of the fit test", "0.8051"},
                 {"bic", 8673.154, "BIC", "8,673.15"},
                 {"aic", 13, "AIC", "13.00"},
                 {"loglik", -50.4379, "Log likelihood", "-50.44"},
                 {"pearson", 10096.7399, "Pearson chi-square", "10,096.74"},
                 {"coverage", 0.10841, "Share of the population on the lists", "10.8 %"},
                 {"share_without_estimate", 0.0003, "Share of replicates without an estimate", "<0.1 %"},
                 {"share_without_estimate", 0, "Share of replicates without an estimate", "0.0 %"},
                 {"multinomial_mle", 25279.4975, "Multinomial maximum-likelihood population", "25,279"},
                 {"models_on_the_boundary", 2, "Models left out as boundary fits", "2"},
                 {"n_parameters", 12, "Parameters", "12"},
                 {"coverage", NAN, "Share of the population on the lists", "-"},
                 {"own_name", 0.0123456, "Own name", "0.01235"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        est_i_text output = {0};
        est_i_show_statistic_name(&output, cases[i].name);
        est_i_text_append(&output, " = ");
        est_i_show_statistic(&output, cases[i].name, cases[i].value);
        char *text = est_i_text_take(&output);
        assert_int_equal(strncmp(text, cases[i].words, strlen(cases[i].words)), 0);
        assert_string_equal(text + strlen(cases[i].words) + 3, cases[i].shown);
        free(text);
    }
}

/* ---- models beside each other ---- */

static void add_row(est_i_result_builder *builder, const char *estimand, const est_label *labels,
                    size_t n_labels, const char *model, double estimate, uint32_t flags)
{
    est_row row = est_i_row_empty(estimand);
    row.n_domain = n_labels;
    row.domain = labels;
    row.model = model;
    row.estimate = estimate;
    row.flags = flags;
    if (model[0]) {
        row.lower = 0.75 * estimate;
        row.upper = 1.5 * estimate;
        row.level = 0.95;
        row.interval = "bootstrap";
    }
    est_i_result_add_row(builder, &row);
}

/* Two periods, the second not fully reported; a ratio between them; a detail no page shows. */
static est_result *models_result(size_t n_models, const char *const *models)
{
    static const est_label periods[][2] = {{{"period", "2010-2014"}, {"baseline", ""}},
                                           {{"period", "2015-2017"}, {"baseline", "2010-2014"}}};
    est_result *result = NULL;
    est_i_result_builder *builder = est_i_result_begin("trend", "Trend");
    for (size_t period = 0; period < 2; period++) {
        uint32_t late = period ? EST_FLAG_BIT(EST_FLAG_TRUNCATED) : 0;
        add_row(builder, "observed", periods[period], 1, "", period ? 436 : 2039, late);
        add_row(builder, "seen", periods[period], 1, "", period ? 487 : 2386, late);
    }
    for (size_t model = 0; model < n_models; model++) {
        uint32_t known = model ? 0 : EST_FLAG_BIT(EST_FLAG_MODEL_KNOWN);
        double size = 12345.0 * (double)(model + 1);
        add_row(builder, "population", periods[0], 1, models[model], size,
                known | (model == 1 ? EST_FLAG_BIT(EST_FLAG_BOUNDARY) : 0));
        add_row(builder, "population", periods[1], 1, models[model], size / 10,
                known | EST_FLAG_BIT(EST_FLAG_TRUNCATED));
        add_row(builder, "ratio", periods[1], 2, models[model], 0.1 * (double)(model + 1),
                EST_FLAG_BIT(EST_FLAG_TRUNCATED));
    }
    est_row detail = est_i_row_empty("unobserved");
    detail.estimate = 98765;
    detail.detail = 1;
    est_i_result_add_row(builder, &detail);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    return result;
}

static const char *const many_models[] = {"M0",         "M1 order 2", "M1 order 3",
                                          "M3 order 2", "M3 order 3", "a model with a very long name",
                                          "M4P",        "S(sigma)"};

/* The whole text of a small result. */
static void test_two_models_golden(void **state)
{
    (void)state;
    static const char expected[] =
        "Trend\n"
        "=====\n"
        "\n"
        "Estimated population (detected and undetected)\n"
        "Below each estimate its interval: 95 %, bootstrap.\n"
        "  Period         Detected  Already known     Model M0 [c]  Model M1 order 2\n"
        "  2010-2014         2,039          2,386           12,345        24,690 [a]\n"
        "                                          9,259 to 18,518  18,518 to 37,035\n"
        "  2015-2017 [b]       436            487            1,234             2,469\n"
        "                                             926 to 1,852    1,852 to 3,704\n"
        "  [a] the fit lies on the boundary (some cells are fitted as zero).\n"
        "  [b] the period is not fully reported yet.\n"
        "  [c] the interval takes the model as known.\n"
        "\n"
        "Ratio of persons per year, period to baseline\n"
        "Below each estimate its interval: 95 %, bootstrap. Every estimate: the period is not "
        "fully reported\n"
        "yet.\n"
        "  Period     Baseline         Model M0  Model M1 order 2\n"
        "  2015-2017  2010-2014           0.100             0.200\n"
        "                        0.075 to 0.150    0.150 to 0.300\n";
    est_result *result = models_result(2, many_models);
    char *text = written(result, "text");
    assert_string_equal(text, expected);
    est_string_free(text);
    est_result_free(result);
}

static void test_five_models(void **state)
{
    (void)state;
    est_result *result = models_result(5, many_models);
    char *text = written(result, "text"), *html = written(result, "html"), *csv = written(result, "csv");
    assert_has(text,
               "\n  Period         Detected  Already  Model M0    Model M1   Model M1   Model M3   Model M3\n"
               "                             known       [c]     order 2    order 3    order 2    order 3\n"
               "  2010-2014         2,039    2,386    12,345  24,690 [a]     37,035     49,380     61,725\n"
               "                                    9,259 to   18,518 to  27,776 to  37,035 to  46,294 to\n"
               "                                      18,518      37,035     55,552     74,070     92,588\n");
    assert_lacks(text, "Observed");
    assert_lacks(text, "98,765");
    assert_has(csv, "\nunobserved,,,,98765,");
    assert_well_formed(html);
    assert_has(html, "<th scope=\"row\">2015-2017 [b]</th><td class=\"number\"><b>436</b></td>"
                     "<td class=\"number\"><b>487</b></td><td class=\"number\"><b>1,234</b>"
                     "<span class=\"range\">926 to <wbr>1,852</span></td>");
    assert_has(html, "<h2>More estimates</h2>\n<div class=\"table beside\"");
    assert_lacks(html, "scroll\"");
    assert_null(strstr(strstr(html, "<caption>Estimated population") + 1, "<caption>Estimated population"));
    est_string_free(text);
    est_string_free(html);
    est_string_free(csv);
    est_result_free(result);
}

/* Eight models cannot stand in one table of 100 columns: the periods are repeated, no number is cut. */
static void test_eight_models(void **state)
{
    (void)state;
    est_result *result = models_result(8, many_models);
    char *text = written(result, "text");
    size_t periods = 0;
    assert_has(text, "98,760");
    assert_has(text, "148,140\n");
    for (const char *at = text; (at = strstr(at, "\n  2010-2014  ")) != NULL; at++)
        periods++;
    assert_int_equal(periods, 2);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(est_i_utf8_length(line) <= 100);
    est_string_free(text);
    est_result_free(result);
}

/* One model keeps a table of its own, and the counts theirs. */
static void test_one_model(void **state)
{
    (void)state;
    est_result *result = models_result(1, many_models);
    char *text = written(result, "text");
    assert_has(text, "\nObserved (detected on a list)\n  Period     Number  Remarks\n  2010-2014   2,039\n");
    assert_has(text, "\nEstimated population (detected and undetected), model M0\n");
    assert_has(text, "\n  Period     Estimate    95 % interval  Remarks\n");
    est_string_free(text);
    est_result_free(result);
}

/* Models of different domains, or of another definition, are no columns of one table. */
static void test_models_apart(void **state)
{
    (void)state;
    static const est_label periods[] = {{"period", "2010"}, {"period", "2011"}};
    est_result *result = NULL;
    est_i_result_builder *builder = est_i_result_begin("trend", "Trend");
    add_row(builder, "population", &periods[0], 1, "M0", 100, 0);
    add_row(builder, "population", &periods[1], 1, "M1", 200, 0);
    est_row other = est_i_row_empty("population");
    other.n_domain = 1;
    other.domain = &periods[0];
    other.model = "M1";
    other.estimate = 300;
    other.definition = "another";
    est_i_result_add_row(builder, &other);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    char *text = written(result, "text"), *html = written(result, "html");
    assert_has(text, "undetected), model M0\n");
    assert_has(text, "undetected), model M1\n");
    assert_has(text, "Definition: another.");
    assert_lacks(text, "Model M");
    assert_has(html, "Definition: another.");
    est_string_free(text);
    est_string_free(html);
    est_result_free(result);
}

/* ---- many series ---- */

static char *chart_of(size_t n_bands, size_t n_lines)
{
    static const char *const categories[] = {"a", "b"};
    static const double value[] = {100, 200}, lower[] = {90, 150}, upper[] = {110, 250};
    est_series series[16];
    char *svg = NULL;
    est_result *result = NULL;
    est_i_result_builder *builder = est_i_result_begin("trend", "Trend");
    for (size_t i = 0; i < n_bands; i++)
        series[i] = (est_series){"band", EST_SERIES_BAND, EST_ROLE_ESTIMATE, value, lower, upper};
    for (size_t i = n_bands; i < n_bands + n_lines; i++)
        series[i] = (est_series){"line", EST_SERIES_LINE, EST_ROLE_COUNT, value, NULL, NULL};
    const est_chart chart = {.name = "c", .title = "Chart", .subtitle = "", .x_title = "", .y_title = "",
                             .alternative = "", .n_categories = 2, .categories = categories,
                             .n_series = n_bands + n_lines, .series = series};
    est_i_result_add_chart(builder, &chart);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    assert_int_equal(est_report_chart(result, "c", &svg, NULL, NULL), EST_OK);
    est_result_free(result);
    return svg;
}

static void test_chart_of_many(void **state)
{
    (void)state;
    char *svg = chart_of(8, 2);
    assert_well_formed(svg);
    assert_int_equal(times(svg, ">band</text>"), 8);
    assert_int_equal(times(svg, ">line</text>"), 2);
    assert_lacks(svg, "Only the first");
    /* the plot reaches from 50.18 to 884: a line joins the middles of its categories, behind the intervals */
    const char *line = strstr(svg, "<polyline points=\"258.63,332 675.54,172\""),
               *interval = strstr(svg, "<polyline points=\"216.13,348 216.13,316\"");
    assert_non_null(line);
    assert_non_null(interval);
    assert_true(line < interval);
    est_string_free(svg);
    svg = chart_of(9, 1);
    assert_int_equal(times(svg, ">band</text>"), 8);
    assert_has(svg, "Only the first series are drawn");
    est_string_free(svg);
}

/* ---- files, errors, the same bytes ---- */

static void test_folder(void **state)
{
    (void)state;
    static const char *const files[][2] = {{"trend.txt", "text"},
                                           {"trend.json", "json"},
                                           {"trend.csv", "csv"},
                                           {"trend.md", "md"},
                                           {"trend.html", "html"}};
    char folder[] = "/tmp/est-report-XXXXXX", inner[64];
    est_error error;
    est_result *result = make_result(true, false, false);
    assert_non_null(mkdtemp(folder));
    snprintf(inner, sizeof inner, "%s/new/", folder);
    assert_int_equal(est_report_save(result, inner, NULL, &error), EST_OK);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *text = written(result, files[i][1]), *saved = slurp(inner, files[i][0]);
        assert_string_equal(saved, text);
        est_string_free(text);
        free(saved);
    }
    char *frame = slurp(inner, "trend_terms.csv"), *chart = slurp(inner, "trend_by-period_chart.svg");
    assert_true(strncmp(frame, "term,count,share,year\n" ACCENTED ",0,0,2010\n'=cmd", 48) == 0);
    assert_has(frame, ACCENTED ",2000,,2012\n");
    assert_well_formed(chart);
    free(frame);
    free(chart);
    assert_int_equal(rmdir(inner), 0);
    assert_int_equal(rmdir(folder), 0);
    est_result_free(result);
}

static void test_formats(void **state)
{
    (void)state;
    static const char *const names[] = {"text", "json", "csv", "md", "html"};
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(est_report_format(i), names[i]);
    assert_null(est_report_format(5));
    assert_string_equal(est_report_format_of("a/b.c/x.HTML"), "html");
    assert_string_equal(est_report_format_of("x.txt"), "text");
    assert_null(est_report_format_of("a.json/x"));
    assert_null(est_report_format_of("x.pdf"));
    assert_null(est_report_format_of(NULL));
}

static void test_errors(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 1;
    est_error error;
    est_result *result = make_result(true, false, false);
    assert_int_equal(est_report_string(result, "pdf", &text, &length, &error), EST_EOPTION);
    assert_has(error.message, "'pdf'");
    assert_null(text);
    assert_int_equal(length, 0);
    assert_int_equal(est_report_string(NULL, "text", &text, &length, &error), EST_EOPTION);
    assert_int_equal(est_report_save(result, "report.pdf", NULL, &error), EST_EOPTION);
    assert_int_equal(est_report_save(result, "report.txt", "pdf", &error), EST_EOPTION);
    assert_int_equal(est_report_save(result, "/nonexistent-folder/report.txt", NULL, &error), EST_EIO);
    assert_int_equal(est_report_save(result, "/nonexistent-folder/inner/", NULL, &error), EST_EIO);
    est_string_free(NULL);
    est_result_free(result);
}

static void test_same_bytes(void **state)
{
    (void)state;
    est_result *one = make_result(true, true, false), *two = make_result(true, true, false);
    for (size_t i = 0; est_report_format(i); i++) {
        char *first = written(one, est_report_format(i));
        const char *comma =
            setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed: a comma for the point */
        char *second = written(two, est_report_format(i));
        (void)comma;
        setlocale(LC_ALL, "C");
        assert_string_equal(first, second);
        est_string_free(first);
        est_string_free(second);
    }
    est_result_free(one);
    est_result_free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_width),
        cmocka_unit_test(test_banners),
        cmocka_unit_test(test_csv_marks),
        cmocka_unit_test(test_name_of_data),
        cmocka_unit_test(test_withheld_and_words),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_private_provenance),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_csv_formulas),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_html),
        cmocka_unit_test(test_answer_of_one_row),
        cmocka_unit_test(test_chart),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_rows_shown),
        cmocka_unit_test(test_statistics_shown),
        cmocka_unit_test(test_two_models_golden),
        cmocka_unit_test(test_five_models),
        cmocka_unit_test(test_eight_models),
        cmocka_unit_test(test_one_model),
        cmocka_unit_test(test_models_apart),
        cmocka_unit_test(test_chart_of_many),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
