/* Covariance of statistics over replicates, and what a bootstrap's is expected to be. */
#include <math.h>

#include "survey/replicate_parts.h"

#define TILE 32

/* The centre of statistic a; NaN if no spread can be told around it. */
static double centre_of(const est_i_replicates *replicates, size_t k, size_t a, const double *theta, const double *estimate)
{
    double sum = 0, n = 0;
    for (size_t r = 0; r < replicates->count; r++)
        if (isfinite(theta[r * k + a]) && est_i_replicates_rscale(replicates, r) > 0) {
            sum += theta[r * k + a];
            n += 1;
        }
    if (replicates->mse)
        return n > 0 && isfinite(estimate[a]) ? estimate[a] : NAN;
    return n > 1 ? sum / n : NAN;
}

static void deviations(size_t n, const double *theta, const double *centre, double *deviation)
{
    for (size_t i = 0; i < n; i++)
        deviation[i] = isfinite(theta[i]) ? theta[i] - centre[i] : isnan(centre[i]) ? NAN : 0;
}

/* Columns first_a on against columns first_b on, summed over the replicates in their order. */
static void add_tile(const est_i_replicates *replicates, size_t k, const double *theta, const double *estimate, size_t first_a,
                     size_t first_b, double *covariance)
{
    double centre[2][TILE], deviation[2][TILE], sum[TILE][TILE] = {{0}};
    size_t n_a = k - first_a < TILE ? k - first_a : TILE, n_b = k - first_b < TILE ? k - first_b : TILE;
    for (size_t i = 0; i < n_a; i++)
        centre[0][i] = centre_of(replicates, k, first_a + i, theta, estimate);
    for (size_t i = 0; i < n_b; i++)
        centre[1][i] = centre_of(replicates, k, first_b + i, theta, estimate);
    for (size_t r = 0; r < replicates->count; r++) {
        double weight = replicates->scale * est_i_replicates_rscale(replicates, r);
        deviations(n_a, theta + r * k + first_a, centre[0], deviation[0]);
        deviations(n_b, theta + r * k + first_b, centre[1], deviation[1]);
        for (size_t i = 0; i < n_a; i++) {
            double weighted = weight * deviation[0][i];
            for (size_t j = 0; j < n_b; j++)
                sum[i][j] += weighted * deviation[1][j];
        }
    }
    for (size_t i = 0; i < n_a; i++)
        for (size_t j = 0; j < n_b; j++) {
            covariance[(first_a + i) * k + first_b + j] = sum[i][j];
            covariance[(first_b + j) * k + first_a + i] = sum[i][j];
        }
}

void est_i_replicates_covariance(const est_i_replicates *replicates, size_t k, const double *theta, const double *estimate,
                                 double *covariance, size_t *dropped)
{
    for (size_t a = 0; a < k; a += TILE)
        for (size_t b = a; b < k; b += TILE)
            add_tile(replicates, k, theta, estimate, a, b, covariance);
    if (!dropped)
        return;
    *dropped = 0;
    for (size_t r = 0; r < replicates->count; r++) {
        bool whole = true;
        for (size_t a = 0; a < k; a++)
            whole = whole && isfinite(theta[r * k + a]);
        *dropped += !whole && est_i_replicates_rscale(replicates, r) > 0;
    }
}

/* Variance of the number of times that a unit is drawn when n are drawn without replacement from `total`: whole copies of the
 * sample and one more of a random part of it. */
static double variance_of_copies(double n, double total)
{
    double copies = floor(total / n), more = total - copies * n;
    double between = more / n * (1 - more / n), mean = total / n;
    double within = n / total * (mean - (mean * mean + between) / total) * (total - n) / (total - 1);
    return within + n / total * (n / total) * between;
}

/* The variance of the factors' total over the draws is this times the sum of squares around the mean of the units of the stratum:
 * step^2 times n / (n - 1) times the variance of the number of times drawn, as all units are drawn alike. */
static double expected_multiplier(const est_i_replicates *replicates, const est_i_resampled *stratum)
{
    double n = stratum->n, m = stratum->drawn, times;
    if (replicates->kind == EST_I_REPLICATE_PRESTON)
        times = m / n * (1 - m / n);
    else if (isfinite(stratum->population)) {
        double total = floor(stratum->population), part = stratum->population - total;
        times = (1 - part) * variance_of_copies(n, total) + part * variance_of_copies(n, total + 1);
    } else
        times = m / n * (1 - 1 / n);
    return stratum->step * stratum->step * n / (n - 1) * times;
}

static double square_sum(const est_i_replicates *replicates, size_t stage, const est_i_resampled *stratum, const double *z)
{
    double mean = 0, sum = 0;
    size_t end = (size_t)stratum->first + stratum->n;
    for (size_t leaf = est_i_leaf_of(replicates, stage, stratum->first); leaf < est_i_leaf_of(replicates, stage, end); leaf++)
        mean += z[leaf] / stratum->n;
    for (size_t u = stratum->first; u < end; u++) {
        double total = 0;
        for (size_t leaf = est_i_leaf_of(replicates, stage, u); leaf < est_i_leaf_of(replicates, stage, u + 1); leaf++)
            total += z[leaf];
        sum += (total - mean) * (total - mean);
    }
    return sum;
}

double est_i_replicates_expected(const est_i_replicates *replicates, const double *z)
{
    double sum = 0, draws = (double)replicates->count - (replicates->mse ? 0 : 1);
    if (replicates->kind != EST_I_REPLICATE_RAO_WU && replicates->kind != EST_I_REPLICATE_CANTY_DAVISON &&
        replicates->kind != EST_I_REPLICATE_PRESTON)
        return NAN;
    for (size_t s = 0; s < replicates->n_stages; s++)
        for (size_t h = 0; h < replicates->n_strata[s]; h++) {
            const est_i_resampled *stratum = &replicates->stratum[s][h];
            if (stratum->moves)
                sum += expected_multiplier(replicates, stratum) * square_sum(replicates, s, stratum, z);
        }
    return replicates->scale * draws * sum;
}
