/* One fit from a cold start. */
#include "bench.h"

#include <stdio.h>

#include "bench_jobs.h"

static void run_fit(void *user)
{
    bench_fit_job *fit = user;
    est_i_fit(fit->data, &fit->request, fit->space);
}

void bench_start_fit(bench_fit_job *fit, est_i_fit_data *data, est_i_set own, est_i_set common, double deviation)
{
    est_i_terms *terms = &fit->request.terms;
    size_t main_terms = est_i_main_terms(data->n_lists, fit->local);
    fit->data = data;
    fit->request = (est_i_fit_request){.terms = {.local = fit->local, .shared = fit->shared}};
    terms->n_local = main_terms + est_i_set_terms(own, data->n_lists, fit->local + main_terms);
    terms->n_shared = est_i_set_terms(common, data->n_lists, fit->shared);
    for (size_t i = 0; i < terms->n_local; i++)
        fit->penalty[i] = i < main_terms ? 0 : 1 / (deviation * deviation);
    terms->penalty = deviation > 0 ? fit->penalty : NULL;
    fit->space = bench_need(est_i_fit_space_new(data->lanes, data->n_lists, data->n_blocks, terms->n_local, terms->n_shared));
}

void bench_end_fit(bench_fit_job *fit)
{
    est_i_fit_space_free(fit->space);
    est_i_fit_data_free(fit->data);
}

static int most_iterations(const est_i_fit_space *space)
{
    int most = 0;
    for (size_t l = 0; l < space->lanes; l++)
        most = space->iterations[l] > most ? space->iterations[l] : most;
    return most;
}

double bench_print_fit(const bench_settings *set, const char *name, bench_fit_job *fit, bench_limits limits)
{
    char counted[64];
    double took = bench_best(set, run_fit, fit) / (double)fit->data->lanes;
    snprintf(counted, sizeof counted, "%d iterations%s", most_iterations(fit->space),
             fit->space->state[0] == EST_I_FIT_INTERIOR ? "" : ", boundary");
    bench_print_row(set, name, took, limits, counted);
    bench_end_fit(fit);
    return took;
}

static const struct {
    const char *dataset, *model;
    bench_target target;
    est_i_set terms; /* 0 = all pairs */
} tables[] = {
    {"korea", "b:c c:d", FIT_3, (est_i_set)1 << 3 | (est_i_set)1 << 6}, /* all pairs has no estimate */
    {"kosovo_1999", "all-pairs", FIT_4, 0},
    {"uk_2013_five", "all-pairs", FIT_5, 0},
    {"uk_2013", "all-pairs", FIT_6, 0},
};
#define N_TABLES (sizeof tables / sizeof *tables)

static void start_table_fit(bench_fit_job *fit, size_t index, size_t lanes)
{
    est_i_fit_data *data = bench_table(tables[index].dataset);
    if (lanes > 1) {
        est_i_fit_data *single = data;
        data = bench_resample(single, lanes);
        est_i_fit_data_free(single);
    }
    bench_start_fit(fit, data, tables[index].terms ? tables[index].terms : est_i_set_all(data->n_lists, 2), 0, 0);
}

void bench_fits(const bench_settings *set)
{
    char name[96];
    size_t lanes = est_i_kernel_lanes();
    bench_start_table(set, "One fit from a cold start, a data set");
    for (size_t i = 0; i < N_TABLES; i++) {
        bench_fit_job fit;
        bench_limits limits = bench_limits_of(tables[i].target);
        start_table_fit(&fit, i, 1);
        snprintf(name, sizeof name, "%zu lists, %s, %s, one lane", fit.data->n_lists, tables[i].dataset, tables[i].model);
        bench_print_fit(set, name, &fit, limits);
        start_table_fit(&fit, i, lanes);
        snprintf(name, sizeof name, "%zu lists, %zu resampled tables in lanes, each", fit.data->n_lists, lanes);
        bench_print_fit(set, name, &fit, limits);
    }
}

void bench_repeat_fit(size_t fits, size_t n_lists)
{
    bench_fit_job fit;
    start_table_fit(&fit, n_lists - 3, 1);
    for (size_t i = 0; i < fits; i++)
        run_fit(&fit);
    printf("%zu fits of %s, %s: %d iterations each\n", fits, tables[n_lists - 3].dataset, tables[n_lists - 3].model,
           fit.space->iterations[0]);
    bench_end_fit(&fit);
}
