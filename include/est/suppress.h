/* Disclosure control: acts on a result before any writer sees it. */
#ifndef EST_SUPPRESS_H
#define EST_SUPPRESS_H

#include <est/error.h>
#include <est/result.h>

#ifdef __cplusplus
extern "C" {
#endif

/* profile "counts": counts of detected people below `threshold` (zeros too, unless structural) are withheld, with complementary
 * suppression so that no total gives one back. Where a small count stands behind the result, whatever is a function of the exact table
 * (measures of fit, criteria, coefficients) is withheld too, and all other numbers of people are rounded: a fit printed to many
 * digits gives a small table back by enumeration. profile "none": nothing is withheld; for data that are public, or with `internal`,
 * which marks every page. Results of public data pass unchanged under every profile. */
typedef struct est_suppression {
    const char *profile; /* "counts" or "none" */
    long threshold;      /* 10; at least 3 unless the data are public or `internal` is set */
    int internal;        /* 1 = for internal use: nothing withheld, every page marked */
} est_suppression;

est_suppression est_suppression_default(void);

/* A new result that may be published. EST_EOPTION for an unknown profile, a threshold below 3 or "none" on data that are neither
 * public nor `internal`. The caller frees *published; `result` is untouched. */
est_status est_result_suppress(const est_result *result, const est_suppression *suppression, est_result **published,
                               est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
