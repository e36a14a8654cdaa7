/* The population of each group: rows of a table, chosen by denominator, found by period, sex, age and further columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/table.h"
#include "indicators/trafficking.h"

#define PEOPLE_MAX 1e11
#define NAMES_SHOWN 5

static const char *cell(const est_i_population *p, long column, size_t row, char buffer[32])
{
    const char *text = column >= 0 ? est_table_text(p->table, (size_t)column, row, buffer) : NULL;
    return text ? text : "";
}

/* Denominators */

static bool is_named(const est_i_population *p, size_t row, const char *name)
{
    char buffer[32];
    return est_i_words_equal(cell(p, p->denominator, row, buffer), name);
}

static est_status list_names(const est_i_population *p, est_i_dictionary *names, est_error *error)
{
    est_status status = EST_OK;
    for (size_t row = 0; row < est_table_rows(p->table) && status == EST_OK; row++) {
        char buffer[32];
        const char *name = cell(p, p->denominator, row, buffer);
        if (est_i_dictionary_add(names, name, strlen(name)) == EST_I_DICTIONARY_NONE)
            status = est_i_no_memory(error);
    }
    return status;
}

static est_status fail_denominator(const est_i_population *p, const char *found, const est_i_dictionary *names, est_error *error)
{
    est_i_text list = {0};
    for (uint32_t i = 0; i < names->count && i < NAMES_SHOWN; i++)
        est_i_text_printf(&list, "%s'%.60s'", i ? ", " : "", est_i_dictionary_text(names, i));
    if (names->count > NAMES_SHOWN)
        est_i_text_append(&list, ", ...");
    est_status status = est_i_fail(error, EST_EOPTION, "option --denominator: found %s%.100s%s, expected one of those in %s: %s",
                                   *found ? "'" : "", *found ? found : "nothing", *found ? "'" : "", est_table_name(p->table),
                                   list.data && !list.failed ? list.data : "none");
    est_i_text_free(&list);
    return status;
}

/* The rows of the denominator that is asked for, or of the only one there is; the name as the table writes it. */
static est_status choose_named(est_i_population *p, const char *asked, est_error *error)
{
    est_i_dictionary names = {0};
    size_t count = 0;
    char buffer[32];
    est_status status = list_names(p, &names, error);
    if (status == EST_OK && !*asked && names.count != 1)
        status = fail_denominator(p, asked, &names, error);
    for (size_t row = 0; row < est_table_rows(p->table) && status == EST_OK; row++) {
        p->chosen[row] = !*asked || is_named(p, row, asked);
        if (p->chosen[row] && count++ == 0 && !(p->name = est_i_string_copy(cell(p, p->denominator, row, buffer))))
            status = est_i_no_memory(error);
    }
    if (status == EST_OK && count == 0)
        status = fail_denominator(p, asked, &names, error);
    est_i_dictionary_free(&names);
    return status;
}

static est_status choose_rows(est_i_population *p, const char *asked, est_error *error)
{
    est_status status = EST_OK;
    if (p->denominator >= 0)
        status = choose_named(p, asked, error);
    else if (!(p->name = est_i_string_copy(asked)))
        status = est_i_no_memory(error);
    for (size_t row = 0; row < est_table_rows(p->table) && p->denominator < 0; row++)
        p->chosen[row] = 1;
    if (status == EST_OK && !*p->name)
        status = est_i_fail(error, EST_EOPTION,
                            "option --denominator is missing: every rate names its population, and %s does not tell it in a column "
                            "'denominator'; for example --denominator 'UN mid-year estimate, WPP 2024'",
                            est_table_name(p->table));
    return status;
}

/* Checks */

static est_status fail_value(const est_i_population *p, long column, size_t row, const char *expected, est_error *error)
{
    char found[128];
    est_i_table_describe(p->table, (size_t)column, row, false, found);
    return est_i_fail_at(error, EST_EVALUE, est_i_table_place(p->table, column, row), "found %s, expected %s", found, expected);
}

static est_status check_row(const est_i_population *p, size_t row, est_error *error)
{
    double people = est_table_number(p->table, (size_t)p->people, row);
    char buffer[32];
    const char *sex = cell(p, p->sex, row, buffer);
    if (!(people > 0 && people <= PEOPLE_MAX))
        return fail_value(p, p->people, row, "a positive number of people, at most 100000000000", error);
    if (*sex && !est_i_word_sex(sex) && !est_i_word_is_not_stated(sex))
        return fail_value(p, p->sex, row, "female, male, intersex or both", error);
    if (p->period >= 0 && est_table_is_missing(p->table, (size_t)p->period, row))
        return fail_value(p, p->period, row, "the year that the population is of", error);
    return EST_OK;
}

static est_status find_columns(est_i_population *p, const est_i_dimension *dimensions, size_t n_dimensions, est_error *error)
{
    size_t people = 0;
    est_status status = est_i_table_require(p->table, "population", "the number of people", &people, error);
    p->people = (long)people;
    p->denominator = est_table_find(p->table, "denominator");
    p->period = est_table_find(p->table, "period");
    if (p->period < 0)
        p->period = est_table_find(p->table, "year");
    p->sex = est_table_find(p->table, "sex");
    p->age = est_table_find(p->table, "age");
    p->geography = est_table_find(p->table, "geography");
    p->reference_date = est_table_find(p->table, "reference_date");
    p->source = est_table_find(p->table, "source");
    p->dimensions = dimensions;
    p->n_dimensions = n_dimensions;
    for (size_t d = 0; d < n_dimensions && status == EST_OK; d++) {
        est_i_dimension_kind kind = dimensions[d].kind;
        p->column[d] = kind == EST_I_DIMENSION_SEX ? p->sex : kind == EST_I_DIMENSION_AGE ? p->age : -1;
        if (kind != EST_I_DIMENSION_OTHER)
            continue;
        p->column[d] = est_table_find(p->table, dimensions[d].name);
        if (p->column[d] < 0)
            status =
                est_i_fail_at(error, EST_ECOLUMN, (est_i_place){est_table_name(p->table), 0, 0, dimensions[d].name},
                              "found no such column, expected the population of each group: a rate of a group needs that group's "
                              "population (only sex, age and form are known by name)");
    }
    return status;
}

est_status est_i_population_open(const est_trafficking_options *options, const est_i_dimension *dimensions, size_t n_dimensions,
                                 est_i_population *p, est_error *error)
{
    *p = (est_i_population){.table = options->population};
    size_t rows = est_table_rows(p->table);
    p->chosen = calloc(rows + 1, sizeof *p->chosen);
    p->used = calloc(rows + 1, sizeof *p->used);
    est_status status = p->chosen && p->used ? find_columns(p, dimensions, n_dimensions, error) : est_i_no_memory(error);
    if (status == EST_OK)
        status = choose_rows(p, options->denominator, error);
    for (size_t row = 0; row < rows && status == EST_OK; row++)
        if (p->chosen[row])
            status = check_row(p, row, error);
    return status;
}

void est_i_population_free(est_i_population *population)
{
    free(population->name);
    free(population->chosen);
    free(population->used);
    *population = (est_i_population){0};
}

/* Finding */

/* Is the cell of the whole: no column, nothing in it, or a word for all? */
static bool is_whole(const est_i_population *p, long column, size_t row)
{
    char buffer[32];
    const char *text = cell(p, column, row, buffer);
    bool everybody = column < 0 || !*text;
    if (!everybody && column == p->sex)
        everybody = est_i_word_sex(text) && strcmp(est_i_word_sex(text), "both") == 0;
    else if (!everybody)
        everybody = est_i_word_age(text) && strcmp(est_i_word_age(text), "all") == 0;
    return everybody;
}

static bool has_label(const est_i_population *p, size_t dimension, size_t row, const char *label)
{
    char buffer[32];
    const char *text = cell(p, p->column[dimension], row, buffer), *known = NULL;
    if (p->column[dimension] < 0 || !*text || strcmp(label, EST_I_NOT_STATED) == 0)
        return false;
    if (p->dimensions[dimension].kind == EST_I_DIMENSION_SEX)
        known = est_i_word_sex(text);
    else if (p->dimensions[dimension].kind == EST_I_DIMENSION_AGE)
        known = est_i_word_age(text);
    return known ? strcmp(known, label) == 0 : est_i_words_equal(text, label);
}

static long asked_column(const est_i_population *p, const est_i_group *group, est_i_dimension_kind kind)
{
    long column = -1;
    for (size_t d = 0; d < p->n_dimensions; d++)
        if (p->dimensions[d].kind == kind && group->label[d])
            column = p->column[d];
    return column;
}

static bool is_of_group(const est_i_population *p, const est_i_group *group, size_t row)
{
    char buffer[32];
    bool fits = p->chosen[row];
    if (fits && p->period >= 0)
        fits = est_i_window_same(cell(p, p->period, row, buffer), group->period);
    for (size_t d = 0; d < p->n_dimensions && fits; d++) {
        if (p->dimensions[d].kind == EST_I_DIMENSION_FORM)
            continue;
        fits = group->label[d] ? has_label(p, d, row, group->label[d]) : is_whole(p, p->column[d], row);
    }
    if (fits && asked_column(p, group, EST_I_DIMENSION_SEX) < 0)
        fits = is_whole(p, p->sex, row);
    if (fits && asked_column(p, group, EST_I_DIMENSION_AGE) < 0)
        fits = is_whole(p, p->age, row);
    return fits;
}

est_status est_i_population_find(const est_i_population *p, const est_i_group *group, size_t *row, est_error *error)
{
    *row = SIZE_MAX;
    for (size_t i = 0; i < est_table_rows(p->table); i++) {
        if (!is_of_group(p, group, i))
            continue;
        if (*row != SIZE_MAX)
            return est_i_fail_at(
                error, EST_EVALUE, est_i_table_place(p->table, p->people, i),
                "found the population of a group that record %zu has already, expected each period, sex and age once "
                "for a denominator",
                *row + 1);
        *row = i;
    }
    return EST_OK;
}

double est_i_population_people(const est_i_population *p, size_t row)
{
    return est_table_number(p->table, (size_t)p->people, row);
}

const char *est_i_population_geography(const est_i_population *p, size_t row)
{
    char buffer[32];
    bool text = p->geography >= 0 && est_table_column_kind(p->table, (size_t)p->geography) == EST_COLUMN_TEXT;
    return text ? cell(p, p->geography, row, buffer) : "";
}
