/* Counts of detected victims: from a table of counts or of victims to one number for each group.
 *
 * Groups: every period as a whole, and every crossing of what is asked for. Where a table tells the sex (age, form) of anybody in a
 * period, a group of that period that is not in the table holds nobody, and is shown with 0: left out, it could be told from the
 * total all the same, and would look as if it were not known. A period that tells it of nobody has only the group "not stated". */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/table.h"
#include "indicators/trafficking.h"

#define COUNT_MAX 1e12
#define CELLS_MAX ((size_t)2000) /* of all periods together; suppression looks at all of them against each other */
#define LEVELS_SHOWN 32 /* a column of more distinct values may hold names of people, and they stay unsaid */
#define NOT_STATED UINT32_MAX

/* One dimension of the table: labels, and which one each row has. */
typedef struct axis {
    size_t column;
    est_i_levels levels; /* of the column */
    uint32_t *label_of;  /* of each level: its label, or NOT_STATED */
    const char **labels; /* the run's own */
    size_t n_labels, capacity;
} axis;

typedef struct counter {
    est_i_trafficking *run;
    long count;  /* column; -1 = a row a victim */
    long period; /* column; -1 = none */
    est_i_levels period_levels;
    size_t *period_of_level;
    axis axes[EST_I_GROUP_DIMENSIONS_MAX];
    size_t strides[EST_I_GROUP_DIMENSIONS_MAX]; /* "not stated" comes after the labels */
    size_t n_cells;                             /* of a period */
    double *counts, *totals;
    uint8_t *told; /* [period * dimensions + dimension] */
} counter;

/* Columns */

static est_status require(const est_i_trafficking *run, const char *name, const char *option, size_t *column, est_error *error)
{
    char what[64] = "option --";
    strncat(what, option, 32);
    return est_i_table_require(run->data, name, what, column, error);
}

/* The column that an option names, else the first of its usual names; -1 = none. */
static est_status find_usual(const est_i_trafficking *run, const char *given, const char *option, const char *usual,
                             const char *second, long *column)
{
    size_t found = 0;
    est_status status = EST_OK;
    *column = -1;
    if (*given) {
        status = require(run, given, option, &found, run->error);
        *column = (long)found;
        return status;
    }
    *column = est_table_find(run->data, usual);
    if (*column < 0 && *second)
        *column = est_table_find(run->data, second);
    return EST_OK;
}

typedef struct usual_columns {
    long sex, age, form;
} usual_columns;

static est_status add_dimension(est_i_trafficking *run, counter *c, est_i_dimension dimension, size_t column)
{
    for (size_t d = 0; d < run->n_dimensions; d++)
        if (c->axes[d].column == column)
            return est_i_fail(run->error, EST_EOPTION, "option --by: found '%.100s' a second time, expected each column once",
                              dimension.name);
    if (run->n_dimensions == EST_I_GROUP_DIMENSIONS_MAX)
        return est_i_fail(run->error, EST_EOPTION, "option --by: found more than %d columns, expected fewer",
                          EST_I_GROUP_DIMENSIONS_MAX);
    c->axes[run->n_dimensions].column = column;
    run->dimensions[run->n_dimensions++] = dimension;
    return EST_OK;
}

/* A name in --by: sex, age or form, a column that is one of them, or another column. */
static est_status take_name(est_i_trafficking *run, counter *c, const usual_columns *usual, const char *name)
{
    static const est_i_dimension known[] = {
        {EST_I_DIMENSION_SEX, "sex"}, {EST_I_DIMENSION_AGE, "age"}, {EST_I_DIMENSION_FORM, "form"}};
    const long columns[] = {usual->sex, usual->age, usual->form};
    size_t column = 0;
    for (size_t i = 0; i < 3; i++) {
        bool named = strcmp(name, known[i].name) == 0;
        bool same = columns[i] >= 0 && strcmp(name, est_table_column_name(run->data, (size_t)columns[i])) == 0;
        if (columns[i] >= 0 && (named || same))
            return add_dimension(run, c, known[i], (size_t)columns[i]);
    }
    est_status status = require(run, name, "by", &column, run->error);
    if (status != EST_OK)
        return status;
    est_i_dimension other = {EST_I_DIMENSION_OTHER, est_table_column_name(run->data, column)};
    return add_dimension(run, c, other, column);
}

static est_status find_dimensions(est_i_trafficking *run, counter *c)
{
    const est_trafficking_options *o = run->options;
    usual_columns usual;
    est_i_text name = {0};
    bool whole = true;
    est_status status = find_usual(run, o->sex, "sex", "sex", "", &usual.sex);
    if (status == EST_OK)
        status = find_usual(run, o->age, "age", "age_group", "age", &usual.age);
    if (status == EST_OK)
        status = find_usual(run, o->form, "form", "form", "", &usual.form);
    for (const char *rest = *o->by ? o->by : NULL; rest && status == EST_OK;) {
        rest = est_i_name_take(rest, &name, &whole);
        if (name.failed)
            status = est_i_no_memory(run->error);
        else if (!whole || !name.length)
            status = est_i_fail(run->error, EST_EOPTION, "option --by: found '%.100s', expected names of columns parted by commas",
                                o->by);
        else
            status = take_name(run, c, &usual, name.data);
    }
    est_i_text_free(&name);
    return status;
}

static est_status find_columns(est_i_trafficking *run, counter *c)
{
    const est_trafficking_options *o = run->options;
    est_status status = find_usual(run, o->period, "period", "period", "year", &c->period);
    if (status == EST_OK)
        status = find_usual(run, o->count, "count", "count", "", &c->count);
    return status == EST_OK ? find_dimensions(run, c) : status;
}

/* Labels */

static est_status fail_level(const counter *c, const axis *a, size_t level, const char *expected)
{
    char found[128];
    size_t row = a->levels.first[level];
    est_i_table_describe(c->run->data, a->column, row, a->levels.count > LEVELS_SHOWN, found);
    return est_i_fail_at(c->run->error, EST_EVALUE, est_i_table_place(c->run->data, (long)a->column, row), "found %s, expected %s",
                         found, expected);
}

static est_status add_label(counter *c, axis *a, const char *label, uint32_t *index)
{
    size_t i = 0;
    while (i < a->n_labels && strcmp(a->labels[i], label) != 0)
        i++;
    *index = (uint32_t)i;
    if (i < a->n_labels)
        return EST_OK;
    if (a->n_labels == a->capacity) {
        size_t capacity = a->capacity ? 2 * a->capacity : 8;
        const char **grown = realloc(a->labels, capacity * sizeof *grown);
        if (!grown)
            return est_i_no_memory(c->run->error);
        a->labels = grown;
        a->capacity = capacity;
    }
    a->labels[a->n_labels] = est_i_trafficking_keep(c->run, label);
    return a->labels[a->n_labels++] ? EST_OK : est_i_no_memory(c->run->error);
}

/* What the text is called in this dimension; NULL with what was expected. */
static const char *label_of(const counter *c, est_i_dimension_kind kind, const char *text, const char **expected)
{
    const char *label = NULL;
    if (kind == EST_I_DIMENSION_SEX) {
        *expected = "female, male or intersex (an empty field where it is not stated)";
        label = est_i_word_sex(text);
        return label && strcmp(label, "both") != 0 ? label : NULL;
    }
    if (kind == EST_I_DIMENSION_AGE) {
        *expected = "child or adult, or an age in years below 97 (an empty field where it is not stated)";
        label = est_i_word_age(text);
        label = label ? label : est_i_word_years(text);
        return label && strcmp(label, "all") != 0 ? label : NULL;
    }
    *expected = "sexual, labour, organ, other or unspecified; say with --forms which of them it is (--forms VALUE=CATEGORY)";
    return est_i_form_map_find(&c->run->forms, text);
}

static est_status read_level(counter *c, axis *a, est_i_dimension_kind kind, size_t level)
{
    char buffer[32];
    const char *expected = "", *text = est_table_text(c->run->data, a->column, a->levels.first[level], buffer), *label;
    a->label_of[level] = NOT_STATED;
    if (!text || (kind != EST_I_DIMENSION_FORM && est_i_word_is_not_stated(text)))
        return EST_OK;
    label = kind == EST_I_DIMENSION_OTHER ? text : label_of(c, kind, text, &expected);
    if (!label)
        return fail_level(c, a, level, expected);
    if (strcmp(label, EST_I_NOT_STATED) == 0)
        return EST_OK;
    return add_label(c, a, label, &a->label_of[level]);
}

/* The groups that there always are: who is in none of them is not counted in any. */
static est_status add_usual_labels(counter *c, axis *a, est_i_dimension_kind kind)
{
    static const char *const sexes[] = {"female", "male"}, *const ages[] = {"child", "adult"};
    uint32_t index = 0;
    est_status status = EST_OK;
    for (size_t i = 0; i < 2 && status == EST_OK && kind == EST_I_DIMENSION_SEX; i++)
        status = add_label(c, a, sexes[i], &index);
    for (size_t i = 0; i < 2 && status == EST_OK && kind == EST_I_DIMENSION_AGE; i++)
        status = add_label(c, a, ages[i], &index);
    for (size_t i = 0; i + 1 < EST_I_FORMS && status == EST_OK && kind == EST_I_DIMENSION_FORM; i++)
        status = add_label(c, a, est_i_forms[i].label, &index);
    return status;
}

static est_status read_axis(counter *c, size_t d)
{
    est_i_trafficking *run = c->run;
    axis *a = &c->axes[d];
    est_i_dimension_kind kind = run->dimensions[d].kind;
    est_status status = est_i_levels_read(run->data, a->column, &run->monitor, &a->levels, run->error);
    if (status == EST_OK && !(a->label_of = calloc(a->levels.count + 1, sizeof *a->label_of)))
        status = est_i_no_memory(run->error);
    if (status == EST_OK)
        status = add_usual_labels(c, a, kind);
    for (size_t level = 0; level < a->levels.count && status == EST_OK; level++)
        status = read_level(c, a, kind, level);
    return status;
}

static est_status fail_groups(const est_i_trafficking *run)
{
    return est_i_fail(run->error, EST_EOPTION,
                      "option --by: found more than 2000 groups in all periods, expected fewer; name fewer columns");
}

static est_status read_axes(counter *c)
{
    est_i_trafficking *run = c->run;
    est_status status = EST_OK;
    c->n_cells = 1;
    for (size_t d = 0; d < run->n_dimensions && status == EST_OK; d++)
        status = read_axis(c, d);
    for (size_t d = run->n_dimensions; d-- > 0 && status == EST_OK;) {
        c->strides[d] = c->n_cells;
        c->n_cells *= c->axes[d].n_labels + 1;
        if (c->n_cells > CELLS_MAX)
            status = fail_groups(run);
    }
    return status;
}

/* Periods */

static est_status read_periods(counter *c)
{
    est_i_trafficking *run = c->run;
    if (c->period >= 0) {
        size_t column = (size_t)c->period;
        est_status status = est_i_levels_read(run->data, column, &run->monitor, &c->period_levels, run->error);
        return status == EST_OK ? est_i_trafficking_periods(run, column, &c->period_levels, &c->period_of_level) : status;
    }
    run->periods = calloc(1, sizeof *run->periods);
    if (!run->periods)
        return est_i_no_memory(run->error);
    run->periods[run->n_periods++] = "";
    return EST_OK;
}

static est_status period_of_row(const counter *c, size_t row, size_t *period)
{
    *period = 0;
    if (c->period < 0)
        return EST_OK;
    uint32_t level = c->period_levels.level[row];
    if (level == EST_I_NO_LEVEL)
        return est_i_fail_at(c->run->error, EST_EVALUE, est_i_table_place(c->run->data, c->period, row),
                             "found no period, expected the one that the victims were detected in");
    *period = c->period_of_level[level];
    return EST_OK;
}

/* Counting */

static est_status read_count(const counter *c, size_t row, double *count)
{
    *count = 1;
    if (c->count < 0)
        return EST_OK;
    *count = est_table_number(c->run->data, (size_t)c->count, row);
    if (*count >= 0 && *count <= COUNT_MAX && *count == floor(*count))
        return EST_OK;
    char found[128];
    est_i_table_describe(c->run->data, (size_t)c->count, row, true, found);
    return est_i_fail_at(c->run->error, EST_EVALUE, est_i_table_place(c->run->data, c->count, row),
                         "found %s, expected a number of victims: a whole number from 0 to 1000000000000", found);
}

static void count_row(counter *c, size_t row, size_t period, double count)
{
    const est_i_trafficking *run = c->run;
    size_t cell = 0;
    for (size_t d = 0; d < run->n_dimensions; d++) {
        const axis *a = &c->axes[d];
        uint32_t level = a->levels.level[row];
        uint32_t label = level == EST_I_NO_LEVEL ? NOT_STATED : a->label_of[level];
        if (label != NOT_STATED)
            c->told[period * run->n_dimensions + d] = 1;
        cell += c->strides[d] * (label == NOT_STATED ? a->n_labels : label);
    }
    c->counts[period * c->n_cells + cell] += count;
    c->totals[period] += count;
}

static est_status count_rows(counter *c)
{
    est_i_trafficking *run = c->run;
    size_t n = run->n_periods;
    if (n > 0 && c->n_cells > CELLS_MAX / n)
        return fail_groups(run);
    c->counts = calloc(n * c->n_cells + 1, sizeof *c->counts);
    c->totals = calloc(n + 1, sizeof *c->totals);
    c->told = calloc(n * run->n_dimensions + 1, sizeof *c->told);
    est_status status = c->counts && c->totals && c->told ? EST_OK : est_i_no_memory(run->error);
    for (size_t row = 0; row < est_table_rows(run->data) && status == EST_OK; row++) {
        size_t period = 0;
        double count = 0;
        status = est_i_monitor_cancelled(&run->monitor) ? est_i_cancelled(run->error) : period_of_row(c, row, &period);
        if (status == EST_OK)
            status = read_count(c, row, &count);
        if (status == EST_OK)
            count_row(c, row, period, count);
    }
    return status;
}

/* Groups */

static size_t place_on(const counter *c, size_t cell, size_t d)
{
    return cell / c->strides[d] % (c->axes[d].n_labels + 1);
}

/* Is there such a group in the period, be it empty? */
static bool exists(const counter *c, size_t period, size_t cell)
{
    bool there = true;
    for (size_t d = 0; d < c->run->n_dimensions && there; d++) {
        bool stated = place_on(c, cell, d) < c->axes[d].n_labels;
        there = stated == (c->told[period * c->run->n_dimensions + d] != 0);
    }
    return there || c->counts[period * c->n_cells + cell] > 0;
}

static est_status add_victims(counter *c, size_t period, size_t cell, double count)
{
    est_i_trafficking *run = c->run;
    est_i_victims victims = {.period = period,
                             .model = "",
                             .interval = "none",
                             .estimate = count,
                             .se = NAN,
                             .lower = NAN,
                             .upper = NAN,
                             .level = NAN,
                             .df = NAN,
                             .n = count};
    victims.group.period = run->periods[period];
    for (size_t d = 0; d < run->n_dimensions && cell != SIZE_MAX; d++) {
        size_t place = place_on(c, cell, d);
        bool stated = place < c->axes[d].n_labels;
        victims.group.label[d] = stated ? c->axes[d].labels[place] : EST_I_NOT_STATED;
        run->not_stated = run->not_stated || !stated;
    }
    run->smallest = fmin(run->smallest, count);
    return est_i_trafficking_add(run, &victims);
}

static est_status add_groups(counter *c)
{
    est_i_trafficking *run = c->run;
    est_status status = EST_OK;
    run->smallest = INFINITY;
    for (size_t period = 0; period < run->n_periods && status == EST_OK; period++) {
        status = add_victims(c, period, SIZE_MAX, c->totals[period]);
        for (size_t cell = 0; cell < c->n_cells && run->n_dimensions > 0 && status == EST_OK; cell++)
            if (exists(c, period, cell))
                status = add_victims(c, period, cell, c->counts[period * c->n_cells + cell]);
    }
    return status;
}

static void counter_end(counter *c)
{
    for (size_t d = 0; d < EST_I_GROUP_DIMENSIONS_MAX; d++) {
        est_i_levels_free(&c->axes[d].levels);
        free(c->axes[d].label_of);
        free(c->axes[d].labels);
    }
    est_i_levels_free(&c->period_levels);
    free(c->period_of_level);
    free(c->counts);
    free(c->totals);
    free(c->told);
}

est_status est_i_trafficking_count(est_i_trafficking *run)
{
    counter c = {.run = run, .period = -1};
    est_status status = EST_OK;
    if (est_table_rows(run->data) == 0)
        status = est_i_fail_at(run->error, EST_EFORMAT, est_i_table_place_column(run->data, -1),
                               "found a table without records, expected counts of victims, or a record a victim");
    if (status == EST_OK)
        status = find_columns(run, &c);
    if (status == EST_OK)
        status = read_axes(&c);
    if (status == EST_OK)
        status = read_periods(&c);
    if (status == EST_OK)
        status = count_rows(&c);
    if (status == EST_OK)
        status = add_groups(&c);
    counter_end(&c);
    return status;
}
