/* The rows of a Stata or SPSS file. ReadStat hands over the wanted variables of each row in their order, one value a call. */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "data/readstat_parts.h"
#include "data/utf8.h"

typedef struct wanted_column {
    size_t column;
    size_t first_field;    /* EST_I_NO_FIELD: it stands for the rows alone */
    bool declares_missing; /* SPSS: some of its values are */
} wanted_column;

typedef struct row_reader {
    const est_source *source;
    const est_i_readstat *state;
    est_i_row_writer *writer; /* NULL: rows are only counted */
    est_i_monitor *monitor;   /* when rows are counted */
    est_i_readstat_input input;
    readstat_parser_t *parser;
    est_error *error;
    est_status status; /* the first fault; reading stops */

    wanted_column *wanted; /* the columns that ReadStat hands over, ascending */
    size_t n_wanted;
    size_t next;   /* of them: the one that comes next */
    long long row; /* being read, from 0 */
    long long last_row; /* the first that is not wanted; -1 = all are */
} row_reader;

#define WHOLE_BELOW 1e15f /* from there on numbers are printed with an exponent */

size_t est_i_readstat_print_float(float value, char buffer[32])
{
    char scientific[48], digits[48], number[80];
    double shortest = (double)value;
    bool found = floorf(value) == value && fabsf(value) < WHOLE_BELOW;
    /* Six digits always survive a normal float, so fewer need no trial there. */
    for (int precision = fabsf(value) < FLT_MIN ? 1 : 6; precision <= 9 && !found; precision++) {
        size_t count = 0;
        long exponent = 0;
        snprintf(scientific, sizeof scientific, "%.*e", precision - 1, fabs((double)value));
        /* The point is the locale's: only the digits are taken. */
        for (const char *at = scientific; *at; at++) {
            if (*at == 'e') {
                exponent = strtol(at + 1, NULL, 10);
                break;
            }
            if (*at >= '0' && *at <= '9')
                digits[count++] = *at;
        }
        digits[count] = '\0';
        snprintf(number, sizeof number, "%s%se%ld", value < 0 ? "-" : "", digits, exponent - precision + 1);
        found = strtof(number, NULL) == value;
        if (found)
            found = est_i_number_parse(number, strlen(number), &shortest);
    }
    return est_i_number_print(shortest, buffer);
}

size_t est_i_readstat_print_tag(char tag, char buffer[32])
{
    buffer[0] = '.';
    buffer[1] = tag;
    buffer[2] = '\0';
    return 2;
}

static est_i_place place_here(const row_reader *reader)
{
    size_t column = reader->wanted[reader->next].column;
    return (est_i_place){reader->source->name, reader->row + 1, 0, est_source_column_name(reader->source, column)};
}

/* Why a value is missing, in a text; its length, 0 = nothing is said. */
static size_t reason_of(const readstat_value_t *value, char buffer[32], const char **text)
{
    size_t length = 0;
    *text = buffer;
    if (value->is_tagged_missing) {
        length = est_i_readstat_print_tag(value->tag, buffer);
    } else if (value->type == READSTAT_TYPE_STRING || value->type == READSTAT_TYPE_STRING_REF) {
        *text = value->v.string_value ? value->v.string_value : "";
        length = strlen(*text);
        while (length > 0 && (*text)[length - 1] == ' ')
            length--;
    } else if (!value->is_system_missing) {
        length = est_i_number_print(readstat_double_value(*value), buffer);
    }
    return length;
}

static est_status put_missing(row_reader *reader, size_t first_field, const readstat_value_t *value)
{
    est_i_row_writer *writer = reader->writer;
    est_status status = EST_OK;
    for (size_t f = first_field; status == EST_OK && f != EST_I_NO_FIELD; f = est_i_row_next_field(writer, f)) {
        char buffer[32];
        const char *text;
        bool wants_reason = est_i_row_field_at(writer, f).kind == EST_I_FIELD_REASON;
        size_t length = wants_reason ? reason_of(value, buffer, &text) : 0;
        if (!wants_reason)
            est_i_row_put_missing(writer, f, true);
        else if (length > 0)
            status = est_i_row_put_reason(writer, f, text, length, reader->error);
    }
    return status;
}

static est_status put_float(row_reader *reader, size_t field, float value)
{
    char text[32];
    if (est_i_row_field_at(reader->writer, field).kind == EST_I_FIELD_NUMBER)
        return est_i_row_put_number(reader->writer, field, (double)value, reader->error);
    size_t length = est_i_readstat_print_float(value, text);
    return est_i_row_put_text(reader->writer, field, text, length, reader->error);
}

/* What ReadStat has functions for; a call for every value takes longer than the value. */
static double number_of(const readstat_value_t *value)
{
    double number = NAN;
    switch (value->type) {
    case READSTAT_TYPE_INT8:
        number = value->v.i8_value;
        break;
    case READSTAT_TYPE_INT16:
        number = value->v.i16_value;
        break;
    case READSTAT_TYPE_INT32:
        number = value->v.i32_value;
        break;
    case READSTAT_TYPE_FLOAT:
        number = (double)value->v.float_value;
        break;
    case READSTAT_TYPE_DOUBLE:
        number = value->v.double_value;
        break;
    case READSTAT_TYPE_STRING:
    case READSTAT_TYPE_STRING_REF:
        break;
    }
    return number;
}

static est_status put_number(row_reader *reader, size_t first_field, const readstat_value_t *value)
{
    est_i_row_writer *writer = reader->writer;
    double number = number_of(value);
    bool is_float = value->type == READSTAT_TYPE_FLOAT;
    est_status status = EST_OK;
    if (!isfinite(number)) {
        if (isnan(number))
            return put_missing(reader, first_field, value);
        return est_i_fail_at(reader->error, EST_EVALUE, place_here(reader), "found an infinite number, expected a finite one");
    }
    for (size_t f = first_field; status == EST_OK && f != EST_I_NO_FIELD; f = est_i_row_next_field(writer, f))
        if (est_i_row_field_at(writer, f).kind != EST_I_FIELD_REASON)
            status = is_float ? put_float(reader, f, value->v.float_value)
                              : est_i_row_put_number(writer, f, number, reader->error);
    return status;
}

static est_status put_empty(row_reader *reader, size_t first_field)
{
    for (size_t f = first_field; f != EST_I_NO_FIELD; f = est_i_row_next_field(reader->writer, f))
        if (est_i_row_field_at(reader->writer, f).kind != EST_I_FIELD_REASON)
            est_i_row_put_missing(reader->writer, f, false);
    return EST_OK;
}

static est_status put_text(row_reader *reader, size_t first_field, const char *text)
{
    est_i_row_writer *writer = reader->writer;
    size_t length = text ? strlen(text) : 0;
    est_status status = EST_OK;
    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (length == 0)
        return put_empty(reader, first_field);
    for (size_t f = first_field; status == EST_OK && f != EST_I_NO_FIELD; f = est_i_row_next_field(writer, f))
        if (est_i_row_field_at(writer, f).kind != EST_I_FIELD_REASON)
            status = est_i_row_put_text(writer, f, text, length, reader->error);
    return status;
}

static est_status put_value(row_reader *reader, const wanted_column *wanted, readstat_variable_t *variable,
                            const readstat_value_t *value)
{
    bool is_text = value->type == READSTAT_TYPE_STRING || value->type == READSTAT_TYPE_STRING_REF;
    est_status status;
    if (is_text && value->v.string_value && !est_i_utf8_valid(value->v.string_value))
        status = est_i_fail_at(reader->error, EST_EFORMAT, place_here(reader),
                               "found text that is no UTF-8, expected UTF-8; save the file again with a newer version of the "
                               "program");
    else if (value->is_system_missing || value->is_tagged_missing ||
             (wanted->declares_missing && readstat_value_is_defined_missing(*value, variable)))
        status = put_missing(reader, wanted->first_field, value);
    else if (is_text)
        status = put_text(reader, wanted->first_field, value->v.string_value);
    else
        status = put_number(reader, wanted->first_field, value);
    return status;
}

static est_status end_row(row_reader *reader)
{
    reader->next = 0;
    reader->row++;
    if (reader->writer)
        return est_i_row_end(reader->writer, reader->error);
    return est_i_monitor_cancelled(reader->monitor) ? est_i_cancelled(reader->error) : EST_OK;
}

static int take_value(int row, readstat_variable_t *variable, readstat_value_t value, void *user)
{
    row_reader *reader = user;
    const wanted_column *wanted = &reader->wanted[reader->next];
    (void)row; /* counts within what is read */
    if ((size_t)variable->index != wanted->column)
        reader->status = est_i_fail_at(reader->error, EST_EFORMAT, place_here(reader),
                                       "found another variable's value; the file is damaged: copy it again from where it came");
    else if (wanted->first_field != EST_I_NO_FIELD)
        reader->status = put_value(reader, wanted, variable, &value);
    if (reader->status == EST_OK && ++reader->next == reader->n_wanted)
        reader->status = end_row(reader);
    return reader->status == EST_OK ? READSTAT_HANDLER_OK : READSTAT_HANDLER_ABORT;
}

/* ReadStat 1.1.8 needs a handler of variables beside one of values. */
static int take_variable(int index, readstat_variable_t *variable, const char *labels, void *user)
{
    const row_reader *reader = user;
    bool is_wanted = false;
    (void)variable;
    (void)labels;
    if (index >= 0 && (size_t)index < reader->state->n_variables)
        is_wanted = (size_t)index == reader->wanted[0].column ||
                    (reader->writer && est_i_row_field(reader->writer, (size_t)index) != EST_I_NO_FIELD);
    return is_wanted ? READSTAT_HANDLER_OK : READSTAT_HANDLER_SKIP_VARIABLE;
}

static est_status want_long_strings(row_reader *reader, size_t column)
{
    reader->input.skip_long_strings = false;
    /* Version 119 numbers them in three and five bytes, ReadStat 1.1.8 reads two and six and finds none. */
    if (reader->state->version >= 119)
        return est_i_fail_at(reader->error, EST_EFORMAT,
                             (est_i_place){reader->source->name, 0, 0, est_source_column_name(reader->source, column)},
                             "found long strings (strL) of a file of more than 32,767 variables, which cannot be read; "
                             "expected another type: recast the variable as str, or save fewer variables");
    return EST_OK;
}

/* Without any field the first column stands for the rows. */
static est_status choose_columns(row_reader *reader)
{
    const est_i_readstat *state = reader->state;
    est_status status = EST_OK;
    reader->wanted = malloc((state->n_variables ? state->n_variables : 1) * sizeof *reader->wanted);
    if (!reader->wanted)
        return est_i_no_memory(reader->error);
    for (size_t column = 0; reader->writer && status == EST_OK && column < state->n_variables; column++) {
        const est_i_readstat_variable *variable = &state->variables[column];
        size_t first_field = est_i_row_field(reader->writer, column);
        if (first_field == EST_I_NO_FIELD)
            continue;
        reader->wanted[reader->n_wanted++] = (wanted_column){column, first_field, state->is_spss && variable->has_reasons};
        if (variable->is_long_string)
            status = want_long_strings(reader, column);
    }
    if (reader->n_wanted == 0)
        reader->wanted[reader->n_wanted++] = (wanted_column){0, EST_I_NO_FIELD, false};
    return status;
}

static est_status open_reader(row_reader *reader)
{
    reader->parser = readstat_parser_init();
    if (!reader->parser || !est_i_readstat_input_open(&reader->input, reader->source, reader->state->is_spss, reader->parser))
        return est_i_no_memory(reader->error);
    reader->input.ends_short = reader->state->ends_short;
    readstat_set_variable_handler(reader->parser, take_variable);
    readstat_set_value_handler(reader->parser, take_value);
    if (reader->state->encoding)
        readstat_set_file_character_encoding(reader->parser, reader->state->encoding);
    return choose_columns(reader);
}

static void close_reader(row_reader *reader)
{
    est_i_readstat_input_close(&reader->input);
    readstat_parser_free(reader->parser);
    free(reader->wanted);
}

static est_status read_all(row_reader *reader)
{
    readstat_error_t code = reader->state->is_spss ? readstat_parse_sav(reader->parser, reader->source->name, reader)
                                                   : readstat_parse_dta(reader->parser, reader->source->name, reader);
    /* A text that cannot be converted is that of the value that comes next. */
    if (reader->status == EST_OK && (code != READSTAT_OK || reader->input.status != EST_OK || reader->input.is_damaged)) {
        bool is_behind = reader->next == 0 && reader->row == reader->last_row; /* the rows are not at fault */
        est_i_place place = is_behind ? (est_i_place){0} : place_here(reader);
        reader->status = est_i_readstat_fail(reader->source, code, &reader->input, place.record, place.column, reader->error);
    }
    return reader->status;
}

est_status est_i_readstat_rows(const est_source *source, long long first_row, long long last_row, est_i_row_writer *writer,
                               est_error *error)
{
    row_reader reader = {.source = source, .state = source->state, .writer = writer, .error = error};
    if (first_row >= last_row)
        return EST_OK;
    reader.row = first_row;
    reader.last_row = last_row;
    est_status status = open_reader(&reader);
    if (status == EST_OK) {
        readstat_set_row_offset(reader.parser, (long)first_row);
        readstat_set_row_limit(reader.parser, (long)(last_row - first_row));
        status = read_all(&reader);
    }
    if (status == EST_OK && (reader.next != 0 || reader.row != last_row))
        status = est_i_readstat_fail(source, READSTAT_ERROR_ROW_COUNT_MISMATCH, &reader.input, reader.row + 1, NULL, error);
    close_reader(&reader);
    return status;
}

est_status est_i_readstat_count(const est_source *source, est_i_monitor *monitor, long long *n_rows, est_error *error)
{
    row_reader reader = {.source = source, .state = source->state, .monitor = monitor, .error = error, .last_row = -1};
    est_status status = open_reader(&reader);
    if (status == EST_OK) {
        /* Without a limit ReadStat 1.1.8 reads no row of an uncompressed SPSS file whose header does not say how many there are. */
        readstat_set_row_limit(reader.parser, INT_MAX);
        status = read_all(&reader);
    }
    if (status == EST_OK && (reader.next != 0 || reader.input.is_cut))
        status = est_i_readstat_fail(source, READSTAT_ERROR_READ, &reader.input, reader.row + 1, NULL, error);
    *n_rows = reader.row;
    close_reader(&reader);
    return status;
}
