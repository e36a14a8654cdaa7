/* Designs for the tests of linearised variances, stage by stage. */
#ifndef EST_TESTS_TAYLOR_SUPPORT_H
#define EST_TESTS_TAYLOR_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "survey/taylor.h"

#define REQUIRE_OK(call, error)                                                 \
    do {                                                                        \
        if ((call) != EST_OK)                                                   \
            fail_msg("%s: %s", est_status_name((error).code), (error).message); \
    } while (0)

/* Fails unless found and expected agree to a relative tolerance. NaN fails. */
#define REQUIRE_CLOSE(found, expected, tolerance) require_close(found, expected, tolerance, __FILE__, __LINE__)

static inline void require_close(double found, double expected, double tolerance, const char *file, int line)
{
    if (!(fabs(found - expected) <= tolerance * fabs(expected))) {
        print_error("found %.17g, expected %.17g\n", found, expected);
        _fail(file, line);
    }
}

static inline void *room(size_t n, size_t size)
{
    void *made = calloc(n ? n : 1, size);
    assert_non_null(made);
    return made;
}

/* One more stage: sizes of its strata, the unit of the stage before that each lies in (NULL: first stage), populations (NULL: drawn
 * with replacement). */
static inline void add_stage(est_i_design *design, size_t n_strata, const uint32_t *sizes, const uint32_t *parent,
                             const double *population)
{
    est_i_stage *stage = &design->stage[design->n_stages++];
    stage->n_strata = n_strata;
    stage->stratum_first = room(n_strata + 1, sizeof(uint32_t));
    stage->stratum_population = room(n_strata, sizeof(double));
    for (size_t h = 0; h < n_strata; h++) {
        stage->stratum_first[h + 1] = stage->stratum_first[h] + sizes[h];
        stage->stratum_population[h] = population ? population[h] : INFINITY;
    }
    stage->n_units = stage->stratum_first[n_strata];
    stage->unit_stratum = room(stage->n_units, sizeof(uint32_t));
    stage->unit_parent = parent ? room(stage->n_units, sizeof(uint32_t)) : NULL;
    for (size_t h = 0; h < n_strata; h++)
        for (uint32_t u = stage->stratum_first[h]; u < stage->stratum_first[h + 1]; u++) {
            stage->unit_stratum[u] = (uint32_t)h;
            if (parent)
                stage->unit_parent[u] = parent[h];
        }
}

static inline void name_strata(est_i_design *design, const char *const *names)
{
    size_t n = design->stage[0].n_strata;
    design->stratum_name = room(n, sizeof *design->stratum_name);
    for (size_t h = 0; h < n; h++) {
        design->stratum_name[h] = room(strlen(names[h]) + 1, 1);
        strcpy(design->stratum_name[h], names[h]);
    }
}

static inline double variance_of(const est_i_design *design, const est_i_taylor_options *options, const double *z,
                                 const bool *present)
{
    est_error error = {0};
    double variance = NAN;
    REQUIRE_OK(est_i_taylor_covariance(design, options, 1, &z, present, &variance, NULL, &error), error);
    return variance;
}

#endif
