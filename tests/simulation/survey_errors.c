/* Standard errors by linearisation, jackknife and rescaled bootstrap against the spread of the estimates. */
#include "survey.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "numerics/parallel.h"
#include "survey/interval.h"
#include "survey/replicate.h"

#define BLOCK 16
#define PART 2
#define DRAWS 200
#define SHARE 5 /* one in five of the samples */

enum { TAYLOR, JACKKNIFE, BOOTSTRAP, ERRORS };
static const char *const names[ERRORS] = {"taylor", "jkn", "rao-wu"};
static const double proportions[] = {0.01, 0.1, 0.5};

typedef struct outcome {
    sim_estimate estimate;
    double variance[ERRORS], lower[ERRORS], upper[ERRORS];
} outcome;

typedef struct cell {
    size_t samples, of_case, icc, p;
    sim_design design;
    sim_truth truth;
    outcome *outcomes;
} cell;

static double replicated(const sim_design *design, const sim_sample *sample, const double *factor)
{
    double weight = 0, total = 0;
    for (size_t c = 0; c < design->n_clusters; c++) {
        weight += factor[c] * sample->weight[c] * sample->n[c];
        total += factor[c] * sample->weight[c] * sample->y[c];
    }
    return weight > 0 ? total / weight : NAN;
}

static bool replicate_variance(const cell *c, const sim_sample *sample, size_t i, int kind, outcome *to)
{
    const est_i_replicate_options options = {.kind = kind == JACKKNIFE ? EST_I_REPLICATE_JKN : EST_I_REPLICATE_RAO_WU,
                                             .count = DRAWS, .seed = SIM_SEED + i};
    est_i_replicates *replicates = NULL;
    est_error error;
    double *factor = malloc(c->design.n_clusters * sizeof *factor), *theta = NULL;
    bool good = factor && est_i_replicates_make(&c->design.design, &options, &replicates, &error) == EST_OK;
    size_t count = good ? est_i_replicates_count(replicates) : 0;
    theta = malloc((count + 1) * sizeof *theta);
    for (size_t r = 0; r < count && theta; r++) {
        est_i_replicates_factors(replicates, r, factor);
        theta[r] = replicated(&c->design, sample, factor);
    }
    if (good && theta)
        est_i_replicates_covariance(replicates, 1, theta, &to->estimate.proportion, &to->variance[kind], NULL);
    est_i_replicates_free(replicates);
    free(factor);
    free(theta);
    return good && theta;
}

static void set_limits(outcome *to, int kind)
{
    est_i_interval_input input = {.estimate = to->estimate.proportion, .se = sqrt(to->variance[kind]), .df = to->estimate.df,
                                  .level = SIM_LEVEL, .n = to->estimate.n, .design_effect = NAN};
    est_i_interval interval = est_i_proportion_interval(EST_I_CI_BETA, &input);
    to->lower[kind] = interval.lower;
    to->upper[kind] = interval.upper;
}

static est_status run_block(void *user, size_t item, int worker)
{
    cell *c = user;
    sim_sample sample = {0};
    bool good = sim_sample_new(&c->design, &sample);
    (void)worker;
    for (size_t i = item * BLOCK; i < (item + 1) * BLOCK && i < c->samples && good; i++) {
        outcome *to = &c->outcomes[i];
        est_i_rng rng;
        sim_start(&rng, PART, c->of_case, c->icc, c->p, i);
        sim_draw(&c->design, &c->truth, &rng, &sample);
        good = sim_estimate_taylor(&c->design, &sample, &to->estimate) && replicate_variance(c, &sample, i, JACKKNIFE, to) &&
               replicate_variance(c, &sample, i, BOOTSTRAP, to);
        to->variance[TAYLOR] = to->estimate.variance;
        for (int kind = 0; kind < ERRORS; kind++)
            set_limits(to, kind);
    }
    sim_sample_free(&sample);
    return good ? EST_OK : EST_EINTERNAL;
}

/* Samples with an estimate inside (0, 1) or not, all alike: their standard error of 0 is a part of the truth about the method. */
static void write_kind(const cell *c, int kind, FILE *file)
{
    double n = 0, sum = 0, squares = 0, se = 0, variance = 0, covers = 0, truth = c->truth.proportion;
    for (size_t i = 0; i < c->samples; i++) {
        const outcome *o = &c->outcomes[i];
        if (!(o->estimate.n > 0) || isnan(o->variance[kind]))
            continue;
        n++;
        sum += o->estimate.proportion - truth;
        squares += (o->estimate.proportion - truth) * (o->estimate.proportion - truth);
        se += sqrt(o->variance[kind]);
        variance += o->variance[kind];
        covers += o->lower[kind] <= truth && truth <= o->upper[kind];
    }
    double spread = (squares - sum * sum / n) / (n - 1), mean = se / n;
    fprintf(file, "%g,%s,%.0f,%.6g,%.6f,%.6f,%.6f,%.6f\n", truth, names[kind], n, sqrt(spread), mean / sqrt(spread),
            sqrt(variance / n / spread), sqrt(variance / n - mean * mean) / mean, covers / n);
}

static bool run_cell(const sim_study *study, cell *c, FILE *file)
{
    est_i_monitor monitor;
    c->outcomes = calloc(c->samples, sizeof *c->outcomes);
    bool good = c->outcomes && sim_design_new(&sim_cases[c->of_case], &c->design) &&
                sim_truth_new(&c->design, proportions[c->p], sim_icc[c->icc], &c->truth);
    est_i_monitor_start(&monitor, NULL);
    if (good)
        good = est_i_parallel_for((c->samples + BLOCK - 1) / BLOCK, study->threads, run_block, c, &monitor) == EST_OK;
    for (int kind = 0; kind < ERRORS && good; kind++)
        write_kind(c, kind, file);
    sim_truth_free(&c->truth);
    sim_design_free(&c->design);
    free(c->outcomes);
    return good;
}

static bool fill(const sim_study *study, size_t of_case, size_t icc, void *file)
{
    bool good = true;
    for (size_t p = 0; p < sizeof proportions / sizeof proportions[0] && good; p++) {
        cell c = {.samples = study->samples / SHARE, .of_case = of_case, .icc = icc, .p = p};
        good = run_cell(study, &c, file);
    }
    return good;
}

/* All domains but the country of the full survey, of which the small one has the strata. */
bool sim_run_errors(const sim_study *study)
{
    static const char heading[] = "proportion,variance,samples,sd,mean_se_by_sd,root_mean_variance_by_sd,cv_of_se,covers";
    bool good = true;
    for (size_t i = 1; i < sim_n_cases && good; i++)
        for (size_t r = 0; r < sim_n_icc && good; r++)
            good = sim_write(study, "errors", i, r, study->samples / SHARE, heading, fill);
    return good;
}
