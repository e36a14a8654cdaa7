/* Disclosure control: withholds small counts of people and whatever would give them back.
 *
 * Profile "counts", in five steps:
 * 1. Primary: a count below the threshold is withheld, zeros too (a structural zero is NaN in a result).
 * 2. Complementary: the total of every group of counts is taken as known. In each group at least two counts
 * are withheld or none, and those withheld add up to the threshold or more; the smallest others are added
 * until that holds. Groups are the rows of one estimand and model, the columns of a frame (as a whole, and
 * the subtotals by every word of its other columns), its rows across count columns, and the same for chart
 * series. Strata add up to the rows of all, which are shown; with several labels, the sums by each label are taken
 * as known too, in rows and in frames whose columns or cells are named after strata.
 * 3. A domain (a set of labels) of which the observed count or n is withheld shows no count anywhere. What
 * gives n back is withheld too: unobserved (N - U = n), coverage (N C = n), rates. N and its limits are
 * rounded to the base and to two digits, ratios and changes to two digits.
 *    Of the frames "lists" and "overlaps" what gives a small capture history goes as well
 * (suppress_margins.c).
 * 4. As soon as one count is withheld, or a small one would follow from exact numbers
 * (est_i_small_counts_follow), everything is linked, for a fit identifies the counts behind it. The measures
 * of fit and the coefficients are withheld: with n and the list totals they leave one table only. All other
 * counts are rounded to the base, people to the base and three digits, other fractions to three digits or
 * two, but no coarser than one half. What would be rounded to 0 is withheld.
 * 5. Estimates that stand on so few recaptures that an overlap could be read from them are withheld whole, with everything
 * that follows from them (suppress_fits.c), and so is what is told of them in words or is a count of zero (suppress_notes.c). Of
 * tables and charts nothing may depend on a count but the numbers: not which rows they have, their order, or how many values
 * are missing.
 * Steps 1 to 3 repeat until nothing changes. Step 2 stays beside the rounding of step 4: four counts that end
 * on 4, a fifth of 9 and a total that ends on 5 have one solution, however they are rounded.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <est/suppress.h>

#include "core/error.h"
#include "core/reliability.h"
#include "core/suppress_parts.h"
#include "core/text.h"

#define LEAST_THRESHOLD 3

/* Private entries go, and so does a number of rows or persons that is small or would be exact beside rounded
 * counts. */
static void publish_provenances(est_i_suppressor *state)
{
    est_result *result = state->result;
    size_t kept = 0;
    for (size_t i = 0; i < result->n_provenances; i++) {
        const est_provenance *entry = &result->provenances[i];
        double value = NAN;
        bool counts =
            strstr(entry->name, "rows") || strstr(entry->name, "persons") || strstr(entry->name, "count");
        bool small = counts && est_i_number_parse(entry->value, strlen(entry->value), &value) &&
                     (state->any || est_i_is_small(state, value));
        if (small && !entry->is_private)
            state->withheld++;
        if (!entry->is_private && !small)
            result->provenances[kept++] = *entry;
    }
    result->n_provenances = kept;
}

/* The domains of which the estimates are withheld, in words; everybody by themselves. */
static void name_fits(const est_i_suppressor *state, est_i_text *text)
{
    est_i_text_append(text, "The estimates");
    for (size_t i = 0, named = 0; i < state->n_names && !est_i_no_whole(state); i++) {
        bool withheld = false, again = i > 0 && strcmp(state->names[i].text, state->names[i - 1].text) == 0;
        for (size_t j = 0; j < state->n_fits && !again && !withheld; j++)
            withheld = est_i_domains_agree(state->names[i].row, state->fits[j]);
        if (withheld)
            est_i_text_printf(text, "%s %s", named++ ? "," : " of", state->names[i].text);
    }
    est_i_text_append(text, " are withheld: a small overlap could be read from them (fewer than ");
    est_i_text_number(text, state->threshold);
    est_i_text_append(text, " persons on a further list, or on only one of two). ");
}

/* No number of values: which are not there, or are round already, would say something of them. */
static est_status add_summary(est_i_suppressor *state, est_error *error)
{
    est_i_text message = {NULL, 0, 0, false};
    bool any = state->any || state->withheld + state->rounded > 0;
    est_status status;
    if (any) {
        if (state->any && state->n_fits > 0)
            name_fits(state, &message);
        if (state->any && est_i_is_method(state, "heterogeneity"))
            est_i_text_append(&message, "Beside a small count no model is shown but Chao's lower bound, and this only if "
                                        "neither those captured once nor those captured twice are few: a model is a function of "
                                        "few numbers. ");
        est_i_text_append(&message, "Counts of people below ");
        est_i_text_number(&message, state->threshold);
        est_i_text_append(&message,
                          " are withheld (a star in tables), zero too, and what would give them back is withheld, left out or "
                          "rounded: so nothing is said about which lists share nobody. Inside the office the option 'internal' "
                          "shows every number, and marks every page.");
    } else {
        est_i_text_append(&message, "Nothing is withheld: no count of people is below ");
        est_i_text_number(&message, state->threshold);
        est_i_text_append(&message, ".");
    }
    status = message.failed ? est_i_no_memory(error)
                            : est_i_result_append_note(state->result, EST_NOTE,
                                                       any ? "suppressed" : "published", message.data, error);
    est_i_text_free(&message);
    return status;
}

static bool **flags_new(size_t count)
{
    return calloc(count + 1, sizeof(bool *));
}

static void flags_free(bool **flags, size_t count)
{
    for (size_t i = 0; i < count && flags; i++)
        free(flags[i]);
    free(flags);
}

static void suppressor_start(est_i_suppressor *state, est_result *result, long threshold)
{
    *state = (est_i_suppressor){.result = result, .threshold = (double)threshold};
    state->base = 10 * ceil(state->threshold / 10);
    state->counts = calloc(result->n_rows + 1, sizeof(bool));
    state->ns = calloc(result->n_rows + 1, sizeof(bool));
    state->stats = calloc(result->n_stats + 1, sizeof(bool));
    state->domains = calloc(result->n_rows + 1, sizeof *state->domains);
    state->fits = calloc(result->n_rows + 1, sizeof *state->fits);
    state->cells = flags_new(result->n_frames);
    state->points = flags_new(result->n_charts);
    state->failed =
        !state->counts || !state->ns || !state->stats || !state->domains || !state->fits || !state->cells || !state->points;
    if (!state->failed)
        state->failed = !est_i_domains_name(state);
    for (size_t i = 0; i < result->n_frames && !state->failed; i++) {
        state->cells[i] = calloc(result->frames[i].n_rows * result->frames[i].n_columns + 1, sizeof(bool));
        state->failed = !state->cells[i];
    }
    for (size_t i = 0; i < result->n_charts && !state->failed; i++) {
        state->points[i] =
            calloc(result->charts[i].n_series * result->charts[i].n_categories + 1, sizeof(bool));
        state->failed = !state->points[i];
    }
}

/* The frames and charts are as many as at the start. */
static void suppressor_end(est_i_suppressor *state, size_t n_frames, size_t n_charts)
{
    free(state->counts);
    free(state->ns);
    free(state->stats);
    free(state->domains);
    free(state->fits);
    free(state->names);
    flags_free(state->cells, n_frames);
    flags_free(state->points, n_charts);
}

static est_status suppress_counts(est_result *result, long threshold, est_error *error)
{
    est_i_suppressor state;
    est_status status = EST_OK;
    size_t n_frames = result->n_frames, n_charts = result->n_charts;
    suppressor_start(&state, result, threshold);
    if (!state.failed)
        est_i_suppress_decide(&state);
    state.any = !state.failed && (est_i_anything_withheld(&state) || est_i_small_counts_follow(&state));
    if (state.any)
        est_i_suppress_fits(&state);
    if (state.any)
        est_i_suppress_publish(&state);
    if (!state.failed) {
        est_i_suppress_notes(&state);
        publish_provenances(&state);
    }
    status = state.failed ? est_i_no_memory(error) : add_summary(&state, error);
    if (state.any && status == EST_OK)
        est_i_suppress_leave_out(&state);
    suppressor_end(&state, n_frames, n_charts);
    return status;
}

est_suppression est_suppression_default(void)
{
    return (est_suppression){.profile = "default", .threshold = 10, .internal = 0};
}

/* NULL: what the method of the result asks for. */
static const char *named_profile(const est_suppression *request)
{
    const char *profile = request->profile;
    return *profile && strcmp(profile, "default") != 0 ? profile : NULL;
}

static bool is_of_survey(const est_result *result)
{
    return strcmp(result->profile, "counts") != 0;
}

static est_status check_request(const est_result *result, const est_suppression *request, est_error *error)
{
    const char *profile = request->profile && named_profile(request) ? named_profile(request) : "counts";
    est_status status = EST_OK;
    bool none = strcmp(profile, "none") == 0;
    if (!result)
        status = est_i_fail(error, EST_EOPTION, "found no result, expected one");
    else if (!request->profile)
        status = est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = "suppress"}, "found no profile, expected one");
    else if (!none && strcmp(profile, "counts") != 0 && !is_of_survey(result))
        status = est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = "suppress"},
                               "found profile '%s', expected 'counts' or 'none': the method '%s' counts people, and other profiles "
                               "are for estimates of surveys", profile, result->method);
    else if (!(request->threshold >= 1 && request->threshold <= 1000000))
        status = est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = "suppress"},
                               "found threshold %ld, expected 1 to 1000000", request->threshold);
    else if (!none && request->threshold < LEAST_THRESHOLD && !result->is_public && !request->internal)
        status = est_i_fail_at(error, EST_EOPTION, (est_i_place){.where = "suppress"},
                               "found threshold %ld, expected %d or more: less protects nobody. To see every "
                               "number inside the office, use 'internal'",
                               request->threshold, LEAST_THRESHOLD);
    else if (none && !result->is_public && !request->internal)
        status = est_i_fail_at(
            error, EST_EOPTION, (est_i_place){.where = "suppress"},
            "found profile 'none' for data that are not marked as public; use 'counts', or 'none' with "
            "the mark for internal use");
    return status;
}

/* Public data keep every number unless a profile was asked for by name: how precise an estimate is does not depend on whose data
 * they are, and is told in any case. */
static est_status suppress_survey(est_result *result, const est_suppression *request, est_error *error)
{
    const char *named = named_profile(request);
    est_i_reliability profile;
    est_i_survey_request survey = {.profile = &profile, .threshold = request->threshold};
    est_status status = est_i_reliability_find(named ? named : result->profile, request->threshold, &profile, error);
    survey.protect = !result->is_public && !request->internal;
    survey.withhold = survey.protect || (named && !request->internal);
    if (status == EST_OK)
        status = est_i_suppress_survey(result, &survey, error);
    return status;
}

est_status est_result_suppress(const est_result *result, const est_suppression *suppression,
                               est_result **published, est_error *error)
{
    est_suppression request = suppression ? *suppression : est_suppression_default();
    est_result *copy = NULL;
    est_status status;
    est_error_clear(error);
    *published = NULL;
    status = check_request(result, &request, error);
    if (status == EST_OK)
        status = est_i_result_copy(result, &copy, error);
    if (status == EST_OK && request.internal)
        copy->is_internal = true;
    if (status == EST_OK && is_of_survey(result) && !(named_profile(&request) && strcmp(request.profile, "none") == 0))
        status = suppress_survey(copy, &request, error);
    else if (status == EST_OK && !result->is_public && !request.internal)
        status = suppress_counts(copy, request.threshold, error);
    if (status == EST_OK) {
        *published = copy;
        copy = NULL;
    }
    est_result_free(copy);
    return status;
}
