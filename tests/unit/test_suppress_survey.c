/* Reliability profiles at their limits, and disclosure control of survey results. An attack tries to solve the mean of the withheld
 * domain from everything published: means, totals, sums of weights, numbers of cases. */
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

#include <est.h>

#include "core/reliability.h"
#include "core/result.h"

static bool has(const est_row *row, est_flag flag)
{
    return (row->flags & EST_FLAG_BIT(flag)) != 0;
}

/* ---- rules ---- */

/* A proportion with its own interval; the numerator is in between. */
static est_row proportion(double n, double effective_n, double p, double width)
{
    est_row row = est_i_row_empty("proportion(worked=1)");
    row.n = n;
    row.effective_n = effective_n;
    row.estimate = p;
    row.lower = p - width / 2;
    row.upper = p + width / 2;
    row.se = width / 4;
    row.df = 100;
    row.numerator = floor(n * p);
    return row;
}

static est_i_verdict judge(const char *profile, est_row row)
{
    est_i_reliability found;
    est_error error = {0};
    assert_int_equal(est_i_reliability_find(profile, 10, &found, &error), EST_OK);
    return est_i_reliability_judge(&found, &row);
}

static void assert_verdict(est_i_verdict verdict, bool withhold, const char *mark)
{
    assert_int_equal(verdict.withhold, withhold);
    assert_string_equal(verdict.mark, mark);
}

static void test_dhs_and_mics(void **state)
{
    (void)state;
    assert_verdict(judge("dhs", proportion(24, 20, 0.4, 0.2)), true, "*");
    assert_verdict(judge("dhs", proportion(25, 20, 0.4, 0.2)), false, "()");
    assert_verdict(judge("dhs", proportion(49, 20, 0.4, 0.2)), false, "()");
    assert_verdict(judge("dhs", proportion(50, 20, 0.4, 0.2)), false, "");
    assert_int_equal(judge("dhs", proportion(50, 20, 0.4, 0.2)).flags, 0);
    assert_int_equal(judge("dhs", proportion(24, 20, 0.4, 0.2)).flags,
                     EST_FLAG_BIT(EST_FLAG_FEW_CASES) | EST_FLAG_BIT(EST_FLAG_UNRELIABLE));
    assert_int_equal(judge("dhs", proportion(30, 20, 0.4, 0.2)).flags,
                     EST_FLAG_BIT(EST_FLAG_FEW_CASES) | EST_FLAG_BIT(EST_FLAG_USE_WITH_CAUTION));
    assert_verdict(judge("mics", proportion(24, 20, 0.4, 0.2)), true, "(*)");
    assert_verdict(judge("mics", proportion(25, 20, 0.4, 0.2)), false, "()");
    assert_verdict(judge("mics", proportion(0, NAN, NAN, NAN)), true, "-");
    assert_verdict(judge("dhs", proportion(NAN, NAN, 0.4, 0.2)), false, "");
}

static void test_nchs_in_its_order(void **state)
{
    est_row none = proportion(40, 20, 0, 0.2), few_df = proportion(400, 300, 0.4, 0.2), known;
    (void)state;
    assert_verdict(judge("nchs", proportion(400, 29.9, 0.4, 0.04)), true, "*"); /* the effective n comes first */
    assert_verdict(judge("nchs", proportion(400, 30, 0.01, 0.05)), false, ""); /* narrow: the relative width is not asked */
    assert_verdict(judge("nchs", proportion(400, 300, 0.5, 0.30)), true, "*");
    assert_verdict(judge("nchs", proportion(400, 300, 0.5, 0.29)), false, "");
    assert_verdict(judge("nchs", proportion(400, 300, 0.10, 0.1301)), true, "*");
    assert_verdict(judge("nchs", proportion(400, 300, 0.10, 0.1299)), false, "");
    assert_verdict(judge("nchs", proportion(400, 300, 0.90, 0.1301)), false, "#");
    assert_verdict(judge("nchs", proportion(20, 300, 0.4, 0.04)), true, "*"); /* never more than n */
    none.numerator = 0;
    assert_verdict(judge("nchs", none), false, ""); /* the effective n is n, the width 0 */
    assert_int_equal(judge("nchs", none).flags, EST_FLAG_BIT(EST_FLAG_USE_WITH_CAUTION));
    few_df.df = 7.9;
    assert_int_equal(judge("nchs", few_df).flags, EST_FLAG_BIT(EST_FLAG_FEW_DF) | EST_FLAG_BIT(EST_FLAG_USE_WITH_CAUTION));
    known = proportion(400, NAN, 0.5, 0.2);
    known.se = 0.1; /* p (1 - p) / SE^2 = 25 */
    assert_verdict(judge("nchs", known), true, "*");
    known.se = NAN;
    known.lower = known.upper = NAN;
    assert_verdict(judge("nchs", known), true, "*"); /* no error known */
}

static void test_nchs_totals(void **state)
{
    est_row row = est_i_row_empty("total(worked)");
    (void)state;
    row.estimate = 1000;
    row.lower = 300;
    row.upper = 1900;
    row.n = 10;
    row.df = 100;
    assert_verdict(judge("nchs", row), false, "");
    row.upper = 1900.1;
    assert_verdict(judge("nchs", row), true, "*");
    row.upper = 1900;
    row.n = 9;
    assert_verdict(judge("nchs", row), true, "*");
}

static void test_statcan(void **state)
{
    est_row row = est_i_row_empty("mean(hours)");
    (void)state;
    row.n = 10;
    row.estimate = -100; /* the CV is of the size */
    row.se = 16.54;
    assert_verdict(judge("statcan", row), false, "");
    row.se = 16.55;
    assert_verdict(judge("statcan", row), false, "E");
    row.se = 33.34;
    assert_verdict(judge("statcan", row), false, "E");
    row.se = 33.35;
    assert_verdict(judge("statcan", row), true, "F");
    row.se = 1;
    row.n = 9;
    assert_verdict(judge("statcan", row), true, "F");
    row.n = 100;
    row.se = NAN;
    assert_verdict(judge("statcan", row), true, "F");
    row.estimand = "difference(mean(hours))";
    row.se = 1000;
    assert_verdict(judge("statcan", row), false, "");
}

static void test_custom(void **state)
{
    const char *profile = "custom:caution-n=50,suppress-cv=0.3,min-df=8,suppress-n=20,caution-width=0.1";
    est_row row = proportion(60, 60, 0.5, 0.08);
    (void)state;
    assert_verdict(judge(profile, row), false, "");
    row.n = 19;
    assert_verdict(judge(profile, row), true, "*");
    row.n = 49;
    assert_verdict(judge(profile, row), false, "()");
    row.se = 0.16;
    assert_verdict(judge(profile, row), true, "*"); /* what withholds goes before what cautions */
    row = proportion(60, 60, 0.5, 0.11);
    row.df = 5;
    assert_verdict(judge(profile, row), false, "()");
    assert_true(judge(profile, row).flags & EST_FLAG_BIT(EST_FLAG_FEW_DF));
}

static void test_custom_errors(void **state)
{
    static const char *const wrong[] = {"custom:", "custom:suppress-m=3", "custom:suppress-n", "custom:suppress-n=",
                                        "custom:suppress-n=x", "custom:suppress-n=-1", "custom:suppress-n=nan",
                                        "custom:suppress-n=3,suppress-n=4", "custom:suppress-n=3,", "custom", "DHS", "all"};
    est_i_reliability profile;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        est_error error = {0};
        assert_int_equal(est_i_reliability_find(wrong[i], 10, &profile, &error), EST_EOPTION);
        assert_true(strlen(error.message) > 0);
    }
}

/* ---- a survey of areas ---- */

#define N_AREAS 5

static const char *const areas[N_AREAS] = {"coast", "hills", "lake", "town", "forest"};

typedef struct sample {
    double n[N_AREAS], weight[N_AREAS], mean[N_AREAS], se;
    bool is_public;
} sample;

static const sample usual = {
    {12, 40, 300, 500, 700}, {1300, 4100, 29000, 55000, 72000}, {0.31, 0.42, 0.53, 0.61, 0.27}, 0.02, false};

static void add_row(est_i_result_builder *builder, const char *estimand, const sample *s, size_t area)
{
    const est_label label = {"area", area < N_AREAS ? areas[area] : ""};
    bool total = strncmp(estimand, "total", 5) == 0;
    est_row row = est_i_row_empty(estimand);
    double n = 0, weight = 0, sum = 0;
    for (size_t i = 0; i < N_AREAS; i++) {
        if (area < N_AREAS && i != area)
            continue;
        n += s->n[i];
        weight += s->weight[i];
        sum += s->weight[i] * s->mean[i];
    }
    row.n_domain = area < N_AREAS;
    row.domain = &label;
    row.estimate = total ? sum : sum / weight;
    row.se = total ? s->se * weight : s->se;
    row.lower = row.estimate - 2 * row.se;
    row.upper = row.estimate + 2 * row.se;
    row.level = 0.95;
    row.interval = "t";
    row.df = 40;
    row.n = n;
    row.n_weighted = weight;
    row.cv = row.se / row.estimate;
    row.deft = 1.3;
    row.deff = 1.69;
    row.effective_n = n / 1.69;
    row.numerator = total ? NAN : round(n * row.estimate) + 1;
    est_i_result_add_row(builder, &row);
}

static void add_difference(est_i_result_builder *builder, const sample *s, size_t a, size_t b)
{
    char pair[64];
    const est_label label = {"area", pair};
    est_row row = est_i_row_empty("difference(proportion(worked=1))");
    snprintf(pair, sizeof pair, "%s - %s", areas[a], areas[b]);
    row.n_domain = 1;
    row.domain = &label;
    row.estimate = s->mean[a] - s->mean[b];
    row.se = s->se;
    est_i_result_add_row(builder, &row);
}

/* As the method writes it: the cases of both in n. */
static void add_contrast(est_i_result_builder *builder, const sample *s, const char *estimand, size_t a, size_t b)
{
    char pair[64];
    const est_label label = {"contrast", pair};
    est_row row = est_i_row_empty(estimand);
    snprintf(pair, sizeof pair, "area=%s - area=%s", areas[a], areas[b]);
    row.n_domain = 1;
    row.domain = &label;
    row.estimate = 100;
    row.se = 1;
    row.n = s->n[a] + s->n[b];
    est_i_result_add_row(builder, &row);
}

/* Without roles, and all the same not to tell n: every number of the row. */
static void add_plain_frame(est_i_result_builder *builder)
{
    static const char *const columns[] = {"area", "a", "b", "c", "d", "e", "f", "g"};
    est_i_result_frame(builder, "plain", "Plain", 8, columns, NULL, 0);
    for (size_t i = 0; i <= N_AREAS; i++) {
        const est_row *row = est_result_row(est_i_result_so_far(builder), i);
        est_i_result_frame_about(builder, i);
        est_i_result_cell_text(builder, i ? areas[i - 1] : "all");
        est_i_result_cell(builder, row->estimate);
        est_i_result_cell(builder, row->n);
        est_i_result_cell(builder, row->n_weighted);
        est_i_result_cell(builder, row->deff);
        est_i_result_cell(builder, row->deft);
        est_i_result_cell(builder, row->effective_n);
        est_i_result_cell(builder, row->numerator);
    }
}

static void add_chart(est_i_result_builder *builder, const sample *s)
{
    size_t about[N_AREAS];
    double lower[N_AREAS], upper[N_AREAS];
    est_series series = {.name = "worked", .kind = EST_SERIES_LINE, .role = EST_ROLE_PLAIN, .value = s->mean, .lower = lower,
                         .upper = upper};
    est_chart chart = {.name = "forest", .title = "Worked", .subtitle = "", .x_title = "", .y_title = "Area", .alternative = "0.31",
                       .n_categories = N_AREAS, .categories = areas, .n_series = 1, .series = &series, .kind = EST_CHART_FOREST,
                       .reference = NAN, .about = about};
    for (size_t i = 0; i < N_AREAS; i++) {
        about[i] = 1 + i;
        lower[i] = s->mean[i] - 0.04;
        upper[i] = s->mean[i] + 0.04;
    }
    est_i_result_add_chart(builder, &chart);
}

static est_result *survey_of(const sample *s)
{
    static const char *const columns[] = {"stratum", "rows"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT};
    est_i_result_builder *builder = est_i_result_begin("survey", "Survey");
    est_result *result = NULL;
    est_error error = {0};
    est_i_result_profile(builder, "dhs");
    add_row(builder, "proportion(worked=1)", s, N_AREAS);
    for (size_t i = 0; i < N_AREAS; i++)
        add_row(builder, "proportion(worked=1)", s, i);
    add_row(builder, "total(worked)", s, N_AREAS);
    for (size_t i = 0; i < N_AREAS; i++)
        add_row(builder, "total(worked)", s, i);
    add_difference(builder, s, 0, 3);
    add_difference(builder, s, 2, 3);
    add_contrast(builder, s, "contrast(proportion(worked=1))", 1, 3);
    add_contrast(builder, s, "contrast(total(worked))", 1, 3);
    add_contrast(builder, s, "contrast(total(worked))", 2, 3);
    est_i_result_sampling_errors(builder);
    est_i_result_frame(builder, "missing", "Missing", 2, columns, roles, SIZE_MAX);
    for (size_t i = 0; i < 3; i++) {
        est_i_result_cell_text(builder, areas[i]);
        est_i_result_cell(builder, i == 0 ? 4 : 100.0 * (double)(i + 1));
    }
    add_plain_frame(builder);
    add_chart(builder, s);
    est_i_result_note_public(builder, NULL, EST_NOTE, "smallest", "some areas are small", "coast has %d cases", 12);
    est_i_result_note_public(builder, NULL, EST_NOTE, "gone", "", "coast has %d cases", 12);
    est_i_result_note(builder, NULL, EST_NOTE, "kept", "weights are used");
    est_i_result_add_provenance(builder, "data", "secret.csv", true);
    est_i_result_mark(builder, s->is_public, false, false);
    assert_int_equal(est_i_result_finish(builder, &result, &error), EST_OK);
    return result;
}

static est_result *publish(const sample *s, const char *profile, int internal)
{
    est_suppression request = est_suppression_default();
    est_result *result = survey_of(s), *published = NULL;
    est_error error = {0};
    if (profile)
        request.profile = profile;
    request.internal = internal;
    assert_int_equal(est_result_suppress(result, &request, &published, &error), EST_OK);
    est_result_free(result);
    return published;
}

static const est_note *note_of(const est_result *result, const char *code)
{
    const est_note *found = NULL;
    for (size_t i = 0; i < est_result_notes(result) && !found; i++)
        if (strcmp(est_result_note(result, i)->code, code) == 0)
            found = est_result_note(result, i);
    return found;
}

static void test_private_default(void **state)
{
    est_result *result = publish(&usual, NULL, 0);
    const est_row *coast = est_result_find(result, "proportion(worked=1)", "area", "coast");
    const est_row *hills = est_result_find(result, "proportion(worked=1)", "area", "hills");
    const est_row *lake = est_result_find(result, "proportion(worked=1)", "area", "lake");
    const est_row *whole = est_result_row(result, 0);
    (void)state;
    assert_string_equal(coast->mark, "*");
    assert_true(isnan(coast->estimate) && isnan(coast->se) && isnan(coast->lower) && isnan(coast->upper) && isnan(coast->cv));
    assert_true(isnan(coast->n) && isnan(coast->n_weighted) && isnan(coast->numerator) && isnan(coast->deff));
    assert_true(has(coast, EST_FLAG_SUPPRESSED) && has(coast, EST_FLAG_FEW_CASES) && has(coast, EST_FLAG_UNRELIABLE));
    assert_string_equal(hills->mark, "x"); /* the smallest of the others goes beside it */
    assert_true(isnan(hills->estimate) && isnan(hills->se) && isnan(hills->lower) && isnan(hills->upper) && isnan(hills->df));
    assert_true(isnan(hills->n) && isnan(hills->n_weighted) && isnan(hills->deft) && isnan(hills->effective_n));
    assert_true(has(hills, EST_FLAG_SUPPRESSED));
    assert_true(lake->n == 300 && lake->n_weighted == 29000 && lake->deft == 1.3);
    assert_string_equal(lake->mark, "");
    assert_true(whole->n == 1552 && !isnan(whole->estimate));
    assert_true(isnan(est_result_find(result, "total(worked)", "area", "coast")->estimate));
    assert_true(isnan(est_result_find(result, "total(worked)", "area", "hills")->estimate));
    assert_string_equal(est_result_find(result, "total(worked)", "area", "hills")->mark, "x");
    assert_true(!isnan(est_result_find(result, "total(worked)", "area", "lake")->estimate));
    assert_true(isnan(est_result_row(result, 12)->estimate)); /* coast - town */
    assert_string_equal(est_result_row(result, 12)->mark, "x");
    assert_true(!isnan(est_result_row(result, 13)->estimate)); /* lake - town */
    assert_true(isnan(est_result_row(result, 14)->estimate) && isnan(est_result_row(result, 14)->n)); /* hills - town */
    assert_true(isnan(est_result_row(result, 15)->estimate) && isnan(est_result_row(result, 15)->n)); /* their totals */
    assert_true(!isnan(est_result_row(result, 16)->estimate) && est_result_row(result, 16)->n == 800); /* lake - town */
    est_result_free(result);
}

static void test_frames_charts_and_notes(void **state)
{
    est_result *result = publish(&usual, NULL, 0);
    const est_frame *errors = est_result_frame_find(result, "sampling_errors"), *missing = est_result_frame_find(result, "missing");
    const est_frame *plain = est_result_frame_find(result, "plain");
    const est_chart *chart = est_result_chart(result, 0);
    const est_cell *coast = &errors->cells[errors->n_columns], *hills = coast + errors->n_columns;
    const est_cell *lake = hills + errors->n_columns;
    (void)state;
    assert_int_equal(errors->n_columns, 10); /* estimand, area, R, SE, N, WN, DEFT, SE/R, R-2SE, R+2SE */
    assert_int_equal(errors->n_rows, 6);
    assert_string_equal(coast[1].text, "coast");
    for (size_t j = 2; j < 10; j++)
        assert_non_null(coast[j].text);
    for (size_t j = 2; j < 10; j++)
        assert_non_null(hills[j].text);
    assert_true(lake[4].number == 300 && lake[5].number == 29000 && lake[8].number == 0.53 - 0.04);
    assert_non_null(missing->cells[1].text); /* 4, and the smaller of the others */
    assert_non_null(missing->cells[3].text);
    assert_null(missing->cells[5].text);
    for (size_t j = 1; j < 8; j++) {
        assert_non_null(plain->cells[2 * 8 + j].text); /* hills */
        assert_null(plain->cells[3 * 8 + j].text);     /* lake */
    }
    assert_true(isnan(chart->series[0].value[0]) && isnan(chart->series[0].lower[0]) && isnan(chart->series[0].upper[0]));
    assert_true(isnan(chart->series[0].value[1]) && chart->series[0].value[2] == 0.53);
    assert_null(strstr(chart->alternative, "0.31"));
    assert_string_equal(note_of(result, "smallest")->message, "some areas are small");
    assert_null(note_of(result, "gone"));
    assert_non_null(note_of(result, "kept"));
    assert_non_null(note_of(result, "suppressed"));
    assert_int_equal(est_result_provenances(result), 0);
    est_result_free(result);
}

/* The mean of the whole less those of all others but one, times their sums of weights, leaves the two that are withheld alone. */
static void test_nothing_to_subtract(void **state)
{
    sample s = usual;
    (void)state;
    for (size_t small = 0; small < N_AREAS; small++) {
        size_t withheld = 0;
        for (size_t i = 0; i < N_AREAS; i++)
            s.n[i] = i == small ? 24 : usual.n[i] + 60;
        est_result *result = publish(&s, NULL, 0);
        for (size_t i = 0; i < N_AREAS; i++) {
            const est_row *mean = est_result_find(result, "proportion(worked=1)", "area", areas[i]);
            const est_row *total = est_result_find(result, "total(worked)", "area", areas[i]);
            bool none = isnan(mean->estimate) && isnan(mean->n) && isnan(mean->n_weighted) && isnan(total->estimate);
            withheld += none;
            assert_true(none == (isnan(mean->estimate) != 0));
            assert_true(none || i != small);
        }
        assert_int_equal(withheld, 2);
        est_result_free(result);
    }
}

/* ---- what stands on few without being of a domain ---- */

static est_result *publish_rows(const est_row *rows, size_t n, void (*add_frames)(est_i_result_builder *), const char *profile)
{
    est_i_result_builder *builder = est_i_result_begin("survey", "Survey");
    est_result *result = NULL, *published = NULL;
    est_suppression request = est_suppression_default();
    est_error error = {0};
    request.profile = profile;
    est_i_result_profile(builder, "dhs");
    for (size_t i = 0; i < n; i++)
        est_i_result_add_row(builder, &rows[i]);
    if (add_frames)
        add_frames(builder);
    assert_int_equal(est_i_result_finish(builder, &result, &error), EST_OK);
    assert_int_equal(est_result_suppress(result, &request, &published, &error), EST_OK);
    est_result_free(result);
    return published;
}

static est_row row_of(const char *estimand, double n, double fewest)
{
    est_row row = est_i_row_empty(estimand);
    row.estimate = 2.5;
    row.se = 0.5;
    row.n = n;
    row.n_weighted = 100 * n;
    row.fewest = fewest;
    return row;
}

static void add_covariances(est_i_result_builder *builder)
{
    static const char *const columns[] = {"estimate", "1", "2", "3"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT};
    est_i_result_frame(builder, "covariance", "Covariance", 4, columns, roles, 0);
    for (size_t i = 0; i < 3; i++) {
        est_i_result_frame_about(builder, i);
        est_i_result_cell_text(builder, "mean(hours)");
        for (size_t j = 0; j < 3; j++)
            est_i_result_cell(builder, 1 + (double)(i + j));
    }
}

/* A coefficient of a level with few cases is their mean. With it goes the whole regression: the others tell it. */
static void test_rare_levels(void **state)
{
    const est_row rows[] = {row_of("coefficient((intercept))", 600, 24), row_of("coefficient(area=coast)", 600, 24),
                            row_of("mean(hours)", 600, NAN)};
    est_result *result = publish_rows(rows, 3, add_covariances, "default");
    const est_frame *frame = est_result_frame(result, 0);
    (void)state;
    assert_true(isnan(est_result_row(result, 0)->estimate) && isnan(est_result_row(result, 1)->se));
    assert_string_equal(est_result_row(result, 1)->mark, "x");
    assert_true(est_result_row(result, 0)->n == 600 && has(est_result_row(result, 1), EST_FLAG_SUPPRESSED));
    assert_true(est_result_row(result, 2)->estimate == 2.5);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 1; j < 4; j++)
            assert_true((frame->cells[i * 4 + j].text == NULL) == (i == 2 && j == 3));
    assert_non_null(strstr(note_of(result, "suppressed")->message, "Joining rare levels"));
    est_result_free(result);
    result = publish_rows(rows, 3, add_covariances, "counts"); /* 24 >= 10 */
    assert_true(est_result_row(result, 0)->estimate == 2.5 && est_result_row(result, 1)->se == 0.5);
    assert_null(est_result_frame(result, 0)->cells[1].text);
    est_result_free(result);
}

/* Below the tenth decile of 99 cases stand 9: one of them is nearly the smallest value. A median needs no more than others do. */
static void test_quantiles(void **state)
{
    const est_row rows[] = {row_of("quantile(hours,0.1)", 99, 9), row_of("quantile(hours,0.5)", 99, 49),
                            row_of("quantile(hours,0.2)", 99, 19)};
    est_result *result = publish_rows(rows, 3, NULL, "default");
    (void)state;
    assert_true(isnan(est_result_row(result, 0)->estimate) && isnan(est_result_row(result, 0)->lower));
    assert_true(est_result_row(result, 1)->estimate == 2.5 && est_result_row(result, 2)->estimate == 2.5);
    est_result_free(result);
}

static void add_crossing(est_i_result_builder *builder)
{
    static const char *const test_columns[] = {"test", "statistic", "df1", "p"};
    static const est_column_role test_roles[] = {EST_ROLE_PLAIN, EST_ROLE_FIT, EST_ROLE_PLAIN, EST_ROLE_FIT};
    static const char *const columns[] = {"cell", "proportion", "cases"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_FIT, EST_ROLE_COUNT};
    static const double cases[] = {40, 300, 24, 236};
    est_i_result_frame(builder, "tests", "Tests", 4, test_columns, test_roles, 0);
    est_i_result_frame_fewest(builder, 24);
    est_i_result_cell_text(builder, "pearson");
    est_i_result_cell(builder, 3.75);
    est_i_result_cell(builder, 1);
    est_i_result_cell(builder, 0.05);
    est_i_result_frame(builder, "table", "Table", 3, columns, roles, 0);
    for (size_t i = 0; i < 4; i++) {
        est_i_result_cell_text(builder, areas[i]);
        est_i_result_cell(builder, cases[i] / 600);
        est_i_result_cell(builder, cases[i]);
    }
}

/* The share of a cell is its count in other words, and a test is one equation for the cells that are withheld. */
static void test_tables(void **state)
{
    const est_row rows[] = {row_of("mean(hours)", 600, NAN)};
    est_result *result = publish_rows(rows, 1, add_crossing, "default");
    const est_frame *tests = est_result_frame(result, 0), *table = est_result_frame(result, 1);
    (void)state;
    assert_non_null(tests->cells[1].text);
    assert_true(tests->cells[2].number == 1 && tests->cells[3].text);
    for (size_t i = 0; i < 4; i++) {
        bool withheld = i == 0 || i == 2;
        assert_true((table->cells[i * 3 + 1].text != NULL) == withheld && (table->cells[i * 3 + 2].text != NULL) == withheld);
    }
    est_result_free(result);
}

static void add_known_totals(est_i_result_builder *builder)
{
    static const char *const columns[] = {"margin", "known", "before"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_ESTIMATE};
    static const char *const margins[] = {"area=coast", "area=hills", "area=lake", "sex=f"};
    est_i_result_add_stat(builder, "largest_factor", 1.6, false);
    est_i_result_frame(builder, "margins", "Margins", 3, columns, roles, 0);
    for (size_t i = 0; i < 4; i++) {
        est_i_result_cell_text(builder, margins[i]);
        est_i_result_cell(builder, 1000);
        est_i_result_cell(builder, 900);
    }
}

/* What a domain weighed before calibration, and the factor that says so. */
static void test_known_totals(void **state)
{
    static const double n[] = {364, 24, 40, 300};
    est_label labels[4];
    est_row rows[4];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        labels[i] = (est_label){"area", i ? areas[i - 1] : ""};
        rows[i] = row_of("mean(hours)", n[i], NAN);
        rows[i].n_domain = i > 0;
        rows[i].domain = &labels[i];
    }
    est_result *result = publish_rows(rows, 4, add_known_totals, "default");
    const est_frame *margins = est_result_frame(result, 0);
    assert_true(margins->cells[2].text && margins->cells[5].text && !margins->cells[8].text && !margins->cells[11].text);
    assert_true(margins->cells[1].number == 1000);
    assert_true(isnan(est_result_stat_value(result, "largest_factor")));
    est_result_free(result);
    rows[1].n = 25;
    result = publish_rows(rows, 4, add_known_totals, "default");
    assert_true(est_result_frame(result, 0)->cells[2].number == 900 && est_result_stat_value(result, "largest_factor") == 1.6);
    est_result_free(result);
}

/* Thousands of domains, some of two labels: no time that grows with their square. */
static void test_many_domains(void **state)
{
    enum { many = 30000 };
    static char names[many][8];
    est_label *labels = calloc(2 * many, sizeof *labels);
    est_row *rows = calloc(many + 1, sizeof *rows);
    (void)state;
    assert_non_null(labels);
    assert_non_null(rows);
    rows[0] = row_of("mean(hours)", 0, NAN);
    for (size_t i = 0; i < many; i++) {
        snprintf(names[i], sizeof names[i], "%zu", i / 2);
        labels[2 * i] = (est_label){"ward", names[i]};
        labels[2 * i + 1] = (est_label){"sex", i % 2 ? "m" : "f"};
        rows[i + 1] = row_of("mean(hours)", i == 7 ? 3 : 100 + (double)(i * 7919 % 30011), NAN);
        rows[i + 1].n_domain = 2;
        rows[i + 1].domain = &labels[2 * i];
        rows[0].n += rows[i + 1].n;
    }
    est_result *result = publish_rows(rows, many + 1, NULL, "default");
    size_t withheld = 0, men = 0;
    for (size_t i = 0; i <= many; i++) {
        bool hidden = isnan(est_result_row(result, i)->n);
        withheld += hidden;
        men += hidden && est_result_row(result, i)->domain[1].value[0] == 'm';
    }
    assert_true(isnan(est_result_row(result, 8)->n) && isnan(est_result_row(result, 7)->n)); /* the man of the ward, and the woman */
    assert_in_range(withheld, 4, 12); /* and pairs elsewhere, for both sexes add up */
    assert_true(withheld == 2 * men);
    est_result_free(result);
    free(labels);
    free(rows);
}

static void test_public(void **state)
{
    sample s = usual;
    est_result *result;
    const est_row *coast;
    (void)state;
    s.is_public = true;
    result = publish(&s, NULL, 0);
    coast = est_result_find(result, "proportion(worked=1)", "area", "coast");
    assert_true(coast->estimate == 0.31 && coast->n == 12 && coast->numerator > 0);
    assert_string_equal(coast->mark, "*");
    assert_true(has(coast, EST_FLAG_UNRELIABLE) && !has(coast, EST_FLAG_SUPPRESSED));
    assert_null(note_of(result, "suppressed"));
    assert_string_equal(note_of(result, "smallest")->message, "coast has 12 cases");
    est_result_free(result);
    result = publish(&s, "dhs", 0);
    coast = est_result_find(result, "proportion(worked=1)", "area", "coast");
    assert_true(isnan(coast->estimate) && isnan(coast->numerator) && coast->n == 12); /* as agencies print it */
    assert_true(est_result_find(result, "proportion(worked=1)", "area", "hills")->n == 40);
    assert_non_null(note_of(result, "suppressed"));
    est_result_free(result);
    result = publish(&s, "none", 0);
    coast = est_result_find(result, "proportion(worked=1)", "area", "coast");
    assert_true(coast->estimate == 0.31 && coast->flags == 0);
    assert_string_equal(coast->mark, "");
    est_result_free(result);
}

static void test_internal(void **state)
{
    est_result *result = publish(&usual, "dhs", 1);
    const est_row *coast = est_result_find(result, "proportion(worked=1)", "area", "coast");
    (void)state;
    assert_true(est_result_is_internal(result));
    assert_true(coast->estimate == 0.31 && coast->n == 12);
    assert_string_equal(coast->mark, "*");
    est_result_free(result);
}

/* A profile of precision alone does not lift the threshold of private data, nor does "counts" ask for more than it. */
static void test_threshold(void **state)
{
    sample s = usual;
    est_result *result = publish(&s, "counts", 0);
    (void)state;
    assert_true(!isnan(est_result_find(result, "proportion(worked=1)", "area", "coast")->estimate)); /* 12 >= 10 */
    assert_non_null(note_of(result, "published") ? note_of(result, "published") : note_of(result, "suppressed"));
    est_result_free(result);
    s.n[0] = 9;
    result = publish(&s, "counts", 0);
    assert_true(isnan(est_result_find(result, "proportion(worked=1)", "area", "coast")->estimate));
    est_result_free(result);
    result = publish(&s, "custom:caution-cv=5", 0);
    assert_true(isnan(est_result_find(result, "proportion(worked=1)", "area", "coast")->estimate));
    assert_string_equal(est_result_find(result, "proportion(worked=1)", "area", "coast")->mark, "x");
    est_result_free(result);
    s.is_public = true;
    result = publish(&s, "custom:caution-cv=5", 0);
    assert_true(est_result_find(result, "proportion(worked=1)", "area", "coast")->estimate == 0.31);
    assert_string_equal(est_result_find(result, "proportion(worked=1)", "area", "coast")->mark, "");
    est_result_free(result);
}

/* Too imprecise, but of many cases: nobody's secret, and n is shown. */
static void test_imprecise(void **state)
{
    sample s = usual;
    (void)state;
    for (size_t i = 0; i < N_AREAS; i++)
        s.n[i] = 1000;
    s.se = 0.1;
    est_result *result = publish(&s, "statcan", 0);
    const est_row *forest = est_result_find(result, "proportion(worked=1)", "area", "forest");
    assert_true(isnan(forest->estimate) && forest->n == 1000 && forest->n_weighted == 72000);
    assert_string_equal(forest->mark, "F");
    assert_string_equal(est_result_find(result, "proportion(worked=1)", "area", "town")->mark, ""); /* 0.1 / 0.61 = 0.164 */
    assert_string_equal(est_result_find(result, "proportion(worked=1)", "area", "hills")->mark, "E");
    assert_true(!isnan(est_result_find(result, "proportion(worked=1)", "area", "hills")->n));
    est_result_free(result);
}

/* ---- two labels: every line of the crossing needs a second withheld domain ---- */

#define N_SEXES 2

static est_result *crossing(const double n[N_AREAS][N_SEXES], bool margins)
{
    static const char *const sexes[N_SEXES] = {"F", "M"};
    est_i_result_builder *builder = est_i_result_begin("survey", "Survey");
    est_result *result = NULL, *published = NULL;
    est_error error = {0};
    est_i_result_profile(builder, "dhs");
    for (size_t i = 0; i <= N_AREAS; i++)
        for (size_t j = 0; j <= N_SEXES; j++) {
            est_label labels[2];
            est_row row = est_i_row_empty("mean(hours)");
            if (i < N_AREAS)
                labels[row.n_domain++] = (est_label){"area", areas[i]};
            if (j < N_SEXES)
                labels[row.n_domain++] = (est_label){"sex", sexes[j]};
            if (row.n_domain == 1 && !margins)
                continue;
            row.domain = labels;
            row.n = row.n_weighted = 0;
            for (size_t a = 0; a < N_AREAS; a++)
                for (size_t b = 0; b < N_SEXES; b++)
                    if ((i == N_AREAS || i == a) && (j == N_SEXES || j == b)) {
                        row.n += n[a][b];
                        row.n_weighted += n[a][b] * (100 + (double)a + 7 * (double)b);
                    }
            row.estimate = 20 + (double)(i * 3 + j);
            row.se = 1;
            est_i_result_add_row(builder, &row);
        }
    assert_int_equal(est_i_result_finish(builder, &result, &error), EST_OK);
    assert_int_equal(est_result_suppress(result, NULL, &published, &error), EST_OK);
    est_result_free(result);
    return published;
}

static void test_crossing(void **state)
{
    static const double n[N_AREAS][N_SEXES] = {{20, 60}, {90, 70}, {300, 320}, {500, 480}, {700, 650}};
    (void)state;
    for (int margins = 0; margins < 2; margins++) {
        est_result *result = crossing(n, margins);
        size_t hidden[N_AREAS] = {0}, by_sex[N_SEXES] = {0}, stars = 0;
        for (size_t r = 0; r < est_result_rows(result); r++) {
            const est_row *row = est_result_row(result, r);
            stars += strcmp(row->mark, "*") == 0 ? 1 : 0;
            for (size_t i = 0; i < N_AREAS && row->n_domain == 2; i++)
                hidden[i] += strcmp(row->domain[0].value, areas[i]) == 0 && isnan(row->n_weighted) ? 1 : 0;
            if (row->n_domain == 2)
                by_sex[row->domain[1].value[0] == 'M'] += isnan(row->n_weighted) ? 1 : 0;
            if (row->n_domain == 1)
                assert_true(!isnan(row->n) || !isnan(row->estimate));
        }
        assert_int_equal(stars, 1);
        for (size_t i = 0; i < N_AREAS; i++)
            assert_int_not_equal(hidden[i], 1);
        assert_true(by_sex[0] >= 2 && by_sex[1] >= 2);
        est_result_free(result);
    }
}

/* Beside the margin of the coast goes that of the hills, the smallest, and beside its cells others: yet those of the hills must not
 * add up to their margin. */
static void test_margin_of_cells(void **state)
{
    static const double n[N_AREAS][N_SEXES] = {{11, 12}, {80, 80}, {70, 320}, {500, 60}, {700, 650}};
    est_result *result = crossing(n, true);
    size_t hidden_areas = 0;
    (void)state;
    for (size_t i = 0; i < N_AREAS; i++) {
        size_t shown = 0;
        const est_row *margin = NULL;
        for (size_t r = 0; r < est_result_rows(result); r++) {
            const est_row *row = est_result_row(result, r);
            if (row->n_domain == 0 || strcmp(row->domain[0].value, areas[i]) != 0)
                continue;
            if (row->n_domain == 1)
                margin = row;
            else
                shown += isnan(row->n) ? 0 : 1;
        }
        hidden_areas += isnan(margin->n) ? 1 : 0;
        if (isnan(margin->n))
            assert_true(shown < 2); /* else they add up to it */
    }
    assert_true(hidden_areas >= 2);
    est_result_free(result);
}

/* ---- requests ---- */

static void test_requests(void **state)
{
    est_result *survey = survey_of(&usual), *lists = NULL, *published = NULL;
    est_i_result_builder *builder = est_i_result_begin("mse", "Lists");
    est_suppression request = est_suppression_default();
    est_error error = {0};
    (void)state;
    assert_string_equal(request.profile, "default");
    assert_int_equal(est_i_result_finish(builder, &lists, &error), EST_OK);
    request.profile = "dhs";
    assert_int_equal(est_result_suppress(lists, &request, &published, &error), EST_EOPTION);
    assert_null(published);
    request.profile = "none";
    assert_int_equal(est_result_suppress(survey, &request, &published, &error), EST_EOPTION);
    request.profile = "stat-can";
    assert_int_equal(est_result_suppress(survey, &request, &published, &error), EST_EOPTION);
    request.profile = "";
    assert_int_equal(est_result_suppress(lists, &request, &published, &error), EST_OK);
    est_result_free(published);
    request.profile = NULL;
    assert_int_equal(est_result_suppress(survey, &request, &published, &error), EST_EOPTION);
    request.profile = "default";
    request.threshold = 2;
    assert_int_equal(est_result_suppress(survey, &request, &published, &error), EST_EOPTION);
    request.threshold = 30;
    assert_int_equal(est_result_suppress(survey, &request, &published, &error), EST_OK);
    est_result_free(published);
    est_result_free(survey);
    est_result_free(lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dhs_and_mics),       cmocka_unit_test(test_nchs_in_its_order),
        cmocka_unit_test(test_nchs_totals),        cmocka_unit_test(test_statcan),
        cmocka_unit_test(test_custom),             cmocka_unit_test(test_custom_errors),
        cmocka_unit_test(test_private_default),    cmocka_unit_test(test_frames_charts_and_notes),
        cmocka_unit_test(test_nothing_to_subtract), cmocka_unit_test(test_rare_levels),
        cmocka_unit_test(test_quantiles),          cmocka_unit_test(test_tables),
        cmocka_unit_test(test_known_totals),       cmocka_unit_test(test_many_domains),
        cmocka_unit_test(test_public),             cmocka_unit_test(test_internal),
        cmocka_unit_test(test_threshold),          cmocka_unit_test(test_imprecise),
        cmocka_unit_test(test_crossing),           cmocka_unit_test(test_margin_of_cells),
        cmocka_unit_test(test_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
