/* Differences and ratios of independent estimates.
 *
 * Difference d = b - a: SE^2 = SE_a^2 + SE_b^2, limits d -+ t SE. Ratio r = b / a on the log scale: SE of ln r from (SE_a / a)^2 +
 * (SE_b / b)^2, limits r exp(-+ t SE). Degrees of freedom by Satterthwaite (1946): (v_a + v_b)^2 / (v_a^2 / df_a + v_b^2 / df_b).
 *
 * An interval gives its standard error back on the scale on which it is symmetric: with g = identity, log or logit, the one with
 * the smallest |g(U) + g(L) - 2 g(x)| / (g(U) - g(L)), SE of g is (g(U) - g(L)) / (2 t), and the estimate's own is that over g'(x):
 * SE, x SE, x (1 - x) SE (Altman and Bland 2003 for the first two). Estimates that were published with fewer digits give it with
 * fewer too.
 *
 * Whoever has two published estimates can subtract them: what stands here reveals nothing that they do not. An estimate that was
 * withheld has no number here either, and neither has what would follow from it. */
#include <math.h>

#include "indicators/compare.h"
#include "survey/interval.h"

#define ASSUMED_LEVEL 0.95

/* Half the width of an interval in standard errors. df NaN or infinite: normal. */
static double reach(double df, double level)
{
    est_i_interval_input unit = {.estimate = 0, .se = 1, .df = isnan(df) ? INFINITY : df, .level = level};
    return est_i_t_interval(EST_I_CI_T, &unit).upper;
}

static double on_scale(est_i_se_from scale, double x)
{
    double y = x;
    if (scale == EST_I_SE_LOG)
        y = log(x);
    else if (scale == EST_I_SE_LOGIT)
        y = log(x) - log1p(-x);
    return y;
}

/* dx / dg */
static double slope_at(est_i_se_from scale, double x)
{
    double slope = 1;
    if (scale == EST_I_SE_LOG)
        slope = x;
    else if (scale == EST_I_SE_LOGIT)
        slope = x * (1 - x);
    return slope;
}

/* NaN where the scale does not hold the interval. */
static double asymmetry(est_i_se_from scale, const est_i_estimate *e)
{
    double low = on_scale(scale, e->lower), high = on_scale(scale, e->upper), centre = on_scale(scale, e->estimate);
    double width = high - low;
    return isfinite(width) && width > 0 ? fabs(high + low - 2 * centre) / width : NAN;
}

static void take_from_interval(est_i_estimate *e)
{
    bool proportion = est_i_key_same(EST_I_KEY_UNIT, e->keys.value[EST_I_KEY_UNIT], "proportion");
    est_i_se_from best = EST_I_SE_NONE;
    double least = INFINITY;
    for (est_i_se_from scale = EST_I_SE_PLAIN; scale <= (proportion ? EST_I_SE_LOGIT : EST_I_SE_LOG); scale++)
        if (asymmetry(scale, e) < least - 1e-9) {
            least = asymmetry(scale, e);
            best = scale;
        }
    e->level_assumed = isnan(e->level);
    double level = e->level_assumed ? ASSUMED_LEVEL : e->level;
    double se = (on_scale(best, e->upper) - on_scale(best, e->lower)) / (2 * reach(e->df, level)) * slope_at(best, e->estimate);
    if (best != EST_I_SE_NONE && isfinite(se)) {
        e->se = se;
        e->se_from = best;
    }
}

void est_i_estimate_set_se(est_i_estimate *e)
{
    e->se_from = EST_I_SE_NONE;
    if (isnan(e->estimate) || e->is_bound)
        return;
    if (isfinite(e->se))
        e->se_from = EST_I_SE_GIVEN;
    else if (e->lower <= e->estimate && e->estimate <= e->upper && isfinite(e->lower) && isfinite(e->upper))
        take_from_interval(e);
}

static double one_df(double variance, double df)
{
    return isnan(df) || isinf(df) || !(variance > 0) ? 0 : variance * variance / df;
}

/* Infinite where neither estimate has any; 0 where one has none at all. */
static double satterthwaite(double va, double dfa, double vb, double dfb)
{
    double sum = one_df(va, dfa) + one_df(vb, dfb), total = va + vb;
    double df = sum > 0 ? total * total / sum : INFINITY;
    return (dfa <= 0 && va > 0) || (dfb <= 0 && vb > 0) ? 0 : df;
}

static est_i_change none(void)
{
    return (est_i_change){NAN, NAN, NAN, NAN, NAN, "none"};
}

static void set_limits(est_i_change *c, double se, double level, double *low, double *high)
{
    double half = se * reach(c->df, level);
    *low = -half;
    *high = half;
}

est_i_change est_i_change_difference(const est_i_estimate *from, const est_i_estimate *to, double level)
{
    est_i_change c = none();
    double low, high, va = from->se * from->se, vb = to->se * to->se;
    if (from->is_bound || to->is_bound)
        return c;
    c.estimate = to->estimate - from->estimate;
    if (isnan(c.estimate) || from->se_from == EST_I_SE_NONE || to->se_from == EST_I_SE_NONE)
        return c;
    c.se = sqrt(va + vb);
    c.df = satterthwaite(va, from->df, vb, to->df);
    set_limits(&c, c.se, level, &low, &high);
    c.lower = c.estimate + low;
    c.upper = c.estimate + high;
    if (!isnan(c.lower))
        c.interval = isinf(c.df) ? "normal" : "t";
    return c;
}

est_i_change est_i_change_ratio(const est_i_estimate *from, const est_i_estimate *to, double level)
{
    est_i_change c = none();
    double low, high, a = from->se / from->estimate, b = to->se / to->estimate;
    if (from->is_bound || to->is_bound || !(from->estimate > 0) || !(to->estimate >= 0))
        return c;
    c.estimate = to->estimate / from->estimate;
    if (!(to->estimate > 0) || from->se_from == EST_I_SE_NONE || to->se_from == EST_I_SE_NONE)
        return c;
    c.se = c.estimate * sqrt(a * a + b * b);
    c.df = satterthwaite(a * a, from->df, b * b, to->df);
    set_limits(&c, sqrt(a * a + b * b), level, &low, &high);
    c.lower = c.estimate * exp(low);
    c.upper = c.estimate * exp(high);
    if (!isnan(c.lower))
        c.interval = isinf(c.df) ? "normal on the log scale" : "t on the log scale";
    return c;
}

est_i_change est_i_change_per_year(est_i_change difference, double years)
{
    est_i_change c = difference;
    if (!(years > 0))
        return none();
    c.estimate /= years;
    c.se /= years;
    c.lower /= years;
    c.upper /= years;
    return c;
}
