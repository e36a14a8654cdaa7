/* Refusals: a number that does not exist is never printed; the reason is. */
#include "mse/refusal.h"

#include "core/error.h"
#include "core/text.h"

#define PAIRS_MOST 3
#define STRATA_MOST 6

static bool share_nobody(const est_i_captures *captures, size_t block, uint32_t pair)
{
    double sum = 0;
    if ((captures->active[block] & pair) != pair)
        return false;
    for (size_t w = pair; w < captures->n_cells && !(sum > 0); w = (w + 1) | pair)
        sum += captures->counts[block][w];
    return !(sum > 0);
}

/* " in north and south": where the pair was at work and shares nobody, unless that is everywhere that it was at work. */
static void name_strata(const est_i_captures *captures, uint32_t pair, est_i_text *text)
{
    size_t at_work = 0, empty = 0, named = 0;
    for (size_t k = 0; k < captures->n_blocks; k++) {
        at_work += (captures->active[k] & pair) == pair;
        empty += share_nobody(captures, k, pair);
    }
    for (size_t k = 0; k < captures->n_blocks && empty < at_work && named < STRATA_MOST; k++)
        if (share_nobody(captures, k, pair))
            est_i_text_printf(text, "%s%s", named++ ? ", " : " in ", captures->block_names[k]);
    if (empty < at_work && empty > named)
        est_i_text_printf(text, " and %zu more", empty - named);
}

/* "; lists b and d share nobody" for the first pairs without overlap; in strata also where. */
static void name_empty_pairs(const est_i_captures *captures, est_i_text *text)
{
    size_t named = 0;
    for (size_t i = 0; i < captures->n_lists; i++)
        for (size_t j = i + 1; j < captures->n_lists && named < PAIRS_MOST; j++) {
            uint32_t pair = (uint32_t)1 << i | (uint32_t)1 << j;
            bool empty = false;
            for (size_t k = 0; k < captures->n_blocks; k++)
                empty = empty || share_nobody(captures, k, pair);
            if (!empty)
                continue;
            est_i_text_printf(text, "; lists %s and %s share nobody", captures->list_names[i], captures->list_names[j]);
            name_strata(captures, pair, text);
            named++;
        }
}

const char *est_i_refuse_reason(int direction)
{
    const char *reason = "the table does not determine the unseen number";
    if (direction > 0)
        reason = "nothing in the table limits the unseen number: the likelihood rises as it grows without bound";
    else if (direction < 0)
        reason = "the likelihood rises as the unseen number goes to zero, and reaches no maximum";
    return reason;
}

/* One reason for all, or each stratum with its own. */
static void give_reasons(const est_i_captures *captures, const int *direction, est_i_text *text)
{
    bool alike = true;
    for (size_t k = 1; k < captures->n_blocks; k++)
        alike = alike && direction[k] == direction[0];
    if (alike)
        est_i_text_printf(text, "%s%s", captures->n_blocks > 1 ? "in every stratum " : "", est_i_refuse_reason(direction[0]));
    for (size_t k = 0; k < captures->n_blocks && k < STRATA_MOST && !alike; k++)
        est_i_text_printf(text, "%s%s: %s", k ? "; " : "", captures->block_names[k], est_i_refuse_reason(direction[k]));
    if (!alike && captures->n_blocks > STRATA_MOST)
        est_i_text_printf(text, "; and %zu strata more", captures->n_blocks - STRATA_MOST);
}

est_status est_i_refuse_model(const est_i_captures *captures, const int *direction, const char *model, est_error *error)
{
    est_i_text reasons = {0};
    bool vanishes = true;
    for (size_t k = 0; k < captures->n_blocks; k++)
        vanishes = vanishes && direction[k] < 0;
    give_reasons(captures, direction, &reasons);
    name_empty_pairs(captures, &reasons);
    est_status status = est_i_fail(error, EST_EIDENTIFY, "no estimate exists under the model '%s': %s; use a model with fewer "
                                   "terms%s", model, reasons.data ? reasons.data : "",
                                   vanishes ? "" : ", or lists that share more people");
    est_i_text_free(&reasons);
    return status;
}

est_status est_i_refuse_search(const est_i_captures *captures, const char *what, bool boundary, est_error *error)
{
    est_i_text pairs = {0};
    name_empty_pairs(captures, &pairs);
    est_status status = est_i_fail(error, EST_EIDENTIFY, "no estimate exists: %s%s; use lists that share more people, or merge "
                                   "lists%s", what, pairs.data ? pairs.data : "",
                                   boundary ? "; fits on the boundary have an estimate, and --boundary accept lets them take "
                                              "part" : "");
    est_i_text_free(&pairs);
    return status;
}
