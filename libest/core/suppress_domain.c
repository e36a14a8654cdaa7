/* Which parts of a result speak of a domain that is withheld. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "core/suppress_parts.h"
#include "core/text.h"

bool est_i_is_observed(const char *estimand)
{
    return strcmp(estimand, "observed") == 0 || strcmp(estimand, "victims_detected_number") == 0;
}

est_i_meaning est_i_meaning_of(const char *name)
{
    est_i_meaning found = EST_I_MEANS_OTHER;
    if (est_i_is_observed(name) || strcmp(name, "seen") == 0)
        found = EST_I_MEANS_COUNT;
    else if (strstr(name, "unobserved"))
        found = EST_I_MEANS_UNOBSERVED;
    else if (strstr(name, "coverage"))
        found = EST_I_MEANS_COVERAGE;
    else if (strstr(name, "ratio") || strstr(name, "change") || strstr(name, "slope"))
        found = EST_I_MEANS_RELATIVE;
    else if (strcmp(name, "victims_detected_rate") == 0)
        found = EST_I_MEANS_COUNT_RATE;
    else if (strncmp(name, "rate", 4) == 0 || strstr(name, "_rate"))
        found = EST_I_MEANS_RATE;
    else if (strncmp(name, "population", 10) == 0 || strcmp(name, "multinomial_mle") == 0 ||
             strcmp(name, "lower_bound") == 0 || strcmp(name, "victims_estimated_number") == 0)
        found = EST_I_MEANS_PEOPLE;
    return found;
}

static bool has_name(const est_row *domain, const char *name)
{
    bool has = false;
    for (size_t i = 0; i < domain->n_domain && !has; i++)
        has = strcmp(domain->domain[i].name, name) == 0;
    return has;
}

/* Is this label of the domain among those of the row? A label of another name counts where the domain has none of that name: the
 * period that a ratio has for its baseline. Sex 1 at age 2 is not sex 2 at age 1. */
static bool has_label(const est_row *row, const est_row *domain, const est_label *label)
{
    bool has = false;
    for (size_t i = 0; i < row->n_domain && !has; i++)
        has = strcmp(row->domain[i].value, label->value) == 0 &&
              (strcmp(row->domain[i].name, label->name) == 0 || !has_name(domain, row->domain[i].name));
    return has;
}

bool est_i_row_involves(const est_row *row, const est_row *domain)
{
    bool all = true;
    for (size_t i = 0; i < domain->n_domain && all; i++)
        all = has_label(row, domain, &domain->domain[i]);
    return all;
}

bool est_i_domains_agree(const est_row *a, const est_row *b)
{
    return a->n_domain == b->n_domain && est_i_row_involves(a, b) && est_i_row_involves(b, a);
}

/* Persons seen on any list but not detected in the domain. */
static bool few_more_are_seen(const est_i_suppressor *state, const est_row *seen)
{
    bool few = false;
    for (size_t i = 0; i < state->result->n_rows && !few; i++) {
        const est_row *row = &state->result->rows[i];
        double more = seen->estimate - row->estimate;
        few = strcmp(row->estimand, "observed") == 0 && est_i_domains_agree(row, seen) && more > 0 &&
              est_i_is_small(state, more);
    }
    return few;
}

/* Where the smallest cell of the data is not told: more than three lists, or lists without their overlaps, hide it. */
static bool histories_are_unknown(const est_result *result)
{
    const est_frame *lists = est_result_frame_find(result, "lists");
    const est_frame *overlaps = est_result_frame_find(result, "overlaps");
    double k = est_result_stat_value(result, "lists");
    if (lists)
        k = (double)lists->n_rows;
    return k > 3 || (k > 1 && !(overlaps && (double)overlaps->n_rows == k * (k - 1) / 2));
}

static bool is_repeated(const est_chart *chart, size_t category)
{
    const unsigned char *members = chart->membership + category * chart->n_sets;
    bool repeated = false;
    for (size_t i = 0; i < category && !repeated; i++)
        repeated = memcmp(chart->membership + i * chart->n_sets, members, chart->n_sets) == 0;
    return repeated;
}

#define MOST_SETS 8 /* with more, some combination is taken as missing */

/* Is any of the 2^k - 1 combinations not among the categories? */
static bool lacks_combinations(const est_chart *chart)
{
    size_t k = chart->n_sets;
    bool lacks = k == 0 || k > MOST_SETS || chart->n_categories != ((size_t)1 << k) - 1;
    for (size_t c = 0; c < chart->n_categories && !lacks; c++)
        lacks = !memchr(chart->membership + c * k, 1, k) || is_repeated(chart, c);
    return lacks;
}

bool est_i_combinations_give_small(const est_i_suppressor *state, const est_chart *chart)
{
    double smallest = state->result->smallest_count;
    bool small = isnan(smallest) ? lacks_combinations(chart) : est_i_is_small(state, smallest);
    for (size_t s = 0; s < chart->n_series && !small; s++)
        for (size_t c = 0; c < chart->n_categories && !small; c++)
            small = est_i_is_small(state, chart->series[s].value[c]);
    for (size_t i = 0; i < chart->n_sets && !small; i++)
        small = est_i_is_small(state, chart->set_totals[i]);
    return small;
}

/* Captured more often than the frequencies go: n less all of them. */
static bool few_are_beyond(const est_i_suppressor *state)
{
    const est_frame *frame = est_result_frame_find(state->result, "capture_frequencies");
    double beyond = est_i_all_observed(state->result);
    for (size_t i = 0; frame && i < frame->n_rows; i++)
        beyond -= est_i_number_in(frame, i, "persons");
    return frame && beyond > 0 && est_i_is_small(state, beyond);
}

bool est_i_small_counts_follow(const est_i_suppressor *state)
{
    double smallest = state->result->smallest_count;
    bool follow = isnan(smallest) ? histories_are_unknown(state->result) : est_i_is_small(state, smallest);
    follow = follow || few_are_beyond(state);
    for (size_t i = 0; i < state->result->n_rows && !follow; i++)
        if (strcmp(state->result->rows[i].estimand, "seen") == 0)
            follow = few_more_are_seen(state, &state->result->rows[i]);
    for (size_t i = 0; i < state->result->n_charts && !follow; i++)
        follow = state->result->charts[i].kind == EST_CHART_UPSET &&
                 est_i_combinations_give_small(state, &state->result->charts[i]);
    return follow;
}

/* ASCII only: a dash of three bytes must end a word, and an accented letter that does so only links too much.
 */
bool est_i_is_word_byte(char letter)
{
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z');
}

/* Where `value` next stands in `text` as words of its own; NULL if nowhere. */
const char *est_i_find_words(const char *text, const char *value)
{
    size_t length = strlen(value);
    const char *at = length ? strstr(text, value) : NULL;
    while (at && ((at > text && est_i_is_word_byte(at[-1])) || est_i_is_word_byte(at[length])))
        at = strstr(at + 1, value);
    return at;
}

/* Names of domains */

static bool same_labels(const est_row *a, const est_row *b)
{
    bool same = a->n_domain == b->n_domain;
    for (size_t i = 0; i < a->n_domain && same; i++)
        same = strcmp(a->domain[i].name, b->domain[i].name) == 0;
    return same;
}

/* As the reader of strata names its blocks: one separator for all domains of the same labels. */
static const char *name_domain(est_result *result, const est_row *row, uint64_t taken)
{
    est_i_text name = {0};
    for (size_t i = 0; i < row->n_domain; i++) {
        if (i)
            est_i_separator_append(&name, taken);
        est_i_text_append(&name, row->domain[i].value);
    }
    const char *kept = name.failed ? NULL : est_i_result_text(result, name.data ? name.data : "");
    est_i_text_free(&name);
    return kept;
}

static uint64_t separators_taken(const est_result *result, const est_row *like)
{
    uint64_t taken = 0;
    for (size_t i = 0; i < result->n_rows; i++)
        for (size_t j = 0; j < like->n_domain && same_labels(&result->rows[i], like); j++)
            taken |= est_i_separators_in(result->rows[i].domain[j].value);
    return taken;
}

static int compare_domain_names(const void *left, const void *right)
{
    const est_i_domain_name *a = left, *b = right;
    return strcmp(a->text, b->text);
}

bool est_i_domains_name(est_i_suppressor *state)
{
    const est_row *like = NULL;
    uint64_t taken = 0;
    bool fine = true;
    state->names = calloc(state->result->n_rows + 1, sizeof *state->names);
    for (size_t i = 0; i < state->result->n_rows && state->names && fine; i++) {
        const est_row *row = &state->result->rows[i];
        if (row->n_domain == 0)
            continue;
        if (!like || !same_labels(row, like)) {
            like = row;
            taken = separators_taken(state->result, row);
        }
        const char *text = name_domain(state->result, row, taken);
        fine = text != NULL;
        state->names[state->n_names] = (est_i_domain_name){text, row};
        state->n_names += fine;
    }
    if (state->names)
        qsort(state->names, state->n_names, sizeof *state->names, compare_domain_names);
    return state->names && fine;
}

/* The first name that is not before the text. */
static size_t first_name(const est_i_suppressor *state, const char *text)
{
    size_t low = 0, high = state->n_names;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(state->names[middle].text, text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const est_i_domain_name *est_i_domains_named(const est_i_suppressor *state, const char *text, size_t *count)
{
    size_t first = first_name(state, text);
    *count = 0;
    while (first + *count < state->n_names && strcmp(state->names[first + *count].text, text) == 0)
        (*count)++;
    return state->names + first;
}

size_t est_i_joined_name_length(const est_i_suppressor *state, const char *text, const char *at)
{
    size_t longest = 0;
    if (at > text && est_i_is_word_byte(at[-1]))
        return 0;
    for (size_t i = 0; i < state->n_names; i++) {
        size_t length = strlen(state->names[i].text);
        if (state->names[i].row->n_domain > 1 && length > longest && strncmp(at, state->names[i].text, length) == 0 &&
            !est_i_is_word_byte(at[length]))
            longest = length;
    }
    return longest;
}

static bool names_a_domain(const est_i_suppressor *state, const char *text)
{
    size_t count = 0;
    est_i_domains_named(state, text, &count);
    return count > 0;
}

/* Does any joined name stand in the text? */
static bool holds_joined_name(const est_i_suppressor *state, const char *text)
{
    bool holds = false;
    for (size_t i = 0; i < state->n_names && !holds; i++)
        holds = state->names[i].row->n_domain > 1 && est_i_find_words(text, state->names[i].text);
    return holds;
}

/* Does the joined name of the domain stand in the text? */
static bool says_name(const est_i_suppressor *state, const char *text, const est_row *domain)
{
    bool says = false;
    for (size_t i = 0; i < state->n_names && !says; i++)
        says = est_i_domains_agree(state->names[i].row, domain) && est_i_find_words(text, state->names[i].text);
    return says;
}

/* Does the text say this label of the domain? `clear`: another text beside it is the name of a domain, so that words alone do not
 * count. */
static bool says_label(const est_i_suppressor *state, const char *text, const est_row *domain, size_t label, bool clear)
{
    size_t count = 0;
    const est_i_domain_name *names = est_i_domains_named(state, text, &count);
    bool says = false;
    for (size_t i = 0; i < count && !says; i++)
        says = has_label(names[i].row, domain, &domain->domain[label]);
    if (count == 0 && est_i_find_words(text, domain->domain[label].value))
        says = !clear || says_name(state, text, domain);
    return says;
}

bool est_i_text_involves(const est_i_suppressor *state, const char *text, const est_row *domain)
{
    bool all = true;
    for (size_t i = 0; i < domain->n_domain && all; i++)
        all = says_label(state, text, domain, i, false);
    if (all && domain->n_domain > 1 && !names_a_domain(state, text) && holds_joined_name(state, text))
        all = says_name(state, text, domain);
    return all;
}

/* A number says a label only where no text names a domain: codes of strata are small numbers too. */
static bool cell_says(const est_i_suppressor *state, const est_cell *cell, const est_row *domain, size_t label, bool clear)
{
    char number[32];
    if (cell->text)
        return says_label(state, cell->text, domain, label, clear);
    est_i_number_print(cell->number, number);
    return !clear && est_i_find_words(number, domain->domain[label].value) != NULL;
}

/* Is the column, or a plain cell of the row, named after a domain of the same labels? */
static bool is_clear(const est_i_suppressor *state, const est_frame *frame, size_t row, size_t column, const est_row *domain)
{
    bool clear = false;
    for (size_t j = 0; j <= frame->n_columns && !clear; j++) {
        const char *text = j == frame->n_columns ? frame->columns[column] : NULL;
        if (j < frame->n_columns && frame->roles[j] == EST_ROLE_PLAIN)
            text = frame->cells[row * frame->n_columns + j].text;
        size_t count = 0;
        const est_i_domain_name *names = text ? est_i_domains_named(state, text, &count) : NULL;
        for (size_t i = 0; i < count && !clear; i++)
            clear = same_labels(names[i].row, domain);
    }
    return clear;
}

bool est_i_cell_involves(const est_i_suppressor *state, const est_frame *frame, size_t row, size_t column, const est_row *domain)
{
    bool all = true, clear = domain->n_domain > 0 && is_clear(state, frame, row, column, domain);
    for (size_t i = 0; i < domain->n_domain && all; i++) {
        bool found = says_label(state, frame->columns[column], domain, i, clear);
        for (size_t j = 0; j < frame->n_columns && !found; j++)
            found = frame->roles[j] == EST_ROLE_PLAIN &&
                    cell_says(state, &frame->cells[row * frame->n_columns + j], domain, i, clear);
        all = found;
    }
    return all;
}

bool est_i_point_involves(const est_i_suppressor *state, const est_chart *chart, size_t series, size_t category,
                          const est_row *domain)
{
    const char *texts[] = {chart->categories[category], chart->series[series].name, chart->name, chart->title};
    bool all = true, clear = names_a_domain(state, texts[0]) || names_a_domain(state, texts[1]);
    for (size_t i = 0; i < domain->n_domain && all; i++) {
        bool found = false;
        for (size_t j = 0; j < sizeof texts / sizeof texts[0] && !found; j++)
            found = says_label(state, texts[j], domain, i, clear);
        all = found;
    }
    return all;
}

bool est_i_row_is_linked(const est_i_suppressor *state, const est_row *row)
{
    bool linked = false;
    for (size_t i = 0; i < state->n_domains && !linked; i++)
        linked = est_i_row_involves(row, state->domains[i]);
    return linked;
}

bool est_i_cell_is_linked(const est_i_suppressor *state, const est_frame *frame, size_t row, size_t column)
{
    bool linked = false;
    for (size_t i = 0; i < state->n_domains && !linked; i++)
        linked = est_i_cell_involves(state, frame, row, column, state->domains[i]);
    return linked;
}

bool est_i_point_is_linked(const est_i_suppressor *state, const est_chart *chart, size_t series,
                           size_t category)
{
    bool linked = false;
    for (size_t i = 0; i < state->n_domains && !linked; i++)
        linked = est_i_point_involves(state, chart, series, category, state->domains[i]);
    return linked;
}

bool est_i_everything_is_linked(const est_i_suppressor *state)
{
    bool linked = false;
    for (size_t i = 0; i < state->n_domains && !linked; i++)
        linked = state->domains[i]->n_domain == 0;
    return linked;
}

/* The list has one place per row: it cannot overflow. */
void est_i_withhold_domain(est_i_suppressor *state, const est_row *row)
{
    bool known = false;
    for (size_t i = 0; i < state->n_domains && !known; i++)
        known = est_i_domains_agree(state->domains[i], row);
    if (!known)
        state->domains[state->n_domains++] = row;
}
