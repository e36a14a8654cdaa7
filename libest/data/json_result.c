/* JSON results as sources. The file is read, checked whole and turned into columns when the source is opened. */
#include "data/json_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <est/result.h>

#include "core/text.h"

#define SCHEMA "est-result/1"
#define SCHEMA_FAMILY "est-result/"
#define LABEL_PREFIX "domain:"
#define BYTES_MAX ((size_t)256 << 20) /* in memory a file takes some ten times as much */
#define LABELS_MAX 256u

typedef struct fixed_column {
    const char *name;
    est_column_kind kind;
    bool required; /* a key of every row */
} fixed_column;

/* Before the labels, and after them. The last five are of the file. */
static const fixed_column fixed[] = {
    {"estimand", EST_COLUMN_TEXT, true},      {"model", EST_COLUMN_TEXT, false},
    {"estimate", EST_COLUMN_NUMBER, true},    {"se", EST_COLUMN_NUMBER, true},
    {"lower", EST_COLUMN_NUMBER, true},       {"upper", EST_COLUMN_NUMBER, true},
    {"level", EST_COLUMN_NUMBER, true},       {"df", EST_COLUMN_NUMBER, true},
    {"interval", EST_COLUMN_TEXT, true},      {"n", EST_COLUMN_NUMBER, true},
    {"n_weighted", EST_COLUMN_NUMBER, false}, {"flags", EST_COLUMN_TEXT, true},
    {"population", EST_COLUMN_TEXT, false},   {"period", EST_COLUMN_TEXT, false},
    {"definition", EST_COLUMN_TEXT, false},   {"geography", EST_COLUMN_TEXT, false},
    {"ages", EST_COLUMN_TEXT, false},         {"reference_period", EST_COLUMN_TEXT, false},
    {"unit", EST_COLUMN_TEXT, false},         {"method", EST_COLUMN_TEXT, false},
    {"title", EST_COLUMN_TEXT, false},        {"data_public", EST_COLUMN_NUMBER, false},
    {"synthetic", EST_COLUMN_NUMBER, false},  {"internal", EST_COLUMN_NUMBER, false},
};

enum { FIXED = sizeof fixed / sizeof fixed[0], OF_FILE = 5 };

static bool is_of_file(size_t index)
{
    return index + OF_FILE >= FIXED;
}

bool est_i_json_is_fixed(const char *column)
{
    bool found = false;
    for (size_t i = 0; i < FIXED && !found; i++)
        found = strcmp(column, fixed[i].name) == 0;
    return found;
}

const char *est_i_json_label_name(const char *column)
{
    size_t length = strlen(LABEL_PREFIX);
    return strncmp(column, LABEL_PREFIX, length) == 0 ? column + length : column;
}

/* The state of a source. Texts of the rows lie in the document. */
typedef struct json_state {
    json_t *document;
    json_t *rows;            /* borrowed */
    est_i_dictionary labels; /* names of labels, in the order of their columns */
    char **flags;            /* of each row, joined */
    size_t n_rows;
    const char *method, *title; /* borrowed */
    bool data_public, synthetic, internal;
} json_state;

static void free_state(void *memory)
{
    json_state *state = memory;
    if (!state)
        return;
    for (size_t i = 0; state->flags && i < state->n_rows; i++)
        free(state->flags[i]);
    free(state->flags);
    est_i_dictionary_free(&state->labels);
    json_decref(state->document);
    free(state);
}

/* Reading */

static est_status read_bytes(const est_source *source, est_i_monitor *monitor, char **bytes, est_error *error)
{
    size_t size = source->n_bytes, read = 0, got = 1;
    est_status status = EST_OK;
    *bytes = NULL;
    if (size > BYTES_MAX)
        return est_i_fail_at(error, EST_EFORMAT, (est_i_place){source->name, 0, 0, NULL},
                             "found a file of %zu megabytes, expected a result that est has written, which is far smaller",
                             size >> 20);
    *bytes = malloc(size + 1);
    if (!*bytes)
        return est_i_no_memory(error);
    while (status == EST_OK && read < size && got > 0) {
        size_t block = size - read < ((size_t)1 << 20) ? size - read : (size_t)1 << 20;
        if (est_i_monitor_cancelled(monitor))
            status = est_i_cancelled(error);
        else
            status = est_i_source_read_at(source, read, *bytes + read, block, &got, error);
        read += got;
    }
    if (status == EST_OK)
        status = est_i_source_check_unchanged(source, error);
    return status;
}

/* What the parser found, in words of our own: its texts quote the file. */
static const char *words_of(const json_error_t *fault)
{
    switch (json_error_code(fault)) {
    case json_error_premature_end_of_input: return "found the end of the file too early; it has been cut off";
    case json_error_end_of_input_expected: return "found more after the end of the result; the file is damaged";
    case json_error_duplicate_key: return "found a key a second time; the file was not written by est, or is damaged";
    case json_error_stack_overflow: return "found lists in lists beyond any measure; the file was not written by est";
    case json_error_numeric_overflow: return "found a number too large to be one; the file was not written by est, or is damaged";
    case json_error_invalid_utf8: return "found bytes that are no UTF-8; the file is damaged";
    case json_error_null_character:
    case json_error_null_byte_in_key: return "found a NUL character in a text; the file is damaged";
    default: return "found something that is no JSON; the file is damaged, or of another kind than its name says";
    }
}

static est_status parse(const est_source *source, const char *bytes, json_state *state, est_error *error)
{
    json_error_t fault;
    state->document = json_loadb(bytes, source->n_bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &fault);
    if (state->document)
        return EST_OK;
    if (json_error_code(&fault) == json_error_out_of_memory)
        return est_i_no_memory(error);
    return est_i_fail_at(error, EST_EFORMAT, (est_i_place){source->name, 0, fault.line > 0 ? fault.line : 0, NULL},
                         "%s; expected the JSON of a result (--format json)", words_of(&fault));
}

/* Checking */

static est_status fail_file(const est_source *source, const char *message, est_error *error)
{
    return est_i_fail_at(error, EST_EFORMAT, (est_i_place){source->name, 0, 0, NULL}, "%s", message);
}

static est_status fail_row(const est_source *source, size_t row, const char *key, const char *found, const char *expected,
                           est_error *error)
{
    est_i_place place = {source->name, (long long)row + 1, 0, key};
    return est_i_fail_at(error, EST_EFORMAT, place, "found %s, expected %s", found, expected);
}

static const char *kind_word(const json_t *value)
{
    static const char *const words[] = {"an object", "a list", "a text", "a number", "a number", "true", "false", "null"};
    return value ? words[json_typeof(value)] : "nothing";
}

static est_status check_schema(const est_source *source, const json_t *document, est_error *error)
{
    const char *schema = json_is_object(document) ? json_string_value(json_object_get(document, "schema")) : NULL;
    if (schema && strcmp(schema, SCHEMA) == 0)
        return EST_OK;
    if (schema && strncmp(schema, SCHEMA_FAMILY, strlen(SCHEMA_FAMILY)) == 0)
        return fail_file(source,
                         "found a result of another version of est, expected schema " SCHEMA "; write it again with this version",
                         error);
    return fail_file(source, "found JSON that is no result of est, expected schema " SCHEMA " (est METHOD DATA --format json)",
                     error);
}

static est_status read_method(const est_source *source, json_state *state, est_error *error)
{
    const json_t *method = json_object_get(state->document, "method");
    state->method = json_string_value(json_object_get(method, "id"));
    state->title = json_string_value(json_object_get(method, "title"));
    return state->method && state->title ? EST_OK : fail_file(source, "found no method with id and title, expected both", error);
}

/* Banners by their first words. One that is not known may say that the numbers must not leave the office. */
static est_status read_marks(const est_source *source, json_state *state, est_error *error)
{
    static const char synthetic[] = "SYNTHETIC DATA", internal[] = "FOR INTERNAL USE";
    const json_t *marks = json_object_get(state->document, "marks"), *provenance = json_object_get(state->document, "provenance");
    if (marks && !json_is_array(marks))
        return fail_file(source, "found marks that are no list, expected a list of texts", error);
    for (size_t i = 0; i < json_array_size(marks); i++) {
        const char *mark = json_string_value(json_array_get(marks, i));
        if (mark && strncmp(mark, synthetic, strlen(synthetic)) == 0)
            state->synthetic = true;
        else if (mark && strncmp(mark, internal, strlen(internal)) == 0)
            state->internal = true;
        else
            return fail_file(source, "found a mark on the result that is not known, expected SYNTHETIC DATA or FOR INTERNAL USE",
                             error);
    }
    if (!json_is_object(provenance))
        return fail_file(source, "found no provenance, expected where the result is from", error);
    state->data_public = !state->internal && json_object_get(provenance, "data");
    return EST_OK;
}

static est_status check_labels(const est_source *source, json_state *state, size_t row, const json_t *domain, est_error *error)
{
    const char *name;
    json_t *value;
    if (!json_is_object(domain))
        return fail_row(source, row, "domain", kind_word(domain), "an object of labels", error);
    json_object_foreach((json_t *)domain, name, value)
    {
        if (!*name || !json_is_string(value))
            return fail_row(source, row, "domain", *name ? kind_word(value) : "a label without a name", "a label with a text",
                            error);
        if (est_i_dictionary_add(&state->labels, name, strlen(name)) == EST_I_DICTIONARY_NONE)
            return est_i_no_memory(error);
    }
    if (state->labels.count > LABELS_MAX)
        return fail_row(source, row, "domain", "too many different labels", "at most 256 in a file", error);
    return EST_OK;
}

/* Names parted by blanks; a name has none. */
static est_status join_flags(const est_source *source, json_state *state, size_t row, const json_t *flags, est_error *error)
{
    est_i_text text = {0};
    est_status status = EST_OK;
    if (!json_is_array(flags))
        return fail_row(source, row, "flags", kind_word(flags), "a list of flags", error);
    for (size_t i = 0; status == EST_OK && i < json_array_size(flags); i++) {
        const char *flag = json_string_value(json_array_get(flags, i));
        if (!flag || !*flag || strpbrk(flag, " \t\r\n"))
            status = fail_row(source, row, "flags", "something that is no flag", "one word for each", error);
        else
            est_i_text_printf(&text, "%s%s", i ? " " : "", flag);
    }
    if (status == EST_OK && (text.failed || !(state->flags[row] = est_i_text_take(&text))))
        status = est_i_no_memory(error);
    est_i_text_free(&text);
    return status;
}

static est_status check_value(const est_source *source, size_t row, const fixed_column *column, const json_t *value,
                              est_error *error)
{
    bool number = column->kind == EST_COLUMN_NUMBER;
    if (!value)
        return column->required ? fail_row(source, row, column->name, "nothing", "this key in every row", error) : EST_OK;
    if (number && !json_is_number(value) && !json_is_null(value))
        return fail_row(source, row, column->name, kind_word(value), "a number or null", error);
    if (!number && !json_is_string(value))
        return fail_row(source, row, column->name, kind_word(value), "a text", error);
    return EST_OK;
}

static est_status check_row(const est_source *source, json_state *state, size_t row, est_error *error)
{
    const json_t *object = json_array_get(state->rows, row);
    const char *estimand = json_string_value(json_object_get(object, "estimand"));
    est_status status = EST_OK;
    if (!json_is_object(object))
        return fail_row(source, row, NULL, kind_word(object), "an object", error);
    for (size_t i = 0; status == EST_OK && i < FIXED; i++)
        if (!is_of_file(i) && strcmp(fixed[i].name, "flags") != 0)
            status = check_value(source, row, &fixed[i], json_object_get(object, fixed[i].name), error);
    if (status == EST_OK && !*estimand)
        status = fail_row(source, row, "estimand", "an empty text", "the name of what is estimated", error);
    if (status == EST_OK)
        status = check_labels(source, state, row, json_object_get(object, "domain"), error);
    if (status == EST_OK)
        status = join_flags(source, state, row, json_object_get(object, "flags"), error);
    if (status == EST_OK && strstr(state->flags[row], est_flag_name(EST_FLAG_SYNTHETIC)))
        state->synthetic = true;
    return status;
}

static est_status check_rows(const est_source *source, json_state *state, est_i_monitor *monitor, est_error *error)
{
    est_status status = EST_OK;
    json_t *rows = json_object_get(state->document, "rows");
    if (!json_is_array(rows))
        return fail_file(source, "found no list of rows, expected one", error);
    state->rows = rows;
    state->flags = calloc(json_array_size(rows) + 1, sizeof *state->flags);
    if (!state->flags)
        return est_i_no_memory(error);
    state->n_rows = json_array_size(rows);
    for (size_t row = 0; status == EST_OK && row < state->n_rows; row++)
        status = est_i_monitor_cancelled(monitor) ? est_i_cancelled(error) : check_row(source, state, row, error);
    return status;
}

/* Columns */

static est_status add_label_column(est_source *source, const char *label, est_error *error)
{
    est_i_text name = {0};
    est_status status = EST_OK;
    bool taken = est_i_json_is_fixed(label);
    est_i_text_append(&name, taken ? LABEL_PREFIX : "");
    est_i_text_append(&name, label);
    if (name.failed)
        status = est_i_no_memory(error);
    else if (est_source_find(source, name.data) >= 0)
        status = fail_file(source, "found labels that cannot be told apart: one bears the name of another with 'domain:' before it",
                           error);
    else
        status = est_i_source_add_column(source, name.data, EST_COLUMN_TEXT, error);
    est_i_text_free(&name);
    return status;
}

static est_status add_columns(est_source *source, const json_state *state, est_error *error)
{
    est_status status = est_i_source_add_column(source, fixed[0].name, fixed[0].kind, error);
    for (uint32_t i = 0; status == EST_OK && i < state->labels.count; i++)
        status = add_label_column(source, est_i_dictionary_text(&state->labels, i), error);
    for (size_t i = 1; status == EST_OK && i < FIXED; i++)
        status = est_i_source_add_column(source, fixed[i].name, fixed[i].kind, error);
    return status;
}

static est_status open_json(est_source *source, est_i_monitor *monitor, est_error *error)
{
    json_state *state = source->state = calloc(1, sizeof *state);
    char *bytes = NULL;
    est_status status = state ? read_bytes(source, monitor, &bytes, error) : est_i_no_memory(error);
    if (status == EST_OK)
        status = parse(source, bytes, state, error);
    free(bytes);
    if (status == EST_OK)
        status = check_schema(source, state->document, error);
    if (status == EST_OK)
        status = read_method(source, state, error);
    if (status == EST_OK)
        status = read_marks(source, state, error);
    if (status == EST_OK)
        status = check_rows(source, state, monitor, error);
    if (status == EST_OK)
        status = add_columns(source, state, error);
    if (status == EST_OK) {
        source->n_rows = (long long)state->n_rows;
        source->is_public = state->data_public;
        source->is_synthetic = source->is_synthetic || state->synthetic;
    }
    return status;
}

/* Rows */

/* A cell: a number (NaN = missing), or a text (NULL = NA, "" = empty). */
typedef struct cell {
    bool is_text;
    double number;
    const char *text;
} cell;

static cell cell_of_file(const json_state *state, const fixed_column *column)
{
    cell found = {.is_text = column->kind == EST_COLUMN_TEXT};
    if (found.is_text)
        found.text = strcmp(column->name, "method") == 0 ? state->method : state->title;
    else if (strcmp(column->name, "data_public") == 0)
        found.number = state->data_public;
    else
        found.number = strcmp(column->name, "synthetic") == 0 ? state->synthetic : state->internal;
    return found;
}

static cell cell_at(const json_state *state, size_t row, size_t column)
{
    const json_t *object = json_array_get(state->rows, row);
    size_t n_labels = state->labels.count;
    if (column > 0 && column <= n_labels) {
        const char *label = est_i_dictionary_text(&state->labels, (uint32_t)column - 1);
        return (cell){.is_text = true, .text = json_string_value(json_object_get(json_object_get(object, "domain"), label))};
    }
    size_t index = column ? column - n_labels : 0;
    if (is_of_file(index))
        return cell_of_file(state, &fixed[index]);
    cell found = {.is_text = fixed[index].kind == EST_COLUMN_TEXT, .number = NAN, .text = ""};
    const json_t *value = json_object_get(object, fixed[index].name);
    if (json_is_number(value))
        found.number = json_number_value(value);
    else if (json_is_string(value))
        found.text = json_string_value(value);
    else if (json_is_array(value))
        found.text = state->flags[row];
    return found;
}

static est_status put_cell(est_i_row_writer *writer, size_t column, const cell *value, est_error *error)
{
    est_status status = EST_OK;
    for (size_t f = est_i_row_field(writer, column); status == EST_OK && f != EST_I_NO_FIELD; f = est_i_row_next_field(writer, f)) {
        if (!value->is_text)
            status = est_i_row_put_number(writer, f, value->number, error);
        else if (!value->text || !*value->text)
            est_i_row_put_missing(writer, f, !value->text);
        else
            status = est_i_row_put_text(writer, f, value->text, strlen(value->text), error);
    }
    return status;
}

static est_status read_rows(const est_source *source, long long first_row, long long last_row, est_i_row_writer *writer,
                            est_error *error)
{
    const json_state *state = source->state;
    est_status status = EST_OK;
    for (size_t row = (size_t)first_row; status == EST_OK && row < (size_t)last_row; row++) {
        for (size_t c = 0; status == EST_OK && c < source->columns.count; c++) {
            cell value = cell_at(state, row, c);
            status = put_cell(writer, c, &value, error);
        }
        if (status == EST_OK)
            status = est_i_row_end(writer, error);
    }
    return status;
}

const est_i_source_kind est_i_json_kind = {
    .extension = ".json", .seeks = true, .open = open_json, .read_rows = read_rows, .free_state = free_state};
