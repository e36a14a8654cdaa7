/* Internal consistency (Hook and Regal 2000; Binette and Steorts 2022): the persons on one list are a population of known size,
 * which the other lists can be asked for. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "mse/diagnose_parts.h"

/* Of the strata that have an estimate; of all where none has. */
static double known_size(const est_i_diagnostics *all, const est_i_variant *v)
{
    double sum = 0;
    for (size_t k = 0; k < all->of->data->n_blocks && v->reason; k++)
        sum += est_i_diagnose_margin(all, k, (uint32_t)1 << v->list);
    for (size_t k = 0; k < v->n_blocks && !v->reason; k++)
        sum += isnan(v->block_population[k]) ? 0 : est_i_diagnose_margin(all, v->block[k], (uint32_t)1 << v->list);
    return sum;
}

static void start_frame(est_i_diagnostics *all)
{
    static const char *const columns[] = {"list",      "model",       "persons",     "population", "lower", "upper", "ratio",
                                          "log_ratio", "lower_log_ratio", "upper_log_ratio", "result"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN,    EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_ESTIMATE,
                                            EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN, EST_ROLE_PLAIN,
                                            EST_ROLE_PLAIN,    EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    est_i_result_frame(all->builder, "internal_consistency", "Internal consistency: the persons on each list as the other lists "
                       "estimate them (95 % limits)", 11, columns, roles, SIZE_MAX);
}

static void add_row(est_i_diagnostics *all, const est_i_variant *v, double size)
{
    est_i_text result = {0};
    bool covered = v->lower <= size && v->upper >= size;
    if (v->reason)
        est_i_text_printf(&result, "not estimable: %s", v->reason);
    else
        est_i_text_append(&result, covered ? "covered" : "not covered");
    if (v->aside)
        est_i_text_printf(&result, "; strata without an estimate are left aside: %s", v->aside);
    est_i_result_cell_text(all->builder, all->of->captures->list_names[v->list]);
    est_i_result_cell_text(all->builder, v->model);
    est_i_result_cell(all->builder, size);
    est_i_result_cell(all->builder, v->population);
    est_i_result_cell(all->builder, v->lower);
    est_i_result_cell(all->builder, v->upper);
    est_i_result_cell(all->builder, v->population / size);
    est_i_result_cell(all->builder, log(v->population / size));
    est_i_result_cell(all->builder, log(v->lower / size));
    est_i_result_cell(all->builder, log(v->upper / size));
    est_i_diagnose_cell(all, &result);
}

/* Wrong beyond what the number of lists explains by chance. */
static void judge(est_i_diagnostics *all, const est_i_variant *variants, const double *sizes, size_t n)
{
    est_i_text lists = {0};
    for (size_t j = 0; j < n; j++)
        if (variants[j].wide_lower > sizes[j] || variants[j].wide_upper < sizes[j]) {
            est_i_text_append(&lists, lists.length ? ", " : "");
            est_i_text_printf(&lists, "%s (%s)", all->of->captures->list_names[j],
                              variants[j].population < sizes[j] ? "too few" : "too many");
        }
    if (lists.length && !lists.failed) {
        est_i_result_note(all->builder, all->context, EST_WARNING, "internal_consistency", "the persons on some lists, whose "
                          "number is known, are missed by the estimate from the other lists, also when it is asked of all lists "
                          "at once whether that is chance: %s. The same estimator gives the answer for the whole population",
                          lists.data);
        est_i_diagnose_alarm(all, "the estimator misses the known number of persons on a list: %s", lists.data);
    }
    est_i_text_free(&lists);
}

est_status est_i_diagnose_consistency(est_i_diagnostics *all)
{
    est_status status = EST_OK;
    size_t n = all->of->data->n_lists, found = 0;
    if (n < 4)
        return EST_OK;
    est_i_variant *variants = calloc(n, sizeof *variants);
    double *sizes = calloc(n, sizeof *sizes);
    if (!variants || !sizes) {
        status = est_i_no_memory(all->error);
        goto cleanup;
    }
    for (size_t j = 0; j < n && status == EST_OK; j++) {
        est_i_alteration how = {.kind = EST_I_WITHIN_LIST, .list = j, .wide_level = 1 - EST_I_DIAGNOSE_ALPHA / (double)n};
        status = est_i_variant_find(all, &how, &variants[found++]);
        sizes[j] = known_size(all, &variants[j]);
    }
    if (status != EST_OK)
        goto cleanup;
    start_frame(all);
    for (size_t j = 0; j < n; j++)
        add_row(all, &variants[j], sizes[j]);
    judge(all, variants, sizes, n);
cleanup:
    for (size_t j = 0; j < found; j++)
        est_i_variant_clear(&variants[j]);
    free(variants);
    free(sizes);
    return status;
}
