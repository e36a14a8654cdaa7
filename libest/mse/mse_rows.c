/* `mse`: the rows, and the statistics beside them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mse/describe.h"
#include "mse/mse_state.h"
#include "numerics/special.h"

const char *est_i_mse_interval_name(int interval)
{
    static const char *const names[] = {"auto", "none", "profile", "bootstrap", "wald", "bca", "studentised", "log-normal"};
    return names[interval];
}

bool est_i_mse_has_few_lists(const est_i_mse *r, size_t block)
{
    return __builtin_popcount(est_i_lists_that_count(r->captures, block)) < 3;
}

static uint32_t flags_of(const est_i_mse *r, size_t index)
{
    const est_i_mse_target *t = &r->targets[index];
    uint32_t flags = 0;
    if (t->boundary)
        flags |= EST_FLAG_BIT(EST_FLAG_BOUNDARY);
    if (isnan(t->unseen))
        flags |= EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    if (isinf(t->upper))
        flags |= EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    if (est_i_mse_takes_model_as_known(r, t))
        flags |= EST_FLAG_BIT(EST_FLAG_MODEL_KNOWN);
    for (size_t k = 0; k < r->captures->n_blocks; k++)
        if ((k == index || index == r->captures->n_blocks) && est_i_mse_has_few_lists(r, k))
            flags |= EST_FLAG_BIT(EST_FLAG_FEW_LISTS);
    if (t->n < 100)
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_DATA);
    if (est_table_is_synthetic(r->table))
        flags |= EST_FLAG_BIT(EST_FLAG_SYNTHETIC);
    return flags;
}

/* The standard error takes the model as known, so it stands only beside an interval that does, or none: se(N) = sqrt(u + u^2 var log u)
 * with u = exp(intercept). */
static double standard_error(const est_i_mse *r, const est_i_mse_target *t)
{
    bool stands = !r->selected || t->no_choice || t->interval == EST_CI_PROFILE || t->interval == EST_CI_WALD ||
                  t->interval == EST_CI_LOG_NORMAL;
    return stands ? sqrt(t->unseen + t->unseen * t->unseen * t->log_se * t->log_se) : NAN;
}

static void set_domain(const est_i_mse *r, size_t index, est_label *labels, est_row *row)
{
    if (index >= r->captures->n_blocks || r->captures->n_blocks < 2)
        return;
    for (size_t j = 0; j < r->captures->n_strata_columns; j++)
        labels[j] = (est_label){r->captures->strata_names[j], r->captures->strata_values[index][j]};
    row->domain = labels;
    row->n_domain = r->captures->n_strata_columns;
}

static void add_target(est_i_mse *r, size_t index, est_label *labels)
{
    const est_i_mse_target *t = &r->targets[index];
    est_row row = est_i_row_empty("population");
    set_domain(r, index, labels, &row);
    row.n = t->n;
    row.flags = flags_of(r, index);
    row.level = t->interval == EST_CI_NONE ? NAN : r->options->level;
    row.interval = est_i_mse_interval_name(t->interval);
    row.estimate = t->n + t->unseen;
    row.se = standard_error(r, t);
    row.lower = t->lower;
    row.upper = t->upper;
    est_i_result_add_row(r->builder, &row);
    row.estimand = "unobserved";
    row.estimate = t->unseen;
    row.lower = t->lower - t->n;
    row.upper = t->upper - t->n;
    est_i_result_add_row(r->builder, &row);
    row = est_i_row_empty("observed");
    set_domain(r, index, labels, &row);
    row.estimate = row.n = t->n;
    row.interval = "none";
    row.flags = flags_of(r, index) & EST_FLAG_BIT(EST_FLAG_SYNTHETIC);
    est_i_result_add_row(r->builder, &row);
}

/* n + u exp(-+ z se), with the unconditional standard error. */
static void add_average(est_i_mse *r)
{
    double n = r->captures->total, z = est_i_normal_quantile((1 + r->options->level) / 2);
    est_row row = est_i_row_empty("population_averaged");
    if (isnan(r->averaged.unseen))
        return;
    row.n = n;
    row.level = r->options->level;
    row.interval = "averaged";
    row.estimate = n + r->averaged.unseen;
    row.lower = n + r->averaged.unseen * exp(-z * r->averaged.log_se);
    row.upper = n + r->averaged.unseen * exp(z * r->averaged.log_se);
    row.se = r->averaged.unseen * r->averaged.log_se;
    row.flags = flags_of(r, r->n_targets - 1) & ~EST_FLAG_BIT(EST_FLAG_MODEL_KNOWN) & ~EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    est_i_result_add_row(r->builder, &row);
}

/* Models that take no part though they have an estimate: boundary fits, unless they are accepted. */
static size_t count_boundary_fits(const est_i_ranking *ranking)
{
    size_t count = 0;
    for (size_t i = ranking->n_acceptable; i < ranking->n_models; i++)
        count += isnan(ranking->models[i].unseen) ? 0 : 1;
    return count;
}

static void add_search_stats(est_i_mse *r, const est_i_mse_fit *f)
{
    est_i_result_add_stat(r->builder, "max_order", r->how.max_order, false);
    if (f->ranking) {
        size_t boundary = count_boundary_fits(f->ranking), left_out = f->ranking->n_models - f->ranking->n_acceptable;
        est_i_result_add_stat(r->builder, "models_considered", f->n_models, false);
        est_i_result_add_stat(r->builder, "models_without_estimate", (double)(left_out - boundary), false);
        est_i_result_add_stat(r->builder, "models_on_the_boundary", (double)boundary, false);
    } else if (!isnan(f->n_models))
        est_i_result_add_stat(r->builder, "models_considered", f->n_models, false);
    if (f->n_fitted)
        est_i_result_add_stat(r->builder, "models_fitted", (double)f->n_fitted, false);
}

/* A stratum by itself without a model leaves no sum over the strata. */
static void add_criteria(est_i_mse *r, double p, double loglik)
{
    if (isnan(p)) {
        static const char *const names[] = {"bic", "aic", "aicc"};
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            est_i_result_add_stat(r->builder, names[i], NAN, false);
        return;
    }
    est_i_cost bic = est_i_cost_make(EST_SELECT_BIC, est_i_mse_criterion_n(r));
    est_i_cost aicc = est_i_cost_make(EST_SELECT_AICC, est_i_mse_criterion_n(r));
    double corrected = est_i_cost_of(&aicc, (size_t)p) - 2 * loglik;
    est_i_result_add_stat(r->builder, "bic", est_i_cost_of(&bic, (size_t)p) - 2 * loglik, false);
    est_i_result_add_stat(r->builder, "aic", 2 * p - 2 * loglik, false);
    est_i_result_add_stat(r->builder, "aicc", isfinite(corrected) ? corrected : NAN, false);
}

static void add_average_stats(est_i_mse *r)
{
    if (isnan(r->averaged.unseen))
        return;
    est_i_result_add_stat(r->builder, "averaged_models", (double)r->averaged.n_models, false);
    est_i_result_add_stat(r->builder, "effective_models", r->averaged.effective, false);
    est_i_result_add_stat(r->builder, "heaviest_weight", r->averaged.heaviest, false);
}

static void add_interval_stats(est_i_mse *r)
{
    const est_i_mse_target *all = est_i_mse_whole(r);
    est_i_result_add_stat(r->builder, "multinomial_mle", all->multinomial, false);
    est_i_result_add_stat(r->builder, "coverage", all->n / (all->n + all->unseen), false);
    if (!isnan(all->without))
        est_i_result_add_stat(r->builder, "replicates_without_estimate", all->without, false);
    if (all->interval == EST_CI_BCA) {
        est_i_result_add_stat(r->builder, "bca_bias", all->bias, false);
        est_i_result_add_stat(r->builder, "bca_acceleration", all->acceleration, false);
    }
}

static void add_stats(est_i_mse *r)
{
    double p = 0, loglik = 0, deviance = 0, pearson = 0, df = 0;
    for (size_t i = 0; i < r->n_fits; i++) {
        const est_i_joint *j = r->fits[i].joint;
        double missing = r->fits[i].missing ? NAN : 0;
        p += missing + (double)j->n_parameters;
        loglik += missing + j->loglik;
        deviance += missing + j->deviance;
        pearson += missing + j->pearson;
        df += missing + j->df;
    }
    if (r->n_fits == 1) {
        char *model = est_i_describe_model(r->fits[0].model.terms, r->fits[0].model.n_terms, r->captures);
        est_i_result_add_stat_text(r->builder, "model", model ? model : "");
        free(model);
    }
    est_i_result_add_stat(r->builder, "lists", (double)r->captures->n_lists, false);
    if (r->captures->n_blocks > 1)
        est_i_result_add_stat(r->builder, "strata", (double)r->captures->n_blocks, false);
    est_i_result_add_stat(r->builder, "n_parameters", p, false);
    est_i_result_add_stat(r->builder, "loglik", loglik, false);
    add_criteria(r, p, loglik);
    est_i_result_add_stat(r->builder, "deviance", deviance, false);
    est_i_result_add_stat(r->builder, "pearson", pearson, false);
    est_i_result_add_stat(r->builder, "df", df, false);
    est_i_result_add_stat(r->builder, "p_value", est_i_chi_squared_upper(deviance, df), false);
    add_interval_stats(r);
    if (r->selected && r->n_fits == 1)
        add_search_stats(r, &r->fits[0]);
    add_average_stats(r);
}

void est_i_mse_add_rows(est_i_mse *r)
{
    est_label *labels = calloc(r->captures->n_strata_columns + 1, sizeof *labels);
    if (labels) {
        add_target(r, r->n_targets - 1, labels);
        add_average(r);
        for (size_t i = 0; i + 1 < r->n_targets; i++)
            add_target(r, i, labels);
    }
    free(labels);
    add_stats(r);
}
