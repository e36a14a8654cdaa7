/* The run of `mse`: choose the model, settle it, find the intervals, answer. */
#include "mse/mse_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/describe.h"
#include "mse/diagnose.h"
#include "mse/mse_state.h"

/* One fit for all strata, or one for each. */
static est_status prepare(est_i_mse *r)
{
    size_t blocks = r->captures->n_blocks;
    bool own = r->options->dependence == EST_STRATA_BY_STRATUM && blocks > 1;
    size_t *all = calloc(blocks, sizeof *all);
    bool whole = true;
    r->n_fits = own ? blocks : 1;
    r->fits = calloc(r->n_fits, sizeof *r->fits);
    for (size_t k = 0; all && k < blocks; k++)
        all[k] = k;
    if (all && r->fits)
        r->data = est_i_fit_data_asking(r->captures, all, blocks, &r->monitor);
    for (size_t i = 0; r->data && i < r->n_fits && whole; i++) {
        est_i_mse_fit *f = &r->fits[i];
        f->first_block = own ? i : 0;
        f->n_blocks = own ? 1 : blocks;
        f->data = est_i_fit_data_asking(r->captures, all + f->first_block, f->n_blocks, &r->monitor);
        whole = f->data != NULL;
    }
    free(all);
    if (!r->data || !whole)
        return est_i_no_memory(r->error);
    if (est_i_monitor_cancelled(&r->monitor))
        return est_i_cancelled(r->error);
    return r->options->effects == EST_EFFECTS_ADDITIVE ? est_i_activity_make(r->captures, &r->activity, r->error) : EST_OK;
}

static size_t near_tied(const est_i_mse *r, double **populations)
{
    const est_i_pool *pool = r->fits[0].pool;
    *populations = NULL;
    if (!pool || isnan(est_i_mse_whole(r)->unseen))
        return 0;
    size_t count = est_i_pool_near_tied(pool);
    *populations = calloc(count + 1, sizeof **populations);
    for (size_t i = 0; i < count && *populations; i++)
        (*populations)[i] = r->captures->total + exp(est_i_pool_log_unseen(pool, i));
    return *populations ? count : 0;
}

static est_status diagnose(est_i_mse *r)
{
    const est_i_mse_fit *f = &r->fits[0];
    const est_i_mse_target *all = est_i_mse_whole(r);
    double *populations = NULL, second = NAN;
    size_t n_near = near_tied(r, &populations);
    for (size_t i = 1; i < n_near && isnan(second); i++)
        if (!est_i_pool_repeats(f->pool, 0, i))
            second = populations[i];
    est_i_diagnosis d = {.captures = r->captures, .data = f->data, .how = r->selected ? &r->how : NULL, .terms = &f->terms,
                         .dependence = f->model.terms, .n_dependence = f->model.n_terms, .joint = f->joint, .lower = all->lower,
                         .upper = all->upper, .limit = r->options->limit, .near_tied = populations, .n_near_tied = n_near,
                         .best_gap_population = second};
    est_i_monitor_stage(&r->monitor, "diagnostics", 0.9, 0.1);
    est_status status = est_i_diagnose(&d, r->context, &r->monitor, r->builder, r->error);
    free(populations);
    return status;
}

static est_status answer(est_i_mse *r, est_result **result)
{
    est_status status = EST_OK;
    r->builder = est_i_result_begin("mse", est_i_method_mse.title);
    est_i_mse_add_rows(r);
    est_i_mse_add_frames(r);
    est_i_mse_add_notes(r);
    if (r->options->diagnose)
        status = diagnose(r);
    est_i_describe_provenance(r->builder, &est_i_method_mse, r->options, r->context, r->table, r->captures);
    if (status == EST_OK)
        return est_i_result_finish(r->builder, result, r->error);
    est_i_result_abandon(r->builder);
    return status;
}

static void end(est_i_mse *r)
{
    for (size_t i = 0; i < r->n_fits && r->fits; i++) {
        est_i_mse_fit *f = &r->fits[i];
        est_i_fit_data_free(f->data);
        est_i_model_free(&f->model);
        est_i_ranking_free(f->ranking);
        est_i_pool_free(f->pool);
        est_i_joint_free(f->joint);
        free(f->local);
        free(f->shared);
        free(f->determined);
    }
    free(r->fits);
    free(r->targets);
    est_i_fit_data_free(r->data);
    est_i_activity_free(r->activity);
}

est_status est_i_mse_run(const est_table *table, const est_i_captures *captures, const est_mse_options *options,
                         const est_context *context, est_result **result, est_error *error)
{
    est_i_mse r = {.table = table, .captures = captures, .options = options, .context = context, .error = error};
    est_i_monitor_start(&r.monitor, context);
    est_status status = prepare(&r);
    if (status == EST_OK)
        status = est_i_mse_choose(&r);
    if (status == EST_OK)
        status = est_i_mse_settle(&r);
    if (status == EST_OK)
        status = est_i_mse_find_intervals(&r);
    if (status == EST_OK)
        status = est_i_mse_check_gates(&r);
    if (status == EST_OK)
        status = est_i_mse_average(&r);
    if (status == EST_OK)
        status = answer(&r, result);
    end(&r);
    return status;
}
