#include "survey/sample_tree.h"

#include <string.h>

#include "core/error.h"

static void add_counts(est_i_tree_node *into, const est_i_tree_node *from)
{
    into->counts.rows += from->counts.rows;
    into->counts.zero_weights += from->counts.zero_weights;
    into->counts.outside += from->counts.outside;
    into->counts.missing_by += from->counts.missing_by;
    into->counts.unknown_condition += from->counts.unknown_condition;
    into->weight_sum = est_i_dd_add(into->weight_sum, from->weight_sum);
    into->weight_square_sum = est_i_dd_add(into->weight_square_sum, from->weight_square_sum);
}

/* Joins the last node into the one before it. */
static est_status join_last(est_i_tree *tree, est_error *error)
{
    est_i_tree_node *into = &tree->node[tree->count - 2], *from = &tree->node[tree->count - 1];
    est_status status = tree->consumer->join(tree->user, into->part, from->part, error);
    tree->consumer->part_free(tree->user, from->part);
    add_counts(into, from);
    into->size += from->size;
    tree->count--;
    return status;
}

static bool may_join(const est_i_tree *tree)
{
    if (tree->count < 2)
        return false;
    const est_i_tree_node *into = &tree->node[tree->count - 2], *from = &tree->node[tree->count - 1];
    return into->size == from->size && into->start % (2 * into->size) == 0;
}

est_status est_i_tree_push(est_i_tree *tree, const est_i_tree_node *node, est_error *error)
{
    est_status status = EST_OK;
    if (tree->count == EST_I_TREE_MAX) {
        tree->consumer->part_free(tree->user, node->part);
        return est_i_fail(error, EST_EINTERNAL, "the tree of partial sums is full; please report this as a defect");
    }
    tree->node[tree->count++] = *node;
    while (status == EST_OK && may_join(tree))
        status = join_last(tree, error);
    return status;
}

est_status est_i_tree_fold(est_i_tree *tree, est_i_tree_node *whole, est_error *error)
{
    est_status status = EST_OK;
    while (tree->count > 1 && status == EST_OK)
        status = join_last(tree, error);
    if (status == EST_OK && tree->count == 0) {
        memset(whole, 0, sizeof *whole);
        whole->part = tree->consumer->part_new(tree->user);
        status = whole->part ? EST_OK : est_i_no_memory(error);
    } else if (status == EST_OK) {
        *whole = tree->node[0];
        tree->count = 0;
    }
    return status;
}

void est_i_tree_clear(est_i_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        tree->consumer->part_free(tree->user, tree->node[i].part);
    tree->count = 0;
}
