/* Bayesian model averaging over decomposable graphs: a population from three to six lists, with a prior on everything. */
#ifndef EST_DECOMPOSABLE_H
#define EST_DECOMPOSABLE_H

#include <est/context.h>
#include <est/error.h>
#include <est/mse.h>
#include <est/result.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum est_population_prior {
    EST_PRIOR_ONE_OVER_N = 0,
    EST_PRIOR_UNIFORM,
    EST_PRIOR_NEGATIVE_BINOMIAL
} est_population_prior;
typedef enum est_complete_graph { EST_COMPLETE_YES = 0, EST_COMPLETE_NO } est_complete_graph;

/* The option table (est_method_find("decomposable")) documents each field, its range and its default. */
typedef struct est_decomposable_options {
    est_capture_options capture;
    double delta;       /* of the Dirichlet prior, each cell of the full table; 0 = 2^-lists */
    int prior;          /* est_population_prior */
    double prior_shape; /* negative binomial: mean = shape * scale, variance = mean * (1 + scale) */
    double prior_scale;
    long least;         /* unseen persons, the least that is thought possible */
    long most;          /* and the most; 0 = 20 times the persons seen, rounded up to 1, 2 or 5 and zeros */
    int complete;       /* est_complete_graph: whether the graph that joins every pair takes part */
    long top;           /* graphs listed */
    double level;       /* of the posterior interval */
} est_decomposable_options;

est_decomposable_options est_decomposable_options_default(void);

/* Rows: population and unobserved (posterior median, equal-tailed interval "posterior", se = posterior standard deviation) and
 * observed. Frames: graphs, posterior, prior_sensitivity. Errors: as est_mse; EST_EDEFINITION with fewer than three lists,
 * EST_EOPTION with more than six, EST_EIDENTIFY if a list holds nobody. The caller frees *result. */
est_status est_decomposable(const est_table *data, const est_decomposable_options *options, const est_context *context,
                            est_result **result, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
