/* The Newton kernel of the joint log-linear model: one model, several data sets side by side.
 *
 * Model. Blocks k (periods, strata) share a term set: log mu_kw = sum over local terms m in w of a_km + sum over shared terms m in w
 * of b_m. Terms and capture histories are bit masks; "m in w" means every list of m is in w; mask 0 is the intercept. A term may
 * also be the exchangeable column C(|w|, 2). A shared term may act in some blocks only (an effect of a stratum column's value). No design matrix exists: linear predictors are subset sums of the coefficients,
 * sufficient statistics n*_m and the entries of the information matrix, S[a | b], are superset sums of counts and fitted values.
 *
 * Lanes. The same model is fitted to `lanes` data sets at once (bootstrap replicates, or separate periods), each with its own
 * counts and keep-mask. No lane sees another: a data set gives the same bytes whatever stands in the other lanes.
 *
 * Arrays over blocks and cells are laid out [block][cell][lane]. */
#ifndef EST_I_MSE_KERNEL_H
#define EST_I_MSE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/monitor.h"

#define EST_I_LANES_MOST 8
/* A term that is not a set of lists: the exchangeable column C(|w|, 2) (Darroch's quasi-heterogeneity). It stands last. */
#define EST_I_EXCHANGEABLE UINT32_MAX

typedef struct est_i_fit_data {
    size_t lanes, n_lists, n_cells, n_blocks;
    double *counts;       /* n_w */
    double *margins;      /* n*_w, superset sums of the counts; cell 0 of a block: its total */
    double *keep;         /* 1 = the cell is observed; 0 = structural (the unseen cell, lists not at work) */
    double *start;        /* n_w + 0.1 on kept cells: the fitted values that the cold start linearises at */
    double *start_log;    /* start * log(start) */
    double *moment;       /* [block][lane]: sum of n_w C(|w|, 2), the margin of the exchangeable column */
    double constant[EST_I_LANES_MOST]; /* sum of log n_w! */
    double total[EST_I_LANES_MOST];
} est_i_fit_data;

typedef struct est_i_terms {
    size_t n_local, n_shared;
    const uint32_t *local;   /* of every block */
    const uint32_t *shared;
    const unsigned char *acts; /* [shared][block]: 1 = the shared term acts in the block; NULL = every one in every block */
    const double *penalty;   /* per local term 1/s^2 of a penalised effect, 0 = free; NULL = all free */
} est_i_terms;

static inline bool est_i_acts(const est_i_terms *terms, size_t shared, size_t block, size_t n_blocks)
{
    return !terms->acts || terms->acts[shared * n_blocks + block];
}

typedef enum est_i_fit_state {
    EST_I_FIT_INTERIOR = 0, /* the Newton certificate proves that the extended MLE exists, and it is this one */
    EST_I_FIT_FACE,         /* cells ran to zero and were dropped: a boundary fit, to be proved by est_i_verdict */
    EST_I_FIT_UNCERTAIN,    /* converged without the certificate */
    EST_I_FIT_RANK,         /* converged, and a live column depends on the others */
    EST_I_FIT_DISCARDED,    /* the certificate proves that the likelihood cannot reach `need` */
    EST_I_FIT_FAILED,       /* no convergence, or cancelled */
    EST_I_FIT_IDLE          /* the lane was not asked for */
} est_i_fit_state;

typedef struct est_i_fit_request {
    est_i_terms terms;
    const bool *wanted;       /* per lane; NULL = all */
    const double *warm;       /* start: [parameter][lane], blocks' local parameters first, shared last; NULL = cold */
    const double *need;       /* per lane: give up when the log likelihood provably stays below; NULL = never */
    const double *keep;       /* keep-mask in place of the data's own, [block][cell][lane]; NULL = the data's */
    bool no_face_jump;
    est_i_monitor *monitor;   /* asked before each iteration, and within it where the table or the model is large; a
                                 cancelled fit has FAILED. NULL = never */
} est_i_fit_request;

/* Room for fits of up to n_local and n_shared terms; also holds the last fit. */
typedef struct est_i_fit_space {
    size_t lanes, n_lists, n_cells, n_blocks, most_local, most_shared;
    double *memory;
    double *beta, *previous, *delta, *next;    /* parameters */
    double *fitted_sums, *keep, *change, *coefficient, *pair_sums; /* cells; change = relative Newton step of mu */
    double *rows, *schur;
    est_i_fit_state state[EST_I_LANES_MOST];
    double loglik[EST_I_LANES_MOST];           /* with the constant; penalised: the penalty taken off */
    double decrement[EST_I_LANES_MOST];
    int iterations[EST_I_LANES_MOST];
    size_t fits;                               /* counted for the benches */
    est_i_monitor *watch;                      /* of the fit under way; NULL = its iterations are short */
} est_i_fit_space;

/* Lanes that run side by side on this machine: 1, 2, 4 or 8. Results do not depend on it. */
size_t est_i_kernel_lanes(void);

est_i_fit_space *est_i_fit_space_new(size_t lanes, size_t n_lists, size_t n_blocks, size_t most_local, size_t most_shared);
void est_i_fit_space_free(est_i_fit_space *space);

/* Room for `lanes` data sets; counts are zero and every cell but 0 is kept. Fill counts (and keep), then call _prepare. */
est_i_fit_data *est_i_fit_data_new(size_t lanes, size_t n_lists, size_t n_blocks);
void est_i_fit_data_prepare(est_i_fit_data *data);
/* The same for data that may be large; what is left undone when cancelled must not be fitted. */
void est_i_fit_data_prepare_asking(est_i_fit_data *data, est_i_monitor *monitor);
void est_i_fit_data_free(est_i_fit_data *data);

/* Lane `lane` of `from` into one-lane data of the same shape, prepared. Its constant comes along: a block's view carries none, and
 * criteria must be on one scale. */
void est_i_fit_data_take_lane(const est_i_fit_data *from, size_t lane, est_i_fit_data *to, est_i_monitor *monitor);

/* Can the term show in the block at all? The exchangeable column needs a cell with two lists. */
bool est_i_is_observable(const est_i_fit_data *data, size_t block, uint32_t term);

/* v[w] becomes the sum over all supersets (subsets) of w; n is a power of two. A cancelled sum is left unfinished. */
void est_i_sum_supersets(double *v, size_t n, est_i_monitor *monitor);
void est_i_sum_subsets(double *v, size_t n, est_i_monitor *monitor);

/* Fits every wanted lane; the answer stands in `space`. The extended MLE: unpenalised terms without a margin take their cells
 * out. `data` and `space` have the same lanes and shape. */
void est_i_fit(const est_i_fit_data *data, const est_i_fit_request *request, est_i_fit_space *space);

#endif
