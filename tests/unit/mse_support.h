/* Tables for the tests of the engine: bundled datasets and resampled ones, as data for the kernel. */
#ifndef EST_TESTS_MSE_SUPPORT_H
#define EST_TESTS_MSE_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <est.h>

#include "data/captures.h"
#include "mse/describe.h"
#include "mse/joint.h"
#include "mse/kernel.h"
#include "mse/model.h"
#include "numerics/rng.h"

#define REQUIRE_OK(call, error)                                                 \
    do {                                                                        \
        if ((call) != EST_OK)                                                   \
            fail_msg("%s: %s", est_status_name((error).code), (error).message); \
    } while (0)

/* Fails unless |found - expected| <= tolerance * max(1, |expected|). NaN fails. */
#define REQUIRE_NEAR(found, expected, tolerance) require_near(found, expected, tolerance, __FILE__, __LINE__)

static inline void require_near(double found, double expected, double tolerance, const char *file, int line)
{
    double scale = fabs(expected) > 1 ? fabs(expected) : 1;
    if (!(fabs(found - expected) <= tolerance * scale)) {
        print_error("found %.15g, expected %.15g, off by %.3g\n", found, expected, found - expected);
        _fail(file, line);
    }
}

static inline est_i_captures *open_captures(const char *dataset, bool by_period)
{
    est_table *table = NULL;
    est_error error;
    est_i_captures *captures = NULL;
    est_capture_options options = {.shape = EST_SHAPE_AUTO};
    est_i_period_options periods = {0};
    REQUIRE_OK(est_table_open(dataset, NULL, &table, &error), error);
    REQUIRE_OK(est_i_captures_read(table, &options, by_period ? &periods : NULL, NULL, &captures, &error),
               error);
    est_table_free(table);
    return captures;
}

/* The blocks first to first + n - 1 of a capture table. */
static inline est_i_fit_data *blocks_of(const est_i_captures *captures, size_t first, size_t n)
{
    size_t blocks[64];
    for (size_t k = 0; k < n; k++)
        blocks[k] = first + k;
    est_i_fit_data *data = est_i_fit_data_of(captures, blocks, n);
    assert_non_null(data);
    return data;
}

static inline est_i_fit_data *open_data(const char *dataset)
{
    est_i_captures *captures = open_captures(dataset, false);
    est_i_fit_data *data = blocks_of(captures, 0, 1);
    est_i_captures_free(captures);
    return data;
}

/* One lane, counts[block * cells + history]. */
static inline est_i_fit_data *data_of_counts(size_t n_lists, size_t n_blocks, const double *counts)
{
    est_i_fit_data *data = est_i_fit_data_new(1, n_lists, n_blocks);
    assert_non_null(data);
    memcpy(data->counts, counts, (n_blocks << n_lists) * sizeof *counts);
    est_i_fit_data_prepare(data);
    return data;
}

/* Puts lane 0 of `from`, of the same shape, into lane `lane` of `to`. Prepare `to` afterwards. */
static inline void put_lane(const est_i_fit_data *from, est_i_fit_data *to, size_t lane)
{
    for (size_t w = 0; w < from->n_blocks * from->n_cells; w++) {
        to->counts[w * to->lanes + lane] = from->counts[w * from->lanes];
        to->keep[w * to->lanes + lane] = from->keep[w * from->lanes];
    }
}

/* Multinomial resample of each block at its own size times `share`. */
static inline est_i_fit_data *resample_of(const est_i_fit_data *data, double share, uint32_t replicate)
{
    est_i_fit_data *sample = est_i_fit_data_new(1, data->n_lists, data->n_blocks);
    assert_non_null(sample);
    for (size_t k = 0; k < data->n_blocks; k++) {
        est_i_rng rng;
        size_t at = k * data->n_cells;
        est_i_rng_start(&rng, 7, EST_I_PURPOSE_TEST, replicate, (uint32_t)k);
        est_i_rng_multinomial(&rng, ceil(share * data->margins[at]), data->n_cells, data->counts + at,
                              sample->counts + at);
    }
    memcpy(sample->keep, data->keep, data->n_blocks * data->n_cells * sizeof *data->keep);
    est_i_fit_data_prepare(sample);
    return sample;
}

/* Terms of two lists or more from a string of list numbers such as "[123,14]"; closed downwards. */
static inline est_i_set set_of_numbers(const char *text)
{
    est_i_set set = 0;
    uint32_t term = 0;
    for (const char *p = text; *p; p++) {
        if (*p >= '1' && *p <= '9')
            term |= (uint32_t)1 << (*p - '1');
        else if (term) {
            set |= est_i_set_below(term);
            term = 0;
        }
    }
    return set | (term ? est_i_set_below(term) : 0);
}

/* Intercept, lists and the terms of the set into `local` (room for 64); returns how many. */
static inline size_t local_terms(est_i_set set, size_t n_lists, uint32_t *local)
{
    size_t main = est_i_main_terms(n_lists, local);
    return main + est_i_set_terms(set, n_lists, local + main);
}

static inline bool is_hierarchical(est_i_set set, size_t n_lists)
{
    bool closed = true;
    for (uint32_t term = 1; term < (uint32_t)1 << n_lists; term++)
        closed = closed && (!(set >> term & 1) || !(est_i_set_below(term) & ~set));
    return closed;
}

/* The next set after `set` within `of`, in the order of counting; 0 after the last. */
static inline est_i_set next_subset(est_i_set set, est_i_set of)
{
    return (set - of) & of;
}

static inline bool cpu_runs(size_t lanes)
{
    return lanes <= est_i_kernel_lanes();
}

#endif
