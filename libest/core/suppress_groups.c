/* Complementary suppression over groups of counts whose totals are taken as known. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/suppress_parts.h"

/* Collecting groups */

static bool list_push(size_t **list, size_t *count, size_t *room, size_t value)
{
    if (*count == *room) {
        size_t wanted = *room ? *room * 2 : 64;
        size_t *grown = wanted <= SIZE_MAX / sizeof *grown ? realloc(*list, wanted * sizeof *grown) : NULL;
        if (!grown)
            return false;
        *list = grown;
        *room = wanted;
    }
    (*list)[(*count)++] = value;
    return true;
}

static size_t group_start(const est_i_groups *groups, size_t index)
{
    return index ? groups->ends[index - 1] : 0;
}

void est_i_groups_add(est_i_groups *groups, size_t member)
{
    if (!groups->failed)
        groups->failed = !list_push(&groups->members, &groups->n_members, &groups->member_room, member);
}

void est_i_groups_end(est_i_groups *groups)
{
    size_t start = group_start(groups, groups->n_groups);
    if (groups->n_members - start < 2)
        groups->n_members = start;
    else if (!groups->failed)
        groups->failed = !list_push(&groups->ends, &groups->n_groups, &groups->group_room, groups->n_members);
}

void est_i_groups_free(est_i_groups *groups)
{
    free(groups->members);
    free(groups->ends);
    *groups = (est_i_groups){0};
}

/* One group */

typedef struct group_state {
    size_t n_hidden, n_hidden_totals;
    double sum_hidden;
    size_t pick, pick_total; /* smallest that is shown; SIZE_MAX = none */
} group_state;

/* A member that equals the sum of all others is their total: it protects nobody. */
static group_state group_look(const size_t *members, size_t count, const double *values, const bool *hidden)
{
    group_state state = {0, 0, 0, SIZE_MAX, SIZE_MAX};
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[members[i]];
    for (size_t i = 0; i < count; i++) {
        double value = values[members[i]];
        bool is_total = count > 2 && value > 0 && value + value == sum;
        size_t *pick = is_total ? &state.pick_total : &state.pick;
        if (!hidden[members[i]] && (*pick == SIZE_MAX || value < values[*pick]))
            *pick = members[i];
        if (hidden[members[i]] && is_total) {
            state.n_hidden_totals++;
        } else if (hidden[members[i]]) {
            state.n_hidden++;
            state.sum_hidden += value;
        }
    }
    return state;
}

/* Withholds the smallest others until two or more are withheld that add up to the threshold. true if any. */
static bool group_close(const size_t *members, size_t count, const double *values, bool *hidden,
                        double threshold)
{
    bool changed = false, closed = false;
    while (!closed) {
        group_state state = group_look(members, count, values, hidden);
        size_t pick = state.pick != SIZE_MAX ? state.pick : state.pick_total;
        bool enough = state.n_hidden + state.n_hidden_totals == 0 ||
                      (state.n_hidden > 1 && state.sum_hidden >= threshold);
        closed = enough || pick == SIZE_MAX;
        if (!closed) {
            hidden[pick] = true;
            changed = true;
        }
    }
    return changed;
}

/* All groups together: a system of equations, one a group, the withheld counts its unknowns. It is solved
 * modulo a prime, which is exact; a count is given away if its unit vector lies in the row space. */

#define PRIME 2147483647u
#define WORK_LIMIT 2e8 /* multiplications in one solution */

static uint64_t power(uint64_t base, uint64_t exponent)
{
    uint64_t result = 1;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = result * base % PRIME;
        base = base * base % PRIME;
    }
    return result;
}

typedef struct equations {
    size_t n_rows, n_unknowns;
    uint32_t *cells;  /* row by row */
    size_t *unknowns; /* member of each unknown */
    size_t *index;    /* unknown of each member */
    bool too_large;   /* then there are no cells */
} equations;

static bool group_has_hidden(const est_i_groups *groups, size_t group, const bool *hidden)
{
    bool has = false;
    for (size_t i = group_start(groups, group); i < groups->ends[group] && !has; i++)
        has = hidden[groups->members[i]];
    return has;
}

static void equations_free(equations *all)
{
    free(all->cells);
    free(all->unknowns);
    free(all->index);
}

static void number_unknowns(equations *all, const bool *hidden, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (hidden[i]) {
            all->index[i] = all->n_unknowns;
            all->unknowns[all->n_unknowns++] = i;
        }
    }
}

/* false: no memory. */
static bool equations_make(const est_i_groups *groups, const bool *hidden, size_t count, equations *all)
{
    size_t row = 0;
    *all = (equations){.unknowns = calloc(count + 1, sizeof(size_t)),
                       .index = calloc(count + 1, sizeof(size_t))};
    if (!all->unknowns || !all->index)
        return false;
    number_unknowns(all, hidden, count);
    for (size_t g = 0; g < groups->n_groups; g++)
        all->n_rows += group_has_hidden(groups, g, hidden);
    all->too_large = (double)all->n_rows * (double)all->n_rows * (double)all->n_unknowns > WORK_LIMIT;
    if (all->too_large)
        return true;
    all->cells = calloc(all->n_rows * all->n_unknowns + 1, sizeof *all->cells);
    for (size_t g = 0; g < groups->n_groups && all->cells; g++) {
        if (group_has_hidden(groups, g, hidden)) {
            for (size_t i = group_start(groups, g); i < groups->ends[g]; i++)
                if (hidden[groups->members[i]])
                    all->cells[row * all->n_unknowns + all->index[groups->members[i]]] = 1;
            row++;
        }
    }
    return all->cells != NULL;
}

static void swap_rows(uint32_t *a, uint32_t *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t spare = a[i];
        a[i] = b[i];
        b[i] = spare;
    }
}

/* target -= factor * source */
static void subtract_row(uint32_t *target, const uint32_t *source, size_t count, uint64_t factor)
{
    for (size_t i = 0; i < count; i++)
        if (source[i])
            target[i] = (uint32_t)((target[i] + (PRIME - factor) * source[i]) % PRIME);
}

/* Reduced row echelon form. */
static void equations_reduce(equations *all)
{
    size_t n = all->n_unknowns, rank = 0;
    for (size_t column = 0; column < n && rank < all->n_rows; column++) {
        uint32_t *pivot = all->cells + rank * n;
        size_t row = rank;
        while (row < all->n_rows && all->cells[row * n + column] == 0)
            row++;
        if (row == all->n_rows)
            continue;
        if (row != rank)
            swap_rows(all->cells + row * n, pivot, n);
        uint64_t inverse = power(pivot[column], PRIME - 2);
        for (size_t i = 0; i < n; i++)
            pivot[i] = (uint32_t)(pivot[i] * inverse % PRIME);
        for (row = 0; row < all->n_rows; row++)
            if (row != rank && all->cells[row * n + column])
                subtract_row(all->cells + row * n, pivot, n, all->cells[row * n + column]);
        rank++;
    }
}

/* The unknown that a reduced row gives away; SIZE_MAX if it has several. */
static size_t row_gives(const equations *all, size_t row)
{
    size_t found = SIZE_MAX, count = 0;
    for (size_t i = 0; i < all->n_unknowns && count < 2; i++) {
        if (all->cells[row * all->n_unknowns + i]) {
            found = all->unknowns[i];
            count++;
        }
    }
    return count == 1 ? found : SIZE_MAX;
}

/* The smallest count still shown in any group of `member`; SIZE_MAX = none. */
static size_t pick_beside(const est_i_groups *groups, size_t member, const double *values, const bool *hidden)
{
    size_t pick = SIZE_MAX;
    for (size_t g = 0; g < groups->n_groups; g++) {
        bool beside = false;
        for (size_t i = group_start(groups, g); i < groups->ends[g] && !beside; i++)
            beside = groups->members[i] == member;
        for (size_t i = group_start(groups, g); i < groups->ends[g] && beside; i++) {
            size_t other = groups->members[i];
            if (!hidden[other] && (pick == SIZE_MAX || values[other] < values[pick]))
                pick = other;
        }
    }
    return pick;
}

/* Too large to audit: nothing in any group is shown. */
static bool hide_all(const est_i_groups *groups, bool *hidden)
{
    bool changed = false;
    for (size_t i = 0; i < groups->n_members; i++) {
        changed = changed || !hidden[groups->members[i]];
        hidden[groups->members[i]] = true;
    }
    return changed;
}

/* Withholds more beside every small count that the reduced system gives away. */
static bool protect_given(const equations *all, const est_i_groups *groups, const double *values,
                          bool *hidden, double threshold)
{
    bool changed = false;
    for (size_t row = 0; row < all->n_rows; row++) {
        size_t given = row_gives(all, row);
        size_t pick = SIZE_MAX;
        if (given != SIZE_MAX && values[given] < threshold)
            pick = pick_beside(groups, given, values, hidden);
        if (pick != SIZE_MAX) {
            hidden[pick] = true;
            changed = true;
        }
    }
    return changed;
}

/* Withholds more wherever the groups together give a small count away. */
static bool audit(est_i_groups *groups, const double *values, bool *hidden, size_t count, double threshold)
{
    equations all;
    bool changed = false;
    if (!equations_make(groups, hidden, count, &all)) {
        groups->failed = true;
    } else if (all.too_large) {
        changed = hide_all(groups, hidden);
    } else {
        equations_reduce(&all);
        changed = protect_given(&all, groups, values, hidden, threshold);
    }
    equations_free(&all);
    return changed;
}

bool est_i_groups_close(est_i_groups *groups, const double *values, bool *hidden, size_t count,
                        double threshold)
{
    bool any = false, changed = true;
    while (changed && !groups->failed) {
        changed = false;
        for (size_t g = 0; g < groups->n_groups; g++) {
            size_t start = group_start(groups, g);
            changed =
                group_close(groups->members + start, groups->ends[g] - start, values, hidden, threshold) ||
                changed;
        }
        if (!changed)
            changed = audit(groups, values, hidden, count, threshold);
        any = any || changed;
    }
    return any;
}
