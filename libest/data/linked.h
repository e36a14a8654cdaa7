/* Records that somebody linked: checks, capture histories, and the clusters behind them. */
#ifndef EST_I_DATA_LINKED_H
#define EST_I_DATA_LINKED_H

#include <stddef.h>
#include <stdint.h>

#include <est/linkage.h>

#include "data/captures.h"

/* What the checks found. */
typedef struct est_i_linked_checks {
    size_t rows;
    size_t left_out;         /* rows of lists that were not named */
    size_t repeated_rows;    /* rows with the list, the id and the period of an earlier one: counted once */
    size_t repeated_persons; /* times that a person is on one list (and in one period) with several records */
    size_t larger_clusters;  /* clusters above largest_cluster */
    size_t largest;          /* records of the largest cluster (in one period) */
    size_t without_date;     /* rows of a dated file without a date */
    int has_date;
} est_i_linked_checks;

/* A unit is a cluster in a block (period): a person as the linkage sees it. Its records are first[unit] to first[unit + 1] - 1. */
typedef struct est_i_linked {
    est_i_captures *captures;
    size_t n_units, n_records;
    uint32_t *block;         /* one a unit */
    size_t *first;           /* n_units + 1 */
    unsigned char *list;     /* one a record */
    est_i_linked_checks checks;
} est_i_linked;

/* Units of a simulation, at most: a hundred million records would not be a hidden population. */
#define EST_I_LINKED_UNITS_MAX 20000000.0

/* Reads and checks a linked file; linked.c has the rules. `by_period`: one block a period, `period` as in est_patterns_options.
 * Faults name table, record and column, never an id or a cluster.
 * Errors: EST_EOPTION, EST_ECOLUMN, EST_EVALUE, EST_EDEFINITION, EST_EFORMAT (empty), EST_ENOMEM, EST_ECANCELLED. */
est_status est_i_linked_read(const est_table *data, const est_patterns_options *options, const est_context *context,
                             est_i_linked **linked, est_error *error);

/* One unit a person of a capture table, with a record for each list; the table becomes the property of the units when this
 * succeeds. Errors: EST_EDEFINITION (too many persons), EST_ENOMEM. */
est_status est_i_linked_of_captures(est_i_captures *captures, est_i_linked **linked, est_error *error);

void est_i_linked_free(est_i_linked *linked);

/* true if the table has the columns of a linked file, by the options or by their usual names. */
bool est_i_linked_is(const est_table *data, const est_linked_options *options);

/* The period column, -1 if there is none: the named one (EST_ECOLUMN if it is missing), else "period". */
est_status est_i_linked_period(const est_table *data, const char *option, long *column, est_error *error);

#endif
