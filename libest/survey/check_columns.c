/* What a column holds. */
#include "survey/check_columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

static const char *const words[] = {"na",      "n/a",     "nan",        "null",       "none",        "nil",
                                    "missing", "miss",    ".",          "-",          "--",          "?",
                                    "*",       "dk",      "dnk",        "don't know", "dont know",   "do not know",
                                    "unknown", "refused", "not stated", "no answer",  "no response", "not applicable",
                                    "inf",     "-inf",    "#n/a",       "#null!",     "#value!",     "#div/0!",
                                    "yes",     "no",      "true",       "false",      "zero",        "other"};
#define WORDS (sizeof words / sizeof words[0])

size_t est_i_check_words(void)
{
    return WORDS;
}

const char *est_i_check_word(size_t index)
{
    return index < WORDS ? words[index] : NULL;
}

bool est_i_check_column_start(est_i_check_column *column, size_t n_codes)
{
    memset(column, 0, sizeof *column);
    column->code_rows = calloc(n_codes + 1, sizeof *column->code_rows);
    column->near_rows = calloc(n_codes + 1, sizeof *column->near_rows);
    column->word_rows = calloc(WORDS, sizeof *column->word_rows);
    column->lowest_other = INFINITY;
    column->highest_other = -INFINITY;
    return column->code_rows && column->near_rows && column->word_rows;
}

void est_i_check_column_free(est_i_check_column *column)
{
    free(column->code_rows);
    free(column->near_rows);
    free(column->word_rows);
    free(column->distinct_rows);
    est_i_dictionary_free(&column->distinct);
    free(column->reason_rows);
    est_i_dictionary_free(&column->reasons);
}

/* Texts */

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool same_word(const char *text, size_t length, const char *word)
{
    size_t i = 0;
    while (i < length && word[i] && lower(text[i]) == word[i])
        i++;
    return i == length && !word[i];
}

static bool is_blank(char letter)
{
    return letter == ' ' || letter == '\t';
}

/* "12,5", and " 12 ". */
static bool is_comma_number(const char *text, size_t length)
{
    size_t digits = 0, commas = 0;
    for (size_t i = 0; i < length; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9', comma = text[i] == ',', sign = i == 0 && text[i] == '-';
        if (!digit && !comma && !sign)
            return false;
        digits += digit;
        commas += comma;
    }
    return commas == 1 && digits > 0;
}

static void add_text(est_i_check_column *column, const char *text, size_t length, long long rows)
{
    double number;
    size_t first = 0, last = length;
    column->texts += rows;
    while (first < last && is_blank(text[first]))
        first++;
    while (last > first && is_blank(text[last - 1]))
        last--;
    for (size_t w = 0; w < WORDS; w++)
        if (same_word(text + first, last - first, words[w])) {
            column->word_rows[w] += rows;
            return;
        }
    if (is_comma_number(text + first, last - first))
        column->comma_rows += rows;
    else if (last - first < length && est_i_number_parse(text + first, last - first, &number))
        column->padded_rows += rows;
}

/* Numbers */

/* Keeps the EST_I_CHECK_ENDS smallest of `sign` times the distinct numbers, in order. */
static void keep_end(est_i_check_value *ends, size_t *n, double value, long long rows, double sign)
{
    size_t at = *n;
    while (at > 0 && sign * ends[at - 1].value > sign * value)
        at--;
    if (at > 0 && ends[at - 1].value == value) {
        ends[at - 1].rows += rows;
        return;
    }
    if (at == EST_I_CHECK_ENDS)
        return;
    *n += *n < EST_I_CHECK_ENDS;
    memmove(&ends[at + 1], &ends[at], (*n - 1 - at) * sizeof *ends);
    ends[at] = (est_i_check_value){value, rows};
}

/* The first code that is not below `value`. */
static size_t find_code(const double *codes, size_t n_codes, double value)
{
    size_t low = 0, high = n_codes;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (codes[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_number(est_i_check_column *column, double value, long long rows, size_t n_codes, const double *codes)
{
    size_t code = find_code(codes, n_codes, value);
    column->numbers += rows;
    column->sum = est_i_dd_add(column->sum, est_i_dd_two_product(value, (double)rows));
    column->fractions = column->fractions || value != floor(value);
    keep_end(column->lowest, &column->n_lowest, value, rows, 1);
    keep_end(column->highest, &column->n_highest, value, rows, -1);
    if (code < n_codes && codes[code] == value) {
        column->code_rows[code] += rows;
        return;
    }
    column->others += rows;
    column->lowest_other = fmin(column->lowest_other, value);
    column->highest_other = fmax(column->highest_other, value);
    for (; code < n_codes && codes[code] <= value + EST_I_CHECK_NEAR; code++)
        column->near_rows[code] += rows;
}

/* Distinct texts */

static bool add_distinct(est_i_check_column *column, const char *text, size_t length, long long rows)
{
    uint32_t before = column->distinct.count, index;
    if (column->many)
        return true;
    if (before == column->distinct_capacity) {
        size_t capacity = column->distinct_capacity ? column->distinct_capacity * 2 : 16;
        long long *grown = realloc(column->distinct_rows, capacity * sizeof *grown);
        if (!grown)
            return false;
        column->distinct_rows = grown;
        column->distinct_capacity = capacity;
    }
    index = est_i_dictionary_add(&column->distinct, text, length);
    if (index == EST_I_DICTIONARY_NONE)
        return false;
    column->distinct_rows[index] = index == before ? rows : column->distinct_rows[index] + rows;
    if (column->distinct.count > EST_I_CHECK_DISTINCT) {
        column->many = true;
        est_i_dictionary_free(&column->distinct);
        free(column->distinct_rows);
        column->distinct_rows = NULL;
        column->distinct_capacity = 0;
    }
    return true;
}

bool est_i_check_column_add(est_i_check_column *column, const est_i_dictionary *texts, const uint32_t *rows, const double *numbers,
                            size_t n_codes, const double *codes)
{
    bool good = true;
    for (uint32_t i = 0; i < texts->count && good; i++) {
        const char *text = est_i_dictionary_text(texts, i);
        size_t length = est_i_dictionary_length(texts, i);
        if (rows[i] == 0)
            continue;
        if (isnan(numbers[i]))
            add_text(column, text, length, rows[i]);
        else
            add_number(column, numbers[i], rows[i], n_codes, codes);
        good = add_distinct(column, text, length, rows[i]);
    }
    return good;
}

bool est_i_check_column_reasons(est_i_check_column *column, const est_i_dictionary *reasons, const uint32_t *rows)
{
    bool good = true;
    if (reasons->count > 0 && !column->reason_rows)
        column->reason_rows = calloc(EST_I_CHECK_DISTINCT, sizeof *column->reason_rows);
    for (uint32_t i = 0; i < reasons->count && good; i++) {
        const char *text = est_i_dictionary_text(reasons, i);
        size_t length = est_i_dictionary_length(reasons, i);
        uint32_t index = est_i_dictionary_find(&column->reasons, text, length);
        if (index == EST_I_DICTIONARY_NONE && column->reasons.count >= EST_I_CHECK_DISTINCT) {
            column->other_reasons += rows[i];
            continue;
        }
        if (index == EST_I_DICTIONARY_NONE)
            index = est_i_dictionary_add(&column->reasons, text, length);
        good = column->reason_rows && index != EST_I_DICTIONARY_NONE;
        if (good)
            column->reason_rows[index] += rows[i];
    }
    return good;
}

/* Special codes */

est_i_check_rule est_i_check_code_rule(const est_i_check_column *column, size_t code, const double *codes)
{
    double gap = codes[code] - column->highest_other, range = column->highest_other - column->lowest_other;
    est_i_check_rule rule = EST_I_CHECK_NO_RULE;
    if (column->code_rows[code] == 0)
        return rule;
    if (column->others == 0)
        rule = EST_I_CHECK_ALONE;
    else if (codes[code] < 0 && column->lowest_other >= 0)
        rule = EST_I_CHECK_BELOW;
    else if (gap >= 3 && gap > 0.1 * range)
        rule = EST_I_CHECK_BEYOND;
    else if (gap >= 1 && column->code_rows[code] >= 10 && column->code_rows[code] > column->near_rows[code])
        rule = EST_I_CHECK_HEAP;
    return rule;
}

/* Smallest and largest */

static double two_digits(double value)
{
    if (value == 0 || !isfinite(value))
        return value;
    double exponent = floor(log10(fabs(value))) - 1, unit = pow(10, fabs(exponent));
    return exponent >= 0 ? round(value / unit) * unit : round(value * unit) / unit;
}

double est_i_check_column_end(const est_i_check_column *column, bool largest, long long shared)
{
    const est_i_check_value *ends = largest ? column->highest : column->lowest;
    size_t n = largest ? column->n_highest : column->n_lowest;
    long long rows = 0;
    if (n > 0 && ends[0].rows >= shared)
        return ends[0].value;
    for (size_t i = 0; i < n; i++) {
        rows += ends[i].rows;
        if (rows >= shared)
            return two_digits(ends[i].value);
    }
    return NAN;
}
