/* The variance of F at the estimates: the totals family with indicators in place of variables, which the data do not hold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/quantile_parts.h"
#include "survey/regression_parts.h"
#include "survey/totals_parts.h"

/* Request r has indicators first + r * step (against the estimate of the whole) and, with domains, the one after it (against that
 * of the row's own domain). */
typedef struct share_frame {
    est_i_totals_frame totals; /* first: the totals' consumer takes the whole for its frame */
    const est_i_quantile_job *job;
    size_t first, step;
    est_i_quantile_answer *own; /* [domain * n_requests + r] */
} share_frame;

static double indicator(const est_i_quantile_answer *answer, double value)
{
    if (isnan(value))
        return NAN;
    return value < answer->at ? 1 : value > answer->at || isnan(answer->at) ? 0 : answer->share;
}

static void set_indicators(const share_frame *frame, const est_i_rows *rows, double *room)
{
    const est_i_quantile_job *job = frame->job;
    for (size_t r = 0; r < job->n_requests; r++) {
        const double *value = rows->value[job->requests[r].variable];
        double *whole = room + r * frame->step * rows->n, *own = whole + rows->n;
        for (size_t i = 0; i < rows->n; i++) {
            whole[i] = indicator(&job->query[r * job->n_slots].answer, value[i]);
            if (frame->step == 2 && rows->domain[i] != EST_I_NO_DOMAIN)
                own[i] = indicator(&frame->own[rows->domain[i] * job->n_requests + r], value[i]);
        }
    }
}

static est_status take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const share_frame *frame = user;
    size_t added = frame->job->n_requests * frame->step;
    double *room = calloc(added * rows->n + 1, sizeof *room);
    const double **value = malloc((frame->first + added + 1) * sizeof *value);
    est_i_rows extended = *rows;
    est_status status = room && value ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK) {
        if (frame->first)
            memcpy((void *)value, (const void *)rows->value, frame->first * sizeof *value);
        for (size_t i = 0; i < added; i++)
            value[frame->first + i] = room + i * rows->n;
        set_indicators(frame, rows, room);
        extended.value = value;
        status = est_i_totals_consumer.take(user, part, &extended, error);
    }
    free(room);
    free((void *)value);
    return status;
}

static void *part_new(void *user)
{
    return est_i_totals_consumer.part_new(user);
}

static est_status settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    return est_i_totals_consumer.settle(user, part, final, error);
}

static est_status join(void *user, void *into, void *from, est_error *error)
{
    return est_i_totals_consumer.join(user, into, from, error);
}

static void part_free(void *user, void *part)
{
    est_i_totals_consumer.part_free(user, part);
}

static bool set_groups(share_frame *frame)
{
    est_i_totals_frame *totals = &frame->totals;
    size_t n = frame->job->n_requests, step = frame->step;
    totals->groups = calloc(n + 1, sizeof *totals->groups);
    totals->offset = calloc(n + 1, sizeof *totals->offset);
    totals->moment = calloc(n + 1, sizeof *totals->moment);
    bool good = totals->groups && totals->offset && totals->moment;
    for (size_t r = 0; r < n && good; r++) {
        size_t *variable = malloc(step * sizeof *variable);
        good = variable != NULL;
        totals->groups[r] = (est_i_group){step, variable};
        totals->n_groups = r + 1;
        for (size_t i = 0; i < step && good; i++)
            variable[i] = frame->first + r * step + i;
        totals->offset[r] = totals->width;
        totals->moment[r] = totals->n_moments;
        totals->width += step + 1;
        totals->n_moments += step * (step + 1) / 2;
    }
    return good;
}

static bool frame_new(share_frame *frame, const est_i_quantile_job *job)
{
    const est_i_sample_plan *plan = est_i_sample_get_plan(job->sample);
    const est_i_quantile_options *options = job->options;
    size_t n = job->n_requests, domains = est_i_sample_domains(job->sample);
    *frame = (share_frame){.job = job, .first = plan->n_variables, .step = job->n_all_slots > 1 ? 2 : 1};
    frame->totals.sample = job->sample;
    frame->totals.options = (est_i_totals_options){options->calibration, options->replicates != NULL};
    frame->totals.p = options->calibration ? est_i_calibration_size(options->calibration) : 0;
    frame->totals.n_supplied = options->replicates ? plan->n_replicates : 0;
    frame->own = malloc((domains * n + 1) * sizeof *frame->own);
    for (size_t i = 0; frame->own && i < domains * n; i++)
        frame->own[i] = (est_i_quantile_answer){NAN, NAN, 0};
    for (size_t t = 0; frame->own && t < job->n_targets; t++)
        if (job->slot[t % job->n_slots])
            frame->own[(job->slot[t % job->n_slots] - 1) * n + t / job->n_slots] = job->query[t].answer;
    return frame->own && set_groups(frame);
}

/* Totals of every domain and, last, of the whole. */
static est_status add_up(est_i_totals *totals, est_error *error)
{
    size_t width = totals->frame.width, cell = 0;
    est_status status = est_i_cells_sort(totals->part->cells, totals->n_domains, &totals->domain_first, error);
    totals->total = calloc((totals->n_domains + 1) * width + 1, sizeof *totals->total);
    if (status != EST_OK || !totals->total)
        return status != EST_OK ? status : est_i_no_memory(error);
    for (size_t d = 0; d < totals->n_domains; d++) {
        est_i_dd *total = totals->total + d * width, *whole = totals->total + totals->n_domains * width;
        for (; cell < totals->domain_first[d + 1]; cell++)
            for (size_t m = 0; m < width; m++)
                total[m] = est_i_dd_add(total[m], totals->part->cells->sum[cell * width + m]);
        for (size_t m = 0; m < width; m++)
            whole[m] = est_i_dd_add(whole[m], total[m]);
    }
    return EST_OK;
}

static est_i_statistic statistic_of(const est_i_quantile_job *job, size_t target)
{
    uint32_t slot = job->slot[target % job->n_slots];
    return (est_i_statistic){target / job->n_slots, slot ? slot - 1 : EST_I_WHOLE, slot ? 2 : 1, 0};
}

/* Degrees of freedom and, by Taylor, standard errors. Residuals of a calibration are not zero outside the domain: there every unit is
 * present. */
static est_status look_at_leaves(const est_i_quantile_job *job, const est_i_totals *totals, est_i_quantile_share *shares, est_error *error)
{
    const est_i_quantile_options *options = job->options;
    double *z = malloc((totals->n_leaves + 1) * sizeof *z);
    bool *present = malloc((totals->n_leaves + 1) * sizeof *present);
    est_status status = z && present ? EST_OK : est_i_no_memory(error);
    for (size_t t = 0; t < job->n_targets && status == EST_OK; t++) {
        est_i_statistic statistic = statistic_of(job, t);
        double variance = NAN;
        if (isnan(shares[t].share))
            continue;
        if (est_i_monitor_cancelled(est_i_sample_monitor(job->sample))) {
            status = est_i_cancelled(error);
            break;
        }
        est_i_totals_present(totals, statistic.group, statistic.domain, present);
        shares[t].df = est_i_regressors_df(job->sample, options->replicates, options->design_df ? NULL : present);
        if (options->replicates)
            continue;
        est_i_totals_influence(totals, &statistic, z);
        status = est_i_taylor_covariance(est_i_sample_design(job->sample), &options->taylor, 1, (const double *const[]){z},
                                         options->calibration ? NULL : present, &variance, &shares[t].lonely, error);
        shares[t].se = sqrt(variance);
    }
    free(z);
    free(present);
    return status;
}

static est_status replicate_shares(const est_i_quantile_job *job, const est_i_totals *totals, est_i_quantile_share *shares,
                                   est_error *error)
{
    const est_i_replicates *replicates = job->options->replicates;
    size_t n = job->n_targets, count = est_i_replicates_count(replicates);
    est_i_statistic *statistics = malloc((n + 1) * sizeof *statistics);
    double *theta = malloc((n * count + 1) * sizeof *theta), *column = malloc((count + 1) * sizeof *column);
    est_status status = statistics && theta && column ? EST_OK : est_i_no_memory(error);
    for (size_t t = 0; t < n && status == EST_OK; t++)
        statistics[t] = statistic_of(job, t);
    if (status == EST_OK)
        status = est_i_totals_replicate(totals, replicates, n, statistics, est_i_sample_threads(job->sample),
                                        est_i_sample_monitor(job->sample), theta, error);
    for (size_t t = 0; t < n && status == EST_OK; t++) {
        double variance = NAN;
        for (size_t r = 0; r < count; r++)
            column[r] = theta[r * n + t];
        est_i_replicates_covariance(replicates, 1, column, &shares[t].share, &variance, &shares[t].dropped);
        shares[t].se = sqrt(variance);
    }
    free(statistics);
    free(theta);
    free(column);
    return status;
}

est_status est_i_quantile_shares(const est_i_quantile_job *job, est_i_quantile_share *shares, est_error *error)
{
    static const est_i_rows_consumer consumer = {part_new, take, settle, join, part_free};
    est_i_totals *totals = calloc(1, sizeof *totals);
    share_frame frame = {0};
    void *part = NULL;
    bool good = totals && frame_new(&frame, job);
    est_status status = good ? EST_OK : est_i_no_memory(error);
    if (good)
        status = est_i_sample_pass(job->sample, &consumer, &frame, "intervals", &part, error);
    if (totals) {
        totals->frame = frame.totals;
        totals->part = part;
        totals->n_domains = est_i_sample_domains(job->sample);
        totals->n_leaves = est_i_design_leaves(est_i_sample_design(job->sample));
    }
    if (status == EST_OK)
        status = add_up(totals, error);
    for (size_t t = 0; t < job->n_targets && status == EST_OK; t++) {
        est_i_statistic statistic = statistic_of(job, t);
        shares[t] = (est_i_quantile_share){.share = est_i_totals_value(totals, &statistic), .se = NAN, .df = NAN};
    }
    if (status == EST_OK)
        status = look_at_leaves(job, totals, shares, error);
    if (status == EST_OK && job->options->replicates && !job->options->over_replicates)
        status = replicate_shares(job, totals, shares, error);
    est_i_totals_free(totals);
    free(frame.own);
    return status;
}
