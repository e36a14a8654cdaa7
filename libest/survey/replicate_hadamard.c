/* Sylvester's doubling, Paley's two constructions (J. Math. Phys. 12, 1933) over fields of prime power order, their products. */
#include "survey/replicate_hadamard.h"

#include <stdbool.h>
#include <stdlib.h>

#include "core/error.h"

/* The prime of which q is a power; 0 = none. */
static uint32_t prime_of(uint32_t q)
{
    uint32_t prime = q < 2 ? 0 : q;
    for (uint32_t p = 2; p * p <= q; p++)
        if (q % p == 0) {
            prime = p;
            break;
        }
    while (prime > 0 && q > 1 && q % prime == 0)
        q /= prime;
    return q == 1 ? prime : 0;
}

static bool is_paley(size_t order, est_i_hadamard_part *part)
{
    *part = (est_i_hadamard_part){.kind = EST_I_HADAMARD_PALEY_1, .order = order};
    if (order < 4 || order % 4 != 0)
        return false;
    part->q = (uint32_t)order - 1;
    part->prime = prime_of(part->q);
    if (part->prime > 0)
        return true;
    part->kind = EST_I_HADAMARD_PALEY_2;
    part->q = (uint32_t)(order / 2) - 1;
    part->prime = part->q % 4 == 1 ? prime_of(part->q) : 0;
    return part->prime > 0;
}

static bool add_part(est_i_hadamard *matrix, est_i_hadamard_part part)
{
    if (matrix->n_parts == EST_I_HADAMARD_PARTS)
        return false;
    matrix->part[matrix->n_parts++] = part;
    return true;
}

/* Splits an order into a power of two and Paley's; false if that cannot be done. */
static bool decompose(size_t order, est_i_hadamard *matrix)
{
    est_i_hadamard_part part = {.kind = EST_I_HADAMARD_SYLVESTER, .order = order};
    if ((order & (order - 1)) == 0)
        return add_part(matrix, part);
    for (size_t power = 1; order % power == 0; power *= 2) {
        est_i_hadamard_part doubling = {.kind = EST_I_HADAMARD_SYLVESTER, .order = power};
        if (is_paley(order / power, &part))
            return (power == 1 || add_part(matrix, doubling)) && add_part(matrix, part);
    }
    for (size_t first = 12; first * first <= order; first += 4) {
        size_t before = matrix->n_parts;
        if (order % first == 0 && is_paley(first, &part) && add_part(matrix, part) && decompose(order / first, matrix))
            return true;
        matrix->n_parts = before;
    }
    return false;
}

/* x times an element of GF(p)[x] / (x^d - rule), elements and rule as digits to the base p; top = p^(d-1). */
static uint32_t times_x(uint32_t element, uint32_t prime, uint32_t top, uint32_t rule)
{
    uint32_t leading = element / top, shifted = element % top * prime, product = 0;
    for (uint32_t place = 1; place <= top; place *= prime) {
        uint32_t digit = (shifted / place % prime + leading * (rule / place % prime)) % prime;
        product += digit * place;
    }
    return product;
}

/* The powers of x run through all elements but 0 if the rule is primitive; even powers are the squares. */
static bool fill_character(est_i_hadamard_part *part, uint32_t rule)
{
    uint32_t top = part->q / part->prime, element = 1;
    for (uint32_t power = 0; power < part->q - 1; power++) {
        if (element == 0 || (power > 0 && element == 1))
            return false;
        part->character[element] = power % 2 ? -1 : 1;
        element = times_x(element, part->prime, top, rule);
    }
    return element == 1;
}

static bool make_character(est_i_hadamard_part *part)
{
    part->character = calloc(part->q, 1);
    for (uint32_t rule = 1; part->character && rule < part->q; rule++)
        if (fill_character(part, rule))
            return true;
    return false;
}

est_status est_i_hadamard_new(size_t at_least, est_i_hadamard *matrix, est_error *error)
{
    size_t power = 1;
    *matrix = (est_i_hadamard){0};
    while (power < at_least)
        power *= 2;
    matrix->order = at_least > EST_I_HADAMARD_SEARCHED || power <= 4 ? power : (at_least + 3) / 4 * 4;
    while (!decompose(matrix->order, matrix)) {
        matrix->n_parts = 0;
        matrix->order += 4;
    }
    for (size_t i = 0; i < matrix->n_parts; i++)
        if (matrix->part[i].kind != EST_I_HADAMARD_SYLVESTER && !make_character(&matrix->part[i])) {
            est_i_hadamard_free(matrix);
            return est_i_no_memory(error);
        }
    return EST_OK;
}

void est_i_hadamard_free(est_i_hadamard *matrix)
{
    if (!matrix)
        return;
    for (size_t i = 0; i < matrix->n_parts; i++)
        free(matrix->part[i].character);
    *matrix = (est_i_hadamard){0};
}

static int character_of_difference(const est_i_hadamard_part *part, uint32_t a, uint32_t b)
{
    uint32_t p = part->prime, difference = 0;
    if (p == part->q)
        return part->character[a >= b ? a - b : a + p - b];
    for (uint32_t place = 1; place < part->q; place *= p)
        difference += (a / place % p + p - b / place % p) % p * place;
    return part->character[difference];
}

static int paley_1(const est_i_hadamard_part *part, size_t row, size_t column)
{
    if (row == 0 || row == column)
        return 1;
    return column == 0 ? -1 : character_of_difference(part, (uint32_t)row - 1, (uint32_t)column - 1);
}

static int paley_2(const est_i_hadamard_part *part, size_t row, size_t column)
{
    bool lower = row % 2 == 1, right = column % 2 == 1;
    row /= 2;
    column /= 2;
    if (row == column)
        return lower || right ? -1 : 1;
    int conference = row == 0 || column == 0 ? 1 : character_of_difference(part, (uint32_t)row - 1, (uint32_t)column - 1);
    return lower && right ? -conference : conference;
}

static int sylvester(size_t row, size_t column)
{
    int sign = 1;
    for (size_t common = row & column; common > 0; common &= common - 1)
        sign = -sign;
    return sign;
}

static int plain_sign(const est_i_hadamard *matrix, size_t row, size_t column)
{
    int sign = 1;
    for (size_t i = 0; i < matrix->n_parts; i++) {
        const est_i_hadamard_part *part = &matrix->part[i];
        size_t r = row % part->order, c = column % part->order;
        row /= part->order;
        column /= part->order;
        sign *= part->kind == EST_I_HADAMARD_SYLVESTER ? sylvester(r, c)
                : part->kind == EST_I_HADAMARD_PALEY_1 ? paley_1(part, r, c)
                                                       : paley_2(part, r, c);
    }
    return sign;
}

int est_i_hadamard_sign(const est_i_hadamard *matrix, size_t row, size_t column)
{
    return plain_sign(matrix, row, column) * plain_sign(matrix, 0, column);
}
