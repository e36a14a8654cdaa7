/* An expression after parsing, for the files expression*.c: instructions over whole columns. Operands are variables, constants and
 * slots, columns of scratch; the slots are used as a stack. */
#ifndef EST_I_DATA_EXPRESSION_PARTS_H
#define EST_I_DATA_EXPRESSION_PARTS_H

#include <stddef.h>

#include "data/expression.h"

typedef enum est_i_operation {
    EST_I_ADD,
    EST_I_SUBTRACT,
    EST_I_MULTIPLY,
    EST_I_DIVIDE,
    EST_I_COMPARE_LESS, /* the six in the order of est_i_comparison */
    EST_I_COMPARE_LESS_EQUAL,
    EST_I_COMPARE_EQUAL,
    EST_I_COMPARE_NOT_EQUAL,
    EST_I_COMPARE_GREATER_EQUAL,
    EST_I_COMPARE_GREATER,
    EST_I_AND,
    EST_I_OR,
    EST_I_ANY_OF, /* the first operand of these three is what the arguments before gave, never missing */
    EST_I_ALL_OF,
    EST_I_COUNT_OF,
    EST_I_SUM_OF, /* missing operands are passed over */
    EST_I_MIN_OF,
    EST_I_MAX_OF,
    EST_I_NONMISSING,
    EST_I_NEGATE, /* of one operand, from here on */
    EST_I_NOT,
    EST_I_IS,
    EST_I_MISSING,
    EST_I_FLOOR,
    EST_I_IN,
    EST_I_NOT_IN,
    EST_I_IF /* of three */
} est_i_operation;

typedef enum est_i_operand_kind { EST_I_OPERAND_SLOT = 0, EST_I_OPERAND_CONSTANT, EST_I_OPERAND_VARIABLE } est_i_operand_kind;

typedef struct est_i_operand {
    est_i_operand_kind kind;
    size_t index; /* a variable: its number */
} est_i_operand;

/* Closed intervals, ascending, none of which touches another. */
typedef struct est_i_intervals {
    double *lower, *upper;
    size_t count, capacity;
} est_i_intervals;

typedef struct est_i_instruction {
    est_i_operation operation;
    est_i_operand operand[3];
    size_t slot; /* of the result */
    size_t list; /* of IN and NOT_IN */
} est_i_instruction;

struct est_i_expression {
    est_i_instruction *instructions;
    size_t n_instructions, instructions_capacity;
    double *constants;
    size_t n_constants, constants_capacity;
    size_t *variables; /* by first use */
    size_t n_variables, variables_capacity;
    est_i_intervals *lists;
    size_t n_lists, lists_capacity;
    size_t n_slots;
    est_i_operand root; /* a slot: the result of the last instruction */
};

/* How many operands an operation has. */
size_t est_i_operation_operands(est_i_operation operation);

/* out[row] of one operation; `out` may be one of the operands. */
void est_i_operation_run(est_i_operation operation, const est_i_intervals *list, const double *const operand[3], double *out,
                         size_t n);

#endif
