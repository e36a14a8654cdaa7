/* Two or more estimates of one thing at several times: their differences and ratios, and whether they may be compared at all. */
#ifndef EST_COMPARE_H
#define EST_COMPARE_H

#include <est/context.h>
#include <est/error.h>
#include <est/result.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum est_compare_order { EST_COMPARE_BY_PERIOD = 0, EST_COMPARE_AS_GIVEN } est_compare_order;
typedef enum est_compare_against { EST_COMPARE_BOTH = 0, EST_COMPARE_PREVIOUS, EST_COMPARE_FIRST } est_compare_against;

/* The option table (est_method_find("compare")) documents each field, its range and its default. */
typedef struct est_compare_options {
    const est_table *with; /* more estimates; NULL = none */
    const char *estimand;  /* names parted by commas; "" = all */
    const char *domain;    /* "county=Busia,sex=female"; "" = all */
    const char *id;        /* rows by the column id; "" = all */
    int order;             /* est_compare_order */
    int against;           /* est_compare_against */
    int allow_break;
    double level; /* of the intervals of differences and ratios */
} est_compare_options;

est_compare_options est_compare_options_default(void);

/* Each row of the table is an estimate: columns estimand (or indicator), estimate, period (or year), and any of id, se, lower, upper,
 * level, df, n, flags, concept, geography, ages, sex, population, definition, reference_period, unit, qualifier, source, note; any
 * other column is a label. So do results of est in JSON look when they are opened as tables.
 * Rows: each estimate as given, then difference(E), ratio(E) and change_per_year(E) against the one before and the first, with the
 * labels period and against. Errors: EST_EOPTION; EST_ECOLUMN and EST_EVALUE with record and column; EST_EDEFINITION if there are not
 * two estimates, or if estimates that would be put in one series differ in a key (what they are, of whom, where, how defined) or one
 * of them does not tell it, unless allow_break is set. The caller frees *result. */
est_status est_compare(const est_table *data, const est_compare_options *options, const est_context *context, est_result **result,
                       est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
