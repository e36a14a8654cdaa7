/* Numbers, intervals and names as people read them. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "core/reliability.h"
#include "report/table_layout.h"

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool ends(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static bool is_whole(double value)
{
    return !isfinite(value) || value == floor(value);
}

/* 1.23e-05: decimal exponent of at least two digits, mantissa correctly rounded. */
static void show_small(est_i_text *output, double value)
{
    char digits[64];
    int exponent = (int)floor(log10(fabs(value)));
    double scaled = value * pow(10, -exponent / 2) * pow(10, -exponent + exponent / 2);
    est_i_number_print_fixed(scaled, 2, digits, sizeof digits);
    est_i_text_append(output, digits);
    est_i_text_printf(output, "e-%02d", -exponent);
}

static bool is_all_zero(const char *digits)
{
    return digits[strspn(digits, "-0.,")] == '\0';
}

/* Nothing but zeros is left of a number that is not zero. */
static bool vanishes(double value, int decimals)
{
    char digits[512];
    if (!isfinite(value) || value == 0 || fabs(value) >= 1)
        return false;
    est_i_number_print_fixed(value, decimals, digits, sizeof digits);
    return is_all_zero(digits);
}

void est_i_show_number(est_i_text *output, double value, int decimals)
{
    char digits[512];
    if (isnan(value)) {
        est_i_text_append(output, "-");
    } else if (isinf(value)) {
        est_i_text_append(output, value > 0 ? "infinite" : "minus infinite");
    } else if (fabs(value) >= 1e15) {
        est_i_text_number(output, value);
    } else {
        est_i_number_print_grouped(value, decimals, ",", digits, sizeof digits);
        est_i_text_append(output, digits[0] == '-' && is_all_zero(digits) ? digits + 1 : digits);
    }
}

void est_i_show_precise(est_i_text *output, double value, int decimals)
{
    if (decimals > 0 && vanishes(value, decimals))
        show_small(output, value);
    else
        est_i_show_number(output, value, decimals);
}

/* Decimals that leave four significant digits of a value below 100. */
static int four_digits(double value)
{
    double size = fabs(value);
    if (!(size > 0) || isinf(size))
        return 0;
    int whole_digits = size >= 1 ? (int)floor(log10(size)) + 1 : (int)ceil(log10(size));
    return whole_digits > 4 ? 0 : whole_digits < -2 ? 6 : 4 - whole_digits;
}

void est_i_show_scalar(est_i_text *output, double value)
{
    est_i_show_precise(output, value, is_whole(value) ? 0 : fabs(value) >= 100 ? 2 : four_digits(value));
}

bool est_i_is_of_survey(const est_row *row)
{
    return !isnan(row->n_weighted) || !isnan(row->cv) || !isnan(row->deff) || !isnan(row->deft) || !isnan(row->effective_n) ||
           !isnan(row->numerator) || *row->mark;
}

static bool is_people(const char *estimand)
{
    static const char *const people[] = {"population", "population_averaged", "lower_bound", "unobserved", "observed", "seen"};
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
        if (strcmp(estimand, people[i]) == 0)
            return true;
    return ends(estimand, "_number");
}

bool est_i_is_proportion(const est_row *row)
{
    return est_i_kind_of(row) == EST_I_KIND_PROPORTION;
}

/* Proportions 4; else three digits of the standard error. */
static int survey_decimals(const est_row *row)
{
    double step = row->se > 0 ? floor(log10(row->se)) - 2 : isfinite(row->estimate) && row->estimate != 0 ? -4 : 0;
    if (est_i_is_proportion(row))
        return 4;
    return step >= 0 ? 0 : step < -6 ? 6 : (int)-step;
}

int est_i_row_decimals(const est_row *row)
{
    if (est_i_row_unit(row))
        return est_i_row_digits(row).estimate;
    if (is_people(row->estimand))
        return 0;
    if (strstr(row->estimand, "percent"))
        return 1;
    if (begins(row->estimand, "ratio"))
        return 3;
    if (begins(row->estimand, "rate") || ends(row->estimand, "_rate"))
        return 2;
    if (est_i_is_of_survey(row))
        return survey_decimals(row);
    double leading = isfinite(row->estimate) ? row->estimate : isfinite(row->upper) ? row->upper : row->lower;
    bool whole = is_whole(row->estimate) && is_whole(row->lower) && is_whole(row->upper);
    return !isfinite(leading) || whole || fabs(leading) >= 100 ? 0 : four_digits(leading);
}

static bool has_flag(const est_row *row, est_flag flag)
{
    return (row->flags & EST_FLAG_BIT(flag)) != 0;
}

/* Percentages without a unit keep their one decimal; what else is above 0 never reads as 0. */
static void show_of_row(est_i_text *output, const est_row *row, double number, int decimals)
{
    bool fine = est_i_row_unit(row) != NULL;
    double value = number * est_i_row_scale(row);
    bool hidden = value > 0 && decimals > !fine && vanishes(value, decimals);
    est_i_text_append(output, hidden ? "<" : "");
    est_i_show_number(output, hidden ? pow(10, -decimals) : value, decimals);
}

bool est_i_is_withheld(const est_row *row)
{
    return isnan(row->estimate) &&
           (has_flag(row, EST_FLAG_SUPPRESSED) ||
            (has_flag(row, EST_FLAG_ROUNDED) && !has_flag(row, EST_FLAG_NOT_ESTIMABLE)));
}

void est_i_show_estimate_to(est_i_text *output, const est_row *row, int decimals)
{
    bool parentheses = strcmp(row->mark, "()") == 0;
    if (isnan(row->estimate)) {
        bool marked = *row->mark && !parentheses;
        est_i_text_append(output, marked ? row->mark : est_i_is_withheld(row) ? "withheld" : "not estimable");
        return;
    }
    est_i_text_append(output, parentheses ? "(" : "");
    show_of_row(output, row, row->estimate, decimals < 0 ? est_i_row_decimals(row) : decimals);
    est_i_text_append(output, parentheses ? ")" : *row->mark ? " " : "");
    est_i_text_append(output, parentheses ? "" : row->mark);
}

void est_i_show_estimate(est_i_text *output, const est_row *row)
{
    est_i_show_estimate_to(output, row, -1);
}

void est_i_show_interval(est_i_text *output, const est_row *row)
{
    est_i_show_interval_to(output, row, -1);
}

void est_i_show_interval_to(est_i_text *output, const est_row *row, int decimals)
{
    int shown = decimals < 0 ? est_i_row_decimals(row) : decimals;
    bool unbounded = has_flag(row, EST_FLAG_UPPER_UNBOUNDED) || (isinf(row->upper) && row->upper > 0);
    if (isnan(row->lower) && isnan(row->upper) && !unbounded) {
        bool withheld = est_i_is_withheld(row);
        est_i_text_append(output, withheld && *row->mark ? row->mark : withheld ? "withheld" : "-");
        return;
    }
    if (isnan(row->lower) && unbounded) {
        est_i_text_append(output, "no upper limit");
        return;
    }
    if (isinf(row->lower))
        est_i_text_append(output, "no lower limit");
    else if (isnan(row->lower))
        est_i_text_append(output, "not known");
    else
        show_of_row(output, row, row->lower, shown);
    est_i_text_append(output, " to ");
    if (unbounded)
        est_i_text_append(output, "no upper limit");
    else if (isnan(row->upper))
        est_i_text_append(output, "not known");
    else
        show_of_row(output, row, row->upper, shown);
}

void est_i_show_level(est_i_text *output, double level)
{
    char digits[64];
    double percent = 100 * level, scale = 1;
    int decimals = 0;
    for (; decimals < 4 && fabs(percent * scale - round(percent * scale)) > 1e-9 * scale; scale *= 10)
        decimals++;
    est_i_number_print_fixed(percent, decimals, digits, sizeof digits);
    est_i_text_append(output, digits);
    est_i_text_append(output, " %");
}

uint32_t est_i_remarks(const est_row *row)
{
    const uint32_t marked = EST_FLAG_BIT(EST_FLAG_FEW_CASES) | EST_FLAG_BIT(EST_FLAG_USE_WITH_CAUTION) |
                            EST_FLAG_BIT(EST_FLAG_UNRELIABLE);
    uint32_t said = EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    if (*row->mark)
        said |= marked;
    if (est_i_is_of_survey(row) || (est_i_kind_of(row) == EST_I_KIND_CONTRAST && !isnan(row->estimate)))
        said |= EST_FLAG_BIT(EST_FLAG_SUPPRESSED); /* by the mark, or by an x for n */
    return row->flags & ~said;
}

void est_i_show_flags(est_i_text *output, uint32_t flags)
{
    const char *joint = "";
    for (int flag = 0; flag < EST_FLAG_END; flag++) {
        if (!(flags & EST_FLAG_BIT(flag)))
            continue;
        est_i_text_append(output, joint);
        est_i_text_append(output, est_flag_title((est_flag)flag));
        joint = "; ";
    }
}

void est_i_show_name(est_i_text *output, const char *name)
{
    for (const char *letter = name; *letter; letter++) {
        unsigned char byte = (unsigned char)*letter;
        char shown = byte == '_' ? ' ' : *letter;
        if (letter == name && byte >= 'a' && byte <= 'z')
            shown = (char)(byte - 'a' + 'A');
        est_i_text_append_bytes(output, &shown, 1);
    }
}

/* "mean(age)" as "Mean of age", "quantile(age,0.5)" as "Quantile 0.5 of age": names of columns stay as they are. */
static bool show_survey_estimand(est_i_text *output, const char *estimand)
{
    static const char *const words[][2] = {
        {"mean(", "Mean of "},   {"total(", "Total of "},    {"proportion(", "Proportion of "},
        {"ratio(", "Ratio of "}, {"quantile(", "Quantile "}, {"count(", "Count of "},   {"median(", "Median of "},
        {"difference(", "Difference of "}, {"change_per_year(", "Change per year of "},
    };
    static const char contrast[] = "contrast(";
    size_t length = strlen(estimand), which = 0, n = sizeof words / sizeof words[0];
    while (which < n && !begins(estimand, words[which][0]))
        which++;
    if (begins(estimand, contrast)) {
        est_i_text_append(output, "Contrast of ");
        est_i_text_append_bytes(output, estimand + strlen(contrast), length - strlen(contrast) - (estimand[length - 1] == ')'));
        return true;
    }
    if (which == n || estimand[length - 1] != ')')
        return false;
    const char *inside = estimand + strlen(words[which][0]), *end = estimand + length - 1, *comma = end;
    while (comma > inside && *comma != ',')
        comma--;
    est_i_text_append(output, words[which][1]);
    if (begins(estimand, "quantile(") && comma > inside) {
        est_i_text_append_bytes(output, comma + 1, (size_t)(end - comma - 1));
        est_i_text_append(output, " of ");
        end = comma;
    }
    est_i_text_append_bytes(output, inside, (size_t)(end - inside));
    return true;
}

static const char *find_title(const est_result *result, const char *estimand, size_t length)
{
    for (size_t i = 0; i < est_result_facts(result); i++) {
        const est_fact *fact = est_result_fact(result, i);
        if (strcmp(fact->group, "estimand") == 0 && strlen(fact->name) == length && strncmp(fact->name, estimand, length) == 0)
            return fact->value;
    }
    return NULL;
}

#define NUMBER "_number"

void est_i_show_base_of(est_i_text *output, const est_result *result, const char *estimand)
{
    size_t length = strlen(estimand) - (ends(estimand, NUMBER) ? sizeof NUMBER - 1 : 0);
    const char *base = find_title(result, estimand, length);
    if (base)
        est_i_text_append(output, base);
    else
        est_i_show_estimand_of(output, result, estimand);
}

/* Titles are the method's; a number of people and a contrast say of what they are one. */
void est_i_show_estimand_of(est_i_text *output, const est_result *result, const char *estimand)
{
    static const char *const words[][2] = {{"contrast(", "Contrast of "}, {"difference(", "Difference of "},
                                           {"ratio(", "Ratio of "}, {"change_per_year(", "Change per year of "}};
    size_t length = strlen(estimand), which = 0, n = sizeof words / sizeof words[0];
    while (which < n && !begins(estimand, words[which][0]))
        which++;
    size_t start = which < n ? strlen(words[which][0]) : length;
    const char *title = find_title(result, estimand, length), *whole = NULL, *inner = NULL;
    if (!title && ends(estimand, NUMBER))
        whole = find_title(result, estimand, length - (sizeof NUMBER - 1));
    if (!title && length > start)
        inner = find_title(result, estimand + start, length - start - 1);
    if (title || whole)
        est_i_text_append(output, title ? title : whole);
    else if (inner)
        est_i_text_append(output, words[which][1]);
    else
        est_i_show_estimand(output, estimand);
    est_i_text_append(output, whole ? ": number" : inner ? inner : "");
}

void est_i_show_estimand(est_i_text *output, const char *estimand)
{
    static const char *const words[][2] = {
        {"population", "Estimated population (detected and undetected)"},
        {"unobserved", "Estimated unobserved (never detected)"},
        {"observed", "Observed (detected on a list)"},
        {"seen", "Seen (already known to exist)"},
        {"population_averaged", "Population averaged over models"},
        {"lower_bound", "Lower bound of the population (Chao)"},
        {"population_chapman", "Estimated population by Chapman's formula (two lists, taken as independent)"},
        {"rate_per_100000", "Persons per 100,000 population and year"},
        {"ratio", "Ratio of persons per year, period to baseline"},
        {"ratio_raw", "Ratio of the populations as they are"},
        {"annual_percent_change", "Annual change, percent"},
        {"victims_detected_rate", "Detected victims of trafficking"},
        {"victims_detected_number", "Detected victims of trafficking, number"},
        {"victims_estimated_rate", "Estimated victims of trafficking, detected and undetected"},
        {"victims_estimated_number", "Estimated victims of trafficking, detected and undetected, number"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(estimand, words[i][0]) == 0) {
            est_i_text_append(output, words[i][1]);
            return;
        }
    }
    if (!show_survey_estimand(output, estimand))
        est_i_show_name(output, estimand);
}

/* ---- statistics and columns of frames ---- */

typedef enum form { SCALAR = 0, PEOPLE, CRITERION, P_VALUE, SHARE } form;

typedef struct statistic {
    const char *name, *words;
    form form;
} statistic;

static const statistic statistics[] = {
    {"n", "Persons", PEOPLE},
    {"n_parameters", "Parameters", SCALAR},
    {"loglik", "Log likelihood", CRITERION},
    {"bic", "BIC", CRITERION},
    {"aic", "AIC", CRITERION},
    {"aicc", "AICc", CRITERION},
    {"deviance", "Deviance", CRITERION},
    {"pearson", "Pearson chi-square", CRITERION},
    {"df", "Degrees of freedom", SCALAR},
    {"p_value", "p-value of the fit test", P_VALUE},
    {"population", "Population", PEOPLE},
    {"multinomial_mle", "Multinomial maximum-likelihood population", PEOPLE},
    {"coverage", "Share of the population on the lists", SHARE},
    {"share_without_estimate", "Share of replicates without an estimate", SHARE},
    {"replicates_without_estimate", "Bootstrap replicates without an estimate", SHARE},
    {"models_considered", "Models considered", SCALAR},
    {"models_fitted", "Models fitted on the way", SCALAR},
    {"averaged_models", "Models in the average", SCALAR},
    {"effective_models", "Equal models that would weigh as much", SCALAR},
    {"heaviest_weight", "Weight of the heaviest model", SHARE},
    {"bca_bias", "Bias correction z0 of BCa", SCALAR},
    {"bca_acceleration", "Acceleration of BCa", SCALAR},
    {"sample_coverage", "Estimated sample coverage", SHARE},
    {"seen_without_one_list", "Persons seen without one list, on average", PEOPLE},
    {"lincoln_petersen", "Lincoln-Petersen", PEOPLE},
    {"odds_ratio", "Odds ratio", SCALAR},
    {"posterior_mean", "Posterior mean", PEOPLE},
    {"posterior_sd", "Posterior standard deviation", PEOPLE},
    {"mass_near_most", "Posterior mass near the upper end of the grid", SHARE},
    {"complete_graph", "Posterior weight of the complete graph", SHARE},
    {"median_without_complete", "Posterior median without the complete graph", PEOPLE},
    {"models_without_estimate", "Models without an estimate", SCALAR},
    {"models_on_the_boundary", "Models left out as boundary fits", SCALAR},
    {"periods_without_estimate", "Periods without an estimate", SCALAR},
    {"max_order", "Most lists in one term", SCALAR},
    {"other", "Other list", SCALAR},
    {"se", "Standard error", SCALAR},
    {"both", "On both lists", PEOPLE},
    {"seen", "Already seen", PEOPLE},
    {"observed", "Observed", PEOPLE},
    {"population_lincoln", "Population (Lincoln-Petersen)", PEOPLE},
    {"population_chapman", "Population (Chapman)", PEOPLE},
    {"etas_at_zero", "Coefficients held at zero", SCALAR},
    {"psus", "Primary sampling units", SCALAR},
    {"design_df", "Degrees of freedom of the design", SCALAR},
    {"weight_sum", "Sum of the weights", SCALAR},
    {"weight_design_effect", "Design effect of unequal weights (Kish)", SCALAR},
};

static const statistic *find_statistic(const char *name)
{
    for (size_t i = 0; i < sizeof statistics / sizeof statistics[0]; i++)
        if (strcmp(name, statistics[i].name) == 0)
            return &statistics[i];
    return NULL;
}

bool est_i_has_own_form(const char *name)
{
    const statistic *known = find_statistic(name);
    return known && known->form != SCALAR;
}

void est_i_show_statistic_name(est_i_text *output, const char *name)
{
    const statistic *known = find_statistic(name);
    if (known)
        est_i_text_append(output, known->words);
    else
        est_i_show_name(output, name);
}

static void show_p_value(est_i_text *output, double value)
{
    if (value < 1e-4)
        est_i_text_append(output, "<0.0001");
    else
        est_i_show_number(output, value, 4);
}

static void show_share(est_i_text *output, double value)
{
    bool hidden = value > 0 && vanishes(100 * value, 1);
    est_i_text_append(output, hidden ? "<" : "");
    est_i_show_number(output, hidden ? 0.1 : 100 * value, 1);
    est_i_text_append(output, isfinite(value) ? " %" : "");
}

void est_i_show_statistic(est_i_text *output, const char *name, double value)
{
    const statistic *known = find_statistic(name);
    switch (known ? known->form : SCALAR) {
    case PEOPLE: est_i_show_number(output, value, 0); break;
    case CRITERION: est_i_show_number(output, value, 2); break;
    case P_VALUE: show_p_value(output, value); break;
    case SHARE: show_share(output, value); break;
    case SCALAR: est_i_show_scalar(output, value); break;
    }
}
