/* The parts of the method `trafficking`: groups of people in one vocabulary, their population, and what is told of them. */
#ifndef EST_I_INDICATORS_TRAFFICKING_H
#define EST_I_INDICATORS_TRAFFICKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/method.h>
#include <est/trafficking.h>

#include "core/monitor.h"
#include "core/result.h"
#include "data/dictionary.h"
#include "data/levels.h"

extern const est_method est_i_method_trafficking;

#define EST_I_NOT_STATED "not stated"
#define EST_I_GROUP_DIMENSIONS_MAX 5 /* suppression looks at every combination of them */

typedef enum est_i_dimension_kind {
    EST_I_DIMENSION_SEX = 0,
    EST_I_DIMENSION_AGE,
    EST_I_DIMENSION_FORM,
    EST_I_DIMENSION_OTHER /* a column of the population too */
} est_i_dimension_kind;

/* What people are divided by. */
typedef struct est_i_dimension {
    est_i_dimension_kind kind;
    const char *name; /* of the label in rows: "sex", "age", "form", or the column's */
} est_i_dimension;

/* ---- words (trafficking_words.c) ---- */

/* A text that says that a thing is not known. */
bool est_i_word_is_not_stated(const char *text);
/* "female", "male", "intersex"; "both" for everybody. NULL if it is none. */
const char *est_i_word_sex(const char *text);
/* "child", "adult", "all"; NULL if it is neither of them, for example "20-24". */
const char *est_i_word_age(const char *text);
/* An age in years: "child" below 18, else "adult"; NULL if it is no age below 97 (97 to 99 are codes for what is not known). */
const char *est_i_word_years(const char *text);
/* The ages of a label: "0-17", "18+", the label itself. */
const char *est_i_word_ages(const char *label);
/* The label of a form, one of est_i_form; NULL if it is none of the usual words. */
const char *est_i_word_form(const char *text);
bool est_i_words_equal(const char *a, const char *b); /* whatever case and blanks around */

/* A form of exploitation and the series of the UN it is counted in. */
typedef struct est_i_form {
    const char *category; /* the word of --forms */
    const char *label;
    const char *series; /* of numbers; "R" at the end for rates; "" = none */
} est_i_form;

enum { EST_I_FORMS = 5 };
extern const est_i_form est_i_forms[EST_I_FORMS];

/* --forms: value to label. */
typedef struct est_i_form_map {
    est_i_dictionary values; /* in lower case, without blanks around */
    const char **labels;
    size_t capacity;
} est_i_form_map;

est_status est_i_form_map_parse(const char *text, est_i_form_map *map, est_error *error);
void est_i_form_map_free(est_i_form_map *map);
/* The label of a value by the map, else by the usual words; NULL if it is neither. */
const char *est_i_form_map_find(const est_i_form_map *map, const char *value);

/* ---- population (trafficking_population.c) ---- */

typedef struct est_i_population {
    const est_table *table;
    long column[EST_I_GROUP_DIMENSIONS_MAX]; /* of each dimension; -1 = none */
    size_t n_dimensions;
    const est_i_dimension *dimensions;
    long people, denominator, period, sex, age, geography, reference_date, source;
    char *name;      /* of the denominator */
    uint8_t *chosen; /* per row: it is of this denominator */
    uint8_t *used;   /* per row: a rate stands on it */
} est_i_population;

/* Every value is checked, of the rows of the denominator; texts stay the table's and the options'. */
est_status est_i_population_open(const est_trafficking_options *options, const est_i_dimension *dimensions, size_t n_dimensions,
                                 est_i_population *population, est_error *error);
void est_i_population_free(est_i_population *population);

/* A group of people: a label for each dimension, NULL = all. */
typedef struct est_i_group {
    const char *period; /* "" = any */
    const char *label[EST_I_GROUP_DIMENSIONS_MAX];
} est_i_group;

/* The row of the table with the population of the group, whatever its form; SIZE_MAX = none. EST_EVALUE if two rows have it. */
est_status est_i_population_find(const est_i_population *population, const est_i_group *group, size_t *row, est_error *error);
double est_i_population_people(const est_i_population *population, size_t row);
const char *est_i_population_geography(const est_i_population *population, size_t row); /* "" = not told */

/* ---- periods (trafficking_periods.c) ---- */

/* Two labels of one window. */
bool est_i_window_same(const char *a, const char *b);

typedef enum est_i_window {
    EST_I_WINDOW_YEAR = 0,
    EST_I_WINDOW_LONGER,
    EST_I_WINDOW_SHORTER,
    EST_I_WINDOW_UNKNOWN /* the label does not tell, and nothing was declared */
} est_i_window;

/* How long a window is by its label; where that does not tell, by what was declared. */
est_i_window est_i_window_of(const char *label, double declared);

/* ---- answer (trafficking_write.c) ---- */

/* One group with its number, estimated or counted. */
typedef struct est_i_victims {
    est_i_group group;
    size_t period;     /* order of the group's period */
    const char *model; /* "" */
    const char *interval;
    double estimate, se, lower, upper, level, df, n;
    uint32_t flags;
    size_t population_row; /* SIZE_MAX = none: no rate */
} est_i_victims;

typedef struct est_i_trafficking {
    const est_table *data;
    const est_trafficking_options *options;
    const est_context *context;
    est_i_monitor monitor;
    est_i_dimension dimensions[EST_I_GROUP_DIMENSIONS_MAX];
    size_t n_dimensions;
    bool is_estimated; /* from a result; else detected */
    bool is_internal;
    est_i_population population;
    est_i_form_map forms;
    char **kept; /* texts of its own */
    size_t n_kept, kept_capacity;
    const char **periods; /* labels in time order; "" = the whole */
    size_t n_periods;
    est_i_victims *victims;
    size_t n_victims, victims_capacity;
    const char *left_out; /* the first window that is no year; NULL = none */
    est_i_window left_out_window;
    bool not_stated;        /* groups of people of whom something is not stated */
    bool rounded, withheld; /* in the result that was read */
    bool other_estimands;
    bool sums_of_windows;
    const char *input_method;
    double smallest; /* count of a group, of counts */
    est_i_result_builder *builder;
    est_error *error;
} est_i_trafficking;

est_status est_i_trafficking_add(est_i_trafficking *run, const est_i_victims *victims);
/* The periods of a column in time order, into run->periods (with room for one more); *of_level, which the caller frees whatever the
 * outcome: the period of each level. */
est_status est_i_trafficking_periods(est_i_trafficking *run, size_t column, const est_i_levels *levels, size_t **of_level);
/* A copy of a text that lives as long as the run; NULL without memory. */
const char *est_i_trafficking_keep(est_i_trafficking *run, const char *text);

/* Fill `victims` from counts, or from a result. */
est_status est_i_trafficking_count(est_i_trafficking *run);
est_status est_i_trafficking_read_result(est_i_trafficking *run);
/* Does the table hold estimates of a result? */
bool est_i_trafficking_is_result(const est_table *data);

est_status est_i_trafficking_write(est_i_trafficking *run, est_result **result);

#endif
