/* Refusals: a number that does not exist is never printed; the reason is. */
#include "mse/refusal.h"

#include "core/error.h"
#include "core/text.h"

static double overlap(const est_i_captures *captures, size_t i, size_t j)
{
    double sum = 0;
    for (size_t w = 1; w < captures->n_cells; w++)
        if ((w >> i & 1) && (w >> j & 1))
            sum += captures->counts[0][w];
    return sum;
}

/* "; lists b and d share nobody" for the first pairs without overlap. */
static void name_empty_pairs(const est_i_captures *captures, est_i_text *text)
{
    size_t named = 0;
    for (size_t i = 0; i < captures->n_lists; i++)
        for (size_t j = i + 1; j < captures->n_lists && named < 3; j++)
            if (!(overlap(captures, i, j) > 0)) {
                est_i_text_printf(text, "; lists %s and %s share nobody", captures->list_names[i], captures->list_names[j]);
                named++;
            }
}

static const char *reason_of(const est_i_verdict *verdict)
{
    const char *reason = "the table does not determine the unseen number";
    if (verdict->direction[0] > 0)
        reason = "nothing in the table limits the unseen number: the likelihood rises as it grows without bound";
    else if (verdict->direction[0] < 0)
        reason = "the likelihood rises as the unseen number goes to zero, and reaches no maximum";
    return reason;
}

est_status est_i_refuse_model(const est_i_captures *captures, const est_i_verdict *verdict, const char *model,
                              est_error *error)
{
    est_i_text pairs = {0};
    name_empty_pairs(captures, &pairs);
    est_status status = est_i_fail(error, EST_EIDENTIFY, "no estimate exists under the model '%s': %s%s; use a model with fewer "
                                   "terms%s", model, reason_of(verdict), pairs.data ? pairs.data : "",
                                   verdict->direction[0] < 0 ? "" : ", or lists that share more people");
    est_i_text_free(&pairs);
    return status;
}

est_status est_i_refuse_search(const est_i_captures *captures, const est_i_ranking *ranking, est_error *error)
{
    est_i_text pairs = {0};
    name_empty_pairs(captures, &pairs);
    est_status status = est_i_fail(error, EST_EIDENTIFY, "no estimate exists: no model has a finite one (%zu tried)%s; "
                                   "use lists that share more people, or merge lists", ranking->n_models,
                                   pairs.data ? pairs.data : "");
    est_i_text_free(&pairs);
    return status;
}
