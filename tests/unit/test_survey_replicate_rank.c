/* The rank of supplied replicate weights, against a naive rank of their factors, and the degrees of freedom that follow from it. */
#include "survey_replicate_support.h"

#include <stdio.h>

#include <est.h>

#include "data/source_parts.h"
#include "survey/replicate_rank.h"

static size_t rank_of(const est_i_replicate_rank *rank)
{
    size_t found = 0;
    est_error error;
    assert_int_equal(est_i_replicate_rank_find(rank, &found, &error), EST_OK);
    return found;
}

/* Columns of `rows` weights, in chunks of at most `chunk_rows`. */
static size_t rank_in_chunks(size_t n, size_t rows, size_t chunk_rows, double *const *column)
{
    est_i_replicate_rank *whole = est_i_replicate_rank_new(n, 0);
    const double **from = malloc(n * sizeof *from);
    assert_true(whole && from);
    for (size_t first = 0, chunk = 0; first < rows; first += chunk_rows, chunk++) {
        est_i_replicate_rank *part = est_i_replicate_rank_new(n, chunk);
        assert_non_null(part);
        for (size_t r = 0; r < n; r++)
            from[r] = column[r] + first;
        est_i_replicate_rank_take(part, rows - first < chunk_rows ? rows - first : chunk_rows, from);
        est_i_replicate_rank_add(whole, part);
        est_i_replicate_rank_free(part);
    }
    size_t found = rank_of(whole);
    est_i_replicate_rank_free(whole);
    free((void *)from);
    return found;
}

static double **new_columns(size_t n, size_t rows)
{
    double **column = malloc(n * sizeof *column);
    for (size_t r = 0; r < n; r++)
        column[r] = calloc(rows, sizeof **column);
    return column;
}

static void free_columns(double **column, size_t n)
{
    for (size_t r = 0; r < n; r++)
        free(column[r]);
    free(column);
}

/* Weights of a thousandfold range, several rows a leaf or one. */
static void hold_factors(const est_i_replicates *made, size_t leaves, uint32_t seed)
{
    size_t n = est_i_replicates_count(made), rows = leaves * (seed % 3 ? 1 + seed % 5 * 40 : 1);
    size_t expected = factor_rank(made, leaves);
    double *factor = malloc(leaves * sizeof *factor), *weight = malloc(rows * sizeof *weight), **column = new_columns(n, rows);
    est_i_rng rng;
    est_i_rng_start(&rng, seed, EST_I_PURPOSE_TEST, 1, 0);
    for (size_t i = 0; i < rows; i++)
        weight[i] = pow(10, 3 * est_i_rng_uniform(&rng));
    for (size_t r = 0; r < n; r++) {
        est_i_replicates_factors(made, r, factor);
        for (size_t i = 0; i < rows; i++)
            column[r][i] = weight[i] * factor[i % leaves];
    }
    for (size_t chunk_rows = 1; chunk_rows < 4 * rows; chunk_rows *= 9)
        if (rank_in_chunks(n, rows, chunk_rows, column) != expected)
            fail_msg("seed %u: rank %zu, expected %zu", seed, rank_in_chunks(n, rows, chunk_rows, column), expected);
    free(factor);
    free(weight);
    free_columns(column, n);
}

static void ranks_of_made_replicates(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 24; seed++) {
        bool pairs = seed % 3 == 0;
        est_i_design design = random_design((design_wish){seed, 1, 1 + seed % 15, 2, pairs ? 2 : 6, INFINITY});
        size_t leaves = est_i_design_leaves(&design);
        for (int kind = EST_I_REPLICATE_JK1; kind < EST_I_REPLICATE_SUPPLIED; kind++) {
            est_i_replicate_options options = {.kind = (est_i_replicate_kind)kind, .count = 30, .fay = 0.3, .seed = seed};
            bool halves = kind == EST_I_REPLICATE_BRR || kind == EST_I_REPLICATE_FAY;
            if (halves && !pairs)
                continue;
            est_i_replicates *made = make_replicates(&design, options);
            hold_factors(made, leaves, seed);
            est_i_replicates_free(made);
        }
        est_i_design_clear(&design);
    }
}

/* A row for each direction: none of them may be lost with another, however few rows or many empty ones there are. */
static void each_row_a_direction(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 200; n += 1 + n / 8)
        for (size_t gap = 1; gap <= 1000; gap = gap * 30 + 7) {
            double **column = new_columns(n, n * gap);
            for (size_t r = 0; r < n; r++)
                column[r][r * gap] = 1 + (double)r;
            assert_int_equal(rank_in_chunks(n, n * gap, n * gap, column), n);
            assert_int_equal(rank_in_chunks(n, n * gap, 10, column), n);
            free_columns(column, n);
        }
}

/* Products of random matrices: columns far from right angles, where the products of columns would lose the rank. */
static void columns_close_to_one_another(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++) {
        est_i_rng rng;
        est_i_rng_start(&rng, seed, EST_I_PURPOSE_TEST, 2, 0);
        size_t n = 2 + whole_below(&rng, 99), inner = 1 + whole_below(&rng, (uint32_t)n), rows = inner + whole_below(&rng, 300);
        double **column = new_columns(n, rows), *left = malloc(inner * rows * sizeof *left);
        for (size_t i = 0; i < inner * rows; i++)
            left[i] = 1 + est_i_rng_uniform(&rng);
        for (size_t r = 0; r < n; r++)
            for (size_t k = 0; k < inner; k++) {
                double right = 1 + est_i_rng_uniform(&rng);
                for (size_t row = 0; row < rows; row++)
                    column[r][row] += left[k * rows + row] * right;
            }
        assert_int_equal(rank_in_chunks(n, rows, 64, column), inner);
        free(left);
        free_columns(column, n);
    }
}

/* What is new in a column counts from a part of 1e-5 on. */
static void the_part_that_counts(void **state)
{
    enum { ROWS = 400 };
    static const struct { double part; size_t rank; } cases[] = {{1e-2, 2}, {1e-4, 2}, {1e-6, 1}, {1e-9, 1}, {0, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double **column = new_columns(3, ROWS);
        for (size_t row = 0; row < ROWS; row++) {
            column[0][row] = 100 + (double)(row * 7 % 50);
            column[1][row] = column[0][row] * (1 + cases[i].part * (row % 2 ? 1 : -1));
            column[2][row] = 3e200 * column[0][row];
        }
        assert_int_equal(rank_in_chunks(3, ROWS, 100, column), cases[i].rank);
        free_columns(column, 3);
    }
}

static void nothing_to_tell(void **state)
{
    double **column = new_columns(2, 5);
    (void)state;
    assert_int_equal(rank_in_chunks(2, 5, 5, column), 0);
    for (size_t row = 0; row < 5; row++)
        column[0][row] = column[1][row] = 1.7e308;
    assert_int_equal(rank_in_chunks(2, 5, 5, column), 0);
    free_columns(column, 2);
}

/* Eight columns of half samples of six strata (rows 2 to 7 of the Hadamard matrix of order 8), of rank 7; rows come PSU by PSU,
 * weights unlike one another. */
enum { STRATA = 6, EACH = 20, SAMPLE = STRATA * 2 * EACH, COLUMNS = 8 };

static double half_sample(int stratum, int psu, int r)
{
    int sign = 0, masked = (stratum + 1) & r;
    for (; masked; masked >>= 1)
        sign ^= masked & 1;
    return sign == psu ? 2 : 0;
}

static est_table *half_samples_table(bool factors)
{
    static double weight[SAMPLE], y[SAMPLE], h[SAMPLE], c[SAMPLE], g[SAMPLE], replicate[COLUMNS][SAMPLE];
    est_table *table = NULL;
    est_error error;
    for (int i = 0; i < SAMPLE; i++) {
        int unit = i / EACH;
        weight[i] = 1 + i * 37 % 50;
        y[i] = i * 91 % 100;
        h[i] = unit / 2 + 1;
        c[i] = unit + 1;
        g[i] = unit / 4 + 1; /* two strata each */
        for (int r = 0; r < COLUMNS; r++)
            replicate[r][i] = half_sample(unit / 2, unit % 2, r) * (factors ? 1 : weight[i]);
    }
    assert_int_equal(est_table_new("made.csv", SAMPLE, &table, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "w", weight, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "y", y, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "h", h, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "c", c, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "g", g, &error), EST_OK);
    for (int r = 0; r < COLUMNS; r++) {
        char name[8];
        snprintf(name, sizeof name, "r%d", r);
        assert_int_equal(est_table_add_numbers(table, name, replicate[r], &error), EST_OK);
    }
    est_table_set_public(table, 1);
    return table;
}

static est_survey_options asked(bool factors)
{
    est_survey_options options = est_survey_options_default();
    options.weight = "w";
    options.mean = "y";
    options.by = "g";
    options.variance = 9; /* supplied */
    options.replicates = "r*";
    options.replicate_type = 3; /* brr */
    options.replicate_factors = factors;
    return options;
}

static void hold_df(const est_result *result, double whole, double domain)
{
    assert_true(est_result_stat_value(result, "replicate_df") == 6);
    assert_int_equal(est_result_rows(result), 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(est_result_row(result, i)->df == (i ? domain : whole));
}

static const est_note *note_of(const est_result *result, const char *code)
{
    const est_note *found = NULL;
    for (size_t i = 0; i < est_result_notes(result) && !found; i++)
        if (strcmp(est_result_note(result, i)->code, code) == 0)
            found = est_result_note(result, i);
    return found;
}

/* Domains keep the rank of the whole, unless PSUs are known. */
static void degrees_of_freedom(void **state)
{
    (void)state;
    for (int factors = 0; factors < 2; factors++)
        for (int threads = 1; threads <= 7; threads += 3) {
            est_table *table = half_samples_table(factors);
            est_survey_options options = asked(factors);
            est_context context = est_context_default();
            est_result *result = NULL;
            est_error error;
            context.threads = threads;
            assert_int_equal(est_survey_table(table, &options, &context, &result, &error), EST_OK);
            hold_df(result, 6, 6);
            REQUIRE_CLOSE(est_result_row(result, 0)->upper - est_result_row(result, 0)->estimate,
                          2.446911851144969 * est_result_row(result, 0)->se, 1e-9); /* t of 6 degrees of freedom */
            assert_null(note_of(result, "replicate_rank"));
            est_result_free(result);
            options.strata = "h";
            options.psu = "c";
            assert_int_equal(est_survey_table(table, &options, &context, &result, &error), EST_OK);
            hold_df(result, 6, 2);
            est_result_free(result);
            est_table_free(table);
        }
}

static void other_estimates_count_alike(void **state)
{
    est_table *table = half_samples_table(false);
    est_survey_options options = asked(false);
    est_result *result = NULL;
    est_error error;
    (void)state;
    options.mean = options.by = "";
    options.quantile = "y@0.5";
    options.linear = "y ~ w";
    assert_int_equal(est_survey_table(table, &options, NULL, &result, &error), EST_OK);
    assert_int_equal(est_result_rows(result), 3);
    for (size_t i = 0; i < 3; i++) {
        const est_row *row = est_result_row(result, i);
        assert_true(row->df == (strncmp(row->estimand, "quantile", 8) == 0 ? 6 : 5));
    }
    est_result_free(result);
    est_table_free(table);
}

static void parts_count_alike(void **state)
{
    enum { PARTS = 3 };
    est_table *table = half_samples_table(false);
    est_survey_options options = asked(false);
    est_source *source = NULL;
    est_result *result = NULL;
    est_error error;
    char *piece[PARTS];
    size_t length[PARTS];
    const char *const name[PARTS] = {"a", "b", "c"};
    (void)state;
    assert_int_equal(est_source_of_table(table, &source, &error), EST_OK);
    source->chunk_rows = 16;
    for (size_t k = 0; k < PARTS; k++)
        assert_int_equal(est_survey_part(source, &options, k + 1, PARTS, NULL, &piece[k], &length[k], &error), EST_OK);
    assert_int_equal(est_survey_join(PARTS, name, (const char *const *)piece, length, &options, NULL, &result, &error), EST_OK);
    hold_df(result, 6, 6);
    est_result_free(result);
    assert_int_equal(est_survey(source, &options, NULL, &result, &error), EST_OK);
    hold_df(result, 6, 6);
    est_result_free(result);
    for (size_t k = 0; k < PARTS; k++)
        est_string_free(piece[k]);
    est_source_free(source);
    est_table_free(table);
}

static void too_many_columns(void **state)
{
    enum { MANY = EST_I_RANK_REPLICATES_MAX + 1, ROWS = 12 };
    est_table *table = NULL;
    est_survey_options options = asked(true);
    est_result *result = NULL;
    est_error error;
    double number[ROWS];
    (void)state;
    assert_int_equal(est_table_new("made.csv", ROWS, &table, &error), EST_OK);
    for (int c = 0; c < MANY + 2; c++) {
        char name[16];
        snprintf(name, sizeof name, c == 0 ? "w" : c == 1 ? "y" : "r%d", c);
        for (int i = 0; i < ROWS; i++)
            number[i] = c == 0 ? 1 : (i * 5 + c) % 3;
        assert_int_equal(est_table_add_numbers(table, name, number, &error), EST_OK);
    }
    est_table_set_public(table, 1);
    options.by = "";
    assert_int_equal(est_survey_table(table, &options, NULL, &result, &error), EST_OK);
    assert_true(est_result_stat_value(result, "replicate_df") == MANY - 1);
    assert_non_null(note_of(result, "replicate_rank"));
    est_result_free(result);
    est_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_of_made_replicates), cmocka_unit_test(each_row_a_direction),
        cmocka_unit_test(columns_close_to_one_another), cmocka_unit_test(the_part_that_counts),
        cmocka_unit_test(nothing_to_tell), cmocka_unit_test(degrees_of_freedom), cmocka_unit_test(other_estimates_count_alike),
        cmocka_unit_test(parts_count_alike), cmocka_unit_test(too_many_columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
