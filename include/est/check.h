/* The audit of a survey file: its columns, its design, and every fault of both at once. */
#ifndef EST_CHECK_H
#define EST_CHECK_H

#include <est/context.h>
#include <est/error.h>
#include <est/result.h>
#include <est/source.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Texts are borrowed; "" = not given. Lists are parted by commas. The meaning and the default of each is in the method's option
 * table (est_method_find("check"), `est methods check`). */
typedef struct est_check_options {
    const char *weight, *strata, *psu, *fpc; /* as in est_survey_options */
    int nest;
    const char *by;      /* domains to be tried */
    const char *id;      /* columns that together should be different in every row */
    const char *columns; /* which to describe; "" = all */
    const char *codes;   /* special codes to look for in columns of numbers; "usual", "none" */
    int extremes;        /* 1 = exact smallest and largest values, also of few rows; the result is then marked as internal */
    int strict;          /* 1 = EST_EDEFINITION if there is a finding of severity "error" */
} est_check_options;

est_check_options est_check_options_default(void);

/* Reads the source in one pass, in memory that grows with PSUs and domains but not with rows, and reports what it finds; nothing
 * in the values of the cells ends the reading. The result has no rows but frames: "findings" (severity, where, finding, count,
 * advice) and line by line "finding_codes" (code, severity, where, count), "design", "weights", "strata", "domains", "columns",
 * "levels". options NULL = defaults. Errors: EST_EOPTION, EST_EFILE, EST_EFORMAT, EST_ECOLUMN, EST_EDEFINITION (only with
 * `strict`), EST_ENOMEM, EST_ECANCELLED. The caller frees *result. */
est_status est_check(est_source *source, const est_check_options *options, const est_context *context, est_result **result,
                     est_error *error) EST_MUST_CHECK;

/* The same from a table in memory. */
est_status est_check_table(const est_table *table, const est_check_options *options, const est_context *context,
                           est_result **result, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
