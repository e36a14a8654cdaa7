/* One run of the method `small-area`. */
#ifndef EST_I_SURVEY_SMALL_AREA_RUN_H
#define EST_I_SURVEY_SMALL_AREA_RUN_H

#include "core/result.h"
#include "core/text.h"
#include "survey/small_area.h"

/* zero_variance of the options. */
enum { EST_I_ZERO_VARIANCE_SYNTHETIC = 0, EST_I_ZERO_VARIANCE_POOLED, EST_I_ZERO_VARIANCE_REFUSE };

typedef struct est_i_small_area_limits {
    double lower, upper;
    bool cut;
} est_i_small_area_limits;

typedef struct est_i_small_area_run {
    const est_table *table;
    const est_small_area_options *options;
    const est_context *context;
    est_error *error;
    est_i_result_builder *builder;
    bool proportion;   /* the unit has bounds */
    bool has_cases;
    size_t n;          /* areas */
    char *area_name;   /* the column */
    char **names;
    double *direct, *cases, *share;
    double *own_variance, *variance; /* as it stands in the table; as it enters the fit */
    bool *left_out;    /* too few cases */
    bool *pooled;      /* the variance is not the area's own */
    size_t n_left_out;
    size_t n_terms, terms_room;
    char **terms;
    double *columns;   /* one after another, n each: as they are read */
    double *x;         /* n lines of n_terms */
    double national;   /* NaN = by the direct estimates */
    est_i_small_area_data data;
    est_i_small_area *model;
    est_i_small_area_benchmarked benchmarked; /* estimate NULL = none */
    size_t first_row;  /* of the result: rows_each an area */
    size_t rows_each;
} est_i_small_area_run;

/* "12.5": false if it is no number. "" is NaN. */
bool est_i_small_area_national(const char *text, double *national);

/* Table to arrays. */
est_status est_i_small_area_read(est_i_small_area_run *run);
void est_i_small_area_clear(est_i_small_area_run *run);

/* Estimate plus and minus z times the error. Cut to 0 and 1 for proportions that lie between them. */
est_i_small_area_limits est_i_small_area_interval(const est_i_small_area_run *run, double estimate, double mse);

/* The direct estimate may be shown: not of private data and few cases. */
bool est_i_small_area_shows_direct(const est_i_small_area_run *run, size_t area);

void est_i_small_area_rows(est_i_small_area_run *run);
void est_i_small_area_chart(est_i_small_area_run *run);
void est_i_small_area_frames(est_i_small_area_run *run);
void est_i_small_area_notes(est_i_small_area_run *run);
est_status est_i_small_area_provenance(est_i_small_area_run *run);

#endif
