/* Closed-population capture models with heterogeneity and behaviour: how far the population depends on how persons differ. */
#ifndef EST_HETEROGENEITY_H
#define EST_HETEROGENEITY_H

#include <est/context.h>
#include <est/error.h>
#include <est/method.h>
#include <est/mse.h>
#include <est/result.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum est_closed_model {
    EST_CLOSED_ALL = 0, /* every model that the data allow, side by side */
    EST_CLOSED_M0,
    EST_CLOSED_MT,
    EST_CLOSED_MH_CHAO,
    EST_CLOSED_MH_POISSON,
    EST_CLOSED_MH_DARROCH,
    EST_CLOSED_MH_GAMMA,
    EST_CLOSED_MH_NORMAL,
    EST_CLOSED_MTH_CHAO,
    EST_CLOSED_MTH_POISSON,
    EST_CLOSED_MTH_DARROCH,
    EST_CLOSED_MTH_GAMMA,
    EST_CLOSED_MTH_NORMAL,
    EST_CLOSED_MB,
    EST_CLOSED_MBH,
    EST_CLOSED_MTB
} est_closed_model;

typedef enum est_closed_interval {
    EST_CLOSED_CI_AUTO = 0, /* profile; with `corrected` the log-normal one */
    EST_CLOSED_CI_PROFILE,  /* multinomial profile likelihood */
    EST_CLOSED_CI_LOG_NORMAL, /* Chao's, from the standard error of the population */
    EST_CLOSED_CI_NONE
} est_closed_interval;

typedef enum est_closed_cells { EST_CLOSED_HISTORIES = 0, EST_CLOSED_COUNTS } est_closed_cells;

/* The option table (est_method_find("heterogeneity")) documents each field, its range and its default. */
typedef struct est_heterogeneity_options {
    est_capture_options capture;
    const char *frequencies; /* column of numbers of captures; "" = the data are capture histories */
    long occasions;          /* with `frequencies`; 0 = repeat counts without a limit */
    int model;               /* est_closed_model */
    double poisson_base;     /* a of a^k - 1 */
    double gamma_shape;      /* a of -log(a + k) */
    int cells;               /* est_closed_cells: what fit and criteria are measured on, for M0 and Mh */
    long up_to;              /* M0 and Mh: captures above this are not fitted; 0 = all are */
    int corrected;           /* 1 = corrected for bias */
    long nodes;              /* of Gauss-Hermite quadrature for Normal; 0 = a trapezoid rule, fine enough for the data */
    int ci;                  /* est_closed_interval */
    double level;
} est_heterogeneity_options;

est_heterogeneity_options est_heterogeneity_options_default(void);

/* Rows, one model: population, unobserved, observed, lower_bound. All models: population for each (field `model`), observed,
 * lower_bound. Frames: models, capture_frequencies; with histories lists and overlaps. Errors: as est_mse; EST_EIDENTIFY where the
 * chosen model, or every model, has no estimate. The caller frees *result. */
est_status est_heterogeneity(const est_table *data, const est_heterogeneity_options *options, const est_context *context,
                             est_result **result, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
