/* Everything here is the incomplete beta function I_x(a, b). It is taken on the side of the mean where it is a tail, as
 *   x^a (1 - x)^b / B(a, b)   times   a continued fraction (Didonato and Morris 1992, ACM TOMS 18:360-373, section 4),
 * the first factor by Stirling errors and deviances (Loader 2000, Fast and accurate computation of binomial probabilities), so that
 * nothing cancels however large a and b are. Quantiles are Newton steps on ln I as a function of u = ln(x / (1 - x)), in which it
 * is concave: from the left the steps cannot overshoot, and one step from the right leads to the left. */
#include "numerics/distribution.h"

#include <math.h>
#include <stdbool.h>

#include "numerics/special.h"

static const double half_log_two_pi = 0.918938533204672741780329736406;

/* x and y = 1 - x, each to full precision, with their logarithms. */
typedef struct point {
    double x, y, log_x, log_y;
} point;

static point point_at_logit(double u)
{
    double small = exp(-fabs(u)), log_large = -log1p(small), log_small = -fabs(u) + log_large;
    double large = 1 / (1 + small);
    small *= large;
    return u < 0 ? (point){small, large, log_small, log_large} : (point){large, small, log_large, log_small};
}

static point point_of_parts(double part, double rest)
{
    double whole = part + rest;
    double x = part / whole, y = rest / whole;
    return (point){x, y, x < 0.5 ? log(x) : log1p(-y), y < 0.5 ? log(y) : log1p(-x)};
}

static point mirrored(point at)
{
    return (point){at.y, at.x, at.log_y, at.log_x};
}

/* ln Gamma(z) - (z - 1/2) ln z + z - ln(2 pi) / 2: the asymptotic series from 16 on, below by going up one at a time. */
static double stirling_error(double z)
{
    double below = 0;
    for (; z < 16; z++)
        below += (z + 0.5) * log1p(1 / z) - 1;
    double s = 1 / (z * z);
    double series = 1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s * (1.0 / 1188 - s * (691.0 / 360360
                    - s / 156)))));
    return below + series / z;
}

/* ln(1 + t) - t for |t| <= 1/2, from ln(1 + t) = 2 artanh v, v = t / (2 + t). */
static double log1p_less(double t)
{
    double v = t / (2 + t), square = v * v, power = 1, sum = 0;
    for (int i = 3; i < 60 && power > 1e-18; i += 2) {
        sum += power / i;
        power *= square;
    }
    return 2 * v * square * sum - t * v;
}

/* a (ln(z / mean) + excess / a), where z = mean (1 - excess / a). */
static double deviance(double a, double excess, double log_z, double log_mean)
{
    double t = -excess / a;
    return fabs(t) <= 0.5 ? a * log1p_less(t) : a * (log_z - log_mean) + excess;
}

/* a - (a + b) x, from the smaller of x and y. */
static double below_mean(point at, double a, double b)
{
    return a * at.y - b * at.x;
}

/* ln of x^a y^b / B(a, b), which is also the derivative of I by u. */
static double log_front(point at, double a, double b)
{
    double lambda = below_mean(at, a, b), whole = a + b;
    double log_mean_x = a < b ? log(a / whole) : log1p(-b / whole), log_mean_y = b < a ? log(b / whole) : log1p(-a / whole);
    double front = 0.5 * (log(a) + log(b / whole)) - half_log_two_pi;
    front += stirling_error(whole) - stirling_error(a) - stirling_error(b);
    return front + deviance(a, lambda, at.log_x, log_mean_x) + deviance(b, -lambda, at.log_y, log_mean_y);
}

/* The continued fraction by Lentz's forward rule (Thompson and Barnett 1986). */
static double fraction(point at, double a, double b)
{
    const double tiny = 1e-300;
    double lambda = below_mean(at, a, b);
    double value = a / (a + 1) * (lambda + 1), c = value, d = 0;
    for (double n = 1; n < 1e7; n++) {
        double odd = a + 2 * n - 1;
        double alpha = (a + n - 1) / odd * ((a + b + n - 1) * at.x) / odd * (n * (b - n) * at.x);
        double beta = n + n * (b - n) * at.x / odd + (a + n) / (odd + 2) * (lambda + 1 + n * (1 + at.y));
        d = beta + alpha * d;
        d = 1 / (d != 0 ? d : tiny);
        c = beta + alpha / c;
        c = c != 0 ? c : tiny;
        value *= c * d;
        if (fabs(c * d - 1) < 1e-16)
            break;
    }
    return 1 / value;
}

/* ln I where x is at or below the mean; otherwise ln(1 - I of the other side). */
static double log_lower(point at, double a, double b)
{
    if (below_mean(at, a, b) >= 0)
        return log_front(at, a, b) + log(fraction(at, a, b));
    double upper = exp(log_front(mirrored(at), b, a)) * fraction(mirrored(at), b, a);
    return log1p(-upper);
}

static double lower(point at, double a, double b)
{
    if (!(at.x > 0))
        return 0;
    if (!(at.y > 0))
        return 1;
    if (below_mean(at, a, b) >= 0)
        return exp(log_front(at, a, b)) * fraction(at, a, b);
    return 1 - exp(log_front(mirrored(at), b, a)) * fraction(mirrored(at), b, a);
}

/* The u at which ln I is `target`, which is at most ln(1/2). */
static double solve_lower(double target, double a, double b)
{
    double u = log(a / b), last = INFINITY;
    if (a > 1 && b > 1)
        u += est_i_normal_quantile(exp(target) > 0 ? exp(target) : 1e-300) * sqrt(1 / a + 1 / b);
    for (int i = 0; i < 200; i++) {
        point at = point_at_logit(u);
        double value = log_lower(at, a, b);
        double step = (target - value) / exp(log_front(at, a, b) - value);
        if (!isfinite(step))
            return NAN;
        u += step;
        double size = fabs(step);
        if (size <= 4e-16 * fmax(fabs(u), 1e-3) || (size < 1e-8 && size >= last))
            break;
        last = size;
    }
    return u;
}

/* The u with I = p, where q = 1 - p; both above 0. */
static double solve(double p, double q, double a, double b)
{
    return p <= q ? solve_lower(log(p), a, b) : -solve_lower(log(q), b, a);
}

static bool is_beta(double a, double b)
{
    return a >= 0 && b >= 0 && a + b > 0 && isfinite(a + b);
}

double est_i_beta_lower(double x, double a, double b)
{
    if (!is_beta(a, b) || isnan(x))
        return NAN;
    if (!(x > 0))
        return a > 0 || x < 0 ? 0 : 1;
    if (!(x < 1) || !(a > 0))
        return 1;
    return b > 0 ? lower(point_of_parts(x, 1 - x), a, b) : 0;
}

double est_i_beta_upper(double x, double a, double b)
{
    if (!is_beta(a, b) || isnan(x))
        return NAN;
    if (!(x > 0))
        return a > 0 || x < 0 ? 1 : 0;
    if (!(x < 1) || !(a > 0))
        return 0;
    return b > 0 ? lower(point_of_parts(1 - x, x), b, a) : 1;
}

double est_i_beta_quantile(double probability, double a, double b)
{
    if (!is_beta(a, b) || !(probability >= 0 && probability <= 1))
        return NAN;
    if (!(a > 0) || !(probability > 0))
        return 0;
    if (!(b > 0) || !(probability < 1))
        return 1;
    return point_at_logit(solve(probability, 1 - probability, a, b)).x;
}

/* With t^2 = df y / x: P(|T| > |t|) = I_x(df / 2, 1 / 2). */
double est_i_t_two_sided(double t, double df)
{
    if (!(df > 0) || isnan(t))
        return NAN;
    if (isinf(df))
        return erfc(fabs(t) / sqrt(2));
    if (!(fabs(t) > 0))
        return 1;
    if (isinf(t))
        return 0;
    double root = sqrt(df), u = 2 * log(root / fabs(t));
    point at = fabs(t) < 1e100 && root < 1e100 ? point_of_parts(df, t * t) : point_at_logit(u);
    return lower(at, df / 2, 0.5);
}

double est_i_t_upper(double t, double df)
{
    double half = est_i_t_two_sided(t, df) / 2;
    return t > 0 ? half : 1 - half;
}

double est_i_t_quantile(double probability, double df)
{
    if (!(df > 0) || !(probability > 0 && probability < 1))
        return NAN;
    if (isinf(df))
        return est_i_normal_quantile(probability);
    double tail = probability < 0.5 ? probability : 1 - probability;
    if (!(tail < 0.5))
        return 0;
    double size = sqrt(df) * exp(-solve(2 * tail, 1 - 2 * tail, df / 2, 0.5) / 2);
    return probability < 0.5 ? -size : size;
}

/* With f = df2 y / (df1 x): P(F > f) = I_x(df2 / 2, df1 / 2). */
static point f_point(double f, double df1, double df2)
{
    return point_of_parts(df2, df1 * f);
}

static bool is_f(double df1, double df2)
{
    return df1 > 0 && isfinite(df1) && df2 > 0;
}

/* The tails differ from those of infinitely many by a share of the order of 1 / df2. */
static double capped(double df2)
{
    return fmin(df2, 1e20);
}

double est_i_f_upper(double f, double df1, double df2)
{
    if (!is_f(df1, df2) || isnan(f))
        return NAN;
    if (!(f > 0))
        return 1;
    df2 = capped(df2);
    return isinf(f * df1) ? 0 : lower(f_point(f, df1, df2), df2 / 2, df1 / 2);
}

double est_i_f_lower(double f, double df1, double df2)
{
    if (!is_f(df1, df2) || isnan(f))
        return NAN;
    if (!(f > 0))
        return 0;
    df2 = capped(df2);
    return isinf(f * df1) ? 1 : lower(mirrored(f_point(f, df1, df2)), df1 / 2, df2 / 2);
}

double est_i_f_quantile(double probability, double df1, double df2)
{
    if (!is_f(df1, df2) || !(probability > 0 && probability < 1))
        return NAN;
    df2 = capped(df2);
    return df2 / df1 * exp(-solve(1 - probability, probability, df2 / 2, df1 / 2));
}
