/* Disclosure control: acts on a result before any writer sees it. */
#ifndef EST_SUPPRESS_H
#define EST_SUPPRESS_H

#include <est/error.h>
#include <est/result.h>

#ifdef __cplusplus
extern "C" {
#endif

/* profile "default": what the method of the result asks for, "counts" for methods that count people on lists, "dhs" for surveys.
 * profile "counts": counts of detected people below `threshold` (zeros too, unless structural) are withheld, with complementary
 * suppression so that no total gives one back. Where a small count stands behind the result, whatever is a function of the exact
 * table (measures of fit, criteria, coefficients) is withheld too, and all other numbers of people are rounded: a fit printed to
 * many digits gives a small table back by enumeration. profile "none": nothing is withheld or marked; for data that are public,
 * or with `internal`, which marks every page. Results of public data pass unchanged under "counts".
 *
 * For results of surveys only, what an agency asks of an estimate before it prints it (the rules: libest/core/reliability_rules.c):
 * "dhs" (fewer than 25 unweighted cases withheld, 25 to 49 in parentheses), "mics" (the same with its own marks), "nchs"
 * (effective n and Korn-Graubard interval; counts and rates by n and relative width), "statcan" (bands of the coefficient of
 * variation), "custom:" with KEY=NUMBER,... of suppress-n, caution-n, suppress-effective-n, caution-effective-n,
 * suppress-numerator, caution-numerator (less than that many), suppress-cv, caution-cv, suppress-width, caution-width,
 * suppress-relative-width, caution-relative-width (more than that), min-df. "counts" withholds fewer than `threshold` unweighted
 * cases. Each row gets the flags few_cases, use_with_caution, unreliable, few_df, and the agency's mark; a note of code "mark"
 * says what each mark means. A withheld row has NaN and the flag suppressed.
 * - Intervals are judged as they are: "nchs" is meant for Korn-Graubard's at 95 %.
 * - Private data: fewer cases than `threshold` are withheld under every profile. The number of cases of a domain withheld for few
 *   cases is withheld too, and those of one more domain where needed, with totals and comparisons, for the whole less the others
 *   would give the estimate back. Agencies print that number; they do so for surveys whose files are public.
 * - Public data: flags and marks are given, but nothing is withheld unless the profile is asked for by name; then the rows that it
 *   does not show are withheld, and every number of cases stays, as agencies print it. The same with `internal`: never withheld.
 * Numbers are never scaled: a proportion lies between 0 and 1 on every page with four decimals, where agencies print percents. */
typedef struct est_suppression {
    const char *profile; /* "default" (or ""), "counts", "none", "dhs", "mics", "nchs", "statcan", "custom:..." */
    long threshold;      /* 10; at least 3 unless the data are public or `internal` is set */
    int internal;        /* 1 = for internal use: nothing withheld, every page marked */
} est_suppression;

est_suppression est_suppression_default(void);

/* A new result that may be published. EST_EOPTION for an unknown profile, one of surveys for a result of lists, a threshold below
 * 3, or "none" on data that are neither public nor `internal`. The caller frees *published; `result` is untouched. */
est_status est_result_suppress(const est_result *result, const est_suppression *suppression, est_result **published,
                               est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
