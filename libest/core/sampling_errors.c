/* The table of sampling errors as the reports of the Demographic and Health Surveys print it: R, SE, N, WN, DEFT, SE/R, R-2SE and
 * R+2SE, the limits two standard errors away whatever the degrees of freedom, so that they may leave the range of a proportion. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/reliability.h"
#include "core/result.h"

enum { R, SE, N, WN, DEFT, RELATIVE, LOWER, UPPER, N_NUMBERS };

/* Totals and comparisons are not in that table, nor are the cells of other tables. */
static bool belongs(const est_row *row)
{
    est_i_kind kind = est_i_kind_of(row);
    return kind != EST_I_KIND_TOTAL && kind != EST_I_KIND_CONTRAST && !isnan(row->n_weighted) && !row->table[0];
}

/* Three decimals, as DHS prints them; where the error of a whole would then be 0, two digits of it. */
static int error_decimals(const est_result *result)
{
    double smallest = INFINITY;
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (belongs(row) && row->n_domain == 0 && row->se > 0)
            smallest = fmin(smallest, row->se);
    }
    int decimals = smallest < 0.0005 ? 1 - (int)floor(log10(smallest)) : 3;
    return decimals < 8 ? decimals : 8;
}

static size_t find_name(const char *const *names, size_t count, const char *name)
{
    size_t index = 0;
    while (index < count && strcmp(names[index], name) != 0)
        index++;
    return index;
}

/* The names of all labels, from names[1] on; how many. */
static size_t collect_names(const est_result *result, const char **names)
{
    size_t count = 0;
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        for (size_t j = 0; j < row->n_domain && belongs(row); j++)
            if (find_name(names + 1, count, row->domain[j].name) == count)
                names[1 + count++] = row->domain[j].name;
    }
    return count;
}

static size_t most_columns(const est_result *result)
{
    size_t labels = 0;
    for (size_t i = 0; i < est_result_rows(result); i++)
        labels += est_result_row(result, i)->n_domain;
    return 1 + labels + N_NUMBERS;
}

static const char *label_of(const est_row *row, const char *name)
{
    for (size_t i = 0; i < row->n_domain; i++)
        if (strcmp(row->domain[i].name, name) == 0)
            return row->domain[i].value;
    return "All";
}

static void add_line(est_i_result_builder *builder, const est_row *row, size_t index, const char *const *names, size_t n_labels)
{
    const double numbers[N_NUMBERS] = {[R] = row->estimate, [SE] = row->se, [N] = row->n, [WN] = row->n_weighted,
                                       [DEFT] = row->deft, [RELATIVE] = row->se / fabs(row->estimate),
                                       [LOWER] = row->estimate - 2 * row->se, [UPPER] = row->estimate + 2 * row->se};
    est_i_result_frame_about(builder, index);
    est_i_result_cell_text(builder, row->estimand);
    for (size_t i = 0; i < n_labels; i++)
        est_i_result_cell_text(builder, label_of(row, names[1 + i]));
    for (size_t i = 0; i < N_NUMBERS; i++)
        est_i_result_cell(builder, isfinite(numbers[i]) ? numbers[i] : NAN);
}

void est_i_result_sampling_errors(est_i_result_builder *builder)
{
    static const char *const headings[N_NUMBERS] = {"R", "SE", "N", "WN", "DEFT", "SE/R", "R-2SE", "R+2SE"};
    static const est_column_role number_roles[N_NUMBERS] = {[N] = EST_ROLE_COUNT, [WN] = EST_ROLE_ESTIMATE, [DEFT] = EST_ROLE_FIT};
    const est_result *rows = est_i_result_so_far(builder);
    int fine = error_decimals(rows);
    const int number_decimals[N_NUMBERS] = {fine, fine, 0, 0, 3, 3, fine, fine};
    size_t most = most_columns(rows), n_rows = est_result_rows(rows), n_labels = 0;
    const char **names = calloc(most, sizeof *names);
    est_column_role *roles = calloc(most, sizeof *roles);
    int *decimals = calloc(most, sizeof *decimals);
    if (names && roles && decimals) {
        names[0] = "estimand";
        n_labels = collect_names(rows, names);
        for (size_t i = 0; i < 1 + n_labels + N_NUMBERS; i++) {
            bool label = i < 1 + n_labels;
            names[i] = label ? names[i] : headings[i - 1 - n_labels];
            roles[i] = label ? EST_ROLE_PLAIN : number_roles[i - 1 - n_labels];
            decimals[i] = label ? -1 : number_decimals[i - 1 - n_labels];
        }
        est_i_result_frame(builder, "sampling_errors", "Sampling errors", 1 + n_labels + N_NUMBERS, names, roles, SIZE_MAX);
        est_i_result_frame_decimals(builder, decimals);
        for (size_t i = 0; i < n_rows; i++)
            if (belongs(est_result_row(rows, i)))
                add_line(builder, est_result_row(rows, i), i, names, n_labels);
    } else {
        est_i_result_no_memory(builder);
    }
    free(names);
    free(roles);
    free(decimals);
}
