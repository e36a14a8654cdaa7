/* The vocabulary of flags. */
#include <stddef.h>

#include <est/result.h>

typedef struct flag_entry {
    const char *name;
    const char *title;
} flag_entry;

static const flag_entry flags[EST_FLAG_END] = {
    [EST_FLAG_UPPER_UNBOUNDED] = {"upper_unbounded", "no upper limit"},
    [EST_FLAG_NOT_ESTIMABLE] = {"not_estimable", "cannot be estimated from these data"},
    [EST_FLAG_BOUNDARY] = {"boundary", "the fit lies on the boundary (some cells are fitted as zero)"},
    [EST_FLAG_REFUTED] = {"refuted", "refuted: the upper limit lies below the persons already seen"},
    [EST_FLAG_FEW_LISTS] = {"few_lists", "fewer than three lists at work"},
    [EST_FLAG_FEW_DATA] = {"few_data", "too few data for a reliable estimate"},
    [EST_FLAG_TRUNCATED] = {"truncated", "the period is not fully reported yet"},
    [EST_FLAG_SUPPRESSED] = {"suppressed", "withheld to protect a small count"},
    [EST_FLAG_ROUNDED] = {"rounded", "rounded to protect a small count"},
    [EST_FLAG_SYNTHETIC] = {"synthetic", "made from synthetic data"},
    [EST_FLAG_MODEL_KNOWN] = {"model_known", "the interval takes the model as known"},
    [EST_FLAG_NOT_ANNUAL] = {"not_annual", "compares windows of different length, not yearly rates"},
    [EST_FLAG_LONELY_PSU] = {"lonely_psu", "a stratum has a single primary sampling unit"},
    [EST_FLAG_FEW_CASES] = {"few_cases", "few unweighted cases"},
    [EST_FLAG_USE_WITH_CAUTION] = {"use_with_caution", "imprecise: use with caution"},
    [EST_FLAG_UNRELIABLE] = {"unreliable", "too imprecise to publish"},
    [EST_FLAG_FEW_DF] = {"few_df", "fewer than 8 degrees of freedom"},
    [EST_FLAG_NO_DF] = {"no_df", "no degrees of freedom: no interval"},
    [EST_FLAG_AT_BOUND] = {"at_bound", "a proportion of 0 or 1: exact interval"},
    [EST_FLAG_NORMALISED_WEIGHTS] = {"normalised_weights", "the weights add up to the sample, not to the population"},
    [EST_FLAG_MODEL_BASED] = {"model_based", "rests on a model, not on the design alone"},
    [EST_FLAG_DEFINITION_BREAK] = {"definition_break", "another definition than the rest of the series"},
};

static const flag_entry *flag_find(est_flag flag)
{
    int index = (int)flag;
    return index >= 0 && index < (int)EST_FLAG_END ? &flags[index] : NULL;
}

const char *est_flag_name(est_flag flag)
{
    const flag_entry *entry = flag_find(flag);
    return entry ? entry->name : NULL;
}

const char *est_flag_title(est_flag flag)
{
    const flag_entry *entry = flag_find(flag);
    return entry ? entry->title : NULL;
}
