/* The capture table: counts per capture history, one block per period (or one block in all). */
#ifndef EST_I_DATA_CAPTURES_H
#define EST_I_DATA_CAPTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/context.h>
#include <est/error.h>
#include <est/mse.h>
#include <est/table.h>

#define EST_I_LISTS_MAX 20

/* History w is a bit mask: bit j set = on list j (column order). counts[block][w], w from 1 to 2^lists - 1; counts[block][0] = 0. */
typedef struct est_i_captures {
    size_t n_lists, n_cells; /* n_cells = 2^n_lists */
    char **list_names;
    size_t n_blocks;
    char **block_names;      /* period labels in time order; one block named "" without periods */
    double **counts;
    uint32_t *active;        /* per block: mask of the lists at work in it; all lists unless list dates say otherwise */
    double *seen;            /* per block: persons seen on any list, these or others; NaN = not given */
    double *years;           /* per block: length */
    double *midpoint;        /* per block: in years, for example 2012.5; NaN only if no label can be read: then spaced by years */
    double *population;      /* per block; NaN = not given */
    bool *truncated;         /* per block: not fully reported yet */
    bool has_population, has_seen, has_dates;
    double *totals;          /* per block: persons */
    double total;
    size_t n_repeated;       /* rows whose history came twice (counts shape), or repeated person-list-period rows (long) */
    bool labels_read;        /* every midpoint comes from a label or a date, none from spacing */
    size_t n_strata_columns; /* 0 = blocks are periods, or there is one block */
    char **strata_names;     /* the stratum columns */
    char ***strata_values;   /* [block][column] */
    bool has_coverage;       /* some list is not at work in some stratum */
    size_t n_empty_strata;   /* combinations of stratum values in the records with nobody on the lists: left out */
} est_i_captures;

/* What the period columns and files are; all NULL/"" for a table without periods. */
typedef struct est_i_period_options {
    const char *period;            /* column; "" = "period" */
    const char *seen;              /* column; "" = "seen_any_list" if there is one */
    const est_table *population;   /* period file */
    const est_table *list_dates;   /* list, from, to */
} est_i_period_options;

/* Strata, in place of periods. */
typedef struct est_i_strata_options {
    const char *columns;           /* separated by commas; NULL or "" = none: one block */
    const est_table *coverage;     /* column "list" and the stratum columns: a row for each stratum where the list was at work; a list
                                      without a row was at work everywhere; NULL = all were */
} est_i_strata_options;

/* As est_i_captures_read, with a block for each combination of stratum values that occurs, in the order of the values (numbers by
 * size, texts by bytes). A missing stratum value is an error that names record and column. Counts of a list in a stratum where it
 * was not at work are an error. */
est_status est_i_captures_read_strata(const est_table *data, const est_capture_options *options,
                                      const est_i_strata_options *strata, const est_context *context,
                                      est_i_captures **captures, est_error *error);

/* Reads the three input shapes (counts per history, one row per person, long person-list-period); see docs in captures.c for
 * the rules. `periods` NULL: one block. Every fault names table, record, column, what was found and what was expected.
 * Errors: EST_ECOLUMN, EST_EVALUE, EST_EDEFINITION, EST_EFORMAT (empty), EST_ENOMEM, EST_ECANCELLED. */
est_status est_i_captures_read(const est_table *data, const est_capture_options *options, const est_i_period_options *periods,
                               const est_context *context, est_i_captures **captures, est_error *error);

/* A capture table from counts (copied), for tests and for the bootstrap. list_names NULL: "A", "B", ... */
est_status est_i_captures_make(size_t n_lists, size_t n_blocks, const char *const *list_names, const double *const *counts,
                               est_i_captures **captures, est_error *error);

void est_i_captures_free(est_i_captures *captures);

/* SHA-256 of the canonical capture table (list names, block labels, counts in order, stratum columns), as 64 hex digits: the same
 * in every language and for every input shape. */
void est_i_captures_digest(const est_i_captures *captures, char hex[65]);

#endif
