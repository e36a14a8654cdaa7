/* The inside of the quantiles: finding values by passes over a sample, and the variances. */
#ifndef EST_I_SURVEY_QUANTILE_PARTS_H
#define EST_I_SURVEY_QUANTILE_PARTS_H

#include <stdatomic.h>

#include "survey/quantile_rule.h"

/* Distinct values of several lists with their weights: a hash table. */
typedef struct est_i_quantile_entry {
    uint32_t list, slot;
    est_i_quantile_group group;
} est_i_quantile_entry;

typedef struct est_i_quantile_table {
    est_i_quantile_entry *entry;
    size_t count, capacity, n_indexed;
    uint32_t *index; /* entry + 1 */
} est_i_quantile_table;

void est_i_quantile_table_clear(est_i_quantile_table *table);
/* Adds a later row, or the rows of a group that all come later; false without memory. */
bool est_i_quantile_table_add(est_i_quantile_table *table, uint32_t list, uint32_t slot, const est_i_quantile_group *group);
/* Sorts by list, slot and value; nothing may be added any more. */
void est_i_quantile_table_sort(est_i_quantile_table *table);
/* In a sorted table: the entries of a list and slot. */
const est_i_quantile_entry *est_i_quantile_table_range(const est_i_quantile_table *table, uint32_t list, uint32_t slot,
                                                       size_t *count);

/* Doubles as whole numbers in the same order; -0 counts as 0. No NaN. */
uint64_t est_i_quantile_key(double value);
double est_i_quantile_of_key(uint64_t key);

/* What is known of all rows of a list: a variable in a domain. Slot 0 is the whole, slot 1 + d domain d. */
typedef struct est_i_quantile_summary {
    est_i_dd weight;
    double n, smallest, largest, last; /* last: the weight of the last row with the largest value */
} est_i_quantile_summary;

typedef struct est_i_quantile_narrowing est_i_quantile_narrowing;

/* Answers queries: from a table of all distinct values if it fits, else by narrowing passes. */
typedef struct est_i_quantile_finder {
    est_i_sample *sample;
    est_i_quantile_rule rule;
    est_i_quantile_limits limits;
    size_t n_lists, *variable; /* the distinct variables of the requests */
    bool domains;              /* the sample has any */
    atomic_bool too_many;
    size_t n_slots;
    est_i_quantile_summary *summary; /* [slot * n_lists + list] */
    est_i_quantile_table table;
    est_i_quantile_narrowing *narrowing; /* NULL: the table holds everything */
} est_i_quantile_finder;

typedef struct est_i_quantile_query {
    uint32_t list, slot;
    double probability;
    est_i_quantile_answer answer;
} est_i_quantile_query;

/* The first pass over the values. */
est_status est_i_quantile_finder_read(est_i_quantile_finder *finder, est_error *error);
est_status est_i_quantile_finder_find(est_i_quantile_finder *finder, size_t n, est_i_quantile_query *queries, est_error *error);
void est_i_quantile_finder_clear(est_i_quantile_finder *finder);
const est_i_quantile_summary *est_i_quantile_finder_summary(const est_i_quantile_finder *finder, uint32_t list, uint32_t slot);

est_status est_i_quantile_narrow(est_i_quantile_finder *finder, size_t n, est_i_quantile_query *queries, est_error *error);
void est_i_quantile_narrowing_free(est_i_quantile_narrowing *narrowing);

/* What is asked: the lists of the requests and the slots that are printed; target r * n_slots + s is request r in slot[s]. */
typedef struct est_i_quantile_job {
    est_i_sample *sample;
    const est_i_quantile_options *options;
    est_i_quantile_limits limits;
    size_t n_requests, n_slots, n_targets;
    const est_i_quantile_request *requests;
    uint32_t *list, *slot;
    est_i_quantile_query *query; /* [target]: the estimates */
    size_t n_all_slots;          /* of the finder */
} est_i_quantile_job;

/* The share of F that each estimate stands for, its standard error (where the variance is not that of the quantile over replicates)
 * and its degrees of freedom, by target; one pass. */
typedef struct est_i_quantile_share {
    double share, se, df;
    size_t lonely, dropped;
} est_i_quantile_share;
est_status est_i_quantile_shares(const est_i_quantile_job *job, est_i_quantile_share *shares, est_error *error);

/* The standard errors of the estimates over replicates, and how many replicates have no value, by target; one pass. */
est_status est_i_quantile_over_replicates(const est_i_quantile_job *job, double *se, size_t *dropped, est_error *error);

#endif
