/* A file read in parts gives the same bytes as one pass; damaged, missing and foreign parts are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <est.h>

#include "data/source_parts.h"

#define ROWS 3000
#define MAX_PARTS 7

static est_table *made_table(void)
{
    static double weight[ROWS], y[ROWS], stratum[ROWS], psu[ROWS];
    static const char *sex[ROWS];
    est_table *table = NULL;
    est_error error;
    unsigned state = 7;
    for (int i = 0; i < ROWS; i++) {
        state = state * 1664525u + 1013904223u;
        psu[i] = (i * 31) % 240;
        stratum[i] = (int)psu[i] % 12;
        weight[i] = 0.1 + (state >> 20) / 977.0;
        y[i] = (state >> 8) % 17 == 0 ? 0.0 / 0.0 : (state >> 10) % 1000 / 7.0;
        sex[i] = (state >> 16) % 19 == 0 ? NULL : (state >> 13) % 2 ? "female" : "male";
    }
    assert_int_equal(est_table_new("made.csv", ROWS, &table, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "w", weight, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "y", y, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "h", stratum, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "c", psu, &error), EST_OK);
    assert_int_equal(est_table_add_text(table, "sex", sex, &error), EST_OK);
    est_table_set_public(table, 1);
    return table;
}

static est_survey_options asked(void)
{
    est_survey_options options = est_survey_options_default();
    options.weight = "w";
    options.strata = "h";
    options.psu = "c";
    options.mean = "y";
    options.total = "y";
    options.proportion = "sex=female";
    options.by = "sex";
    options.where = "y >= 3";
    return options;
}

typedef struct parts {
    est_table *table;
    est_source *source;
    est_survey_options options;
    size_t n;
    char *state[MAX_PARTS];
    size_t length[MAX_PARTS];
    const char *name[MAX_PARTS];
} parts;

static void read_parts(parts *p, size_t n, size_t chunk_rows)
{
    est_error error;
    memset(p, 0, sizeof *p);
    p->table = made_table();
    assert_int_equal(est_source_of_table(p->table, &p->source, &error), EST_OK);
    p->source->chunk_rows = chunk_rows;
    p->options = asked();
    p->n = n;
    for (size_t k = 0; k < n; k++) {
        p->name[k] = "part";
        assert_int_equal(est_survey_part(p->source, &p->options, k + 1, n, NULL, &p->state[k], &p->length[k], &error), EST_OK);
    }
}

static void free_parts(parts *p)
{
    for (size_t k = 0; k < p->n; k++)
        est_string_free(p->state[k]);
    est_source_free(p->source);
    est_table_free(p->table);
}

static est_status join_parts(parts *p, est_result **result, est_error *error)
{
    return est_survey_join(p->n, p->name, (const char *const *)p->state, p->length, &p->options, NULL, result, error);
}

static void same_results(const est_result *a, const est_result *b)
{
    assert_int_equal(est_result_rows(a), est_result_rows(b));
    for (size_t i = 0; i < est_result_rows(a); i++) {
        const est_row *x = est_result_row(a, i), *y = est_result_row(b, i);
        assert_string_equal(x->estimand, y->estimand);
        assert_memory_equal(&x->estimate, &y->estimate, sizeof x->estimate);
        assert_memory_equal(&x->se, &y->se, sizeof x->se);
        assert_memory_equal(&x->lower, &y->lower, sizeof x->lower);
        assert_memory_equal(&x->deff, &y->deff, sizeof x->deff);
        assert_true(x->n == y->n && x->n_weighted == y->n_weighted && x->df == y->df);
    }
    assert_true(est_result_stat_value(a, "weight_sum") == est_result_stat_value(b, "weight_sum"));
    assert_true(est_result_stat_value(a, "rows") == ROWS);
}

static void test_parts_equal_the_whole(void **state)
{
    static const size_t chunk_rows[] = {7, 64, 100, 1024, 4096};
    (void)state;
    for (size_t i = 0; i < sizeof chunk_rows / sizeof chunk_rows[0]; i++) {
        for (size_t n = 1; n <= MAX_PARTS; n += 2) {
            parts p;
            est_result *whole = NULL, *joined = NULL;
            est_error error;
            read_parts(&p, n, chunk_rows[i]);
            assert_int_equal(est_survey(p.source, &p.options, NULL, &whole, &error), EST_OK);
            for (size_t k = 0; k < n / 2; k++) { /* the order in which they are given does not matter */
                char *kept = p.state[k];
                size_t length = p.length[k];
                p.state[k] = p.state[n - 1 - k], p.length[k] = p.length[n - 1 - k];
                p.state[n - 1 - k] = kept, p.length[n - 1 - k] = length;
            }
            assert_int_equal(join_parts(&p, &joined, &error), EST_OK);
            same_results(whole, joined);
            est_result_free(whole);
            est_result_free(joined);
            free_parts(&p);
        }
    }
}

static void test_other_variance_of_the_same_parts(void **state)
{
    parts p;
    est_result *whole = NULL, *joined = NULL;
    est_error error;
    (void)state;
    read_parts(&p, 3, 200);
    p.options.variance = 2; /* jkn */
    assert_int_equal(est_survey(p.source, &p.options, NULL, &whole, &error), EST_OK);
    assert_int_equal(join_parts(&p, &joined, &error), EST_OK);
    same_results(whole, joined);
    est_result_free(whole);
    est_result_free(joined);
    free_parts(&p);
}

static void test_damage_is_noticed(void **state)
{
    parts p;
    est_result *joined = NULL;
    est_error error;
    (void)state;
    read_parts(&p, 2, 500);
    for (size_t at = 0; at < p.length[1]; at += 97) {
        p.state[1][at] ^= 0x20;
        assert_int_equal(join_parts(&p, &joined, &error), EST_EFORMAT);
        assert_null(joined);
        p.state[1][at] ^= 0x20;
    }
    for (size_t length = 0; length < p.length[1]; length += 211) {
        size_t kept = p.length[1];
        p.length[1] = length;
        assert_int_equal(join_parts(&p, &joined, &error), EST_EFORMAT);
        p.length[1] = kept;
    }
    free_parts(&p);
}

static void test_parts_must_be_all_and_of_one_question(void **state)
{
    parts p;
    est_result *joined = NULL;
    est_error error;
    (void)state;
    read_parts(&p, 3, 300);
    p.n = 2;
    assert_int_equal(join_parts(&p, &joined, &error), EST_EDEFINITION);
    p.n = 3;
    char *kept = p.state[2];
    size_t length = p.length[2];
    p.state[2] = p.state[1], p.length[2] = p.length[1];
    assert_int_equal(join_parts(&p, &joined, &error), EST_EDEFINITION);
    p.state[2] = kept, p.length[2] = length;
    p.options.where = "y >= 4";
    assert_int_equal(join_parts(&p, &joined, &error), EST_EOPTION);
    free_parts(&p);
}

static void test_what_needs_several_passes_is_refused(void **state)
{
    parts p;
    char *bytes = NULL;
    size_t length = 0;
    est_error error;
    (void)state;
    read_parts(&p, 1, 300);
    p.options.quantile = "y@0.5";
    assert_int_equal(est_survey_part(p.source, &p.options, 1, 2, NULL, &bytes, &length, &error), EST_EOPTION);
    p.options.quantile = "";
    p.options.proportion = "sex";
    assert_int_equal(est_survey_part(p.source, &p.options, 1, 2, NULL, &bytes, &length, &error), EST_EOPTION);
    p.options.proportion = "sex=female";
    assert_int_equal(est_survey_part(p.source, &p.options, 3, 2, NULL, &bytes, &length, &error), EST_EOPTION);
    assert_null(bytes);
    free_parts(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_equal_the_whole),
        cmocka_unit_test(test_other_variance_of_the_same_parts),
        cmocka_unit_test(test_damage_is_noticed),
        cmocka_unit_test(test_parts_must_be_all_and_of_one_question),
        cmocka_unit_test(test_what_needs_several_passes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
