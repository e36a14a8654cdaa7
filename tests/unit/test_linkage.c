/* Errors of the linkage. Expected values: by hand from the formulas at the head of linkage_error.c, and by simulation of a known
 * truth (persons and lists are drawn, links broken and made falsely with known rates). */
#include "mse_support.h"

#include <est/linkage.h>

#include "data/linked.h"
#include "mse/linkage_error.h"
#include "mse/linkage_fit.h"
#include "mse/linkage_run.h"

#define CELLS_MOST 64

/* Two lists */

static void test_two_lists_by_hand(void **state)
{
    (void)state;
    est_i_two_lists found = est_i_linkage_two_lists(400, 300, 60, 1, 0, 0.95);
    REQUIRE_NEAR(found.population, 2000, 1e-12);
    /* Sekar and Deming: n1 n2 x10 x01 / m^3 = 400 * 300 * 340 * 240 / 216000. */
    REQUIRE_NEAR(found.se * found.se, 45333.3333333333, 1e-12);
    /* Chao 1987: u = 1360, n = 640, C = exp(1.959964 sqrt(log(1 + 45333.33 / 1360^2))). */
    REQUIRE_NEAR(found.lower, 640 + 1360 / 1.3566003, 1e-4);
    REQUIRE_NEAR(found.upper, 640 + 1360 * 1.3566003, 1e-4);
    REQUIRE_NEAR(est_i_linkage_two_lists(400, 300, 60, 0.8, 0, 0.95).population, 1600, 1e-12);
    REQUIRE_NEAR(est_i_linkage_two_lists(400, 300, 60, 1, 0.05, 0.95).population, 2000 / 0.95, 1e-12);
    REQUIRE_NEAR(est_i_linkage_two_lists(400, 300, 60, 0.95, 0.05, 0.95).population, 2000, 1e-12);
}

static void test_two_lists_impossible(void **state)
{
    (void)state;
    est_i_two_lists found = est_i_linkage_two_lists(400, 300, 290, 0.9, 0, 0.95);
    assert_false(found.possible);
    assert_true(isnan(found.population) && isnan(found.lower) && isnan(found.upper));
    assert_false(est_i_linkage_two_lists(400, 300, 0, 1, 0, 0.95).possible);
    found = est_i_linkage_two_lists(400, 300, 270, 0.9, 0, 0.95); /* everybody of the shorter list is on the other */
    assert_true(found.possible);
    REQUIRE_NEAR(found.population, 400, 1e-12);
    assert_true(found.lower == 400 && found.upper > 400);
}

/* Splitting */

static est_i_keep uneven_keep(void)
{
    est_i_keep keep = est_i_keep_all(0.9);
    keep.keep[0][1] = keep.keep[1][0] = 0.7;
    keep.keep[0][2] = keep.keep[2][0] = 0.95;
    keep.keep[1][3] = keep.keep[3][1] = 0.6;
    return keep;
}

static double entry_of(const est_i_splitting *splitting, size_t history, uint32_t part)
{
    for (size_t e = splitting->first[history]; e < splitting->first[history + 1]; e++)
        if (splitting->part[e] == part)
            return splitting->expected[e];
    return 0;
}

static void test_splitting_by_hand(void **state)
{
    (void)state;
    est_i_keep keep = est_i_keep_all(0.9);
    est_i_splitting *splitting = est_i_splitting_new(3, &keep);
    assert_non_null(splitting);
    REQUIRE_NEAR(entry_of(splitting, 7, 7), 0.81, 1e-14);
    REQUIRE_NEAR(entry_of(splitting, 7, 3), 2.0 / 3 * 0.09, 1e-14);
    REQUIRE_NEAR(entry_of(splitting, 7, 4), (0.01 + 0.2) / 3, 1e-14);
    REQUIRE_NEAR(entry_of(splitting, 5, 5), 0.9, 1e-14);
    REQUIRE_NEAR(entry_of(splitting, 5, 1), 0.1, 1e-14); /* (0.1 + 0.1) / 2 */
    REQUIRE_NEAR(entry_of(splitting, 2, 2), 1, 1e-14);
    est_i_splitting_free(splitting);
}

static void fill_table(double *table, size_t n_cells, uint32_t replicate)
{
    est_i_rng rng;
    est_i_rng_start(&rng, 5, EST_I_PURPOSE_TEST, replicate, 0);
    table[0] = 0;
    for (size_t w = 1; w < n_cells; w++)
        table[w] = floor(2000 * est_i_rng_uniform(&rng) / (1 << __builtin_popcountl((unsigned long)w)));
}

static double list_total(const double *table, size_t n_cells, size_t list)
{
    double sum = 0;
    for (size_t w = 1; w < n_cells; w++)
        sum += w >> list & 1 ? table[w] : 0;
    return sum;
}

static void test_splitting_keeps_list_totals(void **state)
{
    (void)state;
    double table[CELLS_MOST], after[CELLS_MOST], drawn[CELLS_MOST], weights[CELLS_MOST * 6 + 1];
    est_i_keep keep = uneven_keep(), links = est_i_keep_all(0.95);
    est_i_splitting *splitting = est_i_splitting_new(4, &keep);
    est_i_rng rng;
    assert_non_null(splitting);
    est_i_rng_start(&rng, 1, EST_I_PURPOSE_TEST, 1, 1);
    fill_table(table, 16, 1);
    est_i_splitting_apply(splitting, table, after);
    est_i_split_persons(&keep, 4, table, &rng, drawn);
    for (size_t j = 0; j < 4; j++) {
        REQUIRE_NEAR(list_total(after, 16, j), list_total(table, 16, j), 1e-12);
        assert_true(list_total(drawn, 16, j) == list_total(table, 16, j));
    }
    est_i_join_falsely(&links, 4, drawn, &rng, weights);
    for (size_t j = 0; j < 4; j++)
        assert_true(list_total(drawn, 16, j) == list_total(table, 16, j));
    est_i_splitting_free(splitting);
}

/* T(0.9) T(0.8) = T(0.72). */
static void test_splitting_in_steps(void **state)
{
    (void)state;
    double table[CELLS_MOST], once[CELLS_MOST], step[CELLS_MOST], twice[CELLS_MOST];
    est_i_keep first = est_i_keep_all(0.9), second = est_i_keep_all(0.8), both = est_i_keep_all(0.72);
    est_i_splitting *t1 = est_i_splitting_new(5, &first), *t2 = est_i_splitting_new(5, &second),
                    *t3 = est_i_splitting_new(5, &both);
    assert_true(t1 && t2 && t3);
    fill_table(table, 32, 2);
    est_i_splitting_apply(t1, table, step);
    est_i_splitting_apply(t2, step, twice);
    est_i_splitting_apply(t3, table, once);
    for (size_t w = 1; w < 32; w++)
        REQUIRE_NEAR(twice[w], once[w], 1e-12);
    est_i_splitting_free(t1);
    est_i_splitting_free(t2);
    est_i_splitting_free(t3);
}

static void test_undo_is_exact(void **state)
{
    (void)state;
    double table[CELLS_MOST], after[CELLS_MOST], back[CELLS_MOST], work[2 * CELLS_MOST];
    est_i_keep keep = uneven_keep();
    est_i_splitting *splitting = est_i_splitting_new(4, &keep);
    assert_non_null(splitting);
    for (uint32_t r = 0; r < 20; r++) {
        fill_table(table, 16, 10 + r);
        est_i_splitting_apply(splitting, table, after);
        assert_true(est_i_splitting_undo(splitting, after, back, work));
        for (size_t w = 1; w < 16; w++)
            REQUIRE_NEAR(back[w], table[w], 1e-9);
    }
    est_i_splitting_free(splitting);
}

/* No table without negative counts splits into this one: then the conditions of the maximum of the Poisson likelihood hold. */
static void test_undo_at_the_limit(void **state)
{
    (void)state;
    const double table[8] = {0, 30, 200, 3, 150, 4, 60, 90};
    double x[8], fitted[8], work[16];
    est_i_keep keep = est_i_keep_all(0.8);
    est_i_splitting *splitting = est_i_splitting_new(3, &keep);
    assert_non_null(splitting);
    assert_false(est_i_splitting_undo(splitting, table, x, work));
    est_i_splitting_apply(splitting, x, fitted);
    bool zero = false;
    for (size_t history = 1; history < 8; history++) {
        double slope = 0, clusters = 0;
        for (size_t e = splitting->first[history]; e < splitting->first[history + 1]; e++) {
            slope += splitting->expected[e] * table[splitting->part[e]] / fitted[splitting->part[e]];
            clusters += splitting->expected[e];
        }
        assert_true(x[history] >= 0);
        if (x[history] > 0)
            REQUIRE_NEAR(slope / clusters, 1, 1e-4);
        else
            assert_true(slope / clusters < 1 + 1e-4);
        zero = zero || x[history] == 0;
    }
    assert_true(zero);
    est_i_splitting_free(splitting);
}

/* Simulated truth */

/* Persons of a population of independent lists; odds multiplies the odds of the first two being together. */
static void draw_population(double size, size_t n_lists, const double *share, double odds, est_i_rng *rng, double *table)
{
    double weights[CELLS_MOST], counts[CELLS_MOST];
    for (size_t w = 0; w < (size_t)1 << n_lists; w++) {
        weights[w] = (w & 3) == 3 ? odds : 1;
        for (size_t j = 0; j < n_lists; j++)
            weights[w] *= w >> j & 1 ? share[j] : 1 - share[j];
    }
    est_i_rng_multinomial(rng, size, (size_t)1 << n_lists, weights, counts);
    memcpy(table, counts, ((size_t)1 << n_lists) * sizeof *table);
    table[0] = 0;
}

static void break_links(double *table, size_t n_lists, double sensitivity, double wrong, est_i_rng *rng)
{
    double persons[CELLS_MOST], weights[CELLS_MOST * 6 + 1];
    est_i_keep keep = est_i_keep_all(sensitivity), links = est_i_keep_all(1 - wrong);
    memcpy(persons, table, ((size_t)1 << n_lists) * sizeof *table);
    est_i_split_persons(&keep, n_lists, persons, rng, table);
    est_i_join_falsely(&links, n_lists, table, rng, weights);
}

static void test_splitting_on_average(void **state)
{
    (void)state;
    double table[CELLS_MOST], expected[CELLS_MOST], drawn[CELLS_MOST], sum[CELLS_MOST] = {0};
    est_i_keep keep = uneven_keep();
    est_i_splitting *splitting = est_i_splitting_new(4, &keep);
    assert_non_null(splitting);
    fill_table(table, 16, 3);
    est_i_splitting_apply(splitting, table, expected);
    for (uint32_t r = 0; r < 1000; r++) {
        est_i_rng rng;
        est_i_rng_start(&rng, 11, EST_I_PURPOSE_TEST, r, 0);
        est_i_split_persons(&keep, 4, table, &rng, drawn);
        for (size_t w = 1; w < 16; w++)
            sum[w] += drawn[w] / 1000;
    }
    /* The variance of a count is at most its mean: four standard errors of 1,000 draws. */
    for (size_t w = 1; w < 16; w++)
        assert_true(fabs(sum[w] - expected[w]) <= 4 * sqrt(expected[w] / 1000) + 1e-9);
    est_i_splitting_free(splitting);
}

/* Two lists of a population of 5,000, sensitivity 0.8, 5 % of the links wrong: the corrected estimate is centred on the truth, its
 * standard error is the formula's, and the estimate without correction is 1 - b over a times too large. */
static void test_two_lists_known_truth(void **state)
{
    (void)state;
    const double share[] = {0.3, 0.25}, truth = 5000, n_runs = 3000;
    double sum = 0, squares = 0, variance = 0, naive = 0, covered = 0;
    for (uint32_t r = 0; r < (uint32_t)n_runs; r++) {
        double table[4];
        est_i_rng rng;
        est_i_rng_start(&rng, 21, EST_I_PURPOSE_TEST, r, 0);
        draw_population(truth, 2, share, 1, &rng, table);
        break_links(table, 2, 0.8, 0.05, &rng);
        est_i_two_lists found = est_i_linkage_two_lists(table[1] + table[3], table[2] + table[3], table[3], 0.8, 0.05, 0.95);
        sum += found.population / n_runs;
        squares += found.population * found.population / n_runs;
        variance += found.se * found.se / n_runs;
        covered += (found.lower <= truth && truth <= found.upper) / n_runs;
        naive += est_i_linkage_two_lists(table[1] + table[3], table[2] + table[3], table[3], 1, 0, 0.95).population / n_runs;
    }
    double sd = sqrt(squares - sum * sum);
    REQUIRE_NEAR(sum, truth, 0.01);                /* the ratio estimator has a bias of about 0.5 % here */
    REQUIRE_NEAR(sqrt(variance), sd, 0.04);         /* a standard deviation of 3,000 draws is known to 1.3 % */
    REQUIRE_NEAR(covered, 0.95, 0.015);
    REQUIRE_NEAR(naive / sum, 0.95 / 0.8, 1e-9);
}

static est_i_linkage_answer *solve_at(const double *table, size_t n_lists, const uint32_t *dependence, size_t n_dependence,
                                      double sensitivity, double wrong, size_t replicates)
{
    est_error error;
    est_i_captures *captures = NULL;
    est_i_linkage_model *model = NULL;
    est_i_linkage_point *point = NULL;
    est_i_linkage_answer *answer = NULL;
    est_i_monitor monitor;
    const double *counts[] = {table};
    est_i_monitor_start(&monitor, NULL);
    REQUIRE_OK(est_i_captures_make(n_lists, 1, NULL, counts, &captures, &error), error);
    REQUIRE_OK(est_i_linkage_model_new(captures, dependence, n_dependence, &model, &error), error);
    REQUIRE_OK(est_i_linkage_point_new(n_lists, 1, sensitivity, wrong, &point, &error), error);
    REQUIRE_OK(est_i_linkage_answer_new(model, &answer, &error), error);
    REQUIRE_OK(est_i_linkage_solve(model, point, &monitor, answer, &error), error);
    REQUIRE_OK(est_i_linkage_intervals(model, &point, &answer, 1, replicates, 0.95, &monitor, &error), error);
    est_i_linkage_point_free(point);
    est_i_linkage_model_free(model);
    est_i_captures_free(captures);
    return answer;
}

/* Three lists of which two depend on each other, with the right model. */
static void test_three_lists_known_truth(void **state)
{
    (void)state;
    const double share[] = {0.35, 0.3, 0.25}, truth = 4000, n_runs = 300;
    const uint32_t dependence[] = {3};
    double sum = 0, squares = 0, naive = 0, covered = 0;
    for (uint32_t r = 0; r < (uint32_t)n_runs; r++) {
        double table[8];
        est_i_rng rng;
        est_i_rng_start(&rng, 31, EST_I_PURPOSE_TEST, r, 0);
        draw_population(truth, 3, share, 2, &rng, table);
        break_links(table, 3, 0.85, 0.02, &rng);
        est_i_linkage_answer *found = solve_at(table, 3, dependence, 1, 0.85, 0.02, 100);
        est_i_linkage_answer *plain = solve_at(table, 3, dependence, 1, 1, 0, 0);
        assert_true(found->exact[0]);
        sum += found->population[0] / n_runs;
        squares += found->population[0] * found->population[0] / n_runs;
        covered += (found->lower[0] <= truth && truth <= found->upper[0]) / n_runs;
        naive += plain->population[0] / n_runs;
        assert_true(isnan(plain->lower[0]));
        est_i_linkage_answer_free(found);
        est_i_linkage_answer_free(plain);
    }
    double sd = sqrt(squares - sum * sum);
    assert_true(fabs(sum - truth) < 3 * sd / sqrt(n_runs) + 0.01 * truth);
    assert_true(naive > 1.12 * truth);
    REQUIRE_NEAR(covered, 0.95, 0.04);
}

/* As many wrong links as missed matches: the table comes back as it was. */
static void test_errors_that_cancel(void **state)
{
    (void)state;
    const double table[8] = {0, 300, 250, 80, 200, 70, 60, 40};
    est_i_linkage_answer *as_linked = solve_at(table, 3, NULL, 0, 1, 0, 0);
    est_i_linkage_answer *cancelled = solve_at(table, 3, NULL, 0, 0.95, 0.05, 0);
    for (size_t w = 1; w < 8; w++) {
        REQUIRE_NEAR(as_linked->corrected[w], table[w], 1e-12);
        REQUIRE_NEAR(cancelled->corrected[w], table[w], 1e-9);
    }
    REQUIRE_NEAR(cancelled->population[0], as_linked->population[0], 1e-9);
    est_i_linkage_answer_free(as_linked);
    est_i_linkage_answer_free(cancelled);
}

/* Simulation on records */

static void test_simex(void **state)
{
    (void)state;
    const double share[] = {0.35, 0.3, 0.25}, truth = 20000, sensitivity[] = {0.9}, wrong[] = {0};
    double table[8];
    const double *counts[] = {table};
    est_error error;
    est_i_rng rng;
    est_i_captures *captures = NULL;
    est_i_linked *linked = NULL;
    est_i_linkage_model *model = NULL;
    est_i_linkage_simulated found;
    est_i_monitor monitor;
    est_i_monitor_start(&monitor, NULL);
    est_i_rng_start(&rng, 41, EST_I_PURPOSE_TEST, 0, 0);
    draw_population(truth, 3, share, 1, &rng, table);
    break_links(table, 3, 0.9, 0, &rng);
    REQUIRE_OK(est_i_captures_make(3, 1, NULL, counts, &captures, &error), error);
    REQUIRE_OK(est_i_linked_of_captures(captures, &linked, &error), error);
    REQUIRE_OK(est_i_linkage_model_new(captures, NULL, 0, &model, &error), error);
    est_i_linkage_answer *plain = solve_at(table, 3, NULL, 0, 1, 0, 0), *corrected = solve_at(table, 3, NULL, 0, 0.9, 0, 0);
    REQUIRE_OK(est_i_linkage_simulate(model, linked, plain->population, sensitivity, wrong, 1, 40, &monitor, &found, &error),
               error);
    assert_true(plain->population[0] > 1.08 * truth);
    assert_true(found.mean > 1.08 * plain->population[0]); /* the errors once more */
    assert_true(found.sd > 0 && found.sd < 0.02 * found.mean && found.without == 0);
    REQUIRE_NEAR(found.linear / corrected->population[0], 1, 0.01);
    REQUIRE_NEAR(found.quadratic / corrected->population[0], 1, 0.01);
    est_i_linkage_answer_free(plain);
    est_i_linkage_answer_free(corrected);
    est_i_linkage_model_free(model);
    est_i_linked_free(linked);
}

/* The method */

static est_table *parse(const char *name, const char *csv)
{
    est_error error;
    est_table *table = NULL;
    REQUIRE_OK(est_table_parse_csv(name, csv, strlen(csv), NULL, &table, &error), error);
    return table;
}

static double row_value(const est_result *result, const char *estimand, const char *name, const char *value)
{
    const est_row *row = est_result_find(result, estimand, name, value);
    assert_non_null(row);
    return row->estimate;
}

/* 2,000 persons in each period, list shares 0.3 and 0.4; matches found with 0.7 in 2010 and 0.95 in 2015, on average. */
#define PERIODS "period,A,B,count\n2010,1,0,432\n2010,0,1,632\n2010,1,1,168\n2015,1,0,372\n2015,0,1,572\n2015,1,1,228\n"

static void test_periods(void **state)
{
    (void)state;
    est_error error;
    est_result *result = NULL;
    est_linkage_options options = est_linkage_options_default();
    est_table *data = parse("data.csv", PERIODS);
    est_table *rates = parse("rates.csv", "period,sensitivity\n2010,0.7\n2015,0.95\n");
    options.rates = rates;
    options.simulations = 0;
    REQUIRE_OK(est_linkage(data, &options, NULL, &result, &error), error);
    REQUIRE_NEAR(row_value(result, "population", "period", "2010"), 2857.14285714286, 1e-9);
    REQUIRE_NEAR(row_value(result, "population", "period", "2015"), 2105.26315789474, 1e-9);
    REQUIRE_NEAR(row_value(result, "population_corrected", "period", "2010"), 2000, 1e-9);
    REQUIRE_NEAR(row_value(result, "population_corrected", "period", "2015"), 2000, 1e-9);
    REQUIRE_NEAR(row_value(result, "ratio", NULL, NULL), 0.7 / 0.95, 1e-9);
    REQUIRE_NEAR(row_value(result, "ratio_corrected", NULL, NULL), 1, 1e-9);
    REQUIRE_NEAR(est_result_stat_value(result, "sensitivity_ratio_that_explains"), 0.95 / 0.7, 1e-4);
    assert_null(est_result_frame_find(result, "simulation"));
    assert_null(est_result_frame_find(result, "pairs")); /* two lists are one pair */
    assert_non_null(est_result_frame_find(result, "rates"));
    est_result_free(result);
    est_table_free(rates);
    est_table_free(data);
}

static void test_grid_of_two_lists(void **state)
{
    (void)state;
    est_error error;
    est_result *result = NULL;
    est_linkage_options options = est_linkage_options_default();
    est_table *data = parse("data.csv", "A,B,count\n1,0,340\n0,1,240\n1,1,60\n");
    options.sensitivity = "0.8, 1";
    options.false_match = "0.05";
    options.simulations = 0;
    REQUIRE_OK(est_linkage(data, &options, NULL, &result, &error), error);
    const est_frame *frame = est_result_frame_find(result, "sensitivity");
    assert_non_null(frame);
    assert_int_equal(frame->n_rows, 3);
    REQUIRE_NEAR(frame->cells[2].number, 2000, 1e-9);
    REQUIRE_NEAR(frame->cells[frame->n_columns + 2].number, 2000 * 0.8 / 0.95, 1e-9);
    REQUIRE_NEAR(frame->cells[2 * frame->n_columns + 2].number, 2000 / 0.95, 1e-9);
    REQUIRE_NEAR(frame->cells[3].number, est_i_linkage_two_lists(400, 300, 60, 1, 0, 0.95).lower, 1e-9);
    assert_string_equal(frame->cells[6].text, "as linked");
    est_result_free(result);
    est_table_free(data);
}

/* A linked file and the counts of its histories give the same answer. */
static void test_linked_file(void **state)
{
    (void)state;
    est_error error;
    est_result *linked = NULL, *counted = NULL;
    est_linkage_options options = est_linkage_options_default();
    est_i_text csv = {0};
    int id = 0;
    est_i_text_append(&csv, "list,id,cluster\n");
    for (int person = 0; person < 640; person++) { /* 340 on A, 240 on B, 60 on both */
        if (person < 400)
            est_i_text_printf(&csv, "A,%d,p%d\n", ++id, person);
        if (person >= 340)
            est_i_text_printf(&csv, "B,%d,p%d\n", ++id, person);
    }
    est_table *records = parse("records.csv", csv.data), *counts = parse("data.csv", "A,B,count\n1,0,340\n0,1,240\n1,1,60\n");
    options.simulations = 10;
    REQUIRE_OK(est_linkage(records, &options, NULL, &linked, &error), error);
    REQUIRE_OK(est_linkage(counts, &options, NULL, &counted, &error), error);
    REQUIRE_NEAR(row_value(linked, "population", NULL, NULL), 2000, 1e-9);
    REQUIRE_NEAR(row_value(counted, "population", NULL, NULL), 2000, 1e-9);
    const est_frame *frame = est_result_frame_find(linked, "simulation");
    assert_non_null(frame);
    assert_int_equal(frame->n_rows, 23);
    assert_non_null(est_result_frame_find(linked, "checks"));
    assert_null(est_result_frame_find(counted, "checks"));
    est_i_text_free(&csv);
    est_result_free(linked);
    est_result_free(counted);
    est_table_free(records);
    est_table_free(counts);
}

static void test_threads(void **state)
{
    (void)state;
    est_error error;
    est_linkage_options options = est_linkage_options_default();
    est_table *data = NULL;
    char *texts[3] = {NULL};
    size_t lengths[3];
    options.model = "all-pairs";
    options.sensitivity = "0.95";
    options.false_match = "0,0.02";
    options.replicates = 100;
    options.simulations = 10;
    REQUIRE_OK(est_table_open("dataset:kosovo_1999", NULL, &data, &error), error);
    for (int i = 0; i < 3; i++) {
        est_context context = est_context_default();
        est_result *result = NULL;
        context.threads = i == 0 ? 1 : i == 1 ? 2 : 7;
        REQUIRE_OK(est_linkage(data, &options, &context, &result, &error), error);
        REQUIRE_OK(est_report_string(result, "json", &texts[i], &lengths[i], &error), error);
        est_result_free(result);
    }
    assert_string_equal(texts[0], texts[1]);
    assert_string_equal(texts[0], texts[2]);
    for (int i = 0; i < 3; i++)
        est_string_free(texts[i]);
    est_table_free(data);
}

/* Every pair of lists has its own sensitivity. */
static void test_rates_by_pair(void **state)
{
    (void)state;
    est_error error;
    est_i_captures *captures = NULL;
    const double table[8] = {0, 3, 2, 1, 2, 1, 1, 1}, *counts[] = {table};
    est_i_keep missed, wrong;
    REQUIRE_OK(est_i_captures_make(3, 1, NULL, counts, &captures, &error), error);
    est_table *rates = parse("rates.csv", "list,other,sensitivity,false_match\nA,B,0.9,0.01\nC,A,0.8,0\nB,C,0.7,0.02\n");
    REQUIRE_OK(est_i_linkage_rates_read(rates, captures, &missed, &wrong, &error), error);
    REQUIRE_NEAR(missed.keep[0][1], 0.9, 0);
    REQUIRE_NEAR(missed.keep[2][0], 0.8, 0);
    REQUIRE_NEAR(wrong.keep[2][1], 0.98, 0);
    est_table_free(rates);
    est_i_captures_free(captures);
}

static void expect_rates_fault(const char *csv, est_status code, long long record, const char *words)
{
    est_error error;
    est_result *result = NULL;
    est_linkage_options options = est_linkage_options_default();
    est_table *data = parse("data.csv", "A,B,C,count\n1,0,0,30\n0,1,0,40\n0,0,1,50\n1,1,0,20\n1,0,1,10\n0,1,1,10\n1,1,1,5\n");
    est_table *rates = parse("rates.csv", csv);
    options.rates = rates;
    assert_int_equal(est_linkage(data, &options, NULL, &result, &error), code);
    assert_null(result);
    assert_int_equal(error.record, record);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    est_table_free(rates);
    est_table_free(data);
}

static void test_rates_faults(void **state)
{
    (void)state;
    expect_rates_fault("false_match\n0.1\n", EST_ECOLUMN, 0, "sensitivity");
    expect_rates_fault("sensitivity\n1.2\n", EST_EVALUE, 1, "from 0.1 to 1");
    expect_rates_fault("sensitivity,false_match\n0.9,1\n", EST_EVALUE, 1, "from 0 to 0.9");
    expect_rates_fault("sensitivity,false_match\n0.9,NA\n", EST_EVALUE, 1, "from 0 to 0.9");
    expect_rates_fault("list,sensitivity\nA,0.9\n", EST_ECOLUMN, 0, "both or none");
    expect_rates_fault("list,other,sensitivity\nA,D,0.9\n", EST_EVALUE, 1, "one of the lists");
    expect_rates_fault("list,other,sensitivity\nA,A,0.9\n", EST_EVALUE, 1, "the same list twice");
    expect_rates_fault("list,other,sensitivity\nA,B,0.9\nB,A,0.8\n", EST_EVALUE, 2, "gives already");
    expect_rates_fault("list,other,sensitivity\nA,B,0.9\n", EST_EDEFINITION, 0, "'A' and 'C'");
    expect_rates_fault("period,sensitivity\n2010,0.9\n", EST_EDEFINITION, 0, "the data have none");
}

static void expect_option_fault(void (*change)(est_linkage_options *), const char *words)
{
    est_error error;
    est_result *result = NULL;
    est_linkage_options options = est_linkage_options_default();
    est_table *data = parse("data.csv", "A,B,count\n1,0,340\n0,1,240\n1,1,60\n");
    change(&options);
    assert_int_equal(est_linkage(data, &options, NULL, &result, &error), EST_EOPTION);
    assert_null(result);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    est_table_free(data);
}

static void no_number(est_linkage_options *o) { o->sensitivity = "0.9,x"; }
static void too_large(est_linkage_options *o) { o->sensitivity = "1.01"; }
static void empty_part(est_linkage_options *o) { o->false_match = "0,"; }
static void few_replicates(est_linkage_options *o) { o->replicates = 50; }
static void few_simulations(est_linkage_options *o) { o->simulations = 5; }
static void dates_of_counts(est_linkage_options *o) { o->linked.until = "2020"; }

static void test_option_faults(void **state)
{
    (void)state;
    expect_option_fault(no_number, "--sensitivity");
    expect_option_fault(too_large, "from 0.1 to 1");
    expect_option_fault(empty_part, "--false-match");
    expect_option_fault(few_replicates, "--replicates");
    expect_option_fault(few_simulations, "--simulations");
    expect_option_fault(dates_of_counts, "--shape linked");
}

static void test_nothing_identified(void **state)
{
    (void)state;
    est_error error;
    est_result *result = NULL;
    est_table *data = parse("data.csv", "A,B,count\n1,0,20\n0,1,30\n");
    assert_int_equal(est_linkage(data, NULL, NULL, &result, &error), EST_EIDENTIFY);
    assert_null(result);
    est_table_free(data);
}

static int stop_now(void *user)
{
    (void)user;
    return 1;
}

static void test_cancelled(void **state)
{
    (void)state;
    est_error error;
    est_result *result = NULL;
    est_context context = est_context_default();
    est_table *data = parse("data.csv", PERIODS);
    context.poll = stop_now;
    assert_int_equal(est_linkage(data, NULL, &context, &result, &error), EST_ECANCELLED);
    assert_null(result);
    est_table_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_lists_by_hand),
        cmocka_unit_test(test_two_lists_impossible),
        cmocka_unit_test(test_splitting_by_hand),
        cmocka_unit_test(test_splitting_keeps_list_totals),
        cmocka_unit_test(test_splitting_in_steps),
        cmocka_unit_test(test_undo_is_exact),
        cmocka_unit_test(test_undo_at_the_limit),
        cmocka_unit_test(test_splitting_on_average),
        cmocka_unit_test(test_two_lists_known_truth),
        cmocka_unit_test(test_three_lists_known_truth),
        cmocka_unit_test(test_errors_that_cancel),
        cmocka_unit_test(test_simex),
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_grid_of_two_lists),
        cmocka_unit_test(test_linked_file),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_rates_by_pair),
        cmocka_unit_test(test_rates_faults),
        cmocka_unit_test(test_option_faults),
        cmocka_unit_test(test_nothing_identified),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
