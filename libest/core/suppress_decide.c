/* Which counts are withheld: primary, complementary, and by domain. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/suppress_parts.h"

bool est_i_is_small(const est_i_suppressor *state, double value)
{
    return value >= 0 && value < state->threshold;
}

/* Rows */

static bool same_kind(const est_row *a, const est_row *b)
{
    bool same = strcmp(a->estimand, b->estimand) == 0 && strcmp(a->model, b->model) == 0 &&
                a->n_domain == b->n_domain;
    for (size_t i = 0; i < a->n_domain && same; i++)
        same = strcmp(a->domain[i].name, b->domain[i].name) == 0;
    return same;
}

/* Do both rows belong to one group: of one kind, with the same values of these labels? */
static bool same_group(const est_row *a, const est_row *b, uint32_t labels)
{
    bool same = same_kind(a, b);
    for (size_t i = 0; i < a->n_domain && same; i++)
        same = !(labels >> i & 1) || strcmp(a->domain[i].value, b->domain[i].value) == 0;
    return same;
}

static bool is_first_hidden(const est_result *result, const bool *hidden, size_t seed, uint32_t labels)
{
    bool first = true;
    for (size_t i = 0; i < seed && first; i++)
        first = !hidden[i] || !same_group(&result->rows[i], &result->rows[seed], labels);
    return first;
}

#define MOST_LABELS 8 /* of which every combination is looked at */

/* The label "period" among several; 0 = none. */
static uint32_t period_of(const est_row *row)
{
    uint32_t period = 0;
    for (size_t i = 0; i < row->n_domain && row->n_domain > 1 && row->n_domain <= MOST_LABELS; i++)
        period |= strcmp(row->domain[i].name, "period") == 0 ? (uint32_t)1 << i : 0;
    return period;
}

/* Do the rows with the same values of these labels add up to a sum that may be known? All of a kind do: strata add up to the row of
 * all. With several labels also those of each value of each label: those sums are not shown, but another publication may hold them.
 * Windows are never added up, so groups within a period add up in that period alone; there, by any of their other labels. */
static bool adds_up(const est_row *row, uint32_t labels)
{
    uint32_t period = period_of(row), all = ((uint32_t)1 << row->n_domain) - 1;
    if (period)
        return (labels & period) && labels != all;
    return labels == 0 || (row->n_domain > 1 && !(labels & (labels - 1)));
}

static void collect_rows(const est_result *result, const double *values, const bool *hidden, size_t seed,
                         est_i_groups *groups)
{
    const est_row *row = &result->rows[seed];
    for (uint32_t labels = 0; labels < (uint32_t)1 << row->n_domain; labels++) {
        bool first = adds_up(row, labels) && is_first_hidden(result, hidden, seed, labels);
        for (size_t i = 0; i < result->n_rows && first; i++)
            if (!isnan(values[i]) && same_group(row, &result->rows[i], labels))
                est_i_groups_add(groups, i);
        est_i_groups_end(groups);
    }
}

/* Only groups with something withheld in them matter, and each such group has a withheld seed. */
static bool close_rows(est_i_suppressor *state, const double *values, bool *hidden)
{
    est_i_groups groups = {0};
    bool changed;
    for (size_t i = 0; i < state->result->n_rows; i++)
        if (hidden[i])
            collect_rows(state->result, values, hidden, i, &groups);
    changed = est_i_groups_close(&groups, values, hidden, state->result->n_rows, state->threshold);
    state->failed = state->failed || groups.failed;
    est_i_groups_free(&groups);
    return changed;
}

/* One pass over counts and n of all rows. */
static bool pass_rows(est_i_suppressor *state)
{
    const est_result *result = state->result;
    size_t n = result->n_rows, before = state->n_domains;
    double *values = calloc(2 * n + 1, sizeof *values);
    bool changed = false;
    if (values) {
        for (size_t i = 0; i < n; i++) {
            const est_row *row = &result->rows[i];
            bool linked = est_i_row_is_linked(state, row);
            values[i] = est_i_meaning_of(row->estimand) == EST_I_MEANS_COUNT ? row->estimate : NAN;
            values[n + i] = row->n;
            state->counts[i] =
                state->counts[i] || est_i_is_small(state, values[i]) || (linked && !isnan(values[i]));
            state->ns[i] = state->ns[i] || est_i_is_small(state, row->n) || (linked && !isnan(row->n));
        }
        changed = close_rows(state, values, state->counts);
        changed = close_rows(state, values + n, state->ns) || changed;
        for (size_t i = 0; i < n; i++) {
            const est_row *row = &result->rows[i];
            bool observed = state->counts[i] && est_i_is_observed(row->estimand);
            if (observed || (state->ns[i] && est_i_meaning_of(row->estimand) != EST_I_MEANS_RELATIVE))
                est_i_withhold_domain(state, row);
        }
    } else {
        state->failed = true;
    }
    free(values);
    return changed || state->n_domains != before;
}

/* Frames */

/* A word of a cell: a history "A:B" has the words A, B and A:B, so that the total of list A is a subtotal
 * too. The name of a domain of several labels has the values of its labels: sex 1 is another word than age 1. */
typedef struct word {
    const char *text; /* NULL for a number */
    size_t length;
    double number;
    size_t row;
    size_t label; /* of the domain, from 1; 0 = no label */
} word;

static int compare_words(const void *left, const void *right)
{
    const word *a = left, *b = right;
    int order = (a->text != NULL) - (b->text != NULL);
    if (order == 0)
        order = (a->label > b->label) - (a->label < b->label);
    if (order == 0 && a->text) {
        order = (a->length > b->length) - (a->length < b->length);
        if (order == 0)
            order = memcmp(a->text, b->text, a->length);
    } else if (order == 0) {
        order = (a->number > b->number) - (a->number < b->number);
    }
    return order;
}

static int compare_words_then_rows(const void *left, const void *right)
{
    const word *a = left, *b = right;
    int order = compare_words(left, right);
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

#define WORD_BREAKS ":,+&| "

/* The domain of several labels that this text names; NULL = none. */
static const est_row *domain_of_labels(const est_i_suppressor *state, const char *text)
{
    size_t count = 0;
    const est_i_domain_name *names = est_i_domains_named(state, text, &count);
    return count && names->row->n_domain > 1 ? names->row : NULL;
}

static size_t split_labels(const est_row *domain, const char *text, size_t row, word *words)
{
    for (size_t i = 0; i < domain->n_domain && words; i++)
        words[i] = (word){domain->domain[i].value, strlen(domain->domain[i].value), 0, row, i + 1};
    if (words)
        words[domain->n_domain] = (word){text, strlen(text), 0, row, 0};
    return domain->n_domain + 1;
}

/* The words of a text, and the text as a whole where it has several. `words` NULL: only counts them. */
static size_t split_words(const est_i_suppressor *state, const char *text, size_t row, word *words)
{
    const est_row *domain = domain_of_labels(state, text);
    size_t count = 0;
    if (domain)
        return split_labels(domain, text, row, words);
    for (const char *at = text + strspn(text, WORD_BREAKS); *at; at += strspn(at, WORD_BREAKS)) {
        size_t length = strcspn(at, WORD_BREAKS);
        if (words)
            words[count] = (word){at, length, 0, row, 0};
        count++;
        at += length;
    }
    if (count > 1) {
        if (words)
            words[count] = (word){text, strlen(text), 0, row, 0};
        count++;
    }
    return count;
}

/* All words of a column in order; NULL without memory. */
static word *column_words(const est_i_suppressor *state, const est_frame *frame, size_t column, size_t *count)
{
    size_t room = 0, used = 0;
    word *words;
    for (size_t i = 0; i < frame->n_rows; i++) {
        const char *text = frame->cells[i * frame->n_columns + column].text;
        room += text ? split_words(state, text, i, NULL) : 1;
    }
    words = calloc(room + 1, sizeof *words);
    for (size_t i = 0; i < frame->n_rows && words; i++) {
        const est_cell *cell = &frame->cells[i * frame->n_columns + column];
        if (cell->text)
            used += split_words(state, cell->text, i, words + used);
        else if (!isnan(cell->number))
            words[used++] = (word){NULL, 0, cell->number, i, 0};
    }
    if (words)
        qsort(words, used, sizeof *words, compare_words_then_rows);
    *count = used;
    return words;
}

/* The words of every plain column, made once per frame; NULL for other columns. */
typedef struct frame_words {
    word **words;
    size_t *counts;
} frame_words;

static void words_free(frame_words *all, size_t n_columns)
{
    for (size_t j = 0; j < n_columns && all->words; j++)
        free(all->words[j]);
    free(all->words);
    free(all->counts);
}

static bool words_make(const est_i_suppressor *state, const est_frame *frame, frame_words *all)
{
    bool fine;
    all->words = calloc(frame->n_columns + 1, sizeof *all->words);
    all->counts = calloc(frame->n_columns + 1, sizeof *all->counts);
    fine = all->words && all->counts;
    for (size_t j = 0; j < frame->n_columns && fine; j++) {
        if (frame->roles[j] == EST_ROLE_PLAIN) {
            all->words[j] = column_words(state, frame, j, &all->counts[j]);
            fine = all->words[j] != NULL;
        }
    }
    return fine;
}

/* Where the run of one word ends. */
static size_t run_end(const word *words, size_t count, size_t from)
{
    size_t to = from;
    while (to < count && compare_words(&words[from], &words[to]) == 0)
        to++;
    return to;
}

typedef struct subtotal {
    const est_frame *frame;
    const double *values;
    size_t column;      /* of counts */
    const bool *inside; /* rows to which the subtotal is limited; NULL = all */
} subtotal;

/* A group of the column's counts for each word of another column. */
static void collect_words(const subtotal *of, const word *words, size_t count, est_i_groups *groups)
{
    for (size_t from = 0, to; from < count; from = to) {
        to = run_end(words, count, from);
        for (size_t i = from; i < to; i++) {
            size_t cell = words[i].row * of->frame->n_columns + of->column;
            bool repeated = i > from && words[i].row == words[i - 1].row;
            if (!repeated && !isnan(of->values[cell]) && (!of->inside || of->inside[words[i].row]))
                est_i_groups_add(groups, cell);
        }
        est_i_groups_end(groups);
    }
}

/* The same within each word of column `by`: the total of a list within a period. */
static bool collect_pairs(const subtotal *of, const frame_words *all, size_t by, est_i_groups *groups)
{
    const word *words = all->words[by];
    bool *inside = calloc(of->frame->n_rows + 1, sizeof *inside);
    subtotal within = *of;
    within.inside = inside;
    for (size_t from = 0, to; inside && from < all->counts[by]; from = to) {
        to = run_end(words, all->counts[by], from);
        memset(inside, 0, of->frame->n_rows * sizeof *inside);
        for (size_t i = from; i < to; i++)
            inside[words[i].row] = true;
        for (size_t j = 0; j < of->frame->n_columns && to - from > 1; j++)
            if (j != by && all->words[j])
                collect_words(&within, all->words[j], all->counts[j], groups);
    }
    free(inside);
    return inside != NULL;
}

/* Does a text column say the same more than once? Then subtotals within it are likely to be known. */
static bool is_factor(const est_frame *frame, const frame_words *all, size_t column)
{
    const word *words = all->words[column];
    bool repeats = false;
    for (size_t i = 1; i < all->counts[column] && !repeats; i++)
        repeats = words[i].text == frame->cells[words[i].row * frame->n_columns + column].text &&
                  words[i].text && words[i].text[words[i].length] == '\0' &&
                  compare_words(&words[i - 1], &words[i]) == 0;
    return repeats;
}

/* Counts of one row under columns that name domains of several labels: those of one label may be added up.
 * `domains`: of each column. */
static void collect_labels(const est_frame *frame, const double *values, size_t row, size_t column, const est_row *const *domains,
                           est_i_groups *groups)
{
    for (size_t label = 0; domains[column] && label < domains[column]->n_domain; label++) {
        bool first = true;
        for (size_t j = 0; j < frame->n_columns && first; j++) {
            bool same = domains[j] && domains[j]->n_domain == domains[column]->n_domain &&
                        strcmp(domains[j]->domain[label].value, domains[column]->domain[label].value) == 0;
            first = !same || j >= column;
            if (same && first && !isnan(values[row * frame->n_columns + j]))
                est_i_groups_add(groups, row * frame->n_columns + j);
        }
        est_i_groups_end(groups);
    }
}

/* Groups of the rows of a frame: all counts of a row, and by the labels of their columns. */
static bool collect_rows_of_frame(const est_i_suppressor *state, const est_frame *frame, const double *values, est_i_groups *groups)
{
    const est_row **domains = calloc(frame->n_columns + 1, sizeof *domains);
    bool fine = domains != NULL;
    for (size_t j = 0; j < frame->n_columns && domains; j++)
        domains[j] = frame->roles[j] == EST_ROLE_COUNT ? domain_of_labels(state, frame->columns[j]) : NULL;
    for (size_t i = 0; i < frame->n_rows && domains; i++) {
        for (size_t j = 0; j < frame->n_columns; j++)
            if (!isnan(values[i * frame->n_columns + j]))
                est_i_groups_add(groups, i * frame->n_columns + j);
        est_i_groups_end(groups);
        for (size_t j = 0; j < frame->n_columns; j++)
            collect_labels(frame, values, i, j, domains, groups);
    }
    free(domains);
    return fine;
}

/* Groups of a frame: each count column, its subtotals by every word, those within a factor, and each row. */
static bool collect_frame(const est_i_suppressor *state, const est_frame *frame, const double *values, est_i_groups *groups)
{
    frame_words all = {NULL, NULL};
    bool fine = words_make(state, frame, &all);
    for (size_t j = 0; j < frame->n_columns && fine; j++) {
        subtotal whole = {frame, values, j, NULL};
        if (frame->roles[j] != EST_ROLE_COUNT)
            continue;
        for (size_t i = 0; i < frame->n_rows; i++)
            if (!isnan(values[i * frame->n_columns + j]))
                est_i_groups_add(groups, i * frame->n_columns + j);
        est_i_groups_end(groups);
        for (size_t by = 0; by < frame->n_columns && fine; by++) {
            if (all.words[by])
                collect_words(&whole, all.words[by], all.counts[by], groups);
            if (all.words[by] && is_factor(frame, &all, by))
                fine = collect_pairs(&whole, &all, by, groups);
        }
    }
    fine = fine && collect_rows_of_frame(state, frame, values, groups);
    words_free(&all, frame->n_columns);
    return fine;
}

/* Does the frame divide people by the lists they are on? Then a count equal to the observed one is everybody by
 * chance, and no repetition. */
static bool is_by_lists(const est_frame *frame)
{
    bool found = false;
    for (size_t j = 0; j < frame->n_columns && !found; j++)
        found = frame->roles[j] == EST_ROLE_PLAIN &&
                (strcmp(frame->columns[j], "list") == 0 || strcmp(frame->columns[j], "history") == 0);
    return found;
}

/* A cell that repeats the observed count of a domain withholds the domain with it. Not where the two are equal by
 * chance: a domain that is withheld although it is large would say so. */
static void withhold_named_domain(est_i_suppressor *state, const est_frame *frame, size_t row, size_t column)
{
    double value = frame->cells[row * frame->n_columns + column].number;
    for (size_t i = 0; i < state->result->n_rows; i++) {
        const est_row *other = &state->result->rows[i];
        if (other->n_domain > 0 && est_i_is_observed(other->estimand) && other->estimate == value &&
            est_i_cell_involves(state, frame, row, column, other))
            est_i_withhold_domain(state, other);
    }
}

/* Is this cell the observed count of the domain that its row names, or of everybody if it names none? */
static bool repeats_observed(const est_i_suppressor *state, const est_frame *frame, size_t row, double value)
{
    bool named = false, repeats = false;
    for (size_t j = 0; j < frame->n_columns; j++) {
        const char *text = frame->cells[row * frame->n_columns + j].text;
        size_t count = 0;
        const est_i_domain_name *names = text ? est_i_domains_named(state, text, &count) : NULL;
        for (size_t i = 0; i < count; i++)
            repeats = repeats || (est_i_is_observed(names[i].row->estimand) && names[i].row->estimate == value);
        named = named || count > 0;
    }
    for (size_t i = 0; i < state->result->n_rows && !named; i++) {
        const est_row *other = &state->result->rows[i];
        repeats = repeats || (other->n_domain == 0 && est_i_is_observed(other->estimand) && other->estimate == value);
    }
    return repeats;
}

static bool is_gates(const est_frame *frame)
{
    return strcmp(frame->name, "gates") == 0;
}

/* The frame "gates" holds counts of several kinds in one column, which add up to nothing: n, which is withheld with its domain, and
 * the smallest of the list totals, which are shown elsewhere if at all. */
static bool pass_gates(est_i_suppressor *state, size_t index)
{
    const est_frame *frame = &state->result->frames[index];
    bool changed = false;
    for (size_t i = 0; i < frame->n_rows * frame->n_columns; i++) {
        size_t row = i / frame->n_columns, column = i % frame->n_columns;
        const est_cell *cell = &frame->cells[i];
        bool is_count = frame->roles[column] == EST_ROLE_COUNT && !cell->text && !isnan(cell->number);
        bool exact = state->result->smallest_count >= state->threshold;
        if (!is_count || state->cells[index][i])
            continue;
        state->cells[index][i] = est_i_is_small(state, cell->number) || est_i_cell_is_linked(state, frame, row, column) ||
                                 (!exact && !repeats_observed(state, frame, row, cell->number));
        changed = changed || state->cells[index][i];
    }
    return changed;
}

static bool pass_frame(est_i_suppressor *state, size_t index)
{
    const est_frame *frame = &state->result->frames[index];
    size_t n = frame->n_rows * frame->n_columns, before = state->n_domains;
    bool *hidden = state->cells[index];
    double *values = calloc(n + 1, sizeof *values);
    est_i_groups groups = {0};
    bool changed = false;
    if (values) {
        for (size_t i = 0; i < n; i++) {
            size_t row = i / frame->n_columns, column = i % frame->n_columns;
            bool is_count = frame->roles[column] == EST_ROLE_COUNT && !frame->cells[i].text;
            values[i] = is_count ? frame->cells[i].number : NAN;
            hidden[i] = hidden[i] || est_i_is_small(state, values[i]) ||
                        (!isnan(values[i]) && est_i_cell_is_linked(state, frame, row, column));
        }
        if (!collect_frame(state, frame, values, &groups))
            groups.failed = true;
        changed = est_i_groups_close(&groups, values, hidden, n, state->threshold);
        for (size_t i = 0; i < n && !is_by_lists(frame); i++)
            if (hidden[i])
                withhold_named_domain(state, frame, i / frame->n_columns, i % frame->n_columns);
    } else {
        state->failed = true;
    }
    free(values);
    state->failed = state->failed || groups.failed;
    est_i_groups_free(&groups);
    return changed || state->n_domains != before;
}

/* Charts */

/* Groups: each series, and each category across series. */
static void collect_chart(const est_chart *chart, const double *values, est_i_groups *groups)
{
    size_t n = chart->n_categories;
    for (size_t s = 0; s < chart->n_series; s++) {
        for (size_t c = 0; c < n; c++)
            if (!isnan(values[s * n + c]))
                est_i_groups_add(groups, s * n + c);
        est_i_groups_end(groups);
    }
    for (size_t c = 0; c < n; c++) {
        for (size_t s = 0; s < chart->n_series; s++)
            if (!isnan(values[s * n + c]))
                est_i_groups_add(groups, s * n + c);
        est_i_groups_end(groups);
    }
}

static void withhold_charted_domain(est_i_suppressor *state, const est_chart *chart, size_t series,
                                    size_t category)
{
    double value = chart->series[series].value[category];
    for (size_t i = 0; i < state->result->n_rows; i++) {
        const est_row *other = &state->result->rows[i];
        if (other->n_domain > 0 && est_i_is_observed(other->estimand) && other->estimate == value &&
            est_i_point_involves(state, chart, series, category, other))
            est_i_withhold_domain(state, other);
    }
}

/* How many are in each combination of lists: all of it or nothing, for list totals, overlaps and n add up to one another. */
static bool pass_upset(est_i_suppressor *state, size_t index)
{
    const est_chart *chart = &state->result->charts[index];
    size_t n = chart->n_series * chart->n_categories;
    bool changed = false, withhold = est_i_combinations_give_small(state, chart);
    for (size_t i = 0; i < n && !withhold; i++)
        withhold = est_i_point_is_linked(state, chart, i / chart->n_categories, i % chart->n_categories);
    for (size_t i = 0; i < n && withhold; i++) {
        changed = changed || !state->points[index][i];
        state->points[index][i] = true;
    }
    return changed;
}

static bool pass_chart(est_i_suppressor *state, size_t index)
{
    const est_chart *chart = &state->result->charts[index];
    size_t n = chart->n_series * chart->n_categories, before = state->n_domains;
    bool *hidden = state->points[index];
    double *values = calloc(n + 1, sizeof *values);
    est_i_groups groups = {0};
    bool changed = false;
    if (values) {
        for (size_t i = 0; i < n; i++) {
            size_t s = i / chart->n_categories, c = i % chart->n_categories;
            values[i] = chart->series[s].role == EST_ROLE_COUNT ? chart->series[s].value[c] : NAN;
            hidden[i] = hidden[i] || est_i_is_small(state, values[i]) ||
                        (!isnan(values[i]) && est_i_point_is_linked(state, chart, s, c));
        }
        collect_chart(chart, values, &groups);
        changed = est_i_groups_close(&groups, values, hidden, n, state->threshold);
        for (size_t i = 0; i < n; i++)
            if (hidden[i])
                withhold_charted_domain(state, chart, i / chart->n_categories, i % chart->n_categories);
    } else {
        state->failed = true;
    }
    free(values);
    state->failed = state->failed || groups.failed;
    est_i_groups_free(&groups);
    return changed || state->n_domains != before;
}

/* Stats: one group, without the total (the largest), which stays unless it is small. */
static bool pass_stats(est_i_suppressor *state)
{
    const est_result *result = state->result;
    size_t n = result->n_stats;
    double *values = calloc(n + 1, sizeof *values);
    double largest = -1;
    est_i_groups groups = {0};
    bool changed = false;
    if (values) {
        for (size_t i = 0; i < n; i++) {
            const est_stat *stat = &result->stats[i];
            values[i] = stat->is_count && !stat->text ? stat->value : NAN;
            state->stats[i] = state->stats[i] || est_i_is_small(state, values[i]) ||
                              (!isnan(values[i]) && est_i_everything_is_linked(state));
            largest = values[i] > largest ? values[i] : largest;
        }
        for (size_t i = 0; i < n; i++)
            if (!isnan(values[i]) && values[i] != largest)
                est_i_groups_add(&groups, i);
        est_i_groups_end(&groups);
        changed = est_i_groups_close(&groups, values, state->stats, n, state->threshold);
    } else {
        state->failed = true;
    }
    free(values);
    state->failed = state->failed || groups.failed;
    est_i_groups_free(&groups);
    return changed;
}

void est_i_suppress_decide(est_i_suppressor *state)
{
    bool changed = true;
    while (changed && !state->failed) {
        changed = pass_rows(state);
        for (size_t i = 0; i < state->result->n_frames; i++)
            changed = (is_gates(&state->result->frames[i]) ? pass_gates(state, i) : pass_frame(state, i)) || changed;
        for (size_t i = 0; i < state->result->n_charts; i++)
            changed = (state->result->charts[i].kind == EST_CHART_UPSET ? pass_upset(state, i) : pass_chart(state, i)) || changed;
        changed = pass_stats(state) || changed;
        changed = est_i_suppress_margins(state) || changed;
    }
}

static bool any_of(const bool *flags, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count && !any; i++)
        any = flags[i];
    return any;
}

bool est_i_anything_withheld(const est_i_suppressor *state)
{
    const est_result *result = state->result;
    bool any = any_of(state->counts, result->n_rows) || any_of(state->ns, result->n_rows) ||
               any_of(state->stats, result->n_stats);
    for (size_t i = 0; i < result->n_frames && !any; i++)
        any = any_of(state->cells[i], result->frames[i].n_rows * result->frames[i].n_columns);
    for (size_t i = 0; i < result->n_charts && !any; i++)
        any = any_of(state->points[i], result->charts[i].n_series * result->charts[i].n_categories);
    return any;
}
