/* What the tests of published numbers share. Public API only. */
#ifndef EST_TESTS_PUBLISHED_SUPPORT_H
#define EST_TESTS_PUBLISHED_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <est.h>

/* Relative to the expected value. NaN fails. */
#define REQUIRE_CLOSE(found, expected, tolerance) \
    require_close(found, expected, tolerance, __FILE__, __LINE__)

static inline void require_close(double found, double expected, double tolerance, const char *file, int line)
{
    if (!(fabs(found - expected) <= tolerance * fabs(expected))) {
        print_error("found %.15g, expected %.15g: relative difference %.3g\n", found, expected,
                    found / expected - 1);
        _fail(file, line);
    }
}

static inline est_table *open_table(const char *name)
{
    est_table *table = NULL;
    est_error error;
    if (est_table_open(name, NULL, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return table;
}

static inline est_table *parse_table(const char *csv)
{
    est_table *table = NULL;
    est_error error;
    if (est_table_parse_csv("small.csv", csv, strlen(csv), NULL, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return table;
}

static inline int has_flag(const est_row *row, est_flag flag)
{
    return (row->flags & EST_FLAG_BIT(flag)) != 0;
}

/* A cell of a frame by row and column name. */
static inline const est_cell *cell_of(const est_frame *frame, size_t row, const char *column)
{
    for (size_t j = 0; frame && row < frame->n_rows && j < frame->n_columns; j++)
        if (strcmp(frame->columns[j], column) == 0)
            return &frame->cells[row * frame->n_columns + j];
    fail_msg("there is no cell %s in row %zu", column, row);
    return NULL;
}

static inline const char *stat_text(const est_result *result, const char *name)
{
    for (size_t i = 0; i < est_result_stats(result); i++)
        if (strcmp(est_result_stat(result, i)->name, name) == 0)
            return est_result_stat(result, i)->text;
    return NULL;
}

static inline int has_note(const est_result *result, const char *code)
{
    int found = 0;
    for (size_t i = 0; i < est_result_notes(result); i++)
        found = found || strcmp(est_result_note(result, i)->code, code) == 0;
    return found;
}

static inline void require_same_reports(const est_result *a, const est_result *b)
{
    for (size_t i = 0; est_report_format(i); i++) {
        char *left = NULL, *right = NULL;
        size_t n_left = 0, n_right = 0;
        est_error error;
        assert_int_equal(est_report_string(a, est_report_format(i), &left, &n_left, &error), EST_OK);
        assert_int_equal(est_report_string(b, est_report_format(i), &right, &n_right, &error), EST_OK);
        assert_int_equal(n_left, n_right);
        assert_memory_equal(left, right, n_left);
        est_string_free(left);
        est_string_free(right);
    }
}

/* Cancels at the given call of poll. */
typedef struct stopper {
    int calls, at;
} stopper;

static inline int stop_at(void *user)
{
    stopper *s = user;
    return ++s->calls >= s->at;
}

#endif
