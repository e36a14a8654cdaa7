/* Decomposable graphs against brute force (induced cycles, maximal cliques, spanning trees of cliques), and their posterior against
 * an urn that draws one person after the other and against the formula written out. */
#include "mse_support.h"

#include <est/decomposable.h>

#include "mse/decomposable_graphs.h"
#include "mse/decomposable_posterior.h"
#include "numerics/special.h"

#define NEAR REQUIRE_NEAR

/* ---- graphs ---- */

static bool has_edge(unsigned edges, unsigned i, unsigned j)
{
    unsigned low = i < j ? i : j, high = i < j ? j : i;
    return edges >> (high * (high - 1) / 2 + low) & 1;
}

static unsigned neighbours_in(unsigned edges, unsigned n, unsigned list, unsigned set)
{
    unsigned found = 0;
    for (unsigned j = 0; j < n; j++)
        if (j != list && (set >> j & 1) && has_edge(edges, list, j))
            found |= 1u << j;
    return found;
}

/* Connected, and every list has two neighbours in it. */
static bool is_cycle(unsigned edges, unsigned n, unsigned set)
{
    unsigned reached = set & (0u - set), before = 0;
    for (unsigned i = 0; i < n; i++)
        if ((set >> i & 1) && __builtin_popcount(neighbours_in(edges, n, i, set)) != 2)
            return false;
    while (reached != before) {
        before = reached;
        for (unsigned i = 0; i < n; i++)
            if (before >> i & 1)
                reached |= neighbours_in(edges, n, i, set);
    }
    return reached == set;
}

static bool is_chordal(unsigned edges, unsigned n)
{
    bool chordal = true;
    for (unsigned set = 1; set < 1u << n && chordal; set++)
        chordal = __builtin_popcount(set) < 4 || !is_cycle(edges, n, set);
    return chordal;
}

static bool is_complete(unsigned edges, unsigned n, unsigned set)
{
    bool complete = true;
    for (unsigned i = 0; i < n && complete; i++)
        complete = !(set >> i & 1) || neighbours_in(edges, n, i, set) == (set & ~(1u << i));
    return complete;
}

static size_t maximal_cliques(unsigned edges, unsigned n, unsigned *cliques)
{
    size_t count = 0;
    for (unsigned set = 1; set < 1u << n; set++) {
        bool maximal = is_complete(edges, n, set);
        for (unsigned i = 0; i < n && maximal; i++)
            maximal = (set >> i & 1) || !is_complete(edges, n, set | 1u << i);
        if (maximal)
            cliques[count++] = set;
    }
    return count;
}

/* The separators are the edges of a spanning tree of the cliques in which the overlaps are as large as can be (Kruskal). */
static size_t tree_separators(const unsigned *cliques, size_t count, unsigned *separators)
{
    size_t part[8], found = 0;
    for (size_t i = 0; i < count; i++)
        part[i] = i;
    for (int size = 6; size > 0; size--)
        for (size_t i = 0; i < count; i++)
            for (size_t j = i + 1; j < count; j++) {
                size_t old = part[j];
                if (__builtin_popcount(cliques[i] & cliques[j]) != size || part[i] == old)
                    continue;
                separators[found++] = cliques[i] & cliques[j];
                for (size_t k = 0; k < count; k++)
                    part[k] = part[k] == old ? part[i] : part[k];
            }
    return found;
}

static void require_same_sets(const uint8_t *found, size_t n_found, const unsigned *expected, size_t n_expected)
{
    int count[64] = {0};
    assert_int_equal(n_found, n_expected);
    for (size_t i = 0; i < n_found; i++) {
        count[found[i]]++;
        count[expected[i]]--;
    }
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(count[i], 0);
}

static void require_graph(const est_i_graph *graph, unsigned n)
{
    unsigned cliques[32], separators[32];
    size_t n_cliques = maximal_cliques(graph->edges, n, cliques);
    size_t n_separators = tree_separators(cliques, n_cliques, separators);
    require_same_sets(graph->cliques, graph->n_cliques, cliques, n_cliques);
    require_same_sets(graph->separators, graph->n_separators, separators, n_separators);
    assert_int_equal(graph->n_edges, __builtin_popcount(graph->edges));
}

static void test_graphs(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 0, 2, 8, 61, 822, 18154};
    for (unsigned n = 2; n <= 6; n++) {
        est_error error;
        est_i_graphs graphs;
        size_t at = 0;
        REQUIRE_OK(est_i_graphs_make(n, &graphs, &error), error);
        assert_int_equal(graphs.count, counts[n]);
        for (unsigned edges = 0; edges < 1u << (n * (n - 1) / 2); edges++)
            if (is_chordal(edges, n)) {
                assert_int_equal(graphs.graphs[at].edges, edges);
                require_graph(&graphs.graphs[at++], n);
            }
        assert_int_equal(at, graphs.count);
        assert_int_equal(graphs.graphs[at - 1].cliques[0], (1u << n) - 1);
        est_i_graphs_free(&graphs);
    }
}

/* ---- the posterior by other ways ---- */

static double log_prior(const est_i_graph_setting *s, double population)
{
    double value = 0;
    if (s->prior == EST_PRIOR_ONE_OVER_N)
        value = -log(population);
    else if (s->prior == EST_PRIOR_NEGATIVE_BINOMIAL)
        value = lgamma(population + s->shape) - lgamma(s->shape) - lgamma(population + 1) +
                population * log(s->scale / (1 + s->scale)) - s->shape * log(1 + s->scale);
    return value;
}

/* The probability that the next person has this history, when counts[w] had w before: cliques over separators. */
static double next_person(const est_i_graph_setting *s, const est_i_graph *graph, const double *counts, size_t history)
{
    size_t n = s->graphs->n_lists, cells = (size_t)1 << n;
    double product = 1, all = s->delta * (double)cells;
    for (size_t w = 0; w < cells; w++)
        all += counts[w];
    for (size_t i = 0; i < (size_t)graph->n_cliques + graph->n_separators; i++) {
        bool clique = i < graph->n_cliques;
        size_t set = clique ? graph->cliques[i] : graph->separators[i - graph->n_cliques];
        double like = s->delta * (double)(cells >> __builtin_popcount((unsigned)set));
        for (size_t w = 0; w < cells; w++)
            like += (w & set) == (history & set) ? counts[w] : 0;
        product *= clique ? like / all : all / like;
    }
    return product;
}

/* log p of each number of unseen on the grid: the seen are drawn first, then one unseen after the other. */
static void draw_from_urn(const est_i_graph_setting *s, const est_i_graph *graph, double *values)
{
    size_t cells = (size_t)1 << s->graphs->n_lists;
    double counts[64] = {0}, sum = 0, seen = 0;
    for (size_t w = 1; w < cells; w++)
        for (double k = 0; k < s->counts[w]; k++) {
            sum += log(next_person(s, graph, counts, w));
            counts[w]++;
            seen++;
        }
    for (size_t unseen = 0; unseen <= s->most; unseen++) {
        double population = seen + (double)unseen;
        if (unseen >= s->least)
            values[unseen - s->least] =
                sum + lgamma(population + 1) - lgamma((double)unseen + 1) + log_prior(s, population);
        sum += log(next_person(s, graph, counts, 0));
        counts[0]++;
    }
}

/* The marginal likelihood of the cells of a set of lists, up to the factor that all sets share. */
static double of_set(const est_i_graph_setting *s, size_t set, double unseen)
{
    size_t n = s->graphs->n_lists, cells = (size_t)1 << n;
    double alpha = s->delta * (double)(cells >> __builtin_popcount((unsigned)set)), margin[64] = {0}, sum = 0;
    for (size_t w = 0; w < cells; w++)
        margin[w & set] += w ? s->counts[w] : unseen;
    for (size_t w = 0; w < cells; w++)
        if ((w & set) == w)
            sum += est_i_log_gamma(margin[w] + alpha) - est_i_log_gamma(alpha);
    return sum;
}

/* log p by the formula, for all graphs at one number of unseen. */
static void write_out(const est_i_graph_setting *s, double unseen, double *values)
{
    size_t n = s->graphs->n_lists, cells = (size_t)1 << n;
    double likelihood[64], population = unseen, all = s->delta * (double)cells;
    for (size_t w = 1; w < cells; w++)
        population += s->counts[w];
    for (size_t set = 1; set < cells; set++)
        likelihood[set] = of_set(s, set, unseen) + est_i_log_gamma(all) - est_i_log_gamma(population + all);
    for (size_t g = 0; g < s->graphs->count; g++) {
        const est_i_graph *graph = &s->graphs->graphs[g];
        values[g] = est_i_log_gamma(population + 1) - est_i_log_gamma(unseen + 1) + log_prior(s, population);
        for (size_t i = 0; i < graph->n_cliques; i++)
            values[g] += likelihood[graph->cliques[i]];
        for (size_t i = 0; i < graph->n_separators; i++)
            values[g] -= likelihood[graph->separators[i]];
    }
}

/* values[position * graphs + graph] of log p become probabilities. */
static void normalise(double *values, size_t count)
{
    double most = -INFINITY, total = 0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, values[i]);
    for (size_t i = 0; i < count; i++)
        total += values[i] = exp(values[i] - most);
    for (size_t i = 0; i < count; i++)
        values[i] /= total;
}

static double own_quantile(const double *values, size_t n_grid, size_t n_graphs, size_t graph, double share)
{
    double total = 0, sum = 0;
    size_t k = 0;
    for (size_t i = 0; i < n_grid; i++)
        total += values[i * n_graphs + graph];
    for (; k + 1 < n_grid; k++) {
        sum += values[k * n_graphs + graph];
        if (sum >= share * total)
            break;
    }
    return (double)k;
}

static void require_posterior(const est_i_graph_posterior *posterior, const est_i_graph_setting *s, double *values,
                              double tolerance)
{
    size_t n_grid = s->most - s->least + 1, n_graphs = s->graphs->count, best = 0;
    double apart = 0, off = 0;
    normalise(values, n_grid * n_graphs);
    for (size_t k = 0; k < n_grid; k++) {
        double sum = 0;
        for (size_t g = 0; g < n_graphs; g++)
            sum += values[k * n_graphs + g];
        apart += fabs(sum - posterior->mass[k]);
    }
    for (size_t g = 0; g < n_graphs; g++) {
        double sum = 0;
        for (size_t k = 0; k < n_grid; k++)
            sum += values[k * n_graphs + g];
        off += fabs(sum - posterior->weight[g]);
        best = posterior->weight[g] > posterior->weight[best] ? g : best;
    }
    NEAR(apart, 0, tolerance);
    NEAR(off, 0, tolerance);
    for (double share = 0.025; share < 1; share += 0.475)
        NEAR(est_i_graph_own_quantile(posterior, best, share) - posterior->seen - (double)s->least,
             own_quantile(values, n_grid, n_graphs, best, share), 0);
}

typedef struct table {
    est_i_captures *captures;
    est_i_graphs graphs;
    est_i_monitor monitor;
    est_i_graph_setting setting;
} table;

static void open_case(table *t, const char *dataset, double delta, size_t least, size_t most)
{
    est_error error;
    t->captures = open_captures(dataset, false);
    REQUIRE_OK(est_i_graphs_make(t->captures->n_lists, &t->graphs, &error), error);
    est_i_monitor_start(&t->monitor, NULL);
    t->setting = (est_i_graph_setting){.graphs = &t->graphs, .counts = t->captures->counts[0], .delta = delta, .least = least,
                                       .most = most, .complete = true, .threads = 1, .monitor = &t->monitor};
}

static void close_case(table *t)
{
    est_i_graphs_free(&t->graphs);
    est_i_captures_free(t->captures);
}

static void require_urn(double delta, est_population_prior prior, size_t least, size_t most)
{
    est_error error;
    est_i_graph_posterior posterior;
    table t;
    open_case(&t, "dataset:spina_bifida_new_york", delta, least, most);
    t.setting.prior = prior;
    t.setting.shape = 13.14;
    t.setting.scale = 55.17;
    size_t n_grid = most - least + 1;
    double *values = calloc(n_grid * 8, sizeof *values), *column = calloc(n_grid, sizeof *column);
    for (size_t g = 0; g < 8; g++) {
        draw_from_urn(&t.setting, &t.graphs.graphs[g], column);
        for (size_t k = 0; k < n_grid; k++)
            values[k * 8 + g] = column[k];
    }
    REQUIRE_OK(est_i_graph_posterior_make(&t.setting, &posterior, &error), error);
    require_posterior(&posterior, &t.setting, values, 2e-10);
    est_i_graph_posterior_free(&posterior);
    free(values);
    free(column);
    close_case(&t);
}

static void test_urn(void **state)
{
    (void)state;
    require_urn(1, EST_PRIOR_NEGATIVE_BINOMIAL, 1, 300);
    require_urn(0.125, EST_PRIOR_ONE_OVER_N, 0, 3000);
    require_urn(0.01, EST_PRIOR_UNIFORM, 0, 1000);
    require_urn(4, EST_PRIOR_ONE_OVER_N, 90, 90);
    require_urn(4, EST_PRIOR_ONE_OVER_N, 90, 91);
}

/* With the counts of the dataset times `times`. The formula loses digits where they are large. */
static void require_formula(const char *dataset, double times, double delta, size_t least, size_t most)
{
    est_error error;
    est_i_graph_posterior posterior;
    table t;
    open_case(&t, dataset, delta, least, most);
    for (size_t w = 1; w < t.captures->n_cells; w++)
        t.captures->counts[0][w] *= times;
    size_t n_graphs = t.graphs.count;
    double *values = calloc((most - least + 1) * n_graphs, sizeof *values);
    assert_non_null(values);
    for (size_t k = least; k <= most; k++)
        write_out(&t.setting, (double)k, values + (k - least) * n_graphs);
    REQUIRE_OK(est_i_graph_posterior_make(&t.setting, &posterior, &error), error);
    require_posterior(&posterior, &t.setting, values, 2e-10 * times);
    est_i_graph_posterior_free(&posterior);
    free(values);
    close_case(&t);
}

/* Grids long enough for tiles that are summed at their nodes, tables with flat and with steep posteriors. */
static void test_formula(void **state)
{
    (void)state;
    require_formula("dataset:kosovo_1999", 1, 1.0 / 16, 0, 20000);
    require_formula("dataset:kosovo_1999", 1, 1, 0, 20000);
    require_formula("dataset:kosovo_1999", 100, 0.5, 700000, 740000);
    require_formula("dataset:spina_bifida_new_york", 100, 1, 5000, 20000);
    require_formula("dataset:uk_2013_five", 1, 1.0 / 32, 5000, 12000);
    require_formula("dataset:netherlands_2010_15_five", 1, 3, 0, 4000);
    require_formula("dataset:hare_cormack", 1, 1.0 / 64, 0, 400);
    require_formula("dataset:uk_2013", 1, 1.0 / 64, 8000, 8500);
}

/* ---- the method ---- */

static est_table *parse_table(const char *csv)
{
    est_table *data = NULL;
    est_error error;
    REQUIRE_OK(est_table_parse_csv("small.csv", csv, strlen(csv), NULL, &data, &error), error);
    return data;
}

static est_table *open_table(const char *name)
{
    est_table *data = NULL;
    est_error error;
    REQUIRE_OK(est_table_open(name, NULL, &data, &error), error);
    return data;
}

static est_result *run_on(est_table *data, est_decomposable_options options, const est_context *context)
{
    est_error error;
    est_result *result = NULL;
    REQUIRE_OK(est_decomposable(data, &options, context, &result, &error), error);
    est_table_free(data);
    return result;
}

static est_result *run(const char *dataset, est_decomposable_options options)
{
    return run_on(open_table(dataset), options, NULL);
}

static const est_row *population(const est_result *result)
{
    return est_result_find(result, "population", NULL, NULL);
}

/* The severity of the note of this code; -1 if there is none. */
static int severity_of(const est_result *result, const char *code)
{
    int severity = -1;
    for (size_t i = 0; i < est_result_notes(result); i++)
        if (strcmp(est_result_note(result, i)->code, code) == 0)
            severity = (int)est_result_note(result, i)->severity;
    return severity;
}

static void require_same_reports(const est_result *a, const est_result *b)
{
    for (size_t i = 0; est_report_format(i); i++) {
        char *left = NULL, *right = NULL;
        size_t n_left = 0, n_right = 0;
        est_error error;
        REQUIRE_OK(est_report_string(a, est_report_format(i), &left, &n_left, &error), error);
        REQUIRE_OK(est_report_string(b, est_report_format(i), &right, &n_right, &error), error);
        assert_int_equal(n_left, n_right);
        assert_memory_equal(left, right, n_left);
        est_string_free(left);
        est_string_free(right);
    }
}

static void test_threads(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 7};
    est_result *results[3];
    for (size_t i = 0; i < 3; i++) {
        est_context context = est_context_default();
        context.threads = threads[i];
        results[i] = run_on(open_table("dataset:uk_2013_five"), est_decomposable_options_default(), &context);
    }
    require_same_reports(results[0], results[1]);
    require_same_reports(results[0], results[2]);
    for (size_t i = 0; i < 3; i++)
        est_result_free(results[i]);
}

/* Neither the order of the lists nor that of the rows changes the answer. */
static void test_order(void **state)
{
    (void)state;
    static const char forwards[] = "a,b,c,d,count\n1,0,0,0,40\n0,1,0,0,31\n0,0,1,0,22\n0,0,0,1,57\n1,1,0,0,9\n1,0,1,0,4\n"
                                   "0,0,1,1,11\n0,1,0,1,6\n1,1,1,0,3\n1,0,1,1,2\n";
    static const char backwards[] = "d,c,b,a,count\n1,1,0,1,2\n0,1,1,1,3\n1,0,1,0,6\n1,1,0,0,11\n0,1,0,1,4\n0,0,1,1,9\n"
                                    "1,0,0,0,57\n0,1,0,0,22\n0,0,1,0,31\n0,0,0,1,40\n";
    est_result *first = run_on(parse_table(forwards), est_decomposable_options_default(), NULL);
    est_result *second = run_on(parse_table(backwards), est_decomposable_options_default(), NULL);
    const est_row *a = population(first), *b = population(second);
    const est_frame *left = est_result_frame_find(first, "graphs"), *right = est_result_frame_find(second, "graphs");
    NEAR(a->estimate, b->estimate, 0);
    NEAR(a->lower, b->lower, 0);
    NEAR(a->upper, b->upper, 0);
    NEAR(a->se, b->se, 1e-10);
    for (size_t i = 0; i < 5; i++) {
        NEAR(left->cells[i * 5 + 1].number, right->cells[i * 5 + 1].number, 1e-10);
        NEAR(left->cells[i * 5 + 2].number, right->cells[i * 5 + 2].number, 0);
    }
    est_result_free(first);
    est_result_free(second);
}

static void test_without_complete_graph(void **state)
{
    (void)state;
    est_decomposable_options options = est_decomposable_options_default();
    est_result *with = run("dataset:korea", options);
    options.complete = EST_COMPLETE_NO;
    est_result *without = run("dataset:korea", options);
    const est_frame *a = est_result_frame_find(with, "graphs"), *b = est_result_frame_find(without, "graphs");
    double complete = est_result_stat_value(with, "complete_graph");
    assert_int_equal(severity_of(with, "complete_graph"), EST_WARNING);
    assert_int_equal(severity_of(without, "complete_graph"), -1);
    assert_int_equal(severity_of(without, "untestable"), EST_NOTE);
    assert_true(complete > 0.1 && isnan(est_result_stat_value(without, "complete_graph")));
    NEAR(est_result_stat_value(with, "graphs") - est_result_stat_value(without, "graphs"), 1, 0);
    NEAR(population(without)->estimate, est_result_stat_value(with, "median_without_complete"), 0);
    NEAR(b->cells[1].number, a->cells[1].number / (1 - complete), 1e-10);
    NEAR(b->cells[2].number, a->cells[2].number, 0);
    est_result_free(with);
    est_result_free(without);
}

/* Each warning on a table on which it must come, and on one on which it must not. */
static void test_warnings(void **state)
{
    (void)state;
    est_decomposable_options options = est_decomposable_options_default();
    est_result *result = run("dataset:netherlands_2010_15", options);
    assert_int_equal(severity_of(result, "grid_decides"), EST_WARNING);
    assert_int_equal(severity_of(result, "prior_sensitivity"), EST_WARNING);
    assert_int_equal(severity_of(result, "sampling_zeros"), EST_WARNING);
    assert_int_equal(severity_of(result, "near_ties"), EST_NOTE);
    assert_true(est_result_stat_value(result, "mass_near_most") > 0.001);
    NEAR(est_result_stat_value(result, "most_unseen"), 200000, 0);
    est_result_free(result);
    result = run("dataset:spina_bifida_new_york", options);
    assert_int_equal(severity_of(result, "grid_decides"), -1);
    assert_int_equal(severity_of(result, "prior_sensitivity"), EST_NOTE);
    assert_int_equal(severity_of(result, "sampling_zeros"), -1);
    assert_int_equal(severity_of(result, "posterior"), EST_WARNING);
    est_result_free(result);
    result = run("dataset:uk_2013_five", options);
    assert_int_equal(severity_of(result, "near_ties"), EST_WARNING);
    est_result_free(result);
    options.least = 100;
    options.most = 10000;
    result = run("dataset:spina_bifida_new_york", options);
    assert_int_equal(severity_of(result, "grid_decides"), EST_WARNING);
    est_result_free(result);
}

/* The frame of the posterior holds all of it, in order, whatever the grid. */
static void test_posterior_frame(void **state)
{
    (void)state;
    static const long most[] = {1, 7, 300, 50000};
    for (size_t i = 0; i < 4; i++) {
        est_decomposable_options options = est_decomposable_options_default();
        options.most = most[i];
        est_result *result = run("dataset:korea", options);
        const est_frame *frame = est_result_frame_find(result, "posterior");
        double next = 123, sum = 0;
        for (size_t k = 0; k < frame->n_rows; k++) {
            const est_cell *cell = &frame->cells[4 * k];
            NEAR(cell[0].number, next, 0);
            assert_true(cell[1].number >= cell[0].number && cell[2].number >= 0);
            next = cell[1].number + 1;
            sum += cell[2].number;
            NEAR(cell[3].number, sum, 1e-12);
        }
        NEAR(next, 124 + (double)most[i], 0);
        NEAR(sum, 1, 1e-12);
        assert_true(frame->n_rows <= 70);
        est_result_free(result);
    }
}

/* exp() of these log-likelihoods is far below the smallest double. */
static void test_large_and_small_tables(void **state)
{
    (void)state;
    est_decomposable_options options = est_decomposable_options_default();
    options.most = 1500000;
    est_result *result = run_on(parse_table("a,b,c,count\n1,0,0,900000\n0,1,0,800000\n0,0,1,700000\n1,1,0,300000\n1,0,1,250000\n"
                                            "0,1,1,200000\n1,1,1,80000\n"), options, NULL);
    const est_row *row = population(result);
    assert_true(row->estimate > 3230000 && row->lower < row->estimate && row->upper > row->estimate && row->se > 100);
    est_result_free(result);
    options.most = 0;
    result = run_on(parse_table("a,b,c,count\n1,1,1,1\n"), options, NULL);
    row = population(result);
    assert_true(row->estimate >= 1 && row->upper <= 21 && isfinite(row->se));
    assert_true((row->flags & EST_FLAG_BIT(EST_FLAG_FEW_DATA)) != 0);
    est_result_free(result);
}

static void require_refusal(const char *csv, est_decomposable_options options, est_status status, const char *words)
{
    est_error error;
    est_result *result = NULL;
    est_table *data = parse_table(csv);
    assert_int_equal(est_decomposable(data, &options, NULL, &result, &error), status);
    assert_null(result);
    if (!strstr(error.message, words))
        fail_msg("%s", error.message);
    est_table_free(data);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char three[] = "a,b,c,count\n1,0,0,40\n0,1,0,31\n0,0,1,22\n1,1,0,9\n";
    est_decomposable_options o = est_decomposable_options_default();
    require_refusal("a,b,count\n1,0,4\n0,1,5\n1,1,2\n", o, EST_EDEFINITION, "est two-list");
    require_refusal("a,b,c,d,e,f,g,count\n1,0,0,0,0,0,1,4\n0,1,1,1,1,1,0,5\n", o, EST_EOPTION, "name six with --lists");
    require_refusal("a,b,c,count\n1,0,0,40\n0,1,0,31\n1,1,0,9\n", o, EST_EIDENTIFY, "list c holds nobody");
    o.least = 6000;
    require_refusal(three, o, EST_EOPTION, "give --most");
    o.most = 2000;
    require_refusal(three, o, EST_EOPTION, "no more than --most 2000");
    o = est_decomposable_options_default();
    o.prior = EST_PRIOR_NEGATIVE_BINOMIAL;
    o.prior_shape = 3;
    require_refusal(three, o, EST_EOPTION, "--prior-scale");
    o.prior = EST_PRIOR_UNIFORM;
    require_refusal(three, o, EST_EOPTION, "expected them only with");
    o = est_decomposable_options_default();
    o.delta = NAN;
    require_refusal(three, o, EST_EOPTION, "--delta");
    o.delta = 1e-9;
    require_refusal(three, o, EST_EOPTION, "--delta");
}

typedef struct stopper {
    int calls, at;
} stopper;

static int stop_at(void *user)
{
    stopper *s = user;
    return ++s->calls >= s->at;
}

static void test_cancel(void **state)
{
    (void)state;
    for (int at = 1; at <= 9; at += 4) {
        est_error error;
        est_result *result = NULL;
        stopper s = {0, at};
        est_context context = est_context_default();
        est_decomposable_options options = est_decomposable_options_default();
        est_table *data = open_table("dataset:uk_2013");
        context.poll = stop_at;
        context.user = &s;
        options.most = 200000;
        assert_int_equal(est_decomposable(data, &options, &context, &result, &error), EST_ECANCELLED);
        assert_null(result);
        est_table_free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graphs),         cmocka_unit_test(test_urn),
        cmocka_unit_test(test_formula),        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_order),          cmocka_unit_test(test_without_complete_graph),
        cmocka_unit_test(test_warnings),       cmocka_unit_test(test_posterior_frame),
        cmocka_unit_test(test_large_and_small_tables), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
