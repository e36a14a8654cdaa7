/* Coverage of every interval of a proportion. */
#include "survey.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "numerics/parallel.h"
#include "survey/interval.h"

#define BLOCK 64 /* samples of one item of work */
#define PART 0
#define PARENT_PART 1

typedef struct method {
    const char *name, *df;
    est_i_survey_ci ci;
    bool design_df;
    bool bare; /* at 0 and 1 without the parent's design effect */
} method;

static const method methods[] = {
    {"korn-graubard", "domain", EST_I_CI_BETA, false, false},
    {"beta-uncapped", "domain", EST_I_CI_BETA_UNCAPPED, false, false},
    {"t", "domain", EST_I_CI_T, false, false},
    {"logit", "domain", EST_I_CI_LOGIT, false, false},
    {"wilson", "domain", EST_I_CI_WILSON, false, false},
    {"arcsine", "domain", EST_I_CI_ARCSINE, false, false},
    {"likelihood", "domain", EST_I_CI_LIKELIHOOD, false, false},
    {"two-se", "none", EST_I_CI_TWO_SE, false, false},
    {"korn-graubard, n at 0 and 1", "domain", EST_I_CI_BETA, false, true},
    {"korn-graubard", "design", EST_I_CI_BETA, true, false},
    {"beta-uncapped", "design", EST_I_CI_BETA_UNCAPPED, true, false},
    {"t", "design", EST_I_CI_T, true, false},
    {"logit", "design", EST_I_CI_LOGIT, true, false},
    {"wilson", "design", EST_I_CI_WILSON, true, false},
    {"arcsine", "design", EST_I_CI_ARCSINE, true, false},
    {"likelihood", "design", EST_I_CI_LIKELIHOOD, true, false},
};
#define METHODS (sizeof methods / sizeof methods[0])

typedef struct outcome {
    sim_estimate estimate;
    double parent_deff; /* only looked up at 0 and 1 */
    double lower[METHODS], upper[METHODS];
} outcome;

/* One truth in one domain, and the same truth in the country, of which the design effect serves at 0 and 1. */
typedef struct cell {
    size_t samples, of_case, icc, p;
    sim_design design, parent_design;
    sim_truth truth, parent_truth;
    outcome *outcomes;
} cell;

static bool is_edge(double p)
{
    return !(p > 0 && p < 1);
}

static void set_limits(const cell *c, outcome *to)
{
    for (size_t m = 0; m < METHODS; m++) {
        double df = methods[m].design_df ? c->design.frame_df : to->estimate.df;
        est_i_interval_input input = {.estimate = to->estimate.proportion, .se = sqrt(to->estimate.variance), .df = df,
                                      .level = SIM_LEVEL, .n = to->estimate.n, .n_beta = to->estimate.n, .df_beta = df,
                                      .design_effect = methods[m].bare ? NAN : to->parent_deff};
        est_i_interval interval = est_i_proportion_interval(methods[m].ci, &input);
        to->lower[m] = interval.lower;
        to->upper[m] = interval.upper;
    }
}

/* What the same survey says of the country; NaN where it has no case of one kind either. */
static bool look_at_parent(const cell *c, size_t i, sim_sample *room, double *deff)
{
    sim_estimate parent;
    est_i_rng rng;
    sim_start(&rng, PARENT_PART, c->of_case, c->icc, c->p, i);
    sim_draw(&c->parent_design, &c->parent_truth, &rng, room);
    bool good = sim_estimate_taylor(&c->parent_design, room, &parent);
    *deff = is_edge(parent.proportion) ? NAN : parent.deff;
    return good;
}

static est_status run_block(void *user, size_t item, int worker)
{
    cell *c = user;
    sim_sample sample = {0}, parent = {0};
    bool good = sim_sample_new(&c->design, &sample) && sim_sample_new(&c->parent_design, &parent);
    (void)worker;
    for (size_t i = item * BLOCK; i < (item + 1) * BLOCK && i < c->samples && good; i++) {
        outcome *to = &c->outcomes[i];
        est_i_rng rng;
        sim_start(&rng, PART, c->of_case, c->icc, c->p, i);
        sim_draw(&c->design, &c->truth, &rng, &sample);
        good = sim_estimate_taylor(&c->design, &sample, &to->estimate);
        to->parent_deff = NAN;
        if (good && is_edge(to->estimate.proportion))
            good = look_at_parent(c, i, &parent, &to->parent_deff);
        set_limits(c, to);
    }
    sim_sample_free(&sample);
    sim_sample_free(&parent);
    return good ? EST_OK : EST_EINTERNAL;
}

typedef struct general {
    double mean, sd, df, least_df, n, deff, at_zero, at_one, parent_deff;
} general;

static general describe(const cell *c)
{
    general g = {.least_df = INFINITY};
    double count = (double)c->samples, squares = 0, inside = 0, edges = 0;
    for (size_t i = 0; i < c->samples; i++) {
        const outcome *o = &c->outcomes[i];
        double p = o->estimate.proportion;
        g.n += o->estimate.n / count;
        if (!(o->estimate.n > 0))
            continue;
        g.mean += p / count;
        squares += (p - c->truth.proportion) * (p - c->truth.proportion) / count;
        g.df += o->estimate.df / count;
        g.least_df = fmin(g.least_df, o->estimate.df);
        g.at_zero += (p <= 0) / count;
        g.at_one += (p >= 1) / count;
        if (!is_edge(p)) {
            g.deff += o->estimate.deff;
            inside++;
        } else if (o->parent_deff > 0) {
            g.parent_deff += o->parent_deff;
            edges++;
        }
    }
    g.sd = sqrt(squares - (g.mean - c->truth.proportion) * (g.mean - c->truth.proportion));
    g.deff = sim_ratio(g.deff, inside);
    g.parent_deff = sim_ratio(g.parent_deff, edges);
    return g;
}

/* Below, above: the whole interval lies there. Edge: the samples with an estimate of 0 or 1 alone. Outside: a limit beyond 0 or 1.
 * A sample without limits is not given, and counts nowhere. */
static void write_method(const cell *c, const general *g, size_t m, FILE *file)
{
    double given = 0, below = 0, above = 0, width = 0, outside = 0, edges = 0, edge_covers = 0, edge_width = 0;
    double truth = c->truth.proportion;
    for (size_t i = 0; i < c->samples; i++) {
        double lower = c->outcomes[i].lower[m], upper = c->outcomes[i].upper[m];
        bool edge = is_edge(c->outcomes[i].estimate.proportion);
        if (isnan(lower) || isnan(upper))
            continue;
        given++;
        below += upper < truth;
        above += lower > truth;
        width += upper - lower;
        outside += lower < 0 || upper > 1;
        edges += edge;
        edge_covers += edge && lower <= truth && truth <= upper;
        edge_width += edge ? upper - lower : 0;
    }
    fprintf(file, "%g,\"%s\",%s,%.0f,%.6f,%.6f,%.6f,%.6g,%.6f,%.6f,%.6f,%.6g,%.6g,%.6g,%.2f,%.0f,%.1f,%.4g,%.4g\n", truth,
            methods[m].name, methods[m].df, given, 1 - (below + above) / given, below / given, above / given, width / given,
            outside / given, g->at_zero + g->at_one, sim_ratio(edge_covers, edges), sim_ratio(edge_width, edges), g->mean, g->sd,
            g->df, g->least_df, g->n, g->deff, g->parent_deff);
}

static bool run_cell(const sim_study *study, cell *c, FILE *file)
{
    sim_case parent = sim_cases[c->of_case];
    est_i_monitor monitor;
    parent.county = SIM_WHOLE;
    c->outcomes = calloc(c->samples, sizeof *c->outcomes);
    bool good = c->outcomes && sim_design_new(&sim_cases[c->of_case], &c->design) && sim_design_new(&parent, &c->parent_design) &&
                sim_truth_new(&c->design, sim_proportions[c->p], sim_icc[c->icc], &c->truth) &&
                sim_truth_new(&c->parent_design, sim_proportions[c->p], sim_icc[c->icc], &c->parent_truth);
    est_i_monitor_start(&monitor, NULL);
    if (good)
        good = est_i_parallel_for((c->samples + BLOCK - 1) / BLOCK, study->threads, run_block, c, &monitor) == EST_OK;
    if (good) {
        general g = describe(c);
        for (size_t m = 0; m < METHODS; m++)
            write_method(c, &g, m, file);
    }
    sim_truth_free(&c->truth);
    sim_truth_free(&c->parent_truth);
    sim_design_free(&c->design);
    sim_design_free(&c->parent_design);
    free(c->outcomes);
    return good;
}

static bool fill(const sim_study *study, size_t of_case, size_t icc, void *file)
{
    bool good = true;
    for (size_t p = 0; p < sim_n_proportions && good; p++) {
        cell c = {.samples = study->samples, .of_case = of_case, .icc = icc, .p = p};
        good = run_cell(study, &c, file);
    }
    return good;
}

bool sim_run_proportions(const sim_study *study)
{
    static const char heading[] = "proportion,interval,df,given,covers,below,above,width,outside,edge,edge_covers,edge_width,"
                                  "mean,sd,mean_df,least_df,mean_n,mean_deff,parent_deff";
    bool good = true;
    for (size_t i = 0; i < sim_n_cases && good; i++)
        for (size_t r = 0; r < sim_n_icc && good; r++)
            good = sim_write(study, "proportions", i, r, study->samples, heading, fill);
    return good;
}
