/* Tables for the tests of calibration and weighting: the 183 schools of the one-stage cluster sample of California's Academic
 * Performance Index (1999 and 2000, public data; the sample apiclus1 of R's package survey), and tables made by hand. */
#ifndef EST_TESTS_WEIGHTING_SUPPORT_H
#define EST_TESTS_WEIGHTING_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <est.h>
#include <est/weight.h>

#include "survey/calibrate.h"

#define REQUIRE_OK(call, error)                                                 \
    do {                                                                        \
        if ((call) != EST_OK)                                                   \
            fail_msg("%s: %s", est_status_name((error).code), (error).message); \
    } while (0)

/* Fails unless |found - expected| <= tolerance * max(1, |expected|). NaN fails. */
#define REQUIRE_NEAR(found, expected, tolerance) require_near(found, expected, tolerance, __FILE__, __LINE__)

static inline void require_near(double found, double expected, double tolerance, const char *file, int line)
{
    double scale = fabs(expected) > 1 ? fabs(expected) : 1;
    if (!(fabs(found - expected) <= tolerance * scale)) {
        print_error("found %.17g, expected %.17g, off by %.3g\n", found, expected, found - expected);
        _fail(file, line);
    }
}

/* The call fails with that code, and its message holds the words. */
#define REQUIRE_FAIL(call, code, words, error) require_fail(call, code, words, &(error), __FILE__, __LINE__)

static inline void require_fail(est_status found, est_status code, const char *words, const est_error *error, const char *file,
                                int line)
{
    if (found != code || !strstr(error->message, words)) {
        print_error("found %s '%s', expected %s with '%s'\n", est_status_name(found), found == EST_OK ? "" : error->message,
                    est_status_name(code), words);
        _fail(file, line);
    }
}

#define SCHOOLS 183
#define SCHOOL_WEIGHT 33.846996307373

static const char school_type[] =
    "HEEEEEEEEMMHEMEMEEMEMMEEEEEEEEEEHMEEHEEMEEEEMEMEEEEEEEEMHHHHEEEMEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEHHEMEEMEEEE"
    "EEEEEEEEMEHHHEEEEEEEEEEEEEEEEEEEEEEEEEMMMMEEEEEEEEMEEMEMEEEEEHEEEEEEMEMEE";
static const char school_wide[] = /* met the school-wide target: Y, N */
    "YYYYYYYYYYYYYYYNYYNYYNYYYYYYNYYYNNYYYYYNYYYYYYYYYYYYYYNYYYNYYNYYYYYYYYYNYYYYYYYNYYYYYYNYYYYYYYYYYYYNYYNYYYYYYN"
    "YYYYYYYYYYYYYYYYYYYNYYYYYYNNNYYYYYYYYNYYYYYYYYYYYYNYYYYNYYYYYYYYYYYYYYYYY";
static const short school_district[SCHOOLS] = {
    637, 637, 637, 637, 637, 637, 637, 637, 637, 637, 637, 437, 437, 437, 437, 778, 778, 197, 197, 197, 197, 197, 197, 197,
    197, 197, 197, 197, 197, 197, 406, 406, 815, 815, 815, 815, 178, 178, 178, 178, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 568, 568, 568, 568, 568, 568, 568, 568, 568, 135, 135, 135, 135, 135, 135, 135,
    135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135, 135,
    135, 135, 135, 510, 510, 510, 510, 510, 510, 510, 510, 510, 510, 510, 510, 510, 510, 510, 510, 510, 510, 510, 510, 510,
    716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716,
    716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 716, 61, 61, 61, 61, 61, 61, 61, 61, 61, 61, 61, 61, 61, 413,
    448, 448, 448, 448, 448, 448, 448, 448, 448, 448, 448, 448};
static const short school_api99[SCHOOLS] = {
    562, 554, 528, 669, 660, 673, 693, 567, 576, 598, 619, 414, 420, 404, 365, 408, 404, 469, 601, 464, 679, 594, 560, 608,
    565, 779, 739, 645, 716, 710, 508, 496, 706, 641, 545, 587, 469, 423, 454, 575, 762, 785, 682, 779, 700, 890, 591, 599,
    615, 648, 454, 750, 802, 534, 553, 827, 696, 715, 687, 693, 601, 730, 805, 662, 664, 609, 748, 632, 664, 758, 452, 632,
    688, 441, 480, 692, 579, 586, 431, 669, 621, 520, 680, 493, 801, 658, 745, 502, 655, 555, 484, 744, 473, 701, 747, 769,
    684, 806, 698, 593, 648, 413, 607, 465, 512, 618, 515, 669, 648, 631, 637, 657, 566, 662, 553, 593, 710, 759, 615, 712,
    495, 443, 551, 556, 518, 490, 433, 509, 541, 469, 386, 512, 520, 549, 531, 513, 550, 505, 494, 451, 443, 582, 440, 482,
    578, 415, 525, 526, 427, 499, 479, 479, 650, 736, 613, 452, 659, 691, 718, 695, 701, 668, 812, 669, 639, 764, 668, 725,
    660, 635, 502, 668, 644, 617, 790, 801, 687, 785, 703, 619, 755, 676, 733};

/* stype, sch.wide, dnum, api99 and the weight pw; `weight` NULL: the design weight, the same for all. */
static inline est_table *schools(const double *weight)
{
    est_error error;
    est_table *table = NULL;
    const char *type[SCHOOLS], *wide[SCHOOLS];
    double district[SCHOOLS], api99[SCHOOLS], design[SCHOOLS];
    for (size_t i = 0; i < SCHOOLS; i++) {
        type[i] = school_type[i] == 'E' ? "E" : school_type[i] == 'H' ? "H" : "M";
        wide[i] = school_wide[i] == 'Y' ? "Yes" : "No";
        district[i] = school_district[i];
        api99[i] = school_api99[i];
        design[i] = SCHOOL_WEIGHT;
    }
    REQUIRE_OK(est_table_new("schools", SCHOOLS, &table, &error), error);
    REQUIRE_OK(est_table_add_text(table, "stype", type, &error), error);
    REQUIRE_OK(est_table_add_text(table, "sch.wide", wide, &error), error);
    REQUIRE_OK(est_table_add_numbers(table, "dnum", district, &error), error);
    REQUIRE_OK(est_table_add_numbers(table, "api99", api99, &error), error);
    REQUIRE_OK(est_table_add_numbers(table, "pw", weight ? weight : design, &error), error);
    return table;
}

static inline est_table *table_of(const char *csv)
{
    est_error error;
    est_table *table = NULL;
    REQUIRE_OK(est_table_parse_csv("table", csv, strlen(csv), NULL, &table, &error), error);
    return table;
}

#define SCHOOL_TYPES "variable,level,total\nstype,E,4421\nstype,H,755\nstype,M,1018\n"
#define SCHOOL_TYPES_API99 SCHOOL_TYPES "api99,,3914069\n"
#define SCHOOL_MARGINS SCHOOL_TYPES "sch.wide,No,1072\nsch.wide,Yes,5122\n"

#endif
