/* The totals family under replicate weights. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/parallel.h"
#include "survey/totals_parts.h"

#define BLOCK 16u /* replicates of one item of work */

/* Measures that are equal in every cell (the valid weight of groups without missing values) are summed once. */
typedef struct replicate_job {
    const est_i_totals *totals;
    const est_i_replicates *replicates;
    size_t n_statistics, n_distinct, width, n_domains;
    const est_i_statistic *statistics;
    size_t *column;  /* of each measure, among the distinct ones */
    double *value;   /* [cell * n_distinct + column] */
    double *theta;
    size_t count;
} replicate_job;

typedef struct replicate_room {
    double *factor, *sum, *weight, *g;
} replicate_room;

static bool same_measure(const est_i_cells *cells, size_t a, size_t b)
{
    bool same = true;
    for (size_t c = 0; c < cells->count && same; c++)
        same = cells->sum[c * cells->width + a].high == cells->sum[c * cells->width + b].high;
    return same;
}

static bool pack(replicate_job *job)
{
    const est_i_cells *cells = job->totals->part->cells;
    size_t *first = malloc((job->width + 1) * sizeof *first);
    job->column = malloc((job->width + 1) * sizeof *job->column);
    if (!first || !job->column) {
        free(first);
        return false;
    }
    for (size_t m = 0; m < job->width; m++) {
        size_t k = 0;
        while (k < job->n_distinct && !same_measure(cells, first[k], m))
            k++;
        if (k == job->n_distinct)
            first[job->n_distinct++] = m;
        job->column[m] = k;
    }
    job->value = malloc((cells->count * job->n_distinct + 1) * sizeof *job->value);
    for (size_t c = 0; job->value && c < cells->count; c++)
        for (size_t k = 0; k < job->n_distinct; k++)
            job->value[c * job->n_distinct + k] = est_i_dd_value(cells->sum[c * cells->width + first[k]]);
    free(first);
    return job->value != NULL;
}

static void no_packing(replicate_job *job)
{
    for (size_t m = 0; m < job->width; m++)
        job->column[m] = m;
    job->n_distinct = job->width;
}

static void add_whole(const replicate_job *job, double *sum)
{
    double *whole = sum + job->n_domains * job->n_distinct;
    for (size_t d = 0; d < job->n_domains; d++)
        for (size_t k = 0; k < job->n_distinct; k++)
            whole[k] += sum[d * job->n_distinct + k];
}

/* So many columns at once: their sums stay in registers. */
#define STRIP 4u

static void sum_strip(const replicate_job *job, const double *factor, size_t d, size_t column, double *sum)
{
    const est_i_totals *totals = job->totals;
    const uint32_t *leaf = totals->part->cells->leaf;
    size_t n = job->n_distinct, first = totals->domain_first[d], end = totals->domain_first[d + 1];
    const double *value = job->value + first * n + column;
    double s[STRIP] = {0};
    for (size_t c = first; c < end; c++, value += n) {
        double f = factor[leaf[c]];
        for (size_t k = 0; k < STRIP; k++)
            s[k] += f * value[k];
    }
    memcpy(sum + d * n + column, s, sizeof s);
}

static void sum_cells(const replicate_job *job, const double *factor, double *sum)
{
    const est_i_totals *totals = job->totals;
    const uint32_t *leaf = totals->part->cells->leaf;
    size_t n = job->n_distinct, strips = n - n % STRIP;
    for (size_t d = 0; d < job->n_domains; d++) {
        for (size_t k = 0; k < strips; k += STRIP)
            sum_strip(job, factor, d, k, sum);
        for (size_t c = totals->domain_first[d]; c < totals->domain_first[d + 1] && strips < n; c++)
            for (size_t k = strips; k < n; k++)
                sum[d * n + k] += factor[leaf[c]] * job->value[c * n + k];
    }
}

/* The replicate is calibrated again: the weights of the calibration cells first, then the measures with their factors. */
static bool sum_recalibrated(const replicate_job *job, const double *factor, size_t r, replicate_room *room)
{
    const est_i_totals *totals = job->totals;
    const est_i_totals_fine *fine = &totals->part->fine;
    const est_i_calibration *calibration = totals->frame.options.calibration;
    size_t supplied = totals->frame.n_supplied, step = supplied ? supplied : 1, at = supplied ? r : 0;
    size_t cells = calibration ? est_i_calibration_cells(calibration) : 0;
    if (calibration) {
        memset(room->weight, 0, cells * sizeof *room->weight);
        for (uint32_t k = 0; k < fine->keys.count; k++) {
            const uint32_t *key = est_i_tuples_key(&fine->keys, k);
            room->weight[key[2]] += (supplied ? 1 : factor[key[0]]) * fine->sum[k * fine->stride + at];
        }
        if (!est_i_calibration_replicate(calibration, room->weight, room->g))
            return false;
    }
    for (uint32_t k = 0; k < fine->keys.count; k++) {
        const uint32_t *key = est_i_tuples_key(&fine->keys, k);
        double f = (supplied ? 1 : factor[key[0]]) * (calibration ? room->g[key[2]] : 1);
        for (size_t m = 0; m < job->width && key[1] != EST_I_NO_DOMAIN; m++)
            room->sum[key[1] * job->width + m] += f * fine->sum[k * fine->stride + (1 + m) * step + at];
    }
    return true;
}

static void set_theta(const replicate_job *job, const double *sum, size_t r, bool good)
{
    for (size_t i = 0; i < job->n_statistics; i++) {
        const est_i_statistic *s = &job->statistics[i];
        size_t domain = s->domain == EST_I_WHOLE ? job->n_domains : s->domain, offset = job->totals->frame.offset[s->group];
        const double *total = sum + domain * job->n_distinct;
        double top = total[job->column[offset + (size_t)s->a]];
        double bottom = s->b < 0 ? 1 : total[job->column[offset + (size_t)s->b]];
        job->theta[r * job->n_statistics + i] = good && bottom != 0 ? top / bottom : NAN;
    }
}

static bool room_new(const replicate_job *job, replicate_room *room)
{
    const est_i_calibration *calibration = job->totals->frame.options.calibration;
    size_t cells = calibration ? est_i_calibration_cells(calibration) : 0;
    room->factor = malloc((job->totals->n_leaves + 1) * sizeof *room->factor);
    room->sum = malloc(((job->n_domains + 1) * job->n_distinct + 1) * sizeof *room->sum);
    room->weight = malloc((cells + 1) * sizeof *room->weight);
    room->g = malloc((cells + 1) * sizeof *room->g);
    return room->factor && room->sum && room->weight && room->g;
}

static void room_free(replicate_room *room)
{
    free(room->factor);
    free(room->sum);
    free(room->weight);
    free(room->g);
}

static est_status work(void *user, size_t item, int worker)
{
    const replicate_job *job = user;
    const est_i_totals_frame *frame = &job->totals->frame;
    replicate_room room = {0};
    est_status status = room_new(job, &room) ? EST_OK : EST_ENOMEM;
    (void)worker;
    for (size_t r = item * BLOCK; r < (item + 1) * BLOCK && r < job->count && status == EST_OK; r++) {
        bool good = true;
        memset(room.sum, 0, (job->n_domains + 1) * job->n_distinct * sizeof *room.sum);
        if (!frame->n_supplied)
            est_i_replicates_factors(job->replicates, r, room.factor);
        if (frame->n_supplied || frame->p)
            good = sum_recalibrated(job, room.factor, r, &room);
        else
            sum_cells(job, room.factor, room.sum);
        add_whole(job, room.sum);
        set_theta(job, room.sum, r, good);
    }
    room_free(&room);
    return status;
}

est_status est_i_totals_replicate(const est_i_totals *totals, const est_i_replicates *replicates, size_t n,
                                  const est_i_statistic *statistics, int threads, est_i_monitor *monitor, double *theta,
                                  est_error *error)
{
    replicate_job job = {.totals = totals, .replicates = replicates, .n_statistics = n, .statistics = statistics, .theta = theta,
                         .width = totals->frame.width, .n_domains = totals->n_domains, .count = est_i_replicates_count(replicates)};
    bool packed = !totals->frame.n_supplied && !totals->frame.p;
    est_status status = pack(&job) ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK && !packed)
        no_packing(&job);
    if (status == EST_OK && totals->frame.p)
        status = est_i_calibration_check_replicates(totals->frame.options.calibration, error);
    if (status == EST_OK) {
        status = est_i_parallel_for((job.count + BLOCK - 1) / BLOCK, threads, work, &job, monitor);
        if (status == EST_ECANCELLED)
            est_i_cancelled(error);
        else if (status != EST_OK)
            est_i_no_memory(error);
    }
    free(job.column);
    free(job.value);
    return status;
}
