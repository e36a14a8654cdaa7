/* The pass of a two-way table: cells by leaf and by the two levels. */
#include <stdlib.h>

#include "core/error.h"
#include "survey/association_parts.h"

#define LEVELS_MAX 65535u

void est_i_association_sums_free(est_i_association_sums *own)
{
    if (!own)
        return;
    est_i_cells_free(own->table);
    est_i_cells_free(own->auxiliary);
    est_i_cells_free(own->right);
    est_i_cells_free(own->replicates);
    free(own->x);
    free(own);
}

static void pass_free(void *user, void *part)
{
    (void)user;
    est_i_association_sums_free(part);
}

static void *pass_new(void *user)
{
    const est_i_association_pass *pass = user;
    est_i_association_sums *part = calloc(1, sizeof *part);
    if (!part)
        return NULL;
    part->table = est_i_cells_new(EST_I_ASSOCIATION_WIDTH);
    part->auxiliary = est_i_cells_new(pass->q);
    part->right = est_i_cells_new(pass->q);
    part->replicates = est_i_cells_new(pass->n_replicates);
    part->x = malloc((pass->q + 1) * sizeof *part->x);
    if (!part->table || !part->auxiliary || !part->right || !part->replicates || !part->x) {
        pass_free(user, part);
        part = NULL;
    }
    return part;
}

static est_status add_row(const est_i_association_pass *user, est_i_association_sums *part, const est_i_rows *rows, size_t row,
                          est_error *error)
{
    uint32_t a = rows->level[user->options->row][row], b = rows->level[user->options->column][row];
    if (a >= LEVELS_MAX || b >= LEVELS_MAX)
        return est_i_fail(error, EST_EDEFINITION, "column '%s' has more than %u values, expected those of a table",
                          user->plan->variables[a >= LEVELS_MAX ? user->options->row : user->options->column].column, LEVELS_MAX);
    uint32_t levels = a << 16 | b;
    est_i_dd *cell = est_i_cells_at(part->table, rows->leaf[row], levels);
    if (!cell)
        return est_i_no_memory(error);
    cell[EST_I_ASSOCIATION_CASES] = est_i_dd_add_double(cell[EST_I_ASSOCIATION_CASES], rows->weight[row] != 0);
    cell[EST_I_ASSOCIATION_WEIGHT] = est_i_dd_add_double(cell[EST_I_ASSOCIATION_WEIGHT], rows->weight[row]);
    if (user->n_replicates) {
        est_i_dd *sum = est_i_cells_at(part->replicates, 0, levels);
        for (size_t r = 0; sum && r < user->n_replicates; r++)
            sum[r] = est_i_dd_add_double(sum[r], rows->replicate[r][row]);
        if (!sum)
            return est_i_no_memory(error);
    }
    if (user->q) {
        double w = est_i_calibration_weight(user->options->calibration, rows, row);
        est_i_dd *sum = est_i_cells_at(part->right, 0, levels);
        for (size_t k = 0; sum && k < user->q; k++)
            sum[k] = est_i_dd_add_double(sum[k], w * part->x[k]);
        if (!sum)
            return est_i_no_memory(error);
    }
    return EST_OK;
}

static est_status pass_take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const est_i_association_pass *pass = user;
    est_i_association_sums *own = part;
    est_status status = EST_OK;
    for (size_t i = 0; i < rows->n && status == EST_OK; i++) {
        bool missing;
        if (pass->q) {
            est_i_dd *sum = est_i_cells_at(own->auxiliary, rows->leaf[i], 0);
            est_i_calibration_x(pass->options->calibration, rows, i, own->x);
            for (size_t k = 0; sum && k < pass->q; k++)
                sum[k] = est_i_dd_add_double(sum[k], rows->weight[i] * own->x[k]);
            if (!sum)
                return est_i_no_memory(error);
        }
        if (est_i_regressors_enter(pass->plan, 2, pass->variable, rows, i, &missing))
            status = add_row(pass, own, rows, i, error);
        else
            own->missing += missing;
    }
    return status;
}

/* The sums with a calibration are made after the first pass, their numbers are final already. */
static est_status renumber(const est_i_association_pass *user, est_i_cells **cells, const est_i_renumbering *final, bool leaves,
                           est_error *error)
{
    est_i_cells *made = est_i_cells_new((*cells)->width);
    bool good = made != NULL;
    for (size_t i = 0; i < (*cells)->count && good; i++) {
        uint32_t a = final->level[user->options->row][(*cells)->domain[i] >> 16];
        uint32_t b = final->level[user->options->column][(*cells)->domain[i] & 0xffffu];
        if (a >= LEVELS_MAX || b >= LEVELS_MAX) {
            est_i_cells_free(made);
            return est_i_fail(error, EST_EDEFINITION, "a column of the table has more than %u values", LEVELS_MAX);
        }
        est_i_dd *sum = est_i_cells_at(made, leaves ? final->leaf[(*cells)->leaf[i]] : 0, a << 16 | b);
        good = sum != NULL;
        for (size_t k = 0; k < made->width && good; k++)
            sum[k] = est_i_dd_add(sum[k], (*cells)->sum[i * made->width + k]);
    }
    if (!good) {
        est_i_cells_free(made);
        return est_i_no_memory(error);
    }
    est_i_cells_free(*cells);
    *cells = made;
    return EST_OK;
}

static est_status pass_settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    est_i_association_sums *own = part;
    est_status status = renumber(user, &own->table, final, true, error);
    return status == EST_OK ? renumber(user, &own->replicates, final, false, error) : status;
}

static est_status pass_join(void *user, void *into, void *from, est_error *error)
{
    est_i_association_sums *to = into;
    const est_i_association_sums *later = from;
    (void)user;
    to->missing += later->missing;
    est_status status = est_i_cells_join(to->table, later->table, error);
    if (status == EST_OK)
        status = est_i_cells_join(to->auxiliary, later->auxiliary, error);
    if (status == EST_OK)
        status = est_i_cells_join(to->right, later->right, error);
    return status == EST_OK ? est_i_cells_join(to->replicates, later->replicates, error) : status;
}

est_status est_i_association_take(est_i_sample *sample, est_i_association_pass *pass, est_i_association_sums **sums,
                                  est_error *error)
{
    static const est_i_rows_consumer consumer = {pass_new, pass_take, pass_settle, pass_join, pass_free};
    void *part = NULL;
    est_status status = est_i_sample_pass(sample, &consumer, pass, "reading the table", &part, error);
    *sums = part;
    return status;
}
