/* The rows of a weighting's result: what each step made of the weights, response rates, and totals before calibration.
 *
 * The extremes of the weights, their variation and the factors of the calibration are functions of the smallest response cell or
 * margin (a factor is a known total over a sum of weights): their n is the number of rows of that one, so that disclosure control
 * withholds them where it withholds that cell. */
#include <math.h>
#include <string.h>

#include "core/text.h"
#include "survey/calibrate_parts.h"
#include "survey/weighting.h"

#define LINES_MAX 500u /* disclosure control compares every domain with every other */

static void add_row(est_i_weighting *run, const char *estimand, size_t n_labels, const est_label *labels, double value, size_t n,
                    bool detail)
{
    est_row row = est_i_row_empty(estimand);
    row.n_domain = n_labels;
    row.domain = labels;
    row.estimate = value;
    row.interval = "none";
    row.n = (double)n;
    row.detail = detail;
    row.flags = est_source_is_synthetic(run->source) ? EST_FLAG_BIT(EST_FLAG_SYNTHETIC) : 0;
    est_i_result_add_row(run->builder, &row);
}

static void add_step(est_i_weighting *run, const est_i_weighting_step *step)
{
    est_label label = {"step", step->name};
    bool last = step == &run->step[run->n_steps - 1];
    add_row(run, "weight_sum", 1, &label, step->sum, step->rows, !last);
    add_row(run, "weight_smallest", 1, &label, step->smallest, step->fewest, true);
    add_row(run, "weight_largest", 1, &label, step->largest, step->fewest, true);
    add_row(run, "weight_cv", 1, &label, step->cv, step->fewest, true);
    add_row(run, "weight_design_effect", 1, &label, step->kish, step->fewest, true);
}

static void add_factors(est_i_weighting *run)
{
    est_label label = {"step", "calibration"};
    for (size_t s = 0; run->calibrated && s < run->n_steps; s++)
        if (strcmp(run->step[s].name, "calibration") == 0) {
            add_row(run, "factor_smallest", 1, &label, run->report.smallest_g, run->step[s].fewest, true);
            add_row(run, "factor_largest", 1, &label, run->report.largest_g, run->step[s].fewest, true);
        }
}

/* ---- response ---- */

static void add_cell(est_i_weighting *run, const est_i_weighting_cell *cell)
{
    est_label labels[run->n_cells + 1];
    size_t n_labels = cell->level ? run->n_cells : 1;
    labels[0] = (est_label){"class", cell->name};
    for (size_t k = 0; k < run->n_cells && cell->level; k++) {
        size_t v = run->first_cell + k;
        labels[k] = (est_label){run->variables[v].column, est_i_sample_level(run->sample, v, cell->level[k])};
    }
    add_row(run, "response_rate", n_labels, labels, cell->responding / cell->weight, cell->respondents, true);
}

static void add_response(est_i_weighting *run)
{
    double weight = 0, responding = 0;
    size_t respondents = 0;
    run->first_cell_row = SIZE_MAX;
    for (size_t k = 0; k < run->n_response; k++) {
        weight += run->cells[k].weight;
        responding += run->cells[k].responding;
        respondents += run->cells[k].respondents;
    }
    if (run->n_response)
        add_row(run, "response_rate", 0, NULL, responding / weight, respondents, true);
    if (run->n_response == 0 || run->n_response > LINES_MAX)
        return;
    run->first_cell_row = est_i_result_row_count(run->builder);
    for (size_t k = 0; k < run->n_response; k++)
        add_cell(run, &run->cells[k]);
}

/* ---- known totals ---- */

static void add_total(est_i_weighting *run, const est_i_margin *margin, const char *level, size_t j)
{
    est_label label = {margin->name, level};
    size_t n_labels = *level ? 1 : 0;
    est_i_text name = {0};
    est_i_text_printf(&name, "total(%s)", margin->name);
    if (name.failed)
        est_i_result_no_memory(run->builder);
    else
        add_row(run, margin->numbers ? name.data : "weighted_number", n_labels, &label, run->report.before[j], run->counts[j],
                true);
    est_i_text_free(&name);
}

/* In the order in which the calibration numbers its totals: margin by margin, each as the table has it. */
static void add_totals(est_i_weighting *run)
{
    const est_i_calibration *c = run->calibration;
    size_t j = 0;
    run->first_total_row = SIZE_MAX;
    if (!run->calibrated || run->report.n_totals > LINES_MAX)
        return;
    run->first_total_row = est_i_result_row_count(run->builder);
    for (size_t m = 0; m < c->n_margins; m++)
        for (size_t k = 0; k < c->n_knowns; k++)
            if (c->knowns[k].margin == m)
                add_total(run, &c->margins[m], c->knowns[k].level, j++);
}

void est_i_weighting_rows(est_i_weighting *run)
{
    for (size_t s = 0; s < run->n_steps; s++)
        add_step(run, &run->step[s]);
    add_factors(run);
    add_response(run);
    add_totals(run);
}
