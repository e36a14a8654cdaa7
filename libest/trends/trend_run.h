/* From a capture table with periods to the answer of `trend`. */
#ifndef EST_I_TRENDS_TREND_RUN_H
#define EST_I_TRENDS_TREND_RUN_H

#include <est/trend.h>

#include "core/result.h"
#include "data/captures.h"
#include "trends/trend_model.h"

#define EST_I_TREND_MODELS_MAX 8

extern const est_method est_i_method_trend;

/* What the parts of the answer work on. */
typedef struct est_i_trend_answer {
    const est_table *table;
    const est_i_captures *captures;
    const est_trend_options *options;
    const est_context *context;
    est_i_trend_data *data;
    size_t n_models;
    est_i_trend_model *models[EST_I_TREND_MODELS_MAX];
    est_i_result_builder *builder;
} est_i_trend_answer;

est_status est_i_trend_run(const est_table *table, const est_i_captures *captures, const est_trend_options *options,
                           const est_context *context, est_result **result, est_error *error);

/* The used period of a block; data->n_used if it has none. */
size_t est_i_trend_place(const est_i_trend_data *data, size_t block);

/* Rows of periods: observed, seen, and by model population, unobserved, rate. */
void est_i_trend_add_periods(est_i_trend_answer *answer);

/* Rows of comparisons by model: ratio, ratio_raw, annual_percent_change of every pair of periods. EST_ENOMEM. */
est_status est_i_trend_add_changes(est_i_trend_answer *answer, est_error *error);

/* Frames, stats, chart and notes. */
void est_i_trend_add_models(est_i_trend_answer *answer);
void est_i_trend_add_chart(est_i_trend_answer *answer);
void est_i_trend_add_notes(est_i_trend_answer *answer);

#endif
