/* `mse`: the minimum-data gates as a condition (option gates = enforce). By default they are warnings beside the number. */
#include <math.h>
#include <stdbool.h>

#include "core/error.h"
#include "core/text.h"
#include "mse/describe.h"
#include "mse/mse_state.h"

static double persons_on(const est_i_captures *captures, size_t block, uint32_t list, bool shared)
{
    double sum = 0;
    for (size_t w = list; w < captures->n_cells; w++)
        sum += (w & list) && (!shared || w != list) ? captures->counts[block][w] : 0;
    return sum;
}

static void add(est_i_text *failed, const char *place, const char *gate)
{
    est_i_text_printf(failed, "%s%s%s%s", failed->length ? ", " : "", place, *place ? ": " : "", gate);
}

static void check_lists(const est_i_captures *captures, size_t block, const char *place, est_i_text *failed)
{
    bool small = false, alone = false;
    for (size_t j = 0; j < captures->n_lists; j++) {
        uint32_t list = (uint32_t)1 << j;
        if (!(captures->active[block] & list))
            continue;
        small = small || persons_on(captures, block, list, false) < 10;
        alone = alone || !(persons_on(captures, block, list, true) > 0);
    }
    if (__builtin_popcount(captures->active[block]) < 3)
        add(failed, place, "fewer than three lists");
    if (small)
        add(failed, place, "a list of fewer than 10 persons");
    if (alone)
        add(failed, place, "a list that shares nobody with another");
}

static void check_target(const est_i_mse_target *target, const char *place, est_i_text *failed)
{
    if (target->n < 100)
        add(failed, place, "fewer than 100 persons");
    if (!(target->n >= 0.05 * (target->n + target->unseen)))
        add(failed, place, "less than 5 % of the estimate on the lists");
    if (target->upper > 10 * target->lower)
        add(failed, place, "an upper limit more than 10 times the lower");
}

/* Gates that are not met, in words. */
static void list_failed(const est_i_mse *r, est_i_text *failed)
{
    for (size_t k = 0; k < r->captures->n_blocks; k++) {
        check_lists(r->captures, k, r->captures->block_names[k], failed);
        check_target(&r->targets[k], r->captures->block_names[k], failed);
    }
    if (r->n_targets > 1)
        check_target(est_i_mse_whole(r), "all", failed);
}

void est_i_mse_note_gates(est_i_mse *r)
{
    est_i_text failed = {0};
    list_failed(r, &failed);
    if (failed.length && !failed.failed)
        est_i_result_note(r->builder, r->context, EST_NOTE, "gates", "minimum-data gates that are not met: %s. The numbers are printed all "
                          "the same; --gates enforce withholds them", failed.data);
    est_i_text_free(&failed);
}

est_status est_i_mse_check_gates(est_i_mse *r)
{
    est_i_text failed = {0};
    est_status status = EST_OK;
    if (r->options->gates != EST_GATES_ENFORCE)
        return EST_OK;
    list_failed(r, &failed);
    if (failed.failed)
        status = est_i_no_memory(r->error);
    else if (failed.length)
        status = est_i_fail(r->error, EST_EIDENTIFY, "the data do not pass the minimum-data gates: %s; merge lists or strata, or take "
                            "--gates warn to see the numbers with warnings", failed.data);
    est_i_text_free(&failed);
    return status;
}
