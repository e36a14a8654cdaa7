/* Model-based estimates made to meet a national figure; sampling variances pooled; which areas must not show. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "survey/small_area.h"

typedef struct adjustment {
    const est_i_small_area_data *data;
    const est_i_small_area *model;
    const est_i_small_area_target *target;
    double national, before, spread; /* spread: sum of share times `moves` */
    est_error *error;
} adjustment;

static est_status check_shares(const adjustment *a)
{
    double total = 0;
    for (size_t i = 0; i < a->model->n_areas; i++) {
        double share = a->target->share[i];
        if (!(share >= 0 && share < INFINITY))
            return est_i_fail_at(a->error, EST_EVALUE, (est_i_place){.record = (long long)i + 1},
                                 "found no share, or one below 0, expected a share for every area");
        total += share;
        if (isnan(a->target->national) && share > 0 && a->model->area[i].state != EST_I_AREA_FITTED)
            return est_i_fail(a->error, EST_EDEFINITION, "area %zu has no direct estimate that enters the fit, so the direct "
                                                         "estimates give no national figure; expected a national figure", i + 1);
    }
    if (!(total > 0 && total < INFINITY))
        return est_i_fail(a->error, EST_EVALUE, "found shares that are all 0, expected at least one above 0");
    return EST_OK;
}

/* l of the header. */
static double moves(const adjustment *a, size_t area)
{
    const est_i_area *of = &a->model->area[area];
    double by = 1;
    if (a->target->kind == EST_SMALL_AREA_RATIO)
        by = of->estimate;
    else if (a->target->kind == EST_SMALL_AREA_OPTIMAL)
        by = a->target->share[area] * of->mse;
    return by;
}

static void add_up(adjustment *a)
{
    double direct = 0;
    for (size_t i = 0; i < a->model->n_areas; i++) {
        double share = a->target->share[i];
        a->before += share * a->model->area[i].estimate;
        a->spread += share * moves(a, i);
        direct += share > 0 ? share * a->data->direct[i] : 0;
    }
    a->national = isnan(a->target->national) ? direct : a->target->national;
}

/* The variance of sum share (y - estimate) = sum share B residual at known A: sum share^2 B^2 V - c'Qc, c = sum share B x. */
static double gap_variance(const adjustment *a)
{
    const est_i_small_area *m = a->model;
    size_t p = m->n_terms;
    double variance = 0;
    for (size_t i = 0; i < m->n_areas; i++) {
        double part = a->target->share[i] * (1 - m->area[i].gamma);
        variance += a->target->share[i] > 0 ? part * part * (m->variance + a->data->variance[i]) : 0;
    }
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < p; k++) {
            double left = 0, right = 0;
            for (size_t i = 0; i < m->n_areas; i++) {
                double part = a->target->share[i] * (1 - m->area[i].gamma);
                left += part * a->data->terms[i * p + j];
                right += part * a->data->terms[i * p + k];
            }
            variance -= left * m->beta_covariance[j * p + k] * right;
        }
    return fmax(variance, 0);
}

est_status est_i_small_area_benchmark(const est_i_small_area_data *data, const est_i_small_area *model,
                                      const est_i_small_area_target *target, est_i_small_area_benchmarked *to, est_error *error)
{
    adjustment a = {.data = data, .model = model, .target = target, .error = error};
    est_status status = check_shares(&a);
    if (status != EST_OK)
        return status;
    add_up(&a);
    if (target->kind == EST_SMALL_AREA_RATIO && !(a.before > 0 && a.national > 0))
        return est_i_fail(error, EST_EIDENTIFY, "a ratio needs a national figure and a sum of estimates above 0; use the "
                                                "difference");
    double gap = a.national - a.before, variance = isnan(target->national) ? gap_variance(&a) : gap * gap;
    to->national = a.national;
    to->before = a.before;
    for (size_t i = 0; i < model->n_areas; i++) {
        double part = moves(&a, i) / a.spread;
        to->estimate[i] = model->area[i].estimate + part * gap;
        to->mse[i] = model->area[i].mse + part * part * variance;
    }
    return EST_OK;
}

/* ---- before the fit ---- */

double est_i_small_area_case_variance(const double *direct, const double *variance, const double *cases, size_t n_areas,
                                      const bool *left_out)
{
    double sum = 0, all = 0;
    for (size_t i = 0; i < n_areas; i++)
        if (!isnan(direct[i]) && variance[i] >= 0 && cases[i] > 0 && !(left_out && left_out[i])) {
            sum += cases[i] * cases[i] * variance[i];
            all += cases[i];
        }
    return all > 0 ? sum / all : NAN;
}

/* The area still in with the fewest cases; n_areas if there is none. */
static size_t fewest(const double *direct, const double *cases, size_t n_areas, const bool *left_out)
{
    size_t found = n_areas;
    for (size_t i = 0; i < n_areas; i++)
        if (!left_out[i] && !isnan(direct[i]) && !isnan(cases[i]) && (found == n_areas || cases[i] < cases[found]))
            found = i;
    return found;
}

size_t est_i_small_area_leave_out(const double *direct, const double *cases, size_t n_areas, double least, bool protect,
                                  bool *left_out)
{
    size_t count = 0;
    double together = 0;
    for (size_t i = 0; i < n_areas; i++) {
        left_out[i] = !isnan(direct[i]) && cases[i] < least;
        if (left_out[i]) {
            count++;
            together += cases[i];
        }
    }
    while (protect && count > 0 && (count < 2 || together < least)) {
        size_t next = fewest(direct, cases, n_areas, left_out);
        if (next == n_areas)
            break;
        left_out[next] = true;
        together += cases[next];
        count++;
    }
    return count;
}
