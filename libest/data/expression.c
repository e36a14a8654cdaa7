/* Expressions: evaluation of what expression_parse.c wrote. */
#include "data/expression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/expression_parts.h"

#define BLOCK_ROWS ((size_t)512)

void est_i_expression_free(est_i_expression *expression)
{
    if (!expression)
        return;
    for (size_t i = 0; i < expression->n_lists; i++) {
        free(expression->lists[i].lower);
        free(expression->lists[i].upper);
    }
    free(expression->lists);
    free(expression->instructions);
    free(expression->constants);
    free(expression->variables);
    free(expression);
}

size_t est_i_expression_variables(const est_i_expression *expression)
{
    return expression->n_variables;
}

size_t est_i_expression_variable(const est_i_expression *expression, size_t index)
{
    return expression->variables[index];
}

bool est_i_expression_is_variable(const est_i_expression *expression)
{
    return expression->root.kind == EST_I_OPERAND_VARIABLE;
}

/* Operations */

size_t est_i_operation_operands(est_i_operation operation)
{
    return operation == EST_I_IF ? 3 : operation >= EST_I_NEGATE ? 1 : 2;
}

/* A number that is too large for a double is missing, as a quotient by zero is. */
static double finite_or_missing(double value)
{
    return isfinite(value) ? value : NAN;
}

static bool is_true(double value)
{
    return value < 0 || value > 0;
}

static double both(double x, double y)
{
    return x == 0 || y == 0 ? 0 : isunordered(x, y) ? NAN : 1;
}

static double either(double x, double y)
{
    return is_true(x) || is_true(y) ? 1 : isunordered(x, y) ? NAN : 0;
}

static double sum_known(double x, double y)
{
    return isnan(x) ? y : isnan(y) ? x : finite_or_missing(x + y);
}

static double least_known(double x, double y)
{
    return isnan(x) || y < x ? y : x;
}

static double largest_known(double x, double y)
{
    return isnan(x) || y > x ? y : x;
}

static bool list_has(const est_i_intervals *list, double value)
{
    size_t low = 0, high = list->count; /* the interval that may hold it lies below `high` */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (list->lower[middle] <= value)
            low = middle;
        else
            high = middle;
    }
    return value >= list->lower[low] && value <= list->upper[low];
}

/* value: of x and y. */
#define EACH_PAIR(value)                                                                                                           \
    for (size_t i = 0; i < n; i++) {                                                                                               \
        double x = left[i], y = right[i];                                                                                          \
        out[i] = (value);                                                                                                          \
    }                                                                                                                              \
    break

#define EACH(value)                                                                                                                \
    for (size_t i = 0; i < n; i++) {                                                                                               \
        double x = of[i];                                                                                                          \
        out[i] = (value);                                                                                                          \
    }                                                                                                                              \
    break

static void run_comparison(est_i_operation operation, const double *left, const double *right, double *out, size_t n)
{
    switch (operation) {
    case EST_I_COMPARE_LESS: EACH_PAIR(isunordered(x, y) ? NAN : x < y);
    case EST_I_COMPARE_LESS_EQUAL: EACH_PAIR(isunordered(x, y) ? NAN : x <= y);
    case EST_I_COMPARE_EQUAL: EACH_PAIR(isunordered(x, y) ? NAN : x == y);
    case EST_I_COMPARE_NOT_EQUAL: EACH_PAIR(isunordered(x, y) ? NAN : x != y);
    case EST_I_COMPARE_GREATER_EQUAL: EACH_PAIR(isunordered(x, y) ? NAN : x >= y);
    default: EACH_PAIR(isunordered(x, y) ? NAN : x > y);
    }
}

static void run_pair(est_i_operation operation, const double *left, const double *right, double *out, size_t n)
{
    switch (operation) {
    case EST_I_ADD: EACH_PAIR(finite_or_missing(x + y));
    case EST_I_SUBTRACT: EACH_PAIR(finite_or_missing(x - y));
    case EST_I_MULTIPLY: EACH_PAIR(finite_or_missing(x * y));
    case EST_I_DIVIDE: EACH_PAIR(finite_or_missing(x / y));
    case EST_I_AND: EACH_PAIR(both(x, y));
    case EST_I_OR: EACH_PAIR(either(x, y));
    case EST_I_ANY_OF: EACH_PAIR(x > 0 || is_true(y));
    case EST_I_ALL_OF: EACH_PAIR(x > 0 && is_true(y));
    case EST_I_COUNT_OF: EACH_PAIR(x + is_true(y));
    case EST_I_SUM_OF: EACH_PAIR(sum_known(x, y));
    case EST_I_MIN_OF: EACH_PAIR(least_known(x, y));
    case EST_I_MAX_OF: EACH_PAIR(largest_known(x, y));
    case EST_I_NONMISSING: EACH_PAIR(isnan(x) ? y : x);
    default: run_comparison(operation, left, right, out, n);
    }
}

static void run_single(est_i_operation operation, const est_i_intervals *list, const double *of, double *out, size_t n)
{
    switch (operation) {
    case EST_I_NEGATE: EACH(-x);
    case EST_I_NOT: EACH(isnan(x) ? NAN : x == 0);
    case EST_I_IS: EACH(is_true(x));
    case EST_I_MISSING: EACH(isnan(x));
    case EST_I_FLOOR: EACH(floor(x));
    case EST_I_IN: EACH(isnan(x) ? NAN : list_has(list, x));
    default: EACH(isnan(x) ? NAN : !list_has(list, x));
    }
}

static void run_if(const double *const operand[3], double *out, size_t n)
{
    const double *condition = operand[0], *then = operand[1], *otherwise = operand[2];
    for (size_t i = 0; i < n; i++)
        out[i] = isnan(condition[i]) ? NAN : condition[i] != 0 ? then[i] : otherwise[i];
}

void est_i_operation_run(est_i_operation operation, const est_i_intervals *list, const double *const operand[3], double *out,
                         size_t n)
{
    if (operation == EST_I_IF)
        run_if(operand, out, n);
    else if (operation >= EST_I_NEGATE)
        run_single(operation, list, operand[0], out, n);
    else
        run_pair(operation, operand[0], operand[1], out, n);
}

/* Evaluation */

static size_t rows_at_once(size_t n_rows)
{
    return n_rows < BLOCK_ROWS ? n_rows : BLOCK_ROWS;
}

size_t est_i_expression_scratch(const est_i_expression *expression, size_t n_rows)
{
    return (expression->n_slots + expression->n_constants) * rows_at_once(n_rows);
}

/* Constants stand in the scratch as columns, before the slots. */
typedef struct block_memory {
    double *constants, *slots;
    size_t size; /* rows of each */
    const double *const *variable;
    size_t first; /* row of the block */
} block_memory;

static const double *operand_rows(const block_memory *memory, const est_i_operand *operand)
{
    const double *rows;
    if (operand->kind == EST_I_OPERAND_VARIABLE)
        rows = memory->variable[operand->index] + memory->first;
    else if (operand->kind == EST_I_OPERAND_CONSTANT)
        rows = memory->constants + operand->index * memory->size;
    else
        rows = memory->slots + operand->index * memory->size;
    return rows;
}

static void evaluate_block(const est_i_expression *expression, const block_memory *memory, size_t n, double *result)
{
    for (size_t i = 0; i < expression->n_instructions; i++) {
        const est_i_instruction *now = &expression->instructions[i];
        const double *operand[3] = {NULL, NULL, NULL};
        bool is_last = i + 1 == expression->n_instructions;
        for (size_t k = 0; k < est_i_operation_operands(now->operation); k++)
            operand[k] = operand_rows(memory, &now->operand[k]);
        est_i_operation_run(now->operation,
                            now->operation == EST_I_IN || now->operation == EST_I_NOT_IN ? &expression->lists[now->list] : NULL,
                            operand, is_last ? result : memory->slots + now->slot * memory->size, n);
    }
    if (expression->n_instructions == 0)
        memcpy(result, operand_rows(memory, &expression->root), n * sizeof *result);
}

void est_i_expression_evaluate(const est_i_expression *expression, size_t n_rows, const double *const *variable, double *scratch,
                               double *result)
{
    block_memory memory = {.size = rows_at_once(n_rows), .variable = variable, .constants = scratch};
    memory.slots = scratch + expression->n_constants * memory.size;
    for (size_t c = 0; c < expression->n_constants; c++)
        for (size_t i = 0; i < memory.size; i++)
            memory.constants[c * memory.size + i] = expression->constants[c];
    for (; memory.first < n_rows; memory.first += memory.size) {
        size_t left = n_rows - memory.first;
        evaluate_block(expression, &memory, left < memory.size ? left : memory.size, result + memory.first);
    }
}
