/* The result of `trafficking`: rows, frames, chart, box and notes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>

#include "core/error.h"
#include "core/text.h"
#include "data/scan.h"
#include "data/table.h"
#include "indicators/trafficking.h"

#define PER 100000.0
#define NATIONAL_ESTIMATE "16.2.2, detected and undetected (national estimate)"
#define SERIES_MAX 8 /* styles that a chart can tell apart */

static const char *label_of(const est_i_trafficking *run, const est_i_group *group, est_i_dimension_kind kind)
{
    const char *label = NULL;
    for (size_t d = 0; d < run->n_dimensions; d++)
        if (run->dimensions[d].kind == kind)
            label = group->label[d];
    return label;
}

static const char *year_of(const est_i_trafficking *run, const est_i_victims *v)
{
    return *v->group.period ? v->group.period : run->options->year;
}

/* ---- rows ---- */

/* The series of the UN that the group is counted in; NULL = none: they are of a country, by sex and age. */
static const char *series_of(const est_i_trafficking *run, const est_i_group *group)
{
    const char *form = label_of(run, group, EST_I_DIMENSION_FORM), *series = "VC_HTF_DETV";
    for (size_t i = 0; i < EST_I_FORMS && form; i++)
        if (strcmp(est_i_forms[i].label, form) == 0)
            series = est_i_forms[i].series;
    if (label_of(run, group, EST_I_DIMENSION_OTHER) || !*series)
        series = NULL;
    return series;
}

static void definition_of(const est_i_trafficking *run, const est_i_victims *v, bool rate, est_i_text *text)
{
    const char *series = series_of(run, &v->group);
    text->length = 0;
    if (run->is_estimated)
        est_i_text_append(text, NATIONAL_ESTIMATE);
    else if (series)
        est_i_text_printf(text, "SDG 16.2.2, detected (%s%s)", series, rate ? "R" : "");
    else
        est_i_text_append(text, "detected victims, no UN series");
}

/* Whose number of people the rate is over: "census 2019, people of the same sex and age". The numbers stand in the frame
 * "denominators". */
static void denominator_of(const est_i_trafficking *run, est_i_text *text)
{
    const char *const words[] = {[EST_I_DIMENSION_SEX] = "sex", [EST_I_DIMENSION_AGE] = "age"};
    size_t count = 0;
    text->length = 0;
    est_i_text_append(text, run->population.name);
    for (size_t d = 0; d < run->n_dimensions; d++) {
        est_i_dimension_kind kind = run->dimensions[d].kind;
        if (kind == EST_I_DIMENSION_FORM)
            continue;
        est_i_text_append(text, count++ ? " and " : ", people of the same ");
        est_i_text_append(text, kind == EST_I_DIMENSION_OTHER ? run->dimensions[d].name : words[kind]);
    }
}

typedef struct row_texts {
    est_i_text definition, population;
    est_label labels[EST_I_GROUP_DIMENSIONS_MAX + 1];
} row_texts;

static est_row row_of(const est_i_trafficking *run, const est_i_victims *v, bool rate, row_texts *texts)
{
    const char *age = label_of(run, &v->group, EST_I_DIMENSION_AGE);
    est_row row = est_i_row_empty(run->is_estimated ? rate ? "victims_estimated_rate" : "victims_estimated_number"
                                  : rate            ? "victims_detected_rate"
                                                    : "victims_detected_number");
    definition_of(run, v, rate, &texts->definition);
    row.domain = texts->labels;
    if (*v->group.period)
        texts->labels[row.n_domain++] = (est_label){"period", v->group.period};
    for (size_t d = 0; d < run->n_dimensions; d++)
        if (v->group.label[d])
            texts->labels[row.n_domain++] = (est_label){run->dimensions[d].name, v->group.label[d]};
    row.model = v->model;
    row.interval = *v->interval ? v->interval : "none";
    row.level = v->level;
    row.df = v->df;
    row.n = v->n;
    row.flags = v->flags | (est_table_is_synthetic(run->data) ? EST_FLAG_BIT(EST_FLAG_SYNTHETIC) : 0);
    row.period = year_of(run, v);
    row.definition = texts->definition.failed ? "" : texts->definition.data;
    row.ages = !age ? "all" : est_i_word_ages(age);
    row.reference_period = "1 year";
    row.unit = rate ? "per 100,000" : "people";
    return row;
}

/* The population is exact: limits and standard error are divided as the estimate is. */
static double rate_of(const est_i_trafficking *run, const est_i_victims *v, double number)
{
    return number / est_i_population_people(&run->population, v->population_row) * PER;
}

static void add_row(est_i_trafficking *run, const est_i_victims *v, bool rate, row_texts *texts)
{
    est_row row = row_of(run, v, rate, texts);
    row.estimate = rate ? rate_of(run, v, v->estimate) : v->estimate;
    row.se = rate ? rate_of(run, v, v->se) : v->se;
    row.lower = rate ? rate_of(run, v, v->lower) : v->lower;
    row.upper = rate ? rate_of(run, v, v->upper) : v->upper;
    if (rate) {
        denominator_of(run, &texts->population);
        row.population = texts->population.failed ? "" : texts->population.data;
        row.geography = est_i_population_geography(&run->population, v->population_row);
    }
    if (texts->definition.failed || texts->population.failed)
        est_i_result_no_memory(run->builder);
    est_i_result_add_row(run->builder, &row);
}

/* The rates first; rate_rows[i]: the row of group i, SIZE_MAX = none. */
static void add_rows(est_i_trafficking *run, size_t *rate_rows)
{
    row_texts texts = {0};
    for (size_t i = 0; i < run->n_victims; i++) {
        rate_rows[i] = SIZE_MAX;
        if (run->victims[i].population_row == SIZE_MAX)
            continue;
        rate_rows[i] = est_i_result_row_count(run->builder);
        add_row(run, &run->victims[i], true, &texts);
    }
    for (size_t i = 0; i < run->n_victims; i++)
        add_row(run, &run->victims[i], false, &texts);
    est_i_text_free(&texts.definition);
    est_i_text_free(&texts.population);
}

/* ---- frames ---- */

static bool is_whole(const est_i_trafficking *run, const est_i_victims *v)
{
    bool whole = true;
    for (size_t d = 0; d < run->n_dimensions && whole; d++)
        whole = !v->group.label[d];
    return whole;
}

static void add_cell(est_i_trafficking *run, long column, size_t row, const char *none)
{
    char buffer[32];
    const char *text = column >= 0 ? est_table_text(run->population.table, (size_t)column, row, buffer) : NULL;
    est_i_result_cell_text(run->builder, text && *text ? text : none);
}

/* Every population that a rate stands on. */
static void add_denominators(est_i_trafficking *run)
{
    static const char *const columns[] = {"period", "sex", "age", "people", "reference_date", "geography", "source"};
    static const est_column_role roles[7] = {EST_ROLE_PLAIN};
    const est_i_population *p = &run->population;
    est_i_text title = {0};
    est_i_text_printf(&title, "Populations behind the rates: %s", p->name);
    est_i_result_frame(run->builder, "denominators", title.failed ? "" : title.data, 7, columns, roles, SIZE_MAX);
    for (size_t row = 0; row < est_table_rows(p->table); row++) {
        if (!p->used[row])
            continue;
        add_cell(run, p->period, row, "any");
        add_cell(run, p->sex, row, "both");
        add_cell(run, p->age, row, "all");
        est_i_result_cell(run->builder, est_i_population_people(p, row));
        add_cell(run, p->reference_date, row, "not told");
        add_cell(run, p->geography, row, "not told");
        add_cell(run, p->source, row, "not told");
    }
    est_i_text_free(&title);
}

/* ---- chart ---- */

typedef struct rates_chart {
    size_t n_categories, n_series, first_of[SERIES_MAX]; /* the group that a series is named after */
    const char **categories;
    size_t *category_of; /* of each period; SIZE_MAX = none */
    char *names[SERIES_MAX];
    est_series series[SERIES_MAX];
    double *cells;
    size_t *about;
    bool more; /* groups that have no place */
} rates_chart;

static bool same_series(const est_i_trafficking *run, const est_i_victims *a, const est_i_victims *b)
{
    bool same = strcmp(a->model, b->model) == 0;
    for (size_t d = 0; d < run->n_dimensions && same; d++) {
        const char *left = a->group.label[d], *right = b->group.label[d];
        same = left && right ? strcmp(left, right) == 0 : left == right;
    }
    return same;
}

static size_t series_place(const est_i_trafficking *run, const rates_chart *c, const est_i_victims *v)
{
    size_t s = 0;
    while (s < c->n_series && !same_series(run, &run->victims[c->first_of[s]], v))
        s++;
    return s;
}

/* "female, child", "M1-2", "all". */
static char *name_series(const est_i_trafficking *run, const est_i_victims *v)
{
    est_i_text name = {0};
    for (size_t d = 0; d < run->n_dimensions; d++)
        if (v->group.label[d])
            est_i_text_printf(&name, "%s%s", name.length ? ", " : "", v->group.label[d]);
    if (*v->model)
        est_i_text_printf(&name, "%s%s", name.length ? ": " : "", v->model);
    if (!name.length)
        est_i_text_append(&name, run->is_estimated ? "detected and undetected" : "all detected");
    return est_i_text_take(&name);
}

static bool has_rate(const est_i_trafficking *run, size_t period)
{
    bool has = false;
    for (size_t i = 0; i < run->n_victims && !has; i++)
        has = run->victims[i].period == period && run->victims[i].population_row != SIZE_MAX;
    return has;
}

/* "2019"; 0 for any other label. */
static int calendar_year(const char *label)
{
    return strlen(label) == 4 && strspn(label, "0123456789") == 4 ? atoi(label) : 0;
}

#define MOST_MISSING 20 /* years between two of the data that have a place along the axis */

/* Years without data stand empty between the others, so that no line runs over them. */
static bool add_missing_years(est_i_trafficking *run, rates_chart *c, const char *label)
{
    int last = c->n_categories ? calendar_year(c->categories[c->n_categories - 1]) : 0, next = calendar_year(label);
    for (int year = last + 1; last && year < next && next - last <= MOST_MISSING; year++) {
        char text[16];
        snprintf(text, sizeof text, "%04d", year);
        const char *kept = est_i_trafficking_keep(run, text);
        if (!kept)
            return false;
        c->categories[c->n_categories++] = kept;
    }
    return true;
}

static bool lay_out_periods(est_i_trafficking *run, rates_chart *c)
{
    size_t n = run->n_periods;
    c->categories = calloc(n * (MOST_MISSING + 1) + 1, sizeof *c->categories);
    c->category_of = calloc(n + 1, sizeof *c->category_of);
    bool good = c->categories && c->category_of;
    for (size_t p = 0; p < n && good; p++) {
        const char *label = *run->periods[p] ? run->periods[p] : *run->options->year ? run->options->year : "one year";
        c->category_of[p] = SIZE_MAX;
        if (!has_rate(run, p))
            continue;
        good = add_missing_years(run, c, label);
        c->category_of[p] = c->n_categories;
        c->categories[c->n_categories++] = label;
    }
    return good;
}

static bool lay_out(est_i_trafficking *run, rates_chart *c)
{
    bool good = lay_out_periods(run, c);
    for (size_t i = 0; i < run->n_victims && good; i++) {
        const est_i_victims *v = &run->victims[i];
        if (v->population_row == SIZE_MAX || series_place(run, c, v) < c->n_series)
            continue;
        c->more = c->more || c->n_series == SERIES_MAX;
        if (c->n_series == SERIES_MAX)
            continue;
        c->first_of[c->n_series] = i;
        good = (c->names[c->n_series++] = name_series(run, v)) != NULL;
    }
    return good;
}

static bool fill(const est_i_trafficking *run, rates_chart *c, const size_t *rate_rows)
{
    size_t n = c->n_categories, points = c->n_series * n;
    c->cells = calloc(3 * points + 1, sizeof *c->cells);
    c->about = calloc(points + 1, sizeof *c->about);
    if (!c->cells || !c->about)
        return false;
    for (size_t i = 0; i < 3 * points; i++)
        c->cells[i] = NAN;
    for (size_t i = 0; i < points; i++)
        c->about[i] = SIZE_MAX;
    for (size_t s = 0; s < c->n_series; s++) {
        double *at = c->cells + 3 * s * n;
        bool line = !run->is_estimated && is_whole(run, &run->victims[c->first_of[s]]);
        c->series[s] = (est_series){c->names[s], line ? EST_SERIES_LINE : EST_SERIES_BAND, EST_ROLE_PLAIN, at, at + n, at + 2 * n};
    }
    for (size_t i = 0; i < run->n_victims; i++) {
        const est_i_victims *v = &run->victims[i];
        size_t s = series_place(run, c, v);
        if (v->population_row == SIZE_MAX || s == c->n_series)
            continue;
        double *at = c->cells + 3 * s * n + c->category_of[v->period];
        at[0] = rate_of(run, v, v->estimate);
        at[n] = rate_of(run, v, v->lower);
        at[2 * n] = rate_of(run, v, v->upper);
        c->about[s * n + c->category_of[v->period]] = rate_rows[i];
    }
    return true;
}

static void add_chart(est_i_trafficking *run, const size_t *rate_rows)
{
    rates_chart c = {0};
    est_i_text words = {0};
    bool good = lay_out(run, &c) && fill(run, &c, rate_rows);
    est_i_text_printf(&words,
                      "%s victims per 100,000 people of the same group, by year%s. The values stand in the table beside the chart.",
                      run->is_estimated ? "Estimated" : "Detected", run->is_estimated ? ", with their intervals" : "");
    est_chart chart = {.name = run->is_estimated ? "victims_estimated_rate" : "victims_detected_rate",
                       .title = run->is_estimated ? "Victims, detected and undetected, per 100,000 people"
                                                  : "Detected victims per 100,000 people",
                       .x_title = "Year",
                       .y_title = "Per 100,000 people",
                       .alternative = words.failed ? "" : words.data,
                       .n_categories = c.n_categories,
                       .categories = c.categories,
                       .n_series = c.n_series,
                       .series = c.series,
                       .about = c.about,
                       .reference = NAN};
    chart.subtitle = est_table_is_synthetic(run->data) ? "SYNTHETIC data: no real persons"
                     : c.more                          ? "Not every group has a place here; the table has all of them"
                     : run->is_estimated               ? "The population is taken as exact"
                                                       : "A change may be one of recording as much as of trafficking";
    if (good && !words.failed)
        est_i_result_add_chart(run->builder, &chart);
    else
        est_i_result_no_memory(run->builder);
    for (size_t s = 0; s < c.n_series; s++)
        free(c.names[s]);
    free(c.cells);
    free(c.about);
    free(c.categories);
    free(c.category_of);
    est_i_text_free(&words);
}

/* ---- box ---- */

static void add_series_fact(est_i_trafficking *run)
{
    est_i_text text = {0};
    bool forms = false;
    for (size_t d = 0; d < run->n_dimensions; d++)
        forms = forms || run->dimensions[d].kind == EST_I_DIMENSION_FORM;
    est_i_text_append(&text, "VC_HTF_DETV (number) and VC_HTF_DETVR (rate)");
    for (size_t i = 0; i < EST_I_FORMS && forms; i++)
        if (*est_i_forms[i].series)
            est_i_text_printf(&text, "; %s %s, %sR", est_i_forms[i].label, est_i_forms[i].series, est_i_forms[i].series);
    est_i_text_append(
        &text, ". The UN computes its rates with its own World Population Prospects: over another population the rate is not "
               "the figure that it publishes");
    est_i_result_add_fact(run->builder, "definition", "UN series", text.failed ? "" : text.data);
    if (text.failed)
        est_i_result_no_memory(run->builder);
    est_i_text_free(&text);
}

static void add_facts(est_i_trafficking *run)
{
    est_i_result_builder *b = run->builder;
    est_i_result_add_fact(b, "definition", "Indicator",
                          "SDG 16.2.2: victims of trafficking in persons per 100,000 people, by sex, age and form of exploitation");
    est_i_result_add_fact(b, "definition", "Who is counted",
                          run->is_estimated ? NATIONAL_ESTIMATE
                              ": everybody whom the lists could have held, as a model sees it. No UN series"
                                            : "Victims detected in the year, as the data record them");
    if (!run->is_estimated)
        add_series_fact(run);
    est_i_result_add_fact(b, "definition", "Population", run->population.name);
    est_i_result_add_fact(b, "definition", "Population of a group",
                          "Of the same year, sex and age, whatever the form of exploitation; never that of everybody");
    est_i_result_add_fact(b, "definition", "Window", "One year");
    est_i_result_add_fact(b, "definition", "Child", "Below 18 years; adult: 18 and over");
    if (run->is_estimated)
        est_i_result_add_fact(b, "definition", "Interval",
                              "That of the estimate, divided by the population, which is taken as exact");
    est_i_result_add_fact(b, "definition", "Source",
                          "United Nations, SDG indicator metadata, 16.2.2 (2023-03-31), sections 4.b and 4.c");
}

/* ---- notes ---- */

static void note(est_i_trafficking *run, est_severity severity, const char *code, const char *message)
{
    est_i_result_note(run->builder, run->context, severity, code, "%s", message);
}

static size_t count_without_population(const est_i_trafficking *run)
{
    size_t without = 0;
    for (size_t i = 0; i < run->n_victims; i++)
        without += run->victims[i].population_row == SIZE_MAX;
    return without;
}

static bool has_models(const est_i_trafficking *run)
{
    bool several = false;
    for (size_t i = 1; i < run->n_victims && !several; i++)
        several = strcmp(run->victims[i].model, run->victims[0].model) != 0;
    return several;
}

static void note_estimated(est_i_trafficking *run)
{
    note(run, EST_NOTE, "national_estimate",
         "detected and undetected victims together are a national estimate; the UN indicator counts, "
         "for now, detected victims alone, so that no UN series is named here");
    note(run, EST_NOTE, "exact_population", "the population is taken as exact: the interval holds the doubt of the estimate alone");
    if (has_models(run))
        note(run, EST_NOTE, "no_direction",
             "the models stand side by side, and no direction of change is claimed: the lists cannot tell which of them holds");
    if (run->rounded || run->withheld)
        note(run, EST_NOTE, "rounded_input",
             "the estimates had been rounded, or some of them withheld, for publication before they were "
             "divided: the rates are no more exact than that");
    if (run->sums_of_windows)
        note(run, EST_WARNING, "window", "estimates of several windows together are left out: windows are never added up");
    if (run->other_estimands)
        note(run, EST_NOTE, "other_estimates", "the result holds other estimates of the population too, which have no rate here");
    if (run->is_internal)
        note(run, EST_WARNING, "internal_input", "the result that was read is for internal use: so is this one");
}

static void note_detected(est_i_trafficking *run)
{
    note(run, EST_NOTE, "recording",
         "more or fewer detected victims may mean that detection and recording changed, not that more or fewer "
         "people were trafficked (UN metadata of 16.2.2, 4.b); large swings from one year to the next are recording as much as "
         "prevalence");
    if (run->not_stated)
        note(run, EST_NOTE, "not_stated",
             "victims of whom sex, age or form is not stated are counted in the total and in groups 'not stated'; "
             "without a sex and an age there is no population and no rate");
}

static void add_notes(est_i_trafficking *run)
{
    if (run->is_estimated)
        note_estimated(run);
    else
        note_detected(run);
    if (run->left_out)
        note(run, EST_WARNING, "window",
             run->left_out_window == EST_I_WINDOW_UNKNOWN ? "periods whose length is not told are left out: only windows of one "
                                                            "year have a rate of SDG 16.2.2 (--window-years)"
                                                          : "periods that are not one year long are left out: only windows of one "
                                                            "year have a rate of SDG 16.2.2, and windows are neither "
                                                            "divided nor added up");
    if (count_without_population(run))
        note(run, EST_WARNING, "no_population",
             "some groups have a number and no rate: this denominator has no population of their year, sex "
             "and age, and that of everybody is never put in its place");
    note(run, EST_NOTE, "denominator",
         "rates over another denominator, or of another year's population, are not comparable with these");
}

/* ---- provenance ---- */

static est_status add_digest(est_i_trafficking *run, const est_table *table, const char *name, bool is_private)
{
    est_source *source = NULL;
    char hex[65];
    est_status status = est_source_of_table(table, &source, run->error);
    if (status == EST_OK)
        status = est_i_source_digest(source, &run->monitor, hex, run->error);
    if (status == EST_OK)
        est_i_result_add_provenance(run->builder, name, hex, is_private);
    est_source_free(source);
    return status;
}

static est_status add_provenance(est_i_trafficking *run)
{
    est_i_result_builder *b = run->builder;
    const est_table *population = run->options->population;
    est_i_text rows = {0};
    bool is_public = est_table_is_public(run->data) != 0;
    est_i_result_add_provenance(b, "version", est_version(), false);
    est_i_result_add_provenance(b, "reference", est_i_method_trafficking.reference, false);
    est_i_result_add_options(b, &est_i_method_trafficking, run->options);
    if (run->is_estimated)
        est_i_result_add_provenance(b, "estimate-by", run->input_method, false);
    est_i_text_printf(&rows, "%zu", est_table_rows(run->data));
    est_i_result_add_provenance(b, "rows", rows.failed ? "" : rows.data, true);
    est_i_text_free(&rows);
    est_status status = add_digest(run, run->data, "data-sha256", !is_public);
    if (status == EST_OK)
        status = add_digest(run, population, "population-sha256", false);
    est_i_result_add_provenance(b, "data", est_table_name(run->data), true);
    est_i_result_mark(b, is_public && !run->is_internal,
                      est_table_is_synthetic(run->data) != 0 || est_table_is_synthetic(population) != 0, run->is_internal);
    return status;
}

est_status est_i_trafficking_write(est_i_trafficking *run, est_result **result)
{
    size_t *rate_rows = calloc(run->n_victims + 1, sizeof *rate_rows);
    if (!rate_rows)
        return est_i_no_memory(run->error);
    run->builder = est_i_result_begin("trafficking", est_i_method_trafficking.title);
    add_rows(run, rate_rows);
    add_denominators(run);
    add_chart(run, rate_rows);
    add_facts(run);
    add_notes(run);
    /* What was for internal use may stand on small counts that are not in sight here. */
    if (run->is_internal)
        est_i_result_smallest_count(run->builder, 0);
    else if (!run->is_estimated)
        est_i_result_smallest_count(run->builder, run->smallest);
    est_status status = add_provenance(run);
    if (status == EST_OK)
        status = est_i_result_finish(run->builder, result, run->error);
    else
        est_i_result_abandon(run->builder);
    free(rate_rows);
    return status;
}
