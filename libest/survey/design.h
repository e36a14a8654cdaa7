/* The design of a survey as numbers: strata and units of each stage, how many there are and how many were drawn. */
#ifndef EST_I_SURVEY_DESIGN_H
#define EST_I_SURVEY_DESIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#define EST_I_STAGES_MAX 8

/* One stage. Units are numbered so that the units of a stratum stand together, and strata so that the strata of one unit of the
 * stage before stand together, all in the order of first appearance. */
typedef struct est_i_stage {
    size_t n_strata, n_units;
    uint32_t *stratum_first;     /* [n_strata + 1]: units stratum_first[h] to stratum_first[h + 1] - 1 are in h */
    uint32_t *unit_stratum;      /* [n_units] */
    uint32_t *unit_parent;       /* [n_units]: the unit of the stage before that it lies in; NULL for the first stage */
    double *stratum_population;  /* [n_strata]: N_h; INFINITY = drawn with replacement, or no correction wanted */
    double *unit_probability;    /* [n_units]: inclusion probability at this stage, if it differs within strata (PPS); else NULL */
} est_i_stage;

/* Leaves are the units of the last stage: what a row belongs to. */
typedef struct est_i_design {
    size_t n_stages;
    est_i_stage stage[EST_I_STAGES_MAX];
    char **stratum_name; /* of the first stage, for messages; may name a place, never a person */
} est_i_design;

static inline size_t est_i_design_leaves(const est_i_design *design)
{
    return design->stage[design->n_stages - 1].n_units;
}

/* The first-stage unit (PSU) of every leaf, into psu[leaves]. */
void est_i_design_psu(const est_i_design *design, uint32_t *psu);

/* EST_EINTERNAL, with the place, unless the arrays agree with each other: ranges, nesting, numbers of units and probabilities. */
est_status est_i_design_check(const est_i_design *design, est_error *error);

/* Frees what the stages hold, not the struct. */
void est_i_design_clear(est_i_design *design);

#endif
