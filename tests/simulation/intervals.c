/* Bias, width and coverage of every interval of a population where the truth is known.
 *
 * Usage: intervals FOLDER [REPLICATIONS [DRAWS]]        (default 1000 and 500)
 *
 * Each scenario draws the capture histories of N persons over four lists from a stated truth. Every interval is made from the same
 * data, and the bootstrap intervals from the same samples: DRAWS in each design. One scenario of one size is one file in FOLDER,
 * written when it is complete; a second run takes up where the first one ended. `table.md` and `table.csv` in FOLDER are made anew
 * after each file. The same seed gives the same bytes. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>

#include "mse/average.h"
#include "mse/bootstrap.h"
#include "mse/estimator.h"
#include "mse/interval.h"
#include "mse/jackknife.h"
#include "mse/joint.h"
#include "mse/kernel.h"
#include "mse/profile.h"
#include "numerics/rng.h"
#include "numerics/special.h"

#define LISTS 4
#define CELLS 16
#define MAX_ORDER 3
#define LEVEL 0.95
#define SEED 20261122
#define NO_TERMS SIZE_MAX

/* People of one class: log odds of each list, and what is added for each pair of lists that a person is on. */
typedef struct class_of_people {
    double share, log_odds[LISTS];
} class_of_people;

typedef struct scenario {
    const char *name, *text;
    size_t n_classes;
    class_of_people classes[2];
    size_t n_pairs; /* NO_TERMS: no model of the family is true */
    uint32_t pair[2];
    double odds_ratio[2];
} scenario;

#define MODERATE {1, {-1.4, -1.6, -1.8, -2.0}}
#define AB 3u
#define CD 12u

static const scenario scenarios[] = {
    {"independence", "four independent lists", 1, {MODERATE}, 0, {0}, {0}},
    {"dependence", "A:B odds ratio 3, C:D odds ratio 1/2", 1, {MODERATE}, 2, {AB, CD}, {3, 0.5}},
    {"weak_dependence", "A:B odds ratio 1.5", 1, {MODERATE}, 1, {AB}, {1.5}},
    {"heterogeneity", "a quarter of the people four times as likely (in odds) to be on any list", 2,
     {{0.75, {-2.0, -2.2, -2.4, -2.6}}, {0.25, {-0.6, -0.8, -1.0, -1.2}}}, NO_TERMS, {0}, {0}},
    {"high_coverage", "four independent lists that each know half of the people", 1, {{1, {0, 0, 0, 0}}}, 0, {0}, {0}},
    {"sparsity", "small lists, A:B odds ratio 3", 1, {{1, {-2.9, -3.1, -3.3, -3.5}}}, 1, {AB}, {3}},
};
static const double sizes[] = {500, 5000};

#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])
#define SIZES (sizeof sizes / sizeof sizes[0])

typedef enum method {
    TRUE_WALD = 0,
    TRUE_LOG_NORMAL,
    TRUE_PROFILE,
    SELECTED_WALD,
    SELECTED_LOG_NORMAL,
    SELECTED_PROFILE,
    AVERAGED,
    PERCENTILE,
    BCA,
    STUDENTISED,
    SCV_PERCENTILE,
    SCV_BCA,
    METHODS
} method;

static const char *const method_names[METHODS] = {
    "true model, Wald", "true model, log-normal", "true model, profile", "selected, Wald", "selected, log-normal",
    "selected, profile", "averaged",
    "bootstrap, percentile", "bootstrap, BCa",      "bootstrap, studentised", "scv2024, percentile", "scv2024, BCa",
};

/* What one method says of one table; NaN limits = refused. */
typedef struct answer {
    double estimate, lower, upper;
} answer;

typedef struct replication {
    double n;
    answer answers[METHODS];
} replication;

typedef struct study {
    const char *folder;
    size_t replications, draws;
} study;

/* One table under way. */
typedef struct table_run {
    const scenario *truth;
    const est_i_fit_data *data;
    double n;
    size_t draws;
    uint64_t seed;
    est_i_estimator *estimator;
    est_i_jackknife *jackknife;
    est_i_joint *joint;    /* the selected model's fit */
    replication *into;
    est_error error;
} table_run;

/* ---- data from a truth ---- */

static void cell_weights(const scenario *truth, double *weights)
{
    for (size_t w = 0; w < CELLS; w++)
        weights[w] = 0;
    for (size_t c = 0; c < truth->n_classes; c++) {
        double parts[CELLS], sum = 0;
        for (uint32_t w = 0; w < CELLS; w++) {
            double value = 0;
            for (size_t j = 0; j < LISTS; j++)
                value += w >> j & 1 ? truth->classes[c].log_odds[j] : 0;
            for (size_t p = 0; truth->n_pairs != NO_TERMS && p < truth->n_pairs; p++)
                value += (w & truth->pair[p]) == truth->pair[p] ? log(truth->odds_ratio[p]) : 0;
            parts[w] = exp(value);
            sum += parts[w];
        }
        for (size_t w = 0; w < CELLS; w++)
            weights[w] += truth->classes[c].share * parts[w] / sum;
    }
}

static est_i_fit_data *draw_table(const scenario *truth, double population, uint32_t which, uint32_t cell)
{
    double weights[CELLS];
    est_i_rng rng;
    est_i_fit_data *data = est_i_fit_data_new(1, LISTS, 1);
    if (!data)
        return NULL;
    cell_weights(truth, weights);
    est_i_rng_start(&rng, SEED, EST_I_PURPOSE_TEST, which, cell);
    est_i_rng_multinomial(&rng, population, CELLS, weights, data->counts);
    data->counts[0] = 0;
    est_i_fit_data_prepare(data);
    return data;
}

/* ---- the intervals ---- */

static void take(table_run *t, method m, double estimate, const est_i_limits *limits)
{
    t->into->answers[m] = (answer){estimate, limits->lower, limits->upper};
}

/* Wald, log-normal and profile of a given model, three methods in this order; *joint is its fit, NULL where it has none. */
static est_status fit_known(table_run *t, const uint32_t *terms, size_t n_terms, method wald, est_i_joint **joint)
{
    uint32_t local[CELLS];
    size_t main = est_i_main_terms(LISTS, local);
    est_i_profile found;
    memcpy(local + main, terms, n_terms * sizeof *terms);
    const est_i_terms model = {.n_local = main + n_terms, .local = local};
    est_status status = est_i_joint_fit(t->data, &model, NULL, joint, &t->error);
    if (status != EST_OK || !(*joint)->verdict->estimable[0])
        return status;
    double log_unseen = (*joint)->log_unseen[0], estimate = t->n + exp(log_unseen);
    est_i_limits limits = est_i_limits_wald(t->n, log_unseen, (*joint)->se_log_unseen[0], LEVEL);
    take(t, wald, estimate, &limits);
    limits = est_i_limits_log_normal(t->n, exp(log_unseen), (*joint)->se_log_unseen[0], LEVEL);
    take(t, wald + 1, estimate, &limits);
    status = est_i_profile_find(t->data, &model, *joint, 0, LEVEL, NULL, &found, &t->error);
    if (status == EST_OK)
        t->into->answers[wald + 2] = (answer){estimate, found.lower, found.upper};
    return status;
}

static est_status try_true_model(table_run *t)
{
    est_i_joint *joint = NULL;
    est_status status = EST_OK;
    if (t->truth->n_pairs != NO_TERMS)
        status = fit_known(t, t->truth->pair, t->truth->n_pairs, TRUE_WALD, &joint);
    est_i_joint_free(joint);
    return status;
}

static est_status try_average(table_run *t)
{
    const est_i_search_rules *rules = &t->estimator->rules[0];
    const est_i_cost cost = est_i_cost_make(EST_SELECT_BIC, t->n);
    est_i_pool *pool = NULL;
    est_i_averaged averaged;
    est_i_search_space *space = est_i_search_space_new(1, LISTS, 1, CELLS, NULL);
    est_status status = space ? est_i_search_pool(t->data, rules, &cost, 1000, 0, space, &pool, NULL, &t->error) : EST_ENOMEM;
    if (status == EST_OK)
        status = est_i_average(t->data, &rules->family, NULL, pool, NULL, &averaged, &t->error);
    if (status == EST_OK) {
        est_i_limits limits = est_i_limits_wald(t->n, log(averaged.unseen), averaged.log_se, LEVEL);
        take(t, AVERAGED, t->n + averaged.unseen, &limits);
    }
    est_i_pool_free(pool);
    est_i_search_space_free(space);
    return status;
}

/* One design: percentile and BCa, and with standard errors the studentised limits. */
static est_status try_design(table_run *t, int resample, method percentile, method bca, bool with_se)
{
    double population = t->n + exp(t->joint->log_unseen[0]);
    const est_i_bootstrap_plan plan = {.resample = resample, .n_replicates = t->draws, .seed = t->seed, .threads = 1,
                                       .with_se = with_se};
    est_i_bootstrap *bootstrap = NULL;
    est_i_limits limits;
    est_status status = est_i_bootstrap_run(t->estimator, t->data, &population, &plan, NULL, &bootstrap, &t->error);
    if (status == EST_OK)
        status = est_i_limits_percentile(bootstrap, 0, t->n, LEVEL, &limits, &t->error);
    if (status == EST_OK) {
        take(t, percentile, population, &limits);
        status = est_i_limits_bca(bootstrap, t->jackknife, 0, t->n, population, LEVEL, &limits, &t->error);
    }
    if (status == EST_OK) {
        take(t, bca, population, &limits);
        if (with_se)
            status = est_i_limits_studentised(bootstrap, 0, t->n, t->joint->log_unseen[0], t->joint->se_log_unseen[0], LEVEL,
                                              &limits, &t->error);
    }
    if (status == EST_OK && with_se)
        take(t, STUDENTISED, population, &limits);
    est_i_bootstrap_free(bootstrap);
    return status;
}

static est_status try_selected(table_run *t)
{
    uint32_t terms[EST_I_MODEL_TERMS_MAX];
    const est_i_selection how = {.select = EST_SELECT_BIC, .max_order = MAX_ORDER};
    est_status status = est_i_estimator_select(t->data, true, &how, NULL, &t->estimator, &t->error);
    if (status != EST_OK || !t->estimator->found[0])
        return status;
    size_t n_terms = est_i_estimator_terms(t->estimator, 0, terms);
    status = fit_known(t, terms, n_terms, SELECTED_WALD, &t->joint);
    if (status == EST_OK)
        status = try_average(t);
    if (status == EST_OK)
        status = est_i_jackknife_run(t->estimator, t->data, 1, NULL, &t->jackknife, &t->error);
    if (status == EST_OK)
        status = try_design(t, EST_RESAMPLE_POPULATION, PERCENTILE, BCA, true);
    if (status == EST_OK)
        status = try_design(t, EST_RESAMPLE_SCV2024, SCV_PERCENTILE, SCV_BCA, false);
    return status;
}

static bool replicate(const scenario *truth, double population, uint32_t which, uint32_t cell, size_t draws, replication *into)
{
    est_i_fit_data *data = draw_table(truth, population, which, cell);
    for (size_t m = 0; m < METHODS; m++)
        into->answers[m] = (answer){NAN, NAN, NAN};
    if (!data)
        return false;
    table_run t = {.truth = truth, .data = data, .n = data->total[0], .draws = draws, .into = into,
                   .seed = SEED + 1000003 * (uint64_t)cell + which};
    into->n = t.n;
    est_status status = try_true_model(&t);
    if (status == EST_OK)
        status = try_selected(&t);
    if (status != EST_OK)
        fprintf(stderr, "%s, replication %lu: %s\n", truth->name, (unsigned long)which, t.error.message);
    est_i_estimator_free(t.estimator);
    est_i_jackknife_free(t.jackknife);
    est_i_joint_free(t.joint);
    est_i_fit_data_free(data);
    return status == EST_OK;
}

/* ---- one scenario of one size: a file ---- */

static void file_name(const study *s, const char *name, const char *after, char *path, size_t room)
{
    snprintf(path, room, "%.3000s/%.200s%.50s", s->folder, name, after);
}

static void cell_name(size_t cell, char *name, size_t room)
{
    snprintf(name, room, "%s_%.0f", scenarios[cell / SIZES].name, sizes[cell % SIZES]);
}

/* Complete files only, and only of the same study. */
static bool read_cell(const study *s, size_t cell, replication *all)
{
    char name[100], path[3300], line[300];
    unsigned long replications = 0, draws = 0;
    cell_name(cell, name, sizeof name);
    file_name(s, name, ".csv", path, sizeof path);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool whole = fgets(line, sizeof line, file) && sscanf(line, "# %lu replications, %lu draws", &replications, &draws) == 2 &&
                 replications == s->replications && draws == s->draws && fgets(line, sizeof line, file);
    for (size_t i = 0; whole && i < s->replications * METHODS; i++) {
        answer *a = &all[i / METHODS].answers[i % METHODS];
        unsigned long which, m;
        whole = fgets(line, sizeof line, file) &&
                sscanf(line, "%lu,%lf,%lu,%lf,%lf,%lf", &which, &all[i / METHODS].n, &m, &a->estimate, &a->lower, &a->upper) == 6 &&
                which == i / METHODS && m == i % METHODS;
    }
    fclose(file);
    return whole;
}

static bool write_cell(const study *s, size_t cell, const replication *all)
{
    char name[100], path[3300], part[3300];
    cell_name(cell, name, sizeof name);
    file_name(s, name, ".csv", path, sizeof path);
    file_name(s, name, ".csv.part", part, sizeof part);
    FILE *file = fopen(part, "w");
    if (!file)
        return false;
    fprintf(file, "# %lu replications, %lu draws\nreplication,n,method,estimate,lower,upper\n", (unsigned long)s->replications,
            (unsigned long)s->draws);
    for (size_t i = 0; i < s->replications * METHODS; i++) {
        const answer *a = &all[i / METHODS].answers[i % METHODS];
        fprintf(file, "%lu,%.17g,%lu,%.17g,%.17g,%.17g\n", (unsigned long)(i / METHODS), all[i / METHODS].n,
                (unsigned long)(i % METHODS), a->estimate, a->lower, a->upper);
    }
    bool written = !ferror(file);
    return fclose(file) == 0 && written && rename(part, path) == 0;
}

static bool run_cell(const study *s, size_t cell, replication *all)
{
    bool fine = true;
    if (read_cell(s, cell, all))
        return true;
    for (size_t i = 0; fine && i < s->replications; i++)
        fine = replicate(&scenarios[cell / SIZES], sizes[cell % SIZES], (uint32_t)i, (uint32_t)cell, s->draws, &all[i]);
    return fine && write_cell(s, cell, all);
}

/* ---- the tables ---- */

typedef struct summary {
    size_t answered, given;           /* replications with an estimate, with limits */
    double bias, bias_se;             /* of the median of the estimates, relative to N */
    double coverage, coverage_se;     /* of the limits given */
    double above, below;              /* the whole interval lies above, below N */
    double width, width_se;           /* median of (upper - lower) / N */
    double refused, unbounded;        /* shares of all replications */
} summary;

/* The median and its standard error: half the distance between the order statistics sqrt(n)/2 places to either side, which lie one
 * standard deviation of a binomial count from the middle. */
static double median(double *values, size_t n, double *se)
{
    est_i_sort(values, n);
    *se = NAN;
    if (n < 10)
        return est_i_quantile(values, n, 0.5);
    double off = sqrt((double)n) / 2, middle = ((double)n - 1) / 2;
    *se = (values[(size_t)floor(middle + off + 0.5)] - values[(size_t)floor(middle - off + 0.5)]) / 2;
    return est_i_quantile(values, n, 0.5);
}

static summary summarise(const replication *all, size_t replications, size_t m, double population)
{
    summary s = {0};
    double *bias = calloc(replications + 1, sizeof *bias), *width = calloc(replications + 1, sizeof *width);
    double all_of_them = (double)replications;
    for (size_t i = 0; bias && width && i < replications; i++) {
        const answer *a = &all[i].answers[m];
        if (isfinite(a->estimate))
            bias[s.answered++] = a->estimate / population - 1;
        s.refused += isnan(a->lower) ? 1 / all_of_them : 0;
        s.unbounded += isinf(a->upper) ? 1 / all_of_them : 0;
        if (isnan(a->lower))
            continue;
        width[s.given++] = (a->upper - a->lower) / population;
        s.above += a->lower > population;
        s.below += a->upper < population;
    }
    s.coverage = 1 - (s.above + s.below) / (double)s.given;
    s.coverage_se = sqrt(s.coverage * (1 - s.coverage) / (double)s.given);
    s.above /= (double)s.given;
    s.below /= (double)s.given;
    s.bias = bias ? median(bias, s.answered, &s.bias_se) : NAN;
    s.width = width ? median(width, s.given, &s.width_se) : NAN;
    free(bias);
    free(width);
    return s;
}

/* Infinite and undefined in words. */
static void print_number(FILE *file, const char *format, double value)
{
    if (isnan(value))
        fprintf(file, "-");
    else if (isinf(value))
        fprintf(file, "unbounded");
    else
        fprintf(file, format, value);
}

static void print_row(FILE *file, const summary *s, const char *name)
{
    fprintf(file, "| %s | ", name);
    print_number(file, "%+.1f", 100 * s->bias);
    print_number(file, " (%.1f)", 100 * s->bias_se);
    fprintf(file, " | ");
    print_number(file, "%.1f", 100 * s->coverage);
    print_number(file, " (%.1f)", 100 * s->coverage_se);
    fprintf(file, " | ");
    print_number(file, "%.1f", 100 * s->below);
    fprintf(file, " | ");
    print_number(file, "%.1f", 100 * s->above);
    fprintf(file, " | ");
    print_number(file, "%.2f", s->width);
    print_number(file, " (%.2f)", s->width_se);
    fprintf(file, " | %.1f | %.1f |\n", 100 * s->refused, 100 * s->unbounded);
}

static void print_csv(FILE *file, const char *cell, const summary *s, const char *name)
{
    fprintf(file, "%s,\"%s\",%lu,%lu,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g\n", cell, name, (unsigned long)s->answered,
            (unsigned long)s->given, s->bias, s->bias_se, s->coverage, s->coverage_se, s->below, s->above, s->width, s->width_se,
            s->refused, s->unbounded);
}

static void print_cell(FILE *markdown, FILE *csv, size_t cell, const replication *all, size_t replications)
{
    const scenario *truth = &scenarios[cell / SIZES];
    double population = sizes[cell % SIZES], weights[CELLS];
    char name[100];
    cell_name(cell, name, sizeof name);
    cell_weights(truth, weights);
    fprintf(markdown, "\n### %s, N = %.0f\n\nTruth: %s; %.0f %% of the people are on a list.\n\n", truth->name, population,
            truth->text, 100 * (1 - weights[0]));
    fprintf(markdown, "| interval | bias of the median, %% | covers, %% | all below N, %% | all above N, %% | median width / N | "
                      "refused, %% | unbounded, %% |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t m = 0; m < METHODS; m++) {
        summary s = summarise(all, replications, m, population);
        if (m <= TRUE_PROFILE && truth->n_pairs == NO_TERMS)
            continue;
        print_row(markdown, &s, method_names[m]);
        print_csv(csv, name, &s, method_names[m]);
    }
}

/* The cells so far. */
static bool write_tables(const study *s, const replication *all, size_t cells)
{
    char path[2][3300], part[2][3300];
    static const char *const ends[] = {".md", ".csv"};
    FILE *files[2] = {NULL, NULL};
    bool fine = true;
    for (size_t i = 0; i < 2; i++) {
        file_name(s, "table", ends[i], path[i], sizeof path[i]);
        file_name(s, "table.part", ends[i], part[i], sizeof part[i]);
        files[i] = fopen(part[i], "w");
        fine = fine && files[i];
    }
    if (fine) {
        fprintf(files[0], "%lu replications a scenario, %lu bootstrap draws in each design, level %.0f %%, seed %d.\n",
                (unsigned long)s->replications, (unsigned long)s->draws, 100 * LEVEL, SEED);
        fprintf(files[1], "cell,interval,estimated,given,bias,bias_se,coverage,coverage_se,below,above,width,width_se,refused,"
                          "unbounded\n");
        for (size_t cell = 0; cell < cells; cell++)
            print_cell(files[0], files[1], cell, all + cell * s->replications, s->replications);
    }
    for (size_t i = 0; i < 2; i++) {
        fine = files[i] && !ferror(files[i]) && fine;
        if (files[i])
            fine = fclose(files[i]) == 0 && fine;
        fine = fine && rename(part[i], path[i]) == 0;
    }
    return fine;
}

static bool read_count(const char *text, size_t *count)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *count = value;
    return *text >= '1' && *text <= '9' && !*end && value <= 1000000;
}

int main(int argc, char **argv)
{
    study s = {.replications = 1000, .draws = 500};
    if (argc < 2 || argc > 4 || (argc > 2 && !read_count(argv[2], &s.replications)) ||
        (argc > 3 && (!read_count(argv[3], &s.draws) || s.draws < 20))) {
        fprintf(stderr, "usage: %s FOLDER [REPLICATIONS [DRAWS]]\n", argv[0]);
        return 2;
    }
    s.folder = argv[1];
    replication *all = calloc(SCENARIOS * SIZES * s.replications, sizeof *all);
    bool fine = all != NULL;
    for (size_t cell = 0; fine && cell < SCENARIOS * SIZES; cell++) {
        fine = run_cell(&s, cell, all + cell * s.replications) && write_tables(&s, all, cell + 1);
        printf("%s, N = %.0f: %s\n", scenarios[cell / SIZES].name, sizes[cell % SIZES], fine ? "done" : "failed");
        fflush(stdout);
    }
    free(all);
    return fine ? 0 : 1;
}
