/* The exact posterior of a population under all decomposable models of its lists. */
#ifndef EST_I_MSE_DECOMPOSABLE_POSTERIOR_H
#define EST_I_MSE_DECOMPOSABLE_POSTERIOR_H

#include <stdbool.h>
#include <stddef.h>

#include <est/decomposable.h>

#include "core/monitor.h"
#include "mse/decomposable_graphs.h"

typedef struct est_i_graph_setting {
    const est_i_graphs *graphs;
    const double *counts; /* 2^lists; the first, of those on no list, is not read */
    double delta;         /* of each cell of the full table, above 0 */
    size_t least, most;   /* unseen persons: the grid */
    est_population_prior prior;
    double shape, scale;  /* of the negative binomial prior */
    bool complete;        /* the complete graph takes part */
    int threads;
    est_i_monitor *monitor;
} est_i_graph_setting;

typedef struct est_i_graph_machine est_i_graph_machine;

/* mass[k]: the probability that least + k persons are unseen. weight[g]: the probability of a graph; one that cannot matter
 * has 0 (all that is left out together has less than 1e-13). */
typedef struct est_i_graph_posterior {
    double seen;
    size_t least, n_grid;
    double *mass;
    double *weight;
    est_i_graph_machine *machine;
} est_i_graph_posterior;

/* The same bytes whatever the threads. Errors: EST_ENOMEM, EST_ECANCELLED. Free it whatever the outcome. The graphs and the
 * monitor must stay alive. */
est_status est_i_graph_posterior_make(const est_i_graph_setting *setting, est_i_graph_posterior *posterior, est_error *error);
void est_i_graph_posterior_free(est_i_graph_posterior *posterior);

/* The smallest population whose cumulative probability is at least `share`; the second given that the graph is not the complete
 * one, NaN where that has no probability to speak of. */
double est_i_graph_quantile(const est_i_graph_posterior *posterior, double share);
double est_i_graph_quantile_without_complete(const est_i_graph_posterior *posterior, double share);
/* Of the population. */
void est_i_graph_moments(const est_i_graph_posterior *posterior, double *mean, double *sd);
/* The quantile given one graph; NaN where its weight is 0. */
double est_i_graph_own_quantile(const est_i_graph_posterior *posterior, size_t graph, double share);

#endif
