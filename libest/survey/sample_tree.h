/* Parts of chunks joined two by two: [0,1) with [1,2), [0,2) with [2,4), and so on. Which parts are joined follows from the numbers of
 * the chunks alone, so that sums are the same bytes however the chunks were shared out. */
#ifndef EST_I_SURVEY_SAMPLE_TREE_H
#define EST_I_SURVEY_SAMPLE_TREE_H

#include "numerics/double_double.h"
#include "survey/sample.h"

#define EST_I_TREE_MAX 128

/* Chunks start to start + size - 1, size a power of two that divides start. */
typedef struct est_i_tree_node {
    size_t start, size;
    void *part;
    est_i_sample_counts counts;
    est_i_dd weight_sum, weight_square_sum;
} est_i_tree_node;

typedef struct est_i_tree {
    const est_i_rows_consumer *consumer;
    void *user;
    size_t count;
    est_i_tree_node node[EST_I_TREE_MAX]; /* in order, without gaps */
} est_i_tree;

/* Appends a node, whose part passes to the tree whatever the outcome, and joins what can be joined. */
est_status est_i_tree_push(est_i_tree *tree, const est_i_tree_node *node, est_error *error);
/* Joins all that is left, the later into the earlier; an empty tree gives an empty part. The tree is empty afterwards. */
est_status est_i_tree_fold(est_i_tree *tree, est_i_tree_node *whole, est_error *error);
void est_i_tree_clear(est_i_tree *tree);

#endif
