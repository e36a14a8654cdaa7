/* Two lists: Lincoln-Petersen, Chapman and Chao's lower bound for each pair, and what they would be if the lists were not
 * independent. */
#ifndef EST_TWO_LIST_H
#define EST_TWO_LIST_H

#include <est/context.h>
#include <est/error.h>
#include <est/mse.h>
#include <est/result.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum est_two_list_estimator {
    EST_TWO_LIST_CHAPMAN = 0,
    EST_TWO_LIST_LINCOLN_PETERSEN
} est_two_list_estimator;

/* The option table (est_method_find("two-list")) documents each field, its range and its default. */
typedef struct est_two_list_options {
    est_capture_options capture;
    const char *pair;        /* "A:B"; "" = every pair */
    int estimator;           /* est_two_list_estimator: of the headline and of `limit` */
    const char *odds_ratios; /* "1/4,1,4" */
    double limit;            /* a population that matters for policy; 0 = none */
    double level;
} est_two_list_options;

est_two_list_options est_two_list_options_default(void);

/* Rows: population for each pair (label "pair") and estimator (model "Chapman", "Lincoln-Petersen", "Chao"); with exactly two lists
 * first population, unobserved and observed by the chosen estimator. Frames: dependence (population by odds ratio), limit.
 * Errors: as est_mse; EST_EIDENTIFY where no pair has an estimate. The caller frees *result. */
est_status est_two_list(const est_table *data, const est_two_list_options *options, const est_context *context,
                        est_result **result, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
