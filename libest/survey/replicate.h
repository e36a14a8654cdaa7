/* Replicate weights: made from a design as factors of leaves, or supplied as columns of the data. */
#ifndef EST_I_SURVEY_REPLICATE_H
#define EST_I_SURVEY_REPLICATE_H

#include <stdint.h>

#include "core/monitor.h"
#include "survey/design.h"

typedef enum est_i_replicate_kind {
    EST_I_REPLICATE_JK1 = 0,  /* drop one PSU of all, strata ignored; corrected if there is one stratum with a population */
    EST_I_REPLICATE_JKN,      /* drop one PSU of its stratum; strata taken whole have no replicates */
    EST_I_REPLICATE_BRR,      /* balanced half samples of two PSUs a stratum, in full balance: the mean of the replicates of a
                                 total is the total */
    EST_I_REPLICATE_FAY,
    EST_I_REPLICATE_RAO_WU,   /* rescaled bootstrap, with finite population correction where the design has one */
    EST_I_REPLICATE_CANTY_DAVISON, /* n_h draws with replacement, or without from N_h / n_h copies of the sample; one scale from the
                                 harmonic mean of n_h: right where all n_h are equal (from copies: times N_h / (N_h - 1)) */
    EST_I_REPLICATE_PRESTON,  /* multistage rescaled bootstrap: half of the units of each stratum at each stage, not replaced */
    EST_I_REPLICATE_SDR,      /* successive differences of PSUs within strata, in the order of the data, the last with the first */
    EST_I_REPLICATE_SUPPLIED  /* columns of the data */
} est_i_replicate_kind;

typedef struct est_i_replicate_options {
    est_i_replicate_kind kind;
    size_t count;      /* bootstraps, supplied; SDR: the next order of a Hadamard matrix is taken; else of no account */
    double fay;        /* FAY: rho, in [0, 1) */
    double resample;   /* RAO_WU: m_h, at most (n_h - 1) / (1 - f_h) lest weights are negative; 0 = n_h - 1 */
    bool mse;          /* squares around the estimate instead of the mean of the replicates */
    double scale;      /* supplied: above zero; the caller fills in what the declared type means */
    const double *rscales; /* supplied: count of them, or NULL = 1 */
    size_t rank;       /* supplied: of the matrix of weights; 0: not known, taken as count */
    uint64_t seed;
    bool lonely_certainty; /* single-PSU strata keep factor 1; else they are refused unless taken whole. Of no account for JK1 */
} est_i_replicate_options;

/* Opaque, immutable once made. Factors are computed when they are asked for: a thousand replicates cost no memory. */
typedef struct est_i_replicates est_i_replicates;

/* What a method leaves out of a design. */
enum {
    EST_I_REPLICATE_OMITS_FPC = 1,    /* finite population corrections are not used: standard errors are too large */
    EST_I_REPLICATE_OMITS_STAGES = 2  /* the first stage is corrected, and the variance within its units left out: too small */
};

/* EST_EOPTION: a number of the options is impossible. EST_EDEFINITION: the design does not allow the method (BRR without two PSUs
 * in each stratum, a single-PSU stratum, all strata taken whole); names the stratum and what to do. The design is read, not kept;
 * it may be NULL for SUPPLIED. */
est_status est_i_replicates_make(const est_i_design *design, const est_i_replicate_options *options, est_i_replicates **replicates,
                                 est_error *error);
void est_i_replicates_free(est_i_replicates *replicates);

size_t est_i_replicates_count(const est_i_replicates *replicates);
/* The factors of replicate r into factor[leaves]; the same bytes whenever and on whatever thread it is asked. Not for SUPPLIED. */
void est_i_replicates_factors(const est_i_replicates *replicates, size_t r, double *factor);
double est_i_replicates_scale(const est_i_replicates *replicates);
double est_i_replicates_rscale(const est_i_replicates *replicates, size_t r);
/* Degrees of freedom: the rank of the replicate factors less 1, worked out from the structure. That is PSUs less strata, over the
 * strata that vary (jackknife: JK1 as one stratum; bootstraps: at most count - 1; Preston's by its first stage, as Taylor's); the
 * number of strata with two PSUs (BRR, Fay); rows in use less connected parts (SDR). Supplied: by the rank in the options. */
double est_i_replicates_df(const est_i_replicates *replicates);
/* Sum of EST_I_REPLICATE_OMITS_...; 0 = the whole design is used. */
unsigned est_i_replicates_omits(const est_i_replicates *replicates);

/* The expected value over all draws of a bootstrap's variance of the total of factor times z[leaf]: what infinitely many seeds
 * would give on average, to be held against Taylor's formula. NaN for methods that do not draw. */
double est_i_replicates_expected(const est_i_replicates *replicates, const double *z);

/* Covariance of k statistics from theta[r * k + statistic] around `estimate` (mse; otherwise it may be NULL) or the mean over the
 * replicates with rscale > 0. A replicate with a value that is not finite is left out for that statistic, in the mean and in the
 * sum; scale and rscales stay as they are (as R's survey does), so the variance is too small by about the share that is left out:
 * *dropped (NULL allowed) counts the replicates that lack a value of any statistic, to be told. The matrix stays positive
 * semidefinite. A statistic with no replicate left, or one where the mean is the centre, has NaN. covariance: k x k. */
void est_i_replicates_covariance(const est_i_replicates *replicates, size_t k, const double *theta, const double *estimate,
                                 double *covariance, size_t *dropped);
/* Its diagonal alone, the same bytes, for many statistics; variance: k, dropped (NULL allowed): k counts, one a statistic. */
void est_i_replicates_variance(const est_i_replicates *replicates, size_t k, const double *theta, const double *estimate,
                               double *variance, size_t *dropped);

#endif
