/* `mse`: coefficients and models as tables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "mse/describe.h"
#include "mse/mse_state.h"

#define PRINTED_MODELS 10

static void add_term(est_i_mse *r, uint32_t term)
{
    est_i_text name = {0};
    if (term == 0)
        est_i_text_append(&name, "(intercept)");
    for (size_t j = 0; j < r->captures->n_lists; j++)
        if (term >> j & 1) {
            est_i_text_append(&name, name.length ? ":" : "");
            est_i_text_append(&name, r->captures->list_names[j]);
        }
    est_i_result_cell_text(r->builder, name.data ? name.data : "");
    est_i_text_free(&name);
}

/* -Inf for a term that nobody shows; NaN where its lists were not at work or the data do not determine it. `index` as in beta. */
static double coefficient(const est_i_mse_fit *f, size_t block, size_t shared, uint32_t term, size_t index)
{
    bool shown = false, known = !f->missing && (!f->determined || f->determined[index]);
    double value = known ? f->joint->beta[index] : NAN;
    double persons = 0;
    for (size_t k = block == SIZE_MAX ? 0 : block; k < f->n_blocks && (block == SIZE_MAX || k == block); k++) {
        if (block == SIZE_MAX && !est_i_acts(&f->terms, shared, k, f->n_blocks))
            continue;
        persons += f->data->margins[k * f->data->n_cells + term];
        for (size_t w = term; w < f->data->n_cells && !shown; w++)
            shown = (w & term) == term && f->data->keep[k * f->data->n_cells + w] > 0;
    }
    return persons > 0 ? value : shown && !f->missing ? -INFINITY : NAN;
}

/* Where a shared term acts: everywhere, or where a stratum column has a value. */
static void add_where(est_i_mse *r, size_t shared)
{
    est_i_text text = {0};
    if (r->activity && shared < r->activity->n_shared) {
        size_t column = r->activity->column[shared];
        est_i_text_printf(&text, "%s = %s", r->captures->strata_names[column],
                          r->captures->strata_values[r->activity->first[shared]][column]);
    }
    est_i_result_cell_text(r->builder, text.data ? text.data : "all");
    est_i_text_free(&text);
}

static void add_coefficients_of(est_i_mse *r, const est_i_mse_fit *f, bool by_stratum)
{
    size_t q = f->terms.n_local;
    for (size_t k = 0; k < f->n_blocks; k++)
        for (size_t i = 0; i < q; i++) {
            if (by_stratum)
                est_i_result_cell_text(r->builder, r->captures->block_names[f->first_block + k]);
            add_term(r, f->terms.local[i]);
            est_i_result_cell(r->builder, coefficient(f, k, 0, f->terms.local[i], k * q + i));
        }
    for (size_t i = 0; i < f->terms.n_shared; i++) {
        add_where(r, i);
        add_term(r, f->terms.shared[i]);
        est_i_result_cell(r->builder, coefficient(f, SIZE_MAX, i, f->terms.shared[i], f->n_blocks * q + i));
    }
}

static void add_coefficients(est_i_mse *r)
{
    static const char *const columns[] = {"stratum", "term", "coefficient"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    size_t skip = r->captures->n_blocks > 1 ? 0 : 1;
    est_i_result_frame(r->builder, "coefficients", "Coefficients of the log-linear model", 3 - skip, columns + skip, roles,
                       skip ? SIZE_MAX : 0);
    for (size_t i = 0; i < r->n_fits; i++)
        add_coefficients_of(r, &r->fits[i], !skip);
}

static const char *reason_of(const est_i_ranked *model)
{
    const char *reason = "on the boundary";
    if (!model->exists && !model->identified)
        reason = "no MLE, not identified";
    else if (!model->identified)
        reason = "not identified";
    else if (isnan(model->unseen) && model->direction != 0)
        reason = model->direction > 0 ? "no MLE: the unseen grow without bound" : "no MLE: the unseen go to zero";
    else if (isnan(model->unseen))
        reason = "no MLE";
    else if (model->exists)
        reason = "criterion not defined";
    return reason;
}

typedef struct model_line {
    const char *stratum; /* NULL: no such column */
    est_i_set set;
    size_t n_parameters;
    double loglik, criterion, population;
    const char *status;
} model_line;

static void add_line(est_i_mse *r, const est_i_mse_fit *f, const model_line *line)
{
    uint32_t terms[EST_I_FAMILY_TERMS_MAX];
    size_t n_terms = est_i_family_terms(&f->family, line->set, terms);
    char *name = est_i_describe_model(terms, n_terms, r->captures);
    if (line->stratum)
        est_i_result_cell_text(r->builder, line->stratum);
    est_i_result_cell_text(r->builder, name ? name : "");
    est_i_result_cell(r->builder, (double)line->n_parameters);
    est_i_result_cell(r->builder, line->loglik);
    est_i_result_cell(r->builder, isfinite(line->criterion) ? line->criterion : NAN);
    est_i_result_cell(r->builder, line->population);
    est_i_result_cell_text(r->builder, line->status);
    free(name);
}

static void start_models(est_i_mse *r, const char *name, const char *title, size_t printed)
{
    static const char *const criteria[] = {"bic", "aic", "", "aicc"};
    const char *columns[] = {"stratum", "model", "n_parameters", "loglik", criteria[r->how.select], "population", "status"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN,   EST_ROLE_PLAIN,
                                            EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN};
    size_t skip = r->n_fits > 1 ? 0 : 1;
    est_i_result_frame(r->builder, name, title, 7 - skip, columns + skip, roles + skip, printed);
}

double est_i_mse_persons_of(const est_i_mse *r, const est_i_mse_fit *f)
{
    return f->n_blocks == r->captures->n_blocks ? r->captures->total : r->captures->totals[f->first_block];
}

static void add_listed(est_i_mse *r, const est_i_mse_fit *f)
{
    const est_i_pool *pool = f->pool;
    size_t most = r->options->top ? (size_t)r->options->top : SIZE_MAX;
    for (size_t i = 0; i < pool->n_models && i < most; i++) {
        const est_i_pooled *m = &pool->models[i];
        model_line line = {r->n_fits > 1 ? r->captures->block_names[f->first_block] : NULL, m->set, m->n_parameters, m->loglik,
                           m->criterion, est_i_mse_persons_of(r, f) + exp(est_i_pool_log_unseen(pool, i)),
                           m->boundary ? "on the boundary" : "estimated"};
        add_line(r, f, &line);
    }
}

static void add_left_out(est_i_mse *r, const est_i_mse_fit *f)
{
    for (size_t i = f->ranking->n_acceptable; i < f->ranking->n_models; i++) {
        const est_i_ranked *m = &f->ranking->models[i];
        model_line line = {NULL,         m->set,      m->n_parameters, m->loglik, m->criterion, est_i_mse_persons_of(r, f) + m->unseen,
                           reason_of(m)};
        add_line(r, f, &line);
    }
}

static void add_models(est_i_mse *r)
{
    const est_i_ranking *ranking = r->fits[0].ranking;
    if (!est_i_mse_is_search(r))
        return;
    start_models(r, "models", "Models by the criterion", PRINTED_MODELS);
    for (size_t i = 0; i < r->n_fits; i++)
        add_listed(r, &r->fits[i]);
    if (r->n_fits > 1 || !ranking || ranking->n_acceptable == ranking->n_models)
        return;
    start_models(r, "models_without_part", "Models that take no part", PRINTED_MODELS / 2);
    add_left_out(r, &r->fits[0]);
}

/* With a dependence of its own in each stratum there is no one model to name. */
static void add_stratum_models(est_i_mse *r)
{
    static const char *const columns[] = {"stratum", "model"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    if (r->n_fits == 1)
        return;
    est_i_result_frame(r->builder, "chosen", "Model of each stratum", 2, columns, roles, PRINTED_MODELS);
    for (size_t i = 0; i < r->n_fits; i++) {
        char *model = est_i_describe_model(r->fits[i].model.terms, r->fits[i].model.n_terms, r->captures);
        est_i_result_cell_text(r->builder, r->captures->block_names[r->fits[i].first_block]);
        est_i_result_cell_text(r->builder, r->fits[i].missing ? "none has an estimate" : model ? model : "");
        free(model);
    }
}

void est_i_mse_add_frames(est_i_mse *r)
{
    add_coefficients(r);
    add_stratum_models(r);
    add_models(r);
    est_i_describe_lists(r->builder, r->captures);
}
