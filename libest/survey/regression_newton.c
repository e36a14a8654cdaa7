/* Newton's method over passes: every fit of a block (the sample's own, or replicates) takes its sums from the same pass. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/linear.h"
#include "survey/regression_parts.h"

#define BLOCK_ROWS 256

size_t est_i_newton_width(const est_i_regressors *model)
{
    return 1 + model->p + model->p * model->p;
}

double est_i_newton_mean(est_i_family family, double eta, double *variance)
{
    double mean = eta;
    *variance = 1;
    if (family == EST_I_FAMILY_LOGISTIC) {
        double e = exp(-fabs(eta));
        mean = eta >= 0 ? 1 / (1 + e) : e / (1 + e);
        *variance = e / ((1 + e) * (1 + e));
    }
    return mean;
}

/* y eta - log(1 + exp(eta)), or half a squared residual. */
static double log_likelihood(est_i_family family, double y, double eta)
{
    if (family == EST_I_FAMILY_LINEAR)
        return -0.5 * (y - eta) * (y - eta);
    return y * eta - (eta > 0 ? eta : 0) - log1p(exp(-fabs(eta)));
}

/* The sums */

typedef struct sums_user {
    const est_i_regressors *model;
    const est_i_sample_plan *plan;
    const est_i_replicate_weights *weights;
    double unit;
    size_t n_fits;
    const est_i_newton_fit *fits;
    bool reach;
} sums_user;

typedef struct sums_part {
    double *sums; /* [n_fits][width] */
    est_i_newton_reach reach;
    size_t n; /* rows in the block */
    size_t row[BLOCK_ROWS], count[BLOCK_ROWS];
    double weight[BLOCK_ROWS], y[BLOCK_ROWS];
    uint32_t *index; /* [BLOCK_ROWS][1 + n_terms] */
    double *value;
} sums_part;

static void sums_free(void *user, void *part)
{
    sums_part *own = part;
    (void)user;
    if (!own)
        return;
    free(own->sums);
    free(own->index);
    free(own->value);
    free(own);
}

static void *sums_new(void *user)
{
    const sums_user *sums = user;
    size_t columns = 1 + sums->model->n_terms;
    sums_part *part = calloc(1, sizeof *part);
    if (!part)
        return NULL;
    part->sums = calloc(sums->n_fits * est_i_newton_width(sums->model), sizeof *part->sums);
    part->index = malloc(BLOCK_ROWS * columns * sizeof *part->index);
    part->value = malloc(BLOCK_ROWS * columns * sizeof *part->value);
    part->reach = (est_i_newton_reach){-INFINITY, INFINITY};
    if (!part->sums || !part->index || !part->value) {
        sums_free(user, part);
        part = NULL;
    }
    return part;
}

static double product(size_t n, const uint32_t *index, const double *value, const double *beta)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += value[i] * beta[index[i]];
    return sum;
}

/* Columns that are 0 in a row cost nothing: a factor of many levels is one column here. */
static void add_block(const sums_user *user, sums_part *part, const est_i_newton_fit *fit, double *sums)
{
    const est_i_regressors *model = user->model;
    size_t p = model->p, columns = 1 + model->n_terms;
    double *gradient = sums + 1, *hessian = gradient + p;
    for (size_t k = 0; k < part->n; k++) {
        const uint32_t *index = part->index + k * columns;
        const double *value = part->value + k * columns;
        double w = part->weight[k] * user->unit, variance;
        if (w == 0)
            continue;
        double eta = product(part->count[k], index, value, fit->tried);
        double residual = w * (part->y[k] - est_i_newton_mean(model->family, eta, &variance));
        sums[0] += w * log_likelihood(model->family, part->y[k], eta);
        for (size_t i = 0; i < part->count[k]; i++) {
            double *row = hessian + index[i] * p, x = w * variance * value[i];
            gradient[index[i]] += residual * value[i];
            for (size_t j = i; j < part->count[k]; j++)
                row[index[j]] += x * value[j];
        }
        if (user->reach) {
            double moved = product(part->count[k], index, value, fit->step) * (part->y[k] > 0.5 ? 1 : -1);
            part->reach.toward = moved > part->reach.toward ? moved : part->reach.toward;
            part->reach.against = moved < part->reach.against ? moved : part->reach.against;
        }
    }
}

static void finish_block(const sums_user *user, sums_part *part, const est_i_rows *rows)
{
    size_t width = est_i_newton_width(user->model);
    for (size_t k = 0; k < part->n && !user->weights; k++)
        part->weight[k] = rows->weight[part->row[k]];
    for (size_t f = 0; f < user->n_fits && part->n > 0; f++) {
        if (user->fits[f].done || user->fits[f].failed)
            continue;
        if (user->weights)
            est_i_replicate_weights_rows(user->weights, rows, f, part->n, part->row, part->weight);
        add_block(user, part, &user->fits[f], part->sums + f * width);
    }
    part->n = 0;
}

static est_status sums_take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const sums_user *sums = user;
    const est_i_regressors *model = sums->model;
    sums_part *own = part;
    size_t columns = 1 + model->n_terms;
    bool missing;
    (void)error;
    for (size_t i = 0; i < rows->n; i++) {
        if (!est_i_regressors_enter(sums->plan, model->n_variables, model->variable, rows, i, &missing))
            continue;
        size_t k = own->n++;
        own->row[k] = i;
        own->y[k] = rows->value[model->response][i];
        own->count[k] = est_i_regressors_row(model, rows, i, own->index + k * columns, own->value + k * columns);
        if (own->n == BLOCK_ROWS)
            finish_block(sums, own, rows);
    }
    finish_block(sums, own, rows);
    return EST_OK;
}

static est_status sums_settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    (void)user, (void)part, (void)final, (void)error;
    return EST_OK;
}

static est_status sums_join(void *user, void *into, void *from, est_error *error)
{
    const sums_user *sums = user;
    sums_part *to = into;
    const sums_part *later = from;
    size_t n = sums->n_fits * est_i_newton_width(sums->model);
    (void)error;
    for (size_t i = 0; i < n; i++)
        to->sums[i] += later->sums[i];
    to->reach.toward = fmax(to->reach.toward, later->reach.toward);
    to->reach.against = fmin(to->reach.against, later->reach.against);
    return EST_OK;
}

est_status est_i_newton_sums(est_i_sample *sample, const est_i_regressors *model, const est_i_replicate_weights *weights,
                             double unit, size_t n_fits, const est_i_newton_fit *fits, double *sums, est_i_newton_reach *reach,
                             est_error *error)
{
    static const est_i_rows_consumer consumer = {sums_new, sums_take, sums_settle, sums_join, sums_free};
    sums_user user = {model, est_i_sample_get_plan(sample), weights, unit, n_fits, fits, reach != NULL};
    void *part = NULL;
    est_status status = est_i_sample_pass(sample, &consumer, &user, weights ? "fitting replicates" : "fitting", &part, error);
    if (status == EST_OK) {
        const sums_part *whole = part;
        memcpy(sums, whole->sums, n_fits * est_i_newton_width(model) * sizeof *sums);
        if (reach)
            *reach = whole->reach;
    }
    sums_free(&user, part);
    return status;
}

/* The steps */

est_i_newton_fit *est_i_newton_fits_new(size_t n_fits, size_t p)
{
    est_i_newton_fit *fits = calloc(n_fits ? n_fits : 1, sizeof *fits);
    double *numbers = calloc(n_fits * p * 3 + 1, sizeof *numbers);
    bool *alive = calloc(n_fits * p + 1, sizeof *alive);
    if (!fits || !numbers || !alive) {
        free(fits);
        free(numbers);
        free(alive);
        return NULL;
    }
    fits[0].beta = numbers;
    fits[0].alive = alive;
    for (size_t f = 0; f < n_fits; f++) {
        fits[f].beta = numbers + f * p * 3;
        fits[f].step = fits[f].beta + p;
        fits[f].tried = fits[f].step + p;
        fits[f].alive = alive + f * p;
        fits[f].shrink = 1;
        fits[f].find_alive = true;
    }
    return fits;
}

void est_i_newton_fits_free(est_i_newton_fit *fits)
{
    if (!fits)
        return;
    free(fits[0].beta);
    free(fits[0].alive);
    free(fits);
}

static void clear_column(double *hessian, size_t p, size_t column)
{
    for (size_t i = 0; i < p; i++)
        hessian[i * p + column] = hessian[column * p + i] = 0;
}

/* Columns that hold the same number in every row are told from rounding errors by the size they had before they were centred. */
static bool find_alive(const est_i_regressors *model, const double *hessian, bool *alive)
{
    size_t p = model->p;
    double *copy = malloc(p * p * sizeof *copy);
    if (!copy)
        return false;
    memcpy(copy, hessian, p * p * sizeof *copy);
    for (size_t j = 1; j < p && model->intercept; j++) {
        double own = copy[j * p + j], shared = hessian[j], total = hessian[0];
        if (!(own - shared * shared / total > 1e-20 * total * model->size[j] * model->size[j]))
            clear_column(copy, p, j);
    }
    est_i_factor(copy, p, alive);
    free(copy);
    return true;
}

/* U'y = gradient, U step = y. */
static void solve(size_t p, double *hessian, const bool *wanted, bool *alive, const double *gradient, double *step)
{
    for (size_t j = 0; j < p; j++)
        if (!wanted[j])
            clear_column(hessian, p, j);
    est_i_factor(hessian, p, alive);
    for (size_t i = 0; i < p; i++)
        step[i] = alive[i] ? gradient[i] : 0;
    for (size_t i = 0; i < p; i++) {
        step[i] = alive[i] ? step[i] / hessian[i * p + i] : 0;
        for (size_t j = i + 1; j < p && alive[i]; j++)
            step[j] -= hessian[i * p + j] * step[i];
    }
    for (size_t i = p; i-- > 0;) {
        for (size_t j = i + 1; j < p && alive[i]; j++)
            step[i] -= hessian[i * p + j] * step[j];
        step[i] = alive[i] ? step[i] / hessian[i * p + i] : 0;
    }
}

bool est_i_newton_inverse(size_t p, double *hessian, const bool *alive, double *inverse)
{
    bool *found = malloc((p + 1) * sizeof *found);
    if (!found)
        return false;
    for (size_t j = 0; j < p; j++)
        if (!alive[j])
            clear_column(hessian, p, j);
    est_i_factor(hessian, p, found);
    for (size_t j = 0; j < p; j++)
        est_i_inverse_column(hessian, p, found, j, inverse + j * p);
    free(found);
    return true;
}

static double largest(size_t p, const double *values)
{
    double most = 0;
    for (size_t j = 0; j < p; j++)
        most = fabs(values[j]) > most ? fabs(values[j]) : most;
    return most;
}

static void try_step(est_i_newton_fit *fit, size_t p)
{
    for (size_t j = 0; j < p; j++)
        fit->tried[j] = fit->beta[j] + fit->shrink * fit->step[j];
}

est_status est_i_newton_update(const est_i_regressors *model, est_i_newton_fit *fit, double *sums, est_error *error)
{
    size_t p = model->p;
    double *gradient = sums + 1, *hessian = gradient + p;
    bool worse = fit->started && !(sums[0] >= fit->value - 1e-10 * (1 + fabs(fit->value)));
    fit->iterations++;
    if (worse || !isfinite(sums[0])) {
        fit->shrink /= 2;
        fit->failed = !fit->started || fit->shrink < 1e-10;
        try_step(fit, p);
        return EST_OK;
    }
    bool *alive = malloc((p + 1) * sizeof *alive);
    if (!alive || (fit->find_alive && !find_alive(model, hessian, fit->alive))) {
        free(alive);
        return est_i_no_memory(error);
    }
    fit->find_alive = false;
    fit->started = true;
    fit->value = sums[0];
    memcpy(fit->beta, fit->tried, p * sizeof *fit->beta);
    solve(p, hessian, fit->alive, alive, gradient, fit->step);
    free(alive);
    fit->shrink = 1;
    try_step(fit, p);
    double size = largest(p, fit->tried), floor = model->family == EST_I_FAMILY_LOGISTIC ? 1 : 0;
    size = size > floor ? size : floor;
    fit->relative = size > 0 ? largest(p, fit->step) / size : 0;
    return EST_OK;
}
