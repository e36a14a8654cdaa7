/* Methods: one descriptor each, from which help, bindings and manual are printed. */
#ifndef EST_METHOD_H
#define EST_METHOD_H

#include <stddef.h>

#include <est/context.h>
#include <est/error.h>
#include <est/result.h>
#include <est/source.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum est_option_kind {
    EST_OPTION_FLAG = 0, /* int: 0 or 1 */
    EST_OPTION_INTEGER,  /* long */
    EST_OPTION_NUMBER,   /* double */
    EST_OPTION_TEXT,     /* const char *, borrowed */
    EST_OPTION_CHOICE,   /* int: index into choices */
    EST_OPTION_COLUMN,   /* const char *: name of a column, "" = none or by its usual name */
    EST_OPTION_COLUMNS,  /* const char *: names separated by commas, one that holds a comma or a quote quoted as in CSV; "" = by the rule
                            in doc */
    EST_OPTION_TABLE,    /* const est_table *, borrowed, NULL = none */
    EST_OPTION_KIND_END
} est_option_kind;

/* One option. The default stands here and nowhere else. */
typedef struct est_option_spec {
    const char *name;    /* "max-order"; R and Python write max_order */
    est_option_kind kind;
    size_t offset;       /* of the field in the method's options struct */
    const char *initial; /* the default, as text; "" for none */
    double minimum, maximum;
    const char *choices; /* "bic|aic"; NULL unless a choice */
    const char *doc;
    int further;         /* 1 = a further option: `est METHOD --help` names it, `est methods METHOD` explains it */
} est_option_spec;

typedef struct est_method {
    const char *id;        /* "mse" */
    const char *title;
    const char *summary;   /* a paragraph: what it estimates, what it takes for granted */
    const char *reference;
    const char *data;      /* what the data must look like */
    const est_option_spec *options;
    size_t n_options;
    size_t options_size;
    /* Checks what one option alone cannot; NULL if nothing. */
    est_status (*validate)(const void *options, est_error *error);
    est_status (*fit)(const est_table *data, const void *options, const est_context *context, est_result **result,
                      est_error *error);
    /* Methods that read a source in passes and need not hold its rows; NULL: the rows are read into a table for `fit`. */
    est_status (*read)(est_source *source, const void *options, const est_context *context, est_result **result, est_error *error);
    /* Methods whose rows can be read in parts (est_survey_part, est_survey_join); NULL: the others. */
    est_status (*part)(est_source *source, const void *options, size_t part, size_t parts, const est_context *context, char **state,
                       size_t *length, est_error *error);
    est_status (*join)(size_t n, const char *const *names, const char *const *states, const size_t *lengths, const void *options,
                       const est_context *context, est_result **result, est_error *error);
    /* Methods that give each row of the data a number (est_weight_copy): the data once more as CSV, with a new column. copy_column
     * is its usual name. NULL: the others. */
    est_status (*copy)(est_source *source, const est_result *result, const char *column, const char *path,
                       const est_context *context, est_error *error);
    const char *copy_column;
    const char *family;    /* "indicator": a command of `est indicator`; "lists": a further method on lists, named but not explained on the
                              program's page; NULL: stands alone */
} est_method;

size_t est_method_count(void);
const est_method *est_method_get(size_t index);   /* NULL past the end */
const est_method *est_method_find(const char *id); /* NULL if there is none */

/* Options set by name: what the CLI and the bindings use. Texts are copied; tables stay the caller's. */
typedef struct est_options est_options;

est_status est_options_new(const est_method *method, est_options **options, est_error *error) EST_MUST_CHECK;
/* EST_EOPTION with the nearest name if there is no such option, or with what was found and expected. */
est_status est_options_set(est_options *options, const char *name, const char *value, est_error *error) EST_MUST_CHECK;
est_status est_options_set_table(est_options *options, const char *name, const est_table *table, est_error *error)
    EST_MUST_CHECK;
void est_options_free(est_options *options);

/* Validates the options and runs the method. The caller frees *result (NULL on failure). */
est_status est_method_run(const est_method *method, const est_table *data, const est_options *options,
                          const est_context *context, est_result **result, est_error *error) EST_MUST_CHECK;

/* The same from a source, without holding its rows where the method does not need them all at once. */
est_status est_method_run_source(const est_method *method, est_source *source, const est_options *options,
                                 const est_context *context, est_result **result, est_error *error) EST_MUST_CHECK;

/* Reads part 1 to `parts` of a source and writes its sums to a file, whole or not at all, for its owner alone. EST_EOPTION for a method that
 * cannot. */
est_status est_method_save_part(const est_method *method, est_source *source, const est_options *options, size_t part, size_t parts,
                                const char *path, const est_context *context, est_error *error) EST_MUST_CHECK;
/* The result of all parts, from their files. */
est_status est_method_join_parts(const est_method *method, size_t n, const char *const *paths, const est_options *options,
                                 const est_context *context, est_result **result, est_error *error) EST_MUST_CHECK;
/* 1 if the file begins as est_method_save_part writes it. */
int est_is_part(const char *path);

/* Names of option kinds: "flag", "integer", ... ; NULL past the end. */
const char *est_option_kind_name(est_option_kind kind);

#ifdef __cplusplus
}
#endif

#endif
