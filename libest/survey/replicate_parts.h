/* What the files of the replicates share. */
#ifndef EST_I_SURVEY_REPLICATE_PARTS_H
#define EST_I_SURVEY_REPLICATE_PARTS_H

#include "survey/replicate.h"
#include "survey/replicate_draw.h"
#include "survey/replicate_hadamard.h"

/* One stratum of one stage. */
typedef struct est_i_resampled {
    uint32_t first, n;       /* units */
    bool moves;              /* false: its units keep the factor that they come with */
    bool varies;             /* first stage: it moves, or a stratum within it does */
    uint32_t number;         /* BRR: its row of the matrix; JKn: its first replicate */
    uint32_t drawn;          /* bootstraps: units drawn */
    est_i_dice dice;         /* of n sides */
    double base, step;       /* bootstraps: factor = base + step * times drawn; Preston's adds that times the root to 1 */
    double root;             /* Preston: sqrt(n / drawn) */
    double rscale;           /* JKn */
    double population;       /* Canty and Davison; INFINITY = with replacement */
} est_i_resampled;

/* Units in nested order: parts of unit u of stage s are leaves leaf_first[s][u] to leaf_first[s][u + 1] - 1. */
struct est_i_replicates {
    est_i_replicate_kind kind;
    bool mse;
    uint64_t seed;
    size_t count;
    double scale, df;
    unsigned omits;
    double half;      /* BRR: 1, Fay: 1 - rho */
    double *rscales;  /* supplied, or NULL */
    size_t n_stages;  /* that are resampled */
    size_t n_leaves, n_units[EST_I_STAGES_MAX], n_strata[EST_I_STAGES_MAX];
    est_i_resampled *stratum[EST_I_STAGES_MAX];
    uint32_t stream[EST_I_STAGES_MAX];      /* number of the random stream of the stage's first stratum */
    uint32_t *leaf_first[EST_I_STAGES_MAX];  /* NULL: a unit is a leaf */
    uint32_t *child_first[EST_I_STAGES_MAX]; /* strata of the next stage; NULL at the last */
    est_i_hadamard hadamard;
};

static inline size_t est_i_leaf_of(const est_i_replicates *replicates, size_t stage, size_t unit)
{
    return replicates->leaf_first[stage] ? replicates->leaf_first[stage][unit] : unit;
}

/* SDR: two rows of the matrix for each unit of a stratum: (row, next), (next, next but one), ..., (last, row), so that the factors
 * of a stratum sum to its number of units. Rows come in turn; once all but row 0 are used up, with a wider step between them, so
 * that no pair comes back soon (Fay and Train 1995). */
typedef struct est_i_row_walk {
    size_t rows, place, step, loop;
} est_i_row_walk;

typedef void est_i_row_pair(void *user, size_t unit, size_t row, size_t next);

void est_i_row_walk_start(est_i_row_walk *walk, const est_i_hadamard *matrix);
void est_i_row_walk_stratum(est_i_row_walk *walk, const est_i_resampled *stratum, est_i_row_pair *visit, void *user);

#endif
