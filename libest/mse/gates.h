/* Minimum-data gates (decisions.md 10): what a population needs behind it before its estimate is more than an order of magnitude. */
#ifndef EST_I_MSE_GATES_H
#define EST_I_MSE_GATES_H

#include <stdbool.h>
#include <stddef.h>

#include "data/captures.h"

#define EST_I_GATES_MOST 6
#define EST_I_GATE_PERSONS 100
#define EST_I_GATE_LIST_PERSONS 10
#define EST_I_GATE_LISTS 3
#define EST_I_GATE_COVERAGE 0.05
#define EST_I_GATE_RATIO 10

typedef enum est_i_gate_kind { EST_I_GATE_COUNT = 0, EST_I_GATE_SHARE, EST_I_GATE_QUOTIENT, EST_I_GATE_NUMBER } est_i_gate_kind;

typedef struct est_i_gate {
    const char *name;     /* what is asked for, in words */
    est_i_gate_kind kind; /* what `value` is: persons, a share, a ratio, a number of lists */
    double value;         /* NaN = not known */
    bool passed;
} est_i_gate;

/* A share of the estimate that is too small to rest on; limits too far apart to stand around one number. */
static inline bool est_i_is_low_coverage(double n, double population)
{
    return n < EST_I_GATE_COVERAGE * population;
}

static inline bool est_i_is_wide(double lower, double upper)
{
    return upper > EST_I_GATE_RATIO * lower;
}

/* The gates of the blocks first to first + n_blocks - 1 together; of the lists the one with the fewest counts. population NaN = no
 * estimate; without limits (NaN) their gate is left out. Returns how many were written. */
size_t est_i_gates_judge(const est_i_captures *captures, size_t first, size_t n_blocks, double population, double lower,
                         double upper, est_i_gate gates[EST_I_GATES_MOST]);

#endif
