/* Whole methods, as a user calls them: options by name, a table, a result. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#include <est.h>

typedef struct call {
    const char *title;   /* of a row; for a job of other programs its name */
    const char *method, *dataset;
    const char *options; /* "name=value name=value" */
    bool is_long;        /* not with --quick */
} call;

typedef struct running {
    const est_method *method;
    est_options *options;
    est_table *table;
} running;

static void run_method(void *user)
{
    running *r = user;
    est_result *result = NULL;
    est_error error = {0};
    bench_check(est_method_run(r->method, r->table, r->options, NULL, &result, &error), r->method->id, &error);
    est_result_free(result);
}

static void set_options(est_options *options, const char *text)
{
    char name[64], value[64];
    int used = 0;
    est_error error = {0};
    for (; sscanf(text, " %63[^=]=%63s%n", name, value, &used) == 2; text += used)
        bench_check(est_options_set(options, name, value, &error), name, &error);
}

static double time_method(const bench_settings *set, const call *c)
{
    est_error error = {0};
    running r = {.method = est_method_find(c->method), .table = bench_open(c->dataset)};
    if (!r.method)
        bench_stop(c->method, NULL);
    bench_check(est_options_new(r.method, &r.options, &error), c->method, &error);
    set_options(r.options, c->options);
    double took = bench_best(set, run_method, &r);
    est_options_free(r.options);
    est_table_free(r.table);
    return took;
}

void bench_methods(const bench_settings *set)
{
    static const call calls[] = {
        {"four lists", "mse", "kosovo_1999", "ci=none", false},
        {"four lists, every diagnostic", "mse", "kosovo_1999", "ci=none diagnose=1", false},
        {"five lists", "mse", "uk_2013_five", "ci=none", false},
        {"five lists, every diagnostic", "mse", "uk_2013_five", "ci=none diagnose=1", false},
        {"five lists, averaged over models", "mse", "uk_2013_five", "ci=none average=1", false},
        {"six lists, order 5", "mse", "uk_2013", "ci=none max-order=5", false},
        {"six lists, order 5, every diagnostic", "mse", "uk_2013", "ci=none max-order=5 diagnose=1", true},
        {"six lists, order 5, every diagnostic", "mse", "netherlands_2010_15", "ci=none max-order=5 diagnose=1", true},
        {"every model with heterogeneity, no interval", "heterogeneity", "hepatitis_taiwan_1995", "ci=none", false},
        {"every model with heterogeneity, profile", "heterogeneity", "diabetes_casale", "ci=profile", false},
        {"every model with heterogeneity, six lists, profile", "heterogeneity", "uk_2013", "ci=profile", true},
        {"sample coverage, no interval", "sample-coverage", "hepatitis_taiwan_1995", "replicates=0", false},
        {"sample coverage, 1000 replicates", "sample-coverage", "hepatitis_taiwan_1995", "replicates=1000", false},
    };
    char name[128];
    bench_start_table(set, "Whole methods, from the table to the result");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (calls[i].is_long && set->quick)
            continue;
        snprintf(name, sizeof name, "%s: %s", calls[i].dataset, calls[i].title);
        bench_print_row(set, name, time_method(set, &calls[i]), bench_limits_of(TARGET_NONE), "");
    }
}

/* The names stand in peers.R as well. */
void bench_peer_jobs(const bench_settings *set)
{
    static const call calls[] = {
        {"all-models-4", "mse", "kosovo_1999", "max-order=3 ci=none", false},
        {"all-models-5", "mse", "uk_2013_five", "max-order=4 ci=none", true},
        {"pair-models-5", "mse", "uk_2013_five", "max-order=2 ci=none", true},
        {"top-bootstrap-4", "mse", "kosovo_1999", "max-order=3 ci=bca resample=scv2024 reselect-top=20 replicates=100", false},
        {"top-bootstrap-5", "mse", "uk_2013_five", "max-order=3 ci=bca resample=scv2024 reselect-top=100 replicates=100", true},
        {"stepwise-bootstrap-5", "mse", "uk_2013_five", "select=stepwise max-order=2 ci=bca resample=scv2024 replicates=100", true},
        {"stepwise-bootstrap-6", "mse", "uk_2013", "select=stepwise max-order=2 ci=bca resample=scv2024 replicates=100", true},
        {"closed-models-4", "heterogeneity", "diabetes_casale", "ci=none", false},
        {"sample-coverage-3", "sample-coverage", "hepatitis_taiwan_1995", "estimator=low replicates=200", false},
        {"decomposable-5", "mse", "uk_2013_five", "class=decomposable average=1 ci=none", false},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (!calls[i].is_long || !set->quick) {
            printf("%s\t%.9f\n", calls[i].title, time_method(set, &calls[i]));
            fflush(stdout);
        }
}
