/* The survey study: designs with a stated truth, samples drawn from them, and the parts of the study. */
#ifndef SIM_SURVEY_H
#define SIM_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "numerics/rng.h"
#include "survey/design.h"

#define SIM_SEED 20261122
#define SIM_LEVEL 0.95
#define SIM_STRATA 92
#define SIM_HOUSEHOLDS 25 /* in a cluster, one person each */
#define SIM_WHOLE (-1)    /* of the counties: all of them */

/* One domain of one design. */
typedef struct sim_case {
    const char *name, *text;
    bool small;      /* two to four clusters a stratum instead of 8 to 52 */
    int county;      /* of 47, or SIM_WHOLE */
    double eligible; /* mean share of the households with a person of the domain; 1 = every household */
} sim_case;

extern const sim_case sim_cases[];
extern const size_t sim_n_cases;
extern const double sim_proportions[];
extern const size_t sim_n_proportions;
extern const double sim_icc[];
extern const size_t sim_n_icc;

/* The strata that the domain lies in; [stratum] each. */
typedef struct sim_design {
    est_i_design design;
    size_t n_clusters;
    double frame_df;            /* PSUs less strata of the whole survey */
    double weight[SIM_STRATA];          /* of a sampled household */
    double share[SIM_STRATA];           /* of the domain's population */
    double shift[SIM_STRATA];           /* of the log odds, or of the mean */
    uint32_t *stratum;          /* [cluster] */
    double eligible;
} sim_design;

/* The distribution of the number of persons with the attribute, by the number of persons: [26][26], cumulative. */
typedef struct sim_table {
    double shift;
    double cumulative[SIM_HOUSEHOLDS + 1][SIM_HOUSEHOLDS + 1];
} sim_table;

typedef struct sim_truth {
    double proportion;
    size_t n_tables;
    sim_table *tables;
    size_t table_of[SIM_STRATA]; /* [stratum] */
    sim_table *persons;  /* of the number of persons of the domain in a cluster; NULL = SIM_HOUSEHOLDS */
} sim_truth;

/* One sample, by cluster. */
typedef struct sim_sample {
    double *weight, *n, *y, *z;
    bool *present;
} sim_sample;

typedef struct sim_estimate {
    double proportion, variance, n, df, deff;
} sim_estimate;

bool sim_design_new(const sim_case *which, sim_design *design);
void sim_design_free(sim_design *design);
/* A truth of which the proportion in the design's domain is exactly `proportion`. */
bool sim_truth_new(const sim_design *design, double proportion, double icc, sim_truth *truth);
void sim_truth_free(sim_truth *truth);

bool sim_sample_new(const sim_design *design, sim_sample *sample);
void sim_sample_free(sim_sample *sample);
/* How many persons of the domain a cluster has. */
size_t sim_persons(const sim_truth *truth, est_i_rng *rng);
void sim_draw(const sim_design *design, const sim_truth *truth, est_i_rng *rng, sim_sample *sample);
/* By Taylor linearisation; NaN without a person of the domain. Leaves the influence values in sample->z. */
bool sim_estimate_taylor(const sim_design *design, sim_sample *sample, sim_estimate *estimate);
/* A factor around 1 by which the size of a cluster had changed when it was listed: what makes weights differ within a stratum. */
double sim_growth(est_i_rng *rng);
double sim_normal(est_i_rng *rng);
double sim_normal_lower(double x);
/* Streams: one for each sample of each truth of each case; the parts of the study have numbers of their own. */
void sim_start(est_i_rng *rng, size_t part, size_t of_case, size_t icc, size_t truth, size_t sample);

typedef struct sim_study {
    const char *folder, *only; /* only: files of which the name begins so; NULL = all */
    size_t samples;
    int threads;
} sim_study;

/* NaN where there is nothing to share. */
double sim_ratio(double part, double whole);

/* One file of the study: `fill` writes its rows. Written whole, and left alone if it is there for the same number of samples. */
typedef bool sim_fill(const sim_study *study, size_t of_case, size_t icc, void *file);
bool sim_write(const sim_study *study, const char *kind, size_t of_case, size_t icc, size_t samples, const char *heading,
               sim_fill *fill);

/* Coverage of every interval of a proportion; standard errors by three methods; intervals of medians. */
bool sim_run_proportions(const sim_study *study);
bool sim_run_errors(const sim_study *study);
bool sim_run_medians(const sim_study *study);

#endif
