/* Small counts that nobody prints but everybody can subtract: persons on one list and not on another.
 *
 * By convention the frame "lists" holds the persons on each list and the frame "overlaps" those on both lists
 * of a pair (its first two columns), in count columns of the same names, one a domain (a period or a stratum, by
 * its name); n is the domain's row "observed". A list that was not at work in a domain has no counts there, and is
 * none of its lists. With n, two lists and their overlap give four counts: on both, on one only (twice), on neither.
 * With three lists all seven capture histories follow by inclusion and exclusion. With four or more the
 * histories are not known here, and one of them is taken as small unless the result knows its smallest cell.
 *
 * With a small history all overlaps of the domain go, and n and the list totals are rounded. What they then
 * say is n >= any total and n <= the sum of the totals; both leave room: see protect_complements and
 * protect_union. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/suppress_parts.h"

/* One domain: a count column of "lists" and the same of "overlaps". */
typedef struct margins {
    est_i_suppressor *state;
    const est_frame *lists, *overlaps;
    size_t column, overlap_column;
    double n;
} margins;

static double cell_number(const est_frame *frame, size_t row, size_t column)
{
    const est_cell *cell = &frame->cells[row * frame->n_columns + column];
    return cell->text ? NAN : cell->number;
}

/* true if it was not withheld before. */
static bool withhold_cell(const margins *m, const est_frame *frame, size_t row, size_t column)
{
    bool *hidden = &m->state->cells[frame - m->state->result->frames][row * frame->n_columns + column];
    bool changed = !*hidden && !isnan(cell_number(frame, row, column));
    *hidden = *hidden || changed;
    return changed;
}

static bool withhold_column(const margins *m, const est_frame *frame, size_t column)
{
    bool changed = false;
    for (size_t i = 0; i < frame->n_rows; i++)
        changed = withhold_cell(m, frame, i, column) || changed;
    return changed;
}

/* Persons on a list; NaN if there is no such list. */
static double on_list(const margins *m, const est_cell *name)
{
    double n = NAN;
    for (size_t i = 0; i < m->lists->n_rows && name->text; i++) {
        const char *other = m->lists->cells[i * m->lists->n_columns].text;
        if (other && strcmp(other, name->text) == 0)
            n = cell_number(m->lists, i, m->column);
    }
    return n;
}

static bool is_at_work(const margins *m, size_t list)
{
    return !isnan(cell_number(m->lists, list, m->column));
}

/* Two lists: any two of the three counts and n give the third, so all go. */
static bool protect_two_lists(const margins *m)
{
    size_t pair = 0;
    while (pair + 1 < m->overlaps->n_rows && isnan(cell_number(m->overlaps, pair, m->overlap_column)))
        pair++;
    const est_cell *names = m->overlaps->cells + pair * m->overlaps->n_columns;
    double both = cell_number(m->overlaps, pair, m->overlap_column);
    bool changed = false;
    if (est_i_is_small(m->state, both) || est_i_is_small(m->state, on_list(m, &names[0]) - both) ||
        est_i_is_small(m->state, on_list(m, &names[1]) - both)) {
        changed = withhold_column(m, m->lists, m->column);
        changed = withhold_column(m, m->overlaps, m->overlap_column) || changed;
    }
    return changed;
}

/* Persons on this list alone, of three. */
static double on_this_alone(const margins *m, size_t list, double on_all)
{
    const est_cell *name = &m->lists->cells[list * m->lists->n_columns];
    double only = cell_number(m->lists, list, m->column) + on_all;
    for (size_t j = 0; j < m->overlaps->n_rows; j++) {
        const est_cell *pair = &m->overlaps->cells[j * m->overlaps->n_columns];
        double both = cell_number(m->overlaps, j, m->overlap_column);
        bool in_pair = name->text && pair[0].text && pair[1].text &&
                       (strcmp(name->text, pair[0].text) == 0 || strcmp(name->text, pair[1].text) == 0);
        only -= in_pair && !isnan(both) ? both : 0;
    }
    return only;
}

/* Three lists: the seven histories; the overlaps go if one of them is small. */
static bool protect_three_lists(const margins *m)
{
    double on_all = m->n;
    bool small;
    for (size_t i = 0; i < m->lists->n_rows; i++)
        on_all -= is_at_work(m, i) ? cell_number(m->lists, i, m->column) : 0;
    for (size_t j = 0; j < m->overlaps->n_rows; j++) {
        double both = cell_number(m->overlaps, j, m->overlap_column);
        on_all += isnan(both) ? 0 : both;
    }
    small = est_i_is_small(m->state, on_all);
    for (size_t j = 0; j < m->overlaps->n_rows; j++)
        small = small || est_i_is_small(m->state, cell_number(m->overlaps, j, m->overlap_column) - on_all);
    for (size_t i = 0; i < m->lists->n_rows; i++)
        small = small || (is_at_work(m, i) && est_i_is_small(m->state, on_this_alone(m, i, on_all)));
    return small && withhold_column(m, m->overlaps, m->overlap_column);
}

/* Persons on all lists but this one. */
static bool protect_complements(const margins *m)
{
    bool changed = false;
    for (size_t i = 0; i < m->lists->n_rows; i++)
        if (est_i_is_small(m->state, m->n - cell_number(m->lists, i, m->column)))
            changed = withhold_cell(m, m->lists, i, m->column) || changed;
    return changed;
}

/* The sum of the list totals is n and the overlaps. Where it may exceed n by less than the threshold, rounded
 * as both are, the totals go: they would say that hardly anybody is on two lists. */
static bool protect_union(const margins *m)
{
    const bool *hidden = m->state->cells[m->lists - m->state->result->frames];
    double base = m->state->base, most = 0, least = round(m->n / base) * base - base / 2;
    for (size_t i = 0; i < m->lists->n_rows; i++) {
        double total = cell_number(m->lists, i, m->column);
        if (hidden[i * m->lists->n_columns + m->column])
            most += m->state->threshold - 1;
        else if (!isnan(total))
            most += round(total / base) * base + base / 2 - 1;
    }
    return most - least < m->state->threshold && withhold_column(m, m->lists, m->column);
}

static bool is_whole(const est_i_suppressor *state, const char *column)
{
    return state->n_names == 0 || strcmp(column, "all") == 0 || strcmp(column, "total") == 0 || strcmp(column, "persons") == 0;
}

double est_i_observed_of(const est_i_suppressor *state, const char *column)
{
    size_t count = 0;
    const est_i_domain_name *names = est_i_domains_named(state, column, &count);
    double n = NAN;
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i].row->estimand, "observed") == 0)
            n = names[i].row->estimate;
    for (size_t i = 0; i < state->result->n_rows && count == 0 && is_whole(state, column); i++) {
        const est_row *row = &state->result->rows[i];
        if (strcmp(row->estimand, "observed") == 0 && row->n_domain == 0 && isnan(n))
            n = row->estimate;
    }
    return n;
}

double est_i_all_observed(const est_result *result)
{
    double n = NAN;
    for (size_t i = 0; i < result->n_rows; i++)
        if (strcmp(result->rows[i].estimand, "observed") == 0 && result->rows[i].n_domain == 0)
            n = result->rows[i].estimate;
    return n;
}

double est_i_number_in(const est_frame *frame, size_t row, const char *column)
{
    double number = NAN;
    for (size_t j = 0; j < frame->n_columns && row < frame->n_rows; j++)
        if (strcmp(frame->columns[j], column) == 0)
            number = cell_number(frame, row, j);
    return number;
}

size_t est_i_overlap_of(const est_frame *overlaps, const char *list, const char *other)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < overlaps->n_rows; i++) {
        const est_cell *names = overlaps->cells + i * overlaps->n_columns;
        bool both = overlaps->n_columns > 2 && names[0].text && names[1].text;
        if (both && ((strcmp(names[0].text, list) == 0 && strcmp(names[1].text, other) == 0) ||
                     (strcmp(names[0].text, other) == 0 && strcmp(names[1].text, list) == 0)))
            found = i;
    }
    return found;
}

static size_t find_column(const est_frame *frame, const char *name)
{
    size_t found = SIZE_MAX;
    for (size_t j = 2; j < frame->n_columns; j++)
        if (frame->roles[j] == EST_ROLE_COUNT && strcmp(frame->columns[j], name) == 0)
            found = j;
    return found;
}

/* The overlaps of a domain, by how many of its lists were at work and whether all pairs of them are given. Without n nothing can be
 * looked at, and nothing is shown. */
static bool protect_overlaps(const margins *m)
{
    size_t at_work = 0, pairs = 0;
    bool changed, complete;
    for (size_t i = 0; i < m->lists->n_rows; i++)
        at_work += is_at_work(m, i) ? 1 : 0;
    for (size_t j = 0; j < m->overlaps->n_rows; j++)
        pairs += isnan(cell_number(m->overlaps, j, m->overlap_column)) ? 0 : 1;
    complete = pairs == at_work * (at_work - 1) / 2 && !isnan(m->n);
    if (at_work < 2)
        changed = false;
    else if (complete && at_work == 2)
        changed = protect_two_lists(m);
    else if (complete && at_work == 3)
        changed = protect_three_lists(m);
    else
        changed = withhold_column(m, m->overlaps, m->overlap_column);
    return changed;
}

static bool protect_domain(margins *m)
{
    bool changed = isnan(m->n) ? withhold_column(m, m->lists, m->column) : protect_complements(m);
    m->overlap_column = m->overlaps ? find_column(m->overlaps, m->lists->columns[m->column]) : SIZE_MAX;
    if (m->overlap_column != SIZE_MAX)
        changed = protect_overlaps(m) || changed;
    if (est_i_anything_withheld(m->state) && !isnan(m->n))
        changed = protect_union(m) || changed;
    return changed;
}

/* The same total of a list in another frame that names the list. */
static bool withhold_repeats(const margins *m, const char *list, double total)
{
    const est_result *result = m->state->result;
    bool changed = false;
    for (size_t f = 0; f < result->n_frames; f++) {
        const est_frame *frame = &result->frames[f];
        for (size_t i = 0; i < frame->n_rows * frame->n_columns; i++) {
            size_t row = i / frame->n_columns, column = i % frame->n_columns;
            const char *name = frame->cells[row * frame->n_columns].text;
            if (frame->roles[column] == EST_ROLE_COUNT && name && strcmp(name, list) == 0 &&
                cell_number(frame, row, column) == total)
                changed = withhold_cell(m, frame, row, column) || changed;
        }
    }
    return changed;
}

static bool protect_repeats(const margins *m)
{
    const bool *hidden = m->state->cells[m->lists - m->state->result->frames];
    bool changed = false;
    for (size_t i = 0; i < m->lists->n_rows; i++) {
        const char *list = m->lists->cells[i * m->lists->n_columns].text;
        double total = cell_number(m->lists, i, m->column);
        if (list && hidden[i * m->lists->n_columns + m->column] && !isnan(total))
            changed = withhold_repeats(m, list, total) || changed;
    }
    return changed;
}

bool est_i_suppress_margins(est_i_suppressor *state)
{
    const est_result *result = state->result;
    margins m = {.state = state,
                 .lists = est_result_frame_find(result, "lists"),
                 .overlaps = est_result_frame_find(result, "overlaps")};
    bool changed = false;
    if (result->smallest_count >= state->threshold)
        return false; /* no history is small: nothing to subtract out */
    for (size_t j = 1; m.lists && m.lists->n_rows > 1 && j < m.lists->n_columns; j++) {
        m.column = j;
        m.n = est_i_observed_of(state, m.lists->columns[j]);
        if (m.lists->roles[j] != EST_ROLE_COUNT)
            continue;
        changed = protect_domain(&m) || changed;
        changed = protect_repeats(&m) || changed;
    }
    return changed;
}
