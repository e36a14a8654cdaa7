/* M0, Mt, and Mh and Mth with the forms that are columns of a log-linear model (Rivest and Baillargeon 2007, Biometrics
 * 63:1021-1028; columns: Chao 1987, Darroch, Fienberg, Glonek and Junker 1993, Rivest and Levesque 2001, Cormack 1989). M0 and
 * Mh need a cell for each number of captures only, with the log of its histories as offset. Mt and Mth have a coefficient for
 * each occasion and columns of the number of captures: sums over all histories with k captures are elementary symmetric
 * functions of the odds of the occasions, so that nothing of size 2^occasions is held. */
#include "mse/heterogeneity_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/glm.h"
#include "numerics/special.h"

/* Histories of some occasions: columns are the intercept, the occasions, then columns of the number of captures. */
typedef struct history_cells {
    size_t n_occasions, n_columns;
    const double *column; /* [c * (n_occasions + 1) + k] */
} history_cells;

typedef struct loglinear {
    est_i_glm_design design;
    est_i_glm_rows rows;
    history_cells histories;
    size_t first_eta, n_etas; /* Chao's coefficients, which must not be negative; n_etas 0 for other forms */
    size_t empty_lists;
    double n_cells;
    double *x, *offset, *reach, *sufficient, *start, *warm, *heights;
    bool *out;
    est_i_glm_fit *fit;
    est_i_monitor *monitor;
} loglinear;

/* e[m]: sum over sets of m occasions of the product of their odds, without the occasions i and j. */
static void elementary(const double *odds, size_t n, size_t i, size_t j, double *e)
{
    size_t used = 0;
    memset(e, 0, (n + 1) * sizeof *e);
    e[0] = 1;
    for (size_t l = 0; l < n; l++) {
        if (l == i || l == j)
            continue;
        used++;
        for (size_t m = used; m > 0; m--)
            e[m] += odds[l] * e[m - 1];
    }
}

static void add_columns_of_counts(const history_cells *cells, const double *weight, const double *e, double odds, size_t shift,
                                  size_t row, double *sums, size_t n_columns, double *plain)
{
    size_t t = cells->n_occasions, m = cells->n_columns;
    *plain = 0;
    for (size_t k = shift > 1 ? shift : 1; k <= t; k++) {
        double mu = weight[k] * odds * e[k - shift];
        *plain += mu;
        for (size_t c = 0; c < m; c++)
            sums[row * n_columns + 1 + t + c] += mu * cells->column[c * (t + 1) + k];
    }
}

/* The block of pairs of columns of counts, and the intercept's row of them. */
static void square_columns(const history_cells *cells, const double *weight, const double *e, size_t p, double *second)
{
    size_t t = cells->n_occasions, m = cells->n_columns;
    for (size_t c = 0; c < m; c++)
        for (size_t d = c; d < m; d++) {
            double sum = 0;
            for (size_t k = 1; k <= t; k++)
                sum += weight[k] * e[k] * cells->column[c * (t + 1) + k] * cells->column[d * (t + 1) + k];
            second[(1 + t + c) * p + 1 + t + d] = sum;
        }
}

static void history_moments(const void *of, const double *beta, double *total, double *first, double *second)
{
    const history_cells *cells = of;
    size_t t = cells->n_occasions, m = cells->n_columns, p = 1 + t + m;
    double odds[EST_I_LISTS_MAX], weight[EST_I_LISTS_MAX + 1], e[EST_I_LISTS_MAX + 1];
    memset(second, 0, p * p * sizeof *second);
    for (size_t j = 0; j < t; j++)
        odds[j] = exp(beta[1 + j]);
    for (size_t k = 0; k <= t; k++) {
        double log_weight = beta[0];
        for (size_t c = 0; c < m; c++)
            log_weight += beta[1 + t + c] * cells->column[c * (t + 1) + k];
        weight[k] = exp(log_weight);
    }
    elementary(odds, t, t, t, e);
    add_columns_of_counts(cells, weight, e, 1, 0, 0, second, p, total);
    second[0] = *total;
    square_columns(cells, weight, e, p, second);
    for (size_t i = 0; i < t; i++) {
        elementary(odds, t, i, i, e);
        add_columns_of_counts(cells, weight, e, odds[i], 1, 1 + i, second, p, &second[(1 + i) * p + 1 + i]);
        second[1 + i] = second[(1 + i) * p + 1 + i];
        for (size_t j = i + 1; j < t; j++) {
            double sum = 0;
            elementary(odds, t, i, j, e);
            for (size_t k = 2; k <= t; k++)
                sum += weight[k] * e[k - 2];
            second[(1 + i) * p + 1 + j] = odds[i] * odds[j] * sum;
        }
    }
    for (size_t i = 0; i < p; i++) {
        first[i] = second[i];
        for (size_t j = 0; j < i; j++)
            second[i * p + j] = second[j * p + i];
    }
}

/* Less the chord the column is far from the others. */
double est_i_closed_height(const est_heterogeneity_options *options, est_i_form form, double k)
{
    double value = 0, one = 0, a;
    switch (form) {
    case EST_I_FORM_POISSON:
        a = options->poisson_base;
        value = pow(a, k) - 1;
        one = a - 1;
        break;
    case EST_I_FORM_DARROCH:
        value = k * k / 2;
        one = 0.5;
        break;
    case EST_I_FORM_GAMMA:
        a = options->gamma_shape;
        value = -log1p(k / a);
        one = -log1p(1 / a);
        break;
    default:
        break;
    }
    return value - k * one;
}

static size_t columns_of(const est_i_closed_data *data, est_i_form form)
{
    return form == EST_I_FORM_NONE ? 0 : form == EST_I_FORM_CHAO ? data->n_counts - 2 : 1;
}

/* heights[c * (n_counts + 1) + k], each scaled to 1 at its largest. */
static void fill_heights(const est_i_closed_data *data, const est_heterogeneity_options *options, est_i_form form, double *heights)
{
    size_t n = data->n_counts;
    for (size_t c = 0; c < columns_of(data, form); c++) {
        double *column = heights + c * (n + 1), largest = 0;
        for (size_t k = 1; k <= n; k++) {
            double above = (double)k - (double)c - 2;
            column[k] = form == EST_I_FORM_CHAO ? fmax(above, 0) : est_i_closed_height(options, form, (double)k);
            largest = fmax(largest, fabs(column[k]));
        }
        for (size_t k = 1; k <= n && largest > 0; k++)
            column[k] /= largest;
    }
}

static bool allocate(loglinear *l, size_t p, size_t m, size_t n_counts)
{
    l->x = calloc(n_counts * p + 1, sizeof *l->x);
    l->offset = calloc(n_counts + 1, sizeof *l->offset);
    l->reach = calloc(p, sizeof *l->reach);
    l->sufficient = calloc(p, sizeof *l->sufficient);
    l->start = calloc(p, sizeof *l->start);
    l->warm = calloc(p, sizeof *l->warm);
    l->heights = calloc(m * (n_counts + 1) + 1, sizeof *l->heights);
    l->out = calloc(p, sizeof *l->out);
    l->fit = est_i_glm_fit_new(p);
    for (size_t i = 0; l->reach && i < p; i++)
        l->reach[i] = 1;
    return l->x && l->offset && l->reach && l->sufficient && l->start && l->warm && l->heights && l->out && l->fit;
}

static void release(loglinear *l)
{
    free(l->x);
    free(l->offset);
    free(l->reach);
    free(l->sufficient);
    free(l->start);
    free(l->warm);
    free(l->heights);
    free(l->out);
    est_i_glm_fit_free(l->fit);
}

static void add_heights(const est_i_closed_data *data, loglinear *l, size_t m, double *sufficient)
{
    for (size_t c = 0; c < m; c++)
        for (size_t k = 1; k <= data->n_counts; k++)
            sufficient[c] += data->frequency[k] * l->heights[c * (data->n_counts + 1) + k];
}

/* M0 and Mh: a row for each number of captures. */
static void set_count_rows(const est_i_closed_data *data, size_t m, bool by_count, loglinear *l)
{
    size_t p = 2 + m;
    double population = est_i_closed_start(data), captures = 0;
    for (size_t k = 1; k <= data->n_counts; k++) {
        double *x = l->x + (k - 1) * p;
        x[0] = 1;
        x[1] = (double)k;
        for (size_t c = 0; c < m; c++)
            x[2 + c] = l->heights[c * (data->n_counts + 1) + k];
        l->offset[k - 1] = data->log_ways[k];
        captures += (double)k * data->frequency[k];
    }
    double times = (double)data->occasions, rate = captures / population, p_one = rate / times;
    p_one = fmin(p_one, 0.95);
    l->reach[1] = (double)data->n_counts;
    l->sufficient[0] = data->persons;
    l->sufficient[1] = captures;
    add_heights(data, l, m, l->sufficient + 2);
    l->start[0] = log(population) + (data->occasions ? times * log1p(-p_one) : -rate);
    l->start[1] = data->occasions ? log(p_one / (1 - p_one)) : log(rate);
    l->rows = (est_i_glm_rows){.n_rows = data->n_counts, .n_columns = p, .x = l->x, .offset = l->offset};
    l->design = (est_i_glm_design){p, l->reach, &l->rows, est_i_glm_row_moments};
    l->n_cells = by_count ? (double)data->n_counts : data->by_history.n_cells;
}

/* Mt and Mth; a list without anybody has a coefficient at minus infinity, and its histories leave. */
static void set_histories(const est_i_closed_data *data, size_t m, loglinear *l)
{
    size_t t = 0, n = data->n_counts;
    double population = est_i_closed_start(data);
    l->start[0] = log(population);
    l->sufficient[0] = data->persons;
    for (size_t j = 0; j < data->occasions; j++) {
        double share = fmin(data->on[j] / population, 0.95);
        if (!(data->on[j] > 0))
            continue;
        t++;
        l->sufficient[t] = data->on[j];
        l->start[t] = log(share / (1 - share));
        l->start[0] += log1p(-share);
    }
    add_heights(data, l, m, l->sufficient + 1 + t);
    for (size_t c = 0; c < m; c++)
        memmove(l->heights + c * (t + 1), l->heights + c * (n + 1), (t + 1) * sizeof *l->heights);
    l->histories = (history_cells){.n_occasions = t, .n_columns = m, .column = l->heights};
    l->design = (est_i_glm_design){1 + t + m, l->reach, &l->histories, history_moments};
    l->fit->n_columns = 1 + t + m;
    l->empty_lists = data->occasions - t;
    l->n_cells = ldexp(1, (int)t) - 1;
}

static est_status prepare(const est_i_closed_data *data, const est_i_closed_model *model, const est_i_closed_setting *setting,
                          bool by_count, loglinear *l, est_error *error)
{
    bool by_time = model->base == EST_I_BASE_MT;
    size_t m = columns_of(data, model->form), p = (by_time ? 1 + data->occasions : 2) + m;
    *l = (loglinear){.monitor = setting->monitor};
    if (!allocate(l, p, m, data->n_counts))
        return est_i_no_memory(error);
    fill_heights(data, setting->options, model->form, l->heights);
    if (by_time)
        set_histories(data, m, l);
    else
        set_count_rows(data, m, by_count, l);
    l->n_etas = model->form == EST_I_FORM_CHAO ? m : 0;
    l->first_eta = l->design.n_columns - l->n_etas;
    for (size_t i = 0; i < l->n_etas; i++)
        l->out[l->first_eta + i] = true;
    return EST_OK;
}

static bool is_stopped(void *user)
{
    return est_i_monitor_cancelled(user);
}

static void fit_once(loglinear *l, const double *start, double unseen)
{
    est_i_glm_request request = {.sufficient = l->sufficient, .out = l->out, .unseen = unseen, .start = start};
    est_i_glm(&l->design, &request, is_stopped, l->monitor, l->fit);
}

/* Coefficients of Chao's form that come out negative leave, the first one first, until none is negative. */
static void drop_negative(loglinear *l, const double *start, double unseen)
{
    bool dropped = true;
    while (dropped && l->fit->state != EST_I_GLM_STOPPED) {
        dropped = false;
        fit_once(l, l->fit->state == EST_I_GLM_FITTED ? l->warm : start, unseen);
        for (size_t i = l->first_eta; i < l->first_eta + l->n_etas && !dropped; i++)
            if (!l->out[i] && l->fit->beta[i] < 0)
                dropped = l->out[i] = true;
        if (l->fit->state == EST_I_GLM_FITTED)
            memcpy(l->warm, l->fit->beta, l->design.n_columns * sizeof *l->warm);
    }
}

/* The maximum under the constraint that no coefficient of Chao's form is negative. The likelihood is concave, so that it is
 * reached when those at 0 would all go down (Kuhn and Tucker); else the one that would rise most comes in, and those that are
 * negative then leave. It is what dropping the first negative coefficient of the full model comes to as a rule, but every fit
 * on the way exists. */
static void fit_constrained(loglinear *l, const double *start, double unseen)
{
    l->fit->state = EST_I_GLM_FITTED;
    memcpy(l->warm, start, l->design.n_columns * sizeof *l->warm);
    drop_negative(l, start, unseen);
    for (size_t round = 0; round < 4 * l->n_etas && l->fit->state == EST_I_GLM_FITTED; round++) {
        size_t best = 0;
        double most = 1e-8 * (1 + l->sufficient[0]);
        for (size_t i = l->first_eta; i < l->first_eta + l->n_etas; i++)
            if (l->out[i] && l->fit->score[i] > most) {
                most = l->fit->score[i];
                best = i;
            }
        if (best == 0)
            break;
        l->out[best] = false;
        drop_negative(l, start, unseen);
    }
}

static void set_population(const loglinear *l, est_i_closed_fit *fit)
{
    size_t p = l->design.n_columns;
    double intercept[p], variance = l->fit->covariance[0];
    memset(intercept, 0, sizeof intercept);
    intercept[0] = 1;
    fit->unseen = exp(l->fit->beta[0]);
    fit->log_se = sqrt(variance);
    fit->se = sqrt(fit->unseen + fit->unseen * fit->unseen * variance);
    fit->bias = fit->unseen * (variance / 2 + est_i_glm_bias(&l->design, l->fit, intercept));
}

typedef struct loglinear_profile {
    loglinear *l;
    const est_i_closed_data *data;
    double *last; /* coefficients of the last point */
} loglinear_profile;

/* The completed table: with N in all and mu_0 in the unseen cell the Poisson likelihood is that of the multinomial with N log N
 * - N less. */
static bool point_of_profile(void *user, double unseen, double *loglik, double *log_share)
{
    loglinear_profile *profile = user;
    loglinear *l = profile->l;
    double total = profile->data->persons + unseen;
    fit_constrained(l, profile->last, unseen);
    if (l->fit->state != EST_I_GLM_FITTED)
        fit_constrained(l, l->start, unseen);
    if (l->fit->state != EST_I_GLM_FITTED)
        return false;
    memcpy(profile->last, l->fit->beta, l->design.n_columns * sizeof *profile->last);
    *loglik = l->fit->loglik - total * log(total) + total;
    *log_share = l->fit->beta[0] - log(total);
    return true;
}

static est_status find_profile(const est_i_closed_data *data, const est_i_closed_setting *setting, loglinear *l,
                               est_i_closed_fit *fit, est_error *error)
{
    size_t p = l->design.n_columns;
    loglinear_profile profile = {.l = l, .data = data, .last = calloc(p, sizeof *profile.last)};
    if (!profile.last)
        return est_i_no_memory(error);
    memcpy(profile.last, l->fit->beta, p * sizeof *profile.last);
    est_i_closed_profile(data, setting, point_of_profile, &profile, fit);
    free(profile.last);
    return EST_OK;
}

/* M0 and Mh of one column, exactly: a maximum exists when the mean of (k, h(k)) over the persons is inside the convex hull of
 * its points k = 1 to n_counts (Barndorff-Nielsen 1978). They are in convex position, h being strictly convex, so that it is
 * outside only when all persons are at the two ends of one edge: neighbours, or the first and the last. Without h: at one end. */
static bool has_maximum(const est_i_closed_data *data, est_i_form form)
{
    size_t lowest = 0, highest = 0, values = 0;
    for (size_t k = 1; k <= data->n_counts; k++)
        if (data->frequency[k] > 0) {
            lowest = lowest ? lowest : k;
            highest = k;
            values++;
        }
    if (form == EST_I_FORM_NONE)
        return values > 1 || (lowest > 1 && highest < data->n_counts);
    return values > 2 || (values == 2 && highest > lowest + 1 && (lowest > 1 || highest < data->n_counts));
}

static est_i_closed_state state_of(const est_i_closed_data *data, const est_i_closed_model *model, est_i_glm_state state)
{
    static const est_i_closed_state states[] = {EST_I_CLOSED_FITTED, EST_I_CLOSED_DEPENDENT, EST_I_CLOSED_UNBOUNDED,
                                                EST_I_CLOSED_VANISHING, EST_I_CLOSED_STOPPED};
    est_i_closed_state found = states[state];
    if (model->base == EST_I_BASE_M0 && model->form != EST_I_FORM_CHAO && found != EST_I_CLOSED_STOPPED) {
        if (found == EST_I_CLOSED_FITTED && !has_maximum(data, model->form))
            found = EST_I_CLOSED_VANISHING;
        else if (found != EST_I_CLOSED_FITTED && has_maximum(data, model->form))
            found = EST_I_CLOSED_LOST;
    }
    return found;
}

est_status est_i_closed_loglinear(const est_i_closed_data *data, const est_i_closed_model *model,
                                  const est_i_closed_setting *setting, bool profile, est_i_closed_fit *fit, est_error *error)
{
    loglinear l;
    bool by_count = !data->has_histories || (setting->options->cells == EST_CLOSED_COUNTS && model->base == EST_I_BASE_M0);
    est_status status = prepare(data, model, setting, by_count, &l, error);
    if (status != EST_OK)
        goto cleanup;
    fit_constrained(&l, l.start, NAN);
    fit->state = state_of(data, model, l.fit->state);
    if (fit->state != EST_I_CLOSED_FITTED)
        goto cleanup;
    set_population(&l, fit);
    fit->empty_lists = l.empty_lists;
    for (size_t i = 0; i < l.n_etas; i++)
        fit->etas_out += l.out[l.first_eta + i] ? 1 : 0;
    est_i_closed_measure(by_count ? &data->by_count : &data->by_history, data, l.fit->loglik, l.n_cells,
                         l.design.n_columns - fit->etas_out, fit);
    if (profile)
        status = find_profile(data, setting, &l, fit, error);
cleanup:
    release(&l);
    return status;
}
