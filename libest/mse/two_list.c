/* Each pair of lists taken as independent: the method `two-list`. */
#include "mse/two_list.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "core/text.h"
#include "mse/capture_options.h"

static const est_option_spec two_list_specs[] = {
    EST_I_CAPTURE_OPTIONS(est_two_list_options),
    {.name = "pair", .kind = EST_OPTION_TEXT, .offset = offsetof(est_two_list_options, pair), .initial = "",
     .doc = "two lists, 'A:B'; default: every pair"},
    {.name = "estimator", .kind = EST_OPTION_CHOICE, .offset = offsetof(est_two_list_options, estimator),
     .initial = "chapman", .choices = "chapman|lincoln-petersen",
     .doc = "which estimate answers where there are two lists, and meets the limit"},
    {.name = "odds-ratios", .kind = EST_OPTION_TEXT, .offset = offsetof(est_two_list_options, odds_ratios),
     .initial = "1/4,1/3,1/2,2/3,1,3/2,2,3,4", .doc = "dependence tried: odds ratios between the lists; 1 = independent"},
    {.name = "limit", .kind = EST_OPTION_NUMBER, .offset = offsetof(est_two_list_options, limit), .initial = "0",
     .minimum = 0, .maximum = 1e12, .doc = "a population that matters: the odds ratio that leads to it is given; 0: none"},
    EST_I_LEVEL_OPTION(est_two_list_options),
};

#define TWO_LIST_SPECS (sizeof two_list_specs / sizeof two_list_specs[0])

est_two_list_options est_two_list_options_default(void)
{
    est_two_list_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(two_list_specs, TWO_LIST_SPECS, &options);
    return options;
}

/* One number or fraction; NaN if it is neither. */
static double read_ratio(const char *text, size_t length)
{
    const char *slash = memchr(text, '/', length);
    size_t above = slash ? (size_t)(slash - text) : length;
    double top = NAN, bottom = 1;
    bool read = est_i_number_parse(text, above, &top) && (!slash || est_i_number_parse(slash + 1, length - above - 1, &bottom));
    return read ? top / bottom : NAN;
}

est_status est_i_odds_ratios_parse(const char *text, est_i_odds_ratios *ratios, est_error *error)
{
    est_status status = EST_OK;
    ratios->count = 0;
    for (const char *at = text; at && status == EST_OK;) {
        size_t length = strcspn(at, ",");
        size_t before = strspn(at, " "), after = length;
        while (after > before && at[after - 1] == ' ')
            after--;
        double ratio = before < after ? read_ratio(at + before, after - before) : NAN;
        if (ratios->count == EST_I_ODDS_RATIOS_MAX)
            status = est_i_fail(error, EST_EOPTION, "option --odds-ratios: found more than %d, expected at most %d",
                                EST_I_ODDS_RATIOS_MAX, EST_I_ODDS_RATIOS_MAX);
        else if (!(ratio >= 1e-6 && ratio <= 1e6))
            status = est_i_fail(error, EST_EOPTION, "option --odds-ratios: found '%.*s', expected numbers or fractions from "
                                "0.000001 to 1000000 parted by commas, for example 1/2,1,2", length < 60 ? (int)length : 60, at);
        else
            ratios->value[ratios->count++] = ratio;
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    return status;
}

static est_status validate(const void *options, est_error *error)
{
    const est_two_list_options *o = options;
    est_i_odds_ratios ratios;
    return est_i_odds_ratios_parse(o->odds_ratios, &ratios, error);
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result,
                      est_error *error)
{
    return est_two_list(data, options, context, result, error);
}

const est_method est_i_method_two_list = {
    .id = "two-list",
    .title = "Two lists",
    .summary = "Estimates a population from two incomplete lists and the persons on both: Lincoln-Petersen, Chapman and Chao's "
               "lower bound, for every pair where there are more lists. Everything rests on the two lists being independent and on "
               "everybody having the same chance to be on at least one of them. Two lists cannot test that; the table of odds "
               "ratios shows what follows if it does not hold. It also takes for granted that the population is closed over the "
               "period and that the same person is recognised on both lists.",
    .reference = "Chapman (1951) University of California Publications in Statistics 1:131-160; Seber (1982) The Estimation of "
                 "Animal Abundance; Chao (1987) Biometrics 43:783-791; Chao (1989) Biometrics 45:427-438",
    .data = "counts per capture history (0/1 list columns and a count), one row per person (0/1 list columns), or long rows "
            "(person, list)",
    .options = two_list_specs,
    .n_options = TWO_LIST_SPECS,
    .options_size = sizeof(est_two_list_options),
    .validate = validate,
    .fit = fit,
    .family = "lists",
};

est_status est_two_list(const est_table *data, const est_two_list_options *options, const est_context *context,
                        est_result **result, est_error *error)
{
    est_two_list_options resolved = options ? *options : est_two_list_options_default();
    est_i_captures *captures = NULL;
    *result = NULL;
    est_error_clear(error);
    est_status status = est_i_options_check(two_list_specs, TWO_LIST_SPECS, &resolved, error);
    if (status == EST_OK)
        status = validate(&resolved, error);
    if (status == EST_OK)
        status = est_i_captures_read(data, &resolved.capture, NULL, context, &captures, error);
    if (status == EST_OK)
        status = est_i_two_list_run(data, captures, &resolved, context, result, error);
    est_i_captures_free(captures);
    return status;
}
