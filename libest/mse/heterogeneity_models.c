/* The list of models, which family fits which, and what follows from every fit. */
#include "mse/heterogeneity_parts.h"

#include <math.h>

#include "core/error.h"
#include "mse/chao.h"
#include "mse/interval.h"

const est_i_closed_model est_i_closed_models[EST_I_CLOSED_MODELS] = {
    {"M0", EST_I_BASE_M0, EST_I_FORM_NONE, 2},
    {"Mt", EST_I_BASE_MT, EST_I_FORM_NONE, 2},
    {"Mh-Chao", EST_I_BASE_M0, EST_I_FORM_CHAO, 3},
    {"Mh-Poisson", EST_I_BASE_M0, EST_I_FORM_POISSON, 3},
    {"Mh-Darroch", EST_I_BASE_M0, EST_I_FORM_DARROCH, 3},
    {"Mh-Gamma", EST_I_BASE_M0, EST_I_FORM_GAMMA, 3},
    {"Mh-Normal", EST_I_BASE_M0, EST_I_FORM_NORMAL, 3},
    {"Mth-Chao", EST_I_BASE_MT, EST_I_FORM_CHAO, 3},
    {"Mth-Poisson", EST_I_BASE_MT, EST_I_FORM_POISSON, 3},
    {"Mth-Darroch", EST_I_BASE_MT, EST_I_FORM_DARROCH, 3},
    {"Mth-Gamma", EST_I_BASE_MT, EST_I_FORM_GAMMA, 3},
    {"Mth-Normal", EST_I_BASE_MT, EST_I_FORM_NORMAL, 3},
    {"Mb", EST_I_BASE_MB, EST_I_FORM_NONE, 2},
    {"Mbh", EST_I_BASE_MBH, EST_I_FORM_NONE, 3},
    {"Mtb", EST_I_BASE_MTB, EST_I_FORM_NONE, 3},
};

bool est_i_closed_needs_histories(const est_i_closed_model *model)
{
    return model->base != EST_I_BASE_M0;
}

void est_i_closed_measure(const est_i_measure *measure, const est_i_closed_data *data, double part, double n_cells, size_t n_finite,
                          est_i_closed_fit *fit)
{
    fit->loglik = part + measure->constant;
    fit->deviance = fmax(0, 2 * (measure->saturated - fit->loglik));
    fit->n_parameters = (double)(n_finite + fit->empty_lists);
    fit->df = n_cells - (double)n_finite;
    fit->aic = 2 * fit->n_parameters - 2 * fit->loglik;
    fit->bic = log(data->persons) * fit->n_parameters - 2 * fit->loglik;
}

/* Why the model cannot be asked of the data; NULL if it can. */
static const char *misfit(const est_i_closed_data *data, const est_i_closed_model *model, const est_heterogeneity_options *options)
{
    const char *reason = NULL;
    bool cut = data->occasions > 0 && data->n_counts < data->occasions;
    if (est_i_closed_needs_histories(model) && !data->has_histories)
        reason = cut ? "it cannot leave out those captured often (up-to)"
                     : "it needs capture histories, and the data are numbers of captures";
    else if (data->n_counts < model->least)
        reason = model->least == 2 ? "it needs persons who may be captured twice"
                                   : "it needs three occasions, or counts up to three, at least";
    else if (model->form == EST_I_FORM_NORMAL && cut)
        reason = "it cannot leave out those captured often (up-to)";
    else if (model->form == EST_I_FORM_CHAO && data->n_counts > EST_I_CLOSED_CHAO_MAX)
        reason = "it has a coefficient for each number of captures, and takes at most 60; set up-to";
    else if (!(fabs(est_i_closed_height(options, model->form, (double)data->n_counts)) < 1e18))
        reason = "its column runs over at so many captures; set up-to, or a smaller poisson-base";
    return reason;
}

static const char *reason_of(const est_i_closed_fit *fit)
{
    const char *reason = NULL;
    if (fit->state == EST_I_CLOSED_DEPENDENT)
        reason = "the data do not tell its parameters apart";
    else if (fit->state == EST_I_CLOSED_LOST)
        reason = "its likelihood has a maximum, which was not found: its column is too steep for these data";
    else if (fit->state == EST_I_CLOSED_UNBOUNDED)
        reason = "nothing limits the unseen number: the likelihood rises as it grows without bound";
    else if (fit->state == EST_I_CLOSED_VANISHING)
        reason = "the likelihood reaches no maximum: it rises while parameters run away";
    return reason;
}

static est_i_closed_fit empty_fit(void)
{
    return (est_i_closed_fit){.state = EST_I_CLOSED_UNFIT, .unseen = NAN, .se = NAN, .log_se = NAN, .bias = NAN, .loglik = NAN,
                              .deviance = NAN, .df = NAN, .aic = NAN, .bic = NAN, .n_parameters = NAN, .sigma = NAN,
                              .maximum = NAN, .lower = NAN, .upper = NAN, .interval = "none"};
}

static void set_limits(const est_i_closed_data *data, const est_i_closed_setting *setting, est_i_closed_fit *fit)
{
    double level = setting->options->level;
    est_i_log_normal_limits(data->observed, data->observed + fit->unseen, fit->se, level, &fit->lower, &fit->upper);
    fit->interval = "log-normal";
}

static est_status fit_family(const est_i_closed_data *data, const est_i_closed_model *model, const est_i_closed_setting *setting,
                             bool profile, est_i_closed_fit *fit, est_error *error)
{
    if (model->form == EST_I_FORM_NORMAL)
        return est_i_closed_normal(data, model, setting, profile, fit, error);
    if (model->base == EST_I_BASE_MB || model->base == EST_I_BASE_MBH)
        return est_i_closed_removal(data, model, setting, profile, fit, error);
    if (model->base == EST_I_BASE_MTB)
        return est_i_closed_time_behaviour(data, model, setting, profile, fit, error);
    return est_i_closed_loglinear(data, model, setting, profile, fit, error);
}

/* What both kinds of fit end with. */
static est_status finish(const est_i_closed_setting *setting, est_i_closed_fit *fit, est_status status, est_error *error)
{
    if (status == EST_OK && fit->state != EST_I_CLOSED_FITTED && !fit->reason)
        fit->reason = reason_of(fit);
    if (status == EST_OK && (fit->state == EST_I_CLOSED_STOPPED || est_i_monitor_cancelled(setting->monitor)))
        status = est_i_cancelled(error);
    return status;
}

est_status est_i_closed_fit_model(const est_i_closed_data *data, const est_i_closed_model *model,
                                  const est_i_closed_setting *setting, est_i_closed_fit *fit, est_error *error)
{
    int ci = setting->options->ci;
    est_status status = EST_OK;
    *fit = empty_fit();
    fit->reason = misfit(data, model, setting->options);
    if (!fit->reason)
        status = fit_family(data, model, setting, ci == EST_CLOSED_CI_AUTO || ci == EST_CLOSED_CI_PROFILE, fit, error);
    if (status == EST_OK && fit->state == EST_I_CLOSED_FITTED && ci == EST_CLOSED_CI_LOG_NORMAL)
        set_limits(data, setting, fit);
    return finish(setting, fit, status, error);
}

est_status est_i_closed_fit_corrected(const est_i_closed_data *data, const est_i_closed_model *model,
                                      const est_i_closed_setting *setting, est_i_closed_fit *fit, est_error *error)
{
    est_status status = EST_OK;
    *fit = empty_fit();
    fit->reason = misfit(data, model, setting->options);
    if (!fit->reason)
        status = est_i_closed_correct(data, model, setting, fit, error);
    if (status == EST_OK && fit->state == EST_I_CLOSED_FITTED && setting->options->ci != EST_CLOSED_CI_NONE)
        set_limits(data, setting, fit);
    return finish(setting, fit, status, error);
}
