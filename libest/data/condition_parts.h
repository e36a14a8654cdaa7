/* A condition after parsing, for the files condition*.c: comparisons, not, and, or in postfix order. */
#ifndef EST_I_DATA_CONDITION_PARTS_H
#define EST_I_DATA_CONDITION_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "data/condition.h"

typedef enum est_i_condition_kind {
    EST_I_NODE_NUMBER,  /* a number, compared with `value` */
    EST_I_NODE_NUMBERS, /* a number, looked up in `numbers` */
    EST_I_NODE_TEXT,    /* a text, compared with the first of `texts` */
    EST_I_NODE_TEXTS,   /* a text, looked up in `texts`, and as a number in `numbers` if the list holds any */
    EST_I_NODE_MISSING,
    EST_I_NODE_NOT,
    EST_I_NODE_AND,
    EST_I_NODE_OR
} est_i_condition_kind;

/* Every comparison has one of three outcomes, by whether the cell lies below, at or above the value; a list has the second one for
 * what is in it, else the first. */
typedef struct est_i_condition_node {
    est_i_condition_kind kind;
    uint8_t outcome[3];
    size_t column, field;
    double value;
    double *numbers; /* ascending */
    size_t n_numbers;
    est_i_dictionary texts;
} est_i_condition_node;

struct est_i_condition {
    const est_source *source; /* for what its values are called */
    est_i_condition_node *nodes;
    size_t n_nodes, capacity;
    est_i_field *fields;
    size_t n_fields;
    size_t height; /* truth values on the stack at the most */
};

void est_i_condition_node_free(est_i_condition_node *node);
/* For qsort and bsearch; no NaN. */
int est_i_condition_compare_numbers(const void *a, const void *b);

#endif
