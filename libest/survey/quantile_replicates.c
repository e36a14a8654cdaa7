/* Quantiles under every replicate: the rows are kept, sorted by value, and walked with the replicate's weights. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/parallel.h"
#include "survey/cells.h"
#include "survey/quantile_parts.h"

/* A row with a value of one of the lists. */
typedef struct kept_row {
    double value, weight;   /* the base weight where replicates are calibrated again */
    uint32_t slot, leaf, list, cell;
    size_t supplied;        /* where its supplied weights begin */
} kept_row;

typedef struct keep_frame {
    const est_i_quantile_job *job;
    size_t n_lists, n_supplied;
    const size_t *variable;
    bool domains;
} keep_frame;

typedef struct keep_part {
    kept_row *row;
    size_t count, capacity;
    double *supplied;
    size_t n_supplied, supplied_capacity;
    est_i_cells *cells; /* weights of the calibration's cells by leaf; supplied weights: under leaf 0, one sum a replicate */
} keep_part;

/* The pass */

static void part_free(void *user, void *part)
{
    keep_part *own = part;
    (void)user;
    if (!own)
        return;
    free(own->row);
    free(own->supplied);
    est_i_cells_free(own->cells);
    free(own);
}

static void *part_new(void *user)
{
    const keep_frame *frame = user;
    keep_part *part = calloc(1, sizeof *part);
    if (part && !(part->cells = est_i_cells_new(frame->n_supplied ? frame->n_supplied : 1))) {
        free(part);
        part = NULL;
    }
    return part;
}

static bool reserve(void **array, size_t size, size_t *capacity, size_t needed)
{
    size_t grown = *capacity ? *capacity : 256;
    while (grown < needed)
        grown *= 2;
    void *made = grown > *capacity ? realloc(*array, grown * size) : *array;
    if (!made)
        return false;
    *array = made;
    *capacity = grown;
    return true;
}

static est_status too_many(const keep_frame *frame, est_error *error)
{
    return est_i_fail(error, EST_EOPTION, "found more rows than are kept for the variance of quantiles over replicates (%zu, "
                      "and %zu supplied weights); take Woodruff's interval, whose memory does not grow with the rows",
                      frame->job->limits.replicate_rows, frame->job->limits.replicate_numbers);
}

static est_status check_size(const keep_frame *frame, const keep_part *part, size_t more, size_t more_supplied, est_error *error)
{
    const est_i_quantile_limits *limits = &frame->job->limits;
    bool fits = part->count + more <= limits->replicate_rows && part->n_supplied + more_supplied <= limits->replicate_numbers;
    return fits ? EST_OK : too_many(frame, error);
}

static est_status keep_supplied(const keep_frame *frame, keep_part *part, const est_i_rows *rows, size_t row, est_error *error)
{
    est_status status = check_size(frame, part, 0, frame->n_supplied, error);
    if (status == EST_OK && !reserve((void **)&part->supplied, sizeof *part->supplied, &part->supplied_capacity,
                                     part->n_supplied + frame->n_supplied))
        status = est_i_no_memory(error);
    for (size_t r = 0; r < frame->n_supplied && status == EST_OK; r++)
        part->supplied[part->n_supplied++] = rows->replicate[r][row];
    return status;
}

static est_status keep_row(const keep_frame *frame, keep_part *part, const est_i_rows *rows, size_t row, uint32_t cell,
                           est_error *error)
{
    size_t supplied = part->n_supplied;
    bool any = false;
    est_status status = EST_OK;
    for (uint32_t list = 0; list < frame->n_lists && status == EST_OK; list++) {
        double value = rows->value[frame->variable[list]][row];
        if (isnan(value))
            continue;
        status = check_size(frame, part, 1, 0, error);
        if (status == EST_OK && !any)
            status = keep_supplied(frame, part, rows, row, error);
        if (status == EST_OK && !reserve((void **)&part->row, sizeof *part->row, &part->capacity, part->count + 1))
            status = est_i_no_memory(error);
        if (status != EST_OK)
            break;
        any = true;
        part->row[part->count++] = (kept_row){value + 0.0, rows->base_weight[row], frame->domains ? rows->domain[row] + 1 : 0,
                                              rows->leaf[row], list, cell, supplied};
    }
    return status;
}

static est_status add_cell(const keep_frame *frame, keep_part *part, const est_i_rows *rows, size_t row, uint32_t cell,
                           est_error *error)
{
    est_i_dd *sum = est_i_cells_at(part->cells, frame->n_supplied ? 0 : rows->leaf[row], cell);
    if (!sum)
        return est_i_no_memory(error);
    if (!frame->n_supplied)
        sum[0] = est_i_dd_add_double(sum[0], rows->base_weight[row]);
    for (size_t r = 0; r < frame->n_supplied; r++)
        sum[r] = est_i_dd_add_double(sum[r], rows->replicate[r][row]);
    return EST_OK;
}

/* Rows whose weight is 0 may have one above 0 in a supplied replicate. */
static est_status take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const keep_frame *frame = user;
    const est_i_calibration *calibration = frame->job->options->calibration;
    est_status status = EST_OK;
    for (size_t row = 0; row < rows->n && status == EST_OK; row++) {
        if (!(rows->base_weight[row] > 0) && !frame->n_supplied)
            continue;
        uint32_t cell = calibration ? (uint32_t)est_i_calibration_cell(calibration, rows, row) : 0;
        if (calibration)
            status = add_cell(frame, part, rows, row, cell, error);
        if (status == EST_OK && rows->domain[row] != EST_I_NO_DOMAIN)
            status = keep_row(frame, part, rows, row, cell, error);
    }
    return status;
}

/* Never a first pass: the numbers are final already. */
static est_status settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    (void)user, (void)part, (void)final, (void)error;
    return EST_OK;
}

static est_status join(void *user, void *into, void *from, est_error *error)
{
    const keep_frame *frame = user;
    keep_part *a = into, *b = from;
    est_status status = check_size(frame, a, b->count, b->n_supplied, error);
    if (status != EST_OK)
        return status;
    if (!reserve((void **)&a->row, sizeof *a->row, &a->capacity, a->count + b->count) ||
        !reserve((void **)&a->supplied, sizeof *a->supplied, &a->supplied_capacity, a->n_supplied + b->n_supplied))
        return est_i_no_memory(error);
    for (size_t i = 0; i < b->count; i++) {
        a->row[a->count] = b->row[i];
        a->row[a->count++].supplied += a->n_supplied;
    }
    if (b->n_supplied)
        memcpy(a->supplied + a->n_supplied, b->supplied, b->n_supplied * sizeof *a->supplied);
    a->n_supplied += b->n_supplied;
    return est_i_cells_join(a->cells, b->cells, error);
}

/* The replicates */

/* Rows of one list, by value and then in the order of the file: all of them (slot 0), or those of a domain. */
typedef struct row_list {
    size_t count;
    const uint32_t *row;
} row_list;

typedef struct walk_job {
    const keep_frame *frame;
    const keep_part *kept;
    size_t n_all_slots, count;
    uint32_t *order;     /* twice the rows: by (list, value), then by (list, slot, value) */
    row_list *list;      /* [slot * n_lists + list] */
    double *theta;       /* [r * n_targets + target] */
} walk_job;

typedef struct walk_room {
    double *factor, *weight, *cell_weight, *g;
} walk_room;

typedef struct sort_key {
    uint32_t list, slot, row;
    double value;
} sort_key;

static int ascending(const void *left, const void *right)
{
    const sort_key *a = left, *b = right;
    if (a->list != b->list)
        return a->list < b->list ? -1 : 1;
    if (a->slot != b->slot)
        return a->slot < b->slot ? -1 : 1;
    int order = (a->value > b->value) - (a->value < b->value);
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

static void set_lists(walk_job *job, sort_key *key, size_t n, bool by_slot, uint32_t *order)
{
    for (uint32_t i = 0; i < n; i++) {
        const kept_row *row = &job->kept->row[i];
        key[i] = (sort_key){row->list, by_slot ? row->slot : 0, i, row->value};
    }
    if (n > 1)
        qsort(key, n, sizeof *key, ascending);
    for (size_t i = 0; i < n; i++) {
        row_list *list = &job->list[key[i].slot * job->frame->n_lists + key[i].list];
        order[i] = key[i].row;
        list->row = list->count++ ? list->row : order + i;
    }
}

static bool make_lists(walk_job *job)
{
    size_t n = job->kept->count;
    sort_key *key = malloc((n + 1) * sizeof *key);
    job->order = malloc((2 * n + 1) * sizeof *job->order);
    job->list = calloc(job->n_all_slots * job->frame->n_lists + 1, sizeof *job->list);
    bool good = key && job->order && job->list;
    if (good) {
        set_lists(job, key, n, false, job->order);
        if (job->frame->domains)
            set_lists(job, key, n, true, job->order + n);
    }
    free(key);
    return good;
}

static bool set_weights(const walk_job *job, size_t r, walk_room *room)
{
    const keep_frame *frame = job->frame;
    const keep_part *kept = job->kept;
    const est_i_calibration *calibration = frame->job->options->calibration;
    bool good = true;
    if (!frame->n_supplied)
        est_i_replicates_factors(frame->job->options->replicates, r, room->factor);
    if (calibration) {
        memset(room->cell_weight, 0, est_i_calibration_cells(calibration) * sizeof *room->cell_weight);
        for (size_t c = 0; c < kept->cells->count; c++) {
            const est_i_dd *sum = kept->cells->sum + c * kept->cells->width;
            double factor = frame->n_supplied ? 1 : room->factor[kept->cells->leaf[c]];
            room->cell_weight[kept->cells->domain[c]] += factor * est_i_dd_value(sum[frame->n_supplied ? r : 0]);
        }
        good = est_i_calibration_replicate(calibration, room->cell_weight, room->g);
    }
    for (size_t i = 0; i < kept->count && good; i++) {
        const kept_row *row = &kept->row[i];
        double weight = frame->n_supplied ? kept->supplied[row->supplied + r] : row->weight * room->factor[row->leaf];
        room->weight[i] = calibration ? weight * room->g[row->cell] : weight;
        good = room->weight[i] >= 0;
    }
    return good;
}

static void walk_list(const walk_job *job, const row_list *list, const double *weight, est_i_quantile_walk *walk)
{
    for (size_t i = 0; i < list->count && !walk->done;) {
        est_i_quantile_group group = {job->kept->row[list->row[i]].value, {0, 0}, 0, 0};
        for (; i < list->count && !(job->kept->row[list->row[i]].value > group.value); i++) {
            double w = weight[list->row[i]];
            if (!(w > 0))
                continue;
            group.first = group.weight.high > 0 ? group.first : w;
            group.last = w;
            group.weight = est_i_dd_add_double(group.weight, w);
        }
        if (group.weight.high > 0)
            est_i_quantile_walk_push(walk, &group);
    }
}

static double replicate_quantile(const walk_job *job, size_t target, const double *weight)
{
    const est_i_quantile_job *asked = job->frame->job;
    const est_i_quantile_query *query = &asked->query[target];
    const row_list *list = &job->list[query->slot * job->frame->n_lists + query->list];
    est_i_quantile_walk walk;
    est_i_dd total = {0, 0};
    double last = 0;
    for (size_t i = 0; i < list->count; i++) {
        double w = weight[list->row[i]];
        total = est_i_dd_add_double(total, w);
        last = w > 0 ? w : last;
    }
    est_i_quantile_walk_start(&walk, asked->options->rule, total, last, query->probability);
    walk_list(job, list, weight, &walk);
    return est_i_quantile_walk_end(&walk).value;
}

static bool room_new(const walk_job *job, walk_room *room)
{
    const est_i_quantile_job *asked = job->frame->job;
    size_t cells = asked->options->calibration ? est_i_calibration_cells(asked->options->calibration) : 0;
    room->factor = malloc((est_i_design_leaves(est_i_sample_design(asked->sample)) + 1) * sizeof *room->factor);
    room->weight = malloc((job->kept->count + 1) * sizeof *room->weight);
    room->cell_weight = malloc((cells + 1) * sizeof *room->cell_weight);
    room->g = malloc((cells + 1) * sizeof *room->g);
    return room->factor && room->weight && room->cell_weight && room->g;
}

static est_status work(void *user, size_t r, int worker)
{
    const walk_job *job = user;
    size_t n = job->frame->job->n_targets;
    walk_room room = {0};
    est_status status = room_new(job, &room) ? EST_OK : EST_ENOMEM;
    (void)worker;
    bool good = status == EST_OK && set_weights(job, r, &room);
    for (size_t t = 0; t < n && status == EST_OK; t++)
        job->theta[r * n + t] = good ? replicate_quantile(job, t, room.weight) : NAN;
    free(room.factor);
    free(room.weight);
    free(room.cell_weight);
    free(room.g);
    return status;
}

static est_status walk_all(const walk_job *job, double *se, size_t *dropped, est_error *error)
{
    const est_i_quantile_job *asked = job->frame->job;
    const est_i_replicates *replicates = asked->options->replicates;
    double *column = malloc((job->count + 1) * sizeof *column);
    est_status status = column ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK) {
        status = est_i_parallel_for(job->count, est_i_sample_threads(asked->sample), work, (void *)job,
                                    est_i_sample_monitor(asked->sample));
        if (status == EST_ECANCELLED)
            est_i_cancelled(error);
        else if (status != EST_OK)
            est_i_no_memory(error);
    }
    for (size_t t = 0; t < asked->n_targets && status == EST_OK; t++) {
        double variance = NAN;
        for (size_t r = 0; r < job->count; r++)
            column[r] = job->theta[r * asked->n_targets + t];
        est_i_replicates_covariance(replicates, 1, column, &asked->query[t].answer.value, &variance, &dropped[t]);
        se[t] = sqrt(variance);
    }
    free(column);
    return status;
}

est_status est_i_quantile_over_replicates(const est_i_quantile_job *job, double *se, size_t *dropped, est_error *error)
{
    static const est_i_rows_consumer consumer = {part_new, take, settle, join, part_free};
    size_t n_lists = 0, *variable = calloc(job->n_requests + 1, sizeof *variable);
    keep_frame frame = {.job = job, .n_supplied = est_i_sample_get_plan(job->sample)->n_replicates, .variable = variable,
                        .domains = job->n_all_slots > 1};
    walk_job walk = {.frame = &frame, .n_all_slots = job->n_all_slots, .count = est_i_replicates_count(job->options->replicates)};
    void *part = NULL;
    for (size_t r = 0; variable && r < job->n_requests; r++) {
        variable[job->list[r]] = job->requests[r].variable;
        n_lists = job->list[r] + (size_t)1 > n_lists ? job->list[r] + (size_t)1 : n_lists;
    }
    frame.n_lists = n_lists;
    walk.theta = malloc((walk.count * job->n_targets + 1) * sizeof *walk.theta);
    est_status status = variable && walk.theta ? est_i_calibration_check_replicates(job->options->calibration, error) : est_i_no_memory(error);
    if (status == EST_OK)
        status = est_i_sample_pass(job->sample, &consumer, &frame, "values", &part, error);
    walk.kept = part;
    if (status == EST_OK)
        status = make_lists(&walk) ? walk_all(&walk, se, dropped, error) : est_i_no_memory(error);
    part_free(&frame, part);
    free(variable);
    free(walk.theta);
    free(walk.order);
    free(walk.list);
    return status;
}
