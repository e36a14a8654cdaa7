/* A sample: the source, the design columns, and what the first pass over it has found: units, domains, levels, the design.
 *
 * Every estimator is one or more passes over the rows. A pass hands its consumer batches of rows that are already understood:
 * weight, leaf, domain, values. In the first pass the numbers of leaves, domains and levels are the part's own, and `settle`
 * gives their final numbers; from the second pass on they are the final ones, and `settle` gets the identity. */
#ifndef EST_I_SURVEY_SAMPLE_H
#define EST_I_SURVEY_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/source.h>

#include "core/monitor.h"
#include "data/scan.h"
#include "survey/design.h"

#define EST_I_NO_DOMAIN UINT32_MAX
#define EST_I_NO_LEVEL_NUMBER UINT32_MAX

/* What the data say of the design. Columns by name; NULL = none. With no unit column every row is a unit (of one stage). */
typedef struct est_i_design_columns {
    size_t n_stages; /* at least 1 */
    const char *unit[EST_I_STAGES_MAX];
    const char *stratum[EST_I_STAGES_MAX];
    const char *fpc[EST_I_STAGES_MAX];
    const char *weight;
    double weight_scale; /* every weight is multiplied by it; 1 */
    bool nest;           /* PSU ids are numbered within strata; otherwise the same id in two strata is a fault */
    bool pps;            /* the fpc of the first stage is an inclusion probability for each unit */
    const char *wave;    /* strata and PSUs of each value of this column are drawn apart */
} est_i_design_columns;

typedef enum est_i_variable_kind {
    EST_I_VARIABLE_NUMBER = 0,
    EST_I_VARIABLE_INDICATOR, /* 1 where the text of the column is `level`, 0 where it is another, NaN where it is missing */
    EST_I_VARIABLE_LEVELS     /* the text of the column, as a level number */
} est_i_variable_kind;

typedef struct est_i_variable {
    const char *column;
    est_i_variable_kind kind;
    const char *level; /* INDICATOR */
} est_i_variable;

typedef struct est_i_sample_plan {
    est_i_design_columns design;
    size_t n_by;
    const char *const *by;      /* the crossing of these columns makes the domains */
    const char *where;          /* a condition (data/condition.h); NULL or "" = all rows */
    size_t n_variables;
    const est_i_variable *variables;
    size_t n_replicates;
    const char *const *replicates; /* columns of replicate weights */
    bool combined;                 /* they hold the weight already; otherwise they are factors of it */
} est_i_sample_plan;

typedef struct est_i_rows {
    size_t n;
    const double *weight;              /* as calibrated, if the sample is: then perhaps below zero; never NaN */
    const double *base_weight;         /* before calibration */
    const uint32_t *leaf;
    const uint32_t *domain;            /* EST_I_NO_DOMAIN: outside the condition */
    const double *const *value;        /* value[variable][row], NaN = missing; NULL for LEVELS */
    const uint32_t *const *level;      /* level[variable][row], EST_I_NO_LEVEL_NUMBER = missing; NULL for others */
    const double *const *replicate;    /* replicate[r][row]: weights, not factors */
    const est_i_scan_batch *batch;     /* the scan's batch that the rows are a slice of, from its row `first` on */
    size_t first;
} est_i_rows;

/* Final numbers of a part's own numbers. */
typedef struct est_i_renumbering {
    size_t n_leaves, n_domains;
    const uint32_t *leaf, *domain;
    const size_t *n_levels;
    const uint32_t *const *level; /* level[variable][own number] */
} est_i_renumbering;

typedef struct est_i_rows_consumer {
    void *(*part_new)(void *user);
    est_status (*take)(void *user, void *part, const est_i_rows *rows, est_error *error);             /* any thread */
    /* Calling thread. At the end of the first pass the joined part is settled once more: leaves get the order of the design. */
    est_status (*settle)(void *user, void *part, const est_i_renumbering *final, est_error *error);
    est_status (*join)(void *user, void *into, void *from, est_error *error); /* adds `from`, which comes later; the caller frees it */
    void (*part_free)(void *user, void *part);
} est_i_rows_consumer;

typedef struct est_i_sample est_i_sample;

/* Finds the columns and checks the plan; reads no rows. The source is borrowed, the plan copied. */
est_status est_i_sample_new(est_source *source, const est_i_sample_plan *plan, int threads, est_i_monitor *monitor,
                            est_i_sample **sample, est_error *error);
void est_i_sample_free(est_i_sample *sample);

/* The place of a cell for est_i_fail_at. */
est_i_place est_i_rows_place(const est_i_sample *sample, const est_i_rows *rows, size_t row, const char *column);

/* One pass over all rows. Parts are joined two by two along a binary tree over the chunks, so that the sums are the same bytes
 * however the chunks are shared out. *part: the joined part, the caller's to free (part_free). `stage` names the work. */
est_status est_i_sample_pass(est_i_sample *sample, const est_i_rows_consumer *consumer, void *user, const char *stage, void **part,
                             est_error *error);

/* The first pass for its own sake: the design, domains and levels. Does nothing in a sample that is known already. */
est_status est_i_sample_learn(est_i_sample *sample, est_error *error);

/* From here on every row's weight is what `adjust` makes of it: weight[i] comes in as the base weight. NULL = none. Rows carry
 * final numbers then, so a first pass must be done. */
typedef est_status est_i_weight_adjust(void *user, const est_i_rows *rows, double *weight, est_error *error);
void est_i_sample_adjust_weights(est_i_sample *sample, est_i_weight_adjust *adjust, void *user);

/* All below are known after the first pass. */
const est_i_design *est_i_sample_design(const est_i_sample *sample);
size_t est_i_sample_domains(const est_i_sample *sample);
/* The value of the i-th `by` column for a domain, the file's value label if it has one; NULL where it is missing. */
const char *est_i_sample_domain_value(const est_i_sample *sample, size_t domain, size_t by);
/* The same as it stands in the file. */
const char *est_i_sample_domain_code(const est_i_sample *sample, size_t domain, size_t by);
/* 1 if some value of the domain is missing: such rows belong to the whole and to no domain. */
bool est_i_sample_domain_is_missing(const est_i_sample *sample, size_t domain);
/* Domains in the order of the page: numbers by size, then texts by their bytes; those with a missing value left out. */
size_t est_i_sample_domain_order(const est_i_sample *sample, uint32_t *order);
size_t est_i_sample_levels(const est_i_sample *sample, size_t variable);
const char *est_i_sample_level(const est_i_sample *sample, size_t variable, size_t level); /* its text */
size_t est_i_sample_level_order(const est_i_sample *sample, size_t variable, uint32_t *order);

typedef struct est_i_sample_counts {
    long long rows, zero_weights, outside, missing_by, unknown_condition;
    double weight_sum, weight_square_sum; /* over rows with a weight above zero, the whole file */
    long long positive_weights;
    size_t psus, strata;
} est_i_sample_counts;
est_i_sample_counts est_i_sample_count(const est_i_sample *sample);
/* The rank of the replicate weights of all rows (survey/replicate_rank.h); 0: not known, as of more than EST_I_RANK_REPLICATES_MAX. */
est_status est_i_sample_replicate_rank(const est_i_sample *sample, size_t *rank, est_error *error);

est_i_monitor *est_i_sample_monitor(est_i_sample *sample);
int est_i_sample_threads(const est_i_sample *sample);
est_source *est_i_sample_source(const est_i_sample *sample);
const est_i_sample_plan *est_i_sample_get_plan(const est_i_sample *sample);

#endif
