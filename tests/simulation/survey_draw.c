/* Designs, truths and samples of the survey study. */
#include "survey.h"

#include <math.h>
#include <stdlib.h>

#include "numerics/special.h"
#include "survey/taylor.h"

#define COUNTIES 47
#define PART_LIMIT 16 /* cases of a part */

const sim_case sim_cases[] = {
    {"national", "the country: 92 strata, 1,692 clusters, 42,300 persons", false, SIM_WHOLE, 1},
    {"county_40", "one county: 2 strata, 40 clusters, 1,000 persons", false, 29, 1},
    {"county_20", "one county: 1 stratum, 20 clusters, 500 persons", false, 0, 1},
    {"women_40", "women of 20 to 24 in the county of 40 clusters: 2.5 a cluster on average", false, 29, 0.1},
    {"women_20", "women of 20 to 24 in the county of 20 clusters: 1.25 a cluster on average", false, 0, 0.05},
    {"small_national", "a small survey of the country: 92 strata of 2 to 4 clusters, 275 in all, 6,875 persons", true,
     SIM_WHOLE, 1},
    {"small_county", "one county of the small survey: 2 strata of 2 and 3 clusters, 125 persons", true, 29, 1},
};
const size_t sim_n_cases = sizeof sim_cases / sizeof sim_cases[0];
const double sim_proportions[] = {0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 0.5, 0.9, 0.98};
const size_t sim_n_proportions = sizeof sim_proportions / sizeof sim_proportions[0];
const double sim_icc[] = {0.02, 0.1};
const size_t sim_n_icc = sizeof sim_icc / sizeof sim_icc[0];

/* ---- the frame: 47 counties, urban and rural but for the first and the last ---- */

typedef struct frame_stratum {
    int county;
    size_t clusters;
    double households, shift;
} frame_stratum;

/* 20 to 52 clusters a county, 36 on average; households differ by a factor of 16; 38 % of the clusters, but 30 % of the people of a
 * county with two strata are urban. */
static void make_frame(bool small, frame_stratum *frame)
{
    size_t h = 0;
    for (int county = 0; county < COUNTIES; county++) {
        bool one = county == 0 || county == COUNTIES - 1;
        double off = county - (COUNTIES - 1) / 2.0, size = exp(2.8 * off / (COUNTIES - 1)), level = 0.2 * (county * 7 % 5 - 2);
        size_t clusters = (size_t)(36 + lround(16 * 2 * off / (COUNTIES - 1))), urban = (size_t)lround(0.38 * (double)clusters);
        for (int rural = one; rural < 2; rural++, h++) {
            frame[h] = (frame_stratum){county, one ? clusters : rural ? clusters - urban : urban,
                                       size * (one ? 1 : rural ? 0.7 : 0.3), level + (rural ? 0.25 : -0.25)};
            if (small)
                frame[h].clusters = 2 + h % 3;
        }
    }
}

bool sim_design_new(const sim_case *which, sim_design *design)
{
    frame_stratum frame[SIM_STRATA];
    est_i_stage *stage = &design->design.stage[0];
    double households = 0;
    *design = (sim_design){.eligible = which->eligible};
    make_frame(which->small, frame);
    for (size_t h = 0; h < SIM_STRATA; h++) {
        design->frame_df += (double)frame[h].clusters - 1;
        if (which->county != SIM_WHOLE && frame[h].county != which->county)
            continue;
        size_t to = stage->n_strata++;
        design->n_clusters += frame[h].clusters;
        design->weight[to] = frame[h].households / (double)(frame[h].clusters * SIM_HOUSEHOLDS);
        design->share[to] = frame[h].households;
        design->shift[to] = frame[h].shift;
        households += frame[h].households;
    }
    design->design.n_stages = 1;
    stage->n_units = design->n_clusters;
    stage->stratum_first = calloc(stage->n_strata + 1, sizeof *stage->stratum_first);
    stage->unit_stratum = calloc(stage->n_units, sizeof *stage->unit_stratum);
    stage->stratum_population = calloc(stage->n_strata, sizeof *stage->stratum_population);
    design->stratum = stage->unit_stratum;
    if (!stage->stratum_first || !stage->unit_stratum || !stage->stratum_population)
        return false;
    for (size_t h = 0, to = 0; h < SIM_STRATA; h++) {
        if (which->county != SIM_WHOLE && frame[h].county != which->county)
            continue;
        design->share[to] /= households;
        stage->stratum_population[to] = INFINITY;
        stage->stratum_first[to + 1] = stage->stratum_first[to] + (uint32_t)frame[h].clusters;
        for (uint32_t u = stage->stratum_first[to]; u < stage->stratum_first[to + 1]; u++)
            stage->unit_stratum[u] = (uint32_t)to;
        to++;
    }
    return true;
}

void sim_design_free(sim_design *design)
{
    est_i_design_clear(&design->design);
}

/* ---- truths ---- */

static double logistic(double u)
{
    return 1 / (1 + exp(-u));
}

/* The log odds that give the proportion to the domain, by halving. */
static double base_of(const sim_design *design, double proportion)
{
    double low = -40, high = 40;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2, sum = 0;
        for (size_t h = 0; h < design->design.stage[0].n_strata; h++)
            sum += design->share[h] * logistic(middle + design->shift[h]);
        *(sum < proportion ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

/* Beta-binomial: the cluster's own proportion is beta with this mean, and two persons of a cluster correlate by `icc`. */
static void fill_table(sim_table *table, double mean, double icc)
{
    double a = mean * (1 - icc) / icc, b = (1 - mean) * (1 - icc) / icc;
    for (size_t n = 0; n <= SIM_HOUSEHOLDS; n++) {
        double sum = 0, trials = (double)n;
        for (size_t y = 0; y <= SIM_HOUSEHOLDS; y++) {
            double k = (double)y;
            if (y <= n)
                sum += exp(est_i_log_gamma(trials + 1) - est_i_log_gamma(k + 1) - est_i_log_gamma(trials - k + 1) +
                           est_i_log_gamma(k + a) + est_i_log_gamma(trials - k + b) - est_i_log_gamma(trials + a + b) +
                           est_i_log_gamma(a + b) - est_i_log_gamma(a) - est_i_log_gamma(b));
            table->cumulative[n][y] = y < n ? sum : 1;
        }
    }
}

bool sim_truth_new(const sim_design *design, double proportion, double icc, sim_truth *truth)
{
    size_t n_strata = design->design.stage[0].n_strata;
    double base = base_of(design, proportion);
    *truth = (sim_truth){.proportion = proportion, .tables = calloc(n_strata, sizeof *truth->tables)};
    if (!truth->tables)
        return false;
    for (size_t h = 0; h < n_strata; h++) {
        size_t t = 0;
        while (t < truth->n_tables && fabs(truth->tables[t].shift - design->shift[h]) > 1e-9)
            t++;
        if (t == truth->n_tables) {
            truth->tables[truth->n_tables++].shift = design->shift[h];
            fill_table(&truth->tables[t], logistic(base + design->shift[h]), icc);
        }
        truth->table_of[h] = t;
    }
    if (design->eligible < 1) {
        truth->persons = calloc(1, sizeof *truth->persons);
        if (!truth->persons)
            return false;
        fill_table(truth->persons, design->eligible, 0.05);
    }
    return true;
}

void sim_truth_free(sim_truth *truth)
{
    free(truth->tables);
    free(truth->persons);
}

/* ---- samples ---- */

bool sim_sample_new(const sim_design *design, sim_sample *sample)
{
    size_t n = design->n_clusters;
    *sample = (sim_sample){malloc(n * sizeof *sample->weight), malloc(n * sizeof *sample->n), malloc(n * sizeof *sample->y),
                           malloc(n * sizeof *sample->z), malloc(n * sizeof *sample->present)};
    return sample->weight && sample->n && sample->y && sample->z && sample->present;
}

void sim_sample_free(sim_sample *sample)
{
    free(sample->weight);
    free(sample->n);
    free(sample->y);
    free(sample->z);
    free(sample->present);
}

static size_t look_up(const sim_table *table, size_t n, double u)
{
    size_t y = 0;
    while (u > table->cumulative[n][y])
        y++;
    return y;
}

double sim_growth(est_i_rng *rng)
{
    return 0.5 + est_i_rng_uniform(rng);
}

double sim_normal(est_i_rng *rng)
{
    return est_i_normal_quantile(est_i_rng_uniform(rng));
}

double sim_normal_lower(double x)
{
    return est_i_normal_lower(x);
}

double sim_ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

size_t sim_persons(const sim_truth *truth, est_i_rng *rng)
{
    return truth->persons ? look_up(truth->persons, SIM_HOUSEHOLDS, est_i_rng_uniform(rng)) : SIM_HOUSEHOLDS;
}

void sim_draw(const sim_design *design, const sim_truth *truth, est_i_rng *rng, sim_sample *sample)
{
    for (size_t c = 0; c < design->n_clusters; c++) {
        size_t h = design->stratum[c];
        size_t n = sim_persons(truth, rng);
        sample->weight[c] = design->weight[h] * sim_growth(rng);
        sample->n[c] = (double)n;
        sample->y[c] = (double)look_up(&truth->tables[truth->table_of[h]], n, est_i_rng_uniform(rng));
        sample->present[c] = n > 0;
    }
}

bool sim_estimate_taylor(const sim_design *design, sim_sample *sample, sim_estimate *estimate)
{
    const est_i_taylor_options options = {.lonely = EST_I_LONELY_FAIL};
    double weight = 0, total = 0, n = 0, y = 0;
    est_error error;
    for (size_t c = 0; c < design->n_clusters; c++) {
        weight += sample->weight[c] * sample->n[c];
        total += sample->weight[c] * sample->y[c];
        n += sample->n[c];
        y += sample->y[c];
    }
    double p = y > 0 && y < n ? total / weight : y / n;
    *estimate = (sim_estimate){p, NAN, n, NAN, NAN};
    if (!(n > 0))
        return true;
    for (size_t c = 0; c < design->n_clusters; c++)
        sample->z[c] = sample->weight[c] * (sample->y[c] - p * sample->n[c]) / weight;
    if (est_i_taylor_covariance(&design->design, &options, 1, (const double *const[]){sample->z}, sample->present,
                                &estimate->variance, NULL, &error) != EST_OK)
        return false;
    estimate->df = est_i_design_df(&design->design, sample->present);
    estimate->deff = estimate->variance * (n - 1) / (p * (1 - p));
    return true;
}

void sim_start(est_i_rng *rng, size_t part, size_t of_case, size_t icc, size_t truth, size_t sample)
{
    size_t cell = ((part * PART_LIMIT + of_case) * PART_LIMIT + icc) * PART_LIMIT + truth;
    est_i_rng_start(rng, SIM_SEED, EST_I_PURPOSE_TEST, (uint32_t)sample, (uint32_t)cell);
}
