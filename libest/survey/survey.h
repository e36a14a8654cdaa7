/* The method `survey`: what its files share. */
#ifndef EST_I_SURVEY_SURVEY_H
#define EST_I_SURVEY_SURVEY_H

#include <est/survey.h>

#include "core/result.h"
#include "survey/formula.h"
#include "survey/interval.h"
#include "survey/quantile.h"
#include "survey/taylor.h"
#include "survey/totals.h"

extern const est_method est_i_method_survey;

/* How a file begins that holds the sums of a part. */
static const char est_i_survey_magic[] = "est survey part 1\n";

/* Numbers of the choices of --variance, and of --replicate-type. */
enum {
    EST_I_SURVEY_TAYLOR = 0,
    EST_I_SURVEY_JK1,
    EST_I_SURVEY_JKN,
    EST_I_SURVEY_FAY = 4,
    EST_I_SURVEY_RAO_WU,
    EST_I_SURVEY_SUPPLIED = 9
};
enum { EST_I_SURVEY_TYPE_BOOTSTRAP = 0, EST_I_SURVEY_TYPE_JK1, EST_I_SURVEY_TYPE_JKN, EST_I_SURVEY_TYPE_BRR, EST_I_SURVEY_TYPE_FAY,
       EST_I_SURVEY_TYPE_SDR };

typedef enum est_i_estimand_kind {
    EST_I_ESTIMAND_MEAN = 0,
    EST_I_ESTIMAND_TOTAL,
    EST_I_ESTIMAND_PROPORTION,
    EST_I_ESTIMAND_RATIO
} est_i_estimand_kind;

/* One estimand of the totals family: a statistic without its domain. */
typedef struct est_i_estimand {
    est_i_estimand_kind kind;
    char *name; /* "mean(age)", "proportion(sex=female)" */
    size_t group;
    int a, b;
} est_i_estimand;

/* What was asked for, as variables of the sample and groups of the totals. Grows by appending. */
typedef struct est_i_survey_request {
    size_t n_variables, n_groups, n_estimands;
    est_i_variable *variables; /* their texts belong to `texts` */
    est_i_group *groups;
    est_i_estimand *estimands;
    size_t n_texts;
    char **texts;
} est_i_survey_request;

/* "female" of "sex=female"; where the level is not named (`--proportion sex`), every level becomes an estimand: levels are those of
 * `sample`, a sample that knows them; NULL: such a proportion is left for later and *needs_levels is set. */
est_status est_i_survey_request_read(const est_survey_options *options, const est_i_sample *levels, est_i_survey_request *request,
                                     bool *needs_levels, est_error *error);
void est_i_survey_request_free(est_i_survey_request *request);
/* Appends a variable, or finds the one that is there. SIZE_MAX without memory. */
size_t est_i_survey_request_variable(est_i_survey_request *request, const char *column, est_i_variable_kind kind, const char *level);
/* A group of variables whose totals are taken, found or appended. SIZE_MAX without memory. */
size_t est_i_survey_request_group(est_i_survey_request *request, size_t n, const size_t *variable);
/* Appends a variable in any case, so that several get numbers in a row; false without memory. */
bool est_i_survey_request_append(est_i_survey_request *request, const est_i_variable *variable);

/* One estimate of the totals family. */
typedef struct est_i_survey_estimate {
    const est_i_estimand *estimand;
    est_i_statistic statistic;
    double estimate, variance, df, n, weight, deff, numerator;
    double deff_replace; /* whatever the choice of --deff: limits at 0 and 1 stand on it */
    size_t lonely;  /* single-PSU strata behind the variance */
    size_t dropped; /* replicates without an estimate */
} est_i_survey_estimate;

/* A run. */
typedef struct est_i_survey {
    est_source *source;
    const est_survey_options *options;
    const est_context *context;
    est_i_monitor monitor;
    est_i_result_builder *builder;
    est_i_design_columns columns;
    est_i_taylor_options taylor;
    char **names; /* texts of columns and lists, kept for the run */
    size_t n_names;
    size_t n_by, n_replicates;
    const char **by, **replicate_columns;
    double *rscales;
    est_i_survey_request request;
    est_i_calibration *calibration;
    size_t calibration_first;
    est_i_formula *linear, *logistic;
    size_t associated[2];        /* variables of --association */
    size_t n_quantiles;
    est_i_quantile_request *quantiles;
    const char **quantile_names; /* "quantile(age,0.5)" */
    est_i_sample *sample;
    est_i_replicates *replicates;
    est_i_totals *totals;
    size_t n_estimates;
    est_i_survey_estimate *estimates; /* estimand by estimand: the whole, then the domains in page order */
    uint32_t *order;  /* domains in page order */
    size_t n_order;
    double *theta;    /* under replicates: [r * n_estimates + estimate] */
    size_t lonely;    /* single-PSU strata behind one standard error, at most, whatever the estimator */
    bool normalised;  /* the weights add up to about the number of rows */
    bool rank_unknown; /* supplied replicates count as if none followed from the others */
    size_t unused_stages; /* of --psu: below one without --fpc */
} est_i_survey;

/* Steps, in order. Each leaves what it made in the run, which est_i_survey_clear frees. */
est_status est_i_survey_design(est_i_survey *run, est_error *error);    /* options -> columns, policies */
est_status est_i_survey_prepare(est_i_survey *run, est_error *error);   /* request, calibration, sample, replicates */
est_status est_i_survey_estimate_all(est_i_survey *run, est_error *error);
est_status est_i_survey_write(est_i_survey *run, est_error *error);     /* rows, frames, notes, provenance */
void est_i_survey_clear(est_i_survey *run);

/* Checks options that a C program filled. */
est_status est_i_survey_check(const est_survey_options *options, est_error *error);
/* The sample of a run whose request is known. */
est_status est_i_survey_sample(est_i_survey *run, est_error *error);

/* Variables, and later rows, of quantiles, of regressions and tests. */
est_status est_i_survey_quantile_variables(est_i_survey *run, est_error *error);
est_status est_i_survey_quantile_rows(est_i_survey *run, est_error *error);
est_status est_i_survey_model_variables(est_i_survey *run, est_error *error);
est_status est_i_survey_model_rows(est_i_survey *run, est_error *error);
est_status est_i_survey_contrast_rows(est_i_survey *run, est_error *error);

void est_i_survey_notes(est_i_survey *run);
est_status est_i_survey_frames(est_i_survey *run, est_error *error);

/* Flags of a standard error on so many degrees of freedom, with so many single-PSU strata behind it. */
uint32_t est_i_survey_error_flags(double df, size_t lonely);

/* The columns of a group, "a" or "a/b", appended to the text. */
void est_i_survey_group_name(const est_i_survey *run, size_t group, est_i_text *text);

/* Keeps a text as long as the run; NULL without memory. */
const char *est_i_survey_keep(est_i_survey *run, const char *text);

/* Covariance of the k estimates chosen, by Taylor or replicates, into covariance (k x k). present (leaves) receives the leaves with a
 * case of any of them. EST_EDEFINITION: a lonely PSU. */
est_status est_i_survey_covariance(est_i_survey *run, size_t k, const size_t *chosen, bool *present, double *covariance,
                                   size_t *lonely, est_error *error);
/* Degrees of freedom over the leaves that are present. */
double est_i_survey_df(const est_i_survey *run, const bool *present);
/* Labels of a domain: n_by of them (0 for the whole), into labels. */
size_t est_i_survey_labels(const est_i_survey *run, size_t domain, est_label *labels);

#endif
