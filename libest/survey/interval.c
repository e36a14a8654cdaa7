#include "survey/interval.h"

#include <math.h>
#include <stddef.h>

#include "numerics/distribution.h"

typedef struct ends {
    double lower, upper;
} ends;

static const char *const names[] = {
    [EST_I_CI_BETA] = "korn-graubard", [EST_I_CI_BETA_UNCAPPED] = "beta-uncapped", [EST_I_CI_T] = "t", [EST_I_CI_LOGIT] = "logit",
    [EST_I_CI_WILSON] = "wilson", [EST_I_CI_ARCSINE] = "arcsine", [EST_I_CI_LIKELIHOOD] = "likelihood",
    [EST_I_CI_TWO_SE] = "two-se",
};

static double t_value(const est_i_interval_input *input, double df)
{
    return input->level > 0 && input->level < 1 ? -est_i_t_quantile((1 - input->level) / 2, df) : NAN;
}

/* Clopper and Pearson 1934, with n and the count of cases any numbers above zero. */
static ends beta_ends(double p, double n, double level)
{
    double tail = (1 - level) / 2;
    return (ends){p > 0 ? est_i_beta_quantile(tail, n * p, n * (1 - p) + 1) : 0,
                  p < 1 ? est_i_beta_quantile(1 - tail, n * p + 1, n * (1 - p)) : 1};
}

/* Korn and Graubard 1998 (Survey Methodology 24:193-201): the sample size that would give this variance, corrected for the df. */
static double beta_size(const est_i_interval_input *input, double n, double df)
{
    double p = input->estimate, ratio = t_value(input, n - 1) / t_value(input, df);
    return p * (1 - p) / (input->se * input->se) * ratio * ratio;
}

static ends logit_ends(double p, double reach)
{
    double centre = log(p) - log1p(-p), half = reach / (p * (1 - p));
    return (ends){1 / (1 + exp(half - centre)), 1 / (1 + exp(-half - centre))};
}

static ends arcsine_ends(double p, double reach)
{
    const double right_angle = 1.5707963267948966;
    double centre = asin(sqrt(p)), half = reach / (2 * sqrt(p * (1 - p)));
    double low = sin(fmax(centre - half, 0)), high = sin(fmin(centre + half, right_angle));
    return (ends){low * low, high * high};
}

/* Wilson 1927 at n = p (1 - p) / variance. */
static ends wilson_ends(double p, double n, double t)
{
    double t2 = t * t, middle = p + t2 / (2 * n), half = t / (2 * n) * sqrt(4 * n * p * (1 - p) + t2);
    return (ends){(middle - half) / (1 + t2 / n), (middle + half) / (1 + t2 / n)};
}

/* p ln(p / q) + (1 - p) ln((1 - p) / (1 - q)) at the logit u of q. */
static double divergence(double p, double u)
{
    double q = 1 / (1 + exp(-u)), rest = 1 / (1 + exp(u)), step = q - p;
    if (fabs(step) < 0.5 * fmin(p, 1 - p))
        return -p * log1p(step / p) - (1 - p) * log1p(-step / (1 - p));
    double log_q = u < 0 ? u - log1p(exp(u)) : -log1p(exp(-u)), log_rest = log_q - u;
    return q > 0 && rest > 0 ? p * (log(p) - log_q) + (1 - p) * (log1p(-p) - log_rest) : INFINITY;
}

/* The divergence is convex in u with derivative q - p: Newton steps from beyond the root come back to it without crossing. */
static double likelihood_end(double p, double bound, double direction)
{
    double centre = log(p) - log1p(-p), reach = sqrt(2 * bound / (p * (1 - p)));
    while (divergence(p, centre + direction * reach) < bound)
        reach *= 2;
    double u = centre + direction * reach;
    for (int i = 0; i < 100; i++) {
        double step = (divergence(p, u) - bound) / (1 / (1 + exp(-u)) - p);
        if (!isfinite(step))
            break;
        u -= step;
        if (fabs(step) <= 1e-14 * fmax(fabs(u), 1e-2))
            break;
    }
    return 1 / (1 + exp(-u));
}

/* 2 n divergence / delta <= t^2, delta = variance n / (p (1 - p)) n / (n - 1), as R survey 4.5 has it. */
static ends likelihood_ends(const est_i_interval_input *input, double t)
{
    double p = input->estimate, n = input->n;
    double bound = t * t * input->se * input->se / (2 * p * (1 - p)) * n / (n - 1);
    if (!(bound > 0) || !isfinite(bound))
        return (ends){bound <= 0 ? p : NAN, bound <= 0 ? p : NAN};
    return (ends){likelihood_end(p, bound, -1), likelihood_end(p, bound, 1)};
}

/* No standard error can be had from the data: the exact binomial limits at the sample size that the parent domain suggests. */
static void at_bound(const est_i_interval_input *input, est_i_interval *interval)
{
    double n = input->n / (input->design_effect > 1 ? input->design_effect : 1);
    interval->at_bound = true;
    interval->method = "clopper-pearson";
    if (!(n > 0) || !isfinite(n) || isnan(t_value(input, input->df)))
        return;
    ends limits = beta_ends(input->estimate, n, input->level);
    interval->lower = limits.lower;
    interval->upper = limits.upper;
    interval->effective_n = n;
}

static ends proportion_ends(est_i_survey_ci method, const est_i_interval_input *input, double *effective_n)
{
    double p = input->estimate, t = t_value(input, input->df), reach = t * input->se;
    ends limits = {NAN, NAN};
    if (isnan(reach) || !(input->se >= 0))
        return limits;
    double size = input->se > 0 ? beta_size(input, input->n, input->df) : input->n;
    if (method == EST_I_CI_BETA)
        *effective_n = size >= input->n ? input->n : size;
    else if (!(input->se > 0))
        return (ends){p, p};
    if (method == EST_I_CI_BETA_UNCAPPED)
        *effective_n = beta_size(input, input->n_beta, input->df_beta);
    else if (method == EST_I_CI_WILSON)
        *effective_n = p * (1 - p) / (input->se * input->se);
    switch (method) {
    case EST_I_CI_BETA:
    case EST_I_CI_BETA_UNCAPPED: limits = beta_ends(p, *effective_n, input->level); break;
    case EST_I_CI_LOGIT: limits = logit_ends(p, reach); break;
    case EST_I_CI_WILSON: limits = wilson_ends(p, *effective_n, t); break;
    case EST_I_CI_ARCSINE: limits = arcsine_ends(p, reach); break;
    case EST_I_CI_LIKELIHOOD: limits = likelihood_ends(input, t); break;
    case EST_I_CI_T:
    case EST_I_CI_TWO_SE: limits = (ends){p - reach, p + reach}; break;
    }
    return limits;
}

est_i_interval est_i_proportion_interval(est_i_survey_ci method, const est_i_interval_input *input)
{
    double p = input->estimate;
    bool inside = p > 0 && p < 1, edge = (p >= 0 && p <= 0) || (p >= 1 && p <= 1);
    est_i_interval interval = {NAN, NAN, names[method], edge, NAN};
    if (method == EST_I_CI_TWO_SE || (method == EST_I_CI_T && !edge)) {
        interval = est_i_t_interval(method, input);
        interval.at_bound = edge;
    } else if (edge) {
        at_bound(input, &interval);
    } else if (inside) {
        ends limits = proportion_ends(method, input, &interval.effective_n);
        interval.lower = limits.lower;
        interval.upper = limits.upper;
    }
    return interval;
}

est_i_interval est_i_t_interval(est_i_survey_ci method, const est_i_interval_input *input)
{
    bool two = method == EST_I_CI_TWO_SE;
    double reach = (two ? 2 : t_value(input, input->df)) * input->se;
    est_i_interval interval = {NAN, NAN, names[two ? EST_I_CI_TWO_SE : EST_I_CI_T], false, NAN};
    if (input->se >= 0) {
        interval.lower = input->estimate - reach;
        interval.upper = input->estimate + reach;
    }
    return interval;
}
