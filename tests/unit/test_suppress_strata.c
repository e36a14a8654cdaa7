/* Disclosure control of results by stratum: rows with one or more labels beside rows for all, frames by stratum. Two attacks try to
 * solve back what is hidden: linear algebra over everything shown, and a search for other tables with the same publication. */
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

#include "core/domain.h"
#include "core/result.h"

#define MOST_STRATA 9
#define N_LISTS 3
#define N_HISTORIES 7
#define N_PAIRS 3

static const char *const lists[N_LISTS] = {"GO", "NG", "PF"};
static const char *const histories[N_HISTORIES + 1] = {"", "GO", "NG", "GO:NG", "PF", "GO:PF", "NG:PF", "GO:NG:PF"};
static const unsigned pairs[N_PAIRS] = {3, 5, 6};

/* One label ("area") or two: sex by age. */
typedef struct design {
    size_t n_strata, n_labels;
    est_label labels[MOST_STRATA][2];
    const char *names[MOST_STRATA];
} design;

static const design areas = {
    4, 1, {{{"area", "coast"}}, {{"area", "hills"}}, {{"area", "lake"}}, {{"area", "town"}}}, {"coast", "hills", "lake", "town"}};

/* Codes: a value says little about its column. */
static const design coded = {6,
                             2,
                             {{{"sex", "1"}, {"age", "1"}},
                              {{"sex", "1"}, {"age", "2"}},
                              {{"sex", "1"}, {"age", "3"}},
                              {{"sex", "2"}, {"age", "1"}},
                              {{"sex", "2"}, {"age", "2"}},
                              {{"sex", "2"}, {"age", "3"}}},
                             {"1, 1", "1, 2", "1, 3", "2, 1", "2, 2", "2, 3"}};

/* Only the full crossing of three by three, with a separator other than the comma. */
static const design crossed = {9,
                               2,
                               {{{"a", "1"}, {"b", "1"}},
                                {{"a", "1"}, {"b", "2"}},
                                {{"a", "1"}, {"b", "3, 4"}},
                                {{"a", "2"}, {"b", "1"}},
                                {{"a", "2"}, {"b", "2"}},
                                {{"a", "2"}, {"b", "3, 4"}},
                                {{"a", "3"}, {"b", "1"}},
                                {{"a", "3"}, {"b", "2"}},
                                {{"a", "3"}, {"b", "3, 4"}}},
                               {"1 | 1", "1 | 2", "1 | 3, 4", "2 | 1", "2 | 2", "2 | 3, 4", "3 | 1", "3 | 2", "3 | 3, 4"}};

typedef struct people {
    const design *strata;
    bool three_lists; /* else GO and NG alone */
    double counts[MOST_STRATA][N_HISTORIES + 1];
} people;

static size_t last_history(const people *p)
{
    return p->three_lists ? N_HISTORIES : 3;
}

static double on_all_of(const people *p, size_t stratum, unsigned on)
{
    double n = 0;
    for (unsigned w = 1; w <= last_history(p); w++)
        n += (w & on) == on ? p->counts[stratum][w] : 0;
    return n;
}

static double n_of(const people *p, size_t stratum)
{
    return on_all_of(p, stratum, 0);
}

static double total_of(const people *p)
{
    double n = 0;
    for (size_t s = 0; s < p->strata->n_strata; s++)
        n += n_of(p, s);
    return n;
}

static double smallest_of(const people *p)
{
    double smallest = INFINITY;
    for (size_t s = 0; s < p->strata->n_strata; s++)
        for (size_t w = 1; w <= last_history(p); w++)
            smallest = fmin(smallest, p->counts[s][w]);
    return smallest;
}

static double unseen_of(const people *p, size_t stratum)
{
    return n_of(p, stratum) * 5.37 + 3.141 + (double)stratum;
}

static void add_rows(est_i_result_builder *builder, const people *p, size_t stratum, double n, double unseen)
{
    static const char *const estimands[] = {"population", "unobserved", "observed"};
    const double estimates[] = {n + unseen, unseen, n};
    for (size_t i = 0; i < 3; i++) {
        est_row row = est_i_row_empty(estimands[i]);
        if (stratum < p->strata->n_strata) {
            row.domain = p->strata->labels[stratum];
            row.n_domain = p->strata->n_labels;
        }
        row.n = n;
        row.estimate = estimates[i];
        row.lower = i == 2 ? NAN : estimates[i] - unseen / 2;
        row.upper = i == 2 ? NAN : estimates[i] + unseen;
        est_i_result_add_row(builder, &row);
    }
}

static void start_frame(est_i_result_builder *builder, const people *p, const char *name, size_t n_labels)
{
    static const char *const labels[] = {"list", "other"};
    const char *columns[MOST_STRATA + 2];
    est_column_role roles[MOST_STRATA + 2];
    for (size_t i = 0; i < n_labels + p->strata->n_strata; i++) {
        columns[i] = i < n_labels ? labels[i] : p->strata->names[i - n_labels];
        roles[i] = i < n_labels ? EST_ROLE_PLAIN : EST_ROLE_COUNT;
    }
    est_i_result_frame(builder, name, name, n_labels + p->strata->n_strata, columns, roles, SIZE_MAX);
}

static void add_list_frames(est_i_result_builder *builder, const people *p)
{
    size_t n_lists = p->three_lists ? N_LISTS : 2;
    start_frame(builder, p, "lists", 1);
    for (size_t j = 0; j < n_lists; j++) {
        est_i_result_cell_text(builder, lists[j]);
        for (size_t s = 0; s < p->strata->n_strata; s++)
            est_i_result_cell(builder, on_all_of(p, s, 1u << j));
    }
    start_frame(builder, p, "overlaps", 2);
    for (size_t i = 0; i < n_lists; i++)
        for (size_t j = i + 1; j < n_lists; j++) {
            est_i_result_cell_text(builder, lists[i]);
            est_i_result_cell_text(builder, lists[j]);
            for (size_t s = 0; s < p->strata->n_strata; s++)
                est_i_result_cell(builder, on_all_of(p, s, 1u << i | 1u << j));
        }
}

/* Persons by stratum with a row for all, and by stratum and history. */
static void add_stratum_frames(est_i_result_builder *builder, const people *p)
{
    static const char *const columns[] = {"stratum", "history", "persons", "lists"},
                             *const gate_columns[] = {"stratum", "persons", "lists"};
    size_t n_lists = p->three_lists ? N_LISTS : 2;
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_PLAIN};
    est_i_result_frame(builder, "gates", "Gates", 3, gate_columns, roles + 1, SIZE_MAX);
    for (size_t s = 0; s <= p->strata->n_strata; s++) {
        est_i_result_cell_text(builder, s < p->strata->n_strata ? p->strata->names[s] : "all");
        est_i_result_cell(builder, s < p->strata->n_strata ? n_of(p, s) : total_of(p));
        est_i_result_cell(builder, 3);
    }
    for (size_t s = 0; s < p->strata->n_strata; s++) {
        double least = INFINITY;
        for (size_t j = 0; j < n_lists; j++)
            least = fmin(least, on_all_of(p, s, 1u << j));
        est_i_result_cell_text(builder, p->strata->names[s]);
        est_i_result_cell(builder, least);
        est_i_result_cell(builder, 3);
    }
    est_i_result_frame(builder, "residuals", "Residuals", 4, columns, roles, 10);
    for (size_t s = 0; s < p->strata->n_strata; s++)
        for (size_t w = 1; w <= last_history(p); w++) {
            est_i_result_cell_text(builder, p->strata->names[s]);
            est_i_result_cell_text(builder, histories[w]);
            est_i_result_cell(builder, p->counts[s][w]);
            est_i_result_cell(builder, 3);
        }
}

static est_result *make(const people *p, bool estimates, bool tables)
{
    est_result *result = NULL;
    double unseen = 0;
    est_i_result_builder *builder = est_i_result_begin("mse", "MSE");
    for (size_t s = 0; s < p->strata->n_strata; s++)
        unseen += unseen_of(p, s);
    add_rows(builder, p, p->strata->n_strata, total_of(p), estimates ? unseen : NAN);
    for (size_t s = 0; s < p->strata->n_strata; s++)
        add_rows(builder, p, s, n_of(p, s), estimates ? unseen_of(p, s) : NAN);
    est_i_result_add_stat(builder, "coverage", total_of(p) / (total_of(p) + unseen), false);
    add_list_frames(builder, p);
    if (tables)
        add_stratum_frames(builder, p);
    est_i_result_smallest_count(builder, smallest_of(p));
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

static est_result *publish_people(const people *p, bool estimates, bool tables)
{
    est_result *result = make(p, estimates, tables);
    est_result *published = publish(result, est_suppression_default());
    est_result_free(result);
    return published;
}

/* Rows come as they were made: all, then the strata, three each. */
static const est_row *row_of(const est_result *result, const char *estimand, size_t stratum)
{
    size_t first = stratum == SIZE_MAX ? 0 : 3 * (stratum + 1);
    const est_row *row = NULL;
    for (size_t i = 0; i < 3 && !row; i++)
        if (strcmp(est_result_row(result, first + i)->estimand, estimand) == 0)
            row = est_result_row(result, first + i);
    assert_non_null(row);
    return row;
}

static const est_cell *cell_of(const est_result *result, const char *frame_name, size_t row, size_t column)
{
    const est_frame *frame = est_result_frame_find(result, frame_name);
    assert_non_null(frame);
    assert_true(row < frame->n_rows && column < frame->n_columns);
    return &frame->cells[row * frame->n_columns + column];
}

static bool is_shown(const est_cell *cell)
{
    return !isnan(cell->number);
}

/* Fewer than ten on a further list, or, of two lists, on one of them alone. */
static bool stands_on_few(const people *p, size_t stratum)
{
    double again = -n_of(p, stratum);
    for (unsigned j = 0; j < (p->three_lists ? N_LISTS : 2); j++)
        again += on_all_of(p, stratum, 1u << j);
    return again < 10 || (!p->three_lists && (p->counts[stratum][1] < 10 || p->counts[stratum][2] < 10));
}

/* The strata of which n is shown, as marks. */
static void expect_strata(const people *p, const char *expected)
{
    est_result *published = publish_people(p, true, true);
    char marks[MOST_STRATA + 1] = "";
    size_t few = 0;
    for (size_t s = 0; s < p->strata->n_strata; s++) {
        bool shown = isfinite(row_of(published, "observed", s)->estimate);
        marks[s] = shown ? 's' : '*';
        assert_int_equal(!isnan(row_of(published, "population", s)->n), shown);
        assert_int_equal(!isnan(row_of(published, "unobserved", s)->estimate), shown);
        assert_int_equal(isfinite(row_of(published, "population", s)->estimate), !stands_on_few(p, s));
        for (size_t j = 0; j < (p->three_lists ? N_LISTS : 2) && !shown; j++)
            assert_false(is_shown(cell_of(published, "lists", j, 1 + s)));
        few += stands_on_few(p, s);
    }
    assert_int_equal(isfinite(row_of(published, "population", SIZE_MAX)->estimate), few != 1); /* the sum gives one back */
    assert_int_equal(est_result_frame_find(published, "gates") == NULL, few > 0);
    for (size_t s = 0; s < p->strata->n_strata && few == 0; s++) {
        assert_int_equal(is_shown(cell_of(published, "gates", s, 1)), marks[s] == 's');
        assert_string_equal(cell_of(published, "gates", s, 0)->text, p->strata->names[s]);
        assert_true(cell_of(published, "gates", s, 2)->number == 3);
    }
    assert_string_equal(marks, expected);
    assert_true(row_of(published, "observed", SIZE_MAX)->estimate == round(total_of(p) / 10) * 10);
    if (few == 0)
        assert_true(cell_of(published, "gates", p->strata->n_strata, 1)->number == round(total_of(p) / 10) * 10);
    for (size_t s = 0; s < p->strata->n_strata && few == 0; s++)
        assert_int_equal(is_shown(cell_of(published, "gates", p->strata->n_strata + 1 + s, 1)), smallest_of(p) >= 10);
    est_result_free(published);
}

static people fill(const design *strata, bool three_lists, const double *ns)
{
    people p = {.strata = strata, .three_lists = three_lists};
    for (size_t s = 0; s < strata->n_strata; s++) {
        double part = floor(ns[s] / 3);
        p.counts[s][1] = ns[s] - 2 * part;
        p.counts[s][2] = p.counts[s][3] = part;
    }
    return p;
}

static void test_one_label(void **state)
{
    people p = fill(&areas, false, (const double[]){300, 6, 90, 150});
    (void)state;
    expect_strata(&p, "s**s"); /* the smallest other goes with it: the total is shown */
    p = fill(&areas, false, (const double[]){300, 4, 5, 150});
    expect_strata(&p, "s***"); /* 9 persons in two strata would be too few */
    p = fill(&areas, false, (const double[]){300, 60, 90, 150});
    expect_strata(&p, "ssss");
}

/* Sex 1 at age 2 is not sex 2 at age 1, and neither is withheld for the other's sake alone. */
static void test_codes(void **state)
{
    people p = fill(&coded, false, (const double[]){300, 6, 90, 150, 200, 70});
    (void)state;
    expect_strata(&p, "s**s**"); /* the sums by sex and by age may be known: four corners */
    p = fill(&coded, false, (const double[]){300, 6, 400, 6, 200, 70});
    expect_strata(&p, "**s**s");
    p = fill(&crossed, false, (const double[]){300, 6, 40, 300, 400, 500, 300, 50, 60});
    expect_strata(&p, "s**sss" "s**");
}

static void test_nothing_small(void **state)
{
    people p = fill(&coded, false, (const double[]){300, 600, 900, 1500, 200, 700});
    est_result *published = publish_people(&p, true, true);
    (void)state;
    for (size_t s = 0; s < 6; s++)
        assert_true(row_of(published, "observed", s)->estimate == n_of(&p, s) &&
                    row_of(published, "population", s)->estimate == n_of(&p, s) + unseen_of(&p, s));
    for (size_t s = 0; s < 6; s++)
        assert_true(cell_of(published, "lists", 0, 1 + s)->number == on_all_of(&p, s, 1));
    assert_string_equal(est_result_note(published, 0)->code, "published");
    est_result_free(published);
}

/* A list that rests in a stratum is none of its lists: GO and PF of three make two. */
static void test_list_at_rest(void **state)
{
    static const char *const columns[] = {"list", "coast", "hills"}, *const pair_columns[] = {"list", "other", "coast", "hills"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_COUNT};
    /* In the hills 43 + 40 - 38 = 45 persons: 2 of them on PF alone, 5 on GO alone. */
    static const double on[N_LISTS][2] = {{200, 43}, {150, NAN}, {170, 40}}, both[N_PAIRS][2] = {{60, NAN}, {50, 38}, {80, NAN}};
    static const double ns[] = {360, 45};
    est_result *result = NULL, *published;
    est_i_result_builder *builder = est_i_result_begin("mse", "MSE");
    (void)state;
    for (size_t s = 0; s < 2; s++) {
        est_row row = est_i_row_empty("observed");
        row.domain = areas.labels[s];
        row.n_domain = 1;
        row.estimate = row.n = ns[s];
        est_i_result_add_row(builder, &row);
    }
    est_i_result_frame(builder, "lists", "Lists", 3, columns, roles + 1, SIZE_MAX);
    for (size_t j = 0; j < N_LISTS; j++) {
        est_i_result_cell_text(builder, lists[j]);
        est_i_result_cell(builder, on[j][0]);
        est_i_result_cell(builder, on[j][1]);
    }
    est_i_result_frame(builder, "overlaps", "Overlaps", 4, pair_columns, roles, SIZE_MAX);
    for (size_t k = 0; k < N_PAIRS; k++) {
        est_i_result_cell_text(builder, lists[k == 2]);
        est_i_result_cell_text(builder, lists[k == 0 ? 1 : 2]);
        est_i_result_cell(builder, both[k][0]);
        est_i_result_cell(builder, both[k][1]);
    }
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    published = publish(result, est_suppression_default());
    assert_false(is_shown(cell_of(published, "overlaps", 1, 3)));
    assert_false(is_shown(cell_of(published, "lists", 0, 2)) || is_shown(cell_of(published, "lists", 2, 2)));
    assert_null(cell_of(published, "lists", 1, 2)->text); /* nothing to withhold */
    est_result_free(published);
    est_result_free(result);
}

/* Of four lists DC was not at work on the coast: three lists there, all pairs given, so that the histories can be
 * looked at. In the hills and at the lake all four were, and some history is taken as small. */
static void check_four_lists(double alone, bool shown)
{
    static const char *const four[] = {"GO", "NG", "PF", "DC"}, *const columns[] = {"list", "other", "coast", "hills", "lake"},
                             *const list_columns[] = {"list", "coast", "hills", "lake"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_COUNT, EST_ROLE_COUNT};
    const double counts[N_HISTORIES + 1] = {0, alone, 40, 50, 60, 70, 80, 90};
    people p = {.strata = &areas, .three_lists = true};
    memcpy(p.counts[0], counts, sizeof counts);
    est_result *result = NULL, *published;
    est_i_result_builder *builder = est_i_result_begin("mse", "MSE");
    add_rows(builder, &p, 0, n_of(&p, 0), NAN);
    add_rows(builder, &p, 1, 700, NAN);
    add_rows(builder, &p, 2, 700, NAN);
    est_i_result_frame(builder, "lists", "Lists", 4, list_columns, roles + 1, SIZE_MAX);
    for (unsigned j = 0; j < 4; j++) {
        est_i_result_cell_text(builder, four[j]);
        est_i_result_cell(builder, j < 3 ? on_all_of(&p, 0, 1u << j) : NAN);
        est_i_result_cell(builder, 300);
        est_i_result_cell(builder, 300);
    }
    est_i_result_frame(builder, "overlaps", "Overlaps", 5, columns, roles, SIZE_MAX);
    for (unsigned i = 0; i < 4; i++)
        for (unsigned j = i + 1; j < 4; j++) {
            est_i_result_cell_text(builder, four[i]);
            est_i_result_cell_text(builder, four[j]);
            est_i_result_cell(builder, j < 3 ? on_all_of(&p, 0, 1u << i | 1u << j) : NAN);
            est_i_result_cell(builder, 100);
            est_i_result_cell(builder, 100);
        }
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    published = publish(result, est_suppression_default());
    for (size_t i = 0; i < 6; i++) {
        bool three = i == 0 || i == 1 || i == 3;
        assert_int_equal(is_shown(cell_of(published, "overlaps", i, 2)), three && shown);
        assert_false(is_shown(cell_of(published, "overlaps", i, 3)) || is_shown(cell_of(published, "overlaps", i, 4)));
    }
    for (size_t j = 0; j < 4; j++) {
        assert_int_equal(is_shown(cell_of(published, "lists", j, 1)), j < 3);
        assert_true(cell_of(published, "lists", j, 2)->number == 300);
    }
    est_result_free(published);
    est_result_free(result);
}

static void test_three_of_four_lists(void **state)
{
    (void)state;
    check_four_lists(30, true);
    check_four_lists(9, false);
}

/* Nobody on the coast is on NG alone: all 107 are on GO. The list totals go, the 107 stay, for a large stratum that is
 * withheld would say why. */
static void test_everybody_on_a_list(void **state)
{
    people p = {.strata = &areas, .counts = {{0, 54, 0, 53}, {0, 18, 74, 11}, {0, 26, 11, 76}, {0, 12, 16, 16}}};
    est_result *published = publish_people(&p, false, true);
    (void)state;
    assert_true(row_of(published, "observed", 0)->estimate == 110);
    assert_false(is_shown(cell_of(published, "lists", 0, 1)) || is_shown(cell_of(published, "lists", 1, 1)));
    est_result_free(published);
}

/* Diagnostics must not give back what the frames of lists withhold: PF has all but 4 of 104 persons. */
static void test_diagnostics(void **state)
{
    static const char *const consistency[] = {"list", "persons", "population", "ratio", "log_ratio", "result"},
                             *const residual_columns[] = {"history", "persons", "fitted", "pearson", "deviance", "adjusted"},
                             *const pair_columns[] = {"list", "other", "both", "population_lincoln", "odds_ratio", "dependence"},
                             *const fit_columns[] = {"measure", "value", "df", "p_value"};
    static const est_column_role consistency_roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN,
                                                        EST_ROLE_PLAIN, EST_ROLE_PLAIN},
                                 residual_roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN,
                                                     EST_ROLE_PLAIN, EST_ROLE_PLAIN},
                                 pair_roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_ESTIMATE,
                                                 EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    static const design everybody = {1, 0, {{{"", ""}}}, {"persons"}};
    const people p = {.strata = &everybody, .three_lists = true, .counts = {{0, 2, 1, 1, 30, 20, 25, 25}}};
    est_result *result = NULL, *published;
    est_i_result_builder *builder = est_i_result_begin("mse", "MSE");
    (void)state;
    add_rows(builder, &p, 1, n_of(&p, 0), 300);
    est_i_result_add_stat(builder, "aicc", 552.5, false);
    add_list_frames(builder, &p);
    est_i_result_frame(builder, "internal_consistency", "", 6, consistency, consistency_roles, SIZE_MAX);
    for (size_t j = 0; j < N_LISTS; j++) {
        est_i_result_cell_text(builder, lists[j]);
        for (size_t i = 0; i < 4; i++)
            est_i_result_cell(builder, i ? 130 : on_all_of(&p, 0, 1u << j));
        est_i_result_cell_text(builder, "covered");
    }
    est_i_result_frame(builder, "residuals", "", 6, residual_columns, residual_roles, SIZE_MAX);
    est_i_result_cell_text(builder, "NG:PF");
    for (size_t i = 0; i < 5; i++)
        est_i_result_cell(builder, 25);
    est_i_result_frame(builder, "pair_dependence", "", 6, pair_columns, pair_roles, SIZE_MAX);
    est_i_result_cell_text(builder, "GO");
    est_i_result_cell_text(builder, "NG");
    for (size_t i = 0; i < 3; i++)
        est_i_result_cell(builder, 26);
    est_i_result_cell_text(builder, "not strong");
    est_i_result_frame(builder, "goodness_of_fit", "", 4, fit_columns, (const est_column_role[4]){EST_ROLE_PLAIN}, SIZE_MAX);
    est_i_result_cell_text(builder, "deviance");
    for (size_t i = 0; i < 3; i++)
        est_i_result_cell(builder, 3);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    published = publish(result, est_suppression_default());
    assert_true(isnan(est_result_stat_value(published, "aicc")));
    assert_false(is_shown(cell_of(published, "lists", 2, 1)) || is_shown(cell_of(published, "internal_consistency", 2, 1)));
    for (size_t i = 3; i < 5; i++)
        assert_false(is_shown(cell_of(published, "internal_consistency", 2, i)));
    assert_false(is_shown(cell_of(published, "internal_consistency", 2, 2))); /* who is on which lists is not in the result */
    assert_string_equal(cell_of(published, "internal_consistency", 2, 5)->text, "withheld: a small overlap could be read from it");
    for (size_t i = 3; i < 6; i++)
        assert_false(is_shown(cell_of(published, "residuals", 0, i)));
    for (size_t i = 2; i < 5; i++)
        assert_false(is_shown(cell_of(published, "pair_dependence", 0, i)));
    assert_string_equal(cell_of(published, "pair_dependence", 0, 5)->text, "not strong");
    assert_false(is_shown(cell_of(published, "goodness_of_fit", 0, 1)) || is_shown(cell_of(published, "goodness_of_fit", 0, 3)));
    assert_true(cell_of(published, "goodness_of_fit", 0, 2)->number == 3);
    est_result_free(published);
    est_result_free(result);
}

/* What is said of strata whose names are made of codes. */
static void test_notes(void **state)
{
    static const char *const said[][2] = {
        {"1, 2: holds 6 persons, N = 41", "1, 2: holds * persons, N = *"},
        {"1, 2 has 1 person on GO and 2 on NG", "1, 2 has * person on GO and * on NG"},
        {"1, 1: 300 persons, of 1,201", "1, 1: 300 persons, of 1,201"},
        {"stratum 1, 1 stands on 2 persons", "stratum 1, 1 stands on * persons"},
        {"in all 1 person", "in all * person"},
        {"no number at all", "no number at all"},
    };
    people p = fill(&coded, false, (const double[]){300, 6, 90, 150, 200, 70});
    est_result *result = NULL, *published;
    est_i_result_builder *builder = est_i_result_begin("mse", "MSE");
    (void)state;
    add_rows(builder, &p, 6, total_of(&p), 5);
    for (size_t s = 0; s < 6; s++)
        add_rows(builder, &p, s, n_of(&p, s), 5);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        est_i_result_note(builder, NULL, EST_NOTE, "few_persons", "%s", said[i][0]);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    published = publish(result, est_suppression_default());
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        assert_string_equal(est_result_note(published, i)->message, said[i][1]);
    est_result_free(published);
    est_result_free(result);
}

/* A single label that is a number: a count of the same size is no label. */
static void test_number_labels(void **state)
{
    static const char *const said[][2] = {
        {"6: found 6 persons", "6: found * persons"},
        {"6 persons of 6 have 7", "* persons of * have *"},
        {"of 2010: 6 and 2010", "of 2010: 6 and 2010"}, /* speaks of no stratum that is withheld */
    };
    est_label label = {"age", "6"}, others[] = {{"age", "7"}, {"age", "8"}};
    static const double ns[] = {6, 40, 300};
    est_result *result = NULL, *published;
    est_i_result_builder *builder = est_i_result_begin("mse", "MSE");
    (void)state;
    for (size_t s = 0; s < 3; s++) {
        est_row row = est_i_row_empty("observed");
        row.domain = s ? &others[s - 1] : &label;
        row.n_domain = 1;
        row.estimate = row.n = ns[s];
        est_i_result_add_row(builder, &row);
    }
    for (size_t i = 0; i < 2; i++)
        est_i_result_note(builder, NULL, EST_NOTE, "few_persons", "%s", said[i][0]);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    published = publish(result, est_suppression_default());
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(est_result_note(published, i)->message, said[i][1]);
    est_result_free(published);
    est_result_free(result);
}

static void test_separators(void **state)
{
    est_i_text text = {0};
    (void)state;
    assert_true(est_i_separators_in("female") == 0 && est_i_separators_in("") == 0 && est_i_separators_in("a,b|c") == 0);
    assert_true(est_i_separators_in("a, b") == 1 && est_i_separators_in("a,") == 1);
    assert_true(est_i_separators_in("a | b") == 2 && est_i_separators_in("|") == 2 && est_i_separators_in("| a ||") == 6);
    assert_true(est_i_separators_in("a ||| b, c") == 9);
    est_i_separator_append(&text, 0);
    est_i_separator_append(&text, 1);
    est_i_separator_append(&text, 3);
    est_i_separator_append(&text, 5);
    assert_string_equal(text.data, ",  |  ||  | ");
    est_i_text_free(&text);
}

/* Linear algebra. Unknowns: the cells of the table, then the unseen of each stratum. Known: what is shown, taken as
 * exact; the sums of everything over the strata, and over the strata of one label. */

#define N_UNKNOWNS (MOST_STRATA * N_HISTORIES + MOST_STRATA)
#define MOST_EQUATIONS 512

typedef struct knowledge {
    double rows[MOST_EQUATIONS][N_UNKNOWNS];
    size_t count;
} knowledge;

/* The sum over the histories on all of `on`, exactly these with `only`, over the strata in the mask; with `unseen` the
 * unseen too. */
typedef struct sum {
    unsigned strata, on;
    bool only, unseen;
} sum;

static void put(double *row, const people *p, sum of, double factor)
{
    for (size_t s = 0; s < p->strata->n_strata; s++) {
        for (unsigned w = 1; w <= last_history(p) && (of.strata >> s & 1); w++)
            row[s * N_HISTORIES + w - 1] += (of.only ? w == of.on : (w & of.on) == of.on) ? factor : 0;
        if (of.unseen && (of.strata >> s & 1))
            row[MOST_STRATA * N_HISTORIES + s] += factor;
    }
}

static void learn(knowledge *known, const people *p, sum of)
{
    assert_true(known->count < MOST_EQUATIONS);
    double *row = memset(known->rows[known->count++], 0, sizeof known->rows[0]);
    put(row, p, of, 1);
}

/* What a part of the result shows of people: rows and gates, lists, overlaps, histories. */
typedef enum part { ROWS = 1, LISTS = 2, OVERLAPS = 4, HISTORIES = 8 } part;

static bool is_list(unsigned w)
{
    return w == 1 || w == 2 || w == 4;
}

static bool is_pair(unsigned w)
{
    return w == 3 || w == 5 || w == 6;
}

/* What these parts sum over strata. */
static void learn_sums(knowledge *known, const people *p, unsigned strata, unsigned parts)
{
    for (unsigned w = 0; w <= last_history(p); w++) {
        if (w == 0 || (is_list(w) && parts & LISTS) || (is_pair(w) && parts & OVERLAPS))
            learn(known, p, (sum){strata, w, false, false});
        if (w && parts & HISTORIES)
            learn(known, p, (sum){strata, w, true, false});
    }
    learn(known, p, (sum){strata, 0, false, true});
}

static void learn_margins(knowledge *known, const people *p, unsigned parts)
{
    for (size_t s = 0; s < p->strata->n_strata && p->strata->n_labels > 1; s++)
        for (size_t label = 0; label < p->strata->n_labels; label++) {
            unsigned same = 0;
            for (size_t t = 0; t < p->strata->n_strata; t++)
                same |= (unsigned)(strcmp(p->strata->labels[s][label].value, p->strata->labels[t][label].value) == 0) << t;
            if (!(same & ((1u << s) - 1))) /* once a value */
                learn_sums(known, p, same, parts);
        }
}

static void learn_rows(knowledge *known, const people *p, const est_result *published, size_t s)
{
    bool gates = est_result_frame_find(published, "gates") != NULL;
    learn(known, p, (sum){1u << s, 0, false, true}); /* N is mostly shown, and may be known anyway */
    if (!isnan(row_of(published, "observed", s)->estimate) || (gates && is_shown(cell_of(published, "gates", s, 1))))
        learn(known, p, (sum){1u << s, 0, false, false});
    if (!isnan(row_of(published, "unobserved", s)->estimate)) {
        learn(known, p, (sum){1u << s, 0, false, true});
        put(known->rows[known->count - 1], p, (sum){1u << s, 0, false, false}, -1);
    }
}

/* The rows are in the order of their names where something is withheld. */
static bool shows_history(const est_result *published, const char *stratum, const char *history)
{
    const est_frame *frame = est_result_frame_find(published, "residuals");
    bool shown = false;
    for (size_t i = 0; frame && i < frame->n_rows; i++)
        if (strcmp(cell_of(published, "residuals", i, 0)->text, stratum) == 0 &&
            strcmp(cell_of(published, "residuals", i, 1)->text, history) == 0)
            shown = is_shown(cell_of(published, "residuals", i, 2));
    return shown;
}

static void learn_shown(knowledge *known, const people *p, const est_result *published, unsigned parts)
{
    size_t n_lists = p->three_lists ? N_LISTS : 2, n_pairs = p->three_lists ? N_PAIRS : 1;
    for (size_t s = 0; s < p->strata->n_strata; s++) {
        if (parts & ROWS)
            learn_rows(known, p, published, s);
        for (size_t j = 0; j < n_lists && parts & LISTS; j++)
            if (is_shown(cell_of(published, "lists", j, 1 + s)))
                learn(known, p, (sum){1u << s, 1u << j, false, false});
        for (size_t k = 0; k < n_pairs && parts & OVERLAPS; k++)
            if (is_shown(cell_of(published, "overlaps", k, 2 + s)))
                learn(known, p, (sum){1u << s, pairs[k], false, false});
        for (unsigned w = 1; w <= last_history(p) && parts & HISTORIES; w++)
            if (shows_history(published, p->strata->names[s], histories[w]))
                learn(known, p, (sum){1u << s, w, true, false});
    }
}

/* Reduced row echelon form; the numbers stay small. */
static void solve(knowledge *known)
{
    size_t rank = 0;
    for (size_t column = 0; column < N_UNKNOWNS && rank < known->count; column++) {
        size_t best = rank;
        for (size_t i = rank; i < known->count; i++)
            if (fabs(known->rows[i][column]) > fabs(known->rows[best][column]))
                best = i;
        if (fabs(known->rows[best][column]) < 1e-9)
            continue;
        for (size_t k = 0; k < N_UNKNOWNS; k++) {
            double spare = known->rows[rank][k];
            known->rows[rank][k] = known->rows[best][k];
            known->rows[best][k] = spare;
        }
        for (size_t k = N_UNKNOWNS; k-- > column;)
            known->rows[rank][k] /= known->rows[rank][column];
        for (size_t i = 0; i < known->count; i++) {
            double factor = i == rank ? 0 : known->rows[i][column];
            for (size_t k = 0; k < N_UNKNOWNS && factor != 0; k++)
                known->rows[i][k] -= factor * known->rows[rank][k];
        }
        rank++;
    }
    known->count = rank;
}

/* Does the sum lie in the row space? */
static bool is_solved(const knowledge *known, const people *p, sum of)
{
    double row[N_UNKNOWNS] = {0};
    bool left = false;
    put(row, p, of, 1);
    for (size_t i = 0; i < known->count; i++) {
        size_t pivot = 0;
        while (fabs(known->rows[i][pivot]) < 1e-9)
            pivot++;
        double factor = row[pivot];
        for (size_t k = 0; k < N_UNKNOWNS && factor != 0; k++)
            row[k] -= factor * known->rows[i][k];
    }
    for (size_t k = 0; k < N_UNKNOWNS && !left; k++)
        left = fabs(row[k]) > 1e-7;
    return !left;
}

static knowledge *know(const people *p, const est_result *published, unsigned parts, bool margins)
{
    knowledge *known = calloc(1, sizeof *known);
    assert_non_null(known);
    learn_sums(known, p, (1u << p->strata->n_strata) - 1, parts);
    if (margins)
        learn_margins(known, p, parts);
    learn_shown(known, p, published, parts);
    solve(known);
    return known;
}

/* Counts below 10 that follow: strata and histories from rows, lists and histories with their totals, and all from
 * their own part with its sums by label as well. Overlaps together with the rest would give more if their numbers were
 * exact; that they are rounded is looked at by the other attack. */
static size_t solved_small(const people *p, const est_result *published)
{
    knowledge *all = know(p, published, ROWS | LISTS | HISTORIES, false), *rows = know(p, published, ROWS, true),
              *of_lists = know(p, published, LISTS, true), *of_pairs = know(p, published, OVERLAPS, true),
              *of_histories = know(p, published, HISTORIES, true);
    size_t solved = 0;
    for (size_t s = 0; s < p->strata->n_strata; s++)
        for (unsigned w = 0; w <= last_history(p); w++) {
            const sum both = {1u << s, w, false, false}, only = {1u << s, w, true, false};
            bool small = on_all_of(p, s, w) < 10;
            if (small && w == 0)
                solved += is_solved(rows, p, both) || is_solved(all, p, both) ? 1 : 0;
            if (small && w && (is_list(w) || is_pair(w)))
                solved += is_solved(is_list(w) ? of_lists : of_pairs, p, both) ? 1 : 0;
            if (w && p->counts[s][w] < 10)
                solved += is_solved(all, p, only) || is_solved(of_histories, p, only) ? 1 : 0;
        }
    free(all);
    free(rows);
    free(of_lists);
    free(of_pairs);
    free(of_histories);
    return solved;
}

static uint64_t next_random(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth's MMIX */
    return *random >> 33;
}

static people random_people(const design *strata, bool three_lists, uint64_t size, uint64_t *random)
{
    people p = {.strata = strata, .three_lists = three_lists};
    for (size_t s = 0; s < strata->n_strata; s++) {
        uint64_t scale = next_random(random) % (4 * size) + 1;
        for (size_t w = 1; w <= last_history(&p); w++)
            p.counts[s][w] = (double)(next_random(random) % (next_random(random) % scale + 1));
    }
    return p;
}

static void test_linear_attack(void **state)
{
    static const design *const designs[] = {&areas, &coded, &crossed};
    uint64_t random = UINT64_C(5);
    size_t shown = 0, open_solved = 0;
    (void)state;
    for (uint64_t trial = 0; trial < 240; trial++) {
        people p = random_people(designs[trial % 3], trial % 2, 2 + trial, &random);
        est_result *result = make(&p, true, true);
        est_result *published = publish(result, est_suppression_default());
        est_result *open = publish(result, (est_suppression){"none", 10, 1});
        if (solved_small(&p, published) != 0)
            fail_msg("trial %d gives %d small counts back", (int)trial, (int)solved_small(&p, published));
        open_solved += solved_small(&p, open);
        for (size_t s = 0; s < p.strata->n_strata; s++)
            shown += isnan(row_of(published, "observed", s)->estimate) ? 0 : 1;
        est_result_free(open);
        est_result_free(published);
        est_result_free(result);
    }
    assert_true(open_solved > 1000); /* the attack works where nothing is withheld */
    assert_true(shown > 300);        /* and it is no audit of empty pages */
}

/* By trying: whoever knows the rule of suppression looks for all tables with the same publication. Every small count
 * must have several possible values. */

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool same_frame(const est_result *a, const est_result *b, const char *name)
{
    const est_frame *left = est_result_frame_find(a, name), *right = est_result_frame_find(b, name);
    bool same = left && right;
    for (size_t i = 0; i < left->n_rows * left->n_columns && same; i++)
        same = same_number(left->cells[i].number, right->cells[i].number);
    return same;
}

static bool same_publication(const est_result *a, const est_result *b)
{
    bool same = est_result_frames(a) == est_result_frames(b);
    for (size_t i = 0; i < est_result_rows(a) && same; i++)
        same = same_number(est_result_row(a, i)->estimate, est_result_row(b, i)->estimate) &&
               same_number(est_result_row(a, i)->n, est_result_row(b, i)->n);
    for (size_t i = 0; i < est_result_frames(a) && same; i++)
        same = same_frame(a, b, est_result_frame(a, i)->name);
    return same;
}

#define LARGEST_TRIED 32

typedef struct possible {
    bool values[MOST_STRATA][2][N_HISTORIES + 1][LARGEST_TRIED]; /* of sums, of histories */
} possible;

static void note_values(possible *all, const people *p)
{
    for (size_t s = 0; s < p->strata->n_strata; s++)
        for (unsigned w = 0; w <= last_history(p); w++) {
            double values[] = {on_all_of(p, s, w), p->counts[s][w]};
            for (size_t i = 0; i < 2; i++)
                if (values[i] < LARGEST_TRIED)
                    all->values[s][i][w][(size_t)values[i]] = true;
        }
}

static size_t how_many(const bool *values)
{
    size_t count = 0;
    for (size_t i = 0; i < LARGEST_TRIED; i++)
        count += values[i] ? 1 : 0;
    return count;
}

static size_t too_certain(const people *p, const possible *all, bool most)
{
    size_t certain = 0;
    for (size_t s = 0; s < p->strata->n_strata; s++)
        for (unsigned w = 0; w <= last_history(p); w++) {
            if (on_all_of(p, s, w) < 10)
                certain += how_many(all->values[s][0][w]) < (most ? 3u : 2u);
            if (w && p->counts[s][w] < 10)
                certain += how_many(all->values[s][1][w]) < (most ? 3u : 2u);
        }
    return certain;
}

/* A step of one cell, half of the time of one that is still certain; often another cell steps back. */
static void step(people *p, const possible *all, uint64_t *random)
{
    size_t n = p->strata->n_strata, s = next_random(random) % n, w = 1 + next_random(random) % last_history(p);
    for (size_t i = 0; i < n * N_HISTORIES && next_random(random) % 8; i++) {
        s = next_random(random) % n;
        w = 1 + next_random(random) % last_history(p);
        if (how_many(all->values[s][1][w]) < 3 || how_many(all->values[s][0][w]) < 3)
            break;
    }
    double by = (double)(next_random(random) % 9) - 4;
    p->counts[s][w] = fmax(0, p->counts[s][w] + by);
    if (next_random(random) % 2) {
        size_t other = next_random(random) % 2 ? s : next_random(random) % n, v = 1 + next_random(random) % last_history(p);
        p->counts[other][v] = fmax(0, p->counts[other][v] - by);
    }
}

/* Small steps from the table, and from any table found, so that far ones are found too. */
static void look_for_others(const people *p, const est_result *published, possible *all, uint64_t *random)
{
    people near = *p;
    note_values(all, p);
    for (int trial = 0; trial < 20000 && too_certain(p, all, true) > 0; trial++) {
        people other = trial % 20 ? near : *p;
        for (size_t i = next_random(random) % 3 + 1; i > 0; i--)
            step(&other, all, random);
        est_result *attempt = publish_people(&other, false, p->three_lists);
        if (same_publication(attempt, published)) {
            note_values(all, &other);
            near = other;
        }
        est_result_free(attempt);
    }
}

static void expect_uncertain(const people *p, uint64_t *random)
{
    est_result *published = publish_people(p, false, p->three_lists);
    possible *all = calloc(1, sizeof *all);
    assert_non_null(all);
    look_for_others(p, published, all, random);
    if (too_certain(p, all, false) != 0) {
        for (size_t s = 0; s < p->strata->n_strata; s++)
            print_message("%s: %g %g %g %g %g %g %g\n", p->strata->names[s], p->counts[s][1], p->counts[s][2], p->counts[s][3],
                          p->counts[s][4], p->counts[s][5], p->counts[s][6], p->counts[s][7]);
        fail_msg("a small count has one possible value");
    }
    free(all);
    est_result_free(published);
}

static void test_search_for_other_tables(void **state)
{
    static const design *const designs[] = {&areas, &coded};
    uint64_t random = UINT64_C(17);
    (void)state;
    for (uint64_t trial = 0; trial < 40; trial++) {
        people p = random_people(designs[trial % 2], trial / 2 % 2, 2 + trial / 2, &random);
        if (total_of(&p) > 0)
            expect_uncertain(&p, &random);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_label),     cmocka_unit_test(test_codes),
        cmocka_unit_test(test_nothing_small), cmocka_unit_test(test_list_at_rest),
        cmocka_unit_test(test_three_of_four_lists), cmocka_unit_test(test_everybody_on_a_list),
        cmocka_unit_test(test_diagnostics),
        cmocka_unit_test(test_notes),         cmocka_unit_test(test_number_labels),
        cmocka_unit_test(test_separators),    cmocka_unit_test(test_linear_attack),
        cmocka_unit_test(test_search_for_other_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
