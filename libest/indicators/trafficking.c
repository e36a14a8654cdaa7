/* Victims of trafficking per 100,000 people, SDG 16.2.2: the method `trafficking`. */
#include "indicators/trafficking.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "core/text.h"
#include "data/table.h"

#define AT(field) offsetof(est_trafficking_options, field)
#define YEARS_MAX 1000

static const est_option_spec specs[] = {
    {"population", EST_OPTION_TABLE, AT(population), "", 0, 0, NULL,
     "populations; column population and any of denominator, period, sex, age, geography; for Kenya dataset:kenya_population", 0},
    {"denominator", EST_OPTION_TEXT, AT(denominator), "", 0, 0, NULL,
     "whose population it is; a value of its column 'denominator', or a name for all of it; stands beside every rate", 0},
    {"by", EST_OPTION_COLUMNS, AT(by), "", 0, 0, NULL,
     "groups of counted victims: every crossing of sex, age, form or further columns", 0},
    {"period", EST_OPTION_COLUMN, AT(period), "", 0, 0, NULL, "column of periods; default 'period' or 'year'", 0},
    {"count", EST_OPTION_COLUMN, AT(count), "", 0, 0, NULL,
     "column of counts; default 'count' if there is one, else a row is a victim", 0},
    {"sex", EST_OPTION_COLUMN, AT(sex), "", 0, 0, NULL, "column or label of the sex; default 'sex'", 0},
    {"age", EST_OPTION_COLUMN, AT(age), "", 0, 0, NULL,
     "column or label of child and adult, or of the age in years; default 'age_group' or 'age'", 0},
    {"form", EST_OPTION_COLUMN, AT(form), "", 0, 0, NULL, "column or label of the form of exploitation; default 'form'", 0},
    {"forms", EST_OPTION_TEXT, AT(forms), "", 0, 0, NULL,
     "what values of the form mean; VALUE=CATEGORY,... with sexual, labour, organ, other, unspecified", 0},
    {"year", EST_OPTION_TEXT, AT(year), "", 0, 0, NULL, "year of data without periods; chooses the population", 0},
    {"window-years", EST_OPTION_NUMBER, AT(window_years), "0", 0, YEARS_MAX, NULL,
     "length of windows whose label does not tell it; only 1 has a rate; 0: not declared", 0},
};

#define SPECS (sizeof specs / sizeof specs[0])

est_trafficking_options est_trafficking_options_default(void)
{
    est_trafficking_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(specs, SPECS, &options);
    return options;
}

/* Not part of `validate`, by which the defaults are good. */
static est_status check_asked(const est_trafficking_options *options, est_error *error)
{
    return options->population ? EST_OK
                               : est_i_fail(error, EST_EOPTION, "option --population is missing: a rate is per people, and whose number of people "
                                            "it is must be chosen; for Kenya --population dataset:kenya_population");
}

static est_status validate(const void *options, est_error *error)
{
    const est_trafficking_options *o = options;
    if (o->window_years > 0 && o->window_years != 1)
        return est_i_fail(
            error, EST_EOPTION,
            "option --window-years: found windows that are not one year long, which have no rate of SDG 16.2.2: people "
            "of several years are neither those of a year nor their mean. Count or estimate each year by itself");
    return EST_OK;
}

/* The run */

const char *est_i_trafficking_keep(est_i_trafficking *run, const char *text)
{
    if (run->n_kept == run->kept_capacity) {
        size_t capacity = run->kept_capacity ? 2 * run->kept_capacity : 32;
        char **grown = realloc(run->kept, capacity * sizeof *grown);
        if (!grown)
            return NULL;
        run->kept = grown;
        run->kept_capacity = capacity;
    }
    char *copy = est_i_string_copy(text);
    if (copy)
        run->kept[run->n_kept++] = copy;
    return copy;
}

/* Data without periods have the length that was declared, unless --year tells another. */
static est_i_window window_of(const est_i_trafficking *run, const est_i_victims *v)
{
    const char *year = run->options->year;
    double declared = run->options->window_years;
    if (*v->group.period)
        return est_i_window_of(v->group.period, declared);
    est_i_window told = est_i_window_of(year, declared);
    return declared > 0 || told == EST_I_WINDOW_LONGER || told == EST_I_WINDOW_SHORTER ? told : EST_I_WINDOW_UNKNOWN;
}

static est_status add(est_i_trafficking *run, const est_i_victims *v)
{
    if (run->n_victims == run->victims_capacity) {
        size_t capacity = run->victims_capacity ? 2 * run->victims_capacity : 32;
        est_i_victims *grown = realloc(run->victims, capacity * sizeof *grown);
        if (!grown)
            return est_i_no_memory(run->error);
        run->victims = grown;
        run->victims_capacity = capacity;
    }
    run->victims[run->n_victims++] = *v;
    return EST_OK;
}

est_status est_i_trafficking_add(est_i_trafficking *run, const est_i_victims *victims)
{
    est_i_window window = window_of(run, victims);
    if (window == EST_I_WINDOW_YEAR)
        return add(run, victims);
    if (!run->left_out) {
        run->left_out = victims->group.period;
        run->left_out_window = window;
    }
    return EST_OK;
}

/* Nothing is left that could have a rate. */
static est_status check_windows(const est_i_trafficking *run)
{
    est_i_place place = est_i_table_place_column(run->data, -1);
    const char *label = run->left_out && *run->left_out ? run->left_out : run->options->year;
    if (run->n_victims > 0 || !run->left_out)
        return EST_OK;
    if (run->left_out_window == EST_I_WINDOW_UNKNOWN)
        return est_i_fail_at(
            run->error, EST_EDEFINITION, place,
            "found %s%.60s%s whose length is not told, expected windows of one year: only those have a rate of SDG "
            "16.2.2. If it is one year, say so with --window-years 1%s",
            *label ? "the period '" : "data without periods", label, *label ? "'" : "", *label ? "" : " and --year");
    return est_i_fail_at(
        run->error, EST_EDEFINITION, place,
        "found the period '%.60s', which is %s than a year, expected windows of one year: the people of a longer or "
        "shorter window are neither those of a year nor their mean, and windows cannot be added up or divided. Count or "
        "estimate each year by itself",
        label, run->left_out_window == EST_I_WINDOW_LONGER ? "longer" : "shorter");
}

/* Population of each group */

static est_status find_population(est_i_trafficking *run, est_i_victims *v)
{
    est_i_group group = v->group;
    if (!*group.period)
        group.period = run->options->year;
    est_status status = est_i_population_find(&run->population, &group, &v->population_row, run->error);
    if (status != EST_OK || v->population_row == SIZE_MAX)
        return status;
    run->population.used[v->population_row] = 1;
    double people = est_i_population_people(&run->population, v->population_row);
    if (v->estimate > people)
        status = est_i_fail_at(run->error, EST_EVALUE,
                               est_i_table_place(run->population.table, run->population.people, v->population_row),
                               "found fewer people than victims among them, expected the population of the same group and year");
    return status;
}

static est_status find_populations(est_i_trafficking *run)
{
    est_status status = est_i_population_open(run->options, run->dimensions, run->n_dimensions, &run->population, run->error);
    size_t found = 0;
    for (size_t i = 0; i < run->n_victims && status == EST_OK; i++) {
        status = est_i_monitor_cancelled(&run->monitor) ? est_i_cancelled(run->error) : find_population(run, &run->victims[i]);
        found += status == EST_OK && run->victims[i].population_row != SIZE_MAX;
    }
    if (status == EST_OK && found == 0)
        status = est_i_fail_at(
            run->error, EST_EDEFINITION, est_i_table_place_column(run->population.table, -1),
            "found no population of any group of the data by denominator '%.60s' (first: period '%.60s'), expected the "
            "same period, sex and age (for all people: both and all)%s",
            run->population.name,
            run->n_victims && *run->victims[0].group.period ? run->victims[0].group.period : run->options->year,
            run->population.period >= 0 && !*run->options->year && run->n_periods == 1 && !*run->periods[0]
                ? "; name the year of the data with --year"
                : "");
    return status;
}

static void run_end(est_i_trafficking *run)
{
    for (size_t i = 0; i < run->n_kept; i++)
        free(run->kept[i]);
    free(run->kept);
    free(run->periods);
    free(run->victims);
    est_i_population_free(&run->population);
    est_i_form_map_free(&run->forms);
}

est_status est_trafficking(const est_table *data, const est_trafficking_options *options, const est_context *context,
                           est_result **result, est_error *error)
{
    est_trafficking_options resolved = options ? *options : est_trafficking_options_default();
    est_i_trafficking run = {.data = data, .options = &resolved, .context = context, .smallest = NAN, .error = error};
    *result = NULL;
    est_error_clear(error);
    est_i_monitor_start(&run.monitor, context);
    est_status status = est_i_options_check(specs, SPECS, &resolved, error);
    if (status == EST_OK)
        status = check_asked(&resolved, error);
    if (status == EST_OK)
        status = validate(&resolved, error);
    if (status == EST_OK)
        status = est_i_form_map_parse(resolved.forms, &run.forms, error);
    run.is_estimated = status == EST_OK && est_i_trafficking_is_result(data);
    if (status == EST_OK)
        status = run.is_estimated ? est_i_trafficking_read_result(&run) : est_i_trafficking_count(&run);
    if (status == EST_OK)
        status = check_windows(&run);
    if (status == EST_OK)
        status = find_populations(&run);
    if (status == EST_OK)
        status = est_i_trafficking_write(&run, result);
    run_end(&run);
    return status;
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_trafficking(data, options, context, result, error);
}

const est_method est_i_method_trafficking = {
    .id = "trafficking",
    .family = "indicator",
    .title = "Victims of trafficking per 100,000 people (SDG 16.2.2)",
    .summary =
        "From counts of detected victims: how many per 100,000 people, in all and by sex, age and form, each group over the "
        "population "
        "of the same sex and age, under the UN series they are counted in. From a result of est mse or est trend (.json): the "
        "estimate of detected and undetected victims per 100,000 with its interval, a national estimate and no UN series. The "
        "population is taken as exact. Only windows of one year have a rate.",
    .reference = "United Nations, SDG indicator metadata, 16.2.2 (2023-03-31); CHANCE 30(3), 2017, on counting victims by multiple "
                 "systems estimation",
    .data = "a table of counts (period, sex, age, form, count), a row a victim, or the JSON of est mse or est trend",
    .options = specs,
    .n_options = SPECS,
    .options_size = sizeof(est_trafficking_options),
    .validate = validate,
    .fit = fit,
};
