/* Model multiplicity: the populations of all models within 10 of the best by the criterion. */
#include <math.h>

#include "mse/diagnose_parts.h"

/* Near-tied models further apart than this are told apart by nothing but the criterion. */
#define APART 1.2

void est_i_diagnose_multiplicity(est_i_diagnostics *all)
{
    static const char *const columns[] = {"models", "population", "second_best_population", "least_population", "most_population",
                                          "ratio", "interval_holds_all"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN,    EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE,
                                            EST_ROLE_ESTIMATE, EST_ROLE_PLAIN,    EST_ROLE_PLAIN};
    const est_i_diagnosis *of = all->of;
    double least = INFINITY, most = 0;
    if (!of->near_tied || of->n_near_tied == 0)
        return;
    for (size_t i = 0; i < of->n_near_tied; i++) {
        least = fmin(least, of->near_tied[i]);
        most = fmax(most, of->near_tied[i]);
    }
    bool has_interval = !isnan(of->lower) && !isnan(of->upper);
    est_i_result_frame(all->builder, "model_multiplicity", "Models within 10 of the best by the criterion", 7, columns, roles,
                       SIZE_MAX);
    est_i_result_cell(all->builder, (double)of->n_near_tied);
    est_i_result_cell(all->builder, all->population);
    est_i_result_cell(all->builder, of->best_gap_population);
    est_i_result_cell(all->builder, least);
    est_i_result_cell(all->builder, most);
    est_i_result_cell(all->builder, most / least);
    est_i_result_cell_text(all->builder, !has_interval ? "no interval" : of->lower <= least && most <= of->upper ? "yes" : "no");
    if (most > APART * least)
        est_i_diagnose_alarm(all, "models that the criterion can hardly tell apart give populations that differ by more than a "
                             "fifth");
}
