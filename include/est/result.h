/* The answer of every estimator. Immutable; undefined numbers are NaN. All texts are borrowed from the result. */
#ifndef EST_RESULT_H
#define EST_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include <est/context.h>
#include <est/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct est_result est_result;

/* What must be known beside a number. One bit each; est_flag_name gives the word used in every output. */
typedef enum est_flag {
    EST_FLAG_UPPER_UNBOUNDED = 0, /* the upper limit is infinite */
    EST_FLAG_NOT_ESTIMABLE,       /* no finite estimate exists */
    EST_FLAG_BOUNDARY,            /* the extended MLE lies on a face of the marginal cone */
    EST_FLAG_REFUTED,             /* the upper limit lies below the persons already seen */
    EST_FLAG_FEW_LISTS,           /* fewer than three active lists */
    EST_FLAG_FEW_DATA,            /* below a minimum-data gate */
    EST_FLAG_TRUNCATED,           /* the period is not fully reported yet */
    EST_FLAG_SUPPRESSED,          /* withheld: a small cell could be read from it */
    EST_FLAG_ROUNDED,             /* rounded to protect a small cell */
    EST_FLAG_SYNTHETIC,           /* made from synthetic data */
    EST_FLAG_MODEL_KNOWN,         /* the interval takes the model as known */
    EST_FLAG_NOT_ANNUAL,          /* compares windows of different length, not rates */
    EST_FLAG_LONELY_PSU,          /* a stratum with a single primary sampling unit stands behind the standard error */
    EST_FLAG_FEW_CASES,           /* fewer unweighted cases than the reliability profile asks for */
    EST_FLAG_USE_WITH_CAUTION,    /* the reliability profile shows it with a warning */
    EST_FLAG_UNRELIABLE,          /* the reliability profile would withhold it */
    EST_FLAG_FEW_DF,              /* fewer than 8 degrees of freedom */
    EST_FLAG_NO_DF,               /* no degrees of freedom: no interval */
    EST_FLAG_AT_BOUND,            /* a proportion of 0 or 1: the interval is Clopper-Pearson's */
    EST_FLAG_NORMALISED_WEIGHTS,  /* the weights add up to about the sample size: they give no totals */
    EST_FLAG_MODEL_BASED,         /* rests on a model, not on the design alone */
    EST_FLAG_DEFINITION_BREAK,    /* the definition differs from that of the others it stands beside */
    EST_FLAG_END
} est_flag;

#define EST_FLAG_BIT(flag) ((uint32_t)1 << (flag))

const char *est_flag_name(est_flag flag);  /* "upper_unbounded", ... ; NULL past the end */
const char *est_flag_title(est_flag flag); /* a short phrase for people */

/* One label of a domain, for example {"period", "2010-2014"}. */
typedef struct est_label {
    const char *name;
    const char *value;
} est_label;

/* One estimate. Texts are "" when they do not apply. */
typedef struct est_row {
    const char *estimand; /* "population", "unobserved", "observed", "ratio", ... */
    size_t n_domain;
    const est_label *domain;
    const char *model;    /* the model behind the row; "" where only one was fitted or it does not apply */
    double estimate, se, lower, upper, level, df;
    const char *interval; /* "profile", "bootstrap", "none", ... */
    double n;             /* persons (or cases) the estimate stands on; NaN = does not apply */
    uint32_t flags;
    int detail;           /* 1 = in JSON and CSV only; left out of pages for people, which show the rows that matter most */
    /* Comparability: rows that differ in any of these are not the same thing ("" = not told). reference_period: over how long people
     * were asked ("7 days"); ages: "5-17". */
    const char *population, *period, *definition, *geography, *ages, *reference_period;
    const char *unit;     /* "proportion", "people", "years", "hours", "per 100,000"; "" = as the estimand says. Pages for people print
                             a proportion as a percentage; JSON and CSV hold the number as it is */
    const char *table;    /* "" or the name of the standard table that the row is a cell of; such rows have detail = 1. Pages for
                             people lay them out as tables, a line a domain, a column an estimand; est_fact has the titles */
    /* Of surveys; NaN = does not apply. n is then the unweighted number of cases. */
    double n_weighted;    /* the sum of their weights */
    double cv;            /* se / |estimate| */
    double deff, deft;    /* design effect on the variance, on the standard error */
    double effective_n;   /* n / deff, as its estimator defines it */
    double numerator;     /* unweighted cases with the attribute: a count of people seen */
    double fewest;        /* cases of the smallest group that the numbers tell apart (a level of a factor, the cases beyond a
                             quantile); NaN: all n. Suppression asks it, nothing prints it */
    /* How an agency prints it (set by est_result_suppress): "" plainly, "()" in parentheses; any other mark stands in the place
     * of an estimate that is withheld, and behind one that is shown. The flags say the same in words. */
    const char *mark;
} est_row;

typedef struct est_stat {
    const char *name;
    double value;       /* NaN when text is set or the value is undefined */
    const char *text;   /* NULL for a number */
    int is_count;       /* 1 = a count of detected people (suppression acts on it) */
} est_stat;

/* A cell of a frame: text, or a number when text is NULL. */
typedef struct est_cell {
    double number;
    const char *text;
} est_cell;

typedef enum est_column_role {
    EST_ROLE_PLAIN = 0,
    EST_ROLE_COUNT = 1,      /* counts of detected people */
    EST_ROLE_ESTIMATE = 2,   /* estimates of people */
    EST_ROLE_FIT = 3,        /* measures of fit, criteria, coefficients: functions of the exact table */
    EST_ROLE_PRIVATE = 4     /* of single records, or otherwise for the office alone: the writers leave out a frame that has
                                them, unless the data are public or the result is for internal use */
} est_column_role;

typedef struct est_frame {
    const char *name;
    const char *title;
    size_t n_columns, n_rows;
    const char *const *columns;
    const est_column_role *roles;
    const est_cell *cells;   /* row by row: cells[row * n_columns + column] */
    size_t print_rows;       /* how many rows the text writer shows; 0 = none, SIZE_MAX = all */
    const int *decimals;     /* of each column, on pages for people; -1 = by the size of the number. NULL = all -1 */
    const size_t *about;     /* of each line: the row of the result that it tells of, SIZE_MAX = none. NULL = none of them does */
    double fewest;           /* as in est_row, of the measures of fit of a frame that tells of no row; NaN = none */
} est_frame;

typedef struct est_note {
    est_severity severity;
    const char *code;
    const char *message;
    const char *public_message; /* what may be published of it where something is withheld; NULL = all of it, "" = nothing */
} est_note;

/* What was measured, in words for the reader: the box "Definition" of a page, or the title of a table. */
typedef struct est_fact {
    const char *group; /* "definition": name is a heading, value the words; "table": name is est_row.table, value its title; "benchmark":
                          a published figure beside the estimate, name is where it is from */
    const char *name;
    const char *value;
} est_fact;

/* A chart the writers may draw: categories and one series a model or measure. */
typedef enum est_chart_kind {
    EST_CHART_ALONG = 0, /* categories along x, in their order */
    EST_CHART_FOREST,    /* categories down the page, a point with its limits each: estimates under different choices */
    EST_CHART_UPSET      /* categories are combinations of sets (capture histories); one series: how many are in each */
} est_chart_kind;

typedef enum est_series_kind { EST_SERIES_BAND = 0, EST_SERIES_LINE = 1 } est_series_kind;

typedef struct est_series {
    const char *name;
    est_series_kind kind;
    est_column_role role;
    const double *value, *lower, *upper; /* n_categories each; NaN = not defined, +Inf upper = unbounded */
} est_series;

typedef struct est_chart {
    const char *name, *title, *subtitle, *x_title, *y_title;
    const char *alternative; /* the chart in words */
    size_t n_categories;
    const char *const *categories;
    size_t n_series;
    const est_series *series;
    est_chart_kind kind;
    double reference;        /* forest: a vertical line here; NaN = none */
    size_t n_sets;           /* upset: the sets (lists); 0 otherwise */
    const char *const *sets;
    const double *set_totals;           /* n_sets; role COUNT */
    const unsigned char *membership;    /* [category * n_sets + set]: 1 = the combination holds the set */
    const size_t *about;                /* [series * n_categories + category]: the row of the result at that point, SIZE_MAX = none;
                                           NULL = none */
} est_chart;

/* How the answer came about: name and value, in order (method, version, reference, every option, seed, input hash, rows). */
typedef struct est_provenance {
    const char *name;
    const char *value;
    int is_private; /* 1 = left out of public output (file names, unkeyed hashes of unpublished data) */
} est_provenance;

const char *est_result_method(const est_result *result); /* the id of the method */
const char *est_result_title(const est_result *result);

size_t est_result_rows(const est_result *result);
const est_row *est_result_row(const est_result *result, size_t index); /* NULL past the end */
/* The first row of that estimand whose domain holds name = value (name NULL: any). NULL if none. */
const est_row *est_result_find(const est_result *result, const char *estimand, const char *name, const char *value);

size_t est_result_stats(const est_result *result);
const est_stat *est_result_stat(const est_result *result, size_t index);
double est_result_stat_value(const est_result *result, const char *name); /* NaN if there is none */

size_t est_result_frames(const est_result *result);
const est_frame *est_result_frame(const est_result *result, size_t index);
const est_frame *est_result_frame_find(const est_result *result, const char *name);

size_t est_result_notes(const est_result *result);
const est_note *est_result_note(const est_result *result, size_t index);

size_t est_result_facts(const est_result *result);
const est_fact *est_result_fact(const est_result *result, size_t index); /* NULL past the end */

size_t est_result_charts(const est_result *result);
const est_chart *est_result_chart(const est_result *result, size_t index);

size_t est_result_provenances(const est_result *result);
const est_provenance *est_result_provenance(const est_result *result, size_t index);

int est_result_is_public(const est_result *result);    /* made from data that are public already */
int est_result_is_synthetic(const est_result *result);
int est_result_is_internal(const est_result *result);  /* suppression was turned off */

/* Frees the result and every text borrowed from it. NULL is allowed. */
void est_result_free(est_result *result);

#ifdef __cplusplus
}
#endif

#endif
