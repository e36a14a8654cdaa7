/* Tables of a survey's result: sampling errors, weights. */
#include <math.h>
#include <stdlib.h>

#include "core/text.h"
#include "survey/survey.h"

#define ERROR_COLUMNS 10

/* Every estimate as the appendix of a survey report prints it: R, SE, N, WN, DEFT, SE/R, R-2SE, R+2SE. */
static void sampling_errors(est_i_survey *run)
{
    static const char *const columns[ERROR_COLUMNS] = {"domain", "variable", "R", "SE", "N", "WN", "DEFT", "SE/R", "R-2SE", "R+2SE"};
    static const est_column_role roles[ERROR_COLUMNS] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT};
    static const int decimals[ERROR_COLUMNS] = {-1, -1, 3, 3, 0, 0, 3, 3, 3, 3};
    est_label *labels = malloc((run->n_by + 1) * sizeof *labels);
    est_i_text name = {0};
    if (!labels) {
        est_i_result_no_memory(run->builder);
        return;
    }
    est_i_result_frame(run->builder, "sampling_errors", "Sampling errors", ERROR_COLUMNS, columns, roles, SIZE_MAX);
    est_i_result_frame_decimals(run->builder, decimals);
    for (size_t i = 0; i < run->n_estimates; i++) {
        const est_i_survey_estimate *e = &run->estimates[i];
        size_t n = est_i_survey_labels(run, e->statistic.domain, labels);
        double se = sqrt(e->variance);
        name.length = 0;
        est_i_text_append(&name, n ? "" : "all");
        for (size_t l = 0; l < n; l++)
            est_i_text_printf(&name, "%s%s", l ? ", " : "", labels[l].value);
        est_i_result_frame_about(run->builder, i);
        est_i_result_cell_text(run->builder, name.failed ? "" : name.data);
        est_i_result_cell_text(run->builder, e->estimand->name);
        est_i_result_cell(run->builder, e->estimate);
        est_i_result_cell(run->builder, se);
        est_i_result_cell(run->builder, e->n);
        est_i_result_cell(run->builder, e->weight);
        est_i_result_cell(run->builder, run->options->deff == 1 ? sqrt(e->deff) : NAN);
        est_i_result_cell(run->builder, se / e->estimate);
        est_i_result_cell(run->builder, e->estimate - 2 * se);
        est_i_result_cell(run->builder, e->estimate + 2 * se);
    }
    est_i_text_free(&name);
    free(labels);
}

/* Margins before and after, and what calibration made of the weights. */
static void calibration_table(est_i_survey *run)
{
    static const char *const columns[] = {"margin", "known", "before", "after"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN};
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

#define CHART_DOMAINS_MAX 120 /* beyond that nobody reads it */
#define CHARTS_MAX 6

void est_i_survey_frames(est_i_survey *run)
{
    if (run->options->sampling_errors && run->n_estimates > 0)
        sampling_errors(run);
    if (run->calibration)
        calibration_table(run);
    for (size_t e = 0; e < run->request.n_estimands && e < CHARTS_MAX; e++)
        if (run->n_order >= 2 && run->n_order <= CHART_DOMAINS_MAX)
            forest(run, e);
}
