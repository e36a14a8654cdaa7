/* Numbers in the unit of their row, for pages that people read. The one place that says how many decimals a unit has:
 * a percentage has one decimal, and a standard error two significant digits (3.4, 0.87, 0.043); where these need it, the estimate
 * and its limits have more, one decimal less than the error: 0.23 % with an error of 0.043. In a column the smallest error decides,
 * but no error gets more than one decimal beyond those of the largest, unless the whole needs them. People are whole; years and
 * hours have one decimal (their errors up to two), rates per 100,000 two or more, as percentages have. What would round to 0 and is
 * not 0 is "<0.1". */
#include <math.h>
#include <string.h>

#include "core/reliability.h"
#include "report/table_layout.h"

#define BEYOND_LARGEST 1

static const est_i_unit units[] = {
    {"proportion", "Percent", "In percent", "percent", " %", 100, 1, 4, 5},
    {"people", "People", "Numbers of people", "numbers of people", "", 1, 0, 0, 0},
    {"years", "Years", "In years", "years", " years", 1, 1, 1, 2},
    {"hours", "Hours", "In hours", "hours", " hours", 1, 1, 1, 2},
    {"per 100,000", "Per 100,000", "Per 100,000 people", "per 100,000 people", " per 100,000", 1, 2, 4, 5},
};

static const est_i_unit points = {
    "proportion", "Percentage points", "In percentage points", "percentage points", " percentage points", 100, 1, 4, 5};

const est_i_unit *est_i_row_unit(const est_row *row)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(row->unit, units[i].name) == 0)
            return i == 0 && est_i_kind_of(row) == EST_I_KIND_CONTRAST ? &points : &units[i];
    return NULL;
}

double est_i_row_scale(const est_row *row)
{
    const est_i_unit *unit = est_i_row_unit(row);
    return unit ? unit->scale : 1;
}

/* Decimals that leave two significant digits. */
static int two_digits(double value)
{
    return value > 0 && value < 1e100 ? 1 - (int)floor(log10(value)) : 0;
}

static int within(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

est_i_digits est_i_unit_digits(const est_i_unit *unit, double smallest, double largest, double whole)
{
    int most = within(two_digits(unit->scale * largest), 1, 9) + BEYOND_LARGEST;
    int error = within(two_digits(unit->scale * smallest), 0, most);
    error = within(larger(error, two_digits(unit->scale * whole)), unit->decimals, unit->most_of_error);
    return (est_i_digits){within(error - 1, unit->decimals, unit->most), error};
}

est_i_digits est_i_row_digits(const est_row *row)
{
    const est_i_unit *unit = est_i_row_unit(row);
    int decimals = unit ? 0 : est_i_row_decimals(row);
    return unit ? est_i_unit_digits(unit, row->se, row->se, row->se) : (est_i_digits){decimals, decimals};
}

const char *est_i_unit_after(const est_row *row)
{
    const est_i_unit *unit = est_i_row_unit(row);
    return unit ? unit->after : "";
}
