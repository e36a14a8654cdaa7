/* Readings: what the cells of a column of the file stand for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/view_parts.h"

#define EXACT_IN_FLOAT 16777216.0 /* whole numbers up to 2^24 are the same in a float and in its text */

/* Sets of numbers */

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool set_copy(est_i_number_set *set, size_t count, const double *numbers)
{
    set->numbers = malloc((count ? count : 1) * sizeof *numbers);
    if (!set->numbers)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!isnan(numbers[i]))
            set->numbers[set->count++] = numbers[i];
    qsort(set->numbers, set->count, sizeof *numbers, compare_numbers);
    return true;
}

static const double *set_find(const est_i_number_set *set, double number)
{
    return set->count ? bsearch(&number, set->numbers, set->count, sizeof number, compare_numbers) : NULL;
}

/* Making */

static bool same_value(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Codes that are the same number must stand for the same: they are one code. */
static est_status add_code_number(est_i_reading *reading, double number, double value, est_i_place place, est_error *error)
{
    est_i_number_set *set = &reading->code_numbers;
    const double *same = set_find(set, number);
    if (same && same_value(reading->code_number_values[same - set->numbers], value))
        return EST_OK;
    if (same)
        return est_i_fail_at(error, EST_EDEFINITION, place,
                             "found two codes that are the same number and stand for different ones, expected one of them");
    size_t at = set->count++;
    for (; at > 0 && set->numbers[at - 1] > number; at--) {
        set->numbers[at] = set->numbers[at - 1];
        reading->code_number_values[at] = reading->code_number_values[at - 1];
    }
    set->numbers[at] = number;
    reading->code_number_values[at] = value;
    return EST_OK;
}

static est_status copy_codes(est_i_reading *reading, const est_i_view_input *input, est_i_place place, est_error *error)
{
    size_t n = input->n_codes ? input->n_codes : 1;
    est_status status = EST_OK;
    reading->code_values = malloc(n * sizeof *reading->code_values);
    reading->code_number_values = malloc(n * sizeof *reading->code_number_values);
    reading->code_numbers.numbers = malloc(n * sizeof *reading->code_numbers.numbers);
    if (!reading->code_values || !reading->code_number_values || !reading->code_numbers.numbers)
        return est_i_no_memory(error);
    for (size_t i = 0; status == EST_OK && i < input->n_codes; i++) {
        const est_i_view_code *code = &input->codes[i];
        size_t length = strlen(code->text);
        double number;
        uint32_t known = reading->code_texts.count;
        uint32_t index = est_i_dictionary_add(&reading->code_texts, code->text, length);
        if (index == EST_I_DICTIONARY_NONE)
            status = est_i_no_memory(error);
        else if (index < known && !same_value(reading->code_values[index], code->number))
            status = est_i_fail_at(error, EST_EDEFINITION, place,
                                   "found the code '%s' twice with different numbers, expected it once", code->text);
        else
            reading->code_values[index] = code->number;
        if (status == EST_OK && est_i_number_parse(code->text, length, &number))
            status = add_code_number(reading, number, code->number, place, error);
    }
    return status;
}

est_status est_i_reading_declare(est_i_reading *reading, const est_i_view_input *input, const char *where, const char *name,
                                 est_error *error)
{
    est_i_place place = {where, 0, 0, name};
    if (!(isfinite(input->scale) && input->scale != 0))
        return est_i_fail_at(error, EST_EDEFINITION, place, "found a scale that is no number or zero, expected one such as 0.1");
    if (input->minimum > input->maximum)
        return est_i_fail_at(error, EST_EDEFINITION, place, "found a minimum above the maximum, expected it at or below");
    est_status status = copy_codes(reading, input, place, error);
    if (status != EST_OK)
        return status;
    reading->expected = est_i_string_copy(input->expected ? input->expected : "");
    if (!reading->expected || !set_copy(&reading->special, input->n_special, input->special) ||
        !set_copy(&reading->allowed, input->n_allowed, input->allowed) ||
        !set_copy(&reading->suspect, input->n_suspect, input->suspect))
        return est_i_no_memory(error);
    reading->minimum = input->minimum;
    reading->maximum = input->maximum;
    reading->scale = input->scale;
    reading->declared = true;
    return EST_OK;
}

void est_i_reading_clear(est_i_reading *reading)
{
    est_i_dictionary_free(&reading->code_texts);
    free(reading->code_values);
    free(reading->code_numbers.numbers);
    free(reading->code_number_values);
    free(reading->special.numbers);
    free(reading->allowed.numbers);
    free(reading->suspect.numbers);
    free(reading->expected);
    *reading = (est_i_reading){.column = reading->column, .minimum = NAN, .maximum = NAN, .scale = 1};
}

/* A float's number and its shortest text agree on whole numbers of this size; the texts are then not needed. */
static bool whole_codes(const est_i_reading *reading)
{
    bool whole = true;
    for (size_t i = 0; i < reading->code_numbers.count; i++) {
        double number = reading->code_numbers.numbers[i];
        whole = whole && floor(number) == number && fabs(number) <= EXACT_IN_FLOAT;
    }
    return whole;
}

void est_i_reading_settle(est_i_reading *reading, bool is_number)
{
    bool has_codes = reading->code_texts.count > 0;
    reading->as_text = has_codes && !(is_number && whole_codes(reading));
    reading->as_is = !has_codes && reading->special.count == 0 && reading->allowed.count == 0 && reading->suspect.count == 0 &&
                     isnan(reading->minimum) && isnan(reading->maximum) && reading->scale == 1;
    for (size_t k = 0; k < EST_I_READING_KNOWN; k++)
        reading->known_fault[k] = !est_i_reading_number(reading, (double)k, &reading->known_value[k]);
}

/* Judging */

/* The value that codes, or the cell itself, give; then the limits and the scale. */
static bool limit(const est_i_reading *reading, double found, double *value)
{
    bool good = isnan(found) || ((reading->allowed.count == 0 || set_find(&reading->allowed, found)) &&
                                 !(found < reading->minimum) && !(found > reading->maximum));
    *value = good ? found * reading->scale : NAN;
    return good;
}

bool est_i_reading_is_suspect(const est_i_reading *reading, double number)
{
    return set_find(&reading->suspect, number) != NULL;
}

bool est_i_reading_number(const est_i_reading *reading, double number, double *value)
{
    const double *code;
    *value = NAN;
    if (isnan(number) || set_find(&reading->special, number))
        return true;
    if (reading->code_texts.count == 0)
        return !set_find(&reading->suspect, number) && limit(reading, number, value);
    code = set_find(&reading->code_numbers, number);
    return code && limit(reading, reading->code_number_values[code - reading->code_numbers.numbers], value);
}

bool est_i_reading_text(const est_i_reading *reading, const char *text, size_t length, double *value)
{
    double number;
    bool is_number = est_i_number_parse(text, length, &number);
    uint32_t code = est_i_dictionary_find(&reading->code_texts, text, length);
    *value = NAN;
    if (is_number && set_find(&reading->special, number))
        return true;
    if (code != EST_I_DICTIONARY_NONE)
        return limit(reading, reading->code_values[code], value);
    return is_number && est_i_reading_number(reading, number, value);
}

size_t est_i_reading_numbers(const est_i_reading *reading, const double *numbers, size_t n_rows, double *out)
{
    for (size_t row = 0; row < n_rows; row++) {
        double number = numbers[row];
        bool small = number >= 0 && number < EST_I_READING_KNOWN;
        unsigned known = small ? (unsigned)number : 0;
        bool good;
        if (small && (double)known == number) {
            out[row] = reading->known_value[known];
            good = !reading->known_fault[known];
        } else {
            good = est_i_reading_number(reading, number, &out[row]);
        }
        if (!good)
            return row;
    }
    return n_rows;
}

/* Texts of a chunk */

static bool grow_memory(est_i_reading_memory *memory, size_t count)
{
    size_t capacity = memory->capacity ? memory->capacity : 64;
    if (count <= memory->capacity)
        return true;
    while (capacity < count)
        capacity *= 2;
    double *value = realloc(memory->value, capacity * sizeof *value);
    if (value)
        memory->value = value;
    bool *fault = value ? realloc(memory->fault, capacity * sizeof *fault) : NULL;
    if (!fault)
        return false;
    memory->fault = fault;
    memory->capacity = capacity;
    return true;
}

bool est_i_reading_learn(const est_i_reading *reading, const est_i_dictionary *dictionary, est_i_reading_memory *memory)
{
    size_t count = (size_t)dictionary->count + EST_I_CODE_FIRST;
    if (!grow_memory(memory, count))
        return false;
    for (; memory->count < EST_I_CODE_FIRST; memory->count++) {
        memory->value[memory->count] = NAN;
        memory->fault[memory->count] = false;
    }
    for (; memory->count < count; memory->count++) {
        uint32_t index = (uint32_t)(memory->count - EST_I_CODE_FIRST);
        memory->fault[memory->count] =
            !est_i_reading_text(reading, est_i_dictionary_text(dictionary, index), est_i_dictionary_length(dictionary, index),
                                &memory->value[memory->count]);
    }
    return true;
}

void est_i_reading_memory_free(est_i_reading_memory *memory)
{
    free(memory->value);
    free(memory->fault);
    *memory = (est_i_reading_memory){.value = NULL};
}

size_t est_i_reading_labels(const est_i_reading_memory *memory, const uint32_t *labels, size_t n_rows, double *out)
{
    for (size_t row = 0; row < n_rows; row++) {
        out[row] = memory->value[labels[row]];
        if (memory->fault[labels[row]])
            return row;
    }
    return n_rows;
}
