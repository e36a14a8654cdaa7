/* The method `check`: what its files share.
 *
 * One pass over the rows counts everything; it knows no faulty cell. Each chunk counts how often each text of a field occurs and
 * what each path of strata and units holds; the counts are joined in the order of the chunks, so that the same bytes come out
 * whatever the threads. Then the findings are worked out from the counts, and written. */
#ifndef EST_I_SURVEY_CHECK_H
#define EST_I_SURVEY_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/check.h>

#include "core/monitor.h"
#include "core/result.h"
#include "core/text.h"
#include "data/scan.h"
#include "numerics/double_double.h"
#include "survey/check_columns.h"
#include "survey/check_design.h"
#include "survey/check_keys.h"

extern const est_method est_i_method_check;

/* Columns that were named, and the field that each is read in. */
typedef struct est_i_check_list {
    size_t n;
    size_t *column, *field;
} est_i_check_list;

/* What is read, and what each field is for. Every field is read as text: a fault is counted, it does not end the reading. */
typedef struct est_i_check_plan {
    est_i_check_list described, id, by, psu, strata, fpc, weight;
    size_t n_stages;    /* of the design; 0 = neither strata nor units nor corrections were given */
    bool whole_records; /* every column is read, so that rows can be compared as a whole */
    size_t n_codes;
    double *codes;      /* ascending */
    size_t *reason_field; /* one a described column: why its cells are missing; SIZE_MAX = the file does not say */
    size_t n_fields;
    est_i_field *fields;
} est_i_check_plan;

typedef enum est_i_check_severity {
    EST_I_CHECK_ERROR = 0,
    EST_I_CHECK_WARNING,
    EST_I_CHECK_NOTE,
    EST_I_CHECK_SEVERITIES
} est_i_check_severity;

typedef struct est_i_check_finding {
    est_i_check_severity severity;
    const char *code; /* a constant */
    char *where, *what, *advice;
    double count;
} est_i_check_finding;

/* A run. */
typedef struct est_i_check {
    est_source *source;
    const est_check_options *options;
    const est_context *context;
    est_i_monitor monitor;
    est_i_result_builder *builder;
    est_i_check_plan plan;
    long long rows;
    est_i_check_column *columns; /* one a described column */
    est_i_check_design design;
    est_i_check_strata strata; /* read from the design when it is complete */
    est_i_check_ids psu_ids;
    est_i_check_weights weights;
    est_i_check_keys ids, records;
    est_i_check_tally no_id; /* rows that miss a part of the id */
    size_t n_findings, room;
    est_i_check_finding *findings;
    bool failed;       /* memory ran out while findings were put into words */
} est_i_check;

/* Steps, in order. Each leaves what it made in the run, which est_i_check_clear frees. */
est_status est_i_check_plan_make(est_i_check *run, est_error *error);
est_status est_i_check_read(est_i_check *run, est_error *error);
void est_i_check_judge_design(est_i_check *run);  /* findings of strata and units */
void est_i_check_judge_fpc(est_i_check *run);
void est_i_check_judge_domains(est_i_check *run);
void est_i_check_judge_weights(est_i_check *run);
void est_i_check_judge_columns(est_i_check *run); /* and of repeated rows */
est_status est_i_check_write(est_i_check *run, est_error *error);
void est_i_check_clear(est_i_check *run);

/* A new finding; the text by format, never of floating point. NULL for where or advice = "". */
void est_i_check_find(est_i_check *run, est_i_check_severity severity, const char *code, const char *where, double count,
                      const char *advice, const char *format, ...) EST_PRINTF(7, 8);
size_t est_i_check_count(const est_i_check *run, est_i_check_severity severity);

const char *est_i_check_column_name(const est_i_check *run, const est_i_check_list *list, size_t index);
bool est_i_check_is_listed(const est_i_check_list *list, size_t column);
/* Is it a column of the design? */
bool est_i_check_is_design(const est_i_check *run, size_t column);
/* Ids hold no answers, and neither do whole numbers that are all different. */
bool est_i_check_holds_answers(const est_i_check *run, size_t index);
/* Why a code looks like a special one. */
const char *est_i_check_rule_words(est_i_check_rule rule);
/* The frame of codes that the file declares missing, that labels call so, or that look like special ones. */
void est_i_check_missing_frame(est_i_check *run);
/* Which columns may be weight, strata and psu, unless the options name them. */
void est_i_check_note_codebook(est_i_check *run);
/* A number for people: grouped, with as many decimals as its size asks for. */
void est_i_check_number(est_i_text *text, double value);
/* The options for `est survey` that follow from the findings. */
void est_i_check_suggest(const est_i_check *run, est_i_text *text);

/* Values of private data that fewer rows share are not shown, and counts of levels that are fewer than these. */
#define EST_I_CHECK_SHARED 10
#define EST_I_CHECK_COUNTED 25
#define EST_I_CHECK_LEVELS 30
/* How many rows must share a value that is shown. */
long long est_i_check_shared(const est_i_check *run);

/* Domains with fewer cases or degrees of freedom are told of. */
#define EST_I_CHECK_FEW_CASES 25
#define EST_I_CHECK_SOME_CASES 50
#define EST_I_CHECK_FEW_DF 8

/* What weights add up to. */
typedef enum est_i_check_scale {
    EST_I_CHECK_NO_WEIGHTS = 0,
    EST_I_CHECK_NORMALISED, /* the number of rows */
    EST_I_CHECK_MILLIONS,   /* a million times that: DHS */
    EST_I_CHECK_POPULATION,
    EST_I_CHECK_TOO_SMALL   /* less than the number of rows */
} est_i_check_scale;
est_i_check_scale est_i_check_scale_of(const est_i_check_weights *weights);

#endif
