/* `mse`: what has to be said beside the numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "mse/describe.h"
#include "mse/mse_state.h"
#include "mse/refusal.h"

#define NAMED_MOST 6
#define LEAST_SHOWN 1e-6 /* weights below are said to be below */

/* " with terms of up to 3 lists" */
static const char *order_words(const est_i_mse *r, char words[64])
{
    if (r->how.max_order < 2)
        snprintf(words, 64, "without dependence between lists");
    else
        snprintf(words, 64, "with terms of up to %u lists", r->how.max_order);
    return words;
}

/* At most six names of strata, and how many more there are. */
static void name_stratum(const est_i_mse *r, size_t block, size_t *count, est_i_text *names)
{
    if (++*count <= NAMED_MOST)
        est_i_text_printf(names, "%s%s", *count > 1 ? ", " : "", r->captures->block_names[block]);
}

static void end_names(size_t count, est_i_text *names)
{
    if (count > NAMED_MOST)
        est_i_text_printf(names, " and %zu more", count - NAMED_MOST);
}

static void note_ranking(est_i_mse *r, const est_i_mse_fit *f)
{
    size_t with_estimate = 0, boundary;
    char order[64];
    for (size_t i = 0; i < f->ranking->n_models; i++)
        with_estimate += isnan(f->ranking->models[i].unseen) ? 0 : 1;
    boundary = with_estimate - f->ranking->n_acceptable;
    est_i_result_note(r->builder, r->context, EST_NOTE, "search",
                      "all hierarchical models %s were fitted: %zu, of which %zu have no estimate and "
                      "%zu take no part as boundary fits", order_words(r, order), f->ranking->n_models,
                      f->ranking->n_models - with_estimate, boundary);
}

static void note_search(est_i_mse *r, const est_i_mse_fit *f)
{
    static const char *const classes[] = {"hierarchical", "pairwise", "graphical", "decomposable"};
    char count[64] = "", order[64];
    if (!isnan(f->n_models) && f->n_models < 1e15) {
        char digits[48];
        est_i_number_print_grouped(f->n_models, 0, ",", digits, sizeof digits);
        snprintf(count, sizeof count, ", %s model%s", digits, f->n_models > 1 ? "s" : "");
    }
    est_i_result_note(r->builder, r->context, EST_NOTE, "search",
                      "the best models of the %s class %s%s, found exactly by branch and bound; %s fits "
                      "take part", classes[r->how.model_class], order_words(r, order), r->n_fits > 1 ? "" : count,
                      r->how.accept_boundary ? "boundary" : "only interior");
}

static void note_path(est_i_mse *r)
{
    bool stepwise = r->how.select == EST_SELECT_STEPWISE;
    char order[64];
    est_i_result_note(r->builder, r->context, EST_WARNING, "local_search",
                      stepwise ? "terms were added one by one by their p values, to models %s: a path through the models, not the "
                                 "best of them; compare --select bic"
                               : "a local search by BIC among models %s: it stops at the first model without a better "
                                 "neighbour, which need not be the best; compare --select bic", order_words(r, order));
}

/* Population of a model of the pool in the strata that have an estimate under the chosen one. */
static double population_that_stands(const est_i_mse *r, const est_i_pool *pool, size_t model, size_t *n_without)
{
    double population = 0;
    *n_without = 0;
    for (size_t k = 0; k < pool->n_blocks; k++) {
        bool stands = !isnan(r->targets[k].unseen);
        population += stands ? r->targets[k].n + exp(pool->log_unseen[model * pool->n_blocks + k]) : 0;
        *n_without += !stands;
    }
    return population;
}

/* Near-tied models (within 10 of the best) that disagree are said beside the number. */
static void note_near_ties(est_i_mse *r, const est_i_mse_fit *f)
{
    double least = INFINITY, most = 0;
    size_t count = 0, n_without = 0;
    const est_i_pool *pool = f->pool;
    for (size_t i = 0, near = est_i_pool_near_tied(pool); i < near; i++) {
        double population = population_that_stands(r, pool, i, &n_without);
        if (isnan(population))
            continue;
        least = fmin(least, population);
        most = fmax(most, population);
        bool repeats = false;
        for (size_t j = 0; j < i && !repeats; j++)
            repeats = est_i_pool_repeats(pool, j, i);
        count += !repeats;
    }
    if (count < 2)
        return;
    char low[64], high[64];
    est_i_number_print_grouped(least, 0, ",", low, sizeof low);
    est_i_number_print_grouped(most, 0, ",", high, sizeof high);
    est_i_result_note(r->builder, r->context, most > 1.2 * least ? EST_WARNING : EST_NOTE, "near_ties",
                      "%zu models lie within 10 of the best by the criterion; their populations%s run from %s to %s", count,
                      n_without ? ", over the strata that have an estimate," : "", low, high);
}

/* By default boundary fits take no part. That must not hide a model that is better than the one chosen. */
static void note_excluded(est_i_mse *r, const est_i_mse_fit *f)
{
    const est_i_pool *pool = f->pool;
    static const char *const criteria[] = {"BIC", "AIC", "", "AICc"};
    if (f->missing || !pool || !pool->has_excluded || !(pool->excluded_criterion < pool->models[0].criterion - LEAST_SHOWN))
        return;
    char population[64], gap[64];
    double persons = 0;
    size_t n_without = 0;
    for (size_t k = f->first_block; k < f->first_block + f->n_blocks; k++) {
        bool stands = !isnan(r->targets[k].unseen);
        persons += stands ? r->targets[k].n : 0;
        n_without += !stands;
    }
    est_i_number_print_grouped(persons + pool->excluded_unseen, 0, ",", population, sizeof population);
    est_i_number_print_grouped(pool->models[0].criterion - pool->excluded_criterion, 2, ",", gap, sizeof gap);
    est_i_result_note(r->builder, r->context, EST_WARNING, "better_on_the_boundary",
                      "%s%sa model that takes no part, as its fit lies on the boundary, is better than the one chosen: its %s is "
                      "lower by "
                      "%s, its population%s is %s; --boundary accept lets such fits take part",
                      r->n_fits > 1 ? r->captures->block_names[f->first_block] : "", r->n_fits > 1 ? ": " : "",
                      criteria[r->how.select],
                      gap, n_without ? ", over the strata that have an estimate," : "", population);
}

/* The weight that models without a part would have had: those whose fit lies on a face or is not determined. Of a search that did
 * not fit every model, those within the window of what is averaged. */
static double excluded_weight(const est_i_pool *pool)
{
    double all = pool->excluded_weight, best = pool->models[0].criterion;
    for (size_t i = 0; i < pool->n_models; i++)
        all += exp((best - pool->models[i].criterion) / 2);
    return isfinite(all) ? pool->excluded_weight / all : 1;
}

static void note_average(est_i_mse *r)
{
    char share[64] = "less than 0.000001";
    if (!r->options->average)
        return;
    if (isnan(r->averaged.unseen)) {
        est_i_result_note(r->builder, r->context, EST_WARNING, "no_average", "there is no average over models: it is made of "
            "totals, and a "
                          "stratum without an estimate leaves none");
        return;
    }
    double excluded = excluded_weight(r->fits[0].pool);
    if (excluded >= LEAST_SHOWN)
        est_i_number_print_fixed(excluded, excluded < 0.001 ? 6 : 3, share, sizeof share);
    est_i_result_note(r->builder, r->context, EST_NOTE, "average",
                      "the average is over %zu models that differ, on the log of the unseen, with weights exp(-criterion/2); they weigh as "
                      "much as %.1f equal ones. Its interval adds the spread between models to the errors within them",
                      r->averaged.n_models, r->averaged.effective);
    est_i_result_note(r->builder, r->context, excluded > 0.01 ? EST_WARNING : EST_NOTE, "excluded_weight",
                      "models that take no part (boundary fits, or no estimate) would carry a share of %s of all the "
                      "weight", share);
}

static bool is_bootstrap(int interval)
{
    return interval == EST_CI_BOOTSTRAP || interval == EST_CI_BCA || interval == EST_CI_STUDENTISED;
}

/* The samples come from a population of whole persons (decisions.md 4): with less than half an unseen person everybody is seen in
 * every one. The kind of interval is not changed for that: it would then hang on the data, and a profile holds no doubt about the
 * model. */
static void note_few_unseen(est_i_mse *r)
{
    est_i_text names = {0};
    size_t count = 0;
    for (size_t k = 0; k < r->captures->n_blocks; k++)
        if (is_bootstrap(r->targets[k].interval) && r->targets[k].unseen < 1)
            name_stratum(r, k, &count, &names);
    end_names(count, &names);
    if (count)
        est_i_result_note(r->builder, r->context, EST_WARNING, "few_unseen",
                          "%s%sless than one person is estimated unseen: bootstrap samples come from a population of whole persons "
                          "and "
                          "hardly vary, so the interval says little; take --ci "
                          "profile", names.data && *names.data ? names.data : "",
                          names.data && *names.data ? ": " : "");
    est_i_text_free(&names);
}

/* Where one model was possible, and where the choice was narrowed. */
static void note_known_model(est_i_mse *r)
{
    bool known = false, all_known = true;
    for (size_t i = 0; i < r->n_targets; i++) {
        bool it = est_i_mse_takes_model_as_known(r, &r->targets[i]);
        known = known || it;
        all_known = all_known && (it || r->targets[i].interval == EST_CI_NONE);
    }
    if (known)
        est_i_result_note(r->builder, r->context, EST_NOTE, "model_known", all_known
                          ? "the interval takes the model as known: it holds nothing of the doubt about the model"
                          : "intervals that are marked so take the model as known: they hold nothing of the doubt about the model");
    if (r->options->reselect_top && is_bootstrap(r->interval))
        est_i_result_note(r->builder, r->context, EST_NOTE, "reselect_top",
                          "replicates choose among the best %ld models of the data, not among all of the class: the interval is "
                          "narrower than "
                          "with all the doubt about the model (--reselect-top 0)", r->options->reselect_top);
}

static void note_intervals(est_i_mse *r)
{
    const est_i_mse_target *all = est_i_mse_whole(r);
    note_known_model(r);
    note_few_unseen(r);
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

static void note_missing_stratum(est_i_mse *r, size_t block)
{
    const est_i_mse_target *target = &r->targets[block];
    const est_i_mse_fit *f = &r->fits[r->n_fits > 1 ? block : 0];
    const char *reason = est_i_refuse_reason(target->direction);
    if (f->missing && f->joint->verdict->estimable[0])
        reason = "fits on the boundary have one, and --boundary accept lets them take part";
    est_i_result_note(r->builder, r->context, EST_WARNING, "stratum_without_estimate",
                      "%s has no estimate under %s, so there is no total: %s. Merge it with another stratum",
                      r->captures->block_names[block], f->missing ? "any model of the class" : "the model", reason);
}

static void note_strata(est_i_mse *r)
{
    for (size_t k = 0; k + 1 < r->n_targets; k++)
        if (isnan(r->targets[k].unseen))
            note_missing_stratum(r, k);
    if (r->n_targets > 1)
        est_i_result_note(r->builder, r->context, EST_NOTE, "strata",
                          r->activity ? "one model for all strata: the activity of a list is the sum of an effect of each stratum column, "
                                        "the dependence between lists is common; the total is the sum of the strata"
                          : r->n_fits == 1 ? "one model for all strata: each list has an activity of its own in each stratum, the "
                                           "dependence between lists is common; the total is the sum of the strata"
                                         : "each stratum has a model of its own; the total is the sum of the strata");
}

/* Strata in which two lists count, by name, and how much of the total rests on them. */
static void note_two_lists(est_i_mse *r)
{
    est_i_text names = {0};
    double population = 0, whole = est_i_mse_whole(r)->n + est_i_mse_whole(r)->unseen;
    char share[96] = "";
    size_t count = 0;
    for (size_t k = 0; k < r->captures->n_blocks; k++)
        if (est_i_mse_has_few_lists(r, k)) {
            population += r->targets[k].n + r->targets[k].unseen;
            name_stratum(r, k, &count, &names);
        }
    end_names(count, &names);
    if (population <= whole)
        snprintf(share, sizeof share, ", about %d %% of the total,", (int)lround(100 * population / whole));
    if (count && r->n_targets == 1)
        est_i_result_note(r->builder, r->context, EST_WARNING, "two_lists",
                          "two lists: the estimate rests on their independence, which two lists cannot test");
    else if (count)
        est_i_result_note(r->builder, r->context, EST_WARNING, "two_list_strata",
                          "fewer than three lists know anybody in %s: what is estimated there%s rests on what the model says of "
                          "their "
                          "dependence, which two lists cannot test", names.data ? names.data : "", share);
    est_i_text_free(&names);
}

static void note_fit(est_i_mse *r)
{
    const est_i_mse_target *all = est_i_mse_whole(r);
    bool boundary = false;
    note_two_lists(r);
    for (size_t i = 0; i < r->n_targets; i++)
        boundary = boundary || r->targets[i].boundary;
    if (boundary)
        est_i_result_note(r->builder, r->context, EST_WARNING, "boundary",
                          "a boundary fit: some fitted cells are zero, and the estimate stands on the face that is left");
    est_i_describe_precision(r->builder, r->context, all->n, all->n + all->unseen, all->lower, all->upper);
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
    for (size_t i = 0; i < r->n_fits; i++)
        note_excluded(r, &r->fits[i]);
    note_average(r);
    note_intervals(r);
    est_i_mse_note_gates(r);
    note_fit(r);
}
