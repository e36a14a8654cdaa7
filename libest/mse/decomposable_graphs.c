#include "mse/decomposable_graphs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

#define SETS (1 << EST_I_GRAPH_LISTS_MAX)

static void find_neighbours(unsigned edges, size_t n_lists, unsigned *neighbours)
{
    unsigned bit = 0;
    memset(neighbours, 0, n_lists * sizeof *neighbours);
    for (size_t j = 1; j < n_lists; j++)
        for (size_t i = 0; i < j; i++, bit++)
            if (edges >> bit & 1) {
                neighbours[i] |= 1u << j;
                neighbours[j] |= 1u << i;
            }
}

static bool is_joined(unsigned set, const unsigned *neighbours)
{
    bool joined = true;
    for (unsigned rest = set; rest && joined; rest &= rest - 1) {
        unsigned list = (unsigned)__builtin_ctz(rest);
        joined = !(set & ~neighbours[list] & ~(1u << list));
    }
    return joined;
}

/* A graph is chordal if its lists can be taken away one by one, each with neighbours B left that are all joined. The
 * probability is then the product of p(list | B) = p(B and the list) / p(B), in which everything but the cliques and the
 * separators cancels: `power` counts the sets. */
static bool take_apart(const unsigned *neighbours, size_t n_lists, signed char power[SETS])
{
    unsigned left = (1u << n_lists) - 1;
    bool chordal = true;
    memset(power, 0, SETS);
    while (left && chordal) {
        chordal = false;
        for (unsigned rest = left; rest && !chordal; rest &= rest - 1) {
            unsigned list = (unsigned)__builtin_ctz(rest), others = neighbours[list] & left;
            if (!is_joined(others, neighbours))
                continue;
            chordal = true;
            power[others | 1u << list]++;
            power[others]--;
            left &= ~(1u << list);
        }
    }
    return chordal;
}

static est_i_graph graph_of(unsigned edges, size_t n_lists, const signed char power[SETS])
{
    est_i_graph graph = {.edges = (uint16_t)edges, .n_edges = (uint8_t)__builtin_popcount(edges)};
    for (unsigned set = 1; set < 1u << n_lists; set++) {
        if (power[set] > 0)
            graph.cliques[graph.n_cliques++] = (uint8_t)set;
        for (int i = power[set]; i < 0; i++)
            graph.separators[graph.n_separators++] = (uint8_t)set;
    }
    return graph;
}

est_status est_i_graphs_make(size_t n_lists, est_i_graphs *graphs, est_error *error)
{
    static const size_t counts[EST_I_GRAPH_LISTS_MAX + 1] = {1, 1, 2, 8, 61, 822, 18154};
    unsigned end = 1u << (n_lists * (n_lists - 1) / 2), neighbours[EST_I_GRAPH_LISTS_MAX];
    signed char power[SETS];
    *graphs = (est_i_graphs){n_lists, 0, calloc(counts[n_lists], sizeof *graphs->graphs)};
    if (!graphs->graphs)
        return est_i_no_memory(error);
    for (unsigned edges = 0; edges < end; edges++) {
        find_neighbours(edges, n_lists, neighbours);
        if (take_apart(neighbours, n_lists, power))
            graphs->graphs[graphs->count++] = graph_of(edges, n_lists, power);
    }
    return EST_OK;
}

void est_i_graphs_free(est_i_graphs *graphs)
{
    free(graphs->graphs);
    *graphs = (est_i_graphs){0};
}
