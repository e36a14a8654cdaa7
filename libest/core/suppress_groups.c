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

/* Domains of a survey: the same for equations of which the sum is a member itself. Withholds more of them until no withheld number of cases can be worked out from
 * the others.
 *
 * What is known is what is shown, and the equations of suppress_divisions.c. What is true of numbers of cases is true of sums of
 * weights, and of sums of weights of those with an attribute: a domain that is given away gives its estimates away with it. A
 * number is given away if the equations leave it less room than the threshold: all of them together are solved, and then each
 * says between which limits a number lies, all being 0 or more.
 */

#define NONE SIZE_MAX
#define NOTHING 1e-9   /* a coefficient that is 0 but for rounding; they are small fractions */
#define CLOSE 1e-6     /* numbers of cases are whole */
#define MOST_ROUNDS 50
#define BLOCK_LIMIT 4e9 /* operations in one solution */

/* One block of equations that share withheld domains. */
typedef struct block {
    size_t n_equations, n_unknowns;
    size_t *equations, *unknowns; /* their numbers */
    double *cells;                /* n_equations rows of coefficients and right side, then the same solved */
    double *low, *high;           /* of each unknown */
} block;

typedef struct solver {
    est_i_divisions *d;
    double least;
    bool by_marks;   /* the reader takes the mark of few cases at its word */
    bool releases;   /* once: what follows from the others is shown */
    size_t *place;   /* of each domain: its number in the block, NONE = none */
    size_t *reached; /* of each domain: the block or search that met it last */
    size_t *of, *of_start; /* equations of each domain: of[of_start[i] .. of_start[i + 1] - 1] */
    size_t *queue;
    size_t n_searches;
    bool failed;
} solver;

static bool is_shown(const solver *s, size_t domain)
{
    const est_i_domain *d = &s->d->list[domain];
    return d->source == EST_I_OF_ROWS && !d->hidden && !isnan(d->n);
}

/* A sum of what is shown: another page may print it. Not if it is small itself, or nothing of it is shown. */
static bool is_open_sum(const solver *s, size_t domain)
{
    const est_i_groups *sums = &s->d->sums;
    bool open = false;
    for (size_t k = s->of_start[domain]; k < s->of_start[domain + 1] && s->of[k] < s->d->n_by_labels && !open; k++) {
        size_t start = group_start(sums, s->of[k]);
        for (size_t i = start + 1; i < sums->ends[s->of[k]] && sums->members[start] == domain && !open; i++)
            open = is_shown(s, sums->members[i]);
    }
    return open;
}

/* May the reader know the number? */
static bool is_open(const solver *s, size_t domain)
{
    const est_i_domain *d = &s->d->list[domain];
    return is_shown(s, domain) || (d->source == EST_I_OF_SUMS && d->n >= s->least && is_open_sum(s, domain));
}

static bool index_equations(solver *s)
{
    const est_i_groups *sums = &s->d->sums;
    size_t n = s->d->n_domains;
    s->of_start = calloc(n + 2, sizeof *s->of_start);
    s->of = calloc(sums->n_members + 1, sizeof *s->of);
    s->place = calloc(n + 1, sizeof *s->place);
    s->reached = calloc(n + sums->n_groups + 1, sizeof *s->reached);
    s->queue = calloc(n + 1, sizeof *s->queue);
    if (!s->of_start || !s->of || !s->place || !s->reached || !s->queue)
        return false;
    for (size_t i = 0; i < sums->n_members; i++)
        s->of_start[sums->members[i] + 2]++;
    for (size_t i = 1; i < n + 2; i++)
        s->of_start[i] += s->of_start[i - 1];
    for (size_t e = 0; e < sums->n_groups; e++)
        for (size_t i = group_start(sums, e); i < sums->ends[e]; i++)
            s->of[s->of_start[sums->members[i] + 1]++] = e;
    return true;
}

static int compare_numbers(const void *left, const void *right)
{
    const size_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* All that hangs together with a withheld domain, in the order of the rows. equations and unknowns: room for all. */
static void collect_block(solver *s, size_t seed, block *b)
{
    const est_i_groups *sums = &s->d->sums;
    size_t search = ++s->n_searches, n = s->d->n_domains;
    b->n_equations = b->n_unknowns = 0;
    b->unknowns[b->n_unknowns++] = seed;
    s->reached[seed] = search;
    for (size_t next = 0; next < b->n_unknowns; next++) {
        size_t unknown = b->unknowns[next];
        for (size_t k = s->of_start[unknown]; k < s->of_start[unknown + 1]; k++) {
            size_t e = s->of[k];
            if (s->reached[n + e] == search)
                continue;
            s->reached[n + e] = search;
            b->equations[b->n_equations++] = e;
            for (size_t i = group_start(sums, e); i < sums->ends[e]; i++) {
                size_t member = sums->members[i];
                if (!is_open(s, member) && s->reached[member] != search) {
                    s->reached[member] = search;
                    b->unknowns[b->n_unknowns++] = member;
                }
            }
        }
    }
    qsort(b->unknowns, b->n_unknowns, sizeof *b->unknowns, compare_numbers);
    for (size_t i = 0; i < b->n_unknowns; i++)
        s->place[b->unknowns[i]] = i;
}

/* Parts less their sum. The right side is what the withheld come to, so that what an equation leaves out counts as known; of numbers
 * not known here, what those known leave. */
static void fill_block(const solver *s, block *b)
{
    const est_i_groups *sums = &s->d->sums;
    size_t width = b->n_unknowns + 1;
    for (size_t row = 0; row < b->n_equations; row++) {
        size_t e = b->equations[row], start = group_start(sums, e);
        double *cells = b->cells + row * width, closed = 0, open = 0;
        for (size_t i = start; i < sums->ends[e]; i++) {
            size_t member = sums->members[i];
            double sign = i == start ? -1 : 1;
            if (is_open(s, member)) {
                open += sign * s->d->list[member].n;
            } else {
                cells[s->place[member]] += sign;
                closed += sign * s->d->list[member].n;
            }
        }
        cells[width - 1] = isnan(closed) ? -open : closed;
    }
    memcpy(b->cells + b->n_equations * width, b->cells, b->n_equations * width * sizeof *b->cells);
}

/* Reduced row echelon form of the second half. */
static void solve_block(block *b)
{
    size_t width = b->n_unknowns + 1, m = b->n_equations, rank = 0;
    double *cells = b->cells + m * width;
    for (size_t column = 0; column < b->n_unknowns && rank < m; column++) {
        size_t best = rank;
        for (size_t row = rank + 1; row < m; row++)
            if (fabs(cells[row * width + column]) > fabs(cells[best * width + column]))
                best = row;
        double *pivot = cells + rank * width, scale = cells[best * width + column];
        if (fabs(scale) < NOTHING)
            continue;
        for (size_t j = column; j < width; j++) {
            double spare = cells[best * width + j];
            cells[best * width + j] = pivot[j];
            pivot[j] = spare / scale;
        }
        for (size_t row = 0; row < m; row++) {
            double factor = row == rank ? 0 : cells[row * width + column];
            for (size_t j = column; j < width && fabs(factor) >= NOTHING; j++)
                cells[row * width + j] -= factor * pivot[j];
        }
        rank++;
    }
    for (size_t i = 0; i < m * width; i++)
        cells[i] = fabs(cells[i]) < NOTHING ? 0 : cells[i];
}

/* What the reader knows of a number beforehand. */
static void first_limits(const solver *s, const block *b)
{
    for (size_t i = 0; i < b->n_unknowns; i++) {
        const est_i_domain *domain = &s->d->list[b->unknowns[i]];
        bool marked = s->by_marks && domain->source == EST_I_OF_ROWS && domain->hidden;
        b->low[i] = marked ? (domain->starred ? 0 : s->least) : 0;
        b->high[i] = marked && domain->starred ? s->least - 1 : INFINITY;
    }
}

/* What a term c x adds to the sum of the row at least and at most: finite parts, and how many terms are infinite. */
typedef struct row_range {
    double least, most;
    double n_least, n_most;
} row_range;

static void add_term(row_range *range, double c, double low, double high, double sign)
{
    double least = c > 0 ? c * low : c * high, most = c > 0 ? c * high : c * low;
    range->n_least += isinf(least) ? sign : 0;
    range->n_most += isinf(most) ? sign : 0;
    range->least += isinf(least) ? 0 : sign * least;
    range->most += isinf(most) ? 0 : sign * most;
}

/* sum c x = right: the limits of each x from those of the others. true if one became narrower. */
static bool narrow_row(const block *b, const double *row)
{
    row_range range = {0};
    bool changed = false;
    for (size_t i = 0; i < b->n_unknowns; i++)
        if (row[i] != 0)
            add_term(&range, row[i], b->low[i], b->high[i], 1);
    for (size_t i = 0; i < b->n_unknowns; i++) {
        if (row[i] == 0)
            continue;
        add_term(&range, row[i], b->low[i], b->high[i], -1);
        double one = range.n_least > 0 ? INFINITY : (row[b->n_unknowns] - range.least), other = range.n_most > 0 ? -INFINITY
                     : (row[b->n_unknowns] - range.most);
        double top = (row[i] > 0 ? one : other) / row[i], bottom = (row[i] > 0 ? other : one) / row[i];
        if (top < b->high[i] - CLOSE || bottom > b->low[i] + CLOSE) {
            b->high[i] = fmin(b->high[i], top);
            b->low[i] = fmax(b->low[i], bottom);
            changed = true;
        }
        add_term(&range, row[i], b->low[i], b->high[i], 1);
    }
    return changed;
}

static void narrow_block(const block *b)
{
    bool changed = true;
    for (int round = 0; round < MOST_ROUNDS && changed; round++) {
        changed = false;
        for (size_t row = 0; row < 2 * b->n_equations; row++)
            changed = narrow_row(b, b->cells + row * (b->n_unknowns + 1)) || changed;
    }
}

/* Is it a number of few, or may it be, and is it given away? */
static bool is_given(const solver *s, const block *b, size_t i)
{
    const est_i_domain *domain = &s->d->list[b->unknowns[i]];
    double room = b->high[i] - b->low[i] + CLOSE;
    bool small = domain->source == EST_I_OF_ROWS && !isnan(domain->n) ? domain->starred : !(domain->n >= s->least) && b->low[i] < s->least;
    double wanted = s->by_marks ? s->least - 1 : s->least;
    if (s->by_marks && domain->source != EST_I_OF_ROWS)
        return false;
    return small && (domain->starred || b->high[i] > 0.5) && room < wanted;
}

/* The smaller of the two, of which one may be none. Not the domain of the first row: the answer. */
static size_t smaller(const solver *s, size_t best, size_t domain)
{
    const est_i_domain *d = &s->d->list[domain];
    bool possible = d->source == EST_I_OF_ROWS && !d->hidden && !isnan(d->n) && d->first != 0;
    return possible && (best == NONE || d->n < s->d->list[best].n) ? domain : best;
}

/* What else is withheld in the equation comes to; the reader can do no more with it than that. */
static double slack_beside(const solver *s, size_t equation, size_t domain)
{
    const est_i_groups *sums = &s->d->sums;
    double slack = 0;
    for (size_t i = group_start(sums, equation); i < sums->ends[equation]; i++) {
        size_t member = sums->members[i];
        double n = s->d->list[member].n;
        slack += member != domain && !is_open(s, member) && !isnan(n) ? n : 0;
    }
    return slack;
}

static size_t smallest_part(const solver *s, size_t equation)
{
    const est_i_groups *sums = &s->d->sums;
    size_t part = NONE;
    for (size_t i = group_start(sums, equation) + 1; i < sums->ends[equation]; i++)
        part = smaller(s, part, sums->members[i]);
    return part;
}

/* Do the equations say nearly all of it? What was withheld since they were solved counts as such. */
static bool is_narrow(const solver *s, const block *b, size_t domain)
{
    size_t place = s->place[domain];
    bool solved = place < b->n_unknowns && b->unknowns[place] == domain;
    return !solved || b->high[place] - b->low[place] < s->least;
}

/* One step of a search: is something to be withheld in an equation with this domain? tight: only in one in which little else is. Adds
 * those withheld beside it to the queue, tight: if they are given away too. */
static size_t pick_step(solver *s, const block *b, size_t domain, size_t *to, bool tight)
{
    const est_i_groups *sums = &s->d->sums;
    size_t pick = NONE, search = s->n_searches, n = s->d->n_domains;
    double least = INFINITY;
    for (size_t k = s->of_start[domain]; k < s->of_start[domain + 1]; k++) {
        size_t e = s->of[k], part = smallest_part(s, e);
        double slack = slack_beside(s, e, domain);
        bool possible = part != NONE && !(tight && slack >= s->least) && slack <= least;
        if (possible && (slack < least || s->d->list[part].n < s->d->list[pick].n)) {
            least = slack;
            pick = part;
        }
        for (size_t i = group_start(sums, e); i < sums->ends[e] && s->reached[n + e] != search; i++) {
            size_t member = sums->members[i];
            if (!is_open(s, member) && (!tight || is_narrow(s, b, member)) && s->reached[member] != search) {
                s->reached[member] = search;
                s->queue[(*to)++] = member;
            }
        }
        s->reached[n + e] = search;
    }
    return pick;
}

static size_t pick_along(solver *s, const block *b, size_t unknown, bool tight)
{
    size_t pick = NONE, to = 1;
    s->n_searches++;
    s->queue[0] = unknown;
    s->reached[unknown] = s->n_searches;
    for (size_t from = 0; from < to && pick == NONE; from++)
        pick = pick_step(s, b, s->queue[from], &to, tight);
    return pick;
}

/* The smallest domain that is shown and a part in an equation that gives this one away, or one by which it is given away; else any part
 * near it; a sum only where no part is left. */
static size_t pick_domain(solver *s, const block *b, size_t unknown)
{
    size_t pick = pick_along(s, b, unknown, true);
    if (pick == NONE)
        pick = pick_along(s, b, unknown, false);
    for (size_t k = 0; k < b->n_equations && pick == NONE; k++)
        pick = smaller(s, pick, s->d->sums.members[group_start(&s->d->sums, b->equations[k])]);
    return pick;
}

/* Too much to solve: all that hangs together with it is withheld. */
static bool hide_block(const solver *s, const block *b)
{
    const est_i_groups *sums = &s->d->sums;
    bool any = false;
    for (size_t k = 0; k < b->n_equations; k++)
        for (size_t i = group_start(sums, b->equations[k]) + 1; i < sums->ends[b->equations[k]]; i++) {
            est_i_domain *domain = &s->d->list[sums->members[i]];
            any = any || (domain->source == EST_I_OF_ROWS && !domain->hidden);
            domain->hidden = true;
        }
    return any;
}

/* Everything that is known of the block. */
static void look_at_block(const solver *s, block *b)
{
    memset(b->cells, 0, b->n_equations * (b->n_unknowns + 1) * sizeof *b->cells);
    fill_block(s, b);
    solve_block(b);
    first_limits(s, b);
    narrow_block(b);
}

static bool gives_any(const solver *s, const block *b)
{
    bool any = false;
    for (size_t i = 0; i < b->n_unknowns && !any; i++)
        any = is_given(s, b, i);
    return any;
}

/* What was withheld beside others is shown again, in the order of the rows, as long as nothing is given away: what was picked last may
 * have made the first unnecessary. */
static void release_block(const solver *s, block *b)
{
    double work = (double)b->n_equations * (double)b->n_equations * (double)b->n_unknowns * (double)b->n_unknowns;
    for (size_t i = 0; i < b->n_unknowns && work <= WORK_LIMIT * 20; i++) {
        est_i_domain *domain = &s->d->list[b->unknowns[i]];
        if (domain->source != EST_I_OF_ROWS || domain->starred || !domain->hidden || isnan(domain->n))
            continue;
        domain->hidden = false;
        look_at_block(s, b);
        domain->hidden = gives_any(s, b);
    }
}

/* true if more was withheld, or, where the marks are judged, if something is given away. */
static bool protect_block(solver *s, block *b)
{
    size_t width = b->n_unknowns + 1;
    bool any = false;
    if ((double)b->n_equations * (double)b->n_equations * (double)width > BLOCK_LIMIT)
        return !s->by_marks && hide_block(s, b);
    b->cells = calloc(2 * b->n_equations * width + 1, sizeof *b->cells);
    b->low = calloc(width, sizeof *b->low);
    b->high = calloc(width, sizeof *b->high);
    s->failed = s->failed || !b->cells || !b->low || !b->high;
    if (!s->failed)
        look_at_block(s, b);
    if (!s->failed && s->releases && !gives_any(s, b)) {
        release_block(s, b);
    } else if (!s->failed && s->by_marks) {
        any = gives_any(s, b);
    } else {
        for (size_t i = 0; i < b->n_unknowns && !s->failed; i++) {
            size_t pick = is_given(s, b, i) ? pick_domain(s, b, b->unknowns[i]) : NONE;
            if (pick != NONE)
                s->d->list[pick].hidden = true;
            any = any || pick != NONE;
        }
    }
    free(b->cells);
    free(b->low);
    free(b->high);
    return any;
}

static bool protect_all(solver *s)
{
    size_t n = s->d->n_domains;
    bool any = false;
    block b = {.equations = malloc((s->d->sums.n_groups + 1) * sizeof(size_t)), .unknowns = malloc((n + 1) * sizeof(size_t))};
    bool *done = calloc(n + 1, sizeof *done);
    s->failed = s->failed || !b.equations || !b.unknowns || !done;
    for (size_t i = 0; i < n && !s->failed; i++) {
        if (done[i] || is_open(s, i) || s->of_start[i] == s->of_start[i + 1])
            continue;
        collect_block(s, i, &b);
        for (size_t k = 0; k < b.n_unknowns; k++)
            done[b.unknowns[k]] = true;
        any = protect_block(s, &b) || any;
    }
    free(b.equations);
    free(b.unknowns);
    free(done);
    return any;
}

bool est_i_divisions_protect(est_i_divisions *d, double least, bool *marks_tell)
{
    solver s = {.d = d, .least = least};
    s.failed = !index_equations(&s);
    while (!s.failed && protect_all(&s))
        ;
    s.releases = !s.failed;
    bool again = s.releases && protect_all(&s);
    s.releases = false;
    while (!s.failed && (again || protect_all(&s)))
        again = false;
    s.by_marks = true;
    *marks_tell = !s.failed && protect_all(&s);
    free(s.place);
    free(s.reached);
    free(s.of);
    free(s.of_start);
    free(s.queue);
    return !s.failed;
}
