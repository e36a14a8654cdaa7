/* The run of `two-list`: estimates of each pair, what dependence would make of them, and what the pairs say together. */
#include <math.h>

#include "core/error.h"
#include "core/result.h"
#include "core/text.h"
#include "mse/describe.h"
#include "mse/model.h"
#include "mse/pair.h"
#include "mse/two_list.h"

typedef struct two_list_run {
    const est_table *table;
    const est_i_captures *captures;
    const est_two_list_options *options;
    const est_context *context;
    est_i_result_builder *builder;
    est_error *error;
    est_i_pair *pairs;
    size_t n_pairs;
    bool lone; /* the data hold two lists: their pair answers for all */
} two_list_run;

static est_i_pair_estimator chosen(const two_list_run *r)
{
    return r->options->estimator == EST_TWO_LIST_CHAPMAN ? EST_I_PAIR_CHAPMAN : EST_I_PAIR_LINCOLN_PETERSEN;
}

static est_status find_pair(const two_list_run *r, uint32_t *mask)
{
    est_i_model model = {0};
    est_status status = EST_OK;
    *mask = 0;
    if (!*r->options->pair)
        return EST_OK;
    status = est_i_model_parse(r->options->pair, r->captures->n_lists, r->captures->list_names, &model, r->error);
    if (status == EST_OK && model.n_terms == 1 && __builtin_popcount(model.terms[0]) == 2)
        *mask = model.terms[0];
    else if (status != EST_ENOMEM)
        status = est_i_fail(r->error, EST_EOPTION, "option --pair: found '%.100s', expected two of the %zu lists joined by a "
                            "colon, for example %.100s:%.100s", r->options->pair, r->captures->n_lists, r->captures->list_names[0],
                            r->captures->list_names[1]);
    est_i_model_free(&model);
    return status;
}

static const char *empty_list(const two_list_run *r, const est_i_pair *pair)
{
    const char *name = NULL;
    if (!(pair->on_first > 0))
        name = r->captures->list_names[pair->first];
    else if (!(pair->on_second > 0))
        name = r->captures->list_names[pair->second];
    return name;
}

/* Data are valid, but no pair has the chosen estimate. */
static est_status check_any(const two_list_run *r)
{
    size_t estimated = 0;
    for (size_t i = 0; i < r->n_pairs; i++)
        estimated += isnan(r->pairs[i].by[chosen(r)].population) ? 0 : 1;
    if (estimated)
        return EST_OK;
    const char *empty = empty_list(r, &r->pairs[0]);
    if (empty)
        return est_i_fail(r->error, EST_EIDENTIFY, "no estimate exists: list %.100s holds nobody; use two lists that hold persons",
                          empty);
    return est_i_fail(r->error, EST_EIDENTIFY, "no Lincoln-Petersen estimate exists: lists %.100s and %.100s share nobody, and "
                      "nothing limits the population from above; use lists that share persons",
                      r->captures->list_names[r->pairs[0].first], r->captures->list_names[r->pairs[0].second]);
}

/* ---- rows ---- */

static uint32_t common_flags(const two_list_run *r)
{
    return est_table_is_synthetic(r->table) ? EST_FLAG_BIT(EST_FLAG_SYNTHETIC) : 0;
}

static est_row row_of(const two_list_run *r, const est_i_pair *pair, est_i_pair_estimator estimator)
{
    const est_i_pair_estimate *e = &pair->by[estimator];
    est_row row = est_i_row_empty("population");
    bool has_limits = !isnan(e->lower);
    row.estimate = e->population;
    row.se = e->se;
    row.lower = e->lower;
    row.upper = e->upper;
    row.level = has_limits ? r->options->level : NAN;
    row.interval = has_limits ? "log-normal" : "none";
    row.n = pair->seen;
    row.flags = e->flags | common_flags(r);
    return row;
}

static void add_headline(two_list_run *r)
{
    const est_i_pair *pair = &r->pairs[0];
    est_row row = row_of(r, pair, chosen(r));
    est_i_result_add_row(r->builder, &row);
    row.estimand = "unobserved";
    row.estimate -= pair->seen;
    row.lower -= pair->seen;
    row.upper -= pair->seen;
    est_i_result_add_row(r->builder, &row);
    row = est_i_row_empty("observed");
    row.estimate = row.n = pair->seen;
    row.interval = "none";
    row.flags = common_flags(r);
    est_i_result_add_row(r->builder, &row);
}

static void add_rows(two_list_run *r)
{
    if (r->lone)
        add_headline(r);
    for (size_t i = 0; i < r->n_pairs; i++)
        for (est_i_pair_estimator k = 0; k < EST_I_PAIR_ESTIMATORS; k++) {
            est_label label = {"pair", r->pairs[i].label};
            est_row row = row_of(r, &r->pairs[i], k);
            row.n_domain = 1;
            row.domain = &label;
            row.model = est_i_pair_estimator_name(k);
            row.detail = r->lone;
            est_i_result_add_row(r->builder, &row);
        }
}

/* ---- frames ---- */

/* The other estimates of the lone pair, which its rows keep for programs. */
static void add_estimators(two_list_run *r)
{
    static const char *const columns[] = {"estimator", "population", "se", "lower", "upper"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE,
                                            EST_ROLE_ESTIMATE};
    if (!r->lone)
        return;
    est_i_result_frame(r->builder, "estimators", "Population by estimator", 5, columns, roles, SIZE_MAX);
    for (est_i_pair_estimator k = 0; k < EST_I_PAIR_ESTIMATORS; k++) {
        const est_i_pair_estimate *e = &r->pairs[0].by[k];
        est_i_result_cell_text(r->builder, est_i_pair_estimator_name(k));
        est_i_result_cell(r->builder, e->population);
        est_i_result_cell(r->builder, e->se);
        est_i_result_cell(r->builder, e->lower);
        est_i_result_cell(r->builder, e->upper);
    }
}

static void add_dependence(two_list_run *r)
{
    static const char *const columns[] = {"pair", "odds_ratio", "chapman", "lincoln_petersen"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE};
    est_i_odds_ratios ratios;
    if (est_i_odds_ratios_parse(r->options->odds_ratios, &ratios, NULL) != EST_OK)
        return;
    est_i_result_frame(r->builder, "dependence", "Population by the odds ratio between the lists (1: independent)", 4, columns,
                       roles, r->n_pairs == 1 ? SIZE_MAX : 0);
    for (size_t i = 0; i < r->n_pairs; i++)
        for (size_t k = 0; k < ratios.count; k++) {
            est_i_result_cell_text(r->builder, r->pairs[i].label);
            est_i_result_cell(r->builder, ratios.value[k]);
            est_i_result_cell(r->builder, est_i_pair_at_odds(&r->pairs[i], EST_I_PAIR_CHAPMAN, ratios.value[k]));
            est_i_result_cell(r->builder, est_i_pair_at_odds(&r->pairs[i], EST_I_PAIR_LINCOLN_PETERSEN, ratios.value[k]));
        }
}

static void add_limit(two_list_run *r)
{
    static const char *const columns[] = {"pair", "odds_ratio"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    if (!(r->options->limit > 0))
        return;
    est_i_result_add_stat(r->builder, "limit", r->options->limit, false);
    est_i_result_frame(r->builder, "limit", "Odds ratio between the lists that leads to the limit", 2, columns, roles, SIZE_MAX);
    for (size_t i = 0; i < r->n_pairs; i++) {
        est_i_result_cell_text(r->builder, r->pairs[i].label);
        est_i_result_cell(r->builder, est_i_pair_odds_for(&r->pairs[i], chosen(r), r->options->limit));
    }
}

/* ---- notes ---- */

static void append_people(est_i_text *text, double people)
{
    char digits[64];
    est_i_number_print_grouped(people, 0, ",", digits, sizeof digits);
    est_i_text_append(text, digits);
}

/* "A:B, A:C" of the pairs that `holds`, five at most. */
static size_t name_pairs(const two_list_run *r, bool (*holds)(const est_i_pair *), est_i_text *text)
{
    size_t count = 0;
    for (size_t i = 0; i < r->n_pairs; i++)
        if (holds(&r->pairs[i]) && count++ < 5)
            est_i_text_printf(text, "%s%s", text->length ? ", " : "", r->pairs[i].label);
    if (count > 5)
        est_i_text_append(text, " and others");
    return count;
}

static bool shares_nobody(const est_i_pair *pair)
{
    return pair->on_first > 0 && pair->on_second > 0 && !(pair->on_both > 0);
}

static bool has_empty_list(const est_i_pair *pair)
{
    return !(pair->on_first > 0) || !(pair->on_second > 0);
}

static bool is_within(const est_i_pair *pair)
{
    return !has_empty_list(pair) && (pair->on_first == pair->on_both || pair->on_second == pair->on_both);
}

static bool is_refuted(const est_i_pair *pair)
{
    return (pair->by[EST_I_PAIR_CHAPMAN].flags & EST_FLAG_BIT(EST_FLAG_REFUTED)) != 0;
}

static void note_pairs(two_list_run *r, bool (*holds)(const est_i_pair *), const char *code, const char *message)
{
    est_i_text names = {0};
    if (name_pairs(r, holds, &names) && !names.failed)
        est_i_result_note(r->builder, r->context, EST_WARNING, code, "%s: %s", names.data, message);
    est_i_text_free(&names);
}

static void note_single_pairs(two_list_run *r)
{
    note_pairs(r, shares_nobody, "no_overlap",
               "the lists share nobody, so there is no Lincoln-Petersen value and nothing limits the population from above. "
               "Chapman's formula counts one shared person more than there is, so it is finite all the same: it is about the "
               "population in which one shared person would be expected, no estimate to plan with");
    note_pairs(r, has_empty_list, "not_estimable", "a list holds nobody");
    note_pairs(r, is_within, "boundary",
               "everybody on one list is on the other too. The estimate is then those already seen, with no interval: the data "
               "cannot tell a list that reaches everybody from one that is drawn from the other");
    note_pairs(r, is_refuted, "refuted",
               "even the upper limit lies below the persons already seen on all lists. These lists hold the same people more "
               "often than independent lists would");
}

/* Pairs with the lowest and the highest Chapman estimate among those with limits, and whether some two intervals do not meet. */
typedef struct spread {
    const est_i_pair *low, *high;
    size_t count;
    double highest_lower, lowest_upper;
} spread;

static spread find_spread(const two_list_run *r)
{
    spread s = {.highest_lower = -INFINITY, .lowest_upper = INFINITY};
    for (size_t i = 0; i < r->n_pairs; i++) {
        const est_i_pair_estimate *e = &r->pairs[i].by[EST_I_PAIR_CHAPMAN];
        if (isnan(e->lower))
            continue;
        s.count++;
        s.low = !s.low || e->population < s.low->by[EST_I_PAIR_CHAPMAN].population ? &r->pairs[i] : s.low;
        s.high = !s.high || e->population > s.high->by[EST_I_PAIR_CHAPMAN].population ? &r->pairs[i] : s.high;
        s.highest_lower = fmax(s.highest_lower, e->lower);
        s.lowest_upper = fmin(s.lowest_upper, e->upper);
    }
    return s;
}

static void append_estimate(est_i_text *text, const est_i_pair *pair)
{
    const est_i_pair_estimate *e = &pair->by[EST_I_PAIR_CHAPMAN];
    est_i_text_printf(text, "%s ", pair->label);
    append_people(text, e->population);
    est_i_text_append(text, " (");
    append_people(text, e->lower);
    est_i_text_append(text, " to ");
    append_people(text, e->upper);
    est_i_text_append(text, ")");
}

/* Independent lists would all estimate the same population. */
static void note_spread(two_list_run *r)
{
    spread s = find_spread(r);
    est_i_text range = {0};
    if (s.count < 2)
        return;
    bool apart = s.highest_lower > s.lowest_upper;
    append_estimate(&range, s.low);
    est_i_text_append(&range, " to ");
    append_estimate(&range, s.high);
    if (!range.failed)
        est_i_result_note(r->builder, r->context, apart ? EST_WARNING : EST_NOTE, apart ? "pairs_disagree" : "pairs_agree",
                          "the estimates of the population by pair of lists (Chapman) run from %s. %s", range.data,
                          apart ? "Some of these intervals do not meet, so the lists are not all independent: a pair that "
                                  "holds the same people more often than chance gives a low value, a pair that avoids each "
                                  "other a high one. No single pair is to be believed; use est mse or est sample-coverage"
                                : "All the intervals meet, so the pairs do not contradict each other; dependence that is alike "
                                  "in all pairs would leave no trace here");
    est_i_text_free(&range);
}

static void note_limit(two_list_run *r)
{
    est_i_text text = {0};
    double ratio = est_i_pair_odds_for(&r->pairs[0], chosen(r), r->options->limit);
    if (!(r->options->limit > 0) || r->n_pairs > 1)
        return;
    append_people(&text, r->options->limit);
    if (text.failed) {
        est_i_text_free(&text);
        return;
    }
    if (isnan(ratio)) {
        bool seen = r->options->limit <= r->pairs[0].seen;
        est_i_result_note(r->builder, r->context, EST_NOTE, "limit",
                          "no odds ratio between the lists leads to a population of %s: %s", text.data,
                          seen ? "as many have been seen already" : "the estimate does not move with it");
    } else {
        char digits[64];
        est_i_number_print_fixed(ratio, 2, digits, sizeof digits);
        est_i_result_note(r->builder, r->context, EST_NOTE, "limit",
                          "the population is %s if persons on one list have %s times the odds to be on the other that persons "
                          "not on it have; the lists cannot test whether they do", text.data, digits);
    }
    est_i_text_free(&text);
}

static void add_notes(two_list_run *r)
{
    est_i_describe_data(r->builder, r->context, r->captures);
    est_i_result_note(r->builder, r->context, EST_WARNING, "two_lists",
                      "each estimate rests on the independence of its two lists, which two lists cannot test. Lists that hold the "
                      "same people more often than chance give values that are too low");
    note_single_pairs(r);
    if (r->captures->n_lists > 2)
        note_spread(r);
    note_limit(r);
    est_i_result_note(r->builder, r->context, EST_NOTE, "chao_bound",
                      "Chao's bound holds where persons differ but both lists reach alike. Where the lists differ in reach it lies "
                      "above the Lincoln-Petersen value, which is then the lower bound itself; neither is one where lists avoid "
                      "each other");
    if (find_spread(r).count > 0)
        est_i_result_note(r->builder, r->context, EST_NOTE, "model_known",
                          "the intervals take independence as known: they hold nothing of the doubt about it");
}

static est_status answer(two_list_run *r, est_result **result)
{
    r->builder = est_i_result_begin("two-list", est_i_method_two_list.title);
    add_rows(r);
    est_i_result_add_stat(r->builder, "lists", (double)r->captures->n_lists, false);
    add_estimators(r);
    add_dependence(r);
    add_limit(r);
    est_i_describe_lists(r->builder, r->captures);
    add_notes(r);
    est_i_describe_provenance(r->builder, &est_i_method_two_list, r->options, r->context, r->table, r->captures);
    return est_i_result_finish(r->builder, result, r->error);
}

est_status est_i_two_list_run(const est_table *data, const est_i_captures *captures, const est_two_list_options *options,
                              const est_context *context, est_result **result, est_error *error)
{
    two_list_run r = {.table = data, .captures = captures, .options = options, .context = context, .error = error,
                      .lone = captures->n_lists == 2};
    uint32_t only = 0;
    est_status status = find_pair(&r, &only);
    if (status == EST_OK)
        status = est_i_pairs_make(captures, only, options->level, &r.pairs, &r.n_pairs, error);
    if (status == EST_OK)
        status = check_any(&r);
    if (status == EST_OK)
        status = answer(&r, result);
    est_i_pairs_free(r.pairs, r.n_pairs);
    return status;
}
