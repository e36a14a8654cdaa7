#include "survey/totals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/sample_state.h"
#include "survey/totals_parts.h"

static bool copy_groups(est_i_totals_frame *frame, size_t n_groups, const est_i_group *groups)
{
    frame->groups = calloc(n_groups + 1, sizeof *frame->groups);
    frame->offset = calloc(n_groups + 1, sizeof *frame->offset);
    frame->moment = calloc(n_groups + 1, sizeof *frame->moment);
    bool good = frame->groups && frame->offset && frame->moment;
    for (size_t g = 0; g < n_groups && good; g++) {
        size_t n = groups[g].n, *variable = malloc((n + 1) * sizeof *variable);
        good = variable != NULL;
        frame->groups[g] = (est_i_group){n, variable};
        frame->n_groups = g + 1;
        for (size_t i = 0; i < n && good; i++)
            variable[i] = groups[g].variable[i];
        frame->offset[g] = frame->width;
        frame->moment[g] = frame->n_moments;
        frame->width += n + 1;
        frame->n_moments += n * (n + 1) / 2;
    }
    return good;
}

/* Totals of every domain and, last, of the whole. */
static est_status add_up(est_i_totals *totals, est_error *error)
{
    const est_i_cells *cells = totals->part->cells;
    size_t width = totals->frame.width;
    totals->total = calloc((totals->n_domains + 1) * width + 1, sizeof *totals->total);
    if (!totals->total)
        return est_i_no_memory(error);
    est_i_dd *whole = totals->total + totals->n_domains * width;
    for (size_t d = 0; d < totals->n_domains; d++) {
        est_i_dd *total = totals->total + d * width;
        for (size_t c = totals->domain_first[d]; c < totals->domain_first[d + 1]; c++)
            for (size_t m = 0; m < width; m++)
                total[m] = est_i_dd_add(total[m], cells->sum[c * width + m]);
        for (size_t m = 0; m < width; m++)
            whole[m] = est_i_dd_add(whole[m], total[m]);
    }
    return EST_OK;
}

static est_status finish(est_i_totals *totals, est_error *error)
{
    const est_i_sample *sample = totals->frame.sample;
    totals->n_domains = est_i_sample_domains(sample);
    totals->n_leaves = est_i_design_leaves(est_i_sample_design(sample));
    est_status status = est_i_cells_sort(totals->part->cells, totals->n_domains, &totals->domain_first, error);
    return status == EST_OK ? add_up(totals, error) : status;
}

static est_i_totals *totals_new(est_i_sample *sample, size_t n_groups, const est_i_group *groups, const est_i_totals_options *options)
{
    est_i_totals *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->frame.sample = sample;
    made->frame.options = options ? *options : (est_i_totals_options){0};
    made->frame.p = made->frame.options.calibration ? est_i_calibration_size(made->frame.options.calibration) : 0;
    made->frame.n_supplied = est_i_sample_get_plan(sample)->n_replicates;
    if (!copy_groups(&made->frame, n_groups, groups)) {
        est_i_totals_free(made);
        made = NULL;
    }
    return made;
}

est_status est_i_totals_take(est_i_sample *sample, size_t n_groups, const est_i_group *groups, const est_i_totals_options *options,
                             est_i_totals **totals, est_error *error)
{
    est_i_totals *made = totals_new(sample, n_groups, groups, options);
    void *part = NULL;
    est_status status = made ? est_i_sample_pass(sample, &est_i_totals_consumer, &made->frame, "reading", &part, error)
                             : est_i_no_memory(error);
    *totals = NULL;
    if (made)
        made->part = part;
    if (status == EST_OK)
        status = finish(made, error);
    if (status == EST_OK)
        *totals = made;
    else
        est_i_totals_free(made);
    return status;
}

static void write_part(void *user, const void *part, est_i_text *out)
{
    est_i_totals_part_write(user, part, out);
}

static void *read_part(void *user, est_i_state_reader *reader, size_t n_leaves, size_t n_domains)
{
    return est_i_totals_part_read(user, reader, n_leaves, n_domains);
}

est_status est_i_totals_save(est_i_sample *sample, size_t n_groups, const est_i_group *groups, size_t first_chunk, size_t last_chunk,
                             est_i_text *out, est_error *error)
{
    est_i_totals *made = totals_new(sample, n_groups, groups, NULL);
    est_i_tree tree = {0};
    est_status status = made ? est_i_sample_scan(sample, &est_i_totals_consumer, &made->frame, "reading", first_chunk, last_chunk, &tree, error)
                             : est_i_no_memory(error);
    if (status == EST_OK)
        est_i_sample_state_write(sample, &tree, write_part, out);
    if (status == EST_OK && out->failed)
        status = est_i_no_memory(error);
    est_i_tree_clear(&tree);
    est_i_totals_free(made);
    return status;
}

est_status est_i_totals_join(est_i_sample *sample, size_t n_groups, const est_i_group *groups, size_t n_states, est_i_state_reader *states,
                             size_t *damaged, est_i_totals **totals, est_error *error)
{
    est_i_totals *made = totals_new(sample, n_groups, groups, NULL);
    est_i_tree tree = {.consumer = &est_i_totals_consumer, .user = made ? &made->frame : NULL};
    est_i_tree_node whole = {0};
    est_status status = made ? EST_OK : est_i_no_memory(error);
    *damaged = SIZE_MAX;
    *totals = NULL;
    for (size_t i = 0; i < n_states && status == EST_OK && *damaged == SIZE_MAX; i++) {
        status = est_i_sample_state_read(sample, &states[i], read_part, &tree, error);
        if (states[i].bad)
            *damaged = i;
    }
    if (status == EST_OK && *damaged == SIZE_MAX)
        status = est_i_tree_fold(&tree, &whole, error);
    if (status == EST_OK && *damaged == SIZE_MAX) {
        made->part = whole.part;
        status = est_i_sample_settle_whole(sample, &est_i_totals_consumer, &made->frame, &whole, error);
    }
    if (status == EST_OK && *damaged == SIZE_MAX)
        status = finish(made, error);
    if (tree.count > 0)
        est_i_tree_clear(&tree);
    if (status == EST_OK && *damaged == SIZE_MAX)
        *totals = made;
    else
        est_i_totals_free(made);
    return status;
}

void est_i_totals_free(est_i_totals *totals)
{
    if (!totals)
        return;
    for (size_t g = 0; g < totals->frame.n_groups; g++)
        free((size_t *)totals->frame.groups[g].variable);
    est_i_totals_consumer.part_free(&totals->frame, totals->part);
    free(totals->frame.groups);
    free(totals->frame.offset);
    free(totals->frame.moment);
    free(totals->domain_first);
    free(totals->total);
    free(totals);
}

/* Values */

static size_t domain_index(const est_i_totals *totals, size_t domain)
{
    return domain == EST_I_WHOLE ? totals->n_domains : domain;
}

static est_i_dd total_of(const est_i_totals *totals, size_t group, size_t domain, int measure)
{
    return totals->total[domain_index(totals, domain) * totals->frame.width + totals->frame.offset[group] + (size_t)measure];
}

static est_i_dd value_of(const est_i_totals *totals, const est_i_statistic *s)
{
    est_i_dd top = total_of(totals, s->group, s->domain, s->a);
    if (s->b < 0)
        return top;
    est_i_dd bottom = total_of(totals, s->group, s->domain, s->b);
    return bottom.high == 0 ? (est_i_dd){NAN, 0} : est_i_dd_divide(top, bottom);
}

static double sum_by_domain(const est_i_totals *totals, const double *values, size_t group, size_t domain)
{
    const est_i_totals_domains *domains = &totals->part->domains;
    size_t n = totals->frame.n_groups;
    double sum = 0;
    for (size_t d = 0; d < domains->count; d++)
        if (domain == EST_I_WHOLE || domain == d)
            sum += values[d * n + group];
    return sum;
}

double est_i_totals_cases(const est_i_totals *totals, size_t group, size_t domain)
{
    return sum_by_domain(totals, totals->part->domains.cases, group, domain);
}

double est_i_totals_missing(const est_i_totals *totals, size_t group, size_t domain)
{
    return sum_by_domain(totals, totals->part->domains.missing, group, domain);
}

double est_i_totals_nonzero(const est_i_totals *totals, size_t group, int measure, size_t domain)
{
    const est_i_totals_domains *domains = &totals->part->domains;
    double sum = 0;
    for (size_t d = 0; d < domains->count; d++)
        if (domain == EST_I_WHOLE || domain == d)
            sum += domains->nonzero[d * totals->frame.width + totals->frame.offset[group] + (size_t)measure];
    return sum;
}

double est_i_totals_weight(const est_i_totals *totals, size_t group, size_t domain)
{
    return est_i_dd_value(total_of(totals, group, domain, 0));
}

double est_i_totals_value(const est_i_totals *totals, const est_i_statistic *statistic)
{
    bool none = est_i_totals_cases(totals, statistic->group, statistic->domain) == 0;
    return none ? NAN : est_i_dd_value(value_of(totals, statistic));
}

/* Sum of w x_a x_b over a domain; a or b = 0 stands for the number 1. */
static est_i_dd moment_of(const est_i_totals *totals, size_t group, size_t domain, int a, int b)
{
    const est_i_totals_domains *domains = &totals->part->domains;
    size_t n = totals->frame.groups[group].n, low = (size_t)(a < b ? a : b), high = (size_t)(a < b ? b : a);
    est_i_dd sum = {0, 0};
    if (low == 0)
        return total_of(totals, group, domain, (int)high);
    size_t at = totals->frame.moment[group] + (low - 1) * n - (low - 1) * (low - 2) / 2 + (high - low);
    for (size_t d = 0; d < domains->count; d++)
        if (domain == EST_I_WHOLE || domain == d)
            sum = est_i_dd_add(sum, domains->moments[d * totals->frame.n_moments + at]);
    return sum;
}

/* Sum of w e^2, e = y - R x (x = 1 for a mean), or for a total of y - mean. */
static est_i_dd squares_of(const est_i_totals *totals, const est_i_statistic *s)
{
    est_i_dd weight = total_of(totals, s->group, s->domain, 0), top = total_of(totals, s->group, s->domain, s->a);
    int b = s->b < 0 ? 0 : s->b;
    est_i_dd ratio = s->b < 0 ? est_i_dd_divide(top, weight) : value_of(totals, s);
    est_i_dd yy = moment_of(totals, s->group, s->domain, s->a, s->a), xy = moment_of(totals, s->group, s->domain, s->a, b);
    est_i_dd xx = moment_of(totals, s->group, s->domain, b, b);
    est_i_dd twice = est_i_dd_multiply((est_i_dd){-2, 0}, est_i_dd_multiply(ratio, xy));
    return est_i_dd_add(yy, est_i_dd_add(twice, est_i_dd_multiply(est_i_dd_multiply(ratio, ratio), xx)));
}

double est_i_totals_spread(const est_i_totals *totals, const est_i_statistic *statistic)
{
    double n = est_i_totals_cases(totals, statistic->group, statistic->domain);
    double weight = est_i_totals_weight(totals, statistic->group, statistic->domain);
    double squares = n > 1 ? est_i_dd_value(squares_of(totals, statistic)) : NAN;
    return fmax(squares, 0) / weight * n / (n - 1);
}

/* Influence */

static void range_of(const est_i_totals *totals, size_t domain, size_t *from, size_t *to)
{
    *from = domain == EST_I_WHOLE ? 0 : totals->domain_first[domain];
    *to = domain == EST_I_WHOLE ? totals->domain_first[totals->n_domains] : totals->domain_first[domain + 1];
}

void est_i_totals_present(const est_i_totals *totals, size_t group, size_t domain, bool *present)
{
    const est_i_cells *cells = totals->part->cells;
    size_t from, to;
    memset(present, 0, totals->n_leaves * sizeof *present);
    range_of(totals, domain, &from, &to);
    for (size_t c = from; c < to; c++)
        if (cells->sum[c * cells->width + totals->frame.offset[group]].high != 0)
            present[cells->leaf[c]] = true;
}

/* Adds the residual's part that the calibration explains: minus x'B, B the regression of the influence values on x. */
static void subtract_fitted(const est_i_totals *totals, const est_i_statistic *s, double ratio, double bottom, double *z)
{
    const est_i_totals_frame *frame = &totals->frame;
    const est_i_cells *auxiliary = totals->part->auxiliary;
    const est_i_totals_domains *domains = &totals->part->domains;
    double *b = calloc(frame->p + 1, sizeof *b);
    if (!b) { /* no room: the influence is not known */
        for (size_t i = 0; i < totals->n_leaves; i++)
            z[i] = NAN;
        return;
    }
    for (size_t d = 0; d < domains->count; d++)
        for (size_t j = 0; j < frame->p && (s->domain == EST_I_WHOLE || s->domain == d); j++) {
            const est_i_dd *at = domains->crossed + (d * frame->p + j) * frame->width + frame->offset[s->group];
            b[j] += (est_i_dd_value(at[s->a]) - (s->b < 0 ? 0 : ratio * est_i_dd_value(at[s->b]))) / bottom;
        }
    est_i_calibration_coefficients(frame->options.calibration, 1, b, b);
    for (size_t c = 0; c < auxiliary->count; c++)
        for (size_t j = 0; j < frame->p; j++)
            z[auxiliary->leaf[c]] -= b[j] * est_i_dd_value(auxiliary->sum[c * frame->p + j]);
    free(b);
}

void est_i_totals_influence(const est_i_totals *totals, const est_i_statistic *statistic, double *z)
{
    const est_i_cells *cells = totals->part->cells;
    size_t offset = totals->frame.offset[statistic->group], from, to;
    est_i_dd minus_ratio = est_i_dd_negate(value_of(totals, statistic));
    double bottom = statistic->b < 0 ? 1 : est_i_dd_value(total_of(totals, statistic->group, statistic->domain, statistic->b));
    memset(z, 0, totals->n_leaves * sizeof *z);
    range_of(totals, statistic->domain, &from, &to);
    for (size_t c = from; c < to; c++) {
        const est_i_dd *sum = cells->sum + c * cells->width + offset;
        est_i_dd e = sum[statistic->a];
        if (statistic->b >= 0)
            e = est_i_dd_add(e, est_i_dd_multiply(minus_ratio, sum[statistic->b]));
        z[cells->leaf[c]] += est_i_dd_value(e) / bottom;
    }
    if (totals->frame.p)
        subtract_fitted(totals, statistic, -est_i_dd_value(minus_ratio), bottom, z);
}
