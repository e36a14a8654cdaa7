/* Limits of a population. */
#include "mse/interval.h"

#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "mse/chao.h"
#include "numerics/special.h"

/* Relative distance within which a replicate is the estimate itself. */
#define TIE 1e-9

static est_i_limits no_limits(const char *reason)
{
    return (est_i_limits){.lower = NAN, .upper = NAN, .without = NAN, .bias = NAN, .acceleration = NAN, .refused = reason};
}

static est_i_limits refuse(est_i_limits limits, const char *reason)
{
    limits.lower = limits.upper = NAN;
    limits.refused = reason;
    return limits;
}

/* More than alpha/2 of all. The margin is for shares like 25 of 1,000, whose two sides round differently. */
static bool too_many(double share, double level)
{
    return !(share <= (1 - level) / 2 + 1e-12);
}

/* Do type 8 quantiles at this probability lie between two of n order statistics? */
static bool within(size_t n, double probability)
{
    double h = ((double)n + 1.0 / 3) * probability + 1.0 / 3;
    return h >= 1 && h <= (double)n;
}

/* One block of a row, or its sum. */
static double value_of(const double *row, size_t n_blocks, size_t block)
{
    double sum = 0;
    for (size_t k = 0; k < n_blocks; k++)
        if (block == EST_I_ALL_BLOCKS || block == k)
            sum += row[k];
    return sum;
}

/* Ascending, replicates without an estimate last. Free the answer. */
static double *sorted_populations(const est_i_bootstrap *b, size_t block, double *without)
{
    double *sorted = calloc(b->n_replicates + 1, sizeof *sorted), missing = 0;
    for (size_t i = 0; sorted && i < b->n_replicates; i++) {
        sorted[i] = value_of(b->population + i * b->n_blocks, b->n_blocks, block);
        missing += isfinite(sorted[i]) ? 0 : 1;
    }
    if (sorted)
        est_i_sort(sorted, b->n_replicates);
    *without = missing / (double)b->n_replicates;
    return sorted;
}

/* A replicate may see fewer than were observed; the population cannot hold fewer. */
static est_i_limits limits_at(const double *sorted, size_t n, double low, double high, double observed, est_i_limits limits)
{
    limits.lower = fmax(observed, est_i_quantile(sorted, n, low));
    limits.upper = fmax(observed, est_i_quantile(sorted, n, high));
    limits.extreme = !within(n, low) || !within(n, high);
    if (!isfinite(limits.lower))
        limits = refuse(limits, "so many replicates have no estimate that not even a lower limit can be given");
    return limits;
}

est_i_limits est_i_limits_wald(double observed, double log_unseen, double se, double level)
{
    est_i_limits limits = no_limits(NULL);
    double z = est_i_normal_quantile((1 + level) / 2);
    if (!isfinite(log_unseen) || !(se > 0 && se < INFINITY))
        return refuse(limits, "the unseen count has no standard error");
    limits.lower = observed + exp(log_unseen - z * se);
    limits.upper = observed + exp(log_unseen + z * se);
    return limits;
}

est_i_limits est_i_limits_log_normal(double observed, double unseen, double log_se, double level)
{
    est_i_limits limits = no_limits(NULL);
    if (!(unseen > 0 && unseen < INFINITY) || !(log_se > 0 && log_se < INFINITY))
        return refuse(limits, "the unseen count has no standard error");
    est_i_log_normal_limits(observed, observed + unseen, sqrt(unseen + unseen * unseen * log_se * log_se), level, &limits.lower,
                            &limits.upper);
    return limits;
}

est_status est_i_limits_percentile(const est_i_bootstrap *bootstrap, size_t block, double observed, double level,
                                   est_i_limits *limits, est_error *error)
{
    *limits = no_limits(NULL);
    double *sorted = sorted_populations(bootstrap, block, &limits->without);
    if (!sorted)
        return est_i_no_memory(error);
    *limits = limits_at(sorted, bootstrap->n_replicates, (1 - level) / 2, (1 + level) / 2, observed, *limits);
    free(sorted);
    return EST_OK;
}

/* The deletions first to end - 1, all in one block, added to the sums of w d^2 and w d^3. */
static void add_block(const est_i_jackknife *j, size_t first, size_t end, size_t block, double *squares, double *cubes)
{
    double persons = 0, mean = 0;
    for (size_t i = first; i < end; i++) {
        persons += j->weight[i];
        mean += j->weight[i] * value_of(j->population + i * j->n_blocks, j->n_blocks, block);
    }
    mean /= persons;
    for (size_t i = first; i < end; i++) {
        double d = mean - value_of(j->population + i * j->n_blocks, j->n_blocks, block);
        *squares += j->weight[i] * d * d;
        *cubes += j->weight[i] * d * d * d;
    }
}

/* Not finite where a deletion has no estimate; NaN where no deletion changes anything. */
static double find_acceleration(const est_i_jackknife *j, size_t block)
{
    double squares = 0, cubes = 0;
    for (size_t first = 0, end; first < j->n_deletions; first = end) {
        for (end = first + 1; end < j->n_deletions && j->block[end] == j->block[first];)
            end++;
        add_block(j, first, end, block, &squares, &cubes);
    }
    return cubes / (6 * squares * sqrt(squares));
}

static double share_below(const double *sorted, size_t n, double estimate)
{
    size_t below = 0;
    while (below < n && estimate - sorted[below] > TIE * estimate)
        below++;
    return (double)below / (double)n;
}

/* NaN where the correction has no meaning. */
static double corrected(double probability, double bias, double acceleration)
{
    double z = bias + est_i_normal_quantile(probability), scale = 1 - acceleration * z;
    return scale > 0 ? est_i_normal_lower(bias + z / scale) : NAN;
}

static est_i_limits find_bca(const double *sorted, const est_i_bootstrap *b, const est_i_jackknife *j, size_t block,
                             double observed, double estimate, double level, est_i_limits limits)
{
    double below = share_below(sorted, b->n_replicates, estimate);
    if (!isfinite(estimate))
        return refuse(limits, "the data have no estimate");
    if (too_many(limits.without, level))
        return refuse(limits, "too many replicates have no estimate");
    if (!(below > 0 && below < 1))
        return refuse(limits, below > 0 ? "the estimate lies above all replicates" : "no replicate lies below the estimate");
    limits.bias = est_i_normal_quantile(below);
    for (size_t i = 0; i < j->n_deletions; i++)
        if (!isfinite(value_of(j->population + i * j->n_blocks, j->n_blocks, block)))
            return refuse(limits, "there is no estimate once one person is left out");
    limits.acceleration = find_acceleration(j, block);
    if (!isfinite(limits.acceleration))
        return refuse(limits, "the estimate does not change when a person is left out");
    double low = corrected((1 - level) / 2, limits.bias, limits.acceleration);
    double high = corrected((1 + level) / 2, limits.bias, limits.acceleration);
    if (isnan(low) || isnan(high))
        return refuse(limits, "the acceleration is too large for this level");
    return limits_at(sorted, b->n_replicates, low, high, observed, limits);
}

est_status est_i_limits_bca(const est_i_bootstrap *bootstrap, const est_i_jackknife *jackknife, size_t block,
                            double observed, double estimate, double level, est_i_limits *limits, est_error *error)
{
    *limits = no_limits(NULL);
    double *sorted = sorted_populations(bootstrap, block, &limits->without);
    if (!sorted)
        return est_i_no_memory(error);
    *limits = find_bca(sorted, bootstrap, jackknife, block, observed, estimate, level, *limits);
    free(sorted);
    return EST_OK;
}

/* NaN where the replicate has none. */
static double pivot(const est_i_bootstrap *b, size_t replicate, size_t block)
{
    double left = value_of(b->left + replicate * b->n_blocks, b->n_blocks, block);
    double unseen = value_of(b->unseen + replicate * b->n_blocks, b->n_blocks, block);
    double se = b->log_se[replicate * (b->n_blocks + 1) + (block == EST_I_ALL_BLOCKS ? b->n_blocks : block)];
    bool has = unseen > 0 && unseen < INFINITY && se > 0 && se < INFINITY && left > 0;
    return has ? (log(unseen) - log(left)) / sqrt(se * se + 1 / unseen) : NAN;
}

/* Quantile of sign * pivot, those without one as +Inf; sorts into `sorted`. */
static double pivot_quantile(const est_i_bootstrap *b, size_t block, double sign, double probability, double *sorted,
                             double *without)
{
    double missing = 0;
    for (size_t i = 0; i < b->n_replicates; i++) {
        double t = pivot(b, i, block);
        sorted[i] = isnan(t) ? INFINITY : sign * t;
        missing += isnan(t) ? 1 : 0;
    }
    est_i_sort(sorted, b->n_replicates);
    *without = missing / (double)b->n_replicates;
    return est_i_quantile(sorted, b->n_replicates, probability);
}

/* The quantile alpha/2 of t is minus the quantile 1 - alpha/2 of -t: type 8 is symmetric. */
est_status est_i_limits_studentised(const est_i_bootstrap *bootstrap, size_t block, double observed, double log_unseen,
                                    double se, double level, est_i_limits *limits, est_error *error)
{
    double *sorted = calloc(bootstrap->n_replicates + 1, sizeof *sorted), high = (1 + level) / 2;
    *limits = no_limits(NULL);
    if (!sorted)
        return est_i_no_memory(error);
    double down = pivot_quantile(bootstrap, block, 1, high, sorted, &limits->without);
    double up = pivot_quantile(bootstrap, block, -1, high, sorted, &limits->without);
    double whole = sqrt(se * se + exp(-log_unseen));
    limits->lower = observed + exp(log_unseen - down * whole);
    limits->upper = observed + exp(log_unseen + up * whole);
    limits->extreme = !within(bootstrap->n_replicates, high);
    if (!isfinite(log_unseen) || !(se > 0 && se < INFINITY))
        *limits = refuse(*limits, "the unseen count has no standard error");
    else if (too_many(limits->without, level))
        *limits = refuse(*limits, "too many replicates have no estimate or no standard error");
    free(sorted);
    return EST_OK;
}
