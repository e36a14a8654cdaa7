/* Estimates corrected for bias by a change of the frequencies: Rivest and Levesque (2001) Canadian Journal of Statistics
 * 29:555-572. Mt: Chapman (1951) with Seber's variance for two occasions, the estimating equation of Seber (1982, p. 131) on
 * changed counts for more. Mh with Chao's form: f1 (f1 - 1) / (2 (f2 + 1)) with Chao's (1989) variance. The others: d[k] is
 * added to each cell of the model with k captures, and the model is fitted to that. */
#include "mse/heterogeneity_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/heterogeneity_removal.h"

static void correct_two_occasions(const est_i_closed_data *data, est_i_closed_fit *fit)
{
    double a = data->on[0], b = data->on[1], both = data->frequency[2];
    fit->unseen = (a + 1) * (b + 1) / (both + 1) - 1 - data->observed;
    fit->se = sqrt((a + 1) * (b + 1) * (a - both) * (b - both) / ((both + 2) * (both + 1) * (both + 1)));
    fit->state = EST_I_CLOSED_FITTED;
}

/* sum of log(1 - n_j / N) - log(1 - n / N), which rises through 0 at the estimate. */
static double seber_equation(const double *on, size_t t, double n, double total)
{
    double sum = -log1p(-n / total);
    for (size_t j = 0; j < t; j++)
        sum += log1p(-on[j] / total);
    return sum;
}

static double seber_root(const double *on, size_t t, double n)
{
    double low = n * (1 + 1e-12), high = 2 * n;
    while (seber_equation(on, t, n, high) > 0 && high < 1e15 * n)
        high *= 2;
    if (!(high < 1e15 * n))
        return INFINITY;
    for (int i = 0; i < 200 && high - low > 1e-14 * high; i++) {
        double middle = (low + high) / 2;
        if (seber_equation(on, t, n, middle) > 0)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

static void correct_occasions(const est_i_closed_data *data, est_i_closed_fit *fit)
{
    size_t t = data->occasions;
    double times = (double)t, n = data->observed + times / 2, on[EST_I_LISTS_MAX];
    for (size_t j = 0; j < t; j++)
        on[j] = data->on[j] + (times + 2) / (2 * times);
    double total = seber_root(on, t, n), information = 1 / (total - n) + (times - 1) / total;
    for (size_t j = 0; j < t; j++)
        information -= 1 / (total - on[j]);
    fit->state = isfinite(total) && information > 0 ? EST_I_CLOSED_FITTED : EST_I_CLOSED_UNBOUNDED;
    fit->unseen = total - times / 2 - data->observed;
    fit->se = sqrt(1 / information);
}

static void correct_chao(const est_i_closed_data *data, est_i_closed_fit *fit)
{
    double share = data->occasions ? 1 - 1 / (double)data->occasions : 1;
    double once = data->frequency[1], twice = data->frequency[2], pairs = once * (once - 1);
    fit->unseen = share * pairs / (2 * (twice + 1));
    fit->se = sqrt(fit->unseen + share * share * pairs * (once * once + 4 * once * twice + 3 * once - 6 * twice - 6) /
                                     (4 * (twice + 1) * (twice + 1) * (twice + 2)));
    fit->state = fit->unseen > 0 ? EST_I_CLOSED_FITTED : EST_I_CLOSED_VANISHING;
}

static est_status correct_removal(const est_i_closed_data *data, bool own, const est_i_closed_setting *setting,
                                  est_i_closed_fit *fit, est_error *error)
{
    static const double add[] = {2, -1, -1};
    size_t from = own ? 1 : 0, n = data->occasions - from;
    double counts[EST_I_LISTS_MAX];
    est_i_removal removal;
    for (size_t i = 0; i < n; i++)
        counts[i] = fmax(0, data->first[from + i] + (i < 3 ? add[i] : 0));
    est_status status = est_i_removal_fit(counts, n, setting->monitor, &removal, error);
    fit->state = removal.state;
    fit->unseen = removal.population + (own ? data->first[0] : 0) - data->observed;
    fit->se = sqrt(removal.variance);
    if (status == EST_OK && fit->state == EST_I_CLOSED_FITTED && !(fit->unseen > 0))
        fit->state = EST_I_CLOSED_VANISHING;
    return status;
}

/* What is added to the frequencies of 1, 2 and 3 captures, for M0 and Mh. */
static bool add_to_counts(const est_i_closed_model *model, const est_heterogeneity_options *options, double add[3])
{
    if (model->form == EST_I_FORM_NONE) {
        add[0] = -0.5;
        add[1] = 1;
    } else {
        double two = est_i_closed_height(options, model->form, 2), three = est_i_closed_height(options, model->form, 3);
        double c = two / (three - 2 * two);
        add[0] = -(1 + c) / 2;
        add[1] = 1 + c;
        add[2] = (1 - c) / 2;
    }
    return true;
}

/* What is added to each history of 1, 2 and 3 captures, for Mth. false: no correction is known. */
static bool add_to_histories(const est_i_closed_model *model, const est_heterogeneity_options *options, double t, double add[3])
{
    bool known = true;
    if (model->form == EST_I_FORM_CHAO) {
        add[0] = (t - 2) / (2 * t);
        add[1] = 2 / (t * (t - 1));
    } else if (model->form == EST_I_FORM_POISSON && options->poisson_base == 2) {
        add[0] = (2 * t - 5) / (4 * t);
        add[1] = 3 / (t * (t - 1));
        add[2] = 3 / (2 * t * (t - 1) * (t - 2));
    } else if (model->form == EST_I_FORM_DARROCH) {
        add[0] = (t - 3) / (2 * t);
        add[1] = 4 / (t * (t - 1));
    } else {
        known = false;
    }
    return known;
}

/* The changed table is fitted as any other; only its unseen number is meant. */
static est_status fit_changed(const est_i_closed_data *data, const est_i_closed_model *model, const est_i_closed_setting *setting,
                              const double add[3], est_i_closed_fit *fit, est_error *error)
{
    est_i_closed_data changed = *data;
    bool by_time = model->base == EST_I_BASE_MT;
    double t = (double)data->occasions, ways[3] = {t, t * (t - 1) / 2, t * (t - 1) * (t - 2) / 6}, on[EST_I_LISTS_MAX];
    double *frequency = calloc(data->n_counts + 1, sizeof *frequency);
    if (!frequency)
        return est_i_no_memory(error);
    changed.persons = 0;
    for (size_t k = 1; k <= data->n_counts; k++) {
        frequency[k] = fmax(0, data->frequency[k] + (k > 3 ? 0 : add[k - 1] * (by_time ? ways[k - 1] : 1)));
        changed.persons += frequency[k];
    }
    for (size_t j = 0; j < data->occasions && by_time; j++)
        on[j] = data->on[j] + add[0] + (t - 1) * add[1] + (t - 1) * (t - 2) / 2 * add[2];
    changed.frequency = frequency;
    changed.on = by_time ? on : data->on;
    est_status status = est_i_closed_loglinear(&changed, model, setting, false, fit, error);
    fit->bias = fit->loglik = fit->deviance = fit->aic = fit->bic = fit->df = fit->n_parameters = NAN;
    free(frequency);
    return status;
}

est_status est_i_closed_correct(const est_i_closed_data *data, const est_i_closed_model *model, const est_i_closed_setting *setting,
                                est_i_closed_fit *fit, est_error *error)
{
    bool by_time = model->base == EST_I_BASE_MT, behaviour = model->base == EST_I_BASE_MB || model->base == EST_I_BASE_MBH;
    double add[3] = {0, 0, 0};
    est_status status = EST_OK;
    if (model->form == EST_I_FORM_NORMAL || model->base == EST_I_BASE_MTB)
        fit->reason = "no correction for bias is known for it";
    else if (behaviour && data->occasions < 3 + (model->base == EST_I_BASE_MBH ? 1 : 0))
        fit->reason = "the correction changes the first captures of three occasions, and there are fewer";
    else if (behaviour)
        status = correct_removal(data, model->base == EST_I_BASE_MBH, setting, fit, error);
    else if (by_time && model->form == EST_I_FORM_NONE && data->occasions == 2)
        correct_two_occasions(data, fit);
    else if (by_time && model->form == EST_I_FORM_NONE)
        correct_occasions(data, fit);
    else if (!by_time && model->form == EST_I_FORM_CHAO)
        correct_chao(data, fit);
    else if (by_time ? add_to_histories(model, setting->options, (double)data->occasions, add)
                     : add_to_counts(model, setting->options, add))
        status = fit_changed(data, model, setting, add, fit, error);
    else
        fit->reason = model->form == EST_I_FORM_POISSON ? "the correction is known for a base of 2 only"
                                                        : "no correction for bias is known for it";
    return status;
}
