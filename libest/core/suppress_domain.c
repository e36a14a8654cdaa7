/* Which parts of a result speak of a domain that is withheld. */
#include <math.h>
#include <string.h>

#include "core/suppress_parts.h"
#include "core/text.h"

est_i_meaning est_i_meaning_of(const char *name)
{
    est_i_meaning found = EST_I_MEANS_OTHER;
    if (strcmp(name, "observed") == 0 || strcmp(name, "seen") == 0)
        found = EST_I_MEANS_COUNT;
    else if (strstr(name, "unobserved"))
        found = EST_I_MEANS_UNOBSERVED;
    else if (strstr(name, "coverage"))
        found = EST_I_MEANS_COVERAGE;
    else if (strstr(name, "ratio") || strstr(name, "change") || strstr(name, "slope"))
        found = EST_I_MEANS_RELATIVE;
    else if (strncmp(name, "rate", 4) == 0 || strstr(name, "_rate"))
        found = EST_I_MEANS_RATE;
    else if (strncmp(name, "population", 10) == 0 || strcmp(name, "multinomial_mle") == 0)
        found = EST_I_MEANS_PEOPLE;
    return found;
}

/* Does the row speak of the withheld domain, alone or against another? The empty domain is everything. */
static bool row_involves(const est_row *row, const est_row *domain)
{
    bool all = true;
    for (size_t i = 0; i < domain->n_domain && all; i++) {
        bool found = false;
        for (size_t j = 0; j < row->n_domain && !found; j++)
            found = strcmp(row->domain[j].value, domain->domain[i].value) == 0;
        all = found;
    }
    return all;
}

bool est_i_domains_agree(const est_row *a, const est_row *b)
{
    return a->n_domain == b->n_domain && row_involves(a, b) && row_involves(b, a);
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

bool est_i_small_counts_follow(const est_i_suppressor *state)
{
    double smallest = state->result->smallest_count;
    bool follow = isnan(smallest) ? histories_are_unknown(state->result) : est_i_is_small(state, smallest);
    for (size_t i = 0; i < state->result->n_rows && !follow; i++)
        if (strcmp(state->result->rows[i].estimand, "seen") == 0)
            follow = few_more_are_seen(state, &state->result->rows[i]);
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

bool est_i_text_involves(const char *text, const est_row *domain)
{
    bool all = true;
    for (size_t i = 0; i < domain->n_domain && all; i++)
        all = est_i_find_words(text, domain->domain[i].value) != NULL;
    return all;
}

static bool cell_says(const est_cell *cell, const char *value)
{
    char number[32];
    const char *text = cell->text;
    if (!text) {
        est_i_number_print(cell->number, number);
        text = number;
    }
    return est_i_find_words(text, value) != NULL;
}

bool est_i_cell_involves(const est_frame *frame, size_t row, size_t column, const est_row *domain)
{
    bool all = true;
    for (size_t i = 0; i < domain->n_domain && all; i++) {
        const char *value = domain->domain[i].value;
        bool found = est_i_find_words(frame->columns[column], value) != NULL;
        for (size_t j = 0; j < frame->n_columns && !found; j++)
            found = frame->roles[j] == EST_ROLE_PLAIN &&
                    cell_says(&frame->cells[row * frame->n_columns + j], value);
        all = found;
    }
    return all;
}

bool est_i_point_involves(const est_chart *chart, size_t series, size_t category, const est_row *domain)
{
    bool all = true;
    for (size_t i = 0; i < domain->n_domain && all; i++) {
        const char *value = domain->domain[i].value;
        all = est_i_find_words(chart->categories[category], value) ||
              est_i_find_words(chart->series[series].name, value) || est_i_find_words(chart->name, value) ||
              est_i_find_words(chart->title, value);
    }
    return all;
}

bool est_i_row_is_linked(const est_i_suppressor *state, const est_row *row)
{
    bool linked = false;
    for (size_t i = 0; i < state->n_domains && !linked; i++)
        linked = row_involves(row, state->domains[i]);
    return linked;
}

bool est_i_cell_is_linked(const est_i_suppressor *state, const est_frame *frame, size_t row, size_t column)
{
    bool linked = false;
    for (size_t i = 0; i < state->n_domains && !linked; i++)
        linked = est_i_cell_involves(frame, row, column, state->domains[i]);
    return linked;
}

bool est_i_point_is_linked(const est_i_suppressor *state, const est_chart *chart, size_t series,
                           size_t category)
{
    bool linked = false;
    for (size_t i = 0; i < state->n_domains && !linked; i++)
        linked = est_i_point_involves(chart, series, category, state->domains[i]);
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
