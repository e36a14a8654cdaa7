/* All faults of the columns that a scan of a view read, in one more pass: how many records, and which come first. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "data/source_parts.h"
#include "data/view_parts.h"

static void append_tally(est_i_text *words, const char *name, const est_i_view_tally *tally)
{
    long long shown = tally->count < EST_I_TALLY_RECORDS ? tally->count : EST_I_TALLY_RECORDS;
    est_i_text_printf(words, "\n  %s: %lld record%s (", name, tally->count, tally->count == 1 ? "" : "s");
    for (long long i = 0; i < shown; i++)
        est_i_text_printf(words, "%s%lld", i ? ", " : "", tally->first[i]);
    est_i_text_append(words, shown < tally->count ? ", ...)" : ")");
}

/* Columns of the file first, in the order in which they were named, then refusals. */
static size_t append_tallies(const est_i_view_plan *plan, const est_i_view_tally *tallies, est_i_text *words)
{
    size_t n = plan->n_variables, faulty = 0;
    for (size_t i = 0; i < n + plan->n_refusals; i++) {
        const char *name;
        if (tallies[i].count == 0)
            continue;
        if (i < n)
            name = est_source_column_name(plan->base, plan->readings[plan->variables[i].index].column);
        else
            name = plan->refusals[i - n].message;
        append_tally(words, name, &tallies[i]);
        faulty++;
    }
    return faulty;
}

/* As many whole lines as there is room for. */
static void add_to_message(est_error *error, const char *words)
{
    static const char more[] = "\n  ...";
    size_t used = strlen(error->message), length = strlen(words);
    size_t room = sizeof error->message - 1 - used, room_if_cut = room < sizeof more ? 0 : room - (sizeof more - 1);
    bool cut = length > room;
    if (cut) {
        length = room_if_cut;
        while (length > 0 && words[length] != '\n')
            length--;
    }
    if (length > 0) {
        memcpy(error->message + used, words, length);
        memcpy(error->message + used + length, cut ? more : "", cut ? sizeof more : 1);
    }
}

/* Whether it has found any fault. */
static bool explain(est_i_view_plan *plan, est_i_monitor *monitor, est_error *error)
{
    est_i_text words = {0};
    est_error fault;
    bool found = false;
    est_i_view_tally *tallies = calloc(plan->n_variables + plan->n_refusals + 1, sizeof *tallies);
    if (plan->base->view)
        found = explain(plan->base->view, monitor, error);
    if (!found && tallies && est_i_view_count(plan, tallies, monitor, &fault) == EST_OK) {
        est_i_text_append(&words, "\nFaults of the columns that are needed:");
        found = append_tallies(plan, tallies, &words) > 0 && !words.failed;
        if (found)
            add_to_message(error, words.data);
    }
    est_i_text_free(&words);
    free(tallies);
    return found;
}

void est_i_view_explain(est_source *view, est_i_monitor *monitor, est_error *error)
{
    if (view->view && error && error->code == EST_EVALUE && est_source_is_repeatable(view))
        explain(view->view, monitor, error);
}
