/* A design counted with all its faults: strata, units, corrections, weights, domains. */
#ifndef EST_I_SURVEY_CHECK_DESIGN_H
#define EST_I_SURVEY_CHECK_DESIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/error.h>

#include "data/dictionary.h"
#include "numerics/double_double.h"
#include "survey/registry.h"
#include "survey/tuples.h"

/* Rows with a fault, and the first of them (counted from 1). */
typedef struct est_i_check_tally {
    long long rows, first;
} est_i_check_tally;

static inline void est_i_check_tally_row(est_i_check_tally *tally, long long record)
{
    if (tally->rows++ == 0)
        tally->first = record;
}

/* `from` counts its records from the one after `before`. */
static inline void est_i_check_tally_join(est_i_check_tally *tally, const est_i_check_tally *from, long long before)
{
    if (tally->rows == 0 && from->rows > 0)
        tally->first = from->first + before;
    tally->rows += from->rows;
}

/* Weights of the whole file. Those above zero are counted in bins of their binary digits too, 512 to a doubling: quantiles lie
 * within 0.1 %. */
#define EST_I_CHECK_BINS (384 * 512)
typedef struct est_i_check_bin {
    long long rows;
    double low, high;
} est_i_check_bin;
typedef struct est_i_check_weights {
    est_i_check_tally missing, texts, negative, zero;
    long long positive;
    est_i_dd sum, squares;
    double low, high;
    est_i_check_bin *bins; /* NULL until there is one */
} est_i_check_weights;

bool est_i_check_weights_add(est_i_check_weights *weights, double weight, long long rows);
double est_i_check_weights_median(const est_i_check_weights *weights);
/* The share of the sum that the largest `share` of the rows has (one row at least). */
double est_i_check_weights_top(const est_i_check_weights *weights, double share);
double est_i_check_weights_kish(const est_i_check_weights *weights); /* n sum(w^2) / (sum w)^2 */
void est_i_check_weights_free(est_i_check_weights *weights);

/* What stands under one path of strata and units. */
typedef struct est_i_check_unit {
    long long rows;
    double weight_low, weight_high; /* of weights above zero; low > high = none */
    double fpc_low[EST_I_STAGES_MAX], fpc_high[EST_I_STAGES_MAX];
} est_i_check_unit;

void est_i_check_unit_start(est_i_check_unit *unit);
void est_i_check_unit_join(est_i_check_unit *unit, const est_i_check_unit *from);

/* Zero but for the choices = empty. */
typedef struct est_i_check_design {
    size_t n_stages, n_by;
    bool has_units;       /* otherwise every row is a unit */
    est_i_registry registry; /* nested whatever the option says: it never fails on an id */
    est_i_check_unit *units; /* one a leaf */
    size_t units_capacity;
    est_i_check_tally no_stratum[EST_I_STAGES_MAX], no_unit[EST_I_STAGES_MAX];
    est_i_check_tally no_fpc[EST_I_STAGES_MAX], bad_fpc[EST_I_STAGES_MAX]; /* missing; a text or a number not above 0 */
    est_i_dictionary *by_values; /* n_by of them; domains hold 0 for missing, else the value's number + 1 */
    est_i_tuples domains, pairs; /* a pair: leaf, domain */
    long long *domain_rows;      /* with a weight above zero */
    size_t domains_capacity;
    long long no_domain;         /* rows that miss a value of a `by` column */
} est_i_check_design;

est_status est_i_check_design_start(est_i_check_design *design, est_error *error);
/* The leaf of a path; its unit is at units[leaf]. */
est_status est_i_check_design_leaf(est_i_check_design *design, const est_i_leaf_path *path, uint32_t *leaf, est_error *error);
/* Adds rows to a domain, by its values (NULL = missing). */
bool est_i_check_design_domain(est_i_check_design *design, const char *const *values, long long rows, uint32_t *domain);
void est_i_check_design_free(est_i_check_design *design);

/* Read from the counts. */

/* Of the first stage. */
typedef struct est_i_check_strata {
    size_t n_strata, n_psus;
    size_t *psus;           /* [stratum]; rows if there are no units */
    long long *rows;        /* [stratum] */
    double *fpc_low, *fpc_high; /* [stratum], NaN = none */
    long long *psu_rows;    /* [psu] */
    bool *psu_varies;       /* [psu]: its weights differ */
    uint32_t *leaf_psu;     /* [leaf] */
    uint32_t *psu_leaf, *stratum_leaf; /* some leaf of each */
} est_i_check_strata;
bool est_i_check_strata_make(const est_i_check_design *design, est_i_check_strata *strata);
void est_i_check_strata_free(est_i_check_strata *strata);
const char *est_i_check_stratum_name(const est_i_check_design *design, const est_i_check_strata *strata, size_t stratum);

/* PSU ids by the number of strata they occur in. */
typedef struct est_i_check_ids {
    size_t ids, recurring;
} est_i_check_ids;
bool est_i_check_ids_count(const est_i_check_design *design, const est_i_check_strata *strata, est_i_check_ids *ids);

/* PSUs and strata with cases of each domain, into arrays of one a domain. */
bool est_i_check_domains_count(const est_i_check_design *design, const est_i_check_strata *strata, size_t *psus, size_t *n_strata);

#endif
