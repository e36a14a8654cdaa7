/* The builder, the accessors and copies. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/options.h"
#include "core/result.h"
#include "core/result_parts.h"

typedef struct heard {
    int count;
    est_severity severity;
    char code[32], message[128];
} heard;

static void on_note(void *user, est_severity severity, const char *code, const char *message)
{
    heard *self = user;
    self->count++;
    self->severity = severity;
    snprintf(self->code, sizeof self->code, "%s", code);
    snprintf(self->message, sizeof self->message, "%s", message);
}

typedef struct sample_options {
    long order;
    const char *model;
    const est_table *table;
} sample_options;

static const est_option_spec sample_specs[] = {
    {"max-order", EST_OPTION_INTEGER, offsetof(sample_options, order), "3", 0, 9, NULL, "", 0},
    {"model", EST_OPTION_TEXT, offsetof(sample_options, model), "", 0, 0, NULL, "", 0},
    {"population", EST_OPTION_TABLE, offsetof(sample_options, table), "", 0, 0, NULL, "", 0},
};

static const est_method sample_method = {
    .id = "sample", .options = sample_specs, .n_options = 3, .options_size = sizeof(sample_options)};

static void add_rows(est_i_result_builder *builder)
{
    char value[16] = "2010-2014";
    est_label labels[2] = {{"period", value}, {"baseline", "2005-2009"}};
    est_row row = est_i_row_empty("population");
    row.n_domain = 1;
    row.domain = labels;
    row.model = "M1";
    row.estimate = 1471.25;
    row.lower = 1200;
    row.upper = INFINITY;
    row.flags = EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    row.interval = NULL; /* is "" in the result */
    est_i_result_add_row(builder, &row);
    row = est_i_row_empty("ratio");
    row.n_domain = 2;
    row.domain = labels;
    row.estimate = 0.5;
    est_i_result_add_row(builder, &row);
    memset(value, 'x', 9); /* the builder has its own copies */
}

static void add_frames(est_i_result_builder *builder)
{
    static const char *const columns[] = {"history", "count"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT};
    est_i_result_frame(builder, "histories", "Histories", 2, columns, roles, SIZE_MAX);
    for (int i = 0; i < 100; i++) {
        est_i_result_cell_text(builder, i % 2 ? "A" : "A:B");
        est_i_result_cell(builder, i);
    }
    est_i_result_frame(builder, "plain", "Plain", 1, columns, NULL, 0);
    est_i_result_frame(builder, "none", "None", 0, NULL, NULL, 0);
}

static void add_chart(est_i_result_builder *builder)
{
    static const char *const categories[] = {"a", "b"};
    static const double value[] = {1, 2}, lower[] = {0.5, 1}, upper[] = {3, INFINITY};
    est_series series[] = {{"M1", EST_SERIES_BAND, EST_ROLE_ESTIMATE, value, lower, upper},
                           {"seen", EST_SERIES_LINE, EST_ROLE_COUNT, value, NULL, NULL}};
    est_chart chart = {.name = "trend", .title = "Trend", .subtitle = "", .x_title = "period",
                       .y_title = "people", .alternative = "in words", .n_categories = 2,
                       .categories = categories, .n_series = 2, .series = series};
    est_i_result_add_chart(builder, &chart);
}

static est_status build(const est_context *context, est_result **result, est_error *error)
{
    sample_options options = {3, "A:B", NULL};
    est_i_result_builder *builder = est_i_result_begin("sample", "A sample");
    add_rows(builder);
    est_i_result_add_stat(builder, "n", 120, true);
    est_i_result_add_stat(builder, "bic", 2056.08, false);
    est_i_result_add_stat_text(builder, "model", "A:B C");
    add_frames(builder);
    est_i_result_note(builder, context, EST_WARNING, "few_data", "only %d lists", 3);
    add_chart(builder);
    est_i_result_add_provenance(builder, "file", "x.csv", true);
    est_i_result_add_options(builder, &sample_method, &options);
    est_i_result_mark(builder, false, true, false);
    return est_i_result_finish(builder, result, error);
}

static void check_rows(const est_result *result)
{
    const est_row *row = est_result_row(result, 0);
    assert_int_equal(est_result_rows(result), 2);
    assert_null(est_result_row(result, 2));
    assert_string_equal(row->estimand, "population");
    assert_string_equal(row->domain[0].name, "period");
    assert_string_equal(row->domain[0].value, "2010-2014");
    assert_string_equal(row->model, "M1");
    assert_string_equal(row->interval, "");
    assert_string_equal(row->definition, "");
    assert_true(row->estimate == 1471.25 && isnan(row->se) && isnan(row->n) && isinf(row->upper));
    assert_int_equal(row->flags, 1);
    assert_ptr_equal(est_result_find(result, "population", NULL, NULL), row);
    assert_ptr_equal(est_result_find(result, "population", "period", "2010-2014"), row);
    assert_ptr_equal(est_result_find(result, "ratio", "baseline", "2005-2009"), est_result_row(result, 1));
    assert_null(est_result_find(result, "population", "period", "2005-2009"));
    assert_null(est_result_find(result, "rate", NULL, NULL));
}

static void check_stats_and_frames(const est_result *result)
{
    const est_frame *frame = est_result_frame_find(result, "histories");
    assert_int_equal(est_result_stats(result), 3);
    assert_true(est_result_stat_value(result, "bic") == 2056.08);
    assert_true(isnan(est_result_stat_value(result, "model")));
    assert_true(isnan(est_result_stat_value(result, "aic")));
    assert_int_equal(est_result_stat(result, 0)->is_count, 1);
    assert_null(est_result_stat(result, 0)->text);
    assert_string_equal(est_result_stat(result, 2)->text, "A:B C");
    assert_null(est_result_stat(result, 3));
    assert_int_equal(est_result_frames(result), 3);
    assert_int_equal(frame->n_rows, 100);
    assert_int_equal(frame->n_columns, 2);
    assert_int_equal(frame->roles[1], EST_ROLE_COUNT);
    assert_string_equal(frame->columns[0], "history");
    assert_string_equal(frame->cells[198].text, "A");
    assert_null(frame->cells[199].text);
    assert_true(frame->cells[199].number == 99);
    assert_int_equal(frame->print_rows, SIZE_MAX);
    assert_int_equal(est_result_frame(result, 1)->n_rows, 0);
    assert_int_equal(est_result_frame(result, 1)->roles[0], EST_ROLE_PLAIN);
    assert_int_equal(est_result_frame(result, 2)->n_rows, 0);
    assert_null(est_result_frame_find(result, "vcov"));
}

static void check_the_rest(const est_result *result)
{
    const est_chart *chart = est_result_chart(result, 0);
    assert_string_equal(est_result_method(result), "sample");
    assert_string_equal(est_result_title(result), "A sample");
    assert_int_equal(est_result_notes(result), 1);
    assert_string_equal(est_result_note(result, 0)->message, "only 3 lists");
    assert_int_equal(est_result_note(result, 0)->severity, EST_WARNING);
    assert_null(est_result_note(result, 1));
    assert_int_equal(est_result_charts(result), 1);
    assert_string_equal(chart->categories[1], "b");
    assert_true(chart->series[0].upper[0] == 3 && isinf(chart->series[0].upper[1]));
    assert_true(chart->series[1].value[1] == 2 && isnan(chart->series[1].lower[1]));
    assert_null(est_result_chart(result, 1));
    assert_int_equal(est_result_provenances(result), 4);
    assert_int_equal(est_result_provenance(result, 0)->is_private, 1);
    assert_string_equal(est_result_provenance(result, 1)->name, "option:max-order");
    assert_string_equal(est_result_provenance(result, 1)->value, "3");
    assert_int_equal(est_result_provenance(result, 1)->is_private, 0);
    assert_string_equal(est_result_provenance(result, 2)->value, "A:B");
    assert_int_equal(est_result_provenance(result, 3)->is_private, 1);
    assert_null(est_result_provenance(result, 4));
    assert_int_equal(est_result_is_public(result), 0);
    assert_int_equal(est_result_is_synthetic(result), 1);
    assert_int_equal(est_result_is_internal(result), 0);
}

static void test_builder(void **state)
{
    heard self = {0, EST_NOTE, "", ""};
    est_context context = est_context_default();
    est_result *result = NULL;
    (void)state;
    context.note = on_note;
    context.user = &self;
    assert_int_equal(build(&context, &result, NULL), EST_OK);
    check_rows(result);
    check_stats_and_frames(result);
    check_the_rest(result);
    assert_int_equal(self.count, 1);
    assert_int_equal(self.severity, EST_WARNING);
    assert_string_equal(self.code, "few_data");
    assert_string_equal(self.message, "only 3 lists");
    est_result_free(result);
}

static void test_copy(void **state)
{
    est_result *result = NULL, *copy = NULL;
    (void)state;
    assert_int_equal(build(NULL, &result, NULL), EST_OK);
    assert_int_equal(est_i_result_copy(result, &copy, NULL), EST_OK);
    est_result_free(result);
    check_rows(copy);
    check_stats_and_frames(copy);
    check_the_rest(copy);
    est_result_free(copy);
}

static void test_ragged_frame(void **state)
{
    static const char *const columns[] = {"a", "b"};
    est_i_result_builder *builder = est_i_result_begin("sample", "");
    est_result *result = NULL;
    est_error error;
    (void)state;
    est_i_result_frame(builder, "f", "", 2, columns, NULL, 0);
    est_i_result_cell(builder, 1);
    assert_int_equal(est_i_result_finish(builder, &result, &error), EST_EINTERNAL);
    assert_int_equal(error.code, EST_EINTERNAL);
    assert_null(result);
    builder = est_i_result_begin("sample", "");
    est_i_result_cell_text(builder, "outside of a frame");
    assert_int_equal(est_i_result_finish(builder, &result, &error), EST_EINTERNAL);
}

static void test_nothing_is_allowed(void **state)
{
    est_row row = est_i_row_empty("population");
    est_result *result = NULL;
    (void)state;
    est_i_result_add_row(NULL, &row);
    est_i_result_cell(NULL, 1);
    est_i_result_note(NULL, NULL, EST_NOTE, "code", "message");
    est_i_result_add_options(NULL, &sample_method, NULL);
    est_i_result_abandon(NULL);
    est_result_free(NULL);
    assert_int_equal(est_i_result_finish(NULL, &result, NULL), EST_ENOMEM);
    assert_null(result);
    est_i_result_builder *builder = est_i_result_begin("sample", "never finished");
    add_frames(builder);
    est_i_result_abandon(builder);
    assert_int_equal(est_result_rows(NULL), 0);
    assert_null(est_result_row(NULL, 0));
}

/* What surveys add: fields of rows, links from frames and charts to rows, decimals, notes with a public form. */
static void test_survey_parts(void **state)
{
    static const char *const columns[] = {"area", "hours"};
    static const int decimals[] = {-1, 2};
    static const size_t about[] = {0};
    static const double value[] = {3};
    static const char *const categories[] = {"coast"};
    est_series series = {.name = "hours", .kind = EST_SERIES_LINE, .role = EST_ROLE_PLAIN, .value = value};
    est_chart chart = {.name = "c", .title = "", .subtitle = "", .x_title = "", .y_title = "", .alternative = "", .n_categories = 1,
                       .categories = categories, .n_series = 1, .series = &series, .about = about};
    est_i_result_builder *builder = est_i_result_begin("survey", "Survey");
    est_result *result = NULL, *copy = NULL;
    est_error error;
    est_row row = est_i_row_empty("mean(hours)");
    (void)state;
    assert_true(isnan(row.n_weighted) && isnan(row.cv) && isnan(row.deff) && isnan(row.deft) && isnan(row.effective_n) &&
                isnan(row.numerator));
    assert_string_equal(row.mark, "");
    row.deft = 1.5;
    row.mark = "E";
    assert_int_equal(est_i_result_row_count(builder), 0);
    est_i_result_add_row(builder, &row);
    assert_int_equal(est_i_result_row_count(builder), 1);
    est_i_result_frame(builder, "table", "", 2, columns, NULL, 0);
    est_i_result_frame_decimals(builder, decimals);
    for (size_t i = 0; i < 3; i++) {
        if (i == 1)
            est_i_result_frame_about(builder, 0);
        est_i_result_cell_text(builder, "coast");
        est_i_result_cell(builder, (double)i);
    }
    est_i_result_frame(builder, "plain", "", 2, columns, NULL, 0);
    est_i_result_cell_text(builder, "coast");
    est_i_result_cell(builder, 1);
    est_i_result_add_chart(builder, &chart);
    est_i_result_note_public(builder, NULL, EST_NOTE, "few", "some are few", "coast has %d", 3);
    est_i_result_note(builder, NULL, EST_NOTE, "other", "nothing to hide");
    assert_int_equal(est_i_result_finish(builder, &result, &error), EST_OK);
    assert_int_equal(est_i_result_copy(result, &copy, &error), EST_OK);
    est_result_free(result);
    assert_true(est_result_row(copy, 0)->deft == 1.5);
    assert_string_equal(est_result_row(copy, 0)->mark, "E");
    assert_int_equal(est_result_frame(copy, 0)->decimals[1], 2);
    assert_true(est_result_frame(copy, 0)->about[0] == SIZE_MAX && est_result_frame(copy, 0)->about[2] == SIZE_MAX);
    assert_int_equal(est_result_frame(copy, 0)->about[1], 0);
    assert_null(est_result_frame(copy, 1)->about);
    assert_null(est_result_frame(copy, 1)->decimals);
    assert_int_equal(est_result_chart(copy, 0)->about[0], 0);
    assert_string_equal(est_result_note(copy, 0)->message, "coast has 3");
    assert_string_equal(est_result_note(copy, 0)->public_message, "some are few");
    assert_null(est_result_note(copy, 1)->public_message);
    est_result_free(copy);
}

static void test_flags(void **state)
{
    (void)state;
    assert_string_equal(est_flag_name(EST_FLAG_UPPER_UNBOUNDED), "upper_unbounded");
    assert_string_equal(est_flag_name(EST_FLAG_NOT_ANNUAL), "not_annual");
    assert_string_equal(est_flag_name(EST_FLAG_LONELY_PSU), "lonely_psu");
    assert_string_equal(est_flag_name(EST_FLAG_DEFINITION_BREAK), "definition_break");
    assert_null(est_flag_name(EST_FLAG_END));
    assert_null(est_flag_name((est_flag)-1));
    assert_null(est_flag_title(EST_FLAG_END));
    for (int i = 0; i < EST_FLAG_END; i++) {
        assert_true(strlen(est_flag_name((est_flag)i)) > 0);
        assert_true(strlen(est_flag_title((est_flag)i)) > 0);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(est_flag_name((est_flag)i), est_flag_name((est_flag)j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builder),      cmocka_unit_test(test_copy),
        cmocka_unit_test(test_ragged_frame), cmocka_unit_test(test_nothing_is_allowed),
        cmocka_unit_test(test_flags),        cmocka_unit_test(test_survey_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
