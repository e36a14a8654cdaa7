/* Tables and charts of a survey's result. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/survey.h"

#define COVARIANCE_MAX 2000

/* Margins before and after, and what calibration made of the weights. */
static void calibration_table(est_i_survey *run)
{
    static const char *const columns[] = {"margin", "known", "before", "after"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN};
    est_i_calibration_report report = est_i_calibration_describe(run->calibration);
    est_i_result_add_stat(run->builder, "calibration_iterations", report.iterations, false);
    est_i_result_add_stat(run->builder, "smallest_factor", report.smallest_g, false);
    est_i_result_add_stat(run->builder, "largest_factor", report.largest_g, false);
    est_i_result_add_stat(run->builder, "at_lower_bound", (double)report.at_lower, false);
    est_i_result_add_stat(run->builder, "at_upper_bound", (double)report.at_upper, false);
    est_i_result_frame(run->builder, "margins", "Known totals, and their estimates before and after calibration", 4, columns, roles, SIZE_MAX);
    for (size_t i = 0; i < report.n_totals; i++) {
        est_i_result_cell_text(run->builder, report.name[i]);
        est_i_result_cell(run->builder, report.known[i]);
        est_i_result_cell(run->builder, report.before[i]);
        est_i_result_cell(run->builder, report.after[i]);
    }
}

/* One forest of the domains for each estimand. */
static void forest(est_i_survey *run, size_t estimand)
{
    size_t n = run->n_order, first = estimand * (n + 1) + 1;
    est_label *labels = malloc((run->n_by + 1) * sizeof *labels);
    const char **categories = calloc(n + 1, sizeof *categories);
    double *numbers = malloc((3 * n + 1) * sizeof *numbers);
    size_t *about = malloc((n + 1) * sizeof *about);
    est_i_text name = {0};
    bool good = labels && categories && numbers && about;
    for (size_t d = 0; d < n && good; d++) {
        const est_row *row = est_result_row(est_i_result_so_far(run->builder), first + d);
        name.length = 0;
        for (size_t l = 0; l < est_i_survey_labels(run, run->order[d], labels); l++)
            est_i_text_printf(&name, "%s%s", l ? ", " : "", labels[l].value);
        categories[d] = name.failed ? NULL : est_i_survey_keep(run, name.data);
        good = categories[d] != NULL && row;
        if (good) {
            numbers[d] = row->estimate;
            numbers[n + d] = row->lower;
            numbers[2 * n + d] = row->upper;
            about[d] = first + d;
        }
    }
    if (good) {
        const char *title = run->request.estimands[estimand].name;
        est_series series = {.name = title, .kind = EST_SERIES_BAND, .role = EST_ROLE_PLAIN, .value = numbers, .lower = numbers + n,
                             .upper = numbers + 2 * n};
        const est_i_survey_estimate *whole = &run->estimates[first - 1];
        est_chart chart = {.name = title, .title = title, .subtitle = "by domain, with confidence intervals; the line is the whole", .x_title = title,
                           .y_title = "", .alternative = "Estimates with their intervals for each domain; the table holds the numbers.",
                           .n_categories = n, .categories = categories, .n_series = 1, .series = &series, .kind = EST_CHART_FOREST,
                           .reference = whole->estimate, .about = about};
        est_i_result_add_chart(run->builder, &chart);
    } else {
        est_i_result_no_memory(run->builder);
    }
    est_i_text_free(&name);
    free(labels);
    free(categories);
    free(numbers);
    free(about);
}

/* Column and row i: estimate i, in the order of the result's rows. */
static est_status covariance_table(est_i_survey *run, est_error *error)
{
    size_t k = run->n_estimates, leaves = est_i_design_leaves(est_i_sample_design(run->sample)), lonely;
    double *covariance = k <= COVARIANCE_MAX ? malloc((k * k + 1) * sizeof *covariance) : NULL;
    size_t *chosen = malloc((k + 1) * sizeof *chosen);
    bool *present = malloc((leaves + 1) * sizeof *present);
    const char **columns = malloc((k + 1) * sizeof *columns);
    est_column_role *roles = malloc((k + 1) * sizeof *roles);
    est_status status = covariance && chosen && present && columns && roles ? EST_OK : est_i_no_memory(error);
    if (k > COVARIANCE_MAX)
        status = est_i_fail(error, EST_EOPTION, "option --covariance: found %zu estimates, expected at most %d", k, COVARIANCE_MAX);
    for (size_t i = 0; i < k && status == EST_OK; i++) {
        est_i_text name = {0};
        est_i_text_printf(&name, "%zu", i + 1);
        chosen[i] = i;
        columns[i + 1] = name.failed ? NULL : est_i_survey_keep(run, name.data);
        roles[i + 1] = EST_ROLE_FIT;
        status = columns[i + 1] ? EST_OK : est_i_no_memory(error);
        est_i_text_free(&name);
    }
    if (status == EST_OK)
        status = est_i_survey_covariance(run, k, chosen, present, covariance, &lonely, error);
    if (status == EST_OK) {
        columns[0] = "estimate";
        roles[0] = EST_ROLE_PLAIN;
        est_i_result_frame(run->builder, "covariance", "Covariance of the estimates, in the order of the rows", k + 1, columns, roles, 0);
        for (size_t i = 0; i < k; i++) {
            est_i_result_frame_about(run->builder, i);
            est_i_result_cell_text(run->builder, run->estimates[i].estimand->name);
            for (size_t j = 0; j < k; j++)
                est_i_result_cell(run->builder, covariance[i * k + j]);
        }
    }
    free(covariance);
    free(chosen);
    free(present);
    free(columns);
    free(roles);
    return status;
}

#define CHART_DOMAINS_MAX 120 /* beyond that nobody reads it */
#define CHARTS_MAX 6

est_status est_i_survey_frames(est_i_survey *run, est_error *error)
{
    est_status status = EST_OK;
    if (run->options->sampling_errors && run->n_estimates > 0)
        est_i_result_sampling_errors(run->builder);
    if (run->calibration)
        calibration_table(run);
    for (size_t e = 0; e < run->request.n_estimands && e < CHARTS_MAX; e++)
        if (run->n_order >= 2 && run->n_order <= CHART_DOMAINS_MAX)
            forest(run, e);
    if (run->options->covariance && run->n_estimates > 0)
        status = covariance_table(run, error);
    return status;
}
