/* Counter-based random numbers: a stream for each (seed, purpose, replicate, stratum), so that no result depends on threads. */
#ifndef EST_I_NUMERICS_RNG_H
#define EST_I_NUMERICS_RNG_H

#include <stddef.h>
#include <stdint.h>

/* What a stream is for. The numbers are permanent: changing one changes published results. */
typedef enum est_i_purpose {
    EST_I_PURPOSE_BOOTSTRAP = 1,
    EST_I_PURPOSE_LINKAGE = 2,          /* linkage errors put into records */
    EST_I_PURPOSE_SAMPLE_COVERAGE = 3,  /* parametric bootstrap of the sample coverage estimators */
    EST_I_PURPOSE_REPLICATE = 4,        /* replicate weights of a survey; "stratum" counts the strata of all stages */
    EST_I_PURPOSE_REPLICATE_RANK = 5,   /* mixing of rows of supplied replicate weights; "replicate" counts chunks */
    EST_I_PURPOSE_TEST = 99
} est_i_purpose;

/* Philox4x32-10. Small enough to live on the stack. */
typedef struct est_i_rng {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4];
    uint32_t used;
} est_i_rng;

void est_i_rng_start(est_i_rng *rng, uint64_t seed, est_i_purpose purpose, uint32_t replicate, uint32_t stratum);
uint32_t est_i_rng_next(est_i_rng *rng);
/* 53 bits, in (0, 1). */
double est_i_rng_uniform(est_i_rng *rng);
/* Binomial(trials, probability); probabilities outside [0, 1] are moved to the nearer end. */
double est_i_rng_binomial(est_i_rng *rng, double probability, double trials);
/* Multinomial(trials, weights / sum of weights) into counts, by conditional binomials; cells of weight 0 get 0. */
void est_i_rng_multinomial(est_i_rng *rng, double trials, size_t n_cells, const double *weights, double *counts);

#endif
