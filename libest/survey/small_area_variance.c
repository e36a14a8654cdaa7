/* The variance between areas.
 *
 * With P = W - Wz(z'Wz)^-1 z'W, W = diag(1 / (A + d)), the slope of the restricted log likelihood in A is (y'PPy - tr P) / 2,
 * that of the profile likelihood (y'PPy - tr W) / 2. Let K be an orthonormal basis of what z leaves. P = K (A + K'dK)^-1 K', so
 * with the eigenvalues e of K'dK and t = the coordinates of y there
 *     tr P = sum 1 / (A + e),   y'PPy = sum t^2 / (A + e)^2,
 * and both fall in A, as do their slopes. The values at the ends of an interval of A therefore bound slope and curvature of the
 * likelihood within it. The search halves intervals until in each the slope cannot be 0, or runs one way: it meets every maximum.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "numerics/linear.h"
#include "survey/small_area_parts.h"

typedef est_i_small_area_problem problem;

/* The slope of a criterion as the difference of two positive functions that fall in A, and what they fall by. */
typedef struct point {
    double at, up, down, up_fall, down_fall, criterion;
} point;

typedef struct search {
    problem *of;
    est_i_small_area_criterion criterion;
    est_i_small_area_optimum *optimum;
    size_t n;
} search;

/* ---- one value of A ---- */

void est_i_small_area_cross(const problem *of, const double *weight, double *matrix)
{
    size_t p = of->p;
    memset(matrix, 0, p * p * sizeof *matrix);
    for (size_t i = 0; i < of->n; i++)
        for (size_t j = 0; j < p; j++) {
            double share = weight[i] * of->z[i * p + j];
            for (size_t k = 0; k <= j; k++)
                matrix[k * p + j] += share * of->z[i * p + k];
        }
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < j; k++)
            matrix[j * p + k] = matrix[k * p + j];
}

void est_i_small_area_weigh(problem *of, double variance)
{
    size_t n = of->n, p = of->p;
    double *factor = of->work, *product = of->work + 2 * p * p + n;
    for (size_t i = 0; i < n; i++)
        of->w[i] = 1 / (variance + of->d[i]);
    est_i_small_area_cross(of, of->w, factor);
    est_i_factor(factor, p, of->alive);
    of->log_determinant = 0;
    memset(product, 0, p * sizeof *product);
    for (size_t j = 0; j < p; j++) {
        of->failed = of->failed || !of->alive[j];
        of->log_determinant += 2 * log(factor[j * p + j]);
        est_i_inverse_column(factor, p, of->alive, j, of->covariance + j * p);
        for (size_t i = 0; i < n; i++)
            product[j] += of->w[i] * of->z[i * p + j] * of->y[i];
    }
    for (size_t j = 0; j < p; j++) {
        of->coefficient[j] = 0;
        for (size_t k = 0; k < p; k++)
            of->coefficient[j] += of->covariance[j * p + k] * product[k];
    }
    for (size_t i = 0; i < n; i++) {
        of->residual[i] = of->y[i];
        for (size_t j = 0; j < p; j++)
            of->residual[i] -= of->z[i * p + j] * of->coefficient[j];
    }
}

double est_i_small_area_quadratic(const problem *of)
{
    double sum = 0;
    for (size_t i = 0; i < of->n; i++)
        sum += of->w[i] * of->residual[i] * of->residual[i];
    return sum;
}

static double power_sum(const problem *of, int power)
{
    double sum = 0;
    for (size_t i = 0; i < of->n; i++) {
        double term = of->w[i];
        for (int k = 1; k < power; k++)
            term *= of->w[i];
        sum += term;
    }
    return sum;
}

/* y'PPPy = u'Pu with u = Py = w residual. */
static double third_form(problem *of)
{
    size_t n = of->n, p = of->p;
    double *product = of->work + 2 * p * p + n, sum = 0;
    memset(product, 0, p * sizeof *product);
    for (size_t i = 0; i < n; i++) {
        double u = of->w[i] * of->residual[i];
        sum += of->w[i] * u * u;
        for (size_t j = 0; j < p; j++)
            product[j] += of->w[i] * of->z[i * p + j] * u;
    }
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < p; k++)
            sum -= product[j] * of->covariance[j * p + k] * product[k];
    return sum;
}

/* tr P and tr PP, by tr(C z'w^2z) and its like, C the covariance of the coefficients. */
static void traces(problem *of, double *first, double *second)
{
    size_t n = of->n, p = of->p;
    double *square = of->work, *product = of->work + p * p, *weight = of->work + 2 * p * p;
    *first = power_sum(of, 1);
    *second = power_sum(of, 2);
    for (size_t i = 0; i < n; i++)
        weight[i] = of->w[i] * of->w[i];
    est_i_small_area_cross(of, weight, square);
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < p; k++) {
            product[j * p + k] = 0;
            for (size_t l = 0; l < p; l++)
                product[j * p + k] += of->covariance[j * p + l] * square[l * p + k];
        }
    for (size_t j = 0; j < p; j++) {
        *first -= product[j * p + j];
        for (size_t k = 0; k < p; k++)
            *second += product[j * p + k] * product[k * p + j];
    }
    for (size_t i = 0; i < n; i++)
        weight[i] *= of->w[i];
    est_i_small_area_cross(of, weight, square);
    for (size_t j = 0; j < p; j++)
        for (size_t k = 0; k < p; k++)
            *second -= 2 * of->covariance[j * p + k] * square[k * p + j];
}

static point look(const search *s, double variance)
{
    problem *of = s->of;
    point at = {.at = variance};
    est_i_small_area_weigh(of, variance);
    double log_weights = 0, squares = 0, trace = power_sum(of, 1), second = power_sum(of, 2);
    for (size_t i = 0; i < of->n; i++) {
        log_weights += log(of->w[i]);
        squares += of->w[i] * of->residual[i] * of->w[i] * of->residual[i];
    }
    at.criterion = (log_weights - est_i_small_area_quadratic(of)) / 2;
    at.up = squares / 2;
    at.up_fall = third_form(of);
    if (s->criterion != EST_I_CRITERION_ML) {
        traces(of, &trace, &second);
        at.criterion -= of->log_determinant / 2;
    }
    at.down = trace / 2;
    at.down_fall = second / 2;
    if (s->criterion == EST_I_CRITERION_ADJUSTED) {
        at.criterion += log(variance);
        at.up += 1 / variance;
        at.up_fall += 1 / variance / variance;
    }
    of->failed = of->failed || !isfinite(at.up) || !isfinite(at.down) || !isfinite(at.up_fall) || !isfinite(at.down_fall);
    return at;
}

/* ---- all values of A ---- */

static void keep(search *s, point at)
{
    size_t place = s->n < EST_I_SMALL_AREA_OPTIMA ? s->n : EST_I_SMALL_AREA_OPTIMA - 1;
    if (s->n >= EST_I_SMALL_AREA_OPTIMA && !(at.criterion > s->optimum[place].criterion)) {
        s->n++;
        return;
    }
    while (place > 0 && at.criterion > s->optimum[place - 1].criterion) {
        s->optimum[place] = s->optimum[place - 1];
        place--;
    }
    s->optimum[place] = (est_i_small_area_optimum){at.at, at.criterion};
    s->n++;
}

/* The slope is above 0 at a and not at b: Newton, halving where it would leave the interval. */
static point descend(const search *s, point a, point b)
{
    double at = a.at + (b.at - a.at) / 2;
    point here = a;
    for (int i = 0; i < 200 && b.at - a.at > 2 * DBL_EPSILON * b.at && at > a.at && at < b.at; i++) {
        here = look(s, at);
        double slope = here.up - here.down, curvature = here.down_fall - here.up_fall;
        if (slope > 0)
            a = here;
        else
            b = here;
        double next = curvature < 0 ? here.at - slope / curvature : NAN;
        bool settled = fabs(next - here.at) <= 2 * DBL_EPSILON * here.at;
        at = next > a.at && next < b.at ? next : a.at + (b.at - a.at) / 2;
        if (settled)
            break;
    }
    return here;
}

static void divide(search *s, point a, point b, double narrowest)
{
    double highest = a.up - b.down, lowest = b.up - a.down;
    double curving_up = a.down_fall - b.up_fall, curving_down = b.down_fall - a.up_fall;
    bool crosses = a.up > a.down && b.up <= b.down;
    if (lowest > 0 || highest < 0 || s->of->failed)
        return;
    if (curving_up < 0 || curving_down > 0 || !(b.at - a.at > narrowest)) {
        if (crosses)
            keep(s, descend(s, a, b));
        return;
    }
    point middle = look(s, a.at + (b.at - a.at) / 2);
    divide(s, a, middle, narrowest);
    divide(s, middle, b, narrowest);
}

/* An A that no maximum is beyond. Twice the slope is at most sum y^2 / A^2 - (n - p) / (A + the largest d), n for n - p with ML,
 * and 2 / A more where it is adjusted. Times -A^2 that is below 0 at A = 0, falls at first if at all, then rises: it stays above
 * 0. */
static double far_end(const search *s)
{
    const problem *of = s->of;
    double count = (double)(s->criterion == EST_I_CRITERION_ML ? of->n : of->n - of->p), end = of->largest;
    double adjustment = s->criterion == EST_I_CRITERION_ADJUSTED ? 2 : 0;
    for (int i = 0; i < 2000 && !(end * (count * (end / (end + of->largest)) - adjustment) > of->sum_of_squares); i++)
        end *= 2;
    return end;
}

size_t est_i_small_area_search(problem *of, est_i_small_area_criterion criterion,
                               est_i_small_area_optimum optimum[EST_I_SMALL_AREA_OPTIMA])
{
    search s = {.of = of, .criterion = criterion, .optimum = optimum};
    if (criterion == EST_I_CRITERION_ADJUSTED && of->n - of->p <= 2)
        return 0;
    double end = far_end(&s);
    if (!(end < INFINITY)) {
        of->failed = true;
        return 0;
    }
    point first, last = look(&s, end);
    if (criterion == EST_I_CRITERION_ADJUSTED) {
        /* The slope is infinite at 0. Below an A where `up` exceeds what `down` is at 0 the criterion rises. */
        search plain = {.of = of, .criterion = EST_I_CRITERION_REML, .optimum = optimum};
        double most = look(&plain, 0).down, from = end / 2;
        for (first = look(&s, from); !(first.up > most) && from > DBL_MIN; first = look(&s, from))
            from /= 2;
    } else {
        first = look(&s, 0);
        if (!(first.up > first.down))
            keep(&s, first);
    }
    divide(&s, first, last, 1e-12 * end);
    for (size_t i = s.n < EST_I_SMALL_AREA_OPTIMA ? s.n : EST_I_SMALL_AREA_OPTIMA; i-- > 0;)
        optimum[i].criterion -= optimum[0].criterion;
    return s.n;
}

/* The sum falls in A and is convex: Newton from 0 goes up to the root and never past it. */
double est_i_small_area_moment(problem *of)
{
    double at = 0, df = (double)(of->n - of->p);
    for (int i = 0; i < 1000 && !of->failed; i++) {
        est_i_small_area_weigh(of, at);
        double above = est_i_small_area_quadratic(of) - df, squares = 0;
        for (size_t j = 0; j < of->n; j++)
            squares += of->w[j] * of->residual[j] * of->w[j] * of->residual[j];
        double step = above / squares;
        if (!(step > DBL_EPSILON * at))
            break;
        at += step;
    }
    return at;
}
