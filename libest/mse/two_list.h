/* From a capture table to the answer of `two-list`. */
#ifndef EST_I_MSE_TWO_LIST_H
#define EST_I_MSE_TWO_LIST_H

#include <stddef.h>

#include <est/two_list.h>

#include "data/captures.h"

extern const est_method est_i_method_two_list;

/* Odds ratios of the sensitivity table. */
#define EST_I_ODDS_RATIOS_MAX 64

typedef struct est_i_odds_ratios {
    size_t count;
    double value[EST_I_ODDS_RATIOS_MAX];
} est_i_odds_ratios;

/* "1/4,1,2.5": positive numbers or fractions parted by commas. EST_EOPTION. */
est_status est_i_odds_ratios_parse(const char *text, est_i_odds_ratios *ratios, est_error *error);

est_status est_i_two_list_run(const est_table *data, const est_i_captures *captures, const est_two_list_options *options,
                              const est_context *context, est_result **result, est_error *error);

#endif
