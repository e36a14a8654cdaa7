/* Numbers to text and back, exactly, whatever the locale.
 *
 * Nothing here needs a locale object. Printing takes only the digits from printf's %e and %f (the point
 * between them is the locale's and is skipped); parsing hands strtod a whole number with an exponent, which
 * has no point. The C library's conversions are then correctly rounded for every double. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

/* A positive decimal: 0.d1 d2 ... dn times 10^(exponent + 1), that is, d1 stands at 10^exponent. */
typedef struct decimal {
    char digits[24];
    size_t count;
    long exponent;
} decimal;

#define PLAIN_BELOW 15 /* from 1e15 on, and below 1e-4, an exponent is written */

/* `digits` significant digits of a finite value > 0, correctly rounded. */
static decimal decimal_of(double value, int digits)
{
    char text[64];
    decimal result = {.count = 0};
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    const char *at = text;
    for (; *at && *at != 'e'; at++)
        if (*at >= '0' && *at <= '9' && result.count < sizeof result.digits - 1)
            result.digits[result.count++] = *at;
    result.exponent = *at == 'e' ? strtol(at + 1, NULL, 10) : 0;
    return result;
}

static double decimal_value(const decimal *source)
{
    char text[64];
    snprintf(text, sizeof text, "%.*se%ld", (int)source->count, source->digits,
             source->exponent - (long)source->count + 1);
    return strtod(text, NULL);
}

/* One unit more in the last place. */
static void decimal_increment(decimal *number)
{
    size_t i = number->count;
    while (i > 0 && number->digits[i - 1] == '9')
        number->digits[--i] = '0';
    if (i > 0) {
        number->digits[i - 1]++;
    } else {
        number->digits[0] = '1';
        number->exponent++;
    }
}

/* A number of few decimals, as most data are, without printf. whole / 10^decimals is rounded correctly, as both are exact: these
 * digits read back as the value, and two numbers of up to fifteen digits never read back as the same. */
static bool decimal_of_few(double value, decimal *result)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    size_t decimals = 0, count = 0;
    double whole = floor(value + 0.5);
    if (FLT_EVAL_METHOD != 0 || !(value >= 1e-4))
        return false;
    while (whole < 1e15 && whole / powers[decimals] != value && ++decimals < sizeof powers / sizeof *powers)
        whole = floor(value * powers[decimals] + 0.5);
    if (!(whole < 1e15) || decimals == sizeof powers / sizeof *powers)
        return false;
    for (unsigned long long left = (unsigned long long)whole; left > 0; left /= 10)
        count++;
    result->count = count;
    result->exponent = (long)count - 1 - (long)decimals;
    for (unsigned long long left = (unsigned long long)whole; left > 0; left /= 10)
        result->digits[--count] = (char)('0' + left % 10);
    return true;
}

/* The shortest decimal that reads back as `value` (finite, > 0). Fifteen digits always survive a normal
 * double, so fewer need no trial there. At a power of two the doubles above lie twice as far apart as those
 * below, so the decimal above may read back where the nearest does not. */
static decimal decimal_shortest(double value)
{
    int exponent;
    bool power_of_two = frexp(value, &exponent) == 0.5;
    decimal result = {.count = 0};
    bool found = decimal_of_few(value, &result);
    for (int digits = value < DBL_MIN ? 1 : 15; digits <= 17 && !found; digits++) {
        result = decimal_of(value, digits);
        found = decimal_value(&result) == value;
        if (!found && power_of_two) {
            decimal_increment(&result);
            found = decimal_value(&result) == value;
        }
    }
    while (result.count > 1 && result.digits[result.count - 1] == '0')
        result.count--;
    return result;
}

static size_t put_bytes(char *out, size_t at, const char *bytes, size_t length)
{
    memcpy(out + at, bytes, length);
    return at + length;
}

static size_t put_zeros(char *out, size_t at, size_t count)
{
    memset(out + at, '0', count);
    return at + count;
}

static size_t put_exponent_form(char *out, size_t at, const decimal *number)
{
    out[at++] = number->digits[0];
    if (number->count > 1) {
        out[at++] = '.';
        at = put_bytes(out, at, number->digits + 1, number->count - 1);
    }
    return at + (size_t)snprintf(out + at, 8, "e%c%02ld", number->exponent < 0 ? '-' : '+',
                                 labs(number->exponent));
}

static size_t put_plain_form(char *out, size_t at, const decimal *number)
{
    if (number->exponent < 0) {
        at = put_bytes(out, at, "0.", 2);
        at = put_zeros(out, at, (size_t)(-number->exponent - 1));
        at = put_bytes(out, at, number->digits, number->count);
    } else {
        size_t whole = (size_t)number->exponent + 1;
        size_t taken = number->count < whole ? number->count : whole;
        at = put_bytes(out, at, number->digits, taken);
        at = put_zeros(out, at, whole - taken);
        if (number->count > taken) {
            out[at++] = '.';
            at = put_bytes(out, at, number->digits + taken, number->count - taken);
        }
    }
    return at;
}

/* Names of what no digits can show; NULL for a finite value. */
static const char *special_name(double value)
{
    return isnan(value) ? "NaN" : isinf(value) ? (value > 0 ? "Inf" : "-Inf") : NULL;
}

size_t est_i_number_print(double value, char buffer[32])
{
    const char *special = special_name(value);
    size_t at = 0;
    if (special) {
        at = put_bytes(buffer, at, special, strlen(special));
    } else {
        if (signbit(value))
            buffer[at++] = '-';
        if (value == 0) {
            buffer[at++] = '0';
        } else {
            decimal number = decimal_shortest(fabs(value));
            bool plain = number.exponent >= -4 && number.exponent < PLAIN_BELOW;
            at = plain ? put_plain_form(buffer, at, &number) : put_exponent_form(buffer, at, &number);
        }
    }
    buffer[at] = '\0';
    return at;
}

/* Digits of |value| with `decimals` of them after the point, as one run; the count before the point in
 * *whole. */
static size_t fixed_digits(double value, int decimals, char *digits, size_t size, size_t *whole)
{
    int length = snprintf(digits, size, "%.*f", decimals, fabs(value));
    size_t count = 0;
    if (length > 0 && (size_t)length < size)
        for (const char *at = digits; *at; at++)
            if (*at >= '0' && *at <= '9')
                digits[count++] = *at;
    digits[count] = '\0';
    *whole = count > (size_t)decimals ? count - (size_t)decimals : 0;
    return count;
}

static void clip(const char *text, size_t length, char *buffer, size_t size)
{
    if (size > 0) {
        size_t kept = length < size ? length : size - 1;
        memcpy(buffer, text, kept);
        buffer[kept] = '\0';
    }
}

/* What cannot be shown in the buffer digit by digit is shown in its shortest form. */
static size_t print_short(double value, char *buffer, size_t size)
{
    char text[32];
    size_t length = est_i_number_print(value, text);
    clip(text, length, buffer, size);
    return length < size ? length : size > 0 ? size - 1 : 0;
}

size_t est_i_number_print_grouped(double value, int decimals, const char *separator, char *buffer,
                                  size_t size)
{
    char digits[400];
    size_t whole = 0, at = 0, gap = strlen(separator);
    int places = decimals < 0 ? 0 : decimals > 30 ? 30 : decimals;
    size_t count = special_name(value) ? 0 : fixed_digits(value, places, digits, sizeof digits, &whole);
    if (count == 0 || whole == 0 || count + 3 + gap * ((whole - 1) / 3) > size)
        return print_short(value, buffer, size);
    /* Nothing but zeros has no sign: -0.3 without decimals is 0. */
    if (value < 0 && strspn(digits, "0") < count)
        buffer[at++] = '-';
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0)
            at = put_bytes(buffer, at, separator, gap);
        buffer[at++] = digits[i];
    }
    if (places > 0) {
        buffer[at++] = '.';
        at = put_bytes(buffer, at, digits + whole, count - whole);
    }
    buffer[at] = '\0';
    return at;
}

size_t est_i_number_print_fixed(double value, int decimals, char *buffer, size_t size)
{
    return est_i_number_print_grouped(value, decimals, "", buffer, size);
}

/* 768 digits decide the rounding of any double (Hanrot, Lefevre, Muller et al., Handbook of Floating-Point
 * Arithmetic, section 4.9: the longest midpoint has 767); what follows only matters by not being zero. */
#define DIGITS_KEPT 800
#define EXPONENT_LIMIT 1000000000L

typedef struct scan {
    bool negative;
    char digits[DIGITS_KEPT + 1];
    size_t count;    /* digits kept, without leading zeros */
    long long scale; /* value = digits * 10^scale */
    bool dropped;    /* a nonzero digit was not kept */
} scan;

static void scan_digit(scan *state, char digit, bool after_point)
{
    if (state->count > 0 || digit != '0') {
        if (state->count < DIGITS_KEPT) {
            state->digits[state->count++] = digit;
        } else {
            state->dropped = state->dropped || digit != '0';
            state->scale++;
        }
    }
    if (after_point)
        state->scale--;
}

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

/* Reads the exponent after its letter; false if it is malformed. */
static bool scan_exponent(const char *at, const char *end, scan *state)
{
    bool negative = false, any = false;
    long long exponent = 0;
    if (at < end && (*at == '+' || *at == '-'))
        negative = *at++ == '-';
    for (; at < end && is_digit(*at); at++) {
        any = true;
        if (exponent < EXPONENT_LIMIT)
            exponent = exponent * 10 + (*at - '0');
    }
    state->scale += negative ? -exponent : exponent;
    return any && at == end;
}

static bool scan_number(const char *at, const char *end, scan *state)
{
    bool any = false;
    if (at < end && (*at == '+' || *at == '-'))
        state->negative = *at++ == '-';
    for (; at < end && is_digit(*at); at++, any = true)
        scan_digit(state, *at, false);
    if (at < end && *at == '.')
        for (at++; at < end && is_digit(*at); at++, any = true)
            scan_digit(state, *at, true);
    if (any && at < end && (*at == 'e' || *at == 'E'))
        return scan_exponent(at + 1, end, state);
    return any && at == end;
}

static double scan_value(scan *state)
{
    char text[DIGITS_KEPT + 40];
    int saved = errno;
    double value = 0;
    if (state->count > 0) {
        if (state->dropped)
            state->digits[state->count - 1] = '1';
        snprintf(text, sizeof text, "%.*se%lld", (int)state->count, state->digits, state->scale);
        value = strtod(text, NULL);
        errno = saved;
    }
    return state->negative ? -value : value;
}

bool est_i_number_parse(const char *bytes, size_t length, double *value)
{
    scan state;
    state.negative = false;
    state.count = 0;
    state.scale = 0;
    state.dropped = false;
    bool valid = scan_number(bytes, bytes + length, &state);
    double parsed = valid ? scan_value(&state) : 0;
    valid = valid && isfinite(parsed);
    if (valid)
        *value = parsed;
    return valid;
}
