/* Disclosure control of what the methods say of private data. The attack: whoever knows the program tries tables until the whole
 * publication, as JSON, comes out the same. Every small count must then have several possible values. And facts that are a count
 * of zero: a table with nobody in common must read as one with a few. */
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

#define MOST_CELLS 16
#define LARGEST_TRIED 64

/* Persons by capture history (bit j = list j), or, with no lists, by number of captures. */
typedef struct people {
    size_t n_lists, n_cells;
    double counts[MOST_CELLS];
} people;

typedef struct question {
    const char *method, *options[8]; /* name, value, ..., NULL */
} question;

static void print_histories(const people *p, FILE *file)
{
    for (size_t j = 0; j < p->n_lists; j++)
        fprintf(file, "%c,", (char)('A' + (int)j));
    fprintf(file, "count\n");
    for (size_t w = 1; w < p->n_cells; w++) {
        for (size_t j = 0; j < p->n_lists; j++)
            fprintf(file, "%d,", (int)(w >> j & 1));
        fprintf(file, "%.0f\n", p->counts[w]);
    }
}

static void print_frequencies(const people *p, FILE *file)
{
    fprintf(file, "captures,count\n");
    for (size_t k = 1; k < p->n_cells; k++)
        fprintf(file, "%d,%.0f\n", (int)k, p->counts[k]);
}

static est_table *table_of(const people *p)
{
    char bytes[1024] = "";
    est_table *table = NULL;
    est_error error;
    FILE *file = fmemopen(bytes, sizeof bytes, "w");
    assert_non_null(file);
    (p->n_lists ? print_histories : print_frequencies)(p, file);
    fclose(file);
    if (est_table_parse_csv("people", bytes, strlen(bytes), NULL, &table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return table;
}

/* NULL where the method has no answer. */
static est_result *run(const question *q, const people *p)
{
    const est_method *method = est_method_find(q->method);
    est_table *table = table_of(p);
    est_options *options = NULL;
    est_result *result = NULL;
    est_error error;
    assert_non_null(method);
    assert_int_equal(est_options_new(method, &options, &error), EST_OK);
    for (size_t i = 0; q->options[i]; i += 2)
        assert_int_equal(est_options_set(options, q->options[i], q->options[i + 1], &error), EST_OK);
    if (est_method_run(method, table, options, NULL, &result, &error) != EST_OK)
        result = NULL;
    est_options_free(options);
    est_table_free(table);
    return result;
}

static est_result *publish_as(const question *q, const people *p, est_suppression how)
{
    est_result *result = run(q, p), *published = NULL;
    est_error error;
    if (result && est_result_suppress(result, &how, &published, &error) != EST_OK)
        fail_msg("%s", error.message);
    est_result_free(result);
    return published;
}

static est_result *publish(const question *q, const people *p)
{
    return publish_as(q, p, est_suppression_default());
}

static char *text_of(const est_result *published)
{
    char *text = NULL;
    est_error error;
    assert_int_equal(est_report_string(published, "json", &text, NULL, &error), EST_OK);
    return text;
}

/* NULL where the method has no answer. */
static char *publication(const question *q, const people *p)
{
    est_result *published = publish(q, p);
    char *text = published ? text_of(published) : NULL;
    est_result_free(published);
    return text;
}

static uint64_t next_random(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth's MMIX */
    return *random >> 33;
}

/* The attack */

/* Of cells, and of sums over the histories that hold two lists (index: the two lists as bits). */
typedef struct possible {
    bool cells[MOST_CELLS][LARGEST_TRIED], pairs[MOST_CELLS][LARGEST_TRIED];
} possible;

static double on_both(const people *p, size_t pair)
{
    double n = 0;
    for (size_t w = 1; w < p->n_cells; w++)
        n += (w & pair) == pair ? p->counts[w] : 0;
    return n;
}

static bool is_pair(const people *p, size_t w)
{
    return p->n_lists > 1 && __builtin_popcount((unsigned)w) == 2;
}

static void note_values(possible *all, const people *p)
{
    for (size_t w = 1; w < p->n_cells; w++) {
        if (p->counts[w] < LARGEST_TRIED)
            all->cells[w][(size_t)p->counts[w]] = true;
        if (is_pair(p, w) && on_both(p, w) < LARGEST_TRIED)
            all->pairs[w][(size_t)on_both(p, w)] = true;
    }
}

static size_t how_many(const bool *values)
{
    size_t count = 0;
    for (size_t i = 0; i < LARGEST_TRIED; i++)
        count += values[i];
    return count;
}

static size_t certain(const people *p, const possible *all, size_t enough)
{
    size_t count = 0;
    for (size_t w = 1; w < p->n_cells; w++) {
        count += p->counts[w] < 10 && how_many(all->cells[w]) < enough;
        count += is_pair(p, w) && on_both(p, w) < 10 && how_many(all->pairs[w]) < enough;
    }
    return count;
}

static void move(people *p, size_t w, double by)
{
    if (w > 0 && w < p->n_cells)
        p->counts[w] += by;
}

/* One cell up and another down, or one alone. */
static void step_of_cells(people *p, uint64_t *random)
{
    size_t n = p->n_cells - 1;
    double by = (double)(1 + next_random(random) % 2);
    move(p, 1 + next_random(random) % n, next_random(random) % 4 ? -by : 0);
    move(p, 1 + next_random(random) % n, next_random(random) % 4 ? by : 0);
}

/* The list totals stay: a person of history v and one of w become one of both and one of what they have in common. Of numbers of
 * captures, their sum stays. */
static void step_of_totals(people *p, uint64_t *random)
{
    size_t n = p->n_cells - 1, v = 1 + next_random(random) % n, w = 1 + next_random(random) % n;
    double by = next_random(random) % 2 ? 1 : -1;
    move(p, v, -by);
    move(p, w, -by);
    move(p, p->n_lists ? v | w : v - 1, by);
    move(p, p->n_lists ? v & w : w + 1, by);
}

/* The list totals and all overlaps stay. */
static void step_of_overlaps(people *p, uint64_t *random)
{
    double by = next_random(random) % 2 ? 1 : -1;
    for (size_t w = 1; w < p->n_cells && p->n_lists; w++)
        move(p, w, __builtin_popcount((unsigned)w) % 2 ? by : -by);
}

/* false where a count would be negative. */
static bool step(people *p, uint64_t *random)
{
    bool fine = true;
    switch (next_random(random) % 7) {
    case 6:
        for (size_t w = 1; w < p->n_cells; w++)
            move(p, w, (double)(next_random(random) % 5) - 2);
        break;
    case 0:
        step_of_overlaps(p, random);
        break;
    case 1:
    case 2:
        step_of_cells(p, random);
        break;
    case 3:
        step_of_totals(p, random);
        break;
    default:
        step_of_totals(p, random);
        step_of_totals(p, random);
        break;
    }
    for (size_t w = 1; w < p->n_cells; w++)
        fine = fine && p->counts[w] >= 0;
    return fine;
}

static void look_for_others(const question *q, const people *p, const char *text, int trials, possible *all, uint64_t *random)
{
    people near = *p;
    note_values(all, p);
    for (int trial = 0; trial < trials && certain(p, all, 3) > 0; trial++) {
        people other = trial % 8 ? near : *p;
        bool fine = true;
        for (size_t i = next_random(random) % 3 + 1; i > 0 && fine; i--)
            fine = step(&other, random);
        if (!fine)
            continue;
        char *attempt = publication(q, &other);
        if (attempt && strcmp(attempt, text) == 0) {
            note_values(all, &other);
            near = other;
        }
        free(attempt);
    }
}

/* false if the method has no answer. */
static bool expect_uncertain(const question *q, const people *p, int trials, uint64_t *random)
{
    char *text = publication(q, p);
    possible *all = calloc(1, sizeof *all);
    assert_non_null(all);
    if (text)
        look_for_others(q, p, text, trials, all, random);
    if (text && certain(p, all, 2) > 0) {
        for (size_t w = 1; w < p->n_cells; w++)
            print_message("cell %d: %g, %d possible\n", (int)w, p->counts[w], (int)how_many(all->cells[w]));
        fail_msg("%s: a small count has one possible value", q->method);
    }
    bool answered = text != NULL;
    free(all);
    free(text);
    return answered;
}

static people random_people(size_t n_lists, size_t n_cells, uint64_t size, uint64_t *random)
{
    people p = {.n_lists = n_lists, .n_cells = n_cells};
    for (size_t w = 1; w < n_cells; w++) {
        uint64_t times = n_lists ? (uint64_t)__builtin_popcount((unsigned)w) : w;
        p.counts[w] = (double)(next_random(random) % (size / (times * times) + 2));
        if (n_lists == 0 && w + 1 == n_cells)
            p.counts[w]++; /* beyond the last number of captures there is no cell */
    }
    return p;
}

static void attack(const question *q, size_t n_lists, size_t n_cells, int tables, int trials)
{
    uint64_t random = UINT64_C(23);
    int answered = 0;
    for (int i = 0; i < tables; i++) {
        people p = random_people(n_lists, n_cells, 20 + 12 * (uint64_t)i, &random);
        answered += expect_uncertain(q, &p, trials, &random);
    }
    assert_true(2 * answered > tables); /* it is no attack on tables without an answer */
}

static void test_two_lists(void **state)
{
    static const question questions[] = {{"two-list", {NULL}},
                                         {"two-list", {"estimator", "lincoln-petersen", "limit", "5000", NULL}},
                                         {"linkage", {"replicates", "0", "simulations", "0", NULL}},
                                         {"mse", {"replicates", "0", "ci", "wald", NULL}},
                                         {"heterogeneity", {NULL}}};
    (void)state;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        attack(&questions[i], 2, 4, 12, i == 4 ? 300 : 600);
}

static void test_pairs_of_three_lists(void **state)
{
    static const question pairs = {"two-list", {NULL}};
    (void)state;
    attack(&pairs, 3, 8, 16, 6000);
}

static void test_three_lists(void **state)
{
    static const question independent = {"mse", {"model", "main", "ci", "none", NULL}},
                          one_pair = {"mse", {"model", "A:B C", "ci", "none", NULL}},
                          two_pairs = {"mse", {"model", "A:B A:C", "ci", "none", NULL}},
                          coverage = {"sample-coverage", {"replicates", "0", NULL}},
                          heterogeneity = {"heterogeneity", {"model", "Mh-Chao", NULL}};
    (void)state;
    attack(&independent, 3, 8, 12, 6000);
    attack(&one_pair, 3, 8, 12, 6000);
    attack(&two_pairs, 3, 8, 12, 6000);
    attack(&coverage, 3, 8, 12, 6000);
    attack(&heterogeneity, 3, 8, 12, 6000);
}

static void test_frequencies(void **state)
{
    static const question all = {"heterogeneity", {"frequencies", "captures", NULL}},
                          one = {"heterogeneity", {"frequencies", "captures", "model", "Mh-Chao", NULL}},
                          up_to = {"heterogeneity", {"frequencies", "captures", "model", "M0", "up-to", "3", NULL}};
    (void)state;
    attack(&all, 0, 5, 8, 600);
    attack(&one, 0, 5, 12, 1000);
    attack(&up_to, 0, 5, 12, 1000);
}

/* What is withheld, and what stays */

static people people_of(size_t n_lists, size_t n_cells, const double *counts)
{
    people p = {.n_lists = n_lists, .n_cells = n_cells};
    memcpy(p.counts, counts, n_cells * sizeof *counts);
    return p;
}

static void expect_same(const question *q, const people *a, const people *b)
{
    char *one = publication(q, a), *other = publication(q, b);
    assert_non_null(one);
    assert_non_null(other);
    assert_string_equal(one, other);
    free(one);
    free(other);
}

/* The same n and list totals when rounded; nobody in common, or four; everybody of B on A, or all but three. */
static void test_zero_is_small(void **state)
{
    static const question chapman = {"two-list", {NULL}}, diagnosed = {"mse", {"diagnose", "1", "replicates", "100", NULL}};
    people none = people_of(2, 4, (double[]){0, 140, 92, 0}), few = people_of(2, 4, (double[]){0, 138, 89, 4}),
           inside = people_of(2, 4, (double[]){0, 143, 0, 60}), nearly = people_of(2, 4, (double[]){0, 140, 3, 58});
    (void)state;
    expect_same(&chapman, &none, &few);
    expect_same(&chapman, &inside, &nearly);
    none = people_of(2, 4, (double[]){0, 139, 92, 1}); /* with nobody in common mse has no answer */
    expect_same(&diagnosed, &few, &none);
}

/* Not in "which lists share nobody is withheld". */
static bool stands_by_itself(const char *text, const char *words)
{
    static const char which[] = "which lists ";
    const char *at = strstr(text, words);
    while (at && (size_t)(at - text) > strlen(which) && strncmp(at - strlen(which), which, strlen(which)) == 0)
        at = strstr(at + 1, words);
    return at != NULL;
}

/* B and C share nobody, and neither do C and D: nothing may say so. */
static void test_nobody_in_common_is_not_told(void **state)
{
    static const char *const words[] = {"shares nobody", "share nobody", "lies on the boundary (", "minus infinity", "no MLE",
                                        "no other list can tell", "empty_overlaps", "models_without_part", "\"boundary\""};
    static const question questions[] = {{"mse", {"diagnose", "1", "replicates", "100", NULL}},
                                         {"mse", {"model", "A:B B:C A:C", "diagnose", "1", "ci", "none", NULL}},
                                         {"two-list", {NULL}},
                                         {"sample-coverage", {"replicates", "100", NULL}},
                                         {"linkage", {"replicates", "100", "simulations", "0", NULL}}};
    people p = people_of(4, 16, (double[]){0, 140, 120, 30, 90, 25, 0, 0, 60, 20, 18, 12, 0, 14, 0, 0});
    (void)state;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        char *text = publication(&questions[i], &p);
        assert_non_null(text);
        for (size_t j = 0; j < sizeof words / sizeof words[0]; j++)
            if (stands_by_itself(text, words[j]))
                fail_msg("%s: %s", questions[i].method, words[j]);
        free(text);
    }
}

static const est_row *row_at(const est_result *result, const char *estimand, const char *pair, const char *model)
{
    const est_row *found = NULL;
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        bool here = pair ? row->n_domain == 1 && strcmp(row->domain[0].value, pair) == 0 : row->n_domain == 0;
        if (here && strcmp(row->estimand, estimand) == 0 && strcmp(row->model, model) == 0)
            found = row;
    }
    assert_non_null(found);
    return found;
}

static const char *note_of(const est_result *result, const char *code)
{
    const char *message = NULL;
    for (size_t i = 0; i < est_result_notes(result); i++)
        if (strcmp(est_result_note(result, i)->code, code) == 0)
            message = est_result_note(result, i)->message;
    return message;
}

static bool is_withheld(const est_row *row)
{
    return isnan(row->estimate) && isnan(row->se) && isnan(row->lower) && isnan(row->upper) && isnan(row->level) &&
           (row->flags & EST_FLAG_BIT(EST_FLAG_SUPPRESSED));
}

static void test_two_list_rows(void **state)
{
    static const question q = {"two-list", {NULL}};
    people p = people_of(3, 8, (double[]){0, 140, 90, 14, 60, 4, 12, 2}); /* A and C share six, the other pairs 16 and 14 */
    est_result *published = publish(&q, &p);
    const est_frame *dependence = est_result_frame_find(published, "dependence");
    (void)state;
    assert_true(is_withheld(row_at(published, "population", "A:C", "Chapman")));
    assert_true(is_withheld(row_at(published, "population", "A:C", "Chao")));
    assert_true(row_at(published, "population", "A:C", "Chao")->n == 230);
    assert_true(row_at(published, "population", "A:B", "Lincoln-Petersen")->estimate == 1180); /* 160 118 / 16 */
    assert_non_null(dependence);
    for (size_t i = 0; i < dependence->n_rows; i++) {
        const est_cell *row = dependence->cells + i * dependence->n_columns;
        assert_int_equal(isnan(row[2].number) && isnan(row[3].number), strcmp(row[0].text, "A:C") == 0);
        assert_true(row[1].number > 0);
    }
    assert_null(note_of(published, "pairs_disagree"));
    assert_non_null(strstr(note_of(published, "suppressed"), "The estimates of A:C are withheld: a small overlap"));
    est_result_free(published);
}

/* Threshold 5: the same six are not small. */
static void test_threshold(void **state)
{
    static const question q = {"two-list", {NULL}};
    people p = people_of(2, 4, (double[]){0, 140, 90, 6});
    est_result *published = publish(&q, &p);
    (void)state;
    assert_true(is_withheld(row_at(published, "population", NULL, "")));
    assert_null(est_result_frame_find(published, "dependence"));
    assert_null(est_result_frame_find(published, "estimators"));
    est_result_free(published);
    published = publish_as(&q, &p, (est_suppression){"counts", 5, 0});
    assert_true(row_at(published, "population", NULL, "")->estimate == 147.0 * 97 / 7 - 1 + 1 - 1); /* Chapman, exact */
    assert_non_null(est_result_frame_find(published, "dependence"));
    est_result_free(published);
}

/* Nothing small: every number as it is. */
static void test_large_counts_stay(void **state)
{
    static const question questions[] = {{"two-list", {NULL}},
                                         {"mse", {"diagnose", "1", "replicates", "100", NULL}},
                                         {"sample-coverage", {"replicates", "100", NULL}},
                                         {"heterogeneity", {NULL}},
                                         {"linkage", {"replicates", "100", "simulations", "0", NULL}}};
    people p = people_of(3, 8, (double[]){0, 141, 93, 34, 67, 26, 32, 12});
    (void)state;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        est_result *raw = run(&questions[i], &p), *published = publish(&questions[i], &p);
        assert_int_equal(est_result_frames(raw), est_result_frames(published));
        assert_int_equal(est_result_charts(raw), est_result_charts(published));
        assert_int_equal(est_result_notes(raw) + 1, est_result_notes(published));
        for (size_t k = 0; k < est_result_rows(raw); k++) {
            double a = est_result_row(raw, k)->estimate, b = est_result_row(published, k)->estimate;
            assert_true(a == b || (isnan(a) && isnan(b)));
            assert_int_equal(est_result_row(raw, k)->flags, est_result_row(published, k)->flags);
        }
        assert_non_null(note_of(published, "published"));
        est_result_free(raw);
        est_result_free(published);
    }
}

static void test_heterogeneity(void **state)
{
    static const question q = {"heterogeneity", {NULL}};
    people p = people_of(3, 8, (double[]){0, 140, 90, 14, 60, 14, 12, 2});
    est_result *published = publish(&q, &p);
    const est_row *bound = row_at(published, "lower_bound", NULL, "");
    (void)state;
    assert_true(bound->estimate == 1000 && bound->n == 330); /* 332 + 2/3 290^2 / 80 = 1032.8: two digits */
    assert_true(is_withheld(row_at(published, "population", NULL, "Mh-Darroch")));
    assert_true(is_withheld(row_at(published, "population", NULL, "Mtb")));
    assert_true(is_withheld(row_at(published, "population", NULL, "M0")));
    assert_null(est_result_frame_find(published, "models"));
    assert_int_equal(est_result_charts(published), 0);
    assert_null(note_of(published, "tail"));
    assert_non_null(strstr(note_of(published, "lower_bound"), "(Chao 1987)"));
    est_result_free(published);
    p = people_of(3, 8, (double[]){0, 140, 90, 4, 60, 3, 1, 9}); /* eight on two lists exactly */
    published = publish(&q, &p);
    assert_true(is_withheld(row_at(published, "lower_bound", NULL, "")));
    assert_true(row_at(published, "observed", NULL, "")->estimate == 310);
    est_result_free(published);
}

static void test_sample_coverage(void **state)
{
    static const question q = {"sample-coverage", {"replicates", "100", NULL}};
    people p = people_of(3, 8, (double[]){0, 140, 90, 14, 60, 14, 12, 2});
    est_result *published = publish(&q, &p);
    (void)state;
    assert_true(isfinite(row_at(published, "population", NULL, "")->estimate));
    assert_true(is_withheld(row_at(published, "population", NULL, "independent")));
    assert_true(isnan(est_result_stat_value(published, "sample_coverage")));
    assert_true(isnan(est_result_stat_value(published, "seen_without_one_list")));
    assert_null(est_result_frame_find(published, "covariation"));
    assert_non_null(strstr(note_of(published, "estimator"), "estimated as * % (threshold * %)"));
    est_result_free(published);
}

/* The grid says no more than its first line and known factors. */
static void test_linkage(void **state)
{
    static const question q = {"linkage", {"replicates", "100", "simulations", "0", NULL}};
    people p = people_of(3, 8, (double[]){0, 140, 90, 14, 60, 14, 12, 2});
    est_result *published = publish(&q, &p);
    const est_frame *frame = est_result_frame_find(published, "sensitivity");
    (void)state;
    assert_non_null(frame);
    for (size_t i = 0; i < frame->n_rows; i++) {
        const est_cell *row = frame->cells + i * frame->n_columns; /* sensitivity, false match, N, its limits, ratio, status */
        assert_true(row[2].number == round(row[5].number * frame->cells[2].number / 10) * 10);
        assert_true(i == 0 || (isnan(row[3].number) && strcmp(row[3].text, "*") == 0));
    }
    assert_null(est_result_frame_find(published, "pairs"));
    assert_int_equal(est_result_charts(published), 0);
    est_result_free(published);
}

/* With three lists the tables of two of them, and of two as one, give every history. */
static void test_diagnostics(void **state)
{
    static const char *const tables[] = {"leave_one_out", "merged_lists"};
    static const question q = {"mse", {"diagnose", "1", "replicates", "100", "limit", "2000", NULL}};
    people p = people_of(3, 8, (double[]){0, 140, 90, 24, 60, 24, 22, 2});
    est_result *published = publish(&q, &p);
    const est_frame *frame;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        frame = est_result_frame_find(published, tables[i]);
        assert_non_null(frame);
        for (size_t k = 0; k < frame->n_rows * frame->n_columns; k++)
            assert_true(frame->cells[k].text != NULL);
    }
    frame = est_result_frame_find(published, "dependence_sensitivity");
    double n = row_at(published, "observed", NULL, "")->estimate, once = frame->cells[4 * 4 + 1].number;
    assert_true(frame->cells[4 * 4].number == 1 && once == row_at(published, "population", NULL, "")->estimate);
    assert_true(frame->cells[8 * 4 + 1].number == round((n + 4 * (once - n)) / 10) * 10);
    assert_int_equal(est_result_frame_find(published, "models")->n_rows, 1);
    assert_true(isnan(est_result_stat_value(published, "replicates_without_estimate")));
    assert_non_null(strstr(note_of(published, "verdict"), "Whether the fit lies on the boundary, and which lists share nobody"));
    est_result_free(published);
}

/* Notes and their verdict, said of two strata of two labels: "1, 2" and "1, 3". */
static est_result *publish_notes(const char *const said[][2], size_t count)
{
    est_label labels[2][2] = {{{"sex", "1"}, {"age", "2"}}, {{"sex", "1"}, {"age", "3"}}};
    est_result *result = NULL, *published = NULL;
    est_i_result_builder *builder = est_i_result_begin("mse", "MSE");
    for (size_t i = 0; i < 2; i++) {
        est_row row = est_i_row_empty("observed");
        row.domain = labels[i];
        row.n_domain = 2;
        row.estimate = row.n = 300;
        est_i_result_add_row(builder, &row);
    }
    est_i_result_smallest_count(builder, 0);
    for (size_t i = 0; i < count; i++)
        est_i_result_note(builder, NULL, EST_WARNING, said[i][0], "%s", said[i][1]);
    assert_int_equal(est_i_result_finish(builder, &result, NULL), EST_OK);
    assert_int_equal(est_result_suppress(result, NULL, &published, NULL), EST_OK);
    est_result_free(result);
    return published;
}

static void test_gates_in_words(void **state)
{
    static const char end[] = ". The numbers are printed all the same";
    static const char *const failed[][2] = {
        {"each list shares persons with another", NULL},
        {"1, 2: each list shares persons with another, 1, 3: each list shares persons with another", NULL},
        {"fewer than three lists, each list shares persons with another", "fewer than three lists"},
        {"each list shares persons with another, less than 5 %", "less than 5 %"},
        {"1, 2: each list shares persons with another, 1, 3: fewer than 100 cases", "1, 3: fewer than 100 cases"},
        {"1, 2: fewer than three lists, 1, 2: each list shares persons with another, 1, 3: no estimate",
         "1, 2: fewer than three lists, 1, 3: no estimate"},
        {"1, 3: no estimate", "1, 3: no estimate"}};
    (void)state;
    for (size_t i = 0; i < sizeof failed / sizeof failed[0]; i++) {
        char message[256], expected[256];
        snprintf(message, sizeof message, "minimum-data gates that are not met: %s%s", failed[i][0], end);
        snprintf(expected, sizeof expected, "minimum-data gates that are not met: %s%s", failed[i][1] ? failed[i][1] : "", end);
        est_result *published = publish_notes((const char *const[][2]){{"gates", message}}, 1);
        if (failed[i][1])
            assert_string_equal(note_of(published, "gates"), expected);
        else
            assert_null(note_of(published, "gates"));
        est_result_free(published);
    }
}

#define GATES "minimum-data gates are not met"

/* A verdict that tells nothing but zeros is the verdict without an alarm. */
static void test_verdict_in_words(void **state)
{
    static const char *const alarms[][2] = {
        {"the fit lies on the boundary", NULL},
        {"lists share nobody by more than chance (A and B)", NULL},
        {"the model takes combinations that nobody has to be impossible (A:B; C)", NULL},
        {GATES " (each list shares persons with another)", NULL},
        {GATES " (each list shares persons with another in 1, 2, at least 100 persons in 1, 3)", GATES},
        {"the fit lies on the boundary; " GATES " (at least 3 lists); the model does not fit the capture histories",
         GATES "; the model does not fit the capture histories"}};
    est_result *calm = publish_notes((const char *const[][2]){{"verdict", "No diagnostic alarms: the lists do not contradict"}}, 1);
    (void)state;
    for (size_t i = 0; i < sizeof alarms / sizeof alarms[0]; i++) {
        char message[512];
        snprintf(message, sizeof message, "Diagnostics that alarm: 2. They say: %s. Do not publish the estimate.", alarms[i][0]);
        est_result *published = publish_notes((const char *const[][2]){{"verdict", message}}, 1);
        snprintf(message, sizeof message, "They say: %s. Do not", alarms[i][1] ? alarms[i][1] : "");
        if (alarms[i][1])
            assert_non_null(strstr(note_of(published, "verdict"), message));
        else
            assert_string_equal(note_of(published, "verdict"), note_of(calm, "verdict"));
        assert_int_equal(est_result_note(published, 0)->severity, alarms[i][1] ? EST_WARNING : EST_NOTE);
        est_result_free(published);
    }
    est_result_free(calm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_list_rows),
        cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_large_counts_stay),
        cmocka_unit_test(test_heterogeneity),
        cmocka_unit_test(test_sample_coverage),
        cmocka_unit_test(test_linkage),
        cmocka_unit_test(test_diagnostics),
        cmocka_unit_test(test_gates_in_words),
        cmocka_unit_test(test_verdict_in_words),
        cmocka_unit_test(test_zero_is_small),
        cmocka_unit_test(test_nobody_in_common_is_not_told),
        cmocka_unit_test(test_two_lists),
        cmocka_unit_test(test_pairs_of_three_lists),
        cmocka_unit_test(test_three_lists),
        cmocka_unit_test(test_frequencies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
