/* Random streams: Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011) from Random123, behind GSL's generator interface. */
#include "numerics/rng.h"

#include <math.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <Random123/philox.h>
#pragma GCC diagnostic pop

static void refill(est_i_rng *rng)
{
    philox4x32_ctr_t counter = {{rng->counter[0], rng->counter[1], rng->counter[2], rng->counter[3]}};
    philox4x32_key_t key = {{rng->key[0], rng->key[1]}};
    philox4x32_ctr_t drawn = philox4x32(counter, key);
    for (int i = 0; i < 4; i++)
        rng->block[i] = drawn.v[i];
    rng->used = 0;
    rng->counter[0]++;
}

void est_i_rng_start(est_i_rng *rng, uint64_t seed, est_i_purpose purpose, uint32_t replicate, uint32_t stratum)
{
    rng->key[0] = (uint32_t)seed;
    rng->key[1] = (uint32_t)(seed >> 32);
    rng->counter[0] = 0;
    rng->counter[1] = (uint32_t)purpose;
    rng->counter[2] = replicate;
    rng->counter[3] = stratum;
    rng->used = 4;
}

uint32_t est_i_rng_next(est_i_rng *rng)
{
    if (rng->used == 4)
        refill(rng);
    return rng->block[rng->used++];
}

double est_i_rng_uniform(est_i_rng *rng)
{
    uint64_t high = est_i_rng_next(rng) >> 5, low = est_i_rng_next(rng) >> 6;
    return ((double)(high << 26 | low) + 0.5) / 9007199254740992.0;
}

static void gsl_set(void *state, unsigned long seed)
{
    (void)state;
    (void)seed;
}

static unsigned long gsl_get(void *state)
{
    return est_i_rng_next(state);
}

static double gsl_get_double(void *state)
{
    return est_i_rng_uniform(state);
}

static const gsl_rng_type philox_type = {"philox4x32", 0xffffffffUL, 0, sizeof(est_i_rng), gsl_set, gsl_get, gsl_get_double};

/* GSL counts trials in 32 bits: more are drawn in parts. */
double est_i_rng_binomial(est_i_rng *rng, double probability, double trials)
{
    const double most = 2147483647;
    gsl_rng bridge = {&philox_type, rng};
    double drawn = 0;
    if (trials >= 1 && probability >= 1)
        return trials;
    for (double rest = floor(trials); rest >= 1 && probability > 0; rest -= most)
        drawn += gsl_ran_binomial(&bridge, probability, (unsigned)fmin(rest, most));
    return drawn;
}

void est_i_rng_multinomial(est_i_rng *rng, double trials, size_t n_cells, const double *weights, double *counts)
{
    double rest = 0;
    for (size_t w = 0; w < n_cells; w++)
        rest += weights[w];
    for (size_t w = 0; w < n_cells; w++) {
        counts[w] = weights[w] > 0 ? est_i_rng_binomial(rng, weights[w] / rest, trials) : 0;
        trials -= counts[w];
        rest -= weights[w];
    }
}
