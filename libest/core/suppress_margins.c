/* Small counts that nobody prints but everybody can subtract: persons on one list and not on another.
 *
 * By convention the frame "lists" holds the persons on each list and the frame "overlaps" those on both lists
 * of a pair (its first two columns), in count columns of the same names, one a domain; n is the domain's row
 * "observed". With n, two lists and their overlap give four counts: on both, on one only (twice), on neither.
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

/* Two lists: any two of the three counts and n give the third, so all go. */
static bool protect_two_lists(const margins *m)
{
    const est_cell *names = m->overlaps->cells;
    double both = cell_number(m->overlaps, 0, m->overlap_column);
    bool changed = false;
    if (est_i_is_small(m->state, both) || est_i_is_small(m->state, on_list(m, &names[0]) - both) ||
        est_i_is_small(m->state, on_list(m, &names[1]) - both)) {
        changed = withhold_column(m, m->lists, m->column);
        changed = withhold_column(m, m->overlaps, m->overlap_column) || changed;
    }
    return changed;
}

/* Three lists: the seven histories; the overlaps go if one of them is small. */
static bool protect_three_lists(const margins *m)
{
    double on_all = m->n;
    bool small;
    for (size_t i = 0; i < 3; i++)
        on_all += cell_number(m->overlaps, i, m->overlap_column) - cell_number(m->lists, i, m->column);
    small = est_i_is_small(m->state, on_all);
    for (size_t i = 0; i < 3; i++) {
        double only = cell_number(m->lists, i, m->column) + on_all;
        const est_cell *name = &m->lists->cells[i * m->lists->n_columns];
        for (size_t j = 0; j < 3; j++) {
            const est_cell *pair = &m->overlaps->cells[j * m->overlaps->n_columns];
            double both = cell_number(m->overlaps, j, m->overlap_column);
            bool in_pair = name->text && pair[0].text && pair[1].text &&
                           (strcmp(name->text, pair[0].text) == 0 || strcmp(name->text, pair[1].text) == 0);
            small = small || est_i_is_small(m->state, both - on_all);
            only -= in_pair ? both : 0;
        }
        small = small || est_i_is_small(m->state, only);
    }
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

/* n of the domain that a column is named after; the whole if it is named after none. */
static double observed_of(const est_result *result, const char *column)
{
    double n = NAN;
    for (size_t i = 0; i < result->n_rows; i++) {
        const est_row *row = &result->rows[i];
        bool named = row->n_domain == 1 && strcmp(row->domain[0].value, column) == 0;
        if (strcmp(row->estimand, "observed") == 0 && (named || (row->n_domain == 0 && isnan(n))))
            n = row->estimate;
    }
    return n;
}

static size_t find_column(const est_frame *frame, const char *name)
{
    size_t found = SIZE_MAX;
    for (size_t j = 2; j < frame->n_columns; j++)
        if (frame->roles[j] == EST_ROLE_COUNT && strcmp(frame->columns[j], name) == 0)
            found = j;
    return found;
}

static bool protect_domain(margins *m)
{
    bool changed = protect_complements(m);
    size_t k = m->lists->n_rows;
    m->overlap_column = m->overlaps ? find_column(m->overlaps, m->lists->columns[m->column]) : SIZE_MAX;
    if (m->overlap_column != SIZE_MAX) {
        bool complete = m->overlaps->n_rows == k * (k - 1) / 2;
        if (complete && k == 2)
            changed = protect_two_lists(m) || changed;
        else if (complete && k == 3)
            changed = protect_three_lists(m) || changed;
        else
            changed = withhold_column(m, m->overlaps, m->overlap_column) || changed;
    }
    if (est_i_anything_withheld(m->state))
        changed = protect_union(m) || changed;
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
        m.n = observed_of(result, m.lists->columns[j]);
        if (m.lists->roles[j] == EST_ROLE_COUNT)
            changed = protect_domain(&m) || changed;
    }
    return changed;
}
