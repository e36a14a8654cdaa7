/* The calibration equations sum d F(x'lambda) x = t: distances, Newton's method on the dual, and raking by proportional fitting. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/linear.h"
#include "survey/calibrate_parts.h"

/* ---- distances ---- */

/* F = (L (U-1) + U (1-L) e^{Au}) / (U-1 + (1-L) e^{Au}), A = (U-L) / ((U-1)(1-L)), written by the share p of U. */
static void logit_at(const est_i_distance *distance, double u, double *g, double *slope, double *integral)
{
    double above = distance->upper - 1, below = 1 - distance->lower, width = distance->upper - distance->lower;
    double steepness = width / (above * below), exponent = steepness * u;
    double ratio = exponent < 0 ? below * exp(exponent) / above : above * exp(-exponent) / below;
    double p = exponent < 0 ? ratio / (1 + ratio) : 1 / (1 + ratio), q = exponent < 0 ? 1 / (1 + ratio) : ratio / (1 + ratio);
    double log_sum = exponent < 0 ? log(above) + log1p(ratio) : exponent + log(below) + log1p(ratio);
    *g = distance->lower + width * p;
    *slope = width * steepness * p * q;
    *integral = distance->lower * u + width / steepness * (log_sum - log(width));
}

static void free_at(est_i_calibration_kind kind, double u, double *g, double *slope, double *integral)
{
    if (kind == EST_I_CALIBRATE_RAKE || kind == EST_I_CALIBRATE_EXPONENTIAL) {
        *g = *slope = exp(u);
        *integral = *g - 1;
    } else {
        *g = 1 + u;
        *slope = 1;
        *integral = u + u * u / 2;
    }
}

/* The u at which F is g. */
static double inverse(const est_i_distance *distance, double g)
{
    double above = distance->upper - 1, below = 1 - distance->lower, width = distance->upper - distance->lower;
    if (distance->kind == EST_I_CALIBRATE_RAKE || distance->kind == EST_I_CALIBRATE_EXPONENTIAL)
        return log(g > 0 ? g : 0);
    if (distance->kind != EST_I_CALIBRATE_LOGIT)
        return g - 1;
    return log(above * (g - distance->lower) / (below * (distance->upper - g))) * above * below / width;
}

static void uncut_at(const est_i_distance *distance, double u, double *g, double *slope, double *integral)
{
    if (distance->kind == EST_I_CALIBRATE_LOGIT)
        logit_at(distance, u, g, slope, integral);
    else
        free_at(distance->kind, u, g, slope, integral);
}

static void cut_at(const est_i_distance *distance, double bound, double u, double *g, double *slope, double *integral)
{
    double edge = inverse(distance, bound), inner, inner_slope;
    uncut_at(distance, edge, &inner, &inner_slope, integral);
    *g = bound;
    *slope = 0;
    *integral += bound != 0 ? bound * (u - edge) : 0;
}

void est_i_distance_at(const est_i_distance *distance, double u, double *g, double *slope, double *integral)
{
    uncut_at(distance, u, g, slope, integral);
    if (*g <= distance->least)
        cut_at(distance, distance->least, u, g, slope, integral);
    else if (*g >= distance->most)
        cut_at(distance, distance->most, u, g, slope, integral);
}

/* The logit kind never reaches its bounds: it needs no cut. */
est_i_distance est_i_distance_of(const est_i_calibration_options *options)
{
    bool logit = options->kind == EST_I_CALIBRATE_LOGIT;
    return (est_i_distance){options->kind, options->lower, options->upper, logit ? -INFINITY : options->lower,
                            logit ? INFINITY : options->upper};
}

/* ---- units ---- */

void est_i_units_clear(est_i_units *units)
{
    free(units->start);
    free(units->index);
    free(units->value);
    free(units->weight);
    free(units->lower);
    free(units->upper);
    memset(units, 0, sizeof *units);
}

double est_i_units_dot(const est_i_units *units, size_t unit, const double *lambda)
{
    double u = 0;
    for (size_t k = units->start[unit]; k < units->start[unit + 1]; k++)
        u += units->value[k] * lambda[units->index[k]];
    return u;
}

est_i_distance est_i_units_distance(const est_i_units *units, size_t unit, est_i_distance distance)
{
    if (units->lower) {
        distance.least = units->lower[unit];
        distance.most = units->upper[unit];
    }
    return distance;
}

static void add_products(const est_i_units *units, size_t unit, double factor, size_t size, double *matrix)
{
    size_t first = units->start[unit], last = units->start[unit + 1];
    for (size_t a = first; a < last; a++) {
        double *row = matrix + units->index[a] * size;
        double left = factor * units->value[a];
        for (size_t b = a; b < last; b++)
            row[units->index[b]] += left * units->value[b];
    }
}

void est_i_units_gram(const est_i_units *units, const double *weight, size_t size, double *gram)
{
    memset(gram, 0, size * size * sizeof *gram);
    for (size_t c = 0; c < units->n; c++)
        add_products(units, c, weight[c], size, gram);
}

est_status est_i_units_evaluate(void *user, const double *lambda, est_i_evaluation *evaluation, est_error *error)
{
    const est_i_units_problem *problem = user;
    const est_i_units *units = problem->units;
    const double *weight = problem->weight ? problem->weight : units->weight;
    double g, slope, integral, sum = 0;
    memset(evaluation->total, 0, problem->size * sizeof *evaluation->total);
    memset(evaluation->hessian, 0, problem->size * problem->size * sizeof *evaluation->hessian);
    for (size_t c = 0; c < units->n; c++) {
        est_i_distance distance = est_i_units_distance(units, c, problem->distance);
        if (!(weight[c] > 0))
            continue;
        if (c % 4096 == 4095 && est_i_monitor_cancelled(problem->monitor))
            return est_i_cancelled(error);
        est_i_distance_at(&distance, est_i_units_dot(units, c, lambda), &g, &slope, &integral);
        for (size_t k = units->start[c]; k < units->start[c + 1]; k++)
            evaluation->total[units->index[k]] += weight[c] * g * units->value[k];
        if (slope != 0)
            add_products(units, c, weight[c] * slope, problem->size, evaluation->hessian);
        sum += weight[c] * integral;
    }
    evaluation->integral = sum;
    return EST_OK;
}

/* Deming and Stephan (1940), Annals of Mathematical Statistics 11:427-444. Columns of different margins meet in a unit, those of
 * one margin do not, so that the k-th x of every unit is of the k-th margin. */
bool est_i_units_rake(const est_i_units *units, const double *weight, size_t size, const double *known, double tolerance,
                      int sweeps,
                      double *work, double *g)
{
    size_t n_margins = units->n ? units->start[1] - units->start[0] : 0;
    bool settled = false;
    for (int sweep = 0; sweep <= sweeps && !settled; sweep++) {
        double worst = 0;
        for (size_t m = 0; m < n_margins; m++) {
            memset(work, 0, size * sizeof *work);
            for (size_t c = 0; c < units->n; c++)
                work[units->index[units->start[c] + m]] += weight[c] * g[c];
            for (size_t c = 0; c < units->n; c++) {
                size_t column = units->index[units->start[c] + m];
                double misfit = fabs(known[column] - work[column]) / (1 + fabs(known[column]));
                worst = misfit > worst || isnan(misfit) ? misfit : worst;
                g[c] *= work[column] > 0 ? known[column] / work[column] : 1;
            }
        }
        settled = worst < tolerance;
        if (!isfinite(worst))
            break;
    }
    return settled;
}

/* ---- Newton ---- */

void est_i_factor_solve(const double *factor, size_t size, const bool *alive, double *b)
{
    for (size_t i = 0; i < size; i++) {
        b[i] = alive[i] ? b[i] / factor[i * size + i] : 0;
        for (size_t j = i + 1; j < size && alive[i]; j++)
            b[j] -= factor[i * size + j] * b[i];
    }
    for (size_t i = size; i-- > 0;) {
        for (size_t j = i + 1; j < size && alive[i]; j++)
            b[i] -= factor[i * size + j] * b[j];
        b[i] = alive[i] ? b[i] / factor[i * size + i] : 0;
    }
}

typedef struct newton {
    const est_i_calibration_problem *problem;
    est_i_evaluation at;
    double *step, *trial, *factor, *product;
    bool *alive;
    double value; /* of the dual function */
} newton;

static void newton_free(newton *n)
{
    free(n->at.total);
    free(n->at.hessian);
    free(n->step);
    free(n->trial);
    free(n->factor);
    free(n->product);
    free(n->alive);
}

static bool newton_make(newton *n, const est_i_calibration_problem *problem)
{
    size_t size = problem->size ? problem->size : 1;
    n->problem = problem;
    n->at.total = calloc(size, sizeof *n->at.total);
    n->at.hessian = calloc(size * size, sizeof *n->at.hessian);
    n->step = calloc(size, sizeof *n->step);
    n->trial = calloc(size, sizeof *n->trial);
    n->factor = calloc(size * size, sizeof *n->factor);
    n->product = calloc(size, sizeof *n->product);
    n->alive = calloc(size, sizeof *n->alive);
    return n->at.total && n->at.hessian && n->step && n->trial && n->factor && n->product && n->alive;
}

/* Evaluates at lambda: the value of the dual function, and the largest misfit; INFINITY where something is not finite. */
static est_status evaluate(newton *n, const double *lambda, double *misfit, est_error *error)
{
    const est_i_calibration_problem *problem = n->problem;
    est_status status = problem->evaluate(problem->user, lambda, &n->at, error);
    n->value = n->at.integral;
    *misfit = 0;
    for (size_t j = 0; j < problem->size && status == EST_OK; j++) {
        double off = fabs(problem->known[j] - n->at.total[j]) / (1 + fabs(problem->known[j]));
        n->value -= lambda[j] * problem->known[j];
        *misfit = off > *misfit || isnan(off) ? off : *misfit;
        if (!isfinite(off))
            break;
    }
    if (!isfinite(*misfit) || !isfinite(n->value))
        *misfit = INFINITY;
    return status;
}

/* The step that solves (hessian + extra gram) step = misfit; how much of the misfit it leaves out, at worst, as a share of the
 * worst. */
static double find_step(newton *n, double extra)
{
    size_t size = n->problem->size;
    double left = 0, worst = 0;
    for (size_t i = 0; i < size; i++)
        for (size_t j = i; j < size; j++)
            n->factor[i * size + j] = n->at.hessian[i * size + j] + (extra > 0 ? extra * n->problem->gram[i * size + j] : 0);
    est_i_factor(n->factor, size, n->alive);
    for (size_t j = 0; j < size; j++)
        n->step[j] = n->problem->known[j] - n->at.total[j];
    est_i_factor_solve(n->factor, size, n->alive, n->step);
    memset(n->product, 0, size * sizeof *n->product);
    for (size_t i = 0; i < size; i++)
        for (size_t j = i; j < size; j++) {
            double entry = n->at.hessian[i * size + j] + (extra > 0 ? extra * n->problem->gram[i * size + j] : 0);
            n->product[i] += entry * n->step[j];
            n->product[j] += i == j ? 0 : entry * n->step[i];
        }
    for (size_t j = 0; j < size; j++) {
        double misfit = n->problem->known[j] - n->at.total[j], scale = 1 + fabs(n->problem->known[j]);
        worst = fmax(worst, fabs(misfit) / scale);
        left = fmax(left, fabs(misfit - n->product[j]) / scale);
    }
    return worst > 0 ? left / worst : 0;
}

/* Halves the step until the misfit falls, or the dual function falls as its slope promises. False: neither happens. */
static est_status search(newton *n, est_i_calibration_solution *solution, bool *moved, est_error *error)
{
    size_t size = n->problem->size;
    double misfit = solution->misfit, value = n->value, slope = 0, share = 1;
    est_status status = EST_OK;
    for (size_t j = 0; j < size; j++)
        slope += n->step[j] * (n->problem->known[j] - n->at.total[j]);
    *moved = false;
    for (int halvings = 0; halvings < 40 && !*moved && status == EST_OK; halvings++, share /= 2) {
        double found = INFINITY;
        for (size_t j = 0; j < size; j++)
            n->trial[j] = solution->lambda[j] + share * n->step[j];
        status = evaluate(n, n->trial, &found, error);
        *moved = status == EST_OK && found < INFINITY &&
                 (found <= (1 - 1e-4 * share) * misfit || n->value < value - 1e-4 * share * slope);
        if (*moved)
            solution->misfit = found;
    }
    if (*moved)
        memcpy(solution->lambda, n->trial, size * sizeof *n->trial);
    return status;
}

est_status est_i_calibration_newton(const est_i_calibration_problem *problem, est_i_calibration_solution *solution,
                                    est_error *error)
{
    newton n = {0};
    est_status status = EST_OK;
    bool moved = true;
    solution->converged = false;
    solution->iterations = 0;
    if (!newton_make(&n, problem)) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    status = evaluate(&n, solution->lambda, &solution->misfit, error);
    while (status == EST_OK && moved && !(solution->misfit < problem->tolerance) && solution->misfit < INFINITY &&
           solution->iterations < problem->iterations) {
        if (find_step(&n, 0) > 0.5)
            find_step(&n, 0.1);
        status = search(&n, solution, &moved, error);
        solution->iterations++;
    }
    if (status == EST_OK && !moved) { /* the last evaluation was of a point that was not taken */
        double misfit;
        status = evaluate(&n, solution->lambda, &misfit, error);
    }
    memcpy(solution->reached, n.at.total, problem->size * sizeof *solution->reached);
    solution->converged = status == EST_OK && solution->misfit < problem->tolerance;
cleanup:
    newton_free(&n);
    return status;
}
