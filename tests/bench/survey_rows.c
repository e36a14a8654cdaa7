#include "survey_rows.h"

#include <stdint.h>
#include <stdio.h>

/* The finaliser of splitmix64 (Steele, Lea and Flood 2014). */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* A number below `below` from the bits of x that begin at `shift`. */
static int digit(uint64_t x, int shift, uint64_t below)
{
    return (int)((x >> shift & 0xffff) * below >> 16);
}

static void write_note(survey_row *row, uint64_t x)
{
    int kind = digit(x, 0, 100), ward = digit(x, 16, 300), unit = digit(x, 32, 40);
    if (kind < 2)
        snprintf(row->note, sizeof row->note, "Ward %d\nunit %d", ward, unit);
    else if (kind < 20)
        snprintf(row->note, sizeof row->note, "said \"yes\", twice");
    else if (kind < 82)
        snprintf(row->note, sizeof row->note, "Ward %d, unit %d", ward, unit);
    else
        row->note[0] = '\0';
}

survey_row survey_make_row(long index, long rows, long psus)
{
    survey_row row;
    long psu = (long)((double)index * (double)psus / (double)rows);
    uint64_t of_psu = mix((uint64_t)psu), a = mix(~(uint64_t)index), b = mix(a);
    int shift = digit(of_psu, 0, 200) - 100; /* a PSU's shares differ by up to a tenth */
    row.stratum = (int)(psu / (psus / SURVEY_STRATA)) + 1;
    row.psu = (int)psu + 1;
    row.county = (row.stratum - 1) / 2 + 1;
    row.sex = (int)(a & 1);
    row.age = 15 + digit(a, 1, 50);
    row.age_group = (row.age - 15) / 5 + 1;
    row.work = digit(a, 17, 1000) < 300 + shift;
    row.school = digit(a, 33, 1000) < 600 - shift;
    row.married = digit(b, 0, 1000) < 120 + shift / 2;
    row.weight = (double)(500000 + digit(of_psu, 16, 700) * 10000 + digit(b, 16, 60000) * 10 + digit(a, 48, 10)) / 1e6;
    row.hours = (double)digit(b, 32, 800) / 10;
    write_note(&row, mix(b));
    return row;
}

long survey_psus(long rows)
{
    return SURVEY_STRATA * (rows <= 100000 ? 12 : rows <= 1000000 ? 24 : 50);
}
