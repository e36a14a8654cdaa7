/* Strata and units of each stage by their names, numbered as they appear; at the end a design. */
#ifndef EST_I_SURVEY_REGISTRY_H
#define EST_I_SURVEY_REGISTRY_H

#include <est/error.h>

#include "data/dictionary.h"
#include "survey/design.h"

typedef struct est_i_registry_stage {
    est_i_dictionary strata;  /* key: unit of the stage before, then the stratum's text */
    est_i_dictionary units;   /* key: stratum, then the unit's text; not used where every row is a unit */
    est_i_dictionary ids;     /* key: unit of the stage before, then the unit's text: an id may stand in one stratum only */
    uint32_t *id_stratum;     /* one an id */
    uint32_t *stratum_parent; /* one a stratum */
    uint32_t *unit_stratum;   /* one a unit */
    double *stratum_fpc;      /* one a stratum; NaN = none */
    double *unit_fpc;         /* one a unit, PPS only */
    uint32_t n_units, id_capacity, stratum_capacity, unit_capacity;
} est_i_registry_stage;

/* All zero but n_stages and the choices = empty. */
typedef struct est_i_registry {
    size_t n_stages;
    bool nest;          /* ids are numbered within strata */
    bool rows_are_units; /* of the last stage */
    bool pps;           /* the fpc of the first stage belongs to units */
    bool has_fpc[EST_I_STAGES_MAX];
    const char *name;   /* of the data, for messages */
    const char *unit_column[EST_I_STAGES_MAX], *fpc_column[EST_I_STAGES_MAX];
    est_i_registry_stage stage[EST_I_STAGES_MAX];
} est_i_registry;

/* The names that lead to a leaf: texts with their lengths ("" = no stratum). */
typedef struct est_i_leaf_path {
    const char *stratum[EST_I_STAGES_MAX], *unit[EST_I_STAGES_MAX];
    size_t stratum_length[EST_I_STAGES_MAX], unit_length[EST_I_STAGES_MAX];
    double fpc[EST_I_STAGES_MAX];
} est_i_leaf_path;

/* The leaf's number in order of appearance; a new one each time where rows are units. EST_EDEFINITION: an id in two strata, two
 * different corrections in a stratum. */
est_status est_i_registry_add(est_i_registry *registry, const est_i_leaf_path *path, uint32_t *leaf, est_error *error);
/* The leaf, or where rows are units the stratum of the last stage; EST_I_DICTIONARY_NONE if it is not there. */
uint32_t est_i_registry_find(const est_i_registry *registry, const est_i_leaf_path *path);

/* The names of a leaf in order of appearance; texts are the registry's. */
void est_i_registry_path(const est_i_registry *registry, uint32_t leaf, est_i_leaf_path *path);

/* The design, and where each leaf stands in it: position[leaf in order of appearance]. The caller frees *position.
 * EST_EDEFINITION: corrections that are no sizes and no fractions, or smaller than the sample. */
est_status est_i_registry_finish(const est_i_registry *registry, est_i_design *design, uint32_t **position, est_error *error);
void est_i_registry_free(est_i_registry *registry);

#endif
