/* Views: the plan, its names, and what is known of the columns. view_scan.c reads the rows. */
#include "data/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/scan_writer.h"
#include "data/source_parts.h"
#include "data/utf8.h"
#include "data/view_parts.h"
#include "data/words.h"

/* Making and freeing */

est_i_view_plan *est_i_view_plan_new(est_source *base)
{
    size_t n_columns = est_source_columns(base);
    est_i_view_plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return NULL;
    plan->base = base;
    plan->reading_of = malloc((n_columns ? n_columns : 1) * sizeof *plan->reading_of);
    for (size_t c = 0; plan->reading_of && c < n_columns; c++)
        plan->reading_of[c] = EST_I_NO_VARIABLE;
    if (!plan->reading_of) {
        free(plan);
        plan = NULL;
    }
    return plan;
}

static void free_labels(est_i_view_code *labels, size_t count)
{
    for (size_t i = 0; labels && i < count; i++)
        free((char *)labels[i].text);
    free(labels);
}

void est_i_view_plan_free(est_i_view_plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->n_readings; i++)
        est_i_reading_clear(&plan->readings[i]);
    for (size_t i = 0; i < plan->n_columns; i++) {
        est_i_expression_free(plan->columns[i].expression);
        free_labels(plan->columns[i].labels, plan->columns[i].n_labels);
    }
    for (size_t i = 0; i < plan->n_refusals; i++) {
        est_i_expression_free(plan->refusals[i].expression);
        free(plan->refusals[i].message);
    }
    est_i_dictionary_free(&plan->column_names);
    est_i_dictionary_free(&plan->constant_names);
    free(plan->readings);
    free(plan->reading_of);
    free(plan->columns);
    free(plan->constants);
    free(plan->variables);
    free(plan->refusals);
    free(plan->base_columns);
    free(plan->watched);
    free(plan);
}

/* Room for one more item of `size` bytes. */
static bool make_room(void *array, size_t count, size_t *capacity, size_t size)
{
    void *old, *made;
    if (count < *capacity)
        return true;
    size_t grown = *capacity ? *capacity * 2 : 16;
    memcpy(&old, array, sizeof old);
    made = realloc(old, grown * size);
    if (!made)
        return false;
    memcpy(array, &made, sizeof made);
    *capacity = grown;
    return true;
}

static bool add_variable(est_i_view_plan *plan, bool is_column, size_t index)
{
    if (!make_room(&plan->variables, plan->n_variables, &plan->variables_capacity, sizeof *plan->variables))
        return false;
    plan->variables[plan->n_variables++] = (est_i_view_variable){is_column, index};
    return true;
}

/* The reading of a column of the base, made if there is none; NULL without memory. */
static est_i_reading *reading_of(est_i_view_plan *plan, size_t column)
{
    if (plan->reading_of[column] == EST_I_NO_VARIABLE) {
        if (!make_room(&plan->readings, plan->n_readings, &plan->readings_capacity, sizeof *plan->readings) ||
            !add_variable(plan, false, plan->n_readings))
            return NULL;
        plan->readings[plan->n_readings++] = (est_i_reading){.column = column, .minimum = NAN, .maximum = NAN, .scale = 1};
        plan->reading_of[column] = plan->n_variables - 1;
    }
    return &plan->readings[plan->variables[plan->reading_of[column]].index];
}

/* Inputs and constants */

est_status est_i_view_plan_input(est_i_view_plan *plan, const est_i_view_input *input, est_error *error)
{
    size_t column = 0;
    const char *where = est_source_name(plan->base);
    est_error_clear(error);
    est_status status = est_i_source_require(plan->base, input->column, "the codebook names it", &column, error);
    if (status != EST_OK)
        return status;
    est_i_reading *reading = reading_of(plan, column);
    if (!reading)
        return est_i_no_memory(error);
    if (reading->declared)
        return est_i_fail_at(error, EST_EDEFINITION, (est_i_place){where, 0, 0, input->column},
                             "found codes or limits for this column twice, expected them once");
    status = est_i_reading_declare(reading, input, where, input->column, error);
    if (status != EST_OK)
        est_i_reading_clear(reading);
    return status;
}

static bool has_name(const est_i_dictionary *names, const char *name)
{
    return est_i_dictionary_find(names, name, strlen(name)) != EST_I_DICTIONARY_NONE;
}

static est_status check_name(const est_i_view_plan *plan, const char *name, const char *what, bool constant, est_error *error)
{
    if (!*name || !est_i_utf8_valid(name))
        return est_i_fail(error, EST_EDEFINITION, "%s: found %s, expected a name in UTF-8", what,
                          *name ? "other bytes" : "no name");
    if (has_name(&plan->column_names, name) || (!constant && has_name(&plan->constant_names, name)))
        return est_i_fail(error, EST_EDEFINITION, "%s: the name %s is taken, expected another one", what, name);
    return EST_OK;
}

est_status est_i_view_plan_constant(est_i_view_plan *plan, const char *name, double value, est_error *error)
{
    est_error_clear(error);
    est_status status = check_name(plan, name, name, true, error);
    if (status != EST_OK)
        return status;
    if (!make_room(&plan->constants, plan->n_constants, &plan->constants_capacity, sizeof *plan->constants))
        return est_i_no_memory(error);
    uint32_t index = est_i_dictionary_add(&plan->constant_names, name, strlen(name));
    if (index == EST_I_DICTIONARY_NONE)
        return est_i_no_memory(error);
    plan->constants[index] = value;
    plan->n_constants = plan->constant_names.count;
    return EST_OK;
}

/* Names in expressions */

typedef struct lookup {
    est_i_view_plan *plan;
    bool of_file, file_first;
    bool no_memory;
} lookup;

static long find_in_file(lookup *names, const char *name)
{
    long column = names->of_file ? est_source_find(names->plan->base, name) : -1;
    if (column >= 0 && !reading_of(names->plan, (size_t)column))
        names->no_memory = true;
    return column < 0 || names->no_memory ? -1 : (long)names->plan->reading_of[column];
}

/* A column of the plan; an alias stands for the base's column. */
static long find_column(lookup *names, uint32_t index)
{
    est_i_view_plan *plan = names->plan;
    const est_i_view_column *column = &plan->columns[index];
    if (column->kind == EST_I_VIEW_COMPUTED)
        return (long)column->variable;
    names->no_memory = !reading_of(plan, column->base_column);
    return names->no_memory ? -1 : (long)plan->reading_of[column->base_column];
}

static long find_name(const void *user, const char *name, double *constant)
{
    lookup *names = *(lookup *const *)user;
    const est_i_view_plan *plan = names->plan;
    size_t length = strlen(name);
    uint32_t column = est_i_dictionary_find(&plan->column_names, name, length);
    uint32_t known = est_i_dictionary_find(&plan->constant_names, name, length);
    long found = names->file_first ? find_in_file(names, name) : -1;
    if (found >= 0 || names->no_memory)
        return found;
    if (column != EST_I_DICTIONARY_NONE)
        return find_column(names, column);
    if (known != EST_I_DICTIONARY_NONE) {
        *constant = plan->constants[known];
        return -2;
    }
    return find_in_file(names, name);
}

static size_t count_names(const void *user)
{
    const lookup *names = *(lookup *const *)user;
    return names->plan->column_names.count + names->plan->constant_names.count +
           (names->of_file ? est_source_columns(names->plan->base) : 0);
}

static const char *name_at(const void *user, size_t index)
{
    const lookup *names = *(lookup *const *)user;
    const est_i_view_plan *plan = names->plan;
    size_t n_columns = plan->column_names.count, n_constants = plan->constant_names.count;
    if (index < n_columns)
        return est_i_dictionary_text(&plan->column_names, (uint32_t)index);
    if (index < n_columns + n_constants)
        return est_i_dictionary_text(&plan->constant_names, (uint32_t)(index - n_columns));
    return est_source_column_name(plan->base, index - n_columns - n_constants);
}

/* Whether the text is one name and nothing else. */
static bool is_name(const char *text)
{
    est_i_words words = {.text = text, .what = "", .fault = EST_EDEFINITION, .arithmetic = true};
    bool is = est_i_words_next(&words) == EST_OK && words.kind == EST_I_WORD_NAME && !est_i_words_call(&words) &&
              est_i_words_next(&words) == EST_OK && words.kind == EST_I_WORD_END;
    est_i_text_free(&words.content);
    return is;
}

static est_status parse(est_i_view_plan *plan, const char *text, bool of_file, const char *what, est_i_expression **expression,
                        est_error *error)
{
    lookup own = {plan, of_file, of_file && is_name(text), false};
    lookup *user = &own;
    est_i_expression_names names = {find_name, count_names, name_at, &user};
    est_status status = est_i_expression_parse(text, what, &names, expression, error);
    return own.no_memory ? est_i_no_memory(error) : status;
}

/* Columns and refusals */

static est_status copy_labels(est_i_view_column *column, size_t n_labels, const est_i_view_code *labels, est_error *error)
{
    column->labels = calloc(n_labels ? n_labels : 1, sizeof *column->labels);
    if (!column->labels)
        return est_i_no_memory(error);
    for (; column->n_labels < n_labels; column->n_labels++) {
        char *text = est_i_string_copy(labels[column->n_labels].text);
        if (!text)
            return est_i_no_memory(error);
        column->labels[column->n_labels] = (est_i_view_code){text, labels[column->n_labels].number};
    }
    return EST_OK;
}

/* What the column holds passes to the plan, or is freed. */
static est_status add_column(est_i_view_plan *plan, const char *name, est_i_view_column *column, size_t n_labels,
                             const est_i_view_code *labels, est_error *error)
{
    est_status status = copy_labels(column, n_labels, labels, error);
    if (status == EST_OK && (!make_room(&plan->columns, plan->n_columns, &plan->columns_capacity, sizeof *plan->columns) ||
                             (column->kind == EST_I_VIEW_COMPUTED && !add_variable(plan, true, plan->n_columns)) ||
                             est_i_dictionary_add(&plan->column_names, name, strlen(name)) == EST_I_DICTIONARY_NONE))
        status = est_i_no_memory(error);
    if (status == EST_OK) {
        column->variable = column->kind == EST_I_VIEW_COMPUTED ? plan->n_variables - 1 : EST_I_NO_VARIABLE;
        plan->columns[plan->n_columns++] = *column;
    } else {
        est_i_expression_free(column->expression);
        free_labels(column->labels, column->n_labels);
    }
    return status;
}

est_status est_i_view_plan_alias(est_i_view_plan *plan, const char *name, const char *column, size_t n_labels,
                                 const est_i_view_code *labels, est_error *error)
{
    est_i_view_column made = {.kind = EST_I_VIEW_ALIAS};
    est_error_clear(error);
    est_status status = check_name(plan, name, name, false, error);
    if (status == EST_OK)
        status = est_i_source_require(plan->base, column, "the codebook names it", &made.base_column, error);
    return status == EST_OK ? add_column(plan, name, &made, n_labels, labels, error) : status;
}

est_status est_i_view_plan_column(est_i_view_plan *plan, const char *name, const char *expression, bool of_file, size_t n_labels,
                                  const est_i_view_code *labels, const char *what, est_error *error)
{
    est_i_view_column made = {.kind = EST_I_VIEW_COMPUTED};
    est_error_clear(error);
    est_status status = check_name(plan, name, what, false, error);
    if (status == EST_OK)
        status = parse(plan, expression, of_file, what, &made.expression, error);
    return status == EST_OK ? add_column(plan, name, &made, n_labels, labels, error) : status;
}

est_status est_i_view_plan_refuse(est_i_view_plan *plan, const char *expression, const char *message, const char *what,
                                  est_error *error)
{
    est_i_view_refusal made = {NULL, NULL};
    est_error_clear(error);
    est_status status = parse(plan, expression, false, what, &made.expression, error);
    if (status == EST_OK && (!(made.message = est_i_string_copy(message)) ||
                             !make_room(&plan->refusals, plan->n_refusals, &plan->refusals_capacity, sizeof *plan->refusals)))
        status = est_i_no_memory(error);
    if (status == EST_OK) {
        plan->refusals[plan->n_refusals++] = made;
    } else {
        est_i_expression_free(made.expression);
        free(made.message);
    }
    return status;
}

bool est_i_view_plan_has(const est_i_view_plan *plan, const char *name)
{
    return has_name(&plan->column_names, name);
}

/* What rests on what */

void est_i_view_mark(const est_i_expression *expression, bool *needed)
{
    for (size_t i = 0; i < est_i_expression_variables(expression); i++)
        needed[est_i_expression_variable(expression, i)] = true;
}

void est_i_view_mark_needed(const est_i_view_plan *plan, bool *needed)
{
    for (size_t v = plan->n_variables; v-- > 0;)
        if (needed[v] && plan->variables[v].is_column)
            est_i_view_mark(plan->columns[plan->variables[v].index].expression, needed);
}

/* The base's columns that the marked variables rest on; how many there are. */
static size_t list_origins(const est_i_view_plan *plan, bool *needed, size_t room, size_t *columns)
{
    size_t count = 0;
    est_i_view_mark_needed(plan, needed);
    for (size_t v = 0; v < plan->n_variables; v++) {
        if (!needed[v] || plan->variables[v].is_column)
            continue;
        if (count < room)
            columns[count] = plan->readings[plan->variables[v].index].column;
        count++;
    }
    return count;
}

/* The only column of the base that an expression rests on, EST_I_NO_VARIABLE if there are more or none. */
static size_t only_origin(const est_i_view_plan *plan, const est_i_expression *expression)
{
    size_t column = EST_I_NO_VARIABLE, count = 0;
    bool *needed = calloc(plan->n_variables ? plan->n_variables : 1, sizeof *needed);
    if (needed) {
        est_i_view_mark(expression, needed);
        count = list_origins(plan, needed, 1, &column);
    }
    free(needed);
    return count == 1 ? column : EST_I_NO_VARIABLE;
}

size_t est_i_view_plan_origins(const est_i_view_plan *plan, const char *name, size_t room, const char **columns)
{
    uint32_t index = est_i_dictionary_find(&plan->column_names, name, strlen(name));
    const est_i_view_column *column = index == EST_I_DICTIONARY_NONE ? NULL : &plan->columns[index];
    size_t count = 0, n = plan->n_readings ? plan->n_readings : 1;
    bool *needed = calloc(plan->n_variables ? plan->n_variables : 1, sizeof *needed);
    size_t *found = malloc(n * sizeof *found);
    if (column && needed && found) {
        if (column->kind == EST_I_VIEW_ALIAS) {
            found[count++] = column->base_column;
        } else {
            needed[column->variable] = true;
            count = list_origins(plan, needed, n, found);
        }
        for (size_t i = 0; i < count && i < room; i++)
            columns[i] = est_source_column_name(plan->base, found[i]);
    }
    free(needed);
    free(found);
    return count;
}

/* Opening */

static est_status add_columns(est_i_view_plan *plan, est_source *view, est_error *error)
{
    const est_source *base = plan->base;
    size_t n = 0;
    est_status status = EST_OK;
    for (size_t c = 0; status == EST_OK && c < plan->n_columns; c++) {
        const est_i_view_column *column = &plan->columns[c];
        bool is_alias = column->kind == EST_I_VIEW_ALIAS;
        status = est_i_source_add_column(view, est_i_dictionary_text(&plan->column_names, (uint32_t)c),
                                         is_alias ? base->column_kinds[column->base_column] : EST_COLUMN_NUMBER, error);
    }
    for (size_t c = 0; status == EST_OK && c < est_source_columns(base); c++) {
        const char *name = est_source_column_name(base, c);
        if (has_name(&plan->column_names, name))
            continue;
        plan->base_columns[n++] = c;
        status = est_i_source_add_column(view, name, base->column_kinds[c], error);
    }
    return status;
}

static est_status fill_view(est_i_view_plan *plan, est_source *view, est_error *error)
{
    const est_source *base = plan->base;
    size_t n_columns = est_source_columns(base);
    plan->base_columns = malloc((n_columns ? n_columns : 1) * sizeof *plan->base_columns);
    plan->watched = calloc(plan->n_variables ? plan->n_variables : 1, sizeof *plan->watched);
    if (base->path)
        view->path = est_i_string_copy(base->path);
    if (!plan->base_columns || !plan->watched || (base->path && !view->path))
        return est_i_no_memory(error);
    view->about = base->about;
    view->n_rows = base->n_rows;
    view->is_pipe = base->is_pipe;
    view->is_public = base->is_public;
    for (size_t r = 0; r < plan->n_readings; r++)
        est_i_reading_settle(&plan->readings[r], base->column_kinds[plan->readings[r].column] == EST_COLUMN_NUMBER);
    est_status status = add_columns(plan, view, error);
    view->is_synthetic = view->is_synthetic || base->is_synthetic;
    return status;
}

est_status est_i_view_open(est_i_view_plan *plan, est_source **view, est_error *error)
{
    est_error_clear(error);
    *view = est_i_source_new(est_source_name(plan->base));
    if (!*view) {
        est_i_view_plan_free(plan);
        return est_i_no_memory(error);
    }
    (*view)->view = plan;
    est_status status = fill_view(plan, *view, error);
    if (status != EST_OK) {
        est_source_free(*view);
        *view = NULL;
    }
    return status;
}

/* What is known of a column */

size_t est_i_view_base_column(const est_i_view_plan *plan, size_t column)
{
    size_t base_column = EST_I_NO_VARIABLE;
    if (column >= plan->n_columns)
        base_column = plan->base_columns[column - plan->n_columns];
    else if (plan->columns[column].kind == EST_I_VIEW_ALIAS)
        base_column = plan->columns[column].base_column;
    return base_column;
}

est_i_place est_i_view_place(const est_source *view, const est_i_scan_batch *batch, size_t row, size_t column)
{
    const est_i_view_plan *plan = view->view;
    size_t found = est_i_view_base_column(plan, column);
    if (found == EST_I_NO_VARIABLE)
        found = only_origin(plan, plan->columns[column].expression);
    est_i_place place = est_i_scan_place(plan->base, batch, row, found == EST_I_NO_VARIABLE ? 0 : found);
    if (found == EST_I_NO_VARIABLE)
        place.column = est_source_column_name(view, column);
    return place;
}

static const char *own_label(const est_i_view_column *column, const char *value)
{
    const char *label = NULL;
    double number;
    if (column->n_labels > 0 && est_i_number_parse(value, strlen(value), &number))
        for (size_t i = 0; i < column->n_labels && !label; i++)
            if (column->labels[i].number == number)
                label = column->labels[i].text;
    return label;
}

const char *est_i_view_value_label(const est_source *view, size_t column, const char *value)
{
    const est_i_view_plan *plan = view->view;
    size_t base_column = est_i_view_base_column(plan, column);
    const char *label = column < plan->n_columns ? own_label(&plan->columns[column], value) : NULL;
    if (!label && base_column != EST_I_NO_VARIABLE)
        label = est_i_source_value_label(plan->base, base_column, value);
    return label;
}

/* A computed column that only renames has the label of what it renames. */
const char *est_i_view_variable_label(const est_source *view, size_t column)
{
    const est_i_view_plan *plan = view->view;
    size_t found = est_i_view_base_column(plan, column);
    const est_i_expression *expression = found == EST_I_NO_VARIABLE ? plan->columns[column].expression : NULL;
    while (expression && est_i_expression_is_variable(expression)) {
        const est_i_view_variable *variable = &plan->variables[est_i_expression_variable(expression, 0)];
        expression = variable->is_column ? plan->columns[variable->index].expression : NULL;
        if (!variable->is_column)
            found = plan->readings[variable->index].column;
    }
    return found == EST_I_NO_VARIABLE ? "" : est_i_source_variable_label(plan->base, found);
}

/* Faults */

/* What a cell holds, as far as it may be shown. */
static est_status describe_cell(const est_i_reading *reading, const est_i_scan_batch *batch, size_t field, size_t row,
                                char found[128], est_error *error)
{
    char number[32];
    const char *text = number;
    double value;
    if (batch->number[field])
        est_i_number_print(batch->number[field][row], number);
    else
        text = est_i_dictionary_text(&batch->dictionary[field], batch->label[field][row] - EST_I_CODE_FIRST);
    if (!est_i_number_parse(text, strlen(text), &value) || !est_i_reading_is_suspect(reading, value))
        return est_i_describe_text(text, found, error);
    est_i_number_print(value, found);
    return EST_OK;
}

/* What is expected where nobody says it. */
static void append_expected(const est_i_reading *reading, est_i_text *words)
{
    if (reading->code_texts.count > 0)
        est_i_text_append(words, "one of the codes that are declared for it");
    else if (reading->allowed.count > 0)
        est_i_text_append(words, "one of the numbers that are declared for it");
    else
        est_i_text_append(words, "a number");
    bool has_minimum = !isnan(reading->minimum), has_maximum = !isnan(reading->maximum);
    if (has_minimum) {
        est_i_text_append(words, has_maximum ? " from " : " of at least ");
        est_i_text_number(words, reading->minimum);
    }
    if (has_maximum) {
        est_i_text_append(words, has_minimum ? " to " : " of at most ");
        est_i_text_number(words, reading->maximum);
    }
    if (reading->suspect.count > 0)
        est_i_text_append(words, " that is not a special code");
}

est_status est_i_view_fail_cell(const est_i_view_plan *plan, const est_i_reading *reading, const est_i_scan_batch *batch,
                                size_t field, size_t row, est_error *error)
{
    char found[128];
    est_i_text words = {0};
    est_i_place place = est_i_scan_place(plan->base, batch, row, reading->column);
    est_status status = describe_cell(reading, batch, field, row, found, error);
    if (status != EST_OK)
        return status;
    if (reading->expected && *reading->expected)
        est_i_text_append(&words, reading->expected);
    else
        append_expected(reading, &words);
    status =
        words.failed ? est_i_no_memory(error) : est_i_fail_at(error, EST_EVALUE, place, "found %s, expected %s", found, words.data);
    est_i_text_free(&words);
    return status;
}

est_status est_i_view_fail_row(const est_i_view_plan *plan, const est_i_view_refusal *refusal, const est_i_scan_batch *batch,
                               size_t row, est_error *error)
{
    size_t column = only_origin(plan, refusal->expression);
    est_i_place place = est_i_scan_place(plan->base, batch, row, column == EST_I_NO_VARIABLE ? 0 : column);
    if (column == EST_I_NO_VARIABLE)
        place.column = NULL;
    return est_i_fail_at(error, EST_EVALUE, place, "%s", refusal->message);
}
