/* Decomposable (chordal) graphs of lists with their cliques and separators. */
#ifndef EST_I_MSE_DECOMPOSABLE_GRAPHS_H
#define EST_I_MSE_DECOMPOSABLE_GRAPHS_H

#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#define EST_I_GRAPH_LISTS_MAX 6

/* Sets of lists are masks. The likelihood of a decomposable model is the product over the cliques by the product over the
 * separators, each as often as it separates; empty separators (between components) are left out. */
typedef struct est_i_graph {
    uint16_t edges; /* bit of each pair of lists in the order 0:1, 0:2, 1:2, 0:3, ... */
    uint8_t n_edges, n_cliques, n_separators;
    uint8_t cliques[EST_I_GRAPH_LISTS_MAX];
    uint8_t separators[EST_I_GRAPH_LISTS_MAX - 1];
} est_i_graph;

/* By `edges`: the first has none, the last is the complete graph. */
typedef struct est_i_graphs {
    size_t n_lists, count;
    est_i_graph *graphs;
} est_i_graphs;

/* All of them: 2, 8, 61, 822 and 18,154 for two to six lists. Only EST_ENOMEM. */
est_status est_i_graphs_make(size_t n_lists, est_i_graphs *graphs, est_error *error);
void est_i_graphs_free(est_i_graphs *graphs);

#endif
