/* The trend of a hidden population over periods, from lists that record it in each of them. */
#ifndef EST_TREND_H
#define EST_TREND_H

#include <est/context.h>
#include <est/error.h>
#include <est/method.h>
#include <est/mse.h>
#include <est/result.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum est_dependence {
    EST_DEPENDENCE_ALL = 0,     /* M0, M1 and M3 side by side */
    EST_DEPENDENCE_INDEPENDENCE, /* M0 */
    EST_DEPENDENCE_COMMON,      /* M1: the same dependence in every period */
    EST_DEPENDENCE_BY_PERIOD    /* M3: a dependence of its own in each period */
} est_dependence;

/* The option table (est_method_find("trend")) documents each field, its range and its default. */
typedef struct est_trend_options {
    est_capture_options capture;
    const char *period;
    const char *seen;
    const est_table *population; /* period file: period, years, population, truncated, start, end */
    const char *denominator;     /* what the population column holds, in words; stands beside every rate */
    const est_table *list_dates; /* list, from, to */
    int dependence;   /* est_dependence */
    const char *model;
    int select;       /* est_criterion */
    long max_order;   /* 2 or 3; every order from 2 up to it is run */
    int boundary;     /* est_boundary */
    int ci;           /* est_interval */
    long replicates;
    double level;
    const char *baseline; /* period the others are compared with; "" = every pair of periods */
} est_trend_options;

est_trend_options est_trend_options_default(void);

/* Runs the models side by side. Rows: observed, seen, population, rates, ratios and annual change, per model. The caller
 * frees *result. Errors as est_mse; EST_EDEFINITION also for fewer than two periods. */
est_status est_trend(const est_table *data, const est_trend_options *options, const est_context *context,
                     est_result **result, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
