/* The answer of `linkage`: rows, frames, chart and notes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "mse/describe.h"
#include "mse/linkage_run.h"
#include "mse/linked_notes.h"

static bool has_periods(const est_i_linkage_run *r)
{
    return *r->captures->block_names[0] != '\0';
}

static size_t grid_points(const est_i_linkage_run *r)
{
    return r->n_points - (r->has_rates ? 1 : 0);
}

/* Rows */

static uint32_t flags_of(const est_i_linkage_run *r, size_t block, const est_i_linkage_answer *answer)
{
    uint32_t flags = EST_FLAG_BIT(EST_FLAG_MODEL_KNOWN);
    if (isnan(answer->population[block]))
        flags = EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    if (isinf(answer->upper[block]))
        flags |= EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    if (__builtin_popcount(est_i_lists_that_count(r->captures, block)) < 3)
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_LISTS);
    if (r->captures->totals[block] < 100)
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_DATA);
    if (est_table_is_synthetic(r->table))
        flags |= EST_FLAG_BIT(EST_FLAG_SYNTHETIC);
    return flags;
}

static const char *interval_of(const est_i_linkage_run *r, const est_i_linkage_answer *answer, size_t block)
{
    const char *closed = r->captures->n_lists == 2 ? "log-normal" : "bootstrap";
    return isnan(answer->lower[block]) ? "none" : closed;
}

static void add_population(est_i_linkage_run *r, const char *estimand, const est_i_linkage_answer *answer)
{
    for (size_t k = 0; k < r->captures->n_blocks; k++) {
        est_label label = {"period", r->captures->block_names[k]};
        est_row row = est_i_row_empty(estimand);
        row.n_domain = has_periods(r) ? 1 : 0;
        row.domain = &label;
        row.estimate = answer->population[k];
        row.lower = answer->lower[k];
        row.upper = answer->upper[k];
        row.level = isnan(row.lower) ? NAN : r->options->level;
        row.interval = interval_of(r, answer, k);
        row.n = r->captures->totals[k];
        row.flags = flags_of(r, k, answer);
        est_i_result_add_row(r->builder, &row);
    }
}

static void add_observed(est_i_linkage_run *r)
{
    for (size_t k = 0; k < r->captures->n_blocks; k++) {
        est_label label = {"period", r->captures->block_names[k]};
        est_row row = est_i_row_empty("observed");
        row.n_domain = has_periods(r) ? 1 : 0;
        row.domain = &label;
        row.estimate = row.n = r->captures->totals[k];
        row.interval = "none";
        row.flags = est_table_is_synthetic(r->table) ? EST_FLAG_BIT(EST_FLAG_SYNTHETIC) : 0;
        est_i_result_add_row(r->builder, &row);
    }
}

/* Per year, last over first. */
static double change_of(const est_i_linkage_run *r, const est_i_linkage_answer *answer)
{
    size_t last = r->captures->n_blocks - 1;
    return answer->population[last] / r->captures->years[last] / (answer->population[0] / r->captures->years[0]);
}

static void add_change(est_i_linkage_run *r, const char *estimand, const est_i_linkage_answer *answer)
{
    const est_label labels[] = {{"from", r->captures->block_names[0]},
                                {"to", r->captures->block_names[r->captures->n_blocks - 1]}};
    est_row row = est_i_row_empty(estimand);
    row.n_domain = 2;
    row.domain = labels;
    row.estimate = change_of(r, answer);
    row.interval = "none";
    if (isnan(row.estimate))
        row.flags |= EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    if (est_table_is_synthetic(r->table))
        row.flags |= EST_FLAG_BIT(EST_FLAG_SYNTHETIC);
    est_i_result_add_row(r->builder, &row);
}

static void add_rows(est_i_linkage_run *r)
{
    const est_i_linkage_answer *rates = r->has_rates ? r->answers[r->n_points - 1] : NULL;
    add_population(r, "population", r->answers[0]);
    if (rates)
        add_population(r, "population_corrected", rates);
    add_observed(r);
    if (r->captures->n_blocks > 1)
        add_change(r, "ratio", r->answers[0]);
    if (r->captures->n_blocks > 1 && rates)
        add_change(r, "ratio_corrected", rates);
}

/* Frames */

static const char *status_of(const est_i_linkage_run *r, size_t point, size_t block)
{
    const est_i_linkage_answer *answer = r->answers[point];
    const char *status = point == 0 ? "as linked" : "corrected";
    if (isnan(answer->population[block]))
        status = answer->exact[block] || r->captures->n_lists > 2 ? "not estimable" : "impossible for these lists";
    else if (!answer->exact[block])
        status = "nearest table without negative counts";
    return status;
}

static void add_sensitivity(est_i_linkage_run *r)
{
    static const char *const columns[] = {"period", "sensitivity", "false_match", "population", "population_lower",
                                          "population_upper", "ratio", "status"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN,    EST_ROLE_PLAIN,    EST_ROLE_PLAIN, EST_ROLE_ESTIMATE,
                                            EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    size_t skip = has_periods(r) ? 0 : 1;
    est_i_result_frame(r->builder, "sensitivity", "Population by match sensitivity and share of false matches", 8 - skip,
                       columns + skip, roles + skip, SIZE_MAX);
    for (size_t k = 0; k < r->captures->n_blocks; k++)
        for (size_t i = 0; i < grid_points(r); i++) {
            const est_i_linkage_answer *answer = r->answers[i];
            if (!skip)
                est_i_result_cell_text(r->builder, r->captures->block_names[k]);
            est_i_result_cell(r->builder, r->sensitivity[i]);
            est_i_result_cell(r->builder, r->wrong[i]);
            est_i_result_cell(r->builder, answer->population[k]);
            est_i_result_cell(r->builder, answer->lower[k]);
            est_i_result_cell(r->builder, answer->upper[k]);
            est_i_result_cell(r->builder, answer->population[k] / r->answers[0]->population[k]);
            est_i_result_cell_text(r->builder, status_of(r, i, k));
        }
}

/* One pair of lists as if there were no others, over the grid and under the rates. */
static void add_pair(est_i_linkage_run *r, size_t block, size_t i, size_t j)
{
    const est_i_captures *captures = r->captures;
    double persons[EST_I_LISTS_MAX][EST_I_LISTS_MAX];
    est_i_count_pairs(captures, block, persons);
    for (size_t p = 0; p < r->n_points; p++) {
        double sensitivity = r->points[p]->missed[block].keep[i][j], wrong = 1 - r->points[p]->wrong[block].keep[i][j];
        est_i_two_lists pair = est_i_linkage_two_lists(persons[i][i], persons[j][j], persons[i][j], sensitivity, wrong, r->options->level);
        if (has_periods(r))
            est_i_result_cell_text(r->builder, captures->block_names[block]);
        est_i_result_cell_text(r->builder, captures->list_names[i]);
        est_i_result_cell_text(r->builder, captures->list_names[j]);
        est_i_result_cell(r->builder, sensitivity);
        est_i_result_cell(r->builder, p < grid_points(r) ? r->wrong[p] : wrong);
        est_i_result_cell(r->builder, pair.population);
        est_i_result_cell(r->builder, pair.lower);
        est_i_result_cell(r->builder, pair.upper);
        est_i_result_cell_text(r->builder, p == 0            ? "as linked"
                                           : !(persons[i][j] > 0)     ? "no overlap"
                                           : !pair.possible  ? "impossible for these lists"
                                           : p < grid_points(r) ? "corrected"
                                                             : "given rates");
    }
}

static void add_pairs(est_i_linkage_run *r)
{
    static const char *const columns[] = {"period", "list", "other", "sensitivity", "false_match", "population",
                                          "population_lower", "population_upper", "status"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN,    EST_ROLE_PLAIN,    EST_ROLE_PLAIN,
                                            EST_ROLE_PLAIN,    EST_ROLE_PLAIN,    EST_ROLE_ESTIMATE,
                                            EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN};
    size_t skip = has_periods(r) ? 0 : 1, n = r->captures->n_lists;
    if (n == 2)
        return;
    est_i_result_frame(r->builder, "pairs", "Population by each pair of lists alone, taken as independent", 9 - skip,
                       columns + skip, roles + skip, grid_points(r));
    for (size_t k = 0; k < r->captures->n_blocks; k++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = i + 1; j < n; j++)
                add_pair(r, k, i, j);
}

static void add_simulation(est_i_linkage_run *r)
{
    static const char *const columns[] = {"period", "sensitivity", "false_match", "population_mean", "population_sd",
                                          "without_estimate", "population_simex_linear", "population_simex_quadratic"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN,    EST_ROLE_PLAIN, EST_ROLE_PLAIN,    EST_ROLE_ESTIMATE,
                                            EST_ROLE_ESTIMATE, EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE};
    size_t skip = has_periods(r) ? 0 : 1, blocks = r->captures->n_blocks;
    if (!r->simulated)
        return;
    est_i_result_frame(r->builder, "simulation", "Errors put into the records once more, and extrapolated back to none", 8 - skip,
                       columns + skip, roles + skip, SIZE_MAX);
    for (size_t k = 0; k < blocks; k++)
        for (size_t i = 1; i < grid_points(r); i++) {
            const est_i_linkage_simulated *s = &r->simulated[(i - 1) * blocks + k];
            if (!skip)
                est_i_result_cell_text(r->builder, r->captures->block_names[k]);
            est_i_result_cell(r->builder, r->sensitivity[i]);
            est_i_result_cell(r->builder, r->wrong[i]);
            est_i_result_cell(r->builder, s->mean);
            est_i_result_cell(r->builder, s->sd);
            est_i_result_cell(r->builder, s->without);
            est_i_result_cell(r->builder, s->linear);
            est_i_result_cell(r->builder, s->quadratic);
        }
}

static void add_rates(est_i_linkage_run *r)
{
    static const char *const columns[] = {"period", "list", "other", "sensitivity", "false_match"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    size_t skip = has_periods(r) ? 0 : 1, n = r->captures->n_lists;
    if (!r->has_rates)
        return;
    const est_i_linkage_point *point = r->points[r->n_points - 1];
    est_i_result_frame(r->builder, "rates", "Rates given", 5 - skip, columns + skip, roles + skip, SIZE_MAX);
    for (size_t k = 0; k < r->captures->n_blocks; k++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = i + 1; j < n; j++) {
                if (!skip)
                    est_i_result_cell_text(r->builder, r->captures->block_names[k]);
                est_i_result_cell_text(r->builder, r->captures->list_names[i]);
                est_i_result_cell_text(r->builder, r->captures->list_names[j]);
                est_i_result_cell(r->builder, point->missed[k].keep[i][j]);
                est_i_result_cell(r->builder, 1 - point->wrong[k].keep[i][j]);
            }
}

/* Chart: the population along the periods for each sensitivity, or along the sensitivity where there is one period. */

typedef struct chart_room {
    char names[EST_I_LINKAGE_GRID_MAX + 1][32];
    const char *labels[EST_I_LINKAGE_GRID_MAX + 1];
    size_t points[EST_I_LINKAGE_GRID_MAX + 1]; /* of the grid, without false matches */
    size_t count;
} chart_room;

static void find_points(const est_i_linkage_run *r, chart_room *room)
{
    room->count = 0;
    for (size_t i = 0; i < grid_points(r) && room->count <= EST_I_LINKAGE_GRID_MAX; i++)
        if (!(r->wrong[i] > 0)) {
            est_i_number_print(r->sensitivity[i], room->names[room->count]);
            room->labels[room->count] = room->names[room->count];
            room->points[room->count++] = i;
        }
}

static void chart_one_period(est_i_linkage_run *r, const chart_room *room, double *numbers)
{
    size_t n = room->count;
    est_series series = {.name = "population", .kind = EST_SERIES_BAND, .role = EST_ROLE_ESTIMATE,
                         .value = numbers, .lower = numbers + n, .upper = numbers + 2 * n};
    for (size_t i = 0; i < n; i++) {
        const est_i_linkage_answer *answer = r->answers[room->points[i]];
        numbers[i] = answer->population[0];
        numbers[n + i] = answer->lower[0];
        numbers[2 * n + i] = answer->upper[0];
    }
    est_chart chart = {.name = "sensitivity", .title = "Population by match sensitivity",
                       .subtitle = "no false matches; the rates and the model taken as known",
                       .x_title = "match sensitivity", .y_title = "persons",
                       .alternative = "The population for each assumed match sensitivity; lower ones give smaller populations.",
                       .n_categories = n, .categories = room->labels, .n_series = 1, .series = &series, .reference = NAN};
    est_i_result_add_chart(r->builder, &chart);
}

static void chart_periods(est_i_linkage_run *r, const chart_room *room, double *numbers)
{
    size_t n = r->captures->n_blocks;
    est_series series[EST_I_LINKAGE_GRID_MAX + 1];
    char names[EST_I_LINKAGE_GRID_MAX + 1][64];
    double *none = numbers + room->count * n;
    for (size_t k = 0; k < n; k++)
        none[k] = NAN;
    for (size_t i = 0; i < room->count; i++) {
        snprintf(names[i], sizeof names[i], "sensitivity %s", room->names[i]);
        for (size_t k = 0; k < n; k++)
            numbers[i * n + k] = r->answers[room->points[i]]->population[k];
        series[i] = (est_series){.name = names[i], .kind = EST_SERIES_LINE, .role = EST_ROLE_ESTIMATE, .value = numbers + i * n,
                                 .lower = none, .upper = none};
    }
    est_chart chart = {.name = "sensitivity", .title = "Population by period and match sensitivity",
                       .subtitle = "the same sensitivity in every period, no false matches", .x_title = "period",
                       .y_title = "persons",
                       .alternative = "The population in each period, one line for each assumed match sensitivity.",
                       .n_categories = n, .categories = (const char *const *)r->captures->block_names, .n_series = room->count,
                       .series = series, .reference = NAN};
    est_i_result_add_chart(r->builder, &chart);
}

static void add_chart(est_i_linkage_run *r)
{
    chart_room room;
    find_points(r, &room);
    double *numbers = calloc((room.count + 3) * (r->captures->n_blocks + room.count), sizeof *numbers);
    if (numbers && r->captures->n_blocks == 1)
        chart_one_period(r, &room, numbers);
    else if (numbers)
        chart_periods(r, &room, numbers);
    free(numbers);
}

/* Notes */

static void note_method(est_i_linkage_run *r)
{
    est_i_result_note(r->builder, r->context, EST_NOTE, "linkage",
                      "sensitivity: the probability that two records of one person are linked. false_match: the share of the "
                      "links that join two persons. With two lists N = n1 n2 a / (m (1 - b)): missed matches inflate the "
                      "population by about one over the sensitivity, false matches hide some of it");
    if (r->captures->n_lists > 2)
        est_i_result_note(r->builder, r->context, EST_NOTE, "linkage",
                          "with more lists a person's records fall apart one by one: one record stays, each other one stays "
                          "with it with the probability a or stands alone. The capture table is corrected on average and the "
                          "same model is fitted again; what errors did to the choice of the model is not undone");
    est_i_result_note(r->builder, r->context, EST_NOTE, "model_known", "the intervals take the rates and the model as known");
    if (r->captures->n_lists == 2)
        est_i_result_note(r->builder, r->context, EST_WARNING, "two_lists",
                          "two lists: the estimate rests on their independence, which two lists cannot test");
    if (r->simulated)
        est_i_result_note(r->builder, r->context, EST_NOTE, "simex",
                          "errors of the given size were put into the records as they are, half, once, one and a half times "
                          "and twice; the SIMEX columns extrapolate the log of the estimate back to none, by a line and by a "
                          "parabola. They are extrapolations: where the two differ much, neither is safe");
}

static void note_rates(est_i_linkage_run *r)
{
    size_t nearest = 0, impossible = 0;
    for (size_t i = 0; i < r->n_points; i++)
        for (size_t k = 0; k < r->captures->n_blocks; k++) {
            nearest += r->captures->n_lists > 2 && !r->answers[i]->exact[k];
            impossible += r->captures->n_lists == 2 && !r->answers[i]->exact[k];
        }
    if (nearest)
        est_i_result_note(r->builder, r->context, EST_NOTE, "nearest_table",
                          "for some rates the corrected table would have negative counts; the most likely table without them "
                          "was taken. Often that is chance in small cells, else it says that the linkage is better than that");
    if (impossible)
        est_i_result_note(r->builder, r->context, EST_WARNING, "impossible_rates",
                          "some rates are impossible for these lists: they need more persons on both lists than the shorter "
                          "one has");
}

static void note_change(est_i_linkage_run *r)
{
    char ratio[32], sensitivity[32];
    size_t last = r->captures->n_blocks - 1;
    double change = r->captures->n_blocks > 1 ? change_of(r, r->answers[0]) : NAN;
    if (!isfinite(change))
        return;
    est_i_number_print_fixed(change, 2, ratio, sizeof ratio);
    est_i_result_note(r->builder, r->context, EST_WARNING, "better_matching",
                      "better matching over time looks like a decline: missed matches inflate the earlier figures more than "
                      "the later ones, and worse matching looks like a rise");
    if (isfinite(r->explains)) {
        est_i_number_print_fixed(r->explains, 2, sensitivity, sizeof sensitivity);
        est_i_result_note(r->builder, r->context, EST_WARNING, "change_explained",
                          "the whole change of the annual number from %s to %s (ratio %s) would be explained if the match "
                          "sensitivity of the last period were %s times that of the first",
                          r->captures->block_names[0], r->captures->block_names[last], ratio, sensitivity);
    } else {
        est_i_result_note(r->builder, r->context, EST_NOTE, "change_explained",
                          "no match sensitivity that these lists allow (and none down to 0.2) explains the change of the "
                          "annual number from %s to %s (ratio %s)",
                          r->captures->block_names[0], r->captures->block_names[last], ratio);
    }
}

static void add_stats(est_i_linkage_run *r)
{
    char *model = est_i_describe_model(r->dependence.terms, r->dependence.n_terms, r->captures);
    est_i_result_add_stat_text(r->builder, "model", model ? model : "");
    est_i_result_add_stat(r->builder, "lists", (double)r->captures->n_lists, false);
    if (r->captures->n_blocks > 1)
        est_i_result_add_stat(r->builder, "sensitivity_ratio_that_explains", r->explains, false);
    free(model);
}

void est_i_linkage_describe(est_i_linkage_run *r)
{
    add_rows(r);
    add_stats(r);
    add_sensitivity(r);
    add_rates(r);
    add_pairs(r);
    add_simulation(r);
    est_i_describe_lists(r->builder, r->captures);
    add_chart(r);
    est_i_describe_data(r->builder, r->context, r->captures);
    if (r->is_linked)
        est_i_linked_describe(r->builder, r->context, &r->linked->checks, &r->options->linked);
    note_method(r);
    note_rates(r);
    note_change(r);
}
