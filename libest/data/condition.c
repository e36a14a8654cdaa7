/* Conditions on rows: evaluation of what condition_parse.c wrote. */
#include "data/condition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/condition_parts.h"

void est_i_condition_node_free(est_i_condition_node *node)
{
    free(node->numbers);
    est_i_dictionary_free(&node->texts);
}

int est_i_condition_compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void est_i_condition_free(est_i_condition *condition)
{
    if (condition) {
        for (size_t i = 0; i < condition->n_nodes; i++)
            est_i_condition_node_free(&condition->nodes[i]);
        free(condition->nodes);
        free(condition->fields);
        free(condition);
    }
}

size_t est_i_condition_fields(const est_i_condition *condition)
{
    return condition->n_fields;
}

est_i_field est_i_condition_field(const est_i_condition *condition, size_t index)
{
    return condition->fields[index];
}

#define BLOCK_ROWS ((size_t)1024)

/* By code: what a comparison of texts says. */
typedef struct verdicts {
    uint8_t *truth;
    size_t count, capacity;
} verdicts;

struct est_i_condition_memory {
    const est_i_condition *condition;
    verdicts *of_node;
    uint8_t *stack; /* blocks of BLOCK_ROWS */
};

est_i_condition_memory *est_i_condition_memory_new(const est_i_condition *condition)
{
    est_i_condition_memory *memory = calloc(1, sizeof *memory);
    if (memory) {
        memory->condition = condition;
        memory->of_node = calloc(condition->n_nodes, sizeof *memory->of_node);
        memory->stack = calloc(condition->height, BLOCK_ROWS);
        if (!memory->of_node || !memory->stack) {
            est_i_condition_memory_free(memory);
            memory = NULL;
        }
    }
    return memory;
}

void est_i_condition_memory_free(est_i_condition_memory *memory)
{
    if (memory) {
        for (size_t i = 0; memory->of_node && i < memory->condition->n_nodes; i++)
            free(memory->of_node[i].truth);
        free(memory->of_node);
        free(memory->stack);
        free(memory);
    }
}

static bool list_has(const est_i_condition_node *item, double value)
{
    return item->n_numbers > 0 &&
           bsearch(&value, item->numbers, item->n_numbers, sizeof value, est_i_condition_compare_numbers) != NULL;
}

/* Does the list hold what the value is called? 1 and 2 may be male and female. */
static bool names_label(const est_source *source, const est_i_condition_node *item, const char *text)
{
    const char *label = est_i_source_value_label(source, item->column, text);
    return label && est_i_dictionary_find(&item->texts, label, strlen(label)) != EST_I_DICTIONARY_NONE;
}

static uint8_t judge_text(const est_source *source, const est_i_condition_node *item, const char *text, size_t length)
{
    size_t place;
    if (item->kind == EST_I_NODE_TEXT) {
        int order = strcmp(text, est_i_dictionary_text(&item->texts, 0));
        bool ordered = item->outcome[0] != item->outcome[2];
        place = order == 0 || (!ordered && names_label(source, item, text)) ? 1 : order < 0 ? 0 : 2;
    } else {
        double value;
        bool in = est_i_dictionary_find(&item->texts, text, length) != EST_I_DICTIONARY_NONE || names_label(source, item, text) ||
                  (item->n_numbers > 0 && est_i_number_parse(text, length, &value) && list_has(item, value));
        place = in ? 1 : 0;
    }
    return item->outcome[place];
}

/* Judges the texts that have come since the last batch. */
static bool judge_new_texts(const est_source *source, const est_i_condition_node *item, const est_i_dictionary *dictionary, verdicts *known)
{
    size_t count = (size_t)dictionary->count + EST_I_CODE_FIRST;
    if (count > known->capacity) {
        size_t capacity = known->capacity ? known->capacity : 64;
        while (capacity < count)
            capacity *= 2;
        uint8_t *truth = realloc(known->truth, capacity);
        if (!truth)
            return false;
        known->truth = truth;
        known->capacity = capacity;
    }
    for (; known->count < EST_I_CODE_FIRST; known->count++)
        known->truth[known->count] = EST_I_UNKNOWN;
    for (; known->count < count; known->count++) {
        uint32_t index = (uint32_t)(known->count - EST_I_CODE_FIRST);
        known->truth[known->count] =
            judge_text(source, item, est_i_dictionary_text(dictionary, index), est_i_dictionary_length(dictionary, index));
    }
    return true;
}

static void compare_block(const est_i_condition_node *item, const double *numbers, size_t n_rows, uint8_t *truth)
{
    for (size_t row = 0; row < n_rows; row++) {
        double value = numbers[row];
        if (isnan(value))
            truth[row] = EST_I_UNKNOWN;
        else if (item->kind == EST_I_NODE_NUMBER)
            truth[row] = item->outcome[1 + (value > item->value) - (value < item->value)];
        else
            truth[row] = item->outcome[list_has(item, value) ? 1 : 0];
    }
}

static void missing_block(const est_i_scan_batch *batch, size_t field, size_t first, size_t n_rows, uint8_t *truth)
{
    const double *numbers = batch->number[field];
    const uint32_t *codes = batch->label[field];
    for (size_t row = 0; row < n_rows; row++) {
        bool is_missing = numbers ? isnan(numbers[first + row]) : codes[first + row] < EST_I_CODE_FIRST;
        truth[row] = is_missing ? EST_I_TRUE : EST_I_FALSE;
    }
}

static void combine_block(est_i_condition_kind kind, uint8_t *left, const uint8_t *right, size_t n_rows)
{
    static const uint8_t both[3][3] = {{EST_I_FALSE, EST_I_FALSE, EST_I_FALSE},
                                       {EST_I_FALSE, EST_I_TRUE, EST_I_UNKNOWN},
                                       {EST_I_FALSE, EST_I_UNKNOWN, EST_I_UNKNOWN}};
    static const uint8_t either[3][3] = {{EST_I_FALSE, EST_I_TRUE, EST_I_UNKNOWN},
                                         {EST_I_TRUE, EST_I_TRUE, EST_I_TRUE},
                                         {EST_I_UNKNOWN, EST_I_TRUE, EST_I_UNKNOWN}};
    const uint8_t(*table)[3] = kind == EST_I_NODE_AND ? both : either;
    for (size_t row = 0; row < n_rows; row++)
        left[row] = table[left[row]][right[row]];
}

static void negate_block(uint8_t *truth, size_t n_rows)
{
    static const uint8_t negated[3] = {EST_I_TRUE, EST_I_FALSE, EST_I_UNKNOWN};
    for (size_t row = 0; row < n_rows; row++)
        truth[row] = negated[truth[row]];
}

static void evaluate_block(est_i_condition_memory *memory, const est_i_scan_batch *batch, size_t first_field, size_t first,
                           size_t n_rows, uint8_t *result)
{
    const est_i_condition *condition = memory->condition;
    uint8_t *top = memory->stack; /* the first free block */
    for (size_t i = 0; i < condition->n_nodes; i++) {
        const est_i_condition_node *item = &condition->nodes[i];
        size_t field = first_field + item->field;
        if (item->kind == EST_I_NODE_AND || item->kind == EST_I_NODE_OR) {
            top -= BLOCK_ROWS;
            combine_block(item->kind, top - BLOCK_ROWS, top, n_rows);
        } else if (item->kind == EST_I_NODE_NOT) {
            negate_block(top - BLOCK_ROWS, n_rows);
        } else {
            if (item->kind == EST_I_NODE_MISSING)
                missing_block(batch, field, first, n_rows, top);
            else if (item->kind == EST_I_NODE_NUMBER || item->kind == EST_I_NODE_NUMBERS)
                compare_block(item, batch->number[field] + first, n_rows, top);
            else
                for (size_t row = 0; row < n_rows; row++)
                    top[row] = memory->of_node[i].truth[batch->label[field][first + row]];
            top += BLOCK_ROWS;
        }
    }
    memcpy(result, memory->stack, n_rows);
}

est_status est_i_condition_evaluate(const est_i_condition *condition, est_i_condition_memory *memory, const est_i_scan_batch *batch,
                                    size_t first_field, uint8_t *truth, est_error *error)
{
    for (size_t i = 0; i < condition->n_nodes; i++) {
        const est_i_condition_node *item = &condition->nodes[i];
        bool is_text = item->kind == EST_I_NODE_TEXT || item->kind == EST_I_NODE_TEXTS;
        if (is_text && !judge_new_texts(condition->source, item, &batch->dictionary[first_field + item->field], &memory->of_node[i]))
            return est_i_no_memory(error);
    }
    for (size_t first = 0; first < batch->n_rows; first += BLOCK_ROWS) {
        size_t left = batch->n_rows - first;
        evaluate_block(memory, batch, first_field, first, left < BLOCK_ROWS ? left : BLOCK_ROWS, truth + first);
    }
    return EST_OK;
}
