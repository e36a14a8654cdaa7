/* Published figures beside estimates: which belong to an indicator, whether they may be compared, and that no estimate changes. */
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

#include "indicators/benchmarks.h"

typedef struct found {
    size_t count;
    bool named; /* the row asked for is among them */
    const char *id;
} found;

static void take(void *user, const est_table *table, size_t row, const est_i_keys *keys)
{
    found *f = user;
    char buffer[32];
    const char *id = est_table_text(table, (size_t)est_table_find(table, "id"), row, buffer);
    f->count++;
    f->named = f->named || strcmp(id, f->id) == 0;
    assert_true(*keys->value[EST_I_KEY_CONCEPT] && *keys->value[EST_I_KEY_UNIT]);
}

static bool belongs(const char *indicator, const char *concept, const char *id)
{
    est_table *table = NULL;
    est_error error;
    found f = {.id = id};
    assert_int_equal(est_table_open(EST_I_BENCHMARKS, NULL, &table, &error), EST_OK);
    size_t count = est_i_benchmarks_find(table, indicator, concept, take, &f);
    assert_int_equal(count, f.count);
    est_table_free(table);
    return f.named;
}

static void which_belong(void **state)
{
    (void)state;
    assert_true(belongs("married_by_18", "", "kdhs-2014-women-20-24-by-18"));
    assert_false(belongs("married_by_18", "", "kdhs-2014-women-20-24-by-15"));
    assert_false(belongs("married_by_18", "", "census-2019-girls-12-18-married"));
    assert_true(belongs("married_by_18", "child marriage", "kdhs-2014-women-20-24-by-18"));
    assert_true(belongs("children_in_employment", "", "census-2019-working-5-17"));
    assert_true(belongs("children_in_employment", "", "knbs-2019-working-5-14"));
    assert_true(belongs("child_labour_economic", "", "census-2019-working-5-17")); /* beside it, and never the same */
    assert_false(belongs("child_labour_economic", "", "kihbs-2005-agriculture"));
    assert_true(belongs("victims_detected_rate", "", "tip-2019-victims"));
    assert_true(belongs("victims_estimated_number", "", "tip-2019-victims"));
    assert_false(belongs("victims_detected_number", "", "tip-2019-prosecutions"));
    assert_true(belongs("victims_detected_number", "criminal justice", "tip-2019-prosecutions"));
    assert_false(belongs("forced_marriage_ever", "", "kdhs-2014-women-20-24-by-18"));
}

static est_result *with_benchmarks(const char *indicator, const char *definition, const char *county)
{
    est_i_result_builder *builder = est_i_result_begin("test", "Test");
    est_row row = est_i_row_empty(indicator);
    est_label label = {"county", county};
    est_result *result = NULL;
    est_error error;
    row.estimate = 0.25;
    row.population = strncmp(indicator, "married", 7) == 0 ? "women" : "children";
    row.definition = definition;
    row.geography = "Kenya";
    row.ages = strncmp(indicator, "married", 7) == 0 ? "20-24" : "5-17";
    row.reference_period = "lifetime";
    row.unit = "proportion";
    est_i_result_add_row(builder, &row);
    row.domain = &label;
    row.n_domain = 1;
    if (*county)
        est_i_result_add_row(builder, &row);
    assert_int_equal(est_i_benchmarks_add(builder, 1, &indicator, NULL, &error), EST_OK);
    assert_int_equal(est_i_result_finish(builder, &result, &error), EST_OK);
    return result;
}

static const char *text_in(const est_frame *frame, const char *id, const char *column)
{
    size_t wanted = SIZE_MAX, ids = SIZE_MAX;
    const char *text = NULL;
    for (size_t j = 0; j < frame->n_columns; j++) {
        wanted = strcmp(frame->columns[j], column) == 0 ? j : wanted;
        ids = strcmp(frame->columns[j], "id") == 0 ? j : ids;
    }
    assert_true(wanted != SIZE_MAX && ids != SIZE_MAX);
    for (size_t i = 0; i < frame->n_rows; i++)
        if (strcmp(frame->cells[i * frame->n_columns + ids].text, id) == 0)
            text = frame->cells[i * frame->n_columns + wanted].text;
    assert_non_null(text);
    return text;
}

static size_t facts_with(const est_result *result, const char *words)
{
    size_t count = 0;
    for (size_t i = 0; i < est_result_facts(result); i++) {
        const est_fact *fact = est_result_fact(result, i);
        count += strcmp(fact->group, "benchmark") == 0 && strstr(fact->value, words) != NULL;
    }
    return count;
}

static void beside_an_estimate(void **state)
{
    (void)state;
    est_result *r = with_benchmarks("married_by_18", "sdg-5.3.1", "");
    const est_frame *frame = est_result_frame_find(r, "benchmarks");
    assert_non_null(frame);
    assert_string_equal(text_in(frame, "kdhs-2014-women-20-24-by-18", "comparable"), "yes");
    assert_string_equal(text_in(frame, "kdhs-2022-women-25-49-by-18", "comparable"), "no: ages");
    assert_string_equal(text_in(frame, "kdhs-2014-men-20-24-by-18", "comparable"), "no: sex, population, definition");
    assert_string_equal(text_in(frame, "kdhs-2014-ever-married-15-49-by-18", "comparable"), "no: ages, population, definition");
    assert_int_equal(facts_with(r, "22.9 % (2014; child marriage; Kenya; 20-24; female; women)."), 1);
    assert_int_equal(facts_with(r, "Comparable: yes."), 3); /* 1989, 2008-09, 2014 */
    assert_int_equal(est_result_rows(r), 1);
    assert_true(est_result_row(r, 0)->estimate == 0.25);
    est_result_free(r);
}

static void employment_is_not_child_labour(void **state)
{
    (void)state;
    est_result *r = with_benchmarks("child_labour_economic", "sdg-8.7.1", "Samburu");
    const est_frame *frame = est_result_frame_find(r, "benchmarks");
    assert_string_equal(text_in(frame, "census-2019-working-5-17", "concept"), "employment");
    assert_non_null(strstr(text_in(frame, "census-2019-working-5-17", "comparable"), "no: indicator, concept"));
    assert_int_equal(facts_with(r, "Comparable: yes."), 0);
    assert_int_equal(facts_with(r, "38.4 % (2019; employment; Samburu; 5-17; children)."), 1); /* a county of the result */
    assert_int_equal(facts_with(r, "Kisumu"), 0);
    assert_true(facts_with(r, "1,349,365 (2019; employment; Kenya; 5-17; children).") == 1);
    assert_true(facts_with(r, "prints 1369600; a misprint") == 1);
    est_result_free(r);
}

static void none_known(void **state)
{
    (void)state;
    est_result *r = with_benchmarks("forced_marriage_ever", "kdhs-module", "");
    assert_null(est_result_frame_find(r, "benchmarks"));
    assert_int_equal(facts_with(r, ""), 0);
    assert_string_equal(est_result_note(r, 0)->code, "benchmarks");
    assert_non_null(strstr(est_result_note(r, 0)->message, "No published Kenyan figure"));
    est_result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_belong),
        cmocka_unit_test(beside_an_estimate),
        cmocka_unit_test(employment_is_not_child_labour),
        cmocka_unit_test(none_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
