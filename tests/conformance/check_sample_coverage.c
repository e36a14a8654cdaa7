/* Pairs of lists and sample coverage against CARE1 1.1.0: every row of the methods `pairwise`, `sample-coverage` and
 * `sample-coverage bootstrap` of expected.csv, in the folder LIBEST_ORACLES (default: ../shared/oracles); without it the test is
 * skipped. Bootstrap rows are runs of 200 replicates, so ours is compared with their mean. One kind of row has no mean to
 * compare with and is left out: the estimator for high coverage where the sample coverage is low. Its replicates have no
 * variance, and CARE1 puts the persons seen in the place of those without a value; its standard errors run from 1,277 to
 * 20,094. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>
#include <est/sample_coverage.h>
#include <est/two_list.h>

#define SKIPPED 77
#define EXACT 1e-9
#define NEAR 0.15 /* 200 replicates know a standard deviation to 5 %: four such errors of the mean of three runs and of ours */
#define REPLICATES 4000

typedef struct line {
    char dataset[64], method[64], settings[64], quantity[64];
    double value;
} line;

typedef struct answers {
    char dataset[64];
    est_result *pairs, *coverage;
} answers;

typedef struct tally {
    size_t exact, near, left_out, faults;
    double worst_exact, worst_near;
} tally;

static const char *const kinds[][2] = {{"Indep", "independent"}, {"HSC", "high coverage"}, {"LSC", "low coverage"}};

static bool read_line(FILE *file, line *at)
{
    char text[512];
    bool found = false;
    while (!found && fgets(text, sizeof text, file))
        found = sscanf(text, "%63[^,],%63[^,],%63[^,],%63[^,],%lf", at->dataset, at->method, at->settings, at->quantity,
                       &at->value) == 5 &&
                (strcmp(at->method, "pairwise") == 0 || strncmp(at->method, "sample-coverage", 15) == 0);
    return found;
}

static bool answer(const char *folder, const char *dataset, answers *a)
{
    char path[5000];
    est_error error;
    est_table *table = NULL;
    est_sample_coverage_options options = est_sample_coverage_options_default();
    options.replicates = REPLICATES;
    snprintf(path, sizeof path, "%.4000s/mse/%s.csv", folder, dataset);
    snprintf(a->dataset, sizeof a->dataset, "%s", dataset);
    est_result_free(a->pairs);
    est_result_free(a->coverage);
    a->pairs = a->coverage = NULL;
    bool fine = est_table_open(path, NULL, &table, &error) == EST_OK &&
                est_two_list(table, NULL, NULL, &a->pairs, &error) == EST_OK &&
                est_sample_coverage(table, &options, NULL, &a->coverage, &error) == EST_OK;
    if (!fine)
        printf("%s: %s\n", dataset, error.message);
    est_table_free(table);
    return fine;
}

static const est_row *find_row(const est_result *result, const char *pair, const char *model)
{
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (strcmp(row->model, model) == 0 && (!pair || (row->n_domain == 1 && strcmp(row->domain[0].value, pair) == 0)))
            return row;
    }
    return NULL;
}

static double value_of(const est_row *row, const char *quantity)
{
    double value = NAN;
    if (row && (strcmp(quantity, "N") == 0 || strcmp(quantity, "Petersen") == 0 || strcmp(quantity, "Chapman") == 0))
        value = row->estimate;
    else if (row && strcmp(quantity, "se") == 0)
        value = row->se;
    else if (row && strcmp(quantity, "cil") == 0)
        value = row->lower;
    else if (row && strcmp(quantity, "ciu") == 0)
        value = row->upper;
    return value;
}

static const char *model_of(const char *settings)
{
    const char *model = "?";
    for (size_t k = 0; k < 3; k++)
        if (strncmp(settings, kinds[k][0], strlen(kinds[k][0])) == 0)
            model = kinds[k][1];
    return model;
}

static void complain(tally *t, const line *at, double found, double expected)
{
    t->faults++;
    printf("%s %s %s %s: %.12g, expected %.12g\n", at->dataset, at->method, at->settings, at->quantity, found, expected);
}

/* "pa12" is the pair of the lists 1 and 2, which the tables call L1 and L2. */
static double exact_value(const answers *a, const line *at)
{
    char pair[16];
    if (strncmp(at->quantity, "Chat", 4) == 0)
        return est_result_stat_value(a->coverage, "sample_coverage");
    if (strcmp(at->method, "pairwise") != 0)
        return value_of(find_row(a->coverage, NULL, model_of(at->settings)), at->quantity);
    snprintf(pair, sizeof pair, "L%c:L%c", at->settings[2], at->settings[3]);
    return value_of(find_row(a->pairs, pair, strcmp(at->quantity, "Petersen") == 0 ? "Lincoln-Petersen" : "Chapman"),
                    at->quantity);
}

static void compare_exact(const answers *a, const line *at, tally *t)
{
    double found = exact_value(a, at), off = fabs(found / at->value - 1);
    t->exact++;
    t->worst_exact = fmax(t->worst_exact, off);
    if (!(off <= EXACT))
        complain(t, at, found, at->value);
}

/* Mean over the seeds of the standard error, or of how far the limit lies from the estimate on the log of the unseen. */
static double mean_of_seeds(FILE *file, const line *like, const est_row *row, size_t *seeds)
{
    line at;
    double sum = 0;
    size_t kind = strcspn(like->settings, " ");
    *seeds = 0;
    rewind(file);
    while (read_line(file, &at))
        if (strcmp(at.dataset, like->dataset) == 0 && strcmp(at.method, like->method) == 0 &&
            strcmp(at.quantity, like->quantity) == 0 && strncmp(at.settings, like->settings, kind) == 0) {
            sum += *at.quantity == 's' ? at.value : fabs(log((at.value - row->n) / (row->estimate - row->n)));
            (*seeds)++;
        }
    return sum / (double)*seeds;
}

static void compare_near(const answers *a, FILE *file, const line *at, tally *t)
{
    size_t seeds = 0;
    const est_row *row = find_row(a->coverage, NULL, model_of(at->settings));
    double found = value_of(row, at->quantity);
    if (strncmp(at->settings, "HSC", 3) == 0 && est_result_stat_value(a->coverage, "sample_coverage") < 0.55) {
        t->left_out++;
        return;
    }
    if (!row) {
        complain(t, at, NAN, at->value);
        return;
    }
    if (*at->quantity == 'c')
        found = fabs(log((found - row->n) / (row->estimate - row->n)));
    double expected = mean_of_seeds(file, at, row, &seeds), off = fabs(found / expected - 1);
    t->near++;
    t->worst_near = fmax(t->worst_near, off);
    if (!(off <= NEAR) || seeds < 3)
        complain(t, at, found, expected);
}

static tally compare_all(FILE *file, const char *folder)
{
    tally t = {0};
    line at;
    answers a = {0};
    while (read_line(file, &at)) {
        long place = ftell(file);
        if (strcmp(at.dataset, a.dataset) != 0 && !answer(folder, at.dataset, &a))
            t.faults++;
        else if (strcmp(at.method, "sample-coverage bootstrap") == 0)
            compare_near(&a, file, &at, &t);
        else
            compare_exact(&a, &at, &t);
        fseek(file, place, SEEK_SET);
    }
    est_result_free(a.pairs);
    est_result_free(a.coverage);
    return t;
}

int main(void)
{
    const char *folder = getenv("LIBEST_ORACLES"), *source = getenv("srcdir");
    char beside[4096], path[5000];
    snprintf(beside, sizeof beside, "%.4000s/../shared/oracles", source ? source : ".");
    folder = folder && *folder ? folder : beside;
    snprintf(path, sizeof path, "%.4000s/mse/expected.csv", folder);
    FILE *file = fopen(path, "r");
    if (!file) {
        printf("skipped: no reference tables (set LIBEST_ORACLES to their folder)\n");
        return SKIPPED;
    }
    tally t = compare_all(file, folder);
    fclose(file);
    printf("%zu values, largest relative difference %.2g; %zu bootstrap values, largest difference from the mean of the seeds "
           "%.1f %%; %zu left out; %zu faults\n", t.exact, t.worst_exact, t.near, 100 * t.worst_near, t.left_out, t.faults);
    if (t.exact == 0 || t.near == 0)
        printf("expected.csv holds no rows to compare\n");
    return t.faults || t.exact == 0 || t.near == 0 ? 1 : 0;
}
