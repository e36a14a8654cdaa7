/* Rows of single periods. */
#include <math.h>

#include "mse/describe.h"
#include "trends/trend_run.h"

static uint32_t flags_of_period(const est_i_trend_answer *a, size_t block)
{
    uint32_t flags = 0;
    if (a->captures->truncated[block])
        flags |= EST_FLAG_BIT(EST_FLAG_TRUNCATED);
    if (est_table_is_synthetic(a->table))
        flags |= EST_FLAG_BIT(EST_FLAG_SYNTHETIC);
    return flags;
}

static void add_count_rows(est_i_trend_answer *a, const char *estimand, const double *counts)
{
    for (size_t k = 0; k < a->captures->n_blocks; k++) {
        est_label label = {"period", a->captures->block_names[k]};
        est_row row = est_i_row_empty(estimand);
        if (isnan(counts[k]))
            continue;
        row.n_domain = 1;
        row.domain = &label;
        row.estimate = row.n = counts[k];
        row.interval = "none";
        row.period = label.value;
        row.flags = flags_of_period(a, k);
        est_i_result_add_row(a->builder, &row);
    }
}

/* Refuted only when the upper limit lies below the persons already seen (decisions.md 7). */
static uint32_t flags_of_estimate(const est_i_trend_answer *a, const est_i_trend_model *m, size_t block, size_t place)
{
    uint32_t flags = flags_of_period(a, block);
    if (__builtin_popcount(est_i_lists_that_count(a->captures, block)) < 3)
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_LISTS);
    if (a->captures->totals[block] < 100)
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_DATA);
    if (place == a->data->n_used || isnan(m->population[place]))
        return flags | EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    if (m->boundary[place])
        flags |= EST_FLAG_BIT(EST_FLAG_BOUNDARY);
    if (isinf(m->upper[place]))
        flags |= EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    if (!isnan(a->captures->seen[block]) && m->upper[place] < a->captures->seen[block])
        flags |= EST_FLAG_BIT(EST_FLAG_REFUTED);
    if (!isnan(m->upper[place]) && (!m->selected || !m->bootstrap))
        flags |= EST_FLAG_BIT(EST_FLAG_MODEL_KNOWN);
    return flags;
}

static est_row estimate_row(const est_i_trend_answer *a, const est_i_trend_model *m, size_t block, const est_label *label)
{
    size_t place = est_i_trend_place(a->data, block);
    est_row row = est_i_row_empty("population");
    row.n_domain = 1;
    row.domain = label;
    row.model = m->name;
    row.period = label->value;
    row.n = a->captures->totals[block];
    row.flags = flags_of_estimate(a, m, block, place);
    row.interval = "none";
    if (place < a->data->n_used) {
        bool has_interval = !isnan(m->lower[place]);
        row.estimate = m->population[place];
        row.lower = m->lower[place];
        row.upper = m->upper[place];
        row.level = has_interval ? a->options->level : NAN;
        row.interval = !has_interval ? "none" : m->bootstrap ? "bootstrap" : "profile";
        row.se = m->selected && m->bootstrap ? NAN : m->se[place];
    }
    return row;
}

static void add_populations(est_i_trend_answer *a, const est_i_trend_model *m)
{
    for (size_t k = 0; k < a->captures->n_blocks; k++) {
        est_label label = {"period", a->captures->block_names[k]};
        est_row row = estimate_row(a, m, k, &label);
        est_i_result_add_row(a->builder, &row);
    }
    for (size_t k = 0; k < a->captures->n_blocks; k++) {
        est_label label = {"period", a->captures->block_names[k]};
        est_row row = estimate_row(a, m, k, &label);
        double n = a->captures->totals[k];
        row.estimand = "unobserved";
        row.estimate -= n;
        row.lower -= n;
        row.upper -= n;
        row.detail = 1;
        est_i_result_add_row(a->builder, &row);
    }
}

/* Persons of the window per 100,000 of the population and per year of its length. */
static void add_rates(est_i_trend_answer *a, const est_i_trend_model *m)
{
    for (size_t k = 0; k < a->captures->n_blocks; k++) {
        est_label label = {"period", a->captures->block_names[k]};
        double scale = 1e5 / a->captures->population[k] / a->captures->years[k];
        est_row row;
        if (isnan(scale))
            continue;
        row = estimate_row(a, m, k, &label);
        row.estimand = "rate_per_100000";
        row.population = *a->options->denominator ? a->options->denominator : "population not named";
        row.estimate *= scale;
        row.se *= scale;
        row.lower *= scale;
        row.upper *= scale;
        est_i_result_add_row(a->builder, &row);
    }
}

/* Two lists at work: Chapman's estimate stands beside the flagged row, on the lists' independence alone. */
static void add_chapman(est_i_trend_answer *a, size_t block)
{
    const est_i_captures *c = a->captures;
    double on_first = 0, on_second = 0, on_both = 0;
    uint32_t active = est_i_lists_that_count(c, block), first = active & -active, second = active & ~first;
    est_label label = {"period", c->block_names[block]};
    est_row row = est_i_row_empty("population_chapman");
    for (size_t w = 1; w < c->n_cells; w++) {
        on_first += w & first ? c->counts[block][w] : 0;
        on_second += w & second ? c->counts[block][w] : 0;
        on_both += (w & active) == active ? c->counts[block][w] : 0;
    }
    row.n_domain = 1;
    row.domain = &label;
    row.model = "Chapman";
    row.period = label.value;
    row.n = c->totals[block];
    row.interval = "none";
    row.estimate = (on_first + 1) * (on_second + 1) / (on_both + 1) - 1;
    row.flags = flags_of_period(a, block) | EST_FLAG_BIT(EST_FLAG_FEW_LISTS);
    est_i_result_add_row(a->builder, &row);
}

void est_i_trend_add_periods(est_i_trend_answer *a)
{
    add_count_rows(a, "observed", a->captures->totals);
    if (a->captures->has_seen)
        add_count_rows(a, "seen", a->captures->seen);
    for (size_t i = 0; i < a->n_models; i++)
        add_populations(a, a->models[i]);
    for (size_t k = 0; k < a->captures->n_blocks; k++)
        if (__builtin_popcount(est_i_lists_that_count(a->captures, k)) == 2)
            add_chapman(a, k);
    for (size_t i = 0; i < a->n_models && a->captures->has_population; i++)
        add_rates(a, a->models[i]);
}
