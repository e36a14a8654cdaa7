/* Standard tables: the rows of a table are estimates by one list of roles after the other, each the whole and its domains. They carry the
 * name of their table; writers lay them out.
 *
 * A table needs columns of its own, since it has a condition of its own: they are planned with the rest of the view (table_plan), and
 * estimated when the main rows are there, one pass a list. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/scan.h"
#include "indicators/indicator.h"

enum { SHARES = 0, RATIOS, MEANS, TOTALS, LEVELS, MEDIANS, LISTS };

/* What a column of the view is in the table. */
typedef struct table_column {
    char *estimate;  /* the engine's name of it, or of all its levels up to the "=" */
    char *estimand;  /* the row's */
    char *title;
    const char *unit;
    const est_i_ini_section *condition; /* whose `where` its cases meet */
    size_t band;
    bool is_level;   /* `estimate` is a beginning: "proportion(industry=" */
} table_column;

struct est_i_indicator_table {
    const est_i_ini_section *section;
    char **where;  /* of each age group used: the condition for levels; NULL where there are none */
    size_t n_columns;
    table_column *columns;
    est_i_text lists[LISTS]; /* for the engine */
    size_t n_bands;
};

/* Planning */

static bool wants_bands(const est_i_ini_section *section)
{
    return strcmp(est_i_ini_value(section, "bands"), "yes") == 0;
}

static char *format_name(const char *function, const char *column, const char *end)
{
    est_i_text text = {0};
    est_i_text_printf(&text, "%s(%s%s", function, column, end);
    return est_i_text_take(&text);
}

static est_status add_column(est_i_indicator_table *table, const table_column *column, int list, const char *entry, est_error *error)
{
    table_column *grown = realloc(table->columns, (table->n_columns + 1) * sizeof *grown);
    if (grown)
        table->columns = grown;
    if (!grown || !column->estimate || !column->estimand || !column->title) {
        free(column->estimate);
        free(column->estimand);
        free(column->title);
        return est_i_no_memory(error);
    }
    grown[table->n_columns++] = *column;
    if (entry)
        est_i_text_printf(&table->lists[list], "%s%s", table->lists[list].length ? "," : "", entry);
    return table->lists[list].failed ? est_i_no_memory(error) : EST_OK;
}

static char *join_words(const char *a, const char *b)
{
    est_i_text text = {0};
    est_i_text_printf(&text, "%s%s", a, b);
    return est_i_text_take(&text);
}

static const est_i_ini_section *condition_of(const est_i_indicator_table *table, const est_i_ini_section *indicator)
{
    return *est_i_ini_value(indicator, "where") ? indicator : table->section;
}

/* An indicator of the definition under the table's condition; its number of people beside it where there is one. */
static est_status plan_share(est_i_indicator_run *run, est_i_indicator_table *table, const est_i_ini_section *indicator, size_t band,
                             const char *extra, est_error *error)
{
    bool ratio = *est_i_ini_value(indicator, "denominator") != '\0', mean = strcmp(est_i_ini_value(indicator, "kind"), "mean") == 0;
    bool number = run->options->numbers != 2 && !mean && est_i_indicator_has_numbers(run, band) &&
                  strcmp(est_i_ini_value(indicator, "number"), "no") != 0;
    char *column = NULL, *below = NULL, *entry = NULL, *title = est_i_definition_line(indicator, "title");
    est_status status = title ? est_i_indicator_column(run, indicator, "value", run->bands[band].where, extra, &column, error)
                              : est_i_no_memory(error);
    if (status == EST_OK && ratio)
        status = est_i_indicator_column(run, indicator, "denominator", run->bands[band].where, extra, &below, error);
    if (status == EST_OK) {
        est_i_text text = {0};
        est_i_text_printf(&text, "%s%s%s", column, ratio ? "/" : "", ratio ? below : "");
        entry = est_i_text_take(&text);
        table_column made = {.estimate = entry ? format_name(ratio ? "ratio" : mean ? "mean" : "share", entry, ")") : NULL,
                             .estimand = est_i_string_copy(indicator->name), .title = est_i_string_copy(title),
                             .unit = mean ? est_i_ini_value(indicator, "unit") : "proportion",
                             .condition = condition_of(table, indicator), .band = band};
        status = add_column(table, &made, ratio ? RATIOS : mean ? MEANS : SHARES, entry, error);
    }
    if (status == EST_OK && number) {
        table_column made = {.estimate = format_name("total", column, ")"), .estimand = join_words(indicator->name, "_number"),
                             .title = join_words(title, ", number of people"), .unit = "people",
                             .condition = condition_of(table, indicator), .band = band};
        status = add_column(table, &made, TOTALS, column, error);
    }
    free(column);
    free(below);
    free(entry);
    free(title);
    return status;
}

static est_status plan_shares(est_i_indicator_run *run, est_i_indicator_table *table, size_t band, const char *extra, est_error *error)
{
    est_status status = EST_OK;
    char *word = NULL;
    for (const char *at = est_i_ini_value(table->section, "indicators"); status == EST_OK && est_i_definition_word(&at, ",", &word);) {
        const est_i_ini_section *indicator = word ? est_i_ini_find(&run->definition.rules, "indicator", word) : NULL;
        bool available = false;
        if (!word)
            status = est_i_no_memory(error);
        else if (!indicator)
            status = est_i_fail(error, EST_EDEFINITION, "definition %s, [table %s]: there is no [indicator %s]", run->definition.about->id,
                                table->section->name, word);
        else
            status = est_i_indicator_available(run, indicator, &available, error);
        if (status == EST_OK && available && est_i_indicator_fits_ages(run, indicator, &run->bands[band]))
            status = plan_share(run, table, indicator, band, extra, error);
        free(word);
    }
    return status;
}

/* Mean and median of a variable. */
static est_status plan_mean(est_i_indicator_run *run, est_i_indicator_table *table, const char *variable, size_t band, const char *extra,
                            est_error *error)
{
    est_i_ini_key key = {"value", (char *)variable, 0}; /* read only */
    est_i_ini_section section = {.kind = "table", .name = table->section->name, .n_keys = 1, .keys = &key};
    char *column = NULL, *entry = NULL;
    est_status status = est_i_indicator_column(run, &section, "value", run->bands[band].where, extra, &column, error);
    if (status == EST_OK) {
        table_column mean = {.estimate = format_name("mean", column, ")"), .estimand = format_name("mean", variable, ")"),
                             .title = join_words("Mean of ", variable), .unit = "hours",
                             .condition = table->section, .band = band};
        status = add_column(table, &mean, MEANS, column, error);
    }
    if (status == EST_OK) {
        entry = join_words(column, "@0.5");
        table_column median = {.estimate = format_name("quantile", column, ",0.5)"), .estimand = format_name("median", variable, ")"),
                               .title = join_words("Median of ", variable), .unit = "hours",
                             .condition = table->section, .band = band};
        status = add_column(table, &median, MEDIANS, entry, error);
    }
    free(column);
    free(entry);
    return status;
}

static est_status plan_means(est_i_indicator_run *run, est_i_indicator_table *table, size_t band, const char *extra, est_error *error)
{
    est_status status = EST_OK;
    char *word = NULL;
    for (const char *at = est_i_ini_value(table->section, "means"); status == EST_OK && est_i_definition_word(&at, ",", &word);) {
        status = word ? plan_mean(run, table, word, band, extra, error) : est_i_no_memory(error);
        free(word);
    }
    return status;
}

/* All levels of a role among those who meet the condition: the engine finds them, the condition is its `where`. */
static est_status plan_levels(est_i_indicator_run *run, est_i_indicator_table *table, size_t band, const char *extra, est_error *error)
{
    const char *role = est_i_ini_value(table->section, "levels");
    est_i_ini_key key = {"value", "1", 0};
    est_i_ini_section section = {.kind = "table", .name = table->section->name, .n_keys = 1, .keys = &key};
    char *column = NULL;
    est_status status = est_i_indicator_column(run, &section, "value", run->bands[band].where, extra, &column, error);
    if (status == EST_OK) {
        est_i_text where = {0};
        est_i_text_printf(&where, "%s == 1", column);
        table->where[band] = est_i_text_take(&where);
        table_column made = {.estimate = format_name("proportion", role, "="), .estimand = est_i_string_copy(role),
                             .title = est_i_string_copy(role), .unit = "proportion", .condition = table->section,
                             .band = band, .is_level = true};
        status = table->where[band] ? add_column(table, &made, LEVELS, band == 0 ? role : NULL, error) : est_i_no_memory(error);
    }
    free(column);
    return status;
}

static est_status plan_band(est_i_indicator_run *run, est_i_indicator_table *table, size_t band, est_error *error)
{
    char *where = est_i_definition_line(table->section, "where");
    const char *extra = where && *where ? where : NULL;
    est_status status = where ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK && *est_i_ini_value(table->section, "indicators"))
        status = plan_shares(run, table, band, extra, error);
    if (status == EST_OK && *est_i_ini_value(table->section, "means"))
        status = plan_means(run, table, band, extra, error);
    if (status == EST_OK && *est_i_ini_value(table->section, "levels"))
        status = plan_levels(run, table, band, extra, error);
    free(where);
    return status;
}

static est_status add_table(est_i_indicator_run *run, const est_i_ini_section *section, est_error *error)
{
    est_i_indicator_table *grown = realloc(run->tables, (run->n_tables + 1) * sizeof *grown);
    if (!grown)
        return est_i_no_memory(error);
    run->tables = grown;
    est_i_indicator_table *table = &grown[run->n_tables++];
    *table = (est_i_indicator_table){.section = section, .n_bands = wants_bands(section) ? run->n_bands : 1};
    table->where = calloc(run->n_bands + 1, sizeof *table->where);
    est_status status = table->where ? EST_OK : est_i_no_memory(error);
    for (size_t b = 0; b < table->n_bands && status == EST_OK; b++)
        status = plan_band(run, table, b, error);
    return status;
}

/* "T2" asks for T2 and its parts, T2-classes. */
static bool is_asked(const char *list, const char *name)
{
    bool asked = strcmp(list, "all") == 0;
    char *word = NULL;
    for (const char *at = list; !asked && est_i_definition_word(&at, ",", &word);) {
        size_t length = word ? strlen(word) : 0;
        asked = word && strncmp(word, name, length) == 0 && (name[length] == '\0' || name[length] == '-');
        free(word);
    }
    return asked;
}

static est_status check_names(const est_i_indicator_run *run, est_error *error)
{
    est_status status = EST_OK;
    char *word = NULL;
    for (const char *at = run->options->tables; status == EST_OK && est_i_definition_word(&at, ",", &word);) {
        size_t index = 0;
        bool known = word && strcmp(word, "all") == 0;
        const est_i_ini_section *section;
        while (word && !known && (section = est_i_ini_next(&run->definition.rules, "table", &index)) != NULL)
            known = is_asked(word, section->name);
        if (!word)
            status = est_i_no_memory(error);
        else if (!known)
            status = est_i_fail(error, EST_EOPTION, "option --tables: definition %s has no table '%s'; est methods %s shows what it has",
                                run->definition.about->id, word, run->definition.about->id);
        free(word);
    }
    return status;
}

/* A table of levels needs its role, one of means its variables. */
static est_status is_possible(est_i_indicator_run *run, const est_i_ini_section *section, bool *possible, est_error *error)
{
    const char *role = est_i_ini_value(section, "levels");
    est_status status = est_i_indicator_available(run, section, possible, error);
    if (status == EST_OK && *possible && *role && est_i_codebook_role(run->codebook, role) != EST_I_ROLE_MAPPED) {
        *possible = false;
        est_i_text_printf(&run->left_out, "%stable %s (needs %s)", run->left_out.length ? "; " : "", section->name, role);
    }
    return status;
}

est_status est_i_indicator_plan_tables(est_i_indicator_run *run, est_error *error)
{
    est_status status = check_names(run, error);
    size_t index = 0;
    const est_i_ini_section *section;
    while (status == EST_OK && *run->options->tables && (section = est_i_ini_next(&run->definition.rules, "table", &index)) != NULL) {
        bool possible = false;
        if (is_asked(run->options->tables, section->name))
            status = is_possible(run, section, &possible, error);
        if (status == EST_OK && possible)
            status = add_table(run, section, error);
    }
    return status;
}

void est_i_indicator_free_tables(est_i_indicator_run *run)
{
    for (size_t t = 0; t < run->n_tables; t++) {
        est_i_indicator_table *table = &run->tables[t];
        for (size_t i = 0; i < table->n_columns; i++) {
            free(table->columns[i].estimate);
            free(table->columns[i].estimand);
            free(table->columns[i].title);
        }
        for (size_t b = 0; table->where && b < run->n_bands; b++)
            free(table->where[b]);
        for (size_t i = 0; i < LISTS; i++)
            est_i_text_free(&table->lists[i]);
        free(table->where);
        free(table->columns);
    }
    free(run->tables);
}

/* Estimating and writing */

static const char *text_of(const est_i_text *text)
{
    return text->data ? text->data : "";
}

/* Both the user's condition and the table's. */
static char *join_conditions(const char *a, const char *b)
{
    est_i_text text = {0};
    if (*a && *b)
        est_i_text_printf(&text, "(%s) and (%s)", a, b);
    else
        est_i_text_printf(&text, "%s%s", a, b);
    return est_i_text_take(&text);
}

/* The label of a level, "industry=2" -> "Agriculture". */
static const char *level_label(const est_i_indicator_run *run, const char *role, const char *level)
{
    long column = est_source_find(run->view, role);
    const char *label = column >= 0 ? est_i_source_value_label(run->view, (size_t)column, level) : NULL;
    return label ? label : level;
}

static est_status write_row(est_i_indicator_run *run, const est_i_indicator_table *table, const table_column *column,
                            const est_result *result, const est_row *from, est_error *error)
{
    est_i_item item = {.section = column->condition, .use = EST_I_USE_INDICATOR, .band = column->band, .whole = column->band == 0};
    est_label *labels = malloc((from->n_domain + 1) * sizeof *labels);
    est_i_row_texts texts = {0};
    est_i_text name = {0}, level = {0};
    est_status status = labels ? EST_OK : est_i_no_memory(error);
    est_i_text_append(&name, column->estimand);
    if (column->is_level) {
        est_i_text_append(&level, from->estimand + strlen(column->estimate));
        if (level.length)
            level.data[--level.length] = '\0';
        est_i_text_printf(&name, "=%s", level_label(run, column->estimand, text_of(&level)));
    }
    if (status == EST_OK) {
        est_row row = est_i_indicator_row(run, &item, from, false, labels, &texts);
        row.estimand = text_of(&name);
        row.unit = column->unit;
        row.table = table->section->name;
        row.detail = 1;
        if (strncmp(from->estimand, "total(", 6) == 0)
            est_i_indicator_judge_number(result, from, &row);
        if (name.failed || level.failed)
            status = est_i_no_memory(error);
        else
            est_i_result_add_row(run->builder, &row);
        if (status == EST_OK)
            est_i_result_add_fact(run->builder, "estimand", row.estimand, column->is_level ? row.estimand + strlen(column->estimand) + 1
                                                                                            : column->title);
    }
    est_i_row_texts_free(&texts, run->builder);
    est_i_text_free(&name);
    est_i_text_free(&level);
    free(labels);
    return status;
}

static bool is_of(const table_column *column, const est_row *row)
{
    return column->is_level ? strncmp(row->estimand, column->estimate, strlen(column->estimate)) == 0
                            : strcmp(row->estimand, column->estimate) == 0;
}

/* Rows of one run of the engine; the whole stands in the first list only. levels_of: the age group of its levels, SIZE_MAX = no levels. */
static est_status write_rows(est_i_indicator_run *run, const est_i_indicator_table *table, const est_result *result, bool with_whole,
                             size_t levels_of, est_error *error)
{
    est_status status = EST_OK;
    for (size_t c = 0; c < table->n_columns && status == EST_OK; c++) {
        const table_column *column = &table->columns[c];
        bool due = column->is_level ? column->band == levels_of : levels_of == SIZE_MAX;
        for (size_t i = 0; i < est_result_rows(result) && due && status == EST_OK; i++) {
            const est_row *row = est_result_row(result, i);
            if (is_of(column, row) && (with_whole || row->n_domain > 0))
                status = write_row(run, table, column, result, row, error);
        }
    }
    return status;
}

/* One pass by one list of roles: sums and medians, then levels for each age group. */
static est_status estimate_list(est_i_indicator_run *run, const est_i_indicator_table *table, const char *by, bool with_whole,
                                est_error *error)
{
    est_survey_options survey = est_i_indicator_survey_options(run);
    est_result *result = NULL;
    est_status status = EST_OK;
    survey.by = by;
    survey.share = text_of(&table->lists[SHARES]);
    survey.ratio = text_of(&table->lists[RATIOS]);
    survey.mean = text_of(&table->lists[MEANS]);
    survey.total = run->numbers != EST_I_NUMBERS_NONE ? text_of(&table->lists[TOTALS]) : "";
    survey.quantile = text_of(&table->lists[MEDIANS]);
    survey.ci = *survey.share ? run->options->ci : survey.ci;
    survey.level = run->options->ci == 7 ? survey.level : run->options->level;
    if (*survey.share || *survey.ratio || *survey.mean || *survey.quantile) {
        status = est_survey(run->view, &survey, run->context, &result, error);
        if (status == EST_OK)
            status = write_rows(run, table, result, with_whole, SIZE_MAX, error);
        est_result_free(result);
        result = NULL;
    }
    survey.share = survey.ratio = survey.mean = survey.total = survey.quantile = "";
    survey.proportion = text_of(&table->lists[LEVELS]);
    survey.ci = run->options->ci;
    for (size_t b = 0; b < table->n_bands && *survey.proportion && status == EST_OK; b++) {
        char *where = join_conditions(run->options->where, table->where[b]);
        survey.where = where;
        status = where ? est_survey(run->view, &survey, run->context, &result, error) : est_i_no_memory(error);
        if (status == EST_OK)
            status = write_rows(run, table, result, with_whole, b, error);
        else if (status == EST_EIDENTIFY)
            status = EST_OK; /* nobody of that age group meets the condition: no line */
        est_result_free(result);
        result = NULL;
        free(where);
    }
    return status;
}

/* Lists of roles that the codebook maps. */
static bool is_mapped(const est_i_indicator_run *run, const char *list)
{
    bool mapped = true;
    char *word = NULL;
    for (const char *at = list; mapped && est_i_definition_word(&at, ",", &word);) {
        mapped = word && est_i_codebook_role(run->codebook, word) == EST_I_ROLE_MAPPED;
        free(word);
    }
    return mapped;
}

static est_status estimate_table(est_i_indicator_run *run, const est_i_indicator_table *table, est_error *error)
{
    char *title = est_i_definition_line(table->section, "title"), *list = NULL;
    est_status status = title ? EST_OK : est_i_no_memory(error);
    bool first = true;
    if (status == EST_OK)
        est_i_result_add_fact(run->builder, "table", table->section->name, title);
    for (const char *at = est_i_ini_value(table->section, "by"); status == EST_OK && est_i_definition_word(&at, ";", &list);) {
        if (!list)
            status = est_i_no_memory(error);
        else if (is_mapped(run, list)) {
            status = estimate_list(run, table, list, first, error);
            first = false;
        }
        free(list);
    }
    if (status == EST_OK && first)
        status = estimate_list(run, table, "", true, error);
    free(title);
    return status;
}

est_status est_i_indicator_tables(est_i_indicator_run *run, est_error *error)
{
    est_status status = EST_OK;
    for (size_t t = 0; t < run->n_tables && status == EST_OK; t++)
        if (run->tables[t].n_columns > 0)
            status = estimate_table(run, &run->tables[t], error);
    return status;
}
