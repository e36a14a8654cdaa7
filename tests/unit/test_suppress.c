/* Disclosure control: what is withheld, what is left as it was, and an attack that tries to solve back what
 * is hidden. */
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

#include "core/result.h"

#define N_PERIODS 5
#define N_LISTS 3
#define N_HISTORIES 7

static const char *const periods[N_PERIODS] = {"1995-1999", "2000-2004", "2005-2009", "2010-2014",
                                               "2015-2019"};
static const char *const lists[N_LISTS] = {"GO", "NG", "PF"};
static const char *const histories[N_HISTORIES + 1] = {"",   "GO",    "NG",    "GO:NG",
                                                       "PF", "GO:PF", "NG:PF", "GO:NG:PF"};

/* Persons by period and history (bit j = list j). The second period has 6 persons, the others enough in all,
 * but small cells: all three pairs of lists in the third, so that three list totals and the total would give
 * them back. */
static const double sample[N_PERIODS][N_HISTORIES + 1] = {
    {0, 120, 80, 21, 60, 30, 17, 12},   {0, 3, 2, 0, 1, 0, 0, 0},   {0, 100, 80, 5, 60, 3, 7, 2},
    {0, 300, 200, 40, 150, 35, 28, 11}, {0, 16, 11, 0, 4, 1, 0, 0},
};

typedef struct population {
    const double (*counts)[N_HISTORIES + 1];
} population;

static double n_of(const population *people, size_t period)
{
    double n = 0;
    for (size_t w = 1; w <= N_HISTORIES; w++)
        n += people->counts[period][w];
    return n;
}

static double on_list(const population *people, size_t period, size_t list)
{
    double n = 0;
    for (size_t w = 1; w <= N_HISTORIES; w++)
        n += (w >> list & 1) ? people->counts[period][w] : 0;
    return n;
}

static double total_of(const population *people)
{
    double n = 0;
    for (size_t p = 0; p < N_PERIODS; p++)
        n += n_of(people, p);
    return n;
}

/* An estimate that is no whole number, as a model would give it. */
static double estimate_of(const population *people, size_t period)
{
    return n_of(people, period) * 9.37 + 3.141;
}

#define PEOPLE_OF_PERIOD 4000000.0

static void add_row(est_i_result_builder *builder, const char *estimand, size_t period, const char *model,
                    double estimate, double half, double n)
{
    est_label label = {"period", periods[period]};
    est_row row = est_i_row_empty(estimand);
    row.n_domain = 1;
    row.domain = &label;
    row.model = model;
    row.estimate = estimate;
    row.se = half / 2;
    row.lower = estimate - half;
    row.upper = estimate + half;
    row.level = 0.95;
    row.n = n;
    est_i_result_add_row(builder, &row);
}

static void add_ratio(est_i_result_builder *builder, const population *people, size_t period, size_t baseline)
{
    est_label labels[] = {{"period", periods[period]}, {"baseline", periods[baseline]}};
    est_row row = est_i_row_empty("ratio");
    row.n_domain = 2;
    row.domain = labels;
    row.model = "M1";
    row.estimate = estimate_of(people, period) / estimate_of(people, baseline);
    row.lower = row.estimate * 0.7;
    row.upper = row.estimate * 1.3;
    est_i_result_add_row(builder, &row);
}

static void add_rows(est_i_result_builder *builder, const population *people)
{
    for (size_t p = 0; p < N_PERIODS; p++) {
        double n = n_of(people, p), all = estimate_of(people, p);
        add_row(builder, "observed", p, "", n, 0, n);
        add_row(builder, "seen", p, "", n + 2, 0, NAN);
        add_row(builder, "population", p, "M1", all, all / 4, n);
        add_row(builder, "unobserved", p, "M1", all - n, all / 4, n);
        add_row(builder, "coverage", p, "M1", n / all, n / all / 4, NAN);
        add_row(builder, "rate_per_100000", p, "M1", all / PEOPLE_OF_PERIOD * 1e5,
                all / PEOPLE_OF_PERIOD * 2e4, NAN);
    }
    add_ratio(builder, people, 1, 0);
    add_ratio(builder, people, 3, 0);
}

static void add_period_frame(est_i_result_builder *builder, const population *people)
{
    static const char *const columns[] = {"period",     "midpoint",   "observed", "seen",
                                          "population", "unobserved", "coverage"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN,    EST_ROLE_COUNT,
                                            EST_ROLE_COUNT, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE,
                                            EST_ROLE_PLAIN};
    est_i_result_frame(builder, "periods", "Periods", 7, columns, roles, SIZE_MAX);
    for (size_t p = 0; p < N_PERIODS; p++) {
        double n = n_of(people, p), all = estimate_of(people, p);
        est_i_result_cell_text(builder, periods[p]);
        est_i_result_cell(builder, 1997.5 + 5 * (double)p);
        est_i_result_cell(builder, n);
        est_i_result_cell(builder, n + 2);
        est_i_result_cell(builder, all);
        est_i_result_cell(builder, all - n);
        est_i_result_cell(builder, n / all);
    }
}

static void add_history_frame(est_i_result_builder *builder, const population *people)
{
    static const char *const columns[] = {"period", "history", "count", "fitted"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT,
                                            EST_ROLE_ESTIMATE};
    est_i_result_frame(builder, "histories", "Histories", 4, columns, roles, SIZE_MAX);
    for (size_t p = 0; p < N_PERIODS; p++) {
        for (size_t w = 1; w <= N_HISTORIES; w++) {
            est_i_result_cell_text(builder, periods[p]);
            est_i_result_cell_text(builder, histories[w]);
            est_i_result_cell(builder, people->counts[p][w]);
            est_i_result_cell(builder, people->counts[p][w] * 1.01 + 0.3);
        }
    }
}

static void add_list_frame(est_i_result_builder *builder, const population *people)
{
    const char *columns[N_PERIODS + 1] = {"list"};
    est_column_role roles[N_PERIODS + 1] = {EST_ROLE_PLAIN};
    for (size_t p = 0; p < N_PERIODS; p++) {
        columns[p + 1] = periods[p];
        roles[p + 1] = EST_ROLE_COUNT;
    }
    est_i_result_frame(builder, "lists", "Persons on each list", N_PERIODS + 1, columns, roles, SIZE_MAX);
    for (size_t j = 0; j < N_LISTS; j++) {
        est_i_result_cell_text(builder, lists[j]);
        for (size_t p = 0; p < N_PERIODS; p++)
            est_i_result_cell(builder, on_list(people, p, j));
    }
}

static void add_charts(est_i_result_builder *builder, const population *people)
{
    double seen[N_PERIODS], all[N_PERIODS], lower[N_PERIODS], upper[N_PERIODS];
    for (size_t p = 0; p < N_PERIODS; p++) {
        seen[p] = n_of(people, p);
        all[p] = estimate_of(people, p);
        lower[p] = all[p] * 0.75;
        upper[p] = p == 1 ? INFINITY : all[p] * 1.25;
    }
    est_series series[] = {{"M1", EST_SERIES_BAND, EST_ROLE_ESTIMATE, all, lower, upper},
                           {"observed", EST_SERIES_LINE, EST_ROLE_COUNT, seen, NULL, NULL}};
    est_chart chart = {.name = "trend", .title = "Trend", .subtitle = "2000-2004 stands on 6 persons",
                       .x_title = "period", .y_title = "people",
                       .alternative = "1995-1999: 340; 2000-2004: 6", .n_categories = N_PERIODS,
                       .categories = periods, .n_series = 2, .series = series};
    est_i_result_add_chart(builder, &chart);
}

static est_result *make(const double (*counts)[N_HISTORIES + 1], bool is_public)
{
    population people = {counts};
    est_result *result = NULL;
    est_i_result_builder *builder = est_i_result_begin("trend", "Trend");
    add_rows(builder, &people);
    est_i_result_add_stat(builder, "persons", total_of(&people), true);
    est_i_result_add_stat(builder, "repeated", 4, true);
    est_i_result_add_stat(builder, "linked", 55, true);
    est_i_result_add_stat(builder, "matched", 77, true);
    est_i_result_add_stat(builder, "bic", 2056.0834, false);
    est_i_result_add_stat(builder, "parameters", 17, false);
    est_i_result_add_stat_text(builder, "model", "GO:NG PF");
    add_period_frame(builder, &people);
    add_history_frame(builder, &people);
    add_list_frame(builder, &people);
    add_charts(builder, &people);
    est_i_result_note(builder, NULL, EST_WARNING, "few_data",
                      "2000-2004 (model M1): 6 persons, 3 on GO; N = 59.4");
    est_i_result_note(builder, NULL, EST_NOTE, "overlap",
                      "GO and NG share 5 persons, 250 persons stand alone");
    est_i_result_note(builder, NULL, EST_NOTE, "near_ties",
                      "6 models of 1995-1999; their populations run from 157 to 46,331");
    est_i_result_add_provenance(builder, "file", "secret.csv", true);
    est_i_result_add_provenance(builder, "rows", "35", false);
    est_i_result_mark(builder, is_public, false, false);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    return result;
}

static est_result *publish(const est_result *result, est_suppression how)
{
    est_result *published = NULL;
    est_error error;
    if (est_result_suppress(result, &how, &published, &error) != EST_OK)
        fail_msg("%s", error.message);
    return published;
}

static const est_row *row_of(const est_result *result, const char *estimand, size_t period)
{
    const est_row *row = est_result_find(result, estimand, "period", periods[period]);
    assert_non_null(row);
    return row;
}

static bool has_flag(const est_row *row, est_flag flag)
{
    return (row->flags & EST_FLAG_BIT(flag)) != 0;
}

static void test_public_and_internal(void **state)
{
    est_suppression how = est_suppression_default();
    est_result *open = make(sample, true), *closed = make(sample, false), *published;
    (void)state;
    assert_string_equal(how.profile, "default");
    assert_int_equal(how.threshold, 10);
    assert_int_equal(how.internal, 0);
    published = publish(open, how);
    assert_true(row_of(published, "observed", 1)->estimate == 6);
    assert_int_equal(est_result_is_public(published), 1);
    assert_int_equal(est_result_provenances(published), 2);
    assert_int_equal(est_result_notes(published), 3);
    est_result_free(published);
    how.profile = "none";
    published = publish(open, how);
    assert_true(row_of(published, "observed", 1)->estimate == 6);
    assert_int_equal(est_result_is_internal(published), 0);
    est_result_free(published);
    how.internal = 1;
    published = publish(closed, how);
    assert_true(row_of(published, "observed", 1)->estimate == 6);
    assert_int_equal(est_result_is_internal(published), 1);
    assert_int_equal(est_result_is_internal(closed), 0);
    assert_int_equal(est_result_provenances(published), 2);
    est_result_free(published);
    est_result_free(open);
    est_result_free(closed);
}

static void expect_refused(const est_result *result, est_suppression how, const char *what)
{
    est_result *published = (est_result *)&how;
    est_error error;
    assert_int_equal(est_result_suppress(result, &how, &published, &error), EST_EOPTION);
    assert_int_equal(error.code, EST_EOPTION);
    assert_null(published);
    assert_non_null(strstr(error.message, what));
}

static void test_refusals(void **state)
{
    est_result *result = make(sample, false), *open = make(sample, true);
    (void)state;
    expect_refused(result, (est_suppression){"none", 10, 0}, "'counts'");
    expect_refused(result, (est_suppression){"kdhs", 10, 0}, "'kdhs'");
    expect_refused(open, (est_suppression){"kdhs", 10, 0}, "'kdhs'");
    expect_refused(result, (est_suppression){NULL, 10, 0}, "expected");
    expect_refused(result, (est_suppression){"counts", 0, 0}, "threshold 0");
    expect_refused(result, (est_suppression){"counts", -5, 1}, "threshold -5");
    expect_refused(result, (est_suppression){"counts", 2, 0}, "'internal'");
    est_result_free(publish(result, (est_suppression){"counts", 3, 0}));
    est_result_free(publish(result, (est_suppression){"counts", 1, 1}));
    est_result_free(publish(open, (est_suppression){"counts", 1, 0}));
    expect_refused(NULL, (est_suppression){"counts", 10, 0}, "no result");
    est_result_free(result);
    est_result_free(open);
}

static void check_hidden_period(const est_result *result, size_t period)
{
    static const char *const hidden[] = {"observed", "seen", "unobserved", "coverage", "rate_per_100000"};
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        const est_row *row = row_of(result, hidden[i], period);
        assert_true(isnan(row->estimate) && isnan(row->lower) && isnan(row->upper) && isnan(row->se) &&
                    isnan(row->n));
        assert_true(has_flag(row, EST_FLAG_SUPPRESSED));
    }
    assert_true(isnan(row_of(result, "population", period)->n));
}

/* 6 persons in 2000-2004 are withheld; the smallest other period (32 persons in 2015-2019) goes with them. */
static void test_rows(void **state)
{
    est_result *result = make(sample, false);
    est_result *published = publish(result, est_suppression_default());
    const est_row *row;
    (void)state;
    check_hidden_period(published, 1);
    check_hidden_period(published, 4);
    row = row_of(published, "observed", 3);
    assert_true(row->estimate == 760 && row->n == 760);
    assert_true(has_flag(row, EST_FLAG_ROUNDED) && !has_flag(row, EST_FLAG_SUPPRESSED));
    row = row_of(published, "population", 1); /* nobody of the six is on three lists, two are on two */
    assert_true(isnan(row->estimate) && isnan(row->lower) && isnan(row->upper) && isnan(row->se) && isnan(row->level));
    assert_true(has_flag(row, EST_FLAG_SUPPRESSED) && !has_flag(row, EST_FLAG_ROUNDED));
    assert_true(isnan(row_of(published, "population", 4)->estimate)); /* one of 32 is on a further list */
    row = row_of(published, "population", 3);
    assert_true(row->estimate == 7160 && row->n == 760); /* 7161.82 to the base and three digits */
    assert_true(row_of(published, "unobserved", 3)->estimate == 6400);
    row = est_result_find(published, "ratio", "period", periods[1]);
    assert_true(isnan(row->estimate) && has_flag(row, EST_FLAG_SUPPRESSED));
    row = est_result_find(published, "ratio", "period", periods[3]);
    assert_true(row->estimate == 2.25);                        /* 7161.821 / 3188.941 = 2.2458 */
    assert_true(row_of(result, "observed", 1)->estimate == 6); /* the result itself is untouched */
    est_result_free(published);
    est_result_free(result);
}

static const est_cell *cell_of(const est_result *result, const char *frame_name, size_t row,
                               const char *column)
{
    const est_frame *frame = est_result_frame_find(result, frame_name);
    const est_cell *found = NULL;
    assert_non_null(frame);
    for (size_t j = 0; j < frame->n_columns; j++)
        if (strcmp(frame->columns[j], column) == 0)
            found = &frame->cells[row * frame->n_columns + j];
    assert_non_null(found);
    return found;
}

static bool is_withheld(const est_cell *cell)
{
    return cell->text && strcmp(cell->text, "*") == 0 && isnan(cell->number);
}

static void test_frames(void **state)
{
    static const char *const hidden[] = {"observed", "seen", "unobserved", "coverage"};
    est_result *result = make(sample, false);
    est_result *published = publish(result, est_suppression_default());
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(is_withheld(cell_of(published, "periods", 1, hidden[i])));
        assert_true(is_withheld(cell_of(published, "periods", 4, hidden[i])));
        assert_false(is_withheld(cell_of(published, "periods", 0, hidden[i])));
    }
    assert_string_equal(cell_of(published, "periods", 1, "period")->text, "2000-2004");
    assert_true(cell_of(published, "periods", 1, "midpoint")->number == 2002.5);
    assert_true(is_withheld(cell_of(published, "periods", 1, "population")));
    assert_true(is_withheld(cell_of(published, "periods", 4, "population")));
    assert_true(cell_of(published, "periods", 0, "observed")->number == 340);
    assert_true(cell_of(published, "periods", 0, "population")->number == 3190);
    for (size_t i = 0; i < N_PERIODS * N_HISTORIES; i++) {
        double count = sample[i / N_HISTORIES][i % N_HISTORIES + 1];
        const est_cell *cell = cell_of(published, "histories", i, "count");
        assert_true(count >= 10 || is_withheld(cell));
        assert_true(is_withheld(cell) || cell->number == round(count / 10) * 10);
        cell = cell_of(published, "histories", i, "fitted");
        assert_true(is_withheld(cell) || (cell->number > 0 && fmod(cell->number, 10) == 0));
    }
    for (size_t j = 0; j < N_LISTS; j++) {
        assert_true(is_withheld(cell_of(published, "lists", j, "2000-2004")));
        assert_true(is_withheld(cell_of(published, "lists", j, "2015-2019")));
        assert_false(is_withheld(cell_of(published, "lists", j, "2010-2014")));
    }
    /* What is large enough is not lost: the largest cells of the period with all pairs small. */
    assert_true(cell_of(published, "histories", 2 * N_HISTORIES, "count")->number == 100);
    assert_true(cell_of(published, "histories", 3 * N_HISTORIES, "count")->number == 300);
    est_result_free(published);
    est_result_free(result);
}

static void test_charts_stats_notes(void **state)
{
    est_result *result = make(sample, false);
    est_result *published = publish(result, est_suppression_default());
    const est_chart *chart = est_result_chart(published, 0);
    (void)state;
    assert_true(isnan(chart->series[1].value[1]) && isnan(chart->series[1].value[4]));
    assert_true(chart->series[1].value[0] == 340);
    assert_true(isnan(chart->series[0].value[1]) && isnan(chart->series[0].upper[1]));
    assert_true(isnan(chart->series[0].value[4]) && chart->series[0].value[3] == 7160);
    assert_null(strstr(chart->alternative, "340"));
    assert_string_equal(chart->subtitle, "2000-2004 stands on * persons");
    assert_true(isnan(est_result_stat_value(published, "repeated")));
    assert_true(isnan(est_result_stat_value(published, "linked"))); /* the smallest other */
    assert_true(est_result_stat_value(published, "matched") == 80);
    assert_true(est_result_stat_value(published, "persons") == 1400); /* 6 + 340 + 257 + 764 + 32 = 1399 */
    assert_true(isnan(est_result_stat_value(published, "bic")));
    assert_true(est_result_stat_value(published, "parameters") == 17);
    assert_string_equal(est_result_note(published, 0)->message, /* that of 2000-2004, which has no estimate, is left out */
                        "GO and NG share * persons, 250 persons stand alone");
    assert_string_equal(est_result_note(published, 1)->message,
                        "6 models of 1995-1999; their populations run from 160 to 46,300");
    assert_string_equal(est_result_note(published, 2)->code, "suppressed");
    assert_non_null(strstr(est_result_note(published, 2)->message, "The estimates of 2000-2004, 2015-2019 are withheld"));
    assert_int_equal(est_result_note(published, 2)->severity, EST_NOTE);
    assert_int_equal(est_result_provenances(published), 0); /* the number of rows is exact */
    est_result_free(published);
    est_result_free(result);
}

/* Nothing small: every number stays to the last digit, only what is private goes. */
static void test_nothing_to_withhold(void **state)
{
    est_result *result = NULL, *published;
    est_i_result_builder *builder = est_i_result_begin("mse", "MSE");
    est_row row = est_i_row_empty("population");
    (void)state;
    row.estimate = 14402.488952;
    row.n = 4400;
    est_i_result_add_row(builder, &row);
    est_i_result_add_stat(builder, "persons", 4400, true);
    est_i_result_add_stat(builder, "bic", 2056.0834, false);
    est_i_result_add_provenance(builder, "file", "secret.csv", true);
    est_i_result_mark(builder, false, false, false);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    published = publish(result, est_suppression_default());
    assert_true(est_result_row(published, 0)->estimate == 14402.488952);
    assert_int_equal(est_result_row(published, 0)->flags, 0);
    assert_true(est_result_stat_value(published, "bic") == 2056.0834);
    assert_string_equal(est_result_note(published, 0)->code, "published");
    assert_int_equal(est_result_provenances(published), 0);
    est_result_free(published);
    est_result_free(result);
}

/* A single population of 6 persons: the whole result is theirs. */
static void test_everything_is_small(void **state)
{
    est_result *result = NULL, *published;
    est_i_result_builder *builder = est_i_result_begin("mse", "MSE");
    est_row row = est_i_row_empty("observed");
    (void)state;
    row.estimate = row.n = 6;
    est_i_result_add_row(builder, &row);
    row.estimand = "population";
    row.estimate = 23.4;
    row.lower = 12.2;
    est_i_result_add_row(builder, &row);
    row.estimand = "unobserved";
    row.estimate = 17.4;
    est_i_result_add_row(builder, &row);
    est_i_result_add_stat(builder, "persons", 6, true);
    est_i_result_add_provenance(builder, "rows", "6", false);
    est_i_result_note(builder, NULL, EST_WARNING, "few_data", "only 6 of 23.4");
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    published = publish(result, est_suppression_default());
    assert_true(isnan(est_result_row(published, 0)->estimate));
    assert_true(est_result_row(published, 1)->estimate == 20 && est_result_row(published, 1)->lower == 10);
    assert_true(isnan(est_result_row(published, 1)->n));
    assert_true(isnan(est_result_row(published, 2)->estimate));
    assert_true(isnan(est_result_stat_value(published, "persons")));
    assert_int_equal(est_result_provenances(published), 0);
    assert_string_equal(est_result_note(published, 0)->message, "only * of *");
    est_result_free(published);
    est_result_free(result);
}

/* A total in the column protects nobody, a column of zeros is not safe, and one hidden count is never alone.
 */
static void check_column(const double *counts, size_t n, const char *expected)
{
    static const char *const columns[] = {"area", "count"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT};
    est_result *result = NULL, *published;
    est_i_result_builder *builder = est_i_result_begin("mse", "MSE");
    char area[32], shown[16] = "";
    est_i_result_frame(builder, "areas", "Areas", 2, columns, roles, SIZE_MAX);
    for (size_t i = 0; i < n; i++) {
        snprintf(area, sizeof area, "a%zu", i);
        est_i_result_cell_text(builder, area);
        est_i_result_cell(builder, counts[i]);
    }
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    published = publish(result, est_suppression_default());
    for (size_t i = 0; i < n; i++)
        shown[i] = is_withheld(cell_of(published, "areas", i, "count")) ? '*' : 's';
    assert_string_equal(shown, expected);
    est_result_free(published);
    est_result_free(result);
}

static void test_columns(void **state)
{
    (void)state;
    check_column((double[]){9, 10, 50, 40}, 4, "**ss");
    check_column((double[]){10, 11, 12}, 3, "sss");
    check_column((double[]){0, 0, 50, 40}, 4, "**s*");  /* two zeros add up to nothing: they would be known */
    check_column((double[]){5, 20, 30, 55}, 4, "**ss"); /* 55 is the total */
    check_column((double[]){20, 0, 20}, 3, "***");      /* one of the two is the total */
    check_column((double[]){5}, 1, "*");
    check_column((double[]){6, 7, 90}, 3, "**s");
    check_column((double[]){NAN, 5, 20, 30}, 4, "s**s"); /* a structural zero */
}

/* Three periods with the observed counts `seen`; a frame and a chart with the counts `other`, and a fourth
 * row "unknown". */
static est_result *make_linked(const double *seen, const double *other)
{
    static const char *const columns[] = {"period", "cases"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT};
    static const char *const categories[] = {"1995-1999", "2000-2004", "2005-2009", "unknown"};
    est_result *result = NULL;
    est_i_result_builder *builder = est_i_result_begin("trend", "Trend");
    est_series series = {"cases", EST_SERIES_LINE, EST_ROLE_COUNT, other, NULL, NULL};
    est_chart chart = {.name = "cases", .title = "Cases", .subtitle = "", .x_title = "", .y_title = "",
                       .alternative = "", .n_categories = 4, .categories = categories, .n_series = 1,
                       .series = &series};
    for (size_t p = 0; p < 3; p++)
        add_row(builder, "observed", p, "", seen[p], 0, seen[p]);
    est_i_result_frame(builder, "cases", "Cases", 2, columns, roles, SIZE_MAX);
    for (size_t p = 0; p < 4; p++) {
        est_i_result_cell_text(builder, categories[p]);
        est_i_result_cell(builder, other[p]);
    }
    est_i_result_add_chart(builder, &chart);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    return result;
}

static void check_linked(const double *seen, const double *other, const char *rows, const char *cells)
{
    est_result *result = make_linked(seen, other);
    est_result *published = publish(result, est_suppression_default());
    char row_marks[4] = "", cell_marks[5] = "", point_marks[5] = "";
    for (size_t p = 0; p < 3; p++)
        row_marks[p] = isnan(row_of(published, "observed", p)->estimate) ? '*' : 's';
    for (size_t p = 0; p < 4; p++) {
        cell_marks[p] = is_withheld(cell_of(published, "cases", p, "cases")) ? '*' : 's';
        point_marks[p] = isnan(est_result_chart(published, 0)->series[0].value[p]) ? '*' : 's';
    }
    assert_string_equal(row_marks, rows);
    assert_string_equal(cell_marks, cells);
    assert_string_equal(point_marks, cells);
    est_result_free(published);
    est_result_free(result);
}

static void test_links(void **state)
{
    (void)state;
    /* Withheld periods show no other count either, however large. */
    check_linked((double[]){6, 25, 300}, (double[]){40, 35, 60, 70}, "**s", "**ss");
    /* A cell that repeats an observed count takes its period with it, and that period takes another. */
    check_linked((double[]){50, 25, 300}, (double[]){50, 25, 300, 4}, "**s", "**s*");
    check_linked((double[]){50, 25, 300}, (double[]){50, 26, 300, 4}, "sss", "s*s*");
}

/* Lists and overlaps of one population. */
static est_result *make_lists(size_t k, const double *on, const double *both, double n)
{
    static const char *const list_columns[] = {"list", "persons"}, *const pair_columns[] = {"list", "other",
                                                                                            "persons"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT};
    static const char *const names[] = {"A", "B", "C", "D"};
    est_result *result = NULL;
    est_i_result_builder *builder = est_i_result_begin("mse", "MSE");
    est_row row = est_i_row_empty("observed");
    row.estimate = row.n = n;
    est_i_result_add_row(builder, &row);
    est_i_result_frame(builder, "lists", "Lists", 2, list_columns, roles + 1, SIZE_MAX);
    for (size_t i = 0; i < k; i++) {
        est_i_result_cell_text(builder, names[i]);
        est_i_result_cell(builder, on[i]);
    }
    est_i_result_frame(builder, "overlaps", "Overlaps", 3, pair_columns, roles, SIZE_MAX);
    for (size_t i = 0; i < k; i++) {
        for (size_t j = i + 1; j < k; j++) {
            est_i_result_cell_text(builder, names[i]);
            est_i_result_cell_text(builder, names[j]);
            est_i_result_cell(builder, *both++);
        }
    }
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    return result;
}

/* Marks of the list totals, then of the overlaps: exact, rounded or withheld. */
static void check_margins(size_t k, const double *on, const double *both, double n, const char *expected)
{
    est_result *result = make_lists(k, on, both, n);
    est_result *published = publish(result, est_suppression_default());
    bool all_shown = !strpbrk(expected, "*");
    char marks[16] = "";
    size_t at = 0;
    for (size_t i = 0; i < k; i++)
        marks[at++] = is_withheld(cell_of(published, "lists", i, "persons")) ? '*' : 's';
    for (size_t i = 0; i < k * (k - 1) / 2; i++)
        marks[at++] = is_withheld(cell_of(published, "overlaps", i, "persons")) ? '*' : 's';
    assert_string_equal(marks, expected);
    assert_true(est_result_row(published, 0)->estimate == (all_shown ? n : round(n / 10) * 10));
    est_result_free(published);
    est_result_free(result);
}

static void test_margins(void **state)
{
    (void)state;
    /* n = A + B - AB: a small overlap alone would be known, and so would a small "A only". */
    check_margins(2, (double[]){120, 80}, (double[]){40}, 160, "sss");
    check_margins(2, (double[]){120, 80}, (double[]){5}, 195, "***");
    check_margins(2, (double[]){120, 80}, (double[]){76}, 124, "***");
    /* Three lists: ABC = n - A - B - C + AB + AC + BC. First 60, then 4; no printed number is small. */
    check_margins(3, (double[]){300, 300, 300}, (double[]){120, 120, 120}, 600, "ssssss");
    check_margins(3, (double[]){300, 300, 300}, (double[]){90, 90, 90}, 634, "sss***");
    /* 24 persons may be on each list, 65 are there: hardly anybody can be on two. */
    check_margins(3, (double[]){24, 24, 24}, (double[]){3, 3, 3}, 65, "******");
    /* Three of the population are not on A; the smallest other goes with it. Four lists: no overlaps. */
    check_margins(4, (double[]){597, 300, 300, 200}, (double[]){298, 299, 199, 190, 100, 100}, 600,
                  "*ss*******");
}

/* Models and coefficients keep their sizes; notes about models keep their numbers. */
static est_result *make_models(double seen)
{
    static const char *const columns[] = {"model", "n_parameters", "loglik", "bic", "population", "status"};
    static const char *const terms[] = {"term", "coefficient"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN,    EST_ROLE_PLAIN,
                                            EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN};
    est_result *result = NULL;
    est_i_result_builder *builder = est_i_result_begin("trend", "Trend");
    est_row row = est_i_row_empty("observed");
    row.estimate = row.n = 168;
    est_i_result_add_row(builder, &row);
    row.estimand = "seen";
    row.estimate = seen;
    est_i_result_add_row(builder, &row);
    row = est_i_row_empty("population");
    row.n = 168;
    row.estimate = row.lower = 168;
    row.upper = 173.2;
    est_i_result_add_row(builder, &row);
    row.estimand = "unobserved";
    row.estimate = 4.2;
    row.lower = 0.3;
    row.upper = 31;
    est_i_result_add_row(builder, &row);
    row.estimate = 12.2;
    est_i_result_add_row(builder, &row);
    est_i_result_add_stat(builder, "loglik", -20.25, false);
    est_i_result_add_stat(builder, "p_value", 0.25, false);
    est_i_result_add_stat(builder, "multinomial_mle", 173, false);
    est_i_result_add_stat(builder, "df", 4, false);
    est_i_result_add_stat(builder, "models_considered", 18, false);
    est_i_result_add_stat(builder, "coverage", 0.9728, false);
    est_i_result_frame(builder, "models", "Models", 6, columns, roles, 10);
    est_i_result_cell_text(builder, "GO:NG PF");
    for (size_t i = 0; i < 4; i++)
        est_i_result_cell(builder, ((const double[]){17, -20.25, 80.5, 173.2})[i]);
    est_i_result_cell_text(builder, "estimated");
    est_i_result_frame(builder, "coefficients", "Coefficients", 2, terms, roles, SIZE_MAX);
    est_i_result_cell_text(builder, "GO");
    est_i_result_cell(builder, 2.5);
    est_i_result_note(builder, NULL, EST_NOTE, "search",
                      "models with terms of up to 3 lists were fitted: 18");
    est_i_result_note(builder, NULL, EST_NOTE, "repeated", "rows that repeat an earlier one: 21");
    est_i_result_note(builder, NULL, EST_WARNING, "few_data", "stands on 1,234 persons, 168 people");
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    return result;
}

static void test_models(void **state)
{
    est_result *result = make_models(171);
    est_result *published = publish(result, est_suppression_default());
    const est_row *row = est_result_row(published, 2);
    (void)state;
    assert_true(isnan(est_result_stat_value(published, "loglik")));
    assert_true(isnan(est_result_stat_value(published, "p_value")));
    assert_true(isnan(est_result_stat_value(published, "multinomial_mle")));
    assert_true(est_result_stat_value(published, "df") == 4);
    assert_true(est_result_stat_value(published, "models_considered") == 18);
    assert_true(est_result_stat_value(published, "coverage") == 0.97);
    assert_true(cell_of(published, "models", 0, "n_parameters")->number == 17);
    assert_true(is_withheld(cell_of(published, "models", 0, "loglik")));
    assert_true(is_withheld(cell_of(published, "models", 0, "bic")));
    assert_true(is_withheld(cell_of(published, "models", 0, "population")));
    assert_string_equal(cell_of(published, "models", 0, "status")->text, "estimated");
    assert_true(is_withheld(cell_of(published, "coefficients", 0, "coefficient")));
    assert_string_equal(est_result_note(published, 0)->message,
                        "models with terms of up to 3 lists were fitted: 18");
    assert_string_equal(est_result_note(published, 1)->message, "rows that repeat an earlier one: *");
    assert_string_equal(est_result_note(published, 2)->message, "stands on 1,230 persons, 170 people");
    assert_true(row->n == 170 && row->estimate == 170 && row->lower == 170 && row->upper == 170);
    row = est_result_row(published, 3); /* 4.2 would be 0 */
    assert_true(isnan(row->estimate) && isnan(row->lower) && isnan(row->upper));
    assert_true(has_flag(row, EST_FLAG_SUPPRESSED));
    row = est_result_row(published, 4); /* "0 to 30" would be one */
    assert_true(row->estimate == 10 && isnan(row->lower) && isnan(row->upper));
    est_result_free(published);
    est_result_free(result);
}

/* 168 detected and 171 seen: three persons. Then 168 and 168, and 168 and 180. */
static void test_seen(void **state)
{
    static const double seen[] = {171, 168, 180}, expected[] = {170, 168, 180};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        est_result *result = make_models(seen[i]);
        est_result *published = publish(result, est_suppression_default());
        assert_true(est_result_row(published, 1)->estimate == expected[i]);
        assert_true(est_result_row(published, 0)->estimate == (i == 0 ? 170 : 168));
        est_result_free(published);
        est_result_free(result);
    }
}

/* Lists without overlaps: what the histories hold is not known, so the fit is not shown. */
static void test_unknown_histories(void **state)
{
    est_result *result = NULL, *published;
    est_i_result_builder *builder = est_i_result_begin("trend", "Trend");
    (void)state;
    est_i_result_add_stat(builder, "lists", 3, false);
    est_i_result_add_stat(builder, "n", 1234, true);
    est_i_result_add_stat(builder, "bic", 80.5, false);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    published = publish(result, est_suppression_default());
    assert_true(est_result_stat_value(published, "lists") == 3);
    assert_true(est_result_stat_value(published, "n") == 1230);
    assert_true(isnan(est_result_stat_value(published, "bic")));
    est_result_free(published);
    est_result_free(result);
}

/* n and the people are rounded by different steps, and still no population is below those in it. */
static void test_population_is_not_below_n(void **state)
{
    est_result *result = NULL, *published;
    est_i_result_builder *builder = est_i_result_begin("mse", "MSE");
    est_row row = est_i_row_empty("observed");
    (void)state;
    row.estimate = row.n = 12344;
    est_i_result_add_row(builder, &row);
    row.estimand = "population";
    row.estimate = row.lower = 12345.5;
    row.upper = 12349;
    est_i_result_add_row(builder, &row);
    est_i_result_add_stat(builder, "small", 3, true);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    published = publish(result, est_suppression_default());
    assert_true(est_result_row(published, 0)->estimate == 12340);
    assert_true(est_result_row(published, 1)->estimate == 12340);
    assert_true(est_result_row(published, 1)->lower == 12340 && est_result_row(published, 1)->upper == 12340);
    est_result_free(published);
    est_result_free(result);
}

/* Another attack, by trying: three lists are published, and whoever knows the rule of suppression looks for
 * all tables with the same publication. A small history must have three possible values or more. */

static est_result *publish_table(const double *counts)
{
    double on[N_LISTS] = {0}, both[N_LISTS] = {0}, n = 0;
    for (size_t w = 1; w <= N_HISTORIES; w++) {
        n += counts[w];
        for (size_t j = 0; j < N_LISTS; j++)
            on[j] += (w >> j & 1) ? counts[w] : 0;
        both[0] += (w & 3) == 3 ? counts[w] : 0;
        both[1] += (w & 5) == 5 ? counts[w] : 0;
        both[2] += (w & 6) == 6 ? counts[w] : 0;
    }
    est_result *result = make_lists(N_LISTS, on, both, n);
    est_result *published = publish(result, est_suppression_default());
    est_result_free(result);
    return published;
}

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool same_publication(const est_result *a, const est_result *b)
{
    bool same = same_number(est_result_row(a, 0)->estimate, est_result_row(b, 0)->estimate);
    for (size_t i = 0; i < N_LISTS && same; i++)
        same = same_number(cell_of(a, "lists", i, "persons")->number,
                           cell_of(b, "lists", i, "persons")->number) &&
               same_number(cell_of(a, "overlaps", i, "persons")->number,
                           cell_of(b, "overlaps", i, "persons")->number);
    return same;
}

static uint64_t next_random(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth's MMIX */
    return *random >> 33;
}

/* How many values of history `small` some table with the same publication has; 3 are enough. */
static size_t possible_values(const double *counts, const est_result *published, size_t small,
                              uint64_t *random)
{
    bool possible[16] = {false};
    size_t found = 0;
    for (int trial = 0; trial < 4000 && found < 3; trial++) {
        double other[N_HISTORIES + 1] = {0};
        size_t value = next_random(random) % 12;
        for (size_t w = 1; w <= N_HISTORIES; w++)
            other[w] = fmax(0, counts[w] + (double)(next_random(random) % 7) - 3);
        other[small] = (double)value;
        if (!possible[value]) {
            est_result *attempt = publish_table(other);
            possible[value] = same_publication(attempt, published);
            found += possible[value];
            est_result_free(attempt);
        }
    }
    return found;
}

static void check_table(const double *counts, uint64_t *random)
{
    est_result *published = publish_table(counts);
    for (size_t w = 1; w <= N_HISTORIES; w++)
        if (counts[w] < 10 && possible_values(counts, published, w, random) < 3)
            fail_msg("history %s is given back: %g %g %g %g %g %g %g", histories[w], counts[1], counts[2],
                     counts[3], counts[4], counts[5], counts[6], counts[7]);
    est_result_free(published);
}

static void test_audit_of_three_lists(void **state)
{
    uint64_t random = UINT64_C(11);
    (void)state;
    check_table((double[]){0, 14, 13, 0, 8, 0, 0, 0}, &random); /* 13 and 14 on the lists, 35 in all */
    check_table((double[]){0, 24, 24, 0, 9, 0, 0, 0}, &random);
    check_table((double[]){0, 60, 43, 15, 23, 7, 5, 3}, &random);
    check_table((double[]){0, 1, 0, 0, 0, 2, 0, 12}, &random);
    for (uint64_t trial = 0; trial < 600; trial++) {
        double counts[N_HISTORIES + 1] = {0};
        for (size_t w = 1; w <= N_HISTORIES; w++)
            counts[w] = (double)(next_random(&random) % (2 + next_random(&random) % (4 + trial / 12)));
        check_table(counts, &random);
    }
}

/* The attack. Unknowns: every cell of the capture table. Known to the attacker: every count that is shown,
 * all totals over periods, and the total of everybody. A cell is solved if its unit vector lies in the row
 * space of what is known. */

#define N_CELLS (N_PERIODS * N_HISTORIES)
#define MAX_EQUATIONS 256

typedef struct knowledge {
    double rows[MAX_EQUATIONS][N_CELLS];
    size_t count;
} knowledge;

static double *learn(knowledge *known)
{
    assert_true(known->count < MAX_EQUATIONS);
    return memset(known->rows[known->count++], 0, sizeof known->rows[0]);
}

/* The sum over the histories in `mask` (bit w) of one period (N_PERIODS = all periods). */
static void learn_sum(knowledge *known, size_t period, unsigned mask)
{
    double *row = learn(known);
    for (size_t i = 0; i < N_CELLS; i++)
        if ((period == N_PERIODS || i / N_HISTORIES == period) && (mask >> (i % N_HISTORIES + 1) & 1u))
            row[i] = 1;
}

#define ALL_HISTORIES 0xFEu

static unsigned histories_with(size_t list)
{
    unsigned mask = 0;
    for (unsigned w = 1; w <= N_HISTORIES; w++)
        if (w >> list & 1u)
            mask |= 1u << w;
    return mask;
}

static void learn_everything_shown(knowledge *known, const est_result *published)
{
    const est_chart *chart = est_result_chart(published, 0);
    learn_sum(known, N_PERIODS, ALL_HISTORIES);
    for (unsigned w = 1; w <= N_HISTORIES; w++)
        learn_sum(known, N_PERIODS, 1u << w);
    for (size_t j = 0; j < N_LISTS; j++)
        learn_sum(known, N_PERIODS, histories_with(j));
    for (size_t p = 0; p < N_PERIODS; p++) {
        if (!isnan(row_of(published, "observed", p)->estimate) ||
            !isnan(row_of(published, "population", p)->n) ||
            !is_withheld(cell_of(published, "periods", p, "observed")) || !isnan(chart->series[1].value[p]))
            learn_sum(known, p, ALL_HISTORIES);
        for (size_t j = 0; j < N_LISTS; j++)
            if (!is_withheld(cell_of(published, "lists", j, periods[p])))
                learn_sum(known, p, histories_with(j));
        for (unsigned w = 1; w <= N_HISTORIES; w++)
            if (!is_withheld(cell_of(published, "histories", p * N_HISTORIES + w - 1, "count")))
                learn_sum(known, p, 1u << w);
    }
}

/* Gauss and Jordan with row exchange; the numbers stay small. */
static void solve(knowledge *known)
{
    size_t rank = 0;
    for (size_t column = 0; column < N_CELLS && rank < known->count; column++) {
        size_t best = rank;
        for (size_t i = rank; i < known->count; i++)
            if (fabs(known->rows[i][column]) > fabs(known->rows[best][column]))
                best = i;
        if (fabs(known->rows[best][column]) < 1e-9)
            continue;
        for (size_t k = 0; k < N_CELLS; k++) {
            double spare = known->rows[rank][k];
            known->rows[rank][k] = known->rows[best][k];
            known->rows[best][k] = spare;
        }
        for (size_t i = 0; i < known->count; i++) {
            double factor = i == rank ? 0 : known->rows[i][column] / known->rows[rank][column];
            for (size_t k = 0; k < N_CELLS && factor != 0; k++)
                known->rows[i][k] -= factor * known->rows[rank][k];
        }
        rank++;
    }
}

static bool is_solved(const knowledge *known, size_t cell)
{
    bool solved = false;
    for (size_t i = 0; i < known->count && !solved; i++) {
        size_t others = 0;
        for (size_t k = 0; k < N_CELLS; k++)
            others += k != cell && fabs(known->rows[i][k]) > 1e-9;
        solved = others == 0 && fabs(known->rows[i][cell]) > 1e-9;
    }
    return solved;
}

static size_t solved_small_cells(const est_result *published, const double (*counts)[N_HISTORIES + 1])
{
    knowledge *known = calloc(1, sizeof *known);
    size_t solved = 0;
    assert_non_null(known);
    learn_everything_shown(known, published);
    solve(known);
    for (size_t i = 0; i < N_CELLS; i++)
        if (counts[i / N_HISTORIES][i % N_HISTORIES + 1] < 10)
            solved += is_solved(known, i);
    free(known);
    return solved;
}

/* Every number left that speaks of a period, in rows, frames and charts. */
typedef struct collected {
    double numbers[256];
    size_t count;
} collected;

static void collect(collected *all, double number)
{
    if (isfinite(number)) {
        assert_true(all->count < 256);
        all->numbers[all->count++] = number;
    }
}

static void collect_period(collected *all, const est_result *published, size_t period)
{
    const est_chart *chart = est_result_chart(published, 0);
    const est_frame *frame = est_result_frame_find(published, "periods");
    for (size_t i = 0; i < est_result_rows(published); i++) {
        const est_row *row = est_result_row(published, i);
        if (row->n_domain == 1 && strcmp(row->domain[0].value, periods[period]) == 0) {
            collect(all, row->estimate);
            collect(all, row->lower);
            collect(all, row->upper);
            collect(all, row->n);
        }
    }
    for (size_t j = 2; j < frame->n_columns; j++)
        collect(all, frame->cells[period * frame->n_columns + j].number);
    for (size_t s = 0; s < chart->n_series; s++) {
        collect(all, chart->series[s].value[period]);
        collect(all, chart->series[s].lower[period]);
    }
}

/* Does n (not 0, which is any number less itself) come out of N - U, N C, or a rate and its population? */
static bool gives_back(const collected *all, double n)
{
    bool found = false;
    for (size_t i = 0; i < all->count && !found; i++) {
        double a = all->numbers[i];
        found = fabs(a - n) < 1e-6;
        for (size_t j = 0; j < all->count && !found; j++) {
            double b = all->numbers[j];
            double from_rate = b * PEOPLE_OF_PERIOD / 1e5;
            found = fabs(a - b - n) < 1e-6 || fabs(a * b - n) < 1e-6 || fabs(from_rate - a - n) < 1e-6 ||
                    fabs(a * from_rate - n) < 1e-6;
        }
    }
    return found;
}

static size_t periods_given_back(const est_result *published, const population *people)
{
    size_t given = 0;
    for (size_t p = 0; p < N_PERIODS; p++) {
        collected all = {{0}, 0};
        collect_period(&all, published, p);
        if (n_of(people, p) > 0 && n_of(people, p) < 10)
            given += gives_back(&all, n_of(people, p));
    }
    return given;
}

static void test_audit_of_the_sample(void **state)
{
    population people = {sample};
    est_result *result = make(sample, false);
    est_result *published = publish(result, est_suppression_default());
    est_result *open = publish(result, (est_suppression){"none", 10, 1});
    (void)state;
    /* The attack works where nothing is withheld, so its failure means something. */
    assert_true(solved_small_cells(open, sample) == 16);
    assert_int_equal(periods_given_back(open, &people), 1);
    assert_int_equal(solved_small_cells(published, sample), 0);
    assert_int_equal(periods_given_back(published, &people), 0);
    est_result_free(open);
    est_result_free(published);
    est_result_free(result);
}

/* Three hundred other populations, from mostly empty to mostly full. */
static void test_audit_of_random_tables(void **state)
{
    uint64_t random = UINT64_C(7);
    size_t shown = 0;
    (void)state;
    for (int trial = 0; trial < 300; trial++) {
        double counts[N_PERIODS][N_HISTORIES + 1] = {{0}};
        population people = {(const double(*)[N_HISTORIES + 1]) counts};
        uint64_t size = 4 + (uint64_t)trial / 2;
        for (size_t p = 0; p < N_PERIODS; p++) {
            for (size_t w = 1; w <= N_HISTORIES; w++) {
                uint64_t limit = next_random(&random) % size + 1;
                counts[p][w] = (double)(next_random(&random) % limit);
            }
        }
        est_result *result = make(people.counts, false);
        est_result *published = publish(result, est_suppression_default());
        if (solved_small_cells(published, people.counts) != 0 || periods_given_back(published, &people) != 0)
            fail_msg("trial %d gives a small count back", trial);
        for (size_t i = 0; i < N_CELLS; i++)
            shown += !is_withheld(cell_of(published, "histories", i, "count"));
        est_result_free(published);
        est_result_free(result);
    }
    assert_true(shown > 1000); /* it is no audit of empty pages */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_and_internal),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_charts_stats_notes),
        cmocka_unit_test(test_nothing_to_withhold),
        cmocka_unit_test(test_everything_is_small),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_margins),
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_seen),
        cmocka_unit_test(test_unknown_histories),
        cmocka_unit_test(test_population_is_not_below_n),
        cmocka_unit_test(test_audit_of_three_lists),
        cmocka_unit_test(test_audit_of_the_sample),
        cmocka_unit_test(test_audit_of_random_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
