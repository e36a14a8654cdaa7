/* The pass of the totals family. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/totals_parts.h"

static void domains_free(est_i_totals_domains *domains)
{
    free(domains->cases);
    free(domains->missing);
    free(domains->nonzero);
    free(domains->moments);
    free(domains->crossed);
}

static bool widen(void **array, size_t size, size_t from, size_t to)
{
    char *grown = realloc(*array, to * size + 1);
    if (!grown)
        return false;
    memset(grown + from * size, 0, (to - from) * size);
    *array = grown;
    return true;
}

bool est_i_totals_domains_need(const est_i_totals_frame *frame, est_i_totals_domains *domains, size_t count)
{
    size_t from = domains->capacity, to = from ? from : 16;
    if (count > domains->count)
        domains->count = count;
    if (count <= from)
        return true;
    while (to < count)
        to *= 2;
    bool good = widen((void **)&domains->cases, frame->n_groups * sizeof(double), from, to) &&
                widen((void **)&domains->missing, frame->n_groups * sizeof(double), from, to) &&
                widen((void **)&domains->nonzero, frame->width * sizeof(double), from, to) &&
                widen((void **)&domains->moments, frame->n_moments * sizeof(est_i_dd), from, to) &&
                widen((void **)&domains->crossed, frame->p * frame->width * sizeof(est_i_dd), from, to);
    if (good)
        domains->capacity = to;
    return good;
}

static void part_free(void *user, void *part)
{
    est_i_totals_part *own = part;
    (void)user;
    if (!own)
        return;
    est_i_cells_free(own->cells);
    est_i_cells_free(own->auxiliary);
    domains_free(&own->domains);
    est_i_tuples_free(&own->fine.keys);
    free(own->fine.sum);
    free(own->x);
    free(own->filled);
    free(own);
}

static void *part_new(void *user)
{
    const est_i_totals_frame *frame = user;
    est_i_totals_part *part = calloc(1, sizeof *part);
    if (!part)
        return NULL;
    part->cells = est_i_cells_new(frame->width);
    part->auxiliary = est_i_cells_new(frame->p);
    part->x = malloc((frame->p + 1) * sizeof *part->x);
    part->filled = malloc((frame->p + 1) * sizeof *part->filled);
    part->fine.keys.width = 3;
    part->fine.stride = (1 + frame->width) * (frame->n_supplied ? frame->n_supplied : 1);
    if (!part->cells || !part->auxiliary || !part->x || !part->filled) {
        part_free(user, part);
        part = NULL;
    }
    return part;
}

double *est_i_totals_fine_at(est_i_totals_fine *fine, uint32_t leaf, uint32_t domain, uint32_t cell)
{
    uint32_t key[3] = {leaf, domain, cell}, before = fine->keys.count, at = est_i_tuples_add(&fine->keys, key);
    if (at == EST_I_TUPLE_NONE)
        return NULL;
    if (at == before && at >= fine->capacity) {
        size_t to = fine->capacity ? fine->capacity * 2 : 16;
        if (!widen((void **)&fine->sum, fine->stride * sizeof(double), fine->capacity, to))
            return NULL;
        fine->capacity = to;
    }
    return fine->sum + at * fine->stride;
}

/* Adds weight times value; 0 and 1 need no product. */
static inline void add_product(est_i_dd *sum, double weight, double value)
{
    if (value == 1)
        *sum = est_i_dd_add_double(*sum, weight);
    else if (value != 0)
        *sum = est_i_dd_add(*sum, est_i_dd_two_product(weight, value));
}

static bool is_valid(const est_i_group *group, const est_i_rows *rows, size_t row)
{
    bool valid = true;
    for (size_t i = 0; i < group->n; i++)
        valid = valid && !isnan(rows->value[group->variable[i]][row]);
    return valid;
}

/* Sum of w x_a x_b, a <= b, in the order 11, 12, ..., 22, ... */
static void add_moments(const est_i_group *group, const est_i_rows *rows, size_t row, double weight, est_i_dd *moments)
{
    for (size_t a = 0; a < group->n; a++) {
        double x = rows->value[group->variable[a]][row];
        for (size_t b = a; b < group->n; b++, moments++) {
            double y = rows->value[group->variable[b]][row];
            if (x == 1 || y == 1)
                add_product(moments, weight, x == 1 ? y : x);
            else if (x != 0 && y != 0)
                *moments = est_i_dd_add(*moments, est_i_dd_multiply(est_i_dd_two_product(x, y), (est_i_dd){weight, 0}));
        }
    }
}

static void add_group(const est_i_group *group, const est_i_rows *rows, size_t row, double weight, est_i_dd *sum, double *nonzero)
{
    sum[0] = est_i_dd_add_double(sum[0], weight);
    for (size_t i = 0; i < group->n; i++) {
        double value = rows->value[group->variable[i]][row];
        add_product(&sum[1 + i], weight, value);
        nonzero[1 + i] += value != 0;
    }
}

/* A group of one number: what add_group and add_moments do. Adding 0 changes no bit, so 0 and 1 need no branch. */
static inline void add_single(double value, double weight, est_i_dd *sum, double *nonzero, est_i_dd *moment)
{
    sum[0] = est_i_dd_add_double(sum[0], weight);
    nonzero[1] += value != 0;
    if (value == 0 || value == 1) {
        sum[1] = est_i_dd_add_double(sum[1], value * weight);
        *moment = est_i_dd_add_double(*moment, value * weight);
    } else {
        sum[1] = est_i_dd_add(sum[1], est_i_dd_two_product(weight, value));
        *moment = est_i_dd_add(*moment, est_i_dd_multiply(est_i_dd_two_product(value, value), (est_i_dd){weight, 0}));
    }
}

static void add_crossed(const est_i_totals_frame *frame, est_i_totals_part *part, const est_i_rows *rows, size_t row, size_t g, double weight)
{
    const est_i_group *group = &frame->groups[g];
    for (size_t k = 0; k < part->n_filled; k++) {
        size_t j = part->filled[k];
        est_i_dd *at = part->domains.crossed + (rows->domain[row] * frame->p + j) * frame->width + frame->offset[g];
        double wx = weight * part->x[j];
        if (wx == 0)
            continue;
        at[0] = est_i_dd_add_double(at[0], wx);
        for (size_t i = 0; i < group->n; i++)
            add_product(&at[1 + i], wx, rows->value[group->variable[i]][row]);
    }
}

static est_status take_domain(const est_i_totals_frame *frame, est_i_totals_part *part, const est_i_rows *rows, size_t row, est_error *error)
{
    uint32_t domain = rows->domain[row];
    double weight = rows->weight[row];
    est_i_dd *sum = est_i_cells_at(part->cells, rows->leaf[row], domain);
    if (!sum || (domain >= part->domains.count && !est_i_totals_domains_need(frame, &part->domains, (size_t)domain + 1)))
        return est_i_no_memory(error);
    double *cases = part->domains.cases + domain * frame->n_groups, *missing = part->domains.missing + domain * frame->n_groups;
    double *nonzero = part->domains.nonzero + domain * frame->width;
    est_i_dd *moments = part->domains.moments + domain * frame->n_moments;
    for (size_t g = 0; g < frame->n_groups; g++) {
        const est_i_group *group = &frame->groups[g];
        size_t offset = frame->offset[g];
        double value = group->n == 1 ? rows->value[*group->variable][row] : 0;
        if (group->n == 1 ? isnan(value) : !is_valid(group, rows, row)) {
            missing[g]++;
            continue;
        }
        cases[g]++;
        if (group->n == 1) {
            add_single(value, weight, sum + offset, nonzero + offset, moments + frame->moment[g]);
        } else {
            add_group(group, rows, row, weight, sum + offset, nonzero + offset);
            add_moments(group, rows, row, weight, moments + frame->moment[g]);
        }
        if (frame->p)
            add_crossed(frame, part, rows, row, g, est_i_calibration_weight(frame->options.calibration, rows, row));
    }
    return EST_OK;
}

static est_status take_auxiliary(const est_i_totals_frame *frame, est_i_totals_part *part, const est_i_rows *rows, size_t row, est_error *error)
{
    est_i_dd *sum = est_i_cells_at(part->auxiliary, rows->leaf[row], 0);
    if (!sum)
        return est_i_no_memory(error);
    est_i_calibration_x(frame->options.calibration, rows, row, part->x);
    part->n_filled = 0;
    for (size_t j = 0; j < frame->p; j++) {
        part->filled[part->n_filled] = j;
        part->n_filled += part->x[j] != 0;
    }
    for (size_t k = 0; k < part->n_filled; k++)
        add_product(&sum[part->filled[k]], rows->weight[row], part->x[part->filled[k]]);
    return EST_OK;
}

/* Base weights by leaf, domain and calibration cell: what a replicate that is calibrated again follows from. */
static est_status take_fine(const est_i_totals_frame *frame, est_i_totals_part *part, const est_i_rows *rows, size_t row, est_error *error)
{
    uint32_t cell = (uint32_t)est_i_calibration_cell(frame->options.calibration, rows, row);
    double *sum = est_i_totals_fine_at(&part->fine, rows->leaf[row], rows->domain[row], cell), weight = rows->base_weight[row];
    if (!sum)
        return est_i_no_memory(error);
    sum[0] += weight;
    for (size_t g = 0; g < frame->n_groups && rows->domain[row] != EST_I_NO_DOMAIN; g++) {
        double *at = sum + 1 + frame->offset[g];
        if (!is_valid(&frame->groups[g], rows, row))
            continue;
        at[0] += weight;
        for (size_t i = 0; i < frame->groups[g].n; i++)
            at[1 + i] += weight * rows->value[frame->groups[g].variable[i]][row];
    }
    return EST_OK;
}

static est_status take_supplied(const est_i_totals_frame *frame, est_i_totals_part *part, const est_i_rows *rows, size_t row, est_error *error)
{
    size_t n = frame->n_supplied;
    uint32_t cell = frame->p ? (uint32_t)est_i_calibration_cell(frame->options.calibration, rows, row) : 0;
    double *sum = est_i_totals_fine_at(&part->fine, 0, rows->domain[row], cell);
    if (!sum)
        return est_i_no_memory(error);
    for (size_t r = 0; r < n; r++)
        sum[r] += rows->replicate[r][row];
    for (size_t g = 0; g < frame->n_groups && rows->domain[row] != EST_I_NO_DOMAIN; g++) {
        double *at = sum + (1 + frame->offset[g]) * n;
        if (!is_valid(&frame->groups[g], rows, row))
            continue;
        for (size_t r = 0; r < n; r++)
            at[r] += rows->replicate[r][row];
        for (size_t i = 0; i < frame->groups[g].n; i++) {
            double value = rows->value[frame->groups[g].variable[i]][row];
            for (size_t r = 0; r < n && value != 0; r++)
                at[(1 + i) * n + r] += rows->replicate[r][row] * value;
        }
    }
    return EST_OK;
}

static est_status take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const est_i_totals_frame *frame = user;
    bool fine = frame->options.recalibrate && frame->p && !frame->n_supplied;
    est_status status = EST_OK;
    for (size_t row = 0; row < rows->n && status == EST_OK; row++) {
        if (frame->p)
            status = take_auxiliary(frame, part, rows, row, error);
        if (status == EST_OK && rows->domain[row] != EST_I_NO_DOMAIN && rows->weight[row] != 0)
            status = take_domain(frame, part, rows, row, error);
        if (status == EST_OK && fine)
            status = take_fine(frame, part, rows, row, error);
        if (status == EST_OK && frame->n_supplied)
            status = take_supplied(frame, part, rows, row, error);
    }
    return status;
}

static void add_domain(const est_i_totals_frame *frame, est_i_totals_domains *into, size_t to, const est_i_totals_domains *from, size_t at)
{
    size_t n = frame->n_groups, m = frame->n_moments, c = frame->p * frame->width;
    for (size_t i = 0; i < n; i++) {
        into->cases[to * n + i] += from->cases[at * n + i];
        into->missing[to * n + i] += from->missing[at * n + i];
    }
    for (size_t i = 0; i < frame->width; i++)
        into->nonzero[to * frame->width + i] += from->nonzero[at * frame->width + i];
    for (size_t i = 0; i < m; i++)
        into->moments[to * m + i] = est_i_dd_add(into->moments[to * m + i], from->moments[at * m + i]);
    for (size_t i = 0; i < c; i++)
        into->crossed[to * c + i] = est_i_dd_add(into->crossed[to * c + i], from->crossed[at * c + i]);
}

static est_status renumber_domains(const est_i_totals_frame *frame, est_i_totals_domains *domains, const est_i_renumbering *final,
                                   est_error *error)
{
    est_i_totals_domains made = {0};
    est_status status = EST_OK;
    for (size_t d = 0; d < domains->count && status == EST_OK; d++) {
        if (!est_i_totals_domains_need(frame, &made, (size_t)final->domain[d] + 1))
            status = est_i_no_memory(error);
        else
            add_domain(frame, &made, final->domain[d], domains, d);
    }
    if (status == EST_OK) {
        domains_free(domains);
        *domains = made;
    } else {
        domains_free(&made);
    }
    return status;
}

static est_status join_fine(est_i_totals_fine *into, const est_i_totals_fine *from, const est_i_renumbering *final, est_error *error)
{
    for (uint32_t k = 0; k < from->keys.count; k++) {
        const uint32_t *key = est_i_tuples_key(&from->keys, k);
        uint32_t domain = final && key[1] != EST_I_NO_DOMAIN ? final->domain[key[1]] : key[1];
        double *sum = est_i_totals_fine_at(into, key[0], domain, key[2]);
        if (!sum)
            return est_i_no_memory(error);
        for (size_t i = 0; i < from->stride; i++)
            sum[i] += from->sum[k * from->stride + i];
    }
    return EST_OK;
}

/* Leaves of the fine sums are final numbers already: a calibration is solved after the first pass. */
static est_status renumber_fine(est_i_totals_fine *fine, const est_i_renumbering *final, est_error *error)
{
    est_i_totals_fine made = {.keys = {.width = 3}, .stride = fine->stride};
    est_status status = join_fine(&made, fine, final, error);
    if (status == EST_OK) {
        est_i_totals_fine kept = *fine;
        *fine = made;
        made = kept;
    }
    est_i_tuples_free(&made.keys);
    free(made.sum);
    return status;
}

static est_status settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    const est_i_totals_frame *frame = user;
    est_i_totals_part *own = part;
    est_status status = est_i_cells_renumber(own->cells, final, error);
    if (status == EST_OK)
        status = renumber_domains(frame, &own->domains, final, error);
    if (status == EST_OK)
        status = renumber_fine(&own->fine, final, error);
    return status;
}

static est_status join(void *user, void *into, void *from, est_error *error)
{
    const est_i_totals_frame *frame = user;
    est_i_totals_part *a = into, *b = from;
    est_status status = est_i_cells_join(a->cells, b->cells, error);
    if (status == EST_OK)
        status = est_i_cells_join(a->auxiliary, b->auxiliary, error);
    for (size_t d = 0; d < b->domains.count && status == EST_OK; d++) {
        if (!est_i_totals_domains_need(frame, &a->domains, d + 1))
            status = est_i_no_memory(error);
        else
            add_domain(frame, &a->domains, d, &b->domains, d);
    }
    if (status == EST_OK)
        status = join_fine(&a->fine, &b->fine, NULL, error);
    return status;
}

const est_i_rows_consumer est_i_totals_consumer = {part_new, take, settle, join, part_free};
