/* Profiles of the user's own: "custom:suppress-n=25,caution-cv=0.2". */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/reliability.h"
#include "core/text.h"

#define FEW (EST_FLAG_BIT(EST_FLAG_FEW_CASES))
#define CAUTION (EST_FLAG_BIT(EST_FLAG_USE_WITH_CAUTION))
#define UNRELIABLE (EST_FLAG_BIT(EST_FLAG_UNRELIABLE))

/* The CV of a difference near zero says nothing. */
#define NO_CONTRAST (EST_I_KIND_ANY & ~(unsigned)EST_I_KIND_CONTRAST)

typedef struct custom_key {
    const char *name;
    est_i_reliability_rule rule; /* without its threshold */
} custom_key;

/* In the order in which they are asked: what is only reviewed, what withholds, what cautions. */
static const custom_key keys[] = {
    {"min-df", {EST_I_KIND_ANY, EST_I_BY_DF, EST_I_BELOW, 0, EST_I_REVIEW, "", EST_FLAG_BIT(EST_FLAG_FEW_DF) | CAUTION}},
    {"suppress-n", {EST_I_KIND_ANY, EST_I_BY_N, EST_I_BELOW, 0, EST_I_WITHHOLD, "*", FEW | UNRELIABLE}},
    {"suppress-effective-n", {EST_I_KIND_ANY, EST_I_BY_EFFECTIVE_N, EST_I_BELOW, 0, EST_I_WITHHOLD, "*", FEW | UNRELIABLE}},
    {"suppress-numerator", {EST_I_KIND_ANY, EST_I_BY_NUMERATOR, EST_I_BELOW, 0, EST_I_WITHHOLD, "*", FEW | UNRELIABLE}},
    {"suppress-cv", {NO_CONTRAST, EST_I_BY_CV, EST_I_ABOVE, 0, EST_I_WITHHOLD, "*", UNRELIABLE}},
    {"suppress-width", {EST_I_KIND_ANY, EST_I_BY_WIDTH, EST_I_ABOVE, 0, EST_I_WITHHOLD, "*", UNRELIABLE}},
    {"suppress-relative-width", {EST_I_KIND_ANY, EST_I_BY_RELATIVE_WIDTH, EST_I_ABOVE, 0, EST_I_WITHHOLD, "*", UNRELIABLE}},
    {"caution-n", {EST_I_KIND_ANY, EST_I_BY_N, EST_I_BELOW, 0, EST_I_CAUTION, "()", FEW | CAUTION}},
    {"caution-effective-n", {EST_I_KIND_ANY, EST_I_BY_EFFECTIVE_N, EST_I_BELOW, 0, EST_I_CAUTION, "()", FEW | CAUTION}},
    {"caution-numerator", {EST_I_KIND_ANY, EST_I_BY_NUMERATOR, EST_I_BELOW, 0, EST_I_CAUTION, "()", FEW | CAUTION}},
    {"caution-cv", {NO_CONTRAST, EST_I_BY_CV, EST_I_ABOVE, 0, EST_I_CAUTION, "()", CAUTION}},
    {"caution-width", {EST_I_KIND_ANY, EST_I_BY_WIDTH, EST_I_ABOVE, 0, EST_I_CAUTION, "()", CAUTION}},
    {"caution-relative-width", {EST_I_KIND_ANY, EST_I_BY_RELATIVE_WIDTH, EST_I_ABOVE, 0, EST_I_CAUTION, "()", CAUTION}},
};
#define N_KEYS (sizeof keys / sizeof keys[0])

_Static_assert(sizeof keys / sizeof keys[0] <= EST_I_MOST_OWN_RULES, "a profile has room for every key");

static size_t key_of(const char *name, size_t length)
{
    size_t index = 0;
    while (index < N_KEYS && (strlen(keys[index].name) != length || memcmp(keys[index].name, name, length) != 0))
        index++;
    return index;
}

static est_status unknown_key(const char *at, size_t length, est_error *error)
{
    est_i_text names = {NULL, 0, 0, false};
    est_status status;
    for (size_t i = 0; i < N_KEYS; i++) {
        est_i_text_append(&names, i ? ", " : "");
        est_i_text_append(&names, keys[i].name);
    }
    status = names.failed ? est_i_no_memory(error)
                          : est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = "suppress"},
                                          "found '%.*s' in a custom profile, expected KEY=NUMBER with a key of: %s",
                                          (int)length, at, names.data);
    est_i_text_free(&names);
    return status;
}

/* One KEY=NUMBER of `length` bytes; thresholds[key] is NaN until the key is met. */
static est_status read_pair(const char *at, size_t length, double *thresholds, est_error *error)
{
    const char *equals = memchr(at, '=', length);
    size_t key = equals ? key_of(at, (size_t)(equals - at)) : N_KEYS;
    double value = NAN;
    if (key == N_KEYS)
        return unknown_key(at, length, error);
    if (!isnan(thresholds[key]))
        return est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = "suppress"},
                             "found '%s' twice in a custom profile, expected it once", keys[key].name);
    if (!est_i_number_parse(equals + 1, length - (size_t)(equals + 1 - at), &value) || !(value >= 0 && value <= 1e9))
        return est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = "suppress"},
                             "found '%.*s' in a custom profile, expected a number from 0 to 1e9", (int)length, at);
    thresholds[key] = value;
    return EST_OK;
}

est_status est_i_reliability_custom(const char *text, est_i_reliability *profile, est_error *error)
{
    double thresholds[N_KEYS];
    est_status status = EST_OK;
    for (size_t i = 0; i < N_KEYS; i++)
        thresholds[i] = NAN;
    *profile = (est_i_reliability){.name = "custom",
                                   .marks = {{"*", "below the least that the chosen profile asks for"},
                                             {"()", "to be used with caution by the chosen profile"}}};
    for (const char *at = text; status == EST_OK;) {
        size_t length = strcspn(at, ",");
        status = read_pair(at, length, thresholds, error);
        at += length;
        if (!*at++)
            break;
    }
    for (size_t i = 0; i < N_KEYS && status == EST_OK; i++) {
        if (isnan(thresholds[i]))
            continue;
        profile->own[profile->n_rules] = keys[i].rule;
        profile->own[profile->n_rules++].threshold = thresholds[i];
    }
    profile->rules = profile->own;
    return status;
}
