#include "survey/quantile.h"

#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "numerics/distribution.h"
#include "survey/quantile_parts.h"

static const est_i_quantile_limits default_limits = {(size_t)1 << 18, (size_t)1 << 16, (size_t)2 << 20, (size_t)16 << 20};

static est_status check(est_i_sample *sample, size_t n, const est_i_quantile_request *requests,
                        const est_i_quantile_options *options, est_error *error)
{
    const est_i_sample_plan *plan = est_i_sample_get_plan(sample);
    if (!est_source_is_repeatable(est_i_sample_source(sample)))
        return est_i_fail(error, EST_EOPTION, "found data on a pipe, expected a file: exact quantiles read the rows "
                          "more than once");
    if (!(options->level > 0 && options->level < 1))
        return est_i_fail(error, EST_EOPTION, "found a confidence level outside (0, 1)");
    for (size_t r = 0; r < n; r++) {
        if (!(requests[r].probability > 0 && requests[r].probability < 1))
            return est_i_fail(error, EST_EOPTION, "found a quantile that is not between 0 and 1, expected a share such as 0.5");
        if (requests[r].variable >= plan->n_variables || plan->variables[requests[r].variable].kind == EST_I_VARIABLE_LEVELS)
            return est_i_fail(error, EST_EINTERNAL, "found a quantile of something that is no number");
    }
    return EST_OK;
}

static est_i_quantile_limits limits_of(const est_i_quantile_options *options)
{
    est_i_quantile_limits limits = options->limits ? *options->limits : default_limits;
    limits.values = limits.values ? limits.values : default_limits.values;
    limits.bins = limits.bins ? limits.bins : default_limits.bins;
    limits.replicate_rows = limits.replicate_rows ? limits.replicate_rows : default_limits.replicate_rows;
    limits.replicate_numbers = limits.replicate_numbers ? limits.replicate_numbers : default_limits.replicate_numbers;
    return limits;
}

/* Each distinct variable of the requests is a list. */
static est_status set_lists(est_i_quantile_job *job, est_i_quantile_finder *finder, est_error *error)
{
    size_t n = job->n_requests;
    job->list = malloc((n + 1) * sizeof *job->list);
    finder->variable = malloc((n + 1) * sizeof *finder->variable);
    if (!job->list || !finder->variable)
        return est_i_no_memory(error);
    for (size_t r = 0; r < n; r++) {
        uint32_t list = 0;
        while (list < finder->n_lists && finder->variable[list] != job->requests[r].variable)
            list++;
        if (list == finder->n_lists)
            finder->variable[finder->n_lists++] = job->requests[r].variable;
        job->list[r] = list;
    }
    return EST_OK;
}

/* The whole, then the domains in the order of the page. */
static est_status set_targets(est_i_quantile_job *job, const est_i_quantile_finder *finder, est_error *error)
{
    uint32_t *order = malloc((est_i_sample_domains(job->sample) + 1) * sizeof *order);
    job->slot = malloc((est_i_sample_domains(job->sample) + 1) * sizeof *job->slot);
    job->n_slots = 1;
    job->n_all_slots = finder->n_slots;
    if (!order || !job->slot) {
        free(order);
        return est_i_no_memory(error);
    }
    job->slot[0] = 0;
    size_t domains = finder->domains ? est_i_sample_domain_order(job->sample, order) : 0;
    for (size_t d = 0; d < domains; d++)
        job->slot[job->n_slots++] = order[d] + 1;
    free(order);
    job->n_targets = job->n_requests * job->n_slots;
    job->query = malloc((job->n_targets + 1) * sizeof *job->query);
    for (size_t t = 0; job->query && t < job->n_targets; t++)
        job->query[t] = (est_i_quantile_query){job->list[t / job->n_slots], job->slot[t % job->n_slots],
                                               job->requests[t / job->n_slots].probability, {NAN, NAN, 0}};
    return job->query ? EST_OK : est_i_no_memory(error);
}

static void set_result(const est_i_quantile_job *job, const est_i_quantile_finder *finder, size_t target, est_i_quantile_estimate *result)
{
    const est_i_quantile_query *query = &job->query[target];
    const est_i_quantile_summary *all = est_i_quantile_finder_summary(finder, query->list, query->slot);
    *result = (est_i_quantile_estimate){.request = target / job->n_slots, .domain = query->slot ? query->slot - 1 : EST_I_WHOLE,
                               .estimate = query->answer.value, .se = NAN, .lower = NAN, .upper = NAN, .df = NAN,
                               .n = all->n, .weight = est_i_dd_value(all->weight), .method = ""};
}

static void take_shares(const est_i_quantile_job *job, const est_i_quantile_share *shares, est_i_quantile_estimate *results)
{
    for (size_t t = 0; t < job->n_targets; t++) {
        results[t].df = shares[t].df;
        results[t].lonely = shares[t].lonely;
        results[t].dropped = shares[t].dropped;
    }
}

static bool inside(double share)
{
    return share > 0 && share < 1;
}

/* Two queries for each target: the ends of the interval for F. An end that is not inside (0, 1) says nothing of the values. */
static void set_ends(const est_i_quantile_job *job, const est_i_quantile_share *shares, est_i_quantile_query *ends,
                     est_i_quantile_estimate *results)
{
    const est_i_quantile_options *options = job->options;
    for (size_t t = 0; t < job->n_targets; t++) {
        est_i_interval_input input = {shares[t].share, shares[t].se, shares[t].df, options->level, results[t].n, results[t].n,
                                      shares[t].df, NAN};
        est_i_interval interval = est_i_proportion_interval(options->ci, &input);
        results[t].method = interval.method;
        results[t].below_range = interval.lower <= 0;
        results[t].above_range = interval.upper >= 1;
        ends[2 * t] = ends[2 * t + 1] = job->query[t];
        ends[2 * t].probability = interval.lower;
        ends[2 * t + 1].probability = interval.upper;
    }
}

/* Moves the queries that can be answered to the front; place[]: where they come from. */
static size_t answerable(size_t n, est_i_quantile_query *queries, size_t *place)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (inside(queries[i].probability)) {
            queries[count] = queries[i];
            place[count++] = i;
        }
    return count;
}

/* The length of the interval over twice the t value, whatever the method for F. */
static void set_errors(const est_i_quantile_job *job, est_i_quantile_estimate *results)
{
    const est_i_quantile_options *options = job->options;
    for (size_t t = 0; t < job->n_targets; t++) {
        double reach = options->ci == EST_I_CI_TWO_SE ? 2 : -est_i_t_quantile((1 - options->level) / 2, results[t].df);
        results[t].se = (results[t].upper - results[t].lower) / (2 * reach);
    }
}

static est_status woodruff(const est_i_quantile_job *job, est_i_quantile_finder *finder, est_i_quantile_estimate *results, est_error *error)
{
    size_t n = job->n_targets;
    est_i_quantile_share *shares = calloc(n + 1, sizeof *shares);
    est_i_quantile_query *ends = calloc(2 * n + 1, sizeof *ends);
    size_t *place = calloc(2 * n + 1, sizeof *place), count = 0;
    est_status status = shares && ends && place ? est_i_quantile_shares(job, shares, error) : est_i_no_memory(error);
    if (status == EST_OK) {
        take_shares(job, shares, results);
        set_ends(job, shares, ends, results);
        count = answerable(2 * n, ends, place);
        status = est_i_quantile_finder_find(finder, count, ends, error);
    }
    for (size_t i = 0; i < count && status == EST_OK; i++) {
        est_i_quantile_estimate *result = &results[place[i] / 2];
        *(place[i] % 2 ? &result->upper : &result->lower) = ends[i].answer.value;
    }
    if (status == EST_OK)
        set_errors(job, results);
    free(shares);
    free(ends);
    free(place);
    return status;
}

static est_status over_replicates(const est_i_quantile_job *job, est_i_quantile_estimate *results, est_error *error)
{
    double *se = malloc((job->n_targets + 1) * sizeof *se);
    est_i_quantile_share *shares = calloc(job->n_targets + 1, sizeof *shares);
    size_t *dropped = calloc(job->n_targets + 1, sizeof *dropped);
    est_status status = se && shares && dropped ? est_i_quantile_shares(job, shares, error) : est_i_no_memory(error);
    if (status == EST_OK)
        status = est_i_quantile_over_replicates(job, se, dropped, error);
    if (status == EST_OK)
        take_shares(job, shares, results);
    for (size_t t = 0; t < job->n_targets && status == EST_OK; t++) {
        est_i_interval_input input = {.estimate = results[t].estimate, .se = se[t], .df = results[t].df, .level = job->options->level};
        est_i_interval interval = est_i_t_interval(job->options->ci, &input);
        results[t].se = se[t];
        results[t].dropped = dropped[t];
        results[t].lower = interval.lower;
        results[t].upper = interval.upper;
        results[t].method = interval.method;
    }
    free(se);
    free(shares);
    free(dropped);
    return status;
}

est_status est_i_quantiles(est_i_sample *sample, size_t n_requests, const est_i_quantile_request *requests,
                           const est_i_quantile_options *options, est_i_quantile_estimate **quantiles, size_t *count, est_error *error)
{
    est_i_quantile_job job = {.sample = sample, .options = options, .limits = limits_of(options), .n_requests = n_requests,
                              .requests = requests};
    est_i_quantile_finder finder = {.sample = sample, .rule = options->rule, .limits = job.limits,
                                    .domains = est_i_sample_get_plan(sample)->n_by > 0};
    est_i_quantile_estimate *results = NULL;
    *quantiles = NULL;
    *count = 0;
    est_status status = check(sample, n_requests, requests, options, error);
    if (status == EST_OK)
        status = set_lists(&job, &finder, error);
    if (status == EST_OK)
        status = est_i_quantile_finder_read(&finder, error);
    if (status == EST_OK)
        status = set_targets(&job, &finder, error);
    if (status == EST_OK)
        status = est_i_quantile_finder_find(&finder, job.n_targets, job.query, error);
    if (status == EST_OK && !(results = calloc(job.n_targets + 1, sizeof *results)))
        status = est_i_no_memory(error);
    for (size_t t = 0; t < job.n_targets && status == EST_OK; t++)
        set_result(&job, &finder, t, &results[t]);
    if (status == EST_OK)
        status = options->replicates && options->over_replicates ? over_replicates(&job, results, error)
                                                                 : woodruff(&job, &finder, results, error);
    if (status == EST_OK) {
        *quantiles = results;
        *count = job.n_targets;
    } else {
        free(results);
    }
    est_i_quantile_finder_clear(&finder);
    free(job.list);
    free(job.slot);
    free(job.query);
    return status;
}
