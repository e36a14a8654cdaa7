/* SDG 16.2.2: victims of trafficking in persons per 100,000 people, detected or estimated. */
#ifndef EST_TRAFFICKING_H
#define EST_TRAFFICKING_H

#include <est/context.h>
#include <est/error.h>
#include <est/result.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Texts are borrowed; "" = not given. The option table (est_method_find("trafficking")) documents each field and its default. */
typedef struct est_trafficking_options {
    const est_table *population; /* needed: column population; may have denominator, period, sex, age, geography, those of `by` */
    const char *denominator; /* whose figure the population is */
    const char *by;          /* of counts: sex, age, form and other columns; every crossing */
    const char *period, *count;   /* columns of counts */
    const char *sex, *age, *form; /* columns of counts, labels of a result */
    const char *forms;            /* "begging=other,farm work=labour" */
    const char *year;             /* of data without periods */
    double window_years;          /* length of windows whose label does not tell it; 0 = not declared */
} est_trafficking_options;

est_trafficking_options est_trafficking_options_default(void);

/* Two kinds of data. Counts of detected victims (a row a group with a count, or a row a victim) give victims_detected_rate and
 * victims_detected_number, by period and for each crossing of `by`. A result of est (columns estimand, estimate, lower, upper,
 * flags, as a .json file has them) gives victims_estimated_rate and victims_estimated_number of its rows "population", limits and
 * flags carried over. Only windows of one year have a rate. The population of a group is that of the same period, sex and age;
 * without one the group has a number and no rate. Missing sex, age or form: group "not stated", counted in the total. Errors:
 * EST_EOPTION (no population or no name of it, a window declared longer than a year), EST_ECOLUMN, EST_EVALUE with record (a count
 * that is none, a sex, age or form that is not known), EST_EDEFINITION (no window of one year, no population that fits),
 * EST_EIDENTIFY (a result without a row "population"), EST_ENOMEM, EST_ECANCELLED. The caller frees *result. Source: UN SDG
 * metadata, indicator 16.2.2 (2023-03-31). */
est_status est_trafficking(const est_table *data, const est_trafficking_options *options, const est_context *context,
                           est_result **result, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
