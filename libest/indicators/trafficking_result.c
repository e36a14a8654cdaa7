/* Estimates of victims from a result of est: its rows "population", with their limits and flags. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/json_result.h"
#include "data/table.h"
#include "indicators/trafficking.h"

#define ESTIMAND "population"
#define PEOPLE_MAX 1e12

bool est_i_trafficking_is_result(const est_table *data)
{
    return est_table_find(data, "estimand") >= 0 && est_table_find(data, "estimate") >= 0;
}

typedef struct reader {
    est_i_trafficking *run;
    size_t estimand, estimate, lower, upper, flags;
    long model, se, level, df, interval, n, method;
    long period;                            /* of the label, else of the row itself; -1 = none */
    long label[EST_I_GROUP_DIMENSIONS_MAX]; /* column of each dimension */
    est_i_levels levels;                    /* of the period column */
    size_t *period_of_level;
    size_t first_unlabelled; /* how many periods have a label: the whole comes after them */
} reader;

static bool is_wanted(const reader *r, size_t row)
{
    char buffer[32];
    const char *estimand = est_table_text(r->run->data, r->estimand, row, buffer);
    return estimand && strcmp(estimand, ESTIMAND) == 0;
}

static const char *text_at(const reader *r, long column, size_t row, char buffer[32])
{
    const char *text = column >= 0 ? est_table_text(r->run->data, (size_t)column, row, buffer) : NULL;
    return text ? text : "";
}

/* Columns */

/* Options that say how to count are for counts. */
static est_status check_options(const est_i_trafficking *run)
{
    const est_trafficking_options *o = run->options;
    const char *const given[][2] = {{"by", o->by}, {"count", o->count}, {"forms", o->forms}};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        if (*given[i][1])
            return est_i_fail(run->error, EST_EOPTION,
                              "option --%s is for counts of detected victims; %s is a result, whose groups are its own",
                              given[i][0], est_table_name(run->data));
    return EST_OK;
}

static bool is_period(const reader *r, const char *column)
{
    const char *asked = r->run->options->period, *name = est_i_json_label_name(column);
    return strcmp(name, *asked ? asked : "period") == 0;
}

static est_i_dimension dimension_of(const est_i_trafficking *run, const char *name)
{
    const est_trafficking_options *o = run->options;
    est_i_dimension dimension = {EST_I_DIMENSION_OTHER, name};
    bool age = *o->age ? strcmp(name, o->age) == 0 : strcmp(name, "age_group") == 0 || strcmp(name, "age") == 0;
    if (strcmp(name, *o->sex ? o->sex : "sex") == 0)
        dimension = (est_i_dimension){EST_I_DIMENSION_SEX, "sex"};
    else if (age)
        dimension = (est_i_dimension){EST_I_DIMENSION_AGE, "age"};
    else if (strcmp(name, *o->form ? o->form : "form") == 0)
        dimension = (est_i_dimension){EST_I_DIMENSION_FORM, "form"};
    return dimension;
}

/* Has any row that is wanted this label? */
static bool is_used(const reader *r, size_t column)
{
    bool used = false;
    for (size_t row = 0; row < est_table_rows(r->run->data) && !used; row++)
        used = is_wanted(r, row) && !est_table_is_missing(r->run->data, column, row);
    return used;
}

static est_status take_label(reader *r, size_t column, const char *name)
{
    est_i_trafficking *run = r->run;
    est_i_dimension dimension = dimension_of(run, name);
    for (size_t d = 0; d < run->n_dimensions; d++)
        if (strcmp(run->dimensions[d].name, dimension.name) == 0)
            return est_i_fail_at(run->error, EST_ECOLUMN, est_i_table_place_column(run->data, (long)column),
                                 "found a second label for the same thing (%s), expected one; name it with --sex, --age or --form",
                                 dimension.name);
    if (run->n_dimensions == EST_I_GROUP_DIMENSIONS_MAX)
        return est_i_fail_at(run->error, EST_EDEFINITION, est_i_table_place_column(run->data, (long)column),
                             "found more than %d labels of groups, expected fewer", EST_I_GROUP_DIMENSIONS_MAX);
    r->label[run->n_dimensions] = (long)column;
    run->dimensions[run->n_dimensions++] = dimension;
    return EST_OK;
}

/* Every column that no result has is a label. */
static est_status find_labels(reader *r)
{
    const est_table *data = r->run->data;
    est_status status = EST_OK;
    for (size_t c = 0; c < est_table_columns(data) && status == EST_OK; c++) {
        const char *column = est_table_column_name(data, c);
        if (est_i_json_is_fixed(column) || !is_used(r, c))
            continue;
        if (is_period(r, column))
            r->period = (long)c;
        else
            status = take_label(r, c, est_i_json_label_name(column));
    }
    if (status == EST_OK && r->period < 0) {
        long own = est_table_find(data, "period");
        r->period = own >= 0 && is_used(r, (size_t)own) ? own : -1;
    }
    return status;
}

static est_status find_columns(reader *r)
{
    const est_table *data = r->run->data;
    est_error *error = r->run->error;
    est_status status = est_i_table_require(data, "estimand", "what is estimated", &r->estimand, error);
    if (status == EST_OK)
        status = est_i_table_require(data, "estimate", "the estimate", &r->estimate, error);
    if (status == EST_OK)
        status = est_i_table_require(data, "lower", "the lower limit", &r->lower, error);
    if (status == EST_OK)
        status = est_i_table_require(data, "upper", "the upper limit", &r->upper, error);
    if (status == EST_OK)
        status = est_i_table_require(data, "flags", "what must be known beside the estimate", &r->flags, error);
    r->model = est_table_find(data, "model");
    r->se = est_table_find(data, "se");
    r->level = est_table_find(data, "level");
    r->df = est_table_find(data, "df");
    r->interval = est_table_find(data, "interval");
    r->n = est_table_find(data, "n");
    r->method = est_table_find(data, "method");
    r->period = -1;
    return status == EST_OK ? find_labels(r) : status;
}

/* Periods */

/* In time order, and the whole, without a period, after them. */
static est_status read_periods(reader *r)
{
    est_i_trafficking *run = r->run;
    est_status status = EST_OK;
    if (r->period >= 0) {
        status = est_i_levels_read(run->data, (size_t)r->period, &run->monitor, &r->levels, run->error);
        if (status == EST_OK)
            status = est_i_trafficking_periods(run, (size_t)r->period, &r->levels, &r->period_of_level);
    } else if (!(run->periods = calloc(1, sizeof *run->periods))) {
        status = est_i_no_memory(run->error);
    }
    if (status == EST_OK) {
        r->first_unlabelled = run->n_periods;
        run->periods[run->n_periods++] = "";
    }
    return status;
}

/* Rows */

static est_status read_number(const reader *r, long column, size_t row, double minimum, double *value)
{
    const est_table *data = r->run->data;
    *value = NAN;
    if (column < 0 || est_table_is_missing(data, (size_t)column, row))
        return EST_OK;
    *value = est_table_number(data, (size_t)column, row);
    if (*value >= minimum && (*value <= PEOPLE_MAX || (column == (long)r->upper && isinf(*value))))
        return EST_OK;
    char found[128];
    est_i_table_describe(data, (size_t)column, row, true, found);
    return est_i_fail_at(r->run->error, EST_EVALUE, est_i_table_place(data, column, row),
                         "found %s, expected a number of people from 0 to 1000000000000, or nothing", found);
}

static bool take_flag(const char *name, size_t length, uint32_t *flags)
{
    for (int flag = 0; flag < EST_FLAG_END; flag++) {
        const char *known = est_flag_name((est_flag)flag);
        if (strlen(known) == length && strncmp(known, name, length) == 0) {
            *flags |= EST_FLAG_BIT(flag);
            return true;
        }
    }
    return false;
}

static est_status read_flags(const reader *r, size_t row, uint32_t *flags)
{
    char buffer[32];
    *flags = 0;
    for (const char *at = text_at(r, (long)r->flags, row, buffer); *(at += strspn(at, " "));) {
        size_t length = strcspn(at, " ");
        if (!take_flag(at, length, flags))
            return est_i_fail_at(
                r->run->error, EST_EVALUE, est_i_table_place(r->run->data, (long)r->flags, row),
                "found a flag that is not known, expected those of this version of est, parted by blanks; what it says "
                "would be lost");
        at += length;
    }
    return EST_OK;
}

static est_status check_limits(const reader *r, size_t row, const est_i_victims *v)
{
    if (v->lower > v->upper)
        return est_i_fail_at(r->run->error, EST_EVALUE, est_i_table_place(r->run->data, (long)r->lower, row),
                             "found a lower limit above the upper one, expected it below");
    return EST_OK;
}

/* The labels of a group, in the words of the population where they are sex, age or form. */
static est_status read_label(const reader *r, size_t row, size_t d, const char **label)
{
    char buffer[32];
    est_i_trafficking *run = r->run;
    const char *text = text_at(r, r->label[d], row, buffer), *known = text;
    est_i_dimension_kind kind = run->dimensions[d].kind;
    *label = NULL;
    if (!*text)
        return EST_OK;
    if (kind == EST_I_DIMENSION_SEX)
        known = est_i_word_sex(text);
    else if (kind == EST_I_DIMENSION_AGE)
        known = est_i_word_age(text);
    if (!known || (kind != EST_I_DIMENSION_FORM && est_i_word_is_not_stated(text)))
        known = kind == EST_I_DIMENSION_OTHER ? text : EST_I_NOT_STATED;
    if (strcmp(known, EST_I_NOT_STATED) == 0 && !est_i_word_is_not_stated(text))
        return est_i_fail_at(run->error, EST_EVALUE, est_i_table_place(run->data, r->label[d], row),
                             "found a group that is not known (%s), expected %s", run->dimensions[d].name,
                             kind == EST_I_DIMENSION_SEX ? "female, male or intersex" : "child or adult");
    if ((kind == EST_I_DIMENSION_SEX && strcmp(known, "both") == 0) || (kind == EST_I_DIMENSION_AGE && strcmp(known, "all") == 0))
        return EST_OK;
    *label = est_i_trafficking_keep(run, known);
    return *label ? EST_OK : est_i_no_memory(run->error);
}

static est_status read_numbers(const reader *r, size_t row, est_i_victims *v)
{
    est_status status = read_number(r, (long)r->estimate, row, 0, &v->estimate);
    if (status == EST_OK)
        status = read_number(r, r->se, row, 0, &v->se);
    if (status == EST_OK)
        status = read_number(r, (long)r->lower, row, 0, &v->lower);
    if (status == EST_OK)
        status = read_number(r, (long)r->upper, row, 0, &v->upper);
    if (status == EST_OK)
        status = read_number(r, r->level, row, 0, &v->level);
    if (status == EST_OK)
        status = read_number(r, r->df, row, 0, &v->df);
    if (status == EST_OK)
        status = read_number(r, r->n, row, 0, &v->n);
    if (status == EST_OK)
        status = read_flags(r, row, &v->flags);
    if (status == EST_OK && v->flags & EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED) && isnan(v->upper))
        v->upper = INFINITY;
    if (status == EST_OK && isinf(v->upper))
        v->flags |= EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    return status == EST_OK ? check_limits(r, row, v) : status;
}

static est_status read_texts(const reader *r, size_t row, est_i_victims *v)
{
    est_i_trafficking *run = r->run;
    char buffer[32];
    est_status status = EST_OK;
    uint32_t level = r->period >= 0 ? r->levels.level[row] : EST_I_NO_LEVEL;
    v->period = level == EST_I_NO_LEVEL ? r->first_unlabelled : r->period_of_level[level];
    v->group.period = run->periods[v->period];
    v->model = est_i_trafficking_keep(run, text_at(r, r->model, row, buffer));
    v->interval = est_i_trafficking_keep(run, text_at(r, r->interval, row, buffer));
    if (!v->model || !v->interval)
        return est_i_no_memory(run->error);
    for (size_t d = 0; d < run->n_dimensions && status == EST_OK; d++)
        status = read_label(r, row, d, &v->group.label[d]);
    return status;
}

static est_status read_row(reader *r, size_t row)
{
    est_i_trafficking *run = r->run;
    est_i_victims victims = {.period = 0};
    est_status status = read_numbers(r, row, &victims);
    if (status == EST_OK)
        status = read_texts(r, row, &victims);
    if (status != EST_OK)
        return status;
    run->rounded = run->rounded || victims.flags & EST_FLAG_BIT(EST_FLAG_ROUNDED);
    run->withheld = run->withheld || victims.flags & EST_FLAG_BIT(EST_FLAG_SUPPRESSED);
    /* Where others have periods it is the sum of windows. */
    if (r->first_unlabelled > 0 && victims.period == r->first_unlabelled) {
        run->sums_of_windows = true;
        return EST_OK;
    }
    return est_i_trafficking_add(run, &victims);
}

static est_status read_rows(reader *r)
{
    est_i_trafficking *run = r->run;
    est_status status = EST_OK;
    size_t found = 0;
    char buffer[32];
    for (size_t row = 0; row < est_table_rows(run->data) && status == EST_OK; row++) {
        const char *estimand = text_at(r, (long)r->estimand, row, buffer);
        if (est_i_monitor_cancelled(&run->monitor))
            status = est_i_cancelled(run->error);
        else if (is_wanted(r, row))
            status = read_row(r, row);
        found += is_wanted(r, row);
        run->other_estimands =
            run->other_estimands || strncmp(estimand, "population_", 11) == 0 || strcmp(estimand, "lower_bound") == 0;
    }
    if (status == EST_OK && found == 0)
        status = est_i_fail_at(
            run->error, EST_EIDENTIFY, est_i_table_place_column(run->data, (long)r->estimand),
            "found no estimate of a population, expected the result of est mse, est trend or another method on lists");
    return status;
}

static est_status read_marks(reader *r)
{
    const est_table *data = r->run->data;
    long internal = est_table_find(data, "internal");
    char buffer[32];
    size_t rows = est_table_rows(data);
    for (size_t row = 0; row < rows && internal >= 0; row++)
        r->run->is_internal = r->run->is_internal || est_table_number(data, (size_t)internal, row) != 0;
    r->run->input_method = est_i_trafficking_keep(r->run, rows ? text_at(r, r->method, 0, buffer) : "");
    return r->run->input_method ? EST_OK : est_i_no_memory(r->run->error);
}

est_status est_i_trafficking_read_result(est_i_trafficking *run)
{
    reader r = {.run = run};
    est_status status = check_options(run);
    if (status == EST_OK)
        status = find_columns(&r);
    if (status == EST_OK)
        status = read_marks(&r);
    if (status == EST_OK)
        status = read_periods(&r);
    if (status == EST_OK)
        status = read_rows(&r);
    est_i_levels_free(&r.levels);
    free(r.period_of_level);
    return status;
}
