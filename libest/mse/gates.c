/* The gates, each with its number. */
#include "mse/gates.h"

#include <math.h>

#include "mse/describe.h"

typedef struct list_gates {
    double at_work, least, least_shared; /* lists; persons on the smallest; shared with others by the one that shares least */
} list_gates;

static list_gates find_lists(const est_i_captures *captures, size_t first, size_t n_blocks)
{
    list_gates g = {0, INFINITY, INFINITY};
    double on[EST_I_LISTS_MAX] = {0}, shared[EST_I_LISTS_MAX] = {0}, persons[EST_I_LISTS_MAX][EST_I_LISTS_MAX];
    uint32_t at_work = 0;
    for (size_t k = first; k < first + n_blocks; k++) {
        est_i_count_pairs(captures, k, persons);
        at_work |= captures->active[k];
        for (size_t j = 0; j < captures->n_lists; j++) {
            on[j] += persons[j][j];
            shared[j] += persons[j][j] - captures->counts[k][(size_t)1 << j];
        }
    }
    for (size_t j = 0; j < captures->n_lists; j++) {
        if (!(at_work >> j & 1))
            continue;
        g.at_work++;
        g.least = fmin(g.least, on[j]);
        g.least_shared = fmin(g.least_shared, shared[j]);
    }
    return g;
}

size_t est_i_gates_judge(const est_i_captures *captures, size_t first, size_t n_blocks, double population, double lower,
                         double upper, est_i_gate gates[EST_I_GATES_MOST])
{
    list_gates lists = find_lists(captures, first, n_blocks);
    double n = 0;
    size_t count = 0;
    for (size_t k = first; k < first + n_blocks; k++)
        n += captures->totals[k];
    gates[count++] = (est_i_gate){"at least 100 persons", EST_I_GATE_COUNT, n, n >= EST_I_GATE_PERSONS};
    gates[count++] = (est_i_gate){"at least 3 lists", EST_I_GATE_NUMBER, lists.at_work, lists.at_work >= EST_I_GATE_LISTS};
    gates[count++] = (est_i_gate){"at least 10 persons on each list", EST_I_GATE_COUNT, lists.least,
                                  lists.least >= EST_I_GATE_LIST_PERSONS};
    gates[count++] = (est_i_gate){"each list shares persons with another", EST_I_GATE_COUNT, lists.least_shared,
                                  lists.least_shared > 0};
    if (isnan(population))
        gates[count++] = (est_i_gate){"there is an estimate", EST_I_GATE_SHARE, NAN, false};
    else
        gates[count++] = (est_i_gate){"the lists hold at least 5 % of the estimate", EST_I_GATE_SHARE, n / population,
                                      !est_i_is_low_coverage(n, population)};
    if (!isnan(lower) && !isnan(upper))
        gates[count++] = (est_i_gate){"the upper limit is at most 10 times the lower", EST_I_GATE_QUOTIENT, upper / lower,
                                      !est_i_is_wide(lower, upper)};
    return count;
}
