/* The run of `decomposable`: the posterior, the same under other priors on the cells, and what is said beside it. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/monitor.h"
#include "core/result.h"
#include "core/text.h"
#include "mse/decomposable.h"
#include "mse/decomposable_posterior.h"
#include "mse/describe.h"

#define OTHER_PRIORS 3
#define BINS 60
#define ODDS 10 /* a graph this many times less probable than the best is still near it */

/* A posterior in four numbers. */
typedef struct summary {
    double delta, median, lower, upper, complete;
} summary;

/* A listed graph and its own posterior. */
typedef struct listed {
    size_t graph;
    double weight, median, lower, upper;
} listed;

typedef struct decomposable_run {
    const est_table *table;
    const est_i_captures *captures;
    const est_decomposable_options *options;
    const est_context *context;
    est_i_monitor monitor;
    est_i_result_builder *builder;
    est_error *error;
    est_i_graphs graphs;
    est_i_graph_setting setting;
    est_i_graph_posterior posterior;
    summary answer, by_delta[OTHER_PRIORS]; /* delta / 16, delta, delta x 16 */
    double mean, sd, median_without_complete, at_least, at_most;
    listed *listed;
    size_t n_listed;
} decomposable_run;

static const double factors[OTHER_PRIORS] = {1.0 / 16, 1, 16};

/* ---- what is asked for ---- */

static est_status check_lists(const decomposable_run *r)
{
    const est_i_captures *c = r->captures;
    uint32_t counting = est_i_lists_that_count(c, 0);
    if (c->n_lists < 3)
        return est_i_fail(r->error, EST_EDEFINITION, "found %zu lists, expected three to six: two lists say nothing about their "
                          "dependence; use est two-list, which shows what dependence would do", c->n_lists);
    if (c->n_lists > EST_I_GRAPH_LISTS_MAX)
        return est_i_fail(r->error, EST_EOPTION, "found %zu lists, expected three to six: seven lists have 617,675 decomposable "
                          "graphs; name six with --lists, merge lists, or use est mse --class decomposable", c->n_lists);
    for (size_t j = 0; j < c->n_lists; j++)
        if (!(counting >> j & 1))
            return est_i_fail(r->error, EST_EIDENTIFY, "no estimate exists: list %.100s holds nobody; name the other lists with "
                              "--lists", c->list_names[j]);
    return EST_OK;
}

/* 1, 2 or 5 and zeros: the exact multiple would tell the persons seen, which may have been rounded. */
static double round_up(double value)
{
    static const double digits[] = {1, 2, 5};
    double unit = 1, found = 0;
    while (found < value) {
        for (size_t i = 0; i < 3 && found < value; i++)
            found = digits[i] * unit;
        unit *= 10;
    }
    return found;
}

static est_status resolve(decomposable_run *r)
{
    const est_decomposable_options *o = r->options;
    double most = o->most > 0 ? (double)o->most : fmin(round_up(20 * r->captures->total), EST_I_UNSEEN_MAX);
    if (!(most >= (double)o->least))
        return est_i_fail(r->error, EST_EOPTION, "option --least: found %ld, which is above the default of --most, about 20 times "
                          "the persons seen; give --most", o->least);
    r->setting = (est_i_graph_setting){.graphs = &r->graphs,
                                       .counts = r->captures->counts[0],
                                       .delta = o->delta > 0 ? o->delta : ldexp(1, -(int)r->captures->n_lists),
                                       .least = (size_t)o->least,
                                       .most = (size_t)most,
                                       .prior = (est_population_prior)o->prior,
                                       .shape = o->prior_shape,
                                       .scale = o->prior_scale,
                                       .complete = o->complete == EST_COMPLETE_YES,
                                       .threads = r->context ? r->context->threads : 1,
                                       .monitor = &r->monitor};
    return EST_OK;
}

/* ---- the posterior ---- */

static double tail_of(const decomposable_run *r)
{
    return (1 - r->options->level) / 2;
}

static size_t complete_graph(const decomposable_run *r)
{
    return r->graphs.count - 1;
}

static summary summarise(const decomposable_run *r, const est_i_graph_posterior *posterior, double delta)
{
    summary s = {.delta = delta, .complete = posterior->weight[complete_graph(r)]};
    s.median = est_i_graph_quantile(posterior, 0.5);
    s.lower = est_i_graph_quantile(posterior, tail_of(r));
    s.upper = est_i_graph_quantile(posterior, 1 - tail_of(r));
    return s;
}

/* Mass of the first and the last tenth of the grid. */
static void measure_ends(decomposable_run *r)
{
    size_t n = r->posterior.n_grid, tenth = n / 10 ? n / 10 : 1;
    for (size_t k = 0; k < tenth; k++) {
        r->at_least += r->posterior.mass[k];
        r->at_most += r->posterior.mass[n - 1 - k];
    }
}

typedef struct ranked {
    double weight;
    size_t graph, edges;
} ranked;

/* By weight, then fewer edges, then their order. */
static int by_weight(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    int order = (a->weight < b->weight) - (a->weight > b->weight);
    if (!order)
        order = (a->edges > b->edges) - (a->edges < b->edges);
    return order ? order : (a->graph > b->graph) - (a->graph < b->graph);
}

static void describe_listed(decomposable_run *r, const ranked *order)
{
    for (size_t i = 0; i < r->n_listed && !est_i_monitor_cancelled(&r->monitor); i++) {
        size_t g = order[i].graph;
        r->listed[i] = (listed){.graph = g, .weight = order[i].weight};
        r->listed[i].median = est_i_graph_own_quantile(&r->posterior, g, 0.5);
        r->listed[i].lower = est_i_graph_own_quantile(&r->posterior, g, tail_of(r));
        r->listed[i].upper = est_i_graph_own_quantile(&r->posterior, g, 1 - tail_of(r));
    }
}

static est_status list_graphs(decomposable_run *r)
{
    size_t n = r->graphs.count, top = (size_t)r->options->top;
    ranked *order = calloc(n, sizeof *order);
    r->listed = calloc(top, sizeof *r->listed);
    est_status status = order && r->listed ? EST_OK : est_i_no_memory(r->error);
    for (size_t g = 0; g < n && status == EST_OK; g++)
        order[g] = (ranked){r->posterior.weight[g], g, r->graphs.graphs[g].n_edges};
    if (status == EST_OK) {
        qsort(order, n, sizeof *order, by_weight);
        while (r->n_listed < n && r->n_listed < top && order[r->n_listed].weight > 0)
            r->n_listed++;
        describe_listed(r, order);
    }
    free(order);
    return status;
}

static est_status find_posterior(decomposable_run *r)
{
    est_i_monitor_stage(&r->monitor, "averaging over the graphs", 0, 0.4);
    est_status status = est_i_graph_posterior_make(&r->setting, &r->posterior, r->error);
    if (status == EST_OK) {
        est_i_graph_moments(&r->posterior, &r->mean, &r->sd);
        r->answer = summarise(r, &r->posterior, r->setting.delta);
        r->median_without_complete = est_i_graph_quantile_without_complete(&r->posterior, 0.5);
        measure_ends(r);
        status = list_graphs(r);
    }
    if (status == EST_OK && est_i_monitor_cancelled(&r->monitor))
        status = est_i_cancelled(r->error);
    return status;
}

static est_status vary_prior(decomposable_run *r)
{
    est_status status = EST_OK;
    for (size_t i = 0; i < OTHER_PRIORS && status == EST_OK; i++) {
        est_i_graph_setting setting = r->setting;
        est_i_graph_posterior posterior;
        r->by_delta[i] = r->answer;
        if (factors[i] == 1)
            continue;
        setting.delta *= factors[i];
        est_i_monitor_stage(&r->monitor, "other priors", i ? 0.7 : 0.4, 0.3);
        status = est_i_graph_posterior_make(&setting, &posterior, r->error);
        if (status == EST_OK)
            r->by_delta[i] = summarise(r, &posterior, setting.delta);
        est_i_graph_posterior_free(&posterior);
    }
    if (status == EST_OK && est_i_monitor_cancelled(&r->monitor))
        status = est_i_cancelled(r->error);
    return status;
}

/* ---- rows and statistics ---- */

static uint32_t common_flags(const decomposable_run *r)
{
    return est_table_is_synthetic(r->table) ? EST_FLAG_BIT(EST_FLAG_SYNTHETIC) : 0;
}

static void add_rows(decomposable_run *r)
{
    double n = r->captures->total;
    est_row row = est_i_row_empty("population");
    row.estimate = r->answer.median;
    row.se = r->sd;
    row.lower = r->answer.lower;
    row.upper = r->answer.upper;
    row.level = r->options->level;
    row.interval = "posterior";
    row.n = n;
    row.flags = common_flags(r) | (n < 100 ? EST_FLAG_BIT(EST_FLAG_FEW_DATA) : 0);
    est_i_result_add_row(r->builder, &row);
    row.estimand = "unobserved";
    row.estimate -= n;
    row.lower -= n;
    row.upper -= n;
    est_i_result_add_row(r->builder, &row);
    row = est_i_row_empty("observed");
    row.estimate = row.n = n;
    row.interval = "none";
    row.flags = common_flags(r);
    est_i_result_add_row(r->builder, &row);
}

static void add_stats(decomposable_run *r)
{
    est_i_result_add_stat(r->builder, "lists", (double)r->captures->n_lists, false);
    est_i_result_add_stat(r->builder, "graphs", (double)(r->graphs.count - (r->setting.complete ? 0 : 1)), false);
    est_i_result_add_stat(r->builder, "posterior_mean", r->mean, false);
    est_i_result_add_stat(r->builder, "posterior_sd", r->sd, false);
    est_i_result_add_stat(r->builder, "coverage", r->captures->total / r->answer.median, false);
    est_i_result_add_stat(r->builder, "delta", r->setting.delta, false);
    est_i_result_add_stat(r->builder, "least_unseen", (double)r->setting.least, false);
    est_i_result_add_stat(r->builder, "most_unseen", (double)r->setting.most, false);
    est_i_result_add_stat(r->builder, "mass_near_most", r->at_most, false);
    if (r->setting.complete) {
        est_i_result_add_stat(r->builder, "complete_graph", r->answer.complete, false);
        est_i_result_add_stat(r->builder, "median_without_complete", r->median_without_complete, false);
    }
}

/* ---- frames ---- */

/* Its cliques in list names; a list that is a clique by itself needs no term. */
static char *name_of(const decomposable_run *r, const est_i_graph *graph)
{
    uint32_t terms[EST_I_GRAPH_LISTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < graph->n_cliques; i++)
        if (graph->cliques[i] & (graph->cliques[i] - 1))
            terms[count++] = graph->cliques[i];
    return est_i_describe_model(terms, count, r->captures);
}

static void add_graphs(decomposable_run *r)
{
    static const char *const columns[] = {"graph", "probability", "population", "lower", "upper"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE,
                                            EST_ROLE_ESTIMATE};
    est_i_result_frame(r->builder, "graphs", "The most probable graphs, and the population (median) under each", 5, columns, roles,
                       10);
    for (size_t i = 0; i < r->n_listed; i++) {
        const est_i_graph *graph = &r->graphs.graphs[r->listed[i].graph];
        char *name = name_of(r, graph);
        if (!name)
            est_i_result_no_memory(r->builder);
        est_i_result_cell_text(r->builder, name ? name : "");
        free(name);
        est_i_result_cell(r->builder, r->listed[i].weight);
        est_i_result_cell(r->builder, r->listed[i].median);
        est_i_result_cell(r->builder, r->listed[i].lower);
        est_i_result_cell(r->builder, r->listed[i].upper);
    }
}

/* Bins of one width where nearly all the mass is; the first and the last hold what is beyond. */
static void add_posterior(decomposable_run *r)
{
    static const char *const columns[] = {"from", "to", "probability", "cumulative"};
    static const est_column_role roles[] = {EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    const est_i_graph_posterior *p = &r->posterior;
    double base = p->seen + (double)p->least, cumulative = 0;
    size_t low = (size_t)(est_i_graph_quantile(p, 0.001) - base), high = (size_t)(est_i_graph_quantile(p, 0.999) - base);
    size_t width = (high - low) / BINS + 1, from = 0;
    est_i_result_frame(r->builder, "posterior", "Posterior probability of the population", 4, columns, roles, 0);
    for (size_t to = low + width - 1; from < p->n_grid; to += width) {
        double sum = 0;
        if (to >= high || to >= p->n_grid)
            to = p->n_grid - 1;
        for (size_t k = from; k <= to; k++)
            sum += p->mass[k];
        cumulative += sum;
        est_i_result_cell(r->builder, base + (double)from);
        est_i_result_cell(r->builder, base + (double)to);
        est_i_result_cell(r->builder, sum);
        est_i_result_cell(r->builder, fmin(cumulative, 1));
        from = to + 1;
    }
}

static void add_sensitivity(decomposable_run *r)
{
    static const char *const columns[] = {"delta", "population", "lower", "upper", "complete_graph"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE,
                                            EST_ROLE_PLAIN};
    est_i_result_frame(r->builder, "prior_sensitivity", "Population (median) by the prior on the cells", 5, columns, roles,
                       SIZE_MAX);
    for (size_t i = 0; i < OTHER_PRIORS; i++) {
        est_i_result_cell(r->builder, r->by_delta[i].delta);
        est_i_result_cell(r->builder, r->by_delta[i].median);
        est_i_result_cell(r->builder, r->by_delta[i].lower);
        est_i_result_cell(r->builder, r->by_delta[i].upper);
        est_i_result_cell(r->builder, r->by_delta[i].complete);
    }
}

/* ---- notes ---- */

static const char *grouped(double value, char buffer[64])
{
    est_i_number_print_grouped(value, 0, ",", buffer, 64);
    return buffer;
}

static const char *percent(double share, char buffer[64])
{
    est_i_number_print_fixed(100 * share, share < 0.01 ? 2 : 1, buffer, 64);
    return buffer;
}

static void note_prior(decomposable_run *r)
{
    static const char *const priors[] = {"1/N", "uniform", "negative binomial"};
    char level[32], delta[32], least[64], most[64];
    est_i_number_print(100 * r->options->level, level);
    est_i_number_print(r->setting.delta, delta);
    est_i_result_note(r->builder, r->context, EST_WARNING, "posterior",
                      "the interval is a posterior one and depends on the prior: it holds the population with probability %s %% if "
                      "the prior is right. The prior: every graph alike; delta %s in each cell; %s for the population N, with %s "
                      "to %s unseen", level, delta, priors[r->setting.prior], grouped((double)r->setting.least, least),
                      grouped((double)r->setting.most, most));
}

static void note_grid(decomposable_run *r)
{
    char share[64], end[64];
    if (r->at_most > 0.001)
        est_i_result_note(r->builder, r->context, EST_WARNING, "grid_decides",
                          "the last tenth before the most, %s unseen persons, holds %s %% of the posterior: the most that is "
                          "thought possible decides here. See what a larger --most does",
                          grouped((double)r->setting.most, end), percent(r->at_most, share));
    if (r->setting.least > 0 && r->at_least > 0.001)
        est_i_result_note(r->builder, r->context, EST_WARNING, "grid_decides",
                          "the first tenth from the least, %s unseen persons, holds %s %% of the posterior: the least that is "
                          "thought possible decides here", grouped((double)r->setting.least, end), percent(r->at_least, share));
}

static void note_complete(decomposable_run *r)
{
    char share[64], median[64];
    if (!r->setting.complete) {
        est_i_result_note(r->builder, r->context, EST_NOTE, "untestable", "the complete graph is left out: that takes for granted "
                          "that some pair of lists is independent given the others, which the lists cannot test");
        return;
    }
    bool some = r->answer.complete >= 0.0005, others = !isnan(r->median_without_complete);
    est_i_result_note(r->builder, r->context, some ? EST_WARNING : EST_NOTE, "complete_graph",
                      "the complete graph, under which the lists say nothing of the unseen and the prior alone does, has %s %% of "
                      "the posterior%s%s. --complete no leaves it out", percent(r->answer.complete, share),
                      others ? "; without it the median of the population is " : "",
                      others ? grouped(r->median_without_complete, median) : "");
}

static void note_sensitivity(decomposable_run *r)
{
    const summary *low = &r->by_delta[0], *high = &r->by_delta[OTHER_PRIORS - 1];
    double least = fmin(r->answer.median, fmin(low->median, high->median));
    double most = fmax(r->answer.median, fmax(low->median, high->median));
    bool matters = most > 1.2 * least || least < r->answer.lower || most > r->answer.upper;
    char first[64], second[64], third[64];
    est_i_result_note(r->builder, r->context, matters ? EST_WARNING : EST_NOTE, "prior_sensitivity",
                      "%sthe median of the population is %s with a delta 16 times smaller, %s with delta as it is, %s with one 16 "
                      "times larger", matters ? "the prior matters: " : "", grouped(low->median, first),
                      grouped(r->answer.median, second), grouped(high->median, third));
}

static void note_near_ties(decomposable_run *r)
{
    double least = INFINITY, most = 0;
    size_t count = 0;
    char low[64], high[64];
    for (; count < r->n_listed && ODDS * r->listed[count].weight >= r->listed[0].weight; count++) {
        least = fmin(least, r->listed[count].median);
        most = fmax(most, r->listed[count].median);
    }
    if (count < 2)
        return;
    est_i_result_note(r->builder, r->context, most > 1.2 * least ? EST_WARNING : EST_NOTE, "near_ties",
                      "%zu%s graphs are at least a tenth as probable as the best; their populations (medians) run from %s to "
                      "%s", count,
                      count == r->n_listed && count < r->graphs.count ? " or more" : "", grouped(least, low), grouped(most, high));
}

static void note_zeros(decomposable_run *r)
{
    size_t zeros = 0, cells = r->captures->n_cells;
    for (size_t w = 1; w < cells; w++)
        zeros += !(r->captures->counts[0][w] > 0);
    if (zeros > 0)
        est_i_result_note(r->builder, r->context, 2 * zeros > cells ? EST_WARNING : EST_NOTE, "sampling_zeros",
                          "%zu of the %zu capture histories hold nobody; there delta stands in the place of persons", zeros,
                          cells - 1);
}

static void add_notes(decomposable_run *r)
{
    est_i_describe_data(r->builder, r->context, r->captures);
    note_prior(r);
    note_sensitivity(r);
    note_complete(r);
    note_grid(r);
    note_near_ties(r);
    note_zeros(r);
    est_i_describe_precision(r->builder, r->context, r->captures->total, r->answer.median, r->answer.lower, r->answer.upper);
}

static est_status answer(decomposable_run *r, est_result **result)
{
    r->builder = est_i_result_begin("decomposable", est_i_method_decomposable.title);
    add_rows(r);
    add_stats(r);
    add_graphs(r);
    add_posterior(r);
    add_sensitivity(r);
    est_i_describe_lists(r->builder, r->captures);
    add_notes(r);
    est_i_describe_provenance(r->builder, &est_i_method_decomposable, r->options, r->context, r->table, r->captures);
    return est_i_result_finish(r->builder, result, r->error);
}

est_status est_i_decomposable_run(const est_table *data, const est_i_captures *captures, const est_decomposable_options *options,
                                  const est_context *context, est_result **result, est_error *error)
{
    decomposable_run r = {.table = data, .captures = captures, .options = options, .context = context, .error = error};
    est_i_monitor_start(&r.monitor, context);
    est_status status = check_lists(&r);
    if (status == EST_OK)
        status = est_i_graphs_make(captures->n_lists, &r.graphs, error);
    if (status == EST_OK)
        status = resolve(&r);
    if (status == EST_OK)
        status = find_posterior(&r);
    if (status == EST_OK)
        status = vary_prior(&r);
    if (status == EST_OK)
        status = answer(&r, result);
    est_i_graph_posterior_free(&r.posterior);
    est_i_graphs_free(&r.graphs);
    free(r.listed);
    return status;
}
