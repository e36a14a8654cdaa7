/* The area model: from direct estimates to predictions with their mean squared errors.
 *
 * With B = D / (A + D) and Q = (X'V^-1 X)^-1 the predictor's mean squared error is g1 + g2 + g3 + o(1 / m): g1 = A B for the
 * area's own effect, g2 = B^2 x'Qx for b, g3 = B^2 / (A + D) var(A) for A. Put in at the estimated A, g1 is too small by g3 on
 * average, and by B^2 times the bias of A: hence g1 + g2 + 2 g3 less that (Prasad, Rao 1990). REML: var(A) = 2 / sum V^-2, no
 * bias of that order; ML: the same variance, bias -tr(Q X'V^-2 X) / sum V^-2 (Datta, Lahiri 2000); moments: var(A) = 2 m / (sum
 * V^-1)^2, bias 2 (m sum V^-2 - (sum V^-1)^2) / (sum V^-1)^3 (Datta, Rao, Smith 2005). An area out of the fit is the limit D to
 * infinity: A less the bias, plus x'Qx. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/linear.h"
#include "numerics/special.h"
#include "survey/small_area_parts.h"

#define LEAST_VARIANCE 1e-8 /* of the median: below it a variance is taken as 0 */

typedef struct fitting {
    const est_i_small_area_data *data;
    est_i_small_area_problem of;
    est_i_small_area *model;
    double *basis;   /* p x p, upper triangle: x' = z' basis */
    double *z;       /* of every area */
    size_t dependent;
    double squares;  /* sum V^-2 */
    double sum;      /* sum V^-1 */
    est_error *error;
} fitting;

/* ---- who is fitted ---- */

static est_status check_data(const est_i_small_area_data *data, est_error *error)
{
    est_status status = EST_OK;
    for (size_t i = 0; i < data->n_areas && status == EST_OK; i++) {
        est_i_place place = {.record = (long long)i + 1};
        if (data->variance[i] < 0 || isinf(data->variance[i]))
            status = est_i_fail_at(error, EST_EVALUE, place, "found a variance below 0 or infinite, expected 0 or more");
        else if (isinf(data->direct[i]))
            status = est_i_fail_at(error, EST_EVALUE, place, "found an infinite direct estimate");
        for (size_t j = 0; j < data->n_terms && status == EST_OK; j++)
            if (!isfinite(data->terms[i * data->n_terms + j]))
                status = est_i_fail_at(error, EST_EVALUE, place, "a covariate is missing or infinite, expected a number for every "
                                                                 "area");
    }
    return status;
}

/* A variance that rounding left of 0 is no variance either. */
static double least_variance(const est_i_small_area_data *data, double *room)
{
    size_t n = 0;
    for (size_t i = 0; i < data->n_areas; i++)
        if (data->variance[i] > 0 && !isnan(data->direct[i]) && !(data->left_out && data->left_out[i]))
            room[n++] = data->variance[i];
    est_i_sort(room, n);
    return n ? LEAST_VARIANCE * room[n / 2] : 0;
}

static void set_states(fitting *f, double *room)
{
    const est_i_small_area_data *data = f->data;
    double least = least_variance(data, room);
    for (size_t i = 0; i < data->n_areas; i++) {
        est_i_area_state state = EST_I_AREA_FITTED;
        if (isnan(data->direct[i]))
            state = EST_I_AREA_NO_DIRECT;
        else if (data->left_out && data->left_out[i])
            state = EST_I_AREA_LEFT_OUT;
        else if (!(data->variance[i] > 0 && data->variance[i] >= least))
            state = EST_I_AREA_NO_VARIANCE;
        f->model->area[i].state = state;
        f->model->n_fitted += state == EST_I_AREA_FITTED;
    }
}

static est_status check_count(fitting *f)
{
    if (f->model->n_terms > 0 && f->model->n_fitted > f->model->n_terms)
        return EST_OK;
    return est_i_fail(f->error, EST_EIDENTIFY, "found %zu area%s with a direct estimate and its variance, and %zu coefficient%s; "
                                               "expected more areas than coefficients, and one of these at "
                                               "least", f->model->n_fitted,
                      f->model->n_fitted == 1 ? "" : "s", f->model->n_terms, f->model->n_terms == 1 ? "" : "s");
}

/* ---- the basis ---- */

/* z = x / U, U upper triangular: z U = x. */
static void divide_rows(double *z, size_t rows, size_t p, const double *factor)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < p; j++) {
            for (size_t k = 0; k < j; k++)
                z[i * p + j] -= z[i * p + k] * factor[k * p + j];
            z[i * p + j] /= factor[j * p + j];
        }
}

/* basis = factor basis, both upper triangular. */
static void multiply_basis(double *basis, size_t p, const double *factor)
{
    for (size_t i = 0; i < p; i++)
        for (size_t j = i; j < p; j++) {
            double sum = 0;
            for (size_t k = i; k <= j; k++)
                sum += factor[i * p + k] * basis[k * p + j];
            basis[i * p + j] = sum;
        }
}

/* Lengths first, then the Cholesky factor of the products, twice: the first leaves an error of the square of the condition, the
 * second removes it. */
static est_status make_basis(fitting *f)
{
    est_i_small_area_problem *of = &f->of;
    size_t p = of->p, rows = f->data->n_areas;
    double *factor = of->work;
    for (size_t j = 0; j < p; j++) {
        double length = 0;
        for (size_t i = 0; i < of->n; i++)
            length = hypot(length, of->z[i * p + j]);
        if (!(length > 0) && f->dependent == SIZE_MAX)
            f->dependent = j;
        f->basis[j * p + j] = length;
        for (size_t i = 0; i < of->n && length > 0; i++)
            of->z[i * p + j] /= length;
        for (size_t i = 0; i < rows && length > 0; i++)
            f->z[i * p + j] /= length;
    }
    for (int pass = 0; pass < 2 && f->dependent == SIZE_MAX; pass++) {
        for (size_t i = 0; i < of->n; i++)
            of->w[i] = 1;
        est_i_small_area_cross(of, of->w, factor);
        est_i_factor(factor, p, of->alive);
        for (size_t j = 0; j < p && f->dependent == SIZE_MAX; j++)
            f->dependent = of->alive[j] ? SIZE_MAX : j;
        divide_rows(of->z, of->n, p, factor);
        divide_rows(f->z, rows, p, factor);
        multiply_basis(f->basis, p, factor);
    }
    if (f->dependent != SIZE_MAX)
        return est_i_fail(f->error, EST_EIDENTIFY, "term %zu of the model is 0 everywhere or a combination of those before it; "
                                                   "leave it out", f->dependent + 1);
    return EST_OK;
}

/* What equal weights leave: twice, so that it is at right angles to the basis. */
static void clear_basis(est_i_small_area_problem *of)
{
    for (int pass = 0; pass < 2; pass++)
        for (size_t j = 0; j < of->p; j++) {
            double share = 0;
            for (size_t i = 0; i < of->n; i++)
                share += of->z[i * of->p + j] * of->y[i];
            for (size_t i = 0; i < of->n; i++)
                of->y[i] -= share * of->z[i * of->p + j];
        }
    of->sum_of_squares = 0;
    for (size_t i = 0; i < of->n; i++)
        of->sum_of_squares += of->y[i] * of->y[i];
}

static bool allocate(fitting *f)
{
    est_i_small_area_problem *of = &f->of;
    size_t n = of->n, p = of->p, rows = f->data->n_areas;
    of->z = calloc(n * p, sizeof *of->z);
    of->y = calloc(n, sizeof *of->y);
    of->d = calloc(n, sizeof *of->d);
    of->w = calloc(n, sizeof *of->w);
    of->covariance = calloc(p * p, sizeof *of->covariance);
    of->coefficient = calloc(p, sizeof *of->coefficient);
    of->residual = calloc(n, sizeof *of->residual);
    of->work = calloc(2 * p * p + n + 2 * p, sizeof *of->work);
    of->alive = calloc(p, sizeof *of->alive);
    f->basis = calloc(p * p, sizeof *f->basis);
    f->z = calloc(rows * p, sizeof *f->z);
    f->model->beta = calloc(p, sizeof *f->model->beta);
    f->model->beta_covariance = calloc(p * p, sizeof *f->model->beta_covariance);
    return of->z && of->y && of->d && of->w && of->covariance && of->coefficient && of->residual && of->work && of->alive &&
           f->basis && f->z && f->model->beta && f->model->beta_covariance;
}

static void free_problem(fitting *f)
{
    free(f->of.z);
    free(f->of.y);
    free(f->of.d);
    free(f->of.w);
    free(f->of.covariance);
    free(f->of.coefficient);
    free(f->of.residual);
    free(f->of.work);
    free(f->of.alive);
    free(f->basis);
    free(f->z);
}

static est_status prepare(fitting *f)
{
    const est_i_small_area_data *data = f->data;
    size_t p = data->n_terms, n = 0;
    f->of.n = f->model->n_fitted;
    f->of.p = p;
    if (!allocate(f))
        return est_i_no_memory(f->error);
    memcpy(f->z, data->terms, data->n_areas * p * sizeof *f->z);
    for (size_t i = 0; i < data->n_areas; i++) {
        if (f->model->area[i].state != EST_I_AREA_FITTED)
            continue;
        memcpy(f->of.z + n * p, data->terms + i * p, p * sizeof *f->of.z);
        f->of.y[n] = data->direct[i];
        f->of.d[n] = data->variance[i];
        f->of.largest = fmax(f->of.largest, data->variance[i]);
        n++;
    }
    est_status status = make_basis(f);
    if (status == EST_OK)
        clear_basis(&f->of);
    return status;
}

/* ---- the variance ---- */

static void estimate_variance(fitting *f)
{
    est_i_small_area *m = f->model;
    if (f->data->fit == EST_SMALL_AREA_MOMENT) {
        m->variance = est_i_small_area_moment(&f->of);
        m->n_optima = 1;
        m->optimum[0].variance = m->variance;
    } else {
        m->n_optima = est_i_small_area_search(&f->of, f->data->fit == EST_SMALL_AREA_ML ? EST_I_CRITERION_ML : EST_I_CRITERION_REML,
                                              m->optimum);
        m->variance = m->n_optima ? m->optimum[0].variance : 0;
    }
    m->at_zero = !(m->variance > 0);
    if (m->at_zero && f->data->adjust_zero && !f->of.failed) {
        est_i_small_area_optimum optimum[EST_I_SMALL_AREA_OPTIMA];
        m->adjusted = est_i_small_area_search(&f->of, EST_I_CRITERION_ADJUSTED, optimum) > 0;
        m->variance = m->adjusted ? optimum[0].variance : 0;
    }
}

static est_small_area_fit formula(const fitting *f)
{
    return f->model->adjusted ? EST_SMALL_AREA_REML : f->data->fit;
}

static double variance_of_variance(const fitting *f)
{
    double m = (double)f->of.n;
    return formula(f) == EST_SMALL_AREA_MOMENT ? 2 * m / (f->sum * f->sum) : 2 / f->squares;
}

static double bias_of_variance(fitting *f)
{
    double m = (double)f->of.n, bias = 0;
    size_t p = f->of.p;
    if (formula(f) == EST_SMALL_AREA_MOMENT) {
        bias = 2 * (m * f->squares - f->sum * f->sum) / (f->sum * f->sum * f->sum);
    } else if (formula(f) == EST_SMALL_AREA_ML) {
        double *square = f->of.work, *weight = f->of.work + 2 * p * p;
        for (size_t i = 0; i < f->of.n; i++)
            weight[i] = f->of.w[i] * f->of.w[i];
        est_i_small_area_cross(&f->of, weight, square);
        for (size_t k = 0; k < p * p; k++)
            bias -= f->of.covariance[k] * square[k] / f->squares;
    }
    return bias;
}

/* ---- the areas ---- */

/* x'Qx on the basis. */
static double spread(const fitting *f, size_t area)
{
    const double *z = f->z + area * f->of.p;
    double sum = 0;
    for (size_t j = 0; j < f->of.p; j++)
        for (size_t k = 0; k < f->of.p; k++)
            sum += z[j] * f->of.covariance[j * f->of.p + k] * z[k];
    return sum;
}

static void predict(fitting *f)
{
    est_i_small_area *m = f->model;
    double of_variance = variance_of_variance(f), bias = bias_of_variance(f), a = m->variance;
    for (size_t i = 0; i < m->n_areas; i++) {
        est_i_area *area = &m->area[i];
        bool fitted = area->state == EST_I_AREA_FITTED;
        double d = f->data->variance[i], b = fitted ? d / (a + d) : 1;
        area->synthetic = 0;
        for (size_t j = 0; j < m->n_terms; j++)
            area->synthetic += f->data->terms[i * m->n_terms + j] * m->beta[j];
        area->gamma = fitted ? a / (a + d) : 0;
        area->residual = fitted ? f->data->direct[i] - area->synthetic : NAN;
        area->estimate = area->synthetic + (fitted ? area->gamma * area->residual : 0);
        area->g1 = a * b;
        area->g2 = b * b * spread(f, i);
        area->g3 = fitted ? b * b / (a + d) * of_variance : 0;
        area->bias = bias * b * b;
        area->mse = fmax(area->g1 - area->bias, 0) + area->g2 + 2 * area->g3;
        double left = fitted ? a + d - spread(f, i) : NAN;
        area->standardised = left > 1e-9 * (a + d) ? area->residual / sqrt(left) : NAN;
    }
}

/* basis b = coefficients on z, the part that equal weights explain included; its covariance alike. */
static void solve_beta(fitting *f)
{
    est_i_small_area *m = f->model;
    size_t p = f->of.p, n = 0;
    double *right = f->of.work, *inverse = f->of.work + p;
    for (size_t j = 0; j < p; j++)
        right[j] = f->of.coefficient[j];
    for (size_t i = 0; i < m->n_areas; i++) {
        if (m->area[i].state != EST_I_AREA_FITTED)
            continue;
        for (size_t j = 0; j < p; j++)
            right[j] += f->of.z[n * p + j] * (f->data->direct[i] - f->of.y[n]);
        n++;
    }
    for (size_t j = p; j-- > 0;) {
        m->beta[j] = right[j];
        for (size_t k = j + 1; k < p; k++)
            m->beta[j] -= f->basis[j * p + k] * m->beta[k];
        m->beta[j] /= f->basis[j * p + j];
    }
    /* The columns of basis^-1, one by one. */
    for (size_t c = 0; c < p; c++)
        for (size_t j = p; j-- > 0;) {
            double value = j == c ? 1 : 0;
            for (size_t k = j + 1; k < p; k++)
                value -= f->basis[j * p + k] * inverse[k * p + c];
            inverse[j * p + c] = value / f->basis[j * p + j];
        }
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++)
            for (size_t k = 0; k < p; k++)
                for (size_t l = 0; l < p; l++)
                    m->beta_covariance[i * p + j] += inverse[i * p + k] * f->of.covariance[k * p + l] * inverse[j * p + l];
}

/* ---- fit ---- */

/* Kullback's symmetric criterion: 3 a parameter (Cavanaugh 1999). */
static void describe_fit(fitting *f)
{
    est_i_small_area *m = f->model;
    double areas = (double)m->n_fitted, parameters = (double)m->n_terms + 1, logs = 0;
    for (size_t i = 0; i < f->of.n; i++)
        logs += log(f->of.w[i]);
    m->log_likelihood = (logs - areas * log(2 * acos(-1)) - est_i_small_area_quadratic(&f->of)) / 2;
    m->aic = -2 * m->log_likelihood + 2 * parameters;
    m->bic = -2 * m->log_likelihood + parameters * log(areas);
    m->kic = -2 * m->log_likelihood + 3 * parameters;
}

static void describe_residuals(est_i_small_area *m)
{
    double n = 0, mean = 0, second = 0, third = 0, fourth = 0;
    for (size_t i = 0; i < m->n_areas; i++)
        if (!isnan(m->area[i].standardised)) {
            mean += m->area[i].standardised;
            n++;
        }
    mean /= n;
    for (size_t i = 0; i < m->n_areas; i++)
        if (!isnan(m->area[i].standardised)) {
            double off = m->area[i].standardised - mean;
            second += off * off / n;
            third += off * off * off / n;
            fourth += off * off * off * off / n;
        }
    m->skewness = third / (second * sqrt(second));
    m->excess_kurtosis = fourth / (second * second) - 3;
    m->normality_p = est_i_chi_squared_upper(n * (m->skewness * m->skewness / 6 + m->excess_kurtosis * m->excess_kurtosis / 24), 2);
}

static est_status complete(fitting *f)
{
    est_i_small_area *m = f->model;
    est_i_small_area_weigh(&f->of, 0);
    m->heterogeneity = est_i_small_area_quadratic(&f->of);
    m->heterogeneity_df = (double)(f->of.n - f->of.p);
    m->heterogeneity_p = est_i_chi_squared_upper(m->heterogeneity, m->heterogeneity_df);
    if (!f->of.failed)
        estimate_variance(f);
    est_i_small_area_weigh(&f->of, m->variance);
    for (size_t i = 0; i < f->of.n; i++) {
        f->sum += f->of.w[i];
        f->squares += f->of.w[i] * f->of.w[i];
    }
    m->variance_se = m->variance > 0 ? sqrt(variance_of_variance(f)) : NAN;
    solve_beta(f);
    predict(f);
    describe_fit(f);
    describe_residuals(m);
    if (f->of.failed || !isfinite(m->log_likelihood) || !(f->squares > 0 && f->squares < INFINITY))
        return est_i_fail(f->error, EST_EIDENTIFY, "direct estimates, their variances and covariates differ by too many orders of "
                                                   "magnitude, or are too large or small to be squared; check the largest and "
                                                   "the smallest");
    return EST_OK;
}

est_status est_i_small_area_fit(const est_i_small_area_data *data, est_i_small_area **model, size_t *dependent, est_error *error)
{
    fitting f = {.data = data, .dependent = SIZE_MAX, .error = error};
    double *room = calloc(data->n_areas + 1, sizeof *room);
    est_i_small_area *m = calloc(1, sizeof *m);
    est_status status = EST_OK;
    if (m)
        m->area = calloc(data->n_areas + 1, sizeof *m->area);
    if (!room || !m || !m->area) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    m->n_areas = data->n_areas;
    m->n_terms = data->n_terms;
    f.model = m;
    status = check_data(data, error);
    if (status == EST_OK) {
        set_states(&f, room);
        status = check_count(&f);
    }
    if (status == EST_OK)
        status = prepare(&f);
    if (status == EST_OK)
        status = complete(&f);
cleanup:
    if (dependent)
        *dependent = f.dependent;
    free_problem(&f);
    free(room);
    if (status != EST_OK) {
        est_i_small_area_free(m);
        m = NULL;
    }
    *model = m;
    return status;
}

void est_i_small_area_free(est_i_small_area *model)
{
    if (!model)
        return;
    free(model->beta);
    free(model->beta_covariance);
    free(model->area);
    free(model);
}
