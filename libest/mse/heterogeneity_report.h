/* The answer of `heterogeneity`: rows, frames, chart and notes. */
#ifndef EST_I_MSE_HETEROGENEITY_REPORT_H
#define EST_I_MSE_HETEROGENEITY_REPORT_H

#include <est/result.h>

#include "mse/heterogeneity_parts.h"

typedef struct est_i_closed_answer {
    const est_table *table;
    const est_i_captures *captures; /* NULL = the data are numbers of captures */
    const est_i_closed_data *data;
    const est_heterogeneity_options *options;
    const est_context *context;
    bool fitted[EST_I_CLOSED_MODELS]; /* this model was asked for */
    est_i_closed_fit fits[EST_I_CLOSED_MODELS];
} est_i_closed_answer;

extern const est_method est_i_method_heterogeneity;

/* EST_ENOMEM. */
est_status est_i_closed_report(const est_i_closed_answer *answer, est_result **result, est_error *error);

#endif
