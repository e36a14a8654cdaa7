/* libest: estimates of how many people live in child labour, forced labour, forced marriage and trafficking.
 *
 * This is the only header to include. In order of use:
 *   est_table_open      reads the data            (est/table.h)
 *   est_methods         what can be estimated     (est/method.h)
 *   est_mse, est_trend  estimate                  (est/mse.h, est/trend.h)
 *   est_result_*        look at the answer        (est/result.h)
 *   est_result_suppress hides small cells         (est/suppress.h)
 *   est_report_*        print or save it          (est/report.h)
 *
 * Every function that can fail returns an est_status and fills an est_error that the caller owns (or NULL).
 * Nothing here prints, exits, installs a signal handler, changes the locale or reads the environment.
 */
#ifndef EST_H
#define EST_H

#include <est/error.h>
#include <est/context.h>
#include <est/source.h>
#include <est/survey.h>
#include <est/check.h>
#include <est/codebook.h>
#include <est/indicator.h>
#include <est/small_area.h>
#include <est/trafficking.h>
#include <est/compare.h>
#include <est/table.h>
#include <est/result.h>
#include <est/method.h>
#include <est/mse.h>
#include <est/two_list.h>
#include <est/sample_coverage.h>
#include <est/heterogeneity.h>
#include <est/decomposable.h>
#include <est/linkage.h>
#include <est/pseudonym.h>
#include <est/trend.h>
#include <est/weight.h>
#include <est/suppress.h>
#include <est/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that runs, for example "0.1.0". Borrowed, never NULL. */
const char *est_version(void);

#ifdef __cplusplus
}
#endif

#endif
