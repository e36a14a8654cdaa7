/* The area model of Fay and Herriot (1979): y_i = x_i'b + v_i + e_i, v_i ~ N(0, A), e_i ~ N(0, D_i) with D_i known. Arrays in,
 * arrays out; the method `small-area` and the indicators stand on it. */
#ifndef EST_I_SURVEY_SMALL_AREA_H
#define EST_I_SURVEY_SMALL_AREA_H

#include <stdbool.h>
#include <stddef.h>

#include <est/small_area.h>

extern const est_method est_i_method_small_area;

typedef struct est_i_small_area_data {
    size_t n_areas, n_terms;
    const double *direct;   /* y; NaN = none */
    const double *variance; /* D; NaN or 0 = none: a variance of 0 would be an infinite weight */
    const double *terms;    /* x, a line of n_terms numbers an area, finite; the intercept is a column of ones */
    const bool *left_out;   /* areas that do not enter the fit for another reason; NULL = none */
    est_small_area_fit fit;
    bool adjust_zero;       /* where A is estimated as 0: the adjusted REML estimate of Li and Lahiri (2010), never 0; it
                             needs three fitted areas more than terms */
} est_i_small_area_data;

typedef enum est_i_area_state {
    EST_I_AREA_FITTED = 0,  /* direct estimate and variance enter the fit: the estimate is the EBLUP */
    EST_I_AREA_NO_DIRECT,   /* the others are out of the sample of the fit: the estimate is x'b */
    EST_I_AREA_NO_VARIANCE,
    EST_I_AREA_LEFT_OUT
} est_i_area_state;

typedef struct est_i_area {
    est_i_area_state state;
    double synthetic;    /* x'b */
    double gamma;        /* A / (A + D): the weight of the direct estimate; 0 out of the fit */
    double estimate;     /* gamma y + (1 - gamma) x'b */
    double g1, g2, g3;   /* of the mean squared error: of the predictor, of b, of A */
    double bias;         /* what the bias of A puts into g1; taken off g1, which then stays at 0 or above */
    double mse;          /* g1 less bias, plus g2 + 2 g3 */
    double residual;     /* y - x'b; NaN out of the fit */
    double standardised; /* over its standard deviation; NaN too where the area alone fixes a term */
} est_i_area;

/* A maximum of the likelihood over A. */
typedef struct est_i_small_area_optimum {
    double variance, criterion; /* criterion: less that of the best */
} est_i_small_area_optimum;

#define EST_I_SMALL_AREA_OPTIMA 16

typedef struct est_i_small_area {
    size_t n_areas, n_terms, n_fitted;
    double variance;        /* A */
    double variance_se;     /* by the information; NaN at 0 */
    bool at_zero;           /* the estimate is 0 ... */
    bool adjusted;          /* ... and was replaced: variance, MSE and all that follows are of adjusted REML */
    size_t n_optima;        /* all maxima of the likelihood, the best first; the moment equation has one root */
    est_i_small_area_optimum optimum[EST_I_SMALL_AREA_OPTIMA];
    double *beta, *beta_covariance; /* n_terms; n_terms x n_terms */
    est_i_area *area;       /* n_areas */
    double log_likelihood, aic, bic, kic; /* full likelihood at the estimates; the terms and A are counted */
    double heterogeneity;   /* residual sum of squares over D: chi-squared with the degrees of freedom that follow if A is 0 */
    double heterogeneity_df, heterogeneity_p;
    double skewness, excess_kurtosis, normality_p; /* of the standardised residuals; Jarque and Bera (1987), large samples */
} est_i_small_area;

/* EST_EVALUE (a negative variance, a number that is not finite), EST_EIDENTIFY (no more fitted areas than terms, or dependent
 * terms; *dependent, if not NULL, is then the first one, else SIZE_MAX), EST_ENOMEM. Free *model also after a failure. */
est_status est_i_small_area_fit(const est_i_small_area_data *data, est_i_small_area **model, size_t *dependent, est_error *error);
void est_i_small_area_free(est_i_small_area *model);

/* The sum over all areas of share times estimate made to meet a national figure:
 *   estimate + l_i / sum(share_j l_j) (national - sum(share_j estimate_j)),
 * l = the estimate (ratio), 1 (difference), share times MSE (optimal: the least sum of squared changes over MSE). */
typedef struct est_i_small_area_target {
    const double *share; /* 0 or more, not all 0; used as they are */
    double national;     /* NaN = the sum of share times direct estimate; then every area must be fitted */
    est_small_area_benchmark kind;
} est_i_small_area_target;

/* The MSE of an adjusted estimate: where the direct estimates themselves give the national figure, the change is uncorrelated with
 * the error of the predictor at known A, and its model variance is added (Wang, Fuller, Qu 2008; Steorts, Ghosh 2013); with a
 * figure from elsewhere the change squared is added. */
typedef struct est_i_small_area_benchmarked {
    double national, before; /* the figure, and the sum before the adjustment */
    double *estimate, *mse;  /* the caller's, n_areas each */
} est_i_small_area_benchmarked;

/* EST_EVALUE (shares), EST_EDEFINITION (no national figure and areas out of the fit), EST_EIDENTIFY (ratio with sums that are not
 * both above 0), EST_ENOMEM. */
est_status est_i_small_area_benchmark(const est_i_small_area_data *data, const est_i_small_area *model,
                                      const est_i_small_area_target *target, est_i_small_area_benchmarked *to, est_error *error);

/* The variance of one case, design effect and all: n D, pooled over the areas with n as weights. A variance of 0 counts: without it the
 * mean would be of the areas where it came out large. Over an area's cases it is a sampling variance that is not 0 and does not follow the
 * area's own estimate. NaN: no area tells it. left_out NULL = none. */
double est_i_small_area_case_variance(const double *direct, const double *variance, const double *cases, size_t n_areas,
                                      const bool *left_out);

/* Areas with direct estimates from fewer than `least` cases, into left_out; cases NaN = not known, stays in. With `protect` and
 * any such area, those with the fewest cases follow until there are two of them or more with `least` cases or more together: a
 * national figure less the other areas then tells nothing of few people. Returns how many are left out. */
size_t est_i_small_area_leave_out(const double *direct, const double *cases, size_t n_areas, double least, bool protect,
                                  bool *left_out);

#endif
