/* Stata and SPSS files: header, labels and faults. readstat_rows.c reads the rows, readstat_input.c the bytes. */
#include "data/readstat.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "data/readstat_parts.h"
#include "data/utf8.h"

/* Faults */

static const char *program_of(bool is_spss)
{
    return is_spss ? "SPSS" : "Stata";
}

#define ADVICE "copy it again from where it came, or save it again as CSV in UTF-8"

static bool is_conversion(readstat_error_t code)
{
    return code == READSTAT_ERROR_CONVERT || code == READSTAT_ERROR_CONVERT_BAD_STRING ||
           code == READSTAT_ERROR_CONVERT_SHORT_STRING || code == READSTAT_ERROR_CONVERT_LONG_STRING;
}

/* What was found; expected and advice follow. */
static const char *words_of(readstat_error_t code)
{
    static const struct {
        readstat_error_t code;
        const char *words;
    } known[] = {
        {READSTAT_ERROR_OPEN, "found a file that cannot be opened"},
        {READSTAT_ERROR_READ, "found the end of the file too early; it has been cut off or is damaged"},
        {READSTAT_ERROR_SEEK, "found a place that is not in the file; it has been cut off or is damaged"},
        {READSTAT_ERROR_ROW_COUNT_MISMATCH, "found the end of the data too early; the file has been cut off or is damaged"},
        {READSTAT_ERROR_MALLOC, "found a part too large to be held in memory; the file is damaged, or memory ran out"},
        {READSTAT_ERROR_UNSUPPORTED_COMPRESSION, "found a compression that cannot be read"},
        {READSTAT_ERROR_UNSUPPORTED_CHARSET, "found a character encoding that is not known"},
        {READSTAT_ERROR_UNSUPPORTED_FILE_FORMAT_VERSION, "found a version of the format that is not known"},
        {READSTAT_ERROR_CONVERT, "found text that its encoding does not allow"},
        {READSTAT_ERROR_CONVERT_BAD_STRING, "found text that its encoding does not allow"},
        {READSTAT_ERROR_CONVERT_SHORT_STRING, "found text that its encoding does not allow"},
        {READSTAT_ERROR_CONVERT_LONG_STRING, "found text that is longer than its column"},
    };
    const char *words = "found something that does not belong there; the file is damaged, or of a kind that cannot be read";
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].code == code)
            words = known[i].words;
    return words;
}

est_status est_i_readstat_fail(const est_source *source, readstat_error_t code, const est_i_readstat_input *input,
                               long long record, const char *column, est_error *error)
{
    est_i_place place = {source->name, record, 0, is_conversion(code) ? column : NULL};
    if (input->status != EST_OK) {
        if (error)
            *error = input->error;
        return input->status;
    }
    return est_i_fail_at(error, EST_EFORMAT, place, "%s, expected a whole file of %s: %s",
                         words_of(input->is_damaged ? READSTAT_ERROR_PARSE : code), program_of(input->is_spss), ADVICE);
}

/* Labels */

/* Cut where it is no UTF-8; ReadStat cuts long labels by bytes. */
static char *copy_label(const char *label)
{
    char *copy = est_i_string_copy(label ? label : "");
    if (copy) {
        size_t end = est_i_utf8_check(&(est_i_utf8){0}, copy, strlen(copy));
        copy[end] = '\0';
        while (end > 0 && !est_i_utf8_valid(copy))
            copy[--end] = '\0';
        while (end > 0 && copy[end - 1] == ' ')
            copy[--end] = '\0';
    }
    return copy;
}

/* The number of the set of that name, made if it is new. EST_I_DICTIONARY_NONE without memory. */
static uint32_t find_set(est_i_readstat *state, const char *name, size_t length)
{
    uint32_t set = est_i_dictionary_add(&state->set_names, name, length);
    if (set == EST_I_DICTIONARY_NONE || set < state->n_sets)
        return set;
    if (state->n_sets == state->sets_capacity) {
        size_t capacity = state->sets_capacity ? state->sets_capacity * 2 : 16;
        est_i_readstat_labels *sets = realloc(state->sets, capacity * sizeof *sets);
        if (!sets)
            return EST_I_DICTIONARY_NONE;
        state->sets = sets;
        state->sets_capacity = capacity;
    }
    state->sets[state->n_sets++] = (est_i_readstat_labels){.labels = NULL};
    return set;
}

/* The first label of a value stands. */
static bool add_label(est_i_readstat_labels *set, const char *value, size_t length, const char *label)
{
    uint32_t count = set->values.count, index;
    if (count == set->capacity) {
        size_t capacity = set->capacity ? set->capacity * 2 : 8;
        char **labels = realloc(set->labels, capacity * sizeof *labels);
        if (!labels)
            return false;
        set->labels = labels;
        set->capacity = capacity;
    }
    index = est_i_dictionary_add(&set->values, value, length);
    if (index != EST_I_DICTIONARY_NONE && index == count) {
        set->labels[index] = copy_label(label);
        return set->labels[index] != NULL;
    }
    return index != EST_I_DICTIONARY_NONE;
}

static bool has_reasons(const est_source *source, size_t column)
{
    const est_i_readstat *state = source->state;
    return state->variables[column].has_reasons;
}

static const char *value_label(const est_source *source, size_t column, const char *value)
{
    const est_i_readstat *state = source->state;
    uint32_t set = state->variables[column].set;
    uint32_t index = EST_I_DICTIONARY_NONE;
    if (set != EST_I_DICTIONARY_NONE)
        index = est_i_dictionary_find(&state->sets[set].values, value, strlen(value));
    return index == EST_I_DICTIONARY_NONE ? NULL : state->sets[set].labels[index];
}

static const char *variable_label(const est_source *source, size_t column)
{
    const est_i_readstat *state = source->state;
    return state->variables[column].label;
}

static void free_state(void *user)
{
    est_i_readstat *state = user;
    if (!state)
        return;
    for (size_t i = 0; i < state->n_variables; i++)
        free(state->variables[i].label);
    for (size_t i = 0; i < state->n_sets; i++) {
        for (uint32_t k = 0; k < state->sets[i].values.count; k++)
            free(state->sets[i].labels[k]);
        free(state->sets[i].labels);
        est_i_dictionary_free(&state->sets[i].values);
    }
    est_i_dictionary_free(&state->set_names);
    free(state->variables);
    free(state->sets);
    free(state);
}

/* The header */

typedef struct header_reader {
    est_source *source;
    est_i_readstat *state;
    est_i_readstat_input input;
    readstat_parser_t *parser;
    est_error *error;
    est_status status;
    bool has_rows, very_long_text, is_utf8;
} header_reader;

#define TAGS_FROM_VERSION 113 /* of Stata's format: .a to .z came with it */

/* A row has a byte at least; deflate packs no more than 1,032 bytes into one (RFC 1951: a match of 258 bytes in two bits). */
static est_status check_rows(header_reader *reader, const readstat_metadata_t *metadata)
{
    int64_t packing = metadata->compression == READSTAT_COMPRESS_BINARY ? 1032 : 1;
    int64_t size = (int64_t)reader->source->n_bytes;
    est_status status = EST_OK;
    if (metadata->row_count > size * packing)
        status = est_i_fail_at(reader->error, EST_EFORMAT, (est_i_place){reader->source->name, 0, 0, NULL},
                               "found %lld records promised in the header, more than the file can hold; it is damaged: " ADVICE,
                               (long long)metadata->row_count);
    return status;
}

static int take_metadata(readstat_metadata_t *metadata, void *user)
{
    header_reader *reader = user;
    reader->state->version = metadata->file_format_version;
    reader->has_rows = metadata->row_count >= 0;
    reader->source->n_rows = reader->has_rows ? (long long)metadata->row_count : 0;
    reader->is_utf8 = metadata->file_encoding && strcmp(metadata->file_encoding, "UTF-8") == 0;
    reader->state->ends_short = metadata->compression == READSTAT_COMPRESS_ROWS;
    reader->status = check_rows(reader, metadata);
    return reader->status == EST_OK ? READSTAT_HANDLER_OK : READSTAT_HANDLER_ABORT;
}

/* Stata's names of sets of labels have a fixed width and need no NUL. ReadStat 1.1.8 does not end them either. */
static size_t set_name_length(const header_reader *reader, const char *name, bool of_variable)
{
    size_t width = 256;
    int64_t version = reader->state->version;
    if (!reader->state->is_spss && of_variable)
        width = version < 110 ? 9 : version < 118 ? 33 : 129;
    else if (!reader->state->is_spss)
        width = version < 105 ? 12 : version < 118 ? 33 : 129;
    return strnlen(name, width);
}

static est_i_readstat_variable *new_variable(est_i_readstat *state)
{
    if (state->n_variables == state->capacity) {
        size_t capacity = state->capacity ? state->capacity * 2 : 64;
        est_i_readstat_variable *variables = realloc(state->variables, capacity * sizeof *variables);
        if (!variables)
            return NULL;
        state->variables = variables;
        state->capacity = capacity;
    }
    est_i_readstat_variable *variable = &state->variables[state->n_variables++];
    *variable = (est_i_readstat_variable){.set = EST_I_DICTIONARY_NONE};
    return variable;
}

static est_status add_variable(header_reader *reader, const readstat_variable_t *variable, const char *labels)
{
    const char *name = readstat_variable_get_name(variable);
    bool is_text = readstat_variable_get_type_class(variable) == READSTAT_TYPE_CLASS_STRING;
    size_t width = readstat_variable_get_storage_width(variable);
    est_i_readstat_variable *own = new_variable(reader->state);
    if (!own)
        return est_i_no_memory(reader->error);
    own->label = copy_label(readstat_variable_get_label(variable));
    own->is_long_string = !reader->state->is_spss && is_text && width == 0;
    own->has_reasons = reader->state->is_spss ? readstat_variable_get_missing_ranges_count(variable) > 0
                                              : !is_text && reader->state->version >= TAGS_FROM_VERSION;
    reader->very_long_text = reader->very_long_text || (is_text && width > 255);
    if (labels)
        own->set = find_set(reader->state, labels, set_name_length(reader, labels, true));
    if (!own->label || (labels && own->set == EST_I_DICTIONARY_NONE))
        return est_i_no_memory(reader->error);
    return est_i_source_add_column(reader->source, name ? name : "", is_text ? EST_COLUMN_TEXT : EST_COLUMN_NUMBER, reader->error);
}

static int take_variable(int index, readstat_variable_t *variable, const char *labels, void *user)
{
    header_reader *reader = user;
    (void)index;
    reader->status = add_variable(reader, variable, labels);
    return reader->status == EST_OK ? READSTAT_HANDLER_OK : READSTAT_HANDLER_ABORT;
}

static int take_value_label(const char *labels, readstat_value_t value, const char *label, void *user)
{
    header_reader *reader = user;
    bool is_text = readstat_value_type_class(value) == READSTAT_TYPE_CLASS_STRING;
    char number[32];
    const char *text = is_text ? readstat_string_value(value) : number;
    bool is_tagged = readstat_value_is_tagged_missing(value);
    /* The system's missing value has no text to be found by. */
    if ((readstat_value_is_missing(value, NULL) && !is_tagged) || !text)
        return READSTAT_HANDLER_OK;
    if (is_tagged)
        est_i_readstat_print_tag(readstat_value_tag(value), number);
    else if (!is_text)
        est_i_number_print(readstat_double_value(value), number);
    size_t length = strlen(text);
    while (is_text && length > 0 && text[length - 1] == ' ')
        length--;
    uint32_t set = find_set(reader->state, labels, set_name_length(reader, labels, false));
    if (set == EST_I_DICTIONARY_NONE || !add_label(&reader->state->sets[set], text, length, label))
        reader->status = est_i_no_memory(reader->error);
    return reader->status == EST_OK ? READSTAT_HANDLER_OK : READSTAT_HANDLER_ABORT;
}

/* Opening */

/* The first bytes, and the last ones of a newer Stata file. */
static est_status check_ends(const est_source *source, bool is_spss, est_error *error)
{
    static const char stata_start[] = "<stata_dta>", stata_end[] = "</stata_dta>";
    enum { END_BYTES = 64 };
    char bytes[END_BYTES] = "";
    size_t got = 0, from = source->n_bytes > END_BYTES ? source->n_bytes - END_BYTES : 0;
    bool good, is_new = false;
    est_i_place place = {source->name, 0, 0, NULL};
    est_status status = est_i_source_read_at(source, 0, bytes, END_BYTES, &got, error);
    if (status != EST_OK)
        return status;
    if (is_spss) {
        good = got >= 4 && (memcmp(bytes, "$FL2", 4) == 0 || memcmp(bytes, "$FL3", 4) == 0);
    } else {
        is_new = got >= strlen(stata_start) && memcmp(bytes, stata_start, strlen(stata_start)) == 0;
        good = is_new || (got >= 4 && bytes[0] >= 104 && bytes[0] <= 116 && (bytes[1] == 1 || bytes[1] == 2));
    }
    if (!good)
        return est_i_fail_at(error, EST_EFORMAT, place, "found no file of %s, expected one by the name: give the file the right "
                                                        "extension, or save the data as CSV in UTF-8",
                             program_of(is_spss));
    status = est_i_source_read_at(source, from, bytes, END_BYTES, &got, error);
    while (got > 0 && (bytes[got - 1] == '\n' || bytes[got - 1] == '\r' || bytes[got - 1] == '\0'))
        got--;
    if (status == EST_OK && is_new &&
        (got < strlen(stata_end) || memcmp(bytes + got - strlen(stata_end), stata_end, strlen(stata_end)) != 0))
        status = est_i_fail_at(error, EST_EFORMAT, place,
                               "found no %s at the end of the file; it has been cut off or is damaged: " ADVICE, stata_end);
    return status;
}

static est_status read_header(header_reader *reader)
{
    const est_source *source = reader->source;
    bool is_spss = reader->state->is_spss;
    reader->parser = readstat_parser_init();
    if (!reader->parser || !est_i_readstat_input_open(&reader->input, source, is_spss, reader->parser))
        return est_i_no_memory(reader->error);
    readstat_set_metadata_handler(reader->parser, take_metadata);
    readstat_set_variable_handler(reader->parser, take_variable);
    readstat_set_value_label_handler(reader->parser, take_value_label);
    readstat_error_t code = is_spss ? readstat_parse_sav(reader->parser, source->name, reader)
                                    : readstat_parse_dta(reader->parser, source->name, reader);
    if (reader->status != EST_OK)
        return reader->status;
    if (code == READSTAT_OK && reader->input.is_cut)
        code = READSTAT_ERROR_READ;
    if (code != READSTAT_OK || reader->input.status != EST_OK || reader->input.is_damaged)
        return est_i_readstat_fail(source, code, &reader->input, 0, NULL, reader->error);
    if (reader->state->n_variables == 0)
        return est_i_fail_at(reader->error, EST_EFORMAT, (est_i_place){source->name, 0, 0, NULL},
                             "found no variables, expected at least one");
    return EST_OK;
}

static est_status open_source(est_source *source, bool is_spss, est_i_monitor *monitor, est_error *error)
{
    est_i_readstat *state = source->state = calloc(1, sizeof *state);
    if (!state)
        return est_i_no_memory(error);
    header_reader reader = {.source = source, .state = state, .error = error};
    state->is_spss = is_spss;
    est_status status = check_ends(source, is_spss, error);
    if (status == EST_OK)
        status = read_header(&reader);
    /* ReadStat 1.1.8 leaves NUL bytes out of UTF-8 text and, when the first 255 bytes of a longer text are all NUL, counts below
     * zero and writes before its buffer. It does not do so when the encoding goes by another name; a NUL within a
     * text then ends it. */
    if (is_spss && reader.is_utf8 && reader.very_long_text)
        state->encoding = "utf-8";
    if (status == EST_OK && !reader.has_rows)
        status = est_i_readstat_count(source, monitor, &source->n_rows, error);
    est_i_readstat_input_close(&reader.input);
    readstat_parser_free(reader.parser);
    return status;
}

static est_status open_stata(est_source *source, est_i_monitor *monitor, est_error *error)
{
    return open_source(source, false, monitor, error);
}

static est_status open_spss(est_source *source, est_i_monitor *monitor, est_error *error)
{
    return open_source(source, true, monitor, error);
}

/* Rows of a Stata file have one length, so that any of them is found; those of an SPSS file are packed as a rule. */
const est_i_source_kind est_i_stata_kind = {.extension = ".dta",
                                            .seeks = true,
                                            .open = open_stata,
                                            .read_rows = est_i_readstat_rows,
                                            .has_reasons = has_reasons,
                                            .value_label = value_label,
                                            .variable_label = variable_label,
                                            .free_state = free_state};

const est_i_source_kind est_i_spss_kind = {.extension = ".sav",
                                           .seeks = false,
                                           .open = open_spss,
                                           .read_rows = est_i_readstat_rows,
                                           .has_reasons = has_reasons,
                                           .value_label = value_label,
                                           .variable_label = variable_label,
                                           .free_state = free_state};
