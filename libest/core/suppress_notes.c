/* What notes may tell: words about withheld estimates go with them, and a fact that is a count of zero is a small count. */
#include <stdbool.h>
#include <string.h>

#include "core/suppress_parts.h"
#include "core/text.h"

static bool is_one_of(const char *code, const char *const *codes, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++)
        found = strcmp(code, codes[i]) == 0;
    return found;
}

#define IS_ONE_OF(code, codes) is_one_of(code, codes, sizeof(codes) / sizeof *(codes))

/* Notes whose numbers are orders, models, years and rules, never people. */
static bool counts_nobody(const char *code)
{
    static const char *const codes[] = {
        "search",      "model_known",  "two_lists",     "untestable",  "boundary",     "poor_fit",      "truncated", "window",
        "annualised",  "midpoints",    "no_direction",  "bootstrap",   "few_lists",    "not_estimable", "tail",      "linkage",
        "order_matters", "lower_bound", "normal_error", "negative_etas", "not_asked",  "no_upper_limit", "simex",    "chao_bound",
        "better_matching"};
    return IS_ONE_OF(code, codes);
}

/* Notes that say, of lists or models by name, that some count is exactly zero. */
static bool tells_zero(const char *code)
{
    static const char *const codes[] = {"small_list", "no_overlap", "empty_overlaps", "minus_infinity", "boundary", "sampling_zeros",
                                        "better_on_the_boundary", "empty_strata"};
    return IS_ONE_OF(code, codes);
}

/* Notes with numbers that are functions of the exact table. */
static bool holds_fits(const char *code)
{
    static const char *const codes[] = {"average",          "excluded_weight", "replicates_without_estimate", "estimator",
                                        "change_explained", "pairs_agree",     "pairs_disagree",
                                        "dependence_sensitivity"};
    return IS_ONE_OF(code, codes);
}

/* Notes that are the same whatever the table, or speak of n alone. All others are about estimates. */
static bool is_about_no_fit(const char *code)
{
    static const char *const codes[] = {"two_lists", "untestable", "chao_bound",   "linkage", "simex",    "diagnostics_missing",
                                        "strata",    "not_asked",  "denominator",  "window",  "repeated", "better_matching",
                                        "truncated", "annualised", "no_direction", "up_to",   "overlap",  "few_persons",
                                        "few_lists", "midpoints"};
    return IS_ONE_OF(code, codes);
}

/* Which models have no estimate, and how they differ, with up to fifteen models of a few frequencies. */
static bool is_side_by_side(const est_i_suppressor *state, const char *code)
{
    static const char *const codes[] = {"near_ties",  "tail",       "order_matters", "negative_etas",  "normal_error",
                                        "sigma_zero", "large_bias", "no_estimate",   "no_upper_limit", "model_known"};
    return est_i_is_method(state, "heterogeneity") && IS_ONE_OF(code, codes);
}

static bool is_left_out(const est_i_suppressor *state, const est_note *note)
{
    bool range = strncmp(note->code, "pairs_", 6) == 0 && state->n_fits > 0;
    return tells_zero(note->code) || range || is_side_by_side(state, note->code) ||
           (!is_about_no_fit(note->code) && est_i_text_has_no_fit(state, note->message));
}

/* Texts in parts */

static const char *keep(est_i_suppressor *state, est_i_text *text)
{
    const char *kept = text->failed || !text->data ? NULL : est_i_result_text(state->result, text->data);
    state->failed = state->failed || !kept;
    est_i_text_free(text);
    return kept ? kept : "";
}

/* Up to the words from which on a text says which models have no estimate. */
static const char *cut_before(est_i_suppressor *state, const char *message, const char *words)
{
    const char *at = strstr(message, words);
    est_i_text text = {0};
    if (!at)
        return message;
    est_i_text_append_bytes(&text, message, (size_t)(at - message));
    return keep(state, &text);
}

/* "some" for the number before these words. */
static const char *some_of(est_i_suppressor *state, const char *message, const char *words)
{
    const char *at = strstr(message, words);
    est_i_text text = {0};
    if (!at)
        return message;
    est_i_text_append(&text, "some ");
    est_i_text_append(&text, at);
    return keep(state, &text);
}

/* Where the clause with these words begins: at the name of its stratum, if it has one. */
static const char *clause_start(const est_i_suppressor *state, const char *from, const char *words)
{
    const char *start = words;
    for (size_t i = 0; i < state->n_names; i++) {
        size_t length = strlen(state->names[i].text) + 2;
        const char *at = (size_t)(words - from) >= length ? words - length : NULL;
        if (at && at < start && strncmp(at, state->names[i].text, length - 2) == 0 && strncmp(words - 2, ": ", 2) == 0)
            start = at;
    }
    return start;
}

/* The gates that are not met, less those about lists that share nobody; "" if no other is left. */
static const char *publish_gates(est_i_suppressor *state, const char *message)
{
    static const char alone[] = "each list shares persons with another", head[] = "not met: ", comma[] = ", ";
    const char *from = strstr(message, head), *at = message, *found;
    est_i_text text = {0};
    bool any = false;
    if (!from || !strstr(message, alone))
        return message;
    from += strlen(head);
    est_i_text_append_bytes(&text, message, (size_t)(from - message));
    for (at = from; (found = strstr(at, alone)) != NULL;) {
        const char *start = clause_start(state, at, found), *end = start;
        if (end > at && end - at >= 2 && strncmp(end - 2, comma, 2) == 0)
            end -= 2;
        if (end > at && any && strncmp(at, comma, 2) != 0)
            est_i_text_append(&text, comma);
        est_i_text_append_bytes(&text, at, (size_t)(end - at));
        any = any || end > at;
        at = found + strlen(alone);
        if (!any && strncmp(at, comma, 2) == 0)
            at += 2;
    }
    any = any || *at != '.';
    est_i_text_append(&text, at);
    if (!any) {
        est_i_text_free(&text);
        return "";
    }
    return keep(state, &text);
}

/* Of the gates in a verdict: is one not met that may be told? */
static bool fails_other_gates(const char *clause, size_t length)
{
    static const char comma[] = ", ";
    const char *end = clause + length, *open = memchr(clause, '(', length);
    bool other = false;
    for (const char *at = open ? open + 1 : end; at < end && !other;) {
        const char *next = strstr(at, comma);
        next = next && next < end ? next + 2 : end;
        other = strncmp(at, "at least", 8) == 0 || strncmp(at, "the ", 4) == 0;
        at = next;
    }
    return other;
}

#define CLAUSE_IS(clause, words) (strncmp(clause, words, sizeof(words) - 1) == 0)

static bool clause_tells_zero(const char *clause, size_t length)
{
    bool gates = CLAUSE_IS(clause, "minimum-data gates");
    return CLAUSE_IS(clause, "the model takes combinations that nobody has") || CLAUSE_IS(clause, "the fit lies on the boundary") ||
           CLAUSE_IS(clause, "lists share nobody") || (gates && !fails_other_gates(clause, length));
}

/* Clauses are parted by semicolons; those in brackets belong to names. */
static const char *clause_end(const char *at, const char *end)
{
    int depth = 0;
    for (; at < end && !(depth <= 0 && strncmp(at, "; ", 2) == 0); at++)
        depth += (*at == '(') - (*at == ')');
    return at;
}

/* The verdict of `mse --diagnose`, less what tells a zero. It says so in either case: that nothing is left out would tell too. */
static void publish_verdict(est_i_suppressor *state, est_note *note)
{
    static const char head[] = "They say: ", tail[] = ". Do not publish";
    const char *from = strstr(note->message, head), *end = from ? strstr(from, tail) : NULL;
    est_i_text clauses = {0}, text = {0};
    size_t count = 0;
    for (const char *at = end ? from + strlen(head) : NULL, *next; at && at < end; at = next) {
        const char *open = memchr(at, '(', (size_t)(end - at)), *stop = clause_end(at, end);
        next = stop < end ? stop + 2 : end;
        if (clause_tells_zero(at, (size_t)(stop - at)))
            continue;
        if (CLAUSE_IS(at, "minimum-data gates") && open && open > at && open < stop)
            stop = open - 1;
        est_i_text_append(&clauses, count++ ? "; " : "");
        est_i_text_append_bytes(&clauses, at, (size_t)(stop - at));
    }
    if (count)
        est_i_text_printf(&text, "Diagnostics that alarm: %zu. They say: %s. Do not publish the estimate without these findings "
                          "beside it.", count, clauses.data ? clauses.data : "");
    else
        est_i_text_append(&text, "No diagnostic that can be published alarms. The lists cannot confirm the estimate either: a "
                          "dependence of all lists at once, people who can be on no list, and errors of linkage leave no trace "
                          "in these tables.");
    est_i_text_append(&text, " Whether the fit lies on the boundary, and which lists share nobody, is withheld.");
    note->severity = count ? EST_WARNING : EST_NOTE;
    state->failed = state->failed || clauses.failed;
    est_i_text_free(&clauses);
    note->message = keep(state, &text);
}

static void publish_note(est_i_suppressor *state, est_note *note)
{
    bool all_numbers = est_i_everything_is_linked(state) || strcmp(note->code, "repeated") == 0;
    if (state->any && strcmp(note->code, "verdict") == 0)
        publish_verdict(state, note);
    else if (state->any && strcmp(note->code, "search") == 0)
        note->message = cut_before(state, note->message, ", of which");
    else if (state->any && strcmp(note->code, "replicates_without_estimate") == 0)
        note->message = some_of(state, note->message, "bootstrap replicates");
    else if (state->any && strcmp(note->code, "lower_bound") == 0)
        note->message = cut_before(state, note->message, ". Nobody was captured exactly twice");
    else if (state->any && strcmp(note->code, "gates") == 0)
        note->message = publish_gates(state, note->message);
    if (!counts_nobody(note->code))
        note->message =
            est_i_suppress_text(state, note->message, all_numbers || (state->any && holds_fits(note->code)));
}

void est_i_suppress_notes(est_i_suppressor *state)
{
    est_result *result = state->result;
    size_t kept = 0;
    for (size_t i = 0; i < result->n_notes; i++) {
        est_note note = result->notes[i];
        if (state->any && is_left_out(state, &note))
            continue;
        publish_note(state, &note);
        if (*note.message)
            result->notes[kept++] = note;
    }
    result->n_notes = kept;
}
