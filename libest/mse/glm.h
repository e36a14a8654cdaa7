/* Poisson regression with the log link, by Newton. What it needs of the cells are their expected counts summed by column, so a
 * design may hold rows, or know 2^20 cells by formula. Column 0 is the intercept. */
#ifndef EST_I_MSE_GLM_H
#define EST_I_MSE_GLM_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

typedef struct est_i_glm_design {
    size_t n_columns;
    const double *reach; /* by column: the largest absolute value in any cell */
    const void *cells;
    /* With mu the expected counts under `beta`: total = sum of mu, first[i] = sum of mu x_i, second[i * n_columns + j] =
     * sum of mu x_i x_j (whole matrix). */
    void (*moments)(const void *cells, const double *beta, double *total, double *first, double *second);
} est_i_glm_design;

/* A dense design. Put its address into est_i_glm_design.cells, and est_i_glm_row_moments into moments. */
typedef struct est_i_glm_rows {
    size_t n_rows, n_columns;
    const double *x;      /* row by row */
    const double *offset; /* of the log expected count, for example the log of how many cells the row stands for */
} est_i_glm_rows;
void est_i_glm_row_moments(const void *rows, const double *beta, double *total, double *first, double *second);

typedef enum est_i_glm_state {
    EST_I_GLM_FITTED = 0,
    EST_I_GLM_DEPENDENT, /* a column is a combination of the others: not identified */
    EST_I_GLM_UNBOUNDED, /* the likelihood has no maximum and the intercept grows */
    EST_I_GLM_VANISHING, /* no maximum, and the intercept falls or stays while others run away */
    EST_I_GLM_STOPPED    /* cancelled */
} est_i_glm_state;

typedef struct est_i_glm_request {
    const double *sufficient; /* sum of y x by column */
    const bool *out;          /* columns left out, their coefficient 0; NULL = none */
    double unseen;            /* count of one more cell with the row (1, 0, ..., 0); NaN = there is none */
    const double *start;
} est_i_glm_request;

typedef struct est_i_glm_fit {
    est_i_glm_state state;
    size_t n_columns;
    double loglik;      /* sum of y x beta - sum of mu: without what does not depend on beta */
    double *beta;
    double *score;      /* sum of (y - mu) x by column: 0 but for columns left out */
    double *covariance; /* inverse of the information, rows of columns left out 0; valid when FITTED */
    double *work;       /* of the fitter */
    bool *alive;
} est_i_glm_fit;

/* NULL without memory. */
est_i_glm_fit *est_i_glm_fit_new(size_t n_columns);
void est_i_glm_fit_free(est_i_glm_fit *fit);

/* Existence is judged by the steps: when a maximum exists Newton's steps vanish, else some coefficient goes on moving by about 1 a
 * step for ever. Rank is judged by the pivots of the information at the start. `stop` is asked once a step (NULL = never). */
void est_i_glm(const est_i_glm_design *design, const est_i_glm_request *request, bool (*stop)(void *user), void *user,
               est_i_glm_fit *fit);

/* d/de trace(V H(beta + e direction)) at e = 0, with V the covariance of the fit and H the information without the cell
 * `unseen`: the third cumulants that bias formulas need. Five-point differences extrapolated to the limit, to about 1e-9. */
double est_i_glm_skewness(const est_i_glm_design *design, const est_i_glm_fit *fit, const double *direction);

/* Asymptotic bias of coefficients in the direction: sum over i of direction[i] * bias(beta_i), of order 1/n
 * (Cordeiro and McCullagh 1991, JRSS B 53:629-643, for the Poisson family). */
double est_i_glm_bias(const est_i_glm_design *design, const est_i_glm_fit *fit, const double *direction);

#endif
