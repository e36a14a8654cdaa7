/* `mse`: the minimum-data gates as a condition (option gates = enforce). By default they are warnings beside the number. */
#include "core/error.h"
#include "core/text.h"
#include "mse/gates.h"
#include "mse/mse_state.h"

static void add_failed(const est_i_mse *r, size_t first, size_t n_blocks, const est_i_mse_target *target, const char *place,
                       est_i_text *failed)
{
    est_i_gate gates[EST_I_GATES_MOST];
    size_t n = est_i_gates_judge(r->captures, first, n_blocks, target->n + target->unseen, target->lower, target->upper, gates);
    for (size_t i = 0; i < n; i++)
        if (!gates[i].passed)
            est_i_text_printf(failed, "%s%s%s%s", failed->length ? ", " : "", place, *place ? ": " : "", gates[i].name);
}

/* Gates that are not met, in words. */
static void list_failed(const est_i_mse *r, est_i_text *failed)
{
    size_t blocks = r->captures->n_blocks;
    for (size_t k = 0; k < blocks; k++)
        add_failed(r, k, 1, &r->targets[k], r->captures->block_names[k], failed);
    if (blocks > 1)
        add_failed(r, 0, blocks, est_i_mse_whole(r), "all", failed);
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
