/* The parts of the method `compare`: read the estimates, put them in series, judge whether they are of one thing, compare, write.
 */
#ifndef EST_I_INDICATORS_COMPARE_H
#define EST_I_INDICATORS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/compare.h>

#include "core/monitor.h"
#include "core/result.h"
#include "indicators/comparability.h"

extern const est_method est_i_method_compare;

/* Where the standard error of an estimate is from. */
typedef enum est_i_se_from {
    EST_I_SE_NONE = 0,
    EST_I_SE_GIVEN,
    EST_I_SE_PLAIN, /* from its interval, as one that is symmetric as it is */
    EST_I_SE_LOG,   /* ... symmetric on the log scale */
    EST_I_SE_LOGIT  /* ... symmetric on the logit scale */
} est_i_se_from;

/* Texts of an estimate, beside its keys. */
typedef enum est_i_estimate_text {
    EST_I_TEXT_ID = 0,
    EST_I_TEXT_PERIOD,
    EST_I_TEXT_QUALIFIER,
    EST_I_TEXT_INTERVAL,
    EST_I_TEXT_SOURCE,
    EST_I_TEXT_NOTE,
    EST_I_TEXT_TABLE,
    EST_I_TEXTS
} est_i_estimate_text;

/* One estimate. All texts are its own, but for the names of the labels. */
typedef struct est_i_estimate {
    const est_table *from;
    size_t record; /* row of that table */
    est_i_keys keys;
    const char *text[EST_I_TEXTS]; /* "" = none */
    size_t n_labels;
    est_label *labels; /* not those that are keys; names are the table's */
    char **owned;
    size_t n_owned;
    char *name;    /* what it is called in its series: the period, with more where two have the same */
    double middle; /* of its period, in years; NaN = not known */
    double estimate, se, lower, upper, level, df, n;
    est_i_se_from se_from;
    uint32_t flags;
    bool level_assumed;
    bool is_bound; /* "at least 400" */
    bool taken;    /* asked for */
    size_t series; /* SIZE_MAX = in none */
    size_t row;    /* of the result */
} est_i_estimate;

/* Estimates of one series: run.order[first] to run.order[first + count - 1], in their order. */
typedef struct est_i_estimate_series {
    size_t first, count;
} est_i_estimate_series;

typedef struct est_i_compare_run {
    const est_table *data;
    const est_compare_options *options;
    const est_context *context;
    est_i_monitor monitor;
    est_error *error;
    size_t n_estimates, room;
    est_i_estimate *estimates;
    size_t *order; /* the series one after the other */
    size_t n_series;
    est_i_estimate_series *series;
    bool varies[EST_I_KEYS]; /* the key has several values among what is compared */
    est_i_result_builder *builder;
} est_i_compare_run;

/* compare_read.c: both tables into run->estimates. */
est_status est_i_compare_read(est_i_compare_run *run);
void est_i_estimate_free(est_i_estimate *estimate);

/* compare_series.c: selection, series, their order and names; the guard. */
est_status est_i_compare_series(est_i_compare_run *run);
static inline est_i_estimate *est_i_compare_at(const est_i_compare_run *run, size_t series, size_t place)
{
    return &run->estimates[run->order[run->series[series].first + place]];
}
/* Are the labels of two estimates the same? */
bool est_i_labels_same(const est_i_estimate *a, const est_i_estimate *b);
/* What differs between two estimates, labels too: true if anything does. text NULL: only asks. */
bool est_i_estimates_differ(const est_i_estimate *a, const est_i_estimate *b, size_t longest, est_i_text *text);

/* What became of an estimate between two times. NaN = not defined. */
typedef struct est_i_change {
    double estimate, se, df, lower, upper;
    const char *interval;
} est_i_change;

/* compare_change.c. se, df of the estimates as they are; df NaN or infinite: normal; 0: no interval. Independent samples. */
void est_i_estimate_set_se(est_i_estimate *estimate);
est_i_change est_i_change_difference(const est_i_estimate *from, const est_i_estimate *to, double level);
est_i_change est_i_change_ratio(const est_i_estimate *from, const est_i_estimate *to, double level);
/* A difference over so many years. */
est_i_change est_i_change_per_year(est_i_change difference, double years);

/* compare_write.c, compare_notes.c, compare_chart.c: parts of the result. */
/* "Busia, female": labels, and keys that vary among what is compared. */
void est_i_compare_tell(const est_i_compare_run *run, const est_i_estimate *e, est_i_text *text);
est_status est_i_compare_write(est_i_compare_run *run, est_result **result);
void est_i_compare_notes(est_i_compare_run *run);
void est_i_compare_charts(est_i_compare_run *run);

#endif
