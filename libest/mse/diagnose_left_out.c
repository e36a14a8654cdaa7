/* The population without each list, and with each two lists as one: how far one list carries the answer. */
#include <math.h>

#include "mse/diagnose_parts.h"

static void add_row(est_i_diagnostics *all, const est_i_variant *v)
{
    est_i_text result = {0};
    if (v->reason)
        est_i_text_printf(&result, "not estimable: %s", v->reason);
    else
        est_i_text_append(&result, est_i_variant_disagrees(all, v) ? "disagrees" : "agrees");
    est_i_result_cell_text(all->builder, v->model);
    est_i_result_cell(all->builder, v->population);
    est_i_result_cell(all->builder, v->lower);
    est_i_result_cell(all->builder, v->upper);
    est_i_result_cell_text(all->builder, v->interval);
    est_i_result_cell(all->builder, v->population / all->population);
    est_i_diagnose_cell(all, &result);
}

void est_i_diagnose_left_out(est_i_diagnostics *all)
{
    static const char *const columns[] = {"left_out", "model", "population", "lower", "upper", "interval", "ratio", "result"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN,    EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE,
                                            EST_ROLE_ESTIMATE, EST_ROLE_PLAIN, EST_ROLE_PLAIN,    EST_ROLE_PLAIN};
    est_i_text lists = {0};
    size_t count = 0;
    if (all->n_left_out == 0)
        return;
    est_i_result_frame(all->builder, "leave_one_out", "The population without each list (95 % limits; ratio to the estimate)", 8,
                       columns, roles, SIZE_MAX);
    for (size_t j = 0; j < all->n_left_out; j++) {
        est_i_result_cell_text(all->builder, all->of->captures->list_names[j]);
        add_row(all, &all->left_out[j]);
        if (est_i_variant_disagrees(all, &all->left_out[j]))
            est_i_diagnose_name(&lists, &count, all->of->captures->list_names[j]);
    }
    est_i_diagnose_name_end(&lists, count);
    if (lists.length && !lists.failed) {
        est_i_result_note(all->builder, all->context, EST_WARNING, "leave_one_out", "the estimate hangs on single lists: without "
                          "them it is another one, by more than chance (the models taken as known): %s", lists.data);
        est_i_diagnose_alarm(all, "the estimate changes by more than chance when a list is left out (%s)", lists.data);
    }
    est_i_text_free(&lists);
}

void est_i_diagnose_merged(est_i_diagnostics *all)
{
    static const char *const columns[] = {"list", "other", "model", "population", "lower", "upper", "interval", "ratio", "result"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN,    EST_ROLE_PLAIN,    EST_ROLE_PLAIN, EST_ROLE_ESTIMATE,
    EST_ROLE_ESTIMATE,
                                            EST_ROLE_ESTIMATE, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    char *const *names = all->of->captures->list_names;
    est_i_text pairs = {0};
    size_t count = 0;
    if (all->n_merged == 0)
        return;
    est_i_result_frame(all->builder, "merged_lists", "The population with each two lists as one (95 % limits; ratio to the "
                       "estimate)", 9,
                       columns, roles, all->n_merged <= 15 ? SIZE_MAX : 15);
    for (size_t i = 0; i < all->n_merged; i++) {
        const est_i_variant *v = &all->merged[i];
        est_i_result_cell_text(all->builder, names[v->list]);
        est_i_result_cell_text(all->builder, names[v->other]);
        add_row(all, v);
        if (est_i_variant_disagrees(all, v))
            est_i_diagnose_name_pair(all, &pairs, &count, v->list, v->other);
    }
    est_i_diagnose_name_end(&pairs, count);
    if (pairs.length && !pairs.failed) {
        est_i_result_note(all->builder, all->context, EST_WARNING, "merged_lists", "the estimate hangs on lists being told apart: "
                          "with two of them as one it is another one, by more than chance (the models taken as known): %s",
                          pairs.data);
        est_i_diagnose_alarm(all, "the estimate changes by more than chance when two lists are merged (%s)", pairs.data);
    }
    est_i_text_free(&pairs);
}
