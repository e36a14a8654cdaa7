/* The held-out bound: an estimate from the other lists cannot lie below the persons already seen. */
#include <math.h>

#include "mse/diagnose_parts.h"

/* Held out: only the upper limit can refute (decisions.md 7). NaN never does. */
static bool is_refuted(double upper, double seen)
{
    return upper < seen;
}

static void add_row(est_i_diagnostics *all, const est_i_variant *v, const char *stratum, const double *numbers, double seen,
                    const char *interval)
{
    est_i_text result = {0};
    if (isnan(numbers[0]))
        est_i_text_printf(&result, "not estimable: %s", v->reason ? v->reason : "");
    else
        est_i_text_append(&result, is_refuted(numbers[2], seen) ? "refuted" : "holds");
    est_i_result_cell_text(all->builder, all->of->captures->list_names[v->list]);
    if (all->of->data->n_blocks > 1)
        est_i_result_cell_text(all->builder, stratum);
    est_i_result_cell_text(all->builder, v->model);
    for (size_t i = 0; i < 3; i++)
        est_i_result_cell(all->builder, numbers[i]);
    est_i_result_cell_text(all->builder, isnan(numbers[0]) ? "" : interval);
    est_i_result_cell(all->builder, seen);
    est_i_diagnose_cell(all, &result);
}

static void start_frame(est_i_diagnostics *all)
{
    static const char *const columns[] = {"held_out", "stratum", "model", "population", "lower", "upper", "interval", "seen",
    "result"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN,    EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE,
                                            EST_ROLE_ESTIMATE, EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_PLAIN};
    static const char *const plain_columns[] = {"held_out", "model", "population", "lower", "upper", "interval", "seen", "result"};
    bool strata = all->of->data->n_blocks > 1;
    est_i_result_frame(all->builder, "held_out", "Held-out list: the estimate from the other lists against the persons already "
                       "seen (95 % limits)", strata ? 9 : 8, strata ? columns : plain_columns, strata ? roles : roles + 1,
                       SIZE_MAX);
}

static bool add_list(est_i_diagnostics *all, const est_i_variant *v)
{
    double total[] = {v->population, v->lower, v->upper};
    bool refuted = is_refuted(v->upper, all->seen_total), strata = all->of->data->n_blocks > 1;
    for (size_t k = 0; strata && k < v->n_blocks; k++) {
        double numbers[] = {v->block_population[k], v->block_lower[k], v->block_upper[k]};
        add_row(all, v, est_i_diagnose_block(all, v->block[k]), numbers, all->seen[v->block[k]], "profile");
        refuted = refuted || is_refuted(v->block_upper[k], all->seen[v->block[k]]);
    }
    add_row(all, v, "all", total, all->seen_total, v->interval);
    return refuted;
}

void est_i_diagnose_held_out(est_i_diagnostics *all)
{
    est_i_text lists = {0};
    size_t count = 0;
    if (all->of->data->n_lists < 4)
        return;
    start_frame(all);
    for (size_t j = 0; j < all->n_left_out; j++)
        if (add_list(all, &all->left_out[j]))
            est_i_diagnose_name(&lists, &count, all->of->captures->list_names[j]);
    est_i_diagnose_name_end(&lists, count);
    if (lists.length && !lists.failed) {
        est_i_result_note(all->builder, all->context, EST_WARNING, "held_out", "without these lists the others put the "
                          "population, even at the upper limit, below those already seen: %s. Whoever had only the other lists "
                          "would have been wrong, and nothing says that lists still missing would not do the same to this "
                          "estimate", lists.data);
        est_i_diagnose_alarm(all, "the estimate from the other lists is refuted by persons already seen when a list is held out "
                             "(%s)",
                             lists.data);
    }
    est_i_text_free(&lists);
}
