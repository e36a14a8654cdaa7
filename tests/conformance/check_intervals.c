/* Bootstrap limits against MultipleSystemsEstimation 1.2.0: every row of expected.csv with the method BIC-BCa or stepwise-BCa, both
 * in the design of Silverman, Chan and Vincent (2024). The reference tables lie beside the project, in the folder LIBEST_ORACLES
 * (default: ../shared/oracles); without it the test is skipped.
 *
 * The acceleration (ahat) is not random: 1e-8, relative, as it stands on differences of fits that the peer stops at a relative
 * change of deviance of 1e-8. All other rows are one run of a bootstrap each: they must lie within 4 standard deviations of 40 runs
 * here, of as many draws as the peer's (or within 1e-6, where all runs give the same model's number). No row is left out. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>

#include "data/captures.h"
#include "mse/bootstrap.h"
#include "mse/describe.h"
#include "mse/estimator.h"
#include "mse/interval.h"
#include "mse/jackknife.h"

#define SKIPPED 77
#define RUNS 40
#define DEVIATIONS 4
#define SAME 1e-6
#define AHAT_TOLERANCE 1e-8
#define BIC_ROWS 40
#define STEPWISE_ROWS 14

enum { Q025 = 0, Q100, Q900, Q975, SPREAD, BELOW, AHAT, QUANTITIES };
static const char *const quantity_names[QUANTITIES] = {"q0.025", "q0.1", "q0.9", "q0.975", "boot_sd", "boot_P(rep<est)", "ahat"};

/* What 40 runs say of one estimator on one table. */
typedef struct experience {
    char dataset[64];
    est_i_selection how;
    size_t draws;
    double value[QUANTITIES][RUNS];
} experience;

typedef struct row {
    char dataset[64], method[64], settings[64], quantity[64];
    double value;
} row;

static est_i_fit_data *read_data(const char *folder, const char *name)
{
    char path[5000];
    static const size_t only[] = {0};
    const est_capture_options options = {.shape = EST_SHAPE_COUNTS};
    est_error error;
    est_table *table = NULL;
    est_i_captures *captures = NULL;
    est_i_fit_data *data = NULL;
    snprintf(path, sizeof path, "%.4000s/mse/%s.csv", folder, name);
    if (est_table_open(path, NULL, &table, &error) != EST_OK ||
        est_i_captures_read(table, &options, NULL, NULL, &captures, &error) != EST_OK)
        printf("%s\n", error.message);
    else
        data = est_i_fit_data_of(captures, only, 1);
    est_i_captures_free(captures);
    est_table_free(table);
    return data;
}

/* Standard deviation of the replicates, and the share below the estimate. */
static void describe(const est_i_bootstrap *b, double estimate, double *spread, double *below)
{
    double n = (double)b->n_replicates, mean = 0, squares = 0;
    *below = 0;
    for (size_t i = 0; i < b->n_replicates; i++) {
        mean += b->population[i] / n;
        *below += b->population[i] < estimate ? 1 / n : 0;
    }
    for (size_t i = 0; i < b->n_replicates; i++)
        squares += (b->population[i] - mean) * (b->population[i] - mean);
    *spread = sqrt(squares / (n - 1));
}

static est_status run_once(experience *e, const est_i_estimator *estimator, const est_i_fit_data *data,
                           const est_i_jackknife *jackknife, double estimate, size_t which, est_error *error)
{
    static const double levels[] = {0.95, 0.8};
    const est_i_bootstrap_plan plan = {.resample = EST_RESAMPLE_SCV2024, .n_replicates = e->draws, .seed = which + 1, .threads = 2};
    est_i_bootstrap *bootstrap = NULL;
    est_i_limits limits;
    est_status status = est_i_bootstrap_run(estimator, data, &estimate, &plan, NULL, &bootstrap, error);
    for (size_t i = 0; i < 2 && status == EST_OK; i++) {
        status = est_i_limits_bca(bootstrap, jackknife, 0, data->total[0], estimate, levels[i], &limits, error);
        e->value[i ? Q100 : Q025][which] = limits.lower;
        e->value[i ? Q900 : Q975][which] = limits.upper;
        e->value[AHAT][which] = limits.acceleration;
        if (limits.refused)
            printf("%s, run %zu: %s\n", e->dataset, which, limits.refused);
    }
    if (status == EST_OK)
        describe(bootstrap, estimate, &e->value[SPREAD][which], &e->value[BELOW][which]);
    est_i_bootstrap_free(bootstrap);
    return status;
}

static est_status gather(experience *e, const est_i_fit_data *data, est_error *error)
{
    est_i_estimator *estimator = NULL;
    est_i_jackknife *jackknife = NULL;
    est_i_estimator_space *space = NULL;
    double estimate = NAN;
    est_status status = est_i_estimator_select(data, true, &e->how, NULL, &estimator, error);
    if (status == EST_OK)
        status = est_i_jackknife_run(estimator, data, 2, NULL, &jackknife, error);
    if (status == EST_OK) {
        space = est_i_estimator_space_new(estimator, 1);
        status = space ? est_i_estimator_apply(estimator, data, space, &estimate, NULL, NULL, error) : EST_ENOMEM;
    }
    estimate += data->total[0];
    for (size_t i = 0; i < RUNS && status == EST_OK; i++)
        status = run_once(e, estimator, data, jackknife, estimate, i, error);
    est_i_estimator_space_free(space);
    est_i_jackknife_free(jackknife);
    est_i_estimator_free(estimator);
    return status;
}

static double setting(const char *settings, const char *name, double otherwise)
{
    char mark[32];
    snprintf(mark, sizeof mark, "%s=", name);
    const char *at = strstr(settings, mark);
    return at ? strtod(at + strlen(mark), NULL) : otherwise;
}

/* The runs for a row's settings: made once for all rows that share them. */
static bool prepare(experience *e, const row *r, const char *folder)
{
    bool stepwise = strcmp(r->method, "stepwise-BCa") == 0;
    size_t draws = (size_t)setting(r->settings, "nboot", 0), top = stepwise ? 0 : (size_t)setting(r->settings, " ntop", 0);
    if (strcmp(e->dataset, r->dataset) == 0 && e->draws == draws && e->how.top == top)
        return true;
    est_error error = {0};
    est_i_fit_data *data = read_data(folder, r->dataset);
    *e = (experience){.draws = draws,
                      .how = {.select = stepwise ? EST_SELECT_STEPWISE : EST_SELECT_BIC, .top = top,
                              .threshold = setting(r->settings, "pthresh", 0)}};
    snprintf(e->dataset, sizeof e->dataset, "%s", r->dataset);
    e->how.max_order = stepwise ? 2 : data && data->n_lists > 3 ? 3 : 2;
    bool fine = data && gather(e, data, &error) == EST_OK;
    if (!fine)
        printf("%s: %s\n", r->dataset, error.message);
    est_i_fit_data_free(data);
    return fine;
}

static bool compare(const experience *e, const row *r)
{
    size_t q = 0;
    double mean = 0, squares = 0;
    while (q < QUANTITIES && strcmp(quantity_names[q], r->quantity) != 0)
        q++;
    if (q == QUANTITIES)
        return false;
    for (size_t i = 0; i < RUNS; i++)
        mean += e->value[q][i] / RUNS;
    for (size_t i = 0; i < RUNS; i++)
        squares += (e->value[q][i] - mean) * (e->value[q][i] - mean);
    double spread = sqrt(squares / (RUNS - 1)), off = fabs(r->value - mean);
    double allowed = q == AHAT ? AHAT_TOLERANCE * fabs(mean) : fmax(DEVIATIONS * spread, SAME * fabs(mean));
    bool fine = off <= allowed;
    printf("%s, %s, %s, %s: peer %.10g, here %.10g, standard deviation of a run %.3g%s\n", r->dataset, r->method, r->settings,
           r->quantity, r->value, mean, spread, fine ? "" : " FAULT");
    return fine;
}

static void copy_text(const est_table *table, const char *column, size_t at, char *text, size_t size)
{
    char buffer[32];
    long found = est_table_find(table, column);
    snprintf(text, size, "%s", found >= 0 ? est_table_text(table, (size_t)found, at, buffer) : "");
}

static size_t check_rows(const est_table *table, const char *folder)
{
    size_t bic = 0, stepwise = 0, faults = 0;
    experience *e = calloc(1, sizeof *e);
    for (size_t i = 0; e && i < est_table_rows(table); i++) {
        row r;
        char value[64];
        copy_text(table, "method", i, r.method, sizeof r.method);
        bool is_bic = strcmp(r.method, "BIC-BCa") == 0, is_stepwise = strcmp(r.method, "stepwise-BCa") == 0;
        if (!is_bic && !is_stepwise)
            continue;
        copy_text(table, "dataset", i, r.dataset, sizeof r.dataset);
        copy_text(table, "settings", i, r.settings, sizeof r.settings);
        copy_text(table, "quantity", i, r.quantity, sizeof r.quantity);
        copy_text(table, "value", i, value, sizeof value);
        r.value = strtod(value, NULL);
        bic += is_bic;
        stepwise += is_stepwise;
        faults += prepare(e, &r, folder) && compare(e, &r) ? 0 : 1;
    }
    free(e);
    printf("BIC-BCa: %zu rows, stepwise-BCa: %zu rows, %zu faults\n", bic, stepwise, faults);
    return faults + (bic != BIC_ROWS) + (stepwise != STEPWISE_ROWS);
}

int main(void)
{
    const char *folder = getenv("LIBEST_ORACLES"), *source = getenv("srcdir");
    char beside[4096], path[5000];
    est_error error;
    est_table *table = NULL;
    snprintf(beside, sizeof beside, "%.4000s/../shared/oracles", source ? source : ".");
    folder = folder && *folder ? folder : beside;
    snprintf(path, sizeof path, "%.4000s/mse/expected.csv", folder);
    FILE *there = fopen(path, "r");
    if (!there) {
        printf("skipped: no reference tables (set LIBEST_ORACLES to their folder)\n");
        return SKIPPED;
    }
    fclose(there);
    if (est_table_open(path, NULL, &table, &error) != EST_OK) {
        printf("%s\n", error.message);
        return 1;
    }
    size_t faults = check_rows(table, folder);
    est_table_free(table);
    return faults ? 1 : 0;
}
