/* The diagnostics: each against a naive recomputation, each alarming where it must and silent on a sound table. */
#include "mse_support.h"

#include "core/result.h"
#include "mse/diagnose.h"
#include "mse/estimator.h"
#include "mse/interval.h"
#include "mse/profile.h"
#include "numerics/special.h"

/* ---- a table, its model and its diagnosis ---- */

typedef struct diagnosed {
    est_i_captures *captures;
    est_i_fit_data *data;
    uint32_t local[64], dependence[64];
    size_t n_dependence;
    est_i_terms terms;
    est_i_joint *joint;
    est_i_selection how;
    double population;
    est_i_diagnosis of;
    est_result *result;
} diagnosed;

static est_i_captures *captures_of(size_t n_lists, size_t n_blocks, const double *counts)
{
    est_error error;
    est_i_captures *captures = NULL;
    const double *blocks[8];
    for (size_t k = 0; k < n_blocks; k++)
        blocks[k] = counts + (k << n_lists);
    REQUIRE_OK(est_i_captures_make(n_lists, n_blocks, NULL, blocks, &captures, &error), error);
    return captures;
}

/* numbers NULL: the best model by BIC. Takes the captures over. */
static diagnosed *prepare(est_i_captures *captures, const char *numbers)
{
    est_error error;
    diagnosed *d = calloc(1, sizeof *d);
    assert_non_null(d);
    d->captures = captures;
    d->data = blocks_of(captures, 0, captures->n_blocks);
    d->how = (est_i_selection){.select = EST_SELECT_BIC, .max_order = captures->n_lists > 4 ? 3 : (unsigned)captures->n_lists - 1};
    if (numbers)
        d->n_dependence = est_i_set_terms(set_of_numbers(numbers), captures->n_lists, d->dependence);
    else {
        est_i_estimator *estimator = NULL;
        REQUIRE_OK(est_i_estimator_select(d->data, false, &d->how, NULL, &estimator, &error), error);
        d->n_dependence = est_i_estimator_terms(estimator, 0, d->dependence);
        est_i_estimator_free(estimator);
    }
    size_t main = est_i_main_terms(captures->n_lists, d->local);
    memcpy(d->local + main, d->dependence, sizeof d->dependence - main * sizeof *d->local);
    bool shares = captures->n_blocks > 1;
    d->terms = (est_i_terms){.n_local = shares ? main : main + d->n_dependence, .local = d->local,
                             .n_shared = shares ? d->n_dependence : 0, .shared = d->dependence};
    REQUIRE_OK(est_i_joint_fit(d->data, &d->terms, NULL, &d->joint, &error), error);
    d->population = captures->total;
    for (size_t k = 0; k < captures->n_blocks; k++)
        d->population += exp(d->joint->log_unseen[k]);
    est_i_limits limits =
        est_i_limits_wald(captures->total, log(d->population - captures->total), est_i_joint_total_se(d->joint), 0.95);
    d->of = (est_i_diagnosis){.captures = captures, .data = d->data, .how = numbers ? NULL : &d->how, .terms = &d->terms,
                              .dependence = d->dependence, .n_dependence = d->n_dependence, .joint = d->joint,
                              .lower = limits.lower, .upper = limits.upper, .best_gap_population = NAN};
    return d;
}

static void run(diagnosed *d)
{
    est_error error;
    est_i_result_builder *builder = est_i_result_begin("mse", "test");
    REQUIRE_OK(est_i_diagnose(&d->of, NULL, NULL, builder, &error), error);
    REQUIRE_OK(est_i_result_finish(builder, &d->result, &error), error);
}

static diagnosed *diagnose(est_i_captures *captures, const char *numbers)
{
    diagnosed *d = prepare(captures, numbers);
    run(d);
    return d;
}

static void end(diagnosed *d)
{
    est_result_free(d->result);
    est_i_joint_free(d->joint);
    est_i_fit_data_free(d->data);
    est_i_captures_free(d->captures);
    free(d);
}

/* ---- reading frames and notes ---- */

static size_t column_of(const est_frame *frame, const char *name)
{
    size_t found = frame->n_columns;
    for (size_t j = 0; j < frame->n_columns; j++)
        if (strcmp(frame->columns[j], name) == 0)
            found = j;
    assert_true(found < frame->n_columns);
    return found;
}

static const est_frame *frame_of(const diagnosed *d, const char *name)
{
    const est_frame *frame = est_result_frame_find(d->result, name);
    if (!frame)
        fail_msg("no frame %s", name);
    return frame;
}

static double number_at(const diagnosed *d, const char *frame, size_t row, const char *column)
{
    const est_frame *f = frame_of(d, frame);
    assert_true(row < f->n_rows);
    const est_cell *cell = &f->cells[row * f->n_columns + column_of(f, column)];
    assert_null(cell->text);
    return cell->number;
}

static const char *text_at(const diagnosed *d, const char *frame, size_t row, const char *column)
{
    const est_frame *f = frame_of(d, frame);
    assert_true(row < f->n_rows);
    const est_cell *cell = &f->cells[row * f->n_columns + column_of(f, column)];
    assert_non_null(cell->text);
    return cell->text;
}

/* The row whose first cells are these texts (second NULL: any). */
static size_t row_of(const diagnosed *d, const char *frame, const char *first, const char *second)
{
    const est_frame *f = frame_of(d, frame);
    size_t found = f->n_rows;
    for (size_t i = 0; i < f->n_rows; i++)
        if (strcmp(f->cells[i * f->n_columns].text, first) == 0 &&
            (!second || strcmp(f->cells[i * f->n_columns + 1].text, second) == 0))
            found = i;
    if (found == f->n_rows)
        fail_msg("no row %s %s in %s", first, second ? second : "", frame);
    return found;
}

static const est_note *note_of(const diagnosed *d, const char *code)
{
    const est_note *found = NULL;
    for (size_t i = 0; i < est_result_notes(d->result); i++)
        if (strcmp(est_result_note(d->result, i)->code, code) == 0)
            found = est_result_note(d->result, i);
    return found;
}

/* Does the diagnostic alarm, and does the verdict say so? */
static bool alarms(const diagnosed *d, const char *code, const char *words)
{
    const est_note *note = note_of(d, code), *verdict = note_of(d, "verdict");
    assert_non_null(verdict);
    bool said = strstr(verdict->message, words) != NULL;
    bool alarmed = note && note->severity == EST_WARNING;
    assert_int_equal(alarmed, said);
    if (said)
        assert_int_equal(verdict->severity, EST_WARNING);
    return alarmed;
}

/* ---- the naive second implementation: an explicit design matrix, iteratively reweighted least squares, Gauss-Jordan ---- */

#define NAIVE_MOST 20

typedef struct naive {
    size_t n_cells, size;
    uint32_t terms[NAIVE_MOST];
    double counts[64], fitted[64], inverse[NAIVE_MOST][NAIVE_MOST], beta[NAIVE_MOST];
    double n, unseen;
} naive;

static double naive_x(const naive *f, uint32_t history, size_t term)
{
    return (f->terms[term] & ~history) ? 0 : 1;
}

static void naive_invert(size_t size, double a[NAIVE_MOST][NAIVE_MOST], double inverse[NAIVE_MOST][NAIVE_MOST])
{
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < size; j++)
            inverse[i][j] = i == j;
    for (size_t i = 0; i < size; i++) {
        double pivot = a[i][i];
        assert_true(fabs(pivot) > 1e-12);
        for (size_t j = 0; j < size; j++) {
            a[i][j] /= pivot;
            inverse[i][j] /= pivot;
        }
        for (size_t r = 0; r < size; r++) {
            double factor = a[r][i];
            for (size_t j = 0; j < size && r != i; j++) {
                a[r][j] -= factor * a[i][j];
                inverse[r][j] -= factor * inverse[i][j];
            }
        }
    }
}

static void naive_step(naive *f)
{
    double a[NAIVE_MOST][NAIVE_MOST] = {{0}}, right[NAIVE_MOST] = {0};
    for (uint32_t w = 1; w < f->n_cells; w++) {
        double mu = f->fitted[w], z = log(mu) + (f->counts[w] - mu) / mu;
        for (size_t i = 0; i < f->size; i++) {
            right[i] += naive_x(f, w, i) * mu * z;
            for (size_t j = 0; j < f->size; j++)
                a[i][j] += naive_x(f, w, i) * naive_x(f, w, j) * mu;
        }
    }
    naive_invert(f->size, a, f->inverse);
    for (size_t i = 0; i < f->size; i++) {
        f->beta[i] = 0;
        for (size_t j = 0; j < f->size; j++)
            f->beta[i] += f->inverse[i][j] * right[j];
    }
    for (uint32_t w = 0; w < f->n_cells; w++) {
        double eta = 0;
        for (size_t i = 0; i < f->size; i++)
            eta += naive_x(f, w, i) * f->beta[i];
        f->fitted[w] = exp(eta);
    }
}

/* pairs: masks of the dependence terms. */
static naive naive_fit(size_t n_lists, const double *counts, size_t n_terms, const uint32_t *terms)
{
    naive f = {.n_cells = (size_t)1 << n_lists, .size = n_lists + 1 + n_terms};
    assert_true(f.size <= NAIVE_MOST && f.n_cells <= 64);
    for (size_t j = 0; j < n_lists; j++)
        f.terms[j + 1] = (uint32_t)1 << j;
    for (size_t i = 0; i < n_terms; i++)
        f.terms[n_lists + 1 + i] = terms[i];
    for (size_t w = 1; w < f.n_cells; w++) {
        f.counts[w] = counts[w];
        f.fitted[w] = counts[w] + 0.5;
        f.n += counts[w];
    }
    for (int step = 0; step < 60; step++)
        naive_step(&f);
    f.unseen = f.fitted[0];
    return f;
}

/* A table without list j; `within`: of the persons on it alone. */
static void naive_drop(size_t n_lists, const double *counts, size_t list, bool within, double *out)
{
    memset(out, 0, ((size_t)1 << (n_lists - 1)) * sizeof *out);
    for (uint32_t w = 1; w < (uint32_t)1 << n_lists; w++) {
        uint32_t rest = 0;
        for (size_t j = 0, at = 0; j < n_lists; j++)
            if (j != list)
                rest |= (w >> j & 1) << at++;
        if (rest && (!within || (w >> list & 1)))
            out[rest] += counts[w];
    }
}

static double population(const naive *f)
{
    return f->n + f->unseen;
}

/* ---- tables ---- */

/* Four independent lists, counts drawn from a population of known size. */
static est_i_captures *independent(uint32_t replicate, double people)
{
    static const double shares[] = {0.2, 0.15, 0.3, 0.1};
    double weights[16], counts[16];
    est_i_rng rng;
    for (size_t w = 0; w < 16; w++) {
        weights[w] = 1;
        for (size_t j = 0; j < 4; j++)
            weights[w] *= w >> j & 1 ? shares[j] : 1 - shares[j];
    }
    est_i_rng_start(&rng, 11, EST_I_PURPOSE_TEST, replicate, 0);
    est_i_rng_multinomial(&rng, people, 16, weights, counts);
    counts[0] = 0;
    return captures_of(4, 1, counts);
}

static est_i_captures *kosovo(void)
{
    return open_captures("dataset:kosovo_1999", false);
}

/* ---- a sound table ---- */

static void test_silent_on_sound_table(void **state)
{
    static const char *const frames[] = {"held_out",           "internal_consistency", "leave_one_out",   "merged_lists",
                                         "dependence_sensitivity", "dependence_tipping", "model_multiplicity", "empty_overlaps",
                                         "pair_dependence",    "goodness_of_fit",      "residuals",       "gates"};
    (void)state;
    diagnosed *d = prepare(independent(1, 20000), NULL);
    const double near[] = {d->population, d->population * 1.02};
    d->of.near_tied = near;
    d->of.n_near_tied = 2;
    d->of.best_gap_population = near[1];
    run(d);
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        assert_non_null(est_result_frame_find(d->result, frames[i]));
    for (size_t i = 0; i < est_result_notes(d->result); i++)
        if (est_result_note(d->result, i)->severity == EST_WARNING)
            fail_msg("%s", est_result_note(d->result, i)->message);
    assert_non_null(strstr(note_of(d, "verdict")->message, "No diagnostic alarms"));
    for (size_t j = 0; j < 4; j++) {
        assert_string_equal(text_at(d, "held_out", j, "result"), "holds");
        assert_string_equal(text_at(d, "internal_consistency", j, "result"), "covered");
    }
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(text_at(d, "gates", i, "result"), "pass");
    assert_string_equal(text_at(d, "empty_overlaps", 0, "what"), "none");
    end(d);
}

/* All diagnostics together, the model reselected in every deletion: few sound tables may alarm. */
static void test_false_alarms_are_few(void **state)
{
    size_t alarmed = 0;
    (void)state;
    for (uint32_t replicate = 0; replicate < 100; replicate++) {
        diagnosed *d = diagnose(independent(replicate, 10000), NULL);
        alarmed += note_of(d, "verdict")->severity == EST_WARNING;
        end(d);
    }
    assert_true(alarmed <= 12);
}

/* ---- one diagnostic each ---- */

/* Three lists know the same 200 persons, a fourth knows a thousand others. */
static void test_held_out(void **state)
{
    double counts[16] = {0, 5, 5, 10, 5, 10, 10, 150, 1000, 2, 2, 2, 2, 2, 2, 3}, rest[8];
    (void)state;
    diagnosed *d = diagnose(captures_of(4, 1, counts), "");
    naive_drop(4, counts, 3, false, rest);
    naive naive_rest = naive_fit(3, rest, 0, NULL);
    size_t row = row_of(d, "held_out", "D", NULL);
    REQUIRE_NEAR(number_at(d, "held_out", row, "population"), population(&naive_rest), 1e-8);
    assert_true(number_at(d, "held_out", row, "upper") < number_at(d, "held_out", row, "seen"));
    REQUIRE_NEAR(number_at(d, "held_out", row, "seen"), d->captures->total, 0);
    assert_string_equal(text_at(d, "held_out", row, "result"), "refuted");
    assert_string_equal(text_at(d, "held_out", row_of(d, "held_out", "A", NULL), "result"), "holds");
    assert_true(alarms(d, "held_out", "refuted by persons already seen"));
    assert_non_null(strstr(note_of(d, "held_out")->message, ": D."));
    end(d);
}

static void test_held_out_limits_are_profile(void **state)
{
    double rest[8];
    est_error error;
    est_i_profile profile;
    est_i_joint *joint = NULL;
    uint32_t local[] = {0, 1, 2, 4};
    est_i_terms terms = {.n_local = 4, .local = local};
    (void)state;
    diagnosed *d = diagnose(kosovo(), "");
    naive_drop(4, d->captures->counts[0], 1, false, rest);
    est_i_fit_data *data = data_of_counts(3, 1, rest);
    REQUIRE_OK(est_i_joint_fit(data, &terms, NULL, &joint, &error), error);
    REQUIRE_OK(est_i_profile_find(data, &terms, joint, 0, 0.95, NULL, &profile, &error), error);
    assert_string_equal(text_at(d, "held_out", 1, "interval"), "profile");
    REQUIRE_NEAR(number_at(d, "held_out", 1, "lower"), profile.lower, 1e-9);
    REQUIRE_NEAR(number_at(d, "held_out", 1, "upper"), profile.upper, 1e-9);
    est_i_joint_free(joint);
    est_i_fit_data_free(data);
    end(d);
}

static void test_internal_consistency(void **state)
{
    (void)state;
    diagnosed *d = diagnose(kosovo(), "");
    for (size_t j = 0; j < 4; j++) {
        double within[8], on = 0;
        naive_drop(4, d->captures->counts[0], j, true, within);
        naive f = naive_fit(3, within, 0, NULL);
        for (size_t w = 0; w < 16; w++)
            on += w >> j & 1 ? d->captures->counts[0][w] : 0;
        REQUIRE_NEAR(number_at(d, "internal_consistency", j, "persons"), on, 0);
        REQUIRE_NEAR(number_at(d, "internal_consistency", j, "population"), population(&f), 1e-8);
        REQUIRE_NEAR(number_at(d, "internal_consistency", j, "log_ratio"), log(population(&f) / on), 1e-8);
        bool covered = number_at(d, "internal_consistency", j, "lower") <= on &&
                       number_at(d, "internal_consistency", j, "upper") >= on;
        assert_string_equal(text_at(d, "internal_consistency", j, "result"), covered ? "covered" : "not covered");
    }
    assert_true(alarms(d, "internal_consistency", "misses the known number"));
    end(d);
}

/* Within a list a log-linear model holds with the terms that do not contain the list: a true model is consistent. */
static void test_consistent_under_true_model(void **state)
{
    static const double lists[] = {-1.5, -1, -1.2, -1.4, -0.9};
    double counts[32] = {0};
    (void)state;
    for (size_t w = 1; w < 32; w++) {
        double eta = log(2e6);
        for (size_t j = 0; j < 5; j++)
            eta += w >> j & 1 ? lists[j] : 0;
        counts[w] = round(exp(eta + ((w & 3) == 3 ? 0.8 : 0) + ((w & 12) == 12 ? -0.5 : 0) + ((w & 24) == 24 ? 0.6 : 0)));
    }
    diagnosed *d = diagnose(captures_of(5, 1, counts), "[12,34,45]");
    for (size_t j = 0; j < 5; j++) {
        assert_string_equal(text_at(d, "internal_consistency", j, "result"), "covered");
        REQUIRE_NEAR(number_at(d, "internal_consistency", j, "ratio"), 1, 1e-4);
    }
    assert_false(alarms(d, "internal_consistency", "misses the known number"));
    end(d);
}

static void test_leave_one_out(void **state)
{
    static const uint32_t pair[] = {3};
    double rest[8];
    (void)state;
    diagnosed *d = diagnose(kosovo(), "[12,34]");
    naive_drop(4, d->captures->counts[0], 3, false, rest);
    naive f = naive_fit(3, rest, 1, pair);
    REQUIRE_NEAR(number_at(d, "leave_one_out", 3, "population"), population(&f), 1e-8);
    REQUIRE_NEAR(number_at(d, "leave_one_out", 3, "ratio"), population(&f) / d->population, 1e-8);
    assert_string_equal(text_at(d, "leave_one_out", 3, "model"), "EXH:ABA OSCE");
    naive_drop(4, d->captures->counts[0], 0, false, rest);
    static const uint32_t other[] = {6};
    f = naive_fit(3, rest, 1, other);
    REQUIRE_NEAR(number_at(d, "leave_one_out", 0, "population"), population(&f), 1e-8);
    assert_true(alarms(d, "leave_one_out", "when a list is left out"));
    end(d);
}

static void test_merged(void **state)
{
    (void)state;
    diagnosed *d = diagnose(kosovo(), "[12]");
    double merged[8] = {0};
    for (uint32_t w = 1; w < 16; w++) /* EXH and OSCE, bits 0 and 2, become bit 0; HRW moves to bit 2 */
        merged[((w & 1) | (w >> 2 & 1)) | (w & 2) | (w >> 1 & 4)] += d->captures->counts[0][w];
    static const uint32_t pair[] = {3};
    naive f = naive_fit(3, merged, 1, pair);
    size_t row = row_of(d, "merged_lists", "EXH", "OSCE");
    REQUIRE_NEAR(number_at(d, "merged_lists", row, "population"), population(&f), 1e-8);
    assert_string_equal(text_at(d, "merged_lists", row, "model"), "EXH+OSCE:ABA HRW");
    row = row_of(d, "merged_lists", "EXH", "ABA");
    assert_string_equal(text_at(d, "merged_lists", row, "model"), "EXH+ABA OSCE HRW");
    end(d);
    d = diagnose(kosovo(), NULL);
    assert_true(alarms(d, "merged_lists", "two lists are merged"));
    end(d);
}

/* Merged lists are the five-list tables of Silverman, Chan and Vincent, whose best models are known. */
static void test_merged_published(void **state)
{
    (void)state;
    diagnosed *d = diagnose(open_captures("dataset:uk_2013", false), NULL);
    REQUIRE_NEAR(d->population, 12349.586954, 1e-9);
    size_t row = row_of(d, "merged_lists", "PF", "NCA");
    assert_string_equal(text_at(d, "merged_lists", row, "model"), "LA:NG:PF+NCA NG:GP PF+NCA:GO");
    REQUIRE_NEAR(number_at(d, "merged_lists", row, "population"), 25311, 5e-5);
    assert_true(alarms(d, "leave_one_out", "when a list is left out"));
    end(d);
    d = diagnose(open_captures("dataset:netherlands_2010_15", false), NULL);
    REQUIRE_NEAR(d->population, 143603.023332, 1e-9);
    REQUIRE_NEAR(number_at(d, "merged_lists", row_of(d, "merged_lists", "I", "O"), "population"), 148789, 1e-5);
    assert_true(alarms(d, "minus_infinity", "impossible (K:R)"));
    assert_true(alarms(d, "residuals", "(I:O:P)"));
    end(d);
}

/* Three lists, all pairs: 000 = theta 001 010 100 111 / (011 101 110). */
static void test_sensitivity(void **state)
{
    double counts[8] = {0, 120, 200, 40, 150, 30, 50, 20};
    double unseen = counts[1] * counts[2] * counts[4] * counts[7] / (counts[3] * counts[5] * counts[6]);
    (void)state;
    diagnosed *d = prepare(captures_of(3, 1, counts), "[12,13,23]");
    d->of.limit = d->captures->total + 2.5 * unseen;
    d->of.lower = d->captures->total + 0.5 * unseen;
    d->of.upper = d->captures->total + 1.6 * unseen;
    run(d);
    const est_frame *grid = frame_of(d, "dependence_sensitivity");
    for (size_t i = 0; i < grid->n_rows; i++) {
        double theta = number_at(d, "dependence_sensitivity", i, "theta");
        REQUIRE_NEAR(number_at(d, "dependence_sensitivity", i, "population"), d->captures->total + theta * unseen, 1e-9);
        REQUIRE_NEAR(number_at(d, "dependence_sensitivity", i, "upper"), d->captures->total + 1.6 * theta * unseen, 1e-9);
    }
    REQUIRE_NEAR(number_at(d, "dependence_sensitivity", 0, "theta"), 0.25, 0);
    REQUIRE_NEAR(number_at(d, "dependence_sensitivity", grid->n_rows - 1, "theta"), 4, 0);
    REQUIRE_NEAR(number_at(d, "dependence_tipping", 0, "theta"), 0.5, 1e-9);
    REQUIRE_NEAR(number_at(d, "dependence_tipping", 1, "theta"), 1.6, 1e-9);
    REQUIRE_NEAR(number_at(d, "dependence_tipping", 2, "theta"), 2.5, 1e-9);
    REQUIRE_NEAR(number_at(d, "dependence_tipping", 3, "theta"), 5, 1e-9);
    REQUIRE_NEAR(number_at(d, "dependence_tipping", 4, "theta"), 2.5 / 1.6, 1e-9);
    assert_string_equal(text_at(d, "dependence_tipping", 3, "reach"), "beyond a quarter or four");
    assert_true(alarms(d, "dependence_sensitivity", "over the policy threshold"));
    end(d);
}

/* Two lists: theta is their odds ratio. */
static void test_sensitivity_of_two_lists(void **state)
{
    double counts[4] = {0, 90, 60, 30};
    (void)state;
    diagnosed *d = prepare(captures_of(2, 1, counts), "");
    d->of.limit = 180 + 60 * 90 / 30.0 * 6;
    run(d);
    REQUIRE_NEAR(number_at(d, "dependence_sensitivity", 6, "theta"), 2, 0);
    REQUIRE_NEAR(number_at(d, "dependence_sensitivity", 6, "population"), 180 + 2 * 60 * 90 / 30.0, 1e-10);
    assert_non_null(note_of(d, "diagnostics_missing"));
    assert_null(est_result_frame_find(d->result, "leave_one_out"));
    assert_true(isnan(number_at(d, "pair_dependence", 0, "odds_ratio")));
    assert_string_equal(text_at(d, "gates", 1, "result"), "fail");
    end(d);
}

static void test_threshold_far_away(void **state)
{
    (void)state;
    diagnosed *d = prepare(kosovo(), NULL);
    d->of.limit = 100000;
    run(d);
    assert_false(alarms(d, "dependence_sensitivity", "policy threshold"));
    end(d);
    d = prepare(kosovo(), NULL);
    d->of.limit = d->population;
    run(d);
    assert_true(alarms(d, "dependence_sensitivity", "policy threshold"));
    end(d);
    d = prepare(kosovo(), NULL);
    d->of.limit = 10;
    run(d);
    assert_string_equal(text_at(d, "dependence_tipping", 2, "reach"), "none: the lists already hold more");
    end(d);
}

static void test_multiplicity(void **state)
{
    const double near[] = {10356, 12741, 9824, 19233};
    (void)state;
    diagnosed *d = prepare(kosovo(), NULL);
    d->of.near_tied = near;
    d->of.n_near_tied = 4;
    d->of.best_gap_population = near[1];
    run(d);
    REQUIRE_NEAR(number_at(d, "model_multiplicity", 0, "models"), 4, 0);
    REQUIRE_NEAR(number_at(d, "model_multiplicity", 0, "least_population"), 9824, 0);
    REQUIRE_NEAR(number_at(d, "model_multiplicity", 0, "most_population"), 19233, 0);
    REQUIRE_NEAR(number_at(d, "model_multiplicity", 0, "second_best_population"), 12741, 0);
    assert_string_equal(text_at(d, "model_multiplicity", 0, "interval_holds_all"), "no");
    assert_non_null(strstr(note_of(d, "verdict")->message, "differ by more than a fifth"));
    end(d);
}

/* Two lists that exclude one another; the same with their term in the model; chance. */
static void test_empty_overlaps(void **state)
{
    double counts[8] = {0, 100, 100, 0, 100, 50, 50, 0};
    (void)state;
    diagnosed *d = diagnose(captures_of(3, 1, counts), "");
    assert_string_equal(text_at(d, "empty_overlaps", 0, "lists"), "A:B");
    REQUIRE_NEAR(number_at(d, "empty_overlaps", 0, "expected"), 150 * 150 / d->population, 1e-9);
    assert_true(alarms(d, "empty_overlaps", "share nobody by more than chance"));
    end(d);
    d = diagnose(captures_of(3, 1, counts), "[12]");
    assert_false(alarms(d, "empty_overlaps", "share nobody by more than chance"));
    assert_true(alarms(d, "minus_infinity", "impossible (A:B)"));
    assert_string_equal(text_at(d, "empty_overlaps", 1, "what"), "parameter at minus infinity");
    end(d);
    counts[1] = counts[2] = 2;
    counts[5] = counts[6] = 3;
    d = diagnose(captures_of(3, 1, counts), "");
    assert_string_equal(text_at(d, "empty_overlaps", 0, "meaning"), "chance explains it");
    assert_false(alarms(d, "empty_overlaps", "share nobody by more than chance"));
    end(d);
}

/* Mantel and Haenszel with Robins, Breslow and Greenland, once more, written from the tables of EXH and ABA within the histories on
 * OSCE and HRW. */
static void test_pairs(void **state)
{
    double r = 0, s = 0, pr = 0, mixed = 0, qs = 0;
    (void)state;
    diagnosed *d = diagnose(kosovo(), "");
    for (uint32_t h = 4; h < 16; h += 4) {
        const double *y = d->captures->counts[0] + h;
        double n = y[0] + y[1] + y[2] + y[3], p = (y[0] + y[3]) / n, q = (y[1] + y[2]) / n;
        r += y[3] * y[0] / n;
        s += y[1] * y[2] / n;
        pr += p * y[3] * y[0] / n;
        mixed += p * y[1] * y[2] / n + q * y[3] * y[0] / n;
        qs += q * y[1] * y[2] / n;
    }
    double se = sqrt(pr / (2 * r * r) + mixed / (2 * r * s) + qs / (2 * s * s));
    REQUIRE_NEAR(number_at(d, "pair_dependence", 0, "both"), 403, 0);
    REQUIRE_NEAR(number_at(d, "pair_dependence", 0, "population_lincoln"), 1910 * 1528 / 403.0, 1e-12);
    REQUIRE_NEAR(number_at(d, "pair_dependence", 0, "population_chapman"), 1911 * 1529 / 404.0 - 1, 1e-12);
    REQUIRE_NEAR(number_at(d, "pair_dependence", 0, "odds_ratio"), r / s, 1e-12);
    REQUIRE_NEAR(number_at(d, "pair_dependence", 0, "lower_odds_ratio"), r / s * exp(-1.959963984540054 * se), 1e-9);
    REQUIRE_NEAR(number_at(d, "pair_dependence", 0, "upper_odds_ratio"), r / s * exp(1.959963984540054 * se), 1e-9);
    assert_string_equal(text_at(d, "pair_dependence", 0, "dependence"), "strong, positive");
    assert_true(alarms(d, "pair_dependence", "leaves out a strong dependence"));
    assert_non_null(note_of(d, "referral"));
    end(d);
    d = diagnose(kosovo(), "[12,13,23,34]");
    assert_string_equal(text_at(d, "pair_dependence", 0, "in_model"), "yes");
    assert_false(alarms(d, "pair_dependence", "leaves out a strong dependence"));
    assert_non_null(note_of(d, "referral"));
    end(d);
}

/* The odds ratio is that of the pair, not of a list on which both depend. */
static void test_pairs_are_conditional(void **state)
{
    double counts[16] = {0};
    (void)state;
    for (uint32_t w = 1; w < 16; w++) {
        double eta = log(8e6) - 2.2 * __builtin_popcount(w) + ((w & 5) == 5 ? 2 : 0) + ((w & 6) == 6 ? 2 : 0);
        counts[w] = round(exp(eta));
    }
    diagnosed *d = diagnose(captures_of(4, 1, counts), "[13,23]");
    REQUIRE_NEAR(number_at(d, "pair_dependence", row_of(d, "pair_dependence", "A", "B"), "odds_ratio"), 1, 2e-3);
    REQUIRE_NEAR(number_at(d, "pair_dependence", row_of(d, "pair_dependence", "A", "C"), "odds_ratio"), exp(2), 2e-3);
    end(d);
}

/* No overlap on the third list: P(none | odds ratio) = 0.025 at the limit, by the whole hypergeometric distribution. */
static void test_pairs_without_overlap(void **state)
{
    double counts[8] = {0, 300, 300, 5, 300, 40, 30, 0}, n = 370, sum = 0;
    (void)state;
    counts[4] = n - 70;
    diagnosed *d = diagnose(captures_of(3, 1, counts), "");
    REQUIRE_NEAR(number_at(d, "pair_dependence", 0, "odds_ratio"), 0, 0);
    double psi = number_at(d, "pair_dependence", 0, "upper_odds_ratio");
    for (double x = 0; x <= 30; x++)
        sum += exp(est_i_log_gamma(41) - est_i_log_gamma(x + 1) - est_i_log_gamma(41 - x) + est_i_log_gamma(n - 39) -
                   est_i_log_gamma(31 - x) - est_i_log_gamma(n - 69 + x) + x * log(psi) -
                   (est_i_log_gamma(n - 39) - est_i_log_gamma(31) - est_i_log_gamma(n - 69)));
    REQUIRE_NEAR(1 / sum, 0.025, 1e-6);
    end(d);
}

static void test_residuals(void **state)
{
    double deviance = 0, pearson = 0;
    (void)state;
    diagnosed *d = diagnose(kosovo(), "");
    naive f = naive_fit(4, d->captures->counts[0], 0, NULL);
    const est_frame *frame = frame_of(d, "residuals");
    assert_int_equal(frame->n_rows, 15);
    for (size_t i = 0; i < frame->n_rows; i++) {
        uint32_t w = 0;
        static const char *const names[] = {"EXH", "ABA", "OSCE", "HRW"};
        for (uint32_t j = 0; j < 4; j++)
            w |= strstr(text_at(d, "residuals", i, "history"), names[j]) ? (uint32_t)1 << j : 0;
        double y = f.counts[w], mu = f.fitted[w], h = 0, r = (y - mu) / sqrt(mu), part = 2 * (y * log(y / mu) - y + mu);
        for (size_t a = 0; a < f.size; a++)
            for (size_t b = 0; b < f.size; b++)
                h += mu * naive_x(&f, w, a) * naive_x(&f, w, b) * f.inverse[a][b];
        REQUIRE_NEAR(number_at(d, "residuals", i, "persons"), y, 0);
        REQUIRE_NEAR(number_at(d, "residuals", i, "fitted"), mu, 1e-8);
        REQUIRE_NEAR(number_at(d, "residuals", i, "pearson"), r, 1e-7);
        REQUIRE_NEAR(number_at(d, "residuals", i, "deviance"), copysign(sqrt(part), y - mu), 1e-6);
        REQUIRE_NEAR(number_at(d, "residuals", i, "adjusted"), r / sqrt(1 - h), 1e-6);
        if (i)
            assert_true(fabs(number_at(d, "residuals", i, "adjusted")) <= fabs(number_at(d, "residuals", i - 1, "adjusted")));
        deviance += part;
        pearson += r * r;
    }
    REQUIRE_NEAR(number_at(d, "goodness_of_fit", 0, "value"), deviance, 1e-8);
    REQUIRE_NEAR(number_at(d, "goodness_of_fit", 1, "value"), pearson, 1e-8);
    REQUIRE_NEAR(number_at(d, "goodness_of_fit", 0, "df"), 10, 0);
    assert_true(alarms(d, "goodness_of_fit", "does not fit the capture histories"));
    assert_true(alarms(d, "residuals", "lie far from the model"));
    end(d);
}

static void test_gates(void **state)
{
    double counts[8] = {0, 3, 40, 0, 30, 0, 1, 0};
    (void)state;
    diagnosed *d = diagnose(captures_of(3, 1, counts), "");
    static const char *const results[] = {"fail", "pass", "fail", "fail", "fail"};
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(text_at(d, "gates", i, "result"), results[i]);
    REQUIRE_NEAR(number_at(d, "gates", 0, "persons"), 74, 0);
    REQUIRE_NEAR(number_at(d, "gates", 2, "persons"), 3, 0);
    REQUIRE_NEAR(number_at(d, "gates", 3, "persons"), 0, 0);
    assert_non_null(strstr(note_of(d, "verdict")->message, "minimum-data gates are not met (at least 100 persons"));
    end(d);
}

/* ---- strata ---- */

/* Two strata, common dependence: the joint model without the list, per stratum and together; gates by stratum. */
static void test_strata(void **state)
{
    double counts[32] = {0}, weights[16];
    est_i_rng rng;
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        for (uint32_t w = 0; w < 16; w++)
            weights[w] = exp(-1.2 * __builtin_popcount(w) - (double)k * (w & 1) + ((w & 3) == 3 ? 1 : 0));
        est_i_rng_start(&rng, 5, EST_I_PURPOSE_TEST, 0, (uint32_t)k);
        est_i_rng_multinomial(&rng, k ? 9000 : 4000, 16, weights, counts + 16 * k);
        counts[16 * k] = 0;
    }
    diagnosed *d = diagnose(captures_of(4, 2, counts), "[12]");
    double sum = 0;
    assert_int_equal(frame_of(d, "held_out")->n_rows, 12);
    for (size_t row = 9; row < 11; row++) {
        double rest[8];
        static const uint32_t pair[] = {3};
        sum += number_at(d, "held_out", row, "population");
        assert_string_equal(text_at(d, "held_out", row, "interval"), "profile");
        assert_string_equal(text_at(d, "held_out", row, "result"), "holds");
        naive_drop(4, counts + 16 * (row - 9), 3, false, rest);
        naive own = naive_fit(3, rest, 1, pair);
        REQUIRE_NEAR(number_at(d, "held_out", row, "population"), population(&own), 0.1); /* near it, not the same: shared */
    }
    REQUIRE_NEAR(number_at(d, "held_out", 11, "population"), sum, 1e-12);
    REQUIRE_NEAR(number_at(d, "leave_one_out", 3, "population"), sum, 1e-12);
    assert_int_equal(frame_of(d, "gates")->n_rows, 18);
    assert_string_equal(text_at(d, "gates", 12, "stratum"), "all");
    REQUIRE_NEAR(number_at(d, "gates", 0, "persons"), d->captures->totals[0], 0);
    assert_int_equal(frame_of(d, "residuals")->n_rows, 30);
    end(d);
}

/* A dependence of its own in each stratum: the strata stand alone. */
static void test_strata_of_their_own(void **state)
{
    static const uint32_t pair[] = {3};
    double counts[32] = {0}, sum = 0, rest[8];
    est_error error;
    (void)state;
    for (uint32_t w = 1; w < 16; w++) {
        counts[w] = round(3000 * exp(-1.1 * __builtin_popcount(w) + ((w & 3) == 3 ? 0.7 : 0)) + (double)(w % 5));
        counts[16 + w] = round(5000 * exp(-1.3 * __builtin_popcount(w) - ((w & 3) == 3 ? 0.4 : 0)) + (double)(w % 3));
    }
    diagnosed *d = prepare(captures_of(4, 2, counts), "[12]");
    est_i_joint_free(d->joint);
    d->terms = (est_i_terms){.n_local = 6, .local = d->local};
    REQUIRE_OK(est_i_joint_fit(d->data, &d->terms, NULL, &d->joint, &error), error);
    d->of.joint = d->joint;
    run(d);
    for (size_t k = 0; k < 2; k++) {
        naive_drop(4, counts + 16 * k, 2, false, rest);
        naive f = naive_fit(3, rest, 1, pair);
        sum += population(&f);
        REQUIRE_NEAR(number_at(d, "held_out", 6 + k, "population"), population(&f), 1e-8);
    }
    REQUIRE_NEAR(number_at(d, "leave_one_out", 2, "population"), sum, 1e-8);
    assert_string_equal(text_at(d, "leave_one_out", 2, "model"), "A:B D");
    end(d);
}

/* A shared term that acts in the second stratum alone: the strata stand alone, the first without the term. */
static void test_terms_of_some_strata(void **state)
{
    static const uint32_t pair[] = {3};
    static const unsigned char acts[] = {0, 1};
    double counts[32] = {0}, sum = 0, rest[8];
    est_error error;
    (void)state;
    for (uint32_t w = 1; w < 16; w++) {
        counts[w] = round(3000 * exp(-1.1 * __builtin_popcount(w)) + (double)(w % 5));
        counts[16 + w] = round(5000 * exp(-1.3 * __builtin_popcount(w) - ((w & 3) == 3 ? 0.4 : 0)) + (double)(w % 3));
    }
    diagnosed *d = prepare(captures_of(4, 2, counts), "[12]");
    est_i_joint_free(d->joint);
    d->terms.acts = acts;
    REQUIRE_OK(est_i_joint_fit(d->data, &d->terms, NULL, &d->joint, &error), error);
    d->of.joint = d->joint;
    run(d);
    for (size_t k = 0; k < 2; k++) {
        naive_drop(4, counts + 16 * k, 2, false, rest);
        naive f = naive_fit(3, rest, k, pair);
        sum += population(&f);
    }
    REQUIRE_NEAR(number_at(d, "leave_one_out", 2, "population"), sum, 1e-8);
    for (size_t i = 0; i < 30; i++)
        if (strcmp(text_at(d, "residuals", i, "history"), "A:B") == 0) {
            size_t k = strcmp(text_at(d, "residuals", i, "stratum"), d->captures->block_names[1]) == 0;
            naive f = naive_fit(4, counts + 16 * k, k, pair);
            double h = 0;
            for (size_t a = 0; a < f.size; a++)
                for (size_t b = 0; b < f.size; b++)
                    h += f.fitted[3] * naive_x(&f, 3, a) * naive_x(&f, 3, b) * f.inverse[a][b];
            REQUIRE_NEAR(number_at(d, "residuals", i, "adjusted"), (f.counts[3] - f.fitted[3]) / sqrt(f.fitted[3] * (1 - h)), 1e-6);
        }
    end(d);
}

/* A list at work in one stratum only: dropping it, and asking for the persons on it, works on what is left. */
static void test_list_at_work_in_one_stratum(void **state)
{
    double counts[32] = {0}, sum = 0;
    (void)state;
    for (uint32_t w = 1; w < 16; w++)
        counts[w] = round(4000 * exp(-1.3 * __builtin_popcount(w)));
    for (uint32_t w = 1; w < 8; w++)
        counts[16 + w] = round(6000 * exp(-1.1 * __builtin_popcount(w)));
    est_i_captures *captures = captures_of(4, 2, counts);
    captures->active[1] = 7;
    diagnosed *d = diagnose(captures, "");
    for (uint32_t w = 8; w < 16; w++)
        sum += counts[w];
    REQUIRE_NEAR(number_at(d, "internal_consistency", 3, "persons"), sum, 0);
    REQUIRE_NEAR(number_at(d, "internal_consistency", 3, "ratio"), 1, 0.02);
    REQUIRE_NEAR(number_at(d, "gates", 7, "lists"), 3, 0);
    assert_non_null(strstr(note_of(d, "verdict")->message, "No diagnostic alarms"));
    end(d);
}

/* ---- what has no estimate, charts, cancelling ---- */

/* Without C nobody joins A and B: the row stays, with its reason. */
static void test_not_estimable(void **state)
{
    double counts[8] = {0, 50, 60, 0, 70, 20, 20, 0};
    (void)state;
    diagnosed *d = diagnose(captures_of(3, 1, counts), "");
    assert_int_equal(frame_of(d, "leave_one_out")->n_rows, 3);
    assert_true(isnan(number_at(d, "leave_one_out", 2, "population")));
    assert_non_null(strstr(text_at(d, "leave_one_out", 2, "result"), "not estimable: nothing in the table limits the unseen"));
    assert_string_equal(text_at(d, "leave_one_out", 0, "result"), "agrees");
    end(d);
}

static void test_charts(void **state)
{
    (void)state;
    diagnosed *d = diagnose(kosovo(), NULL);
    assert_int_equal(est_result_charts(d->result), 2);
    const est_chart *upset = est_result_chart(d->result, 0), *forest = est_result_chart(d->result, 1);
    assert_int_equal(upset->kind, EST_CHART_UPSET);
    assert_int_equal(upset->n_categories, 15);
    assert_int_equal(upset->n_sets, 4);
    assert_string_equal(upset->sets[1], "ABA");
    REQUIRE_NEAR(upset->set_totals[0], 1910, 0);
    REQUIRE_NEAR(upset->series[0].value[0], 1131, 0);
    assert_string_equal(upset->categories[0], "EXH");
    assert_int_equal(upset->membership[0], 1);
    assert_int_equal(upset->membership[1], 0);
    assert_int_equal(forest->kind, EST_CHART_FOREST);
    assert_int_equal(forest->n_categories, 11);
    REQUIRE_NEAR(forest->reference, 4400, 0);
    REQUIRE_NEAR(forest->series[0].value[0], d->population, 1e-12);
    REQUIRE_NEAR(forest->series[0].value[1], number_at(d, "leave_one_out", 0, "population"), 0);
    assert_string_equal(forest->categories[1], "without EXH");
    assert_string_equal(forest->categories[10], "OSCE+HRW as one");
    end(d);
}

static void test_cancelled(void **state)
{
    est_error error;
    est_i_monitor monitor;
    (void)state;
    diagnosed *d = prepare(kosovo(), NULL);
    est_i_result_builder *builder = est_i_result_begin("mse", "test");
    est_i_monitor_start(&monitor, NULL);
    atomic_store(&monitor.cancelled, true);
    assert_int_equal(est_i_diagnose(&d->of, NULL, &monitor, builder, &error), EST_ECANCELLED);
    est_i_result_abandon(builder);
    end(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silent_on_sound_table),
        cmocka_unit_test(test_false_alarms_are_few),
        cmocka_unit_test(test_held_out),
        cmocka_unit_test(test_held_out_limits_are_profile),
        cmocka_unit_test(test_internal_consistency),
        cmocka_unit_test(test_consistent_under_true_model),
        cmocka_unit_test(test_leave_one_out),
        cmocka_unit_test(test_merged),
        cmocka_unit_test(test_merged_published),
        cmocka_unit_test(test_sensitivity),
        cmocka_unit_test(test_sensitivity_of_two_lists),
        cmocka_unit_test(test_threshold_far_away),
        cmocka_unit_test(test_multiplicity),
        cmocka_unit_test(test_empty_overlaps),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_pairs_are_conditional),
        cmocka_unit_test(test_pairs_without_overlap),
        cmocka_unit_test(test_residuals),
        cmocka_unit_test(test_gates),
        cmocka_unit_test(test_strata),
        cmocka_unit_test(test_strata_of_their_own),
        cmocka_unit_test(test_terms_of_some_strata),
        cmocka_unit_test(test_list_at_work_in_one_stratum),
        cmocka_unit_test(test_not_estimable),
        cmocka_unit_test(test_charts),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
