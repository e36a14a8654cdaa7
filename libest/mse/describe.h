/* Frames, notes and provenance that every method on lists shares. */
#ifndef EST_I_MSE_DESCRIBE_H
#define EST_I_MSE_DESCRIBE_H

#include <est/method.h>
#include <est.h>
#include <est/table.h>

#include "core/result.h"
#include "data/captures.h"
#include "mse/kernel.h"

/* Persons on both lists of each pair, into persons[i][j]; [i][i]: on list i. One pass over the histories that hold
 * somebody: with twenty lists there are a million histories and 210 such numbers. */
void est_i_count_pairs(const est_i_captures *captures, size_t block, double persons[EST_I_LISTS_MAX][EST_I_LISTS_MAX]);

/* Frame "lists": persons on each list, by block; frame "overlaps": persons on each pair of lists, by block. */
void est_i_describe_lists(est_i_result_builder *builder, const est_i_captures *captures);

/* Method, version, reference, options, seed, digest of the capture table, rows of the data and, privately, its name. */
void est_i_describe_provenance(est_i_result_builder *builder, const est_method *method, const void *options,
                               const est_context *context, const est_table *data, const est_i_captures *captures);

/* Notes on how little an estimate says: few of it on the lists, limits far apart. NaN says nothing. */
void est_i_describe_precision(est_i_result_builder *builder, const est_context *context, double n, double population,
                              double lower, double upper);

/* Notes on the data: repeated histories, strata left out, minimum-data gates (few persons, small lists, lists that share nobody,
 * no overlap). */
void est_i_describe_data(est_i_result_builder *builder, const est_context *context, const est_i_captures *captures);

/* Lists at work in the block that hold somebody: what an estimate can stand on. */
uint32_t est_i_lists_that_count(const est_i_captures *captures, size_t block);

/* The model's generators in list names, in a new string (NULL without memory). */
char *est_i_describe_model(const uint32_t *terms, size_t n_terms, const est_i_captures *captures);

/* One-lane data for the kernel from the given blocks of a capture table; NULL without memory. */
est_i_fit_data *est_i_fit_data_of(const est_i_captures *captures, const size_t *blocks, size_t n_blocks);
/* The same; cancelled, the data are not whole and must not be fitted. */
est_i_fit_data *est_i_fit_data_asking(const est_i_captures *captures, const size_t *blocks, size_t n_blocks,
                                      est_i_monitor *monitor);

#endif
