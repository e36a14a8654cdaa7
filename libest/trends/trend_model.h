/* One model of the trend grid, fitted to every period. */
#ifndef EST_I_TRENDS_TREND_MODEL_H
#define EST_I_TRENDS_TREND_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include <est/trend.h>

#include "core/monitor.h"
#include "data/captures.h"
#include "mse/bootstrap.h"
#include "mse/estimator.h"
#include "mse/kernel.h"
#include "mse/model.h"

/* Which model: M0 has no dependence, M1 the same in every period, M3 one of its own in each. */
typedef struct est_i_trend_kind {
    int dependence;          /* est_dependence, not ALL */
    unsigned order;          /* of the selection; 0 = the given terms */
    const est_i_model *given;
} est_i_trend_kind;

/* The periods that can carry an estimate, and their data. */
typedef struct est_i_trend_data {
    const est_i_captures *captures;
    size_t n_used;
    size_t *used;            /* block of each used period */
    est_i_fit_data *joint;   /* all used periods */
    est_i_fit_data **single; /* each used period alone */
} est_i_trend_data;

/* Arrays run over the used periods. */
typedef struct est_i_trend_model {
    est_i_trend_kind kind;
    char name[40];
    bool selected;
    est_i_estimator *estimator;
    est_i_bootstrap *bootstrap; /* NULL = none */
    double *population, *se, *lower, *upper, *without;
    bool *boundary;
    size_t n_parameters;
    double loglik, deviance, pearson, df, p_value, bic, aic;
} est_i_trend_model;

/* Periods with at least three active lists that the model without dependence can estimate. used may be none. */
est_status est_i_trend_data_new(const est_i_captures *captures, est_i_trend_data **data, est_error *error);
void est_i_trend_data_free(est_i_trend_data *data);

/* Selects or takes the terms, settles the fits, finds the intervals. A period without an estimate is NaN, not an error. */
est_status est_i_trend_model_fit(const est_i_trend_data *data, const est_i_trend_kind *kind, const est_trend_options *options,
                                 est_i_monitor *monitor, est_i_trend_model **model, est_error *error);
void est_i_trend_model_free(est_i_trend_model *model);

#endif
