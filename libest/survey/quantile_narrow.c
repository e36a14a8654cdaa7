/* Quantiles without a table of all values: passes that narrow down the place where the cumulative weight gets to what is asked.
 *
 * Doubles are taken as whole numbers in the same order. A query knows a bracket [low, high] in which its value lies and the exact
 * weight of all rows below it. A pass either counts the bracket in equal bins, of which one becomes the next bracket, or, once few
 * rows are left or all have the same value, collects what the rule needs: the distinct values of the bracket and the neighbours on
 * both sides. Sums are exact to about 32 digits, so that the answer is that of a table of all values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/quantile_parts.h"

#define FEW 64u /* rows that are always collected */

typedef struct query_state {
    est_i_quantile_query *query;
    est_i_quantile_walk walk;
    uint64_t low, high;
    est_i_dd before; /* the weight of all rows below the bracket */
    double rows;
    size_t range;
    bool done;
} query_state;

/* A bracket of one pass; queries may share it. */
typedef struct value_range {
    uint32_t list, slot;
    uint64_t low, high, width;
    size_t first_bin, n_bins; /* 0 bins: its values are collected */
} value_range;

typedef struct value_bin {
    est_i_dd weight;
    double rows;
    uint64_t low, high; /* the keys that were met */
} value_bin;

typedef struct neighbour {
    bool known;
    uint64_t key;
    double weight; /* below: of the last row of the nearest value; above: of the first */
} neighbour;

typedef struct narrow_part {
    value_bin *bin;
    neighbour *below, *above;
    est_i_quantile_table table; /* list: the range */
} narrow_part;

/* A pass and what it found. The first one is kept: its bins serve every later query. */
struct est_i_quantile_narrowing {
    const est_i_quantile_finder *finder;
    size_t n_ranges, n_bins;
    value_range *range; /* by slot and list */
    size_t *first;      /* [slot * n_lists + list], and one more */
    narrow_part *found;
};

/* The pass */

static void part_free(void *user, void *part)
{
    narrow_part *own = part;
    (void)user;
    if (!own)
        return;
    free(own->bin);
    free(own->below);
    free(own->above);
    est_i_quantile_table_clear(&own->table);
    free(own);
}

static void *part_new(void *user)
{
    const est_i_quantile_narrowing *pass = user;
    narrow_part *part = calloc(1, sizeof *part);
    if (!part)
        return NULL;
    part->bin = calloc(pass->n_bins + 1, sizeof *part->bin);
    part->below = calloc(pass->n_ranges + 1, sizeof *part->below);
    part->above = calloc(pass->n_ranges + 1, sizeof *part->above);
    if (!part->bin || !part->below || !part->above) {
        part_free(user, part);
        part = NULL;
    }
    return part;
}

static void add_bin(value_bin *into, const value_bin *later)
{
    if (!(later->rows > 0))
        return;
    if (!(into->rows > 0) || later->low < into->low)
        into->low = later->low;
    if (!(into->rows > 0) || later->high > into->high)
        into->high = later->high;
    into->rows += later->rows;
    into->weight = est_i_dd_add(into->weight, later->weight);
}

static void add_below(neighbour *into, const neighbour *later)
{
    if (later->known && (!into->known || later->key >= into->key))
        *into = *later;
}

static void add_above(neighbour *into, const neighbour *later)
{
    if (later->known && (!into->known || later->key < into->key))
        *into = *later;
}

static bool take_value(const est_i_quantile_narrowing *pass, narrow_part *part, size_t r, uint64_t key, double weight)
{
    const value_range *range = &pass->range[r];
    bool inside = key >= range->low && key <= range->high, good = true;
    if (range->n_bins && inside) {
        value_bin one = {{weight, 0}, 1, key, key};
        add_bin(&part->bin[range->first_bin + (size_t)((key - range->low) / range->width)], &one);
    } else if (!range->n_bins && inside) {
        est_i_quantile_group group = {est_i_quantile_of_key(key), {weight, 0}, weight, weight};
        good = est_i_quantile_table_add(&part->table, (uint32_t)r, 0, &group);
    } else if (!range->n_bins && key < range->low) {
        add_below(&part->below[r], &(neighbour){true, key, weight});
    } else if (!range->n_bins) {
        add_above(&part->above[r], &(neighbour){true, key, weight});
    }
    return good;
}

static est_status take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const est_i_quantile_narrowing *pass = user;
    const est_i_quantile_finder *finder = pass->finder;
    bool good = true;
    for (size_t row = 0; row < rows->n && good; row++) {
        double weight = rows->weight[row];
        if (rows->domain[row] == EST_I_NO_DOMAIN || !(weight > 0))
            continue;
        size_t domain_slot = finder->domains ? (size_t)rows->domain[row] + 1 : 0;
        for (size_t list = 0; list < finder->n_lists; list++) {
            double value = rows->value[finder->variable[list]][row];
            uint64_t key = isnan(value) ? 0 : est_i_quantile_key(value);
            for (size_t slot = 0; !isnan(value) && slot <= domain_slot && good; slot += domain_slot ? domain_slot : 1) {
                size_t at = slot * finder->n_lists + list;
                for (size_t r = pass->first[at]; r < pass->first[at + 1] && good; r++)
                    good = take_value(pass, part, r, key, weight);
            }
        }
    }
    return good ? EST_OK : est_i_no_memory(error);
}

/* Never a first pass: the numbers are final already. */
static est_status settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    (void)user, (void)part, (void)final, (void)error;
    return EST_OK;
}

static est_status join(void *user, void *into, void *from, est_error *error)
{
    const est_i_quantile_narrowing *pass = user;
    narrow_part *a = into, *b = from;
    bool good = true;
    for (size_t i = 0; i < pass->n_bins; i++)
        add_bin(&a->bin[i], &b->bin[i]);
    for (size_t r = 0; r < pass->n_ranges; r++) {
        add_below(&a->below[r], &b->below[r]);
        add_above(&a->above[r], &b->above[r]);
    }
    for (size_t i = 0; i < b->table.count && good; i++)
        good = est_i_quantile_table_add(&a->table, b->table.entry[i].list, b->table.entry[i].slot, &b->table.entry[i].group);
    return good ? EST_OK : est_i_no_memory(error);
}

void est_i_quantile_narrowing_free(est_i_quantile_narrowing *narrowing)
{
    if (!narrowing)
        return;
    part_free(narrowing, narrowing->found);
    free(narrowing->range);
    free(narrowing->first);
    free(narrowing);
}

/* Making a pass */

static int by_range(const void *left, const void *right)
{
    const query_state *a = *(query_state *const *)left, *b = *(query_state *const *)right;
    if (a->query->slot != b->query->slot)
        return a->query->slot < b->query->slot ? -1 : 1;
    if (a->query->list != b->query->list)
        return a->query->list < b->query->list ? -1 : 1;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return a->high < b->high ? -1 : a->high > b->high;
}

static est_i_quantile_narrowing *narrowing_new(const est_i_quantile_finder *finder, size_t n)
{
    est_i_quantile_narrowing *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->finder = finder;
    made->range = calloc(n + 1, sizeof *made->range);
    made->first = calloc(finder->n_slots * finder->n_lists + 2, sizeof *made->first);
    if (!made->range || !made->first) {
        est_i_quantile_narrowing_free(made);
        made = NULL;
    }
    return made;
}

/* One range for all queries with the same bracket. open[]: the queries that are not answered yet. */
static void set_ranges(est_i_quantile_narrowing *pass, size_t n, query_state **open)
{
    const est_i_quantile_finder *finder = pass->finder;
    size_t collect_at_most = finder->limits.values / (n ? n : 1), n_split = 0;
    qsort((void *)open, n, sizeof *open, by_range);
    for (size_t i = 0; i < n; i++) {
        const query_state *s = open[i];
        if (i == 0 || by_range(&open[i - 1], &open[i]) != 0) {
            bool collect = s->low == s->high || s->rows <= (double)FEW || s->rows <= (double)collect_at_most;
            pass->range[pass->n_ranges++] = (value_range){s->query->list, s->query->slot, s->low, s->high, 0, 0, collect ? 0 : 1};
            pass->first[s->query->slot * finder->n_lists + s->query->list + 1]++;
            n_split += !collect;
        }
        open[i]->range = pass->n_ranges - 1;
    }
    for (size_t i = 0; i < finder->n_slots * finder->n_lists; i++)
        pass->first[i + 1] += pass->first[i];
    size_t bins = n_split ? finder->limits.bins / n_split : 0;
    for (size_t r = 0; r < pass->n_ranges; r++) {
        value_range *range = &pass->range[r];
        if (!range->n_bins)
            continue;
        range->n_bins = bins > 2 ? bins : 2;
        range->width = (range->high - range->low) / range->n_bins + 1;
        range->first_bin = pass->n_bins;
        pass->n_bins += range->n_bins;
    }
}

static est_status run_pass(est_i_quantile_narrowing *pass, est_error *error)
{
    static const est_i_rows_consumer consumer = {part_new, take, settle, join, part_free};
    void *part = NULL;
    est_status status = est_i_sample_pass(pass->finder->sample, &consumer, pass, "values", &part, error);
    pass->found = part;
    if (status == EST_OK)
        est_i_quantile_table_sort(&pass->found->table);
    return status;
}

/* What a pass says of a query */

static void split(const est_i_quantile_narrowing *pass, query_state *s)
{
    const value_range *range = &pass->range[s->range];
    est_i_dd before = s->before;
    for (size_t i = 0; i < range->n_bins; i++) {
        const value_bin *bin = &pass->found->bin[range->first_bin + i];
        if (!(bin->rows > 0))
            continue;
        est_i_dd after = est_i_dd_add(before, bin->weight);
        s->low = bin->low; /* a target beyond all weight stays in the last bin with rows */
        s->high = bin->high;
        s->before = before;
        s->rows = bin->rows;
        if (est_i_quantile_walk_reached(&s->walk, after))
            break;
        before = after;
    }
}

static est_status collect(const est_i_quantile_narrowing *pass, query_state *s, est_error *error)
{
    const neighbour *below = &pass->found->below[s->range], *above = &pass->found->above[s->range];
    size_t count = 0;
    const est_i_quantile_entry *entry = est_i_quantile_table_range(&pass->found->table, (uint32_t)s->range, 0, &count);
    if (below->known)
        est_i_quantile_walk_resume(&s->walk, s->before, est_i_quantile_of_key(below->key), below->weight);
    for (size_t i = 0; i < count && !s->walk.done; i++)
        est_i_quantile_walk_push(&s->walk, &entry[i].group);
    if (above->known) {
        est_i_quantile_group next = {est_i_quantile_of_key(above->key), {above->weight, 0}, above->weight, above->weight};
        est_i_quantile_walk_push(&s->walk, &next);
    }
    s->query->answer = est_i_quantile_walk_end(&s->walk);
    s->done = true;
    if (s->walk.rank_missed)
        return est_i_fail(error, EST_EOPTION, "found more than %zu distinct values and a share that falls on a tie, where rule hf3 "
                          "asks how many distinct values are below; use hf2, or any other rule", pass->finder->limits.values);
    return EST_OK;
}

static est_status apply(const est_i_quantile_narrowing *pass, size_t n, query_state *states, est_error *error)
{
    est_status status = EST_OK;
    for (size_t i = 0; i < n && status == EST_OK; i++) {
        if (states[i].done)
            continue;
        if (pass->range[states[i].range].n_bins)
            split(pass, &states[i]);
        else
            status = collect(pass, &states[i], error);
    }
    return status;
}

static void start(const est_i_quantile_finder *finder, query_state *s, est_i_quantile_query *query)
{
    const est_i_quantile_summary *all = est_i_quantile_finder_summary(finder, query->list, query->slot);
    *s = (query_state){.query = query, .rows = all->n};
    est_i_quantile_walk_start(&s->walk, finder->rule, all->weight, all->last, query->probability);
    s->done = !(all->n > 0);
    query->answer = s->walk.answer;
    if (!s->done) {
        s->low = est_i_quantile_key(all->smallest);
        s->high = est_i_quantile_key(all->largest);
    }
}

static size_t list_open(size_t n, query_state *states, query_state **open)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (!states[i].done)
            open[count++] = &states[i];
    return count;
}

/* The kept first pass has one range for each list that was asked for, the whole of it. */
static bool use_kept(const est_i_quantile_narrowing *kept, size_t n, query_state *states)
{
    bool all = true;
    for (size_t i = 0; i < n; i++) {
        size_t at = states[i].query->slot * kept->finder->n_lists + states[i].query->list;
        states[i].range = kept->first[at];
        all = all && (states[i].done || kept->first[at + 1] > kept->first[at]);
    }
    return all;
}

est_status est_i_quantile_narrow(est_i_quantile_finder *finder, size_t n, est_i_quantile_query *queries, est_error *error)
{
    query_state *states = calloc(n + 1, sizeof *states), **open = calloc(n + 1, sizeof *open);
    est_status status = states && open ? EST_OK : est_i_no_memory(error);
    for (size_t i = 0; i < n && status == EST_OK; i++)
        start(finder, &states[i], &queries[i]);
    if (status == EST_OK && finder->narrowing && use_kept(finder->narrowing, n, states))
        status = apply(finder->narrowing, n, states, error);
    for (size_t left; status == EST_OK && (left = list_open(n, states, open)) > 0;) {
        est_i_quantile_narrowing *pass = narrowing_new(finder, left);
        status = pass ? EST_OK : est_i_no_memory(error);
        if (status == EST_OK) {
            set_ranges(pass, left, open);
            status = run_pass(pass, error);
        }
        if (status == EST_OK)
            status = apply(pass, n, states, error);
        if (status == EST_OK && !finder->narrowing)
            finder->narrowing = pass;
        else
            est_i_quantile_narrowing_free(pass);
    }
    free(states);
    free((void *)open);
    return status;
}
