/* The rank of supplied replicate weights W (rows by replicates): that of SW, with S a random matrix of a few more rows than W has
 * columns. Each row of W goes into HASHES of the buckets, each time with a random factor (Nelson and Nguyen 2013, FOCS 54:117-126:
 * such an S also keeps the lengths of combinations of columns, and so the share of a column that is new). With one bucket for each
 * row, two rows that alone hold a direction could fall together; with four, and buckets to spare, they do not. */
#include "survey/replicate_rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/linear.h"
#include "numerics/rng.h"

#define HASHES 4
#define TILE 512 /* rows mixed at once: their buckets and factors stay in the processor's cache */

struct est_i_replicate_rank {
    size_t n, buckets;
    est_i_rng rng;
    uint32_t bucket[TILE * HASHES];
    double factor[TILE * HASHES];
    double sum[]; /* sum[replicate * buckets + bucket] */
};

est_i_replicate_rank *est_i_replicate_rank_new(size_t n, size_t chunk)
{
    size_t buckets = n + n / 4 + 16;
    est_i_replicate_rank *rank = calloc(1, sizeof *rank + n * buckets * sizeof(double));
    if (rank) {
        rank->n = n;
        rank->buckets = buckets;
        est_i_rng_start(&rank->rng, 0, EST_I_PURPOSE_REPLICATE_RANK, (uint32_t)chunk, 0);
    }
    return rank;
}

void est_i_replicate_rank_free(est_i_replicate_rank *rank)
{
    free(rank);
}

/* Factors of either sign, in size 1/2 to 3/2. */
static void draw(est_i_replicate_rank *rank, size_t n_rows)
{
    for (size_t i = 0; i < n_rows * HASHES; i++) {
        uint32_t drawn = est_i_rng_next(&rank->rng);
        double size = 0.5 + (drawn >> 1) / 2147483648.0;
        rank->bucket[i] = (uint32_t)((uint64_t)est_i_rng_next(&rank->rng) * rank->buckets >> 32);
        rank->factor[i] = drawn & 1 ? size : -size;
    }
}

void est_i_replicate_rank_take(est_i_replicate_rank *rank, size_t n_rows, const double *const *replicate)
{
    for (size_t first = 0; first < n_rows; first += TILE) {
        size_t n = n_rows - first < TILE ? n_rows - first : TILE;
        draw(rank, n);
        for (size_t r = 0; r < rank->n; r++) {
            double *sum = rank->sum + r * rank->buckets;
            const double *from = replicate[r] + first, *factor = rank->factor;
            const uint32_t *bucket = rank->bucket;
            for (size_t i = 0; i < n; i++, bucket += HASHES, factor += HASHES)
                for (size_t k = 0; k < HASHES; k++)
                    sum[bucket[k]] += factor[k] * from[i];
        }
    }
}

void est_i_replicate_rank_add(est_i_replicate_rank *into, const est_i_replicate_rank *from)
{
    for (size_t i = 0; i < into->n * into->buckets; i++)
        into->sum[i] += from->sum[i];
}

void est_i_replicate_rank_clear(est_i_replicate_rank *rank)
{
    memset(rank->sum, 0, rank->n * rank->buckets * sizeof *rank->sum);
}

/* Columns brought to 1 at most, so that no square is too large or too small; false where that cannot be done. */
static bool scale_columns(const est_i_replicate_rank *rank, double *column)
{
    bool good = true;
    for (size_t r = 0; r < rank->n; r++) {
        double largest = 0;
        for (size_t b = 0; b < rank->buckets; b++) {
            double size = fabs(rank->sum[r * rank->buckets + b]);
            largest = size > largest ? size : largest;
            good = good && isfinite(size);
        }
        for (size_t b = 0; b < rank->buckets; b++)
            column[r * rank->buckets + b] = largest > 0 ? rank->sum[r * rank->buckets + b] / largest : 0;
    }
    return good;
}

est_status est_i_replicate_rank_find(const est_i_replicate_rank *rank, size_t *found, est_error *error)
{
    double *column = malloc(rank->n * rank->buckets * sizeof *column);
    double *work = malloc(rank->n * (1 + EST_I_OWN_SIZE) * sizeof *work);
    bool good = column && work;
    *found = 0;
    if (good && scale_columns(rank, column))
        *found = est_i_independent_rows(column, rank->n, rank->buckets, 1e-5, work);
    free(column);
    free(work);
    return good ? EST_OK : est_i_no_memory(error);
}

void est_i_replicate_rank_write(const est_i_replicate_rank *rank, est_i_text *out)
{
    est_i_state_put_numbers(out, rank->sum, rank->n * rank->buckets);
}

est_status est_i_replicate_rank_read(est_i_replicate_rank *into, est_i_state_reader *reader, est_error *error)
{
    size_t count = into->n * into->buckets;
    double *sum = malloc(count * sizeof *sum);
    if (!sum)
        return est_i_no_memory(error);
    est_i_state_numbers(reader, sum, count);
    for (size_t i = 0; i < count && !reader->bad; i++)
        into->sum[i] += sum[i];
    free(sum);
    return EST_OK;
}
