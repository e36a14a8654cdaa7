/* Growing text, exact numbers without the locale, and the nearest name. */
#ifndef EST_I_CORE_TEXT_H
#define EST_I_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>

/* Text that grows. Once an allocation fails, `failed` stays set and further appends do nothing: check once at the end. */
typedef struct est_i_text {
    char *data; /* ends in NUL once anything was appended */
    size_t length, capacity;
    bool failed;
} est_i_text;

void est_i_text_append(est_i_text *text, const char *string);
void est_i_text_append_bytes(est_i_text *text, const char *bytes, size_t length);
void est_i_text_printf(est_i_text *text, const char *format, ...) EST_PRINTF(2, 3); /* never for floating point: locale */
void est_i_text_number(est_i_text *text, double value);                             /* shortest that reads back the same */
void est_i_text_free(est_i_text *text);
/* Hands the string over (the caller frees it) and empties `text`; NULL if anything failed. Never NULL for empty text. */
char *est_i_text_take(est_i_text *text);

/* A copy of a string, NULL without memory. */
char *est_i_string_copy(const char *string);

/* Takes the first name off a list of names parted by commas, into `name` (emptied first). Blanks around a name do not belong
 * to it. A name that holds a comma, begins with a quote, or begins or ends with a blank stands between double quotes, a quote
 * within it twice, as in a CSV file. Returns the rest of the list; NULL when that was the last name. *whole = false: a quote
 * that is not closed, or followed by more than a comma. */
const char *est_i_name_take(const char *list, est_i_text *name, bool *whole);

/* The shortest decimal that reads back as the same double ("0.1", "1e+22", "NaN", "Inf", "-Inf"); whole numbers below 1e15
 * have no exponent. Returns its length. Locale-free. */
size_t est_i_number_print(double value, char buffer[32]);
/* `decimals` digits after the point, correctly rounded, locale-free; "." as point, no thousands. Buffer of 64 bytes or more. */
size_t est_i_number_print_fixed(double value, int decimals, char *buffer, size_t size);
/* The same with thousands separated by `separator` (for example ","). */
size_t est_i_number_print_grouped(double value, int decimals, const char *separator, char *buffer, size_t size);
/* Exact parse of the whole of `length` bytes: decimal or exponent form. No hex, inf, nan, blanks, signs alone. Locale-free. */
bool est_i_number_parse(const char *bytes, size_t length, double *value);

/* The candidate nearest to `name` (edit distance, case folded) if it is near enough to be meant; else NULL. Candidates come
 * from the callback, index 0 to count-1. */
const char *est_i_nearest_name(const char *name, size_t count, const char *(*candidate)(const void *user, size_t index),
                               const void *user);

#endif
