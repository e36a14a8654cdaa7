/* The frames of `small-area`, and how the answer came about. */
#include <math.h>
#include <stdlib.h>

#include <est.h>

#include "data/scan.h"
#include "numerics/special.h"
#include "survey/small_area_run.h"

typedef est_i_small_area_run run_t;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static double fewest(const run_t *run)
{
    const est_result *so_far = est_i_result_so_far(run->builder);
    const est_row *row = so_far && run->n ? est_result_row(so_far, run->first_row + 1) : NULL;
    return row ? row->fewest : NAN;
}

static const char *state_name(const run_t *run, size_t area)
{
    static const char *const names[] = {"in the fit", "no direct estimate", "no variance", "few cases"};
    return run->pooled[area] && run->model->area[area].state == EST_I_AREA_FITTED ? "in the fit, pooled variance"
                                                                               : names[run->model->area[area].state];
}

/* Both estimates on a line. */
static void add_beside(run_t *run)
{
    static const char *const columns[] = {"area", "n", "direct", "direct_se", "small_area", "root_mse", "direct_weight", "use"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT,
                                            EST_ROLE_FIT, EST_ROLE_PLAIN};
    const est_result *so_far = est_i_result_so_far(run->builder);
    bool met = run->benchmarked.estimate != NULL;
    est_i_result_frame(run->builder, "beside", met ? "Direct and model-based estimates (these made to meet the national figure)"
                                                   : "Direct and model-based estimates", COUNT(columns), columns, roles, SIZE_MAX);
    for (size_t i = 0; i < run->n && so_far; i++) {
        size_t first = run->first_row + i * run->rows_each, last = first + run->rows_each - 1;
        const est_row *direct = est_result_row(so_far, first), *model = est_result_row(so_far, last);
        est_i_result_frame_about(run->builder, last);
        est_i_result_cell_text(run->builder, run->names[i]);
        est_i_result_cell(run->builder, direct->n);
        est_i_result_cell(run->builder, direct->estimate);
        est_i_result_cell(run->builder, direct->se);
        est_i_result_cell(run->builder, model->estimate);
        est_i_result_cell(run->builder, model->se);
        est_i_result_cell(run->builder, run->model->area[i].gamma);
        est_i_result_cell_text(run->builder, state_name(run, i));
    }
}

/* What each area's estimate is made of. */
static void add_areas(run_t *run)
{
    static const char *const columns[] = {"area", "use", "direct", "variance", "gamma", "synthetic", "small_area", "g1", "g2", "g3",
                                          "mse", "residual", "standardised"};
    est_column_role roles[COUNT(columns)] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    for (size_t j = 2; j < COUNT(columns); j++)
        roles[j] = EST_ROLE_FIT;
    est_i_result_frame(run->builder, "areas", "Parts of the model-based estimates and of their mean squared errors", COUNT(columns),
                       columns, roles, 0);
    for (size_t i = 0; i < run->n; i++) {
        const est_i_area *a = &run->model->area[i];
        bool shows = est_i_small_area_shows_direct(run, i);
        double numbers[] = {shows ? run->direct[i] : NAN, shows && run->variance[i] > 0 ? run->variance[i] : NAN, a->gamma,
                            a->synthetic, a->estimate, a->g1, a->g2, a->g3, a->mse, a->residual, a->standardised};
        est_i_result_frame_about(run->builder, run->first_row + i * run->rows_each + 1);
        est_i_result_cell_text(run->builder, run->names[i]);
        est_i_result_cell_text(run->builder, state_name(run, i));
        for (size_t j = 0; j < COUNT(numbers); j++)
            est_i_result_cell(run->builder, numbers[j]);
    }
}

static void add_coefficients(run_t *run)
{
    static const char *const columns[] = {"coefficient", "beta", "se", "z", "p", "lower", "upper"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT,
                                            EST_ROLE_FIT};
    double quantile = est_i_normal_quantile(1 - (1 - run->options->level) / 2);
    est_i_result_frame(run->builder, "coefficients", "Coefficients of the model", COUNT(columns), columns, roles, SIZE_MAX);
    est_i_result_frame_fewest(run->builder, fewest(run));
    for (size_t j = 0; j < run->n_terms; j++) {
        double beta = run->model->beta[j], se = sqrt(run->model->beta_covariance[j * run->n_terms + j]), z = beta / se;
        double numbers[] = {beta, se, z, 2 * est_i_normal_lower(-fabs(z)), beta - quantile * se, beta + quantile * se};
        est_i_result_cell_text(run->builder, run->terms[j]);
        for (size_t k = 0; k < COUNT(numbers); k++)
            est_i_result_cell(run->builder, numbers[k]);
    }
}

static void add_line(run_t *run, const char *name, const char *title, const char *const *columns, const double *numbers,
                     size_t count)
{
    static const est_column_role roles[] = {EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT};
    est_i_result_frame(run->builder, name, title, count, columns, roles, SIZE_MAX);
    est_i_result_frame_fewest(run->builder, fewest(run));
    for (size_t k = 0; k < count; k++)
        est_i_result_cell(run->builder, numbers[k]);
}

static void add_fit(run_t *run)
{
    static const char *const fit[] = {"model_variance", "se", "log_likelihood", "aic", "bic", "kic"};
    static const char *const diagnostics[] = {"heterogeneity", "df", "p", "skewness", "excess_kurtosis", "jarque_bera_p"};
    const est_i_small_area *m = run->model;
    add_line(run, "fit", "Variance between areas and fit of the model", fit,
             (const double[]){m->variance, m->variance_se, m->log_likelihood, m->aic, m->bic, m->kic}, COUNT(fit));
    add_line(run, "diagnostics", "Do areas differ beyond sampling error (chi-squared)? Standardised residuals", diagnostics,
             (const double[]){m->heterogeneity, m->heterogeneity_df, m->heterogeneity_p, m->skewness, m->excess_kurtosis,
                              m->normality_p}, COUNT(diagnostics));
}

static void add_benchmark(run_t *run)
{
    static const char *const columns[] = {"area", "share", "small_area", "benchmarked", "change"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT};
    if (!run->benchmarked.estimate)
        return;
    est_i_result_frame(run->builder, "benchmark", "Model-based estimates made to meet the national figure", COUNT(columns), columns,
                       roles, 0);
    for (size_t i = 0; i < run->n; i++) {
        double before = run->model->area[i].estimate, after = run->benchmarked.estimate[i];
        est_i_result_frame_about(run->builder, run->first_row + i * run->rows_each + 2);
        est_i_result_cell_text(run->builder, run->names[i]);
        est_i_result_cell(run->builder, run->share[i]);
        est_i_result_cell(run->builder, before);
        est_i_result_cell(run->builder, after);
        est_i_result_cell(run->builder, after - before);
    }
}

static void add_optima(run_t *run)
{
    static const char *const columns[] = {"variance", "log_likelihood_less_best"};
    static const est_column_role roles[] = {EST_ROLE_FIT, EST_ROLE_FIT};
    const est_i_small_area *m = run->model;
    if (m->n_optima < 2)
        return;
    est_i_result_frame(run->builder, "optima", "Maxima of the likelihood over the variance between areas", COUNT(columns),
                       columns, roles, SIZE_MAX);
    est_i_result_frame_fewest(run->builder, fewest(run));
    for (size_t k = 0; k < m->n_optima && k < EST_I_SMALL_AREA_OPTIMA; k++) {
        est_i_result_cell(run->builder, m->optimum[k].variance);
        est_i_result_cell(run->builder, m->optimum[k].criterion);
    }
}

void est_i_small_area_frames(run_t *run)
{
    est_i_result_add_stat(run->builder, "areas", (double)run->n, false);
    est_i_result_add_stat(run->builder, "areas_in_fit", (double)run->model->n_fitted, false);
    est_i_result_add_stat(run->builder, "model_variance", run->model->variance, false);
    if (run->benchmarked.estimate) {
        est_i_result_add_stat(run->builder, "national", run->benchmarked.national, false);
        est_i_result_add_stat(run->builder, "national_before", run->benchmarked.before, false);
    }
    add_beside(run);
    add_coefficients(run);
    add_fit(run);
    add_optima(run);
    add_areas(run);
    add_benchmark(run);
}

est_status est_i_small_area_provenance(run_t *run)
{
    char digest[65];
    est_source *source = NULL;
    est_i_monitor monitor;
    est_i_text rows = {0};
    est_i_monitor_start(&monitor, run->context);
    est_i_result_add_provenance(run->builder, "version", est_version(), false);
    est_i_result_add_provenance(run->builder, "reference", est_i_method_small_area.reference, false);
    est_i_result_add_options(run->builder, &est_i_method_small_area, run->options);
    est_i_text_printf(&rows, "%zu", run->n);
    est_i_result_add_provenance(run->builder, "rows", rows.failed ? "" : rows.data, false);
    est_i_text_free(&rows);
    est_status status = est_source_of_table(run->table, &source, run->error);
    if (status == EST_OK)
        status = est_i_source_digest(source, &monitor, digest, run->error);
    if (status == EST_OK)
        est_i_result_add_provenance(run->builder, "data-sha256", digest, !est_table_is_public(run->table));
    est_source_free(source);
    est_i_result_add_provenance(run->builder, "data", est_table_name(run->table), true);
    return status;
}
