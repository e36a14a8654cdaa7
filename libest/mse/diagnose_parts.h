/* What the files diagnose_*.c share. */
#ifndef EST_I_MSE_DIAGNOSE_PARTS_H
#define EST_I_MSE_DIAGNOSE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text.h"
#include "mse/diagnose.h"

/* Level of the limits in the tables, and the share of sound tables in which a whole table of comparisons may alarm by chance. */
#define EST_I_DIAGNOSE_LEVEL 0.95
#define EST_I_DIAGNOSE_ALPHA 0.05

/* How a table of lists is altered. */
typedef enum est_i_alteration_kind {
    EST_I_WITHOUT_LIST = 0, /* the list is dropped, and with it the persons that only it knew */
    EST_I_WITHIN_LIST,      /* the persons on the list, as the other lists see them: a population of known size */
    EST_I_LISTS_MERGED      /* two lists become one */
} est_i_alteration_kind;

typedef struct est_i_alteration {
    est_i_alteration_kind kind;
    size_t list, other;    /* other: merged; the greater one */
    double wide_level;     /* level of the second, wider limits */
    bool by_block;         /* also profile limits of every block */
} est_i_alteration;

/* The estimator on an altered table. Numbers without an estimate are NaN. */
typedef struct est_i_variant {
    size_t list, other, n_blocks;
    double n, population;           /* sums over the blocks that are not left aside */
    double lower, upper;            /* 95 %, the model taken as known */
    double wide_lower, wide_upper;
    const char *interval;           /* "profile" (one block), "log-normal" (several) or "" */
    char *model;                    /* in list names; "" if there is none */
    char *reason;                   /* NULL, or why there is no estimate, in words */
    char *aside;                    /* NULL, or why blocks are left aside (EST_I_WITHIN_LIST alone) */
    size_t *block;                  /* of the data */
    double *block_population, *block_lower, *block_upper;
} est_i_variant;

typedef struct est_i_diagnostics {
    const est_i_diagnosis *of;
    const est_context *context;
    est_i_monitor *monitor;
    est_i_result_builder *builder;
    est_error *error;
    bool own;                       /* each block has a dependence of its own */
    double n, population;           /* of all blocks */
    double *seen;                   /* per block: persons seen on any list, these or others */
    double seen_total;
    uint32_t *active;               /* per block: lists at work */
    est_i_variant *left_out;        /* per list; none with two lists */
    est_i_variant *merged;          /* per pair, in the order (0, 1), (0, 2), ... (1, 2), ... */
    size_t n_left_out, n_merged;
    size_t step, n_steps;           /* progress */
    size_t n_alarms;
    est_i_text alarms;              /* of the verdict: a clause each, separated by "; " */
} est_i_diagnostics;

/* Fills `variant`, which then needs est_i_variant_clear whatever the outcome. A table that has no estimate is an answer: see its
 * reason. Errors: EST_ENOMEM, EST_ECANCELLED. */
est_status est_i_variant_find(est_i_diagnostics *all, const est_i_alteration *alteration, est_i_variant *variant);
void est_i_variant_clear(est_i_variant *variant);

/* A diagnostic that alarms: its clause in the verdict. Never floating-point conversions. */
void est_i_diagnose_alarm(est_i_diagnostics *all, const char *format, ...) EST_PRINTF(2, 3);

/* Names in a sentence: adds one, at most six; _end says how many more there are. */
void est_i_diagnose_name(est_i_text *text, size_t *count, const char *name);
void est_i_diagnose_name_pair(const est_i_diagnostics *all, est_i_text *text, size_t *count, size_t i, size_t j);
void est_i_diagnose_name_end(est_i_text *text, size_t count);

/* Has the estimate moved beyond what chance explains? The estimate of the whole table lies outside the variant's wide limits, and
 * the variant's outside the limits of the whole table (where those are known). */
bool est_i_variant_disagrees(const est_i_diagnostics *all, const est_i_variant *variant);

/* A cell of the frame at hand; empties the text. */
void est_i_diagnose_cell(est_i_diagnostics *all, est_i_text *text);

/* The name of a block, for cells and sentences; "" with one block. */
const char *est_i_diagnose_block(const est_i_diagnostics *all, size_t block);
/* The lists of a mask in names, joined by ":". */
void est_i_diagnose_term(const est_i_diagnostics *all, uint32_t term, est_i_text *text);
/* Persons of a block who are on every list of the mask. */
double est_i_diagnose_margin(const est_i_diagnostics *all, size_t block, uint32_t on);
/* Fitted counts of one block by the settled fit, 0 off the face, into mu[n_cells]; [0] is the unseen count. */
void est_i_diagnose_fitted(const est_i_diagnostics *all, size_t block, double *mu);

/* One table each, with its notes. Errors of those that return a status: EST_ENOMEM, EST_ECANCELLED. */
void est_i_diagnose_held_out(est_i_diagnostics *all);
est_status est_i_diagnose_consistency(est_i_diagnostics *all);
void est_i_diagnose_left_out(est_i_diagnostics *all);
void est_i_diagnose_merged(est_i_diagnostics *all);
void est_i_diagnose_sensitivity(est_i_diagnostics *all);
void est_i_diagnose_multiplicity(est_i_diagnostics *all);
void est_i_diagnose_empty(est_i_diagnostics *all);
void est_i_diagnose_pairs(est_i_diagnostics *all);
est_status est_i_diagnose_residuals(est_i_diagnostics *all);
void est_i_diagnose_gates(est_i_diagnostics *all);

/* The charts "capture_histories" (UpSet) and "population_by_choice" (forest). */
est_status est_i_diagnose_charts(est_i_diagnostics *all);

#endif
