#include "mse/heterogeneity_newton.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "numerics/linear.h"

#define STEPS_MAX 200
#define LONGEST_STEP 1.5
#define SMALL_STEP 1e-7
#define STALLED_STEP 1e-3 /* so small a step that gains nothing is rounding */
#define LEVEL_STEPS 3
#define LEAST_UNSEEN 1e-7 /* persons: on the way to none */
#define FARTHEST 60.0 /* no parameter on a log or logit scale comes so far but on its way to infinity */

est_i_share_fit *est_i_share_fit_new(size_t n)
{
    est_i_share_fit *fit = calloc(1, sizeof *fit);
    double *numbers = calloc(3 * n * n + 6 * n + 1, sizeof *numbers);
    bool *alive = calloc(n + 1, sizeof *alive);
    if (!fit || !numbers || !alive) {
        free(fit);
        free(numbers);
        free(alive);
        return NULL;
    }
    fit->at.base2 = numbers;
    fit->at.share2 = fit->at.base2 + n * n;
    fit->information = fit->at.share2 + n * n;
    fit->at.base1 = fit->information + n * n;
    fit->at.share1 = fit->at.base1 + n;
    fit->theta = fit->at.share1 + n;
    fit->step = fit->theta + n;
    fit->from = fit->step + n;
    fit->work = fit->from + n;
    fit->alive = alive;
    return fit;
}

void est_i_share_fit_free(est_i_share_fit *fit)
{
    if (!fit)
        return;
    free(fit->at.base2);
    free(fit->alive);
    free(fit);
}

/* What is maximised, as a function of y = log P(unseen), and its first two derivatives by y. */
static double of_share(double persons, double unseen, double y, double *by, double *by_by)
{
    double value;
    if (isnan(unseen)) {
        double seen = -expm1(y), odds = exp(y) / seen;
        value = -persons * log(seen);
        *by = persons * odds;
        *by_by = persons * odds / seen;
    } else {
        value = unseen * y;
        *by = unseen;
        *by_by = 0;
    }
    return value;
}

/* Value at theta, its gradient into `step`, minus its Hessian into `information`. */
static double evaluate(const est_i_share_model *model, double unseen, est_i_share_fit *fit)
{
    size_t n = model->n;
    double by, by_by;
    memset(fit->at.base2, 0, (2 * n * n) * sizeof *fit->at.base2);
    memset(fit->at.base1, 0, (2 * n) * sizeof *fit->at.base1);
    model->evaluate(model->of, fit->theta, &fit->at);
    double value = fit->at.base + of_share(model->persons, unseen, fit->at.share, &by, &by_by);
    for (size_t i = 0; i < n; i++) {
        fit->step[i] = fit->at.base1[i] + by * fit->at.share1[i];
        for (size_t j = i; j < n; j++)
            fit->information[i * n + j] = -fit->at.base2[i * n + j] - by * fit->at.share2[i * n + j] -
                                          by_by * fit->at.share1[i] * fit->at.share1[j];
    }
    return isfinite(value) ? value : -INFINITY;
}

static bool is_positive(est_i_share_fit *fit, size_t n)
{
    bool positive = true;
    for (size_t i = 0; i < n * n && positive; i++)
        positive = isfinite(fit->information[i]);
    if (positive)
        est_i_factor(fit->information, n, fit->alive);
    for (size_t i = 0; i < n && positive; i++)
        positive = fit->alive[i];
    return positive;
}

/* Solves (information + ridge) x = gradient in place of the gradient; the ridge grows until it can. Returns the ridge; < 0:
 * none does. */
static double solve(const est_i_share_model *model, double unseen, est_i_share_fit *fit)
{
    size_t n = model->n;
    double ridge = 0, scale = 0;
    for (size_t i = 0; i < n; i++)
        scale = fmax(scale, fabs(fit->information[i * n + i]));
    for (int trial = 0; trial < 40 && !is_positive(fit, n); trial++) {
        ridge = ridge > 0 ? 4 * ridge : 1e-6 * (scale + 1);
        evaluate(model, unseen, fit);
        for (size_t i = 0; i < n; i++)
            fit->information[i * n + i] += ridge;
    }
    for (size_t i = 0; i < n; i++)
        if (!fit->alive[i])
            return -1;
    memcpy(fit->from, fit->step, n * sizeof *fit->from);
    memset(fit->step, 0, n * sizeof *fit->step);
    for (size_t j = 0; j < n; j++) {
        est_i_inverse_column(fit->information, n, fit->alive, j, fit->work);
        for (size_t i = 0; i < n; i++)
            fit->step[i] += fit->work[i] * fit->from[j];
    }
    return ridge;
}

/* Along the step in `move`, halved until the value does not fall by more than rounding; fit->step is the gradient afterwards. */
static bool advance(const est_i_share_model *model, double unseen, est_i_share_fit *fit, double longest)
{
    size_t n = model->n;
    double before = fit->value, slack = 1e-13 * (1 + fabs(before)), share = longest > LONGEST_STEP ? LONGEST_STEP / longest : 1;
    double move[n];
    memcpy(move, fit->step, n * sizeof *move);
    memcpy(fit->from, fit->theta, n * sizeof *fit->from);
    for (int halving = 0; halving < 40; halving++, share /= 2) {
        for (size_t i = 0; i < n; i++)
            fit->theta[i] = fit->from[i] + share * move[i];
        fit->value = evaluate(model, unseen, fit);
        if (fit->value >= before - slack)
            return true;
    }
    memcpy(fit->theta, fit->from, n * sizeof *fit->from);
    fit->value = evaluate(model, unseen, fit);
    return false;
}

static double farthest(const double *values, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(values[i]));
    return most;
}

/* Variance of log P(unseen) by the inverse of the information at the maximum; false if that is no maximum. */
static bool find_variance(const est_i_share_model *model, double unseen, est_i_share_fit *fit)
{
    size_t n = model->n;
    evaluate(model, unseen, fit);
    fit->share_variance = 0;
    if (!is_positive(fit, n))
        return false;
    for (size_t j = 0; j < n; j++) {
        est_i_inverse_column(fit->information, n, fit->alive, j, fit->work);
        for (size_t i = 0; i < n; i++)
            fit->share_variance += fit->at.share1[i] * fit->work[i] * fit->at.share1[j];
    }
    return true;
}

void est_i_share_maximise(const est_i_share_model *model, const double *start, double unseen, est_i_share_fit *fit)
{
    size_t n = model->n;
    if (start != fit->theta)
        memcpy(fit->theta, start, n * sizeof *fit->theta);
    int level = 0;
    fit->value = evaluate(model, unseen, fit);
    fit->state = EST_I_CLOSED_STOPPED;
    for (int i = 0; i < STEPS_MAX && farthest(fit->theta, n) < FARTHEST && !est_i_monitor_cancelled(model->monitor); i++) {
        double ridge = solve(model, unseen, fit), longest = farthest(fit->step, n);
        double before = fit->value;
        if (ridge < 0)
            break;
        bool up = advance(model, unseen, fit, longest);
        level = up && fit->value > before + 1e-13 * (1 + fabs(before)) ? 0 : level + 1;
        if (longest < SMALL_STEP || (longest < STALLED_STEP && (!up || level >= LEVEL_STEPS))) {
            fit->state = find_variance(model, unseen, fit) ? EST_I_CLOSED_FITTED : EST_I_CLOSED_DEPENDENT;
            if (isnan(unseen) && model->persons * exp(fit->at.share) < LEAST_UNSEEN)
                fit->state = EST_I_CLOSED_VANISHING;
            return;
        }
    }
    if (!est_i_monitor_cancelled(model->monitor))
        fit->state = fit->at.share > -1e-6 ? EST_I_CLOSED_UNBOUNDED : EST_I_CLOSED_VANISHING;
}

void est_i_share_population(const est_i_share_model *model, const est_i_share_fit *share, const est_i_closed_data *data,
                            const est_i_measure *measure, double n_cells, est_i_closed_fit *fit)
{
    double n = model->persons, seen = -expm1(share->at.share);
    fit->unseen = n * exp(share->at.share) / seen;
    fit->log_se = sqrt(1 / n + share->share_variance / (seen * seen));
    fit->se = sqrt(fit->unseen + fit->unseen * fit->unseen * fit->log_se * fit->log_se);
    est_i_closed_measure(measure, data, share->value + n * log(n) - n, n_cells, model->n + 1, fit);
}

static bool has_value(const est_i_share_fit *fit)
{
    return fit->state == EST_I_CLOSED_FITTED || fit->state == EST_I_CLOSED_DEPENDENT;
}

bool est_i_share_profile_point(void *user, double unseen, double *loglik, double *log_share)
{
    est_i_share_profile *profile = user;
    const est_i_share_model *model = profile->model;
    est_i_share_fit *fit = profile->fit;
    est_i_share_maximise(model, fit->theta, unseen, fit);
    if (profile->other) {
        double first = has_value(fit) ? fit->value : -INFINITY, spread = fabs(fit->theta[profile->spread]);
        memcpy(profile->other, fit->theta, model->n * sizeof *profile->other);
        fit->theta[profile->spread] = spread > 0.1 ? 1.5 * spread : 0.5;
        est_i_share_maximise(model, fit->theta, unseen, fit);
        if (!has_value(fit) || fit->value < first)
            est_i_share_maximise(model, profile->other, unseen, fit);
    }
    *loglik = fit->value;
    *log_share = fit->at.share;
    return has_value(fit);
}
