/* The multinomial profile of a population (decisions.md 2): on the log of the unseen, its maximum by the slope, which comes
 * free by the envelope theorem, dl/dN = psi(N + 1) - psi(N - n + 1) + log P(unseen), and the two places where it has fallen far
 * enough. */
#include "mse/heterogeneity_parts.h"

#include <math.h>

#include "numerics/special.h"

#define MOST_UNSEEN 1e6 /* for each person seen: a limit beyond is none */

typedef struct profile_curve {
    const est_i_closed_data *data;
    est_i_closed_point *point;
    void *user;
    bool failed;
} profile_curve;

typedef struct profile_value {
    double value, slope; /* slope by the log of the unseen */
} profile_value;

static profile_value evaluate(profile_curve *c, double log_unseen)
{
    profile_value at = {-INFINITY, 0};
    double unseen = exp(log_unseen), total = c->data->persons + unseen, loglik, log_share;
    if (!c->failed && c->point(c->user, unseen, &loglik, &log_share)) {
        at.value = est_i_log_gamma(total + 1) - est_i_log_gamma(unseen + 1) + loglik;
        at.slope = unseen * (est_i_digamma(total + 1) - est_i_digamma(unseen + 1) + log_share);
    } else {
        c->failed = true;
    }
    return at;
}

/* From `start` uphill until the slope turns; false where it does not before the bounds. */
static bool bracket(profile_curve *c, double start, double bounds[2], double ends[2], double slopes[2])
{
    profile_value at = evaluate(c, start);
    int sign = at.slope > 0 ? 1 : -1;
    double step = 0.1, here = start, there = start;
    profile_value beyond = at;
    do {
        here = there;
        at = beyond;
        there += sign * (step *= 1.7);
        beyond = evaluate(c, there);
    } while (sign * beyond.slope > 0 && there > bounds[0] && there < bounds[1] && !c->failed);
    ends[0] = sign > 0 ? here : there;
    ends[1] = sign > 0 ? there : here;
    slopes[0] = sign > 0 ? at.slope : beyond.slope;
    slopes[1] = sign > 0 ? beyond.slope : at.slope;
    return !c->failed && !(sign * beyond.slope > 0);
}

/* One step of the Illinois method: where the secant of two ends of different sign crosses zero. */
static double cross(const double ends[2], const double values[2])
{
    double at = (ends[0] * values[1] - ends[1] * values[0]) / (values[1] - values[0]);
    return (at - ends[0]) * (at - ends[1]) < 0 ? at : (ends[0] + ends[1]) / 2;
}

/* Puts a point in the place of the end of its sign; the value of an end that stays twice running is halved. */
static void replace_end(double ends[2], double values[2], int *last, double at, double value)
{
    int side = (value > 0) == (values[0] > 0) ? 0 : 1;
    ends[side] = at;
    values[side] = value;
    if (*last == side)
        values[1 - side] /= 2;
    *last = side;
}

static bool is_wide(const double ends[2])
{
    return fabs(ends[1] - ends[0]) > 1e-12 * (1 + fabs(ends[0]));
}

static double find_top(profile_curve *c, double ends[2], double slopes[2])
{
    double at = ends[0];
    int last = -1;
    for (int i = 0; i < 200 && is_wide(ends) && !c->failed; i++) {
        at = cross(ends, slopes);
        double slope = evaluate(c, at).slope;
        if (fabs(slope) < 1e-11)
            break;
        replace_end(ends, slopes, &last, at, slope);
    }
    return at;
}

/* Where the curve falls through `target`, from `top` in the direction `sign`; NaN if it does not before `bound`. */
static double find_limit(profile_curve *c, double top, double target, int sign, double bound)
{
    double ends[2] = {top, top}, values[2] = {evaluate(c, top).value - target, 0}, step = 0.1;
    int last = -1;
    for (values[1] = values[0]; values[1] > 0 && !c->failed; step = fmin(1.6 * step, 2)) {
        if (sign * (ends[1] - bound) >= 0)
            return NAN;
        ends[0] = ends[1];
        values[0] = values[1];
        ends[1] += sign * step;
        if (sign * (ends[1] - bound) > 0)
            ends[1] = bound;
        values[1] = evaluate(c, ends[1]).value - target;
    }
    for (int i = 0; i < 200 && is_wide(ends) && !c->failed; i++) {
        double at = cross(ends, values), value = evaluate(c, at).value - target;
        if (fabs(value) < 1e-11)
            return at;
        replace_end(ends, values, &last, at, value);
    }
    return ends[1];
}

void est_i_closed_profile(const est_i_closed_data *data, const est_i_closed_setting *setting, est_i_closed_point *point, void *user,
                          est_i_closed_fit *fit)
{
    profile_curve c = {.data = data, .point = point, .user = user};
    double bounds[2] = {log(1e-6), log(MOST_UNSEEN * (data->persons + 1))}, ends[2], slopes[2];
    double start = fmin(fmax(log(fit->unseen), bounds[0]), bounds[1]);
    bool turns = bracket(&c, start, bounds, ends, slopes);
    double top = turns ? find_top(&c, ends, slopes) : slopes[0] > 0 ? bounds[1] : bounds[0];
    double target = evaluate(&c, top).value - est_i_chi_squared_quantile(setting->options->level, 1) / 2;
    double lower = find_limit(&c, top, target, -1, bounds[0]), upper = find_limit(&c, top, target, 1, bounds[1]);
    if (c.failed)
        return;
    fit->interval = "profile";
    fit->maximum = top < bounds[1] ? data->observed + (turns ? exp(top) : 0) : INFINITY;
    fit->lower = isnan(lower) ? data->observed : data->observed + exp(lower);
    fit->upper = isnan(upper) ? INFINITY : data->observed + exp(upper);
}
