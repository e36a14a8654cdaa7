/* Survey estimates of tables in memory: what files do not show (survey.sh has those). */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>

#include "survey_rows.h"

#define REPLICATES 1000

typedef struct survey_job {
    est_table *table;
    est_survey_options options;
    est_context context;
    char *state; /* the sums of a pass; then the rows are not read again */
    size_t length, estimates;
} survey_job;

static const char *const measures[] = {"work", "school", "married"};
static const char *const designs[] = {"stratum", "psu", "county", "agegroup", "weight", "hours"};

static double number_of(const survey_row *row, size_t column)
{
    double values[] = {row->stratum, row->psu, row->county, row->age_group, row->weight, row->hours,
                       row->work,    row->school, row->married};
    return values[column];
}

static void add_numbers(est_table *table, const char *name, const double *values)
{
    est_error error = {0};
    bench_check(est_table_add_numbers(table, name, values, &error), name, &error);
}

static est_table *make_table(long rows, long psus)
{
    est_table *table = NULL;
    est_error error = {0};
    double *values = bench_need(malloc((size_t)rows * sizeof *values));
    const char **texts = bench_need(malloc((size_t)rows * sizeof *texts));
    bench_check(est_table_new("synthetic rows", (size_t)rows, &table, &error), "a table", &error);
    for (size_t c = 0; c < 9; c++) {
        for (long i = 0; i < rows; i++) {
            survey_row row = survey_make_row(i, rows, psus);
            values[i] = number_of(&row, c);
            texts[i] = row.sex ? "female" : "male";
        }
        add_numbers(table, c < 6 ? designs[c] : measures[c - 6], values);
    }
    bench_check(est_table_add_text(table, "sex", texts, &error), "sex", &error);
    free(values);
    free(texts);
    return table;
}

/* Margins of 47 counties and 10 age groups. */
static est_table *make_margins(void)
{
    enum { n = SURVEY_COUNTIES + SURVEY_AGE_GROUPS };
    const char *variable[n], *level[n];
    char text[n][8];
    double total[n], all = 0;
    est_table *table = NULL;
    est_error error = {0};
    for (int i = 0; i < n; i++) {
        bool county = i < SURVEY_COUNTIES;
        int number = county ? i + 1 : i - SURVEY_COUNTIES + 1;
        snprintf(text[i], sizeof text[i], "%d", number);
        variable[i] = county ? "county" : "agegroup";
        level[i] = text[i];
        total[i] = county ? 90000 + 1000 * (number * 37 % SURVEY_COUNTIES) : all / SURVEY_AGE_GROUPS + 1000 * (2 * number - 11);
        all += county ? total[i] : 0;
    }
    bench_check(est_table_new("margins", n, &table, &error), "margins", &error);
    bench_check(est_table_add_text(table, "variable", variable, &error), "margins", &error);
    bench_check(est_table_add_text(table, "level", level, &error), "margins", &error);
    add_numbers(table, "total", total);
    return table;
}

static survey_job new_job(long rows, long psus)
{
    survey_job job = {.table = make_table(rows, psus), .options = est_survey_options_default(), .context = est_context_default()};
    job.options.weight = "weight";
    job.options.strata = "stratum";
    job.options.psu = "psu";
    job.options.mean = "work,school,married";
    job.options.by = "county,sex";
    return job;
}

static void run_survey(void *user)
{
    survey_job *job = user;
    est_result *result = NULL;
    est_error error = {0};
    const char *name = "sums", *state = job->state;
    bench_check(job->state ? est_survey_join(1, &name, &state, &job->length, &job->options, &job->context, &result, &error)
                           : est_survey_table(job->table, &job->options, &job->context, &result, &error), "survey", &error);
    job->estimates = est_result_rows(result);
    est_result_free(result);
}

static void save_sums(survey_job *job)
{
    est_source *source = NULL;
    est_error error = {0};
    bench_check(est_source_of_table(job->table, &source, &error), "a source", &error);
    bench_check(est_survey_part(source, &job->options, 1, 1, &job->context, &job->state, &job->length, &error), "sums", &error);
    est_source_free(source);
}

static void free_job(survey_job *job)
{
    est_string_free(job->state);
    est_table_free(job->table);
}

static void print_table(const bench_settings *set, long rows)
{
    char name[80], counted[80];
    survey_job job = new_job(rows, survey_psus(rows));
    double took = bench_best(set, run_survey, &job);
    snprintf(name, sizeof name, "3 proportions by county and sex of %ld rows in memory", rows);
    snprintf(counted, sizeof counted, "%zu estimates, %.0f ns a row", job.estimates, 1e9 * took / (double)rows);
    bench_print_row(set, name, took, (bench_limits){0, 0}, counted);
    free_job(&job);
}

/* Everything after the pass but the replicates is taken off. */
static void print_replicates(const bench_settings *set, long rows, long psus)
{
    char name[80], counted[80];
    survey_job job = new_job(rows, psus);
    save_sums(&job);
    double taylor = bench_best(set, run_survey, &job);
    job.options.variance = 5; /* rao-wu */
    job.options.draws = REPLICATES;
    double took = bench_best(set, run_survey, &job) - taylor;
    snprintf(name, sizeof name, "%d Rao-Wu replicates beyond Taylor, %ld PSUs", REPLICATES, psus);
    snprintf(counted, sizeof counted, "%zu estimates, %.1f us a replicate", job.estimates, 1e6 * took / REPLICATES);
    bench_print_row(set, name, took, bench_limits_of(SURVEY_REPLICATES), counted);
    free_job(&job);
}

/* A table of few rows: little but the solving of the margins takes time. */
static void print_raking(const bench_settings *set)
{
    char counted[80];
    est_table *margins = make_margins();
    survey_job job = new_job(20 * SURVEY_COUNTIES * SURVEY_AGE_GROUPS, survey_psus(1));
    job.options.by = "";
    double plain = bench_best(set, run_survey, &job);
    job.options.margins = margins;
    job.options.calibrate = 2; /* rake */
    double took = bench_best(set, run_survey, &job) - plain;
    snprintf(counted, sizeof counted, "%d cells; with a second pass of %d rows", SURVEY_COUNTIES * SURVEY_AGE_GROUPS,
             20 * SURVEY_COUNTIES * SURVEY_AGE_GROUPS);
    bench_print_row(set, "raking to 47 + 10 margins by crossed cells", took, bench_limits_of(SURVEY_RAKE), counted);
    free_job(&job);
    est_table_free(margins);
}

void bench_surveys(const bench_settings *set)
{
    bench_start_table(set, "Survey estimates of tables in memory (files: survey.sh)");
    print_table(set, set->quick ? 20000 : 1000000);
    print_replicates(set, set->quick ? 20000 : 100000, survey_psus(1000000));
    print_replicates(set, set->quick ? 20000 : 100000, survey_psus(10000000));
    print_raking(set);
}
