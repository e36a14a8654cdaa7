/* Families of hierarchical models as sets of at most 64 items. */
#include "mse/family.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"

static bool is_graphical(int model_class)
{
    return model_class == EST_CLASS_GRAPHICAL || model_class == EST_CLASS_DECOMPOSABLE;
}

static bool is_shown(const est_i_fit_data *data, uint32_t term)
{
    bool found = false;
    for (size_t k = 0; k < data->n_blocks && !found; k++)
        found = est_i_is_observable(data, k, term);
    return found;
}

/* Up to six lists a term's mask is its place, so that sets read alike everywhere; above, places follow the masks. */
static bool add_items(const est_i_fit_data *data, est_i_family *f)
{
    bool by_mask = data->n_lists <= EST_I_SET_LISTS_MAX;
    unsigned most = is_graphical(f->model_class) ? 2 : f->max_order;
    bool fits = true;
    for (uint32_t m = 3; m < data->n_cells && fits; m++) {
        unsigned size = (unsigned)__builtin_popcount(m);
        if (size < 2 || size > most || !is_shown(data, m))
            continue;
        size_t place = by_mask ? m : f->n_items;
        fits = place < 64 && size < EST_I_FAMILY_SIZES;
        if (fits) {
            f->item[place] = m;
            f->n_items = place + 1;
            f->all |= (est_i_set)1 << place;
            f->of_size[size] |= (est_i_set)1 << place;
        }
    }
    return fits;
}

static void add_order(est_i_family *f)
{
    bool graphical = is_graphical(f->model_class);
    for (size_t i = 0; i < f->n_items; i++)
        for (size_t j = 0; j < f->n_items && (f->all >> i & 1); j++) {
            if (!(f->all >> j & 1) || (graphical && i != j))
                continue;
            if ((f->item[j] & f->item[i]) == f->item[i])
                f->above[i] |= (est_i_set)1 << j;
            if ((f->item[j] & f->item[i]) == f->item[j])
                f->below[i] |= (est_i_set)1 << j;
        }
}

static est_status refuse_class(size_t n_lists, const char *limit, est_error *error)
{
    char instead[EST_I_FAMILY_ADVICE_MAX];
    est_i_family_instead(n_lists, instead);
    return est_i_fail(error, EST_EOPTION, "%s, found %zu; %s", limit, n_lists, instead);
}

void est_i_family_instead(size_t n_lists, char *text)
{
    const char *smaller = "";
    if (n_lists <= EST_I_FAMILY_LISTS_MAX)
        smaller = "search a smaller class (--class pairwise, graphical or decomposable), ";
    else if (n_lists <= EST_I_FAMILY_PAIRWISE_MAX)
        smaller = "search the smallest class (--class pairwise), ";
    int length = snprintf(text, EST_I_FAMILY_ADVICE_MAX,
                          "%stake a path (--select stepwise or downhill), give --model (for example all-pairs), or take "
                          "fewer lists with --lists", smaller);
    if (n_lists > EST_I_FAMILY_PAIRWISE_MAX)
        snprintf(text + length, EST_I_FAMILY_ADVICE_MAX - (size_t)length,
                 ". With so many lists a path takes long: downhill fits %zu models or more a step, and every bootstrap "
                 "replicate walks the path again; --ci profile does without replicates", n_lists * (n_lists - 1) / 2);
}

est_status est_i_family_make(const est_i_fit_data *data, int model_class, unsigned max_order, est_i_family *family,
                             est_error *error)
{
    memset(family, 0, sizeof *family);
    family->model_class = model_class;
    family->n_lists = data->n_lists;
    family->max_order = model_class == EST_CLASS_PAIRWISE ? 2 : max_order;
    if (is_graphical(model_class) && data->n_lists > EST_I_FAMILY_LISTS_MAX)
        return refuse_class(data->n_lists, "option --class: graphical models are searched for up to 9 lists", error);
    if (!add_items(data, family))
        return refuse_class(data->n_lists, "an exact search holds at most 64 terms, as many as the pairs of 11 lists", error);
    add_order(family);
    return EST_OK;
}

unsigned est_i_default_order(size_t n_lists, int model_class)
{
    unsigned order = n_lists > 4 ? 3 : (unsigned)n_lists - 1;
    if (model_class == EST_CLASS_PAIRWISE)
        order = n_lists > 2 ? 2 : 1;
    else if (model_class != EST_CLASS_HIERARCHICAL)
        order = (unsigned)n_lists - 1;
    return order;
}

/* Lists that the graph joins to list j. */
static void read_edges(const est_i_family *f, est_i_set set, uint32_t *neighbours)
{
    memset(neighbours, 0, EST_I_FAMILY_LISTS_MAX * sizeof *neighbours);
    for (est_i_set rest = set; rest; rest &= rest - 1) {
        uint32_t pair = f->item[__builtin_ctzll(rest)], low = pair & -pair, high = pair ^ low;
        neighbours[__builtin_ctz(low)] |= high;
        neighbours[__builtin_ctz(high)] |= low;
    }
}

/* Counts the cliques of two lists or more, and writes their masks where `terms` is given: a clique is its highest list and a clique
 * of that list's lower neighbours. */
static size_t add_cliques(const uint32_t *neighbours, size_t n_lists, uint32_t clique, uint32_t common, unsigned left, uint32_t *terms,
                          size_t count)
{
    for (size_t j = 0; j < n_lists && left; j++) {
        uint32_t list = (uint32_t)1 << j;
        if (!(common & list))
            continue;
        uint32_t grown = clique | list;
        if (clique) {
            if (terms)
                terms[count] = grown;
            count++;
        }
        count = add_cliques(neighbours, j, grown, common & neighbours[j], left - 1, terms, count);
    }
    return count;
}

static int by_size(uint32_t a, uint32_t b)
{
    int size_a = __builtin_popcount(a), size_b = __builtin_popcount(b);
    return size_a != size_b ? (size_a > size_b) - (size_a < size_b) : (a > b) - (a < b);
}

static void sort_terms(uint32_t *terms, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint32_t term = terms[i];
        size_t j = i;
        for (; j > 0 && by_size(terms[j - 1], term) > 0; j--)
            terms[j] = terms[j - 1];
        terms[j] = term;
    }
}

static size_t clique_terms(const est_i_family *f, est_i_set set, uint32_t *terms)
{
    uint32_t neighbours[EST_I_FAMILY_LISTS_MAX], everyone = ((uint32_t)1 << f->n_lists) - 1;
    read_edges(f, set & f->all, neighbours);
    return add_cliques(neighbours, f->n_lists, 0, everyone, f->max_order, terms, 0);
}

size_t est_i_family_terms(const est_i_family *f, est_i_set set, uint32_t *terms)
{
    size_t count = 0;
    if (is_graphical(f->model_class)) {
        count = clique_terms(f, set, terms);
        sort_terms(terms, count);
    } else
        for (size_t size = 2; size < EST_I_FAMILY_SIZES; size++)
            for (est_i_set rest = set & f->of_size[size]; rest; rest &= rest - 1)
                terms[count++] = f->item[__builtin_ctzll(rest)];
    return count;
}

size_t est_i_family_size(const est_i_family *f, est_i_set set)
{
    return is_graphical(f->model_class) ? clique_terms(f, set, NULL) : est_i_set_size(set & f->all);
}

/* A graph is chordal if lists can be taken away one by one, each with neighbours that are all joined. */
static bool is_chordal(uint32_t *neighbours, size_t n_lists)
{
    uint32_t left = ((uint32_t)1 << n_lists) - 1;
    bool progress = true;
    while (left && progress) {
        progress = false;
        for (size_t j = 0; j < n_lists; j++) {
            uint32_t around = neighbours[j] & left;
            bool simplicial = left >> j & 1;
            for (size_t i = 0; i < n_lists && simplicial; i++)
                simplicial = !(around >> i & 1) || (around & ~neighbours[i]) == (uint32_t)1 << i;
            if (simplicial) {
                left &= ~((uint32_t)1 << j);
                progress = true;
            }
        }
    }
    return left == 0;
}

static bool is_graph_of_family(const est_i_family *f, est_i_set set)
{
    uint32_t neighbours[EST_I_FAMILY_LISTS_MAX], everyone = ((uint32_t)1 << f->n_lists) - 1;
    read_edges(f, set, neighbours);
    size_t capped = add_cliques(neighbours, f->n_lists, 0, everyone, f->max_order, NULL, 0);
    bool holds = capped == add_cliques(neighbours, f->n_lists, 0, everyone, f->max_order + 1, NULL, 0);
    return holds && (f->model_class != EST_CLASS_DECOMPOSABLE || is_chordal(neighbours, f->n_lists));
}

bool est_i_family_holds(const est_i_family *f, est_i_set set)
{
    bool holds = (set & ~f->all) == 0;
    if (holds && is_graphical(f->model_class))
        holds = is_graph_of_family(f, set);
    for (est_i_set rest = set; rest && holds && !is_graphical(f->model_class); rest &= rest - 1)
        holds = (f->below[__builtin_ctzll(rest)] & ~set) == 0;
    return holds;
}

est_i_set est_i_family_set(const est_i_family *f, const uint32_t *terms, size_t n_terms)
{
    est_i_set set = 0;
    for (size_t i = 0; i < f->n_items; i++)
        for (size_t j = 0; j < n_terms && (f->all >> i & 1); j++)
            if (f->item[i] == terms[j])
                set |= (est_i_set)1 << i;
    return set;
}

/* Models that agree with `set` on the terms of fewer than `size` lists: every subset of the terms of that size whose parts are in may
 * join, and on the last level nothing hangs on which. */
static double count_levels(const est_i_family *f, est_i_set set, size_t size)
{
    est_i_set may = 0, chosen = 0;
    double count = 0;
    for (est_i_set rest = f->of_size[size]; rest; rest &= rest - 1) {
        size_t item = (size_t)__builtin_ctzll(rest);
        if ((f->below[item] & ~set) == (est_i_set)1 << item)
            may |= (est_i_set)1 << item;
    }
    if (size + 1 >= EST_I_FAMILY_SIZES || f->of_size[size + 1] == 0)
        return ldexp(1, __builtin_popcountll(may));
    do {
        count += count_levels(f, set | chosen, size + 1);
        chosen = (chosen - may) & may;
    } while (chosen);
    return count;
}

/* Graphs with a clique larger than max_order are left out: with the default only the complete graph. */
static double count_graphs(const est_i_family *f)
{
    double all = ldexp(1, __builtin_popcountll(f->all));
    size_t complete = f->n_lists * (f->n_lists - 1) / 2;
    if (f->max_order + 1 < f->n_lists)
        return NAN;
    return (size_t)__builtin_popcountll(f->all) == complete ? all - 1 : all;
}

static bool is_complete(const est_i_family *f)
{
    return f->all == est_i_set_all(f->n_lists, f->max_order);
}

/* Counting the models of six lists one by one takes longer than finding the best of them, so their numbers are kept. */
double est_i_family_count(const est_i_family *f)
{
    static const double of_six[] = {3702013, 7741776, 7785061};
    double count = NAN;
    if (f->model_class == EST_CLASS_HIERARCHICAL && f->n_lists == 6 && f->max_order > 2 && f->max_order < 6 && is_complete(f))
        count = of_six[f->max_order - 3];
    else if (f->model_class == EST_CLASS_GRAPHICAL)
        count = count_graphs(f);
    else if (f->model_class != EST_CLASS_DECOMPOSABLE)
        count = count_levels(f, 0, 2);
    return count;
}
