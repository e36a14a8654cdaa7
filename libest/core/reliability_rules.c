/* The rules of each agency, in its order. */
#include <string.h>

#include "core/reliability.h"

#define FEW (EST_FLAG_BIT(EST_FLAG_FEW_CASES))
#define CAUTION (EST_FLAG_BIT(EST_FLAG_USE_WITH_CAUTION))
#define UNRELIABLE (EST_FLAG_BIT(EST_FLAG_UNRELIABLE))
#define FEW_DF (EST_FLAG_BIT(EST_FLAG_FEW_DF))
#define COUNTS_AND_RATES (EST_I_KIND_TOTAL | EST_I_KIND_RATE)
#define NO_CONTRAST (EST_I_KIND_ANY & ~(unsigned)EST_I_KIND_CONTRAST)

/* Guide to DHS Statistics and the tables of every DHS report: fewer than 25 unweighted cases an asterisk, 25 to 49 parentheses. */
static const est_i_reliability_rule dhs[] = {
    {EST_I_KIND_ANY, EST_I_BY_N, EST_I_BELOW, 25, EST_I_WITHHOLD, "*", FEW | UNRELIABLE},
    {EST_I_KIND_ANY, EST_I_BY_N, EST_I_BELOW, 50, EST_I_CAUTION, "()", FEW | CAUTION},
};

/* Footnotes of the MICS tables: the same limits, other marks, and a dash where nobody is in the denominator. */
static const est_i_reliability_rule mics[] = {
    {EST_I_KIND_ANY, EST_I_BY_N, EST_I_AT_MOST, 0, EST_I_WITHHOLD, "-", FEW | UNRELIABLE},
    {EST_I_KIND_ANY, EST_I_BY_N, EST_I_BELOW, 25, EST_I_WITHHOLD, "(*)", FEW | UNRELIABLE},
    {EST_I_KIND_ANY, EST_I_BY_N, EST_I_BELOW, 50, EST_I_CAUTION, "()", FEW | CAUTION},
};

/* Proportions: National Center for Health Statistics, Vital and Health Statistics 2(175), for the Korn-Graubard interval at 95 %.
 * Counts and rates: Vital and Health Statistics 2(200). The reports leave the sign of the footnote open; "#" is chosen here. */
static const est_i_reliability_rule nchs[] = {
    {EST_I_KIND_PROPORTION | COUNTS_AND_RATES, EST_I_BY_DF, EST_I_BELOW, 8, EST_I_REVIEW, "", FEW_DF | CAUTION},
    {EST_I_KIND_PROPORTION, EST_I_BY_EXTREME, EST_I_AT_LEAST, 1, EST_I_REVIEW, "", CAUTION},
    {EST_I_KIND_PROPORTION, EST_I_BY_EFFECTIVE_N, EST_I_BELOW, 30, EST_I_WITHHOLD, "*", FEW | UNRELIABLE},
    {EST_I_KIND_PROPORTION, EST_I_BY_WIDTH, EST_I_AT_MOST, 0.05, EST_I_SHOW, "", 0},
    {EST_I_KIND_PROPORTION, EST_I_BY_WIDTH, EST_I_AT_LEAST, 0.30, EST_I_WITHHOLD, "*", UNRELIABLE},
    {EST_I_KIND_PROPORTION, EST_I_BY_RELATIVE_WIDTH, EST_I_ABOVE, 1.30, EST_I_WITHHOLD, "*", UNRELIABLE},
    {EST_I_KIND_PROPORTION, EST_I_BY_OTHERS_WIDTH, EST_I_ABOVE, 1.30, EST_I_CAUTION, "#", CAUTION},
    {COUNTS_AND_RATES, EST_I_BY_N, EST_I_BELOW, 10, EST_I_WITHHOLD, "*", FEW | UNRELIABLE},
    {COUNTS_AND_RATES, EST_I_BY_RELATIVE_WIDTH, EST_I_ABOVE, 1.60, EST_I_WITHHOLD, "*", UNRELIABLE},
};

/* Statistics Canada's bands: to 16.5 % plainly, 16.6 to 33.3 % with E, above with F; at least 10 cases. Between the bands the CV is
 * taken as printed, to a tenth of a per cent. */
static const est_i_reliability_rule statcan[] = {
    {EST_I_KIND_ANY, EST_I_BY_N, EST_I_BELOW, 10, EST_I_WITHHOLD, "F", FEW | UNRELIABLE},
    {NO_CONTRAST, EST_I_BY_CV, EST_I_AT_LEAST, 0.3335, EST_I_WITHHOLD, "F", UNRELIABLE},
    {NO_CONTRAST, EST_I_BY_CV, EST_I_AT_LEAST, 0.1655, EST_I_CAUTION, "E", CAUTION},
};

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

static const est_i_reliability profiles[] = {
    {.name = "dhs", .rules = dhs, .n_rules = COUNT_OF(dhs),
     .marks = {{"*", "based on fewer than 25 unweighted cases"}, {"()", "based on 25 to 49 unweighted cases"}}},
    {.name = "mics", .rules = mics, .n_rules = COUNT_OF(mics),
     .marks = {{"(*)", "based on fewer than 25 unweighted cases"}, {"()", "based on 25 to 49 unweighted cases"},
               {"-", "no unweighted case in the denominator"}}},
    {.name = "nchs", .rules = nchs, .n_rules = COUNT_OF(nchs),
     .marks = {{"*", "does not meet the standards of reliability of the NCHS"},
               {"#", "meets the standards of reliability of the NCHS, which the share of all others (1 less it) does not"}}},
    {.name = "statcan", .rules = statcan, .n_rules = COUNT_OF(statcan),
     .marks = {{"F", "too unreliable to be published: coefficient of variation above 33.3 %, or fewer than 10 cases"},
               {"E", "use with caution: coefficient of variation of 16.6 % to 33.3 %"}}},
};

const est_i_reliability *est_i_reliability_built_in(const char *name)
{
    const est_i_reliability *found = NULL;
    for (size_t i = 0; i < COUNT_OF(profiles) && !found; i++)
        if (strcmp(profiles[i].name, name) == 0)
            found = &profiles[i];
    return found;
}
