/* Small areas: the direct estimates of a headline indicator and the area model's beside them. The survey engine estimates by area, the method
 * `small-area` does the rest (survey/small_area.h); its rows and tables come into the result under the indicator's name. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <est/small_area.h>

#include "core/error.h"
#include "indicators/indicator.h"

typedef struct areas {
    est_i_indicator_run *run;
    const est_i_item *item;
    est_result *direct; /* by area */
    est_table *table;   /* for the method */
    est_i_text covariates;
} areas;

/* The row of the engine for an area; NULL = nobody was asked there. */
static const est_row *find_area(const areas *a, const char *area)
{
    const est_row *found = NULL;
    for (size_t i = 0; i < est_result_rows(a->direct) && !found; i++) {
        const est_row *row = est_result_row(a->direct, i);
        if (row->n_domain == 1 && strcmp(row->domain[0].value, area) == 0)
            found = row;
    }
    return found;
}

static est_status estimate_direct(areas *a, est_error *error)
{
    est_i_indicator_run *run = a->run;
    est_survey_options survey = est_i_indicator_survey_options(run);
    bool ratio = a->item->kind == EST_I_ITEM_RATIO;
    char *list = NULL;
    est_i_text entry = {0};
    est_i_text_printf(&entry, "%s%s%s", a->item->column, ratio ? "/" : "", ratio ? a->item->denominator : "");
    list = est_i_text_take(&entry);
    survey.by = run->options->small_area;
    survey.level = run->options->level;
    if (ratio)
        survey.ratio = list;
    else
        survey.share = list;
    est_status status = list ? est_survey(run->view, &survey, run->context, &a->direct, error) : est_i_no_memory(error);
    free(list);
    return status;
}

/* The names of the areas: those of --covariates, in its order, else those of the data. The caller frees the array, not the texts. */
static const char **list_areas(const areas *a, size_t *n)
{
    const est_table *covariates = a->run->options->covariates;
    size_t room = covariates ? est_table_rows(covariates) : est_result_rows(a->direct);
    const char **names = calloc(room + 1, sizeof *names);
    *n = 0;
    for (size_t i = 0; names && i < room; i++) {
        char buffer[32];
        const est_row *row = covariates ? NULL : est_result_row(a->direct, i);
        if (covariates)
            names[(*n)++] = est_table_column_kind(covariates, 0) == EST_COLUMN_TEXT ? est_table_text(covariates, 0, i, buffer) : NULL;
        else if (row->n_domain == 1)
            names[(*n)++] = row->domain[0].value;
    }
    return names;
}

static est_status check_areas(const areas *a, size_t n, const char *const *names, est_error *error)
{
    const est_table *covariates = a->run->options->covariates;
    for (size_t i = 0; i < n; i++)
        if (!names[i])
            return est_i_fail_at(error, EST_EVALUE, (est_i_place){est_table_name(covariates), (long long)i + 1, 0,
                                                                  est_table_column_name(covariates, 0)},
                                 "expected the name of an area, as text, as the rows of --by %s show it", a->run->options->small_area);
    for (size_t i = 0; i < est_result_rows(a->direct) && covariates; i++) {
        const est_row *row = est_result_row(a->direct, i);
        bool known = row->n_domain == 0;
        for (size_t j = 0; j < n && !known; j++)
            known = strcmp(names[j], row->domain[0].value) == 0;
        if (!known)
            return est_i_fail_at(error, EST_EDEFINITION, (est_i_place){est_table_name(covariates), 0, 0, est_table_column_name(covariates, 0)},
                                 "there is no line for the area '%s', which the data have", row->domain[0].value);
    }
    return EST_OK;
}

static est_status add_direct(areas *a, size_t n, const char *const *names, est_error *error)
{
    double *estimate = malloc((4 * n + 1) * sizeof *estimate), *se = estimate + n, *cases = se + n, *share = cases + n;
    const est_row *whole = est_result_find(a->direct, a->item->estimate, NULL, NULL);
    est_status status = estimate ? EST_OK : est_i_no_memory(error);
    for (size_t i = 0; i < n && status == EST_OK; i++) {
        const est_row *row = find_area(a, names[i]);
        bool has = row && !isnan(row->estimate);
        estimate[i] = has ? row->estimate : NAN;
        se[i] = has ? row->se : NAN;
        cases[i] = row ? row->n : 0;
        share[i] = row && whole ? row->n_weighted / whole->n_weighted : 0;
    }
    if (status == EST_OK)
        status = est_table_add_numbers(a->table, "estimate", estimate, error);
    if (status == EST_OK)
        status = est_table_add_numbers(a->table, "se", se, error);
    if (status == EST_OK)
        status = est_table_add_numbers(a->table, "n", cases, error);
    if (status == EST_OK)
        status = est_table_add_numbers(a->table, "share", share, error);
    free(estimate);
    return status;
}

static est_status add_covariate(areas *a, const est_table *from, size_t column, est_error *error)
{
    size_t n = est_table_rows(from);
    const char *name = est_table_column_name(from, column);
    double *numbers = malloc((n + 1) * sizeof *numbers);
    est_status status = numbers ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK && est_table_column_kind(from, column) == EST_COLUMN_TEXT)
        status = est_i_fail_at(error, EST_ECOLUMN, (est_i_place){est_table_name(from), 0, 0, name}, "expected a column of numbers; leave texts out");
    for (size_t i = 0; i < n && status == EST_OK; i++)
        numbers[i] = est_table_number(from, column, i);
    if (status == EST_OK)
        status = est_table_add_numbers(a->table, name, numbers, error);
    est_i_text_printf(&a->covariates, "%s%s", a->covariates.length ? "," : "", name);
    free(numbers);
    return status;
}

static est_status make_table(areas *a, est_error *error)
{
    const est_table *covariates = a->run->options->covariates;
    size_t n = 0;
    const char **names = list_areas(a, &n);
    est_status status = names ? check_areas(a, n, names, error) : est_i_no_memory(error);
    if (status == EST_OK)
        status = est_table_new("the direct estimates", n, &a->table, error);
    if (status == EST_OK)
        status = est_table_add_text(a->table, "area", names, error);
    if (status == EST_OK)
        status = add_direct(a, n, names, error);
    for (size_t c = 1; covariates && c < est_table_columns(covariates) && status == EST_OK; c++)
        status = add_covariate(a, covariates, c, error);
    if (status == EST_OK && a->covariates.failed)
        status = est_i_no_memory(error);
    if (status == EST_OK)
        est_table_set_public(a->table, est_source_is_public(a->run->source));
    free(names);
    return status;
}

/* The method's rows and tables, under the indicator's name. */

static void copy_row(const areas *a, const est_row *from)
{
    est_i_row_texts texts = {0};
    est_i_text name = {0};
    est_label label = {a->run->options->small_area, from->n_domain ? from->domain[0].value : ""};
    est_label labels[2];
    const est_row *direct = strcmp(from->estimand, "direct") == 0 && from->n_domain && !isnan(from->estimate) ? find_area(a, label.value) : NULL;
    est_row with = direct ? *direct : *from; /* the survey's own error, not the pooled one */
    with.domain = &label;
    with.n_domain = from->n_domain ? 1 : 0;
    est_i_text_printf(&name, "%s_%s", a->item->section->name, from->estimand);
    est_row row = est_i_indicator_row(a->run, a->item, &with, false, labels, &texts);
    row.estimand = name.failed ? "" : name.data;
    row.model = ""; /* which areas were in the fit stands in the table */
    row.domain = &label;
    row.n_domain = with.n_domain;
    if (name.failed)
        est_i_result_no_memory(a->run->builder);
    est_i_result_add_row(a->run->builder, &row);
    est_i_text_free(&name);
    est_i_row_texts_free(&texts, a->run->builder);
}

static void copy_frame(const areas *a, const est_frame *from, size_t first_row)
{
    est_i_text name = {0}, title = {0};
    est_i_text_printf(&name, "%s_%s", a->item->section->name, from->name);
    est_i_text_printf(&title, "Small areas, %s: %s", est_i_ini_value(a->item->section, "title"), from->title);
    if (name.failed || title.failed) {
        est_i_result_no_memory(a->run->builder);
    } else {
        est_i_result_frame(a->run->builder, name.data, title.data, from->n_columns, from->columns, from->roles, from->print_rows);
        if (from->decimals)
            est_i_result_frame_decimals(a->run->builder, from->decimals);
        est_i_result_frame_fewest(a->run->builder, from->fewest);
        for (size_t i = 0; i < from->n_rows * from->n_columns; i++) {
            const est_cell *cell = &from->cells[i];
            size_t line = i / from->n_columns;
            if (i % from->n_columns == 0 && from->about && from->about[line] != SIZE_MAX)
                est_i_result_frame_about(a->run->builder, first_row + from->about[line]);
            if (cell->text)
                est_i_result_cell_text(a->run->builder, cell->text);
            else
                est_i_result_cell(a->run->builder, cell->number);
        }
    }
    est_i_text_free(&name);
    est_i_text_free(&title);
}

static void copy_chart(const areas *a, const est_chart *from, size_t first_row)
{
    est_i_text name = {0}, title = {0};
    size_t points = from->n_series * from->n_categories, *about = from->about ? malloc((points + 1) * sizeof *about) : NULL;
    est_chart chart = *from;
    est_i_text_printf(&name, "%s_%s", a->item->section->name, from->name);
    est_i_text_printf(&title, "%s: %s", est_i_ini_value(a->item->section, "title"), from->title);
    for (size_t i = 0; i < points && about; i++)
        about[i] = from->about[i] == SIZE_MAX ? SIZE_MAX : from->about[i] + first_row;
    chart.name = name.data;
    chart.title = title.data;
    chart.about = about;
    if (name.failed || title.failed || (from->about && !about))
        est_i_result_no_memory(a->run->builder);
    else
        est_i_result_add_chart(a->run->builder, &chart);
    free(about);
    est_i_text_free(&name);
    est_i_text_free(&title);
}

static void copy_result(const areas *a, const est_result *model)
{
    size_t first = est_i_result_row_count(a->run->builder);
    for (size_t i = 0; i < est_result_rows(model); i++)
        copy_row(a, est_result_row(model, i));
    for (size_t i = 0; i < est_result_frames(model); i++)
        copy_frame(a, est_result_frame(model, i), first);
    for (size_t i = 0; i < est_result_charts(model); i++)
        copy_chart(a, est_result_chart(model, i), first);
    for (size_t i = 0; i < est_result_notes(model); i++) {
        const est_note *note = est_result_note(model, i);
        const char *shown = note->public_message ? note->public_message : note->message;
        est_i_result_note_public(a->run->builder, a->run->context, note->severity, note->code, shown, "%s: %s",
                                 est_i_ini_value(a->item->section, "title"), note->message);
    }
}

static est_status add_model(areas *a, est_error *error)
{
    est_small_area_options options = est_small_area_options_default();
    est_result *model = NULL;
    est_i_text national = {0};
    est_status status = estimate_direct(a, error);
    if (status == EST_OK)
        status = make_table(a, error);
    options.area = "area";
    options.estimate = "estimate";
    options.se = "se";
    options.n = "n";
    options.share = "share";
    options.covariates = a->covariates.data ? a->covariates.data : "";
    options.fit = a->run->options->small_area_fit;
    options.sampling_variance = a->run->options->small_area_variance == 0; /* pooled: of few PSUs none is known well */
    options.zero_variance = options.sampling_variance; /* nobody among those asked: leaving such areas out would keep the high ones alone */
    options.zero_model_variance = 1;
    options.unit = "proportion";
    options.level = a->run->options->level;
    if (status == EST_OK) { /* areas without a direct estimate have no share of it */
        est_i_text_number(&national, est_result_find(a->direct, a->item->estimate, NULL, NULL)->estimate);
        options.national = national.failed ? "" : national.data;
    }
    if (status == EST_OK)
        status = est_small_area(a->table, &options, a->run->context, &model, error);
    if (status == EST_OK)
        copy_result(a, model);
    est_result_free(model);
    est_i_text_free(&national);
    return status;
}

est_status est_i_indicator_areas(est_i_indicator_run *run, est_error *error)
{
    est_status status = EST_OK;
    const est_i_ini_section *last = NULL;
    for (size_t i = 0; i < run->n_items && status == EST_OK; i++) {
        const est_i_item *item = &run->items[i];
        bool headline = strcmp(est_i_ini_value(item->section, "headline"), "yes") == 0 && item->use == EST_I_USE_INDICATOR;
        areas a = {.run = run, .item = item};
        if (headline && item->section != last && (item->kind == EST_I_ITEM_PROPORTION || item->kind == EST_I_ITEM_RATIO))
            status = add_model(&a, error);
        last = headline ? item->section : last;
        est_result_free(a.direct);
        est_table_free(a.table);
        est_i_text_free(&a.covariates);
    }
    return status;
}
