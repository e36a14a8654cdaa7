/* What is said beside a trend. */
#include <math.h>
#include <stdio.h>

#include "core/text.h"
#include "mse/describe.h"
#include "trends/trend_run.h"

static void note_fit(est_i_trend_answer *a)
{
    est_i_text rejected = {0};
    for (size_t i = 0; i < a->n_models; i++)
        if (a->models[i]->p_value < 0.01) {
            est_i_text_append(&rejected, rejected.length ? ", " : "");
            est_i_text_append(&rejected, a->models[i]->name);
        }
    if (rejected.length && !rejected.failed)
        est_i_result_note(a->builder, a->context, EST_WARNING, "poor_fit",
                          "the deviance test rejects (p < 0.01): %s. A model that fits is not thereby right, and one that does "
                          "not is shown all the same", rejected.data);
    est_i_text_free(&rejected);
}

static void note_refuted(est_i_trend_answer *a)
{
    for (size_t i = 0; i < a->n_models; i++)
        for (size_t k = 0; k < a->data->n_used; k++) {
            size_t block = a->data->used[k];
            if (a->models[i]->upper[k] < a->captures->seen[block])
                est_i_result_note(a->builder, a->context, EST_WARNING, "refuted",
                                  "%s, period %s: the upper limit lies below the persons already seen on any list",
                                  a->models[i]->name, a->captures->block_names[block]);
        }
}

/* A period that no model can use, and why. */
static void note_unused(est_i_trend_answer *a, size_t block)
{
    int lists = __builtin_popcount(est_i_lists_that_count(a->captures, block));
    if (lists < 3)
        est_i_result_note(a->builder, a->context, EST_WARNING, "few_lists",
                          "period %s: %d list%s at work that know anybody, three are needed; its row is flagged and the rest is "
                          "estimated", a->captures->block_names[block], lists, lists == 1 ? "" : "s");
    else
        est_i_result_note(a->builder, a->context, EST_WARNING, "not_estimable",
                          "period %s: the lists share too few people for any estimate; its row is flagged and the rest is "
                          "estimated", a->captures->block_names[block]);
}

static void note_missing(est_i_trend_answer *a)
{
    for (size_t k = 0; k < a->captures->n_blocks; k++) {
        size_t place = est_i_trend_place(a->data, k);
        if (place == a->data->n_used)
            note_unused(a, k);
        for (size_t i = 0; i < a->n_models && place < a->data->n_used; i++)
            if (isnan(a->models[i]->population[place]))
                est_i_result_note(a->builder, a->context, EST_WARNING, "not_estimable",
                                  "%s, period %s: no estimate exists under this model; its row is flagged",
                                  a->models[i]->name, a->captures->block_names[k]);
    }
}

/* Minimum-data gate by period: lists that hold less than 5 % of what a model estimates (decisions.md 10). */
static void note_coverage(est_i_trend_answer *a)
{
    for (size_t i = 0; i < a->n_models; i++)
        for (size_t k = 0; k < a->data->n_used; k++) {
            size_t block = a->data->used[k];
            if (a->captures->totals[block] < 0.05 * a->models[i]->population[k])
                est_i_result_note(a->builder, a->context, EST_WARNING, "low_coverage",
                                  "%s, period %s: the lists hold less than 5 %% of the estimated population: read it as an order "
                                  "of magnitude", a->models[i]->name, a->captures->block_names[block]);
        }
}

/* What the bootstrap holds, and the share of replicates without an estimate, always said (decisions.md 5). */
static void note_bootstrap(est_i_trend_answer *a)
{
    bool selects = false, missing = false;
    for (size_t i = 0; i < a->n_models; i++) {
        selects = selects || a->models[i]->selected;
        for (size_t k = 0; k < a->data->n_used; k++)
            missing = missing || a->models[i]->without[k] > 0;
    }
    if (!a->models[0]->bootstrap)
        return;
    est_i_result_note(a->builder, a->context, EST_NOTE, "bootstrap", "bootstrap intervals hold %s; replicates without an estimate: %s",
                      selects ? "the selection within each model line, not the doubt between the lines"
                              : "nothing of the doubt about the model",
                      missing ? "they count as unbounded, their share stands in a table of its own" : "none");
}

static void note_boundary(est_i_trend_answer *a)
{
    for (size_t i = 0; i < a->n_models; i++)
        for (size_t k = 0; k < a->data->n_used; k++)
            if (a->models[i]->boundary[k])
                est_i_result_note(a->builder, a->context, EST_WARNING, "boundary",
                                  "%s, period %s: a boundary fit, some fitted cells are zero; the estimate stands on the face "
                                  "that is left", a->models[i]->name, a->captures->block_names[a->data->used[k]]);
}

static void note_periods(est_i_trend_answer *a)
{
    bool unequal = false;
    for (size_t k = 0; k < a->captures->n_blocks; k++) {
        unequal = unequal || a->captures->years[k] < a->captures->years[0] || a->captures->years[k] > a->captures->years[0];
        if (a->captures->truncated[k])
            est_i_result_note(a->builder, a->context, EST_WARNING, "truncated",
                              "period %s is not fully reported yet: late reports will add to it", a->captures->block_names[k]);
    }
    est_i_result_note(a->builder, a->context, EST_NOTE, "window",
                      "the population of a period is the number of distinct persons detected or detectable in it; it is neither "
                      "an annual prevalence nor an incidence, and periods must not be added up");
    est_i_result_note(a->builder, a->context, EST_NOTE, "annualised",
                      "ratio and annual percent change compare persons per year of the period%s, at period midpoints%s",
                      a->captures->has_population ? " and per head" : "",
                      unequal ? "; the ratio of the populations as they are compares periods of different length" : "");
    if (a->captures->has_population && !*a->options->denominator)
        est_i_result_note(a->builder, a->context, EST_WARNING, "denominator",
                          "the population behind the rates is not named: say with --denominator whose figure it is (UN estimate, "
                          "census, national projection)");
    if (!a->captures->labels_read)
        est_i_result_note(a->builder, a->context, EST_WARNING, "midpoints",
                          "some period labels are not years: midpoints are spaced by the periods' lengths in their order; give "
                          "start and end in the period file");
}

void est_i_trend_add_notes(est_i_trend_answer *a)
{
    est_i_result_note(a->builder, a->context, EST_NOTE, "no_direction",
                      "no direction of change is claimed: the models differ in how the lists' dependence may have changed, and "
                      "the lists cannot tell which of them holds. Read them side by side");
    note_refuted(a);
    note_missing(a);
    note_boundary(a);
    note_fit(a);
    note_periods(a);
    for (size_t i = 0; i < a->n_models; i++)
        if (a->models[i]->selected)
            est_i_result_note(a->builder, a->context, EST_NOTE, "search",
                              "%s: the best by %s of all hierarchical models with terms of up to %u lists", a->models[i]->name,
                              a->options->select == EST_SELECT_AIC ? "AIC" : "BIC", a->models[i]->kind.order);
    note_bootstrap(a);
    note_coverage(a);
    est_i_describe_data(a->builder, a->context, a->captures);
}
