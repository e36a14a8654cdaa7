/* Complementary suppression over groups of counts whose totals are taken as known. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/reliability.h"
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

/* Groups of a survey's domains: which of them add up to what is known. Labels are numbered once, so that tables of many thousand
 * domains are settled in no time. */

#define NONE SIZE_MAX

typedef struct pair {
    const est_label *label;
    size_t name; /* the number of its name: the first pair with it */
} pair;

/* Distinct labels, found by their texts. */
typedef struct pairs {
    pair *list;
    size_t count, n_slots, *slots; /* number + 1; 0 = free */
} pairs;

static size_t hash_text(const char *text, size_t hash)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * (size_t)0x100000001b3u;
    return hash ^ (hash >> 15);
}

static size_t pair_of(pairs *all, const est_label *label)
{
    size_t slot = hash_text(label->value, hash_text(label->name, (size_t)0xcbf29ce484222325u)) & (all->n_slots - 1);
    while (all->slots[slot]) {
        const est_label *other = all->list[all->slots[slot] - 1].label;
        if (strcmp(other->name, label->name) == 0 && strcmp(other->value, label->value) == 0)
            return all->slots[slot] - 1;
        slot = (slot + 1) & (all->n_slots - 1);
    }
    all->list[all->count].label = label;
    all->slots[slot] = all->count + 1;
    return all->count++;
}

static void pairs_free(pairs *all)
{
    free(all->list);
    free(all->slots);
}

static bool pairs_make(pairs *all, size_t most)
{
    *all = (pairs){.n_slots = 16};
    while (all->n_slots < 2 * most)
        all->n_slots *= 2;
    all->list = calloc(most + 1, sizeof *all->list);
    all->slots = calloc(all->n_slots, sizeof *all->slots);
    return all->list && all->slots;
}

/* Few names, many values. */
static size_t name_of(const pairs *all, size_t *names, size_t *n_names, size_t number)
{
    size_t i = 0;
    while (i < *n_names && strcmp(all->list[names[i]].label->name, all->list[number].label->name) != 0)
        i++;
    if (i == *n_names)
        names[(*n_names)++] = number;
    return names[i];
}

/* Labels of a row as pair numbers, in the order of their names, so that the order on the page does not matter. */
static void sort_labels(const pairs *all, size_t *label, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && all->list[label[j]].name < all->list[label[j - 1]].name; j--) {
            size_t spare = label[j];
            label[j] = label[j - 1];
            label[j - 1] = spare;
        }
}

static bool same_labels(const est_i_divisions *d, size_t a, size_t b)
{
    size_t n = d->n_labels[a];
    return n == d->n_labels[b] && (n == 0 || memcmp(d->label + d->at[a], d->label + d->at[b], n * sizeof *d->label) == 0);
}

/* The rows' domains by their labels; slots hold number + 1. */
static size_t domain_of(est_i_divisions *d, size_t *slots, size_t n_slots)
{
    size_t n = d->n_labels[d->n_domains], hash = n;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ d->label[d->at[d->n_domains] + i]) * (size_t)0x9e3779b97f4a7c15u;
    size_t slot = (hash ^ (hash >> 29)) & (n_slots - 1);
    while (slots[slot] && !same_labels(d, slots[slot] - 1, d->n_domains))
        slot = (slot + 1) & (n_slots - 1);
    if (!slots[slot])
        slots[slot] = ++d->n_domains;
    return slots[slot] - 1;
}

static bool same_shape(const est_i_divisions *d, size_t a, size_t b)
{
    bool same = d->n_labels[a] == d->n_labels[b];
    for (size_t i = 0; i < d->n_labels[a] && same; i++)
        same = d->name[d->at[a] + i] == d->name[d->at[b] + i];
    return same;
}

static void find_shapes(est_i_divisions *d)
{
    for (size_t i = 0; i < d->n_domains; i++) {
        size_t s = 0;
        while (s < d->n_shapes && !same_shape(d, d->shape_first[s], i))
            s++;
        if (s == d->n_shapes)
            d->shape_first[d->n_shapes++] = i;
        d->shape[i] = s;
    }
}

/* label[at .. ]: of each row first, of the domains once they are found. */
static bool number_labels(est_i_divisions *d, const est_result *result, pairs *all, size_t *names)
{
    size_t n_names = 0, at = 0, n_slots = 16;
    while (n_slots < 2 * (result->n_rows + 1))
        n_slots *= 2;
    size_t *slots = calloc(n_slots, sizeof *slots);
    for (size_t r = 0; r < result->n_rows && slots; r++) {
        const est_row *row = &result->rows[r];
        size_t before = d->n_domains;
        d->at[before] = at;
        d->n_labels[before] = row->n_domain;
        for (size_t i = 0; i < row->n_domain; i++) {
            size_t number = pair_of(all, &row->domain[i]);
            all->list[number].name = name_of(all, names, &n_names, number);
            d->label[at + i] = number;
        }
        sort_labels(all, d->label + at, row->n_domain);
        for (size_t i = 0; i < row->n_domain; i++)
            d->name[at + i] = all->list[d->label[at + i]].name;
        d->domain[r] = domain_of(d, slots, n_slots);
        if (d->n_domains > before) {
            d->first[before] = r;
            at += row->n_domain;
        }
    }
    free(slots);
    return slots != NULL;
}

bool est_i_divisions_make(est_i_divisions *d, const est_result *result)
{
    size_t n = result->n_rows + 1, n_labels = 1;
    pairs all;
    for (size_t r = 0; r < result->n_rows; r++)
        n_labels += result->rows[r].n_domain;
    *d = (est_i_divisions){.result = result};
    d->domain = calloc(n, sizeof *d->domain);
    d->first = calloc(n, sizeof *d->first);
    d->at = calloc(n, sizeof *d->at);
    d->n_labels = calloc(n, sizeof *d->n_labels);
    d->shape = calloc(n, sizeof *d->shape);
    d->shape_first = calloc(n, sizeof *d->shape_first);
    d->label = calloc(n_labels, sizeof *d->label);
    d->name = calloc(n_labels, sizeof *d->name);
    size_t *names = calloc(n_labels, sizeof *names);
    bool good = d->domain && d->first && d->at && d->n_labels && d->shape && d->shape_first && d->label && d->name && names;
    good = pairs_make(&all, n_labels) && good;
    if (good)
        good = number_labels(d, result, &all, names);
    if (good)
        find_shapes(d);
    d->n_pairs = all.count;
    pairs_free(&all);
    free(names);
    return good;
}

void est_i_divisions_free(est_i_divisions *d)
{
    free(d->domain);
    free(d->first);
    free(d->at);
    free(d->n_labels);
    free(d->shape);
    free(d->shape_first);
    free(d->label);
    free(d->name);
    *d = (est_i_divisions){0};
}

/* Steps of a weighting are the same people over again, and comparisons nobody of their own: they add up to nothing. */
static bool adds_up(const est_i_divisions *d, const double *n, size_t domain)
{
    const est_row *row = &d->result->rows[d->first[domain]];
    return row->n_domain > 0 && !isnan(n[domain]) && est_i_kind_of(row) != EST_I_KIND_CONTRAST &&
           !(row->n_domain == 1 && strcmp(row->domain[0].name, "step") == 0);
}

/* The domains of a shape that share the label at `place` (the number of labels: all of them), each such group in which something is
 * withheld. first and next: room for pairs and domains. */
static void collect_divisions(const est_i_divisions *d, const double *n, const bool *hidden, size_t shape, size_t place,
                              size_t *first, size_t *next, est_i_groups *groups)
{
    bool whole = place == d->n_labels[d->shape_first[shape]];
    for (size_t p = 0; p <= d->n_pairs; p++)
        first[p] = NONE;
    for (size_t i = d->n_domains; i-- > 0;) {
        size_t key = whole || d->shape[i] != shape ? 0 : d->label[d->at[i] + place];
        if (d->shape[i] == shape && adds_up(d, n, i)) {
            next[i] = first[key];
            first[key] = i;
        }
    }
    for (size_t p = 0; p <= d->n_pairs; p++) {
        bool any = false;
        for (size_t i = first[p]; i != NONE && !any; i = next[i])
            any = hidden[i];
        for (size_t i = first[p]; i != NONE && any; i = next[i])
            est_i_groups_add(groups, i);
        est_i_groups_end(groups);
    }
}

/* Has the domain all labels of the other? */
static bool holds(const est_i_divisions *d, size_t finer, size_t domain)
{
    size_t found = 0;
    for (size_t i = 0; i < d->n_labels[finer] && found < d->n_labels[domain]; i++)
        found += d->label[d->at[finer] + i] == d->label[d->at[domain] + found];
    return found == d->n_labels[domain];
}

static bool is_finer(const est_i_divisions *d, size_t shape, size_t than)
{
    size_t a = d->shape_first[shape], b = d->shape_first[than], found = 0;
    for (size_t i = 0; i < d->n_labels[a] && found < d->n_labels[b]; i++)
        found += d->name[d->at[a] + i] == d->name[d->at[b] + found];
    return d->n_labels[a] > d->n_labels[b] && found == d->n_labels[b];
}

/* Domains of few labels, and those of more labels that add up to each. */
static void collect_margins(const est_i_divisions *d, const double *n, size_t shape, size_t finer, est_i_groups *groups)
{
    for (size_t i = 0; i < d->n_domains; i++) {
        if (d->shape[i] != shape || !adds_up(d, n, i))
            continue;
        est_i_groups_add(groups, i);
        for (size_t j = 0; j < d->n_domains; j++)
            if (d->shape[j] == finer && adds_up(d, n, j) && holds(d, j, i))
                est_i_groups_add(groups, j);
        est_i_groups_end(groups);
    }
}

void est_i_divisions_collect(const est_i_divisions *d, const double *n, const bool *hidden, est_i_groups *groups)
{
    size_t *first = malloc((d->n_pairs + 1) * sizeof *first), *next = malloc((d->n_domains + 1) * sizeof *next);
    groups->failed = groups->failed || !first || !next;
    for (size_t s = 0; s < d->n_shapes && !groups->failed; s++) {
        size_t labels = d->n_labels[d->shape_first[s]];
        for (size_t place = labels > 1 ? 0 : labels; place <= labels && labels > 0; place++)
            collect_divisions(d, n, hidden, s, place, first, next, groups);
        for (size_t finer = 0; finer < d->n_shapes && labels > 0; finer++)
            if (is_finer(d, finer, s))
                collect_margins(d, n, s, finer, groups);
    }
    free(first);
    free(next);
}
