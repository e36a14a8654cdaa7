/* Mh and Mth with a normal logit: person i is captured on occasion j with logit b_j + s Z_i, Z standard normal (Coull and
 * Agresti 1999, Biometrics 55:294-301; the mixed Rasch model). Repeat counts without a limit: Poisson with log rate b + s Z.
 * With C(z) the probability of being unseen of a person with ability z, I_k = E exp(k z) C(z) over z = s Z gives a history with
 * k captures the probability exp(sum of its b) I_k, and I_0 is the share of the unseen. Expectations by quadrature. */
#include "mse/heterogeneity_newton.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/captures.h"

#define GROUPS_MAX EST_I_LISTS_MAX
#define PARAMETERS_MAX (GROUPS_MAX + 1)

/* Occasions with one b form a group. The last parameter is s. */
struct normal_node;

typedef struct normal_model {
    const est_i_closed_data *data;
    const est_i_closed_setting *setting;
    size_t n_groups;
    double times[GROUPS_MAX];    /* occasions of the group; 0 = repeat counts without a limit */
    double captures[GROUPS_MAX]; /* in the group, by all persons */
    struct normal_node *nodes;   /* of the evaluation at hand */
} normal_model;

/* At one node: log C, its derivatives by the parameters, and the second ones. */
typedef struct normal_node {
    double ability, log_unseen, rate;
    double slope[GROUPS_MAX], curve[GROUPS_MAX]; /* expected captures of the group, and their variance */
    double all_slope, all_curve;
} normal_node;

static void set_node(const normal_model *m, const double *theta, double z, normal_node *node)
{
    *node = (normal_node){.ability = z};
    for (size_t g = 0; g < m->n_groups; g++) {
        double logit = theta[g] + theta[m->n_groups] * z;
        if (m->times[g] > 0) {
            double p = 1 / (1 + exp(-logit));
            node->log_unseen -= m->times[g] * (logit > 0 ? logit + log1p(exp(-logit)) : log1p(exp(logit)));
            node->slope[g] = m->times[g] * p;
            node->curve[g] = m->times[g] * p * (1 - p);
        } else {
            double rate = exp(logit);
            node->log_unseen -= rate;
            node->slope[g] = node->curve[g] = rate;
        }
        node->all_slope += node->slope[g];
        node->all_curve += node->curve[g];
    }
}

typedef struct normal_sums {
    double value;                 /* log I_k */
    double first[PARAMETERS_MAX]; /* of log I_k */
    double second[PARAMETERS_MAX * PARAMETERS_MAX];
} normal_sums;

/* log I_k and its derivatives: with g the integrand, d log I = E d log g and d2 log I = E d2 log g + cov d log g under weights
 * g. */
static void sum_nodes(const normal_model *m, double s, double k, normal_sums *sums)
{
    const normal_node *nodes = m->nodes;
    size_t n = m->n_groups + 1, q = m->setting->n_nodes;
    double largest = -INFINITY, total = 0;
    memset(sums, 0, sizeof *sums);
    for (size_t i = 0; i < q; i++)
        largest = fmax(largest, k * s * nodes[i].ability + nodes[i].log_unseen);
    for (size_t i = 0; i < q; i++) {
        const normal_node *node = &nodes[i];
        double weight = m->setting->weights[i] * exp(k * s * node->ability + node->log_unseen - largest), d[PARAMETERS_MAX];
        if (!(weight > 0))
            continue;
        total += weight;
        for (size_t g = 0; g + 1 < n; g++) {
            d[g] = -node->slope[g];
            sums->second[g * n + g] -= weight * node->curve[g];
            sums->second[g * n + n - 1] -= weight * node->ability * node->curve[g];
        }
        d[n - 1] = node->ability * (k - node->all_slope);
        sums->second[n * n - 1] -= weight * node->ability * node->ability * node->all_curve;
        for (size_t a = 0; a < n; a++) {
            sums->first[a] += weight * d[a];
            for (size_t b = a; b < n; b++)
                sums->second[a * n + b] += weight * d[a] * d[b];
        }
    }
    sums->value = log(total) + largest;
    for (size_t a = 0; a < n; a++)
        sums->first[a] /= total;
    for (size_t a = 0; a < n; a++)
        for (size_t b = a; b < n; b++)
            sums->second[a * n + b] = sums->second[a * n + b] / total - sums->first[a] * sums->first[b];
}

static void add_sums(const normal_sums *sums, size_t n, double count, double *value, double *first, double *second)
{
    *value += count * sums->value;
    for (size_t a = 0; a < n; a++) {
        first[a] += count * sums->first[a];
        for (size_t b = a; b < n; b++)
            second[a * n + b] += count * sums->second[a * n + b];
    }
}

static void evaluate(const void *of, const double *theta, est_i_share_point *at)
{
    const normal_model *m = of;
    size_t n = m->n_groups + 1;
    normal_sums sums;
    at->base = at->share = 0;
    for (size_t i = 0; i < m->setting->n_nodes; i++)
        set_node(m, theta, m->setting->nodes[i], &m->nodes[i]);
    for (size_t k = 1; k <= m->data->n_counts; k++)
        if (m->data->frequency[k] > 0) {
            sum_nodes(m, theta[n - 1], (double)k, &sums);
            add_sums(&sums, n, m->data->frequency[k], &at->base, at->base1, at->base2);
        }
    for (size_t g = 0; g + 1 < n; g++) {
        at->base += theta[g] * m->captures[g];
        at->base1[g] += m->captures[g];
    }
    sum_nodes(m, theta[n - 1], 0, &sums);
    add_sums(&sums, n, 1, &at->share, at->share1, at->share2);
}

static void set_groups(const est_i_closed_data *data, bool by_time, normal_model *m)
{
    m->n_groups = by_time ? 0 : 1;
    m->times[0] = (double)data->occasions;
    for (size_t k = 1; !by_time && k <= data->n_counts; k++)
        m->captures[0] += (double)k * data->frequency[k];
    for (size_t j = 0; by_time && j < data->occasions; j++)
        if (data->on[j] > 0) {
            m->times[m->n_groups] = 1;
            m->captures[m->n_groups++] = data->on[j];
        }
}

static void set_start(const normal_model *m, double s, double *theta)
{
    double population = est_i_closed_start(m->data) * (1 + s);
    for (size_t g = 0; g < m->n_groups; g++) {
        double times = m->times[g] > 0 ? m->times[g] : 1, rate = m->captures[g] / population / times;
        theta[g] = m->times[g] > 0 ? log(fmin(rate, 0.9) / (1 - fmin(rate, 0.9))) : log(rate);
    }
    theta[m->n_groups] = s;
}

/* From several s, for the surface need not have one top; the highest is kept. s = 0 is a stationary point by symmetry, so that the
 * fit without heterogeneity counts as a candidate when a start runs into it. */
static void maximise(const est_i_share_model *model, const normal_model *m, est_i_share_fit *fit, double *best)
{
    static const double starts[] = {0.5, 1, 2};
    double start[PARAMETERS_MAX], highest = -INFINITY;
    est_i_closed_state state = EST_I_CLOSED_VANISHING;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        set_start(m, starts[i], start);
        est_i_share_maximise(model, start, NAN, fit);
        if (fit->state == EST_I_CLOSED_FITTED && fit->value > highest + 1e-9) {
            highest = fit->value;
            memcpy(best, fit->theta, model->n * sizeof *best);
        }
        if (i == 0 || state != EST_I_CLOSED_FITTED)
            state = fit->state;
    }
    if (isfinite(highest))
        est_i_share_maximise(model, best, NAN, fit);
    else
        fit->state = state;
}

static void set_fit(const est_i_closed_data *data, bool by_time, const est_i_share_model *share, const est_i_share_fit *found,
                    const normal_model *m, est_i_closed_fit *fit)
{
    bool by_count = !data->has_histories || (m->setting->options->cells == EST_CLOSED_COUNTS && !by_time);
    double sigma = fabs(found->theta[m->n_groups]), n_cells = by_count ? (double)data->n_counts : data->by_history.n_cells;
    if (by_time)
        n_cells = ldexp(1, (int)m->n_groups) - 1;
    fit->empty_lists = by_time ? data->occasions - m->n_groups : 0;
    fit->sigma = sigma < 1e-6 ? 0 : sigma;
    est_i_share_population(share, found, data, by_count ? &data->by_count : &data->by_history, n_cells, fit);
}

est_status est_i_closed_normal(const est_i_closed_data *data, const est_i_closed_model *model, const est_i_closed_setting *setting,
                               bool profile, est_i_closed_fit *fit, est_error *error)
{
    bool by_time = model->base == EST_I_BASE_MT;
    double best[PARAMETERS_MAX];
    normal_model m = {.data = data, .setting = setting, .nodes = calloc(setting->n_nodes, sizeof *m.nodes)};
    set_groups(data, by_time, &m);
    est_i_share_model share = {m.n_groups + 1, data->persons, &m, evaluate, setting->monitor};
    est_i_share_fit *found = est_i_share_fit_new(share.n);
    est_status status = found && m.nodes ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK) {
        maximise(&share, &m, found, best);
        fit->state = found->state;
    }
    if (status == EST_OK && fit->state == EST_I_CLOSED_FITTED) {
        est_i_share_profile user = {&share, found, best, m.n_groups};
        set_fit(data, by_time, &share, found, &m, fit);
        if (profile)
            est_i_closed_profile(data, setting, est_i_share_profile_point, &user, fit);
    }
    est_i_share_fit_free(found);
    free(m.nodes);
    return status;
}
