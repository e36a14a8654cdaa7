/* Published figures beside an estimate (dataset kenya_benchmarks). They are printed and never enter an estimate. */
#ifndef EST_I_INDICATORS_BENCHMARKS_H
#define EST_I_INDICATORS_BENCHMARKS_H

#include <stddef.h>

#include <est/table.h>

#include "core/result.h"
#include "indicators/comparability.h"

#define EST_I_BENCHMARKS "dataset:kenya_benchmarks"

/* Calls `take` for each row of the table that belongs to the indicator, in the order of the table: rows of the indicator itself, of
 * its number or rate of people, and those of its concept, for child labour also those of employment, which people set beside it
 * (the keys then say that they are not the same). concept "" = the indicator's own. The keys are borrowed for the call. Returns the
 * number of rows. */
typedef void est_i_benchmark_take(void *user, const est_table *table, size_t row, const est_i_keys *keys);
size_t est_i_benchmarks_find(const est_table *table, const char *indicator, const char *concept, est_i_benchmark_take *take,
                             void *user);

/* Adds to a result the published figures of these indicators: the frame "benchmarks" (what is published, its keys, definition,
 * source, and whether it may be compared with the rows of the result so far, with the keys that differ) and a fact of group
 * "benchmark" for each figure of the whole population of a row. Call it after the rows. Nothing is added, and a note says so, where
 * nothing is published. */
est_status est_i_benchmarks_add(est_i_result_builder *builder, size_t n, const char *const *indicators, const est_context *context,
                                est_error *error);

#endif
