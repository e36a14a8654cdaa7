/* The log likelihood b'T - M(b) is concave, M the sum of the expected counts: its gradient and Hessian are sums of them too.
 * Newton with step-halving therefore goes up from anywhere, and the only questions are whether there is a top and whether it is
 * a point. */
#include "mse/glm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "numerics/linear.h"

#define STEPS_MAX 120
#define HALVINGS_MAX 60
#define LEAST_GAIN 1e-4   /* of what the slope promises (Armijo) */
#define SMALL_STEP 1e-7   /* after it one more step gives all digits */
#define STALLED_STEP 1e-3 /* so small a step that gains nothing is rounding */
#define LEVEL_STEPS 3

est_i_glm_fit *est_i_glm_fit_new(size_t n_columns)
{
    est_i_glm_fit *fit = calloc(1, sizeof *fit);
    if (!fit)
        return NULL;
    fit->n_columns = n_columns;
    fit->beta = calloc(n_columns, sizeof *fit->beta);
    fit->score = calloc(n_columns, sizeof *fit->score);
    fit->covariance = calloc(n_columns * n_columns, sizeof *fit->covariance);
    fit->work = calloc(n_columns * (n_columns + 4), sizeof *fit->work);
    fit->alive = calloc(n_columns, sizeof *fit->alive);
    if (!fit->beta || !fit->score || !fit->covariance || !fit->work || !fit->alive) {
        est_i_glm_fit_free(fit);
        fit = NULL;
    }
    return fit;
}

void est_i_glm_fit_free(est_i_glm_fit *fit)
{
    if (!fit)
        return;
    free(fit->beta);
    free(fit->score);
    free(fit->covariance);
    free(fit->work);
    free(fit->alive);
    free(fit);
}

void est_i_glm_row_moments(const void *cells, const double *beta, double *total, double *first, double *second)
{
    const est_i_glm_rows *rows = cells;
    size_t p = rows->n_columns;
    *total = 0;
    memset(first, 0, p * sizeof *first);
    memset(second, 0, p * p * sizeof *second);
    for (size_t r = 0; r < rows->n_rows; r++) {
        const double *x = rows->x + r * p;
        double predictor = rows->offset[r];
        for (size_t i = 0; i < p; i++)
            predictor += x[i] * beta[i];
        double mu = exp(predictor);
        *total += mu;
        for (size_t i = 0; i < p; i++) {
            first[i] += mu * x[i];
            for (size_t j = i; j < p && x[i] != 0; j++)
                second[i * p + j] += mu * x[i] * x[j];
        }
    }
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < i; j++)
            second[i * p + j] = second[j * p + i];
}

/* Log likelihood and score at fit->beta; the information goes to the head of fit->work. */
static double evaluate(const est_i_glm_design *design, const est_i_glm_request *request, est_i_glm_fit *fit)
{
    size_t p = design->n_columns;
    double total, loglik = 0, *information = fit->work, *first = fit->work + p * p;
    design->moments(design->cells, fit->beta, &total, first, information);
    for (size_t i = 0; i < p; i++) {
        fit->score[i] = request->sufficient[i] - first[i];
        loglik += request->sufficient[i] * fit->beta[i];
    }
    if (!isnan(request->unseen)) {
        double mu = exp(fit->beta[0]);
        fit->score[0] += request->unseen - mu;
        loglik += request->unseen * fit->beta[0] - mu;
        information[0] += mu;
    }
    return loglik - total;
}

/* Factors the information without the columns left out; false if a pivot of the others vanishes. */
static bool factor_information(const est_i_glm_request *request, est_i_glm_fit *fit)
{
    size_t p = fit->n_columns;
    double *information = fit->work;
    bool full = true;
    for (size_t i = 0; i < p && request->out; i++)
        for (size_t j = 0; j < p && request->out[i]; j++)
            information[i * p + j] = information[j * p + i] = 0;
    for (size_t i = 0; i < p * p && full; i++)
        full = isfinite(information[i]);
    if (!full)
        return false;
    est_i_factor(information, p, fit->alive);
    for (size_t i = 0; i < p; i++)
        full = full && (fit->alive[i] || (request->out && request->out[i]));
    return full;
}

/* The inverse of the information, by columns, into the covariance. */
static void invert(est_i_glm_fit *fit)
{
    size_t p = fit->n_columns;
    for (size_t i = 0; i < p; i++)
        est_i_inverse_column(fit->work, p, fit->alive, i, fit->covariance + i * p);
}

/* Newton's step; how far it moves a predictor at most, by one column. */
static double find_step(const est_i_glm_design *design, const est_i_glm_request *request, est_i_glm_fit *fit, double *step)
{
    size_t p = fit->n_columns;
    double longest = 0;
    invert(fit);
    for (size_t i = 0; i < p; i++) {
        step[i] = 0;
        for (size_t j = 0; j < p && fit->alive[i]; j++)
            step[i] += request->out && request->out[j] ? 0 : fit->covariance[i * p + j] * fit->score[j];
        longest = fmax(longest, fabs(step[i]) * design->reach[i]);
    }
    return longest;
}

/* Goes along the step, halving it until the likelihood rises enough, rounding aside. false: it does not however short the step
 * is. */
static bool advance(const est_i_glm_design *design, const est_i_glm_request *request, est_i_glm_fit *fit, const double *step,
                    double *from)
{
    double before = fit->loglik, slack = 1e-13 * (1 + fabs(before)), share = 1, slope = 0;
    memcpy(from, fit->beta, fit->n_columns * sizeof *from);
    for (size_t i = 0; i < fit->n_columns; i++)
        slope += fit->score[i] * step[i];
    for (int halving = 0; halving < HALVINGS_MAX; halving++, share /= 2) {
        for (size_t i = 0; i < fit->n_columns; i++)
            fit->beta[i] = from[i] + share * step[i];
        fit->loglik = evaluate(design, request, fit);
        if (fit->loglik >= before + LEAST_GAIN * share * slope - slack)
            return true;
    }
    memcpy(fit->beta, from, fit->n_columns * sizeof *from);
    fit->loglik = evaluate(design, request, fit);
    return false;
}

static est_i_glm_state without_maximum(double drift)
{
    return drift > 1e-3 ? EST_I_GLM_UNBOUNDED : EST_I_GLM_VANISHING;
}

void est_i_glm(const est_i_glm_design *design, const est_i_glm_request *request, bool (*stop)(void *user), void *user,
               est_i_glm_fit *fit)
{
    size_t p = design->n_columns;
    double *step = fit->work + p * (p + 1), *from = step + p, drift = 0;
    memcpy(fit->beta, request->start, p * sizeof *fit->beta);
    for (size_t i = 0; i < p && request->out; i++)
        if (request->out[i])
            fit->beta[i] = 0;
    fit->loglik = evaluate(design, request, fit);
    fit->state = EST_I_GLM_STOPPED;
    for (int i = 0, level = 0; i < STEPS_MAX; i++) {
        if (stop && stop(user))
            return;
        if (!factor_information(request, fit)) {
            fit->state = i == 0 ? EST_I_GLM_DEPENDENT : without_maximum(drift);
            return;
        }
        double longest = find_step(design, request, fit, step), before = fit->loglik;
        bool up = advance(design, request, fit, step, from);
        drift = step[0];
        level = up && fit->loglik > before + 1e-13 * (1 + fabs(before)) ? 0 : level + 1;
        if (longest < SMALL_STEP || (longest < STALLED_STEP && (!up || level >= LEVEL_STEPS))) {
            fit->state = factor_information(request, fit) ? EST_I_GLM_FITTED : without_maximum(drift);
            invert(fit);
            return;
        }
    }
    fit->state = without_maximum(drift);
}

/* trace(V H) at beta + e direction. */
static double trace_at(const est_i_glm_design *design, const est_i_glm_fit *fit, const double *direction, double e)
{
    size_t p = fit->n_columns;
    double total, sum = 0, *second = fit->work, *first = fit->work + p * p, *beta = first + p;
    for (size_t i = 0; i < p; i++)
        beta[i] = fit->beta[i] + e * direction[i];
    design->moments(design->cells, beta, &total, first, second);
    for (size_t i = 0; i < p * p; i++)
        sum += fit->covariance[i] * second[i];
    return sum;
}

double est_i_glm_skewness(const est_i_glm_design *design, const est_i_glm_fit *fit, const double *direction)
{
    double longest = 0, estimates[3];
    for (size_t i = 0; i < fit->n_columns; i++)
        longest = fmax(longest, fabs(direction[i]) * design->reach[i]);
    if (!(longest > 0))
        return 0;
    for (int k = 0; k < 3; k++) {
        double e = 0.04 / (1 << k) / longest;
        estimates[k] = (trace_at(design, fit, direction, e) - trace_at(design, fit, direction, -e)) / (2 * e);
    }
    double once = (4 * estimates[1] - estimates[0]) / 3, again = (4 * estimates[2] - estimates[1]) / 3;
    return (16 * again - once) / 15;
}

/* bias(beta) = -V psi / 2 with psi_l = sum of mu x_l x'Vx = d trace(V H) / d beta_l. */
double est_i_glm_bias(const est_i_glm_design *design, const est_i_glm_fit *fit, const double *direction)
{
    size_t p = fit->n_columns;
    double along[p];
    for (size_t i = 0; i < p; i++) {
        along[i] = 0;
        for (size_t j = 0; j < p; j++)
            along[i] += fit->covariance[i * p + j] * direction[j];
    }
    return -est_i_glm_skewness(design, fit, along) / 2;
}
