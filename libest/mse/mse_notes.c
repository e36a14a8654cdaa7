/* `mse`: what has to be said beside the numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "mse/describe.h"
#include "mse/mse_state.h"

#define NEAR 10.0

static void note_ranking(est_i_mse *r, const est_i_mse_fit *f)
{
    size_t with_estimate = 0, boundary;
    for (size_t i = 0; i < f->ranking->n_models; i++)
        with_estimate += isnan(f->ranking->models[i].unseen) ? 0 : 1;
    boundary = with_estimate - f->ranking->n_acceptable;
    est_i_result_note(r->builder, r->context, EST_NOTE, "search",
                      "all hierarchical models with terms of up to %u lists were fitted: %zu, of which %zu have no estimate and "
                      "%zu take no part as boundary fits", r->how.max_order, f->ranking->n_models,
                      f->ranking->n_models - with_estimate, boundary);
}

static void note_search(est_i_mse *r, const est_i_mse_fit *f)
{
    static const char *const classes[] = {"hierarchical", "pairwise", "graphical", "decomposable"};
    char count[64] = "";
    if (!isnan(f->n_models) && f->n_models < 1e15) {
        char digits[48];
        est_i_number_print_grouped(f->n_models, 0, ",", digits, sizeof digits);
        snprintf(count, sizeof count, ", %s models", digits);
    }
    est_i_result_note(r->builder, r->context, EST_NOTE, "search",
                      "the best models of the %s class with terms of up to %u lists%s, found exactly by branch and bound; %s fits "
                      "take part", classes[r->how.model_class], r->how.max_order, count,
                      r->how.accept_boundary ? "boundary" : "only interior");
}

static void note_path(est_i_mse *r)
{
    bool stepwise = r->how.select == EST_SELECT_STEPWISE;
    est_i_result_note(r->builder, r->context, EST_WARNING, "local_search",
                      stepwise ? "terms were added one by one by their p values, up to %u lists: a path through the models, not the "
                                 "best of them; compare --select bic"
                               : "a local search by BIC with terms of up to %u lists: it stops at the first model without a better "
                                 "neighbour, which need not be the best; compare --select bic", r->how.max_order);
}

/* Near-tied models (within 10 of the best) that disagree are said beside the number. */
static void note_near_ties(est_i_mse *r, const est_i_mse_fit *f)
{
    double least = INFINITY, most = 0, n = r->captures->total, last = NAN;
    size_t count = 0;
    const est_i_pool *pool = f->pool;
    for (size_t i = 0; i < pool->n_models && pool->models[i].criterion <= pool->models[0].criterion + NEAR; i++) {
        double population = n + exp(est_i_pool_log_unseen(pool, i));
        least = fmin(least, population);
        most = fmax(most, population);
        bool repeats = false;
        for (size_t j = 0; j < i && !repeats; j++)
            repeats = est_i_pool_repeats(pool, j, i);
        count += !repeats;
        last = pool->models[i].criterion;
    }
    if (count < 2 || isnan(last))
        return;
    char low[64], high[64];
    est_i_number_print_grouped(least, 0, ",", low, sizeof low);
    est_i_number_print_grouped(most, 0, ",", high, sizeof high);
    est_i_result_note(r->builder, r->context, most > 1.2 * least ? EST_WARNING : EST_NOTE, "near_ties",
                      "%zu models lie within 10 of the best by the criterion; their populations run from %s to %s", count, low,
                      high);
}

/* The weight that models without a part would have had: those of a full ranking whose fit lies on a face or is not determined. */
static double excluded_weight(const est_i_mse_fit *f)
{
    double part = 0, all = 0, best = f->pool->models[0].criterion;
    for (size_t i = 0; f->ranking && i < f->ranking->n_models; i++) {
        double weight = exp((best - f->ranking->models[i].criterion) / 2);
        all += isfinite(weight) ? weight : 0;
        part += isfinite(weight) && i >= f->ranking->n_acceptable ? weight : 0;
    }
    return f->ranking ? part / all : NAN;
}

static void note_average(est_i_mse *r)
{
    double excluded = isnan(r->averaged.unseen) ? NAN : excluded_weight(&r->fits[0]);
    if (isnan(r->averaged.unseen))
        return;
    est_i_result_note(r->builder, r->context, EST_NOTE, "average",
                      "the average is over %zu models that differ, on the log of the unseen, with weights exp(-criterion/2); they weigh as "
                      "much as %.1f equal ones. Its interval adds the spread between models to the errors within them",
                      r->averaged.n_models, r->averaged.effective);
    if (!isnan(excluded))
        est_i_result_note(r->builder, r->context, excluded > 0.01 ? EST_WARNING : EST_NOTE, "excluded_weight",
                          "models that take no part (boundary fits, or no estimate) would carry %.2g of all the weight", excluded);
}

static void note_intervals(est_i_mse *r)
{
    const est_i_mse_target *all = est_i_mse_whole(r);
    bool known = false;
    for (size_t i = 0; i < r->n_targets; i++)
        known = known || est_i_mse_takes_model_as_known(r, &r->targets[i]);
    if (known)
        est_i_result_note(r->builder, r->context, EST_NOTE, "model_known",
                          "the interval takes the model as known: it holds nothing of the doubt about the model");
    if (all->interval == EST_CI_LOG_NORMAL && r->interval == EST_CI_PROFILE)
        est_i_result_note(r->builder, r->context, EST_NOTE, "total_interval",
                          "the strata have profile intervals, the total a log-normal one from its standard error");
    if (all->interval == EST_CI_WALD && 1 / all->unseen > 0.05 * all->log_se * all->log_se)
        est_i_result_note(r->builder, r->context, EST_WARNING, "wald_narrow",
                          "the Wald interval as published is about the expected number of unseen; the actual number varies around it, and "
                          "with so few unseen the interval is too narrow. Take --ci profile or log-normal");
    if (all->without > 0)
        est_i_result_note(r->builder, r->context, EST_WARNING, "replicates_without_estimate",
                          "%d in 1,000 bootstrap replicates have no estimate; they count as unbounded", (int)ceil(1000 * all->without));
    for (size_t i = 0; i < r->n_targets; i++)
        if (r->targets[i].refused)
            est_i_result_note(r->builder, r->context, EST_WARNING, "no_interval", "%s%sno %s interval: %s",
                              i + 1 < r->n_targets ? r->captures->block_names[i] : "", i + 1 < r->n_targets ? ": " : "",
                              est_i_mse_interval_name(r->interval), r->targets[i].refused);
    if (r->options->resample == EST_RESAMPLE_SCV2024 && !isnan(all->without))
        est_i_result_note(r->builder, r->context, EST_WARNING, "scv2024",
                          "the replicates hold as many persons as were observed: such intervals are too narrow, and stand for "
                          "comparison with the paper alone");
}

static void note_strata(est_i_mse *r)
{
    for (size_t k = 0; k + 1 < r->n_targets; k++)
        if (isnan(r->targets[k].unseen))
            est_i_result_note(r->builder, r->context, EST_WARNING, "stratum_without_estimate",
                              "%s has no estimate under the model, so there is no total; merge it with another stratum",
                              r->captures->block_names[k]);
    if (r->n_targets > 1)
        est_i_result_note(r->builder, r->context, EST_NOTE, "strata",
                          r->n_fits == 1 ? "one model for all strata: each list has an activity of its own in each stratum, the "
                                           "dependence between lists is common; the total is the sum of the strata"
                                         : "each stratum has a model of its own; the total is the sum of the strata");
}

static void note_fit(est_i_mse *r)
{
    const est_i_mse_target *all = est_i_mse_whole(r);
    if (r->n_targets == 1 && __builtin_popcount(est_i_lists_that_count(r->captures, 0)) < 3)
        est_i_result_note(r->builder, r->context, EST_WARNING, "two_lists",
                          "two lists: the estimate rests on their independence, which two lists cannot test");
    if (all->boundary)
        est_i_result_note(r->builder, r->context, EST_WARNING, "boundary",
                          "a boundary fit: some fitted cells are zero, and the estimate stands on the face that is left");
    if (all->n < 0.05 * (all->n + all->unseen))
        est_i_result_note(r->builder, r->context, EST_WARNING, "low_coverage",
                          "the lists hold less than 5 %% of the estimated population: read it as an order of magnitude");
    if (all->upper > 10 * all->lower)
        est_i_result_note(r->builder, r->context, EST_WARNING, "wide_interval",
                          "the upper limit is more than 10 times the lower: the interval is the answer, not the estimate in it");
    est_i_result_note(r->builder, r->context, EST_NOTE, "untestable",
                      "the lists cannot test that the dependence of all lists at once is absent");
}

void est_i_mse_add_notes(est_i_mse *r)
{
    const est_i_mse_fit *first = &r->fits[0];
    est_i_describe_data(r->builder, r->context, r->captures);
    note_strata(r);
    if (r->selected && !est_i_mse_is_search(r))
        note_path(r);
    else if (r->selected && first->ranking)
        note_ranking(r, first);
    else if (r->selected)
        note_search(r, first);
    if (r->n_fits == 1 && first->pool)
        note_near_ties(r, first);
    note_average(r);
    note_intervals(r);
    est_i_mse_note_gates(r);
    note_fit(r);
}
