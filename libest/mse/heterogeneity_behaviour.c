/* Behaviour after the first capture: Mb, Mbh and Mtb. All stand on the order of the occasions in time.
 * In Mb and Mbh who is captured again says nothing of the population: first captures are a removal experiment, with expected counts
 * falling by the same factor each time, in Mbh from the second occasion on (Otis et al. 1978; Rivest and Levesque 2001). */
#include "mse/heterogeneity_parts.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "mse/glm.h"
#include "mse/heterogeneity_newton.h"
#include "mse/heterogeneity_removal.h"

static double log_times(double count, double value)
{
    return count > 0 ? count * log(value) : 0;
}

static bool is_stopped(void *user)
{
    return est_i_monitor_cancelled(user);
}

/* N = exp(a) / (1 - exp(b)), its gradient g and Hessian G: N_a = N_aa = N, N_b = N_ab = N r, N_bb = N r (1 + 2 r), r = exp(b) /
 * (1 - exp(b)). var N = g'Vg - N given N; bias = g' bias(a, b) + trace(G V) / 2. */
static void set_removed(const est_i_glm_design *design, const est_i_glm_fit *glm, est_i_removal *removal)
{
    const double *v = glm->covariance;
    double r = exp(glm->beta[1]) / -expm1(glm->beta[1]), n = exp(glm->beta[0]) / -expm1(glm->beta[1]);
    double gradient[2] = {n, n * r};
    removal->population = n;
    removal->variance = n * n * (v[0] + 2 * r * v[1] + r * r * v[3]) - n;
    removal->bias = est_i_glm_bias(design, glm, gradient) + n * (v[0] + 2 * r * v[1] + r * (1 + 2 * r) * v[3]) / 2;
    removal->loglik = glm->loglik;
}

est_status est_i_removal_fit(const double *counts, size_t n, est_i_monitor *monitor, est_i_removal *removal, est_error *error)
{
    double x[2 * EST_I_LISTS_MAX], offset[EST_I_LISTS_MAX] = {0}, reach[2] = {1, (double)n - 1}, sufficient[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
        x[2 * i] = 1;
        x[2 * i + 1] = (double)i;
        sufficient[0] += counts[i];
        sufficient[1] += (double)i * counts[i];
    }
    double start[2] = {log(sufficient[0] / (double)n + 0.1), 0};
    est_i_glm_rows rows = {n, 2, x, offset};
    est_i_glm_design design = {2, reach, &rows, est_i_glm_row_moments};
    est_i_glm_request request = {.sufficient = sufficient, .unseen = NAN, .start = start};
    est_i_glm_fit *glm = est_i_glm_fit_new(2);
    *removal = (est_i_removal){EST_I_CLOSED_VANISHING, NAN, NAN, NAN, NAN};
    if (!glm)
        return est_i_no_memory(error);
    if (sufficient[0] > 0)
        est_i_glm(&design, &request, is_stopped, monitor, glm);
    if (sufficient[0] > 0 && glm->state == EST_I_GLM_STOPPED)
        removal->state = EST_I_CLOSED_STOPPED;
    else if (sufficient[0] > 0 && glm->state == EST_I_GLM_FITTED) {
        removal->state = glm->beta[1] < -1e-9 ? EST_I_CLOSED_FITTED : EST_I_CLOSED_UNBOUNDED;
        if (removal->state == EST_I_CLOSED_FITTED)
            set_removed(&design, glm, removal);
    } else if (sufficient[1] > 0)
        removal->state = EST_I_CLOSED_UNBOUNDED;
    est_i_glm_fit_free(glm);
    return EST_OK;
}

/* The log likelihood of what comes after the first capture, at the best recapture probability: `again` captures in `trials`. */
static double recapture_part(const est_i_closed_data *data)
{
    double again = 0, trials = 0;
    for (size_t j = 0; j < data->occasions; j++) {
        again += data->on[j] - data->first[j];
        trials += data->first[j] * (double)(data->occasions - 1 - j);
    }
    return log_times(again, again / trials) + log_times(trials - again, 1 - again / trials);
}

typedef struct removal_profile {
    const est_i_closed_data *data;
    size_t own; /* occasions with a probability of their own: 0 in Mb, 1 in Mbh */
} removal_profile;

/* Captures are trials that end with a success; in closed form. */
static bool removal_point(void *user, double unseen, double *loglik, double *log_share)
{
    const removal_profile *profile = user;
    const est_i_closed_data *data = profile->data;
    double total = data->persons + unseen, later = unseen * (double)(data->occasions - profile->own), caught = 0;
    for (size_t j = profile->own; j < data->occasions; j++) {
        caught += data->first[j];
        later += data->first[j] * (double)(j - profile->own);
    }
    double p = caught / (caught + later);
    *loglik = log_times(caught, p) + log_times(later, 1 - p);
    *log_share = (double)(data->occasions - profile->own) * log1p(-p);
    if (profile->own == 1) {
        double share = data->first[0] / total;
        *loglik += log_times(data->first[0], share) + log_times(total - data->first[0], 1 - share);
        *log_share += log1p(-share);
    }
    return true;
}

est_status est_i_closed_removal(const est_i_closed_data *data, const est_i_closed_model *model, const est_i_closed_setting *setting,
                                bool profile, est_i_closed_fit *fit, est_error *error)
{
    size_t own = model->base == EST_I_BASE_MBH ? 1 : 0;
    double known = own ? data->first[0] : 0;
    est_i_removal removal;
    est_status status = est_i_removal_fit(data->first + own, data->occasions - own, setting->monitor, &removal, error);
    if (status != EST_OK)
        return status;
    fit->state = removal.state;
    if (removal.state == EST_I_CLOSED_UNBOUNDED)
        fit->reason = own ? "first captures do not become fewer from the second occasion on, so nothing says how many are left"
                          : "first captures do not become fewer from occasion to occasion, so nothing says how many are left";
    if (removal.state != EST_I_CLOSED_FITTED)
        return EST_OK;
    fit->unseen = known + removal.population - data->persons;
    fit->se = sqrt(removal.variance);
    fit->log_se = fit->se / fit->unseen;
    fit->bias = removal.bias;
    est_i_closed_measure(&data->by_history, data, removal.loglik + log_times(known, known) - known + recapture_part(data),
                         data->by_history.n_cells, 3 + own, fit);
    if (profile) {
        removal_profile user = {data, own};
        est_i_closed_profile(data, setting, removal_point, &user, fit);
    }
    return EST_OK;
}

/* Mtb: p_j on occasion j for those not captured yet, logit c_j = logit p_j + b for the others. Occasions without captures say
 * nothing. */
typedef struct behaviour_model {
    size_t n_occasions;
    double first[EST_I_LISTS_MAX], later[EST_I_LISTS_MAX];  /* captured first here; captured first afterwards */
    double again[EST_I_LISTS_MAX], marked[EST_I_LISTS_MAX]; /* captured again here, of those captured before */
} behaviour_model;

static double log_logistic(double x)
{
    return x > 0 ? -log1p(exp(-x)) : x - log1p(exp(x));
}

static void evaluate(const void *of, const double *theta, est_i_share_point *at)
{
    const behaviour_model *m = of;
    size_t t = m->n_occasions, n = t + 1;
    at->base = at->share = 0;
    for (size_t j = 0; j < t; j++) {
        double p = 1 / (1 + exp(-theta[j])), c = 1 / (1 + exp(-theta[j] - theta[t]));
        at->base += m->first[j] * log_logistic(theta[j]) + m->later[j] * log_logistic(-theta[j]) +
                    m->again[j] * log_logistic(theta[j] + theta[t]) +
                    (m->marked[j] - m->again[j]) * log_logistic(-theta[j] - theta[t]);
        at->share += log_logistic(-theta[j]);
        double again1 = m->again[j] - m->marked[j] * c, again2 = -m->marked[j] * c * (1 - c);
        at->base1[j] = m->first[j] - (m->first[j] + m->later[j]) * p + again1;
        at->base1[t] += again1;
        at->base2[j * n + j] = -(m->first[j] + m->later[j]) * p * (1 - p) + again2;
        at->base2[j * n + t] = again2;
        at->base2[t * n + t] += again2;
        at->share1[j] = -p;
        at->share2[j * n + j] = -p * (1 - p);
    }
}

static void set_occasions(const est_i_closed_data *data, behaviour_model *m)
{
    double before = 0;
    for (size_t j = 0; j < data->occasions; j++) {
        if (!(data->on[j] > 0))
            continue;
        size_t i = m->n_occasions++;
        m->first[i] = data->first[j];
        m->later[i] = data->persons - before - data->first[j];
        m->again[i] = data->on[j] - data->first[j];
        m->marked[i] = before;
        before += data->first[j];
    }
}

static void maximise(const est_i_share_model *model, const behaviour_model *m, est_i_share_fit *fit)
{
    static const double shares[] = {0.5, 0.9, 0.2, 0.05};
    double start[EST_I_LISTS_MAX + 1], best[EST_I_LISTS_MAX + 1], highest = -INFINITY;
    est_i_closed_state state = EST_I_CLOSED_VANISHING;
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        double left = model->persons / shares[i];
        for (size_t j = 0; j < m->n_occasions; j++) {
            double p = fmin(fmax((m->first[j] + 0.5) / (left + 1), 0.01), 0.95);
            start[j] = log(p / (1 - p));
            left -= m->first[j];
        }
        start[m->n_occasions] = 0;
        est_i_share_maximise(model, start, NAN, fit);
        if (fit->state == EST_I_CLOSED_FITTED && fit->value > highest + 1e-9) {
            highest = fit->value;
            memcpy(best, fit->theta, model->n * sizeof *best);
        }
        if (i == 0)
            state = fit->state;
    }
    if (isfinite(highest))
        est_i_share_maximise(model, best, NAN, fit);
    else
        fit->state = state;
}

est_status est_i_closed_time_behaviour(const est_i_closed_data *data, const est_i_closed_model *model,
                                       const est_i_closed_setting *setting, bool profile, est_i_closed_fit *fit, est_error *error)
{
    behaviour_model m = {0};
    (void)model;
    set_occasions(data, &m);
    est_i_share_model share = {m.n_occasions + 1, data->persons, &m, evaluate, setting->monitor};
    est_i_share_fit *found = est_i_share_fit_new(share.n);
    if (!found)
        return est_i_no_memory(error);
    if (m.n_occasions >= 3)
        maximise(&share, &m, found);
    fit->state = m.n_occasions >= 3 ? found->state : EST_I_CLOSED_DEPENDENT;
    if (fit->state == EST_I_CLOSED_FITTED) {
        fit->empty_lists = data->occasions - m.n_occasions;
        est_i_share_population(&share, found, data, &data->by_history, ldexp(1, (int)m.n_occasions) - 1, fit);
    }
    if (fit->state == EST_I_CLOSED_FITTED && profile) {
        est_i_share_profile user = {&share, found, NULL, 0};
        est_i_closed_profile(data, setting, est_i_share_profile_point, &user, fit);
    }
    est_i_share_fit_free(found);
    return EST_OK;
}
