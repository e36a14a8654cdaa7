/* What the files readstat*.c share. */
#ifndef EST_I_DATA_READSTAT_PARTS_H
#define EST_I_DATA_READSTAT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <readstat.h>

#include "data/readstat.h"

/* Reading bytes for ReadStat. */
typedef struct est_i_readstat_input {
    const est_source *source;
    bool is_spss;
    bool skip_long_strings; /* Stata: no strL column is wanted, their section is passed over */
    bool ends_short;        /* SPSS, compressed: the last block is shorter than asked for */
    size_t offset;
    char *block; /* the bytes from block_start on */
    size_t block_start, block_length;

    int long_string; /* where in the section of long strings: see readstat_input.c */

    est_status status; /* the first fault of reading; bytes are refused after it */
    est_error error;
    bool is_cut;     /* the file ended within something */
    bool is_damaged; /* something ReadStat would not survive */
} est_i_readstat_input;

/* false without memory. `parser` reads from `input` from then on. */
bool est_i_readstat_input_open(est_i_readstat_input *input, const est_source *source, bool is_spss, readstat_parser_t *parser);
void est_i_readstat_input_close(est_i_readstat_input *input);

/* Value labels of one set: labels[i] belongs to text number i of `values`. */
typedef struct est_i_readstat_labels {
    est_i_dictionary values;
    char **labels;
    size_t capacity;
} est_i_readstat_labels;

typedef struct est_i_readstat_variable {
    char *label;         /* never NULL */
    uint32_t set;        /* of value labels; EST_I_DICTIONARY_NONE = none */
    bool is_long_string; /* strL */
    bool has_reasons;    /* missing cells may have tags, or some values are declared missing */
} est_i_readstat_variable;

/* The state of a source. */
typedef struct est_i_readstat {
    bool is_spss;
    const char *encoding; /* to be told to ReadStat; NULL = it knows */
    bool ends_short;
    int64_t version; /* of the format */
    est_i_readstat_variable *variables;
    size_t n_variables, capacity;
    est_i_dictionary set_names;
    est_i_readstat_labels *sets; /* by the number of the name */
    size_t n_sets, sets_capacity;
} est_i_readstat;

/* What ReadStat's code means in words. `record` 0, `column` NULL: not known. */
est_status est_i_readstat_fail(const est_source *source, readstat_error_t code, const est_i_readstat_input *input,
                               long long record, const char *column, est_error *error);

/* The text of a float: the shortest that reads back the same float; whole numbers below 1e15 exactly, digit by digit. */
size_t est_i_readstat_print_float(float value, char buffer[32]);

/* ".a" */
size_t est_i_readstat_print_tag(char tag, char buffer[32]);

/* The rows of a source, for its kind. */
est_status est_i_readstat_rows(const est_source *source, long long first_row, long long last_row, est_i_row_writer *writer,
                               est_error *error);

/* How many rows there are, by reading them. */
est_status est_i_readstat_count(const est_source *source, est_i_monitor *monitor, long long *n_rows, est_error *error);

#endif
