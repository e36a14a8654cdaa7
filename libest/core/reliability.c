/* An estimate against the rules of a profile. */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/reliability.h"

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool ends(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

est_i_kind est_i_kind_of(const est_row *row)
{
    est_i_kind kind = EST_I_KIND_OTHER;
    if (begins(row->estimand, "difference") || begins(row->estimand, "contrast") || begins(row->estimand, "change"))
        kind = EST_I_KIND_CONTRAST;
    else if (begins(row->estimand, "total(") || begins(row->estimand, "count(") || ends(row->estimand, "_number"))
        kind = EST_I_KIND_TOTAL;
    else if (begins(row->estimand, "ratio(") || begins(row->estimand, "rate") || ends(row->estimand, "_rate"))
        kind = EST_I_KIND_RATE;
    else if (begins(row->estimand, "proportion(") || !isnan(row->numerator))
        kind = EST_I_KIND_PROPORTION;
    return kind;
}

/* Do all or none have the attribute? */
static bool is_extreme(const est_row *row)
{
    bool extreme = row->estimate == 0 || row->estimate == 1;
    if (!isnan(row->numerator))
        extreme = row->numerator == 0 || row->numerator == row->n;
    return extreme && est_i_kind_of(row) == EST_I_KIND_PROPORTION;
}

static double cv_of(const est_row *row)
{
    double cv = row->cv;
    if (isnan(cv) && !isnan(row->se))
        cv = row->estimate == 0 ? NAN : row->se / fabs(row->estimate);
    else if (isnan(cv) && !isnan(row->estimate) && row->estimate != 0 && isnan(row->upper - row->lower))
        cv = INFINITY;
    return cv;
}

/* n / deff where nothing better is known, for a proportion p (1 - p) / SE^2. */
static double effective_n_of(const est_row *row)
{
    double n = row->effective_n, p = row->estimate;
    if (is_extreme(row))
        return row->n;
    if (isnan(n) && !isnan(row->deff) && row->deff > 0)
        n = row->n / row->deff;
    if (isnan(n) && est_i_kind_of(row) == EST_I_KIND_PROPORTION && row->se > 0)
        n = p * (1 - p) / (row->se * row->se);
    if (isnan(n) && !isnan(p))
        n = isnan(row->se) ? 0 : row->n;
    return isnan(row->n) ? n : fmin(n, row->n);
}

static double width_of(const est_row *row)
{
    double width = row->upper - row->lower;
    if (is_extreme(row))
        width = 0;
    else if (isnan(width) && !isnan(row->estimate))
        width = INFINITY;
    return width;
}

double est_i_measure_of(const est_row *row, est_i_measure measure)
{
    double value = NAN;
    switch (measure) {
    case EST_I_BY_N: value = row->n; break;
    case EST_I_BY_EFFECTIVE_N: value = effective_n_of(row); break;
    case EST_I_BY_NUMERATOR: value = row->numerator; break;
    case EST_I_BY_CV: value = cv_of(row); break;
    case EST_I_BY_WIDTH: value = width_of(row); break;
    case EST_I_BY_RELATIVE_WIDTH: value = is_extreme(row) ? 0 : width_of(row) / fabs(row->estimate); break;
    case EST_I_BY_OTHERS_WIDTH: value = is_extreme(row) ? 0 : width_of(row) / (1 - row->estimate); break;
    case EST_I_BY_DF: value = row->df; break;
    case EST_I_BY_EXTREME: value = is_extreme(row); break;
    }
    return value;
}

static bool holds(const est_i_reliability_rule *rule, double value)
{
    bool is = false;
    switch (rule->comparison) {
    case EST_I_BELOW: is = value < rule->threshold; break;
    case EST_I_AT_MOST: is = value <= rule->threshold; break;
    case EST_I_ABOVE: is = value > rule->threshold; break;
    case EST_I_AT_LEAST: is = value >= rule->threshold; break;
    }
    return is;
}

est_i_verdict est_i_reliability_judge(const est_i_reliability *profile, const est_row *row)
{
    est_i_verdict verdict = {false, "", 0};
    bool settled = false;
    unsigned kind = est_i_kind_of(row);
    for (size_t i = 0; i < profile->n_rules && !settled; i++) {
        const est_i_reliability_rule *rule = &profile->rules[i];
        if (!(rule->kinds & kind) || !holds(rule, est_i_measure_of(row, rule->measure)))
            continue;
        verdict.flags |= rule->flags;
        settled = rule->action != EST_I_REVIEW;
        if (settled) {
            verdict.withhold = rule->action == EST_I_WITHHOLD;
            verdict.mark = rule->mark;
        }
    }
    return verdict;
}

/* Of results whose method asks for a profile of surveys: the fewest cases alone. */
static void count_profile(long threshold, est_i_reliability *profile)
{
    *profile = (est_i_reliability){
        .name = "counts", .n_rules = 1, .marks = {{"*", "based on too few unweighted cases to be shown"}}};
    profile->own[0] = (est_i_reliability_rule){.kinds = EST_I_KIND_ANY,
                                               .measure = EST_I_BY_N,
                                               .comparison = EST_I_BELOW,
                                               .threshold = (double)threshold,
                                               .action = EST_I_WITHHOLD,
                                               .mark = "*",
                                               .flags = EST_FLAG_BIT(EST_FLAG_FEW_CASES)};
    profile->rules = profile->own;
}

est_status est_i_reliability_find(const char *name, long threshold, est_i_reliability *profile, est_error *error)
{
    static const char custom[] = "custom:";
    const est_i_reliability *built_in = est_i_reliability_built_in(name);
    est_status status = EST_OK;
    if (built_in)
        *profile = *built_in;
    else if (strcmp(name, "counts") == 0)
        count_profile(threshold, profile);
    else if (begins(name, custom))
        status = est_i_reliability_custom(name + strlen(custom), profile, error);
    else
        status = est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = "suppress"},
                               "found profile '%s', expected default, counts, none, dhs, mics, nchs, statcan or "
                               "custom:KEY=NUMBER,...",
                               name);
    return status;
}
