/* The run of `linkage`, in parts: what is asked, the answers, the result. */
#ifndef EST_I_MSE_LINKAGE_RUN_H
#define EST_I_MSE_LINKAGE_RUN_H

#include <stdbool.h>

#include <est/linkage.h>

#include "core/result.h"
#include "data/linked.h"
#include "mse/linkage_fit.h"
#include "mse/model.h"

#define EST_I_LINKAGE_GRID_MAX 20

extern const est_method est_i_method_linkage;

/* Probabilities separated by commas, each within [least, most]; `option` stands in the message. EST_EOPTION. */
typedef struct est_i_linkage_grid {
    size_t count;
    double value[EST_I_LINKAGE_GRID_MAX];
} est_i_linkage_grid;
est_status est_i_linkage_grid_read(const char *text, const char *option, double least, double most, est_i_linkage_grid *grid,
                                   est_error *error);

/* Sensitivities and shares of wrong links from a table with the columns sensitivity, false_match (if there is one), list and other
 * (both or none) and period (if the data have periods, or not). Every pair of every period must be there once. */
est_status est_i_linkage_rates_read(const est_table *rates, const est_i_captures *captures, est_i_keep *missed, est_i_keep *wrong,
                                    est_error *error);

typedef struct est_i_linkage_run {
    const est_table *table;
    const est_linkage_options *options;
    const est_context *context;
    est_error *error;
    est_i_monitor monitor;
    est_i_linked *linked;        /* the units; of a capture table they stand for its persons */
    bool is_linked;              /* the data are a linked file */
    const est_i_captures *captures;
    est_i_model dependence;
    est_i_linkage_model *model;
    size_t n_points;             /* the data as they are, the rest of the grid, and last the rates if there are any */
    bool has_rates;
    double *sensitivity, *wrong; /* per point of the grid */
    est_i_linkage_point **points;
    est_i_linkage_answer **answers;
    est_i_linkage_simulated *simulated; /* [point of the grid - 1][block]; NULL = none */
    double explains;             /* last sensitivity over first that would make the change vanish; NaN = none found */
    est_i_result_builder *builder;
} est_i_linkage_run;

/* Rows, frames, chart and notes. */
void est_i_linkage_describe(est_i_linkage_run *run);

est_status est_i_linkage_run_all(const est_table *data, const est_linkage_options *options, const est_context *context,
                                 est_result **result, est_error *error);

#endif
