/* The numbered design: who lies in whom. */
#include "survey/design.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

void est_i_design_psu(const est_i_design *design, uint32_t *psu)
{
    size_t last = design->n_stages - 1;
    for (size_t leaf = 0; leaf < design->stage[last].n_units; leaf++) {
        uint32_t unit = (uint32_t)leaf;
        for (size_t s = last; s > 0; s--)
            unit = design->stage[s].unit_parent[unit];
        psu[leaf] = unit;
    }
}

void est_i_design_clear(est_i_design *design)
{
    if (!design)
        return;
    if (design->stratum_name && design->n_stages > 0)
        for (size_t h = 0; h < design->stage[0].n_strata; h++)
            free(design->stratum_name[h]);
    free(design->stratum_name);
    for (size_t s = 0; s < EST_I_STAGES_MAX; s++) {
        free(design->stage[s].stratum_first);
        free(design->stage[s].unit_stratum);
        free(design->stage[s].unit_parent);
        free(design->stage[s].stratum_population);
        free(design->stage[s].unit_probability);
    }
    *design = (est_i_design){0};
}

static est_status fault(est_error *error, size_t stage, size_t number, const char *what)
{
    return est_i_fail(error, EST_EINTERNAL, "design, stage %zu, number %zu: %s", stage + 1, number, what);
}

static est_status check_strata(const est_i_stage *stage, size_t s, est_error *error)
{
    if (!stage->stratum_first || !stage->unit_stratum || !stage->stratum_population)
        return fault(error, s, 0, "found an array missing");
    if (stage->n_strata == 0 || stage->stratum_first[0] != 0 || stage->stratum_first[stage->n_strata] != stage->n_units)
        return fault(error, s, 0, "found strata that do not hold all units");
    for (size_t h = 0; h < stage->n_strata; h++) {
        size_t first = stage->stratum_first[h], end = stage->stratum_first[h + 1];
        if (!(first < end && end <= stage->n_units))
            return fault(error, s, h, "found a stratum without a unit");
        if (!(stage->stratum_population[h] >= (double)(end - first)) && !stage->unit_probability)
            return fault(error, s, h, "found more units in the sample than in the population");
        for (size_t u = first; u < end; u++)
            if (stage->unit_stratum[u] != h)
                return fault(error, s, u, "found a unit that names another stratum than the one that it stands in");
    }
    for (size_t u = 0; u < stage->n_units && stage->unit_probability; u++)
        if (!(stage->unit_probability[u] > 0 && stage->unit_probability[u] <= 1))
            return fault(error, s, u, "found an inclusion probability outside (0, 1]");
    return EST_OK;
}

/* Every unit before has parts here, the parts of a stratum lie in one unit, and the parts of one unit stand together. */
static est_status check_nesting(const est_i_stage *stage, size_t n_before, size_t s, bool *seen, est_error *error)
{
    if (!stage->unit_parent)
        return fault(error, s, 0, "found no units to lie in");
    size_t n_seen = 0;
    for (size_t u = 0; u < stage->n_units; u++) {
        uint32_t parent = stage->unit_parent[u];
        if (parent >= n_before)
            return fault(error, s, u, "found a unit that lies in none");
        if (u > 0 && parent == stage->unit_parent[u - 1])
            continue;
        if (seen[parent])
            return fault(error, s, u, "found the parts of a unit apart");
        if (u > 0 && stage->unit_stratum[u] == stage->unit_stratum[u - 1])
            return fault(error, s, u, "found a stratum that crosses units");
        seen[parent] = true;
        n_seen++;
    }
    return n_seen == n_before ? EST_OK : fault(error, s, n_seen, "found a unit without parts");
}

est_status est_i_design_check(const est_i_design *design, est_error *error)
{
    est_status status = EST_OK;
    bool *seen = NULL;
    if (design->n_stages < 1 || design->n_stages > EST_I_STAGES_MAX)
        return fault(error, 0, design->n_stages, "found a number of stages that is impossible");
    for (size_t s = 0; s < design->n_stages && status == EST_OK; s++) {
        const est_i_stage *stage = &design->stage[s];
        status = check_strata(stage, s, error);
        if (status != EST_OK)
            goto cleanup;
        if (s == 0) {
            status = stage->unit_parent ? fault(error, s, 0, "found units that the first stage lies in") : EST_OK;
            continue;
        }
        size_t n_before = design->stage[s - 1].n_units;
        free(seen);
        seen = calloc(n_before, sizeof *seen);
        status = seen ? check_nesting(stage, n_before, s, seen, error) : est_i_no_memory(error);
    }
cleanup:
    free(seen);
    return status;
}
