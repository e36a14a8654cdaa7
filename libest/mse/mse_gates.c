/* `mse`: the minimum-data gates as a condition (option gates = enforce). By default they are warnings beside the number. */
#include <math.h>
#include <stdbool.h>

#include "core/error.h"
#include "core/text.h"
#include "mse/describe.h"
#include "mse/mse_state.h"

static void add(est_i_text *failed, const char *place, const char *gate)
{
    est_i_text_printf(failed, "%s%s%s%s", failed->length ? ", " : "", place, *place ? ": " : "", gate);
}

static void check_lists(const est_i_captures *captures, size_t block, const char *place, est_i_text *failed)
{
    double persons[EST_I_LISTS_MAX][EST_I_LISTS_MAX];
    bool small = false, alone = false;
    est_i_count_pairs(captures, block, persons);
    for (size_t j = 0; j < captures->n_lists; j++) {
        bool shares = false;
        if (!(captures->active[block] >> j & 1))
            continue;
        for (size_t i = 0; i < captures->n_lists; i++)
            shares = shares || (i != j && persons[j][i] > 0);
        small = small || persons[j][j] < 10;
        alone = alone || !shares;
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
    if (isnan(target->unseen))
        add(failed, place, "no estimate");
    else if (!(target->n >= 0.05 * (target->n + target->unseen)))
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
