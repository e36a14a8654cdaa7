/* The run of `sample-coverage`: three estimators, the choice between them, their bootstrap, and what is said beside them. */
#include <math.h>

#include "core/error.h"
#include "core/monitor.h"
#include "core/result.h"
#include "core/text.h"
#include "mse/coverage.h"
#include "mse/describe.h"
#include "mse/sample_coverage.h"

typedef struct coverage_run {
    const est_table *table;
    const est_i_captures *captures;
    const est_sample_coverage_options *options;
    const est_context *context;
    est_i_monitor monitor;
    est_i_result_builder *builder;
    est_error *error;
    est_i_histories histories;
    est_i_coverage coverage;
    est_i_coverage_kind chosen;
    est_i_coverage_interval interval[EST_I_COVERAGE_KINDS];
} coverage_run;

static const char *const names[EST_I_COVERAGE_KINDS] = {"independent", "high coverage", "low coverage"};

static const char *words_of(est_i_coverage_fault fault)
{
    static const char *const words[] = {
        "there is a value",
        "a list holds nobody",
        "no two lists share anybody, so the sample coverage is 0",
        "the covariation of the lists uses up all of the sample coverage, and nothing limits the population from above",
        "the formula leads to fewer persons than have been seen"};
    return words[fault];
}

static est_status check_lists(const coverage_run *r)
{
    const est_i_captures *c = r->captures;
    if (c->n_lists < 3)
        return est_i_fail(r->error, EST_EDEFINITION, "found %zu lists, expected at least three: two lists say nothing about their "
                          "dependence; use est two-list, which shows what dependence would do", c->n_lists);
    for (size_t j = 0; j < c->n_lists; j++)
        if (!(r->coverage.on_list[j] > 0))
            return est_i_fail(r->error, EST_EIDENTIFY, "no estimate exists: list %.100s holds nobody; name the other lists with "
                              "--lists", c->list_names[j]);
    return EST_OK;
}

static bool is_low(const coverage_run *r)
{
    return r->coverage.coverage < r->options->threshold;
}

static est_status choose(coverage_run *r)
{
    const est_i_coverage *c = &r->coverage;
    r->chosen = r->options->estimator == EST_COVERAGE_AUTO ? EST_I_COVERAGE_HIGH
                                                           : (est_i_coverage_kind)(r->options->estimator - 1);
    if (r->options->estimator == EST_COVERAGE_AUTO && (is_low(r) || isnan(c->population[EST_I_COVERAGE_HIGH])))
        r->chosen = EST_I_COVERAGE_LOW;
    if (!isnan(c->population[r->chosen]))
        return EST_OK;
    bool other = !isnan(c->population[EST_I_COVERAGE_INDEPENDENT]);
    return est_i_fail(r->error, EST_EIDENTIFY, "the estimator '%s' has no value: %s; %s", names[r->chosen],
                      words_of(c->fault[r->chosen]),
                      other ? "take another with --estimator, or use est mse" : "use lists that share persons");
}

static est_status find_intervals(coverage_run *r)
{
    for (size_t k = 0; k < EST_I_COVERAGE_KINDS; k++)
        r->interval[k] = (est_i_coverage_interval){NAN, NAN, NAN, NAN};
    if (r->options->replicates == 0)
        return EST_OK;
    est_i_monitor_stage(&r->monitor, "bootstrap", 0, 1);
    return est_i_coverage_bootstrap(&r->histories, &r->coverage, (size_t)r->options->replicates, r->options->level, &r->monitor,
                                    r->interval, r->error);
}

/* ---- rows ---- */

static uint32_t common_flags(const coverage_run *r)
{
    return est_table_is_synthetic(r->table) ? EST_FLAG_BIT(EST_FLAG_SYNTHETIC) : 0;
}

static uint32_t flags_of(const coverage_run *r, est_i_coverage_kind kind)
{
    const est_i_coverage_interval *interval = &r->interval[kind];
    uint32_t flags = common_flags(r);
    if (r->coverage.seen < 100)
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_DATA);
    if (isnan(r->coverage.population[kind]))
        return flags | EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    if (!(r->coverage.population[kind] > r->coverage.seen))
        flags |= EST_FLAG_BIT(EST_FLAG_BOUNDARY);
    if (isinf(interval->upper))
        flags |= EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    if (!isnan(interval->upper))
        flags |= EST_FLAG_BIT(EST_FLAG_MODEL_KNOWN);
    return flags;
}

static est_row row_of(const coverage_run *r, est_i_coverage_kind kind)
{
    const est_i_coverage_interval *interval = &r->interval[kind];
    est_row row = est_i_row_empty("population");
    bool has_limits = !isnan(interval->upper);
    row.estimate = r->coverage.population[kind];
    row.se = interval->se;
    row.lower = interval->lower;
    row.upper = interval->upper;
    row.level = has_limits ? r->options->level : NAN;
    row.interval = has_limits ? "bootstrap log-normal" : "none";
    row.n = r->coverage.seen;
    row.flags = flags_of(r, kind);
    return row;
}

static void add_rows(coverage_run *r)
{
    double n = r->coverage.seen;
    est_row row = row_of(r, r->chosen);
    est_i_result_add_row(r->builder, &row);
    row.estimand = "unobserved";
    row.estimate -= n;
    row.lower -= n;
    row.upper -= n;
    est_i_result_add_row(r->builder, &row);
    row = est_i_row_empty("observed");
    row.estimate = row.n = n;
    row.interval = "none";
    row.flags = common_flags(r);
    est_i_result_add_row(r->builder, &row);
    for (est_i_coverage_kind k = 0; k < EST_I_COVERAGE_KINDS; k++) {
        row = row_of(r, k);
        row.model = names[k];
        row.detail = 1;
        est_i_result_add_row(r->builder, &row);
    }
}

/* ---- statistics and frames ---- */

static void add_stats(coverage_run *r)
{
    est_i_result_add_stat_text(r->builder, "estimator", names[r->chosen]);
    est_i_result_add_stat(r->builder, "lists", (double)r->captures->n_lists, false);
    est_i_result_add_stat(r->builder, "sample_coverage", r->coverage.coverage, false);
    est_i_result_add_stat(r->builder, "seen_without_one_list", r->coverage.without_one, true);
    est_i_result_add_stat(r->builder, "coverage", r->coverage.seen / r->coverage.population[r->chosen], false);
    if (r->options->replicates > 0)
        est_i_result_add_stat(r->builder, "replicates_without_estimate", r->interval[r->chosen].without, false);
}

static void add_estimators(coverage_run *r)
{
    static const char *const columns[] = {"estimator", "population", "se", "lower", "upper", "share_without_estimate"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN,    EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE,
                                            EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN};
    est_i_result_frame(r->builder, "estimators", "Population by estimator", 6, columns, roles, SIZE_MAX);
    for (size_t k = 0; k < EST_I_COVERAGE_KINDS; k++) {
        est_i_result_cell_text(r->builder, names[k]);
        est_i_result_cell(r->builder, r->coverage.population[k]);
        est_i_result_cell(r->builder, r->interval[k].se);
        est_i_result_cell(r->builder, r->interval[k].lower);
        est_i_result_cell(r->builder, r->interval[k].upper);
        est_i_result_cell(r->builder, r->interval[k].without);
    }
}

static void add_covariation(coverage_run *r)
{
    static const char *const columns[] = {"list", "other", "independent", "high_coverage", "low_coverage"};
    static const est_column_role roles[5] = {EST_ROLE_PLAIN};
    est_i_result_frame(r->builder, "covariation",
                       "Coefficient of covariation of each pair at each estimate (0: independent; above 0: the same people)", 5,
                       columns, roles, 15);
    for (size_t i = 0; i < r->captures->n_lists; i++)
        for (size_t j = i + 1; j < r->captures->n_lists; j++) {
            est_i_result_cell_text(r->builder, r->captures->list_names[i]);
            est_i_result_cell_text(r->builder, r->captures->list_names[j]);
            for (size_t k = 0; k < EST_I_COVERAGE_KINDS; k++)
                est_i_result_cell(r->builder, est_i_coverage_covariation(&r->coverage, i, j, r->coverage.population[k]));
        }
}

/* ---- notes ---- */

static void append_percent(est_i_text *text, double share)
{
    char digits[64];
    est_i_number_print_fixed(100 * share, 1, digits, sizeof digits);
    est_i_text_printf(text, "%s %%", digits);
}

static const char *reason_of(const coverage_run *r)
{
    const char *reason = "the estimator was asked for";
    if (r->options->estimator == EST_COVERAGE_AUTO && !is_low(r))
        reason = r->chosen == EST_I_COVERAGE_HIGH ? "that is enough for the estimator that solves for the covariations"
                                                  : "the estimator for high coverage has no value, so the one of a single step "
                                                    "answers";
    else if (r->options->estimator == EST_COVERAGE_AUTO)
        reason = "that is too low for the estimator that solves for the covariations, which is unstable there; the one of a single "
                 "step answers. Read it as a lower bound where the lists hold the same people, as an upper bound where they avoid "
                 "each other";
    return reason;
}

/* Auto chooses as Chao, Tsay, Lin, Shau and Chao (2001) advise. */
static void note_choice(coverage_run *r)
{
    est_i_text text = {0};
    append_percent(&text, r->coverage.coverage);
    est_i_text_append(&text, " (threshold ");
    append_percent(&text, r->options->threshold);
    est_i_text_append(&text, ")");
    if (!text.failed)
        est_i_result_note(r->builder, r->context, EST_NOTE, "estimator", "the sample coverage is estimated as %s: %s", text.data,
                          reason_of(r));
    est_i_text_free(&text);
    if (r->chosen == EST_I_COVERAGE_HIGH && is_low(r))
        est_i_result_note(r->builder, r->context, EST_WARNING, "low_sample_coverage",
                          "the sample coverage is below the threshold: the estimator for high coverage is unstable here");
    if (r->chosen == EST_I_COVERAGE_INDEPENDENT)
        est_i_result_note(r->builder, r->context, EST_WARNING, "independence",
                          "this estimator takes all lists as independent; the table of covariations shows whether they look it");
}

static void note_faults(coverage_run *r)
{
    for (size_t k = 0; k < EST_I_COVERAGE_KINDS; k++)
        if (r->coverage.fault[k] != EST_I_COVERAGE_SOUND)
            est_i_result_note(r->builder, r->context, EST_WARNING, "not_estimable",
                              "the estimator '%s' has no value: %s. Other programs put the persons seen in its place; that would "
                              "claim that nobody is unseen", names[k], words_of(r->coverage.fault[k]));
}

static void note_interval(coverage_run *r)
{
    const est_i_coverage_interval *interval = &r->interval[r->chosen];
    if (interval->without > 0)
        est_i_result_note(r->builder, r->context, EST_WARNING, "replicates_without_estimate",
                          "%d in 1,000 bootstrap replicates have no estimate; %s", (int)ceil(1000 * interval->without),
                          isinf(interval->upper) ? "that is too many for an upper limit or a standard error"
                                                 : "the standard error is that of the others, so it is too small");
    if (!isnan(interval->upper))
        est_i_result_note(r->builder, r->context, EST_NOTE, "model_known",
                          "the interval takes the estimator as known: it holds nothing of the doubt about it");
    if (!(r->coverage.population[r->chosen] > r->coverage.seen))
        est_i_result_note(r->builder, r->context, EST_WARNING, "boundary",
                          "everybody seen is on two lists or more, so the formula leaves nobody unseen; it has no interval then");
}

static void add_notes(coverage_run *r)
{
    est_i_describe_data(r->builder, r->context, r->captures);
    note_choice(r);
    note_faults(r);
    note_interval(r);
    est_i_describe_precision(r->builder, r->context, r->coverage.seen, r->coverage.population[r->chosen],
                             r->interval[r->chosen].lower, r->interval[r->chosen].upper);
    est_i_result_note(r->builder, r->context, EST_NOTE, "untestable",
                      "the lists cannot test that what they say about each other holds for the people on none of them");
}

static est_status answer(coverage_run *r, est_result **result)
{
    r->builder = est_i_result_begin("sample-coverage", est_i_method_sample_coverage.title);
    add_rows(r);
    add_stats(r);
    add_estimators(r);
    add_covariation(r);
    est_i_describe_lists(r->builder, r->captures);
    add_notes(r);
    est_i_describe_provenance(r->builder, &est_i_method_sample_coverage, r->options, r->context, r->table, r->captures);
    return est_i_result_finish(r->builder, result, r->error);
}

est_status est_i_sample_coverage_run(const est_table *data, const est_i_captures *captures,
                                     const est_sample_coverage_options *options, const est_context *context,
                                     est_result **result, est_error *error)
{
    coverage_run r = {.table = data, .captures = captures, .options = options, .context = context, .error = error};
    est_i_monitor_start(&r.monitor, context);
    est_status status = est_i_histories_make(captures, &r.histories, error);
    if (status == EST_OK) {
        est_i_coverage_estimate(&r.histories, r.histories.persons, &r.coverage);
        status = check_lists(&r);
    }
    if (status == EST_OK)
        status = choose(&r);
    if (status == EST_OK)
        status = find_intervals(&r);
    if (status == EST_OK)
        status = answer(&r, result);
    est_i_histories_free(&r.histories);
    return status;
}
