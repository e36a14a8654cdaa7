/* Covariance of statistics over replicates, and what a bootstrap's is expected to be. */
#include <math.h>

#include "survey/replicate_parts.h"

#define TILE 32

/* Up to TILE statistics from number `first` on. */
typedef struct columns {
    size_t first, n;
    double centre[TILE]; /* NaN if no spread can be told around it */
    double missing[TILE];
    double deviation[TILE];
} columns;

static void find_centres(const est_i_replicates *replicates, size_t k, size_t first, const double *theta, const double *estimate,
                         columns *tile)
{
    double found[TILE] = {0};
    *tile = (columns){.first = first, .n = k - first < TILE ? k - first : TILE};
    for (size_t r = 0; r < replicates->count; r++) {
        const double *row = theta + r * k + first;
        if (!(est_i_replicates_rscale(replicates, r) > 0))
            continue;
        for (size_t i = 0; i < tile->n; i++) {
            bool finite = isfinite(row[i]);
            tile->centre[i] += finite ? row[i] : 0;
            found[i] += finite;
            tile->missing[i] += !finite;
        }
    }
    for (size_t i = 0; i < tile->n; i++)
        if (replicates->mse)
            tile->centre[i] = found[i] > 0 && isfinite(estimate[first + i]) ? estimate[first + i] : NAN;
        else
            tile->centre[i] = found[i] > 1 ? tile->centre[i] / found[i] : NAN;
}

static void find_deviations(columns *tile, size_t k, size_t r, const double *theta)
{
    const double *row = theta + r * k + tile->first;
    for (size_t i = 0; i < tile->n; i++)
        tile->deviation[i] = isfinite(row[i]) ? row[i] - tile->centre[i] : isnan(tile->centre[i]) ? NAN : 0;
}

/* Columns of a against columns of b, summed over the replicates in their order. What lies beyond n stays 0: a loop of known length
 * is quicker. */
static void add_tile(const est_i_replicates *replicates, size_t k, const double *theta, columns *a, columns *b, double *covariance)
{
    double sum[TILE][TILE] = {{0}};
    for (size_t r = 0; r < replicates->count; r++) {
        double weight = replicates->scale * est_i_replicates_rscale(replicates, r);
        find_deviations(a, k, r, theta);
        find_deviations(b, k, r, theta);
        for (size_t i = 0; i < a->n; i++) {
            double weighted = weight * a->deviation[i];
            for (size_t j = 0; j < TILE; j++)
                sum[i][j] += weighted * b->deviation[j];
        }
    }
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < b->n; j++) {
            covariance[(a->first + i) * k + b->first + j] = sum[i][j];
            covariance[(b->first + j) * k + a->first + i] = sum[i][j];
        }
}

void est_i_replicates_variance(const est_i_replicates *replicates, size_t k, const double *theta, const double *estimate,
                               double *variance, size_t *dropped)
{
    columns tile;
    for (size_t first = 0; first < k; first += TILE) {
        find_centres(replicates, k, first, theta, estimate, &tile);
        for (size_t i = 0; i < tile.n; i++) {
            variance[first + i] = 0;
            if (dropped)
                dropped[first + i] = (size_t)tile.missing[i];
        }
        for (size_t r = 0; r < replicates->count; r++) {
            double weight = replicates->scale * est_i_replicates_rscale(replicates, r);
            find_deviations(&tile, k, r, theta);
            for (size_t i = 0; i < tile.n; i++)
                variance[first + i] += weight * tile.deviation[i] * tile.deviation[i];
        }
    }
}

void est_i_replicates_covariance(const est_i_replicates *replicates, size_t k, const double *theta, const double *estimate,
                                 double *covariance, size_t *dropped)
{
    columns a, b;
    for (size_t first = 0; first < k; first += TILE) {
        find_centres(replicates, k, first, theta, estimate, &a);
        for (size_t second = first; second < k; second += TILE) {
            find_centres(replicates, k, second, theta, estimate, &b);
            add_tile(replicates, k, theta, &a, &b, covariance);
        }
    }
    if (!dropped)
        return;
    *dropped = 0;
    for (size_t r = 0; r < replicates->count; r++) {
        bool whole = true;
        for (size_t i = 0; i < k; i++)
            whole = whole && isfinite(theta[r * k + i]);
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
